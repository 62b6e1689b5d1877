"""Builds the panels while the welcome page is on show, one a turn of the loop, so that nothing
stalls; a plant that is there before gets the rest of them at once.

What a panel is and where it is docked is `docking`'s business. Made by the window when the loop
runs, and asked again when its panels were closed for another language or row height.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tagwerk.ui.clock import FrameClock
from tagwerk.ui.desk import Desk
from tagwerk.ui.docking import Docking
from tagwerk.ui.shell import Shell

if TYPE_CHECKING:
    from tagwerk.ui.panels.base import Panel

_BETWEEN_PANELS_S = 0.005


class PanelBuilding:
    """One for a window.

    Args:
        desk: what the panels share.
        docking: builds a panel and docks it.
        shell: has the centre, where the trend's panel lies.
        clock: gives each panel its frames as soon as it is there.
        built: called when the last one is there.
    """

    def __init__(
        self,
        desk: Desk,
        docking: Docking,
        shell: Shell,
        clock: FrameClock,
        built: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._docking = docking
        self._shell = shell
        self._clock = clock
        self._built = built
        self._steps: Iterator[Panel] | None = None
        self._ready = asyncio.Event()

    @property
    def is_under_way(self) -> bool:
        """Whether some panels are there and others still missing."""
        return self._steps is not None

    async def prepare(self) -> None:
        """Build all, one a turn, and paint each once unseen."""
        try:
            await self._build_slowly()
        finally:
            self._ready.set()

    async def wait(self) -> None:
        """Until the panels are there: a plant opened before makes them in one go."""
        await self._ready.wait()

    def finish(self) -> None:
        """Build what is missing, at once."""
        if self._steps is None and not self._docking.panels:
            self._begin()
        while self._steps is not None:
            self._build_next()

    def abandon(self) -> None:
        """The panels are closed: those still missing are not built any more."""
        self._steps = None

    def _begin(self) -> None:
        self._steps = self._docking.build(self._desk, self._shell.stack)

    def _build_next(self) -> None:
        if self._steps is None:
            return
        panel = next(self._steps, None)
        if panel is not None:
            self._clock.listen(panel.object_name, panel.on_frame, panel.rest_rate, panel.frame_turn)
            return
        self._steps = None
        self._built()

    async def _build_slowly(self) -> None:
        if self._docking.panels:
            return
        self._begin()
        while self._steps is not None:
            await asyncio.sleep(_BETWEEN_PANELS_S)
            self._build_next()
        for name in tuple(self._docking.panels):
            await asyncio.sleep(_BETWEEN_PANELS_S)
            panel = self._docking.panels.get(name)
            if panel is None or self._desk.plant is not None:
                return
            # Painted once unseen: fonts, icons and styles are then there when a plant opens, where
            # all panels are laid out and painted in one go.
            panel.grab()
