"""Live values in the tag tree: only what changed is painted, and it looks as if all had been."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QRegion
from PySide6.QtWidgets import QApplication

from tagwerk.domain.values import BAD, GOOD, Sample, quality_from_text
from tagwerk.ui.browser.painter import RowPainter
from tagwerk.ui.browser.rows import LiveCell
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.numbers import FRACTION_WIDTH, Mark
from ui.test_browser import NOW, PV, RUNNING, SP, Bench, plant

__all__ = ["plant"]
pytestmark = pytest.mark.ui


@pytest.fixture
def bench(qapp, plant):
    made = Bench()
    made.panel.resize(600, 700)
    made.show(plant)
    made.panel.tree.expandAll()
    yield made
    made.panel.close()
    made.panel.deleteLater()


def put(bench, plant, name, value, quality=GOOD):
    plant.live.put([Sample(name, value, quality, NOW, NOW)])
    plant.live.drain()


def lines(bench, plant):
    """Where the rows of tags are, by name."""
    outline = bench.panel.model.outline
    return {
        outline.tree.name(outline.node(handle)): (handle, line)
        for handle, line in bench.panel.tree.visible_rows()
        if outline.node(handle)
    }


def dirty(bench, plant, name):
    """What is asked to be painted for a new value of a tag."""
    tree = bench.panel.tree
    handle, line = lines(bench, plant)[name]
    left = tree._painter.value_left(handle, float(tree.viewport().width()))
    return line if left is None else QRect(line).adjusted(left, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (PV, 21.5, 22.25),
        (PV, 1.0, 59.99),
        (SP, 7.0, -7.125),
        (RUNNING, True, False),
        (SP, 7.0, 123_456_789_012.5),
        (SP, 123_456_789_012.5, 7.0),
    ],
)
def test_a_new_value_painted_alone_looks_as_if_all_was_painted(bench, plant, name, before, after):
    viewport = bench.panel.tree.viewport()
    put(bench, plant, name, before)
    picture = viewport.grab()
    put(bench, plant, name, after)
    area = dirty(bench, plant, name)
    whole: list[QRect] = []
    viewport.update = lambda rect=None: whole.append(rect)  # what the painter could not do alone
    viewport.render(picture, area.topLeft(), QRegion(area))
    for rect in whole:
        viewport.render(picture, rect.topLeft(), QRegion(rect))
    assert picture.toImage() == viewport.grab().toImage()


@pytest.mark.parametrize("word", ["On", "Störung"])
def test_the_word_of_a_bool_is_never_under_its_lamp(qapp, word):
    painter = RowPainter(None)
    cell = LiveCell(word, "", Mark.STALE, is_on=True)
    room = theme().metrics(13, 500).horizontalAdvance(word) + theme().px(FRACTION_WIDTH)
    for width in range(120, 420, 20):
        for name_width in (20, 80, 200, 600):
            row = QRectF(0, 0, width, 22)
            area, _has_unit = painter._value_area(row, cell, 40, name_width)
            assert area.width() == 0 or area.width() >= room


def test_a_change_of_quality_is_seen_too(bench, plant):
    viewport = bench.panel.tree.viewport()
    put(bench, plant, PV, 21.5)
    picture = viewport.grab()
    put(bench, plant, PV, 21.5, BAD)
    area = dirty(bench, plant, PV)
    viewport.render(picture, area.topLeft(), QRegion(area))
    assert picture.toImage() == viewport.grab().toImage()


def test_names_are_painted_once_and_values_as_often_as_they_change(bench, plant, monkeypatch):
    tree = bench.panel.tree
    put(bench, plant, PV, 21.5)
    picture = tree.viewport().grab()
    painted: list[int] = []
    monkeypatch.setattr(
        type(tree._painter), "_names", lambda _self, *rest: painted.append(rest[-2])
    )
    for value in (22.5, 23.5, 24.5):
        put(bench, plant, PV, value)
        area = dirty(bench, plant, PV)
        assert area.left() > 0
        tree.viewport().render(picture, area.topLeft(), QRegion(area))
    assert painted == []
    tree.viewport().grab()
    assert painted


UNSURE = quality_from_text("UNCERTAIN", "SENSOR_CALIBRATION")


class Screen(QObject):
    """The tree as it stands on the (offscreen) screen: painted again only where it was asked for."""

    def __init__(self, bench, monkeypatch):
        super().__init__()
        self.tree = bench.panel.tree
        self.paints = self.rows = 0
        paint = RowPainter.paint

        def paint_row(painter, *given, **named):
            self.rows += 1
            return paint(painter, *given, **named)

        monkeypatch.setattr(RowPainter, "paint", paint_row)
        self.tree.viewport().installEventFilter(self)
        let_paint()
        self.paints = self.rows = 0

    def eventFilter(self, _watched, event):
        self.paints += event.type() == QEvent.Type.Paint
        return False

    def _image(self):
        whole = self.tree.screen().grabWindow(self.tree.window().winId())
        place = QRect(
            self.tree.viewport().mapTo(self.tree.window(), QPoint()), self.tree.viewport().size()
        )
        return whole.copy(place).toImage().convertToFormat(QImage.Format.Format_RGB32)

    def matches(self):
        """How many rows were painted whole since the last look, and whether the screen looks as if
        all of them had been."""
        let_paint()
        shown, rows = self._image(), self.rows
        self.tree.viewport().update()
        let_paint()
        self.paints = self.rows = 0
        return rows, shown == self._image()


def let_paint():
    """Again: what cannot be painted alone asks for the painting of its row."""
    for _ in range(3):
        QApplication.sendPostedEvents()
        QEventLoop().processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


def show(bench, plant, *values):
    """New values, and the rows that show them asked to be painted."""
    for name, value, quality in values:
        put(bench, plant, name, value, quality)
    bench.panel.tree.repaint_rows({lines(bench, plant)[name][0] for name, *_rest in values})


NUMBERS = (22.25, 59.99, 8.125, 1.0, 1234.5, 7.0, -7.125, 0.004, 99_999.0, 4.44, 44.4)


@pytest.mark.parametrize("density", ["normal", "compact"])
def test_numbers_that_follow_each_other_look_as_if_all_was_painted(
    bench, plant, qapp, density, monkeypatch
):
    theme().apply(qapp, theme().mode, density)
    try:
        show(bench, plant, (PV, 21.5, GOOD), (SP, 20.0, GOOD))
        screen = Screen(bench, monkeypatch)
        whole_rows = []
        for number in NUMBERS:
            show(bench, plant, (PV, number, GOOD), (SP, number / 3, GOOD))
            rows, is_equal = screen.matches()
            assert is_equal, number
            whole_rows.append(rows)
        assert whole_rows.count(0) >= 3, "some of these need no painting of their rows"
    finally:
        theme().apply(qapp, theme().mode, "normal")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((21.5, GOOD), (21.75, UNSURE)),
        ((21.5, UNSURE), (21.75, UNSURE)),
        ((21.5, GOOD), (21.75, BAD)),
        ((21.5, BAD), (22.75, BAD)),
        ((21.5, GOOD), (None, BAD)),
        ((21.5, GOOD), (float("nan"), GOOD)),
        ((21.5, GOOD), (123_456_789_012.5, GOOD)),
        ((123_456_789_012.5, GOOD), (21.5, GOOD)),
        ((1e18, GOOD), (2e18, GOOD)),
        (("1 a\n2 b", GOOD), ("3 a\n4 b", GOOD)),
        (("1\t2", GOOD), ("3\t4", GOOD)),
        (("1 \u05d0\u05d1", GOOD), ("3 \u05d0\u05d1", GOOD)),
        (("1 漢字", GOOD), ("3 漢字", GOOD)),
    ],
)
def test_what_is_more_than_another_number_is_painted_as_well(
    bench, plant, first, second, monkeypatch
):
    show(bench, plant, (PV, *first))
    screen = Screen(bench, monkeypatch)
    for value in (second, first, second):
        show(bench, plant, (PV, *value))
        assert screen.matches()[1]


def test_a_selected_row_and_plain_ones_change_together(bench, plant, monkeypatch):
    tree = bench.panel.tree
    show(bench, plant, (PV, 21.5, GOOD), (SP, 20.0, GOOD))
    tree.setCurrentIndex(tree.rows.index_of(lines(bench, plant)[PV][0]))
    screen = Screen(bench, monkeypatch)
    show(bench, plant, (PV, 22.5, GOOD), (SP, 23.0, GOOD))
    assert screen.matches()[1]
    show(bench, plant, (PV, 22.75, GOOD), (SP, 23.25, GOOD))
    assert screen.matches() == (1, True)
    # Selected between the value and its painting: the number stands on other ground.
    show(bench, plant, (SP, 24.0, GOOD))
    tree.setCurrentIndex(tree.rows.index_of(lines(bench, plant)[SP][0]))
    assert screen.matches()[1]


def test_a_value_that_reads_as_before_is_not_painted(bench, plant, monkeypatch):
    show(bench, plant, (PV, 21.5, GOOD))
    screen = Screen(bench, monkeypatch)
    show(bench, plant, (PV, 21.5, GOOD))
    let_paint()
    assert screen.paints == 0
    show(bench, plant, (PV, 21.75, GOOD))
    show(bench, plant, (PV, 21.5, GOOD))
    assert screen.matches()[1], "changed twice before it was painted"


def test_the_pointer_over_a_row_paints_two_rows(bench, plant, monkeypatch):
    tree = bench.panel.tree
    show(bench, plant, (PV, 21.5, GOOD), (SP, 20.0, GOOD))
    rows = lines(bench, plant)
    tree._hover(tree.rows.index_of(rows[PV][0]))
    screen = Screen(bench, monkeypatch)
    tree._hover(tree.rows.index_of(rows[SP][0]))
    assert screen.matches() == (2, True)
    show(bench, plant, (SP, 20.5, GOOD), (PV, 22.5, GOOD))
    assert screen.matches()[1]


def test_favourites_show_their_own_values_after_the_list_has_changed(bench, plant):
    panel = bench.panel
    show(bench, plant, (PV, 21.5, GOOD), (SP, 20.0, GOOD))
    texts = panel._texts
    panel._outline.set_favorites([PV, SP])
    panel._refresh(search_again=False)
    first = panel._outline.children(panel._outline.children(0)[0])[0]
    assert texts.value_name(first) == PV
    panel._outline.set_favorites([SP])
    assert texts.value_name(first) == SP
