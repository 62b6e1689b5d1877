"""A server that is only polled and slow (200 ms a call): 500 of 20,000 tags on show.

Beside it the obvious program: one request a tag, 16 connections, each tag asked for once a second as far
as the server lets it. The figure is the age of the oldest value on show, sampled ten times a second.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from run import Result

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.link.plant_link import SupervisedLink

HERE = Path(__file__).resolve().parent
CONNECTIONS = 16
LOOK_S = 0.1
GOAL_AGE_S = 2.0


@dataclass
class Measured:
    """One run."""

    oldest_s: float
    requests_s: float
    names_a_request: float
    cpu_s: float


@contextmanager
def service(tags: int, call_ms: float) -> Iterator[dict[str, Any]]:
    """The slow server in its process: its ready line."""
    command = [sys.executable, str(HERE / "servers" / "polled.py"), "--tags", str(tags), "--call-ms", str(call_ms)]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield ready
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


class Sink:
    """When each name last came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}

    def on_samples(self, samples: list[Any]) -> None:
        now = time.monotonic()
        for sample in samples:
            self.came[sample.name] = now

    def on_alarms(self, events: list[Any]) -> None:
        """Not measured."""

    def on_alarms_restart(self, complete: list[Any]) -> None:
        """Not measured."""

    def on_status(self, status: Any) -> None:
        """Not measured."""


@asynccontextmanager
async def ours(url: str, names: list[str], sink: Sink) -> AsyncIterator[None]:
    """The desk's link, with these names on show."""
    link = SupervisedLink(ConnectionProfile("bench", url, "operator", "classic"), "", sink)
    link.want(frozenset(names))
    link.start()
    try:
        yield
    finally:
        await link.close()


@asynccontextmanager
async def one_by_one(url: str, names: list[str], sink: Sink) -> AsyncIterator[None]:
    """One request a tag, in turn, never before a second is over."""
    due = dict.fromkeys(names, 0.0)
    turns = itertools.cycle(names)

    async def worker(client: httpx.AsyncClient) -> None:
        while True:
            name = next(turns)
            await asyncio.sleep(max(due[name] - time.monotonic(), 0.0))
            due[name] = time.monotonic() + 1.0
            json.loads((await client.get(f"{url}/tagManagement/Value/{name}")).content)
            sink.came[name] = time.monotonic()

    limits = httpx.Limits(max_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=30.0) as client:
        tasks = [asyncio.create_task(worker(client)) for _ in range(CONNECTIONS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def measure(kind: Any, ready: dict[str, Any], visible: int, warm_s: float, long_s: float) -> Measured:  # fmt: skip
    """Let it run in, then look."""
    names = [f"T{number * 7:05}" for number in range(visible)]
    sink = Sink()
    async with kind(ready["url"], names, sink):
        began = time.monotonic()
        while len(sink.came) < visible or time.monotonic() < began + warm_s:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        before, cpu, start = _counts(ready), time.process_time(), time.monotonic()
        oldest: list[float] = []
        while time.monotonic() < start + long_s:
            await asyncio.sleep(LOOK_S)
            oldest.append(time.monotonic() - min(sink.came.values()))
        seconds = time.monotonic() - start
        cpu, after = time.process_time() - cpu, _counts(ready)
    calls = after["calls"] - before["calls"]
    return Measured(
        max(oldest), calls / seconds, (after["names"] - before["names"]) / max(calls, 1), cpu / seconds
    )  # fmt: skip


def _counts(ready: dict[str, Any]) -> dict[str, int]:
    return dict(httpx.get(ready["counts"], timeout=30.0).json())


def run(small: bool) -> Result:
    tags, visible, call_ms, rounds = (2_000, 60, 40.0, 1) if small else (20_000, 500, 200.0, 5)
    warm_s, long_s = (0.5, 1.5) if small else (4.0, 5.0)
    sizes = (20, 60, 120) if small else (100, 500, 2_000)
    found: dict[str, list[Measured]] = {"ours": [], "beside": []}
    growth: dict[str, float] = {}
    with service(tags, call_ms) as ready:
        for _ in range(rounds):
            for group, kind in (("ours", ours), ("beside", one_by_one)):
                found[group].append(asyncio.run(measure(kind, ready, visible, warm_s, long_s)))
        for size in sizes:
            known = [one.oldest_s for one in found["ours"]] if size == visible else []
            if not known:
                known = [asyncio.run(measure(ours, ready, size, warm_s, long_s)).oldest_s]
            growth[f"{size:,}"] = median(known)
    tables = {group: _columns(rows) for group, rows in found.items()}
    age = median(tables["ours"]["oldest value, s"])
    told = {"growth": {"oldest value, s": growth}}
    result = Result(
        "polling",
        tables["ours"],
        tables["beside"],
        "see the rows",
        age / median(tables["beside"]["oldest value, s"]),
        f"the oldest of {visible} values younger than {GOAL_AGE_S:g} s, and fewer requests",
        age < GOAL_AGE_S,
        [
            f"{tags:,} tags, {visible} on show, {call_ms:g} ms a call; beside: one request a tag, "
            f"{CONNECTIONS} connections",
            "oldest value by tags on show: "
            + ", ".join(f"{size}: {seconds:.2f} s" for size, seconds in growth.items()),
        ],
    )
    if any(one.name == "growth" for one in fields(Result)):
        result.growth = told["growth"]  # type: ignore[attr-defined,unused-ignore]
    return result


def _columns(rows: list[Measured]) -> dict[str, list[float]]:
    return {
        "oldest value, s": [row.oldest_s for row in rows],
        "requests a second": [row.requests_s for row in rows],
        "names a request": [row.names_a_request for row in rows],
        "share of a core": [row.cpu_s for row in rows],
    }
