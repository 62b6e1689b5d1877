"""A curve as min/max columns: what is drawn when there are more samples than pixels.

Columns lie on a grid of absolute time and are kept while the view scrolls: panning and following
live only look at what is new. What other curves cover is not drawn at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from tagwerk.store.coverage import Source
from tagwerk.store.trends import Curve, Hole
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

    __slots__ = ("_final", "_history", "_kept", "_near", "_version", "_width_ns", "computed")

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._width_ns = 0
        self._near = False
        self._history = self._version = -1
        self._final = 0
        self.computed = 0
        """Columns computed so far; for tests and measurements."""

    def get(
        self, curve: Curve, first: int, stop: int, width_ns: int, *, near: bool = False
    ) -> Kept:
        """Columns `first` to `stop` of the grid of `width_ns`; `near` as for `Curve.columns`."""
        kept = self._kept
        before = (self._width_ns, self._near, self._history)
        if before != (width_ns, near, curve.history_version):
            kept = None
        result = self._extended(kept, curve, first, stop, width_ns, near)
        if result is None:
            result = self._compute(curve, first, stop, width_ns, near)
        self._kept, self._width_ns, self._near = result, width_ns, near
        self._history = curve.history_version
        # The column of the newest sample may still grow; those before are final.
        self._final, self._version = self._newest(curve, width_ns), curve.version
        return result.between(first, stop)

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
        found = curve.columns(first * width_ns, stop * width_ns, stop - first, near=near)
        return Kept(first, found.low, found.high, found.first, found.last)


def visible_extremes(curve: Curve, cache: ColumnCache, time: TimeMap) -> tuple[float, float]:
    """Lowest and highest usable value in view; NaN for none. The value held from before counts."""
    first, stop = curve.range_of(time.left_ns, time.right_ns)
    low = high = np.nan
    if stop - first > 2 * time.width:
        kept = _in_view(curve, cache, time)
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


def _in_view(curve: Curve, cache: ColumnCache, time: TimeMap) -> Kept:
    width_ns = time.column_ns
    first, stop = time.left_ns // width_ns, -(-time.right_ns // width_ns)
    return cache.get(curve, first, stop, width_ns, near=time.coarse > 1)


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


class _Columns(NamedTuple):
    """The columns of a curve that hold a value.

    Args:
        number: counted from the view's left.
        x: left edge in device pixels.
        first, last: first and last value; NaN where that sample is unusable.
        joined: whether no hole parts a column from the next one.
        edge: where the first hole behind a column begins, in device pixels; far away for none.
    """

    number: _Ints
    x: _Ints
    low: _Floats
    high: _Floats
    first: _Floats
    last: _Floats
    joined: npt.NDArray[np.bool_]
    edge: _Ints


_AHEAD = 48
"""Columns that are looked at beyond the edge that the picture moves to."""
_NOWHERE = 1 << 30


def column_strokes(
    curve: Curve,
    cache: ColumnCache,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: Sequence[Hole],
    now_ns: int,
) -> Strokes:
    """All that shows the curve in view; the newest value stands until `now_ns` or the next hole."""
    ratio = time.ratio
    columns = _filled_columns(curve, cache, time, holes)
    low, high, last = columns.low, columns.high, columns.last
    # A column reaches to the end of the one before, so that the line has no gaps.
    beside = columns.joined & (np.diff(columns.number) == 1)
    touching = beside & ~np.isnan(columns.first[1:])
    if touching.all():
        low[1:] = np.fmin(low[1:], last[:-1])
        high[1:] = np.fmax(high[1:], last[:-1])
    else:
        low[1:] = np.where(touching, np.fmin(low[1:], last[:-1]), low[1:])
        high[1:] = np.where(touching, np.fmax(high[1:], last[:-1]), high[1:])
    apart = np.flatnonzero(~beside)
    if style.step:
        # A step rises where the next value comes: the column of the change covers both values.
        rising = apart[columns.joined[apart]] + 1
        low[rising] = np.fmin(low[rising], last[rising - 1])
        high[rising] = np.fmax(high[rising], last[rising - 1])
    thickness = max(round((2 if style.thick else 1) * ratio), 1)
    bars = np.empty((len(low), 4), np.int32)
    bars[:, 0] = columns.x
    bars[:, 1] = _rows(value.ys(high), ratio)
    bars[:, 2] = columns.x + (max(thickness, time.coarse) - 1)
    bars[:, 3] = np.maximum(_rows(value.ys(low), ratio), bars[:, 1] + (thickness - 1))
    number = columns.number
    flats = _flats(columns, apart, curve, time, value, holes, now_ns, style.step)
    flats[:, 3] += thickness - 1
    if style.dashed:
        period, on = (int(length * ratio / time.coarse) for length in (sum(DASH), DASH[0]))
        shown = (time.left_ns // time.column_ns + number) % period < on
        bars, number = bars[shown], number[shown]
        flats = _dashes(flats, ratio, time, round(sum(DASH) * ratio), round(DASH[0] * ratio))
    slopes = np.empty((0, 4)) if style.step else _slopes(columns, apart, value, ratio)
    return Strokes(style.color, thickness, ratio, number, bars, flats, slopes)


def _filled_columns(
    curve: Curve, cache: ColumnCache, time: TimeMap, holes: Sequence[Hole]
) -> _Columns:
    kept = _in_view(curve, cache, time)
    number = np.flatnonzero(~np.isnan(kept.low))
    if len(number) == len(kept.low):
        chosen: slice | _Ints = slice(None)
    else:
        chosen = number
    begin_ns = kept.first * time.column_ns - time.left_ns
    x = number * (time.column_ns / time.pixel_ns * time.ratio)
    x += (time.left + begin_ns / time.pixel_ns) * time.ratio + 0.5
    joined = np.ones(max(len(number) - 1, 0), bool)
    edge = np.full(len(number), _NOWHERE, np.int64)
    if len(number) and holes:
        _part(curve, time, holes, kept.first, number, joined, edge)
    return _Columns(
        number,
        np.floor(x).astype(np.int64),
        kept.low[chosen].copy(),
        kept.high[chosen].copy(),
        kept.begin[chosen],
        kept.end[chosen],
        joined,
        edge,
    )


def _part(
    curve: Curve,
    time: TimeMap,
    holes: Sequence[Hole],
    left: int,
    number: _Ints,
    joined: npt.NDArray[np.bool_],
    edge: _Ints,
) -> None:
    """Note where holes part columns. One inside a column parts nothing: columns show no less."""
    starts = np.array([hole.start_ns for hole in holes], np.int64)
    ends = np.array([hole.end_ns for hole in holes], np.int64)
    times = curve.times
    before = np.searchsorted(times, starts) - 1
    after = np.searchsorted(times, ends)
    width_ns = time.column_ns
    column = np.where(before >= 0, times[np.maximum(before, 0)], starts) // width_ns - left
    beyond = after >= len(times)
    following = np.where(beyond, ends, times[np.minimum(after, len(times) - 1)]) // width_ns - left
    place = np.searchsorted(number, column, side="right") - 1
    parts = (place >= 0) & (following > column)
    place, starts = place[parts], starts[parts]
    joined[place[place < len(joined)]] = False
    at = np.floor((time.left + (starts - time.left_ns) / time.pixel_ns) * time.ratio + 0.5)
    np.minimum.at(edge, place, at.astype(np.int64))


def _flats(
    columns: _Columns,
    apart: _Ints,
    curve: Curve,
    time: TimeMap,
    value: ValueMap,
    holes: Sequence[Hole],
    now_ns: int,
    step: bool,
) -> _Rects:
    """Values that stand between columns, from before the first and after the last one."""
    ratio = time.ratio
    # Between columns a line without steps slopes; it is flat where it ends at a hole.
    found = [np.empty((0, 4), np.int64)]
    ending = apart if step else apart[~columns.joined[apart]]
    if len(ending):
        left = columns.x[ending] + 1
        right = np.minimum(columns.x[ending + 1], columns.edge[ending])
        number = columns.last[ending]
        usable = ~np.isnan(number) & (right > left)
        rows = _rows(value.ys(number[usable]), ratio)
        found.append(np.column_stack((left[usable], rows, right[usable] - 1, rows)))

    def device_x(time_ns: int) -> int:
        return int(np.floor(time.x(time_ns) * ratio + 0.5))

    def add(left: int, right: int, number: float) -> None:
        row = int(np.floor(value.y(number) * ratio))
        if right > left:
            found.append(np.array([[left, row, right - 1, row]]))

    held = curve.value_at(time.left_ns)
    count = len(columns.x)
    if held is not None and held.value is not None:
        end = int(columns.x[0]) if count else device_x(min(now_ns, time.right_ns))
        edges = [device_x(hole.start_ns) for hole in holes if hole.end_ns > time.left_ns]
        add(int(time.left * ratio), min([end, *edges]), held.value)
    if count and not np.isnan(columns.last[-1]) and column_is_newest(curve, time):
        end = min(device_x(min(now_ns, time.right_ns)), int(columns.edge[-1]))
        add(int(columns.x[-1]) + 1, end, float(columns.last[-1]))
    return np.concatenate(found).astype(np.int32)


def _slopes(columns: _Columns, apart: _Ints, value: ValueMap, ratio: float) -> _Floats:
    """Lines between columns that lie apart with nothing unknown between them."""
    sloping = apart[columns.joined[apart]]
    if not len(sloping):
        return np.empty((0, 4))
    first, last = columns.last[sloping], columns.first[sloping + 1]
    usable = ~(np.isnan(first) | np.isnan(last))
    sloping = sloping[usable]
    return np.column_stack((
        columns.x[sloping], value.ys(first[usable]) * ratio,
        columns.x[sloping + 1], value.ys(last[usable]) * ratio,
    ))  # fmt: skip


def hide_covered(strokes: Sequence[Strokes]) -> None:
    """Take out, or shorten, bars that later ones of the list cover. The picture stays the same."""
    if len(strokes) < 2 or sum(item.mean_height for item in strokes) < _HIGH * len(strokes):
        return
    count = max(int(item.columns[-1]) + 1 for item in strokes if len(item.columns))
    top = np.full(count, _NOWHERE, np.int32)
    bottom = np.full(count, -_NOWHERE, np.int32)
    for item in reversed(strokes):
        at, bars = item.columns, item.bars
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


def newest_rows(curve: Curve, time: TimeMap, value: ValueMap | None) -> tuple[object, ...]:
    """What of a curve changes when a sample comes at its end: the column of the newest one in view
    and the rows it covers; of a lane, without a scale, the values themselves."""
    latest = curve.latest()
    thinned = curve.thinned(time.left_ns, time.right_ns)
    doubt = (len(thinned), thinned[-1][1] // time.pixel_ns if thinned else 0)
    if latest is None or latest.time_ns < time.left_ns:
        # It stands into the view, or not at all.
        held = None if latest is None else (latest.value, latest.quality)
        return (curve.is_live, held, doubt)
    if latest.time_ns > time.right_ns:
        return (doubt,)
    width_ns = time.column_ns
    column = latest.time_ns // width_ns
    found = curve.columns(column * width_ns, (column + 1) * width_ns, 1)
    numbers = (float(found.low[0]), float(found.high[0]), float(found.last[0]))
    if value is not None:
        rows = [
            None if math.isnan(number) else round(value.y(number) * time.ratio)
            for number in numbers
        ]
    else:
        rows = [None if math.isnan(number) else number for number in numbers]
    # The newest value is drawn up to now anyway: one that stays the same changes nothing.
    is_flat = rows[0] == rows[1] == rows[2]
    return (curve.is_live, None if is_flat else column, *rows, latest.quality, doubt)


def column_is_newest(curve: Curve, time: TimeMap) -> bool:
    """Whether the newest sample is in view or before it, so that it stands until now."""
    times = curve.times
    return bool(len(times)) and int(times[-1]) <= time.right_ns


def _rows(y: _Floats, ratio: float) -> _Ints:
    return np.floor(y * ratio).astype(np.int64)


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
