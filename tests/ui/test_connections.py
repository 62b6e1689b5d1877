"""Looking after saved connections and their passwords: edit, duplicate, delete, a refused sign-in."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from tagwerk.domain.connection import LinkState, Trust, TrustedCertificate, TrustMode
from tagwerk.domain.errors import LoginFailed, UsageError
from tagwerk.ui import connect_flow
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect import ConnectionChoice
from tagwerk.ui.connect_edit import CERTIFICATE, FIELDS, ConnectionEditor
from tagwerk.ui.connect_list import ConnectionButton, ConnectionsDialog
from tagwerk.ui.connect_password import PasswordDialog
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings
from ui.shell_support import PROFILE, SHA, bench, until

pytestmark = pytest.mark.ui
KNOWN = TrustedCertificate("SKID21-HMI", "Plant CA", ("SKID21-HMI",), "RSA 2048", 0, 10**18, 10**17)
PINNED = replace(PROFILE, trust=Trust(TrustMode.PINNED, sha256=SHA, compared=True, known=KNOWN))


def visible(made, kind):
    return next((one for one in made.window.findChildren(kind) if one.isVisible()), None)


def banners(made):
    seen = []
    made.desk.banner_requested.connect(lambda *words: seen.append(words))
    return seen


def editor_of(made, profile=PINNED):
    saved = SavedConnections(made.settings)
    if saved.find(profile.name) is None:
        saved.put(profile)
    made.flow.care.edit(profile.name)
    return visible(made, ConnectionEditor)


# A sign-in that is refused.


def refuse(made):
    made.link.tell(LinkState.REFUSED, error=LoginFailed("Wrong."))


async def test_a_wrong_saved_password_is_sent_once_and_asked_for(monkeypatch, tmp_path, qapp):
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        made.secrets.set(PROFILE, "wrong")
        made.flow.open_saved(PROFILE)
        await until(lambda: made.flow.plant is not None)
        assert made.link.password == "wrong"
        refuse(made)
        made.window.clock.tick()
        await until(lambda: visible(made, PasswordDialog) is not None)
        links = len(made.connector.links)
        made.flow.reconnect()
        assert made.link.reconnects == 0
        visible(made, PasswordDialog).reject()
        await until(lambda: not made.flow._scope.is_running("anew"))
        # Neither by opening it again, nor after a restart, is it sent by itself.
        made.flow.close_plant()
        await until(lambda: made.flow.plant is None)
        made.flow.open_saved(PROFILE)
        await until(lambda: visible(made, PasswordDialog) is not None)
        assert len(made.connector.links) == links
        dialog = visible(made, PasswordDialog)
        dialog.password.setText("right")
        dialog.keep.setChecked(True)
        dialog.accept()
        await until(lambda: made.flow.plant is not None)
        assert made.link.password == "right"
        assert made.secrets.get(PROFILE) == "right"
    assert "right" not in (tmp_path / "settings.json").read_text("utf-8")


async def test_a_refusal_is_remembered_over_a_restart_without_the_password(
    monkeypatch, tmp_path, qapp
):
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        made.secrets.set(PROFILE, "wrong")
        made.flow.open_saved(PROFILE)
        await until(lambda: made.flow.plant is not None)
        refuse(made)
        made.window.clock.tick()
        await until(lambda: visible(made, PasswordDialog) is not None)
        visible(made, PasswordDialog).reject()
    assert "wrong" not in (tmp_path / "settings.json").read_text("utf-8")
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        made.secrets.set(PROFILE, "wrong")
        made.flow.open_saved(PROFILE)
        await until(lambda: visible(made, PasswordDialog) is not None)
        assert made.connector.links == []
        visible(made, PasswordDialog).reject()


async def test_a_question_that_is_gone_already_can_still_be_given_up(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.flow.open_saved(PROFILE)
        await until(lambda: visible(made, PasswordDialog) is not None)
        dialog = visible(made, PasswordDialog)
        dialog.reject()
        QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
        assert not shiboken6.isValid(dialog)
        await made.flow._scope.close()
        assert made.report.messages == []
    async with bench(monkeypatch) as made:
        # The same with a window that takes its dialogs along.
        made.flow.open_saved(PROFILE)
        await until(lambda: visible(made, PasswordDialog) is not None)
        shiboken6.delete(visible(made, PasswordDialog))
        await made.flow._scope.close()
        assert made.report.messages == []


async def test_a_keyring_that_hangs_does_not_stop_the_window(monkeypatch, qapp):
    monkeypatch.setattr(connect_flow, "KEYRING_PATIENCE_S", 0.05)
    hold = threading.Event()
    async with bench(monkeypatch) as made:

        def hang(profile):
            hold.wait(20)

        made.secrets.get = hang
        made.flow.open_saved(PROFILE)
        try:
            await until(lambda: visible(made, PasswordDialog) is not None)
            dialog = visible(made, PasswordDialog)
            dialog.password.setText("right")
            dialog.accept()
            await until(lambda: made.flow.plant is not None)
            assert made.link.password == "right"
        finally:
            hold.set()


async def test_a_keyring_that_answers_late_answers_the_question(monkeypatch, qapp):
    monkeypatch.setattr(connect_flow, "KEYRING_PATIENCE_S", 0.05)
    hold = threading.Event()
    async with bench(monkeypatch) as made:

        def late(profile):
            hold.wait(20)
            return "right"

        made.secrets.get = late
        made.flow.open_saved(PROFILE)
        try:
            await until(lambda: visible(made, PasswordDialog) is not None)
        finally:
            hold.set()
        await until(lambda: made.flow.plant is not None)
        assert made.link.password == "right"
        await until(lambda: visible(made, PasswordDialog) is None)


# Settings that cannot be written.


async def test_settings_that_cannot_be_saved_are_told_once(monkeypatch, qapp):
    async with bench(monkeypatch) as made:

        def full():
            raise UsageError("The disk is full.")

        monkeypatch.setattr(made.settings, "save", full)
        seen = banners(made)
        for number in range(3):
            made.flow.care.keep_at_top(str(number), True)
        assert [words[1] for words in seen] == ["The disk is full."]
        monkeypatch.undo()


# The editor.


async def test_editing_changes_what_was_changed(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        editor = editor_of(made)
        assert editor.findChild(type(editor.problem), "trustFingerprint").text().startswith("9C 41")
        assert "SKID21-HMI" in editor.trust.about.text()
        editor.name.setText("north")
        editor.note.setText("Hall 4")
        editor.timeout.setText("7.5")
        editor.save.click()
        after = SavedConnections(made.settings).find("north")
        assert after == replace(PINNED, name="north", note="Hall 4", timeout_s=7.5)
        assert after.trust.known == KNOWN
        assert SavedConnections(made.settings).find(PINNED.name) is None


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("name", "", "name"),
        ("name", "taken", "taken"),
        ("address", "", "not an address"),
        ("address", "https://user@host/", "not an address"),
        ("address", "ftp://host/", "not an address"),
        ("address", "https://host:99999/", "not an address"),
        ("address", "http://skid21:4000/graphql", "not encrypted"),
        ("partner", "http://skid21b:4000/", "not encrypted"),
        ("timeout", "0", "time-out"),
        ("timeout", "x", "time-out"),
        ("partner", "a b@c", "not an address"),
    ],
)
async def test_what_cannot_be_is_said_and_not_saved(monkeypatch, qapp, field, text, said):
    async with bench(monkeypatch) as made:
        SavedConnections(made.settings).put(replace(PROFILE, name="taken"))
        editor = editor_of(made)
        getattr(editor, field).setText(text)
        editor.save.click()
        assert said in editor.problem.text()
        assert editor.isVisible()
        assert SavedConnections(made.settings).find(PINNED.name) == PINNED
        editor.reject()


async def test_the_pin_can_be_forgotten_and_another_host_has_none(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        editor = editor_of(made)
        editor.trust.choice.setCurrentIndex(editor.trust.choice.findData("system"))
        editor.trust.choice.activated.emit(editor.trust.choice.currentIndex())
        assert "forgotten" in editor.trust.about.text()
        editor.save.click()
        assert SavedConnections(made.settings).find(PINNED.name).trust == Trust()
        SavedConnections(made.settings).put(PINNED)
        await until(lambda: visible(made, ConnectionEditor) is None)
        editor = editor_of(made)
        editor.address.setText("https://elsewhere/graphql/")
        editor.address.textEdited.emit(editor.address.text())
        assert editor.trust.trust == Trust()
        editor.reject()


async def test_another_user_does_not_inherit_the_password(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.secrets.set(PINNED, "right")
        seen = banners(made)
        editor = editor_of(made)
        editor.user.setText("someone")
        editor.save.click()
        await until(lambda: seen)
        assert made.secrets.kept == {}
        assert "forgotten" in seen[0][1]


async def test_the_partner_is_looked_at_before_it_is_trusted(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        editor = editor_of(made, replace(PROFILE, name="pair"))
        editor.partner.setText("skid21b")
        editor.partner.textEdited.emit("skid21b")
        editor.look.click()
        await until(lambda: editor.pages.currentIndex() == CERTIFICATE)
        assert made.connector.asked[-1][2] == ""
        assert editor.focusWidget() is editor.cancel
        editor.cancel.click()
        assert editor.pages.currentIndex() == FIELDS
        assert editor.partner_trust.trust is None
        editor.look.click()
        await until(lambda: editor.pages.currentIndex() == CERTIFICATE)
        editor.save.click()
        editor.follow.setChecked(True)
        editor.save.click()
        after = SavedConnections(made.settings).find("pair")
        assert after.follow_partner
        assert after.partner
        assert after.partner_trust.sha256 == SHA
        assert after.partner_trust.known.subject == "SKID21-HMI"


async def test_the_password_of_a_connection_is_changed_and_forgotten(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.secrets.set(PINNED, "old")
        seen = banners(made)
        editor = editor_of(made)
        editor.change.click()
        await until(lambda: visible(made, PasswordDialog) is not None)
        dialog = visible(made, PasswordDialog)
        dialog.password.setText("new")
        dialog.keep.setChecked(True)
        dialog.accept()
        await until(lambda: made.secrets.get(PINNED) == "new")
        assert made.connector.asked == []
        editor.forget.click()
        await until(lambda: seen)
        assert made.secrets.kept == {}
        editor.reject()


# Lists.


async def test_the_menu_of_a_connection_does_everything(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        saved.put(PINNED)
        saved.put(replace(PROFILE, name="other", url="https://other/graphql/"))
        made.flow.connections_changed.emit()

        def choose(name, key):
            recent = made.window.shell.welcome.recent
            rows = [one.profile for one in recent.findChildren(ConnectionButton)]
            profile = next(one for one in rows if one.name == name)
            recent._open_menu(recent, profile, saved.is_at_top(name))
            menu = next(one for one in recent.findChildren(QMenu) if one.isVisible())
            menu.findChild(QAction, f"recent.{key}").trigger()
            menu.close()

        choose(PINNED.name, "top")
        assert [profile.name for profile in saved.all()] == [PINNED.name, "other"]
        choose(PINNED.name, "top")
        assert not saved.is_at_top(PINNED.name)
        choose("other", "duplicate")
        assert saved.find("other 2").url == "https://other/graphql/"
        visible(made, ConnectionEditor).reject()
        choose("other", "edit")
        visible(made, ConnectionEditor).reject()
        choose("other", "delete")
        visible(made, ConfirmDialog).reject()
        assert saved.find("other") is not None
        choose("other", "delete")
        visible(made, ConfirmDialog).yes.click()
        assert saved.find("other") is None


async def test_deleting_says_what_became_of_the_password(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        saved.put(PINNED)
        saved.put(replace(PINNED, name="twin"))
        made.secrets.set(PINNED, "right")
        seen = banners(made)
        made.flow.care.remove("twin")
        visible(made, ConfirmDialog).yes.click()
        await until(lambda: seen)
        assert "stays" in seen[-1][1]
        assert made.secrets.get(PINNED) == "right"
        await until(lambda: visible(made, ConfirmDialog) is None)
        made.flow.care.remove(PINNED.name)
        visible(made, ConfirmDialog).yes.click()
        await until(lambda: len(seen) == 2)
        assert "password are deleted" in seen[-1][1]
        assert made.secrets.kept == {}


async def test_all_connections_are_shown_and_opened(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        for number in range(8):
            saved.put(replace(PROFILE, name=f"skid {number}", url=f"https://s{number}/graphql/"))
        made.flow.connections_changed.emit()
        welcome = made.window.shell.welcome
        assert welcome.all_button.isVisible()
        welcome.all_button.click()
        dialog = visible(made, ConnectionsDialog)
        buttons = [one for one in dialog.findChildren(ConnectionButton) if not one.isHidden()]
        assert len(buttons) == 8
        made.secrets.set(buttons[3].profile, "right")
        buttons[3].click()
        await until(lambda: made.flow.plant is not None)
        assert made.flow.plant.profile.name == "skid 4"


async def test_a_plant_without_encryption_says_so_all_the_time(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        plain = replace(PROFILE, url="http://skid21:4000/graphql")
        made.flow.open_profile(plain, "right")
        await until(lambda: made.window.clock.frames > 0)
        made.window.clock.tick()
        field = made.window.shell.status_bar.fields["server"]
        assert "not encrypted" in field.accessibleName()


async def test_an_unsaved_address_finds_its_password_in_the_keyring(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        assert await made.flow.known_password(PROFILE) is None
        made.secrets.set(PROFILE, "right")
        assert await made.flow.known_password(PROFILE) == "right"
        made.flow.passwords.refused(PROFILE)
        assert await made.flow.known_password(PROFILE) is None


def test_a_choice_never_prints_its_password():
    assert "geheim" not in repr(ConnectionChoice(PROFILE, PROFILE, "geheim", True))
