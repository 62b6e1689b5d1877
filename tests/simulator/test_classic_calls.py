"""Each call of the classic face on the demo plant, as the plain server answers it."""

import datetime as dt
from urllib.parse import quote

import pytest

from simulator.classic_desk import classic_desk
from simulator.rested_plant import START_NS, copied, remembering
from tagwerk.simulator.classic.calls import CALLS
from tagwerk.simulator.classic.catalogue import TYPE_NUMBERS
from tagwerk.simulator.classic.values import quality_code
from tagwerk.simulator.state import GOOD, NO_COMMUNICATION, SENSOR_FAILURE, QualityWords

FILTER = "Störungen/Kühlung"
ENCODED = quote(FILTER, safe="")
NOW = dt.datetime.fromtimestamp(START_NS / 1e9, dt.UTC)


def iso(seconds):
    """A time so many seconds after the start."""
    return (NOW + dt.timedelta(seconds=seconds)).isoformat()


def first(row):
    """The first member of a list's first element."""
    return next(iter(row[0].items()))


LISTS = [
    ("tagManagement/Connections", ("connectionName", "PLC_21"), 1),
    ("tagManagement/Groups", ("groupName", "Cooling"), 7),
    ("tagManagement/StructureTypes", ("structureTypeName", "PidLoop"), 4),
    ("tagManagement/StructureVariable/Motor", ("structureVariableName", "P2121"), 6),
    ("tagManagement/variables", ("variableName", "TIC2120.PV"), 330),
    ("tagLogging/Archives", ("archiveName", "Process_1s"), 3),
    ("tagLogging/Archive/Process_10s/Variables", ("variableName", "P2121.Hours"), 22),
    ("tagLogging/Variables", ("variableName", "TIC2120.PV"), 141),
    ("tagLogging/Timers", ("timerName", "1 second"), 2),
    ("alarmLogging/MessageClasses", ("messageClassID", 1), 5),
    ("alarmLogging/MessageTypes", ("messageTypeID", 17), 5),
    ("alarmLogging/MessageGroups", ("messageGroupID", 1), 6),
    ("alarmLogging/MessageBlocks", ("messageBlockID", 1), 5),
    ("alarmLogging/Messages", ("messageNumber", 21001), 47),
    ("alarmLogging/LimitValues", ("variableName", "TIC2120.PV"), 23),
    ("alarmLogging/RestFilters", ("filterName", "All"), 3),
    ("alarmLogging/MessageList/All", ("messageNumber", 21009), 3),
    (f"alarmLogging/MessageList/{ENCODED}", ("messageNumber", 21009), 1),
    ("alarmLogging/LongTermArchive/All", None, 100),
    ("alarmLogging/ShortTermArchive/All", None, 20),
    ("alarmLogging/HitList/All", None, 10),
    ("alarmLogging/LockList/All", None, 0),
    ("alarmLogging/Hidelist/All", None, 0),
    ("alarmLogging/HiddenMessageList/All", None, 0),
]
"""Path, first member of the first element, least number of elements."""

SINGLES = [
    ("tagManagement/Connection/plc_21", ("connectionName", "PLC_21")),
    ("tagManagement/Group/cooling", ("groupName", "Cooling")),
    ("tagManagement/StructureType/Valve", ("structureTypeName", "Valve")),
    ("tagManagement/variable/TIC2120.SP", ("variableName", "TIC2120.SP")),
    ("tagManagement/variable/Offset%20Waage%20%232", ("variableName", "Offset Waage #2")),
    ("tagManagement/Value/tic2120.pv", ("variableName", "tic2120.pv")),
    ("tagLogging/Archive/events", ("archiveName", "Events")),
    ("tagLogging/Archive/Events/Variable/Batch_Step", ("variableName", "Batch_Step")),
    ("tagLogging/Variable/Process_1s%5CTIC2120.PV", ("variableName", "TIC2120.PV")),
    ("tagLogging/Timer/10%20seconds", ("timerName", "10 seconds")),
    ("alarmLogging/MessageClass/Warning", ("messageClassID", 2)),
    ("alarmLogging/MessageType/33", ("messageTypeID", 33)),
    ("alarmLogging/MessageGroup/Cooling", ("messageGroupID", 1)),
    ("alarmLogging/MessageBlock/Help%20text", ("messageBlockID", 3)),
    ("alarmLogging/Message/21002", ("messageNumber", 21002)),
    (f"alarmLogging/RestFilter/{ENCODED}", ("filterName", FILTER)),
]


def test_the_table_of_calls_has_every_list_and_single():
    asked = {path.partition("?")[0].split("/")[1] for path, *_ in (*LISTS, *SINGLES)}
    offered = {call.path.split("/")[1] for call in CALLS if call.method == "GET"}
    assert offered - asked == {"LimitValue"}


async def test_lists():
    async with classic_desk() as desk:
        for path, member, least in LISTS:
            rows = await desk.get(path)
            assert isinstance(rows, list), path
            assert len(rows) >= least, (path, len(rows))
            assert member is None or first(rows) == member, path


async def test_singles_and_what_is_not_there():
    async with classic_desk() as desk:
        for path, member in SINGLES:
            row = await desk.get(path)
            assert next(iter(row.items())) == member, path
            if "/Value/" not in path:
                gone = path.rpartition("/")[0] + "/nothing"
                assert (await desk.ask("GET", gone)).status == 404, gone
        assert (await desk.get("alarmLogging/LimitValue/FI2121.PV"))[0]["limitValue"] == 12
        assert (await desk.ask("GET", "alarmLogging/LimitValue/nothing")).status == 404
        assert (await desk.ask("GET", "tagManagement/Value/nothing")).json == {
            "variableName": "nothing",
            "errorcode": 1,
            "error": "Not Found",
        }


async def test_values():
    async with classic_desk() as desk:
        rows = await desk.read(
            "TIC2120.PV", "No", "Batch_Order", "Batch_StepsDone", "Batch_Amounts_5", "PI2122.PV"
        )
        assert list(rows["TIC2120.PV"]) == [
            "variableName",
            "dataType",
            "value",
            "timestamp",
            "qualitycode",
            "errorcode",
        ]
        assert rows["TIC2120.PV"]["qualitycode"] == 0x80
        assert rows["TIC2120.PV"]["timestamp"].endswith("Z")
        assert rows["No"] == {"variableName": "No", "errorcode": 1, "error": "Not Found"}
        assert (rows["Batch_Order"]["dataType"], rows["Batch_Order"]["value"]) == (9, 2.0**53)
        assert rows["Batch_StepsDone"]["dataType"] == 12
        assert rows["Batch_Amounts_5"]["value"] == 12.25
        assert rows["PI2122.PV"]["qualitycode"] & 0xC0 == 0x40


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (GOOD, 0x80),
        (NO_COMMUNICATION, 0x14),
        (SENSOR_FAILURE, 0x13),
        (QualityWords(limit="HIGH_LIMIT_VIOLATION"), 0x82),
        (QualityWords("GOOD_CASCADE", "LOCAL_OVERRIDE"), 0xD8),
        (QualityWords("GOOD_CASCADE", "SIMULATED_VALUE"), 0x60),
        (QualityWords("UNCERTAIN", "SUBSTITUTE_VALUE"), 0x48),
        (QualityWords("BAD", "SOMETHING_ELSE"), 0x00),
    ],
)
def test_quality_codes(words, code):
    assert quality_code(words) == code


async def test_writes_reach_the_plant_cut_or_refused():
    async with classic_desk(is_fresh=True) as desk:
        reply = await desk.write(
            TIC2120__SP=1000, TIC2120__PV=1, No=1, Batch_Product="x", Batch_Amounts=[1]
        )
        assert reply.status == 200
        assert reply.json == [
            {"variableName": "TIC2120.SP", "errorcode": 0},
            {"variableName": "TIC2120.PV", "errorcode": 2, "error": "Write access denied"},
            {"variableName": "No", "errorcode": 1, "error": "Not Found"},
            {"variableName": "Batch_Product", "errorcode": 3, "error": "Type mismatch"},
            {"variableName": "Batch_Amounts", "errorcode": 2, "error": "Write access denied"},
        ]
        assert await desk.put("tagManagement/Value/Batch_Amounts_1", {"Value": "7.5"}) == {
            "variableName": "Batch_Amounts_1",
            "errorcode": 0,
        }
        desk.tick()
        rows = await desk.read("TIC2120.SP", "Batch_Amounts_1")
        assert [row["value"] for row in rows.values()] == [40, 7.5]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "tagManagement/Values", {}),
        ("POST", "tagManagement/Values", {"variableNames": [1]}),
        ("POST", "tagManagement/Values", None),
        ("PUT", "tagManagement/Values", {"variableName": "a"}),
        ("PUT", "tagManagement/Values", [{"value": 1}]),
        ("PUT", "tagManagement/Value/TIC2120.SP", {}),
        ("POST", "tagLogging/Archive/Events/Values?begin=yesterday", {"variableNames": []}),
        ("POST", "tagLogging/Archive/Events/Values?maxValues=-1", {"variableNames": []}),
        ("POST", "tagLogging/Values", {"archives": [1]}),
        ("POST", "tagLogging/Values", {"archives": [{"name": "Events"}]}),
        ("GET", "tagManagement/variables?itemLimit=x", None),
        ("GET", "tagManagement/variables?continuationPoint=x", None),
    ],
)
async def test_wrong_requests(method, path, body):
    async with classic_desk() as desk:
        reply = await desk.ask(method, path, body)
        assert reply.status == 400
        assert reply.json["error"]


async def test_a_body_that_is_no_json():
    async with classic_desk() as desk:
        async with desk.http.post(
            f"{desk.base}/tagManagement/Values",
            data=b"{",
            headers={"Authorization": "Bearer demo-token-of-viewer"},
        ) as answer:
            assert answer.status == 400


async def test_patterns_and_pages():
    async with classic_desk() as desk:
        found = await desk.get("tagManagement/variables", variableName="tic2120.*")
        assert len(found) == 12
        assert await desk.post("tagManagement/variables?variableName=TIC2120.%3FV") == found[:3:2]
        names = [row["variableName"] for row in await desk.get("tagManagement/variables")]
        paged = []
        while page := await desk.get(
            "tagManagement/variables", itemLimit=100, continuationPoint=len(paged)
        ):
            paged += [row["variableName"] for row in page]
        assert paged == names
        assert len({name.casefold() for name in names}) == len(names)


async def test_structures():
    async with classic_desk() as desk:
        (one,) = await desk.post(
            "tagManagement/StructureVariables", {"typeNames": ["pidloop"]}, itemLimit=1
        )
        assert one["structureVariableName"] == "TIC2120"
        assert one["variables"][:2] == ["TIC2120.PV", "TIC2120.SP"]
        assert await desk.post("tagManagement/StructureVariables", {"typeNames": ["x"]}) == []
        described = await desk.get("tagManagement/StructureType/PidLoop")
        assert described["elements"][0] == {"elementName": "PV", "dataType": 9}


async def test_archived_values():
    async with classic_desk() as desk:
        path = "tagLogging/Archive/Process_1s/Values"
        names = ["TIC2120.PV", "No", "Batch_Step"]
        answer = await desk.post(
            path, {"variableNames": names}, begin=iso(-60), end=iso(-31), maxValues=20
        )
        logged, unknown, elsewhere = answer
        assert len(logged["values"]) == 20
        assert list(logged["values"][0]) == ["value", "timestamp", "qualitycode"]
        assert unknown == {
            "variableName": "No",
            "values": [],
            "errorcode": 1,
            "error": "Not Found",
        }
        assert elsewhere["error"] == "Not Found"
        hour = await desk.post(path, {"variableNames": names[:1]}, maxValues=10_000)
        assert 3590 <= len(hour[0]["values"]) <= 3601
        plain = NOW.astimezone().replace(tzinfo=None) - dt.timedelta(seconds=60)
        for begin in (plain.isoformat(), f"{plain:%d.%m.%Y %H:%M:%S}"):
            same = await desk.post(
                path, {"variableNames": names[:1]}, begin=begin, end=iso(-31), maxValues=20
            )
            assert same == [logged]
        reply = await desk.ask("POST", path, {"variableNames": names}, begin=iso(0), end=iso(-9))
        assert reply.status == 400


async def test_archived_values_of_several_archives():
    async with classic_desk() as desk:
        variables = [
            {"name": "TIC2120.PV", "timeFrom": iso(-60), "timeTo": iso(-51), "maxValues": 3},
            {"name": "TIC2120.PV", "timeFrom": iso(-60), "range": 4},
            {"name": "TIC2120.PV", "timeTo": iso(-60), "range": "4"},
            {"name": "TIC2120.PV", "range": 9},
        ]
        body = {"archives": [{"name": "Process_1s", "variables": variables}]}
        series = await desk.post("tagLogging/Values", body)
        counts = [len(one["values"]) for one in series]
        assert counts[:3] == [3, 5, 5]
        assert counts[3] in (9, 10)
        assert series[1]["values"][0] == series[2]["values"][-1]
        (plain,) = await desk.post(
            "tagLogging/Values", {"variableNames": ["TIC2120.PV"]}, begin=iso(-60), end=iso(-56)
        )
        assert plain == series[1]
        wrong = {"archives": [{"name": "No", "variables": []}]}
        assert (await desk.ask("POST", "tagLogging/Values", wrong)).status == 404
        wrong = {"archives": [{"name": "Events", "variables": [{"name": "a", "range": "x"}]}]}
        assert (await desk.ask("POST", "tagLogging/Values", wrong)).status == 400


async def test_messages_in_both_languages():
    async with classic_desk() as desk:
        english = await desk.get("alarmLogging/MessageList/All")
        german = await desk.get(
            "alarmLogging/MessageList/All", headers={"Accept-Language": "fr, de-CH;q=0.8"}
        )
        assert [one["messageNumber"] for one in german] == [one["messageNumber"] for one in english]
        assert "Warnung" in {one["messageClassName"] for one in german}
        one = english[0]
        assert one["state"] == 3
        assert one["timeCameIn"] < one["timeAcknowledged"] <= one["dateTime"]
        assert one["userTextBlocks"]["1"].startswith("PI2122")
        assert one["variableName"].startswith("PI2122.")


async def test_messages_follow_the_plant():
    async with classic_desk(model=copied(remembering())) as desk:
        name = "Cooling.TIC2120.PV:PV_High"
        alarms = desk.model.alarms
        alarms.raise_alarm(name, START_NS, value=24, limit=23.5, parameters=(23.5, 24.0))

        async def numbers(what):
            return [one["messageNumber"] for one in await desk.get(f"alarmLogging/{what}/All")]

        assert 21001 in await numbers("MessageList")
        desk.tick()
        newest = (await desk.get("alarmLogging/ShortTermArchive/All", maxValues=2))[0]
        assert (newest["messageNumber"], newest["state"]) == (21001, 1)
        assert newest["processValueBlocks"] == {"1": 23.5, "2": 24.0}
        alarms.shelve(name, START_NS)
        assert 21001 not in await numbers("MessageList")
        assert 21001 in await numbers("HiddenMessageList")
        assert 21001 in await numbers("Hidelist")
        alarms.unshelve(name, START_NS)
        alarms.disable(name, START_NS)
        assert await numbers("LockList") == [21001]
        assert 21001 not in await numbers("MessageList")


async def test_the_archives_of_messages():
    async with classic_desk() as desk:
        rows = await desk.get("alarmLogging/LongTermArchive/All")
        assert len(rows) <= 1000
        times = [row["dateTime"] for row in rows]
        assert times == sorted(times, reverse=True)
        assert {row["state"] for row in rows} >= {1, 2, 3}
        assert len(await desk.get("alarmLogging/LongTermArchive/All", maxValues=7)) == 7
        short = await desk.get("alarmLogging/ShortTermArchive/All", maxValues=5000)
        assert len(short) < len(rows)
        hits = await desk.get("alarmLogging/HitList/All", maxValues=2)
        assert len(hits) == 2
        assert hits[0]["count"] >= hits[1]["count"] > 0
        assert hits[0]["averageDuration"] >= 0


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        ("Basic !!!", 401),
        ("Basic b3BlcmF0b3I=", 401),
        ("Bearer nobody-knows", 401),
        ("Digest x", 401),
        ("Bearer demo-token-of-viewer", 200),
        ("bearer demo-token-of-nobody", 403),
        ("Basic b3BlcmF0b3I6T3BlcmF0b3ItMQ==", 200),
        ("basic T1BFUkFUT1I6T3BlcmF0b3ItMQ==", 200),
    ],
)
async def test_who_asks(authorization, status):
    async with classic_desk() as desk:
        reply = await desk.ask(
            "GET", "tagManagement/Connections", headers={"Authorization": authorization}
        )
        assert reply.status == status
        assert ("WWW-Authenticate" in reply.headers) is (status == 401)


async def test_rights():
    async with classic_desk() as desk:
        body = [{"variableName": "TIC2120.SP", "value": 20}]
        reply = await desk.ask("PUT", "tagManagement/Values", body, user="viewer")
        assert reply.status == 403
        assert reply.json == {"errorcode": 403, "error": "Access denied"}


async def test_paths():
    async with classic_desk() as desk:
        host = desk.base.removesuffix("/WinCCRestService")
        for path in (
            "TAGMANAGEMENT/connections",
            "tagmanagement/CONNECTIONS/",
            f"{host}/winccrestservice/tagManagement/Connections",
        ):
            assert len(await desk.get(path)) == 1
        for path in (
            "",
            "tagManagement",
            "tagManagement/Nothing",
            "a/b/c/d/e/f",
            host,
            f"{host}/x/y",
        ):
            assert (await desk.ask("GET", path)).status == 404
        reply = await desk.ask("DELETE", "tagManagement/Values")
        assert reply.status == 405
        assert reply.headers["Allow"] == "POST, PUT"


async def test_both_faces_show_one_plant():
    async with classic_desk(is_fresh=True, dialect="both") as desk:
        assert set(desk.server.ready) == {"unified", "classic", "users"}
        assert desk.server.ready["users"][0]["token"] == "demo-token-of-operator"
        login = 'mutation { login(username: "operator", password: "Operator-1") { token } }'

        async def ask(query, token=""):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with desk.http.post(
                desk.server.unified.url, json={"query": query}, headers=headers
            ) as answer:
                return (await answer.json())["data"]

        token = (await ask(login))["login"]["token"]
        reading = '{ tagValues(names: ["Cooling.TIC2120.SP"]) { value { value } } }'
        assert (await desk.write(TIC2120__SP=31)).status == 200
        desk.tick()
        assert (await ask(reading, token))["tagValues"][0]["value"]["value"] == 31
        await ask(
            'mutation { writeTagValues(input: [{name: "Cooling.TIC2120.SP", value: 22}]) { name } }',
            token,
        )
        desk.tick()
        assert (await desk.read("TIC2120.SP"))["TIC2120.SP"]["value"] == 22


def test_every_type_of_the_plant_has_a_number():
    assert set(TYPE_NUMBERS.values()) <= set(range(1, 13))


async def test_hundreds_of_thousands_of_generated_tags():
    from tagwerk.simulator.model import PlantModel

    model = PlantModel.create(start_ns=START_NS, generated=250_000)
    async with classic_desk(model=model) as desk:
        assert len(await desk.get("tagManagement/Connections")) == 2
        assert len(await desk.get("tagManagement/Groups")) == 257
        rows = await desk.get("tagManagement/variables", itemLimit=1000, continuationPoint=249_800)
        assert 500 < len(rows) < 1000
        assert rows[-1]["variableName"] == "Line250_Unit020_T249999"
        assert rows[-1]["groupName"] == "Line250"
        found = await desk.get("tagManagement/variables", variableName="*_t2499??")
        assert found == rows[-100:]
        found = await desk.get("tagManagement/variables", variableName="LINE00?_*1")
        assert len(found) == 900
        found = await desk.get("tagManagement/variables", variableName="Line01*")
        assert [row["variableName"][-5:] for row in found] == [
            f"{n:05d}" for n in range(9000, 19000)
        ]
        names = [row["variableName"] for row in rows[-500:]]
        values = await desk.read(*names, "Line001_Unit002_T00000", "line001_unit001_t00000")
        assert sum("error" in row for row in values.values()) == 1
