"""A second start finds the first one's window, and only that; nobody else gets in."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import weakref
from pathlib import Path

import pytest
from shiboken6 import isValid

from tagwerk.app import WindowOptions
from tagwerk.domain.connection import ConnectionProfile
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.instance import InstanceServer, _Caller
from tagwerk.ui.instance_call import (
    FILE_NAME,
    MOST_BYTES,
    TAKEN,
    Serving,
    drop_serving,
    hand_over,
    read_serving,
    read_wish,
    screen,
    write_serving,
)
from tagwerk.ui.workspace import Workspace, write_workspace
from ui.shell_support import PROFILE, bench, until

pytestmark = pytest.mark.ui
posix = pytest.mark.skipif(os.name != "posix", reason="sockets with a path")
PATIENT_S = 20.0


@pytest.fixture
def served(qapp, tmp_path):
    """A server in a settings folder of its own, and what it was called with."""
    server = InstanceServer(tmp_path / "settings")
    calls = []
    server.called.connect(calls.append)
    assert server.start()
    yield server, tmp_path / "settings", calls
    server.stop()
    server.deleteLater()


async def call(folder, path=None):
    return await asyncio.to_thread(hand_over, folder, path, PATIENT_S)


async def test_the_window_gets_the_file_with_its_whole_path(served, tmp_path, monkeypatch):
    _server, folder, calls = served
    monkeypatch.chdir(tmp_path)
    assert await call(folder, Path("Prüfstand 7 – Öl.tagwerk"))
    assert calls == [tmp_path / "Prüfstand 7 – Öl.tagwerk"]


async def test_without_a_file_it_comes_forward(served):
    _server, folder, calls = served
    assert await call(folder)
    assert await call(folder)
    assert calls == [None, None]


async def test_a_very_long_path_arrives(served, tmp_path):
    _server, folder, calls = served
    long = tmp_path.joinpath(*["Ordner mit einem sehr langen Namen ä" * 4] * 30, "x.tagwerk")
    assert await call(folder, long)
    assert calls == [long]


async def test_another_folder_is_another_desk(served, tmp_path):
    assert not await call(tmp_path / "other")
    assert served[2] == []


async def test_only_the_owner_can_find_and_reach_it(served):
    _server, folder, _calls = served
    assert set(json.loads((folder / FILE_NAME).read_text("utf-8"))) == {
        "place",
        "process",
        "screen",
    }
    if os.name == "posix":
        assert (folder / FILE_NAME).stat().st_mode & 0o077 == 0
        place = os.stat(read_serving(folder).place)
        assert stat.S_ISSOCK(place.st_mode)
        parent = os.stat(os.path.dirname(read_serving(folder).place))
        assert parent.st_mode & 0o077 == 0


async def test_nothing_is_left_behind(served):
    server, folder, _calls = served
    place = read_serving(folder).place
    server.stop()
    left = [path for path in (folder / FILE_NAME, Path(place)) if path.exists()]
    assert left == []
    assert not await call(folder)


@posix
async def test_sockets_find_a_place_where_temporary_folders_have_long_names(
    qapp, tmp_path, monkeypatch
):
    deep = tmp_path / ("Ordner mit Ä" * 8)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    server = InstanceServer(tmp_path)
    try:
        assert server.start()
        assert await call(tmp_path)
    finally:
        server.stop()
        server.deleteLater()


@posix
async def test_a_folder_that_others_can_enter_is_not_used(qapp, tmp_path, monkeypatch):
    """Then each start has a window of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("tagwerk.ui.instance._SHORT_TEMPORARY", tmp_path)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    open_to_all = tmp_path / f"tagwerk-{os.getuid()}"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    server = InstanceServer(tmp_path / "settings")
    try:
        assert not server.start()
        assert not await call(tmp_path / "settings")
    finally:
        server.stop()
        server.deleteLater()


async def test_a_window_that_crashed_is_followed_by_the_next(served):
    """Its file and its socket are still there, and nobody answers."""
    _server, folder, _calls = served
    dead = read_serving(folder)
    _server._server.close()
    assert not await call(folder)
    write_serving(folder, dead)
    heir = InstanceServer(folder)
    called = []
    heir.called.connect(called.append)
    try:
        assert heir.start(dead)
        assert await call(folder)
        assert called == [None]
        drop_serving(folder, dead)
        assert read_serving(folder) is not None, "the heir's word is not the dead one's to take"
    finally:
        heir.stop()
        heir.deleteLater()


@posix
def test_the_socket_of_a_window_that_crashed_goes(served, tmp_path):
    _server, folder, _calls = served
    place = os.path.join(os.path.dirname(read_serving(folder).place), f"dead-{os.getpid()}")
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(place)
    heir = InstanceServer(tmp_path / "heir")
    try:
        assert heir.start(Serving(place, 1))
        assert not os.path.exists(place)
    finally:
        heir.stop()
        heir.deleteLater()


@posix
def test_of_two_that_begin_at_once_none_takes_the_other_s_socket(served):
    """Both saw no window; the second one has its word in the file, the first one goes on serving."""
    server, folder, _calls = served
    second = InstanceServer(folder)
    place = read_serving(folder).place
    try:
        assert second.start()
        assert Path(place).exists()
    finally:
        second.stop()
        second.deleteLater()
    server.stop()
    assert not Path(place).exists()


@posix
@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b"[]\n",
        b'{"open": 3}\n',
        b'{"open": "not/whole.tagwerk"}\n',
        b"[" * 20_000 + b"\n",
        b"x" * (MOST_BYTES + 2),
        b"\xff\xfe\n",
    ],
    ids=["nonsense", "list", "number", "relative", "deep", "long", "bytes"],
)
async def test_what_makes_no_sense_is_hung_up_on(served, line):
    _server, folder, calls = served

    def ask():
        with socket.socket(socket.AF_UNIX) as calling:
            calling.settimeout(PATIENT_S)
            calling.connect(read_serving(folder).place)
            try:
                calling.sendall(line)
                return calling.recv(100)
            except OSError:
                return b""

    assert await asyncio.to_thread(ask) == b""
    assert calls == []
    assert await call(folder), "and the next one is served"


@posix
async def test_a_caller_does_not_keep_the_window_s_side_alive(qapp, tmp_path):
    """It is a child of it: who holds its parent last is freed twice when it hangs up."""
    server = InstanceServer(tmp_path)
    assert server.start()
    gone = weakref.ref(server)
    with socket.socket(socket.AF_UNIX) as calling:
        calling.connect(read_serving(tmp_path).place)
        await until(lambda one=server: bool(one.findChildren(_Caller)))
        server.stop()
        del server
        assert gone() is None


@posix
async def test_a_window_that_hangs_is_not_waited_for(tmp_path, served):
    _server, folder, _calls = served
    place = str(os.path.join(os.path.dirname(read_serving(folder).place), f"hang-{os.getpid()}"))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(place)
        silent.listen(1)
        try:
            write_serving(tmp_path / "hang", Serving(place, os.getpid()))
            assert not await asyncio.to_thread(hand_over, tmp_path / "hang", None, 0.3)
        finally:
            os.unlink(place)


@posix
async def test_who_reads_slowly_is_not_hung_up_on(served):
    """Windows throws away what the other side has not read when this one hangs up."""
    _server, folder, calls = served

    def ask():
        with socket.socket(socket.AF_UNIX) as calling:
            calling.settimeout(PATIENT_S)
            calling.connect(read_serving(folder).place)
            calling.sendall(b'{"open": ""}\n')
            answer = calling.recv(len(TAKEN))
            calling.settimeout(0.3)
            try:
                return answer, calling.recv(1)
            except TimeoutError:
                return answer, None

    assert await asyncio.to_thread(ask) == (TAKEN, None)
    assert calls == [None]


@posix
async def test_a_window_that_ends_takes_nothing_over(served):
    """Else both would be gone: the window, and the start that had come to it."""
    server, folder, calls = served
    with socket.socket(socket.AF_UNIX) as calling:
        calling.settimeout(PATIENT_S)
        calling.connect(read_serving(folder).place)
        await until(lambda: server.findChildren(_Caller), PATIENT_S)
        server.stop()

        def ask():
            try:
                calling.sendall(b'{"open": ""}\n')
                return calling.recv(len(TAKEN))
            except OSError:
                return b""

        assert await asyncio.to_thread(ask) == b""
    assert calls == []


@posix
async def test_a_window_on_another_screen_is_not_called(served):
    """The same user twice on one computer: who started it here would see nothing happen."""
    _server, folder, calls = served
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAYLAND_DISPLAY", "wayland-77")
        assert not await call(folder)
        drop_serving(folder, Serving("another", 1))
    assert calls == []
    assert await call(folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", '"place"'])
def test_a_file_that_makes_no_sense_is_none(tmp_path, text):
    (tmp_path / FILE_NAME).write_text(text)
    assert read_serving(tmp_path) is None
    assert not hand_over(tmp_path, None)


@pytest.mark.parametrize("part", [{"place": ""}, {"place": 1}, {"process": "1"}, {"screen": 3}])
def test_a_file_with_one_part_that_makes_no_sense_is_none(tmp_path, part):
    whole = {"place": "somewhere", "process": 1, "screen": screen()}
    (tmp_path / FILE_NAME).write_text(json.dumps(whole))
    assert read_serving(tmp_path) == Serving("somewhere", 1)
    (tmp_path / FILE_NAME).write_text(json.dumps({**whole, **part}))
    assert read_serving(tmp_path) is None
    assert not hand_over(tmp_path, None)


def test_a_wish_without_a_path_is_one():
    assert read_wish(b'{"version": 1, "open": ""}') is None


@pytest.mark.parametrize(
    ("options", "shares"),
    [
        (WindowOptions(), True),
        (WindowOptions("Halle 3.tagwerk"), True),
        (WindowOptions("HALLE3.TAGWERK"), True),
        (WindowOptions("demo"), False),
        (WindowOptions("skid21-hmi"), False),
        (WindowOptions(new_window=True), False),
        (WindowOptions(quit_after_s=1.0), False),
    ],
    ids=["plain", "file", "large", "demo", "server", "new", "scripted"],
)
def test_who_shares_a_window(options, shares):
    assert options.shares_window is shares


# What the window does when it is called.


def workspace_file(folder, profile, **more):
    path = folder / "Halle 4.tagwerk"
    write_workspace(path, Workspace(profile, **more))
    return path


def question(made):
    return made.window.findChild(ConfirmDialog, "confirmOpenWorkspace")


def is_visible(dialog):
    return isValid(dialog) and dialog.isVisible()


async def visible_question(made):
    """The one that is on show; the file is read before it is asked."""

    def shown():
        dialogs = made.window.findChildren(ConfirmDialog, "confirmOpenWorkspace")
        return [one for one in dialogs if one.isVisible()]

    await until(shown)
    (one,) = shown()
    return one


OTHER = ConnectionProfile("other", "https://other-hmi/graphql/", "m.brandt")


async def test_an_idle_window_opens_the_file_at_once(monkeypatch, tmp_path):
    async with bench(monkeypatch) as made:
        asked = []
        monkeypatch.setattr(made.flow, "open_dialog", lambda **words: asked.append(words))
        made.window.called_again(workspace_file(tmp_path, OTHER))
        await until(lambda: bool(asked))
        assert question(made) is None
        assert [words["profile"].url for words in asked] == [OTHER.url]


async def test_it_comes_forward_from_the_task_bar(monkeypatch):
    async with bench(monkeypatch) as made:
        made.window.showMinimized()
        made.window.called_again(None)
        assert not made.window.isMinimized()
        assert made.window.isVisible()


async def test_a_connected_window_asks_first(monkeypatch, tmp_path):
    async with bench(monkeypatch) as made:
        await made.open()
        asked = []
        monkeypatch.setattr(made.flow, "open_dialog", lambda **words: asked.append(words))
        path = workspace_file(tmp_path, OTHER)
        made.window.called_again(path)
        first = await visible_question(made)
        made.window.called_again(path)
        await until(lambda: not is_visible(first))
        shown = await visible_question(made)
        assert shown.no.hasFocus() or shown.focusWidget() is shown.no
        shown.no.click()
        assert asked == []
        assert made.flow.plant is not None
        made.window.called_again(path)
        shown = await visible_question(made)
        shown.yes.click()
        await until(lambda: bool(asked))


async def test_the_same_plant_is_asked_about_only_when_something_is_lost(monkeypatch, tmp_path):
    async with bench(monkeypatch) as made:
        await made.open()
        path = workspace_file(tmp_path, PROFILE)
        made.window.called_again(path)
        await until(lambda: made.window.workspaces.path == path)
        assert question(made) is None
        made.flow.plant.writes.arm(60)
        made.window.called_again(path)
        shown = await visible_question(made)
        shown.yes.click()
        assert not made.flow.plant.arming.armed


async def test_typed_values_are_asked_about(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        monkeypatch.setattr(
            type(made.panel("setpointPanel")), "unwritten", property(lambda _self: 2)
        )
        reasons = made.window.workspaces._what_is_lost(Workspace(PROFILE))
        assert reasons == ["2 new values that were typed and not written are lost."]


@pytest.mark.expects_log("workspace")
async def test_a_file_that_is_none_is_told_and_nothing_asked(monkeypatch, tmp_path):
    async with bench(monkeypatch) as made:
        await made.open()
        made.window.called_again(tmp_path / "gone.tagwerk")
        await until(lambda: made.window.shell.banner.current is not None)
        assert question(made) is None
        assert "gone.tagwerk" in made.window.shell.banner.current.headline
