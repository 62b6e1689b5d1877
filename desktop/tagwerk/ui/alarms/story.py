"""What the log tells about one alarm: its earlier raises, and what else happened around it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from tagwerk.domain.alarms import Alarm

AROUND_NS = 300_000_000_000
"""Five minutes before and after."""
DAYS_NS = 3 * 86_400_000_000_000
CHATTERING = 3
"""From so many raises within a minute on, an alarm chatters (ISA-18.2)."""
_MINUTE_NS = 60_000_000_000


class Kind(Enum):
    RAISED = "raised"
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class Raise:
    """One earlier raise. `cleared_ns` None: nothing in the log says when it ended."""

    raised_ns: int
    cleared_ns: int | None
    user: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened near the alarm: offset from its raise, and who or what."""

    at_ns: int
    kind: Kind
    text: str
    is_self: bool = False


def earlier_raises(records: Iterable[Alarm], alarm: Alarm) -> list[Raise]:
    """Raises of the same alarm before this one, newest first; records of one raise are joined."""
    found: dict[int, Raise] = {}
    for record in records:
        raised = record.raise_time_ns
        if record.name != alarm.name or raised is None or raised == alarm.raise_time_ns:
            continue
        if alarm.raise_time_ns is not None and raised > alarm.raise_time_ns:
            continue
        known = found.get(raised)
        cleared = record.clear_time_ns
        user = record.user_name if record.acknowledge_time_ns is not None else ""
        found[raised] = Raise(
            raised,
            cleared if cleared is not None else (known.cleared_ns if known else None),
            user or (known.user if known else ""),
        )
    return sorted(found.values(), key=lambda past: -past.raised_ns)


def is_chattering(times_ns: Iterable[int]) -> bool:
    """Whether three raises fall into one minute."""
    ordered = sorted(times_ns)
    pairs = zip(ordered, ordered[CHATTERING - 1 :], strict=False)
    return any(last - first <= _MINUTE_NS for first, last in pairs)


def raise_count(records: Iterable[Alarm]) -> int:
    """How many raises the records tell of: by raise time, since each alarm is logged many times."""
    return len(
        {
            (record.key, record.raise_time_ns)
            for record in records
            if record.raise_time_ns is not None
        }
    )


def raises_in(records: Iterable[Alarm], start_ns: int, end_ns: int) -> int:
    """Raises between two times, whatever else the records tell of."""
    return raise_count(
        record for record in records if start_ns <= (record.raise_time_ns or -1) <= end_ns
    )


def events_around(records: Sequence[Alarm], alarm: Alarm, limit: int = 12) -> list[Event]:
    """What happened to any alarm around this one's raise, in the order of time.

    When there is more than `limit`, what is nearest to the raise stays.
    """
    middle = alarm.raise_time_ns
    if middle is None:
        return []
    found: set[Event] = set()
    for record in records:
        own = record.name == alarm.name and record.raise_time_ns == middle
        for kind, at in (
            (Kind.RAISED, record.raise_time_ns),
            (Kind.CLEARED, record.clear_time_ns),
            (Kind.ACKNOWLEDGED, record.acknowledge_time_ns),
            (Kind.RESET, record.reset_time_ns),
        ):
            if at is None or abs(at - middle) > AROUND_NS:
                continue
            found.add(Event(at, kind, record.text or record.name, own))
    found.add(Event(middle, Kind.RAISED, alarm.text or alarm.name, True))
    unique = {(event.at_ns, event.kind, event.text): event for event in found}
    nearest = sorted(unique.values(), key=lambda event: (abs(event.at_ns - middle), event.text))
    return sorted(nearest[:limit], key=lambda event: (event.at_ns, event.text))


def offset_text(offset_ns: int, decimal: str) -> str:
    """``−99.084 s``, ``0``, ``+2.226 s``."""
    if not offset_ns:
        return "0"
    sign = "+" if offset_ns > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(offset_ns) / 1e9:.3f}".replace(".", decimal) + " s"
