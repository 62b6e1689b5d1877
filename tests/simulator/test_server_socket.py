"""The WebSocket protocol, message by message, on a real TLS connection."""

import asyncio

import pytest

from simulator.conftest import closed_with, received

TAGS = """subscription($names: [String!]!) { tagValues(names: $names) {
  name notificationReason value { value quality { quality } } error { code } } }"""
ALARMS = """subscription($filter: String = "") { activeAlarms(filterString: $filter, languages: ["de-DE"]) {
  name state eventText notificationReason } }"""


def subscribe(identity, query, **variables):
    return {
        "id": identity,
        "type": "subscribe",
        "payload": {"query": query, "variables": variables},
    }


async def next_of(socket, field):
    message = await received(socket)
    assert message["type"] == "next", message
    return message["payload"]["data"][field]


async def test_every_name_comes_first_as_added_then_modified(demo):
    async with demo() as desk:
        socket = await desk.socket()
        await socket.send_json(
            subscribe("a", TAGS, names=["Pump.Speed", "Nothing", "Pump", "Pump.Speed", "Recipe[1]"])
        )
        first = [await next_of(socket, "tagValues") for _ in range(4)]
        assert [item["name"] for item in first] == ["Pump.Speed", "Nothing", "Pump", "Recipe[1]"]
        assert {item["notificationReason"] for item in first} == {"Added"}
        assert [item["error"]["code"] for item in first] == ["0", "2", "202", "0"]
        assert first[1]["value"] is None
        desk.plant.set("Pump.Speed", 7.5)
        desk.plant.set("Total", 1)
        desk.tick()
        changed = await next_of(socket, "tagValues")
        assert (changed["name"], changed["notificationReason"]) == ("Pump.Speed", "Modified")
        assert changed["value"] == {"value": 7.5, "quality": {"quality": "GOOD_CASCADE"}}
        await socket.close()


async def test_two_subscriptions_and_an_end(demo):
    async with demo() as desk:
        socket = await desk.socket("viewer")
        for identity in ("a", "b"):
            await socket.send_json(subscribe(identity, TAGS, names=["Total"]))
            assert (await received(socket))["id"] == identity
        await socket.send_json({"id": "a", "type": "complete"})
        await socket.send_json(subscribe("c", "{ nonce { validFor } }"))
        assert (await received(socket))["payload"] == {"data": {"nonce": {"validFor": 60}}}
        assert await received(socket) == {"id": "c", "type": "complete"}
        desk.plant.set("Total", 5)
        desk.tick()
        message = await received(socket)
        assert message["id"] == "b"
        assert message["payload"]["data"]["tagValues"]["value"]["value"] == 5
        await socket.send_json(subscribe("a", TAGS, names=["Total"]))
        assert (await received(socket))["id"] == "a"
        await socket.close()


async def test_standing_alarms_first_then_their_changes(demo):
    async with demo() as desk:
        alarms = desk.plant.alarms
        alarms.raise_alarm("Pump.Speed:High", desk.plant.now_ns)
        desk.tick()
        socket = await desk.socket()
        await socket.send_json(subscribe("a", ALARMS))
        first = await next_of(socket, "activeAlarms")
        assert first == {
            "name": "HMI_RT_1::Pump.Speed:High",
            "state": "RAISED",
            "eventText": ["Drehzahl High"],
            "notificationReason": "Added",
        }
        alarms.raise_alarm("Pump.Speed:Low", desk.plant.now_ns)
        alarms.acknowledge("Pump.Speed:High", 0, desk.plant.now_ns)
        alarms.clear_alarm("Pump.Speed:High", desk.plant.now_ns)
        desk.tick()
        told = [await next_of(socket, "activeAlarms") for _ in range(3)]
        assert [(one["name"][-4:], one["notificationReason"]) for one in told] == [
            (":Low", "Added"),
            ("High", "Modified"),
            ("High", "Removed"),
        ]
        await socket.close()


async def test_an_alarm_filter_limits_the_subscription(demo):
    async with demo() as desk:
        socket = await desk.socket()
        await socket.send_json(subscribe("a", ALARMS, filter="priority > 10"))
        await socket.send_json(subscribe("b", "{ nonce { validFor } }"))
        assert (await received(socket))["id"] == "b"
        assert (await received(socket))["type"] == "complete"
        for suffix in ("High", "Low"):
            desk.plant.alarms.raise_alarm(f"Pump.Speed:{suffix}", desk.plant.now_ns)
        desk.tick()
        assert (await next_of(socket, "activeAlarms"))["name"].endswith(":Low")
        await socket.close()


async def test_redundancy_is_told_once(demo):
    async with demo() as desk:
        socket = await desk.socket()
        await socket.send_json(
            subscribe("a", "subscription { r: reduState { value { value } notificationReason } }")
        )
        assert await next_of(socket, "r") == {
            "value": {"value": "ACTIVE"},
            "notificationReason": "Added",
        }
        await socket.close()


@pytest.mark.parametrize(
    ("user", "query", "code"),
    [
        ("nobody", TAGS, "FORBIDDEN"),
        ("operator", "subscription { nothing { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("operator", "subscription {", "GRAPHQL_PARSE_FAILED"),
        ("operator", 'subscription { activeAlarms(filterString: "priority >") { name } }', "301"),
        ("operator", 'subscription { activeAlarms(languages: ["xx"]) { name } }', "302"),
        ("operator", "subscription { activeAlarms(languages: null) { name } }", "BAD_USER_INPUT"),
    ],
)
async def test_refused_subscriptions_get_a_list_of_errors(demo, user, query, code):
    async with demo() as desk:
        socket = await desk.socket(user)
        variables = {"names": ["Total"]} if "$names" in query else {}
        await socket.send_json(subscribe("a", query, **variables))
        message = await received(socket)
        assert (message["id"], message["type"]) == ("a", "error")
        assert message["payload"][0]["extensions"]["code"] == code
        await socket.send_json(subscribe("a", "{ nonce { validFor } }"))
        assert (await received(socket))["type"] == "next"
        assert (await received(socket))["type"] == "complete"
        await socket.close()


async def test_mutations_over_the_socket(demo):
    async with demo() as desk:
        socket = await desk.socket()
        query = 'mutation { writeTagValues(input: [{name: "Pump.Speed", value: 3}]) { error { code } } }'
        await socket.send_json(subscribe("w", query))
        assert (await next_of(socket, "writeTagValues")) == [{"error": {"code": "0"}}]
        assert desk.plant.writes == [("Pump.Speed", 3.0, "operator")]
        await socket.close()


INIT = {"type": "connection_init", "payload": {"Authorization": "Bearer nonsense"}}


@pytest.mark.parametrize(
    ("initialise", "message", "code"),
    [
        (False, "not json", 4400),
        (False, "[]", 4400),
        (False, '{"type": 3}', 4400),
        (False, b"binary", 4400),
        (False, {"type": "nonsense"}, 4400),
        (False, {"type": "connection_init", "payload": 3}, 4400),
        (False, subscribe("a", TAGS, names=[]), 4401),
        (False, INIT, 4403),
        (False, {"type": "connection_init"}, 4403),
        (True, {"type": "connection_init"}, 4429),
        (True, {"type": "subscribe", "payload": {"query": "x"}}, 4400),
        (True, {"type": "subscribe", "id": "", "payload": {"query": "x"}}, 4400),
        (True, "{", 4400),
    ],
)
async def test_close_codes(demo, initialise, message, code):
    async with demo() as desk:
        socket = await desk.socket(initialise=initialise)
        if isinstance(message, dict):
            await socket.send_json(message)
        elif isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_str(message)
        assert await closed_with(socket) == code


async def test_an_id_in_use_closes(demo):
    async with demo() as desk:
        socket = await desk.socket()
        for _ in range(2):
            await socket.send_json(subscribe("a", TAGS, names=["Total"]))
        assert await closed_with(socket) == 4409


async def test_other_subprotocols_are_not_spoken(demo):
    async with demo() as desk:
        socket = await desk.http.ws_connect(desk.server.url)
        assert await closed_with(socket) == 4406


async def test_who_stays_silent_is_closed(demo):
    async with demo("init-timeout=0.05") as desk:
        socket = await desk.socket(initialise=False)
        assert await closed_with(socket) == 4408


@pytest.mark.parametrize("initialise", [True, False])
async def test_a_client_ping_is_complained_about_and_no_more(demo, initialise):
    async with demo() as desk:
        socket = await desk.socket(initialise=initialise)
        await socket.send_json({"type": "ping"})
        complaint = await received(socket)
        assert complaint["payload"][0]["message"] == "invalid message type"
        await socket.send_json({"type": "pong"})
        assert not socket.closed
        await socket.close()


async def test_pings_as_switches_say(demo):
    async with demo("ping=pong", "server-ping=0.02") as desk:
        socket = await desk.socket()
        assert await received(socket) == {"type": "ping"}
        await socket.send_json({"type": "ping"})
        async with asyncio.timeout(5):
            while await received(socket) != {"type": "pong"}:
                continue
        await socket.close()
    async with demo("ping=close", "refused-token-closes=4401") as desk:
        socket = await desk.socket()
        await socket.send_json({"type": "ping"})
        assert await closed_with(socket) == 4400
        socket = await desk.socket(initialise=False)
        await socket.send_json(INIT)
        assert await closed_with(socket) == 4401


async def test_websocket_pings_of_the_library_are_answered(demo):
    async with demo() as desk:
        socket = await desk.socket()
        await socket.ping(b"there?")
        await socket.send_json(subscribe("a", "{ nonce { validFor } }"))
        assert (await received(socket))["type"] == "next"
        await socket.close()


async def test_without_websocket_queries_still_work(demo):
    import aiohttp

    async with demo("no-websocket") as desk:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await desk.socket(initialise=False)
        assert (await desk.data("{ session { user { name } } }"))["session"]


async def test_logout_does_not_cut_what_runs_but_nothing_new_begins(demo):
    async with demo() as desk:
        socket = await desk.socket()
        await socket.send_json(subscribe("a", TAGS, names=["Total"]))
        await received(socket)
        await desk.data("mutation { logout }")
        desk.plant.set("Total", 9)
        desk.tick()
        assert (await next_of(socket, "tagValues"))["value"]["value"] == 9
        await socket.send_json(subscribe("b", TAGS, names=["Total"]))
        assert (await received(socket))["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await socket.close()


@pytest.mark.parametrize("keep", [False, True])
async def test_receiving_alone_does_not_keep_a_session(demo, keep):
    switches = ["auto-logoff=10"] + (["keep-expired-streams"] if keep else [])
    async with demo(*switches) as desk:
        socket = await desk.socket()
        await socket.send_json(subscribe("a", TAGS, names=["Total"]))
        await received(socket)
        desk.clock.forward(11)
        if keep:
            desk.plant.set("Total", 9)
            assert (await next_of(socket, "tagValues"))["value"]["value"] == 9
            await socket.close()
        else:
            assert await closed_with(socket) == 4401


async def test_a_stopping_server_closes_its_sockets(demo):
    async with demo() as desk:
        socket = await desk.socket()
        code, _ = await asyncio.gather(closed_with(socket), desk.server.stop())
        assert code == 1001


async def test_messages_in_fragments(demo):
    async with demo("fragments=5") as desk:
        socket = await desk.socket()
        await socket.send_json(subscribe("a", TAGS, names=["Pump.Name"]))
        value = (await next_of(socket, "tagValues"))["value"]["value"]
        assert value == 'Pumpe "Süd" 100 %'
        await socket.close()


async def test_long_messages_use_extended_lengths(demo):
    async with demo() as desk:
        socket = await desk.socket()
        for length in (125, 126, 4095, 4096, 65_535, 65_536, 200_000):
            desk.plant.tags["Pump.Name"].value = "ä" * length
            await socket.send_json(subscribe(f"s{length}", TAGS, names=["Pump.Name"]))
            assert len((await next_of(socket, "tagValues"))["value"]["value"]) == length
        await socket.close()


async def test_a_reader_that_does_not_read_holds_up_nobody(demo):
    async with demo(tags=2000) as desk:
        stuck, healthy = await desk.socket(), await desk.socket()
        names = [f"Gen_{number:06d}" for number in range(2000)]
        stuck._conn.transport.pause_reading()
        await stuck.send_json(subscribe("a", TAGS, names=names))
        await healthy.send_json(subscribe("a", TAGS, names=["Total"]))
        await received(healthy)
        pump = None
        async with asyncio.timeout(10):
            while pump is None or not pump.is_busy:
                desk.plant.change_generated([1.0] * 4000)
                desk.tick()
                pump = next(
                    (one for one in desk.server.unified.publisher._pumps if one.has_waiting), None
                )
                await asyncio.sleep(0)
        desk.plant.set("Total", 3)
        desk.tick()
        assert (await next_of(healthy, "tagValues"))["value"]["value"] == 3
        await healthy.close()
        async with asyncio.timeout(4):
            await desk.server.stop()


async def test_a_broken_plant_is_not_served_in_silence(demo):
    async with demo() as desk:
        stop = asyncio.Event()
        serving = asyncio.create_task(desk.server.wait(stop))
        desk.plant.advance = None
        desk.clock.forward(1)
        with pytest.raises(TypeError):
            await serving
    async with demo() as desk:
        stop.set()
        await desk.server.wait(stop)
