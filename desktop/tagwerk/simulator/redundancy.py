"""Which of two redundant servers this one plays: active, or passive from some moment on.

Only the notification ``reduState`` tells it: a passive server answers logins and reads as before.
"""

from __future__ import annotations

from collections.abc import Callable

from tagwerk.simulator.switches import Switches

ACTIVE, PASSIVE = "ACTIVE", "PASSIVE"


class Redundancy:
    """The state of one server.

    Args:
        switches: ``redundancy``, ``passive-after``.
        now_ns: the plant's time.
    """

    def __init__(self, switches: Switches, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._since_ns = now_ns()
        self._first = switches.text("redundancy", ACTIVE)
        self.changes = switches.on("passive-after") and self._first == ACTIVE
        """Whether the state will change."""
        self._due_ns = self._since_ns + int(switches.number("passive-after", 0) * 1e9)
        self._is_told = False

    @property
    def state(self) -> str:
        """ACTIVE or PASSIVE."""
        return PASSIVE if self.changes and self._now_ns() >= self._due_ns else self._first

    @property
    def since_ns(self) -> int:
        """Plant time of the last change."""
        return self._since_ns if self.state == self._first else self._due_ns

    def take_change(self) -> bool:
        """True once, when the state has changed."""
        if self._is_told or self.state == self._first:
            return False
        self._is_told = True
        return True
