"""The plant's names in WinCC V7's way: connections, groups, structures, variables, archives.

V7 names are flat and unique in the whole project. A structure instance keeps its dot
(``TIC2120.PV``), what hangs in mere groups gets an underscore (``Batch_Step``), what has no place
keeps its name. There are no arrays: each element is a variable of its own (``Batch_Amounts_3``),
and the whole is one of raw data. Nothing here knows HTTP or a switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property
from typing import overload

from tagwerk.simulator.generated import TAGS_IN_LINE, TAGS_IN_UNIT, TYPES, GeneratedTags
from tagwerk.simulator.spec import PlantSpec, StructureSpec, TagSpec

PLC = "PLC_21"
GENERATED_PLC = "PLC_GEN"
INTERNAL = "Internal tags"
BIT, RAW, DOUBLE, TEXT_8, TEXT_16 = 1, 12, 9, 10, 11
TYPE_NUMBERS = {
    "Bool": BIT,
    "SInt": 2,
    "USInt": 3,
    "Byte": 3,
    "Int": 4,
    "UInt": 5,
    "Word": 5,
    "DInt": 6,
    "UDInt": 7,
    "DWord": 7,
    "Real": 8,
    "LReal": DOUBLE,
    # V7 has no 64-bit integers and no time spans: the PLC's are taken as doubles, and lose digits.
    "LInt": DOUBLE,
    "ULInt": DOUBLE,
    "LWord": DOUBLE,
    "LTime": DOUBLE,
    "String": TEXT_8,
    "WString": TEXT_16,
    # No type for moments either: the PLC's come as text.
    "DateTime": TEXT_16,
}
"""Plant's data type → number of the variable type (§C3 G, the interface's own numbers are not
published)."""
TYPE_NAMES = {
    1: "Binary tag",
    2: "Signed 8-bit value",
    3: "Unsigned 8-bit value",
    4: "Signed 16-bit value",
    5: "Unsigned 16-bit value",
    6: "Signed 32-bit value",
    7: "Unsigned 32-bit value",
    8: "Floating-point number 32-bit IEEE 754",
    9: "Floating-point number 64-bit IEEE 754",
    10: "Text tag 8-bit character set",
    11: "Text tag 16-bit character set",
    12: "Raw data type",
}
ARCHIVES = {"1s": "Process_1s", "10s": "Process_10s", "change": "Events"}
"""Log of the plant → archive."""
TIMERS = {"1s": ("1 second", 1000, 1), "10s": ("10 seconds", 1000, 10)}
"""Log of the plant → name, base in ms and factor of the timer that drives its archive."""

_ARRAY = re.compile(r"Array \[0\.\.(\d+)\] of (\w+)")
_GENERATED = re.compile(r"Line(\d+)_Unit(\d+)_T(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the project.

    Args:
        name: V7's; `plant_name`: the model's.
        type_number: see `TYPE_NUMBERS`.
        group: "" directly below its connection.
        structure: name of its structure type, instance and element, or three times "".
        spec: what the plant knows of it, None for a generated one.
    """

    name: str
    plant_name: str
    type_number: int
    connection: str
    group: str = ""
    structure: str = ""
    instance: str = ""
    element: str = ""
    spec: TagSpec | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the PLC takes values for it."""
        return self.spec is not None and self.spec.writable and self.type_number != RAW

    @property
    def archive(self) -> str:
        """Name of the archive that holds it, "" for none."""
        return ARCHIVES[self.spec.log] if self.spec and self.spec.log else ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of variables below a connection."""

    name: str
    connection: str


class Catalogue:
    """Everything that has a name in the project.

    Args:
        spec: the plant.
        generated: the generated tags, variables of a connection of their own.
    """

    def __init__(self, spec: PlantSpec, generated: GeneratedTags) -> None:
        self._spec = spec
        self._generated = generated
        self.variables = [one for tag in spec.tags.values() for one in _variables(spec, tag)]
        """The named ones, in the plant's order."""
        self._by_name = {one.name.casefold(): one for one in self.variables}
        self._outward = {one.plant_name: one.name for one in self.variables}

    def find(self, name: str) -> Variable | None:
        """The variable of a name, in any case; None when there is none."""
        found = self._by_name.get(name.casefold())
        if found is None and self._generated.count:
            match = _GENERATED.fullmatch(name)
            if match is not None and int(match[3]) < self._generated.count:
                found = self.generated(int(match[3]))
                if found.name.casefold() != name.casefold():
                    return None
        return found

    def outward(self, plant_name: str) -> str:
        """V7's name of a tag of the plant."""
        return self._outward.get(plant_name, plant_name.replace(".", "_"))

    def generated(self, index: int) -> Variable:
        """A generated tag's variable."""
        name = _generated_name(index)
        return Variable(
            name,
            self._generated.name(index),
            TYPE_NUMBERS[TYPES[index % 10]],
            GENERATED_PLC,
            name.partition("_")[0],
        )

    @property
    def count(self) -> int:
        """Number of all variables."""
        return len(self.variables) + self._generated.count

    def at(self, index: int) -> Variable:
        """The variable of a number, from 0."""
        named = len(self.variables)
        return self.variables[index] if index < named else self.generated(index - named)

    def all(self) -> VariableList:
        """All variables, made when they are asked for."""
        return VariableList(self, range(self.count))

    def matching(self, pattern: str) -> VariableList:
        """The variables whose name matches a pattern with ``*`` and ``?``."""
        matches = re.compile(translate(pattern), re.IGNORECASE).match
        return VariableList(
            self, [number for number, name in enumerate(self._names) if matches(name)]
        )

    @cached_property
    def _names(self) -> list[str]:
        """All names in order: a quarter of a million takes 30 MB and is searched in 0.1 s."""
        return [
            *(one.name for one in self.variables),
            *(_generated_name(index) for index in range(self._generated.count)),
        ]

    @cached_property
    def groups(self) -> list[Group]:
        """All groups, each once."""
        found = dict.fromkeys(
            Group(one.group, one.connection) for one in self.variables if one.group
        )
        lines = -(-self._generated.count // TAGS_IN_LINE)
        generated = (Group(f"Line{line + 1:03d}", GENERATED_PLC) for line in range(lines))
        return [*found, *generated]

    @property
    def connections(self) -> list[str]:
        """All connections; internal variables have none."""
        return [PLC, GENERATED_PLC] if self._generated.count else [PLC]

    @cached_property
    def structures(self) -> list[StructureSpec]:
        """All instances of structure types."""
        return [one for one in self._spec.structures.values() if one.type_name]

    def instance_name(self, structure: StructureSpec) -> str:
        """V7's name of a structure instance."""
        return structure.path.rpartition(".")[2]

    def archived(self, archive: str = "") -> list[Variable]:
        """The variables of an archive, or of all."""
        return [one for one in self.variables if one.archive and archive in ("", one.archive)]


class VariableList(Sequence[Variable]):
    """Some of the project's variables, by their numbers."""

    def __init__(self, catalogue: Catalogue, numbers: Sequence[int]) -> None:
        self._catalogue = catalogue
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Variable]:
        return map(self._catalogue.at, self._numbers)

    @overload
    def __getitem__(self, index: int) -> Variable: ...
    @overload
    def __getitem__(self, index: slice) -> VariableList: ...
    def __getitem__(self, index: int | slice) -> Variable | VariableList:
        if isinstance(index, slice):
            return VariableList(self._catalogue, self._numbers[index])
        return self._catalogue.at(self._numbers[index])


def _generated_name(index: int) -> str:
    line, rest = divmod(index, TAGS_IN_LINE)
    return f"Line{line + 1:03d}_Unit{rest // TAGS_IN_UNIT + 1:03d}_T{index:05d}"


def _variables(spec: PlantSpec, tag: TagSpec) -> Iterator[Variable]:
    """The variables of a tag: itself, and the elements of an array."""
    structure = spec.structures.get(tag.parent)
    group, _, instance = tag.parent.rpartition(".")
    element = tag.name.rpartition(".")[2] if tag.parent else ""
    type_name = structure.type_name if structure is not None else ""
    connection = PLC
    if tag.survives_outage:
        # The runtime's own, not the controller's.
        connection, group = INTERNAL, ""
    if type_name:
        name = f"{instance}.{element}"
    elif tag.parent:
        name = f"{instance}_{element}"
        if connection == PLC:
            group = group or instance
    else:
        # V7 refuses the character with which Unified escapes.
        name = tag.name.replace("$", "")
    array = _ARRAY.fullmatch(tag.data_type)
    yield Variable(
        name,
        tag.name,
        RAW if array else TYPE_NUMBERS[tag.data_type],
        connection,
        group,
        type_name,
        instance if type_name else "",
        element if type_name else "",
        tag,
    )
    if array is not None:
        for number in range(int(array[1]) + 1):
            yield Variable(
                f"{name}_{number}",
                f"{tag.name}[{number}]",
                TYPE_NUMBERS[array[2]],
                connection,
                group,
                spec=tag,
            )
