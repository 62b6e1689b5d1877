"""What `Plant.drain` gives the frame clock: what changed, never the data itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from tagwerk.domain.connection import LinkStatus


@dataclass(frozen=True, slots=True)
class Frame:
    """What changed since the last frame; panels update only what they show of it.

    Args:
        now_ns: wall clock at the frame.
        values: names whose latest value changed.
        curves: names whose curve or history state changed.
        alarms: the alarm store changed.
        tree: the tag tree or the state of its browse changed.
        status: the new status, when there was a change; the last of several.
        writes: the write service has news (outcome, arming).
    """

    now_ns: int
    values: set[str] = field(default_factory=set)
    curves: set[str] = field(default_factory=set)
    alarms: bool = False
    tree: bool = False
    status: LinkStatus | None = None
    writes: bool = False

    @property
    def is_quiet(self) -> bool:
        """Nothing changed at all."""
        return not (
            self.values or self.curves or self.alarms or self.tree or self.status or self.writes
        )
