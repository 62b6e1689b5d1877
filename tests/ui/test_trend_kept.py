"""A live trend keeps what it has drawn: each picture is the one that would be drawn anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tagwerk.domain.tags import BaseType, DataType, TagInfo
from tagwerk.domain.values import BAD, GOOD, LoggedPoint, Quality, QualityLevel, Sample
from tagwerk.store.trends import Curve
from tagwerk.ui import i18n
from tagwerk.ui.theme import theme
from tagwerk.ui.trend import view as view_module
from tagwerk.ui.trend.columns import ColumnCache
from tagwerk.ui.trend.edge import Edge, newest_rows
from tagwerk.ui.trend.items import make_pen
from tagwerk.ui.trend.model import Mark, TrendModel
from tagwerk.ui.trend.view import TrendView

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("qapp")]

SECOND = 1_000_000_000
UNCERTAIN = Quality(QualityLevel.UNCERTAIN, "UNCERTAIN")
NOW = 1_781_791_012 * SECOND
SPAN_S = 300
PEN_KINDS = (
    # rate a second, steps, limits, a lane
    ("noise", 20.0, False, {"High": 26.0}, False),
    ("wave", 20.0, False, {}, False),
    ("stairs", 20.0, True, {}, False),
    ("SP", 20.0, True, {}, False),
    ("slow", 0.7, False, {"Low": 12.0}, False),
    ("rare", 0.02, True, {}, False),
    ("bursts", 11.0, False, {}, False),
    ("Running", 1.0, True, {}, True),
)  # fmt: skip


class SizedView(TrendView):
    """On a screen with so many pixels for each of ours."""

    def __init__(self, model, ratio):
        super().__init__(model)
        self.ratio = ratio
        self.resize(561, 331)

    def devicePixelRatioF(self):
        return self.ratio

    def picture(self):
        size = self.size() * self.ratio
        image = QImage(size, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.ratio)
        image.fill(0)
        self.render(image)
        return image

    def anew(self):
        """The same picture, with nothing from before."""
        caches, self.caches = self.caches, {}
        try:
            with self.drawn_whole():
                return self.picture()
        finally:
            self.caches = caches


class LiveTrend:
    """Eight curves of every kind, an alarm or two; what happens to them is drawn by lot."""

    def __init__(self, seed, ratio=1.0):
        self.rng = np.random.default_rng(seed)
        self.model = TrendModel("", span_ns=SPAN_S * SECOND)
        self.now = NOW
        self.kinds = {}
        for name, rate, step, limits, lane in PEN_KINDS:
            kind = DataType("Bool" if lane else "LReal", BaseType.BOOL if lane else BaseType.FLOAT)
            unit = "" if lane else "%" if name in ("slow", "bursts") else "°C"
            info = TagInfo(f"P::Unit.{name}", kind, unit=unit, limits=limits)
            pen = make_pen(info, Curve(info.name, step=step), self.model.pens)
            pen.step = step
            self.kinds[pen] = (name, rate)
            self.model.add(pen)
        self.model.marks = [
            Mark(NOW - seconds * SECOND, bool(seconds % 2), text, color="#B3261E")
            for seconds, text in ((7, "High"), (12, ""), (90, "Write"), (151, "Low"))
        ]
        self.is_linked = True
        self.grow(SPAN_S * 0.8)
        self.view = SizedView(self.model, ratio)

    @property
    def pixel_s(self):
        return self.view.placement.time.pixel_ns / SECOND

    def values(self, name, seconds):
        if name in ("noise", "bursts"):
            return 20 + 3 * self.rng.normal(size=len(seconds))
        if name == "Running":
            return np.floor(seconds / 9) % 2
        if name in ("stairs", "SP", "rare"):
            return 16 + np.floor(seconds / 13) % 5
        return 20 + 5 * np.sin(seconds / 17)

    def grow(self, seconds):
        """So much time, and the samples that come in it."""
        begin, self.now = self.now, self.now + round(seconds * SECOND)
        self.model.now_ns = self.now
        if not self.is_linked:
            return
        for pen, (name, rate) in self.kinds.items():
            grid = round(SECOND / rate)
            times = np.arange(-(-begin // grid) * grid, self.now, grid, dtype=np.int64)
            if name == "bursts":
                times = times[times // SECOND % 3 == 0]
            pen.curve.append_numbers(times, self.values(name, (times - NOW) / SECOND))

    def happens(self):
        """Something that is rare; most often nothing."""
        model, curves = self.model, [pen.curve for pen in self.model.pens]
        lot = int(self.rng.integers(0, 60))
        if lot == 0 and self.is_linked:
            self.is_linked = False
            for curve in curves:
                curve.link_lost(self.now)
        elif lot in (1, 2, 3):
            self.is_linked = True
        elif lot == 4:
            curves[0].mark_thinned(self.now - 2 * SECOND, self.now)
        elif lot == 5:
            times = range(self.now - 40, self.now)
            curves[1].append([Sample(curves[1].name, 20.0, BAD, t, t) for t in times])
        elif lot == 6:
            curves[4].append([Sample(curves[4].name, 21.0, UNCERTAIN, self.now, self.now)])
        elif lot == 7:
            model.select(model.pens[int(self.rng.integers(0, len(model.pens)))])
        elif lot == 8:
            model.pens[0].color = (model.pens[0].color + 1) % 7
            model.touch()
        elif lot == 9:
            model.marks = [*model.marks, Mark(self.now, True, "High", color="#B3261E")]
        elif lot == 10:
            start, end = self.now - SPAN_S * SECOND // 2, self.now - 5 * SECOND
            points = [LoggedPoint(t, 19.0, GOOD) for t in range(start, end, 2 * SECOND)]
            curves[2].merge_log(points, start, end)
        elif lot == 11:
            model.cursors_on = not model.cursors_on
            model.place_cursors()
        elif lot == 12:
            model.pens[3].visible = not model.pens[3].visible
            model.rearrange()
        elif lot == 13:
            self.view.resize(self.view.width() ^ 2, self.view.height() ^ 4)
        elif lot == 14:
            curves[0].append([Sample(curves[0].name, 45.0, GOOD, self.now, self.now)])
        elif lot == 15:
            curves[1].drop_oldest(200)
        elif lot == 16:
            model.moment_ns = self.now - 30 * SECOND
        elif lot == 17:
            model.is_stale = not model.is_stale
            model.touch()


def differences(one, other):
    """Pixels that are not the same."""
    rows = [
        np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
        for image in (one, other)
    ]
    return np.argwhere(rows[0] != rows[1]).tolist()


@pytest.fixture
def look(qapp, monkeypatch):
    """Sets mode and language, and sets them back; no picture is coarse because the machine is slow."""
    monkeypatch.setattr(view_module, "SLOW_MS", math.inf)

    def set_look(mode, language):
        theme().apply(qapp, mode)
        i18n.set_language(language)

    yield set_look
    set_look("light", "en")


@pytest.mark.parametrize(
    ("ratio", "mode", "language"),
    [(1.0, "light", "en"), (1.0, "dark", "de"), (1.25, "light", "en"), (1.5, "dark", "en"), (2.0, "light", "de")],
)  # fmt: skip
def test_each_picture_is_the_one_that_would_be_drawn_anew(look, ratio, mode, language):
    look(mode, language)
    live = LiveTrend(round(ratio * 100) + len(mode), ratio)
    compared = 0
    pictures = 200 if ratio == 1.0 else 80
    for number in range(pictures):
        # Often within a pixel, as pictures come four times a second; at times by some.
        live.grow(float(live.rng.choice([0.05, 0.2, 0.3, 1.0, 2.0, 5.0])) * live.pixel_s)
        live.happens()
        scales = dict(live.model.scales)
        kept = live.view.picture()
        if scales == live.model.scales:  # else the margins have room for others in the next one
            compared += 1
            anew = live.view.anew()
            assert kept == anew, (number, differences(kept, anew))
    assert compared > pictures / 2


def test_new_samples_alone_draw_nothing_below_the_curves(look):
    live = LiveTrend(1)
    # At the beginning of a pixel, with scales and margins as they stay.
    live.view.picture()
    pixel_ns = live.view.placement.time.pixel_ns
    live.grow((pixel_ns - live.model.left_ns % pixel_ns) / SECOND)
    live.view.picture()
    still, moving = live.view._kept.drawn
    made = live.view.caches["P::Unit.wave"].bars.made
    for _ in range(4):
        live.grow(pixel_ns / SECOND / 12)
        live.view.picture()
    assert live.view._kept.drawn == (still, moving)
    assert live.view.caches["P::Unit.wave"].bars.made - made < 100
    live.grow(pixel_ns / SECOND)
    live.view.picture()
    assert live.view._kept.drawn == (still, moving + 1)


def test_a_picture_that_leaves_the_screen_is_drawn_whole(look):
    live = LiveTrend(2)
    with live.view.drawn_whole():
        live.view.picture()
    assert live.view._kept.drawn == (0, 0)
    live.view.picture()
    assert live.view._kept.drawn == (1, 1)


def test_hidden_or_paused_it_keeps_no_image(look, qapp):
    live = LiveTrend(3)
    live.view.show()
    live.view.picture()
    assert live.view._kept.drawn != (0, 0)
    live.view.hide()
    assert live.view._kept.drawn == (0, 0)
    live.view.picture()
    live.model.pause()
    live.view.picture()
    assert live.view._kept.drawn == (0, 0)
    live.view.close()


def test_another_look_is_drawn_at_once(look):
    live = LiveTrend(4)
    light = live.view.picture()
    look("dark", "en")
    assert live.view.picture() == live.view.anew()
    look("light", "de")
    assert live.view.picture() == live.view.anew()
    look("light", "en")
    live.view.picture()  # the margins follow the language with the next one
    assert live.view.picture() == light


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_what_is_seen_of_the_newest_column_is_what_all_samples_say(look, ratio):
    live = LiveTrend(5, ratio)
    edge = Edge()
    live.view.picture()
    for _ in range(150):
        live.grow(float(live.rng.choice([0.05, 0.3, 1.0, 3.0])) * live.pixel_s)
        live.happens()
        geometry = live.view.placement
        rows = edge.rows(live.model, geometry)
        anew = Edge().rows(live.model, geometry)
        told = 7  # all but the last, which counts changes
        assert {name: row[:told] for name, row in rows.items()} == {
            name: row[:told] for name, row in anew.items()
        }
        time = geometry.time
        for pen in live.model.pens:
            if pen.name not in rows or pen.curve.latest().time_ns < time.left_ns:
                continue
            column = int(pen.curve.times[-1]) // time.column_ns
            begin = column * time.column_ns
            found = pen.curve.columns(begin, begin + time.column_ns, 1)
            numbers = [float(row[0]) for row in (found.low, found.high, found.last)]
            seen = newest_rows(pen.curve, time, None)
            assert seen[2:5] == tuple(None if math.isnan(n) else n for n in numbers)


def test_columns_of_a_few_samples_are_those_of_the_curve():
    rng = np.random.default_rng(6)
    for count in (1, 2, 7, 60, 90):
        curve = Curve("few")
        times = NOW + np.cumsum(rng.integers(1, SECOND, count))
        curve.append([
            Sample("few", float(rng.normal()), BAD if rng.random() < 0.3 else GOOD, t, t)
            for t in times.tolist()
        ])  # fmt: skip
        first, width = NOW // SECOND + 3, SECOND
        cache = ColumnCache()
        found = cache.get(curve, first, first + 40, width)
        whole = curve.columns(first * width, (first + 40) * width, 40)
        np.testing.assert_array_equal(found.low, whole.low)
        np.testing.assert_array_equal(found.high, whole.high)
        np.testing.assert_array_equal(found.begin, whole.first)
        np.testing.assert_array_equal(found.end, whole.last)


def quiet_trend():
    """A day with three curves of steps, seen at one moment, one of them a lane.

    Of a soft line parts of pixels change with each sample; those are let be.
    """
    model = TrendModel("", span_ns=24 * 3600 * SECOND)
    model.now_ns = NOW
    for name, lane in (("Running", True), ("SP", False), ("PV", False)):
        kind = DataType("Bool" if lane else "LReal", BaseType.BOOL if lane else BaseType.FLOAT)
        info = TagInfo(f"P::Unit.{name}", kind, unit="" if lane else "°C", low=0.0, high=2.0)
        pen = make_pen(info, Curve(info.name, step=True), model.pens)
        pen.step = True
        model.add(pen)
        times = np.arange(NOW - 20 * 3600 * SECOND, NOW - 4 * 3600 * SECOND, 300 * SECOND)
        pen.curve.append_numbers(times, np.ones(len(times)))
    return SizedView(model, 1.0)


def arrive(curve, rng):
    """Some samples that come at once: often what it was, now and then a peak or a bad one."""
    time_ns, samples = int(curve.times[-1]), []
    for _ in range(int(rng.integers(1, 5))):
        time_ns += int(rng.integers(1, 120 * SECOND))
        value = float(rng.choice([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.9]))
        quality = (GOOD, GOOD, GOOD, GOOD, GOOD, GOOD, BAD, UNCERTAIN)[int(rng.integers(0, 8))]
        samples.append(Sample(curve.name, value, quality, time_ns, time_ns))
    samples.append(Sample(curve.name, 1.0, GOOD, time_ns + 1, time_ns + 1))
    if time_ns < NOW:
        curve.append(samples)


@pytest.mark.parametrize("seed", range(20, 26))
def test_a_screen_that_is_left_as_it_is_shows_all_that_came(look, seed):
    """Also where something else has had it painted between two looks: the focus, an image to save."""
    view, rng = quiet_trend(), np.random.default_rng(seed)
    for _ in range(2):  # margins follow the scales of the first
        view.refresh_edge()
        on_screen = view.picture()
    left = 0
    for _ in range(120):
        for pen in view.model.pens:
            if rng.random() < 0.3:
                arrive(pen.curve, rng)
            if rng.random() < 0.1:
                on_screen = view.picture()
            if rng.random() < 0.1:
                view.anew()
        if view.refresh_edge():
            on_screen = view.picture()
        else:
            left += 1
            assert differences(on_screen, view.anew()) == []
    assert left > 20


def test_a_value_that_was_painted_and_is_gone_does_not_stay_on_the_screen(look):
    """A trip painted for another reason than a look at the curve's end: it is over with the next."""
    view = quiet_trend()
    curve = view.model.pens[0].curve
    begin = int(curve.times[-1]) // view.placement.time.column_ns + 2
    at = iter(range(begin * view.placement.time.column_ns, NOW, SECOND))

    def comes(value):
        time_ns = next(at)
        curve.append([Sample(curve.name, value, GOOD, time_ns, time_ns)])

    for value in (0.0, 1.0, 0.0):
        comes(value)
    for _ in range(2):
        view.refresh_edge()
        view.picture()
    comes(1.0)
    view.picture()
    comes(0.0)
    assert view.refresh_edge()
    view.picture()
    assert not view.refresh_edge()
