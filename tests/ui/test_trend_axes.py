from __future__ import annotations

import datetime as dt
import itertools
import math
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.text import ENGLISH, GERMAN
from tagwerk.ui.trend.axes import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    auto_scale,
    clock_text,
    duration_text,
    fixed_scale,
    offset_text,
    round_step,
    time_step,
    time_ticks,
)

BERLIN = ZoneInfo("Europe/Berlin")


def ns(*parts, zone=BERLIN, fold=0):
    moment = dt.datetime(*parts, tzinfo=zone, fold=fold)
    return round(moment.timestamp()) * SECOND_NS


def texts(start, end, step, zone=BERLIN):
    return [tick.text for tick in time_ticks(start, end, step, zone)]


def test_ticks_are_at_round_local_times():
    start = ns(2026, 6, 18, 14, 1, 52)
    assert texts(start, start + 6 * MINUTE_NS, 2 * MINUTE_NS) == [
        "14:02:00",
        "14:04:00",
        "14:06:00",
    ]


def test_hours_in_summer_are_local_hours():
    start = ns(2026, 6, 18, 4, 30)
    assert texts(start, start + 12 * HOUR_NS, 3 * HOUR_NS) == ["06:00", "09:00", "12:00", "15:00"]


def test_the_hour_that_spring_leaves_out_has_no_tick():
    found = texts(ns(2026, 3, 29, 0, 30), ns(2026, 3, 29, 5, 0), HOUR_NS)
    assert found == ["01:00", "03:00 UTC+2", "04:00", "05:00"]


def test_the_hour_that_autumn_repeats_has_two_and_says_which():
    found = texts(ns(2026, 10, 25, 1, 0), ns(2026, 10, 25, 4, 0), HOUR_NS)
    assert found == ["01:00", "02:00", "02:00 UTC+1", "03:00", "04:00"]


def test_six_hour_steps_stay_on_the_clock_across_the_change():
    found = texts(ns(2026, 3, 28, 20, 0), ns(2026, 3, 29, 19, 0), 6 * HOUR_NS)
    assert found == ["2026-03-29", "03:00 UTC+2", "06:00", "12:00", "18:00"]


def test_days_begin_at_local_midnight_on_both_sides_of_the_change():
    ticks = time_ticks(ns(2026, 10, 24, 0, 0), ns(2026, 10, 27, 0, 0), DAY_NS, BERLIN)
    days = [tick for tick in ticks if tick.text.startswith("2026")]
    assert [tick.text for tick in days] == ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]
    assert all(tick.strong for tick in days)
    assert [b.time_ns - a.time_ns for a, b in itertools.pairwise(days)] == [
        24 * HOUR_NS, 25 * HOUR_NS, 24 * HOUR_NS,
    ]  # fmt: skip


def test_zones_off_the_half_hour_have_round_ticks_too():
    kathmandu = ZoneInfo("Asia/Kathmandu")
    start = ns(2026, 6, 18, 9, 50, zone=kathmandu)
    assert texts(start, start + 3 * HOUR_NS, HOUR_NS, kathmandu) == ["10:00", "11:00", "12:00"]
    assert offset_text(start, kathmandu) == "UTC+5:45"


def test_milliseconds_are_shown_below_a_second():
    start = ns(2026, 6, 18, 14, 0)
    found = texts(start, start + SECOND_NS // 2, 200_000_000)
    assert found == ["14:00:00", "14:00:00.200", "14:00:00.400"] or found[1:] == [
        "14:00:00.200",
        "14:00:00.400",
    ]


@given(st.integers(SECOND_NS // 10, 31 * DAY_NS), st.integers(2, 20))
def test_a_step_never_gives_more_ticks_than_asked_for(span, most):
    step = time_step(span, most)
    assert span / step <= most or step == 10 * DAY_NS


@given(st.integers(0, 365 * 24 * 4), st.sampled_from([15 * MINUTE_NS, HOUR_NS, 6 * HOUR_NS]))
def test_all_ticks_rise_and_lie_inside(quarter, step):
    start = ns(2026, 1, 1, 0, 7) + quarter * 15 * MINUTE_NS
    ticks = time_ticks(start, start + 10 * step, step, BERLIN)
    times = [tick.time_ns for tick in ticks]
    assert times == sorted(set(times))
    assert all(start <= t <= start + 10 * step for t in times)
    assert 8 <= len(ticks) <= 13


def test_offsets_and_clocks_read_as_people_say_them():
    assert offset_text(ns(2026, 6, 18), BERLIN) == "UTC+2"
    assert offset_text(ns(2026, 1, 18), BERLIN) == "UTC+1"
    assert offset_text(0, dt.UTC) == "UTC"
    assert offset_text(0, dt.timezone(-dt.timedelta(hours=3, minutes=30))) == "UTC−3:30"
    assert clock_text(ns(2026, 6, 18, 14, 9, 20) + 7_000_000, BERLIN, millis=True) == "14:09:20.007"
    assert duration_text(74 * SECOND_NS) == "1:14"
    assert duration_text(2 * HOUR_NS + 5 * MINUTE_NS) == "2:05:00"


# Values.


def test_a_range_much_of_which_is_used_is_shown_whole():
    scale = auto_scale(33, 78, 5, range_low=0, range_high=100)
    assert (scale.low, scale.high, scale.ticks()) == (0, 100, [0, 20, 40, 60, 80, 100])


def test_a_small_part_of_the_range_is_shown_larger():
    scale = auto_scale(17.9, 22.2, 5, range_low=0, range_high=60)
    assert scale.low >= 15
    assert scale.high <= 26
    assert scale.contains(17.9, 22.2)


def test_the_axis_does_not_jump_while_the_curve_fits():
    first = auto_scale(18, 22, 6)
    assert auto_scale(18.2, 21.7, 6, previous=first) is first
    assert auto_scale(18.2, 30, 6, previous=first) is not first
    lower = auto_scale(18.2, 21.7, 2, previous=first)
    assert lower is not first, "its ticks have no room in a pane of two"
    assert auto_scale(18.2, 21.7, 2, previous=lower) is lower
    assert auto_scale(20, 20.1, 6, previous=first) is not first


def test_noise_of_the_last_digit_is_no_mountain():
    scale = auto_scale(22.0, 22.01, 5, smallest=0.2)
    assert scale.high - scale.low >= 0.2


def test_no_values_take_the_range_or_what_was():
    assert auto_scale(math.nan, math.nan, 5, range_low=0, range_high=160).high == 160
    assert auto_scale(math.nan, math.nan, 5).low == 0


def test_zero_stays_the_foot_of_what_is_never_below():
    assert auto_scale(0.5, 9, 5).low == 0


@given(
    st.floats(-1e9, 1e9), st.floats(0, 1e9), st.integers(2, 12)
)  # fmt: skip
def test_any_values_get_a_few_round_ticks_around_them(low, span, most):
    scale = auto_scale(low, low + span, most)
    assert scale.low <= low
    assert low + span <= scale.high * (1 + 1e-12) or math.isclose(
        low + span, scale.high, rel_tol=1e-9
    )
    assert 2 <= len(scale.ticks()) <= most + 4


@pytest.mark.parametrize(
    ("span", "most", "step"), [(10, 5, 2), (7, 5, 2), (0.3, 5, 0.1), (160, 4, 50)]
)
def test_steps_are_one_two_or_five(span, most, step):
    assert round_step(span, most) == pytest.approx(step)


def test_a_range_divides_evenly_where_it_can():
    assert fixed_scale(0, 160, 4).ticks() == [0, 40, 80, 120, 160]
    assert fixed_scale(5, 5, 4).low < 5


def test_labels_follow_the_language():
    scale = fixed_scale(0, 1, 5)
    assert scale.text(0.2, ENGLISH) == "0.2"
    assert scale.text(0.2, GERMAN) == "0,2"
    assert fixed_scale(-2, 2, 4).text(-1, ENGLISH) == "−1"
