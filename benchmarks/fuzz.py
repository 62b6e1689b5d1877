"""A million mutated answers and frames through every decoder; what comes out, and how quickly.

Inputs are recorded and hand-written answers and frames with bits flipped, cut, glued together,
wrong types, odd numbers, deep nesting, swapped words; the same each time. Each takes the ways that
the link itself takes, traffic listened to now and then. Growth: hostile documents (a token of
backslashes, words that look like secrets, a hundred thousand errors, long texts, deep nesting) of
three sizes through all decoders, in processor time by size, so that nothing quadratic hides.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from run import Result

TESTS = Path(__file__).resolve().parent.parent / "tests"
GOAL = 1_000_000
SMALL = 4_000
FIRST_SEED = 20_260_618
SLICE = 50_000
PROCESSES = 2
SLOWEST_S = 2.0
SIZES = {"10 kB": 10_000, "100 kB": 100_000, "1 MB": 1_000_000}
HOSTILE = {
    "token of backslashes": ('{"data":{"login":{"token":"%s","expires":""}}}', "\\\\"),
    "text like web tokens": ('{"errors":[{"message":"%s"}]}', "eyJaaaaa-"),
    "text like passwords": ('{"errors":[{"message":"%s"}]}', "password=x "),
    "many errors": ('{"errors":[%s1]}', '{"message":"Access denied"},'),
    "many samples": ('{"data":{"tagValues":[%s1]}}', '{"name":"HMI_RT_1::A","value":1},'),
    "many alarms": ('{"data":{"activeAlarms":[%s1]}}', '{"name":"A:B","instanceID":1},'),
    "many items": ('{"data":{"browse":[%s1]}}', '{"name":"HMI_RT_1::A"},'),
    "long text in a frame": (
        '{"id":"1","type":"next","payload":{"data":{"tagValues":{"name":"%s"}}}}', "\\u00e4"),
    "deep nesting": ('{"data":%s1}', '{"x":['),
    "long number": ('{"data":{"tagValues":[{"name":"HMI_RT_1::A","value":{"value":%s1}}]}}', "7"),
}  # fmt: skip
"""A document with a place, and what fills it again and again."""


# Results travel between the processes: both sides must know their class.
sys.path.insert(0, str(TESTS))


def _one_slice(task: tuple[int, int]) -> Any:
    from faults.fuzzing import fuzz

    logging.disable(logging.CRITICAL)
    seed, count = task
    return asyncio.run(fuzz(seed, count=count))


def _json_alone(count: int) -> float:
    """Inputs a second of the json module alone on the same inputs."""
    from faults.mutations import Mutator, corpus

    mutator = Mutator(FIRST_SEED, list(corpus().values()))
    inputs = [mutator.next() for _ in range(count)]
    started = time.perf_counter()
    for data in inputs:
        try:
            json.loads(data)
        except (ValueError, RecursionError):
            continue
    return count / (time.perf_counter() - started)


async def _timed(way: str, data: bytes, seed: int) -> float:
    """Processor time of one input on one way, in seconds."""
    from faults.fuzzing import Decoders
    from tagwerk.domain.errors import TagwerkError

    one = Decoders(seed).ways[way]
    started = time.thread_time()
    try:
        await one(data)
    except TagwerkError:
        pass
    except Exception as problem:  # noqa: BLE001 - counted by the million inputs; here the time
        logging.getLogger(__name__).debug("%r", problem)
    return time.thread_time() - started


def _again(way: str, data: bytes) -> float:
    """The slowest input once more on its own: the most of 16 variants, each at its best of 3."""
    return max(min(asyncio.run(_timed(way, data, seed)) for _ in range(3)) for seed in range(16))


def _growth(small: bool) -> dict[str, dict[str, float]]:
    """Median milliseconds of all decoders together for each hostile document, by size."""
    from faults.fuzzing import Decoders

    ways = list(Decoders(0).ways)
    sizes = dict(list(SIZES.items())[: 2 if small else 3])
    rows: dict[str, dict[str, float]] = {}
    for name, (frame, piece) in HOSTILE.items():
        row = rows[f"{name}, ms"] = {}
        for label, size in sizes.items():
            data = (frame % (piece * (size // len(piece)))).encode()
            rounds = [
                sum(asyncio.run(_timed(way, data, seed)) for way in ways)
                for seed in range(1 if small else 3)
            ]
            row[label] = median(rounds) * 1000
    return rows


def run(small: bool) -> Result:
    wanted = SMALL if small else GOAL
    slice_ = min(SLICE, wanted // PROCESSES)
    tasks = [(FIRST_SEED + number, slice_) for number in range(-(-wanted // slice_))]
    alone = [_json_alone(1_000 if small else 20_000) for _ in range(5)]
    began = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.map(_one_slice, tasks, chunksize=1)
    seconds = time.perf_counter() - began
    inputs = sum(one.inputs for one in found)
    kinds: Counter[str] = Counter()
    for one in found:
        kinds.update(one.kinds)
    unexpected = [entry for one in found for entry in one.unexpected]
    slowest = max(found, key=lambda one: one.slowest_s)
    logging.disable(logging.CRITICAL)
    again_s = _again(slowest.slowest, slowest.slowest_input)
    notes = [
        f"{inputs:,} inputs in {seconds:.0f} s with {PROCESSES} processes",
        "came out: " + ", ".join(f"{name} {count:,}" for name, count in kinds.most_common()),
        f"slowest input: {slowest.slowest_s * 1000:.0f} ms ({slowest.slowest}, "
        f"{len(slowest.slowest_input):,} bytes), on its own {again_s * 1000:.0f} ms",
        f"unexpected: {len(unexpected)}",
        *(f"  {name}: {problem} for {data[:200]!r}" for name, problem, data in unexpected[:10]),
    ]
    return Result(
        "fuzz",
        {"decoders, one process": [one.inputs / one.seconds for one in found]},
        {"json.loads alone": alone},
        "inputs/s",
        inputs / wanted,
        f">= 1 time {wanted:,} inputs, nothing unexpected, none slower than {SLOWEST_S:.0f} s",
        inputs >= wanted and not unexpected and again_s < SLOWEST_S,
        notes,
        _growth(small),
    )
