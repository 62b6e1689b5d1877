"""What went by while nobody could listen: in an outage, in a silence, between two polls.

It is in the server's log alone, and is read from there a little later: values of open curves through
the plant's history, alarms at once. When the link was lost and is back again, `Plant` says; what the
curves and the alarm list then make of it is the stores' business.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol

from tagwerk.domain.connection import QUICK_POLL_S, Capability, LinkState, LinkStatus
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient
from tagwerk.store.alarms import AlarmStore
from tagwerk.store.trends import TrendStore

log = logging.getLogger(__name__)

ALARM_LIST_S = 15.0
"""So long a new list of alarms is waited for before the log is asked about an outage."""

LOG_DELAY_S = 2.0
"""After a reconnect the log is read this much later: the server stores with a little delay."""

POLLED_FILL_S = 10.0
"""How often the log is asked for what came between two polls."""
_DENSER = 1.5
"""Only a log that is so many times as dense as the polls has something to add."""


class HasLog(Protocol):
    """What of a plant is asked."""

    @property
    def status(self) -> LinkStatus: ...

    @property
    def client(self) -> PlantClient: ...

    @property
    def server_language(self) -> str: ...

    @property
    def poll_stretch(self) -> float:
        """See `LinkCounters`; 0 where values are pushed."""
        ...

    def request_history(self, name: str, start_ns: int, end_ns: int) -> None: ...


class Gaps:
    """The gaps of one plant.

    Args:
        plant: whose log is asked.
        trends: have the curves, and how far the server's clock is from ours.
        alarms: take what was logged meanwhile.
        clock_ns: the wall clock.
    """

    def __init__(
        self, plant: HasLog, trends: TrendStore, alarms: AlarmStore, clock_ns: Callable[[], int]
    ) -> None:
        self._plant = plant
        self._trends = trends
        self._alarms = alarms
        self._clock_ns = clock_ns
        self._outages: list[tuple[int, int]] = []
        self._silences: list[tuple[int, int]] = []
        self._has_list = asyncio.Event()

    # What the plant notices.

    def outage(self, lost_ns: int, back_ns: int) -> None:
        """The link was lost and is back: nothing came in between."""
        self._outages.append((lost_ns, back_ns))

    def silence(self, silent_ns: int, back_ns: int) -> None:
        """The link stood still and goes on: what was sent meanwhile comes late, or never."""
        self._silences.append((silent_ns, back_ns))

    def clock_stepped(self, step_ns: int) -> None:
        """The wall clock was set: what is not asked for yet lies elsewhere on it."""
        self._outages = [(lost + step_ns, back + step_ns) for lost, back in self._outages]
        self._silences = [(lost + step_ns, back + step_ns) for lost, back in self._silences]

    def has_list(self, has: bool) -> None:
        """Whether the alarms on show are the server's list of now."""
        if has:
            self._has_list.set()
        else:
            self._has_list.clear()

    # Reading.

    def fill(self, group: asyncio.TaskGroup) -> None:
        """Begin to read what has been noticed since the last time."""
        for lost_ns, back_ns in self._outages:
            group.create_task(self._fill(lost_ns, back_ns), name="plant:fill")
            group.create_task(self._alarms_between(lost_ns, back_ns), name="plant:alarms")
        for silent_ns, back_ns in self._silences:
            group.create_task(self._look_back(silent_ns, back_ns), name="plant:fill")
        self._outages.clear()
        self._silences.clear()

    async def _fill(self, lost_ns: int, back_ns: int) -> None:
        """Read what the log has of a hole, for every curve that is open."""
        await asyncio.sleep(LOG_DELAY_S)
        skew_ns = self._trends.skew_ns  # the log is kept by the server's clock
        for name in self._trends.names:
            self._plant.request_history(name, lost_ns + skew_ns, back_ns + skew_ns)

    async def _look_back(self, silent_ns: int, back_ns: int) -> None:
        """After a silence only what did not come after all is asked for."""
        await asyncio.sleep(LOG_DELAY_S)
        skew_ns = self._trends.skew_ns
        for name in self._trends.names:
            curve = self._trends.curve(name)
            if curve is not None:
                for start_ns, end_ns in curve.missing(silent_ns + skew_ns, back_ns + skew_ns):
                    self._plant.request_history(name, start_ns, end_ns)

    async def _alarms_between(self, lost_ns: int, back_ns: int) -> None:
        """What came and went while nobody listened is in the server's log alone."""
        await asyncio.sleep(LOG_DELAY_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALARM_LIST_S):
                await self._has_list.wait()
        capabilities = self._plant.status.capabilities
        if Capability.ALARM_HISTORY not in capabilities or not self._alarms.is_known:
            return
        skew_ns = self._trends.skew_ns
        try:
            logged = await self._plant.client.logged_alarms(
                lost_ns + skew_ns, back_ns + skew_ns, language=self._plant.server_language
            )
        except TagwerkError as error:
            log.info("alarms of the outage not to be had: %s", error.message)
            return
        self._alarms.add_logged(
            alarm for alarm in logged if (alarm.raise_time_ns or 0) >= lost_ns + skew_ns
        )

    # Between two polls.

    async def run_polled(self) -> None:
        """Where values are polled more slowly than the log keeps them, read what was missed, until
        cancelled."""
        known_ns: dict[str, int] = {}
        while True:
            await asyncio.sleep(POLLED_FILL_S)
            stretch, status = self._plant.poll_stretch, self._plant.status
            is_polled = bool(stretch) and status.state is LinkState.LIVE
            if not is_polled or Capability.HISTORY not in status.capabilities:
                known_ns.clear()
                continue
            self.fill_between_polls(stretch * QUICK_POLL_S, known_ns)

    def fill_between_polls(self, polled_every_s: float, known_ns: dict[str, int]) -> None:
        """Ask the log for what came between the last polls of each curve.

        Args:
            polled_every_s: seconds between two polls of a trended tag, as achieved.
            known_ns: until when the log was asked, by name; kept up.
        """
        end_ns = self._clock_ns() + self._trends.skew_ns - int(LOG_DELAY_S * 1e9)
        for name in known_ns.keys() - self._trends.names:
            del known_ns[name]
        for name in self._trends.names:
            curve = self._trends.curve(name)
            if curve is None:
                continue
            curve.is_sparse = 0 < curve.logged_every_ns * _DENSER < polled_every_s * 1e9
            start_ns = known_ns.get(name, end_ns - int(POLLED_FILL_S * 1e9))
            known_ns[name] = end_ns
            if curve.is_sparse and start_ns < end_ns:
                self._plant.request_history(name, start_ns, end_ns)
