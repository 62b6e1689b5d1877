"""Looks at a server step by step, and opens links. The composition root hands it to the window.

Nothing secret is sent before the certificate was vouched for; a login happens only when a user
is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from tagwerk.dialects.unified import HELLO, INFO
from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    Certificate,
    ConnectionProfile,
    ProbeResult,
    Session,
    Step,
    StepName,
    Trust,
    TrustMode,
    fingerprint_blocks,
)
from tagwerk.domain.errors import NotReachable, NotTrusted, ProtocolError, TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantLink, PlantSink
from tagwerk.domain.traffic import TrafficSink
from tagwerk.link.addresses import candidates, endpoint_for
from tagwerk.link.client import HttpClient
from tagwerk.link.deep_probe import probe_deep
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.link.session import SessionKeeper, check_interface
from tagwerk.link.tls import client_context, fetch_certificate, find_verification_error, not_trusted
from tagwerk.link.transport import Endpoint, HttpTransport, connection_error


class HttpConnector:
    """See `ports.Connector`."""

    async def inspect(
        self,
        address: str,
        *,
        trust: Trust,
        user: str = "",
        password: str = "",
        token: str = "",
        timeout_s: float = 15.0,
        on_step: Callable[[Step], None] | None = None,
        deep: bool = False,
        traffic: TrafficSink | None = None,
    ) -> ProbeResult:
        """See `ports.Connector.inspect`; a `token` issued elsewhere stands in for user and password."""
        probe = Probe(trust, timeout_s, on_step)
        try:
            await probe.run(address, user, password, deep, token)
        except TagwerkError as problem:
            probe.error = problem
        finally:
            await probe.close()
        return probe.result()

    def open(
        self,
        profile: ConnectionProfile,
        password: str,
        sink: PlantSink,
        *,
        token: str = "",
        traffic: TrafficSink | None = None,
    ) -> PlantLink:
        """See `ports.Connector.open`; a `token` issued elsewhere stands in for the password."""
        url = endpoint_for(profile.url, profile.trust).url
        return SupervisedLink(replace(profile, url=url), password, sink, token=token)


class Probe:
    """One look at one server; collects steps as it goes."""

    def __init__(
        self, trust: Trust, timeout_s: float, on_step: Callable[[Step], None] | None
    ) -> None:
        self.trust = trust
        self.timeout_s = timeout_s
        self.endpoint = Endpoint("")
        self.steps: list[Step] = []
        self.error: Exception | None = None
        self.certificate: Certificate | None = None
        self.session: Session | None = None
        self.capabilities = Capabilities()
        self.server: dict[str, str] = {}
        self.dialect = ""
        self._on_step = on_step
        self._transport: HttpTransport | None = None
        self._keeper: SessionKeeper | None = None
        self._detail = Message()
        self._cure = Message()
        self._ok: bool | None = True

    def result(self) -> ProbeResult:
        """All that was found."""
        transport = self._transport
        endpoint = transport.endpoint if transport is not None else self.endpoint
        return ProbeResult(
            url=endpoint.url,
            dialect=self.dialect,
            server=self.server,
            steps=tuple(self.steps),
            certificate=self.certificate,
            session=self.session,
            capabilities=self.capabilities,
            error=self.error,
        )

    async def close(self) -> None:
        """Log out if logged in, and hang up."""
        if self._keeper is not None:
            await self._keeper.logout()
        if self._transport is not None:
            await self._transport.close()

    def say(self, text: Message, *, ok: bool | None = True, cure: Message | None = None) -> None:
        """What the running step found."""
        self._detail = text
        self._ok = ok
        self._cure = cure or Message()

    @asynccontextmanager
    async def step(self, name: StepName, *, go_on: bool = False) -> AsyncIterator[None]:
        """Times a step and reports it, also when it fails; `go_on` swallows its error."""
        self.say(Message())
        began = time.perf_counter()
        try:
            yield
        except TagwerkError as problem:
            self.say(problem.text, ok=False, cure=problem.cure_text)
            if not go_on:
                raise
        finally:
            ms = (time.perf_counter() - began) * 1000
            found = Step(name, self._ok, round(ms, 1), self._detail, self._cure)
            self.steps.append(found)
            if self._on_step is not None:
                self._on_step(found)

    async def run(
        self, address: str, user: str, password: str, deep: bool, token: str = ""
    ) -> None:
        """All steps in order.

        Raises:
            TagwerkError: what made it impossible to go on; the step is reported already.
        """
        places = candidates(address, self.trust)
        self.endpoint = places[0]
        async with self.step(StepName.RESOLVE):
            await self._resolve()
        async with self.step(StepName.CONNECT):
            await self._connect(places)
        if self.endpoint.is_secure:
            async with self.step(StepName.TLS):
                await self._secure()
        else:
            self._skip(StepName.TLS, message("plain HTTP, no certificate"))
        transport = await self._find_interface()
        if not user and not token:
            return
        keeper = self._keeper = SessionKeeper(transport, user, password)
        client = HttpClient(keeper)
        if token:
            keeper.adopt(token)
            self._skip(StepName.LOGIN, message("a token was given"))
        else:
            await self._login(keeper)
        async with self.step(StepName.RIGHTS):
            await client.prepare()
            self.capabilities = client.capabilities
            self._say_rights()
        if client.dialect is not None:
            self.server["version"] = client.dialect.version
        if deep:
            await probe_deep(self, client, keeper)

    async def _login(self, keeper: SessionKeeper) -> None:
        async with self.step(StepName.LOGIN):
            await keeper.login()
            self.session = keeper.session
            self._say_login(keeper)

    def _skip(self, name: StepName, why: Message) -> None:
        found = Step(name, None, 0.0, why)
        self.steps.append(found)
        if self._on_step is not None:
            self._on_step(found)

    async def _resolve(self) -> None:
        host, port = self.endpoint.host, self.endpoint.port
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout_s):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise NotReachable(
                "The name {host} is not known.",
                cure="Check the spelling, or give the server's address.",
                code="resolve",
                host=host,
            ) from problem
        addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
        self.say(message("{host} is {addresses}", host=host, addresses=addresses))

    async def _connect(self, places: list[Endpoint]) -> None:
        problem: NotReachable | None = None
        for place in places:
            try:
                async with asyncio.timeout(self.timeout_s):
                    _, writer = await asyncio.open_connection(place.host, place.port)
            except (OSError, TimeoutError) as failed:
                problem = problem or connection_error(failed, place.host, place.port)
                continue
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self.endpoint = place
            self.say(message("TCP port {port} answers", port=place.port))
            return
        if problem is not None:
            raise problem

    async def _secure(self) -> None:
        host, port = self.endpoint.host, self.endpoint.port
        # First only a look, for the trust dialog; then a handshake that the trust must pass.
        self.certificate = await fetch_certificate(host, port, timeout_s=self.timeout_s)
        trust = Trust() if self.trust.mode is TrustMode.PLAIN_HTTP else self.trust
        context = client_context(trust)
        try:
            async with asyncio.timeout(self.timeout_s):
                _, writer = await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=host
                )
        except (OSError, TimeoutError) as problem:
            fault = find_verification_error(problem)
            if fault is not None:
                refusal = await not_trusted(fault, host, port, trust, self.timeout_s)
                raise _with_certificate(refusal, self.certificate) from problem
            raise connection_error(problem, host, port) from problem
        version = writer.get_extra_info("ssl_object").version() or "TLS"
        writer.transport.abort()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
        self.say(
            message(
                "{version}, fingerprint {fingerprint} …",
                version=version.replace("TLSv", "TLS "),
                fingerprint=fingerprint_blocks(self.certificate.sha256)[:11].replace(":", " "),
            )
        )

    async def _find_interface(self) -> HttpTransport:
        """The step http, then the step interface; other usual paths are tried."""
        transport = self._transport = HttpTransport(
            self.endpoint, self.trust, timeout_s=self.timeout_s
        )
        async with self.step(StepName.HTTP):
            answer = await transport.post(HELLO.body())
            who = answer.server or "web server"
            self.server["web_server"] = answer.server
            if transport.redirected_from:
                old = Endpoint(transport.redirected_from).parts.path
                new = transport.endpoint.parts.path
                self.say(
                    message(
                        "{who}; POST {old} was redirected, {new} is right",
                        who=who,
                        old=old,
                        new=new,
                    )
                )
            else:
                self.say(message("{who}, HTTP {status}", who=who, status=answer.status))
        async with self.step(StepName.INTERFACE):
            try:
                check_interface(answer)
            except ProtocolError:
                original = transport.endpoint
                for path in (INFO.public_path, INFO.internal_path):
                    if path == original.parts.path:
                        continue
                    transport.endpoint = Endpoint(
                        f"{original.parts.scheme}://{original.parts.netloc}{path}"
                    )
                    with contextlib.suppress(TagwerkError):
                        check_interface(await transport.post(HELLO.body()))
                        break
                else:
                    transport.endpoint = original
                    raise
            self.dialect = INFO.key
            self.server["product"] = INFO.product
            self.say(
                message(
                    "{product} at {path}", product=INFO.product, path=transport.endpoint.parts.path
                )
            )
        return transport

    def _say_login(self, keeper: SessionKeeper) -> None:
        session = keeper.session
        if session is None:
            return
        name = session.full_name or session.user
        if session.expires_ns is not None:
            now_ns = time.time_ns() + (keeper.clock_offset_ns or 0)
            minutes = max(round((session.expires_ns - now_ns) / 60e9), 0)
            if minutes < 10_000:
                self.say(message("{user}, session of {minutes} min", user=name, minutes=minutes))
                return
        self.say(message("{user}", user=name))

    def _say_rights(self) -> None:
        have = ", ".join(sorted(one.value for one in self.capabilities.available))
        lacking = ", ".join(
            sorted(
                one.value for one in Capability if self.capabilities.reason(one) == "right_missing"
            )
        )
        if lacking:
            self.say(message("{have}; not: {lacking}", have=have, lacking=lacking))
        else:
            self.say(message("{have}", have=have))


def _with_certificate(problem: NotTrusted, certificate: Certificate | None) -> NotTrusted:
    """The certificate with its whole chain, as it was looked at first."""
    if problem.certificate is None or (
        certificate is not None and certificate.sha256 == problem.certificate.sha256
    ):
        problem.certificate = certificate
    return problem
