"""A table with Qt's selection, header, keyboard and accessibility, and with its own painting.

Only the rows on screen are painted, straight from the records; that is several times as quick as
delegates. Whoever uses it brings a model with texts (`TextModel`), a `TableHeader` and what paints
one row. The alarm table and the traffic table are made of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars
from tagwerk.ui.widgets.table_header import Placed, TableHeader

_TYPING_S = 1.0
"""Letters typed within this time of each other belong to one word."""
_SEARCHED_ROWS = 3_000
"""Rows that typing looks through: some milliseconds."""


class TextModel(QAbstractTableModel):
    """A model whose cells are texts: one source for painter, clipboard and screen reader."""

    def text(self, row: int, column: int) -> str:
        """What stands in a cell; "" where there is none."""
        raise NotImplementedError

    def word(self, row: int, column: int) -> str:
        """What typing is compared with: the text as cheaply as it can be had."""
        return self.text(row, column)


class _Tips(QStyledItemDelegate):
    """Paints nothing: shows a cell's whole text where it is cut, then what the model adds."""

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(view, PaintedTable):
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), view.tip(index), view)
        return True


class PaintedTable(QTableView):
    """The table; subclasses paint rows and follow their records.

    Args:
        name: object name.
        accessible: translated name for screen readers.

    Signals:
        details_wanted: Enter or a double click on the current row.
        selection_moved: the selected rows or the current one changed.
        menu_wanted: context menu at a global position.
    """

    details_wanted = Signal()
    selection_moved = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._rows: TextModel
        self.columns: TableHeader
        self._hovered = -1
        self._typed = ""
        self._typed_s = 0.0
        self._following = self._touched = False
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        # Every pixel is painted here: what lies behind need not be painted first.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setItemDelegate(_Tips(self))
        use_flat_scroll_bars(self)
        self.doubleClicked.connect(lambda _index: self.details_wanted.emit())

    def show_model(self, model: TextModel, columns: TableHeader) -> None:
        """Take model and header; once, at the end of the subclass's making."""
        self._rows, self.columns = model, columns
        self.setHorizontalHeader(columns)
        self.setModel(model)
        columns.prepare()
        columns.columns_changed.connect(self.viewport().update)
        # The current row moves without the selection too: by Ctrl+Down, or when the table gets the
        # keyboard. What the keys do is about the current one.
        self.selectionModel().selectionChanged.connect(lambda *_: self._selection_touched())
        self.selectionModel().currentRowChanged.connect(lambda *_: self._selection_touched())
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(theme().row_height)
        rows.setDefaultSectionSize(theme().row_height)
        self.dress()
        self.viewport().update()

    def _selection_touched(self) -> None:
        """Once for a whole step of following, however many rows it takes out of a selection."""
        if self._following:
            self._touched = True
        else:
            self.selection_moved.emit()

    @contextmanager
    def following(self) -> Iterator[None]:
        """While rows come, leave and move, or a key is taken; `selection_moved` comes once, at the
        end."""
        self._following = True
        try:
            yield
        finally:
            self._following = False
        if self._touched:
            self._touched = False
            self.selection_moved.emit()

    # For subclasses.

    def dress(self) -> None:
        """Take over fonts, colours and measures of the theme."""

    def begin_picture(self, painter: QPainter, columns: Sequence[Placed]) -> None:
        """Rows follow, with these columns in sight, from left to right."""

    def paint_row(
        self, row: int, top: int, *, selected: bool, hovered: bool, focused: bool
    ) -> None:
        """Paint one row, ground and all, whose upper edge is at `top`."""
        raise NotImplementedError

    def end_picture(self) -> None:
        """That was the last row."""

    def is_cut(self, text: str, room: int) -> bool:
        """Whether a text has no room in a cell of that width."""
        return self.fontMetrics().horizontalAdvance(text) > room

    def typing_column(self) -> int:
        """Where typed letters are looked for."""
        return 0

    # Selection.

    def selected_spans(self) -> list[tuple[int, int]]:
        """First and last row of each selected stretch, in no order."""
        chosen = self.selectionModel().selection()
        spans = (chosen.at(i) for i in range(chosen.count()))
        return [(span.top(), span.bottom()) for span in spans]

    def selected_count(self) -> int:
        return sum(last - first + 1 for first, last in self.selected_spans())

    def selected_rows(self) -> list[int]:
        """Selected rows from the top down."""
        rows: list[int] = []
        for first, last in sorted(set(self.selected_spans())):
            rows += range(max(first, rows[-1] + 1 if rows else 0), last + 1)
        return rows

    @contextmanager
    def selection_apart(self) -> Iterator[list[tuple[int, int]]]:
        """Take the selection away while many rows change places; gives its stretches, to be
        brought up to date. Nobody hears of it but by `selection_moved`."""
        spans = self.selected_spans()
        before = self.selected_count()
        model, flags = self.selectionModel(), QItemSelectionModel.SelectionFlag
        was = model.blockSignals(True)
        model.clearSelection()
        model.blockSignals(was)
        try:
            yield spans
        finally:
            chosen, last = QItemSelection(), self._rows.columnCount() - 1
            for top, bottom in spans:
                chosen.select(self._rows.index(top, 0), self._rows.index(bottom, last))
            model.blockSignals(True)
            model.select(chosen, flags.ClearAndSelect)
            # As after any row that came or left: what is chosen next with Shift is added to it.
            model.select(QItemSelection(), flags.Select)
            model.blockSignals(was)
            if self.selected_count() != before:
                self._selection_touched()

    def rows_in_sight(self) -> int:
        """How many rows have room, the last one perhaps cut."""
        return self.viewport().height() // max(theme().row_height, 1) + 1

    # Copying.

    def selected_lines(self) -> Iterator[str]:
        """The selected rows as they are shown, tab-separated, a line of titles first; columns as
        on screen. Tabs and line ends in a text become spaces.

        What is copied is decided now; rows that have left when their turn comes are left out.
        """
        shown = self.columns.shown_columns()
        titles = "\t".join(self.columns.title(column) for column in shown)
        return chain((titles,), self._lines(self.copied(), shown))

    def _lines(self, cells: Iterable[Callable[[int], str]], shown: list[int]) -> Iterator[str]:
        for text in cells:
            yield "\t".join(" ".join(text(column).split()) for column in shown)

    def copied(self) -> Iterable[Callable[[int], str]]:
        """For each selected row what gives the text of a column, however rows move meanwhile."""
        raise NotImplementedError

    # Keyboard and mouse.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.details_wanted.emit()
            return
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        # A key moves the current row and the selection: who listens is told once.
        with self.following():
            super().keyPressEvent(event)

    def moveCursor(
        self,
        cursorAction: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """Home and End go to the first and last row: the cells of a row are one."""
        ends = {
            QAbstractItemView.CursorAction.MoveHome: 0,
            QAbstractItemView.CursorAction.MoveEnd: self._rows.rowCount() - 1,
        }
        row = ends.get(cursorAction, -1)
        shown = self.columns.shown_columns()
        if row < 0 or not shown:
            return super().moveCursor(cursorAction, modifiers)
        return self._rows.index(row, shown[0])

    def keyboardSearch(self, search: str) -> None:
        """Typing goes to the next row that begins with the letters; it never acts on one."""
        now_s = time.monotonic()
        goes_on = now_s - self._typed_s < _TYPING_S
        self._typed_s = now_s
        self._typed = (self._typed if goes_on else "") + search.casefold()
        if not self._typed.strip() or not self._rows.rowCount():
            return
        column, count = self.typing_column(), self._rows.rowCount()
        # A word that grows may stay where it is; a new one begins behind the current row.
        begin = max(self.currentIndex().row(), 0) + (0 if len(self._typed) > 1 else 1)
        for step in range(min(count, _SEARCHED_ROWS)):
            row = (begin + step) % count
            if self._rows.word(row, column).casefold().startswith(self._typed):
                self.selectRow(row)
                return

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(event.position().toPoint().y()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            for changed in (row, self._hovered):
                if changed >= 0:
                    self.viewport().update(self.row_rect(changed))
            self._hovered = row

    def row_rect(self, row: int) -> QRect:
        """Where a row is, in the viewport."""
        return QRect(0, self.rowViewportPosition(row), self.viewport().width(), theme().row_height)

    def tip(self, index: QModelIndex) -> str:
        """The whole text of a cell that is cut, and what the model has to add."""
        more = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        text = self._rows.text(index.row(), index.column()) if index.isValid() else ""
        room = self.columns.sectionSize(index.column()) - theme().px(12)
        if text and text not in more and self.is_cut(text, room):
            return f"{text}\n{more}".strip()
        return more

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.visualRect(self.currentIndex()).bottomLeft()
            where = self.viewport().mapToGlobal(QPoint(max(at.x(), 0) + theme().px(22), at.y()))
        self.menu_wanted.emit(where)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.columns.fit()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        area = event.rect()
        with QPainter(self.viewport()) as painter:
            height = theme().row_height
            self.begin_picture(painter, self.columns.placed())
            chosen = self._selected_between(area.top(), area.bottom())
            focused = self.currentIndex().row() if self.hasFocus() else -1
            row = self.rowAt(max(area.top(), 0))
            top = self.rowViewportPosition(row) if row >= 0 else 0
            count = self._rows.rowCount()
            while 0 <= row < count and top <= area.bottom():
                self.paint_row(
                    row,
                    top,
                    selected=row in chosen,
                    hovered=row == self._hovered,
                    focused=row == focused,
                )
                row += 1
                top += height
            if top <= area.bottom():
                rest = QRect(area.left(), top, area.width(), area.bottom() - top + 1)
                painter.fillRect(rest, theme().color("base"))
            self.end_picture()

    def _selected_between(self, top: int, bottom: int) -> set[int]:
        """Selected rows of a part of the viewport."""
        first = max(self.rowAt(max(top, 0)), 0)
        last = first + (bottom - top) // max(theme().row_height, 1) + 1
        rows: set[int] = set()
        for begin, end in self.selected_spans():
            if begin <= last and end >= first:
                rows.update(range(max(begin, first), min(end, last) + 1))
        return rows
