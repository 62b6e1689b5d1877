"""The samples of one curve as arrays in order of time, with what makes long ones quick.

It grows at both ends without ever standing still: room is left before and behind, and a long row
moves into larger arrays piece by piece, with each append a few thousand samples. `Curve` owns one
and knows what the samples mean; nothing else changes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tagwerk.store.curve_marks import APART, Marks
from tagwerk.store.curve_sums import BLOCK, Sums
from tagwerk.store.pyramid import FACTOR, SHIFT, Floats, Ints, Pyramid

Words: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]

_AT_ONCE = 1 << 19
"""Rows up to this long are moved in one go: some milliseconds."""
_PIECE = 1 << 13
"""Samples of a longer row that each append moves, at least."""
_HASTE = 16
"""Times as many as were appended: done before the room behind, an eighth of the row, is used up."""
_BLOCKS_A_RANGE = 8
_MANY = 64
"""Columns from which on it pays to look for blocks only."""


class Table(NamedTuple):
    """Samples as three arrays of the same length."""

    t: Ints
    y: Floats
    q: Words

    def between(self, first: int, stop: int) -> Table:
        return Table(self.t[first:stop], self.y[first:stop], self.q[first:stop])

    def copied(self) -> Table:
        return Table(self.t.copy(), self.y.copy(), self.q.copy())


class Change(NamedTuple):
    """Where samples came to stand, `first` to `stop`, and whether they only came behind all others."""

    first: int
    stop: int
    is_appended: bool


@dataclass(slots=True)
class _Move:
    """A row on its way into larger arrays: up to `copied` of the old ones it is there."""

    table: Table
    shift: int
    copied: int


class Samples:
    """See the module. Indices count from the oldest sample; times rise without doubles."""

    __slots__ = ("_marks", "_move", "_pyramid", "_start", "_stop", "_sums", "_table")

    def __init__(self) -> None:
        self._table = _empty(256, np.dtype(np.uint8))
        self._start = self._stop = 0
        self._move: _Move | None = None
        self._pyramid = Pyramid()
        self._sums = Sums()
        self._marks = Marks()

    # Reading.

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def times(self) -> Ints:
        """A view: valid until the next change, like `values` and `words`."""
        return self._table.t[self._start : self._stop]

    @property
    def values(self) -> Floats:
        return self._table.y[self._start : self._stop]

    @property
    def words(self) -> Words:
        return self._table.q[self._start : self._stop]

    @property
    def nbytes(self) -> int:
        """Memory that the samples fill, in bytes. Room kept free is not touched, so it costs none;
        while a long row moves, it takes up to as much again."""
        row = 16 + self._table.q.itemsize
        return row * len(self) + self._pyramid.nbytes + self._sums.nbytes + self._marks.nbytes

    def borders(self, times: Ints, *, near: bool = False) -> Ints:
        """Index of the first sample at or behind each time; times rise.

        With `near`, where samples are many, one of the samples that begin a block of the pyramid,
        an eighth of the samples between two borders or less further on: extremes between such
        borders are found much sooner.
        """
        count = len(times) - 1
        if near and count >= _MANY:
            ends = np.searchsorted(self.times, times[[0, -1]])
            typical = int(ends[1] - ends[0]) // (count * _BLOCKS_A_RANGE)
            if typical >= APART:
                block = APART * FACTOR if typical >= APART * FACTOR else APART
                found = -(-self._marks.search(times) // block) * block
                found = np.minimum(found, self._stop) - self._start
                # Between the first and the last sample each column must have many: where they
                # come in bursts, the next mark may lie far away.
                inside = (times[:-1] > self.times[0]) & (times[1:] < self.times[-1])
                if not (np.diff(found)[inside] < block * _BLOCKS_A_RANGE // 2).any():
                    return found.astype(np.int64, copy=False)
        return np.searchsorted(self.times, times).astype(np.int64, copy=False)

    def extremes(self, start: Ints, stop: Ints) -> tuple[Floats, Floats]:
        """Minimum and maximum of each range; see `Pyramid.extremes`."""
        first = self._start
        return self._pyramid.extremes(self._table.y, start + first, stop + first)

    def weighted(self, begin: int, stop: int, left_ns: int, right_ns: int) -> tuple[float, int]:
        """Value times duration, and duration, of what stood from sample `begin`, but not before
        `left_ns`, to `stop`, whose last one stood until `right_ns`."""
        self._sums.extend(self._table.t, self._table.y, self._start, self._stop)
        begin, stop = begin + self._start, stop + self._start
        first, last = -(-(begin + 1) // BLOCK), min((stop - 1) // BLOCK, self._sums.stop)
        if last <= first:
            return self._direct(begin, stop, left_ns, right_ns)
        t = self._table.t
        head = self._direct(begin, first * BLOCK, left_ns, int(t[first * BLOCK]))
        body = self._sums.of(first, last)
        tail = self._direct(last * BLOCK, stop, int(t[last * BLOCK]), right_ns)
        return head[0] + body[0] + tail[0], head[1] + body[1] + tail[1]

    def _direct(self, begin: int, stop: int, left_ns: int, right_ns: int) -> tuple[float, int]:
        """The same, looking at each sample of the arrays."""
        values = self._table.y[begin:stop]
        weights = np.diff(np.append(np.maximum(self._table.t[begin:stop], left_ns), right_ns))
        usable = ~np.isnan(values)
        if not usable.all():
            values, weights = values[usable], weights[usable]
        return float(values @ weights), int(weights.sum())

    # Growing.

    def put(self, new: Table) -> Change:
        """Take samples in order of time without doubles; one at a known time replaces it."""
        if len(new.q) and int(new.q.max()) > np.iinfo(self._table.q.dtype).max:
            self._widen_words()
        times, count = self.times, len(new.t)
        first = int(np.searchsorted(times, new.t[0]))
        if first == len(times):
            self._make_room_behind(count)
            self._write(self._stop, new)
            self._stop += count
            self._condense()
            self._move_on(count)
            return Change(first, first + count, True)
        stop = int(np.searchsorted(times, new.t[-1], side="right"))
        if stop > first:
            old = self._table.between(self._start + first, self._start + stop)
            new = in_order(joined(old, new))
        self._replace(first, stop, new)
        self._condense()
        return Change(first, first + len(new.t), False)

    def drop_oldest(self, count: int) -> None:
        """Forget the oldest samples."""
        self._start += count
        self._condense()
        if len(self) <= _AT_ONCE:
            self._lay_out(0, len(self) // 4 + 256)
        elif self._move is None:
            self._begin_move(0, len(self) // 4)

    def _replace(self, first: int, stop: int, new: Table) -> None:
        """Put `new` where samples `first` to `stop` are; the shorter side makes room."""
        more = len(new.t) - (stop - first)
        before, behind = first, len(self) - stop
        if before < behind:
            self._make_room_before(more)
            self._move = None
            start, edge = self._start, self._start + first
            head = self._table.between(start, edge)
            self._start -= more
            self._write(self._start, head.copied())
            self._write(edge - more, new)
            self._pyramid.forget_before(edge + stop - first)
            self._sums.forget_before(edge + stop - first)
            self._marks.forget_before(edge + stop - first)
            return
        self._make_room_behind(more)
        place = self._start + first
        tail = self._table.between(self._start + stop, self._stop)
        self._write(place + len(new.t), tail.copied())
        self._write(place, new)
        self._stop += more
        self._pyramid.truncate(place)
        self._sums.truncate(place)
        self._marks.truncate(place)
        if self._move is not None:
            self._move.copied = min(self._move.copied, place)

    def _write(self, place: int, new: Table) -> None:
        for column, fresh in zip(self._table, new, strict=True):
            column[place : place + len(fresh)] = fresh

    def _condense(self) -> None:
        self._pyramid.extend(self._table.y, self._start, self._stop)
        self._marks.extend(self._table.t, self._start, self._stop)

    def _widen_words(self) -> None:
        """More than 256 qualities: two bytes for each from now on."""
        self._move = None
        self._table = self._table._replace(q=self._table.q.astype(np.uint16))

    # Room.

    def _make_room_before(self, count: int) -> None:
        if self._start < count:
            behind = len(self._table.t) - self._stop
            self._lay_out(max(2 * count, len(self) // 4), behind)

    def _make_room_behind(self, count: int) -> None:
        room = len(self._table.t) - self._stop - count
        if room < 0:
            longer = len(self) + count
            more = longer // 4 if longer > _AT_ONCE else len(self)
            self._lay_out(self._start, count + more)
        elif self._move is None and len(self) > _AT_ONCE and room < len(self) // 8:
            self._begin_move(self._start, len(self) // 4 + count)

    def _lay_out(self, before: int, behind: int) -> None:
        """Into arrays with that much room before and behind, now."""
        self._begin_move(before, behind)
        self._finish_move()

    def _begin_move(self, before: int, behind: int) -> None:
        shift = -(-(before - self._start) // SHIFT) * SHIFT
        size = self._stop + shift + behind
        self._move = _Move(_empty(size, self._table.q.dtype), shift, self._start)

    def _move_on(self, appended: int) -> None:
        """A piece of a move, if there is one."""
        if self._move is not None:
            self._copy(self._move, max(_PIECE, _HASTE * appended))
            if self._move.copied >= self._stop:
                self._finish_move()

    def _copy(self, move: _Move, count: int) -> None:
        begin = max(move.copied, self._start)
        stop = min(begin + count, self._stop)
        for old, new in zip(self._table, move.table, strict=True):
            new[begin + move.shift : stop + move.shift] = old[begin:stop]
        move.copied = stop

    def _finish_move(self) -> None:
        move = self._move
        assert move is not None  # noqa: S101 - only called while there is one
        self._copy(move, len(self))
        self._table, self._move = move.table, None
        self._start += move.shift
        self._stop += move.shift
        if move.shift:
            self._pyramid.shift(move.shift)
            self._sums.shift(move.shift)
            self._marks.shift(move.shift)
            self._condense()


def _empty(size: int, words: np.dtype[Any]) -> Table:
    return Table(np.empty(size, np.int64), np.empty(size, np.float64), np.empty(size, words))


def joined(first: Table, second: Table) -> Table:
    """Both, one behind the other."""
    return Table(
        np.concatenate((first.t, second.t)),
        np.concatenate((first.y, second.y)),
        np.concatenate((first.q, second.q)),
    )


def in_order(table: Table) -> Table:
    """Sorted by time; of equal times the one that came last."""
    order = np.argsort(table.t, kind="stable")
    t = table.t[order]
    last = np.append(t[1:] != t[:-1], True)
    order = order[last]
    return Table(t[last], table.y[order], table.q[order])
