"""The part ``settled`` of ``--report``: how the window did once a plant was open.

What opening costs (imports, names, first pictures) is not in it. Made only where a report was
asked for (app.py); shows nothing and judges nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from tagwerk.ui.resource_log import memory_mb

if TYPE_CHECKING:
    from tagwerk.plant import Plant
    from tagwerk.ui.window import MainWindow

SETTLE_MS = 3000
_LOOK_MS = 100


class Settled(QObject):
    """Begins `SETTLE_MS` after the link was first live.

    Args:
        window: whose lateness is measured.
        plant: the one on show, if any.
    """

    def __init__(self, window: MainWindow, plant: Callable[[], Plant | None]) -> None:
        super().__init__(window)
        self._window = window
        self._plant = plant
        self._began: dict[str, float] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def document(self) -> dict[str, Any] | None:
        """Growth of the counters since then; None when the run was too short."""
        self._timer.stop()
        began = self._began
        if began is None:
            return None
        ended = self._read()
        grown = {
            name: round(ended[name] - began[name], 3)
            for name in ended
            if name != "rss_mb"
        }  # fmt: skip
        return {
            **grown,
            "rss_mb": [began["rss_mb"], ended["rss_mb"]],
            "lateness_ms": self._window.lateness.total(settled=True),
        }

    def _look(self) -> None:
        if self._timer.isSingleShot():
            self._began = self._read()
            self._window.lateness.settle()
            return
        plant = self._plant()
        if plant is not None and plant.status.state.is_live:
            self._timer.setSingleShot(True)
            self._timer.start(SETTLE_MS)

    def _read(self) -> dict[str, float]:
        plant = self._plant()
        return {
            "seconds": time.perf_counter(),
            "cpu_seconds": time.process_time(),
            "frames": self._window.clock.frames,
            "values_received": plant.live.received if plant is not None else 0,
            "values_coalesced": plant.coalesced if plant is not None else 0,
            "samples_left_out": plant.trends.left_out if plant is not None else 0,
            "rss_mb": memory_mb(),
        }
