"""Puts a branch with very many children into natural order, a slice of time at a time.

Small branches are sorted when they are opened. Sorting a million names at once would hold the
window for seconds, so here runs of a few thousand are sorted, then merged piece by piece between
common pivots; until that is done the children stand in the order in which they came.
Who uses it: `tree`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import chain
from time import perf_counter

RUN = 2_000
"""Names sorted in one go: about 4 ms."""


_SPREAD = 97


class BranchOrder:
    """The order of one branch's children, growing better.

    Args:
        key: sort key of an id.
    """

    def __init__(self, key: Callable[[int], str]) -> None:
        self._key = key
        self.ids: array[int] = array("I")
        """All children: as they came, sorted once `is_sorted`."""
        self.is_sorted = True
        self.seen = 0
        """Number of nodes of the tree when children were looked for last; kept by the tree."""
        self._runs: list[tuple[list[str], array[int]]] = []
        self._trash: list[list[str]] = []
        self._taken = 0
        self._pivots: list[str] = []
        self._merged: array[int] = array("I")
        self._cut: list[int] = []

    def extend(self, ids: Sequence[int]) -> None:
        """More children, in the order in which they came."""
        if self.is_sorted and self.ids:
            self._runs = []
            self._taken = 0
        self._stop_merging()
        self.ids.extend(ids)
        self.is_sorted = False

    def step(self, until_s: float) -> bool:
        """Work until `until_s` (of `time.perf_counter`) at most; True when the order is done."""
        while perf_counter() < until_s and (self._trash or not self.is_sorted):
            if self._trash:
                self._tidy()
            elif self._taken < len(self.ids):
                self._take_run()
            elif len(self._runs) <= 1:
                self._end(self._runs[0][1] if self._runs else array("I"))
            elif not self._pivots:
                self._start_merging()
            else:
                self._merge_piece()
        return self.is_sorted

    def _take_run(self) -> None:
        ids = self.ids[self._taken : self._taken + RUN]
        self._taken += len(ids)
        keys, nodes = _sorted([self._key(node) for node in ids], ids)
        if self._runs and keys[0] >= self._runs[-1][0][-1]:
            # Most servers send names in order already: one run grows, nothing is left to merge.
            self._runs[-1][0].extend(keys)
            self._runs[-1][1].extend(nodes)
        else:
            self._runs.append((keys, nodes))

    def _start_merging(self) -> None:
        step = max(RUN // 8, 1)
        # Each run is sampled at other places: were it the same, what stands before the first of
        # them, and behind the last, would be one huge piece of all runs.
        samples = sorted(
            chain.from_iterable(
                keys[number * _SPREAD % step :: step] for number, (keys, _) in enumerate(self._runs)
            )
        )
        self._pivots = sorted(set(samples[8::8]))
        self._pivots.append("\U0010ffff" * 2)
        self._cut = [0] * len(self._runs)

    def _merge_piece(self) -> None:
        """Everything below the next pivot, out of every run."""
        pivot = self._pivots.pop(0)
        piece_keys: list[str] = []
        piece_nodes = array("I")
        for position, (keys, nodes) in enumerate(self._runs):
            start = self._cut[position]
            end = bisect_left(keys, pivot, start) if self._pivots else len(keys)
            if end > start:
                piece_keys += keys[start:end]
                piece_nodes += nodes[start:end]
                self._cut[position] = end
        # Sorting pieces that are sorted already is a merge in C.
        self._merged += _sorted(piece_keys, piece_nodes)[1]
        if not self._pivots:
            self._end(self._merged)

    def _end(self, ids: array[int]) -> None:
        self.ids = ids
        self.is_sorted = True
        self._trash = [keys for keys, _ in self._runs]
        self._runs = []
        self._taken = 0
        self._stop_merging()

    def _tidy(self) -> None:
        """Freeing a million keys at once would be felt too."""
        del self._trash[-1][-5_000:]
        if not self._trash[-1]:
            self._trash.pop()

    def _stop_merging(self) -> None:
        self._pivots = []
        self._merged = array("I")
        self._cut = []


def _sorted(keys: list[str], nodes: array[int]) -> tuple[list[str], array[int]]:
    """Both in the order of the keys, equal ones as they came. Without pairs: the garbage collector
    would count each of them."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [keys[position] for position in order], array(
        "I", [nodes[position] for position in order]
    )
