"""What is printed: without loss, in UTC, parseable."""

import io
import json
import math

import pytest

from tagwerk.cli.output import Console, alarm_document, plain, sample_document, watch_document
from tagwerk.domain.alarms import Alarm, AlarmKey, AlarmState
from tagwerk.domain.connection import Certificate
from tagwerk.domain.errors import NotReachable, NotTrusted
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


def test_an_unknown_certificate_is_shown_with_the_option_that_trusts_it():
    certificate = Certificate(
        "ab" * 32, "SKID21", "SKID21", 0, 1, ("skid21",), "RSA 2048", True, True
    )
    err = io.StringIO()
    Console(out=io.StringIO(), err=err).error(
        NotTrusted("Not trusted.", certificate=certificate, pinned_sha256="cd" * 32)
    )
    text = err.getvalue()
    assert "AB:AB" in text
    assert "CD:CD" in text
    assert "--fingerprint " + "ab" * 32 in text
