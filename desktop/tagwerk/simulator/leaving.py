"""Tags that leave the project while it runs, or get another name: as after a download of changes.

Made only with one of the switches ``remove-after`` and ``rename-after``; asked by the tag fields
with short names, and by the server once a tick.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from tagwerk.simulator.state import ModelError
from tagwerk.simulator.switches import Switches

REMOVED_REASON = "Removed"
RENAMED_REASON = "Removed (Name changed)"
NEW_NAME_END = "_new"


class Leaving:
    """Which names stop to resolve, and when.

    Args:
        switches: ``remove-after`` or ``rename-after`` in seconds, and ``gone``.
        now_ns: the plant's time; the seconds count from its value here.
    """

    def __init__(self, switches: Switches, now_ns: Callable[[], int]) -> None:
        self._renames = switches.on("rename-after")
        after_s = switches.number("rename-after", switches.number("remove-after", 0))
        self._matches = re.compile(translate(switches.text("gone", "Cooling.TIC2120.PV")))
        self._now_ns = now_ns
        self._due_ns = now_ns() + int(after_s * 1e9)
        self._is_told = False

    @property
    def reason(self) -> str:
        """What subscribers are told."""
        return RENAMED_REASON if self._renames else REMOVED_REASON

    def is_due(self) -> bool:
        """Whether the names have gone."""
        return self._now_ns() >= self._due_ns

    def take_news(self) -> bool:
        """True once, when the names have gone and nobody was told."""
        if self._is_told or not self.is_due():
            return False
        self._is_told = True
        return True

    def concerns(self, name: str) -> bool:
        """Whether a name, an element of it or what hangs under it is one that goes."""
        tag = name.partition(":")[0].partition("[")[0]
        return self._matches.fullmatch(tag) is not None

    def resolve(self, name: str) -> str:
        """The plant's own name of one that is asked for.

        Raises:
            ModelError: 2, it has gone.
        """
        if not self.is_due():
            return name
        if self._renames:
            tag, mark, rest = name.partition(":")
            former = tag.removesuffix(NEW_NAME_END)
            if former != tag and self.concerns(former):
                return former + mark + rest
        if self.concerns(name):
            raise ModelError("2", f"the name {name} cannot be resolved")
        return name

    def listed(self, name: str) -> str | None:
        """How a browse lists an object, None when it has gone."""
        if not self.is_due() or not self.concerns(name):
            return name
        if not self._renames:
            return None
        tag, mark, rest = name.partition(":")
        return tag + NEW_NAME_END + mark + rest


def leaving_of(switches: Switches, now_ns: Callable[[], int]) -> Leaving | None:
    """The tags that leave, None when all stay."""
    if switches.on("remove-after") or switches.on("rename-after"):
        return Leaving(switches, now_ns)
    return None
