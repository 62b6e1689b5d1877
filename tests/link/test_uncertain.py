"""What may have reached the server is never called failed, refused or left unsaid."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from link.conftest import profile_for
from link.tiny_server import until, value
from tagwerk.domain.alarms import AlarmAction, AlarmKey
from tagwerk.domain.errors import NotReachable, ServerFailed, ServerRefused
from tagwerk.domain.ports import WriteItem
from tagwerk.link.bridge import LinkThread
from tagwerk.link.login import open_client

WRITE = [WriteItem("HMI_RT_1::A", 1)]


def answer(status, body):
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


async def test_a_write_under_way_when_the_link_closes_may_have_arrived():
    thread = LinkThread("closing")
    thread.start()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def send():
        loop.call_soon_threadsafe(begun.set)
        await asyncio.Event().wait()

    waiting = asyncio.create_task(thread.call(send))
    await begun.wait()
    await thread.close()
    with pytest.raises(NotReachable) as caught:
        await waiting
    assert caught.value.may_have_arrived


async def test_a_call_after_the_link_closed_cannot_have_arrived():
    thread = LinkThread("closed")
    thread.start()
    await thread.close()

    async def send():
        raise AssertionError("never begun")

    with pytest.raises(NotReachable) as caught:
        await thread.call(send)
    assert not caught.value.may_have_arrived


async def test_a_written_item_that_the_answer_leaves_out_is_not_called_refused(plain):
    plain._do_writeTagValues = lambda variables: []
    async with open_client(profile_for(plain), "right") as client:
        assert await client.write(WRITE) == []


async def test_an_acknowledgement_that_the_answer_leaves_out_is_uncertain(plain):
    plain._do_acknowledgeAlarms = lambda variables: []
    key = AlarmKey("HMI_RT_1::A:High", 1)
    async with open_client(profile_for(plain), "right") as client:
        (reply,) = await client.alarm_action(AlarmAction.ACKNOWLEDGE, [key])
    assert reply.uncertain
    assert reply.error.code == "NOT_RETURNED"


@pytest.mark.parametrize("body", [{"message": "upstream timed out"}, []])
async def test_a_gateway_s_error_does_not_say_whether_a_write_arrived(plain, body):
    async with open_client(profile_for(plain), "right") as client:
        plain._do_writeTagValues = lambda variables: answer(504, body)
        with pytest.raises(NotReachable) as caught:
            await client.write(WRITE)
    assert caught.value.may_have_arrived
    assert plain.calls.count("writeTagValues") == 2  # one to find the rights, one write


@pytest.mark.parametrize("status", [200, 500])
async def test_a_server_that_failed_inside_does_not_say_whether_it_was_done(plain, status):
    error = {"message": "boom", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    async with open_client(profile_for(plain), "right") as client:
        plain._do_writeTagValues = lambda variables: answer(
            status, {"errors": [error], "data": None}
        )
        with pytest.raises(ServerFailed):
            await client.write(WRITE)


async def test_a_refusal_with_a_reason_is_a_refusal(plain):
    error = {"message": "no such thing", "extensions": {"code": "X"}}
    async with open_client(profile_for(plain), "right") as client:
        plain._do_writeTagValues = lambda variables: answer(200, {"errors": [error], "data": None})
        with pytest.raises(ServerRefused) as caught:
            await client.write(WRITE)
    assert not isinstance(caught.value, ServerFailed)


async def test_asking_a_closed_client_is_an_error_of_ours(plain):
    async with open_client(profile_for(plain), "right") as client:
        pass
    with pytest.raises(NotReachable) as caught:
        await client.read(["HMI_RT_1::A"])
    assert not caught.value.may_have_arrived


async def test_a_page_never_gives_a_point_twice(plain):
    """Many values within the slack of one page's end come again with the next page."""
    plain.log = [(f"2026-06-18T12:00:00.{100 + n // 40:03}Z", float(n)) for n in range(400)]
    plain.log_cap = 100
    start = 1_781_784_000_000_000_000
    async with open_client(profile_for(plain), "right") as client:
        (series,) = await client.history(["HMI_RT_1::A"], start, start + 10**9)
    assert [point.value for point in series.points] == [float(n) for n in range(400)]


def odd_times():
    return [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "2026-06-18T12:00:00+99:99",
        "2026-06-18T12:00:00-24:00",
        "1969-12-31T23:59:59Z",
    ]


@pytest.mark.parametrize("text", odd_times())
async def test_a_time_that_cannot_be_is_no_time_and_costs_no_value(plain, text):
    plain.tags["HMI_RT_1::A"] = value(7, time=text)
    async with open_client(profile_for(plain), "right") as client:
        (sample,) = await client.read(["HMI_RT_1::A"])
    assert (sample.value, sample.time_ns) == (7, None)


async def test_leaving_logs_out(plain):
    async with open_client(profile_for(plain), "right") as client:
        assert (await client.read(["HMI_RT_1::A"]))[0].value == 1.5
    await until(lambda: "logout" in plain.calls)
