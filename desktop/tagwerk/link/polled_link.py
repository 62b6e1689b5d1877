"""What runs while a server is live that is only ever polled: values, and the list of alarms.

The counterpart of `live_link.LiveLink`. The polls themselves are the signs of life: where values are
wanted, only an answer with values counts, since a server that still says hello while its values stand
still would look live. Made by `registry` for `supervisor`, closed with the connection.
"""

from __future__ import annotations

import asyncio
import time

from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message
from tagwerk.domain.ports import PlantSink
from tagwerk.domain.values import Sample
from tagwerk.link.alarm_poll import AlarmDifferences
from tagwerk.link.keeper import Keeper
from tagwerk.link.polling import PollPlan, ValuePoller, fallen_silent
from tagwerk.link.side import ServerSide
from tagwerk.link.speaker import FeedSetup, SpokenClient

_QUIET_PINGS = 3.0
_LOST_QUIETS = 2.5
_LOOKS = 0.25


class PolledLink:
    """One server's polls. See `speaker.Feeds`.

    Args:
        side: prepared.
        sink: where values and alarms go.
        setup: see `FeedSetup`.
    """

    ended_generation = -1
    tells_redundancy = False
    is_stand_in = False
    is_outdated = False
    look_for_push_in_s: float | None = None

    def __init__(self, side: ServerSide, sink: PlantSink, setup: FeedSetup) -> None:
        self.side = side
        self.redundancy_known = asyncio.Event()
        keeper, client = side.open()
        self.keeper: Keeper = keeper
        self.client: SpokenClient = client
        self._setup = setup
        self._sink = sink
        self._values = ValuePoller(
            self._read,
            client.hello,
            self._deliver,
            plan=PollPlan(client.batch, measures=False),
        )
        self._alarms = AlarmDifferences(client, sink, setup.language)
        self._tasks: list[asyncio.Task[None]] = []
        self._ended: asyncio.Future[TagwerkError] = asyncio.get_running_loop().create_future()
        self._is_quiet = False

    @property
    def subscribed(self) -> int:
        return len(self._values.plan)

    @property
    def requests(self) -> int:
        return self._values.requests

    @property
    def poll_every_s(self) -> float:
        return self._values.plan.every_s

    @property
    def poll_stretch(self) -> float:
        return self._values.plan.stretch

    @property
    def heard_s(self) -> float:
        return self._values.silent_since_s

    @property
    def remark(self) -> tuple[Message, Message]:
        return Message(), Message()

    async def connect(self) -> None:
        """Credentials were tested a moment ago: there is nothing to open."""

    def begin(self, names: frozenset[str], quick: frozenset[str]) -> None:
        """The link is live: poll."""
        loop = asyncio.get_running_loop()
        self._values.heard_s = time.monotonic()
        self._values.want(names, quick)
        self._tasks = [loop.create_task(self._poll(), name="poll values")]
        if Capability.ALARMS in self.client.capabilities:
            self._tasks.append(loop.create_task(self._alarms.run(), name="poll alarms"))
        if self._setup.ping_s > 0:
            self._tasks.append(loop.create_task(self._watch(), name="watch polls"))

    def want(self, names: frozenset[str], quick: frozenset[str]) -> None:
        self._values.want(names, quick)

    def set_language(self, language: str) -> None:
        self._alarms.language = language

    async def run(self) -> TagwerkError:
        return await asyncio.shield(self._ended)

    async def renew(self) -> float:
        """There is no session to renew."""
        return 0.0

    async def replace(self) -> float:
        """There is no token that changes."""
        return 0.0

    async def look_for_push(self) -> bool:
        """There is none."""
        return False

    async def close(self) -> None:
        """Stop; never raises."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ended.cancel()

    async def _read(self, names: list[str]) -> list[Sample]:
        return await self.client.read(names)

    def _deliver(self, samples: list[Sample]) -> None:
        totals = self._setup.totals
        totals.values += len(samples)
        self._sink.on_samples(samples)

    async def _poll(self) -> None:
        self._fail(await self._values.run())

    def _fail(self, problem: TagwerkError) -> None:
        if not self._ended.done():
            self._ended.set_result(problem)

    async def _watch(self) -> None:
        """Say when polls are not answered in the time that they usually take."""
        look_s = _LOOKS * self._setup.ping_s
        while True:
            await asyncio.sleep(look_s)
            quiet_s = self._quiet_after_s
            silent_s = time.monotonic() - self._values.silent_since_s
            if silent_s < quiet_s:
                if self._is_quiet:
                    self._is_quiet = False
                    self._setup.on_life()
            elif silent_s >= _LOST_QUIETS * quiet_s:
                self._fail(fallen_silent(self.side.host))
                return
            elif not self._is_quiet:
                self._is_quiet = True
                self._setup.on_quiet()

    @property
    def _quiet_after_s(self) -> float:
        """A server that needs seconds for a call is not silent while it needs them."""
        values = self._values
        between_s = values.pause_s
        return _QUIET_PINGS * self._setup.ping_s + between_s + 2.0 * values.slowest_s
