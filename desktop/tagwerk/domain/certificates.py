"""What speaks against a certificate, in words: for the trust dialog and the command line alike.

It judges what a certificate says of itself; whether somebody vouches for it is `link.tls`'s
business. Times are nanoseconds since 1970 UTC.
"""

from __future__ import annotations

import datetime as dt

from tagwerk.domain.connection import Certificate, TrustedCertificate
from tagwerk.domain.message import Message, message


def day_of(time_ns: int) -> str:
    """The UTC day of a time, ``2026-05-11``; certificates are valid far beyond a zone's doubt."""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time_ns // 1000)
    return moment.strftime("%Y-%m-%d")


def names_of(certificate: Certificate) -> str:
    """Whom it is for: its names, else its subject, as a list for people."""
    return ", ".join(certificate.names) or certificate.subject


def name_finding(certificate: Certificate, host: str) -> Message:
    """That it is for another host; empty when it is not."""
    if certificate.matches_host:
        return Message()
    return message(
        "The certificate is for {names}; you asked for {host}.",
        names=names_of(certificate),
        host=host,
    )


def validity_finding(certificate: Certificate, now_ns: int) -> Message:
    """That it is no longer or not yet valid; empty when it is."""
    if now_ns > certificate.not_after_ns:
        return message(
            "It expired on {day}; this computer's date is {today}.",
            day=day_of(certificate.not_after_ns),
            today=day_of(now_ns),
        )
    if now_ns < certificate.not_before_ns:
        return message(
            "It is not valid before {day}; this computer's date is {today}. Is its clock right?",
            day=day_of(certificate.not_before_ns),
            today=day_of(now_ns),
        )
    return Message()


def findings(certificate: Certificate, host: str, now_ns: int) -> list[Message]:
    """All that speaks against it: name, validity, weak key."""
    found = (
        name_finding(certificate, host),
        validity_finding(certificate, now_ns),
        certificate.weakness,
    )
    return [one for one in found if one]


def known_from(certificate: Certificate, now_ns: int) -> TrustedCertificate:
    """What is kept beside the fingerprint when a certificate is trusted now."""
    return TrustedCertificate(
        subject=certificate.subject,
        issuer=certificate.issuer,
        names=certificate.names,
        key=certificate.key,
        not_before_ns=certificate.not_before_ns,
        not_after_ns=certificate.not_after_ns,
        trusted_ns=now_ns,
    )
