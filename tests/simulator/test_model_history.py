"""The day before the start: a log without a seam, and an alarm history that agrees with it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from simulator.rested_plant import (
    SECOND_NS,
    START_NS,
    copied,
    remembering,
    run,
    untouched,
    value,
)
from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.past_alarms import PastAlarms
from tagwerk.simulator.state import ModelError

DAY_NS = 86_400 * SECOND_NS
SEAM_NS = START_NS - 2400 * SECOND_NS


def rows(name: str, start_ns: int, end_ns: int | None, **options):
    return remembering().logged(name, start_ns, end_ns, **options)


def test_a_day_of_seconds_without_a_hole_or_a_double():
    day = rows("Cooling.TIC2120.PV", START_NS - DAY_NS, START_NS)
    assert len(day) == 86_401
    times = np.array([row.time_ns for row in day])
    assert set(np.diff(times).tolist()) == {SECOND_NS}
    slow = rows("Dosing.P2111.Hours", START_NS - DAY_NS, START_NS)
    assert {b.time_ns - a.time_ns for a, b in pairwise(slow)} == {10 * SECOND_NS}


def test_there_is_no_jump_where_the_past_meets_what_was_lived():
    model = remembering()
    for spec in model.spec.tags.values():
        if spec.log not in ("1s", "10s") or spec.data_type not in ("Real", "LReal"):
            continue
        around = rows(spec.name, SEAM_NS - 300 * SECOND_NS, SEAM_NS + 300 * SECOND_NS)
        values = [row.value for row in around if row.value is not None]
        if not values:
            continue
        before = [r.value for r in around if r.time_ns < SEAM_NS][-1]
        after = next(r.value for r in around if r.time_ns >= SEAM_NS)
        steps = [abs(b - a) for a, b in pairwise(values)]
        # Not more than twice of what neighbours differ by elsewhere, and a digit.
        allowed = 2.0 * max(steps[:200] + steps[-200:]) + 10.0 ** -(spec.decimals or 0)
        assert abs(after - before) <= allowed, spec.name


def test_what_the_past_has_to_bend_to_arrive_is_small():
    model = remembering()
    gaps = {
        name: abs(gap) / ((spec.high or 100.0) - (spec.low or 0.0))
        for name, gap in model._past.arrival_gaps.items()
        for spec in [model.spec.tags[name]]
    }
    assert max(gaps.values()) < 0.005, sorted(gaps.items(), key=lambda item: -item[1])[:5]


def test_counters_never_run_backwards():
    for name in ("Dosing.P2111.Hours", "Dosing.Station.Total", "Utilities.Power.Energy"):
        values = [row.value for row in rows(name, START_NS - DAY_NS, START_NS)]
        assert all(b >= a for a, b in pairwise(values)), name
        assert values[-1] > values[0]


def test_the_log_ends_in_the_present_value():
    model = copied(untouched())
    run(model, 20)
    last = model.logged("Cooling.TIC2120.PV", None, model.now_ns, limit=1, descending=True)
    assert last[0].time_ns == model.now_ns
    assert last[0].value == value(model, "Cooling.TIC2120.PV")


def test_what_is_lived_comes_into_the_log():
    model = copied(untouched())
    model.write("Cooling.TIC2120.SP", 20.0, now_ns=START_NS)
    model.write("Cooling.TIC2120.Mode", 0, now_ns=START_NS)
    run(model, 5)
    assert [r.value for r in model.logged("Cooling.TIC2120.SP:Log_1s", START_NS, None)] == [
        22.0,
        20.0,
        20.0,
        20.0,
        20.0,
        20.0,
    ]
    assert [r.value for r in model.logged("Cooling.TIC2120.Mode", START_NS, None)] == [0]


def test_an_outage_is_a_hole_of_bad_quality_in_past_and_scene():
    for before_s, length_s in ((20 * 3600 + 300, 312), (674, 74)):
        lost_ns = START_NS - before_s * SECOND_NS
        around = rows(
            "Cooling.TIC2120.PV",
            lost_ns - 5 * SECOND_NS,
            lost_ns + (length_s + 5) * SECOND_NS,
        )
        bad = [row for row in around if row.quality.quality == "BAD"]
        assert len(bad) == pytest.approx(length_s, abs=1)
        assert len({row.value for row in bad}) == 1, "the last usable value stands still"
        assert not around[0].quality.is_bad
        assert not around[-1].quality.is_bad


def test_alarms_of_the_past_stand_where_the_curves_cross_their_limits():
    model = remembering()
    conditions = {c.alarm: c for c in model.spec.conditions}
    checked = 0
    for record in model.alarms.logged(START_NS - DAY_NS, SEAM_NS):
        condition = conditions[record.name]
        if record.change_reason != ("ALARM_STATE_CHANGED_RAISE_EVENT",):
            continue
        if condition.kind not in ("high", "low") or condition.delay_s:
            continue
        if not model.spec.tags[condition.tag].log:
            continue
        shown_ns = -(-record.raise_time_ns // SECOND_NS) * SECOND_NS
        (row,) = rows(condition.tag, shown_ns, shown_ns)
        (earlier,) = rows(condition.tag, shown_ns - SECOND_NS, shown_ns - SECOND_NS)
        sign = 1 if condition.kind == "high" else -1
        assert row.value == record.value
        assert sign * row.value > sign * record.value_limit >= sign * earlier.value
        checked += 1
    assert checked >= 10


def test_curves_that_cross_a_limit_have_their_alarm():
    model = remembering()
    day = rows("Cooling.TIC2120.PV", START_NS - DAY_NS, SEAM_NS)
    high = [row for row in day if row.value > 23.5 and not row.quality.is_bad]
    raises = [
        r
        for r in model.alarms.logged(START_NS - DAY_NS, SEAM_NS)
        if r.name == "Cooling.TIC2120.PV:PV_High" and r.state == "RAISED"
    ]
    assert high
    assert len(raises) == 1
    assert 0 <= high[0].time_ns - raises[0].raise_time_ns < SECOND_NS


def test_the_trip_of_the_past_is_told_by_alarm_current_and_standby_pump():
    model = remembering()
    trip = next(
        r
        for r in model.alarms.logged(START_NS - DAY_NS, SEAM_NS)
        if r.name == "Dosing.P2111.Trip:Alarm" and r.state == "RAISED"
    )
    assert trip.value > 7.5
    later_ns = trip.raise_time_ns + 30 * SECOND_NS
    assert rows("Dosing.P2111.Current", later_ns, later_ns + SECOND_NS)[0].value == 0.0
    state = rows("Dosing.P2112.Running", later_ns, later_ns + 1, bounding="LEFT_BOUNDING_VALUES")
    assert state[0].value is True
    assert state[0].flags == ("BOUNDING",)


def test_the_past_leaves_no_alarm_behind_and_numbers_go_on():
    model = remembering()
    past_alarms = PastAlarms(model._past, frozenset(s.alarm for s in model.spec.story.standing))
    records = past_alarms.records()
    assert past_alarms.still_active() == []
    newest: dict[str, int] = {}
    for record in [*records, *model.alarms.active()]:
        assert record.instance_id >= newest.get(record.name, 0), record
        newest[record.name] = record.instance_id
    times = [r.modification_time_ns for r in model.alarms.logged(START_NS - DAY_NS, START_NS + 1)]
    assert times == sorted(times)
    assert len(times) > 200


def test_order_limit_and_bounding_values():
    start_ns, end_ns = START_NS - 100 * SECOND_NS, START_NS - 91 * SECOND_NS
    name = "Cooling.TIC2120.PV"
    plain = rows(name, start_ns, end_ns)
    assert len(plain) == 10
    assert rows(name, start_ns, end_ns, descending=True) == plain[::-1]
    assert rows(name, start_ns, end_ns, limit=3) == plain[:3]
    assert rows(name, start_ns, end_ns, limit=3, descending=True) == plain[:-4:-1]
    both = rows(name, start_ns, end_ns, bounding="LEFTRIGHT_BOUNDING_VALUES")
    assert [row.flags for row in both] == [("BOUNDING",), *[()] * 10, ("BOUNDING",)]
    assert both[0].time_ns == start_ns - SECOND_NS
    assert both[-1].time_ns == end_ns + SECOND_NS
    over_seam = rows(name, SEAM_NS - 2 * SECOND_NS, SEAM_NS + SECOND_NS, limit=3)
    assert [(r.time_ns - SEAM_NS) // SECOND_NS for r in over_seam] == [-2, -1, 0]
    newest = rows(name, SEAM_NS - 5 * SECOND_NS, SEAM_NS + 5, limit=4, descending=True)
    assert [(r.time_ns - SEAM_NS) // SECOND_NS for r in newest] == [0, -1, -2, -3]


def test_bools_are_logged_on_change_with_their_type():
    changes = rows("Utilities.Compressor.Running", START_NS - 7200 * SECOND_NS, START_NS)
    good = [row for row in changes if not row.quality.is_bad]
    assert {type(row.value) for row in good} == {bool}
    assert len(good) > 40


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Cooling.TIC9999.PV", "2"),
        ("Cooling.TIC2120.PV:Log_9s", "2"),
        ("Cooling.TIC2120.Kp", "3"),
        ("Cooling.TIC2120", "202"),
    ],
)
def test_what_is_not_logged_says_so(name, code):
    with pytest.raises(ModelError) as caught:
        untouched().logged(name, START_NS, None)
    assert caught.value.code == code


def test_the_same_seed_remembers_the_same_day_whatever_happened_since():
    lived, rested = copied(untouched()), copied(untouched())
    lived.write("Cooling.TIC2120.SP", 30.0, now_ns=START_NS)
    run(lived, 3)
    other = PlantModel.create(start_ns=START_NS, seed=2)
    days = []
    for model in (lived, rested, other):
        assert model.prepare_past(300) is False
        days.append(np.array(model._past._row_values))
    assert np.array_equal(days[0], days[1], equal_nan=True)
    assert not np.array_equal(days[0], days[2], equal_nan=True)
