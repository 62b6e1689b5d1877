"""What becomes of written values under switches: refused with other codes, lost, late, left out.

Called by the tag fields for each write; without one of its switches a value goes to the plant at
once, and the reply holds every item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tagwerk.simulator.state import ModelError
from tagwerk.simulator.switches import Switches

if TYPE_CHECKING:
    from tagwerk.domain.values import Value
    from tagwerk.simulator.model import PlantModel


class _Late(NamedTuple):
    due_ns: int
    name: str
    value: Value
    user: str


class WritesPlayed:
    """The way of a written value.

    Args:
        model: the plant.
        switches: ``write-refused``, ``write-lost``, ``write-late``, ``write-left-out``.
    """

    def __init__(self, model: PlantModel, switches: Switches) -> None:
        self._model = model
        self._refused_code = switches.text("write-refused")
        self._is_lost = switches.on("write-lost")
        self._late_ns = int(switches.number("write-late", 0) * 1e9)
        self._left_out = switches.text("write-left-out")
        self._waiting: list[_Late] = []

    def write(self, name: str, value: Value, *, now_ns: int, user: str) -> None:
        """One value to the plant, or not.

        Raises:
            ModelError: refused.
        """
        try:
            if self._is_lost or self._late_ns:
                self._accept(name)
                if not self._is_lost:
                    self._waiting.append(_Late(now_ns + self._late_ns, name, value, user))
                return
            self._model.write(name, value, now_ns=now_ns, user=user)
        except ModelError as problem:
            if not self._refused_code:
                raise
            raise ModelError(self._refused_code, problem.description) from None

    def _accept(self, name: str) -> None:
        """Refuse what can be seen to be wrong without writing."""
        if not self._model.state(name).writable:
            raise ModelError("1", f"{name} is read-only")

    def arrive(self, now_ns: int) -> None:
        """Bring the late ones whose time has come to the plant."""
        due = [one for one in self._waiting if one.due_ns <= now_ns]
        for late in due:
            self._waiting.remove(late)
            try:
                self._model.write(late.name, late.value, now_ns=now_ns, user=late.user)
            except ModelError:
                # It was answered as accepted: what the controller refuses later, nobody is told.
                continue

    def reply(
        self, replies: list[dict[str, Any]], refused: Sequence[bool]
    ) -> list[dict[str, Any]] | None:
        """The items of the reply that are given; `refused` in the same order."""
        if not self._left_out:
            return replies
        if self._left_out == "null":
            return None
        if self._left_out == "all":
            return []
        keeps = self._left_out == "accepted"
        return [one for one, is_no in zip(replies, refused, strict=True) if is_no is keeps]
