"""Whether samples at the end of curves change a pixel, without painting.

The view asks whenever samples came, some times a second: of each curve only what came since the
last look is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tagwerk.store.trends import Curve
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.strokes import TimeMap, ValueMap

Rows = tuple[object, ...]
"""What of one curve changes when a sample comes at its end."""
RowOf = Callable[[float], float | None]
"""The row of pixels of a value; None for none."""


class Edge:
    """The right edge of one trend's curves as they are drawn."""

    def __init__(self) -> None:
        self._columns: dict[str, _NewestColumn] = {}

    def rows(self, model: TrendModel, geometry: Geometry) -> dict[str, Rows]:
        """Of each visible curve what `newest_rows` tells; equal to the one before as long as the
        samples that came since would look no otherwise."""
        maps: dict[str, ValueMap] = {}
        for pane, rect in geometry.panes:
            for axis in pane.axes:
                values = geometry.values(model, pane, axis, rect)
                if values is not None:
                    for pen in axis.pens:
                        maps[pen.name] = values
        before, self._columns = self._columns, {}
        result: dict[str, Rows] = {}
        for pen in model.pens:
            if pen.visible:
                column = before.get(pen.name) or _NewestColumn()
                self._columns[pen.name] = column
                result[pen.name] = newest_rows(pen.curve, geometry.time, maps.get(pen.name), column)
        return result


class _NewestColumn:
    """What was seen of one curve's end: minimum, maximum and last value of the column in which its
    newest sample lies, and how often something has come that these do not tell."""

    __slots__ = ("_column", "_count", "_curve", "_high", "_history", "_low", "_width_ns", "changes")

    def __init__(self) -> None:
        self._curve: Curve | None = None
        self._history = self._count = self._column = self._width_ns = 0
        self._low = self._high = math.nan
        self.changes = 0
        """Grows with a sample that changes a pixel elsewhere than in the newest column, or with a
        quality that did not last until now."""

    def look(self, curve: Curve, width_ns: int, row_of: RowOf) -> tuple[int, float, float, float]:
        """Number of the column on the grid of `width_ns`, and its three values; NaN for none.

        The curve has samples.
        """
        times, values = curve.times, curve.values
        count, column = len(times), int(times[-1]) // width_ns
        is_same = (
            curve is self._curve
            and curve.history_version == self._history
            and width_ns == self._width_ns
            and count >= self._count
        )
        if not is_same:
            self._curve, self._history, self._width_ns = curve, curve.history_version, width_ns
            self._count = 0
            self.changes += 1
        elif count > self._count and self._is_elsewhere(curve, column, row_of):
            self.changes += 1
        if column != self._column or not is_same:
            self._column = column
            self._low = self._high = math.nan
            begin = int(np.searchsorted(times, column * width_ns))
        else:
            begin = self._count
        if count > begin:
            self._low = float(np.fmin(self._low, np.fmin.reduce(values[begin:])))
            self._high = float(np.fmax(self._high, np.fmax.reduce(values[begin:])))
        self._count = count
        return column, self._low, self._high, float(values[-1])

    def _is_elsewhere(self, curve: Curve, column: int, row_of: RowOf) -> bool:
        """Whether the samples since the last look show more than the newest column will."""
        fresh = curve.values[self._count :]
        if np.isnan(fresh).any() or curve.changes_quality(self._count):
            return True
        if column == self._column:
            return False
        # A line that goes on as it was has nothing new in the columns that it has left.
        before = row_of(float(curve.values[self._count - 1]))
        return {row_of(float(fresh.min())), row_of(float(fresh.max()))} != {before}


def newest_rows(
    curve: Curve, time: TimeMap, value: ValueMap | None, newest: _NewestColumn | None = None
) -> Rows:
    """The column of the newest sample in view and the rows it covers; of a lane, without a scale,
    the values themselves. `newest`: what was seen of the curve before."""
    latest = curve.latest()
    thinned = curve.thinned(time.left_ns, time.right_ns)
    doubt = (len(thinned), thinned[-1][1] // time.pixel_ns if thinned else 0)
    if latest is None or latest.time_ns < time.left_ns:
        # It stands into the view, or not at all.
        held = None if latest is None else (latest.value, latest.quality)
        return (curve.is_live, held, doubt)
    if latest.time_ns > time.right_ns:
        return (doubt,)

    def row_of(number: float) -> float | None:
        if math.isnan(number):
            return None
        return number if value is None else round(value.y(number) * time.ratio)

    seen = newest or _NewestColumn()
    column, *numbers = seen.look(curve, time.column_ns, row_of)
    rows = [row_of(number) for number in numbers]
    # The newest value is drawn up to now anyway: one that stays the same changes nothing.
    is_flat = rows[0] == rows[1] == rows[2]
    shown = None if is_flat else column
    return (curve.is_live, shown, *rows, latest.quality, doubt, seen.changes)
