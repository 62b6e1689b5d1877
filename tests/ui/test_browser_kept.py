"""Kept names in the tag browser: said, marked, swapped without losing the user's place."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tagwerk.domain.connection import Capabilities, ConnectionProfile, LinkState, LinkStatus
from tagwerk.domain.message import message
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.plant import BrowseState, Frame, KeptNames, Plant
from tagwerk.store.tree import TagTree
from tagwerk.ui.browser.place import Place, place_from_json
from ui.test_browser import NOW, PV, RUNNING, SP, Bench, S, items

KEPT_NS = NOW - 86_400 * 10**9
WORDS = "Kept names of"


@pytest.fixture
def plant(tmp_path):
    profile = ConnectionProfile("skid", "https://skid/")
    plant = Plant(profile, clock_ns=lambda: NOW, kept=KeptNames(tmp_path, profile))
    plant.status = LinkStatus(LinkState.RECONNECTING, capabilities=Capabilities())
    plant.tree.put(items())
    plant.tree.finish()
    plant.browse_state = BrowseState(kept_ns=KEPT_NS)
    return plant


@pytest.fixture
def bench(qapp):
    bench = Bench()
    yield bench
    asyncio.run(bench.panel.close_panel())
    bench.panel.close()
    bench.panel.deleteLater()
    QApplication.sendPostedEvents(None, 0)
    assert bench.errors == []


def frame(panel, plant):
    panel.on_frame(Frame(NOW, tree=plant.drain().tree))


def swap(plant, names):
    fresh = TagTree()
    fresh.put(names)
    fresh.finish()
    plant.tree.replace_with(fresh)


def test_kept_names_are_told_and_marked(bench, plant):
    panel = bench.show(plant)
    assert panel.pages.currentWidget() is panel.tree
    assert panel.notice.isVisible()
    assert WORDS in panel.notice._text.text()
    assert "once connected" in panel.notice._text.text()
    assert panel.header_text().endswith("kept")
    bench.select(PV)
    node = panel.model.outline.tree.node(PV)
    assert "kept name" in panel._texts.spoken(node)
    assert "not read again yet" in panel._texts.tip(node)
    assert "kept name" in panel.strip.state.whole


def test_the_server_cannot_be_reached_and_search_works(bench, plant):
    panel = bench.show(plant)
    QTest.keyClicks(panel.field, "tic2120.s")
    assert SP in bench.shown()
    assert panel.model.data(panel.model.index_of(panel.model.outline.tree.node(SP), 1)) == ""


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            BrowseState(kept_ns=KEPT_NS, running=True, again=True, count=5, started_ns=NOW),
            "being read again: 5 so far, 0 s.",
        ),
        (BrowseState(kept_ns=KEPT_NS, error=message("No."), cure=message("Ask.")), "No. Ask."),
        (BrowseState(done=True, fresh=12, gone=3), "12 new, 3 gone"),
    ],
)
def test_what_the_notice_says(bench, plant, state, said):
    plant.browse_state = state
    panel = bench.show(plant)
    assert panel.notice.isVisible()
    assert said in panel.notice._text.text()
    assert (WORDS.casefold() in panel.notice._text.text().casefold()) == (state.kept_ns > 0)


def test_news_are_closed_by_hand(bench, plant):
    plant.browse_state = BrowseState(done=True, fresh=1)
    panel = bench.show(plant)
    panel.notice._dismiss.click()
    assert not panel.notice.isVisible()


def test_fresh_names_keep_selection_expansion_and_scroll(bench, plant):
    panel = bench.show(plant)
    bench.select(PV, SP, RUNNING)
    panel.tree.setExpanded(panel.model.index_of(panel.model.outline.tree.node(f"{S}Many")), True)
    panel.resize(352, 320)
    QApplication.processEvents()
    bar = panel.tree.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    top = bench.shown()[0]
    opened = {panel.model.tag(handle) for handle in panel.tree.open_handles()}
    # Every node has another number: names before the others, and one that is gone.
    names = [BrowseItem(f"{S}Ahead.X{n}", "", TagKind.TAG, "Int") for n in range(50)]
    swap(plant, [*names, *(one for one in reversed(items()) if one.name != SP)])
    plant.browse_state = BrowseState(done=True)
    frame(panel, plant)
    assert set(panel.rows.selected_names()) == {PV, RUNNING}
    assert {panel.model.tag(handle) for handle in panel.tree.open_handles()} == opened
    assert bench.shown()[0] == top
    assert not panel.notice.isVisible()


def test_a_panel_that_is_built_anew_goes_back_to_its_place(bench, plant):
    panel = bench.show(plant)
    panel.resize(352, 320)
    panel.tree.setExpanded(panel.model.index_of(panel.model.outline.tree.node(f"{S}Many")), True)
    QApplication.processEvents()
    bench.select(f"{S}Many.T20")
    QApplication.processEvents()
    state, top = panel.save_state(), bench.shown()[0]
    other = Bench()
    try:
        other.panel.resize(352, 320)
        other.panel.restore_state(state)
        other.show(plant)
        QApplication.processEvents()
        assert other.panel.rows.selected_names() == [f"{S}Many.T20"]
        assert other.shown()[0] == top
    finally:
        asyncio.run(other.panel.close_panel())
        other.panel.close()
        other.panel.deleteLater()
        QApplication.sendPostedEvents(None, 0)


def test_a_place_is_read_back_as_far_as_it_can_be():
    place = Place((PV, SP), SP, PV, -7)
    assert place_from_json(place.to_json()) == place
    assert not place_from_json(None)
    odd = {"selected": [1, PV], "current": 5, "top": None, "offset": 10**9}
    assert place_from_json(odd) == Place((PV,))


def test_forgetting_is_in_the_menu_and_asks_for_a_file(bench, plant):
    panel = bench.show(plant)
    action = panel._actions["tags.forget_kept"]
    assert action in panel.kind_menu.actions()
    assert action.isEnabled()
    plant.names.kept = None
    panel._show_state()
    assert not action.isEnabled()
