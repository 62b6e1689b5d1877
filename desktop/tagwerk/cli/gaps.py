"""What ``watch`` missed while the link was down, and how the server's log makes up for it.

Bookkeeping of the holes and the reading of the log; printing belongs to `watch`. All times here
are the server's: what the stream brought last before a hole and first after it bounds what is
taken from the log, so that no value comes twice and no clock has to agree with another.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tagwerk.cli.typed import typed_series
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import TagKind, short_name
from tagwerk.domain.values import LoggedSeries, Sample

EDGE_NS = 2_000_000_000
"""The log is asked for a little more than the hole: what was on its way when the link broke."""

SKEW_FROM_NS = 1_000_000_000
"""Clocks that differ by less count as equal."""

TRIES = 3
FIRST_PAUSE_S = 1.0
ASK_ONE_BY_ONE = 50
"""Of more names it is first looked up which have a log, instead of asking for each in vain."""


@dataclass(slots=True)
class Hole:
    """A stretch without a stream. Keys of the dicts are names as they are watched.

    Args:
        lost_ns, back_ns: by this computer's clock; `back_ns` None while it goes on.
        before: time of the last value of each tag before the hole.
        after: time of the first value of each tag after the hole.
        skew_ns: how far the server's clock was ahead when the link was lost.
    """

    lost_ns: int
    back_ns: int | None = None
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    skew_ns: int = 0

    def joined(self, later: Hole) -> Hole:
        """One hole from the beginning of this to the end of a later one."""
        return Hole(
            self.lost_ns,
            later.back_ns,
            before={**later.before, **self.before},
            after={**self.after, **later.after},
            skew_ns=self.skew_ns,
        )

    def span(self, skew_ns: int) -> tuple[int, int]:
        """What to ask the log for, by the server's clock, which is `skew_ns` ahead by now."""
        back_ns = self.back_ns if self.back_ns is not None else time.time_ns()
        end_ns = back_ns + skew_ns
        start_ns = min(self.lost_ns + self.skew_ns, end_ns)
        return start_ns - EDGE_NS, end_ns + EDGE_NS


@dataclass(frozen=True, slots=True)
class Filling:
    """What the log had of one hole.

    Args:
        samples: in order of time, from each tag's last value before the hole on; those that the
            new stream has brought as well may be among them.
        unfilled: tags without a log, refused, or of which the log answered only in part.
        reason: why, of the first of them; or why nothing could be read at all.
        is_read: the log answered for at least one tag.
    """

    samples: list[Sample]
    unfilled: list[str]
    reason: str = ""
    is_read: bool = True


class ServerClock:
    """How far the server's clock is ahead of ours, learned from values that have just changed."""

    def __init__(self) -> None:
        self._deltas: deque[int] = deque(maxlen=64)

    def learn(self, sample: Sample) -> None:
        """Take a value that changed while we listened: it left the server just now."""
        if sample.time_ns is not None:
            self._deltas.append(sample.time_ns - sample.received_ns)

    @property
    def skew_ns(self) -> int:
        """0 when the clocks agree within a second."""
        skew_ns = round(statistics.median(self._deltas)) if self._deltas else 0
        return skew_ns if abs(skew_ns) >= SKEW_FROM_NS else 0


class LogReader:
    """Reads what the log has of a hole, for the tags that have a log.

    Args:
        client: asked again a few times when the log does not answer; reads may be repeated.
        names: as they are watched.
    """

    def __init__(self, client: PlantClient, names: Sequence[str]) -> None:
        self._client = client
        self._names = list(dict.fromkeys(names))
        self._logged: frozenset[str] | None = None

    @property
    def names(self) -> list[str]:
        """All that is watched."""
        return list(self._names)

    async def fill(self, hole: Hole, skew_ns: int) -> Filling:
        """Never raises for what the server says: the filling tells what could not be had."""
        everything = self.names
        if Capability.HISTORY not in self._client.capabilities:
            reason = self._client.capabilities.reason(Capability.HISTORY)
            return Filling([], everything, reason, is_read=False)
        names = [name for name in everything if await self._has_log(name)]
        start_ns, end_ns = hole.span(skew_ns)
        try:
            series = await self._read(names, start_ns, end_ns)
        except TagwerkError as error:
            return Filling([], everything, str(error), is_read=False)
        return self._sorted_out(hole, series, start_ns, end_ns)

    async def _read(self, names: list[str], start_ns: int, end_ns: int) -> list[LoggedSeries]:
        pause_s = FIRST_PAUSE_S
        for left in reversed(range(TRIES)):
            try:
                series = await self._client.history(names, start_ns, end_ns)
                return await typed_series(self._client, series)
            except TagwerkError:
                if not left:
                    raise
                await asyncio.sleep(pause_s)
                pause_s *= 2
        raise AssertionError("the last try returns or raises")

    async def _has_log(self, name: str) -> bool:
        if len(self._names) <= ASK_ONE_BY_ONE:
            return True
        if self._logged is None:
            self._logged = frozenset(await self._tags_with_log())
        return not self._logged or short_name(name).casefold() in self._logged

    async def _tags_with_log(self) -> Iterable[str]:
        """Short names; none at all when the server does not tell: then each is asked for."""
        if Capability.BROWSE not in self._client.capabilities:
            return ()
        try:
            items = await self._client.browse([], [TagKind.LOGGING_TAG])
        except TagwerkError:
            return ()
        return (
            short_name(item.name).rpartition(":")[0].casefold()
            for item in items
            if item.kind is TagKind.LOGGING_TAG
        )

    def _sorted_out(
        self, hole: Hole, series: list[LoggedSeries], start_ns: int, end_ns: int
    ) -> Filling:
        """What the stream has shown before is left out."""
        now_ns = time.time_ns()
        samples: list[Sample] = []
        open_names = dict.fromkeys(self._names)
        reason = ""
        for one in series:
            name = one.name
            if one.error is not None:
                reason = reason or f"{one.error.description} ({one.error.code})"
                continue
            if one.truncated:
                reason = reason or "there is more in the log than was answered"
            else:
                open_names.pop(name, None)
            first_ns = hole.before.get(name, start_ns + EDGE_NS - 1)
            last_ns = max(hole.after.get(name, 0), end_ns - EDGE_NS)
            samples += [
                Sample(name, point.value, point.quality, point.time_ns, now_ns)
                for point in one.points
                if first_ns < point.time_ns < last_ns
            ]
        if open_names and not reason:
            reason = "there is no log"
        samples.sort(key=lambda sample: sample.time_ns or 0)
        return Filling(samples, list(open_names), reason)
