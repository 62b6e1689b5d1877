"""A TCP socket for the value stream, made as the stream needs it. Used by `stream`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

RECEIVE_BUFFER_BYTES = 128 * 1024
_GIVE_UP_S = 5
_WINDOWS_TCP_MAXRT = 5


def _bound_retransmission(made: socket.socket) -> None:
    """Let the system give up within seconds what it cannot deliver, where it can be told to: a
    server that answers no pings shows in no other way that its socket is dead.
    """
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            made.setsockopt(socket.IPPROTO_TCP, _WINDOWS_TCP_MAXRT, _GIVE_UP_S)
        elif hasattr(socket, "TCP_USER_TIMEOUT"):
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GIVE_UP_S * 1000)


async def connected_socket(host: str, port: int) -> socket.socket:
    """A connected socket with a small receive buffer: the back-pressure's other half."""
    loop = asyncio.get_running_loop()
    problem: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            _bound_retransmission(made)
            made.setblocking(False)
            await loop.sock_connect(made, address)
        except OSError as failed:
            made.close()
            problem = failed
        except BaseException:
            made.close()
            raise
        else:
            return made
    raise problem or OSError("no address")
