"""Which switches one server can play at once without hiding each other from the matrix."""

from __future__ import annotations

from matrix.expected import ROWS, changes_of, variants
from tagwerk.simulator.switch_list import COMPOSITES, SWITCHES

PLAYABLE = sorted(
    text
    for switch in SWITCHES
    if (row := ROWS.get(switch.name)) is not None and not row.alone and not row.disturbs
    for text in variants(switch.name)
)
_OPPOSITES = (
    # Two answers to one question, or one that keeps the other from being seen.
    {"short-name-echo", "full-name-echo"},
    {"nan-as-text", "nan-bare"},
    {"int64-as-text", "int64-as-double"},
    {"error-null", "success-empty"},
    {"no-z", "time-offset"},
    {"v19", "v20"},
    # Logging tags are found by browsing.
    {"plain-names-refused", "no-browse"},
    {"plain-names-refused", "v19"},
    {"plain-names-refused", "unresolved-as"},
    {"plain-names-refused", "object-type-as"},
)
COMPANY = 3
"""So many switches share a server where a further value of each is tried."""


def fits(chosen: tuple[str, ...], text: str) -> bool:
    """Whether a switch can join: it says nothing else than the others about any question."""
    name = text.partition("=")[0]
    names = {one.partition("=")[0] for one in chosen}
    if name in names or any({name, other} in _OPPOSITES for other in names):
        return False
    for other in names:
        if name in COMPOSITES.get(other, ()) or other in COMPOSITES.get(name, ()):
            return False
    mine = changes_of(text)
    return all(
        mine[key] == theirs[key]
        for theirs in map(changes_of, chosen)
        for key in mine.keys() & theirs.keys()
    )


def alone(name: str) -> tuple[str, ...]:
    """The values of a switch that get a server of their own: the first, and what fits nowhere."""
    row = ROWS.get(name)
    every = variants(name)
    return every if row is None or row.alone or row.disturbs else every[:1]


def in_company() -> tuple[tuple[str, ...], ...]:
    """All further values, with others that fit; the same company each time."""
    waiting = [text for text in PLAYABLE if text not in alone(text.partition("=")[0])]
    groups: list[tuple[str, ...]] = []
    for text in waiting:
        for number, group in enumerate(groups):
            if len(group) < COMPANY and fits(group, text):
                groups[number] = (*group, text)
                break
        else:
            groups.append((text,))
    return tuple(groups)
