"""The bars of one curve from picture to picture: while nothing but time goes on and samples come at
its end, all but the last one stay as they are.

They are the same as those made anew, to the pixel; where that is not sure they are made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagwerk.store.trends import Curve, Hole
from tagwerk.ui.trend.bars import Bars, bars_of, few_bars, give_rows, thickness_of
from tagwerk.ui.trend.columns import Kept
from tagwerk.ui.trend.strokes import StrokeStyle, TimeMap, ValueMap


@dataclass(frozen=True, slots=True)
class _Known:
    """Bars, and what they were made for."""

    curve: Curve
    history: int
    time: TimeMap
    value: ValueMap
    style: StrokeStyle
    holes: list[tuple[int, int]]
    settled: int
    """Columns before this one, of the absolute grid, can no longer change."""
    bars: Bars

    def moved_to(
        self,
        curve: Curve,
        time: TimeMap,
        value: ValueMap,
        style: StrokeStyle,
        holes: list[tuple[int, int]],
    ) -> Bars | None:
        """What of the bars stays, as `time` sees it; None where anything else has changed."""
        before = self.time
        if (
            curve is not self.curve
            or curve.history_version != self.history
            or (value, style) != (self.value, self.style)
            or (time.pixel_ns, time.left, time.width, time.ratio, time.coarse)
            != (before.pixel_ns, before.left, before.width, before.ratio, before.coarse)
        ):
            return None
        pixels, rest = divmod(time.left_ns - before.left_ns, time.pixel_ns)
        device = pixels * time.ratio
        columns = 0
        if pixels or rest:
            # Exact only where columns and pixels are the same, and by whole ones.
            if (
                rest
                or pixels < 0
                or device != int(device)
                or time.coarse != 1
                or time.column_ns * time.ratio != time.pixel_ns
            ):
                return None
            columns = int(device)
        if _inside(holes, time) != _inside(self.holes, time):
            return None
        settled = self.settled - before.left_ns // before.column_ns
        place = int(np.searchsorted(self.bars.number, settled)) - 1
        if place < 0 or self.bars.number[place] < columns:
            return None
        return self.bars.until(int(self.bars.number[place])).moved(columns, int(device))


def _inside(holes: list[tuple[int, int]], time: TimeMap) -> list[tuple[int, int]]:
    """Those that can part columns: the others begin where nothing has come in view yet."""
    edge_ns = time.left_ns - time.left_ns % time.column_ns
    return [hole for hole in holes if hole[0] > edge_ns]


class BarCache:
    """The bars of one curve, kept while nothing but time goes on and samples come at its end."""

    __slots__ = ("_known", "made")

    def __init__(self) -> None:
        self._known: _Known | None = None
        self.made = 0
        """Columns that were made to bars so far; for tests and measurements."""

    def get(
        self,
        curve: Curve,
        columns: Kept,
        time: TimeMap,
        value: ValueMap,
        style: StrokeStyle,
        holes: Sequence[Hole],
    ) -> Bars:
        """The bars of `columns`, which are those in view; the same as `bars_of` gives."""
        spans = [(hole.start_ns, hole.end_ns) for hole in holes]
        known = self._known
        old = known.moved_to(curve, time, value, style, spans) if known is not None else None
        if old is None:
            bars = bars_of(curve, columns, time, value, style, holes)
            self.made += len(columns.low)
        else:
            begin = int(old.number[-1])
            tail = few_bars(curve, columns, time, value, style, holes, begin)
            if tail is None:
                tail = bars_of(curve, columns, time, value, style, holes, begin=begin)
            self.made += len(columns.low) - begin
            bars = old.followed_by(tail)
            if known is not None and time.left_ns != known.time.left_ns:
                _alone(bars, columns, value, style, time)
        stop = columns.first + len(columns.low)
        newest = int(curve.times[-1]) // time.column_ns if len(curve) else 0
        self._known = _Known(
            curve, curve.history_version, time, value, style, spans, min(newest, stop), bars
        )
        return bars


def _alone(bars: Bars, columns: Kept, value: ValueMap, style: StrokeStyle, time: TimeMap) -> None:
    """The first bar in view reaches to none before it: that one has gone."""
    number, first = bars.number[:1], bars.bars[:1]
    high, low = columns.high[number], columns.low[number]
    give_rows(first, high, low, value, time.ratio, thickness_of(style, time))
