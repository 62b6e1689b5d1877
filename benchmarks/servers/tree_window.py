"""The real tag browser on a real link, offscreen, in a process of its own; prints one JSON line.

    python benchmarks/servers/tree_window.py READY_JSON FOLDER [kept|bytes]

`FOLDER` is where names are kept. With ``kept`` the server is not asked: only the names of the last
time are shown and searched. With ``bytes`` the answer is read to its end and nothing is made of it:
what server, TLS and HTTP take alone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

QUERIES = {
    "rare": "tic0422.hours",
    "common": "pv",
    "none": "nowhere",
    "two words": "mixing_012 fault",
    "inside": "ming",
}


class Lateness:
    """How late a timer of 4 ms comes: what anything in the window's loop holds up."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.worst_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(4)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.worst_ms = max(self.worst_ms, (now - self._last) * 1e3 - 4)
        self._last = now

    def take(self) -> float:
        worst, self.worst_ms = self.worst_ms, 0.0
        self._last = time.perf_counter()
        return worst


def resident_mb() -> float:
    """Memory of this process now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


async def until(condition: Callable[[], object], most_s: float = 90.0) -> None:
    """Wait, looking often, until something is so."""
    end = time.perf_counter() + most_s
    while time.perf_counter() < end:
        if condition():
            return
        await asyncio.sleep(0.003)


def only_count() -> None:
    """The link reads the answer to a browse, and throws it away."""
    from tagwerk.link.browsing import BrowseTaker

    async def take(self: BrowseTaker, plain: bytes) -> None:
        pass

    BrowseTaker.take = take  # type: ignore[method-assign]
    BrowseTaker.rest = lambda self: b'{"data":{"browse":[]}}'  # type: ignore[method-assign]


async def read_alone(plant: Any) -> dict[str, Any]:
    """From the request to the last byte."""
    from tagwerk.plant import Plant

    assert isinstance(plant, Plant)
    only_count()
    work = asyncio.create_task(plant.run())
    plant.link.start()

    async def drained(condition: Callable[[], object]) -> None:
        await until(lambda: (plant.drain(), condition())[1])

    await drained(lambda: plant.browse_state.running)
    began, began_cpu = time.perf_counter(), time.process_time()
    await drained(lambda: not plant.browse_state.running)
    figures = {
        "bytes alone, ms": (time.perf_counter() - began) * 1e3,
        "bytes alone, processor time, ms": (time.process_time() - began_cpu) * 1e3,
    }
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await plant.link.close()
    return figures


async def measure(ready: dict[str, Any], folder: Path, mode: str) -> dict[str, Any]:
    from PySide6.QtCore import QTimer

    from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
    from tagwerk.link.connector import HttpConnector
    from tagwerk.plant import KeptNames, Plant
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.panels.browser import BrowserPanel
    from tagwerk.ui.settings import Settings

    profile = ConnectionProfile(
        "bench", ready["url"], ready["user"], trust=Trust(TrustMode.CA_FILE, ca_file=ready["ca"])
    )
    only_kept = mode == "kept"
    plant = Plant(profile, kept=KeptNames(folder, profile) if mode != "bytes" else None)
    connector = HttpConnector()
    plant.attach(connector.open(profile, ready["password"], plant))
    if mode == "bytes":
        return await read_alone(plant)
    panel = BrowserPanel(Desk(connector, Settings(None), lambda error, where: None))
    panel.resize(420, 900)
    panel.set_plant(plant)
    panel.show()
    figures: dict[str, Any] = {}
    painted: list[float] = []
    clock = QTimer()
    clock.setInterval(33)

    def frame() -> None:
        panel.on_frame(plant.drain())
        if panel.model.rowCount() and not painted:
            panel.tree.viewport().repaint()
            painted.append(time.perf_counter())

    clock.timeout.connect(frame)
    clock.start()
    lateness = Lateness()
    await asyncio.sleep(0.3)
    # As the program does after its start.
    gc.collect()
    gc.freeze()
    before_mb = resident_mb()
    lateness.take()
    began, began_cpu = time.perf_counter(), time.process_time()
    work = asyncio.create_task(plant.run())
    if only_kept:
        await until(lambda: painted)
        figures["kept names painted, ms"] = (painted[0] - began) * 1e3
        figures["stall with kept names, ms"] = lateness.take()
    else:
        plant.link.start()
        await until(lambda: plant.browse_state.running)
        began, began_cpu = time.perf_counter(), time.process_time()
        await until(lambda: not plant.browse_state.running)
        frame()
        panel.tree.viewport().repaint()
        figures["all names painted, ms"] = (time.perf_counter() - began) * 1e3
        figures["processor time, ms"] = (time.process_time() - began_cpu) * 1e3
        figures["first names painted, ms"] = (painted[0] - began) * 1e3
        figures["worst stall, ms"] = lateness.take()
        kept = plant.names.kept
        await until(lambda: kept is None or kept.exists)
        figures["stall while keeping, ms"] = lateness.take()
    figures["names"] = len(plant.tree)
    figures["bytes a tag"] = (resident_mb() - before_mb) * 1e6 / max(len(plant.tree), 1)
    keystrokes: list[float] = []
    for kind, query in ({} if only_kept else QUERIES).items():
        panel.field.clear()
        await asyncio.sleep(0.05)
        lateness.take()
        worst = 0.0
        for length in range(1, len(query) + 1):
            keyed = time.perf_counter()
            panel.field.setText(query[:length])
            panel.tree.viewport().repaint()
            keystrokes.append((time.perf_counter() - keyed) * 1e3)
            worst = max(worst, keystrokes[-1])
            await asyncio.sleep(0)
        figures[f"keystroke {kind}, ms"] = worst
        search = panel.model.outline.search
        await until(lambda search=search: search is None or search.is_complete)
        figures[f"all hits {kind}, ms"] = (time.perf_counter() - keyed) * 1e3
        figures[f"hits {kind}"] = search.total if search is not None else 0
    if keystrokes:
        figures["keystroke median, ms"] = statistics.median(keystrokes)
    clock.stop()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await panel.close_panel()
    await plant.link.close()
    return figures


def main() -> None:
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    from tagwerk.ui.theme import theme

    ready, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
    application = QApplication([])
    theme().load_fonts()
    theme().apply(application, "light", "standard")
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        print(json.dumps(runner.run(measure(ready, folder, "".join(sys.argv[3:])))))
    # Qt's own end is not what is measured.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
