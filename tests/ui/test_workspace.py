"""Workspaces: the file, saving and opening in the window."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.slow_files import Save
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.workspace import Workspace, _rename_lock, read_workspace, write_workspace
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


@pytest.mark.parametrize(
    ("workspace", "place"),
    [
        (Workspace(replace(PINNED, note="Halle \udc80")), '"note": "Halle ?"'),
        (Workspace(replace(PINNED, name="\ud800")), '"name": "?"'),
        (Workspace(PINNED, panels={"p": {"text": "a" * 500 + "\ud800"}}), '"text": "aaa'),
    ],
)
def test_half_a_character_is_told_with_its_place_and_leaves_nothing(tmp_path, workspace, place):
    path = tmp_path / "x.tagwerk"
    write_workspace(path, Workspace(PINNED))
    before = path.read_bytes()
    with pytest.raises(UsageError, match="cannot be saved as") as caught:
        write_workspace(path, workspace)
    assert str(path) in str(caught.value)
    assert place in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 250
    assert "anew" in caught.value.cure
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="file names that are no text")
def test_a_file_name_that_is_no_text_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot be saved as") as caught:
        write_workspace(tmp_path / "\ud800.tagwerk", Workspace(PINNED))
    str(caught.value).encode()
    assert not list(tmp_path.iterdir())


def test_whatever_goes_wrong_in_a_save_leaves_nothing_beside_the_file(tmp_path):
    def fail():
        assert len(list(tmp_path.iterdir())) == 1
        raise MemoryError

    with pytest.raises(MemoryError):
        write_workspace(tmp_path / "x.tagwerk", Workspace(PINNED), fail)
    assert not list(tmp_path.iterdir())


def test_a_save_sweeps_what_killed_programs_of_this_user_left_of_the_same_file(
    monkeypatch, tmp_path
):
    path = tmp_path / "x[1].tagwerk"
    parts = []
    write_workspace(
        path, Workspace(PINNED), lambda: bool(parts.extend(tmp_path.glob("*.part"))) or True
    )
    maker = parts[0].name.removeprefix(f"{path.name}.").partition("-")[0]
    gone, alive = 111, 222

    def kill(process, number):
        assert number == 0
        if process == gone:
            raise ProcessLookupError

    swept = [f"{path.name}.{maker}-{alive}-2.part"]
    if os.name == "posix":
        swept.append(f"{path.name}.{maker}-{gone}-1.part")
    kept = [
        f"{path.name}.{maker}-{alive}-1.part",
        f"{path.name}.{'0' * len(maker)}-{gone}-1.part",
        f"{path.name}.{gone}-1.part",
        f"y.tagwerk.{maker}-{gone}-1.part",
        f"x1.tagwerk.{maker}-{gone}-1.part",
        f"{path.name}.{maker}-{gone}-1.part.txt",
    ]
    for name in (*swept, *kept):
        (tmp_path / name).write_text("{", encoding="utf-8")
    two_days_ago = time.time() - 2 * 24 * 3600
    for name in (swept[0], kept[1], kept[2]):
        os.utime(tmp_path / name, (two_days_ago, two_days_ago))
    monkeypatch.setattr("tagwerk.ui.workspace.os.kill", kill)
    write_workspace(path, Workspace(PINNED))
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, *kept])


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
        await until(lambda: one.window.workspaces.path == path)
        assert one.window.windowTitle() == f"shift – {PROFILE.name} – Tagwerk"
        one.panel("trendPanel").field.setText("something else")
        one.window.workspaces.open_file(path)
        await until(lambda: one.panel("trendPanel").field.text() == "Kühlung")
    async with bench(monkeypatch) as one:
        one.flow.saved.put(PROFILE)
        one.secrets.kept[PROFILE.keyring_name] = "right"
        one.window.workspaces.open_file(path)
        await until(lambda: one.window.clock.frames > 0)
        assert one.panel("trendPanel").field.text() == "Kühlung"
        assert one.window.workspaces.path == path
        one.window.appearance.choose_language("de")
        await until(lambda: one.window.shell.actions_by_id["file.quit"].text() == "Beenden")
        await until(lambda: "trendPanel" in one.window.panels)
        assert one.window.workspaces.path == path
        one.window.appearance.choose_language("en")
        await until(lambda: one.window.shell.actions_by_id["file.quit"].text() == "Quit")


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


# A share that is gone: reading and writing hang.


def test_who_comes_first_decides_whether_a_save_counts():
    given_up, replacing = Save(Path("a")), Save(Path("b"))
    assert given_up.give_up()
    assert not given_up.may_replace()
    assert replacing.may_replace()
    assert not replacing.give_up(), "the old file cannot be promised any more"


def test_a_save_gives_up_the_one_before_it_at_once():
    first = Save(Path("a"))
    Save(Path("b"), first)
    assert not first.may_replace()


def test_a_save_is_behind_one_that_was_given_up_too_late():
    first = Save(Path("z/x.tagwerk"))
    assert first.may_replace()
    other, second = Save(Path("y.tagwerk"), first), Save(Path("x.tagwerk"), first)
    assert second.is_behind_another
    assert not other.is_behind_another
    third = Save(Path("X.tagwerk"), second)
    assert third.is_behind_another
    first.end()
    assert not third.is_behind_another


class DeadShare:
    """What touches it waits until it is back."""

    def __init__(self):
        self.is_back = threading.Event()
        self.waiting = 0

    def touch(self):
        self.waiting += 1
        assert self.is_back.wait(30)


@contextmanager
def dead_share(monkeypatch):
    """Reading hangs at once, writing before the new file takes the place of the old one."""
    share = DeadShare()
    fsync = os.fsync

    def slow_sync(number):
        if threading.current_thread().name == "workspace:save":
            share.touch()
        fsync(number)

    def slow_read(path):
        share.touch()
        return read_workspace(path)

    monkeypatch.setattr("tagwerk.ui.workspace.os.fsync", slow_sync)
    monkeypatch.setattr("tagwerk.ui.workspace_flow.read_workspace", slow_read)
    try:
        yield share
    finally:
        share.is_back.set()


@contextmanager
def dead_rename(monkeypatch, folder):
    """The first file of a save that would take its place in that folder hangs there."""
    share = DeadShare()
    rename = os.replace

    def slow_rename(source, target):
        ours = threading.current_thread().name == "workspace:save"
        if ours and Path(target).parent == folder and not share.waiting:
            share.touch()
        rename(source, target)

    monkeypatch.setattr("tagwerk.ui.workspace.os.replace", slow_rename)
    try:
        yield share
    finally:
        share.is_back.set()


async def threads_gone():
    """No thread of a workspace is at work any more."""
    await until(
        lambda: not [one for one in threading.enumerate() if one.name.startswith("workspace")]
    )


def said(one):
    return (
        one.window.shell.banner.current.headline
        if one.window.shell.banner.current is not None
        else ""
    )


async def answer(one, button):
    """Press a button of the question about closing; it is waited for."""

    def shown():
        found = one.window.findChildren(ConfirmDialog, "confirmEndUnsaved")
        return [dialog for dialog in found if dialog.isVisible()]

    await until(shown)
    getattr(shown()[0], button).click()


@pytest.mark.ui
async def test_a_slow_file_leaves_the_window_usable_and_can_be_given_up(monkeypatch, tmp_path):
    path = tmp_path / "far.tagwerk"
    write_workspace(path, Workspace(PROFILE))
    async with bench(monkeypatch) as one:
        with dead_share(monkeypatch) as share:
            one.window.workspaces.open_file(path)
            await until(lambda: said(one) == "Opening far.tagwerk …")
            banner = one.window.shell.banner.current
            assert str(tmp_path) in banner.detail
            assert not banner.closable
            await one.open()
            one.link.lose(one.clock_ns)
            one.window.clock.tick()
            assert one.window.shell.banner.banner("link") is not None
            one.window._on_show.refresh()
            assert said(one) == "Opening far.tagwerk …", "not behind the link's banner"
            ((text, _icon, give_up),) = banner.actions
            assert text == "Cancel"
            give_up()
            await until(lambda: said(one).startswith("Link lost"))
            share.is_back.set()
            await threads_gone()
        await asyncio.sleep(0)
        assert one.window.workspaces.path is None
        assert len(one.connector.links) == 1


@pytest.mark.ui
async def test_of_two_files_the_one_wished_for_last_is_opened(monkeypatch, tmp_path):
    far, near = tmp_path / "far.tagwerk", tmp_path / "near.tagwerk"
    for path in (far, near):
        write_workspace(path, Workspace(PROFILE))
    async with bench(monkeypatch) as one:
        await one.open()
        with dead_share(monkeypatch) as share:
            one.window.workspaces.open_file(far)
            await until(lambda: share.waiting)
            monkeypatch.setattr("tagwerk.ui.workspace_flow.read_workspace", read_workspace)
            one.window.workspaces.open_file(near)
            await until(lambda: one.window.workspaces.path == near)
            share.is_back.set()
            await threads_gone()
        await asyncio.sleep(0)
        assert one.window.workspaces.path == near


@pytest.mark.ui
async def test_a_plant_that_was_opened_meanwhile_is_not_thrown_away(monkeypatch, tmp_path):
    path = tmp_path / "far.tagwerk"
    write_workspace(path, Workspace(replace(PROFILE, url="https://other-hmi/graphql/")))
    async with bench(monkeypatch) as one:
        with dead_share(monkeypatch) as share:
            one.window.workspaces.open_file(path)
            await until(lambda: share.waiting)
            await one.open()
            share.is_back.set()
            await until(lambda: one.window.findChild(ConfirmDialog, "confirmOpenWorkspace"))
        assert not one.link.closed


@pytest.mark.ui
@pytest.mark.expects_log("was given up|was not saved")
async def test_a_save_that_is_given_up_leaves_the_file_as_it_was(monkeypatch, tmp_path):
    path = tmp_path / "far.tagwerk"
    write_workspace(path, Workspace(PINNED))
    before = path.read_bytes()
    async with bench(monkeypatch) as one:
        await one.open()
        with dead_share(monkeypatch) as share:
            one.window.workspaces.save_to(path)
            await until(lambda: said(one) == "Saving far.tagwerk …")
            one.window.shell.banner.current.actions[0][2]()
            await until(lambda: said(one) == "The workspace was not saved")
            assert str(path) in one.window.shell.banner.current.detail
            assert not one.window.workspaces.is_saving
            share.is_back.set()
            await threads_gone()
        assert [each.name for each in tmp_path.iterdir()] == ["far.tagwerk"]
        assert path.read_bytes() == before
        assert one.window.workspaces.path is None


@pytest.mark.ui
async def test_a_later_save_takes_the_place_of_one_that_hangs(monkeypatch, tmp_path):
    far, near = tmp_path / "far" / "x.tagwerk", tmp_path / "near.tagwerk"
    far.parent.mkdir()
    async with bench(monkeypatch) as one:
        await one.open()
        with dead_share(monkeypatch) as share:
            one.window.workspaces.save_to(far)
            await until(lambda: share.waiting == 1)
            one.window.workspaces.save_to(near)
            share.is_back.set()
            await until(lambda: one.window.workspaces.path == near)
            await threads_gone()
        assert read_workspace(near).profile.url == PROFILE.url
        assert not list(far.parent.iterdir())
        assert said(one) == "Workspace saved"


@pytest.mark.ui
async def test_a_save_that_was_replaced_never_lands_on_the_newer_one(monkeypatch, tmp_path):
    _tell_states(monkeypatch)
    path = tmp_path / "far.tagwerk"
    async with bench(monkeypatch) as one:
        await one.open()
        with dead_rename(monkeypatch, tmp_path) as share:
            one.panel("trendPanel").field.setText("first")
            one.window.workspaces.save_to(path)
            await until(lambda: share.waiting)
            one.panel("trendPanel").field.setText("second")
            one.window.workspaces.save_to(path)
            await until(
                lambda: (
                    said(one) == "Workspace saved"
                    or (said(one) and "comes first" in one.window.shell.banner.current.detail)
                )
            )
            assert said(one) == "Saving far.tagwerk …"
            share.is_back.set()
            await until(lambda: one.window.workspaces.path == path)
            assert said(one) == "Workspace saved"
            assert read_workspace(path).panels["trendPanel"] == {"text": "second"}
            await threads_gone()
        assert read_workspace(path).panels["trendPanel"] == {"text": "second"}
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.ui
@pytest.mark.expects_log("was given up|was not saved")
async def test_a_save_behind_one_that_hangs_is_given_up_at_once_and_promises_nothing(
    monkeypatch, tmp_path
):
    _tell_states(monkeypatch)
    path = tmp_path / "far.tagwerk"
    async with bench(monkeypatch) as one:
        await one.open()
        with dead_rename(monkeypatch, tmp_path) as share:
            one.panel("trendPanel").field.setText("first")
            one.window.workspaces.save_to(path)
            await until(lambda: share.waiting)
            one.panel("trendPanel").field.setText("second")
            one.window.workspaces.save_to(path)
            await until(lambda: said(one) == "Saving far.tagwerk …")
            one.window.workspaces.give_up_save()
            await until(lambda: said(one) == "The workspace was not saved")
            assert not share.is_back.is_set()
            assert "earlier save" in one.window.shell.banner.current.detail
            share.is_back.set()
            await threads_gone()
        assert read_workspace(path).panels["trendPanel"] == {"text": "first"}
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.ui
async def test_a_rename_that_hangs_keeps_no_other_folder_waiting(monkeypatch, tmp_path):
    far, near = tmp_path / "far" / "x.tagwerk", tmp_path / "near.tagwerk"
    far.parent.mkdir()
    async with bench(monkeypatch) as one:
        await one.open()
        with dead_rename(monkeypatch, far.parent) as share:
            one.window.workspaces.save_to(far)
            await until(lambda: share.waiting)
            one.window.workspaces.save_to(near)
            await until(lambda: one.window.workspaces.path == near)
            assert not share.is_back.is_set()
            share.is_back.set()
            await threads_gone()


@pytest.mark.skipif(os.name != "posix", reason="links for everybody")
def test_renames_of_one_file_wait_for_each_other_however_the_way_is_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    lock = _rename_lock(tmp_path / "x.tagwerk")
    assert _rename_lock(tmp_path / "link" / "X.tagwerk") is lock
    assert _rename_lock(tmp_path / "y.tagwerk") is not lock


@pytest.mark.ui
@pytest.mark.expects_log("was given up|was not saved")
async def test_two_waiting_banners_stay_as_they_are(monkeypatch, tmp_path):
    path = tmp_path / "far.tagwerk"
    write_workspace(path, Workspace(PROFILE))

    def cancel_button():
        # What was replaced waits for its deletion: the newest is the one on show.
        return one.window.shell.banner.findChildren(PushButton, "bannerAction")[-1]

    async with bench(monkeypatch) as one:
        await one.open()
        bar = one.window.shell.banner
        with dead_share(monkeypatch) as share:
            one.window.workspaces.open_file(path)
            await until(lambda: said(one) == "Opening far.tagwerk …")
            one.window.workspaces.save_to(path)
            await until(lambda: bar.banner("workspace:save") is not None)
            banner, button = bar.current, cancel_button()
            for _ in range(3):
                one.window._on_show.refresh()
                assert bar.current is banner
                assert cancel_button() is button
            # Another one of the same weight comes in front once, and no further.
            one.window.shell.say("warning", "Something else", "")
            one.window._on_show.refresh()
            shown, button = bar.current, cancel_button()
            assert shown.headline in ("Opening far.tagwerk …", "Saving far.tagwerk …")
            one.window._on_show.refresh()
            assert bar.current is shown
            assert cancel_button() is button
            button.click()
            await until(lambda: bar.current is not shown)
            one.window._on_show.refresh()
            cancel_button().click()
            await until(lambda: not bar.banner("workspace:save"))
            await until(lambda: not bar.banner("workspace:open"))
            share.is_back.set()
            await threads_gone()


@pytest.mark.ui
@pytest.mark.expects_log("was given up|was not saved")
async def test_closing_asks_while_a_save_hangs(monkeypatch, tmp_path):
    path = tmp_path / "far.tagwerk"
    ends = []
    async with bench(monkeypatch) as one:
        one.window.close_requested.connect(lambda: ends.append(True))
        await one.open()
        with dead_share(monkeypatch) as share:
            one.window.workspaces.save_to(path)
            one.window.close()
            await answer(one, "no")
            assert one.window.workspaces.is_saving
            assert not ends
            one.window.close()
            await answer(one, "yes")
            assert ends
            await until(lambda: not one.window.workspaces.is_saving)
            share.is_back.set()
            await threads_gone()
        assert not list(tmp_path.iterdir())


@pytest.mark.ui
async def test_a_save_that_comes_through_lets_the_window_close(monkeypatch, tmp_path):
    path = tmp_path / "far.tagwerk"
    ends = []
    async with bench(monkeypatch) as one:
        one.window.close_requested.connect(lambda: ends.append(True))
        await one.open()
        with dead_share(monkeypatch) as share:
            one.window.workspaces.save_to(path)
            one.window.close()
            await until(lambda: one.window.findChild(ConfirmDialog, "confirmEndUnsaved"))
            assert not ends
            share.is_back.set()
            await until(lambda: ends)
        assert read_workspace(path).profile.url == PROFILE.url


@pytest.mark.ui
@pytest.mark.expects_log("cannot be saved")
async def test_a_save_that_fails_keeps_the_window_open(monkeypatch, tmp_path):
    ends = []
    async with bench(monkeypatch) as one:
        one.window.close_requested.connect(lambda: ends.append(True))
        await one.open()
        one.window.workspaces.save_to(tmp_path / "no" / "x.tagwerk")
        one.window.close()
        await until(lambda: "cannot be saved" in said(one))
        await until(lambda: not one.window.workspaces.is_saving)
        assert not ends
        assert "Choose another folder" in one.window.shell.banner.current.detail
        one.window.close()
        assert ends


@pytest.mark.ui
@pytest.mark.expects_log("was not saved in .*far.tagwerk|was given up")
async def test_a_program_that_is_ended_says_what_it_did_not_save(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr("tagwerk.ui.workspace_flow.SAVE_PATIENCE_S", 0.02)
    with dead_share(monkeypatch) as share:
        async with bench(monkeypatch) as one:
            await one.open()
            one.window.workspaces.save_to(tmp_path / "far.tagwerk")
            await until(lambda: share.waiting)
        assert "no answer in time" in caplog.text
        share.is_back.set()
        await threads_gone()
    assert not list(tmp_path.iterdir())


@pytest.mark.ui
@pytest.mark.parametrize("answers", [True, False])
async def test_a_file_dialog_waits_for_no_folder_that_is_gone(monkeypatch, tmp_path, answers):
    path = tmp_path / "far.tagwerk"
    write_workspace(path, Workspace(PROFILE))
    monkeypatch.setattr("tagwerk.ui.slow_files.FOLDER_PATIENCE_S", 5.0 if answers else 0.02)
    async with bench(monkeypatch) as one:
        await one.open()
        one.window.workspaces.open_file(path)
        await until(lambda: one.window.workspaces.path == path)
        with dead_share(monkeypatch) as share:
            is_dir = Path.is_dir

            def slow_look(folder):
                if folder == tmp_path and threading.current_thread().name == "workspace folder":
                    share.touch()
                return is_dir(folder)

            if not answers:
                monkeypatch.setattr(Path, "is_dir", slow_look)
            one.window.workspaces.open()
            await until(lambda: one.window.findChild(QFileDialog, "openWorkspaceDialog"))
            dialog = one.window.findChild(QFileDialog, "openWorkspaceDialog")
            expected = tmp_path if answers else Path.home()
            assert Path(dialog.directory().absolutePath()) == expected
            dialog.reject()
            share.is_back.set()
            await threads_gone()
