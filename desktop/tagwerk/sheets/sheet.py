"""What a tag sheet says about tags: units, ranges, texts; what the servers do not tell.

Plain data, no files: `csv_reader`, `xlsx_reader` and `tia` make it. Who uses it: the plant merges
it with the browse, so that panels see one `TagInfo` a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tagwerk.domain.tags import TagInfo, data_type_from_text, short_name


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One row of a sheet. None and "" mean that the sheet did not say.

    Language keys are ``en``, ``de`` … and "" for a text without a language.

    Args:
        name: as written in the sheet, with or without the system.
        unit: e.g. ``°C``.
        decimals: digits after the point, 0 to 9.
        low, high: the range in `unit`.
        step: a change larger than this asks twice, in `unit`.
        texts: value → language → text.
        writable: False forbids writing from this desk.
        critical: True asks for an extra confirmation.
        descriptions: language → longer text.
        data_type: as spelled in the sheet.
        limits: name → value, lines in the trend.
        row: number of the row in the file, from 1; 0 when it was not read from one.
    """

    name: str
    unit: str = ""
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    texts: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    writable: bool | None = None
    critical: bool = False
    descriptions: Mapping[str, str] = field(default_factory=dict)
    data_type: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)
    row: int = 0

    def texts_in(self, language: str) -> dict[int, str]:
        """Value → text in ``en`` or ``de``; another language's where that one is missing."""
        return {value: best_text(words, language) for value, words in self.texts.items() if words}

    def description(self, language: str) -> str:
        """The description in ``en`` or ``de``, another language's when that one is missing."""
        return best_text(self.descriptions, language)

    def apply(self, info: TagInfo, language: str) -> TagInfo:
        """`info` from the browse, filled with what the sheet says.

        The server's data type and display name win: it knows them first-hand.
        """
        return replace(
            info,
            data_type=info.data_type
            if info.data_type.text
            else data_type_from_text(self.data_type),
            unit=self.unit or info.unit,
            decimals=info.decimals if self.decimals is None else self.decimals,
            low=info.low if self.low is None else self.low,
            high=info.high if self.high is None else self.high,
            step=info.step if self.step is None else self.step,
            texts=self.texts_in(language) or info.texts,
            writable=info.writable if self.writable is None else self.writable,
            critical=self.critical or info.critical,
            description=self.description(language) or info.description,
            limits=dict(self.limits) or info.limits,
        )


def best_text(words: Mapping[str, str], language: str) -> str:
    """The text in a language; else the one without a language, English, or any."""
    for key in (language, language[:2], "", "en"):
        if words.get(key):
            return words[key]
    return next(iter(words.values()), "")


class TagSheet:
    """Entries by name. An empty sheet is a good sheet: everything works without one.

    Args:
        entries: with unique names; of two with one name the first counts.
        source: where it came from, for messages; "" when it was not read from a file.
        unknown_columns: titles of the file that mean nothing here.
    """

    def __init__(
        self,
        entries: Iterable[SheetEntry] = (),
        *,
        source: str = "",
        unknown_columns: tuple[str, ...] = (),
    ) -> None:
        self.source = source
        self.unknown_columns = unknown_columns
        self._entries: dict[str, SheetEntry] = {}
        for entry in entries:
            self._entries.setdefault(entry.name, entry)
        # A short name answers for every system, a full one only for its own; but a user may also
        # ask for the full one by its short name, as replies of the server may.
        self._by_short: dict[str, SheetEntry] = {}
        for name, entry in self._entries.items():
            self._by_short.setdefault(short_name(name), entry)

    def find(self, name: str) -> SheetEntry | None:
        """The entry of a tag by full or short name.

        An element of an array (``Level[3]``) that has no row of its own takes the array's.
        """
        entry = self._exact(name)
        if entry is None and name.endswith("]"):
            entry = self._exact(name.rpartition("[")[0])
        return entry

    def _exact(self, name: str) -> SheetEntry | None:
        entry = self._entries.get(name)
        if entry is not None:
            return entry
        short = short_name(name)
        if short == name:
            return self._by_short.get(short)
        return self._entries.get(short)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[SheetEntry]:
        return iter(self._entries.values())
