"""The list of setpoints: which tags, in which order, with which staged values. No Qt.

Staged means: typed and understood, waiting for a confirmed write. The plant knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tagwerk.domain.values import Sample, Value


@dataclass(frozen=True, slots=True)
class Staged:
    """A value that waits to be written.

    Args:
        value: of the tag's type.
        seen: what the tag showed when it was typed; the guard compares it with what is there then.
    """

    value: Value
    seen: Sample | None


class SetpointRows:
    """Names in order, each once, and what is staged for them. `version` grows at each change."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._staged: dict[str, Staged] = {}
        self.version = 0

    @property
    def names(self) -> list[str]:
        return self._names

    def __len__(self) -> int:
        return len(self._names)

    def add(self, names: Iterable[str], at: int | None = None) -> list[str]:
        """Add what is not there yet, at the end or before row `at`; returns what was added."""
        known = set(self._names)
        fresh = [name for name in dict.fromkeys(names) if name and name not in known]
        place = len(self._names) if at is None else max(0, min(at, len(self._names)))
        self._names[place:place] = fresh
        self.version += bool(fresh)
        return fresh

    def remove(self, names: Iterable[str]) -> None:
        """Take rows out, with what is staged for them."""
        gone = set(names)
        self._names = [name for name in self._names if name not in gone]
        for name in gone:
            self._staged.pop(name, None)
        self.version += 1

    def replace(self, names: Sequence[str]) -> None:
        """Another list; what is staged stays for names that are in both."""
        self._names = list(dict.fromkeys(names))
        self._staged = {name: self._staged[name] for name in self._names if name in self._staged}
        self.version += 1

    def move(self, name: str, by: int) -> bool:
        """Move a row up (negative) or down; False at the edge."""
        place = self._names.index(name)
        target = place + by
        if not 0 <= target < len(self._names):
            return False
        self._names.insert(target, self._names.pop(place))
        self.version += 1
        return True

    def stage(self, name: str, value: Value, seen: Sample | None) -> None:
        """Keep a value for a later write."""
        self._staged[name] = Staged(value, seen)
        self.version += 1

    def unstage(self, names: Iterable[str] | None = None) -> None:
        """Forget staged values; None for all."""
        for name in list(self._staged) if names is None else list(names):
            self._staged.pop(name, None)
        self.version += 1

    def staged(self, name: str) -> Staged | None:
        return self._staged.get(name)

    @property
    def all_staged(self) -> list[tuple[str, Staged]]:
        """What is staged, in the order of the rows: the order of writing."""
        return [(name, self._staged[name]) for name in self._names if name in self._staged]
