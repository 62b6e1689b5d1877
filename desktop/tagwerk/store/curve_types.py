"""What a curve answers: columns, readings, statistics, holes with their causes, rows to export.

Plain values without behaviour of their own. `Curve` makes them; trends and exports read them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tagwerk.domain.message import Message, message
from tagwerk.domain.values import Quality, Value
from tagwerk.store.coverage import Segment, Source
from tagwerk.store.curve_samples import Table
from tagwerk.store.pyramid import Floats, Ints

LINK_DOWN = message("Link down")
NO_SIGN = message("No sign of life")
NOT_IN_LOG = message("not in the log")
NOT_READ = message("Not read from the log")
LEFT_OUT = message("Left out to save memory")
CUT_SHORT = message("the log's answer was cut short")
BAD_QUALITY = message("Bad quality")
NO_COMMUNICATION = message("No comm.")
NO_NUMBER = message("No number")

_PLAIN = {float, int, bool, type(None)}


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
        table: Table,
        qualities: tuple[Quality, ...],
        values: dict[int, float],
        segments: list[Segment],
    ) -> None:
        self._t, self._y, self._q = table
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


def bad_words(quality: Quality) -> tuple[Message, Message]:
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


def as_numbers(values: Sequence[Value]) -> Floats:
    """The same of many; quickly, where all are numbers of the usual size or missing."""
    if set(map(type, values)) <= _PLAIN:
        try:
            numbers = np.array(values, np.float64)
        except OverflowError:
            pass
        else:
            numbers[~np.isfinite(numbers)] = math.nan
            return numbers
    return np.array([as_number(value) for value in values], np.float64)
