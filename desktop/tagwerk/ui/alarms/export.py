"""Alarm rows as a table with UTC times for a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.tags import short_name
from tagwerk.domain.text import format_time
from tagwerk.domain.values import Value
from tagwerk.export.csv_table import PROFILES, write_csv
from tagwerk.ui.alarms.cells import class_text, state_text

HEADER = (
    "raised_utc", "raised_local", "changed_utc", "state", "state_text", "priority", "class", "text",
    "value", "area", "origin", "trigger_tag", "cleared_utc", "acknowledged_utc", "reset_utc",
    "user", "host", "alarm", "instance", "reasons", "info_text",
)  # fmt: skip


def csv_row(alarm: Alarm) -> tuple[Value, ...]:
    """One alarm as a line of the exported table."""
    raised = alarm.raise_time_ns
    return (
        _utc(raised),
        "" if raised is None else format_time(raised, zone=None),
        _utc(alarm.modification_time_ns),
        alarm.state_word or alarm.state.value,
        state_text(alarm),
        alarm.priority,
        class_text(alarm),
        alarm.text,
        alarm.value,
        alarm.area,
        alarm.origin,
        short_name(alarm.trigger_tag),
        _utc(alarm.clear_time_ns),
        _utc(alarm.acknowledge_time_ns),
        _utc(alarm.reset_time_ns),
        alarm.user_name,
        alarm.host_name,
        alarm.name,
        alarm.instance,
        " ".join(alarm.change_reasons),
        alarm.info_text,
    )


def _utc(time_ns: int | None) -> str:
    return "" if time_ns is None else format_time(time_ns)


def export_csv(path: Path, alarms: Sequence[Alarm], profile: str) -> int:
    """Write alarms to a file; returns how many.

    Args:
        profile: ``en`` or ``de``, as `csv_table.PROFILES`.

    Raises:
        UsageError: the file cannot be written.
    """
    return write_csv(path, HEADER, (csv_row(alarm) for alarm in alarms), PROFILES[profile])
