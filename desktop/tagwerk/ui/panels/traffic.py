"""The traffic panel: what goes over the wire to the plant on show, with everything secret blacked
out. Hidden until asked for. It reads the plant's `TrafficStore` and changes nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
)

from tagwerk.domain.connection import LinkCounters
from tagwerk.domain.text import format_number
from tagwerk.domain.traffic import Exchange
from tagwerk.export.traffic import write_lines, write_table
from tagwerk.plant import Frame, Plant
from tagwerk.store.traffic import RateMeter, TrafficFilter, TrafficRates, TrafficStore
from tagwerk.ui.commands import Command, disable_with_reason, make_action
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import language, number_style, tr, tr_n
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.table_copy import copy_rows
from tagwerk.ui.theme import theme
from tagwerk.ui.traffic import commands
from tagwerk.ui.traffic.bar import TrafficBar, TrafficFoot
from tagwerk.ui.traffic.cells import size_text
from tagwerk.ui.traffic.details import Split, TrafficDetails, full_text, readable
from tagwerk.ui.traffic.table import TrafficTable
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import EmptyState

PAINT_PERIOD_NS = 95_000_000
"""Ten pictures a second: every third frame, also where a frame comes a little early."""
RATE_PERIOD_NS = 500_000_000
_BESIDE_FROM = 620
"""From this width on (at normal density) the details stand beside the table, else below it."""


class TrafficPanel(Panel):
    """Traffic of the plant on show; object name ``trafficPanel``."""

    object_name = "trafficPanel"
    title = "Traffic"
    icon_name = "activity"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.plant: Plant | None = None
        self.meter = RateMeter()
        self.rates = TrafficRates()
        self._painted_ns = self._rated_ns = 0
        self._held = False
        self._asleep = True
        self._make_actions()
        self._build()
        self.set_plant(None)

    # Building.

    def _make_actions(self) -> None:
        def act(command: Command, run: Any) -> QAction:
            return make_action(command, run, self)

        self.pause_action = act(commands.PAUSE, self.hold)
        self.clear_action = act(commands.CLEAR, self.clear)
        self.export_action = act(commands.EXPORT, self.choose_export)
        self.copy_action = act(commands.COPY, self.copy_rows)
        self.copy_texts_action = act(commands.COPY_ALL, lambda: self._copy(full_text))
        self.copy_request_action = act(
            commands.COPY_REQUEST, lambda: self._copy(lambda one: readable(one.request))
        )
        self.copy_answer_action = act(
            commands.COPY_ANSWER, lambda: self._copy(lambda one: readable(one.answer))
        )
        self.select_all_action = act(commands.SELECT_ALL, lambda: self.table.selectAll())
        self.search_action = act(commands.SEARCH, self.focus_search)
        self.only_this_action = act(commands.ONLY_THIS, self.only_this)
        self.no_filter_action = act(commands.NO_FILTER, self.clear_filters)
        self.newest_action = act(commands.NEWEST, self.go_to_newest)

    def _build(self) -> None:
        self.bar = TrafficBar()
        self.table = TrafficTable()
        self.details = TrafficDetails()
        self.empty = EmptyState("activity", tr("No plant yet"))
        self.empty.setObjectName("trafficEmpty")
        self.empty.setAutoFillBackground(True)
        self.clear_filters_button = PushButton(tr("Clear filters"), "funnel-x")
        self.clear_filters_button.setObjectName("trafficClearFilters")
        self.clear_filters_button.clicked.connect(lambda _on=False: self.clear_filters())
        self.empty.set_buttons([self.clear_filters_button])
        self.split = Split()
        self.split.addWidget(self.table)
        self.split.addWidget(self.details)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([600, 400])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.split)
        self.stack.addWidget(self.empty)
        # Words on the page that is not on show must not decide how low the whole window may be.
        self.stack.setMinimumHeight(theme().px(72))
        self.foot = TrafficFoot()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.stack, 1)
        column.addWidget(self.foot)
        self.table.setMinimumHeight(theme().px(48))
        self.details.setMinimumHeight(theme().px(40))
        self.bar.changed.connect(self._filter_changed)
        self.bar.search.left.connect(self._focus_table)
        self.details.left.connect(self._focus_table)
        self.table.selection_moved.connect(self._selection_moved)
        self.table.details_wanted.connect(self._focus_details)
        self.table.menu_wanted.connect(lambda where: self.context_menu().popup(where))

    @property
    def store(self) -> TrafficStore | None:
        """What is shown; None without a plant."""
        return self.plant.traffic if self.plant is not None else None

    # Panel.

    def set_plant(self, plant: Plant | None) -> None:
        self.plant = plant
        self.meter.restart()
        self.rates = TrafficRates()
        self.pause_action.setChecked(False)
        self.table.records.show_store(plant.traffic if plant is not None else TrafficStore())
        self._refresh()

    def rest_rate(self) -> float:
        """Requests are no news of the plant: looked for four times a second while they are shown."""
        return 4.0 if self.isVisible() else super().rest_rate()

    def on_frame(self, frame: Frame) -> None:
        now_ns = frame.now_ns
        if not 0 <= now_ns - self._rated_ns < RATE_PERIOD_NS:
            self._rated_ns = now_ns
            self._read_rates()
        if not self.isVisible():
            if not self._asleep:
                # What nobody sees must not hold what the store has let go.
                self._asleep = True
                self.table.records.let_go()
            return
        if self._asleep or not 0 <= now_ns - self._painted_ns < PAINT_PERIOD_NS:
            self._painted_ns = now_ns
            self._refresh()

    def header_text(self) -> str:
        plant = self.plant
        if plant is None:
            return ""
        style, rates = number_style(), self.rates
        counters = self._counters()
        parts = (
            tr("{rate} requests/s", rate=format_number(rates.requests, 1, style)),
            tr("{rate} messages/s", rate=format_number(rates.messages, 0, style)),
            tr("{size}/s", size=size_text(round(rates.bytes))),
            tr("{count} subscribed", count=counters.subscribed),
            tr_n("{count} reconnect", "{count} reconnects", counters.reconnects),
            tr_n("{count} ping", "{count} pings", counters.pings),
            tr_n("{count} error", "{count} errors", plant.traffic.totals.problems),
        )
        return " · ".join(parts)

    def header_actions(self) -> list[QAction]:
        return [self.pause_action, self.clear_action, self.export_action]

    def save_state(self) -> dict[str, Any]:
        return {"columns": self.table.columns.save(), "split": self.split.sizes()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self.table.columns.restore(state.get("columns"))
        sizes = state.get("split")
        if (
            isinstance(sizes, list)
            and len(sizes) == 2
            and all(isinstance(size, int) and 0 < size < 10_000 for size in sizes)
        ):
            self.split.setSizes(sizes)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= theme().px(_BESIDE_FROM)
        wanted = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if self.split.orientation() != wanted:
            self.split.setOrientation(wanted)

    # Ctrl+F is the tag tree's everywhere else in the window: while the keyboard is here it is a key.

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.Find)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Find):
            self.focus_search()
            return
        super().keyPressEvent(event)

    # Refreshing.

    def _counters(self) -> LinkCounters:
        plant = self.plant
        return plant.link.counters if plant is not None and plant.has_link else LinkCounters()

    def _read_rates(self) -> None:
        store = self.store
        if store is not None:
            self.rates = self.meter.read(store.totals, self._counters())

    def _refresh(self) -> None:
        """Bring table, foot and empty state up to date."""
        if self._asleep and self.isVisible():
            self._asleep = False
            self.table.records.let_go()
        if not self._held:
            self.table.sync()
        self._show_foot()
        self._show_empty()

    def _show_foot(self) -> None:
        store = self.store
        if store is None:
            self.foot.show_text("")
            return
        totals = store.totals
        parts = []
        if self._held:
            waiting = self.table.records.view.waiting
            parts.append(tr_n("held, {count} new", "held, {count} new", waiting))
        shown = self.table.records.rowCount()
        if shown != len(store) and not self._held:
            parts.append(tr("{shown} of {count} records", shown=shown, count=len(store)))
        else:
            parts.append(tr_n("{count} record", "{count} records", len(store)))
        parts.append(
            tr(
                "{used} of {budget} used",
                used=size_text(store.used_bytes),
                budget=size_text(store.most_bytes),
            )
        )
        if totals.pushed_out:
            parts.append(
                tr_n("{count} older one dropped", "{count} older ones dropped", totals.pushed_out)
            )
        self.foot.show_text(" · ".join(parts))

    def _show_empty(self) -> None:
        store = self.store
        has_rows = self.table.records.rowCount() > 0
        filtered = self.bar.wanted() != TrafficFilter()
        self.clear_filters_button.setVisible(filtered and store is not None)
        if store is None:
            self.empty.set_state(
                "activity", tr("No plant yet"), tr("Connect to see what goes over the wire.")
            )
        elif filtered and len(store):
            self.empty.set_state(
                "search-x", tr("No record matches"), tr("Recording goes on behind the filter.")
            )
        else:
            self.empty.set_state(
                "activity",
                tr("Nothing was sent yet"),
                tr("Requests, socket messages and events appear here. Values are only counted."),
            )
        wanted = self.split if has_rows else self.empty
        if self.stack.currentWidget() is not wanted:
            had_keyboard = self.table.hasFocus() or self.details.text.hasFocus()
            self.stack.setCurrentWidget(wanted)
            if had_keyboard and not has_rows:
                self.bar.search.setFocus(Qt.FocusReason.OtherFocusReason)
        for action in (self.export_action, self.clear_action):
            disable_with_reason(action, "" if has_rows else tr("no rows"))
        self.pause_action.setEnabled(store is not None)
        self._selection_moved()

    def _selection_moved(self) -> None:
        record = self.table.current_record()
        self.details.show_record(record)
        reason = "" if record is not None else tr("no row is selected")
        for action in (self.copy_action, self.copy_texts_action, self.only_this_action):
            disable_with_reason(action, reason)
        no_request = reason or ("" if record and record.request else tr("it has none"))
        no_answer = reason or ("" if record and record.answer else tr("it has none"))
        disable_with_reason(self.copy_request_action, no_request)
        disable_with_reason(self.copy_answer_action, no_answer)

    # What the user does.

    def hold(self, on: bool) -> None:
        """Hold the list still; the store goes on recording."""
        self._held = on
        self._refresh()

    def clear(self) -> None:
        """Empty the list; totals stay."""
        if self.store is not None:
            self.store.clear()
            self.pause_action.setChecked(False)
            self._refresh()

    def clear_filters(self) -> None:
        self.bar.set_wanted(TrafficFilter())

    def only_this(self) -> None:
        """Only records of the current one's operation."""
        record = self.table.current_record()
        if record is not None:
            self.bar.set_wanted(TrafficFilter(record.what))

    def focus_search(self) -> None:
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    def _focus_table(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focus_details(self) -> None:
        self.details.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def go_to_newest(self) -> None:
        """The last row, and follow from there."""
        rows = self.table.records.rowCount()
        if rows:
            self.table.selectRow(rows - 1)
            self.table.scrollToBottom()

    def _filter_changed(self) -> None:
        self.table.records.set_filter(self.bar.wanted())
        self.table.scrollToBottom()
        self._refresh()

    def _copy(self, make: Any) -> None:
        record = self.table.current_record()
        if record is not None:
            QGuiApplication.clipboard().setText(make(record))

    def copy_rows(self) -> None:
        """Selected rows as they are shown, tab-separated; many of them between events."""
        copy_rows(self.table, self.tasks, self.desk)

    def context_menu(self) -> QMenu:
        """Of the current row; everything of the bar is in it too."""
        menu = QMenu(self)
        menu.setObjectName("trafficContextMenu")
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copying = menu.addMenu(tr("Copy"))
        copying.addActions([self.copy_action, self.copy_texts_action])
        copying.addActions([self.copy_request_action, self.copy_answer_action])
        menu.addAction(self.select_all_action)
        menu.addSeparator()
        menu.addActions([self.only_this_action, self.no_filter_action])
        for chip in self.bar.chips:
            action = menu.addAction(chip.text())
            action.setCheckable(True)
            action.setChecked(chip.isChecked())
            action.toggled.connect(chip.setChecked)
        menu.addSeparator()
        menu.addActions([self.newest_action, self.pause_action, self.clear_action])
        menu.addSeparator()
        self.table.columns.fill_menu(menu)
        menu.addSeparator()
        menu.addAction(self.export_action)
        return menu

    # Export.

    def choose_export(self) -> None:
        """Ask for a file and write the rows that the filters let through."""
        dialog = QFileDialog(self, tr("Export traffic"))
        dialog.setObjectName("trafficExportDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("JSON lines (*.jsonl)"), tr("Table (*.csv)")])
        dialog.setDefaultSuffix("jsonl")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("csv" if ".csv" in chosen else "jsonl")
        )
        dialog.fileSelected.connect(lambda path: self.export_to(Path(path)))
        dialog.open()

    def export_to(self, path: Path) -> None:
        """Write the rows shown to a file: ``.csv`` is a table, all else JSON lines."""
        records: list[Exchange] = list(self.table.records.view.rows())

        def write() -> int:
            if path.suffix.lower() == ".csv":
                return write_table(path, records, language())
            return write_lines(path, records)

        async def run() -> None:
            count = await asyncio.to_thread(write)
            said = tr_n(
                "{count} row written to {path}", "{count} rows written to {path}", count, path=path
            )
            self.desk.banner_requested.emit("info", said, "")

        self.tasks.start(run(), "traffic-export")
