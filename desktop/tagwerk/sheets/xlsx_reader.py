"""Tag sheets as XLSX, ours and those that TIA Portal exports (PLC tags, HMI tags).

Every worksheet with a column for names is read; TIA's sheets of properties and constants are not.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator

from tagwerk.domain.message import message
from tagwerk.sheets.cells import Cell
from tagwerk.sheets.problems import SheetProblem
from tagwerk.sheets.table import TableReader

_NOT_TAGS = ("properties", "eigenschaften", "constant", "konstante", "multiplexing", "multiplex")
_MOST_COLUMNS = 200
_DAMAGES = (
    OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, EOFError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What the library raises for a broken archive, broken XML and parts that are missing."""


def read_xlsx(content: bytes) -> TableReader:
    """Read a whole file. Never raises for what is in it: that is in the result's problems."""
    import openpyxl  # only when such a file is opened: it takes a quarter of a second

    table = TableReader()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and extensions that are of no interest here
        try:
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        except _DAMAGES as problem:
            text = message(
                "This is not a workbook that can be read: {reason}.", reason=str(problem)
            )
            table.problems.append(SheetProblem(0, "", text))
            return table
        try:
            several = len(book.worksheets) > 1
            for sheet in book.worksheets:
                title = str(sheet.title)
                if any(word in title.lower() for word in _NOT_TAGS):
                    continue
                table.read(_rows(sheet), sheet=title if several else "")
        except _DAMAGES as problem:
            text = message("The workbook is damaged: {reason}.", reason=str(problem))
            table.problems.append(SheetProblem(0, "", text))
        finally:
            book.close()
    return table


def _rows(sheet: object) -> Iterator[tuple[Cell, ...]]:
    """All rows from the first. Files not written by Excel name wrong dimensions: look ourselves."""
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()
    # Without `max_col` the library does not fill up each row: people have a cell in the last one.
    for row in sheet.iter_rows(values_only=True):  # type: ignore[attr-defined]
        yield tuple(row[:_MOST_COLUMNS]) or (None,)
