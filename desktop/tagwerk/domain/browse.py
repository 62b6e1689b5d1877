"""A chunk of a browse as columns: a few large objects in place of some for each name.

A million names pass from the link's thread to the window's; as objects they would cost more than
all else. Made by dialects, taken by the tag tree; everybody else reads it as a list of `BrowseItem`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TypeAlias, overload

from tagwerk.domain.tags import BrowseItem, TagKind

END = "\x00"
"""Ends a text of a column."""
FIELD = "\x01"
"""Parts fields in the tree's memory. Neither can be part of a name."""

Words: TypeAlias = tuple[TagKind, str, str]
"""Kind, data type and the server's word for the kind, as in `BrowseItem`."""


class BrowseColumns(Sequence[BrowseItem]):
    """Browsed objects, which are made from the columns when somebody asks for them.

    Args:
        names: full names in UTF-8, each ended by `END`, none empty, none with `FIELD`; a name may
            stand there twice, and then the later one holds.
        displays: the display names in the same way, empty where there is none.
        codes: the number of each object's words (unsigned).
        words: see `Words`.
    """

    __slots__ = ("_items", "codes", "displays", "names", "words")

    def __init__(
        self, names: bytes, displays: bytes, codes: array[int], words: Sequence[Words]
    ) -> None:
        self.names = names
        self.displays = displays
        self.codes = codes
        self.words = words
        self._items: list[BrowseItem] | None = None

    @classmethod
    def of(cls, items: Iterable[BrowseItem]) -> BrowseColumns:
        """From objects. Each name stands there once, and says what its last object said.

        Names that are empty, or hold what parts them in memory, are left out: only a broken server
        sends such.
        """
        fresh = {
            item[0]: item
            for item in items
            if item[0] and END not in item[0] and FIELD not in item[0]
        }
        numbers: dict[tuple[int, str, str], int] = {}
        words: list[Words] = []
        codes = array("I")
        for _, _, kind, data_type, kind_text in fresh.values():
            # By id, because hashing an enum member runs Python code; members live for ever.
            number = numbers.setdefault((id(kind), data_type, kind_text), len(words))
            if number == len(words):
                words.append((kind, data_type, kind_text))
            codes.append(number)
        displays = [clean(item[1]) for item in fresh.values()]
        return cls(column(fresh), column(displays), codes, words)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> BrowseItem: ...
    @overload
    def __getitem__(self, index: slice) -> list[BrowseItem]: ...
    def __getitem__(self, index: int | slice) -> BrowseItem | list[BrowseItem]:
        if self._items is None:
            names = self.names.decode().split(END)
            displays = self.displays.decode().split(END)
            words = [self.words[code] for code in self.codes]
            self._items = [
                BrowseItem(name, display, *said)
                for name, display, said in zip(names, displays, words, strict=False)
            ]
        return self._items[index]


def column(texts: Iterable[str]) -> bytes:
    """Texts as a column. Half of a surrogate pair, which no file could hold, becomes a mark."""
    return "".join([text + END for text in texts]).encode(errors="replace")


def clean(display: str) -> str:
    """A display name without what parts the texts."""
    return display.replace(END, " ").replace(FIELD, " ")
