"""The real window with a note-taker in it: when values arrived, when they were painted.

Notes go to the file named by the variable ``NOTES`` as one JSON object, from the moment when the
report's ``settled`` begins; the arguments are the program's own. The tag tree is opened wide, so
that as many rows as fit show values. The tags named in the JSON list ``ALSO`` are subscribed as
well, as those of a panel that is out of sight. It ends
``MEASURE_MS`` after it has settled. What is noted costs a little of what is measured.

    NOTES=notes.json MEASURE_MS=5000 python benchmarks/servers/noted_window.py https://… --report report.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QTreeView

from tagwerk.cli import main
from tagwerk.domain.values import Sample
from tagwerk.plant import Frame, Plant
from tagwerk.ui import settled
from tagwerk.ui.panels.browser import INTEREST

BURST_GAP_S = 0.3
OPEN_MS = 200


class Notes(QObject):
    """What was seen of the values that the tag tree shows, and of bursts of all."""

    def __init__(self, window: Any, plant: Plant, tree: QTreeView) -> None:
        super().__init__(window)
        self.plant = plant
        self.visible: frozenset[str] = frozenset()
        self.batches: list[tuple[float, int]] = []
        self.arrived = 0
        self.shown = 0
        self.paints = 0
        self.late_ms: list[float] = []
        self._waiting: dict[str, Sample] = {}
        window.clock.listen("notes", self.on_frame)
        tree.viewport().installEventFilter(self)

    def on_samples(self, samples: list[Sample]) -> None:
        """From the stream's thread, when they are in the stores."""
        self.batches.append((time.perf_counter(), len(samples)))
        self.arrived += sum(1 for sample in samples if sample.name in self.visible)

    def on_frame(self, frame: Frame) -> None:
        """The panels have just asked for the painting of these."""
        self.visible = self.plant.interest.of(INTEREST)
        for name in frame.values & self.visible:
            sample = self.plant.live.get(name)
            if sample is not None:
                self._waiting[name] = sample

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Everything that was asked for is painted in one go."""
        if event.type() is QEvent.Type.Paint and self._waiting:
            now_ns = time.time_ns()
            self.paints += 1
            self.shown += len(self._waiting)
            for sample in self._waiting.values():
                if sample.time_ns is not None and len(self.late_ms) < 2_000_000:
                    self.late_ms.append((now_ns - sample.time_ns) / 1e6)
            self._waiting.clear()
        return False

    def document(self) -> dict[str, Any]:
        late = sorted(self.late_ms) or [0.0]
        return {
            "visible": len(self.visible),
            "arrived": self.arrived,
            "shown": self.shown,
            "paints": self.paints,
            "lag_ms": {
                "p50": late[len(late) // 2],
                "p99": late[len(late) * 99 // 100],
                "max": late[-1],
            },
            "bursts": bursts(self.batches),
        }


def bursts(batches: list[tuple[float, int]]) -> dict[str, float]:
    """Values that came without a pause: how many bursts, their usual size, and how long they took.

    The first and the last may have been cut by the begin and the end of the run.
    """
    groups: list[list[tuple[float, int]]] = []
    for batch in batches:
        if not groups or batch[0] - groups[-1][-1][0] > BURST_GAP_S:
            groups.append([])
        groups[-1].append(batch)
    whole = groups[1:-1]
    if not whole:
        return {"count": 0, "size": 0, "ms": 0.0, "worst_ms": 0.0}
    took = [(group[-1][0] - group[0][0]) * 1000 for group in whole]
    sizes = [sum(count for _at, count in group) for group in whole]
    return {"count": len(whole), "size": median(sizes), "ms": median(took), "worst_ms": max(took)}


class NotingSettled(settled.Settled):
    """Opens the tree as soon as there is one, and starts the notes when the window has settled."""

    notes: Notes | None = None

    def __init__(self, window: Any, plant: Callable[[], Plant | None]) -> None:
        super().__init__(window, plant)
        self._opener = QTimer(self)
        self._opener.timeout.connect(self._open_tree)
        self._opener.start(OPEN_MS)

    def _open_tree(self) -> None:
        plant = self._plant()
        tree = self._window.findChild(QTreeView, "tagTree")
        if plant is None or tree is None or not plant.browse_state.done:
            return
        if self._began is None:
            tree.expandAll()  # again and again: the rows come some frames after the names
            plant.interest.set("benchmark", json.loads(os.environ.get("ALSO", "[]")))
            return
        self._opener.stop()
        NotingSettled.notes = Notes(self._window, plant, tree)
        measure_ms = int(os.environ["MEASURE_MS"])
        QTimer.singleShot(measure_ms, self._window.close_requested.emit)


def note_all() -> None:
    """Put the note-takers in."""
    plain = Plant.on_samples

    def on_samples(self: Plant, samples: list[Sample]) -> None:
        plain(self, samples)
        if NotingSettled.notes is not None:
            NotingSettled.notes.on_samples(samples)

    settled.SETTLE_MS = int(os.environ.get("SETTLE_MS", settled.SETTLE_MS))
    Plant.on_samples = on_samples  # type: ignore[method-assign]
    settled.Settled = NotingSettled  # type: ignore[misc]


if __name__ == "__main__":
    note_all()
    code = main(sys.argv[1:])
    if NotingSettled.notes is not None:
        text = json.dumps(NotingSettled.notes.document())
        Path(os.environ["NOTES"]).write_text(text, encoding="utf-8")
    sys.exit(code)
