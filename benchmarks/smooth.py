"""P2: 20,000 changes a second on show in the whole window, beside the same window at rest.

All four panels are open: the tag tree unfolded, eight curves, the other tags as setpoints, alarms;
so all 1,000 tags are subscribed. The figures are those of ``settled`` in the window's report:
processor time a second from three seconds after the link was live, and lateness of a timer that is
not the frame clock.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from run import Result
from servers import firehose
from servers.desk import SETTLE_MS, SHORT_SETTLE_MS, noted_window

TAGS, CURVES = 1000, 8
GOAL_SHARE, GOAL_LATE_MS = 0.30, 5.0


def settled(
    rate: float, seconds: float, *, burst: float = 0.0, small: bool = False
) -> dict[str, Any]:
    """The window on a server that sends so many changes a second, for so long once it has settled;
    its report."""
    settle_ms = SHORT_SETTLE_MS if small else SETTLE_MS
    with firehose(tags=TAGS, rate=rate, burst=burst) as ready:
        names = ready["tag_names"]
        return noted_window(
            ready, seconds, trend=names[:CURVES], setpoints=names[CURVES:], settle_ms=settle_ms
        )


def share(report: dict[str, Any]) -> float:
    """Cores in use once settled."""
    return float(report["settled"]["cpu_seconds"] / report["settled"]["seconds"])


def run(small: bool) -> Result:
    seconds, rounds, rate = (1.5, 1, 2_000.0) if small else (7.0, 5, 20_000.0)
    shares: dict[str, list[float]] = {"busy": [], "at rest": []}
    late: dict[str, list[float]] = {"busy": [], "at rest": []}
    received: list[float] = []
    for _ in range(rounds):
        for kind, changes in (("at rest", -1.0), ("busy", rate)):
            if small and kind == "at rest":
                continue
            report = settled(changes, seconds, small=small)
            shares[kind].append(share(report))
            late[kind].append(report["settled"]["lateness_ms"]["p99"])
            if kind == "busy":
                received.append(report["settled"]["values_received"] / report["settled"]["seconds"])
    at_rest = median(shares["at rest"] or [0.0])
    more = median(shares["busy"]) - at_rest
    growth = {f"{rate:,.0f}/s": more}
    if not small:
        for other in (5_000.0, 50_000.0):
            growth[f"{other:,.0f}/s"] = share(settled(other, seconds)) - at_rest
    return Result(
        "smooth",
        {"cores, busy": shares["busy"], "p99 lateness, busy, ms": late["busy"]},
        {"cores, at rest": shares["at rest"], "p99 lateness, at rest, ms": late["at rest"]},
        "cores and ms",
        more,
        f"<= {GOAL_SHARE} of a core more than at rest, p99 lateness < {GOAL_LATE_MS} ms",
        more <= GOAL_SHARE and median(late["busy"]) < GOAL_LATE_MS,
        [f"{median(received):,.0f} values a second reached the window (asked for {rate:,.0f})"],
        growth={"cores more than at rest": growth},
    )
