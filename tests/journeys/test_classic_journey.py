"""The main job on a server of WinCC V7/V8: all of it but the acknowledgement, which it has not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from journeys.desk import open_story
from journeys.test_main_journey import connect, find_tag, is_filled, write
from tagwerk.domain.connection import LinkState, TrustMode
from tagwerk.write.request import Outcome

pytestmark = [pytest.mark.ui, pytest.mark.journey, pytest.mark.timeout(180)]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key
PV, LIMIT = "PLC_21/Cooling::TIC2120.PV", "PLC_21/Cooling::TIC2120.LimHigh"


@pytest.mark.expects_log("link|connection|lost|reconnect")
async def test_connect_search_trend_write_alarm_lose_the_link(qapp, own_server, tmp_path):
    server = own_server("--dialect", "classic")
    async with open_story(tmp_path / "settings") as story:
        await connect(story, server)
        plant = story.plant
        assert plant.profile.trust.mode is TrustMode.PINNED
        await story.until(lambda: plant.browse_state.done, "all names")

        # The past comes from the archive, then the curve is polled.
        await find_tag(story, "tic2120.pv", PV)
        await story.keys(KEY.Key_T, CONTROL)
        await story.until(lambda: plant.trends.curve(PV) is not None, "curve")
        curve = plant.trends.curve(PV)
        await story.until(lambda: len(curve) > 100, "past")
        await story.until(lambda: plant.live.get(PV) and not plant.live.is_stale(PV), "live value")

        await find_tag(story, "tic2120.limhigh", LIMIT)
        await story.keys(KEY.Key_E, CONTROL)
        await story.until(lambda: plant.live.get(LIMIT) is not None, "limit's value")
        await story.keys(KEY.Key_W, CONTROL | SHIFT)
        await story.press_button("armConfirm")
        await story.until(lambda: plant.arming.armed, "armed")
        await write(story, LIMIT, "15")
        assert plant.writes.results[LIMIT].outcome is Outcome.CONFIRMED
        await story.until(lambda: plant.live.get(LIMIT).value == 15, "the live value follows")

        # The alarm that this write raised can be seen, not acknowledged, and it says why.
        def raised():
            return any("return temperature above 15" in alarm.text for alarm in plant.alarms)

        await story.until(raised, "alarm")
        panel = story.window.panels["alarmPanel"]
        panel.table.setFocus()
        panel.table.selectAll()
        action = panel.findChild(QAction, "alarms.acknowledge")
        assert not action.isEnabled()
        assert "WinCC itself" in action.toolTip()

        server.kill()
        await story.until(lambda: plant.live.is_stale(PV), "stale", timeout_s=10)
        assert plant.alarms.is_stale
        assert not plant.arming.armed
        server.start()
        await story.until(lambda: plant.status.state is LinkState.LIVE, "live again", 40)
        await story.until(lambda: not plant.live.is_stale(PV), "value live again")
        await story.until(lambda: is_filled(curve, plant.clock_ns()), "hole filled")
