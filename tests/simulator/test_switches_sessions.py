"""What the switches change in sessions, the log, alarms and writes."""

import aiohttp
import pytest

from simulator.conftest import LOGIN, closed_with, received
from simulator.fake_plant import START_NS

EXTEND = "mutation { extendSession { token error { code } user { name } } }"
READ = '{ tagValues(names: ["Total"]) { name } }'
HISTORY = """query($names: [String]!, $start: Timestamp, $end: Timestamp, $limit: Int = 0,
    $bounding: LoggedTagValuesBoundingModeEnum = NO_BOUNDING_VALUES) {
  loggedTagValues(names: $names, startTime: $start, endTime: $end, maxNumberOfValues: $limit,
      boundingValuesMode: $bounding) {
    loggingTagName error { code } values { flags value { value } } } }"""
SPAN = {"start": "2025-06-15T15:06:40Z", "end": "2025-06-15T15:06:44Z"}
WRITE = """mutation($input: [TagValueInput]!) {
  writeTagValues(input: $input) { name error { code } } }"""


async def login(desk, user="operator"):
    _, body = await desk.post(LOGIN, {"name": user, "password": desk.password(user)})
    return body


@pytest.mark.parametrize("code", ["101", "102", "103"])
async def test_logins_refused_by_a_code(demo, code):
    async with demo(f"login-refused={code}") as desk:
        session = (await login(desk))["data"]["login"]
        assert session["token"] is None
        assert session["error"]["code"] == code


async def test_logins_refused_otherwise(demo):
    async with demo("login-refused=null") as desk:
        assert await login(desk) == {"data": {"login": None}}
    async with demo("login-refused=FORBIDDEN") as desk:
        body = await login(desk)
        assert body["data"] == {"login": None}
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("how", "expires"),
    [
        ("null", None),
        ("ten-years", "2035-06-13T16:06:40.000Z"),
        ("seconds", 3600),
        ("epoch", START_NS // 10**9 + 3600),
        ("unset", "1970-01-01T00:00:00.000Z"),
    ],
)
async def test_the_end_of_a_session(demo, how, expires):
    async with demo(f"expires-as={how}") as desk:
        assert (await login(desk))["data"]["login"]["expires"] == expires


@pytest.mark.parametrize(
    ("how", "user"),
    [
        ("null", None),
        ("no-groups", {"name": "operator", "groups": None, "fullName": "Olivia Operator"}),
        ("name-only", {"name": "operator", "groups": None, "language": None, "id": None}),
    ],
)
async def test_the_user_of_a_session(demo, how, user):
    async with demo(f"user-as={how}") as desk:
        found = (await login(desk))["data"]["login"]["user"]
        assert found == user if user is None else found.items() >= user.items()


async def test_only_login_tells_the_token(demo):
    async with demo("no-token-echo") as desk:
        token = await desk.token("operator")
        assert token
        assert (await desk.data(EXTEND))["extendSession"]["token"] is None
        assert (await desk.data("{ session { token } }"))["session"] == [{"token": None}]
    async with demo("no-token-echo", "new-token-on-extend") as desk:
        token = await desk.token("operator")
        renewed = (await desk.data(EXTEND))["extendSession"]["token"]
        assert renewed not in (None, token)


async def test_extending_that_fails(demo):
    async with demo("extend-as=null") as desk:
        assert await desk.data(EXTEND) == {"extendSession": None}
    async with demo("extend-as=error") as desk:
        found = (await desk.data(EXTEND))["extendSession"]
        assert found == {"token": None, "error": {"code": "1"}, "user": None}
    async with demo("extend-as=refused") as desk:
        assert await desk.refused(EXTEND) == ("Access denied", "FORBIDDEN")
    async with demo("extend-as=close") as desk:
        await desk.token("operator")
        with pytest.raises(aiohttp.ClientError):
            await desk.post(EXTEND, user="operator")
        assert await desk.data(READ)


async def test_a_login_ends_the_others_of_its_user(demo):
    async with demo("single-session") as desk:
        first, other = await desk.token("operator"), await desk.token("viewer")
        socket = await desk.socket()
        desk.tokens.pop("operator")
        await desk.token("operator")
        _, body = await desk.post(READ, headers={"Authorization": f"Bearer {first}"})
        assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        _, body = await desk.post(READ, headers={"Authorization": f"Bearer {other}"})
        assert "errors" not in body
        assert await closed_with(socket) == 4401


async def test_a_stale_header_refused_even_at_a_login(demo):
    async with demo("stale-header-refused") as desk:
        variables = {"name": "viewer", "password": "Viewer-1"}
        status, _ = await desk.post(LOGIN, variables, headers={"Authorization": "Bearer old"})
        assert status == 401
        assert (await login(desk, "viewer"))["data"]["login"]["token"]


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [("401-html", 401, "text/html"), ("500", 500, "application/json")],
)
async def test_more_answers_to_a_stale_token(demo, how, status, kind):
    async with demo(f"expired-as={how}") as desk:
        headers = {"Authorization": "Bearer old"}
        async with desk.http.post(desk.server.url, json={"query": READ}, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (status, kind)
        assert await desk.data(READ)


# Logged values


async def series(desk, *names, **variables):
    found = await desk.data(HISTORY, {"names": list(names or ["Pump.Speed"]), **SPAN, **variables})
    return found["loggedTagValues"]


def values(one):
    return [row["value"]["value"] for row in one["values"]]


@pytest.mark.parametrize(
    ("switch", "found"),
    [
        ("exclusive-bounds", [1, 2, 3]),
        ("exclusive-bounds=start", [1, 2, 3, 4]),
        ("exclusive-bounds=end", [0, 1, 2, 3]),
        ("history-order=reversed", [4, 3, 2, 1, 0]),
        ("history-order=mixed", [0, 2, 4, 1, 3]),
        ("history-order=twice", [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]),
    ],
)
async def test_which_rows_and_in_which_order(demo, switch, found):
    async with demo(switch) as desk:
        assert values((await series(desk))[0]) == found


async def test_a_cap_with_a_sign(demo):
    async with demo("history-cap=3", "history-cap-sign=error") as desk:
        one = (await series(desk))[0]
        assert (values(one), one["error"]["code"]) == ([0, 1, 2], "1")
        one = (await series(desk, limit=2))[0]
        assert (values(one), one["error"]["code"]) == ([0, 1], "0")
    async with demo("history-cap=3", "history-cap-sign=flag") as desk:
        one = (await series(desk))[0]
        assert [row["flags"] for row in one["values"]] == [[], [], ["PARTIAL"]]
        assert one["error"]["code"] == "0"
    async with demo("history-cap-sign") as desk:
        assert len(values((await series(desk))[0])) == 5


async def test_a_series_without_rows_may_be_null(demo):
    early = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
    for switches, empty in (([], []), (["history-null"], None)):
        async with demo(*switches) as desk:
            found = await series(desk, "Pump.Speed", "Nothing", **early)
            assert [one["values"] for one in found] == [empty, empty]


async def test_plain_names_may_be_refused(demo):
    async with demo("plain-names-refused") as desk:
        plain, full = await series(desk, "Pump.Speed", "HMI_RT_1::Pump.Speed:Log_1s")
        assert (plain["error"]["code"], plain["values"]) == ("2", [])
        assert (full["error"]["code"], values(full)) == ("0", [0, 1, 2, 3, 4])


@pytest.mark.parametrize(
    ("switch", "flags"),
    [
        ("flags-as=null", [None, None, None]),
        ("flags-as=empty", [[], [], []]),
        (
            "unknown-members=flag",
            [["BOUNDING", "REPLAYED"], ["REPLAYED"], ["BOUNDING", "REPLAYED"]],
        ),
        ("bounding-missing=left", [[], ["BOUNDING"]]),
        ("bounding-missing=right", [["BOUNDING"], []]),
        ("bounding-missing=both", [[]]),
        ("bounding-missing=unflagged", [[], [], []]),
    ],
)
async def test_flags_and_bounding_values(demo, switch, flags):
    async with demo(switch) as desk:
        both = {"bounding": "LEFTRIGHT_BOUNDING_VALUES", "end": SPAN["start"]}
        one = (await series(desk, **both))[0]
        assert [row["flags"] for row in one["values"]] == flags


@pytest.mark.parametrize(
    ("switches", "name"),
    [
        ([], "HMI_RT_1::Pump.Speed:Log_1s"),
        (["log-name-as=asked"], "Pump.Speed"),
        (["log-name-as=tag"], "HMI_RT_1::Pump.Speed"),
        (["log-name-as=null"], None),
    ],
)
async def test_the_name_of_a_series(demo, switches, name):
    async with demo(*switches) as desk:
        assert (await series(desk))[0]["loggingTagName"] == name


# Alarms


async def alarms(desk, fields, arguments=""):
    return (await desk.data(f"{{ activeAlarms{arguments} {{ {fields} }} }}"))["activeAlarms"]


@pytest.mark.parametrize(
    ("switches", "texts"),
    [
        ([], ["Speed High", "Drehzahl High"]),
        (["alarm-texts=null"], None),
        (["alarm-texts=empty"], []),
        (["alarm-texts=one"], ["Speed High"]),
    ],
)
async def test_texts_of_alarms(demo, switches, texts):
    async with demo(*switches) as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        found = await alarms(desk, "eventText", '(languages: ["en-US", "de-DE"])')
        assert found == [{"eventText": texts}]
        # A filter looks at the plant's texts, not at what a reply shows.
        filtered = "(filterString: \"eventText LIKE 'Speed*'\")"
        assert len(await alarms(desk, "name", filtered)) == 1


async def test_alarms_with_nothing_but_what_they_need(demo):
    async with demo("alarm-nulls") as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        found = await alarms(
            desk, "name state priority area value quality { quality } userResponse"
        )
        assert found == [
            {
                "name": "HMI_RT_1::Pump.Speed:High",
                "state": "RAISED",
                "priority": 7,
                "area": None,
                "value": None,
                "quality": None,
                "userResponse": None,
            }
        ]


@pytest.mark.parametrize(("how", "shown"), [("null", None), ("text", "1")])
async def test_instance_numbers(demo, how, shown):
    async with demo(f"instance-id={how}") as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        assert await alarms(desk, "instanceID") == [{"instanceID": shown}]
        found = await desk.data(
            'mutation { acknowledgeAlarms(input: [{name: "HMI_RT_1::Pump.Speed:High", '
            "instanceID: 1}]) { alarmInstanceID error { code } } }"
        )
        assert found["acknowledgeAlarms"] == [{"alarmInstanceID": 1, "error": {"code": "0"}}]


async def test_filters_of_alarms(demo):
    wanted = '(filterString: "priority > 10")'
    async with demo("alarm-filter=refused") as desk:
        query = f"{{ activeAlarms{wanted} {{ name }} }}"
        assert (await desk.refused(query))[1] == "301"
        assert await alarms(desk, "name") == []
    async with demo("alarm-filter=ignored") as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        assert len(await alarms(desk, "name", wanted)) == 1


async def test_a_project_of_one_language(demo):
    async with demo("one-language") as desk:
        query = '{ activeAlarms(languages: ["en-US", "de-DE"]) { name } }'
        assert (await desk.refused(query))[1] == "302"
        assert await alarms(desk, "name", '(languages: ["en-US"])') == []


# Writes


async def write(desk, **written):
    listed = [{"name": name, "value": value} for name, value in written.items()]
    found = (await desk.data(WRITE, {"input": listed}))["writeTagValues"]
    return found and {item["name"]: item["error"]["code"] for item in found}


@pytest.mark.parametrize("code", ["1", "2", "3", "201"])
async def test_the_code_of_refused_writes(demo, code):
    async with demo(f"write-refused={code}") as desk:
        assert await write(desk, Total=1, Recipe=[1]) == {"Total": code, "Recipe": "0"}


@pytest.mark.parametrize(
    ("how", "reply"),
    [("refused", {"Recipe": "0"}), ("accepted", {"Total": "1"}), ("all", []), ("null", None)],
)
async def test_items_that_a_reply_lacks(demo, how, reply):
    async with demo(f"write-left-out={how}") as desk:
        assert await write(desk, Total=1, Recipe=[2.0]) == reply
        assert desk.plant.writes == [("Recipe", [2.0], "operator")]


async def test_writes_that_are_lost_or_late(demo):
    async with demo("write-lost") as desk:
        assert await write(desk, **{"Pump.Speed": 5, "Total": 6, "No": 1}) == {
            "Pump.Speed": "0",
            "Total": "1",
            "No": "2",
        }
        desk.tick(10)
        assert desk.plant.writes == []
    async with demo("write-late=2") as desk:
        assert await write(desk, **{"Pump.Speed": 5}) == {"Pump.Speed": "0"}
        desk.tick(1)
        assert desk.plant.writes == []
        desk.tick(1.5)
        assert desk.plant.writes == [("Pump.Speed", 5.0, "operator")]


async def test_writes_without_an_answer(demo):
    async with demo("write-unanswered") as desk:
        await desk.token("operator")
        with pytest.raises(aiohttp.ClientError):
            await write(desk, **{"Pump.Speed": 5})
        assert desk.plant.writes == [("Pump.Speed", 5.0, "operator")]
        socket = await desk.socket()
        payload = {
            "query": WRITE,
            "variables": {"input": [{"name": "Pump.Speed", "value": 6}]},
        }
        await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
        assert await closed_with(socket) == 1006
        assert desk.plant.writes[1:] == [("Pump.Speed", 6.0, "operator")]
        assert await desk.data(READ)


# Alarms on the WebSocket

PUSHED = "subscription { activeAlarms { name state notificationReason } }"


async def alarm_socket(desk):
    socket = await desk.socket()
    await socket.send_json({"id": "a", "type": "subscribe", "payload": {"query": PUSHED}})
    return socket


async def next_alarm(socket):
    item = (await received(socket))["payload"]["data"]["activeAlarms"]
    return item["state"], item["notificationReason"]


async def answered(desk, socket):
    """Wait until the server has taken all before."""
    await socket.send_json(
        {"id": "q", "type": "subscribe", "payload": {"query": "{ nonce { validFor } }"}}
    )
    message = await received(socket)
    assert message["id"] == "q", message
    assert (await received(socket))["type"] == "complete"


async def test_what_stands_may_not_be_told(demo):
    async with demo("no-alarm-added") as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        desk.tick()
        socket = await alarm_socket(desk)
        await answered(desk, socket)
        desk.plant.alarms.clear_alarm("Pump.Speed:High", START_NS + 10**9)
        desk.tick()
        assert await next_alarm(socket) == ("RAISED_CLEARED", "Modified")
        await socket.close()


@pytest.mark.parametrize(
    ("switches", "last"),
    [
        ([], ("RAISED_CLEARED_ACKNOWLEDGED", "Removed")),
        (["alarm-end=NORMAL"], ("NORMAL", "Modified")),
        (["alarm-end=REMOVED"], ("REMOVED", "Modified")),
    ],
)
async def test_how_the_end_of_an_alarm_is_told(demo, switches, last):
    async with demo(*switches) as desk:
        engine = desk.plant.alarms
        engine.raise_alarm("Pump.Speed:High", START_NS)
        engine.clear_alarm("Pump.Speed:High", START_NS)
        desk.tick()
        socket = await alarm_socket(desk)
        assert await next_alarm(socket) == ("RAISED_CLEARED", "Added")
        engine.acknowledge("Pump.Speed:High", 0, desk.plant.now_ns, "operator", "here")
        desk.tick()
        assert await next_alarm(socket) == last
        await socket.close()


async def test_alarms_resynchronised(demo):
    async with demo("alarm-resync=3") as desk:
        desk.plant.alarms.raise_alarm("Pump.Speed:High", START_NS)
        desk.tick()
        socket = await alarm_socket(desk)
        assert await next_alarm(socket) == ("RAISED", "Added")
        desk.tick(4)
        assert await next_alarm(socket) == ("REMOVED", "Removed")
        assert await next_alarm(socket) == ("RAISED", "Added")
        await socket.close()
