"""Answers of the WinCC V7/V8 REST service as rows, whatever wrapping they come in.

What the lists look like is not documented, and differs in what was seen. So nothing here relies on
a shape: keys are read without regard to case and punctuation, rows are looked for, and what is no
row is passed over. Pure; used by the neighbouring ``classic_*`` modules and by the link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tagwerk.dialects.base import decode_json, json_text
from tagwerk.dialects.names import clean_name
from tagwerk.domain.errors import NotReachable, ProtocolError
from tagwerk.domain.values import ItemError

Row = dict[str, Any]
"""One object of an answer, its keys folded by `fold_key`."""

_PUNCTUATION = str.maketrans("", "", "_- .")
_NAMES = ("variablename", "name", "tagname", "fullname", "varname", "key", "id")
_POINTS = (
    "continuationpoint",
    "continuation",
    "nextcontinuationpoint",
    "continuationtoken",
    "next",
)
_SUCCESS = frozenset({"", "ok", "none", "null", "success", "successful", "good", "0", "no error"})
_DEEPEST_WRAPPER = 3
_SURELY_WHOLE = 50
"""No server cuts its pages shorter: a shorter list is a whole one."""
EMPTY_ANSWER = "empty_answer"
"""Code of the error for an HTTP 200 with nothing in it."""


def fold_key(key: str) -> str:
    """``qualityCode``, ``QualityCode`` and ``quality_code`` are one."""
    return key.translate(_PUNCTUATION).lower()


def fold(body: Mapping[str, Any]) -> Row:
    """An object with folded keys; of two that fold alike the first one with a value stays."""
    row: Row = {}
    for key, value in body.items():
        folded = fold_key(str(key))
        if row.get(folded) is None:
            row[folded] = value
    return row


def first(row: Row, *keys: str, default: Any = None) -> Any:
    """The value of the first of the folded keys that is there and not null."""
    for key in keys:
        value = row.get(key)
        if value is not None:
            return value
    return default


def text_of(row: Row, *keys: str) -> str:
    """The same as text; "" when there is none, or no plain one."""
    value = first(row, *keys, default="")
    if isinstance(value, Mapping):
        value = first(fold(value), "name", "text", "value", default="")
    return "" if isinstance(value, Mapping | list) else clean_name(str(value))


def decode_body(data: bytes) -> Any:
    """An answer's JSON.

    Raises:
        NotReachable: HTTP 200 with an empty body, which is no answer: what was asked may have been
            done, and may not.
        ProtocolError: something else than JSON.
    """
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise NotReachable(
            "The server's answer is empty.",
            cure="It is asked again by itself; look at the service if it stays so.",
            code=EMPTY_ANSWER,
            may_have_arrived=True,
        )
    try:
        return decode_json(data)
    except ValueError as problem:
        raise ProtocolError(
            "The answer is not JSON: {reason}.",
            cure="Check that the address is the REST service of WinCC, usually on port 34568.",
            code="not_json",
            reason=str(problem)[:200],
        ) from None


def rows_of(body: Any) -> list[Row]:
    """The rows of an answer: an array, one inside a wrapper, an object of objects by name, bare
    names, or one row alone. A row without a name of its own has none.
    """
    return list(_rows(body, 0))


def _rows(body: Any, depth: int) -> Iterable[Row]:
    if isinstance(body, list):
        for item in body:
            if isinstance(item, Mapping):
                yield fold(item)
            elif isinstance(item, str) and item:
                yield {"name": item}
        return
    if not isinstance(body, Mapping) or not body:
        return
    if depth < _DEEPEST_WRAPPER:
        lists = [value for value in body.values() if isinstance(value, list)]
        is_row = any(key in fold(body) for key in _NAMES)
        if lists and not is_row:
            yield from _rows(max(lists, key=len), depth + 1)
            return
        inner = [value for value in body.values() if isinstance(value, Mapping)]
        if inner and not is_row:
            if len(inner) == 1 and any(isinstance(one, list) for one in inner[0].values()):
                yield from _rows(inner[0], depth + 1)
            elif all(value is None or isinstance(value, Mapping) for value in body.values()):
                for name, value in body.items():
                    if value is not None:
                        yield {"name": name} | fold(value)
            return
    yield fold(body)


def name_of(row: Row) -> str:
    """What the row is about; "" when it does not say."""
    known = text_of(row, *_NAMES)
    if known:
        return known
    # ``filterName``, ``archiveName``, ``connectionName`` …: each list may have a word of its own.
    return next((text_of(row, key) for key in row if key.endswith("name")), "")


def error_of(row: Row) -> ItemError | None:
    """What the row says went wrong: an ``errorcode`` other than 0, or an ``error`` that says something."""
    code = first(row, "errorcode", "code", "errornumber")
    said = first(row, "error", "errordescription", "errortext", "errormessage")
    if isinstance(said, Mapping):
        inner = fold(said)
        code = first(inner, "code", "errorcode", default=code)
        said = first(inner, "description", "message", "text", "error", default="")
    number = to_integer(code)
    words = "" if said is None or said is False else str(said).strip()
    if words.lower() in _SUCCESS:
        words = ""
    if not words and (number == 0 or code is None or str(code).strip().lower() in _SUCCESS):
        return None
    return ItemError("" if code is None else str(code), words)


def says_done(row: Row) -> bool:
    """Whether the row says that a change was done: an ``errorcode`` that is 0, and no ``error``.

    A row without any code says nothing, though the HTTP status may be 200.
    """
    code = first(row, "errorcode", "code", "errornumber")
    return to_integer(code) == 0 and error_of(row) is None


def to_integer(value: Any) -> int | None:
    """A whole number, also as text, also as ``0x80``; None for all else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        text = value.strip()
        try:
            return int(text, 16) if text[:2].lower() == "0x" else int(text)
        except ValueError:
            return None
    return None


def continuation_of(body: Any, headers: Mapping[str, str]) -> str:
    """Where a list goes on, as told in a header, beside the rows or in the last one; "" if nowhere."""
    for key, value in headers.items():
        if fold_key(key).removeprefix("x") in _POINTS:
            return value.strip()
    if isinstance(body, list) and body and isinstance(body[-1], Mapping):
        last = fold(body[-1])
        return _point(last) if not name_of(last) else ""
    return _point(fold(body)) if isinstance(body, Mapping) else ""


def _point(row: Row) -> str:
    for key in (*_POINTS, "paging", "page"):
        value = row.get(key)
        if isinstance(value, Mapping):
            return _point(fold(value))
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


class Pages:
    """Follows a list from page to page, whatever way the server has of telling how it goes on.

    A told point is followed. Where none is told and the page is full, the last name and then the
    count are tried as the point; a page that brings nothing new, or begins with a name that is there
    already, is not the next one. Bounded, so that no server keeps it going for ever.

    Args:
        limit: rows asked for per page.
    """

    MOST_PAGES = 2000

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.pages = 0
        self.is_cut = False
        """It ended with a full page after which the server would not go on: there may be more."""
        self._known: set[str] = set()
        self._firsts: set[str] = set()
        self._longest = 0
        self._count = 0
        self._used: set[str] = set()
        self._guesses: list[str] = []

    def take(self, body: Any, headers: Mapping[str, str]) -> tuple[list[Row], str]:
        """One page: its new rows, and the point to ask for next; "" when it is done."""
        self.pages += 1
        named = [(name, row) for row in rows_of(body) if (name := name_of(row))]
        told = continuation_of(body, headers)
        if named and named[0][0] in self._firsts and not told:
            return [], self._next_guess()
        fresh: list[Row] = []
        for name, row in named:
            # Several rows of one name are several things, unless they say the same.
            key = f"{name}\0{json_text(row)}"
            if key not in self._known:
                self._known.add(key)
                fresh.append(row)
        self._count += len(fresh)
        if not fresh:
            return fresh, self._next_guess()
        self._firsts.add(named[0][0])
        if self.pages >= self.MOST_PAGES:
            self.is_cut = True
            return fresh, ""
        if told and told not in self._used:
            self._used.add(told)
            return fresh, told
        if told or not self._may_go_on(len(named)):
            return fresh, ""
        self._guesses = [str(self._count), named[-1][0]]
        return fresh, self._next_guess()

    def _may_go_on(self, length: int) -> bool:
        """A full page; or a short one, where the server may have a limit of its own: as long as all
        the pages before, and not so short that nobody would cut there.
        """
        if length >= self.limit:
            return True
        longest, self._longest = self._longest, max(self._longest, length)
        return length >= max(longest, _SURELY_WHOLE)

    def _next_guess(self) -> str:
        while self._guesses:
            guess = self._guesses.pop(0)
            if guess not in self._used:
                self._used.add(guess)
                self.is_cut = not self._guesses
                return guess
        return ""
