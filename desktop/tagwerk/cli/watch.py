"""``tagwerk watch``: values as they change, through reconnects, with holes filled from the log."""

from __future__ import annotations

import argparse
import sys
import time

from tagwerk.cli.output import Console, quality_mark, time_text, watch_document
from tagwerk.cli.stream import EventQueue
from tagwerk.cli.target import connected, expand_patterns, find_target, read_names
from tagwerk.domain.connection import Capability, LinkState, LinkStatus
from tagwerk.domain.errors import NotAllowed, TagwerkError, UsageError
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.text import format_time, format_value
from tagwerk.domain.values import Sample
from tagwerk.link.connector import HttpConnector

LOG_DELAY_NS = 1_500_000_000
"""The log is read this much after the link is back: servers store a little later."""


async def run_watch(options: argparse.Namespace, console: Console) -> int:
    """Print values until the time is over or somebody interrupts."""
    if options.token_stdin:
        raise UsageError(
            "watch needs a login of its own and cannot use a token.",
            cure="Use --user with a password.",
        )
    names = read_names(options)
    async with connected(options) as (client, _profile):
        names = await expand_patterns(client, names)
        known = await client.read(names)
    names = [sample.name for sample in known]
    target = await find_target(options)
    sink = EventQueue(count_only=options.count_only)
    started = time.monotonic()
    link = HttpConnector().open(target.profile, target.password, sink)
    printer = _Printer(console, link.client, names, count_only=options.count_only)
    link.start()
    link.want(frozenset(names))
    try:
        async for event in sink.events(options.duration):
            if isinstance(event, Sample):
                printer.sample(event)
            elif isinstance(event, LinkStatus):
                await printer.status(event)
            await printer.fill_when_due()
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
    return 0


class _Printer:
    """Prints events and fills holes. One object a run."""

    def __init__(
        self, console: Console, client: PlantClient, names: list[str], *, count_only: bool
    ) -> None:
        self._console = console
        self._client = client
        self._names = names
        self._count_only = count_only
        self._state = LinkState.OFFLINE
        self._lost_ns: int | None = None
        self._fill: tuple[int, int] | None = None

    def sample(self, sample: Sample) -> None:
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

    async def status(self, status: LinkStatus) -> None:
        """Print a change of state; raises when a person is needed."""
        if status.state is self._state and status.attempt == 0:
            return
        self._state = status.state
        self._event(status.state.value, status.since_ns, str(status.detail))
        if status.state is LinkState.REFUSED:
            raise NotAllowed(
                "The connection was refused: {reason}",
                cure=str(status.cure),
                reason=str(status.detail),
            )
        if status.state is LinkState.LIVE and self._lost_ns is not None:
            self._fill = (self._lost_ns, status.since_ns)
            self._lost_ns = None
        elif status.lost_at_ns is not None and self._lost_ns is None:
            self._lost_ns = status.lost_at_ns
            self._event("stale", status.lost_at_ns, "all values are stale")

    async def fill_when_due(self) -> None:
        """Read the hole from the log, once the server has had time to store."""
        if self._fill is None or time.time_ns() < self._fill[1] + LOG_DELAY_NS:
            return
        (start_ns, end_ns), self._fill = self._fill, None
        if Capability.HISTORY not in self._client.capabilities:
            self._event("gap_open", end_ns, self._client.capabilities.reason(Capability.HISTORY))
            return
        try:
            series = await self._client.history(self._names, start_ns, end_ns)
        except TagwerkError as error:
            self._event("gap_open", time.time_ns(), str(error))
            return
        points = sorted(
            ((point, one.name) for one in series for point in one.points),
            key=lambda pair: pair[0].time_ns,
        )
        now_ns = time.time_ns()
        for point, name in points:
            self.sample(Sample(name, point.value, point.quality, point.time_ns, now_ns))
        span = f"{format_time(start_ns)} to {format_time(end_ns)}"
        self._event("gap_filled", now_ns, f"{len(points)} values from the log, {span}")

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
