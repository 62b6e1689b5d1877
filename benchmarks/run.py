"""Run benchmarks: python3 dev.py bench NAME [--small] [--json]; "all" runs each.

A benchmark is a module here with ``run(small: bool) -> Result``. Each measures a peer or a bare
baseline in the same run, because only ratios hold on a noisy machine. They are never tests.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


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
    """

    benchmark: str
    ours: dict[str, list[float]]
    beside: dict[str, list[float]]
    unit: str
    ratio: float
    goal: str
    met: bool
    notes: list[str] = field(default_factory=list)

    def table(self) -> str:
        lines = [
            f"{self.benchmark}  [{self.unit}]",
            f"{'':<34}{'min':>12}{'median':>12}{'max':>12}",
        ]
        for group, rows in (("ours", self.ours), ("beside", self.beside)):
            for name, figures in rows.items():
                low, middle, high = min(figures), statistics.median(figures), max(figures)
                lines.append(f"{group + ': ' + name:<34}{low:>12.4g}{middle:>12.4g}{high:>12.4g}")
        lines += [
            f"ratio {self.ratio:.3g}, goal {self.goal}: {'met' if self.met else 'NOT met'}",
            *self.notes,
        ]
        return "\n".join(lines)


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("run", "peers"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[*names(), "all"])
    parser.add_argument("--json", action="store_true", help="the JSON line alone")
    parser.add_argument(
        "--small", action="store_true", help="a short run, only to see that it works"
    )
    options = parser.parse_args()
    for name in names() if options.name == "all" else [options.name]:
        result: Result = importlib.import_module(name).run(options.small)
        if not options.json:
            print(result.table(), flush=True)
        print(json.dumps(asdict(result)), flush=True)
    return 0


if __name__ == "__main__":
    # Benchmarks import Result from here: one module, not a second copy under another name.
    sys.modules["run"] = sys.modules["__main__"]
    raise SystemExit(main())
