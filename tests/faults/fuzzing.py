"""Feeds mutated answers and frames through every decoder, by the ways that the link itself takes.

Answers go through `SessionKeeper` and `HttpClient` over a transport that makes them up; frames go
through `FrameListener` and `ValueStream`. Shared by the test and by the benchmark ``fuzz``.
"""

from __future__ import annotations

import asyncio
import functools
import random
import time
import unittest.mock
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from picows import WSMsgType

from faults.mutations import Mutator, corpus
from tagwerk.dialects.unified import UnifiedDialect
from tagwerk.dialects.unified_schema import assumed_schema
from tagwerk.dialects.unified_values import Echoes
from tagwerk.domain import redaction
from tagwerk.domain.alarms import AlarmAction, AlarmKey
from tagwerk.domain.connection import Trust
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.values import LoggedSeries, Sample
from tagwerk.link.client import HttpClient
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.frames import FrameListener, Slicer, Subscription
from tagwerk.link.session import SessionKeeper, check_interface
from tagwerk.link.stream import ValueStream
from tagwerk.link.transport import Answer, HttpTransport
from tagwerk.link.wiretap import Wiretap

NAMES = ("HMI_RT_1::A", "HMI_RT_1::B", "HMI_RT_1::Cooling.TIC2120.PV", "HMI_RT_1::Gone")
KEYS = (AlarmKey("HMI_RT_1::A:High", 1), AlarmKey("HMI_RT_1::B:Low", 0))
STATUSES = (200, 200, 200, 200, 200, 200, 400, 401, 403, 413, 418, 500, 502, 503)
PASSWORD = "Marker-Passw0rd"
_URL = "http://127.0.0.1:1/graphql/"
_SPAN_NS = 3_600_000_000_000
_MOST_POSTS = 12
_OTHERS = 2
MEANT = {
    "frame": b'"type"',
    "frame in parts": b'"type"',
    "close frame": b'"error"',
    "login": b'"login"',
    "renewal": b'"extendSession"',
    "interface": b'"errors"',
    "schema": b'"__schema"',
    "read": b'{"tagValues"',
    "write": b'"writeTagValues"',
    "browse": b'"browse"',
    "history": b'"loggedTagValues"',
    "newest history": b'"loggedTagValues"',
    "active alarms": b'"activeAlarms"',
    "logged alarms": b'"loggedAlarms"',
    "acknowledge": b'"acknowledgeAlarms"',
}
"""What a document holds that a decoder is meant for."""


class Endless(Exception):
    """A decoder asked again and again for the same answer."""


class MadeUpTransport(HttpTransport):
    """A transport that answers everything with the input."""

    def __init__(self) -> None:
        super().__init__(Endpoint(_URL), Trust())
        self.answer = Answer(200, b"")
        self.posts = 0

    async def _send_once(self, *_):
        self.posts += 1
        if self.posts > _MOST_POSTS:
            raise Endless
        return self.answer, ""


class Listening:
    """A traffic sink that looks at what it is told."""

    def on_exchange(self, exchange):
        prove_usable(repr(exchange))
        assert PASSWORD not in exchange.request + exchange.answer


class Forgetful:
    """A sink that looks at what comes and keeps nothing."""

    def on_samples(self, samples):
        prove_usable(samples)

    def on_alarm_events(self, events):
        prove_usable([event.alarm for event in events])

    def on_redundancy(self, state):
        prove_usable(state)


class WirelessTransport:
    """What `FrameListener` and `ValueStream` need of a picows transport; encodes what is sent."""

    is_disconnected = False
    is_close_frame_sent = False

    def notify_user_specific_pong_received(self) -> None: ...

    def send(self, kind, data) -> None:
        assert isinstance(data, bytes | bytearray | memoryview), kind

    def send_close(self, code, reason=None) -> None: ...

    def send_ping(self) -> None: ...

    def disconnect(self, graceful=True) -> None: ...


@dataclass
class MadeUpFrame:
    """A WebSocket frame with the input as its payload."""

    data: bytes
    msg_type: int = WSMsgType.TEXT
    fin: bool = True
    last_in_buffer: bool = True

    @property
    def payload_size(self) -> int:
        return len(self.data)

    def get_payload_as_bytes(self) -> bytes:
        return self.data

    def get_payload_as_memoryview(self) -> memoryview:
        return memoryview(self.data)


def prove_usable(result: object) -> None:
    """What a decoder gives away must be fit for files, screens and other encoders.

    Raises:
        whatever a later user of it would have run into.
    """
    if isinstance(result, str):
        result.encode()
    elif isinstance(result, Sample):
        for part in (result.name, result.value, result.error):
            prove_usable(part)
        assert result.time_ns is None or 0 < result.time_ns < 2**63
    elif isinstance(result, LoggedSeries):
        prove_usable(result.points)
    elif isinstance(result, list | tuple):
        for part in result:
            prove_usable(part)
    elif result is not None:
        # Every alarm, error, number and browse item: its text can be written down.
        repr(result).encode()


class Decoders:
    """Every way into the decoders; each takes one input."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.transport = MadeUpTransport()
        self.ways: dict[str, Callable[[bytes], Awaitable[None]]] = {
            "frame": self.frame,
            "frame in parts": self.frame_in_parts,
            "close frame": self.close_frame,
            "login": self.login,
            "renewal": self.renewal,
            "interface": self.interface,
            "schema": self.schema,
            "read": self.read,
            "write": self.write,
            "browse": self.browse,
            "history": self.history,
            "newest history": self.newest_history,
            "active alarms": self.active_alarms,
            "logged alarms": self.logged_alarms,
            "acknowledge": self.acknowledge,
        }

    # Over HTTP

    def _keeper(self, data: bytes) -> SessionKeeper:
        transport = self.transport
        transport.posts = 0
        # Now and then somebody looks at the traffic, which reads the answers once more.
        transport.tap = Wiretap(Listening() if not self.random.randrange(8) else None)
        transport.answer = Answer(self.random.choice(STATUSES), data)
        keeper = SessionKeeper(transport, "operator", PASSWORD)
        keeper.adopt("a-token")
        return keeper

    def _client(self, data: bytes) -> HttpClient:
        client = HttpClient(self._keeper(data))
        client.dialect = UnifiedDialect(assumed_schema())
        return client

    async def login(self, data: bytes) -> None:
        keeper = SessionKeeper(self._keeper(data).transport, "operator", PASSWORD)
        await keeper.login()
        prove_usable(repr(keeper.session))
        assert keeper.renewal_in_s >= 0

    async def renewal(self, data: bytes) -> None:
        keeper = self._keeper(data)
        await keeper.extend()
        assert keeper.renewal_in_s >= 0

    async def interface(self, data: bytes) -> None:
        check_interface(Answer(self.random.choice(STATUSES), data))

    async def schema(self, data: bytes) -> None:
        client = HttpClient(self._keeper(data))
        await client.prepare()
        dialect = client.dialect
        assert dialect is not None
        prove_usable(sorted(one.value for one in client.capabilities.available))
        for make in (
            lambda: dialect.read(NAMES),
            lambda: dialect.write([WriteItem(NAMES[0], 1)]),
            lambda: dialect.browse(["*"], (), "en-US"),
            lambda: dialect.history(NAMES, 1, 2, most=5),
            lambda: dialect.active_alarms("", "en-US"),
            lambda: dialect.subscribe_alarms("de-DE"),
            lambda: dialect.subscribe_values(NAMES),
        ):
            try:
                make().body()
            except TagwerkError:
                continue

    async def read(self, data: bytes) -> None:
        samples = await self._client(data).read(NAMES)
        assert [sample.name for sample in samples] == list(NAMES)
        prove_usable(samples)

    async def write(self, data: bytes) -> None:
        client = self._client(data)
        prove_usable(await client.write([WriteItem(name, 1) for name in NAMES]))
        assert self.transport.posts == 1

    async def browse(self, data: bytes) -> None:
        prove_usable(await self._client(data).browse())

    async def history(self, data: bytes) -> None:
        prove_usable(await self._client(data).history(NAMES[:1], 0, _SPAN_NS, bounding=True))

    async def newest_history(self, data: bytes) -> None:
        now_ns = time.time_ns()
        series = await self._client(data).history(NAMES[:1], 0, now_ns, limit=50)
        prove_usable(series)
        assert len(series[0].points) <= 51

    async def active_alarms(self, data: bytes) -> None:
        prove_usable(await self._client(data).active_alarms(language="de-DE"))

    async def logged_alarms(self, data: bytes) -> None:
        prove_usable(await self._client(data).logged_alarms(0, _SPAN_NS))

    async def acknowledge(self, data: bytes) -> None:
        replies = await self._client(data).alarm_action(AlarmAction.ACKNOWLEDGE, KEYS)
        assert [reply.key for reply in replies] == list(KEYS)
        prove_usable(replies)

    # Over the socket

    def _stream(self) -> tuple[FrameListener, WirelessTransport]:
        subscribe = UnifiedDialect(assumed_schema()).subscribe_values
        # Resting would only cost time here.
        slicer = Slicer(rest_s=0.0, sleep=lambda _s: None)
        stream = ValueStream(Endpoint(_URL), None, Trust(), Forgetful(), subscribe, slicer=slicer)
        stream.open.update(
            {
                "1": Subscription("1", "values", Echoes(NAMES)),
                "2": Subscription("2", "alarms"),
                "3": Subscription("3", "redundancy"),
            }
        )
        transport = WirelessTransport()
        stream._transport = transport  # type: ignore[assignment]
        loop = asyncio.get_running_loop()
        stream._ended = loop.create_future()
        stream._acknowledged = loop.create_future()
        return FrameListener(stream), transport

    async def frame(self, data: bytes) -> None:
        listener, transport = self._stream()
        listener.on_ws_frame(transport, MadeUpFrame(data))  # type: ignore[arg-type]
        listener.on_ws_disconnected(transport)  # type: ignore[arg-type]
        prove_usable(await self._why(listener))

    async def frame_in_parts(self, data: bytes) -> None:
        listener, transport = self._stream()
        middle = self.random.randrange(len(data) + 1)
        kinds = (WSMsgType.TEXT, WSMsgType.CONTINUATION, WSMsgType.BINARY, WSMsgType.PONG)
        first = MadeUpFrame(data[:middle], self.random.choice(kinds), fin=False)
        for frame in (first, MadeUpFrame(data[middle:], self.random.choice(kinds))):
            listener.on_ws_frame(transport, frame)  # type: ignore[arg-type]

    async def close_frame(self, data: bytes) -> None:
        listener, transport = self._stream()
        codes = (1000, 1001, 1006, 1011, 4400, 4401, 4403, 4408, 4429, 4999, 65535)
        payload = self.random.choice(codes).to_bytes(2, "big") + data[:120]
        cut = payload[: self.random.choice((0, 1, 2, 50, 200))]
        listener.on_ws_frame(transport, MadeUpFrame(cut, WSMsgType.CLOSE))  # type: ignore[arg-type]
        listener.on_ws_disconnected(transport)  # type: ignore[arg-type]
        prove_usable(await self._why(listener))

    @staticmethod
    async def _why(listener: FrameListener) -> str:
        problem = await listener._stream.run()  # type: ignore[attr-defined]
        assert isinstance(problem, TagwerkError)
        return str(problem)


@dataclass
class Found:
    """What a run found.

    Args:
        inputs: fed, all decoders together.
        kinds: results by kind: ``fine`` or the name of a TagwerkError.
        unexpected: decoder, error and input of what must never happen.
        slowest_s: the longest that one input took, its decoder, and the input.
    """

    inputs: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    unexpected: list[tuple[str, str, bytes]] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""
    slowest_input: bytes = b""


async def fuzz(seed: int, *, count: int = 0, seconds: float = 0.0, only: str = "") -> Found:
    """Feed `count` inputs, or as many as fit into `seconds`; `only` one decoder when it is named."""
    # The same two secrets a million times: how they may be spelled is worked out once.
    spellings = functools.lru_cache(maxsize=64)(redaction.secret_forms)
    with unittest.mock.patch.object(redaction, "secret_forms", spellings):
        return await _fuzz(seed, count, seconds, only)


async def _fuzz(seed: int, count: int, seconds: float, only: str) -> Found:
    found = Found()
    mutator = Mutator(seed, list(corpus().values()))
    decoders = Decoders(seed)
    ways = [(name, way) for name, way in decoders.ways.items() if not only or name == only]
    began_s = time.perf_counter()
    while found.inputs < count if count else time.perf_counter() - began_s < seconds:
        data = mutator.next()
        # Those that the document is meant for, and some that it is not.
        meant = [one for one in ways if MEANT[one[0]] in data]
        others = decoders.random.sample(ways, min(_OTHERS, len(ways)))
        for name, way in dict([*meant, *others]).items():
            await _one(found, name, way, data)
        if len(found.unexpected) > 20:
            break
    found.seconds = time.perf_counter() - began_s
    return found


async def _one(
    found: Found, name: str, way: Callable[[bytes], Awaitable[None]], data: bytes
) -> None:
    # Computing time: what else runs on the machine is not the decoder's fault.
    started_s = time.thread_time()
    try:
        await way(data)
        found.kinds["fine"] += 1
    except TagwerkError as problem:
        found.kinds[type(problem).__name__] += 1
        try:
            str(problem).encode()
        except UnicodeEncodeError as odd:
            found.unexpected.append((name, f"in the text of an error: {odd!r}", data))
    except Exception as problem:  # noqa: BLE001 - that is what is looked for
        found.unexpected.append((name, repr(problem), data))
    took_s = time.thread_time() - started_s
    if took_s > found.slowest_s:
        found.slowest_s, found.slowest, found.slowest_input = took_s, name, data
    found.inputs += 1
