"""The words between the plant model and whoever serves it: tag states, changes, log rows, errors.

Pure data. The model fills them, the servers turn them into answers; nothing here knows a
protocol. Names are short (without ``HMI_RT_1::``); times are nanoseconds since 1970 in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tagwerk.domain.values import Value

if TYPE_CHECKING:
    from tagwerk.simulator.alarm_record import AlarmRecord


class ModelError(Exception):
    """The plant says no to one item; `code` is the interface's: 1, 2, 201, 202, 304, 305 …"""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code
        self.description = description


class QualityWords(NamedTuple):
    """A quality in the interface's own words."""

    quality: str = "GOOD_CASCADE"
    sub_status: str = "NON_SPECIFIC"
    limit: str = "OK"
    extended: str = "NON_SPECIFIC"

    @property
    def is_bad(self) -> bool:
        return self.quality == "BAD"


GOOD = QualityWords()
NO_COMMUNICATION = QualityWords("BAD", "NO_COMMUNICATION_WITH_LAST_USABLE_VALUE")
SENSOR_FAILURE = QualityWords("BAD", "SENSOR_FAILURE", "CONSTANT")


class TagState(Protocol):
    """One readable tag (a leaf, an array, or one array element) as it stands now."""

    @property
    def name(self) -> str:
        """Short name, e.g. ``Cooling.TIC2120.PV``; elements of arrays ``Recipe.Amounts[3]``."""

    @property
    def data_type(self) -> str:
        """As a browse shows it, e.g. ``LReal`` or ``Array [0..7] of Real``."""

    @property
    def writable(self) -> bool: ...

    @property
    def value(self) -> Value: ...

    @property
    def quality(self) -> QualityWords: ...

    @property
    def time_ns(self) -> int: ...

    @property
    def index(self) -> int:
        """Number of a generated tag (as in `GeneratedChanges.indices`), -1 for all others."""


class BrowseObject(NamedTuple):
    """One object of a browse.

    Args:
        name: short name; logging tags and alarms behind a colon, ``Cooling.TIC2120.PV:Log_1s``.
        display: language (``en-US``, ``de-DE``) → display name.
        object_type: SIMPLETAG, STRUCTURETAG, LOGGINGTAG, ALARM, ALARMCLASS, STRUCTURETAGTYPE.
        data_type: of a tag; the type's name for a structure; "" for alarms.
        parent: short name of the structure or tag that it hangs under, "" at the top.
    """

    name: str
    display: dict[str, str]
    object_type: str
    data_type: str
    parent: str


class LoggedRow(NamedTuple):
    """One row of a log. `flags` are the interface's words, e.g. ``("BOUNDING",)``; None only
    where a server is played that has none to give."""

    time_ns: int
    value: Value
    quality: QualityWords
    flags: tuple[str, ...] | None = ()


class GeneratedChanges(NamedTuple):
    """Changes of generated tags in one `advance`, oldest first; a tag may occur more than once.

    `values` are floats; `GeneratedTags.value_of` turns one into the tag's own type.
    """

    indices: NDArray[np.int64]
    values: NDArray[np.float64]
    times_ns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)


class Changes(NamedTuple):
    """What one `advance` changed.

    Args:
        tags: named tags, each once, with their latest value; a changed array also lists those
            of its elements that somebody has asked for.
        alarms: alarm records in the order of their happening; `active` False means it left.
        generated: changes of generated tags, None when there are none.
    """

    tags: list[TagState]
    alarms: list[AlarmRecord]
    generated: GeneratedChanges | None = None


class ProcessTag:
    """A named tag's memory: what the PLC's image of it is now. Written by the model only."""

    __slots__ = ("data_type", "name", "quality", "time_ns", "value", "writable")

    index = -1

    def __init__(self, name: str, data_type: str, value: Value, writable: bool) -> None:
        self.name = name
        self.data_type = data_type
        self.writable = writable
        self.value = value
        self.quality = GOOD
        self.time_ns = 0


class ArrayElement:
    """One element of an array tag, as a view on it."""

    __slots__ = ("array", "data_type", "name", "number")

    index = -1

    def __init__(self, array: ProcessTag, number: int, data_type: str) -> None:
        self.array = array
        self.number = number
        self.name = f"{array.name}[{number}]"
        self.data_type = data_type

    @property
    def writable(self) -> bool:
        return self.array.writable

    @property
    def value(self) -> Value:
        values = self.array.value
        return values[self.number] if isinstance(values, list) else None

    @property
    def quality(self) -> QualityWords:
        return self.array.quality

    @property
    def time_ns(self) -> int:
        return self.array.time_ns
