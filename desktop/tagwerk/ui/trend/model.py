"""What one trend shows and where it stands: pens, time window, cursors, marks. No painting, no Qt.

Changed by the panel and by keys and mouse in the view; `version` grows with each change, so that
the view paints only then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tagwerk.domain.message import Message
from tagwerk.store.trends import Statistics
from tagwerk.ui.trend.axes import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Scale
from tagwerk.ui.trend.items import Arrangement, Axis, Pane, TrendPen, arrange

SPANS_NS = (
    MINUTE_NS, 2 * MINUTE_NS, 5 * MINUTE_NS, 10 * MINUTE_NS, 15 * MINUTE_NS, 30 * MINUTE_NS,
    HOUR_NS, 2 * HOUR_NS, 4 * HOUR_NS, 8 * HOUR_NS, 12 * HOUR_NS, DAY_NS,
)  # fmt: skip
SHORTEST_NS = SECOND_NS // 10
LONGEST_NS = 31 * DAY_NS
LIVE_MARGIN = 0.02
"""Share of the window that is left free at the right while following, for the last value's dot."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An alarm or a write in the event lane.

    Args:
        text: shown beside it; "" for none.
        tip: all of it, for the tooltip.
        color: ``#RRGGBB`` of the alarm; "" takes the theme's (writes).
    """

    time_ns: int
    is_alarm: bool
    text: str = ""
    tip: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class Loading:
    """How far the reading of the log is, for the box in the view."""

    done: int
    total: int
    seconds: float
    progress: float


@dataclass(slots=True)
class TrendModel:
    """State of one trend.

    Args:
        end_ns: the right edge while paused; None follows the present.
        now_ns: the present, by the server's clock.
        cursors: times of A and B; None where not placed yet.
        scales_by_hand: ranges the user chose, by pane and side.
        split: each axis in a pane of its own.
    """

    title: str
    span_ns: int = 15 * MINUTE_NS
    end_ns: int | None = None
    now_ns: int = 0
    pens: list[TrendPen] = field(default_factory=list)
    selected: TrendPen | None = None
    cursors_on: bool = False
    cursors: list[int | None] = field(default_factory=lambda: [None, None])
    active: int = 0
    alarms_on: bool = True
    writes_on: bool = True
    legend_on: bool = True
    split: bool = False
    scales_by_hand: dict[tuple[int, bool], tuple[float, float]] = field(default_factory=dict)
    scales: dict[tuple[int, bool], Scale] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    moment_ns: int | None = None
    loading: Loading | None = None
    log_problem: Message = Message()
    is_stale: bool = False
    is_alone: bool = False
    version: int = 0
    _arranged: Arrangement | None = None

    # Pens.

    @property
    def arrangement(self) -> Arrangement:
        """Visible pens in their panes; kept until a pen changes."""
        if self._arranged is None:
            self._arranged = _without_hidden(arrange(self.pens))
            if self.split:
                self._arranged.panes = _split(self._arranged.panes)
        return self._arranged

    def rearrange(self) -> None:
        """Pens were added, removed, hidden or moved."""
        self._arranged = None
        self.touch()

    def touch(self) -> None:
        """Something that is drawn changed."""
        self.version += 1

    def add(self, pen: TrendPen) -> None:
        """Append a pen; the first one is selected."""
        self.pens.append(pen)
        if self.selected is None:
            self.selected = pen
        self.rearrange()

    def remove(self, pen: TrendPen) -> None:
        """Take a pen out; its neighbour is selected."""
        index = self.pens.index(pen)
        self.pens.remove(pen)
        if self.selected is pen:
            self.selected = self.pens[min(index, len(self.pens) - 1)] if self.pens else None
        self.scales.clear()
        self.rearrange()

    def move(self, pen: TrendPen, place: int) -> None:
        """Give a pen another place among the others."""
        place = min(max(place, 0), len(self.pens) - 1)
        if self.pens.index(pen) != place:
            self.pens.remove(pen)
            self.pens.insert(place, pen)
            self.scales.clear()
            self.rearrange()

    def pen(self, name: str) -> TrendPen | None:
        return next((pen for pen in self.pens if pen.name == name), None)

    def select(self, pen: TrendPen | None) -> None:
        if pen is not self.selected:
            self.selected = pen
            self.touch()

    @property
    def names(self) -> list[str]:
        return [pen.name for pen in self.pens]

    # Time.

    @property
    def is_live(self) -> bool:
        return self.end_ns is None

    @property
    def right_ns(self) -> int:
        """The right edge of the window; a little in the future while following."""
        if self.end_ns is not None:
            return self.end_ns
        return self.now_ns + round(self.span_ns * LIVE_MARGIN)

    @property
    def left_ns(self) -> int:
        return self.right_ns - self.span_ns

    def pause(self) -> None:
        """Stop following; the picture stays."""
        if self.end_ns is None:
            self.end_ns = self.right_ns
            self.touch()

    def go_live(self) -> None:
        """Follow the present again."""
        self.moment_ns = None
        if self.end_ns is not None:
            self.end_ns = None
            self.touch()

    def set_span(self, span_ns: int) -> None:
        """Another span, right edge kept."""
        self.span_ns = min(max(span_ns, SHORTEST_NS), LONGEST_NS)
        self.touch()

    def pan(self, by_ns: int) -> None:
        """Move through time; leaves the present. Not beyond it either."""
        self.pause()
        assert self.end_ns is not None  # noqa: S101 - set by pause
        self.end_ns = min(self.end_ns + by_ns, self.now_ns + self.span_ns // 2)
        self.touch()

    def zoom(self, factor: float, at_ns: int | None = None) -> None:
        """Shrink (<1) or widen the span around a time.

        While following, the present is the fixed point, so that it keeps following.
        """
        before = self.span_ns
        self.set_span(round(before * factor))
        if self.end_ns is not None:
            fixed = self.end_ns - before // 2 if at_ns is None else at_ns
            share = (self.end_ns - fixed) / before
            self.end_ns = fixed + round(share * self.span_ns)

    def show(self, start_ns: int, end_ns: int) -> None:
        """Exactly this window; leaves the present."""
        self.span_ns = min(max(end_ns - start_ns, SHORTEST_NS), LONGEST_NS)
        self.end_ns = end_ns
        self.touch()

    # Axes.

    def scale_key(self, pane: Pane, axis: Axis) -> tuple[int, bool]:
        return pane.number, axis.left

    def zoom_axis(self, key: tuple[int, bool], factor: float, at: float) -> None:
        """Shrink or widen a value axis around a value; from then on it stays as it is."""
        scale = self.scales.get(key)
        if scale is None:
            return
        low = at - (at - scale.low) * factor
        high = at + (scale.high - at) * factor
        if high - low > abs(at) * 1e-12 and high - low < 1e300:
            self.scales_by_hand[key] = (low, high)
            self.touch()

    def auto_axis(self, key: tuple[int, bool] | None = None) -> None:
        """Fit one axis, or all, to what is shown."""
        if key is None:
            self.scales_by_hand.clear()
            self.scales.clear()
        else:
            self.scales_by_hand.pop(key, None)
            self.scales.pop(key, None)
        self.touch()

    # Cursors.

    def place_cursors(self) -> None:
        """Put cursors that are nowhere in view at a third and two thirds of it."""
        end = min(self.right_ns, self.now_ns)
        for index, share in ((0, 1 / 3), (1, 2 / 3)):
            time_ns = self.cursors[index]
            if time_ns is None or not self.left_ns <= time_ns <= self.right_ns:
                self.cursors[index] = self._snap(round(self.left_ns + (end - self.left_ns) * share))
        self.touch()

    def move_cursor(self, index: int, time_ns: int, *, snap: bool = True) -> None:
        """Put a cursor at a time; snapped to the selected curve's nearest sample."""
        self.active = index
        self.cursors[index] = self._snap(min(time_ns, self.now_ns)) if snap else time_ns
        self.touch()

    def step_cursor(self, samples: int) -> None:
        """Move the active cursor by samples of the selected curve."""
        time_ns = self.cursors[self.active]
        if time_ns is None:
            return
        moved = self.selected.curve.sample_time(time_ns, samples) if self.selected else None
        self.cursors[self.active] = time_ns if moved is None else moved
        self.touch()

    def _snap(self, time_ns: int) -> int:
        """The nearest sample, if it is within a hundredth of the window."""
        near = self.selected.curve.sample_time(time_ns) if self.selected else None
        if near is None or abs(near - time_ns) > self.span_ns // 100:
            return time_ns
        return near

    @property
    def cursor_span(self) -> tuple[int, int] | None:
        """A and B in order of time, when both are placed and on."""
        first, second = self.cursors
        if not self.cursors_on or first is None or second is None:
            return None
        return min(first, second), max(first, second)

    @property
    def statistics_span(self) -> tuple[int, int]:
        """From A to B, or what is in view."""
        return self.cursor_span or (self.left_ns, min(self.right_ns, self.now_ns))

    def statistics(self, pen: TrendPen) -> Statistics:
        start, end = self.statistics_span
        return pen.curve.statistics(start, max(min(end, self.now_ns), start + 1))


def _without_hidden(found: Arrangement) -> Arrangement:
    """Hidden pens keep their place: showing one again moves no other."""
    for pane in found.panes:
        for axis in pane.axes:
            axis.pens = [pen for pen in axis.pens if pen.visible]
    found.panes = [pane for pane in found.panes if any(axis.pens for axis in pane.axes)]
    found.lanes = [pen for pen in found.lanes if pen.visible]
    return found


def _split(panes: list[Pane]) -> list[Pane]:
    """One axis a pane."""
    axes = [axis for pane in panes for axis in pane.axes if axis.pens]
    for axis in axes:
        axis.left = True
    return [Pane(number, axis) for number, axis in enumerate(axes)]
