"""A write or an acknowledgement under way when the link dies: sent once, never called done, audited,
and read again when the link is back."""

from __future__ import annotations

import asyncio

import pytest

from faults.conftest import through, until
from faults.liar import hang_up, say_nothing
from tagwerk.domain.alarms import AlarmAction
from tagwerk.write.request import Outcome

A = "HMI_RT_1::A"
ALARM = {
    "name": "HMI_RT_1::A:High",
    "instanceID": 7,
    "state": "RAISED",
    "stateMachine": "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT",
    "userResponse": "ACKNOWLEDGEMENT",
    "eventText": ["A is high"],
    "languages": ["en-US"],
    "priority": 14,
    "raiseTime": "2026-06-18T12:00:00.000Z",
    "modificationTime": "2026-06-18T12:00:00.000Z",
}


@pytest.fixture
async def cut(liar, relay_to, open_desk, ca_file, tmp_path):
    """Liar, relay and a live desk that writes its audit to disk."""
    liar.alarms = [dict(ALARM)]
    relay = relay_to(liar.port)
    desk = open_desk(through(liar.url, relay), ca_file, audit=tmp_path / "audit.jsonl")
    desk.start(A)
    await desk.until_shown(A, 1.5)
    await until(lambda: not desk.plant.alarms.is_stale)
    return liar, relay, desk


def reset(relay):
    relay.reset()


def kill(relay):
    relay.kill()


def half_open(relay):
    relay.half_open()


def pause(relay):
    relay.pause()


def request_for(desk, number):
    writes = desk.plant.writes
    writes.arm(120)
    request = writes.request(A, number, wait_s=1.0)
    request = request.accepting(check.code for check in writes.check(request).checks)
    assert writes.check(request).allowed, writes.check(request)
    return request


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("fault", [reset, kill, half_open, pause])
async def test_a_write_under_way_when_the_link_dies(fault, taken, cut):
    liar, relay, desk = cut
    liar.write_first = taken
    liar.lie(say_nothing, "writeTagValues")
    request = request_for(desk, 7.0)
    writing = asyncio.create_task(desk.plant.writes.write(request))
    await until(lambda: liar.written)
    fault(relay)
    result = await asyncio.wait_for(writing, 30)
    if result.outcome is not Outcome.UNVERIFIED:
        # The link was back within the wait, and the tag was read: that is proof.
        assert taken
        assert result.outcome is Outcome.CONFIRMED
    liar.tell_the_truth()
    relay.heal()
    if taken:
        # As a real server does; over a socket that only stood still nothing is sent again.
        await liar.push(A, 7.0)
    await desk.until_shown(A, 7.0 if taken else 1.5)
    # Read again by itself, and settled; sent once whatever came of it.
    if taken:
        await until(lambda: desk.plant.writes.results[A].outcome is Outcome.CONFIRMED)
    assert liar.written == [[{"name": A, "value": 7.0}]]
    events = [entry["event"] for entry in desk.plant.audit.recent()]
    assert events.count("write_intent") == 1
    assert "write_outcome" in events
    assert desk.plant.audit.verify().intact
    if not taken:
        assert desk.plant.writes.results[A].outcome is not Outcome.CONFIRMED
    await desk.close()


async def test_a_connection_that_is_closed_as_the_write_comes(cut):
    """A kept-alive connection ends just then: it may have arrived, so it is not sent again."""
    liar, _relay, desk = cut
    liar.lie(hang_up, "writeTagValues")
    result = await desk.plant.writes.write(request_for(desk, 7.0))
    assert result.outcome in (Outcome.UNVERIFIED, Outcome.CLAMPED, Outcome.REJECTED)
    assert len(liar.written) == 1
    await desk.close()


async def test_a_write_while_nothing_can_leave_is_never_sent(cut):
    """The link is lost: the guard refuses, and nothing is kept to be sent later."""
    liar, relay, desk = cut
    request = request_for(desk, 7.0)
    relay.kill()
    await desk.until_stale(A)
    result = await desk.plant.writes.write(request)
    assert result.outcome not in (Outcome.CONFIRMED, Outcome.UNVERIFIED)
    relay.heal()
    await desk.until_shown(A, 1.5)
    assert liar.written == []
    await desk.close()


@pytest.mark.parametrize("fault", [reset, half_open])
async def test_an_acknowledgement_under_way_when_the_link_dies(fault, cut):
    liar, relay, desk = cut
    alarms = await desk.plant.client.active_alarms()
    liar.lie(say_nothing, "acknowledgeAlarms")
    acting = asyncio.create_task(desk.plant.writes.act_on_alarms(AlarmAction.ACKNOWLEDGE, alarms))
    await until(lambda: liar.written)
    fault(relay)
    (reply,) = await asyncio.wait_for(acting, 30)
    assert reply.uncertain
    assert reply.sent
    liar.tell_the_truth()
    relay.heal()
    await desk.until_shown(A, 1.5)
    assert liar.written == [[{"name": ALARM["name"], "instanceID": 7}]]
    assert desk.plant.audit.verify().intact
    await desk.close()
