"""Tag sheets: CSV and XLSX files that say what the servers do not tell (units, ranges, texts)."""

from tagwerk.sheets.sheet import SheetEntry, TagSheet

__all__ = ["SheetEntry", "TagSheet"]
