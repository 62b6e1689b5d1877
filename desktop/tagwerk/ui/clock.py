"""The frame clock: the only thing that moves data from the stores to the screen.

33 ms while the window can be seen, slower while it is hidden or minimised. Each tick drains the
plant once and hands the frame to every listener. One of the three doors with ``except
Exception``: a broken panel is reported and the others still get their frame.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from tagwerk.plant import Frame, Plant

PERIOD_MS = 33
HIDDEN_PERIOD_MS = 500


def is_due(now_ns: int, last_ns: int, every_ns: int) -> bool:
    """Whether `every_ns` have passed, also where the wall clock was set back meanwhile."""
    return not 0 <= now_ns - last_ns < every_ns


class FrameClock(QObject):
    """Ticks while it is started.

    Args:
        report: gets what a listener raised, and the listener's name.
        parent: usually the window.
    """

    def __init__(self, report: Callable[[BaseException, str], None], parent: QObject) -> None:
        super().__init__(parent)
        self.frames = 0
        self._report = report
        self._plant: Plant | None = None
        self._listeners: list[tuple[str, Callable[[Frame], None]]] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.tick)

    def set_plant(self, plant: Plant | None) -> None:
        """Drain this plant from now on; without one the clock rests."""
        self._plant = plant
        if plant is None:
            self._timer.stop()
        else:
            self._timer.start()

    def listen(self, name: str, on_frame: Callable[[Frame], None]) -> None:
        """Call `on_frame` with every frame, in the order of listening."""
        self._listeners.append((name, on_frame))

    def unlisten(self, name: str) -> None:
        """Forget all listeners of that name."""
        self._listeners = [pair for pair in self._listeners if pair[0] != name]

    def set_visible(self, visible: bool) -> None:
        """Full speed when the window can be seen."""
        period = PERIOD_MS if visible else HIDDEN_PERIOD_MS
        if self._timer.interval() != period:
            self._timer.setInterval(period)

    def stop(self) -> None:
        """No more frames; the first step of shutting down."""
        self._timer.stop()
        self._plant = None

    def tick(self) -> None:
        """One frame now."""
        plant = self._plant
        if plant is None:
            return
        try:
            frame = plant.drain()
        except Exception as error:  # noqa: BLE001 - a door: logged and shown by the reporter
            self._report(error, "frame")
            return
        self.frames += 1
        for name, on_frame in tuple(self._listeners):
            try:
                on_frame(frame)
            except Exception as error:  # noqa: BLE001 - a door: logged and shown by the reporter
                self._report(error, name)


class LatenessMeter(QObject):
    """How late the window's timers fire: what a user feels as stutter.

    A precise timer of its own, 20 ms apart; lateness is the time past the moment when it was due.
    """

    PERIOD_MS = 20
    WINDOW = 1500
    """Readings kept for the running figures: half a minute."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._recent: deque[float] = deque(maxlen=self.WINDOW)
        self._all: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fired)

    def start(self) -> None:
        self._arm(time.perf_counter())

    def stop(self) -> None:
        self._timer.stop()

    def restart(self) -> None:
        """Forget what was, e.g. once everything is loaded."""
        self._recent.clear()
        self._all.clear()

    def _arm(self, now: float) -> None:
        self._due = now + self.PERIOD_MS / 1000
        self._timer.start(self.PERIOD_MS)

    def _fired(self) -> None:
        now = time.perf_counter()
        late_ms = max((now - self._due) * 1000, 0.0)
        self._recent.append(late_ms)
        if len(self._all) < 200_000:
            self._all.append(late_ms)
        self._arm(now)

    def recent(self) -> tuple[float, float]:
        """Median and 99th percentile of the last half minute, in ms."""
        return percentile(self._recent, 50), percentile(self._recent, 99)

    def total(self) -> dict[str, float]:
        """p50, p99 and max since the (re)start, in ms; the report's ``lateness_ms``."""
        return {
            "p50": round(percentile(self._all, 50), 2),
            "p99": round(percentile(self._all, 99), 2),
            "max": round(max(self._all, default=0.0), 2),
        }


def percentile(readings: list[float] | deque[float], percent: float) -> float:
    """Nearest-rank percentile; 0 for no readings."""
    if not readings:
        return 0.0
    ordered = sorted(readings)
    rank = min(int(len(ordered) * percent / 100), len(ordered) - 1)
    return ordered[rank]
