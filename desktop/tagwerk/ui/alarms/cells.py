"""What stands in the cells of the alarm table: columns, and texts made once for each alarm.

The table's painter, copying, tooltips, exports and screen readers all take their texts from here,
so that they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tagwerk.domain.alarms import Alarm, AlarmState
from tagwerk.domain.tags import TagInfo, short_name
from tagwerk.domain.text import EM_DASH, NumberStyle, format_time, format_value
from tagwerk.store.alarm_order import SortBy
from tagwerk.ui.i18n import number_style, tr

if TYPE_CHECKING:
    from tagwerk.plant import Plant

_SECOND_NS = 1_000_000_000
_CACHED_ALARMS = 4096


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        by: what it shows and sorts by.
        title: English.
        width: at normal density, in pixels.
        right: numbers and durations stand right.
        hidden: not shown until asked for.
        drop: which columns give way first when the window is narrow; 0 never does.
    """

    by: SortBy
    title: str
    width: int
    right: bool = False
    hidden: bool = False
    drop: int = 0


COLUMNS = (
    Column(SortBy.STATE, "State", 222),
    Column(SortBy.PRIORITY, "Prio", 40, right=True),
    Column(SortBy.CLASS, "Class", 94),
    Column(SortBy.RAISED, "Raised", 184),
    Column(SortBy.TEXT, "Text", 340),
    Column(SortBy.VALUE, "Value", 100, right=True, drop=1),
    Column(SortBy.AREA, "Area", 90, drop=2),
    Column(SortBy.TRIGGER, "Trigger tag", 160, drop=6),
    Column(SortBy.CLEARED, "Cleared", 108, drop=3),
    Column(SortBy.ACKNOWLEDGED, "Acknowledged", 164, drop=4),
    Column(SortBy.STANDS_FOR, "Stands for", 96, right=True, drop=5),
    Column(SortBy.CHANGED, "Changed", 184, hidden=True),
    Column(SortBy.NAME, "Alarm", 220, hidden=True),
    Column(SortBy.ORIGIN, "Origin", 120, hidden=True),
)
INDEX = {column.by: index for index, column in enumerate(COLUMNS)}
BLOCK = frozenset({INDEX[SortBy.STATE], INDEX[SortBy.PRIORITY], INDEX[SortBy.CLASS]})
"""Columns that lie on the colour block."""
TEXT_COLUMN = INDEX[SortBy.TEXT]

_STATES = {
    AlarmState.NORMAL: "Normal",
    AlarmState.RAISED: "Raised",
    AlarmState.RAISED_CLEARED: "Raised, cleared",
    AlarmState.RAISED_ACKNOWLEDGED: "Raised, acknowledged",
    AlarmState.RAISED_ACKNOWLEDGED_CLEARED: "Raised, acknowledged, cleared",
    AlarmState.RAISED_CLEARED_ACKNOWLEDGED: "Raised, cleared, acknowledged",
    AlarmState.REMOVED: "Removed",
}


def state_text(alarm: Alarm) -> str:
    """The server's own words for the state, else ours, else the word that nobody knows."""
    if alarm.state_text:
        return alarm.state_text
    known = _STATES.get(alarm.state)
    return tr(known) if known else alarm.state_word


def class_text(alarm: Alarm) -> str:
    """The class by name, by its symbol where it has no name."""
    return alarm.class_name or alarm.class_symbol


def durations_until_ns(plant: Plant) -> int:
    """Until when it is known that an alarm stands, by the server's clock: until now, or until its
    last sign of life."""
    until_ns = plant.alarms.stale_since_ns or plant.clock_ns()
    return until_ns + plant.trends.skew_ns


def stood_ns(alarm: Alarm, now_ns: int) -> int | None:
    """How long it stood, or has been standing until now."""
    if alarm.raise_time_ns is None:
        return None
    ended = alarm.clear_time_ns if not alarm.is_standing else None
    return max((ended if ended is not None else now_ns) - alarm.raise_time_ns, 0)


def is_ageing(alarm: Alarm) -> bool:
    """Whether `stood_ns` follows the clock: it stands, or nobody told when it was cleared."""
    return alarm.is_standing or alarm.clear_time_ns is None


def duration_text(span_ns: int, style: NumberStyle | None = None) -> str:
    """``10.0 s``, ``1 min 25 s``, ``1 h 56 min``, ``3 d 4 h``."""
    seconds = span_ns / _SECOND_NS
    if seconds < 60:
        shown = min(seconds, 59.9)
        return f"{shown:.1f}".replace(".", (style or number_style()).decimal) + " s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def local_time(time_ns: int | None) -> str:
    """Date and time of this computer's zone, or a dash."""
    if time_ns is None:
        return EM_DASH
    seconds, rest = divmod(time_ns, _SECOND_NS)
    return f"{_local_second(seconds)}.{rest // 1_000_000:03d}"


@lru_cache(maxsize=512)
def _local_second(seconds: int) -> str:
    """To the second: in a flood hundreds of alarms share it, and finding the zone's offset costs
    more than the rest of the text."""
    return format_time(seconds * _SECOND_NS, zone=None)[:-4]


def clock_time(time_ns: int | None, near_ns: int | None) -> str:
    """Only the time when it is the same local day as `near_ns`, else date and time."""
    if time_ns is None:
        return EM_DASH
    full = local_time(time_ns)
    if near_ns is not None and full[:10] == local_time(near_ns)[:10]:
        return full[11:]
    return full


def no_info(name: str) -> TagInfo:
    """Nothing is known about a tag but its name."""
    return TagInfo(name)


class _Texts(dict[SortBy, str]):
    """Texts of one alarm, made when they are asked for first."""

    __slots__ = ("_make", "alarm")

    def __init__(self, alarm: Alarm, make: Callable[[Alarm, SortBy], str]) -> None:
        super().__init__()
        self.alarm = alarm
        self._make = make

    def __missing__(self, by: SortBy) -> str:
        text = self[by] = self._make(self.alarm, by) or EM_DASH
        return text


class CellTexts:
    """Makes and remembers the texts of alarms.

    Args:
        info: what is known of a trigger tag, for the unit and the texts of its value.
    """

    def __init__(self, info: Callable[[str], TagInfo] = no_info) -> None:
        self.info = info
        self._made: dict[int, _Texts] = {}
        self._infos: dict[str, TagInfo] = {}
        self.version = 0
        """Grows when texts that were given out are no longer right."""

    def forget(self) -> None:
        """Language, number style or tag information changed."""
        self._made.clear()
        self._infos.clear()
        self.version += 1

    def of(self, number: int, alarm: Alarm) -> Mapping[SortBy, str]:
        """The texts of an alarm by column, each made when it is asked for first; without "stands
        for", which is another each second."""
        kept = self._made.get(number)
        if kept is None or kept.alarm is not alarm:
            if len(self._made) >= _CACHED_ALARMS:
                self._made.clear()
            kept = self._made[number] = _Texts(alarm, self.make)
        return kept

    def text(self, number: int, alarm: Alarm, by: SortBy, now_ns: int) -> str:
        """The text of one cell; only "stands for" depends on `now_ns`."""
        if by is SortBy.STANDS_FOR:
            stood = stood_ns(alarm, now_ns)
            return EM_DASH if stood is None else duration_text(stood)
        return self.of(number, alarm)[by]

    def make(self, alarm: Alarm, by: SortBy) -> str:
        """The text anew; "" where there is none."""
        if by is SortBy.VALUE:
            return self.value_text(alarm)
        maker = _MAKERS.get(by)
        return maker(alarm) if maker is not None else ""

    def value_text(self, alarm: Alarm) -> str:
        """The alarm's value with the unit of its trigger tag."""
        if alarm.value is None or alarm.value == "":
            return EM_DASH
        info = self._info(alarm.trigger_tag) if alarm.trigger_tag else None
        text = format_value(alarm.value, info, number_style())
        is_number = isinstance(alarm.value, (int, float)) and not isinstance(alarm.value, bool)
        if info is not None and info.unit and is_number and not info.texts:
            return f"{text} {info.unit}"
        return text

    def _info(self, name: str) -> TagInfo:
        """Kept: an alarm that is raised again and again asks for the same."""
        found = self._infos.get(name)
        if found is None:
            if len(self._infos) >= _CACHED_ALARMS:
                self._infos.clear()
            found = self._infos[name] = self.info(name)
        return found


def acknowledged_text(alarm: Alarm) -> str:
    """Who acknowledged it and when: ``k.vogt 13:44:52``."""
    if alarm.acknowledge_time_ns is None:
        return EM_DASH
    when = clock_time(alarm.acknowledge_time_ns, alarm.raise_time_ns).partition(".")[0]
    return f"{alarm.user_name} {when}".strip()


def tooltip(alarm: Alarm) -> str:
    """The whole text and the server's info text, for hovering."""
    parts = [alarm.text, alarm.info_text, short_name(alarm.name)]
    return "\n".join(part for part in parts if part)


_MAKERS: dict[SortBy, Callable[[Alarm], str]] = {
    SortBy.STATE: state_text,
    SortBy.PRIORITY: lambda alarm: str(alarm.priority),
    SortBy.CLASS: class_text,
    SortBy.RAISED: lambda alarm: local_time(alarm.raise_time_ns),
    SortBy.TEXT: lambda alarm: " ".join(alarm.text.split()) or short_name(alarm.name),
    SortBy.AREA: lambda alarm: alarm.area,
    SortBy.TRIGGER: lambda alarm: short_name(alarm.trigger_tag),
    SortBy.CLEARED: lambda alarm: clock_time(alarm.clear_time_ns, alarm.raise_time_ns),
    SortBy.ACKNOWLEDGED: acknowledged_text,
    SortBy.CHANGED: lambda alarm: local_time(alarm.modification_time_ns),
    SortBy.NAME: lambda alarm: short_name(alarm.name),
    SortBy.ORIGIN: lambda alarm: alarm.origin,
}
"""What makes the text of a column; the value's is made by `CellTexts`, which knows the unit."""
