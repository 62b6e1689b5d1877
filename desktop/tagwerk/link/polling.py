"""Polls values where nobody pushes them, so that the plant hardly notices.

`PollPlan` decides what is due and how much goes into one request; it knows no server and no clock of
its own. `ValuePoller` runs it. Rules:

- Each wanted name is read once per interval: `VISIBLE_S`, or `QUICK_S` where it is trended. What nobody
  wants is not read.
- What is due goes into one request up to the size of a batch; what is due soon fills it up. Names keep
  the phase that they were first read in, so that requests spread over the interval.
- A name under way is not asked for again, and at most `AT_ONCE` requests are.
- Batches grow while the answer comes quickly or most of its time is the call itself, and shrink when
  names make it slow (`BatchSize`).
- A new name goes before all that are overdue; one that brings nothing but errors is asked for every
  `REST_S` only.
- All intervals stretch so that the server answers us at most `BUSIEST` of the time: a server that
  slows is asked less, and `PollPlan.every_s` says what is really achieved.

Only changes are passed on. Nothing is ever asked twice at once, and nothing here can change a plant.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from tagwerk.domain.connection import QUICK_POLL_S
from tagwerk.domain.errors import NotReachable, TagwerkError
from tagwerk.domain.values import Quality, Sample, Value

log = logging.getLogger(__name__)

VISIBLE_S = 1.0
QUICK_S = QUICK_POLL_S
AT_ONCE = 2
BUSIEST = 0.6
_FILL_UP = 0.25
"""A request takes along what is due within this part of its interval."""
_CALLS_APART = 3.0
_MOST_EARLY = 0.6
_BETTER = 0.8
_SPREAD = 0.9
_LONGEST_STRETCH = 60.0
_SMOOTHING = 0.25
IDLE_S = 5.0
REST_S = 5.0
"""A name that the server does not know, or has no value for, is asked for as often."""
_PATIENT_READS = 3
"""An error may be of the moment: so many in a row bring a name to rest."""
_BEFORE_ALL_S = 1e9


class BatchSize:
    """How many names one request asks for; follows the measured time.

    Args:
        first, smallest, largest: bounds.
        quick_s: an answer within this time lets it grow.
        slow_s: one that takes longer lets it shrink, if the names are what makes it slow.
    """

    def __init__(
        self,
        first: int = 150,
        smallest: int = 80,
        largest: int = 500,
        *,
        quick_s: float = 0.5,
        slow_s: float = 1.0,
    ) -> None:
        self.size = first
        self._smallest = smallest
        self._largest = largest
        self._quick_s = quick_s
        self._slow_s = slow_s
        # Running means of names, time, names², names·time: the slope is what one more name costs.
        self._means: list[float] = []

    def took(self, names: int, seconds: float) -> None:
        """One request was answered."""
        new = [float(names), seconds, float(names * names), names * seconds]
        if not self._means:
            self._means = new
        else:
            self._means = [
                old + _SMOOTHING * (value - old)
                for old, value in zip(self._means, new, strict=True)
            ]
        if names < self.size * 0.9:
            return  # a small request tells nothing of full ones
        if seconds < self._quick_s or self.is_call_bound:
            self.size = min(int(self.size * 1.25) + 1, self._largest)
        elif seconds > self._slow_s:
            self.size = max(int(self.size * 0.8), self._smallest)

    @property
    def is_call_bound(self) -> bool:
        """Most of the time is the call itself, not its names: smaller requests would cost more."""
        return bool(self._means) and self.call_s > 0.5 * self._means[1]

    @property
    def call_s(self) -> float:
        """What a request takes before its first name; 0 as long as that cannot be told."""
        return self._line()[0]

    @property
    def each_s(self) -> float:
        """What a name costs in a full request; 0 before the first answer."""
        call_s, each_s = self._line()
        return call_s / self.size + each_s

    def _line(self) -> tuple[float, float]:
        """Time of a request as a straight line over its names: where it begins, and its slope."""
        if not self._means:
            return 0.0, 0.0
        names, seconds, squares, products = self._means
        variance = squares - names * names
        if variance < 1.0:
            return 0.0, seconds / max(names, 1.0)
        slope = min(max((products - names * seconds) / variance, 0.0), seconds / names)
        return max(seconds - slope * names, 0.0), slope


@dataclass(slots=True)
class _Name:
    every_s: float
    due_s: float
    read_s: float | None = None
    errors: int = 0
    rests: bool = False


class PollPlan:
    """What is to be read when. Times are seconds of any steady clock, handed in.

    Args:
        batch: how much goes into one request.
        measures: tells `batch` what requests take; False where who sends them does.
        busiest: part of the time that the server may be kept busy.
    """

    def __init__(
        self, batch: BatchSize | None = None, *, measures: bool = True, busiest: float = BUSIEST
    ) -> None:
        self.batch = batch or BatchSize()
        self._measures = measures
        self.stretch = 1.0
        """Intervals are so many times as long as wished."""
        self.every_s = 0.0
        """Between two reads of a name of the slowest rate, as really achieved (smoothed)."""
        self._busiest = busiest
        self._names: dict[str, _Name] = {}
        self._under_way: set[str] = set()
        self._slowest_s = self._quickest_s = 0.0
        self._not_before_s = 0.0
        self._queue: list[tuple[float, str]] = []
        self._demand = 0.0
        self._planned_with = 1.0

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @property
    def longest_pause_s(self) -> float:
        """The longest interval now."""
        return self._slowest_s * self.stretch

    def want(self, names: dict[str, float], now_s: float) -> set[str]:
        """Replace what is wanted, name → interval; returns what is wanted no more. New names are due
        at once; one that is wanted more often now comes earlier.
        """
        gone = self._names.keys() - names.keys()
        for name in gone:
            del self._names[name]
        for name, every_s in names.items():
            known = self._names.get(name)
            if known is None:
                self._put(name, _Name(every_s, now_s - _BEFORE_ALL_S))
            elif known.every_s != every_s:
                known.every_s = every_s
                if known.rests:
                    continue
                due_s = (known.read_s or 0.0) + every_s * self.stretch
                if known.read_s is not None and due_s < known.due_s and name not in self._under_way:
                    known.due_s = due_s
                    heapq.heappush(self._queue, (due_s, name))
        self._demand = sum(1.0 / one.every_s for one in self._names.values())
        self._slowest_s = max((one.every_s for one in self._names.values()), default=0.0)
        self._quickest_s = min((one.every_s for one in self._names.values()), default=0.0)
        self._set_stretch()
        if not self._names:
            self.every_s = 0.0
        return set(gone)

    def _put(self, name: str, entry: _Name) -> None:
        self._names[name] = entry
        if (
            name not in self._under_way
        ):  # what was given up and is wanted again may still be asked for
            heapq.heappush(self._queue, (entry.due_s, name))

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until something is due; None where nothing is wanted."""
        self._skip_old()
        if not self._queue:
            return None
        due_s, name = self._queue[0]
        if self._names[name].read_s is not None:
            due_s = max(due_s, self._not_before_s)
        return max(due_s - now_s, 0.0)

    def _skip_old(self) -> None:
        while self._queue:
            due_s, name = self._queue[0]
            entry = self._names.get(name)
            if entry is not None and name not in self._under_way and entry.due_s == due_s:
                return
            heapq.heappop(self._queue)

    def take(self, now_s: float) -> list[str]:
        """The names of the next request, longest due first; [] while nothing is due."""
        names: list[str] = []
        is_first = False
        while len(names) < self.batch.size:
            self._skip_old()
            if not self._queue:
                break
            due_s, name = self._queue[0]
            entry = self._names[name]
            is_first = is_first or entry.read_s is None
            if not names and now_s < self._not_before_s and not is_first:
                break
            early_s = self._early_s(entry.every_s * self.stretch) if names else 0.0
            if due_s > now_s + early_s:
                break
            heapq.heappop(self._queue)
            self._under_way.add(name)
            names.append(name)
        if names and not is_first:
            self._not_before_s = now_s + self._gap_s(len(names))
        return names

    def _gap_s(self, names: int) -> float:
        """How long the next request waits after one of so many names, so that a round of requests
        spreads over its interval. Never so long that what is wanted often has to wait for it.
        """
        share_s = _SPREAD * names * self.stretch / max(self._demand, 1e-9)
        return min(share_s, 0.5 * self._quickest_s * self.stretch)

    def _early_s(self, every_s: float) -> float:
        """How much before its time a name is taken along. Where the call itself is what costs, few
        full requests are kinder than many spread ones.
        """
        return min(max(_FILL_UP * every_s, _CALLS_APART * self.batch.call_s), _MOST_EARLY * every_s)

    def done(
        self,
        names: Sequence[str],
        began_s: float,
        now_s: float,
        fruitless: Collection[str] = (),
    ) -> None:
        """A request was answered.

        Args:
            fruitless: those of `names` that have an error instead of a value.
        """
        took_s = max(now_s - began_s, 0.0)
        if self._measures:
            self.batch.took(len(names), took_s)
        self._set_stretch()
        ages: list[float] = []
        for name in names:
            entry = self._names.get(name)
            if entry is None:
                self._under_way.discard(name)
                continue
            is_usual = entry.every_s == self._slowest_s and not entry.rests
            if entry.read_s is not None and is_usual:
                ages.append(began_s - entry.read_s)
            # What was taken along before its time stays with those that it came along with.
            entry.due_s = began_s if entry.read_s is None else min(entry.due_s, began_s)
            entry.read_s = began_s
            entry.errors = entry.errors + 1 if name in fruitless else 0
            entry.rests = entry.errors >= _PATIENT_READS
            if entry.rests:
                entry.due_s = max(entry.due_s, began_s + REST_S - entry.every_s * self.stretch)
            self._again(name, entry, now_s)
        if ages:
            slowest_s = max(ages)
            self.every_s += (_SMOOTHING if self.every_s else 1.0) * (slowest_s - self.every_s)

    def failed(self, names: Sequence[str], now_s: float) -> None:
        """A request brought nothing; its names are asked for again in their turn."""
        for name in names:
            entry = self._names.get(name)
            self._under_way.discard(name)
            if entry is not None:
                self._again(name, entry, now_s)

    def _again(self, name: str, entry: _Name, now_s: float) -> None:
        self._under_way.discard(name)
        step_s = entry.every_s * self.stretch
        due_s = entry.due_s + step_s
        if due_s < now_s - step_s:
            due_s = now_s  # too late for its place: no hurry to make up for missed turns
        entry.due_s = due_s
        heapq.heappush(self._queue, (due_s, name))

    def _set_stretch(self) -> None:
        """Of a server that needs long for a name no more is asked than it can answer."""
        needed = self._demand * self.batch.each_s
        self.stretch = min(max(needed / self._busiest, 1.0), _LONGEST_STRETCH)
        if self.stretch < _BETTER * self._planned_with:
            self._bring_forward()
        self._planned_with = max(self._planned_with, self.stretch)

    def _bring_forward(self) -> None:
        """It goes better than it was planned with: nobody waits for a turn that is far off."""
        self._planned_with = self.stretch
        for name, entry in self._names.items():
            if entry.read_s is None or entry.rests:
                continue
            due_s = entry.read_s + entry.every_s * self.stretch
            if due_s < entry.due_s and name not in self._under_way:
                entry.due_s = due_s
                heapq.heappush(self._queue, (due_s, name))


_Seen = tuple[Value, Quality, int | None, str]


class Changes:
    """Lets only news pass: a value, quality, time or error that is another one than before."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def news(self, samples: Sequence[Sample]) -> list[Sample]:
        """Those that differ from what was passed on before."""
        return [sample for sample in samples if self._is_news(sample)]

    def _is_news(self, sample: Sample) -> bool:
        code = sample.error.code if sample.error else ""
        seen = (sample.value, sample.quality, sample.time_ns, code)
        if self._seen.get(sample.name) == seen:
            return False
        self._seen[sample.name] = seen
        return True

    def forget(self, names: set[str]) -> None:
        """Nobody wants them any more; shown again, their value is news."""
        for name in names:
            self._seen.pop(name, None)


class ValuePoller:
    """Runs a plan against a server until it fails.

    Args:
        read: asks for many names at once; samples under the asked names, perhaps fewer.
        hello: the smallest question, for when nothing is wanted.
        deliver: takes the changed samples.
        plan: see `PollPlan`.
        visible_s, quick_s: intervals.
        idle_s: where nothing is wanted, a sign of life is asked for as often.
    """

    def __init__(
        self,
        read: Callable[[list[str]], Awaitable[list[Sample]]],
        hello: Callable[[], Awaitable[None]],
        deliver: Callable[[list[Sample]], None],
        *,
        plan: PollPlan | None = None,
        visible_s: float = VISIBLE_S,
        quick_s: float = QUICK_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self.plan = plan or PollPlan()
        self.requests = 0
        self.heard_s = time.monotonic()
        """When values (or, with nothing wanted, anything) were last answered."""
        self.slowest_s = 0.0
        """What a request has taken lately, the slow ones weighing more."""
        self._read = read
        self._hello = hello
        self._deliver = deliver
        self._visible_s = visible_s
        self._quick_s = quick_s
        self._idle_s = idle_s
        self._changes = Changes()
        self._wake = asyncio.Event()
        self._flying: dict[asyncio.Task[None], float] = {}
        """Requests under way, and since when."""
        self._problem: TagwerkError | None = None

    def want(self, names: frozenset[str], quick: frozenset[str] = frozenset()) -> None:
        """The names to read from now on; those of `quick` at the quick rate."""
        rates = {name: self._quick_s if name in quick else self._visible_s for name in names}
        self._changes.forget(self.plan.want(rates, time.monotonic()))
        self._wake.set()

    @property
    def silent_since_s(self) -> float:
        """Since when something that was asked for is not answered; where nothing is under way, the
        last answer. One request that hangs beside others is silence for all of its names.
        """
        return min((self.heard_s, *self._flying.values()))

    @property
    def pause_s(self) -> float:
        """How long it may be silent between two requests although all is well."""
        if not len(self.plan):
            return self._idle_s
        return self.plan.longest_pause_s

    async def run(self) -> TagwerkError:
        """Poll until it fails; returns why. Cancel it to stop."""
        try:
            while self._problem is None:
                self._wake.clear()
                now_s = time.monotonic()
                while len(self._flying) < AT_ONCE and (names := self.plan.take(now_s)):
                    self._send(names)
                await self._pause(now_s)
            return self._problem
        finally:
            for task in self._flying:
                task.cancel()
            await asyncio.gather(*self._flying, return_exceptions=True)

    async def _pause(self, now_s: float) -> None:
        """Until something is due, wanted, or answered."""
        due_s = self.plan.due_in_s(now_s)
        if not len(self.plan) and not self._flying:
            due_s = max(self.heard_s + self._idle_s - now_s, 0.0)
            if due_s <= 0:
                self._send([])
                due_s = None
        elif len(self._flying) >= AT_ONCE:
            due_s = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(due_s):
                await self._wake.wait()

    def _send(self, names: list[str]) -> None:
        task = asyncio.get_running_loop().create_task(self._ask(names), name="poll")
        self._flying[task] = time.monotonic()
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.pop(task, None)
        self._wake.set()

    async def _ask(self, names: list[str]) -> None:
        began_s = time.monotonic()
        self.requests += 1
        try:
            samples = await self._read(names) if names else []
            if not names:
                await self._hello()
        except TagwerkError as problem:
            # Whatever it is: values that cannot be read are not live.
            self.plan.failed(names, time.monotonic())
            self._problem = self._problem or problem
            return
        now_s = self.heard_s = time.monotonic()
        took_s = now_s - began_s
        self.slowest_s = max(took_s, self.slowest_s * 0.9)
        if names:
            fruitless = {one.name for one in samples if one.error is not None}
            self.plan.done(names, began_s, now_s, fruitless)
        # What was given up meanwhile must be news when it is shown again.
        fresh = self._changes.news([one for one in samples if one.name in self.plan])
        if fresh:
            self._deliver(fresh)


def fallen_silent(host: str) -> NotReachable:
    """Why polls that are not answered any more are given up."""
    return NotReachable(
        "{host} has fallen silent.",
        cure="Check the network; it is tried again by itself.",
        code="silent",
        host=host,
    )
