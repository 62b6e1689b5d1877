"""Queries and mutations over real HTTPS: answers, errors in both layers, HTTP codes."""

import asyncio
import io
import json

import pytest

READ = """query($names: [String!]!) { tagValues(names: $names) {
  name error { code } value { value timestamp quality { quality subStatus limit } } } }"""
HISTORY = """query($start: Timestamp = "1970-01-01T00:00:00.000Z", $end: Timestamp = "1970-01-01T00:00:00.000Z",
  $max: Int = 0, $sort: LoggedTagValuesSortingModeEnum = TIME_ASC, $names: [String]!) {
  loggedTagValues(names: $names, startTime: $start, endTime: $end, maxNumberOfValues: $max, sortingMode: $sort) {
    loggingTagName error { code } values { flags value { value timestamp quality { quality } } } } }"""
WRITE = (
    "mutation($input: [TagValueInput]!) { writeTagValues(input: $input) { name error { code } } }"
)
ACKNOWLEDGE = """mutation($input: [AlarmIdentifierInput]!) {
  acknowledgeAlarms(input: $input) { alarmName alarmInstanceID error { code } } }"""


async def test_reading_gives_each_item_its_own_error(demo):
    async with demo() as desk:
        names = ["Pump.Speed", "HMI_RT_1::Total", "Pump", "Nothing", "Other::Total", "Recipe"]
        values = (await desk.data(READ, {"names": names}))["tagValues"]
        assert [item["name"] for item in values] == names
        assert [item["error"]["code"] for item in values] == ["0", "0", "202", "2", "2", "0"]
        assert values[0]["value"] == {
            "value": 1450.5,
            "timestamp": "2025-06-15T15:06:40.000Z",
            "quality": {"quality": "GOOD_CASCADE", "subStatus": "NON_SPECIFIC", "limit": "OK"},
        }
        assert values[1]["value"]["value"] == 2**60 + 1
        assert values[3]["value"] is None
        assert values[5]["value"]["value"] == [1.0, 2.5, 3.0]


async def test_browse_filters_and_languages(demo):
    async with demo() as desk:
        objects = (
            await desk.data('{ browse(nameFilters: ["*::*"], objectTypeFilters: [TAG]) { name } }')
        )["browse"]
        assert "HMI_RT_1::Pump" in [item["name"] for item in objects]
        assert "HMI_RT_1::PumpType" not in [item["name"] for item in objects]
        german = await desk.data(
            '{ browse(nameFilters: ["Total"], language: "de-DE") { displayName } }'
        )
        assert german == {"browse": [{"displayName": "Total (de)"}]}
        everything = (await desk.data("{ browse { name } }"))["browse"]
        assert len(everything) == 13


async def test_a_large_browse_comes_whole(demo):
    async with demo(tags=20_000) as desk:
        found = await desk.data(
            '{ browse { a: name displayName __typename } total: browse(nameFilters: ["Total"]) { name } }'
        )
        assert len(found["browse"]) == 20_013
        assert found["browse"][-1] == {
            "a": "HMI_RT_1::Gen_019999",
            "displayName": "Gen_019999",
            "__typename": "BrowseTagsResult",
        }
        assert found["total"] == [{"name": "HMI_RT_1::Total"}]


@pytest.mark.parametrize(
    "argument", ["nameFilters", "objectTypeFilters", "baseTypeFilters", "language"]
)
async def test_explicit_null_is_refused(demo, argument):
    async with demo() as desk:
        message, code = await desk.refused(f"{{ browse({argument}: null) {{ name }} }}")
        assert argument in message
        assert code == "BAD_USER_INPUT"


async def test_writing(demo):
    async with demo() as desk:
        items = [
            {"name": "Pump.Speed", "value": "1500.25"},
            {"name": "HMI_RT_1::Pump.Running", "value": False},
            {"name": "Pump.Speed", "value": "fast"},
            {"name": "Pump", "value": 1},
            {"name": "Nothing", "value": 1},
            {
                "name": "Pump.Name",
                "value": "Pümp",
                "timestamp": "2026-01-01T00:00:00Z",
                "quality": {"quality": "UNCERTAIN"},
            },
        ]
        replies = (await desk.data(WRITE, {"input": items}))["writeTagValues"]
        assert [reply["error"]["code"] for reply in replies] == ["0", "1", "201", "202", "2", "0"]
        assert [reply["name"] for reply in replies] == [item["name"] for item in items]
        assert desk.plant.writes == [
            ("Pump.Speed", 1500.25, "operator"),
            ("Pump.Name", "Pümp", "operator"),
        ]


async def test_null_is_no_value(demo):
    async with demo() as desk:
        status, body = await desk.post(
            WRITE, {"input": [{"name": "Pump.Speed", "value": None}]}, user="operator"
        )
        assert status == 400
        assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert desk.plant.writes == []


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, "3"),
        ({"start": "2025-06-15T15:06:40Z"}, "3"),
        ({"end": "2025-06-15T15:06:50Z", "sort": "TIME_DESC"}, "3"),
        ({"end": "2025-06-15T15:06:50Z", "max": 3}, "3"),
        ({"start": "2025-06-15T15:06:40Z", "max": 3, "sort": "TIME_DESC"}, "3"),
        ({"start": "2025-06-15T15:06:50Z", "end": "2025-06-15T15:06:40Z"}, "3"),
        ({"start": "2025-06-15T15:06:40Z", "end": "2025-06-15T15:06:50Z", "max": -1}, "3"),
        ({"start": "2025-06-15T15:06:40Z", "end": "2025-06-15T15:06:50Z"}, "0"),
        ({"start": "2025-06-15T15:06:40Z", "max": 3}, "0"),
        ({"end": "2025-06-15T15:06:50Z", "max": 3, "sort": "TIME_DESC"}, "0"),
    ],
)
async def test_rules_of_logged_values(demo, variables, code):
    async with demo() as desk:
        desk.tick(60)
        series = (await desk.data(HISTORY, {"names": ["Pump.Speed"], **variables}))[
            "loggedTagValues"
        ]
        assert [one["error"]["code"] for one in series] == [code]
        assert bool(series[0]["values"]) is (code == "0")


async def test_logged_values_of_a_plain_name_and_of_an_unknown_one(demo):
    async with demo() as desk:
        span = {"start": "2025-06-15T15:06:40Z", "end": "2025-06-15T15:06:42Z"}
        names = ["Pump.Speed", "HMI_RT_1::Pump.Speed:Log_1s", "Total"]
        series = (await desk.data(HISTORY, {"names": names, **span}))["loggedTagValues"]
        assert [one["loggingTagName"] for one in series] == [
            "HMI_RT_1::Pump.Speed:Log_1s",
            "HMI_RT_1::Pump.Speed:Log_1s",
            "Total",
        ]
        assert [one["error"]["code"] for one in series] == ["0", "0", "2"]
        assert [row["value"]["value"] for row in series[0]["values"]] == [0.0, 1.0, 2.0]
        assert series[0]["values"][1]["value"]["timestamp"] == "2025-06-15T15:06:41.000Z"


def raise_alarms(desk, *suffixes):
    for suffix in suffixes:
        desk.plant.alarms.raise_alarm(f"Pump.Speed:{suffix}", desk.plant.now_ns, value=9.5)


async def test_alarms_texts_follow_the_languages(demo):
    async with demo() as desk:
        raise_alarms(desk, "High")
        found = await desk.data(
            '{ activeAlarms(languages: ["de-DE", "en-US"]) { name eventText languages alarmText2 alarmText9 clearTime value duration durationIso } }'
        )
        assert found["activeAlarms"] == [
            {
                "name": "HMI_RT_1::Pump.Speed:High",
                "eventText": ["Drehzahl High", "Speed High"],
                "languages": ["de-DE", "en-US"],
                "alarmText2": ["zweiter", "second"],
                "alarmText9": ["", ""],
                "clearTime": "1970-01-01T00:00:00.000Z",
                "value": 9.5,
                "duration": 0,
                "durationIso": "PT0S",
            }
        ]


async def test_alarm_filters(demo):
    async with demo() as desk:
        raise_alarms(desk, "High", "Low")
        query = "query($f: String!, $l: String!) { activeAlarms(filterString: $f, filterLanguage: $l) { name } }"

        async def names(text, language="en-US"):
            found = await desk.data(query, {"f": text, "l": language})
            return [item["name"].rpartition(":")[2] for item in found["activeAlarms"]]

        assert await names("") == ["High", "Low"]
        assert await names("priority > 10") == ["Low"]
        assert await names("eventText LIKE 'Drehzahl H*'") == []
        assert await names("eventText LIKE 'Drehzahl H*'", "de-DE") == ["High"]
        assert (await desk.refused(query, {"f": "priority >", "l": "en-US"}))[1] == "301"
        assert (await desk.refused(query, {"f": "state = 'RAISED'", "l": "en-US"}))[1] == "301"
        assert (await desk.refused(query, {"f": "", "l": "de-de"}))[1] == "303"
        assert (await desk.refused('{ activeAlarms(languages: ["xx"]) { name } }'))[1] == "302"
        other = await desk.data('{ activeAlarms(systemNames: ["Other"]) { name } }')
        assert other == {"activeAlarms": []}


async def test_logged_alarms_lie_strictly_between(demo):
    async with demo() as desk:
        desk.tick(10)
        raise_alarms(desk, "High")
        desk.tick(10)
        query = "query($s: Timestamp, $e: Timestamp) { loggedAlarms(startTime: $s, endTime: $e) { name modificationTime deadband hasComments } }"
        inside = {"s": "2025-06-15T15:06:49Z", "e": "2025-06-15T15:06:51Z"}
        found = (await desk.data(query, inside))["loggedAlarms"]
        assert [item["modificationTime"] for item in found] == ["2025-06-15T15:06:50.000Z"]
        on_bound = {"s": "2025-06-15T15:06:50Z", "e": "2025-06-15T15:06:51Z"}
        assert (await desk.data(query, on_bound))["loggedAlarms"] == []


@pytest.mark.parametrize(
    "field", ["flashing", "path", "userResponse", "connectionName", "sourceID"]
)
async def test_logged_alarms_lack_what_only_active_ones_have(demo, field):
    async with demo() as desk:
        status, body = await desk.post(f"{{ loggedAlarms {{ {field} }} }}", user="operator")
        assert status == 400
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_acknowledging(demo):
    async with demo() as desk:
        raise_alarms(desk, "High")
        name = "HMI_RT_1::Pump.Speed:High"
        items = [
            {"name": name, "instanceID": 1},
            {"name": "Pump.Speed:High"},
            {"name": "HMI_RT_1::None"},
        ]
        replies = (await desk.data(ACKNOWLEDGE, {"input": items}))["acknowledgeAlarms"]
        assert [reply["error"]["code"] for reply in replies] == ["0", "2", "2"]
        again = (await desk.data(ACKNOWLEDGE, {"input": [{"name": name}]}))["acknowledgeAlarms"]
        assert again == [{"alarmName": name, "alarmInstanceID": 0, "error": {"code": "305"}}]
        state = await desk.data("{ activeAlarms { state userName } }")
        assert state == {"activeAlarms": [{"state": "RAISED_ACKNOWLEDGED", "userName": "operator"}]}


async def test_an_alarm_with_single_acknowledgement_must_be_alone(demo):
    async with demo() as desk:
        raise_alarms(desk, "High", "Trip")
        both = [{"name": f"HMI_RT_1::Pump.Speed:{suffix}"} for suffix in ("High", "Trip")]
        message, code = await desk.refused(ACKNOWLEDGE, {"input": both})
        assert code == "305"
        assert "single" in message
        states = (await desk.data("{ activeAlarms { state } }"))["activeAlarms"]
        assert states == [{"state": "RAISED"}] * 2
        alone = (await desk.data(ACKNOWLEDGE, {"input": both[1:]}))["acknowledgeAlarms"]
        assert alone[0]["error"]["code"] == "0"


async def test_shelving_and_disabling(demo):
    async with demo() as desk:
        raise_alarms(desk, "High")
        names = {"n": ["HMI_RT_1::Pump.Speed:High", "Nothing"]}

        async def codes(field, extra=""):
            query = f"mutation($n: [String]!) {{ {field}(names: $n{extra}) {{ alarmName error {{ code }} }} }}"
            return [item["error"]["code"] for item in (await desk.data(query, names))[field]]

        assert await codes("shelveAlarms", ", shelveTimeout: 600000000") == ["0", "2"]
        state = await desk.data("{ activeAlarms { suppressionState } }")
        assert state == {"activeAlarms": [{"suppressionState": "SHELVED"}]}
        assert await codes("shelveAlarms") == ["304", "2"]
        assert await codes("unshelveAlarms") == ["0", "2"]
        assert await codes("disableAlarms") == ["0", "2"]
        assert await codes("enableAlarms") == ["0", "2"]
        assert await codes("enableAlarms") == ["304", "2"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "BAD_REQUEST"),
        (b"[]", "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b'{"query": 3}', "BAD_REQUEST"),
        (b'{"query": "{ session", "variables": {}}', "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ sessions { token } }"}', "GRAPHQL_VALIDATION_FAILED"),
        (
            b'{"query": "query A { nonce { value } } query B { nonce { value } }"}',
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (
            b'{"query": "query A { nonce { value } }", "operationName": "C"}',
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (b'{"query": "query($n: [String!]!) { tagValues(names: $n) { name } }"}', "BAD_USER_INPUT"),
        (b'{"query": "subscription { reduState { notificationReason } }"}', "BAD_REQUEST"),
        (b'{"query": "{ nonce { value } }", "variables": []}', "BAD_REQUEST"),
    ],
)
async def test_invalid_requests_are_answered_400(demo, body, code):
    async with demo() as desk:
        headers = {"Content-Type": "application/json"}
        async with desk.http.post(desk.server.url, data=body, headers=headers) as response:
            assert response.status == 400
            assert (await response.json())["errors"][0]["extensions"]["code"] == code


async def test_other_content_types_and_methods(demo):
    async with demo() as desk:
        async with desk.http.post(desk.server.url, data=b"{}") as response:
            assert response.status == 400
        async with desk.http.get(desk.server.url) as response:
            assert response.status == 405


async def test_the_slash_at_the_end_matters(demo):
    async with demo() as desk:
        bare = desk.server.url.rstrip("/")
        async with desk.http.post(bare, json={}, allow_redirects=False) as response:
            assert response.status == 301
            assert response.headers["Location"] == "/graphql/"
        async with desk.http.post(bare, json={}) as followed_as_get:
            assert followed_as_get.status == 405


async def test_plain_http_serves_both_spellings(demo):
    async with demo(plain_http=True) as desk:
        assert desk.server.url.startswith("http://")
        assert "ca" not in desk.server.ready
        async with desk.http.post(
            desk.server.url.rstrip("/"), json={"query": "{ nonce { validFor } }"}
        ) as response:
            assert response.status == 200


async def test_bodies_over_a_megabyte_are_too_large(demo):
    async with demo() as desk:
        body = json.dumps({"query": "{ nonce { value } }", "variables": {"x": "y" * 1_100_000}})
        headers = {"Content-Type": "application/json"}
        sent = io.BytesIO(body.encode())
        async with desk.http.post(desk.server.url, data=sent, headers=headers) as response:
            assert response.status == 413


async def test_introspection_needs_no_login(demo):
    async with demo() as desk:
        _, body = await desk.post("{ __schema { queryType { fields { name } } } __typename }")
        assert {"name": "browse"} in body["data"]["__schema"]["queryType"]["fields"]


async def test_the_day_before_is_made_in_many_short_turns_soon_after_the_start(demo):
    async with demo() as desk:
        plant, server = desk.plant, desk.server
        turns, ticks = [], []
        plant.prepare_past = lambda steps: turns.append(steps) or len(turns) >= 60
        tick, server.tick = server.tick, lambda: (ticks.append(len(turns)), tick())
        ticker = asyncio.create_task(server._tick_for_ever())
        try:
            async with asyncio.timeout(10):
                while len(turns) < 60:
                    await asyncio.sleep(0)
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
        assert max(turns) <= 50, "a turn must be short: requests wait for it"
        assert len(ticks) <= 20, "many turns a tick"
