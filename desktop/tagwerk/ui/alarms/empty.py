"""What the alarm panel says when there is no row to show, and what to do next."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.text import format_time
from tagwerk.plant import Plant
from tagwerk.ui.alarms.history import (
    HOUR_NS,
    LIMIT,
    SYNTAX_ERROR,
    AlarmLog,
    replace_field,
    suggest_field,
)
from tagwerk.ui.alarms.operations import missing_text
from tagwerk.ui.alarms.story import raises_in
from tagwerk.ui.i18n import tr, tr_message, tr_n
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import EmptyState
from tagwerk.ui.widgets.painting import Area

_AGAIN_NS = 60_000_000_000


class Emptiness(Enum):
    """Why there is nothing to show."""

    NOT = "not"
    NO_PLANT = "no_plant"
    NOT_CONNECTED = "not_connected"
    READING = "reading"
    NO_ALARMS = "no_alarms"
    NONE_STANDS = "none_stands"
    NONE_STOOD = "none_stood"
    NOTHING_MATCHES = "nothing_matches"
    NO_LOG = "no_log"
    LOG_EMPTY = "log_empty"
    LOG_FAILED = "log_failed"


class AlarmEmpty(Area):
    """The empty state with its buttons.

    Signals:
        history_wanted, clear_wanted, retry_wanted; filter_wanted: read with this filter.
    """

    history_wanted = Signal()
    clear_wanted = Signal()
    retry_wanted = Signal()
    filter_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self.setObjectName("alarmEmpty")
        self._state = EmptyState("circle-check", "")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._state)
        self._shown: tuple[object, ...] = ()
        self._raises: int | None = None
        self._counted_ns = 0
        self.text = ""
        """Headline and text, for screen readers and tests."""

    def forget(self) -> None:
        """Another plant."""
        self._raises, self._counted_ns, self._shown = None, 0, ()

    def count_raises(self, plant: Plant, tasks: TaskScope) -> None:
        """Count the last day's raises from the log, at most once a minute."""
        now_ns = plant.clock_ns()
        if missing_text(plant, Capability.ALARM_HISTORY) or plant.alarms.is_stale:
            return
        if self._counted_ns and 0 <= now_ns - self._counted_ns < _AGAIN_NS:
            return
        self._counted_ns = now_ns
        tasks.start(self._count(plant, now_ns), "alarm-raises", replace=True)

    async def _count(self, plant: Plant, now_ns: int) -> None:
        start_ns = now_ns - 24 * HOUR_NS
        try:
            records = await plant.client.logged_alarms(
                start_ns, now_ns, language=plant.server_language, limit=LIMIT
            )
        except TagwerkError:
            # Only an extra: the panel says what it knows without it.
            return
        self._raises = raises_in(records, start_ns, now_ns)

    def show_state(
        self, state: Emptiness, plant: Plant | None, log: AlarmLog, filter_text: str
    ) -> None:
        """Say why there is nothing; does nothing when it says so already."""
        cleared = plant.alarms.last_cleared_ns if plant is not None else None
        wanted = (state, cleared, self._raises, log.error, filter_text, plant is None)
        if wanted == self._shown:
            return
        self._shown = wanted
        icon, title, text = self._words(state, plant)
        buttons: list[PushButton] = []
        role = "text2"
        if state is Emptiness.LOG_FAILED and log.error is not None:
            icon, title, text, buttons = self._failure(log.error, filter_text)
            role = "bad"
        elif state is Emptiness.NONE_STANDS and plant is not None:
            button = self._button(tr("History of 24 h"), "history", self.history_wanted)
            why = missing_text(plant, Capability.ALARM_HISTORY)
            button.setEnabled(not why)
            button.setToolTip(why)
            buttons = [button]
        elif state is Emptiness.NOTHING_MATCHES:
            buttons = [self._button(tr("Clear filters"), "funnel-x", self.clear_wanted)]
        self.text = f"{title} {text}".strip()
        self.setAccessibleName(self.text)
        self._state.set_state(icon, title, text, icon_role=role)
        self._state.set_buttons(buttons)

    def _words(self, state: Emptiness, plant: Plant | None) -> tuple[str, str, str]:
        match state:
            case Emptiness.NO_PLANT:
                return "plug", tr("No plant yet"), tr("Connect to see its alarms.")
            case Emptiness.NOT_CONNECTED:
                text = tr("They are read as soon as the connection is up.")
                return "unplug", tr("No alarms yet"), text
            case Emptiness.READING:
                return "loader-circle", tr("Reading what stands"), ""
            case Emptiness.NO_ALARMS:
                why = missing_text(plant, Capability.ALARMS)
                return "ban", tr("No alarms from this server"), why
            case Emptiness.NONE_STOOD:
                return "unplug", self._stood(plant), tr("What stands now is not known.")
            case Emptiness.NOTHING_MATCHES:
                return (
                    "funnel",
                    tr("No alarm matches"),
                    tr("The search or a filter hides all of them."),
                )
            case Emptiness.NO_LOG:
                why = missing_text(plant, Capability.ALARM_HISTORY)
                return "ban", tr("No alarm history from this server"), why
            case Emptiness.LOG_EMPTY:
                return "history", tr("Nothing in the log"), tr("No alarm changed in this span.")
        return "circle-check", tr("No alarm stands"), self._last_words(plant)

    @staticmethod
    def _stood(plant: Plant | None) -> str:
        """When there was none for the last time."""
        since_ns = plant.alarms.stale_since_ns if plant is not None else None
        if not since_ns:
            return tr("No alarm stood")
        return tr("No alarm stood at {time}", time=format_time(since_ns, zone=None)[11:19])

    def _last_words(self, plant: Plant | None) -> str:
        parts = []
        cleared = plant.alarms.last_cleared_ns if plant is not None else None
        if cleared is not None:
            parts.append(
                tr("The last one cleared at {time}.", time=format_time(cleared, zone=None)[11:19])
            )
        if self._raises is not None:
            parts.append(
                tr_n(
                    "One was raised in the last 24 hours.",
                    "{count} were raised in the last 24 hours.",
                    self._raises,
                )
            )
        return " ".join(parts)

    def _failure(
        self, error: TagwerkError, filter_text: str
    ) -> tuple[str, str, str, list[PushButton]]:
        """The server's words, and the cure as buttons."""
        said = tr_message(error.text)
        again = self._button(tr("Try again"), "refresh-cw", self.retry_wanted)
        if not filter_text:
            cure = tr_message(error.cure_text)
            return "ban", tr("The log could not be read"), f"{said} {cure}".strip(), [again]
        without = self._button(tr("Without filter"), "x", None, "")
        buttons = [without, again]
        title = tr("The log could not be read")
        if error.code == SYNTAX_ERROR:
            title = tr("The server does not understand the filter")
            said = tr("Error {code}: {said}", code=error.code, said=said.rstrip(".") + ".")
            buttons = [without]
            meant = suggest_field(filter_text)
            if meant is not None:
                said += " " + tr(
                    "There is no field “{wrong}”; did you mean “{right}”?",
                    wrong=meant[0],
                    right=meant[1],
                )
                use = self._button(
                    tr("Use “{field}”", field=meant[1]),
                    "check",
                    None,
                    replace_field(filter_text, *meant),
                )
                use.set_kind("primary")
                buttons.insert(0, use)
        said += " " + tr("The list is empty on purpose: an old one would look alive.")
        return "funnel", title, said, buttons

    def _button(
        self, text: str, icon: str, signal: SignalInstance | None = None, filter_text: str = ""
    ) -> PushButton:
        button = PushButton(text, icon)
        if signal is None:
            button.clicked.connect(lambda _on=False: self.filter_wanted.emit(filter_text))
        else:
            button.clicked.connect(lambda _on=False: signal.emit())
        return button
