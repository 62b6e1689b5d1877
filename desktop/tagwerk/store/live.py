"""The latest value of every wanted tag.

Filled by the value stream's thread through `put`, drained once a frame. Values that arrive
faster than frames replace each other (coalesce); memory is bounded by the number of tags.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from operator import itemgetter

from tagwerk.domain.values import Sample

_name = itemgetter(Sample._fields.index("name"))
"""Faster than the attribute: this runs for every value of the stream."""


class LiveStore:
    """Latest samples by full name, and whether they may still be called live.

    One lock a batch, never one a value: `put` holds it for one batch (at most a time slice of the
    stream, 2 ms), `drain` only for a swap.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, Sample] = {}
        self._pending: dict[str, Sample] = {}
        self._earlier: dict[str, Sample] = {}
        self._unheard: set[str] = set()
        self.stale_since_ns: int | None = 0
        """When the link was lost; None while it is live. Stale from the start until a link is up."""
        self.received = 0
        """Values that were put."""
        self.coalesced = 0
        """Of these, the ones that a newer one replaced before a frame took them."""

    def put(self, samples: Sequence[Sample]) -> None:
        """Take samples; a newer one replaces one that no frame has seen yet. Any thread."""
        with self._lock:
            pending = self._pending
            before = len(pending)
            pending.update(zip(map(_name, samples), samples, strict=False))
            self.received += len(samples)
            self.coalesced += len(samples) - (len(pending) - before)

    def link_ended(self) -> None:
        """A stream is over: what it brought and no frame has taken is older than the next link.

        Any thread; called in the order of arrival, so that no clock has to tell old from new.
        """
        with self._lock:
            self._earlier.update(self._pending)
            self._pending = {}

    def drain(self) -> set[str]:
        """Take over what came since the last frame; returns the names that changed."""
        if not self._pending and not self._earlier:
            return set()
        with self._lock:
            fresh, self._pending = self._pending, {}
            earlier, self._earlier = self._earlier, {}
        if earlier:
            self._latest.update(earlier)
            self._unheard.update(earlier)
        self._latest.update(fresh)
        if self._unheard:
            self._unheard.difference_update(fresh)
        return {*earlier, *fresh} if earlier else set(fresh)

    def correct(self, samples: Iterable[Sample]) -> None:
        """Put what was taken before in another form: no news, so stale ones stay stale."""
        for sample in samples:
            if sample.name in self._latest:
                self._latest[sample.name] = sample

    def get(self, name: str) -> Sample | None:
        """The latest sample, or None when there never was one."""
        return self._latest.get(name)

    def is_stale(self, name: str) -> bool:
        """True when the value shown for `name` may no longer be the plant's.

        That is: the link is lost, or it is back and this tag has not been heard of since.
        """
        return self.stale_since_ns is not None or name in self._unheard

    def mark_stale(self, at_ns: int) -> None:
        """The link is lost, or gives no sign of life: all values are stale at once."""
        if self.stale_since_ns is None:
            self.stale_since_ns = at_ns

    def mark_live(self, at_ns: int = 0) -> None:
        """A new link is up: what was taken before stays stale until its tag is heard of again.

        Args:
            at_ns: when, for symmetry with the other stores; order decides here, and no clock.
        """
        if self.stale_since_ns is not None:
            self.stale_since_ns = None
            self._unheard = set(self._latest)

    def resume(self) -> None:
        """The same link speaks again: nothing was lost on it, so what it brought holds again."""
        self.stale_since_ns = None

    def clock_stepped(self, step_ns: int) -> None:
        """This computer's clock was set: carry its time stamps along, so that ages stay true."""
        if self.stale_since_ns:
            self.stale_since_ns += step_ns
        for name, sample in self._latest.items():
            self._latest[name] = sample._replace(received_ns=sample.received_ns + step_ns)

    def forget(self, names: Iterable[str]) -> None:
        """Drop the values of tags that nobody wants any more."""
        with self._lock:
            for name in names:
                self._latest.pop(name, None)
                self._pending.pop(name, None)
                self._earlier.pop(name, None)
                self._unheard.discard(name)

    def __len__(self) -> int:
        return len(self._latest)
