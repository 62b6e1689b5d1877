"""Names as a tree, messages as alarms, limit values as ranges: whatever the lists look like."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given, settings

from dialects.test_classic_values import JSON
from tagwerk.dialects.classic import server_name
from tagwerk.dialects.classic_alarms import (
    archived_alarms,
    differences,
    pending_alarms,
    state_of,
)
from tagwerk.dialects.classic_json import fold, rows_of
from tagwerk.dialects.classic_time import PlantTime
from tagwerk.dialects.classic_tree import (
    ArchiveVariable,
    archive_variable,
    limits_of,
    logging_items,
    tags_of,
)
from tagwerk.domain.alarms import AlarmState, Notification
from tagwerk.domain.errors import ProtocolError
from tagwerk.domain.tags import TagKind, TagLimits

UTC = PlantTime(dt.UTC)
NOW_NS = 1_781_784_000_000_000_000


def tags(*rows):
    return tags_of([fold(row) for row in rows])


def test_a_tag_stands_below_its_connection_and_group():
    (item,) = tags(
        {"variableName": "TIC.PV", "connectionName": "PLC.1", "groupName": "Cooling", "dataType": 9}
    )
    assert (item.name, item.data_type, item.kind) == ("PLC·1/Cooling::TIC.PV", "LReal", TagKind.TAG)
    assert server_name(item.name) == "TIC.PV"


def test_a_tag_without_any_is_itself():
    (item,) = tags({"Name": "\ufeffA"})
    assert item.name == "A"


@pytest.mark.parametrize(
    ("row", "tag", "name"),
    [
        ({"name": "PV", "tagName": "TIC.PV"}, "TIC.PV", "PV"),
        ({"variableName": "Arc\\PV"}, "PV", "PV"),
        ({"archiveVariableName": "PV", "processTag": "TIC.PV"}, "TIC.PV", "PV"),
        ({"name": "PV_Log", "variableName": "TIC.PV"}, "TIC.PV", "PV_Log"),
    ],
)
def test_what_an_archive_variable_logs(row, tag, name):
    one = archive_variable(fold(row), "Arc")
    assert (one.archive, one.tag, one.name) == ("Arc", tag, name)


def test_a_logging_tag_hangs_behind_its_tag():
    (item,) = logging_items([ArchiveVariable("Arc", "PV", "A")], {"A": "PLC_1::A"})
    assert (item.name, item.kind) == ("PLC_1::A:Arc\\PV", TagKind.LOGGING_TAG)


@pytest.mark.parametrize(
    ("rows", "limits"),
    [
        ([{"variableName": "A", "lowLimit": "1,5", "highLimit": 9}], TagLimits(1.5, 9.0)),
        ([{"tagName": "A", "limitValue": 3, "type": "Lower limit"},
          {"tagName": "A", "limitValue": 8, "type": "Upper limit"}], TagLimits(3.0, 8.0)),
        ([{"tagName": "A", "upperLimit": 8}, {"tagName": "A", "upperLimit": 9}], TagLimits(None, 9.0)),
    ],
)  # fmt: skip
def test_limit_values_are_ranges(rows, limits):
    assert limits_of([fold(row) for row in rows]) == {"A": limits}


def test_a_limit_that_does_not_say_which_is_none():
    assert limits_of([fold({"tagName": "A", "limitValue": 8}), fold({"limitValue": 8})]) == {}


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (1, AlarmState.RAISED),
        ("2", AlarmState.RAISED_CLEARED),
        (3, AlarmState.RAISED_ACKNOWLEDGED),
        ("Came In", AlarmState.RAISED),
        ("Gekommen", AlarmState.RAISED),
        ("Gegangen", AlarmState.RAISED_CLEARED),
        ("+/*", AlarmState.RAISED_ACKNOWLEDGED),
        ("+ -", AlarmState.RAISED_CLEARED),
        ("+-*", AlarmState.RAISED_CLEARED_ACKNOWLEDGED),
        ("Came In, unacknowledged", AlarmState.RAISED),
        ("Nicht quittiert, gekommen", AlarmState.RAISED),
        ("Acknowledged", AlarmState.RAISED_ACKNOWLEDGED),
        ("odd", AlarmState.UNKNOWN),
        (77, AlarmState.UNKNOWN),
        (None, AlarmState.UNKNOWN),
    ],
)
def test_states_in_every_spelling(raw, state):
    assert state_of(raw) is state


CAME = {"MsgNr": 1001, "State": 1, "DateTime": "2026-06-18T11:00:00", "Text1": "Tank high",
        "ClassName": "Alarm", "Priority": "12", "Counter": 0}  # fmt: skip


def test_a_message_becomes_an_alarm():
    (alarm,) = pending_alarms(rows_of([CAME]), UTC, near_ns=NOW_NS)
    assert (alarm.name, alarm.text, alarm.class_name) == ("1001", "Tank high", "Alarm")
    assert (alarm.state, alarm.priority) == (AlarmState.RAISED, 12)
    assert alarm.raise_time_ns == NOW_NS - 3600 * 10**9


def test_rows_of_one_message_are_one_alarm():
    acknowledged = {**CAME, "State": 3, "DateTime": "2026-06-18T11:30:00"}
    (alarm,) = pending_alarms(rows_of([acknowledged, CAME]), UTC, near_ns=NOW_NS)
    assert alarm.state is AlarmState.RAISED_ACKNOWLEDGED
    assert alarm.raise_time_ns == NOW_NS - 3600 * 10**9
    gone = {**CAME, "State": 2, "DateTime": "2026-06-18T11:40:00"}
    assert pending_alarms(rows_of([CAME, acknowledged, gone]), UTC, near_ns=NOW_NS) == []


def test_records_of_the_archive_come_newest_first():
    gone = {**CAME, "State": 2, "DateTime": "2026-06-18T11:40:00"}
    found = archived_alarms(rows_of([CAME, gone]), UTC)
    assert [alarm.state for alarm in found] == [AlarmState.RAISED_CLEARED, AlarmState.RAISED]


def test_the_difference_of_two_lists_is_what_a_subscription_would_have_said():
    one = pending_alarms(rows_of([CAME, {**CAME, "MsgNr": 1002}]), UTC, near_ns=NOW_NS)
    two = pending_alarms(
        rows_of([{**CAME, "State": 3}, {**CAME, "MsgNr": 1003}]), UTC, near_ns=NOW_NS
    )
    events = differences({alarm.key: alarm for alarm in one}, two)
    assert [(event.reason, event.alarm.name) for event in events] == [
        (Notification.MODIFIED, "1001"),
        (Notification.ADDED, "1003"),
        (Notification.REMOVED, "1002"),
    ]
    assert differences({alarm.key: alarm for alarm in two}, two) == []


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_no_list_is_too_odd(body):
    rows = rows_of(body)
    tags_of(rows)
    limits_of(rows)
    for row in rows:
        archive_variable(row, "Arc")
    for read in (
        lambda: pending_alarms(rows, UTC, near_ns=NOW_NS),
        lambda: archived_alarms(rows, UTC),
    ):
        # What cannot be read is said, and never an empty list.
        with contextlib.suppress(ProtocolError):
            read()
