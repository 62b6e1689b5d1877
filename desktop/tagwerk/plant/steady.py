"""Clocks that nobody can set, and the wall clock beside them, which somebody can.

Used by `Plant`, which shifts what it holds when the wall clock was set.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# Where there is one it is needed: the monotonic clock of Linux stands still in standby.
_BOOT: int | None = getattr(time, "CLOCK_BOOTTIME", None)

CLOCK_STEP_NS = 500_000_000
"""Wall clocks that run apart from the steady one by less are being slewed, not set."""


def awake_or_asleep_ns() -> int:
    """A clock that nobody can set and that goes on while the computer sleeps."""
    return time.monotonic_ns() if _BOOT is None else time.clock_gettime_ns(_BOOT)


class StepWatch:
    """Notices that a wall clock was set.

    Args:
        clock_ns: the wall clock.
        steady_ns: one that nobody can set.
    """

    def __init__(self, clock_ns: Callable[[], int], steady_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._steady_ns = steady_ns
        self._set_to_ns = clock_ns() - steady_ns()

    def look(self) -> int:
        """By how many ns it was set since the last look; 0 for not at all."""
        looked_ns = self._steady_ns()
        set_to_ns = self._clock_ns() - looked_ns
        if self._steady_ns() - looked_ns > CLOCK_STEP_NS // 10:
            return 0  # held up between the two looks: they do not belong together
        step_ns = set_to_ns - self._set_to_ns
        if abs(step_ns) < CLOCK_STEP_NS:
            return 0
        self._set_to_ns = set_to_ns
        return step_ns
