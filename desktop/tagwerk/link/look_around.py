"""Who is there instead of WinCC Unified: other ports, other programs, pages for people.

Asks only what any browser or port test would ask, sends nothing secret, and never more than a few
bytes. Called by `connector` after a step has failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from tagwerk.domain.message import Message, message
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.transport import Answer

CLASSIC_PORTS = (34568, 34569)
CLASSIC_PATH = "/WinCCRestService/tagManagement/Connections"
OPC_UA_PORT = 4840
USUAL_PORTS: dict[int, Message] = {
    443: message("443 (https, where WinCC Unified usually is)"),
    80: message("80 (http)"),
    4000: message("4000 (the internal server of WinCC Unified, without encryption)"),
    34568: message("34568 (the REST interface of WinCC V7/V8)"),
    34569: message("34569 (the REST interface of WinCC V7/V8)"),
    OPC_UA_PORT: message("4840 (OPC UA)"),
}
_LOOK_S = 1.5
_MOST_BYTES = 16_384
_PROXY = re.compile(rb"squid|zscaler|bluecoat|proxy error|proxy server|forcepoint|fortiguard", re.I)
_IIS = re.compile(
    rb"iisstart|<title>\s*iis windows|welcome to iis|internet information services", re.I
)
_LOGIN = re.compile(rb"<input[^>]+type\s*=\s*[\"']?password", re.I)
_HTML = re.compile(rb"^\s*(<!doctype|<html|<head|<body|<\?xml)", re.I)
_FORGED = re.compile(rb"csrf|cross-site request forgery", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """What a GET brought: at most its first kilobytes; header names in lower case."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


async def open_ports(host: str, ports: Iterable[int]) -> tuple[int, ...]:
    """Those of `ports` that take a connection; each is tried once and hung up at once."""

    async def is_open(port: int) -> bool:
        try:
            async with asyncio.timeout(_LOOK_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        await _hang_up(writer)
        return True

    asked = tuple(ports)
    found = await asyncio.gather(*(is_open(port) for port in asked))
    return tuple(port for port, answers in zip(asked, found, strict=True) if answers)


async def listener_kind(host: str, port: int) -> str:
    """What listens on a port that does not speak TLS: ``http``, ``opc_ua`` or ""."""
    question = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    if (await _exchange(host, port, question))[:5] == b"HTTP/":
        return "http"
    url = f"opc.tcp://{host}:{port}".encode()
    rest = struct.pack("<IIIIIi", 0, 65_536, 65_536, 0, 0, len(url)) + url
    hello = b"HELF" + struct.pack("<I", 8 + len(rest)) + rest
    return "opc_ua" if (await _exchange(host, port, hello))[:3] in (b"ACK", b"ERR") else ""


async def _exchange(host: str, port: int, question: bytes) -> bytes:
    """Send a few bytes in the clear, and return the first that come back; b"" for none."""
    try:
        async with asyncio.timeout(_LOOK_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(question)
                return await reader.read(64)
            finally:
                await _hang_up(writer)
    except (OSError, TimeoutError):
        return b""


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


async def get_page(endpoint: Endpoint, path: str, context: ssl.SSLContext | None) -> Page | None:
    """GET a path of a server whose certificate `context` vouches for; None when nothing comes."""
    host = endpoint.host
    question = (
        f"GET {path} HTTP/1.1\r\nHost: {endpoint.parts.netloc}\r\nAccept: */*\r\n"
        "Connection: close\r\n\r\n"
    )
    try:
        async with asyncio.timeout(2 * _LOOK_S):
            reader, writer = await asyncio.open_connection(
                host,
                endpoint.port,
                ssl=context if endpoint.is_secure else None,
                server_hostname=host if endpoint.is_secure else None,
            )
            try:
                writer.write(question.encode())
                data = b""
                while len(data) < _MOST_BYTES and (more := await reader.read(_MOST_BYTES)):
                    data += more
            finally:
                await _hang_up(writer)
    except (OSError, ssl.SSLError, TimeoutError):
        return None
    return page_from_bytes(data)


def page_from_bytes(data: bytes) -> Page | None:
    """Read an HTTP/1 answer as far as it came; None when it is none."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
        return None
    pairs = (line.partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
    return Page(int(words[1]), body[:_MOST_BYTES], headers)


def is_classic(page: Page | None) -> bool:
    """Whether `CLASSIC_PATH` was answered as the REST interface of WinCC V7/V8 would."""
    if page is None or _HTML.match(page.body):
        return False
    if page.status == 401:
        wanted = page.headers.get("www-authenticate", "").lower()
        return "basic" in wanted or "bearer" in wanted
    return page.status == 200 and page.body.lstrip()[:1] in (b"[", b"{")


async def find_classic(
    endpoint: Endpoint, context: ssl.SSLContext | None, ports: Iterable[int]
) -> int:
    """The port on which the classic interface was recognised, 0 for none."""
    for port in ports:
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        place = Endpoint(f"{endpoint.parts.scheme}://{host}:{port}/")
        page = await get_page(place, CLASSIC_PATH, context)
        if page is None or not is_classic(page):
            continue
        # A server that says the same to everything says nothing about what is behind it.
        start = await get_page(place, "/", context)
        is_same = start is not None and start.status == page.status
        if is_same and (page.status == 401 or (start and start.body == page.body)):
            continue
        return port
    return 0


def is_forged(answer: Answer) -> bool:
    """Whether the server took the request for a forged one."""
    return answer.status == 400 and bool(_FORGED.search(answer.body[:_MOST_BYTES]))


def page_code(answer: Answer) -> str:
    """The finding for an HTTP answer that is not of a GraphQL server."""
    status, body = answer.status, answer.body[:_MOST_BYTES]
    if status == 407 or _PROXY.search(body) or _PROXY.search(answer.server.encode()):
        return "proxy_page"
    if is_forged(answer):
        return "csrf_refused"
    by_status = {401: "web_server_login", 403: "http_403", 404: "http_404", 405: "http_405",
                 413: "http_413", 500: "http_500", 502: "runtime_down", 503: "http_503",
                 504: "runtime_down"}  # fmt: skip
    if status in by_status:
        return by_status[status]
    if _IIS.search(body):
        return "iis_default_page"
    if _LOGIN.search(body):
        return "login_page"
    if _HTML.match(body):
        return "html_page"
    if not body.strip():
        return "empty_answer"
    return "not_graphql" if status < 300 else "http_other"


PAGE_WORDS: dict[str, Message] = {
    "proxy_page": message("a proxy"),
    "iis_default_page": message("the welcome page of IIS"),
    "login_page": message("a page with a login for people"),
    "html_page": message("a web page for people"),
    "empty_answer": message("nothing"),
    "not_graphql": message("another program"),
    "classic_interface": message("WinCC V7/V8 REST interface"),
}
"""What the findings call what they found, for "{what} answers at {path}"."""
