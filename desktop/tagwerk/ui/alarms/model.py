"""The alarms of one view as a Qt table model, moved from order to order in lawful steps.

Rows grow and shrink at the end, then one layout change puts everything where it belongs; so Qt's
selection, current row and accessibility follow the alarms. The table paints from `alarm_at`;
`data` serves copying, tooltips and screen readers with the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QObject, Qt

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_view import AlarmView, Order, SortBy
from tagwerk.ui.alarms.cells import COLUMNS, CellTexts, tooltip
from tagwerk.ui.i18n import tr

_Role = Qt.ItemDataRole
_NO_PARENT = QModelIndex()
# With the hint Qt's selection carries one index a row in place of one a cell.
_LAYOUT = "QList<QPersistentModelIndex>,QAbstractItemModel::LayoutChangeHint"


class AlarmModel(QAbstractTableModel):
    """Rows of an `AlarmView`; `sync` brings them up to date.

    Args:
        texts: makes the texts.
        clock_ns: for "stands for".
        note: an alarm's pending or failed operation as text for the Acknowledged column, or "".
    """

    def __init__(
        self,
        texts: CellTexts,
        clock_ns: Callable[[], int],
        note: Callable[[Alarm], str] = lambda alarm: "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.texts = texts
        self.clock_ns = clock_ns
        self._note = note
        self._view = AlarmView({})
        self._order = Order()
        self._held: list[int] | None = None
        self._count = 0

    @property
    def view(self) -> AlarmView:
        return self._view

    def set_view(self, view: AlarmView) -> None:
        """Show another view; selection is lost."""
        self.beginResetModel()
        self._view = view
        self._held = None
        self._order = view.refresh()
        self._count = len(self._order)
        self.endResetModel()

    # Rows and alarms.

    def id_at(self, row: int) -> int:
        """The alarm's number in `row`, -1 where there is none."""
        if self._held is not None:
            return self._held[row] if 0 <= row < len(self._held) else -1
        return self._order.id_at(row) if 0 <= row < len(self._order) else -1

    def alarm_at(self, row: int) -> Alarm | None:
        return self._view.alarm(self.id_at(row))

    def row_of(self, number: int) -> int:
        """The row of an alarm now, -1 when it is not shown."""
        if self._held is not None:
            return self._held.index(number) if number in self._held else -1
        return self._view.row_of(number)

    @property
    def is_held(self) -> bool:
        """True while the order is held still for a large selection."""
        return self._held is not None

    def sync(self, *, hold: bool = False) -> bool:
        """Follow the view. Returns True when rows came, left or moved.

        Args:
            hold: keep the rows where they are: those that left go, new ones come on top. For
                selections so large that carrying them along would stop the window.
        """
        if hold:
            return self._sync_held()
        if self._held is None:
            new = self._view.refresh()
            if new is self._order:
                return False
            old_ids: Callable[[int], int] = self._order.id_at
        else:
            new = self._view.refresh()
            old_ids = self._held.__getitem__
        self._move_to(new, old_ids)
        return True

    def _move_to(self, new: Order, old_id_at: Callable[[int], int]) -> None:
        before = self._count
        if len(new) > before:
            self.beginInsertRows(_NO_PARENT, before, len(new) - 1)
            self._count = len(new)
            self.endInsertRows()
        hint = QAbstractItemModel.LayoutChangeHint.VerticalSortHint
        self.layoutAboutToBeChanged[_LAYOUT].emit([], hint)  # type: ignore[index]
        held_by_qt = self.persistentIndexList()
        moved = []
        rows: dict[int, int] = {}
        for index in held_by_qt:
            old_row = index.row()
            row = rows.get(old_row)
            if row is None:
                number = old_id_at(old_row) if old_row < before else -1
                row = rows[old_row] = self._view.row_of(number) if number >= 0 else -1
            moved.append(self.createIndex(row, index.column()) if row >= 0 else QModelIndex())
        self._order, self._held = new, None
        self.changePersistentIndexList(held_by_qt, moved)
        self.layoutChanged[_LAYOUT].emit([], hint)  # type: ignore[index]
        if len(new) < before:
            self.beginRemoveRows(_NO_PARENT, len(new), before - 1)
            self._count = len(new)
            self.endRemoveRows()

    def _sync_held(self) -> bool:
        if self._held is None:
            self._held = self._order.ids()
        shown = set(self._held)
        self._order = self._view.refresh()
        left = {number for number in shown if not self._view.contains(number)}
        changed = bool(left)
        for first, last in _runs([row for row, number in enumerate(self._held) if number in left]):
            self.beginRemoveRows(_NO_PARENT, first, last)
            del self._held[first : last + 1]
            self._count = len(self._held)
            self.endRemoveRows()
        if len(self._order) > len(self._held):
            came = [number for number in self._order.ids() if number not in shown]
            self.beginInsertRows(_NO_PARENT, 0, len(came) - 1)
            self._held[:0] = came
            self._count = len(self._held)
            self.endInsertRows()
            changed = True
        return changed

    def announce(self, row: int) -> None:
        """Tell screen readers that this row's alarm changed. The caller limits how often."""
        if 0 <= row < self._count:
            last = len(COLUMNS) - 1
            self.dataChanged.emit(self.index(row, 0), self.index(row, last), [_Role.DisplayRole])

    # QAbstractTableModel.

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def text(self, row: int, column: int) -> str:
        """What stands in a cell; "" where there is no alarm."""
        number = self.id_at(row)
        alarm = self._view.alarm(number)
        if alarm is None:
            return ""
        by = COLUMNS[column].by
        if by is SortBy.ACKNOWLEDGED:
            note = self._note(alarm)
            if note:
                return note
        return self.texts.text(number, alarm, by, self.clock_ns())

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == _Role.DisplayRole:
            return self.text(index.row(), index.column())
        if role == _Role.TextAlignmentRole:
            right = COLUMNS[index.column()].right
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role in (_Role.ToolTipRole, _Role.AccessibleTextRole):
            alarm = self.alarm_at(index.row())
            if alarm is None:
                return None
            if role == _Role.ToolTipRole:
                return tooltip(alarm)
            text = self.text(index.row(), index.column())
            if COLUMNS[index.column()].by is SortBy.STATE and alarm.needs_acknowledgement:
                return tr("{state}, unacknowledged", state=text)
            return text
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        if role != _Role.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal and 0 <= section < len(COLUMNS):
            return tr(COLUMNS[section].title)
        return str(section + 1)


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Rising rows as (first, last) of neighbours, from the bottom up."""
    runs: list[tuple[int, int]] = []
    for row in reversed(rows):
        if runs and runs[-1][0] == row + 1:
            runs[-1] = (row, runs[-1][1])
        else:
            runs.append((row, row))
    return runs
