"""Opening and closing plants for the window: demo, dialog, saved connections, passwords.

Holds the plant on show, its running work and the passwords of this run (in memory only). It is
the only place that decides when a plant is opened or closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError
from tagwerk.ui.connect import ConnectDialog, ConnectionChoice
from tagwerk.ui.connect_password import PasswordDialog
from tagwerk.ui.desk import Desk
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr
from tagwerk.ui.services import DemoPlant, FirstView, Services
from tagwerk.ui.settings import SavedConnections

if TYPE_CHECKING:
    from tagwerk.plant import Plant

CLOSE_TIMEOUT_S = 3.0
DEMO_NAME = "Demo"


class ConnectFlow(QObject):
    """One for a window.

    Signals:
        plant_opened: (Plant, FirstView | None).
        plant_closed: the plant is gone; its link closes in the background.
        demo_progress: (running, text, is_error).
        connections_changed: the list of saved connections.
    """

    plant_opened = Signal(object, object)
    plant_closed = Signal()
    demo_progress = Signal(bool, str, bool)
    connections_changed = Signal()

    def __init__(self, window: QWidget, desk: Desk, services: Services) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._services = services
        self._scope = desk.scope("connections")
        self._dialog_scope = desk.scope("connectDialog")
        self.saved = SavedConnections(desk.settings)
        self.plant: Plant | None = None
        self.demo: DemoPlant | None = None
        self._passwords: dict[str, str] = {}
        self._work: asyncio.Task[None] | None = None
        self._has_keyring: bool | None = None
        self._dialog: ConnectDialog | None = None

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
        self._desk.report(error, "open")

    def open_dialog(self, address: str = "", profile: ConnectionProfile | None = None) -> None:
        """The connect dialog, for a new address or to repair a saved connection."""
        self._scope.start(self._show_dialog(address, profile), "dialog", replace=True)

    async def _show_dialog(self, address: str, profile: ConnectionProfile | None) -> None:
        has_keyring = await self._keyring()
        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = ConnectDialog(
            self._window,
            self._desk.connector,
            self._dialog_scope,
            self.saved,
            has_keyring=has_keyring,
            address=address,
            profile=profile,
        )
        self._dialog = dialog
        dialog.chosen.connect(self._chosen)
        dialog.finished.connect(self._dialog_done)
        dialog.open()

    def _dialog_done(self, _result: int) -> None:
        self._dialog = None

    def _chosen(self, choice: ConnectionChoice) -> None:
        self._scope.start(self._open_choice(choice), "open", replace=True)

    async def _open_choice(self, choice: ConnectionChoice) -> None:
        self._passwords[choice.profile.keyring_name] = choice.password
        if choice.keep_password:
            await self._keep(choice.profile, choice.password)
        self.saved.put(choice.saved)
        self._desk.settings.set("last_connection", choice.saved.name)
        self._desk.settings.save()
        self.connections_changed.emit()
        await self._close()
        await self._open(choice.profile, choice.password, None)

    async def _keep(self, profile: ConnectionProfile, password: str) -> None:
        try:
            await asyncio.to_thread(self._services.secrets.set, profile, password)
        except TagwerkError as error:
            headline, cure = in_words(error)
            self._desk.banner_requested.emit("warning", headline, cure)

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
        self._desk.settings.set("last_connection", profile.name)
        self.connections_changed.emit()
        await self._close()
        await self._open(profile, password, None)

    async def _password(self, profile: ConnectionProfile, why: str = "") -> str | None:
        """From memory, from the keyring, from the user; None when cancelled."""
        known = self._passwords.get(profile.keyring_name)
        has_keyring = await self._keyring()
        if known is None and has_keyring:
            try:
                known = await asyncio.to_thread(self._services.secrets.get, profile)
            except TagwerkError as error:
                why = why or " ".join(in_words(error))
        if known is not None:
            self._passwords[profile.keyring_name] = known
            return known
        dialog = PasswordDialog(self._window, profile, has_keyring=has_keyring, why=why)
        dialog.open()
        try:
            given = await dialog.answer
        except asyncio.CancelledError:
            dialog.reject()
            raise
        if given is None:
            return None
        password, keep = given
        self._passwords[profile.keyring_name] = password
        if keep:
            await self._keep(profile, password)
        return password

    async def _keyring(self) -> bool:
        if self._has_keyring is None:
            self._has_keyring = await asyncio.to_thread(self._services.secrets.available)
        return self._has_keyring

    def remove(self, name: str) -> None:
        """Take a saved connection off the list, and its password out of the keyring."""
        profile = self.saved.find(name)
        self.saved.remove(name)
        self.connections_changed.emit()
        if profile is not None:
            self._scope.start(self._forget(profile), "forget")

    def forget_password(self) -> None:
        """Take the password of the plant on show out of memory and keyring."""
        if self.plant is not None:
            self._scope.start(self._forget(self.plant.profile, tell=True), "forget")

    async def _forget(self, profile: ConnectionProfile, *, tell: bool = False) -> None:
        self._passwords.pop(profile.keyring_name, None)
        if await self._keyring():
            try:
                await asyncio.to_thread(self._services.secrets.delete, profile)
            except TagwerkError as error:
                headline, cure = in_words(error)
                self._desk.banner_requested.emit("warning", headline, cure)
                return
        if tell:
            self._desk.banner_requested.emit(
                "info", tr("The password of {user} is forgotten", user=profile.user), ""
            )

    # The plant on show.

    def reconnect(self) -> None:
        """Do not wait for the next attempt."""
        if self.plant is not None:
            self.plant.link.reconnect_now()

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
        self._passwords[profile.keyring_name] = password
        self._scope.start(self._open(profile, password, view), "open", replace=True)

    async def _open(
        self, profile: ConnectionProfile, password: str, view: FirstView | None
    ) -> None:
        try:
            plant = await self._services.open_plant(
                profile, password, lambda problem: self._desk.report(problem, "sheet")
            )
        except TagwerkError as error:
            self._desk.report(error, "open")
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
        await self._dialog_scope.close()
        await self._close()
        await self._scope.close()
        self._passwords.clear()


async def _bounded(coroutine: Awaitable[object]) -> None:
    """Wait a while for something that never raises by itself, then go on."""
    try:
        await asyncio.wait_for(coroutine, CLOSE_TIMEOUT_S)
    except TimeoutError:
        return
