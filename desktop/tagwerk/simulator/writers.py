"""Compiled writers: a pushed value straight to the bytes of its message.

A subscription's selection is run once on a source with marks in place of name, value and time;
its JSON, cut at the marks, is the template of all messages with the same quality and reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

import msgspec

from tagwerk.domain.values import Value
from tagwerk.simulator.selection import Picker, RootField
from tagwerk.simulator.state import LoggedRow, QualityWords
from tagwerk.simulator.wire import Wire

ADDED, MODIFIED, REMOVED = "Added", "Modified", "Removed"

_encode = msgspec.json.Encoder().encode
# Private use characters: no name of the schema and no word of the interface holds them.
_NAME, _VALUE, _TIME = "\ue000", "\ue001", "\ue002"
_MARKS = re.compile('"([\ue000-\ue002])"')
_Arguments = Callable[[tuple[str, str, str]], tuple[str, ...]]
_Template = tuple[str, _Arguments]
_TEMPLATES_KEPT = 4096


def next_message(identity: str, key: str, data: bytes) -> bytes:
    """A ``next`` message around one root field's JSON."""
    return b'{"id":%b,"type":"next","payload":{"data":{%b:%b}}}' % (
        _encode(identity),
        _encode(key),
        data,
    )


def json_text(text: str) -> str:
    """A JSON string, quotes included."""
    return encode_basestring(text)


def value_encoder(wire: Wire, data_type: str) -> Callable[[Any], str]:
    """The function that writes a tag's values as JSON, as `Wire.value` means them."""

    def slow(value: Value) -> str:
        return _encode(wire.value(value, data_type)).decode()

    def encoded(value: Value) -> str:
        kind = type(value)
        if kind is float:
            return repr(value) if math.isfinite(value) else slow(value)  # type: ignore[arg-type]
        if kind is bool:
            return "true" if value else "false"
        if kind is int and not is_reshaped:
            return repr(value)
        return slow(value)

    is_reshaped = type(wire.value(2**62, data_type)) is not int
    return encoded


class TagWriter:
    """Writes the ``next`` messages of one ``tagValues`` subscription.

    Args:
        wire: spelling.
        identity: the subscription's id.
        field: its compiled root field.
    """

    def __init__(self, wire: Wire, identity: str, field: RootField) -> None:
        self._wire = wire
        self._identity = identity
        self._field = field
        self._form = b"[%b]" if wire.pushes_lists else b"%b"
        self._by_object: dict[int, tuple[QualityWords, str, _Arguments]] = {}
        self._by_words: dict[tuple[QualityWords, str], _Template] = {}

    def modified(self, name: str, value: str, time: str, quality: QualityWords) -> bytes:
        """A change; name and value as JSON texts, time as text without quotes."""
        # Qualities are few and shared: their identity spares hashing four words a message.
        found = self._by_object.get(id(quality))
        if found is None or found[0] is not quality:
            template, arguments = self._template(quality, MODIFIED)
            if len(self._by_object) >= _TEMPLATES_KEPT:
                self._by_object.clear()
            self._by_object[id(quality)] = (quality, template, arguments)
        else:
            _, template, arguments = found
        return (template % arguments((name, value, time))).encode()

    def value(self, name: str, value: str, time: str, quality: QualityWords, reason: str) -> bytes:
        """Any notification with a value."""
        template, arguments = self._template(quality, reason)
        return (template % arguments((name, value, time))).encode()

    def error(self, fields: dict[str, Any], reason: str) -> bytes:
        """A notification of a name that does not resolve."""
        source = {**fields, "notificationReason": reason}
        data = self._form % _encode(self._field.pick(source))
        return next_message(self._identity, self._field.key, data)

    def _template(self, quality: QualityWords, reason: str) -> _Template:
        found = self._by_words.get((quality, reason))
        if found is None:
            if len(self._by_words) >= _TEMPLATES_KEPT:
                self._by_words.clear()
            found = self._by_words[quality, reason] = self._compile(quality, reason)
        return found

    def _mark(self, quality: QualityWords) -> str | None:
        """The place of the value; none where it is not told."""
        return None if self._wire.bad_is_null and quality.is_bad else _VALUE

    def _compile(self, quality: QualityWords, reason: str) -> _Template:
        source = {
            "name": _NAME,
            "value": {
                "value": self._mark(quality),
                "timestamp": _TIME,
                "quality": self._wire.quality(quality),
            },
            "error": self._wire.success(),
            "notificationReason": self._wire.modified_word if reason == MODIFIED else reason,
        }
        data = self._form % _encode(self._field.pick(source))
        return _cut(next_message(self._identity, self._field.key, data).decode())


class RowWriter:
    """Writes the rows of one logging tag, as `Wire.logged_rows` means them.

    Args:
        wire: spelling.
        pick: the compiled selection of a row.
        data_type: of the logging tag.
    """

    def __init__(self, wire: Wire, pick: Picker, data_type: str) -> None:
        self._wire = wire
        self._pick = pick
        self._encode = value_encoder(wire, data_type)
        self._templates: dict[tuple[QualityWords, tuple[str, ...] | None], _Template] = {}

    def write(self, rows: Iterable[LoggedRow]) -> bytes:
        """The rows as JSON, parted by commas."""
        return ",".join(map(self._row, rows)).encode()

    def _mark(self, quality: QualityWords) -> str | None:
        """The place of the value; none where it is not told."""
        return None if self._wire.bad_is_null and quality.is_bad else _VALUE

    def _row(self, row: LoggedRow) -> str:
        found = self._templates.get((row.quality, row.flags))
        if found is None:
            source = {
                "value": {
                    "value": self._mark(row.quality),
                    "timestamp": _TIME,
                    "quality": self._wire.quality(row.quality),
                },
                "flags": None if row.flags is None else list(row.flags),
            }
            found = _cut(_encode(self._pick(source)).decode())
            self._templates[row.quality, row.flags] = found
        template, arguments = found
        return template % arguments(("", self._encode(row.value), self._wire.time(row.time_ns)))


def _cut(text: str) -> _Template:
    """JSON with marks as a template, and the order of its places."""
    pieces = _MARKS.split(text.replace("%", "%%"))
    order = ["\ue000\ue001\ue002".index(mark) for mark in pieces[1::2]]
    # Name and value come as JSON, quotes included; the time is plain and gets its quotes here.
    places = ("%s", "%s", '"%s"')
    template = pieces[0]
    for place, constant in zip(order, pieces[2::2], strict=True):
        template += places[place] + constant
    return template, _arguments(order)


def _arguments(order: list[int]) -> _Arguments:
    if order == [0, 1, 2]:
        return lambda values: values
    if not order:
        return lambda values: ()
    if len(order) == 1:
        only = order[0]
        return lambda values: (values[only],)
    return itemgetter(*order)
