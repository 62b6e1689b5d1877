"""The real window at rest, measuring itself: a program for benchmarks/idle.py.

Arguments: what to wait for (``live`` or ``welcome``), seconds to settle, to measure on show and to
measure minimised, and the arguments of tagwerk. Prints one JSON line: for both phases the share of
a core and the wake-ups a second (all threads), and the memory on show in MB. Without ``--report``,
whose meters would be measured as well.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

TASKS = Path("/proc/self/task")


def used() -> tuple[float, int, float]:
    """Processor time of all threads in s, voluntary switches, and the moment."""
    running_ns, switches = 0, 0
    for task in TASKS.iterdir():
        running_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
        for line in (task / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                switches += int(line.split()[1])
    return running_ns / 1e9, switches, time.monotonic()


def between(before: tuple[float, int, float], after: tuple[float, int, float]) -> dict[str, float]:
    span_s = after[2] - before[2]
    return {
        "share": (after[0] - before[0]) / span_s,
        "wakes_per_s": (after[1] - before[1]) / span_s,
    }


def main() -> int:
    wanted, *times = sys.argv[1:5]
    settle_s, shown_s, minimised_s = (float(one) for one in times)
    from PySide6.QtCore import QTimer

    from tagwerk.ui.window import MainWindow

    found: dict[str, object] = {}
    kept: list[tuple[float, int, float]] = []
    serve = MainWindow.serve

    def later(seconds: float, run: object) -> None:
        QTimer.singleShot(round(seconds * 1000), run)

    def measure(window: MainWindow) -> None:
        def shown() -> None:
            kept.append(used())
            later(shown_s, shown_end)

        def shown_end() -> None:
            found["shown"] = between(kept.pop(), used())
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            found["rss_mb"] = int(line.split()[1]) / 1024
            window.showMinimized()
            later(1.0, minimised)

        def minimised() -> None:
            kept.append(used())
            later(minimised_s, minimised_end)

        def minimised_end() -> None:
            found["minimised"] = between(kept.pop(), used())
            window.close()

        later(settle_s, shown)

    def served(self: MainWindow, desk: object, services: object) -> object:
        flow = serve(self, desk, services)  # type: ignore[arg-type]
        if wanted == "welcome":
            measure(self)
        else:
            look = QTimer(self)

            def live() -> None:
                plant = flow.plant
                if plant is not None and plant.status.state.is_live:
                    look.stop()
                    look.deleteLater()
                    measure(self)

            look.timeout.connect(live)
            look.start(200)
        return flow

    MainWindow.serve = served  # type: ignore[method-assign,assignment]
    from tagwerk.cli import main as tagwerk

    code = tagwerk(sys.argv[5:])
    print(json.dumps(found), flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
