"""Whom to trust: TLS contexts for each kind of trust, and a look at a server's certificate.

The same context serves HTTP and the value stream. Used by `transport`, `stream` and `connector`.
Nothing here sends anything but the handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import ssl
from typing import Any

import truststore

from tagwerk.domain.connection import Certificate, Trust, TrustMode, fingerprint_blocks
from tagwerk.domain.errors import NotReachable, NotTrusted, UsageError


class PinMismatch(ssl.SSLCertVerificationError):
    """The handshake showed another certificate than the pinned one. `der` is what it showed."""

    der: bytes = b""


class _PinnedObject(ssl.SSLObject):
    """A TLS connection that ends in its handshake unless the peer's certificate is the pinned one.

    asyncio and anyio drive TLS through `do_handshake`, so no byte of HTTP can leave before the
    comparison below; an error here ends the connection.
    """

    pinned_sha256 = ""

    def do_handshake(self) -> None:
        super().do_handshake()
        der = self.getpeercert(binary_form=True) or b""
        if hashlib.sha256(der).hexdigest() != self.pinned_sha256:
            problem = PinMismatch("the certificate is not the pinned one")
            problem.der = der
            raise problem


def client_context(trust: Trust) -> ssl.SSLContext | None:
    """The TLS context for a decision about trust; None for plain HTTP.

    Raises:
        UsageError: the CA file cannot be read, or the fingerprint is none.
    """
    if trust.mode is TrustMode.PLAIN_HTTP:
        return None
    context: ssl.SSLContext
    if trust.mode is TrustMode.PINNED:
        context = _unverified_context()
        pinned = trust.sha256.replace(":", "").replace(" ", "").lower()
        if len(pinned) != 64 or any(digit not in "0123456789abcdef" for digit in pinned):
            raise UsageError(
                "“{fingerprint}” is not a SHA-256 fingerprint.",
                cure="It has 64 hexadecimal digits.",
                fingerprint=trust.sha256,
            )
        # Safe although the context itself vouches for nothing: each connection compares the
        # peer's certificate with the pin inside its handshake.
        context.sslobject_class = type("PinnedObject", (_PinnedObject,), {"pinned_sha256": pinned})
    elif trust.mode is TrustMode.CA_FILE:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cafile=trust.ca_file)
        except (OSError, ssl.SSLError) as problem:
            raise UsageError(
                "The CA file {file} cannot be read: {said}",
                cure="Give a PEM file with the certificate of the plant's CA.",
                file=trust.ca_file,
                said=getattr(problem, "strerror", None) or str(problem),
            ) from problem
    else:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _unverified_context() -> ssl.SSLContext:
    """A context that accepts any certificate. For exactly two users, neither of which sends a byte
    of HTTP before a person or a pin has judged the certificate: `client_context` compares the
    peer's certificate in the handshake, `fetch_certificate` hangs up after the handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def fetch_certificate(host: str, port: int, *, timeout_s: float = 10.0) -> Certificate:
    """The certificate that a server shows, whoever vouches for it. Only a handshake is sent.

    Raises:
        NotReachable: no TLS there.
    """
    context = _unverified_context()
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=context, server_hostname=host
            )
    except (OSError, ssl.SSLError, TimeoutError) as problem:
        raise NotReachable(
            "{host}:{port} shows no certificate: {said}",
            cure="Check the address; plain HTTP needs to be allowed explicitly.",
            host=host,
            port=port,
            said=_said(problem),
        ) from problem
    del reader
    try:
        ssl_object = writer.get_extra_info("ssl_object")
        leaf = ssl_object.getpeercert(binary_form=True) or b""
        chain = _chain(ssl_object) or [leaf]
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
    return certificate_from_der(leaf, host, chain)


def _said(problem: BaseException) -> str:
    if isinstance(problem, TimeoutError) and not str(problem):
        return "no answer in time"
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__


def _chain(ssl_object: Any) -> list[bytes]:
    """What the server sent, leaf first; [] where Python cannot tell."""
    if hasattr(ssl_object, "get_unverified_chain"):
        return list(ssl_object.get_unverified_chain())
    # Before Python 3.13 only the inner object tells.
    inner = getattr(ssl_object, "_sslobj", None)
    if inner is None or not hasattr(inner, "get_unverified_chain"):
        return []
    return [
        ssl.PEM_cert_to_DER_cert(certificate.public_bytes())
        for certificate in inner.get_unverified_chain() or ()
    ]


def certificate_from_der(der: bytes, host: str, chain: list[bytes] | None = None) -> Certificate:
    """Read a certificate for the trust dialog. Imports `cryptography`, so only when needed.

    Raises:
        NotReachable: it cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        leaf = x509.load_der_x509_certificate(der)
    except ValueError as problem:
        raise NotReachable("The certificate of {host} cannot be read.", host=host) from problem

    def common(name: x509.Name) -> str:
        found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(found[0].value) if found else name.rfc4514_string()

    names: list[str] = []
    with contextlib.suppress(x509.ExtensionNotFound, ValueError):
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = [str(one.value) for one in extension.value]
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key_text = f"RSA {key.key_size}"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key_text = f"EC {key.curve.name}"
    else:
        key_text = type(key).__name__.removesuffix("PublicKey").strip("_")
    hashed = leaf.signature_hash_algorithm
    if hashed is not None:
        key_text += f", {hashed.name.upper().replace('SHA', 'SHA-')}"
    subjects = []
    for one in chain or [der]:
        with contextlib.suppress(ValueError):
            subjects.append(x509.load_der_x509_certificate(one).subject.rfc4514_string())
    return Certificate(
        sha256=hashlib.sha256(der).hexdigest(),
        subject=common(leaf.subject),
        issuer=common(leaf.issuer),
        not_before_ns=int(leaf.not_valid_before_utc.timestamp()) * 1_000_000_000,
        not_after_ns=int(leaf.not_valid_after_utc.timestamp()) * 1_000_000_000,
        names=tuple(names),
        key=key_text,
        self_signed=leaf.issuer == leaf.subject,
        matches_host=any(host_matches(name, host) for name in names),
        chain=tuple(subjects),
    )


def host_matches(name: str, host: str) -> bool:
    """Whether a name of a certificate covers a host; a star stands for one whole first label."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")) == ipaddress.ip_address(name)
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    if name.startswith("*."):
        return "." in host and host.partition(".")[2] == name[2:]
    return name == host


def find_verification_error(problem: BaseException) -> ssl.SSLCertVerificationError | None:
    """The certificate's fault behind an error of a library, or None."""
    seen: set[int] = set()
    current: BaseException | None = problem
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, ssl.SSLCertVerificationError):
            return current
        current = current.__cause__ or current.__context__
    return None


_HOSTNAME_MISMATCH = (62, 64)
_EXPIRED = (9, 10)


async def not_trusted(
    problem: ssl.SSLCertVerificationError, host: str, port: int, trust: Trust, timeout_s: float
) -> NotTrusted:
    """The domain's error for a certificate that was refused, with the certificate in it."""
    certificate: Certificate | None = None
    if isinstance(problem, PinMismatch) and problem.der:
        certificate = certificate_from_der(problem.der, host)
    else:
        with contextlib.suppress(NotReachable):
            certificate = await fetch_certificate(host, port, timeout_s=timeout_s)
    fingerprint = fingerprint_blocks(certificate.sha256) if certificate else ""
    if isinstance(problem, PinMismatch):
        return NotTrusted(
            "The certificate of {host} is not the one that was trusted. Nothing was sent. "
            "Now: {fingerprint}",
            cure="Ask whoever looks after the server whether it was installed anew before you trust it.",
            certificate=certificate,
            pinned_sha256=trust.sha256,
            host=host,
            fingerprint=fingerprint,
        )
    code = getattr(problem, "verify_code", 0)
    said = getattr(problem, "verify_message", "") or str(problem)
    if code in _HOSTNAME_MISMATCH:
        return NotTrusted(
            "The certificate of {host} is for {names}, not for {host}. SHA-256 {fingerprint}",
            cure="Connect by one of these names, or compare the fingerprint with the server's and trust it.",
            certificate=certificate,
            host=host,
            names=", ".join(certificate.names if certificate else ()) or "another name",
            fingerprint=fingerprint,
        )
    if code in _EXPIRED:
        return NotTrusted(
            "The certificate of {host} is not valid at this time: {said}. SHA-256 {fingerprint}",
            cure="Check the clocks of both computers, or compare the fingerprint and trust it.",
            certificate=certificate,
            host=host,
            said=said,
            fingerprint=fingerprint,
        )
    return NotTrusted(
        "Nobody vouches for the certificate of {host}: {said}. SHA-256 {fingerprint}",
        cure="Compare the fingerprint with the one shown on the server, then trust it, or give the plant's CA file.",
        certificate=certificate,
        host=host,
        said=said,
        fingerprint=fingerprint,
    )
