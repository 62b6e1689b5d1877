"""P7: a million tags from the browse's answer to the painted tree, its stalls, memory and search.

The real tag browser on a real link with TLS in a process of its own; the server has its answer
ready in another one. Beside it: QStandardItemModel with a QTreeView, which gets its names for
nothing: no network, no decoding. Stalls are the lateness of a 4 ms timer in the window's loop.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from run import Result

HERE = Path(__file__).resolve().parent
SIZES = (10_000, 100_000, 1_000_000)
SMALL_SIZES = (3_000,)
GROWING = (
    "all names painted, ms", "first names painted, ms", "worst stall, ms", "bytes a tag",
    "bytes alone, ms", "kept names painted, ms", "keystroke inside, ms", "keystroke rare, ms",
)  # fmt: skip


def run(small: bool) -> Result:
    sizes, rounds = (SMALL_SIZES, 1) if small else (SIZES, 5)
    ours: dict[int, dict[str, list[float]]] = {size: defaultdict(list) for size in sizes}
    beside: dict[int, dict[str, list[float]]] = {size: defaultdict(list) for size in sizes}
    for size in sizes:
        with names_server(size) as ready:
            # The smaller ones are there for the slope.
            for number in range(rounds if size == sizes[-1] else min(rounds, 3)):
                with tempfile.TemporaryDirectory() as folder:
                    for mode in ([], ["kept"], ["bytes"]):
                        _add(ours[size], _program("tree_window.py", json.dumps(ready), folder, *mode), mode)  # fmt: skip
                # A million items take the bare model ten seconds: twice is enough to see it.
                if number < 2 or size < SIZES[-1]:
                    _add(beside[size], _program("item_model.py", str(size)), [])
    most = sizes[-1]
    painted, stall, used = (
        median(ours[most][name])
        for name in ("all names painted, ms", "worst stall, ms", "bytes a tag")
    )
    keys = [median(figures) for name, figures in ours[most].items() if name.startswith("keystroke")]
    bare = median(beside[most]["all names painted, ms"])
    return Result(
        "tree",
        {name: figures for name, figures in ours[most].items() if name not in ("names",) and not name.startswith("hits")},
        {name: figures for name, figures in beside[most].items() if name != "hits"},
        f"{most:,} tags",
        bare / painted,
        "painted < 1,000 ms, no stall > 33 ms, <= 150 bytes a tag, keystroke <= 50 ms",
        painted < 1000 and stall <= 33 and used <= 150 and max(keys) <= 50,
        [
            f"processor time of the whole browse {median(ours[most]['processor time, ms']):.0f} ms",
            f"the bytes alone take {median(ours[most]['bytes alone, ms']):.0f} ms to arrive over TLS,"
            f" {median(ours[most]['bytes alone, processor time, ms']):.0f} ms of processor time",
            f"kept names are painted {median(ours[most]['kept names painted, ms']):.0f} ms after the start",
        ],
        growth={
            name: {f"{size:,}": median(ours[size][name]) for size in sizes}
            for name in GROWING
            if all(ours[size][name] for size in sizes)
        }
        | {
            "QStandardItemModel painted, ms": {
                f"{size:,}": median(beside[size]["all names painted, ms"]) for size in sizes
            }
        },
    )  # fmt: skip


def _add(rows: dict[str, list[float]], figures: dict[str, Any], mode: list[str]) -> None:
    for name, figure in figures.items():
        # Searching and memory are judged where names came from the server, not from the disk.
        if not mode or mode[0] in name:
            rows[name].append(float(figure))


def _program(name: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HERE / "servers" / name), *arguments],
        env=_environment(), stdout=subprocess.PIPE, check=True, timeout=120, cwd=HERE.parent / "desktop",
    )  # fmt: skip
    return dict(json.loads(done.stdout.decode().strip().splitlines()[-1]))


@contextmanager
def names_server(count: int) -> Iterator[dict[str, Any]]:
    """The server with so many names; what it says when it is ready."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "servers" / "names.py"), "--tags", str(count), "--rate", "-1"],
        env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE.parent / "desktop",
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.communicate(timeout=20)


def _environment() -> dict[str, str]:
    path = os.pathsep.join((str(HERE.parent / "desktop"), str(HERE)))
    return {**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}
