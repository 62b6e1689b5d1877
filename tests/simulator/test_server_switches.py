"""The variants of the interface that switches play."""

import asyncio

import pytest

from simulator.conftest import LOGIN, received

READ = """query($names: [String!]!) { tagValues(names: $names) {
  name error { code } value { value timestamp } } }"""
HISTORY = """query($start: Timestamp, $end: Timestamp) {
  loggedTagValues(names: ["Pump.Speed"], startTime: $start, endTime: $end) {
    loggingTagName values { value { value } } } }"""
SPAN = {"start": "2025-06-15T15:06:40Z", "end": "2025-06-15T15:06:49Z"}


async def one(desk, name, user="operator"):
    return (await desk.data(READ, {"names": [name]}, user=user))["tagValues"][0]


async def pushed(desk, name):
    socket = await desk.socket()
    query = "subscription($n: [String!]!) { tagValues(names: $n) { name value { value timestamp } error { code } } }"
    await socket.send_json(
        {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": {"n": [name]}}}
    )
    item = (await received(socket))["payload"]["data"]["tagValues"]
    await socket.close()
    return item


async def test_success_as_null(demo):
    async with demo("error-null") as desk:
        _, body = await desk.post(LOGIN, {"name": "viewer", "password": "Viewer-1"})
        assert body["data"]["login"]["error"] is None
        assert (await one(desk, "Total"))["error"] is None
        assert (await pushed(desk, "Total"))["error"] is None
        assert (await one(desk, "Nothing"))["error"] == {"code": "2"}


@pytest.mark.parametrize(
    ("switch", "asked", "echoed"),
    [
        ("short-name-echo", "HMI_RT_1::Total", "Total"),
        ("full-name-echo", "Total", "HMI_RT_1::Total"),
        ("full-name-echo", "Other::Total", "Other::Total"),
    ],
)
async def test_echo_of_names(demo, switch, asked, echoed):
    async with demo(switch) as desk:
        assert (await one(desk, asked))["name"] == echoed
        assert (await pushed(desk, asked))["name"] == echoed
        found = (await desk.data('{ browse(nameFilters: ["Total"]) { name } }'))["browse"]
        assert found == [{"name": "Total" if "short" in switch else "HMI_RT_1::Total"}]


@pytest.mark.parametrize(
    ("switches", "time"),
    [
        (["no-z"], "2025-06-15T15:06:40.000"),
        (["time-digits=0"], "2025-06-15T15:06:40Z"),
        (["time-digits"], "2025-06-15T15:06:40.0000000Z"),
        (["time-digits=9", "no-z"], "2025-06-15T15:06:40.000000000"),
    ],
)
async def test_forms_of_times(demo, switches, time):
    async with demo(*switches) as desk:
        assert (await one(desk, "Total"))["value"]["timestamp"] == time
        assert (await pushed(desk, "Total"))["value"]["timestamp"] == time


async def test_forms_of_numbers(demo):
    async with demo("int64-as-text", "nan-as-text") as desk:
        assert (await one(desk, "Total"))["value"]["value"] == str(2**60 + 1)
        assert (await pushed(desk, "Total"))["value"]["value"] == str(2**60 + 1)
        for value, text in ((float("nan"), "NaN"), (float("-inf"), "-Infinity")):
            desk.plant.tags["Pump.Speed"].value = value
            assert (await one(desk, "Pump.Speed"))["value"]["value"] == text
            assert (await pushed(desk, "Pump.Speed"))["value"]["value"] == text
    async with demo() as desk:
        desk.plant.tags["Pump.Speed"].value = float("nan")
        assert (await one(desk, "Pump.Speed"))["value"]["value"] is None
        assert (await pushed(desk, "Pump.Speed"))["value"]["value"] is None


async def test_what_a_user_may_not_see_is_left_out(demo):
    async with demo("hide-denied=Service*") as desk:
        names = {"names": ["Service.Key", "Total"]}
        for user, seen in (("viewer", ["Total"]), ("operator", ["Service.Key", "Total"])):
            values = (await desk.data(READ, names, user=user))["tagValues"]
            assert [item["name"] for item in values] == seen
            browsed = (await desk.data("{ browse { name } }", user=user))["browse"]
            assert ({"name": "HMI_RT_1::Service.Key"} in browsed) is ("Service.Key" in seen)


async def test_the_schema_of_v19(demo):
    async with demo("v19") as desk:
        for query in (
            "{ browse { name } }",
            '{ loggedTagValues(names: ["Total"]) { loggingTagName } }',
            '{ tagValues(names: ["Total"], directRead: true) { name } }',
            "{ identityProviderURL }",
            "{ activeAlarms { durationIso } }",
            "{ activeAlarms { connectionName } }",
            "{ activeAlarms { path } }",
        ):
            status, body = await desk.post(query, user="operator")
            assert status == 400, query
            assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        desk.plant.alarms.raise_alarm("Pump.Speed:High", desk.plant.now_ns)
        found = await desk.data("{ activeAlarms { connection tag } }")
        assert found == {"activeAlarms": [{"connection": "", "tag": "HMI_RT_1::Pump.Speed"}]}


async def test_no_introspection(demo):
    async with demo("no-introspection") as desk:
        for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Query") { name } }'):
            status, body = await desk.post(query)
            assert status == 400
            assert "ntrospection" in body["errors"][0]["message"]
        assert (await desk.data("{ __typename nonce { validFor } }"))["__typename"] == "Query"


async def test_the_preflight_header(demo):
    async with demo("preflight") as desk:
        status, body = await desk.post("{ nonce { value } }")
        assert status == 400
        assert "potential CSRF" in body["errors"][0]["message"]
        status, _ = await desk.post(
            "{ nonce { value } }", headers={"apollo-require-preflight": "true"}
        )
        assert status == 200


async def test_a_slow_login_holds_up_nobody_else(demo):
    async with demo("slow-login=0.2") as desk:
        login = asyncio.create_task(desk.token("operator"))
        status, _ = await desk.post("{ nonce { value } }")
        assert status == 200
        assert not login.done()
        assert await login


@pytest.mark.parametrize(
    ("switches", "values"),
    [
        ([], list(range(10))),
        (["history-cap=4"], [0, 1, 2, 3]),
        (["exclusive-bounds"], list(range(1, 9))),
    ],
)
async def test_logged_values(demo, switches, values):
    async with demo(*switches) as desk:
        series = (await desk.data(HISTORY, SPAN))["loggedTagValues"][0]
        assert [row["value"]["value"] for row in series["values"]] == values


async def test_explicit_nulls_may_be_accepted(demo):
    async with demo("accept-null") as desk:
        found = await desk.data("{ browse(nameFilters: null, language: null) { displayName } }")
        assert len(found["browse"]) == 13


async def test_single_acknowledgement_refused_by_item(demo):
    async with demo("single-refused-by-item") as desk:
        for suffix in ("High", "Trip"):
            desk.plant.alarms.raise_alarm(f"Pump.Speed:{suffix}", desk.plant.now_ns)
        query = """mutation { acknowledgeAlarms(input: [
          {name: "HMI_RT_1::Pump.Speed:High"}, {name: "HMI_RT_1::Pump.Speed:Trip"}]) { error { code } } }"""
        found = (await desk.data(query))["acknowledgeAlarms"]
        assert found == [{"error": {"code": "305"}}] * 2
        states = (await desk.data("{ activeAlarms { state } }"))["activeAlarms"]
        assert {item["state"] for item in states} == {"RAISED"}
