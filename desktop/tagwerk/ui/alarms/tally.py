"""How many of the selected alarms wait for an operation, also where tens of thousands are selected.

Few are counted at once. Many are counted in slices between events and again every few seconds;
until then the last count stands. What is sent is found out anew when it is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

from PySide6.QtCore import QObject, QTimer, Signal

from tagwerk.domain.alarms import AlarmAction
from tagwerk.ui.alarms.operations import AlarmOperator
from tagwerk.ui.alarms.table import AlarmTable

FEW = 300
_SLICE_S = 0.004
_LOOK = 64
_AGAIN_S = 3.0
_SOON_S = 0.5


class SelectionTally(QObject):
    """Counts for one table.

    Args:
        table: whose selection it is.
        operator: knows who waits, and who is being sent for already.

    Signals:
        counted: a count in slices is through.
    """

    counted = Signal()

    def __init__(
        self,
        table: AlarmTable,
        operator: AlarmOperator,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(table)
        self._table, self._operator = table, operator
        self._clock_s = clock_s
        self._counts = {AlarmAction.ACKNOWLEDGE: 0, AlarmAction.RESET: 0}
        self._todo: Iterator[int] | None = None
        self._running = dict(self._counts)
        self._selected = 0
        self._begun_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._count_on)

    def waiting(self, action: AlarmAction) -> int:
        """How many of the selected alarms wait for the operation, as of the last count."""
        return self._counts[action]

    @property
    def is_counting(self) -> bool:
        """True until the first count of a large selection is through."""
        return self._timer.isActive()

    def look(self) -> None:
        """The selection or the alarms have changed."""
        selected = self._table.selected_count()
        if selected <= FEW:
            self._timer.stop()
            self._todo = None
            self._selected = selected
            alarms = self._table.selected_alarms()
            for action in self._counts:
                self._counts[action] = len(self._operator.waiting(action, alarms))
            return
        now_s = self._clock_s()
        # Selected alarms leave all the time; only what the user does is worth a new count soon.
        steady = abs(selected - self._selected) <= max(self._selected // 20, FEW)
        if self._selected > FEW and now_s - self._begun_s < (_AGAIN_S if steady else _SOON_S):
            return
        if self._selected <= FEW:
            self._counts = dict.fromkeys(self._counts, 0)
        self._selected, self._begun_s = selected, now_s
        self._todo = iter(self._table.selected_ids())
        self._running = dict.fromkeys(self._counts, 0)
        self._timer.start()

    def _count_on(self) -> None:
        end_s = time.perf_counter() + _SLICE_S
        view = self._table.alarms.view
        while True:
            numbers = list(islice(self._todo or (), _LOOK))
            found = map(view.alarm, numbers)
            alarms = [alarm for alarm in found if alarm is not None]
            for action in self._running:
                self._running[action] += len(self._operator.waiting(action, alarms))
            if len(numbers) < _LOOK:
                self._timer.stop()
                self._todo = None
                self._counts = self._running
                self.counted.emit()
                return
            if time.perf_counter() >= end_s:
                return
