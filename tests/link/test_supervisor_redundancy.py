"""Two servers, one of them active: where we are is said, and no write goes astray."""

from __future__ import annotations

import asyncio
import time

import pytest

from link.supervision import A, open_link
from link.tiny_server import TinyServer, until
from tagwerk.domain.connection import LinkState, Trust, TrustMode
from tagwerk.domain.errors import NotReachable, NotTrusted, ProtocolError
from tagwerk.domain.ports import WriteItem
from tagwerk.link.redundancy import Servers

__all__ = ["open_link"]
TAG = frozenset((A,))


@pytest.fixture
async def partner(plain):
    """The other server; after `plain`, which the link is configured for."""
    server = TinyServer()
    await server.start()
    server.tags[A] = {**server.tags[A], "value": 2000}
    yield server
    await server.stop()


@pytest.fixture
def pair(partner, open_link):
    def open_(plain, *, follow=True, password="right", **profile):
        return open_link(
            plain,
            password,
            profile={"partner": partner.url, "follow_partner": follow, **profile},
            ping_s=0.3,
        )

    return open_


async def live_at(sink, server):
    await until(lambda: sink.is_live and sink.last.url == server.url, timeout_s=10)


async def test_a_server_that_turns_passive_is_left_for_its_partner(plain, partner, sink, pair):
    plain.redundancy, partner.redundancy = "ACTIVE", "PASSIVE"
    link = pair(plain)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    assert sink.last.url == plain.url
    assert sink.last.redundancy == "ACTIVE"
    partner.redundancy = "ACTIVE"
    await plain.change_redundancy("PASSIVE")
    await live_at(sink, partner)
    await until(lambda: sink.latest(A).value == 2000)
    assert sink.last.redundancy == "ACTIVE"
    assert plain.calls[-1] == "logout"
    assert partner.calls.count("login") == 1
    assert LinkState.RECONNECTING in sink.states  # so that the lock on writing closes
    assert not plain.sockets


async def test_a_server_that_is_passive_from_the_start_is_never_shown_as_live(
    plain, partner, sink, pair
):
    plain.redundancy, partner.redundancy = "PASSIVE", "ACTIVE"
    link = pair(plain)
    link.start()
    await live_at(sink, partner)
    assert all(one.url == partner.url for one in sink.statuses if one.state is LinkState.LIVE)
    await link.close()
    assert partner.calls[-1] == "logout"


async def test_two_passive_servers_are_not_tried_faster_than_one(
    plain, partner, sink, pair, monkeypatch
):
    waits = []

    def delay_s(attempt):
        waits.append(attempt)
        return 0.05

    monkeypatch.setattr("tagwerk.link.supervisor.retry_delay_s", delay_s)
    plain.redundancy = partner.redundancy = "PASSIVE"
    link = pair(plain)
    link.start()
    await until(lambda: len(waits) >= 6)
    assert waits == list(range(1, len(waits) + 1))
    assert LinkState.LIVE not in sink.states
    assert {one.url for one in sink.statuses} == {plain.url, partner.url}
    assert abs(plain.calls.count("login") - partner.calls.count("login")) <= 1
    await partner.change_redundancy("ACTIVE")
    await live_at(sink, partner)


async def test_who_does_not_follow_stays_and_says_so(plain, partner, sink, pair):
    plain.redundancy = "PASSIVE"
    link = pair(plain, follow=False)
    link.start()
    await until(lambda: sink.is_live and sink.last.redundancy == "PASSIVE")
    assert "passive server" in str(sink.last.detail)
    assert "Go to the partner" in str(sink.last.cure)
    await asyncio.sleep(0.2)
    assert partner.calls == []
    await plain.change_redundancy("ACTIVE")
    await until(lambda: sink.last.redundancy == "ACTIVE")
    assert not sink.last.detail
    link.go_to_partner()
    await live_at(sink, partner)
    link.go_to_partner()
    await live_at(sink, plain)


async def test_without_a_partner_there_is_nowhere_to_go(plain, sink, open_link):
    plain.redundancy = "PASSIVE"
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live and sink.last.redundancy == "PASSIVE")
    assert "Connect to the active one" in str(sink.last.cure)
    link.go_to_partner()
    link.want(TAG)
    await until(lambda: sink.latest(A))
    assert LinkState.RECONNECTING not in sink.states


async def test_a_server_that_is_gone_is_replaced_by_its_partner_and_not_gone_back_to(
    plain, partner, sink, pair
):
    link = pair(plain)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    port = plain.port
    await plain.stop()
    await live_at(sink, partner)
    await until(lambda: sink.latest(A).value == 2000)
    await plain.start(port=port)
    await asyncio.sleep(0.5)
    assert sink.last.url == partner.url
    await link.close()


async def test_a_server_that_was_never_there_is_replaced_too(plain, partner, sink, pair):
    await plain.stop()
    link = pair(plain)
    link.start()
    await live_at(sink, partner)
    await link.close()


async def test_a_wrong_password_is_not_tried_on_the_partner(plain, partner, sink, pair):
    link = pair(plain, password="wrong")
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    await asyncio.sleep(0.3)
    assert plain.calls == ["login"]
    assert partner.calls == []


async def test_a_partner_that_nobody_vouched_for_is_left_out(plain, secure, sink, open_link):
    plain.redundancy = "ACTIVE"
    trust = Trust(TrustMode.PINNED, sha256="ab" * 32)
    link = open_link(
        plain, profile={"partner": secure.url, "follow_partner": True, "partner_trust": trust}
    )
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    await plain.change_redundancy("PASSIVE")
    await until(lambda: any(isinstance(one.error, NotTrusted) for one in sink.statuses))
    await until(lambda: sink.is_live and sink.last.url == plain.url)
    await until(lambda: sink.last.redundancy == "PASSIVE")
    assert LinkState.REFUSED not in sink.states
    assert secure.calls == []


async def test_a_write_never_goes_to_a_server_that_was_not_shown(plain, partner, sink, pair):
    partner.redundancy = "ACTIVE"
    plain.redundancy = "ACTIVE"
    link = pair(plain)
    link.start()
    await until(lambda: sink.is_live)
    await link.client.write([WriteItem(A, 1)])
    await plain.change_redundancy("PASSIVE")
    await live_at(sink, partner)
    tries = partner.calls.count("writeTagValues")
    with pytest.raises(NotReachable) as caught:
        await link.client.write([WriteItem(A, 2)])
    assert not caught.value.may_have_arrived
    assert caught.value.code == "server_changed"
    assert partner.calls.count("writeTagValues") == tries
    assert (await link.client.read([A]))[0].value == 2000
    link.server_shown(partner.url)
    await link.client.write([WriteItem(A, 3)])
    assert partner.tags[A]["value"] == 3
    assert plain.tags[A]["value"] == 1


async def test_a_write_under_way_stays_with_its_server(plain, partner, sink, pair):
    """The server changes between sending and answer: what became of it is not known."""
    partner.redundancy = plain.redundancy = "ACTIVE"
    link = pair(plain)
    link.start()
    await until(lambda: sink.is_live)
    tries = partner.calls.count("writeTagValues")
    held = plain.calls.count("writeTagValues")
    plain._do_writeTagValues = lambda _variables: time.sleep(0.5) or []
    writing = asyncio.ensure_future(link.client.write([WriteItem(A, 2)]))
    await until(lambda: plain.calls.count("writeTagValues") > held)
    link.go_to_partner()
    with pytest.raises(NotReachable) as caught:
        await writing
    assert caught.value.may_have_arrived
    await live_at(sink, partner)
    assert partner.calls.count("writeTagValues") == tries + 1  # that of the rights
    assert partner.tags[A]["value"] == 2000


class Side:
    refused = None
    keeper = None


@pytest.mark.parametrize(
    ("follow", "where", "problem", "fatal", "was_live", "stops", "next_one"),
    [
        (True, "main", NotReachable("x", code="refused"), False, True, False, "main"),
        (True, "main", NotReachable("x", code="refused"), False, False, False, "partner"),
        (True, "partner", NotReachable("x", code="refused"), False, False, False, "main"),
        (True, "main", NotReachable("x", code="passive"), False, True, False, "partner"),
        (False, "main", NotReachable("x", code="refused"), False, False, False, "main"),
        (False, "partner", NotReachable("x", code="refused"), False, False, False, "partner"),
        (False, "main", NotReachable("x", code="asked_to_switch"), False, True, False, "partner"),
        (True, "partner", NotTrusted("x"), True, False, False, "main"),
        (True, "partner", ProtocolError("x"), True, False, False, "main"),
        (False, "partner", NotTrusted("x"), True, False, True, "partner"),
        (True, "main", NotTrusted("x"), True, False, True, "main"),
    ],
)
def test_whose_turn_it_is(follow, where, problem, fatal, was_live, stops, next_one):
    servers = Servers(Side(), Side(), follow=follow)
    servers.current = getattr(servers, where)
    assert servers.after(problem, fatal=fatal, was_live=was_live) is stops
    assert servers.current is getattr(servers, next_one)


def test_a_side_that_was_left_out_is_back_when_a_person_asks():
    servers = Servers(Side(), Side(), follow=True)
    servers.current = servers.partner
    servers.after(NotTrusted("x"), fatal=True, was_live=False)
    assert not servers.follows
    servers.person_asked()
    assert servers.follows
