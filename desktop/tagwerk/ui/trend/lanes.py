"""Lanes: bools as a line that is up or down with the on-times filled, text lists as boxes with
their words. Called by the trend's painter only.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from tagwerk.domain.text import format_value
from tagwerk.store.trends import Hole
from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import Scale
from tagwerk.ui.trend.column_strokes import draw_curve
from tagwerk.ui.trend.columns import ColumnCache
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.strokes import StrokeStyle, TimeMap, ValueMap, draw_rects, pieces

_ON_OFF = Scale(0.0, 1.0, 1.0)


def draw_lane(
    painter: QPainter,
    pen: TrendPen,
    cache: ColumnCache,
    time: TimeMap,
    rect: QRectF,
    holes: list[Hole],
    now_ns: int,
    *,
    selected: bool,
) -> None:
    """One lane inside `rect`, already clipped and with its ground."""
    first, stop = pen.curve.range_of(time.left_ns, time.right_ns)
    is_dense = stop - first > 2 * time.width
    is_bool = not pen.info.texts or set(pen.info.texts) <= {0, 1}
    if is_bool:
        if not is_dense:
            _fill_on(painter, pen, first, stop, time, rect, holes, now_ns)
        inset = theme().px(5)
        values = ValueMap(_ON_OFF, rect.top() + inset, rect.height() - 2 * inset)
        style = StrokeStyle(theme().color("text"), selected, step=True)
        draw_curve(painter, pen.curve, cache, time, values, style, holes, now_ns)
    elif is_dense:
        low, high = min(pen.info.texts), max(pen.info.texts)
        inset = theme().px(5)
        scale = Scale(float(low), float(max(high, low + 1)), 1.0)
        values = ValueMap(scale, rect.top() + inset, rect.height() - 2 * inset)
        style = StrokeStyle(theme().color("text"), selected, step=True)
        draw_curve(painter, pen.curve, cache, time, values, style, holes, now_ns)
    else:
        _draw_words(painter, pen, first, stop, time, rect, holes, now_ns, selected=selected)


def _fill_on(
    painter: QPainter,
    pen: TrendPen,
    first: int,
    stop: int,
    time: TimeMap,
    rect: QRectF,
    holes: list[Hole],
    now_ns: int,
) -> None:
    inset = theme().px(5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color("grid_major"))
    for times, values in pieces(pen.curve, first, stop, holes, now_ns):
        x = np.clip(time.xs(times), rect.left() - 2, rect.right() + 2)
        on = np.flatnonzero(values[:-1] != 0)
        bars = np.empty((len(on), 4), np.int32)
        bars[:, 0], bars[:, 2] = x[on], x[on + 1]
        bars[:, 1], bars[:, 3] = rect.top() + inset, rect.bottom() - inset
        draw_rects(painter, bars)
    painter.restore()


def _draw_words(
    painter: QPainter,
    pen: TrendPen,
    first: int,
    stop: int,
    time: TimeMap,
    rect: QRectF,
    holes: list[Hole],
    now_ns: int,
    *,
    selected: bool,
) -> None:
    px = theme().px
    top, bottom = rect.top() + px(3), rect.bottom() - px(3)
    painter.setFont(theme().font(11))
    metrics = painter.fontMetrics()
    for times, values in pieces(pen.curve, first, stop, holes, now_ns):
        changes = np.flatnonzero(np.diff(values)) + 1
        edges = [0, *changes.tolist(), len(values) - 1]
        for start, end in itertools.pairwise(edges):
            left = max(time.x(int(times[start])), rect.left())
            right = min(time.x(int(times[end])), rect.right())
            if right < left:
                continue
            box = QRectF(left, top, right - left, bottom - top)
            painter.fillRect(box, theme().color("grid_minor"))
            painter.setPen(QPen(theme().color("text"), 2 if selected else 1))
            line = math.floor(left) + 0.5
            painter.drawLine(QLineF(line, top, line, bottom))
            word = format_value(pen.value_of(float(values[start])), pen.info, number_style())
            if metrics.horizontalAdvance(word) + px(8) <= box.width():
                painter.drawText(
                    box.adjusted(px(5), 0, 0, 0),
                    Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                    word,
                )
