"""The focus ring: 2 px accent with a 1 px gap, around whatever button has the keyboard.

One ring a window, lying over everything in it, because a ring outside of a button cannot be
painted by the button itself. Widgets take part by the dynamic property ``focusRing``.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from tagwerk.ui.theme import the_application, theme

_REACH = 3
_MOVES = (
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.Show,
    QEvent.Type.Hide,
    QEvent.Type.EnabledChange,
    QEvent.Type.ParentChange,
)


class FocusRing(QWidget):
    """Draws the ring inside one top-level window; made once by the window or dialog."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._target: QWidget | None = None
        self._watched: list[QWidget] = []
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        the_application().focusChanged.connect(self._focus_moved)
        theme().changed.connect(self.update)
        self._focus_moved(None, the_application().focusWidget())

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and new.window() is not self.window():
            new = None
        self._follow(new if new is not None and new.property("focusRing") else None)

    def _follow(self, target: QWidget | None) -> None:
        """Watch the target and all that it lies in: any of them may move it."""
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
                widget.destroyed.disconnect(self._someone_gone)
        self._watched = []
        self._target = target
        holder: QWidget | None = target
        while holder is not None and holder is not self.window():
            self._watched.append(holder)
            holder.installEventFilter(self)
            holder.destroyed.connect(self._someone_gone)
            holder = holder.parentWidget()
        self._place()

    def _someone_gone(self) -> None:
        self._watched = []
        self._target = None
        self.hide()

    def _place(self) -> None:
        target = self._target
        if target is None or not target.isVisible() or target.visibleRegion().isEmpty():
            self.hide()
            return
        corner = target.mapTo(self.window(), QPoint(0, 0))
        self.setGeometry(QRect(corner, target.size()).adjusted(-_REACH, -_REACH, _REACH, _REACH))
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._target is not None and event.type() in _MOVES:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
