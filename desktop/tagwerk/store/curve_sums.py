"""Sums of value times duration over blocks of samples, so that the average of a day costs no more
than that of a minute. `Samples` owns one; nothing else uses it.
"""

from __future__ import annotations

import numpy as np

from tagwerk.store.pyramid import Floats, Ints

BLOCK = 1024
"""Samples for each sum; blocks begin at multiples of it."""
_AT_ONCE = 64


class Sums:
    """For block k: the sum of value times duration, and the duration, of its usable samples."""

    __slots__ = ("_area", "_first", "_known", "_stop")

    def __init__(self) -> None:
        self._area: Floats = np.empty(16, np.float64)
        self._known: Ints = np.empty(16, np.int64)
        self._first = self._stop = 0

    @property
    def nbytes(self) -> int:
        return 16 * (self._stop - self._first)

    def truncate(self, count: int) -> None:
        """Samples changed from index `count` on. The one before lasts as long as they let it."""
        self._keep(self._first, max(count - 1, 0) // BLOCK)

    def forget_before(self, count: int) -> None:
        """Samples changed up to index `count`."""
        self._keep(-(-count // BLOCK), self._stop)

    def shift(self, by: int) -> None:
        """Samples were moved by a multiple of `BLOCK`."""
        blocks = by // BLOCK
        self._lay_out(max(self._stop + blocks, 16), blocks)

    def _keep(self, first: int, stop: int) -> None:
        self._first, self._stop = max(self._first, first), min(self._stop, stop)
        if self._first >= self._stop:
            self._first = self._stop = first

    def _lay_out(self, size: int, by: int) -> None:
        area, known = np.empty(size, np.float64), np.empty(size, np.int64)
        first, stop = self._first + by, self._stop + by
        area[first:stop] = self._area[self._first : self._stop]
        known[first:stop] = self._known[self._first : self._stop]
        self._area, self._known, self._first, self._stop = area, known, first, stop

    def extend(self, t: Ints, y: Floats, first: int, stop: int) -> None:
        """Sum what is complete and not summed yet of samples `first` to `stop`."""
        begin, end = -(-first // BLOCK), max(stop - 1, 0) // BLOCK
        if end <= begin:
            self._keep(begin, begin)
            return
        self._keep(begin, end)
        if end > len(self._area):
            self._lay_out(end + end // 4 + 16, 0)
        for start, until in ((begin, self._first), (self._stop, end)):
            for block in range(start, until, _AT_ONCE):
                self._sum(t, y, block, min(block + _AT_ONCE, until))
        self._first, self._stop = begin, end

    def _sum(self, t: Ints, y: Floats, first: int, stop: int) -> None:
        weights = np.diff(t[first * BLOCK : stop * BLOCK + 1])
        values = y[first * BLOCK : stop * BLOCK]
        unusable = np.isnan(values)
        if unusable.any():
            weights[unusable] = 0
            values = np.where(unusable, 0.0, values)
        self._area[first:stop] = (values * weights).reshape(-1, BLOCK).sum(axis=1)
        self._known[first:stop] = weights.reshape(-1, BLOCK).sum(axis=1)

    def of(self, first: int, stop: int) -> tuple[float, int]:
        """Both sums over blocks `first` to `stop`, which must be complete."""
        return float(self._area[first:stop].sum()), int(self._known[first:stop].sum())

    @property
    def stop(self) -> int:
        """The first block that is not complete."""
        return self._stop
