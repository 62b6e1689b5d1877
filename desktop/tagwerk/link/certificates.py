"""Reading certificates for people: subject, issuer, names, validity, key, chain.

Called by `tls` with what a handshake showed. It judges nothing but weak keys, and sends nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
from typing import TYPE_CHECKING

from tagwerk.domain.connection import Certificate
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.message import Message, message

if TYPE_CHECKING:
    from cryptography import x509

_LEAST_RSA_BITS = 2048
_LEAST_EC_BITS = 224
_FORGEABLE = ("md5", "sha1")


def certificate_from_der(der: bytes, host: str, chain: list[bytes] | None = None) -> Certificate:
    """Read a certificate for the trust dialog. Imports `cryptography`, so only when needed.

    Args:
        der: the server's own certificate.
        host: the host that was asked for.
        chain: all certificates that were sent, leaf first.

    Raises:
        NotReachable: it cannot be read.
    """
    leaf = _read(der, host)
    if leaf is None:
        raise NotReachable("The certificate of {host} cannot be read.", host=host)
    links = []
    subjects = []
    for one in chain or [der]:
        read = _read(one, host)
        if read is not None:
            links.append(read[0])
            subjects.append(read[1])
    made = leaf[0]
    return Certificate(
        sha256=made.sha256,
        subject=made.subject,
        issuer=made.issuer,
        not_before_ns=made.not_before_ns,
        not_after_ns=made.not_after_ns,
        names=made.names,
        key=made.key,
        self_signed=made.self_signed,
        matches_host=made.matches_host,
        chain=tuple(subjects),
        links=tuple(links),
        weakness=made.weakness,
    )


def _read(der: bytes, host: str) -> tuple[Certificate, str] | None:
    """One certificate without its chain, and its whole subject; None when it is none."""
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(der)
        subject = found.subject
        # Some fields are parsed only here, and old devices fill them with surprising things.
        names = _names(found)
        key, weakness = _key(found)
        made = Certificate(
            sha256=hashlib.sha256(der).hexdigest(),
            subject=_common(subject),
            issuer=_common(found.issuer),
            not_before_ns=int(found.not_valid_before_utc.timestamp()) * 1_000_000_000,
            not_after_ns=int(found.not_valid_after_utc.timestamp()) * 1_000_000_000,
            names=names,
            key=key,
            self_signed=found.issuer == subject,
            matches_host=any(host_matches(name, host) for name in names),
            weakness=weakness,
        )
        return made, subject.rfc4514_string()
    except (ValueError, TypeError):
        return None


def _common(name: x509.Name) -> str:
    """The common name, or the whole text when there is none."""
    from cryptography.x509 import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    with contextlib.suppress(x509.ExtensionNotFound, ValueError):
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return tuple(str(one.value) for one in extension.value)
    return ()


def _key(certificate: x509.Certificate) -> tuple[str, Message]:
    """The key and the signature's digest in words, and what is weak about them."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    weakness = Message()
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        # A kind of key that is too new or too old to be read is still shown, by its number.
        return certificate.public_key_algorithm_oid.dotted_string, weakness
    if isinstance(key, rsa.RSAPublicKey):
        text = f"RSA {key.key_size}"
        if key.key_size < _LEAST_RSA_BITS:
            weakness = message(
                "Its key is weak: RSA with {bits} bits; 2048 is the least today.",
                bits=key.key_size,
            )
    elif isinstance(key, ec.EllipticCurvePublicKey):
        text = f"EC {key.curve.name}"
        if key.curve.key_size < _LEAST_EC_BITS:
            weakness = message("Its key is weak: {key}.", key=text)
    else:
        text = type(key).__name__.removesuffix("PublicKey").strip("_")
        if text.startswith("DSA"):
            weakness = message("Its key is weak: {key}.", key=text)
    try:
        hashed = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return text, weakness
    if hashed is not None:
        digest = hashed.name.upper().replace("SHA", "SHA-")
        text += f", {digest}"
        # A self-signed certificate is known by its fingerprint; its signature vouches for nothing.
        signed_by_other = certificate.issuer != certificate.subject
        if not weakness and hashed.name in _FORGEABLE and signed_by_other:
            weakness = message("Its signature is weak: {digest} can be forged.", digest=digest)
    return text, weakness


def host_matches(name: str, host: str) -> bool:
    """Whether a name of a certificate covers a host; a star stands for one whole first label."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")) == ipaddress.ip_address(name)
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    if name.startswith("*."):
        return "." in host and host.partition(".")[2] == name[2:]
    return name == host
