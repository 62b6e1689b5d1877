"""What a list of alarms shows and how it is sorted: filters, columns to sort by, sort keys.

Pure functions over one alarm at a time; which alarms there are and their order is `alarm_view`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.tags import short_name
from tagwerk.domain.values import Value
from tagwerk.store.blocks import Entry


class SortBy(Enum):
    """What an order can be sorted by; the values are stable, they are remembered between runs."""

    STATE = "state"
    PRIORITY = "priority"
    CLASS = "class"
    RAISED = "raised"
    TEXT = "text"
    VALUE = "value"
    AREA = "area"
    TRIGGER = "trigger"
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    STANDS_FOR = "stands_for"
    CHANGED = "changed"
    NAME = "name"
    ORIGIN = "origin"

    # Texts of cells are kept by it and looked up thousands of times a second: a member is one
    # object, and Enum's own hash is a Python function.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """What a view shows. The default is every alarm that is not shelved.

    Args:
        text: words that must all occur in tag, text, area or class, whatever their case.
        unacknowledged: only those that wait for acknowledge.
        priority_min: only this priority and above; 0 is all.
        areas: only these areas; empty is all.
        shelved: only the shelved ones (True), or all but them (False); None is both.
    """

    text: str = ""
    unacknowledged: bool = False
    priority_min: int = 0
    areas: frozenset[str] = frozenset()
    shelved: bool | None = False


def search_text(alarm: Alarm) -> str:
    """What the text filter looks through, casefolded."""
    return "\n".join(
        (
            alarm.text,
            short_name(alarm.trigger_tag),
            short_name(alarm.name),
            alarm.area,
            alarm.class_name,
            alarm.class_symbol,
        )
    ).casefold()


def narrows(new: AlarmFilter, old: AlarmFilter) -> bool:
    """True when whatever passes `new` has passed `old`: typing on in a search, one more chip."""
    return (
        (old.shelved is None or new.shelved is old.shelved)
        and new.priority_min >= old.priority_min
        and new.unacknowledged >= old.unacknowledged
        and (not old.areas or (bool(new.areas) and new.areas <= old.areas))
        and all(
            any(word in longer for longer in new.text.casefold().split())
            for word in old.text.casefold().split()
        )
    )


def matches(alarm: Alarm, wanted: AlarmFilter) -> bool:
    """Whether the filter lets the alarm through."""
    if not passes(alarm, wanted):
        return False
    words = wanted.text.casefold().split()
    if not words:
        return True
    hay = search_text(alarm)
    return all(word in hay for word in words)


def passes(alarm: Alarm, wanted: AlarmFilter) -> bool:
    """`matches` without the words."""
    if wanted.shelved is not None and alarm.is_shelved is not wanted.shelved:
        return False
    if alarm.priority < wanted.priority_min:
        return False
    if wanted.areas and alarm.area not in wanted.areas:
        return False
    return not wanted.unacknowledged or alarm.needs_acknowledgement


def _stood_ns(alarm: Alarm) -> int | None:
    """How long it stood, or has stood when it still does: as minus the raise time plus a constant.

    Standing alarms grow older all at the same pace, so among themselves the raise time gives the
    order; they come after all that ended, since theirs is not over.
    """
    if alarm.raise_time_ns is None:
        return None
    if alarm.clear_time_ns is not None and not alarm.is_standing:
        return alarm.clear_time_ns - alarm.raise_time_ns
    return 10**21 - alarm.raise_time_ns


# A text sorts without regard to case; equal texts are parted by time and number afterwards.
_COLUMNS: dict[SortBy, Callable[[Alarm], Any]] = {
    SortBy.STATE: lambda alarm: (alarm.state_text or alarm.state_word).casefold(),
    SortBy.PRIORITY: lambda alarm: alarm.priority,
    SortBy.CLASS: lambda alarm: alarm.class_name.casefold(),
    SortBy.RAISED: lambda alarm: alarm.raise_time_ns,
    SortBy.TEXT: lambda alarm: alarm.text.casefold(),
    SortBy.VALUE: lambda alarm: alarm.value,
    SortBy.AREA: lambda alarm: alarm.area.casefold(),
    SortBy.TRIGGER: lambda alarm: short_name(alarm.trigger_tag).casefold(),
    SortBy.CLEARED: lambda alarm: alarm.clear_time_ns,
    SortBy.ACKNOWLEDGED: lambda alarm: alarm.acknowledge_time_ns,
    SortBy.STANDS_FOR: _stood_ns,
    SortBy.CHANGED: lambda alarm: alarm.modification_time_ns,
    SortBy.NAME: lambda alarm: short_name(alarm.name).casefold(),
    SortBy.ORIGIN: lambda alarm: alarm.origin.casefold(),
}


def comparable(value: Value, *, descending: bool) -> tuple[int, Any]:
    """A value of any type as something that can be compared; what is missing comes last.

    Numbers come before texts, texts before arrays. NaN counts as missing: it is in no order.
    """
    missing = (-1, 0) if descending else (3, 0)
    if value is None or value == "":
        return missing
    if isinstance(value, (bool, int, float)):
        return missing if isinstance(value, float) and math.isnan(value) else (0, value)
    if isinstance(value, str):
        return (1, value.casefold())
    return (2, repr(value))


@dataclass(frozen=True, slots=True)
class SortOrder:
    """How a view is sorted. Equal alarms follow each other newest first.

    Args:
        by: the column.
        descending: largest, latest or last in the alphabet on top.
        unacknowledged_first: those that wait for acknowledge stand above all others.
    """

    by: SortBy = SortBy.RAISED
    descending: bool = True
    unacknowledged_first: bool = True

    def entry(self, number: int, alarm: Alarm) -> Entry:
        """The alarm's sort key. Entries are held ascending and read backwards when descending.

        Its last part is the alarm's number (negated when ascending): no two are equal.
        """
        value = comparable(_COLUMNS[self.by](alarm), descending=self.descending)
        group = self.unacknowledged_first and alarm.needs_acknowledgement
        raised = alarm.raise_time_ns or 0
        if self.descending:
            return (group, value, raised, number)
        return (not group, value, -raised, -number)
