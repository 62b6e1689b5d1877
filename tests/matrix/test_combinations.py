"""Five switches at once, by chance: what each of them changes adds up, and nothing else changes."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.expected import ROWS, changes_of, differences, expected, variants
from tagwerk.simulator.switch_list import COMPOSITES, SWITCHES

TOGETHER = 5
EXAMPLES = 12

PLAYABLE = sorted(
    text
    for switch in SWITCHES
    if (row := ROWS.get(switch.name)) is not None and not row.alone and not row.disturbs
    for text in variants(switch.name)
)
_OPPOSITES = (
    # Two answers to one question, or one that keeps the other from being seen.
    {"short-name-echo", "full-name-echo"},
    {"nan-as-text", "nan-bare"},
    {"int64-as-text", "int64-as-double"},
    {"error-null", "success-empty"},
    {"no-z", "time-offset"},
    {"v19", "v20"},
    # Logging tags are found by browsing.
    {"plain-names-refused", "no-browse"},
    {"plain-names-refused", "v19"},
    {"plain-names-refused", "unresolved-as"},
    {"plain-names-refused", "object-type-as"},
)


def fits(chosen: tuple[str, ...], text: str) -> bool:
    """Whether a switch can join: it says nothing else than the others about any question."""
    name = text.partition("=")[0]
    names = {one.partition("=")[0] for one in chosen}
    if name in names or any({name, other} in _OPPOSITES for other in names):
        return False
    for other in names:
        if name in COMPOSITES.get(other, ()) or other in COMPOSITES.get(name, ()):
            return False
    mine = changes_of(text)
    return all(
        mine[key] == theirs[key]
        for theirs in map(changes_of, chosen)
        for key in mine.keys() & theirs.keys()
    )


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
@pytest.mark.skipif("TAGWERK_SOAK" not in os.environ, reason="TAGWERK_SOAK=200 runs so many")
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
