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
ALARMS = 40
PREPARED = 16_000
"""Frames of a subscription that are made beforehand and sent in turn, at least two of each tag: making
more for many tags would keep the server from sending for seconds."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_QUALITY = {
    "quality": "GOOD_CASCADE", "subStatus": "NON_SPECIFIC", "limit": "OK",
    "extendedSubStatus": "NON_SPECIFIC",
}  # fmt: skip
_STAMP = b"2026-01-01T00:00:00.000Z"
"""Stands in the frames made beforehand; the time of sending takes its place."""


def frame(payload: bytes) -> bytes:
    """An unmasked text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81" + bytes((size,)) + payload
    if size < 65536:
        return b"\x81\x7e" + struct.pack(">H", size) + payload
    return b"\x81\x7f" + struct.pack(">Q", size) + payload


PIECE_BYTES = 256 * 1024
"""So much of an answer is written at once."""


class Firehose:
    """The server's state and its three answers."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.tags = options.tags
        self.rate = options.rate
        self.burst = options.burst
        self.alarms = options.alarms
        self.sent = 0
        self.greeted = 0
        self.since = 0.0
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
        """One frame a name, compact as the server writes them, with `_STAMP` for a time."""
        made = []
        for name in names:
            sample = self.sample(name)
            sample["value"]["timestamp"] = _STAMP.decode()  # type: ignore[index]
            data = {"tagValues": {**sample, "notificationReason": reason}}
            text = {"id": operation_id, "type": "next", "payload": {"data": data}}
            made.append(frame(json.dumps(text, separators=(",", ":")).encode()))
        return made

    async def pour(self, operation_id: str, names: list[str], writer: asyncio.StreamWriter) -> None:
        """First the values that stand, then changes at the rate until the client goes."""
        writer.write(stamped(self.frames(operation_id, names, "Added")))
        self.greeted += len(names)
        self.since = self.since or time.time()
        await writer.drain()
        if not names or self.rate < 0:
            return
        rounds = max(2, PREPARED // len(names))
        ready = [one for _ in range(rounds) for one in self.frames(operation_id, names, "Modified")]
        began, sent = time.perf_counter(), 0
        share = len(names) / self.tags
        while self.rate >= 0:
            due = 512
            if self.rate:
                period = self.burst or 0.01
                await asyncio.sleep(period)
                if self.rate < 0:
                    return
                due = int((time.perf_counter() - began) * self.rate * share) - sent
            start = sent % len(ready)
            part = ready[start : start + due]
            while len(part) < due:
                part += ready[: due - len(part)]
            writer.write(stamped(part))
            sent += due
            self.sent += due
            await writer.drain()
            if not self.rate:
                await asyncio.sleep(0)

    async def ring(self, operation_id: str, writer: asyncio.StreamWriter) -> None:
        """Alarms that come, are changed and go, so many a second, never more than a few hundred."""
        steps = (("Added", "RAISED"), ("Modified", "RAISED_ACKNOWLEDGED"), ("Removed", "NORMAL"))
        number = 0
        while self.rate >= 0 and self.alarms:
            await asyncio.sleep(1 / self.alarms)
            (notice, state), which = steps[number // ALARMS % 3], number % ALARMS
            number += 1
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
            alarm = {
                "name": f"{self.names[which % len(self.names)]}:Alarm{which}", "instanceID": 1,
                "raiseTime": stamp, "modificationTime": stamp, "state": state, "priority": which % 17,
                "alarmClassName": "Alarm", "stateMachine": "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT",
                "eventText": [f"Level of vessel {which} above limit, message {number}"],
                "area": "Generated", "languages": ["en-US"], "notificationReason": notice,
            }  # fmt: skip
            payload = {"data": {"activeAlarms": alarm}}
            text = json.dumps({"id": operation_id, "type": "next", "payload": payload})
            writer.write(frame(text.encode()))
            await writer.drain()


def stamped(frames: list[bytes]) -> bytes:
    """Frames as they go out, with the time of now."""
    now_s = time.time()
    stamp = (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_s)) + f".{int(now_s * 1000) % 1000:03}Z"
    )
    return b"".join(frames).replace(_STAMP, stamp.encode())


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
                    if first_field(payload["query"]) == "activeAlarms":
                        pouring[message["id"]] = asyncio.create_task(
                            hose.ring(message["id"], writer)
                        )
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
            )
            # Written as a whole, all of a large answer would be encrypted before its first byte leaves.
            for start in range(0, len(answer), PIECE_BYTES):
                writer.write(answer[start : start + PIECE_BYTES])
                await writer.drain()
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        return
    finally:
        writer.transport.abort()


def certificate(folder: Path, context: ssl.SSLContext) -> Path:
    """The server's certificate, the same again in the same folder; the CA that vouches for it."""
    ca_file, own_file = folder / "ca.pem", folder / "server.pem"
    if not own_file.exists():
        authority = trustme.CA()
        authority.cert_pem.write_to_path(ca_file)
        issued = authority.issue_cert("127.0.0.1", "localhost")
        issued.private_key_and_cert_chain_pem.write_to_path(own_file)
    context.load_cert_chain(own_file)
    return ca_file


async def until_told(hose: Firehose) -> None:
    """Obey who started us: "tell", "rest" (send no more, then tell); the end of input is the end.

    Told are the changes ``sent``, the standing values ``greeted`` with before them, and ``since``
    when there was somebody to send to, in seconds since 1970 (0 never).
    """
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "rest":
            hose.rate = -1.0
            await asyncio.sleep(0.3)
        told = {"sent": hose.sent, "greeted": hose.greeted, "since": hose.since}
        print(json.dumps(told), flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tags", type=int, default=5000)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="changes/s of all tags; 0 endless, -1 none"
    )
    parser.add_argument("--burst", type=float, default=0.0, help="send what is due each so many s")
    parser.add_argument("--alarms", type=float, default=0.0, help="alarm notifications/s")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the certificate here for a restart")
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        ca_file = certificate(options.folder or Path(folder), context)
        hose = Firehose(options)
        server = await asyncio.start_server(
            lambda r, w: serve(hose, r, w), "127.0.0.1", options.port, ssl=context
        )
        port = server.sockets[0].getsockname()[1]
        ready = {
            "url": f"https://127.0.0.1:{port}/graphql/", "ca": str(ca_file), "names": hose.names[:1],
            "user": USER, "password": PASSWORD,
        }  # fmt: skip
        print(json.dumps(ready), flush=True)
        # The one who started us closes our input, or dies: then it is over.
        await until_told(hose)
        print(json.dumps({"sent": hose.sent}), flush=True)
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
