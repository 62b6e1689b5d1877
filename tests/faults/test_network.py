"""A bad network between the desk and a real demo plant: said within seconds, and back by itself."""

from __future__ import annotations

import asyncio

import pytest

from faults.conftest import NOTICED_S, SLOW_MACHINE_S, through, until
from faults.relay import DOWN, UP
from tagwerk.domain.connection import LinkState
from tagwerk.domain.errors import NotReachable, TagwerkError

pytestmark = pytest.mark.timeout(180)
PV = "HMI_RT_1::Cooling.TIC2120.PV"


@pytest.fixture
async def net(demo_server, relay_to, open_desk):
    """A relay to the demo plant, and a live desk behind it."""
    relay = relay_to(demo_server.port)
    desk = open_desk(
        through(demo_server.url, relay), demo_server.ca_file, demo_server.password("operator")
    )
    desk.start(PV)
    await desk.until_shown(PV)
    return relay, desk


async def fresh_value(desk):
    """A value that came after now is on show as live."""
    seen = desk.plant.live.get(PV)
    await until(
        lambda: desk.shows(PV) and desk.plant.live.get(PV) is not seen,
        timeout_s=NOTICED_S + SLOW_MACHINE_S,
    )


def kill(relay):
    relay.kill()


def reset(relay):
    relay.reset()
    relay.refuse()


def half_open(relay):
    relay.half_open()


def pause(relay):
    relay.pause()


def drop_down(relay):
    relay.drop(DOWN)


def drop_up(relay):
    relay.drop(UP)


@pytest.mark.parametrize("fault", [kill, reset, half_open, pause, drop_down])
async def test_it_is_said_in_time_and_comes_back(fault, net, stop_watch):
    relay, desk = net
    began = stop_watch()
    fault(relay)
    await desk.until_stale(PV)
    noticed_s = stop_watch() - began
    assert desk.plant.status.state in (LinkState.STALE, LinkState.RECONNECTING)
    relay.heal()
    await fresh_value(desk)
    assert desk.plant.status.lost_at_ns is None
    # On a machine of its own at once, or after two seconds of silence.
    assert noticed_s < NOTICED_S + SLOW_MACHINE_S
    await desk.close()


async def test_requests_vanish_one_way_while_values_still_come(net):
    """What comes is true and stays live; what is asked ends with an error that says so."""
    relay, desk = net
    relay.drop(UP)
    await fresh_value(desk)
    with pytest.raises(NotReachable) as caught:
        await asyncio.wait_for(desk.plant.client.read([PV]), 30)
    assert caught.value.code in ("timeout", "lost")
    relay.heal()
    await fresh_value(desk)
    assert (await desk.plant.client.read([PV]))[0].error is None
    await desk.close()


async def test_a_pause_of_five_seconds_loses_nothing(net):
    """The network stands still and lets everything through afterwards."""
    relay, desk = net
    relay.pause()
    await desk.until_stale(PV)
    await asyncio.sleep(5 - 4.5)
    relay.resume()
    await fresh_value(desk)
    await desk.close()


@pytest.mark.soak
async def test_a_pause_of_a_minute(net):
    relay, desk = net
    relay.pause()
    await desk.until_stale(PV)
    for _ in range(12):
        await asyncio.sleep(5)
        assert not desk.is_live
    relay.resume()
    await fresh_value(desk)
    await desk.close()


async def test_a_slow_and_shaky_network_stays_live(net):
    """150 ms more and as much jitter: unpleasant, and no loss."""
    relay, desk = net
    count = len(desk.states)
    relay.delay(0.1, 0.1)
    for _ in range(3):
        await fresh_value(desk)
    assert LinkState.RECONNECTING not in desk.states[count:]
    assert (await desk.plant.client.read([PV]))[0].error is None
    await desk.close()


async def test_a_thin_line_still_carries_values(net):
    relay, desk = net
    relay.throttle(20_000)
    await fresh_value(desk)
    assert (await desk.plant.client.read([PV]))[0].error is None
    relay.heal()
    await fresh_value(desk)
    await desk.close()


async def test_cut_in_the_middle_of_an_answer(net):
    """A read is repeated once by itself; the stream, when it was the one, comes back."""
    relay, desk = net
    for count in (200, 1_000, 5_000):
        relay.cut_after(count)
        names = [f"{PV}{number}" for number in range(100)]
        samples = await asyncio.wait_for(_until_read(desk, names), 30)
        assert len(samples) == len(names)
        await fresh_value(desk)
    await desk.close()


async def _until_read(desk, names):
    while True:
        try:
            return await desk.plant.client.read(names)
        except NotReachable:
            await asyncio.sleep(0.05)


async def test_a_server_that_is_killed_and_started_again(own_server, open_desk):
    server = own_server()
    desk = open_desk(server.url, server.ca_file, server.password("operator"))
    desk.start(PV)
    await desk.until_shown(PV)
    server.kill()
    await desk.until_stale(PV)
    server.restart()
    await fresh_value(desk)
    await desk.close()


async def test_reading_browsing_and_history_end_when_the_link_dies(net):
    """Nobody waits for an answer that cannot come: each ends with an error that says so."""
    relay, desk = net
    client = desk.plant.client
    relay.half_open()
    asking = [
        asyncio.create_task(client.read([PV])),
        asyncio.create_task(client.browse()),
        asyncio.create_task(client.history([PV], 1, 2**60)),
        asyncio.create_task(client.active_alarms()),
    ]
    results = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 40)
    assert all(isinstance(result, TagwerkError) for result in results), results
    relay.heal()
    await fresh_value(desk)
    assert (await client.read([PV]))[0].error is None
    await desk.close()
