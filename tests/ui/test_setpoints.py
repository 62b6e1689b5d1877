"""The setpoint panel by real keys: arm, type, stage, confirm, see the outcome, undo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from shiboken6 import isValid

from tagwerk.domain.connection import Capabilities, Capability, LinkState
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.text import GERMAN
from tagwerk.domain.values import BAD, ItemError
from tagwerk.ui import i18n
from tagwerk.ui.mime import tag_mime
from tagwerk.ui.setpoints.arm_dialog import ArmDialog
from tagwerk.ui.setpoints.batch_dialog import BatchDialog
from tagwerk.ui.setpoints.editors import ListField, ValueField, read_typed
from tagwerk.ui.setpoints.words import change_line
from tagwerk.ui.setpoints.write_dialog import WriteDialog
from tagwerk.write.arming import LockCause
from tagwerk.write.request import Outcome
from ui.keyboard import keyboard_at
from ui.setpoint_bench import (
    FLOW,
    HIGH,
    KP,
    MODE,
    NAME,
    PH,
    SP,
    SPEED,
    TAGS,
    TI,
    VALVE,
    PanelBench,
    make_panel,
)

pytestmark = pytest.mark.ui
KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def bench(qapp, tmp_path, monkeypatch):
    monkeypatch.setattr("tagwerk.write.service._FIRST_POLL_S", 0.001)
    monkeypatch.setattr("tagwerk.write.service._LONGEST_POLL_S", 0.002)
    monkeypatch.setattr("tagwerk.write.readback.SETTLED_S", 0.02)
    made = make_panel(None, tmp_path / "audit.jsonl")
    made.panel.add_tags([SP, KP, TI, MODE, FLOW, SPEED, VALVE, PH, NAME])
    made.frame()
    made.panel.show()
    made.panel.activateWindow()
    made.panel.view.setFocus()
    yield made
    if made.panel.writing.dialog is not None:
        made.panel.writing.dialog.close()
    made.panel.close()
    made.panel.deleteLater()
    assert made.errors == []


async def until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait for a state, with the frame clock's work left to the test."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.002)


async def active(bench: PanelBench) -> None:
    """Shortcuts need the active window; this platform gives it back only when asked."""
    await keyboard_at(bench.panel, focus=False)


def press(bench: PanelBench, key: Qt.Key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    """A key to whatever has the keyboard: the open editor, else the list."""
    editor = bench.panel.view.editor
    QTest.keyClick(editor if editor is not None else bench.panel.view, key, modifiers)


def type_text(bench: PanelBench, text: str) -> None:
    for letter in text:
        editor = bench.panel.view.editor
        QTest.keyClicks(editor if editor is not None else bench.panel.view, letter)


def arm(bench: PanelBench) -> None:
    bench.plant.writes.arm(600)
    bench.frame()


def choose(bench: PanelBench, name: str) -> None:
    bench.panel.view.select([name])


async def test_the_whole_way_by_keys(bench):
    panel, view = bench.panel, bench.panel.view
    await active(bench)
    assert not bench.plant.arming.armed
    QTest.keyClick(view, KEY.Key_W, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert isinstance(panel.writing.dialog, ArmDialog)
    assert panel.writing.dialog.focusWidget() is panel.writing.dialog.cancel_button
    QTest.keyClick(panel.writing.dialog, KEY.Key_Tab)
    QTest.keyClick(panel.writing.dialog.arm_button, KEY.Key_Return)
    assert bench.plant.arming.armed
    assert panel.writing.dialog is None

    choose(bench, SP)
    type_text(bench, "21.5")
    assert isinstance(view.editor, ValueField)
    press(bench, KEY.Key_Return)
    assert view.editor is None
    assert panel.rows.staged(SP).value == 21.5
    assert bench.client.writes == [], "staging writes nothing"

    await active(bench)
    QTest.keyClick(view, KEY.Key_Return, CONTROL)
    dialog = panel.writing.dialog
    assert isinstance(dialog, WriteDialog)
    assert dialog.focusWidget() is dialog.cancel_button
    assert dialog.write_button.text() == "Write 21.5 °C"
    QTest.keyClicks(dialog.reason, "Tuning")
    QTest.keyClick(dialog.reason, KEY.Key_Return)
    assert bench.client.writes == [], "Enter alone never writes"
    QTest.keyClick(dialog.write_button, KEY.Key_Space)
    await until(lambda: dialog.result_shown is not None)
    assert dialog.result_shown.outcome is Outcome.CONFIRMED
    assert len(bench.client.writes) == 1
    dialog.accept()
    bench.show(SP, 21.5)
    assert panel.rows.staged(SP) is None
    assert panel.facts(SP).result.outcome is Outcome.CONFIRMED, "stays on the row"

    await active(bench)
    QTest.keyClick(view, KEY.Key_Z, CONTROL)
    undo = panel.writing.dialog
    assert isinstance(undo, WriteDialog)
    assert undo.write_button.text() == "Write 22.0 °C"
    undo.write_button.click()
    await until(lambda: undo.result_shown is not None)
    undo.accept()
    assert bench.client.values[SP] == 22.0
    intents = [e for e in bench.plant.audit.recent() if e["event"] == "write_intent"]
    assert [entry["reason"] for entry in intents] == ["Tuning", ""]
    assert intents[1]["undo_of"] == intents[0]["id"]
    assert panel._undo_action.isEnabled() is False, "an undo is not undone"

    choose(bench, SP)
    QTest.keyClick(view, KEY.Key_Escape)
    assert panel.facts(SP).result is None, "dismissed"


async def test_confirmed_closes_by_itself_and_others_stay(bench, monkeypatch):
    monkeypatch.setattr("tagwerk.ui.setpoints.write_dialog.CLOSE_AFTER_MS", 10)
    arm(bench)
    for name, value in ((SP, 21.5), (KP, 1.5)):
        bench.panel.rows.stage(name, value, bench.plant.live.get(name))
        if name == KP:
            bench.client.item_error = ItemError("201", "cannot be converted")
        bench.panel.writing.ask_to_write()
        dialog = bench.panel.writing.dialog
        dialog.write_button.click()
        await until(lambda shown=dialog: shown.result_shown is not None)
        if name == SP:
            await until(lambda: bench.panel.writing.dialog is None)
    assert dialog.result_shown.outcome is Outcome.REJECTED
    assert not dialog._close_timer.isActive()
    assert bench.panel.rows.staged(KP) is not None, "what was refused stays staged"
    assert dialog.cancel_button.text() == "Close"


async def test_read_only_means_no_editor(bench):
    choose(bench, SP)
    type_text(bench, "5")
    assert bench.panel.view.editor is None
    assert isinstance(bench.panel.writing.dialog, ArmDialog), "typing offers the lock, nothing else"
    bench.panel.writing.dialog.reject()
    assert bench.panel.rows.all_staged == []
    QTest.keyClick(bench.panel.view, KEY.Key_Return, CONTROL)
    assert bench.panel.writing.dialog is None


async def test_a_tag_that_cannot_be_written_has_no_editor_and_says_why(bench):
    arm(bench)
    choose(bench, PH)
    press(bench, KEY.Key_Return)
    assert bench.panel.view.editor is None
    assert (
        str(bench.panel.facts(PH).read_only) == "The tag sheet says that this tag is not written."
    )


@pytest.mark.parametrize(
    ("text", "hint", "role"),
    [
        ("1,000", "1 or 1000? Say which.", "uncertain"),
        ("45", "above 40.0 °C", "bad"),
        ("1", "below 5.0 °C", "bad"),
        ("2x", "“2x” is not a number. Type digits with one decimal mark.", "bad"),
        ("21.5", "5.0 to 40.0 °C", "text3"),
    ],
)
async def test_what_is_wrong_is_said_while_typing(bench, text, hint, role):
    arm(bench)
    choose(bench, SP)
    press(bench, KEY.Key_F2)
    type_text(bench, text)
    assert bench.panel.view._hint == (hint, role)
    press(bench, KEY.Key_Return)
    if role == "text3":
        assert bench.panel.rows.staged(SP).value == 21.5
    else:
        assert bench.panel.view.editor is not None, "not understood is not staged"
        assert bench.panel.rows.staged(SP) is None
        press(bench, KEY.Key_Escape)
        assert bench.panel.view.editor is None


async def test_an_untouched_rounded_text_is_not_staged(bench):
    bench.show(SP, 21.537)
    arm(bench)
    choose(bench, SP)
    press(bench, KEY.Key_F2)
    assert bench.panel.view.editor.text() == "21.5"
    press(bench, KEY.Key_Return)
    assert bench.panel.rows.staged(SP) is None


async def test_arrows_go_from_row_to_row_and_stage_on_the_way(bench):
    arm(bench)
    choose(bench, KP)
    type_text(bench, "1.5")
    press(bench, KEY.Key_Down)
    assert bench.panel.view.current_name() == TI
    assert isinstance(bench.panel.view.editor, ValueField)
    type_text(bench, "60")
    press(bench, KEY.Key_Return)
    assert [(name, staged.value) for name, staged in bench.panel.rows.all_staged] == [
        (KP, 1.5),
        (TI, 60.0),
    ]
    assert bench.panel.write_button.text() == "Write 2…"
    press(bench, KEY.Key_Backspace)
    assert [name for name, _staged in bench.panel.rows.all_staged] == [KP]
    bench.panel.discard_button.click()
    assert bench.panel.rows.all_staged == []


async def test_on_and_off_by_key_and_by_mouse(bench):
    arm(bench)
    view = bench.panel.view
    choose(bench, VALVE)
    press(bench, KEY.Key_Right)
    assert bench.panel.rows.staged(VALVE).value is True
    press(bench, KEY.Key_Left)
    assert bench.panel.rows.staged(VALVE) is None, "the value that is there is not staged"
    row = bench.panel.rows.names.index(VALVE)
    box = view._layout.segment(view.rowViewportPosition(row), 1)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert bench.panel.rows.staged(VALVE).value is True


async def test_a_text_list_is_chosen(bench):
    arm(bench)
    choose(bench, MODE)
    press(bench, KEY.Key_Return)
    editor = bench.panel.view.editor
    assert isinstance(editor, ListField)
    assert [editor.itemText(i) for i in range(editor.count())] == ["Manual", "Auto", "Cascade"]
    editor.hidePopup()
    editor.setCurrentIndex(2)
    editor.chosen.emit()
    assert bench.panel.rows.staged(MODE).value == 2


async def test_a_text_is_typed(bench):
    arm(bench)
    choose(bench, NAME)
    type_text(bench, "Rinse")
    press(bench, KEY.Key_Return)
    assert bench.panel.rows.staged(NAME).value == "Rinse"


async def test_losing_the_link_locks_and_keeps_what_is_staged(bench):
    arm(bench)
    choose(bench, SP)
    type_text(bench, "21.5")
    bench.link_state(LinkState.RECONNECTING)
    assert bench.panel.view.editor is None
    assert not bench.plant.arming.armed
    assert bench.plant.arming.cause is LockCause.LINK_LOST
    assert bench.panel.rows.staged(SP).value == 21.5, "typed and understood: kept"
    assert bench.panel.facts(SP).stale
    assert not bench.panel.write_button.isEnabled()
    assert not bench.panel.band.arm_button.isEnabled()
    assert "link lost" in bench.panel.band._detail
    bench.link_state(LinkState.LIVE)
    bench.push_all()
    assert bench.panel.band.arm_button.isEnabled()
    assert not bench.plant.arming.armed, "never armed by itself"


async def test_a_value_that_changed_since_it_was_typed_asks_to_keep_mine(bench):
    arm(bench)
    choose(bench, SP)
    type_text(bench, "21.5")
    press(bench, KEY.Key_Return)
    bench.show(SP, 24.0)
    bench.panel.writing.ask_to_write()
    dialog = bench.panel.writing.dialog
    assert not dialog.write_button.isEnabled()
    button = dialog.findChild(type(dialog.write_button), "keepMine")
    button.click()
    assert dialog.write_button.isEnabled()
    bench.show(SP, 25.0)
    assert not dialog.write_button.isEnabled(), "asked again for another change"
    dialog.findChild(type(dialog.write_button), "keepMine").click()
    dialog.write_button.click()
    await until(lambda: dialog.result_shown is not None)
    assert len(bench.client.writes) == 1


async def test_a_critical_tag_needs_its_own_yes(bench):
    bench.panel.add_tags([HIGH])
    arm(bench)
    bench.panel.rows.stage(HIGH, 3.5, bench.plant.live.get(HIGH))
    bench.panel.writing.ask_to_write()
    dialog = bench.panel.writing.dialog
    assert not dialog.write_button.isEnabled()
    box = next(b for b in dialog.findChildren(object) if b.objectName() == "accept_critical")
    QTest.keyClick(box, KEY.Key_Space)
    await until(dialog.write_button.isEnabled)
    dialog.write_button.click()
    await until(lambda: dialog.result_shown is not None)
    intent = bench.plant.audit.recent()[-2]
    assert intent["accepted"] == ["critical"]


async def test_unverified_stays_and_is_read_again(bench):
    arm(bench)
    bench.client.write_error = NotReachable("time-out", may_have_arrived=True)
    bench.client.read_error = NotReachable("time-out")
    bench.panel.rows.stage(SPEED, 95.0, bench.plant.live.get(SPEED))
    bench.panel.writing.ask_to_write()
    dialog = bench.panel.writing.dialog
    dialog._request = replace(dialog._request, wait_s=0.02)
    dialog.write_button.click()
    await until(lambda: dialog.result_shown is not None)
    assert dialog.result_shown.outcome is Outcome.UNVERIFIED
    assert dialog.again_button.isVisibleTo(dialog)
    bench.client.read_error = None
    bench.client.values[SPEED] = 95.0
    dialog.again_button.click()
    await until(lambda: dialog.result_shown.outcome is Outcome.CONFIRMED)
    assert len(bench.client.writes) == 1


@pytest.mark.parametrize("names", [[SPEED], [SPEED, KP]], ids=["one", "batch"])
async def test_what_is_read_again_counts_also_when_its_dialog_is_closed(bench, monkeypatch, names):
    arm(bench)
    bench.client.write_error = NotReachable("time-out", may_have_arrived=True)
    bench.client.read_error = NotReachable("time-out")
    for name in names:
        value = 95.0 if name == SPEED else 1.5
        bench.panel.rows.stage(name, value, bench.plant.live.get(name))
    bench.panel.writing.ask_to_write()
    dialog = bench.panel.writing.dialog
    if isinstance(dialog, WriteDialog):
        dialog._request = replace(dialog._request, wait_s=0.02)
    else:
        for row in dialog.rows:
            row.request = replace(row.request, wait_s=0.02)
    dialog.write_button.click()
    await until(dialog.again_button.isVisible)
    bench.client.read_error = None
    bench.client.values.update({SPEED: 95.0, KP: 1.5})
    service, go_on = bench.plant.writes, asyncio.Event()
    unsure = next(iter(service.results), "")
    assert service.results[unsure].outcome is Outcome.UNVERIFIED
    read_again = service.read_again

    async def slowly(name):
        await go_on.wait()
        return await read_again(name)

    monkeypatch.setattr(service, "read_again", slowly)
    dialog.again_button.click()
    await asyncio.sleep(0)
    dialog.reject()
    QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
    assert not isValid(dialog)
    go_on.set()
    await until(lambda: service.results[unsure].outcome is Outcome.CONFIRMED)
    await until(lambda: not bench.panel.tasks._tasks)
    assert bench.errors == []
    assert len(bench.client.writes) == 1


async def test_several_are_confirmed_together_and_stop_at_the_first_failure(bench):
    arm(bench)
    for name, value in ((SP, 21.5), (KP, 1.5), (TI, 60.0), (FLOW, 999.0)):
        bench.panel.rows.stage(name, value, bench.plant.live.get(name))
    bench.client.take = lambda name, value: 1.6 if name == KP else value
    bench.panel.writing.ask_to_write()
    dialog = bench.panel.writing.dialog
    assert isinstance(dialog, BatchDialog)
    assert dialog.focusWidget() is dialog.cancel_button
    assert dialog.headline.text() == "4 values are staged, 3 can be written"
    assert dialog.write_button.text() == "Write 3 values"
    dialog.write_button.click()
    await until(lambda: dialog.cancel_button.isVisibleTo(dialog))
    assert dialog.headline.text() == "1 Confirmed, 1 Clamped, 1 not written"
    assert [items[0].name for items in bench.client.writes] == [SP, KP]
    left = [name for name, _staged in bench.panel.rows.all_staged]
    assert left == [TI, FLOW], "untouched values stay staged"


async def test_a_batch_stops_after_this(bench):
    arm(bench)
    for name, value in ((SP, 21.5), (KP, 1.5), (TI, 60.0)):
        bench.panel.rows.stage(name, value, bench.plant.live.get(name))
    bench.panel.writing.ask_to_write()
    dialog = bench.panel.writing.dialog
    bench.client.hang = asyncio.Event()
    dialog.write_button.click()
    await until(lambda: bench.client.writes)
    bench.frame()
    assert dialog.headline.text() == "Writing 1 of 3"
    QTest.keyClick(dialog, KEY.Key_Escape)
    assert bench.panel.writing.dialog is dialog, "cannot be left while a value is on its way"
    dialog.stop_button.click()
    bench.client.hang.set()
    await until(lambda: dialog.cancel_button.isVisibleTo(dialog))
    assert len(bench.client.writes) == 1


async def test_who_may_not_write_is_told(bench):
    refused = Capabilities(
        frozenset({Capability.READ}), reasons={Capability.WRITE: "right_missing"}
    )
    bench.link_state(LinkState.LIVE, refused)
    assert not bench.panel.band.arm_button.isEnabled()
    assert bench.panel.band._detail == "m.brandt may only read on this server"
    bench.panel.writing.ask_to_arm()
    assert bench.panel.writing.dialog is None
    bench.panel.view.select(list(TAGS))
    bench.panel.view.remove_wanted.emit()
    assert bench.panel.stack.currentIndex() == 0
    assert bench.panel.empty._title.text() == "This user may not write"


async def test_the_list_is_changed_by_keys_and_drops(bench):
    panel, view = bench.panel, bench.panel.view
    choose(bench, KP)
    panel.row_actions.down.trigger()
    assert panel.rows.names[1:3] == [TI, KP]
    assert view.current_name() == KP
    press(bench, KEY.Key_Delete)
    assert KP not in panel.rows.names
    assert bench.plant.interest.of("setpoints") == frozenset(panel.rows.names)
    mime = tag_mime([KP, SP])
    drop = QDropEvent(
        QPointF(10, 1),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    view.dropEvent(drop)
    assert panel.rows.names[:2] == [KP, SP], "before the row it was dropped on; no doubles"
    bench.desk.setpoints_requested.emit([HIGH])
    assert panel.rows.names[-1] == HIGH
    assert view.current_name() == HIGH
    assert bench.client.writes == [], "dropping never writes"


async def test_only_listed_tags_are_asked_for(bench):
    bench.frame()
    assert bench.link.wanted == frozenset(bench.panel.rows.names)
    bench.panel.set_plant(None)
    assert bench.plant.interest.of("setpoints") == frozenset()


async def test_the_list_is_remembered_per_connection(bench):
    state = bench.panel.save_state()
    assert state["lists"]["skid21-hmi"] == bench.panel.rows.names
    other = make_panel(None)
    other.panel.restore_state({"lists": {"skid21-hmi": [SP, 5, KP], "x": "broken"}, "more": 1})
    assert other.panel.rows.names == [SP, KP]
    other.panel.restore_state({"lists": 7})
    other.panel.deleteLater()


async def test_screen_readers_and_the_clipboard_get_words(bench):
    arm(bench)
    bench.show(SP, 22.0, BAD)
    bench.panel.rows.stage(SP, 21.5, bench.plant.live.get(SP))
    model = bench.panel.view.model()
    assert model.index(0, 0).data() == "TIC2120.SP"
    assert model.index(0, 4).data() == "21.5 °C"
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "TIC2120.SP, staged"
    assert SP in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    choose(bench, SP)
    bench.panel.row_actions.copy_row.trigger()
    assert QApplication.clipboard().text() == f"{SP}\t22.0\t°C\tBAD\t21.5 °C"


async def test_the_context_menu_disables_with_reasons(bench):
    choose(bench, SP)
    bench.panel.row_actions.show_menu(QPoint(5, 5))
    menu = bench.panel.findChild(QMenu, "setpointMenu")
    assert menu.isVisible()
    disabled = {action.objectName() for action in menu.actions() if not action.isEnabled()}
    assert {"setpoints.write", "setpoints.read_again", "setpoints.dismiss"} <= disabled
    assert "locked" in bench.panel.row_actions.edit.toolTip()
    menu.close()


async def test_a_frame_touches_only_visible_rows(bench, monkeypatch):
    panel = bench.panel
    names = [f"HMI_RT_1::Gen.Tag{number}" for number in range(500)]
    panel.rows.replace(names)
    panel._list_changed()
    QApplication.sendPostedEvents()
    asked: list[str] = []
    facts = panel.facts
    monkeypatch.setattr(panel.view, "_facts", lambda name: asked.append(name) or facts(name))
    panel.view.viewport().grab()
    first, last = panel.view.visible_rows()
    assert last - first < 20
    assert set(asked) == set(names[first:last])


async def test_the_audit_is_checked_on_demand(bench):
    said: list[tuple] = []
    bench.desk.banner_requested.connect(lambda *words: said.append(words))
    arm(bench)
    bench.panel._audit_action.trigger()
    await until(lambda: said)
    assert said[0] == ("info", "The audit is intact", "1 entry, the chain is whole.")
    path = bench.plant.audit.path
    path.write_bytes(path.read_bytes().replace(b"m.brandt", b"somebody"))
    bench.panel._audit_action.trigger()
    await until(lambda: len(said) > 1)
    assert said[1][0] == "bad"


async def test_arming_without_a_disk_is_refused_and_said(bench, monkeypatch):
    said: list[tuple] = []
    bench.desk.banner_requested.connect(lambda *words: said.append(words))

    def no_space(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tagwerk.write.audit.os.fsync", no_space)
    bench.panel.writing.arm(600)
    assert not bench.plant.arming.armed
    assert "No space left on device" in said[0][2]


async def test_locking_closes_the_editor_but_keeps_the_text(bench):
    arm(bench)
    choose(bench, SP)
    type_text(bench, "21.5")
    bench.panel.band.disarm_button.click()
    assert bench.panel.view.editor is None
    assert bench.panel.rows.staged(SP).value == 21.5
    assert bench.panel.band._detail == "Nothing can be written until you arm"


async def test_leaving_the_plant_locks_it_and_closes_the_dialog(bench):
    arm(bench)
    bench.panel.rows.stage(SP, 21.5, bench.plant.live.get(SP))
    bench.panel.writing.ask_to_write()
    bench.panel.set_plant(None)
    assert bench.panel.writing.dialog is None
    assert not bench.plant.arming.armed
    assert bench.plant.arming.cause is LockCause.SIGNED_OUT
    assert bench.panel.rows.names == []
    bench.panel.set_plant(bench.plant)
    assert SP in bench.panel.rows.names, "the list of this connection is back"


async def test_an_arm_dialog_that_was_open_when_the_link_broke_does_not_arm(bench):
    bench.panel.writing.ask_to_arm()
    bench.link_state(LinkState.RECONNECTING)
    bench.panel.writing.dialog.arm_button.click()
    assert not bench.plant.arming.armed


async def test_undo_of_a_tag_that_is_not_listed_lists_it(bench):
    arm(bench)
    service = bench.plant.writes
    await service.write(service.request(SP, 21.5))
    bench.show(SP, 21.5)
    choose(bench, SP)
    press(bench, KEY.Key_Delete)
    bench.panel.last_writes.lines[0].button.click()
    assert SP in bench.panel.rows.names
    assert bench.panel.writing.dialog.write_button.text() == "Write 22.0 °C"


def test_german_numbers_are_read_strictly(bench, monkeypatch):
    monkeypatch.setattr(i18n._Language, "style", GERMAN)
    info = bench.plant.tag(SP)
    assert read_typed("21,5", info).value == 21.5
    assert read_typed("1.000", info).role == "uncertain"
    assert change_line(22.0, 21.5, info) == "change −0,5 °C, −2,3 %"
    assert change_line(0.0, 1.0, info) == "change +1,0 °C"


def test_an_endless_number_is_refused_and_not_a_crash(bench):
    assert read_typed("9" * 400, bench.plant.tag(SP)).role == "bad"
