"""The doctor's later steps: browse, read, history, alarms, push, clock, round trip. See `probe`."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.connection import Capabilities, Capability, StepName, Trust
from tagwerk.domain.errors import NotReachable, ServerRefused
from tagwerk.domain.message import Message, message
from tagwerk.domain.tags import BrowseItem, TagKind, data_type_from_text
from tagwerk.domain.text import format_value
from tagwerk.domain.values import Sample
from tagwerk.link.client import HttpClient
from tagwerk.link.findings import catalogue
from tagwerk.link.keeper import Keeper
from tagwerk.link.look import Look
from tagwerk.link.session import SessionKeeper
from tagwerk.link.speaker import SpokenClient
from tagwerk.link.stream import PushRefused, ValueStream
from tagwerk.link.transport import Answer, HttpTransport
from tagwerk.link.wiretap import Wiretap

_MINUTE_NS = 60_000_000_000
_CLOCK_TOLERANCE_S = 2.0
_ROUND_TRIPS = 10
_SLOW_MS = 200.0
_UNEVEN_MS = 1000.0
_PONG_WAIT_S = 1.5
_REDUNDANCY_WAIT_S = 0.5
_LOOK_S = 0.02


class Steps(Protocol):
    """What is needed of the running probe."""

    trust: Trust
    timeout_s: float
    server: dict[str, str]
    capabilities: Capabilities
    facts: dict[str, object]
    clock_offset_ns: int | None
    tap: Wiretap

    def step(self, name: StepName, *, go_on: bool = False) -> AbstractAsyncContextManager[None]: ...

    def say(self, text: Message, *, ok: bool | None = True, code: str = "") -> None: ...


class _Catcher:
    """A stream's sink that waits for one good sample, or for the refusal of all `count` tags."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.first: asyncio.Future[Sample] = asyncio.get_running_loop().create_future()
        self.redundancy = ""

    def on_samples(self, samples: list[Sample]) -> None:
        """See `stream.StreamSink`."""
        for sample in samples:
            self._left -= sample.error is not None
            if not self.first.done() and (sample.error is None or self._left <= 0):
                self.first.set_result(sample)

    def on_alarm_events(self, events: list[AlarmEvent]) -> None:
        """Not subscribed here."""

    def on_redundancy(self, state: str) -> None:
        """ACTIVE or PASSIVE."""
        self.redundancy = state


async def probe_functions(steps: Steps, look: Look, client: SpokenClient, keeper: Keeper) -> None:
    """Try each function once. One that fails is reported, and the next is tried."""
    lacks = message("this server version lacks it")
    items: list[BrowseItem] = []
    async with steps.step(StepName.BROWSE, go_on=True):
        if Capability.BROWSE in client.capabilities:
            items = await client.browse()
            _say_browse(steps, client, items)
        else:
            steps.say(lacks, ok=None, code="server_lacks_browse")
    names = _sample_tags(items, look.most_names)
    name = names[0] if names else ""
    async with steps.step(StepName.READ, go_on=True):
        if name:
            sample = (await client.read([name]))[0]
            failed = sample.error is not None
            steps.say(_sample_text(sample), ok=not failed, code="read_failed" if failed else "")
        else:
            steps.say(message("no tag to read"), ok=None, code="nothing_to_read")
    async with steps.step(StepName.HISTORY, go_on=True):
        if Capability.HISTORY in client.capabilities:
            await _history(steps, client, items)
        else:
            steps.say(lacks, ok=None, code="server_lacks_history")
    async with steps.step(StepName.ALARMS, go_on=True):
        if Capability.ALARMS in client.capabilities:
            alarms = await client.active_alarms()
            _say_alarms(steps, client, len(alarms))
        else:
            reason = client.capabilities.reason(Capability.ALARMS)
            known = reason in catalogue()
            steps.say(
                message("no filter for messages is configured")
                if reason == "no_alarm_filter"
                else lacks,
                ok=None,
                code=reason if known else "server_lacks_alarms",
            )
    async with steps.step(StepName.PUSH, go_on=True):
        await look.feel_push(steps, client, keeper, names)
    steps.capabilities = client.capabilities


async def probe_way(
    steps: Steps, look: Look, transport: HttpTransport, keeper: Keeper | None
) -> None:
    """Clock and round trip, which need no sign-in."""
    async with steps.step(StepName.CLOCK, go_on=True):
        offset_ns = keeper.clock_offset_ns if keeper is not None else None
        _clock(steps, offset_ns if offset_ns is not None else steps.clock_offset_ns)
    async with steps.step(StepName.ROUND_TRIP, go_on=True):
        await _round_trip(steps, lambda: look.ask(transport, keeper))


def _say_browse(steps: Steps, client: SpokenClient, items: list[BrowseItem]) -> None:
    counts = {kind: sum(item.kind is kind for item in items) for kind in TagKind}
    empty = not counts[TagKind.TAG]
    steps.say(
        message(
            "{tags} tags, {logs} logging tags, {alarms} alarms",
            tags=counts[TagKind.TAG],
            logs=counts[TagKind.LOGGING_TAG],
            alarms=counts[TagKind.ALARM],
        ),
        ok=not empty,
        code="nothing_to_browse" if empty else "",
    )
    steps.server["systems"] = ", ".join(client.systems)


def _say_alarms(steps: Steps, client: SpokenClient, count: int) -> None:
    filters = ", ".join(client.alarm_filters)
    if filters:
        steps.say(
            message("{count} active alarms; filters: {filters}", count=count, filters=filters)
        )
    else:
        steps.say(message("{count} active alarms", count=count))


def _sample_tags(items: list[BrowseItem], most: int) -> list[str]:
    """Some tags, with numbers if there are any: those say more than texts. The first is read; all
    are subscribed, because not every server pushes a value before the first change."""
    tags = [item for item in items if item.kind is TagKind.TAG]
    numbers = [item.name for item in tags if data_type_from_text(item.data_type).is_number]
    return (numbers or [item.name for item in tags])[:most]


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


async def feel_stream(
    steps: Steps, client: HttpClient, keeper: SessionKeeper, names: list[str]
) -> None:
    """Inside the step push of WinCC Unified: a socket, a first value, pings, redundancy.

    Raises:
        TagwerkError: why values do not come.
    """
    dialect = client.dialect
    if dialect is None or Capability.PUSH not in client.capabilities:
        lacks = message("this server version lacks it")
        steps.say(lacks, ok=None, code="server_lacks_push")
        return
    catcher = _Catcher(len(names))
    transport = keeper.transport
    stream = ValueStream(
        transport.endpoint,
        transport.context,
        steps.trust,
        catcher,
        dialect.subscribe_values,
        timeout_s=steps.timeout_s,
        tap=steps.tap,
    )
    began = time.perf_counter()
    try:
        await stream.connect(keeper.token)
        if not names:
            # Whether WebSockets come through at all needs no tag.
            steps.say(
                message("the WebSocket opens; no tag to subscribe"),
                ok=None,
                code="nothing_to_subscribe",
            )
            return
        if Capability.REDUNDANCY in client.capabilities:
            stream.subscribe_redundancy(dialect.subscribe_redundancy())
        stream.want(frozenset(names))
        sample = await _first_value(stream, catcher, steps.timeout_s)
        ms = round((time.perf_counter() - began) * 1000)
        if sample.error is not None:
            steps.say(_sample_text(sample), ok=False, code="subscription_refused")
            return
        steps.say(message("first value of {name} after {ms} ms", name=sample.name, ms=ms))
        await _watch_a_moment(steps, client, stream, catcher)
    except PushRefused:
        client.set_reason(Capability.PUSH, "push_refused")
        raise
    finally:
        await stream.close()


async def _first_value(stream: ValueStream, catcher: _Catcher, timeout_s: float) -> Sample:
    """The value that a subscription owes at once.

    Raises:
        TagwerkError: why the stream ended before; NotReachable: nothing came.
    """
    ended = asyncio.ensure_future(stream.run())
    either: set[asyncio.Future[Any]] = {catcher.first, ended}
    try:
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if catcher.first.done():
            return catcher.first.result()
        if ended.done():
            raise ended.result()
    finally:
        ended.cancel()
    raise NotReachable(
        "The WebSocket opens, but no value comes.",
        cure="Check a proxy or firewall between here and the server.",
        code="no_value",
    )


async def _watch_a_moment(
    steps: Steps, client: HttpClient, stream: ValueStream, catcher: _Catcher
) -> None:
    """Whether pings are answered, and which of a redundant pair this is."""
    began_s = time.monotonic()
    wants_state = Capability.REDUNDANCY in client.capabilities
    while (passed_s := time.monotonic() - began_s) < _PONG_WAIT_S:
        waits_for_state = wants_state and not catcher.redundancy and passed_s < _REDUNDANCY_WAIT_S
        if stream.pong_seen and not waits_for_state:
            break
        await asyncio.sleep(_LOOK_S)
    if catcher.redundancy:
        steps.server["redundancy"] = catcher.redundancy
    if catcher.redundancy == "PASSIVE":
        steps.say(
            message("values come, but the server is {state}", state=catcher.redundancy),
            ok=False,
            code="redundancy_passive",
        )
    elif not stream.pong_seen:
        steps.say(message("values come, but pings are not answered"), code="pings_unanswered")


async def _history(steps: Steps, client: SpokenClient, items: list[BrowseItem]) -> None:
    logged = next((item.name for item in items if item.kind is TagKind.LOGGING_TAG), "")
    if not logged:
        steps.say(message("no logging tag to ask for"), ok=None, code="no_logging_tag")
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
            code="history_failed",
        )
        return
    steps.say(
        message("{name}, {count} values of the last minute", name=logged, count=len(series.points))
    )


def _clock(steps: Steps, offset_ns: int | None) -> None:
    if offset_ns is None:
        steps.say(message("the server does not tell its time"), ok=None, code="clock_unknown")
        return
    offset_s = offset_ns / 1e9
    steps.server["clock_offset_s"] = f"{offset_s:+.1f}"
    if abs(offset_s) <= _CLOCK_TOLERANCE_S:
        steps.say(message("server and this computer agree"))
        return
    text = "server is {seconds} s ahead of this computer"
    if offset_s < 0:
        text = "server is {seconds} s behind this computer"
    seconds = f"{abs(offset_s):.1f}"
    steps.facts["seconds"] = seconds
    steps.say(message(text, seconds=seconds), ok=False, code="clock_off")


async def _round_trip(steps: Steps, ask: Callable[[], Awaitable[Answer]]) -> None:
    times_ms: list[float] = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        answer = await ask()
        times_ms.append((time.perf_counter() - began) * 1000)
        if answer.status >= 500:
            raise ServerRefused(
                "The web server answers HTTP {status} to one of {count} small questions.",
                code=str(answer.status),
                status=answer.status,
                count=_ROUND_TRIPS,
            )
    median, worst = round(statistics.median(times_ms)), round(max(times_ms))
    steps.server["round_trip_ms"] = str(median)
    steps.server["round_trip_worst_ms"] = str(worst)
    steps.facts |= {"median": median, "worst": worst}
    code = "slow" if median > _SLOW_MS else "uneven" if worst > _UNEVEN_MS else ""
    steps.say(
        message(
            "{median} ms, worst {worst} ms of {count} small questions",
            median=median,
            worst=worst,
            count=_ROUND_TRIPS,
        ),
        code=code,
    )
