"""The tag browser in the hands of a user: real keys, a real plant without a link."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    ConnectionProfile,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.message import message
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.values import GOOD, Sample, quality_from_text
from tagwerk.plant import BrowseState, Frame, Plant
from tagwerk.sheets import SheetEntry, TagSheet
from tagwerk.ui.browser.painter import MARK, UNIT, VALUE
from tagwerk.ui.browser.row_actions import ASK_ABOVE
from tagwerk.ui.desk import Desk
from tagwerk.ui.mime import tags_from_mime
from tagwerk.ui.panels.browser import INTEREST, BrowserPanel
from tagwerk.ui.settings import Settings

S = "HMI_RT_1::"
PV = f"{S}Cooling.TIC2120.PV"
SP = f"{S}Cooling.TIC2120.SP"
RUNNING = f"{S}Cooling.P2121.Running"
NOW = 1_781_792_211_000_000_000
ALL = Capabilities(frozenset(Capability))


def items() -> list[BrowseItem]:
    tags = [
        BrowseItem(f"{S}Cooling.TIC2120", "Return temperature", TagKind.STRUCTURE, ""),
        BrowseItem(PV, "", TagKind.TAG, "LReal"),
        BrowseItem(SP, "Setpoint", TagKind.TAG, "LReal"),
        BrowseItem(f"{PV}:Log_1s", "", TagKind.LOGGING_TAG, ""),
        BrowseItem(f"{PV}:PV_High", "", TagKind.ALARM, ""),
        BrowseItem(RUNNING, "", TagKind.TAG, "Bool"),
        BrowseItem(f"{S}Batch", "", TagKind.TAG, "WString"),
    ]
    tags += [BrowseItem(f"{S}Many.T{number}", "", TagKind.TAG, "LReal") for number in range(30)]
    return tags


@pytest.fixture
def plant():
    sheet = TagSheet([SheetEntry("Cooling.TIC2120.PV", "°C", 2, 0, 60)])
    plant = Plant(ConnectionProfile("skid", "https://skid/"), sheet, clock_ns=lambda: NOW)
    plant.status = LinkStatus(LinkState.LIVE, systems=("HMI_RT_1",), capabilities=ALL)
    plant.live.mark_live(0)
    plant.tree.put(items())
    plant.tree.finish()
    plant.browse_state = BrowseState(done=True, count=37)
    return plant


class Bench:
    """A panel on a desk, and what it asked of the desk."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.desk = Desk(None, Settings(None), lambda error, _where: self.errors.append(error))
        self.trend: list[list[str]] = []
        self.setpoints: list[list[str]] = []
        self.desk.trend_requested.connect(self.trend.append)
        self.desk.setpoints_requested.connect(self.setpoints.append)
        self.panel = BrowserPanel(self.desk)
        self.panel.resize(352, 700)

    def show(self, plant: Plant | None) -> BrowserPanel:
        self.panel.set_plant(plant)
        self.panel.show()
        QTest.qWaitForWindowExposed(self.panel)
        self.panel.activateWindow()
        assert QTest.qWaitForWindowActive(self.panel)
        return self.panel

    def key(self, key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        target = QApplication.focusWidget() or self.panel
        QTest.keyClick(target, key, modifier)

    def shown(self) -> list[str]:
        panel = self.panel
        return [panel.model.tag(handle) for handle, _ in panel.tree.visible_rows()]

    def select(self, *names: str) -> None:
        panel = self.panel
        panel.tree.clearSelection()
        for name in names:
            panel.reveal(name)
        if len(names) > 1:
            handles = [panel.model.outline.tree.node(name) for name in names]
            panel.tree._choose(handles, handles[-1])


@pytest.fixture
def bench(qapp):
    bench = Bench()
    yield bench
    asyncio.run(bench.panel.close_panel())
    for box in bench.panel.findChildren(QDialog):
        box.close()
    bench.panel.close()
    bench.panel.deleteLater()
    QApplication.sendPostedEvents(None, 0)
    assert bench.errors == []


def sample(name: str, value, quality=GOOD) -> Sample:
    return Sample(name, value, quality, NOW - 100_000_000, NOW)


def test_search_down_enter_puts_the_best_hit_on_the_trend(bench, plant):
    panel = bench.show(plant)
    QTest.keyClick(panel, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.field.hasFocus()
    QTest.keyClicks(panel.field, "tic2120.s")
    assert panel.model.outline.is_narrowed
    assert SP in bench.shown()
    assert RUNNING not in bench.shown()
    assert "1 hit" in panel.field._hits.text()
    bench.key(Qt.Key.Key_Down)
    assert panel.tree.hasFocus()
    assert panel.rows.selected_names() == [SP]
    bench.key(Qt.Key.Key_Return)
    assert bench.trend == [[SP]]


def test_escape_clears_the_search_and_keeps_the_tag_in_view(bench, plant):
    panel = bench.show(plant)
    panel.field.setFocus()
    QTest.keyClicks(panel.field, "running")
    bench.key(Qt.Key.Key_Down)
    bench.key(Qt.Key.Key_Escape)
    assert panel.field.text() == ""
    assert not panel.model.outline.is_narrowed
    assert panel.rows.selected_names() == [RUNNING]
    assert RUNNING in bench.shown()


def test_letters_typed_in_the_tree_go_to_the_search(bench, plant):
    panel = bench.show(plant)
    panel.tree.setFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_B)
    assert panel.field.hasFocus()
    assert panel.field.text() == "b"


def test_nothing_found_says_so(bench, plant):
    panel = bench.show(plant)
    QTest.keyClicks(panel.field, "xyzzy")
    assert panel.pages.currentWidget() is panel.states
    assert "xyzzy" in panel.states._empty._title.text()
    # The server has named everything: Enter makes no tag of a search without hits.
    count = plant.tree.tag_count
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert plant.tree.tag_count == count
    assert panel.pages.currentWidget() is panel.states
    panel.field.clear()
    assert panel.pages.currentWidget() is panel.tree


def test_only_visible_tags_are_wanted_from_the_link(bench, plant):
    panel = bench.show(plant)
    panel._settle.timeout.emit()
    assert plant.interest.of(INTEREST) == {f"{S}Batch"}
    bench.select(PV)
    panel._settle.timeout.emit()
    assert plant.interest.of(INTEREST) == {f"{S}Batch", PV, SP}
    panel.hide()
    panel._settle.timeout.emit()
    assert plant.interest.of(INTEREST) == frozenset()


def test_scrolling_changes_what_is_wanted(bench, plant):
    panel = bench.show(plant)
    panel.resize(352, 300)
    bench.select(f"{S}Many.T29")
    panel._settle.timeout.emit()
    wanted = plant.interest.of(INTEREST)
    assert f"{S}Many.T29" in wanted
    assert f"{S}Many.T0" not in wanted
    assert len(wanted) < 15


def test_values_repaint_only_the_rows_that_changed(bench, plant, monkeypatch):
    panel = bench.show(plant)
    bench.select(PV)
    repainted = []
    monkeypatch.setattr(panel.tree, "repaint_rows", repainted.append)
    plant.live.put([sample(SP, 22.0), sample(f"{S}Many.T7", 1.0)])
    panel.on_frame(Frame(NOW, values=plant.live.drain()))
    assert repainted == [{panel.model.outline.tree.node(SP)}]
    panel.on_frame(Frame(NOW, values={f"{S}Many.T7"}))
    assert len(repainted) == 1


def test_values_are_read_like_the_sheet_says(bench, plant):
    panel = bench.show(plant)
    bench.select(PV)
    plant.live.put(
        [
            sample(PV, 22.0),
            sample(RUNNING, True),
            sample(SP, 1.0, quality_from_text("BAD", "SENSOR_FAILURE")),
        ]
    )
    plant.live.drain()
    index = panel.model.index_of(panel.model.outline.tree.node(PV))
    assert [index.siblingAtColumn(column).data() for column in (VALUE, UNIT, MARK)] == [
        "22.00",
        "°C",
        "",
    ]
    bad = panel.model.index_of(panel.model.outline.tree.node(SP))
    assert bad.siblingAtColumn(MARK).data() == "BAD SENSOR_FAILURE"
    plant.live.mark_stale(NOW)
    assert index.siblingAtColumn(MARK).data() == "stale"
    assert "stale" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_strip_tells_all_of_the_selected_tag(bench, plant):
    panel = bench.show(plant)
    plant.live.put([sample(PV, 22.0)])
    plant.live.drain()
    bench.select(PV)
    assert panel.strip.name.whole == PV
    assert panel.strip.state.whole.startswith("LReal  ·  GOOD_CASCADE  ·  ")
    assert panel.strip.state.whole.endswith("0.1 s old")
    assert panel.strip.rest.whole == "Logged as Log_1s  ·  1 alarm  ·  range 0 to 60 °C"
    plant.live.mark_stale(NOW)
    panel.on_frame(Frame(NOW, status=plant.status))
    assert "stale, last GOOD_CASCADE" in panel.strip.state.whole


def test_copying(bench, plant):
    panel = bench.show(plant)
    plant.live.put([sample(PV, 22.0)])
    plant.live.drain()
    bench.select(PV, SP)
    panel.tree.setFocus()
    bench.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"{PV}\t22.00\t°C\t\t\n{SP}\t\t\t\tSetpoint"
    bench.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert QGuiApplication.clipboard().text() == f"{PV}\n{SP}"
    bench.select(PV)
    panel._actions["tags.copy_value"].trigger()
    assert QGuiApplication.clipboard().text() == "22.00"


def test_keys_send_to_trend_and_setpoints(bench, plant):
    panel = bench.show(plant)
    bench.select(PV, RUNNING)
    panel.tree.setFocus()
    bench.key(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    bench.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert [sorted(names) for names in bench.trend] == [sorted([PV, RUNNING])]
    assert [sorted(names) for names in bench.setpoints] == [sorted([PV, RUNNING])]


def test_many_curves_are_asked_about(bench, plant):
    panel = bench.show(plant)
    bench.select(f"{S}Many")
    panel.rows.send_to_trend()
    box = panel.findChild(QMessageBox, "tagManyCurves")
    assert box is not None
    assert bench.trend == []
    box.findChild(type(box.defaultButton()), "tagManyCurvesFew").click()
    assert [len(names) for names in bench.trend] == [ASK_ABOVE]
    bench.trend.clear()
    panel.rows.send_to_trend()
    box = panel.findChildren(QMessageBox, "tagManyCurves")[-1]
    box.findChild(type(box.defaultButton()), "tagManyCurvesCancel").click()
    assert bench.trend == []


def test_enter_opens_and_closes_a_branch(bench, plant):
    panel = bench.show(plant)
    bench.select(f"{S}Cooling")
    panel.tree.setFocus()
    bench.key(Qt.Key.Key_Return)
    assert f"{S}Cooling.TIC2120" in bench.shown()
    bench.key(Qt.Key.Key_Return)
    assert f"{S}Cooling.TIC2120" not in bench.shown()
    assert bench.trend == []


def test_favourites_are_kept_per_connection(bench, plant):
    panel = bench.show(plant)
    bench.select(PV)
    panel.tree.setFocus()
    bench.key(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert bench.shown()[:2] == ["", PV]
    state = panel.save_state()
    assert state["favorites"] == {"skid": [PV]}
    again = BrowserPanel(bench.desk)
    again.restore_state(state)
    again.set_plant(plant)
    assert again.model.outline.favorites == [PV]
    again.deleteLater()
    bench.select(PV)
    panel.toggle_favorite()
    assert panel.save_state()["favorites"] == {}


@pytest.mark.parametrize(
    "state",
    [{}, {"kinds": 5, "favorites": [], "open": {"a": 3}}, {"favorites": {"skid": [1, None]}}],
)
def test_any_remembered_state_is_taken(bench, plant, state):
    panel = bench.show(plant)
    panel.restore_state(state)
    assert bench.shown()[0] == S


def test_what_is_open_is_open_again_after_reading_the_names_anew(bench, plant):
    panel = bench.show(plant)
    bench.select(PV)
    assert SP in bench.shown()
    plant.tree.clear()
    panel.on_frame(Frame(NOW, tree=True))
    assert SP in bench.shown()  # the old names stay until the new ones are complete
    plant.tree.put(items())
    plant.tree.put([BrowseItem(f"{S}Cooling.TIC2120.New", "", TagKind.TAG, "LReal")])
    plant.tree.finish()
    panel.on_frame(Frame(NOW + 10**9, tree=True))
    assert f"{S}Cooling.TIC2120.New" in bench.shown()
    assert panel.rows.selected_names() == [PV]


def test_a_tag_to_reveal_is_shown_as_soon_as_it_is_there(bench, plant):
    panel = bench.show(plant)
    later = f"{S}Later.T"
    bench.desk.reveal_requested.emit(later)
    plant.tree.put([BrowseItem(later, "", TagKind.TAG, "LReal")])
    panel.on_frame(Frame(NOW + 10**9, tree=True))
    assert panel.rows.selected_names() == [later]


def test_kinds_can_be_hidden(bench, plant):
    panel = bench.show(plant)
    bench.select(f"{PV}:PV_High")
    assert f"{PV}:PV_High" in bench.shown()
    action = next(
        action for action in panel.kind_menu.actions() if action.objectName() == "tags.kind.alarm"
    )
    action.trigger()
    assert f"{PV}:PV_High" not in bench.shown()
    assert f"{PV}:Log_1s" in bench.shown()
    bench.desk.reveal_requested.emit(f"{PV}:PV_High")
    assert f"{PV}:PV_High" in bench.shown()


def test_busy_can_be_cancelled_and_shows_what_is_there(bench, plant, monkeypatch):
    cancelled = []
    monkeypatch.setattr(plant, "cancel_browse", lambda: cancelled.append(True))
    plant.browse_state = BrowseState(running=True, count=11_250, started_ns=NOW - 2 * 10**9)
    panel = bench.show(plant)
    assert panel.notice.isVisible()
    assert "2 s" in panel.notice._text.text()
    assert panel.header_text() == "11\u202f250 so far"
    panel.notice._cancel.click()
    assert cancelled == [True]
    assert panel.pages.currentWidget() is panel.tree


def test_while_names_are_read_again_the_old_ones_are_counted_too(bench, plant):
    shown = plant.tree.tag_count
    assert shown
    plant.browse_state = BrowseState(running=True, again=True, started_ns=NOW - 3 * 10**9)
    panel = bench.show(plant)
    assert panel.header_text() == str(shown)
    said = f"{shown} names on show, being read again: 0 so far, 3 s."
    assert panel.notice._text.text() == said
    plant.browse_state = replace(plant.browse_state, count=11_250)
    panel = bench.show(plant)
    assert panel.header_text() == str(shown)
    assert "11\u202f250 so far" in panel.notice._text.text()


def test_a_refused_browse_quotes_the_server_and_offers_a_cure(bench, plant, monkeypatch):
    again = []
    monkeypatch.setattr(plant, "refresh_browse", lambda: again.append(True))
    plant.tree.clear()
    plant.tree.finish()
    plant.browse_state = BrowseState(
        error=message("“{words}”", words="Access denied"), cure=message("Ask.")
    )
    panel = bench.show(plant)
    assert panel.pages.currentWidget() is panel.states
    assert panel.states._empty._text.text() == "“Access denied” Ask."
    assert not panel.notice.isVisible()
    panel.states.findChild(type(panel.states._take), "tagStateAgain").click()
    assert again == [True]


def test_names_can_be_typed_where_the_server_tells_none(bench, plant):
    plant.tree.clear()
    plant.browse_state = BrowseState()
    plant.status = LinkStatus(
        LinkState.LIVE,
        systems=("HMI_RT_1",),
        capabilities=Capabilities(frozenset((Capability.READ,))),
    )
    panel = bench.show(plant)
    assert panel.pages.currentWidget() is panel.states
    assert not panel._actions["tags.refresh"].isEnabled()
    panel.field.setFocus()
    QTest.keyClicks(panel.field, "Cooling.TIC2120.PV")
    bench.key(Qt.Key.Key_Return)
    assert panel.rows.selected_names() == [PV]
    panel._settle.timeout.emit()
    assert PV in plant.interest.of(INTEREST)


def test_the_sheet_stands_in_for_a_browse(bench, plant):
    plant.tree.clear()
    plant.browse_state = BrowseState(error=message("No."))
    panel = bench.show(plant)
    panel.states.findChild(type(panel.states._take), "tagStateSheet").click()
    assert plant.tree.find(PV) is not None
    assert panel.pages.currentWidget() is panel.tree
    assert panel.notice.isVisible()


def test_without_a_plant_there_is_nothing_to_press(bench):
    panel = bench.show(None)
    assert panel.pages.currentWidget() is panel.states
    assert not panel.field.isEnabled()
    assert not panel._actions["tags.trend"].isEnabled()
    assert "no tag is selected" in panel._actions["tags.trend"].toolTip()
    panel.on_frame(Frame(NOW))


def test_properties_and_context_menu(bench, plant):
    panel = bench.show(plant)
    bench.select(PV)
    rect = next(line for handle, line in panel.tree.visible_rows() if panel.model.tag(handle) == PV)
    panel.rows.show_menu(QPoint(20, rect.center().y()), panel._actions)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    texts = [action.objectName() for action in menu.actions() if not action.isSeparator()]
    assert texts == [
        "tags.trend", "tags.setpoints", "tags.favorite", "tags.copy_name", "tags.copy_value",
        "tags.copy_row", "tags.filter_by", "tags.properties",
    ]  # fmt: skip
    menu.close()
    panel.tree.setFocus()
    panel.rows.show_properties()
    dialog = panel.findChild(QDialog, "tagProperties")
    assert ("Range", "0 to 60 °C") in dialog.rows
    assert ("Full name", PV) in dialog.rows
    dialog.close()


def test_dragging_carries_the_selected_tags(bench, plant):
    panel = bench.show(plant)
    bench.select(PV, SP)
    mime = panel.model.mimeData(panel.tree.selectedIndexes())
    assert tags_from_mime(mime) == [PV, SP]


def test_another_plant_starts_afresh(bench, plant):
    panel = bench.show(plant)
    bench.select(PV)
    panel._settle.timeout.emit()
    other = Plant(ConnectionProfile("other", "https://other/"), TagSheet(), clock_ns=lambda: NOW)
    panel.set_plant(other)
    assert plant.interest.of(INTEREST) == frozenset()
    assert panel.model.rowCount() == 0
    assert panel.rows.selected_names() == []


def test_every_control_has_a_name(bench, plant):
    panel = bench.show(plant)
    for widget in (panel.field, panel.tree, panel.field._clear, panel.strip.copy, panel.strip):
        assert widget.accessibleName()
    assert panel.findChild(type(panel.tree), "tagTree") is panel.tree
    assert panel.findChild(type(panel.field), "tagSearch") is panel.field


def test_painting_every_state_says_nothing_wrong(bench, plant):
    panel = bench.show(plant)
    panel.tree.expandAll()
    plant.live.put(
        [sample(PV, 22.0), sample(SP, None), sample(RUNNING, False), sample(f"{S}Batch", "x" * 300),
         sample(f"{S}Many.T1", 1.5, quality_from_text("UNCERTAIN")), sample(f"{S}Many.T2", [1.0, 2.0]),
         sample(f"{S}Many.T3", 2, quality_from_text("GOOD_CASCADE", "SIMULATED_VALUE"))]
    )  # fmt: skip
    plant.live.drain()
    live = panel.grab().toImage()
    plant.live.mark_stale(NOW)
    assert panel.grab().toImage() != live
