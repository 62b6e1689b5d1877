"""All names of a plant as a tree: system → structure → element → logging tags and alarms behind.

Filled in chunks while the browse goes on, used at once. Nodes are integers; children are sorted
when somebody looks. Not a view (`outline` is what a tree widget shows) and not a search
(`search`). Used on one thread: the window's, or the command line's.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from copy import copy
from time import perf_counter
from typing import NamedTuple

import numpy as np

from tagwerk.domain.tags import BrowseItem, DataType, TagKind, data_type_from_text
from tagwerk.store.names import FIELD, RECORD, NameIndex, TextBlock, fold, natural_key
from tagwerk.store.ordering import BranchOrder

ROOT = 0
"""The node above all systems. It has no name and is never shown."""

BIG_BRANCH = 4_000
"""More children than this are sorted in slices instead of at once."""

SEARCH_TIME_S = 0.03
_CHUNK = 4_000
_RECENT_PARENTS = 50_000
_EXPLICIT, _ELEMENTS, _BEHIND, _SYSTEM = 1, 2, 4, 8
_NOTHING, _DOT, _COLON = 0, 1, 2
_JOINTS = ("", ".", ":")
_INDEX = re.compile(r"\[\d+(?:,\d+)*\]$")
# Structures stand before tags, as folders before files; logging tags and alarms come last.
_RANKS = {
    TagKind.STRUCTURE: "0", TagKind.TAG: "1", TagKind.LOGGING_TAG: "2", TagKind.ALARM: "3",
    TagKind.TYPE: "4", TagKind.OTHER: "5",
}  # fmt: skip


class FoundTags(NamedTuple):
    """Hits of a search, best first. `total` is what was counted until time was up."""

    items: tuple[BrowseItem, ...]
    total: int
    is_complete: bool


class TagTree:
    """The names of one plant.

    Attributes:
        generation: grows when all node numbers become invalid (`clear`).
        version: grows with every change.
        counts: number of browsed objects by kind.
        is_complete: the browse has ended.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.version = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything; node numbers of before mean nothing any more."""
        self.generation += 1
        self.version += 1
        self.is_complete = False
        self.counts: Counter[TagKind] = Counter()
        self.blocks: list[TextBlock] = []
        self._block_firsts: list[int] = []
        self._index = NameIndex()
        self._parents = array("I")
        self._next_sibling = array("I")
        self._first_child = array("I")
        self._child_counts = array("I")
        self._metas = array("I")
        self._flags = array("B")
        self._joints = array("B")
        self._meta_numbers: dict[tuple[int, str, str], int] = {}
        self._meta_list: list[tuple[TagKind, str, str, DataType]] = []
        self._recent: dict[str, int] = {"": ROOT}
        self._displays: dict[int, str] = {}
        self._systems: list[int] = []
        self._orders: dict[int, BranchOrder] = {}
        self._small: dict[int, array[int]] = {}
        self._changed = True
        self._is_growing = False
        self._add_nodes([""], [ROOT], [_NOTHING], [self._meta(TagKind.OTHER, "", "")], [0])
        self._first_child[ROOT] = ROOT
        self._child_counts[ROOT] = 0

    # Filling.

    def put(self, items: Sequence[BrowseItem]) -> None:
        """Take in a chunk of the browse. Some thousand items cost a few milliseconds.

        A name that is there already is brought up to date, never doubled.
        """
        for start in range(0, len(items), _CHUNK):
            self._put(items[start : start + _CHUNK])

    def finish(self) -> None:
        """The browse has ended."""
        self.is_complete = True
        self._recent = {"": ROOT}
        self._changed = True
        self.version += 1

    def drain(self, budget_s: float = 0.006) -> bool:
        """Go on sorting big branches for a while; True when something changed since last time."""
        if self._is_growing:  # what is sorted now would have to be sorted again
            self._is_growing = False
        else:
            until = perf_counter() + budget_s
            for order in self._orders.values():
                was_sorted = order.is_sorted
                if order.step(until) and not was_sorted:
                    self._changed = True
                    self.version += 1
        changed, self._changed = self._changed, False
        return changed

    def _put(self, items: Sequence[BrowseItem]) -> None:
        fresh: dict[str, BrowseItem] = {}
        for item in items:
            fresh[item.name] = item
        fresh.pop("", None)
        names = list(fresh)
        aliases: list[tuple[int, str]] = []
        keys = self._index.keys(names)
        for position, node in self._index.known(keys):
            if self.name(node) == names[position]:
                self._update(node, fresh.pop(names[position]), aliases)
        if len(fresh) != len(names):
            names = list(fresh)
            keys = self._index.keys(names)
        self._insert(names, list(fresh.values()), keys, aliases)
        self._changed = True
        self._is_growing = True
        self.version += 1

    def _insert(
        self,
        names: list[str],
        items: list[BrowseItem],
        keys: np.ndarray[tuple[int], np.dtype[np.uint64]],
        aliases: list[tuple[int, str]],
    ) -> None:
        first = len(self._parents)
        local = dict(zip(names, range(first, first + len(names)), strict=True))
        parent_names: list[str] = []
        texts: list[str] = []
        joints: list[int] = []
        metas: list[int] = []
        tag = TagKind.TAG
        last: tuple[TagKind | None, str, str] = (None, "", "")
        meta = 0
        for name, display, kind, data_type, kind_text in items:
            # Names of tags hold no colon behind the system, so that the last dot decides.
            parent_name, _, segment = name.rpartition(".")
            if (
                kind is tag
                and segment
                and parent_name
                and parent_name[-1] not in "$:"
                and segment[-1] != "]"
                and ":" not in segment
            ):
                joints.append(_DOT)
            else:
                parent_name, segment, joint = _split(name)
                joints.append(joint)
            parent_names.append(parent_name)
            if not display or display in (segment, name):
                texts.append(segment + FIELD)
            else:
                texts.append(segment + FIELD + _clean(display))
            if kind is not last[0] or data_type != last[1] or kind_text != last[2]:
                last = (kind, data_type, kind_text)
                meta = self._meta(kind, data_type, kind_text)
            metas.append(meta)
        self._count(metas)
        flags = [_EXPLICIT] * len(names)
        implicit = self._resolve(parent_names, local, first + len(names))
        systems = [name for name in names if name[-1] == ":" and name.endswith("::")]
        for name in systems:
            flags[local[name] - first] |= _SYSTEM
            self._systems.append(local[name])
        for node, name in enumerate(implicit, first + len(names)):
            is_system = name.endswith("::")
            parent_name, segment, joint = _split(name)
            parent_names.append(parent_name)
            joints.append(joint)
            texts.append(segment + FIELD)
            kind = TagKind.OTHER if is_system else TagKind.STRUCTURE
            metas.append(self._meta(kind, "", "SYSTEM" if is_system else ""))
            flags.append(_SYSTEM if is_system else 0)
            if is_system:
                self._systems.append(node)
        if not texts and not aliases:
            return
        if implicit:
            keys = np.concatenate((keys, self._index.keys(implicit)))
        if texts:
            self._index.add(keys, np.arange(first, first + len(texts), dtype=np.uint64))
        recent = self._recent
        parents = [recent[parent_name] for parent_name in parent_names]
        self._add_nodes(texts, parents, joints, metas, flags, aliases)

    def _resolve(self, parent_names: list[str], local: dict[str, int], free: int) -> list[str]:
        """Make sure that `_recent` knows all parents. Returns those that nobody browsed yet.

        These get the nodes from `free` on, in the order returned, parents before children or not.
        """
        recent = self._recent
        if len(recent) > _RECENT_PARENTS:
            recent.clear()
            recent[""] = ROOT
        made: list[str] = []
        missing = set(parent_names)
        while missing:
            # What is known already may have to be noted again: the memory is bounded.
            unknown = [name for name in missing if name not in recent]
            elsewhere = []
            for name in unknown:
                node = local.get(name)
                if node is None:
                    elsewhere.append(name)
                else:
                    recent[name] = node
            for position, node in self._index.known(self._index.keys(elsewhere)):
                if self.name(node) == elsewhere[position]:
                    recent[elsewhere[position]] = node
            missing = set()
            for name in elsewhere:
                if name not in recent:
                    recent[name] = free + len(made)
                    made.append(name)
                    missing.add(_split(name)[0])
        return made

    def _add_nodes(
        self,
        texts: list[str],
        parents: list[int],
        joints: list[int],
        metas: list[int],
        flags: list[int],
        aliases: Sequence[tuple[int, str]] = (),
    ) -> None:
        first = len(self._parents)
        count = len(texts)
        self._parents.extend(parents)
        self._joints.extend(joints)
        self._metas.extend(metas)
        self._flags.extend(flags)
        self._first_child.extend([0] * count)
        self._child_counts.extend([0] * count)
        first_child, counts, all_flags = self._first_child, self._child_counts, self._flags
        following = []
        for node, (parent, joint) in enumerate(zip(parents, joints, strict=True), first):
            following.append(first_child[parent])
            first_child[parent] = node
            counts[parent] += 1
            all_flags[parent] |= _BEHIND if joint == _COLON else _ELEMENTS
        self._next_sibling.extend(following)
        named = [self._segment(node) + FIELD + display for node, display in aliases]
        self.blocks.append(TextBlock(first, texts + named, [node for node, _ in aliases]))
        self._block_firsts.append(first)

    def _update(self, node: int, item: BrowseItem, aliases: list[tuple[int, str]]) -> None:
        """A node made for its children, or browsed before, is now (again) browsed itself."""
        if self._flags[node] & _EXPLICIT:
            self.counts[self._meta_list[self._metas[node]][0]] -= 1
        self._flags[node] |= _EXPLICIT
        self._metas[node] = self._meta(item.kind, item.data_type, item.kind_text)
        self.counts[item.kind] += 1
        segment, display = self.text(node)
        if item.display_name not in ("", segment, item.name, display):
            self._displays[node] = item.display_name
            aliases.append((node, _clean(item.display_name)))
        self._small.pop(self._parents[node], None)

    def _meta(self, kind: TagKind, data_type: str, kind_text: str) -> int:
        # By id, because hashing an enum member runs Python code; members live for ever.
        key = (id(kind), data_type, kind_text)
        number = self._meta_numbers.get(key)
        if number is None:
            number = self._meta_numbers[key] = len(self._meta_list)
            self._meta_list.append((kind, data_type, kind_text, data_type_from_text(data_type)))
        return number

    def _count(self, metas: list[int]) -> None:
        for number, times in Counter(metas).items():
            self.counts[self._meta_list[number][0]] += times

    # Asking.

    def __len__(self) -> int:
        """Number of browsed objects of every kind."""
        return self.counts.total()

    @property
    def tag_count(self) -> int:
        """Number of tags: without structures, logging tags, alarms and types."""
        return self.counts[TagKind.TAG]

    @property
    def systems(self) -> list[str]:
        """Names of the runtime systems, e.g. ``["HMI_RT_1"]``."""
        return [self._segment(node) for node in self._systems]

    @property
    def node_count(self) -> int:
        """Nodes are the numbers from 1 up to, not including, this one."""
        return len(self._parents)

    def node(self, name: str) -> int | None:
        """The node of a full or short name, or None."""
        found = self._exact(name)
        if found is None and "::" not in name:
            for system in self._systems:
                found = self._exact(f"{self._segment(system)}::{name}")
                if found is not None:
                    break
        return found

    def find(self, name: str) -> BrowseItem | None:
        """What was browsed under a full or short name; also one element of an array.

        None for names that nobody browsed, and for folders that only stand in names.
        """
        node = self.node(name)
        if node is not None:
            return self.item(node) if self._flags[node] & _EXPLICIT else None
        array_name, bracket, index = name.rpartition("[")
        if not bracket or not _INDEX.search(name):
            return None
        node = self.node(array_name)
        if node is None or not self._flags[node] & _EXPLICIT or not self.data_type(node).is_array:
            return None
        whole = self.item(node)
        element = whole.data_type.lower().rpartition(" of ")[2]
        data_type = whole.data_type[-len(element) :].partition("[")[0].strip()
        return BrowseItem(
            f"{whole.name}[{index}", whole.display_name, whole.kind, data_type, whole.kind_text
        )

    def behind(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Logging tags and alarms that hang behind a tag: suffixes only, in natural order."""
        node = self.node(name)
        if node is None or not self._flags[node] & _BEHIND:
            return (), ()
        logging_tags: list[str] = []
        alarms: list[str] = []
        for child in self.children(node):
            if self._joints[child] == _COLON:
                (alarms if self.kind(child) is TagKind.ALARM else logging_tags).append(
                    self._segment(child)
                )
        return tuple(logging_tags), tuple(alarms)

    def item(self, node: int) -> BrowseItem:
        """The browsed object of a node."""
        kind, data_type, kind_text, _ = self._meta_list[self._metas[node]]
        return BrowseItem(self.name(node), self.text(node)[1], kind, data_type, kind_text)

    def name(self, node: int) -> str:
        """Full name; ``HMI_RT_1::`` for a system, "" for the root."""
        parts: list[str] = []
        while node:
            parts.append(self._segment(node))
            if self._flags[node] & _SYSTEM:
                parts[-1] += "::"
            parts.append(_JOINTS[self._joints[node]])
            node = self._parents[node]
        return "".join(reversed(parts))

    def text(self, node: int) -> tuple[str, str]:
        """Last segment of the name, and the display name or ""."""
        position = bisect_right(self._block_firsts, node) - 1
        block = self.blocks[position]
        segment, display = block.text(node - block.first)
        return segment, self._displays.get(node, display)

    def folded_text(self, node: int) -> tuple[str, str]:
        """As `text`, folded for searching."""
        display = self._displays.get(node)
        position = bisect_right(self._block_firsts, node) - 1
        block = self.blocks[position]
        segment, folded = block.folded_text(node - block.first)
        return segment, folded if display is None else fold(display)

    def parent(self, node: int) -> int:
        """The node above; ROOT for systems and the root itself."""
        return self._parents[node]

    def kind(self, node: int) -> TagKind:
        """What it is. An object with elements is a structure, whatever the server calls it."""
        if self._flags[node] & _ELEMENTS and not self._flags[node] & _SYSTEM:
            kind, _, _, data_type = self._meta_list[self._metas[node]]
            return TagKind.STRUCTURE if kind is TagKind.TAG and not data_type.is_array else kind
        return self._meta_list[self._metas[node]][0]

    def data_type(self, node: int) -> DataType:
        """Data type from the browse; of an unknown family for what has none."""
        return self._meta_list[self._metas[node]][3]

    def is_system(self, node: int) -> bool:
        return bool(self._flags[node] & _SYSTEM)

    def is_readable(self, node: int) -> bool:
        """True for what has a value of its own: a tag that is not a structure."""
        return self.kind(node) is TagKind.TAG

    def child_count(self, node: int) -> int:
        return self._child_counts[node]

    def children(self, node: int) -> Sequence[int]:
        """Nodes directly below, in natural order; a big branch may still be unsorted."""
        count = self._child_counts[node]
        if count > BIG_BRANCH:
            return self._big(node, count)
        known = self._small.get(node)
        if known is None or len(known) != count:
            known = array("I", sorted(self._chain(node), key=self.sort_key))
            self._small[node] = known
        return known

    def filtered(self, nodes: Sequence[int], kinds: Collection[TagKind]) -> Sequence[int]:
        """Those of `nodes` that are of the given kinds; quick for a million of them."""
        wanted = np.array([kind in kinds for kind, _, _, _ in self._meta_list], dtype=bool)
        chosen = np.array(nodes, dtype=np.uint32)
        metas = np.frombuffer(self._metas, np.uint32)
        flags = np.frombuffer(self._flags, np.uint8)
        keep = wanted[metas[chosen]]
        # What has elements is a structure, whatever the server calls it; and a way to others.
        keep |= (flags[chosen] & (_ELEMENTS | _SYSTEM)) != 0
        del metas, flags
        return array("I", chosen[keep].tobytes())

    def search(
        self, text: str, *, limit: int = 200, kinds: Collection[TagKind] | None = None
    ) -> FoundTags:
        """The best hits within a keystroke's time, for palettes and completions."""
        from tagwerk.store.search import TagSearch  # it searches this class

        search = TagSearch(self, text, kinds)
        search.step(SEARCH_TIME_S)
        items = tuple(self.item(node) for node in search.hits(limit))
        return FoundTags(items, search.total, search.is_complete and not search.is_capped)

    def held(self) -> TagTree:
        """The same names, growing as this tree does, but kept when this one is cleared.

        For views: they go on showing what was there until they are ready for the new names.
        """
        return copy(self)

    def replace_with(self, other: TagTree) -> None:
        """Take over the names of another tree, at once; the other one is not to be used again."""
        generation, version = self.generation + 1, self.version + 1
        self.__dict__.update(other.__dict__)
        self.generation, self.version, self._changed = generation, version, True

    def is_sorted(self, node: int) -> bool:
        """False while a big branch is being sorted."""
        order = self._orders.get(node)
        return order is None or order.is_sorted

    def sort_key(self, node: int) -> str:
        """Kind first (structures, tags, logging tags, alarms), then the name in natural order."""
        if self._flags[node] & (_ELEMENTS | _SYSTEM):
            return "0" + natural_key(self._segment(node))
        kind = self._meta_list[self._metas[node]][0]
        return _RANKS[kind] + natural_key(self._segment(node))

    def leaves(self, node: int, limit: int) -> list[int]:
        """Up to `limit` plottable tags at or below a node, in order."""
        found: list[int] = []
        waiting = [node]
        while waiting and len(found) < limit:
            current = waiting.pop()
            if self.is_readable(current):
                if self.data_type(current).is_plottable or not self.data_type(current).text:
                    found.append(current)
                continue
            waiting.extend(
                child
                for child in reversed(self.children(current)[: limit * 4])
                if self.kind(child) in (TagKind.TAG, TagKind.STRUCTURE) or self.is_system(child)
            )
        return found

    def _segment(self, node: int) -> str:
        position = bisect_right(self._block_firsts, node) - 1
        block = self.blocks[position]
        return block.text(node - block.first)[0]

    def _exact(self, name: str) -> int | None:
        for node in self._index.candidates(name):
            if self.name(node) == name:
                return node
        return None

    def _chain(self, node: int) -> Iterator[int]:
        child = self._first_child[node]
        while child:
            yield child
            child = self._next_sibling[child]

    def _big(self, node: int, count: int) -> Sequence[int]:
        order = self._orders.get(node)
        if order is None:
            order = self._orders[node] = BranchOrder(self.sort_key)
            self._small.pop(node, None)
        if len(order.ids) != count:
            # A view on a growing array must be gone before it grows again.
            parents = np.frombuffer(self._parents, np.uint32)
            fresh = np.flatnonzero(parents[max(order.seen, 1) :] == node) + max(order.seen, 1)
            order.seen = len(parents)
            del parents
            order.extend(fresh.tolist())
        return order.ids


def _clean(display: str) -> str:
    return display.replace(RECORD, " ").replace(FIELD, " ")


def _split(name: str) -> tuple[str, str, int]:
    """Parent's name, last segment, and what stands between them. Lossless."""
    colon = name.rfind(":")
    if colon > 0 and name[colon - 1] != ":":
        first = name.find(":", name.find("::") + 2) if "::" in name else name.find(":")
        return name[:first], name[first + 1 :], _COLON
    if name.endswith("::"):
        return "", name[:-2], _NOTHING
    if name.endswith("]"):
        match = _INDEX.search(name, max(colon, 0))
        if match is not None and match.start() > colon + 1:
            return name[: match.start()], name[match.start() :], _NOTHING
    dot = name.rfind(".", colon + 1)
    while dot > 0 and name[dot - 1] == "$":  # an escaped dot belongs to the name
        dot = name.rfind(".", colon + 1, dot - 1)
    if dot > colon + 1 and dot < len(name) - 1:
        return name[:dot], name[dot + 1 :], _DOT
    if colon + 1 == len(name):  # no name at all behind the system: it stands for itself
        return "", name, _NOTHING
    return name[: colon + 1], name[colon + 1 :], _NOTHING
