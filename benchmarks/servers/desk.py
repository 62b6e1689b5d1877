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


def run_window(
    ready: dict[str, Any],
    seconds: float,
    *,
    trend: Sequence[str] = (),
    setpoints: Sequence[str] = (),
) -> dict[str, Any]:
    """Open the window on a firehose for so long, with these tags on show; its ``--report``."""
    with tempfile.TemporaryDirectory() as folder:
        # The name that a connection gets when it is only given by its address.
        name = ready["url"]
        pens = [{"name": tag} for tag in trend]
        panels = {
            "trendPanel": {"version": 1, "plants": {name: {"trends": [{"pens": pens}]}}},
            "setpointPanel": {"version": 1, "lists": {name: list(setpoints)}},
        }
        settings = Path(folder) / "settings.json"
        settings.write_text(json.dumps({"schema": 1, "panels": panels}), encoding="utf-8")
        arguments = [ready["url"], "--user", ready["user"], "--ca", ready["ca"]]
        return _run(folder, seconds, arguments, ready["password"])


def run_welcome(seconds: float) -> dict[str, Any]:
    """Open the window on its welcome page for so long; its ``--report``."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(folder, seconds, [], "")


def steady(short: dict[str, Any], long: dict[str, Any], name: str, seconds: float) -> float:
    """What a figure grew by a second between a short and a long run of the same thing."""
    return float(long[name] - short[name]) / seconds


def _run(folder: str, seconds: float, arguments: list[str], password: str) -> dict[str, Any]:
    report = Path(folder) / "report.json"
    subprocess.run(
        [
            sys.executable, "-m", "tagwerk", *arguments, "--settings", folder,
            "--report", str(report), "--quit-after", str(seconds),
        ],
        env={**os.environ, "TAGWERK_PASSWORD": password, "QT_QPA_PLATFORM": "offscreen"},
        check=True, cwd=ROOT / "desktop", timeout=seconds + 60,
    )  # fmt: skip
    return dict(json.loads(report.read_text(encoding="utf-8")))
