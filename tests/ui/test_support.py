"""The dialog that saves a support bundle."""

from __future__ import annotations

import json
import threading
import zipfile

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.export.support import Cancelled
from tagwerk.ui import support
from tagwerk.ui.i18n import set_language
from tagwerk.ui.theme import theme
from ui.shell_support import bench, until

pytestmark = pytest.mark.ui


@pytest.fixture(autouse=True)
def _same_look(qapp):
    yield
    theme().apply(qapp, "light")
    set_language("en")


def dialog_of(made):
    made.window.shell.actions_by_id["help.support"].trigger()
    return made.window.findChild(support.SupportDialog)


async def test_the_help_menu_saves_what_is_known(monkeypatch, tmp_path):
    async with bench(monkeypatch) as made:
        await made.open()
        made.desk.doctor_report = "all is well"
        exchange = Exchange(1, TrafficKind.HTTP, "tagValues", request="TIC2120")
        made.flow.plant.traffic.on_exchange(exchange)
        dialog = dialog_of(made)
        assert dialog.save.hasFocus() or not dialog.isActiveWindow()
        path = tmp_path / "b.zip"
        dialog.save_to(path)
        await until(dialog.show_folder.isVisible)
        assert str(path) in dialog.said.text()
        with zipfile.ZipFile(path) as bundle:
            names = set(bundle.namelist())
            assert json.loads(bundle.read("link.json"))["state"] == "live"
            assert "TIC2120" not in bundle.read("traffic.jsonl").decode()
        assert {"doctor.txt", "versions.json", "settings.json"} <= names
        await until(lambda: not dialog._scope.is_running("support bundle"))
        dialog.with_texts.setChecked(True)
        dialog.save_to(path)
        await until(lambda: not dialog._scope.is_running("support bundle"))
        with zipfile.ZipFile(path) as bundle:
            assert "TIC2120" in bundle.read("traffic.jsonl").decode()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()


async def test_it_works_without_a_plant_and_says_what_went_wrong(monkeypatch, tmp_path):
    async with bench(monkeypatch) as made:
        dialog = dialog_of(made)
        dialog.save_to(tmp_path / "missing" / "b.zip")
        await until(lambda: "cannot be written" in dialog.said.text())
        assert dialog.save.isEnabled()
        dialog.close()


async def test_escape_cancels_a_long_one(monkeypatch, tmp_path):
    began = threading.Event()

    def slow(path, facts, *, on_progress, is_cancelled):
        on_progress(1, 7)
        began.set()
        until_s = 5.0
        while not is_cancelled() and until_s > 0:
            threading.Event().wait(0.01)
            until_s -= 0.01
        raise Cancelled

    monkeypatch.setattr(support, "write_bundle", slow)
    async with bench(monkeypatch) as made:
        dialog = dialog_of(made)
        dialog.save_to(tmp_path / "b.zip")
        await until(began.is_set)
        await until(lambda: "1 of 7" in dialog.said.text())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert dialog.isVisible()
        await until(lambda: "Cancelled" in dialog.said.text())
        dialog.close()
