"""What the command line prints: texts for people, documents for scripts.

Times are UTC, ISO 8601 with milliseconds and Z. Numbers are JSON numbers where they fit without
loss, else strings (integers beyond 2^53, NaN, infinities).
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TextIO

from tagwerk.cli.certificates import certificate_lines
from tagwerk.domain.alarms import Alarm
from tagwerk.domain.errors import NotTrusted, TagwerkError, UsageError
from tagwerk.domain.text import format_time
from tagwerk.domain.values import ItemError, LoggedSeries, Quality, Sample, Value
from tagwerk.export.csv_table import ENGLISH_CSV, write_rows

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

    Results that cannot be written end the command (`OutputLost`, `BrokenPipeError`); messages that
    cannot be are dropped, and never get among the results.

    Args:
        json: one document instead of texts.
    """

    def __init__(
        self, *, json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.json = json
        # Both are None in a process that was started without them.
        self._out: TextIO | None = out if out is not None else sys.stdout
        self._err: TextIO | None = err if err is not None else sys.stderr

    def document(self, document: object) -> None:
        """Print one JSON document on one line."""
        self._put([json.dumps(document, ensure_ascii=False)])

    def line(self, text: str = "") -> None:
        """Print one line of a result."""
        self._put([text])

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print columns; the last one is not padded."""
        lines = [list(header), *[list(row) for row in rows]]
        widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
        self._put(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def csv(self, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
        """Print a table as CSV, its lines ended as RFC 4180 has it on every system."""
        if isinstance(self._out, io.TextIOWrapper):
            self._out.reconfigure(newline="")  # Windows would end lines with two CR
        try:
            write_rows(self._output(), header, rows, ENGLISH_CSV)
            self._output().flush()
        except OSError as problem:
            _lost(problem)

    def _put(self, lines: Iterable[str]) -> None:
        out = self._output()
        try:
            for line in lines:
                out.write(line + "\n")
            out.flush()
        except OSError as problem:
            _lost(problem)

    def _output(self) -> TextIO:
        if self._out is None:
            raise OutputLost("There is no standard output.", cure="Give it a file or a pipe.")
        return self._out

    def say(self, text: str) -> None:
        """A message for people."""
        self._mutter([f"tagwerk: {text}"])

    def error(self, error: TagwerkError) -> None:
        """What went wrong and the cure; a certificate nobody vouches for is shown."""
        self.say(f"{error.message} {error.cure}".strip())
        if isinstance(error, NotTrusted):
            self._mutter(certificate_lines(error, time.time_ns()))
            if error.code == "plain_http":
                self._mutter(["  If you know the network: add  --allow-plain-http"])

    def _mutter(self, lines: Iterable[str]) -> None:
        if self._err is None:
            return
        # A reader of messages that has gone must not end a watch.
        with contextlib.suppress(OSError):
            for line in lines:
                self._err.write(line + "\n")
            self._err.flush()


class OutputLost(UsageError):
    """What was to be printed cannot be: the disk is full, or there is no standard output."""


def _lost(problem: OSError) -> NoReturn:
    """Raises what a failed write to the results means."""
    # Windows calls a pipe without a reader an invalid argument.
    if isinstance(problem, BrokenPipeError) or (os.name == "nt" and problem.errno == errno.EINVAL):
        raise BrokenPipeError from problem
    raise OutputLost(
        "The output cannot be written: {reason}.",
        cure="Make room, or send it elsewhere.",
        reason=problem.strerror or str(problem),
    ) from problem
