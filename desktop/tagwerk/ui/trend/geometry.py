"""Where the parts of a trend are: event lane, panes, lanes, ribbon, time axis. No painting."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.items import Axis, Pane, TrendPen
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.strokes import TimeMap, ValueMap

FIRST_PANE = 1.55
"""The first pane is that much higher than the others."""


@dataclass(slots=True)
class Geometry:
    """All rectangles in the widget's own pixels."""

    events: QRectF
    panes: list[tuple[Pane, QRectF]]
    lanes: list[tuple[TrendPen, QRectF]]
    lane_box: QRectF
    ribbon: QRectF
    axis: QRectF
    time: TimeMap
    width: int
    height: int

    @property
    def plot(self) -> QRectF:
        """From the first pane's top to the last lane's bottom."""
        top = self.panes[0][1].top() if self.panes else self.lane_box.top()
        bottom = self.lane_box.bottom() if self.lanes else self.panes[-1][1].bottom()
        return QRectF(self.axis.left(), top, self.axis.width(), bottom - top)

    def pane_at(self, point: QPointF) -> tuple[Pane, QRectF] | None:
        """The pane on the same height, also left and right of it."""
        for pane, rect in self.panes:
            if rect.top() <= point.y() <= rect.bottom():
                return pane, rect
        return None

    def axis_at(self, point: QPointF) -> tuple[Pane, Axis, QRectF] | None:
        """The value axis under a point."""
        found = self.pane_at(point)
        if found is None:
            return None
        pane, rect = found
        if point.x() < rect.left():
            return pane, pane.left, rect
        if point.x() > rect.right() and pane.right is not None:
            return pane, pane.right, rect
        return None

    def values(self, model: TrendModel, pane: Pane, axis: Axis, rect: QRectF) -> ValueMap | None:
        """Value to y on an axis; None before it has a scale."""
        scale = model.scales.get(model.scale_key(pane, axis))
        return None if scale is None else ValueMap(scale, rect.top() + 1, rect.height() - 2)


def measure(
    model: TrendModel, width: float, height: float, ratio: float, *, coarse: int = 1
) -> Geometry:
    """Lay out for a size in pixels; `ratio` and `coarse` as in `TimeMap`."""
    px = theme().px
    left = right = _margin(model)
    plot_width = max(width - left - right, 20.0)
    lane_height = px(24)
    arrangement = model.arrangement
    lanes_height = len(arrangement.lanes) * lane_height
    gap = px(6)
    top = float(px(24))
    axis_height, ribbon_height = px(32), px(12)
    bottom = height - axis_height - ribbon_height - px(7)
    panes = arrangement.panes
    if not panes and not arrangement.lanes:
        panes = [Pane(0, Axis("", left=True))]
    room = bottom - top - (lanes_height + gap if lanes_height else 0) - gap * (len(panes) - 1)
    weights = [FIRST_PANE if not index else 1.0 for index in range(len(panes))]
    placed: list[tuple[Pane, QRectF]] = []
    y = top
    for pane, weight in zip(panes, weights, strict=True):
        share = max(round(room * weight / sum(weights)), 24)
        placed.append((pane, QRectF(left, y, plot_width, share)))
        y += share + gap
    box = QRectF(left, y, plot_width, lanes_height)
    lanes = [
        (pen, QRectF(left, y + index * lane_height, plot_width, lane_height))
        for index, pen in enumerate(arrangement.lanes)
    ]
    ribbon = QRectF(left, bottom + px(7), plot_width, ribbon_height)
    axis = QRectF(left, ribbon.bottom(), plot_width, axis_height)
    # Even, so that on a screen twice as fine a pixel is two columns and what is drawn can scroll.
    pixel_ns = max(round(model.span_ns / plot_width / 2) * 2, 2)
    # On whole pixels of absolute time: what scrolls moves by whole pixels and does not shimmer.
    left_ns = model.left_ns // pixel_ns * pixel_ns
    time = TimeMap(left_ns, pixel_ns, float(left), float(plot_width), ratio, coarse)
    return Geometry(
        QRectF(left, 0, plot_width, top - px(2)), placed, lanes, box, ribbon, axis, time,
        int(width), int(height),
    )  # fmt: skip


def _margin(model: TrendModel) -> int:
    """Room for the longest number of an axis with its unit beside; at least the design's."""
    px, width = theme().px, theme().width
    style = number_style()
    labels = [
        width(scale.text(number, style), 11)
        for scale in model.scales.values()
        for number in (scale.low, scale.high, scale.low + scale.step)
    ]
    units = [width(axis.unit, 11, 600) for pane in model.arrangement.panes for axis in pane.axes]
    unit = min(max([px(18), *units]), px(44))
    wanted = px(6) + unit + px(8) + max(labels, default=0.0) + px(6)
    return max(px(58), -(-round(wanted) // 4) * 4)
