"""The alarms of one view as a Qt table model, moved from order to order in lawful steps.

Rows grow and shrink at the end, then one layout change puts everything where it belongs; so Qt's
selection, current row and accessibility follow the alarms. The table paints from `alarm_at`;
`data` serves copying, tooltips and screen readers with the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_held import HeldOrder, Shift
from tagwerk.store.alarm_order import SortBy
from tagwerk.store.alarm_view import AlarmView
from tagwerk.ui.alarms.cells import COLUMNS, CellTexts, tooltip
from tagwerk.ui.i18n import tr
from tagwerk.ui.widgets.table import TextModel

_Role = Qt.ItemDataRole
_NO_PARENT = QModelIndex()
# With the hint Qt's selection carries one index a row in place of one a cell.
_LAYOUT = "QList<QPersistentModelIndex>,QAbstractItemModel::LayoutChangeHint"


class AlarmModel(TextModel):
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
        self._held: HeldOrder | None = None
        self._count = 0

    @property
    def view(self) -> AlarmView:
        return self._view

    def set_view(self, view: AlarmView) -> None:
        """Show another view; selection is lost."""
        self.beginResetModel()
        self._view = view
        self._held = None
        if view.prepare() is not None:
            view.commit()
        self._count = len(view)
        self.endResetModel()

    # Rows and alarms.

    def id_at(self, row: int) -> int:
        """The alarm's number in `row`, -1 where there is none."""
        order = self._held if self._held is not None else self._view
        return order.id_at(row) if 0 <= row < len(order) else -1

    def ids(self) -> list[int]:
        """All numbers from the top down."""
        return (self._held if self._held is not None else self._view).ids()

    def alarm_at(self, row: int) -> Alarm | None:
        return self._view.alarm(self.id_at(row))

    def row_of(self, number: int) -> int:
        """The row of an alarm now, -1 when it is not shown."""
        order = self._held if self._held is not None else self._view
        return order.row_of(number)

    @property
    def is_held(self) -> bool:
        """True while the order is held still for a large selection."""
        return self._held is not None

    def sync(self) -> bool:
        """Follow the view. Returns True when rows came, left or moved."""
        growth = self._view.prepare()
        if growth is None and self._held is None:
            return False

        def follow() -> None:
            if growth is not None:
                self._view.commit()
            self._held = None

        self._move(len(self._view) + (growth or 0), follow)
        return True

    def hold(self) -> Shift:
        """Keep the rows where they are from now on: those that left go, new ones come on top. For
        selections so large that carrying them along would stop the window.

        Returns:
            What `move_held` will do to the rows; false when that is not to be called.
        """
        if self._held is None:
            self._held = self._view.hold()
        if self._view.prepare() is None:
            return Shift()
        what, held, view = self._view.commit(), self._held, self._view
        if what.came is not None and what.left is not None:
            came, left = what.came, what.left
        else:
            left = frozenset(number for number in held.ids() if not view.contains(number))
            came = frozenset(number for number in view.ids() if number not in held)
        return held.shift(sorted(came, key=view.row_of), left)

    def move_held(self, shift: Shift) -> None:
        """Do what `hold` has found."""
        if self._held is not None:
            self._move(self._count + shift.growth, partial(self._held.move, shift))

    def _move(self, after: int, follow: Callable[[], object]) -> None:
        """Rows grow at the end, one layout change moves everything, rows shrink at the end.

        Args:
            after: how many rows there are then.
            follow: brings the order up to date.
        """
        before = self._count
        if after > before:
            self.beginInsertRows(_NO_PARENT, before, after - 1)
            self._count = after
            self.endInsertRows()
        hint = QAbstractItemModel.LayoutChangeHint.VerticalSortHint
        self.layoutAboutToBeChanged[_LAYOUT].emit([], hint)  # type: ignore[index]
        held_by_qt = self.persistentIndexList()
        places = [(index.row(), index.column()) for index in held_by_qt]
        numbers = {row: self.id_at(row) for row in {row for row, _ in places}}
        follow()
        rows = {row: self.row_of(number) if number >= 0 else -1 for row, number in numbers.items()}
        moved = [
            self.createIndex(rows[row], column) if rows[row] >= 0 else QModelIndex()
            for row, column in places
        ]
        self.changePersistentIndexList(held_by_qt, moved)
        self.layoutChanged[_LAYOUT].emit([], hint)  # type: ignore[index]
        if after < before:
            self.beginRemoveRows(_NO_PARENT, after, before - 1)
            self._count = after
            self.endRemoveRows()

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
        return self.text_of(number, alarm, column) if alarm is not None else ""

    def text_of(self, number: int, alarm: Alarm, column: int) -> str:
        """The text of an alarm that is or was shown."""
        by = COLUMNS[column].by
        if by is SortBy.ACKNOWLEDGED:
            note = self._note(alarm)
            if note:
                return note
        return self.texts.text(number, alarm, by, self.clock_ns())

    def word(self, row: int, column: int) -> str:
        """A cell's text without keeping it: typing looks at thousands of rows."""
        alarm = self.alarm_at(row)
        return "" if alarm is None else self.texts.make(alarm, COLUMNS[column].by)

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
