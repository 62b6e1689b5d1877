"""Painter helpers for values: numbers on their decimal point, quality marks, badges, hatch.

Used by the painted tables, the tree and the legend alike, so that one quality has one look
everywhere. They know samples and qualities, nothing of stores or panels.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from tagwerk.domain.text import EM_DASH
from tagwerk.domain.values import Badge, Quality, QualityLevel, Sample
from tagwerk.ui.theme import hatch_pixmap, theme

FRACTION_WIDTH = 26
"""Pixels at normal density that are kept for the decimal mark and the digits behind it."""
MARK_SIZE = 12
BADGE_WIDTH = 26

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Mark(Enum):
    """The one mark that a value carries; stale wins over all others."""

    NONE = ""
    UNCERTAIN = "uncertain"
    BAD = "bad"
    STALE = "stale"
    SIMULATED = "SIM"
    OVERRIDDEN = "OVR"
    SUBSTITUTE = "SUB"

    @property
    def is_badge(self) -> bool:
        return self in (Mark.SIMULATED, Mark.OVERRIDDEN, Mark.SUBSTITUTE)


_BADGE_MARKS = {
    Badge.SIMULATED: Mark.SIMULATED,
    Badge.OVERRIDDEN: Mark.OVERRIDDEN,
    Badge.SUBSTITUTE: Mark.SUBSTITUTE,
}


def mark_of(sample: Sample | None, stale: bool = False) -> Mark:
    """Which mark a sample gets; no sample has none."""
    if sample is None:
        return Mark.NONE
    if stale:
        return Mark.STALE
    if sample.error is not None:
        return Mark.BAD
    return quality_mark(sample.quality)


def quality_mark(quality: Quality) -> Mark:
    """The mark of a quality alone."""
    if quality.badge is not None:
        return _BADGE_MARKS[quality.badge]
    if quality.level is QualityLevel.BAD:
        return Mark.BAD
    if quality.level is QualityLevel.UNCERTAIN:
        return Mark.UNCERTAIN
    return Mark.NONE


def mark_width(mark: Mark) -> int:
    """Pixels a mark needs."""
    return theme().px(BADGE_WIDTH if mark.is_badge else MARK_SIZE)


def split_number(text: str, decimal: str) -> tuple[str, str]:
    """Whole part, and the decimal mark with what is behind it."""
    if not text or not (text[0].isdigit() or text[0] in "−-+"):
        return text, ""
    whole, mark, fraction = text.partition(decimal)
    return (whole, mark + fraction) if mark else (text, "")


def draw_number(
    painter: QPainter,
    rect: QRectF,
    text: str,
    decimal: str,
    *,
    font: QFont,
    color: QColor,
    struck: bool = False,
    metrics: QFontMetricsF | None = None,
) -> None:
    """Draw a number so that decimal points of all rows stand below each other.

    The fraction takes the last `FRACTION_WIDTH` pixels of `rect`; words stand right-aligned at the
    decimal point. What is too wide for that uses the whole width, and is cut with an ellipsis.
    """
    metrics = metrics or QFontMetricsF(font)
    fraction_width = theme().px(FRACTION_WIDTH)
    whole, fraction = split_number(text, decimal)
    if struck:
        font = QFont(font)
        font.setStrikeOut(True)
    painter.setFont(font)
    painter.setPen(color)
    left = QRectF(rect.left(), rect.top(), rect.width() - fraction_width, rect.height())
    fits = (
        metrics.horizontalAdvance(whole) <= left.width()
        and metrics.horizontalAdvance(fraction) <= fraction_width + 1
    )
    if not fits:
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, _RIGHT, shown)
        return
    painter.drawText(left, _RIGHT, whole)
    if fraction:
        painter.drawText(
            QRectF(left.right(), rect.top(), fraction_width + 2, rect.height()), _LEFT, fraction
        )


def draw_value(
    painter: QPainter,
    rect: QRectF,
    text: str,
    decimal: str,
    mark: Mark,
    *,
    weight: int = 500,
    size: float = 13,
    role: str = "text",
) -> None:
    """A live value with its look: bad struck and grey, stale on hatch, no value a dash."""
    tokens = theme()
    if mark is Mark.STALE:
        draw_hatch(painter, rect.adjusted(0, 2, 0, -2))
        role = "stale"
    elif mark is Mark.BAD or text == EM_DASH:
        role = "text3"
    draw_number(
        painter,
        rect.adjusted(0, 0, -tokens.px(2), 0),
        text,
        decimal,
        font=tokens.font(size, weight),
        color=tokens.color(role),
        struck=mark is Mark.BAD and text != EM_DASH,
        metrics=tokens.metrics(size, weight),
    )


def draw_hatch(painter: QPainter, rect: QRectF) -> None:
    """Fill `rect` with the hatch that means "no knowledge"."""
    scale = painter.device().devicePixelRatioF()
    painter.save()
    painter.setBrushOrigin(QPointF(0, 0))
    painter.fillRect(rect, QBrush(hatch_pixmap(scale)))
    painter.restore()


def draw_badge(painter: QPainter, rect: QRectF, text: str, role: str = "simulated") -> None:
    """SIM, OVR, SUB: a small frame with bold letters, in the middle of `rect`'s height."""
    tokens = theme()
    height = tokens.px(14)
    box = QRectF(rect.left(), rect.center().y() - height / 2, tokens.px(BADGE_WIDTH), height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(tokens.color(role), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.setFont(tokens.font(9.5, 600))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def draw_mark(painter: QPainter, rect: QRectF, mark: Mark) -> None:
    """The mark of a value, left in `rect`, in the middle of its height."""
    if mark is Mark.NONE:
        return
    if mark.is_badge:
        draw_badge(
            painter, rect, mark.value, "uncertain" if mark is Mark.SUBSTITUTE else "simulated"
        )
        return
    side = theme().px(MARK_SIZE)
    box = QRectF(rect.left(), rect.center().y() - side / 2, side, side)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if mark is Mark.UNCERTAIN:
        _diamond(painter, box)
    elif mark is Mark.BAD:
        _cross(painter, box)
    else:
        _dotted_clock(painter, box)
    painter.restore()


def _diamond(painter: QPainter, box: QRectF) -> None:
    """Orange diamond, lower half filled."""
    color = theme().color("uncertain")
    box = box.adjusted(0.8, 0.8, -0.8, -0.8)
    middle = box.center()
    left, right = QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y())
    top, bottom = QPointF(middle.x(), box.top()), QPointF(middle.x(), box.bottom())
    painter.setPen(QPen(color, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([left, top, right, bottom]))
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([left, right, bottom]))


def _cross(painter: QPainter, box: QRectF) -> None:
    """Red square with a cross."""
    tokens = theme()
    box = box.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color("bad"))
    painter.drawRoundedRect(box, 1.5, 1.5)
    painter.setPen(QPen(tokens.color("base"), 1.5))
    inner = box.adjusted(3, 3, -3, -3)
    painter.drawLine(inner.topLeft(), inner.bottomRight())
    painter.drawLine(inner.topRight(), inner.bottomLeft())


def _dotted_clock(painter: QPainter, box: QRectF) -> None:
    """A clock with a dotted rim."""
    pen = QPen(theme().color("stale"), 1.3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    middle = box.center()
    painter.drawLine(middle, QPointF(middle.x(), box.top() + 3.2))
    painter.drawLine(middle, QPointF(middle.x() + 2.4, middle.y() + 1.4))
    pen.setDashPattern([1.2, 1.6])
    painter.setPen(pen)
    painter.drawEllipse(box.adjusted(0.7, 0.7, -0.7, -0.7))
