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

import numpy as np
import numpy.typing as npt

FIELD = "\x01"
"""Parts the name's last segment from the display name inside a record."""
RECORD = "\x00"
"""Ends a record. Neither can be part of a name."""

_MARKS = re.compile("[\u0300-\u036f]+")
_DIGITS = re.compile(r"\d+")
_ID_BITS = np.uint64(28)
_ID_MASK = (1 << 28) - 1
_HASH_MASK = (1 << 36) - 1
_RUN_LIMIT = 1 << 17


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
        joined = RECORD.join(texts) + RECORD
        self.packed = joined.encode()
        self.packed_ends = _ends(self.packed)
        self.folded = fold(joined).encode()
        same = joined.isascii()
        self.folded_ends = self.packed_ends if same else _ends(self.folded)

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
    36 bits of hash leave false candidates: the caller compares the names.
    """

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.uint64]] = []

    @staticmethod
    def keys(names: Sequence[str]) -> npt.NDArray[np.uint64]:
        """Keys of names for `add` and `known`."""
        hashes = np.fromiter(map(hash, names), np.int64, len(names)).view(np.uint64)
        return (hashes & np.uint64(_HASH_MASK)) << _ID_BITS

    def add(self, keys: npt.NDArray[np.uint64], ids: npt.NDArray[np.uint64]) -> None:
        """Take in new names."""
        run = np.sort(keys | ids)
        while self._runs and self._runs[-1].size <= run.size * 2 < _RUN_LIMIT:
            run = np.sort(np.concatenate((self._runs.pop(), run)))
        self._runs.append(run)

    def known(self, keys: npt.NDArray[np.uint64]) -> list[tuple[int, int]]:
        """(position in `keys`, id) of every candidate; nearly always a real one."""
        found: list[tuple[int, int]] = []
        if not self._runs or not keys.size:
            return found
        order = np.argsort(keys)
        wanted = keys[order]
        for run in self._runs:
            at = np.searchsorted(run, wanted)
            inside = np.minimum(at, run.size - 1)
            hits = np.flatnonzero((at < run.size) & (run[inside] >> _ID_BITS == wanted >> _ID_BITS))
            for hit in hits.tolist():
                position = int(at[hit])
                while position < run.size and run[position] >> _ID_BITS == wanted[hit] >> _ID_BITS:
                    found.append((int(order[hit]), int(run[position]) & _ID_MASK))
                    position += 1
        return found

    def candidates(self, name: str) -> Iterator[int]:
        """Ids that may be `name`'s."""
        wanted = (hash(name) & _HASH_MASK) << 28
        for run in self._runs:
            position = int(np.searchsorted(run, np.uint64(wanted)))
            while position < run.size:
                key = int(run[position])
                if key >> 28 != wanted >> 28:
                    break
                yield key & _ID_MASK
                position += 1
