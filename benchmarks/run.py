"""Run benchmarks: python3 dev.py bench NAME [--small] [--json]; "all" runs each.

A benchmark is a module here with ``run(small: bool) -> Result``. Each measures a peer or a bare
baseline in the same run, because only ratios hold on a noisy machine. They are never tests.
What a module measures is told by its docstring; the programs of others that it runs beside ours
are named by its constant ``PEERS`` (see peers.py).
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def spread(figures: Sequence[float]) -> dict[str, float]:
    """Least, middle and most of several runs, and how many they were."""
    if not figures:
        return {"min": 0.0, "median": 0.0, "max": 0.0, "runs": 0}
    return {
        "min": min(figures),
        "median": statistics.median(figures),
        "max": max(figures),
        "runs": len(figures),
    }


@dataclass
class Result:
    """What a benchmark found.

    Args:
        benchmark: its name.
        ours, beside: figures of several runs by name.
        unit: of the figures.
        ratio: the one figure to look at.
        goal: what the ratio should be, in words.
        met: whether it is.
        notes: what else a reader must know: a peer that was not there, what limits the figure.
        growth: medians by size, by figure: ``{"build, ms": {"10,000": 1.2, "100,000": 13.0}}``.
    """

    benchmark: str
    ours: dict[str, list[float]]
    beside: dict[str, list[float]]
    unit: str
    ratio: float
    goal: str
    met: bool
    notes: list[str] = field(default_factory=list)
    growth: dict[str, dict[str, float]] = field(default_factory=dict)

    def table(self) -> str:
        """For people: every figure's spread, growth by size, the ratio and the notes."""
        wide = max((len(name) for name in (*self.ours, *self.beside)), default=0) + 10
        lines = [
            f"{self.benchmark}  [{self.unit}]",
            f"{'':<{wide}}{'min':>12}{'median':>12}{'max':>12}{'runs':>6}",
        ]
        for group, rows in (("ours", self.ours), ("beside", self.beside)):
            for name, figures in rows.items():
                if not figures:
                    continue
                of = spread(figures)
                lines.append(
                    f"{group + ': ' + name:<{wide}}{of['min']:>12.4g}{of['median']:>12.4g}"
                    f"{of['max']:>12.4g}{of['runs']:>6}"
                )
        for name, by_size in self.growth.items():
            steps = "   ".join(f"{size}: {middle:.4g}" for size, middle in by_size.items())
            lines.append(f"growth of {name}   {steps}")
        lines += [
            f"ratio {self.ratio:.3g}, goal {self.goal}: {'met' if self.met else 'NOT met'}",
            *self.notes,
        ]
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """For machines: the JSON line that every run ends with."""
        return {
            "benchmark": self.benchmark,
            "ours": {name: spread(figures) for name, figures in self.ours.items()},
            "beside": {name: spread(figures) for name, figures in self.beside.items()},
            "ratio": self.ratio,
            "goal": self.goal,
            "met": bool(self.met),
            "unit": self.unit,
            "growth": self.growth,
            "notes": self.notes,
        }


def names() -> list[str]:
    """Every module here that is a benchmark."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if "\ndef run(small: bool" in path.read_text(encoding="utf-8")
    )


def main() -> int:
    options = parse()
    if options.peers:
        return make_peers()
    if options.paper:
        importlib.import_module("paper").write()
        return 0
    given = [word for word in ("json", "small", "compressed") if getattr(options, word)]
    words = [f"--{word}" for word in given]
    if options.minutes is not None:
        words += ["--minutes", str(options.minutes)]
    if options.name == "all" or options.record:
        conductor = importlib.import_module("conduct")
        chosen = [options.name]
        if options.name == "all":
            # What takes half an hour has a run of its own; small it is as quick as the others.
            chosen = [
                one for one in names() if options.small or not conductor.constant(one, "LONG")
            ]
        limit_s = options.minutes * 60 + 300 if options.minutes is not None else 0.0
        if options.name != "all" and not options.small and not limit_s:
            limit_s = float(conductor.constant(options.name, "LIMIT_S") or 0)
        return int(
            conductor.conduct(
                chosen, words, record=options.record, small=options.small, limit_s=limit_s
            )
        )
    return run_here(options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=[*names(), "all"])
    parser.add_argument("--json", action="store_true", help="the JSON line alone")
    parser.add_argument(
        "--small", action="store_true", help="a short run, only to see that it works"
    )
    parser.add_argument("--minutes", type=float, help="soak: how long")
    parser.add_argument("--compressed", action="store_true", help="soak: 20 times the changes")
    parser.add_argument(
        "--record", action="store_true",
        help="install the programs that it runs beside ours, keep the result in benchmarks/results\n"
        "and write docs/performance.md; dev.py adds this",
    )  # fmt: skip
    parser.add_argument(
        "--peers", action="store_true", help="only install all programs that run beside ours"
    )
    parser.add_argument(
        "--paper", action="store_true", help="only write docs/performance.md from the results"
    )
    options = parser.parse_args()
    if options.name is None and not (options.peers or options.paper):
        parser.error("name a benchmark, or “all”")
    return options


def make_peers() -> int:
    """Install all programs that run beside ours; 1 when one of them cannot be."""
    peers = importlib.import_module("peers")
    problems = [said for kind in peers.KINDS if (said := peers.make(kind))]
    for said in problems:
        print(said, file=sys.stderr)
    return int(bool(problems))


def run_here(options: argparse.Namespace) -> int:
    """Run one benchmark in this process and print what it found."""
    more = {"compressed": True} if options.compressed else {}
    if options.minutes is not None:
        more["minutes"] = options.minutes
    result: Result = importlib.import_module(options.name).run(options.small, **more)
    if not options.json:
        print(result.table(), flush=True)
    print(json.dumps(result.document(), ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    # Benchmarks import Result from here: one module, not a second copy under another name.
    sys.modules["run"] = sys.modules["__main__"]
    raise SystemExit(main())
