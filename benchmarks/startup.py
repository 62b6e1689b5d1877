"""First paint of the window beside a bare QMainWindow, each in a process of its own, offscreen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import Result

ROOT = Path(__file__).resolve().parent.parent
BARE = """
import os, time
from PySide6.QtWidgets import QApplication, QMainWindow
from PySide6.QtCore import QTimer
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, done)
def done():
    print((time.time() - float(os.environ["STARTED"])) * 1000, flush=True)
    application.quit()
application = QApplication([]); window = Window(); window.resize(1280, 800); window.show()
application.exec()
"""


def bare(environment: dict[str, str]) -> float:
    # Both are counted from the start of the process, as the window's report does.
    environment = {**environment, "STARTED": str(time.time())}
    done = subprocess.run(
        [sys.executable, "-c", BARE], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def ours(environment: dict[str, str], folder: str) -> float:
    report = Path(folder) / "report.json"
    command = [sys.executable, "-m", "tagwerk", "--settings", folder, "--size", "1280x800"]
    subprocess.run([*command, "--report", str(report), "--quit-after", "1"], env=environment, check=True, cwd=ROOT / "desktop")  # fmt: skip
    return float(json.loads(report.read_text(encoding="utf-8"))["first_paint_ms"])


def run(small: bool) -> Result:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    rounds = 1 if small else 7
    mine, plain = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            plain.append(bare(environment))
            mine.append(ours(environment, folder))
    ratio = sorted(mine)[rounds // 2] / sorted(plain)[rounds // 2]
    return Result(
        "startup",
        {"first paint": mine},
        {"bare QMainWindow": plain},
        "ms",
        ratio,
        "<= 1.2",
        ratio <= 1.2,
    )
