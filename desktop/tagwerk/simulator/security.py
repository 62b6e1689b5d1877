"""Certificates of the demo server, made at its first start: an own small CA and one leaf.

Kept in the user's data folder, so that a trust decision lasts over restarts. The CA vouches for
nothing unless the user names its file; its key is readable by the user only.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

import platformdirs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS = 3650
LEAF_DAYS = 397
"""Longer leaf lifetimes are refused by some verifiers."""
RENEW_BEFORE = dt.timedelta(days=14)
AHEAD = dt.timedelta(days=30)
"""So far ahead begins a certificate of the kind ``future``."""

_CA_FILE, _CA_KEY_FILE, _LEAF_FILE = "ca.pem", "ca-key.pem", "server.pem"


class ServerCertificate(NamedTuple):
    """Files of the demo server's certificate.

    Args:
        ca_file: the CA's certificate, to be trusted by clients.
        leaf_file: key and certificate of the server, for its user only.
    """

    ca_file: Path
    leaf_file: Path

    def server_context(self) -> ssl.SSLContext:
        """A TLS server context with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.leaf_file)
        return context


def default_folder() -> Path:
    """Where the certificates lie when nobody says otherwise."""
    return Path(platformdirs.user_data_dir("tagwerk", appauthor=False)) / "simulator"


def ensure_certificate(
    folder: Path, *, host: str = "127.0.0.1", now: dt.datetime | None = None
) -> ServerCertificate:
    """The server's certificate; made when missing, damaged, soon expired or for other names.

    Args:
        folder: made when missing, with access for its user only.
        host: a further name or address that the leaf must hold.
        now: for tests; aware.

    Raises:
        OSError: the folder cannot be written.
    """
    moment = now or dt.datetime.now(dt.UTC)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = ServerCertificate(folder / _CA_FILE, folder / _LEAF_FILE)
    authority = _load(folder / _CA_KEY_FILE)
    if authority is None or _is_old(authority[1], moment):
        authority = _make_authority(moment)
        _save(folder / _CA_KEY_FILE, _key_pem(authority[0]) + _pem(authority[1]), secret=True)
    # Another first start may have made the CA at the same time: what lies on disk counts.
    authority = _load(folder / _CA_KEY_FILE) or authority
    if not files.ca_file.exists() or files.ca_file.read_bytes() != _pem(authority[1]):
        _save(files.ca_file, _pem(authority[1]), secret=False)
    names = _names(host)
    leaf = _load(files.leaf_file)
    if (
        leaf is None
        or _is_old(leaf[1], moment)
        or not _is_signed_by(leaf[1], authority[1])
        or not set(names) <= set(_names_of(leaf[1]))
    ):
        key, certificate = _make_leaf(authority, names, moment)
        _save(files.leaf_file, _key_pem(key) + _pem(certificate), secret=True)
    return files


def odd_certificate(
    folder: Path, kind: str, *, host: str = "127.0.0.1", now: dt.datetime | None = None
) -> ServerCertificate:
    """A certificate as field servers have them, which a careful client asks about.

    Args:
        folder: as for `ensure_certificate`; the odd one is kept beside the right one, so that a
            decision to trust it lasts.
        kind: ``self-signed``, ``other-host`` (names another computer), ``expired``, ``future``.
        host: a further name that the right certificate holds.
        now: for tests; aware.

    Raises:
        OSError: the folder cannot be written.
    """
    moment = now or dt.datetime.now(dt.UTC)
    usual = ensure_certificate(folder, host=host, now=moment)
    leaf_file = folder / f"server-{kind}.pem"
    leaf = _load(leaf_file)
    authority = _load(folder / _CA_KEY_FILE)
    is_signed = kind == "self-signed" or (
        leaf is not None and authority is not None and _is_signed_by(leaf[1], authority[1])
    )
    if leaf is None or not is_signed or not _is_of_kind(leaf[1], kind, moment):
        names = ["wincc-server.plant.example"] if kind == "other-host" else _names(host)
        begin = {"expired": moment - dt.timedelta(days=LEAF_DAYS + 3), "future": moment + AHEAD}
        signer = None if kind == "self-signed" else authority
        key, certificate = _make_leaf(signer, names, begin.get(kind, moment))
        _save(leaf_file, _key_pem(key) + _pem(certificate), secret=True)
    return ServerCertificate(usual.ca_file, leaf_file)


def _is_of_kind(leaf: x509.Certificate, kind: str, now: dt.datetime) -> bool:
    if kind == "future":
        return now < leaf.not_valid_before_utc
    return kind == "expired" or not _is_old(leaf, now)


_Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def _names(host: str) -> list[str]:
    names = ["localhost", "127.0.0.1", "::1"]
    hostname = socket.gethostname()
    for name in (hostname, host):
        if name and name not in names and name not in ("0.0.0.0", "::") and name.isascii():  # noqa: S104
            names.append(name)
    return names


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found]


def _is_old(certificate: x509.Certificate, now: dt.datetime) -> bool:
    return not (
        certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    )


def _is_signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tagwerk demo plant"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A day back: the clocks of two computers seldom agree.
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Tagwerk demo CA")
    certificate = (
        _builder(name, name, key, now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _make_leaf(authority: _Pair | None, names: list[str], now: dt.datetime) -> _Pair:
    """A server's certificate for these names, by the authority or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(names[0])
    issuer_key = authority[0] if authority else key
    issuer = authority[1].subject if authority else subject
    certificate = (
        _builder(subject, issuer, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    return key, certificate


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _load(path: Path) -> _Pair | None:
    """Key and certificate of a file of ours; None when it is missing or damaged."""
    try:
        content = path.read_bytes()
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    if key.public_key() != certificate.public_key():
        return None
    return key, certificate


def _save(path: Path, content: bytes, *, secret: bool) -> None:
    """Write through a temporary file, so that nobody ever sees half a key or a readable one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o600 if secret else 0o644)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
