"""Connecting: the dialog's stages, passwords, the demo plant; nothing secret is written."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLineEdit

from tagwerk.app import Opening, WindowOptions, open_target
from tagwerk.domain.connection import ConnectionProfile, Trust, TrustedCertificate, TrustMode
from tagwerk.domain.errors import NotTrusted
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect import ADDRESS, CERTIFICATE, RIGHTS, SIGN_IN, ConnectDialog
from tagwerk.ui.connect_certificate import CertificatePage
from tagwerk.ui.connect_password import PasswordDialog
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings
from tagwerk.ui.widgets.emptystate import Label
from ui.shell_support import OTHER_SHA, PROFILE, SHA, bench, certificate, until

pytestmark = pytest.mark.ui


async def dialog_of(made, address="skid21-hmi"):
    made.flow.open_dialog(address)
    await until(lambda: made.window.findChild(ConnectDialog) is not None)
    return made.window.findChild(ConnectDialog)


async def at(dialog, stage):
    await until(lambda: dialog.pages.currentIndex() == stage and dialog.next.isEnabled())


async def sign_in(dialog, password="right"):
    dialog.sign_in.user.setText("m.brandt")
    dialog.sign_in.password.setText(password)
    dialog.next.click()


async def test_from_a_bare_name_to_an_open_plant(monkeypatch, tmp_path, qapp):
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        dialog = await dialog_of(made)
        await at(dialog, CERTIFICATE)
        assert dialog.certificate.fingerprint.text.text().startswith("9C 41 7E 0B   9C 41 7E 0B")
        assert dialog.focusWidget() is dialog.cancel
        dialog.next.click()
        await at(dialog, SIGN_IN)
        assert dialog.sign_in.password.echoMode() is QLineEdit.EchoMode.Password
        await sign_in(dialog)
        await at(dialog, RIGHTS)
        assert dialog.rights.headline.text() == "Signed in as m.brandt"
        dialog.next.click()
        await until(lambda: made.flow.plant is not None)
        assert made.flow.plant.profile.trust == Trust(TrustMode.PINNED, sha256=SHA)
        assert made.link.password == "right"
        assert list(made.secrets.kept.values()) == ["right"]
        made.window.remember()
    text = (tmp_path / "settings.json").read_text("utf-8")
    assert "right" not in text.replace('"right', "")
    saved = json.loads(text)["connections"][0]
    assert (saved["name"], saved["user"], saved["trust"]["sha256"]) == (
        "skid21-hmi",
        "m.brandt",
        SHA,
    )


async def test_nobody_is_asked_for_a_password_before_trust(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        dialog = await dialog_of(made)
        await at(dialog, CERTIFICATE)
        assert all(user == "" for _, _, user in made.connector.asked)
        dialog.cancel.click()
        await until(lambda: made.window.findChild(ConnectDialog) is None or not dialog.isVisible())
        assert made.flow.plant is None
        assert SavedConnections(made.settings).all() == []


async def test_trust_for_this_session_is_not_saved(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        dialog = await dialog_of(made)
        await at(dialog, CERTIFICATE)
        dialog.certificate.session.setChecked(True)
        dialog.next.click()
        await at(dialog, SIGN_IN)
        await sign_in(dialog)
        await at(dialog, RIGHTS)
        dialog.next.click()
        await until(lambda: made.flow.plant is not None)
        assert made.flow.plant.profile.trust.sha256 == SHA
        assert SavedConnections(made.settings).all()[0].trust == Trust()


async def test_a_changed_certificate_is_refused_loudly(monkeypatch, qapp):
    async with bench(monkeypatch, sha=OTHER_SHA) as made:
        known = TrustedCertificate("SKID21-HMI", "Plant CA", ("SKID21-HMI",), trusted_ns=10**18)
        pinned = Trust(TrustMode.PINNED, sha256=SHA, known=known)
        SavedConnections(made.settings).put(
            type(PROFILE)("old", "https://skid21-hmi/graphql/", "m.brandt", trust=pinned)
        )
        dialog = await dialog_of(made)
        await at(dialog, CERTIFICATE)
        assert dialog.alert.isVisible()
        page = dialog.certificate
        assert page.changes.isVisible()
        assert not page.fingerprint.isVisible()
        assert page.findChild(Label, "trustedFingerprint").text().startswith("9C 41 7E 0B")
        assert page.findChild(Label, "newFingerprint").text().startswith("51 0D E7 92")
        shown = [label.text() for label in page.changes.findChildren(Label)]
        assert "Plant CA" in shown
        assert "2001-09-09" in shown
        assert shown.count("≠") == 2
        assert dialog.cancel.text() == "Stay away"
        assert dialog.focusWidget() is dialog.cancel
        assert not page.pin.isChecked()
        asked = len(made.connector.asked)
        dialog.next.click()
        assert "Compare" in page.problem.text()
        page.compared.setChecked(True)
        page.pin.setChecked(True)
        dialog.next.click()
        question = dialog.findChild(ConfirmDialog, "confirmNewCertificate")
        assert question.focusWidget() is question.no
        question.reject()
        assert len(made.connector.asked) == asked
        dialog.next.click()
        question = next(q for q in dialog.findChildren(ConfirmDialog) if q.isVisible())
        question.yes.click()
        await at(dialog, SIGN_IN)
        assert made.connector.asked[-1][1].compared
        assert made.connector.asked[-1][1].known.subject == "SKID21-HMI"
        dialog.reject()


async def test_plain_http_needs_its_own_yes(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.connector.plain = True
        dialog = await dialog_of(made, "http://skid21-hmi:4000/")
        await until(lambda: dialog.pages.currentIndex() == CERTIFICATE)
        page = dialog.certificate
        assert page.allow_plain.isVisible()
        assert not page.pin.isChecked()
        assert not dialog.next.isEnabled()
        assert "read the password" in page.about.text()
        page.pin.setChecked(True)
        page.allow_plain.setChecked(True)
        assert dialog.next.isEnabled()
        dialog.next.click()
        await at(dialog, SIGN_IN)
        await sign_in(dialog)
        await at(dialog, RIGHTS)
        dialog.next.click()
        await until(lambda: made.flow.plant is not None)
        assert SavedConnections(made.settings).all()[0].trust == Trust(TrustMode.PLAIN_HTTP)


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("name", "Is this the right server?"),
        ("expired", "Do you trust a certificate that has expired?"),
        ("not_yet_valid", "Do you trust a certificate that is not valid yet?"),
        ("weak", "Do you trust a weak certificate?"),
        ("unknown_issuer", "Do you trust this server?"),
    ],
)
def test_the_question_is_about_what_is_wrong(qapp, code, question):
    page = CertificatePage()
    shown = replace(certificate(), links=(certificate(), certificate(OTHER_SHA)))
    page.ask(NotTrusted("No.", code=code, certificate=shown), shown, "other", 10**18)
    assert page.headline.text() == question
    assert page.chain.text().count("SHA-256 9C") == 1
    assert page.chain.text().count("SHA-256 51") == 1
    assert any("You asked for other" in one.text() for one in page.facts.findChildren(Label))
    assert page.decision(7).known.trusted_ns == 7
    page.deleteLater()


async def test_a_wrong_password_is_told_and_not_repeated(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        dialog = await dialog_of(made)
        await at(dialog, CERTIFICATE)
        dialog.next.click()
        await at(dialog, SIGN_IN)
        before = len(made.connector.asked)
        await sign_in(dialog, "wrong")
        await until(lambda: dialog.sign_in.problem.text() != "")
        assert dialog.sign_in.problem.text() == "Wrong."
        assert dialog.sign_in.cure.text() == "Check it."
        assert len(made.connector.asked) == before + 1
        assert dialog.pages.currentIndex() == SIGN_IN
        dialog.reject()


async def test_cancel_ends_a_look_that_hangs(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.connector.hold = asyncio.Event()
        dialog = await dialog_of(made)
        await until(lambda: made.connector.asked)
        assert dialog.pages.currentIndex() == ADDRESS
        dialog.cancel.click()
        await until(lambda: not made.flow._dialog_scope.is_running("look"))
        assert made.flow.plant is None


async def test_without_a_keyring_the_choice_is_off_and_says_why(monkeypatch, qapp):
    async with bench(monkeypatch, has_keyring=False) as made:
        dialog = await dialog_of(made)
        await at(dialog, CERTIFICATE)
        dialog.next.click()
        await at(dialog, SIGN_IN)
        assert not dialog.sign_in.keep.isEnabled()
        assert not dialog.sign_in.keep.isChecked()
        assert "memory" in dialog.sign_in.keep_note.text()
        await sign_in(dialog)
        await at(dialog, RIGHTS)
        dialog.next.click()
        await until(lambda: made.flow.plant is not None)
        assert made.secrets.kept == {}


async def test_a_saved_connection_takes_its_password_from_the_keyring(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.secrets.set(PROFILE, "right")
        made.flow.open_saved(PROFILE)
        await until(lambda: made.flow.plant is not None)
        assert made.link.password == "right"
        assert made.window.findChild(PasswordDialog) is None


async def test_without_one_in_the_keyring_it_is_asked_for(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.flow.open_saved(PROFILE)
        await until(lambda: made.window.findChild(PasswordDialog) is not None)
        dialog = made.window.findChild(PasswordDialog)
        dialog.password.setText("right")
        dialog.sign_in.click()
        await until(lambda: made.flow.plant is not None)
        assert made.link.password == "right"
        assert made.secrets.kept == {}
        # Known for the rest of this run: connecting again does not ask.
        made.flow.close_plant()
        await until(lambda: made.flow.plant is None)
        made.flow.open_saved(PROFILE)
        await until(lambda: made.flow.plant is not None)
        assert made.link.password == "right"


async def test_cancelling_the_password_opens_nothing(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.flow.open_saved(PROFILE)
        await until(lambda: made.window.findChild(PasswordDialog) is not None)
        made.window.findChild(PasswordDialog).reject()
        await until(lambda: not made.flow._scope.is_running("open"))
        assert made.flow.plant is None


async def test_the_demo_opens_with_its_first_view_and_ends_with_the_plant(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        wanted = []
        made.desk.trend_requested.connect(wanted.append)
        made.window.shell.welcome.demo_button.click()
        await until(lambda: made.flow.plant is not None)
        assert wanted == [["HMI_RT_1::Cooling.TIC2120.PV"]]
        assert made.flow.plant.profile.name == "Skid 21"
        # The demo has another port each time: it is not a connection to remember.
        assert SavedConnections(made.settings).all() == []
        made.flow.close_plant()
        await until(lambda: made.demo_stopped)


async def test_starting_the_demo_can_be_cancelled(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.demo_gate = asyncio.Event()
        made.window.shell.welcome.demo_button.click()
        await until(lambda: made.window.shell.welcome.cancel_button.isVisible())
        assert not made.window.shell.welcome.demo_button.isEnabled()
        made.window.shell.welcome.cancel_button.click()
        await until(lambda: made.window.shell.welcome.demo_button.isEnabled())
        assert made.flow.plant is None


async def test_removing_a_connection_takes_its_password_along(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        SavedConnections(made.settings).put(PROFILE)
        made.secrets.set(PROFILE, "right")
        made.flow.care.remove(PROFILE.name)
        question = made.window.findChild(ConfirmDialog, "confirmDelete")
        assert SavedConnections(made.settings).all() == [PROFILE]
        question.yes.click()
        await until(lambda: made.secrets.kept == {})
        assert SavedConnections(made.settings).all() == []


async def test_what_the_command_line_said_is_not_asked_for_again(monkeypatch, qapp):
    """User, trust and kind of server; only the password is missing."""
    url = "https://skid21-hmi/graphql/"
    profile = ConnectionProfile(url, url, "m.brandt", trust=Trust(TrustMode.PINNED, sha256=SHA))

    async def find():
        return Opening(profile, None)

    async with bench(monkeypatch) as made:
        await open_target(made.window, made.flow, WindowOptions(target=url, find=find))
        await until(lambda: made.window.findChild(ConnectDialog) is not None)
        dialog = made.window.findChild(ConnectDialog)
        await until(lambda: dialog.pages.currentIndex() == SIGN_IN)
        assert made.connector.asked[0][:2] == (url, profile.trust)
        assert dialog.sign_in.user.text() == "m.brandt"
        assert dialog.sign_in.name.text() == "skid21-hmi"
        dialog.reject()
