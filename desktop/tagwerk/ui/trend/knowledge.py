"""What is known and what is not: hatches and their words, doubt, what the log has filled, the
ribbon that tells where the selected curve comes from.

Drawn by `TrendPainter`; reads the curves' holes, qualities and segments.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from tagwerk.domain.message import Message, message
from tagwerk.domain.values import QualityLevel
from tagwerk.store.trends import NOT_READ, Hole, Source
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import duration_text
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.strokes import draw_rects
from tagwerk.ui.widgets.numbers import Mark as QualityMark
from tagwerk.ui.widgets.numbers import draw_hatch, draw_mark

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

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


class Knowledge:
    """One painting of what is known of one trend."""

    def __init__(self, painter: QPainter, model: TrendModel, geometry: Geometry) -> None:
        self.painter = painter
        self.model = model
        self.geometry = geometry
        self.time = geometry.time
        self._holes: dict[str, list[Hole]] = {}
        self._meetings: dict[tuple[str, ...], list[Hole]] = {}

    def on(self, painter: QPainter) -> Knowledge:
        """The same with what is found already, for another painter of the same picture."""
        other = Knowledge(painter, self.model, self.geometry)
        other._holes, other._meetings = self._holes, self._meetings
        return other

    def holes(self, pen: TrendPen) -> list[Hole]:
        """Holes of a curve in view, in order; found once a painting."""
        found = self._holes.get(pen.name)
        if found is None:
            right = min(self.time.right_ns, max(self.model.now_ns, self.time.left_ns + 1))
            found = self._holes[pen.name] = pen.curve.holes(
                self.time.left_ns, right, apart_ns=self.time.pixel_ns
            )
        return found

    def _common(self, pens: Sequence[TrendPen]) -> list[Hole]:
        """Where none of the pens is known; found once a painting, hatched and labelled."""
        names = tuple(sorted(pen.name for pen in pens))
        found = self._meetings.get(names)
        if found is None:
            found = self._meetings[names] = common_holes([self.holes(pen) for pen in pens])
        return found

    def _edges(self, hole: Hole, rect: QRectF) -> tuple[float, float]:
        end_ns = min(hole.end_ns, max(self.model.now_ns, hole.start_ns))
        left = self._inside(math.floor(self.time.x(hole.start_ns)), rect)
        right = self._inside(math.ceil(self.time.x(end_ns)), rect)
        return left, max(right, min(left + 1, rect.right()))

    def hatches(self, pens: Sequence[TrendPen], rect: QRectF) -> None:
        """Hatch where no pen is known over the whole height, else a strip at the bottom."""
        visible = [pen for pen in pens if pen.visible]
        everywhere = self._common(visible)
        self._hatch(everywhere, rect)
        strip = theme().px(7)
        y = rect.bottom() - strip
        for pen in visible:
            partly = _not_within(self.holes(pen), everywhere)
            if partly:
                area = QRectF(rect.left(), y, rect.width(), strip)
                self._hatch(partly, area, theme().pen_color(pen.color))
                y -= strip + 1

    def hatch_lane(self, pen: TrendPen, rect: QRectF) -> None:
        """Hatch where a lane is not known."""
        self._hatch(self.holes(pen), rect)

    def _hatch(self, holes: Sequence[Hole], area: QRectF, block: QColor | None = None) -> None:
        """Hatch the holes inside `area`, each begun with a block of its curve's colour."""
        edges: list[list[float]] = []
        for hole in holes:
            left, right = self._edges(hole, area)
            if edges and left <= edges[-1][1]:
                edges[-1][1] = max(edges[-1][1], right)
            else:
                edges.append([left, right])
        for left, right in edges:
            draw_hatch(self.painter, QRectF(left, area.top(), right - left, area.height()))
            if block is not None:
                width = min(theme().px(4), right - left)
                self.painter.fillRect(QRectF(left, area.top(), width, area.height()), block)

    def uncertain(self, pen: TrendPen, rect: QRectF) -> None:
        """A line in the colour of doubt at the pane's foot, with the mark where it begins."""
        runs = pen.curve.quality_runs(
            self.time.left_ns,
            self.time.right_ns,
            QualityLevel.UNCERTAIN,
            apart_ns=self.time.pixel_ns,
        )
        for start, end, _quality in runs:
            hole = Hole(start, end, Message(), Message())
            left, right = self._edges(hole, rect)
            y = rect.bottom() - 3
            self.painter.fillRect(QRectF(left, y, right - left, 2), theme().color("uncertain"))
            if right - left > theme().px(14):
                mark = QRectF(left + 2, y - theme().px(14), theme().px(12), theme().px(13))
                draw_mark(self.painter, mark, QualityMark.UNCERTAIN)

    def thinned(self, pens: Sequence[TrendPen], rect: QRectF, *, words: bool = True) -> None:
        """Dots along the upper edge where some of these curves lack samples, and the word for it."""
        dot, pitch = theme().px(2), theme().px(6)
        spans = thinned_spans(pens, self.time.left_ns, self.time.right_ns, 2 * self.time.pixel_ns)
        for start_ns, end_ns in spans:
            left, right = self._edges(Hole(start_ns, end_ns, Message(), Message()), rect)
            # Dots stay where they are in time while the picture scrolls.
            shift = -(self.time.left_ns // self.time.pixel_ns) % pitch
            first = int((left - rect.left() - shift) // pitch) * pitch + shift + int(rect.left())
            y = int(rect.top()) + dot
            places = np.arange(first, math.ceil(right), pitch)
            if not ((places >= left) & (places < right)).any():
                places = np.array([left])  # short ones have a dot as well
                right = left + dot
            dots = np.empty((len(places), 4), np.int32)
            dots[:, 0], dots[:, 1] = places, y
            dots[:, 2], dots[:, 3] = places + dot - 1, y + dot - 1
            self.painter.save()
            self.painter.setClipRect(QRectF(left, rect.top(), right - left, rect.height()))
            self.painter.setPen(Qt.PenStyle.NoPen)
            self.painter.setBrush(theme().color("text2"))
            draw_rects(self.painter, dots)
            self.painter.restore()
            if words:
                self._word(tr("thinned"), left, right, rect.top() + 2 * dot + 1)

    def _word(self, text: str, left: float, right: float, top: float) -> None:
        """A word in the middle of a stretch, if it fits."""
        px, painter = theme().px, self.painter
        width = theme().width(text, 11) + px(6)
        if width > right - left:
            return
        painter.setFont(theme().font(11))
        area = QRectF((left + right - width) / 2, top, width, px(15))
        painter.fillRect(area, theme().color("plot"))
        painter.setPen(theme().color("text2"))
        painter.drawText(area, _CENTER, text)

    def labels(self, pens: Sequence[TrendPen], rect: QRectF) -> None:
        """Say in words what the hatches are, and what came from the log after all."""
        for hole in self._common(pens):
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
        left, right = self._edges(hole, rect)
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
        height = px(15)
        width = max(theme().width(text, 11, weight) for weight, text in lines) + px(4)
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
        self._word(tr("filled from log"), left, right, top + px(3))

    def ribbon(self) -> None:
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
            left, right = self._edges(hole, rect)
            draw_hatch(painter, QRectF(left, rect.top(), right - left, rect.height()))

    def _inside(self, x: float, rect: QRectF) -> float:
        return min(max(x, rect.left()), rect.right())


def thinned_spans(
    pens: Sequence[TrendPen], start_ns: int, end_ns: int, apart_ns: int = 0
) -> list[tuple[int, int]]:
    """Where any of the curves lacks live samples, in order; closer than `apart_ns` is one."""
    found = sorted(span for pen in pens for span in pen.curve.thinned(start_ns, end_ns))
    result: list[tuple[int, int]] = []
    for start, end in found:
        if result and start - result[-1][1] <= apart_ns:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def thinned_text(pens: Sequence[TrendPen]) -> str:
    """What the dots mean, for which curves."""
    what = tr(
        "Thinned: the server sent faster than could be taken. What is drawn did stand; peaks between may be missing."
    )
    return "\n".join([what, *(pen.label for pen in pens)])


def common_holes(holes: Sequence[list[Hole]]) -> list[Hole]:
    """Stretches where all curves have a hole, with the first known cause."""
    if not holes:
        return []
    common = holes[0]
    for others in holes[1:]:
        common = _meeting(common, others)
    return common


def _meeting(first: list[Hole], second: list[Hole]) -> list[Hole]:
    """Where a hole of one list and one of the other meet; both are in order of their starts."""
    ends = list(accumulate((hole.end_ns for hole in second), max))
    starts = [hole.start_ns for hole in second]
    result: list[Hole] = []
    for a in first:
        # Those before have ended; those behind begin too late.
        begin, stop = bisect_right(ends, a.start_ns), bisect_left(starts, a.end_ns)
        for b in second[begin:stop]:
            if a.start_ns < b.end_ns:
                edges = max(a.start_ns, b.start_ns), min(a.end_ns, b.end_ns)
                result.append(Hole(*edges, *_cause(a, b)))
    return sorted(result, key=lambda hole: hole[:2])


def _cause(first: Hole, second: Hole) -> tuple[Message, Message]:
    """That nobody has read the log is no news beside a real cause."""
    chosen = second if first.cause == NOT_READ else first
    return chosen.cause, chosen.note


def _not_within(holes: Sequence[Hole], others: Sequence[Hole]) -> list[Hole]:
    """Those that lie in none of the others, which are in order of their starts."""
    starts = [other.start_ns for other in others]
    ends = list(accumulate((other.end_ns for other in others), max))
    return [
        hole
        for hole in holes
        if not (place := bisect_right(starts, hole.start_ns)) or ends[place - 1] < hole.end_ns
    ]
