"""One tag's curve: its samples, where they came from, and what is not known.

Live samples come at the end; logged points are merged before, into holes and after, without
doubles. Not thread-safe: the window's thread only. `TrendStore` makes curves and feeds the live
samples; the plant feeds the log; trends and exports read. The arrays are `Samples`, the spans
`Coverage`; here is what they mean together.

Times are integers: nanoseconds since 1970 in UTC. A sample stands until the next one: cursors,
statistics and steps all use that one rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tagwerk.domain.message import Message, message
from tagwerk.domain.values import GOOD, LoggedPoint, Quality, QualityLevel, Sample, Value
from tagwerk.store.coverage import OPEN, Coverage, Segment, Source, Spans
from tagwerk.store.curve_quality import Qualities, QualityRuns
from tagwerk.store.curve_samples import Change, Samples, Table, in_order
from tagwerk.store.curve_types import (
    CUT_SHORT,
    LEFT_OUT,
    LINK_DOWN,
    NO_SIGN,
    NOT_IN_LOG,
    NOT_READ,
    Columns,
    Hole,
    Reading,
    Row,
    Rows,
    Statistics,
    as_numbers,
    bad_words,
)
from tagwerk.store.pyramid import Floats, Ints

__all__ = ["NOT_READ", "Columns", "Curve", "Hole", "Reading", "Row", "Rows", "Statistics"]

_RHYTHM = 32
"""Of so many samples before a silence the curve's rhythm is taken."""
_SILENCE_FROM_NS = 3_000_000_000
"""Samples that lie closer together than this have no hole between them."""
_EDGE_NS = 5_000_000_000
"""A log that begins or ends this close to a hole's edge fills it whole."""


class Curve:
    """See the module. `version` grows with every change, `history_version` only when something
    other than newer samples at the end changed, so that drawn columns may be kept.

    Args:
        name: the tag's full name.
        step: drawn and read as steps (bools, integers, setpoints).
    """

    __slots__ = (
        "_coverage", "_numbers", "_qualities", "_runs", "_samples", "_silent_ns", "_thinned",
        "history_version", "is_sparse", "logged_every_ns", "name", "step", "version",
    )  # fmt: skip

    def __init__(self, name: str, *, step: bool = False) -> None:
        self.name = name
        self.step = step
        self.version = 0
        self.history_version = 0
        self.is_sparse = False
        """Live samples are polled, more slowly than the log keeps them: the log adds what they lack."""
        self.logged_every_ns = 0
        """How far apart the log's points mostly are; 0 before that is known."""
        self._samples = Samples()
        self._coverage = Coverage()
        self._qualities = Qualities()
        self._runs = QualityRuns()
        self._silent_ns: int | None = None
        """The last sample before a silence of the link, while what came after it is awaited."""
        self._thinned = Spans()
        self._numbers: dict[int, float] = {}
        """The numbers that came with bad quality, by time: exported, never drawn."""

    # Reading.

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def times(self) -> Ints:
        """All times, rising, without doubles. A view: valid until the next change."""
        return self._samples.times

    @property
    def values(self) -> Floats:
        """All values; NaN for an unusable one. A view: valid until the next change."""
        return self._samples.values

    @property
    def nbytes(self) -> int:
        """Memory in use, in bytes."""
        return self._samples.nbytes + 100 * len(self._numbers) + 100 * len(self._runs)

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

    def columns(self, start_ns: int, end_ns: int, count: int, *, near: bool = False) -> Columns:
        """Minimum and maximum, first and last value of `count` equal stretches.

        Exact; with `near`, for a picture that moves, some samples at a border of dense stretches
        may count for the one before. None is ever left out.
        """
        whole, rest = divmod(end_ns - start_ns, count)
        steps = np.arange(count + 1, dtype=np.int64)
        borders = start_ns + whole * steps + rest * steps // count
        index = self._samples.borders(borders, near=near)
        row = self.values
        low, high = self._samples.extremes(index[:-1], index[1:])
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
        if not len(self):
            return None
        segment = self._coverage.last()
        return self._reading(len(self) - 1, segment.source if segment else Source.LIVE)

    def sample_time(self, time_ns: int, offset: int = 0) -> int | None:
        """Time of the sample nearest to a moment, or the one `offset` samples further."""
        if not len(self):
            return None
        times = self.times
        index = int(np.searchsorted(times, time_ns))
        if index and (index == len(times) or time_ns - times[index - 1] <= times[index] - time_ns):
            index -= 1
        if offset > 0 and times[index] > time_ns:
            offset -= 1
        elif offset < 0 and times[index] < time_ns:
            offset += 1
        return int(times[min(max(index + offset, 0), len(times) - 1)])

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
            begin = first - 1 if first and (first == stop or self.times[first] > left) else first
            if begin == stop:
                continue
            lows, highs = self._samples.extremes(np.array([begin]), np.array([stop]))
            low, high = float(np.fmin(low, lows[0])), float(np.fmax(high, highs[0]))
            more_area, more_known = self._samples.weighted(begin, stop, left, right)
            area += more_area
            known += more_known
        first, stop = self.range_of(start_ns, end_ns)
        if math.isnan(low):
            return Statistics(None, None, None, 0, stop - first)
        average = min(max(area / known, low), high) if known else None
        return Statistics(low, high, average, known, stop - first)

    def holes(self, start_ns: int, end_ns: int, *, apart_ns: int = 0) -> list[Hole]:
        """Stretches that touch the span and have nothing to draw, in order, with cause.

        Where hundreds of bad stretches lie closer together than `apart_ns` (a pixel, say), they
        come as one, so that a flickering quality costs no more than a picture can show.
        """
        found = [
            Hole(item.start_ns, item.end_ns, item.cause, item.note)
            for item in self._coverage.between(start_ns, end_ns)
            if item.source is Source.HOLE
        ]
        found += [
            Hole(start, end, NOT_READ, Message())
            for start, end in self._coverage.gaps(start_ns, end_ns)
        ]
        bad = self.quality_runs(start_ns, end_ns, QualityLevel.BAD, apart_ns=apart_ns)
        found += [Hole(start, end, *bad_words(quality)) for start, end, quality in bad]
        return sorted(found, key=lambda hole: hole[:2])

    def changes_quality(self, since: int) -> bool:
        """Whether a sample from number `since` on has another quality than the one before it."""
        words = self._samples.words[max(since - 1, 0) :]
        return bool((words[1:] != words[:-1]).any())

    def quality_runs(
        self, start_ns: int, end_ns: int, level: QualityLevel, *, apart_ns: int = 0
    ) -> list[tuple[int, int, Quality]]:
        """Stretches of one level that touch the span; BAD has all that cannot be drawn.

        The last one is `OPEN` while no better value has come. `apart_ns` as for `holes`.
        """
        return self._runs.between(start_ns, end_ns, level, self._qualities, apart_ns)

    def thinned(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Spans that touch the question in which live samples had to be left out, in order."""
        return self._thinned.between(start_ns, end_ns)

    def rows(self, start_ns: int, end_ns: int) -> list[Row]:
        """All samples of the span with quality and source, in order, also the bad ones."""
        return list(self.copy_rows(start_ns, end_ns))

    def copy_rows(self, start_ns: int, end_ns: int) -> Rows:
        """The same as they are now, quickly: to be gone through later, in any thread."""
        first, stop = self.range_of(start_ns, end_ns)
        part = Table(self.times, self.values, self._samples.words).between(first, stop)
        left, right = (int(part.t[0]), int(part.t[-1]) + 1) if stop > first else (0, 0)
        return Rows(
            part.copied(),
            self._qualities.all(),
            {time: value for time, value in self._numbers.items() if left <= time < right},
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
            self._begin_live(samples[0].received_ns + skew_ns)
        times = np.array(
            [s.received_ns + skew_ns if s.time_ns is None else s.time_ns for s in samples], np.int64
        )
        if self._silent_ns is not None:
            self._look_at_silence(self._silent_ns, int(times.min()))
        self._insert(
            times,
            [None if sample.error is not None else sample.value for sample in samples],
            [sample.quality for sample in samples],
        )

    def append_numbers(self, times: Ints, values: Floats, quality: Quality = GOOD) -> None:
        """Take many live samples of one quality at once, in order of time and without doubles."""
        if not len(times):
            return
        if not self.is_live:
            self._begin_live(int(times[0]))
        word = self._qualities.word(quality)
        usable = values if quality.is_usable else np.full(len(values), np.nan)
        self._put(Table(times, usable, np.full(len(times), word, np.uint16)))

    def _begin_live(self, start_ns: int) -> None:
        self._coverage.close(start_ns)
        live = Segment(start_ns, OPEN, Source.LIVE)
        self._coverage.paint(live, lambda old: old.source is not Source.LIVE)
        self.history_version += 1

    def correct(self, sample: Sample, *, skew_ns: int = 0) -> bool:
        """Another form of a sample that is there; False when it is not. Coverage stays."""
        time_ns = sample.received_ns + skew_ns if sample.time_ns is None else sample.time_ns
        place = int(np.searchsorted(self.times, time_ns))
        if place == len(self) or self.times[place] != time_ns:
            return False
        value = None if sample.error else sample.value
        self._insert(np.array([time_ns], np.int64), [value], [sample.quality])
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
        self._silent_ns = int(self.times[before]) if before >= 0 else None
        self._coverage.close(hole.start_ns)
        self._coverage.paint(Segment(hole.start_ns, OPEN, Source.LIVE))
        self._touch_history()

    def _look_at_silence(self, before_ns: int, after_ns: int) -> None:
        """Whether between two samples round a silence there are some missing that must have been."""
        self._silent_ns = None
        place = int(np.searchsorted(self.times, before_ns, side="right"))
        steps = np.diff(self.times[max(place - _RHYTHM, 0) : place])
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
        newest = int(self.times[-1]) + 1 if len(self) else at_ns
        at_ns = max(at_ns, live.start_ns if live else at_ns, min(newest, at_ns + 1_000_000_000))
        self._coverage.close(at_ns)
        self._coverage.paint(Segment(at_ns, OPEN, Source.HOLE, cause))
        self._touch_history()

    def mark_thinned(self, start_ns: int, end_ns: int) -> None:
        """The server sent faster than could be taken: of this span only some samples are here.

        Times by the server's clock, like the samples'. No hole: what is drawn did stand, only
        peaks between may be missing. Spans that meet are one, so calling it often costs little.
        """
        if self._thinned.add(start_ns, end_ns):
            self.version += 1

    def merge_log(
        self,
        points: Sequence[LoggedPoint],
        start_ns: int,
        end_ns: int,
        *,
        truncated: bool = False,
    ) -> None:
        """Take what the log said about a span; points just outside of it are welcome.

        Where the live stream was up its own samples stay and logged ones are left out, unless the
        curve `is_sparse`: then those between its own are taken. With `truncated` only the time from the first point on counts as answered.
        """
        times = np.array([point.time_ns for point in points], np.int64)
        inside = times[(times >= start_ns) & (times < end_ns)]
        if truncated:
            cut = int(inside.min()) if len(inside) else end_ns
            if cut == end_ns:
                self.mark_unavailable(start_ns, end_ns, CUT_SHORT)
                return
            start_ns = cut
        self._insert_logged(points)
        tolerance = _EDGE_NS
        if len(inside) > 2:
            self.logged_every_ns = int(np.median(np.diff(np.sort(inside))))
            tolerance = max(tolerance, 5 * self.logged_every_ns)
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
        count = min(count, len(self) - 1)
        if count <= 0:
            return
        begin = int(self.times[0])
        self._samples.drop_oldest(count)
        edge = int(self.times[0])
        self._runs.forget_before(edge)
        self._thinned.forget_before(edge)
        self._numbers = {time: value for time, value in self._numbers.items() if time >= edge}
        old = self._coverage.between(-OPEN, edge)
        begin = min([begin, *(item.start_ns for item in old)])
        self._coverage.paint(Segment(begin, edge, Source.HOLE, LEFT_OUT, settled=True))
        self._touch_history()

    # Inside.

    def _reading(self, index: int, source: Source) -> Reading:
        number = float(self.values[index])
        quality = self._qualities[int(self._samples.words[index])]
        value = None if math.isnan(number) else number
        return Reading(value, quality, int(self.times[index]), source)

    def _are_live(self, times: Ints) -> npt.NDArray[np.bool_]:
        """Which times the live stream covers, or a hole of it that has not ended."""
        live = np.zeros(len(times), bool)
        for segment in self._coverage.between(int(times.min()), int(times.max()) + 1):
            if segment.source is Source.LIVE or segment.is_open:
                live |= (times >= segment.start_ns) & (times < segment.end_ns)
        return live

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
        begin, end = int(self.times[first]), int(self.times[stop - 1])
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
            elif self.times[first] - start_ns > tolerance:
                edge = int(self.times[first])
        self._coverage.paint(Segment(start_ns, edge, Source.HOLE, NOT_IN_LOG, settled=True))
        self._coverage.paint(Segment(edge, end_ns, Source.LOG))

    def _insert_logged(self, points: Sequence[LoggedPoint]) -> None:
        """Logged points outside of live stretches, or between the few samples of one."""
        if not points:
            return
        times = np.array([point.time_ns for point in points], np.int64)
        live = self._are_live(times)
        if self.is_sparse and live.any():
            # The newest sample stays the newest, and what was polled is not replaced.
            live &= np.isin(times, self.times) | (times > self.times[-1] if len(self) else True)
        if live.any():
            points = [point for point, is_live in zip(points, live, strict=True) if not is_live]
            times = times[~live]
        self._insert(times, [point.value for point in points], [point.quality for point in points])

    def _insert(self, times: Ints, values: list[Value], qualities: list[Quality]) -> None:
        """Put samples in order of time; of several at one time the last stays."""
        if not len(times):
            return
        numbers = as_numbers(values)
        words, usable = self._qualities.words(qualities)
        if not all(usable):
            for index, is_usable in enumerate(usable):
                if not is_usable:
                    if not math.isnan(numbers[index]):
                        self._numbers[int(times[index])] = float(numbers[index])
                    numbers[index] = math.nan
        table = Table(times, numbers, np.array(words, np.uint16))
        if len(times) > 1 and not (times[1:] > times[:-1]).all():
            table = in_order(table)
        self._put(table)

    def _put(self, table: Table) -> None:
        was_empty = not len(self)
        change: Change = self._samples.put(table)
        self._runs.look_again(self._samples, change.first, change.stop)
        self.version += 1
        if not change.is_appended and not was_empty:
            self.history_version += 1
