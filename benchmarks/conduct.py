"""Runs benchmarks one after the other, each in a process of its own that may not hang.

Makes the environments of the programs that they name, keeps the results and writes the paper.
Called by run.py for ``all`` and ``--record``; knows no benchmark.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import machine
import paper
import peers

HERE = Path(__file__).resolve().parent
LIMIT_S = 240.0
SMALL_LIMIT_S = 90.0
BUDGET_S = 24 * 60.0
"""For all of them: what does not fit any more is told, not waited for."""


def constant(benchmark: str, name: str) -> Any:
    """A module constant of a benchmark without importing it; None when it has none."""
    tree = ast.parse((HERE / f"{benchmark}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    return None


def what(benchmark: str) -> str:
    """What it measures: its docstring."""
    tree = ast.parse((HERE / f"{benchmark}.py").read_text(encoding="utf-8"))
    return ast.get_docstring(tree) or ""


def conduct(
    names: Sequence[str], options: Sequence[str], *, record: bool, small: bool, limit_s: float = 0.0
) -> int:
    """Run benchmarks; 1 when one of them gave no figures, whatever the figures are.

    Args:
        names: in the order of the paper.
        options: for each, as on the command line.
        record: make what they name, keep results of full size and write the paper.
        limit_s: for each; 0 takes the usual one.
    """
    until_s = time.monotonic() + BUDGET_S
    code = 0
    for name in sorted(names, key=_turn):
        kinds = peers.named_by(name)
        notes = [said for kind in kinds if record and (said := peers.make(kind))]
        left_s = until_s - time.monotonic() if len(names) > 1 else float("inf")
        if left_s < 1:
            # What was found earlier stays.
            print(f"{name}: no time was left for it", file=sys.stderr, flush=True)
            code = 1
            continue
        allowed_s = limit_s or min(SMALL_LIMIT_S if small else LIMIT_S, left_s)
        result = measure(name, kinds, options, allowed_s, notes)
        if len(names) > 1:
            print(f"{name}: {result['seconds']:.0f} s", file=sys.stderr, flush=True)
        code = code or int("problem" in result)
        if record and not small:
            paper.RESULTS.mkdir(exist_ok=True)
            text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
            (paper.RESULTS / f"{result['benchmark']}.json").write_text(text, encoding="utf-8")
            paper.write()
    return code


def _turn(name: str) -> int:
    """Those with a goal first, in the order of the paper."""
    order = [one for _, one, _ in paper.GOALS]
    return order.index(name) if name in order else len(order)


def measure(
    name: str, kinds: tuple[str, ...], options: Sequence[str], allowed_s: float, notes: list[str]
) -> dict[str, Any]:
    """One benchmark: its JSON document with machine and date, or with ``problem`` instead."""
    about = {
        "benchmark": name,
        "what": what(name),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(kinds),
    }
    began_s = time.monotonic()
    problem, printed = _run(name, options, allowed_s)
    about["seconds"] = round(time.monotonic() - began_s, 1)
    print(printed, end="", flush=True)
    if not problem:
        try:
            document = json.loads(printed.strip().rpartition("\n")[2])
            return {**about, **document, "notes": [*document["notes"], *notes]}
        except (ValueError, KeyError, TypeError):
            problem = "it did not end with a line of JSON"
    print(f"{name}: {problem}", file=sys.stderr, flush=True)
    return {**about, "problem": problem}


def _run(name: str, options: Sequence[str], allowed_s: float) -> tuple[str, str]:
    """What went wrong ("" for nothing), and what it printed."""
    command = [sys.executable, str(HERE / "run.py"), name, *options]
    # A group of its own, so that servers and windows of a benchmark that hangs end with it.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            printed, _ = process.communicate(timeout=allowed_s)
        except subprocess.TimeoutExpired:
            _end(process)
            printed, _ = process.communicate()
            return f"it did not end within {allowed_s:.0f} s and was stopped", printed
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        return f"it ended with exit code {process.returncode}", printed
    return "", printed


def _end(process: subprocess.Popen[str]) -> None:
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
