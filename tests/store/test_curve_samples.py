"""Long rows: they grow at both ends and in the middle, move piece by piece, and stay exact."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.domain.values import BAD, GOOD, LoggedPoint, QualityLevel, Sample, quality_from_text
from tagwerk.store import curve_samples
from tagwerk.store.curve_samples import Samples, Table
from tagwerk.store.trends import OPEN, Curve

SECOND = 1_000_000_000
T0 = 1_781_791_012_000_000_000
UNSURE = quality_from_text("UNCERTAIN", "SENSOR_CALIBRATION")


def table(times, rng, q=0):
    times = np.array(times, np.int64)
    values = rng.normal(size=len(times))
    values[rng.random(len(times)) < 0.1] = np.nan
    return Table(times, values, np.full(len(times), q, np.uint16))


def assert_same(samples, known):
    times = sorted(known)
    assert samples.times.tolist() == times
    np.testing.assert_array_equal(samples.values, [known[t][0] for t in times])
    assert samples.words.tolist() == [known[t][1] for t in times]
    if not times:
        return
    marks = samples._marks
    stored = marks._times[marks._first : marks._stop]
    places = range(marks._first * 64, marks._stop * 64, 64)
    assert stored.tolist() == [int(samples._table.t[place]) for place in places]
    assert len(stored) == len([i for i in range(samples._start, samples._stop) if i % 64 == 0])
    edges = np.unique(np.linspace(0, len(times), 7).astype(np.int64))
    low, high = samples.extremes(edges[:-1], edges[1:])
    for index, (a, b) in enumerate(itertools.pairwise(edges)):
        part = samples.values[a:b]
        part = part[~np.isnan(part)]
        expected = (part.min(), part.max()) if len(part) else (math.nan, math.nan)
        np.testing.assert_equal((low[index], high[index]), expected)
    right = times[-1] + 5
    area, usable = samples.weighted(0, len(times), times[0], right)
    spans = np.diff([*times, right])
    known_ns = sum(int(d) for d, v in zip(spans, samples.values, strict=True) if not math.isnan(v))
    assert usable == known_ns
    assert area == pytest.approx(float(np.nansum(samples.values * spans)), rel=1e-9, abs=1e-6)


ACTION = st.tuples(
    st.sampled_from(["behind", "behind", "behind", "before", "middle", "drop"]),
    st.integers(1, 700),
    st.integers(0, 10_000),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(ACTION, min_size=1, max_size=12), st.sampled_from([16, 300, 1 << 19]))
def test_however_a_row_grew_it_holds_what_was_put(actions, at_once):
    usual = curve_samples._AT_ONCE, curve_samples._PIECE
    curve_samples._AT_ONCE, curve_samples._PIECE = at_once, 8
    try:
        _play(actions)
    finally:
        curve_samples._AT_ONCE, curve_samples._PIECE = usual


def _play(actions):
    rng = np.random.default_rng(len(actions))
    samples, known = Samples(), {}
    for kind, count, place in actions:
        times = sorted(known)
        if kind == "drop":
            count = min(count, len(times) - 1)
            if count > 0:
                samples.drop_oldest(count)
                for time in times[:count]:
                    del known[time]
            assert_same(samples, known)
            continue
        if kind == "behind" or not times:
            first = (times[-1] if times else T0) + 1 + place % 3
        elif kind == "before":
            first = times[0] - 3 * count - place % 3
        else:
            first = times[place % len(times)] - place % 3
        new = table(range(first, first + 3 * count, 3), rng, place % 300)
        change = samples.put(new)
        rows = zip(new.t.tolist(), new.y.tolist(), new.q.tolist(), strict=True)
        known.update({t: (y, q) for t, y, q in rows})
        assert change.is_appended == (not times or first > times[-1])
        assert int(samples.times[change.first]) <= first
        assert int(samples.times[change.stop - 1]) >= int(new.t[-1])
        assert_same(samples, known)


def test_a_long_row_moves_while_it_grows_and_never_all_at_once(monkeypatch):
    monkeypatch.setattr(curve_samples, "_AT_ONCE", 4_096)
    monkeypatch.setattr(curve_samples, "_PIECE", 64)
    most = Counter()
    copy = Samples._copy

    def counted(self, move, count):
        before = max(move.copied, self._start)
        copy(self, move, count)
        most["samples"] = max(most["samples"], move.copied - before)

    samples = Samples()
    samples.put(Table(np.arange(8_192), np.arange(8_192.0), np.zeros(8_192, np.uint16)))
    monkeypatch.setattr(Samples, "_copy", counted)
    for time in range(8_192, 60_000, 2):
        samples.put(Table(np.arange(time, time + 2), np.arange(2.0), np.zeros(2, np.uint16)))
    assert samples.times.tolist() == list(range(60_000))
    assert 0 < most["samples"] <= 64


def test_older_samples_come_before_without_touching_what_is_there(monkeypatch):
    condensed = Counter()
    from tagwerk.store import pyramid

    condense = pyramid._condense

    def counted(pick, source, target, start, stop, factor):
        condensed["blocks"] += stop - start
        condense(pick, source, target, start, stop, factor)

    samples = Samples()
    samples.put(Table(np.arange(10**6, 1_300_000), np.ones(300_000), np.zeros(300_000, np.uint16)))
    samples.put(Table(np.arange(999_000, 10**6), np.ones(1_000), np.zeros(1_000, np.uint16)))
    monkeypatch.setattr(pyramid, "_condense", counted)
    samples.put(Table(np.arange(998_000, 999_000), np.zeros(1_000), np.zeros(1_000, np.uint16)))
    assert condensed["blocks"] < 500
    assert samples.times[0] == 998_000
    low, _high = samples.extremes(np.array([0, 1_000]), np.array([1_000, 302_000]))
    assert low.tolist() == [0.0, 1.0]


def test_a_sample_costs_17_bytes_and_the_pyramid():
    curve = Curve("a")
    count = 1_000_000
    curve.append_numbers(T0 + np.arange(count) * SECOND, np.arange(count, dtype=np.float64))
    assert curve.nbytes / count < 18.5


def test_more_than_256_qualities_are_told_apart():
    curve = Curve("a")
    words = [quality_from_text("UNCERTAIN", f"STATE_{i}") for i in range(300)]
    curve.append([Sample("a", 1.0, q, T0 + i, T0) for i, q in enumerate(words)])
    assert [row.quality for row in curve.rows(0, OPEN)] == words


def test_flickering_quality_is_told_in_no_more_stretches_than_a_picture_can_show():
    curve = Curve("a")
    qualities = [BAD if i % 2 else GOOD for i in range(20_000)]
    curve.append([Sample("a", float(i), q, T0 + i * SECOND, T0) for i, q in enumerate(qualities)])
    start, end = T0, T0 + 20_000 * SECOND
    exact = curve.quality_runs(start, end, QualityLevel.BAD)
    assert len(exact) == 10_000
    coarse = curve.holes(start, end, apart_ns=100 * SECOND)
    assert len([hole for hole in coarse if hole.cause.template == "Bad quality"]) <= 400
    few = curve.quality_runs(start, start + 100 * SECOND, QualityLevel.BAD, apart_ns=50 * SECOND)
    assert len(few) == 50


def test_a_long_bad_stretch_keeps_its_own_cause_beside_flickering():
    lost = quality_from_text("BAD", "NO_COMMUNICATION_NO_USABLE_VALUE")
    qualities = [BAD if i % 2 else GOOD for i in range(2_000)] + [lost] * 1_000
    curve = Curve("a")
    curve.append([Sample("a", float(i), q, T0 + i * SECOND, T0) for i, q in enumerate(qualities)])
    holes = curve.holes(T0, T0 + 3_000 * SECOND, apart_ns=10 * SECOND)
    assert holes[-1].cause.template == "No comm."
    assert holes[-1].start_ns == T0 + 2_000 * SECOND


def test_a_day_of_the_log_comes_quickly_in_pieces_from_new_to_old():
    bulk, pieces = Curve("a"), Curve("a")
    points = [LoggedPoint(T0 + i * SECOND, i if i % 7 else None, GOOD) for i in range(20_000)]
    bulk.merge_log(points, T0, T0 + 20_000 * SECOND)
    for start in range(19_000, -1, -1_000):
        part = points[start : start + 1_000]
        pieces.merge_log(part, T0 + start * SECOND, T0 + (start + 1_000) * SECOND)
    np.testing.assert_array_equal(bulk.times, pieces.times)
    np.testing.assert_array_equal(bulk.values, pieces.values)
    ends = T0 + 100 * SECOND, T0 + 19_900 * SECOND
    for one, other in zip(bulk.columns(*ends, 333), pieces.columns(*ends, 333), strict=True):
        np.testing.assert_array_equal(one, other)
    assert bulk.statistics(*ends) == pieces.statistics(*ends)
    assert bulk.holes(*ends) == pieces.holes(*ends)


def far_view(times, values, count):
    """Columns of a whole curve, exact and for a picture that moves."""
    curve = Curve("a")
    curve.append_numbers(times, values)
    ends = int(times[0]), int(times[-1]) + 1
    return curve.columns(*ends, count), curve.columns(*ends, count, near=True)


def test_a_far_view_that_moves_leaves_no_sample_out_and_puts_none_far_away():
    rng = np.random.default_rng(5)
    times = T0 + np.cumsum(rng.integers(1, 30, 400_000)) * 1_000_000
    values = rng.normal(size=len(times))
    exact, near = far_view(times, values, 128)
    assert not np.array_equal(near.borders, exact.borders)
    assert near.borders[0] == exact.borders[0]
    assert near.borders[-1] == exact.borders[-1]
    assert (near.borders - exact.borders).min() >= 0
    assert (near.borders - exact.borders).max() < 256
    borders = near.borders.tolist()
    expected = [values[a:b].min() for a, b in itertools.pairwise(borders)]
    np.testing.assert_array_equal(near.low, expected)


def test_where_samples_come_in_bursts_a_far_view_stays_exact():
    burst = np.arange(300_000) * 1_000
    sparse = burst[-1] + np.arange(1, 1_000) * SECOND
    times = T0 + np.concatenate((burst, sparse, sparse[-1] + SECOND + burst))
    exact, near = far_view(times, np.arange(len(times), dtype=np.float64), 100)
    np.testing.assert_array_equal(near.borders, exact.borders)
    np.testing.assert_array_equal(near.high, exact.high)
