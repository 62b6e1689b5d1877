"""A request below the base as its call sees it, and the answer before it is spelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tagwerk.simulator.sessions import User

MOST_ITEMS = 1_000_000


class Refused(Exception):
    """The whole call is answered with an error status and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class Question:
    """One request.

    Args:
        names: the names in the path, decoded.
        query: parameters; keys in lower case.
        body: the decoded JSON, None without one.
        language: ``en-US`` or ``de-DE``.
    """

    user: User
    names: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    language: str = "en-US"

    def number(self, name: str, otherwise: int) -> int:
        """A parameter as a number.

        Raises:
            Refused: 400, it is none.
        """
        text = self.query.get(name.lower(), "").strip()
        if not text:
            return otherwise
        try:
            value = int(text)
        except ValueError:
            value = -1
        if not 0 <= value <= MOST_ITEMS:
            raise Refused(400, f"{name} must be a number that is not negative")
        return value


class Slices:
    """The elements of a long list, made and encoded a part at a time.

    A quarter of a million elements take a second: meanwhile the plant has to go on, and others
    want answers.

    Args:
        parts: the elements; gone through once.

    Attributes:
        raw: the JSON array, as soon as it is made.
    """

    __slots__ = ("parts", "raw")

    def __init__(self, parts: Iterator[list[Any]]) -> None:
        self.parts = parts
        self.raw = msgspec.Raw()


@dataclass(slots=True)
class Answer:
    """What a call gives.

    Args:
        content: the document; keys in the interface's documented spelling.
        status: of HTTP.
        headers: beside the usual ones.
        names: how many variables it was about; each may take its time.
        is_write: whether something was done to the plant.
        is_bare: whether it goes without a body.
        slices: the long list that the content holds, if any.
    """

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    names: int = 0
    is_write: bool = False
    is_bare: bool = False
    slices: Slices | None = None


def member(body: Any, name: str) -> Any:
    """A member of a JSON object, its key in any case; None when there is none."""
    if not isinstance(body, dict):
        return None
    if name in body:
        return body[name]
    folded = name.casefold()
    return next((value for key, value in body.items() if key.casefold() == folded), None)


def texts(body: Any, name: str) -> list[str]:
    """A list of texts in a body.

    Raises:
        Refused: 400, there is none.
    """
    found = member(body, name)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused(400, f"The body needs “{name}”, a list of texts")
    return found
