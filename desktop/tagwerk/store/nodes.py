"""The columns of a tag tree: one number a node and column, texts packed in blocks.

Nodes are only ever added. Who uses it: `tree`, which knows what a name means, and `kept_names`,
which puts the columns into a file. Nothing here knows a tag.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tagwerk.store.names import FIELD, TextBlock, fold

Numbers = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.uint8]

EXPLICIT, ELEMENTS, BEHIND, SYSTEM = 1, 2, 4, 8
"""Flags: browsed itself; has elements; something hangs behind its colon; a runtime system."""
NOTHING, DOT, COLON = 0, 1, 2
"""Joints: what stands between a name and the one above."""


LINKED_AT_ONCE = 8_192


class NodeTable:
    """Nodes from 0 on, the first one above all others.

    Attributes:
        parents, metas: of each node.
        first_child, next_sibling: the children of a node as a chain, youngest first; 0 ends it.
        child_counts: of each node.
        flags, joints: see above.
        displays: display names that came later than their node.
    """

    def __init__(self, meta: int) -> None:
        self.parents = array("I", [0])
        self.metas = array("I", [meta])
        self.first_child = array("I", [0])
        self.next_sibling = array("I", [0])
        self.child_counts = array("I", [0])
        self.flags = array("B", [0])
        self.joints = array("B", [NOTHING])
        self.displays: dict[int, str] = {}
        self.blocks: list[TextBlock] = [TextBlock(0, [FIELD])]
        self._block_firsts = [0]

    @classmethod
    def restored(
        cls, columns: Mapping[str, array[int]], blocks: list[TextBlock], displays: dict[int, str]
    ) -> NodeTable:
        """From columns that were kept: ``parents``, ``metas``, ``flags``, ``joints``."""
        table = cls.__new__(cls)
        table.parents, table.metas = columns["parents"], columns["metas"]
        table.flags, table.joints = columns["flags"], columns["joints"]
        count = len(table.parents)
        empty = bytes(4 * count)
        table.first_child, table.next_sibling = array("I", empty), array("I", empty)
        table.child_counts = array("I", empty)
        table.displays = displays
        named = sorted(displays)
        table.blocks = blocks
        table._block_firsts = [block.first for block in blocks]
        if named:
            texts = [table.segment(node) + FIELD + displays[node] for node in named]
            table.blocks = [*blocks, TextBlock(count, texts, named)]
            table._block_firsts.append(count)
        parents = np.frombuffer(table.parents.tobytes(), np.uint32)
        joints = np.frombuffer(table.joints.tobytes(), np.uint8)
        for start in range(1, count, LINKED_AT_ONCE):
            end = start + LINKED_AT_ONCE
            table._link(start, parents[start:end], joints[start:end])
        return table

    def __len__(self) -> int:
        return len(self.parents)

    def add(self, block: TextBlock, parents: Numbers, joints: Bits, metas: Numbers, flags: Bits) -> None:  # fmt: skip
        """Take in nodes; `block` begins with the next free number and holds their texts.

        A parent may be among them. Some ten operations on whole columns, whatever their length.
        """
        first, count = len(self.parents), len(parents)
        self.parents.frombytes(parents.tobytes())
        self.metas.frombytes(metas.tobytes())
        self.joints.frombytes(joints.tobytes())
        self.flags.frombytes(flags.tobytes())
        empty = bytes(4 * count)
        for column in (self.first_child, self.next_sibling, self.child_counts):
            column.frombytes(empty)
        self.blocks.append(block)
        self._block_firsts.append(first)
        if count:
            self._link(first, parents, joints)

    def _link(self, first: int, parents: Numbers, joints: Bits) -> None:
        """Hang nodes into the chains of their parents."""
        first_child = np.frombuffer(self.first_child, np.uint32)
        following = np.frombuffer(self.next_sibling, np.uint32)[first : first + len(parents)]
        counts = np.frombuffer(self.child_counts, np.uint32)
        flags = np.frombuffer(self.flags, np.uint8)
        order = np.argsort(parents, kind="stable")
        above = parents[order]
        nodes = (order + first).astype(np.uint32)
        starts = np.flatnonzero(np.concatenate(([True], above[1:] != above[:-1])))
        ends = np.append(starts[1:], len(above))
        before = np.empty_like(nodes)
        before[1:] = nodes[:-1]
        before[starts] = first_child[above[starts]]
        following[order] = before
        first_child[above[starts]] = nodes[ends - 1]
        counts[above[starts]] += (ends - starts).astype(np.uint32)
        is_behind = joints == COLON
        flags[parents[is_behind]] |= BEHIND
        flags[parents[~is_behind]] |= ELEMENTS
        # An array with a view on it cannot grow, and a frame may outlive its call.
        del first_child, following, counts, flags

    def block_of(self, node: int) -> TextBlock:
        return self.blocks[bisect_right(self._block_firsts, node) - 1]

    def segment(self, node: int) -> str:
        """The last part of a node's name."""
        block = self.block_of(node)
        return block.text(node - block.first)[0]

    def text(self, node: int) -> tuple[str, str]:
        """Last part of the name, and the display name or ""."""
        block = self.block_of(node)
        segment, display = block.text(node - block.first)
        return segment, self.displays.get(node, display)

    def folded_text(self, node: int) -> tuple[str, str]:
        """As `text`, folded for searching."""
        block = self.block_of(node)
        segment, folded = block.folded_text(node - block.first)
        display = self.displays.get(node)
        return segment, folded if display is None else fold(display)

    def chain(self, node: int) -> Iterator[int]:
        """Children, youngest first."""
        child = self.first_child[node]
        while child:
            yield child
            child = self.next_sibling[child]

    def children_since(self, node: int, seen: int) -> array[int]:
        """Children among the nodes from `seen` on, in the order of their numbers."""
        start = max(seen, 1)
        # A view on a growing array must be gone before it grows again.
        parents = np.frombuffer(self.parents, np.uint32)[start:]
        found = (np.flatnonzero(parents == node) + start).astype(np.uint32)
        del parents
        return array("I", found.tobytes())


def numbers(values: Sequence[int]) -> Numbers:
    """A column of whole numbers."""
    return np.array(values, np.uint32)


def bits(values: Sequence[int]) -> Bits:
    """A column of small numbers."""
    return np.array(values, np.uint8)
