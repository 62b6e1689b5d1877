"""Every switch of the demo server: the desk does what it always does, and what a server cannot do is
a missing capability with its reason.

Each switch is played alone; its further values share a server with those of two others.
"""

from __future__ import annotations

import pytest

from matrix.expected import ROWS, differences, expected, variants
from matrix.table import portions
from matrix.together import COMPANY, alone, in_company
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.simulator.switch_list import SWITCHES


@pytest.mark.timeout(400)
@pytest.mark.parametrize("portion", list(portions()))
async def test_switches(portion, plants):
    names = [switch.name for switch in portions()[portion]]
    usual = await plants.usual()

    async def judge(played):
        row = ROWS.get(played[0].partition("=")[0])
        if row is not None and row.disturbs:
            return await disturbed(played)
        return differences(await plants.run(played), expected(usual, played))

    async def disturbed(played):
        """Answers fail now and then: an error of the domain is right, any other is not."""
        try:
            found = await plants.run(played, patience=0.2)
        except TagwerkError:
            return []
        return [] if found["connect"] == "live" else [f"connect: {found['connect']}"]

    every = [(text,) for name in names for text in alone(name)]
    # What waits for long begins first.
    every.sort(key=lambda played: not ROWS[played[0].partition("=")[0]].alone)
    assert await plants.run_all(every, judge) == {}


COMPANIES = in_company()
A_TEST = 10


@pytest.mark.timeout(400)
@pytest.mark.parametrize("first", range(0, len(COMPANIES), A_TEST))
async def test_further_values(first, plants):
    usual = await plants.usual()

    async def judge(played):
        return differences(await plants.run(played), expected(usual, played))

    assert await plants.run_all(COMPANIES[first : first + A_TEST], judge) == {}


def test_every_value_of_every_switch_is_played():
    played = [text for one in COMPANIES for text in one]
    played += [text for switch in SWITCHES for text in alone(switch.name)]
    assert sorted(played) == sorted(text for one in SWITCHES for text in variants(one.name))
    assert max(map(len, COMPANIES)) == COMPANY


async def test_without_switches_everything_works(plants):
    usual = await plants.usual()
    assert {key for key, word in usual.items() if key.startswith("can.") and word != "yes"} == set()
    words = {
        "connect": "live",
        "connect.polled": "no",
        "read.mixed": "ok 2 ok ok",
        "read.unknown": "2",
        "read.structure": "202",
        "push.unknown": "2",
        "write.batch": "refused, done",
        "history.unlogged": "3",
        "alarms.state": "RAISED",
        "alarms.single": "known",
        "alarms.texts": "English, German",
        "alarms.mixed_call": "ServerRefused",
        "alarms.split_calls": "done done",
        "alarms.twice": "305",
        "alarms.acknowledged": "RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED",
        "alarms.reset": "done",
        "alarms.logged": "RAISED RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED_CLEARED",
        "viewer.connect": "live",
        "viewer.can.write": "right_missing",
        "viewer.hidden": "a value",
        "viewer.write": "NotAllowed",
        "viewer.browse": "seen",
    }
    rest = {key: word for key, word in usual.items() if not key.startswith(("can.", "session.can"))}
    assert rest == {key: words.get(key, "ok") for key in rest}
    assert len(usual) > 100 - len(Capability)


def test_every_switch_has_its_row_and_every_row_its_switch():
    assert sorted(ROWS) == sorted(switch.name for switch in SWITCHES)


def test_every_row_names_values_that_the_switch_takes():
    for name, row in ROWS.items():
        tried = {text.partition("=")[2] for text in variants(name)}
        assert set(row.by_value) <= tried, name
