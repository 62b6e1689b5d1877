"""What runs while one server is live: the stream or, where push is refused, the poller; the alarms;
the session's renewal. Made by `supervisor` for each connection, closed with it.
"""

from __future__ import annotations

import asyncio
import logging
import time

from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import (
    NotAllowed,
    NotReachable,
    ProtocolError,
    ServerFailed,
    ServerRefused,
    SessionExpired,
    TagwerkError,
)
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantSink
from tagwerk.domain.values import Sample
from tagwerk.link.client import HttpClient
from tagwerk.link.feeds import AlarmFeed, Poller
from tagwerk.link.handover import Handover
from tagwerk.link.session import SessionKeeper
from tagwerk.link.side import ServerSide
from tagwerk.link.speaker import FeedSetup
from tagwerk.link.stream import PushRefused, StreamWatcher, ValueStream

log = logging.getLogger(__name__)

RETRY_S = 5.0
"""After a renewal that was not answered. The stream tells if the link is gone."""
_HELLO_S = 5.0
_FIRST_VALUE_S = 1.0
"""A subscribed tag that has brought nothing by then is read once: not every server may begin with
the value that stands."""
_PUSH_LOOKS_S = (5.0, 15.0, 60.0)
"""Pauses between attempts to leave polling, where the WebSocket failed rather than was refused."""
_ANSWERED_BADLY = frozenset({"500", "502", "503", "504", "timeout"})
_PUSH_TRIES = 2


class LiveLink:
    """One server's feeds. Also the stream's sink.

    Args:
        side: logged in and prepared.
        sink: where values and alarms go.
        setup: see `FeedSetup`.
    """

    def __init__(self, side: ServerSide, sink: PlantSink, setup: FeedSetup) -> None:
        self.side = side
        self.keeper, self.http = unified_of(side)
        self.stream: ValueStream | None = None
        self.poller: Poller | None = None
        self.refusal: PushRefused | None = None
        """Why values are polled; None when they are pushed, or cannot be."""
        self.generation = -1
        """Of the token that the stream began with."""
        self.ended_generation = -1
        """Of the token that the stream which has ended began with; -1 while none has."""
        self.redundancy_known = asyncio.Event()
        self.on_quiet = setup.on_quiet
        self.on_life = setup.on_life
        self._sink = sink
        self._tell_redundancy = setup.on_redundancy
        self._slicer = setup.slicer
        self._ping_s = setup.ping_s
        self._totals = setup.totals
        self._timeout_s = setup.timeout_s
        self._tap = setup.tap
        self._language = setup.language
        self._wanted: frozenset[str] = frozenset()
        self._alarms = AlarmFeed(sink)
        self._next: ValueStream | None = None
        self._asking: asyncio.Task[None] | None = None
        self._looks = 0
        self._looked_s = 0.0
        self._unheard: set[str] = set()
        self._first_values: asyncio.Task[None] | None = None
        self.keeper.on_answer = self._on_answer

    @property
    def subscribed(self) -> int:
        """Tags subscribed or polled now."""
        if self.stream is not None:
            return self.stream.subscribed
        return len(self._wanted) if self.poller is not None else 0

    @property
    def heard_s(self) -> float:
        """The last sign of life, on the monotonic clock; 0 before the first."""
        if self.stream is not None:
            return self.stream.heard_s
        return self.keeper.heard_s if self.poller is not None else 0.0

    @property
    def poll_every_s(self) -> float:
        """See `Feeds`."""
        return self.poller.values.plan.every_s if self.poller is not None else 0.0

    @property
    def poll_stretch(self) -> float:
        """See `Feeds`."""
        return self.poller.values.plan.stretch if self.poller is not None else 0.0

    @property
    def requests(self) -> int:
        """See `Feeds`."""
        return self.poller.values.requests if self.poller is not None else 0

    @property
    def tells_redundancy(self) -> bool:
        """See `Feeds`."""
        return self.stream is not None

    @property
    def is_stand_in(self) -> bool:
        """See `Feeds`."""
        return self.poller is not None

    @property
    def remark(self) -> tuple[Message, Message]:
        """See `Feeds`."""
        if self.refusal is None:
            return Message(), Message()
        return message("Values are polled: the server refuses push."), self.refusal.cure_text

    async def connect(self) -> None:
        """Open the stream, or find that the server refuses push.

        Raises:
            TagwerkError: it cannot be.
        """
        dialect = self.http.dialect
        can_push = dialect is not None and "tagValues" in dialect.schema.subscription
        if can_push:
            try:
                self.stream = await self._connect_stream()
                self.side.push_failures = 0
            except PushRefused as problem:
                self.refusal = problem
            except NotReachable as problem:
                self.refusal = self._push_failed(problem)
        if self.stream is None:
            # Polling is live only where HTTP answers, and that may have been a while ago.
            await self.http.hello(timeout_s=_HELLO_S)
        self.http.set_reason(Capability.PUSH, "push_refused" if self.refusal else "")
        self.http.set_reason(Capability.ALARMS, "")
        if self.stream is not None:
            self._start_redundancy(self.stream)

    def _push_failed(self, problem: NotReachable) -> PushRefused:
        """HTTP works and the WebSocket does not: polled values are better than none. A connection
        that broke may be a server that is just going, so that is tried once more first.

        Raises:
            NotReachable: it should be tried again as a whole.
        """
        side = self.side
        side.push_failures += 1
        if problem.code not in _ANSWERED_BADLY and side.push_failures < _PUSH_TRIES:
            raise problem
        self._looks = 1
        log.info("no push, polling for now: %s", problem.message)
        return PushRefused(
            "The server answers, but not on the WebSocket: {said}",
            cure="It is tried again by itself; look for a proxy or firewall in between.",
            code=problem.code,
            said=problem.message,
        )

    @property
    def look_for_push_in_s(self) -> float | None:
        """Seconds until push is worth another try; None while nobody should look."""
        if self.poller is None or not self._looks:
            return None
        pause_s = _PUSH_LOOKS_S[min(self._looks, len(_PUSH_LOOKS_S)) - 1]
        return max(self._looked_s + pause_s - time.monotonic(), 0.0)

    async def look_for_push(self) -> bool:
        """Try to leave polling; the poller goes on until the stream stands. Returns whether."""
        self._looks += 1
        try:
            stream = await self._connect_stream()
        except NotAllowed as problem:
            # Every further look would cost a login, and leave a session behind.
            self._looks = 0
            log.info("push is not allowed: %s", problem.message)
            return False
        except TagwerkError as problem:
            log.info("still no push: %s", problem.message)
            return False
        finally:
            self._looked_s = time.monotonic()
        poller, self.poller = self.poller, None
        self.stream, self.refusal, self.side.push_failures = stream, None, 0
        self.http.set_reason(Capability.PUSH, "")
        self._start_redundancy(stream)
        self.begin(self._wanted)
        if poller is not None:
            await poller.close()
        return True

    def begin(self, names: frozenset[str], quick: frozenset[str] = frozenset()) -> None:
        """The link is live: subscribe, or poll."""
        del quick
        self._wanted = names
        self._looked_s = time.monotonic()
        if self.stream is not None:
            self.stream.want(names)
            self._expect(names)
            self._start_alarms()
            return
        self.poller = Poller(
            self.http,
            self._sink,
            self._language,
            ping_s=self._ping_s,
            totals=self._totals,
            ask=self.ask,
            on_quiet=self.on_quiet,
            on_life=self.on_life,
        )
        self.poller.want(names)
        self.poller.start()

    def want(self, names: frozenset[str], quick: frozenset[str] = frozenset()) -> None:
        """The tags to be subscribed from now on."""
        del quick
        fresh = names - self._wanted
        self._wanted = names
        if self.stream is not None:
            self._expect(fresh)
        for stream in (self.stream, self._next):
            if stream is not None:
                stream.want(names)
        if self.poller is not None:
            self.poller.want(names)

    def set_language(self, language: str) -> None:
        """Of alarm texts."""
        self._language = language
        if self.poller is not None:
            self.poller.alarms.language = language
        self._start_alarms()

    async def run(self) -> TagwerkError:
        """Wait until it has ended; returns why."""
        watched = self.stream or self.poller
        if watched is None:
            return NotReachable("There is no stream.", code="not_connected")
        while True:
            ended = await watched.run()
            # A stream that a new token has replaced ends without meaning anything.
            now = self.stream or self.poller
            if now is watched or now is None:
                # Told now: until anybody looks, a stream with a newer token may have come.
                self.ended_generation = self.generation
                return ended
            watched = now

    async def close(self) -> None:
        """Hang up; bounded, never raises."""
        self.keeper.on_answer = lambda: None
        self._alarms.stop()
        works = [work for work in (self._asking, self._first_values) if work is not None]
        self._asking = self._first_values = None
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        if self.stream is not None:
            self.side.pongs_seen = self.side.pongs_seen or self.stream.pong_seen
        poller, self.poller = self.poller, None
        if poller is not None:
            await poller.close()
        stream, self.stream = self.stream, None
        if stream is not None:
            await stream.close()

    # Signs of life

    def ask(self) -> None:
        """Ask over HTTP, one question at a time."""
        if self._asking is None or self._asking.done():
            self._asking = self.side.ask()

    def _on_answer(self) -> None:
        if self.poller is not None:
            self.poller.on_life()
        elif self.stream is not None:
            self.stream.on_life_elsewhere()

    # The stream

    async def _connect_stream(self) -> ValueStream:
        """A stream with the present token; one new login if the server refuses the token."""
        keeper = self.keeper
        for last in (False, True):
            stream = self._make_stream(self.http, keeper)
            generation = keeper.generation
            try:
                await stream.connect(keeper.token)
            except SessionExpired as problem:
                if last:
                    raise NotAllowed(
                        "The server refuses pushed values: {said}",
                        cure="Give the user the right “GraphQL read access”.",
                        code=problem.code,
                        said=problem.message,
                    ) from problem
                if keeper.generation == generation:
                    keeper.forget()
                    await keeper.login(since=generation)
            else:
                self.generation = generation
                break
        return stream

    def _make_stream(self, http: HttpClient, keeper: SessionKeeper) -> ValueStream:
        dialect = http.dialect
        if dialect is None:
            raise NotReachable("The server is not known yet.", code="not_connected")
        watcher = _Watcher(self)
        stream = watcher.stream = ValueStream(
            keeper.transport.endpoint,
            keeper.transport.context,
            self.side.trust,
            self,
            dialect.subscribe_values,
            totals=self._totals,
            slicer=self._slicer,
            timeout_s=self._timeout_s,
            ping_s=self._ping_s,
            watcher=watcher,
            on_refused=self._on_refused,
            tap=self._tap,
        )
        stream.pong_seen = self.side.pongs_seen
        return stream

    def _on_refused(self, kind: str, problem: TagwerkError) -> None:
        """A subscription beside the values was refused."""
        log.info("subscription of %s refused: %s", kind, problem.message)
        if kind == "alarms":
            self._alarms.poll(self.http, self._language)

    def _start_redundancy(self, stream: ValueStream) -> None:
        dialect = self.http.dialect
        if dialect is not None and "reduState" in dialect.schema.subscription:
            stream.subscribe_redundancy(dialect.subscribe_redundancy())

    def _start_alarms(self) -> None:
        dialect, stream = self.http.dialect, self.stream
        if dialect is None or stream is None or "activeAlarms" not in dialect.schema.subscription:
            return
        self._alarms.begin(self.http, self._language)
        stream.subscribe_alarms(dialect.subscribe_alarms(self._language))

    # The session

    @property
    def is_outdated(self) -> bool:
        """There is a newer token than the stream's: a socket keeps the one it began with."""
        return self.stream is not None and self.keeper.generation != self.generation

    async def renew(self) -> float:
        """Prolong the session; returns seconds until a retry, 0 when it was done.

        Raises:
            LoginFailed, NotAllowed: it has ended, and there is no new one.
        """
        keeper = self.keeper
        try:
            if keeper.is_foreign or Capability.SESSION not in self.http.capabilities:
                # Any operation prolongs the session; an old runtime has no other way, and a new
                # token would be taken from whoever lent us the old one.
                await self.http.hello(timeout_s=_HELLO_S)
                keeper.touch()
                return 0.0
            generation = keeper.generation
            try:
                await keeper.extend()
            except ServerFailed as problem:
                log.info("renewal failed on the server: %s", problem.message)
                return RETRY_S
            except (NotAllowed, ServerRefused):
                await keeper.login(since=generation)
        except (NotReachable, ProtocolError) as problem:
            # The stream tells if the link is gone; a single lost request is no loss.
            log.info("renewal was not answered: %s", problem.message)
            return max(RETRY_S, keeper.pace.pause_s)
        return 0.0

    async def replace(self) -> float:
        """Move to a stream with the new token, without a gap; returns seconds until a retry.

        Raises:
            NotAllowed: the server refuses the new token too.
        """
        old = self.stream
        if old is None:
            return 0.0
        before = self.generation
        new: ValueStream | None = None
        try:
            new = await self._connect_stream()
            generation, self.generation = self.generation, before
            handover = Handover(self, old, new)
            self._next = new
            new.want(self._wanted)
            handover.expect(self._wanted)
            if await handover.run():
                self.stream, self.generation = new, generation
                self._next = new = None
        except NotReachable as problem:
            log.info("no new socket for the new token yet: %s", problem.message)
        finally:
            self._next = None
            if new is not None:
                old.sink = self
                await new.close()
        if self.stream is old:
            return RETRY_S
        self._start_redundancy(self.stream or old)
        self._start_alarms()
        await old.close()
        return 0.0

    # First values

    def _expect(self, names: frozenset[str]) -> None:
        """These were subscribed just now, and should tell their value soon."""
        if not names:
            return
        self._unheard |= names
        if self._first_values is None or self._first_values.done():
            loop = asyncio.get_running_loop()
            self._first_values = loop.create_task(self._read_unheard(), name="first values")

    async def _read_unheard(self) -> None:
        before: frozenset[str] = frozenset()
        while self._unheard:
            await asyncio.sleep(_FIRST_VALUE_S)
            # Those that were asked for a moment ago get their time too.
            late = before & self._unheard & self._wanted
            before = frozenset(self._unheard)
            if late:
                await self._read_once(late)
            self._unheard &= self._wanted

    async def _read_once(self, names: frozenset[str]) -> None:
        try:
            found = await self.http.read(sorted(names))
        except TagwerkError as problem:
            log.info("first values could not be read: %s", problem.message)
            found = []
        # What was pushed meanwhile is newer.
        news = [sample for sample in found if sample.name in self._unheard]
        self._unheard -= names
        if news and self.stream is not None:
            self._sink.on_samples(news)

    # StreamSink

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""
        if self._unheard:
            self._unheard.difference_update([sample.name for sample in samples])
        self._sink.on_samples(samples)

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """See `stream.StreamSink`."""
        self._alarms.on_events(events)

    def on_redundancy(self, state: str) -> None:
        """See `stream.StreamSink`."""
        self.side.redundancy = state.upper()
        self.redundancy_known.set()
        self._tell_redundancy(self.side.redundancy)


def unified_of(side: ServerSide) -> tuple[SessionKeeper, HttpClient]:
    """Keeper and client of a server that speaks Unified."""
    keeper, http = side.open()
    if not isinstance(keeper, SessionKeeper) or not isinstance(http, HttpClient):
        raise TypeError("a server of another dialect")
    return keeper, http


class _Watcher(StreamWatcher):
    """Passes on what the stream notices, as long as it is the one that delivers."""

    def __init__(self, owner: LiveLink) -> None:
        self.stream: ValueStream | None = None
        self._owner = owner

    def on_quiet(self) -> None:
        """See `StreamWatcher`."""
        if self._owner.stream is self.stream:
            self._owner.on_quiet()

    def on_life(self) -> None:
        """See `StreamWatcher`."""
        if self._owner.stream is self.stream:
            self._owner.on_life()

    def ask_elsewhere(self) -> None:
        """See `StreamWatcher`."""
        self._owner.ask()

    def heard_elsewhere_s(self) -> float:
        """See `StreamWatcher`."""
        return self._owner.keeper.heard_s
