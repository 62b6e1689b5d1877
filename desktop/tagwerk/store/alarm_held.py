"""An order of alarms that is held still: those that left go, new ones come on top, nobody else moves.

For a list of which the user has selected so many rows that they should stay where they are. Begun
by `AlarmView.hold` from the order on show, at the price of a copy; a step then costs what comes and
leaves, not what is there. Knows no Qt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tagwerk.store.blocks import Entry, SortedBlocks

_MANY = 8
"""When more than one in so many leaves, the rest is put together anew."""
Span = tuple[int, int]
"""First and last row of neighbours."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What one step does to the rows.

    Args:
        gone: rows that leave, rising; as they are counted before the step.
        came: numbers of the alarms that come on top, from the top down.
    """

    gone: Sequence[int] = ()
    came: Sequence[int] = ()

    def __bool__(self) -> bool:
        return bool(self.gone or self.came)

    @property
    def growth(self) -> int:
        """By how many rows there are more afterwards."""
        return len(self.came) - len(self.gone)

    def beside(self, row: int) -> int:
        """Where the neighbour above a row that leaves is afterwards; the one below at the top."""
        above = row - bisect_left(self.gone, row)
        return len(self.came) + max(above - 1, 0)

    def spans(self, spans: Iterable[Span]) -> list[Span]:
        """Where these rows are afterwards, without those that left; joined, from the top down."""
        more = len(self.came)
        moved = (
            (
                first - bisect_left(self.gone, first) + more,
                last - bisect_right(self.gone, last) + more,
            )
            for first, last in spans
        )
        return joined(span for span in moved if span[0] <= span[1])


def joined(spans: Iterable[Span]) -> list[Span]:
    """Stretches of rows from the top down; neighbours and what overlaps are one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


class HeldOrder:
    """The order. Rows count from 0 at the top.

    Args:
        entries: sort keys by number; taken over, not copied.
        order: the same keys; taken over.
        descending: the order is read backwards.
    """

    def __init__(self, entries: dict[int, Entry], order: SortedBlocks, *, descending: bool) -> None:
        self._entries, self._order, self._descending = entries, order, descending
        self._fresh_entries: dict[int, Entry] = {}
        self._fresh = SortedBlocks()
        self._top = 0

    def __len__(self) -> int:
        return len(self._fresh) + len(self._order)

    def __contains__(self, number: int) -> bool:
        return number in self._entries or number in self._fresh_entries

    def ids(self) -> list[int]:
        """All numbers from the top down."""
        numbers = [entry[-1] for entry in self._fresh]
        if self._descending:
            numbers += [entry[-1] for entry in reversed(self._order)]
        else:
            numbers += [-entry[-1] for entry in self._order]
        return numbers

    def id_at(self, row: int) -> int:
        """The number of the alarm in `row`; IndexError outside."""
        if row < len(self._fresh):
            return int(self._fresh[row][-1])
        place = row - len(self._fresh)
        if self._descending:
            return int(self._order[len(self._order) - 1 - place][-1])
        return -int(self._order[place][-1])

    def row_of(self, number: int) -> int:
        """The row of an alarm, -1 when it is not in the order."""
        entry = self._fresh_entries.get(number)
        if entry is not None:
            return self._fresh.index(entry)
        entry = self._entries.get(number)
        if entry is None:
            return -1
        place = self._order.index(entry)
        behind = len(self._order) - 1 - place if self._descending else place
        return len(self._fresh) + behind

    def shift(self, came: Sequence[int], left: Collection[int]) -> Shift:
        """What it would do to the rows when these come, from the top down, and those leave."""
        if len(left) * _MANY > len(self):
            gone = [row for row, number in enumerate(self.ids()) if number in left]
        else:
            gone = sorted(row for row in map(self.row_of, left) if row >= 0)
        return Shift(gone, came)

    def move(self, shift: Shift) -> None:
        """Do it."""
        if len(shift.gone) * _MANY > len(self):
            every = self.ids()
            self._take_out_many({every[row] for row in shift.gone})
        else:
            for number in [self.id_at(row) for row in shift.gone]:
                self._take_out(number)
        self._top -= len(shift.came)
        for place, number in enumerate(shift.came):
            entry = self._fresh_entries[number] = (self._top + place, number)
            self._fresh.add(entry)

    def _take_out(self, number: int) -> None:
        if number in self._fresh_entries:
            self._fresh.remove(self._fresh_entries.pop(number))
        else:
            self._order.remove(self._entries.pop(number))

    def _take_out_many(self, left: set[int]) -> None:
        for entries in (self._entries, self._fresh_entries):
            for number in left & entries.keys():
                del entries[number]
        sign = 1 if self._descending else -1
        old, fresh = self._entries, self._fresh_entries
        self._order = SortedBlocks.of([e for e in self._order if sign * e[-1] in old])
        self._fresh = SortedBlocks.of([e for e in self._fresh if e[-1] in fresh])
