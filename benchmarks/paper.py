"""docs/performance.md, written from the results that are kept in benchmarks/results.

Each part has its own date and machine, so that one benchmark can be measured anew without the
others. What stands in ``remarks/NAME.md`` is put in by hand: where the time goes, and what would
be needed where a goal is not met. Called by conduct.py and by ``dev.py bench --paper``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
REMARKS = HERE / "remarks"
PAPER = HERE.parent / "docs" / "performance.md"
GOALS = (
    ("P1", "ingest", "an endless flood of values into Python code"),
    ("P2", "smooth", "20,000 changes/s on show in all four panels"),
    ("P3", "burst", "20,000 changes at once"),
    ("P4", "flood", "an endless flood, faster than it can be taken"),
    ("P5", "fields", "1,000 tags at 10 Hz, 500 on show"),
    ("P6", "trend", "16 curves of 10 million points, pan and zoom"),
    ("P7", "tree", "a million tags: tree and search"),
    ("P8", "alarms", "100,000 alarms, 1,000 changes/s"),
    ("P9", "journal", "20,000 samples/s recorded"),
    ("P10", "startup", "first paint"),
    ("P11", "idle", "nothing changes"),
    ("P12", "soak", "half an hour at 5,000 changes/s, two restarts of the server"),
)
"""Number, benchmark and subject of the goals; other benchmarks follow without a number."""

HEAD = """\
# How quick it is

Written by `python3 dev.py bench all` (`bench NAME` for one part, `bench soak` for P12); the figures lie in `benchmarks/results/`.
Every benchmark runs a peer or a bare baseline beside ours in the same run, one after the other, because on a shared machine only
ratios within one run hold. Servers run in processes of their own, over TLS, on the same cores. No test asserts any of this.
"""


def write() -> None:
    """Write the paper from what is in the folder."""
    PAPER.write_text(render(load()), encoding="utf-8")


def load() -> dict[str, dict[str, Any]]:
    """The kept results by benchmark."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(RESULTS.glob("*.json"))
    }


def render(results: dict[str, dict[str, Any]]) -> str:
    """The whole paper."""
    numbered = {name: number for number, name, _ in GOALS}
    order = [name for _, name, _ in GOALS if name in results]
    order += [name for name in results if name not in numbered]
    parts = [HEAD, summary(results)]
    for name in order:
        parts += [f"## {numbered.get(name, '')} {name}".replace("  ", " "), *body(results[name])]
        remark = REMARKS / f"{name}.md"
        if remark.exists():
            parts.append(remark.read_text(encoding="utf-8").strip())
        picture = PAPER.parent / "pictures" / f"{name}.svg"
        if picture.exists():
            parts.append(f"![{name}](pictures/{name}.svg)")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def summary(results: dict[str, dict[str, Any]]) -> str:
    """One row a goal."""
    rows = []
    for number, name, subject in GOALS:
        result = results.get(name)
        if result is None:
            rows.append((number, name, subject, "", "", "not measured", ""))
            continue
        figure = "" if "problem" in result else number_text(result["ratio"])
        rows.append(
            (number, f"[{name}](#{number.lower()}-{name})", subject, result.get("goal", ""),
             figure, verdict(result), result["measured"][:10])
        )  # fmt: skip
    return table(("", "benchmark", "what", "goal", "figure", "", "measured"), rows, left=4)


def verdict(result: dict[str, Any]) -> str:
    if "problem" in result:
        return "**no figure**"
    return "met" if result["met"] else "**not met**"


def body(result: dict[str, Any]) -> list[str]:
    """One benchmark's part, without heading and remarks."""
    parts = [paragraphs(result["what"]), measured_on(result)]
    if "problem" in result:
        return [*parts, f"**No figure:** {result['problem']}"]
    rows = [
        (group, name, *(number_text(of[key]) for key in ("min", "median", "max")), str(of["runs"]))
        for group in ("ours", "beside")
        for name, of in result[group].items()
        if of["runs"]
    ]
    unit = f"figure ({result['unit']})"
    parts.append(table(("", unit, "min", "median", "max", "runs"), rows, left=2))
    parts += growth_tables(result["growth"])
    parts.append(
        f"**Goal:** {result['goal']}. **{'Met' if result['met'] else 'Not met'}**, "
        f"at {number_text(result['ratio'])}."
    )
    if result["notes"]:
        parts.append("\n".join(note_line(note) for note in result["notes"]))
    return parts


def note_line(note: str) -> str:
    """A note as an item of a list; one that is set in begins an item of its own below."""
    inner = note.lstrip()
    return f"{'  ' if inner != note else ''}- {inner}"


def growth_tables(growth: dict[str, dict[str, float]]) -> list[str]:
    """One table for the figures that share their sizes."""
    by_sizes: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for name, figures in growth.items():
        row = (name, *(number_text(value) for value in figures.values()))
        by_sizes.setdefault(tuple(figures), []).append(row)
    return [table(("growth", *sizes), rows, left=1) for sizes, rows in by_sizes.items()]


def measured_on(result: dict[str, Any]) -> str:
    on = result["machine"]
    said = (
        f"*Measured {result['measured'].replace('T', ' ')[:16]} UTC in {result['seconds']:.0f} s: "
        f"{on['cores']} × {on['cpu']}, {on['memory_gb']:g} GB, {on['system']}, "
        f"Python {on['python']}, Qt {on['qt']}, load {on['load']:g} at the start."
    )
    beside = ", ".join(f"{name} {version}" for name, version in on["beside"].items())
    return said + (f" Beside: {beside}.*" if beside else "*")


def paragraphs(text: str) -> str:
    """A docstring's text with each paragraph on one line; the goal's number is in the heading."""
    text = re.sub(r"^P\d+[a-z0-9, ]*: ", "", text.strip())
    text = "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
    return text[:1].upper() + text[1:]


def number_text(value: float) -> str:
    """Four digits that count, thousands set off, never an exponent."""
    value = float(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.4g}"
    return f"{value:.6f}".rstrip("0").rstrip(".") if "e" in text else text


def table(head: Iterable[str], rows: Iterable[Iterable[str]], *, left: int) -> str:
    """A Markdown table; the first `left` columns are text."""
    names = list(head)
    marks = ["---" if number < left else "---:" for number in range(len(names))]
    lines = [names, marks, *([cell.replace("|", "/") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
