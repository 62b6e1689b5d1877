"""Opens the doctor's window for the plant on show, a saved connection or a bare address.

Passwords come from `connect_flow`, in memory, and go nowhere else. One window at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import LoginFailed
from tagwerk.ui.connect_flow import ConnectFlow
from tagwerk.ui.desk import Desk
from tagwerk.ui.doctor.patient import NO_PULSE, Patient
from tagwerk.ui.doctor.window import DoctorWindow
from tagwerk.ui.status_words import is_partner

if TYPE_CHECKING:
    from tagwerk.plant import Plant


class DoctorFlow(QObject):
    """One for a main window."""

    def __init__(self, window: QWidget, desk: Desk, flow: ConnectFlow) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._flow = flow
        self._scope = desk.scope("doctor")
        self.dialog: DoctorWindow | None = None

    def examine(self, whom: object = None) -> None:
        """A `ConnectionProfile`, an address (text), or None: the plant on show; without a plant or
        with an empty address one is asked for."""
        plant = self._flow.plant
        if isinstance(whom, ConnectionProfile):
            self._open(self._patient(whom), whom if whom.user else None)
        elif isinstance(whom, str) or plant is None:
            self._open(Patient(whom.strip() if isinstance(whom, str) else ""), None)
        else:
            self._open(self._patient(plant.profile, plant), plant.profile)

    def _patient(self, profile: ConnectionProfile, plant: Plant | None = None) -> Patient:
        async def password() -> str | None:
            return await self._flow.password_for(profile)

        status = plant.status if plant is not None else None
        trust = profile.trust
        if status is not None and status.url and is_partner(status, profile):
            trust = profile.partner_trust or trust

        def pulse() -> int:
            if plant is None or not plant.status.state.is_live:
                return NO_PULSE
            return plant.link.counters.reconnects

        return Patient(
            address=(status.url if status is not None else "") or profile.url,
            trust=trust,
            user=profile.user,
            timeout_s=profile.timeout_s,
            name=profile.name,
            is_live=status is not None and status.state.is_live,
            was_refused=status is not None and isinstance(status.error, LoginFailed),
            pulse=pulse,
            traffic=plant.traffic if plant is not None else None,
            profile=profile,
            get_password=password,
        )

    def _open(self, patient: Patient, profile: ConnectionProfile | None) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        dialog = DoctorWindow(self._window, self._desk.connector, self._scope, patient)
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._done(dialog))
        dialog.go_requested.connect(lambda: self._go(profile))
        dialog.repair_requested.connect(lambda address: self._repair(profile, address))
        dialog.traffic_requested.connect(self._desk.traffic_requested)
        dialog.report_made.connect(self._keep_report)
        # Not modal: the plant stays in sight, and the traffic log can be opened beside it.
        dialog.setModal(False)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _keep_report(self, text: str) -> None:
        """For the support bundle."""
        self._desk.doctor_report = text

    def _done(self, dialog: DoctorWindow) -> None:
        if self.dialog is dialog:
            self.dialog = None

    def _go(self, profile: ConnectionProfile | None) -> None:
        if profile is not None:
            self._flow.open_saved(profile)

    def _repair(self, profile: ConnectionProfile | None, address: str) -> None:
        self._flow.open_dialog("" if profile is not None else address, profile)

    async def close(self) -> None:
        """The main window is closing."""
        if self.dialog is not None:
            self.dialog.reject()
        await self._scope.close()
