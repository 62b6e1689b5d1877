"""P3: 20,000 values at once, again and again, into the whole window; beside the window at rest.

Stored is what the stores of the window hold: timed from the first to the last delivery of a burst,
so the server's sending is in it. Lateness is of a timer in the window's loop that is not the frame
clock, its worst from three seconds after the link was live.
"""

from __future__ import annotations

from statistics import median

from run import Result
from smooth import settled

GOAL_LATE_MS, GOAL_STORED_MS = 16.0, 150.0
PERIOD_S = 1.0


def run(small: bool) -> Result:
    seconds, rounds, size = (3.5, 1, 2_000) if small else (9.0, 5, 20_000)
    late: list[float] = []
    stored: list[float] = []
    beside: list[float] = []
    sizes: list[float] = []
    for _ in range(rounds):
        if not small:
            beside.append(settled(-1.0, 4.0)["settled"]["lateness_ms"]["max"])
        report = settled(size / PERIOD_S, seconds, burst=PERIOD_S, small=small)
        late.append(report["settled"]["lateness_ms"]["max"])
        stored.append(report["notes"]["bursts"]["ms"])
        sizes.append(report["notes"]["bursts"]["size"])
    growth = {f"{size:,}": median(stored)}
    late_growth = {f"{size:,}": median(late)}
    for other in () if small else (5_000, 50_000):
        report = settled(other / PERIOD_S, 6.0, burst=PERIOD_S)
        growth[f"{other:,}"] = report["notes"]["bursts"]["ms"]
        late_growth[f"{other:,}"] = report["settled"]["lateness_ms"]["max"]
    return Result(
        "burst",
        {"worst lateness, ms": late, "burst stored, ms": stored},
        {"worst lateness, at rest, ms": beside},
        "ms",
        median(late),
        f"worst lateness < {GOAL_LATE_MS:.0f} ms, all stored < {GOAL_STORED_MS:.0f} ms",
        median(late) < GOAL_LATE_MS and median(stored) < GOAL_STORED_MS,
        [f"{median(sizes):,.0f} values in a burst (asked for {size:,})"],
        growth={"burst stored, ms": growth, "worst lateness, ms": late_growth},
    )
