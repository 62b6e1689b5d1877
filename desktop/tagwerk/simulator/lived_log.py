"""The log of what was really lived: rows a second, rows a ten seconds, and entries on change.

Bounded: 24 h of rows, `CHANGES_KEPT` entries a tag. Rows hold numbers only; qualities change
seldom and are kept as spans.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from tagwerk.domain.values import Value
from tagwerk.simulator.spec import TagSpec
from tagwerk.simulator.state import LoggedRow, ProcessTag, QualityWords

KEPT_S = 86_400
CHANGES_KEPT = 20_000
QUALITIES_KEPT = 2_000


def typed(spec: TagSpec, value: float) -> Value:
    """A logged number in the tag's own type; None for a missing one."""
    if value != value:
        return None
    if spec.data_type == "Bool":
        return value >= 0.5
    return value if spec.data_type in ("LReal", "Real") else int(value)


def typed_column(spec: TagSpec, values: NDArray[np.float64]) -> list[Value]:
    """Many logged numbers in the tag's own type, like `typed`."""
    listed: list[Value] = values.tolist()
    if spec.data_type in ("LReal", "Real") and not np.isnan(values).any():
        return listed
    return [typed(spec, value) for value in values.tolist()]


class CyclicLog:
    """Rows of numbers at a fixed cycle for a fixed set of tags.

    Args:
        tags: one column each.
        every_s: the cycle.
    """

    def __init__(self, tags: Sequence[ProcessTag], every_s: int) -> None:
        self._tags = list(tags)
        self.every_s = every_s
        self._column = {tag.name: number for number, tag in enumerate(self._tags)}
        self._rows = 4096
        self._times_ns = np.zeros(self._rows, dtype=np.int64)
        self._values = np.zeros((self._rows, len(self._tags)))
        self._begin = 0
        self._end = 0
        self._kept = KEPT_S // every_s

    def append(self, time_ns: int) -> None:
        """Take a row of the tags' present values."""
        if self._end == self._rows:
            self._make_room()
        self._times_ns[self._end] = time_ns
        # None becomes NaN.
        self._values[self._end] = [tag.value for tag in self._tags]
        self._end += 1
        if self._end - self._begin > self._kept:
            self._begin += 1

    def _make_room(self) -> None:
        """Slide the kept rows to the front, or grow until the bound is reached."""
        kept = slice(self._begin, self._end)
        times_ns, values = self._times_ns[kept], self._values[kept]
        number = self._end - self._begin
        self._rows = max(min(2 * number, self._kept + 4096), number + 1024)
        self._times_ns = np.zeros(self._rows, dtype=np.int64)
        self._values = np.zeros((self._rows, len(self._tags)))
        self._times_ns[:number] = times_ns
        self._values[:number] = values
        self._begin, self._end = 0, number

    def between(
        self, name: str, start_ns: int, end_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and values from start to end, both included."""
        times_ns = self._times_ns[self._begin : self._end]
        first = int(np.searchsorted(times_ns, start_ns, side="left"))
        last = int(np.searchsorted(times_ns, end_ns, side="right"))
        rows = slice(self._begin + first, self._begin + last)
        return self._times_ns[rows], self._values[rows, self._column[name]]


class LivedLog:
    """All logs since the scene began.

    Args:
        specs: of every tag; tags: their memory.
    """

    def __init__(self, specs: dict[str, TagSpec], tags: dict[str, ProcessTag]) -> None:
        self._specs = specs
        self._tags = tags
        self._cyclic = {
            word: CyclicLog([tags[n] for n, s in specs.items() if s.log == word], every_s)
            for word, every_s in (("1s", 1), ("10s", 10))
        }
        self._changes: dict[str, deque[tuple[int, Value]]] = {
            name: deque(maxlen=CHANGES_KEPT) for name, s in specs.items() if s.log == "change"
        }
        self._qualities: dict[str, list[tuple[int, QualityWords]]] = {}
        self.begin_ns = 0

    def begin(self, time_ns: int) -> None:
        """The log starts here, with the present values."""
        self.begin_ns = time_ns
        for name, spec in self._specs.items():
            if spec.log:
                self._qualities[name] = [(time_ns, self._tags[name].quality)]
        for name, entries in self._changes.items():
            entries.append((time_ns, self._tags[name].value))
        for log in self._cyclic.values():
            log.append(time_ns)

    def note_second(self, time_ns: int) -> None:
        """A whole second is over."""
        second = time_ns // 1_000_000_000
        for log in self._cyclic.values():
            if second % log.every_s == 0:
                log.append(time_ns)

    def note_change(self, tag: ProcessTag) -> None:
        """A tag that is logged on change has a new value."""
        entries = self._changes.get(tag.name)
        if entries is not None and entries[-1][1] != tag.value:
            entries.append((tag.time_ns, tag.value))

    def note_quality(self, tag: ProcessTag) -> None:
        """A tag's quality changed."""
        spans = self._qualities.get(tag.name)
        if spans is not None:
            spans.append((tag.time_ns, tag.quality))
            if len(spans) > QUALITIES_KEPT:
                del spans[0]
            entries = self._changes.get(tag.name)
            if entries is not None:
                entries.append((tag.time_ns, tag.value))

    def rows(self, name: str, start_ns: int, end_ns: int) -> Iterator[LoggedRow]:
        """Rows from start to end, both included, rising in time."""
        spec = self._specs[name]
        if spec.log == "change":
            for time_ns, value in list(self._changes[name]):
                if start_ns <= time_ns <= end_ns:
                    yield LoggedRow(time_ns, value, self._quality_at(name, time_ns))
            return
        times_ns, values = self._cyclic[spec.log].between(name, start_ns, end_ns)
        spans = self._qualities[name]
        times = times_ns.tolist()
        if len(spans) == 1:
            qualities: Iterable[QualityWords] = repeat(spans[0][1], len(times))
        else:
            qualities = (self._quality_at(name, time_ns) for time_ns in times)
        yield from map(LoggedRow, times, typed_column(spec, values), qualities)

    def _quality_at(self, name: str, time_ns: int) -> QualityWords:
        spans = self._qualities[name]
        number = bisect_right(spans, time_ns, key=lambda span: span[0])
        return spans[max(number - 1, 0)][1]
