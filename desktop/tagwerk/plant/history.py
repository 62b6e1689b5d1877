"""Reads the past of trended tags from the server's log, newest first, a few at a time.

The trend asks for spans; here they are merged, cut into pieces that decode without a stall, and
delivered into the curves. Nothing is read twice and nothing is retried by itself: a failed span
shows its reason until somebody asks again or the link comes back.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import BaseType, DataType
from tagwerk.domain.values import LoggedSeries
from tagwerk.plant.types import typed_points
from tagwerk.store.trends import TrendStore

PIECE_NS = 30 * 60 * 1_000_000_000
"""Longest span of one request: half an hour at 1 s is 1,800 points, decoded in a few ms."""

NAMES_A_REQUEST = 8


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
        if self._waiting.pop(name, None):
            self._on_change(name)

    def state(self, name: str) -> HistoryState:
        loading = name in self._waiting or name in self._running
        asked = self._asked_ns.get(name, 0)
        progress = self._done_ns.get(name, 0) / asked if loading and asked else 1.0
        error = self._errors.get(name, Message())
        return HistoryState(loading, progress, error, name in self._refused)

    async def run(self) -> None:
        """Work off the queue until cancelled."""
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            await self._read_some()

    async def _read_some(self) -> None:
        """One request: the newest waiting piece, and other tags that want the same piece."""
        newest = max(spans[0] for spans in self._waiting.values())
        names = [n for n, spans in self._waiting.items() if spans[0] == newest][:NAMES_A_REQUEST]
        for name in names:
            spans = self._waiting[name]
            spans.pop(0)
            if not spans:
                del self._waiting[name]
            self._running[name] = newest
        try:
            await self._read(names, *newest)
        finally:
            for name in names:
                self._running.pop(name, None)
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
            for name in names:
                self._errors[name] = error.text
                self._waiting.pop(name, None)
            return
        found = {series.name: series for series in answer}
        for name in names:
            self._deliver(name, found.get(name), start_ns, end_ns)
            await asyncio.sleep(0)  # each takes some ms: the window answers in between

    def _deliver(self, name: str, series: LoggedSeries | None, start_ns: int, end_ns: int) -> None:
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
            self._waiting.pop(name, None)
        else:
            points = typed_points(series.points, self._data_type(name))
            curve.merge_log(points, start_ns, end_ns, truncated=series.truncated)

    def _mark_unavailable(self, name: str, start_ns: int, end_ns: int, cause: str) -> None:
        curve = self._trends.curve(name)
        if curve is not None:
            curve.mark_unavailable(start_ns, end_ns, cause)


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
