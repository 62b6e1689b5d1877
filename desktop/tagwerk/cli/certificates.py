"""Certificates on the error output: what a server shows, what speaks against it, what changed.

Called by `output.Console` for a certificate that nobody vouches for. English, as all of the
command line; lines only, nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

from tagwerk.domain.certificates import day_of, findings, known_from
from tagwerk.domain.connection import Certificate, TrustedCertificate, fingerprint_blocks
from tagwerk.domain.errors import NotTrusted
from tagwerk.domain.text import format_time

_LABEL = 12
_COLUMN = 38
_UNKNOWN = "not known"


def certificate_lines(error: NotTrusted, now_ns: int) -> list[str]:
    """Everything about a refused certificate, and the option that would trust it; [] without."""
    certificate = error.certificate
    if certificate is None:
        return []
    host = str(dict(error.text.params).get("host", ""))
    lines = _changed(error, certificate) if error.pinned_sha256 else _facts(certificate)
    lines += [f"Warning     {one}" for one in findings(certificate, host, now_ns)]
    lines += _chain(certificate)
    lines.append("If this is your server: add  --fingerprint " + certificate.sha256)
    return ["  " + line for line in lines]


def _facts(certificate: Certificate) -> list[str]:
    rows = (
        ("Subject", certificate.subject),
        ("Issued by", _issuer(certificate)),
        ("Names", ", ".join(certificate.names) or "none"),
        (
            "Valid",
            f"{format_time(certificate.not_before_ns)} to {format_time(certificate.not_after_ns)}",
        ),
        ("Key", certificate.key),
        ("SHA-256", fingerprint_blocks(certificate.sha256)),
    )
    return [f"{name:<{_LABEL}}{text}" for name, text in rows]


def _issuer(certificate: Certificate) -> str:
    return certificate.issuer + (" (self-signed)" if certificate.self_signed else "")


def _changed(error: NotTrusted, certificate: Certificate) -> list[str]:
    """Old and new side by side, field by field; what differs is marked."""
    old = error.known or TrustedCertificate()
    new = known_from(certificate, 0)
    lines = ["THE CERTIFICATE HAS CHANGED", f"{'':<{_LABEL}}{'trusted':<{_COLUMN}}  now"]
    lines += _side_by_side("SHA-256", error.pinned_sha256, certificate.sha256, _groups)
    for name, before, now in (
        ("Subject", old.subject, new.subject),
        ("Issued by", old.issuer, new.issuer),
        ("Names", ", ".join(old.names), ", ".join(new.names) or "none"),
        ("Valid from", _day(old.not_before_ns), _day(new.not_before_ns)),
        ("Valid to", _day(old.not_after_ns), _day(new.not_after_ns)),
        ("Key", old.key, new.key),
    ):
        lines += _side_by_side(name, before or _UNKNOWN, now, _wrapped)
    lines += _side_by_side("Trusted on", _day(old.trusted_ns) or _UNKNOWN, "not yet", _wrapped)
    return lines


def _day(time_ns: int) -> str:
    return day_of(time_ns) if time_ns else ""


def _groups(sha256: str) -> list[str]:
    """Four lines of eight bytes."""
    pairs = fingerprint_blocks(sha256).split(":")
    return [" ".join(pairs[start : start + 8]) for start in range(0, len(pairs), 8)]


def _wrapped(text: str) -> list[str]:
    return [text[start : start + _COLUMN] for start in range(0, len(text), _COLUMN)] or [""]


def _side_by_side(name: str, before: str, now: str, cut: Callable[[str], list[str]]) -> list[str]:
    mark = " " if before in (now, _UNKNOWN) else "*"
    lines = []
    for old, new in zip_longest(cut(before), cut(now), fillvalue=""):
        lines.append(f"{name:<{_LABEL}}{old:<{_COLUMN}}{mark} {new}".rstrip())
        name, mark = "", " "
    return lines


def _chain(certificate: Certificate) -> list[str]:
    """The certificates above the server's own, as they were sent."""
    lines = []
    for link in certificate.links[1:]:
        lines.append(f"{'Signed by':<{_LABEL}}{link.subject}, issued by {_issuer(link)}")
        valid = f"{day_of(link.not_before_ns)} to {day_of(link.not_after_ns)}, {link.key}"
        lines.append(f"{'':<{_LABEL}}{valid}")
        lines.append(f"{'':<{_LABEL}}SHA-256 {fingerprint_blocks(link.sha256)}")
    return lines
