"""Where the WebSocket fails though HTTP works: polled meanwhile, pushed again by itself.
And tags whose value nobody pushes are read once.
"""

from __future__ import annotations

import pytest

from link.supervision import open_link
from link.test_against_demo_plant import PV, profile
from link.tiny_server import until
from tagwerk.domain.connection import Capability, LinkState
from tagwerk.domain.errors import NotAllowed, NotReachable
from tagwerk.link import live_link
from tagwerk.link.live_link import LiveLink

__all__ = ["open_link"]

STILL = "HMI_RT_1::Cooling.TIC2120.Kp"
UNKNOWN = "HMI_RT_1::No.Such.Tag"


def connect(open_link, server, *, timeout_s=10.0):
    link = open_link(
        server, server.password("operator"), trust=profile(server).trust, timeout_s=timeout_s
    )
    link.want(frozenset((PV, STILL)))
    link.start()
    return link


@pytest.mark.parametrize(("switch", "timeout_s"), [("no-ack", 2.0), ("no-websocket=503", 10.0)])
async def test_a_websocket_that_fails_costs_push_and_nothing_else(
    own_server, sink, open_link, switch, timeout_s
):
    connect(open_link, own_server("--switch", switch), timeout_s=timeout_s)
    await until(lambda: sink.is_live and sink.latest(PV) and sink.latest(STILL), timeout_s=20)
    assert sink.latest(PV).error is None
    capabilities = sink.last.capabilities
    assert Capability.PUSH not in capabilities
    assert capabilities.reason(Capability.PUSH) == "push_refused"
    assert "polled" in str(sink.last.detail)
    assert "by itself" in str(sink.last.cure)
    assert LinkState.RECONNECTING not in sink.states


async def test_push_comes_back_by_itself(own_server, sink, open_link, monkeypatch):
    """The first attempt at the WebSocket fails as if the server were just starting."""
    tries = []
    true_connect = LiveLink._connect_stream

    async def once_in_vain(self):
        tries.append(1)
        if len(tries) == 1:
            raise NotReachable("HTTP 503", code="503")
        return await true_connect(self)

    monkeypatch.setattr(LiveLink, "_connect_stream", once_in_vain)
    monkeypatch.setattr(live_link, "_PUSH_LOOKS_S", (1.0,))
    link = connect(open_link, own_server())
    await until(lambda: sink.is_live and sink.latest(PV), timeout_s=20)
    assert Capability.PUSH not in sink.last.capabilities
    await until(lambda: Capability.PUSH in sink.last.capabilities, timeout_s=20)
    count, messages = len(sink.samples), link.counters.messages
    await until(lambda: len(sink.samples) > count and link.counters.messages > messages)
    assert not str(sink.last.detail)
    assert LinkState.RECONNECTING not in sink.states


async def test_a_broken_websocket_is_tried_again_before_values_are_polled(
    own_server, sink, open_link, monkeypatch
):
    async def broken(self):
        raise NotReachable("It broke.", code="broken")

    monkeypatch.setattr(LiveLink, "_connect_stream", broken)
    connect(open_link, own_server())
    await until(lambda: sink.is_live and sink.latest(PV), timeout_s=20)
    assert sink.states.count(LinkState.RECONNECTING) == 1
    assert Capability.PUSH not in sink.last.capabilities


async def test_what_is_not_pushed_at_first_is_read_once(own_server, sink, open_link):
    server = own_server("--switch", "no-added=all")
    link = connect(open_link, server)
    await until(lambda: sink.latest(STILL), timeout_s=20)
    assert sink.latest(STILL).value is not None
    link.want(frozenset((PV, STILL, UNKNOWN)))
    await until(lambda: sink.latest(UNKNOWN), timeout_s=20)
    assert sink.latest(UNKNOWN).error is not None
    assert sum(sample.name == STILL for sample in sink.samples) == 1


async def test_push_that_is_not_allowed_is_not_looked_for_again(
    own_server, sink, open_link, monkeypatch
):
    """Each look would cost a login."""
    tries = []

    async def refused(self):
        tries.append(1)
        if len(tries) == 1:
            raise NotReachable("HTTP 503", code="503")
        raise NotAllowed("The server refuses pushed values.", code="4403")

    monkeypatch.setattr(LiveLink, "_connect_stream", refused)
    monkeypatch.setattr(live_link, "_PUSH_LOOKS_S", (0.1,))
    link = connect(open_link, own_server())
    await until(lambda: len(tries) == 2, timeout_s=20)
    live = link._supervisor._live
    await until(lambda: live.look_for_push_in_s is None, timeout_s=20)
    count = len(sink.samples)
    await until(lambda: len(sink.samples) > count, timeout_s=20)
    assert sink.is_live
    assert len(tries) == 2
