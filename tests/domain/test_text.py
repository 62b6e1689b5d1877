"""Numbers, times and values as text: shown in the locale, typed strictly."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import TagInfo, data_type_from_text
from tagwerk.domain.text import (
    ENGLISH,
    GERMAN,
    THIN_SPACE,
    AmbiguousNumber,
    format_age,
    format_number,
    format_time,
    format_value,
    parse_number,
    parse_time,
    parse_value,
    typed_value,
)


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("60", ENGLISH, 60),
        ("1.5", ENGLISH, 1.5),
        ("1,5", ENGLISH, 1.5),
        ("0,125", ENGLISH, 0.125),
        ("1,5", GERMAN, 1.5),
        ("1.5", GERMAN, 1.5),
        ("12,000.5", ENGLISH, 12000.5),
        ("12.000,5", GERMAN, 12000.5),
        ("1 000", ENGLISH, 1000),
        ("1\N{NARROW NO-BREAK SPACE}462", ENGLISH, 1462),
        ("\N{MINUS SIGN}3", ENGLISH, -3),
        ("1e3", ENGLISH, 1000.0),
        (".5", ENGLISH, 0.5),
        ("9007199254740993", ENGLISH, 9007199254740993),
        ("1,000,000", ENGLISH, 1000000),
    ],
)
def test_numbers_with_one_meaning_are_read(text, style, expected):
    result = parse_number(text, style)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "style"), [("1,000", ENGLISH), ("1.000", GERMAN), ("-12,345", ENGLISH)]
)
def test_a_number_with_two_meanings_is_refused_with_both_named(text, style):
    with pytest.raises(AmbiguousNumber) as caught:
        parse_number(text, style)
    first, second = caught.value.readings
    assert second == pytest.approx(first * 1000)
    assert f"{first:g}" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "abc", "1..2", "1,2,3", "--1", "1e9999", "0x10", "1 00", "nan"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(UsageError):
        parse_number(text)


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12),
    st.sampled_from([ENGLISH, GERMAN]),
    st.integers(1, 6),
)
def test_what_is_shown_can_be_typed_again(number, style, decimals):
    shown = format_number(number, decimals, style)
    try:
        read = parse_number(shown, style)
    except AmbiguousNumber:
        pytest.fail(f"{shown} was made by us and must be readable")
    assert read == pytest.approx(round(number, decimals), abs=10**-decimals)


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_keep_every_digit(number):
    assert parse_number(format_number(number, None)) == number


@pytest.mark.parametrize(
    ("value", "decimals", "style", "expected"),
    [
        (22.0, 2, ENGLISH, "22.00"),
        (22.0, 2, GERMAN, "22,00"),
        (1462, None, ENGLISH, "1\N{NARROW NO-BREAK SPACE}462"),
        (-0.001, 2, ENGLISH, "0.00"),
        (-3.5, 1, ENGLISH, "\N{MINUS SIGN}3.5"),
        (math.nan, None, ENGLISH, "NaN"),
        (-math.inf, None, ENGLISH, "\N{MINUS SIGN}∞"),
        (0.00012345, None, ENGLISH, "0.000123"),
    ],
)
def test_numbers_are_shown_in_the_locale(value, decimals, style, expected):
    assert format_number(value, decimals, style) == expected


def info(type_text, **more):
    return TagInfo("HMI_RT_1::T", data_type_from_text(type_text), **more)


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("60", info("LReal"), 60.0),
        ("60", info("Int"), 60),
        ("6,0", info("Int"), 6),
        ("on", info("Bool"), True),
        ("Ein", info("Bool"), True),
        ("0", info("Bool"), False),
        ("auto", info("Int", texts={0: "Manual", 1: "Auto"}), 1),
        ("Open", info("Bool", texts={0: "Close", 1: "Open"}), True),
        ("Prüfstand 3", info("WString"), "Prüfstand 3"),
        ("2026-06-18 14:15", info("DateTime"), "2026-06-18T14:15:00.000Z"),
        ("true", info(""), True),
        ("12", info(""), 12),
        ("text", info(""), "text"),
    ],
)
def test_values_are_read_by_the_tag_s_type(text, tag, expected):
    result = parse_value(text, tag)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("maybe", info("Bool")),
        ("1.5", info("Int")),
        ("x", info("Real")),
        ("1", info("Array[0..3] of Int")),
        ("1", info("Struct")),
        ("9" * 400, info("LReal")),
    ],
)
def test_values_that_do_not_fit_are_refused_naming_the_tag(text, tag):
    with pytest.raises(UsageError) as caught:
        parse_value(text, tag)
    assert caught.value.cure


def test_values_are_shown_by_what_is_known():
    assert format_value(None) == "\N{EM DASH}"
    assert format_value(True, None, GERMAN) == "Ein"
    assert format_value(2, info("Int", texts={2: "Auto"})) == "Auto"
    assert format_value(1, info("Bool")) == "On"
    assert format_value([1, 2.5, True]) == "[1, 2.500, On]"
    assert format_value(list(range(20))).endswith("…]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:01.5", 1_500_000_000),
        ("1970-01-02", 86_400_000_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(text, expected):
    assert parse_time(text) == expected


@given(st.integers(0, 4_000_000_000_000))
def test_times_come_back(millis):
    assert parse_time(format_time(millis * 1_000_000)) == millis * 1_000_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-06-18T25:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError):
        parse_time(text)


def test_a_zone_shows_its_own_clock():
    zone = dt.timezone(dt.timedelta(hours=2))
    assert format_time(0, zone=zone) == "1970-01-01 02:00:00.000"


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [
        (0.2, "0.2 s"),
        (12, "12 s"),
        (300, "5 min"),
        (10_800, "3 h"),
        (864_000, "10 d"),
        (-1, "0.0 s"),
    ],
)
def test_ages_are_short(age_s, expected):
    assert format_age(int(age_s * 1e9)) == expected


def test_decimals_cost_a_large_integer_no_digit():
    assert format_number(2**63 - 1, 2).replace(THIN_SPACE, "") == "9223372036854775807.00"


@pytest.mark.parametrize(
    ("value", "type_text", "typed"),
    [
        ("9223372036854775807", "LInt", 2**63 - 1),
        (" -5 ", "Int", -5),
        ("0042", "WString", "0042"),
        ("NaN", "LReal", "NaN"),
        ("1.5e3", "LReal", 1500.0),
        ("7", "LReal", 7.0),
        ("x", "LInt", "x"),
        (["1", "2", None], "LInt[3]", [1, 2, None]),
        (5, "LInt", 5),
        (True, "Bool", True),
    ],
)
def test_a_number_that_came_as_text_is_told_by_its_type(value, type_text, typed):
    found = typed_value(value, data_type_from_text(type_text))
    assert found == typed
    assert type(found) is type(typed)


def test_numbers_that_no_plant_has_are_refused():
    with pytest.raises(UsageError):
        parse_number("9" * 5000)
    with pytest.raises(UsageError):
        parse_value("9007199254740993.0", TagInfo("A", data_type_from_text("LInt")))
