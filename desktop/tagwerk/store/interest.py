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
        self.version = 0

    def set(self, owner: str, names: Iterable[str]) -> None:
        """Replace what `owner` (e.g. ``tagTree``, ``trend:1``) wants."""
        wanted = frozenset(names)
        if self._by_owner.get(owner, frozenset()) != wanted:
            self._by_owner[owner] = wanted
            self.version += 1

    def drop(self, owner: str) -> None:
        """`owner` wants nothing any more."""
        if self._by_owner.pop(owner, None):
            self.version += 1

    def of(self, owner: str) -> frozenset[str]:
        """What `owner` wants now."""
        return self._by_owner.get(owner, frozenset())

    @property
    def names(self) -> frozenset[str]:
        """The union over all owners."""
        return frozenset().union(*self._by_owner.values())
