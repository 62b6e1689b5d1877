"""A curve's columns as bars, with what stands flat between them and slopes; no painting.

`column_strokes` makes them to what is painted, `kept_bars` keeps them from picture to picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tagwerk.store.trends import Curve, Hole
from tagwerk.ui.trend.columns import Kept
from tagwerk.ui.trend.strokes import StrokeStyle, TimeMap, ValueMap

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_Rects = npt.NDArray[np.int32]

NOWHERE = 1 << 30
"""Pixels: farther than any view is wide."""
_FEW = 8
"""Columns that are made one by one."""
_NO_FLATS = np.empty((0, 4), np.int32)
_NO_SLOPES = np.empty((0, 4))
_NO_COLUMNS = np.empty(0, np.int64)


class Bars(NamedTuple):
    """All of a curve but what stands at either end of the view.

    Args:
        number: each bar's column, counted from the view's left.
        bars: left, top, right, bottom, all inclusive, in device pixels.
        flats, slopes: between two columns; `flat_from` and `slope_from` tell behind which one.
        last: last value of the last column; NaN for none.
        edge: where a hole begins behind it; far away for none.
    """

    number: _Ints
    bars: _Rects
    flats: _Rects
    flat_from: _Ints
    slopes: _Floats
    slope_from: _Ints
    last: float
    edge: int

    def until(self, number: int) -> Bars:
        """The bars up to that column, and what is between them."""
        stop = int(np.searchsorted(self.number, number, side="right"))
        flat, slope = _chosen(self.flat_from < number), _chosen(self.slope_from < number)
        return Bars(
            self.number[:stop], self.bars[:stop],
            self.flats[flat], self.flat_from[flat], self.slopes[slope], self.slope_from[slope],
            self.last, self.edge,
        )  # fmt: skip

    def moved(self, columns: int, pixels: int) -> Bars:
        """As the view sees it that has moved on by so much."""
        if not columns:
            return self
        seen = slice(int(np.searchsorted(self.number, columns)), None)
        flat, slope = _chosen(self.flat_from >= columns), _chosen(self.slope_from >= columns)
        bars, flats, slopes = (
            self.bars[seen].copy(),
            self.flats[flat].copy(),
            self.slopes[slope].copy(),
        )
        for shapes in (bars, flats, slopes):
            shapes[:, 0::2] -= pixels
        return Bars(
            self.number[seen] - columns, bars,
            flats, self.flat_from[flat] - columns, slopes, self.slope_from[slope] - columns,
            self.last, self.edge,
        )  # fmt: skip

    def followed_by(self, tail: Bars) -> Bars:
        """With what comes behind the last bar, which `tail` begins with."""
        return Bars(
            np.concatenate((self.number, tail.number[1:])),
            np.concatenate((self.bars, tail.bars[1:])),
            *_with(self.flats, self.flat_from, tail.flats, tail.flat_from),
            *_with(self.slopes, self.slope_from, tail.slopes, tail.slope_from),
            tail.last,
            tail.edge,
        )


def _chosen(mask: npt.NDArray[np.bool_]) -> slice | npt.NDArray[np.bool_]:
    """The same choice; all of them without a copy."""
    return slice(None) if mask.all() else mask


def _with(
    shapes: npt.NDArray[Any], begins: _Ints, more: npt.NDArray[Any], more_begins: _Ints
) -> tuple[npt.NDArray[Any], _Ints]:
    """Shapes and the columns where they begin, with more behind them; most often there are none."""
    if not len(more):
        return shapes, begins
    return np.concatenate((shapes, more)), np.concatenate((begins, more_begins))


class _Columns(NamedTuple):
    """The columns of a curve that hold a value.

    Args:
        number: counted from the view's left.
        x: left edge in device pixels.
        first, last: first and last value; NaN where that sample is unusable.
        joined: whether no hole parts a column from the next one.
        edge: where the first hole behind a column begins, in device pixels; far away for none.
    """

    number: _Ints
    x: _Ints
    low: _Floats
    high: _Floats
    first: _Floats
    last: _Floats
    joined: npt.NDArray[np.bool_]
    edge: _Ints


def thickness_of(style: StrokeStyle, time: TimeMap) -> int:
    """Pixels of the screen across a curve."""
    return max(round((2 if style.thick else 1) * time.ratio), 1)


def bars_of(
    curve: Curve,
    kept: Kept,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: Sequence[Hole],
    *,
    begin: int = 0,
) -> Bars:
    """Bars of the columns in view, and what is between them.

    Args:
        kept: the columns in view.
        begin: the first of them to look at, which then has a value; its own bar is that of a first
            one.
    """
    ratio = time.ratio
    columns = _filled_columns(curve, kept, time, holes, begin)
    low, high, last = columns.low, columns.high, columns.last
    # A column reaches to the end of the one before, so that the line has no gaps.
    beside = columns.joined & (np.diff(columns.number) == 1)
    touching = beside & ~np.isnan(columns.first[1:])
    if touching.all():
        low[1:] = np.fmin(low[1:], last[:-1])
        high[1:] = np.fmax(high[1:], last[:-1])
    else:
        low[1:] = np.where(touching, np.fmin(low[1:], last[:-1]), low[1:])
        high[1:] = np.where(touching, np.fmax(high[1:], last[:-1]), high[1:])
    apart = np.flatnonzero(~beside)
    if style.step and len(apart):
        # A step rises where the next value comes: the column of the change covers both values.
        rising = apart[columns.joined[apart]] + 1
        low[rising] = np.fmin(low[rising], last[rising - 1])
        high[rising] = np.fmax(high[rising], last[rising - 1])
    thickness = thickness_of(style, time)
    bars = np.empty((len(low), 4), np.int32)
    bars[:, 0] = columns.x
    bars[:, 2] = columns.x + (max(thickness, time.coarse) - 1)
    give_rows(bars, high, low, value, ratio, thickness)
    flats, flat_from = _flats(columns, apart, value, ratio, style.step)
    slopes, slope_from = _NO_SLOPES, _NO_COLUMNS
    if not style.step and len(apart):
        slopes, slope_from = _slopes(columns, apart, value, ratio)
    count = len(low)
    return Bars(
        columns.number, bars, flats, flat_from, slopes, slope_from,
        float(last[-1]) if count else np.nan, int(columns.edge[-1]) if count else NOWHERE,
    )  # fmt: skip


def few_bars(
    curve: Curve,
    kept: Kept,
    time: TimeMap,
    value: ValueMap,
    style: StrokeStyle,
    holes: Sequence[Hole],
    begin: int,
) -> Bars | None:
    """The same as `bars_of` for what comes between two pictures: a column or two, side by side.

    Number by number, with the same steps in the same order: of so few numbers arrays take ten times
    as long. None where there are more, or anything between them.
    """
    begin_ns = (kept.first + begin) * time.column_ns
    stop = min(int(curve.times[-1]) // time.column_ns - kept.first + 1, len(kept.low))
    if stop - begin > _FEW or any(hole.end_ns > begin_ns for hole in holes):
        return None
    part = slice(begin, stop)
    lows, highs = kept.low[part].tolist(), kept.high[part].tolist()
    firsts, lasts = kept.begin[part].tolist(), kept.end[part].tolist()
    if any(map(math.isnan, (*lows, *firsts, *lasts))):
        return None
    thickness, ratio = thickness_of(style, time), time.ratio
    step = time.column_ns / time.pixel_ns * ratio
    left_ns = kept.first * time.column_ns - time.left_ns
    left = (time.left + left_ns / time.pixel_ns) * ratio + 0.5
    rows = [(0, 0, 0, 0)]
    for index in range(1, stop - begin):
        x = math.floor((begin + index) * step + left)
        top = math.floor(value.row(max(highs[index], lasts[index - 1])) * ratio)
        bottom = math.floor(value.row(min(lows[index], lasts[index - 1])) * ratio)
        right = x + max(thickness, time.coarse) - 1
        rows.append((x, top, right, max(bottom, top + thickness - 1)))
    return Bars(
        np.arange(begin, stop, dtype=np.int64), np.array(rows, np.int32),
        _NO_FLATS, _NO_COLUMNS, _NO_SLOPES, _NO_COLUMNS, lasts[-1], NOWHERE,
    )  # fmt: skip


def give_rows(
    bars: _Rects, high: _Floats, low: _Floats, value: ValueMap, ratio: float, thickness: int
) -> None:
    """Give bars their top and bottom rows."""
    bars[:, 1] = _rows(value.ys(high), ratio)
    bars[:, 3] = np.maximum(_rows(value.ys(low), ratio), bars[:, 1] + (thickness - 1))


def _filled_columns(
    curve: Curve, kept: Kept, time: TimeMap, holes: Sequence[Hole], begin: int
) -> _Columns:
    left = kept.first
    if begin:
        # Up to the newest sample only: then mostly all columns have a value.
        newest = int(curve.times[-1]) // time.column_ns + 1
        kept = kept.between(left + begin, min(newest, left + len(kept.low)))
        begin_ns = kept.first * time.column_ns
        holes = [hole for hole in holes if hole.end_ns > begin_ns]
    filled = np.flatnonzero(~np.isnan(kept.low))
    chosen: slice | _Ints = slice(None) if len(filled) == len(kept.low) else filled
    number = filled + begin
    left_ns = left * time.column_ns - time.left_ns
    x = number * (time.column_ns / time.pixel_ns * time.ratio)
    x += (time.left + left_ns / time.pixel_ns) * time.ratio + 0.5
    joined = np.ones(max(len(number) - 1, 0), bool)
    edge = np.full(len(number), NOWHERE, np.int64)
    if len(number) and holes:
        _part(curve, time, holes, left, number, joined, edge)
    return _Columns(
        number,
        np.floor(x).astype(np.int64),
        kept.low[chosen].copy(),
        kept.high[chosen].copy(),
        kept.begin[chosen],
        kept.end[chosen],
        joined,
        edge,
    )


def _part(
    curve: Curve,
    time: TimeMap,
    holes: Sequence[Hole],
    left: int,
    number: _Ints,
    joined: npt.NDArray[np.bool_],
    edge: _Ints,
) -> None:
    """Note where holes part columns. One inside a column parts nothing: columns show no less."""
    starts = np.array([hole.start_ns for hole in holes], np.int64)
    ends = np.array([hole.end_ns for hole in holes], np.int64)
    times = curve.times
    before = np.searchsorted(times, starts) - 1
    after = np.searchsorted(times, ends)
    width_ns = time.column_ns
    column = np.where(before >= 0, times[np.maximum(before, 0)], starts) // width_ns - left
    beyond = after >= len(times)
    following = np.where(beyond, ends, times[np.minimum(after, len(times) - 1)]) // width_ns - left
    place = np.searchsorted(number, column, side="right") - 1
    parts = (place >= 0) & (following > column)
    place, starts = place[parts], starts[parts]
    joined[place[place < len(joined)]] = False
    at = np.floor((time.left + (starts - time.left_ns) / time.pixel_ns) * time.ratio + 0.5)
    np.minimum.at(edge, place, at.astype(np.int64))


def _flats(
    columns: _Columns, apart: _Ints, value: ValueMap, ratio: float, step: bool
) -> tuple[_Rects, _Ints]:
    """Values that stand between columns, and the columns behind which they do."""
    # Between columns a line without steps slopes; it is flat where it ends at a hole.
    ending = apart if step else apart[~columns.joined[apart]]
    if not len(ending):
        return _NO_FLATS, _NO_COLUMNS
    left = columns.x[ending] + 1
    right = np.minimum(columns.x[ending + 1], columns.edge[ending])
    number = columns.last[ending]
    usable = ~np.isnan(number) & (right > left)
    rows = _rows(value.ys(number[usable]), ratio)
    found = np.column_stack((left[usable], rows, right[usable] - 1, rows)).astype(np.int32)
    return found, columns.number[ending[usable]]


def _slopes(
    columns: _Columns, apart: _Ints, value: ValueMap, ratio: float
) -> tuple[_Floats, _Ints]:
    """Lines between columns that lie apart with nothing unknown between them, and the columns
    where they begin."""
    sloping = apart[columns.joined[apart]]
    if not len(sloping):
        return _NO_SLOPES, _NO_COLUMNS
    first, last = columns.last[sloping], columns.first[sloping + 1]
    usable = ~(np.isnan(first) | np.isnan(last))
    sloping = sloping[usable]
    found = np.empty((len(sloping), 4), np.float64)
    found[:, 0], found[:, 1] = columns.x[sloping], value.ys(first[usable]) * ratio
    found[:, 2], found[:, 3] = columns.x[sloping + 1], value.ys(last[usable]) * ratio
    return found, columns.number[sloping]


def _rows(y: _Floats, ratio: float) -> _Ints:
    return np.floor(y * ratio).astype(np.int64)
