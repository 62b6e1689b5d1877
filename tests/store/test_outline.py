"""Rows of the tree: favourites, groups in long branches, kinds, and the narrowed tree."""

from __future__ import annotations

from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.store.outline import ALL_KINDS, FAVORITES, GROUP_SIZE, GROUPS, Outline
from tagwerk.store.search import TagSearch
from tagwerk.store.tree import BIG_BRANCH, ROOT, TagTree

S = "HMI_RT_1::"


def tags(*names: str) -> list[BrowseItem]:
    kinds = {True: TagKind.ALARM, False: TagKind.TAG}
    return [BrowseItem(S + name, "", kinds[":" in name], "LReal") for name in names]


def plant(*names: str) -> TagTree:
    tree = TagTree()
    tree.put(tags(*names))
    tree.finish()
    return tree


def rows(outline: Outline, handle: int = ROOT, depth: int = 0) -> list[str]:
    lines = []
    for row, child in enumerate(outline.children(handle)):
        assert outline.row(child) == row
        assert outline.parent(child) == handle
        node = outline.node(child)
        name = outline.tree.text(node)[0] if node else f"<{child}>"
        lines.append("  " * depth + name)
        if outline.has_children(child):
            lines.extend(rows(outline, child, depth + 1))
    return lines


NAMES = ("A.TIC1.PV", "A.TIC1.SP", "A.TIC1.PV:High", "A.TIC2.PV", "B.FIC1.PV", "Watchdog")


def test_all_rows():
    outline = Outline(plant(*NAMES))
    assert rows(outline) == [
        "HMI_RT_1", "  A", "    TIC1", "      PV", "        High", "      SP", "    TIC2", "      PV",
        "  B", "    FIC1", "      PV", "  Watchdog",
    ]  # fmt: skip


def test_kinds_are_filtered():
    outline = Outline(plant(*NAMES))
    outline.set_kinds(ALL_KINDS - {TagKind.ALARM})
    assert not any("High" in row for row in rows(outline))
    pv = outline.tree.node(f"{S}A.TIC1.PV")
    assert not outline.has_children(pv)


def test_narrowed_to_hits_with_their_ways_and_what_is_in_them():
    outline = Outline(plant(*NAMES))
    search = TagSearch(outline.tree, "tic1")
    search.step(1.0)
    outline.set_search(search)
    assert rows(outline) == [
        "HMI_RT_1", "  A", "    TIC1", "      PV", "        High", "      SP",
    ]  # fmt: skip
    assert outline.is_hit(outline.tree.node(f"{S}A.TIC1"))
    outline.set_search(None)
    assert len(rows(outline)) == 12


def test_a_hit_inside_a_hit_is_there_once():
    outline = Outline(plant("Tank.TankLevel", "Other"))
    search = TagSearch(outline.tree, "tank")
    search.step(1.0)
    outline.set_search(search)
    assert rows(outline) == ["HMI_RT_1", "  Tank", "    TankLevel"]


def test_favourites_stand_on_top_and_wait_for_their_tags():
    tree = plant("Watchdog")
    outline = Outline(tree)
    outline.set_favorites([f"{S}Later", f"{S}Watchdog", f"{S}Watchdog"])
    assert rows(outline) == [f"<{FAVORITES}>", "  Watchdog", "HMI_RT_1", "  Watchdog"]
    tree.put(tags("Later"))
    outline.refresh()
    assert rows(outline)[:3] == [f"<{FAVORITES}>", "  Later", "  Watchdog"]
    assert outline.favorites == [f"{S}Later", f"{S}Watchdog"]


def test_a_long_branch_is_parted_into_groups():
    count = BIG_BRANCH + 1
    tree = plant(*(f"Gen_{number:05}" for number in range(count)))
    system = tree.children(ROOT)[0]
    outline = Outline(tree)
    groups = outline.children(system)
    assert len(groups) == -(-count // GROUP_SIZE)
    assert all(GROUPS <= group < FAVORITES for group in groups)
    first, last = outline.group_ends(groups[1])
    assert (tree.text(first)[0], tree.text(last)[0]) == ("Gen_01000", "Gen_01999")
    node = tree.node(f"{S}Gen_03500")
    way = outline.way_to(node)
    assert way == [system, groups[3], node]
    assert outline.row(node) == 500
    outline.refresh()
    assert list(outline.children(system)) == list(groups)


def test_a_tree_read_again_shows_the_old_names_until_the_new_ones_are_complete():
    tree = plant("Old")
    outline = Outline(tree)
    tree.clear()
    outline.refresh()
    assert rows(outline) == ["HMI_RT_1", "  Old"]
    tree.put(tags("New"))
    outline.refresh()
    assert rows(outline) == ["HMI_RT_1", "  Old"]
    tree.finish()
    outline.refresh()
    assert rows(outline) == ["HMI_RT_1", "  New"]


def test_the_way_to_what_is_not_shown_is_empty():
    outline = Outline(plant(*NAMES))
    outline.set_kinds(ALL_KINDS - {TagKind.ALARM})
    assert outline.way_to(outline.tree.node(f"{S}A.TIC1.PV:High")) == []
