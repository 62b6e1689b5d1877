"""Back-off that ends at once when the network is back, and knocks on no door that is open."""

from __future__ import annotations

import asyncio
import socket

import pytest

from link.supervision import A, open_link, relay_to
from link.tiny_server import TinyServer, until
from tagwerk.domain.connection import LinkState
from tagwerk.domain.errors import LoginFailed, NotReachable, ProtocolError
from tagwerk.link import waiting
from tagwerk.link.waiting import Lookout, may_be_the_network, own_address, resolve, wait

__all__ = ["open_link", "relay_to"]
LONG_S = 60.0


@pytest.fixture
def long_waits(monkeypatch):
    """Attempts are a minute apart, looks a tenth of a second: only a shortcut is quick."""
    monkeypatch.setattr("tagwerk.link.supervisor.retry_delay_s", lambda _attempt: LONG_S)
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.1)
    answers = []
    knock = waiting.knock

    async def listened(addresses):
        answers.append(await knock(addresses))
        return answers[-1]

    monkeypatch.setattr(waiting, "knock", listened)
    return answers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_is_back_is_tried_at_once(
    plain, secure, ca_trust, scheme, sink, open_link, relay_to, long_waits
):
    server = plain if scheme == "http" else secure
    relay = relay_to(server, scheme)
    link = open_link(relay, trust=ca_trust if scheme == "https" else None)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    relay.kill()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert (sink.last.next_attempt_ns - sink.last.since_ns) / 1e9 > 30
    logins = server.calls.count("login")
    await until(lambda: False in long_waits)
    relay.revive()
    await until(lambda: sink.is_live)
    assert server.calls.count("login") == logins  # the session was still good


async def test_a_server_that_was_never_there_is_found_when_it_comes(sink, open_link, long_waits):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    class NotYet:
        url = f"http://127.0.0.1:{port}/graphql/"

    link = open_link(NotYet)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.RECONNECTING)
    assert sink.last.error.code == "refused"
    server = TinyServer()
    await server.start(port=port)
    try:
        await until(lambda: sink.is_live)
        await link.close()
    finally:
        await server.stop()


async def test_another_way_to_the_server_is_tried_at_once(
    plain, sink, open_link, relay_to, long_waits, monkeypatch
):
    """A cable, a wireless network, a VPN: the address that we would send from changes."""
    relay = relay_to(plain)
    own = ["192.168.0.7"]
    looks = []

    async def shut(_addresses):
        looks.append(own[0])
        return False

    monkeypatch.setattr(waiting, "own_address", lambda _addresses: own[0])
    monkeypatch.setattr("tagwerk.link.side.own_address", lambda _addresses: own[0])
    monkeypatch.setattr(waiting, "knock", shut)
    link = open_link(relay)
    link.start()
    await until(lambda: sink.is_live)
    relay.reset()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    looks.clear()
    own[0] = ""
    await until(lambda: len(looks) >= 3)
    assert sink.last.attempt == 1  # no way at all is no reason to try
    own[0] = "10.0.0.7"
    await until(lambda: sink.is_live)


async def test_an_open_door_is_knocked_on_once(plain, sink, open_link, relay_to, long_waits):
    """The server answers 503: its port is open all the time, and that is no news."""
    relay = relay_to(plain)
    link = open_link(relay)
    link.start()
    await until(lambda: sink.is_live)
    plain.status = 503
    plain.break_sockets()
    await until(lambda: sink.last.state is LinkState.RECONNECTING and sink.last.attempt == 1)
    accepted = relay.accepted
    await asyncio.sleep(0.6)
    assert relay.accepted - accepted <= 1
    assert sink.last.attempt == 1


async def test_a_name_that_is_not_known_is_said_and_tried_again(sink, open_link, monkeypatch):
    tries = []

    def fail(*arguments, **_keywords):
        tries.append(arguments)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("tagwerk.link.supervisor.retry_delay_s", lambda _attempt: 0.05)
    monkeypatch.setattr(waiting.socket, "getaddrinfo", fail)

    class Nowhere:
        url = "https://no-such-host.invalid/graphql/"

    link = open_link(Nowhere)
    link.start()
    await until(lambda: len(tries) >= 3)
    assert sink.states[0] is LinkState.RESOLVING
    assert LinkState.CONNECTING not in sink.states
    assert sink.last.state is LinkState.RECONNECTING
    assert "no-such-host.invalid is not known" in str(sink.last.detail)


async def test_a_name_service_that_hangs_holds_nothing_up(sink, open_link, monkeypatch):
    import threading

    gone = threading.Event()
    monkeypatch.setattr(waiting.socket, "getaddrinfo", lambda *_a, **_k: gone.wait(20) and [])

    class Slow:
        url = "https://slow.invalid/graphql/"

    link = open_link(Slow, timeout_s=15.0)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.RESOLVING)
    try:
        async with asyncio.timeout(3.0):
            await link.close()
    finally:
        gone.set()


async def test_addresses_are_taken_as_they_are():
    assert await resolve("127.0.0.1", 4000, timeout_s=1) == [(socket.AF_INET, ("127.0.0.1", 4000))]
    assert (await resolve("::1", 443, timeout_s=1))[0][0] == socket.AF_INET6
    found = await resolve("localhost", 80, timeout_s=5)
    assert any(place[0] in ("127.0.0.1", "::1") for _, place in found)


def test_our_own_address_costs_no_packet():
    assert own_address([(socket.AF_INET, ("127.0.0.1", 9))]) == "127.0.0.1"
    assert isinstance(own_address([]), str)


@pytest.mark.parametrize(
    ("problem", "may"),
    [
        (NotReachable("x", code="refused"), True),
        (NotReachable("x", code="silent"), True),
        (NotReachable("x", code="timeout"), True),
        (NotReachable("x", code="resolve"), True),
        (NotReachable("x", code="503"), False),
        (NotReachable("x", code="passive"), False),
        (ProtocolError("x"), False),
        (LoginFailed("x", code="102"), False),
    ],
)
def test_what_the_network_s_return_can_mend(problem, may):
    assert may_be_the_network(problem) is may


async def test_waiting_takes_as_long_as_it_says_when_nothing_happens(monkeypatch):
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.05)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert not await wait(0.2, Lookout([]), woken=asyncio.Event())
    assert loop.time() - began_s >= 0.19


async def test_a_person_wakes_who_waits():
    woken = asyncio.Event()
    waits = asyncio.ensure_future(wait(LONG_S, None, woken=woken))
    await asyncio.sleep(0)
    woken.set()
    assert await waits
