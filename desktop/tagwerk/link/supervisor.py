"""Keeps one connection alive: connects, watches, reconnects, renews the session.

Runs on the link's own thread, where one task, `Supervisor.run`, owns the connection. Used by
`plant_link`, which is what the outside sees.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any

from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.connection import (
    Capability,
    ConnectionProfile,
    LinkCounters,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.errors import (
    NotAllowed,
    NotReachable,
    ProtocolError,
    ServerRefused,
    SessionExpired,
    TagwerkError,
)
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantSink
from tagwerk.domain.values import Sample
from tagwerk.link.client import HttpClient
from tagwerk.link.feeds import AlarmFeed, Poller
from tagwerk.link.frames import Slicer, StreamTotals
from tagwerk.link.policy import needs_person, retry_delay_s
from tagwerk.link.session import SessionKeeper
from tagwerk.link.stream import PushRefused, ValueStream
from tagwerk.link.transport import Endpoint, HttpTransport

log = logging.getLogger(__name__)

_WANT_DELAY_S = 0.03
_LIVENESS_S = 5.0
PRODUCT = "WinCC Unified"


class Supervisor:
    """The state machine; lives on the link's thread. Also the stream's sink."""

    def __init__(
        self,
        profile: ConnectionProfile,
        password: str,
        sink: PlantSink,
        slicer: Slicer,
        ping_s: float,
        token: str = "",
    ) -> None:
        self.profile = profile
        self.sink = sink
        self.wanted: frozenset[str] = frozenset()
        self.language = "en-US"
        self.status = LinkStatus(server=PRODUCT)
        self._password = password
        self._token = token
        self._slicer = slicer
        self._ping_s = ping_s
        self._totals = StreamTotals()
        self._reconnects = 0
        self._keeper: SessionKeeper | None = None
        self.http: HttpClient | None = None
        self._stream: ValueStream | None = None
        self._stream_generation = 0
        self._poller: Poller | None = None
        self._alarms = AlarmFeed(sink)
        self._task: asyncio.Task[None] | None = None
        self._kick = asyncio.Event()
        self._new_token = asyncio.Event()
        self._was_live = False
        self._prepared_generation = -1
        self._pongs_seen = False
        self._want_timer: asyncio.TimerHandle | None = None

    def counters(self) -> LinkCounters:
        stream, poller = self._stream, self._poller
        totals = self._totals
        subscribed = stream.subscribed if stream else len(self.wanted) if poller else 0
        polled = poller.values if poller else 0
        return LinkCounters(
            messages=totals.messages,
            bytes=totals.bytes,
            values=totals.values + polled,
            subscribed=subscribed,
            reconnects=self._reconnects,
        )

    # Called from outside, on the link's thread

    def begin(self) -> None:
        """Start the one task."""
        self._task = asyncio.get_running_loop().create_task(self.run(), name="link supervisor")
        self._task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        """A fault of our own must not look like a live connection."""
        if task.cancelled() or task.exception() is None:
            return
        log.error("the supervisor failed", exc_info=task.exception())
        self._emit(
            LinkState.REFUSED,
            detail=message("Tagwerk failed inside: {said}", said=repr(task.exception())),
            cure=message("Connect again; if it comes back, report it with the log."),
            error=task.exception(),
        )

    def wanted_changed(self) -> None:
        """Views changed; several changes within a moment become one."""
        if self._want_timer is None:
            loop = asyncio.get_running_loop()
            self._want_timer = loop.call_later(_WANT_DELAY_S, self._apply_wanted)

    def _apply_wanted(self) -> None:
        self._want_timer = None
        if self._stream is not None and self.status.state is LinkState.LIVE:
            self._stream.want(self.wanted)
        if self._poller is not None:
            self._poller.want(self.wanted)

    def set_language(self, language: str) -> None:
        """Alarm texts in another language from now on."""
        if language == self.language:
            return
        self.language = language
        if self.status.state is LinkState.LIVE:
            self._start_alarms()

    def kick(self) -> None:
        """A person does not want to wait; also after REFUSED."""
        if self._keeper is not None:
            self._keeper.allow_login()
        self._kick.set()
        if self._task is not None and self._task.done():
            self.begin()

    async def stop(self) -> None:
        """End everything in order."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._want_timer is not None:
            self._want_timer.cancel()
        await self._tear_down()
        if self._keeper is not None:
            await self._keeper.logout()
            await self._keeper.transport.close()
        self._emit(LinkState.OFFLINE, session=None, detail=Message(), cure=Message(), error=None)

    # The one task

    async def run(self) -> None:
        """Connect, stay, and come back, until stopped."""
        attempt = 0
        while True:
            self._kick.clear()
            try:
                await self._bring_up()
                if attempt or self._reconnects:
                    log.info("connected again to %s", self.profile.url)
                attempt = 0
                problem = await self._stay()
            except TagwerkError as caught:
                problem = caught
            lost_at_ns = self._lost_at_ns(problem)
            if self.status.state is LinkState.LIVE:
                self._reconnects += 1
                log.info("lost %s: %s", self.profile.url, problem.message)
            attempt += 1
            fatal = needs_person(problem, was_live=self._was_live)
            delay_s = 0.0 if fatal else retry_delay_s(attempt)
            # Said before anything is torn down: values are stale from this moment.
            self._lost(problem, lost_at_ns, attempt, delay_s, fatal)
            await self._tear_down()
            if fatal:
                await self._kick.wait()
                attempt = 0
            else:
                await self._wait_kick(delay_s)

    def _lost_at_ns(self, problem: TagwerkError) -> int:
        """When the plant was lost: of silence, the last sign of life and not its being noticed."""
        watched = self._stream or self._poller
        heard_ns = watched.heard_ns if watched is not None else 0
        if heard_ns and problem.code in ("silent", "timeout"):
            return min(heard_ns, time.time_ns())
        return time.time_ns()

    def _lost(
        self, problem: TagwerkError, at_ns: int, attempt: int, delay_s: float, fatal: bool
    ) -> None:
        lost_at_ns = self.status.lost_at_ns
        if self.status.state is LinkState.LIVE:
            lost_at_ns = at_ns
        self._emit(
            LinkState.REFUSED if fatal else LinkState.RECONNECTING,
            detail=problem.text,
            cure=problem.cure_text,
            attempt=attempt,
            next_attempt_ns=None if fatal else at_ns + int(delay_s * 1e9),
            lost_at_ns=lost_at_ns,
            error=problem,
        )

    async def _wait_kick(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._kick.wait()
        except TimeoutError:
            return False
        return True

    async def _bring_up(self) -> None:
        """From nothing to LIVE.

        Raises:
            TagwerkError: whatever stood in the way.
        """
        if self._keeper is None:
            self._phase(LinkState.RESOLVING)
            transport = HttpTransport(
                Endpoint(self.profile.url),
                self.profile.trust,
                timeout_s=self.profile.timeout_s,
                on_phase=self._on_phase,
            )
            self._keeper = SessionKeeper(transport, self.profile.user, self._password)
            self._keeper.on_new_token = self._new_token.set
            if self._token:
                self._keeper.adopt(self._token)
            self.http = HttpClient(self._keeper)
            self.http.on_change = self._on_client_change
        keeper, http = self._keeper, self.http
        if http is None:
            return
        await keeper.ensure()
        self._phase(LinkState.LOGGING_IN)
        if self._prepared_generation != keeper.generation:
            await http.prepare()
            self._prepared_generation = keeper.generation
        await self._open_stream(keeper, http)
        self._was_live = True

    async def _open_stream(self, keeper: SessionKeeper, http: HttpClient) -> None:
        dialect = http.dialect
        can_push = dialect is not None and "tagValues" in dialect.schema.subscription
        refusal: PushRefused | None = None
        if can_push:
            try:
                self._stream = await self._connect_stream(keeper, http)
            except PushRefused as problem:
                refusal = problem
        http.set_reason(Capability.PUSH, "push_refused" if refusal else "")
        http.set_reason(Capability.ALARMS, "")
        polled = message("Values are polled: the server refuses push.")
        self._emit(
            LinkState.LIVE,
            detail=(polled if refusal else Message()),
            cure=refusal.cure_text if refusal else Message(),
            error=None,
            attempt=0,
            next_attempt_ns=None,
            lost_at_ns=None,
            session=keeper.session,
            capabilities=http.capabilities,
            systems=http.systems,
            server=self._server_text(http),
        )
        if self._stream is None:
            self._poller = Poller(http, self.sink, self.language)
            self._poller.want(self.wanted)
            self._poller.start()
        else:
            self._stream.want(self.wanted)
            self._start_redundancy(self._stream, http)
            self._start_alarms()

    def _server_text(self, http: HttpClient) -> str:
        version = http.dialect.version if http.dialect else ""
        return f"{PRODUCT} {version}".strip()

    async def _connect_stream(self, keeper: SessionKeeper, http: HttpClient) -> ValueStream:
        """A stream with the present token; one new login if the server refuses the token."""
        for last in (False, True):
            stream = self._make_stream(keeper, http)
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
                keeper.forget()
                await keeper.login()
            else:
                break
        self._stream_generation = keeper.generation
        return stream

    def _make_stream(self, keeper: SessionKeeper, http: HttpClient) -> ValueStream:
        dialect = http.dialect
        if dialect is None:
            raise NotReachable("The server is not known yet.", code="not_connected")
        transport = keeper.transport
        return ValueStream(
            transport.endpoint,
            transport.context,
            self.profile.trust,
            self,
            dialect.subscribe_values,
            totals=self._totals,
            slicer=self._slicer,
            timeout_s=self.profile.timeout_s,
            ping_s=self._ping_s,
            on_refused=self._on_refused,
        )

    def _on_refused(self, kind: str, problem: TagwerkError) -> None:
        """A subscription beside the values was refused."""
        log.info("subscription of %s refused: %s", kind, problem.message)
        if kind == "alarms" and self.http is not None:
            self._alarms.poll(self.http, self.language)

    def _start_redundancy(self, stream: ValueStream, http: HttpClient) -> None:
        if http.dialect is not None and "reduState" in http.dialect.schema.subscription:
            stream.subscribe_redundancy(http.dialect.subscribe_redundancy())

    def _start_alarms(self) -> None:
        http = self.http
        if self._poller is not None:
            self._poller.alarms.language = self.language
        if http is None or http.dialect is None or self._stream is None:
            return
        if "activeAlarms" not in http.dialect.schema.subscription:
            return
        self._alarms.begin(http, self.language)
        self._stream.subscribe_alarms(http.dialect.subscribe_alarms(self.language))

    # Live

    async def _stay(self) -> TagwerkError:
        """Watch the connection and renew the session; returns why it ended."""
        keeper = self._keeper
        if keeper is None:
            return NotReachable("There is no session.", code="not_connected")
        retry_s = 0.0
        while True:
            watched = self._stream or self._poller
            if watched is None:
                return NotReachable("There is no stream.", code="not_connected")
            wait_s = max(keeper.renewal_in_s, retry_s)
            if self._stream is not None and self._ping_s == 0:
                wait_s = min(wait_s, _LIVENESS_S)
            ended = await self._wait_end(watched, wait_s)
            if ended is not None:
                self._note_silence()
                return ended
            if self._kick.is_set():
                self._kick.clear()
                if self._poller is not None:
                    return NotReachable("Looking whether the server pushes now.", code="asked")
            retry_s = await self._renew(keeper)
            if keeper.generation != self._stream_generation and self._stream is not None:
                await self._replace_stream(keeper)

    async def _wait_end(self, watched: ValueStream | Poller, seconds: float) -> TagwerkError | None:
        end = asyncio.ensure_future(watched.run())
        woken = [asyncio.ensure_future(one.wait()) for one in (self._kick, self._new_token)]
        first: list[asyncio.Future[Any]] = [end, *woken]
        try:
            done, _ = await asyncio.wait(
                first, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return end.result() if end in done else None
        finally:
            self._new_token.clear()
            for one in first:
                one.cancel()

    def _note_silence(self) -> None:
        """Some proxies swallow ping frames. Where no pong ever came while HTTP works, ask by HTTP."""
        stream = self._stream
        if stream is None:
            return
        self._pongs_seen = self._pongs_seen or stream.pong_seen
        if stream.fell_silent and not self._pongs_seen and self._ping_s:
            log.info("ping frames are not answered; asking over HTTP from now on")
            self._ping_s = 0.0

    async def _renew(self, keeper: SessionKeeper) -> float:
        """Renew session and, for a new token, the stream. Returns seconds until a retry."""
        http = self.http
        if http is None:
            return _LIVENESS_S
        if keeper.renewal_in_s > 0:
            if keeper.generation == self._stream_generation or self._stream is None:
                await http.hello(timeout_s=_LIVENESS_S)
            return 0.0
        if keeper.is_foreign or Capability.SESSION not in http.capabilities:
            # Any operation prolongs the session; an old runtime has no other way, and a new token
            # would be taken from whoever lent us the old one.
            await http.hello(timeout_s=_LIVENESS_S)
            keeper.touch()
            return 0.0
        try:
            await keeper.extend()
        except NotReachable as problem:
            # The stream will tell if the link is gone; a single lost request is no loss.
            log.info("renewal was not answered: %s", problem.message)
            return _LIVENESS_S
        except (NotAllowed, ProtocolError, ServerRefused):
            await keeper.login()
        self._emit(LinkState.LIVE, session=keeper.session)
        return 0.0

    async def _replace_stream(self, keeper: SessionKeeper) -> None:
        """A socket keeps the token it began with: open the next before the last is closed."""
        http, old = self.http, self._stream
        if http is None:
            return
        self._stream = await self._connect_stream(keeper, http)
        self._stream.want(self.wanted)
        self._start_redundancy(self._stream, http)
        self._start_alarms()
        if old is not None:
            await old.close()

    async def _tear_down(self) -> None:
        self._alarms.stop()
        stream, self._stream = self._stream, None
        poller, self._poller = self._poller, None
        if poller is not None:
            await poller.close()
        if stream is not None:
            await stream.close()

    # Status

    def _on_phase(self, phase: str) -> None:
        self._phase(LinkState.CONNECTING if phase == "connect" else LinkState.SECURING)

    def _phase(self, state: LinkState) -> None:
        """Fine steps of a first connect; while reconnecting the attempt is what matters."""
        if self.status.state not in (LinkState.LIVE, LinkState.RECONNECTING):
            self._emit(state, detail=Message(), cure=Message(), error=None)

    def _on_client_change(self) -> None:
        http = self.http
        if http is not None and self.status.state is LinkState.LIVE:
            self._emit(LinkState.LIVE, systems=http.systems, capabilities=http.capabilities)

    def _emit(self, state: LinkState, **changes: object) -> None:
        since_ns = self.status.since_ns if state is self.status.state else time.time_ns()
        self.status = replace(self.status, state=state, since_ns=since_ns, **changes)  # type: ignore[arg-type]
        self.sink.on_status(self.status)

    # StreamSink

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""
        self.sink.on_samples(samples)

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """See `stream.StreamSink`."""
        self._alarms.on_events(events)

    def on_redundancy(self, state: str) -> None:
        """See `stream.StreamSink`."""
        self._emit(self.status.state, redundancy=state)
