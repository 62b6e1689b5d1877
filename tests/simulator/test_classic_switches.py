"""Each variant of the classic face: a call, and what the variant makes of its answer."""

import asyncio
import datetime as dt
import re

import aiohttp
import pytest

from simulator.classic_desk import classic_desk
from simulator.rested_plant import copied, remembering
from tagwerk.domain.errors import UsageError
from tagwerk.simulator.classic.clock import PlantTimes
from tagwerk.simulator.state import NO_COMMUNICATION
from tagwerk.simulator.switches import SWITCHES, parse_switches

CONNECTIONS = ("GET", "tagManagement/Connections")
ARCHIVES = ("GET", "tagLogging/Archives")
TWO_ARCHIVES = ("GET", "tagLogging/Archives?itemLimit=2")
LAST_ARCHIVES = ("GET", "tagLogging/Archives?itemLimit=2&continuationPoint=2")
NO_TYPES = ("POST", "tagManagement/StructureVariables", {"typeNames": []})
NAMES = ["TIC2120.PV", "Alarm horn", "Nothing", "TIC2150.PV", "PI2122.PV"]
VALUES = ("POST", "tagManagement/Values", {"variableNames": NAMES})
VALUE = ("GET", "tagManagement/Value/TIC2120.PV")
BIT = ("GET", "tagManagement/Value/Alarm%20horn")
NOTHING = ("GET", "tagManagement/Value/Nothing")
VARIABLE = ("GET", "tagManagement/variable/TIC2120.PV")
WRITES = (
    "PUT",
    "tagManagement/Values",
    [{"variableName": "TIC2120.SP", "value": 21}, {"variableName": "Nothing", "value": 1}],
)
WRITE = ("PUT", "tagManagement/Value/TIC2120.SP", {"value": 21})
LOG = (
    "POST",
    "tagLogging/Archive/Process_1s/Values?maxValues=4",
    {"variableNames": ["TIC2120.PV", "Nothing"]},
)
BEGIN = "tagLogging/Archive/Process_1s/Values?maxValues=4&begin="
PENDING = ("GET", "alarmLogging/MessageList/All")
FILTERS = ("GET", "alarmLogging/RestFilters")
LIMITS = ("GET", "alarmLogging/LimitValues")
LIMIT = ("GET", "alarmLogging/LimitValue/TIC2120.PV")
HISTORY = ("GET", "alarmLogging/LongTermArchive/All")


def names(rows):
    """What the rows are about."""
    return [row["variableName"] for row in rows]


CONTENTS = [
    # Replies
    ("classic-wrapper=values", VALUES, lambda a: list(a) == ["values"] and len(a["values"]) == 5),
    ("classic-wrapper=value", VALUES, lambda a: list(a) == ["value"]),
    ("classic-wrapper=items", ARCHIVES, lambda a: list(a) == ["items"]),
    ("classic-wrapper=data", PENDING, lambda a: list(a) == ["data"]),
    ("classic-wrapper=own", ARCHIVES, lambda a: list(a) == ["archives"]),
    ("classic-wrapper=own", PENDING, lambda a: list(a) == ["messages"]),
    ("classic-single-as=list", VALUE, lambda a: names(a) == ["TIC2120.PV"]),
    ("classic-single-as=value", VALUE, lambda a: a["value"]["variableName"] == "TIC2120.PV"),
    ("classic-keys=lower", VALUE, lambda a: a["variablename"] == "TIC2120.PV" and "datatype" in a),
    ("classic-keys=upper", VALUE, lambda a: {"VARIABLENAME", "QUALITYCODE"} <= set(a)),
    ("classic-keys=camel", VALUE, lambda a: {"variableName", "qualityCode", "errorCode"} <= set(a)),
    ("classic-keys=pascal", VALUE, lambda a: {"VariableName", "Timestamp", "DataType"} <= set(a)),
    ("classic-keys=snake", LOG, lambda a: {"quality_code", "timestamp"} <= set(a[0]["values"][0])),
    (
        "classic-numbers-as-text",
        VALUE,
        lambda a: (
            (a["dataType"], a["qualitycode"], a["errorcode"]) == ("9", "128", "0")
            and isinstance(a["value"], float)
        ),
    ),
    ("classic-more-keys", VALUES, lambda a: all({"@id", "server"} <= set(one) for one in a)),
    # Lists
    (
        "classic-paging=member",
        TWO_ARCHIVES,
        lambda a: len(a["items"]) == 2 and a["continuationPoint"] == 2,
    ),
    ("classic-paging=member", LAST_ARCHIVES, lambda a: list(a) == ["items"]),
    ("classic-paging=next-member", TWO_ARCHIVES, lambda a: a["nextContinuationPoint"] == 2),
    ("classic-paging=camel-next", TWO_ARCHIVES, lambda a: a["nextPoint"] == 2),
    (
        "classic-paging=nested",
        TWO_ARCHIVES,
        lambda a: a["paging"] == {"continuationPoint": 2, "hasMore": True},
    ),
    ("classic-paging=last-element", TWO_ARCHIVES, lambda a: a[2] == {"continuationPoint": 2}),
    ("classic-paging=ignored", TWO_ARCHIVES, lambda a: len(a) == 3),
    ("classic-paging=repeats", LAST_ARCHIVES, lambda a: a[0]["archiveName"] == "Process_1s"),
    (
        "classic-end=null classic-paging=member",
        LAST_ARCHIVES,
        lambda a: a["continuationPoint"] is None,
    ),
    (
        "classic-end=text classic-paging=member",
        LAST_ARCHIVES,
        lambda a: a["continuationPoint"] == "",
    ),
    (
        "classic-end=zero classic-paging=member",
        LAST_ARCHIVES,
        lambda a: a["continuationPoint"] == 0,
    ),
    (
        "classic-end=same classic-paging=member",
        LAST_ARCHIVES,
        lambda a: a["continuationPoint"] == 2,
    ),
    (
        "classic-end=repeats classic-paging=member",
        LAST_ARCHIVES,
        lambda a: a["continuationPoint"] == 0,
    ),
    (
        "classic-end=empty-page classic-paging=member",
        LAST_ARCHIVES,
        lambda a: a["continuationPoint"] == 3,
    ),
    (
        "classic-end=empty-page classic-paging=member",
        ("GET", "tagLogging/Archives?continuationPoint=3"),
        lambda a: a == {"items": [], "continuationPoint": None},
    ),
    (
        "classic-point=name classic-paging=member",
        TWO_ARCHIVES,
        lambda a: a["continuationPoint"] == "Process_10s",
    ),
    (
        "classic-point=name",
        ("GET", "tagLogging/Archives?continuationPoint=process_10s"),
        lambda a: [one["archiveName"] for one in a] == ["Events"],
    ),
    (
        "classic-point=page-number",
        ("GET", "tagLogging/Archives?itemLimit=2&continuationPoint=1"),
        lambda a: [one["archiveName"] for one in a] == ["Events"],
    ),
    ("classic-page=2", ARCHIVES, lambda a: len(a) == 2),
    ("classic-list-as=names", ARCHIVES, lambda a: a == ["Process_1s", "Process_10s", "Events"]),
    ("classic-list-as=name", ARCHIVES, lambda a: a[0]["name"] == "Process_1s"),
    ("classic-list-as=map", ARCHIVES, lambda a: a["Events"]["variableCount"] == 60),
    ("classic-empty-list=null", NO_TYPES, lambda a: a is None),
    ("classic-empty-list=object", NO_TYPES, lambda a: a == {}),
    ("classic-groups-as=absent", VARIABLE, lambda a: not {"connectionName", "groupName"} & set(a)),
    ("classic-groups-as=empty", VARIABLE, lambda a: a["groupName"] == ""),
    ("classic-groups-as=nested", VARIABLE, lambda a: a["group"] == {"name": "Cooling"}),
    # Values
    ("classic-value-as=text", VALUE, lambda a: re.fullmatch(r"\d+\.\d+", a["value"])),
    ("classic-value-as=text", BIT, lambda a: a["value"] == "0"),
    ("classic-value-as=comma", VALUE, lambda a: re.fullmatch(r"\d+,\d+", a["value"])),
    ("classic-bool-as=number", BIT, lambda a: a["value"] == 0 and a["value"] is not False),
    ("classic-bool-as=word", BIT, lambda a: a["value"] == "False"),
    (
        "classic-bool-as=minus-one",
        ("GET", "tagManagement/Value/Batch_Auto"),
        lambda a: a["value"] == -1,
    ),
    ("classic-quality-as=hex", VALUE, lambda a: a["qualitycode"] == "0x80"),
    ("classic-quality-as=text", VALUE, lambda a: a["qualitycode"] == "128"),
    (
        "classic-quality-as=camel",
        VALUE,
        lambda a: a["qualityCode"] == 128 and "qualitycode" not in a,
    ),
    ("classic-quality-as=signed", VALUE, lambda a: a["qualitycode"] == -128),
    ("classic-quality-as=word", VALUE, lambda a: a["qualitycode"] == "Good"),
    ("classic-quality-as=null", VALUE, lambda a: a["qualitycode"] is None),
    ("classic-quality-as=absent", VALUE, lambda a: "qualitycode" not in a),
    ("classic-data-type-as=text", VALUE, lambda a: a["dataType"] == "9"),
    ("classic-data-type-as=name", VALUE, lambda a: a["dataType"].startswith("Floating-point")),
    ("classic-data-type-as=null", VALUE, lambda a: a["dataType"] is None),
    ("classic-data-type-as=absent", VALUE, lambda a: "dataType" not in a),
    ("classic-missing-rows=unknown", VALUES, lambda a: len(a) == 4 and "Nothing" not in names(a)),
    ("classic-missing-rows=bad", VALUES, lambda a: not {"Nothing", "TIC2150.PV"} & set(names(a))),
    ("classic-missing-rows=all", VALUES, lambda a: a == []),
    (
        "classic-missing-rows=some",
        ("POST", "tagManagement/Values", {"variableNames": ["TIC2120.PV"] * 16}),
        lambda a: len(a) == 14,
    ),
    ("classic-error-as=null", VALUE, lambda a: a["error"] is None),
    ("classic-error-as=empty", VALUE, lambda a: a["error"] == ""),
    ("classic-error-as=object", NOTHING, lambda a: a["error"]["message"] == "Not Found"),
    ("classic-error-as=german", NOTHING, lambda a: a["error"] == "Nicht gefunden"),
    ("classic-error-as=message", NOTHING, lambda a: a["errorMessage"] == "Not Found"),
    (
        "classic-error-as=absent",
        NOTHING,
        lambda a: a == {"variableName": "Nothing", "errorcode": 1},
    ),
    ("classic-errorcode-as=text", NOTHING, lambda a: a["errorcode"] == "1"),
    ("classic-errorcode-as=hex", VALUE, lambda a: a["errorcode"] == "0x00000000"),
    ("classic-errorcode-as=null", VALUE, lambda a: a["errorcode"] is None),
    ("classic-errorcode-as=success", VALUE, lambda a: "errorcode" not in a),
    ("classic-name-echo=upper", BIT, lambda a: a["variableName"] == "ALARM HORN"),
    ("classic-name-echo=lower", VALUE, lambda a: a["variableName"] == "tic2120.pv"),
    ("classic-name-echo=computer", VALUE, lambda a: a["variableName"] == "WINCC01::TIC2120.PV"),
    # Writes
    (
        "classic-write-refused=error",
        WRITE,
        lambda a: a["errorcode"] == 0 and a["error"] == "Operation failed",
    ),
    ("classic-write-refused=code", WRITE, lambda a: a["errorcode"] == 4 and "error" not in a),
    ("classic-write-refused=both", WRITE, lambda a: a["errorcode"] == 4 and a["error"]),
    ("classic-write-reply=no-code", WRITES, lambda a: a[0] == {"variableName": "TIC2120.SP"}),
    ("classic-write-reply=object", WRITES, lambda a: a == {"errorcode": 0}),
    ("classic-write-reply=names", WRITES, lambda a: a == [{"variableName": "TIC2120.SP"}]),
    ("classic-write-reply=missing", WRITES, lambda a: names(a) == ["Nothing"]),
    ("classic-write-reply=missing", WRITE, lambda a: a == {}),
    # Archives
    ("classic-archive-keys=time", LOG, lambda a: "time" in a[0]["values"][0]),
    ("classic-archive-keys=timeStamp", LOG, lambda a: "timeStamp" in a[0]["values"][0]),
    ("classic-archive-keys=datetime", LOG, lambda a: "datetime" in a[0]["values"][0]),
    ("classic-archive-keys=t", LOG, lambda a: "t" in a[0]["values"][0]),
    (
        "classic-archive-shape=flat",
        LOG,
        lambda a: names(a) == ["TIC2120.PV"] * 4 + ["Nothing"] and "value" in a[0],
    ),
    (
        "classic-archive-shape=columns",
        LOG,
        lambda a: len(a[0]["values"]) == len(a[0]["timestamps"]) == 4 and "values" not in a[1],
    ),
    ("classic-archive-shape=map", LOG, lambda a: len(a["TIC2120.PV"]) == 4 and a["Nothing"] == []),
    ("classic-archive-flags=number", LOG, lambda a: a[0]["values"][0]["flags"] == 0),
    ("classic-archive-flags=text", LOG, lambda a: a[0]["values"][0]["flags"] == ""),
    ("classic-archive-flags=bare", LOG, lambda a: set(a[0]["values"][0]) == {"value", "timestamp"}),
    ("classic-archive-empty", LOG, lambda a: a[0] == {"variableName": "TIC2120.PV", "values": []}),
    ("classic-archive-cap=3", LOG, lambda a: len(a[0]["values"]) == 3),
    (
        "classic-archive-keeps=newest",
        LOG,
        lambda a: a[0]["values"][-1]["timestamp"] >= "2026-06-18T11:59:58",
    ),
    ("classic-archive-keeps=spread", LOG, lambda a: a[0]["values"][3]["timestamp"][11:] > "11:30"),
    (
        "classic-archive-order=reversed",
        LOG,
        lambda a: a[0]["values"][0]["timestamp"] > a[0]["values"][3]["timestamp"],
    ),
    (
        "classic-archive-order=mixed",
        LOG,
        lambda a: a[0]["values"][1]["timestamp"] > a[0]["values"][2]["timestamp"],
    ),
    ("classic-archive-order=twice", LOG, lambda a: len(a[0]["values"]) == 8),
    ("classic-archive-names=full", LOG, lambda a: a[0]["variableName"] == r"Process_1s\TIC2120.PV"),
    ("classic-archive-names=wanted", LOG, lambda a: a[0]["error"] == "Not Found"),
    # Messages
    ("classic-message-keys=short", PENDING, lambda a: {"number", "time", "class"} <= set(a[0])),
    ("classic-message-keys=german", PENDING, lambda a: {"Nummer", "Zeitpunkt"} <= set(a[0])),
    (
        "classic-message-keys=blocks",
        PENDING,
        lambda a: (
            [one["name"] for one in a[0]["systemBlocks"]] == ["dateTime", "state", "priority"]
        ),
    ),
    ("classic-blocks=list", PENDING, lambda a: a[0]["userTextBlocks"][0]["id"] == 1),
    ("classic-blocks=numbered", PENDING, lambda a: a[0]["text1"].startswith("PI2122")),
    ("classic-blocks=named", PENDING, lambda a: a[0]["blocks"]["Message text"].startswith("PI2")),
    ("classic-blocks=flat", PENDING, lambda a: a[0]["messageText"].startswith("PI2122")),
    ("classic-state-as=text", PENDING, lambda a: a[0]["state"] == "Acknowledged"),
    ("classic-state-as=enum", PENDING, lambda a: a[0]["state"] == "ACKNOWLEDGED"),
    ("classic-state-as=symbol", PENDING, lambda a: a[0]["state"] == "*"),
    ("classic-state-as=german", PENDING, lambda a: a[0]["state"] == "Quittiert"),
    ("classic-state-as=bits", PENDING, lambda a: a[0]["state"] == 4),
    (
        "classic-message-time=split",
        PENDING,
        lambda a: re.fullmatch(r"[\d-]{10}", a[0]["date"]) and len(a[0]["time"]) == 12,
    ),
    ("classic-message-time=milliseconds", PENDING, lambda a: ".000Z" in a[0]["dateTime"]),
    ("classic-message-time=one", PENDING, lambda a: "timeCameIn" not in a[0] and a[0]["dateTime"]),
    (
        "classic-pending-as=events",
        PENDING,
        lambda a: [one["state"] for one in a if one["messageNumber"] == 21009] == [1, 3],
    ),
    ("classic-filters=none", FILTERS, lambda a: a == []),
    ("classic-filters=one", FILTERS, lambda a: len(a) == 1),
    ("classic-message-order=oldest", HISTORY, lambda a: a[0]["dateTime"] < a[-1]["dateTime"]),
    ("classic-message-order=mixed", HISTORY, lambda a: a[1]["dateTime"] < a[-1]["dateTime"]),
    ("classic-limits-as=by-variable", LIMITS, lambda a: len(a[0]["limits"]) == 2),
    ("classic-limits-as=by-variable", LIMIT, lambda a: len(a["limits"]) == 2),
    ("classic-limits-as=words", LIMIT, lambda a: [one["type"] for one in a] == ["HIGH", "LOW"]),
    ("classic-limits-as=numbers", LIMIT, lambda a: [one["limitType"] for one in a] == [0, 1]),
    # Shared with Unified
    ("shuffled", VALUES, lambda a: names(a) == NAMES[::-1]),
    ("shuffled", WRITES, lambda a: names(a) == ["Nothing", "TIC2120.SP"]),
]
"""Switches, a call, and what holds of the decoded answer."""

STATUSES = [
    ("classic-denied-as=401", (*WRITE, "viewer"), 401),
    ("classic-denied-as=404", (*WRITE, "viewer"), 404),
    ("classic-denied-as=500", (*WRITE, "viewer"), 500),
    ("classic-service=404", VALUE, 404),
    ("classic-service=503", VALUE, 503),
    ("classic-service=html", VALUE, 200),
    ("classic-path=/WinCCRestService/V1", VALUE, 404),
    ("classic-path=/WinCCRestService/V1", ("GET", "V1/tagManagement/Connections"), 200),
    ("classic-path=/", VALUE, 404),
    ("classic-path=/rest", VALUE, 404),
    ("classic-case=redirect", ("GET", "tagmanagement/Value/x?a=1"), 301),
    ("classic-case=redirect", VALUE, 200),
    ("classic-case=404", ("GET", "tagManagement/value/TIC2120.PV"), 404),
    ("classic-case=404", VALUE, 200),
    ("classic-slash=redirect", ("GET", "tagLogging/Archives/"), 301),
    ("classic-slash=404", ("GET", "tagLogging/Archives/"), 404),
    ("classic-slash=wanted", ARCHIVES, 301),
    ("classic-slash=wanted", ("GET", "tagLogging/Archives/"), 200),
    ("classic-encoded-slash=404", ("GET", "tagManagement/Value/a%2Fb"), 404),
    ("classic-encoded-slash=400", ("GET", "tagManagement/Value/a%2fb"), 400),
    ("classic-not-offered=tagManagement/Groups,alarm*", FILTERS, 404),
    ("classic-not-offered=tagManagement/Groups,alarm*", ("GET", "tagManagement/groups"), 404),
    ("classic-not-offered=tagManagement/Groups,alarm*", CONNECTIONS, 200),
    ("classic-not-offered classic-not-offered-as=405", FILTERS, 405),
    ("classic-not-offered classic-not-offered-as=501", FILTERS, 501),
    ("classic-not-offered classic-not-offered-as=400", FILTERS, 400),
    ("classic-not-offered classic-not-offered-as=empty", FILTERS, 200),
    ("classic-not-offered classic-not-offered-as=html", FILTERS, 200),
    ("classic-auth=basic-refused", VALUE, 401),
    ("classic-auth=bearer-refused", VALUE, 200),
    ("classic-auth=negotiate", VALUE, 401),
    ("classic-names-limit=4", VALUES, 400),
    ("classic-names-limit=5", VALUES, 200),
    ("classic-names-limit=1", WRITES, 400),
    ("classic-empty-list=404", NO_TYPES, 404),
    ("classic-empty-list=empty", NO_TYPES, 200),
    ("classic-write-status=400", WRITE, 400),
    ("classic-write-status=403", WRITE, 403),
    ("classic-write-status=404", WRITE, 404),
    ("classic-write-status=405", WRITES, 405),
    ("classic-write-status=500", WRITES, 500),
    ("classic-write-reply=204", WRITES, 204),
    ("classic-write-reply=empty", WRITE, 200),
    ("classic-filters=404", FILTERS, 404),
    ("classic-filters=none", PENDING, 404),
    ("classic-span-refused=zone", ("POST", BEGIN + "2026-06-18T11:00:00Z", LOG[2]), 400),
    ("classic-span-refused=zone", ("POST", BEGIN + "2026-06-18T01:00:00.5", LOG[2]), 200),
    ("classic-span-refused=no-zone", ("POST", BEGIN + "2026-06-18T01:00:00", LOG[2]), 400),
    ("classic-span-refused=fraction", ("POST", BEGIN + "2026-06-18T01:00:00.5", LOG[2]), 400),
    ("classic-span-refused=fraction", ("POST", BEGIN + "2026-06-18T01:00:00", LOG[2]), 200),
    ("busy-at-start=1000", VALUE, 503),
    ("body-limit=4096", ("POST", "tagManagement/Values", ["x" * 5000]), 413),
    ("body-limit=4096 body-limit-html", ("POST", "tagManagement/Values", ["x" * 5000]), 413),
]
"""Switches, a call (perhaps of another user), and the status of its answer."""

TIMES = [
    ("no-zone", r"2026-06-18T0\d:\d\d:\d\d\.\d{3}"),
    ("utc-no-zone", r"2026-06-18T1[12]:\d\d:\d\d\.\d{3}"),
    ("offset", r"2026-06-18T0\d:\d\d:\d\d\.\d{3}-04:00"),
    ("seconds", r"2026-06-18T1[12]:\d\d:\d\dZ"),
    ("fraction7", r"2026-06-18T1[12]:\d\d:\d\d\.\d{7}Z"),
    ("space", r"2026-06-18 0\d:\d\d:\d\d\.\d{3}"),
    ("german", r"18\.06\.2026 0\d:\d\d:\d\d,\d{3}"),
    ("us", r"06/18/2026 0\d:\d\d:\d\d\.\d{3} AM"),
    ("epoch-ms", r"17817\d{8}"),
    ("filetime", r"1342\d{14}"),
    ("null", "None"),
]
"""A form, and how a time in it looks in New York."""

ELSEWHERE = {
    "classic-service=off",
    "classic-auth=no-challenge",
    "classic-time-as=absent",
    "classic-zone=America/New_York",
    "classic-empty-every=5",
    "classic-slow-name=2",
    "classic-one-by-one",
    "classic-names-limit=100",
    "classic-page=100",
    "classic-archive-cap=1000",
    "classic-not-offered=alarmLogging/*",
    "classic-point=token",
    "classic-paging=header",
    "classic-paging=x-header",
    "classic-paging=link",
    "classic-errors-as=html",
    "classic-errors-as=text",
    "classic-errors-as=empty",
    "classic-errors-as=problem",
}
"""Variants with a test of their own below."""


def test_each_variant_is_tried():
    tried = {f"classic-time-as={form}" for form, _ in TIMES} | ELSEWHERE
    tried |= {one for text, *_ in (*CONTENTS, *STATUSES) for one in text.split()}
    wanted = {
        text
        for switch in SWITCHES
        if switch.name.startswith("classic-")
        for text in switch.variants
    }
    assert wanted - tried == set()


async def asked(desk, call):
    """The reply to a call of the tables."""
    method, path, *rest = call
    body = rest[0] if rest else None
    return await desk.ask(method, path, body, user=rest[1] if len(rest) > 1 else "operator")


@pytest.mark.parametrize(
    ("switches", "call", "holds"), CONTENTS, ids=[f"{s}-{c[1]}" for s, c, _ in CONTENTS]
)
async def test_the_content_of_an_answer(switches, call, holds):
    async with classic_desk(*switches.split()) as desk:
        reply = await asked(desk, call)
        assert reply.status == 200
        assert holds(reply.json), reply.json


@pytest.mark.parametrize(
    ("switches", "call", "status"), STATUSES, ids=[f"{s}-{c[1]}" for s, c, _ in STATUSES]
)
async def test_the_status_of_an_answer(switches, call, status):
    async with classic_desk(*switches.split()) as desk:
        reply = await asked(desk, call)
        assert reply.status == status
        if (status == 200 and "empty" in switches) or status == 204:
            assert reply.content == b""
        if "html" in switches:
            assert reply.content.startswith(b"<!DOCTYPE html>")
        if status == 301:
            place = reply.headers["Location"]
            assert place.startswith("/WinCCRestService/tag")
            assert place.endswith("?a=1") is ("?" in call[1])


async def test_the_plant_without_a_switch_says_something_else():
    """No row of the table would hold of the plain server's answers."""
    async with classic_desk() as desk:
        for switches, call, holds in CONTENTS:
            content = (await asked(desk, call)).json
            try:
                is_same = holds(content)
            except (KeyError, TypeError, IndexError, AttributeError):
                is_same = False
            assert not is_same, switches


@pytest.mark.parametrize(("form", "looks"), TIMES)
async def test_times(form, looks):
    async with classic_desk(f"classic-time-as={form}", "classic-zone=America/New_York") as desk:
        stamp = (await desk.get(VALUE[1]))["timestamp"]
        assert re.fullmatch(looks, str(stamp)), stamp
        logged = (await asked(desk, LOG)).json[0]["values"][0]["timestamp"]
        assert re.fullmatch(looks, str(logged)), logged
        assert (await asked(desk, PENDING)).status == 200


async def test_no_times():
    async with classic_desk("classic-time-as=absent") as desk:
        assert "timestamp" not in await desk.get(VALUE[1])
        assert "dateTime" not in (await desk.get(PENDING[1]))[0]


async def test_a_plant_in_another_zone():
    async with classic_desk("classic-zone=Asia/Kolkata", "classic-time-as=no-zone") as desk:
        begin = "2026-06-18T17:00:00"
        (series, _) = (await asked(desk, ("POST", BEGIN + begin, LOG[2]))).json
        assert series["values"][0]["timestamp"].startswith(begin)
    with pytest.raises(UsageError, match="Nowhere"):
        async with classic_desk("classic-zone=Nowhere/City"):
            pass


async def test_bad_values_are_hidden():
    model = copied(remembering())
    model.find("Cooling.TIC2120.PV").quality = NO_COMMUNICATION
    for switches, is_hidden in (((), False), (("bad-value-null",), True)):
        async with classic_desk(*switches, model=model) as desk:
            row = await desk.get(VALUE[1])
            assert row["qualitycode"] == 0x14
            assert (row["value"] is None) is is_hidden


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-10-25T01:59:59", "2026-10-24T23:59:59"),
        # The hour that comes twice is taken as its first.
        ("2026-10-25T02:30:00.25", "2026-10-25T00:30:00.25"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00"),
        ("25.10.2026 03:00:00", "2026-10-25T02:00:00"),
        ("2026-06-18 12:00", "2026-06-18T10:00:00"),
    ],
)
def test_times_of_a_request_in_the_plants_zone(text, utc):
    times = PlantTimes(parse_switches(["classic-zone=Europe/Berlin"]))
    moment = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert times.read(text, "begin") == round(moment.timestamp() * 1000) * 1_000_000


@pytest.mark.parametrize(
    ("paging", "header"), [("header", "continuationPoint"), ("x-header", "X-Continuation-Point")]
)
async def test_the_next_point_in_a_header(paging, header):
    async with classic_desk(f"classic-paging={paging}", "bom") as desk:
        reply = await asked(desk, TWO_ARCHIVES)
        assert reply.headers[header] == "2"
        assert reply.content.startswith(b"\xef\xbb\xbf[")
        assert header not in (await asked(desk, LAST_ARCHIVES)).headers
    async with classic_desk(f"classic-paging={paging}", "classic-end=null") as desk:
        assert (await asked(desk, LAST_ARCHIVES)).headers[header] == ""


async def test_the_next_point_in_a_link():
    async with classic_desk("classic-paging=link") as desk:
        reply = await asked(desk, TWO_ARCHIVES)
        assert reply.headers["Link"] == '<?continuationPoint=2>; rel="next"'
        assert "Link" not in (await asked(desk, LAST_ARCHIVES)).headers


@pytest.mark.parametrize("point", ["name", "token", "page-number"])
async def test_a_list_is_read_by_following_its_points(point):
    async with classic_desk(f"classic-point={point}", "classic-paging=member") as desk:
        whole = (await desk.get("tagManagement/variables"))["items"]
        found, query = [], {}
        while True:
            page = await desk.get("tagManagement/variables", itemLimit=90, **query)
            found += page["items"]
            if "continuationPoint" not in page:
                break
            query = {"continuationPoint": page["continuationPoint"]}
        assert found == whole


@pytest.mark.parametrize(
    "switches",
    ["classic-wrapper=own", "classic-paging=nested", "classic-keys=upper", "classic-list-as=names"],
)
async def test_long_lists_have_the_same_shapes(switches, monkeypatch):
    async with classic_desk(switches) as desk:
        whole = await desk.get("tagManagement/variables")
        monkeypatch.setattr("tagwerk.simulator.classic.lists.SLICE", 7)
        assert await desk.get("tagManagement/variables") == whole


@pytest.mark.parametrize("how", ["html", "text", "empty", "problem"])
async def test_the_body_of_an_error(how):
    async with classic_desk(f"classic-errors-as={how}") as desk:
        for path, user, status in (("nothing/x", "operator", 404), (VALUE[1], "", 401)):
            reply = await desk.ask("GET", path, user=user)
            assert reply.status == status
            starts = {"html": b"<!DOCTYPE", "text": b"", "empty": b"", "problem": b"{"}[how]
            assert reply.content.startswith(starts)
            assert bool(reply.content) is (how != "empty")
            assert ("WWW-Authenticate" in reply.headers) is (status == 401)


@pytest.mark.parametrize(
    ("way", "challenge", "bearer"),
    [
        ("basic-refused", "Bearer", 200),
        ("bearer-refused", "Basic", 401),
        ("negotiate", "Negotiate", 200),
        ("no-challenge", "", 200),
    ],
)
async def test_ways_in(way, challenge, bearer):
    async with classic_desk(f"classic-auth={way}") as desk:
        reply = await desk.ask("GET", VALUE[1], user="")
        assert reply.headers.get("WWW-Authenticate", "").startswith(challenge)
        assert ("WWW-Authenticate" in reply.headers) is bool(challenge)
        token = {"Authorization": "Bearer demo-token-of-engineer"}
        assert (await desk.ask("GET", VALUE[1], headers=token)).status == bearer


async def test_a_service_that_is_off():
    async with classic_desk("classic-service=off", dialect="both") as desk:
        with pytest.raises(aiohttp.ClientConnectorError):
            await desk.get(VALUE[1])
        async with desk.http.post(
            desk.server.unified.url, json={"query": "{ nonce { validFor } }"}
        ) as answer:
            assert answer.status == 200


async def test_empty_answers_between_others():
    async with classic_desk("classic-empty-every=2") as desk:
        contents = [(await asked(desk, VALUE)).content for _ in range(4)]
        assert [bool(content) for content in contents] == [True, False, True, False]


async def test_each_name_takes_its_time():
    async with classic_desk("classic-slow-name=20") as desk:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asked(desk, VALUES)
        assert loop.time() - began >= 0.1
        assert (await asked(desk, CONNECTIONS)).status == 200


async def test_calls_one_by_one():
    async with classic_desk("classic-one-by-one") as desk:
        traffic = desk.server.classic.traffic
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            async with desk.server.classic._one_by_one:
                calls = [group.create_task(asked(desk, VALUES)) for _ in range(4)]
                while traffic.in_flight < 4:
                    await asyncio.sleep(0)
                assert not any(call.done() for call in calls)
        assert [call.result().status for call in calls] == [200] * 4
        assert traffic.calls == {"tagManagement/Values": 4}
        assert (traffic.names, traffic.in_flight, traffic.most_in_flight) == (20, 0, 4)


@pytest.mark.parametrize(
    ("switches", "reaches"),
    [
        ("classic-write-reply=empty", True),
        ("classic-write-reply=204", True),
        ("write-late=1", True),
        ("write-lost", False),
        ("classic-write-refused=error", False),
        ("classic-write-refused=code", False),
        ("classic-write-status=405", False),
    ],
)
async def test_what_becomes_of_a_write(switches, reaches):
    async with classic_desk(switches, model=copied(remembering())) as desk:
        before = (await desk.get(VALUE[1].replace("PV", "SP")))["value"]
        assert before != 33
        await desk.ask("PUT", "tagManagement/Value/TIC2120.SP", {"value": 33})
        desk.tick()
        if switches == "write-late=1":
            assert (await desk.get("tagManagement/Value/TIC2120.SP"))["value"] == before
            desk.tick(1)
        after = (await desk.get("tagManagement/Value/TIC2120.SP"))["value"]
        assert after == (33 if reaches else before)


async def test_a_write_without_an_answer_is_done():
    async with classic_desk("write-unanswered", model=copied(remembering())) as desk:
        with pytest.raises(aiohttp.ClientError):
            await desk.ask("PUT", "tagManagement/Value/TIC2120.SP", {"value": 33})
        desk.tick()
        assert (await desk.get("tagManagement/Value/TIC2120.SP"))["value"] == 33


@pytest.mark.parametrize("switch", ["drop-every=2", "cut-every=2"])
async def test_answers_that_do_not_arrive(switch):
    async with classic_desk(switch) as desk:
        assert (await asked(desk, VALUE)).status == 200
        with pytest.raises(aiohttp.ClientError):
            await asked(desk, VALUES)
        assert (await asked(desk, VALUE)).status == 200


@pytest.mark.parametrize(("switch", "status"), [("html-every=2", 200), ("busy-every=2", 503)])
async def test_pages_between_answers(switch, status):
    async with classic_desk(switch) as desk:
        assert (await asked(desk, WRITE)).json["errorcode"] == 0
        reply = await asked(desk, VALUE)
        assert reply.status == status
        assert reply.content.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    "switches",
    ["bom", "chunked=50", "compress=gzip", "http10", "json-style=pretty", "json-style=ascii"],
)
async def test_forms_of_a_body(switches):
    async with classic_desk(*switches.split()) as desk:
        assert names((await asked(desk, VALUES)).json) == NAMES


async def test_a_connection_for_each_request():
    async with classic_desk("connection-close") as desk:
        for _ in range(2):
            reply = await asked(desk, VALUE)
            assert reply.headers["Connection"] == "close"
            assert reply.json["errorcode"] == 0


async def test_an_absolute_redirect():
    async with classic_desk("classic-case=redirect", "redirect-absolute") as desk:
        reply = await desk.ask("GET", "TAGLOGGING/archives")
        assert reply.headers["Location"] == f"{desk.base}/tagLogging/Archives"


async def test_numbers_that_are_none():
    for switches, shown in (((), b"null"), (("nan-as-text",), b'"NaN"'), (("nan-bare",), b"NaN")):
        model = copied(remembering())
        model.find("Cooling.TIC2120.PV").value = float("nan")
        async with classic_desk(*switches, model=model) as desk:
            assert b'"value":' + shown in (await asked(desk, VALUE)).content
