"""Small windows: names come first in tree and setpoints, rows are compact, the trend still draws."""

from __future__ import annotations

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


@pytest.fixture(params=["normal", "compact"])
def density(request, qapp):
    theme().apply(the_application(), "light", request.param)
    yield request.param
    theme().apply(the_application(), "light", "normal")


class OneRow:
    """Texts of a single row."""

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
    assert {"TIC2120.SP", "m³/h", "59 s"} <= set(words_of_setpoint("TIC2120.SP", 432, False))


def test_rows_are_compact_in_a_small_window_until_somebody_chooses(qapp):
    settings = Settings()
    assert layout_memory.usual_density(settings, (1280, 800)) == "compact"
    assert layout_memory.usual_density(settings, (1920, 1080)) == "normal"
    settings.set("layout", {layout_memory.arrangement(): {"geometry": [0, 0, 1300, 800]}})
    assert layout_memory.usual_density(settings) == "compact"
    settings.set("layout", {layout_memory.arrangement(): {"geometry": [0, 0, 1600, 900]}})
    assert layout_memory.usual_density(settings) == "normal"


def test_a_hole_that_begins_inside_a_pixel_is_drawn(qapp):
    bench = trend_bench.Bench()
    try:
        bench.panel.add_tags([trend_bench.PV])
        bench.frame()
        bad = quality_from_text("BAD", "SENSOR_FAILURE")
        now = trend_bench.NOW
        quarter = SECOND // 4
        points = [
            LoggedPoint(now + n * quarter, None if -1820 <= n < -1760 else 20.0 + n / 1000,
                        bad if -1820 <= n < -1760 else GOOD)
            for n in range(-3600, 0)
        ]  # fmt: skip
        bench.curve(trend_bench.PV).merge_log(points, now - 900 * SECOND, now)
        for width in (300, 411, 603, 777):
            bench.panel.resize(width, 500)
            assert not bench.panel.grab().isNull()
    finally:
        bench.panel.set_plant(None)
        bench.panel.deleteLater()
