"""A plant sink for the command line: keeps events in order until they have been printed."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tagwerk.domain.alarms import Alarm, AlarmEvent
from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.domain.errors import NotAllowed, NotReachable, TagwerkError
from tagwerk.domain.values import Sample

POLL_S = 0.05
"""How often the printing side looks; a wake-up per value would cost more than the value."""

MOST_WAITING = 200_000
"""More events than this make the stream wait for the reader."""

MOST_KEPT = 5
"""At so many times `MOST_WAITING` the reader counts as stopped, and no more is kept."""

_BURST = 500
_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5


@dataclass(slots=True)
class LeftOut:
    """So many values or alarm events were not kept from `at_ns` on, because nobody took those before them."""

    count: int
    at_ns: int


Event: TypeAlias = "Sample | LinkStatus | AlarmEvent | list[Alarm] | LeftOut"


class EventQueue:
    """Takes what the stream's thread delivers.

    A script gets every value in order. Where it reads slower than values come, the stream's thread
    is made to wait, and with it the server. Never for long: answers come over the same thread.
    Where it has stopped reading, memory is bounded and a `LeftOut` stands for what is missing.
    """

    def __init__(self, *, most: int = MOST_WAITING, poll_s: float = POLL_S) -> None:
        self._most = most
        self._poll_s = poll_s
        self._is_read = True
        self._stopped = False
        self._left_out: LeftOut | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def on_samples(self, samples: list[Sample]) -> None:
        self._keep(samples)
        self._let_read()

    def _keep(self, events: Sequence[Sample | AlarmEvent]) -> None:
        if self._events.qsize() <= self._most * MOST_KEPT:
            self._left_out = None
            for event in events:
                self._events.put(event)
            return
        if self._left_out is None:
            self._left_out = LeftOut(0, time.time_ns())
            self._events.put(self._left_out)
        self._left_out.count += len(events)

    def _let_read(self) -> None:
        until = time.monotonic() + _LONGEST_PAUSE_S
        while self._is_read and self._events.qsize() > self._most and time.monotonic() < until:
            time.sleep(_PAUSE_S)

    def on_alarms(self, events: list[AlarmEvent]) -> None:
        self._keep(events)

    def on_alarms_restart(self, complete: list[Alarm]) -> None:
        self._events.put(complete)

    def on_status(self, status: LinkStatus) -> None:
        self._events.put(status)

    def stop(self) -> None:
        """End `events` soon, with all that has come. On the loop's thread."""
        self._stopped = True

    async def events(self, duration_s: float | None) -> AsyncIterator[Event | None]:
        """Events in the order of arrival, for `duration_s` seconds or for ever.

        None comes in between, at least every `poll_s` (50 ms): time for what has to be done now and then.
        """
        loop = asyncio.get_running_loop()
        end = float("inf") if duration_s is None else loop.time() + duration_s
        try:
            while loop.time() < end and not self._stopped:
                for event in self._take(_BURST):
                    yield event
                yield None
                pause_s = 0.0 if self._events.qsize() else self._poll_s
                await asyncio.sleep(max(min(pause_s, end - loop.time()), 0.0))
            for event in self._take(self._events.qsize()):
                yield event
        finally:
            self._is_read = False

    def _take(self, most: int) -> Iterator[Event]:
        with contextlib.suppress(queue.Empty):
            for _ in range(most):
                yield self._events.get_nowait()


@contextlib.contextmanager
def interrupted_by(sink: EventQueue) -> Iterator[None]:
    """Ctrl+C is how a watch without ``--for`` ends: what came is printed, and all is well.

    A second one ends it at once, for a reader that has stopped and a log that is slow.
    """
    loop = asyncio.get_running_loop()
    is_second = False

    def stop(*_signal: object) -> None:
        nonlocal is_second
        if is_second:
            raise KeyboardInterrupt
        is_second = True
        loop.call_soon_threadsafe(sink.stop)

    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, stop)
    except ValueError:  # not the main thread: somebody else's business
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def never_live() -> NotReachable:
    """The time was over before the first value could come."""
    return NotReachable(
        "The server did not become live in the time given.",
        cure="Give it more time with --for, or try tagwerk probe.",
        code="never_live",
    )


def raise_refusal(status: LinkStatus) -> None:
    """End the command when a person is needed, with the exit code of what was refused.

    Raises:
        TagwerkError: the connection was refused.
    """
    if status.state is not LinkState.REFUSED:
        return
    if isinstance(status.error, TagwerkError):
        raise status.error
    raise NotAllowed(
        "The connection was refused: {reason}", cure=str(status.cure), reason=str(status.detail)
    )
