"""The traffic of a link: the last so many records within a budget of memory, and running totals.

Filled from the link's thread, read by the traffic panel on the window's, in frames. What is pushed
out is gone, but the totals remember that it was. Nothing secret gets here (see `link.wiretap`).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tagwerk.domain.connection import LinkCounters
from tagwerk.domain.traffic import Exchange, TrafficKind

MOST_RECORDS = 10_000
MOST_BYTES = 16_000_000
_RECORD_BYTES = 400
"""What a record costs besides its texts: the object, its numbers, its place in lists."""
_COMPACT_AT = 4096
_RATE_S = 3.0


@dataclass(frozen=True, slots=True)
class TrafficTotals:
    """Since the store was made; clearing the list or pushing records out changes none of them.

    Args:
        requests, problems: HTTP requests; records of any kind with a problem.
        sent, received: socket messages that were recorded.
        sent_bytes, received_bytes: of all records together.
        opened: connections that came up, sockets and others.
        pushed_out: records that had to go for newer ones.
    """

    requests: int = 0
    problems: int = 0
    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    opened: int = 0
    pushed_out: int = 0


@dataclass(frozen=True, slots=True)
class TrafficFilter:
    """Which records are shown.

    Args:
        text: every word of it must occur in operation, address, status, texts or problem.
        problems_only: only what went wrong.
        kinds: only these; empty is all.
    """

    text: str = ""
    problems_only: bool = False
    kinds: frozenset[TrafficKind] = frozenset()

    def matches(self, exchange: Exchange) -> bool:
        """Whether a record passes."""
        if self.problems_only and not exchange.is_problem:
            return False
        if self.kinds and exchange.kind not in self.kinds:
            return False
        if not self.text:
            return True
        hay = "\n".join(
            (
                exchange.what,
                str(exchange.status or ""),
                exchange.url,
                str(exchange.problem),
                str(exchange.note),
                exchange.request,
                exchange.answer,
            )
        ).casefold()
        return all(word in hay for word in self.text.casefold().split())


def cost_of(exchange: Exchange) -> int:
    """Memory of one record in bytes, as near as can be told."""
    texts = sys.getsizeof(exchange.request) + sys.getsizeof(exchange.answer)
    return _RECORD_BYTES + texts + sys.getsizeof(exchange.url)


class TrafficStore:
    """Bounded by number and memory. Is a `TrafficSink`: `on_exchange` may be called from any thread.

    Args:
        most_records, most_bytes: the budget; the oldest go first. One record always stays.
    """

    def __init__(self, most_records: int = MOST_RECORDS, most_bytes: int = MOST_BYTES) -> None:
        self.most_records = most_records
        self.most_bytes = most_bytes
        self.version = 0
        """Grows with every change."""
        self._lock = threading.Lock()
        self._records: list[tuple[Exchange, int]] = []
        self._start = 0
        self._first = 0
        self._bytes = 0
        self._totals = TrafficTotals()

    def on_exchange(self, exchange: Exchange) -> None:
        """Take a record; pushes out the oldest when the budget is used up."""
        cost = cost_of(exchange)
        with self._lock:
            self._records.append((exchange, cost))
            self._bytes += cost
            pushed_out = self._push_out()
            self._count(exchange, pushed_out)
            self.version += 1

    def _push_out(self) -> int:
        before = self._start
        while len(self._records) - self._start > 1 and (
            len(self._records) - self._start > self.most_records or self._bytes > self.most_bytes
        ):
            self._bytes -= self._records[self._start][1]
            self._records[self._start] = _GONE
            self._start += 1
        gone = self._start - before
        self._first += gone
        if self._start >= _COMPACT_AT and self._start * 2 > len(self._records):
            del self._records[: self._start]
            self._start = 0
        return gone

    def _count(self, exchange: Exchange, pushed_out: int) -> None:
        old = self._totals
        kind = exchange.kind
        # The wiretap's words for a connection that came up.
        opened = kind is TrafficKind.EVENT and exchange.what in ("connected", "socket opened")
        self._totals = TrafficTotals(
            old.requests + (kind is TrafficKind.HTTP),
            old.problems + exchange.is_problem,
            old.sent + (kind is TrafficKind.SENT),
            old.received + (kind is TrafficKind.RECEIVED),
            old.sent_bytes + exchange.sent_bytes,
            old.received_bytes + exchange.received_bytes,
            old.opened + opened,
            old.pushed_out + pushed_out,
        )

    @property
    def totals(self) -> TrafficTotals:
        return self._totals

    @property
    def used_bytes(self) -> int:
        """Memory of what is kept."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._records) - self._start

    def clear(self) -> None:
        """Forget all records; totals stay, numbers go on."""
        with self._lock:
            self._first += len(self)
            self._records.clear()
            self._start = 0
            self._bytes = 0
            self.version += 1

    def since(self, number: int) -> tuple[int, int, list[Exchange]]:
        """Records from a running number on.

        Returns:
            The oldest number that is still kept, the number of the first record returned, and the
            records.
        """
        with self._lock:
            at = max(number, self._first)
            found = self._records[self._start + at - self._first :]
            return self._first, at, [exchange for exchange, _ in found]

    def all(self) -> list[Exchange]:
        """Everything that is kept, the oldest first."""
        return self.since(0)[2]


_GONE: tuple[Exchange, int] = (Exchange(0, TrafficKind.EVENT, ""), 0)


class TrafficView:
    """The records of a store that pass a filter, followed in steps. One thread.

    Holds what it shows, so that a table can be paused while the store goes on.
    """

    def __init__(self, store: TrafficStore) -> None:
        self.store = store
        self.filter = TrafficFilter()
        self._rows: list[tuple[int, Exchange]] = []
        self._start = 0
        self._next = 0
        self._version = -1

    def __len__(self) -> int:
        return len(self._rows) - self._start

    def at(self, row: int) -> Exchange | None:
        """The record in a row, the oldest is row 0; None where there is none."""
        if 0 <= row < len(self):
            return self._rows[self._start + row][1]
        return None

    def number_at(self, row: int) -> int:
        """Its running number, -1 where there is none."""
        return self._rows[self._start + row][0] if 0 <= row < len(self) else -1

    def rows(self) -> Iterable[Exchange]:
        """All records in order."""
        return (exchange for _, exchange in self._rows[self._start :])

    @property
    def waiting(self) -> int:
        """How many records came since the last step, matching or not."""
        with self.store._lock:
            return self.store._first + len(self.store) - max(self._next, self.store._first)

    def set_filter(self, wanted: TrafficFilter) -> None:
        """Another filter; everything is looked through again."""
        self.filter = wanted
        self.restart()

    def restart(self) -> None:
        """Begin anew with what the store has."""
        self._rows = []
        self._start = self._next = 0
        self._version = -1

    def refresh(self) -> tuple[int, int]:
        """Follow the store. Returns how many rows left at the top and how many came at the end."""
        if self.store.version == self._version:
            return 0, 0
        self._version = self.store.version
        oldest, at, fresh = self.store.since(self._next)
        before = self._start
        while self._start < len(self._rows) and self._rows[self._start][0] < oldest:
            self._start += 1
        left = self._start - before
        if self._start >= _COMPACT_AT or self._start == len(self._rows):
            del self._rows[: self._start]
            self._start = 0
        count = len(self._rows)
        matches = self.filter.matches
        self._rows += [(at + i, one) for i, one in enumerate(fresh) if matches(one)]
        self._next = at + len(fresh)
        return left, len(self._rows) - count


@dataclass(frozen=True, slots=True)
class TrafficRates:
    """What happened in a second, on the average of the last few."""

    requests: float = 0.0
    messages: float = 0.0
    bytes: float = 0.0


class RateMeter:
    """Rates from totals and the link's counters; ask about twice a second.

    Args:
        clock: seconds, only forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readings: list[tuple[float, int, int, int]] = []

    def restart(self) -> None:
        """Another link: its counters begin at zero."""
        self._readings.clear()

    def read(self, totals: TrafficTotals, counters: LinkCounters) -> TrafficRates:
        """The rates now."""
        now = self._clock()
        moved = totals.sent_bytes + totals.received_bytes
        # What the socket brought is counted by the link; its recorded messages are part of that.
        reading = (now, totals.requests, counters.messages + totals.sent, moved + counters.bytes)
        if self._readings and any(
            new < old for new, old in zip(reading, self._readings[-1], strict=True)
        ):
            self._readings.clear()
        self._readings.append(reading)
        while len(self._readings) > 2 and now - self._readings[1][0] >= _RATE_S:
            del self._readings[0]
        first = self._readings[0]
        seconds = now - first[0]
        if seconds <= 0:
            return TrafficRates()
        return TrafficRates(
            (reading[1] - first[1]) / seconds,
            (reading[2] - first[2]) / seconds,
            (reading[3] - first[3]) / seconds,
        )


def without_texts(exchange: Exchange) -> Exchange:
    """The record without request and answer: no name and no value of a tag is left in it."""
    return replace(exchange, request="", answer="")
