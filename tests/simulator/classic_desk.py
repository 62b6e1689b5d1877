"""A client of the classic face for tests: short calls, decoded answers, one plant for all readers."""

from __future__ import annotations

import base64
import contextlib
import json
from functools import cache
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from simulator.rested_plant import START_NS, copied, fresh, remembering
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.server import SimulatorServer

PASSWORDS = {
    "operator": "Operator-1",
    "engineer": "Ingenieur-1",
    "viewer": "Viewer-1",
    "nobody": "Nobody-1",
}


@cache
def standing():
    """A plant whose time stands still; for reading."""
    return copied(remembering())


class Reply:
    """An answer that was read to its end."""

    def __init__(self, status, headers, content):
        self.status = status
        self.headers = headers
        self.content = content

    @property
    def json(self):
        """The decoded document."""
        return json.loads(self.content.decode("utf-8-sig"))


class Clock:
    """Wall time that tests turn."""

    def __init__(self, now_ns):
        self.now_ns = now_ns

    def __call__(self):
        return self.now_ns


class ClassicDesk:
    """A server and its client; `tick` lets the plant's time go on."""

    def __init__(self, server, http, clock):
        self.server = server
        self.model = server.model
        self.base = server.classic.url
        self.http = http
        self.clock = clock

    async def ask(self, method, path, body=None, *, user="operator", headers=None, **query):
        """One request below the base, or of a whole address."""
        url = path if path.startswith("http") else f"{self.base}/{path}"
        sent = dict(headers or {})
        if user and "Authorization" not in sent:
            given = base64.b64encode(f"{user}:{PASSWORDS[user]}".encode()).decode()
            sent["Authorization"] = f"Basic {given}"
        async with self.http.request(
            method,
            URL(f"{url}?{urlencode(query)}" if query else url, encoded=True),
            data=None if body is None else json.dumps(body),
            headers=sent,
            allow_redirects=False,
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def get(self, path, **options):
        """The document of an answer with status 200."""
        return await self._done("GET", path, None, **options)

    async def post(self, path, body=None, **options):
        """As `get`."""
        return await self._done("POST", path, body, **options)

    async def put(self, path, body, **options):
        """As `get`."""
        return await self._done("PUT", path, body, **options)

    async def _done(self, method, path, body, **options):
        reply = await self.ask(method, path, body, **options)
        assert reply.status == 200, reply.content
        return reply.json

    async def read(self, *names):
        """The rows of a read by name."""
        return {
            row["variableName"]: row
            for row in await self.post("tagManagement/Values", {"variableNames": list(names)})
        }

    async def write(self, **values):
        """The reply to a write; ``__`` stands for a dot."""
        body = [
            {"variableName": name.replace("__", "."), "value": value}
            for name, value in values.items()
        ]
        return await self.ask("PUT", "tagManagement/Values", body)

    def tick(self, seconds=0.5):
        """Let time pass."""
        self.clock.now_ns += int(seconds * 1e9)
        self.server.tick()


@contextlib.asynccontextmanager
async def classic_desk(*switches, is_fresh=False, model=None, dialect="classic", **options):
    """A served plant; a copy of its own where the test changes it."""
    plant = model or (fresh() if is_fresh else standing())
    clock = Clock(START_NS)
    server = SimulatorServer(
        SimulatorOptions(dialect=dialect, switches=switches, plain_http=True, **options),
        model=plant,
        clock_ns=clock,
    )
    await server.start()
    http = aiohttp.ClientSession()
    try:
        yield ClassicDesk(server, http, clock)
    finally:
        await http.close()
        await server.stop()
