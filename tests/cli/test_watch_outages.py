"""``watch`` through outages: every value once, in order, and what is missing is said."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import sys
import time

import pytest

from cli.test_hard_cases import command
from tagwerk.cli import watch
from tagwerk.cli.alarms import AlarmFollower
from tagwerk.cli.gaps import Hole, LogReader
from tagwerk.cli.output import Console
from tagwerk.cli.stream import EventQueue
from tagwerk.cli.watch import Printer
from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmState, Notification
from tagwerk.domain.connection import Capabilities, Capability, LinkState, LinkStatus
from tagwerk.domain.errors import NotAllowed, NotReachable
from tagwerk.domain.tags import BrowseItem, TagKind, short_name
from tagwerk.domain.values import GOOD, ItemError, LoggedPoint, LoggedSeries, Sample
from tagwerk.plant.types import KnownTypes

PV, SP = "Cooling.TIC2120.PV", "Cooling.TIC2120.SP"
SECOND = 1_000_000_000
START = 1_781_791_000 * SECOND


@pytest.fixture(autouse=True)
def quick_log(monkeypatch):
    monkeypatch.setattr(watch, "LOG_DELAY_S", 0.05)


class Log:
    """A server's log: points by short name; a name without an entry has none."""

    def __init__(self, **points):
        self.points = points
        self.capabilities = Capabilities(frozenset(Capability))
        self.asked = []
        self.failures = 0

    async def history(self, names, start_ns, end_ns, *, limit=0, bounding=False):
        self.asked.append((tuple(names), start_ns, end_ns))
        if self.failures:
            self.failures -= 1
            raise NotReachable("The log does not answer.")
        missing = ItemError("201", "no logging tag")
        return [
            LoggedSeries(
                name,
                "",
                [
                    LoggedPoint(at(s), value, GOOD)
                    for s, value in self.points.get(name, ())
                    if start_ns <= at(s) <= end_ns
                ],
                error=None if name in self.points else missing,
            )
            for name in names
        ]

    async def browse(self, patterns=(), kinds=(), *, language="en-US", on_items=None):
        return [BrowseItem(f"{name}:Log", "", TagKind.LOGGING_TAG, "") for name in self.points]


def at(seconds):
    return START + round(seconds * SECOND)


def value(name, seconds, number, *, received=None):
    return Sample(name, number, GOOD, at(seconds), at(seconds if received is None else received))


def live(seconds):
    return LinkStatus(LinkState.LIVE, at(seconds))


def lost(seconds, state=LinkState.RECONNECTING):
    return LinkStatus(state, at(seconds), lost_at_ns=at(seconds), attempt=1)


class Run:
    """A printer and what it printed."""

    def __init__(self, log, names=("a", "b")):
        self.log = log
        self.out, self.err = io.StringIO(), io.StringIO()
        console = Console(json=True, out=self.out, err=self.err)
        self.printer = Printer(console, log, KnownTypes(), list(names))

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.getvalue().splitlines()]

    def values(self, name="a"):
        return [
            (one["value"], one["source"])
            for one in self.lines
            if "value" in one and one["name"] == name
        ]

    def state(self, word):
        return [one for one in self.lines if one.get("state") == word]


async def test_the_log_fills_the_hole_in_order_and_nothing_comes_twice():
    run = Run(Log(a=[(s, s * 10) for s in range(12)]))
    run.printer.status(live(0))
    for second in (1, 2, 3):
        run.printer.live(value("a", second, second * 10))
    run.printer.status(lost(3.4))
    run.printer.status(live(7.5))
    run.printer.live(value("a", 7, 70, received=7.5))
    run.printer.live(value("a", 8, 80))
    assert run.values()[-1] == (30, "live"), "what is live waits for the log"
    await run.printer.finish()
    run.printer.flush()
    assert run.values() == [
        (10, "live"), (20, "live"), (30, "live"),
        (40, "log"), (50, "log"), (60, "log"),
        (70, "live"), (80, "live"),
    ]  # fmt: skip
    (filled,) = run.state("gap_filled")
    assert (filled["values"], filled["names"], filled["unfilled"]) == (3, 1, ["b"])
    assert (filled["from"], filled["to"]) == (
        "2026-06-18T13:56:43.400Z",
        "2026-06-18T13:56:47.500Z",
    )
    assert [one["state"] for one in run.lines if "state" in one] == [
        "live", "stale", "reconnecting", "live", "gap_filled",
    ]  # fmt: skip
    assert run.printer.exit_code() == 5, "b has no log: its values in the hole are missing"


async def test_lost_again_before_the_log_was_read_fills_both_holes():
    run = Run(Log(a=[(s, s) for s in range(20)]), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    run.printer.status(lost(1.5))
    run.printer.status(live(4.5))
    run.printer.live(value("a", 5, 5))
    run.printer.look_after_holes()
    run.printer.status(lost(5.5))
    run.printer.status(live(8.5))
    run.printer.live(value("a", 9, 9))
    await run.printer.finish()
    run.printer.flush()
    assert [number for number, _source in run.values()] == list(range(1, 10))
    assert len(run.state("gap_filled")) == 2
    assert run.printer.exit_code() == 0


async def test_a_second_hole_does_not_repeat_what_the_log_gave_for_the_first():
    run = Run(Log(a=[(s, 22) for s in range(20)]), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", -600, 22, received=0))
    for begin in (3.5, 6.5):
        run.printer.status(lost(begin))
        run.printer.status(live(begin + 2))
        run.printer.live(value("a", -600, 22, received=begin + 2))
        await run.printer.finish()
    run.printer.flush()
    times = [one["time"] for one in run.lines if "value" in one]
    assert len(times) == len(set(times))
    assert times == sorted(times)


async def test_a_silence_that_ends_by_itself_is_no_hole():
    run = Run(Log(a=[(s, s) for s in range(20)]), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    run.printer.status(lost(1.5, LinkState.STALE))
    run.printer.status(live(5))
    for second in (2, 3, 4, 5):
        run.printer.live(value("a", second, second, received=5))
    await run.printer.finish()
    run.printer.flush()
    assert [number for number, _source in run.values()] == [1, 2, 3, 4, 5]
    assert not run.log.asked
    assert [one["state"] for one in run.lines if "state" in one] == ["live", "stale", "live"]
    assert run.printer.exit_code() == 0


async def test_silence_and_then_a_loss_is_one_hole_from_the_silence_on():
    run = Run(Log(a=[(s, s) for s in range(20)]), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    run.printer.status(lost(1.5, LinkState.STALE))
    run.printer.status(lost(1.5))
    run.printer.status(live(4.5))
    run.printer.live(value("a", 5, 5))
    await run.printer.finish()
    run.printer.flush()
    assert [number for number, _source in run.values()] == [1, 2, 3, 4, 5]
    (filled,) = run.state("gap_filled")
    assert filled["values"] == 3


async def test_a_log_that_fails_is_asked_again(monkeypatch):
    monkeypatch.setattr("tagwerk.cli.gaps.FIRST_PAUSE_S", 0.001)
    run = Run(Log(a=[(s, s) for s in range(20)]), ["a"])
    run.log.failures = 2
    run.printer.status(live(0))
    run.printer.status(lost(1.5))
    run.printer.status(live(4.5))
    await run.printer.finish()
    run.printer.flush()
    assert len(run.log.asked) == 3
    assert run.state("gap_filled")
    run.log.failures = 3
    run.printer.status(lost(5.5))
    run.printer.status(live(8.5))
    await run.printer.finish()
    run.printer.flush()
    (open_gap,) = run.state("gap_open")
    assert "does not answer" in open_gap["detail"]
    assert open_gap["unfilled"] == ["a"]
    assert run.printer.exit_code() == 5


async def test_a_slow_log_does_not_hold_up_what_is_live_for_long(monkeypatch):
    monkeypatch.setattr("tagwerk.cli.watch.LONGEST_HELD_S", 0.0)
    run = Run(Log(a=[]), ["a"])
    run.printer.status(live(0))
    run.printer.status(lost(1.5))
    run.printer.status(live(4.5))
    run.printer.live(value("a", 5, 5))
    run.printer.look_after_holes()
    assert run.values() == [(5, "live")]
    run.printer.flush()
    assert run.state("gap_open"), "the end came before the log"


async def test_the_end_while_the_link_is_down_is_told():
    run = Run(Log(a=[]), ["a"])
    run.printer.status(live(0))
    run.printer.status(lost(1.5))
    await run.printer.finish()
    run.printer.flush()
    (gap,) = run.state("gap_open")
    assert "ended" in gap["detail"]
    assert run.printer.exit_code() == 5


def test_a_link_that_was_never_live_is_not_reachable():
    run = Run(Log(a=[]), ["a"])
    with pytest.raises(NotReachable) as caught:
        run.printer.exit_code()
    assert caught.value.exit_code == 3


def test_a_refused_login_during_a_reconnect_ends_the_watch():
    run = Run(Log(a=[]), ["a"])
    run.printer.status(live(0))
    run.printer.status(lost(1.5))
    with pytest.raises(NotAllowed) as caught:
        run.printer.status(
            LinkStatus(LinkState.REFUSED, at(2), error=NotAllowed("Wrong password."))
        )
    assert caught.value.exit_code == 4
    assert [one["state"] for one in run.lines] == ["live", "stale", "reconnecting", "refused"]


def test_a_tag_that_is_removed_is_told_once_and_counts():
    run = Run(Log(a=[]), ["a", "b"])
    run.printer.status(live(0))
    gone = ItemError("Removed", "Removed (Name changed)")
    for _again in range(2):
        run.printer.live(value("a", 1, None)._replace(error=gone))
    run.printer.live(value("b", 1, 1))
    errors = [one["error"] for one in run.lines if "error" in one]
    assert errors == [{"code": "Removed", "description": "Removed (Name changed)"}]
    assert run.printer.exit_code() == 5
    run.printer.live(value("a", 2, 2))
    assert run.printer.exit_code() == 0, "it is back"


async def test_of_many_names_only_those_with_a_log_are_asked_for():
    names = [f"t{number}" for number in range(200)]
    log = Log(t7=[(2, 1)])
    run = Run(log, names)
    run.printer.status(live(0))
    run.printer.status(lost(1.5))
    run.printer.status(live(4.5))
    await run.printer.finish()
    run.printer.flush()
    assert [one[0] for one in log.asked] == [("t7",)]
    (filled,) = run.state("gap_filled")
    assert (filled["names"], len(filled["unfilled"])) == (1, 199)


async def test_a_passive_server_is_told():
    run = Run(Log(a=[]), ["a"])
    run.printer.status(live(0))
    run.printer.status(LinkStatus(LinkState.LIVE, at(0), redundancy="PASSIVE"))
    run.printer.status(LinkStatus(LinkState.LIVE, at(0), redundancy="PASSIVE"))
    (told,) = run.state("redundancy")
    assert told["redundancy"] == "PASSIVE"


async def test_a_clock_that_is_hours_off_asks_for_the_right_hours():
    run = Run(Log(a=[(s, s) for s in range(7_200, 7_220)]), ["a"])
    run.printer.status(live(0))
    for second in range(6):
        run.printer.live(value("a", 7_200 + second, second, received=second))
    run.printer.status(lost(5.5))
    run.printer.status(live(9.5))
    await run.printer.finish()
    ((_names, start_ns, end_ns),) = run.log.asked
    assert start_ns == at(7_203.5)
    assert end_ns == at(7_211.5)
    run.printer.flush()


async def test_stopping_ends_the_events_with_all_that_came():
    sink = EventQueue()
    sink.on_samples([value("a", 1, 1)])
    sink.stop()
    found = [one async for one in sink.events(None)]
    assert [one.value for one in found if one is not None] == [1]


async def test_reading_the_log_without_the_right_says_why():
    log = Log(a=[])
    log.capabilities = Capabilities(frozenset(), {Capability.HISTORY: "right_missing"})
    filling = await LogReader(log, ["a"]).fill(Hole(at(1), at(2)), 0)
    assert not filling.is_read
    assert filling.reason == "right_missing"
    await asyncio.sleep(0)


class Followed:
    """What ``alarms --watch`` printed."""

    def __init__(self):
        self.out = io.StringIO()
        self.follower = AlarmFollower(Console(json=True, out=self.out, err=io.StringIO()))

    @property
    def told(self):
        lines = [json.loads(line) for line in self.out.getvalue().splitlines()]
        return [
            line["state"] if "name" not in line else (line["name"], line["reason"])
            for line in lines
        ]


def alarm(name, state=AlarmState.RAISED, **fields):
    return Alarm(AlarmKey(name, 1), state, raise_time_ns=at(1), **fields)


def test_alarms_that_changed_during_an_outage_are_told_and_the_others_not_again():
    run = Followed()
    follower = run.follower
    follower.status(live(0))
    follower.restart([alarm("stays"), alarm("goes"), alarm("changes")])
    follower.event(AlarmEvent(Notification.ADDED, alarm("short")))
    follower.event(AlarmEvent(Notification.REMOVED, alarm("short")))
    follower.status(lost(5))
    follower.status(live(9))
    follower.restart(
        [
            alarm("stays", change_reasons=("A_LIST_HAS_NONE",)),
            alarm("changes", AlarmState.RAISED_ACKNOWLEDGED),
            alarm("came"),
        ]
    )
    assert run.told[:6] == [
        "live", ("stays", "added"), ("goes", "added"), ("changes", "added"),
        ("short", "added"), ("short", "removed"),
    ]  # fmt: skip
    assert run.told[6:9] == ["stale", "reconnecting", "live"]
    assert run.told[9:] == [("goes", "removed"), ("changes", "modified"), ("came", "added")]
    assert follower.exit_code() == 0
    follower.status(lost(12))
    assert follower.exit_code() == 5


def test_following_alarms_of_a_server_that_never_came_is_not_reachable():
    with pytest.raises(NotReachable):
        Followed().follower.exit_code()


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts by a signal")
@pytest.mark.timeout(120)
def test_three_kills_lose_nothing_and_repeat_nothing(own_server, tmp_path):
    server = own_server()
    arguments, environment = command(server, tmp_path, "watch", PV, SP, "--json", "--for", "90")
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines, kills = [], 0
    for text in process.stdout:
        lines.append(json.loads(text))
        filled = sum(one.get("state") == "gap_filled" for one in lines)
        is_live = lines[-1].get("source") == "live"
        if kills < 3 and filled == kills and is_live and lines[-1]["name"].endswith(PV):
            kills += 1
            server.kill()
            time.sleep(0.5)
            server.start()
        elif filled == 3 and is_live:
            process.send_signal(signal.SIGINT)
            break
    rest, err = process.communicate(timeout=20)
    lines += [json.loads(text) for text in rest.splitlines()]
    assert process.returncode == 0, err
    states = [one["state"] for one in lines if "state" in one]
    assert [states.count(word) for word in ("stale", "gap_filled", "live")] == [3, 3, 4]
    holes = [(one["from"], one["to"]) for one in lines if one.get("state") == "gap_filled"]
    arguments, environment = command(
        server, tmp_path, "history", PV, SP, "--json", "--from", holes[0][0], "--to", holes[-1][1]
    )
    done = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    for series in json.loads(done.stdout)["series"]:
        mine = [
            one
            for one in lines
            if "value" in one and short_name(one["name"]) == short_name(series["name"])
        ]
        times = [one["time"] for one in mine]
        assert len(times) == len(set(times)), "a value came twice"
        shown = set(times)
        missing = [
            point["time"]
            for point in series["points"]
            for begin, end in holes
            if begin < point["time"] < end and point["time"] not in shown
        ]
        assert not missing, f"{series['name']}: {missing} of {holes}"
        if series["name"].endswith(PV):
            assert times == sorted(times)
            assert {one["source"] for one in mine} == {"live", "log"}
