"""Remembers where the window was, for each arrangement of screens; never puts it off-screen."""

from __future__ import annotations

import base64
from typing import Any

from PySide6.QtCore import QByteArray, QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from tagwerk.ui.settings import Settings

PART = "layout"
STATE_VERSION = 2
_DEFAULT = QSize(1600, 960)
_LEAST = QSize(640, 420)
COMPACT_BELOW = 1400
"""Logical pixels of width below which the rows are compact by themselves."""


def arrangement() -> str:
    """The screens as one word: sizes and places, in a fixed order."""
    screens = sorted(
        (area.x(), area.y(), area.width(), area.height())
        for area in (screen.geometry() for screen in QGuiApplication.screens())
    )
    return " ".join(f"{w}x{h}+{x}+{y}" for x, y, w, h in screens)


def fit_on_screens(wanted: QRect, screens: list[QRect]) -> QRect:
    """`wanted`, moved and shrunk until it lies wholly on the screen that it touches most."""
    if not screens:
        return wanted

    def shared(area: QRect) -> int:
        common = area.intersected(wanted)
        return common.width() * common.height() if common.isValid() else 0

    home = max(screens, key=shared)
    width = max(min(wanted.width(), home.width()), min(_LEAST.width(), home.width()))
    height = max(min(wanted.height(), home.height()), min(_LEAST.height(), home.height()))
    left = min(max(wanted.x(), home.left()), home.right() + 1 - width)
    top = min(max(wanted.y(), home.top()), home.bottom() + 1 - height)
    return QRect(left, top, width, height)


def restore_geometry(window: QMainWindow, settings: Settings) -> None:
    """Put the window where it was with these screens, or in the middle of the first."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    entry = _entry(settings)
    numbers = entry.get("geometry")
    if (
        isinstance(numbers, list)
        and len(numbers) == 4
        and all(isinstance(number, int) for number in numbers)
    ):
        window.setGeometry(fit_on_screens(QRect(*numbers), screens))
    elif screens:
        size = _DEFAULT.boundedTo(screens[0].size())
        area = QRect(screens[0].topLeft(), size)
        area.moveCenter(screens[0].center())
        window.setGeometry(area)
    if entry.get("maximized") is True:
        window.setWindowState(window.windowState() | window.windowState().WindowMaximized)


def usual_density(settings: Settings, size: tuple[int, int] | None = None) -> str:
    """The density while the user has chosen none: compact on a small screen or window.

    Args:
        size: of the window, when it was asked for; None is what is remembered, or the screen.
    """
    screen = QGuiApplication.primaryScreen()
    width = screen.geometry().width() if screen is not None else _DEFAULT.width()
    entry = _entry(settings)
    numbers = entry.get("geometry")
    if size is not None:
        width = size[0]
    elif isinstance(numbers, list) and len(numbers) == 4 and not entry.get("maximized"):
        width = numbers[2] if isinstance(numbers[2], int) else width
    return "compact" if width < COMPACT_BELOW else "normal"


def dock_state(settings: Settings) -> QByteArray | None:
    """The docks as they were with these screens."""
    text = _entry(settings).get("docks")
    if not isinstance(text, str):
        return None
    try:
        return QByteArray(base64.b64decode(text, validate=True))
    except ValueError:
        return None


def dock_sizes(settings: Settings) -> dict[str, tuple[int, int]]:
    """Width and height of each dock by object name, as they were with these screens."""
    sizes = _entry(settings).get("sizes")
    result = {}
    for name, size in sizes.items() if isinstance(sizes, dict) else ():
        if isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) for n in size):
            result[str(name)] = (max(size[0], 1), max(size[1], 1))
    return result


def remember(
    window: QMainWindow,
    settings: Settings,
    docks: QByteArray | None,
    sizes: dict[str, tuple[int, int]] | None = None,
) -> None:
    """Note where the window is now; `docks` None keeps what was remembered of them."""
    whole = settings.get(PART, {})
    whole = dict(whole) if isinstance(whole, dict) else {}
    entry = _entry(settings)
    area = window.normalGeometry()
    if not area.isValid():
        area = window.geometry()
    entry["geometry"] = [area.x(), area.y(), area.width(), area.height()]
    entry["maximized"] = window.isMaximized()
    if docks is not None:
        entry["sizes"] = {name: list(size) for name, size in (sizes or {}).items()}
        entry["docks"] = base64.b64encode(docks.data()).decode("ascii")
    whole[arrangement()] = entry
    settings.set(PART, whole)


def forget_docks(settings: Settings) -> None:
    """Reset layout: the docks go back to the design's places."""
    whole = settings.get(PART, {})
    if isinstance(whole, dict) and isinstance(whole.get(arrangement()), dict):
        entry = dict(whole[arrangement()])
        entry.pop("docks", None)
        entry.pop("sizes", None)
        settings.set(PART, {**whole, arrangement(): entry})


def _entry(settings: Settings) -> dict[str, Any]:
    whole = settings.get(PART, {})
    entry = whole.get(arrangement(), {}) if isinstance(whole, dict) else {}
    return dict(entry) if isinstance(entry, dict) else {}
