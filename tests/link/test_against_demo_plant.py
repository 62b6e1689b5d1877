"""The link against the whole demo plant over real TLS: the two sides were written apart."""

from __future__ import annotations

import asyncio
import time

import pytest

from link.tiny_server import until
from tagwerk.domain.alarms import AlarmAction
from tagwerk.domain.connection import (
    Capability,
    ConnectionProfile,
    LinkState,
    StepName,
    Trust,
    TrustMode,
)
from tagwerk.domain.errors import LoginFailed, NotAllowed
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind
from tagwerk.link.connector import HttpConnector
from tagwerk.link.login import open_client

PV = "HMI_RT_1::Cooling.TIC2120.PV"
SP = "HMI_RT_1::Cooling.TIC2120.SP"
HOUR_NS = 3_600_000_000_000


def profile(server, user="operator"):
    trust = Trust(TrustMode.CA_FILE, ca_file=server.ca_file)
    return ConnectionProfile("demo", server.url, user, trust=trust, timeout_s=10.0)


def opened(server, user="operator"):
    return open_client(profile(server, user), server.password(user))


async def test_everything_works_that_the_doctor_asks_for(demo_server):
    result = await HttpConnector().inspect(
        demo_server.url,
        trust=profile(demo_server).trust,
        user="operator",
        password=demo_server.password("operator"),
        deep=True,
    )
    assert result.error is None
    assert {step.step: step.ok for step in result.steps} == dict.fromkeys(StepName, True)
    assert result.capabilities.available == frozenset(Capability)


async def test_browse_finds_all_kinds(demo_server):
    async with opened(demo_server) as client:
        items = await client.browse()
        kinds = {kind: [item.name for item in items if item.kind is kind] for kind in TagKind}
        assert len(items) == len({item.name for item in items})
        assert PV in kinds[TagKind.TAG]
        assert "HMI_RT_1::Cooling.TIC2120" in kinds[TagKind.STRUCTURE]
        assert any(name.startswith(f"{PV}:") for name in kinds[TagKind.LOGGING_TAG])
        assert any(name.startswith(f"{PV}:") for name in kinds[TagKind.ALARM])
        found = await client.browse(["*TIC2120.PV"], [TagKind.TAG])
        assert [item.name for item in found] == [PV]


async def test_read_write_read_back_short_and_full_names(demo_server):
    async with opened(demo_server) as client:
        (before,) = await client.read([SP])
        try:
            (reply,) = await client.write([WriteItem(SP, 24.5)])
            assert reply.error is None
            short = SP.partition("::")[2]
            async with asyncio.timeout(5):
                # Accepted is not yet in the controller: read back.
                while (await client.read([short]))[0].value != 24.5:
                    await asyncio.sleep(0.02)
            samples = await client.read([short, PV, "Nowhere"])
            assert [sample.name for sample in samples] == [short, PV, "Nowhere"]
            assert samples[0].value == 24.5
            assert samples[2].error is not None
        finally:
            await client.write([WriteItem(SP, before.value)])
        (reply,) = await client.write([WriteItem(SP, "no number")])
        assert reply.error is not None
        assert reply.error.code == "201"


async def test_who_may_what(demo_server):
    async with opened(demo_server, "viewer") as client:
        assert client.capabilities.reason(Capability.WRITE) == "right_missing"
        with pytest.raises(NotAllowed):
            await client.write([WriteItem(SP, 1.0)])
        assert (await client.read([PV]))[0].error is None
    with pytest.raises(NotAllowed) as caught:
        async with opened(demo_server, "nobody"):
            pytest.fail("must not open")
    assert not isinstance(caught.value, LoginFailed)
    with pytest.raises(LoginFailed):
        async with open_client(profile(demo_server), "wrong"):
            pytest.fail("must not open")


async def test_history_and_alarms(demo_server):
    now_ns = time.time_ns()
    async with opened(demo_server) as client:
        (series,) = await client.history([PV], now_ns - HOUR_NS, now_ns, bounding=True)
        assert series.error is None
        times = [point.time_ns for point in series.points]
        assert times == sorted(set(times))
        assert 3500 <= len(times) <= 3610
        assert times[0] <= now_ns - HOUR_NS
        german = {one.key: one.text for one in await client.active_alarms(language="de-DE")}
        english = {one.key: one.text for one in await client.active_alarms()}
        both = german.keys() & english.keys()
        assert both
        assert any(german[key] != english[key] for key in both)
        records = await client.logged_alarms(now_ns - 24 * HOUR_NS, now_ns)
        changed = [record.modification_time_ns for record in records]
        assert changed == sorted(changed, reverse=True)
        waiting = [alarm for alarm in await client.active_alarms() if alarm.needs_acknowledgement]
        if waiting:
            (reply,) = await client.alarm_action(AlarmAction.ACKNOWLEDGE, [waiting[0].key])
            assert reply.error is None
            (again,) = await client.alarm_action(AlarmAction.ACKNOWLEDGE, [waiting[0].key])
            assert again.error is not None


async def test_killed_and_restarted(own_server, sink):
    server = own_server()
    link = HttpConnector().open(profile(server), server.password("operator"), sink)
    link.want(frozenset((PV, SP)))
    link.start()
    try:
        await until(lambda: sink.latest(PV) and sink.restarts)
        assert sink.restarts[0]
        began = time.monotonic()
        server.kill()
        await until(lambda: sink.last.state is LinkState.RECONNECTING)
        assert time.monotonic() - began < 3.0
        count = len(sink.samples)
        await asyncio.to_thread(server.restart)
        link.reconnect_now()
        await until(lambda: sink.is_live and len(sink.samples) > count, timeout_s=15)
        await until(lambda: len(sink.restarts) == 2)
    finally:
        await link.close()
