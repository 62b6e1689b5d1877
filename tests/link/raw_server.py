"""A server that says exactly the bytes that a test gives it; on the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager

PAGE = (
    "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
    "{headers}Connection: close\r\n\r\n"
)


def http(status, body=b"", *, kind="text/html", headers=""):
    """An HTTP answer as bytes."""
    head = PAGE.format(status=status, reason="X", kind=kind, length=len(body), headers=headers)
    return head.encode() + body


async def _read_request(reader):
    """All of an HTTP request, or whatever comes; b"" when the client hangs up."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = await reader.read(4096)
        if not more:
            return data
        data += more
        if not data[:4].isalpha() and not data.startswith(b"GET "):
            return data  # no HTTP: a greeting of TLS or OPC UA
        if data[:4] == b"HELF":
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            missing = int(line.partition(b":")[2]) - len(body)
            while missing > 0:
                more = await reader.read(missing)
                if not more:
                    break
                data += more
                missing -= len(more)
    return data


@asynccontextmanager
async def saying(answer, *, ssl=None):
    """Serves on loopback and gives the port. `answer`: bytes, or called with the request, None to
    keep silent; an empty answer hangs up."""
    seen = []
    held = []

    async def serve(reader, writer):
        try:
            request = await _read_request(reader)
            seen.append(request)
            said = answer(request) if callable(answer) else answer
            if said is None:
                held.append(writer)
                await reader.read()
            else:
                writer.write(said)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ssl)
    port = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.close()
        for writer in held:
            writer.transport.abort()
        # A connection that was just accepted gets its task a turn later.
        for _ in range(5):
            await asyncio.sleep(0)
        # Until the last one is served out, so that no task and no socket outlives the test.
        others = {
            task
            for task in asyncio.all_tasks()
            if getattr(task.get_coro(), "__qualname__", "").endswith("saying.<locals>.serve")
        }
        if others:
            _done, late = await asyncio.wait(others, timeout=2)
            for task in late:
                task.cancel()
        await server.wait_closed()
