"""Kept images of rows and titles: what is copied looks as if it had been painted anew."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from tagwerk.domain.alarms import AlarmAction, AlarmState
from tagwerk.store.alarm_order import SortBy, SortOrder
from tagwerk.ui.alarms.cells import INDEX
from tagwerk.ui.alarms.notes import Note, NoteKind
from tagwerk.ui.panels.alarms import AlarmPanel
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.row_images import RowImages
from tagwerk.ui.widgets.text_cell import MomentCell, TextCell
from ui.alarms_support import frame, make_alarm, make_desk, make_plant

pytestmark = pytest.mark.ui

WIDTH, HEIGHT = 40, 4


class Rows:
    """Rows in one colour each, painted through `RowImages`."""

    def __init__(self):
        self.images = RowImages()
        self.target = QImage(WIDTH, 100 * HEIGHT, QImage.Format.Format_RGB32)
        self.painted = []
        self.amended = []

    def picture(self, rows, *, scale=1.0, look=0, changing=None):
        """Paint (number, colour) pairs from the top down; returns which were painted anew."""
        self.painted, self.amended = [], []
        painter = QPainter(self.target)
        self.images.begin(WIDTH, HEIGHT, scale, look)
        for place, (number, color) in enumerate(rows):

            def paint(inner, number=number, color=color):
                self.painted.append(number)
                inner.fillRect(0, 0, WIDTH, HEIGHT, QColor(color))

            def amend(inner, number=number):
                self.amended.append(number)
                inner.fillRect(0, 0, 2, HEIGHT, QColor("black" if changing else "white"))

            self.images.draw(painter, number, place * HEIGHT, (color,), paint, changing, amend)
        self.images.end()
        painter.end()
        return self.painted

    def color_at(self, place, x=10):
        return self.target.pixelColor(x, place * HEIGHT + 1).name()


RED, BLUE = "#ff0000", "#0000ff"


def test_a_picture_of_one_row_costs_the_others_nothing(qapp):
    rows = Rows()
    every = [(number, RED) for number in range(30)]
    assert len(rows.picture(every)) == 30
    assert rows.picture([every[4]]) == []
    assert rows.picture([(4, BLUE)]) == [4]
    assert rows.picture(every) == [4]
    assert [rows.color_at(place) for place in (0, 4, 29)] == [RED] * 3


def test_what_has_not_been_shown_for_longest_is_let_go_of(qapp):
    rows = Rows()
    for first in range(0, 900, 3):
        rows.picture([(number, RED) for number in range(first, first + 10)])
    assert len(rows.images) <= 26
    last = [(number, RED) for number in range(897, 907)]
    assert rows.picture(last) == []
    assert len(rows.picture([(number, RED) for number in range(10)])) == 10


def test_a_part_that_changes_by_itself_is_painted_over_a_kept_row(qapp):
    rows = Rows()
    assert rows.picture([(1, RED), (2, BLUE)], changing=0) == [1, 2]
    assert rows.amended == [1, 2]
    assert rows.picture([(1, RED), (2, BLUE)], changing=0) == [] == rows.amended
    assert rows.picture([(1, RED), (2, BLUE)], changing=7) == []
    assert rows.amended == [1, 2]
    assert (rows.color_at(0, x=1), rows.color_at(0)) == ("#000000", RED)
    assert rows.picture([(1, BLUE)], changing=7) == [1] == rows.amended
    assert (rows.color_at(0, x=1), rows.color_at(0)) == ("#000000", BLUE)


def test_another_look_size_or_scale_has_every_row_painted_anew(qapp):
    rows = Rows()
    rows.picture([(1, RED)])
    assert rows.picture([(1, RED)], look=1) == [1]
    assert rows.picture([(1, RED)], look=1, scale=2.0) == [1]
    # Rows that begin between two pixels of the screen are painted each time, and whole.
    assert rows.picture([(1, BLUE)], look=1, scale=1.1, changing=1) == [1] == rows.amended
    assert rows.picture([(1, BLUE)], look=1, scale=1.1, changing=1) == [1] == rows.amended
    assert (rows.color_at(0, x=1), rows.color_at(0)) == ("#000000", BLUE)


# Texts.


def text_picture(paint):
    """An image of the size of a row on which `paint` has drawn."""
    image = QPixmap(QSize(400, theme().row_height))
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setPen(Qt.GlobalColor.black)
    paint(painter)
    painter.end()
    return image.toImage()


TEXTS = (
    "Raised", "Motor 000123: winding temperature above limit", "1,234.5 °C", "Unit0012.M000620.Trip",
    "Überlauf im Behälter Süd", "—", "", "漢字 ☃ 𝄞 z", "W" * 200,
)  # fmt: skip


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("tail", [False, True])
@pytest.mark.parametrize("weight", [400, 600])
def test_a_cell_draws_what_cut_text_draws(qapp, right, tail, weight):
    cut = CutText()
    cut.dress()
    for text in TEXTS:
        for room in (300, 120, 40, 0):
            cell = TextCell(cut, 20, room, right=right, tail=tail)

            def plain(painter, text=text, room=room):
                cut.begin(painter)
                cut.draw(text, 20, room, 0, weight, right=right, tail=tail)

            def fresh(painter, text=text, cell=cell):
                painter.setFont(cut.font(weight))
                cell.draw(painter, text, weight)

            def again(painter, text=text, cell=cell):
                painter.setFont(cut.font(weight))
                cell.draw_again(painter, text, weight)

            expected = text_picture(plain)
            assert text_picture(fresh) == expected, (text, room)
            for _ in range(3):
                assert text_picture(again) == expected, (text, room)


def test_texts_that_never_end_are_not_kept_for_ever(qapp):
    cut = CutText()
    cut.dress()
    cell = TextCell(cut, 0, 100)
    image = QPixmap(100, 30)
    painter = QPainter(image)
    painter.setFont(cut.font(400))
    for number in range(1_500):
        cell.draw_again(painter, f"Alarm {number}")
        assert number or cell.kept == 0
        cell.draw_again(painter, f"Alarm {number}")
    painter.end()
    assert 0 < cell.kept < 600


@pytest.mark.parametrize(("room", "has_date"), [(180, True), (90, False)])
def test_a_date_gives_way_to_the_time(qapp, room, has_date):
    cut = CutText()
    cut.dress()
    cell = MomentCell(cut, 0, room, 5)
    ink, quiet = QColor("#000000"), QColor("#ff0000")
    picture = text_picture(
        lambda painter: cell.draw(painter, "2026-07-28 13:44:52.120", ink, quiet)
    )
    colors = {
        picture.pixelColor(x, y).hue() for x in range(room) for y in range(picture.height())
        if picture.pixelColor(x, y).saturation() > 100
    }  # fmt: skip
    assert bool(colors) is has_date


# The alarm table.


@pytest.fixture
async def panel(qapp):
    made = AlarmPanel(make_desk())
    made.header_widget().setParent(made)
    made.resize(1600, 300)
    made.show()
    made.set_plant(
        make_plant(
            (
                make_alarm("A1:Hi", ago_s=3),
                make_alarm("A2:Hi", ago_s=75, flashing=False, value=12.5),
                make_alarm("A3:Hi", ago_s=4000, state=AlarmState.RAISED_CLEARED),
                make_alarm("A4:Hi", ago_s=90, state=AlarmState.RAISED_ACKNOWLEDGED, flashing=False),
            )
        )
    )
    frame(made)
    yield made
    await made.close_panel()
    made.deleteLater()


def shown_rows(panel):
    return panel.table.viewport().grab().toImage()


def painted_anew(panel):
    panel.table.painter.images.clear()
    return shown_rows(panel)


async def test_rows_that_age_and_flash_look_as_if_painted_anew(panel):
    seen = []
    for _ in range(8):
        frame(panel, ms=500)
        picture = shown_rows(panel)
        assert picture == painted_anew(panel)
        seen.append(picture)
    # They did age and flash: each picture is another than the one before.
    assert all(one != other for one, other in pairwise(seen))


async def test_a_cleared_alarm_without_the_time_of_it_ages_on_the_screen_as_in_its_text(panel):
    plant = make_plant(
        (make_alarm("A1:Hi", ago_s=75, state=AlarmState.RAISED_CLEARED, flashing=False),)
    )
    panel.set_plant(plant)
    for _ in range(2):
        frame(panel)
    before = shown_rows(panel)
    assert panel.table.alarms.rowCount() == 1
    frame(panel, ms=3_000)
    after = shown_rows(panel)
    assert after != before
    assert after == painted_anew(panel)


async def test_rows_that_are_selected_pointed_at_or_noted_look_as_if_painted_anew(panel):
    before = shown_rows(panel)
    table = panel.table
    table.selectRow(1)
    chosen = shown_rows(panel)
    assert chosen != before
    assert chosen == painted_anew(panel)
    table.clearSelection()
    table.setCurrentIndex(table.alarms.index(-1, -1))
    assert shown_rows(panel) == before
    noted = table.alarms.alarm_at(2)
    table.painter._note = lambda alarm: (
        Note(NoteKind.FAILED, AlarmAction.ACKNOWLEDGE) if alarm is noted else None
    )
    with_note = shown_rows(panel)
    assert with_note != before
    assert with_note == painted_anew(panel)


async def test_titles_follow_columns_and_sort(panel):
    columns = panel.table.columns

    def titles():
        return columns.viewport().grab().toImage()

    pictures = [titles()]
    columns.set_sort(SortOrder(SortBy.AREA))
    pictures.append(titles())
    columns.resizeSection(INDEX[SortBy.AREA], columns.sectionSize(INDEX[SortBy.AREA]) + 30)
    pictures.append(titles())
    columns.show_column("area", False)
    pictures.append(titles())
    columns.move_column("priority", 1)
    pictures.append(titles())
    theme().apply(qapp_of(panel), "dark")
    try:
        pictures.append(titles())
    finally:
        theme().apply(qapp_of(panel), "light")
    assert all(one != other for one, other in pairwise(pictures))
    assert titles() == pictures[-2]


def qapp_of(panel):
    from PySide6.QtWidgets import QApplication

    assert panel.isVisible()
    return QApplication.instance()


@pytest.mark.parametrize("icon", ["", "search"])
@pytest.mark.parametrize("enabled", [True, False])
def test_a_field_whose_cursor_blinks_looks_as_if_painted_whole(qapp, icon, enabled):
    field = LineField("Search", icon)
    field.setText("Tank 21 and more than the field has room for, which is a good deal")
    field.resize(180, 28)
    field.setEnabled(enabled)
    whole = field.grab().toImage()
    for part in (
        QRect(60, 4, 2, 18),
        QRect(0, 0, 20, 28),
        QRect(40, 0, 30, 28),
        QRect(31, 3, 9, 9),
    ):
        assert field.grab(part).toImage() == whole.copy(part), part
    field.deleteLater()
