"""How a server answers over HTTP: form of the body, headers, delays, refusals and faults.

The plain server needs none of it; `HttpManners.plays` says whether a switch does. What an answer
says is none of its business. Called by `server` as a middleware, for finished answers and before
headers leave.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import HttpVersion10, web

from tagwerk.simulator.rewriting import Edit
from tagwerk.simulator.switches import Switches

CONTENT_TYPES = {
    "": "application/json; charset=utf-8",
    "graphql": "application/graphql-response+json; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "octet-stream": "application/octet-stream",
}
MOST_CHUNKS = 20_000
_BOM = b"\xef\xbb\xbf"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def page(status: int) -> web.Response:
    """An error page in HTML, as a web server in front sends it."""
    reason = HTTPStatus(status).phrase
    return web.Response(
        status=status,
        text=f"<!DOCTYPE html>\n<html><head><title>{reason}</title></head>\n<body><h2>{reason}</h2>"
        f"<hr><p>HTTP Error {status}. The request could not be served.</p></body></html>\n",
        content_type="text/html",
    )


def cut(request: web.BaseRequest) -> web.Response:
    """Break the connection at once; the response is for the library and reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=204)


class HttpManners:
    """The manners of one server.

    Args:
        switches: which of them it has.
        clock_ns: its wall time, for the Date header.
        edits: what is done to each finished body.
        methods: requests that count for each so manieth one.
    """

    def __init__(
        self,
        switches: Switches,
        clock_ns: Callable[[], int],
        edits: tuple[Edit, ...],
        *,
        methods: frozenset[str] = frozenset({"POST"}),
    ) -> None:
        self._clock_ns = clock_ns
        self._edits = edits
        self._methods = methods
        self._has_bom = switches.on("bom")
        self._coding = switches.text("compress")
        self._chunk = int(switches.number("chunked", 0))
        self._content_type = CONTENT_TYPES[switches.text("content-type")]
        self._closes = switches.on("connection-close")
        self._is_http10 = switches.on("http10")
        self._tells_date = switches.on("clock-offset")
        self._lacks_subprotocol = switches.on("no-subprotocol")
        self._slow_s = switches.number("slow", 0)
        self._jitter_s = switches.number("jitter", 0) / 1000
        self._busy_until_s = time.monotonic() + switches.number("busy-at-start", 0)
        self._every = {
            name: int(switches.number(f"{name}-every", 0))
            for name in ("busy", "html", "drop", "cut")
        }
        self._requests = 0
        self._cut_now: set[int] = set()
        # Its own, seeded: a server of the same switches hesitates in the same way.
        self._random = random.Random(1)
        self.plays_whole = bool(
            self._edits
            or self._has_bom
            or self._coding
            or self._chunk
            or self._every["cut"]
            or switches.on("content-type")
        )
        """Whether answers have to be finished before they leave."""
        self.limits_as_page = switches.on("body-limit-html")

    @property
    def plays(self) -> bool:
        """Whether requests have to go through `handle`."""
        return bool(
            self._is_http10
            or self._slow_s
            or self._jitter_s
            or any(self._every.values())
            or self._busy_until_s > time.monotonic()
        )

    @property
    def plays_headers(self) -> bool:
        """Whether responses have to go through `before_headers`."""
        return self._closes or self._tells_date or self._lacks_subprotocol

    @web.middleware
    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request."""
        if self._is_http10 and "Upgrade" not in request.headers:
            # The library answers in the version of the request.
            request._version = HttpVersion10
        if time.monotonic() < self._busy_until_s:
            return page(503)
        wait_s = self._slow_s + self._jitter_s * self._random.random()
        if wait_s:
            await asyncio.sleep(wait_s)
        if request.method not in self._methods:
            return await handler(request)
        self._requests += 1
        if self._is_turn("busy"):
            return page(503)
        if self._is_turn("html"):
            return page(200)
        if self._is_turn("drop"):
            return cut(request)
        if not self._is_turn("cut"):
            return await handler(request)
        self._cut_now.add(id(request))
        try:
            return await handler(request)
        finally:
            self._cut_now.discard(id(request))

    def _is_turn(self, what: str) -> bool:
        every = self._every[what]
        return every > 0 and self._requests % every == 0

    async def before_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Just before a response's headers leave."""
        if self._closes and response.status != 101:
            # Headers are ready by now: what the library would write has to be written here.
            response.force_close()
            response.headers["Connection"] = "close"
        if self._tells_date:
            response.headers["Date"] = formatdate(self._clock_ns() / 1e9, usegmt=True)
        if self._lacks_subprotocol:
            response.headers.popall("Sec-WebSocket-Protocol", None)

    async def send(
        self, request: web.Request, body: bytes, status: int, more: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        """A finished answer in the form that the switches want; `more` are headers of its own."""
        for edit in self._edits:
            body = edit(body)
        if self._has_bom:
            body = _BOM + body
        headers = {"Content-Type": self._content_type, **(more or {})}
        if self._coding and _accepts(request, self._coding.removeprefix("raw-")):
            headers["Content-Encoding"] = self._coding.removeprefix("raw-")
            headers["Vary"] = "Accept-Encoding"
            body = _compressed(body, self._coding)
        if id(request) in self._cut_now:
            return await self._send_half(request, body, status, headers)
        if not self._chunk:
            return web.Response(body=body, status=status, headers=headers)
        response = web.StreamResponse(status=status, headers=headers)
        if self._is_http10:
            # Without chunks only the end of the connection is the end of the body.
            response.force_close()
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        size = max(self._chunk, len(body) // MOST_CHUNKS)
        for start in range(0, len(body), size):
            await response.write(body[start : start + size])
        await response.write_eof()
        return response

    async def _send_half(
        self, request: web.Request, body: bytes, status: int, headers: dict[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(body)
        response.force_close()
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            # Not at once: what was written has to leave first.
            request.transport.close()
        return response


def _accepts(request: web.Request, coding: str) -> bool:
    for part in request.headers.get("Accept-Encoding", "").split(","):
        name, _, quality = part.partition(";")
        if name.strip().lower() == coding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0")
    return False


def _compressed(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, 6)
    window = -zlib.MAX_WBITS if coding == "raw-deflate" else zlib.MAX_WBITS
    packer = zlib.compressobj(wbits=window)
    return packer.compress(body) + packer.flush()
