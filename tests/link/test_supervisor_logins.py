"""Log in as often as needed and never more: sessions that end, servers that kill, passwords."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from types import SimpleNamespace

import pytest
from aiohttp import web

from link.supervision import A, after_first_live, open_link, relay_to
from link.tiny_server import until
from tagwerk.domain.connection import LinkState
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    NotTrusted,
    ProtocolError,
    ServerFailed,
    ServerRefused,
    SessionExpired,
    UsageError,
)
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.live_link import LiveLink
from tagwerk.link.policy import LoginPace, needs_person
from tagwerk.link.session import SessionKeeper
from tagwerk.link.supervisor import Supervisor
from tagwerk.link.transport import HttpTransport

__all__ = ["open_link", "relay_to"]
TAG = frozenset((A,))


@pytest.fixture
def in_a_hurry(monkeypatch):
    """No time between attempts: what bounds the logins is not the back-off."""
    monkeypatch.setattr("tagwerk.link.supervisor.retry_delay_s", lambda _attempt: 0.01)


def waits_for_login(sink):
    problem = sink.last.error if sink.last is not None else None
    return problem is not None and (
        problem.code == "login_pause" or sink.last.state is LinkState.REFUSED
    )


def session_error(code):
    return {
        "token": None,
        "user": None,
        "expires": None,
        "error": {"code": code, "description": "no"},
    }


@pytest.mark.parametrize("how", ["abort", "4401", "4403", "1001", "1011", "4429"])
async def test_a_server_that_kills_every_socket_is_not_stormed_with_logins(
    how, plain, sink, open_link, in_a_hurry
):
    plain.kills_sockets = how
    link = open_link(plain)
    link.start()
    await until(
        lambda: len(plain.init_tokens) >= LoginPace.MOST or waits_for_login(sink), timeout_s=15
    )
    await asyncio.sleep(0.3)
    assert plain.calls.count("login") <= LoginPace.MOST


async def test_the_waits_grow_although_each_attempt_is_live_for_a_moment(plain, sink, open_link):
    plain.kills_sockets = "abort"
    link = open_link(plain)
    link.start()
    await until(lambda: sink.last and sink.last.attempt >= 3, timeout_s=15)
    attempts = [
        status.attempt for status in sink.statuses if status.state is LinkState.RECONNECTING
    ]
    assert attempts == sorted(attempts)


@pytest.mark.parametrize("code", [4401, 4403, 1001, 1011, 4429])
async def test_a_session_that_ran_out_costs_one_login(code, plain, sink, open_link):
    link = open_link(plain)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    plain.tokens.clear()
    count = len(sink.samples)
    await plain.close_sockets(code)
    await until(lambda: len(sink.samples) > count and sink.is_live)
    assert plain.calls.count("login") == 2
    assert len(plain.sockets) == 1


class EndedStream:
    async def run(self):
        return SessionExpired("The server closed the stream.")


async def test_the_end_of_an_old_stream_does_not_cost_the_new_token():
    """It ends while its successor takes over: the supervisor looks after that has happened."""
    live = LiveLink.__new__(LiveLink)
    live.stream, live.poller, live.generation, live.ended_generation = EndedStream(), None, 1, -1
    ended = await live.run()
    live.stream, live.generation = EndedStream(), 2
    forgotten = []
    keeper = SimpleNamespace(
        generation=2, is_foreign=False, forget=lambda: forgotten.append(keeper.generation)
    )
    supervisor, side = SimpleNamespace(_live=live), SimpleNamespace(keeper=keeper)
    assert Supervisor._second_chance(supervisor, side, ended) is ended
    assert forgotten == []
    # A server that says FORBIDDEN instead: neither the new token nor another login is spent on it.
    side.renewed_for = -1
    refused = NotAllowed("Access denied", code="FORBIDDEN")
    assert isinstance(Supervisor._second_chance(supervisor, side, refused), SessionExpired)
    assert forgotten == []
    assert Supervisor._second_chance(supervisor, side, refused) is refused
    keeper.generation = 1
    Supervisor._second_chance(supervisor, side, ended)
    assert forgotten == [1]


@pytest.mark.parametrize(("is_known", "logins"), [(True, 1), (False, 2)])
async def test_a_server_that_hangs_up_instead_of_renewing_is_come_back_to(
    is_known, logins, plain, sink, open_link
):
    plain.broken_on = "extendSession"
    link = open_link(plain)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    if not is_known:
        plain.tokens.clear()
    count = len(sink.samples)
    plain.break_sockets()
    await until(lambda: len(sink.samples) > count and sink.is_live)
    assert LinkState.RECONNECTING in sink.states
    assert plain.calls.count("login") == logins


@pytest.mark.parametrize("error", ["UNAUTHENTICATED", "FORBIDDEN", "complete"])
async def test_a_subscription_that_ends_with_the_token_costs_one_login(
    error, plain, sink, open_link
):
    link = open_link(plain)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    plain.tokens.clear()
    count = len(sink.samples)
    operation = next(iter(plain.subscriptions))
    if error == "complete":
        await plain.send({"type": "complete", "id": operation})
    else:
        payload = [{"message": "no", "extensions": {"code": error}}]
        await plain.send({"type": "error", "id": operation, "payload": payload})
    await until(lambda: len(sink.samples) > count and sink.is_live)
    assert plain.calls.count("login") == 2


async def test_a_right_that_is_missing_costs_one_login_and_then_waits(plain, sink, open_link):
    plain.forbidden_subscription = "tagValues"
    link = open_link(plain)
    link.want(TAG)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert plain.calls.count("login") == 2
    await asyncio.sleep(0.3)
    assert plain.calls.count("login") == 2


async def test_a_wrong_password_is_sent_once(plain, sink, open_link, in_a_hurry):
    link = open_link(plain, "wrong")
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    await asyncio.sleep(0.3)
    assert plain.calls == ["login"]


@pytest.mark.parametrize("code", ["102", "103"])
async def test_a_password_that_was_not_judged_is_tried_again_slowly(
    code, plain, sink, open_link, in_a_hurry
):
    plain.login_answer = session_error(code)
    link = open_link(plain)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.RECONNECTING)
    await asyncio.sleep(0.3)
    assert plain.calls.count("login") == 1
    assert (sink.last.next_attempt_ns - sink.last.since_ns) / 1e9 > 20
    plain.login_answer = None
    link.reconnect_now()
    await until(lambda: sink.is_live)


async def test_a_password_that_is_never_judged_needs_a_person(
    plain, sink, open_link, in_a_hurry, monkeypatch
):
    monkeypatch.setattr(LoginPace, "UNJUDGED_S", (0.05, 0.05))
    plain.login_answer = session_error("102")
    link = open_link(plain)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert plain.calls.count("login") == 3


async def test_a_login_without_an_answer_is_not_repeated_soon(plain, sink, open_link, in_a_hurry):
    plain._do_login = lambda _variables: time.sleep(1.0) or plain._session()
    link = open_link(plain, timeout_s=0.3)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.RECONNECTING)
    assert sink.last.error.may_have_arrived
    assert (sink.last.next_attempt_ns - sink.last.since_ns) / 1e9 > 3
    await asyncio.sleep(0.5)
    assert plain.calls.count("login") == 1


async def test_an_unreachable_server_gets_no_login(plain, sink, open_link, relay_to, in_a_hurry):
    relay = relay_to(plain)
    relay.kill()
    link = open_link(relay)
    link.start()
    await until(lambda: sink.last and sink.last.attempt >= 5)
    assert plain.calls == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_web_server_without_its_runtime_is_waited_for(
    status, plain, sink, open_link, monkeypatch
):
    monkeypatch.setattr(LoginPace, "UNANSWERED_S", (0.1, 0.1))
    plain.status, plain.html = status, "<html>starting</html>"
    link = open_link(plain)
    link.start()
    await until(lambda: sink.last and sink.last.attempt >= 2)
    plain.status, plain.html = 0, ""
    await until(lambda: sink.is_live)


async def test_a_page_in_between_costs_no_login(plain, sink, open_link):
    """A web server that restarts shows a page for a moment; the session is good all the time."""
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live)
    plain.html = "<html>back soon</html>"
    plain.break_sockets()
    await until(lambda: sink.last.attempt >= 2)
    assert sink.last.state is LinkState.RECONNECTING
    plain.html = ""
    await until(lambda: sink.is_live)
    assert plain.calls.count("login") == 1


async def test_a_handshake_that_breaks_is_no_certificate(
    secure, sink, open_link, relay_to, ca_trust
):
    relay = relay_to(secure, "https")
    relay.cut_after(100)
    link = open_link(relay, trust=ca_trust)
    link.start()
    await until(lambda: sink.is_live)
    assert LinkState.REFUSED not in sink.states


# Renewal


def answered(body):
    return web.Response(text=json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    ("answer", "logins"),
    [
        (None, 1),
        (session_error("1"), 2),
        (session_error("101"), 2),
        (session_error("102"), 1),
    ],
)
async def test_what_a_renewal_may_answer(answer, logins, plain, sink, open_link):
    plain.lifetime_s = 2.0
    plain.extend_answer = answer
    link = open_link(plain)
    link.want(TAG)
    link.start()
    await until(lambda: plain.calls.count("extendSession") >= 1)
    await until(lambda: plain.calls.count("login") >= logins)
    await until(lambda: len(plain.sockets) == 1 and len(plain.init_tokens) == logins)
    assert after_first_live(sink) == [LinkState.LIVE]


async def test_a_renewal_without_an_answer_is_no_loss(plain, sink, open_link, monkeypatch):
    monkeypatch.setattr("tagwerk.link.live_link.RETRY_S", 0.1)
    plain.lifetime_s = 2.0
    plain.broken_on = "extendSession"
    link = open_link(plain)
    link.start()
    await until(lambda: plain.calls.count("extendSession") >= 3)
    plain.broken_on = ""
    count = plain.calls.count("extendSession")
    await until(lambda: plain.calls.count("extendSession") > count)
    assert after_first_live(sink) == [LinkState.LIVE]
    assert plain.calls.count("login") == 1


async def keeper_after(plain, expires, logoff=None):
    plain.expires = expires
    plain_session = plain._plain_session
    plain._plain_session = lambda token, error: {
        **plain_session(token, error),
        "user": {"name": "operator", "autoLogoffSec": logoff},
    }
    keeper = SessionKeeper(HttpTransport(Endpoint(plain.url), profile_trust()), "operator", "right")
    await keeper.login()
    await keeper.transport.close()
    return keeper


def keeper_at(plain):
    return SessionKeeper(HttpTransport(Endpoint(plain.url), profile_trust()), "operator", "right")


@pytest.fixture
async def given_up(plain):
    """A login that waits for its answer, and nobody for it; the event lets it be answered."""
    answer = threading.Event()
    log_in = plain._do_login
    plain._do_login = lambda variables: answer.wait(10) and log_in(variables)
    keeper = keeper_at(plain)
    asking = asyncio.create_task(keeper.login())
    await until(lambda: "login" in plain.calls)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert asking.cancelled()
    yield keeper, answer
    answer.set()
    await keeper.logout()
    await keeper.transport.close()


async def test_a_login_that_was_given_up_serves_who_asks_next(given_up, plain):
    keeper, answer = given_up
    asking = asyncio.create_task(keeper.login())
    answer.set()
    await asking
    assert keeper.token in plain.tokens
    assert plain.calls.count("login") == 1


async def test_a_login_that_was_given_up_leaves_no_session(given_up, plain):
    keeper, answer = given_up
    leaving = asyncio.create_task(keeper.logout())
    await asyncio.sleep(0)
    answer.set()
    await leaving
    assert plain.calls[-1] == "logout"
    assert keeper.token == ""


async def test_leaving_does_not_wait_for_ever_for_a_login(given_up, plain):
    keeper, _answer = given_up
    await asyncio.wait_for(keeper.logout(), 8)
    assert keeper.token == ""


async def test_a_refusal_that_nobody_waits_for_is_remembered(given_up, plain):
    keeper, answer = given_up
    plain.login_answer = session_error("101")
    answer.set()
    await until(lambda: keeper._refused is not None)
    with pytest.raises(LoginFailed):
        await keeper.login()
    assert plain.calls.count("login") == 1


async def test_a_logout_on_a_broken_connection_is_said_again(plain):
    keeper = keeper_at(plain)
    await keeper.login()
    plain.broken_on = "logout"
    await keeper.logout()
    assert plain.calls == ["login", "logout", "logout"]
    await keeper.transport.close()


def profile_trust():
    from tagwerk.domain.connection import Trust

    return Trust()


def at(seconds):
    import datetime as dt

    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("expires", "logoff", "low", "high"),
    [
        (None, None, 55, 60),
        ("nonsense", None, 55, 60),
        (-3600, None, 55, 60),
        ("1970-01-01T00:00:00.000Z", None, 55, 60),
        (10 * 365 * 86400, None, 890, 900),
        (75 * 60, None, 890, 900),
        (20 * 60, None, 540, 601),
        (10 * 365 * 86400, 300, 145, 150),
        (10 * 365 * 86400, 0, 890, 900),
        (10 * 365 * 86400, 1, 0.5, 1),
    ],
)
async def test_when_a_session_is_renewed(expires, logoff, low, high, plain):
    # Counted from now, not from when the tests were collected.
    moment = at(expires) if isinstance(expires, int) else expires
    keeper = await keeper_after(plain, moment, logoff)
    assert low <= keeper.renewal_in_s <= high


async def test_setting_the_clock_changes_no_renewal(plain, monkeypatch):
    keeper = await keeper_after(plain, at(20 * 60))
    before_s = keeper.renewal_in_s
    true_ns = time.time_ns
    for jump_s in (7200, -7200):
        monkeypatch.setattr(time, "time_ns", lambda jump_s=jump_s: true_ns() + jump_s * 10**9)
        assert abs(keeper.renewal_in_s - before_s) < 5


async def test_setting_the_clock_loses_nothing(plain, sink, open_link, monkeypatch):
    link = open_link(plain, ping_s=0.3)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A))
    true_ns = time.time_ns
    for number, jump_s in enumerate((7200, -7200)):
        monkeypatch.setattr(time, "time_ns", lambda jump_s=jump_s: true_ns() + jump_s * 10**9)
        pings = link.counters.pings
        await until(lambda: link.counters.pings > pings + 2)  # noqa: B023
        await plain.push(A, 50 + number)
        await until(lambda: sink.latest(A).value == 50 + number)  # noqa: B023
    assert after_first_live(sink) == [LinkState.LIVE]
    assert plain.calls.count("extendSession") == 0


# The decisions


@pytest.mark.parametrize(
    ("problem", "was_live", "unjudged", "fatal"),
    [
        (LoginFailed("x", code="101"), True, 0, True),
        (LoginFailed("x", code=""), False, 0, True),
        (LoginFailed("x", code="1"), False, 0, True),
        (LoginFailed("x", code="102"), False, 1, False),
        (LoginFailed("x", code="102"), False, 3, True),
        (LoginFailed("x", code="102"), True, 9, False),
        (LoginFailed("x", code="103"), False, 1, False),
        (NotAllowed("x", code="FORBIDDEN"), True, 0, True),
        (SessionExpired("x", code="401"), False, 0, False),
        (NotTrusted("x", code="changed"), True, 0, True),
        (NotTrusted("x", code="not_yet_valid"), True, 0, True),
        (NotTrusted("x", code="expired"), True, 0, True),
        (NotTrusted("x", code="unknown_issuer"), False, 0, True),
        (NotReachable("x", code="resolve"), False, 0, False),
        (NotReachable("x", code="refused"), False, 0, False),
        (NotReachable("x", code="broken"), False, 0, False),
        (NotReachable("x", code="503"), False, 0, False),
        (NotReachable("x", code="no_tls"), False, 0, True),
        (NotReachable("x", code="no_tls"), True, 0, False),
        (NotReachable("x", code="login_pause"), True, 0, False),
        (ProtocolError("x", code="404"), False, 0, True),
        (ProtocolError("x", code="404"), True, 0, False),
        (ServerFailed("x"), False, 0, False),
        (ServerRefused("x"), False, 0, False),
        (NotSupported("x"), True, 0, True),
        (UsageError("x"), True, 0, True),
    ],
)
def test_transient_or_fatal(problem, was_live, unjudged, fatal):
    assert needs_person(problem, was_live=was_live, unjudged=unjudged) is fatal


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


def test_so_many_logins_a_minute_and_no_more():
    clock = Clock()
    pace = LoginPace(clock)
    sent = 0
    for _ in range(600):
        if not pace.pause_s:
            pace.began()
            pace.succeeded()
            sent += 1
        clock.now_s += 0.1
    assert sent == LoginPace.MOST
    clock.now_s += 1
    assert pace.pause_s == 0


def test_logins_without_an_answer_wait_longer_each_time_up_to_a_minute():
    clock = Clock()
    pace = LoginPace(clock)
    pauses = []
    for _ in range(6):
        pace.began()
        pace.unanswered()
        pauses.append(pace.pause_s)
        clock.now_s += 100
    assert pauses == sorted(pauses) or max(pauses[4:]) >= 45
    assert 3.7 <= pauses[0] <= 5
    assert all(pause <= 60 for pause in pauses)
    pace.began()
    pace.succeeded()
    assert pace.pause_s == 0


def test_a_person_gets_one_login_at_once():
    clock = Clock()
    pace = LoginPace(clock)
    for _ in range(LoginPace.MOST):
        pace.began()
    pace.unjudged_again()
    assert pace.pause_s > 20
    pace.asked()
    assert pace.pause_s == 0
    pace.began()
    assert pace.pause_s > 0
