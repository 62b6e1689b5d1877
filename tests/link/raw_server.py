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
async def serving(handler, *, ssl=None):
    """Serves on loopback with `handler(reader, writer)` and gives the port; at the end nobody is
    left half taken: a socket whose connection nobody owns yet would be found long after."""
    at_work = set()

    async def handle(reader, writer):
        task = asyncio.current_task()
        at_work.add(task)
        try:
            await handler(reader, writer)
        finally:
            at_work.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=ssl)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        # A connection that was just accepted gets its task a turn later.
        for _ in range(5):
            await asyncio.sleep(0)
        if at_work:
            _done, late = await asyncio.wait(set(at_work), timeout=2)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)


@asynccontextmanager
async def saying(answer, *, ssl=None):
    """Serves on loopback and gives the port. `answer`: bytes, or called with the request, None to
    keep silent; an empty answer hangs up."""
    held = []

    async def serve(reader, writer):
        try:
            request = await _read_request(reader)
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

    async with serving(serve, ssl=ssl) as port:
        try:
            yield port
        finally:
            for writer in held:
                writer.transport.abort()
