"""From samples to pixels: one curve as a line of its samples, or as min/max columns when there are
more samples than pixels.

Columns lie on a grid of absolute time and are kept while the view scrolls: panning and following
live only look at what is new. Numbers go to Qt as arrays, never as Python objects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from tagwerk.store.coverage import Source
from tagwerk.store.trends import Curve, Hole
from tagwerk.ui.trend.axes import Scale

DASH = (6.0, 3.0)
_FAR = 1e6
"""Pixels: values far outside of the pane are cut here, before they overflow."""
_MOST_PIECES = 200
_RESUMED_NS = 2_000_000_000
_LONG_NS = 5_000_000_000


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Time to x. `left_ns` is at x = `left`; one pixel is `pixel_ns`.

    `ratio` is the screen's pixels for each of ours; columns are `coarse` of the screen's wide: two
    while a slow picture moves.
    """

    left_ns: int
    pixel_ns: int
    left: float
    width: float
    ratio: float = 1.0
    coarse: int = 1

    @property
    def column_ns(self) -> int:
        return max(round(self.pixel_ns * self.coarse / self.ratio), 1)

    @property
    def right_ns(self) -> int:
        return self.left_ns + round(self.pixel_ns * self.width)

    def x(self, time_ns: int) -> float:
        return self.left + (time_ns - self.left_ns) / self.pixel_ns

    def time(self, x: float) -> int:
        return self.left_ns + round((x - self.left) * self.pixel_ns)

    def xs(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return self.left + (times - self.left_ns) / self.pixel_ns


@dataclass(frozen=True, slots=True)
class ValueMap:
    """Value to y inside a pane."""

    scale: Scale
    top: float
    height: float

    def y(self, value: float) -> float:
        share = (self.scale.high - value) / (self.scale.high - self.scale.low)
        return self.top + min(max(share * self.height, -_FAR), _FAR)

    def ys(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        factor = self.height / (self.scale.high - self.scale.low)
        return self.top + np.clip((self.scale.high - values) * factor, -_FAR, _FAR)

    def value(self, y: float) -> float:
        share = (y - self.top) / self.height
        return self.scale.high - share * (self.scale.high - self.scale.low)


@dataclass(frozen=True, slots=True)
class StrokeStyle:
    """How a curve is drawn. `thick` is the selected one."""

    color: QColor
    thick: bool = False
    dashed: bool = False
    step: bool = False


class _Kept(NamedTuple):
    """Columns ``first`` to ``first + len(low)``, each `width_ns` of absolute time."""

    first: int
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    begin: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]


class ColumnCache:
    """The columns of one curve, computed once as long as nothing but time moves on."""

    __slots__ = ("_final", "_history", "_kept", "_width_ns", "computed")

    def __init__(self) -> None:
        self._kept: _Kept | None = None
        self._width_ns = 0
        self._history = -1
        self._final = 0
        self.computed = 0
        """Columns computed so far; for tests and measurements."""

    def get(self, curve: Curve, first: int, stop: int, width_ns: int) -> _Kept:
        """Columns `first` to `stop` of the grid of `width_ns`."""
        kept = self._kept
        if kept is None or width_ns != self._width_ns or curve.history_version != self._history:
            kept = None
        parts: list[_Kept] = []
        if kept is not None:
            left = max(first, kept.first)
            right = min(stop, kept.first + len(kept.low), self._final)
            if left < right:
                if first < left:
                    parts.append(self._compute(curve, first, left, width_ns))
                cut = slice(left - kept.first, right - kept.first)
                parts.append(_Kept(left, *(array[cut] for array in kept[1:])))
                if right < stop:
                    parts.append(self._compute(curve, right, stop, width_ns))
        if not parts:
            parts.append(self._compute(curve, first, stop, width_ns))
        if len(parts) == 1:
            result = parts[0]
        else:
            arrays = (
                np.concatenate(pieces) for pieces in zip(*(p[1:] for p in parts), strict=True)
            )
            result = _Kept(first, *arrays)
        times = curve.times
        self._kept, self._width_ns, self._history = result, width_ns, curve.history_version
        # The column of the newest sample may still grow; those before are final.
        self._final = int(times[-1]) // width_ns if len(times) else first
        return result

    def _compute(self, curve: Curve, first: int, stop: int, width_ns: int) -> _Kept:
        self.computed += stop - first
        found = curve.columns(first * width_ns, stop * width_ns, stop - first)
        return _Kept(first, found.low, found.high, found.first, found.last)


def visible_extremes(curve: Curve, cache: ColumnCache, time: TimeMap) -> tuple[float, float]:
    """Lowest and highest usable value in view; NaN for none. The value held from before counts."""
    first, stop = curve.range_of(time.left_ns, time.right_ns)
    low = high = np.nan
    if stop - first > 2 * time.width:
        width_ns = time.column_ns
        kept = cache.get(curve, time.left_ns // width_ns, -(-time.right_ns // width_ns), width_ns)
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
    """Draw what is in view; the newest value stands until `now_ns` or the next hole."""
    first, stop = curve.range_of(time.left_ns, time.right_ns)
    if stop - first <= 2 * time.width and len(holes) < _MOST_PIECES:
        _draw_samples(painter, curve, first, stop, time, value, style, holes, now_ns)
    else:
        _draw_columns(painter, curve, cache, time, value, style, holes, now_ns)


# A line through the samples.


def pieces(
    curve: Curve, first: int, stop: int, holes: list[Hole], end_ns: int
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Times and values of each unbroken stretch, one sample more at either side.

    A stretch ends with its last value at the hole's edge: it stood until then.
    """
    begin = max(first - 1, 0)
    times, values = curve.times[begin : stop + 1], curve.values[begin : stop + 1]
    if not len(times):
        return []
    edge = int(times[0])
    last = max(end_ns, int(times[-1])) if stop >= len(curve) else int(times[-1])
    stretches = []
    for hole in holes:
        if hole.start_ns > edge:
            stretches.append((edge, min(hole.start_ns, last), True))
        edge = max(edge, hole.end_ns)
        if edge >= last:
            break
    if edge < last or (edge == last and not stretches):
        stretches.append((edge, last, stop >= len(curve)))
    result = []
    for left, right, held in stretches:
        if right < left:
            continue
        start, end = np.searchsorted(times, (left, right))
        if end < len(times) and times[end] == right and not held:
            end += 1
        t, y = times[start:end], values[start:end]
        # The value from before the stretch stands at its beginning, unless a new one comes at once.
        if start and (not len(t) or t[0] - left > _RESUMED_NS):
            t, y = np.append(left, t), np.append(values[start - 1], y)
        if held and len(t) and t[-1] < right:
            t, y = np.append(t, right), np.append(y, y[-1])
        usable = ~np.isnan(y)
        if not usable.all():
            t, y = t[usable], y[usable]
        if len(t):
            result.append((t, y))
    return result


def _draw_samples(
    painter: QPainter,
    curve: Curve,
    first: int,
    stop: int,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: list[Hole],
    now_ns: int,
) -> None:
    pen = QPen(style.color, 1.6 if style.thick and not style.step else 2 if style.thick else 1)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not style.step and time.coarse == 1)
    for times, values in pieces(curve, first, stop, holes, now_ns):
        x, y = time.xs(times), value.ys(values)
        if style.step:
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
            x, y = np.floor(x) + 0.5, np.floor(y) + 0.5
        elif len(x) > 2:
            x, y = _with_corners(times, x, y)
        if len(x) == 1:
            x, y = np.append(x, x[0] + 1), np.append(y, y[0])
        if style.dashed:
            pen.setDashPattern([length / pen.widthF() for length in DASH])
            # Dashes stay where they are in time while the picture scrolls.
            anchor = (int(times[0]) // time.pixel_ns) % int(sum(DASH))
            pen.setDashOffset(anchor / pen.widthF())
        painter.setPen(pen)
        painter.drawPolyline(_polygon(x, y))
    painter.restore()


def _with_corners(
    times: npt.NDArray[np.int64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A value that has not changed for long is drawn flat up to its change, not as a slow ramp."""
    distance = np.diff(times)
    usual = np.partition(distance, len(distance) // 2)[len(distance) // 2]
    long = np.flatnonzero(distance > max(5 * int(usual), _LONG_NS))
    if not len(long):
        return x, y
    return np.insert(x, long + 1, x[long + 1]), np.insert(y, long + 1, y[long])


def _polygon(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> QPolygonF:
    polygon = QPolygonF()
    polygon.resize(len(x))
    # The stubs know neither the pointer's size nor that it is a buffer.
    pointer: Any = shiboken6.VoidPtr
    memory = np.frombuffer(pointer(polygon.data(), 16 * len(x), True), np.float64)
    memory[0::2] = x
    memory[1::2] = y
    return polygon


# Columns.


def _draw_columns(
    painter: QPainter,
    curve: Curve,
    cache: ColumnCache,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: list[Hole],
    now_ns: int,
) -> None:
    ratio, width_ns = time.ratio, time.column_ns
    start, end = time.left_ns // width_ns, -(-time.right_ns // width_ns)
    kept = cache.get(curve, start, end, width_ns)
    filled = np.flatnonzero(~np.isnan(kept.low))
    if not len(filled):
        held = curve.value_at(time.left_ns)
        if held is None or held.value is None:
            return
    low, high = kept.low[filled], kept.high[filled]
    first, last = kept.begin[filled], kept.end[filled]
    column_start = (start + filled) * width_ns
    x = np.floor(
        (time.left + ((start + filled) * width_ns - time.left_ns) / time.pixel_ns) * ratio + 0.5
    ).astype(np.int64)
    starts = np.array([hole.start_ns for hole in holes], np.int64)
    # A hole may begin inside the column of the last value before it: it parts that one, too.
    before = np.searchsorted(starts, column_start)
    joined = before[1:] == before[:-1]
    # A column reaches to the end of the one before, so that the line has no gaps.
    touching = joined & (np.diff(filled) == 1)
    low[1:] = np.where(touching, np.fmin(low[1:], last[:-1]), low[1:])
    high[1:] = np.where(touching, np.fmax(high[1:], last[:-1]), high[1:])
    apart = np.flatnonzero(~touching)
    if style.step:
        # A step rises where the next value comes: the column of the change covers both values.
        rising = apart[joined[apart]] + 1
        low[rising] = np.fmin(low[rising], last[rising - 1])
        high[rising] = np.fmax(high[rising], last[rising - 1])
    thickness = max(round((2 if style.thick else 1) * ratio), 1)
    tops, bottoms = _rows(value.ys(high), ratio), _rows(value.ys(low), ratio)
    if style.dashed:
        period, on = (int(length * ratio / time.coarse) for length in (sum(DASH), DASH[0]))
        shown = (start + filled) % period < on
    else:
        shown = np.ones(len(filled), bool)
    bars = np.empty((int(shown.sum()), 4), np.int32)
    bars[:, 0] = x[shown]
    bars[:, 1] = tops[shown]
    bars[:, 2] = x[shown] + (max(thickness, time.coarse) - 1)
    bars[:, 3] = np.maximum(bottoms[shown], tops[shown] + thickness - 1)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.scale(1 / ratio, 1 / ratio)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.color)
    draw_rects(painter, bars)
    runs = _flat_runs(
        curve, time, value, filled, x, first, last, joined, apart, holes, starts, before, now_ns,
        ratio, style.step,
    )  # fmt: skip
    flat = np.array(runs.flat, np.int32).reshape(-1, 3)
    if len(flat):
        rects = np.empty((len(flat), 4), np.int32)
        rects[:, 0], rects[:, 1], rects[:, 2] = flat[:, 0], flat[:, 2], flat[:, 1]
        rects[:, 3] = flat[:, 2] + thickness - 1
        if style.dashed:
            rects = _dashes(rects, ratio, time, round(sum(DASH) * ratio), round(DASH[0] * ratio))
        draw_rects(painter, rects)
    if runs.slopes:
        pen = QPen(style.color, thickness)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines([QLineF(*ends) for ends in runs.slopes])
    painter.restore()


class _Runs(NamedTuple):
    """Flat stretches as (x, x, y) and slopes as (x, y, x, y), in device pixels."""

    flat: list[tuple[int, int, int]]
    slopes: list[tuple[float, float, float, float]]


def _flat_runs(
    curve: Curve,
    time: TimeMap,
    value: ValueMap,
    filled: npt.NDArray[np.int64],
    x: npt.NDArray[np.int64],
    first: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
    joined: npt.NDArray[np.bool_],
    apart: npt.NDArray[np.int64],
    holes: list[Hole],
    starts: npt.NDArray[np.int64],
    before: npt.NDArray[np.int64],
    now_ns: int,
    ratio: float,
    step: bool,
) -> _Runs:
    """What lies between columns that do not touch: a value held, a slope, or a hole's edge."""
    runs = _Runs([], [])

    def device_x(time_ns: int) -> int:
        return int(np.floor(time.x(time_ns) * ratio + 0.5))

    def device_y(number: float) -> int:
        return int(np.floor(value.y(number) * ratio))

    for index in apart.tolist():
        left, right = int(x[index]) + 1, int(x[index + 1])
        number = float(last[index])
        if math.isnan(number):
            # The column ends with a value that is none: the hole begins inside it.
            continue
        if not joined[index]:
            right = min(right, device_x(int(starts[before[index]])))
        elif not step:
            y, end = value.y(number) * ratio, value.y(float(first[index + 1])) * ratio
            if not math.isnan(end):
                runs.slopes.append((left - 1, y, right, end))
            continue
        if right > left:
            runs.flat.append((left, right - 1, device_y(number)))
    held = curve.value_at(time.left_ns)
    if held is not None and held.value is not None and not math.isnan(held.value):
        right = int(x[0]) if len(x) else device_x(min(now_ns, time.right_ns))
        edges = [device_x(hole.start_ns) for hole in holes if hole.end_ns > time.left_ns]
        runs.flat.append((int(time.left * ratio), min([right, *edges]) - 1, device_y(held.value)))
    if len(x) and not math.isnan(last[-1]):
        right = device_x(min(now_ns, time.right_ns))
        if len(starts) > before[-1]:
            right = min(right, device_x(int(starts[before[-1]])))
        if right > x[-1] + 1 and column_is_newest(curve, time):
            runs.flat.append((int(x[-1]) + 1, right - 1, device_y(float(last[-1]))))
    return runs


def column_is_newest(curve: Curve, time: TimeMap) -> bool:
    """Whether the newest sample is in view or before it, so that it stands until now."""
    times = curve.times
    return bool(len(times)) and int(times[-1]) <= time.right_ns


def _rows(y: npt.NDArray[np.float64], ratio: float) -> npt.NDArray[np.int64]:
    return np.floor(y * ratio).astype(np.int64)


def _dashes(
    rects: npt.NDArray[np.int32], ratio: float, time: TimeMap, period: int, on: int
) -> npt.NDArray[np.int32]:
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


def draw_rects(painter: QPainter, rects: npt.NDArray[np.int32]) -> None:
    """Fill rectangles given as left, top, right, bottom, all inclusive."""
    if len(rects):
        rects = np.ascontiguousarray(rects, np.int32)
        first: Any = shiboken6.wrapInstance(rects.ctypes.data, QRect)
        painter.drawRects(first, len(rects))


def marker(painter: QPainter, at: QPointF, radius: float, line: QColor, fill: QColor) -> None:
    """A dot; hollow when `fill` is the ground."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(line, 1.5))
    painter.setBrush(fill)
    painter.drawEllipse(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))
    painter.restore()
