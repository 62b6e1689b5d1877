"""P11: the connected window with nothing changing: share of a core, and memory with 1,000 tags.

Beside it the same window on the welcome page. Two runs, short and long, take the start out.
"""

from __future__ import annotations

from statistics import median

from run import Result
from servers import firehose
from servers.desk import run_welcome, run_window, steady


def run(small: bool) -> Result:
    short, long, rounds = (6.0, 9.0, 1) if small else (8.0, 23.0, 5)
    shares: dict[str, list[float]] = {"connected": [], "welcome page": []}
    memory: list[float] = []
    for _ in range(rounds):
        with firehose(tags=1000, rate=-1.0) as ready:
            tags = ready["tag_names"][:500]
            first = run_window(ready, short, setpoints=tags)
            second = run_window(ready, long, setpoints=tags)
        shares["connected"].append(steady(first, second, "cpu_seconds", long - short))
        memory.append(second["peak_rss_mb"])
        first, second = run_welcome(short), run_welcome(long)
        shares["welcome page"].append(steady(first, second, "cpu_seconds", long - short))
    share = median(shares["connected"])
    return Result(
        "idle",
        {"share of a core": shares["connected"], "memory, MB": memory},
        {"share of a core, welcome page": shares["welcome page"]},
        "cores and MB",
        share,
        "< 0.01 of a core, < 180 MB",
        share < 0.01 and median(memory) < 180,
    )
