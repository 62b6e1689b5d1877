"""The connection doctor's window: what it asks, what it shows, what it never does by itself."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    LinkState,
    ProbeResult,
    Session,
    Step,
    StepName,
    Trust,
    TrustMode,
)
from tagwerk.domain.errors import LoginFailed, NotReachable, NotTrusted
from tagwerk.domain.message import message
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.ui.connect import ConnectDialog
from tagwerk.ui.doctor.details import CheckDetails
from tagwerk.ui.doctor.window import DoctorWindow
from tagwerk.ui.doctor.words import abilities
from tagwerk.ui.i18n import set_language
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.status_words import product_in_words
from ui.shell_support import ALL, PROFILE, FakeConnector, bench, certificate, until

pytestmark = pytest.mark.ui

COMMAND = "Enable-WindowsOptionalFeature -Online -FeatureName IIS-WebSockets"
URL = "https://skid21-hmi/graphql/"


WITHOUT = (StepName.CLOCK, StepName.ROUND_TRIP)
"""Steps after the sign-in that go without one."""


def no_push():
    return Step(
        StepName.PUSH, False, 15.0, message("The server refuses the WebSocket: HTTP 404"),
        message("Switch it on."), "websocket_off", message("It is off."),
        (message("Tick it."), message("Check again.")), COMMAND, message("Polling."),
    )  # fmt: skip


class Doctor(FakeConnector):
    """Answers as told; remembers who asked for what."""

    def __init__(self):
        super().__init__()
        self.looks = []
        self.replace = {}
        self.error = None
        self.gate = None

    async def inspect(
        self, address, *, trust, user="", password="", timeout_s=15.0, on_step=None, deep=False,
        traffic=None, profile=None,
    ):  # fmt: skip
        self.looks.append((address, user, password, deep))
        if not deep:
            return await super().inspect(
                address, trust=trust, user=user, password=password, on_step=on_step
            )
        steps = []
        for name in StepName:
            if self.gate is not None and name is StepName.INTERFACE:
                await self.gate.wait()
            step = self.replace.get(name) or Step(name, True, 12.0, message("seen"))
            if name is StepName.LOGIN and not user:
                step = Step(name, None, 0.0, message("nobody is signed in"), code="not_signed_in")
            if not user and StepName.LOGIN in [one.step for one in steps] and name not in WITHOUT:
                continue
            steps.append(step)
            if traffic is not None:
                traffic.on_exchange(
                    Exchange(1, TrafficKind.HTTP, "x", sent_bytes=100, received_bytes=900)
                )
            on_step(step)
            await asyncio.sleep(0)
            if step.ok is False and self.error is not None:
                return ProbeResult(
                    URL, steps=tuple(steps), error=self.error, certificate=certificate()
                )
        return ProbeResult(
            URL, "unified", {"product": "WinCC Unified", "clock_offset_s": "-2.4"}, tuple(steps),
            certificate(), Session(user) if user else None, Capabilities(ALL),
            at_ns=1_781_791_012_000_000_000, took_ms=1000.0,
        )  # fmt: skip


@asynccontextmanager
async def doctored(monkeypatch):
    async with bench(monkeypatch) as one:
        one.connector = Doctor()
        one.desk.connector = one.connector
        yield one


def window_of(made):
    found = [one for one in made.window.findChildren(DoctorWindow) if one.isVisible()]
    return found[-1] if found else None


async def examined(made):
    """The window on the plant on show, after its check."""
    made.window.shell.actions_by_id["connection.doctor"].trigger()
    await until(lambda: window_of(made) is not None)
    dialog = window_of(made)
    await until(lambda: dialog.found is not None)
    return dialog


async def test_the_plant_on_show_is_looked_at_and_left_alone(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        dialog = await examined(made)
        assert made.connector.looks == [(PROFILE.url, "m.brandt", "right", True)]
        assert dialog.headline.text() == "Everything works"
        assert "14 of 14 checks are fine" in dialog.counts.text()
        assert dialog.windowTitle() == "Connection doctor: skid21-hmi"
        assert not dialog.isModal()
        assert not dialog.go.isVisible()
        assert made.link.reconnects == 0
        assert not made.link.closed
        assert "14 requests, 14.0 kB" in dialog.traffic_words.text()
        assert made.flow.plant.traffic.version > 0, "the plant's traffic log has it too"
        dialog.close()


async def test_a_finding_is_opened_with_why_cure_and_command(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        made.connector.replace[StepName.PUSH] = no_push()
        await made.open()
        dialog = await examined(made)
        assert "polled" in dialog.headline.text()
        details = dialog.findChild(CheckDetails)
        assert details.objectName() == "doctorDetails_push"
        assert details.findChild(QLineEdit, "doctorCommand").text() == COMMAND
        details.findChild(QPushButton, "doctorCopyCommand").click()
        assert QGuiApplication.clipboard().text() == COMMAND
        row = dialog.checks.rows[StepName.PUSH]
        assert row.isChecked()
        assert row.accessibleName().startswith("Push: failed. The server refuses")
        dialog.close()


async def test_the_report_is_copied_and_saved_without_the_password(monkeypatch, qapp, tmp_path):
    async with doctored(monkeypatch) as made:
        made.connector.replace[StepName.PUSH] = no_push()
        made.flow.open_profile(PROFILE, "geheim-4711")
        await until(lambda: made.flow.plant is not None)
        dialog = await examined(made)
        QTest.keyClick(dialog, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        text = QGuiApplication.clipboard().text()
        assert "1. Tick it." in text
        assert COMMAND in text
        assert "2026-06-18T13:56:52.000Z" in text
        dialog.save_report(str(tmp_path / "report.txt"))
        assert (tmp_path / "report.txt").read_text("utf-8") == text
        dialog.save_report(str(tmp_path / "report.json"))
        saved = (tmp_path / "report.json").read_text("utf-8")
        document = json.loads(saved)
        push = next(step for step in document["steps"] if step["step"] == "push")
        assert push["command"] == COMMAND
        assert push["actions"] == ["Tick it.", "Check again."]
        assert "geheim-4711" not in text + saved
        dialog.save_report(str(tmp_path / "nowhere" / "report.txt"))
        assert "cannot be written" in dialog.note.text()
        dialog.close()


async def test_a_refused_password_is_not_tried_again_unasked(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        refusal = LoginFailed("No.", code="101")
        made.connector.replace[StepName.LOGIN] = Step(
            StepName.LOGIN, False, 8.0, message("No."), code="wrong_password"
        )
        made.connector.error = refusal
        await made.open()
        dialog = await examined(made)
        assert dialog.go.text() == "Sign in…"
        QTest.keyClick(dialog, Qt.Key.Key_F5)
        dialog.again.click()
        assert len(made.connector.looks) == 1
        assert dialog.question.isVisible()
        assert dialog.focusWidget() is dialog.without
        made.connector.error = None
        dialog.without.click()
        await until(lambda: len(made.connector.looks) == 2 and dialog.found is not None)
        assert made.connector.looks[-1][1:3] == ("", "")
        dialog.again.click()
        assert dialog.question.isVisible()
        dialog.try_password.click()
        await until(lambda: len(made.connector.looks) == 3)
        assert made.connector.looks[-1][1:3] == ("m.brandt", "right")
        dialog.close()


async def test_a_plant_whose_login_was_refused_is_asked_about_first(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        made.link.tell(LinkState.REFUSED, detail=message("No."), error=LoginFailed("No."))
        made.window.clock.tick()
        made.window.shell.actions_by_id["connection.doctor"].trigger()
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        assert dialog.question.isVisible()
        assert made.connector.looks == []
        dialog.close()


async def test_a_running_check_can_be_cancelled_and_escaped(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        made.connector.gate = asyncio.Event()
        await made.open()
        made.window.shell.actions_by_id["connection.doctor"].trigger()
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        await until(lambda: dialog.checks.rows[StepName.INTERFACE].is_running)
        assert dialog.checks.rows[StepName.HTTP].step is not None
        assert dialog.again.text() == "Cancel"
        dialog.again.click()
        assert dialog.headline.text() == "The check was cancelled"
        assert not any(row.is_running for row in dialog.checks.rows.values())
        await until(lambda: not dialog._scope.is_running("check"))
        QTest.keyClick(dialog, Qt.Key.Key_F5)
        await until(lambda: dialog.is_running)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        await until(lambda: window_of(made) is None)
        assert made.window.connections.doctor.dialog is None


async def test_everything_by_keyboard(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        dialog = await examined(made)
        rows = dialog.checks.rows
        rows[StepName.RESOLVE].setFocus()
        QTest.keyClick(rows[StepName.RESOLVE], Qt.Key.Key_Down)
        assert dialog.focusWidget() is rows[StepName.CONNECT]
        QTest.keyClick(rows[StepName.CONNECT], Qt.Key.Key_Return)
        assert rows[StepName.CONNECT].isChecked()
        QTest.keyClick(rows[StepName.CONNECT], Qt.Key.Key_End)
        assert dialog.focusWidget() is rows[StepName.ROUND_TRIP]
        QTest.keyClick(rows[StepName.ROUND_TRIP], Qt.Key.Key_Space)
        assert rows[StepName.ROUND_TRIP].isChecked()
        assert not rows[StepName.CONNECT].isChecked()
        QTest.keyClick(rows[StepName.ROUND_TRIP], Qt.Key.Key_Left)
        assert not rows[StepName.ROUND_TRIP].isChecked()
        QTest.keyClick(rows[StepName.ROUND_TRIP], Qt.Key.Key_Up)
        assert dialog.focusWidget() is rows[StepName.CLOCK]
        tab_stops = [row for row in rows.values() if row.focusPolicy() & Qt.FocusPolicy.TabFocus]
        assert tab_stops == [rows[StepName.CLOCK]]
        dialog.close()


async def test_without_a_plant_an_address_is_asked_for(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        made.window.shell.actions_by_id["connection.doctor"].trigger()
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        assert made.connector.looks == []
        dialog.address.setText("skid99")
        QTest.keyClick(dialog.address, Qt.Key.Key_Return)
        await until(lambda: dialog.found is not None)
        assert made.connector.looks == [("skid99", "", "", True)]
        assert not dialog.traffic_log.isVisible()
        assert dialog.go.text() == "Sign in…"
        dialog.go.click()
        await until(lambda: made.window.findChild(ConnectDialog) is not None)
        made.window.findChild(ConnectDialog).reject()


async def test_a_saved_connection_from_the_welcome_page(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        made.secrets.kept[PROFILE.keyring_name] = "kept"
        SavedConnections(made.settings).put(PROFILE)
        made.connector.replace[StepName.PUSH] = no_push()
        made.window.shell.welcome.examine_requested.emit(PROFILE)
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        await until(lambda: dialog.found is not None)
        assert made.connector.looks == [(PROFILE.url, "m.brandt", "kept", True)]
        assert dialog.go.text() == "Work with polling"
        dialog.go.click()
        await until(lambda: made.flow.plant is not None)
        assert made.flow.plant.profile.name == PROFILE.name


async def test_an_untrusted_certificate_leads_to_the_dialog(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        made.connector.replace[StepName.TLS] = Step(
            StepName.TLS, False, 30.0, message("Not known."), code="certificate_self_signed"
        )
        made.connector.error = NotTrusted("Not known.", certificate=certificate())
        await made.open()
        made.link.tell(LinkState.RECONNECTING, attempt=1)
        made.window.clock.tick()
        dialog = await examined(made)
        assert dialog.headline.text() == "No connection: nobody vouches for the certificate"
        details = dialog.findChild(CheckDetails)
        shown = " ".join(label.text() for label in details.findChildren(type(dialog.headline)))
        assert "9C 41 7E 0B" in shown
        assert dialog.go.text() == "Look at the certificate…"
        dialog.close()


async def test_a_failed_connect_dialog_leads_here(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        made.connector.error = NotReachable("Nothing listens.")

        async def fail(address, *, on_step=None, deep=False, **_options):
            made.connector.looks.append((address, deep))
            on_step(Step(StepName.RESOLVE, False, 1.0, message("Not known.")))
            return ProbeResult(URL, error=made.connector.error)

        made.connector.inspect = fail
        made.flow.open_dialog("skid98")
        await until(lambda: made.window.findChild(ConnectDialog) is not None)
        connect = made.window.findChild(ConnectDialog)
        await until(lambda: connect.address.examine.isVisible())
        connect.address.examine.click()
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        await until(lambda: dialog.found is not None)
        assert made.connector.looks[-1] == ("skid98", True)
        dialog.close()


async def test_the_banner_of_a_refused_link_leads_here(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        made.link.tell(LinkState.REFUSED, detail=message("No."))
        made.window.clock.tick()
        shown = made.window.shell.banner.banner("link")
        texts = [action[0] for action in shown.actions]
        assert "Find out why…" in texts
        shown.actions[texts.index("Find out why…")][2]()
        await until(lambda: window_of(made) is not None)
        window_of(made).close()


async def test_the_clock_and_what_works_are_told(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        dialog = await examined(made)
        labels = dialog.findings.findChildren(type(dialog.headline))
        text = " ".join(label.text() for label in labels)
        assert "Server time is 2.4 s behind." in text
        assert "Write, read back" in text
        assert "pushed" in text
        assert "left alone" in text
        dialog.close()


async def test_a_connection_that_broke_meanwhile_is_told(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        made.connector.gate = asyncio.Event()
        made.window.shell.actions_by_id["connection.doctor"].trigger()
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        made.link.lose(made.clock_ns)
        made.window.clock.tick()
        made.connector.gate.set()
        await until(lambda: dialog.found is not None)
        labels = dialog.findings.findChildren(type(dialog.headline))
        text = " ".join(label.text() for label in labels)
        assert "one session for a user only" in text
        assert "left alone" not in text
        dialog.close()


async def test_a_connection_that_was_down_before_is_not_laid_to_the_check(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        await made.open()
        dialog = await examined(made)
        made.link.lose(made.clock_ns)
        made.window.clock.tick()
        dialog.again.click()
        await until(lambda: dialog.is_running)
        await until(lambda: dialog.found is not None)
        labels = dialog.findings.findChildren(type(dialog.headline))
        text = " ".join(label.text() for label in labels if label.isVisibleTo(dialog))
        assert "It was down already when this check began." in text
        assert "one session" not in text
        dialog.close()


async def test_in_german(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        set_language("de")
        try:
            await made.open()
            dialog = await examined(made)
            assert dialog.headline.text() == "Alles geht"
            assert dialog.again.text() == "Erneut prüfen"
            dialog.close()
        finally:
            set_language("en")


async def test_a_saved_trust_is_used(monkeypatch, qapp):
    async with doctored(monkeypatch) as made:
        pinned = type(PROFILE)("pinned", URL, "", trust=Trust(TrustMode.PINNED, sha256="ab" * 32))
        made.window.shell.welcome.examine_requested.emit(pinned)
        await until(lambda: window_of(made) is not None)
        dialog = window_of(made)
        await until(lambda: dialog.found is not None)
        assert dialog.patient.trust == pinned.trust
        assert Capability.READ in dialog.found.capabilities
        dialog.close()


def test_reading_without_browsing_is_not_called_impossible():
    able = Capabilities(frozenset(Capability) - {Capability.BROWSE}, {Capability.BROWSE: "server"})
    lines = {line.text: line for line in abilities(ProbeResult("https://h/", capabilities=able))}
    assert lines["Read"].icon == "check"
    assert lines["Browse"].icon == "x"
    assert lines["Browse"].note


def test_the_version_that_was_guessed_is_told_in_the_users_language(qapp):
    set_language("de")
    try:
        assert product_in_words("WinCC Unified V20 or later") == "WinCC Unified V20 oder neuer"
        assert product_in_words("Another 7") == "Another 7"
    finally:
        set_language("en")
