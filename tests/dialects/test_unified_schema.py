"""Operations ask only for what a server's schema has."""

from __future__ import annotations

import json

import pytest
from graphql import build_schema, get_introspection_query, graphql_sync, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.dialects.unified import (
    UnifiedDialect,
    browse_filters,
    login_operation,
    pattern_matcher,
)
from tagwerk.dialects.unified_schema import (
    INTROSPECTION,
    assumed_schema,
    schema_from_introspection,
)
from tagwerk.domain.alarms import AlarmAction, AlarmKey
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import NotSupported
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind

COMMON = """
scalar Variant
scalar Timestamp
scalar Timespan
enum ObjectTypesEnum { TAG STRUCTURETAG LOGGINGTAG ALARM }
enum Sorting { TIME_ASC TIME_DESC }
type Error { code: String description: String }
type Quality { quality: String subStatus: String %(quality)s }
type Value { value: Variant timestamp: Timestamp quality: Quality }
type Tag { name: String value: Value error: Error notificationReason: String }
type Session { token: String expires: Timestamp user: User error: Error }
type User { id: Int name: String fullName: String language: String autoLogoffSec: Int groups: [Group] }
type Group { id: Int name: String }
type Row { name: String error: Error }
type AlarmRow { alarmName: String alarmInstanceID: Int error: Error }
type Alarm { name: String instanceID: Int state: String eventText: [String] %(alarm)s }
input TagValueInput { name: String! value: Variant! }
input AlarmInput { name: String! instanceID: Int = 0 }
type Mutation {
  login(username: String!, password: String!): Session
  extendSession: Session
  writeTagValues(input: [TagValueInput]!): [Row]
  acknowledgeAlarms(input: [AlarmInput]!): [AlarmRow]
  resetAlarms(input: [AlarmInput]!): [AlarmRow]
}
type Subscription {
  tagValues(names: [String!]!): Tag
  activeAlarms(systemNames: [String] = [], filterString: String = "", languages: [String] = ["en-US"]): Alarm
}
type LoggedValue { value: Value flags: [String] }
type Logged { loggingTagName: String error: Error values: [LoggedValue] }
type Found { name: String displayName: String objectType: String dataType: String }
"""
V20 = (
    COMMON
    % {
        "quality": "limit: String extendedSubStatus: String",
        "alarm": "connectionName: String path: String userResponse: String",
    }
    + """
type Query {
  tagValues(names: [String!]!, directRead: Boolean = false): [Tag]
  browse(nameFilters: [String] = [], objectTypeFilters: [ObjectTypesEnum] = [], language: String = "en-US"): [Found]
  loggedTagValues(names: [String]!, startTime: Timestamp, endTime: Timestamp, maxNumberOfValues: Int = 0, sortingMode: Sorting = TIME_ASC): [Logged]
  activeAlarms(filterString: String = "", filterLanguage: String = "en-US", languages: [String] = ["en-US"]): [Alarm]
  loggedAlarms(filterString: String = "", languages: [String], startTime: Timestamp, endTime: Timestamp, maxNumberOfResults: Int = 0): [Alarm]
}
"""
)
V19 = (
    COMMON % {"quality": "", "alarm": "connection: String tag: String"}
    + """
type Query {
  tagValues(names: [String!]!): [Tag]
  activeAlarms(filterString: String = "", languages: [String] = ["en-US"]): [Alarm]
}
"""
)


def dialect_of(sdl: str):
    schema = build_schema(sdl)
    answer = graphql_sync(schema, INTROSPECTION.text)
    assert answer.errors is None
    return schema, UnifiedDialect(schema_from_introspection(answer.data["__schema"]))


def operations(dialect: UnifiedDialect):
    yield dialect.read(["A"])
    yield dialect.write([WriteItem("A", 1)])
    yield dialect.active_alarms("priority > 2", "de-DE")
    yield dialect.alarm_action(AlarmAction.ACKNOWLEDGE, [AlarmKey("A:B", 0)])
    yield dialect.subscribe_values(["A"])
    yield dialect.subscribe_alarms("en-US")


@pytest.mark.parametrize("sdl", [V20, V19], ids=["V20", "V19"])
def test_every_operation_is_valid_for_the_servers_own_schema(sdl):
    schema, dialect = dialect_of(sdl)
    made = list(operations(dialect))
    if sdl is V20:
        made += [
            dialect.read(["A"], direct=True),
            dialect.browse(browse_filters(()), [TagKind.TAG], "de-DE"),
            dialect.history(["A"], 10**18, 2 * 10**18, most=5, bounding=True),
            dialect.logged_alarms(10**18, 2 * 10**18, "", "en-US", 10),
        ]
    for operation in made:
        assert validate(schema, parse(operation.text)) == [], operation.text
        assert None not in operation.variables.values()
        json.loads(operation.body())
    assert validate(schema, parse(login_operation("a", "b").text)) == []


def test_capabilities_say_why():
    _, new = dialect_of(V20)
    _, old = dialect_of(V19)
    assert Capability.BROWSE in new.capabilities()
    assert old.capabilities().reason(Capability.BROWSE) == "schema_lacks_field"
    assert old.capabilities().reason(Capability.DIRECT_READ) == "schema_lacks_field"
    assert old.capabilities().reason(Capability.HISTORY) == "schema_lacks_field"
    lacking = new.capabilities({Capability.WRITE: "right_missing", Capability.PUSH: "push_refused"})
    assert lacking.reason(Capability.WRITE) == "right_missing"
    assert lacking.reason(Capability.PUSH) == "push_refused"
    with pytest.raises(NotSupported):
        old.browse(["*"], [], "en-US")


def test_bounding_mode_is_left_out_where_it_does_not_exist():
    _, dialect = dialect_of(V20)
    operation = dialect.history(["A"], 10**18, 2 * 10**18, most=5, bounding=True)
    assert "boundingValuesMode" not in operation.text


def test_only_changes_are_marked_as_changes():
    _, dialect = dialect_of(V20)
    assert dialect.write([]).changes_plant
    assert dialect.alarm_action(AlarmAction.RESET, []).changes_plant
    assert not dialect.read([]).changes_plant
    assert not login_operation("a", "b").changes_plant


def test_the_whole_introspection_of_a_library_is_read_too():
    schema = build_schema(V20)
    answer = graphql_sync(schema, get_introspection_query())
    read = schema_from_introspection(answer.data["__schema"])
    assert read.query["tagValues"].arguments["names"] == "[String!]!"
    assert read.types["Value"]["quality"].type_name == "Quality"
    assert "ALARM" in read.enums["ObjectTypesEnum"]


@pytest.mark.parametrize("nonsense", [None, [], {}, {"types": 5}, "x"])
def test_nonsense_is_no_schema(nonsense):
    assert schema_from_introspection(nonsense) is None


def test_the_assumed_schema_asks_for_all_of_v20_and_nothing_of_v19():
    dialect = UnifiedDialect(assumed_schema())
    text = dialect.active_alarms("", "en-US").text
    assert " path " in text
    assert " tag " not in text
    assert "hasComments" not in text
    logged = dialect.logged_alarms(1, 2, "", "en-US", 0).text
    assert "flashing" not in logged
    assert "userResponse" not in logged
    assert Capability.HISTORY in dialect.capabilities()


def test_names_are_never_part_of_the_text():
    dialect = UnifiedDialect(assumed_schema())
    evil = 'A") { name } } #'
    assert evil not in dialect.read([evil]).text
    assert evil in json.loads(dialect.read([evil]).body())["variables"]["names"]


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("*TIC2120*", "HMI_RT_1::Cooling.TIC2120.PV", True),
        ("Cooling*", "HMI_RT_1::Cooling.TIC2120.PV:Log", True),
        ("Cooling", "HMI_RT_1::Cooling", True),
        ("Cooling", "HMI_RT_1::Cooling.TIC", False),
        ("HMI_RT_2::*", "HMI_RT_1::Cooling", False),
        ("cool?ng", "HMI_RT_1::Cooling", True),
        ("Tag[1]", "HMI_RT_1::Tag[1]", True),
    ],
)
def test_patterns_as_people_mean_them(pattern, name, found):
    assert pattern_matcher([pattern])(name) is found


def test_filters_for_everything_are_the_documented_ones():
    assert browse_filters(()) == ["*::*", "*.**", "*:*", "*.**:*"]
    assert browse_filters(["*x"]) == browse_filters(())
    assert browse_filters(["Cooling.TIC"]) == ["*::Cooling.TIC"]


@given(st.text(min_size=1, max_size=20))
def test_any_pattern_makes_filters(pattern):
    assert browse_filters([pattern])
    pattern_matcher([pattern])("HMI_RT_1::A")
