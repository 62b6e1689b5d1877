"""A generic GraphQL client that knows nothing but the schema it fetches from the server."""

import asyncio
import ssl

import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.server import SimulatorServer

SETPOINT = "Cooling.TIC2120.SP"


@pytest.fixture
async def server(certificate_folder):
    """The real demo plant."""
    server = SimulatorServer(SimulatorOptions(data_dir=str(certificate_folder)))
    await server.start()
    yield server
    await server.stop()


async def test_log_in_read_write_and_subscribe(server):
    context = ssl.create_default_context(cafile=server.ca_file)
    headers = {"apollo-require-preflight": "true"}
    transport = AIOHTTPTransport(server.url, ssl=context, headers=headers)
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        login = gql(
            """mutation($name: String!, $password: String!) {
            login(username: $name, password: $password) { token error { code } user { name } } }"""
        )
        password = server.ready["users"][0]["password"]
        login.variable_values = {"name": "operator", "password": password}
        token = (await session.execute(login))["login"]["token"]
    bearer = f"Bearer {token}"
    transport = AIOHTTPTransport(
        server.url, ssl=context, headers={**headers, "Authorization": bearer}
    )
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert session.client.schema.subscription_type is not None
        browsed = await session.execute(
            gql("{ browse(objectTypeFilters: [TAG]) { name dataType } }")
        )
        assert f"HMI_RT_1::{SETPOINT}" in [item["name"] for item in browsed["browse"]]
        read = gql(
            "query($names: [String!]!) { tagValues(names: $names) { value { value } error { code } } }"
        )
        read.variable_values = {"names": [SETPOINT]}
        before = (await session.execute(read))["tagValues"][0]["value"]["value"]
        wanted = before + 1

        sockets = WebsocketsTransport(
            server.url.replace("https", "wss"),
            ssl=context,
            init_payload={"Authorization": bearer},
        )
        seen = []
        async with Client(transport=sockets, schema=session.client.schema) as stream:
            watch = gql(
                """subscription($names: [String!]!) { tagValues(names: $names) {
                name notificationReason value { value timestamp quality { quality } } } }"""
            )
            watch.variable_values = {"names": [SETPOINT]}
            async with asyncio.timeout(10):
                async for answer in stream.subscribe(watch):
                    item = answer["tagValues"]
                    seen.append((item["notificationReason"], item["value"]["value"]))
                    if len(seen) == 1:
                        write = gql(
                            """mutation($input: [TagValueInput]!) {
                            writeTagValues(input: $input) { name error { code } } }"""
                        )
                        write.variable_values = {"input": [{"name": SETPOINT, "value": wanted}]}
                        replies = (await session.execute(write))["writeTagValues"]
                        assert replies[0]["error"]["code"] == "0"
                    if item["value"]["value"] == wanted:
                        break
        assert seen[0] == ("Added", before)
        assert seen[-1] == ("Modified", wanted)
        assert (await session.execute(read))["tagValues"][0]["value"]["value"] == wanted


async def test_without_a_token_the_client_sees_an_error(server):
    context = ssl.create_default_context(cafile=server.ca_file)
    transport = AIOHTTPTransport(server.url, ssl=context)
    async with Client(transport=transport) as session:
        with pytest.raises(TransportQueryError, match="Not authenticated"):
            await session.execute(gql("{ activeAlarms { name } }"))
