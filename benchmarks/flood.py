"""P3 and P4: the window while a server sends 20,000 values at once, and while it never stops.

Lateness is of a 16 ms timer in the window's own loop, its worst once connected; memory is what the
process had at most, beside the same window at rest.
"""

from __future__ import annotations

from statistics import median

from run import Result
from servers import firehose
from servers.desk import run_window

SHAPES = {"at rest": (-1.0, 0.0), "20,000 a second at once": (20_000.0, 1.0), "endless": (0.0, 0.0)}


def run(small: bool) -> Result:
    seconds, rounds = (6.0, 1) if small else (20.0, 5)
    worst: dict[str, list[float]] = {name: [] for name in SHAPES}
    memory: dict[str, list[float]] = {name: [] for name in SHAPES}
    for _ in range(rounds):
        for name, (rate, burst) in SHAPES.items():
            with firehose(tags=1000, rate=rate, burst=burst) as ready:
                tags = ready["tag_names"]
                report = run_window(ready, seconds, trend=tags[:8], setpoints=tags[8:508])
            worst[name].append(report["lateness_ms"]["p99"])
            memory[name].append(report["peak_rss_mb"])
    burst_ms, endless_ms = median(worst["20,000 a second at once"]), median(worst["endless"])
    growth = median(memory["endless"]) / median(memory["at rest"])
    return Result(
        "flood",
        {f"p99 lateness, {name}": worst[name] for name in list(SHAPES)[1:]}
        | {f"memory MB, {name}": memory[name] for name in list(SHAPES)[1:]},
        {"p99 lateness, at rest": worst["at rest"], "memory MB, at rest": memory["at rest"]},
        "ms and MB",
        growth,
        "burst < 16 ms, endless < 33 ms, memory flat (<= 1.3 times at rest)",
        burst_ms < 16 and endless_ms < 33 and growth <= 1.3,
        ["p99 and not the worst: the one stall of opening a plant is in the whole run's worst"],
    )
