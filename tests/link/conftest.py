"""Tiny servers with and without TLS, and a sink that remembers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

import pytest
import trustme

from link.tiny_server import TinyServer
from tagwerk.domain.connection import ConnectionProfile, LinkState, Trust, TrustMode


@dataclass
class Sink:
    """A `PlantSink` that keeps everything."""

    samples: list = field(default_factory=list)
    events: list = field(default_factory=list)
    restarts: list = field(default_factory=list)
    statuses: list = field(default_factory=list)

    def on_samples(self, samples):
        self.samples += samples

    def on_alarms(self, events):
        self.events += events

    def on_alarms_restart(self, complete):
        self.restarts.append(complete)

    def on_status(self, status):
        self.statuses.append(status)

    @property
    def states(self):
        return [status.state for status in self.statuses]

    @property
    def last(self):
        return self.statuses[-1] if self.statuses else None

    @property
    def is_live(self):
        return bool(self.statuses) and self.statuses[-1].state is LinkState.LIVE

    def latest(self, name):
        found = [sample for sample in self.samples if sample.name == name]
        return found[-1] if found else None


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_context(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="session")
def tls_context(authority):
    return server_context(authority.issue_cert("127.0.0.1", "localhost"))


@pytest.fixture
async def plain():
    """A server without TLS, on loopback."""
    server = TinyServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def secure(tls_context):
    """A server with a certificate of the plant's own CA."""
    server = TinyServer()
    await server.start(tls_context)
    yield server
    await server.stop()


@pytest.fixture
def ca_trust(ca_file):
    return Trust(TrustMode.CA_FILE, ca_file=ca_file)


def profile_for(server, trust=None, *, timeout_s=3.0) -> ConnectionProfile:
    return ConnectionProfile(
        "tiny", server.url, "operator", trust=trust or Trust(), timeout_s=timeout_s
    )
