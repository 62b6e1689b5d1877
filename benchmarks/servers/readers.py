"""Other clients on the same flood: counts what their own API hands to Python code.

echo '{"url": …, "ca": …, "tag_names": […], "seconds": 5}' | python readers.py gql|aiohttp
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

QUERY = """subscription ($names: [String!]!) { tagValues(names: $names) { name
  value { value timestamp quality { quality subStatus limit extendedSubStatus } } error { code description }
  notificationReason } }"""
TOKEN = "firehose-token"
Handler = Callable[[dict[str, Any]], Awaitable[None]]


async def read_gql(order: dict[str, Any], context: ssl.SSLContext) -> tuple[int, float]:
    from gql import Client, gql
    from gql.transport.websockets import WebsocketsTransport

    transport = WebsocketsTransport(
        url=order["url"].replace("https", "wss"), ssl=context,
        init_payload={"Authorization": f"Bearer {TOKEN}"},
        subprotocols=["graphql-transport-ws"],
    )  # fmt: skip
    count, began = 0, 0.0
    async with Client(transport=transport) as session:
        request = gql(QUERY)
        request.variable_values = {"names": order["tag_names"]}
        async for _ in session.subscribe(request):
            if not count:
                began = time.perf_counter()
            count += 1
            if not count % 64 and time.perf_counter() - began > order["seconds"]:
                break
    return count, time.perf_counter() - began


async def read_aiohttp(order: dict[str, Any], context: ssl.SSLContext) -> tuple[int, float]:
    import aiohttp

    count, began = 0, 0.0
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(order["url"], ssl=context, protocols=["graphql-transport-ws"]) as socket,
    ):
        await socket.send_json(
            {"type": "connection_init", "payload": {"Authorization": f"Bearer {TOKEN}"}}
        )
        variables = {"names": order["tag_names"]}
        await socket.send_json(
            {"id": "1", "type": "subscribe", "payload": {"query": QUERY, "variables": variables}}
        )
        latest: dict[str, Any] = {}
        handlers = {"1": latest_value(latest)}
        async for message in socket:
            document = json.loads(message.data)
            if document["type"] != "next":
                continue
            await hand_over(document, handlers)
            if not count:
                began = time.perf_counter()
            count += 1
            if not count % 64 and time.perf_counter() - began > order["seconds"]:
                break
    return count, time.perf_counter() - began


def latest_value(latest: dict[str, Any]) -> Handler:
    """What a caller of such a client gives it: here it keeps the latest value of each tag."""

    async def on_data(payload: dict[str, Any]) -> None:
        found = payload["data"]["tagValues"]
        latest[found["name"]] = found["value"]

    return on_data


async def hand_over(document: dict[str, Any], handlers: dict[str, Handler]) -> None:
    """The public client awaits a method for each message, which awaits the caller's function."""
    handler = handlers.get(document.get("id", ""))
    if handler is not None:
        await handler(document.get("payload", {}))


def main() -> None:
    order = json.loads(sys.stdin.read())
    context = ssl.create_default_context(cafile=order["ca"])
    read = {"gql": read_gql, "aiohttp": read_aiohttp}[sys.argv[1]]
    count, seconds = asyncio.run(read(order, context))
    figures = {"received": count, "seconds": seconds, "cpu_seconds": time.process_time()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
