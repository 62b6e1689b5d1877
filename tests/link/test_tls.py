"""Trust: what is accepted, what is refused, and that nothing secret leaves before."""

from __future__ import annotations

import datetime as dt
import hashlib
import ssl

import pytest
import trustme

from link.conftest import profile_for, server_context
from link.raw_server import serving
from link.tiny_server import TinyServer, until
from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import NotReachable, NotTrusted, UsageError
from tagwerk.link.certificates import certificate_from_der, host_matches
from tagwerk.link.login import open_client
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.link.tls import client_context, fetch_certificate


async def test_fetch_certificate_sends_no_request(secure):
    certificate = await fetch_certificate("127.0.0.1", secure.port)
    assert len(certificate.sha256) == 64
    assert certificate.matches_host
    assert "127.0.0.1" in certificate.names
    assert not certificate.self_signed
    assert certificate.not_before_ns < certificate.not_after_ns
    assert certificate.key
    assert certificate.chain
    assert secure.calls == []


async def test_the_plants_own_ca_is_trusted(secure, ca_trust):
    async with open_client(profile_for(secure, ca_trust), "right") as client:
        (sample,) = await client.read(["HMI_RT_1::A"])
    assert sample.value == 1.5


async def test_what_the_computer_trusts_is_trusted_over_http_and_by_the_stream(
    secure, ca_file, monkeypatch, sink
):
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    async with open_client(profile_for(secure), "right") as client:
        assert (await client.read(["HMI_RT_1::A"]))[0].value == 1.5
    link = SupervisedLink(profile_for(secure), "right", sink)
    link.want(frozenset(("HMI_RT_1::A",)))
    link.start()
    await until(lambda: sink.latest("HMI_RT_1::A"))
    await link.close()


async def test_an_unknown_ca_is_refused_with_the_certificate_and_before_any_request(secure):
    with pytest.raises(NotTrusted) as caught:
        async with open_client(profile_for(secure), "right"):
            pytest.fail("must not open")
    certificate = await fetch_certificate("127.0.0.1", secure.port)
    assert caught.value.certificate == certificate
    assert not caught.value.may_have_arrived
    assert caught.value.exit_code == 3
    assert certificate.sha256[:2].upper() + ":" in caught.value.message
    assert secure.calls == []


async def test_the_pinned_certificate_is_trusted_whatever_its_name(authority, ca_file):
    server = TinyServer()
    await server.start(server_context(authority.issue_cert("skid21.plant")))
    try:
        certificate = await fetch_certificate("127.0.0.1", server.port)
        assert not certificate.matches_host
        pin = Trust(
            TrustMode.PINNED,
            sha256=":".join(certificate.sha256.upper()[i : i + 2] for i in range(0, 64, 2)),
        )
        async with open_client(profile_for(server, pin), "right") as client:
            assert (await client.read(["HMI_RT_1::A"]))[0].value == 1.5
        # By its CA alone it is refused, and the name that it is for is said.
        with pytest.raises(NotTrusted) as caught:
            async with open_client(
                profile_for(server, Trust(TrustMode.CA_FILE, ca_file=ca_file)), "right"
            ):
                pytest.fail("must not open")
        assert "skid21.plant" in caught.value.message
    finally:
        await server.stop()


async def test_another_certificate_than_the_pinned_one_is_refused_in_the_handshake(secure):
    pin = Trust(TrustMode.PINNED, sha256="ab" * 32)
    with pytest.raises(NotTrusted) as caught:
        async with open_client(profile_for(secure, pin), "right"):
            pytest.fail("must not open")
    assert caught.value.pinned_sha256 == "ab" * 32
    assert caught.value.certificate is not None
    assert "Nothing was sent" in caught.value.message
    assert secure.calls == []


async def test_not_one_byte_of_http_reaches_a_server_with_the_wrong_certificate(authority):
    """Not what a server understood, but all that it decrypted."""
    heard = bytearray()

    async def listen(reader, writer):
        try:
            heard.extend(await reader.read(1000))
        except (ssl.SSLError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    context = server_context(authority.issue_cert("127.0.0.1"))
    async with serving(listen, ssl=context) as port:
        for trust in (Trust(), Trust(TrustMode.PINNED, sha256="cd" * 32)):
            profile = ConnectionProfile("x", f"https://127.0.0.1:{port}/graphql/", "u", trust=trust)
            with pytest.raises(NotTrusted):
                async with open_client(profile, "secret"):
                    pytest.fail("must not open")
    assert bytes(heard) == b""


async def test_the_stream_compares_the_pin_too(secure):
    from link.test_stream import StreamSink, subscribe
    from tagwerk.link.endpoint import Endpoint
    from tagwerk.link.stream import ValueStream

    for sha256, fine in (
        ((await fetch_certificate("127.0.0.1", secure.port)).sha256, True),
        ("ef" * 32, False),
    ):
        trust = Trust(TrustMode.PINNED, sha256=sha256)
        stream = ValueStream(
            Endpoint(secure.url),
            client_context(trust),
            trust,
            StreamSink(),
            subscribe,
            timeout_s=2.0,
        )
        secure.tokens.add("token")
        if fine:
            await stream.connect("token")
        else:
            with pytest.raises(NotTrusted):
                await stream.connect("token")
        await stream.close()
    assert secure.init_tokens == ["token"]


async def test_an_expired_certificate_is_refused_by_its_ca_and_taken_by_its_pin(
    authority, ca_trust
):
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    leaf = authority.issue_cert("127.0.0.1", not_after=past)
    server = TinyServer()
    await server.start(server_context(leaf))
    try:
        with pytest.raises(NotTrusted) as caught:
            async with open_client(profile_for(server, ca_trust), "right"):
                pytest.fail("must not open")
        assert "not valid at this time" in caught.value.message
        pin = Trust(TrustMode.PINNED, sha256=caught.value.certificate.sha256)
        async with open_client(profile_for(server, pin), "right") as client:
            assert client.session.user == "operator"
    finally:
        await server.stop()


async def test_plain_http_to_another_host_is_refused_before_it_is_resolved():
    profile = ConnectionProfile("x", "http://plant.example:4000/graphql", "u")
    with pytest.raises(NotTrusted) as caught:
        async with open_client(profile, "secret"):
            pytest.fail("must not open")
    assert "plain HTTP" in caught.value.message


async def test_plain_http_where_tls_is_expected(plain):
    with pytest.raises(NotReachable) as caught:
        await fetch_certificate("127.0.0.1", plain.port)
    assert "shows no certificate" in caught.value.message
    profile = ConnectionProfile("x", plain.url.replace("http:", "https:"), "u")
    with pytest.raises(NotReachable) as caught:
        async with open_client(profile, "secret"):
            pytest.fail("must not open")
    assert "does not speak TLS" in caught.value.message


def test_contexts_refuse_nonsense(tmp_path):
    with pytest.raises(UsageError):
        client_context(Trust(TrustMode.CA_FILE, ca_file=str(tmp_path / "none.pem")))
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(UsageError):
        client_context(Trust(TrustMode.CA_FILE, ca_file=str(tmp_path / "bad.pem")))
    with pytest.raises(UsageError):
        client_context(Trust(TrustMode.PINNED, sha256="12"))


def test_contexts_of_the_system_and_of_a_ca_verify(ca_trust):
    for trust in (Trust(), ca_trust):
        context = client_context(trust)
        assert context is not None
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert client_context(Trust(TrustMode.PLAIN_HTTP)) is None


@pytest.mark.parametrize(
    ("name", "host", "matches"),
    [
        ("plant.local", "PLANT.local", True),
        ("*.plant.local", "a.plant.local", True),
        ("*.plant.local", "a.b.plant.local", False),
        ("*.plant.local", "plant.local", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("::1", "[::1]", True),
        ("plant", "plant.local", False),
    ],
)
def test_names_that_cover_a_host(name, host, matches):
    assert host_matches(name, host) is matches


def test_the_fingerprint_is_that_of_the_der_form(authority):
    leaf = authority.issue_cert("ümlaut.example".encode("idna").decode())
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    assert certificate_from_der(der, "x").sha256 == hashlib.sha256(der).hexdigest()
    assert isinstance(authority, trustme.CA)
