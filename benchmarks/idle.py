"""P11: the window at rest, nothing changing: share of a core, wake-ups, memory.

Connected with 1,000 tags and 500 setpoint rows on show, then minimised; and on its welcome page.
Beside it a bare QMainWindow. The first minutes of a rest are measured, in which the ages of the
values on show still grow by the second. Memory also with fewer and more tags.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from run import Result
from servers import firehose
from servers.desk import put_on_show

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(__file__).with_name("servers") / "resting_window.py"
GOAL, GOAL_MB = 0.01, 180
BARE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from resting_window import between, used
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([]); window = QMainWindow(); window.resize(1280, 800); window.show()
kept = []
def done():
    print(json.dumps({"shown": between(kept[0], used())}))
    application.quit()
def begin():
    kept.append(used())
    QTimer.singleShot(round(float(sys.argv[2]) * 1000), done)
QTimer.singleShot(1000, begin)
application.exec()
"""


def _program(command: list[str], password: str = "") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT / "desktop", check=True, capture_output=True,
        text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT / "desktop"), "QT_QPA_PLATFORM": "offscreen",
             "TAGWERK_PASSWORD": password},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def connected(times: list[str], tags: int = 1000) -> dict[str, Any]:
    """A plant with so many tags, at most 500 of them in the list of setpoints."""
    with firehose(tags=tags, rate=-1.0) as ready, tempfile.TemporaryDirectory() as folder:
        arguments = put_on_show(folder, ready, (), ready["tag_names"][:500])
        return _program(
            [str(PROGRAM), "live", *times, *arguments, "--settings", folder, "--size", "1920x1080"],
            ready["password"],
        )


def welcome(times: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _program([str(PROGRAM), "welcome", *times, "--settings", folder])


def run(small: bool) -> Result:
    rounds = 1 if small else 5
    times = ["1", "1", "1"] if small else ["5", "8", "4"]
    plants, pages, bare = [], [], []
    for _ in range(rounds):
        plants.append(connected(times))
        if not small:
            pages.append(welcome(["3", "4", "3"]))
            bare.append(_program(["-c", BARE, str(PROGRAM.parent), "3"]))
    sizes = {} if small else {tags: connected(["3", "1", "0.5"], tags) for tags in (100, 10_000)}
    memory = {tags: float(found["rss_mb"]) for tags, found in sizes.items()}
    memory[1000] = median(found["rss_mb"] for found in plants)
    share = median(found["shown"]["share"] for found in plants)

    def of(runs: list[dict[str, Any]], phase: str, what: str) -> list[float]:
        return [found[phase][what] for found in runs]

    ours = {
        "connected, share of a core": of(plants, "shown", "share"),
        "minimised, share of a core": of(plants, "minimised", "share"),
        "welcome page, share of a core": of(pages, "shown", "share"),
        "connected, wake-ups a second": of(plants, "shown", "wakes_per_s"),
        "minimised, wake-ups a second": of(plants, "minimised", "wakes_per_s"),
        "welcome page, wake-ups a second": of(pages, "shown", "wakes_per_s"),
        "memory with 1,000 tags, MB": [found["rss_mb"] for found in plants],
    }
    beside = {
        "bare QMainWindow, share of a core": of(bare, "shown", "share"),
        "bare QMainWindow, wake-ups a second": of(bare, "shown", "wakes_per_s"),
    }
    return Result(
        "idle",
        # A small run leaves some of them out.
        {name: figures for name, figures in ours.items() if figures},
        {name: figures for name, figures in beside.items() if figures},
        "cores, wake-ups, MB",
        share,
        f"< {GOAL} of a core connected, < {GOAL_MB} MB",
        share < GOAL and memory[1000] < GOAL_MB,
        growth={"memory, MB, by tags": {f"{tags:,}": memory[tags] for tags in sorted(memory)}},
    )
