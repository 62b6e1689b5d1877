"""The WebSocket of one client: the protocol ``graphql-transport-ws``, message by message.

Receiving goes through the library; pushed values leave through a `Pump`. Close codes: 4400 bad
message, 4401 not initialised, 4403 token refused, 4406 sub-protocol, 4408 too slow to begin,
4409 id in use, 4429 initialised twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from graphql import GraphQLError, OperationType

from tagwerk.simulator.access import Caller
from tagwerk.simulator.execute import Engine, Invalid, Prepared, Request, formatted, read_request
from tagwerk.simulator.frames import Outlet, deflating, fragmenting, frame
from tagwerk.simulator.publish import (
    AlarmSubscription,
    Publisher,
    Pump,
    ReduSubscription,
    Subscription,
    TagSubscription,
    TagTarget,
    UnresolvedTarget,
)
from tagwerk.simulator.redundancy import Redundancy
from tagwerk.simulator.rewriting import EditingOutlet, as_is, message_edits
from tagwerk.simulator.selection import RootField
from tagwerk.simulator.sessions import Session
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.writers import ADDED, MODIFIED

PROTOCOL = "graphql-transport-ws"
LARGEST_MESSAGE = 64 * 1024 * 1024
CLOSE_S = 1.0
CUT = 1006
"""No code of a close frame: the TCP connection is cut."""
FROZEN_S = 60.0
"""A frozen connection ends by itself some time, so that a server does not collect them."""

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Closing(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """One client's WebSocket.

    Args:
        engine: parses and runs.
        publisher: routes changes.
        switches: variants.
        find_caller: takes the text of an Authorization and gives who that is.
        redundancy: what ``reduState`` tells.
        cuts_after: fields that are done, and the connection is cut in the place of an answer.
    """

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        switches: Switches,
        find_caller: Callable[[str], Caller],
        redundancy: Redundancy,
        cuts_after: frozenset[str] = frozenset(),
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._switches = switches
        self._find_caller = find_caller
        self._redundancy = redundancy
        self._socket = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            compress=switches.on("socket-deflate"),
            heartbeat=switches.number("socket-pings", 0) or None,
            max_msg_size=LARGEST_MESSAGE,
            timeout=CLOSE_S,
        )
        self._pump: Pump
        self._transport: asyncio.Transport | None = None
        self._cuts_after = cuts_after
        self._caller: Caller | None = None
        self._token_text = ""
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pinger: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self.is_frozen = False
        """Whether the connection plays dead."""
        self._no_added = switches.text("no-added")
        self.is_ended = False
        """Whether the end of the session has been told."""

    @property
    def session(self) -> Session | None:
        """The session that the connection was begun with."""
        return self._caller.session if self._caller else None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Run the connection until either side ends it."""
        await self._socket.prepare(request)
        self._transport = transport = request.transport
        if transport is None:
            return self._socket
        self._pump = self._make_pump(transport)
        self._after("flaky-socket", transport.abort)
        self._after("frozen-socket", lambda: self._freeze(transport))
        try:
            await self._converse()
        except Closing as closing:
            if closing.code == CUT:
                transport.abort()
            else:
                await self.close(closing.code, closing.reason)
        finally:
            await self._clean_up()
        return self._socket

    def _make_pump(self, transport: asyncio.WriteTransport) -> Pump:
        size = int(self._switches.number("fragments", 0))
        framer = fragmenting(size) if size else frame
        if self._socket.compress:
            framer = deflating(int(self._socket.compress), size)
        outlet = Outlet(transport)
        edits = message_edits(self._switches)
        most = int(self._switches.number("push-together", 1))
        if edits or most > 1:
            return Pump(EditingOutlet(outlet, edits, most, framer), as_is)
        return Pump(outlet, framer)

    def _after(self, switch: str, act: Callable[[], object]) -> None:
        """Do something so many seconds from now, if a switch wants it and the client stays."""
        if self._switches.on(switch):
            delay_s = self._switches.number(switch, 0)
            self._timers.append(asyncio.get_running_loop().call_later(delay_s, act))

    def _freeze(self, transport: asyncio.Transport) -> None:
        """Stay open and be dead: nothing is read, so no ping is answered; nothing is sent."""
        self._pump.close()
        self.is_frozen = True
        transport.pause_reading()
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(FROZEN_S, transport.abort))

    async def end_session(self, how: str) -> None:
        """Tell that the session has run out, as the switch ``expired-socket`` says."""
        self.is_ended = True
        if how == str(CUT):
            if self._transport is not None:
                self._transport.abort()
        elif how == "silent":
            for identity in list(self._subscriptions):
                self._complete(identity)
        elif how in ("complete", "error"):
            for identity in list(self._subscriptions):
                self._complete(identity)
                self._send(_last_message(identity, how))
        else:
            await self.close(int(how), "Session expired")

    def tell_redundancy(self) -> None:
        """The server's state has changed."""
        for subscription in self._subscriptions.values():
            if isinstance(subscription, ReduSubscription):
                self._tell_state(subscription, MODIFIED)

    def _tell_state(self, subscription: ReduSubscription, reason: str) -> None:
        wire = self._engine.operations.wire
        redundancy = self._redundancy
        subscription.tell(redundancy.state, wire.time(redundancy.since_ns), reason)

    async def close(self, code: int, reason: str) -> None:
        """Close with a code; bounded in time."""
        if self.is_frozen and self._transport is not None:
            # Nothing of a farewell would be heard.
            self._transport.abort()
        elif self._socket.prepared and not self._socket.closed:
            self._pump.close()
            # Bounded, and no draining by the library: who does not read must not hold up a
            # stopping server.
            await self._pump.outlet.finish(CLOSE_S)
            await self._socket.close(code=code, message=reason.encode()[:123], drain=False)

    async def _clean_up(self) -> None:
        for subscription in self._subscriptions.values():
            self._publisher.remove(subscription)
        self._subscriptions.clear()
        self._pump.close()
        for timer in self._timers:
            timer.cancel()
        tasks = [*self._tasks.values(), *([self._pinger] if self._pinger else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self) -> None:
        if self._socket.ws_protocol != PROTOCOL:
            raise Closing(4406, "Subprotocol not acceptable")
        try:
            async with asyncio.timeout(self._switches.number("init-timeout", 10)):
                while self._caller is None:
                    message = await self._receive()
                    if message is None:
                        return
                    self._before_start(message)
        except TimeoutError:
            raise Closing(4408, "Connection initialisation timeout") from None
        every_s = self._switches.number("server-ping", 0)
        if every_s:
            self._pinger = asyncio.create_task(self._ping(every_s), name="server ping")
        while (message := await self._receive()) is not None:
            self._take(message)

    async def _ping(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            self._send({"type": "ping"})

    async def _receive(self) -> dict[str, Any] | None:
        """The next message as an object; None when the connection is gone."""
        try:
            received = await self._socket.receive()
        except ConnectionError:
            # A ping came, and the connection went before its pong.
            return None
        if received.type is WSMsgType.TEXT:
            try:
                message = _decode(received.data)
            except msgspec.DecodeError:
                raise Closing(4400, "Invalid message received") from None
            if not isinstance(message, dict) or not isinstance(message.get("type"), str):
                raise Closing(4400, "Invalid message received")
            return message
        if received.type is WSMsgType.BINARY:
            raise Closing(4400, "Invalid message received")
        return None

    def _send(self, message: dict[str, Any]) -> None:
        self._pump.send(_encode(message))

    # Messages

    def _before_start(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "connection_init":
            self._initialise(message.get("payload"))
        elif kind == "subscribe":
            raise Closing(4401, "Unauthorized")
        else:
            self._take_other(kind)

    def _initialise(self, payload: object) -> None:
        if payload is not None and not isinstance(payload, dict):
            raise Closing(4400, "Invalid message received")
        text = next(
            (
                value
                for key, value in (payload or {}).items()
                if key.lower() == "authorization" and isinstance(value, str)
            ),
            "",
        )
        caller = self._find_caller(text)
        if caller.session is None:
            code = int(self._switches.text("refused-token-closes", "4403"))
            raise Closing(code, "Forbidden" if code == 4403 else "Unauthorized")
        self._token_text = text
        self._caller = caller
        if self._switches.on("no-ack"):
            return
        if self._switches.on("ack-late"):
            self._after("ack-late", self._acknowledge)
        else:
            self._acknowledge()

    def _acknowledge(self) -> None:
        acknowledgement: dict[str, Any] = {"type": "connection_ack"}
        if self._switches.on("ack-payload"):
            acknowledgement["payload"] = {"server": "demo", "keepAlive": 12_000}
        self._send(acknowledgement)

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "subscribe":
            self._subscribe(message)
        elif kind == "complete":
            self._complete(_identity(message))
        elif kind == "connection_init":
            raise Closing(4429, "Too many initialisation requests")
        else:
            self._take_other(kind)

    def _take_other(self, kind: str) -> None:
        if kind == "pong":
            return
        if kind != "ping":
            raise Closing(4400, "Invalid message received")
        answer = self._switches.text("ping", "complain")
        if answer == "pong":
            self._send({"type": "pong"})
        elif answer == "close":
            raise Closing(4400, "invalid message type")
        else:
            # As runtimes were seen to complain; the connection stays.
            self._send({"type": "error", "payload": [{"message": "invalid message type"}]})

    def _complete(self, identity: str) -> None:
        subscription = self._subscriptions.pop(identity, None)
        if subscription is not None:
            self._publisher.remove(subscription)
        task = self._tasks.pop(identity, None)
        if task is not None:
            task.cancel()

    def _subscribe(self, message: dict[str, Any]) -> None:
        identity = _identity(message)
        if identity in self._subscriptions or identity in self._tasks:
            raise Closing(4409, f"Subscriber for {identity} already exists"[:100])
        # The token is looked at again: it may have run out, or been logged out, meanwhile.
        caller = self._find_caller(self._token_text)
        try:
            request: Request = read_request(message.get("payload"))
            prepared = self._engine.prepare(request)
            if prepared.kind is OperationType.SUBSCRIPTION:
                self._start(identity, prepared, caller)
            else:
                self._tasks[identity] = asyncio.create_task(
                    self._answer(identity, prepared, caller), name=f"operation {identity}"
                )
        except Invalid as problem:
            self._send({"id": identity, "type": "error", "payload": problem.formatted})
        except GraphQLError as problem:
            self._send({"id": identity, "type": "error", "payload": [formatted(problem)]})

    async def _answer(self, identity: str, prepared: Prepared, caller: Caller) -> None:
        """A query or mutation over the WebSocket: one ``next``, then ``complete``."""
        answer = await self._engine.run(prepared, caller)
        if self._cuts_after & prepared.root_names:
            if self._transport is not None:
                self._transport.abort()
            return
        self._send({"id": identity, "type": "next", "payload": answer})
        self._send({"id": identity, "type": "complete"})
        self._tasks.pop(identity, None)

    def _start(self, identity: str, prepared: Prepared, caller: Caller) -> None:
        field = self._engine.compile_subscription(prepared)
        operations = self._engine.operations
        operations.gate.check(field.name, caller)
        if field.name == "tagValues":
            self._start_tags(identity, caller, field)
        elif field.name == "activeAlarms":
            self._start_alarms(identity, caller, field)
        else:
            redundancy = ReduSubscription(identity, self._pump, field)
            self._add(redundancy)
            self._tell_state(redundancy, ADDED)

    def _add(self, subscription: Subscription) -> None:
        self._subscriptions[subscription.identity] = subscription
        self._publisher.add(subscription)
        self._after("complete-after", lambda: self._complete_by_itself(subscription))

    def _complete_by_itself(self, subscription: Subscription) -> None:
        if self._subscriptions.get(subscription.identity) is subscription:
            self._complete(subscription.identity)
            self._send(_last_message(subscription.identity, "complete"))

    def _start_tags(self, identity: str, caller: Caller, field: RootField) -> None:
        subscription = TagSubscription(identity, self._pump, self._engine.operations, caller, field)
        self._add(subscription)
        targets = [one for one in subscription.targets if self._is_added(one)]
        if self._switches.on("shuffled"):
            targets.reverse()
        for target in targets:
            if self._switches.on("modified-first"):
                self._pump.send(target.message(MODIFIED))
            self._pump.wait(target, ADDED)
        self._pump.start()

    def _is_added(self, target: TagTarget) -> bool:
        """Whether a name is told at once, and not only when it changes."""
        if not self._no_added:
            return True
        if isinstance(target, UnresolvedTarget):
            return False
        return self._no_added == "unresolved" or (
            self._no_added == "bad" and not target.state.quality.is_bad
        )

    def _start_alarms(self, identity: str, caller: Caller, field: RootField) -> None:
        operations = self._engine.operations
        question = operations.alarms.question(**field.arguments)
        subscription = AlarmSubscription(identity, self._pump, operations, caller, field, question)
        self._add(subscription)
        self._pump.begin_tick()
        tell = subscription.offer if operations.alarms.tells_standing else subscription.know
        for record in operations.model.alarms.active():
            tell(record)
        self._pump.end_tick()


def _last_message(identity: str, kind: str) -> dict[str, Any]:
    """The end of a subscription, in order or with an error."""
    if kind == "complete":
        return {"id": identity, "type": kind}
    problem = {"message": "Session expired", "extensions": {"code": "UNAUTHENTICATED"}}
    return {"id": identity, "type": "error", "payload": [problem]}


def _identity(message: dict[str, Any]) -> str:
    identity = message.get("id")
    if not isinstance(identity, str) or not identity:
        raise Closing(4400, "Invalid message received")
    return identity
