"""The last touch on finished answers and messages: keys nobody asked for, styles, groups of tags.

Works on whole JSON texts, after they are made, so that the two ways of making them need not know;
only servers with one of these switches go through here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

import msgspec

from tagwerk.simulator.frames import Framer, Outlet
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.variants import BARE_MARK

Edit = Callable[[bytes], bytes]

_BARE = re.compile(b'"' + BARE_MARK.encode() + b'(-?[A-Za-z]+)"')
_ID = re.compile(rb'\{"id":"(0|[1-9]\d{0,14})"')
_EXTENSIONS = b'"extensions":{"tracing":{"version":1,"duration":1234},"server":"demo"}'
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def _with_extensions(answer: bytes) -> bytes:
    return answer[:-1] + b"," + _EXTENSIONS + b',"serverTime":1750000000123}'


def _message_with_extensions(message: bytes) -> bytes:
    if b'"type":"next"' in message[:300] and message.endswith(b"}}"):
        return message[:-2] + b"," + _EXTENSIONS + b'},"sequence":1}'
    return message[:-1] + b',"sequence":1}'


def _with_bare_words(text: bytes) -> bytes:
    return _BARE.sub(rb"\1", text)


def _ascii(text: bytes) -> bytes:
    return json.dumps(json.loads(text)).encode()


def _pretty(text: bytes) -> bytes:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode()


def _numeric_id(message: bytes) -> bytes:
    return _ID.sub(rb'{"id":\1', message, count=1)


def styles(switches: Switches) -> list[Edit]:
    """What answers of both faces and messages have in common."""
    edits: list[Edit] = []
    if switches.on("nan-bare"):
        edits.append(_with_bare_words)
    style = switches.text("json-style")
    if style:
        edits.append(_ascii if style == "ascii" else _pretty)
    return edits


def answer_edits(switches: Switches) -> tuple[Edit, ...]:
    """What is done to the body of each GraphQL answer."""
    edits: list[Edit] = []
    empty = switches.text("empty-errors")
    if empty:
        word = b"[]" if empty == "list" else b"null"
        edits.append(
            lambda answer: (
                b'{"errors":' + word + b"," + answer[1:]
                if answer.startswith(b'{"data":')
                else answer
            )
        )
    if switches.on("extensions"):
        edits.append(_with_extensions)
    return (*edits, *styles(switches))


def message_edits(switches: Switches) -> tuple[Edit, ...]:
    """What is done to each message of a WebSocket."""
    edits: list[Edit] = []
    empty = switches.text("empty-errors")
    if empty:
        word = b"[]" if empty == "list" else b"null"
        start = b'"payload":{"data":'
        edits.append(
            lambda message: message.replace(start, b'"payload":{"errors":' + word + b',"data":', 1)
        )
    if switches.on("numeric-ids"):
        edits.append(_numeric_id)
    if switches.on("extensions"):
        edits.append(_message_with_extensions)
    return (*edits, *styles(switches))


def together(messages: Iterable[bytes], most: int) -> list[bytes]:
    """Neighbouring notifications of one subscription as one message with a list of up to `most`."""
    joined: list[bytes] = []
    start, count = b"", 0
    for message in messages:
        head, mark, rest = message.partition(b'":[')
        is_list = bool(mark) and b'"type":"next"' in head and rest.endswith(b"]}}}")
        if is_list and start == head and count < most:
            joined[-1] = joined[-1][:-4] + b"," + rest
            count += 1
        else:
            joined.append(message)
            start, count = (head, 1) if is_list else (b"", 0)
    return joined


class EditingOutlet(Outlet):
    """An outlet that takes messages without frames and edits them before they go.

    Args:
        inner: the outlet whose transport is used.
        edits: done to each message.
        most_together: so many tags in a message, 0 or 1 for one each.
        framer: makes a frame of a finished message.
    """

    def __init__(
        self, inner: Outlet, edits: tuple[Edit, ...], most_together: int, framer: Framer
    ) -> None:
        super().__init__(inner.transport)
        self._edits = edits
        self._most = most_together
        self._framer = framer

    def write(self, frames: list[bytes]) -> None:
        """Edit, frame and send messages."""
        messages = together(frames, self._most) if self._most > 1 else frames
        finished: list[bytes] = []
        for message in messages:
            for edit in self._edits:
                message = edit(message)
            finished.append(self._framer(message))
        super().write(finished)


def as_is(message: bytes) -> bytes:
    """The framer before an `EditingOutlet`, which frames by itself."""
    return message
