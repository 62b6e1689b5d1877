"""The link's thread leaves nothing open behind it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from link.conftest import profile_for
from link.raw_server import serving
from link.tiny_server import until
from tagwerk.domain.connection import LinkState, Trust, TrustMode
from tagwerk.link import bridge
from tagwerk.link.plant_link import SupervisedLink


@pytest.fixture
def left_open(monkeypatch):
    """Sockets that the thread's loop still watches when it ends; its own wake-up is one."""
    found = []
    settle = bridge._settle

    async def looking():
        await settle()
        watched = asyncio.get_running_loop()._selector.get_map()
        found.append(len(watched) - 1)

    monkeypatch.setattr(bridge, "_settle", looking)
    return found


@pytest.mark.parametrize(
    ("scheme", "state"),
    [("http", LinkState.LOGGING_IN), ("https", LinkState.SECURING)],
)
async def test_closing_in_the_middle_of_a_connect(scheme, state, sink, left_open):
    async def swallow(reader, writer):
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    async with serving(swallow) as port:

        class Silent:
            url = f"{scheme}://127.0.0.1:{port}/graphql/"

        trust = Trust(TrustMode.PINNED, sha256="ab" * 32) if scheme == "https" else Trust()
        link = SupervisedLink(profile_for(Silent, trust, timeout_s=15.0), "right", sink)
        link.start()
        await until(lambda: sink.last and sink.last.state is state)
        await link.close()
    assert left_open == [0]


async def test_closing_in_the_middle_of_a_websocket_handshake(plain, sink, left_open):
    reached = []

    async def hang(request):
        reached.append(request)
        await asyncio.sleep(30)

    plain._socket = hang
    await plain.stop()
    await plain.start()
    link = SupervisedLink(profile_for(plain), "right", sink)
    link.start()
    await until(lambda: reached)
    await link.close()
    assert left_open == [0]


async def test_closing_while_live(plain, sink, left_open):
    link = SupervisedLink(profile_for(plain), "right", sink)
    link.start()
    await until(lambda: sink.is_live)
    await link.close()
    assert left_open == [0]
