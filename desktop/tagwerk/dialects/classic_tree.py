"""Lists of the WinCC V7/V8 REST service as browsed objects: connections, groups, tags, archives.

Tags of such a project have one flat name space. So that the tree shows connection → group → tag, the
connection and the group are put in front of a name as Unified puts its system: ``PLC_1/Cooling::PV``.
The server never sees that part (`classic.server_name`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tagwerk.dialects.classic_json import Row, first, fold, name_of, text_of
from tagwerk.dialects.classic_values import type_text, value_of
from tagwerk.domain.tags import BaseType, BrowseItem, TagKind, TagLimits, data_type_from_text

_CONNECTION = ("connectionname", "connection", "logicalconnection")
_GROUP = ("groupname", "group", "variablegroup", "taggroup")
_STRUCTURE = ("structuretype", "structurename", "structuretypename")
_PARTS = str.maketrans({".": "·", ":": "·", "/": "∕"})
"""Marks that part names; a connection or a group may have them in its own."""


@dataclass(frozen=True, slots=True)
class ArchiveVariable:
    """One variable of a process value archive, and the tag that it logs ("" when not told)."""

    archive: str
    name: str
    tag: str


def place_of(connection: str, group: str) -> str:
    """What stands in front of ``::``; "" when neither is known."""
    parts = [part.translate(_PARTS) for part in (connection, group) if part]
    return "/".join(parts)


def tag_of(row: Row) -> BrowseItem | None:
    """A row of ``variables``; None when it has no name."""
    name = name_of(row)
    if not name:
        return None
    raw = first(row, "datatype", "type", "vartype", "variabletype", "typename")
    data_type = type_text(raw) if isinstance(raw, str | int) else ""
    place = place_of(text_of(row, *_CONNECTION), text_of(row, *_GROUP))
    full = f"{place}::{name}" if place else name
    structure = text_of(row, *_STRUCTURE)
    kind = TagKind.TAG
    if data_type_from_text(data_type).base is BaseType.STRUCTURE:
        kind = TagKind.STRUCTURE
    display = text_of(row, "displayname", "comment")
    return BrowseItem(full, display or name, kind, data_type or structure, str(raw or ""))


def tags_of(rows: Iterable[Row]) -> list[BrowseItem]:
    """All rows that name a tag."""
    return [item for row in rows if (item := tag_of(row)) is not None]


def archive_variable(row: Row, archive: str) -> ArchiveVariable | None:
    """A row of an archive's variables; None when it has no name.

    The name may carry its archive (``Archive\\Variable``); the tag is told under several keys, or
    has the variable's own name, which is WinCC's default.
    """
    name = text_of(
        row, "archivevariablename", "archivevariable", "variablename", "name", "archivetag"
    )
    if not name:
        return None
    head, mark, tail = name.rpartition("\\")
    archive = archive or text_of(row, "archivename", "archive") or head
    tag = text_of(
        row, "tagname", "processvariable", "processtag", "sourcevariable", "source", "tag"
    )
    if not tag and "name" in row and "variablename" in row and row["name"] != row["variablename"]:
        # Two names: the one is the archive's, the other the process tag's.
        tag, name = text_of(row, "variablename"), text_of(row, "name")
        tail = name.rpartition("\\")[2]
    return ArchiveVariable(archive, tail if mark else name, tag or (tail if mark else name))


def logging_items(
    logged: Iterable[ArchiveVariable], full_names: Mapping[str, str]
) -> list[BrowseItem]:
    """Archive variables as logging tags behind their tags.

    Args:
        logged: from `archive_variable`.
        full_names: name with its place, by the server's name.
    """
    items = []
    for one in logged:
        tag = full_names.get(one.tag, one.tag)
        suffix = f"{one.archive}\\{one.name}".replace(":", "·").replace(".", "·")
        items.append(BrowseItem(f"{tag}:{suffix}", one.name, TagKind.LOGGING_TAG, "", "LOGGINGTAG"))
    return items


_LOW = ("lowlimit", "lowerlimit", "low", "minimum", "min", "lowerlimitvalue", "limitlow")
_HIGH = ("highlimit", "upperlimit", "high", "maximum", "max", "upperlimitvalue", "limithigh")


def limits_of(rows: Iterable[Row]) -> dict[str, TagLimits]:
    """Limit values by the server's tag name: both bounds in one row, or one bound a row."""
    found: dict[str, TagLimits] = {}
    for row in _each_limit(rows):
        tag = text_of(row, "variablename", "tagname", "variable", "tag", "monitoredtag", "name")
        if not tag:
            continue
        low, high = _bound(row, *_LOW), _bound(row, *_HIGH)
        single = _bound(row, "limitvalue", "limit", "value", "comparevalue")
        if low is None and high is None and single is not None:
            words = text_of(row, "type", "limittype", "kind", "direction", "comparison").lower()
            if any(word in words for word in ("low", "unter", "min", "<")):
                low = single
            elif any(word in words for word in ("up", "high", "ober", "max", ">")):
                high = single
        if low is None and high is None:
            continue
        known = found.get(tag, TagLimits())
        # Several limits of a tag: the outermost bound the range.
        found[tag] = TagLimits(_outer(min, known.low, low), _outer(max, known.high, high))
    return found


def _each_limit(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows as they are, or the limits that a row of a tag holds, each with the tag's name."""
    for row in rows:
        inner = first(row, "limits", "limitvalues", "values")
        if isinstance(inner, list):
            for one in inner:
                if isinstance(one, Mapping):
                    yield fold(one) | {"variablename": name_of(row)}
        elif isinstance(inner, Mapping):
            yield fold(inner) | {"variablename": name_of(row)}
        else:
            yield row


def _bound(row: Row, *keys: str) -> float | None:
    value = value_of(first(row, *keys), 9)
    return value if isinstance(value, float) and value == value else None


def _outer(
    choose: Callable[[list[float]], float], one: float | None, other: float | None
) -> float | None:
    values = [value for value in (one, other) if value is not None]
    return choose(values) if values else None
