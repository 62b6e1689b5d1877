"""What one trend shows: its pens, and how they share panes, axes and lanes. No painting, no Qt.

`TrendView` draws an `Arrangement`, the legend lists the pens, the panel adds and removes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tagwerk.domain.message import Message, message
from tagwerk.domain.tags import BaseType, DataType, TagInfo, short_name, split_name
from tagwerk.domain.values import Value
from tagwerk.store.trends import Curve

COLORS = 7
"""Pens with a hue; the eighth is ink, kept for setpoints and lanes."""
INK = 7
MAX_PENS = 32

_SETPOINT = re.compile(r"(^|[._])(sp|setpoint|sollwert|soll|w)$", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class TrendPen:
    """One tag in one trend.

    Args:
        color: index of the pen's colour; `INK` for setpoints and lanes.
        dashed: setpoints.
        step: drawn as steps.
        is_lane: bools and text lists have a lane instead of an axis.
        pane: the pane the user moved it to; None lets the arrangement decide.
    """

    name: str
    info: TagInfo
    curve: Curve
    color: int
    dashed: bool = False
    step: bool = False
    is_lane: bool = False
    visible: bool = True
    pane: int | None = None

    @property
    def short(self) -> str:
        return short_name(self.name)

    @property
    def label(self) -> str:
        """The last two parts of the name, which is what people call it."""
        return ".".join(split_name(self.name).path[-2:])

    @property
    def caption(self) -> str:
        """What the tag is called beside its name."""
        return self.info.display_name or self.info.description

    @property
    def parent(self) -> str:
        """What the tag is an element of, "" for a tag on its own."""
        return ".".join(split_name(self.name).path[:-1])

    @property
    def lane_label(self) -> str:
        """What stands before the lane: the object, not its element."""
        path = split_name(self.name).path
        return path[-2] if len(path) > 1 else path[-1]

    def value_of(self, number: float | None) -> Value:
        """A curve's number in the tag's own type, so that texts and bools read as such."""
        if number is None:
            return None
        if self.info.data_type.base is BaseType.BOOL:
            return bool(number)
        if self.info.data_type.base is BaseType.INTEGER and number.is_integer():
            return int(number)
        return number


@dataclass(slots=True, eq=False)
class Axis:
    """One unit's scale in one pane."""

    unit: str
    left: bool
    pens: list[TrendPen] = field(default_factory=list)

    @property
    def parents(self) -> set[str]:
        return {pen.parent for pen in self.pens if pen.parent}


@dataclass(slots=True, eq=False)
class Pane:
    """At most two axes above each other's curves."""

    number: int
    left: Axis
    right: Axis | None = None

    @property
    def axes(self) -> list[Axis]:
        return [self.left] if self.right is None else [self.left, self.right]


@dataclass(slots=True)
class Arrangement:
    """Panes from top to bottom, then lanes."""

    panes: list[Pane] = field(default_factory=list)
    lanes: list[TrendPen] = field(default_factory=list)


def is_setpoint(name: str) -> bool:
    """Whether the last part of the name says that it is a setpoint."""
    return bool(_SETPOINT.search(short_name(name)))


def steps(info: TagInfo) -> bool:
    """Whether a value jumps: bools, integers, and setpoints, which somebody sets."""
    return info.data_type.base is not BaseType.FLOAT or is_setpoint(info.name)


def why_not_plottable(info: TagInfo, value: Value) -> Message:
    """Empty when a trend can show the tag; else the reason.

    A tag whose type nobody knows is judged by its value, and taken when there is none yet.
    """
    kind: DataType = info.data_type
    if kind.is_array or isinstance(value, list):
        return message("{name} is an array; add one of its elements.", name=short_name(info.name))
    if kind.is_plottable or kind.base is BaseType.TIMESPAN:
        return Message()
    if kind.base is BaseType.STRUCTURE:
        return message("{name} is a structure; add its elements.", name=short_name(info.name))
    if kind.base is BaseType.UNKNOWN and not isinstance(value, str):
        return Message()
    return message("{name} holds text, not a number.", name=short_name(info.name))


def next_color(pens: Sequence[TrendPen]) -> int:
    """The hue that is used least so far, in the order of the pens."""
    used = [0] * COLORS
    for pen in pens:
        if pen.color < COLORS:
            used[pen.color] += 1
    return used.index(min(used))


def make_pen(info: TagInfo, curve: Curve, others: Sequence[TrendPen]) -> TrendPen:
    """A pen with the look its tag asks for."""
    lane = info.data_type.base is BaseType.BOOL or (bool(info.texts) and not info.unit)
    ink = lane or is_setpoint(info.name)
    return TrendPen(
        info.name,
        info,
        curve,
        INK if ink else next_color(others),
        dashed=ink and not lane,
        step=steps(info),
        is_lane=lane,
    )


def arrange(pens: Sequence[TrendPen]) -> Arrangement:
    """Share out panes and axes, in the order in which the pens were added.

    A unit has one axis: a pen joins the left axis of its unit wherever that is, and the right one
    only of the pane where the rest of its object is (a loop's output beside its temperature).
    Else it takes a free right side, else a new pane.
    """
    result = Arrangement()
    for pen in pens:
        if pen.is_lane:
            result.lanes.append(pen)
            continue
        axis = _axis_for(result.panes, pen)
        axis.pens.append(pen)
    return result


def _axis_for(panes: list[Pane], pen: TrendPen) -> Axis:
    unit = pen.info.unit
    if pen.pane is not None:
        while len(panes) <= pen.pane and (not panes or panes[-1].left.pens):
            panes.append(Pane(len(panes), Axis(unit, left=True)))
        chosen = panes[min(pen.pane, len(panes) - 1)]
        return _side_of(chosen, unit, force=True) or chosen.left
    for pane in panes:
        if pen.parent and any(pen.parent in axis.parents for axis in pane.axes):
            axis = _side_of(pane, unit, force=False)
            if axis is not None:
                return axis
    for pane in panes:
        if pane.left.unit == unit:
            return pane.left
    for pane in panes:
        if pane.right is None:
            pane.right = Axis(unit, left=False)
            return pane.right
    panes.append(Pane(len(panes), Axis(unit, left=True)))
    return panes[-1].left


def _side_of(pane: Pane, unit: str, *, force: bool) -> Axis | None:
    """The pane's axis of that unit, made on the free side; forced, the right one takes it."""
    for axis in pane.axes:
        if axis.unit == unit:
            return axis
    if pane.right is None:
        pane.right = Axis(unit, left=False)
        return pane.right
    return pane.right if force else None
