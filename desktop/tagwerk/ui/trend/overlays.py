"""What lies over a trend: alarm and write marks, cursors with their box, the log's progress.

Drawn by `TrendPainter` after the curves, the marks by `Backdrop` before them; reads the model,
changes nothing.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import clock_text
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.model import Mark, TrendModel
from tagwerk.ui.trend.readout import CursorBox, cursor_box
from tagwerk.ui.trend.strokes import marker

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Overlays:
    """One painting of what lies over one trend."""

    def __init__(self, painter: QPainter, model: TrendModel, geometry: Geometry) -> None:
        self.painter = painter
        self.model = model
        self.geometry = geometry
        self.time = geometry.time

    def draw(self) -> None:
        """Cursors, and how far the log is read."""
        self._cursors()
        if self.model.loading is not None:
            self._loading_box()

    def cursor_labels(self) -> list[QRectF]:
        """Places of the cursors' times on the axis: other labels keep clear of them."""
        if not self.model.cursors_on:
            return []
        rect, px = self.geometry.axis, theme().px
        areas: list[QRectF] = []
        for index, time_ns in enumerate(self.model.cursors):
            if time_ns is None:
                continue
            x = self.time.x(time_ns)
            if rect.left() <= x <= rect.right():
                text = f"{'AB'[index]} {clock_text(time_ns, millis=True)}"
                width = theme().width(text, 11, 600) + px(10)
                left = min(max(x - width / 2, 0), rect.right() + rect.left() - width)
                area = QRectF(left, rect.top() + px(5), width, px(18))
                if areas and area.intersects(areas[-1]):
                    area.moveLeft(areas[-1].right() + px(2))
                areas.append(area)
        return areas

    # Marks.

    def mark_lines(self, top: float, bottom: float) -> None:
        """Dotted for alarms, dashed for writes."""
        alarm, write = QPen(theme().color("strong"), 1), QPen(theme().color("accent"), 1)
        alarm.setDashPattern([1, 3])
        write.setDashPattern([3, 3])
        for mark in self.shown_marks():
            x = math.floor(self.time.x(mark.time_ns)) + 0.5
            self.painter.setPen(alarm if mark.is_alarm else write)
            self.painter.drawLine(QLineF(x, top, x, bottom))
        moment = self.model.moment_ns
        if moment is not None:
            x = math.floor(self.time.x(moment)) + 0.5
            if self.geometry.axis.left() <= x <= self.geometry.axis.right():
                self.painter.setPen(QPen(theme().color("text"), 1))
                self.painter.drawLine(QLineF(x, top, x, bottom))

    def shown_marks(self) -> list[Mark]:
        """Those in view of a kind that is on."""
        model = self.model
        return [
            mark
            for mark in model.marks
            if (model.alarms_on if mark.is_alarm else model.writes_on)
            and self.time.left_ns <= mark.time_ns <= self.time.right_ns
        ]

    def marks(self) -> None:
        """Flags and triangles from left to right; where they collide, a count."""
        rect, px, painter = self.geometry.events, theme().px, self.painter
        painter.setFont(theme().font(11, 600))
        free = rect.left()
        for mark, x, hidden in self._shown_apart(px(14)):
            self._flag(mark.color, x) if mark.is_alarm else self._triangle(x)
            if mark.text:
                color = "text" if mark.is_alarm else "accent"
                width = theme().width(mark.text, 11, 600)
                left = x - px(10) - width
                if left >= free:
                    painter.setPen(theme().color(color))
                    painter.drawText(
                        QRectF(left, rect.top(), width + 2, rect.height()), _LEFT, mark.text
                    )
            free = x + px(10)
            if hidden:
                area = QRectF(x + px(9), rect.top(), px(24), rect.height())
                painter.fillRect(area, theme().color("panel"))
                painter.setPen(theme().color("text"))
                painter.drawText(area, _LEFT, f"+{hidden}")
                free = area.right()

    def _shown_apart(self, least: float) -> list[tuple[Mark, float, int]]:
        """Marks from left to right that stand `least` pixels apart: where, and how many more
        would stand in the way of the next."""
        apart: list[tuple[Mark, float, int]] = []
        last = -math.inf
        for mark in sorted(self.shown_marks(), key=lambda mark: mark.time_ns):
            x = self.time.x(mark.time_ns)
            if x - last < least:
                shown, at, hidden = apart[-1]
                apart[-1] = (shown, at, hidden + 1)
            else:
                apart.append((mark, x, 0))
                last = x
        return apart

    def _flag(self, color: str, x: float) -> None:
        px = theme().px
        top, half, height = self.geometry.events.top() + px(3), px(7), px(14)
        path = QPainterPath(QPointF(x - half, top))
        for point in (
            QPointF(x + half, top),
            QPointF(x + half, top + height - px(5)),
            QPointF(x, top + height),
            QPointF(x - half, top + height - px(5)),
        ):
            path.lineTo(point)
        path.closeSubpath()
        self._fill(path, QColor(color) if color else theme().color("bad"))

    def _triangle(self, x: float) -> None:
        px = theme().px
        top, half = self.geometry.events.top() + px(5), px(6)
        path = QPainterPath(QPointF(x - half, top))
        path.lineTo(x + half, top)
        path.lineTo(x, top + px(11))
        path.closeSubpath()
        self._fill(path, theme().color("accent_fill"), outline=False)

    def _fill(self, path: QPainterPath, color: QColor, *, outline: bool = True) -> None:
        painter = self.painter
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("text2"), 1) if outline else Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPath(path)
        painter.restore()

    # Cursors.

    def _cursors(self) -> None:
        model, painter, px = self.model, self.painter, theme().px
        if not model.cursors_on:
            return
        plot = self.geometry.plot
        labels = self.cursor_labels()
        ink, ground = theme().color("text"), theme().color("plot")
        shown = 0
        for index, time_ns in enumerate(model.cursors):
            if time_ns is None:
                continue
            x = math.floor(self.time.x(time_ns)) + 0.5
            if not self.geometry.axis.left() <= x <= self.geometry.axis.right():
                continue
            painter.setPen(QPen(ink, 1.6 if index == model.active else 1))
            painter.drawLine(QLineF(x, plot.top(), x, self.geometry.axis.top() + px(5)))
            self._cursor_dot(time_ns, x)
            area = labels[shown]
            shown += 1
            painter.fillRect(area, ink)
            painter.setFont(theme().font(11, 600))
            painter.setPen(ground)
            text = f"{'AB'[index]} {clock_text(time_ns, millis=True)}"
            painter.drawText(area, _CENTER, text)
        box = cursor_box(model, self.geometry)
        if box is not None:
            self._cursor_box(box)

    def _cursor_dot(self, time_ns: int, x: float) -> None:
        pen = self.model.selected
        if pen is None or not pen.visible:
            return
        for pane, rect in self.geometry.panes:
            for axis in pane.axes:
                values = self.geometry.values(self.model, pane, axis, rect)
                if pen not in axis.pens or values is None:
                    continue
                reading = pen.curve.value_at(time_ns)
                if reading is not None and reading.value is not None:
                    at = QPointF(x, values.y(reading.value))
                    color = theme().pen_color(pen.color)
                    marker(self.painter, at, theme().px(4), color, theme().color("plot"))

    def _cursor_box(self, box: CursorBox) -> None:
        painter, px = self.painter, theme().px
        painter.setPen(QPen(theme().color("text"), 1))
        painter.drawLine(box.arrow)
        for tip, way in ((box.arrow.p1(), 1), (box.arrow.p2(), -1)):
            head = QPolygonF(
                [
                    tip,
                    QPointF(tip.x() + way * 5, tip.y() - 3),
                    QPointF(tip.x() + way * 5, tip.y() + 3),
                ]
            )
            painter.setBrush(theme().color("text"))
            painter.drawPolygon(head)
        painter.setBrush(theme().color("base"))
        painter.setPen(QPen(theme().color("text"), 1))
        painter.drawRect(box.rect.adjusted(0.5, 0.5, -0.5, -0.5))
        height = (box.rect.height() - px(8)) / len(box.lines)
        for index, (name, text) in enumerate(box.lines):
            area = QRectF(
                box.rect.left() + px(9), box.rect.top() + px(4) + index * height,
                box.rect.width() - px(18), height,
            )  # fmt: skip
            painter.setFont(theme().font(11))
            painter.setPen(theme().color("text2"))
            painter.drawText(area, _LEFT, name)
            painter.setFont(theme().font(12, 600))
            painter.setPen(theme().color("text"))
            painter.drawText(area, _RIGHT, text)

    def _loading_box(self) -> None:
        """Over the stretch that is being read."""
        loading, px, painter = self.model.loading, theme().px, self.painter
        assert loading is not None  # noqa: S101 - the caller looked
        panes = self.geometry.panes
        rect = panes[0][1] if panes else self.geometry.plot  # lanes only
        title = tr("Reading the log")
        text = tr(
            "{done} of {total} pens, {seconds} s",
            done=loading.done,
            total=loading.total,
            seconds=round(loading.seconds),
        )
        width = max(
            theme().metrics(12, 600).horizontalAdvance(title),
            theme().metrics(11).horizontalAdvance(text),
        )
        box = QRectF(rect.left() + px(24), rect.center().y() - px(22), width + px(24), px(44))
        if box.right() > rect.right() or box.height() > rect.height():
            return
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(theme().color("base"))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        inner = box.adjusted(px(10), px(5), -px(10), -px(5))
        painter.setFont(theme().font(12, 600))
        painter.setPen(theme().color("text"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(theme().font(11))
        painter.setPen(theme().color("text2"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)
