"""The typed hot path and its tolerant twin must agree; names, times and batches must be exact."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.dialects import unified_values
from tagwerk.dialects.base import decode_json
from tagwerk.dialects.unified_replies import decode_value_frame, tag_bodies
from tagwerk.dialects.unified_values import (
    Echoes,
    QualityBody,
    TagBody,
    error_from_json,
    format_timestamp,
    name_batches,
    parse_timestamp,
    quality_from_body,
    quality_from_json,
    sample_from_body,
    sample_from_json,
)
from tagwerk.domain.values import QualityLevel

NOON_NS = 1_781_784_000_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-18T12:00:00Z", 0),
        ("2026-06-18T12:00:00", 0),
        ("2026-06-18T12:00:00.5Z", 500_000_000),
        ("2026-06-18T12:00:00.001", 1_000_000),
        ("2026-06-18T12:00:00.123456789Z", 123_456_789),
        ("2026-06-18T14:00:00.250+02:00", 250_000_000),
        ("2026-06-18T07:00:00-05:00", 0),
        ("2026-06-18 12:00:00.000Z", 0),
    ],
)
def test_times_as_they_come(text, expected):
    for _ in range(2):  # the second time from the cache
        assert parse_timestamp(text) == NOON_NS + expected
    # A text with an offset must not have taught the cache a wrong second.
    assert parse_timestamp("2026-06-18T12:00:00.007Z") == NOON_NS + 7_000_000
    assert parse_timestamp("2026-06-18T14:00:00.007Z") == NOON_NS + 7_200_007_000_000


@pytest.mark.parametrize(
    "text", [None, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00", "soon", ""]
)
def test_times_that_are_not_set(text):
    assert parse_timestamp(text) is None


@given(st.integers(min_value=1, max_value=4_102_444_800_000))
def test_times_go_there_and_back(millis):
    assert parse_timestamp(format_timestamp(millis * 1_000_000)) == millis * 1_000_000


plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["NaN", "Infinity", "-Infinity"]),
)
words = st.one_of(
    st.none(), st.sampled_from(["GOOD_CASCADE", "BAD", "UNCERTAIN", "NEW_ONE", "ümlaut"])
)
bodies = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=20)},
    optional={
        "value": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "value": st.one_of(plain, st.lists(plain, max_size=4)),
                    "timestamp": st.sampled_from(
                        [None, "2026-06-18T12:00:00.5Z", "2026-06-18T12:00:00.123Z", "x"]
                    ),
                    "quality": st.one_of(
                        st.none(),
                        st.fixed_dictionaries(
                            {},
                            optional={
                                "quality": words,
                                "subStatus": words,
                                "limit": words,
                                "new": plain,
                            },
                        ),
                    ),
                    "unknown": plain,
                },
            ),
        ),
        "error": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={"code": st.sampled_from(["0", 0, None, "2", 201]), "description": words},
            ),
        ),
        "notificationReason": st.sampled_from(["Added", "Removed (Name changed)", "New", None]),
        "extra": plain,
    },
)


@given(bodies)
def test_the_typed_path_and_the_tolerant_twin_agree(body):
    frame = {"id": "1", "type": "next", "payload": {"data": {"tagValues": body}}}
    typed = decode_value_frame(json.dumps(frame).encode())
    tag = typed.payload.data.tagValues
    fast = sample_from_body(tag, "n", 1)
    slow = sample_from_json(body, "n", 1)
    assert repr(fast) == repr(slow)  # repr, because NaN is not itself


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (None, None),
        ({"code": "0", "description": "Succeeded"}, None),
        ({"code": 0}, None),
        ({}, None),
        ({"code": "201"}, "201"),
        ({"code": 1, "description": "x"}, "1"),
        ({"description": "odd"}, ""),
        ("text", ""),
    ],
)
def test_errors_of_items(body, code):
    error = error_from_json(body)
    assert (error.code if error else None) == code


def test_bare_nan_and_broken_utf8_do_not_cost_the_answer():
    data = b'{"data":{"tagValues":[{"name":"A\xff","value":{"value":NaN}},{"name":"B","value":{"value":-Infinity}}]}}'
    rows = tag_bodies(data)
    samples = [sample_from_json(row, "x", 0) for row in rows if not isinstance(row, TagBody)]
    assert math.isnan(samples[0].value)
    assert samples[1].value == -math.inf
    assert decode_json(b"[1e400]") == [math.inf]


@pytest.mark.parametrize(
    ("body", "level", "text"),
    [
        (None, QualityLevel.UNCERTAIN, ""),
        ("GOOD_CASCADE", QualityLevel.GOOD, "GOOD_CASCADE"),
        ({"quality": None}, QualityLevel.UNCERTAIN, ""),
        ({"quality": "EXCELLENT"}, QualityLevel.UNCERTAIN, "EXCELLENT"),
        ({"quality": "BAD", "subStatus": 7}, QualityLevel.BAD, "BAD"),
    ],
)
def test_qualities(body, level, text):
    quality = quality_from_json(body)
    assert (quality.level, quality.text) == (level, text)


@pytest.mark.parametrize("quality", ["GOOD_CASCADE", "", None, {}, {"quality": "BAD"}])
def test_a_quality_of_any_shape_is_read_by_the_typed_path(quality):
    value = {"value": 1, "timestamp": "2026-06-18T12:00:00.123Z", "quality": quality}
    body = {"name": "a", "value": value}
    frame = {"id": "1", "type": "next", "payload": {"data": {"tagValues": body}}}
    data = json.dumps(frame).encode()
    first, second = (
        sample_from_body(decode_value_frame(data).payload.data.tagValues, "a", 1) for _ in range(2)
    )
    assert first == sample_from_json(body, "a", 1)
    assert first.quality is second.quality, "equal ones are one object"


def test_endless_qualities_and_times_do_not_fill_the_memory():
    long = "GOOD" + "x" * 5_000
    assert quality_from_body(QualityBody(long)).text == long
    assert QualityBody(long) not in unified_values._quality_cache
    for number in range(unified_values._CACHE_LIMIT + 10):
        quality_from_body(QualityBody("GOOD", str(number)))
        parse_timestamp(format_timestamp(1_781_784_000_000_000_000 + number * 1_000_000))
    assert len(unified_values._quality_cache) <= unified_values._CACHE_LIMIT
    assert len(unified_values._time_cache) <= unified_values._CACHE_LIMIT


def test_echoes_find_the_asked_name_and_nothing_else():
    echoes = Echoes(["HMI_RT_1::A", "B", "HMI_RT_1::C.d"])
    assert echoes.find("A") == "HMI_RT_1::A"
    assert echoes.find("HMI_RT_1::A") == "HMI_RT_1::A"
    assert echoes.find("HMI_RT_1::B") == "B"
    assert echoes.find("C.d") == "HMI_RT_1::C.d"
    assert echoes.find("HMI_RT_2::A") is None
    assert echoes.find("D") is None
    echoes.drop_many({"B"})
    assert echoes.find("HMI_RT_1::B") is None
    assert echoes.find("B") is None
    assert len(echoes) == 2


@given(st.lists(st.text(min_size=1, max_size=40), max_size=60), st.integers(1, 20))
def test_batches_keep_every_name_once_and_below_the_limit(names, most):
    batches = name_batches(names, most=most, most_bytes=200)
    flat = [name for batch in batches for name in batch]
    assert sorted(flat) == sorted(set(names))
    for batch in batches:
        assert len(batch) <= most
        assert len(batch) == 1 or len(msgspec.json.encode(batch)) <= 201
        shorts = [name.partition("::")[2] or name for name in batch]
        assert len(set(shorts)) == len(shorts)
