"""The supervised link against a server that fails in every way."""

from __future__ import annotations

import asyncio

import pytest

from link.conftest import profile_for, server_context
from link.raw_server import serving
from link.supervision import pong_seen, relay_to
from link.tiny_server import until
from tagwerk.domain.alarms import AlarmState, Notification
from tagwerk.domain.connection import Capability, LinkState, Trust, TrustMode
from tagwerk.domain.errors import (
    LoginFailed,
    NotReachable,
    NotTrusted,
    ProtocolError,
    SessionExpired,
)
from tagwerk.link.connector import HttpConnector
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.link.policy import needs_person, retry_delay_s

A, B = "HMI_RT_1::A", "HMI_RT_1::B"

__all__ = ["relay_to"]


@pytest.fixture
async def open_link(sink):
    """Open links that are closed when the test ends."""
    links: list[SupervisedLink] = []

    def open_(server, password="right", *, trust=None, **options):
        link = SupervisedLink(profile_for(server, trust), password, sink, **options)
        links.append(link)
        return link

    yield open_
    for link in links:
        await link.close()


async def test_becomes_live_and_delivers_what_is_wanted(plain, sink, open_link):
    link = open_link(plain)
    link.want(frozenset((A, B)))
    link.start()
    await until(lambda: sink.latest(A) and sink.latest(B))
    assert sink.latest(A).value == 1.5
    live = next(status for status in sink.statuses if status.state is LinkState.LIVE)
    assert all(sample.received_ns >= live.since_ns for sample in sink.samples)
    assert sink.states[0] is LinkState.RESOLVING
    assert LinkState.RECONNECTING not in sink.states
    await plain.push(A, 42)
    await until(lambda: sink.latest(A).value == 42)
    await until(lambda: link.counters.values >= 3)
    assert link.counters.subscribed == 2
    assert live.session.groups == ("Ops",)


async def test_wanting_changes_while_live(plain, sink, open_link):
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live)
    link.want(frozenset((A,)))
    await until(lambda: sink.latest(A))
    link.want(frozenset((B,)))
    await until(lambda: sink.latest(B))
    await until(lambda: list(plain.subscriptions.values()) == [[B]])
    count = len(sink.samples)
    await plain.push(A, 7)
    await plain.push(B, 8)
    await until(lambda: sink.latest(B).value == 8)
    assert [sample.name for sample in sink.samples[count:]] == [B]


async def test_many_small_wants_are_merged(plain, sink, open_link):
    from link.tiny_server import value

    names = [f"HMI_RT_1::T{number}" for number in range(40)]
    plain.tags.update({name: value(0) for name in names})
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live)
    for number in range(40):
        link.want(frozenset(names[: number + 1]))
        await until(lambda: sink.latest(names[number]))  # noqa: B023
    await until(lambda: len(plain.subscriptions) <= 24)
    assert sorted(name for some in plain.subscriptions.values() for name in some) == sorted(names)
    assert link.counters.subscribed == 40


async def test_loss_is_said_at_once_and_the_subscriptions_come_back(plain, sink, open_link):
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    plain.break_sockets()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    lost = sink.last
    assert lost.lost_at_ns is not None
    assert lost.attempt == 1
    assert lost.detail
    plain.tags[A] = {**plain.tags[A], "value": 77}
    await until(lambda: sink.is_live and sink.latest(A).value == 77)
    assert sink.last.lost_at_ns is None
    assert link.counters.reconnects == 1
    assert plain.calls.count("login") == 1  # the session was still good


async def test_a_restarted_server_that_forgot_the_session_is_logged_in_to_again(
    plain, sink, open_link
):
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    port = plain.port
    await plain.stop()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    plain.tokens.clear()
    count = len(sink.samples)
    await plain.start(port=port)
    link.reconnect_now()
    await until(lambda: len(sink.samples) > count and sink.is_live)
    assert plain.calls.count("login") == 2


async def test_a_refused_login_waits_for_a_person(plain, sink, open_link):
    link = open_link(plain, "wrong")
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert "does not accept" in str(sink.last.detail)
    assert plain.calls == ["login"]
    with pytest.raises((LoginFailed, NotReachable)):
        await link.client.read([A])
    assert plain.calls == ["login"]
    link.reconnect_now()
    await until(lambda: plain.calls == ["login", "login"])
    await until(lambda: sink.last.state is LinkState.REFUSED)


async def test_a_new_token_gets_a_new_socket_without_a_gap(plain, sink, open_link):
    plain.lifetime_s = 2.0
    plain.new_token_on_extend = True
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    await until(lambda: len(plain.init_tokens) >= 2)
    await until(lambda: len(plain.sockets) == 1)
    assert len(set(plain.init_tokens)) == len(plain.init_tokens)
    assert LinkState.RECONNECTING not in sink.states
    assert plain.calls.count("login") == 1


async def test_a_login_by_a_read_moves_the_stream_to_the_new_token(plain, sink, open_link):
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    plain.tokens.clear()
    await link.client.read([A])
    await until(lambda: len(plain.init_tokens) == 2 and len(plain.sockets) == 1)
    assert plain.init_tokens[1] in plain.tokens
    assert LinkState.RECONNECTING not in sink.states


async def test_an_old_runtime_without_renewal_is_kept_alive_by_questions(plain, sink, open_link):
    plain.lifetime_s = 2.0
    mutation = next(type_ for type_ in plain.schema["types"] if type_["name"] == "Mutation")
    mutation["fields"] = [one for one in mutation["fields"] if one["name"] != "extendSession"]
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live)
    await until(lambda: plain.calls.count("__typename") >= 1)
    assert plain.calls.count("login") == 1
    assert "extendSession" not in plain.calls


async def test_who_may_not_see_alarms_still_sees_values(plain, sink, open_link):
    plain.forbidden = {"activeAlarms"}
    plain.forbidden_subscription = "activeAlarms"
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A) and sink.restarts)
    assert sink.restarts == [[]]
    assert sink.is_live


async def test_a_socket_that_refuses_the_token_costs_one_login_only(plain, sink, open_link):
    plain.init_close_code = 4401
    link = open_link(plain)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert plain.calls.count("login") == 2


async def test_a_server_without_websocket_is_polled(plain, sink, open_link):
    plain.socket_status = 404
    plain.alarms = [alarm("Raised_1", 1)]
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A) and sink.restarts)
    assert sink.is_live
    assert sink.last.capabilities.reason(Capability.PUSH) == "push_refused"
    assert "WebSocket Protocol" in str(sink.last.cure)
    plain.tags[A] = {**plain.tags[A], "value": 5}
    await until(lambda: sink.latest(A).value == 5)
    assert len(sink.samples) == 2  # only changes


def alarm(name, instance, *, state="RAISED", modified="2026-06-18T12:00:00.000Z"):
    return {
        "name": f"HMI_RT_1::A:{name}",
        "instanceID": instance,
        "state": state,
        "eventText": ["It is high"],
        "priority": 12,
        "modificationTime": modified,
        "userResponse": "ACKNOWLEDGEMENT",
    }


async def test_alarms_begin_with_the_whole_list_and_go_on_with_events(plain, sink, open_link):
    plain.alarms = [alarm("High", 1), alarm("Low", 2)]
    link = open_link(plain)
    link.start()
    await until(lambda: sink.restarts)
    assert {one.name for one in sink.restarts[0]} == {"HMI_RT_1::A:High", "HMI_RT_1::A:Low"}
    operation = "1"
    await plain.push_alarm(operation, {**alarm("Dry", 3), "notificationReason": "Added"})
    await plain.push_alarm(
        operation, {**alarm("High", 1, state="REMOVED"), "notificationReason": "Removed"}
    )
    await until(lambda: len(sink.events) == 2)
    assert sink.events[0].alarm.state is AlarmState.RAISED
    assert sink.events[1].reason is Notification.REMOVED


async def test_no_alarms_is_an_answer_too(plain, sink, open_link):
    link = open_link(plain)
    link.start()
    await until(lambda: sink.restarts == [[]])
    plain.alarms = [alarm("High", 1)]
    link.set_language("de-DE")
    await until(lambda: len(sink.restarts) == 2)
    assert len(sink.restarts[1]) == 1


async def test_one_bad_name_does_not_cost_the_others(plain, sink, open_link):
    plain.refuse_name = "HMI_RT_1::Bad"
    link = open_link(plain)
    link.want(frozenset((A, B, "HMI_RT_1::Bad")))
    link.start()
    await until(lambda: sink.latest(A) and sink.latest(B) and sink.latest("HMI_RT_1::Bad"))
    assert sink.latest("HMI_RT_1::Bad").error is not None
    assert sink.latest(A).error is None


async def test_the_client_works_from_the_callers_loop(plain, sink, open_link):
    link = open_link(plain)
    with pytest.raises(NotReachable):
        await link.client.read([A])
    link.start()
    await until(lambda: sink.is_live)
    (sample,) = await link.client.read([A])
    assert sample.value == 1.5
    loop = asyncio.get_running_loop()
    on_loop = []
    items = await link.client.browse(
        on_items=lambda some: on_loop.append((asyncio.get_running_loop() is loop, len(some)))
    )
    assert items == []
    assert sum(count for _, count in on_loop) == len(await link.client.browse())
    assert all(mine for mine, _ in on_loop)


async def test_closing_is_quick_and_logs_out(plain, sink, open_link):
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live)
    async with asyncio.timeout(2.0):
        await link.close()
    assert plain.calls[-1] == "logout"
    assert sink.last.state is LinkState.OFFLINE
    with pytest.raises(NotReachable):
        await link.client.read([A])


async def test_closing_a_link_that_was_never_started(plain, sink, open_link):
    link = open_link(plain)
    await link.close()
    assert plain.calls == []


async def test_closing_while_nothing_answers(sink):
    async def swallow(reader, writer):
        await reader.read()
        writer.close()

    async with serving(swallow) as port:

        class Silent:
            url = f"http://127.0.0.1:{port}/graphql/"

        link = SupervisedLink(profile_for(Silent), "right", sink)
        link.start()
        await until(lambda: sink.last and sink.last.state is LinkState.LOGGING_IN)
        async with asyncio.timeout(3.0):
            await link.close()


async def test_a_silent_peer_is_noticed(secure, sink, ca_trust, relay_to):
    """Half-open: the connection stands, but nothing comes any more."""
    relay = relay_to(secure, "https")
    link = SupervisedLink(profile_for(relay, ca_trust, timeout_s=1.0), "right", sink, ping_s=0.2)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    # A first pong must have been seen, as on every healthy connection.
    await until(lambda: pong_seen(link))
    relay.half_open()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    relay.heal()
    link.reconnect_now()
    await until(lambda: sink.is_live)
    await link.close()


async def test_a_changed_certificate_is_refused_before_anything_secret_leaves(
    authority, sink, tls_context
):
    from link.tiny_server import TinyServer
    from tagwerk.link.tls import fetch_certificate

    server = TinyServer()
    await server.start(tls_context)
    pinned = await fetch_certificate("127.0.0.1", server.port)
    trust = Trust(TrustMode.PINNED, sha256=pinned.sha256)
    link = SupervisedLink(profile_for(server, trust), "right", sink)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    port = server.port
    await server.stop()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    server.calls.clear()
    server.init_tokens.clear()
    await server.start(server_context(authority.issue_cert("127.0.0.1")), port=port)
    link.reconnect_now()
    await until(lambda: sink.last.state is LinkState.REFUSED)
    assert "not the one that was trusted" in str(sink.last.detail)
    assert server.calls == []
    assert server.init_tokens == []
    await link.close()
    await server.stop()


@pytest.mark.parametrize(
    ("problem", "was_live", "fatal"),
    [
        (NotReachable("x"), False, False),
        (NotReachable("x"), True, False),
        (SessionExpired("x"), True, False),
        (LoginFailed("x"), True, True),
        (NotTrusted("x"), True, True),
        (ProtocolError("x"), False, True),
        (ProtocolError("x"), True, False),
    ],
)
def test_what_needs_a_person(problem, was_live, fatal):
    assert needs_person(problem, was_live=was_live) is fatal


def test_back_off_grows_to_fifteen_seconds_with_jitter():
    assert all(0.25 <= retry_delay_s(1) <= 0.5 for _ in range(50))
    assert all(2.5 <= retry_delay_s(20) <= 5 for _ in range(50))
    assert len({retry_delay_s(5) for _ in range(20)}) > 1


async def test_the_connector_opens_links_from_a_host_as_typed(plain, sink):
    profile = profile_for(plain)
    link = HttpConnector().open(profile, "right", sink)
    link.start()
    await until(lambda: sink.is_live)
    await link.close()
