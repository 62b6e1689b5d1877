"""Looking after the saved connections: edit, duplicate, delete, their passwords, their order.

Part of `ConnectFlow`, which opens and closes plants; nothing here does. What is deleted is asked
about first, and every deletion says what became of the password.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect_edit import ConnectionEditor
from tagwerk.ui.connect_list import ConnectionsDialog
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr

if TYPE_CHECKING:
    from tagwerk.ui.connect_flow import ConnectFlow


class ConnectionCare(QObject):
    """One for a window.

    Args:
        window: parent of the dialogs.
        flow: has the saved connections, the passwords and the plant on show.
    """

    def __init__(self, window: QWidget, flow: ConnectFlow) -> None:
        super().__init__(flow)
        self._window, self._flow = window, flow
        self._scope = flow.desk.scope("connectionCare")
        self._editor_scope = flow.desk.scope("connectionEditor")
        self._editor: ConnectionEditor | None = None
        self._manager: ConnectionsDialog | None = None

    async def close(self) -> None:
        """End what is open and what runs; the window is closing."""
        for dialog in (self._editor, self._manager):
            if dialog is not None:
                dialog.reject()
        await self._editor_scope.close()
        await self._scope.close()

    def remove(self, name: str) -> None:
        """Ask, then take a saved connection off the list, and its password out of the keyring."""
        profile = self._flow.saved.find(name)
        if profile is None:
            return
        gone = tr("Its address, the trust in its certificate, its kept names and its password in the keyring of this computer are deleted. Recordings and the audit stay.")  # fmt: skip
        if profile.by_token:
            gone = tr("Its address, the trust in its certificate, its kept names and its token in the keyring of this computer are deleted. Recordings and the audit stay.")  # fmt: skip
        question = ConfirmDialog(
            self._window,
            "confirmDelete",
            tr("Delete the connection {name}?", name=name),
            gone,
            tr("Delete"),
            tr("Keep it"),
        )
        question.accepted.connect(lambda: self._removed(profile))
        question.open()

    def _removed(self, profile: ConnectionProfile) -> None:
        shared = self._flow.saved.shares_password(profile)
        self._flow.saved.remove(profile.name)
        self._scope.start(self._flow.forget_names(profile), "forget names")
        self._flow.store()
        self._flow.connections_changed.emit()
        if shared:
            text = tr("The connection {name} is deleted; its password stays, another connection uses it", name=profile.name)  # fmt: skip
            if profile.by_token:
                text = tr("The connection {name} is deleted; its token stays, another connection uses it", name=profile.name)  # fmt: skip
            self._flow.desk.banner_requested.emit("info", text, "")
            return
        text = tr("The connection {name} and its password are deleted", name=profile.name)
        if profile.by_token:
            text = tr("The connection {name} and its token are deleted", name=profile.name)
        self._scope.start(self._forget(profile, text), "forget")

    def duplicate(self, name: str) -> None:
        """Save a copy under a free name, and edit it."""
        profile = self._flow.saved.find(name)
        if profile is not None:
            copy = replace(profile, name=self._flow.saved.free_name(name))
            self._flow.saved.put(copy)
            self._flow.store()
            self._flow.connections_changed.emit()
            self.edit(copy.name)

    def keep_at_top(self, name: str, keep: bool) -> None:
        """Keep a connection at the top of the lists, or no longer."""
        self._flow.saved.keep_at_top(name, keep)
        self._flow.store()
        self._flow.connections_changed.emit()

    def edit(self, name: str) -> None:
        """The editor for a saved connection."""
        profile = self._flow.saved.find(name)
        if profile is None or self._editor is not None:
            return
        editor = ConnectionEditor(
            self._window, self._flow.desk.connector, self._editor_scope, self._flow.saved, profile,
        )  # fmt: skip
        self._editor = editor
        editor.edited.connect(self._edited)
        editor.password_change.connect(self.change_password)
        editor.password_forget.connect(self.forget_password)
        editor.finished.connect(self._editor_done)
        editor.open()

    def _editor_done(self, _result: int) -> None:
        self._editor = None

    def _edited(self, before: ConnectionProfile, after: ConnectionProfile) -> None:
        self._flow.saved.put(after, instead_of=before.name)
        self._flow.store()
        self._flow.connections_changed.emit()
        self.forget_former(before, after)
        if self._flow.plant is not None and self._flow.plant.profile.name == before.name:
            self._flow.desk.banner_requested.emit(
                "info", tr("The changes count from the next time you connect"), ""
            )

    def forget_former(self, before: ConnectionProfile, after: ConnectionProfile) -> None:
        """Forget the password or token that a changed connection no longer uses.

        Args:
            before: the saved connection as it was.
            after: as it is saved now.
        """
        lost = before.keyring_name != after.keyring_name
        shared = any(
            other.keyring_name == before.keyring_name and other.name != after.name
            for other in self._flow.saved.all()
        )
        if lost and not shared:
            text = _former_words(before, after) if before.user else ""
            self._scope.start(self._forget(before, text), "forget")

    def manage(self) -> None:
        """The list of all saved connections."""
        if self._manager is not None:
            self._manager.raise_()
            return
        manager = ConnectionsDialog(self._window, self._flow)
        self._manager = manager
        manager.finished.connect(self._manager_done)
        manager.open()

    def _manager_done(self, _result: int) -> None:
        self._manager = None

    def change_password(self, profile: ConnectionProfile) -> None:
        """Ask for a new password for a saved connection; nothing is sent."""
        self._scope.start(self._change_password(profile), "password", replace=True)

    async def _change_password(self, profile: ConnectionProfile) -> None:
        why = tr("It is used the next time you connect. The server is not asked now.")
        if await self._flow.ask_password(profile, why) is not None:
            self._flow.store()

    def forget_password(self, profile: ConnectionProfile) -> None:
        """Take the password of a saved connection out of memory and keyring."""
        text = tr("The password of {user} is forgotten", user=profile.user)
        if profile.by_token:
            text = tr("The token of {user} is forgotten", user=profile.user)
        self._scope.start(self._forget(profile, text), "forget")

    async def _forget(self, profile: ConnectionProfile, told: str) -> None:
        try:
            await self._flow.passwords.forget(profile)
        except TagwerkError as error:
            headline, cure = in_words(error)
            self._flow.desk.banner_requested.emit("warning", headline, cure)
            return
        self._flow.store()
        if told:
            self._flow.desk.banner_requested.emit("info", told, "")


def _former_words(before: ConnectionProfile, after: ConnectionProfile) -> str:
    """What became of the secret of a connection that changed."""
    same = (before.user, before.url) == (after.user, after.url)
    if before.by_token:
        if same:
            return tr("The connection signs in with a password now; the token of {user} is forgotten", user=before.user)  # fmt: skip
        return tr("The saved token was for {user} at the former address; it is forgotten", user=before.user)  # fmt: skip
    if same:
        return tr("The connection signs in with a token now; the password of {user} is forgotten", user=before.user)  # fmt: skip
    return tr("The saved password was for {user} at the former address; it is forgotten", user=before.user)  # fmt: skip
