"""A plant sink for the command line: keeps events in order until they have been printed."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator
from typing import TypeAlias

from tagwerk.domain.alarms import Alarm, AlarmEvent
from tagwerk.domain.connection import LinkStatus
from tagwerk.domain.values import Sample

POLL_S = 0.05
"""How often the printing side looks; a wake-up per value would cost more than the value."""

Event: TypeAlias = "Sample | LinkStatus | AlarmEvent | list[Alarm]"


class EventQueue:
    """Takes what the stream's thread delivers.

    Unbounded on purpose: a script must get every value in order. With `count_only` values are
    counted and not kept.
    """

    def __init__(self, *, count_only: bool = False) -> None:
        self.received = 0
        self._count_only = count_only
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def on_samples(self, samples: list[Sample]) -> None:
        self.received += len(samples)
        if not self._count_only:
            for sample in samples:
                self._events.put(sample)

    def on_alarms(self, events: list[AlarmEvent]) -> None:
        for event in events:
            self._events.put(event)

    def on_alarms_restart(self, complete: list[Alarm]) -> None:
        self._events.put(complete)

    def on_status(self, status: LinkStatus) -> None:
        self._events.put(status)

    async def events(self, duration_s: float | None) -> AsyncIterator[Event]:
        """Events in the order of arrival, for `duration_s` seconds or for ever."""
        loop = asyncio.get_running_loop()
        end = None if duration_s is None else loop.time() + duration_s
        while True:
            try:
                while True:
                    yield self._events.get_nowait()
            except queue.Empty:
                pass
            if end is not None and loop.time() >= end:
                return
            await asyncio.sleep(POLL_S if end is None else min(POLL_S, max(end - loop.time(), 0)))
