"""Names that no browse told: typed by the user, or taken from the tag sheet. Used by the tag panel,
which puts them into the tree.
"""

from __future__ import annotations

from tagwerk.domain.connection import Capability
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.plant import Plant


def typed_name(plant: Plant, text: str) -> str:
    """The full name that was typed where the server tells none; "" when it is no such name."""
    name = text.strip()
    if not name or any(mark in name for mark in "*?"):
        return ""
    is_told = plant.tree.is_complete and Capability.BROWSE in plant.status.capabilities
    if is_told and "::" not in name and not name.endswith("]"):
        # The server has named everything; only elements of arrays are not among it.
        return ""
    return name if "::" in name else _head(plant) + name


def typed_item(name: str) -> BrowseItem:
    """A row like any other, of which nothing is known but the name."""
    return BrowseItem(name, "", TagKind.TAG, "")


def sheet_items(plant: Plant) -> list[BrowseItem]:
    """The names of the tag sheet in place of a browse."""
    head = _head(plant)
    return [
        BrowseItem(
            entry.name if "::" in entry.name else head + entry.name,
            entry.description(plant.language),
            TagKind.TAG,
            entry.data_type,
        )
        for entry in plant.sheet
    ]


def _head(plant: Plant) -> str:
    """What stands before a name where the plant has one system."""
    systems = plant.status.systems
    return f"{systems[0]}::" if len(systems) == 1 else ""
