"""One alarm on one page: its course, what the server says, earlier raises, and what else happened.

Follows the alarm while it is open; the log is read once an alarm. It asks the panel to
acknowledge, reset or jump; nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.errors import ServerRefused, TagwerkError
from tagwerk.domain.tags import short_name
from tagwerk.domain.text import EM_DASH, format_time, format_value
from tagwerk.plant import Plant
from tagwerk.ui.alarms.cells import (
    CellTexts,
    class_text,
    duration_text,
    durations_until_ns,
    state_text,
    stood_ns,
)
from tagwerk.ui.alarms.look import Colors, block_look, readable_on, state_icon, tinted_pixmap
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.alarms.story import (
    AROUND_NS,
    DAYS_NS,
    Event,
    Kind,
    Raise,
    earlier_raises,
    events_around,
    is_chattering,
    offset_text,
)
from tagwerk.ui.i18n import number_style, tr, tr_message, tr_n
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_EARLIER_SHOWN = 5
_LIMIT = 5_000
_ICONS = {
    Kind.RAISED: "bell-ring",
    Kind.CLEARED: "bell",
    Kind.ACKNOWLEDGED: "check",
    Kind.RESET: "rotate-ccw",
    Kind.WRITTEN: "pencil-line",
}


class _Block(QWidget):
    """State and priority on the alarm's colour."""

    def __init__(self) -> None:
        super().__init__()
        self._alarm: Alarm | None = None
        self._colors = Colors.SERVER
        self._stale = False
        theme().changed.connect(self.update)

    def show_alarm(self, alarm: Alarm, colors: Colors, *, stale: bool) -> None:
        self._alarm, self._colors, self._stale = alarm, colors, stale
        self.setAccessibleName(state_text(alarm))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        text = state_text(self._alarm) if self._alarm is not None else ""
        width = theme().metrics(13, 600).horizontalAdvance(text)
        return QSize(max(round(width) + theme().px(72), theme().px(132)), theme().px(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._alarm is None:
            return
        tokens = theme()
        painter = QPainter(self)
        look = block_look(self._alarm, self._colors, framed=False, stale=self._stale)
        if look.filled:
            painter.fillRect(self.rect(), look.color)
            ink = look.text or readable_on(look.color)
        else:
            painter.fillRect(self.rect(), tokens.color("panel"))
            painter.fillRect(QRect(0, 0, tokens.px(8), self.height()), look.color)
            ink = tokens.color("stale" if self._stale else "text")
        side = tokens.px(24)
        left = tokens.px(18)
        icon = tinted_pixmap(state_icon(self._alarm), ink.name(), side, self.devicePixelRatioF())
        painter.drawPixmap(left, (self.height() - side) // 2, icon)
        painter.setPen(ink)
        at = QRectF(left + side + tokens.px(12), 0, self.width(), self.height() / 2)
        bottom = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        painter.setFont(tokens.font(13, 600))
        painter.drawText(at, bottom, state_text(self._alarm))
        painter.setFont(tokens.font(12))
        at.translate(0, self.height() / 2 + 1)
        painter.drawText(at, top, tr("priority {number}", number=self._alarm.priority))
        painter.end()


class AlarmDetails(QDialog):
    """The dialog; not modal, so that the trend behind it can be used.

    Args:
        plant: where the alarm comes from.
        texts: makes the texts.
        tasks: scope for reading the log.
        note: what became of an operation on the alarm.

    Signals:
        stepped: -1 previous, +1 next row of the table.
        trend_wanted, copy_wanted, acknowledge_wanted, reset_wanted, history_wanted.
    """

    stepped = Signal(int)
    trend_wanted = Signal()
    copy_wanted = Signal()
    acknowledge_wanted = Signal()
    reset_wanted = Signal()
    history_wanted = Signal()
    closed = Signal()

    def __init__(
        self,
        plant: Plant,
        texts: CellTexts,
        tasks: TaskScope,
        note: Callable[[Alarm], Note | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("alarmDetails")
        self.setWindowTitle(tr("Alarm"))
        self.setModal(False)
        self._plant = plant
        self._texts = texts
        self._tasks = tasks
        self._note = note
        self.alarm: Alarm | None = None
        self._told: tuple[str, int | None] | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._make_head())
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._make_left())
        body.addWidget(self._make_right(), 1)
        outer.addLayout(body, 1)
        outer.addWidget(self._make_foot())
        self._ring = FocusRing(self)
        self.resize(theme().px(980), theme().px(640))
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    # Building.

    def _make_head(self) -> QWidget:
        tokens = theme()
        head = Area("base", lines="bottom", line_role="hairline")
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, tokens.px(20), 0)
        row.setSpacing(tokens.px(20))
        self._block = _Block()
        row.addWidget(self._block)
        column = QVBoxLayout()
        column.setSpacing(tokens.px(2))
        column.addStretch(1)
        self._title = Label("", 16, 600, wrap=True)
        self._title.setObjectName("alarmDetailsTitle")
        self._under = Label("", 13, 400, "text2", wrap=True)
        column.addWidget(self._title)
        column.addWidget(self._under)
        column.addStretch(1)
        row.addLayout(column, 1)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addStretch(1)
        self._stood = Label("", 20, 600)
        self._stands = Label("", 12, 400, "text2")
        for label in (self._stood, self._stands):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            right.addWidget(label)
        right.addStretch(1)
        row.addLayout(right)
        return head

    def _make_left(self) -> QWidget:
        self._left = QWidget()
        self._left_column = QVBoxLayout(self._left)
        side = theme().px(20)
        self._left_column.setContentsMargins(side, side, side, side)
        self._left_column.setSpacing(theme().px(6))
        scroll = self._scroll(self._left, tr("About the alarm"))
        scroll.setFixedWidth(theme().px(400))
        return scroll

    def _make_right(self) -> QWidget:
        self._right = QWidget()
        column = QVBoxLayout(self._right)
        side = theme().px(20)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(theme().px(6))
        row = QHBoxLayout()
        row.addWidget(Label(tr("What else happened around it"), 13, 600))
        self._window = Label("", 13, 400, "text2")
        row.addWidget(self._window, 1)
        self.trend = PushButton(tr("Open as trend"), "chart-line", height=24)
        self.trend.setObjectName("alarmDetailsTrend")
        self.trend.clicked.connect(lambda _checked=False: self.trend_wanted.emit())
        row.addWidget(self.trend)
        column.addLayout(row)
        self._events = QGridLayout()
        self._events.setHorizontalSpacing(theme().px(10))
        self._events.setVerticalSpacing(theme().px(8))
        self._events.setColumnStretch(2, 1)
        column.addLayout(self._events)
        self._events_said = Label("", 13, 400, "text2", wrap=True)
        column.addWidget(self._events_said)
        column.addStretch(1)
        return self._scroll(self._right, tr("Around the event"))

    def _scroll(self, inner: QWidget, name: str) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setAccessibleName(name)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        use_flat_scroll_bars(scroll)
        scroll.setWidget(inner)
        return scroll

    def _make_foot(self) -> QWidget:
        tokens = theme()
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(tokens.px(16), tokens.px(10), tokens.px(16), tokens.px(10))
        row.setSpacing(tokens.px(8))
        self.previous = self._foot_button("alarmDetailsPrevious", tr("Previous"), "chevron-left")
        self.previous.clicked.connect(lambda _checked=False: self.stepped.emit(-1))
        self.next = self._foot_button("alarmDetailsNext", tr("Next"), "chevron-right")
        self.next.clicked.connect(lambda _checked=False: self.stepped.emit(1))
        self.copy = self._foot_button("alarmDetailsCopy", tr("Copy"), "copy")
        self.copy.clicked.connect(lambda _checked=False: self.copy_wanted.emit())
        self.reset = self._foot_button("alarmDetailsReset", tr("Reset"), "rotate-ccw")
        self.reset.clicked.connect(lambda _checked=False: self.reset_wanted.emit())
        self.acknowledge = self._foot_button(
            "alarmDetailsAcknowledge", tr("Acknowledge this alarm"), "check", "primary"
        )
        self.acknowledge.clicked.connect(lambda _checked=False: self.acknowledge_wanted.emit())
        self._said = Label("", 13, 400, "bad")
        for button in (self.previous, self.next, self.copy):
            row.addWidget(button)
        row.addWidget(self._said, 1)
        for button in (self.reset, self.acknowledge):
            row.addWidget(button)
        return foot

    def _foot_button(self, name: str, text: str, icon: str, kind: str = "plain") -> PushButton:
        button = PushButton(text, icon, kind)
        button.setObjectName(name)
        return button

    # Showing.

    def show_alarm(
        self, alarm: Alarm, *, colors: Colors, why_not_acknowledge: str, why_not_reset: str
    ) -> None:
        """Show an alarm, or the same one as it is now."""
        stale = self._plant.alarms.is_stale
        same = self.alarm is alarm
        self.alarm = alarm
        self._block.show_alarm(alarm, colors, stale=stale)
        for button, reason in (
            (self.acknowledge, why_not_acknowledge),
            (self.reset, why_not_reset),
        ):
            button.setEnabled(not reason)
            button.setToolTip(reason)
        note = self._note(alarm)
        self._said.setText(note.sentence if note is not None else "")
        self._said.set_role(note.role if note is not None else "text2")
        self.tick()
        if not same:
            self._fill_head(alarm)
            self._fill_left(alarm, None, "")
            self._read_log(alarm)
        self.trend.setEnabled(bool(alarm.trigger_tag))
        self.trend.setToolTip(
            "" if alarm.trigger_tag else tr("the server does not name a trigger tag")
        )

    def tick(self) -> None:
        """Once a second: how long it stands."""
        alarm = self.alarm
        if alarm is None:
            return
        stood = stood_ns(alarm, durations_until_ns(self._plant))
        self._stood.setText(EM_DASH if stood is None else duration_text(stood))
        if alarm.needs_acknowledgement:
            said = tr("unacknowledged")
        elif alarm.needs_reset:
            said = tr("waits for reset")
        else:
            said = tr("stands") if alarm.is_standing else tr("stood")
        self._stands.setText(said)

    def _fill_head(self, alarm: Alarm) -> None:
        self._title.setText(alarm.text or short_name(alarm.name))
        parts = [
            alarm.name,
            tr("instance {number}", number=alarm.instance),
            tr("class {name}", name=class_text(alarm)) if class_text(alarm) else "",
            tr("area {name}", name=alarm.area) if alarm.area else "",
        ]
        self._under.setText("  ·  ".join(part for part in parts if part))
        self._under.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _fill_left(self, alarm: Alarm, earlier: Sequence[Raise] | None, problem: str) -> None:
        _empty(self._left_column)
        self._left_column.addWidget(Label(tr("Course"), 13, 600))
        self._left_column.addLayout(self._course(alarm))
        self._left_column.addSpacing(theme().px(10))
        self._left_column.addWidget(Label(tr("What the server says"), 13, 600))
        self._left_column.addLayout(self._said_by_server(alarm))
        self._left_column.addSpacing(theme().px(10))
        self._left_column.addWidget(Label(tr("Earlier"), 13, 600))
        if problem:
            self._left_column.addWidget(Label(problem, 13, 400, "text2", wrap=True))
        elif earlier is None:
            self._left_column.addWidget(Label(tr("Reading the log …"), 13, 400, "text2"))
        else:
            self._fill_earlier(alarm, earlier)
        self._left_column.addStretch(1)

    def _course(self, alarm: Alarm) -> QGridLayout:
        grid = _grid()
        value = self._texts.value_text(alarm)
        still = tr("still standing") if alarm.is_standing else EM_DASH
        waits = tr("waits for an operator") if alarm.needs_acknowledgement else EM_DASH
        reset = (
            tr("waits for an operator")
            if alarm.needs_reset
            else tr("needed after clearing")
            if "RESET" in alarm.state_machine
            else EM_DASH
        )
        steps = (
            (
                tr("Raised"),
                "bell-ring",
                alarm.raise_time_ns,
                EM_DASH,
                "" if value == EM_DASH else value,
            ),
            (tr("Acknowledged"), "check", alarm.acknowledge_time_ns, waits, alarm.user_name),
            (tr("Cleared"), "bell", alarm.clear_time_ns, still, ""),
            (tr("Reset"), "rotate-ccw", alarm.reset_time_ns, reset, ""),
        )
        for row, (title, icon, at_ns, missing, beside) in enumerate(steps):
            done = at_ns is not None
            grid.addWidget(
                IconLabel(icon if done else "circle", 15, "text2" if done else "text3"), row, 0
            )
            grid.addWidget(
                Label(title, 13, 500 if done else 400, "text" if done else "text2"), row, 1
            )
            when = format_time(at_ns, zone=None) if at_ns is not None else missing
            grid.addWidget(Label(when, 13, 400, "text" if done else "text2", wrap=not done), row, 2)
            if done and beside:
                label = Label(beside, 13, 400, "text2")
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                grid.addWidget(label, row, 3)
        return grid

    def _said_by_server(self, alarm: Alarm) -> QGridLayout:
        grid = _grid()
        value = self._texts.value_text(alarm)
        limit = (
            EM_DASH
            if alarm.value_limit is None
            else format_value(alarm.value_limit, None, number_style())
        )
        facts = [
            (tr("Info text"), alarm.info_text),
            (tr("State"), state_text(alarm)),
            (tr("State machine"), alarm.state_machine.replace("_", " ").lower()),
            (tr("Origin"), alarm.origin),
            (tr("Trigger tag"), short_name(alarm.trigger_tag)),
            (tr("Value"), "" if value == EM_DASH else value),
            (tr("Limit"), "" if limit == EM_DASH else limit),
            (tr("Connection"), alarm.connection_name),
            (
                tr("Suppression"),
                "" if alarm.suppression in ("", "UNSUPPRESSED") else alarm.suppression,
            ),
            (tr("Response"), tr("only alone in its call") if alarm.is_single else ""),
            *((tr("Text {number}", number=i), text) for i, text in enumerate(alarm.alarm_texts, 1)),
        ]
        shown = [(title, text) for title, text in facts if text]
        for row, (title, text) in enumerate(shown):
            name = Label(title, 13, 400, "text2")
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            grid.addWidget(name, row, 0, 1, 2)
            label = Label(text, 13, 400, "text", wrap=True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, row, 2, 1, 2)
        return grid

    def _fill_earlier(self, alarm: Alarm, earlier: Sequence[Raise]) -> None:
        column = self._left_column
        grid = _grid()
        for row, past in enumerate(earlier[:_EARLIER_SHOWN]):
            grid.addWidget(Label(format_time(past.raised_ns, zone=None)[:19], 13), row, 0, 1, 2)
            if past.cleared_ns is not None:
                stood = duration_text(past.cleared_ns - past.raised_ns)
                grid.addWidget(Label(tr("stood {span}", span=stood), 13, 400, "text2"), row, 2)
            user = Label(past.user, 13, 400, "text2")
            user.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(user, row, 3)
        column.addLayout(grid)
        times = [past.raised_ns for past in earlier]
        if alarm.raise_time_ns is not None:
            times.append(alarm.raise_time_ns)
        counted = tr_n("{count} raise in 3 days", "{count} raises in 3 days", len(times))
        judged = tr("chattering") if is_chattering(times) else tr("not chattering")
        last = QHBoxLayout()
        last.addWidget(Label(f"{counted}, {judged}", 13, 400, "text2", wrap=True), 1)
        every = PushButton(tr("All in history"), "history", "flat", height=24)
        every.setObjectName("alarmDetailsHistory")
        every.clicked.connect(lambda _checked=False: self.history_wanted.emit())
        last.addWidget(every)
        column.addLayout(last)

    # The log.

    def _read_log(self, alarm: Alarm) -> None:
        told = (alarm.name, alarm.raise_time_ns)
        if told == self._told:
            return
        self._fill_events(alarm, None, "")
        self._tasks.start(self._read(alarm), "alarm-details", replace=True)

    async def _read(self, alarm: Alarm) -> None:
        client, language = self._plant.client, self._plant.server_language
        middle = alarm.raise_time_ns or self._plant.clock_ns()
        try:
            around = await client.logged_alarms(
                middle - AROUND_NS, middle + AROUND_NS, language=language, limit=_LIMIT
            )
            if self.alarm is not None and self.alarm.key == alarm.key:
                self._fill_events(alarm, around, "")
            past = await self._read_past(alarm, middle)
        except TagwerkError as error:
            problem = tr_message(error.text)
            self._fill_events(alarm, [], problem)
            self._fill_left(alarm, None, problem)
            return
        if self.alarm is not None and self.alarm.key == alarm.key:
            self._told = (alarm.name, alarm.raise_time_ns)
            self._fill_left(self.alarm, earlier_raises(past, alarm), "")

    async def _read_past(self, alarm: Alarm, middle_ns: int) -> list[Alarm]:
        """Three days of this alarm; without the server's filter where it refuses the name."""
        client, language = self._plant.client, self._plant.server_language
        span = (middle_ns - DAYS_NS, middle_ns + 1_000_000)
        if "'" not in alarm.name:
            try:
                return await client.logged_alarms(
                    *span, filter_text=f"name = '{alarm.name}'", language=language, limit=_LIMIT
                )
            except ServerRefused:
                pass
        return await client.logged_alarms(*span, language=language, limit=_LIMIT)

    def _fill_events(self, alarm: Alarm, records: Sequence[Alarm] | None, problem: str) -> None:
        _empty(self._events)
        middle = alarm.raise_time_ns
        if middle is not None:
            begin, end = (
                format_time(middle + d, zone=None)[11:19] for d in (-AROUND_NS, AROUND_NS)
            )
            self._window.setText(tr("{begin} to {end}, local time", begin=begin, end=end))
        self._events_said.setText(
            problem or ("" if records is not None else tr("Reading the log …"))
        )
        self._events_said.setVisible(bool(self._events_said.text()))
        if records is None or middle is None:
            return
        events = [*events_around(records, alarm), *self._writes_around(middle)]
        for row, event in enumerate(sorted(events, key=lambda event: event.at_ns)):
            offset = Label(
                offset_text(event.at_ns - middle, number_style().decimal), 13, 400, "text2"
            )
            offset.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            icon_role = "accent" if event.kind is Kind.WRITTEN else "text2"
            self._events.addWidget(offset, row, 0)
            self._events.addWidget(
                IconLabel(_ICONS[event.kind], 15, icon_role), row, 1, Qt.AlignmentFlag.AlignTop
            )
            weight = 600 if event.is_self and event.kind is Kind.RAISED else 400
            self._events.addWidget(Label(_event_text(event), 13, weight, wrap=True), row, 2)

    def _writes_around(self, middle_ns: int) -> list[Event]:
        style = number_style()
        found = []
        for past in self._plant.writes.history:
            if abs(past.at_ns - middle_ns) <= AROUND_NS:
                info = self._plant.tag(past.name)
                text = tr(
                    "{who} wrote {tag} {old} → {new}",
                    who=past.who,
                    tag=short_name(past.name),
                    old=format_value(past.old, info, style),
                    new=format_value(past.value, info, style),
                )
                found.append(Event(past.at_ns, Kind.WRITTEN, text))
        return found[:_EARLIER_SHOWN]

    def closeEvent(self, event: QCloseEvent) -> None:
        self._tasks.cancel("alarm-details")
        self.closed.emit()
        super().closeEvent(event)

    def reject(self) -> None:
        self.close()


def _event_text(event: Event) -> str:
    match event.kind:
        case Kind.CLEARED:
            return tr("{text}: cleared", text=event.text)
        case Kind.ACKNOWLEDGED:
            return tr("{text}: acknowledged", text=event.text)
        case Kind.RESET:
            return tr("{text}: reset", text=event.text)
    return event.text


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme().px(10))
    grid.setVerticalSpacing(theme().px(6))
    grid.setColumnMinimumWidth(1, theme().px(92))
    grid.setColumnStretch(2, 1)
    return grid


def _empty(layout: QVBoxLayout | QGridLayout | QHBoxLayout) -> None:
    """Delete all that is in a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif isinstance(inner, (QVBoxLayout, QGridLayout, QHBoxLayout)):
            _empty(inner)
            inner.deleteLater()
