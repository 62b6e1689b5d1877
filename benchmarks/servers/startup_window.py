"""The window with a timer of its own from the first paint on: a program for benchmarks/startup.py.

Arguments: folder of the settings, size, seconds to watch. Prints one JSON line: first paint and
usable in ms since the process began, processor time until the first paint, the worst stall of the
window's thread behind it, memory at the end.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

STEP_MS = 4


def main() -> int:
    folder, size, watched_s = sys.argv[1:4]
    from tagwerk.ui.report import Stopwatch

    found: dict[str, float] = {}
    keep: list[object] = []
    painted = Stopwatch.painted

    def watch(self: Stopwatch) -> None:
        painted(self)
        found["cpu_ms"] = time.process_time() * 1000
        from PySide6.QtCore import Qt, QTimer

        last = time.perf_counter()

        def tick() -> None:
            nonlocal last
            now = time.perf_counter()
            late_ms = (now - last) * 1000 - STEP_MS
            found["worst_stall_ms"] = max(found.get("worst_stall_ms", 0.0), late_ms)
            last = now

        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        timer.start(STEP_MS)
        keep.append(timer)

    Stopwatch.painted = watch  # type: ignore[method-assign]
    # As the command does it, with what it settles before anything of the program is imported.
    from tagwerk.__main__ import main as tagwerk

    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        sys.argv[1:] = ["--settings", folder, "--size", size, "--report", str(report), "--quit-after", watched_s]  # fmt: skip
        code = tagwerk()
        figures = json.loads(report.read_text(encoding="utf-8"))
    for name in ("first_paint_ms", "usable_ms", "peak_rss_mb"):
        found[name] = figures[name]
    print(json.dumps(found), flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
