"""Every way through each of the six state machines."""

from __future__ import annotations

import itertools

import pytest

from tagwerk.simulator.alarm_states import (
    AlarmEventKind,
    StateMachine,
    next_step,
    user_response,
)

CLEAR, ACKNOWLEDGE, RESET = AlarmEventKind
M = StateMachine

# machine: way → states passed and whether the instance is still active at the end.
WAYS = {
    M.RAISE: {
        (): (["RAISED"], True),
    },
    M.RAISE_CLEAR: {
        (CLEAR,): (["RAISED", "RAISED_CLEARED"], False),
    },
    M.RAISE_REQUIRES_ACKNOWLEDGMENT: {
        (ACKNOWLEDGE,): (["RAISED", "RAISED_ACKNOWLEDGED"], False),
    },
    M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT: {
        (CLEAR,): (["RAISED", "RAISED_CLEARED"], False),
        (ACKNOWLEDGE, CLEAR): (
            ["RAISED", "RAISED_ACKNOWLEDGED", "RAISED_ACKNOWLEDGED_CLEARED"],
            False,
        ),
    },
    M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT: {
        (CLEAR,): (["RAISED", "RAISED_CLEARED"], True),
        (CLEAR, ACKNOWLEDGE): (
            ["RAISED", "RAISED_CLEARED", "RAISED_CLEARED_ACKNOWLEDGED"],
            False,
        ),
        (ACKNOWLEDGE,): (["RAISED", "RAISED_ACKNOWLEDGED"], True),
        (ACKNOWLEDGE, CLEAR): (
            ["RAISED", "RAISED_ACKNOWLEDGED", "RAISED_ACKNOWLEDGED_CLEARED"],
            False,
        ),
    },
    M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET: {
        (CLEAR,): (["RAISED", "RAISED_CLEARED"], True),
        (CLEAR, ACKNOWLEDGE): (
            ["RAISED", "RAISED_CLEARED", "RAISED_CLEARED_ACKNOWLEDGED"],
            True,
        ),
        (CLEAR, ACKNOWLEDGE, RESET): (
            ["RAISED", "RAISED_CLEARED", "RAISED_CLEARED_ACKNOWLEDGED", "NORMAL"],
            False,
        ),
        (ACKNOWLEDGE, CLEAR): (
            ["RAISED", "RAISED_ACKNOWLEDGED", "RAISED_ACKNOWLEDGED_CLEARED"],
            True,
        ),
        (ACKNOWLEDGE, CLEAR, RESET): (
            ["RAISED", "RAISED_ACKNOWLEDGED", "RAISED_ACKNOWLEDGED_CLEARED", "NORMAL"],
            False,
        ),
    },
}


def walk(machine: StateMachine, events) -> tuple[list[str], bool] | None:
    """States passed and whether still active; None when an event means nothing on the way."""
    states, active = ["RAISED"], True
    for event in events:
        step = next_step(machine, states[-1], event) if active else None
        if step is None:
            return None
        states.append(step.state)
        active = step.active
    return states, active


@pytest.mark.parametrize("machine", list(M), ids=lambda machine: machine.value)
def test_goes_its_ways_and_no_others(machine):
    taken = {}
    for length in range(4):
        for events in itertools.product(AlarmEventKind, repeat=length):
            result = walk(machine, events)
            if result is not None:
                taken[events] = result
    expected = dict(WAYS[machine])
    expected.setdefault((), (["RAISED"], True))
    if machine is M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT:
        expected[(ACKNOWLEDGE,)] = (["RAISED", "RAISED_ACKNOWLEDGED"], True)
    if machine is M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET:
        expected[(ACKNOWLEDGE,)] = (["RAISED", "RAISED_ACKNOWLEDGED"], True)
    assert taken == expected


@pytest.mark.parametrize(
    ("machine", "state", "response"),
    [
        (M.RAISE, "RAISED", "NONE"),
        (M.RAISE_CLEAR, "RAISED", "NONE"),
        (M.RAISE_REQUIRES_ACKNOWLEDGMENT, "RAISED", "ACKNOWLEDGEMENT"),
        (M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT, "RAISED", "ACKNOWLEDGEMENT"),
        (M.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT, "RAISED_ACKNOWLEDGED", "NONE"),
        (M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT, "RAISED_CLEARED", "ACKNOWLEDGEMENT"),
        (M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT, "RAISED_ACKNOWLEDGED", "NONE"),
        (M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET, "RAISED", "ACKNOWLEDGEMENT"),
        (M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET, "RAISED_ACKNOWLEDGED", "NONE"),
        (M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET, "RAISED_ACKNOWLEDGED_CLEARED", "RESET"),
        (M.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET, "RAISED_CLEARED_ACKNOWLEDGED", "RESET"),
    ],
)
def test_says_what_it_waits_for(machine, state, response):
    assert user_response(machine, state, single=False) == response
    single = response if response == "NONE" else f"SINGLE_{response}"
    assert user_response(machine, state, single=True) == single
