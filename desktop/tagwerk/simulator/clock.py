"""The plant's clock: the computer's time, but it can run faster, slower, stand still, and jump.

The server asks it for "now" before each `PlantModel.advance`; tests hand in their own ticking.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class PlantClock:
    """Turnable wall clock in nanoseconds since 1970 UTC. It never runs backwards.

    Args:
        start_ns: plant time at the beginning; the computer's time when None.
        speed: plant seconds for each real second, ≥ 0.
        ticking_ns: a monotonic source of real nanoseconds.
    """

    def __init__(
        self,
        start_ns: int | None = None,
        *,
        speed: float = 1.0,
        ticking_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._ticking_ns = ticking_ns
        self._plant_ns = time.time_ns() if start_ns is None else start_ns
        self._real_ns = ticking_ns()
        self._speed = 1.0
        self.set_speed(speed)

    @property
    def speed(self) -> float:
        return self._speed

    def now_ns(self) -> int:
        """Plant time now."""
        elapsed_ns = self._ticking_ns() - self._real_ns
        if self._speed == 1.0:
            return self._plant_ns + elapsed_ns
        return self._plant_ns + int(elapsed_ns * self._speed)

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on.

        Raises:
            ValueError: a negative speed.
        """
        if speed < 0:
            raise ValueError(f"the plant's clock cannot run backwards (speed {speed})")
        self._settle()
        self._speed = speed

    def jump(self, forward_ns: int) -> None:
        """Turn the clock forward at once.

        Raises:
            ValueError: backwards.
        """
        if forward_ns < 0:
            raise ValueError(f"the plant's clock cannot jump back ({forward_ns} ns)")
        self._settle()
        self._plant_ns += forward_ns

    def _settle(self) -> None:
        self._plant_ns = self.now_ns()
        self._real_ns = self._ticking_ns()
