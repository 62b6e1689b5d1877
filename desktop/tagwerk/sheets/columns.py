"""Which column of a sheet means what: found by title, English or German, ours or TIA's.

Who uses it: `table`. A title may carry a language: ``texts_de``, ``Comment [en-US]``,
``Beschreibung (de)``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FIELDS = (
    "name", "data_type", "unit", "decimals", "low", "high", "step", "texts", "writable",
    "critical", "description", "limits",
)  # fmt: skip

_TITLES = {
    "name": "name tag tagname variable variablenname variablename hmitagname",
    "data_type": "datatype datentyp type typ hmidatatype hmidatentyp",
    "unit": "unit einheit engineeringunit units eu masseinheit physikalischeeinheit",
    "decimals": "decimals decimalplaces nachkommastellen dezimalstellen kommastellen",
    "low": "low min minimum rangelow lowlimit bereichvon bereichsanfang messbereichsanfang"
    " messbereichvon anfang untergrenze minwert minimalwert lowerrange",
    "high": "high max maximum rangehigh highlimit bereichbis bereichsende messbereichsende"
    " messbereichbis ende obergrenze maxwert maximalwert upperrange",
    "step": "step schritt maxstep schrittweite groessterschritt groesstesprungweite",
    "texts": "texts text textlist texte textliste werttexte valuetexts",
    "writable": "writable writeable schreibbar beschreibbar hmiwriteable hmiwritable"
    " schreibbarauhmi hmischreibbar",
    "critical": "critical kritisch",
    "description": "description beschreibung comment kommentar bemerkung",
    "limits": "limits grenzwerte grenzen",
}
_FIELD_OF = {title: field for field, titles in _TITLES.items() for title in titles.split()}
_LANGUAGE = re.compile(
    r"^(?P<title>.*?)[\s_]*[\[(_]\s*(?P<language>[a-z]{2})(?:[-_][a-z]{2})?\s*[\])]?$"
)
# Only TIA Portal's exports have these; other columns of theirs are then no typing mistakes.
_TIA_TITLES = frozenset(
    ("logicaladdress", "logischeadresse", "hmiaccessible", "hmivisible", "plctag", "plcvariable",
     "accessmethod", "zugriffsart", "acquisitionmode", "erfassungsart", "coding", "codierung",
     "connection", "verbindung", "path", "pfad")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds.

    Args:
        position: from 0.
        field: one of `FIELDS`.
        language: ``en``, ``de`` … or "".
        title: as written.
    """

    position: int
    field: str
    language: str
    title: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header row that was understood.

    Args:
        columns: those with a meaning.
        unknown: titles without one.
        doubled: titles that mean what an earlier column means already.
        is_tia: written by TIA Portal.
    """

    columns: tuple[Column, ...]
    unknown: tuple[str, ...]
    doubled: tuple[str, ...]
    is_tia: bool

    @property
    def is_german(self) -> bool:
        """Any German title: numbers are likely to have a decimal comma."""
        return any(_key(column.title) in _GERMAN for column in self.columns)


_GERMAN = frozenset(
    ("einheit", "nachkommastellen", "dezimalstellen", "kommastellen", "schritt", "texte",
     "textliste", "beschreibbar", "schreibbar", "kritisch", "beschreibung", "kommentar",
     "grenzwerte", "datentyp", "variablenname")
)  # fmt: skip


def read_header(cells: Sequence[object]) -> Header | None:
    """Understand a row as header; None when it has no column for the name."""
    columns: list[Column] = []
    unknown: list[str] = []
    doubled: list[str] = []
    seen: set[tuple[str, str]] = set()
    titles = ["" if cell is None else str(cell).strip() for cell in cells]
    is_tia = len(_TIA_TITLES & {_key(title) for title in titles}) >= 2
    for position, title in enumerate(titles):
        if not title:
            continue
        meaning = _meaning(title)
        if meaning is None:
            unknown.append(title)
        elif meaning in seen:
            doubled.append(title)
        else:
            seen.add(meaning)
            columns.append(Column(position, *meaning, title))
    if ("name", "") not in seen:
        return None
    if is_tia:  # its exports have many columns, some with titles of ours ("HMI DataType")
        doubled = []
        unknown = []
    return Header(tuple(columns), tuple(unknown), tuple(doubled), is_tia)


def _meaning(title: str) -> tuple[str, str] | None:
    field = _FIELD_OF.get(_key(title))
    if field is not None:
        return field, ""
    match = _LANGUAGE.match(title.strip().lower())
    if match is None:
        return None
    field = _FIELD_OF.get(_key(match["title"]))
    if field not in ("texts", "description"):
        return None
    return field, match["language"]


def _key(title: str) -> str:
    """Letters and digits only, umlauts spelled out: ``Data type`` and ``data_type`` are one."""
    lowered = title.lower()
    for mark, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        lowered = lowered.replace(mark, letters)
    return re.sub(r"[^a-z0-9]", "", lowered)
