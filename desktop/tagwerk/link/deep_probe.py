"""The doctor's later steps: browse, read, push, history, alarms, clock. Called by `connector`."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.connection import Capabilities, Capability, StepName, Trust
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.message import Message, message
from tagwerk.domain.tags import BrowseItem, TagKind, data_type_from_text
from tagwerk.domain.text import format_value
from tagwerk.domain.values import Sample
from tagwerk.link.client import HttpClient
from tagwerk.link.session import SessionKeeper
from tagwerk.link.stream import PushRefused, ValueStream

_MINUTE_NS = 60_000_000_000
_CLOCK_TOLERANCE_S = 2.0


class Steps(Protocol):
    """What is needed of the running probe."""

    trust: Trust
    timeout_s: float
    server: dict[str, str]
    capabilities: Capabilities

    def step(self, name: StepName, *, go_on: bool = False) -> AbstractAsyncContextManager[None]: ...

    def say(
        self, text: Message, *, ok: bool | None = True, cure: Message | None = None
    ) -> None: ...


class _Catcher:
    """A stream's sink that waits for one sample."""

    def __init__(self) -> None:
        self.first: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""
        if not self.first.done():
            self.first.set_result(samples[0])

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """Not subscribed here."""

    def on_redundancy(self, state: str) -> None:
        """Not subscribed here."""


async def probe_deep(steps: Steps, client: HttpClient, keeper: SessionKeeper) -> None:
    """Try each function once. One that fails is reported, and the next is tried."""
    items: list[BrowseItem] = []
    lacks = message("this server version lacks it")
    async with steps.step(StepName.BROWSE, go_on=True):
        steps.say(lacks, ok=None)
        if Capability.BROWSE in client.capabilities:
            items = await client.browse()
            counts = {kind: sum(item.kind is kind for item in items) for kind in TagKind}
            steps.say(
                message(
                    "{tags} tags, {logs} logging tags, {alarms} alarms",
                    tags=counts[TagKind.TAG],
                    logs=counts[TagKind.LOGGING_TAG],
                    alarms=counts[TagKind.ALARM],
                )
            )
            steps.server["systems"] = ", ".join(client.systems)
    name = _sample_tag(items)
    async with steps.step(StepName.READ, go_on=True):
        if not name:
            steps.say(message("no tag to read"), ok=None)
        else:
            sample = (await client.read([name]))[0]
            steps.say(_sample_text(sample), ok=sample.error is None)
    async with steps.step(StepName.PUSH, go_on=True):
        steps.say(lacks, ok=None)
        if name and Capability.PUSH in client.capabilities:
            await _push(steps, client, keeper, name)
    async with steps.step(StepName.HISTORY, go_on=True):
        steps.say(lacks, ok=None)
        if Capability.HISTORY in client.capabilities:
            await _history(steps, client, items)
    async with steps.step(StepName.ALARMS, go_on=True):
        steps.say(lacks, ok=None)
        if Capability.ALARMS in client.capabilities:
            alarms = await client.active_alarms()
            steps.say(message("{count} active alarms", count=len(alarms)))
    async with steps.step(StepName.CLOCK, go_on=True):
        _clock(steps, keeper)
    steps.capabilities = client.capabilities


def _sample_tag(items: list[BrowseItem]) -> str:
    """A tag with a number, if there is one: it says more than a text."""
    tags = [item for item in items if item.kind is TagKind.TAG]
    numbers = (item.name for item in tags if data_type_from_text(item.data_type).is_number)
    return next(numbers, tags[0].name if tags else "")


def _sample_text(sample: Sample) -> Message:
    if sample.error is not None:
        return message(
            "{name}: {code} {said}",
            name=sample.name,
            code=sample.error.code,
            said=sample.error.description,
        )
    return message(
        "{name} = {value}, {quality}",
        name=sample.name,
        value=format_value(sample.value),
        quality=sample.quality.text,
    )


async def _push(steps: Steps, client: HttpClient, keeper: SessionKeeper, name: str) -> None:
    dialect = client.dialect
    if dialect is None:
        return
    catcher = _Catcher()
    transport = keeper.transport
    stream = ValueStream(
        transport.endpoint,
        transport.context,
        steps.trust,
        catcher,
        dialect.subscribe_values,
        timeout_s=steps.timeout_s,
    )
    began = time.perf_counter()
    try:
        await stream.connect(keeper.token)
        stream.want(frozenset((name,)))
        async with asyncio.timeout(steps.timeout_s):
            await catcher.first
    except PushRefused:
        client.set_reason(Capability.PUSH, "push_refused")
        raise
    except TimeoutError as problem:
        raise NotReachable(
            "The WebSocket opens, but no value comes.",
            cure="Check a proxy or firewall between here and the server.",
        ) from problem
    finally:
        await stream.close()
    ms = (time.perf_counter() - began) * 1000
    steps.say(message("first value of {name} after {ms} ms", name=name, ms=round(ms)))


async def _history(steps: Steps, client: HttpClient, items: list[BrowseItem]) -> None:
    logged = next((item.name for item in items if item.kind is TagKind.LOGGING_TAG), "")
    if not logged:
        steps.say(message("no logging tag to ask for"), ok=None)
        return
    now_ns = time.time_ns()
    series = (await client.history([logged], now_ns - _MINUTE_NS, now_ns, limit=1000))[0]
    if series.error is not None:
        steps.say(
            message(
                "{name}: {code} {said}",
                name=logged,
                code=series.error.code,
                said=series.error.description,
            ),
            ok=False,
        )
        return
    steps.say(
        message("{name}, {count} values of the last minute", name=logged, count=len(series.points))
    )


def _clock(steps: Steps, keeper: SessionKeeper) -> None:
    if keeper.clock_offset_ns is None:
        steps.say(message("the server does not tell its time"), ok=None)
        return
    offset_s = keeper.clock_offset_ns / 1e9
    if abs(offset_s) <= _CLOCK_TOLERANCE_S:
        steps.say(message("server and this computer agree"))
        return
    text = "server is {seconds} s ahead of this computer"
    if offset_s < 0:
        text = "server is {seconds} s behind this computer"
    steps.say(
        message(text, seconds=f"{abs(offset_s):.1f}"),
        ok=False,
        cure=message("Set both clocks from the same time server."),
    )
