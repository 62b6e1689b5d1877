"""The demo plant's server for WinCC Unified: HTTPS and WebSocket on one port, and the plant's clock.

It serves what the reference describes; `execute` runs queries, `subscribe` a client's WebSocket,
`publish` brings each tick's changes to the subscribers. Runs on a plain asyncio loop, in its own
process (`main`) or inside a test.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import HttpVersion11, WSCloseCode, web

from tagwerk.domain.errors import UsageError
from tagwerk.simulator.access import ACCESS, Caller, Unauthenticated
from tagwerk.simulator.execute import Engine, Invalid, encode, formatted, invalid, read_request
from tagwerk.simulator.http_manners import Handler, HttpManners, cut, page
from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.publish import Publisher
from tagwerk.simulator.redundancy import Redundancy
from tagwerk.simulator.security import default_folder, ensure_certificate, odd_certificate
from tagwerk.simulator.sessions import USERS, WRITE, SessionStore
from tagwerk.simulator.subscribe import Connection
from tagwerk.simulator.switches import Switches, parse_switches
from tagwerk.simulator.wire import Wire

LARGEST_BODY = 1024 * 1024
TICK_S = 0.05
FAST_TICK_S = 0.02
MOST_PLANT_S_A_TICK = 2.0
"""After a standstill (a laptop that slept) the plant catches up in steps of at most this."""
SWEEP_S = 0.5
PAST_STEPS_A_TURN = 20
"""Some 1 to 2 ms."""
PAST_SHARE = 0.6
"""So much of a tick's time may go into working out the day before: it takes a second or two."""

logger = logging.getLogger(__name__)
_EXPIRED_STATUS = {"401": 401, "401-html": 401, "403": 403, "500": 500}
"""Status of the answer to an expired token, by value of the switch ``expired-as``."""
_STALE = encode(
    {"errors": [{"message": "Invalid token", "extensions": {"code": "UNAUTHENTICATED"}}]}
)
_decode = msgspec.json.Decoder().decode


class SimulatorServer:
    """A demo plant behind a real server.

    Args:
        options: what and where to serve.
        model: the plant; made from the options when None.
        clock_ns: wall time, nanoseconds since 1970 UTC.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        model: PlantModel | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.options = options
        self._switches = parse_switches(options.switches)
        self._clock_ns = clock_ns = _shifted(clock_ns, self._switches.number("clock-offset", 0))
        self._began_ns = clock_ns()
        self.model = model or PlantModel.create(
            seed=options.seed,
            start_ns=self._began_ns,
            generated=options.tags,
            rate_per_s=options.rate,
        )
        self._plant_ns = self._began_ns
        logoff_s = self._switches.number("auto-logoff", -1)
        self.sessions = SessionStore(
            clock_ns,
            auto_logoff_s=None if logoff_s < 0 else logoff_s,
            renews_token=self._switches.on("new-token-on-extend"),
            single=self._switches.on("single-session"),
        )
        wire = Wire(self.model.system, self._switches)
        self._operations = operations = Operations(
            self.model, self.sessions, wire, self._switches, lambda: self._plant_ns
        )
        self._engine = Engine(operations, self._switches)
        self._publisher = Publisher(operations, options.tags)
        self._redundancy = Redundancy(self._switches, lambda: self._plant_ns)
        self._resync_ns = int(self._switches.number("alarm-resync", 0) * 1e9)
        self._resynced_ns = self._began_ns
        self._manners = HttpManners(self._switches, clock_ns)
        self._expired_status = _EXPIRED_STATUS.get(self._switches.text("expired-as"), 0)
        self._refuses_stale = self._switches.on("stale-header-refused")
        self._has_news = bool(
            self._resync_ns or operations.tags.leaving or self._redundancy.changes
        )
        self._cuts_after = _fields_without_answer(self._switches)
        self._connections: set[Connection] = set()
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None
        self.port = 0
        self.ca_file: Path | None = None

    # Life

    async def start(self) -> None:
        """Listen, and let the plant run.

        Raises:
            OSError: the port is taken.
            UsageError: the certificate folder cannot be written.
        """
        context = None
        if not self.options.plain_http:
            folder = Path(self.options.data_dir) if self.options.data_dir else default_folder()
            try:
                kind = self._switches.text("certificate")
                certificate = (
                    odd_certificate(folder, kind, host=self.options.host)
                    if kind
                    else ensure_certificate(folder, host=self.options.host)
                )
            except OSError as problem:
                raise UsageError(
                    "The certificate cannot be kept in {folder}: {reason}.",
                    cure="Choose another folder with --data-dir.",
                    folder=str(folder),
                    reason=problem.strerror or str(problem),
                ) from problem
            context = certificate.server_context()
            self.ca_file = certificate.ca_file
        application = web.Application(
            client_max_size=int(self._switches.number("body-limit", LARGEST_BODY)),
            middlewares=[self._manners.handle] if self._manners.plays else [],
        )
        if self._manners.plays_headers:
            application.on_response_prepare.append(self._manners.before_headers)
        slash = self._switches.text("missing-slash", "served" if self.options.plain_http else "301")
        application.router.add_route("*", "/graphql/", self._handle)
        application.router.add_route(
            "*", "/graphql", self._handle if slash == "served" else self._redirect(slash)
        )
        self._runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.options.host, self.options.port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._ticker = asyncio.create_task(self._tick_for_ever(), name="plant clock")

    async def wait(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; raises what broke the plant, should that happen."""
        if self._ticker is None:
            return
        asked = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({asked, self._ticker}, return_when=asyncio.FIRST_COMPLETED)
            if self._ticker in done:
                self._ticker.result()
        finally:
            asked.cancel()

    async def stop(self) -> None:
        """Close every connection and stop listening; bounded in time."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        await asyncio.gather(
            *(one.close(WSCloseCode.GOING_AWAY, "Server is stopping") for one in self._connections),
            return_exceptions=True,
        )
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """The address of the interface."""
        scheme = "http" if self.options.plain_http else "https"
        host = self.options.host
        if host in ("0.0.0.0", "::"):  # noqa: S104
            host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{self.port}/graphql/"

    @property
    def ready(self) -> dict[str, Any]:
        """The ready line's content (docs/simulator.md)."""
        return {
            "unified": self.url,
            **({"ca": str(self.ca_file)} if self.ca_file else {}),
            "users": [
                {"name": user.name, "password": user.password, "rights": list(user.rights)}
                for user in USERS
            ],
        }

    # The plant's clock

    async def _tick_for_ever(self) -> None:
        period_s = FAST_TICK_S if self.options.rate > 0 else TICK_S
        swept = time.monotonic()
        has_past = False
        while True:
            began = time.monotonic()
            self.tick()
            if not has_past:
                has_past = await self._prepare_past(began + period_s * PAST_SHARE)
            if began - swept >= SWEEP_S:
                swept = began
                await self._end_expired()
            await asyncio.sleep(max(period_s - (time.monotonic() - began), 0))

    async def _prepare_past(self, until_s: float) -> bool:
        """Work out a part of the day before, in turns with the requests, before anybody asks for
        it: who asks earlier makes all others wait. True when it is done."""
        while time.monotonic() < until_s:
            if self.model.prepare_past(PAST_STEPS_A_TURN):
                return True
            await asyncio.sleep(0)
        return False

    def tick(self) -> None:
        """Move the plant up to now and tell the subscribers."""
        due_ns = self._began_ns + int((self._clock_ns() - self._began_ns) * self.options.speed)
        step_ns = int(MOST_PLANT_S_A_TICK * max(self.options.speed, 1.0) * 1e9)
        now_ns = min(due_ns, self._plant_ns + step_ns)
        if now_ns <= self._plant_ns:
            return
        self._plant_ns = now_ns
        self._operations.tags.writes.arrive(now_ns)
        self._publisher.publish(self.model.advance(now_ns))
        if self._has_news:
            self._tell_news(now_ns)

    def _tell_news(self, now_ns: int) -> None:
        """What switches let happen besides the plant's own changes."""
        leaving = self._operations.tags.leaving
        if leaving is not None and leaving.take_news():
            self._publisher.drop(leaving.concerns, leaving.reason)
        if self._resync_ns and now_ns - self._resynced_ns >= self._resync_ns:
            self._resynced_ns = now_ns
            self._publisher.resynchronise_alarms(self.model.alarms.active())
        if self._redundancy.take_change():
            for connection in self._connections:
                connection.tell_redundancy()

    async def _end_expired(self) -> None:
        if self._switches.on("keep-expired-streams"):
            return
        expired = [
            one
            for one in self._connections
            if one.session is not None
            and not one.is_ended
            and self.sessions.is_expired(one.session)
        ]
        for connection in expired:
            await connection.end_session(self._switches.text("expired-socket", "4401"))

    # Requests

    def _redirect(self, answer: str) -> Handler:
        """What the address without its last slash is answered with."""

        async def redirect(request: web.Request) -> web.StreamResponse:
            if answer == "404":
                return page(404)
            place = "/graphql/"
            if self._switches.on("redirect-absolute"):
                place = f"{request.scheme}://{request.host}{place}"
            return web.Response(status=int(answer), headers={"Location": place})

        return redirect

    def find_caller(self, authorization: str) -> Caller:
        """Who an Authorization text belongs to; using it renews the session."""
        kind, _, token = authorization.strip().partition(" ")
        session = self.sessions.find(token.strip()) if kind.lower() == "bearer" else None
        if session is not None:
            self.sessions.touch(session)
        return Caller(session)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve_socket(request)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"}, text="Use POST.")
        try:
            return await self._answer(request)
        except Invalid as problem:
            status = int(self._switches.text("invalid-as", "400"))
            return await self._send(request, problem.body, status)
        except web.HTTPRequestEntityTooLarge:
            if self._manners.limits_as_page:
                return page(413)
            raise

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        if self._switches.on("no-websocket") or request.method != "GET":
            status = int(self._switches.text("no-websocket", "400"))
            return web.Response(status=status, text="WebSocket is not available.")
        connection = Connection(
            self._engine,
            self._publisher,
            self._switches,
            self.find_caller,
            self._redundancy,
            self._cuts_after,
        )
        self._connections.add(connection)
        try:
            return await connection.serve(request)
        finally:
            self._connections.discard(connection)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._switches.on("preflight") and not request.headers.get("apollo-require-preflight"):
            raise invalid("Blocked: this request looks like a potential CSRF", "BAD_REQUEST")
        if request.content_type != "application/json":
            raise invalid("Content-Type must be application/json", "BAD_REQUEST")
        try:
            payload = _decode(await request.read())
        except msgspec.DecodeError:
            raise invalid("The body is not JSON", "BAD_REQUEST") from None
        prepared = self._engine.prepare(read_request(payload))
        if prepared.operation.operation.value == "subscription":
            raise invalid("Subscriptions need the WebSocket", "BAD_REQUEST")
        authorization = request.headers.get("Authorization", "")
        caller = self.find_caller(authorization)
        if self._refuses_stale and authorization and caller.session is None:
            return await self._send(request, _STALE, 401)
        if self._expired_status:
            try:
                self._engine.check_session(prepared, caller)
            except Unauthenticated as problem:
                if self._switches.text("expired-as") == "401-html":
                    return page(401)
                body = encode({"errors": [formatted(problem)]})
                return await self._send(request, body, self._expired_status)
        chunks = self._engine.stream(prepared, caller)
        if self._cuts_after and self._cuts_after & prepared.root_names:
            async for _ in chunks:
                continue
            return cut(request)
        if self._manners.plays_whole:
            whole = b"".join([chunk async for chunk in chunks])
            return await self._manners.send(request, whole, 200)
        first = await anext(chunks)
        second = await anext(chunks, None)
        if second is None:
            return _json(first, 200)
        response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
        if request.version < HttpVersion11:
            # Without chunks only the end of the connection is the end of the body.
            response.force_close()
        await response.prepare(request)
        await response.write(first)
        await response.write(second)
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _send(self, request: web.Request, body: bytes, status: int) -> web.StreamResponse:
        if self._manners.plays_whole:
            return await self._manners.send(request, body, status)
        return _json(body, status)


def _shifted(clock_ns: Callable[[], int], offset_s: float) -> Callable[[], int]:
    """A clock that is wrong by so many seconds."""
    offset_ns = int(offset_s * 1e9)
    return (lambda: clock_ns() + offset_ns) if offset_ns else clock_ns


def _fields_without_answer(switches: Switches) -> frozenset[str]:
    """Fields that are done and then cut off instead of answered."""
    fields: set[str] = set()
    if switches.on("write-unanswered"):
        fields |= {name for name, right in ACCESS.items() if right == WRITE}
    if switches.text("extend-as") == "close":
        fields.add("extendSession")
    return frozenset(fields)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")
