"""The lock on writing: closed at the start, opened for a while by an explicit act.

It counts on the monotonic clock, so that turning the computer's clock cannot prolong it. Panels
look at `version` and `tick`; nothing in here runs by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum

CHOICES_S = (300, 600, 1800)
"""Durations that are offered: 5, 10 and 30 minutes."""
DEFAULT_S = 600


class LockCause(Enum):
    """Why writing is locked. The value goes into the audit."""

    START = "start"
    USER = "user"
    TIME = "time_over"
    LINK_LOST = "link_lost"
    SIGNED_OUT = "signed_out"


class Arming:
    """Armed for a time, or locked with a cause.

    Args:
        monotonic_ns: counts the time; injected for tests.
        clock_ns: wall clock, for "disarmed at".
    """

    def __init__(
        self,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._clock_ns = clock_ns
        self._until_ns = 0
        self._armed = False
        self.total_s = 0.0
        """Length of the running or last time, seconds, extensions included."""
        self.cause = LockCause.START
        """Why it is locked; meaningless while armed."""
        self.changed_at_ns = 0
        """Wall clock at the last arming or disarming; 0 at the start."""
        self.version = 0
        """Grows at each change."""

    @property
    def armed(self) -> bool:
        """Whether a write may leave now. False from the very nanosecond when the time is over."""
        return self._armed and self._monotonic_ns() < self._until_ns

    @property
    def remaining_s(self) -> float:
        """Seconds left; 0 when locked."""
        return max((self._until_ns - self._monotonic_ns()) / 1e9, 0.0) if self._armed else 0.0

    def arm(self, duration_s: float = DEFAULT_S) -> None:
        """Open the lock for `duration_s` seconds from now."""
        if duration_s <= 0:
            raise ValueError("duration must be positive")
        self._until_ns = self._monotonic_ns() + round(duration_s * 1e9)
        self.total_s = float(duration_s)
        self._armed = True
        self._changed()

    def extend(self, duration_s: float) -> None:
        """Give an armed lock more time; a closed one stays closed."""
        if self.armed:
            self.total_s = self.remaining_s + duration_s
            self._until_ns += round(duration_s * 1e9)
            self._changed()

    def disarm(self, cause: LockCause = LockCause.USER) -> bool:
        """Close the lock. Returns False when it was closed already (the first cause stays)."""
        if not self._armed:
            return False
        self._armed = False
        self.cause = cause
        self._changed()
        return True

    def tick(self) -> bool:
        """Notice that the time is over; True when that happened just now. Called once a frame."""
        if self._armed and not self.armed:
            return self.disarm(LockCause.TIME)
        return False

    def _changed(self) -> None:
        self.changed_at_ns = self._clock_ns()
        self.version += 1
