"""Keeps Python's garbage collector from looking through what is there to stay.

A hundred thousand alarms are some hundred thousand objects; a full collection looks at each of them
and holds the window for a tenth of a second. They leave by their count of references like anything
else, so after every so many new ones the collector is told to leave them alone.
"""

from __future__ import annotations

import gc

MANY = 20_000


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
