"""Searching the tag tree: what is found, in which order, and in how small slices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.store import search as search_module
from tagwerk.store.search import TagSearch, highlight, parse_query
from tagwerk.store.tree import TagTree

S = "HMI_RT_1::"


def tree_of(*names: str) -> TagTree:
    """A name may have a display name behind ``|``."""
    tree = TagTree()
    items = []
    for text in names:
        name, _, display = text.partition("|")
        kind = TagKind.LOGGING_TAG if ":" in name else TagKind.TAG
        items.append(BrowseItem(S + name, display, kind, "LReal"))
    tree.put(items)
    tree.finish()
    return tree


PLANT = tree_of(
    "Cooling.TIC2120.PV|Rücklauftemperatur", "Cooling.TIC2120.SP", "Cooling.TIC2120.PV:Log_1s",
    "Cooling.TIC2121.PV", "Dosing.FIC2111.PV|Durchfluss", "Dosing.XTIC9.PV", "Heizung_Pumpe|Pumpe der Kühlung",
    "Kuehlwasser", "BigPV", "PV_Sum",
)  # fmt: skip


def found(query: str, tree: TagTree = PLANT, kinds=None) -> list[str]:
    search = TagSearch(tree, query, kinds)
    while not search.is_complete:
        search.step(1.0)
    return [tree.name(node).removeprefix(S) for node in search.hits()]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("tic2120", ["Cooling.TIC2120"]),
        ("TIC", ["Cooling.TIC2120", "Cooling.TIC2121", "Dosing.XTIC9"]),
        ("cooling", ["Cooling"]),
        ("cooling pv", ["Cooling.TIC2120.PV", "Cooling.TIC2121.PV"]),
        ("pv cooling", ["Cooling.TIC2120.PV", "Cooling.TIC2121.PV"]),
        ("tic2120.p", ["Cooling.TIC2120.PV"]),
        ("2120.pv", ["Cooling.TIC2120.PV"]),
        ("HMI_RT_1::Cooling.TIC2120.PV", ["Cooling.TIC2120.PV"]),
        ("pv:log", ["Cooling.TIC2120.PV:Log_1s"]),
        ("kühl", ["Heizung_Pumpe", "Kuehlwasser"]),
        ("kuehl", ["Kuehlwasser", "Heizung_Pumpe"]),
        ("RÜCKLAUF", ["Cooling.TIC2120.PV"]),
        ("pumpe", ["Heizung_Pumpe"]),
        (
            "p?",
            ["Cooling.TIC2120.PV", "Cooling.TIC2121.PV", "Dosing.FIC2111.PV", "Dosing.XTIC9.PV"],
        ),
        ("tic*", ["Cooling.TIC2120", "Cooling.TIC2121"]),
        ("*tic*", ["Cooling.TIC2120", "Cooling.TIC2121", "Dosing.XTIC9"]),
        ("tic21?1", ["Cooling.TIC2121"]),
        (
            "tic2120.*",
            ["Cooling.TIC2120.PV", "Cooling.TIC2120.SP", "Cooling.TIC2120.PV:Log_1s"][:2],
        ),
        ("durch*", ["Dosing.FIC2111.PV"]),
        ("nothing", []),
        ("cooling nothing", []),
    ],
)
def test_what_is_found(query, names):
    assert sorted(found(query)) == sorted(names)


def test_the_best_come_first():
    assert found("pv")[:4] == [
        "Cooling.TIC2120.PV", "Cooling.TIC2121.PV", "Dosing.FIC2111.PV", "Dosing.XTIC9.PV",
    ]  # fmt: skip
    assert found("pv")[4:] == ["PV_Sum", "BigPV"]


def test_nothing_to_search_for():
    assert parse_query("  ") == ()
    assert parse_query("* . ?") == ()
    assert found("*") == []


def test_kinds_narrow_a_search():
    assert found("log", kinds={TagKind.LOGGING_TAG}) == ["Cooling.TIC2120.PV:Log_1s"]
    assert found("log", kinds={TagKind.TAG}) == []


def test_branches_know_how_many_hits_are_below():
    search = TagSearch(PLANT, "pv")
    search.step(1.0)
    assert search.total == 6
    node = PLANT.node(f"{S}Cooling")
    system = PLANT.node(S)
    assert search.counts[node] == 2
    assert search.counts[system] == 6


def test_a_search_goes_on_while_names_are_read():
    tree = TagTree()
    search = TagSearch(tree, "pump")
    tree.put([BrowseItem(f"{S}Pump1", "", TagKind.TAG, "")])
    assert search.step(1.0)
    assert not search.step(1.0)
    tree.put(
        [BrowseItem(f"{S}Pump2", "", TagKind.TAG, ""), BrowseItem(f"{S}Valve", "", TagKind.TAG, "")]
    )
    assert not search.is_complete
    assert search.step(1.0)
    assert search.total == 2
    assert search.is_complete


def test_a_display_name_that_comes_later_is_found():
    tree = TagTree()
    tree.put([BrowseItem(f"{S}Area.T1", "", TagKind.TAG, "")])
    tree.put([BrowseItem(f"{S}Area", "Kühlhaus", TagKind.STRUCTURE, "")])
    assert found("kühlhaus", tree) == ["Area"]
    assert found("kühlhaus t1", tree) == ["Area.T1"]


def test_small_slices_find_the_same_as_one_big_one():
    tree = tree_of(*(f"Gen_{number}" for number in range(3_000)))
    whole = found("9", tree)
    search = TagSearch(tree, "9")
    slices = 0
    while not search.is_complete:
        search.step(0.0)
        slices += 1
    assert slices > 3
    assert [tree.name(node).removeprefix(S) for node in search.hits()] == whole


def test_counting_ends_somewhere(monkeypatch):
    monkeypatch.setattr(search_module, "COUNTED", 50)
    search = TagSearch(tree_of(*(f"Gen_{number}" for number in range(300))), "gen")
    search.step(1.0)
    assert (search.total, search.is_capped, search.is_complete) == (50, True, True)


def test_a_cleared_tree_ends_its_searches():
    tree = tree_of("A")
    search = TagSearch(tree, "a")
    tree.clear()
    assert not search.step(1.0)
    assert search.is_complete


def test_the_palette_gets_items():
    hits = PLANT.search("tic2120", limit=5)
    assert [item.name for item in hits.items] == [f"{S}Cooling.TIC2120"]
    assert (hits.total, hits.is_complete) == (1, True)


@pytest.mark.parametrize(
    ("text", "query", "spans"),
    [
        ("TIC2120", "212", [(3, 3)]),
        ("Kühlung", "kuhl", [(0, 4)]),
        ("Straße 12", "strasse", [(0, 6)]),
        ("Cooling pump", "pump cool", [(0, 4), (8, 4)]),
        ("PV", "xyz", []),
    ],
)
def test_highlighting(text, query, spans):
    assert highlight(text, parse_query(query)) == spans


@given(
    st.lists(st.text(st.sampled_from("abTü2_."), min_size=1, max_size=8), min_size=1, max_size=20),
    st.text(st.sampled_from("abtü2_*? ."), max_size=5),
)
def test_no_query_breaks_the_search(names, query):
    tree = tree_of(*names)
    search = TagSearch(tree, query)
    for _ in range(10_000):
        if search.is_complete:
            break
        search.step(0.01)
    assert search.is_complete
    assert len(set(search.hits())) == search.total


@given(
    st.lists(st.text(st.sampled_from("abT2_"), min_size=1, max_size=8), min_size=1, max_size=20),
    st.text(st.sampled_from("abt2_"), min_size=1, max_size=3),
)
def test_a_plain_word_finds_every_segment_that_has_it(names, word):
    tree = tree_of(*names)
    expected = {name for name in names if word in name.lower()}
    assert set(found(word, tree)) - {""} == expected  # "" is the system itself


def test_a_capital_behind_a_small_letter_begins_a_word():
    tree = tree_of("xspeedy", "motorSpeed", "speedOf", "Speed", "Over.motor_speed")
    assert found("speed", tree) == ["Speed", "speedOf", "motorSpeed", "Over.motor_speed", "xspeedy"]


@pytest.mark.parametrize("query", ["unit7 pv", "pv unit7", "unit7.l2", "unit7 p?", "nowhere pv"])
def test_the_rarest_word_leads_to_the_same_hits_as_all_names_do(query, monkeypatch):
    tree = tree_of(*(f"Unit{n}.L{m}.PV|Istwert" for n in range(30) for m in range(4)), "PV.Unit7")
    quick = found(query, tree)
    monkeypatch.setattr(search_module, "RARE", -1)
    assert sorted(quick) == sorted(found(query, tree))
    assert (query == "nowhere pv") == (not quick)


def test_hits_of_a_rare_word_come_with_the_first_step():
    tree = tree_of(*(f"Unit{n}.L{m}.Fault" for n in range(300) for m in range(20)))
    search = TagSearch(tree, "unit299 fault")
    search.step(0.0)
    while not search.total:
        search.step(0.0005)
    while not search.is_complete:
        search.step(0.0005)
    assert search.total == 20
