"""Tag sheets: CSV and XLSX files that say what the servers do not tell (units, ranges, texts)."""

from tagwerk.sheets.load import load_sheet, sheet_to_fill_in
from tagwerk.sheets.problems import SheetError, SheetProblem
from tagwerk.sheets.sheet import SheetEntry, TagSheet

__all__ = [
    "SheetEntry",
    "SheetError",
    "SheetProblem",
    "TagSheet",
    "load_sheet",
    "sheet_to_fill_in",
]
