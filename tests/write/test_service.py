"""One write from request to evidence, with every fault that a plant, a disk or a link can have."""

from __future__ import annotations

import asyncio
import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tagwerk
from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmState
from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import (
    NotAllowed,
    NotReachable,
    ProtocolError,
    ServerRefused,
    UsageError,
)
from tagwerk.domain.tags import TagInfo, data_type_from_text
from tagwerk.domain.values import BAD, ItemError
from tagwerk.write.arming import LockCause
from tagwerk.write.audit import AuditLog, AuditUnavailable
from tagwerk.write.request import Outcome, Phase, same_value, tolerance_for
from write.bench import KP, SP, Bench, make_bench


async def write(bench: Bench, value=21.5, name=SP, **more):
    return await bench.service.write(bench.service.request(name, value, **{"wait_s": 1.0, **more}))


async def test_a_good_write_is_confirmed_with_evidence(bench):
    result = await write(bench, reason="Tuning")
    assert result.outcome is Outcome.CONFIRMED
    assert (result.old, result.read_back, result.sent) == (22.0, 21.5, True)
    assert len(bench.client.writes) == 1
    assert bench.client.reads == [True]
    intent, outcome = bench.events()
    assert (intent["event"], intent["old"], intent["new"]) == ("write_intent", 22.0, 21.5)
    assert intent["server"] == "https://skid21-hmi/graphql/"
    assert (intent["who"], intent["reason"], intent["tag"]) == ("m.brandt", "Tuning", SP)
    assert "limits:ok" in intent["checks"]
    assert (outcome["outcome"], outcome["id"]) == ("confirmed", intent["id"])
    assert (result.audit_first, result.audit_last) == (1, 2)
    assert bench.audit.verify().intact
    assert bench.service.results[SP] is result
    assert bench.service.history[0].outcome is Outcome.CONFIRMED
    assert not bench.service.phases


async def test_the_intent_is_on_disk_before_a_byte_leaves(bench):
    seen = []
    bench.client.before_write = lambda: seen.append(bench.audit.path.read_bytes())
    await write(bench)
    assert json.loads(seen[0])["event"] == "write_intent"


async def test_a_full_disk_means_that_nothing_is_written(bench, monkeypatch):
    def no_space(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tagwerk.write.audit.os.fsync", no_space)
    result = await write(bench)
    assert result.outcome is Outcome.FAILED
    assert "No space left" in str(result.detail)
    assert bench.client.writes == []
    assert not result.sent


async def test_a_disk_that_fills_up_after_sending_is_told_beside_the_outcome(bench, monkeypatch):
    def no_space(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    bench.client.before_write = lambda: monkeypatch.setattr(
        "tagwerk.write.audit.os.fsync", no_space
    )
    result = await write(bench)
    assert result.outcome is Outcome.CONFIRMED
    assert "No space left" in str(result.audit_error)


async def test_the_server_says_no(bench):
    bench.client.item_error = ItemError("201", "cannot be converted")
    result = await write(bench)
    assert result.outcome is Outcome.REJECTED
    assert result.error == ItemError("201", "cannot be converted")
    assert str(result.detail) == "201: cannot be converted"
    assert bench.events("write_outcome")[0]["error"] == ["201", "cannot be converted"]
    assert bench.client.reads == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotAllowed("Access denied", code="FORBIDDEN"), Outcome.REJECTED),
        (ServerRefused("no", code="1"), Outcome.REJECTED),
        (NotReachable("no route"), Outcome.FAILED),
        (UsageError("no such thing"), Outcome.FAILED),
        (NotReachable("time-out", may_have_arrived=True), Outcome.UNVERIFIED),
        (ProtocolError("not JSON"), Outcome.UNVERIFIED),
    ],
)
async def test_what_an_error_means(bench, error, outcome):
    bench.client.write_error = error
    result = await write(bench, wait_s=0.01)
    assert result.outcome is outcome
    assert len(bench.client.writes) == 1
    assert bench.events("write_outcome")[0]["outcome"] == outcome.value


async def test_no_answer_but_the_plant_has_it(bench):
    bench.client.silent = True
    result = await write(bench)
    assert result.outcome is Outcome.CONFIRMED


async def test_the_plant_clamps(bench):
    bench.client.take = lambda _name, value: min(value, 21.0)
    result = await write(bench)
    assert result.outcome is Outcome.CLAMPED
    assert result.read_back == 21.0
    assert str(result.detail) == "asked 21.5, took 21.0"
    assert result.took_s < 1.0, "settled early, not after all of the time"


async def test_the_plant_keeps_the_old_value(bench):
    bench.client.take = lambda _name, _value: 22.0
    result = await write(bench, wait_s=0.05)
    assert result.outcome is Outcome.CLAMPED
    assert str(result.detail) == "asked 21.5, kept 22.0"


async def test_a_slow_plant_is_waited_for(bench):
    bench.client.take_after_reads = 6
    result = await write(bench)
    assert result.outcome is Outcome.CONFIRMED
    assert len(bench.client.reads) >= 6
    assert len(bench.client.writes) == 1


async def test_no_read_back_in_time_is_unverified(bench):
    bench.client.read_error = NotReachable("nothing", may_have_arrived=True)
    result = await write(bench, wait_s=0.02)
    assert result.outcome is Outcome.UNVERIFIED
    assert result.read_back is None
    assert result.sent


async def test_a_read_back_of_bad_quality_proves_nothing(bench):
    bench.client.before_write = lambda: setattr(bench.client, "quality", BAD)
    result = await write(bench, wait_s=0.02)
    assert result.outcome is Outcome.UNVERIFIED
    assert "bad quality" in str(result.detail)


async def test_the_pushed_value_confirms_where_reading_fails(bench):
    bench.client.read_error = ServerRefused("no reading here")
    bench.client.before_write = lambda: bench.show(SP, 21.5)
    assert (await write(bench)).outcome is Outcome.CONFIRMED


async def test_a_small_change_is_not_confirmed_by_the_old_value(bench):
    """Half a display digit would let 22.00 pass for 22.02; half the change does not."""
    bench.client.take = lambda _name, _value: 22.0
    result = await write(bench, 22.02, wait_s=0.03)
    assert result.outcome is Outcome.CLAMPED


async def test_losing_the_link_while_reading_back_is_unverified_and_settled_later(bench):
    bench.client.read_error = NotReachable("gone")
    bench.client.before_write = lambda: bench.live.mark_stale(bench.clock_ns())
    result = await write(bench, wait_s=5.0)
    assert result.outcome is Outcome.UNVERIFIED
    bench.service.link_lost()
    assert bench.arming.cause is LockCause.LINK_LOST
    bench.client.read_error = None
    bench.live.mark_live(bench.clock_ns())
    await bench.service.link_back()
    assert bench.service.results[SP].outcome is Outcome.CONFIRMED
    assert bench.events("write_settled")[0]["outcome"] == "confirmed"
    assert bench.service.history[0].outcome is Outcome.CONFIRMED
    assert len(bench.service.history) == 1
    assert len(bench.client.writes) == 1


@pytest.mark.parametrize(
    ("there", "outcome"),
    [(22.0, Outcome.FAILED), (21.0, Outcome.CLAMPED), (21.5, Outcome.CONFIRMED)],
)
async def test_reading_again_settles(bench, there, outcome):
    bench.client.write_error = NotReachable("time-out", may_have_arrived=True)
    bench.client.read_error = NotReachable("time-out")
    assert (await write(bench, wait_s=0.01)).outcome is Outcome.UNVERIFIED
    bench.client.read_error = None
    bench.client.values[SP] = there
    assert (await bench.service.read_again(SP)).outcome is outcome
    assert len(bench.client.writes) == 1


async def test_reading_again_in_vain_leaves_it_unverified(bench):
    bench.client.write_error = NotReachable("time-out", may_have_arrived=True)
    bench.client.read_error = NotReachable("time-out")
    await write(bench, wait_s=0.01)
    assert (await bench.service.read_again(SP)).outcome is Outcome.UNVERIFIED


async def test_the_guard_stops_before_the_audit(bench):
    result = await write(bench, 45.0)
    assert result.outcome is Outcome.FAILED
    assert str(result.detail) == "Above the limit 40.0 °C"
    assert bench.events() == []
    assert bench.client.writes == []


async def test_a_lock_that_closes_while_the_disk_works_stops_the_write(bench, monkeypatch):
    append = bench.audit.append

    def slow(event, **fields):
        entry = append(event, **fields)
        bench.arming.disarm()
        return entry

    monkeypatch.setattr(bench.audit, "append", slow)
    result = await write(bench)
    assert result.outcome is Outcome.FAILED
    assert bench.client.writes == []
    assert [entry["event"] for entry in bench.events()] == ["write_intent", "write_outcome"]


async def test_a_second_write_of_the_same_tag_waits_its_turn(bench):
    bench.client.hang = asyncio.Event()
    first = asyncio.create_task(write(bench))
    await asyncio.wait_for(bench.client.was_sent.wait(), 5)
    assert bench.service.phases == {SP: Phase.SENDING}
    second = await write(bench, 21.0)
    assert second.outcome is Outcome.FAILED
    assert str(second.detail) == "The last write of this tag is not finished yet."
    bench.client.hang.set()
    assert (await first).outcome is Outcome.CONFIRMED
    assert len(bench.client.writes) == 1


@pytest.mark.parametrize("where", ["sending", "reading"])
async def test_cancelling_leaves_an_outcome_in_the_audit(bench, where):
    if where == "sending":
        bench.client.hang = asyncio.Event()
    else:
        bench.client.take_after_reads = 10**9
    task = asyncio.create_task(write(bench, wait_s=30.0))
    reached = bench.client.was_sent if where == "sending" else bench.client.was_read
    await asyncio.wait_for(reached.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [e["outcome"] for e in bench.events("write_outcome")] == ["unverified"]
    assert bench.service.results[SP].outcome is Outcome.UNVERIFIED
    assert len(bench.client.writes) == 1
    assert not bench.service.phases


async def test_undo_writes_the_old_value_and_is_checked_again(bench):
    await write(bench)
    bench.show(SP, 21.5)
    undo = bench.service.undo_request()
    assert (undo.name, undo.value, undo.seen) == (SP, 22.0, 21.5)
    result = await bench.service.write(undo)
    assert result.outcome is Outcome.CONFIRMED
    assert bench.events("write_intent")[1]["undo_of"] == bench.events("write_intent")[0]["id"]
    assert bench.service.undo_request() is None, "an undo is not undone, nor twice"


async def test_undo_goes_back_write_by_write(bench):
    await write(bench)
    await write(bench, 2.0, KP)
    assert bench.service.undo_request().name == KP
    await bench.service.write(bench.service.undo_request())
    assert bench.service.undo_request().name == SP


async def test_the_list_of_last_writes_survives_a_restart(bench):
    await write(bench, reason="Tuning")
    await write(bench, 20.0)
    again = make_bench(AuditLog(bench.audit.path)).service
    assert [(past.value, past.who) for past in again.history] == [
        (20.0, "m.brandt"),
        (21.5, "m.brandt"),
    ]
    assert again.history_of(SP, 1)[0].outcome is Outcome.CONFIRMED
    assert again.history_of(KP) == []
    assert again.reasons() == ["Tuning"]


async def test_a_batch_stops_at_the_first_failure(bench):
    bench.client.take = lambda name, value: 1.0 if name == KP else value
    requests = [
        bench.service.request(SP, 21.5),
        bench.service.request(KP, 1.5),
        bench.service.request(SP, 21.0),
    ]
    told = []
    results = await bench.service.write_all(requests, on_result=told.append)
    assert [result.outcome for result in results] == [Outcome.CONFIRMED, Outcome.CLAMPED]
    assert told == results
    assert len(bench.client.writes) == 2


async def test_a_batch_stops_when_asked_between_two_values(bench):
    done = []
    results = await bench.service.write_all(
        [bench.service.request(SP, 21.5), bench.service.request(KP, 1.5)],
        should_stop=lambda: bool(done),
        on_result=done.append,
    )
    assert len(results) == 1
    assert len(bench.client.writes) == 1


async def test_arming_needs_the_audit(bench, monkeypatch):
    bench.service.disarm()
    bench.service.arm(300)
    assert [entry["event"] for entry in bench.events()] == ["disarmed", "armed"]
    assert bench.arming.armed
    bench.service.disarm()

    def no_space(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tagwerk.write.audit.os.fsync", no_space)
    with pytest.raises(AuditUnavailable):
        bench.service.arm(300)
    assert not bench.arming.armed


async def test_news_are_counted(bench):
    before = bench.service.version
    await write(bench)
    after = bench.service.version
    assert after > before
    bench.service.dismiss(SP)
    assert bench.service.version > after
    assert bench.service.results == {}


FAULTS = st.sampled_from(
    [
        None,
        NotReachable("gone"),
        NotReachable("time-out", may_have_arrived=True),
        NotAllowed("no"),
        ServerRefused("no", code="1"),
        ProtocolError("what?"),
        RuntimeError("a bug in the client"),
    ]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    fault=FAULTS,
    item_error=st.sampled_from([None, ItemError("201", "no")]),
    silent=st.booleans(),
    reading=st.sampled_from([None, NotReachable("gone"), ServerRefused("no")]),
    takes=st.sampled_from([21.5, 22.0, 5.0, None]),
)
async def test_exactly_one_write_leaves_whatever_goes_wrong(
    monkeypatch, fault, item_error, silent, reading, takes
):
    monkeypatch.setattr("tagwerk.write.service._FIRST_POLL_S", 0.001)
    bench = make_bench(AuditLog(None))
    client = bench.client
    client.write_error, client.item_error, client.silent = fault, item_error, silent
    client.read_error, client.take = reading, lambda _name, _value: takes
    request = bench.service.request(SP, 21.5, wait_s=0.004)
    if isinstance(fault, RuntimeError):
        with pytest.raises(RuntimeError):
            await bench.service.write(request)
    else:
        await bench.service.write(request)
    result = bench.service.results[SP]
    assert len(client.writes) == 1
    assert [entry["event"] for entry in bench.events()] == ["write_intent", "write_outcome"]
    if result.outcome is Outcome.CONFIRMED:
        assert takes == 21.5
    if result.outcome is Outcome.FAILED:
        assert fault is not None
    await bench.service.link_back()
    assert len(client.writes) == 1


# Alarms.


def alarm(name: str, response: str = "ACKNOWLEDGEMENT") -> Alarm:
    return Alarm(AlarmKey(name, 1), AlarmState.RAISED, user_response=response)


async def test_acknowledging_splits_single_ones_and_leaves_evidence(bench):
    alarms = [alarm("A"), alarm("S", "SINGLE_ACKNOWLEDGEMENT"), alarm("B")]
    replies = await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, alarms, reason="seen")
    assert [reply.key.name for reply in replies] == ["A", "S", "B"]
    assert [[key.name for key in keys] for _action, keys in bench.client.alarm_calls] == [
        ["A", "B"],
        ["S"],
    ]
    intents = bench.events("alarm_intent")
    assert (intents[0]["who"], intents[0]["reason"]) == ("m.brandt", "seen")
    assert bench.events("alarm_outcome")[1]["outcomes"] == [["S", 1, "done", "0"]]


async def test_what_the_server_refuses_is_told_alarm_by_alarm(bench):
    bench.client.alarm_errors[AlarmKey("A", 1)] = ItemError("305", "not now")
    replies = await bench.service.act_on_alarms(AlarmAction.RESET, [alarm("A"), alarm("B")])
    assert [reply.error for reply in replies] == [ItemError("305", "not now"), None]
    assert bench.events("alarm_outcome")[0]["outcomes"][0][2:] == ["rejected", "305"]


async def test_after_a_broken_link_nothing_more_is_sent(bench):
    bench.client.alarm_error = NotReachable("time-out", may_have_arrived=True)
    alarms = [alarm("A"), alarm("S", "SINGLE_ACKNOWLEDGEMENT")]
    first, second = await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, alarms)
    assert (first.sent, first.uncertain) == (True, True)
    assert (second.sent, second.uncertain) == (False, False)
    assert len(bench.client.alarm_calls) == 1


async def test_who_may_not_acknowledge_sends_nothing(bench):
    bench.client.capabilities = Capabilities(reasons={Capability.ACKNOWLEDGE: "right_missing"})
    (reply,) = await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, [alarm("A")])
    assert reply.error == ItemError("not_allowed", "right_missing")
    assert not reply.sent
    assert bench.client.alarm_calls == []


async def test_what_became_of_an_unanswered_acknowledgement_is_seen_and_audited(bench):
    bench.client.alarm_error = NotReachable("time-out", may_have_arrived=True)
    for name in ("A", "B", "C", "D"):
        await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, [alarm(name)])
    assert bench.service.has_unverified_alarms
    done = replace(alarm("A"), state=AlarmState.RAISED_ACKNOWLEDGED, user_response="NONE")
    now = {"A": done, "B": alarm("B"), "D": alarm("D")}

    def find(key):
        return now.get(key.name)

    await bench.service.settle_alarms(find, is_complete=False)
    assert bench.events("alarm_settled")[0]["outcomes"] == [
        ["A", 1, "acknowledge", "done"],
        ["C", 1, "acknowledge", "gone"],
    ]
    await bench.service.settle_alarms(find, is_complete=False)
    assert len(bench.events("alarm_settled")) == 1, "B and D may be only late"
    bench.client.alarm_error = None
    await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, [alarm("D")])
    await bench.service.settle_alarms(find, is_complete=True)
    assert bench.events("alarm_settled")[1]["outcomes"] == [["B", 1, "acknowledge", "not_done"]]
    assert not bench.service.has_unverified_alarms
    assert len(bench.client.alarm_calls) == 5, "each was sent once by a person, none again"


async def test_an_alarm_is_not_acknowledged_without_evidence(bench, monkeypatch):
    def no_space(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tagwerk.write.audit.os.fsync", no_space)
    (reply,) = await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, [alarm("A")])
    assert reply.error.code == "audit_unavailable"
    assert bench.client.alarm_calls == []


# Comparing.

SAME = [
    ("Bool", True, 1, 0.0, True),
    ("Bool", False, "true", 0.0, False),
    ("LInt", 2**63 - 1, str(2**63 - 1), 0.0, True),
    ("LInt", 2**63 - 1, 2**63 - 2, 0.0, False),
    ("LReal", 21.5, "21.5", 0.0, True),
    ("Real", 0.1, 0.10000000149011612, 1e-7, True),
    ("DateTime", "2026-06-18T14:15:00Z", "2026-06-18T14:15:00.000", 0.0, True),
    ("DateTime", "2026-06-18T14:15:00Z", "2026-06-18T14:15:01Z", 0.0, False),
    ("String", "5", "5.0", 0.0, False),
    ("LReal", None, 0.0, 0.0, False),
]


@pytest.mark.parametrize(("type_text", "first", "second", "tolerance", "same"), SAME)
def test_same_value(type_text, first, second, tolerance, same):
    info = TagInfo("T", data_type_from_text(type_text))
    assert same_value(first, second, info, tolerance) is same


def test_default_tolerances(bench):
    info = bench.infos[SP]
    request = bench.service.request(SP, 21.5)
    assert tolerance_for(request, info, 22.0) == pytest.approx(0.05)
    assert tolerance_for(bench.service.request(SP, 22.02), info, 22.0) < 0.0101
    assert tolerance_for(bench.service.request(SP, 1, tolerance=0.3), info, 22.0) == 0.3
    whole = TagInfo(SP, data_type_from_text("Int"), decimals=0)
    assert tolerance_for(bench.service.request(SP, 5), whole, 4) == 0.0


def test_the_service_is_the_only_caller_of_the_clients_write():
    """Held by reading the source: nobody else in the package may name it."""
    root = Path(tagwerk.__file__).parent
    callers = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if "client.write(" in path.read_text(encoding="utf-8")
    ]
    assert callers == [str(Path("write", "service.py"))]
