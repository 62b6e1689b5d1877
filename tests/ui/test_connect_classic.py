"""Connecting to a server that needs more than a user: token, time zone, a filter for messages."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    ConnectionProfile,
    ProbeResult,
    Session,
    Step,
    StepName,
    Trust,
    TrustMode,
)
from tagwerk.domain.message import message
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect import RIGHTS, SIGN_IN, ConnectDialog
from tagwerk.ui.connect_edit import ConnectionEditor
from tagwerk.ui.connect_list import ConnectionList
from tagwerk.ui.connect_password import PasswordDialog
from tagwerk.ui.connect_sign_in import Trial
from tagwerk.ui.passwords import why_asked
from tagwerk.ui.saved_connections import SavedConnections, profile_from_json, profile_to_json
from tagwerk.ui.settings import Settings
from ui.shell_support import SHA, FakeConnector, bench, until

pytestmark = pytest.mark.ui
URL = "https://wincc7:34568/WinCCRestService"


class PolledServer(FakeConnector):
    """A trusted server with settings of its own; remembers with which profiles it was asked."""

    def __init__(self):
        super().__init__()
        self.profiles = []
        self.given = []
        self.hold_sign_in = None
        self.signs_in = True

    async def inspect(
        self, address, *, trust, user="", password="", timeout_s=15.0, on_step=None, deep=False,
        traffic=None, profile=None,
    ):  # fmt: skip
        self.profiles.append(profile)
        self.given.append((user, password))
        needs = {"settings": ("by_token", "time_zone", "alarm_filter")}
        on_step(Step(StepName.INTERFACE, True, 8.0, message("WinCC V7/V8")))
        if not user:
            return ProbeResult(URL, "classic", {"product": "WinCC V7/V8"}, **needs)
        if self.hold_sign_in is not None:
            await self.hold_sign_in.wait()
        # Signing in is skipped with a token, so there is no session to tell of.
        by_token = profile is not None and profile.by_token
        unknown = by_token or not self.signs_in
        on_step(Step(StepName.LOGIN, None if by_token else True, 8.0))
        lacks = {Capability.PUSH: "interface_polls",
                 Capability.ACKNOWLEDGE: "interface_no_acknowledge"}  # fmt: skip
        able = frozenset(Capability) - lacks.keys()
        return ProbeResult(
            URL, "classic", session=None if unknown else Session(user), capabilities=Capabilities(able, lacks),
            alarm_filters=("All", "Line 2"), **needs,
        )  # fmt: skip


async def at(dialog, stage):
    await until(lambda: dialog.pages.currentIndex() == stage and dialog.next.isEnabled())


async def opened(made):
    made.desk.connector = PolledServer()
    made.flow.open_dialog()
    await until(lambda: made.window.findChild(ConnectDialog) is not None)
    return made.window.findChild(ConnectDialog)


async def test_kind_zone_token_and_filter_are_asked_for_and_saved(monkeypatch, tmp_path, qapp):
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        dialog = await opened(made)
        dialog.address.dialect.setCurrentIndex(dialog.address.dialect.findData("classic"))
        assert "34568" in dialog.address.port.text()
        dialog.address.address.setText("wincc7")
        dialog.look()
        await at(dialog, SIGN_IN)
        assert dialog._connector.profiles[0].dialect == "classic"
        page = dialog.sign_in
        assert not page.zone.isHidden()
        page.by_token.setChecked(True)
        assert page.secret_label.text() == "Token"
        page.user.setText("m.brandt")
        asked_before = len(dialog._connector.profiles)
        dialog.next.click()
        assert page.problem.text() == "A token is needed."
        assert len(dialog._connector.profiles) == asked_before
        page.password.setText("issued")
        page.zone.setText("+01:00")
        dialog.next.click()
        await at(dialog, RIGHTS)
        asked = dialog._connector.profiles[1]
        assert (asked.by_token, asked.time_zone) == (True, "+01:00")
        dialog.rights.filter.setCurrentIndex(1)
        dialog.next.click()
        await until(lambda: made.flow.plant is not None)
        opened_with = made.flow.plant.profile
        made.window.remember()
    assert (opened_with.dialect, opened_with.alarm_filter) == ("classic", "Line 2")
    text = (tmp_path / "settings.json").read_text("utf-8")
    (saved,) = json.loads(text)["connections"]
    assert profile_from_json(saved) == opened_with
    assert opened_with.by_token
    assert "issued" not in json.dumps({**saved, "sign_in": ""})


async def test_a_server_that_needs_nothing_more_shows_nothing_more(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        made.flow.open_dialog("skid21-hmi")
        await until(lambda: made.window.findChild(ConnectDialog) is not None)
        dialog = made.window.findChild(ConnectDialog)
        dialog._trust = Trust(TrustMode.PINNED, sha256=SHA)
        dialog.look()
        await at(dialog, SIGN_IN)
        assert dialog.sign_in.zone.isHidden()
        assert dialog.sign_in.by_token.isHidden()


@pytest.mark.parametrize(
    ("dialect", "whole"),
    [
        ("classic", "https://wincc7:34568/WinCCRestService"),
        ("unified", "https://wincc7/graphql/"),
        ("auto", "https://wincc7/graphql/"),
    ],
)
async def test_a_bare_host_becomes_what_its_kind_of_server_has(monkeypatch, qapp, dialect, whole):
    profile = ConnectionProfile("plant", "https://before/graphql/", "u")
    async with bench(monkeypatch) as made:
        scope = made.desk.scope("edit")
        editor = ConnectionEditor(
            made.window, made.connector, scope, SavedConnections(made.settings), profile
        )
        editor.dialect.setCurrentIndex(editor.dialect.findData(dialect))
        editor.address.setText("wincc7")
        editor.partner.setText("wincc7b")
        after = editor._result()
        assert after.url == whole
        assert after.partner == whole.replace("wincc7", "wincc7b")
        assert editor._objection() == ""
        editor.address.setText("no address")
        assert "not an address" in editor._objection()
        editor.reject()


async def test_a_token_is_called_one_wherever_it_is_kept(monkeypatch, qapp):
    profile = ConnectionProfile("old plant", URL, "u", "classic", by_token=True)
    for has_keyring, words in ((True, "Save the token in the keyring"), (False, "The token is")):
        async with bench(monkeypatch, has_keyring=has_keyring) as made:
            dialog = await opened(made)
            page = dialog.sign_in
            page.begin(None, "x", "", ("by_token",))
            assert "password" in page.keep.text()
            page.by_token.setChecked(True)
            said = f"{page.keep.text()} {page.keep_note.text()}"
            assert words in said
            assert "password" not in said
            assert page.keep.accessibleName() == page.keep.text()
            page.begin(None, "x", "", ())
            assert "password" in page.keep.text(), "it cannot be seen, and does not count"
            dialog.reject()
            asked = PasswordDialog(made.window, profile, has_keyring=has_keyring)
            texts = [label.text() for label in asked.findChildren(QLabel)] + [asked.keep.text()]
            assert "Token of u for wincc7:34568" in texts
            assert not [text for text in texts if "assword" in text]
            asked.reject()
    assert "saved token" in why_asked(profile)


async def at_sign_in(made, profile=None, user="m.brandt"):
    made.desk.connector = PolledServer()
    made.flow.open_dialog("" if profile is not None else URL, profile)
    await until(lambda: made.window.findChild(ConnectDialog) is not None)
    dialog = made.window.findChild(ConnectDialog)
    await at(dialog, SIGN_IN)
    dialog.sign_in.user.setText(user)
    return dialog


async def sign_in(made, dialog, secret, *, by_token):
    dialog.sign_in.by_token.setChecked(by_token)
    dialog.sign_in.password.setText(secret)
    dialog.next.click()
    await at(dialog, RIGHTS)
    dialog.next.click()
    await until(lambda: made.flow.plant is not None)


@pytest.mark.parametrize("by_token", [True, False])
async def test_blanks_belong_to_a_password_and_not_to_a_token(monkeypatch, qapp, by_token):
    async with bench(monkeypatch) as made:
        dialog = await at_sign_in(made)
        server = dialog._connector
        await sign_in(made, dialog, "  right ", by_token=by_token)
        sent = "right" if by_token else "  right "
        assert server.given[-1] == ("m.brandt", sent)
        profile = made.flow.plant.profile
        assert made.flow.plant.link.password == sent
        assert made.secrets.kept == {profile.keyring_name: sent}
        asked = PasswordDialog(made.window, profile, has_keyring=True)
        asked.password.setText(" again  ")
        asked.accept()
        assert asked.answer.result() == ("again" if by_token else " again  ", False)


async def test_nothing_is_no_token(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        profile = ConnectionProfile("old plant", URL, "u", "classic", by_token=True)
        asked = PasswordDialog(made.window, profile, has_keyring=True)
        asked.password.setText("  ")
        asked.accept()
        assert not asked.answer.done()
        assert asked.problem.text() == "A token is needed."
        asked.reject()
        assert asked.answer.result() is None
        own = PasswordDialog(made.window, replace(profile, by_token=False), has_keyring=True)
        own.accept()
        assert own.answer.result() == ("", False), "a user may have an empty password"


async def test_what_was_tried_is_saved_whatever_is_typed_meanwhile(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        dialog = await at_sign_in(made)
        server, page = dialog._connector, dialog.sign_in
        server.hold_sign_in = asyncio.Event()
        page.password.setText("right")
        page.zone.setText("+01:00")
        page.name.setText("plant")
        dialog.next.click()
        await until(lambda: server.given[-1] == ("m.brandt", "right"))
        page.by_token.setChecked(True)
        page.user.setText("someone")
        page.password.setText("other")
        page.zone.setText("+09:00")
        page.name.setText("")
        server.hold_sign_in.set()
        await at(dialog, RIGHTS)
        dialog.next.click()
        await until(lambda: made.flow.plant is not None)
        opened_with = made.flow.plant.profile
        assert made.flow.plant.link.password == "right"
        assert not opened_with.by_token
        assert (opened_with.name, opened_with.user, opened_with.time_zone) == ("plant", "m.brandt", "+01:00")  # fmt: skip
        assert made.secrets.kept == {opened_with.keyring_name: "right"}


async def test_a_password_does_not_become_a_token_that_was_taken(monkeypatch, qapp):
    async with bench(monkeypatch) as made:
        dialog = await at_sign_in(made)
        server, page = dialog._connector, dialog.sign_in
        server.hold_sign_in, server.signs_in = asyncio.Event(), False
        page.password.setText("right")
        dialog.next.click()
        await until(lambda: server.given[-1] == ("m.brandt", "right"))
        page.by_token.setChecked(True)
        server.hold_sign_in.set()
        await at(dialog, SIGN_IN)
        assert "did not sign m.brandt in" in page.problem.text()
        dialog.reject()


def test_a_trial_never_prints_its_secret():
    assert "geheim" not in repr(Trial("plant", "u", "geheim", True, "", None))


async def test_token_and_password_of_the_same_user_do_not_meet(monkeypatch, qapp):
    own = ConnectionProfile("own", URL, "u", "classic")
    issued = replace(own, name="issued", by_token=True)
    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        for profile, secret in ((own, "word"), (issued, "bearer")):
            saved.put(profile)
            await made.flow.passwords.keep(profile, secret)
        for profile, secret in ((own, "word"), (issued, "bearer")):
            made.flow.open_saved(profile)
            await until(
                lambda name=profile.name: (
                    made.flow.plant is not None and made.flow.plant.profile.name == name
                )
            )
            assert made.flow.plant.link.password == secret
        made.flow.passwords.refused(issued)
        assert not made.flow.passwords.was_refused(own)
        assert made.flow.passwords.in_memory(own) == "word"
        seen = []
        made.desk.banner_requested.connect(lambda *words: seen.append(words))
        made.flow.care.forget_password(issued)
        await until(lambda: seen)
        assert made.secrets.kept == {own.keyring_name: "word"}
        assert not saved.shares_password(own)


@pytest.mark.parametrize("was_token", [True, False])
@pytest.mark.parametrize("is_shared", [True, False])
async def test_the_secret_of_the_other_kind_does_not_stay_behind(
    monkeypatch, qapp, was_token, is_shared
):
    before = ConnectionProfile("plant", URL, "u", "classic", by_token=was_token)
    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        saved.put(before)
        if is_shared:
            saved.put(replace(before, name="twin"))
        made.secrets.set(before, "former")
        seen = []
        made.desk.banner_requested.connect(lambda *words: seen.append(words))
        dialog = await at_sign_in(made, before, "u")
        assert dialog.sign_in.by_token.isChecked() == was_token
        await sign_in(made, dialog, "latter", by_token=not was_token)
        after = saved.find("plant")
        assert after.by_token != was_token
        if is_shared:
            assert made.secrets.get(before) == "former"
        else:
            await until(lambda: seen)
            gone, used = ("token", "password") if was_token else ("password", "token")
            assert seen[-1][1] == f"The connection signs in with a {used} now; the {gone} of u is forgotten"  # fmt: skip
            assert made.secrets.get(before) is None
        assert made.secrets.get(after) == "latter"
        assert made.flow.plant.link.password == "latter"


async def test_a_deleted_or_moved_token_is_called_one(monkeypatch, qapp):
    issued = ConnectionProfile("plant", URL, "u", "classic", by_token=True)

    def confirm():
        question = next(one for one in made.window.findChildren(ConfirmDialog) if one.isVisible())
        texts = " ".join(label.text() for label in question.findChildren(QLabel))
        assert "its token in the keyring" in texts
        assert "assword" not in texts
        question.yes.click()

    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        saved.put(issued)
        saved.put(replace(issued, name="twin"))
        made.secrets.set(issued, "bearer")
        seen = []
        made.desk.banner_requested.connect(lambda *words: seen.append(words[1]))
        made.flow.care.remove("twin")
        confirm()
        await until(lambda: len(seen) == 1)
        assert "its token stays" in seen[0]
        assert made.secrets.get(issued) == "bearer"
        moved = replace(issued, user="v")
        made.flow.care._edited(issued, moved)
        await until(lambda: len(seen) == 2)
        assert "The saved token was for u" in seen[1]
        await until(lambda: all(not one.isVisible() for one in made.window.findChildren(ConfirmDialog)))  # fmt: skip
        made.flow.care.remove("plant")
        confirm()
        await until(lambda: len(seen) == 3)
        assert seen[2] == "The connection plant and its token are deleted"
        assert made.secrets.kept == {}
        made.flow.connections_changed.emit()
        listed = ConnectionList()
        for profile, words in ((issued, "Forget the saved token"),
                               (replace(issued, by_token=False), "Forget the saved password")):  # fmt: skip
            listed._open_menu(listed, profile, False)
            menu = next(one for one in listed.findChildren(QMenu) if one.isVisible())
            assert menu.findChild(QAction, "recent.forget").text() == words
            menu.close()
        listed.deleteLater()


@pytest.mark.parametrize("by_token", [True, False])
async def test_whoever_is_in_between_reads_what_is_sent_next(monkeypatch, qapp, by_token):
    known = ConnectionProfile("plant", URL, "u", "classic", by_token=by_token)
    async with bench(monkeypatch) as made:
        dialog = await at_sign_in(made, known, "u")
        dialog._confirm_new_certificate()
        question = dialog.findChild(ConfirmDialog, "confirmNewCertificate")
        texts = " ".join(label.text() for label in question.findChildren(QLabel))
        assert ("your token" if by_token else "your password") in texts
        question.reject()
        dialog.reject()


@pytest.mark.parametrize(
    ("partner", "own", "said"),
    [
        ("wincc7b", None, "http://wincc7b:4000/graphql"),
        ("wincc7b", TrustMode.PLAIN_HTTP, ""),
        ("wincc7b", TrustMode.SYSTEM, ""),
        ("http://wincc7b:4000/graphql", None, ""),
        ("https://wincc7b/graphql/", None, ""),
    ],
)
async def test_a_partner_never_becomes_plain_unseen(monkeypatch, qapp, partner, own, said):
    profile = ConnectionProfile(
        "pair", "http://wincc7:4000/graphql", "u", trust=Trust(TrustMode.PLAIN_HTTP)
    )
    async with bench(monkeypatch) as made:
        scope = made.desk.scope("edit")
        editor = ConnectionEditor(
            made.window, made.connector, scope, SavedConnections(made.settings), profile
        )
        changed = []
        editor.edited.connect(lambda _before, after: changed.append(after))
        editor.partner.setText(partner)
        editor.partner.textEdited.emit(partner)
        choice = editor.partner_trust.choice
        choice.setCurrentIndex(choice.findData(own.value if own is not None else ""))
        editor.save.click()
        if said:
            assert f"{said} is not encrypted" in editor.problem.text()
            assert not changed
            editor.reject()
        else:
            assert editor.problem.text() == ""
            expected = (
                "http" if own is TrustMode.PLAIN_HTTP or partner.startswith("http:") else "https"
            )
            assert changed[0].partner.startswith(f"{expected}://wincc7b")


async def test_the_editor_keeps_the_fields(monkeypatch, qapp):
    profile = ConnectionProfile(
        "old plant", URL, "u", "classic", time_zone="UTC", alarm_filter="All", by_token=True
    )
    async with bench(monkeypatch) as made:
        scope = made.desk.scope("edit")
        editor = ConnectionEditor(
            made.window, made.connector, scope, SavedConnections(made.settings), profile
        )
        changed = []
        editor.edited.connect(lambda _before, after: changed.append(after))
        assert editor._result() == profile
        editor.zone.setText("+01:00")
        editor.filter.setText("Line 2")
        editor.save.click()
        await until(lambda: changed)
    assert (changed[0].time_zone, changed[0].alarm_filter) == ("+01:00", "Line 2")
    assert changed[0].by_token


def test_saved_connections_go_there_and_back():
    profile = ConnectionProfile("a", URL, "u", "classic", time_zone="UTC", alarm_filter="All")
    assert profile_from_json(profile_to_json(profile)) == profile
    assert "token" not in json.dumps(profile_to_json(profile))
