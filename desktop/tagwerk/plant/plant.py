"""A `Plant` holds all that is known about one server, and turns what streamed in into frames.

The composition root makes it, opens a link with the plant as its sink, and hands both together
with `attach`. A lost link keeps the plant; another server gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagwerk.domain.alarms import Alarm, AlarmEvent
from tagwerk.domain.connection import (
    QUICK_POLL_S,
    Capabilities,
    Capability,
    ConnectionProfile,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient, PlantLink, TellsLimits
from tagwerk.domain.tags import DataType, TagInfo, TagLimits, data_type_from_text, short_name
from tagwerk.domain.values import Sample
from tagwerk.plant.history import HistoryReader, HistoryState
from tagwerk.plant.info import merge_tag_info
from tagwerk.plant.kept import KeptNames
from tagwerk.plant.names import BrowseState, NameReader
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

# Where there is one it is needed: the monotonic clock of Linux stands still in standby.
_BOOT: int | None = getattr(time, "CLOCK_BOOTTIME", None)

ALARM_LIST_S = 15.0
"""So long a new list of alarms is waited for before the log is asked about an outage."""

LISTENED_A_FRAME = 8
"""So many changes a frame tell the server's clock well enough."""

CLOCK_STEP_NS = 500_000_000
"""Wall clocks that run apart from the steady one by less are being slewed, not set."""

LOG_DELAY_S = 2.0
"""After a reconnect the log is read this much later: the server stores with a little delay."""

POLLED_FILL_S = 10.0
"""How often the log is asked for what came between two polls."""
_DENSER = 1.5
"""Only a log that is so many times as dense as the polls has something to add."""


def awake_or_asleep_ns() -> int:
    """A clock that nobody can set and that goes on while the computer sleeps."""
    return time.monotonic_ns() if _BOOT is None else time.clock_gettime_ns(_BOOT)


@dataclass(frozen=True, slots=True)
class Frame:
    """What changed since the last frame; panels update only what they show of it.

    Args:
        now_ns: wall clock at the frame.
        values: names whose latest value changed.
        curves: names whose curve or history state changed.
        alarms: the alarm store changed.
        tree: the tag tree or the state of its browse changed.
        status: the new status, when there was a change; the last of several.
        writes: the write service has news (outcome, arming).
    """

    now_ns: int
    values: set[str] = field(default_factory=set)
    curves: set[str] = field(default_factory=set)
    alarms: bool = False
    tree: bool = False
    status: LinkStatus | None = None
    writes: bool = False

    @property
    def is_quiet(self) -> bool:
        """Nothing changed at all."""
        return not (
            self.values or self.curves or self.alarms or self.tree or self.status or self.writes
        )


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
        self._steady_ns = steady_ns
        self._set_to_ns = clock_ns() - steady_ns()
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
        self._language = "en"
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
        self._lessons = TypeLessons(self._types, self._data_type)
        self._writes_version = -1
        self._infos: dict[str, TagInfo] = {}
        self._limits: dict[str, TagLimits] = {}
        self._wake = asyncio.Event()
        self._browse_wanted = False
        self._browse_task: asyncio.Task[None] | None = None
        self._holes: list[tuple[int, int]] = []
        self._silences: list[tuple[int, int]] = []
        self._told = LinkState.OFFLINE
        self._writes_to_verify = False
        self._has_alarms = asyncio.Event()
        self._alarms_to_settle = False
        self._list_is_new = False
        self._tell_news: Callable[[], None] | None = None

    def attach(self, link: PlantLink) -> None:
        """Take the link that delivers into this plant; once, before `run`."""
        self._link = link
        self._history = HistoryReader(
            link.client, self.trends, self._changed_curves.add, self._data_type
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
        tell, self._tell_news = self._tell_news, None
        if tell is not None:
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
    def language(self) -> str:
        """``en`` or ``de``: language of sheet texts and of the server's alarm texts."""
        return self._language

    @language.setter
    def language(self, code: str) -> None:
        if code != self._language:
            self._language = code
            self._infos.clear()
            if self._link is not None:
                self._link.set_language(self.server_language)
            if self.browse_state.done or self.browse_state.running:
                self.refresh_browse()

    @property
    def server_language(self) -> str:
        """The language as the server spells it, e.g. ``de-DE``."""
        return {"de": "de-DE"}.get(self._language, "en-US")

    def tag(self, name: str) -> TagInfo:
        """All that is known about a tag: the sheet's word first, then the server's."""
        info = self._infos.get(name)
        if info is None:
            item = self.tree.find(name)
            entry = self.sheet.find(name)
            logging_tags, alarms = self.tree.behind(name)
            info = merge_tag_info(name, item, entry, self._language, self._limits_of(name))
            if logging_tags or alarms:
                info = replace(info, logging_tags=tuple(logging_tags), alarms=tuple(alarms))
            self._infos[name] = info
        return info

    def _limits_of(self, name: str) -> TagLimits | None:
        return self._limits.get(short_name(name)) if self._limits else None

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
            self._infos.clear()
        writes = False
        if self._writes is not None and self._writes.version != self._writes_version:
            self._writes_version = self._writes.version
            writes = True
        values = self._take_values()
        alarms = self.alarms.drain()
        if not self.alarms.is_stale:
            self._has_alarms.set()
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
        looked_ns = self._steady_ns()
        set_to_ns = self.clock_ns() - looked_ns
        if self._steady_ns() - looked_ns > CLOCK_STEP_NS // 10:
            return  # held up between the two looks: they do not belong together
        step_ns = set_to_ns - self._set_to_ns
        if abs(step_ns) < CLOCK_STEP_NS:
            return
        self._set_to_ns = set_to_ns
        self.live.clock_stepped(step_ns)
        self.trends.clock_stepped(step_ns)
        self._holes = [(lost + step_ns, back + step_ns) for lost, back in self._holes]
        self._silences = [(lost + step_ns, back + step_ns) for lost, back in self._silences]

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

    def _data_type(self, name: str) -> DataType:
        if self.browse_state.kept_ns:
            # An older project's type must not make another value of what the server sends today.
            entry = self.sheet.find(name)
            return merge_tag_info(name, None, entry, self._language).data_type
        item = self.tree.find(name)
        if item is not None and item.data_type:
            return data_type_from_text(item.data_type)
        return self.tag(name).data_type

    async def run(self) -> None:
        """The plant's own work (names, history, filling holes) until cancelled."""
        if self._history is None:
            raise RuntimeError("Plant.attach was not called")
        await self.names.show_kept()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._history.run(), name="plant:history")
                group.create_task(self._fill_between_polls(), name="plant:polled")
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    if self._browse_wanted and self.status.state is LinkState.LIVE:
                        self._browse_wanted = False
                        if self._browse_task is not None:
                            await asyncio.wait({self._browse_task})  # it was cancelled
                        self._browse_task = group.create_task(self.browse(), name="plant:browse")
                    for lost_ns, back_ns in self._holes:
                        group.create_task(self._fill(lost_ns, back_ns), name="plant:fill")
                        alarms = self._alarms_between(lost_ns, back_ns)
                        group.create_task(alarms, name="plant:alarms")
                    for silent_ns, back_ns in self._silences:
                        group.create_task(self._look_back(silent_ns, back_ns), name="plant:fill")
                    self._holes.clear()
                    self._silences.clear()
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
            self._limits = await self.client.tag_limits()
        except TagwerkError as error:
            log.info("no limits of tags: %s", error.message)
            return
        self._infos.clear()

    async def _fill(self, lost_ns: int, back_ns: int) -> None:
        """Read what the log has of a hole, for every curve that is open."""
        await asyncio.sleep(LOG_DELAY_S)
        skew_ns = self.trends.skew_ns  # the log is kept by the server's clock
        for name in self.trends.names:
            self.request_history(name, lost_ns + skew_ns, back_ns + skew_ns)

    async def _fill_between_polls(self) -> None:
        """Where values are polled more slowly than the log keeps them, read what was missed."""
        known_ns: dict[str, int] = {}
        while True:
            await asyncio.sleep(POLLED_FILL_S)
            stretch = self._link.counters.poll_stretch if self._link is not None else 0.0
            is_polled = bool(stretch) and self.status.state is LinkState.LIVE
            if not is_polled or Capability.HISTORY not in self.capabilities:
                known_ns.clear()
                continue
            self.fill_between_polls(stretch * QUICK_POLL_S, known_ns)

    def fill_between_polls(self, polled_every_s: float, known_ns: dict[str, int]) -> None:
        """Ask the log for what came between the last polls of each curve.

        Args:
            polled_every_s: seconds between two polls of a trended tag, as achieved.
            known_ns: until when the log was asked, by name; kept up.
        """
        end_ns = self.clock_ns() + self.trends.skew_ns - int(LOG_DELAY_S * 1e9)
        for name in known_ns.keys() - self.trends.names:
            del known_ns[name]
        for name in self.trends.names:
            curve = self.trends.curve(name)
            if curve is None:
                continue
            curve.is_sparse = 0 < curve.logged_every_ns * _DENSER < polled_every_s * 1e9
            start_ns = known_ns.get(name, end_ns - int(POLLED_FILL_S * 1e9))
            known_ns[name] = end_ns
            if curve.is_sparse and start_ns < end_ns:
                self.request_history(name, start_ns, end_ns)

    async def _alarms_between(self, lost_ns: int, back_ns: int) -> None:
        """What came and went while nobody listened is in the server's log alone."""
        await asyncio.sleep(LOG_DELAY_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALARM_LIST_S):
                await self._has_alarms.wait()
        if Capability.ALARM_HISTORY not in self.capabilities or not self.alarms.is_known:
            return
        skew_ns = self.trends.skew_ns
        try:
            logged = await self.client.logged_alarms(
                lost_ns + skew_ns, back_ns + skew_ns, language=self.server_language
            )
        except TagwerkError as error:
            log.info("alarms of the outage not to be had: %s", error.message)
            return
        self.alarms.add_logged(
            alarm for alarm in logged if (alarm.raise_time_ns or 0) >= lost_ns + skew_ns
        )

    async def _look_back(self, silent_ns: int, back_ns: int) -> None:
        """After a silence only what did not come after all is asked for."""
        await asyncio.sleep(LOG_DELAY_S)
        skew_ns = self.trends.skew_ns
        for name in self.trends.names:
            curve = self.trends.curve(name)
            if curve is not None:
                for start_ns, end_ns in curve.missing(silent_ns + skew_ns, back_ns + skew_ns):
                    self.request_history(name, start_ns, end_ns)

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
        self._has_alarms.clear()
        if self.browse_state.running:
            # Its answer would come, if ever, over a connection that is gone.
            self.refresh_browse()

    def _link_speaks_again(self, status: LinkStatus) -> None:
        """The stream had stood still and has lost nothing: all that it brought holds again."""
        silent_ns = self.live.stale_since_ns
        self.live.resume()
        self.alarms.mark_live(status.since_ns)
        if silent_ns:
            self._silences.append((silent_ns, status.since_ns))
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
            self._holes.append((lost_ns, status.since_ns))
            self._writes_to_verify = True
        state = self.browse_state
        if not state.running and (state.error or not state.done):
            self._browse_wanted = True
        self._wake.set()
