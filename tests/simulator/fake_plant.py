"""A plant of a handful of tags with the model's interface, so that server tests know every value."""

from __future__ import annotations

import numpy as np

from tagwerk.simulator.alarm_config import AlarmClassConfig, AlarmColors, AlarmConfig
from tagwerk.simulator.alarm_engine import AlarmEngine
from tagwerk.simulator.alarm_states import StateMachine
from tagwerk.simulator.state import (
    GOOD,
    ArrayElement,
    BrowseObject,
    Changes,
    GeneratedChanges,
    LoggedRow,
    ModelError,
    ProcessTag,
)

SECOND_NS = 1_000_000_000
START_NS = 1_750_000_000 * SECOND_NS


def both(english: str, german: str) -> dict[str, str]:
    return {"en-US": english, "de-DE": german}


CLASS = AlarmClassConfig(
    "Warning",
    33,
    both("W", "W"),
    both("Warning", "Warnung"),
    *(AlarmColors("#000000FF", "#FFFF00FF") for _ in range(3)),
    flashing=True,
)
MACHINE = StateMachine.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT


def alarm(suffix: str, *, single: bool = False, priority: int = 7) -> AlarmConfig:
    return AlarmConfig(
        name=f"Pump.Speed:{suffix}",
        number=1,
        machine=MACHINE,
        alarm_class=CLASS,
        priority=priority,
        trigger_tag="Pump.Speed",
        event_text=both(f"Speed {suffix}", f"Drehzahl {suffix}"),
        area="Hall 1",
        origin="P101",
        single=single,
        alarm_texts=(both("first", "erster"), both("second", "zweiter")),
    )


class Log:
    name = "Pump.Speed:Log_1s"
    data_type = "LReal"


class GeneratedTag:
    data_type = "LReal"
    writable = False
    quality = GOOD
    value = 0.5
    time_ns = START_NS

    def __init__(self, index: int) -> None:
        self.index = index
        self.name = f"Gen_{index:06d}"


class Generated:
    @staticmethod
    def value_of(index: int, value: float) -> float:
        return value


class FakePlant:
    """Pump.Speed can be written and is logged; everything else stands still."""

    system = "HMI_RT_1"

    def __init__(self, generated: int = 0) -> None:
        self.generated = Generated()
        self.generated_tags = [GeneratedTag(index) for index in range(generated)]
        self.tags = {
            tag.name: tag
            for tag in (
                ProcessTag("Pump.Speed", "LReal", 1450.5, True),
                ProcessTag("Pump.Running", "Bool", True, False),
                ProcessTag("Pump.Name", "String", 'Pumpe "Süd" 100 %', True),
                ProcessTag("Total", "LInt", 2**60 + 1, False),
                ProcessTag("Recipe", "Array [0..2] of Real", [1.0, 2.5, 3.0], True),
                ProcessTag("Tank A [mm]", "Real", 12.25, True),
                ProcessTag("Service.Key", "DInt", 7, False),
            )
        }
        for tag in self.tags.values():
            tag.time_ns = START_NS
        self.alarms = AlarmEngine(
            [alarm("High"), alarm("Low", priority=12), alarm("Trip", single=True)],
            {"RAISED": both("Raised", "Gekommen")},
        )
        self.changed: list[ProcessTag] = []
        self.next_generated: GeneratedChanges | None = None
        self.writes: list[tuple[str, object, str]] = []
        self.now_ns = START_NS

    def browse(self):
        yield BrowseObject("Pump", both("Pump", "Pumpe"), "STRUCTURETAG", "PumpType", "")
        for name, tag in self.tags.items():
            parent = "Pump" if name.startswith("Pump.") else ""
            yield BrowseObject(name, both(name, name + " (de)"), "SIMPLETAG", tag.data_type, parent)
        yield BrowseObject(Log.name, both("Log", "Log"), "LOGGINGTAG", "LReal", "Pump.Speed")
        for name in self.alarms.configs:
            yield BrowseObject(name, both(name, name), "ALARM", "", "Pump.Speed")
        yield BrowseObject("PumpType", both("Type", "Typ"), "STRUCTURETAGTYPE", "", "")
        for tag in self.generated_tags:
            yield BrowseObject(tag.name, both(tag.name, tag.name), "SIMPLETAG", "LReal", "")

    def state(self, name: str):
        if name == "Pump":
            raise ModelError("202", "Pump is a structure")
        if name.startswith("Gen_") and int(name[4:]) < len(self.generated_tags):
            return self.generated_tags[int(name[4:])]
        if name.startswith("Recipe["):
            return ArrayElement(self.tags["Recipe"], int(name[7:-1]), "Real")
        if name not in self.tags:
            raise ModelError("2", f"{name} cannot be resolved")
        return self.tags[name]

    def write(self, name: str, value: object, *, now_ns: int, user: str) -> None:
        tag = self.state(name)
        if not tag.writable:
            raise ModelError("1", f"{name} is read-only")
        if tag.data_type == "LReal":
            try:
                value = float(value)
            except (TypeError, ValueError):
                raise ModelError("201", f"{value!r} cannot be converted") from None
        self.writes.append((name, value, user))
        self.set(name, value)
        if name == "Pump.Speed" and value > 3000:
            self.alarms.raise_alarm("Pump.Speed:High", now_ns, value=value, limit=3000.0)

    def set(self, name: str, value: object) -> None:
        tag = self.tags[name]
        tag.value, tag.time_ns = value, self.now_ns
        self.changed.append(tag)

    def advance(self, now_ns: int) -> Changes:
        self.now_ns = now_ns
        changed, self.changed = self.changed, []
        generated, self.next_generated = self.next_generated, None
        return Changes(list(dict.fromkeys(changed)), self.alarms.take_changes(), generated)

    def prepare_past(self, steps: int) -> bool:
        return True

    def change_generated(self, values: list[float]) -> None:
        count = len(values)
        self.next_generated = GeneratedChanges(
            np.arange(count) % max(len(self.generated_tags), 1),
            np.array(values),
            np.full(count, self.now_ns + 1_234_567),
        )

    def logging_tag(self, name: str) -> Log:
        if name not in ("Pump.Speed", Log.name):
            raise ModelError("2", f"{name} has no logging tag")
        return Log()

    def logged(self, name, start_ns, end_ns, *, limit, descending, bounding):
        """One row a second around START_NS."""
        rows = [
            LoggedRow(START_NS + second * SECOND_NS, float(second), GOOD) for second in range(100)
        ]
        rows = [row for row in rows if start_ns <= row.time_ns <= end_ns]
        if descending:
            rows.reverse()
        rows = rows[:limit] if limit else rows
        outside = [
            LoggedRow(time_ns, -1.0, GOOD, ("BOUNDING",)) for time_ns in (start_ns - 1, end_ns + 1)
        ]
        left = outside[:1] if bounding.startswith("LEFT") else []
        right = outside[1:] if "RIGHT" in bounding else []
        return left + rows + right
