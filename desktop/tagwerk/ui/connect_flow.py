"""Opening and closing plants for the window: demo, dialog, saved connections, passwords.

Holds the plant on show, its running work and the passwords of this run (in memory only). It is
the only place that decides when a plant is opened or closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from tagwerk.domain.connection import ConnectionProfile, LinkState, LinkStatus
from tagwerk.domain.errors import LoginFailed, TagwerkError
from tagwerk.ui.connect import ConnectDialog, ConnectionChoice
from tagwerk.ui.connect_password import PasswordDialog
from tagwerk.ui.connection_care import ConnectionCare
from tagwerk.ui.desk import Desk
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr
from tagwerk.ui.passwords import Passwords, why_asked
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.services import DemoPlant, FirstView, Services

if TYPE_CHECKING:
    from tagwerk.plant import Plant

CLOSE_TIMEOUT_S = 3.0
KEYRING_PATIENCE_S = 2.0
"""So long the keyring may take before the password is asked for meanwhile."""
DEMO_NAME = "Demo"


class ConnectFlow(QObject):
    """One for a window.

    Signals:
        plant_opened: (Plant, FirstView | None).
        plant_closed: the plant is gone; its link closes in the background.
        demo_progress: (running, text, is_error).
        connections_changed: the list of saved connections.
        examine_requested: the connect dialog failed: whom the doctor shall look at.
    """

    plant_opened = Signal(object, object)
    plant_closed = Signal()
    demo_progress = Signal(bool, str, bool)
    connections_changed = Signal()
    examine_requested = Signal(object)

    def __init__(self, window: QWidget, desk: Desk, services: Services) -> None:
        super().__init__(window)
        self._window = window
        self.desk = desk
        self._services = services
        self._scope = desk.scope("connections")
        self._dialog_scope = desk.scope("connectDialog")
        self.saved = SavedConnections(desk.settings)
        self.plant: Plant | None = None
        self.demo: DemoPlant | None = None
        self.passwords = Passwords(services.secrets, desk.settings)
        self._work: asyncio.Task[None] | None = None
        self._told_unsaved = False
        self._dialog: ConnectDialog | None = None
        self.care = ConnectionCare(window, self)
        self._asked_anew: Exception | None = None

    # Demo.

    def start_demo(self) -> None:
        """Start the demo plant's process and open it; once."""
        if not self._scope.is_running("demo"):
            self._scope.start(self._run_demo(), "demo")

    def cancel_demo(self) -> None:
        self._scope.cancel("demo")

    async def _run_demo(self) -> None:
        self.demo_progress.emit(True, tr("Starting the demo plant…"), False)
        try:
            demo = await self._services.start_demo()
        except asyncio.CancelledError:
            self.demo_progress.emit(False, tr("Cancelled"), False)
            raise
        except TagwerkError as error:
            self.demo_progress.emit(False, " ".join(in_words(error)).strip(), True)
            return
        except OSError as error:
            self.demo_progress.emit(False, error.strerror or str(error), True)
            return
        self.demo_progress.emit(False, "", False)
        try:
            await self._close()
        except asyncio.CancelledError:
            await demo.stop()
            raise
        self.demo = demo
        await self._open(demo.profile, demo.password, demo.view)

    # Connections.

    def refuse(self, error: TagwerkError) -> None:
        """Show why something that was asked for cannot be."""
        self.desk.report(error, "open")

    def open_dialog(self, address: str = "", profile: ConnectionProfile | None = None) -> None:
        """The connect dialog, for a new address or to repair a saved connection."""
        self._scope.start(self._show_dialog(address, profile), "dialog", replace=True)

    async def _show_dialog(self, address: str, profile: ConnectionProfile | None) -> None:
        has_keyring = await self.passwords.has_keyring()
        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = ConnectDialog(
            self._window,
            self.desk.connector,
            self._dialog_scope,
            self.saved,
            has_keyring=has_keyring,
            address=address,
            profile=profile,
        )
        self._dialog = dialog
        dialog.chosen.connect(self._chosen)
        dialog.examine_requested.connect(self.examine_requested)
        dialog.finished.connect(self._dialog_done)
        dialog.open()

    def _dialog_done(self, _result: int) -> None:
        self._dialog = None

    def _chosen(self, choice: ConnectionChoice) -> None:
        self._scope.start(self._open_choice(choice), "open", replace=True)

    async def _open_choice(self, choice: ConnectionChoice) -> None:
        self.passwords.remember(choice.profile, choice.password)
        if choice.keep_password:
            await self._keep(choice.profile, choice.password)
        before = self.saved.find(choice.saved.name)
        self.saved.put(choice.saved)
        if before is not None and before.by_token != choice.saved.by_token:
            self.care.forget_former(before, choice.saved)
        self.desk.settings.set("last_connection", choice.saved.name)
        self.store()
        self.connections_changed.emit()
        await self._close()
        await self._open(choice.profile, choice.password, None)

    def store(self) -> None:
        """Write the settings; when that fails it is told once, and the window goes on without."""
        try:
            self.desk.settings.save()
        except TagwerkError as error:
            if not self._told_unsaved:
                self._told_unsaved = True
                self.desk.banner_requested.emit("warning", *in_words(error))
        else:
            self._told_unsaved = False

    async def _keep(self, profile: ConnectionProfile, password: str) -> None:
        try:
            await self.passwords.keep(profile, password)
        except TagwerkError as error:
            headline, cure = in_words(error)
            self.desk.banner_requested.emit("warning", headline, cure)

    def open_saved(self, profile: ConnectionProfile) -> None:
        """Connect to a saved connection; asks for the password when the keyring has none."""
        self._scope.start(self._open_saved(profile), "open", replace=True)

    async def _open_saved(self, profile: ConnectionProfile) -> None:
        if self.plant is not None and self.plant.profile.name == profile.name:
            self.reconnect()
            return
        password = await self._password(profile)
        if password is None:
            return
        self.saved.put(profile)
        self.desk.settings.set("last_connection", profile.name)
        self.store()
        self.connections_changed.emit()
        await self._close()
        await self._open(profile, password, None)

    async def password_for(self, profile: ConnectionProfile) -> str | None:
        """The password of a saved connection for the doctor; None when the user has none to give."""
        return await self._password(profile)

    async def known_password(self, profile: ConnectionProfile) -> str | None:
        """The password of a connection that is not saved, if the keyring tells it soon."""
        if not profile.user:
            return None
        try:
            async with asyncio.timeout(KEYRING_PATIENCE_S):
                return await self.passwords.from_keyring(profile)
        except (TagwerkError, TimeoutError):
            return None

    async def _password(self, profile: ConnectionProfile, why: str = "") -> str | None:
        """From memory, from the keyring, from the user; None when cancelled."""
        known = self.passwords.in_memory(profile)
        if known is not None:
            return known
        if self.passwords.was_refused(profile):
            why = why or why_asked(profile)
        asked = asyncio.ensure_future(self.passwords.from_keyring(profile))
        try:
            done, _ = await asyncio.wait({asked}, timeout=KEYRING_PATIENCE_S)
            if done:
                try:
                    known = asked.result()
                except TagwerkError as error:
                    why = why or " ".join(in_words(error))
                if known is not None:
                    return known
            else:
                why = why or tr("The keyring has not answered yet. It may be waiting for its own password.")  # fmt: skip
            return await self.ask_password(profile, why, None if done else asked)
        finally:
            # A keyring that answers later answers nobody.
            asked.add_done_callback(_take_silently)

    async def ask_password(
        self,
        profile: ConnectionProfile,
        why: str,
        keyring: asyncio.Future[str | None] | None = None,
    ) -> str | None:
        """From the user, or from a keyring that answers meanwhile; None when cancelled."""
        if keyring is None:
            has_keyring = await self.passwords.has_keyring()
        else:
            has_keyring = self.passwords.may_have_keyring
        dialog = PasswordDialog(self._window, profile, has_keyring=has_keyring, why=why)
        dialog.open()
        waited: set[asyncio.Future[Any]] = {dialog.answer}
        if keyring is not None:
            waited.add(keyring)
        try:
            while not dialog.answer.done():
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if keyring is not None and keyring.done() and not dialog.answer.done():
                    waited.discard(keyring)
                    known = None if keyring.exception() else keyring.result()
                    keyring = None
                    if known is not None:
                        dialog.reject()
                        return known
        except asyncio.CancelledError:
            # Answered already, or gone with the window, it may be deleted at any moment.
            if not dialog.answer.done() and isValid(dialog):
                dialog.reject()
            raise
        given = dialog.answer.result()
        if given is None:
            return None
        password, keep = given
        self.passwords.remember(profile, password)
        if keep:
            await self._keep(profile, password)
        return password

    # A sign-in that was refused.

    def follow(self, status: LinkStatus) -> None:
        """Take a status of the plant on show: a refused password is asked for, once."""
        plant = self.plant
        if plant is None or self.demo is not None:
            return
        if status.state.is_live:
            self._asked_anew = None
            if self.passwords.was_refused(plant.profile):
                self.passwords.accepted(plant.profile)
                self.store()
            return
        refused = status.state is LinkState.REFUSED and isinstance(status.error, LoginFailed)
        if refused and self._asked_anew is not status.error:
            self._asked_anew = status.error
            self.passwords.refused(plant.profile)
            self.store()
            self._ask_anew(plant.profile)

    def _ask_anew(self, profile: ConnectionProfile) -> None:
        if not self._scope.is_running("anew") and self._dialog is None:
            self._scope.start(self._open_anew(profile), "anew")

    async def _open_anew(self, profile: ConnectionProfile) -> None:
        password = await self.ask_password(profile, why_asked(profile))
        if password is None or self.plant is None or self.plant.profile != profile:
            return
        self.store()
        await self._close()
        await self._open(profile, password, None)

    async def forget_names(self, profile: ConnectionProfile) -> None:
        """Delete what is kept of the names of a server, unless another saved connection is to the
        same one as the same user."""
        same = (profile.url, profile.user)
        if all((other.url, other.user) != same for other in self.saved.all()):
            await asyncio.to_thread(self._services.forget_names, profile)

    def forget_password(self) -> None:
        """Take the password of the plant on show out of memory and keyring."""
        if self.plant is not None:
            self.care.forget_password(self.plant.profile)

    # The plant on show.

    def reconnect(self) -> None:
        """Do not wait for the next attempt."""
        plant = self.plant
        if plant is None:
            return
        status = plant.status
        if status.state is LinkState.REFUSED and isinstance(status.error, LoginFailed):
            # The same password again could lock the account.
            self._ask_anew(plant.profile)
        else:
            plant.link.reconnect_now()

    def repair(self) -> None:
        """The server refused: look at it again with the dialog."""
        if self.plant is not None:
            self.open_dialog(profile=self.plant.profile)

    def sign_in_as(self) -> None:
        """The dialog for the same server, to sign in as someone else."""
        self.repair()

    def open_profile(
        self, profile: ConnectionProfile, password: str, view: FirstView | None = None
    ) -> None:
        """Open directly, with everything known."""
        self.passwords.remember(profile, password)
        self._scope.start(self._open(profile, password, view), "open", replace=True)

    async def _open(
        self, profile: ConnectionProfile, password: str, view: FirstView | None
    ) -> None:
        try:
            plant = await self._services.open_plant(
                profile, password, lambda problem: self.desk.report(problem, "sheet")
            )
        except TagwerkError as error:
            self.desk.report(error, "open")
            return
        self.plant = plant
        self.plant_opened.emit(plant, view)
        plant.link.start()
        self._work = self._scope.start(plant.run(), "plant")

    def close_plant(self) -> None:
        """Disconnect and go back to the welcome page."""
        self._scope.start(self._close(), "close")

    async def _close(self) -> None:
        plant, self.plant = self.plant, None
        demo, self.demo = self.demo, None
        work, self._work = self._work, None
        if plant is not None:
            self.plant_closed.emit()
            if work is not None:
                work.cancel()
            await _bounded(plant.link.close())
        if demo is not None:
            await _bounded(demo.stop())

    async def shut_down(self) -> None:
        """End everything, bounded; the window is closing."""
        self._scope.cancel("demo")
        self._scope.cancel("open")
        if self._dialog is not None:
            self._dialog.reject()
        await self.care.close()
        await self._dialog_scope.close()
        await self._close()
        await self._scope.close()
        self.passwords.clear()


def _take_silently(future: asyncio.Future[str | None]) -> None:
    if not future.cancelled():
        future.exception()


async def _bounded(coroutine: Awaitable[object]) -> None:
    """Wait a while for something that never raises by itself, then go on."""
    try:
        await asyncio.wait_for(coroutine, CLOSE_TIMEOUT_S)
    except TimeoutError:
        return
