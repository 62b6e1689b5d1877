from __future__ import annotations

import asyncio
import csv
import io
import threading
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from tagwerk.domain.alarms import Alarm, AlarmKey, AlarmState
from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.values import BAD, GOOD, Sample
from tagwerk.export.csv_table import ENGLISH_CSV, write_rows
from tagwerk.ui import i18n
from tagwerk.ui.mime import tag_mime
from tagwerk.ui.theme import theme
from tagwerk.ui.trend import export
from tagwerk.ui.trend.axes import MINUTE_NS, clock_text
from tagwerk.ui.trend.columns import ColumnCache
from tagwerk.ui.trend.geometry import measure
from tagwerk.ui.trend.legend import DELTA, HIGH, LOW, MEAN, PEN, A, B
from tagwerk.ui.trend.legend import NOW as NOW_COLUMN
from tagwerk.ui.trend.marks import SeenAlarms
from tagwerk.ui.trend.page import PICTURES_APART_NS
from tagwerk.ui.trend.readout import cursor_box
from tagwerk.ui.trend.strokes import pieces
from tagwerk.ui.widgets.numbers import Mark
from tagwerk.write.request import Outcome, PastWrite
from ui.trend_bench import (
    ALL,
    CV,
    FLOW,
    FLOW_SP,
    LEVEL,
    MODE,
    NOW,
    PUMP,
    PUMP_2,
    PV,
    SECOND,
    SP,
    TEXT,
    Bench,
    FakeClient,
    value_at,
)


@pytest.fixture(autouse=True)
def _in_english(qapp):
    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.fixture
def bench(qapp):
    made = Bench()
    # Shortcuts need an active window.
    made.panel.activateWindow()
    assert QTest.qWaitForWindowActive(made.panel)
    yield made
    made.panel.set_plant(None)
    made.panel.deleteLater()


@pytest.fixture
def story(bench):
    bench.story()
    return bench


def color_at(view, x, y):
    return view.grab().toImage().pixelColor(round(x), round(y)).name()


def picture(view):
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return data[:, : image.width()] & 0xFFFFFF


def rgb(color):
    return color.rgb() & 0xFFFFFF


def key(widget, name, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(widget, name, modifiers)


# Adding and arranging.


def test_panes_and_axes_are_shared_by_unit_and_loop(story):
    found = story.model.arrangement
    axes = [
        [(axis.unit, [pen.label for pen in axis.pens]) for axis in pane.axes]
        for pane in found.panes
    ]
    assert axes == [
        [("°C", ["TIC2120.PV", "TIC2120.SP"]), ("%", ["TIC2120.CV"])],
        [("L/h", ["FIC2111.PV", "FIC2111.SP"]), ("%", ["LI2102.PV"])],
    ]
    assert [pen.lane_label for pen in found.lanes] == ["P2111", "P2112"]


def test_setpoints_are_ink_dashed_steps_and_bools_are_lanes(story):
    pens = {pen.name: pen for pen in story.model.pens}
    assert (pens[SP].dashed, pens[SP].step, pens[SP].color) == (True, True, 7)
    assert (pens[PV].dashed, pens[PV].step) == (False, False)
    assert pens[PUMP].is_lane
    assert len({pens[name].color for name in (PV, CV, FLOW, LEVEL)}) == 4


def test_each_axis_gets_a_pane_of_its_own_on_request(story):
    story.panel.actions_by_id["trend.split"].setChecked(True)
    assert [pane.left.unit for pane in story.model.arrangement.panes] == ["°C", "%", "L/h", "%"]
    assert all(pane.right is None for pane in story.model.arrangement.panes)


def test_only_what_is_trended_is_subscribed(bench):
    bench.desk.trend_requested.emit([PV, SP])
    bench.frame()
    assert bench.link.wanted == {PV, SP}
    bench.model.select(bench.model.pen(SP))
    bench.panel.actions_by_id["trend.remove"].trigger()
    bench.frame()
    assert bench.link.wanted == {PV}
    assert bench.curve(SP) is None


def test_a_tag_is_added_once(bench):
    bench.panel.add_tags([PV, PV])
    bench.panel.add_tags([PV])
    assert bench.model.names == [PV]


def test_what_cannot_be_drawn_is_refused_with_the_reason(bench):
    assert bench.panel.add_tags([TEXT, PV]) == [bench.model.pen(PV)]
    assert bench.banners == [
        ("info", "One tag was not added.", "Batch.Name holds text, not a number.")
    ]


def test_tags_can_be_dropped(bench):
    mime = tag_mime([PV, PUMP])
    event = QDropEvent(
        QPointF(300, 200), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    bench.view.dropEvent(event)
    assert bench.model.names == [PV, PUMP]
    other = QMimeData()
    other.setText(SP)
    bench.view.dropEvent(
        QDropEvent(QPointF(300, 200), Qt.DropAction.CopyAction, other, Qt.MouseButton.LeftButton,
                   Qt.KeyboardModifier.NoModifier)
    )  # fmt: skip
    assert bench.model.names == [PV, PUMP]


def test_a_pen_moves_to_another_pane(story):
    pen = story.model.pen(LEVEL)
    pen.pane = 2
    story.model.rearrange()
    assert [pane.left.unit for pane in story.model.arrangement.panes] == ["°C", "L/h", "%"]


def test_a_tag_of_unknown_type_is_a_lane_once_it_shows_a_bool(bench):
    name = "HMI_RT_1::Unknown.Flag"
    bench.panel.add_tags([name])
    assert not bench.model.pens[0].is_lane
    bench.frame()  # subscribed: what comes from here on is of this subscription
    bench.plant.on_samples([Sample(name, True, BAD, NOW, NOW)])
    bench.frame()
    assert bench.model.pens[0].is_lane


def test_a_trend_takes_no_more_than_it_can_show(bench):
    names = [f"HMI_RT_1::Many.T{i}" for i in range(40)]
    assert len(bench.panel.add_tags(names)) == 32
    assert "at most 32" in bench.banners[0][2]


# What is drawn.


def test_the_curve_is_drawn_in_its_colour_and_a_hole_is_not(story):
    geometry = story.view.placement
    pane = geometry.panes[0][1]
    image = picture(story.view)
    pen = rgb(theme().pen_color(story.model.pen(PV).color))
    values = geometry.values(story.model, *next((p, p.left, r) for p, r in geometry.panes))
    for seconds in (-800, -700, -200, -20):
        x = round(geometry.time.x(NOW + seconds * SECOND))
        y = round(values.y(value_at(PV, NOW + seconds * SECOND)))
        near = image[y - 4 : y + 5, x - 1 : x + 2]
        assert any(_close(pixel, pen) for pixel in near.flat)
    left = int(geometry.time.x(NOW - 685 * SECOND))
    right = int(geometry.time.x(NOW - 620 * SECOND))
    inside = image[int(pane.top()) + 3 : int(pane.bottom()) - 3, left:right]
    assert not any(_close(pixel, pen) for pixel in np.unique(inside))


def _close(pixel, color, by=60):
    parts = [((int(pixel) >> s) & 255, (int(color) >> s) & 255) for s in (0, 8, 16)]
    return all(abs(a - b) <= by for a, b in parts)


def test_holes_are_hatched_and_filled_ones_are_not(story):
    geometry = story.view.placement
    image = picture(story.view)
    ground = {rgb(theme().color("hatch_ground")), rgb(theme().color("hatch_line"))}
    x = int(geometry.time.x(NOW - 680 * SECOND))
    first, second = geometry.panes[0][1], geometry.panes[1][1]
    in_hole = image[int(first.top()) + 4 : int(first.top()) + 40, x : x + 20]
    filled = image[int(second.bottom()) - 30 : int(second.bottom()) - 4, x : x + 20]
    assert rgb(theme().color("hatch_ground")) in ground & set(np.unique(in_hole).tolist())
    assert not ground & set(np.unique(filled).tolist())


def test_no_line_crosses_a_hole(story):
    curve = story.curve(PV)
    left, right = NOW - 900 * SECOND, NOW
    first, stop = curve.range_of(left, right)
    parts = pieces(curve, first, stop, curve.holes(left, right), right)
    assert len(parts) == 2
    assert parts[0][0][-1] <= NOW - 690 * SECOND
    assert parts[1][0][0] >= NOW - 616 * SECOND


def test_the_last_value_stands_until_now_and_ends_where_knowledge_ends(bench):
    bench.panel.add_tags([PV])
    bench.feed([PV], -60, -30)
    bench.frame()
    curve = bench.curve(PV)
    holes = curve.holes(NOW - 60 * SECOND, NOW)
    part = pieces(curve, *curve.range_of(NOW - 60 * SECOND, NOW), holes, NOW)[-1]
    assert part[0][-1] == NOW
    bench.lose(10)
    holes = curve.holes(NOW - 60 * SECOND, NOW + 60 * SECOND)
    part = pieces(
        curve, *curve.range_of(NOW - 60 * SECOND, NOW + 60 * SECOND), holes, NOW + 60 * SECOND
    )[-1]
    assert part[0][-1] == NOW + 10 * SECOND


def test_dark_and_german_and_large_are_drawn_too(qapp, story):
    try:
        theme().apply(qapp, "dark")
        i18n.set_language("de")
        story.plant.language = "de"
        story.frame(1)
        image = picture(story.view)
        assert image[2, 2] == rgb(theme().color("panel"))
        assert len(np.unique(image)) > 50
        assert story.page.legend.rows_model.headers()[NOW_COLUMN] == "Jetzt"
    finally:
        theme().apply(qapp, "light")


def test_many_samples_are_drawn_as_columns_and_look_the_same(bench):
    bench.panel.add_tags([FLOW])
    bench.feed([FLOW], -600, 0, 0.05)
    bench.frame()
    bench.settle()
    geometry = bench.view.placement
    curve = bench.curve(FLOW)
    first, stop = curve.range_of(geometry.time.left_ns, geometry.time.right_ns)
    assert stop - first > 2 * geometry.time.width
    image = picture(bench.view)
    pen = rgb(theme().pen_color(bench.model.pen(FLOW).color))
    pane, rect = geometry.panes[0]
    values = geometry.values(bench.model, pane, pane.left, rect)
    for seconds in (-500, -300, -79, -40, -10):
        x = int(geometry.time.x(NOW + seconds * SECOND))
        y = values.y(value_at(FLOW, NOW + seconds * SECOND))
        rows = np.flatnonzero(image[:, x] == pen)
        assert len(rows)
        assert rows.min() - 3 <= y <= rows.max() + 3


def test_columns_are_kept_while_time_goes_on(bench):
    bench.panel.add_tags([FLOW])
    bench.feed([FLOW], -600, 0, 0.05)
    bench.frame()
    cache, curve = ColumnCache(), bench.curve(FLOW)
    width = SECOND
    left = (NOW - 600 * SECOND) // width
    whole = cache.get(curve, left, left + 600, width)
    assert cache.computed == 600
    moved = cache.get(curve, left + 7, left + 607, width)
    assert cache.computed <= 600 + 9
    np.testing.assert_array_equal(moved.low[: 600 - 9], whole.low[7:-2])
    bench.feed([FLOW], 0, 5, 0.05)
    bench.frame()
    fresh = ColumnCache().get(curve, left + 7, left + 607, width)
    again = cache.get(curve, left + 7, left + 607, width)
    np.testing.assert_array_equal(again.low, fresh.low)
    np.testing.assert_array_equal(again.high, fresh.high)
    bench.read_log([FLOW], -700, -600)
    older = cache.get(curve, left - 100, left + 500, width)
    np.testing.assert_array_equal(
        older.low, ColumnCache().get(curve, left - 100, left + 500, width).low
    )


def test_nothing_is_painted_when_nothing_changed(story):
    story.frame()
    QApplication.sendPostedEvents()
    story.view.grab()
    story.view.refresh()
    before = story.view._painted
    version = story.model.version
    story.frame(0.001)
    assert story.model.version == version
    assert story.view._painted == before
    story.frame(2)
    assert story.view._painted != before


def paints(bench, run):
    """How often the view is painted while `run` is."""
    QApplication.processEvents()
    bench.view._rest.stop()  # on a slow machine a coarse picture is still to be drawn finely
    before = bench.view.paint_count
    run()
    QApplication.processEvents()
    return bench.view.paint_count - before


def steady(bench, value, seconds, *, start):
    """Samples of `PV` at each tenth of a second, with a frame after each."""
    for step in range(round(seconds * 10)):
        time_ns = NOW + round((start + step / 10) * SECOND)
        bench.plant.on_samples([Sample(PV, value(step), GOOD, time_ns, time_ns)])
        bench.frame(0.1)
        QApplication.processEvents()


def test_samples_that_change_no_pixel_paint_nothing(bench):
    bench.panel.add_tags([PV])
    bench.model.set_span(24 * 3600 * SECOND)
    bench.page.refresh()
    bench.frame(1)
    bench.settle()
    steady(bench, lambda step: 20.0, 1, start=0)
    assert paints(bench, lambda: steady(bench, lambda step: 20.0, 5, start=1)) == 0
    moved = paints(bench, lambda: steady(bench, lambda step: 20.0 + step, 5, start=6))
    assert moved >= 5
    assert bench.curve(PV).values[-1] == 69.0


def test_what_moves_by_itself_leaves_the_loop_time_between_two_pictures(bench):
    bench.panel.add_tags([PV])
    bench.model.set_span(120 * SECOND)
    bench.page.refresh()
    bench.frame(1)
    bench.settle()
    assert bench.view.step_ns > PICTURES_APART_NS
    pictured = []
    for step in range(90):
        time_ns = NOW + SECOND + round(step * SECOND / 30)
        bench.plant.on_samples([Sample(PV, float(step), GOOD, time_ns, time_ns)])
        if paints(bench, lambda: bench.frame(1 / 30)):
            pictured.append(step)
    gaps_ns = [(after - before) * SECOND / 30 for before, after in pairwise(pictured)]
    assert len(gaps_ns) >= 10
    assert min(gaps_ns) >= PICTURES_APART_NS
    bench.model.touch()  # what somebody did, or what is stale from now on, waits for nothing
    assert paints(bench, lambda: bench.frame(0.001)) == 1
    bench.model.touch()
    assert paints(bench, lambda: bench.frame(0.001)) == 1


def test_a_pen_hidden_in_the_legend_is_gone_from_the_picture_at_once(story):
    rows = story.page.legend.rows_model
    cell = rows.index(0, PEN)
    hidden = Qt.CheckState.Unchecked
    role = Qt.ItemDataRole.CheckStateRole
    assert paints(story, lambda: rows.setData(cell, hidden, role)) == 1
    assert not rows.pens[0].visible


def test_values_in_the_legend_paint_no_curve(story):
    rows = story.page.legend.rows_model
    cell = rows.index(0, PEN)
    assert paints(story, lambda: rows.dataChanged.emit(cell, cell)) == 0


def test_samples_behind_a_paused_window_paint_nothing(story):
    story.model.pause()
    story.model.pan(-60 * SECOND)
    story.page.refresh()
    steady(story, float, 1, start=4)
    assert paints(story, lambda: steady(story, float, 4, start=5)) == 0


def test_the_toolbar_and_legend_rest_while_nothing_changes(story):
    story.model.pause()
    story.model.pan(-120 * SECOND)
    story.page.refresh()
    for _ in range(3):
        story.frame(1)
        QApplication.processEvents()
    counted = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                counted.append(watched.objectName() or type(watched).__name__)
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)
    for _ in range(30):
        story.frame(0.1)
        QApplication.processEvents()
    QApplication.instance().removeEventFilter(watch)
    assert counted == []


def test_a_minimised_window_costs_nothing(story):
    story.panel.showMinimized()
    before = story.model.now_ns
    story.frame(5)
    assert story.model.now_ns == before
    story.panel.showNormal()
    story.frame(0.1)
    assert story.model.now_ns > before


def test_thinned_stretches_are_dotted_and_told_in_words(story):
    story.curve(FLOW).mark_thinned(NOW - 300 * SECOND, NOW - 200 * SECOND)
    story.frame(0.6)
    rect = next(
        rect
        for pane, rect in story.view.placement.panes
        if any(pen.name == FLOW for axis in pane.axes for pen in axis.pens)
    )
    image, time = picture(story.view), story.view.placement.time
    ink = rgb(theme().color("text2"))
    rows = image[int(rect.top()) : int(rect.top()) + 8]
    inside = slice(int(time.x(NOW - 295 * SECOND)), int(time.x(NOW - 205 * SECOND)))
    outside = slice(int(time.x(NOW - 190 * SECOND)), int(time.x(NOW - 110 * SECOND)))
    assert (rows[:, inside] == ink).any()
    assert not (rows[:, outside] == ink).any()
    tip = story.view.tip_at(QPointF(time.x(NOW - 250 * SECOND), rect.center().y()))
    told = tip.partition("Thinned: the server sent faster")[2]
    assert "FIC2111.PV" in told
    assert "LI2102.PV" not in told
    elsewhere = story.view.tip_at(QPointF(time.x(NOW - 100 * SECOND), rect.center().y()))
    assert "Thinned" not in elsewhere
    legend = story.page.legend.rows_model
    row = story.model.names.index(FLOW)
    assert "thinned" in legend.text(row, 0)
    assert "thinned" in legend.tsv().splitlines()[row + 2]
    assert "thinned" not in legend.text(story.model.names.index(PV), 0)


def test_the_mouse_reads_all_curves_with_the_exact_times_of_their_samples(story):
    curve = story.curve(PV)
    time_ns = int(curve.times[np.searchsorted(curve.times, NOW - 100 * SECOND)])
    curve.append([Sample(PV, 850.0, BAD, NOW + SECOND, NOW + SECOND)])
    story.frame(20)
    view, time = story.view, story.view.placement.time
    y = view.placement.panes[0][1].center().y()
    first, *lines = view.tip_at(QPointF(time.x(time_ns + SECOND // 2), y)).splitlines()
    assert first.startswith("13:5")
    words = {line.split("  ")[0]: line for line in lines}
    assert list(words) == [pen.label for pen in story.model.pens]
    stamp = clock_text(time_ns, millis=True)
    assert words["TIC2120.PV"].endswith(f"°C  since {stamp}")
    assert "bad" in view.tip_at(QPointF(time.x(NOW + 10 * SECOND), y))
    assert "Link down" in view.tip_at(QPointF(time.x(NOW - 650 * SECOND), y))
    assert view.tip_at(QPointF(time.x(story.model.now_ns) + 5, y)) == ""
    assert view.tip_at(QPointF(2, y)) == ""


def test_the_cursors_read_the_same_by_keyboard(story):
    cursors(story, -100, -50)
    legend = story.page.legend.rows_model
    index = legend.index(story.model.names.index(PV), A)
    words = legend.data(index, Qt.ItemDataRole.AccessibleDescriptionRole)
    assert words.endswith(f"since {clock_text(story.model.cursors[0], millis=True)}")
    assert legend.data(index, Qt.ItemDataRole.ToolTipRole) == words


def test_where_there_is_room_for_one_the_curves_take_it(story):
    panel, page = story.panel, story.page
    action = panel.actions_by_id["trend.legend"]
    around = panel.height() - page.height()
    width = panel.width()
    for height, has_legend in ((600, True), (280, True), (270, False), (205, False), (290, True)):
        panel.resize(width, around + height)
        QApplication.processEvents()
        assert page.height() == height
        assert page.legend.isVisible() is has_legend, height
        assert page.view.height() >= min(height, 200) - page._splitter.handleWidth()
        assert action.isEnabled() is has_legend
        assert action.isChecked(), "it is still wanted"
        assert ("too low" in action.toolTip()) is not has_legend


def test_rows_are_moved_by_keys_and_by_dragging(story):
    legend, names = story.page.legend, list(story.model.names)
    story.model.select(story.model.pens[0])
    story.page.refresh()
    legend.setFocus()
    key(legend, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert story.model.names[:2] == [names[1], names[0]]
    assert story.model.selected.name == names[0]
    assert legend.currentIndex().row() == 1
    key(legend, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    key(legend, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert story.model.names == names

    def middle(row):
        return legend.visualRect(legend.rows_model.index(row, NOW_COLUMN)).center()

    QTest.mousePress(legend.viewport(), Qt.MouseButton.LeftButton, pos=middle(0))
    for row in (1, 2):
        QTest.mouseMove(legend.viewport(), middle(row))
    QTest.mouseRelease(legend.viewport(), Qt.MouseButton.LeftButton, pos=middle(2))
    assert story.model.names[:3] == [names[1], names[2], names[0]]
    assert [pen.name for pen in legend.rows_model.pens] == story.model.names
    assert story.page.state()["pens"][2]["name"] == names[0]


def test_many_alarms_are_looked_at_in_slices_and_the_newest_stay():
    seen = SeenAlarms()
    alarms = [
        Alarm(AlarmKey(f"A{i}", i), AlarmState.RAISED, raise_time_ns=NOW + i) for i in range(10_000)
    ]
    seen.announce()
    frames = 0
    while frames == 0 or seen._waiting:
        seen.look(alarms, NOW + frames)
        frames += 1
    assert frames == 5
    version = seen.version
    seen.announce()
    seen.look(alarms, NOW + 6)
    assert seen.version == version  # not before a second has gone
    seen.look(alarms, NOW + 2 * SECOND)
    while seen._waiting:
        seen.look(alarms, NOW + 2 * SECOND)
    assert seen.version == version
    assert max(alarm.raise_time_ns for alarm in seen._alarms.values()) == NOW + 9_999


def test_a_hidden_panel_costs_nothing(story):
    story.panel.hide()
    before = story.model.now_ns
    story.feed([PV], 0, 5)
    story.frame(5)
    assert story.model.now_ns == before
    assert len(story.curve(PV)) > 0


# Time window.


def test_following_keeps_the_present_at_the_right(story):
    assert story.model.is_live
    right = story.model.right_ns
    story.frame(30)
    assert story.model.right_ns - right == 30 * SECOND
    assert 0 < story.model.right_ns - story.model.now_ns < story.model.span_ns * 0.03


def test_space_pauses_and_goes_on(story):
    story.view.setFocus()
    key(story.view, Qt.Key.Key_Space)
    assert not story.model.is_live
    right = story.model.right_ns
    story.frame(30)
    assert story.model.right_ns == right
    assert story.panel.toolbar.pause.text() == "Paused"
    key(story.view, Qt.Key.Key_Space)
    assert story.model.is_live


def test_space_on_a_button_presses_the_button(story):
    story.panel.toolbar.pause.setFocus()
    QTest.keyClick(story.panel.toolbar.pause, Qt.Key.Key_Space)
    assert not story.model.is_live


def test_home_goes_back_to_live_and_pages_go_through_time(story):
    story.view.setFocus()
    left = story.model.left_ns
    key(story.view, Qt.Key.Key_PageUp)
    assert story.model.left_ns == left - story.model.span_ns // 4
    key(story.view, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ShiftModifier)
    assert story.model.left_ns == left - story.model.span_ns // 4 - story.model.span_ns // 2
    key(story.view, Qt.Key.Key_PageDown)
    assert story.model.left_ns == left - story.model.span_ns // 2
    key(story.view, Qt.Key.Key_Home)
    assert story.model.is_live


def test_plus_and_minus_zoom_and_the_span_says_so(story):
    story.view.setFocus()
    key(story.view, Qt.Key.Key_Plus)
    assert story.model.span_ns == 12 * MINUTE_NS
    assert story.model.is_live
    assert story.panel.toolbar.span.currentText() == "12 min"
    key(story.view, Qt.Key.Key_Minus)
    assert story.model.span_ns == 15 * MINUTE_NS
    assert story.panel.toolbar.span.currentText() == "15 min"
    assert story.panel.toolbar.span.findText("12 min") == -1


def wheel(view, at, steps, modifiers=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        QPointF(at), view.mapToGlobal(QPointF(at)), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    view.wheelEvent(event)


def test_control_wheel_zooms_at_the_mouse(story):
    story.model.pause()
    x = story.view.width() * 0.3
    before = story.view.placement.time.time(x)
    wheel(story.view, QPointF(x, 200), 1, Qt.KeyboardModifier.ControlModifier)
    assert story.model.span_ns == 12 * MINUTE_NS
    after = story.view.placement.time.time(x)
    assert abs(after - before) <= 2 * story.view.placement.time.pixel_ns


def test_the_wheel_on_an_axis_zooms_that_axis_and_double_click_undoes_it(story):
    geometry = story.view.placement
    _pane, rect = geometry.panes[0]
    story.view.grab()
    auto = dict(story.model.scales)
    at = QPointF(20, rect.center().y())
    wheel(story.view, at, 2)
    story.view.grab()
    changed = {k for k in auto if story.model.scales[k] != auto[k]}
    assert changed == {(0, True)}
    assert (
        story.model.scales[0, True].high - story.model.scales[0, True].low
        < auto[0, True].high - auto[0, True].low
    )
    QTest.mouseDClick(
        story.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint()
    )
    story.view.grab()
    assert story.model.scales_by_hand == {}
    assert story.model.scales[0, True].contains(18, 22.3)


def drag(view, start, end, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.mousePress(view, Qt.MouseButton.LeftButton, modifiers, start)
    middle = QPoint((start.x() + end.x()) // 2, (start.y() + end.y()) // 2)
    QTest.mouseMove(view, middle)
    QTest.mouseMove(view, end)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, modifiers, end)


def test_dragging_pans_and_leaves_live(story):
    right = story.model.right_ns
    pixel = story.view.placement.time.pixel_ns
    drag(story.view, QPoint(300, 200), QPoint(400, 200))
    assert not story.model.is_live
    assert abs((right - story.model.right_ns) - 100 * pixel) <= 10 * pixel


def test_shift_and_drag_zoom_to_the_frame(story):
    geometry = story.view.placement
    story.view.grab()
    drag(story.view, QPoint(300, 100), QPoint(500, 180), Qt.KeyboardModifier.ShiftModifier)
    assert abs(story.model.span_ns - 200 * geometry.time.pixel_ns) <= 2 * geometry.time.pixel_ns
    assert abs(story.model.left_ns - geometry.time.time(300)) <= geometry.time.pixel_ns
    assert (0, True) in story.model.scales_by_hand


def test_arrows_and_the_span_list_work_from_the_toolbar(story):
    toolbar = story.panel.toolbar
    left = story.model.left_ns
    toolbar.findChild(object, "trendEarlier").click()
    assert story.model.left_ns == left - story.model.span_ns // 2
    toolbar.span.setCurrentIndex(0)
    toolbar.span.activated.emit(0)
    assert story.model.span_ns == MINUTE_NS
    assert [toolbar.span.itemText(i) for i in range(toolbar.span.count())] == [
        "1 min", "2 min", "5 min", "10 min", "15 min", "30 min", "1 h", "2 h", "4 h", "8 h", "12 h", "24 h",
    ]  # fmt: skip


def test_the_toolbar_says_the_time_with_its_zone(story):
    texts = story.panel.toolbar.times.texts
    assert "local time, UTC" in texts[0]
    assert texts[-1] in texts[0] or " – " in texts[-1]


# Cursors.


def cursors(bench, a, b):
    bench.panel.actions_by_id["trend.cursors"].setChecked(True)
    bench.model.cursors[:] = [NOW + a * SECOND, NOW + b * SECOND]
    bench.model.touch()
    bench.page.refresh()


def test_cursor_values_differences_and_statistics_are_in_the_legend(story):
    cursors(story, -600, -500)
    rows = story.page.legend.rows_model
    row = [pen.name for pen in rows.pens].index(SP)
    assert [rows.text(row, c) for c in (A, B, DELTA, LOW, HIGH, MEAN)] == [
        "18.0", "18.0", "0.0", "18.0", "18.0", "18.0",
    ]  # fmt: skip
    cursors(story, -500, -400)
    assert rows.text(row, DELTA) == "+4.0"
    assert rows.text(row, MEAN) == "20.0"
    assert rows.headers()[LOW] == "Min A…B"
    pump = [pen.name for pen in rows.pens].index(PUMP)
    assert (rows.text(pump, A), rows.text(pump, B), rows.text(pump, MEAN)) == ("On", "On", "")


def test_a_cursor_in_a_hole_reads_nothing(story):
    cursors(story, -650, -100)
    rows = story.page.legend.rows_model
    assert rows.text(0, A) == "—"
    assert rows.text(0, DELTA) == "—"
    flow = [pen.name for pen in rows.pens].index(FLOW)
    assert rows.text(flow, A) != "—"


def test_arrows_move_the_cursor_by_samples_while_it_runs(story):
    story.view.setFocus()
    cursors(story, -450, -289)
    story.model.active = 1
    key(story.view, Qt.Key.Key_Right)
    assert story.model.cursors[1] == NOW - 288 * SECOND
    key(story.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert story.model.cursors[1] == NOW - 298 * SECOND
    key(story.view, Qt.Key.Key_A)
    key(story.view, Qt.Key.Key_Left)
    assert story.model.cursors[0] == NOW - 451 * SECOND
    assert story.model.is_live
    story.frame(20)
    assert story.model.cursors == [NOW - 451 * SECOND, NOW - 298 * SECOND]


def test_an_arrow_brings_the_cursors_up(story):
    story.view.setFocus()
    assert not story.model.cursors_on
    key(story.view, Qt.Key.Key_Left)
    assert story.model.cursors_on
    assert story.panel.actions_by_id["trend.cursors"].isChecked()
    left, right = story.model.cursors
    assert story.model.left_ns < left < right < story.model.now_ns


def test_a_cursor_is_dragged_and_snaps_to_a_sample(story):
    cursors(story, -450, -289)
    x = round(story.view.placement.time.x(NOW - 289 * SECOND))
    drag(story.view, QPoint(x, 150), QPoint(x + 60, 150))
    moved = story.model.cursors[1]
    assert moved % SECOND == NOW % SECOND
    assert abs(moved - story.view.placement.time.time(x + 60)) <= 2 * SECOND
    assert story.model.is_live


def test_cursor_times_stand_in_inverse_ink_on_the_axis(story):
    cursors(story, -450, -289)
    geometry = story.view.placement
    x = geometry.time.x(NOW - 450 * SECOND)
    ink = theme().color("text").name()
    assert color_at(story.view, x - 40, geometry.axis.top() + theme().px(8)) == ink


def test_statistics_are_copied_as_a_table(story):
    story.view.setFocus()
    cursors(story, -500, -400)
    key(story.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().split("\n")]
    assert lines[0][0].startswith("From ")
    assert lines[1][:4] == ["Tag", "Display name", "Now", "Unit"]
    assert [line[0] for line in lines[2:]] == list(ALL)
    assert {len(line) for line in lines[1:]} == {10}
    setpoint = lines[2 + ALL.index(SP)]
    assert setpoint[4:] == ["18.0", "22.0", "+4.0", "18.0", "22.0", "20.0"]


# Legend.


def test_the_legend_shows_the_live_value_with_its_mark(story):
    rows = story.page.legend.rows_model
    assert rows.rows[0].mark is Mark.NONE
    assert rows.text(0, PEN) == "TIC2120.PV Return temperature"
    story.plant.on_samples([Sample(PV, 99.0, BAD, story.now, story.now)])
    story.frame(1)
    assert rows.rows[0].mark is Mark.BAD
    story.lose(30)
    story.frame(1)
    assert rows.rows[0].mark is Mark.STALE
    assert rows.headers()[NOW_COLUMN] == "Last"


def test_a_narrow_legend_drops_columns_from_the_right(story):
    legend = story.page.legend
    legend.resize(1100, 200)
    assert [c for c in range(10) if legend.isColumnHidden(c)] == [A, B, DELTA]
    cursors(story, -450, -289)
    assert not any(legend.isColumnHidden(c) for c in range(10))
    legend.resize(640, 200)
    hidden = [c for c in range(10) if legend.isColumnHidden(c)]
    assert hidden == list(range(hidden[0], 10))
    assert hidden[0] > B
    legend.resize(380, 200)
    assert legend.isColumnHidden(A)
    assert not legend.isColumnHidden(NOW_COLUMN)


def test_a_pen_is_hidden_and_shown_by_its_box_and_by_enter(story):
    legend = story.page.legend
    box = legend.check_rect(legend.visualRect(legend.rows_model.index(2, PEN)))
    QTest.mouseClick(
        legend.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center()
    )
    assert not story.model.pens[2].visible
    assert [axis.unit for axis in story.model.arrangement.panes[0].axes] == ["°C", "%"]
    legend.setCurrentIndex(legend.rows_model.index(2, PEN))
    key(legend, Qt.Key.Key_Return)
    assert story.model.pens[2].visible


def test_selecting_in_the_legend_and_in_the_view_is_one_selection(story):
    legend = story.page.legend
    legend.setCurrentIndex(legend.rows_model.index(3, PEN))
    assert story.model.selected.name == FLOW
    story.view.setFocus()
    key(story.view, Qt.Key.Key_Down)
    assert story.model.selected.name == FLOW_SP
    assert legend.currentIndex().row() == 4
    key(story.view, Qt.Key.Key_Delete)
    assert FLOW_SP not in story.model.names
    assert story.model.selected.name == LEVEL


# The log.


@pytest.mark.ui
async def test_a_new_tag_gets_its_past_from_the_log(qapp):
    bench = Bench()
    task = asyncio.get_running_loop().create_task(bench.plant.run())
    try:
        bench.panel.add_tags([PV])
        bench.plant.on_samples([Sample(PV, value_at(PV, NOW), BAD, NOW, NOW)])
        bench.frame()
        bench.frame(1)
        await _until(lambda: bench.curve(PV).missing(NOW - 800 * SECOND, NOW) == [])
        assert len(bench.curve(PV)) > 800
        asked = list(bench.client.asked)
        bench.frame(3)
        await asyncio.sleep(0)
        assert bench.client.asked == asked
        bench.panel._change(lambda model: model.set_span(60 * MINUTE_NS))
        bench.frame(1)
        await _until(lambda: bench.curve(PV).missing(NOW - 3_000 * SECOND, NOW) == [])
        spans = [(start, end) for _names, start, end in bench.client.asked]
        assert len(spans) == len(set(spans))
        for one in spans:
            assert not any(o is not one and o[0] < one[1] and one[0] < o[1] for o in spans)
    finally:
        await _end(bench, task)


@pytest.mark.ui
async def test_a_log_that_fails_says_so_and_is_asked_again_only_on_request(qapp, monkeypatch):
    monkeypatch.setattr("tagwerk.plant.history.TRIES", 1)
    bench = Bench()
    task = asyncio.get_running_loop().create_task(bench.plant.run())
    try:
        bench.client.fails = NotReachable(
            "loggedTagValues timed out after {seconds} s.", seconds=30
        )
        bench.panel.add_tags([PV])
        bench.frame(1)
        await _until(lambda: bench.frame(1) and bench.panel.problem.isVisible())
        assert "timed out after 30 s" in bench.panel.problem.detail.text()
        assert bench.panel.problem.headline.text() == "The log did not answer for one pen"
        count = len(bench.client.asked)
        for _ in range(4):
            bench.frame(1)
            await asyncio.sleep(0)
        assert len(bench.client.asked) <= count + 1
        bench.client.fails = None
        bench.panel.problem.again.click()
        bench.frame(1)
        await _until(lambda: len(bench.curve(PV)) > 500)
        bench.frame(1)
        assert not bench.panel.problem.isVisible()
    finally:
        await _end(bench, task)


@pytest.mark.ui
async def test_the_hole_of_a_lost_link_is_read_after_it_is_back(qapp):
    bench = Bench()
    task = asyncio.get_running_loop().create_task(bench.plant.run())
    try:
        bench.panel.add_tags([PV])
        bench.feed([PV], -60, 0)
        bench.frame()
        await _until(lambda: bench.curve(PV).missing(NOW - 800 * SECOND, NOW) == [])
        bench.lose(1)
        assert bench.model.is_stale
        bench.frame(30)
        before = len(bench.client.asked)
        await asyncio.sleep(0)
        assert len(bench.client.asked) == before
        bench.come_back(60)
        bench.feed([PV], 60, 70)
        bench.now = NOW + 70 * SECOND
        bench.frame()
        bench.frame(1)
        await _until(lambda: bench.curve(PV).missing(NOW, bench.now) == [])
        reading = bench.curve(PV).value_at(NOW + 30 * SECOND)
        assert reading.value == value_at(PV, NOW + 30 * SECOND)
        assert reading.source.value == "filled"
    finally:
        await _end(bench, task)


async def _until(condition, limit_s=5.0):
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.005)


async def _end(bench, task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bench.panel.close_panel()
    bench.panel.deleteLater()


def test_progress_is_shown_while_the_log_is_read(bench):
    bench.panel.add_tags([PV, SP])
    bench.frame(1)
    bench.frame(1)
    assert bench.model.loading.total == 2
    assert bench.panel.progress.share is not None
    bench.settle()
    bench.frame(1)
    assert bench.model.loading is None
    assert bench.panel.progress.share is None


def test_offline_nothing_is_asked(qapp):
    bench = Bench()
    bench.plant.on_status(LinkStatus(LinkState.RECONNECTING, since_ns=NOW, lost_at_ns=NOW))
    bench.frame()
    bench.panel.add_tags([PV])
    bench.frame(1)
    assert not bench.plant.history_state(PV).loading
    bench.panel.deleteLater()


# Marks.


def test_alarms_of_the_shown_objects_and_writes_stand_in_the_lane(bench):
    bench.panel.add_tags([PV, SP])
    alarm = Alarm(
        AlarmKey("HMI_RT_1::Cooling.TIC2120.PV:PV_High", 1), AlarmState.RAISED, priority=8,
        text="return temperature above 23.5 °C", raise_time_ns=NOW - 60 * SECOND, back_color="#FFE100",
        trigger_tag=PV,
    )  # fmt: skip
    other = Alarm(
        AlarmKey("HMI_RT_1::X.Y:Z", 1),
        AlarmState.RAISED,
        raise_time_ns=NOW,
        trigger_tag="HMI_RT_1::X.Y",
    )
    bench.plant.on_alarms_restart([alarm, other])
    bench.plant.writes._past = None
    write = PastWrite("1", SP, NOW - 30 * SECOND, 18.0, 22.0, 22.0, "k.vogt", "", Outcome.CONFIRMED)
    failed = PastWrite("2", SP, NOW - 20 * SECOND, 18.0, 22.0, None, "k.vogt", "", Outcome.REJECTED)
    from tagwerk.ui.trend.marks import write_marks

    bench.frame(1)
    assert [(m.color, m.tip) for m in bench.model.marks] == [("#FFE100", alarm.text)]
    marks = write_marks(bench.model.pens, [write, failed])
    assert [m.text for m in marks] == ["18.0 → 22.0 °C"]
    bench.view.grab()
    geometry = bench.view.placement
    x = geometry.time.x(NOW - 60 * SECOND)
    assert alarm.text in bench.view.tip_at(QPointF(x, 10))
    assert color_at(bench.view, x, geometry.events.top() + theme().px(7)).upper() == "#FFE100"


def test_a_moment_opens_a_trend_around_it_with_a_marker(bench):
    bench.desk.moment_requested.emit(PV, NOW - 3_600 * SECOND)
    assert bench.model.names == [PV]
    assert bench.model.title.startswith("TIC2120.PV ")
    assert (bench.model.left_ns, bench.model.right_ns) == (
        NOW - 3_900 * SECOND,
        NOW - 3_300 * SECOND,
    )
    assert bench.model.moment_ns == NOW - 3_600 * SECOND
    assert bench.panel.pages.count() == 2
    bench.desk.moment_requested.emit(PV, NOW - 3_600 * SECOND)
    assert bench.panel.pages.count() == 2
    bench.desk.moment_requested.emit(TEXT, NOW)
    assert bench.banners[-1][1] == "There is no trend of it."


# Tabs and state.


def test_tabs_are_added_renamed_and_closed(bench):
    bar = bench.panel.tabs.bar
    bench.panel.add_tags([PV])
    bench.panel.actions_by_id["trend.new"].trigger()
    assert bar.count() == 2
    bench.panel.add_tags([FLOW])
    bench.frame()
    assert bench.link.wanted == {PV, FLOW}
    bar.rename(1)
    field = bar.findChild(object, "trendTabName")
    field.setText("Dosing")
    key(field, Qt.Key.Key_Return)
    assert bar.tabText(1) == "Dosing"
    bench.panel.close_trend(1)
    bench.frame()
    assert bench.link.wanted == {PV}
    bench.panel.close_trend(0)
    assert bar.count() == 1
    assert bench.model.pens == []


def test_escape_leaves_the_old_name(bench):
    bar = bench.panel.tabs.bar
    name = bar.tabText(0)
    bar.rename(0)
    field = bar.findChild(object, "trendTabName")
    field.setText("Wrong")
    key(field, Qt.Key.Key_Escape)
    assert bar.tabText(0) == name


def test_trends_are_remembered_for_each_plant(bench):
    bench.panel.add_tags([PV, SP])
    bench.model.pens[1].visible = False
    bench.panel._renamed(0, "Cooling")
    bench.panel.new_trend()
    bench.panel.add_tags([PUMP])
    bench.model.set_span(5 * MINUTE_NS)
    state = bench.panel.save_state()
    other = Bench(plant=False)
    other.panel.restore_state(state)
    assert other.model.pens == []
    other.plant = other.make_plant()
    other.panel.set_plant(other.plant)
    pages = other.panel.all_pages()
    assert [page.model.title for page in pages] == ["Cooling", "Trend 2"]
    assert pages[0].model.names == [PV, SP]
    assert [pen.visible for pen in pages[0].model.pens] == [True, False]
    assert other.page is pages[1]
    assert other.model.span_ns == 5 * MINUTE_NS
    stranger = other.make_plant("Skid 22")
    other.panel.set_plant(stranger)
    assert other.model.pens == []
    assert other.plant.trends.names == frozenset()
    other.panel.set_plant(None)
    other.panel.deleteLater()


@pytest.mark.parametrize("state", [
    {}, {"version": 2}, {"version": 1, "plants": []},
    {"version": 1, "plants": {"Skid 21": {"trends": [{"title": 3, "span_ns": "x", "pens": [{"name": 1}, 7]}, 5], "current": "a"}}},
    {"version": 1, "plants": {"Skid 21": {"trends": [{"span_ns": -1, "pens": [{"name": PV, "color": 99, "pane": "x"}]}]}}},
])  # fmt: skip
def test_a_broken_memory_does_no_harm(bench, state):
    bench.panel.restore_state(state)
    bench.frame()
    bench.view.grab()
    assert bench.panel.pages.count() >= 1
    assert bench.model.span_ns > 0


def test_another_plant_leaves_nothing_of_the_old_one(story):
    old = story.plant
    story.panel.set_plant(None)
    assert old.trends.names == frozenset()
    assert old.interest.names == frozenset()
    assert story.model.pens == []
    story.view.grab()


# Exports.


def test_samples_are_exported_with_quality_and_source(story):
    story.plant.on_samples([Sample(PV, 850.0, BAD, NOW + SECOND // 2, NOW + SECOND)])
    story.frame(1)
    stream = io.StringIO()
    write_rows(stream, export.COLUMNS, export.sample_rows(story.model), ENGLISH_CSV)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert list(rows[0]) == [
        "time_utc",
        "time_local",
        "tag",
        "value",
        "quality",
        "sub_status",
        "source",
    ]
    mine = [row for row in rows if row["tag"] == PV]
    assert {row["source"] for row in mine} == {"log", "live"}
    assert {row["source"] for row in rows if row["tag"] == FLOW} >= {"filled"}
    assert mine[-1]["value"] == "850.0"
    assert mine[-1]["quality"] == "BAD"
    times = [row["time_utc"] for row in mine]
    assert times == sorted(times)
    assert all(row["time_utc"].endswith("Z") for row in rows)


@pytest.mark.ui
async def test_a_file_dialog_is_opened_and_writes_the_table(story, tmp_path):
    story.panel.actions_by_id["trend.csv"].trigger()
    dialog = story.panel.findChild(QFileDialog, "trendSaveDialog")
    assert dialog is not None
    target = tmp_path / "trend.csv"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    await _until(lambda: story.banners)
    text = target.read_bytes()
    assert text.startswith(b"\xef\xbb\xbftime_utc,time_local,tag")
    assert story.banners[-1][1] == "Saved trend.csv"


@pytest.mark.ui
async def test_a_table_is_made_outside_of_the_windows_thread(story, tmp_path):
    threads = set()
    await story.panel.exports.write_file(
        tmp_path / "trend.csv", lambda _path: threads.add(threading.get_ident())
    )
    assert threads.isdisjoint({threading.main_thread().ident})


def test_exported_samples_are_those_of_the_moment_of_asking(story):
    asked = export.sample_rows(story.model)
    expected = list(export.sample_rows(story.model))
    story.feed(ALL, 1, 30)
    story.frame(30)
    assert list(asked) == expected


@pytest.mark.ui
async def test_a_folder_that_refuses_is_reported(story, tmp_path):
    image = story.panel.exports.picture(story.page)
    await story.panel.exports.write_file(
        tmp_path / "no" / "x.png", lambda path: export.save_picture(image, path)
    )
    assert "cannot be written" in str(story.reported[-1])


def test_the_picture_has_trend_and_whole_legend(story, tmp_path):
    image = story.panel.exports.picture(story.page)
    assert image.width() == story.view.width()
    assert image.height() >= story.view.height() + 24 * 9
    target = tmp_path / "trend.png"
    export.save_picture(image, target)
    assert QImage(str(target)).size() == image.size()
    story.panel.exports.copy_picture(story.page)
    assert not QGuiApplication.clipboard().image().isNull()
    data = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    last_row = data[-12, : image.width()] & 0xFFFFFF
    assert len(np.unique(last_row)) > 3


# For everybody.


def test_every_control_has_a_name_and_the_view_says_what_it_shows(story):
    for widget in story.panel.toolbar.children():
        if widget.isWidgetType():
            assert widget.accessibleName(), widget.objectName()
    text = story.view.accessibleDescription()
    assert "Live, the last 15 min" in text
    assert "TIC2120.PV" in text
    story.model.pause()
    story.page.refresh()
    assert story.view.accessibleDescription().startswith("Paused")


def test_an_empty_trend_says_what_to_do(bench):
    image = picture(bench.view)
    assert len(np.unique(image)) > 5
    assert bench.view.accessibleDescription() == "No tags yet."
    assert not bench.page.legend.isVisible()
    assert not bench.panel.actions_by_id["trend.csv"].isEnabled()
    assert "Add a tag first." in bench.panel.actions_by_id["trend.csv"].toolTip()


def test_text_lists_have_a_lane_with_their_words(bench):
    bench.panel.add_tags([MODE])
    bench.frame()
    bench.feed([MODE], -600, 0, 10)
    bench.frame(1)
    assert bench.model.pens[0].is_lane
    bench.view.grab()
    assert bench.page.legend.rows_model.text(0, NOW_COLUMN) == "Cascade"


def test_the_past_of_a_removed_tag_is_not_read_any_more(bench):
    bench.panel.add_tags([PV, SP])
    bench.panel.new_trend()
    bench.panel.add_tags([SP])
    bench.frame(1)
    bench.panel.tabs.bar.setCurrentIndex(0)
    bench.frame(1)
    assert bench.plant.history_state(PV).loading
    for name in (PV, SP):
        bench.page.remove(bench.model.pen(name))
    assert not bench.plant.history_state(PV).loading
    assert bench.plant.history_state(SP).loading, "another trend shows it"


def test_a_reader_is_not_told_that_a_lost_link_is_live(story):
    assert story.page.description().startswith("Live, the last")
    story.lose(5)
    assert story.page.description().startswith("Link lost, values are stale")


def test_lanes_alone_have_the_time_between_the_cursors(bench):
    bench.panel.add_tags([PUMP])
    bench.frame(1)
    bench.model.cursors_on = True
    bench.model.cursors = (NOW - 60 * SECOND, NOW - 30 * SECOND)
    view = bench.view
    geometry = measure(bench.model, view.width(), view.height(), 1.0)
    box = cursor_box(bench.model, geometry)
    assert box is not None
    assert box.lines[0][0] == "Δt"
    assert box.lines[0][1].startswith("30.000")
    assert geometry.lane_box.bottom() <= box.rect.top()
    assert box.rect.bottom() <= geometry.ribbon.top()


def test_lanes_alone_are_drawn_while_their_past_is_read(bench):
    bench.panel.add_tags([PUMP, PUMP_2])
    for _ in range(3):
        bench.frame(1)
    assert bench.model.loading is not None
    before = bench.view.paint_count
    assert len(np.unique(picture(bench.view))) > 5
    assert bench.view.paint_count > before


def test_the_table_of_names_is_what_readers_hear(story):
    rows = story.page.legend.rows_model
    assert (
        rows.data(rows.index(0, PEN), Qt.ItemDataRole.AccessibleTextRole)
        == "TIC2120.PV Return temperature"
    )
    assert rows.data(rows.index(0, PEN), Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    assert "weighted by time" in rows.headerData(
        MEAN, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
    )


def test_mouse_wheel_events_are_taken(story):
    left = story.model.left_ns
    wheel(story.view, QPointF(400, 200), 1)
    assert story.model.left_ns < left
    assert QEvent.Type.Wheel


def test_the_second_pump_is_on_after_the_first(story):
    assert story.curve(PUMP).value_at(NOW - 90 * SECOND).value == 1.0
    assert story.curve(PUMP_2).value_at(NOW - 10 * SECOND).value == 1.0
    assert FakeClient().capabilities is FakeClient.capabilities
