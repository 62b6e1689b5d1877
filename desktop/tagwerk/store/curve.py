"""One tag's curve: its samples, where they came from, and what is not known.

Samples grow in place behind a min/max pyramid; logged points are merged before, into holes and
after, without doubles. Not thread-safe: the window's thread only. `TrendStore` makes curves and
feeds the live samples; the plant feeds the log; trends and exports read.

Times are integers: nanoseconds since 1970 in UTC. A sample stands until the next one: cursors,
statistics and steps all use that one rule.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tagwerk.domain.message import Message, message
from tagwerk.domain.values import LoggedPoint, Quality, QualityLevel, Sample, Value
from tagwerk.store.coverage import OPEN, Coverage, Segment, Source
from tagwerk.store.pyramid import Floats, Ints, Pyramid

Words: TypeAlias = npt.NDArray[np.uint16]

LINK_DOWN = message("Link down")
NO_SIGN = message("No sign of life")
NOT_IN_LOG = message("not in the log")
NOT_READ = message("Not read from the log")
LEFT_OUT = message("Left out to save memory")
CUT_SHORT = message("the log's answer was cut short")
BAD_QUALITY = message("Bad quality")
NO_COMMUNICATION = message("No comm.")
NO_NUMBER = message("No number")

_MOST_QUALITIES = 60_000
_RHYTHM = 32
"""Of so many samples before a silence the curve's rhythm is taken."""
_SILENCE_FROM_NS = 3_000_000_000
"""Samples that lie closer together than this have no hole between them."""
_BLOCK = 1024
"""Samples for each running sum."""
_EDGE_NS = 5_000_000_000
"""A log that begins or ends this close to a hole's edge fills it whole."""


class Columns(NamedTuple):
    """What to draw of `n` equal stretches of time; arrays have n entries (`borders` n + 1).

    Column i has the samples ``borders[i]`` to ``borders[i + 1] - 1``; all others are NaN where a
    column has no usable sample.
    """

    borders: Ints
    low: Floats
    high: Floats
    first: Floats
    last: Floats


class Reading(NamedTuple):
    """What stood at a moment. `value` None: no usable value (see `quality`)."""

    value: float | None
    quality: Quality
    time_ns: int
    source: Source


class Statistics(NamedTuple):
    """Of one span. None where nothing usable stood.

    Args:
        average: time-weighted; each value weighs as long as it stood, holes weigh nothing.
        known_ns: how long a usable value stood.
        samples: how many lie inside the span, unusable ones too.
    """

    minimum: float | None
    maximum: float | None
    average: float | None
    known_ns: int
    samples: int


class Hole(NamedTuple):
    """A stretch where nothing is drawn. `end_ns` is `OPEN` while it goes on."""

    start_ns: int
    end_ns: int
    cause: Message
    note: Message


class Row(NamedTuple):
    """One sample for an export."""

    time_ns: int
    value: float | None
    quality: Quality
    source: Source


class Rows:
    """Samples of a curve as they were at one moment; does not change with the curve."""

    __slots__ = ("_q", "_qualities", "_segments", "_t", "_values", "_y")

    def __init__(
        self,
        t: Ints,
        y: Floats,
        q: Words,
        qualities: tuple[Quality, ...],
        values: dict[int, float],
        segments: list[Segment],
    ) -> None:
        self._t, self._y, self._q = t, y, q
        self._qualities, self._values, self._segments = qualities, values, segments

    def __len__(self) -> int:
        return len(self._t)

    def __iter__(self) -> Iterator[Row]:
        segments = self._segments
        place = 0
        for index in range(len(self._t)):
            time_ns = int(self._t[index])
            number: float | None = float(self._y[index])
            if number is None or math.isnan(number):
                number = self._values.get(time_ns)
            while place < len(segments) and segments[place].end_ns <= time_ns:
                place += 1
            known = place < len(segments) and segments[place].start_ns <= time_ns
            source = segments[place].source if known else Source.LIVE
            yield Row(time_ns, number, self._qualities[int(self._q[index])], source)


def _bad_words(quality: Quality) -> tuple[Message, Message]:
    """Cause and note of a bad stretch: the server's word, readable."""
    if quality.sub_status.startswith("NO_COMMUNICATION"):
        return NO_COMMUNICATION, Message()
    if quality.is_usable:
        return NO_NUMBER, Message()
    plain = quality.sub_status in ("", "NON_SPECIFIC")
    return BAD_QUALITY, Message("" if plain else quality.sub_status.replace("_", " ").lower())


def as_number(value: Value) -> float:
    """What a curve draws for a value; NaN for what it cannot draw."""
    if isinstance(value, (bool, int, float)):
        try:
            number = float(value)
        except OverflowError:
            return math.nan
        return number if math.isfinite(number) else math.nan
    return math.nan


class Curve:
    """See the module. `version` grows with every change, `history_version` only when something
    other than newer samples at the end changed, so that drawn columns may be kept.

    Args:
        name: the tag's full name.
        step: drawn and read as steps (bools, integers, setpoints).
    """

    __slots__ = (
        "_coverage", "_n", "_pyramid", "_q", "_qualities", "_quality_index", "_run_key",
        "_run_start", "_silent_ns", "_sums", "_t", "_values", "_y", "history_version", "name", "step", "version",
    )  # fmt: skip

    def __init__(self, name: str, *, step: bool = False) -> None:
        self.name = name
        self.step = step
        self.version = 0
        self.history_version = 0
        self._n = 0
        self._t: Ints = np.empty(256, np.int64)
        self._y: Floats = np.empty(256, np.float64)
        self._q: Words = np.empty(256, np.uint16)
        self._pyramid = Pyramid()
        self._sums: list[tuple[float, int]] = [(0.0, 0)]
        self._coverage = Coverage()
        self._qualities: list[Quality] = []
        self._quality_index: dict[Quality, int] = {}
        self._run_start: list[int] = []
        self._run_key: list[int] = []
        self._silent_ns: int | None = None
        """The last sample before a silence of the link, while what came after it is awaited."""
        self._values: dict[int, float] = {}
        """The numbers that came with bad quality, by time: exported, never drawn."""

    # Reading.

    def __len__(self) -> int:
        return self._n

    @property
    def times(self) -> Ints:
        """All times, rising, without doubles. A view: valid until the next change."""
        return self._t[: self._n]

    @property
    def values(self) -> Floats:
        """All values; NaN for an unusable one. A view: valid until the next change."""
        return self._y[: self._n]

    @property
    def nbytes(self) -> int:
        """Memory in use, in bytes."""
        return (
            self._t.nbytes + self._y.nbytes + self._q.nbytes + self._pyramid.nbytes
            + 100 * len(self._values) + 100 * len(self._run_start)
        )  # fmt: skip

    @property
    def is_live(self) -> bool:
        """Heard of since the link is up, and the link has not been lost since."""
        last = self._coverage.last()
        return last is not None and last.is_open and last.source is Source.LIVE

    def segments(self, start_ns: int, end_ns: int) -> list[Segment]:
        """Known and unknown stretches that touch the span, in order; see `Coverage`."""
        return self._coverage.between(start_ns, end_ns)

    def missing(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Spans that neither the live stream nor the log has covered yet."""
        return self._coverage.missing(start_ns, end_ns)

    def is_known(self, start_ns: int, end_ns: int) -> bool:
        """Whether all of a span was heard live or read from the log: no hole, settled or not."""
        found = self._coverage.between(start_ns, end_ns)
        return not self._coverage.gaps(start_ns, end_ns) and all(
            segment.source is not Source.HOLE for segment in found
        )

    def range_of(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Indices of the samples with ``start_ns <= time < end_ns`` as (start, stop)."""
        start, stop = np.searchsorted(self.times, (start_ns, end_ns))
        return int(start), int(stop)

    def columns(self, start_ns: int, end_ns: int, count: int) -> Columns:
        """Exact minimum and maximum, first and last value of `count` equal stretches."""
        whole, rest = divmod(end_ns - start_ns, count)
        steps = np.arange(count + 1, dtype=np.int64)
        borders = start_ns + whole * steps + rest * steps // count
        index: Ints = np.searchsorted(self.times, borders).astype(np.int64, copy=False)
        row = self.values
        low, high = self._pyramid.extremes(row, index[:-1], index[1:])
        first = np.full(count, np.nan)
        last = np.full(count, np.nan)
        filled = index[1:] > index[:-1]
        first[filled] = row[index[:-1][filled]]
        last[filled] = row[index[1:][filled] - 1]
        return Columns(index, low, high, first, last)

    def value_at(self, time_ns: int) -> Reading | None:
        """What stood at a moment; None in a hole, where nobody has looked, and before all samples."""
        segment = self._coverage.at(time_ns)
        if segment is None or segment.source is Source.HOLE:
            return None
        index = int(np.searchsorted(self.times, time_ns, side="right")) - 1
        return None if index < 0 else self._reading(index, segment.source)

    def latest(self) -> Reading | None:
        """The newest sample."""
        if not self._n:
            return None
        segment = self._coverage.last()
        return self._reading(self._n - 1, segment.source if segment else Source.LIVE)

    def sample_time(self, time_ns: int, offset: int = 0) -> int | None:
        """Time of the sample nearest to a moment, or the one `offset` samples further."""
        if not self._n:
            return None
        index = int(np.searchsorted(self.times, time_ns))
        if index and (index == self._n or time_ns - self._t[index - 1] <= self._t[index] - time_ns):
            index -= 1
        if offset > 0 and self._t[index] > time_ns:
            offset -= 1
        elif offset < 0 and self._t[index] < time_ns:
            offset += 1
        return int(self._t[min(max(index + offset, 0), self._n - 1)])

    def statistics(self, start_ns: int, end_ns: int) -> Statistics:
        """Minimum, maximum and time-weighted average of what stood in the span.

        `end_ns` must not lie in the future: the newest value counts until then.
        """
        low = high = math.nan
        area = 0.0
        known = 0
        for segment in self._coverage.between(start_ns, end_ns):
            if segment.source is Source.HOLE:
                continue
            left, right = max(segment.start_ns, start_ns), min(segment.end_ns, end_ns)
            first, stop = self.range_of(left, right)
            begin = first - 1 if first and (first == stop or self._t[first] > left) else first
            if begin == stop:
                continue
            lows, highs = self._pyramid.extremes(self.values, np.array([begin]), np.array([stop]))
            low, high = float(np.fmin(low, lows[0])), float(np.fmax(high, highs[0]))
            for piece in self._weighted(begin, stop, left, right):
                area += piece[0]
                known += piece[1]
        first, stop = self.range_of(start_ns, end_ns)
        if math.isnan(low):
            return Statistics(None, None, None, 0, stop - first)
        average = min(max(area / known, low), high) if known else None
        return Statistics(low, high, average, known, stop - first)

    def holes(self, start_ns: int, end_ns: int) -> list[Hole]:
        """Stretches that touch the span and have nothing to draw, in order, with cause."""
        found = [
            Hole(item.start_ns, item.end_ns, item.cause, item.note)
            for item in self._coverage.between(start_ns, end_ns)
            if item.source is Source.HOLE
        ]
        found += [
            Hole(start, end, NOT_READ, Message())
            for start, end in self._coverage.gaps(start_ns, end_ns)
        ]
        for start, end, quality in self.quality_runs(start_ns, end_ns, QualityLevel.BAD):
            found.append(Hole(start, end, *_bad_words(quality)))
        return sorted(found)

    def quality_runs(
        self, start_ns: int, end_ns: int, level: QualityLevel
    ) -> list[tuple[int, int, Quality]]:
        """Stretches of one level that touch the span; BAD has all that cannot be drawn.

        The last one is `OPEN` while no better value has come.
        """
        starts = self._run_start
        first = max(bisect_right(starts, start_ns) - 1, 0)
        result: list[tuple[int, int, Quality]] = []
        for index in range(first, len(starts)):
            if starts[index] >= end_ns:
                break
            end = starts[index + 1] if index + 1 < len(starts) else OPEN
            word, unusable = divmod(self._run_key[index], 2)
            quality = self._qualities[word]
            shown = QualityLevel.BAD if unusable else quality.level
            if shown is level and end > start_ns:
                if result and result[-1][1] == starts[index] and result[-1][2] == quality:
                    result[-1] = (result[-1][0], end, quality)
                else:
                    result.append((starts[index], end, quality))
        return result

    def rows(self, start_ns: int, end_ns: int) -> list[Row]:
        """All samples of the span with quality and source, in order, also the bad ones."""
        return list(self.copy_rows(start_ns, end_ns))

    def copy_rows(self, start_ns: int, end_ns: int) -> Rows:
        """The same as they are now, quickly: to be gone through later, in any thread."""
        first, stop = self.range_of(start_ns, end_ns)
        times = self._t[first:stop].copy()
        left, right = (int(times[0]), int(times[-1]) + 1) if len(times) else (0, 0)
        return Rows(
            times,
            self._y[first:stop].copy(),
            self._q[first:stop].copy(),
            tuple(self._qualities),
            {time: value for time, value in self._values.items() if left <= time < right},
            self._coverage.between(left, right),
        )

    # Growing. Called by the store and the plant.

    def append(self, samples: Sequence[Sample], *, skew_ns: int = 0) -> None:
        """Take live samples in the order in which they came.

        `skew_ns` is how far the server's clock is ahead of this computer's; samples without a
        time get the computer's.
        """
        if not samples:
            return
        self.link_resumed()  # a value is a sign of life
        if not self.is_live:
            start = samples[0].received_ns + skew_ns
            self._coverage.close(start)
            live = Segment(start, OPEN, Source.LIVE)
            self._coverage.paint(live, lambda old: old.source is not Source.LIVE)
            self.history_version += 1
        items: list[tuple[int, Value, Quality]] = [
            (
                sample.received_ns + skew_ns if sample.time_ns is None else sample.time_ns,
                None if sample.error is not None else sample.value,
                sample.quality,
            )
            for sample in samples
        ]
        if self._silent_ns is not None:
            self._look_at_silence(self._silent_ns, min(item[0] for item in items))
        self._insert(items)

    def correct(self, sample: Sample, *, skew_ns: int = 0) -> bool:
        """Another form of a sample that is there; False when it is not. Coverage stays."""
        time_ns = sample.received_ns + skew_ns if sample.time_ns is None else sample.time_ns
        place = int(np.searchsorted(self.times, time_ns))
        if place == self._n or self._t[place] != time_ns:
            return False
        self._insert([(time_ns, None if sample.error else sample.value, sample.quality)])
        return True

    def link_silent(self, at_ns: int) -> None:
        """The stream stands but gives no sign of life: nothing is known from here on, for now."""
        if self.is_live:
            self._begin_hole(at_ns, NO_SIGN)

    def link_resumed(self) -> None:
        """The same stream speaks again. What it held up comes now; nothing on it was lost.

        So the curve goes on as if nothing had been. Only if its next sample shows that this tag
        paused as well, which its own rhythm tells, the pause becomes a hole.
        """
        hole = self._coverage.last()
        if hole is None or not hole.is_open or hole.cause != NO_SIGN:
            return
        before = int(np.searchsorted(self.times, hole.start_ns, side="right")) - 1
        self._silent_ns = int(self._t[before]) if before >= 0 else None
        self._coverage.close(hole.start_ns)
        self._coverage.paint(Segment(hole.start_ns, OPEN, Source.LIVE))
        self._touch_history()

    def _look_at_silence(self, before_ns: int, after_ns: int) -> None:
        """Whether between two samples round a silence there are some missing that must have been."""
        self._silent_ns = None
        place = int(np.searchsorted(self.times, before_ns, side="right"))
        steps = np.diff(self._t[max(place - _RHYTHM, 0) : place])
        if len(steps) < _RHYTHM // 4:
            return
        usual_ns = float(np.quantile(steps, 0.9))
        if after_ns - before_ns > max(5 * usual_ns, _SILENCE_FROM_NS):
            hole = Segment(before_ns + 1, after_ns, Source.HOLE, NO_SIGN)
            self._coverage.paint(hole)
            self._touch_history()

    def link_lost(self, at_ns: int) -> None:
        """The live stream ended: a hole begins. Times by the server's clock."""
        last = self._coverage.last()
        if last is not None and last.is_open and last.cause == NO_SIGN:
            # It had fallen silent before, and the hole began there.
            self._coverage.paint(replace(last, cause=LINK_DOWN), lambda old: old == last)
            self._touch_history()
        elif self.is_live:
            self._begin_hole(at_ns, LINK_DOWN)

    def _begin_hole(self, at_ns: int, cause: Message) -> None:
        self._silent_ns = None
        live = self._coverage.last()
        newest = int(self._t[self._n - 1]) + 1 if self._n else at_ns
        at_ns = max(at_ns, live.start_ns if live else at_ns, min(newest, at_ns + 1_000_000_000))
        self._coverage.close(at_ns)
        self._coverage.paint(Segment(at_ns, OPEN, Source.HOLE, cause))
        self._touch_history()

    def overrun(self, start_ns: int, end_ns: int) -> None:
        """Samples of this span were thrown away because nobody took them in time."""
        hole = Segment(start_ns, max(end_ns, start_ns + 1), Source.HOLE, LEFT_OUT)
        self._coverage.paint(hole)
        self._touch_history()

    def merge_log(
        self,
        points: Sequence[LoggedPoint],
        start_ns: int,
        end_ns: int,
        *,
        truncated: bool = False,
    ) -> None:
        """Take what the log said about a span; points just outside of it are welcome.

        Where the live stream was up its own samples stay and logged ones are left out. With
        `truncated` only the time from the first point on counts as answered.
        """
        inside = [point.time_ns for point in points if start_ns <= point.time_ns < end_ns]
        if truncated:
            cut = min(inside) if inside else end_ns
            if cut == end_ns:
                self.mark_unavailable(start_ns, end_ns, CUT_SHORT)
                return
            start_ns = cut
        self._insert(
            [
                (point.time_ns, point.value, point.quality)
                for point in points
                if not self._is_live_at(point.time_ns)
            ]
        )
        tolerance = _EDGE_NS
        if len(inside) > 2:
            tolerance = max(tolerance, 5 * int(np.median(np.diff(np.sort(inside)))))
        for hole in self._coverage.between(start_ns, end_ns):
            if hole.source is Source.HOLE and not hole.is_open:
                self._fill(hole, start_ns, end_ns, tolerance)
        for start, end in self._coverage.gaps(start_ns, end_ns):
            self._cover(start, end, tolerance)
        self._touch_history()

    def mark_unavailable(self, start_ns: int, end_ns: int, cause: Message | str) -> None:
        """The log has no answer for the span and need not be asked again. Never covers samples."""
        note = message(cause) if isinstance(cause, str) else cause
        for hole in self._coverage.between(start_ns, end_ns):
            if hole.source is Source.HOLE and not hole.is_open:
                left, right = max(hole.start_ns, start_ns), min(hole.end_ns, end_ns)
                settled = Segment(left, right, Source.HOLE, hole.cause, note, settled=True)
                self._coverage.paint(settled, lambda old: old.source is Source.HOLE)
        for start, end in self._coverage.gaps(start_ns, end_ns):
            self._coverage.paint(Segment(start, end, Source.HOLE, note, settled=True))
        self._touch_history()

    def ask_again(self) -> None:
        """Let `missing` name holes again that the log had no answer for."""
        self._coverage.unsettle()
        self._touch_history()

    def drop_oldest(self, count: int) -> None:
        """Forget the oldest samples; the stretch becomes a hole that says so."""
        count = min(count, self._n - 1)
        if count <= 0:
            return
        begin = int(self._t[0])
        keep = self._n - count
        for name in ("_t", "_y", "_q"):
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array[count : self._n], array[:0]]))
        self._n = keep
        self._reserve(max(keep, 256))
        self._pyramid = Pyramid()
        self._pyramid.extend(self.values)
        self._sums = [(0.0, 0)]
        edge = int(self._t[0])
        self._values = {time: value for time, value in self._values.items() if time >= edge}
        self._rebuild_runs(0)
        old = self._coverage.between(-OPEN, edge)
        begin = min([begin, *(item.start_ns for item in old)])
        self._coverage.paint(Segment(begin, edge, Source.HOLE, LEFT_OUT, settled=True))
        self._touch_history()

    # Inside.

    def _weighted(
        self, begin: int, stop: int, left_ns: int, right_ns: int
    ) -> Iterator[tuple[float, int]]:
        """Value times duration, and duration, of what stood from sample `begin` to `right_ns`.

        Whole blocks in the middle come from running sums, so that a day of samples costs no more
        than a minute.
        """
        self._extend_sums()
        first = -(-(begin + 1) // _BLOCK)
        last = min((stop - 1) // _BLOCK, len(self._sums) - 1)
        if last > first:
            yield self._direct(begin, first * _BLOCK, left_ns, int(self._t[first * _BLOCK]))
            (area, known), (area_2, known_2) = self._sums[first], self._sums[last]
            yield area_2 - area, known_2 - known
            begin = last * _BLOCK
            left_ns = int(self._t[begin])
        yield self._direct(begin, stop, left_ns, right_ns)

    def _direct(self, begin: int, stop: int, left_ns: int, right_ns: int) -> tuple[float, int]:
        """The same, looking at each sample."""
        values = self._y[begin:stop]
        weights = np.diff(np.append(np.maximum(self._t[begin:stop], left_ns), right_ns))
        usable = ~np.isnan(values)
        if not usable.all():
            values, weights = values[usable], weights[usable]
        return float(values @ weights), int(weights.sum())

    def _extend_sums(self) -> None:
        """Sums over all complete blocks; `_sums[k]` is up to sample k times the block's size."""
        while len(self._sums) * _BLOCK < self._n:
            end = len(self._sums) * _BLOCK
            area, known = self._sums[-1]
            start = end - _BLOCK
            more = self._direct(start, end, int(self._t[start]), int(self._t[end]))
            self._sums.append((area + more[0], known + more[1]))

    def _reading(self, index: int, source: Source) -> Reading:
        number = float(self._y[index])
        quality = self._qualities[int(self._q[index])]
        value = None if math.isnan(number) else number
        return Reading(value, quality, int(self._t[index]), source)

    def _is_live_at(self, time_ns: int) -> bool:
        segment = self._coverage.at(time_ns)
        return segment is not None and (segment.source is Source.LIVE or segment.is_open)

    def _touch_history(self) -> None:
        self.version += 1
        self.history_version += 1

    def _fill(self, hole: Segment, start_ns: int, end_ns: int, tolerance: int) -> None:
        """Turn a hole, as far as it was asked for, into what the log has of it."""
        left, right = max(hole.start_ns, start_ns), min(hole.end_ns, end_ns)
        first, stop = self.range_of(left, right)
        settled = Segment(left, right, Source.HOLE, hole.cause, NOT_IN_LOG, settled=True)
        self._coverage.paint(settled, lambda old: old.source is Source.HOLE)
        if first == stop:
            return
        begin, end = int(self._t[first]), int(self._t[stop - 1])
        begin = left if begin - left <= tolerance else begin
        end = right if right - end <= tolerance else end + 1
        filled = Segment(begin, end, Source.FILLED, hole.cause)
        self._coverage.paint(filled, lambda old: old.source is Source.HOLE)

    def _cover(self, start_ns: int, end_ns: int, tolerance: int) -> None:
        """Mark a stretch that nobody had looked at before as read from the log."""
        first, stop = self.range_of(start_ns, end_ns)
        edge = start_ns
        if first == 0:
            # Nothing stood before: the curve begins with the first point, if there is one.
            if first == stop:
                edge = end_ns
            elif self._t[first] - start_ns > tolerance:
                edge = int(self._t[first])
        self._coverage.paint(Segment(start_ns, edge, Source.HOLE, NOT_IN_LOG, settled=True))
        self._coverage.paint(Segment(edge, end_ns, Source.LOG))

    def _insert(self, items: list[tuple[int, Value, Quality]]) -> None:
        """Put samples in order of time; of several at one time the last stays."""
        if not items:
            return
        t = np.fromiter((item[0] for item in items), np.int64, len(items))
        y = np.fromiter((as_number(item[1]) for item in items), np.float64, len(items))
        q = np.fromiter((self._word(item[2]) for item in items), np.uint16, len(items))
        for index, item in enumerate(items):
            if not item[2].is_usable:
                if not math.isnan(y[index]):
                    self._values[item[0]] = float(y[index])
                y[index] = math.nan
        if len(t) > 1 and not (t[1:] > t[:-1]).all():
            t, y, q = _in_order(t, y, q)
        place = int(np.searchsorted(self.times, t[0]))
        if place < self._n:
            tail = self._t[place : self._n], self._y[place : self._n], self._q[place : self._n]
            if t[-1] < tail[0][0]:
                # A piece of log that fits in between keeps its order; only what overlaps is sorted.
                t, y, q = _joined((t, y, q), tail)
            else:
                t, y, q = _in_order(*_joined(tail, (t, y, q)))
            self._pyramid.truncate(place)
            del self._sums[max((place - 1) // _BLOCK, 0) + 1 :]
            self.history_version += 1
        self._reserve(place + len(t))
        self._t[place : place + len(t)] = t
        self._y[place : place + len(t)] = y
        self._q[place : place + len(t)] = q
        self._n = place + len(t)
        self._pyramid.extend(self.values)
        self._rebuild_runs(place)
        self.version += 1

    def _word(self, quality: Quality) -> int:
        word = self._quality_index.get(quality)
        if word is None:
            if len(self._qualities) >= _MOST_QUALITIES:
                return next(i for i, q in enumerate(self._qualities) if q.level is quality.level)
            word = self._quality_index[quality] = len(self._qualities)
            self._qualities.append(quality)
        return word

    def _reserve(self, count: int) -> None:
        if count <= len(self._t):
            return
        size = max(count, len(self._t) * 2 if len(self._t) < 1 << 20 else len(self._t) * 5 // 4)
        for name in ("_t", "_y", "_q"):
            old = getattr(self, name)
            grown = np.empty(size, old.dtype)
            grown[: self._n] = old[: self._n]
            setattr(self, name, grown)

    def _rebuild_runs(self, place: int) -> None:
        """Find the stretches of equal quality again, from sample `place` on."""
        edge = int(self._t[place]) if place < self._n else OPEN
        kept = bisect_left(self._run_start, edge) if place else 0
        del self._run_start[kept:]
        del self._run_key[kept:]
        keys = self._q[place : self._n].astype(np.int64) * 2 + np.isnan(self._y[place : self._n])
        before = self._run_key[-1] if self._run_key else -1
        changes = np.flatnonzero(np.diff(keys, prepend=before))
        self._run_start += self._t[place : self._n][changes].tolist()
        self._run_key += keys[changes].tolist()


_Rows: TypeAlias = tuple[Ints, Floats, Words]


def _joined(first: _Rows, second: _Rows) -> _Rows:
    """Both, one behind the other."""
    return (
        np.concatenate((first[0], second[0])),
        np.concatenate((first[1], second[1])),
        np.concatenate((first[2], second[2])),
    )


def _in_order(t: Ints, y: Floats, q: Words) -> _Rows:
    """Sorted by time; of equal times the one that came last."""
    order = np.argsort(t, kind="stable")
    t = t[order]
    last = np.append(t[1:] != t[:-1], True)
    order = order[last]
    return t[last], y[order], q[order]
