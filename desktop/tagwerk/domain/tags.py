"""Tags: their names, kinds, data types, and what a tag sheet knows about them.

Names (reference, section 5): ``System::Tag``, ``System::Struct.element.element``,
``System::Tag:LoggingTag``, ``System::Tag.element:AlarmName``, array elements ``Tag[0]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class TagKind(Enum):
    """What a browsed object is. The value is the word of the command line's ``--kind``."""

    TAG = "tag"
    STRUCTURE = "structure"
    LOGGING_TAG = "logging-tag"
    ALARM = "alarm"
    TYPE = "type"
    OTHER = "other"


class BaseType(Enum):
    """The families of data types that an editor, a curve or a column treats alike."""

    BOOL = "bool"
    INTEGER = "integer"
    FLOAT = "float"
    TEXT = "text"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    RAW = "raw"
    STRUCTURE = "structure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DataType:
    """A tag's data type.

    Args:
        text: as the server or the sheet spelled it (free text: the spelling is not documented).
        base: the family.
        minimum, maximum: the type's own bounds, for integers; None otherwise.
        array_length: number of elements, 0 when an array's length is unknown, None for no array.
    """

    text: str
    base: BaseType
    minimum: int | None = None
    maximum: int | None = None
    array_length: int | None = None

    @property
    def is_array(self) -> bool:
        return self.array_length is not None

    @property
    def is_number(self) -> bool:
        return self.base in (BaseType.INTEGER, BaseType.FLOAT) and not self.is_array

    @property
    def is_plottable(self) -> bool:
        """True for what a curve or a lane can show."""
        return self.is_number or (self.base is BaseType.BOOL and not self.is_array)


def _signed(bits: int) -> tuple[BaseType, int, int]:
    return BaseType.INTEGER, -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _unsigned(bits: int) -> tuple[BaseType, int, int]:
    return BaseType.INTEGER, 0, (1 << bits) - 1


_PLAIN = (None, None)
# Spellings of WinCC, TIA and IEC 61131-3 side by side; the reply's spelling is a guess everywhere.
_TYPES: dict[str, tuple[BaseType, int | None, int | None]] = {
    "bool": (BaseType.BOOL, *_PLAIN),
    "boolean": (BaseType.BOOL, *_PLAIN),
    "binary": (BaseType.BOOL, *_PLAIN),
    "binarytag": (BaseType.BOOL, *_PLAIN),
    "sint": _signed(8),
    "int8": _signed(8),
    "usint": _unsigned(8),
    "uint8": _unsigned(8),
    "byte": _unsigned(8),
    "char": (BaseType.TEXT, *_PLAIN),
    "wchar": (BaseType.TEXT, *_PLAIN),
    "int": _signed(16),
    "int16": _signed(16),
    "short": _signed(16),
    "uint": _unsigned(16),
    "uint16": _unsigned(16),
    "word": _unsigned(16),
    "dint": _signed(32),
    "int32": _signed(32),
    "long": _signed(32),
    "udint": _unsigned(32),
    "uint32": _unsigned(32),
    "dword": _unsigned(32),
    "lint": _signed(64),
    "int64": _signed(64),
    "ulint": _unsigned(64),
    "uint64": _unsigned(64),
    "lword": _unsigned(64),
    "real": (BaseType.FLOAT, *_PLAIN),
    "float": (BaseType.FLOAT, *_PLAIN),
    "float32": (BaseType.FLOAT, *_PLAIN),
    "lreal": (BaseType.FLOAT, *_PLAIN),
    "double": (BaseType.FLOAT, *_PLAIN),
    "float64": (BaseType.FLOAT, *_PLAIN),
    "string": (BaseType.TEXT, *_PLAIN),
    "wstring": (BaseType.TEXT, *_PLAIN),
    "text": (BaseType.TEXT, *_PLAIN),
    "datetime": (BaseType.DATETIME, *_PLAIN),
    "dtl": (BaseType.DATETIME, *_PLAIN),
    "ldt": (BaseType.DATETIME, *_PLAIN),
    "date_and_time": (BaseType.DATETIME, *_PLAIN),
    "date": (BaseType.DATETIME, *_PLAIN),
    "timestamp": (BaseType.DATETIME, *_PLAIN),
    "time": (BaseType.TIMESPAN, *_PLAIN),
    "ltime": (BaseType.TIMESPAN, *_PLAIN),
    "timespan": (BaseType.TIMESPAN, *_PLAIN),
    "time_of_day": (BaseType.TIMESPAN, *_PLAIN),
    "raw": (BaseType.RAW, *_PLAIN),
    "variant": (BaseType.UNKNOWN, *_PLAIN),
    "struct": (BaseType.STRUCTURE, *_PLAIN),
    "structure": (BaseType.STRUCTURE, *_PLAIN),
    "udt": (BaseType.STRUCTURE, *_PLAIN),
}
_ARRAY = re.compile(
    r"^\s*array\s*\[\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*\]\s*of\s+(?P<of>.+)$"
    r"|^\s*(?P<plain>[\w ]+?)\s*\[\s*(?P<count>\d*)\s*\]\s*$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def data_type_from_text(text: str) -> DataType:
    """Read a data type as servers, TIA exports and sheets spell it; unknown words stay unknown."""
    stripped = text.strip()
    match = _ARRAY.match(stripped)
    if match is None:
        key = re.sub(r"[\s\"]", "", stripped).lower()
        key = re.sub(r"^(w?string)[\[(]\d+[\])]$", r"\1", key)
        base, low, high = _TYPES.get(key, (BaseType.UNKNOWN, None, None))
        return DataType(text, base, low, high)
    if match["of"]:
        length = int(match[2]) - int(match[1]) + 1
        element = data_type_from_text(match["of"])
    else:
        plain = match["plain"].strip()
        if plain.lower() in ("string", "wstring"):
            return DataType(text, BaseType.TEXT)
        length = int(match["count"] or 0)
        element = data_type_from_text(plain)
    return DataType(text, element.base, element.minimum, element.maximum, max(length, 0))


class BrowseItem(NamedTuple):
    """One object from a browse. `kind_text` and `data_type` are the server's free text."""

    name: str
    display_name: str
    kind: TagKind
    data_type: str
    kind_text: str = ""


class TagLimits(NamedTuple):
    """A tag's range as the server's configuration has it; None where it has no bound."""

    low: float | None = None
    high: float | None = None


class TagName(NamedTuple):
    """A name taken apart. Joining the parts with `full` gives the name again.

    Args:
        system: e.g. ``HMI_RT_1``; "" when the name leaves it out.
        path: structure and elements, e.g. ``("Cooling", "TIC2120", "PV")``.
        suffix: logging tag or alarm behind the colon; "" for a tag.
    """

    system: str
    path: tuple[str, ...]
    suffix: str = ""

    @property
    def tag(self) -> str:
        """The tag without system and suffix: ``Cooling.TIC2120.PV``."""
        return ".".join(self.path)

    @property
    def full(self) -> str:
        head = f"{self.system}::" if self.system else ""
        return head + self.tag + (f":{self.suffix}" if self.suffix else "")


def split_name(name: str) -> TagName:
    """Take a name apart. A dot that the runtime escaped as ``$.`` does not part elements."""
    system, mark, rest = name.partition("::")
    if not mark:
        system, rest = "", name
    tag, _, suffix = rest.partition(":")
    parts = re.split(r"(?<!\$)\.", tag)
    return TagName(system, tuple(parts), suffix)


def short_name(name: str) -> str:
    """The name without its system: what replies and users may use for the same tag."""
    return name.partition("::")[2] or name


@dataclass(frozen=True, slots=True)
class TagInfo:
    """What is known about a tag beside its value: from the browse, and from the tag sheet.

    Args:
        name: full name.
        data_type: from the server, else from the sheet.
        display_name: in the user's language where there is one.
        unit: e.g. ``°C``; "" when unknown.
        decimals: digits after the point; None means guess from the value.
        low, high: the range for editors and axes, in `unit`; None when unknown.
        step: a change larger than this asks twice; None when unknown.
        texts: value → text for text lists (enumerations) and for 0/1 of bools.
        writable: False when the sheet says so; None when nobody said.
        critical: True asks for an extra confirmation.
        description: longer text of the sheet.
        logging_tags, alarms: what hangs behind the name (suffixes only).
        limits: other limits drawn as lines in the trend, name → value.
    """

    name: str
    data_type: DataType = DataType("", BaseType.UNKNOWN)
    display_name: str = ""
    unit: str = ""
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    texts: dict[int, str] = field(default_factory=dict)
    writable: bool | None = None
    critical: bool = False
    description: str = ""
    logging_tags: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    limits: dict[str, float] = field(default_factory=dict)
