"""Traffic as text: one JSON document a line, a CSV table, and a file that grows while it runs.

Exchanges hold no secrets (see `link.wiretap`); files are readable by their owner only all the same,
because names and values of a plant are nobody else's business.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import format_time
from tagwerk.domain.traffic import Exchange
from tagwerk.domain.values import Value
from tagwerk.export.csv_table import PROFILES, write_csv

HEADER = (
    "time_utc", "kind", "operation", "url", "status", "sent_bytes", "received_bytes", "ms",
    "problem", "note", "request", "answer",
)  # fmt: skip


def document(exchange: Exchange) -> dict[str, Any]:
    """One record as JSON-able data; times are UTC."""
    return {
        "time": format_time(exchange.at_ns),
        "kind": exchange.kind.value,
        "operation": exchange.what,
        "url": exchange.url,
        "status": exchange.status,
        "sent_bytes": exchange.sent_bytes,
        "received_bytes": exchange.received_bytes,
        "ms": round(exchange.ms, 1),
        "problem": str(exchange.problem),
        "note": str(exchange.note),
        "request": exchange.request,
        "answer": exchange.answer,
    }


def line(exchange: Exchange) -> str:
    """One record as a line of JSON, without its end."""
    return json.dumps(document(exchange), ensure_ascii=False)


def _row(exchange: Exchange) -> tuple[Value, ...]:
    return tuple(document(exchange).values())


def open_private(path: Path, mode: str = "w") -> IO[str]:
    """Open a text file that only its owner can read, also when it was there before.

    Raises:
        OSError: it cannot be opened.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if "a" in mode else os.O_TRUNC)
    handle = os.open(path, flags, 0o600)
    try:
        if os.name == "posix":
            os.fchmod(handle, 0o600)
        return os.fdopen(handle, mode, encoding="utf-8", newline="\n", errors="replace")
    except BaseException:
        os.close(handle)
        raise


def write_lines(path: Path, exchanges: Iterable[Exchange]) -> int:
    """Write records as JSON lines, the whole file or none; returns how many.

    Raises:
        UsageError: the file cannot be written; one that was there before is untouched.
    """
    unfinished = path.with_name(path.name + ".part")
    count = 0
    try:
        with open_private(unfinished) as stream:
            for exchange in exchanges:
                stream.write(line(exchange) + "\n")
                count += 1
        os.replace(unfinished, path)
    except OSError as problem:
        unfinished.unlink(missing_ok=True)
        raise _cannot_write(path, problem) from problem
    return count


def write_table(path: Path, exchanges: Iterable[Exchange], profile: str) -> int:
    """Write records as CSV; returns how many.

    Args:
        profile: ``en`` or ``de``, as `csv_table.PROFILES`.

    Raises:
        UsageError: the file cannot be written.
    """
    return write_csv(path, HEADER, (_row(exchange) for exchange in exchanges), PROFILES[profile])


def _cannot_write(path: Path, problem: OSError) -> UsageError:
    return UsageError(
        "{path} cannot be written: {reason}.",
        cure="Choose another folder, or close the program that holds the file.",
        path=str(path),
        reason=problem.strerror or str(problem),
    )


class TrafficFile:
    """A `TrafficSink` that writes each record as a line at once. Any thread; never raises later.

    Args:
        path: made anew, readable by its owner only.
        complain: told once, in plain words, when a line cannot be written; nothing more is then.

    Raises:
        UsageError: the file cannot be made.
    """

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self._path = path
        self._complain = complain
        self._lock = threading.Lock()
        self._broken = False
        try:
            self._stream: IO[str] = open_private(path)
        except OSError as problem:
            raise _cannot_write(path, problem) from problem

    def on_exchange(self, exchange: Exchange) -> None:
        """Write a record; a file that fails is given up, the work goes on."""
        with self._lock:
            if self._broken or self._stream.closed:
                return
            try:
                self._stream.write(line(exchange) + "\n")
                self._stream.flush()
            except OSError as problem:
                self._give_up(problem)

    def _give_up(self, problem: OSError) -> None:
        self._broken = True
        reason = problem.strerror or str(problem)
        self._complain(f"{self._path} cannot be written any further: {reason}. The work goes on.")

    def close(self) -> None:
        """End the file."""
        with self._lock:
            try:
                self._stream.close()
            except OSError as problem:
                if not self._broken:
                    self._give_up(problem)
