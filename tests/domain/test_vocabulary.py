"""Names, types, qualities, alarms and errors: the words that all layers share."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.alarms import Alarm, AlarmKey, AlarmState, single_batches
from tagwerk.domain.connection import ConnectionProfile, fingerprint_blocks
from tagwerk.domain.errors import LoginFailed, NotReachable, TagwerkError
from tagwerk.domain.message import message
from tagwerk.domain.tags import BaseType, data_type_from_text, short_name, split_name
from tagwerk.domain.values import Badge, QualityLevel, quality_from_text


@pytest.mark.parametrize(
    ("text", "base", "length"),
    [
        ("Bool", BaseType.BOOL, None),
        ("LReal", BaseType.FLOAT, None),
        ("udint", BaseType.INTEGER, None),
        ("WString[20]", BaseType.TEXT, None),
        ("Array [0..9] of Real", BaseType.FLOAT, 10),
        ("Array[-2..2] of Int", BaseType.INTEGER, 5),
        ("Int[4]", BaseType.INTEGER, 4),
        ("DateTime", BaseType.DATETIME, None),
        ("LTime", BaseType.TIMESPAN, None),
        ("SomethingNew", BaseType.UNKNOWN, None),
        ("", BaseType.UNKNOWN, None),
    ],
)
def test_data_types_are_read_as_servers_and_exports_spell_them(text, base, length):
    found = data_type_from_text(text)
    assert (found.base, found.array_length, found.text) == (base, length, text)


def test_integer_types_know_their_bounds():
    assert (data_type_from_text("ULInt").minimum, data_type_from_text("ULInt").maximum) == (
        0,
        2**64 - 1,
    )
    assert data_type_from_text("Int").minimum == -32768


@given(st.text(max_size=60))
def test_no_type_text_breaks_the_reader(text):
    assert data_type_from_text(text).text == text


@pytest.mark.parametrize(
    "name",
    [
        "HMI_RT_1::Cooling.TIC2120.PV",
        "Tag",
        "S::Tag:Log_1s",
        "S::A.b:Alarm",
        "S::Motor [1].Ü x",
        "S::Arr[0]",
        "S::odd$.dot.x",
    ],
)
def test_names_come_apart_and_together(name):
    assert split_name(name).full == name


def test_an_escaped_dot_does_not_part_elements():
    assert split_name("S::odd$.dot.x").path == ("odd$.dot", "x")
    assert short_name("S::a.b") == "a.b"
    assert short_name("a.b") == "a.b"


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("GOOD_CASCADE", QualityLevel.GOOD),
        ("GOOD_NON_CASCADE", QualityLevel.GOOD),
        ("UNCERTAIN", QualityLevel.UNCERTAIN),
        ("BAD", QualityLevel.BAD),
        ("SOMETHING_NEW", QualityLevel.UNCERTAIN),
        ("", QualityLevel.UNCERTAIN),
    ],
)
def test_an_unknown_quality_is_never_shown_as_good(word, level):
    quality = quality_from_text(word)
    assert quality.level is level
    assert quality.text == word


def test_values_that_are_not_the_process_s_own_have_a_badge():
    assert quality_from_text("GOOD_CASCADE", "SIMULATED_VALUE").badge is Badge.SIMULATED
    assert quality_from_text("GOOD_CASCADE", "LOCAL_OVERRIDE").badge is Badge.OVERRIDDEN
    assert quality_from_text("UNCERTAIN", "SUBSTITUTE_VALUE").badge is Badge.SUBSTITUTE
    assert quality_from_text("GOOD_CASCADE", "NON_SPECIFIC").badge is None


def alarm(state, machine="", response="", name="S::T:A"):
    return Alarm(AlarmKey(name, 1), state, state_machine=machine, user_response=response)


@pytest.mark.parametrize(
    ("state", "machine", "response", "expected"),
    [
        (AlarmState.RAISED, "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT", "", True),
        (AlarmState.RAISED_CLEARED, "RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT", "", True),
        (AlarmState.RAISED, "RAISE_CLEAR", "", False),
        (AlarmState.RAISED, "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT", "NONE", False),
        (AlarmState.RAISED, "", "SINGLE_ACKNOWLEDGEMENT", True),
        (AlarmState.RAISED_ACKNOWLEDGED, "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT", "", False),
        (AlarmState.UNKNOWN, "RAISE_REQUIRES_ACKNOWLEDGMENT", "", False),
    ],
)
def test_who_waits_for_an_operator(state, machine, response, expected):
    assert alarm(state, machine, response).needs_acknowledgement is expected


def test_who_waits_for_a_reset():
    machine = "RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET"
    assert alarm(AlarmState.RAISED_ACKNOWLEDGED_CLEARED, machine).needs_reset
    assert not alarm(AlarmState.RAISED, machine).needs_reset
    assert alarm(AlarmState.RAISED_ACKNOWLEDGED_CLEARED, "", "RESET").needs_reset


def test_a_single_acknowledgement_goes_alone():
    one = alarm(AlarmState.RAISED, name="a")
    two = alarm(AlarmState.RAISED, name="b")
    single = alarm(AlarmState.RAISED, response="SINGLE_ACKNOWLEDGEMENT", name="c")
    assert single_batches([one, single, two]) == [[one, two], [single]]
    assert single_batches([]) == []


def test_errors_say_what_and_how_to_cure_and_can_be_translated():
    error = NotReachable("Nothing answers on {host}.", cure="Check {host}.", host="plc")
    assert str(error) == "Nothing answers on plc. Check plc."
    assert error.text.template == "Nothing answers on {host}."
    assert not error.may_have_arrived
    assert LoginFailed("no").exit_code == 4
    assert isinstance(error, TagwerkError)


def test_braces_of_strangers_do_no_harm():
    assert str(message("the server said {oops")) == "the server said {oops"
    assert str(TagwerkError("{a}", a="{b}")) == "{b}"


def test_a_fingerprint_is_shown_as_people_compare_it():
    assert fingerprint_blocks("9c417e") == "9C:41:7E"


def test_a_profile_names_its_secret_but_never_holds_it():
    profile = ConnectionProfile("Skid", "https://h/graphql/", user="m.brandt")
    assert profile.keyring_name == "m.brandt@https://h/graphql/"
    assert not any("password" in field for field in ConnectionProfile.__slots__)


def test_a_token_is_never_kept_where_a_password_is_looked_for():
    own = ConnectionProfile("Skid", "https://h/graphql/", user="m.brandt")
    issued = replace(own, by_token=True)
    assert own.keyring_name != issued.keyring_name
    assert replace(own, name="other").keyring_name == own.keyring_name
    assert replace(issued, name="other").keyring_name == issued.keyring_name
