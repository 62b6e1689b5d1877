"""A double click on a workspace while the program runs: the same window, and an orderly end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(os.name != "posix", reason="ends the window by a signal"),
]
PATIENT_S = 60.0


def environment(tmp_path):
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(tmp_path)}


def start(tmp_path, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "tagwerk", *words, "--settings", str(tmp_path / "settings")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        cwd=tmp_path,
    )


def wait_for(condition, process):
    deadline = time.monotonic() + PATIENT_S
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.timeout(240)
def test_a_second_start_hands_over_and_the_first_ends_in_order(tmp_path):
    settings = tmp_path / "settings"
    first = start(tmp_path)
    try:
        wait_for((settings / "window.json").exists, first)
        second = start(tmp_path, "gone.tagwerk")
        said = second.communicate(timeout=PATIENT_S)
        assert (second.returncode, *said) == (0, b"", b"")
        log = next((settings / "log").glob("tagwerk-*.log"))
        wait_for(lambda: "gone.tagwerk" in log.read_text(encoding="utf-8"), first)
        assert str(tmp_path / "gone.tagwerk") in log.read_text(encoding="utf-8")
    finally:
        first.send_signal(signal.SIGTERM)
        said = first.communicate(timeout=PATIENT_S)
    assert (first.returncode, *said) == (0, b"", b"")
    assert not (settings / "window.json").exists()
    assert not list((settings / "log").glob("*.fault"))
    assert not list((settings / "log").glob("crash-*"))
