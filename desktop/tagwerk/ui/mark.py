"""The program's mark, and by what name desktops know the program.

The drawings lie in ``resources/mark``; the icons of the installers are made from the same ones
(``installer/icons/make.py``). Used by the window's icon, the welcome page and the about box.
"""

from __future__ import annotations

import sys
from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tagwerk.resources import resource

DESKTOP_NAME = "tagwerk"
"""Linux: the desktop entry ``tagwerk.desktop``, which gives the window its name and icon."""
WINDOWS_ID = "Tagwerk.Tagwerk"
"""Windows: the name under which the taskbar groups windows of a program that is not packaged."""
ICON_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
_LARGEST_SMALL = 32


@cache
def _drawing(small: bool) -> QSvgRenderer:
    return QSvgRenderer(str(resource("mark", "tagwerk-small.svg" if small else "tagwerk.svg")))


def draw_mark(painter: QPainter, rect: QRectF) -> None:
    """Draw the mark into `rect`; the same in light and dark, because it is a sign.

    Args:
        painter: an active painter.
        rect: a square, in device-independent pixels.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _drawing(rect.width() <= _LARGEST_SMALL).render(painter, rect)


def window_icon() -> QIcon:
    """The icon of windows and taskbars, in every size they ask for."""
    result = QIcon()
    for side in ICON_SIZES:
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            draw_mark(painter, QRectF(0, 0, side, side))
        result.addPixmap(pixmap)
    return result


def tell_desktop_who_we_are(application: QGuiApplication) -> None:
    """Let taskbars group the windows and show their icon, not that of the interpreter.

    To be called before the first window is shown: Windows looks only then. Packaged, Windows groups
    by the executable, as its shortcuts do; a name of our own would part the window from its pin.
    """
    application.setApplicationName("tagwerk")
    application.setDesktopFileName(DESKTOP_NAME)
    if sys.platform == "win32" and not getattr(sys, "frozen", False):
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(WINDOWS_ID)
