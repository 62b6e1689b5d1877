"""Values, times, qualities and replies of the REST service, in every spelling that may come."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.dialects import classic
from tagwerk.dialects.classic_json import (
    Pages,
    continuation_of,
    decode_body,
    error_of,
    fold,
    name_of,
    rows_of,
    says_done,
)
from tagwerk.dialects.classic_time import PlantTime, zone_from_text
from tagwerk.dialects.classic_values import (
    archive_series,
    quality_from_code,
    quality_of,
    samples_of,
    type_text,
    value_of,
    write_replies,
)
from tagwerk.domain.errors import NotReachable, ProtocolError, UsageError
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.values import Badge, QualityLevel

UTC = PlantTime(dt.UTC)
NOON_NS = 1_781_784_000_000_000_000
"""2026-06-18T12:00:00Z."""


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        (1, 1, True),
        ("0", 1, False),
        (-1, 1, True),
        ("true", "Binary Tag", True),
        ("12", 4, 12),
        ("12,0", 4, 12),
        (9007199254740993, 7, 9007199254740993),
        ("9007199254740993", 7, 9007199254740993),
        ("12,5", 9, 12.5),
        ("12.5", 8, 12.5),
        (5, 9, 5.0),
        ("-1.#IND", 9, "nan"),
        ("1.#INF", 9, math.inf),
        ("1.234,5", 9, "1.234,5"),
        ("007", 10, "007"),
        (7, 11, "7"),
        ("007", None, "007"),
        ("0x1F", 6, 31),
        (None, 9, None),
        ({"a": 1}, 14, '{"a":1}'),
        ([1, "2"], 4, [1, 2]),
        ("0102", 12, "0102"),
        (12, 99, 12),
    ],
)
def test_values_are_read_by_their_type(raw, kind, value):
    found = value_of(raw, kind)
    if value == "nan":
        assert math.isnan(found)
    else:
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (1, "Bool"),
        ("4", "Int"),
        (9.0, "LReal"),
        (17, "type 17"),
        ("Unsigned 32-bit value", "UDInt"),
        ("Signed 16-bit value", "Int"),
        ("Floating-point number 64-bit IEEE 754", "LReal"),
        ("Text tag 16-bit character set", "String"),
        ("Binary Tag", "Binary Tag"),
        ("Raw Data Type", "Raw"),
        ("Motor_t", "Motor_t"),
        (None, ""),
    ],
)
def test_types_are_told_in_the_desks_words(raw, text):
    assert type_text(raw) == text


@pytest.mark.parametrize(
    ("code", "level", "sub"),
    [
        (0x00, QualityLevel.BAD, "NON_SPECIFIC"),
        (0x14, QualityLevel.BAD, "NO_COMMUNICATION_LAST_USABLE_VALUE"),
        (0x18, QualityLevel.BAD, "NO_COMMUNICATION_NO_USABLE_VALUE"),
        (0x40, QualityLevel.UNCERTAIN, "NON_SPECIFIC"),
        (0x48, QualityLevel.UNCERTAIN, "SUBSTITUTE_VALUE"),
        (0x60, QualityLevel.UNCERTAIN, "SIMULATED_VALUE"),
        (0x80, QualityLevel.GOOD, "NON_SPECIFIC"),
        (0xC0, QualityLevel.GOOD, "NON_SPECIFIC"),
        (0x7C, QualityLevel.UNCERTAIN, "REASON_15"),
    ],
)
def test_quality_bits(code, level, sub):
    quality = quality_from_code(code)
    assert (quality.level, quality.sub_status) == (level, sub)


def test_a_limit_and_a_substitute_show():
    assert quality_from_code(0x82).limit == "HIGH_LIMIT_VIOLATION"
    assert quality_from_code(0x48).badge is Badge.SUBSTITUTE


@pytest.mark.parametrize(
    ("row", "level"),
    [
        ({"qualitycode": 128}, QualityLevel.GOOD),
        ({"qualityCode": "128"}, QualityLevel.GOOD),
        ({"QUALITYCODE": "0x80"}, QualityLevel.GOOD),
        ({"quality": "4C"}, QualityLevel.UNCERTAIN),
        ({"quality": "good"}, QualityLevel.GOOD),
        ({"quality": "Bad"}, QualityLevel.BAD),
        ({}, QualityLevel.UNCERTAIN),
        ({"quality": "nonsense"}, QualityLevel.UNCERTAIN),
    ],
)
def test_quality_in_every_spelling(row, level):
    assert quality_of(fold(row)).level is level


@pytest.mark.parametrize(
    "raw",
    [
        "2026-06-18T12:00:00",
        "2026-06-18T12:00:00.000Z",
        "2026-06-18 12:00:00.0000000",
        "2026-06-18T14:00:00+02:00",
        "18.06.2026 12:00:00",
        "/Date(1781784000000)/",
        1_781_784_000,
        1_781_784_000_000,
        "1781784000000",
        134_262_576_000_000_000,
    ],
)
def test_times_in_every_spelling(raw):
    assert UTC.parse(raw, near_ns=None) == NOON_NS


@pytest.mark.parametrize(
    "raw",
    [None, "", "soon", "1970-01-01T00:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", 0, True,
     "1601-01-01T00:00:00", float("nan"), 1e300, "2026-13-45T99:99:99", [], {}],
)  # fmt: skip
def test_no_time_is_no_time(raw):
    assert UTC.parse(raw, near_ns=None) is None


def test_a_time_without_a_zone_is_the_plants():
    zone = zone_from_text("+02:00")
    clock = PlantTime(zone)
    assert clock.parse("2026-06-18T14:00:00.5", near_ns=None) == NOON_NS + 500_000_000
    assert clock.format(NOON_NS + 7_000_000) == "2026-06-18T14:00:00.007"


def test_the_hour_that_comes_twice_is_the_later_one_unless_that_is_still_to_come():
    clock = PlantTime(zone_from_text("Europe/Berlin"))
    text = "2026-10-25T02:30:00"
    early, late = (clock.parse(text, near_ns=near) for near in (None, 2_000_000_000 * 10**9))
    assert late - early == 3600 * 10**9
    assert clock.parse(text, near_ns=early + 60 * 10**9) == early
    assert clock.parse(text, near_ns=late) == late


@pytest.mark.parametrize("text", ["Mars/Olympus", "+99:00", "../etc/passwd", "25"])
def test_a_zone_that_is_none_is_refused(text):
    with pytest.raises(UsageError):
        zone_from_text(text)


def test_the_computers_own_zone_goes_there_and_back():
    clock = PlantTime(zone_from_text(""))
    assert clock.parse(clock.format(NOON_NS), near_ns=None) == NOON_NS


ROW = {"variableName": "A", "value": "1,5", "dataType": "9", "qualityCode": "0x80",
       "timestamp": "2026-06-18T12:00:00", "errorcode": "0"}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        [ROW],
        {"values": [ROW]},
        {"Values": [ROW], "count": 1},
        {"d": {"results": [ROW]}},
        {"A": {key: value for key, value in ROW.items() if key != "variableName"}},
        ROW,
        [{key.upper(): value for key, value in ROW.items()}],
        [{**ROW, "variableName": "\ufeffA\u200b"}],
        [{**ROW, "variableName": "a"}],
        [None, 3, "x", ROW],
    ],
)
def test_a_value_in_every_wrapping(body):
    sample = samples_of(body, ["PLC_1::A"], 7, UTC)["PLC_1::A"]
    assert (sample.value, sample.time_ns, sample.quality.level) == (1.5, NOON_NS, QualityLevel.GOOD)
    assert sample.error is None


def test_a_row_belongs_to_who_it_names():
    rows = [{**ROW, "variableName": "B", "value": 2}, ROW]
    found = samples_of(rows, ["A", "B", "C"], 7, UTC)
    assert found["A"].value == 1.5
    assert found["B"].value == 2.0
    assert "C" not in found


def test_an_error_is_bad_whatever_the_value():
    row = {
        "variableName": "A",
        "value": 0,
        "qualitycode": 128,
        "errorcode": 5,
        "error": "Not Found",
    }
    sample = samples_of([row], ["A"], 7, UTC)["A"]
    assert sample.error is not None
    assert sample.error.description == "Not Found"
    assert sample.quality.level is QualityLevel.BAD


@pytest.mark.parametrize(
    ("row", "done"),
    [
        ({"errorcode": 0}, True),
        ({"errorCode": "0"}, True),
        ({"ErrorCode": "0x0", "error": ""}, True),
        ({"errorcode": 0, "error": None}, True),
        ({"errorcode": 0, "error": "Access denied"}, False),
        ({"errorcode": 5}, False),
        ({"errorcode": "5"}, False),
        ({"error": "Not Found"}, False),
        ({"error": {"code": 7, "message": "no"}}, False),
        ({}, None),
        ({"status": "ok"}, None),
    ],
)
def test_only_an_errorcode_of_0_without_an_error_is_done(row, done):
    """HTTP 200 comes either way, and a row that says nothing is no success."""
    found = write_replies([{"variableName": "A", **row}], ["A"])
    if done is None:
        assert found == {}
    else:
        assert (found["A"] is None) is done
        assert says_done(fold(row)) is done


def test_a_write_without_its_row_is_unknown():
    rows = [{"variableName": "A", "errorcode": 0}, {"variableName": "X", "errorcode": 0}]
    assert write_replies(rows, ["A", "B"]) == {"A": None}


def test_of_two_rows_that_disagree_the_refusal_counts():
    rows = [{"variableName": "A", "errorcode": 0}, {"variableName": "A", "errorcode": 9}]
    assert write_replies(rows, ["A"])["A"].code == "9"
    assert write_replies(list(reversed(rows)), ["A"])["A"].code == "9"


@pytest.mark.parametrize("data", [b"", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_answer_is_no_answer(data):
    with pytest.raises(NotReachable) as caught:
        decode_body(data)
    assert caught.value.may_have_arrived


def test_a_page_is_no_answer_either():
    with pytest.raises(ProtocolError):
        decode_body(b"<html>Welcome</html>")


def test_a_byte_order_mark_does_no_harm():
    assert decode_body(b'\xef\xbb\xbf[{"name": "A"}]') == [{"name": "A"}]


# Requests


def test_calls_are_exactly_what_the_reference_has():
    read = classic.read(["PLC_1::A", "\ufeffB/C"])
    assert (read.method, read.suffix) == ("POST", "/tagManagement/Values")
    assert json.loads(read.encoded()) == {"variableNames": ["A", "B/C"]}
    write = classic.write([WriteItem("PLC_1::A", True), WriteItem("B", 2**60 + 1)])
    assert (write.method, write.suffix, write.changes_plant) == (
        "PUT",
        "/tagManagement/Values",
        True,
    )
    assert json.loads(write.encoded()) == [
        {"variableName": "A", "value": 1},
        {"variableName": "B", "value": 2**60 + 1},
    ]
    values = classic.archive_values("My Archive", "a/b", "T1", "T2", 5)
    assert values.suffix == "/tagLogging/Archive/My%20Archive/Values?begin=T1&end=T2&maxValues=5"
    assert classic.message_list("Öfen & more").suffix.endswith(
        "/MessageList/%C3%96fen%20%26%20more"
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, None, [1, 2]])
def test_what_has_no_form_is_not_sent(value):
    with pytest.raises(UsageError):
        classic.write([WriteItem("A", value)])


def test_nothing_is_in_the_repr_of_a_call():
    assert "secret" not in repr(classic.write([WriteItem("A", "secret")]))


# Paging


def walk(server, limit=10, cap=200):
    """Names that a list brings, and how many pages that took."""
    pages, names, point = Pages(limit), [], ""
    for count in range(1, cap):
        body, headers = server(limit, point)
        rows, point = pages.take(body, headers)
        names += [name_of(row) for row in rows]
        if not point:
            return names, count, pages
    raise AssertionError("it never ended")


ALL = [f"T{number}" for number in range(35)]


def rows(names):
    return [{"variableName": name} for name in names]


def numbered(limit, point):
    start = int(point or 0) if (point or "0").isdigit() else 0
    return start, rows(ALL[start : start + limit]), str(start + limit)


def in_header(limit, point):
    start, part, more = numbered(limit, point)
    return part, {"X-Continuation-Point": more} if start + limit < 35 else {}


def in_body(limit, point):
    start, part, more = numbered(limit, point)
    return {"items": part, "ContinuationPoint": more if start + limit < 35 else None}, {}


def in_last_row(limit, point):
    start, part, more = numbered(limit, point)
    return [*part, {"continuationPoint": more}] if start + limit < 35 else part, {}


def by_last_name(limit, point):
    start = ALL.index(point) + 1 if point in ALL else 0
    return rows(ALL[start : start + limit]), {}


def by_count_untold(limit, point):
    return numbered(limit, point)[1], {}


def everything_at_once(limit, point):
    return rows(ALL), {}


def capped_but_told(limit, point):
    return in_body(4, point)


@pytest.mark.parametrize(
    "server",
    [
        in_header,
        in_body,
        in_last_row,
        by_last_name,
        by_count_untold,
        everything_at_once,
        capped_but_told,
    ],
)
def test_every_plausible_way_of_paging_brings_each_name_once(server):
    names, _count, _pages = walk(server)
    assert names == ALL


def test_a_server_that_repeats_its_first_page_ends_and_says_that_more_may_be_there():
    names, count, pages = walk(lambda limit, point: (rows(ALL[:10]), {}))
    assert names == ALL[:10]
    assert count <= 4
    assert pages.is_cut


def test_a_point_that_never_moves_ends_too():
    names, count, _pages = walk(lambda limit, point: ({"items": rows(ALL[:10]), "next": "7"}, {}))
    assert names == ALL[:10]
    assert count <= 4


# Archives


@pytest.mark.parametrize(
    "body",
    [
        [{"variableName": "A", "values": [{"value": "1,5", "timestamp": "2026-06-18T12:00:00"}]}],
        {"values": [{"variableName": "Arc\\A", "Values": [{"Value": 1.5, "TimeStamp": "2026-06-18T12:00:00"}]}]},
        [{"variableName": "A", "value": 1.5, "timestamp": "2026-06-18T12:00:00"}],
        [{"name": "A", "data": [{"value": 1.5, "time": 1781784000000}]}],
    ],
)  # fmt: skip
def test_archives_in_every_wrapping(body):
    series = archive_series(body, ["A"], UTC)["A"]
    assert [(point.time_ns, point.value) for point in series.points] == [(NOON_NS, 1.5)]


def test_an_archive_says_what_it_lacks():
    body = [{"variableName": "A", "errorcode": 3, "error": "Not Found"}]
    assert archive_series(body, ["A"], UTC)["A"].error.description == "Not Found"


# Anything at all


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["variableName", "value", "values", "error", "errorcode", "timestamp", "dataType",
             "qualitycode", "name", "continuationPoint", "A", "state", ""]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_shape_is_too_odd(body):
    for row in rows_of(body):
        name_of(row), error_of(row), quality_of(row)
    found = samples_of(body, ["A", "B"], 1, UTC)
    assert found.keys() <= {"A", "B"}
    assert all(
        reply is None or reply.code is not None for reply in write_replies(body, ["A"]).values()
    )
    archive_series(body, ["A"], UTC)
    continuation_of(body, {})
    Pages(3).take(body, {})


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_crash(data):
    with contextlib.suppress(NotReachable, ProtocolError):
        decode_body(data)
