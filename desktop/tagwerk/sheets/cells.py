"""One cell of a tag sheet to a value, strictly: what cannot be understood is said, never guessed.

Cells are texts (CSV) or what a spreadsheet keeps (numbers, bools, texts). Who uses it: `table`.
"""

from __future__ import annotations

import datetime as dt
import re

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message, message
from tagwerk.domain.text import NumberStyle, parse_number

Cell = str | int | float | bool | dt.datetime | None

_YES = frozenset(("1", "yes", "y", "true", "on", "x", "ja", "j", "wahr", "ein"))
_NO = frozenset(("0", "no", "n", "false", "off", "-", "nein", "falsch", "aus"))
_NOTHING = frozenset(("<no value>", "<kein wert>", "#n/a", "#nv"))
_PIECES = re.compile(r"\s*[|\n]\s*")


class CellError(Exception):
    """Why a cell cannot be understood."""

    def __init__(self, text: Message) -> None:
        super().__init__(str(text))
        self.text = text


def as_text(cell: Cell) -> str:
    """A cell as text, trimmed; "" for an empty one and for TIA's ``<No Value>``."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    text = str(cell).replace("\u00a0", " ").strip()
    if text.lower() in _NOTHING:
        return ""
    # Written by programs that guard cells against being taken for formulas.
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text


def as_number(cell: Cell, style: NumberStyle) -> float | None:
    """A number, None for an empty cell."""
    if isinstance(cell, bool):
        raise CellError(message("“{text}” is not a number.", text=str(cell)))
    if isinstance(cell, int | float):
        return float(cell)
    text = as_text(cell)
    if not text:
        return None
    try:
        return float(parse_number(text, style))
    except UsageError as problem:
        raise CellError(problem.text) from problem


def as_decimals(cell: Cell, style: NumberStyle) -> int | None:
    """Digits after the point, 0 to 9."""
    number = as_number(cell, style)
    if number is None:
        return None
    if not number.is_integer() or not 0 <= number <= 9:
        raise CellError(message("“{text}” is not a whole number from 0 to 9.", text=as_text(cell)))
    return int(number)


def as_bool(cell: Cell) -> bool | None:
    """Yes or no in English or German, None for an empty cell."""
    text = as_text(cell).lower()
    if not text:
        return None
    if text in _YES or text in _NO:
        return text in _YES
    raise CellError(message("“{text}” is neither yes nor no.", text=as_text(cell)))


def as_texts(cell: Cell) -> dict[int, str]:
    """``0=Off|1=On`` to value → text."""
    found: dict[int, str] = {}
    for piece in _pieces(cell):
        number, mark, text = piece.partition("=")
        if not mark or not re.fullmatch(r"[+-]?\d+", number.strip()) or not text.strip():
            raise CellError(message("“{text}” is not like 0=Off|1=On.", text=piece))
        value = int(number)
        if value in found:
            raise CellError(message("{value} has two texts.", value=value))
        found[value] = text.strip()
    return found


def as_limits(cell: Cell, style: NumberStyle) -> dict[str, float]:
    """``PV_High=23.5|PV_Low=5`` to name → value."""
    found: dict[str, float] = {}
    for piece in _pieces(cell):
        name, mark, number = (part.strip() for part in piece.rpartition("="))
        if not mark or not name or not number:
            raise CellError(message("“{text}” is not like PV_High=23.5|PV_Low=5.", text=piece))
        if name in found:
            raise CellError(message("{name} is there twice.", name=name))
        value = as_number(number, style)
        if value is not None:
            found[name] = value
    return found


def _pieces(cell: Cell) -> list[str]:
    text = as_text(cell)
    return [piece for piece in _PIECES.split(text) if piece] if text else []
