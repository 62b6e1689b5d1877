"""Passwords in a real Secret Service: gnome-keyring on a session bus of the test's own.

Stored by the window, found by a window started later and by the command line; locked, it is said
and nothing blocks. On Debian `dev.py` installs what is needed; elsewhere the tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

NEEDED = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
ON_DEBIAN = shutil.which("dpkg-query") is not None
pytestmark = [
    pytest.mark.skipif(
        bool(MISSING) and not ON_DEBIAN, reason=f"there is no {', '.join(MISSING)} on this system"
    ),
    pytest.mark.xdist_group("keyring"),
]
# A window in a process of its own: signs in and keeps the password.
WINDOW_STORES = """
import asyncio, sys
from pathlib import Path
from functools import partial
from tagwerk.app import WindowOptions, import_heavy, make_services
from tagwerk.ui.connect import RIGHTS, SIGN_IN, CERTIFICATE, ConnectDialog
from tagwerk.ui.desk import Desk
from tagwerk.ui.loop import Program
from tagwerk.ui.report import Stopwatch
from tagwerk.ui.settings import Settings

folder, url, ca = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
password = sys.stdin.readline().rstrip("\\n")

async def until(condition):
    async with asyncio.timeout(90):
        while not condition():
            await asyncio.sleep(0.02)

async def main(program, settings):
    window = program.window
    services = make_services(WindowOptions(settings=folder))
    desk = Desk(services.connector, settings, program.report)
    flow = window.serve(desk, services)
    flow.open_dialog(url)
    await until(lambda: window.findChild(ConnectDialog) is not None)
    dialog = window.findChild(ConnectDialog)
    await until(lambda: dialog.pages.currentIndex() == CERTIFICATE and dialog.next.isEnabled())
    dialog.certificate._file_chosen(ca)
    dialog.next.click()
    await until(lambda: dialog.pages.currentIndex() == SIGN_IN and dialog.next.isEnabled())
    assert dialog.sign_in.keep.isChecked() and dialog.sign_in.keep.isEnabled()
    dialog.sign_in.user.setText("operator")
    dialog.sign_in.name.setText("skid")
    dialog.sign_in.password.setText(password)
    dialog.next.click()
    await until(lambda: dialog.pages.currentIndex() == RIGHTS and dialog.next.isEnabled())
    dialog.next.click()
    await until(lambda: flow.plant is not None and flow.plant.status.state.is_live)
    window.remember()
    window.clock.stop()
    await window.close_panels()
    await flow.shut_down()
    await window.end()
    window.close_for_good()
    return 0

settings = Settings(folder)
program = Program(settings, Stopwatch(), mode="", lang="en", size=(1280, 800))
program.paint_first(import_heavy)
sys.exit(program.run(partial(main, program, settings)))
"""

# The program as a user starts it, which closes its window as soon as the plant is live.
WINDOW_OPENS = """
import asyncio, sys
import tagwerk.app as app
from tagwerk.cli import main
from tagwerk.ui.connect_password import PasswordDialog

open_target, asked = app.open_target, []

async def open_and_close(window, flow, options):
    async def watch():
        while flow.plant is None or not flow.plant.status.state.is_live:
            asked.extend(window.findChildren(PasswordDialog))
            if asked:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        window.close_requested.emit()
    watching.append(asyncio.ensure_future(watch()))
    await open_target(window, flow, options)

watching = []
app.open_target = open_and_close
code = main(sys.argv[1:])
sys.exit("the password was asked for" if asked else code)
"""


class Session:
    """A session bus with an unlocked keyring, in a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        runtime = folder / "run"
        runtime.mkdir(mode=0o700, parents=True)
        (folder / "home").mkdir()
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DBUS_", "XDG_", "GNOME_", "TAGWERK_", "PYTHON_KEYRING"))
        }
        self.environment = {
            **clean,
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_DATA_HOME": str(folder / "home" / "data"),
            "XDG_CONFIG_HOME": str(folder / "home" / "config"),
            "XDG_CACHE_HOME": str(folder / "home" / "cache"),
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        }
        # The bus, the keyring and a shell that runs what it is told, line by line.
        unlock = (
            "printf 'login' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
        )
        script = f'{unlock}; echo "$DBUS_SESSION_BUS_ADDRESS"; read end'
        self.process = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=self.environment,
        )  # fmt: skip
        timer = threading.Timer(20, self.process.kill)
        timer.start()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.process.stdout.readline().strip()
        timer.cancel()
        timer.join()

    def run(self, *words, text="", env=None, timeout=150):
        return subprocess.run(
            [sys.executable, *words],
            input=text, capture_output=True, text=True, timeout=timeout, check=False,
            env={**self.environment, **(env or {})},
        )  # fmt: skip

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    assert not MISSING, f"dev.py has not installed {', '.join(MISSING)}"
    made = Session(tmp_path_factory.mktemp("keyring"))
    assert made.environment["DBUS_SESSION_BUS_ADDRESS"], "no session bus"
    yield made
    made.close()


@pytest.fixture(scope="module")
def stored(session, demo_server, tmp_path_factory):
    """A settings folder after a window has signed in and kept the password."""
    folder = tmp_path_factory.mktemp("settings")
    password = demo_server.password("operator")
    done = session.run(
        "-c", WINDOW_STORES, str(folder), demo_server.url, demo_server.ca_file, text=password + "\n"
    )
    assert done.returncode == 0, done.stderr
    for path in folder.rglob("*"):
        if path.is_file():
            assert password.encode() not in path.read_bytes(), path
    for path in (session.folder / "home").rglob("*"):
        if path.is_file():
            assert password.encode() not in path.read_bytes(), path
    return folder


def test_a_window_started_anew_connects_without_asking(session, stored, tmp_path):
    report = tmp_path / "report.json"
    done = session.run(
        "-c", WINDOW_OPENS, "skid", "--settings", str(stored),
        "--report", str(report), "--quit-after", "120",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(report.read_text("utf-8"))
    assert figures["errors"] == []
    assert figures["connected_ms"] > 0


def test_the_command_line_finds_the_password_too(session, stored):
    done = session.run(
        "-m", "tagwerk", "read", "skid", "Cooling.TIC2120.PV", "--json", "--settings", str(stored)
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["values"][0]["quality"] == "good"


def test_changed_and_forgotten(session):
    code = """
import sys
from tagwerk.link.secrets import delete_password, get_password, set_password
from tagwerk.domain.connection import ConnectionProfile
profile = ConnectionProfile("a", sys.argv[1], "m.brandt Äß")
assert get_password(profile) is None
for password in ("first Ä", "second \\u20ac"):
    set_password(profile, password)
    assert get_password(profile) == password
delete_password(profile)
delete_password(profile)
assert get_password(profile) is None
"""
    done = session.run("-c", code, "https://skid21/graphql/")
    assert done.returncode == 0, done.stderr


def test_without_the_daemon_it_is_said_and_nothing_waits(session, stored, tmp_path):
    """A bus on which nobody keeps secrets."""
    elsewhere = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/no-bus"}
    done = session.run(
        "-m", "tagwerk", "read", "skid", "Cooling.TIC2120.PV", "--settings", str(stored),
        env=elsewhere,
    )  # fmt: skip
    assert done.returncode == 4
    assert "no password for operator" in done.stderr


def test_a_locked_keyring_is_said_and_nothing_waits(tmp_path):
    """Nobody is there to answer the keyring's own question: it counts as "no"."""
    code = """
import secretstorage, time
from tagwerk.link.secrets import SecretStoreUnavailable, get_password, set_password
from tagwerk.domain.connection import ConnectionProfile
profile = ConnectionProfile("a", "https://skid21/graphql/", "m.brandt")
set_password(profile, "geheim")
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).lock()
bus.close()
for work in (lambda: get_password(profile, 10), lambda: set_password(profile, "neu", 10)):
    try:
        work()
    except SecretStoreUnavailable as problem:
        assert problem.code in ("keyring_locked", "keyring_silent"), problem.code
        assert "geheim" not in str(problem) and "neu" not in str(problem)
        print(problem.code)
    else:
        raise SystemExit("a locked keyring gave a password")
"""
    assert not MISSING, f"dev.py has not installed {', '.join(MISSING)}"
    session = Session(tmp_path)
    try:
        done = session.run("-c", code)
    finally:
        session.close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("keyring_")
