"""The value stream: one WebSocket that carries pushed values and alarms.

Runs on any selector event loop; `supervisor` gives it one in a thread of its own. Values are
decoded straight from the receive buffer, in time slices, so that a flood never starves the
window: the sleep inside the callback gives the interpreter away and makes TCP slow the server.
The only place that names picows errors.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSError,
    WSHandshakeError,
    WSTransport,
    ws_connect,
)

from tagwerk.dialects.base import Operation
from tagwerk.dialects.unified_alarms import alarm_event
from tagwerk.dialects.unified_replies import (
    AnyFrame,
    TopError,
    decode_any_frame,
    error_to_raise,
)
from tagwerk.dialects.unified_values import (
    Echoes,
    name_batches,
    sample_from_json,
)
from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.connection import Trust
from tagwerk.domain.errors import (
    NotAllowed,
    NotReachable,
    ProtocolError,
    SessionExpired,
    TagwerkError,
)
from tagwerk.domain.values import BAD, ItemError, Sample
from tagwerk.link.frames import (
    MOST_FRAME_BYTES,
    TEXT,
    FrameListener,
    Slicer,
    StreamSink,
    StreamTotals,
    Subscription,
)
from tagwerk.link.policy import close_reason
from tagwerk.link.tls import find_verification_error, not_trusted
from tagwerk.link.transport import Endpoint, connection_error

log = logging.getLogger(__name__)
# picows writes whole frames at its lowest level; the first frame carries the token.
_picows_log = logging.getLogger("tagwerk.link.picows")
_picows_log.setLevel(logging.WARNING)

RECEIVE_BUFFER_BYTES = 128 * 1024
_MOST_NAMES_A_SUBSCRIPTION = 5000
_MOST_SUBSCRIPTIONS = 24


class PushRefused(NotReachable):
    """The server answers HTTP but not WebSocket: values have to be polled."""


class ValueStream:
    """One connection, from handshake to close. Made anew for each connect and each new token.

    Args:
        endpoint, context, trust: as used by the transport.
        sink: where values and alarms go.
        subscribe_values: makes the operation for a list of names.
        totals: counters shared by successive streams.
        slicer: see `Slicer`.
        ping_s: seconds of silence after which the server is asked for a sign of life, and again
            how long it may take to give it; 0 asks never.
        on_refused: told the kind and the error when the server refuses another subscription than
            that of values.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        context: ssl.SSLContext | None,
        trust: Trust,
        sink: StreamSink,
        subscribe_values: Callable[[list[str]], Operation],
        *,
        totals: StreamTotals | None = None,
        slicer: Slicer | None = None,
        timeout_s: float = 10.0,
        ping_s: float = 1.0,
        on_refused: Callable[[str, TagwerkError], None] = lambda _kind, _problem: None,
    ) -> None:
        self.endpoint = endpoint
        self.context = context
        self.trust = trust
        self.sink = sink
        self.totals = totals or StreamTotals()
        self.slicer = slicer or Slicer()
        self.timeout_s = timeout_s
        self.ping_s = ping_s
        self.pong_seen = False
        self.fell_silent = False
        """True when the connection ended because a ping was not answered."""
        self._subscribe_values = subscribe_values
        self._on_refused = on_refused
        self._transport: WSTransport | None = None
        self._listener: FrameListener | None = None
        self._ids = count(1)
        self.open: dict[str, Subscription] = {}
        self._owner: dict[str, str] = {}
        self._acknowledged: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[TagwerkError] | None = None
        self._events: list[AlarmEvent] = []
        self._secrets: tuple[str, ...] = ()

    @property
    def subscribed(self) -> int:
        """Tags subscribed now."""
        return len(self._owner)

    @property
    def heard_ns(self) -> int:
        """When the server last gave a sign of life; 0 before the first."""
        return self._listener.heard_ns if self._listener is not None else 0

    async def connect(self, token: str) -> None:
        """Connect, and wait until the server has acknowledged the token.

        Raises:
            PushRefused, NotReachable, NotTrusted, SessionExpired, ProtocolError.
        """
        self._secrets = (token,)
        loop = asyncio.get_running_loop()
        self._acknowledged = loop.create_future()
        self._ended = loop.create_future()
        self._listener = FrameListener(self)
        try:
            async with asyncio.timeout(self.timeout_s):
                transport, _ = await ws_connect(
                    lambda *_: self._listener,
                    self.endpoint.socket_url,
                    ssl_context=self.context,
                    websocket_handshake_timeout=self.timeout_s,
                    logger_name=_picows_log,
                    enable_auto_ping=self.ping_s > 0,
                    auto_ping_idle_timeout=self.ping_s or 10,
                    auto_ping_reply_timeout=self.ping_s or 10,
                    auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
                    max_frame_size=MOST_FRAME_BYTES,
                    extra_headers={"Sec-WebSocket-Protocol": "graphql-transport-ws"},
                    max_redirects=0,
                    socket_factory=self._make_socket,
                    # The compiled TLS of aiofastnet never calls `SSLObject.do_handshake`, where
                    # the pin is compared and where truststore asks the system.
                    use_aiofastnet=False,
                )
                self._transport = transport
                self._send(
                    {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
                )
                first: set[asyncio.Future[Any]] = {self._acknowledged, self._ended}
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        except (WSError, OSError, ssl.SSLError, TimeoutError) as problem:
            await self._drop()
            raise await self._translate(problem) from problem
        except BaseException:
            await self._drop()
            raise
        if not self._acknowledged.done():
            raise self._ended.result()
        if self.ping_s and not transport.is_disconnected:
            # One at once: a busy stream asks for no further sign of life, and whether this server
            # answers pings at all must be known before its silence means anything.
            transport.send_ping()

    async def _make_socket(self, url: Any) -> socket.socket:
        """A connected socket with a small receive buffer: the back-pressure's other half."""
        loop = asyncio.get_running_loop()
        problem: OSError | None = None
        for family, kind, protocol, _, address in await loop.getaddrinfo(
            url.host, url.port, type=socket.SOCK_STREAM
        ):
            made = socket.socket(family, kind, protocol)
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                made.setblocking(False)
                await loop.sock_connect(made, address)
            except OSError as failed:
                made.close()
                problem = failed
            except BaseException:
                made.close()
                raise
            else:
                return made
        raise problem or OSError("no address")

    async def _translate(self, problem: BaseException) -> TagwerkError:
        host, port = self.endpoint.host, self.endpoint.port
        fault = find_verification_error(problem)
        if fault is not None:
            return await not_trusted(fault, host, port, self.trust, self.timeout_s)
        if isinstance(problem, WSHandshakeError):
            response = problem.response
            status = int(response.status) if response is not None else 0
            if status in (401, 403):
                return SessionExpired(
                    "The server refuses the WebSocket: HTTP {status} on {url}",
                    code=str(status),
                    status=status,
                    url=self.endpoint.socket_url,
                )
            if status >= 500:
                return NotReachable(
                    "The web server answers HTTP {status}: the runtime behind it does not.",
                    cure="Check whether the runtime is running.",
                    code=str(status),
                    status=status,
                )
            if status:
                return PushRefused(
                    "The server refuses the WebSocket: HTTP {status} on {url}",
                    cure="Switch on the Windows feature “WebSocket Protocol” (Internet Information Services) on the server.",
                    code=str(status),
                    status=status,
                    url=self.endpoint.socket_url,
                )
        return connection_error(problem, host, port)

    async def run(self) -> TagwerkError:
        """Wait until the connection has ended; returns why."""
        if self._ended is None:
            return NotReachable("The stream was never connected.", code="not_connected")
        return await asyncio.shield(self._ended)

    async def close(self) -> None:
        """Say good-bye and hang up; bounded, never raises."""
        transport = self._transport
        if transport is not None and not transport.is_disconnected:
            with contextlib.suppress(WSError, OSError, RuntimeError):
                transport.send_close(WSCloseCode.OK)
        await self._drop()

    async def _drop(self) -> None:
        transport, self._transport = self._transport, None
        if transport is None:
            return
        if not transport.is_disconnected:
            transport.disconnect(graceful=True)
        try:
            async with asyncio.timeout(0.5):
                await transport.wait_disconnected()
        except (TimeoutError, WSError, OSError, TagwerkError):
            log.debug("the stream did not end by itself")
        finally:
            # Also when cancelled in between: a silent peer takes nothing, and a socket that waits
            # to send its good-bye would outlive the thread's loop.
            if not transport.is_disconnected:
                transport.disconnect(graceful=False)

    # Subscriptions

    def want(self, names: frozenset[str]) -> None:
        """Subscribe what is new, drop what is gone, and merge when it has become patchwork."""
        gone = self._owner.keys() - names
        if gone:
            by_subscription: dict[str, set[str]] = {}
            for name in gone:
                by_subscription.setdefault(self._owner.pop(name), set()).add(name)
            for operation_id, dropped in by_subscription.items():
                subscription = self.open.get(operation_id)
                if subscription is None:
                    continue
                subscription.echoes.drop_many(dropped)
                if not len(subscription.echoes):
                    self._complete(operation_id)
        fresh = names - self._owner.keys()
        if fresh:
            small = self._small_ones(len(fresh))
            for operation_id in small:
                fresh = fresh | self.open[operation_id].echoes.names
            self._subscribe(fresh)
            for operation_id in small:
                self._complete(operation_id)

    def _small_ones(self, arriving: int) -> list[str]:
        """Subscriptions to be merged with the arriving names, when there are too many of them."""
        values = [one for one in self.open.values() if one.kind == "values"]
        if len(values) < _MOST_SUBSCRIPTIONS:
            return []
        values.sort(key=lambda one: len(one.echoes))
        chosen: list[str] = []
        total = arriving
        for one in values[: _MOST_SUBSCRIPTIONS // 2]:
            total += len(one.echoes)
            if total > _MOST_NAMES_A_SUBSCRIPTION and chosen:
                break
            chosen.append(one.operation_id)
        return chosen

    def _subscribe(self, names: frozenset[str] | set[str]) -> None:
        for batch in name_batches(sorted(names), most=_MOST_NAMES_A_SUBSCRIPTION):
            subscription = Subscription(str(next(self._ids)), "values", Echoes(batch))
            self.open[subscription.operation_id] = subscription
            for name in batch:
                self._owner[name] = subscription.operation_id
            self._start(subscription.operation_id, self._subscribe_values(batch))

    def subscribe_alarms(self, operation: Operation) -> None:
        """Subscribe alarms; an earlier alarm subscription ends."""
        for old in [one.operation_id for one in self.open.values() if one.kind == "alarms"]:
            self._complete(old)
        self._subscribe_other("alarms", operation)

    def subscribe_redundancy(self, operation: Operation) -> None:
        """Subscribe the redundancy state."""
        self._subscribe_other("redundancy", operation)

    def _subscribe_other(self, kind: str, operation: Operation) -> None:
        subscription = Subscription(str(next(self._ids)), kind)
        self.open[subscription.operation_id] = subscription
        self._start(subscription.operation_id, operation)

    def _start(self, operation_id: str, operation: Operation) -> None:
        payload = {"query": operation.text, "variables": operation.variables}
        self._send({"id": operation_id, "type": "subscribe", "payload": payload})

    def _complete(self, operation_id: str) -> None:
        if self.open.pop(operation_id, None) is not None:
            self._send({"id": operation_id, "type": "complete"})

    def _send(self, message: dict[str, Any]) -> None:
        transport = self._transport
        if transport is not None and not transport.is_disconnected:
            transport.send(TEXT, _encode(message))

    # Messages, called by the listener

    def on_other(self, data: bytes | memoryview, samples: list[Sample], now_ns: int) -> None:
        """Everything that the typed decoder did not take."""
        try:
            frame = decode_any_frame(data)
        except ProtocolError as problem:
            self._fail(problem)
            return
        if frame.kind == "next":
            self._on_next(frame, samples, now_ns)
        elif frame.kind == "connection_ack":
            if self._acknowledged is not None and not self._acknowledged.done():
                self._acknowledged.set_result(None)
        elif frame.kind == "ping":
            self._send({"type": "pong"} | ({"payload": frame.payload} if frame.payload else {}))
        elif frame.kind == "error":
            self._on_error(frame.operation, frame.errors, samples, now_ns)
        elif frame.kind == "complete":
            subscription = self.open.pop(frame.operation, None)
            if subscription is not None and subscription.kind != "redundancy":
                self._fail(NotReachable("The server ended the subscription.", code="completed"))

    def _on_next(self, frame: AnyFrame, samples: list[Sample], now_ns: int) -> None:
        subscription = self.open.get(frame.operation)
        if subscription is None:
            return
        data = frame.data
        if data is None:
            if frame.errors:
                self._on_error(frame.operation, frame.errors, samples, now_ns)
            return
        if subscription.kind == "values":
            found = data.get("tagValues")
            for body in found if isinstance(found, list) else [found]:
                echo = body.get("name") if isinstance(body, dict) else None
                name = subscription.echoes.find(str(echo)) if echo else None
                if name is not None:
                    samples.append(sample_from_json(body, name, now_ns))
        elif subscription.kind == "alarms":
            found = data.get("activeAlarms")
            for body in found if isinstance(found, list) else [found]:
                event = alarm_event(body)
                if event is not None:
                    self._events.append(event)
        else:
            found = data.get("reduState")
            inner = found.get("value") if isinstance(found, dict) else None
            state = inner.get("value") if isinstance(inner, dict) else inner
            if state is not None:
                self.sink.on_redundancy(str(state))

    def flush_events(self) -> None:
        """Deliver the alarms of this buffer in one go."""
        if self._events:
            events, self._events = self._events, []
            self.sink.on_alarm_events(events)

    def _on_error(
        self,
        operation_id: str,
        errors: tuple[TopError, ...],
        samples: list[Sample],
        now_ns: int,
    ) -> None:
        """The server refused a subscription. One bad name must not cost the others: halve it."""
        subscription = self.open.pop(operation_id, None)
        if subscription is None:
            return
        problem = error_to_raise(errors)
        problem.redact(self._secrets)
        if subscription.kind != "values":
            # A user without the right to alarms may still watch tags.
            self._on_refused(subscription.kind, problem)
            return
        if isinstance(problem, NotAllowed):
            self._fail(problem)
            return
        names = sorted(subscription.echoes.names)
        if len(names) > 1:
            half = len(names) // 2
            for part in (names[:half], names[half:]):
                self._subscribe(frozenset(part))
            return
        for name in names:
            error = ItemError(problem.code, problem.message)
            samples.append(Sample(name, None, BAD, None, now_ns, error))

    def _fail(self, problem: TagwerkError) -> None:
        problem.redact(self._secrets)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(problem)

    def on_disconnected(self, code: int, reason: str, pong_missing: bool) -> None:
        if pong_missing:
            self.fell_silent = True
        self._fail(close_reason(code, reason, self.endpoint.host, silent=pong_missing))


_encode = msgspec.json.Encoder().encode
