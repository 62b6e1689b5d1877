"""The page of one alarm as the panel uses it: opening, following the alarm, stepping, closing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from tagwerk.domain.alarms import Alarm, AlarmAction
from tagwerk.domain.tags import short_name
from tagwerk.plant import Plant
from tagwerk.ui.alarms.cells import CellTexts
from tagwerk.ui.alarms.details import AlarmDetails
from tagwerk.ui.alarms.operations import AlarmOperator
from tagwerk.ui.alarms.table import AlarmTable
from tagwerk.ui.i18n import tr
from tagwerk.ui.tasks import TaskScope


class DetailsFlow(QObject):
    """At most one page for one table.

    Signals:
        trend_wanted, copy_wanted: of the alarm on the page.
        history_wanted: all records of the alarm with this short name.
    """

    trend_wanted = Signal()
    copy_wanted = Signal()
    history_wanted = Signal(str)

    def __init__(
        self, table: AlarmTable, texts: CellTexts, tasks: TaskScope, operator: AlarmOperator
    ) -> None:
        super().__init__(table)
        self._table, self._texts, self._tasks = table, texts, tasks
        self._operator = operator
        self._plant: Plant | None = None
        self.page: AlarmDetails | None = None

    def open(self, plant: Plant) -> None:
        """Show the current alarm on its page."""
        alarm = self._table.current_alarm()
        if alarm is None:
            return
        self._plant = plant
        if self.page is None:
            self.page = self._make(plant)
        self._show(alarm)
        self.page.show()
        self.page.raise_()

    def _make(self, plant: Plant) -> AlarmDetails:
        page = AlarmDetails(
            plant, self._texts, self._tasks, self._operator.notes.get, self._table.window()
        )
        page.stepped.connect(self._step)
        page.trend_wanted.connect(self.trend_wanted)
        page.copy_wanted.connect(self.copy_wanted)
        page.acknowledge_wanted.connect(lambda: self._act(AlarmAction.ACKNOWLEDGE))
        page.reset_wanted.connect(lambda: self._act(AlarmAction.RESET))
        page.history_wanted.connect(self._history)
        page.closed.connect(self._closed)
        return page

    def _show(self, alarm: Alarm) -> None:
        if self.page is None:
            return
        table, why_not = self._table, self._operator.why_not
        past = tr("records of the log cannot be acknowledged") if table.is_history else ""
        self.page.show_alarm(
            alarm,
            colors=table.colors,
            why_not_acknowledge=past or why_not(AlarmAction.ACKNOWLEDGE, [alarm]),
            why_not_reset=past or why_not(AlarmAction.RESET, [alarm]),
        )
        rows, row = table.alarms.rowCount(), table.currentIndex().row()
        self.page.previous.setEnabled(row > 0)
        self.page.next.setEnabled(0 <= row < rows - 1)

    def follow(self) -> None:
        """The alarm on the page as it is now; one that left stays as it was last."""
        if self.page is None or self.page.alarm is None:
            return
        shown = self.page.alarm
        if not self._table.is_history and self._plant is not None:
            shown = self._plant.alarms.get(shown.key) or shown
        self._show(shown)

    def tick(self) -> None:
        """Once a second: how long it stands."""
        if self.page is not None:
            self.page.tick()

    def _step(self, by: int) -> None:
        alarm = self._table.step(by)
        if alarm is not None:
            self._show(alarm)

    def _act(self, action: AlarmAction) -> None:
        if self.page is not None and self.page.alarm is not None:
            self._operator.run(action, [self.page.alarm])

    def _history(self) -> None:
        if self.page is None or self.page.alarm is None:
            return
        name = short_name(self.page.alarm.name)
        self.close()
        self.history_wanted.emit(name)

    def _closed(self) -> None:
        if self.page is not None:
            self.page.deleteLater()
            self.page = None
            self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def close(self) -> None:
        """Close the page, when there is one."""
        if self.page is not None:
            self.page.close()
