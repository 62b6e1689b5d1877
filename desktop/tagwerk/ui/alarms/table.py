"""The alarm table: a `PaintedTable` that follows an order of alarms.

Colours are in `look`, texts in `cells`, painting in `painting`, order in the store's view. It
paints what the model says and what the panel tells it to; when that is, is the panel's to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from statistics import median_low

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_held import joined
from tagwerk.store.alarm_order import SortBy
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, INDEX, TEXT_COLUMN, CellTexts
from tagwerk.ui.alarms.header import AlarmHeader
from tagwerk.ui.alarms.look import Colors, flash_phase, is_flashing
from tagwerk.ui.alarms.model import AlarmModel
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.alarms.painting import Picture, RowPainter
from tagwerk.ui.i18n import tr
from tagwerk.ui.widgets.table import PaintedTable
from tagwerk.ui.widgets.table_header import Placed

CARRIED_ROWS = 200
"""Above so many selected rows the order is held: carrying them along would stop the window."""
_WORK_S = 0.004
"""Sorting many alarms anew takes this long at a time; then the window has its turn."""
_SECOND_NS = 1_000_000_000
_TYPED_IN = frozenset(
    {SortBy.STATE, SortBy.CLASS, SortBy.AREA, SortBy.TRIGGER, SortBy.NAME, SortBy.ORIGIN}
)


class AlarmTable(PaintedTable):
    """The table.

    Args:
        texts: makes the texts of cells.
        clock_ns: the wall clock.
        note: what is to be said about an operation on an alarm, or None.

    Signals:
        sorted_anew: another order or filter, worked out between events, is on show now.
    """

    sorted_anew = Signal()

    columns: AlarmHeader

    def __init__(
        self,
        texts: CellTexts,
        clock_ns: Callable[[], int],
        note: Callable[[Alarm], Note | None] = lambda alarm: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("alarmTable", tr("Alarms"), parent)
        self._clock_ns = clock_ns
        self._note = note
        self.colors = Colors.SERVER
        self.flashing = True
        self.is_stale = False
        self.is_history = False
        self._framed = False
        self.painter = RowPainter(texts, note)
        self.alarms = AlarmModel(texts, clock_ns, self._note_text, self)
        self._work = QTimer(self)
        self._work.setInterval(0)
        self._work.timeout.connect(self._work_on)
        self.show_model(self.alarms, AlarmHeader(self))
        self.columns.sort_changed.connect(self._sort_changed)

    def dress(self) -> None:
        self.painter.dress()

    def _note_text(self, alarm: Alarm) -> str:
        note = self._note(alarm)
        return note.short if note is not None else ""

    # What is selected.

    def selected_ids(self) -> list[int]:
        """Numbers of the selected alarms, from the top down."""
        spans = joined(self.selected_spans())
        if sum(last - first + 1 for first, last in spans) > CARRIED_ROWS:
            # One walk through the order is quicker than so many look-ups.
            every = self.alarms.ids()
            return [number for first, last in spans for number in every[first : last + 1]]
        return [number for number in map(self.alarms.id_at, self.selected_rows()) if number >= 0]

    def selected_alarms(self) -> list[Alarm]:
        found = (self.alarms.view.alarm(number) for number in self.selected_ids())
        return [alarm for alarm in found if alarm is not None]

    def current_alarm(self) -> Alarm | None:
        """The alarm with the keyboard, else the first selected one."""
        index = self.currentIndex()
        alarm = self.alarms.alarm_at(index.row()) if index.isValid() else None
        if alarm is None or not self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            spans = self.selected_spans()
            first = min(first for first, _ in spans) if spans else -1
            return self.alarms.alarm_at(first) or alarm
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
        """Follow the view; selection, current row and what is in sight stay with their alarms.

        What cannot be done at once, another order of many alarms, goes on between events.
        """
        with self.following():
            moved = self._follow()
        if self.alarms.view.is_due:
            self._work.start()
        self.viewport().update()
        return moved

    def _follow(self) -> bool:
        selected = self.selected_count()
        bar = self.verticalScrollBar()
        first = bar.value()
        in_sight = [
            (row, self.alarms.id_at(row)) for row in range(first, first + self.rows_in_sight())
        ]
        current = self.currentIndex()
        had = self.alarms.id_at(current.row()) if current.isValid() else -1
        if selected > CARRIED_ROWS:
            moved, row = self._follow_held(current.row())
        else:
            moved, row = self.alarms.sync(), current.row()
        if moved:
            if had >= 0 and not self.currentIndex().isValid() and self.alarms.rowCount():
                row = min(row, self.alarms.rowCount() - 1)
                self.selectionModel().setCurrentIndex(
                    self.alarms.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate
                )
            if first > 0:
                self._keep_in_sight(first, in_sight)
        return moved

    def _follow_held(self, row: int) -> tuple[bool, int]:
        """Follow with the order held. Returns whether rows came or left, and which row is there for
        one that left.

        Selected stretches are moved by arithmetic: Qt splits them at each row that leaves, never
        joins them again, and walks through all of them for the next.
        """
        shift = self.alarms.hold()
        if shift:
            with self.selection_apart() as spans:
                self.alarms.move_held(shift)
                spans[:] = shift.spans(spans)
        return bool(shift), shift.beside(row)

    def _work_on(self) -> None:
        """Sort for a few milliseconds; show the new order when it is done."""
        view, end_s = self.alarms.view, time.perf_counter() + _WORK_S
        while view.step():
            if time.perf_counter() >= end_s:
                return
        self._work.stop()
        self.sync()
        self.sorted_anew.emit()

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
        first = max(self.rowAt(0), 0)
        alarms = (self.alarms.alarm_at(first + i) for i in range(self.rows_in_sight()))
        return any(alarm is not None and is_flashing(alarm) for alarm in alarms)

    def update_durations(self) -> None:
        """Paint the "stands for" column again; once a second, where any alarm still ages."""
        if not self.is_history and not self.is_stale and self.alarms.rowCount():
            self._update_columns({INDEX[SortBy.STANDS_FOR]})

    def _update_columns(self, columns: Iterable[int]) -> None:
        for index in columns:
            if not self.columns.isSectionHidden(index):
                left = self.columns.sectionViewportPosition(index)
                width = self.columns.sectionSize(index)
                self.viewport().update(left, 0, width, self.viewport().height())

    # For the painted table.

    def copied(self) -> Iterator[Callable[[int], str]]:
        alarm, text_of, numbers = self.alarms.view.alarm, self.alarms.text_of, self.selected_ids()
        found = ((number, alarm(number)) for number in numbers)
        return (partial(text_of, number, one) for number, one in found if one is not None)

    def typing_column(self) -> int:
        by = self.columns.sort.by
        return INDEX[by] if by in _TYPED_IN else TEXT_COLUMN

    def is_cut(self, text: str, room: int) -> bool:
        return self.painter.cut.is_cut(text, room)

    def begin_picture(self, painter: QPainter, columns: Sequence[Placed]) -> None:
        picture = Picture(
            colors=self.colors,
            framed=self._framed,
            stale=self.is_stale,
            history=self.is_history,
            width=self.viewport().width(),
            scale=self.devicePixelRatioF(),
            # Whole seconds: how long alarms stand changes all at once, and once a second.
            now_ns=self._clock_ns() // _SECOND_NS * _SECOND_NS,
        )
        self.painter.begin(painter, columns, picture)

    def paint_row(
        self, row: int, top: int, *, selected: bool, hovered: bool, focused: bool
    ) -> None:
        number = self.alarms.id_at(row)
        alarm = self.alarms.view.alarm(number)
        self.painter.paint(number, alarm, top, selected=selected, hovered=hovered, focused=focused)

    def end_picture(self) -> None:
        self.painter.end()
