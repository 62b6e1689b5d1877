"""WebSocket frames of a server, and an outlet that never lets them pile up.

The library's send makes a task step a message; at 100,000 a second whole ticks are joined into
one buffer and written to the transport at once. Server frames are unmasked (RFC 6455, section 5).
"""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from collections.abc import Callable

ROOM_BYTES = 4 * 1024 * 1024
"""With more than this waiting in the transport, a connection counts as slow."""
FINISH_POLL_S = 0.02

_TEXT, _CONTINUATION, _FINAL = 0x01, 0x00, 0x80
_SHORT, _LONG = 126, 65_536

Framer = Callable[[bytes], bytes]


def _header(first: int, length: int) -> bytes:
    if length < _SHORT:
        return bytes((first, length))
    if length < _LONG:
        return struct.pack(">BBH", first, 126, length)
    return struct.pack(">BBQ", first, 127, length)


_HEADERS = tuple(_header(_FINAL | _TEXT, length) for length in range(4096))


def frame(payload: bytes) -> bytes:
    """One whole text message."""
    length = len(payload)
    if length < 4096:
        return _HEADERS[length] + payload
    return _header(_FINAL | _TEXT, length) + payload


def fragmenting(size: int) -> Framer:
    """A framer that cuts each message into frames of at most `size` bytes."""
    size = max(size, 1)

    def cut(payload: bytes) -> bytes:
        parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
        last = len(parts) - 1
        return b"".join(
            _header(
                (_TEXT if at == 0 else _CONTINUATION) | (_FINAL if at == last else 0), len(part)
            )
            + part
            for at, part in enumerate(parts)
        )

    return cut


_DEFLATED = 0x40
_TAIL = b"\x00\x00\xff\xff"


def deflating(window_bits: int, size: int = 0) -> Framer:
    """A framer for ``permessage-deflate`` (RFC 7692), each message compressed on its own.

    Args:
        window_bits: as negotiated, 9 to 15.
        size: most bytes of a frame, 0 for one frame a message.
    """

    def pack(payload: bytes) -> bytes:
        packer = zlib.compressobj(wbits=-max(window_bits, 9))
        packed = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
        packed = packed.removesuffix(_TAIL)
        if not size:
            return _header(_FINAL | _DEFLATED | _TEXT, len(packed)) + packed
        first, rest = packed[:size], packed[size:]
        if not rest:
            return _header(_FINAL | _DEFLATED | _TEXT, len(first)) + first
        # Only the first frame of a message says that it is compressed.
        parts = [rest[at : at + size] for at in range(0, len(rest), size)]
        frames = [_header(_DEFLATED | _TEXT, len(first)) + first]
        frames += [_header(_CONTINUATION, len(part)) + part for part in parts[:-1]]
        frames.append(_header(_FINAL | _CONTINUATION, len(parts[-1])) + parts[-1])
        return b"".join(frames)

    return pack


class Outlet:
    """Writes whole buffers of frames to a connection's transport, as long as it has room."""

    def __init__(self, transport: asyncio.WriteTransport, *, room_bytes: int = ROOM_BYTES) -> None:
        self.transport = transport
        self._room_bytes = room_bytes
        self.is_open = True

    def has_room(self) -> bool:
        return self._waiting_bytes() < self._room_bytes

    def write(self, frames: list[bytes]) -> None:
        """Send frames made by `frame` or a `fragmenting` framer."""
        if self.is_open and frames and not self.transport.is_closing():
            self.transport.write(b"".join(frames))

    def close(self) -> None:
        """Nothing may follow a close frame."""
        self.is_open = False

    async def finish(self, timeout_s: float) -> None:
        """Wait until the reader has taken everything; give the connection up when it does not."""
        # A transport tells its protocol, which is the library's, when it has drained: so ask.
        deadline = time.monotonic() + timeout_s
        while self._waiting_bytes() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(FINISH_POLL_S)
        if self._waiting_bytes():
            self.transport.abort()

    def _waiting_bytes(self) -> int:
        # A TLS transport that is closing may have lost what it would ask.
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()
