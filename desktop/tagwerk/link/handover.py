"""Two streams at once, while a new token moves the subscriptions: no value lost, none shown twice.

A WebSocket keeps the token it began with, so a new token needs a new socket. For a moment both are
open: the old one goes on delivering, what the new one brings is kept back. Once the new one has
brought every tag, a ping frame on the old one draws the line: what the server sent before its pong
has arrived. Then, in one step, the old one is cut off and what was kept back is delivered, less
what the old one had brought already. Used by `supervisor`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from itertools import islice
from typing import Any

from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.values import Sample
from tagwerk.link.frames import StreamSink
from tagwerk.link.stream import ValueStream

log = logging.getLogger(__name__)

COMPLETE_S = 3.0
_FENCE_S = 1.0
_LOOK_AHEAD = 64
_MOST_KEPT = 200_000
"""Samples kept back at most; some 60 MB. A flood is handed over earlier instead."""


class Handover:
    """One change from an old stream to a new one.

    Args:
        sink: where samples go in the end.
        old: is live.
        new: is connected, and has nothing subscribed yet.
    """

    def __init__(self, sink: StreamSink, old: ValueStream, new: ValueStream) -> None:
        self.old = old
        self.new = new
        self._sink = sink
        self._passed: list[Sample] = []
        self._kept: list[Sample] = []
        self._missing: set[str] = set()
        self._complete = asyncio.Event()
        old.sink = _Passing(sink, self._passed)
        new.sink = _Keeping(sink, self)

    def expect(self, names: frozenset[str]) -> None:
        """The new stream was told to subscribe these."""
        self._missing = set(names)
        if not names:
            self._complete.set()

    def keep(self, samples: list[Sample]) -> None:
        """From the new stream, before its time."""
        self._kept += samples
        if self._missing:
            self._missing.difference_update([sample.name for sample in samples])
        if not self._missing or len(self._kept) > _MOST_KEPT:
            self._complete.set()

    async def run(self) -> bool:
        """Wait for the right moment and hand over.

        Returns:
            False when the new stream ended before that: the old one is as it was.
        """
        old_end, new_end = (
            asyncio.ensure_future(self.old.run()),
            asyncio.ensure_future(self.new.run()),
        )
        complete = asyncio.ensure_future(self._complete.wait())
        ends: set[asyncio.Future[Any]] = {old_end, new_end}
        try:
            await asyncio.wait(
                {*ends, complete}, timeout=COMPLETE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not complete.done():
                log.info("the new socket has not brought every tag yet; going on with it")
            if not new_end.done() and not old_end.done():
                fence = asyncio.ensure_future(self.old.fence(_FENCE_S))
                await asyncio.wait({*ends, fence}, return_when=asyncio.FIRST_COMPLETED)
                fence.cancel()
            if new_end.done():
                self.old.sink = self._sink
                return False
            self._cut()
            return True
        finally:
            for one in (old_end, new_end, complete):
                one.cancel()

    def _cut(self) -> None:
        """From the old to the new in one step of the loop: nothing can come in between."""
        self.old.sink = _Nowhere()
        self.new.sink = self._sink
        news = without_known(self._passed, self._kept)
        if news:
            self._sink.on_samples(news)


def without_known(passed: list[Sample], kept: list[Sample]) -> list[Sample]:
    """What of `kept` the old stream has not delivered.

    A tag's first sample on the new stream is its state when it was subscribed: where the old one
    delivered the tag meanwhile, it has brought that one too.
    """
    known: dict[str, deque[Sample]] = {}
    for sample in passed:
        known.setdefault(sample.name, deque()).append(sample)
    news: list[Sample] = []
    begun: set[str] = set()
    for sample in kept:
        seen = known.get(sample.name)
        if seen is None:
            news.append(sample)
            continue
        if sample.name not in begun:
            begun.add(sample.name)
            if _forget_up_to(sample, seen, len(seen)) or not _is_later(sample, seen):
                continue
        elif _forget_up_to(sample, seen, _LOOK_AHEAD):
            continue
        news.append(sample)
    return news


def _forget_up_to(sample: Sample, seen: deque[Sample], most: int) -> bool:
    """Both streams bring the same in the same order: find it, and go on behind it."""
    for position, one in enumerate(islice(seen, most)):
        if _same(one, sample):
            for _ in range(position + 1):
                seen.popleft()
            return True
    return False


def _is_later(sample: Sample, seen: deque[Sample]) -> bool:
    """Later than all that the old stream brought: it was cut off before it got so far."""
    last_ns = seen[-1].time_ns
    return sample.time_ns is not None and last_ns is not None and sample.time_ns > last_ns


def _same(one: Sample, other: Sample) -> bool:
    """The same sample, received twice; not a number is the same as itself."""
    return (
        one.time_ns == other.time_ns
        and one.quality == other.quality
        and one.error == other.error
        and repr(one.value) == repr(other.value)
    )


class _Passing:
    """The old stream's sink meanwhile: passes on, and remembers."""

    def __init__(self, sink: StreamSink, passed: list[Sample]) -> None:
        self._sink = sink
        self._passed = passed

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""
        self._sink.on_samples(samples)
        if len(self._passed) < _MOST_KEPT:
            self._passed += samples

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """See `stream.StreamSink`; an alarm event told twice is the same state twice."""
        self._sink.on_alarm_events(events)

    def on_redundancy(self, state: str) -> None:
        """See `stream.StreamSink`."""
        self._sink.on_redundancy(state)


class _Keeping:
    """The new stream's sink meanwhile: keeps back."""

    def __init__(self, sink: StreamSink, handover: Handover) -> None:
        self._sink = sink
        self._handover = handover

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""
        self._handover.keep(samples)

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """See `stream.StreamSink`."""
        self._sink.on_alarm_events(events)

    def on_redundancy(self, state: str) -> None:
        """See `stream.StreamSink`."""
        self._sink.on_redundancy(state)


class _Nowhere:
    """The sink of a stream that is being closed."""

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """See `stream.StreamSink`."""

    def on_redundancy(self, state: str) -> None:
        """See `stream.StreamSink`."""
