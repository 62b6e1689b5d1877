"""From samples to pixels: where time and value lie, and a curve as the line of its samples.

Where there are more samples than pixels, `columns` draws instead. Numbers go to Qt as arrays,
never as Python objects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QLineF, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from tagwerk.store.trends import Curve, Hole
from tagwerk.ui.trend.axes import Scale

DASH = (6.0, 3.0)
_FAR = 1e6
"""Pixels: values far outside of the pane are cut here, before they overflow."""
MOST_PIECES = 200
"""Stretches between holes that are drawn as lines; more come as columns."""
_LONGEST_SMOOTH = 20_000
"""Pixels up and down in one curve: what is longer is noise, and ten times slower with soft edges."""
_SHORT, _JOINED = 4, 32
"""Pieces below so many times the line's width are short, and so many of them are joined."""
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
        y = (self.scale.high - values) * factor
        np.minimum(y, _FAR, out=y)
        np.maximum(y, -_FAR, out=y)
        y += self.top
        return y

    def row(self, value: float) -> float:
        """The same as `ys` gives for one value, to the last bit."""
        factor = self.height / (self.scale.high - self.scale.low)
        return max(min((self.scale.high - value) * factor, _FAR), -_FAR) + self.top

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


def is_dense(curve: Curve, time: TimeMap, value: ValueMap, holes: list[Hole]) -> bool:
    """Whether columns show the curve better than a line through its samples.

    Long steep lines are slow: while the picture moves, noise has columns earlier.
    """
    first, stop = curve.range_of(time.left_ns, time.right_ns)
    if stop - first > 2 * time.width or len(holes) >= MOST_PIECES:
        return True
    if time.coarse == 1 or stop - first < time.width / 2:
        return False
    rows = np.abs(np.diff(value.ys(curve.values[first:stop])))
    return float(np.nansum(rows)) > _LONGEST_SMOOTH


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


def draw_samples(
    painter: QPainter,
    curve: Curve,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: list[Hole],
    now_ns: int,
) -> None:
    """A line through the samples in view; the newest value stands until `now_ns` or a hole."""
    first, stop = curve.range_of(time.left_ns, time.right_ns)
    width = (1.6 if style.thick and not style.step else 2 if style.thick else 1) * time.ratio
    pen = QPen(style.color, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    # Pieces of a wide step line end at its corners; without a square end a notch is left there.
    is_square = style.step and width > 1 and not style.dashed
    pen.setCapStyle(Qt.PenCapStyle.SquareCap if is_square else Qt.PenCapStyle.FlatCap)
    painter.save()
    drawn = [
        (times, time.xs(times), value.ys(values))
        for times, values in pieces(curve, first, stop, holes, now_ns)
    ]
    length = sum(float(np.abs(np.diff(y)).sum()) for _times, _x, y in drawn)
    smooth = not style.step and time.coarse == 1 and length < _LONGEST_SMOOTH
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    for times, x, y in drawn:
        if style.step:
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
            x, y = np.floor(x) + 0.5, np.floor(y) + 0.5
        elif len(x) > 2:
            x, y = _with_corners(times, x, y)
        if len(x) == 1:
            x, y = np.append(x, x[0] + 1), np.append(y, y[0])
        if style.dashed:
            pen.setDashPattern([length * time.ratio / width for length in DASH])
            # Dashes stay where they are in time while the picture scrolls.
            anchor = (int(times[0]) // time.pixel_ns) % int(sum(DASH))
            pen.setDashOffset(anchor * time.ratio / width)
        _stroke(painter, pen, x, y, time.ratio)
    painter.restore()


def _stroke(
    painter: QPainter,
    pen: QPen,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    ratio: float,
) -> None:
    """One line through all points, without Qt's outline of a wide polyline.

    For that Qt joins the whole line to one shape that crosses itself thousands of times: 20 ms for
    noise 800 pixels wide. Each piece as a line of its own looks the same and takes a fiftieth.
    """
    width = pen.widthF()
    if width > 1 and pen.style() == Qt.PenStyle.SolidLine:
        painter.setPen(pen)
        is_soft = painter.testRenderHint(QPainter.RenderHint.Antialiasing)
        if is_soft and float(np.hypot(np.diff(x), np.diff(y)).mean()) * ratio < _SHORT * width:
            # Two soft ends that meet inside a pixel leave it paler: short pieces are joined, some
            # at a time, which is quick as well.
            for first in range(0, len(x) - 1, _JOINED):
                part = slice(first, first + _JOINED + 1)
                painter.drawPolyline(_polygon(x[part], y[part]))
        else:
            draw_lines(painter, np.column_stack((x[:-1], y[:-1], x[1:], y[1:])))
        return
    # Dashes run on over corners only in a polyline: narrow ones side by side make a wide one.
    beside = math.ceil(width)
    narrow = QPen(pen)
    if beside > 1:
        narrow.setWidthF(1)
    if pen.style() != Qt.PenStyle.SolidLine:
        narrow.setDashPattern([length * width for length in pen.dashPattern()])
        narrow.setDashOffset(pen.dashOffset() * width)
    painter.setPen(narrow)
    across = _across(painter, x, y) if beside > 1 else np.zeros(len(x), np.complex128)
    for share in np.linspace(-0.5, 0.5, beside) if beside > 1 else (0.0,):
        shift = float(share) * (width - 1) / ratio * across
        painter.drawPolyline(_polygon(x + shift.real, y + shift.imag))


def _across(
    painter: QPainter, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.complex128]:
    """Where "beside" is at each point, as x + iy: square to the line; of hard edges to the right and
    down, since they follow the pixels."""
    if not painter.testRenderHint(QPainter.RenderHint.Antialiasing):
        return np.full(len(x), 1 + 1j)
    along = np.gradient(x) + 1j * np.gradient(y)
    return np.asarray(1j * along / np.maximum(np.abs(along), 1e-9), np.complex128)


def _with_corners(
    times: npt.NDArray[np.int64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A value that has not changed for long is drawn flat up to its change, not as a slow ramp."""
    distance = np.diff(times)
    if int(distance.max()) <= _LONG_NS:
        return x, y
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


def draw_rects(painter: QPainter, rects: npt.NDArray[np.int32]) -> None:
    """Fill rectangles given as left, top, right, bottom, all inclusive."""
    if len(rects):
        rects = np.ascontiguousarray(rects, np.int32)
        first: Any = shiboken6.wrapInstance(rects.ctypes.data, QRect)
        painter.drawRects(first, len(rects))


def draw_lines(painter: QPainter, lines: npt.NDArray[np.float64]) -> None:
    """Draw lines given as x, y, x, y."""
    if len(lines):
        lines = np.ascontiguousarray(lines, np.float64)
        first: Any = shiboken6.wrapInstance(lines.ctypes.data, QLineF)
        painter.drawLines(first, len(lines))


def marker(painter: QPainter, at: QPointF, radius: float, line: QColor, fill: QColor) -> None:
    """A dot; hollow when `fill` is the ground."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    dot(painter, at, radius, line, fill)
    painter.restore()


def dot(painter: QPainter, at: QPointF, radius: float, line: QColor, fill: QColor) -> None:
    """The same with the painter as it is, set to soft edges: for many of them."""
    painter.setPen(QPen(line, 1.5))
    painter.setBrush(fill)
    painter.drawEllipse(at, radius, radius)
