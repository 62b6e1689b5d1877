"""The stream on the wire: fragments, pings of both kinds, close codes, slices, silence."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from link.raw_server import serving
from link.tiny_server import until, value
from tagwerk.dialects.base import Operation
from tagwerk.domain.connection import Trust
from tagwerk.domain.errors import NotReachable, ProtocolError, SessionExpired
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.frames import Slicer
from tagwerk.link.policy import close_reason
from tagwerk.link.stream import PushRefused, ValueStream

NAMES = ("HMI_RT_1::A", "HMI_RT_1::B")


class StreamSink:
    def __init__(self):
        self.samples = []
        self.batches = []
        self.events = []
        self.redundancy = []

    def on_samples(self, samples):
        self.samples += samples
        self.batches.append(len(samples))

    def on_alarm_events(self, events):
        self.events += events

    def on_redundancy(self, state):
        self.redundancy.append(state)


def subscribe(names):
    return Operation("subscription { tagValues }", {"names": list(names)}, "tagValues")


def next_text(number, *, operation="1", name=NAMES[0]):
    body = {"name": name, "value": value(number), "error": None, "notificationReason": "Modified"}
    payload = {"data": {"tagValues": body}}
    return json.dumps({"id": operation, "type": "next", "payload": payload})


@asynccontextmanager
async def connected(script, *, ping_s=0.0, slicer=None, acknowledge=True, timeout_s=2.0):
    """A stream and a server that runs `script(socket)` after the handshake."""
    received = []

    async def handler(socket):
        try:
            received.append(json.loads(await socket.recv()))
            if acknowledge:
                await socket.send('{"type":"connection_ack"}')
            await script(socket, received)
        except ConnectionClosed:
            pass

    async with serve(handler, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"]) as server:
        port = server.sockets[0].getsockname()[1]
        sink = StreamSink()
        stream = ValueStream(
            Endpoint(f"http://127.0.0.1:{port}/graphql/"),
            None,
            Trust(),
            sink,
            subscribe,
            timeout_s=timeout_s,
            ping_s=ping_s,
            slicer=slicer,
        )
        try:
            await stream.connect("secret")
            yield stream, sink, received
        finally:
            await stream.close()


async def collect(socket, received):
    async for text in socket:
        received.append(json.loads(text))


async def test_the_token_travels_in_the_first_message():
    async with connected(collect) as (_, _, received):
        assert received[0] == {
            "type": "connection_init",
            "payload": {"Authorization": "Bearer secret"},
        }


async def test_fragments_are_joined():
    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        text = next_text(1.25)
        await socket.send([text[:10], text[10:11], text[11:]])
        await socket.send(next_text(2.5))
        await collect(socket, received)

    async with connected(script) as (stream, sink, _):
        stream.want(frozenset(NAMES))
        await until(lambda: len(sink.samples) == 2)
    assert [sample.value for sample in sink.samples] == [1.25, 2.5]


async def test_both_kinds_of_ping_are_answered_and_none_of_the_protocols_is_sent():
    answered = asyncio.Event()

    async def script(socket, received):
        await socket.send('{"type":"ping","payload":{"n":1}}')
        await (await socket.ping())
        answered.set()
        await collect(socket, received)

    async with connected(script) as (_, _, received):
        async with asyncio.timeout(3):
            await answered.wait()
        await until(lambda: {"type": "pong", "payload": {"n": 1}} in received)
    assert all(message["type"] != "ping" for message in received)


async def test_unknown_odd_and_foreign_messages_do_no_harm():
    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        await socket.send('{"type":"news_of_tomorrow"}')
        await socket.send(next_text(5, operation="99"))
        await socket.send(next_text(6, name="HMI_RT_1::Nobody"))
        await socket.send('{"id":"1","type":"next","payload":{"data":null}}')
        await socket.send('{"id":"1","type":"next","payload":{"data":{"tagValues":null}}}')
        await socket.send(next_text(7, name="A"))
        await collect(socket, received)

    async with connected(script) as (stream, sink, _):
        stream.want(frozenset(NAMES))
        await until(lambda: sink.samples)
    assert [(sample.name, sample.value) for sample in sink.samples] == [(NAMES[0], 7)]


def taken_away(reason, body=None):
    inner = {"name": NAMES[0], "value": body, "error": None, "notificationReason": reason}
    payload = {"data": {"tagValues": inner}}
    return json.dumps({"id": "1", "type": "next", "payload": payload})


@pytest.mark.parametrize(
    ("reason", "code"), [("Removed", "REMOVED"), ("Removed (Name changed)", "NAME_CHANGED")]
)
@pytest.mark.parametrize("body", [None, value(3), "odd"])
async def test_a_tag_that_is_taken_away_says_so_until_a_value_comes(reason, code, body):
    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        await socket.send(next_text(1))
        await socket.send(taken_away(reason, body))
        await socket.send(next_text(2))
        await collect(socket, received)

    async with connected(script) as (stream, sink, _):
        stream.want(frozenset(NAMES))
        await until(lambda: len(sink.samples) == 3)
        assert [sample.value for sample in sink.samples] == [1, None, 2]
        assert sink.samples[1].error.code == code
        assert sink.samples[2].error is None
        assert stream.subscribed == 2


async def test_what_was_refused_or_taken_away_is_asked_for_when_it_is_wanted_again():
    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        await socket.send(taken_away("Removed"))
        await collect(socket, received)

    async with connected(script) as (stream, sink, received):
        stream.want(frozenset((NAMES[0],)))
        await until(lambda: sink.samples)
        stream.want(frozenset((NAMES[0],)))
        stream.want(frozenset())
        stream.want(frozenset((NAMES[0],)))
        await until(lambda: [one["type"] for one in received].count("subscribe") == 2)
        kinds = [one["type"] for one in received]
    assert kinds == ["connection_init", "subscribe", "complete", "subscribe"]


async def test_names_are_subscribed_once_and_in_bodies_below_a_megabyte():
    async with connected(collect) as (stream, _, received):
        names = frozenset(f"HMI_RT_1::{'x' * 300}_{number}" for number in range(9000))
        stream.want(names)
        stream.want(names)
        sent = lambda: [one for one in received if one["type"] == "subscribe"]  # noqa: E731
        asked = lambda: [n for one in sent() for n in one["payload"]["variables"]["names"]]  # noqa: E731
        await until(lambda: len(asked()) == len(names))
        assert set(asked()) == names
        assert all(len(json.dumps(one)) < 1_000_000 for one in sent())


async def test_garbage_ends_the_stream_with_a_reason():
    async def script(socket, received):
        await socket.send("<html>")
        await collect(socket, received)

    async with connected(script) as (stream, _, _):
        async with asyncio.timeout(3):
            assert isinstance(await stream.run(), ProtocolError)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (4401, SessionExpired),
        (4403, SessionExpired),
        (4400, ProtocolError),
        (4409, ProtocolError),
        (4429, NotReachable),
        (4500, NotReachable),
        (1001, NotReachable),
        (1011, NotReachable),
    ],
)
async def test_close_codes(code, kind):
    async def script(socket, received):
        await socket.close(code, "because")

    async with connected(script) as (stream, _, _):
        async with asyncio.timeout(3):
            problem = await stream.run()
    assert type(problem) is kind
    assert problem.code == str(code)


async def test_a_good_bye_is_answered():
    seen = []

    async def script(socket, received):
        await socket.close(1001)
        seen.append(socket.close_code)

    async with connected(script) as (stream, _, _):
        async with asyncio.timeout(3):
            await stream.run()
        await until(lambda: seen)
    assert seen == [1001]


async def test_completed_by_the_server_is_a_loss():
    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        await socket.send('{"id":"1","type":"complete"}')
        await collect(socket, received)

    async with connected(script) as (stream, _, _):
        stream.want(frozenset(NAMES))
        async with asyncio.timeout(3):
            problem = await stream.run()
    assert isinstance(problem, NotReachable)


async def test_a_refused_subscription_for_lack_of_rights_ends_the_stream():
    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        error = {"message": "Access denied", "extensions": {"code": "FORBIDDEN"}}
        await socket.send(json.dumps({"id": "1", "type": "error", "payload": [error]}))
        await collect(socket, received)

    async with connected(script) as (stream, _, _):
        stream.want(frozenset(NAMES))
        async with asyncio.timeout(3):
            problem = await stream.run()
    assert problem.exit_code == 4


async def test_no_acknowledgement_in_time():
    async def script(socket, received):
        await collect(socket, received)

    with pytest.raises(NotReachable) as caught:
        async with connected(script, acknowledge=False, timeout_s=0.3):
            pytest.fail("must not connect")
    assert caught.value.code == "timeout"


async def test_closed_instead_of_acknowledged():
    async def script(socket, received):
        await socket.close(4403, "Forbidden")

    with pytest.raises(SessionExpired):
        async with connected(script, acknowledge=False):
            pytest.fail("must not connect")


async def test_plain_http_instead_of_websocket_is_refused_push():
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        writer.close()

    async with serving(answer) as port:
        endpoint = Endpoint(f"http://127.0.0.1:{port}/graphql/")
        stream = ValueStream(endpoint, None, Trust(), StreamSink(), subscribe, timeout_s=2.0)
        with pytest.raises(PushRefused) as caught:
            await stream.connect("secret")
        assert "HTTP 404" in caught.value.message
        await stream.close()


async def test_a_flood_is_cut_into_slices_and_nothing_is_lost():
    count = 20_000
    rests = []

    async def script(socket, received):
        received.append(json.loads(await socket.recv()))
        for number in range(count):
            await socket.send(next_text(number))
        await collect(socket, received)

    slicer = Slicer(busy_s=0.0005, flood_after_s=3600.0, sleep=rests.append)
    async with connected(script, slicer=slicer) as (stream, sink, _):
        stream.want(frozenset(NAMES))
        await until(lambda: len(sink.samples) == count, timeout_s=20)
        assert stream.totals.values == count
    assert [sample.value for sample in sink.samples] == list(range(count))
    assert rests
    assert set(rests) == {0.0005}


async def test_data_counts_as_a_sign_of_life_and_pongs_keep_a_silent_plant_connected():
    done = asyncio.Event()

    async def script(socket, received):
        await collect(socket, received)

    async with connected(script, ping_s=0.05) as (stream, _, _):
        await until(lambda: stream.pong_seen)
        ended = asyncio.ensure_future(stream.run())
        await asyncio.wait({ended}, timeout=0.3)
        assert not ended.done()
        ended.cancel()
        done.set()


async def test_that_pings_are_answered_is_known_before_the_first_silence():
    async with connected(collect, ping_s=60.0) as (stream, _, _):
        await until(lambda: stream.pong_seen)


@pytest.mark.parametrize("code", [0, 1000, 1006, 4401, 4500, 3000])
def test_every_code_has_a_reason(code):
    problem = close_reason(code, "", "host")
    assert problem.message
    assert "{" not in problem.message
