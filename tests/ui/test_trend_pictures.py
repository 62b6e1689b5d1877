"""What a trend draws of many samples, beside a drawing of each single one of them."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from tagwerk.domain.values import BAD, GOOD, Sample
from tagwerk.store.trends import OPEN, Curve
from tagwerk.ui.trend import column_strokes as strokes_module
from tagwerk.ui.trend.axes import Scale
from tagwerk.ui.trend.column_strokes import Strokes, column_strokes, draw_curve, hide_covered
from tagwerk.ui.trend.columns import ColumnCache
from tagwerk.ui.trend.strokes import StrokeStyle, TimeMap, ValueMap, draw_samples, is_dense

pytestmark = pytest.mark.ui

MS = 1_000_000
T0 = 1_781_791_012_000 * MS
WIDTH, HEIGHT = 420, 160
COUNT = 24_000
PERIOD = 250 * MS
SPAN = COUNT * PERIOD
INK = QColor("#102030")
RNG = np.random.default_rng(11)


def smooth():
    steps = np.arange(COUNT)
    return 40 * np.sin(steps / 2_000) + 8 * np.sin(steps / 60)


def noise():
    return RNG.normal(size=COUNT) * 14


def stairs():
    return np.repeat(RNG.integers(-4, 5, COUNT // 240 + 1) * 10.0, 240)[:COUNT]


def switching():
    toggles = RNG.random(COUNT) < 0.01
    return (np.cumsum(toggles) % 2).astype(np.float64) * 60 - 30


def spikes():
    values = np.zeros(COUNT)
    values[RNG.integers(0, COUNT, 25)] = RNG.normal(size=25) * 40
    return values


KINDS = {
    "smooth": (smooth, False), "noise": (noise, False), "stairs": (stairs, True),
    "switching": (switching, True), "spikes": (spikes, False),
}  # fmt: skip


@functools.cache
def make_curve(kind, *, holes=False):
    """Regular samples; with holes: the link is lost twice, quality is bad for long and for short."""
    make, step = KINDS[kind]
    values = make()
    times = T0 + np.arange(COUNT) * PERIOD
    curve = Curve(kind, step=step)
    if not holes:
        curve.append_numbers(times, values)
        return curve
    lost = [(3_600, 6_000), (16_000, 16_280)]
    bad = [(8_000, 9_200), (12_101, 12_102), (20_000, 20_016)]
    begin = 0
    for start, end in [*lost, (COUNT, COUNT)]:
        unusable = [any(a <= index < b for a, b in bad) for index in range(begin, start)]
        curve.append([
            Sample(kind, number, BAD if is_bad else GOOD, time_ns, time_ns)
            for number, time_ns, is_bad in zip(
                values[begin:start].tolist(), times[begin:start].tolist(), unusable, strict=True
            )
        ])  # fmt: skip
        if start < COUNT:
            curve.link_lost(int(times[start - 1]) + PERIOD // 2)
        begin = end
    return curve


def window(share_from, share_to, ratio=1.0, coarse=1):
    left = T0 + int(SPAN * share_from)
    pixel_ns = max(round(SPAN * (share_to - share_from) / WIDTH), 1)
    return TimeMap(left // pixel_ns * pixel_ns, pixel_ns, 0.0, float(WIDTH), ratio, coarse)


def scale_of(curve):
    values = curve.values[~np.isnan(curve.values)]
    return ValueMap(Scale(values.min() - 5, values.max() + 5, 10.0), 0.0, float(HEIGHT))


def canvas(ratio):
    image = QImage(round(WIDTH * ratio), round(HEIGHT * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.white)
    return image


def pixels(image):
    """Whether a pixel was drawn on, as rows."""
    return levels(image) < 160


def levels(image):
    """How bright each pixel is, as rows."""
    view = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return view[:, :, 0]


def ours(curve, time, value, holes, now_ns, step):
    image = canvas(time.ratio)
    painter = QPainter(image)
    style = StrokeStyle(INK, step=step)
    draw_curve(painter, curve, ColumnCache(), time, value, style, holes, now_ns)
    painter.end()
    return pixels(image)


def naive(curve, time, value, holes, now_ns, step):
    """Each sample a point, a line from point to point, interrupted where a hole is."""
    image = canvas(time.ratio)
    painter = QPainter(image)
    pen = QPen(INK, round(time.ratio))
    pen.setCosmetic(True)
    painter.setPen(pen)
    line = []

    def end(time_ns):
        """A value stands until the hole begins, and for no more than its own pixel at least."""
        if line:
            line.append(QPointF(max(time.x(time_ns), line[-1].x()), line[-1].y()))
            painter.drawPolyline(QPolygonF(line))
            line.clear()

    breaks = iter(sorted((hole.start_ns, hole.end_ns) for hole in holes))
    hole = next(breaks, (OPEN, OPEN))
    first, stop = curve.range_of(time.left_ns - 3 * time.pixel_ns, time.right_ns + time.pixel_ns)
    times, values = curve.times[first:stop], curve.values[first:stop]
    places = zip(time.xs(times).tolist(), value.ys(values).tolist(), strict=True)
    for time_ns, (x, y) in zip(times.tolist(), places, strict=True):
        while hole[0] <= time_ns and hole[0] < OPEN:
            end(hole[0])
            hole = next(breaks, (OPEN, OPEN))
        if math.isnan(y):
            continue
        if step and line:
            line.append(QPointF(x, line[-1].y()))
        line.append(QPointF(x, y))
    end(min(now_ns, time.right_ns, hole[0]))
    painter.end()
    return pixels(image)


def grown(mask):
    """One pixel more on each side."""
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    tall = wide.copy()
    tall[:, 1:] |= wide[:, :-1]
    tall[:, :-1] |= wide[:, 1:]
    return tall


def assert_same_picture(curve, time, step):
    value = scale_of(curve)
    now_ns = T0 + SPAN
    holes = curve.holes(time.left_ns, min(time.right_ns, now_ns))
    assert is_dense(curve, time, value, holes)
    drawn, wanted = (draw(curve, time, value, holes, now_ns, step) for draw in (ours, naive))
    assert wanted.sum() > 100
    inner = slice(2, -2)  # the window's edge cuts lines in half
    missing = (wanted & ~grown(drawn))[:, inner]
    extra = (drawn & ~grown(wanted))[:, inner]
    assert not missing.any(), np.argwhere(missing)[:5]
    assert not extra.any(), np.argwhere(extra)[:5]


@pytest.mark.parametrize("share", [(0.0, 1.0), (0.2, 0.45), (0.61, 0.66), (0.9, 1.1)])
@pytest.mark.parametrize("kind", KINDS)
def test_columns_look_like_all_the_samples(qapp, kind, share):
    assert_same_picture(make_curve(kind), window(*share), KINDS[kind][1])


@pytest.mark.parametrize("share", [(0.0, 1.0), (0.12, 0.4), (0.47, 0.53), (0.64, 0.7)])
@pytest.mark.parametrize("kind", ["smooth", "noise", "stairs"])
def test_holes_and_bad_stretches_look_like_those_of_all_the_samples(qapp, kind, share):
    assert_same_picture(make_curve(kind, holes=True), window(*share), KINDS[kind][1])


@pytest.mark.parametrize("kind", ["smooth", "switching"])
def test_on_a_screen_of_finer_pixels_too(qapp, kind):
    assert_same_picture(make_curve(kind), window(0.1, 0.9, ratio=1.5), KINDS[kind][1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_moves_leaves_nothing_out(qapp, kind):
    """Columns of two pixels, whose border samples may count for the neighbour: one more pixel."""
    curve, step = make_curve(kind), KINDS[kind][1]
    value, now_ns = scale_of(curve), T0 + SPAN
    time = window(0.0, 1.0, coarse=2)
    drawn = ours(curve, time, value, [], now_ns, step)
    wanted = naive(curve, window(0.0, 1.0), value, [], now_ns, step)
    inner = slice(3, -3)
    assert not (wanted & ~grown(grown(drawn)))[:, inner].any()
    assert not (drawn & ~grown(grown(wanted)))[:, inner].any()


def test_a_curve_that_grew_piece_by_piece_gives_the_same_columns(qapp):
    whole, grown_up = make_curve("noise"), Curve("noise")
    times, values = whole.times.copy(), whole.values.copy()
    cache, time = ColumnCache(), window(0.0, 1.0)
    style, value = StrokeStyle(INK), scale_of(whole)
    for start in range(0, COUNT, 777):
        grown_up.append_numbers(times[start : start + 777], values[start : start + 777])
        found = column_strokes(grown_up, cache, time, value, style, [], T0 + SPAN)
    expected = column_strokes(whole, ColumnCache(), time, value, style, [], T0 + SPAN)
    np.testing.assert_array_equal(found.bars, expected.bars)
    np.testing.assert_array_equal(found.flats, expected.flats)


def test_columns_kept_while_panning_are_those_that_fresh_ones_would_be(qapp):
    curve, cache, style = make_curve("noise", holes=True), ColumnCache(), StrokeStyle(INK)
    value, pixel_ns = scale_of(curve), SPAN // 4 // WIDTH
    left = T0 + SPAN // 2
    left -= left % pixel_ns
    for step in (0, -7, -3, -30, 11, 60, -200, 5, 5, 400, 900):
        left += step * pixel_ns
        time = TimeMap(left, pixel_ns, 0.0, float(WIDTH))
        holes = curve.holes(time.left_ns, time.right_ns)
        now_ns = T0 + SPAN
        found = column_strokes(curve, cache, time, value, style, holes, now_ns)
        fresh = column_strokes(curve, ColumnCache(), time, value, style, holes, now_ns)
        np.testing.assert_array_equal(found.bars, fresh.bars)
        np.testing.assert_array_equal(found.flats, fresh.flats)


def test_what_later_curves_cover_is_left_out_and_the_picture_stays_the_same(qapp, monkeypatch):
    monkeypatch.setattr(strokes_module, "_HIGH", 12)
    colors = [QColor.fromHsv(40 * i, 220, 200) for i in range(6)]
    curves = [make_curve(kind) for kind in ("noise", "noise", "smooth", "noise", "spikes", "noise")]
    time, value = window(0.0, 1.0), ValueMap(Scale(-60.0, 60.0, 10.0), 0.0, float(HEIGHT))

    def made():
        return [
            column_strokes(c, ColumnCache(), time, value, StrokeStyle(k), [], T0 + SPAN)
            for c, k in zip(curves, colors, strict=True)
        ]

    whole, less = made(), made()
    hide_covered(less)
    area = [sum(int((s.bars[:, 3] - s.bars[:, 1]).sum()) for s in group) for group in (whole, less)]
    assert area[1] < 0.6 * area[0]
    images = []
    for group in (whole, less):
        image = canvas(1.0)
        painter = QPainter(image)
        for item in group:
            item.draw(painter)
        painter.end()
        images.append(image)
    assert images[0] == images[1]


def test_nothing_to_hide_is_no_trouble(qapp):
    empty = Strokes(
        INK, 1, 1.0, np.empty(0, np.int64), np.empty((0, 4), np.int32),
        np.empty((0, 4), np.int32), np.empty((0, 4)),
    )  # fmt: skip
    hide_covered([])
    hide_covered([empty, empty])


def few_samples(kind, count):
    curve = Curve(kind)
    make, _step = KINDS[kind]
    curve.append_numbers(T0 + np.arange(count) * PERIOD, make()[:count])
    return curve, TimeMap(T0, PERIOD * count // WIDTH, 0.0, float(WIDTH))


def test_noise_has_columns_earlier_while_it_moves_and_smooth_curves_keep_their_look(qapp):
    for kind, early in (("noise", True), ("smooth", False)):
        curve, time = few_samples(kind, 700)
        value = ValueMap(scale_of(curve).scale, 0.0, 900.0)
        moving = TimeMap(time.left_ns, time.pixel_ns, 0.0, time.width, 1.0, 2)
        assert not is_dense(curve, time, value, [])
        assert is_dense(curve, moving, value, []) is early


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize(
    ("kind", "count"), [("smooth", 150), ("noise", 150), ("spikes", 150), ("smooth", 2 * WIDTH)]
)
def test_a_wide_line_drawn_piece_by_piece_looks_like_one_outline(qapp, kind, count, ratio):
    """The outline of the whole line is what Qt would draw; it is the slow way."""
    curve, time = few_samples(kind, count)
    time = TimeMap(time.left_ns, time.pixel_ns, 0.0, time.width, ratio)
    value = scale_of(curve)
    drawn, wanted = canvas(ratio), canvas(ratio)
    with QPainter(drawn) as painter:
        draw_samples(painter, curve, time, value, StrokeStyle(INK, thick=True), [], T0)
    with QPainter(wanted) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(INK, 1.6 * ratio)
        pen.setCosmetic(True)
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        first, stop = curve.range_of(time.left_ns, time.right_ns)
        xs = time.xs(curve.times[max(first - 1, 0) : stop + 1]).tolist()
        ys = value.ys(curve.values[max(first - 1, 0) : stop + 1]).tolist()
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs, ys, strict=True)]))
    ink, outline = (255 - levels(image).astype(int) for image in (drawn, wanted))
    # Where pieces meet, a corner of less than a pixel is missing or twice as dark.
    assert ink.sum() == pytest.approx(outline.sum(), rel=0.06)
    assert pixels(wanted).sum() > 100
    inner = slice(2, -8)  # at the window's edge the line ends in another place
    few = pixels(wanted).sum() / 500  # tips of peaks sharper than a pixel
    assert (pixels(wanted) & ~grown(pixels(drawn)))[:, inner].sum() <= few
    assert (pixels(drawn) & ~grown(pixels(wanted)))[:, inner].sum() <= few


def test_wide_dashes_run_on_over_corners(qapp):
    """As wide as a line without dashes, and two thirds of its ink."""
    curve, time = few_samples("smooth", 300)
    value = scale_of(curve)
    inks = []
    for dashed in (False, True):
        image = canvas(1.0)
        with QPainter(image) as painter:
            style = StrokeStyle(INK, thick=True, dashed=dashed)
            draw_samples(painter, curve, time, value, style, [], T0)
        inks.append((255 - levels(image).astype(int)).sum())
    assert inks[1] / inks[0] == pytest.approx(2 / 3, abs=0.12)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_wide_dashes_are_as_wide_whichever_way_the_line_goes(qapp, ratio):
    inks = []
    for falls in (False, True):
        curve = Curve("ramp")
        rise = np.linspace(0, 100, 40)
        curve.append_numbers(T0 + np.arange(40) * PERIOD, rise[::-1] if falls else rise)
        # A pixel to the right is a pixel up or down.
        time = TimeMap(T0, PERIOD * 40 // HEIGHT, 0.0, float(WIDTH), ratio)
        value = ValueMap(Scale(0.0, 100.0, 10.0), 0.0, float(HEIGHT))
        image = canvas(ratio)
        with QPainter(image) as painter:
            style = StrokeStyle(INK, thick=True, dashed=True)
            draw_samples(painter, curve, time, value, style, [], T0)
        inks.append((255 - levels(image).astype(int)).sum())
    assert inks[0] == pytest.approx(inks[1], rel=0.05)
