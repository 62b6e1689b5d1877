"""The search field of the tag browser: text, number of hits with the time it took, and clear."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import LineField


class SearchField(LineField):
    """A line edit with hits on the right.

    Signals:
        down: to the tree.
        accepted: Enter, to the best hit.
        emptied: Escape in an empty field.
    """

    down = Signal()
    accepted = Signal()
    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Search, * and ? work"), "search", parent, height=26, name=tr("Search tags")
        )
        self.setObjectName("tagSearch")
        self._hits = Label("", 12, 400, "text3", self)
        self._hits.setObjectName("tagSearchHits")
        # Else it takes the colour of typed text from the line edit.
        self._hits.setForegroundRole(QPalette.ColorRole.WindowText)
        self._hits.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._clear = IconButton("x", tr("Clear the search (Esc)"), self, side=20)
        self._clear.setObjectName("tagSearchClear")
        self._clear.setCursor(Qt.CursorShape.ArrowCursor)
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        self.textChanged.connect(self._changed)

    def show_hits(self, text: str) -> None:
        """Translated, e.g. "64 hits, 3 ms"; "" for none."""
        if text != self._hits.text():
            self._hits.setText(text)
            self.setAccessibleDescription(text)
            self._place()

    def _changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._place()

    def _place(self) -> None:
        tokens = theme()
        right = self.width() - tokens.px(3)
        if self.text():
            side = self._clear.sizeHint()
            right -= side.width()
            self._clear.setGeometry(
                right, (self.height() - side.height()) // 2, side.width(), side.height()
            )
        hint = self._hits.sizeHint()
        right -= hint.width() + tokens.px(4)
        typed = tokens.metrics(13).horizontalAdvance(self.text()) + tokens.px(36)
        # The typed text matters more than the number.
        self._hits.setVisible(bool(self._hits.text()) and typed < right)
        self._hits.setGeometry(right, 0, hint.width(), self.height())
        taken = self.width() - right if self._hits.isVisible() else tokens.px(28)
        margins = self.textMargins()
        margins.setRight(taken + tokens.px(4))
        self.setTextMargins(margins)

    def _dress(self) -> None:
        super()._dress()
        if hasattr(self, "_hits"):
            self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown):
            self.down.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif key == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self.emptied.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()
