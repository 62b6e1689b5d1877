"""WebSocket frames of a server, and an outlet that never lets them pile up.

The library's send makes a task step a message; at 100,000 a second whole ticks are joined into
one buffer and written to the transport at once. Server frames are unmasked (RFC 6455, section 5).
"""

from __future__ import annotations

import asyncio
import struct
import time
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


class Outlet:
    """Writes whole buffers of frames to a connection's transport, as long as it has room."""

    def __init__(self, transport: asyncio.WriteTransport, *, room_bytes: int = ROOM_BYTES) -> None:
        self._transport = transport
        self._room_bytes = room_bytes
        self.is_open = True

    def has_room(self) -> bool:
        return self._waiting_bytes() < self._room_bytes

    def write(self, frames: list[bytes]) -> None:
        """Send frames made by `frame` or a `fragmenting` framer."""
        if self.is_open and frames and not self._transport.is_closing():
            self._transport.write(b"".join(frames))

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
            self._transport.abort()

    def _waiting_bytes(self) -> int:
        # A TLS transport that is closing may have lost what it would ask.
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()
