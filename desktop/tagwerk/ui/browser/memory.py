"""What a user made of a plant's tree: favourites, open branches, the place where they were.

Kept by connection and by names, so that it outlives other plants, names read again and a restart. It
says what is to be open and where to go; what is shown at all is the outline's business. Used by the
tag panel alone, which tells it of every plant and every branch that opens.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from tagwerk.store.outline import Outline
from tagwerk.store.tree import ROOT
from tagwerk.ui.browser.place import Place, place_from_json
from tagwerk.ui.browser.view import TagTreeView

MOST_OPEN = 400
MOST_FAVORITES = 1_000


class TreeMemory:
    """One for a tag panel.

    Args:
        tree: its outline has the favourites; its branches are opened.
    """

    def __init__(self, tree: TagTreeView) -> None:
        self._tree = tree
        self._key = ""
        self._went_back = False
        self._favorites: dict[str, list[str]] = {}
        self._open: dict[str, set[str]] = {}
        self._places: dict[str, Place] = {}

    @property
    def _outline(self) -> Outline:
        return self._tree.rows.outline

    def turn_to(self, connection: str, outline: Outline) -> None:
        """Another plant, or the same one anew: give its outline the favourites.

        Args:
            connection: its name; "" without a plant, for which nothing is kept.
        """
        self._key = connection
        self._went_back = False
        outline.favorites = list(self._favorites.get(connection, []))

    # Favourites.

    def toggle_favorites(self, names: list[str]) -> None:
        """Make them favourites, or all of them no longer."""
        favorites = self._outline.favorites
        if all(name in favorites for name in names):
            self._outline.favorites = [name for name in favorites if name not in names]
        else:
            self._outline.favorites = list(dict.fromkeys([*favorites, *names]))[:MOST_FAVORITES]
        self._favorites[self._key] = self._outline.favorites

    # Open branches.

    def open_known(self) -> None:
        """Open the branches that were open last time, as soon as they are there."""
        outline, model = self._outline, self._tree.rows
        if outline.is_narrowed:
            return
        known = self._open.get(self._key)
        if known is None:
            known = self._open[self._key] = {f"{system}::" for system in outline.tree.systems}
            if not known:
                del self._open[self._key]
                return
        for name in sorted(known, key=len):
            node = outline.tree.node(name)
            index = model.index_of(node) if node is not None else model.index_of(ROOT)
            if index.isValid() and not self._tree.isExpanded(index):
                self._tree.setExpanded(index, True)

    def note_open(self, index: QModelIndex | QPersistentModelIndex, is_open: bool) -> None:
        """A branch was opened or closed; what a search opens is not remembered."""
        model = self._tree.rows
        name = model.tag(model.handle(index))
        if self._outline.is_narrowed or not name:
            return
        names = self._open.setdefault(self._key, set())
        if is_open and len(names) < MOST_OPEN:
            names.add(name)
        else:
            names.discard(name)

    # The place.

    def _note_place(self) -> None:
        """Where the user is, unless a search stands in between or nothing is there yet."""
        outline = self._outline
        if self._went_back and not outline.is_narrowed and len(outline.tree):
            self._places.pop(self._key, None)
            place = self._tree.place()
            if place:
                self._places[self._key] = place

    def go_back(self, *, may_move: bool) -> None:
        """To where the user was, once, as soon as there are names; called when there is room to show
        them in.

        Args:
            may_move: nothing else is to be shown instead.
        """
        outline = self._outline
        has_names = len(outline.tree) and not outline.is_narrowed
        if self._went_back or not has_names:
            return
        self._went_back = True
        place = self._places.get(self._key)
        if place and may_move and not self._tree.selected_handles():
            self._tree.go_to(place)

    # Between runs.

    def save_state(self) -> dict[str, Any]:
        """Of all connections, as JSON-able data: ``favorites``, ``places``, ``open``."""
        self._favorites[self._key] = self._outline.favorites
        self._note_place()
        return {
            "favorites": {key: names for key, names in self._favorites.items() if key and names},
            "places": {key: place.to_json() for key, place in self._places.items() if key},
            "open": {
                key: sorted(names)[:MOST_OPEN] for key, names in self._open.items() if key and names
            },
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take it back, as far as it can be read; counts from the next `turn_to`."""
        for key, names in _by_key(state.get("favorites")):
            self._favorites[key] = names[:MOST_FAVORITES]
        for key, names in _by_key(state.get("open")):
            self._open[key] = set(names[:MOST_OPEN])
        places = state.get("places")
        for key, data in places.items() if isinstance(places, dict) else ():
            self._places[str(key)] = place_from_json(data)

    def plant_state(self) -> dict[str, Any]:
        """Of the plant on show, for a workspace."""
        return {
            "favorites": list(self._outline.favorites),
            "open": sorted(self._open.get(self._key, set()))[:MOST_OPEN],
        }

    def as_state(self, of_plant: dict[str, Any]) -> dict[str, Any]:
        """What `plant_state` gave, as `restore_state` takes it for the plant on show."""
        return {part: {self._key: words(of_plant.get(part))} for part in ("favorites", "open")}


def words(value: object) -> list[str]:
    """The texts of a list that was read; none where it is no list."""
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _by_key(value: object) -> list[tuple[str, list[str]]]:
    if not isinstance(value, dict):
        return []
    return [(key, words(names)) for key, names in value.items() if isinstance(key, str)]
