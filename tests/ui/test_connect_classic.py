"""Connecting to a server that needs more than a user: token, time zone, a filter for messages."""

from __future__ import annotations

import json

import pytest
from PySide6.QtWidgets import QLabel

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
from tagwerk.ui.connect import RIGHTS, SIGN_IN, ConnectDialog
from tagwerk.ui.connect_edit import ConnectionEditor
from tagwerk.ui.connect_password import PasswordDialog
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

    async def inspect(
        self, address, *, trust, user="", password="", timeout_s=15.0, on_step=None, deep=False,
        traffic=None, profile=None,
    ):  # fmt: skip
        self.profiles.append(profile)
        needs = {"settings": ("by_token", "time_zone", "alarm_filter")}
        on_step(Step(StepName.INTERFACE, True, 8.0, message("WinCC V7/V8")))
        if not user:
            return ProbeResult(URL, "classic", {"product": "WinCC V7/V8"}, **needs)
        # Signing in is skipped with a token, so there is no session to tell of.
        by_token = profile is not None and profile.by_token
        on_step(Step(StepName.LOGIN, None if by_token else True, 8.0))
        lacks = {Capability.PUSH: "interface_polls",
                 Capability.ACKNOWLEDGE: "interface_no_acknowledge"}  # fmt: skip
        able = frozenset(Capability) - lacks.keys()
        return ProbeResult(
            URL, "classic", session=None if by_token else Session(user), capabilities=Capabilities(able, lacks),
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
