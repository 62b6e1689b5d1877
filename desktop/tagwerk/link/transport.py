"""HTTP: one question, one answer. The only place, but for `broken`, that names httpx errors.

Re-posts on redirects within the server, bounds sizes and times, and says truly whether a request
can have arrived. Knows nothing of GraphQL beyond "JSON goes there and back".
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx

from tagwerk.domain.connection import Trust, TrustMode
from tagwerk.domain.errors import (
    NotReachable,
    NotTrusted,
    ProtocolError,
    ServerRefused,
    TagwerkError,
    UsageError,
)
from tagwerk.link.bodies import ACCEPTED, BodyCollector, BodyTaker
from tagwerk.link.broken import connection_error
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.tls import client_context, find_verification_error, not_trusted
from tagwerk.link.wiretap import MOST_TEXT, Wiretap

# Both describe each request at length; headers carry the token.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

MOST_REQUEST_BYTES = 950_000
"""Servers refuse bodies over 1 MB with 413 (reference, section 1)."""
MOST_ANSWER_BYTES = 64 * 1024 * 1024
MOST_BROWSE_BYTES = 512 * 1024 * 1024
"""A million objects make some 130 MB."""
MOST_SMALL_BYTES = 4 * 1024 * 1024
"""Logins, renewals, replies to writes."""
SLOWEST_BYTES_PER_S = 8_000
"""An answer that comes slower than this (a modem's speed) is given up."""
_WAITS_BEFORE_ANSWER = 3
_MOST_REDIRECTS = 4
_MOST_HEADER_CHARS = 200
_ASKING = frozenset({"GET", "POST"})
_REPOSTED = (301, 302, 307, 308)


class BodyTooLarge(ServerRefused):
    """HTTP 413: ask for less at once. The request was not looked at."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Args:
        status: HTTP status.
        body: undecoded; where a `BodyTaker` was given, what it has left of it.
        server: the ``Server`` header.
        clock_offset_ns: server's clock minus ours, from the ``Date`` header (whole seconds,
            so ± 1 s), None when it was not told.
        headers: of the answer, found in any case.
        size: of the whole body, unpacked; None is that of `body`.
        beginning: of the whole body, where some of it was taken.
    """

    status: int
    body: bytes
    server: str = ""
    clock_offset_ns: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    size: int | None = None
    beginning: bytes = b""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request.

    Args:
        method: GET, POST or PUT.
        suffix: put behind the endpoint's address; "" for the endpoint itself.
        body: encoded.
        headers: all of them; they may hold a secret.
        what: its name in the traffic; "" where the body tells it.
    """

    method: str
    suffix: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)
    what: str = ""


class HttpTransport:
    """Sends JSON to one endpoint. `endpoint` follows redirects, so read it after the first call.

    Args:
        endpoint: where.
        trust: whom; a plain endpoint needs no TLS.
        timeout_s: for connecting, and for each silence while reading. A whole answer may take
            longer, but must keep up `SLOWEST_BYTES_PER_S`.
        on_phase: told ``connect`` and ``tls`` as a new connection comes up, and ``request`` when
            something is sent on one.
        tap: told every request, without secrets; None tells nobody.

    Raises:
        UsageError: the trust decision cannot be used.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        trust: Trust,
        *,
        timeout_s: float = 15.0,
        on_phase: Callable[[str], None] | None = None,
        tap: Wiretap | None = None,
    ) -> None:
        self.tap = tap or Wiretap()
        self.endpoint = endpoint
        self.trust = trust
        self.timeout_s = timeout_s
        self.on_phase = on_phase
        self.requests = 0
        self.redirected_from = ""
        may_be_plain = trust.mode is TrustMode.PLAIN_HTTP or endpoint.is_loopback
        if not endpoint.is_secure and not may_be_plain:
            raise NotTrusted(
                "{url} is plain HTTP: the password would cross the network readably.",
                cure="Use https, or allow plain HTTP explicitly on a network of your own.",
                code="plain_http",
                url=endpoint.url,
            )
        https_trust = Trust() if trust.mode is TrustMode.PLAIN_HTTP else trust
        self.context: ssl.SSLContext | None = (
            client_context(https_trust) if endpoint.is_secure else None
        )
        self._client = httpx.AsyncClient(
            # The plain endpoint never uses the context, but httpx would load the system store.
            verify=self.context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=httpx.Timeout(timeout_s, pool=4 * timeout_s),
            limits=httpx.Limits(max_connections=8, keepalive_expiry=20.0),
            follow_redirects=False,
            # A plant is reached directly; proxies and .netrc of the office are not asked.
            trust_env=False,
        )

    async def post(
        self,
        body: bytes,
        *,
        token: str = "",
        most_bytes: int = MOST_ANSWER_BYTES,
        timeout_s: float | None = None,
        taker: BodyTaker | None = None,
    ) -> Answer:
        """Send a JSON body once (again only where a redirect says that it was not looked at).

        Args:
            taker: gets the body of a good answer (200) while it arrives.

        Raises:
            as `send`.
        """
        outgoing = Outgoing("POST", "", body, _headers(token))
        return await self.send(outgoing, most_bytes=most_bytes, timeout_s=timeout_s, taker=taker)

    async def send(
        self,
        outgoing: Outgoing,
        *,
        most_bytes: int = MOST_ANSWER_BYTES,
        timeout_s: float | None = None,
        taker: BodyTaker | None = None,
    ) -> Answer:
        """Send a request once (again only where a redirect says that it was not looked at).

        Raises:
            NotReachable: with `may_have_arrived`; NotTrusted: the certificate.
            BodyTooLarge: 413, or more than the limit before it was sent.
            ProtocolError: a redirect that leads nowhere, an answer that is too large.
        """
        body = outgoing.body
        if len(body) > MOST_REQUEST_BYTES:
            raise BodyTooLarge(
                "The request is larger than 1 MB.", cure="Ask for fewer names at once.", code="413"
            )
        moved = ""
        for _ in range(_MOST_REDIRECTS):
            url = moved or self.endpoint.url + outgoing.suffix
            with self.tap.request(url, body, outgoing.what) as recording:
                answer, location = await self._send_once(
                    outgoing, url, most_bytes, timeout_s, taker
                )
                recording.answered(
                    answer.status, answer.beginning + answer.body, location, answer.size
                )
            if not location:
                break
            if not outgoing.suffix:
                self._follow(location)
            elif outgoing.method not in _ASKING:
                # What changes something goes only to where it was meant to go.
                raise self._elsewhere(Endpoint(location))
            elif location.endswith(outgoing.suffix):
                self._follow(location.removesuffix(outgoing.suffix))
            else:
                self._check_place(Endpoint(location))
                moved = location
        else:
            raise ProtocolError(
                "{host} redirects in a circle.",
                cure="Check the address.",
                code="redirect_circle",
                host=self.endpoint.host,
            )
        if answer.status == 413:
            raise BodyTooLarge(
                "The server refuses requests of this size (HTTP 413).",
                cure="Ask for fewer names at once.",
                code="413",
            )
        return answer

    async def _send_once(
        self,
        outgoing: Outgoing,
        url: str,
        most_bytes: int,
        timeout_s: float | None,
        taker: BodyTaker | None = None,
    ) -> tuple[Answer, str]:
        patience_s = timeout_s or self.timeout_s
        sent = _Sent(self.on_phase, self.tap, self.endpoint.url)
        try:
            request = self._client.build_request(
                outgoing.method,
                url,
                content=outgoing.body or None,
                headers=dict(outgoing.headers),
                timeout=httpx.Timeout(patience_s),
                extensions={"trace": sent.trace},
            )
            # httpx bounds each silence, not the whole: a byte a second would go on for ever.
            first_s = _WAITS_BEFORE_ANSWER * patience_s + len(outgoing.body) / SLOWEST_BYTES_PER_S
            async with asyncio.timeout(first_s) as deadline:
                sent_at = time.time_ns()
                response = await self._client.send(request, stream=True)
                received_at = time.time_ns()
                self.requests += 1
                try:
                    data, size, beginning = await self._body(response, most_bytes, deadline, taker)
                finally:
                    await response.aclose()
        except (
            httpx.HTTPError,
            httpx.StreamError,
            httpx.InvalidURL,
            ssl.SSLError,
            OSError,
            UnicodeError,
        ) as problem:
            raise await self._translate(problem, sent.began) from problem
        except RuntimeError as problem:
            if not self._client.is_closed:
                raise
            raise NotReachable(
                "The connection is closed.",
                cure="Connect again.",
                code="not_connected",
                may_have_arrived=sent.began,
            ) from problem
        location = ""
        if response.status_code in _REPOSTED:
            location = response.headers.get("location", "")
            if not location:
                raise ProtocolError(
                    "{host} redirects without saying where to.",
                    code="redirect_circle",
                    host=self.endpoint.host,
                )
            location = self._join(response.url, location)
        answer = Answer(
            response.status_code,
            data,
            response.headers.get("server", "")[:_MOST_HEADER_CHARS],
            _clock_offset(response.headers.get("date"), (sent_at + received_at) // 2),
            response.headers,
            size,
            beginning,
        )
        return answer, location

    async def _body(
        self,
        response: httpx.Response,
        most_bytes: int,
        deadline: asyncio.Timeout,
        taker: BodyTaker | None,
    ) -> tuple[bytes, int, bytes]:
        """The unpacked body, or what a taker left of it; its whole size; and how it began, where
        some of it was taken. The deadline moves on as long as it comes quickly enough; time that
        the taker needs is not the server's.
        """
        collector = BodyCollector(
            response.headers.get("content-encoding", ""), most_bytes, self.endpoint.host
        )
        clock = asyncio.get_running_loop().time
        beginning = b""
        began_s = clock()
        deadline.reschedule(began_s + self.timeout_s)
        if response.status_code != httpx.codes.OK:
            taker = None
        if taker is not None:
            taker.begin()
        # Left in the middle, it would be closed by nobody.
        raw = cast("AsyncGenerator[bytes, None]", response.aiter_raw())
        async with contextlib.aclosing(raw) as parts:
            async for part in parts:
                if taker is None:
                    collector.take(part)
                else:
                    deadline.reschedule(None)
                    for plain in collector.plain(part):
                        beginning += plain[: MOST_TEXT - len(beginning)]
                        taken_s = clock()
                        await taker.take(plain)
                        began_s += clock() - taken_s
                earned_s = collector.received / SLOWEST_BYTES_PER_S
                deadline.reschedule(began_s + self.timeout_s + earned_s)
        whole = collector.finish()
        if taker is None:
            return whole, collector.size, b""
        rest = taker.rest()
        return rest, collector.size, beginning if len(rest) < collector.size else b""

    def _join(self, base: httpx.URL, location: str) -> str:
        """A redirect's target as a whole address."""
        try:
            joined = str(base.join(location))
            _ = Endpoint(joined).port  # refuses what is no number of a port
        except (httpx.InvalidURL, ValueError) as problem:
            raise ProtocolError(
                "{host} redirects to something that is not an address: {target}",
                cure="Check the address, and the web server's redirects.",
                code="redirect_circle",
                host=self.endpoint.host,
                target=location[:_MOST_HEADER_CHARS],
            ) from problem
        return joined

    def _follow(self, location: str) -> None:
        """Take over a new address on the same server; the token never goes to another one."""
        target = Endpoint(location)
        self._check_place(target)
        self.redirected_from = self.redirected_from or self.endpoint.url
        self.endpoint = target

    def _check_place(self, target: Endpoint) -> None:
        old = self.endpoint
        same_place = target.host == old.host and target.port == old.port
        if not same_place or (old.is_secure and not target.is_secure):
            raise self._elsewhere(target)

    def _elsewhere(self, target: Endpoint) -> ProtocolError:
        return ProtocolError(
            "{host} redirects to another server: {target}",
            cure="Give that address if it is the right one.",
            code="redirect_elsewhere",
            host=self.endpoint.host,
            target=f"{target.parts.scheme}://{target.parts.netloc}{target.parts.path}",
        )

    async def _translate(self, problem: Exception, began: bool) -> TagwerkError:
        if isinstance(problem, TagwerkError):
            return problem
        host, port = self.endpoint.host, self.endpoint.port
        certificate_problem = find_verification_error(problem)
        if certificate_problem is not None:
            return await not_trusted(certificate_problem, host, port, self.trust, self.timeout_s)
        if isinstance(problem, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return UsageError(
                "“{url}” is not an address.",
                cure="Give a host name or an address like https://server/graphql/.",
                url=self.endpoint.url,
            )
        return connection_error(problem, host, port, may_have_arrived=began)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _headers(token: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": ACCEPTED,
        # Apollo behind IIS takes a POST without it for a forged one (reference, section 2).
        "apollo-require-preflight": "true",
    }
    if token:
        if not token.isascii() or not token.isprintable():
            raise ProtocolError(
                "The server gave a session token that no HTTP header can carry.",
                cure="Check that the address is the GraphQL interface of WinCC Unified.",
            )
        headers["Authorization"] = f"Bearer {token}"
    return headers


class _Sent:
    """Listens to one request: whether its first byte left, and how its connection comes up."""

    def __init__(self, on_phase: Callable[[str], None] | None, tap: Wiretap, url: str) -> None:
        self.began = False
        self._bare: Any = None
        self._on_phase = on_phase
        self._tap = tap
        self._url = url

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace hook."""
        if event == "connection.connect_tcp.complete":
            self._bare = info.get("return_value")
        elif event == "connection.start_tls.failed" and self._bare is not None:
            # A handshake that is cancelled leaves its connection open behind it.
            await self._bare.aclose()
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._tap.connected(self._url, info.get("return_value"))
        if event.endswith("send_request_headers.started"):
            self.began = True
            if self._on_phase is not None:
                self._on_phase("request")
        elif self._on_phase is not None:
            if event == "connection.connect_tcp.started":
                self._on_phase("connect")
            elif event == "connection.start_tls.started":
                self._on_phase("tls")


def _clock_offset(date: str | None, now_ns: int) -> int | None:
    if not date:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(date)
        seconds = int(moment.timestamp())
    except (TypeError, ValueError, IndexError, OverflowError, OSError):
        return None
    # The header is cut to whole seconds: half a second is the best guess of the rest.
    return seconds * 1_000_000_000 + 500_000_000 - now_ns
