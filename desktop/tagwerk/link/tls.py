"""Whom to trust: TLS contexts for each kind of trust, and a look at a server's certificate.

The same context serves HTTP and the value stream. Used by `transport`, `stream` and `connector`.
Nothing here sends anything but the handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
import time
from typing import Any

import truststore

from tagwerk.domain.certificates import day_of, names_of, validity_finding
from tagwerk.domain.connection import Certificate, Trust, TrustMode, fingerprint_blocks
from tagwerk.domain.errors import NotReachable, NotTrusted, UsageError
from tagwerk.domain.message import Message, message
from tagwerk.link.ca_file import read_ca_file
from tagwerk.link.certificates import certificate_from_der


class PinMismatch(ssl.SSLCertVerificationError):
    """The handshake showed another certificate than the pinned one.

    `der` is what it showed, `chain` all that was sent with it, leaf first.
    """

    der: bytes = b""
    chain: tuple[bytes, ...] = ()


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
            problem.chain = tuple(_chain(self))
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
        # A plant's file may hold an issuing CA without the root above it: it is trusted as it is.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            for der in read_ca_file(trust.ca_file):
                context.load_verify_locations(cadata=der)
        except ssl.SSLError as problem:
            raise UsageError(
                "The CA file {file} cannot be used: {said}.",
                cure="Give a PEM or DER file (.pem, .crt, .cer) with the certificate of the plant's CA.",
                code="ca_file",
                file=trust.ca_file,
                said=problem.reason or str(problem),
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
        if _may_be_too_old(problem):
            version = await _old_version(host, port, timeout_s)
            if version or is_too_old(problem):
                raise too_old(problem, host, port, version) from problem
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


_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "WRONG_SSL_VERSION", "VERSION_TOO_LOW")
_NO_CIPHER = ("HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "INSUFFICIENT_SECURITY")


def is_too_old(problem: BaseException) -> bool:
    """Whether a handshake failed because the server speaks nothing that is safe today."""
    reason = getattr(problem, "reason", None) or ""
    return any(word in reason for word in (*_TOO_OLD, *_NO_CIPHER))


def _may_be_too_old(problem: BaseException) -> bool:
    """Windows hangs up without a word where others send an alert."""
    hung_up = isinstance(problem, ConnectionResetError | ConnectionAbortedError | ssl.SSLEOFError)
    return hung_up or is_too_old(problem)


def too_old(problem: BaseException, host: str, port: int, version: str = "") -> NotReachable:
    """The error for a server that speaks only what is no longer safe; `version` if known."""
    reason = getattr(problem, "reason", None) or ""
    if version or any(word in reason for word in _TOO_OLD):
        return NotReachable(
            "{host}:{port} speaks only {version}; Tagwerk needs TLS 1.2 or newer.",
            cure="Switch TLS 1.2 on in the server's Windows and IIS, or update the server.",
            code="old_tls",
            host=host,
            port=port,
            version=version or message("TLS 1.1 or older"),
        )
    return NotReachable(
        "{host}:{port} and this computer have no encryption in common: {said}",
        cure="Update the server, or allow today's cipher suites in its Windows.",
        code="no_cipher",
        host=host,
        port=port,
        said=reason,
    )


async def _old_version(host: str, port: int, timeout_s: float) -> str:
    """Which old version a server speaks, ``TLS 1.1``; "" when this computer cannot tell.

    A look with everything allowed: a handshake, and nothing after it.
    """
    context = _unverified_context()
    writer = None
    try:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
        version = writer.get_extra_info("ssl_object").version() or ""
    except (OSError, ssl.SSLError, TimeoutError):
        return ""
    finally:
        if writer is not None:
            writer.transport.abort()
    shown = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "SSLv3": "SSL 3"}
    return shown.get(version, "")


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


_UNKNOWN_ISSUER = (2, 18, 19, 20, 21, 27)
_EXPIRED, _NOT_YET = 10, 9
_HOSTNAME_MISMATCH = (62, 64)
_WEAK = (66, 67, 68)
_BY_CODE = {
    **dict.fromkeys(_UNKNOWN_ISSUER, "unknown_issuer"),
    **dict.fromkeys(_HOSTNAME_MISMATCH, "name"),
    **dict.fromkeys(_WEAK, "weak"),
    _EXPIRED: "expired",
    _NOT_YET: "not_yet_valid",
}


def _reason(
    problem: ssl.SSLCertVerificationError, certificate: Certificate | None, now_ns: int
) -> str:
    """Why a certificate was refused. Other systems than OpenSSL have codes of their own: there
    the certificate itself is asked."""
    code = _BY_CODE.get(getattr(problem, "verify_code", 0), "")
    if code or certificate is None:
        return code
    if now_ns > certificate.not_after_ns:
        return "expired"
    if now_ns < certificate.not_before_ns:
        return "not_yet_valid"
    return "unknown_issuer" if certificate.matches_host else "name"


async def not_trusted(
    problem: ssl.SSLCertVerificationError, host: str, port: int, trust: Trust, timeout_s: float
) -> NotTrusted:
    """The domain's error for a certificate that was refused, with the certificate in it."""
    certificate: Certificate | None = None
    if isinstance(problem, PinMismatch) and problem.der:
        certificate = certificate_from_der(problem.der, host, list(problem.chain))
    else:
        with contextlib.suppress(NotReachable):
            certificate = await fetch_certificate(host, port, timeout_s=timeout_s)
    fingerprint = fingerprint_blocks(certificate.sha256) if certificate else ""
    if isinstance(problem, PinMismatch):
        return changed_certificate(host, certificate, trust)
    said = getattr(problem, "verify_message", "") or str(problem)
    code = _reason(problem, certificate, time.time_ns())
    if code == "name":
        return NotTrusted(
            "The certificate is for {names}; you asked for {host}. SHA-256 {fingerprint}",
            cure="Connect by one of these names, or compare the fingerprint with the server's and trust it.",
            code=code,
            certificate=certificate,
            host=host,
            names=names_of(certificate) if certificate else message("another name"),
            fingerprint=fingerprint,
        )
    if code in ("expired", "not_yet_valid"):
        return _not_valid_now(code, said, host, certificate)
    if code == "weak" and certificate is not None and certificate.weakness:
        return NotTrusted(
            "The certificate of {host} is not safe. {said} SHA-256 {fingerprint}",
            cure="Give the server a new certificate, or compare the fingerprint and trust it.",
            code=code,
            certificate=certificate,
            host=host,
            said=certificate.weakness,
            fingerprint=fingerprint,
        )
    return NotTrusted(
        "Nobody vouches for the certificate of {host}: {said}. SHA-256 {fingerprint}",
        cure="Compare the fingerprint with the one shown on the server, then trust it, or give the plant's CA file.",
        code=code,
        certificate=certificate,
        host=host,
        said=said,
        fingerprint=fingerprint,
    )


def changed_certificate(host: str, certificate: Certificate | None, trust: Trust) -> NotTrusted:
    """The loud refusal: another certificate than the one that was trusted."""
    return NotTrusted(
        "The certificate of {host} is not the one that was trusted. Nothing was sent. "
        "Now: {fingerprint}",
        cure="Ask whoever looks after the server whether it was installed anew before you trust it.",
        code="changed",
        certificate=certificate,
        pinned_sha256=trust.sha256.replace(":", "").replace(" ", "").lower(),
        known=trust.known,
        host=host,
        fingerprint=fingerprint_blocks(certificate.sha256) if certificate else "",
    )


def _not_valid_now(code: str, said: str, host: str, certificate: Certificate | None) -> NotTrusted:
    """Expired, or not valid yet: the certificate itself, or one that vouches for it."""
    fingerprint = fingerprint_blocks(certificate.sha256) if certificate else ""
    why = validity_finding(certificate, time.time_ns()) if certificate else Message()
    if not why and certificate is not None:
        for link in certificate.links[1:]:
            if validity_finding(link, time.time_ns()):
                said = f"{link.subject}, {day_of(link.not_before_ns)} – {day_of(link.not_after_ns)}"
    return NotTrusted(
        "The certificate of {host} is not valid at this time. {said} SHA-256 {fingerprint}",
        cure="Check the clocks of both computers, or compare the fingerprint and trust it.",
        code=code,
        certificate=certificate,
        host=host,
        said=why or said,
        fingerprint=fingerprint,
    )
