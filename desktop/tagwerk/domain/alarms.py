"""Alarms: one alarm instance as the server describes it, and what may be done to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tagwerk.domain.values import ItemError, Value


class AlarmState(Enum):
    """The states of the reference, section 7. The value is the server's spelling."""

    NORMAL = "NORMAL"
    RAISED = "RAISED"
    RAISED_CLEARED = "RAISED_CLEARED"
    RAISED_ACKNOWLEDGED = "RAISED_ACKNOWLEDGED"
    RAISED_ACKNOWLEDGED_CLEARED = "RAISED_ACKNOWLEDGED_CLEARED"
    RAISED_CLEARED_ACKNOWLEDGED = "RAISED_CLEARED_ACKNOWLEDGED"
    REMOVED = "REMOVED"
    UNKNOWN = "UNKNOWN"
    """A word that is not listed; `Alarm.state_text` keeps it."""


class Notification(Enum):
    """Why an alarm or a value was sent."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"


class AlarmAction(Enum):
    """What an operator may do to an alarm over both interfaces."""

    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"


_ACKNOWLEDGING = ("ACKNOWLEDGMENT", "ACKNOWLEDGEMENT")
_RESPONSES = ("NONE", "ACKNOWLEDGEMENT", "RESET", "SINGLE_ACKNOWLEDGEMENT", "SINGLE_RESET")


@dataclass(frozen=True, slots=True)
class AlarmKey:
    """Identity of an alarm instance: the configured alarm's full name and the instance number."""

    name: str
    instance: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm instance. Texts are in the language that was asked for first.

    Times are nanoseconds since 1970 UTC or None for "not set". Colours are ``#RRGGBB`` or "".

    Args:
        key: name and instance.
        state: see `AlarmState`; `state_word` keeps the server's spelling.
        state_text: the server's own text for the state, in the user's language, or "".
        state_machine: the server's spelling, e.g. ``RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT``.
        priority: 0 none, 1–5 low, 6–10 medium, 11–15 high, 16 highest.
        user_response: NONE, ACKNOWLEDGEMENT, RESET, SINGLE_ACKNOWLEDGEMENT, SINGLE_RESET, or ""
            when the server has no such field.
        trigger_tag: full name of the tag that raised it, "" when it cannot be told.
        change_reasons: the server's words, e.g. ``ALARM_STATE_CHANGED_RAISE_EVENT``.
        extra: further fields as the server sent them, for the details and ``--json``.
    """

    key: AlarmKey
    state: AlarmState
    state_word: str = ""
    state_text: str = ""
    state_machine: str = ""
    priority: int = 0
    class_name: str = ""
    class_symbol: str = ""
    text: str = ""
    info_text: str = ""
    alarm_texts: tuple[str, ...] = ()
    raise_time_ns: int | None = None
    acknowledge_time_ns: int | None = None
    clear_time_ns: int | None = None
    reset_time_ns: int | None = None
    modification_time_ns: int | None = None
    text_color: str = ""
    back_color: str = ""
    flashing: bool = False
    area: str = ""
    origin: str = ""
    value: Value = None
    value_limit: Value = None
    source_type: str = ""
    suppression: str = ""
    user_response: str = ""
    user_name: str = ""
    host_name: str = ""
    connection_name: str = ""
    trigger_tag: str = ""
    group_id: int = 0
    change_reasons: tuple[str, ...] = ()
    duration_ns: int | None = None
    extra: tuple[tuple[str, Value], ...] = ()

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def instance(self) -> int:
        return self.key.instance

    @property
    def is_standing(self) -> bool:
        """The cause is there: raised and not cleared."""
        return self.state in (AlarmState.RAISED, AlarmState.RAISED_ACKNOWLEDGED)

    @property
    def needs_acknowledgement(self) -> bool:
        """Waits for an operator. The server's user response decides, also where the state is a
        word that nobody listed; the state machine stands in. Where a server tells neither, what
        is raised is taken to wait: a server refuses an acknowledgement that is not due.
        """
        waits = self.state in (AlarmState.RAISED, AlarmState.RAISED_CLEARED)
        if self.user_response in _RESPONSES:
            named = self.user_response in ("ACKNOWLEDGEMENT", "SINGLE_ACKNOWLEDGEMENT")
            return named and (waits or self.state is AlarmState.UNKNOWN)
        if not self.state_machine:
            return waits
        return waits and any(word in self.state_machine for word in _ACKNOWLEDGING)

    @property
    def needs_reset(self) -> bool:
        """Acknowledged and cleared, and the state machine asks for a reset."""
        if self.user_response in _RESPONSES:
            return self.user_response in ("RESET", "SINGLE_RESET")
        return "RESET" in self.state_machine and self.state in (
            AlarmState.RAISED_ACKNOWLEDGED_CLEARED,
            AlarmState.RAISED_CLEARED_ACKNOWLEDGED,
        )

    @property
    def is_single(self) -> bool:
        """Must be alone in its call, or the server refuses the whole call."""
        return self.user_response.startswith("SINGLE_")

    @property
    def is_shelved(self) -> bool:
        return "SHELVED" in self.suppression.upper().replace("UNSHELVED", "")

    @property
    def is_gone(self) -> bool:
        """No longer in the list of active alarms."""
        return self.state in (AlarmState.NORMAL, AlarmState.REMOVED)


class AlarmRecords(list[Alarm]):
    """Records of a log. `is_cut`: there are older ones in the span that the server does not give."""

    is_cut = False


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """One notification of the alarm subscription. For REMOVED only `alarm.key` is to be trusted."""

    reason: Notification
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class AlarmReply:
    """What the server said to one acknowledge or reset; `error` None is done.

    `sent` is False when it never left this computer; `uncertain` is True when it left and no
    answer came, so that it may have happened.
    """

    key: AlarmKey
    error: ItemError | None = None
    sent: bool = True
    uncertain: bool = False


def single_batches(alarms: list[Alarm]) -> list[list[Alarm]]:
    """Split alarms into calls so that one with single acknowledgement is alone (reference, section 7)."""
    together = [alarm for alarm in alarms if not alarm.is_single]
    batches = [[alarm] for alarm in alarms if alarm.is_single]
    return ([together] if together else []) + batches
