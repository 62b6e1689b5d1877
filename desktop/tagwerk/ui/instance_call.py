"""A second start finds the first: one window a user, settings folder and screen, others aside.

The window that serves (`instance`) leaves a small file in its settings folder: the name of its
local socket, drawn by lot, its process and its screen. Whoever can read that folder, the user
alone, can find it; nobody can take the name before. A later start on the same screen sends one line
there, a path to open or nothing but "come forward", and ends. Passwords and addresses never go this
way.

No Qt in here: a start that only hands over is done in the time that Python takes. Called by the
composition root before anything is painted.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "window.json"
VERSION = 1
MOST_BYTES = 64 * 1024
"""Of one line; the longest path of Windows is half of that."""
ANSWER_S = 4.0
"""A window that does not answer by then hangs, or is not ours: the new start opens its own."""
TAKEN = b"taken\n"


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a window can be called.

    Args:
        place: path of a socket (Linux) or name of a pipe (Windows).
        process: its process id; on Windows it is allowed to come to the front.
    """

    place: str
    process: int


def screen() -> str:
    """Where this start would show its window: session of Windows, or display."""
    if sys.platform == "win32":
        import ctypes

        number = ctypes.c_ulong()
        ctypes.windll.kernel32.ProcessIdToSessionId(os.getpid(), ctypes.byref(number))
        return str(number.value)
    return os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY", "")


def read_serving(folder: Path) -> Serving | None:
    """What the file in a settings folder says; None when there is none or it makes no sense.

    Nor where the window is on another screen (the same user twice on a terminal server): who
    started the program here would see nothing happen.
    """
    try:
        document = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        place, process = document["place"], document["process"]
        if document["screen"] != screen():
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(place, str) or not isinstance(process, int) or not place:
        return None
    return Serving(place, process)


def write_serving(folder: Path, serving: Serving) -> None:
    """Leave the file, whole or not at all; only its owner may read it.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{FILE_NAME}.{os.getpid()}.tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            document = {"place": serving.place, "process": serving.process, "screen": screen()}
            json.dump(document, file)
        os.replace(temporary, folder / FILE_NAME)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def drop_serving(folder: Path, serving: Serving) -> None:
    """Take the file away, if it is still this window's."""
    if read_serving(folder) == serving:
        with contextlib.suppress(OSError):
            (folder / FILE_NAME).unlink()


def hand_over(folder: Path, path: Path | None, within_s: float = ANSWER_S) -> bool:
    """Ask the window of this settings folder to come forward, and to open `path` if there is one.

    Returns:
        whether it took that over; False when there is no window, or none that answers.
    """
    serving = read_serving(folder)
    if serving is None:
        return False
    wish = {"version": VERSION, "open": str(path.absolute()) if path is not None else ""}
    line = json.dumps(wish).encode() + b"\n"
    _let_come_forward(serving.process)
    answers: list[bytes] = []

    def ask() -> None:
        with contextlib.suppress(OSError):
            answers.append(_ask(serving.place, line, within_s))

    # In a thread, since nothing ends a read of a Windows pipe in which nobody writes.
    asking = threading.Thread(target=ask, name="other window", daemon=True)
    asking.start()
    asking.join(within_s)
    return TAKEN in answers


def read_wish(line: bytes) -> Path | None:
    """What another start wants opened; None for nothing but to come forward.

    Raises:
        ValueError: not a wish.
    """
    try:
        wish: Any = json.loads(line)
    except RecursionError as problem:
        raise ValueError("not a wish") from problem
    if not isinstance(wish, dict) or not isinstance(wish.get("open"), str):
        raise ValueError("not a wish")
    wanted = wish["open"]
    if wanted and not Path(wanted).is_absolute():
        raise ValueError("not a whole path")
    return Path(wanted) if wanted else None


def _ask(place: str, line: bytes, within_s: float) -> bytes:
    if sys.platform == "win32":
        with open(rf"\\.\pipe\{place}", "r+b", buffering=0) as pipe:
            pipe.write(line)
            return _read_line(pipe.read)
    else:
        import socket

        with socket.socket(socket.AF_UNIX) as calling:
            calling.settimeout(within_s)
            calling.connect(place)
            calling.sendall(line)
            return _read_line(calling.recv)


def _read_line(read: Any) -> bytes:
    got = b""
    while not got.endswith(b"\n") and len(got) < len(TAKEN):
        piece = read(len(TAKEN) - len(got))
        if not piece:
            break
        got += piece
    return got


def _let_come_forward(process: int) -> None:
    """Windows lets only the program in front decide who comes to the front: that is us, just now."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(process)
