"""What is known about a stretch of time: heard live, read from the log, or a hole and why.

Pure bookkeeping of spans, no samples. `Curve` owns one; the trend's ribbon, hatches and
questions to the log come from it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from tagwerk.domain.message import Message

OPEN = (1 << 63) - 1
"""End of a span that still goes on."""
SEAM_NS = 1_000_000_000
"""Unknown stretches shorter than this between two known ones are closed: no log answers in them."""


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
        pieces: list[Segment] = []
        edge = segment.start_ns
        kept: list[Segment] = []
        for old in self._segments:
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
        self._replace(sorted(kept + pieces, key=lambda item: item.start_ns))

    def close(self, end_ns: int) -> None:
        """End the open segment, if there is one."""
        last = self.last()
        if last is not None and last.is_open:
            self._replace([*self._segments[:-1], replace(last, end_ns=max(end_ns, last.start_ns))])

    def unsettle(self) -> None:
        """Let all closed holes be asked for again."""
        self._replace(
            [
                replace(item, settled=False) if item.source is Source.HOLE else item
                for item in self._segments
            ]
        )

    def _replace(self, segments: list[Segment]) -> None:
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
        self._segments = joined
        self._starts = [item.start_ns for item in joined]
        self.version += 1
