"""What a report counts over time: bounded, thinned evenly, and what it counts is there."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from tagwerk.ui import resource_log
from tagwerk.ui.clock import LatenessMeter
from tagwerk.ui.resource_log import FIRST_PERIOD_S, MOST_POINTS, ResourceLog

pytestmark = pytest.mark.ui


@pytest.fixture
def window(qapp):
    widget = QWidget()
    yield widget
    widget.deleteLater()


async def test_a_point_counts_what_there_is(window, monkeypatch):
    # Threads and files of the whole process come and go with the tests before this one.
    own = {"threads": 3, "files": 7}
    monkeypatch.setattr(resource_log.threading, "active_count", lambda: own["threads"])
    monkeypatch.setattr(resource_log, "open_files", lambda: own["files"])
    log = ResourceLog(window, lambda: None)
    log.take()
    timer = QTimer(window, interval=60_000)
    timer.start()
    QTimer(window, interval=60_000)  # not started: not counted
    own.update(threads=4, files=8)
    waiting = asyncio.get_running_loop().create_task(asyncio.Event().wait())
    log.take()
    before, now = log.points
    waiting.cancel()
    timer.stop()
    points = log.stop()
    for what in ("threads", "tasks", "timers", "open_files"):
        assert now[what] == before[what] + 1, what
    assert len(points) == 3
    assert json.loads(json.dumps(points)) == points


def test_memory_and_files_are_told_where_the_system_does():
    with open(__file__, encoding="utf-8"):
        count = resource_log.open_files()
    if count:
        assert count > 3
        assert resource_log.memory_mb() > 10


async def test_a_long_run_keeps_few_points_ever_further_apart(window, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(resource_log.time, "time", lambda: clock[0])
    log = ResourceLog(window, lambda: None)
    log._timer.setInterval(round(FIRST_PERIOD_S * 1000))
    while clock[0] < 1800:
        clock[0] += log._timer.interval() / 1000
        log.take()
        assert len(log.points) < MOST_POINTS
    period_s = log._timer.interval() / 1000
    points = log.stop()
    times = [point["unix_s"] for point in points[:-1]]
    apart = {round(later - earlier, 3) for earlier, later in itertools.pairwise(times)}
    assert apart == {period_s}
    assert len(points) > MOST_POINTS / 2 - 1
    assert 1800 / period_s < MOST_POINTS


def test_lateness_counts_and_keeps_no_readings(qapp, monkeypatch):
    parent = QObject()
    meter = LatenessMeter(parent)
    assert meter.total() == {"p50": 0.0, "p99": 0.0, "max": 0.0}
    now = [100.0]
    monkeypatch.setattr("tagwerk.ui.clock.time.perf_counter", lambda: now[0])
    meter.start()
    for late_ms in [1.0] * 980 + [12.0] * 10 + [40.0] * 9 + [250.0]:
        now[0] += (meter.PERIOD_MS + late_ms + 0.01) / 1000
        meter._fired()
    meter.stop()
    total = meter.total()
    assert total["p50"] == pytest.approx(1.0, abs=0.06)
    assert total["p99"] == pytest.approx(40.0, abs=0.06)
    assert total["max"] == pytest.approx(250.01, abs=0.02)
    missed = meter.missed()
    assert (missed["count"], missed["above_ms"]) == (10, 33.0)
    assert [late_ms for _, late_ms in missed["times"]] == [40.0] * 9 + [250.0]
    assert len(meter._steps) == 4
    meter.restart()
    assert meter.total()["max"] == 0
    assert meter.missed()["count"] == 0
