"""The tool bar: which connection, connect or disconnect, panels' main actions, go to, arm.

It shows and emits; what happens is the window's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.ui.i18n import tr
from tagwerk.ui.status_words import state_in_words
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton, draw_box, draw_icon
from tagwerk.ui.widgets.fields import draw_field, draw_key
from tagwerk.ui.widgets.painting import Area

if TYPE_CHECKING:
    from tagwerk.write.arming import Arming

NARROW_BELOW = 1500


class ConnectionChooser(QPushButton):
    """The name of the connection with its state as a dot; opens the list of connections."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("connectionChooser")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._name, self._note = "", ""
        self._state = LinkState.OFFLINE
        self._word = ""
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        narrow = self.window().width() < theme().px(NARROW_BELOW)
        return QSize(theme().px(228 if narrow else 280), theme().px(28))

    def show_connection(self, name: str, note: str, status: LinkStatus) -> None:
        """Show another connection or state."""
        word = state_in_words(status)
        if (name, note, status.state, word) == (self._name, self._note, self._state, self._word):
            return
        self._name, self._note, self._state, self._word = name, note, status.state, word
        self.setAccessibleName(tr("Connection {name}: {state}", name=name or "—", state=word))
        self.setToolTip(f"{name} {note}\n{word}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            draw_field(painter, self.rect(), focused=False, hot=self.underMouse())
            middle = self.height() / 2
            x = float(tokens.px(10))
            if self._state is LinkState.LIVE:
                side = tokens.px(9)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.color("connected"))
                painter.drawEllipse(QRectF(x, middle - side / 2, side, side))
                x += side + tokens.px(6)
            else:
                side = tokens.px(14)
                roles = {
                    LinkState.STALE: "uncertain",
                    LinkState.RECONNECTING: "uncertain",
                    LinkState.REFUSED: "bad",
                }
                name = "unplug" if self._state in (*roles, LinkState.OFFLINE) else "loader"
                role = roles.get(self._state, "text2")
                draw_icon(painter, QRectF(x, middle - side / 2, side, side), name, role)
                x += side + tokens.px(6)
            right = self.width() - tokens.px(28)
            painter.setFont(tokens.font(13, 500))
            painter.setPen(tokens.color("text"))
            name = self._name or tr("No connection")
            metrics = tokens.metrics(13, 500)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, right - x)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(x, 0, right - x, self.height()), flags, shown)
            x += metrics.horizontalAdvance(shown) + tokens.px(8)
            if self._note and x < right - tokens.px(20):
                painter.setFont(tokens.font(13))
                painter.setPen(tokens.color("text2"))
                text = tokens.metrics(13).elidedText(
                    self._note, Qt.TextElideMode.ElideRight, right - x
                )
                painter.drawText(QRectF(x, 0, right - x, self.height()), flags, text)
            side = tokens.px(14)
            arrow = QRectF(self.width() - side - tokens.px(9), middle - side / 2, side, side)
            draw_icon(painter, arrow, "chevron-down", "text2")


class GoToField(QPushButton):
    """Looks like a field, opens the command palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("goToField")
        self.setAccessibleName(tr("Go to tag or command"))
        self.setToolTip(tr("Go to tag or command"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def _is_narrow(self) -> bool:
        return self.window().width() < theme().px(NARROW_BELOW)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(180 if self._is_narrow() else 260), theme().px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            draw_field(painter, self.rect(), focused=False, hot=self.underMouse())
            side = tokens.px(16)
            top = (self.height() - side) / 2
            draw_icon(painter, QRectF(tokens.px(8), top, side, side), "command", "text2")
            key = tr("Ctrl K")
            key_width = tokens.metrics(11).horizontalAdvance(key) + tokens.px(10)
            x = tokens.px(30)
            painter.setFont(tokens.font(13))
            painter.setPen(tokens.color("text3"))
            text = tr("Go to") if self._is_narrow() else tr("Go to tag or command")
            area = QRectF(x, 0, self.width() - x - key_width - tokens.px(12), self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            height = tokens.px(17)
            cap = QRectF(
                self.width() - key_width - tokens.px(7),
                (self.height() - height) / 2,
                key_width,
                height,
            )
            draw_key(painter, cap, key)


class ArmChip(QPushButton):
    """Read-only in grey with a lock, or armed in the accent colour with the time left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("armChip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._armed = False
        self._left_s = 0
        self._tell()
        theme().changed.connect(self.updateGeometry)

    def show_arming(self, arming: Arming | None) -> None:
        """Follow the lock on writing."""
        armed = arming is not None and arming.armed
        left_s = int(-(-arming.remaining_s // 1)) if arming is not None and armed else 0
        if (armed, left_s) == (self._armed, self._left_s):
            return
        changed = armed != self._armed
        self._armed, self._left_s = armed, left_s
        if changed:
            self._tell()
            self.updateGeometry()
        self.update()

    def _tell(self) -> None:
        word = tr("Writing is armed") if self._armed else tr("Read-only")
        self.setAccessibleName(word)
        self.setToolTip(
            tr("Writing is armed. Click to lock it.")
            if self._armed
            else tr("Read-only: nothing can be written until you arm. Click to arm…")
        )

    def _text(self) -> str:
        if not self._armed:
            return tr("Read-only")
        minutes, seconds = divmod(self._left_s, 60)
        return tr("Armed {left}", left=f"{minutes}:{seconds:02d}")

    def sizeHint(self) -> QSize:
        sample = tr("Armed {left}", left="88:88") if self._armed else tr("Read-only")
        width = theme().metrics(13, 600 if self._armed else 400).horizontalAdvance(sample)
        return QSize(round(width) + theme().px(16 + 6 + 20), theme().px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            hot = self.underMouse()
            role = "text"
            if self._armed:
                fill = tokens.color("accent_hover" if hot else "accent_fill")
                draw_box(painter, self.rect(), fill, fill)
                role = "on_accent"
            elif hot and self.isEnabled():
                draw_box(painter, self.rect(), tokens.color("segment"), None)
            if not self.isEnabled():
                role = "disabled"
            side = tokens.px(16)
            box = QRectF(tokens.px(9), (self.height() - side) / 2, side, side)
            draw_icon(painter, box, "lock-open" if self._armed else "lock", role)
            painter.setFont(tokens.font(13, 600 if self._armed else 400))
            painter.setPen(tokens.color(role))
            x = box.right() + tokens.px(6)
            painter.drawText(
                QRectF(x, 0, self.width() - x, self.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                self._text(),
            )


class ToolBar(Area):
    """The row below the menu bar; object name ``toolBar``.

    Signals:
        chooser_clicked, go_to_clicked, arm_clicked.
    """

    chooser_clicked = Signal()
    go_to_clicked = Signal()
    arm_clicked = Signal()

    def __init__(self, link_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__("chrome", parent, lines="bottom")
        self.setObjectName("toolBar")
        self.chooser = ConnectionChooser(self)
        self.chooser.clicked.connect(self.chooser_clicked)
        self.link_button = IconButton(action=link_action, side=28)
        self.link_button.setObjectName("linkButton")
        self.go_to = GoToField(self)
        self.go_to.clicked.connect(self.go_to_clicked)
        self.arm = ArmChip(self)
        self.arm.clicked.connect(self.arm_clicked)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme().px(8), 0, theme().px(8), 0)
        self._row.setSpacing(theme().px(6))
        self._row.addWidget(self.chooser)
        self._row.addWidget(self.link_button)
        self._extra = QHBoxLayout()
        self._extra.setSpacing(theme().px(4))
        self._row.addLayout(self._extra)
        self._row.addStretch(1)
        self._row.addWidget(self.go_to)
        self._row.addWidget(_Line())
        self._row.addWidget(self.arm)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(40))

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """Show the panels' main actions (property ``toolbar``) behind the connection."""
        while (item := self._extra.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if actions:
            self._extra.addWidget(_Line())
        for action in actions:
            button = IconButton(action=action, side=28, text=action.text().replace("&", ""))
            button.setObjectName(f"{action.objectName()}ToolButton")
            self._extra.addWidget(button)

    def show_status(self, name: str, note: str, status: LinkStatus) -> None:
        self.chooser.show_connection(name, note, status)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.chooser.updateGeometry()
        self.go_to.updateGeometry()


class _Line(QWidget):
    """An upright hairline between groups."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(9, 20)
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(4, 0, 1, self.height(), theme().color("border"))


__all__ = ["ArmChip", "ConnectionChooser", "GoToField", "ToolBar"]
