"""P6: 16 curves of 10 million samples each, panned, zoomed, and fed while they are panned.

The real trend view in a process of its own, 1,920 pixels wide, smooth curves and pure noise. Between
ours, the drawing floor: 1,920 columns a curve, drawn by nothing but `drawLines`; ready-made for
what is panned, found anew each time for what is zoomed, where no column can be kept. Beside it, stock pyqtgraph as a program: its defaults, and downsampling by peaks with clipping to the view.
Every figure is processor time a picture.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from peers import PeerMissing, python
from run import Result

PEERS = ("pyqtgraph",)
HERE = Path(__file__).resolve().parent
SIZES = (100_000, 1_000_000, 10_000_000)
SMALL_SIZES = (20_000, 50_000)
KINDS = ("smooth", "noise")
MOVING = ("pan", "zoom", "live while panning")
FLOORS = {"pan": "floor", "zoom": "floor, found and drawn"}
GOAL_P50_MS, GOAL_P99_MS, GOAL_FLOOR = 16.0, 33.0, 2.5
Rows = dict[str, list[float]]


def run(small: bool) -> Result:
    sizes, rounds = (SMALL_SIZES, 1) if small else (SIZES, 5)
    pictures = 10 if small else 40
    found = {
        (size, kind): _ours(size, kind, rounds if size == sizes[-1] else min(rounds, 2), pictures)
        for size in sizes
        for kind in KINDS
    }
    beside, notes, growth_beside = _stock(sizes, small)
    most = sizes[-1]
    ours = {
        f"{kind}: {name}": figures
        for kind in KINDS
        for name, figures in found[most, kind].items()
        if not name.startswith("floor")
    }
    floors = {
        f"{kind}: {floor}": found[most, kind][f"{floor}, p50"]
        for kind in KINDS
        for floor in sorted(set(FLOORS.values()))
    }
    slowest = max(median(ours[f"{kind}: {name}, p50"]) for kind in KINDS for name in MOVING)
    latest = max(median(ours[f"{kind}: {name}, p99"]) for kind in KINDS for name in MOVING)
    ratios = {
        (kind, name): median(
            a / b
            for a, b in zip(
                found[most, kind][f"{name}, p50"],
                found[most, kind][f"{FLOORS[name]}, p50"],
                strict=True,
            )
        )
        for kind in KINDS
        for name in FLOORS
    }
    worst = max(ratios.values())
    notes += [
        f"{kind}, {name}: {ratio:.2f} times the {FLOORS[name]}"
        for (kind, name), ratio in ratios.items()
    ]
    return Result(
        "trend",
        ours,
        floors | beside,
        f"ms a picture, 16 curves of {most:,} samples",
        worst,
        "p50 <= 16 ms, p99 <= 33 ms, <= 2.5 times the drawing floor",
        slowest <= GOAL_P50_MS and latest <= GOAL_P99_MS and worst <= GOAL_FLOOR,
        notes,
        growth={
            f"{kind}: {name}": {f"{size:,}": median(found[size, kind][name]) for size in sizes}
            for kind in KINDS
            for name in ("pan, p50", "zoom, p50", "live while panning, p50", "all anew, p50")
        }
        | growth_beside,
    )


def _ours(size: int, kind: str, rounds: int, pictures: int) -> Rows:
    return _program([sys.executable], "trend_view.py", size, kind, rounds, pictures)


def _stock(
    sizes: Sequence[int], small: bool
) -> tuple[Rows, list[str], dict[str, dict[str, float]]]:
    """Figures of the largest size by name, notes, and medians by size."""
    try:
        interpreter = [str(python("pyqtgraph"))]
    except PeerMissing as error:
        return {}, [str(error)], {}
    rows: Rows = {}
    growth: dict[str, dict[str, float]] = {}
    notes = []
    for mode in ("tuned",) if small else ("tuned", "defaults"):
        for size in sizes[-1:] if small else sizes:
            if mode == "defaults" and size > 1_000_000:
                # It draws each sample: half a minute a picture, and 16 GB.
                notes.append(f"pyqtgraph's defaults were measured up to {sizes[-2]:,} samples")
                continue
            # Pure noise with defaults takes minutes at any size worth naming.
            kind = "noise" if mode == "tuned" else "smooth"
            pictures = 2 if small else 15 if mode == "tuned" else 5
            figures = _program(interpreter, "trend_stock.py", size, kind, mode, pictures)
            for name, spent in figures.items():
                title = f"pyqtgraph {mode}, {kind}: {name}"
                rows[title] = spent
                growth.setdefault(title, {})[f"{size:,}"] = median(spent)
    return rows, notes, growth


def _program(interpreter: list[str], name: str, *arguments: object) -> Rows:
    path = os.pathsep.join((str(HERE.parent / "desktop"), str(HERE)))
    environment = {**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}
    if interpreter != [sys.executable]:
        del environment["PYTHONPATH"]
    done = subprocess.run(
        [*interpreter, str(HERE / "servers" / name), *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, check=True, timeout=170,
    )  # fmt: skip
    return dict(json.loads(done.stdout.decode().strip().splitlines()[-1]))
