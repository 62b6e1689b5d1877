"""A curve as it is painted where there are more samples than pixels: its bars, and what stands at
either end of the view. What other curves cover is not drawn at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from tagwerk.store.trends import Curve, Hole
from tagwerk.ui.trend.bars import NOWHERE, Bars, bars_of, thickness_of
from tagwerk.ui.trend.columns import ColumnCache, in_view
from tagwerk.ui.trend.kept_bars import BarCache
from tagwerk.ui.trend.strokes import (
    DASH,
    StrokeStyle,
    TimeMap,
    ValueMap,
    draw_lines,
    draw_rects,
    draw_samples,
    is_dense,
)

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Rects = npt.NDArray[np.int32]

_HIGH = 100
"""Pixels: where columns are higher than this on average, hiding what is covered saves time."""


@dataclass(slots=True)
class Strokes:
    """What of one curve goes to the painter, in device pixels.

    Args:
        columns: number of each bar's column, counted from the view's left.
        bars, flats: left, top, right, bottom, all inclusive.
        slopes: x, y, x, y.
    """

    color: QColor
    thickness: int
    ratio: float
    columns: _Ints
    bars: _Rects
    flats: _Rects
    slopes: _Floats

    @property
    def mean_height(self) -> float:
        return float((self.bars[:, 3] - self.bars[:, 1]).mean()) if len(self.bars) else 0.0

    def draw(self, painter: QPainter) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.scale(1 / self.ratio, 1 / self.ratio)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color)
        draw_rects(painter, self.bars)
        draw_rects(painter, self.flats)
        if len(self.slopes):
            pen = QPen(self.color, self.thickness)
            pen.setCosmetic(True)
            painter.setPen(pen)
            draw_lines(painter, self.slopes)
        painter.restore()


def column_strokes(
    curve: Curve,
    cache: ColumnCache,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: Sequence[Hole],
    now_ns: int,
    known: BarCache | None = None,
) -> Strokes:
    """All that shows the curve in view; the newest value stands until `now_ns` or the next hole.

    `known` keeps its bars for the next picture.
    """
    columns = in_view(curve, cache, time)
    if known is None:
        found = bars_of(curve, columns, time, value, style, holes)
    else:
        found = known.get(curve, columns, time, value, style, holes)
    ratio, thickness = time.ratio, thickness_of(style, time)
    number, bars = found.number, found.bars
    flats = np.concatenate((found.flats, *_ends(found, curve, time, value, holes, now_ns)))
    flats[:, 3] += thickness - 1
    if style.dashed:
        period, on = (int(length * ratio / time.coarse) for length in (sum(DASH), DASH[0]))
        shown = (columns.first + number) % period < on
        bars, number = bars[shown], number[shown]
        flats = _dashes(flats, ratio, time, round(sum(DASH) * ratio), round(DASH[0] * ratio))
    return Strokes(style.color, thickness, ratio, number, bars, flats, found.slopes)


def _ends(
    found: Bars, curve: Curve, time: TimeMap, value: ValueMap, holes: Sequence[Hole], now_ns: int
) -> list[_Rects]:
    """Values that stand from before the first column, and after the last one."""
    ratio = time.ratio
    result: list[_Rects] = []

    def device_x(time_ns: int) -> int:
        return int(np.floor(time.x(time_ns) * ratio + 0.5))

    def add(left: int, right: int, number: float) -> None:
        row = int(np.floor(value.y(number) * ratio))
        if right > left:
            result.append(np.array([[left, row, right - 1, row]], np.int32))

    count = len(found.bars)
    left = int(time.left * ratio)
    end = int(found.bars[0, 0]) if count else device_x(min(now_ns, time.right_ns))
    held = curve.value_at(time.left_ns) if end > left else None
    if held is not None and held.value is not None:
        edges = [device_x(hole.start_ns) for hole in holes if hole.end_ns > time.left_ns]
        add(left, min([end, *edges]), held.value)
    if count and not np.isnan(found.last) and column_is_newest(curve, time):
        end = min(device_x(min(now_ns, time.right_ns)), found.edge)
        add(int(found.bars[-1, 0]) + 1, end, found.last)
    return result


def column_is_newest(curve: Curve, time: TimeMap) -> bool:
    """Whether the newest sample is in view or before it, so that it stands until now."""
    times = curve.times
    return bool(len(times)) and int(times[-1]) <= time.right_ns


def hide_covered(strokes: Sequence[Strokes]) -> None:
    """Take out, or shorten, bars that later ones of the list cover. The picture stays the same."""
    if len(strokes) < 2 or sum(item.mean_height for item in strokes) < _HIGH * len(strokes):
        return
    count = max(int(item.columns[-1]) + 1 for item in strokes if len(item.columns))
    top = np.full(count, NOWHERE, np.int32)
    bottom = np.full(count, -NOWHERE, np.int32)
    for item in reversed(strokes):
        at, bars = item.columns, item.bars.copy()  # the bars themselves may be kept
        high, low = bars[:, 1], bars[:, 3]
        above, below = top[at], bottom[at]
        meets = (high <= below + 1) & (low >= above - 1)
        taller = low - high > below - above
        union_high, union_low = np.minimum(high, above), np.maximum(low, below)
        top[at] = np.where(meets, union_high, np.where(taller, high, above))
        bottom[at] = np.where(meets, union_low, np.where(taller, low, below))
        starts_in, ends_in = (high >= above) & (high <= below), (low >= above) & (low <= below)
        bars[:, 1] = np.where(starts_in, below + 1, high)
        bars[:, 3] = np.where(ends_in & ~starts_in, above - 1, low)
        if starts_in.any() or ends_in.any():
            seen = bars[:, 3] >= bars[:, 1]
            item.columns, item.bars = at[seen], bars[seen]


def _dashes(rects: _Rects, ratio: float, time: TimeMap, period: int, on: int) -> _Rects:
    """Cut long flat stretches into dashes that stay where they are in time."""
    result = []
    shift = round(time.left * ratio) - time.left_ns // time.column_ns * time.coarse
    for left, top, right, bottom in rects.tolist():
        start = (left - shift) // period * period + shift
        result += [
            (max(dash, left), top, min(dash + on - 1, right), bottom)
            for dash in range(start, right + 1, period)
            if min(dash + on - 1, right) >= max(dash, left)
        ]
    return np.array(result, np.int32).reshape(-1, 4)


def draw_curve(
    painter: QPainter,
    curve: Curve,
    cache: ColumnCache,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: list[Hole],
    now_ns: int,
) -> None:
    """Draw what of one curve is in view, as a line or as columns."""
    if is_dense(curve, time, value, holes):
        column_strokes(curve, cache, time, value, style, holes, now_ns).draw(painter)
    else:
        draw_samples(painter, curve, time, value, style, holes, now_ns)
