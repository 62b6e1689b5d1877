"""A small turning ring: something is under way. Stands still, and costs nothing, when hidden."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QWidget

from tagwerk.ui.theme import theme


class BusyRing(QWidget):
    """An open ring in the accent colour, ten steps a second."""

    def __init__(self, side: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step = 0
        self.setFixedSize(theme().px(side), theme().px(side))
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._turn)

    def _turn(self) -> None:
        self._step = (self._step + 1) % 12
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            draw_ring(painter, QRectF(self.rect()), self._step)


def draw_ring(painter: QPainter, rect: QRectF, step: int) -> None:
    """The ring at one of twelve positions, for painted tables too."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(theme().color("accent"), 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    inner = rect.adjusted(2, 2, -2, -2)
    painter.drawArc(inner, -step * 30 * 16, 250 * 16)
    painter.restore()
