"""The latest value of every wanted tag.

Filled by the value stream's thread through `put`, drained once a frame. Values that arrive
faster than frames replace each other (coalesce); memory is bounded by the number of tags.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from tagwerk.domain.values import Sample


class LiveStore:
    """Latest samples by full name, and whether they may still be called live.

    One lock a batch, never one a value: `put` holds it for one batch (at most a time slice of the
    stream, 2 ms), `drain` only for a swap.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, Sample] = {}
        self._pending: dict[str, Sample] = {}
        self._live_since_ns = 0
        self.stale_since_ns: int | None = 0
        """When the link was lost; None while it is live. Stale from the start until a link is up."""
        self.received = 0
        self.coalesced = 0

    def put(self, samples: Iterable[Sample]) -> None:
        """Take samples; a newer one replaces one that no frame has seen yet. Any thread."""
        count = 0
        with self._lock:
            pending = self._pending
            before = len(pending)
            for sample in samples:
                pending[sample.name] = sample
                count += 1
            self.received += count
            self.coalesced += count - (len(pending) - before)

    def drain(self) -> set[str]:
        """Take over what came since the last frame; returns the names that changed."""
        if not self._pending:
            return set()
        with self._lock:
            fresh, self._pending = self._pending, {}
        self._latest.update(fresh)
        return set(fresh)

    def get(self, name: str) -> Sample | None:
        """The latest sample, or None when there never was one."""
        return self._latest.get(name)

    def is_stale(self, name: str) -> bool:
        """True when the value shown for `name` may no longer be the plant's.

        That is: the link is lost, or it is back and this tag has not been heard of since.
        """
        if self.stale_since_ns is not None:
            return True
        sample = self._latest.get(name)
        return sample is not None and sample.received_ns < self._live_since_ns

    def mark_stale(self, at_ns: int) -> None:
        """The link is lost: all values are stale at once."""
        if self.stale_since_ns is None:
            self.stale_since_ns = at_ns

    def mark_live(self, at_ns: int) -> None:
        """The link is up: values received from `at_ns` on are live, older ones stay stale."""
        if self.stale_since_ns is not None:
            self.stale_since_ns = None
            self._live_since_ns = at_ns

    def forget(self, names: Iterable[str]) -> None:
        """Drop the values of tags that nobody wants any more."""
        with self._lock:
            for name in names:
                self._latest.pop(name, None)
                self._pending.pop(name, None)

    def __len__(self) -> int:
        return len(self._latest)
