"""Colours of an alarm's state–priority–class block: the server's, the fallback's, or greys.

The server's colours are never altered by the theme. Flashing is a change between filled and
framed; a lost link takes the fill away and leaves a bar of the colour on the hatch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tagwerk.domain.alarms import Alarm, AlarmState
from tagwerk.resources import resource
from tagwerk.store.alarms import HIGH_PRIORITY

FLASH_PHASE_NS = 500_000_000
"""Each of the two phases: 1 Hz, well below the 2 Hz that nobody may exceed."""
_MEDIUM_PRIORITY = 6


class Colors(Enum):
    """Where the colours come from. The values are remembered between runs."""

    SERVER = "server"
    GREY = "isa101"


# Raised back, text, acknowledged back; by the lowest priority of the band.
_FALLBACK = (
    (HIGH_PRIORITY, "#D0021B", "#FFFFFF", "#F4B6BC"),
    (_MEDIUM_PRIORITY, "#FFE100", "#000000", "#FFF3A6"),
    (1, "#B8D4F0", "#000000", "#DCE9F6"),
    (0, "#E3E6E9", "#1B1F24", "#F1F2F4"),
)
_GREY_HIGH, _GREY_OTHER, _GREY_DONE = "#3A4047", "#6B757F", "#DADDE1"
_DARK_INK = "#1B1F24"


@dataclass(frozen=True, slots=True)
class BlockLook:
    """How a block is painted.

    Args:
        color: fill, or frame and bar.
        text: for text and icon on it; None takes the table's own text colour.
        filled: the whole block in `color`; else a 2 px frame and a 6 px bar.
        hatched: no knowledge: hatch with the bar, no frame.
    """

    color: QColor
    text: QColor | None
    filled: bool
    hatched: bool = False


def flash_phase(now_ns: int) -> bool:
    """True in the framed half of each second: one clock for all rows, so that they keep step."""
    return (now_ns // FLASH_PHASE_NS) % 2 == 1


def is_flashing(alarm: Alarm) -> bool:
    """Whether the server wants it to flash; without its colours, whoever waits for acknowledge."""
    return alarm.flashing or (not alarm.back_color and alarm.needs_acknowledgement)


def state_icon(alarm: Alarm) -> str:
    """Lucide name of the state's icon: the shape that goes with the colour."""
    if alarm.needs_acknowledgement:
        return "bell-ring" if alarm.is_standing else "bell"
    if alarm.needs_reset:
        return "rotate-ccw"
    if alarm.acknowledge_time_ns is not None or "ACKNOWLEDGED" in alarm.state.value:
        return "check"
    if alarm.state is AlarmState.UNKNOWN:
        return "circle-question-mark"
    return "info"


def block_look(alarm: Alarm, colors: Colors, *, framed: bool, stale: bool) -> BlockLook:
    """The look of one block.

    Args:
        framed: the flashing is in its framed phase (and switched on).
        stale: the link is lost.
    """
    acknowledged = not alarm.needs_acknowledgement
    return _look(
        colors,
        alarm.back_color,
        alarm.text_color,
        alarm.priority,
        acknowledged,
        not alarm.is_standing and not alarm.is_gone,
        framed and is_flashing(alarm),
        stale,
    )


@lru_cache(maxsize=1024)
def _look(
    colors: Colors,
    back: str,
    ink: str,
    priority: int,
    acknowledged: bool,
    cleared: bool,
    framed: bool,
    stale: bool,
) -> BlockLook:
    frame_always = False
    if colors is Colors.GREY:
        if acknowledged:
            back, ink = _GREY_DONE, _DARK_INK
        else:
            back, ink = (_GREY_HIGH if priority >= HIGH_PRIORITY else _GREY_OTHER), "#FFFFFF"
    elif not back:
        _, raised, raised_ink, done = next(
            row for row in _FALLBACK if priority >= row[0] or not row[0]
        )
        frame_always = cleared
        back = done if acknowledged and not cleared else raised
        ink = _DARK_INK if acknowledged else raised_ink
    color = QColor(back)
    if stale:
        return BlockLook(color, None, filled=False, hatched=True)
    if framed or frame_always:
        return BlockLook(color, None, filled=False)
    return BlockLook(color, QColor(ink) if ink else readable_on(color), filled=True)


def readable_on(back: QColor) -> QColor:
    """Black or white, whichever contrasts more."""
    light = 0.2126 * _linear(back.redF()) + 0.7152 * _linear(back.greenF())
    light += 0.0722 * _linear(back.blueF())
    return QColor("#000000") if light > 0.179 else QColor("#FFFFFF")


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


@lru_cache(maxsize=256)
def tinted_pixmap(name: str, color: str, size: int, scale: float) -> QPixmap:
    """A Lucide icon in any colour, since a server's text colour is no role of the theme.

    Args:
        name: Lucide file name.
        color: ``#RRGGBB``.
        size: device-independent pixels.
        scale: device pixel ratio of the target.
    """
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    svg = svg.replace("currentColor", color).replace('stroke-width="2"', 'stroke-width="1.75"')
    pixmap = QPixmap(round(size * scale), round(size * scale))
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        QSvgRenderer(QByteArray(svg.encode())).render(painter)
    pixmap.setDevicePixelRatio(scale)
    return pixmap
