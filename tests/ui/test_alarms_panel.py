"""The alarm panel with real keys and pixels, against a strict hand-written server."""

from __future__ import annotations

import asyncio
import csv

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu

from tagwerk.domain.alarms import AlarmEvent, AlarmState, Notification
from tagwerk.domain.connection import Capabilities, Capability, LinkState
from tagwerk.domain.errors import NotReachable, ServerRefused
from tagwerk.domain.values import GOOD, Sample
from tagwerk.store.alarm_order import SortBy, SortOrder
from tagwerk.store.alarms import AlarmStore
from tagwerk.ui.alarms.cells import INDEX
from tagwerk.ui.alarms.menus import context_menu, view_menu
from tagwerk.ui.panels.alarms import AlarmPanel
from ui.alarms_support import (
    NOW,
    RESET_MACHINE,
    SECOND,
    AlarmAction,
    changed,
    frame,
    make_alarm,
    make_desk,
    make_plant,
    rejected,
    set_state,
)
from ui.keyboard import keyboard_at

pytestmark = pytest.mark.ui

Keys = Qt.Key
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


async def until(condition, timeout_s=5.0):
    """Wait for a state of the window."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def shown(qapp):
    """``shown(*alarms)``: a visible panel on a plant with these alarms."""
    panels = []

    def show(*alarms, width=1920, height=400, live=True):
        panel = AlarmPanel(make_desk())
        panel.header_widget().setParent(panel)
        panel.resize(width, height)
        panel.show()
        panel.activateWindow()
        panel.set_plant(make_plant(alarms, live=live))
        frame(panel)
        panels.append(panel)
        return panel

    yield show
    for panel in panels:
        assert panel.desk.report == []
        panel.set_plant(None)
        await panel.close_panel()
        panel.close()
        panel.deleteLater()


def names(panel):
    model = panel.table.alarms
    return [model.alarm_at(row).name.split("::")[1] for row in range(model.rowCount())]


def select(panel, *wanted):
    ids = [
        panel.plant.alarms.id_of(alarm.key)
        for alarm in panel.plant.alarms
        if alarm.name.split("::")[1] in wanted
    ]
    panel.table.select_alarms(ids)


def selected(panel):
    return [alarm.name.split("::")[1] for alarm in panel.table.selected_alarms()]


def push(panel, *alarms, reason=Notification.MODIFIED):
    panel.plant.on_alarms([AlarmEvent(reason, alarm) for alarm in alarms])
    frame(panel)


async def test_unacknowledged_alarms_stand_on_top_newest_first(shown):
    panel = shown(
        make_alarm("old:Hi", ago_s=500),
        make_alarm("done:Hi", state=AlarmState.RAISED_ACKNOWLEDGED, ago_s=5),
        make_alarm("new:Hi", ago_s=50),
        make_alarm("away:Hi", suppression="SHELVED"),
    )
    assert names(panel) == ["new:Hi", "old:Hi", "done:Hi"]
    assert panel.header_text() == (
        "2 unacknowledged · 3 standing · 0 cleared, unacknowledged · 1 shelved"
    )


async def test_a_header_click_sorts_and_turns_round(shown):
    panel = shown(make_alarm("b:Hi", priority=3), make_alarm("a:Hi", priority=9))
    header = panel.table.columns
    x = header.sectionViewportPosition(INDEX[SortBy.PRIORITY]) + 10

    def click():
        QTest.mouseClick(
            header.viewport(),
            Qt.MouseButton.LeftButton,
            pos=header.viewport().rect().topLeft() + type(header.pos())(x, 8),
        )

    click()
    assert names(panel) == ["a:Hi", "b:Hi"]
    click()
    assert names(panel) == ["b:Hi", "a:Hi"]


async def test_typing_in_the_search_narrows_and_escape_widens(shown):
    panel = shown(make_alarm("P2111.Trip:Hi"), make_alarm("TIC2120.PV:Hi", area="Cooling"))
    await keyboard_at(panel.table)
    QTest.keyClick(panel.table, Keys.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.bar.search.hasFocus()
    QTest.keyClicks(panel.bar.search, "cool")
    assert names(panel) == ["TIC2120.PV:Hi"]
    QTest.keyClicks(panel.bar.search, "zzz")
    assert panel.stack.currentWidget() is panel.empty
    assert "No alarm matches" in panel.empty.text
    QTest.keyClick(panel.bar.search, Keys.Key_Escape)
    assert len(names(panel)) == 2
    QTest.keyClick(panel.bar.search, Keys.Key_Down)
    assert panel.table.hasFocus()


async def test_the_windows_own_search_key_does_not_get_in_the_way(shown):
    panel = shown(make_alarm("a:Hi"))
    others = QAction(panel)
    others.setShortcut("Ctrl+F")
    others.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    panel.addAction(others)
    await keyboard_at(panel.table)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Keys.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.bar.search.hasFocus()


async def test_chips_narrow_and_count(shown):
    panel = shown(
        make_alarm("a:Hi", priority=14, area="Dosing"),
        make_alarm("b:Hi", priority=5, state=AlarmState.RAISED_ACKNOWLEDGED, area="Cooling"),
        make_alarm("c:Hi", suppression="SHELVED"),
    )
    assert panel.bar.active.accessibleName() == "Active 2"
    panel.bar.priority.click()
    assert names(panel) == ["a:Hi"]
    panel.bar.priority.click()
    panel.bar.unacknowledged.click()
    assert names(panel) == ["a:Hi"]
    panel.bar.active.click()
    assert len(names(panel)) == 2
    panel.bar.shelved.click()
    assert names(panel) == ["c:Hi"]
    panel.bar.active.click()
    menu = panel.bar.area_menu()
    next(action for action in menu.actions() if action.text().startswith("Cooling")).trigger()
    menu.deleteLater()
    assert names(panel) == ["b:Hi"]
    assert panel.bar.area.text() == "Area: Cooling"


async def test_selection_and_current_row_follow_their_alarms_through_a_burst(shown):
    panel = shown(*(make_alarm(f"A{i}:Hi", ago_s=1000 + i) for i in range(300)))
    QAbstractItemModelTester(
        panel.table.alarms, QAbstractItemModelTester.FailureReportingMode.Fatal, panel
    )
    select(panel, "A10:Hi", "A200:Hi", "A299:Hi")
    assert selected(panel) == ["A10:Hi", "A200:Hi", "A299:Hi"]
    for burst in range(5):
        push(panel, *(make_alarm(f"B{burst}-{i}:Hi", ago_s=i) for i in range(100)))
        push(
            panel,
            *(
                make_alarm(f"A{i}:Hi", ago_s=1000 - burst * 10 - i, value=burst)
                for i in range(0, 300, 7)
            ),
        )
        push(
            panel,
            *(make_alarm(f"B{burst}-{i}:Hi") for i in range(0, 100, 2)),
            reason=Notification.REMOVED,
        )
        assert set(selected(panel)) == {"A10:Hi", "A200:Hi", "A299:Hi"}
        assert panel.table.alarms.alarm_at(panel.table.currentIndex().row()).name.endswith("A10:Hi")
    push(panel, make_alarm("A200:Hi"), reason=Notification.REMOVED)
    assert set(selected(panel)) == {"A10:Hi", "A299:Hi"}


async def test_the_keyboard_keeps_a_row_when_its_alarm_leaves(shown):
    panel = shown(*(make_alarm(f"A{i}:Hi", ago_s=i) for i in range(5)))
    select(panel, "A2:Hi")
    push(panel, make_alarm("A2:Hi"), reason=Notification.REMOVED)
    assert panel.table.currentIndex().row() == 2
    assert selected(panel) == []


async def test_a_large_selection_holds_the_order_and_new_alarms_come_on_top(shown):
    panel = shown(*(make_alarm(f"A{i}:Hi", ago_s=1000 + i) for i in range(400)))
    QAbstractItemModelTester(
        panel.table.alarms, QAbstractItemModelTester.FailureReportingMode.Fatal, panel
    )
    panel.table.setFocus()
    QTest.keyClick(panel.table, Keys.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(selected(panel)) == 400
    push(
        panel,
        make_alarm("new:Hi", ago_s=5000),
        make_alarm("A7:Hi", ago_s=1),
    )
    push(panel, make_alarm("A9:Hi"), make_alarm("A10:Hi"), reason=Notification.REMOVED)
    assert panel.table.alarms.is_held
    assert names(panel)[:3] == ["new:Hi", "A0:Hi", "A1:Hi"]
    assert len(selected(panel)) == 398
    assert "new:Hi" not in selected(panel)
    assert "order held" in panel.header_text()
    select(panel, "A5:Hi")
    push(panel, make_alarm("other:Hi", ago_s=2000))
    assert not panel.table.alarms.is_held
    assert names(panel)[0] == "A7:Hi"
    assert selected(panel) == ["A5:Hi"]


async def test_what_is_in_sight_stays_while_new_alarms_come_above(shown):
    panel = shown(*(make_alarm(f"A{i}:Hi", ago_s=1000 + i) for i in range(200)), height=300)
    bar = panel.table.verticalScrollBar()
    bar.setValue(50)
    top = panel.table.alarms.id_at(50)
    push(panel, *(make_alarm(f"N{i}:Hi", ago_s=i) for i in range(20)))
    assert panel.table.alarms.id_at(bar.value()) == top
    bar.setValue(0)
    push(panel, make_alarm("newest:Hi", ago_s=-1))
    assert bar.value() == 0


async def test_painting_waits_a_tenth_of_a_second(shown):
    panel = shown()
    panel.plant.on_alarms([changed(make_alarm())])
    frame(panel, ms=33)
    panel.plant.on_alarms([changed(make_alarm("B:Hi"))])
    frame(panel, ms=33)
    before = panel.table.alarms.rowCount()
    frame(panel, ms=100)
    assert (before, panel.table.alarms.rowCount()) in {(0, 2), (1, 2)}


# Acknowledging.


async def test_one_key_acknowledges_the_selected_alarm_once(shown):
    panel = shown(make_alarm("a:Hi"), make_alarm("b:Hi"))
    select(panel, "a:Hi")
    assert panel.bar.acknowledge.text() == "Acknowledge 1"
    panel.table.setFocus()
    await keyboard_at(panel.table)
    QTest.keyClick(panel.table, Keys.Key_A, CTRL_SHIFT)
    QTest.keyClick(panel.table, Keys.Key_A, CTRL_SHIFT)
    await until(lambda: panel.plant.server.calls)
    await until(lambda: not panel.operator.notes.is_sending(make_alarm("a:Hi").key))
    [(action, keys)] = panel.plant.server.calls
    assert action is AlarmAction.ACKNOWLEDGE
    assert [key.name for key in keys] == ["HMI_RT_1::a:Hi"]
    push(panel, make_alarm("a:Hi", state=AlarmState.RAISED_ACKNOWLEDGED))
    assert panel.operator.notes.keys_shown() == []


async def test_several_are_asked_about_and_single_ones_are_left_out_by_name(shown):
    panel = shown(
        make_alarm("a:Hi", text="dosing flow low"),
        make_alarm("b:Hi", text="return temperature high"),
        make_alarm("s:Hi", text="motor protection", response="SINGLE_ACKNOWLEDGEMENT"),
    )
    panel.table.selectAll()
    panel.acknowledge_action.trigger()
    dialog = panel.operator.dialog
    assert dialog.objectName() == "alarmAcknowledgeDialog"
    assert dialog._title.text() == "Acknowledge 2 of 3 alarms?"
    assert "motor protection" in dialog._text.text()
    assert dialog.send.text() == "Acknowledge 2"
    assert panel.plant.server.calls == []
    QTest.keyClick(dialog.send, Keys.Key_Return)
    await until(lambda: panel.operator.dialog is None and panel.plant.server.calls)
    await until(lambda: len(panel.operator.notes.keys_shown()) == 2)
    [(_, keys)] = panel.plant.server.calls
    assert {key.name for key in keys} == {"HMI_RT_1::a:Hi", "HMI_RT_1::b:Hi"}


async def test_single_ones_go_alone_one_after_another_when_asked_for(shown):
    panel = shown(
        make_alarm("a:Hi"),
        make_alarm("s:Hi", response="SINGLE_ACKNOWLEDGEMENT"),
        make_alarm("t:Hi", response="SINGLE_ACKNOWLEDGEMENT"),
    )
    panel.table.selectAll()
    panel.acknowledge_action.trigger()
    dialog = panel.operator.dialog
    dialog.alone.click()
    assert dialog._title.text() == "Acknowledge 3 alarms?"
    dialog.send.click()
    await until(lambda: len(panel.plant.server.calls) == 3)
    assert [len(keys) for _, keys in panel.plant.server.calls] == [1, 1, 1]
    await until(lambda: not panel.tasks.is_running("alarms-acknowledge"))


async def test_the_reply_of_one_plant_is_not_shown_at_the_alarms_of_another(shown):
    panel = shown(make_alarm("a:Hi"))
    panel.plant.server.answer = rejected()
    panel.table.selectAll()
    panel.acknowledge_action.trigger()
    panel.set_plant(make_plant([make_alarm("a:Hi")]))
    frame(panel)
    await until(lambda: not panel.tasks.is_running("alarms-acknowledge"))
    assert panel.operator.notes.keys_shown() == []
    assert not panel.strip.isVisible()


async def test_the_last_hour_is_the_last_hour_of_the_servers_clock(shown):
    panel = shown(make_alarm("a:Hi"))
    plant, ahead = panel.plant, 300 * SECOND
    plant.trends.open("T", step=False)
    for value in (1.0, 2.0):
        plant.on_samples([Sample("T", value, GOOD, NOW + ahead, NOW)])
        frame(panel)
    panel.history_bar.set_span("1h")
    panel.set_mode("history")
    await until(lambda: plant.server.asked)
    assert plant.server.asked[-1][1] == plant.clock() + ahead
    await until(lambda: not panel.tasks.is_running("alarm-log"))


async def test_cancel_sends_nothing(shown):
    panel = shown(make_alarm("a:Hi"), make_alarm("b:Hi"))
    panel.table.selectAll()
    panel.acknowledge_action.trigger()
    QTest.keyClick(panel.operator.dialog, Keys.Key_Escape)
    await until(lambda: panel.operator.dialog is None)
    assert panel.plant.server.calls == []


async def test_what_was_acknowledged_while_the_question_was_open_is_not_sent(shown):
    panel = shown(make_alarm("a:Hi"), make_alarm("b:Hi"))
    panel.table.selectAll()
    panel.acknowledge_action.trigger()
    push(panel, make_alarm("a:Hi", state=AlarmState.RAISED_ACKNOWLEDGED))
    panel.operator.dialog.send.click()
    await until(lambda: panel.plant.server.calls)
    [(_, keys)] = panel.plant.server.calls
    assert [key.name for key in keys] == ["HMI_RT_1::b:Hi"]
    await until(lambda: not panel.tasks.is_running("alarms-acknowledge"))


async def test_a_refusal_stays_at_the_alarm_and_above_the_table_until_dismissed(shown):
    panel = shown(make_alarm("a:Hi", text="flow low"))
    panel.plant.server.answer = rejected()
    panel.table.selectRow(0)
    panel.acknowledge_action.trigger()
    await until(lambda: panel.strip.isVisible())
    assert panel.strip.text == (
        "flow low The server refused to acknowledge: Alarm cannot be acknowledged now (305)"
    )
    assert panel.table.alarms.text(0, INDEX[SortBy.ACKNOWLEDGED]) == "rejected 305"
    push(panel, make_alarm("b:Hi"))
    assert panel.strip.isVisible()
    panel.strip.dismissed.emit()
    assert not panel.strip.isVisible()


async def test_no_answer_is_unverified_until_the_alarm_itself_says_more(shown):
    panel = shown(make_alarm("a:Hi"))
    panel.plant.server.answer = NotReachable("No answer.", may_have_arrived=True)
    panel.table.selectRow(0)
    panel.acknowledge_action.trigger()
    await until(lambda: panel.strip.isVisible())
    assert "may have happened" in panel.strip.text
    panel.plant.on_alarms_restart([make_alarm("a:Hi", state=AlarmState.RAISED_ACKNOWLEDGED)])
    frame(panel)
    assert not panel.strip.isVisible()
    assert len(panel.plant.server.calls) == 1


async def test_reset_is_for_alarms_that_wait_for_it(shown):
    panel = shown(
        make_alarm(
            "a:Hi",
            state=AlarmState.RAISED_ACKNOWLEDGED_CLEARED,
            response="RESET",
            state_machine=RESET_MACHINE,
        )
    )
    panel.table.selectRow(0)
    assert "waits for it" in panel.acknowledge_action.toolTip()
    await keyboard_at(panel.table)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Keys.Key_Z, CTRL_SHIFT)
    await until(lambda: panel.plant.server.calls)
    assert panel.plant.server.calls[0][0] is AlarmAction.RESET
    await until(lambda: not panel.tasks.is_running("alarms-reset"))


async def test_a_viewer_is_told_why_there_is_no_acknowledging(shown):
    panel = shown(make_alarm("a:Hi"))
    may = frozenset(Capability) - {Capability.ACKNOWLEDGE}
    set_state(
        panel.plant,
        LinkState.LIVE,
        Capabilities(may, {Capability.ACKNOWLEDGE: "right_missing"}),
    )
    frame(panel)
    panel.table.selectRow(0)
    assert not panel.bar.acknowledge.isEnabled()
    assert "lacks the right" in panel.bar.acknowledge.toolTip()


# Pixels.


def block_pixel(panel, row=0):
    """The colour in the middle of the block's upper part, between icon and text."""
    table = panel.table
    x = (
        table.columns.sectionViewportPosition(INDEX[SortBy.CLASS])
        + table.columns.sectionSize(INDEX[SortBy.CLASS])
        - 6
    )
    y = table.rowViewportPosition(row) + 6
    return table.viewport().grab().toImage().pixelColor(x, y)


async def test_the_block_has_the_servers_colour_and_alternates_in_step(shown):
    panel = shown(
        make_alarm("a:Hi", back_color="#12AB34", ago_s=1),
        make_alarm("b:Hi", back_color="#AA00BB", ago_s=2),
        make_alarm("c:Hi", back_color="#445566", ago_s=3, flashing=False),
    )
    start = NOW - NOW % SECOND + 10 * SECOND
    colours = []
    for ms in (0, 500, 1000):
        panel.plant.clock.now_ns = start + ms * 1_000_000
        frame(panel, ms=0)
        colours.append([block_pixel(panel, row).name() for row in range(3)])
    assert colours == [
        ["#12ab34", "#aa00bb", "#445566"],
        ["#ffffff", "#ffffff", "#445566"],
        ["#12ab34", "#aa00bb", "#445566"],
    ]
    panel.plant.clock.now_ns = start + 1_600_000_000
    panel.flashing_action.setChecked(False)
    frame(panel, ms=0)
    assert block_pixel(panel) == QColor("#12AB34")


async def test_a_lost_link_hatches_the_block_stops_flashing_and_keeps_the_bar(shown):
    panel = shown(make_alarm("a:Hi", back_color="#12AB34"))
    set_state(panel.plant, LinkState.RECONNECTING)
    frame(panel)
    table = panel.table
    assert block_pixel(panel) != QColor("#12AB34")
    image = table.viewport().grab().toImage()
    assert image.pixelColor(24, table.rowViewportPosition(0) + 12) == QColor("#12AB34")
    assert "as of" in panel.header_text()
    assert "link is down" in panel.acknowledge_action.toolTip()
    set_state(panel.plant, LinkState.LIVE)
    panel.plant.on_alarms_restart([make_alarm("a:Hi", back_color="#12AB34")])
    frame(panel)
    assert "as of" not in panel.header_text()


async def test_counts_of_a_lost_link_are_marked_on_the_chips(shown):
    panel = shown(make_alarm("a:Hi", priority=14), make_alarm("c:Hi", suppression="SHELVED"))
    bar = panel.bar
    chips = (bar.active, bar.unacknowledged, bar.priority, bar.shelved)
    widths = [chip.sizeHint().width() for chip in chips]
    before = bar.active.grab().toImage()
    set_state(panel.plant, LinkState.RECONNECTING)
    frame(panel)
    assert [chip.accessibleName()[-9:] for chip in chips] == ["1 (stale)"] * 4
    assert all(chip.toolTip().startswith("Stale, as of ") for chip in chips)
    assert bar.active.grab().toImage() != before
    assert all(chip.sizeHint().width() > width for chip, width in zip(chips, widths, strict=True))
    set_state(panel.plant, LinkState.LIVE)
    panel.plant.on_alarms_restart([make_alarm("a:Hi", priority=14)])
    frame(panel)
    assert bar.active.accessibleName() == "Active 1"
    assert bar.active.toolTip() == ""


async def test_another_plant_that_is_never_reached_has_no_counts(shown):
    panel = shown(*(make_alarm(f"A{i}:Hi", area="Dosing") for i in range(7)))
    panel.bar.set_areas(frozenset({"Dosing"}))
    panel._apply_filter()
    assert panel.bar.active.accessibleName() == "Active 7"
    assert panel.bar.area.accessibleName().endswith(" 7")
    never = make_plant([], live=False)
    set_state(never, LinkState.RECONNECTING)
    panel.set_plant(never)
    frame(panel)
    bar = panel.bar
    assert not never.alarms.is_known
    for chip in (bar.active, bar.unacknowledged, bar.priority, bar.shelved, bar.area):
        assert not any(letter.isdigit() for letter in chip.accessibleName().split("≥")[0])
    assert bar.priority.accessibleName() == bar.priority.text()
    menu = bar.area_menu()
    assert [action.text() for action in menu.actions() if action.isCheckable()] == ["Dosing"]
    menu.deleteLater()


async def test_no_alarm_is_said_only_while_that_is_known(shown):
    panel = shown()
    assert "No alarm stands" in panel.empty.text
    set_state(panel.plant, LinkState.RECONNECTING)
    frame(panel)
    assert "No alarm stood at " in panel.empty.text
    assert "not known" in panel.empty.text
    set_state(panel.plant, LinkState.LIVE)
    panel.plant.on_alarms_restart([])
    frame(panel)
    assert "No alarm stands" in panel.empty.text


async def test_greys_replace_the_servers_colours(shown):
    panel = shown(make_alarm("a:Hi", back_color="#12AB34", flashing=False))
    panel.greys_action.setChecked(True)
    assert block_pixel(panel) == QColor("#3A4047")


# Copy, jump, details.


async def test_rows_are_copied_as_they_are_shown(shown):
    panel = shown(
        make_alarm("a:Hi", text="flow\tlow", value=1.5, area="Dosing"), make_alarm("b:Hi")
    )
    panel.table.setFocus()
    await keyboard_at(panel.table)
    QTest.keyClick(panel.table, Keys.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(panel.table, Keys.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 3
    assert lines[0].split("\t")[:4] == ["State", "Prio", "Class", "Raised"]
    assert len({line.count("\t") for line in lines}) == 1
    assert any("flow low" in line for line in lines)


async def test_one_key_asks_for_the_trend_around_the_raise(shown):
    panel = shown(make_alarm("P2111.Trip:Alarm", ago_s=60))
    asked = []
    panel.desk.moment_requested.connect(lambda *moment: asked.append(moment))
    panel.table.selectRow(0)
    await keyboard_at(panel.table)
    assert panel.trend_action.isEnabled()
    QTest.keyClick(panel.table, Keys.Key_F7)
    assert asked == [("HMI_RT_1::P2111.Trip", NOW - 60 * SECOND)]


async def test_what_the_keys_do_follows_the_current_row_and_not_only_the_selection(shown):
    panel = shown(make_alarm("P2111.Trip:Alarm"), make_alarm("b:Hi", trigger_tag=""))
    await keyboard_at(panel.table)
    table = panel.table
    first, second = (
        next(r for r in range(2) if names(panel)[r] == name)
        for name in ("P2111.Trip:Alarm", "b:Hi")
    )
    move = table.selectionModel().setCurrentIndex
    nothing = table.selectionModel().SelectionFlag.NoUpdate
    move(table.model().index(first, 0), nothing)
    assert panel.trend_action.isEnabled()
    move(table.model().index(second, 0), nothing)
    assert not panel.trend_action.isEnabled()
    assert "trigger tag" in panel.trend_action.toolTip()


async def test_enter_opens_the_details_that_follow_the_alarm(shown):
    earlier = make_alarm("a:Hi", ago_s=8_000, clear_time_ns=NOW - 7_900 * SECOND)
    panel = shown(make_alarm("a:Hi", text="flow low"), make_alarm("b:Hi", text="other", ago_s=90))
    panel.plant.server.log = [earlier, make_alarm("b:Hi", text="other", ago_s=90)]
    panel.table.selectRow(0)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Keys.Key_Return)
    details = panel.details
    assert details.objectName() == "alarmDetails"
    assert details._title.text() == "flow low"
    await until(lambda: not panel.tasks.is_running("alarm-details"))
    spoken = [
        label.text()
        for label in details.findChildren(type(details._title))
        if label.isVisibleTo(details)
    ]
    assert "−30.000 s" in spoken
    assert any("2 raises in 3 days, not chattering" in text for text in spoken)
    assert details._stands.text() == "unacknowledged"
    assert not details.previous.isEnabled()
    QTest.mouseClick(details.next, Qt.MouseButton.LeftButton)
    assert details._title.text() == "other"
    QTest.mouseClick(details.acknowledge, Qt.MouseButton.LeftButton)
    await until(lambda: panel.plant.server.calls)
    push(panel, make_alarm("b:Hi", text="other", state=AlarmState.RAISED_ACKNOWLEDGED, ago_s=90))
    assert details._stands.text() == "stands"
    assert not details.acknowledge.isEnabled()
    QTest.keyClick(details, Keys.Key_Escape)
    await until(lambda: panel.details is None)


async def test_no_bare_key_acts(shown):
    panel = shown(make_alarm("a:Hi"))
    panel.table.selectRow(0)
    panel.table.setFocus()
    QTest.keyClicks(panel.table, "arq xyz")
    await asyncio.sleep(0)
    assert panel.plant.server.calls == []
    assert selected(panel) in ([], ["a:Hi"])


async def test_the_context_menu_has_everything_and_reasons(shown):
    panel = shown(make_alarm("a:Hi", trigger_tag=""))
    panel.table.selectRow(0)
    menu = context_menu(panel)
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts[:4] == ["Details", "Acknowledge", "Reset", "Trend of trigger"]
    assert "does not name a trigger tag" in panel.trend_action.toolTip()
    assert {"Sort by", "Columns", "Copy"} <= {sub.title() for sub in menu.findChildren(QMenu)}
    menu.deleteLater()
    more = view_menu(panel)
    assert {"Active", "Shelved", "History", "Area"} <= {action.text() for action in more.actions()}
    more.deleteLater()


# History.


async def test_the_history_shows_records_filters_and_exports_them(shown, tmp_path):
    panel = shown(make_alarm("a:Hi"))
    panel.plant.server.log = [
        make_alarm("x:Hi", modification_time_ns=NOW - SECOND, text="=1+1", area="Dosing"),
        make_alarm("y:Hi", modification_time_ns=NOW - 2 * SECOND, area="Cooling"),
    ]
    panel.bar.history.click()
    await until(lambda: names(panel) == ["x:Hi", "y:Hi"])
    assert panel.history_bar.said.text() == "2 records"
    assert not panel.acknowledge_action.isEnabled()
    start_ns, end_ns, *_ = panel.plant.server.asked[-1]
    assert end_ns - start_ns == 8 * 3_600 * SECOND
    panel.bar.search.setText("dosing")
    assert names(panel) == ["x:Hi"]
    panel.export_to(tmp_path / "out.csv")
    await until(lambda: not panel.tasks.is_running("alarm-export"))
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["alarm"], row["text"]) for row in rows] == [("HMI_RT_1::x:Hi", "'=1+1")]
    panel.bar.search.clear()
    before = len(panel.plant.server.asked)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Keys.Key_F5)
    await until(lambda: len(panel.plant.server.asked) == before + 1)
    await until(lambda: not panel.tasks.is_running("alarm-log"))
    panel.bar.active.click()
    panel.clear_filters()
    assert names(panel) == ["a:Hi"]


async def test_a_refused_filter_is_quoted_and_put_right_by_a_button(shown):
    panel = shown()
    panel.plant.server.log_error = ServerRefused("Syntax error in the filter", code="301")
    panel.set_mode("history")
    await until(lambda: panel.plant.server.asked and not panel.tasks.is_running("alarm-log"))
    panel.history_bar.filter.setText("priority > 5 AND ara = 'Dosing'")
    QTest.keyClick(panel.history_bar.filter, Keys.Key_Return)
    await until(lambda: "301" in panel.empty.text)
    assert "“ara”; did you mean “area”" in panel.empty.text
    panel.plant.server.log_error = None
    use = next(button for button in panel.empty._state._buttons if button.text() == "Use “area”")
    use.click()
    await until(lambda: panel.plant.server.asked[-1][2] == "priority > 5 AND area = 'Dosing'")
    await until(lambda: not panel.tasks.is_running("alarm-log"))


async def test_a_slow_log_can_be_given_up(shown):
    panel = shown(make_alarm("a:Hi"))
    panel.plant.server.gate = asyncio.Event()
    panel.set_mode("history")
    await until(lambda: panel.plant.server.asked)
    assert panel.history_bar.cancel.isVisible()
    panel.history_bar.cancel.click()
    await until(lambda: not panel.tasks.is_running("alarm-log"))
    assert not panel.history_bar.cancel.isVisible()


async def test_when_nothing_stands_the_panel_says_what_was(shown):
    panel = shown()
    panel.plant.server.log = [make_alarm("x:Hi", ago_s=i * 100) for i in range(14)]
    panel.empty.forget()
    frame(panel, ms=1000)
    assert panel.empty.text.startswith("No alarm stands")
    await until(lambda: not panel.tasks.is_running("alarm-raises"))
    frame(panel, ms=1000)
    assert "14 were raised in the last 24 hours." in panel.empty.text


async def test_a_panel_without_plant_or_answer_says_so(qapp):
    panel = AlarmPanel(make_desk())
    assert "No plant yet" in panel.empty.text
    panel.set_plant(make_plant(live=False))
    frame(panel)
    assert "No alarms yet" in panel.empty.text
    plant = make_plant()
    plant.drain()
    plant.alarms = AlarmStore()  # live, and the first answer has not come
    panel.set_plant(plant)
    frame(panel)
    assert panel.empty.text == "Reading what stands"
    panel.set_plant(None)
    await panel.close_panel()
    panel.deleteLater()


# Columns.


async def test_columns_sorting_and_looks_are_remembered(shown):
    panel = shown(make_alarm("a:Hi"))
    header = panel.table.columns
    header.show_column(SortBy.NAME.value, True)
    header.show_column(SortBy.AREA.value, False)
    header.move_column(SortBy.TRIGGER.value, -1)
    header.resizeSection(INDEX[SortBy.CLASS], 133)
    header.set_sort(SortOrder(SortBy.TEXT, False, False))
    panel.flashing_action.setChecked(False)
    panel.greys_action.setChecked(True)
    state = panel.save_state()
    other = shown(make_alarm("a:Hi"))
    other.restore_state(state)
    assert other.table.columns.shown_columns() == header.shown_columns()
    assert other.table.columns.sectionSize(INDEX[SortBy.CLASS]) == 133
    assert other.table.columns.sort == SortOrder(SortBy.TEXT, False, False)
    assert not other.table.flashing
    assert other.save_state() == state
    other.table.columns.reset_columns()
    assert not other.table.columns.isSectionHidden(INDEX[SortBy.AREA])


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"flashing": "yes", "colors": 7, "columns": [], "span": 3},
        {
            "columns": {
                "active": {"order": ["nothing", 3], "widths": {"class": -5, "x": 1}, "sort": ["a"]}
            }
        },
    ],
)
async def test_a_senseless_memory_is_ignored(shown, state):
    panel = shown(make_alarm("a:Hi"))
    before = panel.table.columns.shown_columns()
    panel.restore_state(state)
    assert panel.table.columns.shown_columns() == before


async def test_a_narrow_window_drops_columns_and_chips_but_never_the_text(shown):
    panel = shown(make_alarm("a:Hi"), width=1920)
    wide = len(panel.table.columns.shown_columns())
    panel.resize(900, 300)
    await until(lambda: len(panel.table.columns.shown_columns()) < wide)
    assert INDEX[SortBy.TEXT] in panel.table.columns.shown_columns()
    assert panel.table.columns.sectionSize(INDEX[SortBy.TEXT]) >= 300
    assert panel.bar.acknowledge.isVisible()
    assert panel.bar.acknowledge.geometry().right() <= panel.bar.width()
    panel.resize(1920, 300)
    await until(lambda: len(panel.table.columns.shown_columns()) == wide)


async def test_everything_has_a_name_for_screen_readers(shown):
    panel = shown(make_alarm("a:Hi", text="flow low"))
    for widget in (
        panel.table, panel.bar.search, panel.bar.active, panel.bar.area, panel.bar.more,
        panel.bar.acknowledge, panel.history_bar.filter, panel.history_bar.start,
        panel.heading,
    ):  # fmt: skip
        assert widget.accessibleName(), widget.objectName()
    model = panel.table.alarms
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(0, 0).data(role) == "Raised, unacknowledged"
    assert model.index(0, INDEX[SortBy.TEXT]).data(role) == "flow low"
    assert model.rowCount(model.index(0, 0)) == 0
    assert not model.index(0, 0).parent().isValid()
    assert QModelIndex().data() is None
