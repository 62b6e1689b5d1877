"""Faults of servers, names, tokens and clocks in the middle of the work, against a whole plant."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from faults.conftest import NOTICED_S, SLOW_MACHINE_S, until
from faults.liar import LIES, answer_with, frame, next_frame
from link.conftest import server_context
from link.tiny_server import value
from tagwerk.domain.connection import LinkState

A, B = "HMI_RT_1::A", "HMI_RT_1::B"
HOUR_NS = 3_600_000_000_000
BETWEEN = (
    "503 with a page",
    "502 from a proxy",
    "404 of IIS",
    "200 with a page",
    "truncated JSON",
    "garbage",
    "garbage instead of HTTP",
    "nested 10,000 deep",
    "200 without a body",
    "no answer",
    "byte by byte",
    "gzip bomb",
    "redirect to another host",
    "redirect in a circle",
)


@pytest.fixture
async def desk(liar, ca_file, open_desk):
    desk = open_desk(liar.url, ca_file, timeout_s=0.7)
    desk.start(A)
    await desk.until_shown(A, 1.5)
    await until(lambda: not desk.plant.alarms.is_stale)
    return desk


@pytest.mark.parametrize("name", BETWEEN)
async def test_a_restarting_web_server_says_odd_things_meanwhile(name, liar, desk):
    """The socket breaks and everything over HTTP is a lie: stale, no crash, and no login storm."""
    liar.socket_status = 503
    liar.lie(LIES[name])
    liar.break_sockets()
    await desk.until_stale(A)
    tried = sum(liar.asked.values())
    await until(lambda: sum(liar.asked.values()) >= tried + 2)
    assert not desk.is_live
    liar.tell_the_truth()
    liar.socket_status = 0
    liar.tags[A] = value(2.5)
    await desk.until_shown(A, 2.5)
    # The session was good all the time.
    assert liar.asked["login"] == 1
    assert LinkState.REFUSED not in desk.states
    await desk.close()


async def test_odd_pages_over_http_alone_leave_the_values_live(liar, desk):
    """The stream stands: what it brings is true, and what HTTP cannot bring is an error of its own."""
    liar.lie(LIES["503 with a page"])
    desk.plant.refresh_browse()
    await until(lambda: bool(desk.plant.browse_state.error))
    await liar.push(A, 3.5)
    await desk.until_shown(A, 3.5)
    liar.tell_the_truth()
    desk.plant.refresh_browse()
    await until(lambda: not desk.plant.browse_state.error and not desk.plant.browse_state.running)
    assert desk.plant.browse_state.done
    await desk.close()


@pytest.mark.parametrize("code", [4401, 4403, 1006, 0])
async def test_a_token_that_ends_in_the_middle_of_the_stream(code, liar, desk):
    """Whichever way it is told, or not at all: one new login, and values again."""
    liar.tokens.clear()
    if code:
        await liar.say_raw(frame(code.to_bytes(2, "big") + b"Unauthorized", kind=8))
    else:
        liar.break_sockets()
    await until(lambda: liar.asked["login"] == 2)
    liar.tags[A] = value(5.5)
    await liar.push(A, 5.5)
    await desk.until_shown(A, 5.5)
    assert (await desk.plant.client.read([A]))[0].value == 5.5
    assert liar.asked["login"] == 2
    await desk.close()


async def test_a_name_that_does_not_resolve_and_then_does(authority, open_desk, ca_file, monkeypatch, liar):  # fmt: skip
    """DNS goes away and comes back; an own certificate for the name, so nothing else is in the way."""
    from faults.liar import Liar

    named = Liar()
    await named.start(server_context(authority.issue_cert("plant.test")))
    original = socket.getaddrinfo
    known = True

    def look_up(host, port, *rest, **options):
        if host in ("plant.test", b"plant.test"):
            if not known:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            host = "127.0.0.1"
        return original(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        desk = open_desk(named.url.replace("127.0.0.1", "plant.test"), ca_file)
        desk.start(A)
        await desk.until_shown(A, 1.5)
        known = False
        await named._call(_abort_all(named))
        await desk.until_stale(A)
        await until(lambda: "plant.test" in str(desk.plant.status.detail))
        named.tags[A] = value(6.5)
        known = True
        await desk.until_shown(A, 6.5)
        await desk.close()
    finally:
        monkeypatch.undo()
        await named.stop()


async def _abort_all(server):
    """Sockets and idle connections alike: nothing can be used again without the name."""
    for connection in list(server._runner.server.connections):
        if connection.transport is not None:
            connection.transport.abort()


@pytest.mark.parametrize("jump_ns", [HOUR_NS, -HOUR_NS, 400 * 24 * HOUR_NS, -400 * 24 * HOUR_NS])
async def test_the_clock_of_this_computer_jumps(jump_ns, liar, ca_file, open_desk, monkeypatch):
    """Nothing becomes stale or live by it, and a loss afterwards is as long as it really was."""
    offset = 0
    original = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: original() + offset)
    desk = open_desk(
        liar.url, ca_file, clock_ns=lambda: original() + offset, steady_ns=time.monotonic_ns
    )
    desk.start(A)
    await desk.until_shown(A, 1.5)
    count = len(desk.states)
    offset = jump_ns
    await liar.push(A, 2.5)
    await desk.until_shown(A, 2.5)
    assert set(desk.states[count:]) <= {LinkState.LIVE}
    sample = desk.plant.live.get(A)
    assert abs(sample.received_ns - (original() + offset)) < 60 * 10**9
    liar.break_sockets()
    await until(lambda: LinkState.RECONNECTING in desk.states[count:])
    liar.tags[A] = value(7.5)
    await desk.until_shown(A, 7.5)
    offset = 0
    await liar.push(A, 8.5)
    await desk.until_shown(A, 8.5)
    await desk.close()


@pytest.mark.expects_log("socket.send")  # the server's, on the socket that was broken
async def test_of_ten_thousand_names_five_hundred_vanish(liar, ca_file, open_desk):
    """Each of the five hundred has its error, all others run on; nothing is asked name by name."""
    names = [f"HMI_RT_1::Line.Tag_{number:05}" for number in range(10_000)]
    liar.tags.update({name: value(number) for number, name in enumerate(names)})
    liar._value_of = lambda name: _quick_value(liar, name)
    desk = open_desk(liar.url, ca_file, timeout_s=10.0)
    desk.start(*names)
    live = desk.plant.live
    await until(lambda: all(live.get(name) is not None for name in names), timeout_s=60)
    gone = set(names[::20])
    assert len(gone) == 500
    for name in gone:
        del liar.tags[name]
    asked = sum(liar.asked.values())
    liar.break_sockets()
    await until(lambda: not desk.is_live)
    await until(lambda: desk.is_live and all(not live.is_stale(name) for name in names), timeout_s=60)  # fmt: skip
    wrong = {name for name in names if (live.get(name).error is not None) != (name in gone)}
    assert wrong == set()
    assert all(live.get(name).error.code == "2" for name in gone)
    assert sum(liar.asked.values()) - asked < 20
    await liar.push(names[1], 4711)
    await desk.until_shown(names[1], 4711)
    await desk.close()


def _quick_value(server, name):
    found = server.tags.get(name)
    if found is None:
        return {"name": name, "value": None, "error": {"code": "2", "description": "unknown"}}
    return {"name": name, "value": found, "error": None}


async def test_names_that_are_removed_while_they_are_shown(liar, ca_file, open_desk):
    """“Removed (Name changed)” for one tag: that one is no longer live, the other is."""
    desk = open_desk(liar.url, ca_file)
    desk.start(A, B)
    await desk.until_shown(A, 1.5)
    await desk.until_shown(B, 2)
    operation = await liar.operation_of(A)
    gone = next_frame(operation, 1).replace(b'"error": null', b'"notificationReason": "Removed (Name changed)"')  # fmt: skip
    body = gone[2:] if gone[1] < 126 else gone[4:]
    await liar.say_raw(frame(body))
    await until(lambda: desk.plant.live.get(A).error is not None)
    await liar.push(B, 12)
    await desk.until_shown(B, 12)
    await desk.close()


async def test_values_that_are_no_numbers_reach_store_and_trend(liar, desk):
    desk.plant.trends.open(A, step=False)
    liar.lie(answer_with(b"NaN"), "tagValues")
    (sample,) = await desk.plant.client.read([A])
    assert sample.value != sample.value
    for text in ("NaN", "Infinity", None, True, "text", [1, "a", None], 10**400):
        before = desk.plant.live.received
        await liar.push(A, text)
        await until(lambda: desk.plant.live.received > before)  # noqa: B023
        await asyncio.sleep(0.05)
        assert desk.is_live
    await liar.push(A, 20.5)
    await desk.until_shown(A, 20.5, timeout_s=NOTICED_S + SLOW_MACHINE_S)
    await desk.close()
