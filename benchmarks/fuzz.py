"""A million mutated answers and frames through every decoder; what comes out, and how quickly.

The engine is that of tests/faults: each input takes the ways that the link itself takes.
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

from run import Result

TESTS = Path(__file__).resolve().parent.parent / "tests"
GOAL = 1_000_000
SMALL = 20_000
FIRST_SEED = 20_260_618
SLICE = 50_000
PROCESSES = 2
SLOWEST_S = 2.0


# Results travel between the processes: both sides must know their class.
sys.path.insert(0, str(TESTS))


def _one_slice(task: tuple[int, int]) -> object:
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


def run(small: bool) -> Result:
    wanted = SMALL if small else GOAL
    slice_ = min(SLICE, wanted // PROCESSES)
    tasks = [(FIRST_SEED + number, slice_) for number in range(-(-wanted // slice_))]
    began = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.map(_one_slice, tasks, chunksize=1)
    seconds = time.perf_counter() - began
    inputs = sum(one.inputs for one in found)  # type: ignore[attr-defined]
    kinds: Counter[str] = Counter()
    for one in found:
        kinds.update(one.kinds)  # type: ignore[attr-defined]
    unexpected = [entry for one in found for entry in one.unexpected]  # type: ignore[attr-defined]
    slowest = max(found, key=lambda one: one.slowest_s)  # type: ignore[attr-defined]
    notes = [
        f"{inputs:,} inputs in {seconds:.0f} s with {PROCESSES} processes",
        "came out: " + ", ".join(f"{name} {count:,}" for name, count in kinds.most_common()),
        f"slowest input: {slowest.slowest_s * 1000:.0f} ms ({slowest.slowest})",  # type: ignore[attr-defined]
        f"unexpected: {len(unexpected)}",
        *(f"  {name}: {problem} for {data[:200]!r}" for name, problem, data in unexpected[:10]),
    ]
    return Result(
        "fuzz",
        {"decoders, one process": [one.inputs / one.seconds for one in found]},  # type: ignore[attr-defined]
        {"json.loads alone": [_json_alone(2_000 if small else 20_000) for _ in range(3)]},
        "inputs/s",
        inputs / wanted,
        f">= 1 time {wanted:,} inputs, nothing unexpected, none slower than {SLOWEST_S:.0f} s",
        inputs >= wanted and not unexpected and slowest.slowest_s < SLOWEST_S,  # type: ignore[attr-defined]
        notes,
    )
