"""A user at a real keyboard: the program as a process on a virtual screen, keys through X alone.

Nothing reaches into the program. What it does is seen from outside: window titles, values read
by the command line, and what it leaves behind (report, picture, settings).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time

import pytest
from PySide6.QtGui import QImage

from conftest import DemoServer

pytestmark = [pytest.mark.xvfb, pytest.mark.journey]

CONNECTION = "keys"
TAG = "Dosing.FIC2111.Kp"
MAIN, ARM, WRITE, UNDO = "keys .*Tagwerk", "Arm writing", "Write a value", "Undo a write"
LIMIT_S = 25.0


class Screen:
    """A virtual screen of its own, without a window manager, and hands in front of it."""

    def __init__(self):
        read_end, write_end = os.pipe()
        self._process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1600x1000x24",
             "-nolisten", "tcp", "-noreset"],
            pass_fds=[write_end], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write_end)
        with os.fdopen(read_end) as answer:
            ready, _, _ = select.select([answer], [], [], LIMIT_S)
            number = answer.readline().strip() if ready else ""
        if not number:
            self.close()
            raise AssertionError("Xvfb did not start")
        self.display = f":{number}"

    def close(self):
        self._process.terminate()
        self._process.wait(10)

    def xdotool(self, *words):
        done = subprocess.run(
            ["xdotool", *words], env={**os.environ, "DISPLAY": self.display},
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        return done.stdout.split()

    def window(self, title):
        """Id of the visible window of that title (a regular expression), "" for none."""
        found = self.xdotool("search", "--onlyvisible", "--name", f"^{title}$")
        return found[-1] if found else ""

    def until(self, condition, what, limit_s=LIMIT_S):
        """Wait for a state; fails naming what never came."""
        deadline = time.monotonic() + limit_s
        while not (seen := condition()):
            if time.monotonic() >= deadline:
                titles = self.xdotool(
                    "search", "--onlyvisible", "--name", ".", "getwindowname", "%@"
                )
                raise AssertionError(f"never came: {what}; windows: {' '.join(titles)}")
            time.sleep(0.03)
        return seen

    def see(self, title, limit_s=LIMIT_S):
        """Wait for a window and give it the keyboard, as a click on its title would."""
        window = self.until(lambda: self.window(title), f"window {title}", limit_s)
        self.until(lambda: self._has_keyboard(window), f"keyboard in {title}")
        return window

    def _has_keyboard(self, window):
        if self.xdotool("getwindowfocus") == [window]:
            return True
        self.xdotool("windowfocus", window)
        return False

    def gone(self, title):
        self.until(lambda: not self.window(title), f"{title} closed")

    def keys(self, *names):
        self.xdotool("key", "--clearmodifiers", "--delay", "30", *names)

    def type(self, text):
        self.xdotool("type", "--delay", "20", text)


@pytest.fixture
def screen():
    virtual = Screen()
    yield virtual
    virtual.close()


@pytest.fixture
def server(tmp_path):
    own = DemoServer(tmp_path / "plant")
    yield own
    own.kill()


@contextlib.contextmanager
def program(screen, server, folder):
    """The window as a user starts it, on a saved connection whose password is not saved."""
    settings = folder / "settings"
    settings.mkdir()
    saved = {"name": CONNECTION, "url": server.url, "user": "operator",
             "trust": {"mode": "ca_file", "ca_file": server.ca_file}}  # fmt: skip
    document = {"schema": 1, "connections": [saved], "theme": "light"}
    (settings / "settings.json").write_text(json.dumps(document), "utf-8")
    environment = {**os.environ, "DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb"}
    running = subprocess.Popen(
        [sys.executable, "-m", "tagwerk", CONNECTION, "--settings", str(settings), "--lang", "en",
         "--size", "1600x1000", "--report", str(folder / "report.json"),
         "--screenshot", str(folder / "picture.png"), "--quit-after", "60"],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.communicate(timeout=10)
        if running.poll() is None:
            running.kill()
            running.communicate()


def plant_value(server):
    """What the plant has, asked by the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "tagwerk", "read", server.url, TAG, "--direct", "--json",
         "--user", "operator", "--ca", server.ca_file],
        env={**os.environ, "TAGWERK_PASSWORD": server.password("operator")},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["values"][0]["value"]


def stage(screen, value):
    """Search the tag, send it to trend and setpoints, arm, stage a value, ask to write it."""
    screen.see(MAIN)
    screen.keys("ctrl+f", "ctrl+a")
    screen.type(TAG.lower())
    screen.keys("Return", "ctrl+t", "ctrl+e")
    screen.keys("ctrl+shift+w")
    screen.see(ARM)
    # The ring starts on the safe button; one Tab further is the one that arms.
    screen.keys("Tab", "Return")
    screen.gone(ARM)
    screen.see(MAIN)
    screen.type(value)
    screen.keys("Return", "ctrl+Return")
    screen.see(WRITE)


def test_search_trend_arm_write_confirm_undo_by_keyboard(screen, server, tmp_path):
    with program(screen, server, tmp_path) as running:
        screen.see("Sign in")
        screen.type(server.password("operator"))
        screen.keys("Return")
        before = plant_value(server)
        stage(screen, "0.75")

        # Enter alone never writes: the ring stands on Cancel.
        screen.keys("Return")
        screen.gone(WRITE)
        assert plant_value(server) == before
        screen.see(MAIN)
        screen.keys("ctrl+Return")
        screen.see(WRITE)
        screen.keys("Tab", "Return")
        screen.until(lambda: plant_value(server) == 0.75, "the write in the plant")
        screen.gone(WRITE)

        screen.see(MAIN)
        screen.keys("ctrl+z")
        screen.see(UNDO)
        screen.keys("Tab", "Return")
        screen.until(lambda: plant_value(server) == before, "the undo in the plant")
        screen.gone(UNDO)

        screen.see(MAIN)
        screen.keys("ctrl+shift+w")
        screen.keys("ctrl+k")
        screen.type("dark")
        screen.keys("Return")
        screen.see(MAIN)
        screen.keys("F6", "F6", "Home", "F7", "ctrl+q")
        said, _ = running.communicate(timeout=20)
        assert running.returncode == 0, said
        assert said == b""

    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["errors"] == []
    assert report["values_received"] > 0
    image = QImage(str(tmp_path / "picture.png"))
    assert (image.width(), image.height()) == (1600, 1000)
    left = json.loads((tmp_path / "settings" / "settings.json").read_text("utf-8"))
    assert left["theme"] == "dark"
    assert f"::{TAG}" in json.dumps(left["panels"]["trendPanel"])
    assert f"::{TAG}" in json.dumps(left["panels"]["setpointPanel"])
    audit = [path for path in (tmp_path / "settings").rglob("*.jsonl") if path.is_file()]
    written = "".join(path.read_text("utf-8") for path in audit)
    assert written.count('"confirmed"') == 2
