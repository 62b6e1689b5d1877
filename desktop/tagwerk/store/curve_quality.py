"""Which quality a curve's samples have, and the stretches of time of equal quality.

A quality is a small number at each sample; stretches are found again only where samples changed.
`Curve` owns one of each; nothing else uses them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from tagwerk.domain.values import Quality, QualityLevel
from tagwerk.store.coverage import OPEN
from tagwerk.store.curve_samples import Samples
from tagwerk.store.pyramid import Ints

MOST_QUALITIES = 60_000
MOST_APART = 400
"""Stretches in one answer; if there are more, those closer than `apart_ns` are taken as one."""
_LEVELS = list(QualityLevel)
_BAD = _LEVELS.index(QualityLevel.BAD)


class Qualities:
    """Numbers for qualities. One that comes after `MOST_QUALITIES` others is taken for another of
    its level."""

    __slots__ = ("_index", "_known", "levels")

    def __init__(self) -> None:
        self._known: list[Quality] = []
        self._index: dict[Quality, int] = {}
        self.levels: Ints = np.empty(0, np.int64)
        """Level of number n at 2n; at 2n + 1 the same without a usable value, which is bad."""

    def __getitem__(self, word: int) -> Quality:
        return self._known[word]

    def all(self) -> tuple[Quality, ...]:
        """As they are now."""
        return tuple(self._known)

    def word(self, quality: Quality) -> int:
        """The quality's number."""
        word = self._index.get(quality)
        if word is None:
            if len(self._known) >= MOST_QUALITIES:
                return next(i for i, q in enumerate(self._known) if q.level is quality.level)
            word = self._index[quality] = len(self._known)
            self._known.append(quality)
            level = _BAD if not quality.is_usable else _LEVELS.index(quality.level)
            self.levels = np.append(self.levels, (level, _BAD))
        return word

    def words(self, qualities: list[Quality]) -> tuple[list[int], list[bool]]:
        """Their numbers, and which are usable. Most are one and the same object: asked for once."""
        different = {id(quality): quality for quality in qualities}
        words = {key: self.word(quality) for key, quality in different.items()}
        usable = {key: quality.is_usable for key, quality in different.items()}
        keys = [id(quality) for quality in qualities]
        return [words[key] for key in keys], [usable[key] for key in keys]


class QualityRuns:
    """Stretches in which neither quality nor "has a value" changes, as start and key."""

    __slots__ = ("_keys", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._keys: list[int] = []

    def __len__(self) -> int:
        return len(self._starts)

    def look_again(self, samples: Samples, first: int, stop: int) -> None:
        """Samples `first` to `stop` are new; the one behind them follows another one now."""
        stop = min(stop + 1, len(samples))
        times = samples.times[first:stop]
        if not len(times):
            return
        keys = samples.words[first:stop].astype(np.int64) * 2 + np.isnan(samples.values[first:stop])
        begin = bisect_left(self._starts, int(times[0]))
        end = bisect_right(self._starts, int(times[-1]))
        before = self._keys[begin - 1] if begin else -1
        if (keys == before).all():
            # Most often by far: the same quality as before.
            del self._starts[begin:end], self._keys[begin:end]
            return
        changes = np.flatnonzero(np.diff(keys, prepend=before))
        self._starts[begin:end] = times[changes].tolist()
        self._keys[begin:end] = keys[changes].tolist()

    def forget_before(self, time_ns: int) -> None:
        """The oldest samples are gone; the one at `time_ns` is the first now."""
        gone = bisect_right(self._starts, time_ns) - 1
        if gone > 0:
            del self._starts[:gone], self._keys[:gone]
        if self._starts:
            self._starts[0] = max(self._starts[0], time_ns)

    def between(
        self, start_ns: int, end_ns: int, level: QualityLevel, known: Qualities, apart_ns: int
    ) -> list[tuple[int, int, Quality]]:
        """Stretches of one level that touch the span; BAD has all that cannot be drawn.

        The last one is `OPEN` while no better value has come. `apart_ns`: see `MOST_APART`.
        """
        first = max(bisect_right(self._starts, start_ns) - 1, 0)
        stop = bisect_left(self._starts, end_ns)
        if first >= stop:
            return []
        if stop - first == 1:
            key, end = self._keys[first], (self._starts[stop : stop + 1] or [OPEN])[0]
            shown_too = known.levels[key] == _LEVELS.index(level) and end > start_ns
            return [(self._starts[first], end, known[key // 2])] if shown_too else []
        keys = np.array(self._keys[first:stop])
        shown = known.levels[keys] == _LEVELS.index(level)
        if not shown.any():
            return []
        edges = np.array([*self._starts[first:stop], *(self._starts[stop : stop + 1] or [OPEN])])
        shown &= edges[1:] > start_ns
        begins, ends, words = edges[:-1][shown], edges[1:][shown], keys[shown] // 2
        if not len(begins):
            return []
        apart = begins[1:] - ends[:-1]
        one = (apart == 0) & (words[1:] == words[:-1])
        if len(begins) - int(one.sum()) > MOST_APART:
            short = ends[1:] - begins[1:] < apart_ns
            one |= (apart < apart_ns) & (short | (words[1:] == words[:-1]))
        starts = np.flatnonzero(np.append(True, ~one))
        stops = np.append(starts[1:], len(begins)) - 1
        return [
            (begin, end, known[word])
            for begin, end, word in zip(
                begins[starts].tolist(), ends[stops].tolist(), words[starts].tolist(), strict=True
            )
        ]
