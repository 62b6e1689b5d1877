"""How a million names are kept small and found fast: folding, packed texts, an index by hash.

Who uses it: `tree` and `search`, nobody else. Nothing here knows what a tag is.

A Python string costs 50 bytes before its first letter, so names live in packed buffers, one for
each chunk of the browse: never one big buffer, because joining a million names stalls the window.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

from tagwerk.domain.browse import END
from tagwerk.domain.browse import FIELD as FIELD

RECORD = END
"""Ends a record; `FIELD` parts the name's last segment from the display name inside one."""

_MARKS = re.compile("[\u0300-\u036f]+")
_DIGITS = re.compile(r"\d+")
ID_BITS = np.uint64(28)
_ID_MASK = (1 << 28) - 1
_RUN_LIMIT = 1 << 15
_FILTER_SMALL, _FILTER_BIG = 1 << 20, 1 << 24
_FEW = 2_000
"""With more names the big filter is made ready."""
_MOST_CANDIDATES = 64
"""So many names of the same hash are compared; more can only be made on purpose."""

Keys: TypeAlias = npt.NDArray[np.uint64]


def fold(text: str) -> str:
    """Text as it is compared in searches: lower case, umlauts and accents without their marks."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def natural_key(text: str) -> str:
    """Sort key under which ``P2`` stands before ``P10`` and case does not matter."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(12), fold(text))


class TextBlock:
    """The texts of consecutive ids, packed: segment and display name, as written and folded.

    Args:
        first: id of the first text.
        texts: one ``segment FIELD display`` a record.
        aliases: ids of the records after those of new nodes: nodes of earlier blocks whose
            display name came later. They are found by a search like all others.
    """

    __slots__ = ("aliases", "count", "first", "folded", "folded_ends", "packed", "packed_ends")

    def __init__(self, first: int, texts: list[str], aliases: Sequence[int] = ()) -> None:
        self.first = first
        self.count = len(texts) - len(aliases)
        self.aliases = array("I", aliases)
        self._fill((RECORD.join(texts) + RECORD).encode())

    @classmethod
    def of_packed(cls, first: int, packed: bytes, aliases: Sequence[int] = ()) -> TextBlock:
        """From the bytes of `packed` of one block, or of several that follow each other."""
        block = cls.__new__(cls)
        block.first = first
        block.aliases = array("I", aliases)
        block._fill(packed)
        block.count = len(block.packed_ends) - len(aliases)
        return block

    def _fill(self, packed: bytes) -> None:
        self.packed = packed
        self.packed_ends = _ends(packed)
        if packed.isascii():
            self.folded = packed.lower()
            self.folded_ends = self.packed_ends
        else:
            self.folded = fold(packed.decode()).encode()
            self.folded_ends = _ends(self.folded)

    def text(self, index: int) -> tuple[str, str]:
        """Segment and display name of record `index`."""
        segment, _, display = self._cut(self.packed, self.packed_ends, index).partition(FIELD)
        return segment, display

    def folded_text(self, index: int) -> tuple[str, str]:
        """As `text`, folded."""
        segment, _, display = self._cut(self.folded, self.folded_ends, index).partition(FIELD)
        return segment, display

    def id_at(self, index: int) -> int:
        """The node that record `index` is about."""
        return self.first + index if index < self.count else self.aliases[index - self.count]

    def record_at(self, position: int) -> tuple[int, int]:
        """Index of the record that holds byte `position` of `folded`, and where the record ends."""
        index = bisect_right(self.folded_ends, position)
        return index, self.folded_ends[index]

    @staticmethod
    def _cut(buffer: bytes, ends: array[int], index: int) -> str:
        start = ends[index - 1] if index else 0
        return buffer[start : ends[index] - 1].decode()


def _ends(buffer: bytes) -> array[int]:
    """Positions just behind each record's end."""
    ends: npt.NDArray[np.uint32] = np.flatnonzero(np.frombuffer(buffer, np.uint8) == 0).astype(
        np.uint32
    ) + np.uint32(1)
    return array("I", ends.tobytes())


class NameIndex:
    """From a name to the ids that may have it, 8 bytes a name.

    Sorted runs of ``hash << 28 | id``, merged while small, so that no merge stalls a frame.
    32 bits of hash leave false candidates: the caller compares the names. The hash is the same in
    every run of the program, so that the keys can be kept in a file.
    """

    def __init__(self, run: Keys | None = None) -> None:
        self.runs: list[Keys] = [] if run is None or not run.size else [run]
        self._filter: npt.NDArray[np.bool_] | None = None
        self._big: npt.NDArray[np.bool_] | None = None
        self._ready = 0
        self._size = 0 if run is None else run.size

    @staticmethod
    def keys(names: Sequence[str]) -> Keys:
        """Keys of names for `add` and `known`."""
        return NameIndex.keys_of([name.encode(errors="replace") for name in names])

    @staticmethod
    def keys_of(names: Sequence[bytes]) -> Keys:
        """As `keys`, of names in UTF-8."""
        return np.fromiter(map(crc32, names), np.uint64, len(names)) << ID_BITS

    def add(self, keys: Keys, ids: Keys) -> None:
        """Take in new names."""
        run = np.sort(keys | ids)
        self._size += run.size
        self._note(run)
        while self.runs and self.runs[-1].size <= run.size * 2 < _RUN_LIMIT:
            run = np.sort(np.concatenate((self.runs.pop(), run)))
        self.runs.append(run)

    def settle(self) -> None:
        """No more chunks for now: what made them quick is given back."""
        self._filter = self._big = None
        self._ready = 0

    def all_keys(self) -> Keys:
        """Every key with its id, in no order."""
        return np.concatenate(self.runs) if self.runs else np.zeros(0, np.uint64)

    def compact(self) -> None:
        """One run of all, so that a name is found with one look. May run in a thread: what comes
        meanwhile is kept."""
        runs = list(self.runs)
        if len(runs) > 1:
            merged = np.sort(np.concatenate(runs))
            now = self.runs
            if all(one is other for one, other in zip(runs, now, strict=False)):
                self.runs = [merged, *now[len(runs) :]]

    def known(self, keys: Keys) -> list[tuple[int, int]]:
        """(position in `keys`, id) of every candidate; nearly always a real one."""
        found: list[tuple[int, int]] = []
        if not self.runs or not keys.size:
            return found
        perhaps = self._perhaps(keys)
        if not perhaps.size:
            return found
        order = perhaps[np.argsort(keys[perhaps])]
        wanted = keys[order]
        for run in self.runs:
            at = run.searchsorted(wanted)
            # Behind the last there is none; the first one is smaller then, and no hit.
            inside = np.where(at < run.size, at, 0)
            hits = ((run[inside] ^ wanted) <= _ID_MASK).nonzero()[0]
            for hit in hits.tolist():
                position = int(at[hit])
                for key in run[position : position + _MOST_CANDIDATES].tolist():
                    if key >> 28 != int(wanted[hit]) >> 28:
                        break
                    found.append((int(order[hit]), key & _ID_MASK))
        return found

    def candidates(self, name: str) -> Iterator[int]:
        """Ids that may be `name`'s."""
        if not self.runs:
            return
        wanted = int(self.keys([name])[0])
        for run in self.runs:
            position = int(np.searchsorted(run, np.uint64(wanted)))
            for key in run[position : position + _MOST_CANDIDATES].tolist():
                if key >> 28 != wanted >> 28:
                    break
                yield key & _ID_MASK

    # While a browse goes on nearly every name is a new one. Two bits of a table tell it, without
    # a look into each run.

    def _perhaps(self, keys: Keys) -> npt.NDArray[np.intp]:
        """Positions of the keys that may be known."""
        if self._filter is None:
            return np.arange(keys.size)
        one, two = _probes(keys, self._filter.size)
        return np.flatnonzero(self._filter[one] & self._filter[two])

    def _note(self, run: Keys) -> None:
        if self._filter is None and self.runs:
            return  # settled: what comes now is little
        fresh = [run]
        if self._filter is None:
            self._filter = np.zeros(_FILTER_SMALL, np.bool_)
            fresh = [*self.runs, run]
        elif self._grows():
            fresh = [*self.runs, run]
        for keys in fresh:
            for probe in _probes(keys, self._filter.size):
                self._filter[probe] = True

    def _grows(self) -> bool:
        """Make some more of the big filter ready; True when it has taken the small one's place.

        Touching 16 MB for the first time takes the system 30 ms: here it is a part for each chunk.
        """
        if self._ready >= _FILTER_BIG or self._size <= _FEW:
            return False
        if self._big is None:
            self._big = np.empty(_FILTER_BIG, np.bool_)
        self._big[self._ready : self._ready + _FILTER_SMALL] = False
        self._ready += _FILTER_SMALL
        if self._ready < _FILTER_BIG:
            return False
        self._filter, self._big = self._big, None
        return True


def _probes(keys: Keys, size: int) -> tuple[Keys, Keys]:
    mask = np.uint64(size - 1)
    return (keys >> ID_BITS) & mask, (keys >> np.uint64(36)) & mask
