"""Demo plants for many runs of the matrix at once, and what is found without any switch."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from matrix.core import run_matrix
from matrix.demo_plant import demo_plant, make_model

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Runs side by side: they mostly wait."""

AHEAD_NS = 2_000_000_000
"""A plant whose clock was put ahead stands still for who comes after."""


class Plants:
    """Plants to run against; one is made when all others are in use."""

    def __init__(self, folder):
        self.folder = str(folder)
        self._free = []
        self._usual = None
        self._gate = None

    async def run(self, played, *, patience=1.0):
        """What is found under these switches."""
        # Made beside the loop: servers that stand still for seconds are not what is tried here.
        model = self._free.pop() if self._free else await asyncio.to_thread(make_model)
        async with demo_plant(model, self.folder, played) as subject:
            found = await run_matrix(subject, patience=patience)
        if model.now_ns < time.time_ns() + AHEAD_NS:
            self._free.append(model)
        return found

    async def usual(self):
        """What is found without switches."""
        if self._usual is None:
            self._usual = await self.run(())
        return self._usual

    async def run_all(self, every, judge):
        """Run for each of `every`, a few at a time; the complaints of `judge` by what was played."""
        await self.usual()
        gate = asyncio.Semaphore(AT_ONCE)
        complaints = {}

        async def one(played):
            async with gate:
                wrong = await judge(played)
            if wrong:
                log.info("%s: %s", played, wrong)
                complaints[played] = wrong

        async with asyncio.TaskGroup() as group:
            for played in every:
                group.create_task(one(played))
        return complaints


@pytest.fixture(scope="session")
def plants(tmp_path_factory):
    """Shared by all tests of a worker: a plant's day takes a while to make."""
    return Plants(tmp_path_factory.mktemp("matrix"))


@pytest.fixture(autouse=True)
def quick_polling(monkeypatch):
    """Where values are polled nobody wants to wait for it."""
    monkeypatch.setattr("tagwerk.link.feeds.POLL_VALUES_S", 0.1)
    monkeypatch.setattr("tagwerk.link.feeds.POLL_ALARMS_S", 0.2)
