"""One sorted and filtered order of alarms, kept up to date by taking changed ones out and in.

Used by the alarm table for the active alarms (`AlarmStore.open_view`) and, over a plain dictionary,
for records from the log. It knows numbers and alarms, no rows on a screen and no Qt. Another sort
or filter of many alarms is worked out in steps beside the order on show, which goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_held import HeldOrder
from tagwerk.store.alarm_order import AlarmFilter, SortOrder, narrows, passes, search_text
from tagwerk.store.blocks import Entry, SortedBlocks

STEP = 256
"""Alarms that one step looks at: about a millisecond."""
AT_ONCE = 1_024
"""Up to so many changes are taken over in one refresh, and so many alarms sorted in one."""
_LOST_TRACK = 100_000


class _Sorted:
    """Alarms by number in one sort order behind one filter."""

    __slots__ = ("_alarms", "_hays", "_words", "entries", "filter", "order", "sort")

    def __init__(
        self,
        alarms: Mapping[int, Alarm],
        sort: SortOrder,
        wanted: AlarmFilter,
        hays: dict[int, tuple[Alarm, str]],
    ) -> None:
        self._alarms = alarms
        self._hays = hays
        self.sort, self.filter = sort, wanted
        self._words = wanted.text.casefold().split()
        self.entries: dict[int, Entry] = {}
        self.order = SortedBlocks()

    def shows(self, number: int) -> bool:
        """Whether the alarm is there and passes the filter."""
        alarm = self._alarms.get(number)
        if alarm is None:
            self._hays.pop(number, None)
            return False
        if not passes(alarm, self.filter):
            return False
        if not self._words:
            return True
        kept = self._hays.get(number)
        if kept is None or kept[0] is not alarm:
            kept = self._hays[number] = (alarm, search_text(alarm))
        hay = kept[1]
        return all(word in hay for word in self._words)

    def key_of(self, number: int) -> Entry:
        """The sort key of an alarm that is there."""
        return self.sort.entry(number, self._alarms[number])

    def wanted(self, number: int) -> Entry | None:
        """The alarm's sort key, None when it is not to be shown."""
        return self.key_of(number) if self.shows(number) else None

    def put(self, number: int, entry: Entry) -> None:
        self.entries[number] = entry
        self.order.add(entry)

    def follow(self, number: int, entry: Entry | None) -> None:
        """Take the alarm out of its old place and put it into its new one."""
        old = self.entries.get(number)
        if old == entry:
            return
        if old is not None:
            self.order.remove(self.entries.pop(number))
        if entry is not None:
            self.put(number, entry)


@dataclass(frozen=True, slots=True)
class Moves:
    """What a commit did.

    Args:
        came, left: numbers of alarms; None when the whole order was changed for another.
    """

    came: frozenset[int] | None = None
    left: frozenset[int] | None = None


class AlarmView:
    """A sorted and filtered view of alarms by number. Rows count from 0 at the top.

    `mark` is cheap and called for each change. A table follows in two steps, since it has to know
    what stands in its rows before they move: `prepare` says whether anything moves and by how much
    the view will grow, `commit` does it. Whoever has no rows calls `refresh`.

    Args:
        alarms: the alarms by number; held, not copied.
    """

    def __init__(self, alarms: Mapping[int, Alarm], sort: SortOrder | None = None) -> None:
        self._alarms = alarms
        self.filter = AlarmFilter()
        self.sort = sort or SortOrder()
        self._hays: dict[int, tuple[Alarm, str]] = {}
        self._now = self._other()
        self._next: _Sorted | None = self._other()
        self._todo: Iterator[int] | None = None
        self._is_worked_out = False
        self._touched: set[int] = set()
        self._dirty: set[int] = set()
        self._moving: list[tuple[int, Entry | None]] = []

    # Changes.

    def mark(self, number: int) -> None:
        """That alarm came, changed or left."""
        if self._todo is not None:
            self._touched.add(number)
            if len(self._touched) > len(self._alarms) + _LOST_TRACK:
                # Nobody works on it, as in a hidden window: begin anew when somebody looks.
                self._begin_anew()
        if number in self._alarms or number in self._now.entries:
            self._dirty.add(number)
        else:
            # Came and left between two refreshes: nothing to do, and nothing to remember for ever.
            self._dirty.discard(number)

    def set_filter(self, wanted: AlarmFilter) -> None:
        """Show only what `wanted` lets through, as soon as that is worked out."""
        if wanted != self.filter:
            self.filter = wanted
            if not wanted.text.strip():
                self._hays.clear()
            self._begin_anew()

    def set_sort(self, sort: SortOrder) -> None:
        """Sort in another way, as soon as that is worked out."""
        if sort != self.sort:
            self.sort = sort
            self._begin_anew()

    def _other(self) -> _Sorted:
        return _Sorted(self._alarms, self.sort, self.filter, self._hays)

    def _begin_anew(self) -> None:
        self._next = self._other()
        self._todo = None
        self._is_worked_out = False
        self._touched = set()

    # Working out another order.

    @property
    def is_due(self) -> bool:
        """True when there is something to follow, or to work out first."""
        return self._next is not None or bool(self._dirty)

    @property
    def is_sorting(self) -> bool:
        """True while another sort or filter is being worked out; on show is that of before."""
        return self._next is not None and not self._is_worked_out

    def step(self) -> bool:
        """Work on the other order for about a millisecond. True while there is more to do."""
        fresh = self._next
        if fresh is None or self._is_worked_out:
            return False
        if self._todo is None:
            self._todo = iter(self._candidates(fresh))
            self._touched = set()
        looked_at = 0
        for number in islice(self._todo, STEP):
            looked_at += 1
            fresh.follow(number, fresh.wanted(number))
        if looked_at < STEP and len(self._touched) > AT_ONCE:
            self._todo, self._touched = iter(tuple(self._touched)), set()
        elif looked_at < STEP:
            self._is_worked_out = True
        return not self._is_worked_out

    def _candidates(self, fresh: _Sorted) -> list[int]:
        """What is to be looked through: only what is shown already, when the filter narrows it."""
        if self._now.entries and narrows(fresh.filter, self._now.filter):
            return list(self._now.entries.keys() | self._dirty)
        return list(self._alarms)

    # Following.

    def prepare(self) -> int | None:
        """Find out what moves; up to `AT_ONCE` changes are taken at a time, see `is_due`.

        Returns:
            By how many rows the view grows with `commit`, negative when it shrinks; None when
            nothing moves and `commit` is not to be called.
        """
        if self._next is not None and len(self._alarms) <= AT_ONCE:
            while self.step():
                pass
        if self._next is not None and self._is_worked_out:
            for number in self._touched:
                self._next.follow(number, self._next.wanted(number))
            self._touched = set()
            return len(self._next.order) - len(self._now.order)
        return self._prepare_changes()

    def _prepare_changes(self) -> int | None:
        taken = set(islice(self._dirty, AT_ONCE))
        self._dirty -= taken
        now = self._now
        found = [(number, now.wanted(number)) for number in taken]
        self._moving = [pair for pair in found if now.entries.get(pair[0]) != pair[1]]
        if not self._moving:
            return None
        return sum((entry is not None) - (n in now.entries) for n, entry in self._moving)

    def commit(self) -> Moves:
        """Do what `prepare` has found."""
        if self._next is not None and self._is_worked_out:
            self._now, self._next, self._todo = self._next, None, None
            self._is_worked_out = False
            return Moves()
        moving, self._moving = self._moving, []
        before = self._now.entries
        came = frozenset(number for number, _ in moving if number not in before)
        left = frozenset(number for number, entry in moving if entry is None)
        for number, entry in moving:
            self._now.follow(number, entry)
        return Moves(came, left)

    def refresh(self) -> AlarmView:
        """Bring everything up to date at once, however long it takes; returns itself."""
        while self.step():
            pass
        while self.is_due:
            if self.prepare() is not None:
                self.commit()
        return self

    # Reading.

    def hold(self) -> HeldOrder:
        """The order on show as one that is held still; this one goes on."""
        now = self._now
        return HeldOrder(now.entries.copy(), now.order.copy(), descending=now.sort.descending)

    def alarm(self, number: int) -> Alarm | None:
        """The alarm of that number, or None when it has left."""
        return self._alarms.get(number)

    def contains(self, number: int) -> bool:
        """Whether the alarm is in the order."""
        return number in self._now.entries

    def __len__(self) -> int:
        return len(self._now.order)

    def id_at(self, row: int) -> int:
        """The number of the alarm in `row`; IndexError outside."""
        order = self._now.order
        if self._now.sort.descending:
            number: int = order[len(order) - 1 - row][-1]
            return number
        return -int(order[row][-1])

    def ids(self) -> list[int]:
        """All numbers from the top down."""
        if self._now.sort.descending:
            return [entry[-1] for entry in reversed(self._now.order)]
        return [-entry[-1] for entry in self._now.order]

    def row_of(self, number: int) -> int:
        """The row of an alarm, -1 when it is not in the order."""
        entry = self._now.entries.get(number)
        if entry is None:
            return -1
        place = self._now.order.index(entry)
        return len(self) - 1 - place if self._now.sort.descending else place
