"""A server that lies on demand: all that a web server, a proxy or a broken runtime may answer instead.

Between lies it is the tiny server of the link's tests. A lie is a coroutine that gets aiohttp's
request; `Liar.lie` chooses for which questions it is told. What came in is counted by question,
lies included, so that a test can tell that nothing was sent twice.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter

from aiohttp import web

from link.tiny_server import ROOT, TinyServer

HTML = (
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN'><html><head><title>IIS 10.0 Detailed "
    "Error - 500.19</title></head><body><h2>HTTP Error</h2><p>Internal Server Error</p></body></html>"
)
MEGABYTE = b" " * 1_000_000


def page(status, text=HTML, **headers):
    async def tell(_request):
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    return tell


def body(data, content_type="application/json", status=200, **headers):
    async def tell(_request):
        return web.Response(status=status, body=data, content_type=content_type, headers=headers)

    return tell


def raw(data, *, close=True):
    """Bytes instead of HTTP, as they stand."""

    async def tell(request):
        await request.read()
        request.transport.write(data)
        if close:
            request.transport.close()
        else:
            await asyncio.sleep(3600)
        return web.Response()

    return tell


def answer_with(text):
    """A tagValues answer whose value is `text`, put in as it stands."""
    return body(
        b'{"data":{"tagValues":[{"name":"HMI_RT_1::A","value":{"value":' + text + b","
        b'"timestamp":"2026-06-18T12:00:00.000Z","quality":{"quality":"GOOD_CASCADE"}},"error":null}]}}'
    )


async def hang_up(request):
    """A keep-alive connection that is closed as the next request comes in."""
    request.transport.abort()
    return web.Response()


async def say_nothing(request):
    await request.read()
    await asyncio.sleep(3600)


async def truncated(request):
    """The beginning of a good answer, and a proper end of HTTP."""
    return web.Response(body=b'{"data":{"tagValues":[{"name":"HMI_RT_1::A","val', content_type="application/json")  # fmt: skip


async def _write(response, request, piece):
    """One piece, and a turn of the loop, in which a client that left is noticed: writing does not
    wait while there is room, and asyncio warns of each write after the end."""
    await response.write(piece)
    await asyncio.sleep(0)
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError


def huge(megabytes, *, end=b'{"data":null}'):
    """Valid JSON after so many megabytes of white space."""

    async def tell(request):
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            for _ in range(megabytes):
                await _write(response, request, MEGABYTE)
            await response.write(end)
            await response.write_eof()
        except ConnectionError:
            pass  # the client had enough
        return response

    return tell


def huge_list(megabytes):
    """Valid JSON of that size: values of tags that nobody asked for."""
    row = b'{"name":"HMI_RT_1::Other","value":{"value":1,"timestamp":null},"error":null},'
    piece = row * (1_000_000 // len(row))

    async def tell(request):
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            await response.write(b'{"data":{"tagValues":[')
            for _ in range(megabytes):
                await _write(response, request, piece)
            await response.write(row[:-1] + b"]}}")
            await response.write_eof()
        except ConnectionError:
            pass  # the client had enough
        return response

    return tell


def drip(data, *, pause_s=0.05):
    """One byte after the other, never silent for long."""

    async def tell(request):
        await request.read()
        transport = request.transport
        for position in range(len(data)):
            if transport.is_closing():
                break
            transport.write(data[position : position + 1])
            await asyncio.sleep(pause_s)
        transport.abort()
        return web.Response()

    return tell


def bomb(megabytes):
    """Some kilobytes that unpack to very much more."""
    packed = gzip.compress(MEGABYTE * megabytes, 9)
    return body(packed, **{"Content-Encoding": "gzip"})


def redirect(location, status=301):
    return body(b"", status=status, Location=location)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LIES = {
    "503 with a page": page(503),
    "502 from a proxy": page(502, "<html>Bad Gateway</html>"),
    "404 of IIS": page(404),
    "500 of IIS": page(500),
    "200 with a page": page(200),
    "401 with a page": page(401, **{"WWW-Authenticate": "Negotiate"}),
    "405 without a body": body(b"", status=405),
    "truncated JSON": truncated,
    "garbage": body(bytes(range(256)) * 8),
    "no HTTP at all": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "garbage instead of HTTP": raw(bytes(range(256)) * 8),
    "broken UTF-8 outside of texts": body(b'{"data":\xff\xfe}'),
    "nested 10,000 deep": answer_with(b"[" * 10_000 + b"]" * 10_000),
    "objects nested 10,000 deep": answer_with(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "number of 5,000 digits": body(b'{"data":' + b"9" * 5_000 + b"}"),
    "endless headers": raw(HEAD + b"X-Filler: " + b"x" * 300_000, close=False),
    "many headers": raw(HEAD + b"X-Filler: x\r\n" * 20_000, close=False),
    "gzip bomb": bomb(300),
    "gzip that is none": body(b'{"data":{}}', **{"Content-Encoding": "gzip"}),
    "gzip cut off": body(gzip.compress(b'{"data":{}}')[:-6], **{"Content-Encoding": "gzip"}),
    "unknown packing": body(b'{"data":{}}', **{"Content-Encoding": "br"}),
    "Content-Length too long": raw(HEAD + b'Content-Length: 5000\r\n\r\n{"data":{}}'),
    "Content-Length too short": raw(HEAD + b'Content-Length: 4\r\n\r\n{"data":{"tagValues":[]}}'),
    "Content-Length no number": raw(HEAD + b"Content-Length: many\r\n\r\n{}"),
    "broken chunks": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    "200 without a body": body(b""),
    "closed before the answer": hang_up,
    "redirect in a circle": redirect("/graphql/"),
    "redirect to another host": redirect("https://other.example/graphql/"),
    "redirect to nowhere": redirect("http://[::1"),
    "redirect to no port": redirect("https://127.0.0.1:99999/graphql/"),
    "redirect without an address": body(b"", status=302),
    "byte by byte": drip(HEAD + b'Content-Length: 5000\r\n\r\n{"data":{}}' + b" " * 4989),
    "header byte by byte": drip(HEAD + b"X-Filler: " + b"x" * 5000),
    "no answer": say_nothing,
    "errors of a wrong shape": body(b'{"errors":{"message":["a"]},"data":7}'),
    "a list": body(b"[1,2,3]"),
}
"""Every one of these is an error for whoever asked, and nothing worse."""

ODD_TRUTHS = {
    "HTTP/1.0": raw(b'HTTP/1.0 200 OK\r\n\r\n{"data":{"tagValues":[]}}'),
    "Connection: close": body(b'{"data":{"tagValues":[]}}', Connection="close"),
    "a byte order mark and blanks": body(b' \r\n\t{"data":{"tagValues":[]}}\n\n'),
    "the same key twice": body(b'{"data":null,"data":{"tagValues":[]}}'),
    "bare NaN": answer_with(b"NaN"),
    "bare Infinity": answer_with(b"-Infinity"),
    "400 digits": answer_with(b"9" * 400),
    "half a surrogate": answer_with(b'"\\ud800"'),
    "broken UTF-8 in a text": answer_with(b'"\xff\xfe"'),
    "a Date from another age": body(b'{"data":{"tagValues":[]}}', Date="Mon, 01 Jan 0001 00:00:00 -0000"),
    "packed": body(gzip.compress(b'{"data":{"tagValues":[]}}'), **{"Content-Encoding": "gzip"}),
}  # fmt: skip
"""Unusual, and still answers: they must be taken."""


def frame(data, *, kind=1, fin=True, rsv=0, masked=False):
    """A WebSocket frame as bytes, right or wrong."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | kind])
    mask = 0x80 if masked else 0
    if len(data) < 126:
        head += bytes([mask | len(data)])
    elif len(data) < 65536:
        head += bytes([mask | 126]) + len(data).to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + len(data).to_bytes(8, "big")
    return head + (b"\0\0\0\0" if masked else b"") + data


def next_frame(operation, value):
    body = {"name": "HMI_RT_1::A", "value": {"value": value}, "error": None}
    message = {"id": operation, "type": "next", "payload": {"data": {"tagValues": body}}}
    return frame(json.dumps(message).encode())


SOCKET_LIES = {
    "garbage in a text frame": frame(b"\x00\x01garbage"),
    "huge frame announced": bytes([0x81, 127]) + (2**40).to_bytes(8, "big"),
    "reserved bits": frame(b"{}", rsv=7),
    "unknown kind of frame": frame(b"{}", kind=11),
    "masked by the server": frame(b'{"type":"pong"}', masked=True),
    "broken UTF-8": frame(b'{"type":"\xff'),
    "no type": frame(b'{"id":"1"}'),
    "a list": frame(b"[]"),
    "nested 10,000 deep": frame(b'{"type":"next","id":"1","payload":' + b"[" * 10_000),
    "close 1000": frame((1000).to_bytes(2, "big"), kind=8),
    "close 1011": frame((1011).to_bytes(2, "big") + b"failed", kind=8),
    "close 1006": frame((1006).to_bytes(2, "big"), kind=8),
    "close 4400": frame((4400).to_bytes(2, "big") + b"bad message", kind=8),
    "close 4408": frame((4408).to_bytes(2, "big"), kind=8),
    "close 4429": frame((4429).to_bytes(2, "big"), kind=8),
    "close with broken text": frame((1000).to_bytes(2, "big") + b"\xff\xfe", kind=8),
    "close of one byte": frame(b"\x03", kind=8),
    "HTTP in the middle": b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
}
"""Each of these ends the stream: values are stale at once, and it comes back."""

HARMLESS_FRAMES = {
    "next for nobody": next_frame("4711", 3),
    "complete for nobody": frame(b'{"id":"4711","type":"complete"}'),
    "error for nobody": frame(b'{"id":"4711","type":"error","payload":[]}'),
    "a second acknowledgement": frame(b'{"type":"connection_ack"}'),
    "the protocol's ping": frame(b'{"type":"ping","payload":{"a":1e999}}'),
    "a pong that nobody asked for": frame(b"x", kind=10),
    "a binary frame": frame(bytes(range(256)), kind=2),
    "a ping frame": frame(b"y", kind=9),
    "an unknown type": frame(b'{"type":"news","payload":{}}'),
    "next without data": frame(b'{"id":"1","type":"next","payload":null}'),
}
"""Each of these is passed over; the stream goes on."""


class Liar(TinyServer):
    """Lies while `lie` is on; counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self._told = None
        self._about: frozenset[str] = frozenset()
        self.written: list[list] = []
        """What each call wanted to write or to acknowledge; the question for rights is none."""
        self.write_first = False
        """Do what is asked before lying about it."""

    def lie(self, told, *about: str) -> None:
        """Tell this from now on, about these questions (all, when none is named)."""
        self._about = frozenset(about)
        self._told = told

    def tell_the_truth(self) -> None:
        self._told = None

    async def _post(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.text())
        found = ROOT.search(asked["query"])
        name = found.group(1) if found else "?"
        self.asked[name] += 1
        if name in ("writeTagValues", "acknowledgeAlarms") and asked["variables"]["input"]:
            self.written.append(asked["variables"]["input"])
        told = self._told
        if told is not None and (not self._about or name in self._about):
            if self.write_first:
                await super()._post(request)
            return await told(request)
        return await super()._post(request)

    async def say_raw(self, data: bytes) -> None:
        """Bytes on all open sockets, past the library."""
        await self._call(self._say_raw(data))

    async def _say_raw(self, data: bytes) -> None:
        for socket in self.sockets:
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.write(data)

    async def operation_of(self, name: str) -> str:
        """The id of the subscription that holds a tag."""
        return next(key for key, names in self.subscriptions.items() if name in names)
