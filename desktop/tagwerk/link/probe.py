"""One look at one server, from its name to the sign-in. Called by `connector`.

Nothing secret is sent before the certificate was vouched for; a login happens only when a user
is given, and once. Each failure becomes a finding with its cure.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

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
from tagwerk.domain.errors import NotReachable, NotTrusted, TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.domain.traffic import TrafficSink
from tagwerk.domain.verdict import CAPABILITY_WORDS, listed
from tagwerk.link.addresses import AUTO, candidates
from tagwerk.link.broken import connection_error
from tagwerk.link.client import HttpClient
from tagwerk.link.deep_probe import probe_functions, probe_way
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.find_dialect import dialect_of
from tagwerk.link.find_interface import InterfaceLook, service_at, tell_classic
from tagwerk.link.find_service import ServiceLook
from tagwerk.link.findings import diagnose, find
from tagwerk.link.keeper import Keeper
from tagwerk.link.look import Look
from tagwerk.link.look_around import (
    CLASSIC_PORTS,
    USUAL_PORTS,
    find_classic,
    listener_kind,
    open_ports,
)
from tagwerk.link.registry import SPEAKERS
from tagwerk.link.speaker import SpokenClient
from tagwerk.link.tls import client_context, fetch_certificate, find_verification_error, not_trusted
from tagwerk.link.transport import HttpTransport
from tagwerk.link.wiretap import Wiretap

_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, 10051, 10065}
_NAME_SERVICE = {socket.EAI_AGAIN, 11002}
LOOKS: dict[str, Look] = {"unified": InterfaceLook(), "classic": ServiceLook()}
"""By the word of ``--dialect``, as `registry.SPEAKERS`."""
_SOON_DAYS = 30
_DAY_NS = 86_400_000_000_000


class Probe:
    """Collects steps as it goes; `run` once, then `close`, then `result`.

    Args:
        trust: whom to trust.
        timeout_s: for each single thing.
        on_step: told each step as it ends.
        traffic: told what goes over the wire, without secrets.
    """

    def __init__(
        self,
        trust: Trust,
        timeout_s: float,
        on_step: Callable[[Step], None] | None,
        traffic: TrafficSink | None = None,
    ) -> None:
        self.tap = Wiretap(traffic)
        self.trust = trust
        self.timeout_s = timeout_s
        self.endpoint = Endpoint("")
        self.steps: list[Step] = []
        self.error: Exception | None = None
        self.certificate: Certificate | None = None
        self.session: Session | None = None
        self.capabilities = Capabilities()
        self.alarm_filters: tuple[str, ...] = ()
        self.server: dict[str, str] = {}
        self.dialect = ""
        self.facts: dict[str, object] = {
            "found": "", "user": "", "names": "", "path": "", "scheme": "", "rate": "",
        }  # fmt: skip
        """What the sentences of findings are filled with."""
        self.clock_offset_ns: int | None = None
        self.transport: HttpTransport | None = None
        self.may_speak_another = False
        """Nobody said which dialect is spoken here: what is found counts."""
        self._key = "unified"
        self._keeper: Keeper | None = None
        self._on_step = on_step
        self._detail = Message()
        self._cure = Message()
        self._code = ""
        self._ok: bool | None = True

    def open_transport(self) -> HttpTransport:
        """A transport to where the probe stands now; closed by `close`."""
        self.transport = HttpTransport(
            self.endpoint, self.trust, timeout_s=self.timeout_s, tap=self.tap
        )
        return self.transport

    def speak(self, key: str, endpoint: Endpoint) -> None:
        """Go on in another dialect, at another place of the same host."""
        self._key = key
        self.endpoint = endpoint

    def result(self) -> ProbeResult:
        """All that was found."""
        transport = self.transport
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
            alarm_filters=self.alarm_filters,
        )

    async def close(self) -> None:
        """Log out if logged in (this login only), and hang up."""
        if self._keeper is not None:
            await self._keeper.logout()
        if self.transport is not None:
            await self.transport.close()

    # Steps.

    def say(self, text: Message, *, ok: bool | None = True, code: str = "") -> None:
        """What the running step found; `code` names a finding."""
        self._detail = text
        self._ok = ok
        self._code = code
        self._cure = Message()

    def means(self, code: str) -> None:
        """The error that ends the running step has this cause."""
        self._code = code

    @asynccontextmanager
    async def step(self, name: StepName, *, go_on: bool = False) -> AsyncIterator[None]:
        """Times a step and reports it, also when it fails; `go_on` swallows its error."""
        self.say(Message())
        began = time.perf_counter()
        try:
            yield
        except TagwerkError as problem:
            known, text = self._code, self._detail if self._code else problem.text
            self.say(text or problem.text, ok=False, code=known or diagnose(name, problem))
            self._cure = problem.cure_text
            self._report(name, began)
            if not go_on:
                raise
        else:
            self._report(name, began)

    def _report(self, name: StepName, began: float) -> None:
        ms = round((time.perf_counter() - began) * 1000, 1)
        self._add(name, self._ok, ms, self._detail, self._cure, self._code)

    def _add(
        self, name: StepName, ok: bool | None, ms: float, detail: Message, cure: Message, code: str
    ) -> None:
        self.facts |= {"host": self.endpoint.host, "port": self.endpoint.port}
        if code:
            finding = find(code).filled(self.facts)
            cure = cure or (finding.actions[0] if finding.actions else Message())
            found = Step(
                name, ok, ms, detail, cure, code, finding.meaning, finding.actions,
                finding.command, finding.until_then, ok is not None and finding.is_minor,
            )  # fmt: skip
        else:
            found = Step(name, ok, ms, detail, cure)
        self.steps.append(found)
        if self._on_step is not None:
            self._on_step(found)

    def skip(self, name: StepName, why: Message, code: str = "") -> None:
        """A step that does not apply."""
        self._add(name, None, 0.0, why, Message(), code)

    # The way.

    async def run(
        self,
        profile: ConnectionProfile,
        password: str,
        deep: bool,
        token: str = "",
    ) -> None:
        """All steps in order.

        Args:
            profile: its address, user and dialect, and what a dialect's client reads of it.
            password, token: of the user; without both nobody is signed in.
            deep: go on to browse, read, history, alarms, push, clock and round trip.

        Raises:
            TagwerkError: what made it impossible to go on; the step is reported already.
        """
        user = profile.user
        self.facts["user"] = user
        async with self.step(StepName.RESOLVE):
            places = candidates(profile.url, self.trust, profile.dialect)
            self.endpoint = places[0]
            self._key = dialect_of(profile.url, profile.dialect)
            self.may_speak_another = profile.dialect == AUTO
            await self._resolve()
        await self._reach(self._with_other_ports(places, profile.url))
        if self.endpoint.is_secure:
            async with self.step(StepName.TLS):
                await self._secure()
        else:
            await self._plain()
        transport = await LOOKS[self._key].find(self)
        problem: TagwerkError | None = None
        if user or token:
            try:
                await self._inside(transport, profile, password, token, deep)
            except TagwerkError as failed:
                problem = failed
        elif deep:
            self.skip(StepName.LOGIN, message("nobody is signed in"), "not_signed_in")
        if deep and (problem is None or not isinstance(problem, NotReachable)):
            await probe_way(self, LOOKS[self._key], transport, self._keeper)
        if problem is not None:
            raise problem

    def _with_other_ports(self, places: list[Endpoint], address: str) -> list[Endpoint]:
        """The other usual ports of a dialect, where the address names none."""
        first = places[0]
        info = SPEAKERS[self._key].info
        if first.port != info.public_port or f":{first.port}" in address:
            return places
        host = f"[{first.host}]" if ":" in first.host else first.host
        parts = first.parts
        others = [
            Endpoint(f"{parts.scheme}://{host}:{port}{parts.path}") for port in info.other_ports
        ]
        return [*places, *others]

    async def _inside(
        self,
        transport: HttpTransport,
        profile: ConnectionProfile,
        password: str,
        token: str,
        deep: bool,
    ) -> None:
        speaker, look = SPEAKERS[self._key], LOOKS[self._key]
        keeper = self._keeper = speaker.keeper(transport, profile.user, password)
        self.tap.know(keeper)
        client = speaker.client(keeper, profile)
        if token:
            keeper.adopt(token)
            self.skip(StepName.LOGIN, message("a token was given"))
        else:
            async with self.step(StepName.LOGIN):
                await look.sign_in(self, keeper)
        async with self.step(StepName.RIGHTS):
            await client.prepare()
            self.capabilities = client.capabilities
            self.alarm_filters = client.alarm_filters
            self._say_rights(client)
        if isinstance(client, HttpClient) and client.dialect is not None:
            self.server["version"] = client.dialect.version
        if deep:
            await probe_functions(self, look, client, keeper)

    async def _resolve(self) -> None:
        host, port = self.endpoint.host, self.endpoint.port
        self.facts |= {"host": host, "port": port, "path": self.endpoint.parts.path}
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout_s):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as problem:
            raise NotReachable(
                "Nobody says in time where {host} is.",
                cure="Check this computer's network, or give the server's address.",
                code="name_service",
                host=host,
            ) from problem
        except (OSError, UnicodeError) as problem:
            silent = isinstance(problem, socket.gaierror) and problem.errno in _NAME_SERVICE
            raise NotReachable(
                "The name {host} is not known.",
                cure="Check the spelling, or give the server's address.",
                code="name_service" if silent else "resolve",
                host=host,
            ) from problem
        addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
        self.say(message("{host} is {addresses}", host=host, addresses=addresses))

    async def _reach(self, places: list[Endpoint]) -> None:
        try:
            async with self.step(StepName.CONNECT):
                await self._connect(places)
        except NotReachable as problem:
            if CLASSIC_PORTS[0] in self.facts.get("open_ports", ()):  # type: ignore[operator]
                await self._name_classic()
            raise problem

    async def _name_classic(self) -> None:
        """The port that was asked for is closed, and the one of an older product is open."""
        trust = Trust() if self.trust.mode is TrustMode.PLAIN_HTTP else self.trust
        host = self.endpoint.host
        place = Endpoint(f"https://[{host}]/" if ":" in host else f"https://{host}/")
        port = await find_classic(place, client_context(trust), CLASSIC_PORTS)
        if port:
            with contextlib.suppress(TagwerkError):
                async with self.step(StepName.INTERFACE):
                    tell_classic(self, port)

    async def _connect(self, places: list[Endpoint]) -> None:
        problem: NotReachable | None = None
        for place in places:
            try:
                async with asyncio.timeout(self.timeout_s):
                    _, writer = await asyncio.open_connection(place.host, place.port)
            except (OSError, TimeoutError) as failed:
                problem = problem or _no_connection(failed, place)
                continue
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self.endpoint = place
            self.say(message("TCP port {port} answers", port=place.port))
            return
        if problem is None:
            return
        if problem.code in ("refused", "timeout"):
            await self._try_other_ports({place.port for place in places})
            if await self._go_to_service(places):
                return
            if problem.code == "refused" and self._key != "unified":
                self.means("service_off")
        raise problem

    async def _go_to_service(self, places: list[Endpoint]) -> bool:
        """Whether the other product's port is the only one of the two that is open, and nobody said
        which it is: then that one is looked at."""
        found: tuple[int, ...] = self.facts.get("open_ports", ())  # type: ignore[assignment]
        ports = [port for port in CLASSIC_PORTS if port in found]
        tried = self.endpoint
        if not ports or not self.may_speak_another or tried.parts.port or not tried.is_secure:
            return False
        self.speak("classic", service_at(tried, ports[0]))
        self.say(
            message(
                "TCP port {port} answers; {tried} does not",
                port=ports[0],
                tried=", ".join(str(place.port) for place in places),
            )
        )
        return True

    async def _try_other_ports(self, tried: set[int]) -> None:
        others = [port for port in USUAL_PORTS if port not in tried]
        found = await open_ports(self.endpoint.host, others)
        self.facts["open_ports"] = found
        if not found:
            self.facts["found"] = message(
                "None of the usual ports is open either: {ports}.",
                ports=", ".join(map(str, others)),
            )
            return
        words = listed([USUAL_PORTS[port] for port in found])
        self.facts["found"] = message("Open on this computer: {ports}.", ports=words)

    async def _plain(self) -> None:
        if self.trust.mode is TrustMode.PLAIN_HTTP or self.endpoint.is_loopback:
            self.skip(StepName.TLS, message("plain HTTP, no certificate"))
            return
        async with self.step(StepName.TLS):
            # Refuses by itself what nobody allowed, before anything is sent.
            await HttpTransport(self.endpoint, self.trust).close()

    async def _secure(self) -> None:
        host, port = self.endpoint.host, self.endpoint.port
        trust = Trust() if self.trust.mode is TrustMode.PLAIN_HTTP else self.trust
        context = client_context(trust)
        # First only a look, for the trust dialog; then a handshake that the trust must pass.
        try:
            self.certificate = await fetch_certificate(host, port, timeout_s=self.timeout_s)
        except NotReachable as problem:
            raise await self._no_tls(problem) from problem
        try:
            async with asyncio.timeout(self.timeout_s):
                _, writer = await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=host
                )
        except (OSError, TimeoutError) as problem:
            fault = find_verification_error(problem)
            if fault is not None:
                refusal = await not_trusted(fault, host, port, trust, self.timeout_s)
                raise self._with_certificate(refusal) from problem
            raise connection_error(problem, host, port) from problem
        version = writer.get_extra_info("ssl_object").version() or "TLS"
        writer.transport.abort()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
        self._say_secure(version.replace("TLSv", "TLS "), self.certificate)

    def _say_secure(self, version: str, certificate: Certificate) -> None:
        start = fingerprint_blocks(certificate.sha256)[:11].replace(":", " ")
        text = message("{version}, fingerprint {fingerprint} …", version=version, fingerprint=start)
        if self.trust.mode is TrustMode.PINNED:
            text = message(
                "{version}, fingerprint {fingerprint} … as remembered",
                version=version,
                fingerprint=start,
            )
        days = (certificate.not_after_ns - time.time_ns()) // _DAY_NS
        self.facts["days"] = days
        ends_soon = 0 <= days < _SOON_DAYS
        self.say(
            text,
            code="certificate_ends_soon" if ends_soon else "",
        )

    async def _no_tls(self, problem: NotReachable) -> NotReachable:
        """The handshake failed: say what listens there instead."""
        if problem.code:
            return problem
        host, port = self.endpoint.host, self.endpoint.port
        cause = problem.__cause__
        if isinstance(cause, TimeoutError):
            return connection_error(cause, host, port)
        kind = await listener_kind(host, port)
        if kind == "opc_ua":
            return NotReachable(
                "{host}:{port} is an OPC UA server.", code="opc_ua", host=host, port=port
            )
        if kind == "http":
            return NotReachable(
                "{host}:{port} answers with plain HTTP, without TLS.",
                code="plain_http",
                host=host,
                port=port,
            )
        return connection_error(cause, host, port) if cause is not None else problem

    def _with_certificate(self, problem: NotTrusted) -> NotTrusted:
        """The certificate with its whole chain, as it was looked at first."""
        known = self.certificate
        if problem.certificate is None or (
            known is not None and known.sha256 == problem.certificate.sha256
        ):
            problem.certificate = known
        names = problem.certificate.names if problem.certificate is not None else ()
        self.facts["names"] = ", ".join(names) or message("another name")
        return problem

    def _say_rights(self, client: SpokenClient) -> None:
        able = self.capabilities
        have = listed([CAPABILITY_WORDS[one] for one in Capability if one in able])
        lacking = listed(
            [CAPABILITY_WORDS[one] for one in Capability if able.reason(one) == "right_missing"]
        )
        text = message("{have}", have=have)
        if lacking:
            text = message("{have}; not: {lacking}", have=have, lacking=lacking)
        dialect = client.dialect if isinstance(client, HttpClient) else None
        self.say(text, code="introspection_off" if dialect and dialect.schema.assumed else "")


def _no_connection(problem: OSError, place: Endpoint) -> NotReachable:
    if problem.errno in _NO_ROUTE:
        return NotReachable(
            "There is no way from this computer to {host}.",
            cure="Check this computer's network.",
            code="no_route",
            host=place.host,
        )
    return connection_error(problem, place.host, place.port)
