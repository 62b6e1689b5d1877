"""The six alarm state machines, as pure functions of state and event.

States and machines have the interface's spelling. The engine keeps instances, texts and times;
here is only what follows what.

==============================================  =====================================================
machine                                         ways
==============================================  =====================================================
RAISE                                           raised; an entry without end, leaves after a while
RAISE_CLEAR                                     raised → cleared, gone
RAISE_REQUIRES_ACKNOWLEDGMENT                   raised → acknowledged, gone; clearing means nothing
RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT             raised (→ acknowledged) → cleared, gone
RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT             gone when cleared and acknowledged, in either order
RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET   … and then reset
==============================================  =====================================================
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class StateMachine(Enum):
    """How an alarm lives; the value is the interface's word."""

    RAISE = "RAISE"
    RAISE_CLEAR = "RAISE_CLEAR"
    RAISE_REQUIRES_ACKNOWLEDGMENT = "RAISE_REQUIRES_ACKNOWLEDGMENT"
    RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT = "RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT"
    RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT"
    RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET"

    @property
    def clears(self) -> bool:
        """Whether the end of the cause means anything."""
        return "CLEAR" in self.value

    @property
    def takes_acknowledgement(self) -> bool:
        return "ACKNOWLEDGMENT" in self.value

    @property
    def takes_reset(self) -> bool:
        return self.value.endswith("_AND_RESET")


class AlarmEventKind(Enum):
    """What can happen to an instance."""

    CLEAR = "CLEAR"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    RESET = "RESET"


class Step(NamedTuple):
    """Where an event leads: the new state, and whether the instance is still active."""

    state: str
    active: bool


RAISED = "RAISED"
RAISED_CLEARED = "RAISED_CLEARED"
RAISED_ACKNOWLEDGED = "RAISED_ACKNOWLEDGED"
RAISED_ACKNOWLEDGED_CLEARED = "RAISED_ACKNOWLEDGED_CLEARED"
RAISED_CLEARED_ACKNOWLEDGED = "RAISED_CLEARED_ACKNOWLEDGED"
NORMAL = "NORMAL"
REMOVED = "REMOVED"

_M = StateMachine
_CLEAR, _ACKNOWLEDGE, _RESET = AlarmEventKind

_TABLE: dict[tuple[StateMachine, str, AlarmEventKind], Step] = {
    (_M.RAISE_CLEAR, RAISED, _CLEAR): Step(RAISED_CLEARED, False),
    (_M.RAISE_REQUIRES_ACKNOWLEDGMENT, RAISED, _ACKNOWLEDGE): Step(RAISED_ACKNOWLEDGED, False),
    (_M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT, RAISED, _ACKNOWLEDGE): Step(RAISED_ACKNOWLEDGED, True),
    (_M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT, RAISED, _CLEAR): Step(RAISED_CLEARED, False),
    (_M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT, RAISED_ACKNOWLEDGED, _CLEAR): Step(
        RAISED_ACKNOWLEDGED_CLEARED, False
    ),
}
for _machine, _stays in (
    (_M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT, False),
    (_M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET, True),
):
    _TABLE[_machine, RAISED, _ACKNOWLEDGE] = Step(RAISED_ACKNOWLEDGED, True)
    _TABLE[_machine, RAISED, _CLEAR] = Step(RAISED_CLEARED, True)
    _TABLE[_machine, RAISED_ACKNOWLEDGED, _CLEAR] = Step(RAISED_ACKNOWLEDGED_CLEARED, _stays)
    _TABLE[_machine, RAISED_CLEARED, _ACKNOWLEDGE] = Step(RAISED_CLEARED_ACKNOWLEDGED, _stays)
for _state in (RAISED_ACKNOWLEDGED_CLEARED, RAISED_CLEARED_ACKNOWLEDGED):
    _TABLE[_M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET, _state, _RESET] = Step(NORMAL, False)


def next_step(machine: StateMachine, state: str, event: AlarmEventKind) -> Step | None:
    """Where the event leads, or None when it means nothing in this state."""
    return _TABLE.get((machine, state, event))


def user_response(machine: StateMachine, state: str, *, single: bool) -> str:
    """What the server waits for: NONE, ACKNOWLEDGEMENT, RESET, or the SINGLE_ form of either."""
    if next_step(machine, state, AlarmEventKind.ACKNOWLEDGE) is not None:
        word = "ACKNOWLEDGEMENT"
    elif next_step(machine, state, AlarmEventKind.RESET) is not None:
        word = "RESET"
    else:
        return "NONE"
    return f"SINGLE_{word}" if single else word
