"""Servers that are built otherwise: other names of types, more wanted, less told, other words."""

from __future__ import annotations

import json
import math

import pytest
from graphql import build_schema, graphql_sync, parse, validate

from tagwerk.dialects.base import decode_json
from tagwerk.dialects.unified import SESSION_SELECTIONS, UnifiedDialect, login_operation
from tagwerk.dialects.unified_browse import kind_of
from tagwerk.dialects.unified_replies import (
    DocumentRefused,
    SessionPerhapsEnded,
    error_to_raise,
    errors_from_json,
    login_from_json,
)
from tagwerk.dialects.unified_schema import (
    INTROSPECTION,
    PLAIN_INTROSPECTION,
    assumed_schema,
    schema_from_introspection,
)
from tagwerk.dialects.unified_values import Echoes, name_batches
from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmState
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import LoginFailed, NotSupported, ServerFailed
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind, data_type_from_text
from tagwerk.domain.text import typed_value

ODD = """
schema { query: Fragen mutation: Taten }
scalar Irgendwas
enum Sorte { tag structureTag LOGGING_TAG }
enum Folge { Time_Asc Time_Desc }
type Ergebnis { name: String value: Irgendwas error: String }
type Reihe { loggingTagName: String values: [Ergebnis] }
type Meldung { name: String }
input Auftrag { name: String! value: Irgendwas! grund: String! }
input Nummer { name: String! }
type Fragen {
  tagValues(names: [String]): [Ergebnis]
  browse(objectTypeFilters: [Sorte!]! = [], nameFilters: [String!]!): [Ergebnis]
  loggedTagValues(names: [String!]!, sortingMode: Folge, mandant: Int!): [Reihe]
  activeAlarms(mandant: Int! = 1): [Meldung]
}
type Taten {
  writeTagValues(input: [Auftrag!]!): [Ergebnis]
  acknowledgeAlarms(input: [Nummer!]!): [Ergebnis]
}
"""


def dialect_of(sdl, question=INTROSPECTION):
    schema = build_schema(sdl)
    answer = graphql_sync(schema, question.text)
    assert answer.errors is None
    return schema, UnifiedDialect(schema_from_introspection(answer.data["__schema"]))


@pytest.mark.parametrize("question", [INTROSPECTION, PLAIN_INTROSPECTION])
def test_names_of_types_are_the_servers_own(question):
    schema, dialect = dialect_of(ODD, question)
    for operation in (
        dialect.read(["A"]),
        dialect.browse(["*"], [TagKind.TAG, TagKind.LOGGING_TAG], "en-US"),
        dialect.active_alarms("", "en-US"),
        dialect.alarm_action(AlarmAction.ACKNOWLEDGE, [AlarmKey("A:B", 4)]),
    ):
        assert validate(schema, parse(operation.text)) == [], operation.text
    assert "$names: [String]" in dialect.read(["A"]).text
    assert " value " in dialect.read(["A"]).text  # a bare value instead of an object


def test_members_of_enums_are_spelled_as_the_server_does():
    _, dialect = dialect_of(ODD)
    kinds = [TagKind.TAG, TagKind.STRUCTURE, TagKind.LOGGING_TAG, TagKind.ALARM]
    sent = dialect.browse(["*"], kinds, "en-US").variables
    assert sent["objectTypeFilters"] == ["tag", "structureTag", "LOGGING_TAG"]
    assert "language" not in sent


def test_fields_that_an_input_lacks_are_not_sent():
    _, dialect = dialect_of(ODD)
    sent = dialect.alarm_action(AlarmAction.ACKNOWLEDGE, [AlarmKey("A:B", 4)]).variables
    assert sent == {"input": [{"name": "A:B"}]}


def test_what_wants_more_than_the_desk_knows_is_a_missing_capability():
    _, dialect = dialect_of(ODD)
    able = dialect.capabilities()
    assert able.reason(Capability.HISTORY) == "schema_wants_more"
    assert able.reason(Capability.WRITE) == "schema_wants_more"
    assert Capability.ALARMS in able
    assert Capability.ACKNOWLEDGE in able
    assert able.reason(Capability.PUSH) == "schema_lacks_field"
    with pytest.raises(NotSupported, match="mandant") as caught:
        dialect.history(["A"], 10**18, 2 * 10**18, most=5)
    assert caught.value.code == "schema_wants_more"
    with pytest.raises(NotSupported, match=r"input\.grund"):
        dialect.write([WriteItem("A", 1)])
    with pytest.raises(NotSupported):
        dialect.write([])


def test_a_server_that_only_refuses_teaches_what_it_lacks():
    """The assumed schema against an older server, until nothing is refused any more."""
    old = build_schema(
        """
        scalar Wert
        type Fehler { code: String }
        type Lesung { name: String error: Fehler }
        type Alarm { name: String connection: String }
        input Ziel { name: String! instanceID: Int }
        type Query {
          tagValues(names: [String!]!): [Lesung]
          activeAlarms(languages: [String] = []): [Alarm]
        }
        type Mutation { acknowledgeAlarms(input: [Ziel]!): [Lesung] }
        """
    )
    dialect = UnifiedDialect(assumed_schema())

    def settled(make):
        for _ in range(8):
            operation = make()
            problems = validate(old, parse(operation.text))
            if not problems:
                return operation
            body = [{"message": one.message} for one in problems]
            refused = error_to_raise(errors_from_json(body), 400)
            assert isinstance(refused, DocumentRefused)
            assert dialect.learn(operation, refused)
        raise AssertionError("never learned")

    assert "connectionName" not in settled(lambda: dialect.active_alarms("", "de-DE")).text
    with pytest.raises(NotSupported):
        settled(lambda: dialect.read(["A"], direct=True))
    assert settled(lambda: dialect.read(["A"])).variables == {"names": ["A"]}
    key = AlarmKey("A:B", 1)
    taken = settled(lambda: dialect.alarm_action(AlarmAction.ACKNOWLEDGE, [key]))
    assert "$input: [Ziel]!" in taken.text
    with pytest.raises(NotSupported):
        settled(lambda: dialect.browse(["*"], [], "en-US"))
    assert dialect.capabilities().reason(Capability.BROWSE) == "schema_lacks_field"
    assert dialect.capabilities().reason(Capability.DIRECT_READ) == "schema_lacks_field"


@pytest.mark.parametrize(
    "said",
    [
        "GraphQL introspection is not allowed by Apollo Server, but the query contained __schema",
        "GraphQL introspection has been disabled, but the requested query contained the field",
        'Unknown argument "includeDeprecated" on field "__Type.fields".',
        'Cannot query field "browse" on type "Query".',
        'Unknown type "ObjectTypesEnum".',
        "Syntax Error: Expected Name",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_refused_document_is_known_without_a_code(said, status):
    assert isinstance(
        error_to_raise(errors_from_json([{"message": said}]), status), DocumentRefused
    )


def test_nothing_is_learned_from_other_words():
    dialect = UnifiedDialect(assumed_schema())
    operation = dialect.read(["A"])
    assert not dialect.learn(operation, DocumentRefused("The server is busy."))


def test_a_failure_that_speaks_of_sessions_may_be_an_ended_one():
    body = [{"message": "jwt expired", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]
    assert isinstance(error_to_raise(errors_from_json(body)), SessionPerhapsEnded)
    body = [{"message": "boom", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]
    problem = error_to_raise(errors_from_json(body))
    assert isinstance(problem, ServerFailed)
    assert not isinstance(problem, SessionPerhapsEnded)


@pytest.mark.parametrize("number", range(len(SESSION_SELECTIONS)))
def test_ever_less_is_asked_of_a_session(number):
    assert login_operation("a", "secret", number).variables == {
        "username": "a",
        "password": "secret",
    }
    assert "token" in SESSION_SELECTIONS[number]


@pytest.mark.parametrize(
    ("code", "word"), [("101", "password"), (101, "password"), ("102", "UMC"), ("103", "too long")]
)
def test_a_refused_login_says_what_the_code_means(code, word):
    body = {"token": None, "error": {"code": code, "description": "no"}}
    with pytest.raises(LoginFailed, match=word) as caught:
        login_from_json(body, "anna")
    assert caught.value.code == str(code)
    assert caught.value.cure


def test_a_byte_order_mark_is_no_part_of_an_answer():
    assert decode_json(b"\xef\xbb\xbf" + json.dumps({"a": 1}).encode()) == {"a": 1}


@pytest.mark.parametrize(
    ("word", "name", "data_type", "kind"),
    [
        ("", "S::Tank", "LReal", TagKind.TAG),
        ("", "S::Tank", "Struct", TagKind.STRUCTURE),
        ("", "S::Tank:Log", "LReal", TagKind.LOGGING_TAG),
        ("", "S::Tank:High", "", TagKind.ALARM),
        ("", "S::@Type", "", TagKind.OTHER),
        ("", "S::Tank", "", TagKind.OTHER),
        ("WHATEVER", "S::Tank", "", TagKind.TAG),
    ],
)
def test_kinds_of_objects_that_nobody_named(word, name, data_type, kind):
    assert kind_of(word, name, data_type) is kind


NOON = "2026-04-12T06:30:00.000Z"


@pytest.mark.parametrize(
    ("value", "type_text", "wanted"),
    [
        (1775975400, "DateTime", NOON),
        (1775975400000, "DateTime", NOON),
        (1775975400000.0, "DateTime", NOON),
        (1775975400 * 10**6, "DateTime", NOON),
        (1775975400 * 10**9, "DateTime", NOON),
        (639115722000000000, "DateTime", NOON),
        (134204490000000000, "DateTime", NOON),
        (0, "DateTime", 0),
        (7, "DateTime", 7),
        (True, "DateTime", True),
        (10**30, "DateTime", 10**30),
        (NOON, "DateTime", NOON),
        (5.0, "Int", 5),
        (5.5, "Int", 5.5),
        (2.0**60, "LInt", 2.0**60),
        (5.0, "LReal", 5.0),
        (1775975400, "UDInt", 1775975400),
    ],
)
def test_values_in_their_types_own_form(value, type_text, wanted):
    found = typed_value(value, data_type_from_text(type_text))
    assert found == wanted
    assert type(found) is type(wanted)


def test_not_a_number_is_no_date():
    found = typed_value(math.nan, data_type_from_text("DateTime"))
    assert isinstance(found, float)


@pytest.mark.parametrize(
    ("state", "response", "machine", "waits"),
    [
        (AlarmState.RAISED, "ACKNOWLEDGEMENT", "", True),
        (AlarmState.UNKNOWN, "SINGLE_ACKNOWLEDGEMENT", "", True),
        (AlarmState.RAISED_ACKNOWLEDGED, "ACKNOWLEDGEMENT", "", False),
        (AlarmState.RAISED, "NONE", "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT", False),
        (AlarmState.RAISED, "A_NEW_WORD", "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT", True),
        (AlarmState.RAISED, "A_NEW_WORD", "RAISE_CLEAR", False),
        (AlarmState.RAISED, "", "", True),
        (AlarmState.RAISED_ACKNOWLEDGED, "", "", False),
        (AlarmState.UNKNOWN, "", "", False),
    ],
)
def test_who_waits_for_an_operator(state, response, machine, waits):
    alarm = Alarm(AlarmKey("A:B", 1), state, user_response=response, state_machine=machine)
    assert alarm.needs_acknowledgement is waits


def test_names_that_differ_in_case_only_are_told_apart():
    names = ["S::Tank", "S::TANK", "R::Tank"]
    assert sorted(name for batch in name_batches(names) for name in batch) == sorted(names)
    assert all(
        len({name.casefold() for name in batch}) == len(batch) for batch in name_batches(names)
    )
    echoes = Echoes(["S::Tank", "S::Druck"])
    assert echoes.find("S::TANK") == "S::Tank"
    assert echoes.find("tank") == "S::Tank"
    assert echoes.find("R::tank") is None
    both = Echoes(["S::Tank", "S::TANK"])
    assert both.find("S::TANK") == "S::TANK"
    assert both.find("S::Tank") == "S::Tank"
    assert both.find("S::tank") is None
