"""P10: first paint of the window beside a bare QMainWindow, each in a process of its own, offscreen.

Beside wall time the processor time until the first paint, which a busy machine changes less; when
every command can be given; the longest stall of the window's thread behind the first paint. Ours is
compiled beforehand, as every installed program is; the bare window's modules are as well. The first
picture is the finished welcome page (a test holds it against the picture that stays).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from run import Result

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(__file__).with_name("servers") / "startup_window.py"
BARE = """
import json, os, time
from PySide6.QtWidgets import QApplication, QMainWindow
from PySide6.QtCore import QTimer
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, done)
def done():
    wall_ms = (time.time() - float(os.environ["STARTED"])) * 1000
    print(json.dumps({"first_paint_ms": wall_ms, "cpu_ms": time.process_time() * 1000}), flush=True)
    application.quit()
application = QApplication([]); window = Window(); window.resize(1280, 800); window.show()
application.exec()
"""
GOAL, USABLE_MS, STALL_MS = 1.2, 1000, 33


def _run(environment: dict[str, str], *words: str) -> dict[str, float]:
    # Both are counted from the start of the process: what the window's report reads as well.
    started = str(time.time())
    environment = {**environment, "STARTED": started, "TAGWERK_STARTED": started}
    done = subprocess.run(
        [sys.executable, *words],
        env=environment, cwd=ROOT / "desktop", capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def save_connections(folder: Path, count: int) -> None:
    """Settings with so many saved connections."""
    rows = [
        {"name": f"skid{number}", "url": f"https://skid{number}/graphql/", "user": "operator"}
        for number in range(count)
    ]
    (folder / "settings.json").write_text(
        json.dumps({"schema": 1, "connections": rows}), encoding="utf-8"
    )


def run(small: bool) -> Result:
    rounds, watched_s = (1, "0.8") if small else (9, "2")
    ours: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    growth: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder, compiled = Path(place) / "settings", Path(place) / "compiled"
        folder.mkdir()
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT / "desktop"), "PYTHONPYCACHEPREFIX": str(compiled)}  # fmt: skip
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def window(seconds: str = watched_s) -> dict[str, float]:
            return _run(environment, str(PROGRAM), str(folder), "1280x800", seconds)

        _run(environment, "-c", BARE)
        window()
        for _ in range(rounds):
            bare.append(_run(environment, "-c", BARE))
            ours.append(window())
        counts = () if small else (0, 20, 200)
        by_count: dict[int, list[float]] = {count: [] for count in counts}
        for _ in range(5):
            for count in counts:
                save_connections(folder, count)
                by_count[count].append(window("0.5")["cpu_ms"])
        if counts:
            growth["processor time until first paint, ms, by saved connections"] = {
                str(count): median(figures) for count, figures in by_count.items()
            }

    def of(runs: list[dict[str, float]], name: str) -> list[float]:
        return [found[name] for found in runs]

    ratio = median(of(ours, "first_paint_ms")) / median(of(bare, "first_paint_ms"))
    by_cpu = median(of(ours, "cpu_ms")) / median(of(bare, "cpu_ms"))
    usable, stall = median(of(ours, "usable_ms")), median(of(ours, "worst_stall_ms"))
    return Result(
        "startup",
        {
            "first paint": of(ours, "first_paint_ms"),
            "processor time until then": of(ours, "cpu_ms"),
            "every command can be given": of(ours, "usable_ms"),
            "worst stall behind the first paint": of(ours, "worst_stall_ms"),
        },
        {
            "bare QMainWindow, first paint": of(bare, "first_paint_ms"),
            "bare QMainWindow, processor time": of(bare, "cpu_ms"),
        },
        "ms",
        ratio,
        f"<= {GOAL} x bare, usable < {USABLE_MS} ms, no stall > {STALL_MS} ms",
        ratio <= GOAL and usable < USABLE_MS and stall <= STALL_MS,
        notes=[
            f"by processor time {by_cpu:.2f} x bare",
        ],
        growth=growth,
    )
