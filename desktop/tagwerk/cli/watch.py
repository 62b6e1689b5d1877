"""``tagwerk watch``: values as they change, through reconnects, with holes filled from the log."""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque

from tagwerk.cli.output import Console, quality_mark, time_text, watch_document
from tagwerk.cli.stream import EventQueue, raise_refusal
from tagwerk.cli.target import expand_patterns, find_target, logged_in, read_names
from tagwerk.cli.typed import known_types, typed_series
from tagwerk.cli.values import partly
from tagwerk.domain.connection import Capability, LinkState, LinkStatus
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.text import format_time, format_value
from tagwerk.domain.values import LoggedSeries, Sample
from tagwerk.link.connector import HttpConnector
from tagwerk.plant.types import KnownTypes

LOG_DELAY_NS = 1_500_000_000
"""The log is read this much after the link is back: servers store a little later."""

EDGE_NS = 2_000_000_000
"""The log is asked for a little more than the hole: what was on its way when the link broke."""

SKEW_FROM_NS = 1_000_000_000
"""Clocks that differ by less count as equal."""


async def run_watch(options: argparse.Namespace, console: Console) -> int:
    """Print values until the time is over or somebody interrupts."""
    names = read_names(options)
    target = await find_target(options)
    async with logged_in(target) as client:
        names = await expand_patterns(client, names)
        known = await client.read(names)
        types = await known_types(client, known)
    unknown = [sample for sample in known if sample.error is not None]
    for sample in unknown:
        if sample.error is not None:
            console.say(f"{sample.name}: {sample.error.description} ({sample.error.code})")
    if len(unknown) == len(known):
        return partly(len(known), len(unknown))
    sink = EventQueue(count_only=options.count_only)
    started = time.monotonic()
    link = HttpConnector().open(target.profile, target.password, sink, token=target.token)
    printer = _Printer(console, link.client, types, names, count_only=options.count_only)
    link.start()
    link.want(frozenset(names))
    try:
        async for event in sink.events(options.duration):
            if isinstance(event, Sample):
                printer.live(event)
            elif isinstance(event, LinkStatus):
                printer.status(event)
            await printer.fill_when_due()
        await printer.fill_when_due(at_the_end=True)
    finally:
        counters = link.counters
        await link.close()
    if options.count_only:
        console.document(
            {
                "received": sink.received,
                "coalesced": counters.coalesced,
                "seconds": round(time.monotonic() - started, 3),
                "cpu_seconds": round(time.process_time(), 3),
                "peak_rss_mb": peak_rss_mb(),
            }
        )
    return partly(len(known), len(unknown))


class _Printer:
    """Prints events and fills holes. One object a run."""

    def __init__(
        self,
        console: Console,
        client: PlantClient,
        types: KnownTypes,
        names: list[str],
        *,
        count_only: bool,
    ) -> None:
        self._console = console
        self._client = client
        self._types = types
        self._names = names
        self._count_only = count_only
        self._state = LinkState.OFFLINE
        self._lost_ns: int | None = None
        self._fill: tuple[int, int] | None = None
        self._last: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._after: dict[str, int] = {}
        self._skews: deque[int] = deque(maxlen=64)

    def live(self, sample: Sample) -> None:
        """A value from the stream."""
        (typed,) = self._types.put_right([sample])
        time_ns = sample.time_ns
        if time_ns is not None:
            if sample.name in self._last:
                # Not the first of a subscription, which may be old: it left the server just now.
                self._skews.append(time_ns - sample.received_ns)
            self._last[sample.name] = time_ns
            self._after.setdefault(sample.name, time_ns)
        self._print(typed)

    def _print(self, sample: Sample) -> None:
        if self._console.json:
            self._console.document(watch_document(sample))
            return
        if sample.error is not None:
            self._console.say(f"{sample.name}: {sample.error.description} ({sample.error.code})")
            return
        shown = format_value(sample.value)
        mark = quality_mark(sample.quality)
        self._console.line(
            f"{time_text(sample.time_ns) or '-':<24}  {sample.name}  {shown}  {mark}".rstrip()
        )

    def status(self, status: LinkStatus) -> None:
        """Print a change of state.

        Raises:
            TagwerkError: a person is needed.
        """
        if status.state is self._state and status.attempt == 0:
            return
        self._state = status.state
        self._event(status.state.value, status.since_ns, str(status.detail))
        raise_refusal(status)
        if status.state is LinkState.LIVE:
            self._after.clear()
            if self._lost_ns is not None:
                self._fill = (self._lost_ns, status.since_ns)
                self._lost_ns = None
        elif status.lost_at_ns is not None and self._lost_ns is None:
            self._lose(status.lost_at_ns)

    def _lose(self, at_ns: int) -> None:
        if self._fill is None:
            self._lost_ns = at_ns
            self._before = dict(self._last)
        else:
            # Lost again before the last hole was filled: it is one hole.
            self._lost_ns, self._fill = self._fill[0], None
        self._event("stale", at_ns, "all values are stale")

    async def fill_when_due(self, *, at_the_end: bool = False) -> None:
        """Read the hole from the log, once the server has had time to store."""
        if self._fill is None or self._count_only:
            return
        if time.time_ns() < self._fill[1] + LOG_DELAY_NS and not at_the_end:
            return
        (start_ns, end_ns), self._fill = self._fill, None
        if Capability.HISTORY not in self._client.capabilities:
            self._event("gap_open", end_ns, self._client.capabilities.reason(Capability.HISTORY))
            return
        skew_ns = self._skew_ns()
        try:
            series = await self._client.history(
                self._names, start_ns + skew_ns - EDGE_NS, end_ns + skew_ns + EDGE_NS
            )
            series = await typed_series(self._client, series)
        except TagwerkError as error:
            self._event("gap_open", time.time_ns(), str(error))
            return
        self._print_hole(series, start_ns, end_ns)

    def _print_hole(self, series: list[LoggedSeries], start_ns: int, end_ns: int) -> None:
        """What the stream has shown before and after is not shown again."""
        now_ns = time.time_ns()
        points = sorted(
            (
                (point, one.name)
                for one in series
                for point in one.points
                if self._before.get(one.name, 0) < point.time_ns < self._after.get(one.name, now_ns)
            ),
            key=lambda pair: pair[0].time_ns,
        )
        for point, name in points:
            self._print(Sample(name, point.value, point.quality, point.time_ns, now_ns))
        for one in series:
            if one.error is not None:
                self._event("gap_open", now_ns, f"{one.name}: {one.error.description}")
        span = f"{format_time(start_ns)} to {format_time(end_ns)}"
        self._event("gap_filled", now_ns, f"{len(points)} values from the log, {span}")

    def _skew_ns(self) -> int:
        """How far the server's clock, which the log is kept by, is ahead of ours."""
        skew_ns = max(self._skews, default=0)
        return skew_ns if abs(skew_ns) >= SKEW_FROM_NS else 0

    def _event(self, state: str, at_ns: int, detail: str) -> None:
        if self._count_only:
            return
        if self._console.json:
            self._console.document({"state": state, "at": time_text(at_ns), "detail": detail})
        else:
            self._console.say(f"{state}  {detail}".strip())


def peak_rss_mb() -> float | None:
    """The largest resident size of this process so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
