"""Names taken apart, thousands at a time: what a chunk of a browse says, as columns.

Pure: knows no tree. Who uses it: `tree`. A million names pass through, so no Python runs for each
of them: names are pieces of one buffer, and what is done is done with all at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tagwerk.store.names import FIELD
from tagwerk.store.nodes import COLON, DOT, NOTHING, Bits
from tagwerk.store.slices import (
    Positions,
    Truths,
    as_before,
    ends_of,
    equal,
    last_before,
    octets,
    places,
)

_DOT, _COLON, _FIELD = ord("."), ord(":"), ord(FIELD)
_SYSTEM_AND_ONE = 3
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


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as pieces of a buffer in UTF-8.

    Args:
        starts, ends: of each, bytes; `ends` is where its mark stands.
    """

    buffer: bytes
    starts: Positions
    ends: Positions

    @classmethod
    def of_column(cls, buffer: bytes) -> Texts:
        """All texts of a column as `BrowseColumns` has it."""
        ends = ends_of(buffer)
        starts = np.empty_like(ends)
        starts[:1] = 0
        starts[1:] = ends[:-1] + 1
        return cls(buffer, starts, ends)

    def __len__(self) -> int:
        return self.starts.size

    def packed(self, position: int) -> bytes:
        return self.buffer[self.starts[position] : self.ends[position]]

    def text(self, position: int) -> str:
        return self.packed(position).decode()

    def chosen(self, rows: Truths) -> Texts:
        """Some of them, out of the same buffer."""
        return Texts(self.buffer, self.starts[rows], self.ends[rows])


@dataclass(frozen=True, slots=True)
class Split:
    """Names taken apart: a parent's name is the beginning of a name.

    Args:
        parent_ends: where the parent's name ends, in the buffer; the name's start for none.
        segment_starts, segment_ends: of the last segment.
        joints: what stands between both.
        systems: which are names of runtime systems (``HMI_RT_1::``).
    """

    parent_ends: Positions
    segment_starts: Positions
    segment_ends: Positions
    joints: Bits
    systems: Truths


def split_names(names: Texts) -> Split:
    """As `split_name`, for many.

    Nearly always the last dot behind the system decides. Names that hold anything else that could
    (a bracket, an escaped dot, colons in other places) are looked at one by one.
    """
    marks = octets(names.buffer)
    starts, ends = names.starts, names.ends
    colons = np.flatnonzero(marks == _COLON)
    base = last_before(colons, ends, starts - 1) + 1
    dots = last_before(np.flatnonzero(marks == _DOT), ends, starts - 1)
    has_dot = (dots > base) & (dots < ends - 1)
    systems = (base == ends) & (ends - starts > 1)
    if systems.any():
        systems[systems] = marks[ends[systems] - 2] == _COLON
    whole = base == ends  # no name at all behind the system: it stands for itself
    parent_ends = np.where(has_dot, dots, np.where(whole, starts, base))
    segment_starts = np.where(has_dot, dots + 1, parent_ends)
    segment_ends = np.where(systems, ends - 2, ends)
    joints = np.where(has_dot, DOT, NOTHING).astype(np.uint8)
    behind, last_colons = _behind_colon(names, colons)
    parent_ends[behind], segment_starts[behind] = last_colons, last_colons + 1
    joints[behind] = COLON
    odd = np.setdiff1d(_odd_rows(names, colons), behind, assume_unique=True)
    for row in odd.tolist():
        name = names.text(row)
        parent, segment, joint = split_name(name)
        parent_ends[row] = starts[row] + len(parent.encode())
        segment_starts[row] = parent_ends[row] + (joint != NOTHING)
        segment_ends[row] = segment_starts[row] + len(segment.encode())
        joints[row] = joint
    return Split(parent_ends, segment_starts, segment_ends, joints, systems)


def _behind_colon(names: Texts, colons: Positions) -> tuple[Positions, Positions]:
    """Logging tags and alarms as they nearly all are, and where their colon is: one behind the two
    of the system."""
    firsts = np.searchsorted(colons, names.starts)
    rows = np.flatnonzero(np.searchsorted(colons, names.ends) - firsts == _SYSTEM_AND_ONE)
    first, second, last = (colons[firsts[rows] + number] for number in range(_SYSTEM_AND_ONE))
    fits = (second == first + 1) & (last > second + 1)
    return rows[fits], last[fits]


def _odd_rows(names: Texts, colons: Positions) -> Positions:
    """Names with a bracket, an escaped dot, or a colon that stands alone."""
    marks = octets(names.buffer)
    # Every name has its mark behind it, so that nothing is looked up beyond the end; what is looked
    # up before the beginning is the last mark.
    alone = colons[(marks[colons + 1] != _COLON) & (marks[colons - 1] != _COLON)]
    others = [mark for mark in b"]$" if mark in names.buffer]
    where = np.concatenate([alone, *(np.flatnonzero(marks == mark) for mark in others)])
    if not where.size or not len(names):
        return where[:0]
    rows = np.minimum(np.searchsorted(names.ends, where), len(names) - 1)
    # A buffer may hold more than the names that are looked at.
    return np.unique(rows[(names.starts[rows] <= where) & (where < names.ends[rows])])


def parents_of(names: Texts, split: Split) -> tuple[list[bytes], Positions]:
    """Parents' names, one for each stretch of names that have the same, and the stretch of each."""
    if not len(names):
        return [], np.zeros(0, np.int64)
    is_new = ~as_before(names.buffer, names.starts, split.parent_ends - names.starts)
    firsts = np.flatnonzero(is_new)
    spans = zip(names.starts[firsts].tolist(), split.parent_ends[firsts].tolist(), strict=True)
    buffer = names.buffer
    return [buffer[start:end] for start, end in spans], np.cumsum(is_new) - 1


def records(names: Texts, split: Split, displays: Texts | None) -> bytes:
    """One record a name: its segment, and the display name where that says more."""
    lengths = split.segment_ends - split.segment_starts
    sizes = lengths + 2
    shown = _says_more(names, split, displays) if displays is not None else None
    if shown is not None and displays is not None and shown.size:
        display_lengths = (displays.ends - displays.starts)[shown]
        sizes[shown] += display_lengths
    ends = np.cumsum(sizes)
    starts = ends - sizes
    packed = np.zeros(int(ends[-1]) if ends.size else 0, np.uint8)
    packed[places(starts, lengths)] = octets(names.buffer)[places(split.segment_starts, lengths)]
    packed[starts + lengths] = _FIELD
    if shown is not None and displays is not None and shown.size:
        packed[places((starts + lengths + 1)[shown], display_lengths)] = octets(displays.buffer)[
            places(displays.starts[shown], display_lengths)
        ]
    return packed.tobytes()


def _says_more(names: Texts, split: Split, displays: Texts) -> Positions:
    """Rows whose display name is neither the name nor its segment."""
    lengths = displays.ends - displays.starts
    says_more = lengths > 0
    for starts, ends in (
        (split.segment_starts, split.segment_ends),
        (names.starts, names.ends),
    ):
        rows = np.flatnonzero(says_more & (lengths == ends - starts))
        if rows.size:
            says_more[rows] = ~equal(
                displays.buffer, displays.starts[rows], names.buffer, starts[rows], lengths[rows]
            )
    return np.flatnonzero(says_more)
