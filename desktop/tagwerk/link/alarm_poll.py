"""Polls the list of active alarms and tells what changed, as a subscription would have.

The first list is complete (`PlantSink.on_alarms_restart`); afterwards only what was added, modified or
removed is passed on. Used by `polled_link`.
"""

from __future__ import annotations

import asyncio
import logging
import time

from tagwerk.dialects.classic_alarms import differences
from tagwerk.domain.alarms import Alarm, AlarmKey
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import LoginFailed, NotAllowed, NotSupported, TagwerkError
from tagwerk.domain.ports import PlantSink
from tagwerk.link.speaker import SpokenClient

log = logging.getLogger(__name__)

EVERY_S = 2.0
UNANSWERED = "alarms_unanswered"
_MOST_FAILURES = 3
_SILENT_S = 10.0
"""A list that is not confirmed for so long, beyond its usual time, is not the present one."""
_MOST_BUSY = 3.0
"""After a list that took long it waits so many times as long."""


class AlarmDifferences:
    """Asks for the list until cancelled, or until it turns out not to be had."""

    def __init__(self, client: SpokenClient, sink: PlantSink, language: str) -> None:
        self.language = language
        self._client = client
        self._sink = sink
        self._known: dict[AlarmKey, Alarm] | None = None
        self._silence: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Go on; a failure of the moment is passed over, the values tell if the link is gone."""
        try:
            await self._poll()
        finally:
            self._disarm()

    async def _poll(self) -> None:
        failures = 0
        self._arm(0.0)
        while True:
            began_s = time.monotonic()
            try:
                alarms = await self._client.active_alarms(language=self.language)
            except TagwerkError as problem:
                if self._gives_up(problem):
                    return
                failures += 1
                took_s = 0.0
                if failures == 1:
                    log.info("alarms cannot be polled: %s", problem.message)
                if failures == _MOST_FAILURES:
                    self._say_unknown()
            else:
                failures = 0
                took_s = time.monotonic() - began_s
                self._tell(alarms)
                self._arm(took_s)
            await asyncio.sleep(max(EVERY_S - took_s, _MOST_BUSY * took_s))

    def _arm(self, took_s: float) -> None:
        """A list that hangs must not look like the present one until its request times out."""
        self._disarm()
        usual_s = max(EVERY_S, (_MOST_BUSY + 2.0) * took_s)
        self._silence = asyncio.get_running_loop().call_later(
            usual_s + _SILENT_S, self._say_unknown
        )

    def _disarm(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _say_unknown(self) -> None:
        """An old list must not look like the present one; the next that comes is complete again."""
        self._known = None
        self._client.set_reason(Capability.ALARMS, UNANSWERED)
        self._sink.on_alarms_restart([])

    def _gives_up(self, problem: TagwerkError) -> bool:
        """An empty list must not look like "no alarms" to who may not see them."""
        if isinstance(problem, LoginFailed) or not isinstance(problem, NotAllowed | NotSupported):
            return False
        self._disarm()
        log.info("alarms are not to be had: %s", problem.message)
        reason = "interface_lacks" if isinstance(problem, NotSupported) else "right_missing"
        self._client.set_reason(Capability.ALARMS, reason)
        self._sink.on_alarms_restart([])
        return True

    def _tell(self, alarms: list[Alarm]) -> None:
        if self._known is None:
            self._client.set_reason(Capability.ALARMS, "")
            self._sink.on_alarms_restart(alarms)
        else:
            events = differences(self._known, alarms)
            if events:
                self._sink.on_alarms(events)
        self._known = {alarm.key: alarm for alarm in alarms}
