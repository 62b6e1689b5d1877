"""An answer's body: unpacked and collected within bounds. Used by `transport` alone.

httpx would unpack a part of any size at once; a few kilobytes from a broken or hostile server can
hold gigabytes. Here nothing is unpacked beyond what may still come.
"""

from __future__ import annotations

import zlib

from tagwerk.domain.errors import ProtocolError

ACCEPTED = "gzip, deflate"
"""The header ``Accept-Encoding``: what `BodyCollector` can unpack."""
_STEP_BYTES = 256 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS


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
        """One part, as it came.

        Raises:
            ProtocolError: it is too large, or cannot be unpacked.
        """
        self.received += len(part)
        if self._packed:
            self._unpack(part)
        else:
            self._add(part)

    def _add(self, plain: bytes) -> None:
        if len(self._data) + len(plain) > self._most_bytes:
            raise ProtocolError(
                "The answer of {host} is larger than {limit} MB.",
                cure="Ask for less at once, for instance a shorter span.",
                code="too_large",
                host=self._host,
                limit=max(self._most_bytes // 1_000_000, 1),
            )
        self._data += plain

    def _unpack(self, part: bytes) -> None:
        left = part
        while left:
            if self._unpacker.eof:
                # Another member begins, as gzip allows.
                self._unpacker = zlib.decompressobj(self._wbits)
            try:
                plain = self._unpacker.decompress(left, _STEP_BYTES)
            except zlib.error as problem:
                if self._wbits == _BARE or self._data or self.received > len(part):
                    raise self._broken() from problem
                # “deflate” without the frame that belongs round it, as some servers send it.
                self._wbits = _BARE
                self._unpacker = zlib.decompressobj(_BARE)
                continue
            self._add(plain)
            left = self._unpacker.unused_data or self._unpacker.unconsumed_tail

    def finish(self) -> bytes:
        """The whole body, unpacked.

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
