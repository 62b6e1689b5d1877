"""What the command line prints: texts for people, documents for scripts.

Times are UTC, ISO 8601 with milliseconds and Z. Numbers are JSON numbers where they fit without
loss, else strings (integers beyond 2^53, NaN, infinities).
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from tagwerk.cli.certificates import certificate_lines
from tagwerk.domain.alarms import Alarm
from tagwerk.domain.errors import NotTrusted, TagwerkError
from tagwerk.domain.text import format_time
from tagwerk.domain.values import ItemError, LoggedSeries, Quality, Sample, Value

LARGEST_EXACT = 2**53


def plain(value: Value) -> Any:
    """A value as JSON can hold it without loss."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return [plain(item) for item in value]


def time_text(time_ns: int | None) -> str | None:
    """ISO 8601 UTC, or None for "not set"."""
    return None if time_ns is None else format_time(time_ns)


def error_document(error: ItemError | None) -> dict[str, str] | None:
    """``{"code", "description"}`` or None."""
    return None if error is None else {"code": error.code, "description": error.description}


def sample_document(sample: Sample) -> dict[str, Any]:
    """One entry of ``read``."""
    return {
        "name": sample.name,
        "value": plain(sample.value),
        "quality": sample.quality.level.value,
        "sub_status": sample.quality.sub_status,
        "time": time_text(sample.time_ns),
        "error": error_document(sample.error),
    }


def watch_document(sample: Sample) -> dict[str, Any]:
    """One line of ``watch``; "error" is there only when there is one."""
    document = {
        "name": sample.name,
        "value": plain(sample.value),
        "quality": sample.quality.level.value,
        "sub_status": sample.quality.sub_status,
        "time": time_text(sample.time_ns),
        "received": time_text(sample.received_ns),
    }
    if sample.error is not None:
        document["error"] = error_document(sample.error)
    return document


def series_document(series: LoggedSeries) -> dict[str, Any]:
    """One entry of ``history``."""
    return {
        "name": series.name,
        "logging_tag": series.logging_tag,
        "points": [
            {
                "time": time_text(point.time_ns),
                "value": plain(point.value),
                "quality": point.quality.level.value,
                "flags": list(point.flags),
            }
            for point in series.points
        ],
        "truncated": series.truncated,
        "error": error_document(series.error),
    }


def alarm_document(alarm: Alarm) -> dict[str, Any]:
    """One entry of ``alarms``; what the server sent beyond our names follows at the end."""
    document: dict[str, Any] = {
        "name": alarm.name,
        "instance": alarm.instance,
        "state": alarm.state_word or alarm.state.value,
        "priority": alarm.priority,
        "class": alarm.class_name,
        "text": alarm.text,
        "raised": time_text(alarm.raise_time_ns),
        "acknowledged": time_text(alarm.acknowledge_time_ns),
        "cleared": time_text(alarm.clear_time_ns),
        "reset": time_text(alarm.reset_time_ns),
        "modified": time_text(alarm.modification_time_ns),
        "suppression": alarm.suppression,
        "value": plain(alarm.value),
        "area": alarm.area,
        "origin": alarm.origin,
        "user_response": alarm.user_response,
        "state_text": alarm.state_text,
        "info_text": alarm.info_text,
        "state_machine": alarm.state_machine,
        "user": alarm.user_name,
        "host": alarm.host_name,
        "trigger_tag": alarm.trigger_tag,
        "text_color": alarm.text_color,
        "back_color": alarm.back_color,
        "flashing": alarm.flashing,
        "change_reasons": list(alarm.change_reasons),
    }
    for name, value in alarm.extra:
        document.setdefault(name, plain(value))
    return document


def quality_mark(quality: Quality) -> str:
    """Quality in a table: nothing for good, else the level and its reason."""
    if quality.level.value == "good":
        return quality.badge.value if quality.badge is not None else ""
    return f"{quality.level.value} {quality.sub_status}".strip()


class Console:
    """Prints results to `out` and messages to `err`.

    Args:
        json: one document instead of texts.
    """

    def __init__(
        self, *, json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.json = json
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr

    def document(self, document: object) -> None:
        """Print one JSON document on one line."""
        print(json.dumps(document, ensure_ascii=False), file=self._out, flush=True)

    def line(self, text: str = "") -> None:
        """Print one line of a result."""
        print(text, file=self._out, flush=True)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print columns; the last one is not padded."""
        lines = [list(header), *[list(row) for row in rows]]
        widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
        for line in lines:
            padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            print("  ".join(padded).rstrip(), file=self._out)
        self._out.flush()

    def say(self, text: str) -> None:
        """A message for people."""
        print(f"tagwerk: {text}", file=self._err, flush=True)

    def error(self, error: TagwerkError) -> None:
        """What went wrong and the cure; a certificate nobody vouches for is shown."""
        self.say(f"{error.message} {error.cure}".strip())
        if isinstance(error, NotTrusted):
            for line in certificate_lines(error, time.time_ns()):
                print(line, file=self._err)
            if error.code == "plain_http":
                print("  If you know the network: add  --allow-plain-http", file=self._err)
            self._err.flush()
