"""Names put into bytes come back as they were, and bytes that are not theirs are refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.store.kept_names import MAGIC, NotKept, differences, pack, saved_at, unpack
from tagwerk.store.tree import ROOT, TagTree

S = "HMI_RT_1::"
KINDS = list(TagKind)


def packed(tree: TagTree, identity: str = "skid") -> bytes:
    return b"".join(pack(tree, 7, identity))


def filled(items: list[BrowseItem], chunk: int = 5) -> TagTree:
    tree = TagTree()
    for start in range(0, len(items), chunk):
        tree.put(items[start : start + chunk])
    tree.finish()
    return tree


def outline(tree: TagTree, node: int = ROOT) -> list[object]:
    return [
        (tree.text(child), tree.kind(child), tree.data_type(child).text, outline(tree, child))
        for child in tree.children(node)
    ]


def plant_items() -> list[BrowseItem]:
    items = [BrowseItem(f"{S}Kühlung.L{n}.PV", f"Temperatur {n}", TagKind.TAG, "LReal", "TAG") for n in range(30)]  # fmt: skip
    items += [
        BrowseItem(f"{S}Kühlung.L{n}", "", TagKind.STRUCTURE, "", "STRUCT") for n in range(30)
    ]
    items += [BrowseItem(f"{S}Kühlung.L3.PV:Log", "", TagKind.LOGGING_TAG, "LReal")]
    items += [BrowseItem(f"{S}Kühlung.L3.PV", "Später benannt", TagKind.TAG, "LReal", "TAG")]
    return items


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_tree_comes_back_as_it_was(chunk):
    tree = filled(plant_items(), chunk)
    kept = unpack(packed(tree))
    assert (kept.saved_ns, kept.identity) == (7, "skid")
    assert outline(kept.tree) == outline(tree)
    assert kept.tree.counts == tree.counts
    assert kept.tree.systems == tree.systems
    assert kept.tree.is_complete
    assert kept.tree.find("Kühlung.L3.PV") == tree.find("Kühlung.L3.PV")
    assert [one.name for one in kept.tree.search("später").items] == [f"{S}Kühlung.L3.PV"]
    assert [one.name for one in kept.tree.search("kuhlung l7").items] == [
        one.name for one in tree.search("kuhlung l7").items
    ]
    assert differences(tree, kept.tree) == (0, 0)


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            BrowseItem,
            st.text(st.sampled_from("aB1ü .:$[]"), min_size=1, max_size=9),
            st.text(max_size=5).filter(lambda text: text.isprintable()),
            st.sampled_from(KINDS),
            st.sampled_from(["", "Int", "Real"]),
        ),
        max_size=30,
    )
)
def test_any_names_come_back(items):
    tree = filled(items)
    kept = unpack(packed(tree)).tree
    for item in items:
        assert kept.find(item.name) == tree.find(item.name)
    assert outline(kept) == outline(tree)
    # What was kept goes on growing like any other tree.
    kept.put([BrowseItem(f"{S}Neu.X", "", TagKind.TAG, "Int")])
    kept.put(items)
    assert kept.find("Neu.X") is not None
    assert len(kept) == len(tree) + (tree.find(f"{S}Neu.X") is None)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_are_refused_or_harmless(seed):
    data = bytearray(packed(filled(plant_items())))
    dice = random.Random(seed)
    if seed % 2:
        del data[dice.randrange(len(data)) :]
    else:
        position = dice.randrange(len(data))
        data[position] ^= 1 << dice.randrange(8)
    try:
        kept = unpack(bytes(data))
    except NotKept:
        return
    # Only the header is outside the checksum: what it says may be another time or name.
    assert len(outline(kept.tree)) >= 1


@pytest.mark.parametrize(
    "data", [b"", b"x" * 50, MAGIC, MAGIC + b"00000009\n{}", b"TAGWERK-NAMES 2\n"]
)
def test_foreign_bytes_are_refused(data):
    with pytest.raises(NotKept):
        unpack(data)
    with pytest.raises(NotKept):
        saved_at(data)


def test_names_in_a_circle_are_refused():
    tree = filled(plant_items())
    first = tree.node("Kühlung.L1")
    second = tree.node("Kühlung.L1.PV")
    assert first is not None
    assert second is not None
    tree.nodes.parents[first] = second
    with pytest.raises(NotKept):
        unpack(packed(tree))


def test_what_is_new_and_what_is_gone_is_counted():
    before, now = plant_items(), plant_items()
    now[0] = BrowseItem(f"{S}Other.New", "", TagKind.TAG, "Int")
    now.append(BrowseItem(f"{S}Other.Newer", "", TagKind.TAG, "Int"))
    assert differences(filled(before), filled(now)) == (2, 1)
    assert differences(TagTree(), filled(now)) == (len({item.name for item in now}), 0)


def test_a_tree_that_grows_meanwhile_is_cut_where_it_was():
    tree = filled(plant_items())
    parts = pack(tree, 1, "skid")
    head = next(parts)
    tree.put([BrowseItem(f"{S}Late.X", "", TagKind.TAG, "Int")])
    assert unpack(head + b"".join(parts)).tree.find("Late.X") is None
