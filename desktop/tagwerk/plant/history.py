"""Reads the past of trended tags from the server's log, newest first, a few at a time.

The trend asks for spans; here they are merged, cut into pieces that decode without a stall, and
delivered into the curves. Nothing is read twice. A piece that failed is asked for a few times more,
later and later, while the others go on; then it shows its reason until somebody asks again or the
link comes back. A log that does not answer at all is left in peace after some failures in a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import (
    NotReachable,
    ProtocolError,
    ServerFailed,
    SessionExpired,
    TagwerkError,
)
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import BaseType, DataType
from tagwerk.domain.text import format_time
from tagwerk.domain.values import LoggedSeries
from tagwerk.plant.types import typed_points
from tagwerk.store.trends import TrendStore

PIECE_NS = 30 * 60 * 1_000_000_000
"""Longest span of one request: half an hour at 1 s is 1,800 points, decoded in a few ms."""

NAMES_A_REQUEST = 8

TRIES = 4
"""So often a piece is asked for."""

FIRST_PAUSE_S = 1.0
"""Before the second try; it doubles with each."""

FAILURES_IN_A_ROW = 8
"""After so many requests without an answer in between what still waits is given up."""


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How far the reading of one tag's past is.

    Args:
        loading: spans wait or are being read.
        progress: 0 to 1 of what was asked for so far.
        error: why the last request failed; empty when it did not.
        is_refused: the server answered, and said no to this tag alone (no log, no right).
    """

    loading: bool = False
    progress: float = 1.0
    error: Message = Message()
    is_refused: bool = False


Span = tuple[int, int]
_TRANSIENT = (NotReachable, ProtocolError, ServerFailed, SessionExpired)
_UNKNOWN = DataType("", BaseType.UNKNOWN)


class HistoryReader:
    """Queue of spans to read, worked off by `run`.

    Args:
        client: reads the log.
        trends: curves that take the points.
        on_change: called after each delivery, so that the next frame tells the panels.
        data_type: type of a tag, to tell numbers that come as text.
    """

    def __init__(
        self,
        client: PlantClient,
        trends: TrendStore,
        on_change: Callable[[str], None],
        data_type: Callable[[str], DataType] = lambda _name: _UNKNOWN,
    ) -> None:
        self._client = client
        self._data_type = data_type
        self._trends = trends
        self._on_change = on_change
        self._waiting: dict[str, list[Span]] = {}
        self._running: dict[str, Span] = {}
        self._asked_ns: dict[str, int] = {}
        self._done_ns: dict[str, int] = {}
        self._errors: dict[str, Message] = {}
        self._refused: set[str] = set()
        self._tries: dict[tuple[str, Span], tuple[int, float]] = {}
        self._in_a_row = 0
        self._wake = asyncio.Event()

    def request(self, name: str, start_ns: int, end_ns: int) -> None:
        """Ask for a span; what already waits or runs is not asked for again."""
        spans = [(start_ns, end_ns)]
        taken = list(self._waiting.get(name, ()))
        if name in self._running:
            taken.append(self._running[name])
        for other in taken:
            spans = [rest for span in spans for rest in _without(span, other)]
        if not spans:
            return
        self._in_a_row = 0
        if name not in self._waiting and name not in self._running:
            self._asked_ns[name] = self._done_ns[name] = 0
        self._errors.pop(name, None)
        self._refused.discard(name)
        queue = self._waiting.setdefault(name, [])
        for start, end in spans:
            self._asked_ns[name] = self._asked_ns.get(name, 0) + end - start
            queue.extend(_pieces(start, end))
        queue.sort(reverse=True)
        self._wake.set()
        self._on_change(name)

    def cancel(self, name: str) -> None:
        """Forget what still waits for `name`."""
        if self._give_up(name):
            self._on_change(name)

    def _give_up(self, name: str) -> bool:
        for span in self._waiting.get(name, ()):
            self._tries.pop((name, span), None)
        return bool(self._waiting.pop(name, None))

    def state(self, name: str) -> HistoryState:
        loading = name in self._waiting or name in self._running
        asked = self._asked_ns.get(name, 0)
        progress = self._done_ns.get(name, 0) / asked if loading and asked else 1.0
        error = self._errors.get(name, Message())
        return HistoryState(loading, progress, error, name in self._refused)

    async def run(self) -> None:
        """Work off the queue until cancelled."""
        while True:
            self._wake.clear()
            ready = self._ready()
            if ready:
                await self._read_some(ready)
                continue
            due = min((due for _count, due in self._tries.values()), default=None)
            pause_s = None if due is None else max(due - time.monotonic(), 0.0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    def _ready(self) -> dict[str, Span]:
        """The newest piece of each tag that need not wait for its next try."""
        now = time.monotonic()
        ready: dict[str, Span] = {}
        for name, spans in self._waiting.items():
            for span in spans:
                if self._tries.get((name, span), (0, 0.0))[1] <= now:
                    ready[name] = span
                    break
        return ready

    async def _read_some(self, ready: dict[str, Span]) -> None:
        """One request: the newest waiting piece, and other tags that want the same piece."""
        newest = max(ready.values())
        names = [name for name, span in ready.items() if span == newest][:NAMES_A_REQUEST]
        for name in names:
            spans = self._waiting[name]
            spans.remove(newest)
            if not spans:
                del self._waiting[name]
            self._running[name] = newest
        try:
            await self._read(names, *newest)
        finally:
            for name in names:
                self._running.pop(name, None)
                if newest not in self._waiting.get(name, ()):
                    # A try that nobody waits for any more would wake `run` for ever.
                    self._tries.pop((name, newest), None)
                    self._done_ns[name] = self._done_ns.get(name, 0) + newest[1] - newest[0]
                self._on_change(name)

    async def _read(self, names: list[str], start_ns: int, end_ns: int) -> None:
        missing = self._client.capabilities.reason(Capability.HISTORY)
        if missing:
            for name in names:
                self._mark_unavailable(name, start_ns, end_ns, missing)
            return
        try:
            answer = await self._client.history(names, start_ns, end_ns, bounding=True)
        except TagwerkError as error:
            self._failed(names, (start_ns, end_ns), error)
            return
        self._in_a_row = 0
        found = {series.name: series for series in answer}
        for name in names:
            self._deliver(name, found.get(name), start_ns, end_ns)
            await asyncio.sleep(0)  # each takes some ms: the window answers in between

    def _failed(self, names: list[str], span: Span, error: TagwerkError) -> None:
        """Wait for another try, or say what could not be read."""
        self._in_a_row += 1
        for name in names:
            count = self._tries.pop((name, span), (0, 0.0))[0] + 1
            if self._in_a_row >= FAILURES_IN_A_ROW or not isinstance(error, _TRANSIENT):
                self._give_up(name)
                count = TRIES
            if count < TRIES and self._trends.curve(name) is not None:
                pause_s = FIRST_PAUSE_S * 2.0 ** (count - 1)
                self._tries[name, span] = count, time.monotonic() + pause_s
                queue = self._waiting.setdefault(name, [])
                queue.append(span)
                queue.sort(reverse=True)
                continue
            self._errors[name] = message(
                "{begin} to {end}: {reason}",
                begin=_clock(span[0]),
                end=_clock(span[1]),
                reason=error.text,
            )

    def _deliver(self, name: str, series: LoggedSeries | None, start_ns: int, end_ns: int) -> None:
        self._tries.pop((name, (start_ns, end_ns)), None)
        curve = self._trends.curve(name)
        if curve is None:
            return
        if series is None:
            self._mark_unavailable(name, start_ns, end_ns, "left_out")
        elif series.error is not None:
            self._refused.add(name)
            self._errors[name] = message(
                "The log of {name} was refused: {reason} ({code})",
                name=name,
                reason=series.error.description,
                code=series.error.code,
            )
            self._mark_unavailable(name, start_ns, end_ns, "not_logged")
            self._give_up(name)
        else:
            points = typed_points(series.points, self._data_type(name))
            curve.merge_log(points, start_ns, end_ns, truncated=series.truncated)

    def _mark_unavailable(self, name: str, start_ns: int, end_ns: int, cause: str) -> None:
        curve = self._trends.curve(name)
        if curve is not None:
            curve.mark_unavailable(start_ns, end_ns, cause)


def _clock(time_ns: int) -> str:
    """Local time of day, ``14:17:08``."""
    return format_time(time_ns, zone=None)[11:19]


def _pieces(start_ns: int, end_ns: int) -> list[Span]:
    """Cut at multiples of the piece length, so that several tags share their requests."""
    cuts = list(range((start_ns // PIECE_NS + 1) * PIECE_NS, end_ns, PIECE_NS))
    edges = [start_ns, *cuts, end_ns]
    return [(a, b) for a, b in itertools.pairwise(edges) if b > a]


def _without(span: Span, other: Span) -> list[Span]:
    """What is left of `span` when `other` is taken out."""
    start, end = span
    parts = [(start, min(end, other[0])), (max(start, other[1]), end)]
    return [(a, b) for a, b in parts if b > a]
