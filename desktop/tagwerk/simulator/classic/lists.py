"""Lists in pages: ``itemLimit``, ``continuationPoint``, and where the next point may stand.

All of it is invented: known are only the two parameters. Without a switch a list is an array, and
the continuation point is the number of the elements before the page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tagwerk.simulator.classic.question import Answer, Question, Refused, Slices
from tagwerk.simulator.classic.spelling import Spelling
from tagwerk.simulator.switches import Switches

Item = TypeVar("Item")
Element = dict[str, Any]

SLICE = 2000
"""Elements of a long list that are made at once: some 10 ms."""
_POINT = "continuationPoint"
_IN_THE_BODY = {
    "member": "continuationPoint",
    "next-member": "nextContinuationPoint",
    "camel-next": "nextPoint",
}
_IN_A_HEADER = {"header": "continuationPoint", "x-header": "X-Continuation-Point"}


class Lists:
    """The pages of one server.

    Args:
        switches: those under "Classic: lists".
        spelling: how arrays are wrapped.
    """

    def __init__(self, switches: Switches, spelling: Spelling) -> None:
        self._spelling = spelling
        self._paging = switches.text("classic-paging")
        self._end = switches.text("classic-end")
        self._point = switches.text("classic-point")
        self._largest = int(switches.number("classic-page", 0))
        self._list_as = switches.text("classic-list-as")
        self._empty = switches.text("classic-empty-list")

    def answer(
        self,
        question: Question,
        items: Sequence[Item],
        name: Callable[[Item], str],
        element: Callable[[Item], Element],
        own: str,
        key: str,
    ) -> Answer:
        """One page of a list.

        Args:
            items: the whole list.
            name, element: of an item.
            own: the list's own name, where a wrapper has one.
            key: the member of an element that holds its name.

        Raises:
            Refused: 400, the parameters are wrong.
        """
        limit = question.number("itemLimit", 0)
        if self._paging == "ignored":
            limit = 0
        size = min(limit or len(items), self._largest or len(items)) or len(items)
        point = question.query.get(_POINT.lower(), "").strip()
        start = (
            0 if self._paging in ("ignored", "repeats") else self._start(point, items, name, size)
        )
        shown = items[start : start + size]
        if not shown and self._empty and not start:
            return self._nothing()
        is_long = len(shown) > SLICE and self._list_as != "map" and self._paging != "last-element"
        rows: Any
        if is_long:
            rows = Slices(
                self._rows(shown[at : at + SLICE], name, element, key)
                for at in range(0, len(shown), SLICE)
            )
        else:
            rows = self._rows(shown, name, element, key)
        after = start + len(shown)
        has_more = after < len(items)
        if self._end == "empty-page" and shown:
            has_more = True
        told = self._told(has_more, after, items, name, size, start)
        answer = self._placed(rows, told, has_more, own)
        answer.slices = rows if is_long else None
        return answer

    def _nothing(self) -> Answer:
        """A list without elements, where it is not an empty array."""
        if self._empty == "404":
            raise Refused(404, "Not Found")
        if self._empty == "empty":
            return Answer(None, is_bare=True)
        return Answer({} if self._empty == "object" else None)

    def _rows(
        self,
        shown: Sequence[Item],
        name: Callable[[Item], str],
        element: Callable[[Item], Element],
        key: str,
    ) -> Any:
        if self._list_as == "names":
            return [name(item) for item in shown]
        elements = [element(item) for item in shown]
        if self._list_as == "name":
            return [
                {("name" if member == key else member): value for member, value in row.items()}
                for row in elements
            ]
        if self._list_as == "map":
            return {str(row.pop(key)): row for row in elements}
        return elements

    def _start(
        self, point: str, items: Sequence[Item], name: Callable[[Item], str], size: int
    ) -> int:
        """Number of the page's first element. Raises Refused for a point that was never given."""
        if not point or point == "0":
            return 0
        try:
            if self._point == "token":
                return int(base64.urlsafe_b64decode(point).decode().removeprefix("after:"))
            if self._point == "name":
                folded = point.casefold()
                return 1 + next(
                    number for number, item in enumerate(items) if name(item).casefold() == folded
                )
            return int(point) * (size if self._point == "page-number" else 1)
        except (ValueError, StopIteration):
            raise Refused(400, f"Invalid continuationPoint {point}") from None

    def _told(
        self,
        has_more: bool,
        after: int,
        items: Sequence[Item],
        name: Callable[[Item], str],
        size: int,
        start: int,
    ) -> Any:
        """The next continuation point, or the sign of the end."""
        if not has_more:
            return {"text": "", "zero": 0, "same": start, "repeats": 0}.get(self._end)
        if self._point == "token":
            return base64.urlsafe_b64encode(f"after:{after}".encode()).decode()
        if self._point == "name":
            return name(items[after - 1])
        return -(-after // max(size, 1)) if self._point == "page-number" else after

    def _placed(self, rows: Any, told: Any, has_more: bool, own: str) -> Answer:
        """The rows with the next point where the switch wants it."""
        paging, wrapped = self._paging, self._spelling.wrapped
        tells = has_more or bool(self._end)
        if paging in _IN_A_HEADER:
            text = "" if told is None else str(told)
            return Answer(wrapped(rows, own), headers={_IN_A_HEADER[paging]: text} if tells else {})
        if paging in _IN_THE_BODY:
            point = {_IN_THE_BODY[paging]: told} if tells else {}
            return Answer({self._spelling.wrapper_key(own): rows, **point})
        if paging == "nested":
            point = {_POINT: told, "hasMore": has_more} if tells else {}
            return Answer({self._spelling.wrapper_key(own): rows, "paging": point})
        if paging == "link" and has_more:
            return Answer(
                wrapped(rows, own), headers={"Link": f'<?continuationPoint={told}>; rel="next"'}
            )
        if paging == "last-element" and tells and isinstance(rows, list):
            return Answer(wrapped([*rows, {_POINT: told}], own))
        return Answer(wrapped(rows, own))
