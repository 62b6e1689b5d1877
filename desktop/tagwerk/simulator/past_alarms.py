"""The alarm history of the day before: the alarms' rules laid over the logged curves.

Whatever crossed a limit in the log has its alarm here, at that second and with that value. An
operator's acknowledgements and resets are made up, the same for the same seed.
"""

from __future__ import annotations

import heapq
import zlib
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagwerk.domain.values import Value
from tagwerk.simulator.alarm_config import AlarmConfig
from tagwerk.simulator.alarm_engine import AlarmEngine
from tagwerk.simulator.alarm_record import AlarmRecord
from tagwerk.simulator.lived_log import typed
from tagwerk.simulator.past import SECOND_NS, Past
from tagwerk.simulator.spec import ConditionSpec
from tagwerk.simulator.state import ModelError
from tagwerk.simulator.story import HOST

# Instances lived since the scene are numbered above this, those of the past up to it.
LAST_PAST_INSTANCE = 1000
SHIFT_S = 8 * 3600
OPERATORS = ("k.vogt", "m.brandt", "j.weiss")
RAISE, CLEAR, ACKNOWLEDGE, RESET = range(4)
MILLISECOND_NS = 1_000_000


class _Event(NamedTuple):
    time_ns: int
    kind: int
    alarm: str


class PastAlarms:
    """Works out the records of one day.

    Args:
        past: the curves.
        standing: alarms whose story is told elsewhere (they stand until the scene).
    """

    def __init__(self, past: Past, standing: frozenset[str]) -> None:
        self._past = past
        self._spec = past.spec
        self._grid = past.second_grid()
        self._known = np.ones(len(self._grid), dtype=bool)
        for lost_ns, back_ns in past.outages_ns:
            self._known &= (self._grid < lost_ns) | (self._grid >= back_ns)
        self._engine = AlarmEngine(self._spec.alarms, self._spec.state_texts)
        self._conditions = {c.alarm: c for c in self._spec.conditions}
        self._queue: list[_Event] = []
        for condition in self._spec.conditions:
            if condition.alarm not in standing and condition.kind != "substitute":
                self._queue += self._edges(condition)
        heapq.heapify(self._queue)

    def records(self) -> list[AlarmRecord]:
        """All records, oldest first, numbered so that the scene can go on."""
        while self._queue:
            event = heapq.heappop(self._queue)
            if event.time_ns >= self._past.end_ns:
                continue
            self._engine.tick(event.time_ns)
            self._happen(event)
        self._engine.tick(self._past.end_ns - 1)
        records = self._engine.logged(0, self._past.end_ns)
        last: dict[str, int] = {}
        for record in records:
            last[record.name] = max(last.get(record.name, 0), record.instance_id)
        return [
            replace(r, instance_id=r.instance_id - last[r.name] + LAST_PAST_INSTANCE)
            for r in records
        ]

    def still_active(self) -> list[AlarmRecord]:
        """What the past leaves behind; the story sees to it that this is nothing."""
        return self._engine.active()

    def _happen(self, event: _Event) -> None:
        name, time_ns, engine = event.alarm, event.time_ns, self._engine
        config = engine.configs[name]
        if event.kind == RAISE:
            self._raise(self._conditions[name], time_ns)
            if config.machine.takes_acknowledgement:
                answer_ns = time_ns + self._answer_s(config, time_ns) * SECOND_NS
                heapq.heappush(self._queue, _Event(answer_ns, ACKNOWLEDGE, name))
        elif event.kind == CLEAR:
            engine.clear_alarm(name, time_ns)
            self._plan_reset(config, time_ns)
        else:
            user = OPERATORS[time_ns // SECOND_NS // SHIFT_S % 3]
            act = engine.acknowledge if event.kind == ACKNOWLEDGE else engine.reset
            try:
                act(name, 0, time_ns, user, HOST)
            except ModelError:
                return
            if event.kind == ACKNOWLEDGE:
                self._plan_reset(config, time_ns)

    def _plan_reset(self, config: AlarmConfig, time_ns: int) -> None:
        if config.machine.takes_reset:
            heapq.heappush(self._queue, _Event(time_ns + 45 * SECOND_NS, RESET, config.name))

    @staticmethod
    def _answer_s(config: AlarmConfig, time_ns: int) -> int:
        """How long the operator took: 20 to 320 s, quicker when it matters more."""
        mixed = zlib.crc32(f"{config.name}{time_ns // SECOND_NS // 60 % 1440}".encode())
        return 20 + mixed % (400 - 20 * config.priority)

    def _raise(self, condition: ConditionSpec, raised_ns: int) -> None:
        limit = condition.limit
        time_ns = -(-raised_ns // SECOND_NS) * SECOND_NS
        bound = self._at(limit, time_ns) if isinstance(limit, str) else limit
        names = {"value": condition.tag}
        parameters = [
            bound if name == "limit" else self._at(names.get(name, name), time_ns)
            for name in condition.parameters
        ]
        value = self._at(condition.value_tag, time_ns)
        self._engine.raise_alarm(
            condition.alarm, raised_ns, value=value, limit=bound, parameters=parameters
        )

    def _at(self, name: str, time_ns: int) -> Value:
        spec = self._spec.tags[name]
        if not self._past.has(name):
            return spec.value
        return typed(spec, float(self._past.values(name, np.array([time_ns], dtype=np.int64))[0]))

    def _edges(self, condition: ConditionSpec) -> list[_Event]:
        """When the cause came and went, on the grid of seconds."""
        if not self._past.has(condition.tag):
            return []
        values = self._past.values(condition.tag, self._grid)
        on, off = self._on_off(condition, values)
        if not self._spec.tags[condition.tag].survives_outage:
            on, off = on & self._known, off & self._known
        latch = np.zeros(len(values), dtype=np.int8)
        decided = np.flatnonzero(on | off)
        if not len(decided):
            return []
        last = np.zeros(len(values), dtype=np.int64)
        last[decided] = decided
        last = np.maximum.accumulate(last)
        latch = on[last].astype(np.int8)
        edges = np.flatnonzero(np.diff(latch)) + 1
        events: list[_Event] = []
        delay = round(condition.delay_s)
        for number, edge in enumerate(edges.tolist()):
            if latch[edge]:
                until = edges[number + 1] if number + 1 < len(edges) else len(latch)
                if until - edge > delay:
                    events.append(self._event(edge + delay, RAISE, condition.alarm))
            else:
                events.append(self._event(edge, CLEAR, condition.alarm))
        return events

    def _event(self, row: int, kind: int, alarm: str) -> _Event:
        """Alarms come some milliseconds before the log's next second shows them."""
        time_ns = int(self._grid[row])
        early_ms = zlib.crc32(f"{alarm}{row}{kind}".encode()) % 900
        return _Event(time_ns - early_ms * MILLISECOND_NS, kind, alarm)

    def _on_off(
        self, condition: ConditionSpec, values: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        kind = condition.kind
        if kind in ("true", "false"):
            on = (values >= 0.5) == (kind == "true")
            return on, ~on
        limit = condition.limit
        bound = self._spec.tags[limit].value if isinstance(limit, str) else limit
        number = float(bound) if isinstance(bound, (int, float)) else 0.0
        if kind == "equals":
            return values == number, values != number
        if kind == "high":
            return values > number, values <= number - condition.hysteresis
        return values < number, values >= number + condition.hysteresis
