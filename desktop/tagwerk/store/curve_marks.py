"""The time of every 64th sample, so that a far view finds its columns without touching the rest.
`Samples` owns one; nothing else uses it.
"""

from __future__ import annotations

import numpy as np

from tagwerk.store.pyramid import Ints

APART = 64
"""Samples from mark to mark; marks stand at multiples of it."""


class Marks:
    """Mark k is the time of sample k times `APART`; valid from `first` to `stop`."""

    __slots__ = ("_first", "_stop", "_times")

    def __init__(self) -> None:
        self._times: Ints = np.empty(16, np.int64)
        self._first = self._stop = 0

    @property
    def nbytes(self) -> int:
        return 8 * (self._stop - self._first)

    def truncate(self, count: int) -> None:
        """Samples changed from index `count` on."""
        self._keep(self._first, -(-count // APART))

    def forget_before(self, count: int) -> None:
        """Samples changed up to index `count`."""
        self._keep(-(-count // APART), self._stop)

    def shift(self, by: int) -> None:
        """Samples were moved by a multiple of `APART`."""
        marks = by // APART
        self._lay_out(max(self._stop + marks, 16), marks)

    def extend(self, t: Ints, first: int, stop: int) -> None:
        """Note what is missing of samples `first` to `stop`."""
        begin, end = -(-first // APART), -(-stop // APART)
        self._keep(begin, max(end, begin))
        if end > len(self._times):
            self._lay_out(end + end // 4 + 16, 0)
        for left, right in ((begin, self._first), (self._stop, end)):
            if right > left:
                self._times[left:right] = t[left * APART : (right - 1) * APART + 1 : APART]
        self._first, self._stop = begin, max(end, begin)

    def search(self, times: Ints) -> Ints:
        """Index of the first marked sample at or behind each time."""
        found = np.searchsorted(self._times[self._first : self._stop], times)
        return (found + self._first) * APART

    def _keep(self, first: int, stop: int) -> None:
        self._first, self._stop = max(self._first, first), min(self._stop, stop)
        if self._first >= self._stop:
            self._first = self._stop = first

    def _lay_out(self, size: int, by: int) -> None:
        grown = np.empty(size, np.int64)
        first, stop = self._first + by, self._stop + by
        grown[first:stop] = self._times[self._first : self._stop]
        self._times, self._first, self._stop = grown, first, stop
