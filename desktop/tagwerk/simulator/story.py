"""Plays the story of ``scenario.toml`` to a process: writes, faults, outages, operators' acts.

Used twice: at fine steps for the scene before the start, at coarse steps for the day before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

from tagwerk.simulator.alarm_engine import AlarmEngine
from tagwerk.simulator.image import ProcessImage
from tagwerk.simulator.skid21 import Skid21
from tagwerk.simulator.spec import StoryEvent, TagSpec

HOST = "HMI-HALLE3-01"


class StoryPlayer:
    """Plays events when their time has come.

    Args:
        events: sorted by time.
        engine: for acknowledgements; None leaves them out.
    """

    def __init__(
        self,
        events: Iterable[StoryEvent],
        image: ProcessImage,
        process: Skid21,
        engine: AlarmEngine | None,
    ) -> None:
        self._events = list(events)
        self._next = 0
        self._image = image
        self._process = process
        self._engine = engine
        self.last_s = -1e12

    @property
    def next_s(self) -> float:
        """When the next event is due; infinity when there is none."""
        return -self._events[self._next].before_s if self._next < len(self._events) else math.inf

    def play(self, now_s: float, time_ns: int) -> None:
        """Play everything up to `now_s` (seconds before the start are negative)."""
        while self._next < len(self._events) and -self._events[self._next].before_s <= now_s:
            self._do(self._events[self._next], time_ns)
            self._next += 1
            self.last_s = now_s

    def _do(self, event: StoryEvent, time_ns: int) -> None:
        action, target = event.action, event.target
        if action == "write":
            tag = self._image.tags[target]
            value = clamped(self._image.spec.tags[target], event.value)
            self._image.put(tag, value, time_ns)
        elif action == "fault":
            self._process.break_sensor(target, event.value is not False, time_ns)
        elif action == "effect":
            self._process.effects[target] = cast("float", event.value)
        elif action == "outage":
            self._process.lose_connection(cast("float", event.value), time_ns)
        elif self._engine is not None:
            if action == "acknowledge":
                self._engine.acknowledge(target, 0, time_ns, event.user, HOST)
            elif action == "reset":
                self._engine.reset(target, 0, time_ns, event.user, HOST)
            elif action == "shelve":
                timeout_ns = int(cast("float", event.value or 0) * 1e9)
                self._engine.shelve(target, time_ns, timeout_ns, event.user, HOST)


def clamped(spec: TagSpec, value: object) -> bool | int | float | str:
    """What the PLC makes of a written value: cut to its own bounds."""
    if spec.clamp is None or isinstance(value, (bool, str)):
        return cast("bool | str", value)
    low, high = spec.clamp
    number = min(max(cast("float", value), low), high)
    return int(number) if isinstance(value, int) else float(number)
