"""A curve as min/max columns: what is drawn when there are more samples than pixels.

Columns lie on a grid of absolute time and are kept while the view scrolls: panning and following
live only look at what is new. `bars` makes them to bars.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tagwerk.store.coverage import Source
from tagwerk.store.trends import Curve
from tagwerk.ui.trend.strokes import TimeMap

_FEW = 64
"""Samples that are gone through one by one."""
_AHEAD = 48
"""Columns that are looked at beyond the edge that the picture moves to."""


class Kept(NamedTuple):
    """Columns ``first`` to ``first + len(low)``, each `width_ns` of absolute time."""

    first: int
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    begin: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]

    def between(self, first: int, stop: int) -> Kept:
        """Only columns `first` to `stop`."""
        cut = slice(first - self.first, stop - self.first)
        return Kept(first, self.low[cut], self.high[cut], self.begin[cut], self.end[cut])


class ColumnCache:
    """The columns of one curve, computed once as long as nothing but time moves on."""

    __slots__ = (
        "_answer",
        "_asked",
        "_curve",
        "_final",
        "_history",
        "_kept",
        "_near",
        "_version",
        "_width_ns",
        "computed",
    )  # fmt: skip

    def __init__(self) -> None:
        self._asked: tuple[object, ...] = ()
        self._answer: Kept | None = None
        self._kept: Kept | None = None
        self._width_ns = 0
        self._curve: Curve | None = None
        self._near = False
        self._history = self._version = -1
        self._final = 0
        self.computed = 0
        """Columns computed so far; for tests and measurements."""

    def get(
        self, curve: Curve, first: int, stop: int, width_ns: int, *, near: bool = False
    ) -> Kept:
        """Columns `first` to `stop` of the grid of `width_ns`; `near` as for `Curve.columns`."""
        asked = (curve, curve.version, curve.history_version, first, stop, width_ns, near)
        if asked == self._asked and self._answer is not None:
            # Scale and strokes of one picture ask for the same.
            return self._answer
        kept = self._kept
        before = (self._curve, self._width_ns, self._near, self._history)
        if before != (curve, width_ns, near, curve.history_version):
            kept = None
        result = self._extended(kept, curve, first, stop, width_ns, near)
        if result is None:
            result = self._compute(curve, first, stop, width_ns, near)
        self._kept, self._curve, self._width_ns, self._near = result, curve, width_ns, near
        self._history = curve.history_version
        # The column of the newest sample may still grow; those before are final.
        self._final, self._version = self._newest(curve, width_ns), curve.version
        self._asked, self._answer = asked, result.between(first, stop)
        return self._answer

    def _extended(
        self, kept: Kept | None, curve: Curve, first: int, stop: int, width_ns: int, near: bool
    ) -> Kept | None:
        """What is kept, with what is missing on either side; None where they have nothing common."""
        if kept is None:
            return None
        left, right = kept.first, kept.first + len(kept.low)
        if curve.version != self._version:
            right = min(right, self._final)
        if max(first, left) >= min(stop, right):
            return None
        if left <= first and stop <= right:
            return kept
        # Who pans goes on in the same direction: some columns more, and then none for a while.
        begin = first - _AHEAD if first < left else first
        end = min(stop + _AHEAD, max(stop, self._newest(curve, width_ns))) if stop > right else stop
        parts = [kept.between(max(begin, left), min(end, right))]
        if begin < left:
            parts.insert(0, self._compute(curve, begin, left, width_ns, near))
        if right < end:
            parts.append(self._compute(curve, right, end, width_ns, near))
        arrays = (np.concatenate(pieces) for pieces in zip(*(p[1:] for p in parts), strict=True))
        return Kept(begin, *arrays)

    @staticmethod
    def _newest(curve: Curve, width_ns: int) -> int:
        """The column of the newest sample; there is nothing yet behind it."""
        return int(curve.times[-1]) // width_ns if len(curve) else 0

    def _compute(self, curve: Curve, first: int, stop: int, width_ns: int, near: bool) -> Kept:
        self.computed += stop - first
        few = _few_samples(curve, first, stop, width_ns)
        if few is not None:
            return few
        found = curve.columns(first * width_ns, stop * width_ns, stop - first, near=near)
        return Kept(first, found.low, found.high, found.first, found.last)


def _few_samples(curve: Curve, first: int, stop: int, width_ns: int) -> Kept | None:
    """The same as `Curve.columns` for what comes between two pictures, sample by sample; None where
    there is more: then arrays are quicker."""
    times = curve.times
    begin = int(np.searchsorted(times, first * width_ns))
    if len(times) - begin > _FEW:
        return None
    lows, highs = [math.nan] * (stop - first), [math.nan] * (stop - first)
    begins, ends = lows.copy(), lows.copy()
    seen = -1
    for time_ns, number in zip(times[begin:].tolist(), curve.values[begin:].tolist(), strict=True):
        place = time_ns // width_ns - first
        if place >= stop - first:
            break
        if place != seen:
            seen, begins[place] = place, number
        ends[place] = number
        if math.isnan(number):
            continue
        # Put so that the first one takes the place of "none".
        if not lows[place] <= number:
            lows[place] = number
        if not highs[place] >= number:
            highs[place] = number
    return Kept(first, np.array(lows), np.array(highs), np.array(begins), np.array(ends))


def visible_extremes(curve: Curve, cache: ColumnCache, time: TimeMap) -> tuple[float, float]:
    """Lowest and highest usable value in view; NaN for none. The value held from before counts."""
    first, stop = curve.range_of(time.left_ns, time.right_ns)
    low = high = np.nan
    if stop - first > 2 * time.width:
        kept = in_view(curve, cache, time)
        low, high = float(np.fmin.reduce(kept.low)), float(np.fmax.reduce(kept.high))
    elif stop > first:
        values = curve.values[first:stop]
        low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    if first and _still_stands(curve, first, time):
        held = curve.values[first - 1]
        low, high = float(np.fmin(low, held)), float(np.fmax(high, held))
    return low, high


def _still_stands(curve: Curve, first: int, time: TimeMap) -> bool:
    """The value from before the view is drawn somewhere in it: at its left edge, or from the end
    of a hole on, as that of a tag that rarely changes and is not logged."""
    until_ns = min(int(curve.times[first]) if first < len(curve) else time.right_ns, time.right_ns)
    return any(
        piece.source is not Source.HOLE
        and piece.start_ns < until_ns
        and piece.end_ns > time.left_ns
        for piece in curve.segments(time.left_ns, until_ns)
    )


def in_view(curve: Curve, cache: ColumnCache, time: TimeMap) -> Kept:
    """The columns that the view shows, from its left edge to its right one."""
    width_ns = time.column_ns
    first, stop = time.left_ns // width_ns, -(-time.right_ns // width_ns)
    return cache.get(curve, first, stop, width_ns, near=time.coarse > 1)
