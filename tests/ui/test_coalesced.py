"""What could not be shown is counted where the user sees it, and in the report."""

from __future__ import annotations

import asyncio
import math

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tagwerk.domain.connection import LinkCounters, LinkState, LinkStatus
from tagwerk.domain.values import GOOD, Sample
from tagwerk.plant import Plant
from tagwerk.store import trends as trends_module
from tagwerk.ui import settled
from tagwerk.ui.clock import LatenessMeter
from tagwerk.ui.settled import Settled
from tagwerk.ui.statusbar import COALESCED_SHOWN_NS, StatusBar
from ui.shell_support import PROFILE, FakeLink

pytestmark = pytest.mark.ui
SECOND = 1_000_000_000
NOW = 1_781_792_211 * SECOND


def samples(count, name="a"):
    return [Sample(name, float(n), GOOD, NOW + n, NOW + n) for n in range(count)]


@pytest.fixture
def plant():
    made = Plant(PROFILE, clock_ns=lambda: NOW)
    made.attach(FakeLink(PROFILE, "", made))
    made.on_status(LinkStatus(LinkState.LIVE, NOW))
    made.drain()
    return made


@pytest.fixture
def bar(qapp):
    made = StatusBar()
    made.resize(1920, 26)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_the_counter_is_in_sight_while_values_coalesce_and_goes_afterwards(bar, plant):
    field = bar.fields["coalesced"]
    bar.refresh(plant, (0.0, 0.0), NOW)
    assert not field.isVisibleTo(bar)
    plant.on_samples(samples(501))
    bar.refresh(plant, (0.0, 0.0), NOW + SECOND)
    assert field.isVisibleTo(bar)
    assert field.accessibleName() == "500 coalesced/s"
    assert field.toolTip().startswith("500 values were replaced by newer ones")
    bar.refresh(plant, (0.0, 0.0), NOW + 3 * SECOND)
    assert field.accessibleName() == "0 coalesced/s"
    bar.refresh(plant, (0.0, 0.0), NOW + 2 * SECOND + COALESCED_SHOWN_NS)
    assert not field.isVisibleTo(bar)


def test_what_the_link_coalesced_counts_as_well(plant):
    plant.on_samples(samples(4))
    plant.link.counters = LinkCounters(coalesced=10)
    assert plant.coalesced == 13


def test_samples_that_trends_miss_are_said_and_marked(bar, plant, monkeypatch):
    monkeypatch.setattr(trends_module, "QUEUE_LIMIT", 100)
    curve = plant.trends.open("a", step=False)
    for _ in range(20):
        plant.on_samples(samples(64))
    plant.drain()
    assert plant.trends.left_out > 0
    assert curve.thinned(NOW, NOW + SECOND)
    bar.refresh(plant, (0.0, 0.0), NOW)
    plant.on_samples(samples(2))
    bar.refresh(plant, (0.0, 0.0), NOW + SECOND)
    assert "missing in the trends" in bar.fields["coalesced"].toolTip()


def test_lateness_since_it_settled_leaves_out_what_was_before(qapp):
    owner = QObject()
    meter = LatenessMeter(owner)
    for late_ms in (300.0, 40.0, 1.0):
        note(meter, late_ms)
    meter.settle()
    assert meter.total(settled=True) == {"p50": 0.0, "p99": 0.0, "max": 0.0}
    for late_ms in (2.0, 2.0, 5.0):
        note(meter, late_ms)
    assert meter.total(settled=True) == {"p50": 2.0, "p99": 5.0, "max": 5.0}
    assert meter.total()["max"] == 300.0
    meter.restart()
    assert meter.total(settled=True)["max"] == 0.0
    owner.deleteLater()


def note(meter, late_ms):
    """As if the timer had fired so late."""
    meter._steps[int(late_ms * meter._STEPS_PER_MS)] += 1
    meter._worst_ms = max(meter._worst_ms, late_ms)
    meter._worst_settled_ms = max(meter._worst_settled_ms, late_ms)


class Window(QWidget):
    """As much of the window as the report looks at."""

    class Clock:
        frames = 0

    def __init__(self):
        super().__init__()
        self.clock = self.Clock()
        self.lateness = LatenessMeter(self)


async def test_the_settled_part_of_a_report_begins_after_the_link_is_live(qapp, plant, monkeypatch):
    monkeypatch.setattr(settled, "SETTLE_MS", 1)
    window = Window()
    shown = None
    part = Settled(window, lambda: shown)
    assert part.document() is None, "too short"
    part = Settled(window, lambda: shown)
    plant.on_samples(samples(5))
    shown = plant
    async with asyncio.timeout(20):
        while part._began is None:
            await asyncio.sleep(0.01)
    plant.on_samples(samples(3))
    window.clock.frames += 7
    document = part.document()
    assert (document["values_received"], document["frames"]) == (3, 7)
    assert document["values_coalesced"] == 3
    assert document["seconds"] > 0
    assert document["cpu_seconds"] >= 0
    assert all(math.isfinite(one) for one in document["rss_mb"])
    assert set(document["lateness_ms"]) == {"p50", "p99", "max"}
    window.deleteLater()
