"""A desk without a window: a plant, its link, and a clock of frames; a liar and a relay to put in between."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
import time

import pytest

from faults.liar import Liar
from faults.relay import Relay
from link.conftest import authority, ca_file, tls_context
from link.tiny_server import until as until_
from tagwerk.domain.connection import ConnectionProfile, LinkState, Trust, TrustMode
from tagwerk.link.connector import HttpConnector
from tagwerk.plant import Plant

__all__ = ["authority", "ca_file", "tls_context"]
NOTICED_S = 5.0
"""The demand: state right within so much of a fault, and normal within so much of its end."""
SLOW_MACHINE_S = 30.0
"""So much more is given to a machine on which everything else runs as well."""
FRAME_S = 0.033


async def until(condition, *, timeout_s=NOTICED_S + SLOW_MACHINE_S):
    """Wait until a condition holds; long enough for a machine that has much else to do."""
    await until_(condition, timeout_s=timeout_s)


class Desk:
    """What the window holds of a server, without the window."""

    def __init__(self, url, ca, password, *, user="operator", timeout_s=2.0, audit=None, **clock):
        trust = Trust(TrustMode.CA_FILE, ca_file=ca) if ca else Trust()
        self.profile = ConnectionProfile("faults", url, user, trust=trust, timeout_s=timeout_s)
        self.plant = Plant(self.profile, audit_path=audit, **clock)
        self.link = HttpConnector().open(self.profile, password, self.plant)
        self.plant.attach(self.link)
        self.states = []
        self._tasks = []

    def start(self, *names):
        self.plant.interest.set("test", names)
        self.link.start()
        self._tasks = [
            asyncio.create_task(self.plant.run(), name="plant"),
            asyncio.create_task(self._frames(), name="frames"),
        ]

    async def _frames(self):
        while True:
            frame = self.plant.drain()
            if frame.status is not None:
                self.states.append(frame.status.state)
            self.prove_honest()
            await asyncio.sleep(FRAME_S)

    def prove_honest(self):
        """Nothing is shown as live while the link is not."""
        if self.plant.status.state is not LinkState.LIVE:
            assert self.plant.live.stale_since_ns is not None

    async def close(self):
        """Every test ends with it: what it leaves behind is looked for as soon as it returns."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await self.link.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    @property
    def is_live(self):
        return self.plant.status.state is LinkState.LIVE

    def shows(self, name, value=None):
        """The tag is on show as live, with this value when one is given."""
        sample = self.plant.live.get(name)
        if not self.is_live or sample is None or self.plant.live.is_stale(name):
            return False
        return value is None or sample.value == value

    async def until_shown(self, name, value=None, *, timeout_s=NOTICED_S + SLOW_MACHINE_S):
        await until(lambda: self.shows(name, value), timeout_s=timeout_s)

    async def until_stale(self, name, *, timeout_s=NOTICED_S + SLOW_MACHINE_S):
        """Not live, and said so; the value itself stays to be read."""
        await until(
            lambda: not self.is_live and self.plant.live.is_stale(name), timeout_s=timeout_s
        )


@pytest.fixture
async def open_desk():
    """Desks that are closed when the test ends."""
    async with contextlib.AsyncExitStack() as stack:

        def open_(url, ca="", password="right", **options):
            desk = Desk(url, ca, password, **options)
            stack.push_async_callback(desk.close)
            return desk

        yield open_


@pytest.fixture
async def liar(tls_context):
    """A lying server behind TLS."""
    server = Liar()
    await server.start(tls_context)
    yield server
    await server.stop()


@pytest.fixture
def relay_to():
    """Relays that end with the test."""
    relays = []

    def make(port):
        relays.append(Relay(port))
        relays[-1].start()
        return relays[-1]

    yield make
    for relay in relays:
        relay.stop()


def through(url, relay):
    """The address by way of a relay."""
    scheme, _, rest = url.partition("://")
    path = rest.partition("/")[2]
    return f"{scheme}://127.0.0.1:{relay.port}/{path}"


class Memory:
    """How far the memory of this process grew, at its highest, in megabytes."""

    def __init__(self):
        self._before = self._peak_mb()

    @staticmethod
    def _peak_mb():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)

    @property
    def grown_mb(self):
        return self._peak_mb() - self._before


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def stop_watch():
    began = time.monotonic()
    return lambda: time.monotonic() - began
