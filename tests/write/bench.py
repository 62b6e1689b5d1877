"""A small, strict client and what else a write service needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tagwerk.domain.alarms import AlarmAction, AlarmKey, AlarmReply
from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.ports import WriteItem, WriteReply
from tagwerk.domain.tags import TagInfo, data_type_from_text, short_name
from tagwerk.domain.values import GOOD, ItemError, Quality, Sample, Value
from tagwerk.store.live import LiveStore
from tagwerk.write.arming import Arming
from tagwerk.write.audit import AuditLog
from tagwerk.write.service import WriteService

SP = "HMI_RT_1::Cooling.TIC2120.SP"
KP = "HMI_RT_1::Cooling.TIC2120.Kp"
ALL = frozenset(Capability)


class Ticks:
    """A wall clock that goes on by a microsecond a look."""

    def __init__(self) -> None:
        self.now_ns = 1_800_000_000_000_000_000

    def __call__(self) -> int:
        self.now_ns += 1_000
        return self.now_ns


@dataclass
class StrictClient:
    """Does what it is told for one write, and fails on any call that is not expected."""

    clock_ns: Callable[[], int]
    values: dict[str, Value]
    quality: Quality = GOOD
    write_error: Exception | None = None
    item_error: ItemError | None = None
    silent: bool = False
    take: Callable[[str, Value], Value] = lambda _name, value: value
    take_after_reads: int = 0
    read_error: Exception | None = None
    hang: asyncio.Event | None = None
    was_sent: asyncio.Event = field(default_factory=asyncio.Event)
    was_read: asyncio.Event = field(default_factory=asyncio.Event)
    writes: list[list[WriteItem]] = field(default_factory=list)
    reads: list[bool] = field(default_factory=list)
    alarm_calls: list[tuple[AlarmAction, list[AlarmKey]]] = field(default_factory=list)
    alarm_errors: dict[AlarmKey, ItemError] = field(default_factory=dict)
    alarm_error: Exception | None = None
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(ALL))
    before_write: Callable[[], None] = lambda: None
    _pending: list[tuple[str, Value]] = field(default_factory=list)

    async def write(self, items: Sequence[WriteItem]) -> list[WriteReply]:
        assert len(items) == 1, "one value a call"
        self.before_write()
        self.writes.append(list(items))
        self.was_sent.set()
        if self.hang is not None:
            await self.hang.wait()
        if self.write_error is not None:
            raise self.write_error
        if self.item_error is not None:
            return [WriteReply(items[0].name, self.item_error)]
        self._pending = [(item.name, self.take(item.name, item.value)) for item in items]
        self._apply()
        if self.silent:
            return []
        return [WriteReply(short_name(items[0].name), None)]

    async def read(self, names: Sequence[str], *, direct: bool = False) -> list[Sample]:
        self.reads.append(direct)
        self.was_read.set()
        if self.read_error is not None:
            raise self.read_error
        self._apply()
        return [self.sample(name) for name in names]

    async def alarm_action(self, action: AlarmAction, keys: Sequence[AlarmKey]) -> list[AlarmReply]:
        self.alarm_calls.append((action, list(keys)))
        if self.alarm_error is not None:
            raise self.alarm_error
        return [AlarmReply(key, self.alarm_errors.get(key)) for key in reversed(keys)]

    def sample(self, name: str) -> Sample:
        now_ns = self.clock_ns()
        return Sample(short_name(name), self.values[name], self.quality, now_ns, now_ns)

    def _apply(self) -> None:
        if len(self.reads) >= self.take_after_reads:
            self.values.update(self._pending)
            self._pending = []


@dataclass
class Bench:
    """A service with all that it needs, armed, on a live link."""

    client: StrictClient
    live: LiveStore
    audit: AuditLog
    arming: Arming
    service: WriteService
    clock_ns: Ticks
    infos: dict[str, TagInfo]

    def show(self, name: str, value: Value, quality: Quality = GOOD) -> None:
        """The user sees this value."""
        now_ns = self.clock_ns()
        self.client.values[name] = value
        self.live.put([Sample(name, value, quality, now_ns, now_ns)])
        self.live.drain()

    def events(self, event: str = "") -> list[dict]:
        return [entry for entry in self.audit.recent() if event in ("", entry["event"])]


def make_bench(audit: AuditLog) -> Bench:
    clock_ns = Ticks()
    client = StrictClient(clock_ns, {})
    live = LiveStore()
    live.mark_live(clock_ns())
    arming = Arming(clock_ns=clock_ns)
    real = data_type_from_text("LReal")
    infos = {
        SP: TagInfo(SP, real, "Setpoint", "°C", 1, 5.0, 40.0, 5.0),
        KP: TagInfo(KP, real, "Gain", "", 2, 0.1, 20.0),
    }
    service = WriteService(
        client,  # type: ignore[arg-type]
        live,
        lambda name: infos.get(name, TagInfo(name)),
        audit,
        arming,
        lambda: "m.brandt",
        lambda: client.capabilities,
        clock_ns=clock_ns,
        server=lambda: "https://skid21-hmi/graphql/",
    )
    bench = Bench(client, live, audit, arming, service, clock_ns, infos)
    bench.show(SP, 22.0)
    bench.show(KP, 1.8)
    arming.arm(600)
    return bench
