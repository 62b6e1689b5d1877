"""An answer's body: unpacked and collected within bounds. Used by `transport` alone.

httpx would unpack a part of any size at once; a few kilobytes from a broken or hostile server can
hold gigabytes. Here nothing is unpacked beyond what may still come.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from tagwerk.domain.errors import ProtocolError

ACCEPTED = "gzip, deflate"
"""The header ``Accept-Encoding``: what `BodyCollector` can unpack."""
_STEP_BYTES = 256 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS


class BodyTaker(Protocol):
    """Takes a large body while it arrives, instead of the whole at its end."""

    def begin(self) -> None:
        """An answer begins; what came of an earlier one, that broke off, is void."""
        ...

    async def take(self, plain: bytes) -> None:
        """The next bytes, unpacked. While this waits, nothing more is read: that slows the server
        down instead of filling the memory."""
        ...

    def rest(self) -> bytes:
        """At the end: an answer of the same shape with what was not taken."""
        ...


class BodyCollector:
    """Takes the parts of one body as they come from the network.

    Args:
        encoding: the header ``Content-Encoding``.
        most_bytes: how large the unpacked body may become.
        host: who sent it, for the errors.

    Raises:
        ProtocolError: packed in a way that was not asked for.
    """

    def __init__(self, encoding: str, most_bytes: int, host: str) -> None:
        self._most_bytes = most_bytes
        self._host = host
        self._data = bytearray()
        self.size = 0
        """Bytes so far, unpacked."""
        self.received = 0
        """Bytes that came over the network, still packed."""
        word = encoding.strip().lower()
        self._packed = word not in ("", "identity")
        self._wbits = _GZIP_OR_ZLIB
        self._unpacker = zlib.decompressobj(self._wbits)
        if self._packed and word not in ("gzip", "x-gzip", "deflate"):
            raise ProtocolError(
                "{host} packs its answers in a way that was not asked for: {encoding}",
                cure="Switch this compression off in the web server, or in the proxy before it.",
                host=host,
                encoding=word[:60],
            )

    def take(self, part: bytes) -> None:
        """One part, as it came, is kept for `finish`.

        Raises:
            ProtocolError: it is too large, or cannot be unpacked.
        """
        for plain in self.plain(part):
            self._data += plain

    def plain(self, part: bytes) -> Iterator[bytes]:
        """One part, as it came, unpacked in pieces that are not kept here.

        Raises:
            as `take`.
        """
        self.received += len(part)
        for plain in self._unpacked(part) if self._packed else (part,):
            self._count(plain)
            yield plain

    def _count(self, plain: bytes) -> None:
        if self.size + len(plain) > self._most_bytes:
            raise ProtocolError(
                "The answer of {host} is larger than {limit} MB.",
                cure="Ask for less at once, for instance a shorter span.",
                code="too_large",
                host=self._host,
                limit=max(self._most_bytes // 1_000_000, 1),
            )
        self.size += len(plain)

    def _unpacked(self, part: bytes) -> Iterator[bytes]:
        left = part
        while left:
            if self._unpacker.eof:
                # Another member begins, as gzip allows.
                self._unpacker = zlib.decompressobj(self._wbits)
            try:
                plain = self._unpacker.decompress(left, _STEP_BYTES)
            except zlib.error as problem:
                if self._wbits == _BARE or self.size or self.received > len(part):
                    raise self._broken() from problem
                # “deflate” without the frame that belongs round it, as some servers send it.
                self._wbits = _BARE
                self._unpacker = zlib.decompressobj(_BARE)
                continue
            yield plain
            left = self._unpacker.unused_data or self._unpacker.unconsumed_tail

    def finish(self) -> bytes:
        """The whole body, unpacked; nothing where `plain` was used.

        Raises:
            ProtocolError: the packed data end in the middle.
        """
        if self._packed and self.received and not self._unpacker.eof:
            raise self._broken()
        return bytes(self._data)

    def _broken(self) -> ProtocolError:
        return ProtocolError(
            "The packed answer of {host} cannot be unpacked.",
            cure="Check the web server's compression, or a proxy in between.",
            host=self._host,
        )
