"""``watch`` where values look alike, systems share names, and nobody reads what is printed."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import time

import pytest

from cli.test_commands import run
from cli.test_hard_cases import KP, command
from cli.test_watch_outages import Log, Run, at, live, lost, value
from tagwerk.cli import watch
from tagwerk.cli.alarms import AlarmFollower
from tagwerk.cli.output import Console, OutputLost
from tagwerk.cli.stream import EventQueue, LeftOut, interrupted_by
from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmState, Notification
from tagwerk.domain.values import BAD, GOOD, LoggedPoint, Sample

__all__ = ["run"]


@pytest.fixture(autouse=True)
def quick_log(monkeypatch):
    monkeypatch.setattr(watch, "LOG_DELAY_S", 0.05)


def test_a_quality_that_turns_bad_at_the_same_time_and_value_is_news():
    run = Run(Log(), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 10))
    run.printer.live(value("a", 1, 10)._replace(quality=BAD))
    run.printer.live(value("a", 1, 10)._replace(quality=BAD))
    assert [one["quality"] for one in run.lines if "value" in one] == ["good", "bad"]


def test_a_tag_that_becomes_another_type_at_the_same_time_is_news():
    run = Run(Log(), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    run.printer.live(value("a", 1, True))
    assert [one["value"] for one in run.lines if "value" in one] == [1, True]


async def test_the_same_name_in_two_systems_is_two_tags():
    names = ["S1::a", "S2::a"]
    run = Run(
        Log(**{name: [(s, index) for s in range(12)] for index, name in enumerate(names)}), names
    )
    run.printer.status(live(0))
    for index, name in enumerate(names):
        run.printer.live(value(name, 2, index))
    run.printer.status(lost(2.5))
    run.printer.status(live(5.5))
    for index, name in enumerate(names):
        run.printer.live(value(name, 5, index, received=5.5))
    await run.printer.finish()
    run.printer.flush()
    for index, name in enumerate(names):
        assert run.values(name) == [
            (index, "live"), (index, "log"), (index, "log"), (index, "live"),
        ]  # fmt: skip
    assert run.printer.exit_code() == 0


async def test_two_values_within_one_millisecond_of_the_log_are_both_printed(monkeypatch):
    log = Log(a=[])
    run = Run(log, ["a"])
    history = log.history

    async def fine(names, start_ns, end_ns, **more):
        (series,) = await history(names, start_ns, end_ns, **more)
        series.points[:] = [
            LoggedPoint(at(3), 1, GOOD),
            LoggedPoint(at(3) + 400_000, 2, GOOD),
        ]
        return [series]

    log.history = fine
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 0))
    run.printer.status(lost(2))
    run.printer.status(live(5))
    await run.printer.finish()
    run.printer.flush()
    assert run.values() == [(0, "live"), (1, "log"), (2, "log")]


async def test_at_the_end_the_log_still_gets_its_time_to_store(monkeypatch):
    monkeypatch.setattr(watch, "LOG_DELAY_S", 0.3)
    log = Log(a=[(s, s) for s in range(12)])
    asked_at = []
    history = log.history

    async def noted(names, start_ns, end_ns, **more):
        asked_at.append(time.monotonic())
        return await history(names, start_ns, end_ns, **more)

    log.history = noted
    run = Run(log, ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    run.printer.status(lost(2))
    back = time.monotonic()
    run.printer.status(live(5))
    await run.printer.finish()
    run.printer.flush()
    assert asked_at[0] - back >= 0.29


async def test_many_short_losses_do_not_pile_up_and_all_are_filled():
    run = Run(Log(a=[(s, s) for s in range(400)]), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    for start in range(2, 202, 2):
        run.printer.status(lost(start + 0.5))
        run.printer.status(live(start + 1.5))
        run.printer.live(value("a", start + 1, start + 1, received=start + 1.5))
    assert len(run.printer._holes) <= watch.MOST_HOLES
    await run.printer.finish()
    run.printer.flush()
    assert [one for one, _source in run.values()] == list(range(1, 202))


async def test_a_reader_that_has_stopped_costs_values_and_no_memory():
    queue = EventQueue(most=10)
    sample = Sample("a", 1, GOOD, 1, 1)
    await asyncio.to_thread(queue.on_samples, [sample] * 60)
    await asyncio.to_thread(queue.on_samples, [sample] * 7)
    await asyncio.to_thread(queue.on_samples, [sample] * 8)
    events = [event async for event in queue.events(0.01) if event is not None]
    assert len(events) == 61
    assert isinstance(events[-1], LeftOut)
    assert events[-1].count == 15
    queue.on_samples([sample])
    assert [event async for event in queue.events(0.01) if event is not None] == [sample]


def test_values_that_were_left_out_are_said_and_make_the_watch_incomplete():
    run = Run(Log(), ["a"])
    run.printer.status(live(0))
    run.printer.live(value("a", 1, 1))
    run.printer.left_out(LeftOut(15, at(2)))
    (said,) = run.state("left_out")
    assert said["values"] == 15
    assert run.printer.exit_code() == 5


async def test_a_second_control_c_ends_at_once():
    queue = EventQueue()
    with interrupted_by(queue):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        async with asyncio.timeout(5):
            assert not [event async for event in queue.events(None) if event is not None]


# What is printed


class Full(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_a_full_disk_ends_with_a_message():
    with pytest.raises(OutputLost, match="No space left"):
        Console(json=True, out=Full()).document({})


def test_messages_that_nobody_can_get_end_nothing():
    Console(json=True, out=io.StringIO(), err=Full()).say("word")


def test_without_an_error_output_messages_do_not_get_among_the_results(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)
    Console(json=True).say("word")
    assert capsys.readouterr().out == ""


def test_csv_has_one_carriage_return_on_every_system():
    raw = io.BytesIO()
    console = Console(out=io.TextIOWrapper(raw, encoding="utf-8", newline="\r\n"))  # as on Windows
    console.csv(("a",), [("1",)])
    assert raw.getvalue() == b"a\r\n1\r\n"


@pytest.mark.parametrize(
    "words",
    [("read", "URL", "--json", "Name", "Zwei"), ("read", "URL", "Name", "--json", "Zwei")],
)
def test_names_may_stand_behind_options(words):
    from tagwerk.cli.arguments import parse

    assert parse(words).names == ["Name", "Zwei"]


def test_in_a_write_a_word_too_many_ends_it(capsys):
    from tagwerk.cli.arguments import parse

    with pytest.raises(SystemExit):
        parse(["write", "URL", "a=1", "--reason", "set", "b=2"])
    assert "b=2" in capsys.readouterr().err


def test_an_alarm_that_ended_with_its_last_state_is_not_removed_again_after_an_outage():
    out = io.StringIO()
    follower = AlarmFollower(Console(json=True, out=out, err=io.StringIO()))
    key = AlarmKey("a", 1)
    follower.restart([Alarm(key, AlarmState.RAISED)])
    follower.event(AlarmEvent(Notification.MODIFIED, Alarm(key, AlarmState.NORMAL)))
    follower.restart([Alarm(key, AlarmState.NORMAL)])
    reasons = [json.loads(line)["reason"] for line in out.getvalue().splitlines()]
    assert reasons == ["added", "modified"]
    assert not follower._alarms, "nothing is kept of what has ended"


# Writing


def test_a_value_that_changed_while_the_question_stood_is_not_written_over(
    run, monkeypatch, demo_server, tmp_path
):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def readline(self):
            arguments, environment = command(demo_server, tmp_path, "write", f"{KP}=1.25", "--yes")
            subprocess.run(arguments, env=environment, check=True, capture_output=True)
            return "y\n"

    code, _document, _err = run("write", f"{KP}=1.5", "--yes")
    assert code == 0
    monkeypatch.setattr("sys.stdin", Terminal())
    code, document, err = run("write", f"{KP}=1.75")
    (write,) = document["writes"]
    assert (code, write["outcome"]) == (1, "failed")
    assert "1.25" in write["error"]["description"]
    assert "1.25" in err
    _code, document, _err = run("read", KP)
    assert document["values"][0]["value"] == 1.25


async def test_alarm_events_that_nobody_takes_cost_no_memory_either():
    queue = EventQueue(most=1)
    event = AlarmEvent(Notification.ADDED, Alarm(AlarmKey("a", 1), AlarmState.RAISED))
    for _ in range(9):
        queue.on_alarms([event])
    out = io.StringIO()
    follower = AlarmFollower(Console(json=True, out=out, err=io.StringIO()))
    follower.status(live(0))
    events = [one async for one in queue.events(0.01) if one is not None]
    assert len(events) == 7
    follower.left_out(events[-1])
    assert json.loads(out.getvalue().splitlines()[-1])["detail"].startswith("3 events")
    assert follower.exit_code() == 5
