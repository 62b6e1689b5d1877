"""What is known about a stretch of time: heard live, read from the log, or a hole and why.

Pure bookkeeping of spans, no samples. `Curve` owns one; the trend's ribbon, hatches and
questions to the log come from it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from tagwerk.domain.message import Message

OPEN = (1 << 63) - 1
"""End of a span that still goes on."""
SEAM_NS = 1_000_000_000
"""Unknown stretches shorter than this between two known ones are closed: no log answers in them."""
MOST_SPANS = 2_000
"""Of one curve that are kept apart; beyond them the two oldest are taken as one."""


class Source(Enum):
    """Where the curve of a span comes from. The value is the word in exported files."""

    LIVE = "live"
    LOG = "log"
    FILLED = "filled"
    """A hole of the live stream that the log has filled."""
    HOLE = "hole"


@dataclass(frozen=True, slots=True)
class Segment:
    """One span, `start_ns` <= time < `end_ns`.

    Args:
        end_ns: `OPEN` while it goes on.
        cause: why there is a hole.
        note: what the log said to it; empty before it was asked.
        settled: a hole that need not be asked for (again).
    """

    start_ns: int
    end_ns: int
    source: Source
    cause: Message = Message()
    note: Message = Message()
    settled: bool = False

    @property
    def is_open(self) -> bool:
        return self.end_ns == OPEN


class Spans:
    """Spans of time in order, without overlap; those closer than `SEAM_NS` are one. At most
    `MOST_SPANS` are kept apart, so that trouble that lasts for days costs no memory.
    """

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, start_ns: int, end_ns: int) -> bool:
        """Take a span in; False when all of it was known already."""
        end_ns = max(end_ns, start_ns + 1)
        first = bisect_right(self._ends, start_ns - SEAM_NS)
        stop = bisect_left(self._starts, end_ns + SEAM_NS)
        if first < stop:
            if (
                stop - first == 1
                and self._starts[first] <= start_ns
                and end_ns <= self._ends[first]
            ):
                return False
            start_ns = min(start_ns, self._starts[first])
            end_ns = max(end_ns, self._ends[stop - 1])
        self._starts[first:stop] = [start_ns]
        self._ends[first:stop] = [end_ns]
        if len(self._starts) > MOST_SPANS:
            del self._starts[1], self._ends[0]
        return True

    def between(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Spans that touch ``start_ns`` to ``end_ns``, whole."""
        first = bisect_right(self._ends, start_ns)
        stop = bisect_left(self._starts, end_ns)
        return list(zip(self._starts[first:stop], self._ends[first:stop], strict=True))

    def forget_before(self, time_ns: int) -> None:
        """Cut off what lies before a time."""
        gone = bisect_right(self._ends, time_ns)
        del self._starts[:gone], self._ends[:gone]
        if self._starts:
            self._starts[0] = max(self._starts[0], time_ns)


def _all(_segment: Segment) -> bool:
    return True


class Coverage:
    """Segments in order of time, without overlap. `version` grows with each change."""

    __slots__ = ("_segments", "_starts", "version")

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._starts: list[int] = []
        self.version = 0

    def at(self, time_ns: int) -> Segment | None:
        """The segment at a time; None where nobody has looked yet."""
        index = bisect_right(self._starts, time_ns) - 1
        if index < 0 or self._segments[index].end_ns <= time_ns:
            return None
        return self._segments[index]

    def last(self) -> Segment | None:
        return self._segments[-1] if self._segments else None

    def between(self, start_ns: int, end_ns: int) -> list[Segment]:
        """Segments that touch the span, whole (not cut to it)."""
        first = max(bisect_right(self._starts, start_ns) - 1, 0)
        return [
            segment
            for segment in self._segments[first : bisect_right(self._starts, end_ns)]
            if segment.end_ns > start_ns and segment.start_ns < end_ns
        ]

    def gaps(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Spans that no segment covers."""
        result: list[tuple[int, int]] = []
        edge = start_ns
        for segment in self.between(start_ns, end_ns):
            if segment.start_ns > edge:
                result.append((edge, segment.start_ns))
            edge = max(edge, segment.end_ns)
        if edge < end_ns:
            result.append((edge, end_ns))
        return result

    def missing(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Spans worth asking the log for: nobody has looked, or a closed hole not yet asked for."""
        parts = self.gaps(start_ns, end_ns)
        parts += [
            (max(segment.start_ns, start_ns), min(segment.end_ns, end_ns))
            for segment in self.between(start_ns, end_ns)
            if segment.source is Source.HOLE and not segment.settled and not segment.is_open
        ]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(parts):
            if merged and merged[-1][1] >= start:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        return merged

    def paint(self, segment: Segment, over: Callable[[Segment], bool] = _all) -> None:
        """Put a segment where nothing is, and over those that `over` accepts."""
        if segment.end_ns <= segment.start_ns:
            return
        # Only what it touches and its neighbours, which it may join, are looked at.
        first = max(bisect_right(self._starts, segment.start_ns) - 2, 0)
        stop = bisect_left(self._starts, segment.end_ns) + 1
        pieces: list[Segment] = []
        edge = segment.start_ns
        kept: list[Segment] = []
        for old in self._segments[first:stop]:
            if old.end_ns <= segment.start_ns or old.start_ns >= segment.end_ns:
                kept.append(old)
            elif over(old):
                if old.start_ns < segment.start_ns:
                    kept.append(replace(old, end_ns=segment.start_ns))
                if old.end_ns > segment.end_ns:
                    kept.append(replace(old, start_ns=segment.end_ns))
            else:
                kept.append(old)
                if old.start_ns > edge:
                    pieces.append(replace(segment, start_ns=edge, end_ns=old.start_ns))
                edge = max(edge, old.end_ns)
        if edge < segment.end_ns:
            pieces.append(replace(segment, start_ns=edge))
        self._replace(first, stop, sorted(kept + pieces, key=lambda item: item.start_ns))

    def close(self, end_ns: int) -> None:
        """End the open segment, if there is one."""
        last = self.last()
        if last is not None and last.is_open:
            count = len(self._segments)
            closed = replace(last, end_ns=max(end_ns, last.start_ns))
            self._replace(max(count - 2, 0), count, [*self._segments[-2:-1], closed])

    def unsettle(self) -> None:
        """Let all closed holes be asked for again."""
        self._replace(
            0,
            len(self._segments),
            [
                replace(item, settled=False) if item.source is Source.HOLE else item
                for item in self._segments
            ],
        )

    def _replace(self, first: int, stop: int, segments: list[Segment]) -> None:
        """Put `segments`, joined where they meet, where `first` to `stop` are."""
        joined: list[Segment] = []
        for item in segments:
            if item.end_ns <= item.start_ns:
                continue
            previous = joined[-1] if joined else None
            if previous is not None and 0 < item.start_ns - previous.end_ns < SEAM_NS:
                item = replace(item, start_ns=previous.end_ns)
            if (
                previous is not None
                and previous.end_ns == item.start_ns
                and replace(previous, start_ns=0, end_ns=0) == replace(item, start_ns=0, end_ns=0)
            ):
                joined[-1] = replace(previous, end_ns=item.end_ns)
            else:
                joined.append(item)
        self._segments[first:stop] = joined
        self._starts[first:stop] = [item.start_ns for item in joined]
        self.version += 1
