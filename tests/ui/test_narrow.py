"""Small windows: names come first in tree and setpoints, rows are compact, the trend still draws."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from tagwerk.domain.message import Message
from tagwerk.domain.tags import BaseType, DataType, TagInfo
from tagwerk.domain.values import GOOD, LoggedPoint, Sample, quality_from_text
from tagwerk.ui import layout_memory
from tagwerk.ui.browser.painter import RowPainter, column_width
from tagwerk.ui.browser.rows import LiveCell
from tagwerk.ui.setpoints.facts import RowFacts, RowLayout
from tagwerk.ui.setpoints.painter import RowState, draw_row
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import the_application, theme
from tagwerk.ui.widgets.numbers import Mark
from ui import trend_bench

pytestmark = pytest.mark.ui
SECOND = 1_000_000_000
SENSOR_BAD = quality_from_text("BAD", "SENSOR_FAILURE")


@pytest.fixture(params=["normal", "compact"])
def density(request, qapp):
    theme().apply(the_application(), "light", request.param)
    yield request.param
    theme().apply(the_application(), "light", "normal")


class OneRow:
    """Texts of a single row."""

    is_kept = False

    def __init__(self, name, cell, display="Return temperature"):
        self.name, self.cell, self.display = name, cell, display

    def label(self, handle):
        return self.name

    def display_name(self, handle):
        return self.display

    def count(self, handle):
        return ""

    def icon_name(self, handle):
        return "hash"

    def live(self, handle):
        return self.cell


class Listening(RowPainter):
    """Notes what it writes as name and display name."""

    def __init__(self, texts):
        super().__init__(texts)
        self.written = []

    def _marked(self, painter, area, text, weight, color):
        self.written.append(text)
        super()._marked(painter, area, text, weight, color)


def names_in_row(name, cell, width, indent):
    image = QImage(width, 26, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    row_painter = Listening(OneRow(name, cell))
    row_painter.paint(
        painter, QRectF(0, 0, width, 26), 1, indent=indent, branch=None, selected=False,
        hovered=False, focused=False,
    )  # fmt: skip
    painter.end()
    return row_painter.written


def test_a_narrow_tree_shows_whole_names_beside_their_values(density):
    cell = LiveCell("-130.25", "L/h", Mark.UNCERTAIN)
    for width in (248, 274, 300):
        for name in ("PV", "CVManual", "Deviation", "Saturated", "LimHigh"):
            assert names_in_row(name, cell, width, theme().px(32))[0] == name


def test_a_long_name_is_cut_in_its_middle_and_its_number_not_at_all(density):
    cell = LiveCell("123 456.78", "L/h", Mark.NONE)
    name = names_in_row("Rotation_speed_of_the_stirrer_drive_2", cell, 248, theme().px(32))[0]
    assert name.startswith("Rot")
    assert name.endswith("2")
    assert "…" in name


def test_a_long_text_gives_way_to_the_name(density):
    cell = LiveCell("Handover: P2111 back in service at six", "", Mark.NONE)
    assert names_in_row("Note of the shift", cell, 248, theme().px(18))[0] == "Note of the shift"


def test_the_display_name_goes_before_the_name(density):
    cell = LiveCell("22.0", "°C", Mark.NONE)
    assert names_in_row("SP", cell, 352, theme().px(34))[1:] != []
    assert names_in_row("Saturated", cell, 230, theme().px(34)) == ["Saturated"]


def test_columns_do_not_follow_values(density):
    assert column_width(1, theme().px(352)) == theme().px(88)
    assert column_width(1, theme().px(260)) == theme().px(76)


class Words(QPainter):
    """Notes what is written."""

    def __init__(self, image):
        super().__init__(image)
        self.written = []

    def drawText(self, *words):
        self.written += [word for word in words if isinstance(word, str)]
        super().drawText(*words)


def words_of_setpoint(name, width, stale):
    info = TagInfo(name, DataType("LReal", BaseType.FLOAT), unit="m³/h", decimals=2)
    sample = Sample(name, 130.25, GOOD, SECOND, SECOND)
    facts = RowFacts(
        name, name, info, sample, stale, None, None, None, Message(), False, 60 * SECOND
    )
    image = QImage(width, 46, QImage.Format.Format_RGB32)
    painter = Words(image)
    draw_row(painter, 0, RowLayout.of(width), facts, RowState())
    painter.end()
    return painter.written


@pytest.mark.parametrize("stale", [False, True])
def test_a_setpoint_row_shows_its_whole_name_and_value(density, stale):
    for width in (314, 322, 352, 432):
        for name in ("TIC2120.SP", "TIC2120.Mode", "FIC2111.CVManual", "P2112.SpeedMax"):
            written = words_of_setpoint(name, width, stale)
            assert name in written
            assert {"130", ".25"} <= set(written) or "130.25" in written


def test_a_short_name_leaves_age_and_unit_in_place(density):
    assert {"TIC2120.SP", "m³/h", "55 s"} <= set(words_of_setpoint("TIC2120.SP", 432, False))


def test_rows_are_compact_in_a_small_window_until_somebody_chooses(qapp):
    settings = Settings()
    assert layout_memory.usual_density(settings, (1280, 800)) == "compact"
    assert layout_memory.usual_density(settings, (1920, 1080)) == "normal"
    settings.set("layout", {layout_memory.arrangement(): {"geometry": [0, 0, 1300, 800]}})
    assert layout_memory.usual_density(settings) == "compact"
    settings.set("layout", {layout_memory.arrangement(): {"geometry": [0, 0, 1600, 900]}})
    assert layout_memory.usual_density(settings) == "normal"


@pytest.fixture
def trend(qapp):
    bench = trend_bench.Bench()
    yield bench
    bench.panel.set_plant(None)
    bench.panel.deleteLater()


def dense_log(bench, names, first_bad, last_bad, *, bad):
    """Four samples a second for a quarter of an hour, with a hole or with bad values in it."""
    now, quarter = trend_bench.NOW, SECOND // 4
    bench.panel.add_tags(names)
    bench.frame()
    for name in names:
        points = []
        for n in range(-3600, 0):
            if not first_bad <= n < last_bad:
                points.append(LoggedPoint(now + n * quarter, 20.0 + n % 7, GOOD))
            elif bad:
                points.append(LoggedPoint(now + n * quarter, None, SENSOR_BAD))
        curve = bench.curve(name)
        if bad:
            curve.merge_log(points, now - 3600 * quarter, now)
            continue
        spans = ((-3600, first_bad), (last_bad, 0))
        for begin, end in spans:
            span = now + begin * quarter, now + end * quarter
            inside = [point for point in points if span[0] <= point.time_ns < span[1]]
            curve.merge_log(inside, *span)
        hole = now + first_bad * quarter, now + last_bad * quarter
        curve.mark_unavailable(*hole, "not_logged")


@pytest.mark.parametrize("bad", [False, True])
def test_no_line_crosses_a_hole_that_begins_inside_a_pixel(trend, bad):
    names = [trend_bench.PV, trend_bench.SP]
    first_bad = -1823
    dense_log(trend, names, first_bad, first_bad + 400, bad=bad)
    for width in range(500, 540, 3):
        trend.panel.resize(width, 500)
        image = picture(trend.view)
        geometry = trend.view.placement
        pane = geometry.panes[0][1]
        # Beside the words in the middle of the hole.
        left = round(geometry.time.x(trend_bench.NOW + first_bad * SECOND // 4)) + 2
        inside = image[round(pane.top()) + 3 : round(pane.bottom()) - 3, left : left + 4]
        for name in names:
            pen = rgb(theme().pen_color(trend.model.pen(name).color))
            assert not any(close(pixel, pen) for pixel in np.unique(inside)), (name, width)


def picture(view):
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    return pixels.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()] & 0xFFFFFF


def rgb(color):
    return color.rgb() & 0xFFFFFF


def close(pixel, color, by=40):
    parts = [((int(pixel) >> s) & 255, (int(color) >> s) & 255) for s in (0, 8, 16)]
    return all(abs(a - b) <= by for a, b in parts)
