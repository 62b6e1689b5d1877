"""Draws one trend into a painter: on the screen by `TrendView`, into a picture by the export.

Reads the model and the curves, changes nothing but the model's scales.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from tagwerk.domain.message import Message, message
from tagwerk.domain.text import format_value
from tagwerk.domain.values import QualityLevel
from tagwerk.store.trends import NOT_READ, OPEN, Hole, Source
from tagwerk.ui.i18n import number_style, tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import (
    Scale,
    TimeTick,
    auto_scale,
    duration_text,
    fixed_scale,
    time_step,
    time_ticks,
)
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.items import Axis, Pane, TrendPen
from tagwerk.ui.trend.lanes import draw_lane
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.overlays import Overlays
from tagwerk.ui.trend.strokes import (
    ColumnCache,
    StrokeStyle,
    ValueMap,
    draw_curve,
    marker,
    visible_extremes,
)
from tagwerk.ui.widgets.numbers import Mark as QualityMark
from tagwerk.ui.widgets.numbers import draw_hatch, draw_mark

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

Caches = dict[str, ColumnCache]

_CAUSES = {
    "not_logged": message("not logged"),
    "left_out": message("the log did not answer"),
    "schema_lacks_field": message("this server has no log interface"),
    "right_missing": message("no right to read the log"),
    "not_known_yet": message("the log is not known yet"),
}
"""Codes that the plant gives as cause."""


def cause_text(cause: Message) -> str:
    """A hole's cause or note in the user's language."""
    return tr_message(_CAUSES.get(cause.template, cause))


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
        self._holes: dict[str, list[Hole]] = {}

    def paint(self) -> None:
        """Everything, back to front."""
        self._find_scales()
        ticks = time_ticks(
            self.time.left_ns,
            self.time.right_ns,
            time_step(self.time.right_ns - self.time.left_ns, self._most_time_ticks()),
        )
        for pane, rect in self.geometry.panes:
            self._pane_ground(pane, rect, ticks)
        for pen, rect in self.geometry.lanes:
            self._lane(pen, rect)
        self._lane_frame()
        self.overlays.draw_mark_lines()
        for pane, rect in self.geometry.panes:
            self._pane_curves(pane, rect)
        self._ribbon()
        self._time_axis(ticks)
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

    def holes(self, pen: TrendPen) -> list[Hole]:
        """Holes of a curve in view, in order; found once a painting."""
        found = self._holes.get(pen.name)
        if found is None:
            right = min(self.time.right_ns, max(self.model.now_ns, self.time.left_ns + 1))
            found = self._holes[pen.name] = pen.curve.holes(self.time.left_ns, right)
        return found

    # Panes.

    def _pane_ground(self, pane: Pane, rect: QRectF, ticks: Sequence[TimeTick]) -> None:
        painter = self.painter
        painter.fillRect(rect, theme().color("plot"))
        span = self.model.cursor_span
        if span is not None:
            left, right = (self._inside(self.time.x(time), rect) for time in span)
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
        self._hatches([pen for axis in pane.axes for pen in axis.pens], rect)
        self._frame(rect)
        for axis in pane.axes:
            self._value_axis(pane, axis, rect)

    def _frame(self, rect: QRectF) -> None:
        self.painter.setPen(QPen(theme().color("border"), 1))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))

    def _inside(self, x: float, rect: QRectF) -> float:
        return min(max(x, rect.left()), rect.right())

    def _hole_edges(self, hole: Hole, rect: QRectF) -> tuple[float, float]:
        end_ns = min(hole.end_ns, max(self.model.now_ns, hole.start_ns))
        left = self._inside(math.floor(self.time.x(hole.start_ns)), rect)
        right = self._inside(math.ceil(self.time.x(end_ns)), rect)
        return left, max(right, min(left + 1, rect.right()))

    def _hatches(self, pens: Sequence[TrendPen], rect: QRectF) -> None:
        """Hatch where no pen is known over the whole height, else a strip at the bottom."""
        visible = [pen for pen in pens if pen.visible]
        everywhere = common_holes([self.holes(pen) for pen in visible])
        for hole in everywhere:
            left, right = self._hole_edges(hole, rect)
            draw_hatch(self.painter, QRectF(left, rect.top(), right - left, rect.height()))
        strip = theme().px(7)
        y = rect.bottom() - strip
        for pen in visible:
            partly = [hole for hole in self.holes(pen) if not _is_within(hole, everywhere)]
            for hole in partly:
                left, right = self._hole_edges(hole, rect)
                area = QRectF(left, y, right - left, strip)
                draw_hatch(self.painter, area)
                block = QRectF(left, y, min(theme().px(4), right - left), strip)
                self.painter.fillRect(block, theme().pen_color(pen.color))
            if partly:
                y -= strip + 1

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
        for pen, values in drawn:
            style = StrokeStyle(
                theme().pen_color(pen.color), pen is model.selected, pen.dashed, pen.step
            )
            draw_curve(
                painter, pen.curve, self._cache(pen), self.time, values, style,
                self.holes(pen), model.now_ns,
            )  # fmt: skip
        for pen, _values in drawn:
            self._uncertain(pen, rect)
        painter.restore()
        for pen, values in drawn:
            self._last_dot(pen, values, rect)
        self._now_line(rect)
        self._hole_labels([pen for pen, _values in drawn], rect)

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

    def _uncertain(self, pen: TrendPen, rect: QRectF) -> None:
        """A line in the colour of doubt at the pane's foot, with the mark where it begins."""
        runs = pen.curve.quality_runs(self.time.left_ns, self.time.right_ns, QualityLevel.UNCERTAIN)
        for start, end, _quality in runs[:200]:
            hole = Hole(start, end, Message(), Message())
            left, right = self._hole_edges(hole, rect)
            y = rect.bottom() - 3
            self.painter.fillRect(QRectF(left, y, right - left, 2), theme().color("uncertain"))
            if right - left > theme().px(14):
                mark = QRectF(left + 2, y - theme().px(14), theme().px(12), theme().px(13))
                draw_mark(self.painter, mark, QualityMark.UNCERTAIN)

    def _last_dot(self, pen: TrendPen, values: ValueMap, rect: QRectF) -> None:
        """Filled at the present while live; hollow where knowledge ended."""
        latest = pen.curve.latest()
        if latest is None or latest.value is None:
            return
        is_live = pen.curve.is_live and not self.model.is_stale
        time_ns = max(latest.time_ns, self.model.now_ns) if is_live else latest.time_ns
        open_hole = next((hole for hole in self.holes(pen) if hole.end_ns == OPEN), None)
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

    def _hole_labels(self, pens: Sequence[TrendPen], rect: QRectF) -> None:
        for hole in common_holes([self.holes(pen) for pen in pens]):
            self._hole_label(hole, rect)
        seen: set[tuple[int, int]] = set()
        for pen in pens:
            for segment in pen.curve.segments(self.time.left_ns, self.time.right_ns):
                span = (segment.start_ns // 10**9, segment.end_ns // 10**9)
                if segment.source is Source.FILLED and span not in seen:
                    seen.add(span)
                    self._bracket(segment.start_ns, segment.end_ns, rect)

    def _hole_label(self, hole: Hole, rect: QRectF) -> None:
        if hole.cause == NOT_READ and self.model.loading is not None:
            return
        left, right = self._hole_edges(hole, rect)
        end_ns = min(hole.end_ns, self.model.now_ns)
        headline, length = cause_text(hole.cause), duration_text(end_ns - hole.start_ns)
        note = [(400, cause_text(hole.note))] if hole.note else []
        for lines in (
            [(600, f"{headline} {length}"), *note],
            [(600, headline), (600, length), *note],
            [(600, f"{headline} {length}")],
            [(600, headline), (600, length)],
            [(600, length)],
        ):
            if self._label(lines, left, right, rect):
                return

    def _label(
        self, lines: Sequence[tuple[int, str]], left: float, right: float, rect: QRectF
    ) -> bool:
        """Lines on plain ground in the middle of a hatch; False, and nothing, if they do not fit."""
        px = theme().px
        widths = [theme().metrics(11, weight).horizontalAdvance(text) for weight, text in lines]
        height = px(15)
        width = max(widths) + px(4)
        if width > right - left + px(8) or height * len(lines) > rect.height() - 4:
            return False
        top = rect.center().y() - height * len(lines) / 2
        x = (left + right - width) / 2
        ground = QRectF(x, top - px(2), width, height * len(lines) + px(4))
        self.painter.fillRect(ground, theme().color("plot"))
        for index, (weight, text) in enumerate(lines):
            self.painter.setFont(theme().font(11, weight))
            self.painter.setPen(theme().color("text" if weight > 400 else "text2"))
            area = QRectF(x, top + index * height, width, height)
            self.painter.drawText(area, _CENTER, text)
        return True

    def _bracket(self, start_ns: int, end_ns: int, rect: QRectF) -> None:
        px, painter = theme().px, self.painter
        left = self._inside(self.time.x(start_ns), rect)
        right = self._inside(self.time.x(end_ns), rect)
        if right - left < 3:
            return
        top = rect.top() + px(8)
        painter.setPen(QPen(theme().color("strong"), 1))
        painter.drawPolyline(
            QPolygonF(
                [
                    QPointF(left + 0.5, top + px(5)),
                    QPointF(left + 0.5, top + 0.5),
                    QPointF(right - 0.5, top + 0.5),
                    QPointF(right - 0.5, top + px(5)),
                ]
            )
        )
        text = tr("filled from log")
        width = theme().metrics(11).horizontalAdvance(text) + px(6)
        if width <= right - left:
            painter.setFont(theme().font(11))
            area = QRectF((left + right - width) / 2, top + px(3), width, px(15))
            painter.fillRect(area, theme().color("plot"))
            painter.setPen(theme().color("text2"))
            painter.drawText(area, _CENTER, text)

    # Lanes and ribbon.

    def _lane(self, pen: TrendPen, rect: QRectF) -> None:
        px, painter = theme().px, self.painter
        painter.fillRect(rect, theme().color("plot"))
        for hole in self.holes(pen):
            left, right = self._hole_edges(hole, rect)
            draw_hatch(painter, QRectF(left, rect.top(), right - left, rect.height()))
        painter.save()
        painter.setClipRect(rect.adjusted(1, 0, -1, 0))
        draw_lane(
            painter, pen, self._cache(pen), self.time, rect, self.holes(pen), self.model.now_ns,
            selected=pen is self.model.selected,
        )  # fmt: skip
        painter.restore()
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
        self._frame(self.geometry.lane_box)
        self.painter.setPen(QPen(theme().color("grid_major"), 1))
        for _pen, rect in self.geometry.lanes[1:]:
            y = rect.top() + 0.5
            self.painter.drawLine(QLineF(rect.left() + 1, y, rect.right() - 1, y))

    def _ribbon(self) -> None:
        """Where the selected curve comes from: log, live, or nowhere."""
        pen = self.model.selected or next(iter(self.model.pens), None)
        rect = self.geometry.ribbon
        if pen is None:
            return
        painter, px = self.painter, theme().px
        painter.setFont(theme().font(10, 500))
        words = {Source.LOG: tr("from log"), Source.FILLED: tr("from log"), Source.LIVE: tr("live")}
        right_ns = min(self.time.right_ns, self.model.now_ns)
        for segment in pen.curve.segments(self.time.left_ns, right_ns):
            left = self._inside(self.time.x(segment.start_ns), rect)
            right = self._inside(self.time.x(min(segment.end_ns, right_ns)), rect)
            area = QRectF(left, rect.top(), right - left, rect.height())
            if segment.source is Source.HOLE:
                draw_hatch(painter, area)
                continue
            live = segment.source is Source.LIVE
            painter.fillRect(area, theme().color("border" if live else "grid_major"))
            text = words[segment.source]
            if painter.fontMetrics().horizontalAdvance(text) + px(10) <= area.width():
                painter.setPen(theme().color("text"))
                painter.drawText(area.adjusted(px(5), 0, 0, 0), _LEFT, text)
        for start, end in pen.curve.missing(self.time.left_ns, right_ns):
            hole = Hole(start, end, Message(), Message())
            left, right = self._hole_edges(hole, rect)
            draw_hatch(painter, QRectF(left, rect.top(), right - left, rect.height()))

    # Time axis.

    def _most_time_ticks(self) -> int:
        return max(2, int(self.time.width / theme().px(110)))

    def _time_axis(self, ticks: Sequence[TimeTick]) -> None:
        painter, rect, px = self.painter, self.geometry.axis, theme().px
        taken = self.overlays.cursor_labels()
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


def common_holes(holes: Sequence[list[Hole]]) -> list[Hole]:
    """Stretches where all curves have a hole, with the first known cause."""
    if not holes:
        return []
    common = holes[0]
    for others in holes[1:]:
        common = [
            Hole(max(a.start_ns, b.start_ns), min(a.end_ns, b.end_ns), *_cause(a, b))
            for a in common
            for b in others
            if a.start_ns < b.end_ns and b.start_ns < a.end_ns
        ]
    return common


def _cause(first: Hole, second: Hole) -> tuple[Message, Message]:
    """That nobody has read the log is no news beside a real cause."""
    chosen = second if first.cause == NOT_READ else first
    return chosen.cause, chosen.note


def _is_within(hole: Hole, holes: Sequence[Hole]) -> bool:
    return any(other.start_ns <= hole.start_ns and hole.end_ns <= other.end_ns for other in holes)
