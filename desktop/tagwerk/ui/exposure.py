"""Whether anybody can see the window, and what goes on only then: full frames, the second's refresh,
the meter of lateness.

Hidden, minimised or on another desktop, only the stores are kept from running over, which the frame
clock does by itself. What the user does wakes that clock from its rest. Made by the window.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from tagwerk.ui.clock import FrameClock, LatenessMeter

_MS = 1_000_000
_SECOND_MS = 1000
_INPUT = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.Wheel,
    QEvent.Type.Drop,
)


class Exposure(QObject):
    """One for a window.

    Args:
        window: whose place in the window system is watched.
        clock: gives frames only while somebody can see them.
        lateness: is told beside a plant, and measured only where somebody may look at it.
    """

    def __init__(self, window: QWidget, clock: FrameClock, lateness: LatenessMeter) -> None:
        super().__init__(window)
        self._window = window
        self._clock = clock
        self._lateness = lateness
        self._is_exposed = True
        self._has_plant = False
        self._watches_handle = False
        self._refresh: Callable[[], None] | None = None
        self.second = QTimer(self)
        """Fires when the clock's second changes, and not while nobody can see it."""
        self.second.setSingleShot(True)
        self.second.timeout.connect(self._second_passed)

    def begin(self, refresh: Callable[[], None]) -> None:
        """Call `refresh` now and once a second."""
        self._refresh = refresh
        self._keep_lateness()
        self._second_passed()

    def stop(self) -> None:
        """The window is closing."""
        self.second.stop()
        self._lateness.stop()

    def set_plant_open(self, is_open: bool) -> None:
        """A plant is on show, or none."""
        self._has_plant = is_open
        self._keep_lateness()

    def watch(self) -> None:
        """Follow the window's handle, once there is one; called whenever the window is shown."""
        handle = self._window.windowHandle()
        if handle is not None and not self._watches_handle:
            self._watches_handle = True
            handle.installEventFilter(self)

    def look(self) -> None:
        """The window was minimised or brought back."""
        self._set_exposed(not self._window.isMinimized())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What comes from the window system: whether anything can be seen, and what the user does."""
        kind = event.type()
        if kind in _INPUT:
            self._clock.wake()
        elif kind == QEvent.Type.Expose:
            handle = self._window.windowHandle()
            is_exposed = handle is not None and handle.isExposed()
            self._set_exposed(is_exposed and not self._window.isMinimized())
        return False

    def _set_exposed(self, exposed: bool) -> None:
        if exposed == self._is_exposed:
            return
        self._is_exposed = exposed
        self._clock.set_visible(exposed)
        self._keep_lateness()
        self._second_passed()

    def _keep_lateness(self) -> None:
        self._lateness.set_running(
            (self._has_plant and self._is_exposed) or self._lateness.thorough
        )

    def _second_passed(self) -> None:
        if self._refresh is None or not self._is_exposed:
            return
        self._refresh()
        self.second.start(_SECOND_MS - time.time_ns() // _MS % _SECOND_MS)
