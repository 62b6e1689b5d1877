"""P4: a server that never stops sending, faster than can be taken; beside the window at rest.

Lateness is of a timer in the window's loop that is not the frame clock, its worst from three
seconds after the link was live; memory is what the process held then and at the end. What a newer
value has replaced before it could be shown is counted, and shown in the status bar.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from run import Result
from smooth import settled

GOAL_LATE_MS, GOAL_GROWTH = 33.0, 0.03
ENDLESS = 0.0


def growth_of(report: dict[str, Any]) -> float:
    """How much of its memory the window gained once settled."""
    began, ended = report["settled"]["rss_mb"]
    return float(ended / began - 1) if began else 0.0


def run(small: bool) -> Result:
    seconds, rounds = (1.5, 1) if small else (10.0, 5)
    ours: dict[str, list[float]] = {
        "worst lateness, ms": [], "p99 lateness, ms": [], "memory at the end, MB": [],
        "memory gained, share": [], "received, values/s": [], "coalesced, values/s": [],
    }  # fmt: skip
    beside: dict[str, list[float]] = {"worst lateness, at rest, ms": [], "memory, at rest, MB": []}
    for _ in range(rounds):
        if not small:
            report = settled(-1.0, 4.0)
            beside["worst lateness, at rest, ms"].append(report["settled"]["lateness_ms"]["max"])
            beside["memory, at rest, MB"].append(report["settled"]["rss_mb"][1])
        report = settled(ENDLESS, seconds, small=small)
        part = report["settled"]
        ours["worst lateness, ms"].append(part["lateness_ms"]["max"])
        ours["p99 lateness, ms"].append(part["lateness_ms"]["p99"])
        ours["memory at the end, MB"].append(part["rss_mb"][1])
        ours["memory gained, share"].append(growth_of(report))
        ours["received, values/s"].append(part["values_received"] / part["seconds"])
        ours["coalesced, values/s"].append(part["values_coalesced"] / part["seconds"])
    lengths = {f"{seconds:.0f} s": median(ours["memory gained, share"])}
    for longer in () if small else (5.0, 25.0):
        lengths[f"{longer:.0f} s"] = growth_of(settled(ENDLESS, longer))
    worst, gained = median(ours["worst lateness, ms"]), median(ours["memory gained, share"])
    coalesced = median(ours["coalesced, values/s"])
    return Result(
        "flood",
        ours,
        beside,
        "ms, MB and values/s",
        worst,
        f"worst lateness < {GOAL_LATE_MS:.0f} ms, memory flat (< {GOAL_GROWTH:.0%}), counted",
        worst < GOAL_LATE_MS and gained < GOAL_GROWTH and coalesced > 0,
        ["the curves of eight tags grow as they should: that is in the memory gained"],
        growth={"memory gained in a run of": lengths},
    )
