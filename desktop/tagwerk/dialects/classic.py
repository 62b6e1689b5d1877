"""The WinCC V7.5/V8 dialect ("WinCCRestService"): calls to send, and what such a server can do.

Plain REST: every call is a method, a path below the base, a query and perhaps a JSON body. There is
no schema, no login and no session, so everything here is fixed. Pure; `tagwerk.link` sends the calls
and hands the answers to the readers in the neighbouring ``classic_*`` modules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from tagwerk.dialects.base import DialectInfo
from tagwerk.dialects.names import clean_name
from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import UsageError
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import short_name
from tagwerk.domain.values import Value

INFO = DialectInfo(
    "classic",
    "WinCC V7/V8",
    "/WinCCRestService",
    public_port=34568,
    other_ports=(34569,),
    settings=("by_token", "time_zone", "alarm_filter"),
)

PAGE_ROWS = 1000
"""``itemLimit`` of lists."""
MOST_MESSAGES = 1000
"""``maxValues`` of message archives ends there."""
FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 150, 80, 500
"""Names a call: where programs in the field begin, and the bounds that they stay in."""

INTERFACE_POLLS = "interface_polls"
INTERFACE_LACKS = "interface_lacks"
NO_ALARM_FILTER = "no_alarm_filter"
NO_ARCHIVE = "no_archive"

_LACKS = {
    Capability.PUSH: INTERFACE_POLLS,
    Capability.DIRECT_READ: INTERFACE_LACKS,
    Capability.ACKNOWLEDGE: "interface_no_acknowledge",
    Capability.RESET: "interface_no_acknowledge",
    Capability.SHELVE: "interface_no_acknowledge",
    Capability.REDUNDANCY: INTERFACE_LACKS,
    Capability.SESSION: INTERFACE_LACKS,
}
_HAS = frozenset(
    {
        Capability.READ,
        Capability.WRITE,
        Capability.BROWSE,
        Capability.HISTORY,
        Capability.ALARMS,
        Capability.ALARM_HISTORY,
    }
)


def capabilities(missing: Mapping[Capability, str]) -> Capabilities:
    """What such a server can do, less what this one or this user lacks.

    Args:
        missing: reasons by capability; "" is none.
    """
    lost = {capability: reason for capability, reason in missing.items() if reason}
    return Capabilities(_HAS - lost.keys(), _LACKS | lost)


@dataclass(frozen=True, slots=True)
class Call:
    """One request below the base.

    Args:
        method: GET, POST or PUT.
        path: below the base, percent-encoded, without a leading slash.
        query: name and value, in order.
        body: what goes as JSON; None for nothing.
        changes_plant: writes, which are sent once and never repeated.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = field(default=None, repr=False)
    changes_plant: bool = False

    @property
    def suffix(self) -> str:
        """What is put behind the base address."""
        question = f"?{urlencode(self.query, quote_via=quote)}" if self.query else ""
        return f"/{self.path}{question}"

    @property
    def what(self) -> str:
        """Short name for the traffic: ``tagManagement/Values``."""
        return "/".join(self.path.split("/")[:2])

    def encoded(self) -> bytes:
        """The JSON body."""
        return b"" if self.body is None else _encode(self.body)


_encode = msgspec.json.Encoder().encode


def _name(text: str) -> str:
    """A name as one part of a path."""
    return quote(clean_name(text), safe="")


def server_name(name: str) -> str:
    """The name as the server knows it: without the connection that the desk puts in front."""
    return clean_name(short_name(name))


HELLO = Call("GET", "tagManagement/Connections", (("itemLimit", "1"),))
"""The smallest question, which also tests user and password: there is no login call."""


def listing(path: str, *, point: str = "", limit: int = PAGE_ROWS) -> Call:
    """One page of a list.

    Args:
        path: see the constants and functions below.
        point: where it goes on, as told or guessed by `Pages`; "" for the beginning.
        limit: rows of a page; 0 leaves it to the server.
    """
    query: list[tuple[str, str]] = []
    if limit:
        query.append(("itemLimit", str(limit)))
    if point:
        query.append(("continuationPoint", point))
    return Call("GET", path, tuple(query))


CONNECTIONS = "tagManagement/Connections"
GROUPS = "tagManagement/Groups"
VARIABLES = "tagManagement/variables"
STRUCTURE_TYPES = "tagManagement/StructureTypes"
ARCHIVES = "tagLogging/Archives"
ARCHIVE_VARIABLES = "tagLogging/Variables"
MESSAGES = "alarmLogging/Messages"
MESSAGE_CLASSES = "alarmLogging/MessageClasses"
LIMIT_VALUES = "alarmLogging/LimitValues"
REST_FILTERS = "alarmLogging/RestFilters"


def structure_variables(type_name: str) -> str:
    """Path of the list of a structure type's instances."""
    return f"tagManagement/StructureVariable/{_name(type_name)}"


def variables_of_archive(archive: str) -> str:
    """Path of the list of an archive's variables."""
    return f"tagLogging/Archive/{_name(archive)}/Variables"


def read(names: Sequence[str]) -> Call:
    """Values of many tags; odd characters in names do no harm in a body."""
    asked = [server_name(name) for name in names]
    return Call("POST", "tagManagement/Values", (), {"variableNames": asked})


def write(items: Sequence[WriteItem]) -> Call:
    """Write values, all in one call.

    Raises:
        UsageError: a value that the interface has no form for.
    """
    rows = [
        {"variableName": server_name(item.name), "value": _plain(item.name, item.value)}
        for item in items
    ]
    return Call("PUT", "tagManagement/Values", (), rows, changes_plant=True)


def _plain(name: str, value: Value) -> Value:
    """A value as JSON. Bits go as 1 and 0: the number is what the reference has seen."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(
            "{name} cannot be written: JSON has no form for {value}.",
            cure="Give a finite number.",
            name=name,
            value=str(value),
        )
    if value is None or isinstance(value, list):
        raise UsageError(
            "{name} cannot be written: the interface takes numbers and texts only.",
            cure="Write its elements, or use WinCC itself.",
            name=name,
        )
    return value


def archive_values(archive: str, variable: str, begin: str, end: str, most: int) -> Call:
    """Values of one archive variable between two times, in the plant's zone."""
    query = (("begin", begin), ("end", end), ("maxValues", str(most)))
    path = f"tagLogging/Archive/{_name(archive)}/Values"
    return Call("POST", path, query, {"variableNames": [clean_name(variable)]})


def message_list(filter_name: str) -> Call:
    """The pending messages that a configured filter lets through."""
    return Call("GET", f"alarmLogging/MessageList/{_name(filter_name)}")


def message_archive(filter_name: str, *, long_term: bool, most: int = MOST_MESSAGES) -> Call:
    """Archived messages, at most `most` of them; the interface has no time window."""
    which = "LongTermArchive" if long_term else "ShortTermArchive"
    path = f"alarmLogging/{which}/{_name(filter_name)}"
    return Call("GET", path, (("maxValues", str(most)),))
