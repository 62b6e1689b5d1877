"""The focus ring: 2 px accent with a 1 px gap, around whatever button has the keyboard.

One ring a window. It lies over the widget's parent, because a ring outside of a button cannot be
painted by the button itself. Widgets take part by the dynamic property ``focusRing``.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from tagwerk.ui.theme import theme

_REACH = 3


class FocusRing(QWidget):
    """Draws the ring inside one top-level window; made once by the window or dialog."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._target: QWidget | None = None
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        theme().changed.connect(self.update)

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and new is not self._target and new.window() is not self.window():
            new = None
        self._follow(new if new is not None and new.property("focusRing") else None)

    def _follow(self, target: QWidget | None) -> None:
        if self._target is not None:
            self._target.removeEventFilter(self)
            self._target.destroyed.disconnect(self._target_gone)
        self._target = target
        if target is None:
            self.hide()
            return
        target.installEventFilter(self)
        target.destroyed.connect(self._target_gone)
        self._place()

    def _target_gone(self) -> None:
        self._target = None
        self.hide()

    def _place(self) -> None:
        target = self._target
        holder = target.parentWidget() if target is not None else None
        if target is None or holder is None or not target.isVisible():
            self.hide()
            return
        if self.parentWidget() is not holder:
            self.setParent(holder)
        self.setGeometry(target.geometry().adjusted(-_REACH, -_REACH, _REACH, _REACH))
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._target and event.type() in (
            QEvent.Type.Move,
            QEvent.Type.Resize,
            QEvent.Type.Show,
            QEvent.Type.Hide,
            QEvent.Type.EnabledChange,
        ):
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()
