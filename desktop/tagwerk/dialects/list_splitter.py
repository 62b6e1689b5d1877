"""Cuts one long list out of an answer while its bytes still arrive.

Bytes in, decoded rows out, a few thousand at a time; what is left at the end is a small document
of the same shape with the last rows, which the usual decoder reads together with ``errors[]``.
No I/O. Used by the browse and by lists of alarms, for answers in parts and for whole ones alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tagwerk.dialects.base import UNREADABLE, decode_json

ROW = TypeVar("ROW")
CHUNK_BYTES = 512_000
"""Some 4,000 rows of a browse: less than two milliseconds of decoding, in which nobody else runs."""
MOST_HEAD_BYTES = 64_000
"""The list begins within so many bytes, or the answer is read as a whole."""
_MOST_HEADS = 8
_MOST_OVERLONG = 8
"""A row that is longer than so many chunks is none: the rest is read as a whole."""
_BETWEEN = re.compile(rb"\}\s*,\s*\{")
_LONGEST_BETWEEN = 256


class ListSplitter(Generic[ROW]):
    """Cuts the list ``data.field`` between two of its objects.

    Whether a ``},{`` stands between two rows is decided by decoding: one inside a text leaves the
    text open, one inside a nested list leaves that list open, one behind the list has closed it,
    and none of these is a JSON list. So no bytes can be cut wrongly, whatever they hold.

    Args:
        field: of ``data``.
        decode: bytes of a JSON list to rows; raises `UNREADABLE` for what it does not read.
        tolerant: rows from a decoded list of any shape, where `decode` failed.
        chunk_bytes: size of a piece, at least.
    """

    def __init__(
        self,
        field: str,
        decode: Callable[[bytes], list[ROW]],
        tolerant: Callable[[list[Any]], list[ROW]],
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        self._field = field
        self._decode = decode
        self._tolerant = tolerant
        self._chunk_bytes = max(chunk_bytes, 1)
        self._begin = re.compile(rb'"data"\s*:\s*\{\s*"%b"\s*:\s*\[' % re.escape(field.encode()))
        self._buffer = bytearray()
        self._head: bytes | None = None
        self._search_from = self._chunk_bytes
        self._step = 1
        self._is_whole = False

    def feed(self, data: bytes | bytearray | memoryview) -> list[list[ROW]]:
        """Take more bytes; returns what is complete now, in order."""
        self._buffer += data
        if self._is_whole or (self._head is None and not self._find_head()):
            return []
        found = []
        while (piece := self._cut()) is not None:
            found.append(piece)
        return found

    def rest(self) -> bytes:
        """The answer without the rows that were handed out: all of it where nothing was."""
        return (self._head or b"") + bytes(self._buffer)

    def _find_head(self) -> bool:
        ends = [match.end() for match in self._begin.finditer(self._buffer, 0, MOST_HEAD_BYTES)]
        for end in ends[:_MOST_HEADS]:
            head = bytes(self._buffer[:end])
            if self._is_head(head):
                self._head = head
                del self._buffer[:end]
                return True
        self._is_whole = len(self._buffer) > MOST_HEAD_BYTES
        return False

    def _is_head(self, head: bytes) -> bool:
        """Whether it is the list itself that begins here, not its name in a text."""
        try:
            body = decode_json(head + b"]}}")
        except ValueError:
            return False
        data = body.get("data") if isinstance(body, dict) else None
        return isinstance(data, dict) and data.get(self._field) == []

    def _cut(self) -> list[ROW] | None:
        """The next piece, when its end has arrived."""
        buffer = self._buffer
        while (between := _BETWEEN.search(buffer, self._search_from)) is not None:
            rows = self._rows(b"".join((b"[", memoryview(buffer)[: between.start() + 1], b"]")))
            if rows is not None:
                del buffer[: between.end() - 1]
                self._search_from, self._step = self._chunk_bytes, 1
                return rows
            # Ever longer steps: a text full of such marks must not cost a decoding for each.
            self._search_from = between.start() + self._step
            self._step *= 2
            if self._search_from > _MOST_OVERLONG * self._chunk_bytes + MOST_HEAD_BYTES:
                self._is_whole = True
                return None
        # The mark may arrive in two parts.
        self._search_from = max(self._search_from, len(buffer) - _LONGEST_BETWEEN)
        return None

    def _rows(self, piece: bytes) -> list[ROW] | None:
        try:
            return self._decode(piece)
        except UNREADABLE:
            pass
        try:
            entries = decode_json(piece)
        except ValueError:
            return None
        return self._tolerant(entries)
