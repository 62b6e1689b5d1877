"""What the switches change on the WebSocket: handshake, messages, ends, names that leave."""

import asyncio
import json

import aiohttp
import pytest

from simulator.conftest import closed_with, received
from tagwerk.simulator.frames import deflating
from tagwerk.simulator.state import QualityWords

TAGS = """subscription($names: [String!]!) { tagValues(names: $names) {
  name notificationReason error { code } value { value } } }"""
STATE = "subscription { reduState { notificationReason value { value timestamp } } }"
READ = "query($names: [String!]!) { tagValues(names: $names) { name error { code } } }"


def subscribe(identity, query, **variables):
    payload = {"query": query, "variables": variables}
    return {"id": identity, "type": "subscribe", "payload": payload}


async def watching(desk, *names, identity="1", **options):
    """A socket with one subscription."""
    socket = await desk.socket(**options)
    await socket.send_json(subscribe(identity, TAGS, names=list(names)))
    return socket


async def notification(socket):
    message = await received(socket)
    assert message["type"] == "next", message
    return message["payload"]["data"]["tagValues"]


async def opened(desk, **options):
    """A socket that has sent its connection_init."""
    socket = await desk.http.ws_connect(
        desk.server.url, protocols=("graphql-transport-ws",), **options
    )
    authorization = {"Authorization": "Bearer " + await desk.token("operator")}
    await socket.send_json({"type": "connection_init", "payload": authorization})
    return socket


async def silence(socket):
    """Nothing comes for a moment; the socket is not used any more."""
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.15)
    await socket.close()


# The handshake


@pytest.mark.parametrize("status", [400, 200, 404, 405, 426, 500, 501, 503])
async def test_without_websocket(demo, status):
    async with demo(f"no-websocket={status}") as desk:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await desk.http.ws_connect(desk.server.url)
        assert refused.value.status == status


async def test_a_handshake_without_the_protocol(demo):
    async with demo("no-subprotocol") as desk:
        socket = await opened(desk)
        assert socket.protocol is None
        assert await received(socket) == {"type": "connection_ack"}
        await socket.close()


async def test_deflate_only_where_it_is_offered(demo):
    async with demo("socket-deflate", "fragments=9") as desk:
        for window in (0, 15, 9):
            socket = await opened(desk, compress=window)
            assert bool(socket.compress) is bool(window)
            assert await received(socket) == {"type": "connection_ack"}
            await socket.send_json(subscribe("1", TAGS, names=["Pump.Name"]))
            assert (await notification(socket))["value"]["value"] == 'Pumpe "Süd" 100 %'
            await socket.close()
    async with demo() as desk:
        socket = await opened(desk, compress=15)
        assert not socket.compress
        await socket.close()


def test_a_compressed_message_is_marked_as_such():
    whole = deflating(15)(b"a" * 1000)
    assert whole[0] == 0xC1
    assert len(whole) < 100
    parts = deflating(15, 5)(b"abcdefghijklmnop")
    assert parts[0] == 0x41
    assert parts[7] & 0x7F in (0x00,)


async def test_an_acknowledgement_that_comes_late_or_never(demo):
    async with demo("ack-late=5") as desk:
        socket = await opened(desk)
        await silence(socket)
    async with demo("ack-late=0.05") as desk:
        socket = await opened(desk)
        assert await received(socket) == {"type": "connection_ack"}
        await socket.close()
    async with demo("no-ack") as desk:
        socket = await opened(desk)
        await silence(socket)


async def test_an_acknowledgement_with_a_payload(demo):
    async with demo("ack-payload") as desk:
        socket = await opened(desk)
        message = await received(socket)
        assert message["type"] == "connection_ack"
        assert message["payload"]
        await socket.close()


async def test_a_refused_token_cuts_the_connection(demo):
    async with demo("refused-token-closes=1006") as desk:
        socket = await desk.socket(initialise=False)
        await socket.send_json({"type": "connection_init", "payload": {"Authorization": "x"}})
        assert await closed_with(socket) == 1006


async def test_pings_of_the_socket_itself(demo):
    async with demo("socket-pings=0.1") as desk:
        socket = await desk.http.ws_connect(
            desk.server.url, protocols=("graphql-transport-ws",), autoping=False
        )
        message = await socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.PING
        # Nobody answers: the server gives up.
        assert await closed_with(socket) == 1006


# Messages


async def test_ids_as_numbers(demo):
    async with demo("numeric-ids") as desk:
        for identity, shown in (("12", 12), ("tags-1", "tags-1"), ("007", "007")):
            socket = await watching(desk, "Total", identity=identity)
            assert (await received(socket))["id"] == shown
            await socket.send_json({"id": identity, "type": "complete"})
            await socket.close()


async def test_notifications_as_lists(demo):
    async with demo("push-list") as desk:
        socket = await watching(desk, "Total", "Nothing")
        for name in ("Total", "Nothing"):
            items = await notification(socket)
            assert [item["name"] for item in items] == [name]
        await socket.close()


async def test_several_tags_in_a_message(demo):
    async with demo("push-together=3") as desk:
        socket = await watching(desk, "Total", "Nothing", "Pump.Speed", "Pump.Name", "Recipe")
        lists = [await notification(socket) for _ in range(2)]
        assert [[item["name"] for item in items] for items in lists] == [
            ["Total", "Nothing", "Pump.Speed"],
            ["Pump.Name", "Recipe"],
        ]
        await socket.send_json(subscribe("2", TAGS, names=["Total"]))
        assert len(await notification(socket)) == 1
        desk.plant.set("Total", 1)
        desk.plant.set("Pump.Speed", 2.0)
        desk.tick()
        messages = [await received(socket) for _ in range(3)]
        assert [message["id"] for message in messages] == ["1", "2", "1"]
        await socket.close()


@pytest.mark.parametrize(
    ("how", "added"),
    [("unresolved", ["Total", "Pump.Speed"]), ("bad", ["Total"]), ("all", [])],
)
async def test_names_without_a_first_value(demo, how, added):
    async with demo(f"no-added={how}") as desk:
        desk.plant.tags["Pump.Speed"].quality = QualityWords("BAD")
        socket = await watching(desk, "Total", "Nothing", "Pump.Speed")
        assert [(await notification(socket))["name"] for _ in added] == added
        await silence(socket)
    async with demo(f"no-added={how}") as desk:
        socket = await watching(desk, "Nothing", "Pump.Running")
        if how != "all":
            assert (await notification(socket))["name"] == "Pump.Running"
        await socket.send_json(subscribe("q", "{ nonce { validFor } }"))
        assert (await received(socket))["id"] == "q"
        assert (await received(socket))["type"] == "complete"
        desk.plant.set("Pump.Running", False)
        desk.tick()
        item = await notification(socket)
        assert (item["name"], item["notificationReason"]) == ("Pump.Running", "Modified")
        await socket.close()


async def test_modified_before_added(demo):
    async with demo("modified-first") as desk:
        socket = await watching(desk, "Total")
        reasons = [(await notification(socket))["notificationReason"] for _ in range(2)]
        assert reasons == ["Modified", "Added"]
        await socket.close()


# Ends


async def test_completed_by_the_server(demo):
    async with demo("complete-after=0.1") as desk:
        socket = await watching(desk, "Total")
        await notification(socket)
        assert await received(socket) == {"id": "1", "type": "complete"}
        desk.plant.set("Total", 3)
        desk.tick()
        await socket.send_json(subscribe("1", TAGS, names=["Total"]))
        assert (await notification(socket))["notificationReason"] == "Added"
        await socket.close()


@pytest.mark.parametrize("how", ["4401", "4403", "1000", "1006"])
async def test_a_session_that_ends_closes(demo, how):
    async with demo(f"expired-socket={how}", "auto-logoff=60") as desk:
        socket = await watching(desk, "Total")
        await notification(socket)
        desk.clock.forward(61)
        assert await closed_with(socket) == int(how)


@pytest.mark.parametrize("how", ["error", "complete"])
async def test_a_session_that_ends_is_told_by_subscription(demo, how):
    async with demo(f"expired-socket={how}", "auto-logoff=60") as desk:
        socket = await watching(desk, "Total")
        await notification(socket)
        desk.clock.forward(61)
        message = await received(socket)
        assert (message["id"], message["type"]) == ("1", how)
        if how == "error":
            assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await socket.send_json(subscribe("2", TAGS, names=["Total"]))
        message = await received(socket)
        assert (message["id"], message["type"]) == ("2", "error")
        await socket.close()


async def test_a_session_that_ends_in_silence(demo):
    async with demo("expired-socket=silent", "auto-logoff=60") as desk:
        socket = await watching(desk, "Total")
        await notification(socket)
        desk.clock.forward(61)
        async with asyncio.timeout(5):
            while not any(one.is_ended for one in desk.server.unified.connections):
                await asyncio.sleep(0.02)
        desk.plant.set("Total", 3)
        desk.tick()
        await silence(socket)


async def test_a_socket_that_is_cut_again_and_again(demo):
    async with demo("flaky-socket=0.1") as desk:
        for _ in range(2):
            socket = await watching(desk, "Total")
            await notification(socket)
            assert await closed_with(socket) == 1006


async def test_a_socket_that_freezes(demo):
    async with demo("frozen-socket=0.1", plain_http=True) as desk:
        socket = await desk.http.ws_connect(
            desk.server.url,
            protocols=("graphql-transport-ws",),
            autoping=False,
            timeout=aiohttp.ClientWSTimeout(ws_close=0.1),
        )
        async with asyncio.timeout(5):
            while not any(one.is_frozen for one in desk.server.unified.connections):
                await asyncio.sleep(0.02)
        await socket.ping()
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.15)
        assert not socket.closed
        assert (await desk.data(READ, {"names": ["Total"]}))["tagValues"]
        await socket.close()


async def test_a_ping_whose_pong_cannot_leave(demo, monkeypatch):
    async with demo() as desk:
        socket = await desk.socket()
        (connection,) = desk.server.unified.connections

        async def refuse(*_):
            raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")

        monkeypatch.setattr(connection._socket, "pong", refuse)
        await socket.ping()
        assert await closed_with(socket) is not None
        assert (await desk.data(READ, {"names": ["Total"]}))["tagValues"]


# Names that leave, and the partner


@pytest.mark.parametrize(
    ("switch", "reason"),
    [("remove-after=3", "Removed"), ("rename-after=3", "Removed (Name changed)")],
)
async def test_tags_that_leave_the_project(demo, switch, reason):
    async with demo(switch, "gone=Pump.Sp*") as desk:
        names = ["HMI_RT_1::Pump.Speed", "Total"]
        socket = await watching(desk, *names)
        for name in names:
            assert (await notification(socket))["name"] == name
        desk.tick(4)
        item = await notification(socket)
        assert (item["name"], item["notificationReason"]) == (names[0], reason)
        desk.plant.set("Pump.Speed", 1.0)
        desk.plant.set("Total", 1)
        desk.tick()
        assert (await notification(socket))["name"] == "Total"
        asked = [*names, "Pump.Speed_new"]
        found = (await desk.data(READ, {"names": asked}))["tagValues"]
        is_renamed = "rename" in switch
        assert [item["error"]["code"] for item in found] == ["2", "0", "0" if is_renamed else "2"]
        browsed = {item["name"] for item in (await desk.data("{ browse { name } }"))["browse"]}
        assert "HMI_RT_1::Pump.Speed" not in browsed
        assert "HMI_RT_1::Pump.Speed:Log_1s" not in browsed
        assert ("HMI_RT_1::Pump.Speed_new:Log_1s" in browsed) is is_renamed
        mutation = 'mutation { writeTagValues(input: [{name: "Pump.Speed", value: 1}]) { error { code } } }'
        written = (await desk.data(mutation))["writeTagValues"]
        assert written == [{"error": {"code": "2"}}]
        await socket.close()


async def test_a_passive_server(demo):
    async with demo("redundancy=PASSIVE") as desk:
        socket = await desk.socket()
        await socket.send_json(subscribe("r", STATE))
        state = (await received(socket))["payload"]["data"]["reduState"]
        assert state["value"] == {"value": "PASSIVE", "timestamp": "2025-06-15T15:06:40.000Z"}
        assert state["notificationReason"] == "Added"
        assert (await desk.data(READ, {"names": ["Total"]}))["tagValues"]
        await socket.close()


async def test_a_server_that_becomes_passive(demo):
    async with demo("passive-after=3") as desk:
        socket = await desk.socket()
        await socket.send_json(subscribe("r", STATE))
        assert (await received(socket))["payload"]["data"]["reduState"]["value"][
            "value"
        ] == "ACTIVE"
        desk.tick(4)
        assert (await received(socket))["payload"]["data"]["reduState"] == {
            "notificationReason": "Modified",
            "value": {"value": "PASSIVE", "timestamp": "2025-06-15T15:06:43.000Z"},
        }
        desk.tokens.clear()
        assert (await desk.data(READ, {"names": ["Total"]}))["tagValues"]
        await socket.close()


async def test_edits_of_messages_together(demo):
    async with demo("numeric-ids", "extensions", "push-together=5", "json-style=pretty") as desk:
        socket = await opened(desk)
        assert (await received(socket))["type"] == "connection_ack"
        await socket.send_json(subscribe("1", TAGS, names=["Total", "Recipe"]))
        text = await socket.receive_str(timeout=5)
        assert "\n" in text
        message = json.loads(text)
        assert message["id"] == 1
        assert message["payload"]["extensions"]
        assert len(message["payload"]["data"]["tagValues"]) == 2
        await socket.close()
