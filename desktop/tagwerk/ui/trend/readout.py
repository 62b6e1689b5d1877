"""What the cursors say: the box with Δt and Δy, and where it goes; texts shared with the legend."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF

from tagwerk.domain.text import EM_DASH, MINUS, THIN_SPACE, NumberStyle, format_number, format_value
from tagwerk.domain.values import QualityLevel
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import clock_text
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.knowledge import cause_text
from tagwerk.ui.trend.model import TrendModel


class CursorBox(NamedTuple):
    """Box and arrow between the cursors."""

    rect: QRectF
    arrow: QLineF
    lines: list[tuple[str, str]]


def difference_text(duration_ns: int, style: NumberStyle) -> str:
    """``2 min 41.200 s``, ``12.400 s``, ``1 h 2 min 0.000 s``, with its sign when negative."""
    sign = MINUS if duration_ns < 0 else ""
    millis = round(abs(duration_ns) / 1e6)
    minutes, millis = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [
        f"{count}{THIN_SPACE}{unit}"
        for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"))
        if count
    ]
    seconds = f"{millis / 1000:.3f}".replace(".", style.decimal)
    return sign + " ".join([*parts, f"{seconds}{THIN_SPACE}s"])


def number_text(pen: TrendPen, number: float | None) -> str:
    """A curve's number as the tag shows its values; a dash for none."""
    return (
        EM_DASH if number is None else format_value(pen.value_of(number), pen.info, number_style())
    )


def average_text(pen: TrendPen, number: float | None) -> str:
    """An average has a fraction even where the tag has none."""
    if number is None:
        return EM_DASH
    decimals = pen.info.decimals
    if not decimals and (decimals == 0 or pen.step):
        decimals = 2
    return format_number(float(number), decimals, number_style())


def change_text(pen: TrendPen, first: float | None, second: float | None) -> str:
    """B − A with its sign."""
    if first is None or second is None:
        return EM_DASH
    change = second - first
    text = format_number(float(change), _places(pen, first, second), number_style())
    return f"+{text}" if change > 0 and any(c in text for c in "123456789") else text


def _places(pen: TrendPen, first: float, second: float) -> int | None:
    if pen.info.decimals is not None:
        return pen.info.decimals
    return 0 if first.is_integer() and second.is_integer() else None


def readings(model: TrendModel, pen: TrendPen) -> tuple[float | None, float | None]:
    """What stood at A and at B."""
    found = []
    for time_ns in model.cursors:
        reading = None if time_ns is None else pen.curve.value_at(min(time_ns, model.now_ns))
        found.append(None if reading is None else reading.value)
    return found[0], found[1]


def reading_text(pen: TrendPen, time_ns: int) -> str:
    """What stood at a moment, since exactly when, and its quality unless that is good:
    ``22.02 °C  since 13:50:12.000``."""
    reading = pen.curve.value_at(time_ns)
    if reading is None:
        holes = pen.curve.holes(time_ns, time_ns + 1)
        return cause_text(holes[0].cause) if holes else EM_DASH
    parts = [f"{number_text(pen, reading.value)} {pen.info.unit}".strip()]
    parts.append(tr("since {time}", time=clock_text(reading.time_ns, millis=True)))
    quality = reading.quality
    if quality.level is not QualityLevel.GOOD:
        words = (quality.level.value, quality.sub_status)
        parts.append(" ".join(words).replace("_", " ").strip().lower())
    return "  ".join(parts)


def moment_text(model: TrendModel, time_ns: int) -> str:
    """All curves at a moment, one to a line, below its time."""
    if time_ns > model.now_ns:
        return ""
    lines = [f"{pen.label}  {reading_text(pen, time_ns)}" for pen in model.pens if pen.visible]
    return "\n".join([clock_text(time_ns, millis=True), *lines]) if lines else ""


def _below_lanes(geometry: Geometry) -> QRectF:
    """Where the box goes when there are lanes only: under them, if there is room."""
    lanes = geometry.lane_box
    free = QRectF(lanes.left(), lanes.bottom(), lanes.width(), theme().px(48))
    return free if free.bottom() <= geometry.ribbon.top() else lanes


def cursor_box(model: TrendModel, geometry: Geometry) -> CursorBox | None:
    """Beside B, or between A and B where it fits; None unless both are placed."""
    first, second = model.cursors
    if first is None or second is None or not (geometry.panes or geometry.lanes):
        return None
    px, style = theme().px, number_style()
    lines = [("Δt", difference_text(second - first, style))]
    pen = model.selected
    if pen is not None and not pen.is_lane:
        text = change_text(pen, *readings(model, pen))
        unit = f" {pen.info.unit}" if pen.info.unit and text != EM_DASH else ""
        lines.append((tr("Δy {pen}", pen=pen.label), text + unit))
    width = px(24) + max(
        theme().metrics(11).horizontalAdvance(name)
        + px(16)
        + theme().metrics(12, 600).horizontalAdvance(text)
        for name, text in lines
    )
    height = px(8) + px(16) * len(lines)
    plot = geometry.plot
    pane = geometry.panes[0][1] if geometry.panes else _below_lanes(geometry)
    ends = sorted(min(max(geometry.time.x(t), plot.left()), plot.right()) for t in (first, second))
    y = min(pane.bottom() - px(28), pane.top() + pane.height() * 0.85)
    y = float(int(y)) + 0.5
    top = min(y - height / 2, pane.bottom() - height - px(4))
    x = ends[1] + px(10)
    if x + width > plot.right():
        x = ends[0] - px(10) - width
        if x < plot.left():
            x = max((ends[0] + ends[1] - width) / 2, plot.left() + px(4))
            top -= px(24)
    arrow = QLineF(QPointF(ends[0], y), QPointF(ends[1], y))
    return CursorBox(QRectF(x, top, width, height), arrow, lines)
