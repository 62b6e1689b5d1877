"""Keeps Python's garbage collector from looking through what is there to stay, and has it look when
a session is over.

A hundred thousand alarms are some hundred thousand objects; a full collection looks at each of them
and holds the window for a tenth of a second. They leave by their count of references like anything
else, so after every so many new ones the collector is told to leave them alone.
"""

from __future__ import annotations

import contextlib
import gc
import sys

from PySide6.QtCore import QObject, QTimer

from tagwerk.domain.connection import LinkState

MANY = 20_000
SETTLED_MS = 5_000
"""After values flow again: the old session is let go of, the hole is filled, all is painted."""
TIDY_EVERY_MS = 120_000
"""Pictures of a trend leave some 3 MB of free pages in ten thousand of them, and no more in use."""


class LongLived:
    """Counts objects that came to stay; `forget` when they are gone."""

    def __init__(self) -> None:
        self._kept = 0

    def note(self, total: int) -> None:
        """So many came since the beginning; called about once a second."""
        if total - self._kept >= MANY:
            self._kept = total
            # Short-lived rings must not be kept for ever with the rest.
            gc.collect(1)
            gc.freeze()

    def forget(self) -> None:
        """They are gone: look through everything once, and leave alone what is still there."""
        if self._kept:
            self._kept = 0
            gc.unfreeze()
            gc.collect()
            gc.freeze()


def give_memory_back() -> None:
    """Hand free pages of the C heap back to the system; half a millisecond with 160 MB in use.

    glibc keeps what lies below anything that is still in use: 4 to 5 MB of a lost session, on top of
    which the next one would make its own. Other systems' heaps do it by themselves.
    """
    if sys.platform == "linux":
        import ctypes

        # Not every C library of Linux has it.
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


class LeftBehind(QObject):
    """Has what a lost session left collected once the next one is live, and its memory given back;
    also now and then what pictures have let go of while one is live.

    A session is full of rings (tasks, sockets, what waits for an answer), and by then the collector
    takes them for long-lived: it would come to them after a hundred rounds, and each restart of a
    server would cost some MB until then. Looking through all that came since the start takes a
    few milliseconds. What `LongLived` has set aside meanwhile, behind some 20,000 alarms, is not
    looked through: that would hold the window.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_lost = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(SETTLED_MS)
        self.timer.timeout.connect(self._clear_away)
        self.tidy = QTimer(self)
        self.tidy.setInterval(TIDY_EVERY_MS)
        self.tidy.timeout.connect(give_memory_back)

    def follow(self, state: LinkState) -> None:
        """The link's state changed."""
        if state is not LinkState.LIVE:
            self.tidy.stop()
        elif not self.tidy.isActive():
            self.tidy.start()
        if state is LinkState.LIVE and self._was_lost:
            self._was_lost = False
            self.timer.start()
        elif state is LinkState.RECONNECTING:
            self._was_lost = True

    def _clear_away(self) -> None:
        gc.collect()
        give_memory_back()
