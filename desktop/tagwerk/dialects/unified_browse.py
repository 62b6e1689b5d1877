"""Browsed objects of Unified: their kinds, and long lists decoded piece by piece.

The spelling of types in replies is not documented: known words are recognised in any case, the
rest is told from the name.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from tagwerk.dialects.list_splitter import CHUNK_BYTES, ListSplitter
from tagwerk.dialects.unified_replies import decode_answer, result_of
from tagwerk.domain.browse import END, FIELD, BrowseColumns, Words
from tagwerk.domain.tags import BaseType, BrowseItem, TagKind, data_type_from_text


class BrowseBody(msgspec.Struct, gc=False):
    """One ``BrowseTagsResult``."""

    name: str | None = None
    displayName: str | None = None
    objectType: str | None = None
    dataType: str | None = None


_KINDS = {
    "tag": TagKind.TAG,
    "simpletag": TagKind.TAG,
    "hmitag": TagKind.TAG,
    "element": TagKind.TAG,
    "structuretag": TagKind.STRUCTURE,
    "struct": TagKind.STRUCTURE,
    "loggingtag": TagKind.LOGGING_TAG,
    "loggedtag": TagKind.LOGGING_TAG,
    "datalog": TagKind.LOGGING_TAG,
    "alarm": TagKind.ALARM,
    "analogalarm": TagKind.ALARM,
    "discretealarm": TagKind.ALARM,
    "alarmclass": TagKind.OTHER,
    "tagtype": TagKind.TYPE,
    "structuretagtype": TagKind.TYPE,
    "simpletagtype": TagKind.TYPE,
}
_WORD_END = re.compile(r"[^a-z]")

KIND_FILTERS: dict[TagKind, tuple[str, ...]] = {
    TagKind.TAG: ("TAG",),
    TagKind.STRUCTURE: ("STRUCTURETAG",),
    TagKind.LOGGING_TAG: ("LOGGINGTAG",),
    TagKind.ALARM: ("ALARM",),
    TagKind.TYPE: ("TAGTYPE", "STRUCTURETAGTYPE", "SIMPLETAGTYPE"),
    TagKind.OTHER: ("ALARMCLASS",),
}
"""Words of ObjectTypesEnum by kind."""


def kind_of(object_type: str, name: str, data_type: str = "") -> TagKind:
    """What an object is: by the server's word if it is known, else by the shape of its name."""
    word = _WORD_END.sub("", object_type.lower())
    known = _KINDS.get(word)
    if not word:
        return _kind_without_word(name, data_type)
    if known is None:
        if word.endswith("alarm"):
            return TagKind.ALARM
        if ":" in name.partition("::")[2] or (":" in name and "::" not in name):
            return TagKind.LOGGING_TAG if "log" in word else TagKind.OTHER
        known = TagKind.STRUCTURE if "struct" in word else TagKind.TAG
    if known is TagKind.TAG and _WORD_END.sub("", data_type.lower()) in (
        "struct",
        "structure",
        "udt",
    ):
        return TagKind.STRUCTURE
    return known


def _kind_without_word(name: str, data_type: str) -> TagKind:
    """Where a server does not say what an object is: what hangs behind a colon and has a data type
    is a logging tag, else an alarm; what has a data type is a tag.
    """
    local = name.partition("::")[2] or name
    if ":" in local:
        return TagKind.LOGGING_TAG if data_type else TagKind.ALARM
    if local.startswith("@"):
        return TagKind.OTHER
    if data_type_from_text(data_type).base is BaseType.STRUCTURE:
        return TagKind.STRUCTURE
    return TagKind.TAG if data_type else TagKind.OTHER


_known_kinds: dict[tuple[str | None, str | None], tuple[TagKind | None, str, str]] = {}
_MOST_KNOWN_KINDS = 4096
_LONGEST_KEPT = 200
_MARK, _FIELD = END.encode(), FIELD.encode()


def _words_of(words: tuple[str | None, str | None]) -> tuple[TagKind | None, str, str]:
    """Kind (None where only the name tells it), the server's word for it, and data type."""
    known = _known_kinds.get(words)
    if known is None:
        if len(_known_kinds) >= _MOST_KNOWN_KINDS:
            _known_kinds.clear()
        kind_text, data_type = words[0] or "", words[1] or ""
        certain = _WORD_END.sub("", kind_text.lower()) in _KINDS
        fixed = kind_of(kind_text, "", data_type) if certain else None
        known = fixed, kind_text, data_type
        if len(kind_text) + len(data_type) <= _LONGEST_KEPT:
            _known_kinds[words] = known
    return known


def browse_item(body: BrowseBody) -> BrowseItem | None:
    """One browsed object; None when it has no name.

    A quarter of a million objects have a handful of types: each pair of words is looked at once
    and its texts are shared.
    """
    name = body.name
    if not name:
        return None
    kind, kind_text, data_type = _words_of((body.objectType, body.dataType))
    if kind is None:
        kind = kind_of(kind_text, name, data_type)
    return BrowseItem(name, body.displayName or "", kind, data_type, kind_text)


_browse_rows = msgspec.json.Decoder(list[BrowseBody]).decode
_any_rows = msgspec.json.Decoder(list[Any]).decode
_ROWS = TypeVar("_ROWS")


def browse_items(bodies: list[BrowseBody]) -> list[BrowseItem]:
    """Browsed objects; those without a name are left out."""
    known, new = _known_kinds.get, tuple.__new__
    items = [
        new(BrowseItem, (body.name, body.displayName or "", words[0], words[2], words[1]))
        if (words := known((body.objectType, body.dataType))) is not None
        and words[0] is not None
        and body.name
        else browse_item(body)
        for body in bodies
    ]
    return [item for item in items if item is not None]


def browse_columns(bodies: list[BrowseBody]) -> BrowseColumns:
    """As `browse_items`, without an object for each of a million names."""
    pairs = [(body.objectType, body.dataType) for body in bodies]
    numbers: dict[tuple[str | None, str | None], int] = {}
    words: list[Words] = []
    for pair in set(pairs):
        kind, kind_text, data_type = _words_of(pair)
        if kind is None:
            return BrowseColumns.of(browse_items(bodies))
        numbers[pair] = len(words)
        words.append((kind, data_type, kind_text))
    names = _packed([body.name or "" for body in bodies])
    displays = _packed([body.displayName or "" for body in bodies])
    is_plain = names.count(_MARK) == displays.count(_MARK) == len(bodies)
    if not is_plain or _MARK + _MARK in _MARK + names or _FIELD in names or _FIELD in displays:
        return BrowseColumns.of(browse_items(bodies))
    return BrowseColumns(names, displays, array("I", map(numbers.__getitem__, pairs)), words)


def _packed(texts: list[str]) -> bytes:
    """Texts as a column, where each is a text."""
    texts.append("")
    return END.join(texts).encode()


def browse_splitter(chunk_bytes: int = CHUNK_BYTES) -> ListSplitter[BrowseBody]:
    """For a browse answer that comes in parts; rows become objects with `browse_items`."""
    return ListSplitter("browse", _browse_rows, _browse_tolerant, chunk_bytes)


def browse_chunks(data: bytes, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[list[BrowseItem]]:
    """Decode a browse answer, or the rest of one, piece by piece.

    Raises:
        as `result_of`.
    """
    for rows in _chunks(data, browse_splitter(chunk_bytes), "browse", _browse_tolerant):
        items = browse_items(rows)
        if items:
            yield items


def list_chunks(data: bytes, field: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[list[Any]]:
    """Decode the list ``data.field`` piece by piece into plain JSON objects.

    Raises:
        as `result_of`.
    """
    return _chunks(data, ListSplitter(field, _any_rows, list, chunk_bytes), field, list)


def _chunks(
    data: bytes,
    splitter: ListSplitter[_ROWS],
    field: str,
    tolerant: Callable[[list[Any]], list[_ROWS]],
) -> Iterator[list[_ROWS]]:
    view = memoryview(data)
    for start in range(0, len(data), CHUNK_BYTES):
        yield from splitter.feed(view[start : start + CHUNK_BYTES])
    found = result_of(decode_answer(splitter.rest()), field)
    yield tolerant(found if isinstance(found, list) else [])


def _browse_tolerant(entries: list[Any]) -> list[BrowseBody]:
    keys = ("name", "displayName", "objectType", "dataType")
    return [
        BrowseBody(**{key: str(entry[key]) for key in keys if entry.get(key) is not None})
        for entry in entries
        if isinstance(entry, dict)
    ]
