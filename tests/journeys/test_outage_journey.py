"""Trend, alarms and setpoints are open; the server falls silent, then dies and comes back."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from PySide6.QtCore import Qt

from journeys.desk import open_story
from journeys.test_main_journey import find_alarm, find_tag, write
from tagwerk.domain.connection import ConnectionProfile, LinkState, Trust, TrustMode
from tagwerk.store.coverage import Source

pytestmark = [pytest.mark.ui, pytest.mark.journey, pytest.mark.timeout(180)]
PV = "HMI_RT_1::Cooling.TIC2120.PV"
LIMIT = "HMI_RT_1::Cooling.TIC2120.LimHigh"
SECOND = 1_000_000_000
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key


async def prepare(story, server):
    """Trend of PV, the limit among the setpoints, an alarm that stands because of the limit."""
    trust = Trust(TrustMode.CA_FILE, ca_file=server.ca_file)
    profile = ConnectionProfile("Skid", server.url, "operator", trust=trust)
    story.flow.open_profile(profile, server.password("operator"))
    await story.until(lambda: story.plant is not None, "a plant")
    plant = story.plant
    await story.until(lambda: plant.status.state is LinkState.LIVE, "live")
    await story.until(lambda: plant.browse_state.done, "all names")
    await find_tag(story, "tic2120.pv", PV)
    await story.keys(KEY.Key_T, CONTROL)
    await story.until(lambda: plant.trends.curve(PV) is not None, "curve")
    await story.until(lambda: plant.trends.curve(PV).is_live, "live curve")
    await find_tag(story, "tic2120.limhigh", LIMIT)
    await story.keys(KEY.Key_E, CONTROL)
    await story.until(lambda: plant.live.get(LIMIT) is not None, "limit's value")
    await story.keys(KEY.Key_W, CONTROL | SHIFT)
    await story.press_button("armConfirm")
    await story.until(lambda: plant.arming.armed, "armed")
    await write(story, LIMIT, "15")
    await story.until(lambda: find_alarm(plant) is not None, "alarm")


def headline(story):
    banner = story.window.shell.banner.current
    return banner.headline if banner is not None else ""


def nothing_looks_live(story):
    """Tree, trend, alarms, setpoints and writing, while the server is not heard."""
    plant, panels = story.plant, story.window.panels
    page = panels["trendPanel"].page
    assert plant.live.is_stale(PV)
    assert plant.live.is_stale(LIMIT)
    assert not plant.trends.curve(PV).is_live, "no straight line goes on"
    assert page.model.is_stale
    assert panels["alarmPanel"].table.is_stale
    assert not plant.arming.armed
    facts = panels["setpointPanel"].facts(LIMIT)
    assert facts.stale
    now_ns = plant.clock_ns() + plant.trends.skew_ns
    assert plant.trends.curve(PV).value_at(now_ns) is None, "nothing is known of now"


def open_hole(plant):
    now_ns = plant.clock_ns() + plant.trends.skew_ns
    return next((hole for hole in plant.trends.curve(PV).holes(now_ns - 60 * SECOND, now_ns)), None)


@pytest.mark.skipif(sys.platform == "win32", reason="stops the server by a signal")
@pytest.mark.expects_log("link|connection|lost|reconnect")
async def test_silence_and_an_outage_are_shown_and_mended(qapp, own_server, tmp_path):
    server = own_server()
    async with open_story(tmp_path / "settings") as story:
        await prepare(story, server)
        plant, panels = story.plant, story.window.panels
        curve = plant.trends.curve(PV)

        # The server stands still: within seconds nothing counts as live, and the link is kept.
        os.kill(server.process.pid, signal.SIGSTOP)
        await story.until(lambda: plant.status.state is LinkState.STALE, "stale", 15)
        await story.until(lambda: panels["alarmPanel"].table.is_stale, "alarms stale", 15)
        await story.until(lambda: panels["trendPanel"].page.model.is_stale, "trend stale", 15)
        nothing_looks_live(story)
        assert "No sign of life from 127.0.0.1" in headline(story)
        assert story.find("statusConnection").accessibleName() == "No sign of life"
        story.picture()
        os.kill(server.process.pid, signal.SIGCONT)
        await story.until(lambda: plant.status.state is LinkState.LIVE, "speaks again", 20)
        await story.until(lambda: not plant.live.is_stale(PV), "value live again")
        await story.until(lambda: curve.is_live, "curve goes on")
        await story.until(lambda: not plant.alarms.is_stale, "alarms live again")

        # It dies; while it is away a limit is back at its old value, and the alarm goes with it.
        assert find_alarm(plant) is not None
        killed = time.monotonic()
        server.kill()
        await story.until(lambda: plant.status.state is LinkState.RECONNECTING, "lost", 15)
        await story.until(lambda: panels["alarmPanel"].table.is_stale, "alarms stale", 15)
        nothing_looks_live(story)
        assert headline(story).startswith("Link lost at")
        await story.until(lambda: open_hole(plant) is not None, "a hole in the trend")
        await story.until(lambda: time.monotonic() - killed > 5, "five seconds")
        story.picture()
        server.start()
        await story.until(lambda: plant.status.state is LinkState.LIVE, "live again", 40)
        await story.until(lambda: not plant.live.is_stale(PV), "value live again")
        await story.until(lambda: not plant.live.is_stale(LIMIT), "setpoint live again")
        await story.until(lambda: is_filled(curve, plant), "hole filled from the log")
        assert not plant.arming.armed, "the lock stays closed"

        # What happened to the alarms meanwhile is said, until somebody has seen it.
        strip = await story.see("alarmOutage")
        assert "While the link was down" in strip.text
        assert "went" in strip.text
        assert "TIC2120" in strip.toolTip()
        story.picture()
        await story.press_button("alarmOutageDismiss")
        assert not strip.isVisible()
        assert find_alarm(plant) is None
        assert plant.writes.results[LIMIT].name == LIMIT, "the write's outcome is kept"


def is_filled(curve, plant):
    now_ns = plant.clock_ns() + plant.trends.skew_ns
    return any(
        segment.source is Source.FILLED and segment.end_ns - segment.start_ns > 3 * SECOND
        for segment in curve.segments(now_ns - 120 * SECOND, now_ns)
    )
