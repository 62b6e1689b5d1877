"""Draws one trend into a painter: on the screen by `TrendView`, into a picture by the export.

Reads the model and the curves, changes nothing but the model's scales.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from tagwerk.domain.text import format_value
from tagwerk.store.trends import OPEN
from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import (
    Scale,
    auto_scale,
    fixed_scale,
    time_step,
    time_ticks,
)
from tagwerk.ui.trend.columns import (
    ColumnCache,
    Strokes,
    column_strokes,
    hide_covered,
    visible_extremes,
)
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.ground import Ground
from tagwerk.ui.trend.items import Axis, Pane, TrendPen
from tagwerk.ui.trend.knowledge import Knowledge
from tagwerk.ui.trend.lanes import draw_lane
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.overlays import Overlays
from tagwerk.ui.trend.strokes import StrokeStyle, ValueMap, draw_samples, is_dense, marker

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

Caches = dict[str, ColumnCache]


class TrendPainter:
    """One painting of one trend.

    Args:
        caches: columns by tag name, kept by the caller between paintings.
    """

    def __init__(
        self, painter: QPainter, model: TrendModel, geometry: Geometry, caches: Caches
    ) -> None:
        self.painter = painter
        self.model = model
        self.geometry = geometry
        self.caches = caches
        self.time = geometry.time
        self.overlays = Overlays(painter, model, geometry)
        self.ground = Ground(painter, model, geometry)
        self.knowledge = Knowledge(painter, model, geometry)

    def paint(self) -> None:
        """Everything, back to front."""
        self._find_scales()
        ticks = time_ticks(
            self.time.left_ns,
            self.time.right_ns,
            time_step(self.time.right_ns - self.time.left_ns, self.ground.most_time_ticks()),
        )
        for pane, rect in self.geometry.panes:
            self.ground.grid(pane, rect, ticks)
            self.knowledge.hatches([pen for axis in pane.axes for pen in axis.pens], rect)
            self.ground.axes(pane, rect)
        for pen, rect in self.geometry.lanes:
            self._lane(pen, rect)
        self._lane_frame()
        self.overlays.draw_mark_lines()
        for pane, rect in self.geometry.panes:
            self._pane_curves(pane, rect)
        self.knowledge.ribbon()
        self.ground.time_axis(ticks, self.overlays.cursor_labels())
        self.overlays.draw()

    # Scales.

    def _find_scales(self) -> None:
        model = self.model
        for pane, rect in self.geometry.panes:
            most = max(2, int(rect.height() / theme().px(27)))
            for axis in pane.axes:
                key = model.scale_key(pane, axis)
                by_hand = model.scales_by_hand.get(key)
                if by_hand is not None:
                    model.scales[key] = fixed_scale(*by_hand, most)
                elif axis.pens:
                    model.scales[key] = self._auto_scale(axis, key, most)
                else:
                    model.scales.pop(key, None)

    def _auto_scale(self, axis: Axis, key: tuple[int, bool], most: int) -> Scale:
        low = high = math.nan
        for pen in axis.pens:
            found = visible_extremes(pen.curve, self._cache(pen), self.time)
            low, high = float(np.fmin(low, found[0])), float(np.fmax(high, found[1]))
        lows = [pen.info.low for pen in axis.pens if pen.info.low is not None]
        highs = [pen.info.high for pen in axis.pens if pen.info.high is not None]
        decimals = [pen.info.decimals for pen in axis.pens if pen.info.decimals is not None]
        return auto_scale(
            low,
            high,
            most,
            range_low=min(lows, default=None),
            range_high=max(highs, default=None),
            previous=self.model.scales.get(key),
            smallest=20 * 10.0 ** -max(decimals) if decimals else 0.0,
        )

    def _cache(self, pen: TrendPen) -> ColumnCache:
        return self.caches.setdefault(pen.name, ColumnCache())

    # Panes.

    def _pane_curves(self, pane: Pane, rect: QRectF) -> None:
        painter, model = self.painter, self.model
        painter.save()
        painter.setClipRect(rect.adjusted(1, 1, -1, -1))
        drawn: list[tuple[TrendPen, ValueMap]] = []
        labels: list[QRectF] = []
        for axis in pane.axes:
            values = self.geometry.values(model, pane, axis, rect)
            if values is None:
                continue
            for pen in axis.pens:
                self._limits(pen, values, rect, labels)
                drawn.append((pen, values))
        drawn.sort(key=lambda item: (item[0] is model.selected, not item[0].dashed))
        self._strokes(drawn)
        for pen, _values in drawn:
            self.knowledge.uncertain(pen, rect)
        painter.restore()
        for pen, values in drawn:
            self._last_dot(pen, values, rect)
        self._now_line(rect)
        pens = [pen for pen, _values in drawn]
        self.knowledge.thinned(pens, rect)
        self.knowledge.labels(pens, rect)

    def _strokes(self, drawn: Sequence[tuple[TrendPen, ValueMap]]) -> None:
        """Curves back to front. Columns are made first, so that covered ones are left out."""
        now_ns = self.model.now_ns
        made: list[tuple[TrendPen, ValueMap, StrokeStyle, Strokes | None]] = []
        for pen, values in drawn:
            color = theme().pen_color(pen.color)
            style = StrokeStyle(color, pen is self.model.selected, pen.dashed, pen.step)
            columns = None
            if is_dense(pen.curve, self.time, values, self.knowledge.holes(pen)):
                columns = column_strokes(
                    pen.curve,
                    self._cache(pen),
                    self.time,
                    values,
                    style,
                    self.knowledge.holes(pen),
                    now_ns,
                )
            made.append((pen, values, style, columns))
        hide_covered([columns for *_rest, columns in made if columns is not None])
        for pen, values, style, columns in made:
            if columns is not None:
                columns.draw(self.painter)
            else:
                draw_samples(
                    self.painter,
                    pen.curve,
                    self.time,
                    values,
                    style,
                    self.knowledge.holes(pen),
                    now_ns,
                )

    def _limits(self, pen: TrendPen, values: ValueMap, rect: QRectF, labels: list[QRectF]) -> None:
        """The limits that the tag sheet tells; `labels`: of this pane so far. A name that would
        stand in another one is left out, its line is not."""
        for name, number in pen.info.limits.items():
            if not values.scale.low <= number <= values.scale.high:
                continue
            y = math.floor(values.y(number)) + 0.5
            line = QPen(theme().color("uncertain"), 1)
            line.setDashPattern([2, 4])
            self.painter.setPen(line)
            self.painter.drawLine(QLineF(rect.left(), y, rect.right(), y))
            text = f"{name} {format_value(number, pen.info, number_style())}"
            self.painter.setFont(theme().font(11))
            width = self.painter.fontMetrics().horizontalAdvance(text) + theme().px(6)
            height = self.painter.fontMetrics().height()
            top = y - height if y - height > rect.top() else y + 1
            label = QRectF(rect.right() - width - theme().px(20), top, width, height - 1)
            if any(label.intersects(other) for other in labels):
                continue
            labels.append(label)
            self.painter.fillRect(label, theme().color("plot"))
            self.painter.setPen(theme().color("uncertain"))
            self.painter.drawText(label, _CENTER, text)

    def _last_dot(self, pen: TrendPen, values: ValueMap, rect: QRectF) -> None:
        """Filled at the present while live; hollow where knowledge ended."""
        latest = pen.curve.latest()
        if latest is None or latest.value is None:
            return
        is_live = pen.curve.is_live and not self.model.is_stale
        time_ns = max(latest.time_ns, self.model.now_ns) if is_live else latest.time_ns
        open_hole = next((hole for hole in self.knowledge.holes(pen) if hole.end_ns == OPEN), None)
        if open_hole is not None:
            time_ns = max(open_hole.start_ns, latest.time_ns)
        x, y = self.time.x(time_ns), values.y(latest.value)
        if not rect.left() <= x <= rect.right() + 1 or not rect.top() <= y <= rect.bottom():
            return
        color = theme().pen_color(pen.color)
        marker(
            self.painter, QPointF(x, y), theme().px(2.4), color,
            color if is_live else theme().color("plot"),
        )  # fmt: skip

    def _now_line(self, rect: QRectF) -> None:
        x = math.floor(self.time.x(self.model.now_ns)) + 0.5
        if rect.left() < x < rect.right():
            pen = QPen(theme().color("strong"), 1)
            pen.setDashPattern([1, 3])
            self.painter.setPen(pen)
            self.painter.drawLine(QLineF(x, rect.top(), x, rect.bottom()))

    # Lanes and ribbon.

    def _lane(self, pen: TrendPen, rect: QRectF) -> None:
        px, painter = theme().px, self.painter
        painter.fillRect(rect, theme().color("plot"))
        self.knowledge.hatch_lane(pen, rect)
        painter.save()
        painter.setClipRect(rect.adjusted(1, 0, -1, 0))
        draw_lane(
            painter, pen, self._cache(pen), self.time, rect, self.knowledge.holes(pen), self.model.now_ns,
            selected=pen is self.model.selected,
        )  # fmt: skip
        painter.restore()
        self.knowledge.thinned([pen], rect, words=False)
        painter.setFont(theme().font(11, 600 if pen is self.model.selected else 500))
        painter.setPen(theme().color("text"))
        room = int(rect.left() - px(10))
        name = painter.fontMetrics().elidedText(pen.lane_label, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRectF(px(4), rect.top(), room, rect.height()), _RIGHT, name)
        latest = pen.curve.latest()
        if latest is not None:
            text = format_value(pen.value_of(latest.value), pen.info, number_style())
            painter.setFont(theme().font(11, 500))
            room = int(rect.left() - px(10))
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(
                QRectF(rect.right() + px(8), rect.top(), room, rect.height()), _LEFT, text
            )

    def _lane_frame(self) -> None:
        if not self.geometry.lanes:
            return
        self.ground.frame(self.geometry.lane_box)
        self.painter.setPen(QPen(theme().color("grid_major"), 1))
        for _pen, rect in self.geometry.lanes[1:]:
            y = rect.top() + 0.5
            self.painter.drawLine(QLineF(rect.left() + 1, y, rect.right() - 1, y))
