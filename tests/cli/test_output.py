"""What is printed: without loss, in UTC, parseable."""

import io
import json
import math
from dataclasses import replace

import pytest

from tagwerk.cli.output import Console, alarm_document, plain, sample_document, watch_document
from tagwerk.domain.alarms import Alarm, AlarmKey, AlarmState
from tagwerk.domain.connection import Certificate, TrustedCertificate
from tagwerk.domain.errors import NotReachable, NotTrusted
from tagwerk.domain.message import message
from tagwerk.domain.values import BAD, GOOD, ItemError, Sample


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**53, 2**53),
        (2**53 + 1, str(2**53 + 1)),
        (-(2**60), str(-(2**60))),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (True, True),
        ([1, 2**60, None], [1, str(2**60), None]),
        ("ü", "ü"),
    ],
)
def test_values_lose_nothing(value, expected):
    assert plain(value) == expected
    json.loads(json.dumps(plain(value), allow_nan=False))


def test_a_sample():
    sample = Sample("S::T", 1.5, GOOD, 1_500_000_000, 2_000_000_000)
    assert sample_document(sample) == {
        "name": "S::T",
        "value": 1.5,
        "quality": "good",
        "sub_status": "NON_SPECIFIC",
        "time": "1970-01-01T00:00:01.500Z",
        "error": None,
    }
    assert watch_document(sample)["received"] == "1970-01-01T00:00:02.000Z"
    bad = sample_document(Sample("x", None, BAD, None, 0, ItemError("2", "no such tag")))
    assert (bad["time"], bad["error"]) == (None, {"code": "2", "description": "no such tag"})


def test_an_alarm_keeps_words_that_we_do_not_know():
    alarm = Alarm(
        AlarmKey("S::T:A", 3),
        AlarmState.UNKNOWN,
        state_word="ESCALATED",
        extra=(("deadBand", 1.5),),
    )
    document = alarm_document(alarm)
    assert document["state"] == "ESCALATED"
    assert document["deadBand"] == 1.5
    assert document["raised"] is None


def test_errors_go_to_stderr_with_the_cure():
    out, err = io.StringIO(), io.StringIO()
    Console(out=out, err=err).error(NotReachable("Nothing answers.", cure="Check it."))
    assert err.getvalue() == "tagwerk: Nothing answers. Check it.\n"
    assert not out.getvalue()


def shown(error):
    err = io.StringIO()
    Console(out=io.StringIO(), err=err).error(error)
    return err.getvalue()


DAY_NS = 86_400_000_000_000
NOW_CERTIFICATE = Certificate(
    "ab" * 32, "SKID21", "Plant CA", 0, 4 * 10**18, ("skid21", "10.0.0.1"), "RSA 2048, SHA-256",
    self_signed=False, matches_host=False,
)  # fmt: skip


def test_an_unknown_certificate_is_shown_with_the_option_that_trusts_it():
    authority = Certificate(
        "ef" * 32, "Plant CA", "Plant root", 0, 4 * 10**18, (), "RSA 4096", False, False
    )
    weakness = message("Its key is weak: RSA with {bits} bits; 2048 is the least today.", bits=1024)
    certificate = replace(
        NOW_CERTIFICATE, links=(NOW_CERTIFICATE, authority), not_after_ns=DAY_NS, weakness=weakness
    )
    text = shown(NotTrusted("Not trusted.", certificate=certificate, host="other"))
    assert "AB:AB" in text
    assert "--fingerprint " + "ab" * 32 in text
    assert "for skid21, 10.0.0.1; you asked for other" in text
    assert "It expired on 1970-01-02" in text
    assert "1024 bits" in text
    assert "Signed by   Plant CA, issued by Plant root" in text
    assert "EF:EF" in text


def test_a_changed_certificate_is_shown_beside_the_one_that_was_trusted():
    known = TrustedCertificate("SKID21", "Old CA", ("skid21",), "", DAY_NS, 2 * DAY_NS, 3 * DAY_NS)
    error = NotTrusted(
        "Changed.", certificate=NOW_CERTIFICATE, pinned_sha256="cd" * 32, known=known, host="skid21"
    )
    lines = shown(error).splitlines()
    assert any("CHANGED" in line for line in lines)
    row = {line.split()[0]: line for line in lines if line.strip()}
    assert "CD CD CD CD" in row["SHA-256"]
    assert "* AB AB" in row["SHA-256"]
    assert "Old CA" in row["Issued"]
    assert "* Plant CA" in row["Issued"]
    assert "*" not in row["Subject"]
    assert "not known" in row["Key"]
    assert "1970-01-04" in row["Trusted"]
    assert "--fingerprint " + "ab" * 32 in lines[-1]


def test_plain_http_names_the_option_that_allows_it():
    assert "--allow-plain-http" in shown(NotTrusted("Plain.", code="plain_http"))
