"""Loads Qt so that the first picture comes early. Called by the composition root before anything else
imports Qt.

PySide6 puts an import of its own in the place of Python's: it lets modules switch to other names
(``from __feature__ import snake_case``), for which it reads and takes apart the source of every
module that is imported from then on. Nobody here switches; with the import back that was there before,
the first picture comes some 15 ms earlier, and everything behind it as well.
"""

from __future__ import annotations

import builtins
import sys
import threading


def load_qt() -> None:
    """Import Qt's core, and take its look into all other modules out of the import again."""
    if sys.platform.startswith("linux"):
        threading.Thread(target=_read_font_list, name="fonts", daemon=True).start()
    import PySide6.QtCore  # noqa: F401

    before = getattr(builtins, "__orig_import__", None)
    if before is not None:
        builtins.__import__ = before


def _read_font_list() -> None:
    """Linux: have the list of the computer's fonts read while Python imports.

    Qt asks for it when it is given the first font of ours; it lasts 5 ms and more with many fonts.
    The library is the one that Qt links, keeps the list for the process, and may be asked by two
    threads at once. Without it Qt does what it can, as before.
    """
    import ctypes

    try:
        ctypes.CDLL("libfontconfig.so.1").FcInit()
    except (OSError, AttributeError):
        return
