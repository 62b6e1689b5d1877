"""A question before something that is not undone: a headline, what follows from it, two answers.

The ring starts on the safe answer, which Escape gives too; the other one is named by what it does.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area


class ConfirmDialog(QDialog):
    """Emits `accepted` or `rejected`.

    Args:
        parent: the window or dialog that asks.
        name: object name; its buttons are ``…Yes`` and ``…No``.
        headline: the question, translated.
        text: what follows from it.
        yes, no: the answers.
    """

    def __init__(
        self, parent: QWidget, name: str, headline: str, text: str, yes: str, no: str
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(headline)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page = Area("panel")
        row = QHBoxLayout(page)
        row.setContentsMargins(21, 20, 21, 20)
        row.setSpacing(theme().px(14))
        row.addWidget(IconLabel("triangle-alert", 24, "uncertain"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(theme().px(8))
        words.addWidget(Label(headline, 16, 600, wrap=True))
        if text:
            words.addWidget(Label(text, 13, 400, "text2", wrap=True))
        row.addLayout(words, 1)
        foot = Area("header", lines="top")
        buttons = QHBoxLayout(foot)
        buttons.setContentsMargins(16, 12, 16, 12)
        buttons.setSpacing(theme().px(8))
        buttons.addStretch(1)
        self.no = PushButton(no, kind="primary")
        self.no.setObjectName(f"{name}No")
        self.no.clicked.connect(self.reject)
        self.yes = PushButton(yes)
        self.yes.setObjectName(f"{name}Yes")
        self.yes.clicked.connect(self.accept)
        buttons.addWidget(self.yes)
        buttons.addWidget(self.no)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(page, 1)
        column.addWidget(foot)
        self.setMinimumWidth(theme().px(480))
        self._ring = FocusRing(self)
        self.no.setFocus(Qt.FocusReason.OtherFocusReason)
