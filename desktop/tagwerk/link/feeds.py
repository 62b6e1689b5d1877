"""What hangs on a live connection beside the stream of values.

`AlarmFeed` turns a subscription's beginning into one complete list, then passes events on.
`Poller` stands in for the stream where a server refuses WebSocket. Used by `supervisor`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from tagwerk.dialects.unified import RIGHT_MISSING
from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, Notification
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import NotAllowed, NotReachable, SessionExpired, TagwerkError
from tagwerk.domain.ports import PlantSink
from tagwerk.domain.values import Sample
from tagwerk.link.client import HttpClient
from tagwerk.link.frames import StreamTotals
from tagwerk.link.liveness import Liveness, Patience
from tagwerk.link.policy import close_reason
from tagwerk.link.polling import BatchSize, PollPlan, ValuePoller

log = logging.getLogger(__name__)

_FIRST_EVENT_S = 0.4
_SETTLED_S = 0.5
POLL_VALUES_S = 1.0
POLL_ALARMS_S = 2.0
_MOST_NAMES = 2000
"""Of one request; Unified servers answer as many in the time of a few."""


class AlarmFeed:
    """After a subscription begins: first the complete list, then the events.

    The server sends what stands as single ``Added`` events and never says when that is all. So
    the list is asked for over HTTP once the subscription has begun, and the events that came
    meanwhile are applied on top, newest state first.
    """

    def __init__(self, sink: PlantSink) -> None:
        self._sink = sink
        self._held: list[AlarmEvent] | None = None
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, http: HttpClient, language: str) -> None:
        """The subscription was just sent (again)."""
        self.stop()
        self._held = []
        self._arrived = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(
            self._first_list(http, language), name="alarm list"
        )

    def poll(self, http: HttpClient, language: str) -> None:
        """The server refuses to push alarms: ask for them instead."""
        self.stop()
        self._task = asyncio.get_running_loop().create_task(
            AlarmPoll(http, self._sink, language).run(), name="alarm poll"
        )

    def stop(self) -> None:
        """The connection is gone."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._held = None

    def on_events(self, events: list[AlarmEvent]) -> None:
        """From the stream."""
        if self._held is None:
            self._sink.on_alarms(events)
        else:
            self._held += events
            self._arrived.set()

    async def _first_list(self, http: HttpClient, language: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_EVENT_S):
                await self._arrived.wait()
        standing: list[Alarm] = []
        try:
            standing = await http.active_alarms(language=language)
        except TagwerkError as problem:
            log.info("list of alarms not to be had, taking the events: %s", problem.message)
            _note_missing_right(http, problem)
            await self._settle()
        held, self._held = self._held or [], None
        complete, removed = merge_alarms(standing, held)
        self._sink.on_alarms_restart(complete)
        if removed:
            self._sink.on_alarms(removed)

    async def _settle(self) -> None:
        """Wait until no event has come for a moment."""
        count = -1
        while count != len(self._held or ()):
            count = len(self._held or ())
            await asyncio.sleep(_SETTLED_S)


def merge_alarms(
    standing: list[Alarm], held: list[AlarmEvent]
) -> tuple[list[Alarm], list[AlarmEvent]]:
    """The list, with the events on top that are newer; and the removals among them.

    An event older than the list is skipped: the list was made later.
    """
    alarms: dict[AlarmKey, Alarm] = {alarm.key: alarm for alarm in standing}
    removed: list[AlarmEvent] = []
    for event in held:
        alarm = event.alarm
        if event.reason is Notification.REMOVED:
            if alarms.pop(alarm.key, None) is not None:
                removed.append(event)
            continue
        known = alarms.get(alarm.key)
        if known is None or (alarm.modification_time_ns or 0) >= (known.modification_time_ns or 0):
            alarms[alarm.key] = alarm
    return list(alarms.values()), removed


def _note_missing_right(http: HttpClient, problem: TagwerkError) -> bool:
    """An empty list must not look like "no alarms" to who may not see them."""
    missing = isinstance(problem, NotAllowed) and not isinstance(problem, SessionExpired)
    if missing:
        http.set_reason(Capability.ALARMS, RIGHT_MISSING)
    return missing


class AlarmPoll:
    """Asks for the active alarms every two seconds; delivers the whole list when it has changed."""

    def __init__(self, http: HttpClient, sink: PlantSink, language: str) -> None:
        self.language = language
        self._http = http
        self._sink = sink
        self._alarms: list[Alarm] | None = None

    async def run(self) -> None:
        """Go on until cancelled, or until the right turns out to be missing."""
        failing = False
        while Capability.ALARMS in self._http.capabilities:
            try:
                alarms = await self._http.active_alarms(language=self.language)
            except TagwerkError as problem:
                if _note_missing_right(self._http, problem):
                    self._sink.on_alarms_restart([])
                    return
                if not failing:
                    log.info("alarms cannot be polled: %s", problem.message)
                failing = True
            else:
                failing = False
                if alarms != self._alarms:
                    self._alarms = alarms
                    self._sink.on_alarms_restart(alarms)
            await asyncio.sleep(POLL_ALARMS_S)


class Poller:
    """Reads the wanted tags every second and the alarms every two, in the stream's stead.

    Only changes are delivered, so that a trend does not fill with repetitions. See `polling`.
    """

    def __init__(
        self,
        http: HttpClient,
        sink: PlantSink,
        language: str,
        *,
        ping_s: float,
        totals: StreamTotals,
        ask: Callable[[], None],
        on_quiet: Callable[[], None],
        on_life: Callable[[], None],
    ) -> None:
        self._totals = totals
        self._liveness: Liveness | None = None
        if ping_s > 0:
            self._liveness = Liveness(
                # A little longer than the stream's: an answer is due every second.
                Patience(1.4 * ping_s, 2.2 * ping_s, 4.5 * ping_s),
                heard_s=lambda: http.keeper.heard_s,
                ask=ask,
                on_quiet=on_quiet,
                on_life=on_life,
                on_lost=self._on_lost,
            )
        self.alarms = AlarmPoll(http, sink, language)
        self._http = http
        self._sink = sink
        self.values = ValuePoller(
            http.read,
            http.hello,
            self._deliver,
            plan=PollPlan(BatchSize(_MOST_NAMES, _MOST_NAMES, _MOST_NAMES)),
            visible_s=POLL_VALUES_S,
            quick_s=POLL_VALUES_S,
            idle_s=POLL_VALUES_S,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._ended: asyncio.Future[TagwerkError] | None = None

    def start(self) -> None:
        """Begin."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        if self._liveness is not None:
            self._liveness.start()
        self._tasks = [
            loop.create_task(self._poll_values(), name="poll values"),
            loop.create_task(self.alarms.run(), name="poll alarms"),
        ]

    def want(self, names: frozenset[str]) -> None:
        """The tags to read from now on; new ones are read at once."""
        self.values.want(names)

    async def run(self) -> TagwerkError:
        """Wait until reading failed; returns why."""
        if self._ended is None:
            return NotReachable("Polling was never started.", code="not_connected")
        return await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Stop."""
        if self._liveness is not None:
            self._liveness.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def on_life(self) -> None:
        """The server has answered something."""
        if self._liveness is not None:
            self._liveness.heard()

    def _on_lost(self) -> None:
        self._fail(close_reason(0, "", self._http.keeper.transport.endpoint.host, silent=True))

    def _fail(self, problem: TagwerkError) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(problem)

    async def _poll_values(self) -> None:
        self._fail(await self.values.run())

    def _deliver(self, samples: list[Sample]) -> None:
        self._totals.values += len(samples)
        self._sink.on_samples(samples)
