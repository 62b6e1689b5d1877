"""The tag tree as rows to show: favourites on top, kinds filtered, narrowed to a search's hits,
very long branches parted into groups. Free of Qt; the browser's item model is a thin coat over it.

Rows are known by handles, integers that stay the same until the tree is cleared: a node's own
number, or a number above all nodes for favourites and groups. Who uses it: the tag browser.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from tagwerk.domain.tags import TagKind
from tagwerk.store.search import TagSearch
from tagwerk.store.tree import BIG_BRANCH, ROOT, TagTree

FAVORITES = 1 << 29
"""Handle of the branch of favourites; the favourites themselves follow."""

GROUPS = 1 << 28
"""First handle of a group: a stretch of a branch that would be too long."""

GROUP_SIZE = 1_000
_SURELY_SHOWN = 200
"""A branch of more children shows some of them, whatever kinds are chosen."""
SHOWN_HITS = 300
"""Hits that the narrowed tree shows; the best ones."""

ALL_KINDS = frozenset(TagKind)
USUAL_KINDS = frozenset((TagKind.TAG, TagKind.STRUCTURE, TagKind.LOGGING_TAG, TagKind.ALARM))


class Outline:
    """What a tree widget shows of a tag tree.

    Attributes:
        kinds: kinds that are shown.
        search: narrows the rows; None shows all.
        favorites: full names, in the user's order.
    """

    def __init__(self, tree: TagTree) -> None:
        self._source = tree
        self.tree = tree.held()
        self.kinds: frozenset[TagKind] = USUAL_KINDS
        self.search: TagSearch | None = None
        self.favorites: list[str] = []
        self._favorite_nodes: list[int] = []
        self._children: dict[int, Sequence[int]] = {}
        self._rows: dict[int, int] = {}
        self._filtered: dict[int, Sequence[int]] = {}
        self._group_of: dict[int, int] = {}
        self._groups: list[tuple[int, int]] = []
        self._group_numbers: dict[tuple[int, int], int] = {}
        self._hits: set[int] = set()
        self._ways: dict[int, list[int]] = {}

    # Changing. Afterwards all rows are to be asked for again.

    def refresh(self) -> None:
        """The tree or the search has news.

        A tree that is being read again is shown when it is complete; until then the old one stays.
        """
        source = self._source
        if source.generation != self.tree.generation and (source.is_complete or not len(self.tree)):
            self.tree = source.held()
            self._groups.clear()
            self._group_numbers.clear()
            self.search = None
        self._children.clear()
        self._rows.clear()
        self._filtered.clear()
        self._group_of.clear()
        found = ((name, self.tree.node(name)) for name in self.favorites)
        # A favourite that is not there (yet) stays in the list of names and comes back later.
        self._favorite_nodes = [node for _, node in found if node is not None]
        self._narrow()

    def set_kinds(self, kinds: Iterable[TagKind]) -> None:
        self.kinds = frozenset(kinds)
        self.refresh()

    def set_search(self, search: TagSearch | None) -> None:
        self.search = search
        self.refresh()

    def set_favorites(self, names: Iterable[str]) -> None:
        self.favorites = list(dict.fromkeys(names))
        self.refresh()

    def _narrow(self) -> None:
        self._hits = set()
        self._ways = {}
        if self.search is None:
            return
        self._hits = set(self.search.hits(SHOWN_HITS))
        for hit in self._hits:
            child, parent = hit, self.tree.parent(hit)
            while True:
                way = self._ways.get(parent)
                if way is not None:
                    way.append(child)
                    break
                self._ways[parent] = [child]
                if parent == ROOT:
                    break
                child, parent = parent, self.tree.parent(parent)
        for parent, way in self._ways.items():
            self._ways[parent] = sorted(set(way), key=self.tree.sort_key)

    # Asking.

    @property
    def is_narrowed(self) -> bool:
        return self.search is not None

    def children(self, handle: int) -> Sequence[int]:
        """Handles directly below, in the order of the rows."""
        known = self._children.get(handle)
        if known is None:
            known = self._make_children(handle)
            self._children[handle] = known
            self._rows.update(zip(known, range(len(known)), strict=True))
            if handle >= GROUPS and handle < FAVORITES:
                self._group_of.update(dict.fromkeys(known, handle))
        return known

    def has_children(self, handle: int) -> bool:
        """As ``bool(children(handle))``, cheaper for branches that nobody has opened."""
        if handle >= GROUPS:
            return handle < FAVORITES or (handle == FAVORITES and bool(self._favorite_nodes))
        if handle == ROOT:
            return bool(self.children(ROOT))
        count = self.tree.child_count(handle)
        if count == 0 or count > _SURELY_SHOWN:
            return count > 0
        known = self._children.get(handle)
        if known is not None:
            return bool(known)
        if self.search is not None and not self._inside_hit(handle):
            return handle in self._ways
        return self.tree.has_any(handle, self.kinds)

    def row(self, handle: int) -> int:
        """Row below its parent."""
        row = self._rows.get(handle)
        if row is None:
            self.children(self.parent(handle))
            row = self._rows.get(handle, -1)
        return row

    def parent(self, handle: int) -> int:
        """Handle above; ROOT at the top."""
        if handle > FAVORITES:
            return FAVORITES
        if handle == FAVORITES:
            return ROOT
        if handle >= GROUPS:
            return self._groups[handle - GROUPS][0]
        parent = self.tree.parent(handle)
        group = self._group_of.get(handle)
        if group is not None:
            return group
        children = self.children(parent)
        if children and GROUPS <= children[0] < FAVORITES:
            for candidate in children:
                if handle in self.children(candidate):
                    return candidate
        return parent

    def node(self, handle: int) -> int:
        """The tree's node behind a row; ROOT for groups and the branch of favourites."""
        if handle > FAVORITES:
            position = handle - FAVORITES - 1
            return self._favorite_nodes[position] if position < len(self._favorite_nodes) else ROOT
        return handle if handle < GROUPS else ROOT

    def is_hit(self, handle: int) -> bool:
        return handle in self._hits

    def group_ends(self, handle: int) -> tuple[int, int]:
        """First and last node of a group."""
        children = self.children(handle)
        return children[0], children[-1]

    def way_to(self, node: int) -> list[int]:
        """Handles from the top down to a node, itself last; [] when it is not shown."""
        way: list[int] = []
        handle = node
        while handle != ROOT:
            if self.row(handle) < 0:
                return []
            way.append(handle)
            handle = self.parent(handle)
        way.reverse()
        return way

    def _make_children(self, handle: int) -> Sequence[int]:
        if handle > FAVORITES:
            return ()
        if handle == FAVORITES:
            return range(FAVORITES + 1, FAVORITES + 1 + len(self._favorite_nodes))
        if handle >= GROUPS:
            branch, start = self._groups[handle - GROUPS]
            return self._shown(branch)[start : start + GROUP_SIZE]
        if self.search is not None and not self._inside_hit(handle):
            return self._ways.get(handle, [])
        shown = self._shown(handle)
        if handle == ROOT and self._favorite_nodes and self.search is None:
            return [FAVORITES, *shown]
        if len(shown) > BIG_BRANCH:
            return [self._group(handle, start) for start in range(0, len(shown), GROUP_SIZE)]
        return shown

    def _shown(self, branch: int) -> Sequence[int]:
        known = self._filtered.get(branch)
        if known is None:
            children = self.tree.children(branch)
            all_of_them = self.kinds == ALL_KINDS
            known = children if all_of_them else self.tree.filtered(children, self.kinds)
            # A long list grows in place while names are read; the rows must not.
            known = array("I", known) if all_of_them and len(known) > BIG_BRANCH else known
            self._filtered[branch] = known
        return known

    def _inside_hit(self, node: int) -> bool:
        while node != ROOT:
            if node in self._hits:
                return True
            if node in self._ways:
                return False
            node = self.tree.parent(node)
        return False

    def _group(self, branch: int, start: int) -> int:
        number = self._group_numbers.get((branch, start))
        if number is None:
            number = self._group_numbers[branch, start] = len(self._groups)
            self._groups.append((branch, start))
        return GROUPS + number
