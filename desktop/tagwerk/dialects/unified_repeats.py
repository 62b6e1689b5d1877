"""Reads a pushed value by what is the same in every message of its tag.

More than twice as fast where messages that follow each other carry one time stamp, as the changes of
one cycle do; where each carries its own, reading that is most of the work, and nothing is won.

Two messages of one tag differ in the value and in the time stamp. What stands before the value (the
operation and the name) and what stands behind the time stamp (quality, no error, the reason) is
taken from a message that the typed decoder has read, and proved on it. A message that begins and
ends with such bytes is read by them; any other goes to the typed decoder, so that both give the same
for all that a server may send (a property test holds them together).

Pure; used by `link.frames` alone, one object a connection, on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from tagwerk.dialects.base import UNREADABLE
from tagwerk.dialects.names import Echoes
from tagwerk.dialects.unified_replies import decode_value_frame
from tagwerk.dialects.unified_values import (
    NEEDS_CARE,
    TagBody,
    ValueBody,
    new_sample,
    parse_timestamp,
    quality_from_body,
    value_from_json,
)
from tagwerk.domain.values import NO_COMMUNICATION, Quality, Sample

_BEFORE_VALUE = b'","value":{"value":'
_QUOTE = b'"'
_BEFORE_TIME = b',"timestamp":"'
_NOT_READ = (*UNREADABLE, KeyError)
_PROBE = "another value"
_PROBE_TIME = "1999-12-31T23:59:59.000Z"
_PROBE_NAME = "Another::Name"
_PROBE_OPERATION = "another operation"
_MOST_CREDIT = 1000
_CREDIT_A_MESSAGE = 1 / 16
"""Where no end comes twice, proving each would cost more than it saves: one message in sixteen."""
_MOST_ENDS = 256
_MOST_TIMES = 1024
"""A cycle's changes have one stamp and come together; thousands kept were megabytes and no gain."""
_MOST_NAMES = 500_000
_LONGEST = 1000
"""A longer beginning or end is none that comes again and again."""
_NO_END = b"\0"
"""No message ends with it: it is not JSON."""
_decode = msgspec.json.Decoder().decode


class Asking(Protocol):
    """A running subscription."""

    echoes: Echoes


class Repeats:
    """What the messages of one connection have in common, as far as it was learned."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        """Asked names by all that stands before the value, `_BEFORE_VALUE` included."""
        self._ends: dict[bytes, Quality] = {}
        """Qualities by all that stands behind the time stamp's quotation mark."""
        self._times: dict[bytes, int] = {}
        self._fronts: dict[str, tuple[bytes, int]] = {}
        """By operation: what stands before a name, and how many names were asked for."""
        self._frame = b""
        """A front without its operation: all have the same, so that every end fits every front."""
        self._start = 0
        """How long the front of the last message was."""
        self._credit = float(_MOST_CREDIT)
        self._last: tuple[bytes, int | None, Quality] = (_NO_END, None, NO_COMMUNICATION)

    def check(self, running: Mapping[str, Asking]) -> None:
        """Forget names that are no longer asked for. To be called before `read`, and whenever
        subscriptions may have ended since; names are never added to a running one.
        """
        for operation, (front, count) in list(self._fronts.items()):
            asking = running.get(operation)
            if asking is not None and len(asking.echoes) == count:
                continue
            wanted = asking.echoes.names if asking is not None else frozenset()
            # Not in place: `read` may be going through the old one.
            self._names = {
                head: name
                for head, name in self._names.items()
                if name in wanted or not head.startswith(front)
            }
            if asking is None:
                del self._fronts[operation]
            else:
                self._fronts[operation] = (front, len(asking.echoes))

    def read(
        self,
        messages: list[bytes],
        received_ns: int,
        samples: list[Sample],
        other: Callable[[bytes], None],
    ) -> None:
        """Add the samples of messages, in their order, to `samples`.

        Args:
            messages: whole messages, as they came.
            received_ns: when.
            samples: is added to.
            other: takes a message that is not known; it may add samples, `learn` and `check`.
        """
        if self._credit < _MOST_CREDIT:
            self._credit += len(messages) * _CREDIT_A_MESSAGE
        names = self._names
        start = self._start
        end, time_ns, quality = self._last
        cut = -len(end)
        skip = len(_BEFORE_VALUE)
        append = samples.append
        for data in messages:
            # One character is found four times as fast as `_BEFORE_VALUE`, which is in the key.
            at = data.find(_QUOTE, start) + skip
            try:
                try:
                    name = names[data[:at]]
                except KeyError:
                    start = self._start = self._start_of(data)
                    at = data.find(_QUOTE, start) + skip
                    name = names[data[:at]]
                if data[cut:] != end:
                    end, time_ns, quality = self._last = self._end_of(data, at)
                    cut = -len(end)
                value = _decode(data[at:cut])
            except _NOT_READ:
                other(data)
                names = self._names
                continue
            if value.__class__ in NEEDS_CARE:
                value = value_from_json(value)
            append(new_sample(Sample, (name, value, quality, time_ns, received_ns, None)))

    def _start_of(self, data: bytes) -> int:
        """Where the name begins. KeyError when no front is known that is this message's."""
        for front, _ in self._fronts.values():
            if data.startswith(front):
                return len(front)
        raise KeyError(data)

    def _end_of(self, data: bytes, at: int) -> tuple[bytes, int | None, Quality]:
        """All behind the value, and what it says. KeyError when it is not known.

        A value cannot hold what is looked for: in a text its quotation marks would be escaped, and
        an object would be cut off inside, which makes no value of what stands before it.
        """
        start = data.find(_BEFORE_TIME, at)
        if start < 0:
            raise KeyError(data)
        time, _, rest = data[start + len(_BEFORE_TIME) :].partition(b'"')
        quality = self._ends[rest]
        time_ns = self._times.get(time)
        if time_ns is None:
            text = time.decode()
            if not _is_plain(text):
                raise KeyError(text)
            time_ns = parse_timestamp(text)
            if time_ns is not None:
                if len(self._times) >= _MOST_TIMES:
                    self._times.clear()
                self._times[time] = time_ns
        return data[start:], time_ns, quality

    def learn(self, data: bytes, operation: str, body: TagBody, name: str, echoes: Echoes) -> None:
        """Learn from a message that was read.

        Args:
            data: as it came.
            operation: its subscription.
            body: what the typed decoder read.
            name: the asked name that was found behind its echo.
            echoes: of the subscription.
        """
        if body.value is None or body.error is not None or not _is_plain(body.name):
            return
        head, _, rest = data.partition(_BEFORE_VALUE)
        end = rest.partition(_BEFORE_TIME)[2].partition(b'"')[2]
        front = head.removesuffix(body.name.encode())
        if not end or front == head or len(head) > _LONGEST or len(end) > _LONGEST:
            return
        known = self._fronts.get(operation)
        if known is not None and known[0] != front:
            return
        if known is None or end not in self._ends:
            if self._credit < 1:
                return
            self._credit -= 1
            if not _is_proved(front, end, operation, body, body.value):
                return
            if known is None and not self._take_front(front, operation, echoes):
                return
            if len(self._ends) >= _MOST_ENDS:
                self._ends.clear()
            self._ends[end] = quality_from_body(body.value.quality)
        if len(self._names) < _MOST_NAMES:
            self._names[head + _BEFORE_VALUE] = name

    def _take_front(self, front: bytes, operation: str, echoes: Echoes) -> bool:
        """Know all names of a subscription by its first message."""
        frame = front.replace(f'"{operation}"'.encode(), b'""', 1)
        if frame == front or (self._frame and frame != self._frame):
            return False
        self._frame = frame
        self._fronts[operation] = (front, len(echoes))
        self._names.update(
            (front + name.encode() + _BEFORE_VALUE, name)
            for name in echoes.names
            if _is_plain(name)
        )
        return True


def _is_proved(front: bytes, end: bytes, operation: str, body: TagBody, value: ValueBody) -> bool:
    """Another operation, name, value and time between the same pieces are read as just that.

    All four, because all four are put together with pieces of other messages: an end that repeats
    a name or an id would have the last word on it.
    """
    other = front.replace(f'"{operation}"'.encode(), f'"{_PROBE_OPERATION}"'.encode(), 1)
    probe = b'%b%b%b"%b"%b%b"%b' % (
        other, _PROBE_NAME.encode(), _BEFORE_VALUE, _PROBE.encode(), _BEFORE_TIME,
        _PROBE_TIME.encode(), end,
    )  # fmt: skip
    probed = replace(value, value=_PROBE, timestamp=_PROBE_TIME)
    expected = replace(body, name=_PROBE_NAME, value=probed)
    try:
        message: Any = decode_value_frame(probe)
        is_read = message.id == _PROBE_OPERATION and message.payload.data.tagValues == expected
        return bool(is_read)
    except (*UNREADABLE, AttributeError):
        return False


def _is_plain(text: str) -> bool:
    """It stands in JSON as it is: nothing in it is escaped."""
    return text != "" and text.isprintable() and '"' not in text and "\\" not in text
