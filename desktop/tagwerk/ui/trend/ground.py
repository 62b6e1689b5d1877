"""The ground of a trend: grid, frames, value axes with their units, time axis.

Drawn by `TrendPainter` below and around the curves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import TimeTick
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.items import Axis, Pane
from tagwerk.ui.trend.model import TrendModel

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Ground:
    """One painting of the ground of one trend."""

    def __init__(self, painter: QPainter, model: TrendModel, geometry: Geometry) -> None:
        self.painter = painter
        self.model = model
        self.geometry = geometry
        self.time = geometry.time

    def grid(self, pane: Pane, rect: QRectF, ticks: Sequence[TimeTick]) -> None:
        """Plain ground, the stretch between the cursors, and lines at the ticks."""
        painter = self.painter
        painter.fillRect(rect, theme().color("plot"))
        span = self.model.cursor_span
        if span is not None:
            left, right = (min(max(self.time.x(time), rect.left()), rect.right()) for time in span)
            if right > left:
                between = QRectF(left, rect.top(), right - left, rect.height())
                painter.fillRect(between, theme().color("panel"))
        painter.setPen(QPen(theme().color("grid_minor"), 0))
        for tick in ticks:
            x = math.floor(self.time.x(tick.time_ns)) + 0.5
            painter.setPen(QPen(theme().color("grid_major" if tick.strong else "grid_minor"), 0))
            painter.drawLine(QLineF(x, rect.top(), x, rect.bottom()))
        ruling = pane.left if pane.left.pens or pane.right is None else pane.right
        values = self.geometry.values(self.model, pane, ruling, rect)
        if values is not None:
            painter.setPen(QPen(theme().color("grid_major"), 0))
            for number in values.scale.ticks():
                y = math.floor(values.y(number)) + 0.5
                painter.drawLine(QLineF(rect.left(), y, rect.right(), y))

    def axes(self, pane: Pane, rect: QRectF) -> None:
        """Frame and value axes of a pane, over what lies on its ground."""
        self.frame(rect)
        for axis in pane.axes:
            self._value_axis(pane, axis, rect)

    def frame(self, rect: QRectF) -> None:
        self.painter.setPen(QPen(theme().color("border"), 1))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))

    def _value_axis(self, pane: Pane, axis: Axis, rect: QRectF) -> None:
        if not axis.pens:
            return
        px, painter = theme().px, self.painter
        values = self.geometry.values(self.model, pane, axis, rect)
        if values is None:
            return
        painter.setFont(theme().font(11))
        painter.setPen(theme().color("text2"))
        height = painter.fontMetrics().height()
        outer = rect.left() if axis.left else rect.right()
        widest = 0.0
        for number in values.scale.ticks():
            y = values.y(number)
            text = values.scale.text(number, number_style())
            widest = max(widest, painter.fontMetrics().horizontalAdvance(text))
            top = min(max(y - height / 2, rect.top() - 2), rect.bottom() - height + 3)
            if axis.left:
                area = QRectF(0, top, outer - px(6), height)
                painter.drawText(area, _RIGHT, text)
            else:
                line = math.floor(y) + 0.5
                painter.setPen(QPen(theme().color("strong"), 1))
                painter.drawLine(QLineF(outer, line, outer + px(4), line))
                painter.setPen(theme().color("text2"))
                painter.drawText(QRectF(outer + px(8), top, px(70), height), _LEFT, text)
        self._unit(axis, rect, outer, widest)

    def _unit(self, axis: Axis, rect: QRectF, outer: float, labels: float) -> None:
        """The unit with the pens as dashes below it."""
        px, painter = theme().px, self.painter
        painter.setFont(theme().font(11, 600))
        painter.setPen(theme().color("text"))
        metrics = painter.fontMetrics()
        # Both margins are equally wide: the left one is what is left of the pane.
        room = int(rect.left() - labels - px(14))
        text = metrics.elidedText(axis.unit, Qt.TextElideMode.ElideRight, max(room, px(22)))
        width = max(metrics.horizontalAdvance(text), px(18))
        x = px(6) if axis.left else outer + rect.left() - px(6) - width
        middle = rect.center().y()
        height = metrics.height()
        painter.drawText(QRectF(x, middle - height - px(2), width, height), _CENTER, text)
        dash, gap = px(8), px(2)
        pens = axis.pens[:6]
        columns = 2
        for index, pen in enumerate(pens):
            row, column = divmod(index, columns)
            used = min(len(pens) - row * columns, columns)
            start = x + (width - used * dash - (used - 1) * gap) / 2
            painter.fillRect(
                QRectF(start + column * (dash + gap), middle + px(3) + row * px(5), dash, px(3)),
                theme().pen_color(pen.color),
            )

    def most_time_ticks(self) -> int:
        return max(2, int(self.time.width / theme().px(110)))

    def time_axis(self, ticks: Sequence[TimeTick], taken: list[QRectF]) -> None:
        """Labels below all panes; `taken` are places that are none of theirs."""
        painter, rect, px = self.painter, self.geometry.axis, theme().px
        top = rect.top() + px(5)
        for tick in sorted(ticks, key=lambda tick: not tick.strong):
            painter.setFont(theme().font(11, 600 if tick.strong else 400))
            width = painter.fontMetrics().horizontalAdvance(tick.text)
            x = self.time.x(tick.time_ns)
            if not rect.left() <= x <= rect.right():
                continue
            line = math.floor(x) + 0.5
            painter.setPen(QPen(theme().color("strong"), 1))
            painter.drawLine(QLineF(line, rect.top() + 1, line, rect.top() + px(5)))
            area = QRectF(x - width / 2, top, width, px(18))
            space = area.adjusted(-px(6), 0, px(6), 0)
            if area.left() < 0 or any(space.intersects(other) for other in taken):
                continue
            taken.append(area)
            painter.setPen(theme().color("text" if tick.strong else "text2"))
            painter.drawText(area, _CENTER, tick.text)
