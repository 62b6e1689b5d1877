"""What the switches change in replies: spelling of values, names and errors, and the schema."""

import json

import pytest

from simulator.conftest import LOGIN, received
from simulator.fake_plant import START_NS
from tagwerk.simulator.state import ProcessTag, QualityWords

READ = """query($names: [String!]!) { tagValues(names: $names) {
  name error { code description } value { value timestamp quality { quality subStatus limit } } } }"""
PUSH = READ.replace("query", "subscription").replace(
    " name error", " name notificationReason error"
)
BROWSE = "{ browse { name objectType dataType } }"


async def read(desk, *names):
    return (await desk.data(READ, {"names": list(names)}))["tagValues"]


async def raw(desk, query, variables=None, **headers):
    """The body of an answer, undecoded."""
    headers["Authorization"] = "Bearer " + await desk.token("operator")
    body = {"query": query, "variables": variables or {}}
    async with desk.http.post(desk.server.url, json=body, headers=headers) as response:
        return (await response.read()).decode()


async def pushed(desk, *names):
    """The first notification's whole message."""
    socket = await desk.socket()
    payload = {"query": PUSH, "variables": {"names": list(names)}}
    await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
    message = await received(socket)
    await socket.close()
    return message


async def pushed_item(desk, name):
    return (await pushed(desk, name))["payload"]["data"]["tagValues"]


@pytest.mark.parametrize(
    ("switch", "success", "failure"),
    [
        ("success-empty", {"code": None, "description": None}, {"code": "2"}),
        ("error-code-number", {"code": 0, "description": "Succeeded"}, {"code": 2}),
        ("error-without-text", {"code": "0", "description": None}, {"description": None}),
    ],
)
async def test_error_objects(demo, switch, success, failure):
    async with demo(switch) as desk:
        _, body = await desk.post(LOGIN, {"name": "viewer", "password": "Viewer-1"})
        assert body["data"]["login"]["error"] == success
        good, bad = await read(desk, "Total", "Nothing")
        assert good["error"] == success
        assert bad["error"].items() >= failure.items()
        assert (await pushed_item(desk, "Total"))["error"] == success


async def test_a_refused_login_has_a_number_for_its_code(demo):
    async with demo("error-code-number") as desk:
        _, body = await desk.post(LOGIN, {"name": "viewer", "password": "wrong"})
        assert body["data"]["login"]["error"]["code"] == 101


@pytest.mark.parametrize(("switch", "word"), [("empty-errors", []), ("empty-errors=null", None)])
async def test_errors_that_are_none(demo, switch, word):
    async with demo(switch) as desk:
        _, body = await desk.post("{ nonce { validFor } }")
        assert body == {"errors": word, "data": {"nonce": {"validFor": 60}}}
        assert (await pushed(desk, "Total"))["payload"]["errors"] == word
        _, body = await desk.post("{ tagValues(names: []) { name } }")
        assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("switch", "data"), [("failed-data=null", {"data": None}), ("failed-data=absent", {})]
)
async def test_the_data_of_what_failed(demo, switch, data):
    async with demo(switch) as desk:
        _, body = await desk.post("{ tagValues(names: []) { name } }")
        assert body.pop("errors")
        assert body == data
        assert await read(desk, "Total")


async def test_extensions_everywhere(demo):
    async with demo("extensions") as desk:
        _, body = await desk.post("{ nonce { validFor } }")
        assert body["data"] == {"nonce": {"validFor": 60}}
        assert {"extensions", "serverTime"} <= body.keys()
        socket = await desk.http.ws_connect(desk.server.url, protocols=("graphql-transport-ws",))
        token = await desk.token("operator")
        await socket.send_json(
            {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
        )
        assert (await received(socket)).keys() == {"type", "sequence"}
        await socket.send_json(
            {
                "id": "1",
                "type": "subscribe",
                "payload": {"query": PUSH, "variables": {"names": ["Total"]}},
            }
        )
        message = await received(socket)
        assert message["payload"].keys() == {"data", "extensions"}
        await socket.close()


@pytest.mark.parametrize(
    ("switch", "items"),
    [
        ("unresolved-as=left-out", ["Total"]),
        ("unresolved-as=null", ["Total", None]),
        ("unresolved-as=silent", ["Total", "Nothing"]),
    ],
)
async def test_names_without_a_tag(demo, switch, items):
    async with demo(switch) as desk:
        found = await read(desk, "Total", "Nothing")
        assert [item and item["name"] for item in found] == items
        if "silent" in switch:
            assert found[1]["value"] is None
            assert found[1]["error"]["code"] == "0"


async def test_items_in_another_order(demo):
    names = ["Total", "Pump.Speed", "Nothing"]
    async with demo("shuffled") as desk:
        assert [item["name"] for item in await read(desk, *names)] == names[::-1]
        assert (await pushed_item(desk, "Total"))["name"] == "Total"
        assert (await pushed(desk, *names))["payload"]["data"]["tagValues"]["name"] == "Nothing"
        mutation = """mutation { writeTagValues(input: [{name: "Pump.Speed", value: 1},
          {name: "Total", value: 2}]) { name error { code } } }"""
        found = (await desk.data(mutation))["writeTagValues"]
        assert [item["name"] for item in found] == ["Total", "Pump.Speed"]
        assert [item["error"]["code"] for item in found] == ["1", "0"]
        shuffled = (await desk.data(BROWSE))["browse"]
    async with demo() as desk:
        assert (await desk.data(BROWSE))["browse"] == shuffled[::-1]


@pytest.mark.parametrize(
    ("switches", "time"),
    [
        (["time-offset"], "2025-06-15T17:06:40.000+02:00"),
        (["time-offset=-03:30", "time-digits=0", "no-z"], "2025-06-15T11:36:40-03:30"),
    ],
)
async def test_times_with_an_offset(demo, switches, time):
    async with demo(*switches) as desk:
        assert (await read(desk, "Total"))[0]["value"]["timestamp"] == time
        assert (await pushed_item(desk, "Total"))["value"]["timestamp"] == time


async def test_times_that_are_not_set(demo):
    for switches, unset in (([], "1970-01-01T00:00:00.000Z"), (["unset-null"], None)):
        async with demo(*switches) as desk:
            desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
            found = await desk.data("{ activeAlarms { raiseTime clearTime } }")
            assert found["activeAlarms"][0]["clearTime"] == unset
            assert found["activeAlarms"][0]["raiseTime"].startswith("2025-06-15")


async def test_64_bits_in_a_double(demo):
    async with demo("int64-as-double") as desk:
        text = await raw(desk, READ, {"names": ["Total"]})
        assert '"value":1152921504606847000.0' in text.replace("e18", "000.0").replace(
            "1.152921504606847", "1152921504606847"
        )
        assert (await read(desk, "Total"))[0]["value"]["value"] == float(2**60)
        assert (await pushed_item(desk, "Total"))["value"]["value"] == float(2**60)


async def test_bare_words_for_what_is_no_number(demo):
    async with demo("nan-bare") as desk:
        for value, word in ((float("nan"), "NaN"), (float("-inf"), "-Infinity")):
            desk.plant.tags["Pump.Speed"].value = value
            assert f'"value":{word}' in await raw(desk, READ, {"names": ["Pump.Speed"]})
            socket = await desk.socket()
            payload = {"query": PUSH, "variables": {"names": ["Pump.Speed"]}}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
            assert f'"value":{word}' in (await socket.receive_str(timeout=5))
            await socket.close()


@pytest.mark.parametrize(
    ("how", "value"),
    [
        ("offset", "2026-06-01T02:00:00.000+02:00"),
        ("no-zone", "2026-06-01T00:00:00.000"),
        ("epoch-s", 1_780_272_000),
        ("epoch-ms", 1_780_272_000_000),
        ("ticks", 639_158_688_000_000_000),
        ("filetime", 134_247_456_000_000_000),
    ],
)
async def test_forms_of_dates(demo, how, value):
    async with demo(f"datetime-as={how}") as desk:
        due = ProcessTag("Due", "DateTime", "2026-06-01T00:00:00.000Z", True)
        never = ProcessTag("Never", "DateTime", "", True)
        desk.plant.tags.update(Due=due, Never=never)
        assert (await read(desk, "Due"))[0]["value"]["value"] == value
        assert (await pushed_item(desk, "Due"))["value"]["value"] == value
        assert (await read(desk, "Never"))[0]["value"]["value"] in ("", 0)


@pytest.mark.parametrize(
    ("switch", "good", "bad"),
    [
        ("quality-as=null", None, None),
        ("quality-as=word", "GOOD_CASCADE", "BAD"),
        (
            "quality-as=short",
            {"quality": "GOOD_CASCADE", "subStatus": None, "limit": None},
            {"quality": "BAD", "subStatus": None, "limit": None},
        ),
        (
            "unknown-members=quality",
            {"quality": "GOOD_BY_VOTE", "subStatus": "NON_SPECIFIC", "limit": "OK"},
            {"quality": "BAD", "subStatus": "SENSOR_FAILURE", "limit": "OK"},
        ),
        (
            "unknown-members=sub-status",
            {"quality": "GOOD_CASCADE", "subStatus": "REDUNDANT_SOURCE", "limit": "OK"},
            {"quality": "BAD", "subStatus": "SENSOR_FAILURE", "limit": "OK"},
        ),
    ],
)
async def test_forms_of_qualities(demo, switch, good, bad):
    async with demo(switch) as desk:
        desk.plant.tags["Pump.Speed"].quality = QualityWords("BAD", "SENSOR_FAILURE")
        for name, quality in (("Total", good), ("Pump.Speed", bad)):
            assert (await read(desk, name))[0]["value"]["quality"] == quality
            assert (await pushed_item(desk, name))["value"]["quality"] == quality
        # The library's way of answering, which a mutation or a second field brings.
        both = READ.replace("{ tagValues", "{ __typename tagValues")
        found = (await desk.data(both, {"names": ["Total"]}))["tagValues"][0]
        if switch != "quality-as=word":
            assert found["value"]["quality"] == good


async def test_values_of_bad_quality_may_be_null(demo):
    async with demo("bad-value-null") as desk:
        desk.plant.tags["Pump.Speed"].quality = QualityWords("BAD", "SENSOR_FAILURE")
        for name, value in (("Total", 2**60 + 1), ("Pump.Speed", None)):
            assert (await read(desk, name))[0]["value"]["value"] == value
            assert (await pushed_item(desk, name))["value"]["value"] == value


@pytest.mark.parametrize(
    ("how", "shown"), [("null", None), ("empty", ""), ("full", "HMI_RT_1::Pump.Speed")]
)
async def test_display_names(demo, how, shown):
    async with demo(f"display-name-as={how}") as desk:
        found = (await desk.data("{ browse { name displayName } }"))["browse"]
        assert {"name": "HMI_RT_1::Pump.Speed", "displayName": shown} in found


async def test_unknown_words_for_alarms_and_reasons(demo):
    async with demo("unknown-members") as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        found = await desk.data("{ activeAlarms { state } loggedAlarms { state } }")
        assert found["activeAlarms"] == found["loggedAlarms"] == [{"state": "RAISED_ESCALATED"}]
        socket = await desk.socket()
        payload = {"query": PUSH, "variables": {"names": ["Total"]}}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
        first = (await received(socket))["payload"]["data"]["tagValues"]
        desk.plant.set("Total", 4)
        desk.tick()
        second = (await received(socket))["payload"]["data"]["tagValues"]
        assert first["notificationReason"] == "Added"
        assert second["notificationReason"] == "Modified (Limit changed)"
        await socket.close()


@pytest.mark.parametrize(
    ("switch", "object_type"),
    [
        ("object-type-as=lower", "simpletag"),
        ("object-type-as=title", "SimpleTag"),
        ("object-type-as=snake", "SIMPLE_TAG"),
        ("object-type-as=tag", "Tag"),
        ("object-type-as=empty", ""),
        ("object-type-as=null", None),
        ("unknown-members=object-type", "VIRTUALTAG"),
    ],
)
async def test_spelling_of_object_types(demo, switch, object_type):
    async with demo(switch) as desk:
        found = {item["name"]: item for item in (await desk.data(BROWSE))["browse"]}
        assert found["HMI_RT_1::Pump.Running"]["objectType"] == object_type
        assert found["HMI_RT_1::Pump.Running"]["dataType"] == "Bool"


@pytest.mark.parametrize(
    ("how", "simple", "array"),
    [
        ("upper", "LREAL", "ARRAY [0..2] OF REAL"),
        ("lower", "lreal", "array [0..2] of real"),
        ("dotnet", "System.Double", "System.Single[]"),
        ("empty", "", ""),
        ("null", None, None),
    ],
)
async def test_spelling_of_data_types(demo, how, simple, array):
    async with demo(f"data-type-as={how}") as desk:
        found = {item["name"]: item["dataType"] for item in (await desk.data(BROWSE))["browse"]}
        assert found["HMI_RT_1::Pump.Speed"] == simple
        assert found["HMI_RT_1::Recipe"] == array


async def test_styles_of_json(demo):
    async with demo("json-style=ascii") as desk:
        text = await raw(desk, READ, {"names": ["Pump.Name"]})
        assert "S\\u00fcd" in text
        assert json.loads(text)["data"]["tagValues"][0]["value"]["value"] == 'Pumpe "Süd" 100 %'
        assert (await pushed_item(desk, "Pump.Name"))["value"]["value"] == 'Pumpe "Süd" 100 %'
    async with demo("json-style=pretty") as desk:
        assert "\n  " in await raw(desk, READ, {"names": ["Pump.Name"]})
        assert (await pushed_item(desk, "Pump.Name"))["value"]["value"] == 'Pumpe "Süd" 100 %'


@pytest.mark.parametrize(
    ("switch", "query"),
    [
        ("no-redu-state", "subscription { reduState { notificationReason } }"),
        ("no-alarm-control", 'mutation { shelveAlarms(names: ["x"]) { alarmName } }'),
        ("no-alarm-control", 'mutation { disableAlarms(names: ["x"]) { alarmName } }'),
    ],
)
async def test_what_a_schema_may_lack(demo, switch, query):
    async with demo(switch) as desk:
        _, body = await desk.post(query, user="operator")
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert await read(desk, "Total")


async def test_v20_wants_the_preflight_header(demo):
    async with demo("v20") as desk:
        status, body = await desk.post("{ nonce { value } }")
        assert status == 400
        assert "potential CSRF" in body["errors"][0]["message"]
        headers = {"apollo-require-preflight": "true"}
        status, _ = await desk.post("{ nonce { value } }", headers=headers)
        assert status == 200
