"""A sorted list in blocks: putting one in or taking one out touches one block, not the whole.

For orders of many thousand rows that change many times a second. Used by the alarm view; knows
nothing of alarms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from itertools import accumulate, chain
from typing import Any, TypeAlias

Entry: TypeAlias = tuple[Any, ...]

LOAD = 512
"""Entries of a block when it was split; it may grow to twice as many."""


class SortedBlocks:
    """Entries in rising order. No two may be equal; all must be comparable. One thread."""

    __slots__ = ("_blocks", "_count", "_lasts", "_starts")

    def __init__(self) -> None:
        self._blocks: list[list[Entry]] = []
        self._lasts: list[Entry] = []
        self._starts: list[int] | None = None
        self._count = 0

    @classmethod
    def of(cls, entries: list[Entry]) -> SortedBlocks:
        """Blocks of entries that are in rising order already."""
        made = cls()
        made._blocks = [entries[at : at + LOAD] for at in range(0, len(entries), LOAD)]
        made._lasts = [block[-1] for block in made._blocks]
        made._count = len(entries)
        return made

    def copy(self) -> SortedBlocks:
        """The same entries, apart from these from now on."""
        made = type(self)()
        made._blocks = [block.copy() for block in self._blocks]
        made._lasts = self._lasts.copy()
        made._count = self._count
        return made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Entry]:
        return chain.from_iterable(self._blocks)

    def __reversed__(self) -> Iterator[Entry]:
        return chain.from_iterable(reversed(block) for block in reversed(self._blocks))

    def add(self, entry: Entry) -> None:
        """Put an entry where it belongs."""
        self._starts = None
        self._count += 1
        if not self._blocks:
            self._blocks.append([entry])
            self._lasts.append(entry)
            return
        at = min(bisect_left(self._lasts, entry), len(self._blocks) - 1)
        block = self._blocks[at]
        insort(block, entry)
        if len(block) > 2 * LOAD:
            self._blocks[at : at + 1] = [block[:LOAD], block[LOAD:]]
            self._lasts[at : at + 1] = [block[LOAD - 1], block[-1]]
        else:
            self._lasts[at] = block[-1]

    def remove(self, entry: Entry) -> None:
        """Take an entry out. ValueError when it is not in."""
        at = bisect_left(self._lasts, entry)
        if at == len(self._blocks):
            raise ValueError(entry)
        block = self._blocks[at]
        place = bisect_left(block, entry)
        if block[place] != entry:
            raise ValueError(entry)
        del block[place]
        self._starts = None
        self._count -= 1
        if len(block) < LOAD // 4:
            self._join(at)
        else:
            self._lasts[at] = block[-1]

    def _join(self, at: int) -> None:
        """Join a small block with a neighbour, so that blocks do not become ever more."""
        block = self._blocks[at]
        beside = at + 1 if at + 1 < len(self._blocks) else at - 1
        if not block:
            del self._blocks[at], self._lasts[at]
        elif beside >= 0 and len(self._blocks[beside]) < LOAD:
            first = min(at, beside)
            joined = self._blocks[first] + self._blocks[first + 1]
            self._blocks[first : first + 2] = [joined]
            self._lasts[first : first + 2] = [joined[-1]]
        else:
            self._lasts[at] = block[-1]

    def index(self, entry: Entry) -> int:
        """How many entries stand before one that is in."""
        at = bisect_left(self._lasts, entry)
        return self._begins()[at] + bisect_left(self._blocks[at], entry)

    def __getitem__(self, place: int) -> Entry:
        """The entry that so many stand before; IndexError outside."""
        if not 0 <= place < self._count:
            raise IndexError(place)
        starts = self._begins()
        at = bisect_right(starts, place) - 1
        return self._blocks[at][place - starts[at]]

    def _begins(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *accumulate(len(block) for block in self._blocks[:-1])]
        return self._starts
