"""Whatever comes on the WebSocket: never shown as live, never a hang, and back by itself."""

from __future__ import annotations

import asyncio
import json

import pytest

from faults.conftest import until
from faults.liar import HARMLESS_FRAMES, SOCKET_LIES, frame, next_frame
from tagwerk.domain.connection import Capability, LinkState

A, B = "HMI_RT_1::A", "HMI_RT_1::B"


@pytest.fixture
async def desk(liar, ca_file, open_desk):
    """Live, with one tag on show."""
    desk = open_desk(liar.url, ca_file)
    desk.start(A)
    await desk.until_shown(A, 1.5)
    # The stream's beginnings (alarms, redundancy) are over.
    await until(lambda: not desk.plant.alarms.is_stale)
    return desk


@pytest.mark.expects_log("WS parser error")
@pytest.mark.parametrize("name", sorted(SOCKET_LIES))
async def test_a_broken_stream_is_said_and_comes_back(name, liar, desk):
    sockets = list(liar.sockets)
    count = len(desk.states)
    liar.tags[A] = {**liar.tags[A], "value": 2.5}
    await liar.say_raw(SOCKET_LIES[name])
    await until(lambda: LinkState.RECONNECTING in desk.states[count:])
    await desk.until_shown(A, 2.5)
    assert liar.sockets
    assert liar.sockets[-1] not in sockets
    assert liar.asked["login"] == 1
    await desk.close()


@pytest.mark.parametrize("name", sorted(HARMLESS_FRAMES))
async def test_what_concerns_nobody_is_passed_over(name, liar, desk):
    sockets = list(liar.sockets)
    count = len(desk.states)
    await liar.say_raw(HARMLESS_FRAMES[name])
    await liar.push(A, 4.25)
    await desk.until_shown(A, 4.25)
    assert liar.sockets == sockets
    assert LinkState.RECONNECTING not in desk.states[count:]
    await desk.close()


async def test_values_after_the_end_of_their_subscription(liar, desk):
    """The end counts; what comes behind it is nobody's."""
    operation = await liar.operation_of(A)
    count = len(desk.states)
    liar.tags[A] = {**liar.tags[A], "value": 2.5}
    ended = frame(json.dumps({"id": operation, "type": "complete"}).encode())
    await liar.say_raw(ended + next_frame(operation, 3))
    await until(lambda: LinkState.RECONNECTING in desk.states[count:])
    await desk.until_shown(A, 2.5)
    await desk.close()


async def test_a_fragment_that_never_ends_is_bounded(liar, desk, memory):
    """Megabytes of continuations: the connection is given up long before the memory is."""
    sockets = list(liar.sockets)
    await liar.say_raw(frame(b'{"type":"' + b"x" * 60_000, fin=False))
    for _ in range(400):
        if liar.sockets != sockets:
            break
        await liar.say_raw(frame(b"x" * 60_000, kind=0, fin=False))
        await asyncio.sleep(0)
    await until(lambda: liar.sockets and liar.sockets[-1] not in sockets)
    await desk.until_shown(A)
    assert memory.grown_mb < 150
    await desk.close()


async def test_fragments_with_pings_in_between_are_one_message(liar, desk):
    operation = await liar.operation_of(A)
    whole = (
        f'{{"id":"{operation}","type":"next","payload":{{"data":{{"tagValues":{{"name":"{A}",'
        '"value":{"value":8.5},"error":null}}}}'
    ).encode()
    for position in range(0, len(whole), 40):
        last = position + 40 >= len(whole)
        piece = frame(whole[position : position + 40], kind=0 if position else 1, fin=last)
        await liar.say_raw(piece + (b"" if last else frame(b"p", kind=9)))
    await desk.until_shown(A, 8.5)
    await desk.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"9" * 400, int("9" * 400)),
        (b"[" * 40 + b"]" * 40, None),
        (b'{"a":{"b":NaN}}', None),
        (b'"\\ud800"', "\ufffd"),
        (b"1e999", float("inf")),
        (b"-1e999", float("-inf")),
    ],
    ids=["400 digits", "nested", "object", "surrogate", "infinity", "minus infinity"],
)
async def test_an_odd_value_is_shown_and_harms_nobody(text, shown, liar, desk):
    """The trend, the store and the frames go on with it."""
    desk.plant.trends.open(A, step=False)
    operation = await liar.operation_of(A)
    message = (
        b'{"id":"' + operation.encode() + b'","type":"next","payload":{"data":{"tagValues":{"name":"'
        + A.encode() + b'","value":{"value":' + text
        + b',"timestamp":"2026-06-18T12:00:00.000Z"},"error":null}}}}'
    )  # fmt: skip
    before = desk.plant.live.received
    await liar.say_raw(frame(message))
    await until(lambda: desk.plant.live.received > before)
    await until(lambda: desk.plant.live.get(A).value != 1.5)
    if shown is not None:
        assert desk.plant.live.get(A).value == shown
    await liar.push(A, 9.5)
    await desk.until_shown(A, 9.5)
    assert desk.is_live
    await desk.close()


async def test_a_server_that_never_acknowledges_is_polled_and_tried_again(
    liar, ca_file, open_desk, monkeypatch
):
    monkeypatch.setattr("tagwerk.link.live_link._PUSH_LOOKS_S", (0.5,))
    original = liar._on_message

    async def deaf(socket, message):
        if message["type"] != "connection_init":
            await original(socket, message)

    liar._on_message = deaf
    desk = open_desk(liar.url, ca_file, timeout_s=0.6)
    desk.start(A)
    await desk.until_shown(A, 1.5)
    assert "polled" in str(desk.plant.status.detail)
    assert Capability.PUSH not in desk.plant.client.capabilities
    liar._on_message = original
    await until(lambda: Capability.PUSH in desk.plant.client.capabilities)
    await until(lambda: not str(desk.plant.status.detail))
    await liar.operation_of(A)
    await liar.push(A, 9.5)
    await desk.until_shown(A, 9.5)
    await desk.close()


async def test_garbage_instead_of_the_handshake(liar, desk):
    liar.socket_status = 503
    liar.break_sockets()
    await desk.until_stale(A)
    liar.socket_status = 0
    await desk.until_shown(A)
    await desk.close()
