"""The ground of a trend: grid, frames, value axes with their units, limits, time axis.

Drawn by `Backdrop` below and around the curves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from tagwerk.domain.text import format_value
from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import TimeTick
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.items import Axis, Pane, TrendPen
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.strokes import ValueMap

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

    def still(self) -> None:
        """All that no time moves: plain ground inside and outside of the panes, value axes."""
        self._fill_around()
        for pane, rect in self.geometry.panes:
            self.painter.fillRect(rect, theme().color("plot"))
            for axis in pane.axes:
                self._value_axis(pane, axis, rect)

    def _fill_around(self) -> None:
        """The ground outside of the panes, which fill theirs: large areas cost most of all."""
        painter, width, height = self.painter, self.geometry.width, self.geometry.height
        top = 0
        ground = theme().color("panel")
        for _pane, rect in self.geometry.panes:
            box = rect.toAlignedRect()
            painter.fillRect(0, top, width, box.top() - top, ground)
            painter.fillRect(0, box.top(), box.left(), box.height(), ground)
            right = box.left() + box.width()
            painter.fillRect(right, box.top(), width - right, box.height(), ground)
            top = box.top() + box.height()
        painter.fillRect(0, top, width, height - top, ground)

    def grid(self, pane: Pane, rect: QRectF, ticks: Sequence[TimeTick]) -> None:
        """The stretch between the cursors, and lines at the ticks."""
        painter = self.painter
        span = self.model.cursor_span
        if span is not None:
            left, right = (min(max(self.time.x(time), rect.left()), rect.right()) for time in span)
            if right > left:
                between = QRectF(left, rect.top(), right - left, rect.height())
                painter.fillRect(between, theme().color("panel"))
        pens = [QPen(theme().color(role), 0) for role in ("grid_minor", "grid_major")]
        for tick in ticks:
            x = math.floor(self.time.x(tick.time_ns)) + 0.5
            painter.setPen(pens[tick.strong])
            painter.drawLine(QLineF(x, rect.top(), x, rect.bottom()))
        ruling = pane.left if pane.left.pens or pane.right is None else pane.right
        values = self.geometry.values(self.model, pane, ruling, rect)
        if values is not None:
            painter.setPen(QPen(theme().color("grid_major"), 0))
            for number in values.scale.ticks():
                y = math.floor(values.y(number)) + 0.5
                painter.drawLine(QLineF(rect.left(), y, rect.right() - 1, y))

    def frame(self, rect: QRectF) -> None:
        """Round a pane or the lanes, over what lies on their ground."""
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

    def limits(self, pane: Pane, rect: QRectF) -> None:
        """The limits that the tag sheet tells. A name that would stand in another one is left out,
        its line is not."""
        labels: list[QRectF] = []
        for axis in pane.axes:
            values = self.geometry.values(self.model, pane, axis, rect)
            for pen in axis.pens:
                if values is not None and pen.info.limits:
                    self._limits_of(pen, values, rect, labels)

    def _limits_of(
        self, pen: TrendPen, values: ValueMap, rect: QRectF, labels: list[QRectF]
    ) -> None:
        """`labels`: those of the pane so far."""
        self.painter.save()
        self.painter.setClipRect(rect.adjusted(1, 1, -1, -1))
        for name, number in pen.info.limits.items():
            if not values.scale.low <= number <= values.scale.high:
                continue
            y = math.floor(values.y(number)) + 0.5
            line = QPen(theme().color("uncertain"), 1)
            line.setDashPattern([2, 4])
            self.painter.setPen(line)
            self.painter.drawLine(QLineF(rect.left(), y, rect.right() - 1, y))
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
        self.painter.restore()

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
