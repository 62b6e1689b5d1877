"""What both tables owe, whatever they show, and the alarm table with more rows than fit a frame."""

from __future__ import annotations

import asyncio
import gc
import platform
import subprocess
import sys
import time
import weakref

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QHelpEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu, QToolTip

from tagwerk.domain.alarms import AlarmState, Notification
from tagwerk.domain.connection import LinkState
from tagwerk.store.alarm_order import SortBy
from tagwerk.store.alarm_view import AT_ONCE
from tagwerk.ui.alarms import tally as tally_module
from tagwerk.ui.alarms.cells import INDEX
from tagwerk.ui.collector import MANY, LeftBehind, LongLived
from tagwerk.ui.panels.alarms import AlarmPanel
from ui.alarms_support import (
    SECOND,
    changed,
    frame,
    make_alarm,
    make_desk,
    make_plant,
)
from ui.keyboard import keyboard_at

pytestmark = pytest.mark.ui

MORE = AT_ONCE + 500
Keys = Qt.Key
NO_UPDATE = QItemSelectionModel.SelectionFlag.NoUpdate
ADD = (
    QItemSelectionModel.SelectionFlag.Select
    | QItemSelectionModel.SelectionFlag.Current
    | QItemSelectionModel.SelectionFlag.Rows
)


async def until(condition, timeout_s=10.0):
    """Wait for a state of the window."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
async def shown(qapp):
    panels = []

    def show(*alarms, width=1920, height=400):
        panel = AlarmPanel(make_desk())
        panel.header_widget().setParent(panel)
        panel.resize(width, height)
        panel.show()
        panel.activateWindow()
        panel.set_plant(make_plant(alarms))
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


async def many(shown, count=MORE):
    """A panel with more alarms than are sorted at once, all of them in their rows."""
    panel = shown(
        *(make_alarm(f"A{i:04}:Hi", ago_s=10 + i, area=f"Area {i % 3}") for i in range(count))
    )
    while not panel.plant.alarms.is_known:
        frame(panel)
    frame(panel)
    await until(lambda: panel.table.alarms.rowCount() == count)
    frame(panel)
    return panel


def names(panel, count=5):
    model = panel.table.alarms
    return [model.alarm_at(row).name.split("::")[1].partition(":")[0] for row in range(count)]


async def test_another_order_of_many_comes_between_events_and_keeps_selection_and_keyboard(shown):
    panel = await many(shown)
    QAbstractItemModelTester(
        panel.table.alarms, QAbstractItemModelTester.FailureReportingMode.Fatal, panel
    )
    panel.table.selectRow(7)
    chosen = panel.table.selected_ids()
    panel.table.columns.sort_by(SortBy.TRIGGER)
    assert panel.table.alarms.view.is_sorting
    frame(panel)
    assert "being sorted" in panel.header_text()
    assert panel.table.selected_ids() == chosen
    await until(lambda: not panel.table.alarms.view.is_sorting)
    assert "being sorted" not in panel.header_text()
    assert panel.table.selected_ids() == chosen
    assert panel.table.currentIndex().row() == panel.table.alarms.row_of(chosen[0])
    assert names(panel) == [f"A{i:04}" for i in range(5)]


async def test_a_search_in_many_narrows_and_changes_meanwhile_are_not_lost(shown):
    panel = await many(shown)
    panel.bar.search.setText("a12")
    await until(lambda: panel.table.alarms.rowCount() == 100)
    panel.bar.search.setText("a123")
    panel.plant.on_alarms(
        [
            changed(make_alarm("A1230:Hi"), Notification.REMOVED),
            changed(make_alarm("A9123:Hi", text="A1234 again")),
        ]
    )
    frame(panel)
    await until(lambda: panel.table.alarms.rowCount() == 10)
    frame(panel)
    assert "A1230" not in names(panel, 10)
    assert "A9123" in names(panel, 10)
    panel.clear_filters()
    await until(lambda: panel.table.alarms.rowCount() == MORE)


async def test_an_order_that_is_not_there_yet_is_not_told_as_no_alarms(shown):
    panel = shown()
    panel.plant.on_alarms_restart([make_alarm(f"A{i}:Hi") for i in range(MORE)])
    while len(panel.plant.alarms) < MORE:
        frame(panel)
        assert panel.stack.currentWidget() is panel.table
    await until(lambda: panel.table.alarms.rowCount() == MORE)


async def test_all_of_many_selected_are_counted_between_events(shown, monkeypatch):
    monkeypatch.setattr(tally_module, "_SLICE_S", 0.0)
    panel = await many(shown)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Keys.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert panel.tally.is_counting
    assert panel.acknowledge_action.isEnabled()
    await until(lambda: not panel.tally.is_counting)
    assert panel.bar.acknowledge.text() == f"Acknowledge {MORE}"
    frame(panel)
    assert not panel.tally.is_counting
    panel.table.select_alarms([panel.table.alarms.id_at(0)])
    assert panel.bar.acknowledge.text() == "Acknowledge 1"


async def test_a_held_order_lets_go_of_many_scattered_rows_at_once(shown):
    panel = await many(shown)
    QAbstractItemModelTester(
        panel.table.alarms, QAbstractItemModelTester.FailureReportingMode.Fatal, panel
    )
    panel.table.selectAll()
    gone = [make_alarm(f"A{i:04}:Hi") for i in range(0, 120, 3)]
    panel.plant.on_alarms([changed(each, Notification.REMOVED) for each in gone])
    frame(panel)
    assert panel.table.alarms.is_held
    assert len(panel.table.selected_spans()) == 1
    panel.grab()
    assert panel.table.alarms.rowCount() == panel.table.selected_count() == MORE - 40
    assert names(panel, 4) == ["A0001", "A0002", "A0004", "A0005"]


async def test_a_large_selection_stays_one_stretch_however_many_alarms_leave(shown):
    panel = shown(*(make_alarm(f"A{i:04}:Hi", ago_s=10 + i) for i in range(260)))
    QAbstractItemModelTester(
        panel.table.alarms, QAbstractItemModelTester.FailureReportingMode.Fatal, panel
    )
    table = panel.table
    await keyboard_at(table)
    QTest.keyClick(table, Keys.Key_A, Qt.KeyboardModifier.ControlModifier)
    table.selectionModel().setCurrentIndex(table.alarms.index(50, 0), NO_UPDATE)
    for step in range(6):
        gone = [make_alarm(f"A{i:04}:Hi") for i in range(48 - step, 200, 40)]
        panel.plant.on_alarms(
            [changed(each, Notification.REMOVED) for each in gone]
            + [changed(make_alarm(f"N{step}:Hi", ago_s=-step))]
        )
        frame(panel)
        assert len(table.selected_spans()) == 1
        assert table.selected_count() == table.alarms.rowCount() - step - 1
    # What Qt itself, and so screen readers, take for selected is the same.
    chosen = {index.row() for index in table.selectionModel().selectedRows()}
    assert chosen == set(range(6, table.alarms.rowCount()))
    current = table.currentIndex()
    assert table.alarms.alarm_at(current.row()).name.endswith("A0050:Hi")
    # A row that is chosen with Shift is added, as after any row that came.
    table.selectionModel().select(table.alarms.index(3, 0), ADD)
    assert table.selected_rows()[:2] == [3, 6]
    QTest.keyClick(table, Keys.Key_Down)
    assert table.selected_rows() == [current.row() + 1]


async def test_the_keyboard_goes_to_the_neighbour_of_a_row_that_leaves_a_held_order(shown):
    panel = shown(*(make_alarm(f"A{i:04}:Hi", ago_s=10 + i) for i in range(300)))
    table = panel.table
    table.selectAll()
    table.selectionModel().setCurrentIndex(table.alarms.index(50, 0), NO_UPDATE)
    gone = [make_alarm(f"A{i:04}:Hi") for i in (20, 49, 50, 51)]
    panel.plant.on_alarms(
        [changed(each, Notification.REMOVED) for each in gone] + [changed(make_alarm("N:Hi"))]
    )
    frame(panel)
    assert table.alarms.alarm_at(table.currentIndex().row()).name.endswith("A0048:Hi")
    assert table.selected_count() == 296


async def test_a_search_with_all_selected_takes_out_what_it_hides(shown):
    panel = await many(shown)
    panel.table.selectAll()
    frame(panel)
    panel.bar.search.setText("a12")
    await until(lambda: panel.table.alarms.rowCount() == 100)
    assert panel.table.selected_rows() == list(range(100))
    panel.clear_filters()
    await until(lambda: panel.table.alarms.rowCount() == MORE)
    assert panel.table.selected_count() == 100


async def test_many_rows_are_copied_between_events_with_their_titles(shown):
    panel = await many(shown)
    said = []
    panel.desk.banner_requested.connect(lambda *what: said.append(what))
    panel.table.selectAll()
    panel.copy_action.trigger()
    gone = make_alarm("A0003:Hi")
    panel.plant.on_alarms([changed(gone, Notification.REMOVED)])
    frame(panel)
    await until(lambda: said)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:4] == ["State", "Prio", "Class", "Raised"]
    assert len(lines) in (MORE, MORE + 1)
    assert f"{len(lines) - 1} rows copied" in said[0][1]


async def test_copying_takes_visible_columns_in_their_order(shown):
    panel = shown(make_alarm("a:Hi", text="two\twords", area="Dosing"))
    header = panel.table.columns
    for key in ("state", "priority", "class", "raised", "value", "cleared", "acknowledged"):
        header.show_column(key, False)
    header.show_column("stands_for", False)
    header.move_column("area", -1)
    panel.table.selectAll()
    panel.copy_action.trigger()
    assert QGuiApplication.clipboard().text() == ("Area\tText\tTrigger tag\nDosing\ttwo words\ta\n")


async def test_typing_goes_to_the_next_row_that_begins_so(shown):
    panel = shown(
        make_alarm("1:Hi", text="Pump A", ago_s=1),
        make_alarm("2:Hi", text="Motor", ago_s=2),
        make_alarm("3:Hi", text="Pressure", ago_s=3),
        make_alarm("4:Hi", text="Pump B", ago_s=4),
    )
    await keyboard_at(panel.table)
    panel.table.selectRow(0)
    QTest.keyClicks(panel.table, "pu")
    assert panel.table.currentIndex().row() == 3
    QTest.keyClicks(panel.table, "zz")
    assert panel.table.currentIndex().row() == 3
    panel.table._typed_s = 0.0
    QTest.keyClicks(panel.table, "m")
    assert (panel.table.currentIndex().row(), panel.table.selected_rows()) == (1, [1])
    assert panel.plant.server.calls == []


async def test_a_cut_cell_tells_its_whole_text(shown):
    panel = shown(make_alarm("a:Hi", area="A very long name of an area that has no room"))
    table = panel.table
    index = table.alarms.index(0, INDEX[SortBy.AREA])
    assert table.tip(index).startswith("A very long name of an area that has no room\n")
    assert "HI" not in table.tip(table.alarms.index(0, INDEX[SortBy.PRIORITY])).split("\n")[0]
    at = table.visualRect(index).center()
    event = QHelpEvent(QEvent.Type.ToolTip, at, table.viewport().mapToGlobal(at))
    QGuiApplication.sendEvent(table.viewport(), event)
    assert "no room" in QToolTip.text()
    QToolTip.hideText()


async def test_columns_are_arranged_by_keyboard_too(shown):
    panel = shown(make_alarm("a:Hi"))
    header = panel.table.columns
    menu = QMenu()
    header.fill_menu(menu)
    arrange = next(sub for sub in menu.findChildren(QMenu) if sub.title() == "Arrange columns")
    area = next(sub for sub in arrange.findChildren(QMenu) if sub.title() == "Area")
    before = header.sectionSize(INDEX[SortBy.AREA])
    left, right, wider, narrower = area.actions()
    wider.trigger()
    assert header.sectionSize(INDEX[SortBy.AREA]) > before
    narrower.trigger()
    assert header.sectionSize(INDEX[SortBy.AREA]) == before
    place = header.shown_columns().index(INDEX[SortBy.AREA])
    left.trigger()
    assert header.shown_columns().index(INDEX[SortBy.AREA]) == place - 1
    right.trigger()
    assert header.shown_columns().index(INDEX[SortBy.AREA]) == place
    header.widen_column("area", -4000)
    assert header.sectionSize(INDEX[SortBy.AREA]) > 10
    menu.deleteLater()


async def test_screen_readers_get_the_same_texts_through_the_table_interface(shown):
    panel = shown(make_alarm("a:Hi", ago_s=1), make_alarm("b:Hi", ago_s=2, area="Cooling"))
    interface = QAccessible.queryAccessibleInterface(panel.table)
    cells = [interface.child(i) for i in range(interface.childCount())]
    texts = [cell.text(QAccessible.Text.Name) for cell in cells if cell is not None]
    model = panel.table.alarms
    for row in range(2):
        for column in panel.table.columns.shown_columns():
            spoken = model.data(model.index(row, column), Qt.ItemDataRole.AccessibleTextRole)
            assert spoken in texts
            assert spoken.startswith(model.text(row, column))
    assert {"Cooling", "Area"} <= set(texts)


async def test_what_nobody_sees_costs_nothing_and_is_up_to_date_when_it_is_seen(shown):
    panel = shown(make_alarm("a:Hi"))
    panel.hide()
    made = panel.table.painter.images.made
    for i in range(5):
        panel.plant.on_alarms([changed(make_alarm(f"B{i}:Hi"))])
        frame(panel)
    assert panel.table.alarms.rowCount() == 1
    assert panel.table.painter.images.made == made
    panel.show()
    frame(panel)
    assert panel.table.alarms.rowCount() == 6


async def test_a_row_is_painted_once_and_copied_while_its_alarm_stays(shown):
    panel = shown(*(make_alarm(f"A{i}:Hi", ago_s=100 + i) for i in range(8)))
    images = panel.table.painter.images
    panel.grab()
    made = images.made
    panel.grab()
    panel.plant.clock.now_ns += 3 * SECOND
    panel.grab()
    assert images.made == made
    panel.plant.on_alarms(
        [changed(make_alarm("A3:Hi", ago_s=103, state=AlarmState.RAISED_ACKNOWLEDGED))]
    )
    frame(panel)
    panel.grab()
    assert images.made == made + 1
    panel.texts.forget()
    panel.grab()
    assert images.made == made + 9


async def test_nothing_is_painted_where_nothing_changes(shown):
    panel = shown(make_alarm("a:Hi", flashing=False, state=AlarmState.RAISED_ACKNOWLEDGED))
    panel.table.columns.show_column("stands_for", False)
    await until(lambda: panel.table.painter.images.made)
    frame(panel)
    await asyncio.sleep(0)
    QGuiApplication.sendPostedEvents()
    paints = []
    panel.table.end_picture = lambda: paints.append(1)
    for _ in range(20):
        frame(panel, ms=100)
        QGuiApplication.sendPostedEvents()
        await asyncio.sleep(0)
    assert paints == []
    del panel.table.end_picture


async def test_a_key_that_moves_row_and_selection_is_told_once(shown):
    panel = shown(*(make_alarm(f"A{i:02}:Hi", ago_s=i) for i in range(9)))
    table = panel.table
    await keyboard_at(table)
    table.selectRow(0)
    told = []
    table.selection_moved.connect(lambda: told.append(table.selected_rows()))
    QTest.keyClick(table, Keys.Key_Down)
    assert told == [[1]]
    QTest.keyClick(table, Keys.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert told == [[1], [1]]
    QTest.keyClick(table, Keys.Key_Home)
    QTest.keyClick(table, Keys.Key_Home)
    assert told == [[1], [1], [0]]


async def test_the_keys_of_a_table_reach_every_row(shown):
    panel = shown(*(make_alarm(f"A{i:02}:Hi", ago_s=i) for i in range(60)), height=300)
    table = panel.table
    await keyboard_at(table)
    table.selectRow(0)
    QTest.keyClick(table, Keys.Key_PageDown)
    page = table.currentIndex().row()
    assert 2 < page < 20
    QTest.keyClick(table, Keys.Key_End)
    assert table.selected_rows() == [59]
    QTest.keyClick(table, Keys.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(table, Keys.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert table.selected_rows() == [57, 58, 59]
    QTest.keyClick(table, Keys.Key_Home)
    assert table.selected_rows() == [0]
    QTest.keyClick(table, Keys.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert table.selected_rows() == list(range(60))
    table.selectRow(0)
    table.scrollToTop()
    where = table.row_rect(4).center()
    ctrl = Qt.KeyboardModifier.ControlModifier
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, ctrl, QPoint(200, where.y()))
    assert table.selected_rows() == [0, 4]


def test_what_came_to_stay_is_kept_from_the_collector():
    kept = LongLived()
    try:
        before = gc.get_freeze_count()
        kept.note(MANY - 1)
        assert gc.get_freeze_count() == before
        kept.note(MANY)
        assert gc.get_freeze_count() > before
        gone = weakref.ref(_Ring())
        gc.freeze()
        assert gone() is not None
        kept.forget()
        assert gone() is None
    finally:
        gc.unfreeze()


def test_what_a_lost_session_left_is_collected_when_the_next_one_is_live(qapp):
    parent = QObject()
    left = LeftBehind(parent)
    left.timer.setInterval(0)
    left.follow(LinkState.LIVE)
    assert not left.timer.isActive()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        gone = weakref.ref(_Ring())
        left.follow(LinkState.RECONNECTING)
        left.follow(LinkState.CONNECTING)
        assert not left.timer.isActive()
        left.follow(LinkState.LIVE)
        assert gone() is not None
        until = time.monotonic() + 10
        while gone() is not None and time.monotonic() < until:
            QTest.qWait(10)
        assert gone() is None
    finally:
        if was_enabled:
            gc.enable()
    left.follow(LinkState.LIVE)
    assert not left.timer.isActive()


def test_free_memory_is_given_back_now_and_then_while_values_come(qapp):
    parent = QObject()
    left = LeftBehind(parent)
    assert not left.tidy.isActive()
    left.follow(LinkState.LIVE)
    assert left.tidy.isActive()
    left.follow(LinkState.RECONNECTING)
    assert not left.tidy.isActive()


GIVING_BACK = """
from pathlib import Path
from tagwerk.ui.collector import give_memory_back

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

much = [bytes(60_000) for _ in range(1000)]
last = much[-1]
del much
before = resident_mb()
give_memory_back()
print(before - resident_mb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other heaps give back by themselves")
def test_memory_below_what_is_still_in_use_is_given_back():
    done = subprocess.run(
        [sys.executable, "-c", GIVING_BACK], capture_output=True, text=True, timeout=60, check=True
    )
    assert float(done.stdout) > 30


class _Ring:
    """Holds itself: only the collector can free it."""

    def __init__(self):
        self.me = self
