"""The sorted list in blocks against a plain sorted list."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.store import blocks
from tagwerk.store.blocks import SortedBlocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "LOAD", 8)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=200))
def test_it_is_a_sorted_list(steps):
    ours, plain = SortedBlocks(), []
    for puts_in, number in steps:
        entry = (number,)
        if puts_in and entry not in plain:
            ours.add(entry)
            plain = sorted([*plain, entry])
        elif entry in plain:
            ours.remove(entry)
            plain.remove(entry)
        elif not puts_in:
            with pytest.raises(ValueError, match=str(number)):
                ours.remove(entry)
        assert list(ours) == plain
    assert list(reversed(ours)) == plain[::-1]
    assert [ours[place] for place in range(len(ours))] == plain
    assert [ours.index(entry) for entry in plain] == list(range(len(plain)))
    for outside in (-1, len(plain)):
        with pytest.raises(IndexError):
            ours[outside]


def test_blocks_do_not_become_ever_more_when_entries_come_and_go():
    ours = SortedBlocks()
    chance = random.Random(3)
    inside = []
    for number in range(5_000):
        entry = (chance.random(), number)
        ours.add(entry)
        inside.append(entry)
        if len(inside) > 40:
            gone = inside.pop(chance.randrange(len(inside)))
            ours.remove(gone)
    assert len(ours) == 40
    assert len(ours._blocks) <= 20


def test_a_copy_and_blocks_of_sorted_entries_go_their_own_way():
    entries = [(number,) for number in range(3_000)]
    made = SortedBlocks.of(entries)
    copied = made.copy()
    made.remove((1_500,))
    copied.add((1_500.5,))
    assert list(made) == [entry for entry in entries if entry != (1_500,)]
    assert list(copied) == sorted([*entries, (1_500.5,)])
    assert (len(made), len(copied)) == (2_999, 3_001)
    assert [made.index(entry) for entry in made] == list(range(2_999))
    assert len(SortedBlocks.of([])) == 0
