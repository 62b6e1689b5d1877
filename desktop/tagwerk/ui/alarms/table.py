"""The alarm table: Qt's selection, header, keyboard and accessibility, with its own painting.

Only visible rows are painted, straight from the model's alarms; that is four times as quick as
delegates and keeps thousands of changes a second from being felt. Colours are in `look`, texts in
`cells`, order in the store's view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median_low

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_view import SortBy
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, INDEX, CellTexts
from tagwerk.ui.alarms.header import AlarmHeader
from tagwerk.ui.alarms.look import (
    Colors,
    flash_phase,
    is_flashing,
)
from tagwerk.ui.alarms.model import AlarmModel
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.alarms.painting import DOT_ZONE, Picture, RowPainter
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

CARRIED_ROWS = 200
"""Above so many selected rows the order is held: carrying them along would stop the window."""


class AlarmTable(QTableView):
    """The table.

    Args:
        texts: makes the texts of cells.
        clock_ns: the wall clock.
        note: what is to be said about an operation on an alarm, or None.

    Signals:
        details_wanted: Enter or a double click on the current alarm.
        selection_moved: the selected alarms or the current one changed.
        menu_wanted: context menu at a global position.
    """

    details_wanted = Signal()
    selection_moved = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(
        self,
        texts: CellTexts,
        clock_ns: Callable[[], int],
        note: Callable[[Alarm], Note | None] = lambda alarm: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("alarmTable")
        self.setAccessibleName(tr("Alarms"))
        self._clock_ns = clock_ns
        self._note = note
        self.colors = Colors.SERVER
        self.flashing = True
        self.is_stale = False
        self.is_history = False
        self._framed = False
        self._hovered = -1
        self._rows = RowPainter(texts, note)
        self.alarms = AlarmModel(texts, clock_ns, self._note_text, self)
        self.columns = AlarmHeader(self)
        self.setHorizontalHeader(self.columns)
        self.setModel(self.alarms)
        self.columns.prepare()
        self.columns.columns_changed.connect(self.viewport().update)
        self.columns.sort_changed.connect(self._sort_changed)
        self._behave()
        self._dress()
        theme().changed.connect(self._dress)

    def _behave(self) -> None:
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        use_flat_scroll_bars(self)
        # The current row moves without the selection too: by Ctrl+Down, or when the table gets the
        # keyboard. What the keys do is about the current one.
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_moved.emit())
        self.selectionModel().currentRowChanged.connect(lambda *_: self.selection_moved.emit())
        self.doubleClicked.connect(lambda _index: self.details_wanted.emit())

    def _dress(self) -> None:
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(theme().row_height)
        rows.setDefaultSectionSize(theme().row_height)
        self._rows.dress()
        self.viewport().update()

    def _note_text(self, alarm: Alarm) -> str:
        note = self._note(alarm)
        return note.short if note is not None else ""

    # What is selected.

    def selected_ids(self) -> list[int]:
        """Numbers of the selected alarms, from the top down."""
        rows: set[int] = set()
        for top, bottom in self._selected_rows():
            rows.update(range(top, bottom + 1))
        ids = (self.alarms.id_at(row) for row in sorted(rows))
        return [number for number in ids if number >= 0]

    def selected_alarms(self) -> list[Alarm]:
        found = (self.alarms.view.alarm(number) for number in self.selected_ids())
        return [alarm for alarm in found if alarm is not None]

    def current_alarm(self) -> Alarm | None:
        """The alarm with the keyboard, else the first selected one."""
        index = self.currentIndex()
        alarm = self.alarms.alarm_at(index.row()) if index.isValid() else None
        if alarm is None or not self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            selected = self.selected_alarms()
            return selected[0] if selected else alarm
        return alarm

    def select_alarms(self, ids: Iterable[int]) -> None:
        """Select exactly these alarms; the first one becomes the current row."""
        rows = sorted(row for row in (self.alarms.row_of(number) for number in ids) if row >= 0)
        flags = QItemSelectionModel.SelectionFlag
        selection = QItemSelection()
        for row in rows:
            selection.select(self.alarms.index(row, 0), self.alarms.index(row, len(COLUMNS) - 1))
        if rows:
            self.selectionModel().setCurrentIndex(self.alarms.index(rows[0], 0), flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)

    def step(self, by: int) -> Alarm | None:
        """Make the next (+1) or previous (-1) row current and selected."""
        row = self.currentIndex().row() + by
        if 0 <= row < self.alarms.rowCount():
            self.selectRow(row)
        return self.current_alarm()

    # Following the store.

    def _sort_changed(self) -> None:
        self.alarms.view.set_sort(self.columns.sort)
        self.sync()

    def sync(self) -> bool:
        """Follow the view; selection, current row and what is in sight stay with their alarms."""
        selected = sum(bottom - top + 1 for top, bottom in self._selected_rows())
        bar = self.verticalScrollBar()
        first = bar.value()
        in_sight = [
            (row, self.alarms.id_at(row)) for row in range(first, first + self._rows_in_sight())
        ]
        current = self.currentIndex()
        had = self.alarms.id_at(current.row()) if current.isValid() else -1
        moved = self.alarms.sync(hold=selected > CARRIED_ROWS)
        if moved:
            if had >= 0 and not self.currentIndex().isValid() and self.alarms.rowCount():
                row = min(current.row(), self.alarms.rowCount() - 1)
                self.selectionModel().setCurrentIndex(
                    self.alarms.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate
                )
            if first > 0:
                self._keep_in_sight(first, in_sight)
        self.viewport().update()
        return moved

    def _rows_in_sight(self) -> int:
        return self.viewport().height() // max(theme().row_height, 1) + 1

    def _keep_in_sight(self, first: int, before: list[tuple[int, int]]) -> None:
        """Scroll by as much as most of the visible rows moved; at the top the newest stay in sight."""
        moves = [
            now - row
            for row, number in before
            if number >= 0 and (now := self.alarms.row_of(number)) >= 0
        ]
        if moves:
            self.verticalScrollBar().setValue(first + median_low(moves))

    def tick(self, now_ns: int) -> None:
        """Once a frame: change the flashing phase when it is due."""
        framed = flash_phase(now_ns) and self.flashing and not self.is_stale and not self.is_history
        if framed != self._framed:
            self._framed = framed
            if self._any_flashing():
                self._update_columns(BLOCK)

    def _any_flashing(self) -> bool:
        first = self.rowAt(0)
        alarms = (self.alarms.alarm_at(first + i) for i in range(self._rows_in_sight()))
        return any(alarm is not None and is_flashing(alarm) for alarm in alarms)

    def update_durations(self) -> None:
        """Paint the "stands for" column again; once a second."""
        self._update_columns({INDEX[SortBy.STANDS_FOR]})

    def _update_columns(self, columns: Iterable[int]) -> None:
        for index in columns:
            if not self.columns.isSectionHidden(index):
                left = self.columns.sectionViewportPosition(index)
                width = self.columns.sectionSize(index)
                self.viewport().update(left, 0, width, self.viewport().height())

    # Keyboard and mouse.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.details_wanted.emit()
            return
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Typing letters does nothing: no bare key may act on alarms, and searching has a field."""

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
                    top = self.rowViewportPosition(changed)
                    self.viewport().update(0, top, self.viewport().width(), theme().row_height)
            self._hovered = row

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.visualRect(self.currentIndex()).bottomLeft()
            where = self.viewport().mapToGlobal(at + QPoint(theme().px(DOT_ZONE), 0))
        self.menu_wanted.emit(where)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.columns.fit()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        area = event.rect()
        painter = QPainter(self.viewport())
        painter.fillRect(area, theme().color("base"))
        columns = []
        for index in self.columns.shown_columns():
            left, width = (
                self.columns.sectionViewportPosition(index),
                self.columns.sectionSize(index),
            )
            if left <= area.right() and left + width > area.left():
                columns.append((index, left, width))
        self._rows.begin(
            painter,
            columns,
            Picture(
                colors=self.colors,
                framed=self._framed,
                stale=self.is_stale,
                history=self.is_history,
                width=self.viewport().width(),
                scale=self.devicePixelRatioF(),
                now_ns=self._clock_ns(),
            ),
        )
        chosen = self._selected_rows()
        focused = self.currentIndex().row() if self.hasFocus() else -1
        row = self.rowAt(max(area.top(), 0))
        top = self.rowViewportPosition(row)
        while 0 <= row < self.alarms.rowCount() and top <= area.bottom():
            number = self.alarms.id_at(row)
            alarm = self.alarms.view.alarm(number)
            if alarm is not None:
                self._rows.paint(
                    number,
                    alarm,
                    top,
                    selected=any(first <= row <= last for first, last in chosen),
                    hovered=row == self._hovered,
                    focused=row == focused,
                )
            row += 1
            top += theme().row_height
        painter.end()

    def _selected_rows(self) -> list[tuple[int, int]]:
        chosen = self.selectionModel().selection()
        spans = (chosen.at(i) for i in range(chosen.count()))
        return [(span.top(), span.bottom()) for span in spans]
