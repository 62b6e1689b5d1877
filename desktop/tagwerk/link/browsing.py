"""A browse on its way in: decoded while it arrives, handed on, never held as a whole.

Used by `client` on the link's thread, once for each browse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from tagwerk.dialects.unified_browse import (
    BrowseBody,
    browse_chunks,
    browse_columns,
    browse_items,
    browse_splitter,
)
from tagwerk.domain.browse import END, BrowseColumns
from tagwerk.domain.ports import OnItems
from tagwerk.domain.tags import BrowseItem, TagKind, split_name

Matches: TypeAlias = Callable[[str], bool]


class BrowseTaker:
    """A `BodyTaker` for the answer to one browse.

    Args:
        matches: whether a name is wanted; None for all.
        kinds: wanted kinds; empty for all.
        on_items: gets the objects as they come; may answer with something to wait for. None
            collects them in `items` instead, each name once.
    """

    def __init__(
        self,
        matches: Matches | None,
        kinds: Collection[TagKind],
        on_items: OnItems | None,
    ) -> None:
        self.items: list[BrowseItem] = []
        self.systems: dict[str, None] = {}
        """Runtime systems seen, in order."""
        self._matches = matches
        self._kinds = kinds
        self._on_items = on_items
        self._seen: set[str] = set()
        self._splitter = browse_splitter()
        # Columns are for a tree; who wants a list would make the objects after all.
        self._made: Callable[[list[BrowseBody]], Sequence[BrowseItem]] = (
            browse_items if on_items is None else browse_columns
        )

    def begin(self) -> None:
        self._splitter = browse_splitter()

    async def take(self, plain: bytes) -> None:
        for rows in self._splitter.feed(plain):
            await self._hand_on(self._made(rows))

    def rest(self) -> bytes:
        return self._splitter.rest()

    async def finish(self, rest: bytes) -> None:
        """The last rows, out of the answer as far as it was not taken.

        Raises:
            as `browse_chunks`.
        """
        for items in browse_chunks(rest):
            await self._hand_on(items)

    async def _hand_on(self, items: Sequence[BrowseItem]) -> None:
        if self._kinds:
            items = [item for item in items if item.kind in self._kinds]
        if self._matches is not None:
            items = [item for item in items if self._matches(item.name)]
        self.systems |= _systems_of(items)
        if self._on_items is None:
            for item in items:
                if item.name not in self._seen:
                    self._seen.add(item.name)
                    self.items.append(item)
        elif items:
            waiting = self._on_items(items)
            if waiting is not None:
                await waiting
        await asyncio.sleep(0)


def _systems_of(items: Sequence[BrowseItem]) -> dict[str, None]:
    if isinstance(items, BrowseColumns):
        first = items.names.partition(END.encode())[0].decode()
        system = split_name(first).system
        head = f"{END}{system}::".encode()
        # Nearly always all names of a chunk are of one system: seen without taking them apart.
        if system and (END.encode() + items.names).count(head) == len(items):
            return {system: None}
    found: dict[str, None] = {}
    last = ""
    for item in items:
        if last and item.name.startswith(last):
            continue
        system = split_name(item.name).system
        if system:
            last = f"{system}::"
            found[system] = None
    return found
