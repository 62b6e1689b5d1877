"""The traffic panel: rows, filters, details, keys, export, and a flood that must not be felt."""

from __future__ import annotations

import json
import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest

from tagwerk.domain.connection import LinkCounters
from tagwerk.domain.message import message
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.ui.i18n import set_language
from tagwerk.ui.panels.traffic import TrafficPanel
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import theme
from tagwerk.ui.traffic.cells import INDEX, Column, size_text
from tagwerk.ui.traffic.details import full_text, readable
from tagwerk.ui.traffic.model import TrafficModel
from ui.alarms_support import NOW, SECOND, make_desk, make_plant
from ui.shell_support import PANELS, bench, until

pytestmark = pytest.mark.ui
URL = "https://skid21-hmi/graphql/"
WITH_TRAFFIC = (*PANELS, "tagwerk.ui.panels.traffic:TrafficPanel")


def http(what="tagValues", status=200, **fields):
    defaults = {
        "sent_bytes": 212, "received_bytes": 1_234, "ms": 12.34,
        "request": json.dumps({"query": "query {\n  tagValues }", "variables": {"names": ["A"]}}),
        "answer": '{"data":{"tagValues":[]}}',
    }  # fmt: skip
    return Exchange(NOW, TrafficKind.HTTP, what, URL, status, **{**defaults, **fields})


def event(what, **fields):
    return Exchange(NOW, TrafficKind.EVENT, what, URL, **fields)


@pytest.fixture(autouse=True)
def _same_look(qapp):
    yield
    theme().apply(qapp, "light")
    set_language("en")


@pytest.fixture
async def panel(qapp):
    made = TrafficPanel(make_desk())
    made.resize(1000, 300)
    made.show()
    made.set_plant(make_plant())
    made.checker = QAbstractItemModelTester(made.table.records)
    yield made
    await made.close_panel()
    made.checker.deleteLater()
    made.close()
    made.deleteLater()


def put(panel, *exchanges):
    """Into the store, and one frame."""
    for exchange in exchanges:
        panel.plant.traffic.on_exchange(exchange)
    frame(panel)


def frame(panel, ms=150):
    panel.plant.clock.now_ns += ms * 1_000_000
    panel.on_frame(panel.plant.drain())


def shown(panel, column=Column.WHAT):
    model = panel.table.records
    return [model.text(row, INDEX[column]) for row in range(model.rowCount())]


async def test_rows_tell_what_happened(panel):
    put(
        panel,
        http(),
        http("login", 401, problem=message("Refused: {why}", why="no")),
        event("live"),
        event("socket closed", status=4401),
    )
    assert shown(panel) == ["tagValues", "login", "Connected", "Socket closed"]
    assert shown(panel, Column.STATUS) == ["200", "401", "—", "4401"]
    assert shown(panel, Column.RECEIVED)[0] == "1.2 kB"
    assert shown(panel, Column.MS)[0] == "12.3"
    assert shown(panel, Column.NOTE)[1] == "Refused: no"
    model = panel.table.records
    spoken = model.data(model.index(1, INDEX[Column.WHAT]), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "login, failed"


async def test_german_words_and_numbers(panel):
    set_language("de")
    put(panel, http(), event("live"))
    assert shown(panel) == ["tagValues", "Verbunden"]
    assert shown(panel, Column.MS)[0] == "12,3"
    assert size_text(1_234_567) == "1,2 MB"


async def test_empty_states_say_what_to_do(panel):
    assert panel.stack.currentWidget() is panel.empty
    assert "Nothing was sent yet" in panel.empty._title.text()
    put(panel, http())
    assert panel.stack.currentWidget() is panel.split
    panel.bar.search.setText("zzz")
    await until(lambda: panel.stack.currentWidget() is panel.empty)
    assert panel.empty._title.text() == "No record matches"
    panel.clear_filters_button.click()
    assert panel.stack.currentWidget() is panel.split
    panel.set_plant(None)
    assert panel.empty._title.text() == "No plant yet"
    assert not panel.pause_action.isEnabled()


async def test_chips_and_words_narrow_together(panel):
    sent = Exchange(NOW, TrafficKind.SENT, "subscribe", URL, request="{}")
    put(panel, http(), http("login", 500), sent, event("connected"))
    panel.bar.problems.click()
    assert shown(panel) == ["login"]
    panel.bar.problems.click()
    panel.bar.socket.click()
    panel.bar.events.click()
    assert shown(panel) == ["subscribe", "HTTP connection opened"]
    panel.clear_filters()
    panel.table.selectRow(2)
    panel.only_this_action.trigger()
    assert shown(panel) == ["subscribe"]
    assert "1 of 4 records" in panel.foot.kept.text()


async def test_details_show_request_and_answer_readably(panel):
    put(panel, http(), http("login"))
    panel.table.selectRow(0)
    text = panel.details.text.toPlainText()
    assert "query {\n  tagValues }" in text
    assert '"tagValues": []' in text
    assert URL in text
    assert "12.3 ms" in text
    panel.copy_answer_action.trigger()
    assert json.loads(QGuiApplication.clipboard().text()) == {"data": {"tagValues": []}}
    panel.copy_texts_action.trigger()
    assert QGuiApplication.clipboard().text() == full_text(http())


def test_half_of_an_answer_is_still_indented():
    text = readable('{"data":{"tagValues":[{"name":"a, {b}","value":1.5},{"na')
    assert text.startswith('{\n  "data": {\n    "tagValues": [')
    assert '"a, {b}"' in text
    assert readable("<html>no</html>") == "<html>no</html>"
    assert readable("") == ""


def test_what_was_cut_says_how_much_there_was():
    cut = http(answer="y" * 8192, received_bytes=1_000_000)
    assert "1000000 bytes in all" in full_text(cut)
    assert "bytes in all" not in full_text(http())


async def test_holding_keeps_the_rows_while_recording_goes_on(panel):
    put(panel, http())
    panel.pause_action.trigger()
    put(panel, http("login"), http("login"))
    assert shown(panel) == ["tagValues"]
    assert "held, 2 new" in panel.foot.kept.text()
    panel.pause_action.trigger()
    assert len(shown(panel)) == 3
    panel.pause_action.trigger()
    panel.clear_action.trigger()
    assert shown(panel) == []
    assert not panel.pause_action.isChecked()


async def test_everything_works_by_keyboard(panel):
    put(panel, *(http(f"op{n}") for n in range(30)))
    panel.activateWindow()
    await until(panel.isActiveWindow)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.bar.search.hasFocus()
    QTest.keyClick(panel.bar.search, Qt.Key.Key_Down)
    assert panel.table.hasFocus()
    assert panel.table.current_record().what == "op29"
    QTest.keyClick(panel.table, Qt.Key.Key_Up)
    assert panel.table.current_record().what == "op28"
    assert "op28" in panel.details.text.toPlainText()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert panel.details.text.hasFocus()
    QTest.keyClick(panel.details.text, Qt.Key.Key_Escape)
    assert panel.table.hasFocus()
    panel.table.selectAll()
    panel.copy_action.trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert (len(lines), lines[0].split("\t")[0]) == (31, "Time")
    QTest.keyClick(panel.table, Qt.Key.Key_Space)
    assert panel.pause_action.isChecked()


async def test_it_follows_the_newest_at_the_end_and_stays_elsewhere(panel):
    put(panel, *(http(f"op{n}") for n in range(100)))
    bar = panel.table.verticalScrollBar()
    assert bar.value() == bar.maximum()
    put(panel, *(http(f"op{n}") for n in range(100, 150)))
    assert bar.value() == bar.maximum()
    bar.setValue(40)
    put(panel, *(http(f"op{n}") for n in range(150, 200)))
    assert bar.value() == 40
    panel.plant.traffic.most_records = 190
    put(panel, http("last"))
    assert bar.value() == 40 - 11
    assert panel.table.records.record_at(bar.value()).what == "op40"


async def test_the_selection_stays_with_its_record_when_others_are_pushed_out(panel):
    panel.plant.traffic.most_records = 50
    put(panel, *(http(f"op{n}") for n in range(50)))
    panel.table.selectRow(30)
    put(panel, *(http(f"op{n}") for n in range(50, 60)))
    assert panel.table.current_record().what == "op30"
    assert panel.table.selected_rows() == [20]
    assert "10 older ones dropped" in panel.foot.kept.text()


async def test_a_hidden_panel_holds_nothing_and_catches_up_when_shown(panel):
    put(panel, *(http() for _ in range(10)))
    panel.hide()
    put(panel, http())
    assert panel.table.records.rowCount() == 0
    panel.show()
    put(panel, http())
    assert panel.table.records.rowCount() == 12


async def test_the_head_tells_rates_of_link_and_records(panel):
    link = panel.plant.link
    link.counters = LinkCounters(messages=0)
    put(panel, http())
    frame(panel, 600)
    link.counters = LinkCounters(1000, 50_000, 1000, subscribed=412, reconnects=1, pings=3)
    await until(lambda: time.monotonic() - panel.meter._readings[0][0] > 0.01)
    frame(panel, 600)
    text = panel.header_text()
    for part in ("requests/s", "messages/s", "412 subscribed", "1 reconnect ", "3 pings"):
        assert part in text
    assert panel.rates.messages > 0


async def test_a_burst_of_thousands_costs_a_frame_little(panel):
    # The tester walks over all rows at every change; a frame does not.
    panel.checker.deleteLater()
    panel.checker = QAbstractItemModelTester(TrafficModel(panel))
    store = panel.plant.traffic
    worst_s = 0.0
    for _ in range(3):
        for n in range(1_000):
            store.on_exchange(http(f"op{n % 7}", 500 if n % 50 == 0 else 200))
        began = time.thread_time()
        frame(panel)
        panel.table.viewport().repaint()
        worst_s = max(worst_s, time.thread_time() - began)
    assert panel.table.records.rowCount() == 3_000
    assert worst_s < 1.0  # of computing; some milliseconds on an idle machine


async def test_exports_are_what_is_shown(panel, tmp_path):
    said = []
    panel.desk.banner_requested.connect(lambda *words: said.append(words))
    put(panel, http(), http("login", 500))
    panel.bar.problems.click()
    panel.export_to(tmp_path / "t.jsonl")
    await until(lambda: said)
    lines = (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["operation"] for line in lines] == ["login"]
    panel.export_to(tmp_path / "t.csv")
    await until(lambda: len(said) == 2)
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig").startswith("time_utc,")
    panel.export_to(tmp_path / "missing" / "t.csv")
    await until(lambda: panel.desk.report)
    assert "cannot be written" in str(panel.desk.report[0][1])


async def test_the_menu_has_everything_also_when_narrow(panel):
    put(panel, http())
    panel.table.selectRow(0)
    panel.resize(220, 300)
    assert not panel.bar.events.isVisible()
    menu = panel.context_menu()
    names = {action.text() for action in menu.actions()}
    assert {"Errors only", "Requests", "Socket", "Events", "Export traffic…"} <= names
    menu.popup(QPoint(0, 0))
    menu.close()
    assert panel.split.orientation() == Qt.Orientation.Vertical


async def test_state_is_remembered_and_nonsense_is_not(panel):
    panel.table.columns.resizeSection(INDEX[Column.WHAT], 300)
    state = json.loads(json.dumps(panel.save_state()))
    assert state["columns"]["widths"]["what"] == 300
    for nonsense in ({}, {"columns": "x", "split": 3}, {"columns": [1], "split": [0, 0]}):
        panel.restore_state(nonsense)
    panel.restore_state({"columns": [104, 104, 222, 58, 74, 84, 70, 0]})
    assert panel.table.columns.sectionSize(INDEX[Column.WHAT]) == 222
    panel.restore_state(state)
    assert panel.table.columns.save() == state["columns"]


async def test_the_dock_is_hidden_until_asked_for_and_takes_nothing_from_the_alarms(monkeypatch):
    async with bench(monkeypatch) as made:
        monkeypatch.setattr("tagwerk.ui.panels.PANELS", WITH_TRAFFIC)
        assert not made.window.shell.actions_by_id["connection.traffic"].isEnabled()
        await made.open()
        window = made.window
        dock = window.docking.docks["trafficPanel"]
        alarms = window.docking.docks["alarmPanel"]
        assert not dock.isVisible()
        before = alarms.height()
        made.desk.traffic_requested.emit()
        assert dock.isVisible()
        await until(lambda: dock.height() > 100 and alarms.height() >= before - 2)
        assert dock.width() == alarms.width()
        assert dock.y() > alarms.y()
        assert window.size().height() == 800
        made.flow.plant.traffic.on_exchange(http())
        made.clock_ns += SECOND
        await until(lambda: made.panel("trafficPanel").table.records.rowCount() == 1)
        window.docking.remember()
        window.docking.reset()
        assert not dock.isVisible()


async def test_in_a_low_window_the_middle_keeps_its_room_and_gets_it_back(monkeypatch):
    async with bench(monkeypatch) as made:
        monkeypatch.setattr("tagwerk.ui.panels.PANELS", WITH_TRAFFIC)
        await made.open()
        window = made.window
        window.resize(1000, 700)
        docking = window.docking
        dock, alarms = docking.docks["trafficPanel"], docking.docks["alarmPanel"]
        centre = docking.frames["trendPanel"]
        await until(lambda: centre.height() > 350)
        before, height = centre.height(), alarms.height()
        for _ in range(2):
            made.desk.traffic_requested.emit()
            await until(lambda: dock.isVisible() and alarms.height() == height)
            await until(lambda: centre.height() + alarms.height() + dock.height() > before)
            least = dock.minimumSizeHint().height()
            assert dock.height() == least or centre.height() >= 296
            assert dock.height() < 160
            dock.close()
            await until(lambda: centre.height() == before)
            assert alarms.height() == height
        assert window.height() == 700


async def test_an_arrangement_from_before_the_panel_puts_it_below_the_alarms_too(monkeypatch):
    settings = Settings()
    async with bench(monkeypatch, settings=settings) as made:
        await made.open()
        made.window.docking.remember()
        old = made.window.docking.arrangement()
    async with bench(monkeypatch, settings=settings) as made:
        monkeypatch.setattr("tagwerk.ui.panels.PANELS", WITH_TRAFFIC)
        await made.open()
        docks = made.window.docking.docks
        dock, alarms = docks["trafficPanel"], docks["alarmPanel"]
        assert not dock.isVisible()
        for _ in range(2):
            made.desk.traffic_requested.emit()
            await until(lambda: dock.height() > 100 and dock.y() > alarms.y())
            assert dock.width() == alarms.width() == made.window.width()
            made.window.docking.arrange(old)
            await until(lambda: not dock.isVisible())


@pytest.mark.parametrize("mode", ["light", "dark"])
async def test_it_paints_in_every_look(panel, qapp, mode):
    theme().apply(qapp, mode)
    put(panel, http(), http("login", 500, problem=message("no")), event("live"))
    panel.table.selectRow(1)
    picture = panel.grab().toImage()
    assert picture.pixelColor(5, panel.height() // 2) != picture.pixelColor(5, 5)
