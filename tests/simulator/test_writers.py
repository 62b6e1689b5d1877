"""Compiled answers equal the executor's, for any selection."""

import json

import pytest
from graphql import execute, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fake_plant import START_NS, FakePlant
from tagwerk.simulator.access import Caller
from tagwerk.simulator.execute import Engine, Request
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.sessions import SessionStore
from tagwerk.simulator.state import QualityWords
from tagwerk.simulator.switches import parse_switches
from tagwerk.simulator.wire import Wire
from tagwerk.simulator.writers import TagWriter, json_text, value_encoder


def make(*switches):
    chosen = parse_switches(switches)
    plant = FakePlant()
    sessions = SessionStore(lambda: START_NS)
    wire = Wire(plant.system, chosen)
    operations = Operations(plant, sessions, wire, chosen, lambda: START_NS)
    return Engine(operations, chosen), Caller(sessions.login("operator", "Operator-1"))


ENGINE, CALLER = make()

_ALIASES = st.sampled_from(["", "", "", "a: ", "b: "])
_CONDITIONS = st.sampled_from(
    [
        "",
        "",
        "",
        " @skip(if: $yes)",
        " @include(if: $yes)",
        " @skip(if: $no)",
        " @include(if: false)",
    ]
)
_QUALITY = ("quality", "subStatus", "limit", "extendedSubStatus", "sourceQuality", "__typename")


@st.composite
def _fields(draw, leaves, nested):
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from((*leaves, *nested)))
        inner = draw(nested[name]) if name in nested else ""
        text = draw(_ALIASES) + name + draw(_CONDITIONS) + inner
        wrapped = draw(st.sampled_from(["{}", "{}", "... {{ {} }}", "... @skip(if: $no) {{ {} }}"]))
        parts.append(wrapped.format(text))
    if draw(st.booleans()):
        parts.append("__typename")
    return " { " + " ".join(parts) + " }"


_QUALITIES = _fields(_QUALITY, {})
_VALUES = _fields(("value", "timestamp", "__typename"), {"quality": _QUALITIES})
_ERRORS = _fields(("code", "description"), {})
_NOTIFICATIONS = _fields(
    ("name", "notificationReason", "__typename"), {"value": _VALUES, "error": _ERRORS}
)
_NAMES = st.sampled_from(["Pump.Speed", "Pump.Name", "Total", "Recipe", "Nothing", "Pump"])


def _is_valid(query):
    return not validate(ENGINE.schema, parse(query))


@settings(max_examples=80, deadline=None)
@given(_NOTIFICATIONS, st.sampled_from(["", "mine: "]), _NAMES, st.text(max_size=5), st.booleans())
def test_a_compiled_notification_equals_the_executor(
    selection, alias, name, identity, with_fragment
):
    header = "subscription($names: [String!]!, $yes: Boolean = true, $no: Boolean = false)"
    body = " { ...rest }" if with_fragment else selection
    query = f"{header} {{ {alias}tagValues(names: $names){body} }}"
    if with_fragment:
        query += f" fragment rest on TagValueNotification {selection}"
    if not _is_valid(query):
        return
    prepared = ENGINE.prepare(Request(query, {"names": [name]}, None))
    field = ENGINE.compile_subscription(prepared)
    wire = ENGINE.operations.wire
    source = {**ENGINE.operations.tags.tag_value(name), "notificationReason": "Modified"}
    expected = execute(
        ENGINE.schema,
        prepared.document,
        root_value={"tagValues": source},
        variable_values={"names": [name]},
    )
    assert expected.errors is None
    writer = TagWriter(wire, identity, field)
    if source["value"] is None:
        message = writer.error(source, "Modified")
    else:
        state = ENGINE.operations.tags.state(name)
        encode = value_encoder(wire, state.data_type)
        message = writer.modified(
            json_text(source["name"]), encode(state.value), wire.time(state.time_ns), state.quality
        )
    assert json.loads(message) == {
        "id": identity,
        "type": "next",
        "payload": {"data": expected.data},
    }


_BROWSED = _fields(("name", "displayName", "objectType", "dataType", "__typename"), {})
_READ = _fields(("name", "__typename"), {"value": _VALUES, "error": _ERRORS})
_LOGGED = _fields(
    ("loggingTagName",),
    {"error": _ERRORS, "values": _fields(("flags",), {"value": _VALUES})},
)
_ALARMS = _fields(
    ("name", "eventText", "state", "priority", "raiseTime", "alarmParameterValues", "changeReason"),
    {"quality": _QUALITIES, "invalidFlags": _fields(("invalidTimestamp",), {})},
)
_QUERIES = st.one_of(
    _BROWSED.map(lambda text: "browse" + text),
    _READ.map(lambda text: 'tagValues(names: ["Total", "Nothing", "Recipe"])' + text),
    _LOGGED.map(
        lambda text: (
            'loggedTagValues(names: ["Pump.Speed", "x"], startTime: "2025-06-15T15:06:40Z", endTime: "2025-06-15T15:06:43Z")'
            + text
        )
    ),
    _ALARMS.map(lambda text: 'activeAlarms(languages: ["de-DE", "en-US"])' + text),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_QUERIES, min_size=1, max_size=3))
def test_a_compiled_query_equals_the_executor(fields):
    engine, caller = make()
    engine.operations.model.alarms.raise_alarm("Pump.Speed:High", START_NS, value=3.5)
    parts = " ".join(f"f{number}: {text}" for number, text in enumerate(fields))
    query = f"query($yes: Boolean = true, $no: Boolean = false) {{ {parts} }}"
    if not _is_valid(query):
        return
    prepared = engine.prepare(Request(query, {}, None))

    def finish(coroutine):
        try:
            while True:
                coroutine.send(None)
        except StopIteration as done:
            return done.value

    async def streamed():
        return b"".join([chunk async for chunk in engine.stream(prepared, caller)])

    assert engine.compile(prepared) is not None
    assert json.loads(finish(streamed())) == finish(engine.run(prepared, caller))


@given(st.floats() | st.integers(-(2**70), 2**70) | st.text(max_size=8) | st.none() | st.booleans())
@pytest.mark.parametrize("switches", [(), ("nan-as-text", "int64-as-text")])
@pytest.mark.parametrize("data_type", ["LReal", "LInt", "Array [0..1] of ULInt"])
def test_fast_values_equal_the_wire(switches, data_type, value):
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return
    wire = Wire("S", parse_switches(switches))
    assert json.loads(value_encoder(wire, data_type)(value)) == wire.value(value, data_type)


def test_marks_in_names_and_percent_signs_do_no_harm():
    prepared = ENGINE.prepare(
        Request(
            'subscription { tagValues(names: ["x"]) { value { value } name again: name } }',
            {},
            None,
        )
    )
    writer = TagWriter(ENGINE.operations.wire, "%s %d\ue000", ENGINE.compile_subscription(prepared))
    message = json.loads(
        writer.value(
            json_text('100 % "%s" \ue001'), '"\ue002"', "t", QualityWords("NEW_WORD"), "Added"
        )
    )
    assert message["id"] == "%s %d\ue000"
    assert message["payload"]["data"]["tagValues"] == {
        "value": {"value": "\ue002"},
        "name": '100 % "%s" \ue001',
        "again": '100 % "%s" \ue001',
    }
