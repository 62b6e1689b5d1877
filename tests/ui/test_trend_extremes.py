"""What a scale has to hold: every value that is drawn, and none that is not."""

from __future__ import annotations

import math

import pytest

from tagwerk.domain.values import GOOD, Sample
from tagwerk.store.trends import Curve
from tagwerk.ui.trend.columns import ColumnCache, visible_extremes
from tagwerk.ui.trend.strokes import TimeMap

pytestmark = pytest.mark.ui
SECOND = 1_000_000_000
NOW = 1_781_791_012 * SECOND


def curve_of_a_tag_that_rarely_changes():
    """Changed ten minutes before anyone looked, and not since."""
    curve = Curve("a")
    curve.append([Sample("a", 30.0, GOOD, NOW - 600 * SECOND, NOW)])
    return curve


def extremes(curve, left_s, width_s):
    view = TimeMap(NOW + left_s * SECOND, SECOND, 0.0, float(width_s))
    return visible_extremes(curve, ColumnCache(), view)


def test_a_value_from_before_the_view_counts_where_it_is_first_known_inside():
    curve = curve_of_a_tag_that_rarely_changes()
    assert extremes(curve, -300, 310) == (30.0, 30.0)
    assert extremes(curve, 5, 60) == (30.0, 30.0)


def test_a_value_from_before_a_view_in_which_nothing_is_known_does_not_count():
    curve = curve_of_a_tag_that_rarely_changes()
    low, high = extremes(curve, -300, 290)
    assert math.isnan(low)
    assert math.isnan(high)


def test_a_value_that_was_over_before_anything_was_known_does_not_count():
    curve = curve_of_a_tag_that_rarely_changes()
    curve.append([Sample("a", 5.0, GOOD, NOW - 100 * SECOND, NOW + SECOND)])
    assert extremes(curve, -300, 310) == (5.0, 5.0)
