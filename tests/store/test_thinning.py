"""Fewer samples with the same outline."""

from __future__ import annotations

import math
import random

from tagwerk.domain.values import BAD, GOOD, ItemError, Sample
from tagwerk.store.thinning import thinned


def samples(values, quality=GOOD):
    return [Sample("a", value, quality, n, n) for n, value in enumerate(values)]


def test_half_of_them_stay_with_both_extremes_in_order():
    noise = random.Random(1)
    given = samples([noise.random() for _ in range(1_001)])
    kept = thinned(given)
    assert 480 <= len(kept) <= 520
    assert [one.time_ns for one in kept] == sorted({one.time_ns for one in kept})
    values, left = [one.value for one in given], [one.value for one in kept]
    assert (min(left), max(left)) == (min(values), max(values))
    assert kept[-1] is given[-1]


def test_again_and_again_ends_with_the_extremes_and_the_newest():
    given = samples([0.0] * 500 + [9.0] + [0.0] * 300 + [-9.0] + [0.0] * 300 + [1.0])
    kept = given
    for _ in range(20):
        kept = thinned(kept)
    assert len(kept) <= 4
    assert {9.0, -9.0} <= {one.value for one in kept}
    assert kept[-1].value == 1.0


def test_what_was_unusable_for_a_moment_is_still_to_be_seen():
    given = samples([1.0] * 400)
    given[201] = given[201]._replace(quality=BAD)
    given[302] = given[302]._replace(error=ItemError("1", "gone"))
    kept = thinned(thinned(given))
    assert given[201] in kept
    assert given[302] in kept


def test_values_without_an_order_are_taken_as_they_come():
    for values in (["a", 1.0, None, "b"] * 5, [None] * 20, [[1], [2.0], ["x"]] * 5):
        kept = thinned(samples(values))
        assert len(kept) < len(values)
        assert kept[-1].time_ns == len(values) - 1
    assert len(thinned(samples([math.nan, 1.0, math.nan, 2.0, 3.0]))) <= 3


def test_few_stay_as_they_are():
    for count in range(4):
        given = samples([float(n) for n in range(count)])
        assert thinned(given) == given
