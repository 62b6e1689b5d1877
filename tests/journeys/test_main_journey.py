"""From nothing to a tuned loop, an acknowledged alarm and a lost link that came back."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit

from journeys.desk import open_story
from tagwerk.domain.connection import LinkState, TrustMode
from tagwerk.store.coverage import Source
from tagwerk.write.request import Outcome

pytestmark = [pytest.mark.ui, pytest.mark.journey, pytest.mark.timeout(180)]
PV = "HMI_RT_1::Cooling.TIC2120.PV"
LIMIT = "HMI_RT_1::Cooling.TIC2120.LimHigh"
ALARM = "HMI_RT_1::Cooling.TIC2120.PV:PV_High"
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key


async def connect(story, server):
    """Through the dialog: address, unknown certificate, sign in, rights."""
    story.flow.open_dialog(server.url)
    await story.see("fingerprint")
    await story.press_button("connectNext")
    await story.type_into("connectUser", "operator")
    await story.type_into("connectPassword", server.password("operator"))
    await story.press_button("connectNext")
    await story.until(lambda: "read-only" in story.find("connectNext").text(), "rights")
    await story.press_button("connectNext")
    await story.until(lambda: story.plant is not None, "a plant")
    await story.until(lambda: story.plant.status.state is LinkState.LIVE, "live")


async def find_tag(story, words, name):
    """Ctrl+F, type, down into the tree: the hit is selected then."""
    await story.keys(KEY.Key_F, CONTROL)
    await story.type_into("tagSearch", words)
    panel = story.window.panels["tagPanel"]
    field = story.find("tagSearch")
    for _ in range(100):
        await story.keys(KEY.Key_Down, widget=field)
        if name in panel.rows.selected_names():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{words} did not lead to {name} but to {panel.rows.selected_names()}")


@pytest.mark.expects_log("link|connection|lost|reconnect")
async def test_connect_search_trend_write_alarm_acknowledge_lose_the_link(
    qapp, own_server, tmp_path
):
    server = own_server()
    async with open_story(tmp_path / "settings") as story:
        await connect(story, server)
        plant = story.plant
        assert plant.profile.trust.mode is TrustMode.PINNED
        await story.until(lambda: plant.browse_state.done, "all names")

        # Search and trend: the past comes from the log, then the curve lives.
        await find_tag(story, "tic2120.pv", PV)
        await story.keys(KEY.Key_T, CONTROL)
        await story.until(lambda: plant.trends.curve(PV) is not None, "curve")
        curve = plant.trends.curve(PV)
        await story.until(lambda: len(curve) > 100, "past")
        await story.until(lambda: plant.live.get(PV) and not plant.live.is_stale(PV), "live value")

        # Write: arm, type, stage, confirm, read back.
        await find_tag(story, "tic2120.limhigh", LIMIT)
        await story.keys(KEY.Key_E, CONTROL)
        await story.until(lambda: plant.live.get(LIMIT) is not None, "limit's value")
        await story.keys(KEY.Key_W, CONTROL | SHIFT)
        await story.press_button("armConfirm")
        await story.until(lambda: plant.arming.armed, "armed")
        await write(story, LIMIT, "15")
        assert plant.writes.results[LIMIT].outcome is Outcome.CONFIRMED
        await story.until(lambda: plant.live.get(LIMIT).value == 15, "the live value follows")

        # The alarm that this write raised, acknowledged by key.
        await story.until(lambda: find_alarm(plant) is not None, "alarm")
        panel = story.window.panels["alarmPanel"]
        number = plant.alarms.id_of(find_alarm(plant).key)
        await story.until(lambda: number in shown_alarms(panel, number), "alarm in the table")
        panel.table.setFocus()
        action = panel.findChild(QAction, "alarms.acknowledge")
        await story.until(action.isEnabled, "acknowledge enabled")
        await story.keys(KEY.Key_A, CONTROL | SHIFT, widget=panel.table)
        await story.until(lambda: not find_alarm(plant).needs_acknowledgement, "acknowledged")

        # The server dies: everything is stale at once, writing is locked.
        server.kill()
        await story.until(lambda: plant.live.is_stale(PV), "stale", timeout_s=5)
        assert plant.alarms.is_stale
        assert not plant.arming.armed
        await story.see("banner")

        # It comes back by itself; values live again; the hole is filled from the log.
        server.start()
        await story.until(lambda: plant.status.state is LinkState.LIVE, "live again", 40)
        await story.until(lambda: not plant.live.is_stale(PV), "value live again")
        await story.until(lambda: is_filled(curve, plant.clock_ns()), "hole filled")

    saved = (tmp_path / "settings" / "settings.json").read_text(encoding="utf-8")
    assert server.password("operator") not in saved


async def write(story, name, text):
    """Type a value into the setpoint's row, stage it, confirm it."""
    view = story.window.panels["setpointPanel"].view
    view.setFocus()
    await story.keys(KEY.Key_Return, widget=view)
    editor = await story.see("setpointEditor", QLineEdit)
    await story.type_into("setpointEditor", text)
    await story.keys(KEY.Key_Return, widget=editor)
    await story.keys(KEY.Key_Return, CONTROL, widget=view)
    await story.press_button("writeConfirm")
    await story.until(lambda: name in story.plant.writes.results, "outcome")
    await story.until(lambda: story.find("writeDialog") is None, "dialog closed by itself")


def find_alarm(plant):
    return next(
        (alarm for alarm in plant.alarms if alarm.name == ALARM and alarm.is_standing), None
    )


def shown_alarms(panel, number):
    panel.table.select_alarms([number])
    return panel.table.selected_ids()


def is_filled(curve, now_ns):
    segments = curve.segments(now_ns - 120_000_000_000, now_ns)
    return any(segment.source is Source.FILLED for segment in segments)
