"""What is known about a tag, from the server's browse and the user's tag sheet."""

from __future__ import annotations

from dataclasses import replace

from tagwerk.domain.tags import BrowseItem, TagInfo, TagLimits, data_type_from_text
from tagwerk.sheets import SheetEntry


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
