"""Names taken apart, thousands at a time: what a chunk of a browse says, as columns.

Pure: knows no tree. Who uses it: `tree`. Python works once a name here and nowhere else, in
comprehensions, because a million names pass through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import repeat

from tagwerk.store.names import FIELD, RECORD
from tagwerk.store.nodes import COLON, DOT, NOTHING

_INDEX = re.compile(r"\[\d+(?:,\d+)*\]$")


def split_name(name: str) -> tuple[str, str, int]:
    """Parent's name, last segment, and what stands between them. Lossless."""
    colon = name.rfind(":")
    if colon > 0 and name[colon - 1] != ":":
        first = name.find(":", name.find("::") + 2) if "::" in name else name.find(":")
        return name[:first], name[first + 1 :], COLON
    if name.endswith("::"):
        return "", name[:-2], NOTHING
    if name.endswith("]"):
        match = _INDEX.search(name, max(colon, 0))
        if match is not None and match.start() > colon + 1:
            return name[: match.start()], name[match.start() :], NOTHING
    dot = name.rfind(".", colon + 1)
    while dot > 0 and name[dot - 1] == "$":  # an escaped dot belongs to the name
        dot = name.rfind(".", colon + 1, dot - 1)
    if dot > colon + 1 and dot < len(name) - 1:
        return name[:dot], name[dot + 1 :], DOT
    if colon + 1 == len(name):  # no name at all behind the system: it stands for itself
        return "", name, NOTHING
    return name[: colon + 1], name[colon + 1 :], NOTHING


def is_array_element(name: str) -> bool:
    """Whether a name ends with an index, e.g. ``[3]``."""
    return _INDEX.search(name) is not None


def split_names(names: Sequence[str]) -> tuple[list[str], list[str], list[int]]:
    """As `split_name`, for many: parents' names, segments, joints.

    Nearly always the last dot decides. Where a chunk holds nothing that could make it otherwise,
    that is seen from all names at once, and from the few names of their parents.
    """
    together = "\n".join(names)
    systems = together.count("::")
    is_plain = "]" not in together and "$" not in together and together.count(":") == 2 * systems
    if not is_plain:
        return _split_each(names)
    if not names:
        return [], [], []
    heads, _, tails = zip(*map(str.rpartition, names, repeat(".")), strict=True)
    parents, segments, joints = list(heads), list(tails), [DOT] * len(names)
    odd = {one for one in set(parents) if not one or one[-1] == ":" or "::" not in one}
    if odd or "" in segments:
        for position, parent in enumerate(parents):
            if parent in odd or not segments[position]:
                parents[position], segments[position], joints[position] = split_name(names[position])  # fmt: skip
    return parents, segments, joints


def _split_each(names: Iterable[str]) -> tuple[list[str], list[str], list[int]]:
    parts = [split_name(name) for name in names]
    return (
        [parent for parent, _, _ in parts],
        [segment for _, segment, _ in parts],
        [joint for _, _, joint in parts],
    )


def records(names: Sequence[str], segments: Sequence[str], displays: Sequence[str]) -> list[str]:
    """One record a name: its segment, and the display name where that says more."""
    return [
        segment + FIELD
        if not display or display in (segment, name)
        else segment + FIELD + clean(display)
        for name, segment, display in zip(names, segments, displays, strict=True)
    ]


def clean(display: str) -> str:
    """A display name without what parts the records."""
    return display.replace(RECORD, " ").replace(FIELD, " ")
