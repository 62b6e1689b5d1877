"""Many pieces of one buffer at a time: where they are, whether two are equal, put side by side.

Pure columns of numbers, no tags. Who uses it: `filling`. A piece is given by its first byte and
its length; eight bytes are compared in one go.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int64]
Octets: TypeAlias = npt.NDArray[np.uint8]
Truths: TypeAlias = npt.NDArray[np.bool_]

_WORD = 8
_COMMON = 64
"""Longer pieces are rare, and compared by themselves."""
_MASKS = np.array([(1 << (8 * count)) - 1 for count in range(_WORD + 1)], "<u8")


def octets(buffer: bytes) -> Octets:
    """A buffer as numbers."""
    return np.frombuffer(buffer, np.uint8)


def ends_of(buffer: bytes) -> Positions:
    """Where each text of a column has its mark (a zero)."""
    return np.flatnonzero(octets(buffer) == 0)


def last_before(marks: Positions, ends: Positions, otherwise: Positions) -> Positions:
    """The last of `marks` (rising) before each of `ends`; `otherwise`, where it is before that."""
    if not marks.size:
        return otherwise
    at = np.searchsorted(marks, ends) - 1
    return np.where(at >= 0, np.maximum(marks[np.maximum(at, 0)], otherwise), otherwise)


def equal(
    one: bytes, one_starts: Positions, other: bytes, other_starts: Positions, lengths: Positions
) -> Truths:
    """Whether pieces of the same lengths are equal; exact."""
    one_words, other_words = _words(one), _words(other)
    result = np.ones(lengths.size, np.bool_)
    rows = np.flatnonzero(lengths > 0)
    done = 0
    while rows.size:
        left = lengths[rows] - done
        differ = one_words[one_starts[rows] + done] ^ other_words[other_starts[rows] + done]
        same = differ & _MASKS[np.minimum(left, _WORD)] == 0
        result[rows] = same
        done += _WORD
        rows = rows[same & (left > _WORD)]
    return result


def as_before(buffer: bytes, starts: Positions, lengths: Positions) -> Truths:
    """Whether each piece is equal to the one before it; exact. The first one is not."""
    result = np.zeros(lengths.size, np.bool_)
    if lengths.size > 1:
        words = _words(buffer)
        same = lengths[1:] == lengths[:-1]
        for done in range(0, min(int(lengths.max()), _COMMON), _WORD):
            left = np.clip(lengths - done, 0, _WORD)
            found = words[np.minimum(starts + done, len(buffer))] & _MASKS[left]
            same &= found[1:] == found[:-1]
        result[1:] = same
        rows = np.flatnonzero(result & (lengths > _COMMON))
        result[rows] = equal(buffer, starts[rows], buffer, starts[rows - 1], lengths[rows])
    return result


def places(starts: Positions, lengths: Positions) -> Positions:
    """The position of every byte of the pieces, one piece behind the other."""
    ends = np.cumsum(lengths)
    if not ends.size:
        return ends
    found: Positions = np.repeat(starts - (ends - lengths), lengths)
    found += np.arange(found.size)
    return found


def _words(buffer: bytes) -> npt.NDArray[np.uint64]:
    """The eight bytes from each position on."""
    return np.ndarray(len(buffer) + 1, "<u8", buffer + bytes(_WORD), strides=(1,))
