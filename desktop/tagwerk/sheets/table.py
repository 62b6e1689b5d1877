"""Rows of cells to sheet entries, whatever file they come from; problems are gathered, not raised.

Who uses it: `csv_reader` and `xlsx_reader`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tagwerk.domain.message import Message, message
from tagwerk.domain.text import ENGLISH, GERMAN, NumberStyle
from tagwerk.sheets.cells import (
    Cell,
    CellError,
    as_bool,
    as_decimals,
    as_limits,
    as_number,
    as_text,
    as_texts,
)
from tagwerk.sheets.columns import Column, Header, read_header
from tagwerk.sheets.problems import MOST_PROBLEMS, SheetProblem
from tagwerk.sheets.sheet import SheetEntry

HEADER_WITHIN = 10
"""A header is looked for in so many first rows: people write titles above their tables."""

_GUARDED = frozenset(("low", "high", "step", "writable", "critical"))


class TableReader:
    """Collects the entries and problems of one file, which may have several worksheets.

    Attributes:
        entries: good rows; of two with one name the first.
        problems: up to `MOST_PROBLEMS`.
        unknown_columns: titles that mean nothing to us.
        has_header: a header row was found.
    """

    def __init__(self) -> None:
        self.entries: dict[str, SheetEntry] = {}
        self.problems: list[SheetProblem] = []
        self.unknown_columns: list[str] = []
        self.has_header = False
        self.first_titles: tuple[str, ...] = ()
        self._places: dict[str, Message] = {}
        self._sheet = ""

    def read(
        self, rows: Iterable[Sequence[Cell]], *, sheet: str = "", may_be_german: bool = False
    ) -> None:
        """Take in a table.

        Args:
            rows: all rows of the file from the first, empty ones too, so that numbers are right.
            sheet: name of the worksheet, for messages.
            may_be_german: numbers may have a decimal comma (``;`` parts the cells).
        """
        self._sheet = sheet
        header: Header | None = None
        style = ENGLISH
        waiting: list[tuple[int, Sequence[Cell]]] = []
        for number, cells in enumerate(rows, 1):
            if not any(as_text(cell) for cell in cells) or as_text(cells[0]).startswith("#"):
                continue
            if header is None:
                header = read_header(cells)
                if not self.first_titles:
                    self.first_titles = tuple(filter(None, map(as_text, cells)))[:12]
                if header is None:
                    if number >= HEADER_WITHIN:
                        return
                    continue
                self._take_header(header, number)
                if header.is_german:
                    style = GERMAN
                continue
            if style is GERMAN or not may_be_german:
                self._row(header, number, cells, style)
            else:
                waiting.append((number, cells))
        if header is not None and waiting:
            style = GERMAN if _has_decimal_comma(header, waiting) else ENGLISH
            for number, cells in waiting:
                self._row(header, number, cells, style)

    def _take_header(self, header: Header, number: int) -> None:
        self.has_header = True
        self.unknown_columns.extend(header.unknown)
        for title in header.doubled:
            self._problem(number, title, message("There are two columns of this meaning."))

    def _row(self, header: Header, number: int, cells: Sequence[Cell], style: NumberStyle) -> None:
        reader = _Row(cells, style)
        for column in header.columns:
            try:
                reader.take(column)
            except CellError as problem:
                self._problem(number, column.title, problem.text)
                if column.field in _GUARDED:
                    # What guards a write could not be read: then nobody writes from here.
                    reader.locked = True
        name = reader.name
        if not name:
            if header.is_tia and not reader.has_content:
                return
            self._problem(number, "", message("The tag's name is missing."))
            return
        if not name.isprintable():
            # A quote mark that is never closed makes one cell of the rest of the file.
            shown = "".join(c if c.isprintable() else " " for c in name[:40])
            self._problem(
                number,
                "",
                message("“{text} …” holds a line break and is no tag's name.", text=shown),
            )
            return
        if name in self.entries:
            self._problem(
                number,
                "",
                message("{name} is in {place} already.", name=name, place=self._places[name]),
            )
            return
        entry = reader.entry(number)
        if entry.low is not None and entry.high is not None and entry.low >= entry.high:
            self._problem(
                number,
                "",
                message(
                    "low {low} is not below high {high}.",
                    low=f"{entry.low:g}",
                    high=f"{entry.high:g}",
                ),
            )
            reader.locked = True
            reader.values["low"] = reader.values["high"] = None
            entry = reader.entry(number)
        if entry.step is not None and entry.step <= 0:
            self._problem(
                number, "", message("step {step} is not above 0.", step=f"{entry.step:g}")
            )
            reader.values["step"] = None
            entry = reader.entry(number)
        self.entries[name] = entry
        self._places[name] = (
            message("row {row} of sheet {sheet}", row=number, sheet=self._sheet)
            if self._sheet
            else message("row {row}", row=number)
        )

    def _problem(self, row: int, column: str, text: Message) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(SheetProblem(row, column, text, self._sheet))


class _Row:
    """One row while it is read."""

    def __init__(self, cells: Sequence[Cell], style: NumberStyle) -> None:
        self._cells = cells
        self._style = style
        self.name = ""
        self.locked = False
        self.has_content = False
        self.values: dict[str, float | None] = {}
        self._words: dict[str, str] = {}
        self._flags: dict[str, bool | None] = {}
        self._decimals: int | None = None
        self._texts: dict[int, dict[str, str]] = {}
        self._descriptions: dict[str, str] = {}
        self._limits: dict[str, float] = {}

    def take(self, column: Column) -> None:
        """Read one cell. Raises CellError."""
        cell = self._cells[column.position] if column.position < len(self._cells) else None
        field = column.field
        if field == "name":
            self.name = as_text(cell)
            return
        self.has_content = self.has_content or bool(as_text(cell))
        if field in ("data_type", "unit"):
            self._words[field] = as_text(cell)
        elif field == "decimals":
            self._decimals = as_decimals(cell, self._style)
        elif field in ("low", "high", "step"):
            self.values[field] = as_number(cell, self._style)
        elif field in ("writable", "critical"):
            self._flags[field] = as_bool(cell)
        elif field == "texts":
            for value, text in as_texts(cell).items():
                self._texts.setdefault(value, {})[column.language] = text
        elif field == "description":
            text = as_text(cell)
            if text:
                self._descriptions[column.language] = text
        else:
            self._limits = as_limits(cell, self._style)

    def entry(self, row: int) -> SheetEntry:
        return SheetEntry(
            self.name,
            self._words.get("unit", ""),
            self._decimals,
            self.values.get("low"),
            self.values.get("high"),
            self.values.get("step"),
            self._texts,
            False if self.locked else self._flags.get("writable"),
            bool(self._flags.get("critical")),
            self._descriptions,
            self._words.get("data_type", ""),
            self._limits,
            row,
        )


def _has_decimal_comma(header: Header, rows: Sequence[tuple[int, Sequence[Cell]]]) -> bool:
    positions = [
        column.position
        for column in header.columns
        if column.field in ("low", "high", "step", "limits")
    ]
    for _, cells in rows:
        for position in positions:
            cell = cells[position] if position < len(cells) else None
            if isinstance(cell, str) and "," in cell and "." not in cell:
                return True
    return False
