"""A file that says "this run is alive": held while the process lives, however it ends.

Linux: an advisory lock, which the system takes away with the process. Windows: an open file, which
nobody else can delete. What the file holds is its owner's business (`crash_report` has the
interpreter write into it). Pids are not asked: the next program may have the same one.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import IO

from tagwerk.export.traffic import open_private


def hold(path: Path) -> IO[str]:
    """Make and hold the mark until the stream is closed, at the latest by the process's end.

    Raises:
        OSError: the folder cannot be written.
    """
    stream = open_private(path, "a")
    if sys.platform != "win32":
        import fcntl

        # Where a file system has no locks the mark is only weaker.
        with contextlib.suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return stream


def is_held(path: Path) -> bool:
    """Whether the run of this mark is alive. On Windows unlinking tells it instead: True there."""
    if sys.platform == "win32":
        return path.exists()
    import fcntl

    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def claim(path: Path) -> str | None:
    """Take the mark of a dead run away; its text, None while the run lives or another was quicker."""
    try:
        if sys.platform != "win32" and is_held(path):
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
        path.unlink()
    except OSError:
        return None
    return text
