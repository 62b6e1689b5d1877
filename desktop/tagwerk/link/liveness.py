"""Whether the other end still gives signs of life: asked for after a silence, missed, given up.

One `Liveness` watches one connection, by timers on the link's loop: at most two looks a second, none
of them while nothing is connected. It knows neither sockets nor requests; `stream` and `feeds` say
what counts as a sign of life and how one is asked for.

All times are those of the loop's monotonic clock: setting the computer's clock changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

_HELD_UP_S = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a silence may last; seconds since the last sign of life.

    Args:
        ask_s: then a sign of life is asked for, and again after as long.
        quiet_s: then nothing that is shown may be taken for now.
        lost_s: then the connection is given up.
    """

    ask_s: float = 1.0
    quiet_s: float = 2.0
    lost_s: float = 4.5

    @classmethod
    def of(cls, ask_s: float) -> Patience:
        """The usual proportions for another measure (tests are in a hurry)."""
        return cls(ask_s, 2.0 * ask_s, 4.5 * ask_s)


class Liveness:
    """Watches one connection from `start` to `stop`.

    Args:
        patience: see `Patience`.
        heard_s: when the last sign of life came, on the loop's clock.
        ask: asks for one; must return at once.
        on_quiet: none came for `quiet_s`; called once a silence.
        on_life: one came after `on_quiet`.
        on_lost: none came for `lost_s`; called once, it has stopped by then.
    """

    def __init__(
        self,
        patience: Patience,
        *,
        heard_s: Callable[[], float],
        ask: Callable[[], None],
        on_quiet: Callable[[], None],
        on_life: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.is_quiet = False
        self._patience = patience
        self._heard_s = heard_s
        self._ask = ask
        self._on_quiet = on_quiet
        self._on_life = on_life
        self._on_lost = on_lost
        self._timer: asyncio.TimerHandle | None = None
        self._from_s = 0.0
        self._asked_s = 0.0
        self._due_s = 0.0

    def start(self) -> None:
        """The connection stands."""
        self.stop()
        loop = asyncio.get_running_loop()
        self._from_s = self._asked_s = loop.time()
        self._again_in(self._patience.ask_s)

    def stop(self) -> None:
        """The connection is gone, or given up."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.is_quiet = False

    def heard(self) -> None:
        """A sign of life came while it was quiet."""
        if self.is_quiet:
            self.is_quiet = False
            self._on_life()

    def _again_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._due_s = loop.time() + seconds
        self._timer = loop.call_later(seconds, self._look)

    def _look(self) -> None:
        patience = self._patience
        now_s = asyncio.get_running_loop().time()
        if now_s - self._due_s > _HELD_UP_S:
            # This computer slept or was held up: what came meanwhile is still unread, and nobody
            # was asked. The silence counts from here.
            self._from_s = now_s - patience.ask_s
        quiet_s = now_s - max(self._heard_s(), self._from_s)
        if quiet_s >= patience.lost_s:
            self._timer = None
            self._on_lost()
            return
        if quiet_s >= patience.quiet_s and not self.is_quiet:
            self.is_quiet = True
            self._on_quiet()
        elif quiet_s < patience.quiet_s:
            self.heard()
        if quiet_s >= patience.ask_s and now_s - self._asked_s >= 0.9 * patience.ask_s:
            self._asked_s = now_s
            self._ask()
        steps = (patience.ask_s, patience.quiet_s, patience.lost_s)
        next_s = min(step for step in steps if step > quiet_s) - quiet_s
        self._again_in(min(max(next_s, 0.001), patience.ask_s))
