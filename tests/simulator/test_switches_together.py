"""Any five switches at once: the server answers in some way, and nothing of it breaks."""

import asyncio
import contextlib
import json
import logging

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.conftest import LOGIN, Clock
from simulator.fake_plant import START_NS, FakePlant
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.server import SimulatorServer
from tagwerk.simulator.switches import SWITCHES, Takes

QUERIES = (
    """{ tagValues(names: ["Total", "Pump.Speed", "No"]) {
      name value { value timestamp quality { quality subStatus } } error { code } } }""",
    "{ browse { name objectType dataType } }",
    """{ loggedTagValues(names: ["Pump.Speed", "No"], maxNumberOfValues: 5,
      startTime: "2025-06-15T15:06:40Z", boundingValuesMode: LEFTRIGHT_BOUNDING_VALUES) {
      loggingTagName error { code } values { flags value { value quality { quality } } } } }""",
    '{ activeAlarms(filterString: "priority > 2") { name instanceID state eventText } }',
    """{ loggedAlarms(startTime: "2025-01-01T00:00:00Z") { name state value quality { quality } } }""",
    "mutation { extendSession { token expires user { name groups { name } } } }",
    """mutation { writeTagValues(input: [{name: "Pump.Speed", value: 5}, {name: "No", value: 1}]) {
      name error { code } } }""",
    """mutation { acknowledgeAlarms(input: [{name: "HMI_RT_1::Pump.Speed:High"}]) {
      alarmName error { code } } }""",
    "{ session { token user { name } } }",
    "{ __schema { queryType { name } } }",
    "{ nothing }",
)
SUBSCRIPTIONS = (
    """subscription { tagValues(names: ["Total", "Pump.Speed", "No"]) {
      name notificationReason value { value quality { quality } } error { code } } }""",
    "subscription { activeAlarms { name state notificationReason instanceID } }",
    "subscription { reduState { value { value } } }",
    "{ nonce { validFor } }",
)
MEANT_500 = {"expired-as=500", "invalid-as=500", "no-websocket=500"}
WAITS_S = 0.05


def short(text: str) -> str:
    """A variant whose time has come before a test has waited long."""
    name = text.partition("=")[0]
    switch = next(one for one in SWITCHES if one.name == name)
    if switch.takes is Takes.NUMBER and not switch.whole and "seconds" in switch.explanation:
        if name == "clock-offset":
            return text
        return f"{name}={max(switch.least, WAITS_S)}"
    return text


VARIANTS = tuple(
    short(text)
    for switch in SWITCHES
    if not switch.name.startswith("classic-")
    for text in switch.variants
)


class Visitor:
    """A client that takes whatever comes, and counts what got an answer."""

    def __init__(self, server: SimulatorServer, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.http = http
        self.statuses: list[int] = []

    async def post(self, query: str, variables=None, token: str = ""):
        headers = {"Authorization": f"Bearer {token}", "apollo-require-preflight": "1"}
        if not token:
            del headers["Authorization"]
        body = {"query": query, "variables": variables or {}}
        try:
            async with self.http.post(self.server.url, json=body, headers=headers) as answer:
                content = await answer.read()
                self.statuses.append(answer.status)
                return json.loads(content.decode("utf-8-sig"))
        except (aiohttp.ClientError, ValueError, TimeoutError):
            return None

    async def log_in(self) -> str:
        user = self.server.ready["users"][0]
        for _ in range(4):
            found = await self.post(LOGIN, {"name": user["name"], "password": user["password"]})
            with contextlib.suppress(TypeError, KeyError):
                return found["data"]["login"]["token"] or ""
        return ""

    async def listen(self, token: str) -> None:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, TypeError, OSError):
            socket = await self.http.ws_connect(
                self.server.url, protocols=("graphql-transport-ws",), compress=15
            )
            init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
            await socket.send_json(init)
            with contextlib.suppress(TimeoutError):
                await socket.receive(timeout=3 * WAITS_S)
            for number, query in enumerate(SUBSCRIPTIONS):
                payload = {"query": query}
                await socket.send_json({"id": f"{number}", "type": "subscribe", "payload": payload})
            plant = self.server.model
            for value in range(3):
                plant.set("Total", value)
                plant.set("Pump.Speed", float("nan") if value == 1 else 0.5)
                with contextlib.suppress(TimeoutError):
                    while not socket.closed:
                        await socket.receive(timeout=WAITS_S / 2)
            await socket.close()


async def visit(switches: tuple[str, ...]) -> list[int]:
    """Everything once, on a server with these switches."""
    clock = Clock()
    options = SimulatorOptions(switches=switches, plain_http=True)
    server = SimulatorServer(options, model=FakePlant(3), clock_ns=clock)
    await server.start()
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        visitor = Visitor(server, http)
        try:
            server.model.alarms.raise_alarm("Pump.Speed:High", START_NS)
            token = await visitor.log_in()
            for query in QUERIES:
                await visitor.post(query, token=token)
            clock.forward(0.3)
            await visitor.listen(token)
            await visitor.post(QUERIES[0], token="stale")
            # The plant itself has not stopped.
            assert server._ticker is not None
            assert not server._ticker.done()
        finally:
            await server.stop()
    return visitor.statuses


def check(switches: tuple[str, ...], caplog) -> None:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        statuses = asyncio.run(visit(switches))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert statuses
    if not MEANT_500 & set(switches):
        assert 500 not in statuses


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(switches=st.lists(st.sampled_from(VARIANTS), min_size=5, max_size=5, unique=True))
def test_any_five(caplog, switches):
    check(tuple(switches), caplog)


@pytest.mark.parametrize(
    "switches",
    [
        ("v19", "v20", "iis", "extensions", "bom"),
        ("quality-as=word", "push-together", "numeric-ids", "nan-bare", "json-style=ascii"),
        ("cut-every=2", "chunked", "compress", "http10", "bom"),
        ("error-code-number", "instance-id=text", "unknown-members", "alarm-nulls", "shuffled"),
        ("remove-after=0.05", "shuffled", "no-added=all", "modified-first", "socket-deflate"),
        ("expired-socket=error", "auto-logoff=0.05", "expired-as=500", "stale-header-refused"),
        ("frozen-socket=0.1", "flaky-socket=0.2", "ack-late=0.05", "socket-pings=0.1"),
    ],
)
def test_some_that_meet_in_the_same_place(caplog, switches):
    check(switches, caplog)
