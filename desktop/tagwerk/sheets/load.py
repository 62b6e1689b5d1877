"""Opening a tag sheet by its path, and writing one to fill in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import message
from tagwerk.domain.tags import BrowseItem, TagKind, short_name
from tagwerk.sheets.csv_reader import read_csv
from tagwerk.sheets.problems import SheetError, SheetProblem
from tagwerk.sheets.sheet import SheetEntry, TagSheet
from tagwerk.sheets.xlsx_reader import read_xlsx

HEADER = (
    "name", "data_type", "unit", "decimals", "low", "high", "step", "texts", "texts_de",
    "writable", "critical", "description_en", "description_de", "limits",
)  # fmt: skip
MOST_BYTES = 400_000_000


def load_sheet(
    path: str | Path, *, on_problem: Callable[[SheetProblem], None] | None = None
) -> TagSheet:
    """Read a CSV or XLSX file.

    Without `on_problem` anything wrong raises, naming rows, columns and reasons. With it, each
    problem is handed over and the good rows are returned; a file that cannot be read at all, or
    has no column for names, raises in any case. A row whose range or rights could not be read
    is kept and may not be written from this desk.

    Raises:
        SheetError: what is wrong with it.
        UsageError: it is not there, or of another kind.
    """
    file = Path(path)
    content = _bytes(file)
    suffix = file.suffix.lower()
    if content[:2] == b"PK":
        table = read_xlsx(content)
    elif suffix == ".xls" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise UsageError(
            "{file} is an old Excel workbook.", cure="Save it as .xlsx or CSV.", file=file.name
        )
    elif suffix == ".xlsx":
        raise UsageError(
            "{file} is not an Excel workbook.", cure="Save it as .xlsx or CSV.", file=file.name
        )
    else:
        table = read_csv(content)
    if not table.has_header:
        problem = table.problems[0] if table.problems else _no_name_column(table.first_titles)
        raise SheetError(
            file.name,
            [problem],
            cure="Give the table a header row with a column “name”; the others may be missing.",
        )
    if table.problems and on_problem is None:
        raise SheetError(file.name, table.problems)
    if on_problem is not None:
        for problem in table.problems:
            on_problem(problem)
    return TagSheet(
        table.entries.values(), source=str(file), unknown_columns=tuple(table.unknown_columns)
    )


def _no_name_column(titles: tuple[str, ...]) -> SheetProblem:
    if not titles:
        return SheetProblem(0, "", message("It is empty."))
    return SheetProblem(
        0,
        "",
        message("No column holds the tags' names; found: {titles}.", titles=", ".join(titles)),
    )


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(
                "{file} is too large for a tag sheet.", cure="Split it.", file=file.name
            )
        return file.read_bytes()
    except FileNotFoundError as problem:
        raise UsageError(
            "There is no file {file}.", cure="Check the path of the tag sheet.", file=str(file)
        ) from problem
    except OSError as problem:
        raise UsageError(
            "{file} cannot be read: {reason}.",
            cure="Close it in other programs and check its rights.",
            file=str(file),
            reason=problem.strerror or str(problem),
        ) from problem


def sheet_to_fill_in(items: Iterable[BrowseItem], sheet: TagSheet | None = None) -> bytes:
    """A CSV with the tags of a browse and what a sheet says of them already, to be filled in.

    UTF-8 with mark and semicolons, decimal point: opens in a German and an English Excel.
    """
    known = sheet if sheet is not None else TagSheet()
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for item in items:
        if item.kind is TagKind.TAG:
            entry = known.find(item.name) or SheetEntry(item.name)
            writer.writerow([_guarded(cell) for cell in _cells(item, entry)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cells(item: BrowseItem, entry: SheetEntry) -> list[str]:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.12g}"

    def texts(*languages: str) -> str:
        found = []
        for value, words in entry.texts.items():
            text = next((words[language] for language in languages if words.get(language)), "")
            if text:
                found.append(f"{value}={text}")
        return "|".join(found)

    return [
        short_name(item.name),
        item.data_type or entry.data_type,
        entry.unit,
        "" if entry.decimals is None else str(entry.decimals),
        number(entry.low),
        number(entry.high),
        number(entry.step),
        texts("", "en"),
        texts("de"),
        "" if entry.writable is None else ("1" if entry.writable else "0"),
        "1" if entry.critical else "",
        entry.descriptions.get("en") or entry.descriptions.get("", ""),
        entry.descriptions.get("de", ""),
        "|".join(f"{name}={number(value)}" for name, value in entry.limits.items()),
    ]


def _guarded(cell: str) -> str:
    """Numbers stay numbers; other texts that a spreadsheet would take for a formula are guarded."""
    if cell[:1] in tuple("=+-@\t") and cell[:1]:
        try:
            float(cell)
        except ValueError:
            return "'" + cell
    return cell
