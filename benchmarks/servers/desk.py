"""The real window, offscreen and in a process of its own, on a given server; returns its report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_S = 90.0
"""A window that has not settled and been measured by then does not work."""
SETTLE_MS, SHORT_SETTLE_MS = 3000, 500
"""From when a window's figures count, after the link was live; the short one only shows that it works."""


def run_window(
    ready: dict[str, Any],
    seconds: float,
    *,
    trend: Sequence[str] = (),
    setpoints: Sequence[str] = (),
) -> dict[str, Any]:
    """Open the window on a firehose for so long, with these tags on show; its ``--report``."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = put_on_show(folder, ready, trend, setpoints)
        return _run(folder, seconds, arguments, ready["password"])


def noted_window(
    ready: dict[str, Any],
    seconds: float,
    *,
    size: str = "1920x1080",
    trend: Sequence[str] = (),
    setpoints: Sequence[str] = (),
    also: Sequence[str] = (),
    settle_ms: int = SETTLE_MS,
) -> dict[str, Any]:
    """The same with the tag tree open wide, tags subscribed that nothing shows, and a note-taker
    inside; its report with ``notes``. Ends so many seconds after it has settled."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*put_on_show(folder, ready, trend, setpoints), "--size", size]
        notes = Path(folder) / "notes.json"
        command = _command(folder, LIMIT_S, arguments)
        command[1:3] = [str(Path(__file__).with_name("noted_window.py"))]
        subprocess.run(
            command, check=True, cwd=ROOT / "desktop", timeout=LIMIT_S + 60,
            env={**_environment(ready["password"]), "NOTES": str(notes),
                 "ALSO": json.dumps(list(also)), "SETTLE_MS": str(settle_ms),
                 "MEASURE_MS": str(round(seconds * 1000))},
        )  # fmt: skip
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
        if report["settled"] is None or not notes.exists():
            raise RuntimeError(f"the window had not settled after {LIMIT_S:.0f} s")
        return {**report, "notes": json.loads(notes.read_text(encoding="utf-8"))}


def start_window(
    folder: str,
    ready: dict[str, Any],
    seconds: float,
    *,
    trend: Sequence[str] = (),
    setpoints: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """The same without waiting for its end; its report will be ``report.json`` in the folder."""
    arguments = put_on_show(folder, ready, trend, setpoints)
    return subprocess.Popen(
        _command(folder, seconds, arguments),
        env=_environment(ready["password"]),
        cwd=ROOT / "desktop",
    )


def put_on_show(
    folder: str, ready: dict[str, Any], trend: Sequence[str], setpoints: Sequence[str]
) -> list[str]:
    """Write settings with these tags in the panels; the arguments that open the server."""
    # The name that a connection gets when it is only given by its address.
    name = ready["url"]
    pens = [{"name": tag} for tag in trend]
    panels = {
        "trendPanel": {"version": 1, "plants": {name: {"trends": [{"pens": pens}]}}},
        "setpointPanel": {"version": 1, "lists": {name: list(setpoints)}},
    }
    settings = Path(folder) / "settings.json"
    settings.write_text(json.dumps({"schema": 1, "panels": panels}), encoding="utf-8")
    return [ready["url"], "--user", ready["user"], "--ca", ready["ca"]]


def run_welcome(seconds: float) -> dict[str, Any]:
    """Open the window on its welcome page for so long; its ``--report``."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(folder, seconds, [], "")


def steady(short: dict[str, Any], long: dict[str, Any], name: str, seconds: float) -> float:
    """What a figure grew by a second between a short and a long run of the same thing."""
    return float(long[name] - short[name]) / seconds


def _command(folder: str, seconds: float, arguments: Sequence[str]) -> list[str]:
    return [
        sys.executable, "-m", "tagwerk", *arguments, "--settings", folder,
        "--report", str(Path(folder) / "report.json"), "--quit-after", str(seconds),
    ]  # fmt: skip


def _environment(password: str) -> dict[str, str]:
    return {**os.environ, "TAGWERK_PASSWORD": password, "QT_QPA_PLATFORM": "offscreen"}


def _run(folder: str, seconds: float, arguments: list[str], password: str) -> dict[str, Any]:
    subprocess.run(
        _command(folder, seconds, arguments), env=_environment(password),
        check=True, cwd=ROOT / "desktop", timeout=seconds + 60,
    )  # fmt: skip
    return dict(json.loads((Path(folder) / "report.json").read_text(encoding="utf-8")))
