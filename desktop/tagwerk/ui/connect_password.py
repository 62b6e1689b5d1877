"""Asks for the password or the token of a saved connection when the keyring has none."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.ui.connect_parts import keep_words, no_keyring_words, secret_of
from tagwerk.ui.i18n import tr
from tagwerk.ui.status_words import host_of
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import CheckBox, LineField
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area


class PasswordDialog(QDialog):
    """Object name ``passwordDialog``. `answer` gives (password, keep) or None when cancelled."""

    def __init__(
        self, parent: QWidget, profile: ConnectionProfile, *, has_keyring: bool, why: str = ""
    ) -> None:
        super().__init__(parent)
        self.setObjectName("passwordDialog")
        self.setWindowTitle(tr("Sign in"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.answer: asyncio.Future[tuple[str, bool] | None] = (
            asyncio.get_running_loop().create_future()
        )
        page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        self._is_token = is_token = profile.by_token
        host = host_of(profile.url)
        headline = tr("Password of {user} on {host}", user=profile.user, host=host)
        if is_token:
            headline = tr("Token of {user} for {host}", user=profile.user, host=host)
        box.addWidget(Label(headline, 16, 600, wrap=True))
        if why:
            box.addWidget(Label(why, 13, 400, "text2", wrap=True))
        self.password = LineField(name=tr("Token") if is_token else tr("Password"))
        self.password.setObjectName("passwordField")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        box.addWidget(self.password)
        self.problem = Label("", 13, 500, "bad", wrap=True)
        self.problem.setObjectName("passwordProblem")
        self.problem.hide()
        box.addWidget(self.problem)
        self.keep = CheckBox(keep_words(is_token=is_token))
        self.keep.setObjectName("keepPassword")
        self.keep.setEnabled(has_keyring)
        box.addWidget(self.keep)
        if not has_keyring:
            box.addWidget(Label(no_keyring_words(is_token=is_token), 12, 400, "text2", wrap=True))
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(theme().px(8))
        row.addStretch(1)
        cancel = PushButton(tr("Cancel"))
        cancel.setObjectName("passwordCancel")
        cancel.clicked.connect(self.reject)
        self.sign_in = PushButton(tr("Sign in"), kind="primary")
        self.sign_in.setObjectName("passwordSignIn")
        self.sign_in.clicked.connect(self.accept)
        row.addWidget(cancel)
        row.addWidget(self.sign_in)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(page, 1)
        column.addWidget(foot)
        self.setMinimumWidth(theme().px(460))
        self._ring = FocusRing(self)
        self.password.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
            return
        super().keyPressEvent(event)

    def accept(self) -> None:
        if self._is_token and not self._secret:
            # Nothing in place of a token would be an attempt to sign in without one.
            self.problem.setText(tr("A token is needed."))
            self.problem.show()
            self.password.setFocus()
            return
        super().accept()

    @property
    def _secret(self) -> str:
        """The password as it was typed, or the token without the blanks that copying brought."""
        return secret_of(self.password.text(), is_token=self._is_token)

    def done(self, result: int) -> None:
        if not self.answer.done():
            accepted = result == QDialog.DialogCode.Accepted
            given = (self._secret, self.keep.isChecked() and self.keep.isEnabled())
            self.answer.set_result(given if accepted else None)
        self.password.clear()
        super().done(result)
