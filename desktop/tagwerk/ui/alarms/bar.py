"""The row above the alarm table: search, chips, buttons; and the heading with the counts.

What does not fit is left out in a fixed order; everything in it is in the menu behind the dots
and in the table's context menu too.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from tagwerk.store.alarms import HIGH_PRIORITY, AlarmCounts
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton, PushButton
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.numbers import Mark, draw_mark
from tagwerk.ui.widgets.painting import Area


class SearchField(LineField):
    """The search: Escape empties it, then gives the keyboard back; Down goes into the table."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
            return
        super().keyPressEvent(event)


def bind(button: PushButton | IconButton, action: QAction) -> None:
    """Let a button trigger an action and follow whether it may."""

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())

    button.clicked.connect(lambda _checked=False: action.trigger())
    action.changed.connect(follow)
    follow()


class AlarmBar(Area):
    """Search, chips and buttons.

    Args:
        actions: by short name: ``flashing``, ``trend``, ``details``, ``reset``, ``acknowledge``.

    Signals:
        search_changed: text of the search field.
        mode_chosen: ``active``, ``shelved`` or ``history``.
        narrowed: a narrowing chip was pressed.
        areas_chosen: frozenset of areas.
        menu_wanted: the dots were pressed, with the global position.
    """

    search_changed = Signal(str)
    mode_chosen = Signal(str)
    narrowed = Signal()
    areas_chosen = Signal(object)
    menu_wanted = Signal(QPoint)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="bottom", line_role="hairline")
        tokens = theme()
        self.setObjectName("alarmBar")
        self.areas: frozenset[str] = frozenset()
        self._known_areas: dict[str, int] = {}
        self._counts: AlarmCounts | None = None
        self._as_of = ""
        self._waiting = (-1, -1)
        self._mode = "active"
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(tokens.px(8), 0, tokens.px(8), 0)
        self._row.setSpacing(tokens.px(6))
        self.search = SearchField(
            tr("Text, tag or area"), "search", height=24, name=tr("Search alarms")
        )
        self.search.setObjectName("alarmSearch")
        self.search.textChanged.connect(self.search_changed)
        self._row.addWidget(self.search)
        self._make_chips()
        self._row.addStretch(1)
        self._make_buttons(actions)
        self._dress()
        theme().changed.connect(self._dress)

    def _make_chips(self) -> None:
        self.active = self._chip("alarmChipActive", tr("Active"))
        self.unacknowledged = self._chip("alarmChipUnacknowledged", tr("Unacknowledged"))
        self.priority = self._chip(
            "alarmChipPriority", tr("Priority ≥ {number}", number=HIGH_PRIORITY)
        )
        self.area = self._chip("alarmChipArea", tr("Area"), "chevron-down")
        self.shelved = self._chip("alarmChipShelved", tr("Shelved"), "alarm-clock-off")
        self.history = self._chip("alarmChipHistory", tr("History"), "history")
        self.active.setChecked(True)
        for chip, mode in (
            (self.active, "active"),
            (self.shelved, "shelved"),
            (self.history, "history"),
        ):
            chip.clicked.connect(lambda _on=False, mode=mode: self._choose_mode(mode))
        for chip in (self.unacknowledged, self.priority):
            chip.toggled.connect(lambda _on: self.narrowed.emit())
        self.area.clicked.connect(self._open_areas)

    def _chip(self, name: str, text: str, icon_name: str = "") -> PushButton:
        chip = PushButton(text, icon_name, "chip", self)
        chip.setObjectName(name)
        self._row.addWidget(chip)
        return chip

    def _make_buttons(self, actions: dict[str, QAction]) -> None:
        self.flashing = self._button(
            "alarmFlashing", tr("Flashing"), "bell-ring", actions["flashing"]
        )
        self.trend = self._button(
            "alarmTrend", tr("Trend of trigger"), "chart-line", actions["trend"]
        )
        self.details = self._button("alarmDetailsButton", tr("Details"), "info", actions["details"])
        self.reset = self._button("alarmReset", tr("Reset"), "rotate-ccw", actions["reset"])
        self.acknowledge = self._button(
            "alarmAcknowledge", tr("Acknowledge"), "check", actions["acknowledge"]
        )
        self.more = IconButton("ellipsis", tr("More for alarms"), self)
        self.more.setObjectName("alarmMore")
        self.more.clicked.connect(
            lambda: self.menu_wanted.emit(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        )
        self._row.addWidget(self.more)

    def _button(self, name: str, text: str, icon_name: str, action: QAction) -> PushButton:
        button = PushButton(text, icon_name, parent=self, height=24)
        button.setObjectName(name)
        bind(button, action)
        self._row.addWidget(button)
        return button

    # Modes and filters.

    @property
    def mode(self) -> str:
        return self._mode

    def _choose_mode(self, mode: str) -> None:
        if mode == "active" and self._mode == "active":
            self.clear_filters()
        self.set_mode(mode)
        self.mode_chosen.emit(mode)

    def set_mode(self, mode: str) -> None:
        """Show a mode as chosen, without a signal."""
        self._mode = mode
        for chip, own in (
            (self.active, "active"),
            (self.shelved, "shelved"),
            (self.history, "history"),
        ):
            chip.setChecked(own == mode)
        self.unacknowledged.setEnabled(mode != "history")
        self._tell_tips()

    def clear_filters(self) -> None:
        """No narrowing chip, no area; the search stays."""
        self.unacknowledged.setChecked(False)
        self.priority.setChecked(False)
        if self.areas:
            self.set_areas(frozenset())
            self.areas_chosen.emit(self.areas)

    def set_areas(self, areas: frozenset[str]) -> None:
        """Show the areas that the list is narrowed to."""
        self.areas = areas
        if len(areas) == 1:
            only = next(iter(areas))
            text = tr("Area: {area}", area=only) if only else tr("No area")
        elif areas:
            text = tr("Areas: {count}", count=len(areas))
        else:
            text = tr("Area")
        self.area.setText(text)
        self.area.setChecked(bool(areas))
        self._count_areas()
        self.area.updateGeometry()
        self.fit()

    def _open_areas(self) -> None:
        self.area.setChecked(bool(self.areas))
        menu = self.area_menu()
        menu.popup(self.area.mapToGlobal(self.area.rect().bottomLeft()))

    def area_menu(self) -> QMenu:
        """The areas with their counts, to tick."""
        menu = QMenu(self)
        menu.setObjectName("alarmAreaMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        every = menu.addAction(tr("All areas"))
        every.triggered.connect(lambda: self._areas_ticked(frozenset()))
        menu.addSeparator()
        for area in sorted({*self._known_areas, *self.areas}):
            name = area.replace("&", "&&") or tr("No area")
            # Of a server that has not told, nobody knows how many.
            count = self._known_areas.get(area, 0) if self._counts is not None else ""
            action = menu.addAction(f"{name}  {count}".rstrip())
            action.setCheckable(True)
            action.setChecked(area in self.areas)
            action.toggled.connect(
                lambda on, area=area: self._areas_ticked(
                    self.areas | {area} if on else self.areas - {area}
                )
            )
        return menu

    def _areas_ticked(self, areas: frozenset[str]) -> None:
        self.set_areas(areas)
        self.areas_chosen.emit(areas)

    def show_counts(
        self, counts: AlarmCounts | None, areas: dict[str, int], as_of: str = ""
    ) -> None:
        """Counts on the chips.

        Args:
            counts: None while the server has not said what is active: no number then.
            areas: how many by area.
            as_of: since when they may no longer be true, in words; "" while they are live.
        """
        if (counts, areas, as_of) == (self._counts, self._known_areas, self._as_of):
            return
        self._counts, self._known_areas, self._as_of = counts, areas, as_of
        known = counts or AlarmCounts()
        for chip, count in (
            (self.active, known.active),
            (self.unacknowledged, known.unacknowledged),
            (self.priority, known.high_priority),
            (self.shelved, known.shelved),
        ):
            chip.set_count("" if counts is None else str(count), is_stale=bool(as_of))
        self._count_areas()
        self._tell_tips()
        self.fit()

    def _count_areas(self) -> None:
        count = sum(self._known_areas.get(area, 0) for area in self.areas)
        is_known = self._counts is not None and bool(self.areas)
        self.area.set_count(str(count) if is_known else "", is_stale=bool(self._as_of))

    def _tell_tips(self) -> None:
        """What there is to know about the numbers."""
        tip = ""
        if self._counts is not None and self._as_of:
            tip = tr("Stale, {as_of}: the link is lost", as_of=self._as_of)
        for chip in (self.active, self.unacknowledged, self.priority, self.shelved):
            chip.setToolTip(tip)
        if self._mode == "history":
            self.unacknowledged.setToolTip(tr("Records of the log are not acknowledged"))

    def show_waiting(self, acknowledge: int, reset: int) -> None:
        """How many of the selected alarms the buttons would send for."""
        if (acknowledge, reset) == self._waiting:
            return
        self._waiting = (acknowledge, reset)
        for button, text, many, count in (
            (self.acknowledge, tr("Acknowledge"), "Acknowledge {count}", acknowledge),
            (self.reset, tr("Reset"), "Reset {count}", reset),
        ):
            button.setText(tr(many, count=count) if count else text)
            button.setAccessibleName(button.text())
            button.updateGeometry()
        self.fit()

    def show_flashing(self, on: bool) -> None:
        self.flashing.set_icon_name("bell-ring" if on else "bell-off")
        state = tr("Flashing is on") if on else tr("Flashing is off")
        self.flashing.setAccessibleName(state)
        self.flashing.setToolTip(state)

    # Room.

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(40 if theme().density != "compact" else 36))
        self.search.setFixedWidth(theme().px(220))
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(320), theme().px(36))

    def fit(self) -> None:
        """Leave out what has no room, in a fixed order; narrow the search before that."""
        give_way: Sequence[QWidget] = (
            self.flashing,
            self.details,
            self.area,
            self.priority,
            self.reset,
            self.trend,
            self.shelved,
            self.unacknowledged,
            self.history,
            self.active,
        )
        gap = self._row.spacing()
        fixed = theme().px(16) + self.more.sizeHint().width() + gap
        widths = {part: part.sizeHint().width() + gap for part in give_way}
        need = fixed + sum(widths.values()) + self.acknowledge.sizeHint().width() + gap
        narrow, wide = theme().px(140), theme().px(220)
        hidden: set[QWidget] = set()
        for part in give_way:
            if need + narrow + gap <= self.width():
                break
            if part is self.area and self.areas:
                continue
            hidden.add(part)
            need -= widths[part]
        for part in give_way:
            part.setVisible(part not in hidden)
        room = self.width() - need - gap
        self.search.setFixedWidth(max(min(room, wide), theme().px(80)))


class AlarmHeading(QWidget):
    """The counts line for the dock's header: title, bold numbers, and since when it is stale."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("alarmHeading")
        self._title = title
        self._parts: list[tuple[str, str]] = []
        self._stale = ""
        self._right = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        theme().changed.connect(self.update)

    def show_counts(self, parts: list[tuple[str, str]], stale: str, right: str) -> None:
        """What to write: (bold, plain) pairs, the stale mark's text, and a remark on the right."""
        if (parts, stale, right) != (self._parts, self._stale, self._right):
            self._parts, self._stale, self._right = parts, stale, right
            self.setAccessibleName(", ".join([self._title, self.text()]))
            self.setToolTip(self.text())
            self.update()

    def text(self) -> str:
        """All of it as one line of plain text."""
        words = [f"{number} {word}".strip() for number, word in self._parts]
        return " · ".join([*words, *([self._stale] if self._stale else [])])

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            x = float(tokens.px(10))
            limit = self.width() - tokens.px(8)
            x = self._write(painter, x, limit, self._title, 600, "text") + tokens.px(10)
            if not self._parts and not self._stale:
                return
            painter.fillRect(
                QRectF(x, self.height() * 0.28, 1, self.height() * 0.44), tokens.color("border")
            )
            x += tokens.px(10)
            for number, word in self._parts:
                width = self._width(number, 600) + self._width(word, 400) + tokens.px(4)
                if x + width > limit:
                    break
                if number:
                    x = self._write(painter, x, limit, number, 600, "text") + tokens.px(4)
                x = self._write(painter, x, limit, word, 400, "text2") + tokens.px(16)
            if self._stale and x + tokens.px(18) + self._width(self._stale, 400) <= limit:
                side = tokens.px(12)
                draw_mark(painter, QRectF(x, 0, side, self.height()), Mark.STALE)
                x = self._write(painter, x + side + tokens.px(4), limit, self._stale, 400, "stale")
                x += tokens.px(16)
            right = self._width(self._right, 400, 12)
            if self._right and x + right <= limit:
                self._write(painter, limit - right, limit, self._right, 400, "text2", 12)

    def _width(self, text: str, weight: int, size: float = 13) -> float:
        return theme().metrics(size, weight).horizontalAdvance(text)

    def _write(
        self,
        painter: QPainter,
        x: float,
        limit: float,
        text: str,
        weight: int,
        role: str,
        size: float = 13,
    ) -> float:
        metrics = theme().metrics(size, weight)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(limit - x, 0))
        painter.setFont(theme().font(size, weight))
        painter.setPen(theme().color(role))
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(x, round(base)), shown)
        return x + metrics.horizontalAdvance(shown)
