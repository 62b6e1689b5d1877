"""A server that sends values as fast as it is told, or as fast as the client takes them.

Speaks just enough of the protocol for any client: login, introspection, `tagValues` as query and
subscription, over TLS, in a process of its own. Frames are made beforehand, so the server costs
little of the machine that it shares with what is measured. Prints one JSON line when ready.

    python benchmarks/servers/firehose.py --tags 5000 --rate 20000
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import random
import ssl
import struct
import sys
import tempfile
import time
from pathlib import Path

import trustme
from graphql import graphql_sync, parse
from graphql.language.ast import OperationDefinitionNode

from tagwerk.simulator.schema import make_schema
from tagwerk.simulator.switches import parse_switches

SYSTEM = "HMI_RT_1::"
USER, PASSWORD, TOKEN = "operator", "Operator-1", "firehose-token"
VARIANTS = 16
"""Values of each tag that are made beforehand and sent in turn."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_QUALITY = {
    "quality": "GOOD_CASCADE", "subStatus": "NON_SPECIFIC", "limit": "OK",
    "extendedSubStatus": "NON_SPECIFIC", "sourceQuality": False, "sourceTime": False,
    "timeCorrected": False,
}  # fmt: skip


def frame(payload: bytes) -> bytes:
    """An unmasked text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81" + bytes((size,)) + payload
    if size < 65536:
        return b"\x81\x7e" + struct.pack(">H", size) + payload
    return b"\x81\x7f" + struct.pack(">Q", size) + payload


class Firehose:
    """The server's state and its three answers."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.tags = options.tags
        self.rate = options.rate
        self.burst = options.burst
        self.sent = 0
        self.names = [f"{SYSTEM}Generated.Block_{n // 100:04}.T{n:06}" for n in range(options.tags)]
        self.schema = make_schema(parse_switches(()))

    def answer(self, body: bytes) -> bytes:
        request = json.loads(body)
        text, variables = request.get("query", ""), request.get("variables") or {}
        field = first_field(text)
        if field.startswith("__"):
            result = graphql_sync(self.schema, text, variable_values=variables)
            return json.dumps({"data": result.data}).encode()
        done = {"code": "0", "description": "Succeeded"}
        user = {"id": "1", "name": USER, "groups": [], "fullName": USER, "language": "en-US", "autoLogoffSec": 3600}  # fmt: skip
        data: object
        if field in ("login", "extendSession"):
            data = {"user": user, "token": TOKEN, "expires": "2099-01-01T00:00:00.000Z", "error": done}  # fmt: skip
        elif field == "tagValues":
            data = [self.sample(name) for name in variables.get("names", [])]
        elif field == "browse":
            data = [
                {"name": name, "displayName": name, "objectType": "TAG", "dataType": "Double"}
                for name in self.names
            ]
        elif field == "logout":
            data = True
        else:
            data = []
        return json.dumps({"data": {field: data}}).encode()

    @staticmethod
    def sample(name: str) -> dict[str, object]:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        value = {"value": random.random() * 100, "timestamp": stamp, "quality": _QUALITY}
        return {"name": name, "value": value, "error": None}

    def frames(self, operation_id: str, names: list[str], reason: str) -> list[bytes]:
        return [
            frame(
                json.dumps(
                    {
                        "id": operation_id,
                        "type": "next",
                        "payload": {
                            "data": {
                                "tagValues": {**self.sample(name), "notificationReason": reason}
                            }
                        },
                    }
                ).encode()
            )
            for name in names
        ]

    async def pour(self, operation_id: str, names: list[str], writer: asyncio.StreamWriter) -> None:
        """First the values that stand, then changes at the rate until the client goes."""
        writer.write(b"".join(self.frames(operation_id, names, "Added")))
        await writer.drain()
        if not names or self.rate < 0:
            return
        rounds = max(VARIANTS, 8000 // len(names))
        ready = [one for _ in range(rounds) for one in self.frames(operation_id, names, "Modified")]
        began, sent = time.perf_counter(), 0
        while True:
            due = 512
            if self.rate:
                period = self.burst or 0.01
                await asyncio.sleep(period)
                due = int((time.perf_counter() - began) * self.rate) - sent
            start = sent % len(ready)
            part = ready[start : start + due]
            while len(part) < due:
                part += ready[: due - len(part)]
            writer.write(b"".join(part))
            sent += due
            self.sent += due
            await writer.drain()
            if not self.rate:
                await asyncio.sleep(0)


def first_field(text: str) -> str:
    """The name of the first field of the operation."""
    for definition in parse(text).definitions:
        if isinstance(definition, OperationDefinitionNode):
            return definition.selection_set.selections[0].name.value  # type: ignore[union-attr]
    return ""


async def read_request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    keys = {k: line.split(": ", 1)[1] for line in lines[1:] if ": " in line for k in [line.split(": ")[0].lower()]}  # fmt: skip
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return keys, body


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes] | None:
    try:
        first, second = await reader.readexactly(2)
        size = second & 127
        if size == 126:
            (size,) = struct.unpack(">H", await reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await reader.readexactly(8))
        mask = await reader.readexactly(4) if second & 128 else b"\0\0\0\0"
        data = await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        return None
    key = (mask * (size // 4 + 1))[:size]
    whole = int.from_bytes(data, "big") ^ int.from_bytes(key, "big")
    return first & 15, whole.to_bytes(size, "big")


async def serve_socket(
    hose: Firehose, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    pouring: dict[str, asyncio.Task[None]] = {}
    try:
        while (got := await read_frame(reader)) is not None:
            kind, data = got
            if kind == 9:
                writer.write(b"\x8a" + bytes((len(data),)) + data)
            elif kind == 8:
                return
            elif kind == 1:
                message = json.loads(data)
                if message["type"] == "connection_init":
                    writer.write(frame(b'{"type":"connection_ack"}'))
                elif message["type"] == "subscribe":
                    payload = message["payload"]
                    if first_field(payload["query"]) == "tagValues":
                        names = payload["variables"].get("names", [])
                        pouring[message["id"]] = asyncio.create_task(
                            hose.pour(message["id"], names, writer)
                        )
                elif message["type"] == "complete" and message["id"] in pouring:
                    pouring.pop(message["id"]).cancel()
    finally:
        for task in pouring.values():
            task.cancel()
        await asyncio.gather(*pouring.values(), return_exceptions=True)


async def serve(hose: Firehose, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while (request := await read_request(reader)) is not None:
            headers, body = request
            if headers.get("upgrade", "").lower() == "websocket":
                key = headers["sec-websocket-key"].encode()
                accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
                writer.write(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
                    "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
                )
                await serve_socket(hose, reader, writer)
                return
            answer = hose.answer(body)
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
                + answer
            )
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        return
    finally:
        writer.transport.abort()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tags", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=0.0, help="changes/s; 0 endless, -1 none")
    parser.add_argument("--burst", type=float, default=0.0, help="send what is due each so many s")
    options = parser.parse_args()
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        hose = Firehose(options)
        server = await asyncio.start_server(
            lambda r, w: serve(hose, r, w), "127.0.0.1", 0, ssl=context
        )
        port = server.sockets[0].getsockname()[1]
        ready = {
            "url": f"https://127.0.0.1:{port}/graphql/", "ca": str(ca_file), "names": hose.names[:1],
            "user": USER, "password": PASSWORD,
        }  # fmt: skip
        print(json.dumps(ready), flush=True)
        # The one who started us closes our input, or dies: then it is over.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        print(json.dumps({"sent": hose.sent}), flush=True)
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
