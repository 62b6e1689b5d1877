"""Names in calls and answers, whatever the dialect: split into calls, found again behind an echo.

Pure. Used by the link, which must never give one tag's value to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tagwerk.domain.tags import short_name

_LONGEST_KEPT = 1000
"""A longer text is no name; kept by the thousand it would fill the memory."""
_INVISIBLE = dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060, 0x00AD))
"""Byte order marks, zero-width characters and soft hyphens, as they come with copied text."""


def clean_name(name: str) -> str:
    """The name without what nobody can see: a name that carries it is not found on any server."""
    return name.translate(_INVISIBLE).strip()


class Echoes:
    """Finds the name that the desk asked with behind the name that a server echoes.

    The server may answer with the short or the full name, whichever was asked (reference,
    section 5). Two asked names that a short echo could mean must not share one call; `batches`
    keeps them apart.
    """

    __slots__ = ("_asked", "_cache", "_folded", "_short")

    def __init__(self, names: Iterable[str]) -> None:
        self._asked: set[str] = set(names)
        self._short: dict[str, str] = {short_name(name): name for name in self._asked}
        self._cache: dict[str, str | None] = {name: name for name in self._asked}
        self._folded: dict[str, str | None] = {}

    def find(self, echo: str) -> str | None:
        """The asked name, or None for an answer that nobody asked for."""
        found = self._cache.get(echo, "")
        if found != "":
            return found
        found = self._short.get(short_name(echo)) or self._in_any_case(echo)
        full = found is not None and "::" in found and "::" in echo
        if full and found is not None and found.casefold() != echo.casefold():
            found = None  # the same tag name of another system
        if len(self._cache) > 4 * len(self._asked) + 64:
            self._cache = {name: name for name in self._asked}
        if len(echo) <= _LONGEST_KEPT:
            self._cache[echo] = found
        return found

    def _in_any_case(self, echo: str) -> str | None:
        """The one asked name that differs in case only: some servers answer in their own spelling."""
        if not self._folded:
            for name in self._asked:
                key = short_name(name).casefold()
                self._folded[key] = None if key in self._folded else name
        return self._folded.get(short_name(echo).casefold())

    def drop(self, name: str) -> None:
        """Nobody wants `name` any more: its messages find nothing."""
        self._asked.discard(name)
        self._folded = {}
        self._short = {short: full for short, full in self._short.items() if full != name}
        self._cache = {echo: full for echo, full in self._cache.items() if full != name}

    def drop_many(self, names: set[str]) -> None:
        """`drop` for many names at once."""
        self._asked -= names
        self._folded = {}
        self._short = {short: full for short, full in self._short.items() if full not in names}
        self._cache = {echo: full for echo, full in self._cache.items() if full not in names}

    @property
    def names(self) -> set[str]:
        """The names still asked for."""
        return self._asked

    def __len__(self) -> int:
        return len(self._asked)


def name_batches(
    names: Iterable[str], *, most: int = 5000, most_bytes: int = 800_000
) -> list[list[str]]:
    """Split names into calls: bodies stay below 1 MB, and names that differ only in their system
    or in case go into different calls, because an echo could not tell them apart.
    """
    layers: list[list[str]] = []
    seen: dict[str, int] = {}
    for name in dict.fromkeys(names):
        short = short_name(name).casefold()
        layer = seen.get(short, 0)
        seen[short] = layer + 1
        if layer == len(layers):
            layers.append([])
        layers[layer].append(name)
    batches: list[list[str]] = []
    for layer_names in layers:
        batch: list[str] = []
        size = 0
        for name in layer_names:
            cost = len(msgspec.json.encode(name)) + 1
            if batch and (len(batch) >= most or size + cost > most_bytes):
                batches.append(batch)
                batch, size = [], 0
            batch.append(name)
            size += cost
        if batch:
            batches.append(batch)
    return batches


def pattern_matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a full name matches one of the patterns: ``*`` and ``?``, system optional."""
    if not patterns:
        return lambda name: True
    parts = []
    for pattern in patterns:
        escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        parts.append(escaped if "::" in pattern else f"(?:[^:]*::)?{escaped}")
    regex = re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)
    return lambda name: regex.fullmatch(name) is not None
