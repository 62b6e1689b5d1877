"""A running demo server on a free port, with certificates made once for all tests."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import aiohttp
import pytest

from simulator.fake_plant import START_NS, FakePlant
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.security import ensure_certificate
from tagwerk.simulator.server import SimulatorServer


class Desk:
    """What a client needs in these tests: a server, its plant, and short calls."""

    def __init__(self, server: SimulatorServer, plant: FakePlant, http, clock):
        self.clock = clock
        self.server = server
        self.plant = plant
        self.http = http
        self.tokens: dict[str, str] = {}

    async def post(self, query: str, variables=None, *, user: str = "", headers=None):
        """Status and decoded body."""
        sent = dict(headers or {})
        if user:
            sent["Authorization"] = "Bearer " + await self.token(user)
        body = {"query": query, "variables": variables or {}}
        async with self.http.post(self.server.url, json=body, headers=sent) as response:
            return response.status, await response.json()

    async def data(self, query: str, variables=None, *, user: str = "operator"):
        """The data of an answer without errors."""
        status, body = await self.post(query, variables, user=user)
        assert status == 200, body
        assert "errors" not in body, body
        return body["data"]

    async def refused(self, query: str, variables=None, *, user: str = "operator"):
        """Message and code of the first top-level error."""
        _, body = await self.post(query, variables, user=user)
        first = body["errors"][0]
        return first["message"], first["extensions"]["code"]

    async def token(self, user: str) -> str:
        if user not in self.tokens:
            _, body = await self.post(LOGIN, {"name": user, "password": self.password(user)})
            self.tokens[user] = body["data"]["login"]["token"]
        return self.tokens[user]

    def tick(self, seconds: float = 0.1) -> None:
        """Let the plant's time go on, and its changes out."""
        self.clock.forward(seconds)
        while self.plant.now_ns < self.clock.now_ns:
            self.server.tick()

    def password(self, user: str) -> str:
        return next(one["password"] for one in self.server.ready["users"] if one["name"] == user)

    async def socket(self, user: str = "operator", *, initialise: bool = True):
        """An open WebSocket; initialised and acknowledged unless said otherwise."""
        socket = await self.http.ws_connect(
            self.server.url, protocols=("graphql-transport-ws",), max_msg_size=0
        )
        if initialise:
            token = await self.token(user)
            await socket.send_json(
                {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
            )
            assert await received(socket) == {"type": "connection_ack"}
        return socket


LOGIN = """mutation($name: String!, $password: String!) {
  login(username: $name, password: $password) {
    token expires error { code description }
    user { id name fullName language autoLogoffSec groups { id name } }
  }
}"""


async def received(socket: aiohttp.ClientWebSocketResponse):
    """The next message, decoded."""
    return await socket.receive_json(timeout=5)


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read to the end; the close code."""
    async with asyncio.timeout(5):
        while not socket.closed:
            await socket.receive()
    return socket.close_code


class Clock:
    """Wall time that tests turn."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        return self.now_ns

    def forward(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)


@pytest.fixture(scope="session")
def certificate_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificate(folder)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(certificate_folder, clock):
    """Demo servers on the fake plant: ``async with demo("switch", tags=10) as desk:``."""

    @contextlib.asynccontextmanager
    async def opened(*switches: str, tags: int = 0, plain_http: bool = False):
        options = SimulatorOptions(
            switches=switches, tags=tags, plain_http=plain_http, data_dir=str(certificate_folder)
        )
        plant = FakePlant(tags)
        server = SimulatorServer(options, model=plant, clock_ns=clock)
        await server.start()
        context = ssl.create_default_context(cafile=certificate_folder / "ca.pem")
        http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        try:
            yield Desk(server, plant, http, clock)
        finally:
            await http.close()
            await server.stop()

    return opened
