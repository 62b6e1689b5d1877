"""P1: values a second that reach Python code from an endless flood over TLS, each client alone.

Ours is ``tagwerk watch --count-only`` as it is: values decoded, put into the slots of a window and
taken out 30 times a second. Beside it run gql (the well-kept GraphQL client), and the shape that
the public Python client for WinCC Unified has: aiohttp, json, an awaited handler and an awaited
callback for each message. Same server, same names, same span, one after the other in each round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from peers import PeerMissing, python
from run import Result
from servers import firehose

PEERS = ("unified",)
HERE = Path(__file__).resolve().parent
CLIENTS = {"gql": "gql", "aiohttp": "aiohttp + json"}
GOAL_GQL, GOAL_JSON = 6, 5


def ours(ready: dict[str, Any], names: list[str], seconds: float) -> dict[str, float]:
    """What ``watch --count-only --json`` prints."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "names.txt"
        listed.write_text("\n".join(names), encoding="utf-8")
        done = subprocess.run(
            [
                sys.executable, "-m", "tagwerk", "watch", ready["url"], "--names-from", str(listed),
                "--user", ready["user"], "--ca", ready["ca"], "--for", str(seconds),
                "--count-only", "--json",
            ],
            env={**os.environ, "TAGWERK_PASSWORD": ready["password"]},
            capture_output=True, text=True, check=True, cwd=HERE.parent / "desktop",
        )  # fmt: skip
    return dict(json.loads(done.stdout))


def beside(
    interpreter: Path, kind: str, ready: dict[str, Any], names: list[str], seconds: float
) -> dict[str, float]:
    """What another client counts, in its own environment."""
    order = json.dumps({**ready, "tag_names": names, "seconds": seconds})
    done = subprocess.run(
        [str(interpreter), str(HERE / "servers" / "readers.py"), kind],
        input=order, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def measure(tags: int, seconds: float) -> dict[str, float]:
    """Ours on a server with so many tags."""
    with firehose(tags=tags) as ready:
        return ours(ready, ready["tag_names"], seconds)


def run(small: bool) -> Result:
    tags, seconds, rounds = (100, 1.0, 1) if small else (2000, 4.0, 5)
    notes: list[str] = []
    interpreter = None
    try:
        interpreter = python("unified")
    except PeerMissing as problem:
        notes.append(str(problem))
    mine: dict[str, list[float]] = {
        "tagwerk watch, values/s": [],
        "tagwerk watch, us of CPU each": [],
    }
    memory: list[float] = []
    theirs: dict[str, list[float]] = {}
    for _ in range(rounds):
        figures = measure(tags, seconds)
        mine["tagwerk watch, values/s"].append(figures["per_second"])
        mine["tagwerk watch, us of CPU each"].append(
            figures["cpu_seconds"] * 1e6 / max(figures["received"], 1)
        )
        memory.append(figures["peak_rss_mb"])
        for kind, name in CLIENTS.items() if interpreter is not None else ():
            with firehose(tags=tags) as ready:
                got = beside(interpreter, kind, ready, ready["tag_names"], seconds)
            theirs.setdefault(f"{name}, values/s", []).append(got["received"] / got["seconds"])
            theirs.setdefault(f"{name}, us of CPU each", []).append(
                got["cpu_seconds"] * 1e6 / max(got["received"], 1)
            )
    mine["tagwerk watch, memory MB"] = memory
    rate = median(mine["tagwerk watch, values/s"])
    ratios = {
        name: rate / median(figures)
        for name, figures in theirs.items()
        if name.endswith("values/s")
    }  # fmt: skip
    to_gql = ratios.get("gql, values/s", 0.0)
    to_json = ratios.get("aiohttp + json, values/s", 0.0)
    grown = {tags: figures} if small else {n: measure(n, seconds) for n in (200, 2_000, 20_000)}
    return Result(
        "ingest",
        mine,
        theirs,
        "values/s, us and MB",
        to_json,
        f">= {GOAL_JSON} times aiohttp + json and >= {GOAL_GQL} times gql; memory bounded",
        to_gql >= GOAL_GQL and to_json >= GOAL_JSON,
        [
            *notes,
            f"{to_json:.2f} times aiohttp + json, {to_gql:.2f} times gql",
            "server, TLS and client share the cores: where the client is fast, the server's sending "
            "is the limit, so the processor time of a value says more",
        ],
        growth={
            "values/s": {f"{size:,} tags": one["per_second"] for size, one in grown.items()},
            "memory, MB": {f"{size:,} tags": one["peak_rss_mb"] for size, one in grown.items()},
        },
    )
