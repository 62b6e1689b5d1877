"""Alarms and writes as marks of the event lane. No painting; fed by the panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tagwerk.domain.alarms import Alarm, AlarmKey
from tagwerk.domain.tags import TagInfo, split_name
from tagwerk.domain.text import format_value
from tagwerk.domain.values import Value
from tagwerk.ui.clock import is_due
from tagwerk.ui.i18n import number_style
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.model import Mark
from tagwerk.write.request import PastWrite

MOST_ALARMS = 2_000
ALARMS_A_LOOK = 2_000
LOOK_EVERY_NS = 1_000_000_000
_FALLBACK = ((11, "#D0021B"), (6, "#FFE100"), (1, "#B8D4F0"), (0, "#E3E6E9"))


def alarm_object(alarm: Alarm) -> str:
    """What the alarm is about: the structure of its trigger tag, else of the alarm itself."""
    path = split_name(alarm.trigger_tag or alarm.name).path
    return ".".join(path[:-1]) or ".".join(path)


def alarm_color(alarm: Alarm) -> str:
    """The server's colour, else the design's by priority."""
    if alarm.back_color:
        return alarm.back_color
    return next(color for priority, color in _FALLBACK if alarm.priority >= priority)


class SeenAlarms:
    """Raised alarms that were seen active or read from the log, by instance; the newest
    `MOST_ALARMS`.

    A store of a hundred thousand alarms that changes a thousand times a second is looked at in
    slices, one a frame, and not more often than once a second.
    """

    def __init__(self) -> None:
        self._alarms: dict[AlarmKey, Alarm] = {}
        self._logged: dict[AlarmKey, Alarm] = {}
        self._waiting: list[Alarm] = []
        self._has_news = False
        self._looked_at_ns = 0
        self._oldest_ns = 0
        self.version = 0

    def clear(self) -> None:
        self._alarms.clear()
        self._logged.clear()
        self._waiting.clear()
        self._has_news = False
        self._looked_at_ns = self._oldest_ns = 0
        self.version += 1

    def announce(self) -> None:
        """The store changed; `look` takes it from there."""
        self._has_news = True

    def look(self, alarms: Iterable[Alarm], now_ns: int) -> None:
        """Once a frame: the next slice, if something is announced."""
        if not self._waiting:
            if not self._has_news or not is_due(now_ns, self._looked_at_ns, LOOK_EVERY_NS):
                return
            self._has_news, self._looked_at_ns = False, now_ns
            self._waiting = list(alarms)
        self.put(self._waiting[-ALARMS_A_LOOK:])
        del self._waiting[-ALARMS_A_LOOK:]

    def put(self, alarms: Iterable[Alarm]) -> None:
        """Keep each alarm once; the oldest go when there are too many."""
        for alarm in alarms:
            if alarm.raise_time_ns is None or alarm.raise_time_ns < self._oldest_ns:
                continue
            if alarm.key not in self._alarms:
                self._alarms[alarm.key] = alarm
                self.version += 1
        if len(self._alarms) > MOST_ALARMS:
            newest = sorted(self._alarms.values(), key=lambda alarm: alarm.raise_time_ns or 0)
            newest = newest[-MOST_ALARMS * 3 // 4 :]
            self._alarms = {alarm.key: alarm for alarm in newest}
            # Older ones would only push each other out again.
            self._oldest_ns = newest[0].raise_time_ns or 0

    def put_logged(self, alarms: Iterable[Alarm]) -> None:
        """What the log tells of a stretch of the past, however old; the first read go first."""
        for alarm in alarms:
            if alarm.raise_time_ns is not None and alarm.key not in self._logged:
                self._logged[alarm.key] = alarm
                self.version += 1
        while len(self._logged) > MOST_ALARMS:
            del self._logged[next(iter(self._logged))]

    def marks(self, pens: Sequence[TrendPen]) -> list[Mark]:
        """Those of the objects that the pens show."""
        objects = {pen.parent or pen.label for pen in pens}
        names = {pen.name for pen in pens}
        found = []
        for alarm in (self._logged | self._alarms).values():
            if alarm.trigger_tag in names or alarm_object(alarm) in objects:
                text = alarm.text or alarm.name
                found.append(Mark(alarm.raise_time_ns or 0, True, "", text, alarm_color(alarm)))
        return found


def write_marks(pens: Sequence[TrendPen], history: Iterable[PastWrite]) -> list[Mark]:
    """Writes to the pens' tags that reached the plant or may have."""
    infos = {pen.name: pen.info for pen in pens}
    return [
        Mark(past.at_ns, False, change_text(infos[past.name], past.old, past.value),
             f"{past.name} {change_text(infos[past.name], past.old, past.value)}")
        for past in history
        if past.name in infos and past.outcome.may_have_changed_the_plant
    ]  # fmt: skip


def change_text(info: TagInfo, old: Value, new: Value) -> str:
    """``18.0 → 22.0 °C``."""
    style = number_style()
    text = f"{format_value(old, info, style)} → {format_value(new, info, style)}"
    return f"{text} {info.unit}" if info.unit else text
