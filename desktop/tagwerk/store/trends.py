"""The curves of all tags that a trend shows.

Filled by the value stream's thread through `put`, which only queues; `drain`, once a frame on
the window's thread, sorts the samples into their curves. Every sample of an opened tag is kept.

Memory is bounded: all curves together hold at most the budget (18.4 bytes a sample, so the
usual 512 MiB are some 29 million samples); above it the largest curve forgets its oldest quarter and
says so. What no frame takes is bounded too, at `QUEUE_LIMIT` samples: beyond that it is thinned,
and the curve says so.
"""

from __future__ import annotations

import statistics
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from tagwerk.domain.values import Sample
from tagwerk.store.coverage import OPEN, Segment, Source
from tagwerk.store.curve import NOT_READ, Columns, Curve, Hole, Reading, Row, Rows, Statistics
from tagwerk.store.thinning import thinned

__all__ = [
    "NOT_READ",
    "OPEN",
    "Columns",
    "Curve",
    "Hole",
    "Reading",
    "Row",
    "Rows",
    "Segment",
    "Source",
    "Statistics",
    "TrendStore",
]

BUDGET_BYTES = 512 << 20
QUEUE_LIMIT = 10_000
"""Samples that wait for a frame. Sorting more into their curves would make that frame late."""
LISTENED_TO = 64
"""Of so many of the newest changes the server's clock is learned."""
_SKEW_FROM_NS = 1_000_000_000


class _Event(Enum):
    """What may end a batch."""

    LOST = "lost"
    SILENT = "silent"
    RESUMED = "resumed"


@dataclass(slots=True)
class _Batch:
    """Samples by name that came between two events of the link."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    thinned: dict[str, tuple[int, int]] = field(default_factory=dict)
    event: _Event | None = None
    at_ns: int = 0

    def mark(self, name: str, start_ns: int, end_ns: int) -> None:
        """Samples of this span are not complete."""
        before = self.thinned.get(name, (start_ns, end_ns))
        self.thinned[name] = (min(before[0], start_ns), max(before[1], end_ns))


class TrendStore:
    """Curves by full name, counted by who has them open.

    Args:
        budget_bytes: what all curves together may hold.
    """

    def __init__(self, *, budget_bytes: int = BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self.received = 0
        self.left_out = 0
        """Samples thinned out because more came than frames could take."""
        self._lock = threading.Lock()
        self._curves: dict[str, Curve] = {}
        self._users: dict[str, int] = {}
        self._names: frozenset[str] = frozenset()
        self._batches: deque[_Batch] = deque([_Batch()])
        self._queued = 0
        self._deltas: deque[int] = deque(maxlen=LISTENED_TO)
        self._ahead_ns = 0
        self._touched: set[str] = set()
        self.lost_at_ns: int | None = None
        """When the stream ended, by this computer's clock; None while it is up or before it was."""

    # The window's thread.

    def open(self, name: str, *, step: bool) -> Curve:
        """The curve of a tag, made when nobody has it open yet. Each `open` needs a `close`."""
        curve = self._curves.get(name)
        if curve is None:
            curve = self._curves[name] = Curve(name, step=step)
            self._names = frozenset(self._curves)
        self._users[name] = self._users.get(name, 0) + 1
        return curve

    def close(self, name: str) -> None:
        """One user less; the last one takes the curve's memory with it."""
        left = self._users.get(name, 0) - 1
        if left > 0:
            self._users[name] = left
            return
        self._users.pop(name, None)
        self._curves.pop(name, None)
        self._names = frozenset(self._curves)

    def curve(self, name: str) -> Curve | None:
        """The curve if somebody has it open."""
        return self._curves.get(name)

    @property
    def names(self) -> frozenset[str]:
        """Names of all open curves."""
        return self._names

    @property
    def nbytes(self) -> int:
        """Memory that the curves hold, in bytes."""
        return sum(curve.nbytes for curve in self._curves.values())

    @property
    def skew_ns(self) -> int:
        """How far the server's clock is ahead of ours; 0 when it is within a second.

        A value that changes while we listen is stamped when it leaves the server, so the usual
        difference is the clocks' difference less the way. The middle one counts, so that a single
        device with a clock of its own does not move all curves.
        """
        if not self._deltas:
            return self._ahead_ns
        skew = round(statistics.median(self._deltas))
        return skew if abs(skew) >= _SKEW_FROM_NS else 0

    def listen(self, samples: Iterable[Sample]) -> None:
        """Learn the server's clock from values that have just changed."""
        for sample in samples:
            if sample.time_ns is not None and sample.error is None:
                self._deltas.append(sample.time_ns - sample.received_ns)

    def clock_stepped(self, step_ns: int) -> None:
        """This computer's clock was set: the server is so much less ahead of it now."""
        self._deltas = deque((delta - step_ns for delta in self._deltas), maxlen=LISTENED_TO)
        self._ahead_ns = 0
        with self._lock:
            if self.lost_at_ns is not None:
                self.lost_at_ns += step_ns

    def drain(self) -> set[str]:
        """Sort what came since the last frame into the curves; returns the names that changed."""
        changed, self._touched = self._touched, set()
        first = self._batches[0]
        if len(self._batches) == 1 and not first.samples and not first.thinned:
            return changed
        with self._lock:
            batches, self._batches = self._batches, deque([_Batch()])
            self._queued = 0
        for batch in batches:
            for name, samples in batch.samples.items():
                curve = self._curves.get(name)
                if curve is not None:
                    self._listen(curve, samples)
                    curve.append(samples, skew_ns=self.skew_ns)
                    changed.add(name)
            for name, (start, end) in batch.thinned.items():
                curve = self._curves.get(name)
                if curve is not None:
                    curve.mark_thinned(start + self.skew_ns, end + self.skew_ns)
                    changed.add(name)
            if batch.event is not None:
                self._take_event(batch.event, batch.at_ns + self.skew_ns)
                changed.update(self._curves)
        self._keep_budget()
        return changed

    def correct(self, samples: Iterable[Sample]) -> None:
        """Put what was taken before in another form; that says nothing about live or lost."""
        for sample in samples:
            curve = self._curves.get(sample.name)
            if curve is not None and curve.correct(sample, skew_ns=self.skew_ns):
                self._touched.add(sample.name)

    def _take_event(self, event: _Event, at_ns: int) -> None:
        for curve in self._curves.values():
            if event is _Event.LOST:
                curve.link_lost(at_ns)
            elif event is _Event.SILENT:
                curve.link_silent(at_ns)
            else:
                curve.link_resumed()

    # Any thread.

    def put(self, samples: Iterable[Sample]) -> None:
        """Take samples; those of tags that nobody trends are dropped."""
        names = self._names
        if not names:
            return
        wanted = [sample for sample in samples if sample.name in names]
        if not wanted:
            return
        with self._lock:
            self.received += len(wanted)
            if self._queued + len(wanted) > QUEUE_LIMIT:
                self._thin_out()
            queue = self._batches[-1].samples
            self._queued += len(wanted)
            for sample in wanted:
                kept = queue.get(sample.name)
                if kept is None:
                    queue[sample.name] = [sample]
                else:
                    kept.append(sample)

    def mark_thinned(self, name: str, start_ns: int, end_ns: int) -> None:
        """Samples of a trended tag that came in this span had to be dropped before they got here.

        By this computer's clock, as `Sample.received_ns`; of a tag that nobody trends it is
        ignored. Cheap: called for each batch that dropped something.
        """
        if name not in self._names:
            return
        with self._lock:
            self._batches[-1].mark(name, start_ns, end_ns)

    def link_lost(self, at_ns: int) -> None:
        """The stream ended at `at_ns` (this computer's clock): curves get a hole from there.

        May be called again while it is down; only a live curve takes notice.
        """
        self._end_batch(_Event.LOST, at_ns)

    def link_silent(self, at_ns: int) -> None:
        """Nothing has come since `at_ns`, though the stream stands: a hole until it speaks again."""
        self._end_batch(_Event.SILENT, at_ns)

    def link_resumed(self) -> None:
        """The same stream speaks again: it has lost nothing, and the curves go on."""
        self._end_batch(_Event.RESUMED, 0)

    def link_back(self, at_ns: int) -> None:
        """A new stream is up. A curve's hole ends when its tag is first heard of, not here."""
        with self._lock:
            self.lost_at_ns = None

    def _end_batch(self, event: _Event, at_ns: int) -> None:
        with self._lock:
            if event is _Event.RESUMED:
                self.lost_at_ns = None
            elif self.lost_at_ns is None:
                self.lost_at_ns = at_ns
            self._batches[-1].event = event
            self._batches[-1].at_ns = at_ns
            self._batches.append(_Batch())

    # Inside.

    def _listen(self, curve: Curve, samples: list[Sample]) -> None:
        """Learn the server's clock from changes; the first value of a subscription may be old.

        But it cannot be from the future: where it seems so, the server's clock is ahead.
        """
        newest = samples[-1]
        if curve.is_live:
            self.listen((newest,))
        elif newest.time_ns is not None and newest.error is None:
            ahead_ns = newest.time_ns - newest.received_ns
            if ahead_ns >= _SKEW_FROM_NS:
                self._ahead_ns = max(self._ahead_ns, ahead_ns)

    def _thin_out(self) -> None:
        """Nobody takes them fast enough: memory, and the next frame, stay bounded. Lock is held."""
        for gently in (True, False):
            self._queued = 0
            for batch in self._batches:
                for name, samples in batch.samples.items():
                    kept = thinned(samples) if gently else samples[-1:]
                    if len(kept) < len(samples):
                        batch.mark(name, samples[0].received_ns, samples[-1].received_ns)
                        self.left_out += len(samples) - len(kept)
                        samples[:] = kept
                    self._queued += len(kept)
            if self._queued <= QUEUE_LIMIT * 3 // 4:
                return

    def _keep_budget(self) -> None:
        while self.nbytes > self.budget_bytes:
            largest = max(self._curves.values(), key=len)
            if len(largest) < 1_000:
                return
            largest.drop_oldest(len(largest) // 4)
            self._touched.add(largest.name)
