"""The keyboard where a test wants it.

A shortcut counts only in the application's active window, and the platform makes a window active
in a later turn of the loop: when it has just been shown, or when another one (of the test before)
has just gone. ``isActiveWindow()`` alone says nothing about where keys and shortcuts go.
"""

from __future__ import annotations

import asyncio
import time

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget


def takes_shortcuts(top: QWidget) -> bool:
    """Shortcuts of this window work now, and no pop-up or dialog is in the way."""
    popup = QApplication.activePopupWidget()
    return (
        QApplication.activeWindow() is top
        and QGuiApplication.focusWindow() is top.windowHandle()
        and (popup is None or popup is top)
        and QApplication.activeModalWidget() in (None, top)
    )


async def keyboard_at(widget: QWidget, *, focus: bool = True, timeout_s: float = 10.0) -> None:
    """Give `widget` the keyboard as a click would, and wait until it has it.

    Without `focus` only its window is made the active one, whatever has the focus there.
    """
    deadline = time.monotonic() + timeout_s
    asked_at = 0.0
    wanted = widget.focusProxy() or widget

    def is_there() -> bool:
        return takes_shortcuts(widget.window()) and (
            not focus or QApplication.focusWidget() is wanted
        )

    while not is_there():
        now = time.monotonic()
        assert now < deadline, (
            f"{widget} never got the keyboard: active {QApplication.activeWindow()}, "
            f"focus {QApplication.focusWidget()}, popup {QApplication.activePopupWidget()}, "
            f"modal {QApplication.activeModalWidget()}"
        )
        if now - asked_at > 0.5:  # another window may have taken it since
            asked_at = now
            widget.window().activateWindow()
            if focus:
                widget.setFocus()
        await asyncio.sleep(0.005)
