"""One trend with its view and legend: opens curves, asks the log for what is missing, keeps the
window's and the plant's changes on the screen. The panel holds several, one to a tab.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QVBoxLayout, QWidget

from tagwerk.domain.message import Message
from tagwerk.domain.tags import BaseType
from tagwerk.domain.values import Sample
from tagwerk.plant import Frame, Plant
from tagwerk.ui.clock import is_due
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.items import INK, MAX_PENS, TrendPen, make_pen, steps
from tagwerk.ui.trend.legend import TrendLegend
from tagwerk.ui.trend.model import LONGEST_NS, SHORTEST_NS, Loading, TrendModel
from tagwerk.ui.trend.readout import number_text
from tagwerk.ui.trend.toolbar import span_text
from tagwerk.ui.trend.view import TrendView

ASK_EVERY_NS = 500_000_000
STATISTICS_EVERY_NS = 500_000_000
NEWS_EVERY_NS = 250_000_000
VALUES_EVERY_NS = 100_000_000
PICTURES_APART_NS = 90_000_000
"""What moves by itself (new samples, the present) waits so long behind a picture, and comes with what
moves next: two pictures one after the other hold up the loop. Not where the present moves faster."""
_LEGEND_WAITS_NS = 2 * VALUES_EVERY_NS
"""So long at most the legend gives way to pictures of the curves."""
DESCRIBE_EVERY_NS = 5_000_000_000
LOG_DELAY_NS = 2_500_000_000
"""The server stores a little late: a hole that has just ended is asked for after this."""
_SLIVER_NS = 5_000_000_000
_LEAST_VIEW, _LEAST_LEGEND = 200, 74
"""Pixels at normal density: below these, lanes cannot be read and the legend has less than two rows."""

_numbers = itertools.count(1)


class _Handle(QSplitterHandle):
    """A gutter instead of Fusion's dots."""

    def paintEvent(self, event) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("window"))


class _Splitter(QSplitter):
    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class TrendPage(QWidget):
    """View and legend of one `TrendModel`.

    Signals:
        changed: anything the toolbar shows.
        menu_requested: a global position.
        tags_dropped: list[str] and the pane's number.
    """

    changed = Signal()
    menu_requested = Signal(object)
    tags_dropped = Signal(object, int)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.key = f"trend:{next(_numbers)}"
        self.model = TrendModel(title)
        self.plant: Plant | None = None
        self.view = TrendView(self.model)
        self.legend = TrendLegend(self.model, self._latest)
        self._asked: dict[str, list[tuple[int, int]]] = {}
        self._asked_at_ns = 0
        self._loading_since_ns = 0
        self._batch: set[str] = set()
        self._legend_at_ns = 0
        self._version = -1
        self._statistics_at_ns = 0
        self._statistics_of = -1
        self._described_at_ns = 0
        self._has_news = False
        self._news_at_ns = self._past_at_ns = self._pictured_at_ns = 0
        self._history = -1
        self.failed: list[tuple[str, Message]] = []
        """Pens whose past could not be read, with the reason."""
        splitter = self._splitter = _Splitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(theme().px(4))
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.view)
        splitter.addWidget(self.legend)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)
        self.legend.setMinimumHeight(theme().px(50))
        self.legend.setVisible(False)
        self._sized_for = -1
        self.view.changed.connect(self._view_changed)
        self.view.tags_dropped.connect(self.tags_dropped)
        self.view.menu_requested.connect(self.menu_requested)
        self.legend.menu_requested.connect(self.menu_requested)
        self.legend.pen_selected.connect(self._pen_selected)
        self.legend.order_changed.connect(self._order_changed)
        self.legend.rows_model.pen_toggled.connect(self.view.refresh)

    # Pens.

    def add(
        self, plant: Plant, name: str, *, look: dict[str, Any] | None = None
    ) -> TrendPen | None:
        """Open the tag's curve and show it; None when there is no room. A tag is added once."""
        self.plant = plant
        known = self.model.pen(name)
        if known is not None:
            known.visible = True
            self.model.select(known)
            self.model.rearrange()
            return known
        if len(self.model.pens) >= MAX_PENS:
            return None
        info = plant.tag(name)
        curve = plant.trends.open(name, step=steps(info))
        pen = make_pen(info, curve, self.model.pens)
        if look:
            _restore_look(pen, look)
        self.model.add(pen)
        self.wants()
        self._asked_at_ns = 0
        self.refresh()
        return pen

    def remove(self, pen: TrendPen) -> None:
        """Close the pen's curve."""
        self.model.remove(pen)
        self._forget(pen)
        self.wants()
        self.refresh()

    def _forget(self, pen: TrendPen) -> None:
        self.view.caches.pop(pen.name, None)
        self._asked.pop(pen.name, None)
        self._batch.discard(pen.name)
        if self.plant is not None:
            self.plant.trends.close(pen.name)
            if self.plant.trends.curve(pen.name) is None:
                # Nobody shows it any more: others need not wait for its past.
                self.plant.cancel_history(pen.name)

    def leave_plant(self) -> None:
        """Close all curves and forget the plant."""
        for pen in list(self.model.pens):
            self.model.remove(pen)
            self._forget(pen)
        if self.plant is not None:
            self.plant.interest.drop(self.key)
        self.plant = None
        self.model.marks = []
        self.model.loading = None
        self.refresh()

    def wants(self) -> None:
        """Subscribe exactly what this trend shows."""
        if self.plant is not None:
            self.plant.interest.set(self.key, self.model.names, quick=True)

    def learn_types(self) -> None:
        """The browse or the sheet told more about the tags: units, texts, lanes."""
        if self.plant is None:
            return
        for pen in self.model.pens:
            info = self.plant.tag(pen.name)
            if info == pen.info:
                continue
            fresh = make_pen(info, pen.curve, [p for p in self.model.pens if p is not pen])
            if pen.is_lane != fresh.is_lane or pen.dashed != fresh.dashed:
                pen.color, pen.dashed, pen.is_lane = fresh.color, fresh.dashed, fresh.is_lane
            pen.info, pen.step = info, fresh.step
            pen.curve.step = fresh.step
            self.model.rearrange()

    def _learn_bools(self) -> None:
        """A tag whose type nobody told is a bool when its value is."""
        for pen in self.model.pens:
            sample = self._latest(pen.name)[0]
            if (
                not pen.is_lane
                and pen.info.data_type.base is BaseType.UNKNOWN
                and sample is not None
                and isinstance(sample.value, bool)
            ):
                pen.is_lane = pen.step = pen.curve.step = True
                pen.color, pen.dashed = INK, False
                self.model.rearrange()

    # Frames.

    def on_frame(self, plant: Plant, frame: Frame, *, problem_changed: Callable[[], None]) -> None:
        """Take over what changed; only for the page on show."""
        model, now = self.model, frame.now_ns
        model.now_ns = now + plant.trends.skew_ns
        stale = plant.live.stale_since_ns is not None
        if stale != model.is_stale:
            model.is_stale = stale
            model.touch()
            self.legend.refresh(with_statistics=False)  # at once, and not with the next second
        if not frame.curves.isdisjoint(model.names):
            self._learn_bools()
            self._has_news = True
        apart_ns = min(PICTURES_APART_NS, self.view.step_ns)
        waits = model.version == self._version and not is_due(now, self._pictured_at_ns, apart_ns)
        paints = self._has_news and not waits and self._take_news(now)
        if is_due(now, self._asked_at_ns, ASK_EVERY_NS):
            self._asked_at_ns = now
            self._ask_log(plant, now)
            before = model.log_problem
            self._watch_log(plant, now)
            if model.log_problem != before:
                problem_changed()
        # The picture with the news, some milliseconds from now, shows the present as well.
        has_turn = not self._has_news or self.view.step_ns < NEWS_EVERY_NS
        if model.version != self._version or (has_turn and not waits):
            self._version = model.version
            paints |= self.view.refresh()
        if paints:
            self._pictured_at_ns = now
        # Picture and legend take turns while values come: the loop answers keys between them.
        if not paints or is_due(now, self._legend_at_ns, _LEGEND_WAITS_NS):
            self._refresh_legend(now, bool(frame.values))

    def _take_news(self, now: int) -> bool:
        """New samples at the right edge change a pixel or two: four times a second is enough, and
        only if they do.

        What changed the past (a hole, the log) is shown at once unless it has just been, too; while
        much of the log is read, it is shown as it grows.

        Returns:
            Whether there is something to paint.
        """
        history = sum(pen.curve.history_version for pen in self.model.pens)
        has_past = history != self._history
        at_once = (
            has_past and self.model.loading is None and is_due(now, self._past_at_ns, NEWS_EVERY_NS)
        )
        if at_once or is_due(now, self._news_at_ns, NEWS_EVERY_NS):
            self._history, self._news_at_ns, self._has_news = history, now, False
            if not has_past:
                return self.view.refresh_edge()
            self._past_at_ns = now
            self.model.touch()
        return False

    def _refresh_legend(self, now: int, values: bool) -> None:
        # Without news the span moves on, and with it the numbers a little.
        versions = sum(pen.curve.version for pen in self.model.pens)
        every_ns = STATISTICS_EVERY_NS
        if not values and versions == self._statistics_of:
            every_ns = max(every_ns, self.view.step_ns)
        if is_due(now, self._statistics_at_ns, every_ns):
            self._statistics_at_ns = self._legend_at_ns = now
            self._statistics_of = versions
            self.legend.refresh()
        elif values and is_due(now, self._legend_at_ns, VALUES_EVERY_NS):
            self._legend_at_ns = now
            self.legend.refresh(with_statistics=False)
        if is_due(now, self._described_at_ns, DESCRIBE_EVERY_NS):
            self._described_at_ns = now
            self._describe()

    def _describe(self) -> None:
        """Each setting is an event for screen readers, so only when there is something new."""
        words = self.description()
        if words != self.view.accessibleDescription():
            self.view.setAccessibleDescription(words)

    def refresh(self) -> None:
        """Everything at once, after a change by the user."""
        self._show_legend()
        self.legend.refresh()
        self._fit_legend()
        self.view.refresh()
        self._describe()
        self.changed.emit()

    @property
    def has_room_for_legend(self) -> bool:
        """Where there is room for one of the two only, the curves take it."""
        return self.height() >= theme().px(_LEAST_VIEW + _LEAST_LEGEND)

    def _show_legend(self) -> None:
        wanted = bool(self.model.pens) and self.model.legend_on
        self.legend.setVisible(wanted and self.has_room_for_legend)

    def _fit_legend(self) -> None:
        """As high as its rows, up to two fifths, and never so that no curve can be read; the user's
        own size stays."""
        rows = self.legend.rows_model.rowCount()
        if rows == self._sized_for or not self.height():
            return
        self._sized_for = rows
        wanted = theme().px(24) * (min(rows, 7) + 1) + theme().px(2)
        wanted = min(wanted, max(self.height() * 2 // 5, theme().px(50)))
        wanted = min(wanted, self.height() - theme().px(_LEAST_VIEW))
        self._splitter.setSizes([max(self.height() - wanted, 1), wanted])

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        had_room = not self.legend.isHidden()
        self._show_legend()
        self._sized_for = -1
        self._fit_legend()
        if had_room == self.legend.isHidden():
            self.changed.emit()

    def _view_changed(self) -> None:
        self.legend.refresh()
        self._asked_at_ns = 0
        self.changed.emit()

    def _pen_selected(self, pen: TrendPen) -> None:
        self.model.select(pen)
        self.view.refresh()
        self.legend.viewport().update()
        self.changed.emit()

    def _order_changed(self) -> None:
        self.wants()
        self.view.refresh()
        self.changed.emit()

    def _latest(self, name: str) -> tuple[Sample | None, bool]:
        if self.plant is None:
            return None, False
        return self.plant.live.get(name), self.plant.live.is_stale(name)

    def description(self) -> str:
        """The trend in words, for screen readers."""
        model = self.model
        if not model.pens:
            return tr("No tags yet.")
        pens = ", ".join(
            f"{pen.label} {self._now_text(pen)} {pen.info.unit}".strip() for pen in model.pens
        )
        span = span_text(model.span_ns)
        if model.is_stale and self.plant is not None and not self.plant.live.stale_since_ns:
            return tr("No connection yet, {span} on show: {pens}", span=span, pens=pens)
        if model.is_stale:
            return tr("Link lost, values are stale, {span} on show: {pens}", span=span, pens=pens)
        if model.is_live:
            return tr("Live, the last {span}: {pens}", span=span, pens=pens)
        return tr("Paused, {span} on show: {pens}", span=span, pens=pens)

    def _now_text(self, pen: TrendPen) -> str:
        latest = pen.curve.latest()
        return number_text(pen, latest.value if latest is not None else None)

    # The past.

    def ask_again(self) -> None:
        """Ask the log once more for everything in view that it had no answer for."""
        self._asked.clear()
        for pen in self.model.pens:
            pen.curve.ask_again()
        self.model.log_problem = Message()
        self._asked_at_ns = 0
        self.model.touch()

    def look_at_log_soon(self) -> None:
        """The window moved: the next frame looks at what is missing in it."""
        self._asked_at_ns = 0

    def link_is_back(self) -> None:
        """What could not be read before is worth asking for now."""
        self._asked.clear()
        self.model.log_problem = Message()
        self._asked_at_ns = 0

    def _ask_log(self, plant: Plant, now: int) -> None:
        if not plant.status.state.is_live:
            return
        model = self.model
        left, right = model.left_ns, min(model.right_ns, model.now_ns)
        for pen in model.pens:
            for start, end in pen.curve.missing(left, right):
                for left_ns, right_ns in self._still_to_ask(pen, start, end):
                    self._asked.setdefault(pen.name, []).append((left_ns, right_ns))
                    self._batch.add(pen.name)
                    plant.request_history(pen.name, left_ns, right_ns)

    def _still_to_ask(self, pen: TrendPen, start: int, end: int) -> list[tuple[int, int]]:
        """A missing span without what was asked for already and what is too young for the log."""
        late = self.model.now_ns - LOG_DELAY_NS
        after_hole = pen.curve.is_live and any(
            segment.end_ns <= start for segment in pen.curve.segments(start - 1, start)
        )
        if after_hole and end > late:
            return []
        asked = self._asked.get(pen.name, [])
        parts = [(start, end)]
        for a, b in asked:
            parts = [
                (left, right)
                for x, y in parts
                for left, right in ((x, min(y, a)), (max(x, b), y))
                if right > left
            ]
        # While a tag is not heard of, its edge moves on: asked for every few seconds, not always.
        return [(x, y) for x, y in parts if not asked or y - x >= _SLIVER_NS or y <= late]

    def _watch_log(self, plant: Plant, now: int) -> None:
        """Progress while it is read, and the reason when it was not."""
        model = self.model
        states = {name: plant.history_state(name) for name in self._batch}
        loading = [name for name, state in states.items() if state.loading]
        before = model.loading
        if loading:
            self._loading_since_ns = self._loading_since_ns or now
            seconds = max(now - self._loading_since_ns, 0) / 1e9
            progress = sum(state.progress for state in states.values()) / len(states)
            total = len(states)
            model.loading = (
                Loading(total - len(loading), total, seconds, progress) if seconds > 0.4 else None
            )
        else:
            self._batch.clear()
            self._loading_since_ns = 0
            model.loading = None
        if model.loading != before:
            model.touch()
        left, right = model.left_ns, min(model.right_ns, model.now_ns)
        problem = Message()
        failed: list[tuple[str, Message]] = []
        for pen in model.pens:
            state = plant.history_state(pen.name)
            if not state.error or pen.name not in self._asked:
                continue
            if state.is_refused and _is_never_logged(plant, pen.name):
                continue
            if pen.curve.missing(left, right):
                problem = problem or state.error
                failed.append((pen.label, state.error))
        self.failed = failed
        model.log_problem = problem

    # State.

    def state(self) -> dict[str, Any]:
        """JSON-able; `take_state` reads it back."""
        model = self.model
        return {
            "title": model.title,
            "span_ns": model.span_ns,
            "cursors": model.cursors_on,
            "split": model.split,
            "legend": model.legend_on,
            "alarms": model.alarms_on,
            "writes": model.writes_on,
            "pens": [
                {"name": pen.name, "color": pen.color, "visible": pen.visible, "pane": pen.pane}
                for pen in model.pens
            ],
        }

    def take_state(self, state: dict[str, Any]) -> None:
        """All but the pens, checked; unknown and wrong things are left as they are."""
        model = self.model
        title, span_ns = state.get("title"), state.get("span_ns")
        if isinstance(title, str) and title.strip():
            model.title = title.strip()[:80]
        if isinstance(span_ns, int) and SHORTEST_NS <= span_ns <= LONGEST_NS:
            model.span_ns = span_ns
        for key, field in (
            ("cursors", "cursors_on"), ("split", "split"), ("legend", "legend_on"),
            ("alarms", "alarms_on"), ("writes", "writes_on"),
        ):  # fmt: skip
            if isinstance(state.get(key), bool):
                setattr(model, field, state[key])
        model.rearrange()

    @staticmethod
    def pen_looks(state: dict[str, Any]) -> Sequence[dict[str, Any]]:
        """The pens of a saved state that make sense."""
        pens = state.get("pens")
        looks = [look for look in pens if isinstance(look, dict)] if isinstance(pens, list) else []
        return [look for look in looks if isinstance(look.get("name"), str)][:MAX_PENS]


def _restore_look(pen: TrendPen, look: dict[str, Any]) -> None:
    color, visible, pane = look.get("color"), look.get("visible"), look.get("pane")
    if isinstance(color, int) and 0 <= color <= INK and not pen.is_lane:
        pen.color = color
    if isinstance(visible, bool):
        pen.visible = visible
    if isinstance(pane, int) and not isinstance(pane, bool) and 0 <= pane < 8:
        pen.pane = pane


def _is_never_logged(plant: Plant, name: str) -> bool:
    """The names say that no log stands behind a tag: nothing went wrong when it has no past."""
    return plant.tree.is_complete and not plant.tree.behind(name)[0]
