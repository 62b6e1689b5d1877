"""The doctor's report and verdict: the same words for window, command line and file."""

from __future__ import annotations

import json

import pytest

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    Certificate,
    ProbeResult,
    Session,
    Step,
    StepName,
)
from tagwerk.domain.errors import NotTrusted
from tagwerk.domain.message import message
from tagwerk.domain.verdict import CAPABILITY_WORDS, STEP_TITLES, verdict_of
from tagwerk.export.probe_report import report_document, report_text, step_lines

COMMAND = (
    'Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.GetCertHashString("SHA256") }'
)
CERTIFICATE = Certificate(
    "9c417e0b" * 8, "SKID21-HMI", "Plant CA", 0, 4 * 10**18, ("SKID21-HMI", "192.168.21.10"),
    "RSA 2048, SHA-256", self_signed=False, matches_host=False,
    chain=("CN=SKID21-HMI", "CN=Plant CA"),
)  # fmt: skip


def fine(*names):
    return [Step(name, True, 5.0, message("seen")) for name in names]


def bad(name, code, *, minor=False, ok=False):
    return Step(
        name, ok, 15.0, message("{what} is off", what="it"), message("Switch it on."), code,
        message("Because it is off."), (message("Go there."), message("Switch it on.")), COMMAND,
        message("It goes without."), minor,
    )  # fmt: skip


NEEDED = tuple(name for name in StepName if name is not StepName.PUSH)


def test_a_step_tells_everything_and_keeps_the_command_whole():
    lines = step_lines(bad(StepName.PUSH, "websocket_off"))
    text = "\n".join(lines)
    assert "FAILED" in lines[0]
    assert "it is off" in lines[0]
    assert "Because it is off." in text
    assert "1. Go there." in text
    assert "2. Switch it on." in text
    assert any(line.endswith(COMMAND) for line in lines)
    assert "It goes without." in text


@pytest.mark.parametrize(
    ("steps", "headline", "can_work", "polled"),
    [
        (fine(*StepName), "Everything works", True, False),
        (
            [*fine(*NEEDED), bad(StepName.PUSH, "websocket_off")],
            "You can work, but values are polled: the server refuses push",
            True,
            True,
        ),
        (
            [*fine(*NEEDED), bad(StepName.PUSH, "pings_unanswered", minor=True, ok=True)],
            "Everything works; one thing needs a look",
            True,
            False,
        ),
        (
            [*fine(StepName.RESOLVE), bad(StepName.CONNECT, "port_closed")],
            "No connection: the server does not answer on this port",
            False,
            False,
        ),
        ([bad(StepName.TLS, "certificate_expired")], "nobody vouches", False, False),
        ([bad(StepName.TLS, "certificate_changed")], "not the server that you", False, False),
        ([bad(StepName.LOGIN, "wrong_password")], "refuses user and password", False, False),
        (
            [*fine(StepName.LOGIN, StepName.RIGHTS), bad(StepName.READ, "read_failed")],
            "values cannot be read",
            False,
            False,
        ),
        (
            [
                *fine(StepName.RIGHTS, StepName.LOGIN),
                bad(StepName.HISTORY, "history_failed"),
                bad(StepName.ALARMS, "alarms_failed"),
            ],
            "without alarms",
            True,
            False,
        ),
        (
            [
                *fine(StepName.RIGHTS),
                bad(StepName.CLOCK, "clock_off", minor=True),
                bad(StepName.ROUND_TRIP, "slow", minor=True, ok=True),
            ],
            "2 things need a look",
            True,
            False,
        ),
        ([], "Nothing could be looked at", False, False),
    ],
)
def test_the_verdict(steps, headline, can_work, polled):
    verdict = verdict_of(steps)
    assert headline in str(verdict.headline)
    assert (verdict.can_work, verdict.is_polled) == (can_work, polled)
    assert verdict.fine + verdict.failed + verdict.minor + verdict.skipped == len(steps)


def test_report_and_document_hold_the_certificate_and_the_trusted_fingerprint():
    result = ProbeResult(
        "https://skid21/graphql/", "unified", {"product": "WinCC Unified"},
        (*fine(StepName.RESOLVE), bad(StepName.TLS, "certificate_changed")), CERTIFICATE,
        Session("m.brandt"),
        Capabilities(frozenset({Capability.READ}), {Capability.PUSH: "push_refused"}),
        NotTrusted("Another one.", pinned_sha256="ab" * 32), 1_781_791_012_000_000_000, 812.5,
    )  # fmt: skip
    text = report_text(result, version="9.9")
    assert "Tagwerk 9.9: connection check of https://skid21/graphql/" in text
    assert "2026-06-18T13:56:52.000Z" in text
    assert "9C:41:7E:0B" in text
    assert "AB:AB:AB" in text
    assert "CN=Plant CA" in text
    assert "not the name that was asked for" in text
    document = json.loads(json.dumps(report_document(result)))
    assert document["headline"] == "This is not the server that you trusted"
    assert document["at"] == "2026-06-18T13:56:52.000Z"
    assert document["took_ms"] == 812.5
    assert document["certificate"]["trusted_sha256"] == "ab" * 32
    assert document["counts"] == {"fine": 1, "failed": 1, "minor": 0, "skipped": 0}
    assert document["reasons"]["push"] == "push_refused"
    step = document["steps"][1]
    assert step["code"] == "certificate_changed"
    assert step["actions"] == ["Go there.", "Switch it on."]
    assert step["ok"] is False
    assert document["error"]["message"] == "Another one."


def test_every_step_and_capability_has_a_word():
    assert set(STEP_TITLES) == set(StepName)
    assert set(CAPABILITY_WORDS) == set(Capability)
