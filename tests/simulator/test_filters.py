"""Name patterns of a browse and the alarm filter language."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.simulator.filters import UNFILTERABLE, alarm_filter, browse_filter, name_pattern
from tagwerk.simulator.state import BrowseObject, ModelError

NAMES = (
    "Total",
    "Pump",
    "Pump.Speed",
    "Pump.Drive.Current",
    "Pump.Speed:Log_1s",
    "Pump.Drive.Current:High",
    "Total:Log_1s",
    "Odd$.Name",
)


def found(*patterns, kinds=(), bases=()):
    keep = browse_filter(patterns, kinds, bases, "HMI_RT_1")
    return [name for name in NAMES if keep(BrowseObject(name, {}, "SIMPLETAG", "LReal", ""))]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*::*", ["Total", "Pump", "Odd$.Name"]),
        ("*.*", ["Pump.Speed"]),
        ("*.**", ["Pump.Speed", "Pump.Drive.Current"]),
        ("*.**:*", ["Pump.Speed:Log_1s", "Pump.Drive.Current:High"]),
        ("*:*", ["Total:Log_1s"]),
        ("HMI_RT_1::Pump.*", ["Pump.Speed"]),
        ("HMI_RT_?::Tota?", ["Total"]),
        ("HMI_RT_2::*", []),
        ("pump", ["Pump"]),
        ("Odd$.*", ["Odd$.Name"]),
        ("", []),
    ],
)
def test_patterns_stay_inside_their_segment(pattern, names):
    assert found(pattern) == names


def test_an_empty_list_is_no_limit_and_a_list_is_or():
    assert found() == list(NAMES)
    assert found("Total", "*.**:*") == ["Total", "Pump.Speed:Log_1s", "Pump.Drive.Current:High"]


def test_between_the_lists_it_is_and():
    assert found("Total", kinds=["TAG"]) == ["Total"]
    assert found("Total", kinds=["ALARM"]) == []
    assert found("Total", bases=["LRe*"]) == ["Total"]
    assert found("Total", bases=["Bool"]) == []


@pytest.mark.parametrize(
    ("asked", "covered"),
    [("TAG", {"SIMPLETAG", "STRUCTURETAG"}), ("TAGTYPE", {"SIMPLETAGTYPE", "STRUCTURETAGTYPE"})],
)
def test_families_of_object_types(asked, covered):
    keep = browse_filter([], [asked], [], "S")
    kinds = ("SIMPLETAG", "STRUCTURETAG", "SIMPLETAGTYPE", "STRUCTURETAGTYPE", "ALARM")
    assert {kind for kind in kinds if keep(BrowseObject("x", {}, kind, "", ""))} == covered


@given(st.text(max_size=20))
def test_any_text_without_wildcards_finds_itself(name):
    if any(mark in name for mark in "*?$") or "::" in name:
        return
    pattern = name_pattern(name, "S")
    assert pattern is not None
    assert pattern.fullmatch(name)


ALARM = {
    "name": "HMI_RT_1::Pump.Speed:High",
    "priority": 7,
    "raiseTime": 1_658_826_000_000_000_000,  # 2022-07-26T09:00Z
    "userName": "John Doe",
    "eventText": ["It's too fast"],
    "area": "Hall 1",
    "flashing": True,
    "value": 12.5,
    "clearTime": None,
}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("  ", True),
        ("priority > 2", True),
        ("priority >= 7 AND priority <= 7", True),
        ("priority<7", False),
        ("(raiseTime <= '2022-07-26T09:00' AND userName LIKE '* Doe') OR priority > 20", True),
        ("raiseTime < '2022-07-26T09:00'", False),
        ("clearTime > '2000-01-01'", False),
        ("eventText = 'It''s too fast'", True),
        ("eventText LIKE '*TOO ?ast'", True),
        ("eventText LIKE 'too*'", False),
        ("area = 'Hall 1' and not_a_field = 1", None),
        ("flashing = true", True),
        ("flashing = 'false'", False),
        ("value > 12", True),
        ("value = -3.5e2", False),
        ("priority = 1 OR priority = 2 OR (priority = 7 AND area LIKE 'Hall *')", True),
        ("priority = 1 OR priority = 7 AND area = 'x'", False),
        ("area > 'Hall'", True),
    ],
)
def test_alarm_filter(text, matches):
    if matches is None:
        with pytest.raises(ModelError) as refused:
            alarm_filter(text)
        assert refused.value.code == "301"
    else:
        assert alarm_filter(text)(ALARM) is matches


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("priority", "comparison"),
        ("priority >", "value"),
        ("priority > 'high'", "number"),
        ("priority <> 2", "value"),
        ("priority != 2", "not understood"),
        ("NOT priority = 2", "no field NOT"),
        ("(priority > 2", "closing bracket"),
        ("priority > 2)", "not expected"),
        ("priority > 2 priority < 3", "not expected"),
        ("raiseTime > 'yesterday'", "time"),
        ("priority LIKE '7*'", "text field"),
        ("area LIKE 7", "single quotes"),
        ("area = 'open", "not understood"),
        ('area = "Hall 1"', "not understood"),
        ("= 3", "field name"),
        ("AND", "no field"),
        ("()", "field name"),
        ("(" * 200 + "priority = 1" + ")" * 200, "brackets"),
        ("priority = 2.5.1", "not understood"),
    ],
)
def test_syntax_errors_say_where(text, words):
    with pytest.raises(ModelError) as refused:
        alarm_filter(text)
    assert refused.value.code == "301"
    assert words in refused.value.description
    assert "position" in refused.value.description


@pytest.mark.parametrize("field", sorted(UNFILTERABLE))
def test_fields_that_cannot_be_filtered(field):
    with pytest.raises(ModelError, match="cannot be filtered"):
        alarm_filter(f"{field} = 'x'")


@given(st.text(alphabet="()'=<>ANDORLIKE priority area 0123456789.*?", max_size=40))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ModelError):
        assert alarm_filter(text)(ALARM) in (True, False)
