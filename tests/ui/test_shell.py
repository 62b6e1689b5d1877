"""The window's shell: made in two parts, made anew, and never without its wires."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tagwerk.ui.errors import Reporter
from tagwerk.ui.i18n import set_language
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import theme
from tagwerk.ui.window import MainWindow
from ui.shell_support import PROFILE, bench, until

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("qapp")]


@pytest.fixture(autouse=True)
def _same_look(qapp):
    yield
    theme().apply(qapp, "light")
    set_language("en")


@pytest.fixture
def painted():
    """A window as it is behind its first picture, and what was reported."""
    report = Reporter()
    window = MainWindow(Settings(), report, keep_size=True, at_once=False)
    window.resize(1280, 800)
    window.show()
    yield window, report
    window.close_for_good()
    window.deleteLater()


def test_a_key_behind_the_first_picture_is_no_error(painted):
    window, report = painted
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        key = QKeyEvent(kind, Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(window.windowHandle(), key)
    window.showMinimized()
    window.showNormal()
    assert report.messages == []


def test_another_language_before_the_second_part_is_there(painted):
    window, report = painted
    window.shell.welcome.language_chosen.emit("de")
    titles = [action.text() for action in window.shell.menu_bar.actions()]
    assert titles[0] == "&Datei"
    window.complete()
    assert window.shell.actions_by_id["file.quit"].text() == "Beenden"
    assert report.messages == []


def test_completed_twice_is_completed_once(painted):
    window, _report = painted
    assert window.complete() is window.complete()


def test_what_is_asked_before_the_loop_runs_does_nothing(painted):
    window, report = painted
    window.complete()
    asked = window.connections
    for ask in (
        asked.start_demo, asked.cancel_demo, asked.connect_to, asked.close_plant, asked.manage,
        asked.edit, asked.enter_partner, asked.forget_password, asked.reconnect, asked.repair,
        asked.sign_in_as, asked.go_to_partner, asked.examine,
    ):  # fmt: skip
        ask()
    asked.open_saved(PROFILE)
    asked.duplicate(PROFILE.name)
    asked.remove(PROFILE.name)
    asked.keep_at_top(PROFILE.name, True)
    asked.forget_password(PROFILE)
    assert not asked.is_ready
    assert asked.plant is None
    assert asked.recent() == ((), ())
    assert not window.shell.actions_by_id["file.connect"].isEnabled()
    assert report.messages == []


async def test_recent_connections_are_looked_after_in_another_language_too(monkeypatch):
    async with bench(monkeypatch) as made:
        saved = SavedConnections(made.settings)
        saved.put(PROFILE)
        saved.put(replace(PROFILE, name="other", url="https://other/graphql/"))
        old = made.window.shell.welcome
        made.window.appearance.choose_language("de")
        await until(lambda: made.window.shell.welcome is not old)
        recent = made.window.shell.welcome.recent
        recent.kept_at_top.emit(PROFILE.name, True)
        assert saved.is_at_top(PROFILE.name)
        recent.duplicated.emit("other")
        assert saved.find("other 2") is not None


async def test_every_widget_is_the_shells_of_now(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        shell = made.window.shell
        old = shell.banner, shell.tool_bar, shell.status_bar, shell.stack
        made.window.appearance.choose_density("compact")
        await until(lambda: shell.banner is not old[0])
        await until(lambda: made.window.panels.get("alarmPanel") is not None)
        made.desk.banner_requested.emit("info", "after the change", "")
        assert shell.banner.current.headline == "after the change"
        assert shell.tool_bar.isVisible()
        assert shell.stack.currentWidget().panel is made.panel("trendPanel")
        assert made.window.statusBar() is shell.status_bar
        assert all(before is not now for before, now in zip(
            old, (shell.banner, shell.tool_bar, shell.status_bar, shell.stack), strict=True))  # fmt: skip
