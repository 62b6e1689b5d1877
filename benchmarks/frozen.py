"""First paint of the packaged program beside a bare QMainWindow from Python, offscreen, in turn.

The packaged program is the folder that `python3 dev.py package linux` has made last; where there is
none, the same program from its sources stands in for it, and a note says so. Also: the time of
`tagwerk --version`, which is what packaging adds before the first line of ours runs, and the size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import startup
from run import Result

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "installer" / "build" / "dist" / "tagwerk"
PROGRAM = FOLDER / ("tagwerk.exe" if os.name == "nt" else "tagwerk")
GOAL = 1.5
LARGEST_MB = 200


def _first_paint(
    program: list[str], settings: Path, environment: dict[str, str]
) -> dict[str, float]:
    """First paint and usable, in ms since the process was started."""
    report = settings / "report.json"
    words = ["--settings", str(settings), "--size", "1280x800", "--report", str(report),
             "--quit-after", "0.5"]  # fmt: skip
    # What starts the program counts as well: the packaged one unpacks and starts itself anew.
    environment = {**environment, "TAGWERK_STARTED": str(time.time())}
    subprocess.run([*program, *words], env=environment, check=True, capture_output=True, timeout=60)
    return dict(json.loads(report.read_text(encoding="utf-8")))


def _version(program: list[str], environment: dict[str, str]) -> float:
    """Wall time of ``--version`` in ms."""
    began = time.perf_counter()
    subprocess.run(
        [*program, "--version"], env=environment, check=True, capture_output=True, timeout=60
    )
    return (time.perf_counter() - began) * 1000


def size_mb(folder: Path) -> float:
    """Of all files in a folder, links not counted, in units of 1,000,000 bytes."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def run(small: bool) -> Result:
    rounds = 1 if small else 9
    is_built = PROGRAM.exists()
    from_sources = [sys.executable, "-m", "tagwerk"]
    program = [str(PROGRAM)] if is_built else from_sources
    figures: dict[str, list[float]] = {}
    beside: dict[str, list[float]] = {}

    def note(table: dict[str, list[float]], name: str, figure: float) -> None:
        table.setdefault(name, []).append(figure)

    with tempfile.TemporaryDirectory() as place:
        settings = Path(place) / "settings"
        settings.mkdir()
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(ROOT / "desktop"),
            "PYTHONPYCACHEPREFIX": str(Path(place) / "compiled"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # Once each without counting: files come into memory, modules are compiled.
        startup._run(environment, "-c", startup.BARE)
        _first_paint(program, settings, environment)
        if is_built:
            _first_paint(from_sources, settings, environment)
        for _ in range(rounds):
            bare = startup._run(environment, "-c", startup.BARE)
            note(beside, "bare QMainWindow, first paint", bare["first_paint_ms"])
            ours = _first_paint(program, settings, environment)
            note(figures, "first paint", ours["first_paint_ms"])
            note(figures, "every command can be given", ours["usable_ms"])
            note(figures, "--version", _version(program, environment))
            if is_built:
                sources = _first_paint(from_sources, settings, environment)
                note(beside, "from its sources, first paint", sources["first_paint_ms"])
                note(beside, "from its sources, --version", _version(from_sources, environment))
    first = median(figures["first paint"])
    ratio = first / median(beside["bare QMainWindow, first paint"])
    notes = []
    size = 0.0
    if is_built:
        size = size_mb(FOLDER)
        share = first / median(beside["from its sources, first paint"])
        notes += [
            f"{share:.2f} x of the same program from its sources",
            f"the folder has {size:.0f} MB",
        ]
    else:
        notes.append(
            "NO FOLDER IS BUILT: the figures are of the program from its sources; "
            "python3 dev.py package linux makes the folder"
        )
    return Result(
        "frozen",
        figures,
        beside,
        "ms",
        ratio,
        f"packaged <= {GOAL} x bare, folder <= {LARGEST_MB} MB",
        is_built and ratio <= GOAL and size <= LARGEST_MB,
        notes=notes,
    )
