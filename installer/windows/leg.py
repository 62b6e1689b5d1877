"""The steps of a run under wine: bounded each and together, a row each. Used by try_wine and try_setup."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from installer.folder import OUT
from installer.windows import toolchain

BOUND_S = 15 * 60
SHOWN = OUT / "wine"
PASSED = "SELF TEST PASSED"
KIND = r"Software\Classes\Tagwerk.Workspace\shell\open\command"
# Drawn into memory: wine's user32 lacks a function (EnableNonClientDpiScaling) that Qt calls for
# windows on a screen, and says so in a warning that the self test rightly takes for an error. wine
# passes variables of Qt on only with this prefix.
# Drawn into memory, Qt looks for fonts in a folder and not in the system, and warns where none is.
IN_MEMORY = {"WINEQT_QPA_PLATFORM": "offscreen", "WINEQT_QPA_FONTDIR": r"C:\windows\Fonts"}


class Failed(Exception):
    """A step did not do what it should; the text says what it did."""


@dataclass(slots=True)
class Leg:
    """The steps so far, and the time that is left."""

    wine: toolchain.Wine
    ends_at: float = field(default_factory=lambda: time.monotonic() + BOUND_S)
    rows: list[tuple[str, str, float, str]] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Run one step; a failure is a row, and the next step runs all the same."""
        began = time.monotonic()
        print(f"try_wine.py: {name}", file=sys.stderr, flush=True)
        try:
            result, detail = "OK", work()
        except subprocess.TimeoutExpired as late:
            result, detail = "FAILED", f"not done within {late.timeout:.0f} s"
        except (Failed, OSError, ValueError, KeyError) as problem:
            result, detail = "FAILED", str(problem)
        self.rows.append((name, result, time.monotonic() - began, detail))

    def run(
        self,
        program: Path | str,
        *words: str,
        at_most_s: float = 120,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a Windows program; returns what it printed.

        Raises:
            Failed: it ended with another code than 0.
            subprocess.TimeoutExpired: it took too long, or the whole leg did.
        """
        left_s = max(self.ends_at - time.monotonic(), 1)
        done = self.wine.run(
            program, *words, timeout_s=min(at_most_s, left_s), environment=environment
        )
        if done.returncode:
            said = " | ".join((done.stdout + done.stderr).split("\n")[-12:])
            raise Failed(f"ended with {done.returncode}: {said[-1500:]}")
        return done.stdout

    def wait(self, true: Callable[[], bool], what: str, at_most_s: float = 60) -> None:
        """Wait for what another process does."""
        until = min(time.monotonic() + at_most_s, self.ends_at)
        while not true():
            if time.monotonic() > until:
                raise Failed(f"{what} did not happen within {at_most_s:.0f} s")
            time.sleep(0.3)

    def table(self) -> str:
        lines = [f"{'step':<38} {'result':<7} {'s':>6}  detail"]
        lines += [f"{n:<38} {r:<7} {s:>6.1f}  {d}" for n, r, s, d in self.rows]
        return "\n".join(lines)


def self_test(leg: Leg, program: Path, name: str) -> str:
    """The program's own self test; its table and picture are kept under `name`."""
    table, picture = SHOWN / f"{name}.txt", SHOWN / f"{name}.png"
    for path in (table, picture):
        path.unlink(missing_ok=True)
    words = ("--self-test", "--lang", "en", "--within", "170", "--out", leg.wine.path(table))
    leg.run(
        program,
        *words,
        "--screenshot",
        leg.wine.path(picture),
        at_most_s=200,
        environment=IN_MEMORY,
    )
    lines = table.read_text(encoding="utf-8").strip().splitlines()
    # Whatever the exit code says: a run that was broken off has no verdict.
    if lines[-1] != PASSED:
        raise Failed(f"the table ends with: {lines[-1]}")
    if not picture.exists():
        raise Failed("no picture")
    return lines[-2]  # counts the rows


def local_data(leg: Leg) -> Path:
    """The user's folder for programs and data that stay on this computer."""
    (found,) = (
        path
        for path in (leg.wine.drive / "users").glob("*/AppData/Local")
        if "Public" not in path.parts
    )
    return found


def has_key(leg: Leg, key: str) -> bool:
    """Whether the registry has it."""
    return leg.wine.run("reg", "query", key, timeout_s=30).returncode == 0
