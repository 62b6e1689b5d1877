"""Names put by columns make the tree that they make one by one; names that plants and hostile
servers send, in chunks of any size."""

from __future__ import annotations

import random
from array import array

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.dialects.unified_browse import (
    BrowseBody,
    browse_chunks,
    browse_columns,
    browse_items,
    browse_splitter,
)
from tagwerk.domain.browse import END, FIELD, BrowseColumns, column
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.store.filling import Texts, parents_of, records, split_name, split_names
from tagwerk.store.names import TextBlock
from tagwerk.store.slices import as_before, equal
from tagwerk.store.tree import ROOT, TagTree

HOSTILE = (
    "", ":", "::", ":::", "::::", "A::", "::x", "A::.x", "A::x.", "A::x..y", "A::x.y.", ".", "..",
    ".x", "x.", "x", "x.y", "x:y", "x:", ":x", "A::x:y", "A::x.y:z:w", "A::x::y", "A::x:y::", "A:::x",
    "A::x[3]", "A::x[1,2]", "A::[3]", "A::x[a]", "A::x].y", "A::x$.y", "A::x$.y.z", "A::x.y[2]:log",
    "A::Kühlung.Öl[3]:Füllstand", "A::Ⓐ.𝄞.Ŀ", "A::x y. z", "A::x\x7f", "A::" + "lang" * 40 + ".PV",
    "A::" + "lang" * 40 + ".SP", "A::" + ".".join("tief" * 30), "A::x\x00y", "A::x\x01y", "A::x\ny",
    "HMI_RT_1::Cooling", "HMI_RT_1::Cooling.PV", "HMI_RT_1::Cooling.PV:Log", "B::", "B::Cooling.PV",
)  # fmt: skip
PARTS = st.sampled_from(["A", "ä", "::", ":", ".", "$.", "[1]", "]", "x", "y", "PV", "lang" * 20])
NAMES = st.one_of(st.sampled_from(HOSTILE), st.lists(PARTS, max_size=6).map("".join))
WORDS = st.sampled_from(
    [(TagKind.TAG, "LReal", "SIMPLETAG"), (TagKind.STRUCTURE, "", "STRUCTURETAG"),
     (TagKind.ALARM, "", "ALARM"), (TagKind.LOGGING_TAG, "Int", "LOGGINGTAG")]
)  # fmt: skip
ITEMS = st.lists(
    st.builds(
        lambda name, display, words: BrowseItem(name, display, *words),
        NAMES, st.sampled_from(["", "PV", "x", "Größe", "A::x", "a\x00b\x01c"]), WORDS,
    ),
    max_size=60,
)  # fmt: skip


class PlainTree:
    """The same names, one by one, in dictionaries."""

    def __init__(self) -> None:
        self.items: dict[str, BrowseItem] = {}
        self.children: dict[str, set[tuple[str, int, str]]] = {}

    def put(self, items: list[BrowseItem]) -> None:
        """A chunk: of a name that stands in it twice, the later one holds."""
        for item in {item.name: item for item in items}.values():
            if not item.name or END in item.name or FIELD in item.name:
                continue
            known = self.items.get(item.name)
            display = item.display_name.replace(END, " ").replace(FIELD, " ")
            own = "" if display in (item.name, split_name(item.name)[1]) else display
            if known is not None and not own:
                own = known.display_name
            self.items[item.name] = item._replace(display_name=own)
            name = item.name
            while name:
                parent, segment, joint = split_name(name)
                self.children.setdefault(parent, set()).add((segment, joint, name))
                name = parent


def told(tree: TagTree) -> tuple[dict[str, BrowseItem], dict[str, set[tuple[str, int, str]]]]:
    """What a tree says, in the form of `PlainTree`."""
    items = {tree.name(node): tree.item(node) for node in tree.browsed()}
    children: dict[str, set[tuple[str, int, str]]] = {}
    waiting = [ROOT]
    while waiting:
        node = waiting.pop()
        for child in tree.children(node):
            place = tree.nodes.segment(child), tree.nodes.joints[child], tree.name(child)
            children.setdefault(tree.name(node), set()).add(place)
            waiting.append(child)
        assert tree.child_count(node) == len(tree.children(node))
    return items, children


def check(tree: TagTree, plain: PlainTree) -> None:
    items, children = told(tree)
    assert items == plain.items
    assert children == plain.children
    assert len(tree) == len(plain.items)
    assert sorted(tree.systems) == sorted(
        {segment for segment, _, name in plain.children.get("", ()) if name.endswith("::")}
    )
    for name in plain.items:
        node = tree.node(name)
        assert node is not None
        assert tree.name(node) == name


@settings(max_examples=80)
@given(ITEMS, st.integers(1, 70))
def test_any_names_in_any_chunks_make_the_tree_that_they_make_one_by_one(items, chunk):
    tree, plain = TagTree(), PlainTree()
    for start in range(0, len(items), chunk):
        tree.put(items[start : start + chunk])
        plain.put(items[start : start + chunk])
    check(tree, plain)


@settings(max_examples=80)
@given(st.lists(NAMES.filter(lambda name: name and END not in name and FIELD not in name)))
def test_names_are_split_together_as_they_are_one_by_one(names):
    texts = Texts.of_column(column(names))
    split = split_names(texts)
    heads, stretches = parents_of(texts, split)
    for row, name in enumerate(names):
        parent, segment, joint = split_name(name)
        assert heads[stretches[row]].decode() == parent
        start, end = split.segment_starts[row], split.segment_ends[row]
        assert texts.buffer[start:end].decode() == segment
        assert split.joints[row] == joint
        assert bool(split.systems[row]) == name.endswith("::")


def test_a_display_name_is_kept_where_it_says_more():
    names = ["A::x.PV", "A::x.SP", "A::x.CV", "A::x.Kp", "A::x.Ti"]
    said = ["PV", "Größe", "", "A::x.Kp", "ti"]
    texts = Texts.of_column(column(names))
    packed = records(texts, split_names(texts), Texts.of_column(column(said)))
    block = TextBlock.of_packed(1, packed)
    assert [block.text(row) for row in range(5)] == [
        ("PV", ""), ("SP", "Größe"), ("CV", ""), ("Kp", ""), ("Ti", "ti"),
    ]  # fmt: skip


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 16, 63, 64, 65, 200])
def test_pieces_are_compared_to_their_last_byte(length):
    one = b"." * length
    for at in range(length):
        other = one[:at] + b"!" + one[at + 1 :]
        texts = Texts.of_column(b"\0".join((one, other, other, one, b"")))
        lengths = texts.ends - texts.starts
        assert as_before(texts.buffer, texts.starts, lengths).tolist() == [False, False, True, False]  # fmt: skip
        same = equal(texts.buffer, texts.starts[:3], texts.buffer, texts.starts[1:], lengths[:3])
        assert same.tolist() == [False, True, False]


def bodies_of(items: list[BrowseItem]) -> list[BrowseBody]:
    return [BrowseBody(*item[:2], item.kind_text, item.data_type) for item in items]


@settings(max_examples=80)
@given(ITEMS)
def test_columns_of_a_dialect_say_what_its_objects_say(items):
    bodies = bodies_of(items)
    bodies += [BrowseBody(None, None, "TAG", "Int"), BrowseBody("A::q", None, None, None)]
    bodies += [BrowseBody("A::w", "", "ODDTAG", "Int"), BrowseBody("A::w", "", "SIMPLETAG", "Int")]
    objects, columns = TagTree(), TagTree()
    objects.put(browse_items(bodies))
    columns.put(browse_columns(bodies))
    assert told(objects) == told(columns)
    few = browse_columns(bodies_of([item for item in items if item.name]))
    assert {item.name for item in few} >= {item.name for item in BrowseColumns.of(items)}


def test_columns_read_as_a_list():
    items = [BrowseItem("A::x", "Größe", TagKind.TAG, "Int", "TAG"), BrowseItem("A::ö", "", TagKind.ALARM, "")]  # fmt: skip
    columns = BrowseColumns.of(items)
    assert list(columns) == items
    assert columns[1] == items[1]
    assert columns[:1] == items[:1]
    assert len(columns) == 2
    assert len(BrowseColumns.of([])) == 0
    assert list(BrowseColumns(b"", b"", array("I"), [])) == []
    # Half of a surrogate pair can be typed or pasted; no file could hold it.
    assert BrowseColumns.of([items[0]._replace(name="A::\ud800")])[0].name == "A::?"


def plant_names(count: int) -> list[BrowseItem]:
    """A plant's names with what goes wrong in plants: umlauts, doubles, long branches, odd ones."""
    choice = random.Random(7)
    items: list[BrowseItem] = []
    for number in range(count // 10):
        area, loop = divmod(number, 200)
        for element in ("PV", "SP", "Größe", "Mode", "Fault", "Kp", "Ti"):
            name = f"HMI_RT_{1 + area % 2}::Kühlung_{area:03}.TIC{loop:03}.{element}"
            display = choice.choice(("", element, name, "Füllstand", f"Größe {loop}"))
            items.append(BrowseItem(name, display, TagKind.TAG, choice.choice(("LReal", "Bool")), "SIMPLETAG"))  # fmt: skip
        items.append(BrowseItem(f"{name}:Log_{loop}", "", TagKind.LOGGING_TAG, "LReal", "LOGGINGTAG"))  # fmt: skip
        items.append(BrowseItem(f"HMI_RT_1::Flach_{number}", "", TagKind.TAG, "Int", "SIMPLETAG"))
        items.append(choice.choice(items)._replace(data_type="DInt"))
        if not number % 7:
            items.append(BrowseItem(name.rpartition(".")[0], "Regler", TagKind.STRUCTURE, "", "STRUCTURETAG"))  # fmt: skip
    return [*items, *(BrowseItem(name, "", TagKind.TAG, "Int", "SIMPLETAG") for name in HOSTILE)]


def test_a_large_answer_makes_the_tree_that_its_names_make_one_by_one():
    items = plant_names(25_000)
    rows = [
        {"name": item.name, "displayName": item.display_name, "objectType": item.kind_text, "dataType": item.data_type}
        for item in items
    ]  # fmt: skip
    answer = msgspec.json.encode({"data": {"browse": rows}})
    splitter, tree, plain = browse_splitter(40_000), TagTree(), PlainTree()
    for start in range(0, len(answer), 16_384):
        for bodies in splitter.feed(answer[start : start + 16_384]):
            tree.put(browse_columns(bodies))
    for left in browse_chunks(splitter.rest()):
        tree.put(left)
    tree.finish()
    tree.compact()
    plain.put(items)
    check(tree, plain)
