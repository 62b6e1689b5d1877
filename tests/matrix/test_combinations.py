"""Five switches at once, by chance: what each of them changes adds up, and nothing else changes."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.expected import differences, expected
from matrix.together import PLAYABLE, fits

TOGETHER = 5
EXAMPLES = 12


@st.composite
def combinations(draw):
    """Five switches that fit together."""
    chosen: tuple[str, ...] = ()
    while len(chosen) < TOGETHER:
        chosen += (draw(st.sampled_from([text for text in PLAYABLE if fits(chosen, text)])),)
    return chosen


def sample(number):
    """So many combinations, always the same ones."""
    found = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(combinations())
    def collect(chosen):
        found.append(chosen)

    collect()
    # Hypothesis begins with the simplest ones; the interesting ones come later.
    return list(dict.fromkeys(found))


async def judge_all(plants, every):
    usual = await plants.usual()

    async def judge(played):
        return differences(await plants.run(played), expected(usual, played))

    return await plants.run_all(every, judge)


async def test_five_at_once(plants):
    assert await judge_all(plants, sample(EXAMPLES)) == {}


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_five_at_once_many_times(plants):
    every = sample(int(os.environ["TAGWERK_SOAK"]))
    random.Random(1).shuffle(every)
    assert await judge_all(plants, every) == {}


def test_combinations_are_many_and_fit():
    every = sample(40)
    assert len(every) > 20
    assert all(len(set(one)) == TOGETHER for one in every)
    assert not fits(("v19",), "no-browse")
    assert not fits(("no-z",), "time-offset=+02:00")
    assert not fits(("write-refused=1",), "write-refused=2")
