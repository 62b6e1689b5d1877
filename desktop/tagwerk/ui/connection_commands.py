"""What the user can ask about connections, wherever it is asked: menus, welcome page, tool bar,
banners.

Each is handed on to whom it belongs: the connect flow opens and closes plants, its care looks after
the saved connections, the doctor examines. Nothing is decided here, and nothing happens before the
loop runs (`serve`): the painted window takes clicks before. Made by the window; `shell` and
`window_commands` hang its methods on what the user touches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from tagwerk.ui.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagwerk.domain.connection import ConnectionProfile
    from tagwerk.plant import Plant
    from tagwerk.ui.connect_flow import ConnectFlow
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.doctor.flow import DoctorFlow
    from tagwerk.ui.saved_connections import SavedConnections


class ConnectionCommands:
    """One for a window.

    Args:
        window: parent of the doctor's dialog.
        settings: has the saved connections.
    """

    def __init__(self, window: QWidget, settings: Settings) -> None:
        self._window = window
        self._settings = settings
        self._desk: Desk | None = None
        self._flow: ConnectFlow | None = None
        self.doctor: DoctorFlow | None = None
        """None until somebody asked for it."""

    def serve(self, desk: Desk, flow: ConnectFlow) -> None:
        """The loop runs: from now on what is asked is done."""
        self._desk, self._flow = desk, flow

    async def close(self) -> None:
        """End the doctor's work; the window is closing."""
        if self.doctor is not None:
            await self.doctor.close()

    @property
    def is_ready(self) -> bool:
        """Whether what is asked is done."""
        return self._flow is not None

    @property
    def plant(self) -> Plant | None:
        """The one on show."""
        return self._desk.plant if self._desk is not None else None

    # The saved connections.

    def _saved(self) -> SavedConnections:
        from tagwerk.ui.saved_connections import SavedConnections

        return SavedConnections(self._settings)

    def listed(self) -> tuple[list[ConnectionProfile], str]:
        """The saved connections, and the name of the one on show or ""."""
        plant = self.plant
        return self._saved().all(), plant.profile.name if plant is not None else ""

    def recent(self) -> tuple[Sequence[ConnectionProfile], Sequence[str]]:
        """The saved connections, and the names of those that are kept at the top."""
        if not self._settings.get("connections"):
            # The first picture of a new user: without the vocabulary of connections.
            return (), ()
        saved = self._saved()
        profiles = saved.all()
        return profiles, [p.name for p in profiles if saved.is_at_top(p.name)]

    def is_saved(self, profile: ConnectionProfile) -> bool:
        """Whether there is a saved connection of that name."""
        return self._saved().find(profile.name) is not None

    def manage(self) -> None:
        """The list of all saved connections."""
        if self._flow is not None:
            self._flow.care.manage()

    def edit(self, name: str = "") -> None:
        """The fields of a saved connection; "" is the one on show."""
        plant = self.plant
        if not name and plant is not None:
            name = plant.profile.name
        if self._flow is not None and name:
            self._flow.care.edit(name)

    def duplicate(self, name: str) -> None:
        """Save a copy under a free name, and edit it."""
        if self._flow is not None:
            self._flow.care.duplicate(name)

    def remove(self, name: str) -> None:
        """Ask, then delete a saved connection."""
        if self._flow is not None:
            self._flow.care.remove(name)

    def keep_at_top(self, name: str, keep: bool) -> None:
        """Keep a saved connection at the top of the lists, or no longer."""
        if self._flow is not None:
            self._flow.care.keep_at_top(name, keep)

    def enter_partner(self) -> None:
        """The fields of the connection; one that is not saved yet is saved by signing in anew."""
        plant = self.plant
        if plant is None:
            return
        if self.is_saved(plant.profile):
            self.edit()
        else:
            self.repair()

    def forget_password(self, profile: ConnectionProfile | None = None) -> None:
        """Take a connection's password out of memory and keyring; None is the one on show."""
        if self._flow is None:
            return
        if profile is None:
            self._flow.forget_password()
        else:
            self._flow.care.forget_password(profile)

    # Opening and closing.

    def start_demo(self) -> None:
        """Start the demo plant and open it."""
        if self._flow is not None:
            self._flow.start_demo()

    def cancel_demo(self) -> None:
        """Start it no longer."""
        if self._flow is not None:
            self._flow.cancel_demo()

    def connect_to(self, address: str = "") -> None:
        """The connect dialog, with an address or none."""
        if self._flow is not None:
            self._flow.open_dialog(address)

    def open_saved(self, profile: ConnectionProfile) -> None:
        """Connect to a saved connection."""
        if self._flow is not None:
            self._flow.open_saved(profile)

    def close_plant(self) -> None:
        """Disconnect and go back to the welcome page."""
        if self._flow is not None:
            self._flow.close_plant()

    # The link of the plant on show.

    def reconnect(self) -> None:
        """Do not wait for the next attempt."""
        if self._flow is not None:
            self._flow.reconnect()

    def repair(self) -> None:
        """The server refused: look at it again with the dialog."""
        if self._flow is not None:
            self._flow.repair()

    def sign_in_as(self) -> None:
        """The dialog for the same server, to sign in as someone else."""
        if self._flow is not None:
            self._flow.sign_in_as()

    def go_to_partner(self) -> None:
        """Speak to the other one of a redundant pair from now on."""
        plant = self.plant
        if plant is not None:
            plant.link.go_to_partner()

    def examine(self, whom: object = None) -> None:
        """The connection doctor, for whom `DoctorFlow.examine` takes; None: the plant on show."""
        if self._desk is None or self._flow is None:
            return
        if self.doctor is None:
            from tagwerk.ui.doctor.flow import DoctorFlow

            self.doctor = DoctorFlow(self._window, self._desk, self._flow)
        self.doctor.examine(whom)
