"""The drawing on the welcome page: the demo plant as a small flow sheet. A picture, not live."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tagwerk.domain.numbers import format_number
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.mark import draw_mark
from tagwerk.ui.theme import theme

_WIDTH, _HEIGHT = 580.0, 250.0


class PlantDrawing(QWidget):
    """Two vessels, two pumps, a heat exchanger, three instruments; scaled to its width."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Drawing of the demo plant"))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(int(_WIDTH), int(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(int(_WIDTH * 0.5), int(_HEIGHT * 0.5))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            scale = min(self.width() / _WIDTH, self.height() / _HEIGHT, 1.25)
            painter.translate(0, (self.height() - _HEIGHT * scale) / 2)
            painter.scale(scale, scale)
            self._pipes(painter)
            self._vessel(painter, 30, 45, 60, 108, 0.42, "B2101")
            self._vessel(painter, 262, 45, 60, 108, 0.55, "B2102")
            self._exchanger(painter)
            self._pump(painter, 148, 203, "P2111", tr("running"))
            rpm = format_number(1462, 0, number_style())
            self._pump(painter, 350, 203, "P2121", f"{rpm} rpm")
            style = number_style()
            self._instrument(painter, 223, 140, "FIC", "2111")
            self._caption(
                painter,
                QRectF(120, 130, 84, 20),
                f"{format_number(120.0, 1, style)} L/h",
                right=True,
            )
            self._instrument(painter, 354, 131, "LI", "2102")
            self._caption(painter, QRectF(336, 150, 60, 20), f"{format_number(64.2, 1, style)} %")
            self._instrument(painter, 528, 18, "TIC", "2120")
            self._caption(
                painter, QRectF(440, 8, 70, 20), f"{format_number(18.0, 1, style)} °C", right=True
            )

    def _pipes(self, painter: QPainter) -> None:
        pen = QPen(theme().color("strong"), 2)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        runs = (
            ((4, 30), (60, 30), (60, 45)),
            ((60, 153), (60, 203), (135, 203)),
            ((161, 203), (223, 203), (223, 30), (292, 30), (292, 45)),
            ((292, 153), (292, 203), (337, 203)),
            ((363, 203), (432, 203), (432, 157)),
            ((432, 80), (432, 52), (563, 52)),
            ((509, 101), (563, 101)),
            ((509, 136), (563, 136)),
            ((322, 131), (339, 131)),
        )
        for run in runs:
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in run]))
        painter.setPen(QPen(theme().color("strong"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(528, 33), QPointF(528, 48))
        painter.setPen(QPen(theme().color("strong"), 1.3))
        painter.setBrush(theme().color("base"))
        for corners in (((518, 46), (518, 58), (528, 52)), ((538, 46), (538, 58), (528, 52))):
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))

    def _vessel(
        self, painter: QPainter, x: float, y: float, width: float, height: float,
        level: float, name: str,
    ) -> None:  # fmt: skip
        box = QRectF(x, y, width, height)
        painter.setPen(QPen(theme().color("strong"), 1.3))
        painter.setBrush(theme().color("base"))
        painter.drawRoundedRect(box, 18, 12)
        painter.save()
        painter.setClipRect(QRectF(x, y + height * level, width, height))
        painter.setBrush(theme().color("segment"))
        painter.drawRoundedRect(box, 18, 12)
        painter.restore()
        painter.drawLine(QPointF(x, y + height * level), QPointF(x + width, y + height * level))
        area = QRectF(x, y + height * level - 5, width, 24)
        self._caption(painter, area, name, center=True)

    def _exchanger(self, painter: QPainter) -> None:
        box = QRectF(416, 80, 93, 77)
        painter.setPen(QPen(theme().color("strong"), 1.3))
        painter.setBrush(theme().color("base"))
        painter.drawRect(box)
        painter.drawLine(box.bottomLeft(), box.topRight())
        self._caption(painter, QRectF(424, 84, 60, 20), "W2120")

    def _pump(self, painter: QPainter, x: float, y: float, name: str, state: str) -> None:
        painter.setPen(QPen(theme().color("strong"), 1.3))
        painter.setBrush(theme().color("base"))
        painter.drawEllipse(QPointF(x, y), 13, 13)
        painter.drawPolyline(
            QPolygonF([QPointF(x - 7, y - 11), QPointF(x + 13, y), QPointF(x - 7, y + 11)])
        )
        painter.setFont(theme().font(10))
        painter.setPen(theme().color("text2"))
        left = x - 46 if name == "P2111" else x + 24
        painter.drawText(QRectF(left, y + 15, 100, 16), name)
        self._caption(painter, QRectF(left, y + 27, 110, 18), state)

    @staticmethod
    def _instrument(painter: QPainter, x: float, y: float, kind: str, number: str) -> None:
        painter.setPen(QPen(theme().color("text"), 1.2))
        painter.setBrush(theme().color("base"))
        painter.drawEllipse(QPointF(x, y), 15, 15)
        painter.drawLine(QPointF(x - 15, y), QPointF(x + 15, y))
        painter.setFont(theme().font(9, 600))
        painter.drawText(QRectF(x - 15, y - 13, 30, 13), Qt.AlignmentFlag.AlignCenter, kind)
        painter.setFont(theme().font(9))
        painter.drawText(QRectF(x - 15, y, 30, 13), Qt.AlignmentFlag.AlignCenter, number)

    @staticmethod
    def _caption(
        painter: QPainter, area: QRectF, text: str, *, right: bool = False, center: bool = False
    ) -> None:
        painter.setPen(theme().color("text"))
        painter.setFont(theme().font(11, 600))
        flags = Qt.AlignmentFlag.AlignVCenter
        if center:
            flags |= Qt.AlignmentFlag.AlignHCenter
        else:
            flags |= Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, flags, text)


class Logo(QWidget):
    """The program's mark: a pulse in a square, the live dot in the accent."""

    def __init__(self, side: int = 38) -> None:
        super().__init__()
        self._side = side
        self.setFixedSize(side, side)
        self.setAccessibleName("Tagwerk")

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            draw_mark(painter, QRectF(self.rect()))
