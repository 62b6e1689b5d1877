"""Tables as CSV: UTF-8 with byte-order mark, RFC 4180, an English and a German profile.

Cells that a spreadsheet would take for a formula (beginning with ``=``, ``+``, ``-``, ``@``, tab
or carriage return) get a leading apostrophe, unless they are plain numbers.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tagwerk.domain.errors import UsageError
from tagwerk.domain.values import Value

Cell = Value

_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class CsvProfile:
    """How a table is written. `name` is what settings and options call it."""

    name: str
    delimiter: str
    decimal: str


ENGLISH_CSV = CsvProfile("en", ",", ".")
GERMAN_CSV = CsvProfile("de", ";", ",")
PROFILES = {profile.name: profile for profile in (ENGLISH_CSV, GERMAN_CSV)}


def cell_text(cell: Cell, profile: CsvProfile) -> str:
    """One cell as text: numbers with the profile's decimal mark and every digit, None empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return repr(cell).replace(".", profile.decimal)
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, list):
        return " ".join(cell_text(item, profile) for item in cell)
    if cell.startswith(_FORMULA) and not _PLAIN_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def write_rows(
    stream: TextIO, header: Sequence[str], rows: Iterable[Sequence[Cell]], profile: CsvProfile
) -> int:
    """Write header and rows to an open text stream; returns the number of rows."""
    writer = csv.writer(stream, delimiter=profile.delimiter, lineterminator="\r\n")
    writer.writerow([cell_text(cell, profile) for cell in header])
    count = 0
    for row in rows:
        writer.writerow([cell_text(cell, profile) for cell in row])
        count += 1
    return count


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    profile: CsvProfile = ENGLISH_CSV,
) -> int:
    """Write a table to a file, whole or not at all; returns the number of rows.

    Raises:
        UsageError: the file cannot be written; a file that was there before is untouched.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="") as stream:
            count = write_rows(stream, header, rows, profile)
        os.replace(unfinished, path)
    except OSError as problem:
        unfinished.unlink(missing_ok=True)
        raise UsageError(
            "{path} cannot be written: {reason}.",
            cure="Choose another folder, or close the program that holds the file.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem
    return count
