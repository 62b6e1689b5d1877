"""The documented object names are the ones in the code: scripts from outside rely on them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMISED = (
    "mainWindow", "tagTree", "tagSearch", "trendPanel", "setpointPanel", "alarmTable",
    "connectDialog", "statusBar",
)  # fmt: skip


def documented():
    text = (ROOT / "docs" / "objectnames.md").read_text(encoding="utf-8")
    return set(re.findall(r"`([a-z][A-Za-z]+)`", text)) - {"objectName"}


def in_code():
    """Every word of the window's code that can be an object name or a part of one."""
    words = set()
    for path in (ROOT / "desktop" / "tagwerk" / "ui").rglob("*.py"):
        words |= set(
            re.findall(r"[\"'{]([a-zA-Z][A-Za-z]+)[\"'}_0]?", path.read_text(encoding="utf-8"))
        )
    return words


def test_what_was_promised_is_documented():
    assert set(PROMISED) <= documented()


def test_what_is_documented_is_there():
    words = in_code()
    parts = ("Title", "HeaderText", "Float", "Close", "Maximise", "Dock", "Frame", "Button")
    missing = {
        name
        for name in documented()
        if name not in words
        and not any(name.endswith(part) and name.removesuffix(part) in words for part in parts)
        and not any(
            name.startswith(word) and name.removeprefix(word) in words
            for word in words
            if len(word) >= 4
        )
    }
    assert not missing
