"""Who wants which tags: the union is what gets subscribed, nothing else.

Programs that subscribe to everything get banned by plant IT; so each panel says what is visible,
trended or listed, under its own name, as often as it likes.
"""

from __future__ import annotations

from collections.abc import Iterable


class Interest:
    """Wanted names by owner. `version` grows when the union may have changed."""

    def __init__(self) -> None:
        self._by_owner: dict[str, frozenset[str]] = {}
        self._quick: set[str] = set()
        self.version = 0

    def set(self, owner: str, names: Iterable[str], *, quick: bool = False) -> None:
        """Replace what `owner` (e.g. ``tagTree``, ``trend:1``) wants.

        `quick`: it draws a curve or records, and needs more than what an eye can follow. Only where
        values are polled does it make a difference.
        """
        wanted = frozenset(names)
        if quick:
            self._quick.add(owner)
        if self._by_owner.get(owner, frozenset()) != wanted:
            self._by_owner[owner] = wanted
            self.version += 1

    def drop(self, owner: str) -> None:
        """`owner` wants nothing any more."""
        self._quick.discard(owner)
        if self._by_owner.pop(owner, None):
            self.version += 1

    def of(self, owner: str) -> frozenset[str]:
        """What `owner` wants now."""
        return self._by_owner.get(owner, frozenset())

    @property
    def quick_names(self) -> frozenset[str]:
        """The union over the owners that need more."""
        return frozenset().union(*(self._by_owner.get(owner, ()) for owner in self._quick))

    @property
    def names(self) -> frozenset[str]:
        """The union over all owners."""
        return frozenset().union(*self._by_owner.values())
