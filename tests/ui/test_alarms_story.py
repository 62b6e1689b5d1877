"""Texts, colours and stories of alarms, without a window."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from tagwerk.domain.alarms import AlarmState
from tagwerk.domain.tags import TagInfo
from tagwerk.domain.text import ENGLISH, GERMAN
from tagwerk.store.alarm_order import SortBy
from tagwerk.ui.alarms.cells import CellTexts, duration_text, state_text, stood_ns
from tagwerk.ui.alarms.history import replace_field, suggest_field
from tagwerk.ui.alarms.look import Colors, block_look, flash_phase, is_flashing, state_icon
from tagwerk.ui.alarms.story import (
    AROUND_NS,
    Kind,
    earlier_raises,
    events_around,
    is_chattering,
    offset_text,
    raises_in,
)
from ui.alarms_support import NOW, RESET_MACHINE, SECOND, make_alarm


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.96, "10.0 s"),
        (59.97, "59.9 s"),
        (85, "1 min 25 s"),
        (3_599.9, "59 min 59 s"),
        (6_987, "1 h 56 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations_read_well(seconds, text):
    assert duration_text(round(seconds * SECOND), ENGLISH) == text


def test_german_durations_have_a_comma():
    assert duration_text(10 * SECOND, GERMAN) == "10,0 s"


def test_a_cleared_alarm_has_stopped_standing_and_a_clock_ahead_does_no_harm():
    cleared = make_alarm(state=AlarmState.RAISED_CLEARED, clear_time_ns=NOW - 50 * SECOND)
    assert stood_ns(cleared, NOW) == 10 * SECOND
    assert stood_ns(make_alarm(ago_s=-5), NOW) == 0
    assert stood_ns(make_alarm(raise_time_ns=None), NOW) is None


def test_the_servers_own_state_text_wins_and_unknown_words_are_shown():
    assert state_text(make_alarm(state_text="Gekommen")) == "Gekommen"
    assert (
        state_text(make_alarm(state=AlarmState.UNKNOWN, state_word="RAISED_PAUSED"))
        == "RAISED_PAUSED"
    )


def test_values_get_unit_and_decimals_of_the_trigger_tag():
    texts = CellTexts(lambda name: TagInfo(name, unit="A", decimals=1))
    alarm = make_alarm(value=8.4)
    assert texts.text(1, alarm, SortBy.VALUE, NOW) == "8.4 A"
    assert texts.text(2, make_alarm(value=None), SortBy.VALUE, NOW) == "—"


def test_server_colours_are_taken_as_they_are():
    look = block_look(
        make_alarm(back_color="#12AB34", text_color="#FEDCBA"),
        Colors.SERVER,
        framed=False,
        stale=False,
    )
    assert (look.color, look.text, look.filled) == (QColor("#12AB34"), QColor("#FEDCBA"), True)


def test_flashing_frames_and_staleness_hatches():
    alarm = make_alarm()
    framed = block_look(alarm, Colors.SERVER, framed=True, stale=False)
    assert not framed.filled
    assert not framed.hatched
    assert block_look(alarm, Colors.SERVER, framed=True, stale=True).hatched


def test_an_alarm_that_the_server_does_not_let_flash_stays_filled():
    quiet = make_alarm(flashing=False)
    assert not is_flashing(quiet)
    assert block_look(quiet, Colors.SERVER, framed=True, stale=False).filled


def test_without_server_colours_the_fallback_follows_priority_and_state():
    def look(**fields):
        alarm = make_alarm(back_color="", text_color="", flashing=False, **fields)
        return block_look(alarm, Colors.SERVER, framed=False, stale=False)

    assert look(priority=16).color == QColor("#D0021B")
    assert look(priority=10).color == QColor("#FFE100")
    assert look(priority=1).color == QColor("#B8D4F0")
    assert look(priority=0).color == QColor("#E3E6E9")
    assert look(priority=12, state=AlarmState.RAISED_ACKNOWLEDGED).color == QColor("#F4B6BC")
    assert not look(priority=12, state=AlarmState.RAISED_CLEARED).filled


def test_isa_greys_leave_no_colour():
    for priority in (2, 8, 14):
        for state in (AlarmState.RAISED, AlarmState.RAISED_ACKNOWLEDGED):
            look = block_look(
                make_alarm(priority=priority, state=state), Colors.GREY, framed=False, stale=False
            )
            assert look.color.hsvSaturation() < 50


def test_the_flash_has_two_phases_a_second():
    start = NOW - NOW % SECOND
    assert [flash_phase(start + ms * 1_000_000) for ms in (0, 499, 500, 999, 1000)] == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_every_state_has_an_icon_of_its_own_shape():
    assert state_icon(make_alarm()) == "bell-ring"
    assert state_icon(make_alarm(state=AlarmState.RAISED_CLEARED)) == "bell"
    assert state_icon(make_alarm(state=AlarmState.RAISED_ACKNOWLEDGED)) == "check"
    assert state_icon(make_alarm(response="NONE")) == "info"
    done = make_alarm(
        state=AlarmState.RAISED_ACKNOWLEDGED_CLEARED, response="RESET", state_machine=RESET_MACHINE
    )
    assert state_icon(done) == "rotate-ccw"


def test_records_of_one_raise_are_one_earlier_raise():
    now = make_alarm()
    first = make_alarm(ago_s=1000)
    cleared = make_alarm(
        ago_s=1000,
        clear_time_ns=NOW - 900 * SECOND,
        acknowledge_time_ns=NOW - 950 * SECOND,
        user_name="k.vogt",
    )
    other = make_alarm("TIC2120.PV:High", ago_s=500)
    found = earlier_raises([first, cleared, now, other, make_alarm(ago_s=-100)], now)
    assert [(past.raised_ns, past.cleared_ns, past.user) for past in found] == [
        (NOW - 1000 * SECOND, NOW - 900 * SECOND, "k.vogt")
    ]


def test_raises_are_counted_once_whatever_else_was_logged_about_them():
    logged = [make_alarm(ago_s=10, modification_time_ns=NOW + i) for i in range(3)]
    logged += [make_alarm(ago_s=200), make_alarm("B:Hi", ago_s=10)]
    assert raises_in(logged, NOW - 100 * SECOND, NOW) == 2


def test_three_raises_in_a_minute_chatter():
    assert is_chattering([0, 30 * SECOND, 60 * SECOND])
    assert not is_chattering([0, 30 * SECOND, 61 * SECOND])
    assert not is_chattering([])


def test_around_an_alarm_the_nearest_events_stay_in_order():
    alarm = make_alarm(ago_s=60, text="trip")
    low = make_alarm("FIC:Low", ago_s=58, text="low", clear_time_ns=NOW - 48 * SECOND)
    far = make_alarm("far:Hi", ago_s=60 + AROUND_NS / SECOND + 1, text="far")
    events = events_around([low, far, alarm], alarm)
    assert [(event.kind, event.text) for event in events] == [
        (Kind.RAISED, "trip"),
        (Kind.RAISED, "low"),
        (Kind.CLEARED, "low"),
    ]
    many = [make_alarm(f"A{i}:Hi", ago_s=60 - i, text=f"a{i}") for i in range(50)]
    assert len(events_around(many, alarm, limit=5)) == 5
    assert offset_text(-99_084_000_000, ".") == "−99.084 s"
    assert offset_text(2_226_000_000, ",") == "+2,226 s"


def test_a_mistyped_field_is_recognised_and_put_right_outside_of_quotes():
    text = "priority > 5 AND ara = 'ara Dosing'"
    assert suggest_field(text) == ("ara", "area")
    assert replace_field(text, "ara", "area") == "priority > 5 AND area = 'ara Dosing'"
    assert suggest_field("Priority > 5") == ("Priority", "priority")
    assert suggest_field("(priority > 5) OR eventText LIKE '*x*'") is None
