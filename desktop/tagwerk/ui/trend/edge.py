"""Whether samples at the end of curves change a pixel, without painting.

The view asks whenever samples came, some times a second: of each curve only what came since the
last look is looked at.
"""

from __future__ import annotations

import math

import numpy as np

from tagwerk.store.trends import Curve
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.strokes import TimeMap, ValueMap

Rows = tuple[object, ...]
"""What of one curve changes when a sample comes at its end."""


class Edge:
    """The right edge of one trend's curves as they are drawn."""

    def __init__(self) -> None:
        self._columns: dict[str, _NewestColumn] = {}

    def rows(self, model: TrendModel, geometry: Geometry) -> dict[str, Rows]:
        """Of each visible curve what `newest_rows` tells; equal as long as nothing would look
        otherwise."""
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
    """Minimum, maximum and last value of the column in which a curve's newest sample lies."""

    __slots__ = ("_column", "_count", "_curve", "_high", "_history", "_low", "_width_ns")

    def __init__(self) -> None:
        self._curve: Curve | None = None
        self._history = self._count = self._column = self._width_ns = 0
        self._low = self._high = math.nan

    def look(self, curve: Curve, width_ns: int) -> tuple[int, float, float, float]:
        """Number of the column on the grid of `width_ns`, and its three values; NaN for none.

        The curve has samples.
        """
        times, values = curve.times, curve.values
        count, column = len(times), int(times[-1]) // width_ns
        same = (
            curve is self._curve
            and curve.history_version == self._history
            and width_ns == self._width_ns
            and column == self._column
        )
        if not same:
            self._curve, self._history = curve, curve.history_version
            self._width_ns, self._column = width_ns, column
            self._count = int(np.searchsorted(times, column * width_ns))
            self._low = self._high = math.nan
        if count > self._count:
            fresh = values[self._count :]
            self._low = float(np.fmin(self._low, np.fmin.reduce(fresh)))
            self._high = float(np.fmax(self._high, np.fmax.reduce(fresh)))
            self._count = count
        return column, self._low, self._high, float(values[-1])


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
    column, *numbers = (newest or _NewestColumn()).look(curve, time.column_ns)
    if value is not None:
        rows = [
            None if math.isnan(number) else round(value.y(number) * time.ratio)
            for number in numbers
        ]
    else:
        rows = [None if math.isnan(number) else number for number in numbers]
    # The newest value is drawn up to now anyway: one that stays the same changes nothing.
    is_flat = rows[0] == rows[1] == rows[2]
    return (curve.is_live, None if is_flat else column, *rows, latest.quality, doubt)
