"""The window: pages, docks, menus, keys, look and language, what it remembers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget

from tagwerk.domain.connection import LinkState
from tagwerk.domain.errors import NotReachable, ServerFailed, UsageError
from tagwerk.domain.message import message
from tagwerk.ui.i18n import language, set_language
from tagwerk.ui.layout_memory import fit_on_screens
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import theme
from ui.shell_support import PROFILE, SECOND, bench, until

pytestmark = pytest.mark.ui


@pytest.fixture(autouse=True)
def _same_look(qapp):
    yield
    theme().apply(qapp, "light")
    set_language("en")


def visible_docks(window):
    return {dock.objectName() for dock in window.findChildren(QDockWidget) if dock.isVisible()}


async def test_the_first_thing_is_a_welcome_not_an_empty_window(monkeypatch):
    async with bench(monkeypatch) as made:
        assert made.window.objectName() == "mainWindow"
        assert made.window.shell.stack.currentWidget() is made.window.shell.welcome
        assert not made.window.shell.tool_bar.isVisible()
        assert visible_docks(made.window) == set()
        assert made.window.shell.actions_by_id["file.connect"].isEnabled()
        assert not made.window.shell.actions_by_id["connection.disconnect"].isEnabled()


async def test_a_plant_brings_the_docks_in_the_places_of_the_design(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        window = made.window
        assert visible_docks(window) == {"tagPanelDock", "setpointPanelDock", "alarmPanelDock"}
        assert window.shell.stack.currentWidget().panel is made.panel("trendPanel")
        docks = {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}
        assert docks["tagPanelDock"].x() == 0
        assert docks["setpointPanelDock"].geometry().right() == window.width() - 1
        assert docks["alarmPanelDock"].width() == window.width()
        assert window.shell.status_bar.fields["connection"].accessibleName() == "Connected"
        assert "m.brandt" in window.shell.status_bar.fields["user"].accessibleName()


async def test_menus_hold_the_panels_actions_and_run_them(monkeypatch):
    async with bench(monkeypatch) as made:
        assert not made.window.shell.menu_builder.menus["Alarms"].menuAction().isEnabled()
        await made.open()
        action = made.panel("alarmPanel").action
        assert action in made.window.shell.menu_builder.menus["Alarms"].actions()
        assert made.window.shell.menu_builder.menus["Alarms"].menuAction().isEnabled()
        action.trigger()
        assert made.panel("alarmPanel").ran == 1


async def test_view_menu_hides_and_shows_a_dock(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        toggle = next(
            a
            for a in made.window.shell.menu_builder.menus["View"].actions()
            if a.objectName() == "view.tagPanel"
        )
        toggle.trigger()
        assert "tagPanelDock" not in visible_docks(made.window)
        toggle.trigger()
        assert "tagPanelDock" in visible_docks(made.window)


async def test_f6_goes_round_the_panels_and_back_to_where_one_was(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        made.window.activateWindow()
        await until(made.window.isActiveWindow)
        seen = []
        for _ in range(5):
            seen.append(
                next(
                    n
                    for n, p in made.window.panels.items()
                    if p.isAncestorOf(QApplication.focusWidget())
                )
            )
            made.window.shell.actions_by_id["view.next_panel"].trigger()
        assert seen == ["tagPanel", "trendPanel", "setpointPanel", "alarmPanel", "tagPanel"]
        made.window.shell.actions_by_id["view.previous_panel"].trigger()
        assert made.panel("tagPanel").isAncestorOf(QApplication.focusWidget())


@pytest.mark.expects_log("broken panel")
async def test_frames_reach_every_panel_and_a_broken_one_stops_nobody(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()

        def broken(_frame):
            raise ValueError("broken panel")

        made.window.clock._listeners.insert(0, ("tagPanel", broken))
        before = len(made.panel("alarmPanel").frames)
        made.window.clock.tick()
        made.window.clock.tick()
        assert len(made.panel("alarmPanel").frames) == before + 2
        assert made.report.messages == ["tagPanel: ValueError: broken panel"]
        assert made.window.shell.banner.current.kind == "bad"
        assert "2 times" in made.window.shell.banner.current.detail


async def test_language_switch_keeps_plant_and_state(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        made.panel("tagPanel").field.setText("212")
        old = made.panel("tagPanel")
        made.window.appearance.choose_language("de")
        await until(lambda: made.window.panels.get("tagPanel") not in (None, old))
        assert language() == "de"
        assert made.window.shell.menu_builder.menus["File"].title() == "&Datei"
        assert made.panel("tagPanel").field.text() == "212"
        assert made.panel("tagPanel").plants[-1] is made.flow.plant
        assert made.link.languages == ["de-DE"]
        assert visible_docks(made.window) == {"tagPanelDock", "setpointPanelDock", "alarmPanelDock"}
        assert made.settings.get("language") == "de"
        assert not made.link.closed


async def test_curves_outlive_a_language_switch(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        name = "HMI_RT_1::Cooling.TIC2120.PV"
        plant = made.flow.plant
        curve = plant.trends.open(name, step=False)
        close_panel = made.panel("trendPanel").close_panel

        async def close_with_its_curve():
            plant.trends.close(name)
            await close_panel()

        made.panel("trendPanel").close_panel = close_with_its_curve
        kept = []
        monkeypatch.setattr(
            type(made.panel("trendPanel")),
            "set_plant",
            lambda self, plant: plant and kept.append(plant.trends.open(name, step=False)),
        )
        made.window.appearance.choose_language("de")
        await until(lambda: kept)
        assert kept == [curve]
        await until(lambda: not made.window._scope.is_running("rebuild"))
        plant.trends.close(name)
        assert plant.trends.curve(name) is None


async def test_two_switches_at_once_end_with_both(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        made.window.appearance.choose_density("compact")
        made.window.appearance.choose_language("de")
        await until(lambda: not made.window._scope.is_running("rebuild"))
        assert theme().density == "compact"
        assert made.window.shell.menu_builder.menus["Help"].title() == "&Hilfe"
        assert len(made.window.findChildren(QDockWidget)) == 3


async def test_theme_switch_is_at_once_and_remembered(monkeypatch):
    async with bench(monkeypatch) as made:
        made.window.appearance.choose_theme("dark")
        assert theme().is_dark
        assert QApplication.palette().window().color() == theme().color("panel")
        assert made.settings.get("theme") == "dark"
        assert made.window.shell.welcome.theme_choice.current == "dark"


async def test_losing_the_link_shows_when_why_and_how_long(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        made.flow.plant.trends.open("HMI_RT_1::Cooling.TIC2120.PV", step=False)
        lost_ns = made.clock_ns
        made.link.lose(lost_ns)
        made.window.clock.tick()
        banner = made.window.shell.banner.current
        assert banner.kind == "warning"
        assert banner.headline.startswith("Link lost at ")
        assert "stale" in banner.detail
        assert "Nothing answers." in banner.detail
        assert banner.attempt == 4
        assert not banner.closable
        banner.actions[0][2]()
        assert made.link.reconnects == 1
        assert made.window.shell.status_bar.fields["connection"].accessibleName() == "Link lost"
        made.clock_ns += 72 * SECOND
        made.link.go_live(made.clock_ns)
        made.window.clock.tick()
        banner = made.window.shell.banner.current
        assert banner.kind == "info"
        assert banner.headline.startswith("Back since ")
        assert "72 s" in banner.detail
        made.clock_ns += 5 * SECOND
        made.window._on_show.refresh()
        assert "0 of 1 curves" in made.window.shell.banner.current.detail


@pytest.mark.parametrize(
    ("error", "word", "headline"),
    [
        (NotReachable("No."), "Not reachable", "skid21-hmi is not reachable"),
        (ServerFailed("No."), "No connection yet", "No connection to skid21-hmi yet"),
    ],
    ids=["nobody answers", "it answers"],
)
async def test_what_never_was_up_is_not_lost(monkeypatch, error, word, headline):
    async with bench(monkeypatch) as made:
        await made.open()
        made.link.tell(
            LinkState.RECONNECTING,
            attempt=2,
            detail=message("No."),
            cure=message("Check the name."),
            error=error,
        )
        made.window.clock.tick()
        bar = made.window.shell
        field = bar.status_bar.fields["connection"]
        assert field.accessibleName() == word
        assert field.toolTip() == "No. Check the name."
        assert word in bar.tool_bar.chooser.accessibleName()
        assert bar.banner.current.headline == headline
        assert "Check the name." in bar.banner.current.detail
        made.link.go_live()
        made.window.clock.tick()
        made.link.lose(made.clock_ns)
        made.window.clock.tick()
        assert field.accessibleName() == "Link lost"
        assert "Link lost" in bar.tool_bar.chooser.accessibleName()


async def test_a_refusal_offers_to_look_into_it(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        made.link.tell(
            LinkState.REFUSED, detail=message("The password is wrong."), cure=message("Sign in.")
        )
        made.window.clock.tick()
        banner = made.window.shell.banner.current
        assert (banner.kind, banner.headline) == ("bad", "The password is wrong.")
        assert banner.detail == "Sign in."


async def test_the_worst_banner_wins_and_the_others_wait(monkeypatch):
    async with bench(monkeypatch) as made:
        made.desk.banner_requested.emit("info", "one", "")
        made.desk.banner_requested.emit("bad", "two", "")
        made.desk.banner_requested.emit("warning", "three", "")
        bar = made.window.shell.banner
        assert bar.current.headline == "two"
        bar._close.click()
        assert bar.current.headline == "three"
        bar._close.click()
        bar._close.click()
        assert not bar.isVisible()


async def test_arming_shows_in_the_tool_bar_and_round_the_dock(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        chip = made.window.shell.tool_bar.arm
        assert chip.accessibleName() == "Read-only"
        made.flow.plant.arming.arm(600)
        made.window.clock.tick()
        assert chip.accessibleName() == "Writing is armed"
        dock = made.window.findChild(QDockWidget, "setpointPanelDock")
        assert dock._armed.isVisible()
        made.link.lose(made.clock_ns)
        made.window.clock.tick()
        made.window.clock.tick()
        assert chip.accessibleName() == "Read-only"
        assert not dock._armed.isVisible()


async def test_palette_finds_commands_and_tags(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        await until(lambda: made.flow.plant.browse_state.done)
        made.window.clock.tick()
        made.window._commands.open_palette()
        palette = made.window._commands.palette
        palette.field.setText("reset lay")
        assert palette.model.items[0].title == "Reset layout"
        palette.field.setText("tic2120.pv")
        assert palette.model.items[0].tag == "HMI_RT_1::Cooling.TIC2120.PV"
        asked = []
        made.desk.reveal_requested.connect(asked.append)
        QTest.keyClick(palette.field, "\r")
        assert asked == ["HMI_RT_1::Cooling.TIC2120.PV"]
        assert not palette.isVisible()


async def test_layout_comes_back_in_the_next_run(monkeypatch, tmp_path):
    settings = Settings(tmp_path)
    async with bench(monkeypatch, settings=settings) as made:
        await made.open()
        made.window.findChild(QDockWidget, "alarmPanelDock").hide()
        made.panel("trendPanel").field.setText("pens")
        made.window.remember()
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        await made.open()
        assert visible_docks(made.window) == {"tagPanelDock", "setpointPanelDock"}
        assert made.panel("trendPanel").restored == {"text": "pens"}
        made.window.docking.reset()
        assert "alarmPanelDock" in visible_docks(made.window)


@pytest.mark.expects_log("restore_state")
async def test_a_part_that_cannot_be_restored_leaves_the_others_alone(monkeypatch):
    settings = Settings()
    settings.set("panels", {"tagPanel": {"odd": 1}, "trendPanel": {"text": "pens"}})
    settings.set("layout", {"nonsense": 3})
    async with bench(monkeypatch, settings=settings) as made:
        await made.open()
        assert made.panel("trendPanel").field.text() == "pens"
        assert made.panel("tagPanel").field.text() == ""
        assert len(made.report.messages) == 1


async def test_closing_a_plant_goes_back_to_the_welcome_page(monkeypatch):
    async with bench(monkeypatch) as made:
        SavedConnections(made.settings).put(PROFILE)
        await made.open()
        link = made.link
        made.window.shell.actions_by_id["connection.disconnect"].trigger()
        await until(lambda: link.closed)
        assert made.window.shell.stack.currentWidget() is made.window.shell.welcome
        assert visible_docks(made.window) == set()
        assert made.panel("tagPanel").plants[-1] is None
        assert not made.window.shell.actions_by_id["connection.disconnect"].isEnabled()


async def test_closing_the_window_asks_the_main_coroutine(monkeypatch):
    async with bench(monkeypatch) as made:
        asked = []
        made.window.close_requested.connect(lambda: asked.append(True))
        made.window.close()
        assert asked == [True]
        assert made.window.isVisible()


@pytest.mark.expects_log("cannot be")
async def test_errors_are_shown_in_words_with_the_cure(monkeypatch):
    async with bench(monkeypatch) as made:
        made.report(UsageError("{name} cannot be opened.", cure="Try another.", name="X"), "open")
        assert made.window.shell.banner.current.headline == "X cannot be opened."
        assert made.window.shell.banner.current.detail == "Try another."


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (QRect(100, 100, 800, 600), QRect(100, 100, 800, 600)),
        (QRect(5000, 5000, 800, 600), QRect(1120, 480, 800, 600)),
        (QRect(-700, 50, 800, 600), QRect(0, 50, 800, 600)),
        (QRect(0, 0, 4000, 3000), QRect(0, 0, 1920, 1080)),
        (QRect(2000, 10, 800, 600), QRect(2000, 10, 800, 600)),
    ],
)
def test_a_window_never_lies_off_screen(wanted, expected):
    screens = [QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 800)]
    if wanted.x() == 5000:
        screens = screens[:1]
    assert fit_on_screens(wanted, screens) == expected
