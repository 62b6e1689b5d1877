"""What the client makes of odd answers, without a network."""

from __future__ import annotations

import json

import pytest

from tagwerk.dialects.unified import UnifiedDialect
from tagwerk.dialects.unified_replies import DocumentRefused, SessionPerhapsEnded
from tagwerk.dialects.unified_schema import assumed_schema
from tagwerk.domain.alarms import AlarmAction, AlarmKey
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import NotReachable, ServerRefused
from tagwerk.domain.ports import WriteItem
from tagwerk.link.client import HttpClient
from tagwerk.link.transport import Answer

SECRET = "Token-that-nobody-may-see"


class Keeper:
    """Answers each operation by its result's name; an exception is raised."""

    secrets = (SECRET,)
    user = "anna"

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    async def execute(self, operation, **_limits):
        self.asked.append(operation)
        found = self.answers[operation.result]
        found = found.pop(0) if isinstance(found, list) and found and callable(found[0]) else found
        if callable(found):
            found = found()
        if isinstance(found, Exception):
            raise found
        return Answer(200, json.dumps({"data": {operation.result: found}}).encode())


def client_of(**answers):
    client = HttpClient(Keeper(**answers))
    client.dialect = UnifiedDialect(assumed_schema())
    return client


def said(code="1"):
    return {"code": code, "description": f"refused for {SECRET}"}


async def test_what_a_server_says_of_an_item_is_without_secrets():
    client = client_of(
        tagValues=[{"name": "A", "value": None, "error": said()}],
        writeTagValues=[{"name": "A", "error": said()}],
        loggedTagValues=[{"loggingTagName": "A", "values": [], "error": said()}],
        acknowledgeAlarms=[{"alarmName": "A", "alarmInstanceID": 1, "error": said()}],
    )
    (sample,) = await client.read(["A"])
    (written,) = await client.write([WriteItem("A", 1)])
    (series,) = await client.history(["A"], 10**18, 2 * 10**18)
    (reply,) = await client.alarm_action(AlarmAction.ACKNOWLEDGE, [AlarmKey("A", 1)])
    for error in (sample.error, written.error, series.error, reply.error):
        assert error.code == "1"
        assert error.description.startswith("refused for ")
        assert SECRET not in repr(error)


async def test_an_item_that_is_null_or_says_nothing_is_no_value():
    client = client_of(tagValues=[None])
    assert (await client.read(["A"]))[0].error.code == "NOT_RETURNED"
    client = client_of(tagValues=[{"name": "A", "value": None, "error": None}])
    assert (await client.read(["A"]))[0].error.code == "NO_VALUE"
    good = {"value": None, "timestamp": "2026-01-01T00:00:00Z", "quality": None}
    client = client_of(tagValues=[{"name": "A", "value": good, "error": None}])
    assert (await client.read(["A"]))[0].error is None


def refused(*words):
    problem = DocumentRefused("The server does not take this request.")
    problem.said = words
    return problem


async def test_a_refused_read_is_asked_anew_without_what_does_not_exist():
    word = 'Unknown argument "directRead" on field "Query.tagValues".'
    client = client_of(tagValues=[lambda: refused(word), list])
    client._refresh()
    assert Capability.DIRECT_READ in client.capabilities
    with pytest.raises(Exception, match="directly"):
        await client.read(["A"], direct=True)
    assert client.capabilities.reason(Capability.DIRECT_READ) == "schema_lacks_field"
    assert len(client.keeper.asked) == 1


async def test_a_refused_document_that_teaches_nothing_is_not_sent_again():
    client = client_of(writeTagValues=refused("Something else is wrong."))
    with pytest.raises(DocumentRefused):
        await client.write([WriteItem("A", 1)])
    assert len(client.keeper.asked) == 1


@pytest.mark.parametrize("assumed", [True, False], ids=["assumed", "told"])
async def test_a_write_is_not_sent_again_whatever_was_learned(assumed):
    client = client_of(writeTagValues=refused('Unknown type "TagValueInput".'))
    schema = assumed_schema()
    client.dialect = UnifiedDialect(
        type(schema)(schema.query, schema.mutation, schema.subscription, {}, assumed=assumed)
    )
    with pytest.raises((DocumentRefused, ServerRefused)):
        await client.write([WriteItem("A", 1)])
    assert len(client.keeper.asked) == 1


async def test_a_failure_is_never_a_reason_to_write_again():
    client = client_of(writeTagValues=SessionPerhapsEnded("jwt expired while writing"))
    with pytest.raises(SessionPerhapsEnded):
        await client.write([WriteItem("A", 1)])
    assert len(client.keeper.asked) == 1


async def test_who_answers_no_writes_can_still_be_read():
    lost = NotReachable("The connection broke.", code="broken", may_have_arrived=True)
    client = client_of(tagValues=[], writeTagValues=lost)
    await client.find_rights()
    assert Capability.READ in client.capabilities
    gone = NotReachable("Nothing listens.", code="refused")
    client = client_of(tagValues=[], writeTagValues=gone)
    with pytest.raises(NotReachable):
        await client.find_rights()
