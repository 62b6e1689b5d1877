"""``tagwerk watch``: values as they change, through reconnects, with holes filled from the log."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tagwerk.cli.counting import Counter, CountingQueue
from tagwerk.cli.gaps import Filling, Hole, LogReader, ServerClock
from tagwerk.cli.output import Console, quality_mark, time_text, watch_document
from tagwerk.cli.stream import EventQueue, LeftOut, interrupted_by, never_live, raise_refusal
from tagwerk.cli.target import Target, expand_patterns, find_target, logged_in, read_names
from tagwerk.cli.typed import known_types
from tagwerk.cli.values import PARTLY
from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.domain.ports import PlantClient, PlantLink
from tagwerk.domain.text import format_time, format_value
from tagwerk.domain.values import ItemError, Quality, Sample, Value
from tagwerk.link.connector import HttpConnector
from tagwerk.link.frames import Slicer
from tagwerk.plant.types import KnownTypes

LOG_DELAY_S = 1.5
"""The log is read this much after the link is back: servers store a little later."""

MOST_HOLES = 20
"""More that wait for the log are joined: a link that comes and goes must not fill memory."""

MOST_HELD = 100_000
LONGEST_HELD_S = 8.0
"""Live values wait so long, and so many, for the log to fill the hole before them."""

COLLECT_EVERY = 50_000
"""New objects between two looks of the garbage collector."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be followed, looked up before the link is opened.

    Args:
        target: where.
        names: all of them, patterns expanded.
        types: to put values right that come as text.
        unknown: those the server has no value for, with the reason; at least one name is known.
    """

    target: Target
    names: list[str]
    types: KnownTypes
    unknown: list[Sample]


async def find_wanted(options: argparse.Namespace, console: Console) -> Wanted | None:
    """Log in and ask for the names; None when the server knows none of them, which is said."""
    names = read_names(options)
    target = await find_target(options)
    async with logged_in(target) as client:
        names = await expand_patterns(client, names)
        known = await client.read(names)
        types = await known_types(client, known)
    unknown = [sample for sample in known if sample.error is not None]
    if len(unknown) == len(known):
        for sample in unknown:
            _say_error(console, sample)
        return None
    return Wanted(target, names, types, unknown)


async def run_watch(options: argparse.Namespace, console: Console) -> int:
    """Print values until the time is over or somebody interrupts."""
    wanted = await find_wanted(options, console)
    if wanted is None:
        return 1
    if options.count_only:
        return await _count(wanted, console, options)
    sink = EventQueue()
    link = open_link(wanted, sink)
    printer = Printer(console, link.client, wanted.types, wanted.names)
    await follow(wanted, link, sink, printer, options.duration)
    polled = link.counters
    if polled.polls:
        console.say(f"polled {polled.polls} times, each value every {polled.poll_every_s:.1f} s")
    return printer.exit_code()


async def _count(wanted: Wanted, console: Console, options: argparse.Namespace) -> int:
    """Count values, in a process that has nothing else to do: the link needs no rests."""
    sink = CountingQueue()
    link = open_link(wanted, sink, slicer=Slicer(rest_s=0.0))
    counter = Counter(console, link, sink, every_s=options.every)
    printer = Silent(console, link.client, wanted.types, wanted.names, on_frame=counter.frame)
    try:
        await follow(wanted, link, sink, printer, options.duration)
    finally:
        counter.finish()
    return printer.exit_code()


def open_link(wanted: Wanted, sink: EventQueue, *, slicer: Slicer | None = None) -> PlantLink:
    """The link that delivers into `sink`, not started yet."""
    target = wanted.target
    return HttpConnector().open(
        target.profile,
        target.password,
        sink,
        token=target.token,
        traffic=target.traffic,
        slicer=slicer,
    )


async def follow(
    wanted: Wanted, link: PlantLink, sink: EventQueue, printer: Printer, duration_s: float | None
) -> None:
    """Feed the printer until the time is over or somebody interrupts; closes the link.

    Raises:
        TagwerkError: a person is needed, or what came cannot be printed.
    """
    try:
        for sample in wanted.unknown:
            printer.live(sample)
        link.start()
        link.want(frozenset(wanted.names))
        with interrupted_by(sink), rare_collections():
            async for event in sink.events(duration_s):
                if isinstance(event, Sample):
                    printer.live(event)
                elif isinstance(event, LinkStatus):
                    printer.status(event)
                elif isinstance(event, LeftOut):
                    printer.left_out(event)
                elif event is None:
                    printer.look_after_holes()
            await printer.finish()
    finally:
        try:
            printer.flush()
        finally:
            await link.close()


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Values are tuples, so the collector counts them, though no cycle can be in them: looking for
    one after every 700 costs a twelfth of what a value costs.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], COLLECT_EVERY) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _say_error(console: Console, sample: Sample) -> None:
    if sample.error is not None:
        console.say(f"{sample.name}: {sample.error.description} ({sample.error.code})")


class Printer:
    """Prints what comes, in the order of time, and fills holes. One object a run.

    After a hole live values wait until the log has filled it, so that each tag's values come in
    order; at most some seconds, because a slow log must not hold up what is live.
    """

    holds_live = True
    """Whether live values wait for what the log has from before them."""
    why_left_out = "nobody read the output"

    def __init__(
        self,
        console: Console,
        client: PlantClient,
        types: KnownTypes,
        names: list[str],
    ) -> None:
        self._console = console
        self._types = types
        self._total = len(names)
        self._log = LogReader(client, names)
        self._clock = ServerClock()
        self._state = LinkState.OFFLINE
        self._redundancy = ""
        self._was_live = False
        self._is_incomplete = False
        self._errors: dict[str, ItemError] = {}
        self._last: dict[str, tuple[int, Value, type[object], Quality]] = {}
        self._hole: Hole | None = None
        self._holes: list[Hole] = []
        self._due = 0.0
        self._since_back: set[tuple[str, int]] = set()
        self._from_log: set[tuple[str, int]] = set()
        self._log_until: dict[str, int] = {}
        self._held: list[Sample] = []
        self._held_until = 0.0
        self._task: asyncio.Task[list[tuple[Hole, Filling]]] | None = None

    # Values.

    def live(self, sample: Sample) -> None:
        """A value from the stream."""
        (typed,) = self._types.put_right([sample])
        key = sample.name
        if self._holes and sample.time_ns is not None and sample.error is None:
            for hole in self._holes:
                hole.after.setdefault(key, sample.time_ns)
            if len(self._since_back) < MOST_HELD:
                self._since_back.add(_mark(sample))
        if not self._is_news(key, typed):
            return
        if self._held_until:
            self._held.append(typed)
            if len(self._held) > MOST_HELD:
                self._release()
        else:
            self._print(typed, "live")

    def _is_news(self, key: str, sample: Sample) -> bool:
        """A new subscription begins with values that may have been printed before the hole."""
        if sample.error is not None:
            known = self._errors.get(key)
            self._errors[key] = sample.error
            return known is None or known.code != sample.error.code
        was_error = self._errors.pop(key, None) is not None
        if sample.time_ns is None:
            return True
        fresh = (sample.time_ns, sample.value, type(sample.value), sample.quality)
        last = self._last.get(key)
        if last == fresh and not was_error:
            return False
        is_change = last is not None and last[0] < sample.time_ns
        if is_change and self._state is LinkState.LIVE and not self._holes:
            self._clock.learn(sample)
        self._last[key] = fresh
        return True

    def _print(self, sample: Sample, source: str) -> None:
        _say_error(self._console, sample)
        if self._console.json:
            self._console.document({**watch_document(sample), "source": source})
        if self._console.json or sample.error is not None:
            return
        shown = format_value(sample.value)
        mark = quality_mark(sample.quality)
        origin = "  (log)" if source == "log" else ""
        self._console.line(
            f"{time_text(sample.time_ns) or '-':<24}  {sample.name}  {shown}  {mark}".rstrip()
            + origin
        )

    def left_out(self, event: LeftOut) -> None:
        """Nobody took what was printed, and memory is not endless."""
        self._is_incomplete = True
        detail = f"{event.count} values were left out, because {self.why_left_out}"
        self._event("left_out", event.at_ns, detail, values=event.count)

    # States.

    def status(self, status: LinkStatus) -> None:
        """Print a change of state.

        Raises:
            TagwerkError: a person is needed.
        """
        self._tell_redundancy(status)
        if status.state is self._state and status.attempt == 0:
            return
        before, self._state = self._state, status.state
        if status.state is LinkState.LIVE:
            self._event(status.state.value, status.since_ns, str(status.detail), url=status.url)
            self._was_live = True
            self._link_is_back(status, spoke_again=before is LinkState.STALE)
            return
        if self._was_live and before is LinkState.LIVE:
            self._lose(status)
        if status.state is not LinkState.STALE:
            self._event(status.state.value, status.since_ns, str(status.detail), url=status.url)
        raise_refusal(status)

    def _lose(self, status: LinkStatus) -> None:
        """All values are stale from now on; what is held belongs before the hole."""
        if self._task is not None:
            self._task.cancel()  # its holes are read together with this one
            self._task = None
        lost_ns = status.lost_at_ns or status.since_ns
        self._hole = Hole(
            lost_ns,
            before={
                name: max(last[0], self._log_until.get(name, 0))
                for name, last in self._last.items()
            },
            skew_ns=self._clock.skew_ns,
        )
        detail = str(status.detail) if status.state is LinkState.STALE else ""
        self._event(LinkState.STALE.value, lost_ns, detail or "all values are stale")

    def _link_is_back(self, status: LinkStatus, *, spoke_again: bool) -> None:
        hole, self._hole = self._hole, None
        if hole is None or spoke_again:
            return  # the same stream went on: it has lost nothing
        hole.back_ns = status.since_ns
        self._holes.append(hole)
        if len(self._holes) > MOST_HOLES:
            self._holes[:2] = [self._holes[0].joined(self._holes[1])]
        self._due = time.monotonic() + LOG_DELAY_S
        if self.holds_live:
            self._held_until = time.monotonic() + LONGEST_HELD_S

    def _tell_redundancy(self, status: LinkStatus) -> None:
        if status.redundancy and status.redundancy != self._redundancy:
            self._redundancy = status.redundancy
            self._event(
                "redundancy",
                time.time_ns(),
                f"the server is {status.redundancy}",
                redundancy=status.redundancy,
                url=status.url,
            )

    def _event(self, state: str, at_ns: int, detail: str, **more: object) -> None:
        document = {"state": state, "at": time_text(at_ns), "detail": detail}
        self._tell(document | {name: one for name, one in more.items() if one})

    def _tell(self, document: dict[str, object]) -> None:
        """Print a change of state."""
        if self._console.json:
            self._console.document(document)
        else:
            self._console.say(f"{document['state']}  {document['detail']}".strip())

    # Holes.

    def look_after_holes(self) -> None:
        """Read the log once it is due; called every 50 ms."""
        now = time.monotonic()
        if self._task is not None and self._task.done():
            self._take_fillings()
        if self._hole is None and self._held_until and now >= self._held_until:
            self._release()
        ready = self._holes and self._hole is None and now >= self._due
        if ready and self._task is None:
            self._task = asyncio.create_task(self._read_log(list(self._holes)), name="watch:log")

    async def _read_log(self, holes: list[Hole]) -> list[tuple[Hole, Filling]]:
        return [(hole, await self._log.fill(hole, self._clock.skew_ns)) for hole in holes]

    def _take_fillings(self) -> None:
        task, self._task = self._task, None
        if task is None or task.cancelled():
            return
        fillings = task.result()
        fillings = [(hole, self._without_doubles(filling)) for hole, filling in fillings]
        self._holes = self._holes[len(fillings) :]
        from_log = [(one, "log") for _hole, filling in fillings for one in filling.samples]
        waiting = [(one, "live") for one in self._held]
        self._held.clear()
        for sample, source in _in_order(from_log, waiting):
            self._print(sample, source)
        if not self._holes:
            self._held_until = 0.0
            self._since_back.clear()
            self._from_log.clear()
        for hole, filling in fillings:
            self._tell_filling(hole, filling)

    def _without_doubles(self, filling: Filling) -> Filling:
        """A value that the new stream has brought as well is a live one; holes may overlap."""
        fresh: list[Sample] = []
        for sample in filling.samples:
            exactly = (sample.name, sample.time_ns or 0)
            if _mark(sample) not in self._since_back and exactly not in self._from_log:
                self._from_log.add(exactly)
                self._log_until[sample.name] = sample.time_ns or 0
                fresh.append(sample)
        return replace(filling, samples=fresh)

    def _tell_filling(self, hole: Hole, filling: Filling) -> None:
        start_ns, end_ns = hole.lost_ns, hole.back_ns or time.time_ns()
        count, unfilled = len(filling.samples), filling.unfilled
        if unfilled:
            self._is_incomplete = True
        span = f"{format_time(start_ns)} to {format_time(end_ns)}"
        detail = f"{count} values from the log, {span}"
        if not filling.is_read:
            detail = f"not filled, {span}: {filling.reason}"
        elif unfilled:
            detail += f"; {len(unfilled)} of {self._total} not filled: {filling.reason}"
        self._tell(
            {
                "state": "gap_filled" if filling.is_read else "gap_open",
                "at": time_text(time.time_ns()),
                "detail": detail,
                "from": time_text(start_ns),
                "to": time_text(end_ns),
                "names": self._total - len(unfilled),
                "values": count,
                "unfilled": unfilled,
            }
        )

    def _release(self) -> None:
        """The log takes too long: what is live goes first."""
        self._held_until = 0.0
        held, self._held = self._held, []
        for sample in held:
            self._print(sample, "live")

    # The end.

    async def finish(self) -> None:
        """The time is over: read now what is still missing, if the link is up."""
        if self._task is None and self._holes and self._hole is None:
            await asyncio.sleep(max(self._due - time.monotonic(), 0.0))
            self._task = asyncio.create_task(self._read_log(list(self._holes)), name="watch:log")
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=LONGEST_HELD_S)
            if self._task.done():
                self._take_fillings()

    def flush(self) -> None:
        """However it ends, what came is printed, and what is missing is said."""
        if self._task is not None:
            self._task.cancel()
        self._release()
        for hole in [*self._holes, *([self._hole] if self._hole is not None else [])]:
            ended = Filling([], self._log.names, "the watch has ended", is_read=False)
            self._tell_filling(hole, ended)
        self._holes, self._hole = [], None

    def exit_code(self) -> int:
        """0: all of it; 5: something is missing (a name, a hole, the end).

        Raises:
            NotReachable: the link was never live.
        """
        if not self._was_live:
            raise never_live()
        return PARTLY if self._errors or self._is_incomplete else 0


class Silent(Printer):
    """Prints nothing of what comes and reads no log: for counting.

    Args:
        on_frame: called about every `stream.POLL_S`, or as often as the queue is looked at.
    """

    def __init__(
        self,
        console: Console,
        client: PlantClient,
        types: KnownTypes,
        names: list[str],
        *,
        on_frame: Callable[[], None],
    ) -> None:
        super().__init__(console, client, types, names)
        self._on_frame = on_frame

    def look_after_holes(self) -> None:
        self._on_frame()

    def _print(self, sample: Sample, source: str) -> None:
        """See the class."""

    def _tell(self, document: dict[str, object]) -> None:
        """See the class."""

    def _link_is_back(self, status: LinkStatus, *, spoke_again: bool) -> None:
        self._hole = None


def _mark(sample: Sample) -> tuple[str, int]:
    """One value of one tag, by the millisecond: logs may keep fewer digits than the stream."""
    return sample.name, (sample.time_ns or 0) // 1_000_000


def _in_order(*groups: list[tuple[Sample, str]]) -> list[tuple[Sample, str]]:
    """By the server's time; a value without one stays behind what came before it."""
    keyed: list[tuple[int, int, tuple[Sample, str]]] = []
    for group in groups:
        last_ns = 0
        for pair in group:
            last_ns = pair[0].time_ns or last_ns
            keyed.append((last_ns, len(keyed), pair))
    return [pair for _time, _place, pair in sorted(keyed, key=lambda one: one[:2])]
