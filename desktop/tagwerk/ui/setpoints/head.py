"""The captions above the rows."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent

from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.facts import RowLayout
from tagwerk.ui.setpoints.view import SetpointView
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.painting import Area


class HeadStrip(Area):
    """The captions above the rows, standing where the painting has its columns."""

    def __init__(self, view: SetpointView) -> None:
        super().__init__("header", lines="bottom", line_role="hairline")
        self._view = view
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(24))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        tokens = theme()
        with QPainter(self) as painter:
            painter.setFont(tokens.font(11, 500))
            painter.setPen(tokens.color("text2"))
            place = RowLayout.of(self._view.viewport().width())
            height = self.height() - 1
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            start = tokens.px(12)
            painter.drawText(
                QRectF(start, 0, place.live_left - start, height), left, tr("Setpoint")
            )
            painter.drawText(
                QRectF(
                    place.live_left, 0, place.live_right - place.live_left - tokens.px(14), height
                ),
                right,
                tr("Live"),
            )
            painter.drawText(
                QRectF(place.unit_left, 0, place.age_right - place.unit_left, height),
                right,
                tr("Age"),
            )
            painter.drawText(
                QRectF(place.editor_left, 0, place.editor_width, height), left, tr("New value")
            )
