"""Keeps one connection alive: connects, watches, reconnects, renews the session, changes the server.

Runs on the link's own thread, where one task, `Supervisor.run`, owns the connection. Used by
`plant_link`, which is what the outside sees. What is decided where: `policy` (fatal or transient, how
long to wait, how often to log in), `redundancy` (which server), `liveness` (silence), `waiting` (the
network's return), `live_link` (what runs while it is live).

The states, as `PlantSink.on_status` tells them; docs/protocol.md has the same table for people:

| state | event | next |
|---|---|---|
| OFFLINE | `begin` | RESOLVING |
| RESOLVING, CONNECTING, SECURING, LOGGING_IN | the next step of the first connect | in this order |
| LOGGING_IN | session, schema, rights and stream are there | LIVE |
| RESOLVING … LOGGING_IN | a transient problem | RECONNECTING |
| LIVE | no sign of life for 2 s, the socket stands | STALE |
| STALE | bytes again | LIVE, without a new subscription: nothing was lost |
| STALE | none for 4.5 s | RECONNECTING |
| LIVE, STALE | socket closed, reset, subscription ended, session ended, server passive, a switch | RECONNECTING |
| LIVE | a new token, a renewal | LIVE |
| RECONNECTING | an attempt succeeds | LIVE |
| RECONNECTING | an attempt fails, transient | RECONNECTING, `attempt` one more |
| any but OFFLINE | a problem that needs a person | REFUSED |
| REFUSED | a person asks | RESOLVING |
| any | `stop` | OFFLINE |

While reconnecting, the fine steps are not told: the attempt is what matters. BROWSING is never told
from here: the names are read by the plant while the link is LIVE, and `Plant.browse_state` tells of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from tagwerk.domain.connection import ConnectionProfile, LinkCounters, LinkState, LinkStatus
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    SessionExpired,
    TagwerkError,
)
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantSink
from tagwerk.link.frames import Slicer, StreamTotals
from tagwerk.link.policy import STABLE_S, needs_person, retry_delay_s
from tagwerk.link.redundancy import (
    ASKED,
    PASSIVE,
    WENT_PASSIVE,
    Servers,
    passive_problem,
    switch_problem,
)
from tagwerk.link.registry import SPEAKERS
from tagwerk.link.side import ServerSide
from tagwerk.link.speaker import Feeds, FeedSetup, SpokenClient
from tagwerk.link.waiting import Lookout, may_be_the_network, wait
from tagwerk.link.wiretap import Wiretap

log = logging.getLogger(__name__)
T = TypeVar("T")

_WANT_DELAY_S = 0.03
_REDUNDANCY_S = 0.5
_STANDS = (LinkState.LIVE, LinkState.STALE)
_PHASES = {
    "connect": LinkState.CONNECTING,
    "tls": LinkState.SECURING,
    "request": LinkState.LOGGING_IN,
}
_DEAD_CONNECTIONS = frozenset({"silent", "timeout", "lost"})


class Supervisor:
    """The state machine; lives on the link's thread.

    Args:
        profile: the server, and its partner if there is one.
        password: kept in memory for logins.
        sink: told everything.
        slicer: time slices of the stream.
        ping_s: see `ValueStream`; 0 looks for no signs of life.
        token: one issued elsewhere, used instead of logging in.
        tap: told of the traffic.
    """

    def __init__(
        self,
        profile: ConnectionProfile,
        password: str,
        sink: PlantSink,
        slicer: Slicer,
        ping_s: float,
        token: str = "",
        tap: Wiretap | None = None,
    ) -> None:
        self.profile = profile
        self.sink = sink
        self.tap = tap or Wiretap()
        self.wanted: frozenset[str] = frozenset()
        self.quick: frozenset[str] = frozenset()
        self.language = "en-US"
        self._password = password
        self._slicer = slicer
        self._ping_s = ping_s
        self._totals = StreamTotals()
        self._reconnects = 0
        self._polls = 0
        self._poll_every_s = 0.0
        main = self._side(profile.url, profile, token)
        partner = None
        if profile.partner:
            trust = profile.partner_trust or profile.trust
            partner = self._side(profile.partner, replace(profile, trust=trust))
        self.status = LinkStatus(server=main.speaker.info.product)
        self._servers = Servers(main, partner, follow=profile.follow_partner)
        self._shown = main
        self._live: Feeds | None = None
        self._live_since_s = 0.0
        self._attempt = 0
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._kicked = False
        self._switch_asked = False
        self._is_coming_up = False
        self._want_timer: asyncio.TimerHandle | None = None

    def _side(self, address: str, profile: ConnectionProfile, token: str = "") -> ServerSide:
        return ServerSide(
            address,
            profile,
            SPEAKERS,
            self._password,
            token=token,
            tap=self.tap,
            on_phase=self._on_phase,
        )

    @property
    def http(self) -> SpokenClient | None:
        """The client of the server that is spoken to; None before the first connection."""
        return self._servers.current.http

    def http_for_changes(self) -> SpokenClient | None:
        """The same, for what changes the plant: only on the server that its user was shown.

        Raises:
            NotReachable: another server is spoken to since; nothing was sent.
        """
        side = self._servers.current
        if side is not self._shown:
            raise NotReachable(
                "{host} is spoken to now; nothing was sent.",
                cure="Look at its values, then do it again.",
                code="server_changed",
                host=side.host,
            )
        return side.http

    def server_shown(self, url: str) -> None:
        """The user sees that this server is spoken to."""
        for side in self._servers:
            if side.url == url:
                self._shown = side

    def counters(self) -> LinkCounters:
        """See `LinkCounters`. Nothing is ever coalesced here: a slow screen makes the stores
        coalesce, and a slow link makes the server do it; what arrives is delivered.
        """
        totals = self._totals
        return LinkCounters(
            messages=totals.messages,
            bytes=totals.bytes,
            values=totals.values,
            subscribed=self._live.subscribed if self._live is not None else 0,
            reconnects=self._reconnects,
            pings=totals.pings,
            polls=self._polls + (self._live.requests if self._live is not None else 0),
            poll_every_s=self._live.poll_every_s if self._live is not None else self._poll_every_s,
            poll_stretch=self._live.poll_stretch if self._live is not None else 0.0,
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
        if self._live is not None and self.status.state in _STANDS:
            self._live.want(self.wanted, self.quick)

    def set_language(self, language: str) -> None:
        """Alarm texts in another language from now on."""
        if language == self.language:
            return
        self.language = language
        if self._live is not None and self.status.state in _STANDS:
            self._live.set_language(language)

    def kick(self) -> None:
        """A person does not want to wait; also after REFUSED."""
        self._servers.person_asked()
        self._kicked = True
        self._awake()

    def go_to_partner(self) -> None:
        """A person wants the other server of the pair; nothing happens where there is none."""
        if self._servers.other is None:
            return
        self._servers.person_asked()
        self._switch_asked = True
        if self.status.state not in _STANDS and self._servers.current.keeper is not None:
            # An attempt that waits for an answer need not be waited for.
            self._servers.current.keeper.cut_off()
        self._awake()

    def _awake(self) -> None:
        self._wake.set()
        if self._task is not None and self._task.done():
            self.begin()

    async def stop(self) -> None:
        """End everything in order."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._want_timer is not None:
            self._want_timer.cancel()
        await self._close_live()
        await asyncio.gather(*(side.close() for side in self._servers))
        self._emit(LinkState.OFFLINE, session=None, detail=Message(), cure=Message(), error=None)

    # The one task

    async def run(self) -> None:
        """Connect, stay, and come back, until stopped."""
        await self._close_live()
        self._attempt = 0
        while True:
            self._take_switch()
            self._kicked = False
            side = self._servers.current
            self._is_coming_up = True
            try:
                await self._bring_up(side)
                self._is_coming_up = False
                problem = await self._stay(side)
                problem = self._second_chance(side, problem)
            except TagwerkError as caught:
                problem = caught
            self._is_coming_up = False
            unjudged = side.keeper.pace.unjudged if side.keeper is not None else 0
            fatal = needs_person(problem, was_live=side.was_live, unjudged=unjudged)
            await self._lose(side, problem, fatal=fatal)

    async def _lose(self, side: ServerSide, problem: TagwerkError, *, fatal: bool) -> None:
        """Say that it is lost, tear down, and wait as long as it takes."""
        was_live = self.status.state in _STANDS
        lost_at_ns = self._lost_at_ns(problem)
        if was_live:
            self._reconnects += 1
            log.info("lost %s: %s", side.url, problem.message)
            if asyncio.get_running_loop().time() - self._live_since_s >= STABLE_S:
                self._attempt = 0
        self._attempt += 1
        stops = self._servers.after(problem, fatal=fatal, was_live=was_live)
        delay_s = 0.0 if stops else self._delay_s(problem)
        # Said before anything is torn down: values are stale from this moment.
        self._say_lost(problem, lost_at_ns, delay_s, stops=stops)
        await self._tear_down(side, problem)
        if stops:
            await self._wait_for_a_person()
        elif not self._kicked and not self._switch_asked:
            await self._pause(problem, delay_s)

    def _take_switch(self) -> None:
        if self._switch_asked:
            self._switch_asked = False
            self._servers.switch()
            self._attempt = 0

    def _second_chance(self, side: ServerSide, problem: TagwerkError) -> TagwerkError:
        """Some servers say FORBIDDEN on a running subscription when its token has run out: that
        costs one login before it is taken for a missing right.
        """
        keeper = side.keeper
        if keeper is None or keeper.is_foreign:
            return problem
        # A request may have logged in anew meanwhile: that token is still good.
        is_its_token = self._live is None or self._live.ended_generation in (-1, keeper.generation)
        if isinstance(problem, SessionExpired):
            if is_its_token:
                keeper.forget()
        elif isinstance(problem, NotAllowed) and not isinstance(problem, LoginFailed):
            if side.renewed_for == keeper.generation:
                return problem
            side.renewed_for = keeper.generation + is_its_token
            if is_its_token:
                keeper.forget()
            return SessionExpired(
                "The session has ended: {said}",
                cure="Log in again.",
                code=problem.code,
                said=problem.message,
            )
        return problem

    def _delay_s(self, problem: TagwerkError) -> float:
        """Seconds until the next attempt at whoever is next."""
        if problem.code == ASKED or (isinstance(problem, SessionExpired) and self._attempt == 1):
            return 0.0
        delay_s = retry_delay_s(self._attempt)
        keeper = self._servers.current.keeper
        if keeper is not None and not keeper.token:
            delay_s = max(delay_s, keeper.pace.pause_s)
        return delay_s

    def _lost_at_ns(self, problem: TagwerkError) -> int:
        """When the plant was lost: of silence, the last sign of life and not its being noticed."""
        heard_s = self._live.heard_s if self._live is not None else 0.0
        if heard_s and problem.code in ("silent", "timeout", "lost"):
            return time.time_ns() - int(max(time.monotonic() - heard_s, 0.0) * 1e9)
        return time.time_ns()

    def _say_lost(self, problem: TagwerkError, at_ns: int, delay_s: float, *, stops: bool) -> None:
        lost_at_ns = self.status.lost_at_ns
        if self.status.state is LinkState.LIVE:
            lost_at_ns = at_ns
        self._emit(
            LinkState.REFUSED if stops else LinkState.RECONNECTING,
            detail=problem.text,
            cure=problem.cure_text,
            attempt=self._attempt,
            next_attempt_ns=None if stops else time.time_ns() + int(delay_s * 1e9),
            lost_at_ns=lost_at_ns,
            redundancy="",
            url=self._servers.current.url,
            error=problem,
        )

    async def _wait_for_a_person(self) -> None:
        while not self._kicked and not self._switch_asked:
            await self._wake.wait()
            self._wake.clear()
        self._attempt = 0

    async def _pause(self, problem: TagwerkError, seconds: float) -> None:
        """Wait for the next attempt, or for a reason not to wait."""
        current = self._servers.current
        held = current.keeper is not None and current.keeper.pace.pause_s > 0
        lookout = None
        if may_be_the_network(problem) and not held:
            lookout = Lookout(
                current.addresses,
                own=current.own_address,
                was_shut=problem.code == "refused",
            )
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while (left_s := end_s - loop.time()) > 0:
            self._wake.clear()
            if self._kicked or self._switch_asked:
                return
            if await wait(left_s, lookout, woken=self._wake) and not self._wake.is_set():
                log.info("the network seems to be back; trying %s at once", current.url)
                return

    # Up

    async def _bring_up(self, side: ServerSide) -> None:
        """From nothing to LIVE.

        Raises:
            TagwerkError: whatever stood in the way.
        """
        self._phase(LinkState.RESOLVING)
        try:
            await self._sign_in(side)
        except TagwerkError as problem:
            if not await side.found_elsewhere(problem):
                raise
            await self._sign_in(side)
        self._phase(LinkState.LOGGING_IN)
        await side.prepare()
        setup = FeedSetup(
            on_quiet=self._on_quiet,
            on_life=self._on_life,
            on_redundancy=self._on_redundancy,
            slicer=self._slicer,
            ping_s=self._ping_s,
            totals=self._totals,
            timeout_s=self.profile.timeout_s,
            tap=self.tap,
            language=self.language,
        )
        live = self._live = side.speaker.feeds(side, self.sink, setup)
        await live.connect()
        await self._heed_redundancy(side, live)
        side.was_live = True
        self._live_since_s = asyncio.get_running_loop().time()
        if self._attempt or self._reconnects:
            log.info("connected again to %s", side.url)
        detail, cure = self._live_words(side, live)
        self._emit(
            LinkState.LIVE,
            detail=detail,
            cure=cure,
            error=None,
            attempt=0,
            next_attempt_ns=None,
            lost_at_ns=None,
            redundancy=side.redundancy,
            url=side.url,
            **self._known_of(side),
        )
        live.begin(self.wanted, self.quick)

    async def _sign_in(self, side: ServerSide) -> None:
        keeper, http = side.open()
        keeper.on_new_token = self._wake.set
        http.on_change = self._on_client_change
        await side.refresh()
        await keeper.ensure()

    @staticmethod
    def _known_of(side: ServerSide) -> dict[str, object]:
        """What a server has told of itself and of its user."""
        keeper, http = side.open()
        return {
            "session": keeper.session,
            "capabilities": http.capabilities,
            "systems": http.systems,
            "server": http.product,
            "dialect": side.speaker.info.key,
            "alarm_filters": http.alarm_filters,
        }

    async def _heed_redundancy(self, side: ServerSide, live: Feeds) -> None:
        """Where a passive server would be left at once, ask before anything of it is shown.

        Raises:
            NotReachable: it is passive.
        """
        if not self._servers.follows or not live.tells_redundancy:
            return
        try:
            async with asyncio.timeout(_REDUNDANCY_S):
                await live.redundancy_known.wait()
        except TimeoutError:
            return
        if side.redundancy == PASSIVE:
            raise passive_problem(side)

    def _live_words(self, side: ServerSide, live: Feeds) -> tuple[Message, Message]:
        """What there is to say although it is live, and what to do about it."""
        if side.redundancy == PASSIVE:
            passive = message("{host} is the passive server of the pair.", host=side.host)
            other = self._servers.other
            if other is None:
                return passive, message("Connect to the active one.")
            return passive, message("Go to the partner {partner}.", partner=other.host)
        return live.remark

    # Live

    async def _stay(self, side: ServerSide) -> TagwerkError:
        """Watch the connection and renew the session; returns why it ended."""
        live, keeper = self._live, side.keeper
        if live is None or keeper is None:
            return NotReachable("There is no session.", code="not_connected")
        loop = asyncio.get_running_loop()
        not_before_s = 0.0
        while True:
            self._wake.clear()
            if self._switch_asked:
                self._switch_asked = False
                return switch_problem(side)
            if side.redundancy == PASSIVE and self._servers.follows:
                return passive_problem(side)
            if self._kicked:
                self._kicked = False
                if live.is_stand_in:
                    return NotReachable("Looking whether the server pushes now.", code="asked")
            held_s = not_before_s - loop.time()
            wait_s = held_s if live.is_outdated else max(keeper.renewal_in_s, held_s)
            look_s = live.look_for_push_in_s
            ended: object
            if look_s is not None and look_s <= 0:
                ended = await self._first_of(live, live.look_for_push())
                if ended is True:
                    self._say_live(side, live)
            elif wait_s > 0:
                wait_s = wait_s if look_s is None else min(wait_s, look_s)
                ended = await self._first_of(live, asyncio.wait_for(self._wake.wait(), wait_s))
            elif live.is_outdated:
                ended = await self._first_of(live, live.replace())
            else:
                ended = await self._first_of(live, live.renew())
                if not isinstance(ended, TagwerkError):
                    self._emit(self.status.state, session=keeper.session)
            if isinstance(ended, TagwerkError):
                return ended
            if isinstance(ended, float) and ended > 0:
                not_before_s = loop.time() + ended

    async def _first_of(self, live: Feeds, work: Coroutine[Any, Any, T]) -> T | TagwerkError | None:
        """Do something, and drop it when the connection ends before it is done.

        Returns:
            what it returned; None when it took too long; why the connection has ended.
        """
        ended = asyncio.ensure_future(live.run())
        task = asyncio.ensure_future(work)
        both: list[asyncio.Future[Any]] = [ended, task]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            return task.result()
        except TimeoutError:
            return None
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    def _on_quiet(self) -> None:
        """The socket stands, and gives no sign of life."""
        if self.status.state is not LinkState.LIVE or self._live is None:
            return
        silent_s = max(time.monotonic() - self._live.heard_s, 0.0)
        self._emit(
            LinkState.STALE,
            detail=message("{host} gives no sign of life.", host=self._live.side.host),
            cure=message("Wait a moment: the connection still stands."),
            lost_at_ns=time.time_ns() - int(silent_s * 1e9),
        )

    def _on_life(self) -> None:
        """It speaks again, on the same connection: what was on its way comes now."""
        live = self._live
        if self.status.state is not LinkState.STALE or live is None:
            return
        self._say_live(live.side, live)

    def _say_live(self, side: ServerSide, live: Feeds) -> None:
        detail, cure = self._live_words(side, live)
        self._emit(LinkState.LIVE, detail=detail, cure=cure, lost_at_ns=None)

    def _on_redundancy(self, state: str) -> None:
        live = self._live
        if live is None or self.status.state not in _STANDS:
            return
        changes: dict[str, object] = {"redundancy": state}
        if self.status.state is LinkState.LIVE:
            changes["detail"], changes["cure"] = self._live_words(live.side, live)
        self._emit(self.status.state, **changes)
        if state == PASSIVE:
            log.info("%s has become the passive server of the pair", live.side.url)
            self._wake.set()

    # Down

    async def _tear_down(self, side: ServerSide, problem: TagwerkError) -> None:
        if problem.code in _DEAD_CONNECTIONS and side.keeper is not None:
            side.keeper.cut_off()
            side.is_spent = True
        await self._close_live()
        if problem.code in (ASKED, WENT_PASSIVE):
            log.info("leaving %s for %s", side.url, self._servers.current.url)
            await side.leave()

    async def _close_live(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            self._polls += live.requests
            self._poll_every_s = live.poll_every_s
            await live.close()

    # Status

    def _on_phase(self, phase: str) -> None:
        self._phase(_PHASES.get(phase, LinkState.CONNECTING))

    def _phase(self, state: LinkState) -> None:
        """Fine steps of a first connect; while reconnecting the attempt is what matters."""
        now = self.status.state
        if self._is_coming_up and now not in (*_STANDS, LinkState.RECONNECTING, state):
            url = self._servers.current.url
            self._emit(state, detail=Message(), cure=Message(), error=None, url=url)

    def _on_client_change(self) -> None:
        http = self.http
        if http is not None and self.status.state is LinkState.LIVE:
            self._emit(LinkState.LIVE, systems=http.systems, capabilities=http.capabilities)

    def _emit(self, state: LinkState, **changes: object) -> None:
        since_ns = self.status.since_ns if state is self.status.state else time.time_ns()
        self.status = replace(self.status, state=state, since_ns=since_ns, **changes)  # type: ignore[arg-type]
        self.tap.state(self.status.url or self.profile.url, self.status)
        self.sink.on_status(self.status)
