"""The tag tree: names in, nodes out; in any order, any number of times."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.store.names import fold, natural_key
from tagwerk.store.ordering import BranchOrder
from tagwerk.store.tree import BIG_BRANCH, ROOT, TagTree

S = "HMI_RT_1::"


def tag(name: str, display: str = "", data_type: str = "LReal") -> BrowseItem:
    return BrowseItem(name, display, TagKind.TAG, data_type, "SIMPLETAG")


def other(name: str, kind: TagKind, display: str = "") -> BrowseItem:
    return BrowseItem(name, display, kind, "", kind.name)


SKID = [
    other(f"{S}Cooling", TagKind.STRUCTURE, "Kühlung"),
    other(f"{S}Cooling.TIC2120", TagKind.STRUCTURE, "Return temperature"),
    tag(f"{S}Cooling.TIC2120.PV", "Istwert"),
    tag(f"{S}Cooling.TIC2120.SP"),
    tag(f"{S}Cooling.P10.Running", data_type="Bool"),
    tag(f"{S}Cooling.P2.Running", data_type="Bool"),
    other(f"{S}Cooling.TIC2120.PV:Log_1s", TagKind.LOGGING_TAG),
    other(f"{S}Cooling.TIC2120.PV:PV_High", TagKind.ALARM),
    other(f"{S}Cooling.TIC2120.PV:PV_HH", TagKind.ALARM),
    tag(f"{S}Watchdog", data_type="Int"),
    tag(f"{S}Amounts", "Recipe", "Array[0..9] of Real"),
]


def filled(items: list[BrowseItem]) -> TagTree:
    tree = TagTree()
    tree.put(items)
    tree.finish()
    return tree


def outline(tree: TagTree, node: int = ROOT, depth: int = 0) -> list[str]:
    lines = []
    for child in tree.children(node):
        lines.append("  " * depth + tree.text(child)[0])
        lines.extend(outline(tree, child, depth + 1))
    return lines


EXPECTED = [
    "HMI_RT_1", "  Cooling", "    P2", "      Running", "    P10", "      Running", "    TIC2120",
    "      PV", "        Log_1s", "        PV_HH", "        PV_High", "      SP",
    "  Amounts", "  Watchdog",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_the_tree_is_the_same_in_whatever_order_and_chunks_names_come(seed, chunk):
    items = list(SKID)
    random.Random(seed).shuffle(items)
    tree = TagTree()
    for start in range(0, len(items), chunk):
        tree.put(items[start : start + chunk])
    tree.finish()
    assert outline(tree) == EXPECTED
    assert len(tree) == len(SKID)
    assert tree.tag_count == 6
    assert tree.systems == ["HMI_RT_1"]
    for item in SKID:
        assert tree.find(item.name) == item


def test_names_put_twice_are_brought_up_to_date_not_doubled():
    tree = filled(SKID)
    tree.put([tag(f"{S}Watchdog", "Lebenszeichen", "DInt"), tag(f"{S}Watchdog", "Puls", "DInt")])
    assert len(tree) == len(SKID)
    assert outline(tree) == EXPECTED
    assert tree.find(f"{S}Watchdog") == tag(f"{S}Watchdog", "Puls", "DInt")
    assert [item.name for item in tree.search("puls").items] == [f"{S}Watchdog"]


def test_finding_by_short_name_and_by_array_element():
    tree = filled(SKID)
    assert tree.find("Cooling.TIC2120.PV") == SKID[2]
    third = tree.find("Amounts[3]")
    assert third is not None
    assert (third.name, third.data_type, third.display_name) == (f"{S}Amounts[3]", "Real", "Recipe")
    assert tree.find("Watchdog[3]") is None
    assert tree.find("Cooling.P2") is None  # stands in names only, nobody browsed it
    assert tree.node("Cooling.P2") is not None
    assert tree.find("Nowhere") is None
    assert tree.find("") is None


def test_what_hangs_behind_a_tag():
    tree = filled(SKID)
    assert tree.behind("Cooling.TIC2120.PV") == (("Log_1s",), ("PV_HH", "PV_High"))
    assert tree.behind(f"{S}Watchdog") == ((), ())
    assert tree.behind("Nowhere") == ((), ())


def test_clearing_keeps_what_a_view_holds():
    tree = filled(SKID)
    view = tree.held()
    generation = tree.generation
    tree.clear()
    assert tree.generation > generation
    assert len(tree) == 0
    assert outline(tree) == []
    assert outline(view) == EXPECTED
    tree.put([tag(f"{S}New")])
    assert outline(tree) == ["HMI_RT_1", "  New"]
    assert outline(view) == EXPECTED


def test_what_is_held_grows_with_its_tree():
    tree = TagTree()
    view = tree.held()
    tree.put(SKID)
    assert outline(view) == EXPECTED
    assert len(view) == len(SKID)


def test_drain_tells_of_a_change_once():
    tree = TagTree()
    tree.drain()
    assert not tree.drain()
    tree.put(SKID)
    assert tree.drain()
    assert not tree.drain()
    tree.finish()
    assert tree.drain()


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("HMI_RT_1::A.B.C", ["HMI_RT_1", "A", "B", "C"]),
        ("A", ["A"]),
        ("A.B", ["A", "B"]),
        ("S::Rec$.ipe.X", ["S", "Rec$.ipe", "X"]),
        ("S::T:Log.1", ["S", "T", "Log.1"]),
        ("S::A.B:x:y", ["S", "A", "B", "x:y"]),
        ("S::Motor[2].Speed", ["S", "Motor", "[2]", "Speed"]),
        ("S::Odd[x]", ["S", "Odd[x]"]),
        ("S::Ends.", ["S", "Ends."]),
        ("S::.starts", ["S", ".starts"]),
        ("S::Füllstand 1", ["S", "Füllstand 1"]),
        ("S::a..b", ["S", "a.", "b"]),
    ],
)
def test_names_are_taken_apart_and_put_together_again(name, way):
    item = BrowseItem(name, "", TagKind.OTHER, "")
    tree = filled([item])
    node = tree.node(name)
    assert node is not None
    found = []
    while node:
        found.append(tree.text(node)[0])
        node = tree.parent(node)
    assert found[::-1] == way
    assert tree.find(name) == item


@given(st.lists(st.text(st.sampled_from("aB1ü .:$[]"), min_size=1, max_size=9), max_size=30))
def test_any_names_are_found_again(names):
    tree = TagTree()
    for start in range(0, len(names), 7):
        tree.put([tag(name) for name in names[start : start + 7]])
    tree.finish()
    for name in names:
        item = tree.find(name)
        assert item is not None
        assert item.name == name
    assert len(tree) == len(set(names))
    below = sum(tree.child_count(node) for node in range(tree.node_count))
    assert below == tree.node_count - 1


def test_a_big_branch_is_sorted_in_slices_and_usable_meanwhile():
    count = BIG_BRANCH * 3
    numbers = list(range(count))
    random.Random(3).shuffle(numbers)
    tree = TagTree()
    tree.put([tag(f"{S}Gen_{number}") for number in numbers])
    system = tree.children(ROOT)[0]
    assert len(tree.children(system)) == count
    assert not tree.is_sorted(system)
    assert tree.is_sorting
    assert tree.find(f"{S}Gen_{count - 1}") is not None
    for _ in range(100_000):
        if tree.is_sorted(system):
            break
        tree.drain(0.001)
    names = [tree.text(node)[0] for node in tree.children(system)]
    assert names == [f"Gen_{number}" for number in range(count)]
    assert not tree.is_sorting
    tree.put([tag(f"{S}Gen_5b")])
    assert len(tree.children(system)) == count + 1
    for _ in range(100_000):
        if tree.is_sorted(system):
            break
        tree.drain(0.001)
    names = [tree.text(node)[0] for node in tree.children(system)][:8]
    assert names == ["Gen_0", "Gen_1", "Gen_2", "Gen_3", "Gen_4", "Gen_5", "Gen_5b", "Gen_6"]


@given(st.lists(st.lists(st.integers(0, 500), max_size=300), max_size=6))
def test_an_order_grows_to_the_right_one(chunks):
    order = BranchOrder(lambda node: f"{node:06}")
    for chunk in chunks:
        order.extend(chunk)
        order.step(0)
    while not order.step(float("inf")):
        pass
    assert list(order.ids) == sorted(node for chunk in chunks for node in chunk)


def test_filtering_keeps_ways_to_what_is_shown():
    tree = filled([*SKID, other("HMI_RT_1::@Type", TagKind.TYPE)])
    pv = tree.node("Cooling.TIC2120.PV")
    system = tree.children(ROOT)[0]
    assert pv is not None
    only_alarms = tree.filtered(tree.children(pv), {TagKind.ALARM})
    assert [tree.text(node)[0] for node in only_alarms] == ["PV_HH", "PV_High"]
    shown = tree.filtered(tree.children(system), {TagKind.LOGGING_TAG})
    assert [tree.text(node)[0] for node in shown] == ["Cooling"]
    assert isinstance(shown, array)


def test_plottable_leaves_of_a_structure():
    tree = filled([*SKID, tag(f"{S}Cooling.Name", data_type="WString")])
    cooling = tree.node("Cooling")
    assert cooling is not None
    names = [tree.name(node) for node in tree.leaves(cooling, 10)]
    assert names == [
        f"{S}Cooling.P2.Running", f"{S}Cooling.P10.Running",
        f"{S}Cooling.TIC2120.PV", f"{S}Cooling.TIC2120.SP",
    ]  # fmt: skip
    assert len(tree.leaves(cooling, 3)) == 3


def test_folding_and_natural_order():
    assert fold("KÜHLUNG Straße é") == "kuhlung strasse e"
    words = ["P10", "p2", "P1", "p02", "a"]
    assert sorted(words, key=natural_key) == ["a", "P1", "p2", "p02", "P10"]


def test_names_with_marks_that_no_name_can_hold_cost_no_other_its_own():
    items = [tag(f"{S}A"), tag(f"{S}B\x00x", "Odd"), tag(f"{S}C\x01"), tag(f"{S}D", "Dis\x00play")]
    tree = filled(items)
    assert outline(tree) == ["HMI_RT_1", "  A", "  D"]
    assert tree.find("D").display_name == "Dis play"


def test_names_are_found_while_and_after_the_index_is_made_compact():
    tree = TagTree()
    items = [tag(f"{S}A{number // 9}.T{number}") for number in range(3000)]
    for start in range(0, len(items), 100):
        tree.put(items[start : start + 100])
    tree.compact()
    tree.put([tag(f"{S}Late")])
    tree.compact()
    tree.finish()
    assert all(tree.find(item.name) == item for item in [*items, tag(f"{S}Late")])
    tree.put(items)
    assert len(tree) == 3001


def test_a_branch_in_any_order_is_merged_in_pieces_of_one_size(monkeypatch):
    count = 60_000
    numbers = list(range(count))
    random.Random(5).shuffle(numbers)
    order = BranchOrder(lambda node: f"{node:08}")
    order.extend(numbers)
    merged: list[int] = []
    inner = BranchOrder._merge_piece

    def counted(self):
        before = len(self._merged)
        inner(self)
        merged.append((count if self.is_sorted else len(self._merged)) - before)

    monkeypatch.setattr(BranchOrder, "_merge_piece", counted)
    order.step(float("inf"))
    assert list(order.ids) == sorted(numbers)
    assert sum(merged) == count
    assert max(merged) < 4 * count / len(merged)
