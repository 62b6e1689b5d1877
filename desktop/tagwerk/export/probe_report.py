"""The doctor's report as text and as a document for scripts, the same for window and command line.

The words come from the steps; `say` puts them into the reader's language (English by default).
Times are UTC. Never holds a secret: it only repeats what `ProbeResult` has.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    Certificate,
    ProbeResult,
    Step,
    fingerprint_blocks,
)
from tagwerk.domain.errors import NotTrusted, TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.domain.text import format_time
from tagwerk.domain.verdict import STEP_TITLES, Verdict, verdict_of

Say = Callable[[Message], str]
_WIDTH = 100
_INDENT = 14

_FINE, _FAILED, _LOOK, _SKIPPED = (
    message("ok"),
    message("FAILED"),
    message("look"),
    message("-"),
)


def step_mark(step: Step) -> Message:
    """``ok``, ``FAILED``, ``look`` or ``-``."""
    if step.is_minor:
        return _LOOK
    return {True: _FINE, False: _FAILED, None: _SKIPPED}[step.ok]


def counts_text(verdict: Verdict) -> Message:
    """How many checks are fine, have failed, need a look."""
    return message(
        "{fine} of {all} checks are fine, {failed} failed, {minor} need a look.",
        fine=verdict.fine,
        all=verdict.fine + verdict.failed + verdict.minor,
        failed=verdict.failed,
        minor=verdict.minor,
    )


def step_lines(step: Step, say: Say = str) -> list[str]:
    """One step with all that is known about it."""
    title = say(STEP_TITLES[step.step])
    lines = [
        f"{title:<11} {say(step_mark(step)):<8} {step.ms:8.1f} ms  {say(step.detail)}".rstrip()
    ]
    lines += _paragraph(say(message("Why")), say(step.meaning))
    if step.actions:
        for number, action in enumerate(step.actions, 1):
            head = say(message("What to do")) if number == 1 else ""
            lines += _paragraph(head, f"{number}. {say(action)}")
    elif step.cure:
        lines += _paragraph(say(message("What to do")), say(step.cure))
    if step.command:
        # Never broken into lines: it is there to be copied.
        lines.append(f"  {say(message('Command')):<{_INDENT}}{step.command}")
    lines += _paragraph(say(message("Until then")), say(step.until_then))
    return lines


def _paragraph(head: str, text: str) -> list[str]:
    if not text:
        return []
    first = f"  {head:<{_INDENT}}"
    if head and len(head) >= _INDENT:
        first = f"  {head} "
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * (_INDENT + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def summary_lines(
    result: ProbeResult, say: Say = str, reason: Callable[[str], str] = str
) -> list[str]:
    """Verdict, server, certificate and what works: what follows the steps."""
    verdict = verdict_of(result.steps)
    lines = [say(verdict.headline), say(counts_text(verdict))]
    facts = [(say(message("Address")), result.url)]
    facts += [(name, text) for name, text in result.server.items() if text]
    if result.session is not None:
        facts.append((say(message("User")), result.session.user))
    lines += ["", *(f"  {name:<{_INDENT + 6}}{text}" for name, text in facts)]
    if result.certificate is not None:
        lines += ["", say(message("Certificate"))]
        lines += [
            f"  {name:<{_INDENT}}{text}" for name, text in certificate_rows(result.certificate, say)
        ]
        pinned = _pinned(result)
        if pinned:
            lines.append(
                f"  {say(message('Trusted')):<{_INDENT}}SHA-256 {fingerprint_blocks(pinned)}"
            )
    if result.capabilities.available:
        lines += ["", say(message("What works here"))]
        for one in Capability:
            why = result.capabilities.reason(one)
            mark = say(_FINE) if one in result.capabilities else f"-   {reason(why)}"
            lines.append(f"  {one.value:<{_INDENT}}{mark}")
    return lines


def certificate_rows(certificate: Certificate, say: Say = str) -> list[tuple[str, str]]:
    """What a certificate says of itself, as names and texts; its chain from the leaf up."""
    issuer = certificate.issuer
    if certificate.self_signed:
        issuer = say(message("{issuer} (self-signed)", issuer=issuer))
    names = ", ".join(certificate.names) or "-"
    if not certificate.matches_host:
        names += f"  {say(message('(not the name that was asked for)'))}"
    rows = [
        (say(message("Issued to")), certificate.subject),
        (say(message("Issued by")), issuer),
        (say(message("Names")), names),
        (
            say(message("Valid")),
            f"{format_time(certificate.not_before_ns)} – {format_time(certificate.not_after_ns)}",
        ),
        (say(message("Key")), certificate.key),
        ("SHA-256", fingerprint_blocks(certificate.sha256)),
    ]
    head = say(message("Chain"))
    for subject in certificate.chain:
        rows.append((head, subject))
        head = ""
    return rows


def report_text(
    result: ProbeResult, say: Say = str, reason: Callable[[str], str] = str, version: str = ""
) -> str:
    """The whole report as text, to be copied or saved."""
    head = say(
        message("Tagwerk {version}: connection check of {url}", version=version, url=result.url)
    )
    when = message(
        "Checked on {at}, took {seconds} s. No password and no token is in this report.",
        at=format_time(result.at_ns),
        seconds=f"{result.took_ms / 1000:.1f}",
    )
    lines = [head, say(when), "", *summary_lines(result, say, reason), ""]
    for step in result.steps:
        lines += step_lines(step, say)
    return "\n".join(lines) + "\n"


def report_document(result: ProbeResult) -> dict[str, Any]:
    """The whole report for scripts: the contract of ``probe --json``, always in English."""
    verdict = verdict_of(result.steps)
    error = result.error if isinstance(result.error, TagwerkError) else None
    return {
        "url": result.url,
        "dialect": result.dialect,
        "server": dict(result.server),
        "headline": str(verdict.headline),
        "counts": {
            "fine": verdict.fine,
            "failed": verdict.failed,
            "minor": verdict.minor,
            "skipped": verdict.skipped,
        },
        "at": format_time(result.at_ns),
        "took_ms": result.took_ms,
        "steps": [step_document(step) for step in result.steps],
        "capabilities": {one.value: one in result.capabilities for one in Capability},
        "reasons": _reasons(result.capabilities),
        "certificate": _certificate_document(result),
        "user": result.session.user if result.session is not None else None,
        "error": None if error is None else {"message": error.message, "cure": error.cure},
    }


def step_document(step: Step) -> dict[str, Any]:
    """One step for scripts."""
    return {
        "step": step.step.value,
        "ok": step.ok,
        "minor": step.is_minor,
        "ms": round(step.ms, 1),
        "detail": str(step.detail),
        "cure": str(step.cure),
        "code": step.code,
        "meaning": str(step.meaning),
        "actions": [str(action) for action in step.actions],
        "command": step.command,
        "until_then": str(step.until_then),
    }


def _reasons(capabilities: Capabilities) -> dict[str, str]:
    return {one.value: capabilities.reason(one) for one in Capability if one not in capabilities}


def _pinned(result: ProbeResult) -> str:
    return result.error.pinned_sha256 if isinstance(result.error, NotTrusted) else ""


def _certificate_document(result: ProbeResult) -> dict[str, Any] | None:
    certificate = result.certificate
    if certificate is None:
        return None
    document: dict[str, Any] = {
        "sha256": certificate.sha256,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "self_signed": certificate.self_signed,
        "names": list(certificate.names),
        "matches_host": certificate.matches_host,
        "not_before": format_time(certificate.not_before_ns),
        "not_after": format_time(certificate.not_after_ns),
        "key": certificate.key,
        "chain": list(certificate.chain),
    }
    if _pinned(result):
        document["trusted_sha256"] = _pinned(result)
    return document
