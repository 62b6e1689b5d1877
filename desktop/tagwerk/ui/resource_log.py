"""What the program holds, written down at points: ``resources`` of ``--report``.

So that a long run shows whether anything grows: memory, threads, open files, tasks, timers,
widgets. Runs only where a report was asked for (app.py); however long, it keeps the same number
of points. Shows nothing and judges nothing.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from tagwerk.plant import Plant

FIRST_PERIOD_S = 0.5
MOST_POINTS = 240


class ResourceLog(QObject):
    """Takes a point now and then: twice a second at first, half as often when there are too many.

    Args:
        window: whose timers are counted.
        plant: the one on show, if any; its values are counted.
    """

    def __init__(self, window: QWidget, plant: Callable[[], Plant | None]) -> None:
        super().__init__(window)
        self.points: list[dict[str, Any]] = []
        self._window = window
        self._plant = plant
        self._timer = QTimer(self)
        self._timer.setInterval(round(FIRST_PERIOD_S * 1000))
        self._timer.timeout.connect(self.take)
        self._timer.start()

    def stop(self) -> list[dict[str, Any]]:
        """Take the last point; all of them."""
        self._timer.stop()
        self.take()
        return self.points

    def take(self) -> None:
        """Write down what there is now."""
        plant = self._plant()
        self.points.append(
            {
                "unix_s": round(time.time(), 3),
                "rss_mb": memory_mb(),
                # What is kept on purpose, up to a limit, is no leak.
                "trends_mb": round(plant.trends.nbytes / 2**20, 3) if plant is not None else 0.0,
                "traffic_mb": round(plant.traffic.used_bytes / 2**20, 3) if plant else 0.0,
                "threads": threading.active_count(),
                "open_files": open_files(),
                "tasks": tasks(),
                "timers": sum(timer.isActive() for timer in self._window.findChildren(QTimer)),
                "widgets": len(QApplication.allWidgets()),
                "values_received": plant.live.received if plant is not None else 0,
            }
        )
        if len(self.points) >= MOST_POINTS and self._timer.isActive():
            del self.points[0::2]
            self._timer.setInterval(self._timer.interval() * 2)


def memory_mb() -> float:
    """Resident memory now, in MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2)
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


def open_files() -> int:
    """Files, sockets and pipes that are open; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def tasks() -> int:
    """Tasks of the window's loop that are not done; 0 outside of it."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0
