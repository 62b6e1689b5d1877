"""Where the ticks of an axis are: round numbers for values, round local times for time. No painting.

Time ticks are found in UTC and judged by the local clock, so that a day with 23 or 25 hours has
each of its hours, once or twice, and none that it has not.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import NamedTuple

from tagwerk.domain.local_time import moment_in
from tagwerk.domain.text import NumberStyle, format_number

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

_TIME_STEPS_NS = tuple(
    [n * 1_000_000 for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)]
    + [n * SECOND_NS for n in (1, 2, 5, 10, 15, 30)]
    + [n * MINUTE_NS for n in (1, 2, 5, 10, 15, 30)]
    + [n * HOUR_NS for n in (1, 2, 3, 6, 12)]
    + [n * DAY_NS for n in (1, 2, 5, 10)]
)
_ZONE_GRID_NS = 15 * MINUTE_NS
"""All zones are a multiple of a quarter of an hour from UTC."""
_FULL_RANGE = 0.4
"""Values that use this much of the tag's own range are shown on all of it."""


class TimeTick(NamedTuple):
    """`strong` ticks begin a day or a new offset from UTC and say so."""

    time_ns: int
    text: str
    strong: bool = False


def local_time(time_ns: int, zone: dt.tzinfo | None = None) -> dt.datetime:
    """The moment in `zone`, None for this computer's, to the microsecond."""
    seconds, rest = divmod(time_ns, SECOND_NS)
    return moment_in(seconds, zone).replace(microsecond=rest // 1000)


def offset_text(time_ns: int, zone: dt.tzinfo | None = None) -> str:
    """``UTC+2``, ``UTC−3:30``, ``UTC``."""
    offset = local_time(time_ns, zone).utcoffset() or dt.timedelta()
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def clock_text(time_ns: int, zone: dt.tzinfo | None = None, *, millis: bool = False) -> str:
    """``14:09:20`` or ``14:09:20.000`` in local time."""
    text = local_time(time_ns, zone).strftime("%H:%M:%S")
    return f"{text}.{time_ns // 1_000_000 % 1000:03d}" if millis else text


def duration_text(duration_ns: int) -> str:
    """``1:14``, ``2:05:00``: minutes and seconds, hours when there are any."""
    seconds = max(round(duration_ns / SECOND_NS), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def time_step(span_ns: int, most: int) -> int:
    """The finest round step that has at most `most` ticks in the span."""
    for step in _TIME_STEPS_NS:
        if span_ns <= step * most:
            return step
    return _TIME_STEPS_NS[-1]


def time_ticks(
    start_ns: int, end_ns: int, step_ns: int, zone: dt.tzinfo | None = None
) -> list[TimeTick]:
    """Ticks at round local times, rising. `zone` None is this computer's."""
    grid = min(step_ns, _ZONE_GRID_NS)
    ticks: list[TimeTick] = []
    before: dt.timedelta | None = None
    time_ns = -(-start_ns // grid) * grid
    if step_ns > grid:
        before = local_time(time_ns - grid, zone).utcoffset()
    while time_ns <= end_ns:
        local = local_time(time_ns, zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        into_day = (
            (local.hour * 60 + local.minute) * 60 + local.second
        ) * SECOND_NS + time_ns % SECOND_NS
        offset = local.utcoffset()
        changed = before is not None and offset != before
        before = offset
        if step_ns >= DAY_NS:
            on_step = not into_day and midnight.toordinal() % (step_ns // DAY_NS) == 0
        else:
            on_step = into_day % step_ns == 0
        if changed:
            text = f"{local:%H:%M} {offset_text(time_ns, zone)}"
            ticks.append(TimeTick(time_ns, text, strong=True))
        elif on_step:
            ticks.append(_tick(time_ns, local, step_ns, into_day == 0))
        time_ns += grid
    return ticks


def _tick(time_ns: int, local: dt.datetime, step_ns: int, is_midnight: bool) -> TimeTick:
    if is_midnight:
        return TimeTick(time_ns, f"{local:%Y-%m-%d}", strong=True)
    if step_ns < SECOND_NS:
        return TimeTick(time_ns, f"{local:%H:%M:%S}.{time_ns // 1_000_000 % 1000:03d}")
    return TimeTick(time_ns, f"{local:%H:%M:%S}" if step_ns < 10 * MINUTE_NS else f"{local:%H:%M}")


# Values.

_SMALLEST_SPAN = 1e-100
"""Values closer together than this are one value; steps of a hundredth of it could not be counted."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A value axis: its ends and the distance of its ticks."""

    low: float
    high: float
    step: float

    @property
    def decimals(self) -> int:
        return max(0, -math.floor(math.log10(self.step) + 1e-9))

    def ticks(self) -> list[float]:
        """Round numbers from low to high."""
        first = math.ceil(self.low / self.step - 1e-6)
        last = math.floor(self.high / self.step + 1e-6)
        return [index * self.step for index in range(first, min(last, first + 50) + 1)]

    def text(self, value: float, style: NumberStyle) -> str:
        if self.step >= 1e7 or self.step < 1e-6:
            return f"{value:.3g}".replace(".", style.decimal).replace("-", "\N{MINUS SIGN}")
        return format_number(float(value), self.decimals, style)

    def contains(self, low: float, high: float) -> bool:
        return self.low <= low and high <= self.high


def round_step(span: float, most: int) -> float:
    """1, 2 or 5 times a power of ten, so that at most `most` steps fit into the span."""
    if span <= 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5, 10):
        if factor * power >= raw * (1 - 1e-9):
            return factor * power
    return 10 * power


def fixed_scale(low: float, high: float, most: int) -> Scale:
    """Exactly this range, round ticks inside."""
    if not high > low:
        low, high = low - 0.5, high + 0.5
    for count in range(most, 2, -1):
        step = (high - low) / count
        lead = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
        if any(abs(lead - nice) < 1e-6 for nice in (1, 2, 4, 5)) and _is_multiple(low, step):
            return Scale(low, high, step)
    return Scale(low, high, round_step(high - low, most))


def _is_multiple(value: float, step: float) -> bool:
    return abs(value / step - round(value / step)) < 1e-6


def auto_scale(
    low: float,
    high: float,
    most: int,
    *,
    range_low: float | None = None,
    range_high: float | None = None,
    previous: Scale | None = None,
    smallest: float = 0.0,
) -> Scale:
    """A round range around what is shown; the old one while it still fits well.

    Args:
        low, high: extremes of the curves; NaN when there are none.
        most: ticks that fit.
        range_low, range_high: the tags' own range; taken whole when much of it is used.
        previous: what is shown now; kept while the curves fill a third of it, so that the axis
            does not jump at each frame.
        smallest: never show less than this, so that the last digit's noise is not a mountain.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        if range_low is not None and range_high is not None and range_high > range_low:
            return fixed_scale(range_low, range_high, most)
        return previous or Scale(0.0, 1.0, 0.2)
    if range_low is not None and range_high is not None and range_high > range_low:
        whole = range_high - range_low
        if range_low <= low and high <= range_high and high - low >= _FULL_RANGE * whole:
            return fixed_scale(range_low, range_high, most)
    span = max(high - low, smallest, abs(high) * 1e-9)
    if high == low and smallest <= 0:
        # A value that never changed has no scale of its own: room around it for its next step.
        span = abs(high) * 0.4
    if span < _SMALLEST_SPAN:
        span = 1.0
    if (
        previous is not None
        and previous.contains(low, high)
        and span * 3 >= previous.high - previous.low
        # In a pane that was made lower its ticks would stand in one another.
        and previous.high - previous.low <= previous.step * (most + 1.001)
    ):
        return previous
    middle = (low + high) / 2
    low, high = min(low, middle - span / 2), max(high, middle + span / 2)
    margin = span * 0.08
    step = round_step(span + 2 * margin, max(most - 1, 1))
    bottom = math.floor((low - margin) / step + 1e-9) * step
    top = math.ceil((high + margin) / step - 1e-9) * step
    if bottom < 0 <= low:
        bottom = 0.0
    if top <= bottom:
        top = bottom + step
    return Scale(bottom, top, step)
