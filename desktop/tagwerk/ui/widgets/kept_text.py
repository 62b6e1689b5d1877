"""Short texts laid out once and drawn again and again: the digits before and behind a point.

A value that changes ten times a second comes from few texts: two digits behind the point are a
hundred. Measuring and laying out costs several times what drawing does, so both are kept. Who uses
it: painters of live values; for texts that are cut to a cell see `cut_text`.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText

_MOST_KEPT = 4096


class KeptText:
    """Texts in one font.

    Args:
        font: what they are drawn in; the painter must have it.
        metrics: of that font.
    """

    def __init__(self, font: QFont, metrics: QFontMetricsF) -> None:
        self.font = font
        self.height = metrics.height()
        self._metrics = metrics
        self._kept: dict[str, tuple[QStaticText, float]] = {}

    def draw(self, painter: QPainter, at: float, top: float, text: str) -> None:
        """Left edge and upper edge of the line of text; equal to `QPainter.drawText` there."""
        found = self._kept.get(text) or self._lay_out(text)
        painter.drawStaticText(QPointF(at, top), found[0])

    def draw_to(self, painter: QPainter, right: float, top: float, text: str) -> None:
        """The same up to a right edge."""
        found = self._kept.get(text) or self._lay_out(text)
        painter.drawStaticText(QPointF(right - found[1], top), found[0])

    def width(self, text: str) -> float:
        """Advance of the text in pixels."""
        return (self._kept.get(text) or self._lay_out(text))[1]

    def _lay_out(self, text: str) -> tuple[QStaticText, float]:
        laid_out = QStaticText(text)
        laid_out.setTextFormat(Qt.TextFormat.PlainText)
        laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        laid_out.prepare(font=self.font)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        found = self._kept[text] = (laid_out, self._metrics.horizontalAdvance(text))
        return found
