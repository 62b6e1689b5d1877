"""Where the user is in the tag tree, by names: it outlives other names, another language, a restart.

Who uses it: the tree's view when its names are replaced, the panel when it is built anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST_SELECTED = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What is selected and in view.

    Args:
        selected: full names, at most `MOST_SELECTED`.
        current: full name of the current row.
        top: full name of the first row in view; "" at the very top.
        offset: how far its line begins above the view, in pixels.
    """

    selected: tuple[str, ...] = ()
    current: str = ""
    top: str = ""
    offset: int = 0

    def __bool__(self) -> bool:
        return bool(self.selected or self.current or self.top)

    def to_json(self) -> dict[str, Any]:
        """As data for the settings."""
        return {
            "selected": list(self.selected),
            "current": self.current,
            "top": self.top,
            "offset": self.offset,
        }


def place_from_json(data: object) -> Place:
    """Take it back, as far as it can be read."""
    if not isinstance(data, dict):
        return Place()
    selected, offset = data.get("selected"), data.get("offset")
    names = [one for one in selected if isinstance(one, str)] if isinstance(selected, list) else []
    current, top = data.get("current"), data.get("top")
    return Place(
        tuple(names[:MOST_SELECTED]),
        current if isinstance(current, str) else "",
        top if isinstance(top, str) else "",
        offset if isinstance(offset, int) and abs(offset) < 10_000 else 0,
    )
