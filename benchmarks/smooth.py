"""P2: 20,000 changes a second on show in the whole window, beside the same window at rest.

The figure is processor time a second more than the idle window's. Start and end are taken out by
running each twice, short and long. Lateness is of a 16 ms timer in the window's own loop.
"""

from __future__ import annotations

from statistics import median

from run import Result
from servers import firehose
from servers.desk import run_window, steady

GOAL_SHARE, GOAL_LATE_MS = 0.30, 5.0


def run(small: bool) -> Result:
    short, long, rounds = (6.0, 9.0, 1) if small else (8.0, 20.0, 5)
    rate = 2_000.0 if small else 20_000.0
    shares: dict[str, list[float]] = {"busy": [], "at rest": []}
    late: list[float] = []
    values = 0.0
    for _ in range(rounds):
        for kind, changes in (("at rest", -1.0), ("busy", rate)):
            with firehose(tags=1000, rate=changes) as ready:
                names = ready["tag_names"]
                first = run_window(ready, short, trend=names[:8], setpoints=names[8:508])
                second = run_window(ready, long, trend=names[:8], setpoints=names[8:508])
            shares[kind].append(steady(first, second, "cpu_seconds", long - short))
            if kind == "busy":
                late.append(second["lateness_ms"]["p99"])
                values = steady(first, second, "values_received", long - short)
    more = median(shares["busy"]) - median(shares["at rest"])
    return Result(
        "smooth",
        {"share of a core, busy": shares["busy"], "p99 lateness, ms": late},
        {"share of a core, at rest": shares["at rest"]},
        "cores and ms",
        more,
        f"<= {GOAL_SHARE} of a core more, p99 lateness < {GOAL_LATE_MS} ms",
        more <= GOAL_SHARE and median(late) < GOAL_LATE_MS,
        [f"{values:.0f} values a second reached the window (asked for {rate:.0f})"],
    )
