"""What is known about a tag, from the server's browse and the user's tag sheet.

`Plant` asks, and says when something was learned; nothing is read from the server here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tagwerk.domain.tags import (
    BrowseItem,
    DataType,
    TagInfo,
    TagLimits,
    data_type_from_text,
    short_name,
)
from tagwerk.plant.names import NameReader
from tagwerk.sheets import SheetEntry, TagSheet
from tagwerk.store.tree import TagTree


def merge_tag_info(
    name: str,
    item: BrowseItem | None,
    entry: SheetEntry | None,
    language: str,
    limits: TagLimits | None = None,
) -> TagInfo:
    """One `TagInfo`: type and display name from the server, units, ranges and texts from the sheet.

    Args:
        name: full name.
        item: from the browse; None when it was not browsed.
        entry: from the sheet; None when the sheet does not know the tag.
        language: ``en`` or ``de``.
        limits: the range that the server's configuration has; the sheet's goes before it.
    """
    info = TagInfo(
        name,
        data_type_from_text(item.data_type if item is not None else ""),
        display_name=item.display_name if item is not None else "",
    )
    if entry is not None:
        info = entry.apply(info, language)
    if limits is not None and info.low is None and info.high is None:
        info = replace(info, low=limits.low, high=limits.high)
    return info


class KnownTags:
    """The tags of one plant: merged when first asked for, and kept until something is learned.

    Args:
        tree: what the server told.
        sheet: its word goes before the server's.
        names: whether the tree's names are of an earlier session.
    """

    def __init__(self, tree: TagTree, sheet: TagSheet, names: NameReader) -> None:
        self._tree = tree
        self._sheet = sheet
        self._names = names
        self.language = "en"
        """``en`` or ``de``; `forget` after a change."""
        self._infos: dict[str, TagInfo] = {}
        self._limits: Mapping[str, TagLimits] = {}

    def info(self, name: str) -> TagInfo:
        """All that is known about a tag: the sheet's word first, then the server's."""
        info = self._infos.get(name)
        if info is None:
            item = self._tree.find(name)
            entry = self._sheet.find(name)
            logging_tags, alarms = self._tree.behind(name)
            info = merge_tag_info(name, item, entry, self.language, self._limits_of(name))
            if logging_tags or alarms:
                info = replace(info, logging_tags=tuple(logging_tags), alarms=tuple(alarms))
            self._infos[name] = info
        return info

    def _limits_of(self, name: str) -> TagLimits | None:
        return self._limits.get(short_name(name)) if self._limits else None

    def data_type(self, name: str) -> DataType:
        """What its values are taken for."""
        if self._names.state.kept_ns:
            # An older project's type must not make another value of what the server sends today.
            entry = self._sheet.find(name)
            return merge_tag_info(name, None, entry, self.language).data_type
        item = self._tree.find(name)
        if item is not None and item.data_type:
            return data_type_from_text(item.data_type)
        return self.info(name).data_type

    def forget(self) -> None:
        """Names, types or the language are others: merge anew."""
        self._infos.clear()

    def take_limits(self, limits: Mapping[str, TagLimits]) -> None:
        """The ranges that the server's configuration has, by short name."""
        self._limits = limits
        self.forget()
