"""P5: 1,000 tags that change ten times a second, some 500 of them in sight; beside other desks.

Ours is the whole window, so tall that the unfolded tag tree shows nearly 500 rows; the other tags
are subscribed and out of sight. A note-taker counts what arrived for the rows in sight and what was
painted of it, and how old a value was then by the server's time stamp. Beside it opcua-client (the
OPC UA browser that engineers use; its own server, its own way to subscribe) with as many variables,
and PyDM with 500 labels on an EPICS server. Their servers put the time of writing into the values.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from peers import PeerMissing, python
from run import Result
from servers import firehose
from servers.desk import SETTLE_MS, SHORT_SETTLE_MS, noted_window

PEERS = ("opcua", "epics")
HERE = Path(__file__).resolve().parent / "servers"
TAGS, HERTZ, LABELS = 1000, 10, 500
PEER_LIMIT_S = 12.0
"""More than a peer needs to connect; one that has shown nothing by then has stopped."""
GOAL_LAG_MS, GOAL_CORES = 50.0, 0.30
_EPICS = {
    "EPICS_CA_ADDR_LIST": "127.0.0.1", "EPICS_CA_AUTO_ADDR_LIST": "NO",
    "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
}  # fmt: skip


def ours(tags: int, seconds: float, *, small: bool = False) -> dict[str, float]:
    """The window on so many tags; half of them in sight."""
    with firehose(tags=tags, rate=tags * HERTZ) as ready:
        height = 200 + tags * 11
        report = noted_window(
            ready, seconds, size=f"1200x{max(height, 800)}", also=ready["tag_names"][tags // 2 :],
            settle_ms=SHORT_SETTLE_MS if small else SETTLE_MS,
        )  # fmt: skip
    part, notes = report["settled"], report["notes"]
    return {
        "cores": part["cpu_seconds"] / part["seconds"],
        "lag_ms": notes["lag_ms"]["p50"],
        "lag_p99_ms": notes["lag_ms"]["p99"],
        # What arrived in the last frame is not painted yet.
        "lost": max(notes["arrived"] - notes["shown"] - notes["visible"], 0)
        / max(notes["arrived"], 1),
        "visible": notes["visible"],
    }


@contextmanager
def serving(command: list[str]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A server in a process of its own: its first line, and a place for its last one."""
    last: dict[str, Any] = {}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env={**os.environ, **_EPICS},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), last
        finally:
            process.stdin.close()
            try:
                last.update(json.loads(process.stdout.readline() or "{}"))
                process.wait(10)
            finally:
                process.kill()


def shown(command: list[str], limit_s: float) -> dict[str, float]:
    """What a peer's window printed; its processor time by /proc where it answered nothing in time."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **_EPICS, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    began = time.perf_counter()
    try:
        said, _ = process.communicate(timeout=limit_s)
        return dict(json.loads(said.strip().splitlines()[-1]))
    except subprocess.TimeoutExpired:
        cores = processor_s(process.pid) / (time.perf_counter() - began)
        return {"shown_a_second": 0.0, "lag_ms": limit_s * 1000, "cores": cores, "frozen": 1.0}
    finally:
        process.kill()
        process.communicate()


def processor_s(pid: int) -> float:
    """Processor time that a process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def beside(kind: str, count: int, seconds: float) -> dict[str, float]:
    """One run of a peer with so many variables."""
    interpreter = str(python(kind))
    script = str(HERE / f"{kind}_fields.py")
    where = ["tagwerk:"] if kind == "epics" else []
    with serving([interpreter, script, "serve", *where, str(count), str(HERTZ)]) as (ready, last):
        address = where or [ready["url"]]
        figures = shown(
            [interpreter, script, "show", *address, str(count), str(seconds)],
            PEER_LIMIT_S + seconds,
        )
    sent = float(last.get("a_second", count * HERTZ))
    return {**figures, "sent": sent, "lost": max(1 - figures["shown_a_second"] / sent, 0.0)}


def run(small: bool) -> Result:
    tags, seconds, rounds, peer_rounds = (100, 1.5, 1, 0) if small else (TAGS, 6.0, 5, 3)
    notes: list[str] = []
    mine: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    last: dict[str, float] = {}
    for turn in range(rounds):
        last = ours(tags, seconds, small=small)
        for name, key in (
            ("cores", "cores"), ("lag, ms", "lag_ms"), ("lag p99, ms", "lag_p99_ms"),
            ("share lost", "lost"),
        ):  # fmt: skip
            mine.setdefault(name, []).append(last[key])
        if turn >= peer_rounds:
            continue
        for kind, tool, count in (
            ("opcua", f"opcua-client {tags}", tags), ("epics", f"PyDM {LABELS}", LABELS),
        ):  # fmt: skip
            try:
                got = beside(kind, count, 4.0)
            except PeerMissing as problem:
                if str(problem) not in notes:
                    notes.append(str(problem))
                continue
            for name, key in (("cores", "cores"), ("lag, ms", "lag_ms"), ("share lost", "lost")):
                theirs.setdefault(f"{tool}: {name}", []).append(got[key])
            if got.get("frozen"):
                notes.append(f"{tool}: its window answered nothing for {PEER_LIMIT_S + 4:.0f} s")
    growth = {f"{tags:,} tags": median(mine["cores"])}
    lag = {f"{tags:,} tags": median(mine["lag, ms"])}
    for other in () if small else (250, 500):
        got = ours(other, seconds)
        growth[f"{other:,} tags"], lag[f"{other:,} tags"] = got["cores"], got["lag_ms"]
    cores, late = median(mine["cores"]), median(mine["lag, ms"])
    lost = median(mine["share lost"])
    return Result(
        "fields",
        mine,
        theirs,
        "cores, ms, share",
        cores,
        f"no update lost, lag <= {GOAL_LAG_MS:.0f} ms, <= {GOAL_CORES} of a core",
        last["visible"] > 0 and lost == 0 and late <= GOAL_LAG_MS and cores <= GOAL_CORES,
        [*notes, f"{last['visible']:.0f} tags in sight of {tags:,}, each {HERTZ} times a second"],
        growth={"cores": growth, "lag, ms": lag},
    )
