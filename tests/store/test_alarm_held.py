"""An order that is held still, against a plain list that does the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.store.alarm_held import HeldOrder, Shift, joined
from tagwerk.store.blocks import SortedBlocks


def held(numbers, *, descending=True):
    """A held order of these numbers, from the top down."""
    places = range(len(numbers), 0, -1) if descending else range(len(numbers))
    sign = 1 if descending else -1
    entries = {n: (place, sign * n) for n, place in zip(numbers, places, strict=True)}
    return HeldOrder(
        entries.copy(), SortedBlocks.of(sorted(entries.values())), descending=descending
    )


def check(order, expected):
    assert order.ids() == expected
    assert len(order) == len(expected)
    assert [order.id_at(row) for row in range(len(expected))] == expected
    assert [order.row_of(number) for number in expected] == list(range(len(expected)))
    assert all(number in order for number in expected)
    with pytest.raises(IndexError):
        order.id_at(len(expected))


@settings(deadline=None, max_examples=60)
@given(
    st.booleans(),
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(0, 5), st.sets(st.integers(0, 90), max_size=20)), max_size=6),
    st.sets(st.integers(0, 59)),
)
def test_what_left_goes_what_came_is_on_top_and_nobody_else_moves(descending, count, steps, chosen):
    expected = list(range(1, count + 1))
    order = held(expected, descending=descending)
    chosen = {number for number in chosen if number in expected}
    spans = joined((expected.index(n), expected.index(n)) for n in chosen)
    following = 1_000
    for coming, leaving in steps:
        came = list(range(following, following + coming))
        following += coming
        left = {expected[row] for row in leaving if row < len(expected)} | {-7}
        shift = order.shift(came, left)
        assert shift.growth == coming - (len(left) - 1)
        current = 3
        order.move(shift)
        spans = shift.spans(spans)
        kept = [number for number in expected if number not in left]
        if current < len(expected) and expected[current] in left and kept:
            above = [number for number in expected[:current] if number not in left]
            neighbour = above[-1] if above else kept[0]
            assert (came + kept)[shift.beside(current)] == neighbour
        expected = came + kept
        chosen -= left
        check(order, expected)
        assert order.row_of(-7) == -1
        rows = [row for first, last in spans for row in range(first, last + 1)]
        assert [expected[row] for row in rows] == [n for n in expected if n in chosen]
        assert all(first > last + 1 for (_, last), (first, _) in pairwise(spans))


def test_many_that_leave_at_once_are_taken_out_together():
    order = held(list(range(5_000)))
    shift = order.shift([9_000], {number for number in range(5_000) if number % 10})
    order.move(shift)
    check(order, [9_000, *range(0, 5_000, 10)])


def test_a_step_in_which_nobody_comes_or_leaves_is_none():
    order = held([4, 2, 9])
    assert not order.shift([], {77})
    assert order.shift([], {2}) == Shift([1], [])


def test_stretches_are_joined_where_they_touch():
    assert joined([(7, 9), (1, 2), (3, 3), (8, 20)]) == [(1, 3), (7, 20)]
    assert joined([]) == []
