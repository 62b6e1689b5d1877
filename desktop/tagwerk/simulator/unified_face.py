"""The plant behind WinCC Unified's interface: GraphQL over HTTP and WebSocket on one port.

It serves what the reference describes; `execute` runs queries, `subscribe` a client's WebSocket,
`publish` brings each tick's changes to the subscribers. Made by `server`, which moves the plant.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import msgspec
from aiohttp import HttpVersion11, WSCloseCode, web

from tagwerk.simulator.access import ACCESS, Caller, Unauthenticated
from tagwerk.simulator.execute import Engine, Invalid, encode, formatted, invalid, read_request
from tagwerk.simulator.http_manners import Handler, HttpManners, cut, page
from tagwerk.simulator.listener import LARGEST_BODY, Listener, address
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.publish import Publisher
from tagwerk.simulator.redundancy import Redundancy
from tagwerk.simulator.rewriting import answer_edits
from tagwerk.simulator.sessions import WRITE, SessionStore
from tagwerk.simulator.subscribe import Connection
from tagwerk.simulator.wire import Wire

if TYPE_CHECKING:
    from tagwerk.simulator.options import SimulatorOptions
    from tagwerk.simulator.running import RunningPlant
    from tagwerk.simulator.state import Changes
    from tagwerk.simulator.switches import Switches

_EXPIRED_STATUS = {"401": 401, "401-html": 401, "403": 403, "500": 500}
"""Status of the answer to an expired token, by value of the switch ``expired-as``."""
_STALE = encode(
    {"errors": [{"message": "Invalid token", "extensions": {"code": "UNAUTHENTICATED"}}]}
)
_decode = msgspec.json.Decoder().decode


class UnifiedFace:
    """A running plant as a WinCC Unified runtime shows it.

    Args:
        options: where to serve.
        switches: which variants of the interface.
        plant: what is served.

    Attributes:
        sessions: who is logged in.
        operations: the fields of the schema.
        publisher: who gets which change.
        connections: open WebSockets.
    """

    name = "unified"

    def __init__(self, options: SimulatorOptions, switches: Switches, plant: RunningPlant) -> None:
        self._options = options
        self._switches = switches
        self._plant = plant
        logoff_s = switches.number("auto-logoff", -1)
        self.sessions = SessionStore(
            plant.clock_ns,
            auto_logoff_s=None if logoff_s < 0 else logoff_s,
            renews_token=switches.on("new-token-on-extend"),
            single=switches.on("single-session"),
        )
        wire = Wire(plant.model.system, switches)
        self.operations = operations = Operations(
            plant.model, self.sessions, wire, switches, plant.now_ns, plant.writes
        )
        self._engine = Engine(operations, switches)
        self.publisher = Publisher(operations, options.tags)
        self._redundancy = Redundancy(switches, plant.now_ns)
        self._resync_ns = int(switches.number("alarm-resync", 0) * 1e9)
        self._resynced_ns = plant.began_ns
        self._manners = HttpManners(switches, plant.clock_ns, answer_edits(switches))
        self._expired_status = _EXPIRED_STATUS.get(switches.text("expired-as"), 0)
        self._refuses_stale = switches.on("stale-header-refused")
        self._has_news = bool(
            self._resync_ns or operations.tags.leaving or self._redundancy.changes
        )
        self._cuts_after = _fields_without_answer(switches)
        self.connections: set[Connection] = set()
        self._listener: Listener | None = None
        self._port = 0

    async def start(self, context: ssl.SSLContext | None) -> None:
        """Listen. Raises OSError when the port is taken."""
        switches = self._switches
        self._listener = listener = Listener(
            self._manners, largest_body=int(switches.number("body-limit", LARGEST_BODY))
        )
        slash = switches.text("missing-slash", "served" if self._options.plain_http else "301")
        listener.serve("/graphql/", self._handle)
        listener.serve("/graphql", self._handle if slash == "served" else self._redirect(slash))
        await listener.start(self._options.host, self._options.port, context)
        self._port = listener.port

    async def stop(self) -> None:
        """Close every connection and stop listening; bounded in time."""
        await asyncio.gather(
            *(one.close(WSCloseCode.GOING_AWAY, "Server is stopping") for one in self.connections),
            return_exceptions=True,
        )
        if self._listener is not None:
            await self._listener.stop()

    @property
    def url(self) -> str:
        """The address of the interface."""
        options = self._options
        return f"{address(options.host, self._port, plain_http=options.plain_http)}/graphql/"

    # The plant's changes

    def tell(self, changes: Changes) -> None:
        """Bring a tick's changes to the subscribers."""
        self.publisher.publish(changes)
        if self._has_news:
            self._tell_news(self._plant.now_ns())

    def _tell_news(self, now_ns: int) -> None:
        """What switches let happen besides the plant's own changes."""
        leaving = self.operations.tags.leaving
        if leaving is not None and leaving.take_news():
            self.publisher.drop(leaving.concerns, leaving.reason)
        if self._resync_ns and now_ns - self._resynced_ns >= self._resync_ns:
            self._resynced_ns = now_ns
            self.publisher.resynchronise_alarms(self._plant.model.alarms.active())
        if self._redundancy.take_change():
            for connection in self.connections:
                connection.tell_redundancy()

    async def sweep(self) -> None:
        """End the WebSockets of sessions that ran out."""
        if self._switches.on("keep-expired-streams"):
            return
        expired = [
            one
            for one in self.connections
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
            self.publisher,
            self._switches,
            self.find_caller,
            self._redundancy,
            self._cuts_after,
        )
        self.connections.add(connection)
        try:
            return await connection.serve(request)
        finally:
            self.connections.discard(connection)

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
