"""The traffic table: a `PaintedTable` of records in the order they came.

It follows the newest row as long as it is scrolled to its end; scrolled elsewhere, what is in sight
stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from tagwerk.domain.traffic import Exchange
from tagwerk.ui.i18n import tr
from tagwerk.ui.traffic.cells import COLUMNS, INDEX, Column, cell_text
from tagwerk.ui.traffic.header import TrafficHeader
from tagwerk.ui.traffic.model import TrafficModel
from tagwerk.ui.traffic.painting import RecordPainter
from tagwerk.ui.widgets.table import PaintedTable
from tagwerk.ui.widgets.table_header import Placed


class TrafficTable(PaintedTable):
    """The table; object name ``trafficTable``."""

    columns: TrafficHeader

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("trafficTable", tr("Traffic"), parent)
        self.records = TrafficModel(self)
        self.painter = RecordPainter()
        self.show_model(self.records, TrafficHeader(self))

    # Following the records.

    @property
    def is_at_end(self) -> bool:
        """The newest row is in sight."""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum()

    def sync(self) -> None:
        """Follow the view; at the end the newest stays in sight, else what is in sight stays."""
        follow = self.is_at_end
        bar = self.verticalScrollBar()
        before = bar.value()
        left, came = self.records.sync()
        if follow:
            self.scrollToBottom()
        elif left:
            bar.setValue(max(before - left, 0))
        if left or came:
            self.viewport().update()

    def current_record(self) -> Exchange | None:
        """The record with the keyboard, None when no row has it."""
        index = self.currentIndex()
        return self.records.record_at(index.row()) if index.isValid() else None

    # Keyboard and mouse.

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard begins at the newest row; Qt would take the oldest."""
        if not self.currentIndex().isValid() and self.records.rowCount():
            self.selectRow(self.records.rowCount() - 1)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            event.ignore()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        at_end = self.is_at_end
        super().resizeEvent(event)
        if at_end:
            self.scrollToBottom()

    # For the painted table.

    def dress(self) -> None:
        self.painter.dress()

    def typing_column(self) -> int:
        return INDEX[Column.WHAT]

    def is_cut(self, text: str, room: int) -> bool:
        return self.painter.cut.is_cut(text, room)

    def copied(self) -> Iterator[Callable[[int], str]]:
        found = [self.records.record_at(row) for row in self.selected_rows()]
        return (partial(_text_of, record) for record in found if record is not None)

    def begin_picture(self, painter: QPainter, columns: Sequence[Placed]) -> None:
        width = self.viewport().width()
        self.painter.begin(painter, columns, width, self.devicePixelRatioF())

    def paint_row(
        self, row: int, top: int, *, selected: bool, hovered: bool, focused: bool
    ) -> None:
        view = self.records.view
        self.painter.paint(
            view.number_at(row),
            view.at(row),
            top,
            selected=selected,
            hovered=hovered,
            focused=focused,
        )

    def end_picture(self) -> None:
        self.painter.end()


def _text_of(record: Exchange, column: int) -> str:
    return cell_text(record, COLUMNS[column].column)
