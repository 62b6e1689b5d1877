"""Named switches: each unknown or variant of the interface that the demo server can play.

The reference marks what nobody has measured; for each such point the desk accepts every plausible
answer, and a switch here lets the demo server give it. Called by the command line
(``--switch NAME[=VALUE]``, ``--list-switches``) and read by the server's parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tagwerk.domain.errors import UsageError
from tagwerk.simulator import switch_list
from tagwerk.simulator.classic_switches import CLASSIC_GROUPS
from tagwerk.simulator.switch import Group, Switch, Takes
from tagwerk.simulator.switch_list import COMPOSITES

__all__ = ("GROUPS", "SWITCHES", "Switch", "Switches", "Takes", "list_switches", "parse_switches")


WIDEST_USAGE = 44
"""Longer ones push their own explanation aside, not everybody's."""

GROUPS: dict[Group, tuple[Switch, ...]] = {**switch_list.GROUPS, **CLASSIC_GROUPS}
"""All switches by heading, in the order of the list."""

SWITCHES: tuple[Switch, ...] = tuple(switch for group in GROUPS.values() for switch in group)
"""All switches."""

_BY_NAME = {switch.name: switch for switch in SWITCHES}


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches that are on, with their values. Made by `parse_switches`."""

    values: dict[str, str] = field(default_factory=dict)

    def on(self, name: str) -> bool:
        """Whether the switch was given."""
        return _known(name).name in self.values

    def text(self, name: str, otherwise: str = "") -> str:
        """Its value, or `otherwise` when it is off."""
        return self.values.get(_known(name).name, otherwise)

    def number(self, name: str, otherwise: float) -> float:
        """Its value as a number, or `otherwise` when it is off."""
        text = self.values.get(_known(name).name)
        return otherwise if text is None else float(text)


def _known(name: str) -> Switch:
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UsageError(
            "There is no switch “{name}”.",
            cure="See the names with: tagwerk simulate --list-switches",
            name=name,
        ) from None


def parse_switches(texts: Iterable[str]) -> Switches:
    """Read ``NAME`` and ``NAME=VALUE``; the last one wins.

    Raises:
        UsageError: unknown name, missing, superfluous or unfit value; names the switch.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        switch = _known(name.strip())
        values[switch.name] = _checked(switch, value.strip(), bool(mark))
    for composite, parts in COMPOSITES.items():
        if composite in values:
            for part in parts:
                values.setdefault(part, _BY_NAME[part].default)
    return Switches(values)


def _checked(switch: Switch, value: str, given: bool) -> str:
    if switch.takes is Takes.NOTHING:
        if given:
            raise UsageError("The switch “{name}” takes no value.", name=switch.name)
        return ""
    if not value:
        if not switch.default:
            raise UsageError(
                "The switch “{name}” needs a value.",
                cure="Write {usage}.",
                name=switch.name,
                usage=switch.usage,
            )
        return switch.default
    fits = True
    if switch.takes is Takes.CHOICE:
        fits = value in switch.choices
    elif switch.takes is Takes.NUMBER:
        fits = _is_number(switch, value)
    elif switch.pattern:
        fits = re.fullmatch(switch.pattern, value) is not None
    if not fits and switch.takes is Takes.NUMBER:
        raise UsageError(
            "“{value}” does not fit the switch “{name}”.",
            cure="Write {usage} with a whole number from {least} to {most}."
            if switch.whole
            else "Write {usage} with a number from {least} to {most}.",
            value=value,
            name=switch.name,
            usage=switch.usage,
            least=f"{switch.least:.10g}",
            most=f"{switch.most:.10g}",
        )
    if not fits:
        raise UsageError(
            "“{value}” does not fit the switch “{name}”.",
            cure="Write {usage}.",
            value=value,
            name=switch.name,
            usage=switch.usage,
        )
    return value


def _is_number(switch: Switch, value: str) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return switch.least <= number <= switch.most and (not switch.whole or number.is_integer())


def list_switches() -> str:
    """The registry as text: headings, and one line a switch."""
    width = max(len(switch.usage) for switch in SWITCHES if len(switch.usage) <= WIDEST_USAGE)
    lines: list[str] = []
    for group, switches in GROUPS.items():
        lines += [*([""] if lines else []), group.value]
        lines += [f"  {switch.usage:<{width}}  {switch.explanation}" for switch in switches]
    return "\n".join(lines)
