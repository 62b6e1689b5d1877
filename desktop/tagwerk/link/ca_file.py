"""The plant's own CA from a file: PEM or DER, one certificate or several, from any system.

Called by `tls` when a connection trusts a CA file. What is no certificate is named as what it
is: people have keys, requests, PKCS #7 and PKCS #12 files lying beside the right one.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message, message

MOST_BYTES = 4 * 1024 * 1024
"""The list of all public authorities has a quarter of a megabyte."""
_BLOCK = re.compile(
    rb"-----BEGIN (?P<kind>[A-Z0-9 ]+)-----(?P<body>.*?)-----END (?P=kind)-----", re.DOTALL
)
_CERTIFICATES = (b"CERTIFICATE", b"X509 CERTIFICATE")


def read_ca_file(path: str) -> list[bytes]:
    """The certificates in a file, in DER form, in their order; at least one.

    Raises:
        UsageError: not there, not readable, or without a certificate; says what it is instead.
    """
    content = _content(path)
    blocks = list(_BLOCK.finditer(content))
    found = []
    for block in blocks:
        if block["kind"] in _CERTIFICATES:
            try:
                # Headers ("Name: value"), blanks and any line ends may stand between the letters.
                lines = [line for line in block["body"].splitlines() if b":" not in line]
                found.append(base64.b64decode(b"".join(b"".join(lines).split()), validate=True))
            except binascii.Error as problem:
                raise _wrong(path, message("a certificate in it is damaged")) from problem
    if not found and not blocks:
        found = [content]
    for der in found:
        if not _is_certificate(der):
            raise _wrong(path, _what_it_is(content, blocks))
    if not found:
        raise _wrong(path, _what_it_is(content, blocks))
    return found


def _content(path: str) -> bytes:
    try:
        file = Path(path)
        if file.is_dir():
            raise _wrong(path, message("it is a folder"))
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or str(problem)
        raise _wrong(path, Message(said)) from problem
    if len(content) > MOST_BYTES:
        raise _wrong(path, message("it is far too large"))
    if not content.strip():
        raise _wrong(path, message("it is empty"))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        # An editor on Windows saved it as UTF-16.
        content = content.decode("utf-16", "replace").encode("ascii", "replace")
    return content


def _is_certificate(der: bytes) -> bool:
    from cryptography import x509

    try:
        x509.load_der_x509_certificate(der)
    except (ValueError, TypeError):
        return False
    return True


def _what_it_is(content: bytes, blocks: list[re.Match[bytes]]) -> Message:
    kinds = {block["kind"] for block in blocks}
    if any(kind.endswith(b"PRIVATE KEY") for kind in kinds):
        return message("it holds a private key, which is nobody's business but the server's")
    if any(kind.endswith(b"CERTIFICATE REQUEST") for kind in kinds):
        return message("it holds a certificate request, not a certificate")
    if b"PKCS7" in kinds or b"CMS" in kinds or b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in content:
        return message("it is a PKCS #7 file")
    if b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" in content:
        return message("it is a PKCS #12 file, which may hold a private key")
    if kinds & set(_CERTIFICATES) or b"BEGIN CERTIFICATE" in content:
        return message("a certificate in it is damaged")
    return message("there is no certificate in it")


def _wrong(path: str, said: Message) -> UsageError:
    return UsageError(
        "The CA file {file} cannot be used: {said}.",
        cure="Give a PEM or DER file (.pem, .crt, .cer) with the certificate of the plant's CA.",
        code="ca_file",
        file=path,
        said=said,
    )
