"""Exact minimum and maximum over any ranges of a long row of numbers, in microseconds.

A row is condensed into levels: 16 samples make one entry of the first level, 4 entries make one
of each further level. It grows in place: only entries whose samples are complete are kept, the
rest is looked at directly. `Curve` owns one; nothing else uses it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

FIRST_FACTOR = 16
FACTOR = 4
_SLAB = 1 << 16
"""Samples condensed at once: small enough to stay in the cache."""
_DIRECT = 64
"""Entries a range up to which looking at them directly is quicker than going a level up."""


class _Level:
    """Minima and maxima of complete blocks of the level below, with room to grow."""

    __slots__ = ("count", "high", "low")

    def __init__(self) -> None:
        self.low: Floats = np.empty(64, np.float64)
        self.high: Floats = np.empty(64, np.float64)
        self.count = 0

    def reserve(self, count: int) -> None:
        if count > len(self.low):
            size = max(count, 2 * len(self.low))
            for name in ("low", "high"):
                grown = np.empty(size, np.float64)
                grown[: self.count] = getattr(self, name)[: self.count]
                setattr(self, name, grown)


class Pyramid:
    """Levels over a row that the owner keeps. NaN is "no value": it never is a minimum or maximum."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[_Level] = []

    @property
    def nbytes(self) -> int:
        """Memory in use, in bytes."""
        return sum(level.low.nbytes + level.high.nbytes for level in self._levels)

    def truncate(self, count: int) -> None:
        """The row changed from index `count` on: forget what was condensed from there."""
        blocks = count // FIRST_FACTOR
        for level in self._levels:
            level.count = min(level.count, blocks)
            blocks //= FACTOR

    def extend(self, row: Floats) -> None:
        """Condense what is complete and not condensed yet. `row` is the whole row."""
        low = high = row
        count, factor, index = len(row), FIRST_FACTOR, 0
        while count >= factor:
            if index == len(self._levels):
                self._levels.append(_Level())
            level = self._levels[index]
            done, complete = level.count, count // factor
            level.reserve(complete)
            for start in range(done, complete, _SLAB // factor):
                stop = min(complete, start + _SLAB // factor)
                _condense(np.fmin, low, level.low, start, stop, factor)
                _condense(np.fmax, high, level.high, start, stop, factor)
            level.count = complete
            low, high, count = level.low, level.high, complete
            factor, index = FACTOR, index + 1

    def extremes(self, row: Floats, start: Ints, stop: Ints) -> tuple[Floats, Floats]:
        """Minimum and maximum of ``row[start[i]:stop[i]]`` for each i; NaN where there is no value.

        Ranges must not overlap and must rise: ``start[i] <= stop[i] <= start[i + 1]``.
        """
        return self._reduce(row, row, 0, start, stop)

    def _reduce(
        self, lows: Floats, highs: Floats, depth: int, start: Ints, stop: Ints
    ) -> tuple[Floats, Floats]:
        total = int((stop - start).sum())
        if depth >= len(self._levels) or total <= _DIRECT * len(start):
            return _direct(np.fmin, lows, start, stop), _direct(np.fmax, highs, start, stop)
        factor = FACTOR if depth else FIRST_FACTOR
        # A range is a head up to the next block border, whole blocks, and a tail; a range inside
        # one block is all head.
        first = -(-start // factor)
        last = np.maximum(stop // factor, first)
        head_stop = np.minimum(first * factor, stop)
        tail_start = np.maximum(np.minimum(last * factor, stop), head_stop)
        level = self._levels[depth]
        low, high = self._reduce(level.low, level.high, depth + 1, first, last)
        for begin, end in ((start, head_stop), (tail_start, stop)):
            _take_windows(lows, highs, begin, end, factor - 1, low, high)
        return low, high


def _condense(
    pick: np.ufunc, source: Floats, target: Floats, start: int, stop: int, factor: int
) -> None:
    block = source[start * factor : stop * factor]
    out = target[start:stop]
    out[:] = block[::factor]
    for offset in range(1, factor):
        pick(out, block[offset::factor], out=out)


def _direct(pick: np.ufunc, row: Floats, start: Ints, stop: Ints) -> Floats:
    """One pass over the row; ranges rise and do not overlap."""
    result = np.full(len(start), np.nan)
    filled = stop > start
    if not filled.any():
        return result
    lows, highs = start[filled], stop[filled]
    base, end = int(lows[0]), int(highs[-1])
    borders = np.empty(2 * len(lows), np.int64)
    borders[0::2] = lows - base
    borders[1::2] = highs - base
    # The last border is the end of the slice, which reduceat would not take as an index.
    result[filled] = pick.reduceat(row[base:end], borders[:-1])[0::2]
    return result


def _take_windows(
    lows: Floats, highs: Floats, start: Ints, stop: Ints, width: int, low: Floats, high: Floats
) -> None:
    """Lower `low` and raise `high` by ranges shorter than `width + 1`, far apart in the rows."""
    index = start + np.arange(width)[:, np.newaxis]
    outside = index >= stop
    table = lows.take(index, mode="clip")
    table[outside] = np.nan
    np.fmin(low, np.fmin.reduce(table, axis=0), out=low)
    if highs is not lows:
        table = highs.take(index, mode="clip")
        table[outside] = np.nan
    np.fmax(high, np.fmax.reduce(table, axis=0), out=high)
