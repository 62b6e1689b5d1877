"""Cells that are copied look as if they had been drawn, and what is kept of them has a bound."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter

from tagwerk.domain.alarms import AlarmState
from tagwerk.ui.panels.alarms import AlarmPanel
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets import text_strips
from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.text_cell import MINUTE_LETTERS, MomentCell, TextCell
from tagwerk.ui.widgets.text_strips import Letters, Strips, pixels_that_fit
from ui.alarms_support import frame, make_alarm, make_desk, make_plant

pytestmark = pytest.mark.ui

WIDTH, AT = 320, 21
GROUNDS = ("#ffffff", "#203040")
QUIET = QColor("#888888")


class Column:
    """A column of texts, as a table has it; `look` // 2 is the ground, odd ones are bold."""

    ink = QColor("#1b1f24")

    def __init__(self, cut, kind="text", room=WIDTH - 20):
        self.cut, self.drawn = cut, 0
        self.texts = TextCell(cut, AT + 8, room, right=kind == "right", tail=kind == "tail")
        self.moments = MomentCell(cut, AT + 8, room, 5) if kind == "moment" else None
        self.first = MINUTE_LETTERS if kind == "moment" else 0
        self.is_kept = kind == "kept"

    def ground(self, painter, look):
        painter.fillRect(0, 0, AT + WIDTH + 40, theme().row_height, QColor(GROUNDS[look // 2]))

    def draw(self, painter, text, look):
        self.drawn += 1
        painter.setPen(self.ink)
        if self.moments is not None:
            self.moments.draw(painter, text, self.ink, QUIET)
            return
        weight = 600 if look & 1 else 400
        painter.setFont(self.cut.font(weight))
        (self.texts.draw_kept if self.is_kept else self.texts.draw)(painter, text, weight)
        painter.setFont(self.cut.font(400))

    def number(self, text, look):
        if self.moments is not None:
            return self.moments.number(text, QUIET)
        return self.texts.number(text, 600 if look & 1 else 400)


def picture(column, scale, paint, look):
    height = theme().row_height
    image = QImage(
        round((AT + WIDTH + 20) * scale), round(height * scale), QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.red)
    painter = QPainter(image)
    column.ground(painter, look)
    painter.setFont(column.cut.font(400))
    paint(painter)
    painter.end()
    return image


@pytest.fixture
def cut(qapp):
    made = CutText()
    made.dress()
    return made


def made_strips(cut, scale=1.0):
    strips = Strips(cut)
    strips.dress()
    strips.plan(theme().row_height, scale)
    return strips


TEXTS = (
    "Motor 000123: winding temperature above limit", "Überlauf im Behälter 21 Süd", "P2111.Trip",
    "7V 4% 12:30 3x4 -> 1/2 A-1 (4) To 41", "—", "", " 12  34 ", "שלום 12 עולם", "漢字 45 ☃ 7",
    "1,234.5 °C", "x\u0305 12", "ffi 3 fi 4", "W" * 90 + "7", "Unit0012.M000620.Trip with a long tail",
)  # fmt: skip


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("kind", ["text", "right", "tail", "kept"])
def test_a_strip_is_what_the_column_draws_whatever_the_digits(cut, scale, kind):
    chance = random.Random(7)
    strips = made_strips(cut, scale)
    column = Column(cut, kind)
    cells = strips.column(column, AT, WIDTH)
    copied = 0
    for text in TEXTS:
        for look in (0, 1, 2, 3):
            for _ in range(6):
                other = "".join(
                    chance.choice("0123456789") if letter.isdigit() and kind != "kept" else letter
                    for letter in text
                )

                def draw(painter, text=other, look=look):
                    column.draw(painter, text, look)

                def copy(painter, text=other, look=look):
                    cells.draw(painter, text, look)

                expected = picture(column, scale, draw, look)
                before = column.drawn
                assert picture(column, scale, copy, look) == expected, (other, look)
                copied += column.drawn == before
    assert copied > 100
    assert len(cells) > 10


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("room", [WIDTH - 20, 110])
def test_a_moment_is_copied_but_for_its_seconds(cut, scale, room):
    strips = made_strips(cut, scale)
    column = Column(cut, "moment", room)
    cells = strips.column(column, AT, WIDTH)
    chance = random.Random(3)
    for _ in range(150):
        minute = chance.choice(("2026-07-28 13:44:", "2026-07-28 04:41:", "2025-12-31 23:59:"))
        text = f"{minute}{chance.randrange(60):02}.{chance.randrange(1000):03}"
        for look in (0, 2):
            expected = picture(column, scale, lambda p: column.draw(p, text, look), look)  # noqa: B023
            assert picture(column, scale, lambda p: cells.draw(p, text, look), look) == expected  # noqa: B023
    has_room = room == WIDTH - 20
    assert column.drawn < 320 if has_room else column.drawn > 400


def test_every_digit_beside_every_letter_is_where_qt_puts_it(cut):
    beside = [chr(code) for code in range(33, 127)] + list("ÄöüßÅéñ°µ×±…–")
    for weight in (400, 600):
        letters = Letters(cut.font(weight))
        assert len(letters.glyphs) >= 9
        for letter in beside:
            text = f"a{letter}0{letter}00{letter}b"
            found = letters.laid_out(text)
            if found is None:
                continue
            for digit in sorted(letters.glyphs)[1::3]:
                other = letters.laid_out(text.replace("0", digit) if letter != "0" else text)
                assert other is not None
                assert other[1] == found[1], (weight, letter, digit)


def test_what_is_kept_has_a_bound_and_what_never_comes_again_is_not_kept(cut, monkeypatch):
    monkeypatch.setattr(text_strips, "_MOST_BYTES", 400_000)
    strips = made_strips(cut)
    column = Column(cut)
    cells = strips.column(column, AT, WIDTH)
    for number in range(300):
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        picture(column, 1.0, lambda p: cells.draw(p, word, 0), 0)  # noqa: B023
    assert len(cells) == 0
    for number in range(300):
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        for _ in range(4):
            picture(column, 1.0, lambda p: cells.draw(p, word, 0), 0)  # noqa: B023
        assert strips.kept_bytes <= 400_000
    assert 0 < len(cells) < 30


def test_strips_need_edges_on_whole_pixels_of_the_screen():
    assert [pixels_that_fit(scale) for scale in (1.0, 2.0, 1.5, 1.25, 1.75, 1.1)] == [
        1, 1, 2, 4, 4, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark"])
async def test_the_alarm_table_looks_as_without_strips(qapp, mode):
    panel = AlarmPanel(make_desk())
    panel.header_widget().setParent(panel)
    panel.resize(1600, 500)
    panel.show()
    states = (AlarmState.RAISED, AlarmState.RAISED_ACKNOWLEDGED, AlarmState.RAISED_CLEARED)
    theme().apply(qapp, mode)
    try:
        panel.set_plant(
            make_plant(
                make_alarm(
                    f"P{i:04}:Hi", ago_s=3 * i, state=states[i % 3], value=i * 1.5,
                    text=f"Pumpe {i * 37:05} läuft heiß: {i % 7} K über Grenzwert",
                )
                for i in range(60)
            )
        )  # fmt: skip
        frame(panel)
        table = panel.table
        for first in (0, 15, 30, 0):
            table.verticalScrollBar().setValue(first)
            table.selectRow(first + 2)
            copied = table.viewport().grab().toImage()
            unit, table.painter.strips.unit = table.painter.strips.unit, 0
            kept = [cell.strips._kept.copy() for cell in table.painter._cells]
            for cell in table.painter._cells:
                cell.strips.clear()
            table.painter.images.clear()
            drawn = table.viewport().grab().toImage()
            table.painter.strips.unit = unit
            for cell, strips in zip(table.painter._cells, kept, strict=True):
                cell.strips._kept.update(strips)
            table.painter.images.clear()
            assert copied == drawn
        assert sum(map(len, kept)) > 10
    finally:
        theme().apply(qapp, "light")
    panel.set_plant(None)
    await panel.close_panel()
    panel.deleteLater()
