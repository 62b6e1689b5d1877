"""What the supervisor's tests share: links that are closed, a relay in between, times cut short."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from faults.relay import Relay
from link.conftest import profile_for
from tagwerk.domain.connection import LinkState
from tagwerk.link.plant_link import SupervisedLink

A, B = "HMI_RT_1::A", "HMI_RT_1::B"
UP_AND_DOWN = {LinkState.LIVE, LinkState.RECONNECTING}


@pytest.fixture
async def open_link(sink):
    """Open links that are closed when the test ends."""
    links: list[SupervisedLink] = []

    def open_(server, password="right", *, trust=None, timeout_s=3.0, profile=None, **options):
        made = replace(profile_for(server, trust, timeout_s=timeout_s), **(profile or {}))
        link = SupervisedLink(made, password, sink, **options)
        links.append(link)
        return link

    yield open_
    for link in links:
        await link.close()


@pytest.fixture
def relay_to():
    """Relays in front of servers; each has the `url` that a client connects to."""
    relays: list[Relay] = []

    def make(server, scheme="http"):
        relay = Relay(server.port)
        relay.start()
        relay.url = f"{scheme}://127.0.0.1:{relay.port}/graphql/"
        relays.append(relay)
        return relay

    yield make
    for relay in relays:
        relay.heal()
        relay.stop()


def pong_seen(link):
    """Whether the link knows that this server answers ping frames."""
    live = link._supervisor._live
    return live is not None and live.stream is not None and live.stream.pong_seen


def after_first_live(sink):
    """The states from the first LIVE on, without repetitions."""
    states = sink.states[sink.states.index(LinkState.LIVE) :]
    return [
        state for state, before in zip(states, [None, *states], strict=False) if state != before
    ]


def seconds_since(began_s):
    return time.monotonic() - began_s
