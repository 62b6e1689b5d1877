"""``tagwerk record``: what ``watch`` prints, into a file that outlives a kill.

Rows are written when they come, live ones at once and those of the log when it has answered, so
the file is in the order of arrival; the column "source" tells which is which.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tagwerk.cli.gaps import Filling, Hole
from tagwerk.cli.output import Console, OutputLost, time_text, watch_document
from tagwerk.cli.stream import EventQueue, LeftOut
from tagwerk.cli.watch import Printer, find_wanted, follow, open_link
from tagwerk.domain.errors import UsageError
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.text import format_time
from tagwerk.domain.values import Sample
from tagwerk.export.csv_table import ENGLISH_CSV, cell_text
from tagwerk.plant.types import KnownTypes

FLUSH_S = 0.5
"""So often rows go to the file: a kill loses no more than a second."""

PROGRESS_S = 10.0
MOST_BYTES = 1_000_000
HEADER = ("time_utc", "time_local", "tag", "value", "quality", "sub_status", "source")


async def run_record(options: argparse.Namespace, console: Console) -> int:
    """Record until the time is over, somebody interrupts or the disk is full."""
    refuse_existing(options.to, overwrite=options.overwrite)
    wanted = await find_wanted(options, console)
    if wanted is None:
        return 1
    file = RowFile(options.to, overwrite=options.overwrite)
    sink = EventQueue()
    started = time.monotonic()
    link = open_link(wanted, sink)
    recorder = Recorder(
        console, link.client, wanted.types, wanted.names, file=file, as_csv=options.format == "csv"
    )
    try:
        await follow(wanted, link, sink, recorder, options.duration)
    finally:
        try:
            file.close()
        finally:
            _tell_end(console, options, recorder, round(time.monotonic() - started, 3))
    return recorder.exit_code()


def _tell_end(
    console: Console, options: argparse.Namespace, recorder: Recorder, seconds: float
) -> None:
    if console.json:
        console.document(
            {
                "file": str(options.to),
                "format": options.format,
                "values": recorder.values,
                "from_log": recorder.from_log,
                "gaps": recorder.gaps,
                "left_out": recorder.missed,
                "seconds": seconds,
            }
        )
        return
    filled = sum(1 for gap in recorder.gaps if gap["filled"])
    console.line(
        f"{options.to}: {recorder.values} values, {recorder.from_log} of them from the log, "
        f"{len(recorder.gaps)} gaps, {filled} of them filled, {seconds:.0f} s"
    )
    if recorder.missed:
        console.say(f"{recorder.missed} values are not in the file: {recorder.why_left_out}")


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Never write over a recording unasked.

    Raises:
        UsageError: the file is there.
    """
    if os.path.lexists(path) and not overwrite:
        raise UsageError(
            "{path} is there already.",
            cure="Choose another name, or add --overwrite.",
            path=str(path),
        )


class RowFile:
    """A file of rows of bytes; whatever happens, it ends with a whole row.

    Args:
        path: made anew; one that is there only with `overwrite`.

    Raises:
        UsageError: it cannot be made.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._path = path
        self.kept: Counter[str] = Counter()
        """Rows that are in the file, by kind."""
        self._rows: list[tuple[bytes, str]] = []
        self._waiting_bytes = 0
        self._size = 0
        self._is_broken = False
        self._flushed_s = time.monotonic()
        try:
            self._file = path.open("wb" if overwrite else "xb", buffering=0)
        except FileExistsError:
            refuse_existing(path, overwrite=False)
            raise
        except OSError as problem:
            raise self._lost(problem) from problem

    def add(self, row: bytes, kind: str = "") -> None:
        """Take a row; it is in the file within `FLUSH_S` if `flush_now_and_then` is called.

        Args:
            row: with its end.
            kind: under which `kept` counts it.

        Raises:
            OutputLost: the disk is full; what was whole stays, and nothing is taken any more.
        """
        if self._is_broken:
            return
        self._rows.append((row, kind))
        self._waiting_bytes += len(row)
        if self._waiting_bytes > MOST_BYTES:
            self.flush()

    def flush_now_and_then(self) -> None:
        """Flush when it is due; see `add`."""
        if time.monotonic() - self._flushed_s >= FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what waits; see `add`."""
        self._flushed_s = time.monotonic()
        rows, self._rows, self._waiting_bytes = self._rows, [], 0
        if not rows:
            return
        left = memoryview(b"".join(row for row, _kind in rows))
        written = 0
        try:
            while left:
                count = self._file.write(left) or 0
                written += count
                left = left[count:]
        except OSError as problem:
            self._is_broken = True
            self._count(rows, written)
            with contextlib.suppress(OSError):  # a device has no size
                self._file.truncate(self._size)  # takes back the row that got there in part
            raise self._lost(problem) from problem
        self._count(rows, written)

    def _count(self, rows: list[tuple[bytes, str]], written: int) -> None:
        """Note the rows that are whole among the first `written` bytes."""
        for row, kind in rows:
            if len(row) > written:
                break
            written -= len(row)
            self._size += len(row)
            self.kept[kind] += 1

    def close(self) -> None:
        """Write what waits, as far as that goes, and close."""
        try:
            self.flush()
        finally:
            self._file.close()

    def _lost(self, problem: OSError) -> OutputLost:
        return OutputLost(
            "{path} cannot be written any further: {reason}.",
            cure="Make room or choose another disk. What was recorded before is in the file.",
            path=str(self._path),
            reason=problem.strerror or str(problem),
        )


class Recorder(Printer):
    """A printer whose values go into a file; what happens to the link is said on the error output.

    Nothing is held back for the sake of order, because a kill would lose it.
    """

    holds_live = False
    why_left_out = "they came faster than they could be written"

    def __init__(
        self,
        console: Console,
        client: PlantClient,
        types: KnownTypes,
        names: list[str],
        *,
        file: RowFile,
        as_csv: bool,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(console, client, types, names)
        self.gaps: list[dict[str, Any]] = []
        self.missed = 0
        """Values that came faster than they could be taken, and were not kept."""
        self._file = file
        self._as_csv = as_csv
        self._clock_s = clock_s
        self._told_s = clock_s()
        if as_csv:
            file.add(b"\xef\xbb\xbf" + _csv_row(HEADER))

    @property
    def from_log(self) -> int:
        """Values of the log that are in the file."""
        return self._file.kept["log"]

    @property
    def values(self) -> int:
        """All values that are in the file."""
        return self._file.kept["live"] + self.from_log

    def left_out(self, event: LeftOut) -> None:
        super().left_out(event)
        self.missed += event.count

    def look_after_holes(self) -> None:
        super().look_after_holes()
        self._file.flush_now_and_then()
        if self._clock_s() - self._told_s >= PROGRESS_S:
            self._told_s = self._clock_s()
            self._console.say(f"{self.values} values, {self.from_log} of them from the log")

    def _print(self, sample: Sample, source: str) -> None:
        if sample.error is not None:
            self._console.say(f"{sample.name}: {sample.error.description} ({sample.error.code})")
        if self._as_csv:
            self._file.add(_csv_row(_cells(sample, source)), source)
        else:
            self._file.add(_json_row({**watch_document(sample), "source": source}), source)

    def _tell(self, document: dict[str, object]) -> None:
        if not self._as_csv:
            self._file.add(_json_row(document))
        self._console.say(f"{document['state']}  {document['detail']}".strip())

    def _tell_filling(self, hole: Hole, filling: Filling) -> None:
        end_ns = hole.back_ns or time.time_ns()
        is_filled = filling.is_read and not filling.unfilled
        gap = {"from": time_text(hole.lost_ns), "to": time_text(end_ns), "filled": is_filled}
        self.gaps.append(gap)
        super()._tell_filling(hole, filling)


def _cells(sample: Sample, source: str) -> tuple[Any, ...]:
    at_ns = sample.time_ns
    why = sample.error.description if sample.error is not None else sample.quality.sub_status
    return (
        "" if at_ns is None else format_time(at_ns),
        "" if at_ns is None else format_time(at_ns, zone=None),
        sample.name,
        sample.value,
        sample.quality.level.value,
        why,
        source,
    )


def _csv_row(cells: tuple[Any, ...]) -> bytes:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\r\n").writerow(
        [cell_text(cell, ENGLISH_CSV) for cell in cells]
    )
    return row.getvalue().encode("utf-8", "backslashreplace")


def _json_row(document: dict[str, object]) -> bytes:
    return (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
