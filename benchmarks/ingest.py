"""P1: values a second that reach Python code from an endless flood over TLS, each client alone.

Ours is ``tagwerk watch --count-only`` as it is. Beside it run gql (the well-kept GraphQL client),
and the loop that most programs in the field are made of: aiohttp with json. Same server, same
names, same span, one after the other in each round.
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

from run import Result
from servers import firehose

HERE = Path(__file__).resolve().parent


def ours(ready: dict[str, Any], names: list[str], seconds: float) -> dict[str, float]:
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


def beside(kind: str, ready: dict[str, Any], names: list[str], seconds: float) -> dict[str, float]:
    order = json.dumps({**ready, "tag_names": names, "seconds": seconds})
    done = subprocess.run(
        [sys.executable, str(HERE / "servers" / "readers.py"), kind],
        input=order, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def run(small: bool) -> Result:
    tags, seconds, rounds = (100, 1.0, 1) if small else (2000, 5.0, 5)
    rates: dict[str, list[float]] = {"tagwerk watch": [], "gql": [], "aiohttp + json": []}
    memory, coalesced = 0.0, 0.0
    for _ in range(rounds):
        with firehose(tags=tags) as ready:
            names = ready["tag_names"]
            mine = ours(ready, names, seconds)
            rates["tagwerk watch"].append(mine["received"] / mine["seconds"])
            memory = max(memory, mine["peak_rss_mb"])
            coalesced += mine["coalesced"]
        for kind, name in (("gql", "gql"), ("aiohttp", "aiohttp + json")):
            with firehose(tags=tags) as ready:
                theirs = beside(kind, ready, names, seconds)
                rates[name].append(theirs["received"] / theirs["seconds"])
    mine_rate = median(rates["tagwerk watch"])
    to_gql = mine_rate / median(rates["gql"])
    to_json = mine_rate / median(rates["aiohttp + json"])
    return Result(
        "ingest",
        {"tagwerk watch": rates.pop("tagwerk watch")},
        rates,
        "values/s",
        to_gql,
        ">= 6 times gql and >= 5 times aiohttp + json",
        to_gql >= 6 and to_json >= 5,
        [
            f"beside aiohttp + json: {to_json:.2f} times",
            f"most memory of ours: {memory:.0f} MB; coalesced {coalesced:.0f}",
            "server, TLS and client share two cores; the server's sending is part of the limit",
        ],
    )
