"""The last spelling of a document: wrappers, keys, numbers as text; and the bodies of refusals.

Calls make documents with the interface's documented keys; without a switch of these they are sent
as they are. Every form here is invented, except arrays at the top and mixed case, which were seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tagwerk.simulator.http_manners import page
from tagwerk.simulator.switches import Switches

VALUE_KEYS = frozenset(("value", "values", "processValues"))
"""Members whose numbers are values of the process, not counts and codes."""

_WORDS = {
    "variablename": "variable name",
    "datatype": "data type",
    "qualitycode": "quality code",
    "errorcode": "error code",
    "timestamp": "timestamp",
}
"""Keys of one documented word that consist of two."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

Respell = Callable[[str], str]


def _parts(key: str) -> list[str]:
    return _WORDS.get(key.lower(), _HUMP.sub(" ", key)).lower().split()


def _pascal(key: str) -> str:
    return "".join(part.capitalize() for part in _parts(key))


def _camel(key: str) -> str:
    pascal = _pascal(key)
    return pascal[:1].lower() + pascal[1:]


_KEYS: dict[str, Respell] = {
    "lower": str.lower,
    "upper": str.upper,
    "camel": _camel,
    "pascal": _pascal,
    "snake": lambda key: "_".join(_parts(key)),
}


class Spelling:
    """How one server spells what its calls give.

    Args:
        switches: those under "Classic: replies".
    """

    def __init__(self, switches: Switches) -> None:
        self._wrapper = switches.text("classic-wrapper")
        self._single = switches.text("classic-single-as")
        keys = switches.text("classic-keys")
        self._respell = _KEYS[keys] if keys else None
        self._has_number_texts = switches.on("classic-numbers-as-text")
        self._adds_keys = switches.on("classic-more-keys")
        self._errors = switches.text("classic-errors-as")

    def wrapped(self, rows: Any, own: str) -> Any:
        """An array at the top, in the object that a switch puts around it.

        Args:
            own: the list's own name.
        """
        if not self._wrapper:
            return rows
        return {own if self._wrapper == "own" else self._wrapper: rows}

    def wrapper_key(self, own: str) -> str:
        """The name of a list that has to stand in an object."""
        return {"": "items", "own": own}.get(self._wrapper, self._wrapper)

    def single(self, element: Any) -> Any:
        """What was asked for by its name."""
        if self._single == "list":
            return [element]
        return {"value": element} if self._single == "value" else element

    def finished(self, document: Any) -> Any:
        """The document with the keys and numbers that switches want."""
        if self._adds_keys:
            document = _with_more(document)
        if self._respell is not None or self._has_number_texts:
            document = self._walked(document, is_value=False)
        return document

    def _walked(self, node: Any, *, is_value: bool) -> Any:
        if isinstance(node, dict):
            respell = self._respell
            return {
                (respell(key) if respell is not None else key): self._walked(
                    child, is_value=key in VALUE_KEYS
                )
                for key, child in node.items()
            }
        if isinstance(node, list):
            return [self._walked(child, is_value=is_value) for child in node]
        if (
            self._has_number_texts
            and not is_value
            and isinstance(node, (int, float))
            and not isinstance(node, bool)
        ):
            return str(node)
        return node

    def refusal(self, status: int, text: str) -> web.Response:
        """An answer that is no success."""
        if self._errors == "html":
            return page(status)
        if self._errors in ("text", "empty"):
            return web.Response(status=status, text=text if self._errors == "text" else "")
        if self._errors == "problem":
            return web.json_response(
                {"type": "about:blank", "title": text, "status": status},
                status=status,
                content_type="application/problem+json",
            )
        return web.json_response({"errorcode": status, "error": text}, status=status)


def _with_more(document: Any) -> Any:
    """The same with members that nobody knows, in each object."""
    if isinstance(document, dict):
        more = {key: _with_more(child) for key, child in document.items()}
        return {"@id": 17, **more, "server": "WINCC01", "extension": {"revision": [1, 2]}}
    return [_with_more(child) for child in document] if isinstance(document, list) else document
