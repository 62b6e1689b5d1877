from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.domain.values import (
    BAD,
    GOOD,
    ItemError,
    LoggedPoint,
    QualityLevel,
    Sample,
    quality_from_text,
)
from tagwerk.store import coverage as coverage_module
from tagwerk.store import trends as trends_module
from tagwerk.store.coverage import Coverage, Spans
from tagwerk.store.pyramid import Pyramid
from tagwerk.store.trends import OPEN, Curve, Segment, Source, TrendStore

SECOND = 1_000_000_000
T0 = 1_781_791_012_000_000_000
UNSURE = quality_from_text("UNCERTAIN", "SENSOR_CALIBRATION")


def at(seconds):
    return T0 + round(seconds * SECOND)


def sample(seconds, value, quality=GOOD, *, received=None, name="a", error=None):
    """A sample stamped and received `seconds` after T0."""
    stamp = None if seconds is None else at(seconds)
    return Sample(name, value, quality, stamp, at(seconds if received is None else received), error)


def point(seconds, value, quality=GOOD):
    return LoggedPoint(at(seconds), value, quality)


def live_curve(values, *, start=0.0, period=1.0):
    curve = Curve("a")
    curve.append([sample(start + i * period, value) for i, value in enumerate(values)])
    return curve


def seconds_of(curve):
    return [(t - T0) / SECOND for t in curve.times.tolist()]


def spans(curve, start, end):
    """(start, end, source) in seconds, cut to the question."""
    return [
        ((max(s.start_ns, at(start)) - T0) / SECOND, (min(s.end_ns, at(end)) - T0) / SECOND, s.source.value)
        for s in curve.segments(at(start), at(end))
    ]  # fmt: skip


# The pyramid against brute force.

ROWS = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=0, max_size=700)


def brute(values, start, stop):
    part = values[start:stop]
    part = part[~np.isnan(part)]
    return (part.min(), part.max()) if len(part) else (np.nan, np.nan)


@settings(deadline=None, max_examples=60)
@given(ROWS, st.lists(st.integers(0, 700), min_size=2, max_size=12), st.integers(1, 90))
def test_extremes_equal_brute_force_however_the_row_grew(row, borders, piece):
    values = np.array(row, np.float64)
    pyramid = Pyramid()
    for end in range(piece, len(values) + piece, piece):
        pyramid.extend(values[: min(end, len(values))])
    edges = np.sort(np.minimum(np.array(borders), len(values)))
    low, high = pyramid.extremes(values, edges[:-1], edges[1:])
    expected = [brute(values, a, b) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(low, [pair[0] for pair in expected])
    np.testing.assert_array_equal(high, [pair[1] for pair in expected])


def test_extremes_of_a_long_row_use_every_level():
    rng = np.random.default_rng(7)
    values = rng.normal(size=300_001).cumsum()
    values[rng.random(len(values)) < 0.01] = np.nan
    pyramid = Pyramid()
    pyramid.extend(values)
    for count in (1, 3, 40, 1_000):
        edges = np.sort(rng.integers(0, len(values) + 1, count + 1))
        low, high = pyramid.extremes(values, edges[:-1], edges[1:])
        expected = [brute(values, a, b) for a, b in itertools.pairwise(edges)]
        np.testing.assert_array_equal(low, [pair[0] for pair in expected])
        np.testing.assert_array_equal(high, [pair[1] for pair in expected])


def test_truncate_then_extend_is_as_if_it_had_always_been_so():
    rng = np.random.default_rng(3)
    values = rng.normal(size=5_000)
    pyramid = Pyramid()
    pyramid.extend(values)
    values[4_097:] = rng.normal(size=5_000 - 4_097) * 100
    pyramid.truncate(4_097)
    pyramid.extend(values)
    low, high = pyramid.extremes(values, np.array([17]), np.array([4_999]))
    assert (low[0], high[0]) == (values[17:4_999].min(), values[17:4_999].max())


# Samples in order, whatever comes.

TIMED = st.lists(
    st.tuples(st.integers(0, 60), st.integers(-50, 50), st.sampled_from([GOOD, UNSURE, BAD])),
    max_size=60,
)


@settings(deadline=None, max_examples=80)
@given(TIMED, st.integers(1, 17), st.integers(1, 40))
def test_bulk_pieces_and_brute_force_agree(items, piece, columns):
    samples = [sample(t, v, q, received=100) for t, v, q in items]
    bulk, pieces = Curve("a"), Curve("a")
    bulk.append(samples)
    for start in range(0, len(samples), piece):
        pieces.append(samples[start : start + piece])
    expected = {}
    for t, v, q in items:
        expected[at(t)] = (float(v) if q is not BAD else float("nan"), q)
    times = sorted(expected)
    for curve in (bulk, pieces):
        assert curve.times.tolist() == times
        np.testing.assert_array_equal(curve.values, [expected[t][0] for t in times])
        assert [row.quality for row in curve.rows(0, OPEN)] == [expected[t][1] for t in times]
        found = curve.columns(at(0), at(61), columns)
        borders = [at(0) + (at(61) - at(0)) * i // columns for i in range(columns + 1)]
        for i in range(columns):
            inside = [expected[t][0] for t in times if borders[i] <= t < borders[i + 1]]
            low, high = brute(np.array(inside, np.float64), 0, len(inside))
            np.testing.assert_equal((found.low[i], found.high[i]), (low, high))
            if inside:
                np.testing.assert_equal((found.first[i], found.last[i]), (inside[0], inside[-1]))
    assert bulk.quality_runs(0, OPEN, QualityLevel.BAD) == pieces.quality_runs(
        0, OPEN, QualityLevel.BAD
    )


def test_the_last_of_several_samples_at_one_time_stays():
    curve = live_curve([1.0, 2.0])
    curve.append([sample(1, 5.0), sample(1, 6.0)])
    assert seconds_of(curve) == [0, 1]
    assert curve.values.tolist() == [1.0, 6.0]


def test_a_late_sample_takes_its_place():
    curve = live_curve([0.0, 1.0, 2.0, 3.0])
    before = curve.history_version
    curve.append([sample(1.5, 9.0, received=4)])
    assert seconds_of(curve) == [0, 1, 1.5, 2, 3]
    assert curve.values.tolist() == [0.0, 1.0, 9.0, 2.0, 3.0]
    assert curve.history_version > before


def test_appending_at_the_end_leaves_history_as_it_is():
    curve = live_curve([0.0, 1.0])
    history, version = curve.history_version, curve.version
    curve.append([sample(2, 2.0)])
    assert curve.history_version == history
    assert curve.version > version


def test_a_sample_without_a_time_gets_the_computers():
    curve = Curve("a")
    curve.append([sample(None, 1.0, received=7)])
    assert seconds_of(curve) == [7]


def test_bools_and_ints_are_numbers_and_text_is_not():
    curve = Curve("a", step=True)
    curve.append(
        [sample(0, True), sample(1, 7), sample(2, "x"), sample(3, None), sample(4, 10**400)]
    )
    assert curve.values.tolist()[:2] == [1.0, 7.0]
    assert np.isnan(curve.values[2:]).all()


def test_a_bad_value_is_exported_and_never_drawn():
    curve = live_curve([1.0])
    curve.append([sample(1, 850.0, BAD), sample(2, 3.0)])
    assert np.isnan(curve.values[1])
    rows = curve.rows(at(0), at(3))
    assert [(row.value, row.quality.level) for row in rows] == [
        (1.0, QualityLevel.GOOD), (850.0, QualityLevel.BAD), (3.0, QualityLevel.GOOD),
    ]  # fmt: skip
    assert curve.value_at(at(1.5)).value is None
    assert curve.value_at(at(1.5)).quality is BAD
    hole = next(h for h in curve.holes(at(0), at(3)) if h.cause.template == "Bad quality")
    assert (hole.start_ns, hole.end_ns) == (at(1), at(2))


def test_a_bad_value_that_has_not_become_better_is_an_open_hole():
    curve = live_curve([1.0])
    curve.append([sample(1, 850.0, BAD)])
    hole = next(h for h in curve.holes(at(0.5), at(9)) if h.cause.template == "Bad quality")
    assert (hole.start_ns, hole.end_ns) == (at(1), OPEN)


def test_uncertain_stretches_are_told():
    curve = live_curve([1.0])
    curve.append([sample(1, 2.0, UNSURE), sample(2, 2.5, UNSURE), sample(4, 3.0)])
    assert curve.quality_runs(at(0), at(9), QualityLevel.UNCERTAIN) == [(at(1), at(4), UNSURE)]
    assert curve.value_at(at(1.2)).value == 2.0


def test_an_item_error_is_a_hole():
    curve = Curve("a")
    curve.append([sample(0, 5.0, error=ItemError("2", "unknown"))])
    assert curve.latest().value is None


# Live, lost, back, log.


def test_a_lost_link_is_a_hole_until_the_tag_is_heard_of_again():
    curve = live_curve([1.0, 2.0, 3.0])
    curve.link_lost(at(3))
    assert curve.value_at(at(2.9)).value == 3.0
    assert curve.value_at(at(5)) is None
    assert curve.holes(at(0), at(10))[-1].end_ns == OPEN
    assert curve.missing(at(0), at(10)) == []
    curve.append([sample(10, 9.0)])
    assert spans(curve, 0, 20) == [(0, 3, "live"), (3, 10, "hole"), (10, 20, "live")]
    assert curve.missing(at(0), at(20)) == [(at(3), at(10))]
    assert curve.value_at(at(5)) is None


def test_losing_the_link_again_and_again_is_one_hole():
    curve = live_curve([1.0])
    for seconds in (3, 4, 5):
        curve.link_lost(at(seconds))
    assert spans(curve, 0, 9) == [(0, 3, "live"), (3, 9, "hole")]


def test_a_hole_is_filled_from_the_log():
    curve = live_curve([1.0, 2.0, 3.0])
    curve.link_lost(at(3))
    curve.append([sample(10, 9.0)])
    curve.merge_log([point(s, s) for s in range(3, 10)], at(3), at(10))
    assert spans(curve, 0, 20) == [(0, 3, "live"), (3, 10, "filled"), (10, 20, "live")]
    assert curve.missing(at(0), at(20)) == []
    assert curve.value_at(at(5)).value == 5.0
    assert curve.value_at(at(5)).source is Source.FILLED
    assert seconds_of(curve) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_a_log_that_covers_half_of_the_hole_leaves_the_rest_hatched():
    curve = live_curve([1.0])
    curve.link_lost(at(1))
    curve.append([sample(100, 9.0)])
    curve.merge_log([point(s, s) for s in range(40, 100)], at(1), at(100))
    assert spans(curve, 0, 120) == [
        (0, 1, "live"), (1, 40, "hole"), (40, 100, "filled"), (100, 120, "live"),
    ]  # fmt: skip
    assert curve.missing(at(0), at(120)) == []
    hole = curve.holes(at(0), at(120))[0]
    assert (str(hole.cause), str(hole.note)) == ("Link down", "not in the log")


def test_a_hole_that_is_not_in_the_log_is_asked_for_once():
    curve = live_curve([1.0])
    curve.link_lost(at(1))
    curve.append([sample(100, 9.0)])
    curve.merge_log([], at(1), at(100))
    assert spans(curve, 0, 120)[1] == (1, 100, "hole")
    assert curve.missing(at(0), at(120)) == []
    assert not curve.is_known(at(0), at(120))
    assert curve.is_known(at(101), at(120))
    curve.ask_again()
    assert curve.missing(at(0), at(120)) == [(at(1), at(100))]


def test_unavailable_keeps_the_cause_and_never_covers_samples():
    curve = live_curve([1.0, 2.0])
    curve.mark_unavailable(at(-60), at(1.5), "not_logged")
    assert spans(curve, -60, 5) == [(-60, 0, "hole"), (0, 5, "live")]
    assert curve.holes(at(-60), at(5))[0].cause.template == "not_logged"
    assert curve.missing(at(-60), at(5)) == []


def test_logged_points_stay_out_of_live_stretches():
    curve = live_curve([1.0, 2.0, 3.0])
    curve.merge_log([point(s / 2, 100 + s) for s in range(-6, 6)], at(-3), at(3))
    assert seconds_of(curve) == [-3, -2.5, -2, -1.5, -1, -0.5, 0, 1, 2]
    assert curve.values.tolist()[-3:] == [1.0, 2.0, 3.0]
    assert spans(curve, -3, 9) == [(-3, 0, "log"), (0, 9, "live")]


def test_reading_the_log_twice_makes_no_doubles():
    curve = live_curve([1.0])
    points = [point(s, s) for s in range(-60, 0)]
    curve.merge_log(points, at(-60), at(0))
    curve.merge_log(list(reversed(points)), at(-60), at(0))
    assert seconds_of(curve) == [float(s) for s in range(-60, 1)]
    assert (np.diff(curve.times) > 0).all()


def test_a_log_that_begins_late_says_so_before_its_first_point():
    curve = live_curve([1.0])
    curve.merge_log([point(s, s) for s in range(-30, 0)], at(-600), at(0))
    assert spans(curve, -600, 1) == [(-600, -30, "hole"), (-30, 0, "log"), (0, 1, "live")]


def test_a_value_logged_on_change_stands_from_its_bounding_point():
    curve = live_curve([5.0])
    curve.merge_log([point(-4_000, 4.0)], at(-600), at(0))
    assert spans(curve, -600, 1) == [(-600, 0, "log"), (0, 1, "live")]
    assert curve.value_at(at(-300)).value == 4.0


def test_an_answer_cut_short_covers_only_what_it_has():
    curve = live_curve([1.0])
    curve.merge_log([point(s, s) for s in range(-10, 0)], at(-600), at(0), truncated=True)
    assert curve.missing(at(-600), at(1)) == [(at(-600), at(-10))]
    curve.merge_log([], at(-600), at(-10), truncated=True)
    assert curve.missing(at(-600), at(1)) == []


def test_gaps_of_less_than_a_second_are_not_asked_for():
    curve = Curve("a")
    curve.merge_log([point(s, s) for s in range(-10, 0)], at(-10), at(0))
    curve.append([sample(0.4, 1.0)])
    assert curve.missing(at(-10), at(5)) == []


def test_a_first_value_older_than_its_subscription_stands_from_there():
    curve = Curve("a", step=True)
    curve.append([sample(-3_600, 1.0, received=0)])
    assert curve.missing(at(-60), at(10)) == [(at(-60), at(0))]
    assert curve.value_at(at(5)).value == 1.0
    assert curve.value_at(at(-5)) is None


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("live"), st.integers(0, 200), st.integers(1, 20)),
        st.tuples(st.just("lost"), st.integers(0, 200), st.just(0)),
        st.tuples(st.just("log"), st.integers(0, 200), st.integers(1, 80)),
        st.tuples(st.just("nothing"), st.integers(0, 200), st.integers(1, 80)),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=120)
@given(ACTIONS)
def test_whatever_happens_order_and_coverage_hold(actions):
    curve = Curve("a")
    for kind, start, length in actions:
        if kind == "live":
            curve.append([sample(start + i, float(i)) for i in range(length)])
        elif kind == "lost":
            curve.link_lost(at(start))
        elif kind == "log":
            curve.merge_log(
                [point(start + i, float(i)) for i in range(0, length, 2)],
                at(start),
                at(start + length),
            )
        else:
            curve.mark_unavailable(at(start), at(start + length), "not_logged")
        assert (np.diff(curve.times) > 0).all()
        found = curve.segments(-OPEN, OPEN)
        for before, after in itertools.pairwise(found):
            assert before.start_ns < before.end_ns <= after.start_ns < after.end_ns
        assert not any(s.is_open for s in found[:-1])
        if kind in ("log", "nothing") and not any(
            s.is_open and s.source is Source.HOLE for s in found
        ):
            assert curve.missing(at(start), at(start + length)) == []


# Reading.


def test_value_at_is_what_stood():
    curve = live_curve([10.0, 20.0, 30.0], period=10)
    assert curve.value_at(at(-1)) is None
    assert curve.value_at(at(0)).value == 10.0
    assert curve.value_at(at(19.9)).value == 20.0
    assert curve.value_at(at(500)).value == 30.0


def test_cursor_steps_go_from_sample_to_sample():
    curve = live_curve([1.0, 2.0, 3.0, 4.0], period=10)
    assert curve.sample_time(at(12)) == at(10)
    assert curve.sample_time(at(10), 1) == at(20)
    assert curve.sample_time(at(10), -1) == at(0)
    assert curve.sample_time(at(12), 1) == at(20)
    assert curve.sample_time(at(12), -1) == at(10)
    assert curve.sample_time(at(10), 10) == at(30)
    assert Curve("b").sample_time(at(0)) is None


def test_the_average_is_weighted_by_time():
    curve = Curve("a")
    curve.append([sample(0, 10.0), sample(90, 20.0)])
    found = curve.statistics(at(0), at(100))
    assert found.average == pytest.approx((90 * 10 + 10 * 20) / 100)
    assert (found.minimum, found.maximum, found.samples) == (10.0, 20.0, 2)
    assert found.known_ns == 100 * SECOND


def test_holes_weigh_nothing():
    curve = live_curve([10.0])
    curve.link_lost(at(10))
    curve.append([sample(90, 20.0)])
    found = curve.statistics(at(0), at(100))
    assert found.average == pytest.approx(15.0)
    assert found.known_ns == 20 * SECOND


def test_bad_stretches_weigh_nothing():
    curve = live_curve([10.0])
    curve.append([sample(10, 999.0, BAD), sample(90, 20.0)])
    found = curve.statistics(at(0), at(100))
    assert (found.minimum, found.maximum) == (10.0, 20.0)
    assert found.average == pytest.approx(15.0)


def test_statistics_of_a_span_without_samples_are_of_the_value_that_stood():
    curve = live_curve([7.0])
    found = curve.statistics(at(50), at(60))
    assert (found.minimum, found.maximum, found.average, found.samples) == (7.0, 7.0, 7.0, 0)
    assert Curve("b").statistics(at(0), at(1)).average is None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 30), st.floats(-100, 100)), min_size=1, max_size=40),
       st.integers(0, 300), st.integers(1, 300))  # fmt: skip
def test_statistics_equal_brute_force(steps, start, length):
    curve, now = Curve("a"), 0
    samples = []
    for wait, value in steps:
        now += wait
        samples.append(sample(now, value, received=0))
    curve.append(samples)
    found = curve.statistics(at(start), at(start + length))
    stood = []
    for second in range(start, start + length):
        before = [s.value for s in samples if s.time_ns <= at(second)]
        if before:
            stood.append(before[-1])
    if not stood:
        assert found.average is None
        return
    assert found.minimum == min(stood)
    assert found.maximum == max(stood)
    assert found.average == pytest.approx(sum(stood) / len(stood), abs=1e-6)
    assert found.known_ns == len(stood) * SECOND


@pytest.mark.parametrize(
    ("start", "end"), [(0, 9_999), (3, 5_000.5), (1_023.5, 1_025), (2_000, 9_000.25)]
)
def test_statistics_of_many_samples_equal_those_of_each(start, end):
    rng = np.random.default_rng(11)
    curve = Curve("a")
    values = rng.normal(size=10_000).cumsum()
    curve.append([sample(i, float(v), BAD if i % 500 == 7 else GOOD) for i, v in enumerate(values)])
    curve.statistics(at(0), at(9_000))
    curve.append(
        [sample(2_500.5, 1_000.0, received=9_999), sample(2_048 - 0.5, -70.0, received=9_999)]
    )
    found = curve.statistics(at(start), at(end))
    times, numbers = (curve.times - T0) / SECOND, curve.values
    stood = np.clip(np.append(times[1:], end), start, end) - np.clip(times, start, end)
    usable = ~np.isnan(numbers) & (stood > 0)
    assert found.known_ns == pytest.approx(stood[usable].sum() * SECOND, rel=1e-12)
    assert found.average == pytest.approx(
        (numbers * stood)[usable].sum() / stood[usable].sum(), rel=1e-9
    )


# The store.


def test_only_opened_tags_are_kept_and_each_sample_of_them():
    store = TrendStore()
    curve = store.open("a", step=False)
    store.put([sample(i, i) for i in range(100)] + [sample(0, 1, name="b")])
    assert store.drain() == {"a"}
    assert len(curve) == 100
    assert store.curve("b") is None
    assert store.drain() == set()


def test_a_curve_lives_as_long_as_somebody_has_it_open():
    store = TrendStore()
    curve = store.open("a", step=True)
    assert store.open("a", step=False) is curve
    store.close("a")
    assert store.curve("a") is curve
    assert store.names == {"a"}
    store.close("a")
    assert store.curve("a") is None
    assert store.names == frozenset()
    store.close("a")


def test_samples_before_and_after_a_loss_in_one_frame():
    store = TrendStore()
    curve = store.open("a", step=False)
    store.put([sample(0, 1.0), sample(1, 2.0)])
    store.link_lost(at(2))
    store.link_back(at(8))
    store.put([sample(8, 3.0)])
    store.drain()
    assert spans(curve, 0, 10) == [(0, 2, "live"), (2, 8, "hole"), (8, 10, "live")]


def test_a_loss_without_samples_reaches_the_curves():
    store = TrendStore()
    curve = store.open("a", step=False)
    store.put([sample(0, 1.0)])
    store.drain()
    store.link_lost(at(2))
    assert store.drain() == {"a"}
    assert not curve.is_live


def test_a_server_clock_that_is_wrong_moves_the_hole_with_it():
    store = TrendStore()
    curve = store.open("a", step=False)
    ahead = 600
    store.put([sample(-900, 0.0, received=0)])
    store.drain()
    for i in range(1, 10):
        store.put([sample(ahead + i, float(i), received=i)])
        store.drain()
    assert store.skew_ns == ahead * SECOND
    store.link_lost(at(10))
    store.drain()
    hole = curve.holes(at(0), at(1_000))[-1]
    assert hole.start_ns == at(ahead + 10)
    store.put([sample(ahead + 30, 1.0, received=30)])
    store.drain()
    assert curve.value_at(at(ahead + 20)) is None
    assert curve.value_at(at(ahead + 31)).value == 1.0


def test_small_differences_of_the_clocks_do_not_count():
    store = TrendStore()
    store.open("a", step=False)
    for i in range(5):
        store.put([sample(i - 0.3, 1.0, received=i)])
        store.drain()
    assert store.skew_ns == 0


def test_what_nobody_drains_is_thinned_to_its_extremes(monkeypatch):
    monkeypatch.setattr(trends_module, "QUEUE_LIMIT", 100)
    store = TrendStore()
    curve = store.open("a", step=False)
    peaks = {123: 500.0, 777: -500.0}
    for start in range(0, 1_000, 50):
        store.put([sample(start + i, peaks.get(start + i, 1.0 + i)) for i in range(50)])
    store.drain()
    assert len(curve) <= 125, "three quarters of the limit and what came last"
    assert store.left_out == 1_000 - len(curve)
    assert curve.latest().time_ns == at(999)
    columns = curve.columns(at(0), at(1_000), 1)
    assert (columns.low[0], columns.high[0]) == (-500.0, 500.0)
    ((start, end),) = curve.thinned(at(0), at(1_000))
    assert start == at(0)
    assert end >= at(900)
    assert curve.holes(at(0), at(999)) == [], "what is drawn did stand"


def test_so_many_curves_that_halves_are_too_much_keep_their_newest(monkeypatch):
    monkeypatch.setattr(trends_module, "QUEUE_LIMIT", 100)
    store = TrendStore()
    names = [f"tag {number}" for number in range(60)]
    for name in names:
        store.open(name, step=False)
    for second in range(20):
        store.put([sample(second, float(second), name=name) for name in names])
    assert store.drain() == set(names)
    for name in names:
        assert store.curve(name).latest().value == 19.0
        assert len(store.curve(name)) <= 3
        assert store.curve(name).thinned(at(0), at(20))


def test_memory_stays_in_the_budget():
    store = TrendStore(budget_bytes=400_000)
    curve = store.open("a", step=False)
    for start in range(0, 100_000, 5_000):
        store.put([sample(start + i, float(i)) for i in range(5_000)])
        store.drain()
        assert store.nbytes <= store.budget_bytes
    assert seconds_of(curve)[-1] == 99_999
    assert curve.missing(at(0), at(100_000)) == []
    assert str(curve.holes(at(0), at(1))[0].cause) == "Left out to save memory"
    low = curve.columns(at(99_990), at(100_000), 1).low[0]
    assert low == 4_990.0


def test_a_sample_costs_at_most_24_bytes():
    curve = Curve("a")
    curve.append([sample(i * 0.1, float(i)) for i in range(100_000)])
    assert curve.nbytes / len(curve) <= 24


def test_another_thread_may_put_while_the_window_drains():
    store = TrendStore()
    curve = store.open("a", step=False)

    def feed():
        for i in range(2_000):
            store.put([sample(i, float(i))])

    thread = threading.Thread(target=feed)
    thread.start()
    while thread.is_alive():
        store.drain()
    thread.join()
    store.drain()
    assert len(curve) == 2_000
    assert curve.values.tolist() == [float(i) for i in range(2_000)]


# Coverage.


def test_painting_keeps_what_it_must_not_cover():
    coverage = Coverage()
    coverage.paint(Segment(10, 20, Source.LIVE))
    coverage.paint(Segment(0, 30, Source.LOG), lambda old: old.source is not Source.LIVE)
    assert [(s.start_ns, s.end_ns, s.source) for s in coverage.between(0, 30)] == [
        (0, 10, Source.LOG), (10, 20, Source.LIVE), (20, 30, Source.LOG),
    ]  # fmt: skip
    assert coverage.at(10).source is Source.LIVE
    assert coverage.at(30) is None


def test_gaps_are_what_nobody_covers():
    coverage = Coverage()
    coverage.paint(Segment(10 * SECOND, 20 * SECOND, Source.LIVE))
    assert coverage.gaps(0, 30 * SECOND) == [(0, 10 * SECOND), (20 * SECOND, 30 * SECOND)]
    assert Coverage().gaps(3, 9) == [(3, 9)]


# Thinned: the live stream was faster than could be taken.


def test_thinned_spans_that_meet_are_one_and_no_holes():
    curve = live_curve([1.0, 2.0, 3.0])
    history = curve.history_version
    for start, end in ((1, 1.2), (1.9, 2.5), (30, 31), (2.2, 2.4)):
        curve.mark_thinned(at(start), at(end))
    assert curve.thinned(at(0), at(60)) == [(at(1), at(2.5)), (at(30), at(31))]
    assert curve.thinned(at(3), at(29)) == []
    assert curve.thinned(at(2), at(2.1)) == [(at(1), at(2.5))]
    assert curve.holes(at(1), at(2.5)) == []
    assert curve.history_version == history


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 30)), max_size=30))
def test_spans_hold_what_was_added_in_order_and_apart(pairs):
    known = Spans()
    for start, length in pairs:
        known.add(at(start / 4), at((start + length) / 4))
    found = known.between(-OPEN, OPEN)
    assert all(b[0] - a[1] >= SECOND for a, b in itertools.pairwise(found))
    for start, length in pairs:
        assert any(a <= at(start / 4) and at((start + length) / 4) <= b for a, b in found)


def test_spans_are_bounded(monkeypatch):
    monkeypatch.setattr(coverage_module, "MOST_SPANS", 5)
    known = Spans()
    for start in range(0, 1_000, 10):
        known.add(at(start), at(start + 1))
    assert len(known) == 5
    assert known.between(at(0), at(1)) != []
    assert known.between(at(990), at(991)) == [(at(990), at(991))]


def test_the_stream_marks_a_curve_as_thinned_at_the_next_frame():
    store = TrendStore()
    curve = store.open("a", step=False)
    store.mark_thinned("a", at(3), at(4))
    store.mark_thinned("a", at(4), at(5))
    store.mark_thinned("nobody's", at(4), at(5))
    assert curve.thinned(at(0), at(9)) == []
    assert store.drain() == {"a"}
    assert curve.thinned(at(0), at(9)) == [(at(3), at(5))]
    assert store.drain() == set()


SPAN = st.tuples(
    st.integers(0, 80), st.integers(1, 25), st.sampled_from(list(Source)), st.booleans()
)


@settings(deadline=None, max_examples=100)
@given(st.lists(SPAN, max_size=25))
def test_painting_equals_painting_each_second(spans):
    known, seconds = Coverage(), {}
    for start, length, source, over_all in spans:
        begin, end = 2 * start, 2 * (start + length)
        known.paint(
            Segment(at(begin), at(end), source),
            lambda old, over_all=over_all: over_all or old.source is Source.HOLE,
        )
        for second in range(begin, end, 2):
            if over_all or seconds.get(second, Source.HOLE) is Source.HOLE:
                seconds[second] = source
    for second in range(0, 220, 2):
        found = known.at(at(second + 1))
        assert (found.source if found else None) == seconds.get(second)
    pieces = known.between(at(-1), at(300))
    assert all(a.end_ns <= b.start_ns for a, b in itertools.pairwise(pieces))
    assert all(
        a.end_ns < b.start_ns or a.source is not b.source for a, b in itertools.pairwise(pieces)
    )
