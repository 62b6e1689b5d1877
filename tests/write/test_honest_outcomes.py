"""An outcome never says more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmState
from tagwerk.domain.errors import ServerFailed
from tagwerk.write.audit import AuditLog
from tagwerk.write.request import Outcome
from write.bench import KP, SP, make_bench


@pytest.fixture
def bench():
    return make_bench(AuditLog(None))


async def test_a_generous_tolerance_does_not_take_the_old_value_for_the_new_one(bench):
    bench.client.take_after_reads = 2
    request = replace(bench.service.request(KP, 2.2, tolerance=0.5), wait_s=1.0)
    result = await bench.service.write(request)
    assert (result.outcome, result.read_back) == (Outcome.CONFIRMED, 2.2)


async def test_a_value_that_the_plant_does_not_take_is_not_confirmed_by_a_tolerance(bench):
    bench.client.take = lambda name, value: 1.8
    request = replace(bench.service.request(KP, 2.2, tolerance=0.5), wait_s=0.2)
    assert (await bench.service.write(request)).outcome is Outcome.CLAMPED


async def test_a_server_that_failed_inside_leaves_a_write_unverified(bench):
    bench.client.write_error = ServerFailed("boom", code="INTERNAL_SERVER_ERROR")
    request = replace(bench.service.request(SP, 23.0), wait_s=0.1)
    result = await bench.service.write(request)
    assert result.outcome is Outcome.UNVERIFIED
    assert len(bench.client.writes) == 1
    (outcome,) = bench.events("write_outcome")
    assert outcome["outcome"] == "unverified"


async def test_a_server_that_failed_inside_leaves_an_acknowledgement_uncertain(bench):
    bench.client.alarm_error = ServerFailed("boom", code="INTERNAL_SERVER_ERROR")
    alarm = Alarm(AlarmKey("HMI_RT_1::A:High", 1), AlarmState.RAISED)
    (reply,) = await bench.service.act_on_alarms(AlarmAction.ACKNOWLEDGE, [alarm])
    assert reply.uncertain
    assert len(bench.client.alarm_calls) == 1
