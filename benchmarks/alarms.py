"""P8: the alarm table at 1,000, 10,000 and 100,000 alarms with 1,000 changes a second, sorted.

Our own panel on a real store, offscreen, while Down is pressed ten times a second; beside it a
QTableView on a plain sorted model, and one behind a QSortFilterProxyModel, under the same feed
through the same store. Each in a process of its own. Share is processor time without the feed's;
lateness is that of a 16 ms timer of its own. Also: the same with all rows selected, with a search
typed meanwhile, and the traffic table with 1,000 records a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from run import Result

GOAL_SHARE, GOAL_LATE_MS, GOAL_PICTURES = 0.20, 10.0, 9.5
_DESK = Path(__file__).resolve().parent / "servers" / "alarm_desk.py"
_LIMIT_S = 25.0
"""Longest time for one process: Qt's proxy takes seconds only to begin."""


def run(small: bool) -> Result:
    sizes = (200, 1_000) if small else (1_000, 10_000, 100_000)
    rounds, seconds = (1, 0.4) if small else (5, 2.0)
    largest = sizes[-1]
    ours: dict[str, list[float]] = {}
    beside: dict[str, list[float]] = {}
    growth: dict[str, dict[str, float]] = {}
    notes: list[str] = []
    moves = errors = 0
    for turn in range(rounds):
        for size in sizes:
            found = desk("panel", size, seconds)
            _note(ours, f"{size:,} alarms", found)
            moves += found.get("key_moves", 0)
            errors += found.get("key_errors", 0)
            if size == largest or (turn == 0 and not small):
                _note(beside, f"QTableView, {size:,} alarms", desk("plain", size, seconds))
        if turn < 2 and not small:
            chosen = desk("panel", largest, seconds, "--select=-1", "--no-keys")
            _note(ours, f"{largest:,}, all selected", chosen)
            searched = desk("panel", largest, seconds, "--filter=cooling")
            _note(ours, f"{largest:,}, search typed", searched)
        records = desk("traffic", sizes[-2], seconds)
        _note(ours, f"{sizes[-2]:,} traffic records", records)
    proxy_size = sizes[-2]
    proxy = {} if small else desk("proxy", proxy_size, seconds)
    if small:
        notes.append("a short run: without the proxy, large selections and searching")
    elif proxy:
        _note(beside, f"QSortFilterProxyModel, {proxy_size:,}", proxy)
    else:
        notes.append(f"QSortFilterProxyModel, {proxy_size:,}: not ready within {_LIMIT_S:.0f} s")
    for figure in ("share", "p99 late, ms"):
        growth[figure] = {f"{size:,}": median(ours[f"{size:,} alarms: {figure}"]) for size in sizes}
    notes.append(f"{moves} keys pressed, {errors} times the current row lost its alarm")
    notes.append(
        "busy: processor time of the window's thread between two ticks of the 16 ms timer, which "
        "other programs do not add to; with all rows selected the order is held"
    )
    best = f"{largest:,} alarms"
    share, late = median(ours[f"{best}: share"]), median(ours[f"{best}: p99 late, ms"])
    pictures = median(ours[f"{best}: pictures/s"])
    plain = median(beside[f"QTableView, {best}: share"])
    return Result(
        "alarms",
        ours,
        beside,
        "cores, ms, pictures a second",
        plain / max(share, 1e-9),
        f"<= {GOAL_SHARE} of a core, p99 < {GOAL_LATE_MS} ms, >= 10 pictures/s, no key lost",
        share <= GOAL_SHARE and late < GOAL_LATE_MS and pictures >= GOAL_PICTURES and not errors,
        notes,
        growth,
    )


def desk(kind: str, size: int, seconds: float, *more: str) -> dict[str, Any]:
    """One run in a process of its own; {} when it was not through in time."""
    command = [
        sys.executable, str(_DESK), kind, "--alarms", str(size), "--seconds", str(seconds), *more,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
    except subprocess.TimeoutExpired:
        return {}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _note(into: dict[str, list[float]], name: str, found: dict[str, Any]) -> None:
    for figure, key in (
        ("share", "share"),
        ("p50 late, ms", "p50_ms"),
        ("p99 late, ms", "p99_ms"),
        ("worst late, ms", "worst_ms"),
        ("p99 busy, ms", "own_p99_ms"),
        ("pictures/s", "pictures_s"),
    ):
        if found:
            into.setdefault(f"{name}: {figure}", []).append(float(found[key]))
