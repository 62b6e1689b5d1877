"""Tags by the hundred thousand: nothing is kept of one but sixteen bytes of numbers.

Names are computed from the number and back: ``Generated.Line003.Unit017.T02842``. A line has
20 units of 50 tags. Values are slow waves; changes go round all tags in batches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from tagwerk.domain.values import Value
from tagwerk.simulator.state import GOOD, BrowseObject, GeneratedChanges, QualityWords

ROOT = "Generated"
TAGS_IN_UNIT = 50
UNITS_IN_LINE = 20
TAGS_IN_LINE = TAGS_IN_UNIT * UNITS_IN_LINE
TYPES = ("LReal", "Real", "DInt", "LReal", "Bool", "Real", "Int", "LReal", "UInt", "Real")
_INTEGERS = frozenset(("DInt", "Int", "UInt"))
_NAME = re.compile(r"Generated\.Line(\d+)\.Unit(\d+)\.T(\d+)")
_STRIDES = (7919, 104729, 1299709)


class GeneratedTag:
    """One generated tag, as a view on the arrays."""

    __slots__ = ("_tags", "index")

    def __init__(self, tags: GeneratedTags, index: int) -> None:
        self._tags = tags
        self.index = index

    writable = False

    @property
    def name(self) -> str:
        return self._tags.name(self.index)

    @property
    def data_type(self) -> str:
        return TYPES[self.index % 10]

    @property
    def value(self) -> Value:
        return self._tags.value_of(self.index, float(self._tags.values[self.index]))

    @property
    def quality(self) -> QualityWords:
        return GOOD

    @property
    def time_ns(self) -> int:
        return int(self._tags.times_ns[self.index])


class GeneratedTags:
    """`count` tags, of which `rate_per_s` change each second in all.

    Args:
        count: 0 to some millions.
        rate_per_s: value changes a second over all tags.
        seed: phases of the waves.
        start_ns: time of the first values.
    """

    def __init__(self, count: int, rate_per_s: float, seed: int, start_ns: int) -> None:
        self.count = count
        self.rate_per_s = rate_per_s if count else 0.0
        self._seed = seed
        self.values = self._wave(np.arange(count), 0.0)
        self.times_ns = np.full(count, start_ns, dtype=np.int64)
        self._start_ns = start_ns
        self._last_ns = start_ns
        self._owed = 0.0
        self._cursor = 0
        self._stride = next((s for s in _STRIDES if count and np.gcd(s, count) == 1), 1)

    def name(self, index: int) -> str:
        """Short name of a tag."""
        line, rest = divmod(index, TAGS_IN_LINE)
        return f"{ROOT}.Line{line + 1:03d}.Unit{rest // TAGS_IN_UNIT + 1:03d}.T{index:05d}"

    def find(self, name: str) -> GeneratedTag | None:
        """The tag of that name, None when there is none."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        index = int(match[3])
        if index >= self.count or self.name(index) != name:
            return None
        return GeneratedTag(self, index)

    def is_structure(self, name: str) -> bool:
        """Whether the name is the root, a line or a unit."""
        if not self.count or not name.startswith(ROOT):
            return False
        if name == ROOT:
            return True
        match = re.fullmatch(r"Generated\.Line(\d+)(?:\.Unit(\d+))?", name)
        if match is None:
            return False
        unit = int(match[2] or 1)
        first = (int(match[1]) - 1) * TAGS_IN_LINE + (unit - 1) * TAGS_IN_UNIT
        return (
            1 <= unit <= UNITS_IN_LINE
            and 0 <= first < self.count
            and (self.name(first).startswith(f"{name}."))
        )

    def value_of(self, index: int, value: float) -> Value:
        """A change's number in the tag's own type."""
        data_type = TYPES[index % 10]
        if data_type == "Bool":
            return value >= 50.0
        return int(value) if data_type in _INTEGERS else value

    def advance(self, now_ns: int) -> GeneratedChanges | None:
        """The changes since the last call; None when there are none."""
        elapsed_ns = now_ns - self._last_ns
        if self.rate_per_s <= 0 or elapsed_ns <= 0:
            return None
        self._owed += self.rate_per_s * elapsed_ns / 1e9
        number = int(self._owed)
        if not number:
            return None
        self._owed -= number
        # A clock that jumps must not make a flood out of the time that nobody watched.
        number = min(number, max(self.count * 4, 1_000_000))
        steps = np.arange(number, dtype=np.int64)
        indices = (self._cursor + steps) * self._stride % self.count
        self._cursor = (self._cursor + number) % self.count
        first_ns = self._last_ns
        times_ns = first_ns + (steps + 1) * elapsed_ns // number
        values = self._wave(indices, (times_ns - self._start_ns) / 1e9)
        self.values[indices] = values
        self.times_ns[indices] = times_ns
        self._last_ns = now_ns
        return GeneratedChanges(indices, values, times_ns)

    def _wave(self, indices: np.ndarray, seconds: np.ndarray | float) -> np.ndarray:
        """A triangle wave with its own period and phase, 0 … 100, on a 0.01 grid."""
        mixed = (indices * 2654435761 + self._seed * 40503) & 0xFFFF
        cycles = mixed / 65536.0 + seconds / (20.0 + (mixed & 63))
        triangle = np.abs(cycles - np.floor(cycles) - 0.5) * 200.0
        return np.asarray(np.round(triangle, 2))

    def browse_count(self) -> int:
        """Objects of a browse: tags, units, lines and the root."""
        if not self.count:
            return 0
        units = -(-self.count // TAGS_IN_UNIT)
        return self.count + units + -(-self.count // TAGS_IN_LINE) + 1

    def browse(self) -> Iterator[BrowseObject]:
        """Structures before what hangs under them, made one by one."""
        if not self.count:
            return
        yield BrowseObject(
            ROOT,
            {"en-US": "Generated tags", "de-DE": "Erzeugte Variablen"},
            "STRUCTURETAG",
            "Struct",
            "",
        )
        line = unit = ""
        display: dict[str, str] = {}
        for index in range(self.count):
            if index % TAGS_IN_UNIT == 0:
                if index % TAGS_IN_LINE == 0:
                    number = index // TAGS_IN_LINE + 1
                    line = f"{ROOT}.Line{number:03d}"
                    yield BrowseObject(
                        line,
                        {"en-US": f"Line {number}", "de-DE": f"Linie {number}"},
                        "STRUCTURETAG",
                        "Struct",
                        ROOT,
                    )
                number = index % TAGS_IN_LINE // TAGS_IN_UNIT + 1
                unit = f"{line}.Unit{number:03d}"
                yield BrowseObject(
                    unit,
                    {"en-US": f"Unit {number}", "de-DE": f"Einheit {number}"},
                    "STRUCTURETAG",
                    "Struct",
                    line,
                )
                display = {
                    "en-US": f"Value of unit {number}",
                    "de-DE": f"Wert von Einheit {number}",
                }
            yield BrowseObject(
                f"{unit}.T{index:05d}", display, "SIMPLETAG", TYPES[index % 10], unit
            )
