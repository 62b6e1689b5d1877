"""What the plant knows during and after an outage: nothing old looks live, nothing new looks old."""

from __future__ import annotations

import asyncio

import pytest

from plant.test_plant import NOW, PV, SECOND, Link
from tagwerk.domain.alarms import Alarm, AlarmKey, AlarmState
from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    ConnectionProfile,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.values import GOOD, Sample
from tagwerk.plant import Plant
from tagwerk.store.trends import Source

HOUR = 3_600 * SECOND
SP = "HMI_RT_1::Cooling.TIC2120.SP"
ALL = Capabilities(frozenset(Capability))


class Clocks:
    """A wall clock that can be set, and a steady one; both go on together."""

    def __init__(self):
        self.wall_ns = NOW
        self.steady_ns = 0

    def go_on(self, seconds):
        self.wall_ns += round(seconds * SECOND)
        self.steady_ns += round(seconds * SECOND)

    def set_by(self, seconds):
        self.wall_ns += round(seconds * SECOND)


class Story:
    """A plant with clocks in hand; the server's clock is `ahead_ns` ahead of the wall clock."""

    def __init__(self, *, ahead_s=0.0):
        self.clocks = Clocks()
        self.server_ns = NOW + round(ahead_s * SECOND)
        self.plant = Plant(
            ConnectionProfile("Skid", "https://h:8443/graphql/"),
            clock_ns=lambda: self.clocks.wall_ns,
            steady_ns=lambda: self.clocks.steady_ns,
        )
        self.plant.attach(Link())

    def go_on(self, seconds):
        self.clocks.go_on(seconds)
        self.server_ns += round(seconds * SECOND)

    def value(self, number, *, name=PV, held_s=0.0):
        """A value that the server stamped `held_s` ago and that arrives now."""
        stamp = self.server_ns - round(held_s * SECOND)
        self.plant.on_samples([Sample(name, number, GOOD, stamp, self.clocks.wall_ns)])

    def stream(self, seconds, *, name=PV):
        """A value a second, a frame each."""
        for _ in range(seconds):
            self.go_on(1)
            self.value(float(self.server_ns % 97), name=name)
            self.plant.drain()

    def link(self, state, *, lost_s=0.0):
        lost = None
        if state is not LinkState.LIVE:
            lost = self.clocks.wall_ns - round(lost_s * SECOND)
        self.plant.on_status(
            LinkStatus(state, self.clocks.wall_ns, capabilities=ALL, lost_at_ns=lost)
        )

    def states(self):
        """States and frames: (live store, alarms)."""
        self.plant.drain()
        return self.plant.live.stale_since_ns is not None, self.plant.alarms.is_stale


@pytest.fixture
def story():
    made = Story()
    made.link(LinkState.LIVE)
    made.plant.on_alarms_restart([])
    made.plant.drain()
    return made


def alarm(name, state=AlarmState.RAISED, **fields):
    fields.setdefault("state_machine", "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT")
    fields.setdefault("raise_time_ns", NOW - 60 * SECOND)
    return Alarm(AlarmKey(name, 1), state, **fields)


# Silence


def test_silence_makes_everything_stale_at_once_and_locks(story):
    story.stream(3)
    story.plant.writes.arm(600)
    story.go_on(2)
    story.link(LinkState.STALE, lost_s=2)
    assert story.states() == (True, True)
    assert story.plant.live.is_stale(PV)
    assert not story.plant.arming.armed
    assert not story.plant.status.state.is_live


def test_after_a_silence_all_holds_again_without_a_new_subscription(story):
    story.value(21.5, name=SP)
    story.stream(3)
    story.link(LinkState.STALE)
    story.plant.drain()
    story.link(LinkState.LIVE)
    assert story.states() == (False, False), "the list of alarms needs no repetition"
    assert not story.plant.live.is_stale(SP), "a setpoint that nobody changed sends nothing"


def test_values_that_were_held_up_close_the_hole(story):
    curve = story.plant.trends.open(PV, step=False)
    story.stream(20)
    story.go_on(5)
    story.link(LinkState.STALE, lost_s=5)
    story.plant.drain()
    assert not curve.is_live
    assert curve.holes(NOW, NOW + HOUR), "nothing is known while it is silent"
    story.link(LinkState.LIVE)
    for held_s in (4, 3, 2, 1, 0):
        story.value(5.0, held_s=held_s)
    story.plant.drain()
    first = curve.times[0]
    assert curve.holes(first, story.server_ns) == []
    assert curve.is_known(first, story.server_ns)
    story.plant.trends.close(PV)


def test_held_up_values_may_come_before_the_word_that_it_speaks(story):
    curve = story.plant.trends.open(PV, step=False)
    story.stream(20)
    story.go_on(5)
    story.link(LinkState.STALE, lost_s=5)
    for held_s in (4, 3, 2, 1, 0):
        story.value(5.0, held_s=held_s)
    story.link(LinkState.LIVE)
    story.plant.drain()
    assert curve.is_known(curve.times[0], story.server_ns)
    story.plant.trends.close(PV)


def test_a_server_that_stood_still_leaves_a_hole_where_its_tag_had_a_rhythm(story):
    trends = story.plant.trends
    fast, quiet = trends.open(PV, step=False), trends.open(SP, step=True)
    story.value(22.0, name=SP)
    story.stream(20)
    before = int(fast.times[-1])
    story.go_on(8)
    story.link(LinkState.STALE, lost_s=8)
    story.plant.drain()
    story.link(LinkState.LIVE)
    story.value(1.0)
    story.plant.drain()
    (hole,) = fast.holes(fast.times[0], story.server_ns)
    assert (hole.start_ns, hole.end_ns) == (before + 1, story.server_ns)
    assert str(hole.cause) == "No sign of life"
    assert fast.missing(fast.times[0], story.server_ns), "the log may have it"
    assert quiet.holes(quiet.times[0], story.server_ns) == []
    trends.close(PV)
    trends.close(SP)


def test_a_silence_that_becomes_a_loss_is_one_hole_from_the_last_sign_of_life(story):
    curve = story.plant.trends.open(PV, step=False)
    story.stream(5)
    silent_ns = story.server_ns
    story.go_on(2)
    story.link(LinkState.STALE, lost_s=2)
    story.plant.drain()
    story.go_on(3)
    story.link(LinkState.RECONNECTING, lost_s=5)
    story.plant.drain()
    (hole,) = curve.holes(silent_ns - SECOND, story.server_ns)
    assert abs(hole.start_ns - silent_ns) < SECOND
    assert str(hole.cause) == "Link down"
    story.go_on(2)
    story.link(LinkState.LIVE)
    story.plant.drain()
    assert story.plant.live.is_stale(PV), "a new subscription has to say it first"
    assert story.plant.alarms.is_stale, "and a new list"
    story.value(3.0)
    story.plant.drain()
    (hole,) = curve.holes(silent_ns - SECOND, story.server_ns)
    assert hole.end_ns == story.server_ns
    story.plant.trends.close(PV)


def test_all_in_one_frame_leaves_old_old_and_new_new(story):
    """A hidden window takes a frame now and then: an outage may begin and end between two."""
    curve = story.plant.trends.open(PV, step=False)
    story.stream(3)
    story.value(1.0, name=SP)
    story.go_on(1)
    story.link(LinkState.RECONNECTING)
    story.go_on(2)
    story.link(LinkState.LIVE)
    story.value(2.0)
    story.plant.drain()
    assert not story.plant.live.is_stale(PV)
    assert story.plant.live.is_stale(SP), "heard before the loss only"
    assert curve.is_live
    assert [s.source for s in curve.segments(NOW, story.server_ns + 1)] == [
        Source.LIVE, Source.HOLE, Source.LIVE,
    ]  # fmt: skip
    story.plant.trends.close(PV)


# Clocks


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_a_laptop_clock_that_is_set_changes_nothing_about_live_and_stale(story, by_s):
    curve = story.plant.trends.open(PV, step=False)
    story.stream(10)
    story.clocks.set_by(by_s)
    story.plant.drain()
    plant = story.plant
    assert not plant.live.is_stale(PV)
    assert plant.clock_ns() - plant.live.get(PV).received_ns == 0, "its age"
    now_ns = plant.clock_ns() + plant.trends.skew_ns
    assert abs(now_ns - story.server_ns) < SECOND, "the trend's present is the server's"
    story.stream(5)
    assert curve.is_known(curve.times[0], story.server_ns)
    story.link(LinkState.RECONNECTING)
    plant.drain()
    assert plant.live.is_stale(PV)
    story.clocks.set_by(-by_s)
    plant.drain()
    assert plant.live.is_stale(PV), "still"
    story.go_on(4)
    story.link(LinkState.LIVE)
    plant.drain()
    assert plant.live.is_stale(PV), "not heard of again"
    story.stream(5)
    assert not plant.live.is_stale(PV)
    (hole,) = curve.holes(curve.times[0], story.server_ns)
    assert hole.end_ns - hole.start_ns < 8 * SECOND
    plant.trends.close(PV)


@pytest.mark.parametrize("ahead_s", [7_200.0, -7_200.0, 150.0])
def test_a_server_whose_clock_is_hours_off_is_live_at_its_own_time(ahead_s):
    story = Story(ahead_s=ahead_s)
    story.link(LinkState.LIVE)
    curve = story.plant.trends.open(PV, step=False)
    story.stream(10)
    plant = story.plant
    now_ns = plant.clock_ns() + plant.trends.skew_ns
    assert abs(now_ns - story.server_ns) < SECOND
    assert curve.times[-1] <= now_ns
    assert curve.is_live
    plant.trends.close(PV)


def test_a_first_value_from_the_future_tells_that_the_server_is_ahead():
    story = Story(ahead_s=7_200.0)
    story.link(LinkState.LIVE)
    curve = story.plant.trends.open(SP, step=True)
    story.value(22.0, name=SP)
    story.plant.drain()
    now_ns = story.plant.clock_ns() + story.plant.trends.skew_ns
    assert curve.times[-1] <= now_ns, "or it would be right of the trend's edge"
    story.plant.trends.close(SP)


def test_one_device_with_a_clock_of_its_own_does_not_move_the_others(story):
    trends = story.plant.trends
    trends.open(PV, step=False)
    for _ in range(20):
        story.go_on(1)
        story.value(1.0)
        story.value(2.0, name="HMI_RT_1::Odd.PV", held_s=-3 * 3_600)
        story.value(3.0, name=SP)
        story.plant.drain()
    assert trends.skew_ns == 0
    trends.close(PV)


# Alarms


async def test_what_became_of_the_alarms_is_told(story):
    plant = story.plant
    plant.on_alarms_restart([alarm("stays"), alarm("goes"), alarm("is acknowledged")])
    plant.drain()
    story.link(LinkState.RECONNECTING)
    plant.drain()
    lost_ns = plant.clock_ns()
    story.go_on(5)
    story.link(LinkState.LIVE)
    plant.drain()
    assert not plant.alarms.outage, "not before the new list is there"
    plant.on_alarms_restart(
        [
            alarm("stays"),
            alarm("is acknowledged", AlarmState.RAISED_ACKNOWLEDGED),
            alarm("came", raise_time_ns=NOW + 2 * SECOND),
        ]
    )
    plant.drain()
    outage = plant.alarms.outage
    assert [one.name for one in outage.came] == ["came"]
    assert [one.name for one in outage.went] == ["goes"]
    assert [one.name for one in outage.acknowledged] == ["is acknowledged"]
    assert (outage.lost_ns, outage.back_ns) == (lost_ns, lost_ns + 5 * SECOND)
    plant.alarms.forget_outage()
    assert not plant.alarms.outage


async def test_what_came_and_went_unseen_is_read_from_the_log(story, monkeypatch):
    monkeypatch.setattr("tagwerk.plant.gaps.LOG_DELAY_S", 0.0)
    plant = story.plant
    plant.on_alarms_restart([alarm("stays")])
    plant.drain()
    short = alarm(
        "short", AlarmState.RAISED_ACKNOWLEDGED_CLEARED,
        raise_time_ns=NOW + SECOND, clear_time_ns=NOW + 2 * SECOND,
    )  # fmt: skip
    asked = []

    async def logged_alarms(start_ns, end_ns, *, filter_text="", language="en-US", limit=0):
        asked.append((start_ns, end_ns))
        return [short, alarm("stays")]

    plant.client.logged_alarms = logged_alarms
    task = asyncio.create_task(plant.run())
    story.link(LinkState.RECONNECTING)
    plant.drain()
    story.go_on(5)
    story.link(LinkState.LIVE)
    plant.drain()
    plant.on_alarms_restart([alarm("stays")])
    async with asyncio.timeout(5):
        while not plant.alarms.outage:
            plant.drain()
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [one.name for one in plant.alarms.outage.passed] == ["short"]
    assert asked == [(NOW, NOW + 5 * SECOND)]


async def test_two_outages_before_anybody_looked_are_told_together(story):
    plant = story.plant
    for number in (1, 2):
        story.link(LinkState.RECONNECTING)
        plant.drain()
        story.go_on(5)
        story.link(LinkState.LIVE)
        plant.on_alarms_restart([alarm(f"new {n}", raise_time_ns=NOW) for n in range(number)])
        plant.drain()
    assert [one.name for one in plant.alarms.outage.came] == ["new 0", "new 1"]


async def test_the_same_list_after_an_outage_is_nothing_to_tell(story):
    plant = story.plant
    plant.on_alarms_restart([alarm("stays")])
    plant.drain()
    story.link(LinkState.RECONNECTING)
    plant.drain()
    story.link(LinkState.LIVE)
    plant.on_alarms_restart([alarm("stays")])
    plant.drain()
    assert not plant.alarms.outage
    assert not plant.alarms.is_stale
