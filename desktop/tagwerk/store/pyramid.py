"""Exact minimum and maximum over any ranges of a long row of numbers, in microseconds.

A row is condensed into levels: 16 samples make one entry of the first level, 4 entries make one
of each further level. It grows in place at both ends: only entries whose samples are complete are
kept, the rest is looked at directly. `Samples` owns one; nothing else uses it.
"""

from __future__ import annotations

import itertools
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

FIRST_FACTOR = 16
FACTOR = 4
SHIFT = FIRST_FACTOR * FACTOR**5
"""A row may be moved by multiples of this without being condensed again."""
_SLAB = 1 << 16
"""Samples condensed at once: small enough to stay in the cache."""
_DIRECT = 64
"""Entries a range up to which looking at them directly is quicker than going a level up."""
_turns = itertools.count()


class _Level:
    """Minima and maxima of blocks of the level below; valid from `first` to `stop`."""

    __slots__ = ("first", "high", "low", "stop")

    def __init__(self) -> None:
        self.low: Floats = np.empty(64, np.float64)
        self.high: Floats = np.empty(64, np.float64)
        self.first = self.stop = 0

    def keep(self, first: int, stop: int) -> None:
        """Only these are valid from now on, of those that were."""
        self.first, self.stop = max(self.first, first), min(self.stop, stop)
        if self.first >= self.stop:
            self.first = self.stop = first

    def reserve(self, count: int) -> None:
        """Make room for so many, and for a quarter more or a little over: curves that grow in step
        do not all move their levels in the same frame."""
        if count > len(self.low):
            more = count // 4 + count * (next(_turns) % 32) // 128
            self._lay_out(max(count + more, 64), 0)

    def shift(self, by: int) -> None:
        """The row was moved by so many blocks."""
        self._lay_out(max(len(self.low) + by, self.stop + by, 64), by)

    def _lay_out(self, size: int, by: int) -> None:
        first, stop = self.first + by, self.stop + by
        for name in ("low", "high"):
            grown = np.empty(size, np.float64)
            grown[first:stop] = getattr(self, name)[self.first : self.stop]
            setattr(self, name, grown)
        self.first, self.stop = first, stop


class Pyramid:
    """Levels over a row that the owner keeps. NaN is "no value": it never is a minimum or maximum."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[_Level] = []

    @property
    def nbytes(self) -> int:
        """Memory in use, in bytes."""
        return sum(16 * (level.stop - level.first) for level in self._levels)

    def truncate(self, count: int) -> None:
        """The row changed from index `count` on: forget what was condensed from there."""
        blocks = count // FIRST_FACTOR
        for level in self._levels:
            level.keep(level.first, blocks)
            blocks //= FACTOR

    def forget_before(self, count: int) -> None:
        """The row changed up to index `count`."""
        blocks = -(-count // FIRST_FACTOR)
        for level in self._levels:
            level.keep(blocks, level.stop)
            blocks = -(-blocks // FACTOR)

    def shift(self, by: int) -> None:
        """The row was moved by a multiple of `SHIFT`: entry i is now entry i + by."""
        size = FIRST_FACTOR
        kept = []
        for level in self._levels:
            if size > SHIFT:
                # Few entries: the next `extend` makes them anew.
                break
            level.shift(by // size)
            kept.append(level)
            size *= FACTOR
        self._levels = kept

    def extend(self, row: Floats, first: int = 0, stop: int | None = None) -> None:
        """Condense what is complete and not condensed yet of ``row[first:stop]``."""
        low = high = row
        stop = len(row) if stop is None else stop
        factor = FIRST_FACTOR
        for index in range(64):
            first, stop = -(-first // factor), stop // factor
            if stop <= first:
                for level in self._levels[index:]:
                    level.keep(first, first)
                return
            if index == len(self._levels):
                self._levels.append(_Level())
            level = self._levels[index]
            level.keep(first, stop)
            level.reserve(stop)
            for start, end in ((first, level.first), (level.stop, stop)):
                for begin in range(start, end, _SLAB // factor):
                    until = min(end, begin + _SLAB // factor)
                    _condense(np.fmin, low, level.low, begin, until, factor)
                    _condense(np.fmax, high, level.high, begin, until, factor)
            level.first, level.stop = first, stop
            low, high = level.low, level.high
            factor = FACTOR

    def extremes(self, row: Floats, start: Ints, stop: Ints) -> tuple[Floats, Floats]:
        """Minimum and maximum of ``row[start[i]:stop[i]]`` for each i; NaN where there is no value.

        Ranges must not overlap and must rise: ``start[i] <= stop[i] <= start[i + 1]``.
        """
        return self._reduce(row, row, 0, start, stop)

    def _reduce(
        self, lows: Floats, highs: Floats, depth: int, start: Ints, stop: Ints
    ) -> tuple[Floats, Floats]:
        total = int((stop - start).sum())
        factor = FACTOR if depth else FIRST_FACTOR
        enough = _DIRECT * len(start)
        if depth >= len(self._levels) or (
            total <= enough and (total <= factor * len(start) or _has_rest(start, stop, factor))
        ):
            return _direct(np.fmin, lows, start, stop), _direct(np.fmax, highs, start, stop)
        # A range is a head up to the next block border, whole blocks, and a tail; a range inside
        # one block is all head.
        first = -(-start // factor)
        last = np.maximum(stop // factor, first)
        head_stop = np.minimum(first * factor, stop)
        tail_start = np.maximum(np.minimum(last * factor, stop), head_stop)
        level = self._levels[depth]
        low, high = self._reduce(level.low, level.high, depth + 1, first, last)
        for begin, end in ((start, head_stop), (tail_start, stop)):
            if (begin == end).all():
                continue
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


def _has_rest(start: Ints, stop: Ints, factor: int) -> bool:
    """Whether any range does not begin and end with a block: without rests going up costs nothing."""
    return bool(((start | stop) & (factor - 1)).any())


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
