"""Draws one trend into a painter: on the screen by `TrendView`, into a picture by the export.

Reads the model and the curves, changes nothing but the model's scales.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

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
)
from tagwerk.ui.trend.backdrop import Backdrop, KeptBackdrop
from tagwerk.ui.trend.column_strokes import Strokes, column_strokes, hide_covered
from tagwerk.ui.trend.columns import ColumnCache, visible_extremes
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.ground import Ground
from tagwerk.ui.trend.items import Axis, Pane, TrendPen
from tagwerk.ui.trend.kept_bars import BarCache
from tagwerk.ui.trend.knowledge import Knowledge
from tagwerk.ui.trend.lanes import draw_lane
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.overlays import Overlays
from tagwerk.ui.trend.strokes import StrokeStyle, ValueMap, dot, draw_samples, is_dense

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class PenCache:
    """What is kept of one curve from picture to picture."""

    columns: ColumnCache = field(default_factory=ColumnCache)
    bars: BarCache = field(default_factory=BarCache)


Caches = dict[str, PenCache]


class TrendPainter:
    """One painting of one trend.

    Args:
        caches: by tag name, kept by the caller between paintings.
        kept: images of what lies below the curves, kept by the caller; None draws it anew.
    """

    def __init__(
        self,
        painter: QPainter,
        model: TrendModel,
        geometry: Geometry,
        caches: Caches,
        kept: KeptBackdrop | None = None,
    ) -> None:
        self.painter = painter
        self.model = model
        self.geometry = geometry
        self.caches = caches
        self.kept = kept
        self.time = geometry.time
        self.overlays = Overlays(painter, model, geometry)
        self.ground = Ground(painter, model, geometry)
        self.knowledge = Knowledge(painter, model, geometry)

    def paint(self) -> None:
        """Everything, back to front."""
        self._find_scales()
        backdrop = Backdrop(self.model, self.geometry, self.knowledge)
        if self.kept is None:
            backdrop.draw(self.painter)
        else:
            self.kept.draw(self.painter, backdrop)
        self._lanes()
        for pane, rect in self.geometry.panes:
            self._pane_curves(pane, rect)
        self.knowledge.ribbon()
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
            found = visible_extremes(pen.curve, self._cache(pen).columns, self.time)
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

    def _cache(self, pen: TrendPen) -> PenCache:
        found = self.caches.get(pen.name)
        if found is None:
            found = self.caches[pen.name] = PenCache()
        return found

    # Panes.

    def _pane_curves(self, pane: Pane, rect: QRectF) -> None:
        painter, model = self.painter, self.model
        painter.save()
        painter.setClipRect(rect.adjusted(1, 1, -1, -1))
        drawn: list[tuple[TrendPen, ValueMap]] = []
        for axis in pane.axes:
            values = self.geometry.values(model, pane, axis, rect)
            if values is not None:
                drawn += [(pen, values) for pen in axis.pens]
        drawn.sort(key=lambda item: (item[0] is model.selected, not item[0].dashed))
        self._strokes(drawn)
        for pen, _values in drawn:
            self.knowledge.uncertain(pen, rect)
        painter.restore()
        self._last_dots(drawn, rect)
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
                cache = self._cache(pen)
                columns = column_strokes(
                    pen.curve,
                    cache.columns,
                    self.time,
                    values,
                    style,
                    self.knowledge.holes(pen),
                    now_ns,
                    cache.bars,
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

    def _last_dots(self, drawn: Sequence[tuple[TrendPen, ValueMap]], rect: QRectF) -> None:
        """Filled at the present while live; hollow where knowledge ended."""
        painter, radius = self.painter, theme().px(2.4)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen, values in drawn:
            at = self._end_of(pen, values)
            if at is None:
                continue
            x, y = at
            if rect.left() <= x <= rect.right() + 1 and rect.top() <= y <= rect.bottom():
                color = theme().pen_color(pen.color)
                fill = color if self._is_live(pen) else theme().color("plot")
                dot(painter, QPointF(x, y), radius, color, fill)
        painter.restore()

    def _is_live(self, pen: TrendPen) -> bool:
        return pen.curve.is_live and not self.model.is_stale

    def _end_of(self, pen: TrendPen, values: ValueMap) -> tuple[float, float] | None:
        """Where the newest value ends: now, or where knowledge ended; None when it is unusable."""
        latest = pen.curve.latest()
        if latest is None or latest.value is None:
            return None
        time_ns = max(latest.time_ns, self.model.now_ns) if self._is_live(pen) else latest.time_ns
        open_hole = next((hole for hole in self.knowledge.holes(pen) if hole.end_ns == OPEN), None)
        if open_hole is not None:
            time_ns = max(open_hole.start_ns, latest.time_ns)
        return self.time.x(time_ns), values.y(latest.value)

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
            painter, pen, self._cache(pen).columns, self.time, rect, self.knowledge.holes(pen), self.model.now_ns,
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

    def _lanes(self) -> None:
        """Their ground is drawn anew each time, and so are the lines of marks on it."""
        if not self.geometry.lanes:
            return
        for pen, rect in self.geometry.lanes:
            self._lane(pen, rect)
        self._lane_frame()
        box = self.geometry.lane_box
        self.overlays.mark_lines(box.top(), box.bottom())

    def _lane_frame(self) -> None:
        self.ground.frame(self.geometry.lane_box)
        self.painter.setPen(QPen(theme().color("grid_major"), 1))
        for _pen, rect in self.geometry.lanes[1:]:
            y = rect.top() + 0.5
            self.painter.drawLine(QLineF(rect.left() + 1, y, rect.right() - 1, y))
