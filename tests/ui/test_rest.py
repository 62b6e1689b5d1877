"""At rest nothing wakes, nothing is painted: counted, never timed."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tagwerk.domain.values import GOOD
from tagwerk.plant import Frame
from tagwerk.ui import clock as clock_module
from tagwerk.ui.clock import HIDDEN_PERIOD_MS, PERIOD_MS, RESTING_PERIOD_MS, FrameClock
from tagwerk.ui.settings import Settings
from ui.setpoint_bench import FLOW, KP, SP, UNSURE, make_panel
from ui.shell_support import SECOND, bench, until

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("qapp")]


class StillPlant:
    """Has news only when told so."""

    def __init__(self):
        self.news = False
        self.is_sorting = False
        self.tell = None

    def tell_news(self, tell):
        self.tell = tell

    def drain(self):
        news, self.news = self.news, False
        return Frame(0, {"a"} if news else set())


@pytest.fixture
def still(monkeypatch):
    """A frame clock on a plant without news, its seconds, and the frames that were handed on."""
    parent = QObject()
    errors = []
    made = FrameClock(lambda error, where: errors.append(error), parent)
    now_s = [1000.0]
    monkeypatch.setattr(clock_module.time, "monotonic", lambda: now_s[0])
    frames = []
    plant = StillPlant()
    made.set_plant(plant)
    made.listen("panel", frames.append)

    def beat(times):
        before = len(frames)
        for _ in range(times):
            now_s[0] += made.period_ms / 1000
            made._beat()
        return len(frames) - before

    yield made, plant, beat
    made.stop()
    assert not errors


def test_without_news_the_clock_rests_and_hands_on_one_frame_a_second(still):
    clock, _plant, beat = still
    assert beat(29) == 29
    assert clock.period_ms == PERIOD_MS
    beat(1)
    assert clock.period_ms == RESTING_PERIOD_MS
    assert beat(20) == 5


def test_news_end_the_rest_at_once(still):
    clock, plant, beat = still
    beat(60)
    plant.news = True
    assert beat(1) == 1
    assert clock.period_ms == PERIOD_MS
    assert beat(29) == 29


def test_what_moves_by_itself_gets_its_frames(still):
    clock, _plant, beat = still
    rate = [30.0]
    clock.listen("trend", lambda _frame: None, lambda: rate[0])
    beat(60)
    assert clock.period_ms == PERIOD_MS
    assert beat(30) == 30
    rate[0] = 5.0
    beat(2)
    assert clock.period_ms == 200
    assert beat(50) == 50
    rate[0] = 0.5
    beat(3)
    assert clock.period_ms == RESTING_PERIOD_MS


@pytest.mark.parametrize("beats", [30, 60])
def test_what_the_stream_delivers_ends_the_rest_at_once(still, beats):
    clock, plant, beat = still
    beat(20)
    assert plant.tell is None, "while frames come anyway nobody has to be told"
    beat(beats - 20)
    assert clock.period_ms == RESTING_PERIOD_MS
    frames = clock.frames
    plant.news = True
    teller = threading.Thread(target=plant.tell)
    teller.start()
    teller.join()
    QApplication.sendPostedEvents()
    assert clock.frames == frames + 1
    assert clock.period_ms == PERIOD_MS


def test_it_asks_to_be_told_before_it_looks(still, monkeypatch):
    _clock, plant, beat = still
    beat(60)
    asked = []
    monkeypatch.setattr(plant, "tell_news", lambda tell: asked.append("asked"))
    monkeypatch.setattr(plant, "drain", lambda: (asked.append("looked"), Frame(0))[1])
    beat(1)
    assert asked == ["asked", "looked"]


def test_a_clock_that_is_stopped_wants_to_hear_nothing_more(still):
    clock, plant, beat = still
    beat(60)
    assert plant.tell is not None
    clock.stop()
    assert plant.tell is None


def test_while_a_branch_is_being_sorted_there_is_no_rest(still):
    clock, plant, beat = still
    plant.is_sorting = True
    beat(60)
    assert clock.period_ms == PERIOD_MS
    plant.is_sorting = False
    beat(60)
    assert clock.period_ms == RESTING_PERIOD_MS


def test_a_hand_on_the_keys_wakes_it(still):
    clock, _plant, beat = still
    beat(60)
    clock.wake()
    assert clock.period_ms == PERIOD_MS
    assert beat(29) == 29
    beat(2)
    assert clock.period_ms == RESTING_PERIOD_MS


def test_hidden_it_only_drains_now_and_then_and_shown_again_it_has_a_frame_at_once(still):
    clock, _plant, beat = still
    clock.set_visible(False)
    assert clock.period_ms == HIDDEN_PERIOD_MS
    assert beat(20) <= 10
    frames = clock.frames
    clock.set_visible(True)
    assert clock.frames == frames + 1
    assert clock.period_ms == PERIOD_MS


async def test_a_minimised_window_stops_its_meters_and_goes_on_when_it_is_back(monkeypatch):
    async with bench(monkeypatch) as made:
        await made.open()
        window = made.window
        await until(lambda: window.lateness._timer.isActive())
        window.showMinimized()
        await until(lambda: window.clock.period_ms == HIDDEN_PERIOD_MS)
        assert not window.lateness._timer.isActive()
        await until(lambda: not window.exposure.second.isActive())
        window.showNormal()
        await until(lambda: window.clock.period_ms == PERIOD_MS)
        assert window.lateness._timer.isActive()
        assert window.exposure.second.isActive()


async def test_the_welcome_page_has_one_timer_the_second_of_its_clock(monkeypatch):
    async with bench(monkeypatch) as made:
        window = made.window
        await until(lambda: bool(window.panels) and not window._on_show.building.is_under_way)
        assert not window.clock._timer.isActive()
        assert not window.lateness._timer.isActive()
        assert window.exposure.second.isActive()
        assert window.exposure.second.isSingleShot()
        assert 0 <= window.exposure.second.remainingTime() <= 1000


class Paints(QObject):
    """Notes what is painted of a widget."""

    def __init__(self, widget):
        super().__init__()
        self.areas = []
        widget.installEventFilter(self)

    def eventFilter(self, _watched, event):
        if event.type() == QEvent.Type.Paint:
            self.areas.append(event.region().boundingRect())
        return False


def let_paint():
    QApplication.sendPostedEvents()
    QEventLoop().processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)


@pytest.fixture
def listed():
    made = make_panel(Settings())
    made.panel.add_tags([SP, KP, FLOW])
    made.panel.resize(520, 700)
    made.panel.show()
    made.frame()
    let_paint()
    yield made
    made.panel.view.close_editor()
    made.panel.close()
    made.panel.deleteLater()


def pass_time(made, seconds):
    made.clock_ns.now_ns += seconds * SECOND
    made.frame()
    let_paint()


def test_ages_are_painted_alone_and_only_where_their_text_is_another(listed):
    view = listed.panel.view
    pass_time(listed, 20)
    paints = Paints(view.viewport())
    pass_time(listed, 5)
    layout = view._layout
    assert paints.areas
    for area in paints.areas:
        assert area.left() >= int(layout.unit_left)
        assert area.right() <= layout.age_right + 1
    paints.areas.clear()
    listed.frame()
    let_paint()
    assert paints.areas == []


def test_ages_in_minutes_are_not_painted_every_second(listed):
    pass_time(listed, 310)
    paints = Paints(listed.panel.view.viewport())
    for _ in range(10):
        pass_time(listed, 1)
    assert paints.areas == []
    pass_time(listed, 60)
    assert paints.areas


def test_a_list_too_narrow_for_ages_is_not_painted_for_them(listed):
    listed.panel.resize(300, 700)
    let_paint()
    pass_time(listed, 20)
    view = listed.panel.view
    view.select([name for name, age in view._ages.items() if age is not None])
    listed.panel._remove()
    pass_time(listed, 1)
    assert set(view._ages.values()) == {None}
    paints = Paints(view.viewport())
    pass_time(listed, 1)
    assert paints.areas == []


def test_an_age_painted_alone_looks_as_in_a_whole_picture(listed):
    viewport = listed.panel.view.viewport()
    pass_time(listed, 20)
    picture = QImage(viewport.size(), QImage.Format.Format_RGB32)
    viewport.render(picture, QPoint(0, 0))
    painted = Paints(viewport)
    pass_time(listed, 5)
    assert painted.areas
    for area in tuple(painted.areas):
        viewport.render(picture, area.topLeft(), area)
    whole = QImage(viewport.size(), QImage.Format.Format_RGB32)
    viewport.render(whole, QPoint(0, 0))
    assert picture == whole


def test_ages_of_some_seconds_are_painted_every_second_older_ones_every_five(listed):
    pass_time(listed, 20)
    listed.show(KP, 2.5)
    let_paint()
    paints = Paints(listed.panel.view.viewport())
    painted = []
    for _ in range(30):
        paints.areas.clear()
        pass_time(listed, 1)
        painted.append(bool(paints.areas))
    assert all(painted[:9])
    assert 3 <= sum(painted[10:]) <= 6


def test_a_value_is_painted_with_its_age_and_nothing_else(listed):
    view = listed.panel.view
    pass_time(listed, 310)
    paints = Paints(view.viewport())
    listed.clock_ns.now_ns += SECOND
    listed.show(KP, 2.5)
    let_paint()
    assert len(paints.areas) == 1
    area = paints.areas[0]
    assert view._row_rect(1).toRect().contains(area)
    assert view._layout.live_left - 60 < area.left() < view._layout.live_right
    assert area.right() <= view._layout.age_right + 1


@pytest.mark.parametrize(
    ("value", "quality"),
    [(2.5, GOOD), (12345.0, GOOD), (-0.25, GOOD), (2.6, UNSURE), (None, GOOD)],
)
def test_a_value_painted_alone_looks_as_in_a_whole_picture(listed, value, quality):
    viewport = listed.panel.view.viewport()
    pass_time(listed, 20)
    picture = QImage(viewport.size(), QImage.Format.Format_RGB32)
    viewport.render(picture, QPoint(0, 0))
    painted = Paints(viewport)
    for number in (1.5, value, 1.75, value):
        listed.clock_ns.now_ns += SECOND
        listed.show(KP, number, quality)
        let_paint()
        assert painted.areas
        for area in tuple(painted.areas):
            viewport.render(picture, area.topLeft(), area)
        painted.areas.clear()
        whole = QImage(viewport.size(), QImage.Format.Format_RGB32)
        viewport.render(whole, QPoint(0, 0))
        painted.areas.clear()
        assert picture == whole


async def test_the_status_bar_paints_the_field_that_changed(monkeypatch):
    async with bench(monkeypatch) as made:
        window = made.window
        now_ns = 1_781_791_012 * SECOND
        await until(lambda: bool(window.panels) and not window._on_show.building.is_under_way)
        window.exposure.second.stop()
        witness = Paints(window.shell.welcome.drawing)
        fields = {name: Paints(field) for name, field in window.shell.status_bar.fields.items()}

        async def painted_after(at_ns):
            window.shell.status_bar.refresh(None, (0.0, 0.0), at_ns)
            witness.areas.clear()
            window.shell.welcome.drawing.update()
            await until(lambda: witness.areas)
            names = {name for name, paints in fields.items() if paints.areas}
            for paints in fields.values():
                paints.areas.clear()
            return names

        await painted_after(now_ns)
        assert await painted_after(now_ns) == set()
        assert await painted_after(now_ns + SECOND) == {"clock"}
