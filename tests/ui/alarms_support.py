"""A plant with a strict hand-written server for the alarm panel's tests; time stands still."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tagwerk.domain.alarms import (
    Alarm,
    AlarmAction,
    AlarmEvent,
    AlarmKey,
    AlarmReply,
    AlarmState,
    Notification,
)
from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    ConnectionProfile,
    LinkCounters,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.values import ItemError
from tagwerk.plant import Plant
from tagwerk.ui.desk import Desk
from tagwerk.ui.settings import Settings

SECOND = 1_000_000_000
NOW = 1_781_791_012_000_000_000  # 2026-06-18 13:56:52 UTC
ALL = frozenset(Capability)
ACK_MACHINE = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT"
RESET_MACHINE = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET"


def make_alarm(
    name="P2111.Trip:Alarm",
    instance=1,
    state=AlarmState.RAISED,
    *,
    ago_s=60.0,
    response="ACKNOWLEDGEMENT",
    **fields,
):
    """An alarm of the skid, raised `ago_s` seconds before now."""
    raised = NOW - round(ago_s * SECOND)
    if state in (AlarmState.RAISED_ACKNOWLEDGED, AlarmState.RAISED_ACKNOWLEDGED_CLEARED):
        response = "NONE" if response == "ACKNOWLEDGEMENT" else response
    defaults = {
        "state_word": state.value,
        "state_machine": ACK_MACHINE,
        "priority": 14,
        "class_name": "Alarm",
        "text": f"{name}: text",
        "raise_time_ns": raised,
        "modification_time_ns": raised,
        "area": "Dosing",
        "user_response": response,
        "trigger_tag": f"HMI_RT_1::{name.partition(':')[0]}",
        "back_color": "#D0021B",
        "text_color": "#FFFFFF",
        "flashing": response.endswith("ACKNOWLEDGEMENT"),
        "suppression": "UNSUPPRESSED",
    }
    key = AlarmKey(f"HMI_RT_1::{name}", instance)
    return Alarm(key, state, **{**defaults, **fields})


def changed(alarm, reason=Notification.MODIFIED, **fields):
    """A notification about an alarm."""
    return AlarmEvent(reason, replace(alarm, **fields))


class Server:
    """What the client can do; a test sets what it says."""

    def __init__(self):
        self.capabilities = Capabilities(ALL)
        self.log = []
        self.log_error = None
        self.asked = []
        self.calls = []
        self.answer = None
        self.gate = None

    async def logged_alarms(self, start_ns, end_ns, *, filter_text="", language="en-US", limit=0):
        self.asked.append((start_ns, end_ns, filter_text, language, limit))
        if self.gate is not None:
            await self.gate.wait()
        if self.log_error is not None and filter_text:
            raise self.log_error
        return [
            alarm for alarm in self.log if start_ns < (alarm.modification_time_ns or 0) < end_ns
        ]

    async def alarm_action(self, action, keys):
        self.calls.append((action, list(keys)))
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return [AlarmReply(key, self.answer) for key in keys]


class Link:
    def __init__(self):
        self.client = Server()
        self.status = LinkStatus()
        self.counters = LinkCounters()

    def want(self, names, quick=frozenset()):
        pass

    def set_language(self, language):
        pass


class Clock:
    """A wall clock that a test turns."""

    def __init__(self):
        self.now_ns = NOW

    def __call__(self):
        return self.now_ns


def make_plant(alarms=(), *, live=True):
    """A plant whose alarms are `alarms`; `plant.server` and `plant.clock` are the fakes."""
    clock = Clock()
    plant = Plant(ConnectionProfile("skid21", "https://skid21/graphql/"), clock_ns=clock)
    link = Link()
    plant.attach(link)
    plant.server, plant.clock = link.client, clock
    if live:
        set_state(plant, LinkState.LIVE)
        plant.on_alarms_restart(list(alarms))
    return plant


def set_state(plant, state, capabilities=None):
    """Tell the plant a state of its link."""
    known = capabilities if capabilities is not None else plant.server.capabilities
    lost = None if state is LinkState.LIVE else plant.clock()
    plant.on_status(
        LinkStatus(state=state, since_ns=plant.clock(), capabilities=known, lost_at_ns=lost)
    )


class Problems(list):
    def __call__(self, error, where):
        self.append((where, error))


def make_desk():
    return Desk(None, Settings(), Problems())


def frame(panel, *, ms=150):
    """Turn the clock and give the panel one frame."""
    plant = panel.plant
    plant.clock.now_ns += ms * 1_000_000
    panel.on_frame(plant.drain())


def rejected(code="305", words="Alarm cannot be acknowledged now"):
    return ItemError(code, words)


__all__ = [
    "ACK_MACHINE",
    "NOW",
    "RESET_MACHINE",
    "SECOND",
    "AlarmAction",
    "changed",
    "frame",
    "make_alarm",
    "make_desk",
    "make_plant",
    "rejected",
    "set_state",
]
