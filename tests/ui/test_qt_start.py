"""What is done before Qt is imported, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

START = """
import builtins, sys
from tagwerk.ui.qt_start import load_qt
load_qt()
assert builtins.__import__.__name__ != "__feature_import__"
import json.tool
from PySide6.support.feature import pyside_feature_dict
assert "json.tool" not in pyside_feature_dict, "PySide6 still reads the source of every module"
from PySide6.QtCore import QPoint
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
label = QLabel("text")
try:
    label.setText(QPoint())
except TypeError as problem:
    assert "setText" in str(problem) and "QPoint" in str(problem), problem
else:
    raise AssertionError("anything is taken")
print("fine")
"""
COLLECTING = """
import gc, sys
from tagwerk import cli
from tagwerk.__main__ import main
seen = []
async def look(options, console):
    seen.append(gc.isenabled())
    return 0
cli.COMMANDS["probe"] = look
sys.argv = ["tagwerk", "probe", "https://plant.invalid"]
assert main() == 0
assert seen == [True], seen
print("fine")
"""


def run(text):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "desktop"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine", done.stdout


def test_qt_does_not_look_into_what_is_imported():
    run(START)


def test_commands_collect_garbage_again():
    run(COLLECTING)
