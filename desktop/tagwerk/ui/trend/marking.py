"""Keeps the marks of the trend on show: alarms seen and read from the log, and writes.

One for the panel, which hands over frames; `marks` knows what a mark says, `overlays` draws it.
"""

from __future__ import annotations

from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.plant import Frame, Plant
from tagwerk.ui.i18n import plant_language
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.trend.marks import SeenAlarms, write_marks
from tagwerk.ui.trend.page import TrendPage

_LOGGED_ALARMS = 500


class Marking:
    """Marks of one plant.

    Args:
        tasks: the panel's; the alarm log is read in one of them.
    """

    def __init__(self, tasks: TaskScope) -> None:
        self.seen = SeenAlarms()
        self._tasks = tasks
        self._plant: Plant | None = None
        self._shown: tuple[int, int, int] = (-1, -1, -1)
        self._alarms_from_ns: int | None = None

    def set_plant(self, plant: Plant | None) -> None:
        """Another plant: nothing of the old one stays."""
        self._plant = plant
        self.seen.clear()
        self.look_again()
        self._alarms_from_ns = None
        self._tasks.cancel("alarms")

    def look_again(self) -> None:
        """Another trend is on show, or it shows other tags."""
        self._shown = (-1, -1, -1)

    def take(self, plant: Plant, frame: Frame) -> None:
        """Remember the alarms of a frame, whether the trend can be seen or not."""
        if frame.alarms:
            self.seen.announce()
        self.seen.look(plant.alarms, frame.now_ns)

    def refresh(self, plant: Plant, page: TrendPage) -> None:
        """Give the trend its marks if there are others, and ask the log for more of the past."""
        state = (self.seen.version, plant.writes.version, len(page.model.pens))
        if state != self._shown:
            self._shown = state
            pens = page.model.pens
            marks = self.seen.marks(pens) + write_marks(pens, plant.writes.history)
            marks.sort(key=lambda mark: mark.time_ns)
            if marks != page.model.marks:
                page.model.marks = marks
                page.model.touch()
        self._read_alarms(plant, page)

    def _read_alarms(self, plant: Plant, page: TrendPage) -> None:
        """The log of alarms for what is in view, once for each stretch of the past."""
        left = page.model.left_ns
        known = self._alarms_from_ns if self._alarms_from_ns is not None else page.model.now_ns
        if (
            left >= known
            or not page.model.pens
            or not plant.status.state.is_live
            or Capability.ALARM_HISTORY not in plant.capabilities
            or self._tasks.is_running("alarms")
        ):
            return
        start = left - page.model.span_ns
        self._alarms_from_ns = start
        self._tasks.start(self._read_alarms_between(plant, start, known), "alarms")

    async def _read_alarms_between(self, plant: Plant, start_ns: int, end_ns: int) -> None:
        try:
            found = await plant.client.logged_alarms(
                start_ns, end_ns, language=plant_language(), limit=_LOGGED_ALARMS
            )
        except TagwerkError:
            # Marks are an extra: the alarm panel tells when the alarm log cannot be read.
            return
        if plant is self._plant:
            self.seen.put_logged(reversed(found))
