"""Whom to trust, in the odd cases of real plants: CA files of any kind, old TLS, changed certificates."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from contextlib import asynccontextmanager

import pytest

from link.certificate_maker import DAY, NOW, Made
from link.conftest import profile_for
from link.tiny_server import TinyServer, until
from tagwerk.domain.certificates import findings, known_from
from tagwerk.domain.connection import LinkState, Trust, TrustMode
from tagwerk.domain.errors import NotReachable, NotTrusted, UsageError
from tagwerk.link.ca_file import MOST_BYTES, read_ca_file
from tagwerk.link.connector import HttpConnector
from tagwerk.link.login import open_client
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.link.tls import fetch_certificate


@pytest.fixture(scope="module")
def root():
    return Made("Plant root", is_ca=True)


@pytest.fixture(scope="module")
def issuing(root):
    return Made("Plant issuing", issuer=root, is_ca=True)


@pytest.fixture(scope="module")
def leaf(issuing):
    return Made("skid21", issuer=issuing, hosts=("127.0.0.1", "skid21"))


@asynccontextmanager
async def serving(context):
    server = TinyServer()
    await server.start(context)
    try:
        yield server
    finally:
        await server.stop()


async def opens(server, trust):
    async with open_client(profile_for(server, trust), "right") as client:
        return (await client.read(["HMI_RT_1::A"]))[0].value


async def refused(server, trust):
    with pytest.raises(NotTrusted) as caught:
        await opens(server, trust)
    return caught.value


def ca_trust(path):
    return Trust(TrustMode.CA_FILE, ca_file=str(path))


# CA files.


def as_windows(pem):
    return b"\xef\xbb\xbf" + pem.replace(b"\n", b"\r\n")


def as_utf16(pem):
    return pem.decode().encode("utf-16")


def with_words(pem):
    return b"Bag Attributes: none\nsubject=CN = Plant root\n" + pem + b"\n# the end\n"


@pytest.mark.parametrize("shape", ["pem", "der", "windows", "utf16", "words", "several", "issuing"])
async def test_every_kind_of_ca_file_opens_the_server(shape, root, issuing, leaf, tmp_path):
    content = {
        "pem": root.pem,
        "der": root.der,
        "windows": as_windows(root.pem),
        "utf16": as_utf16(root.pem),
        "words": with_words(root.pem),
        "several": as_windows(Made("Another", is_ca=True).pem + root.pem),
        # The file of the CA that signed the server, without the root above it.
        "issuing": issuing.pem,
    }[shape]
    path = tmp_path / "ca.crt"
    path.write_bytes(content)
    async with serving(leaf.context(tmp_path, chain=[issuing])) as server:
        assert await opens(server, ca_trust(path)) == 1.5


async def test_a_chain_in_the_file_stands_in_for_one_that_the_server_does_not_send(
    root, issuing, leaf, tmp_path
):
    path = tmp_path / "chain.pem"
    path.write_bytes(issuing.pem + root.pem)
    async with serving(leaf.context(tmp_path)) as server:
        assert await opens(server, ca_trust(path)) == 1.5
        path.write_bytes(root.pem)
        assert (await refused(server, ca_trust(path))).code == "unknown_issuer"


async def test_another_ca_does_not_vouch(leaf, issuing, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_bytes(Made("Somebody", is_ca=True).pem)
    async with serving(leaf.context(tmp_path, chain=[issuing])) as server:
        problem = await refused(server, ca_trust(path))
        assert server.calls == []
    assert problem.code == "unknown_issuer"
    assert [link.subject for link in problem.certificate.links] == ["skid21", "Plant issuing"]
    assert problem.certificate.links[1].sha256 != problem.certificate.sha256
    assert "127.0.0.1" in problem.certificate.names


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"no certificate", "no certificate in it"),
        (b"\x00\xff" * 40, "no certificate in it"),
        (b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "damaged"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "damaged"),
        (b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "PKCS #7"),
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "certificate request",
        ),
        (b"a" * (MOST_BYTES + 1), "too large"),
    ],
)
def test_a_wrong_file_is_named_as_what_it_is(tmp_path, content, said):
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_ca_file(str(path))
    assert said in caught.value.message
    assert str(path) in caught.value.message
    assert ".pem" in caught.value.cure


def test_a_key_a_folder_and_a_missing_file_are_named(root, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(root.key_pem)
    for wrong, said in ((path, "private key"), (tmp_path, "folder"), (tmp_path / "no", "No such")):
        with pytest.raises(UsageError) as caught:
            read_ca_file(str(wrong))
        assert said in caught.value.message
    # A key beside the certificate is none of our business, but the certificate counts.
    path.write_bytes(root.key_pem + root.pem)
    assert read_ca_file(str(path)) == [root.der]


# Old TLS and weak keys.


ONLY_NEW_TLS = bytes.fromhex("002b00050403040303")
"""The part of a greeting that offers TLS 1.3 and 1.2 and nothing below."""


def serve_old_tls(listener, context, with_alert):
    """Accept until the listener is closed; Windows hangs up where others send an alert."""
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        with accepted:
            accepted.settimeout(5.0)
            if not with_alert and ONLY_NEW_TLS in accepted.recv(4096, socket.MSG_PEEK):
                linger = struct.pack("ii", 1, 0)
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                continue
            with contextlib.suppress(OSError):
                context.wrap_socket(accepted, server_side=True).close()


@pytest.fixture(params=["with an alert", "hangs up"])
def old_server(request, leaf, tmp_path):
    """Speaks TLS 1.1 and older, as a server of 2010 does."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = leaf.context(tmp_path, old=True)
    thread = threading.Thread(
        target=serve_old_tls, args=(listener, context, request.param == "with an alert")
    )
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


async def test_a_server_that_speaks_only_old_tls_is_named(old_server):
    with pytest.raises(NotReachable) as caught:
        await fetch_certificate("127.0.0.1", old_server)
    assert caught.value.code == "old_tls"
    assert "speaks only TLS 1." in caught.value.message
    assert "TLS 1.2" in caught.value.message


@pytest.mark.parametrize("trust", [Trust(), Trust(TrustMode.PINNED, sha256="ab" * 32)])
async def test_old_tls_is_refused_under_every_kind_of_trust(old_server, trust):
    address = f"https://127.0.0.1:{old_server}/graphql/"
    result = await HttpConnector().inspect(address, trust=trust, timeout_s=5.0)
    assert result.error.code == "old_tls"
    server = type("Server", (), {"url": address})
    with pytest.raises(NotReachable) as caught:
        await opens(server, trust)
    # Without the look beforehand a reset may be anything.
    assert caught.value.code in ("old_tls", "broken")
    assert not caught.value.may_have_arrived


async def test_a_weak_key_is_named_and_can_be_pinned(tmp_path):
    weak = Made("old panel", bits=1024)
    async with serving(weak.context(tmp_path)) as server:
        certificate = await fetch_certificate("127.0.0.1", server.port)
        assert "1024" in str(certificate.weakness)
        assert "1024" in str(findings(certificate, "127.0.0.1", int(NOW.timestamp() * 1e9))[0])
        pin = Trust(TrustMode.PINNED, sha256=certificate.sha256)
        assert await opens(server, pin) == 1.5


async def test_a_weak_key_is_named_although_its_ca_vouches_for_it(root, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_bytes(root.pem)
    weak = Made("old panel", issuer=root, bits=1024)
    async with serving(weak.context(tmp_path)) as server:
        problem = await refused(server, ca_trust(path))
    assert problem.code == "weak"
    assert "1024" in problem.message


# Validity and names.


async def test_what_is_not_valid_yet_hints_at_the_clock(root, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_bytes(root.pem)
    future = Made("skid21", issuer=root, begins=NOW + 2 * DAY)
    async with serving(future.context(tmp_path)) as server:
        problem = await refused(server, ca_trust(path))
    assert problem.code == "not_yet_valid"
    assert "clock" in problem.message
    assert (NOW + 2 * DAY).strftime("%Y-%m-%d") in problem.message


async def test_an_expired_ca_is_told_from_an_expired_server(tmp_path):
    old_root = Made("Old root", is_ca=True, begins=NOW - 9 * DAY, ends=NOW - 2 * DAY)
    path = tmp_path / "ca.pem"
    path.write_bytes(old_root.pem)
    leaf = Made("skid21", issuer=old_root)
    async with serving(leaf.context(tmp_path, chain=[old_root])) as server:
        problem = await refused(server, ca_trust(path))
    assert problem.code == "expired"
    assert "Old root" in problem.message


async def test_a_wrong_name_says_which_and_which_was_asked_for(root, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_bytes(root.pem)
    other = Made("skid22", issuer=root, hosts=("skid22", "192.0.2.22"))
    async with serving(other.context(tmp_path)) as server:
        problem = await refused(server, ca_trust(path))
        assert problem.code == "name"
        assert "for skid22, 192.0.2.22; you asked for 127.0.0.1" in problem.message
        pin = Trust(TrustMode.PINNED, sha256=problem.certificate.sha256)
        assert await opens(server, pin) == 1.5


# A pin holds for all that is opened.


async def test_a_change_is_told_with_what_was_known(leaf, tmp_path):
    async with serving(leaf.context(tmp_path)) as server:
        before = await fetch_certificate("127.0.0.1", server.port)
    known = known_from(before, 1_700_000_000_000_000_000)
    pin = Trust(TrustMode.PINNED, sha256=before.sha256, known=known)
    fresh = Made("skid21", hosts=("127.0.0.1",))
    async with serving(fresh.context(tmp_path)) as server:
        problem = await refused(server, pin)
        looked = await HttpConnector().inspect(server.url, trust=pin, timeout_s=5.0)
        assert server.calls == []
    for found in (problem, looked.error):
        assert found.code == "changed"
        assert found.pinned_sha256 == before.sha256
        assert found.known.subject == "skid21"
        assert found.known.names == before.names
        assert found.known.trusted_ns == 1_700_000_000_000_000_000
        assert found.certificate.sha256 != before.sha256
        assert found.certificate.links


class ChangesItsCertificate(TinyServer):
    """Shows another certificate to whoever connects after the login."""

    fresh = ""

    def _session(self, error=None):
        self._context.load_cert_chain(self.fresh)
        return super()._session(error)


async def test_a_change_only_on_the_stream_is_refused_as_loudly(leaf, tmp_path, sink):
    context = leaf.context(tmp_path)
    server = ChangesItsCertificate()
    server.fresh = Made("somebody else").write(tmp_path)
    # Without resumption each connection shows its certificate.
    context.options |= ssl.OP_NO_TICKET
    await server.start(context)
    try:
        certificate = await fetch_certificate("127.0.0.1", server.port)
        pin = Trust(TrustMode.PINNED, sha256=certificate.sha256)
        link = SupervisedLink(profile_for(server, pin), "right", sink)
        link.want(frozenset(("HMI_RT_1::A",)))
        link.start()
        try:
            await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
        finally:
            await link.close()
        problem = next(one.error for one in sink.statuses if one.state is LinkState.REFUSED)
        assert isinstance(problem, NotTrusted)
        assert problem.code == "changed"
        assert server.calls.count("login") == 1
        assert server.init_tokens == []
        assert sink.latest("HMI_RT_1::A") is None
    finally:
        await server.stop()
