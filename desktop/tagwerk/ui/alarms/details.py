"""One alarm on one page: its course, what the server says, earlier raises, and what else happened.

Follows the alarm while it is open; the log is read once an alarm. It asks the panel to
acknowledge, reset or jump; nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
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
    stood_ns,
)
from tagwerk.ui.alarms.details_parts import (
    StateBlock,
    course,
    empty_layout,
    event_text,
    facts_grid,
    said_by_server,
)
from tagwerk.ui.alarms.look import Colors
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
        self._block = StateBlock()
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
        empty_layout(self._left_column)
        self._left_column.addWidget(Label(tr("Course"), 13, 600))
        self._left_column.addLayout(course(alarm, self._texts))
        self._left_column.addSpacing(theme().px(10))
        self._left_column.addWidget(Label(tr("What the server says"), 13, 600))
        self._left_column.addLayout(said_by_server(alarm, self._texts))
        self._left_column.addSpacing(theme().px(10))
        self._left_column.addWidget(Label(tr("Earlier"), 13, 600))
        if problem:
            self._left_column.addWidget(Label(problem, 13, 400, "text2", wrap=True))
        elif earlier is None:
            self._left_column.addWidget(Label(tr("Reading the log …"), 13, 400, "text2"))
        else:
            self._fill_earlier(alarm, earlier)
        self._left_column.addStretch(1)

    def _fill_earlier(self, alarm: Alarm, earlier: Sequence[Raise]) -> None:
        column = self._left_column
        grid = facts_grid()
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
        empty_layout(self._events)
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
            self._events.addWidget(Label(event_text(event), 13, weight, wrap=True), row, 2)

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
