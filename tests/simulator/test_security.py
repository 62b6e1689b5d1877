"""The demo server's certificates."""

import datetime as dt
import ssl
import sys

import pytest
from cryptography import x509

from tagwerk.simulator.security import LEAF_DAYS, ensure_certificate, odd_certificate

NOW = dt.datetime(2026, 6, 18, tzinfo=dt.UTC)


def leaf_of(files):
    return x509.load_pem_x509_certificate(files.leaf_file.read_bytes())


def test_made_once_and_kept(tmp_path):
    first = ensure_certificate(tmp_path / "new" / "folder", now=NOW)
    contents = (first.ca_file.read_bytes(), first.leaf_file.read_bytes())
    again = ensure_certificate(tmp_path / "new" / "folder", now=NOW)
    assert (again.ca_file.read_bytes(), again.leaf_file.read_bytes()) == contents
    assert isinstance(first.server_context(), ssl.SSLContext)


def test_the_leaf_names_this_computer_and_the_asked_host(tmp_path):
    names = leaf_of(ensure_certificate(tmp_path, host="192.0.2.7", now=NOW)).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    shown = [str(name.value) for name in found]
    assert {"localhost", "127.0.0.1", "::1", "192.0.2.7"} <= set(shown)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_keys_are_for_their_user_only(tmp_path):
    folder = tmp_path / "kept"
    files = ensure_certificate(folder, now=NOW)
    assert (folder / "ca-key.pem").stat().st_mode & 0o777 == 0o600
    assert files.leaf_file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_old_leaf_is_made_anew_by_the_same_ca(tmp_path):
    first = ensure_certificate(tmp_path, now=NOW)
    ca, leaf = first.ca_file.read_bytes(), leaf_of(first)
    later = ensure_certificate(tmp_path, now=NOW + dt.timedelta(days=LEAF_DAYS + 1))
    assert later.ca_file.read_bytes() == ca
    assert leaf_of(later) != leaf
    assert leaf_of(later).not_valid_after_utc > leaf.not_valid_after_utc


@pytest.mark.parametrize("name", ["ca-key.pem", "server.pem", "ca.pem"])
@pytest.mark.parametrize("content", [b"", b"not a certificate"])
def test_damaged_files_are_made_anew(tmp_path, name, content):
    ensure_certificate(tmp_path, now=NOW)
    (tmp_path / name).write_bytes(content)
    files = ensure_certificate(tmp_path, now=NOW)
    ca = x509.load_pem_x509_certificate(files.ca_file.read_bytes())
    leaf_of(files).verify_directly_issued_by(ca)


def test_no_temporary_files_stay(tmp_path):
    ensure_certificate(tmp_path, now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ca-key.pem",
        "ca.pem",
        "server.pem",
    ]


def refusal_of(files) -> str:
    """What a careful client says to a server with this certificate, "" when it is content."""
    context = ssl.create_default_context(cafile=files.ca_file)
    client, server = ssl.MemoryBIO(), ssl.MemoryBIO()
    careful = context.wrap_bio(server, client, server_hostname="127.0.0.1")
    serving = files.server_context().wrap_bio(client, server, server_side=True)
    for _ in range(4):
        for side in (careful, serving):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as problem:
                return problem.verify_message
    return ""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("self-signed", "self-signed certificate"),
        ("other-host", "IP address mismatch"),
        ("expired", "certificate has expired"),
        ("future", "certificate is not yet valid"),
    ],
)
def test_odd_certificates_are_refused_for_their_reason_and_kept(tmp_path, kind, reason):
    files = odd_certificate(tmp_path, kind)
    assert reason in refusal_of(files)
    kept = files.leaf_file.read_bytes()
    assert odd_certificate(tmp_path, kind).leaf_file.read_bytes() == kept
    assert refusal_of(ensure_certificate(tmp_path)) == ""


def test_a_certificate_of_the_future_is_made_anew_when_its_time_has_come(tmp_path):
    first = leaf_of(odd_certificate(tmp_path, "future", now=NOW))
    later = NOW + dt.timedelta(days=60)
    assert later < leaf_of(odd_certificate(tmp_path, "future", now=later)).not_valid_before_utc
    assert first.not_valid_before_utc > NOW
