"""A handful of tags, logs and alarms that share nothing with the demo plant: the second truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

SECOND_NS = 1_000_000_000
SYSTEM = "Werk Süd::"
GOOD, UNSURE = "GOOD_NON_CASCADE", "UNCERTAIN"


class Refused(Exception):
    """No, with a number."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Tag:
    """One value; `kind` is how this server spells its type."""

    kind: str
    value: Any
    quality: str = GOOD
    writable: bool = False
    time_ns: int = 0


@dataclass
class Standing:
    """An alarm that stands."""

    name: str
    number: int
    state: str
    raised_ns: int
    changed_ns: int = 0
    acknowledged_ns: int = 0
    cleared_ns: int = 0
    who: str = ""


@dataclass
class OtherPlant:
    """All of it. Names here are full ones."""

    tags: dict[str, Tag] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)
    records: list[Standing] = field(default_factory=list)
    listeners: list[Any] = field(default_factory=list)
    numbers: int = 7

    def tell(self, what: str, name: str, reason: str, thing: Any) -> None:
        """Pass a change on to whoever listens."""
        for listener in self.listeners:
            listener(what, name, reason, thing)

    def put(self, name: str, value: Any, now_ns: int) -> None:
        """The process itself sets a value."""
        tag = self.tags[name]
        tag.value, tag.time_ns = value, now_ns
        self.tell("tag", name, "Modified", tag)

    def write(self, name: str, value: Any, now_ns: int) -> None:
        """A user sets a value.

        Raises:
            Refused: 2, 1, 201 or 202.
        """
        if name not in self.tags:
            inner = any(other.startswith(f"{name}.") for other in self.tags)
            raise Refused(202 if inner else 2, f"kein Ziel: {name}")
        tag = self.tags[name]
        if not tag.writable:
            raise Refused(1, f"{name} darf nicht geschrieben werden")
        wanted = {"Wahrheit": bool, "Ganzzahl": int, "Gleitkomma": float}.get(tag.kind, str)
        if wanted is float and isinstance(value, int):
            value = float(value)
        if type(value) is not wanted or (wanted is int and abs(value) >= 2**63):
            raise Refused(201, f"{value!r} passt nicht zu {tag.kind}")
        self.put(name, value, now_ns)

    # Logs: a row each second, worked out from the time alone.

    @staticmethod
    def logged(name: str, start_ns: int, end_ns: int) -> list[tuple[int, Any]]:
        """Rows from start to end, both included."""
        first = -(-start_ns // SECOND_NS)
        last = end_ns // SECOND_NS
        step = 1 if name.endswith("Drehzahl") else 7
        return [
            (second * SECOND_NS, round(50 + 40 * math.sin(second / 60), 4))
            for second in range(first, last + 1)
            if second % step == 0
        ]

    # Alarms

    def raise_alarm(self, name: str, now_ns: int) -> None:
        """Its cause comes."""
        self.numbers += 1
        one = self.standing[name] = Standing(name, self.numbers, "RAISED", now_ns)
        self._change(one, now_ns, "Added")

    def clear_alarm(self, name: str, now_ns: int, *, needs_reset: bool) -> None:
        """Its cause goes."""
        one = self.standing.get(name)
        if one is None:
            return
        one.cleared_ns = now_ns
        done = one.acknowledged_ns != 0
        one.state = "RAISED_ACKNOWLEDGED_CLEARED" if done else "RAISED_CLEARED"
        self._change(one, now_ns, "Modified")
        if done and not needs_reset:
            self._leave(one)

    def acknowledge(self, name: str, number: int, who: str, now_ns: int) -> None:
        """An operator has seen it.

        Raises:
            Refused: 2 or 305.
        """
        one = self._find(name, number)
        if one.acknowledged_ns:
            raise Refused(305, "schon quittiert")
        one.acknowledged_ns, one.who = now_ns, who
        one.state = "RAISED_CLEARED_ACKNOWLEDGED" if one.cleared_ns else "RAISED_ACKNOWLEDGED"
        self._change(one, now_ns, "Modified")
        if one.cleared_ns:
            self._leave(one)

    def reset(self, name: str, number: int, now_ns: int) -> None:
        """An operator resets it.

        Raises:
            Refused: 2 or 305.
        """
        one = self._find(name, number)
        if not (one.acknowledged_ns and one.cleared_ns):
            raise Refused(305, "nicht rücksetzbar")
        one.changed_ns = now_ns
        self._leave(one)

    def _find(self, name: str, number: int) -> Standing:
        one = self.standing.get(name)
        if one is None or number not in (0, one.number):
            raise Refused(305 if name in ALARM_TEXTS else 2, f"{name} steht nicht an")
        return one

    def _change(self, one: Standing, now_ns: int, reason: str) -> None:
        one.changed_ns = now_ns
        self.records.append(Standing(**vars(one)))
        self.tell("alarm", one.name, reason, Standing(**vars(one)))

    def _leave(self, one: Standing) -> None:
        del self.standing[one.name]
        self.tell("alarm", one.name, "Removed", Standing(**vars(one)))


def make_plant(now_ns: int) -> OtherPlant:
    """The plant as it begins."""
    tags = {
        "Schieber.offen": Tag("Wahrheit", True),
        "Zähler": Tag("Ganzzahl", -7),
        "Stückzahl gesamt": Tag("Ganzzahl", 2**60 + 1, writable=True),
        "Füllstand": Tag("Gleitkomma", 12.5),
        "Fühler defekt": Tag("Gleitkomma", math.nan),
        "Bediener": Tag("Text", "Łukasz Öztürk"),
        "Beginn": Tag("Zeitpunkt", "2026-01-31T23:59:59.5Z"),
        "Rezept": Tag("Gleitkomma [3]", [1.5, math.nan, -2.0]),
        "Rezept[2]": Tag("Gleitkomma", -2.0),
        "Schieber.Stellung": Tag("Gleitkomma", 0.25),
        "Schätzwert": Tag("Gleitkomma", 3.0, UNSURE),
        "BEDIENER": Tag("Text", "eine andere Variable"),
        "Drehzahl": Tag("Gleitkomma", 1.0),
        "Sollwert": Tag("Gleitkomma", 40.0, writable=True),
        "Sollwert 2": Tag("Gleitkomma", 41.0, writable=True),
        "Sollwert 3": Tag("Gleitkomma", 42.0, writable=True),
        "Geheim.Rezeptur": Tag("Text", "nur für Berechtigte"),
    }
    plant = OtherPlant({SYSTEM + name: tag for name, tag in tags.items()})
    plant.tags["Werk Nord::Bediener"] = Tag("Text", "im anderen Werk")
    for tag in plant.tags.values():
        tag.time_ns = now_ns
    plant.raise_alarm(f"{SYSTEM}Füllstand:leer", now_ns)
    return plant


ALARM_TEXTS = {
    f"{SYSTEM}Füllstand:leer": ("Tank is empty", "Tank ist leer"),
    f"{SYSTEM}Drehzahl:zu hoch": ("Speed too high", "Drehzahl zu hoch"),
    f"{SYSTEM}Schieber.offen:klemmt": ("Slide gate is stuck", "Schieber klemmt"),
}
"""English and German."""
SINGLE = f"{SYSTEM}Schieber.offen:klemmt"
"""Wants to be acknowledged alone, and to be reset."""
