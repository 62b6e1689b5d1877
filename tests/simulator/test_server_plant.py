"""The real demo plant behind the schema: every field of every object, by both ways of answering."""

import json

import pytest
from graphql import GraphQLList, GraphQLObjectType

from tagwerk.simulator.access import Caller
from tagwerk.simulator.execute import Engine, Request
from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.sessions import SessionStore
from tagwerk.simulator.switches import parse_switches
from tagwerk.simulator.wire import Wire

START_NS = 1_780_000_000_000_000_000


@pytest.fixture(scope="module")
def plant():
    plant = PlantModel.create(start_ns=START_NS)
    plant.advance(START_NS + 1_000_000_000)
    return plant


@pytest.fixture(scope="module")
def served(plant):
    switches = parse_switches([])
    sessions = SessionStore(lambda: START_NS)
    wire = Wire(plant.system, switches)
    operations = Operations(plant, sessions, wire, switches, lambda: START_NS + 1_000_000_000)
    caller = Caller(sessions.login("operator", "Operator-1"))
    return Engine(operations, switches), caller


def everything(kind):
    """A selection of every field below a type."""
    while not isinstance(kind, GraphQLObjectType):
        if not hasattr(kind, "of_type"):
            return ""
        kind = kind.of_type
    return (
        " { "
        + " ".join(name + everything(field.type) for name, field in kind.fields.items())
        + " }"
    )


def finish(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as done:
        return done.value


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("browse", ""),
        ("tagValues", "(names: $names)"),
        (
            "loggedTagValues",
            '(names: $names, startTime: "2026-05-28T20:26:35Z", maxNumberOfValues: 3)',
        ),
        ("activeAlarms", '(languages: ["de-DE", "en-US"])'),
        ("loggedAlarms", "(maxNumberOfResults: 50)"),
    ],
)
def test_every_field_fits_the_schema(plant, served, field, arguments):
    engine, caller = served
    selection = everything(engine.schema.query_type.fields[field].type)
    assert isinstance(engine.schema.query_type.fields[field].type, GraphQLList)
    header = "query($names: [String!]!)" if "$names" in arguments else ""
    names = [item.name for item in plant.browse() if item.object_type == "SIMPLETAG"]
    variables = {"names": names} if header else {}
    request = Request(f"{header} {{ {field}{arguments}{selection} }}", variables, None)
    prepared = engine.prepare(request)

    async def streamed():
        return b"".join([chunk async for chunk in engine.stream(prepared, caller)])

    by_executor = finish(engine.run(prepared, caller))
    assert "errors" not in by_executor
    assert len(by_executor["data"][field]) >= 3
    assert engine.compile(prepared) is not None
    assert json.loads(finish(streamed())) == by_executor
