"""The alarms of one view as a Qt table model, moved from order to order in lawful steps.

Rows grow and shrink at the end, then one layout change puts everything where it belongs; so Qt's
selection, current row and accessibility follow the alarms. The table paints from `alarm_at`;
`data` serves copying, tooltips and screen readers with the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_order import SortBy
from tagwerk.store.alarm_view import AlarmView
from tagwerk.ui.alarms.cells import COLUMNS, CellTexts, tooltip
from tagwerk.ui.i18n import tr
from tagwerk.ui.widgets.table import TextModel

_Role = Qt.ItemDataRole
_NO_PARENT = QModelIndex()
_RUNS_AT_ONCE = 16
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
        self._held: list[int] | None = None
        self._held_rows: dict[int, int] | None = None
        self._gone: set[int] = set()
        self._count = 0

    @property
    def view(self) -> AlarmView:
        return self._view

    def set_view(self, view: AlarmView) -> None:
        """Show another view; selection is lost."""
        self.beginResetModel()
        self._view = view
        self._held = self._held_rows = None
        self._gone = set()
        if view.prepare() is not None:
            view.commit()
        self._count = len(view)
        self.endResetModel()

    # Rows and alarms.

    def id_at(self, row: int) -> int:
        """The alarm's number in `row`, -1 where there is none."""
        if self._held is not None:
            return self._held[row] if 0 <= row < len(self._held) else -1
        return self._view.id_at(row) if 0 <= row < len(self._view) else -1

    def ids(self) -> list[int]:
        """All numbers from the top down."""
        return list(self._held) if self._held is not None else self._view.ids()

    def alarm_at(self, row: int) -> Alarm | None:
        return self._view.alarm(self.id_at(row))

    def row_of(self, number: int) -> int:
        """The row of an alarm now, -1 when it is not shown."""
        if self._held is None:
            return self._view.row_of(number)
        if self._held_rows is None:
            self._held_rows = {held: row for row, held in enumerate(self._held)}
        return self._held_rows.get(number, -1)

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
        growth = self._view.prepare()
        if hold:
            return self._follow_held(growth is not None)
        if growth is None and self._held is None:
            return False
        self._follow(growth)
        return True

    def _follow(self, growth: int | None) -> None:
        """Rows grow at the end, one layout change moves everything, rows shrink at the end.

        Args:
            growth: what the view prepared; None when only a held order is let go.
        """
        before, after = self._count, len(self._view) + (growth or 0)
        if after > before:
            self.beginInsertRows(_NO_PARENT, before, after - 1)
            self._count = after
            self.endInsertRows()
        hint = QAbstractItemModel.LayoutChangeHint.VerticalSortHint
        self.layoutAboutToBeChanged[_LAYOUT].emit([], hint)  # type: ignore[index]
        held_by_qt = self.persistentIndexList()
        places = [(index.row(), index.column()) for index in held_by_qt]
        numbers = {row: self.id_at(row) for row in {row for row, _ in places}}
        if growth is not None:
            self._view.commit()
        self._held = self._held_rows = None
        self._gone = set()
        rows = {
            row: self._view.row_of(number) if number >= 0 else -1 for row, number in numbers.items()
        }
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

    def _follow_held(self, moves: bool) -> bool:
        if self._held is None:
            self._held = self._view.ids()
        if not moves:
            return self._let_go(frozenset())
        what = self._view.commit()
        came, left = what.came, what.left
        if came is None or left is None:
            shown = set(self._held)
            left = frozenset(number for number in shown if not self._view.contains(number))
            came = frozenset(self._view.ids()) - shown
        # What the filter lets through again before its row was taken out stays where it is.
        back = came & self._gone
        self._gone -= back
        came -= back
        went = self._let_go(left)
        if came:
            fresh = sorted(came, key=self._view.row_of)
            self.beginInsertRows(_NO_PARENT, 0, len(fresh) - 1)
            self._held[:0] = fresh
            self._count = len(self._held)
            self._held_rows = None
            self.endInsertRows()
        return bool(came) or went

    def _let_go(self, left: frozenset[int]) -> bool:
        """Take rows out of the held order, a few at a time: each costs Qt a walk through all. What
        has no turn yet is an empty row."""
        self._gone |= left
        if not self._gone or self._held is None:
            return False
        rows = [row for row, number in enumerate(self._held) if number in self._gone]
        for first, last in _runs(rows)[:_RUNS_AT_ONCE]:
            self.beginRemoveRows(_NO_PARENT, first, last)
            self._gone.difference_update(self._held[first : last + 1])
            del self._held[first : last + 1]
            self._count = len(self._held)
            self._held_rows = None
            self.endRemoveRows()
        return True

    @property
    def has_gone(self) -> bool:
        """True while rows of a held order wait to be taken out: `sync` goes on with them."""
        return bool(self._gone)

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


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Rising rows as (first, last) of neighbours, from the bottom up."""
    runs: list[tuple[int, int]] = []
    for row in reversed(rows):
        if runs and runs[-1][0] == row + 1:
            runs[-1] = (row, runs[-1][1])
        else:
            runs.append((row, row))
    return runs
