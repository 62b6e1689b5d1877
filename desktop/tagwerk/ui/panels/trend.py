"""The trends in the middle of the window: tabs, one toolbar, the page on show.

Adds tags on request, drop or restore, and wires tabs, toolbar and page. Drawing, bookkeeping and
exports are in `tagwerk.ui.trend`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from tagwerk.domain.connection import Capability
from tagwerk.domain.tags import split_name
from tagwerk.plant import Frame, Plant
from tagwerk.ui.commands import disable_with_reason, make_action
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import tr, tr_message, tr_n
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.trend.axes import MINUTE_NS, clock_text
from tagwerk.ui.trend.commands import COMMANDS, GROUPS, VIEW_KEYS
from tagwerk.ui.trend.items import MAX_PENS, TrendPen, why_not_plottable
from tagwerk.ui.trend.marking import Marking
from tagwerk.ui.trend.notices import SHORTER_NS, LogProblem, Progress
from tagwerk.ui.trend.page import TrendPage
from tagwerk.ui.trend.penmenu import PenMenu
from tagwerk.ui.trend.saving import TrendExports
from tagwerk.ui.trend.tabs import TrendTabs
from tagwerk.ui.trend.toolbar import TrendToolbar

MOMENT_NS = 10 * MINUTE_NS
"""How much time is shown around a moment."""
MOST_TABS = 20
MOST_PLANTS = 20
_MOST_PICTURES_PER_S = 30.0


class TrendPanel(Panel):
    """See the module."""

    object_name = "trendPanel"
    title = "Trends"
    icon_name = "chart-line"
    frame_turn = 3

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.plant: Plant | None = None
        self.marking = Marking(self.tasks)
        self._states: dict[str, dict[str, Any]] = {}
        self._switching = False
        self.exports = TrendExports(self, desk, self.tasks)
        self.actions_by_id = self._make_actions()
        self.tabs = TrendTabs(self)
        self.tabs.hide()
        self.toolbar = TrendToolbar(
            [[self.actions_by_id[name] for name in group] for group in GROUPS]
        )
        self.problem = LogProblem(self._ask_again, self._read_shorter)
        self.progress = Progress()
        self.pages = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.toolbar, self.problem, self.progress):
            column.addWidget(widget)
        column.addWidget(self.pages, 1)
        self._connect()
        self._new_page()

    def _make_actions(self) -> dict[str, QAction]:
        runs: dict[str, Callable[..., object]] = {
            "trend.new": self.new_trend,
            "trend.rename": lambda: self.tabs.bar.rename(self.tabs.bar.currentIndex()),
            "trend.close": lambda: self.close_trend(self.tabs.bar.currentIndex()),
            "trend.pause": self._pause_or_go_on,
            "trend.live": self._go_live,
            "trend.cursors": self._switch_cursors,
            "trend.fit": lambda: self._change(lambda model: model.auto_axis()),
            "trend.split": lambda on: self._switch("split", on),
            "trend.legend": lambda on: self._switch("legend_on", on),
            "trend.alarms": lambda on: self._switch("alarms_on", on),
            "trend.writes": lambda on: self._switch("writes_on", on),
            "trend.copy": self.copy_statistics,
            "trend.picture": lambda: self.exports.save_picture(self.page),
            "trend.copy_picture": lambda: self.exports.copy_picture(self.page),
            "trend.csv": lambda: self.exports.save_csv(self.page),
            "trend.ask_again": self._ask_again,
            "trend.remove": self._remove_selected,
        }
        actions = {command.id: make_action(command, runs[command.id], self) for command in COMMANDS}
        for name in VIEW_KEYS:
            # Only where the trend itself has the keyboard: Space presses buttons elsewhere.
            actions[name].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        for name in ("trend.cursors", "trend.copy", "trend.remove"):
            actions[name].setProperty("separated", True)
        return actions

    def _connect(self) -> None:
        bar = self.tabs.bar
        self.tabs.new_requested.connect(self.new_trend)
        bar.currentChanged.connect(self._tab_changed)
        bar.tabMoved.connect(self._tab_moved)
        bar.renamed.connect(self._renamed)
        bar.close_requested.connect(self.close_trend)
        bar.menu_requested.connect(self._tab_menu)
        self.toolbar.live_clicked.connect(self._go_live)
        self.toolbar.pause_clicked.connect(self._pause_or_go_on)
        self.toolbar.span_chosen.connect(
            lambda span_ns: self._change(lambda model: model.set_span(span_ns))
        )
        self.toolbar.earlier_clicked.connect(
            lambda: self._change(lambda model: model.pan(-model.span_ns // 2))
        )
        self.toolbar.later_clicked.connect(
            lambda: self._change(lambda model: model.pan(model.span_ns // 2))
        )
        self.desk.trend_requested.connect(self._requested)
        self.desk.moment_requested.connect(self.show_moment)

    # What the window asks.

    def header_widget(self) -> QWidget | None:
        self.tabs.show()
        return self.tabs

    def header_text(self) -> str:
        return self.page.model.title

    @property
    def page(self) -> TrendPage:
        """The page on show."""
        widget = self.pages.currentWidget()
        assert isinstance(widget, TrendPage)  # noqa: S101 - there is always one page
        return widget

    def all_pages(self) -> list[TrendPage]:
        """In the order of the tabs."""
        pages = (self.pages.widget(index) for index in range(self.pages.count()))
        return [page for page in pages if isinstance(page, TrendPage)]

    def set_plant(self, plant: Plant | None) -> None:
        if plant is self.plant and plant is not None:
            return
        self._remember()
        for page in self.all_pages():
            page.leave_plant()
        self.plant = plant
        self.marking.set_plant(plant)
        self._recall()
        self._show_state()

    def rest_rate(self) -> float:
        """A picture for each step that the present moves on."""
        page = self.page
        model = page.model
        if not model.is_live or not model.pens or not page.isVisible():
            return super().rest_rate()
        return min(max(1_000_000_000 / page.view.step_ns, 1.0), _MOST_PICTURES_PER_S)

    def on_frame(self, frame: Frame) -> None:
        plant = self.plant
        if plant is None:
            return
        if frame.tree:
            for page in self.all_pages():
                page.learn_types()
        if frame.status is not None and frame.status.state.is_live:
            for page in self.all_pages():
                page.link_is_back()
        self.marking.take(plant, frame)
        page = self.page
        if not page.isVisible() or self.window().isMinimized():
            return
        before = page.model.loading
        page.on_frame(plant, frame, problem_changed=self._show_problem)
        if page.model.loading is not before:
            self._show_progress()
        self.marking.refresh(plant, page)
        self.toolbar.show_state(page.model, is_stale=page.model.is_stale)

    def save_state(self) -> dict[str, Any]:
        self._remember()
        return {"version": 1, "plants": self._states}

    def restore_state(self, state: dict[str, Any]) -> None:
        plants = state.get("plants")
        if state.get("version") != 1 or not isinstance(plants, dict):
            return
        for key, saved in list(plants.items())[-MOST_PLANTS:]:
            if isinstance(saved, dict):
                self._states[str(key)] = saved
        if self.plant is not None and not any(page.model.pens for page in self.all_pages()):
            self._recall()

    def plant_state(self) -> dict[str, Any]:
        self._remember()
        return dict(self._states.get(self._key, {}))

    def show_plant_state(self, state: dict[str, Any]) -> None:
        self._states[self._key] = state
        self._recall()

    async def close_panel(self) -> None:
        for page in self.all_pages():
            page.leave_plant()
        await super().close_panel()

    @property
    def _key(self) -> str:
        """Trends are kept per connection."""
        return "" if self.plant is None else self.plant.profile.name or self.plant.profile.url

    def _remember(self) -> None:
        """Keep the trends of the plant on show under its connection's name."""
        if self.plant is None:
            return
        key = self._key
        self._states.pop(key, None)
        self._states[key] = {
            "current": self.pages.currentIndex(),
            "trends": [page.state() for page in self.all_pages()],
        }
        while len(self._states) > MOST_PLANTS:
            del self._states[next(iter(self._states))]

    def _recall(self) -> None:
        """Show what was shown of this plant the last time; one empty trend otherwise."""
        plant = self.plant
        saved = self._states.get(self._key, {})
        trends = saved.get("trends")
        states = [s for s in trends if isinstance(s, dict)] if isinstance(trends, list) else []
        for page in self.all_pages():
            self._drop_page(page)
        for state in states[:MOST_TABS] or [{}]:
            page = self._new_page(str(state.get("title") or ""), show=False)
            page.take_state(state)
            if plant is not None:
                for look in page.pen_looks(state):
                    page.add(plant, look["name"], look=look)
            self.tabs.bar.setTabText(self.pages.indexOf(page), page.model.title)
        current = saved.get("current")
        index = current if isinstance(current, int) and 0 <= current < self.pages.count() else 0
        self.tabs.bar.setCurrentIndex(index)
        self._tab_changed(index)

    # Tabs.

    def _new_page(self, title: str = "", *, show: bool = True) -> TrendPage:
        page = TrendPage(title or tr("Trend {number}", number=self.pages.count() + 1))
        for name in VIEW_KEYS:
            page.view.addAction(self.actions_by_id[name])
            page.legend.addAction(self.actions_by_id[name])
        page.changed.connect(self._show_state)
        page.menu_requested.connect(self._pen_menu)
        page.tags_dropped.connect(self._dropped)
        if self.plant is not None:
            page.model.now_ns = self.plant.clock_ns() + self.plant.trends.skew_ns
        self._switching = True
        self.pages.addWidget(page)
        self.tabs.bar.addTab(page.model.title)
        self._switching = False
        if show:
            self.tabs.bar.setCurrentIndex(self.pages.count() - 1)
            self._tab_changed(self.pages.count() - 1)
        return page

    def _drop_page(self, page: TrendPage) -> None:
        index = self.pages.indexOf(page)
        page.leave_plant()
        self._switching = True
        self.pages.removeWidget(page)
        self.tabs.bar.removeTab(index)
        self._switching = False
        page.deleteLater()

    def new_trend(self) -> None:
        """Open an empty trend in a tab of its own."""
        if self.pages.count() < MOST_TABS:
            self._new_page()
            self.page.view.setFocus()
        self._show_state()

    def close_trend(self, index: int) -> None:
        """Close a tab; the last one is emptied instead."""
        pages = self.all_pages()
        if not 0 <= index < len(pages):
            return
        if len(pages) == 1:
            self._new_page(tr("Trend {number}", number=1), show=False)
        self._drop_page(pages[index])
        self._tab_changed(self.tabs.bar.currentIndex())

    def _tab_changed(self, index: int) -> None:
        if self._switching or not 0 <= index < self.pages.count():
            return
        self.pages.setCurrentIndex(index)
        if self.plant is not None:
            self.page.model.now_ns = self.plant.clock_ns() + self.plant.trends.skew_ns
        self.marking.look_again()
        self.page.refresh()
        self._show_state()
        self._show_problem()
        self._show_progress()

    def _tab_moved(self, source: int, target: int) -> None:
        page = self.all_pages()[source]
        self.pages.removeWidget(page)
        self.pages.insertWidget(target, page)
        self.pages.setCurrentIndex(self.tabs.bar.currentIndex())

    def _renamed(self, index: int, name: str) -> None:
        page = self.all_pages()[index]
        page.model.title = name
        self.tabs.bar.setTabText(index, name)

    def _tab_menu(self, index: int, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setObjectName("trendTabMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Rename trend"), lambda: self.tabs.bar.rename(index))
        menu.addAction(tr("Close trend"), lambda: self.close_trend(index))
        menu.popup(at)

    # Tags.

    def add_tags(self, names: Sequence[str], pane: int = -1) -> list[TrendPen]:
        """Add tags to the trend on show; those that cannot be shown are told with the reason."""
        plant = self.plant
        if plant is None:
            return []
        added: list[TrendPen] = []
        refused: list[str] = []
        for name in names:
            sample = plant.live.get(name)
            reason = why_not_plottable(plant.tag(name), sample.value if sample else None)
            if reason:
                refused.append(tr_message(reason))
                continue
            pen = self.page.add(plant, name)
            if pen is None:
                refused.append(tr("A trend shows at most {count} tags.", count=MAX_PENS))
                break
            if pane >= 0 and not pen.is_lane and len(self.page.model.arrangement.panes) > 1:
                pen.pane = pane
                self.page.model.rearrange()
            added.append(pen)
        if refused:
            self.desk.banner_requested.emit(
                "info",
                tr_n("One tag was not added.", "{count} tags were not added.", len(refused)),
                " ".join(dict.fromkeys(refused)),
            )
        self.marking.look_again()
        self._show_state()
        return added

    def _requested(self, names: object) -> None:
        self.add_tags([str(name) for name in names] if isinstance(names, (list, tuple)) else [])

    def _dropped(self, names: object, pane: int) -> None:
        if isinstance(names, list):
            self.add_tags(names, pane)

    def _remove_selected(self) -> None:
        page = self.page
        if page.model.selected is not None:
            page.remove(page.model.selected)

    def show_moment(self, name: str, time_ns: object) -> None:
        """A tab with that tag, ten minutes around that time, marked."""
        plant = self.plant
        if plant is None or not isinstance(time_ns, int):
            return
        reason = why_not_plottable(plant.tag(name), None)
        if reason:
            self.desk.banner_requested.emit(
                "info", tr("There is no trend of it."), tr_message(reason)
            )
            return
        label = ".".join(split_name(name).path[-2:])
        title = f"{label} {clock_text(time_ns)}"
        page = next((p for p in self.all_pages() if p.model.title == title), None)
        if page is None:
            page = self._new_page(title)
        self.tabs.bar.setCurrentIndex(self.pages.indexOf(page))
        page.add(plant, name)
        page.model.moment_ns = time_ns
        page.model.show(time_ns - MOMENT_NS // 2, time_ns + MOMENT_NS // 2)
        page.refresh()
        page.view.setFocus()

    def _pen_menu(self, at: QPoint) -> None:
        menu = PenMenu(self, self.desk, self.page, self.actions_by_id)
        menu.changed.connect(self._change)
        menu.popup(at)

    # Switches.

    def _change(self, change: Callable[[Any], object]) -> None:
        change(self.page.model)
        self.page.look_at_log_soon()
        self.page.refresh()

    def _switch(self, field: str, on: bool) -> None:
        if self._switching:
            return
        setattr(self.page.model, field, on)
        self._change(lambda model: model.rearrange())

    def _switch_cursors(self, on: bool) -> None:
        if self._switching:
            return
        self.page.model.cursors_on = on
        if on:
            self.page.model.place_cursors()
        self._change(lambda model: model.touch())

    def _pause_or_go_on(self) -> None:
        self._change(lambda model: model.pause() if model.is_live else model.go_live())

    def _go_live(self) -> None:
        self._change(lambda model: model.go_live())

    def _show_state(self) -> None:
        """Toolbar and actions say what the page on show is doing."""
        if self._switching or not self.pages.count():
            return
        model = self.page.model
        self.toolbar.show_state(model, is_stale=model.is_stale)
        self._switching = True
        for name, on in (
            ("trend.cursors", model.cursors_on), ("trend.split", model.split),
            ("trend.legend", model.legend_on), ("trend.alarms", model.alarms_on),
            ("trend.writes", model.writes_on),
        ):  # fmt: skip
            self.actions_by_id[name].setChecked(on)
        self._switching = False
        empty = "" if model.pens else tr("Add a tag first.")
        for name in (
            "trend.cursors",
            "trend.fit",
            "trend.copy",
            "trend.picture",
            "trend.copy_picture",
            "trend.csv",
        ):
            disable_with_reason(self.actions_by_id[name], empty)
        nothing = "" if model.selected is not None else tr("Select a pen first.")
        disable_with_reason(self.actions_by_id["trend.remove"], nothing)
        low = "" if self.page.has_room_for_legend else tr("The trend is too low for its legend.")
        disable_with_reason(self.actions_by_id["trend.legend"], low)
        self._explain_log()

    def _explain_log(self) -> None:
        reason = ""
        if self.plant is None:
            reason = tr("Connect first.")
        elif Capability.HISTORY not in self.plant.capabilities:
            reason = tr("This server or this user cannot read the log.")
        disable_with_reason(self.actions_by_id["trend.ask_again"], reason)

    # The log.

    def _ask_again(self) -> None:
        self.page.ask_again()
        self._show_problem()

    def _read_shorter(self) -> None:
        self._change(lambda model: model.set_span(SHORTER_NS))
        self._ask_again()

    def _show_problem(self) -> None:
        page = self.page
        self.problem.show_error(page.model.log_problem, page.failed, page.model.span_ns)

    def _show_progress(self) -> None:
        loading = self.page.model.loading
        self.progress.show_share(None if loading is None else loading.progress)

    # Exports.

    def copy_statistics(self) -> None:
        """The legend as tab-separated text to the clipboard."""
        legend = self.page.legend
        legend.refresh()
        QGuiApplication.clipboard().setText(legend.rows_model.tsv())
