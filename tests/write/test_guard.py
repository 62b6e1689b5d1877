"""One row a case: what each rule says, and that the good case says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.tags import TagInfo, data_type_from_text
from tagwerk.domain.values import BAD, GOOD, ItemError, Sample, quality_from_text
from tagwerk.write.guard import RULES, Level, Situation, judge, why_read_only
from tagwerk.write.request import WriteRequest

NAME = "HMI_RT_1::Cooling.TIC2120.SP"
INFO = TagInfo(NAME, data_type_from_text("LReal"), "", "°C", 1, 5.0, 40.0, 5.0)
SAMPLE = Sample(NAME, 22.0, GOOD, 1, 1)
SITUATION = Situation(INFO, SAMPLE, False, True, Capabilities(frozenset(Capability)))
REQUEST = WriteRequest(NAME, 21.5, seen=22.0, seen_time_ns=1)
UNCERTAIN = quality_from_text("UNCERTAIN", "SENSOR_CALIBRATION")


def typed(text: str, **more) -> dict:
    return {"info": replace(INFO, data_type=data_type_from_text(text), **more)}


def plain(text: str) -> dict:
    """A tag of that type without limits."""
    return {"info": TagInfo(NAME, data_type_from_text(text)), "sample": None}


# request changes, situation changes, code, level
CASES = {
    "fits the type": ({}, {}, "type", Level.OK),
    "inside limits": ({}, {}, "limits", Level.OK),
    "small step": ({}, {}, "step", Level.OK),
    "seen is there": ({}, {}, "unchanged", Level.OK),
    "unknown to the server": (
        {},
        {"sample": SAMPLE._replace(error=ItemError("2", "Name cannot be resolved"))},
        "tag_error",
        Level.BLOCK,
    ),
    "logging tag": ({"name": NAME + ":Log_1s"}, {}, "not_a_tag", Level.BLOCK),
    "structure": ({}, typed("Struct"), "structure", Level.BLOCK),
    "whole array": ({}, typed("Array [0..3] of Real"), "array", Level.BLOCK),
    "list as value": ({"value": [1.0, 2.0]}, {}, "array", Level.BLOCK),
    "no value": ({"value": None}, {}, "no_value", Level.BLOCK),
    "text into a number": ({"value": "x"}, {}, "type", Level.BLOCK),
    "bool into a number": ({"value": True}, {}, "type", Level.BLOCK),
    "number into a bool": ({"value": 1}, plain("Bool"), "type", Level.BLOCK),
    "bool into a bool": ({"value": True}, plain("Bool"), "type", Level.OK),
    "fraction into an integer": ({"value": 1.5}, plain("Int"), "type", Level.BLOCK),
    "integer above its bounds": ({"value": 32768}, plain("Int"), "type_range", Level.BLOCK),
    "integer at its bound": ({"value": -32768}, plain("Int"), "type", Level.OK),
    "unsigned below zero": ({"value": -1}, plain("UDInt"), "type_range", Level.BLOCK),
    "64 bit bound": ({"value": 2**63 - 1}, plain("LInt"), "type", Level.OK),
    "above 64 bit": ({"value": 2**63}, plain("LInt"), "type_range", Level.BLOCK),
    "not a number": ({"value": float("nan")}, {}, "not_finite", Level.BLOCK),
    "infinite": ({"value": float("inf")}, plain("LReal"), "not_finite", Level.BLOCK),
    "huge integer into a float": ({"value": 10**400}, plain("LReal"), "not_finite", Level.BLOCK),
    "infinite, type unknown": ({"value": float("inf")}, plain("?"), "not_finite", Level.BLOCK),
    "too large for 32 bit": ({"value": 1e39}, plain("Real"), "type_range", Level.BLOCK),
    "large in 64 bit": ({"value": 1e39}, plain("LReal"), "type", Level.OK),
    "text too long": ({"value": "abcdef"}, plain("String[5]"), "type_length", Level.BLOCK),
    "text that fits": ({"value": "abcde"}, plain("WString[5]"), "type", Level.OK),
    "number into a text": ({"value": 5}, plain("String"), "type", Level.BLOCK),
    "a time": ({"value": "2026-06-18T14:15:00Z"}, plain("DateTime"), "type", Level.OK),
    "no time": ({"value": "tomorrow"}, plain("DateTime"), "type", Level.BLOCK),
    "raw": ({"value": "00"}, plain("Raw"), "raw", Level.BLOCK),
    "unknown type": ({}, plain("SomethingNew"), "type_unknown", Level.WARN),
    "no such text": ({"value": 7}, {"info": TagInfo(NAME, data_type_from_text("Int"), texts={1: "Auto"})}, "no_text", Level.WARN),
    "above": ({"value": 40.1}, {}, "above_high", Level.BLOCK),
    "at the limit": ({"value": 40.0}, {}, "limits", Level.OK),
    "below": ({"value": 4.9}, {}, "below_low", Level.BLOCK),
    "only a high limit": ({}, {"info": replace(INFO, low=None)}, "limits", Level.OK),
    "big step": ({"value": 28.0}, {}, "big_step", Level.ASK),
    "big step, accepted": ({"value": 28.0, "accepted": frozenset({"big_step"})}, {}, "big_step", Level.WARN),
    "just the step": ({"value": 27.0}, {}, "step", Level.OK),
    "changed since seen": ({"seen": 20.0}, {}, "changed", Level.ASK),
    "changed, mine kept": ({"seen": 20.0, "accepted": frozenset({"changed"})}, {}, "changed", Level.WARN),
    "changed below a digit": ({"seen": 22.04}, {}, "unchanged", Level.OK),
    "same value again": ({"value": 22.0}, {}, "no_change", Level.WARN),
    "critical": ({}, {"info": replace(INFO, critical=True)}, "critical", Level.ASK),
    "critical, accepted": (
        {"accepted": frozenset({"critical"})},
        {"info": replace(INFO, critical=True)},
        "critical",
        Level.WARN,
    ),
    "stale": ({}, {"stale": True}, "stale", Level.BLOCK),
    "never seen": ({"seen": None, "seen_time_ns": None}, {"sample": None}, "no_live_value", Level.ASK),
    "bad": ({}, {"sample": SAMPLE._replace(quality=BAD)}, "bad_quality", Level.ASK),
    "uncertain": ({}, {"sample": SAMPLE._replace(quality=UNCERTAIN)}, "uncertain_quality", Level.WARN),
    "still writing": ({}, {"busy": True}, "busy", Level.BLOCK),
    "sheet forbids": ({}, {"info": replace(INFO, writable=False)}, "not_writable", Level.BLOCK),
    "no right": (
        {},
        {"capabilities": Capabilities(reasons={Capability.WRITE: "right_missing"})},
        "not_allowed",
        Level.BLOCK,
    ),
    "locked": ({}, {"armed": False}, "not_armed", Level.BLOCK),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_rule(case):
    request_changes, situation_changes, code, level = CASES[case]
    verdict = judge(replace(REQUEST, **request_changes), replace(SITUATION, **situation_changes))
    found = {check.code: check for check in verdict.checks}
    assert code in found
    assert found[code].level is level
    assert str(found[code].text)
    if level in (Level.BLOCK, Level.ASK):
        assert not verdict.allowed
        assert verdict.worst is not None


def test_the_usual_write_is_allowed_with_four_good_checks():
    verdict = judge(REQUEST, SITUATION)
    assert verdict.allowed
    assert verdict.worst is None
    assert [str(check.text) for check in verdict.checks] == [
        "LReal, fits the type",
        "inside 5.0 to 40.0 °C",
        "change of 0.5 °C, a big step would be 5.0 °C",
        "value you saw is the value that is there",
    ]


def test_every_rule_has_a_case_that_stops_or_warns():
    """A new rule without a row here is noticed: each rule must speak in some case."""
    speaking = set()
    for request_changes, situation_changes, _code, level in CASES.values():
        if level is Level.OK:
            continue
        request = replace(REQUEST, **request_changes)
        situation = replace(SITUATION, **situation_changes)
        for rule in RULES:
            check = rule(request, situation)
            if check is not None and check.level is not Level.OK:
                speaking.add(rule.__name__)
    assert speaking == {rule.__name__ for rule in RULES}


def test_words_of_a_changed_value_and_of_a_limit():
    changed = judge(replace(REQUEST, seen=20.0), SITUATION)
    assert [str(check.text) for check in changed.asks] == ["Was 20.0, is 22.0 now"]
    above = judge(replace(REQUEST, value=45.0), SITUATION)
    assert [str(check.text) for check in above.blocks] == ["Above the limit 40.0 °C"]


def test_the_reason_for_a_missing_right_may_be_the_servers_own_words():
    capabilities = Capabilities(reasons={Capability.WRITE: 'no right: group "Quality"'})
    text = why_read_only(replace(SITUATION, capabilities=capabilities))
    assert str(text) == 'Writing is not possible: no right: group "Quality"'


def test_what_passes_by_itself_does_not_make_a_row_read_only():
    assert not why_read_only(replace(SITUATION, armed=False, stale=True, busy=True, sample=None))
    assert why_read_only(replace(SITUATION, info=replace(INFO, writable=False)))
    assert why_read_only(replace(SITUATION, **plain("Raw")))
