"""Panels that paint much get their frames one after the other: nothing lost, nothing twice."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QEventLoop, QObject
from PySide6.QtWidgets import QApplication

from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.plant import Frame
from tagwerk.ui.clock import FrameClock, is_for_all_at_once, merged

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("qapp")]


class Telling:
    """A plant whose next frames are given."""

    def __init__(self):
        self.frames = []
        self.now_ns = 0
        self.is_sorting = False

    def tell_news(self, tell):
        """Nothing streams."""

    def drain(self):
        self.now_ns += 1
        given = self.frames.pop(0) if self.frames else Frame(0)
        return replace(given, now_ns=self.now_ns)


class Bench:
    def __init__(self):
        self.parent = QObject()
        self.errors = []
        self.clock = FrameClock(
            lambda error, where: self.errors.append((error, where)), self.parent
        )
        self.plant = Telling()
        self.got = {name: [] for name in ("tags", "alarms", "setpoints", "trend")}
        self.order = []
        for turn, name in enumerate(self.got):
            self.clock.listen(name, self.take(name), turn=turn)
        self.clock.set_plant(self.plant)
        # Beats and turns are called by the tests, not by time.
        self.clock._timer.stop()

    def take(self, name):
        def on_frame(frame):
            self.order.append(name)
            self.got[name].append(frame)

        return on_frame

    def beat(self, *frames):
        """A beat for each frame, however busy the loop is."""
        for frame in frames:
            self.plant.frames.append(frame)
            self.clock._put_off = 9
            self.clock._beat()

    def turns(self, times=1):
        for _ in range(times):
            self.clock._take_turn()

    def values(self, name):
        return [frame.values for frame in self.got[name]]


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.clock.stop()
    assert not made.errors


def test_a_frame_of_values_is_handed_on_one_turn_after_the_other(bench):
    bench.beat(Frame(0, {"a"}))
    assert bench.order == ["tags"]
    bench.turns()
    assert bench.order == ["tags", "alarms"]
    bench.turns(5)
    assert bench.order == ["tags", "alarms", "setpoints", "trend"]
    assert all(bench.values(name) == [{"a"}] for name in bench.got)


def test_who_has_not_had_its_turn_gets_both_frames_in_one(bench):
    bench.beat(Frame(0, {"a"}, {"c"}), Frame(0, {"b"}, alarms=True))
    bench.turns(3)
    assert bench.values("tags") == [{"a"}, {"b"}]
    for name in ("alarms", "setpoints", "trend"):
        (frame,) = bench.got[name]
        assert (frame.values, frame.curves, frame.alarms) == ({"a", "b"}, {"c"}, True)
        assert frame.now_ns == 2
    bench.turns(3)
    assert len(bench.got["trend"]) == 1


def test_nobody_is_starved_when_beats_come_faster_than_turns(bench):
    for number in range(12):
        bench.beat(Frame(0, {f"n{number}"}))
        bench.turns()
    bench.turns(3)
    everything = {f"n{number}" for number in range(12)}
    for name in bench.got:
        told = bench.values(name)
        assert set().union(*told) == everything
        assert sum(map(len, told)) == len(everything), "each of them once"
        assert len(told) >= 4


def test_a_beat_waits_where_no_turn_could_be_taken_but_not_for_long(bench):
    bench.beat(Frame(0, {"a"}))
    bench.plant.frames.append(Frame(0, {"b"}))
    bench.clock._beat()
    bench.clock._beat()
    assert bench.values("tags") == [{"a"}]
    bench.clock._beat()
    assert bench.values("tags") == [{"a"}, {"b"}]
    bench.turns(3)
    assert bench.values("trend") == [{"a", "b"}]
    bench.plant.frames.append(Frame(0, {"c"}))
    bench.clock._beat()
    assert bench.values("tags")[-1] == {"c"}, "all turns taken: nothing to wait for"
    bench.turns()
    bench.plant.frames.append(Frame(0, {"d"}))
    bench.clock._beat()
    assert bench.values("tags")[-1] == {"d"}, "one turn taken: the loop keeps up"


@pytest.mark.parametrize(
    "frame",
    [
        Frame(0, status=LinkStatus(LinkState.RECONNECTING)),
        Frame(0, {"a"}, writes=True),
        Frame(0, {"a"}, tree=True),
        Frame(0),
    ],
)
def test_link_writes_names_and_rest_reach_everybody_at_once(bench, frame):
    assert is_for_all_at_once(frame)
    bench.beat(Frame(0, {"before"}))
    bench.order.clear()
    bench.beat(frame)
    assert bench.order == ["tags", "alarms", "setpoints", "trend"]
    for name in ("alarms", "setpoints", "trend"):
        (got,) = bench.got[name]
        assert got.values == frame.values | {"before"}
        assert (got.status, got.writes, got.tree) == (frame.status, frame.writes, frame.tree)
    bench.turns(3)
    assert len(bench.order) == 4


def test_a_tick_is_for_everybody_now_with_what_waited(bench):
    bench.beat(Frame(0, {"a"}))
    bench.plant.frames.append(Frame(0, {"b"}))
    bench.clock.tick()
    assert bench.values("tags") == [{"a"}, {"b"}]
    assert bench.values("trend") == [{"a", "b"}]
    assert not bench.clock._next_turn.isActive()


def test_out_of_sight_there_are_no_turns(bench):
    bench.clock.set_visible(False)
    bench.clock._quiet_frames = 0
    bench.beat(Frame(0, {"a"}))
    assert bench.order == ["tags", "alarms", "setpoints", "trend"]


def test_another_plant_gets_nothing_of_the_one_before(bench):
    bench.beat(Frame(0, {"of the first plant"}))
    bench.clock.set_plant(Telling())
    bench.clock._timer.stop()
    bench.turns(3)
    assert bench.order == ["tags"]
    bench.clock.tick()
    assert bench.values("trend") == [set()]


def test_a_listener_that_fails_is_reported_and_the_others_get_their_turn(bench):
    def fail(_frame):
        raise ValueError("broken panel")

    bench.clock.listen("broken", fail, turn=2)
    bench.beat(Frame(0, {"a"}))
    bench.turns(3)
    assert [where for _error, where in bench.errors] == ["broken"]
    bench.errors.clear()
    assert bench.values("trend") == [{"a"}]


def test_who_listens_no_more_is_not_called_in_its_turn(bench):
    bench.beat(Frame(0, {"a"}))
    bench.clock.unlisten("setpoints")
    bench.turns(3)
    assert bench.order == ["tags", "alarms", "trend"]


def test_the_later_status_counts():
    before, after = LinkStatus(LinkState.RECONNECTING), LinkStatus(LinkState.CONNECTING)
    assert merged(Frame(1, status=before), Frame(2, status=after)).status is after
    assert merged(Frame(1, status=before), Frame(2)).status is before


def test_turns_come_from_a_timer_with_the_loop_between_them(bench):
    bench.beat(Frame(0, {"a"}))
    assert bench.order == ["tags"]
    done = []
    bench.clock.listen("last", done.append, turn=9)
    bench.beat(Frame(0, {"b"}))
    until = time.monotonic() + 30
    while not done and time.monotonic() < until:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    assert bench.order == ["tags", "tags", "alarms", "setpoints", "trend"]
    assert bench.values("trend") == [{"a", "b"}]
