"""Files that may lie on a share that is gone: read and written in threads, waited for in sight.

Nothing can end a thread that waits for such a share. So it is left alone when it is given up: what
it reads is dropped, and what it has written takes nobody's place. Used by `workspace_flow`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tagwerk.ui.banner import Banner
from tagwerk.ui.tasks import Result, in_thread, start_in_thread

BUSY_AFTER_S = 0.3
"""So long reading and writing may take before it is told; less would only flicker."""
FOLDER_PATIENCE_S = 1.0
"""So long a folder may take to say that it is there before a file dialog begins elsewhere."""


class Save:
    """One save under way: the thread that writes and the window agree on whether it still counts.

    Args:
        path: the file.
        earlier: the window's save before this one, which is given up for it.
    """

    def __init__(self, path: Path, earlier: Save | None = None) -> None:
        self.path = path
        # Held for a few instructions only, never while a file is touched: the window takes it too.
        self._lock = threading.Lock()
        self._is_given_up = self._is_replacing = self._has_ended = False
        self._earlier: tuple[Save, ...] = ()
        if earlier is not None:
            # Here and not when its task is cancelled: that comes later than a quick thread.
            earlier.give_up()
            self._earlier = tuple(
                one for one in (*earlier._earlier, earlier) if one._may_still_replace
            )
        self.is_done = False
        """The file holds what was on show."""

    def may_replace(self) -> bool:
        """For the thread, right before the new file takes its place; False once it is given up."""
        with self._lock:
            self._is_replacing = not self._is_given_up
            return self._is_replacing

    def give_up(self) -> bool:
        """Leave the old file as it is; False when that can no longer be promised."""
        with self._lock:
            self._is_given_up = True
            return not self._is_replacing

    def end(self) -> None:
        """For the thread: it touches the file no more."""
        with self._lock:
            self._has_ended = True

    @property
    def _may_still_replace(self) -> bool:
        with self._lock:
            return self._is_replacing and not self._has_ended

    @property
    def is_behind_another(self) -> bool:
        """An earlier save was given up too late: it may still take the file's place, before this.

        Files of one name count as one, however the way to them is written: nobody can ask a share
        that is gone whether they are.
        """
        name = self.path.name.casefold()
        return any(
            one.path.name.casefold() == name for one in self._earlier if one._may_still_replace
        )


class SlowFiles(QObject):
    """What is waited for.

    Signals:
        changed: (key, `Banner` or None): what the window says about it.
    """

    changed = Signal(str, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._busy: dict[str, Banner] = {}

    async def run(self, key: str, told: Banner, work: Callable[[], Result]) -> Result:
        """The result of `work`, which runs in a thread; said where it takes its time."""
        result = start_in_thread(work, key)
        try:
            done, _ = await asyncio.wait({result}, timeout=BUSY_AFTER_S)
            if not done:
                self._busy[key] = told
                self.tell()
            return await result
        finally:
            # Its result is dropped when it comes later.
            result.cancel()
            if self._busy.get(key) is told:
                del self._busy[key]
                self.changed.emit(key, None)

    def tell(self) -> None:
        """Say again what is waited for, to whoever has forgotten it."""
        for key, told in self._busy.items():
            self.changed.emit(key, told)


async def is_there(folder: Path) -> bool:
    """Whether the folder answers, and soon; nobody waits for one that does not."""
    try:
        async with asyncio.timeout(FOLDER_PATIENCE_S):
            return await in_thread(folder.is_dir, "workspace folder")
    except (OSError, TimeoutError):
        return False
