"""A demo plant that is made once and handed out as copies, because making one takes half a second."""

from __future__ import annotations

import copy
from functools import cache

from tagwerk.simulator.alarm_record import AlarmRecord
from tagwerk.simulator.model import PlantModel

SECOND_NS = 1_000_000_000
START_NS = 1_781_784_000 * SECOND_NS


@cache
def untouched() -> PlantModel:
    """The plant at its start; only for reading."""
    return PlantModel.create(start_ns=START_NS)


@cache
def remembering() -> PlantModel:
    """The plant at its start with the day before already worked out; only for reading."""
    model = copied(untouched())
    while not model.prepare_past(1000):
        pass
    return model


def copied(model: PlantModel) -> PlantModel:
    """An independent copy that shares what never changes."""
    return copy.deepcopy(model, {id(model.spec): model.spec})


def fresh() -> PlantModel:
    return copied(untouched())


def run(model: PlantModel, seconds: float) -> list[AlarmRecord]:
    """Let time pass as a server does, ten times a second; the alarm records of it."""
    records: list[AlarmRecord] = []
    now_ns = model.now_ns
    for _ in range(round(seconds * 10)):
        now_ns += SECOND_NS // 10
        records += model.advance(now_ns).alarms
    return records


def pass_time(model: PlantModel, seconds: int) -> None:
    """Let a long time pass at once, in the model's coarser steps."""
    model.advance(model.now_ns + seconds * SECOND_NS)


def value(model: PlantModel, name: str):
    """A tag's value; fails when there is no such tag."""
    found = model.find(name)
    assert found is not None, name
    return found.value


def raised(records: list[AlarmRecord]) -> set[str]:
    """Names of the alarms that were raised."""
    return {r.name for r in records if r.change_reason == ("ALARM_STATE_CHANGED_RAISE_EVENT",)}
