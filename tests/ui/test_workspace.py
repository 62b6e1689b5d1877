"""Workspaces: the file, saving and opening in the window."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.ui.workspace import Workspace, read_workspace, write_workspace
from ui.shell_support import PROFILE, Panel, bench, until

PINNED = ConnectionProfile(
    "Skid 21", "https://skid21-hmi/graphql/", "m.brandt", trust=Trust(TrustMode.PINNED, sha256="ab" * 32)
)  # fmt: skip


def test_a_workspace_comes_back_as_it_was_without_trust(tmp_path):
    path = tmp_path / "Straße 7.tagwerk"
    panels = {"trendPanel": {"trends": [{"title": "Kühlung"}]}}
    write_workspace(path, Workspace(PINNED, panels=panels, docks="QUJD", saved_ns=10**18))
    back = read_workspace(path)
    assert back.panels == panels
    assert back.docks == "QUJD"
    assert back.saved_ns == 10**18
    assert back.profile == replace(PINNED, trust=Trust())
    text = path.read_text(encoding="utf-8")
    assert "Kühlung" in text
    assert "abab" not in text


def test_a_sheet_in_the_same_folder_moves_with_the_workspace(tmp_path):
    (tmp_path / "a").mkdir()
    sheet = tmp_path / "a" / "tags.csv"
    sheet.write_text("name\n", encoding="utf-8")
    path = tmp_path / "a" / "x.tagwerk"
    write_workspace(path, Workspace(replace(PINNED, sheet=str(sheet))))
    (tmp_path / "a").rename(tmp_path / "b")
    back = read_workspace(tmp_path / "b" / "x.tagwerk")
    assert back.profile.sheet == str((tmp_path / "b" / "tags.csv").resolve())


@pytest.mark.skipif(os.name != "posix", reason="pipes with a path")
@pytest.mark.timeout(30)
def test_a_pipe_by_that_name_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.tagwerk")
    with pytest.raises(UsageError, match="no workspace"):
        read_workspace(tmp_path / "x.tagwerk")


def test_nothing_that_sounds_like_a_secret_is_written(tmp_path):
    path = tmp_path / "x.tagwerk"
    with pytest.raises(ValueError, match="secrets never"):
        write_workspace(path, Workspace(PINNED, panels={"p": {"password": "x"}}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no workspace"),
        ("[" * 100_000, "no workspace"),
        ("{}", "no workspace"),
        ('{"format": "tagwerk workspace", "version": 99}', "newer version"),
        ('{"format": "tagwerk workspace", "version": 1}', "no workspace"),
        ('{"format": "tagwerk workspace", "version": 1, "connection": {}}', "no workspace"),
    ],
)
def test_what_is_no_workspace_is_named_so(tmp_path, content, said):
    path = tmp_path / "x.tagwerk"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_workspace(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_senseless_parts_are_left_out(tmp_path):
    path = tmp_path / "x.tagwerk"
    document = {
        "format": "tagwerk workspace",
        "version": 1,
        "connection": {"url": "https://h/graphql/", "name": 7, "sheet": None},
        "panels": {"trendPanel": 3, "setpointPanel": {"names": ["a"]}},
        "docks": 4,
        "saved": "soon",
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    back = read_workspace(path)
    assert back.panels == {"setpointPanel": {"names": ["a"]}}
    assert (back.docks, back.saved_ns, back.profile.sheet) == ("", 0, "")
    assert back.profile.name == "https://h/graphql/"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot be saved"):
        write_workspace(tmp_path / "no" / "x.tagwerk", Workspace(PINNED))
    with pytest.raises(UsageError, match="cannot be read"):
        read_workspace(tmp_path / "no.tagwerk")


def _tell_states(monkeypatch):
    monkeypatch.setattr(
        "ui.shell_support._Panel.plant_state", lambda self: {"text": self.field.text()}
    )
    monkeypatch.setattr(
        "ui.shell_support._Panel.show_plant_state",
        lambda self, state: self.field.setText(state["text"]),
    )


@pytest.mark.ui
async def test_a_saved_workspace_is_shown_again_after_its_server_is_open(monkeypatch, tmp_path):
    assert Panel.plant_state is not None
    _tell_states(monkeypatch)
    path = tmp_path / "shift.tagwerk"
    async with bench(monkeypatch) as one:
        await one.open()
        one.panel("trendPanel").field.setText("Kühlung")
        one.window.workspaces.save_to(path)
        assert one.window.windowTitle() == f"shift – {PROFILE.name} – Tagwerk"
        one.panel("trendPanel").field.setText("something else")
        one.window.workspaces.open_file(path)
        assert one.panel("trendPanel").field.text() == "Kühlung"
    async with bench(monkeypatch) as one:
        one.flow.saved.put(PROFILE)
        one.secrets.kept[PROFILE.keyring_name] = "right"
        one.window.workspaces.open_file(path)
        await until(lambda: one.window.clock.frames > 0)
        assert one.panel("trendPanel").field.text() == "Kühlung"
        assert one.window.workspaces.path == path
        one.window.choose_language("de")
        await until(lambda: one.window.actions_by_id["file.quit"].text() == "Beenden")
        await until(lambda: "trendPanel" in one.window.panels)
        assert one.window.workspaces.path == path
        one.window.choose_language("en")
        await until(lambda: one.window.actions_by_id["file.quit"].text() == "Quit")


@pytest.mark.ui
async def test_an_unknown_server_is_asked_about_before_anything_is_sent(monkeypatch, tmp_path):
    path = tmp_path / "mail.tagwerk"
    write_workspace(
        path, Workspace(replace(PROFILE, trust=Trust(TrustMode.PINNED, sha256="ab" * 32)))
    )
    async with bench(monkeypatch) as one:
        one.window.workspaces.open_file(path)
        await until(lambda: one.connector.asked)
        _, trust, user = one.connector.asked[0]
        assert trust == Trust()
        assert user == ""
        assert not one.connector.links


@pytest.mark.ui
@pytest.mark.expects_log("is no workspace")
async def test_a_broken_file_is_told_and_changes_nothing(monkeypatch, tmp_path):
    path = tmp_path / "broken.tagwerk"
    path.write_text("{", encoding="utf-8")
    async with bench(monkeypatch) as one:
        await one.open()
        one.window.workspaces.open_file(path)
        await until(lambda: one.report.messages)
        assert "no workspace" in one.report.messages[0]
        assert one.window.workspaces.path is None
