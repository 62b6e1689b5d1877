"""A `Plant` holds all that is known about one server, and turns what streamed in into frames.

The composition root makes it, opens a link with the plant as its sink, and hands both together
with `attach`. A lost link keeps the plant; another server gets a new one.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from tagwerk.domain.alarms import Alarm, AlarmEvent
from tagwerk.domain.connection import (
    Capabilities,
    ConnectionProfile,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient, PlantLink, TellsLimits
from tagwerk.domain.tags import TagInfo
from tagwerk.domain.values import Sample
from tagwerk.plant.frame import Frame
from tagwerk.plant.gaps import Gaps
from tagwerk.plant.history import HistoryReader, HistoryState
from tagwerk.plant.info import KnownTags
from tagwerk.plant.kept import KeptNames
from tagwerk.plant.names import BrowseState, NameReader
from tagwerk.plant.steady import StepWatch, awake_or_asleep_ns
from tagwerk.plant.types import KnownTypes, TypeLessons
from tagwerk.sheets import TagSheet
from tagwerk.store.alarms import AlarmStore
from tagwerk.store.interest import Interest
from tagwerk.store.live import LiveStore
from tagwerk.store.traffic import TrafficStore
from tagwerk.store.tree import TagTree
from tagwerk.store.trends import TrendStore
from tagwerk.write.arming import Arming
from tagwerk.write.audit import AuditLog
from tagwerk.write.service import WriteService

log = logging.getLogger(__name__)

LISTENED_A_FRAME = 8
"""So many changes a frame tell the server's clock well enough."""


class Plant:
    """Everything about one server. Made by the composition root, shown by the panels.

    Is a `PlantSink`: the ``on_…`` methods are called from the value stream's thread. All other
    methods belong to the loop's thread.

    Args:
        profile: how it is reached; never a secret.
        sheet: units, ranges and texts; an empty sheet when there is none.
        audit_path: where writes leave their evidence; None keeps it in memory (tests).
        kept: where its names are kept from one start to the next; None keeps none.
        clock_ns: the wall clock, injected for tests.
        steady_ns: a clock that nobody can set, to notice when the wall clock was; tests that turn
            the wall clock alone mean time passing.
    """

    def __init__(
        self,
        profile: ConnectionProfile,
        sheet: TagSheet | None = None,
        *,
        audit_path: Path | None = None,
        kept: KeptNames | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] | None = None,
    ) -> None:
        self.profile = profile
        self.sheet = sheet if sheet is not None else TagSheet()
        self.clock_ns = clock_ns
        if steady_ns is None:
            steady_ns = awake_or_asleep_ns if clock_ns is time.time_ns else clock_ns
        self._wall = StepWatch(clock_ns, steady_ns)
        self.live = LiveStore()
        self.interest = Interest()
        self.trends = TrendStore()
        self.alarms = AlarmStore()
        self.traffic = TrafficStore()
        self.tree = TagTree()
        # Time goes on while the computer sleeps: it must not wake up with an open lock.
        self.arming = Arming(monotonic_ns=awake_or_asleep_ns, clock_ns=clock_ns)
        self.audit = AuditLog(audit_path)
        self.status = LinkStatus()
        self.names = NameReader(self.tree, clock_ns, kept)
        self._tags = KnownTags(self.tree, self.sheet, self.names)
        self._link: PlantLink | None = None
        self._writes: WriteService | None = None
        self._history: HistoryReader | None = None
        self._news: deque[LinkStatus] = deque()
        self._changed_curves: set[str] = set()
        self._interest_version = 0
        self._wanted: frozenset[str] = frozenset()
        self._unwanted: frozenset[str] = frozenset()
        self._heard: set[str] = set()
        self._types = KnownTypes()
        self._lessons = TypeLessons(self._types, self._tags.data_type)
        self._writes_version = -1
        self._wake = asyncio.Event()
        self._browse_wanted = False
        self._browse_task: asyncio.Task[None] | None = None
        self.gaps = Gaps(self, self.trends, self.alarms, clock_ns)
        self._told = LinkState.OFFLINE
        self._writes_to_verify = False
        self._alarms_to_settle = False
        self._list_is_new = False
        self._tell_news: Callable[[], None] | None = None

    def attach(self, link: PlantLink) -> None:
        """Take the link that delivers into this plant; once, before `run`."""
        self._link = link
        self._history = HistoryReader(
            link.client, self.trends, self._changed_curves.add, self._tags.data_type
        )
        self._writes = WriteService(
            link.client,
            self.live,
            self.tag,
            self.audit,
            self.arming,
            self._who,
            lambda: self.capabilities,
            clock_ns=self.clock_ns,
            server=lambda: self.status.url or self.profile.url,
        )

    # What the stream delivers: called from its thread.

    def on_samples(self, samples: list[Sample]) -> None:
        typed = self._types.put_right(samples)
        self.live.put(typed)
        self.trends.put(typed)
        if self._tell_news is not None:
            self._tell()

    def on_alarms(self, events: list[AlarmEvent]) -> None:
        self.alarms.put(events)
        self._tell()

    def on_alarms_restart(self, complete: list[Alarm]) -> None:
        self.alarms.restart(complete)
        self._tell()

    def on_status(self, status: LinkStatus) -> None:
        """Where the stream's order matters it is kept here, in the stream's thread: a value from
        before a loss must not be taken for one from after it, whenever the next frame comes."""
        before, self._told = self._told, status.state
        at_ns = status.lost_at_ns or status.since_ns
        if status.state is LinkState.LIVE:
            if before is LinkState.STALE:
                self.trends.link_resumed()
            elif before is not LinkState.LIVE:
                self.trends.link_back(status.since_ns)
        elif status.state is LinkState.STALE:
            if before is LinkState.LIVE:
                self.trends.link_silent(at_ns)
        else:
            if before in (LinkState.LIVE, LinkState.STALE):
                self.live.link_ended()
                self.alarms.link_ended()
            self.trends.link_lost(at_ns)
        self._news.append(status)
        self._tell()

    def _tell(self) -> None:
        tell = self._tell_news
        if tell is not None:
            # Not where it was None: the window may have asked in between.
            self._tell_news = None
            tell()

    # What the panels use.

    @property
    def has_link(self) -> bool:
        """A link was attached."""
        return self._link is not None

    @property
    def link(self) -> PlantLink:
        if self._link is None:
            raise RuntimeError("Plant.attach was not called")
        return self._link

    @property
    def client(self) -> PlantClient:
        return self.link.client

    @property
    def writes(self) -> WriteService:
        """The only way to change the plant."""
        if self._writes is None:
            raise RuntimeError("Plant.attach was not called")
        return self._writes

    @property
    def browse_state(self) -> BrowseState:
        """How the reading of names stands."""
        return self.names.state

    @browse_state.setter
    def browse_state(self, state: BrowseState) -> None:
        self.names.state = state

    @property
    def capabilities(self) -> Capabilities:
        return self.status.capabilities

    @property
    def coalesced(self) -> int:
        """Values that a newer one replaced before a frame could show them, wherever it was."""
        return self.live.coalesced + (self._link.counters.coalesced if self._link else 0)

    @property
    def poll_stretch(self) -> float:
        """See `LinkCounters`; 0 where values are pushed."""
        return self._link.counters.poll_stretch if self._link is not None else 0.0

    @property
    def language(self) -> str:
        """``en`` or ``de``: language of sheet texts and of the server's alarm texts."""
        return self._tags.language

    @language.setter
    def language(self, code: str) -> None:
        if code != self._tags.language:
            self._tags.language = code
            self._tags.forget()
            if self._link is not None:
                self._link.set_language(self.server_language)
            if self.browse_state.done or self.browse_state.running:
                self.refresh_browse()

    @property
    def server_language(self) -> str:
        """The language as the server spells it, e.g. ``de-DE``."""
        return {"de": "de-DE"}.get(self._tags.language, "en-US")

    def tag(self, name: str) -> TagInfo:
        """All that is known about a tag: the sheet's word first, then the server's."""
        return self._tags.info(name)

    def request_history(self, name: str, start_ns: int, end_ns: int) -> None:
        """Read a span of the log into the curve of `name`; `Frame.curves` tells of progress."""
        if self._history is not None:
            self._history.request(name, start_ns, end_ns)

    def cancel_history(self, name: str) -> None:
        """Stop reading the past of `name`."""
        if self._history is not None:
            self._history.cancel(name)

    def history_state(self, name: str) -> HistoryState:
        return self._history.state(name) if self._history is not None else HistoryState()

    def refresh_browse(self) -> None:
        """Read all names again, as soon as the link is up; the old ones stay until then."""
        self.cancel_browse()
        self._browse_wanted = True
        self._wake.set()

    def cancel_browse(self) -> None:
        """Stop reading names; what is there stays."""
        if self._browse_task is not None:
            self._browse_task.cancel()

    def tell_news(self, tell: Callable[[], None] | None) -> None:
        """Have `tell` called once, with the next that the stream delivers, from its thread.

        For who rests between two `drain` calls: asked for before one, nothing comes unnoticed.
        What comes about in the window itself (a write's outcome, names) is not told.
        """
        self._tell_news = tell

    @property
    def is_sorting(self) -> bool:
        """`drain` has work left whenever it is called: a big branch of the tree is being sorted."""
        return self.tree.is_sorting

    def drain(self) -> Frame:
        """Take over what came in since the last frame. Called by the frame clock only."""
        self._notice_set_clock()
        status = self._take_status()
        if self.interest.version != self._interest_version and self._link is not None:
            self._interest_version = self.interest.version
            self._take_interest(self._link)
        curves = self.trends.drain()
        if self._changed_curves:
            curves |= self._changed_curves
            self._changed_curves.clear()
        tree = self.tree.drain() or self.names.has_changed
        self.names.has_changed = False
        if tree:
            self._tags.forget()
        writes = False
        if self._writes is not None and self._writes.version != self._writes_version:
            self._writes_version = self._writes.version
            writes = True
        values = self._take_values()
        alarms = self.alarms.drain()
        if not self.alarms.is_stale:
            self.gaps.has_list(True)
            if alarms and self._writes is not None and self._writes.has_unverified_alarms:
                self._alarms_to_settle = True
                self._wake.set()
        return Frame(self.clock_ns(), values, curves, alarms, tree, status, writes)

    def _take_interest(self, link: PlantLink) -> None:
        """Subscribe what is wanted now. What is not must not go on looking live: it is forgotten."""
        wanted = self.interest.names
        gone, back = self._wanted - wanted, self._unwanted & wanted
        self._wanted = wanted
        self._unwanted = (self._unwanted | gone) - wanted
        self._lessons.want(wanted)
        self.live.forget(gone | back)
        self._heard -= gone | back
        link.want(wanted, self.interest.quick_names)

    def _take_values(self) -> set[str]:
        values = self.live.drain()
        self._listen(values)
        late = values & self._unwanted  # was on its way when its tag was given up
        if late:
            self.live.forget(late)
            values -= late
        learned = self._lessons.frame()
        if learned:
            values |= self._put_right(learned)
        if self._lessons.is_settling():
            values |= self._put_right(values)
        return values

    def _listen(self, values: set[str]) -> None:
        """Learn the server's clock from a few changes; a tag's first value may be an old one."""
        changed = itertools.islice(filter(self._heard.__contains__, values), LISTENED_A_FRAME)
        found = (self.live.get(name) for name in changed)
        self.trends.listen(
            sample for sample in found if sample is not None and not self.live.is_stale(sample.name)
        )
        if not values <= self._heard:
            self._heard |= values

    def _notice_set_clock(self) -> None:
        """A wall clock that is set makes nothing older or younger, live or stale."""
        step_ns = self._wall.look()
        if not step_ns:
            return
        self.live.clock_stepped(step_ns)
        self.trends.clock_stepped(step_ns)
        self.gaps.clock_stepped(step_ns)

    def _put_right(self, names: Iterable[str]) -> set[str]:
        """Values that were taken before their type was known; returns which.

        They are as old as they were: a stale one stays stale, and no newer one is pushed aside.
        """
        taken = (self.live.get(name) for name in names)
        wrong = [sample for sample in taken if sample is not None and self._types.wrong(sample)]
        right = self._types.put_right(wrong)
        self.live.correct(right)
        self.trends.correct(right)
        return {sample.name for sample in right}

    async def run(self) -> None:
        """The plant's own work (names, history, filling holes) until cancelled."""
        if self._history is None:
            raise RuntimeError("Plant.attach was not called")
        await self.names.show_kept()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._history.run(), name="plant:history")
                group.create_task(self.gaps.run_polled(), name="plant:polled")
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    if self._browse_wanted and self.status.state is LinkState.LIVE:
                        self._browse_wanted = False
                        if self._browse_task is not None:
                            await asyncio.wait({self._browse_task})  # it was cancelled
                        self._browse_task = group.create_task(self.browse(), name="plant:browse")
                    self.gaps.fill(group)
                    if self._alarms_to_settle:
                        self._alarms_to_settle = False
                        is_new, self._list_is_new = self._list_is_new, False
                        settling = self.writes.settle_alarms(self.alarms.get, is_complete=is_new)
                        group.create_task(settling, name="plant:alarms")
                    if self._writes_to_verify:
                        self._writes_to_verify = False
                        group.create_task(self.writes.link_back(), name="plant:unverified")
        finally:
            self._browse_task = None

    async def browse(self) -> None:
        """Read all names; see `NameReader.read`. Then they are kept for the next start."""
        if await self.names.read(self.client, self.server_language):
            self._lessons.again()
            await self._read_limits()
            await self.names.keep()

    async def _read_limits(self) -> None:
        """Ranges that the server tells; without them the editor knows none."""
        if not isinstance(self.client, TellsLimits):
            return
        try:
            limits = await self.client.tag_limits()
        except TagwerkError as error:
            log.info("no limits of tags: %s", error.message)
            return
        self._tags.take_limits(limits)

    def _who(self) -> str:
        session = self.status.session
        return session.user if session is not None else self.profile.user

    def _take_status(self) -> LinkStatus | None:
        status: LinkStatus | None = None
        while self._news:
            status = self._news.popleft()
            self._apply_status(self.status, status)
            self.status = status
        return status

    def _apply_status(self, before: LinkStatus, now: LinkStatus) -> None:
        """Carry a change of state into the stores: this is where values become stale or live."""
        if now.state is LinkState.LIVE:
            if now.url and self._link is not None:
                self._link.server_shown(now.url)
            if before.state is LinkState.STALE:
                self._link_speaks_again(now)
            elif before.state is not LinkState.LIVE:
                self._link_is_up(now)
            return
        lost_ns = now.lost_at_ns or now.since_ns
        self.live.mark_stale(lost_ns)
        if self._writes is not None:
            self._writes.link_lost()
        if now.state is LinkState.STALE:
            self.alarms.mark_silent(lost_ns)
            return
        self.alarms.mark_stale(lost_ns)
        self.gaps.has_list(False)
        if self.browse_state.running:
            # Its answer would come, if ever, over a connection that is gone.
            self.refresh_browse()

    def _link_speaks_again(self, status: LinkStatus) -> None:
        """The stream had stood still and has lost nothing: all that it brought holds again."""
        silent_ns = self.live.stale_since_ns
        self.live.resume()
        self.alarms.mark_live(status.since_ns)
        if silent_ns:
            self.gaps.silence(silent_ns, status.since_ns)
            self._writes_to_verify = True
        self._wake.set()

    def _link_is_up(self, status: LinkStatus) -> None:
        lost_ns = self.live.stale_since_ns
        self.live.mark_live(status.since_ns)
        self.alarms.mark_live(status.since_ns)
        self._heard.clear()
        # Only a list that is asked for after an action tells that it was not done.
        self._list_is_new = self._writes is not None and self._writes.has_unverified_alarms
        if lost_ns:
            self.gaps.outage(lost_ns, status.since_ns)
            self._writes_to_verify = True
        state = self.browse_state
        if not state.running and (state.error or not state.done):
            self._browse_wanted = True
        self._wake.set()
