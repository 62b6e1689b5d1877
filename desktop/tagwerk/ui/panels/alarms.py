"""The alarm panel: what stands, what waits, what is shelved, and the log of what was.

It shows the plant's `AlarmStore` and asks the write service to acknowledge and reset. Painting
is limited to ten times a second, however many alarms change.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from tagwerk.domain.alarms import Alarm, AlarmAction
from tagwerk.domain.connection import Capability
from tagwerk.domain.tags import short_name
from tagwerk.domain.text import format_time
from tagwerk.plant import Frame, Plant
from tagwerk.store.alarm_order import AlarmFilter, SortBy
from tagwerk.store.alarm_view import AlarmView
from tagwerk.store.alarms import HIGH_PRIORITY, AlarmOutage
from tagwerk.ui.alarms import commands
from tagwerk.ui.alarms.bar import AlarmBar, AlarmHeading
from tagwerk.ui.alarms.cells import CellTexts, durations_until_ns, no_info
from tagwerk.ui.alarms.details import AlarmDetails
from tagwerk.ui.alarms.details_flow import DetailsFlow
from tagwerk.ui.alarms.empty import AlarmEmpty, Emptiness
from tagwerk.ui.alarms.export import export_csv
from tagwerk.ui.alarms.history import SPANS, AlarmLog, HistoryBar, LogState
from tagwerk.ui.alarms.look import Colors
from tagwerk.ui.alarms.menus import context_menu, view_menu
from tagwerk.ui.alarms.operations import AlarmOperator, missing_text
from tagwerk.ui.alarms.outage import OutageStrip
from tagwerk.ui.alarms.strip import ResultStrip
from tagwerk.ui.alarms.table import AlarmTable
from tagwerk.ui.alarms.tally import SelectionTally
from tagwerk.ui.collector import LongLived
from tagwerk.ui.commands import Command, disable_with_reason, make_action
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import language, tr, tr_n
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.table_copy import copy_rows

PAINT_PERIOD_NS = 95_000_000
"""Ten pictures a second: every third frame, also where a frame comes a little early."""
ANNOUNCE_PERIOD_NS = 500_000_000
SECOND_NS = 1_000_000_000
_HISTORY_COLUMNS: dict[str, Any] = {
    "order": ["state", "priority", "class", "changed", "raised", "text"],
    "hidden": ["stands_for", "name", "origin"],
    "sort": [SortBy.CHANGED.value, True, False],
}


class AlarmPanel(Panel):
    """Alarms of the plant on show."""

    object_name = "alarmPanel"
    title = "Alarms"
    icon_name = "bell"
    frame_turn = 1

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.plant: Plant | None = None
        self.view = AlarmView({})
        self.texts = CellTexts()
        self.operator = AlarmOperator(self.tasks, self, lambda: self.plant)
        self.log = AlarmLog(self.tasks, self)
        self._columns: dict[str, dict[str, Any]] = {"history": dict(_HISTORY_COLUMNS)}
        self._painted_ns = self._announced_ns = self._second = 0
        self._flood = 0
        self._due = True
        self._counts_due = False
        self._announced: Alarm | None = None
        self._long_lived = LongLived()
        self._make_actions()
        self._build()
        self._connect()
        self.set_plant(None)

    # Building.

    def _make_actions(self) -> None:
        def act(command: Command, run: Any) -> QAction:
            return make_action(command, run, self)

        self.acknowledge_action = act(commands.ACKNOWLEDGE, self.acknowledge)
        self.reset_action = act(commands.RESET, self.reset)
        self.trend_action = act(commands.TREND, self.trend_of_trigger)
        self.details_action = act(commands.DETAILS, self.open_details)
        self.setpoints_action = act(commands.SETPOINTS, self.to_setpoints)
        self.reveal_action = act(commands.REVEAL, self.reveal_trigger)
        self.copy_action = act(commands.COPY, self.copy_rows)
        self.copy_name_action = act(commands.COPY_NAME, lambda: self._copy("name"))
        self.copy_tag_action = act(commands.COPY_TAG, lambda: self._copy("trigger_tag"))
        self.copy_text_action = act(commands.COPY_TEXT, lambda: self._copy("text"))
        self.select_all_action = act(commands.SELECT_ALL, self.select_all)
        self.search_action = act(commands.SEARCH, self.focus_search)
        self.only_area_action = act(commands.ONLY_AREA, self.only_this_area)
        self.only_tag_action = act(commands.ONLY_TAG, self.only_this_tag)
        self.no_filter_action = act(commands.NO_FILTER, self.clear_filters)
        self.refresh_action = act(commands.REFRESH, self.read_history)
        self.history_action = act(commands.HISTORY, lambda: self.set_mode("history"))
        self.export_action = act(commands.EXPORT, self.choose_export)
        self.flashing_action = act(commands.FLASHING, self._set_flashing)
        self.greys_action = act(commands.GREYS, self._set_greys)

    def _build(self) -> None:
        self.heading = AlarmHeading(tr(self.title))
        self.bar = AlarmBar(
            {
                "flashing": self.flashing_action,
                "trend": self.trend_action,
                "details": self.details_action,
                "reset": self.reset_action,
                "acknowledge": self.acknowledge_action,
            }
        )
        self.history_bar = HistoryBar(self._now_ns)
        self.history_bar.hide()
        self.strip = ResultStrip()
        self.strip.hide()
        self.outage = OutageStrip()
        self.table = AlarmTable(self.texts, self._known_until_ns, self.operator.notes.get)
        self.tally = SelectionTally(self.table, self.operator)
        self.pages = DetailsFlow(self.table, self.texts, self.tasks, self.operator)
        self.empty = AlarmEmpty()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.bar, self.history_bar, self.outage, self.strip):
            column.addWidget(part)
        column.addWidget(self.stack, 1)
        self.flashing_action.setChecked(True)

    def _connect(self) -> None:
        self.bar.search_changed.connect(lambda _text: self._apply_filter())
        self.bar.narrowed.connect(self._apply_filter)
        self.bar.areas_chosen.connect(lambda _areas: self._apply_filter())
        self.bar.mode_chosen.connect(self.set_mode)
        self.bar.menu_wanted.connect(lambda where: view_menu(self).popup(where))
        self.bar.search.left.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.table.details_wanted.connect(self.open_details)
        self.table.selection_moved.connect(self._selection_moved)
        self.table.sorted_anew.connect(lambda: self._refresh())
        self.table.columns.sort_changed.connect(lambda _sort: self._show_counts())
        self.tally.counted.connect(self._selection_moved)
        self.pages.trend_wanted.connect(self.trend_of_trigger)
        self.pages.copy_wanted.connect(self.copy_rows)
        self.pages.history_wanted.connect(self._history_of)
        self.table.menu_wanted.connect(lambda where: context_menu(self).popup(where))
        self.history_bar.read_wanted.connect(self.read_history)
        self.history_bar.cancel_wanted.connect(self.log.cancel)
        self.history_bar.export_wanted.connect(self.choose_export)
        self.log.changed.connect(self._log_changed)
        self.operator.changed.connect(self._notes_changed)
        self.strip.dismissed.connect(self.operator.dismiss)
        self.outage.dismissed.connect(self._outage_seen)
        self.outage.log_wanted.connect(self._log_of_outage)
        self.empty.history_wanted.connect(self.history_of_a_day)
        self.empty.clear_wanted.connect(self.clear_filters)
        self.empty.retry_wanted.connect(self.read_history)
        self.empty.filter_wanted.connect(self._use_filter)

    def _now_ns(self) -> int:
        """By the server's clock: its times are compared with it."""
        if self.plant is not None:
            return self.plant.clock_ns() + self.plant.trends.skew_ns
        return 0

    def _known_until_ns(self) -> int:
        """Durations stop with the link: "as of 14:17:08" goes for them, too."""
        return durations_until_ns(self.plant) if self.plant is not None else 0

    # Panel.

    def set_plant(self, plant: Plant | None) -> None:
        if self.plant is not None:
            self.plant.alarms.close_view(self.view)
        self.pages.close()
        self._long_lived.forget()
        self.plant = plant
        self.operator.forget()
        self.log.clear()
        self.texts.info = plant.tag if plant is not None else no_info
        self.texts.forget()
        self.view = plant.alarms.open_view() if plant is not None else AlarmView({})
        self.empty.forget()
        if self.bar.mode == "history" and plant is None:
            self._enter("active")
        self._show_view()

    def rest_rate(self) -> float:
        """Often enough for alarms that flash."""
        flashes = self.table.flashing and self.table.alarms.rowCount() > 0 and self._is_seen()
        return 10.0 if flashes else super().rest_rate()

    def on_frame(self, frame: Frame) -> None:
        if frame.alarms or frame.status is not None or frame.writes:
            self._due = True
        if frame.tree or frame.status is not None:
            self.texts.forget()
        now_ns = frame.now_ns
        if not self._is_seen():
            return
        if self._due:
            if 0 <= now_ns - self._painted_ns < PAINT_PERIOD_NS:
                # Flashing and durations wait for that picture: one is cheaper than two.
                return
            # A count that changes ten times a second can be read by nobody: after the first few
            # pictures of a flood the numbers follow with every third.
            self._flood = self._flood + 1 if now_ns - self._painted_ns < 2 * PAINT_PERIOD_NS else 0
            self._painted_ns = now_ns
            self._refresh(counts=self._flood < 6 or self._flood % 3 == 0)
        elif self._counts_due:
            self._show_counts()
        self.table.tick(now_ns)
        if now_ns // SECOND_NS != self._second:
            self._second = now_ns // SECOND_NS
            self._each_second(now_ns)

    def _is_seen(self) -> bool:
        """What nobody sees costs nothing; the details stay open when the panel is put away."""
        if self.details is not None:
            return True
        return self.isVisible() and not self.window().isMinimized()

    def header_text(self) -> str:
        return self.heading.text()

    def header_widget(self) -> QWidget | None:
        return self.heading

    def save_state(self) -> dict[str, Any]:
        mode = "history" if self.bar.mode == "history" else "active"
        columns = {**self._columns, mode: self.table.columns.save()}
        return {
            "flashing": self.table.flashing,
            "colors": self.table.colors.value,
            "columns": columns,
            "span": self.history_bar.span.current,
        }

    def plant_state(self) -> dict[str, Any]:
        """Columns and look. Not the filters: one that nobody remembers setting hides alarms."""
        return self.save_state()

    def show_plant_state(self, state: dict[str, Any]) -> None:
        self.restore_state(state)

    def restore_state(self, state: dict[str, Any]) -> None:
        if isinstance(state.get("flashing"), bool):
            self.flashing_action.setChecked(state["flashing"])
        self.greys_action.setChecked(state.get("colors") == Colors.GREY.value)
        columns = state.get("columns")
        for mode in ("active", "history"):
            kept = columns.get(mode) if isinstance(columns, dict) else None
            if isinstance(kept, dict):
                self._columns[mode] = kept
        if "active" in self._columns and self.bar.mode != "history":
            self.table.columns.restore(self._columns["active"])
        span = state.get("span")
        if isinstance(span, str) and span in SPANS:
            self.history_bar.set_span(span)

    async def close_panel(self) -> None:
        self.pages.close()
        await super().close_panel()

    # Ctrl+F and F5 are the tag tree's everywhere else in the window; as shortcuts of this panel they
    # would be ambiguous and do nothing, so while the keyboard is here they are keys.

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._own_key(event) is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._own_key(event)
        if action is not None:
            action.trigger()
            return
        super().keyPressEvent(event)

    def _own_key(self, event: QKeyEvent) -> QAction | None:
        if event.matches(QKeySequence.StandardKey.Find):
            return self.search_action
        if event.key() == Qt.Key.Key_F5 and self.bar.mode == "history":
            return self.refresh_action
        return None

    # Modes and filters.

    def set_mode(self, mode: str) -> None:
        """Show ``active`` alarms, the ``shelved`` ones, or the ``history``."""
        if mode == "history" and self.plant is None:
            mode = "active"
        self._enter(mode)
        self._show_view()
        if mode == "history" and self.log.state is LogState.IDLE:
            self.read_history()

    def _enter(self, mode: str) -> None:
        before = "history" if self.table.is_history else "active"
        after = "history" if mode == "history" else "active"
        if before != after:
            self._columns[before] = self.table.columns.save()
            self.table.is_history = after == "history"
            self.table.columns.restore(self._columns.get(after, {}))
        self.bar.set_mode(mode)
        self.history_bar.setVisible(mode == "history")

    def _shown_view(self) -> AlarmView:
        return self.log.view if self.bar.mode == "history" else self.view

    def _show_view(self) -> None:
        """Another set of alarms: the selection cannot be carried over."""
        view = self._shown_view()
        view.set_filter(self._filter())
        view.set_sort(self.table.columns.sort)
        self.table.alarms.set_view(view)
        self._refresh()
        self._selection_moved()

    def _filter(self) -> AlarmFilter:
        past = self.bar.mode == "history"
        return AlarmFilter(
            text=self.bar.search.text(),
            unacknowledged=self.bar.unacknowledged.isChecked() and not past,
            priority_min=HIGH_PRIORITY if self.bar.priority.isChecked() else 0,
            areas=self.bar.areas,
            shelved=None if past else self.bar.mode == "shelved",
        )

    def _apply_filter(self) -> None:
        self._shown_view().set_filter(self._filter())
        self._refresh()

    def clear_filters(self) -> None:
        """No search and no narrowing chip."""
        self.bar.search.clear()
        self.bar.clear_filters()
        self._apply_filter()

    def focus_search(self) -> None:
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    def only_this_area(self) -> None:
        alarm = self.table.current_alarm()
        if alarm is not None:
            self.bar.set_areas(frozenset({alarm.area}))
            self._apply_filter()

    def only_this_tag(self) -> None:
        alarm = self.table.current_alarm()
        if alarm is not None and alarm.trigger_tag:
            self.bar.search.setText(short_name(alarm.trigger_tag))

    # Refreshing.

    def _refresh(self, *, counts: bool = True) -> None:
        """Bring table, counts, notes and empty state up to date."""
        self._due = False
        self._counts_due = not counts
        plant = self.plant
        if plant is not None:
            self.table.is_stale = plant.alarms.is_stale and self.bar.mode != "history"
            self.operator.settle(plant)
        self.table.sync()
        if counts:
            self._show_counts()
        self._show_empty()
        self._show_outage()
        self._selection_moved()

    def _show_counts(self) -> None:
        self._counts_due = False
        plant = self.plant
        parts: list[tuple[str, str]] = []
        stale = ""
        is_known = plant is not None and plant.alarms.is_known
        if plant is not None and plant.alarms.stale_since_ns:
            clock = format_time(plant.alarms.stale_since_ns, zone=None)[11:19]
            stale = tr("as of {time}", time=clock)
        if not is_known or plant is None:
            # Also where another plant was on show before: its numbers are not this one's.
            self.bar.show_counts(None, {})
        else:
            counts = plant.alarms.counts
            areas = self.log.areas if self.bar.mode == "history" else plant.alarms.areas
            self.bar.show_counts(counts, areas, stale)
            parts = [
                (str(counts.unacknowledged), tr("unacknowledged")),
                (str(counts.standing), tr("standing")),
                (str(counts.cleared_unacknowledged), tr("cleared, unacknowledged")),
            ]
            if counts.waiting_for_reset:
                parts.append((str(counts.waiting_for_reset), tr("waiting for reset")))
            parts.append((str(counts.shelved), tr("shelved")))
            if self.table.alarms.is_held:
                parts.append(("", tr("order held for the selection")))
            if self.table.alarms.view.is_sorting:
                parts.append(("", tr("being sorted …")))
        grey = self.table.colors is Colors.GREY
        right = tr("Greys of ISA-101, texts: server") if grey else tr("Colours and texts: server")
        self.heading.show_counts(parts, stale, right if parts else "")

    def _show_empty(self) -> None:
        state = self._emptiness()
        if state is not Emptiness.NOT:
            self.empty.show_state(state, self.plant, self.log, self.history_bar.filter.text())
            if state is Emptiness.NONE_STANDS and self.plant is not None:
                self.empty.count_raises(self.plant, self.tasks)
        wanted = self.table if state is Emptiness.NOT else self.empty
        if self.stack.currentWidget() is not wanted:
            had_keyboard = self.table.hasFocus()
            self.stack.setCurrentWidget(wanted)
            if had_keyboard:
                self.bar.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def _has_rows(self) -> bool:
        """Whether there are rows, or may be: what is not sorted yet must not be told as nothing."""
        return self.table.alarms.rowCount() > 0 or self.table.alarms.view.is_due

    def _emptiness(self) -> Emptiness:
        plant = self.plant
        if plant is None:
            return Emptiness.NO_PLANT
        if self.bar.mode == "history":
            if self.log.state is LogState.FAILED:
                return Emptiness.LOG_FAILED
            if missing_text(plant, Capability.ALARM_HISTORY) and not self.log.count:
                return Emptiness.NO_LOG
            if self._has_rows() or self.log.state is LogState.BUSY:
                return Emptiness.NOT
            return Emptiness.NOTHING_MATCHES if self.log.count else Emptiness.LOG_EMPTY
        if not plant.alarms.is_known:
            if not plant.status.state.is_live:
                return Emptiness.NOT_CONNECTED
            missing = missing_text(plant, Capability.ALARMS)
            return Emptiness.NO_ALARMS if missing else Emptiness.READING
        if self._has_rows():
            return Emptiness.NOT
        if self._filter() != AlarmFilter():
            return Emptiness.NOTHING_MATCHES
        return Emptiness.NONE_STOOD if plant.alarms.is_stale else Emptiness.NONE_STANDS

    def _selection_moved(self) -> None:
        """Buttons and reasons for what is selected now."""
        past = self.bar.mode == "history"
        why_past = tr("records of the log cannot be acknowledged") if past else ""
        selected = self.table.selected_count()
        self.tally.look()
        counts = []
        for operation, button in (
            (AlarmAction.ACKNOWLEDGE, self.acknowledge_action),
            (AlarmAction.RESET, self.reset_action),
        ):
            waiting = self.tally.waiting(operation)
            # Until tens of thousands are counted the button works: the dialog counts anew.
            possible = waiting or (selected if self.tally.is_counting else 0)
            why = why_past or self.operator.why_not_of(operation, selected, possible)
            disable_with_reason(button, why)
            counts.append(0 if why else waiting)
        self.bar.show_waiting(*counts)
        current = self.table.current_alarm()
        no_alarm = "" if current is not None else tr("no alarm is selected")
        no_tag = no_alarm
        if current is not None and not current.trigger_tag:
            no_tag = tr("the server does not name a trigger tag")
        for action in (self.details_action, self.copy_action, self.copy_name_action):
            disable_with_reason(action, no_alarm)
        for action in (self.copy_text_action, self.only_area_action):
            disable_with_reason(action, no_alarm)
        for action in (self.trend_action, self.setpoints_action, self.reveal_action):
            disable_with_reason(action, no_tag)
        for action in (self.copy_tag_action, self.only_tag_action):
            disable_with_reason(action, no_tag)
        disable_with_reason(
            self.export_action, "" if self.table.alarms.rowCount() else tr("no rows")
        )
        self.refresh_action.setEnabled(past)
        self.pages.follow()

    def _each_second(self, now_ns: int) -> None:
        if self.plant is not None:
            self._long_lived.note(self.plant.alarms.taken_over + self.log.taken_over)
        self.table.update_durations()
        self.pages.tick()
        if self.stack.currentWidget() is self.empty:
            self._show_empty()
        if not 0 <= now_ns - self._announced_ns < ANNOUNCE_PERIOD_NS:
            self._announced_ns = now_ns
            row = self.table.currentIndex().row()
            alarm = self.table.alarms.alarm_at(row) if row >= 0 else None
            if alarm is not None and alarm is not self._announced:
                self._announced = alarm
                self.table.alarms.announce(row)

    def _notes_changed(self) -> None:
        self.strip.show_notes(self.operator.notes.problems(), self.plant)
        self.table.viewport().update()
        self._selection_moved()

    # What the user does.

    def acknowledge(self) -> None:
        """Acknowledge the selected alarms; asks when there are several."""
        self.operator.run(AlarmAction.ACKNOWLEDGE, self.table.selected_alarms())

    def reset(self) -> None:
        """Reset the selected alarms; asks when there are several."""
        self.operator.run(AlarmAction.RESET, self.table.selected_alarms())

    def trend_of_trigger(self) -> None:
        alarm = self.table.current_alarm()
        if alarm is not None and alarm.trigger_tag:
            at_ns = alarm.raise_time_ns or alarm.modification_time_ns or self._now_ns()
            self.desk.moment_requested.emit(alarm.trigger_tag, at_ns)

    def to_setpoints(self) -> None:
        alarm = self.table.current_alarm()
        if alarm is not None and alarm.trigger_tag:
            self.desk.setpoints_requested.emit([alarm.trigger_tag])

    def reveal_trigger(self) -> None:
        alarm = self.table.current_alarm()
        if alarm is not None and alarm.trigger_tag:
            self.desk.reveal_requested.emit(alarm.trigger_tag)

    def select_all(self) -> None:
        self.table.selectAll()

    def copy_rows(self) -> None:
        """Selected rows as they are shown, tab-separated; many of them between events."""
        copy_rows(self.table, self.tasks, self.desk)

    def _copy(self, field: str) -> None:
        alarms = self.table.selected_alarms()
        texts = dict.fromkeys(str(getattr(alarm, field)) for alarm in alarms)
        QGuiApplication.clipboard().setText("\n".join(text for text in texts if text))

    def _set_flashing(self, on: bool) -> None:
        self.table.flashing = on
        self.bar.show_flashing(on)
        self.table.viewport().update()

    def _set_greys(self, on: bool) -> None:
        self.table.colors = Colors.GREY if on else Colors.SERVER
        self.table.viewport().update()
        self._show_counts()

    def _outage_seen(self) -> None:
        if self.plant is not None:
            self.plant.alarms.forget_outage()
        self._show_outage()

    def _show_outage(self) -> None:
        plant = self.plant
        self.outage.show_outage(
            plant.alarms.outage if plant is not None else AlarmOutage(),
            missing_text(plant, Capability.ALARM_HISTORY),
        )

    def _log_of_outage(self) -> None:
        """The log of a span that covers the outage, newest first."""
        if self.plant is None:
            return
        since_ns = self.plant.clock_ns() - self.plant.alarms.outage.lost_ns
        fitting = (name for name, length_ns in SPANS.items() if length_ns > since_ns)
        self.history_bar.set_span(next(fitting, "24h"))
        self.set_mode("history")
        self.read_history()

    # History.

    def read_history(self) -> None:
        """Read the chosen span of the log."""
        if self.plant is None or missing_text(self.plant, Capability.ALARM_HISTORY):
            self._refresh()
            return
        start_ns, end_ns = self.history_bar.wanted()
        self.log.read(self.plant, start_ns, end_ns, self.history_bar.filter.text().strip())

    def history_of_a_day(self) -> None:
        self.history_bar.set_span("24h")
        self.log.cancel()
        self.set_mode("history")
        if self.log.state is not LogState.BUSY:
            self.read_history()

    def _use_filter(self, text: str) -> None:
        self.history_bar.filter.setText(text)
        self.read_history()

    def _log_changed(self) -> None:
        self.history_bar.show_log(self.log)
        if self.bar.mode != "history":
            return
        if self.table.alarms.view is not self.log.view:
            self._show_view()
        else:
            self._refresh()

    def choose_export(self) -> None:
        """Ask for a file and write the rows that the filters let through."""
        dialog = QFileDialog(self, tr("Export alarms"))
        dialog.setObjectName("alarmExportDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(tr("Table (*.csv)"))
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(lambda path: self.export_to(Path(path)))
        dialog.open()

    def export_to(self, path: Path) -> None:
        """Write the rows shown, in their order, to a CSV file in the language's profile."""
        view = self._shown_view()
        found = [view.alarm(number) for number in view.ids()]
        alarms = [alarm for alarm in found if alarm is not None]

        async def write() -> None:
            count = await asyncio.to_thread(export_csv, path, alarms, language())
            said = tr_n(
                "{count} row written to {path}", "{count} rows written to {path}", count, path=path
            )
            self.desk.banner_requested.emit("info", said, "")

        self.tasks.start(write(), "alarm-export")

    # Details.

    @property
    def details(self) -> AlarmDetails | None:
        """The page of one alarm, while it is open."""
        return self.pages.page

    def open_details(self) -> None:
        """Show the current alarm on one page."""
        if self.plant is not None:
            self.pages.open(self.plant)

    def _history_of(self, name: str) -> None:
        """All records of the alarm of that name."""
        self.bar.search.setText(name)
        self.history_of_a_day()
