"""A plant that runs: the model, its clock, and the writes on their way to it.

All faces of a server share one, so that a write through one is seen through the other.
"""

from __future__ import annotations

from collections.abc import Callable

from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.state import Changes
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.writes_played import WritesPlayed

MOST_PLANT_S_A_TICK = 2.0
"""After a standstill (a laptop that slept) the plant catches up in steps of at most this."""


class RunningPlant:
    """See the module.

    Args:
        options: the plant's seed, size and speed.
        switches: what becomes of writes, and by how much the clock is wrong.
        model: the plant; made from the options when None.
        clock_ns: wall time, nanoseconds since 1970 UTC.

    Attributes:
        clock_ns: the server's wall time, wrong where a switch wants it.
        began_ns: when this was made.
        model: the plant.
        writes: the way of written values.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        switches: Switches,
        model: PlantModel | None,
        clock_ns: Callable[[], int],
    ) -> None:
        self.clock_ns = _shifted(clock_ns, switches.number("clock-offset", 0))
        self.began_ns = self.clock_ns()
        self.model = model or PlantModel.create(
            seed=options.seed,
            start_ns=self.began_ns,
            generated=options.tags,
            rate_per_s=options.rate,
        )
        self.writes = WritesPlayed(self.model, switches)
        self._speed = options.speed
        self._now_ns = self.began_ns

    def now_ns(self) -> int:
        """The plant's time."""
        return self._now_ns

    def advance(self) -> Changes | None:
        """Move up to now; None when no time has passed."""
        due_ns = self.began_ns + int((self.clock_ns() - self.began_ns) * self._speed)
        step_ns = int(MOST_PLANT_S_A_TICK * max(self._speed, 1.0) * 1e9)
        now_ns = min(due_ns, self._now_ns + step_ns)
        if now_ns <= self._now_ns:
            return None
        self._now_ns = now_ns
        self.writes.arrive(now_ns)
        return self.model.advance(now_ns)


def _shifted(clock_ns: Callable[[], int], offset_s: float) -> Callable[[], int]:
    """A clock that is wrong by so many seconds."""
    offset_ns = int(offset_s * 1e9)
    return (lambda: clock_ns() + offset_ns) if offset_ns else clock_ns
