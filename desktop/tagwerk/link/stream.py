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
from typing import Any

import msgspec
from picows import (
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
from tagwerk.domain.message import Message, message
from tagwerk.domain.values import BAD, ItemError, Sample
from tagwerk.link.broken import connection_error
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.frames import (
    MOST_FRAME_BYTES,
    REMOVED,
    TEXT,
    FrameListener,
    Slicer,
    StreamSink,
    StreamTotals,
    removed_sample,
)
from tagwerk.link.liveness import Liveness, Patience
from tagwerk.link.policy import close_reason
from tagwerk.link.sockets import connected_socket
from tagwerk.link.subscriptions import Subscriptions
from tagwerk.link.tls import find_verification_error, not_trusted
from tagwerk.link.wiretap import Wiretap

log = logging.getLogger(__name__)
# picows writes whole frames at its lowest level; the first frame carries the token.
_picows_log = logging.getLogger("tagwerk.link.picows")
_picows_log.setLevel(logging.WARNING)


_FENCE = b"tagwerk"


class StreamWatcher:
    """Who is told of a stream's silences. This one does nothing."""

    def on_quiet(self) -> None:
        """No sign of life for a while; the socket still stands."""

    def on_life(self) -> None:
        """It speaks again, on the same socket: nothing was lost."""

    def ask_elsewhere(self) -> None:
        """Ask the server for a sign of life in another way; must return at once."""

    def heard_elsewhere_s(self) -> float:
        """When such a sign last came, on the monotonic clock."""
        return 0.0


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
        ping_s: seconds of silence after which the server is asked for a sign of life; see
            `liveness.Patience`. 0 asks never.
        watcher: told of silences, and asked for other signs of life; None for nobody.
        on_refused: told the kind and the error when the server refuses another subscription than
            that of values.
        tap: told every message but values, without secrets.
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
        watcher: StreamWatcher | None = None,
        on_refused: Callable[[str, TagwerkError], None] = lambda _kind, _problem: None,
        tap: Wiretap | None = None,
    ) -> None:
        self.tap = tap or Wiretap()
        self.endpoint = endpoint
        self.context = context
        self.trust = trust
        self.sink = sink
        self.totals = totals or StreamTotals()
        self.slicer = slicer or Slicer()
        self.timeout_s = timeout_s
        self.pong_seen = False
        self.is_quiet = False
        self._watcher = watcher or StreamWatcher()
        self._liveness: Liveness | None = None
        if ping_s > 0:
            self._liveness = Liveness(
                Patience.of(ping_s),
                heard_s=self._last_sign_s,
                ask=self._ask,
                on_quiet=self._on_quiet,
                on_life=self._on_life_again,
                on_lost=self._on_lost,
            )
        self._fence: asyncio.Future[None] | None = None
        self._on_refused = on_refused
        self._socket: socket.socket | None = None
        self._transport: WSTransport | None = None
        self._listener: FrameListener | None = None
        self._subscriptions = Subscriptions(subscribe_values, self._send)
        self.open = self._subscriptions.open
        self._acknowledged: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[TagwerkError] | None = None
        self._events: list[AlarmEvent] = []
        self._secrets: tuple[str, ...] = ()

    @property
    def subscribed(self) -> int:
        """Tags subscribed now."""
        return len(self._subscriptions)

    @property
    def heard_s(self) -> float:
        """When the server last gave a sign of life, on the monotonic clock; 0 before the first."""
        return self._listener.heard_s if self._listener is not None else 0.0

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
                    # `Liveness` pings: it must know the silence long before it gives up.
                    enable_auto_ping=False,
                    # The listener answers pings: the last frame of a buffer must reach it, whatever
                    # it is, or what came before would wait for the next buffer.
                    enable_auto_pong=False,
                    max_frame_size=MOST_FRAME_BYTES,
                    extra_headers={"Sec-WebSocket-Protocol": "graphql-transport-ws"},
                    max_redirects=0,
                    socket_factory=self._make_socket,
                    # The compiled TLS of aiofastnet never calls `SSLObject.do_handshake`, where
                    # the pin is compared and where truststore asks the system.
                    use_aiofastnet=False,
                )
                self._transport = transport
                self._tell_opened(transport)
                self._send(
                    {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
                )
                first: set[asyncio.Future[Any]] = {self._acknowledged, self._ended}
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        except (WSError, OSError, ssl.SSLError, TimeoutError) as problem:
            await self._drop()
            error = await self._translate(problem)
            self.tap.event(self.endpoint.socket_url, "socket", problem=error.text)
            raise error from problem
        except BaseException:
            await self._drop()
            raise
        if not self._acknowledged.done():
            raise self._ended.result()
        if self._liveness is not None and not transport.is_disconnected:
            # One at once: a busy stream asks for no further sign of life, and whether this server
            # answers pings at all must be known before its silence means anything.
            self._ping()
            self._liveness.start()

    async def _make_socket(self, url: Any) -> socket.socket:
        """For picows; kept, because it is ours until the handshake is done."""
        self._socket = await connected_socket(url.host, url.port)
        return self._socket

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
            # 501 is "not implemented": queries work, WebSockets do not.
            if status >= 500 and status != 501:
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
        if self._liveness is not None:
            self._liveness.stop()
        self.is_quiet = False
        transport, self._transport = self._transport, None
        if transport is None:
            # picows hands its transport out with the finished handshake only: one that is given up
            # before ends through its socket, which is ours.
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._socket = None
            return
        self._socket = None
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

    # Signs of life

    def _last_sign_s(self) -> float:
        """Of a server that has answered pings before, only the stream's own signs count."""
        if self.pong_seen:
            return self.heard_s
        return max(self.heard_s, self._watcher.heard_elsewhere_s())

    def _ping(self, payload: bytes | None = None) -> None:
        transport = self._transport
        if transport is not None and not transport.is_disconnected:
            self.totals.pings += 1
            transport.send_ping(payload)

    def _ask(self) -> None:
        """Silence: ask with a ping frame, never with the protocol's ping. Some proxies swallow ping
        frames: as long as no pong has come, ask elsewhere too.
        """
        self._ping()
        if not self.pong_seen:
            self._watcher.ask_elsewhere()

    def _on_quiet(self) -> None:
        self.is_quiet = True
        self._watcher.on_quiet()

    def on_life(self) -> None:
        """Something came although it was quiet."""
        if self._liveness is not None:
            self._liveness.heard()

    def on_life_elsewhere(self) -> None:
        """The server has answered over HTTP; that counts where it never answered a ping."""
        if not self.pong_seen:
            self.on_life()

    def _on_life_again(self) -> None:
        self.is_quiet = False
        self._watcher.on_life()

    def _on_lost(self) -> None:
        self._fail(close_reason(0, "", self.endpoint.host, silent=True))
        if self._transport is not None and not self._transport.is_disconnected:
            # A silent peer takes no good-bye.
            self._transport.disconnect(graceful=False)

    def on_pong(self, payload: bytes) -> None:
        """A ping frame was answered."""
        self.pong_seen = True
        if self._fence is not None and payload == _FENCE and not self._fence.done():
            self._fence.set_result(None)

    async def fence(self, timeout_s: float) -> bool:
        """Wait until everything has come that the server sends before it reads this.

        Returns:
            False when it did not answer in time.
        """
        self._fence = asyncio.get_running_loop().create_future()
        self._ping(_FENCE)
        try:
            async with asyncio.timeout(timeout_s):
                await self._fence
        except TimeoutError:
            return False
        finally:
            self._fence = None
        return True

    # Subscriptions

    def want(self, names: frozenset[str]) -> None:
        """See `Subscriptions.want`."""
        self._subscriptions.want(names)

    def subscribe_alarms(self, operation: Operation) -> None:
        """See `Subscriptions.subscribe_alarms`."""
        self._subscriptions.subscribe_alarms(operation)

    def subscribe_redundancy(self, operation: Operation) -> None:
        """See `Subscriptions.subscribe_redundancy`."""
        self._subscriptions.subscribe_redundancy(operation)

    def _send(self, body: dict[str, Any], note: Message = Message()) -> None:
        transport = self._transport
        if transport is not None and not transport.is_disconnected:
            data = _encode(body)
            transport.send(TEXT, data)
            if body["type"] != "pong":
                self.tap.sent(self.endpoint.socket_url, str(body["type"]), data, note)

    def _tell_opened(self, transport: WSTransport) -> None:
        secured = transport.underlying_transport.get_extra_info("ssl_object")
        version = str(secured.version() or "TLS").replace("TLSv", "TLS ") if secured else ""
        note = Message(version) if version else message("plain, no TLS")
        self.tap.event(self.endpoint.socket_url, "socket opened", note=note)

    # Messages, called by the listener

    def on_other(self, data: bytes | memoryview, samples: list[Sample], now_ns: int) -> None:
        """Everything that the typed decoder did not take."""
        try:
            frame = decode_any_frame(data)
        except ProtocolError as problem:
            self.tap.received(self.endpoint.socket_url, "?", data, problem=problem.text)
            self._fail(problem)
            return
        if self.tap.is_on:
            self._tell_received(frame, data)
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

    def _tell_received(self, frame: AnyFrame, data: bytes | memoryview) -> None:
        """Everything but values, pings and pongs, which are only counted."""
        subscription = self.open.get(frame.operation)
        kind = subscription.kind if subscription is not None else ""
        if frame.kind in ("ping", "pong"):
            return
        if frame.kind == "next" and kind in ("values", "") and not frame.errors:
            return
        problem = error_to_raise(frame.errors).text if frame.errors else Message()
        what = frame.kind if frame.kind != "next" else kind or "next"
        self.tap.received(self.endpoint.socket_url, what, data, problem=problem)

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
                if name is None or not isinstance(body, dict):
                    continue
                reason = str(body.get("notificationReason") or "")
                if reason.startswith(REMOVED):
                    samples.append(removed_sample(name, reason, now_ns))
                else:
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
        if self._subscriptions.halve(subscription):
            return
        for name in subscription.echoes.names:
            error = ItemError(problem.code, problem.message)
            samples.append(Sample(name, None, BAD, None, now_ns, error))

    def _fail(self, problem: TagwerkError) -> None:
        problem.redact(self._secrets)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(problem)

    def on_disconnected(self, code: int, reason: str) -> None:
        if self._liveness is not None:
            self._liveness.stop()
        self.is_quiet = False
        why = close_reason(code, reason, self.endpoint.host)
        asked_for = self._transport is None
        self.tap.event(
            self.endpoint.socket_url,
            "socket closed",
            status=code,
            problem=Message() if asked_for else why.text,
        )
        self._fail(why)


_encode = msgspec.json.Encoder().encode
