"""Tag sheets as CSV: comma, semicolon or tab; UTF-8 with or without mark, UTF-16, Windows-1252."""

from __future__ import annotations

import codecs
import csv
import io

from tagwerk.domain.message import message
from tagwerk.sheets.columns import read_header
from tagwerk.sheets.problems import SheetProblem
from tagwerk.sheets.table import HEADER_WITHIN, TableReader

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_csv(content: bytes) -> TableReader:
    """Read a whole file. Never raises: what is wrong is in the result's problems."""
    table = TableReader()
    text = decode(content)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # Excel's own way to name the separator
        separator, text = first.strip()[4:5] or ";", "\n" + rest
    else:
        separator = find_separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    try:
        table.read(reader, may_be_german=separator != ",")
    except csv.Error as problem:
        table.problems.append(
            SheetProblem(
                reader.line_num,
                "",
                message("The row cannot be read: {reason}.", reason=str(problem)),
            )
        )
    return table


def decode(content: bytes) -> str:
    """Bytes to text: by mark, else UTF-16 by its zeros, UTF-8, Windows-1252 (reads anything)."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    head = content[:400]
    for zeros, letters, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        enough = len(head) >= 64 and head[zeros::2].count(0) > len(head) // 3
        if enough and not head[letters::2].count(0):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def find_separator(text: str) -> str:
    """The mark under which one of the first rows makes the best header.

    Titles above a table may hold commas, so counting marks alone would be fooled by them.
    """
    lines = text[:20_000].splitlines()[:HEADER_WITHIN]
    best, most = ";", 0
    for mark in (";", "\t", ","):
        for line in lines:
            header = read_header(line.replace('"', "").split(mark))
            if header is not None and len(header.columns) > most:
                best, most = mark, len(header.columns)
    return best
