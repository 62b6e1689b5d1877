"""A server without WebSockets: the doctor finds it, says why, and leaves the connection alone."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from journeys.desk import open_story
from journeys.test_main_journey import connect
from tagwerk.domain.connection import LinkState, StepName

pytestmark = [pytest.mark.ui, pytest.mark.journey, pytest.mark.timeout(180)]


@pytest.mark.expects_log("link|connection|lost|reconnect|push|WebSocket")
async def test_the_doctor_finds_websockets_switched_off(qapp, own_server, tmp_path):
    server = own_server("--switch", "no-websocket")
    async with open_story(tmp_path / "settings") as story:
        await connect(story, server)
        attempts = story.plant.link.counters.reconnects
        await story.keys(Qt.Key.Key_F8)
        dialog = await story.see("doctorWindow")
        await story.until(lambda: dialog.found is not None, "the end of the check")
        assert dialog.found.error is None
        assert dialog.verdict.is_polled
        assert dialog.checks.rows[StepName.PUSH].step.code == "websocket_off"
        assert dialog.checks.rows[StepName.ROUND_TRIP].step.ok
        await story.press_button("doctorCopyCommand")
        assert "IIS-WebSockets" in QApplication.clipboard().text()
        assert dialog.traffic.requests > 15
        assert story.plant.status.state is LinkState.LIVE
        assert story.plant.link.counters.reconnects == attempts
        await story.press_button("doctorClose")
        await story.until(lambda: story.find("doctorWindow") is None, "the window is closed")
