"""Flat scroll bars for views: 10 px, no arrows, a thumb in the border colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar

from tagwerk.ui.theme import theme

_WIDTH = 10


class FlatScrollBar(QScrollBar):
    """A scroll bar without ornaments; geometry and handling are Qt's."""

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__(orientation)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        if self.orientation() == Qt.Orientation.Vertical:
            return QSize(_WIDTH, 60)
        return QSize(60, _WIDTH)

    def _thumb(self) -> QRectF:
        """Own geometry: Fusion keeps room for arrow buttons that are not drawn here."""
        # Making the enumerations of QStyle takes long; a first picture without bars needs none.
        from PySide6.QtWidgets import QStyle, QStyleOptionSlider

        option = QStyleOptionSlider()
        self.initStyleOption(option)
        span = self.maximum() - self.minimum()
        upright = self.orientation() == Qt.Orientation.Vertical
        groove = self.style().subControlRect(
            QStyle.ComplexControl.CC_ScrollBar,
            option,
            QStyle.SubControl.SC_ScrollBarSlider,
            self,
        )
        if span <= 0:
            return QRectF()
        area = QRectF(groove)
        return area.adjusted(2.5, 0, -2.5, 0) if upright else area.adjusted(0, 2.5, 0, -2.5)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("base"))
            thumb = self._thumb()
            if not thumb.isEmpty():
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                hot = self.underMouse() or self.isSliderDown()
                painter.setBrush(theme().color("strong" if hot else "border"))
                painter.drawRoundedRect(thumb, 2.5, 2.5)


def use_flat_scroll_bars(area: QAbstractScrollArea) -> None:
    """Give a view flat scroll bars."""
    area.setVerticalScrollBar(FlatScrollBar(Qt.Orientation.Vertical))
    area.setHorizontalScrollBar(FlatScrollBar(Qt.Orientation.Horizontal))
