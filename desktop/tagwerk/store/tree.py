"""All names of a plant as a tree: system → structure → element → logging tags and alarms behind.

Filled in chunks while the browse goes on, used at once. Nodes are integers; children are sorted
when somebody looks. Not a view (`outline` is what a tree widget shows) and not a search
(`search`). Used on one thread: the window's, or the command line's.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from copy import copy
from time import perf_counter
from typing import NamedTuple

import numpy as np

from tagwerk.domain.browse import BrowseColumns
from tagwerk.domain.tags import BrowseItem, DataType, TagKind, data_type_from_text
from tagwerk.store.filling import (
    Split,
    Texts,
    is_array_element,
    parents_of,
    records,
    split_names,
)
from tagwerk.store.names import FIELD, RECORD, Keys, NameIndex, TextBlock, natural_key
from tagwerk.store.nodes import (
    BEHIND,
    COLON,
    DOT,
    ELEMENTS,
    EXPLICIT,
    NOTHING,
    SYSTEM,
    NodeTable,
    Numbers,
    numbers,
)
from tagwerk.store.ordering import BranchOrder
from tagwerk.store.slices import Positions, Truths

ROOT = 0
"""The node above all systems. It has no name and is never shown."""

BIG_BRANCH = 4_000
"""More children than this are sorted in slices instead of at once."""

SEARCH_TIME_S = 0.03
_CHUNK = 4_000
_MARK = RECORD.encode()
_RECENT_PARENTS = 50_000
_JOINTS = {NOTHING: "", DOT: ".", COLON: ":"}
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


class _Level:
    """New names of one depth, taken apart."""

    def __init__(self, names: Texts, split: Split) -> None:
        self.names = names
        self.split = split
        self.parent_names: list[bytes]
        self.stretches: Positions
        self.parent_names, self.stretches = parents_of(names, split)


class _OwnNames:
    """The new names of a chunk, which are often the parents of others in it."""

    def __init__(self, names: Texts, keys: Keys, rising: Keys, first: int) -> None:
        self._names = names
        self._first = first
        self._keys = keys
        self._rising = rising

    def among(self, wanted: list[bytes], keys: Keys) -> Iterator[tuple[int, int]]:
        """(position in `wanted`, node) of those that are new themselves."""
        starts = np.searchsorted(self._rising, keys, "left")
        ends = np.searchsorted(self._rising, keys, "right")
        hits = np.flatnonzero(ends > starts).tolist()
        order = np.argsort(self._keys) if hits else self._keys
        for position in hits:
            for row in order[starts[position] : ends[position]].tolist():
                if self._names.packed(row) == wanted[position]:
                    yield position, self._first + row


def _drop_doubles(names: Texts, displays: Texts, codes: Numbers, keys: Keys, fresh: Truths) -> None:
    """Of names that stand in a chunk twice keep the first, with what the last one says."""
    order = np.argsort(keys)
    same = keys[order[1:]] == keys[order[:-1]]
    seen: dict[bytes, int] = {}
    for row in np.union1d(order[1:][same], order[:-1][same]).tolist():
        first = seen.setdefault(names.packed(row), row)
        if first != row:
            displays.starts[first], displays.ends[first] = displays.starts[row], displays.ends[row]
            codes[first] = codes[row]
            fresh[row] = False


def _keys_of(names: bytes) -> Keys:
    return NameIndex.keys_of(names.split(_MARK)[:-1])


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
        self._index = NameIndex()
        self._meta_numbers: dict[tuple[int, str, str], int] = {}
        self._meta_list: list[tuple[TagKind, str, str, DataType]] = []
        self.nodes = NodeTable(self._meta(TagKind.OTHER, "", ""))
        self._recent: dict[bytes, int] = {b"": ROOT}
        self._systems: list[int] = []
        self._orders: dict[int, BranchOrder] = {}
        self._small: dict[int, array[int]] = {}
        self._changed = True
        self._is_growing = False

    @property
    def blocks(self) -> list[TextBlock]:
        """The texts of all nodes, for searching."""
        return self.nodes.blocks

    # Filling.

    def put(self, items: Sequence[BrowseItem]) -> None:
        """Take in a chunk of the browse. Some thousand items cost a few milliseconds.

        A name that is there already is brought up to date, never doubled.
        """
        if isinstance(items, BrowseColumns):
            self._put(items)
            return
        for start in range(0, len(items), _CHUNK):
            self._put(BrowseColumns.of(items[start : start + _CHUNK]))

    def finish(self) -> None:
        """The browse has ended."""
        self.is_complete = True
        self._recent = {b"": ROOT}
        self._index.settle()
        self._changed = True
        self.version += 1

    def compact(self) -> None:
        """Make finding names quicker, when there are many; may run in a thread."""
        self._index.compact()

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

    def _put(self, columns: BrowseColumns) -> None:
        names, displays = Texts.of_column(columns.names), Texts.of_column(columns.displays)
        codes = np.array(columns.codes, np.uint32)
        keys = _keys_of(columns.names)
        rising = np.sort(keys)
        fresh = np.ones(len(names), np.bool_)
        if (rising[1:] == rising[:-1]).any():
            _drop_doubles(names, displays, codes, keys, fresh)
        aliases: list[tuple[int, str]] = []
        for position, node in self._index.known(keys):
            if fresh[position] and self.name(node) == names.text(position):
                words = columns.words[codes[position]]
                item = BrowseItem(names.text(position), displays.text(position), *words)
                self._update(node, item, aliases)
                fresh[position] = False
        if not fresh.all():
            names, displays, codes = names.chosen(fresh), displays.chosen(fresh), codes[fresh]
            keys = keys[fresh]
            rising = np.sort(keys)
        if len(names) or aliases:
            metas = numbers([self._meta(*words) for words in columns.words])[codes]
            self._insert(names, displays, metas, keys, rising, aliases)
        self._changed = True
        self._is_growing = True
        self.version += 1

    def _insert(
        self,
        names: Texts,
        displays: Texts,
        metas: Numbers,
        keys: Keys,
        rising: Keys,
        aliases: list[tuple[int, str]],
    ) -> None:
        """New names, then those that only stand in them, level by level."""
        first = free = len(self.nodes)
        browsed = _Level(names, split_names(names))
        own = _OwnNames(names, keys, rising, first)
        levels = [browsed]
        free += len(names)
        self._bound_recent()
        while made := self._find_parents(levels[-1].parent_names, own, free):
            implicit = Texts.of_column(_MARK.join((*made, b"")))
            levels.append(_Level(implicit, split_names(implicit)))
            free += len(made)
        self._count(metas)
        all_metas, all_keys = [metas], [keys]
        for level in levels[1:]:
            systems = level.split.systems
            all_metas.append(self._implicit_metas(systems))
            all_keys.append(_keys_of(level.names.buffer))
        flags = [np.full(len(level.names), 0, np.uint8) for level in levels]
        flags[0] += EXPLICIT
        recent = self._recent
        parents: list[Numbers] = []
        start = first
        for level, bits in zip(levels, flags, strict=True):
            bits[level.split.systems] |= SYSTEM
            self._systems.extend((np.flatnonzero(level.split.systems) + start).tolist())
            start += len(level.names)
            of_stretch = numbers([recent[name] for name in level.parent_names])
            parents.append(of_stretch[level.stretches])
        packed = [records(names, browsed.split, displays)]
        packed += [records(level.names, level.split, None) for level in levels[1:]]
        named = [self.nodes.segment(node) + FIELD + display + RECORD for node, display in aliases]
        packed.append("".join(named).encode())
        if free > first:
            self._index.add(np.concatenate(all_keys), np.arange(first, free, dtype=np.uint64))
        block = TextBlock.of_packed(first, b"".join(packed), [node for node, _ in aliases])
        joints = np.concatenate([level.split.joints for level in levels])
        self.nodes.add(
            block, np.concatenate(parents), joints, np.concatenate(all_metas), np.concatenate(flags)
        )

    def _implicit_metas(self, systems: Truths) -> Numbers:
        folder = self._meta(TagKind.STRUCTURE, "", "")
        system = self._meta(TagKind.OTHER, "", "SYSTEM")
        return np.where(systems, system, folder).astype(np.uint32)

    def _count(self, metas: Numbers) -> None:
        for number, times in enumerate(np.bincount(metas).tolist()):
            if times:
                self.counts[self._meta_list[number][0]] += times

    def _bound_recent(self) -> None:
        if len(self._recent) > _RECENT_PARENTS:
            self._recent.clear()
            self._recent[b""] = ROOT

    def _find_parents(self, parent_names: list[bytes], own: _OwnNames, free: int) -> list[bytes]:
        """Make sure that `_recent` knows all parents. Returns those that nobody browsed yet.

        These get the nodes from `free` on, in the order returned.
        """
        recent = self._recent
        unknown = [name for name in dict.fromkeys(parent_names) if name not in recent]
        if not unknown:
            return []
        keys = self._index.keys_of(unknown)
        recent.update((unknown[position], node) for position, node in own.among(unknown, keys))
        for position, node in self._index.known(keys):
            name = unknown[position]
            if name not in recent and self.name(node) == name.decode():
                recent[name] = node
        made = [name for name in unknown if name not in recent]
        recent.update(zip(made, range(free, free + len(made)), strict=True))
        return made

    def _update(self, node: int, item: BrowseItem, aliases: list[tuple[int, str]]) -> None:
        """A node made for its children, or browsed before, is now (again) browsed itself."""
        if self.nodes.flags[node] & EXPLICIT:
            self.counts[self._meta_list[self.nodes.metas[node]][0]] -= 1
        self.nodes.flags[node] |= EXPLICIT
        self.nodes.metas[node] = self._meta(item.kind, item.data_type, item.kind_text)
        self.counts[item.kind] += 1
        segment, display = self.text(node)
        if item.display_name not in ("", segment, item.name, display):
            self.nodes.displays[node] = item.display_name
            aliases.append((node, item.display_name))
        self._small.pop(self.nodes.parents[node], None)

    def _meta(self, kind: TagKind, data_type: str, kind_text: str) -> int:
        # By id, because hashing an enum member runs Python code; members live for ever.
        key = (id(kind), data_type, kind_text)
        number = self._meta_numbers.get(key)
        if number is None:
            number = self._meta_numbers[key] = len(self._meta_list)
            self._meta_list.append((kind, data_type, kind_text, data_type_from_text(data_type)))
        return number

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
        return [self.nodes.segment(node) for node in self._systems]

    @property
    def node_count(self) -> int:
        """Nodes are the numbers from 1 up to, not including, this one."""
        return len(self.nodes)

    def node(self, name: str) -> int | None:
        """The node of a full or short name, or None."""
        found = self._exact(name)
        if found is None and "::" not in name:
            for system in self._systems:
                found = self._exact(f"{self.nodes.segment(system)}::{name}")
                if found is not None:
                    break
        return found

    def find(self, name: str) -> BrowseItem | None:
        """What was browsed under a full or short name; also one element of an array.

        None for names that nobody browsed, and for folders that only stand in names.
        """
        node = self.node(name)
        if node is not None:
            return self.item(node) if self.nodes.flags[node] & EXPLICIT else None
        array_name, bracket, index = name.rpartition("[")
        if not bracket or not is_array_element(name):
            return None
        node = self.node(array_name)
        if (
            node is None
            or not self.nodes.flags[node] & EXPLICIT
            or not self.data_type(node).is_array
        ):
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
        if node is None or not self.nodes.flags[node] & BEHIND:
            return (), ()
        logging_tags: list[str] = []
        alarms: list[str] = []
        for child in self.children(node):
            if self.nodes.joints[child] == COLON:
                (alarms if self.kind(child) is TagKind.ALARM else logging_tags).append(
                    self.nodes.segment(child)
                )
        return tuple(logging_tags), tuple(alarms)

    def item(self, node: int) -> BrowseItem:
        """The browsed object of a node."""
        kind, data_type, kind_text, _ = self._meta_list[self.nodes.metas[node]]
        return BrowseItem(self.name(node), self.text(node)[1], kind, data_type, kind_text)

    def browsed(self) -> Iterator[int]:
        """Nodes of all browsed objects, in the order in which they came."""
        flags = self.nodes.flags
        return (node for node in range(1, len(flags)) if flags[node] & EXPLICIT)

    def name(self, node: int) -> str:
        """Full name; ``HMI_RT_1::`` for a system, "" for the root."""
        parts: list[str] = []
        while node:
            parts.append(self.nodes.segment(node))
            if self.nodes.flags[node] & SYSTEM:
                parts[-1] += "::"
            parts.append(_JOINTS[self.nodes.joints[node]])
            node = self.nodes.parents[node]
        return "".join(reversed(parts))

    def text(self, node: int) -> tuple[str, str]:
        """Last segment of the name, and the display name or ""."""
        return self.nodes.text(node)

    def folded_text(self, node: int) -> tuple[str, str]:
        """As `text`, folded for searching."""
        return self.nodes.folded_text(node)

    def parent(self, node: int) -> int:
        """The node above; ROOT for systems and the root itself."""
        return self.nodes.parents[node]

    def kind(self, node: int) -> TagKind:
        """What it is. An object with elements is a structure, whatever the server calls it."""
        if self.nodes.flags[node] & ELEMENTS and not self.nodes.flags[node] & SYSTEM:
            kind, _, _, data_type = self._meta_list[self.nodes.metas[node]]
            return TagKind.STRUCTURE if kind is TagKind.TAG and not data_type.is_array else kind
        return self._meta_list[self.nodes.metas[node]][0]

    def data_type(self, node: int) -> DataType:
        """Data type from the browse; of an unknown family for what has none."""
        return self._meta_list[self.nodes.metas[node]][3]

    def is_system(self, node: int) -> bool:
        return bool(self.nodes.flags[node] & SYSTEM)

    def is_readable(self, node: int) -> bool:
        """True for what has a value of its own: a tag that is not a structure."""
        return self.kind(node) is TagKind.TAG

    def child_count(self, node: int) -> int:
        return self.nodes.child_counts[node]

    def children(self, node: int) -> Sequence[int]:
        """Nodes directly below, in natural order; a big branch may still be unsorted."""
        count = self.nodes.child_counts[node]
        if count > BIG_BRANCH:
            return self._big(node, count)
        known = self._small.get(node)
        if known is None or len(known) != count:
            known = array("I", sorted(self.nodes.chain(node), key=self.sort_key))
            self._small[node] = known
        return known

    def has_any(self, node: int, kinds: Collection[TagKind]) -> bool:
        """Whether `filtered` would leave any of a node's children; nearly always the first tells."""
        flags = self.nodes.flags
        return any(
            flags[child] & (ELEMENTS | SYSTEM) or self.kind(child) in kinds
            for child in self.nodes.chain(node)
        )

    def filtered(self, nodes: Sequence[int], kinds: Collection[TagKind]) -> Sequence[int]:
        """Those of `nodes` that are of the given kinds; quick for a million of them."""
        wanted = np.array([kind in kinds for kind, _, _, _ in self._meta_list], dtype=bool)
        chosen = np.array(nodes, dtype=np.uint32)
        metas = np.frombuffer(self.nodes.metas, np.uint32)
        flags = np.frombuffer(self.nodes.flags, np.uint8)
        keep = wanted[metas[chosen]]
        # What has elements is a structure, whatever the server calls it; and a way to others.
        keep |= (flags[chosen] & (ELEMENTS | SYSTEM)) != 0
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

    def kept_parts(
        self,
    ) -> tuple[NodeTable, list[tuple[TagKind, str, str]], list[int], Keys]:
        """Nodes, kinds with their types, systems and the keys of the index, to be kept in a file."""
        metas = [(kind, data_type, word) for kind, data_type, word, _ in self._meta_list]
        return self.nodes, metas, list(self._systems), self._index.all_keys()

    @classmethod
    def restored(
        cls,
        nodes: NodeTable,
        metas: Sequence[tuple[TagKind, str, str]],
        systems: list[int],
        index: NameIndex,
    ) -> TagTree:
        """A complete tree from the parts that were kept of one."""
        tree = cls()
        tree._meta_numbers.clear()
        tree._meta_list.clear()
        for kind, data_type, word in metas:
            tree._meta(kind, data_type, word)
        tree.nodes, tree._systems, tree._index = nodes, systems, index
        flags = np.frombuffer(nodes.flags.tobytes(), np.uint8)
        browsed = np.frombuffer(nodes.metas.tobytes(), np.uint32)[(flags & EXPLICIT) != 0]
        for number, times in enumerate(np.bincount(browsed, minlength=len(metas)).tolist()):
            tree.counts[metas[number][0]] += times
        tree.finish()
        return tree

    @property
    def is_sorting(self) -> bool:
        """A big branch that somebody looked at is not sorted yet: each `drain` goes on with it."""
        return not all(order.is_sorted for order in self._orders.values())

    def is_sorted(self, node: int) -> bool:
        """False while a big branch is being sorted."""
        order = self._orders.get(node)
        return order is None or order.is_sorted

    def sort_key(self, node: int) -> str:
        """Kind first (structures, tags, logging tags, alarms), then the name in natural order."""
        if self.nodes.flags[node] & (ELEMENTS | SYSTEM):
            return "0" + natural_key(self.nodes.segment(node))
        kind = self._meta_list[self.nodes.metas[node]][0]
        return _RANKS[kind] + natural_key(self.nodes.segment(node))

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

    def _exact(self, name: str) -> int | None:
        for node in self._index.candidates(name):
            if self.name(node) == name:
                return node
        return None

    def _big(self, node: int, count: int) -> Sequence[int]:
        order = self._orders.get(node)
        if order is None:
            order = self._orders[node] = BranchOrder(self.sort_key)
            self._small.pop(node, None)
        if len(order.ids) != count:
            fresh = self.nodes.children_since(node, order.seen)
            order.seen = len(self.nodes)
            order.extend(fresh)
        return order.ids
