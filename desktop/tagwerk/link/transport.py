"""HTTP: one question, one answer. The only place that names httpx errors.

Re-posts on redirects within the server, bounds sizes and times, and says truly whether a request
can have arrived. Knows nothing of GraphQL beyond "JSON goes there and back".
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import ipaddress
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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
from tagwerk.link.tls import client_context, find_verification_error, not_trusted

# Both describe each request at length; headers carry the token.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

MOST_REQUEST_BYTES = 950_000
"""Servers refuse bodies over 1 MB with 413 (reference, section 1)."""
MOST_ANSWER_BYTES = 256 * 1024 * 1024
MOST_BROWSE_BYTES = 1024 * 1024 * 1024
_MOST_REDIRECTS = 4
_REPOSTED = (301, 302, 307, 308)


class BodyTooLarge(ServerRefused):
    """HTTP 413: ask for less at once. The request was not looked at."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a GraphQL interface is."""

    url: str

    @property
    def parts(self) -> Any:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return str(self.parts.hostname or "")

    @property
    def port(self) -> int:
        return int(self.parts.port or (443 if self.is_secure else 80))

    @property
    def is_secure(self) -> bool:
        return bool(self.parts.scheme == "https")

    @property
    def is_loopback(self) -> bool:
        """True when nothing leaves this computer."""
        if self.host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return False

    @property
    def socket_url(self) -> str:
        """The same place as WebSocket."""
        return "ws" + self.url.removeprefix("http")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Args:
        status: HTTP status.
        body: undecoded.
        server: the ``Server`` header.
        clock_offset_ns: server's clock minus ours, from the ``Date`` header (whole seconds,
            so ± 1 s), None when it was not told.
    """

    status: int
    body: bytes
    server: str = ""
    clock_offset_ns: int | None = None


class HttpTransport:
    """Posts JSON to one endpoint. `endpoint` follows redirects, so read it after the first call.

    Args:
        endpoint: where.
        trust: whom; a plain endpoint needs no TLS.
        timeout_s: for connecting, and for each silence while reading.
        on_phase: told ``connect`` and ``tls`` as a new connection comes up.

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
    ) -> None:
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
    ) -> Answer:
        """Send a JSON body once (again only where a redirect says that it was not looked at).

        Raises:
            NotReachable: with `may_have_arrived`; NotTrusted: the certificate.
            BodyTooLarge: 413, or more than the limit before it was sent.
            ProtocolError: a redirect that leads nowhere, an answer that is too large.
        """
        if len(body) > MOST_REQUEST_BYTES:
            raise BodyTooLarge(
                "The request is larger than 1 MB.", cure="Ask for fewer names at once.", code="413"
            )
        for _ in range(_MOST_REDIRECTS):
            answer, location = await self._post_once(body, token, most_bytes, timeout_s)
            if not location:
                break
            self._follow(location)
        else:
            raise ProtocolError(
                "{host} redirects in a circle.", cure="Check the address.", host=self.endpoint.host
            )
        if answer.status == 413:
            raise BodyTooLarge(
                "The server refuses requests of this size (HTTP 413).",
                cure="Ask for fewer names at once.",
                code="413",
            )
        return answer

    async def _post_once(
        self, body: bytes, token: str, most_bytes: int, timeout_s: float | None
    ) -> tuple[Answer, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            # Apollo behind IIS takes a POST without it for a forged one (reference, section 2).
            "apollo-require-preflight": "true",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        sent = _Sent(self.on_phase)
        try:
            request = self._client.build_request(
                "POST",
                self.endpoint.url,
                content=body,
                headers=headers,
                timeout=httpx.Timeout(timeout_s or self.timeout_s),
                extensions={"trace": sent.trace},
            )
            sent_at = time.time_ns()
            response = await self._client.send(request, stream=True)
            received_at = time.time_ns()
            self.requests += 1
            try:
                data = await self._body(response, most_bytes)
            finally:
                await response.aclose()
        except (
            httpx.HTTPError,
            httpx.StreamError,
            httpx.InvalidURL,
            ssl.SSLError,
            OSError,
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
                    "{host} redirects without saying where to.", host=self.endpoint.host
                )
            location = str(response.url.join(location))
        answer = Answer(
            response.status_code,
            data,
            response.headers.get("server", ""),
            _clock_offset(response.headers.get("date"), (sent_at + received_at) // 2),
        )
        return answer, location

    async def _body(self, response: httpx.Response, most_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > most_bytes:
                raise ProtocolError(
                    "The answer of {host} is larger than {limit} MB.",
                    cure="Ask for less at once, for instance a shorter span.",
                    host=self.endpoint.host,
                    limit=most_bytes // 1_000_000,
                )
            parts.append(part)
        return b"".join(parts)

    def _follow(self, location: str) -> None:
        """Take over a new address on the same server; the token never goes to another one."""
        target = Endpoint(location)
        old = self.endpoint
        same_place = target.host == old.host and target.port == old.port
        if not same_place or (old.is_secure and not target.is_secure):
            raise ProtocolError(
                "{host} redirects to another server: {target}",
                cure="Give that address if it is the right one.",
                host=old.host,
                target=f"{target.parts.scheme}://{target.parts.netloc}{target.parts.path}",
            )
        self.redirected_from = self.redirected_from or old.url
        self.endpoint = target

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


class _Sent:
    """Listens to one request: whether its first byte left, and how its connection comes up."""

    def __init__(self, on_phase: Callable[[str], None] | None) -> None:
        self.began = False
        self._on_phase = on_phase

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace hook."""
        del info
        if event.endswith("send_request_headers.started"):
            self.began = True
        elif self._on_phase is not None:
            if event == "connection.connect_tcp.started":
                self._on_phase("connect")
            elif event == "connection.start_tls.started":
                self._on_phase("tls")


def connection_error(
    problem: BaseException, host: str, port: int, *, may_have_arrived: bool = False
) -> NotReachable:
    """The domain's error for a broken or refused connection, of httpx or the operating system."""
    where: dict[str, Any] = {"host": host, "port": port}
    if isinstance(problem, httpx.TimeoutException | TimeoutError | asyncio.TimeoutError):
        return NotReachable(
            "{host}:{port} does not answer in time.",
            cure="Check network, firewall and whether the runtime is running.",
            code="timeout",
            may_have_arrived=may_have_arrived,
            **where,
        )
    said = str(problem) or type(problem).__name__
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            said = cause.strerror
            lowered = said.lower()
            if ("name" in lowered and ("not known" in lowered or "resolution" in lowered)) or (
                "getaddrinfo" in str(cause)
            ):
                return NotReachable(
                    "The name {host} is not known.",
                    cure="Check the spelling, or give the server's address.",
                    code="resolve",
                    **where,
                )
            if isinstance(cause, ConnectionRefusedError) or "refused" in lowered:
                return NotReachable(
                    "Nothing listens on {host}:{port}.",
                    cure="Check the port and whether the runtime and its web server are running.",
                    code="refused",
                    **where,
                )
        if isinstance(cause, ssl.SSLError):
            said = cause.reason or said
            if "WRONG_VERSION" in said or "UNKNOWN_PROTOCOL" in said or "HTTP_REQUEST" in said:
                return NotReachable(
                    "{host}:{port} does not speak TLS.",
                    cure="Plain HTTP would send the password readably; allow it only on a network of your own.",
                    code="no_tls",
                    **where,
                )
        cause = cause.__cause__ or cause.__context__
    return NotReachable(
        "The connection to {host}:{port} broke: {said}",
        cure="Check network and server.",
        code="broken",
        may_have_arrived=may_have_arrived,
        said=said,
        **where,
    )


def _clock_offset(date: str | None, now_ns: int) -> int | None:
    if not date:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    # The header is cut to whole seconds: half a second is the best guess of the rest.
    return int(moment.timestamp()) * 1_000_000_000 + 500_000_000 - now_ns
