"""What is known about a tag, from the server's browse and the user's tag sheet."""

from __future__ import annotations

from tagwerk.domain.tags import BrowseItem, TagInfo, data_type_from_text
from tagwerk.sheets import SheetEntry


def merge_tag_info(
    name: str, item: BrowseItem | None, entry: SheetEntry | None, language: str
) -> TagInfo:
    """One `TagInfo`: type and display name from the server, units, ranges and texts from the sheet.

    Args:
        name: full name.
        item: from the browse; None when it was not browsed.
        entry: from the sheet; None when the sheet does not know the tag.
        language: ``en`` or ``de``.
    """
    info = TagInfo(
        name,
        data_type_from_text(item.data_type if item is not None else ""),
        display_name=item.display_name if item is not None else "",
    )
    if entry is None:
        return info
    return entry.apply(info, language)
