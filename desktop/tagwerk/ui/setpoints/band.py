"""The strip on top of the panel: read-only with a lock, or armed with the time that is left."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.words import duration_text
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton, draw_icon

EXTEND_S = 600
_OFFER_MORE_BELOW_S = 120


class ArmBand(QWidget):
    """Shows the lock and has its buttons; decides nothing.

    Signals:
        arm_clicked, disarm_clicked, extend_clicked.
    """

    arm_clicked = Signal()
    disarm_clicked = Signal()
    extend_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("armBand")
        self.armed = False
        self._headline = self._detail = ""
        self._left_s: int = 0
        self._share = 0.0
        self.arm_button = PushButton(tr("Arm…"), "lock-open", height=24)
        self.arm_button.setObjectName("armButton")
        self.extend_button = PushButton(tr("+10 min"), kind="on_accent", height=24)
        self.extend_button.setObjectName("extendArmingButton")
        self.extend_button.setToolTip(tr("Stay armed for ten more minutes"))
        self.disarm_button = PushButton(tr("Disarm"), kind="on_accent", height=24)
        self.disarm_button.setObjectName("disarmButton")
        self.disarm_button.setToolTip(tr("Lock writing now (Ctrl+Shift+W)"))
        self.arm_button.clicked.connect(self.arm_clicked)
        self.extend_button.clicked.connect(self.extend_clicked)
        self.disarm_button.clicked.connect(self.disarm_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme().px(12), 0)
        row.setSpacing(theme().px(8))
        row.addStretch(1)
        for button in (self.extend_button, self.arm_button, self.disarm_button):
            row.addWidget(button)
        self.extend_button.hide()
        self.disarm_button.hide()
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(44))
        self.update()

    def show_locked(self, detail: str, refusal: str = "") -> None:
        """Read-only. `detail` says since when and why; `refusal` why it cannot be armed now."""
        self._show(False, tr("Read-only"), detail, 0, 0.0)
        self.arm_button.setEnabled(not refusal)
        self.arm_button.setToolTip(refusal or tr("Allow writing for a while (Ctrl+Shift+W)"))

    def show_armed(self, left_s: float, total_s: float) -> None:
        """Armed: called each frame, repaints once a second."""
        share = left_s / total_s if total_s > 0 else 0.0
        self._show(True, tr("Writing armed"), tr("Each write is still confirmed"), left_s, share)

    def _show(self, armed: bool, headline: str, detail: str, left_s: float, share: float) -> None:
        seconds = math.ceil(left_s)
        news = (armed, headline, detail, seconds) != (
            self.armed,
            self._headline,
            self._detail,
            self._left_s,
        )
        self._headline, self._detail, self._left_s = headline, detail, seconds
        if armed != self.armed:
            had_focus = self.arm_button.hasFocus() or self.disarm_button.hasFocus()
            self.armed = armed
            self.arm_button.setVisible(not armed)
            self.disarm_button.setVisible(armed)
            if had_focus:
                (self.disarm_button if armed else self.arm_button).setFocus()
        self.extend_button.setVisible(armed and left_s < _OFFER_MORE_BELOW_S)
        if news:
            layout = self.layout()
            if layout is not None:
                # Now, because the texts are cut at the buttons' places.
                layout.activate()
            self.setToolTip("" if armed else detail)
            self._share = share
            name = f"{headline} {duration_text(seconds)}" if armed else f"{headline}. {detail}"
            if not armed or seconds % 60 == 0 or not self.accessibleName():
                self.setAccessibleName(name)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            height = self.height()
            painter.fillRect(self.rect(), tokens.color("accent_fill" if self.armed else "panel"))
            role = "on_accent" if self.armed else "text"
            side = tokens.px(18)
            left = tokens.px(14)
            icon_box = QRectF(left, (height - side) / 2, side, side)
            draw_icon(
                painter,
                icon_box,
                "lock-open" if self.armed else "lock",
                "on_accent" if self.armed else "text2",
            )
            left += side + tokens.px(11)
            buttons = (self.extend_button, self.arm_button, self.disarm_button)
            right: float = min(
                (b.x() for b in buttons if b.isVisibleTo(self)), default=self.width()
            )
            right -= tokens.px(12)
            if self.armed:
                text = duration_text(self._left_s)
                width = tokens.metrics(20, 600).horizontalAdvance(text)
                painter.setFont(tokens.font(20, 600))
                painter.setPen(tokens.color(role))
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(QRectF(right - width - 1, 0, width + 1, height), flags, text)
                right -= width + tokens.px(8)
            self._two_lines(painter, left, right - left, role)
            if self.armed:
                line = tokens.px(3)
                painter.setOpacity(0.35)
                painter.fillRect(
                    QRectF(0, height - line, self.width(), line), tokens.color("on_accent")
                )
                painter.setOpacity(1.0)
                painter.fillRect(
                    QRectF(0, height - line, self.width() * self._share, line),
                    tokens.color("on_accent"),
                )
            else:
                painter.fillRect(QRectF(0, height - 1, self.width(), 1), tokens.color("border"))

    def _two_lines(self, painter: QPainter, left: float, room: float, role: str) -> None:
        tokens = theme()
        middle = self.height() / 2
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        lines = (
            (
                self._headline,
                tokens.font(13, 600),
                tokens.metrics(13, 600),
                role,
                middle - tokens.px(17),
            ),
            (
                self._detail,
                tokens.font(11),
                tokens.metrics(11),
                role if self.armed else "text2",
                middle,
            ),
        )
        for text, font, metrics, color, top in lines:
            painter.setFont(font)
            painter.setPen(tokens.color(color))
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(left, top, room + 1, tokens.px(17)), flags, shown)
