"""One row of the registry of switches, and the words for making rows.

`switch_list` and `classic_switches` hold the rows; `switches` reads them from a command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Takes(Enum):
    """What stands behind a switch's equals sign."""

    NOTHING = "nothing"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


class Group(Enum):
    """Under which heading a switch is listed."""

    REPLIES = "Replies"
    SCHEMA = "Schema"
    SESSIONS = "Sessions"
    LOGGED_VALUES = "Logged values"
    ALARMS = "Alarms"
    WRITES = "Writes"
    WEBSOCKET = "WebSocket"
    HTTP = "HTTP"
    FAULTS = "Faults"
    CLASSIC_ACCESS = "Classic: access"
    CLASSIC_REPLIES = "Classic: replies"
    CLASSIC_LISTS = "Classic: lists"
    CLASSIC_VALUES = "Classic: values"
    CLASSIC_WRITES = "Classic: writes"
    CLASSIC_ARCHIVES = "Classic: archives"
    CLASSIC_MESSAGES = "Classic: messages"


@dataclass(frozen=True, slots=True)
class Switch:
    """One row of the registry.

    Args:
        name: as typed on the command line.
        explanation: one line, what the server does differently.
        source: paragraph of the description and how sure it is, e.g. ``§4 G``.
        takes: kind of value.
        choices: allowed values for CHOICE.
        default: value when the switch is given without one; "" means that a value is needed.
        least, most: limits of a NUMBER, both included.
        whole: a NUMBER without a fraction.
        pattern: what a TEXT has to match, "" for anything.
        group: set by the registry.
    """

    name: str
    explanation: str
    source: str
    takes: Takes = Takes.NOTHING
    choices: tuple[str, ...] = ()
    default: str = ""
    least: float = 0.0
    most: float = 1e9
    whole: bool = False
    pattern: str = ""

    @property
    def usage(self) -> str:
        """``name``, ``name=N``, ``name=a|b`` as shown in lists."""
        if self.takes is Takes.NOTHING:
            return self.name
        shown = "|".join(self.choices) if self.choices else self.takes.value.upper()
        if self.pattern:
            # Only an example tells the form.
            shown = self.default
        return f"{self.name}[={shown}]" if self.default else f"{self.name}={shown}"

    @property
    def variants(self) -> tuple[str, ...]:
        """Each way worth trying: every choice, else the switch with its default."""
        if self.choices:
            return tuple(f"{self.name}={choice}" for choice in self.choices)
        return (f"{self.name}={self.default}",) if self.default else (self.name,)


def flag(name: str, source: str, explanation: str) -> Switch:
    """A switch without a value."""
    return Switch(name, explanation, source)


def choice(name: str, source: str, explanation: str, choices: str, *, default: str = "") -> Switch:
    """A switch whose value is one of several words, `choices` parted by blanks."""
    return Switch(name, explanation, source, Takes.CHOICE, tuple(choices.split()), default)


def number(
    name: str,
    source: str,
    explanation: str,
    default: str,
    *,
    least: float = 0.0,
    most: float = 1e9,
    whole: bool = False,
) -> Switch:
    """A switch whose value is a number from `least` to `most`."""
    return Switch(
        name,
        explanation,
        source,
        Takes.NUMBER,
        default=default,
        least=least,
        most=most,
        whole=whole,
    )


def text(name: str, source: str, explanation: str, default: str, *, pattern: str = "") -> Switch:
    """A switch whose value is a text that matches `pattern`."""
    return Switch(name, explanation, source, Takes.TEXT, default=default, pattern=pattern)
