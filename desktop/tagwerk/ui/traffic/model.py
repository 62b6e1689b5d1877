"""The records of one view as a Qt table model: rows leave at the top and come at the end.

The table paints from `record_at`; `data` serves tooltips, copying and screen readers.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from tagwerk.domain.traffic import Exchange
from tagwerk.store.traffic import TrafficFilter, TrafficStore, TrafficView
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.traffic.cells import COLUMNS, Column, cell_text
from tagwerk.ui.widgets.table import TextModel

_NO_PARENT = QModelIndex()
_Role = Qt.ItemDataRole


class TrafficModel(TextModel):
    """Rows of a `TrafficView`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view = TrafficView(TrafficStore())
        self._count = 0

    def show_store(self, store: TrafficStore) -> None:
        """Show another store, with the same filter."""
        self.beginResetModel()
        wanted = self.view.filter
        self.view = TrafficView(store)
        self.view.set_filter(wanted)
        self._count = 0
        self.endResetModel()

    def set_filter(self, wanted: TrafficFilter) -> None:
        """Show what passes another filter; the selection is lost."""
        self.beginResetModel()
        self.view.set_filter(wanted)
        self.view.refresh()
        self._count = len(self.view)
        self.endResetModel()

    def let_go(self) -> None:
        """Hold no records while nobody looks."""
        self.beginResetModel()
        self.view.restart()
        self._count = 0
        self.endResetModel()

    def sync(self) -> tuple[int, int]:
        """Follow the view. Returns how many rows left at the top and how many came at the end."""
        left, came = self.view.refresh()
        if left:
            self.beginRemoveRows(_NO_PARENT, 0, left - 1)
            self._count -= left
            self.endRemoveRows()
        if came:
            self.beginInsertRows(_NO_PARENT, self._count, self._count + came - 1)
            self._count += came
            self.endInsertRows()
        return left, came

    def record_at(self, row: int) -> Exchange | None:
        return self.view.at(row)

    # QAbstractTableModel.

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def text(self, row: int, column: int) -> str:
        """What stands in a cell."""
        exchange = self.view.at(row)
        return cell_text(exchange, COLUMNS[column].column) if exchange is not None else ""

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == _Role.TextAlignmentRole:
            right = COLUMNS[index.column()].right
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role not in (_Role.DisplayRole, _Role.ToolTipRole, _Role.AccessibleTextRole):
            return None
        exchange = self.view.at(index.row())
        if exchange is None:
            return None
        column = COLUMNS[index.column()].column
        text = cell_text(exchange, column)
        if role == _Role.ToolTipRole and column is Column.WHAT:
            return f"{text}\n{exchange.url}".strip()
        if role == _Role.AccessibleTextRole and column is Column.WHAT and exchange.is_problem:
            return tr("{operation}, failed", operation=text)
        return text

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        if role != _Role.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal and 0 <= section < len(COLUMNS):
            return tr_message(COLUMNS[section].title)
        return str(section + 1)
