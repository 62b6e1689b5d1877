"""The log of alarms: its row of controls, reading with cancel, and help with a refused filter."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum

from PySide6.QtCore import QDateTime, QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDateTimeEdit, QHBoxLayout, QSizePolicy, QWidget

from tagwerk.domain.alarms import Alarm, AlarmRecords
from tagwerk.domain.errors import TagwerkError
from tagwerk.plant import Plant
from tagwerk.store.alarm_order import SortBy, SortOrder
from tagwerk.store.alarm_view import AlarmView
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton, Segmented
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area

HOUR_NS = 3_600_000_000_000
SPANS = {"1h": HOUR_NS, "8h": 8 * HOUR_NS, "24h": 24 * HOUR_NS}
LIMIT = 20_000
"""The newest so many records are read; more than anybody scrolls through."""
NEWEST_FIRST = SortOrder(SortBy.CHANGED, descending=True, unacknowledged_first=False)
SYNTAX_ERROR = "301"

_FIELDS = [
    "name",
    "instanceID",
    "alarmGroupID",
    "raiseTime",
    "acknowledgmentTime",
    "clearTime",
    "resetTime",
    "modificationTime",
    "alarmClassName",
    "alarmClassSymbol",
    "alarmClassID",
    "priority",
    "alarmParameterValues",
    "alarmType",
    "eventText",
    "infoText",
    "alarmText1",
    "alarmText2",
    "alarmText3",
    "alarmText4",
    "alarmText5",
    "alarmText6",
    "alarmText7",
    "alarmText8",
    "alarmText9",
    "stateText",
    "origin",
    "area",
    "connectionName",
    "valueLimit",
    "hostName",
    "userName",
    "value",
    "deadBand",
    "duration",
    "sourceID",
    "systemSeverity",
    "loopInAlarm",
    "path",
]
_KEYWORDS = {"and", "or", "like", "not", "in"}


def suggest_field(filter_text: str) -> tuple[str, str] | None:
    """The first word that is no field of the filter language, and the field that was meant."""
    bare = re.sub(r"'[^']*'", "''", filter_text)
    for word in re.findall(r"[A-Za-z_]\w*", bare):
        if word in _FIELDS or word.lower() in _KEYWORDS:
            continue
        same = [field for field in _FIELDS if field.lower() == word.lower()]
        close = same or difflib.get_close_matches(word, _FIELDS, n=1, cutoff=0.6)
        if close:
            return word, close[0]
    return None


def replace_field(filter_text: str, wrong: str, right: str) -> str:
    """The filter with one field's name put right; quoted texts stay as they are."""
    parts = re.split(r"('[^']*')", filter_text)
    return "".join(
        part if part.startswith("'") else re.sub(rf"\b{re.escape(wrong)}\b", right, part)
        for part in parts
    )


class LogState(Enum):
    IDLE = "idle"
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"


class AlarmLog(QObject):
    """Reads records of the log into a view.

    Signals:
        changed: state or records changed.
    """

    changed = Signal()

    def __init__(self, tasks: TaskScope, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.state = LogState.IDLE
        self.error: TagwerkError | None = None
        self.view = AlarmView({}, NEWEST_FIRST)
        self.count = 0
        self.taken_over = 0
        """Records read so far, by all reads together."""
        self.truncated = False
        self.areas: dict[str, int] = {}
        self.span: tuple[int, int] = (0, 0)

    def read(self, plant: Plant, start_ns: int, end_ns: int, filter_text: str = "") -> None:
        """Read a span; a running read is given up."""
        self.state, self.error = LogState.BUSY, None
        self.span = (start_ns, end_ns)
        self.changed.emit()
        self._tasks.start(
            self._read(plant, start_ns, end_ns, filter_text), "alarm-log", replace=True
        )

    def cancel(self) -> None:
        """Give up a running read; what was read before stays."""
        self._tasks.cancel("alarm-log")
        if self.state is LogState.BUSY:
            self.state = LogState.DONE if self.count else LogState.IDLE
            self.changed.emit()

    def clear(self) -> None:
        """Another plant."""
        self.cancel()
        self._show([])
        self.state, self.error = LogState.IDLE, None
        self.changed.emit()

    async def _read(self, plant: Plant, start_ns: int, end_ns: int, filter_text: str) -> None:
        try:
            records = await plant.client.logged_alarms(
                start_ns,
                end_ns,
                filter_text=filter_text,
                language=plant.server_language,
                limit=LIMIT,
            )
        except TagwerkError as error:
            self._show([])
            self.state, self.error = LogState.FAILED, error
            self.changed.emit()
            return
        view = AlarmView(dict(enumerate(records, 1)), self.view.sort)
        view.set_filter(self.view.filter)
        # Sorting thousands of records takes longer than a frame.
        await asyncio.to_thread(view.refresh)
        self._show(records, view)
        self.state = LogState.DONE
        self.changed.emit()

    def _show(self, records: list[Alarm], view: AlarmView | None = None) -> None:
        if view is None:
            view = AlarmView(dict(enumerate(records, 1)), self.view.sort)
            view.set_filter(self.view.filter)
        self.view = view
        self.count = len(records)
        self.taken_over += len(records)
        is_cut = isinstance(records, AlarmRecords) and records.is_cut
        self.truncated = is_cut or len(records) >= LIMIT
        self.areas = {}
        for record in records:
            self.areas[record.area] = self.areas.get(record.area, 0) + 1


class _TimeEdit(QDateTimeEdit):
    """Local date and time with seconds."""

    def __init__(self, name: str, accessible: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setDisplayFormat("yyyy-MM-dd HH:mm:ss")
        self.setCalendarPopup(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFont(theme().font(13))
        self.setFixedHeight(theme().px(24))

    def set_ns(self, time_ns: int) -> None:
        self.setDateTime(QDateTime.fromSecsSinceEpoch(time_ns // 1_000_000_000))

    def ns(self) -> int:
        """Local as typed, so that a change to summer time is taken as the computer takes it."""
        typed: datetime = self.dateTime().toPython()  # type: ignore[assignment]
        return int(typed.timestamp()) * 1_000_000_000


class FilterField(LineField):
    """The server's filter; Enter reads."""

    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
            return
        super().keyPressEvent(event)


class HistoryBar(Area):
    """Span, filter, read and export.

    Args:
        clock_ns: the wall clock.

    Signals:
        read_wanted, cancel_wanted, export_wanted.
    """

    read_wanted = Signal()
    cancel_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, clock_ns: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="bottom", line_role="hairline")
        tokens = theme()
        self.setObjectName("alarmHistoryBar")
        self._clock_ns = clock_ns
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.px(8), 0, tokens.px(8), 0)
        row.setSpacing(tokens.px(6))
        self.span = Segmented(
            [("1h", "1 h"), ("8h", "8 h"), ("24h", "24 h"), ("range", tr("From–to"))],
            "8h",
            tr("Span of the history"),
            height=24,
        )
        self.span.setObjectName("alarmHistorySpan")
        self.span.chosen.connect(self._span_chosen)
        row.addWidget(self.span)
        self.start = _TimeEdit("alarmHistoryFrom", tr("From, local time"))
        self.end = _TimeEdit("alarmHistoryTo", tr("To, local time"))
        self._dash = Label("–", 13, 400, "text2")
        for part in (self.start, self._dash, self.end):
            row.addWidget(part)
        self.filter = FilterField(
            tr("Filter of the server, e.g. {example}", example="priority > 10"),
            "funnel",
            height=24,
            name=tr("Filter of the server"),
        )
        self.filter.setObjectName("alarmHistoryFilter")
        self.filter.entered.connect(self.read_wanted)
        row.addWidget(self.filter, 1)
        self.said = Label("", 12, 400, "text2")
        self.said.setObjectName("alarmHistoryCount")
        row.addWidget(self.said)
        self.read = self._button("alarmHistoryRead", tr("Read"), "refresh-cw", self.read_wanted)
        self.cancel = self._button("alarmHistoryCancel", tr("Cancel"), "x", self.cancel_wanted)
        self.export = self._button(
            "alarmHistoryExport", tr("Export…"), "file-down", self.export_wanted
        )
        for button in (self.read, self.cancel, self.export):
            row.addWidget(button)
        self._show_range()
        self._dress()
        theme().changed.connect(self._dress)

    def _button(self, name: str, text: str, icon_name: str, signal: SignalInstance) -> PushButton:
        button = PushButton(text, icon_name, parent=self, height=24)
        button.setObjectName(name)
        button.clicked.connect(lambda _checked=False: signal.emit())
        return button

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(36))

    def _show_range(self) -> None:
        for part in (self.start, self._dash, self.end):
            part.setVisible(self.span.current == "range")

    def _span_chosen(self, key: str) -> None:
        if key == "range":
            end_ns = self._clock_ns()
            self.start.set_ns(end_ns - 8 * HOUR_NS)
            self.end.set_ns(end_ns)
            self._show_range()
            self.start.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._show_range()
        self.read_wanted.emit()

    def set_span(self, key: str) -> None:
        """Show a span as chosen, without reading."""
        if key in SPANS:
            self.span.set_current(key)
            self._show_range()

    def wanted(self) -> tuple[int, int]:
        """Start and end in ns UTC; an end before the start is turned round."""
        if self.span.current == "range":
            start_ns, end_ns = self.start.ns(), self.end.ns() + 999_999_999
            return min(start_ns, end_ns), max(start_ns, end_ns)
        end_ns = self._clock_ns()
        return end_ns - SPANS.get(self.span.current, 8 * HOUR_NS), end_ns

    def show_log(self, log: AlarmLog) -> None:
        """Buttons and count for the log's state."""
        busy = log.state is LogState.BUSY
        self.read.setVisible(not busy)
        self.cancel.setVisible(busy)
        self.export.setEnabled(log.state is LogState.DONE and log.count > 0)
        wrong = log.error is not None and log.error.code == SYNTAX_ERROR
        self.filter.set_line_role("bad" if wrong else "")
        if busy:
            said = tr("Reading the log …")
        elif log.state is not LogState.DONE:
            said = ""
        elif log.truncated:
            said = tr("the newest {count} records", count=log.count)
        else:
            said = tr_n("{count} record", "{count} records", log.count)
        self.said.setText(said)
