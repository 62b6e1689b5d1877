"""What all dialects have in common: how one is listed, and what a request is.

Called by the registry, by `link` (which sends requests and hands answers back) and by tests.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class DialectInfo:
    """A line of the registry.

    Args:
        key: the word of ``--dialect`` and of a saved connection.
        product: what a server of this dialect is called, e.g. ``WinCC Unified``.
        public_path: where it listens behind the web server, over TLS.
        internal_port, internal_path: where it listens without TLS; port 0 when it does not.
        public_port: where it listens with TLS.
        other_ports: where else it is often found, with TLS.
        settings: fields of a profile that such a server needs beyond address, trust and user.
    """

    key: str
    product: str
    public_path: str
    internal_port: int = 0
    internal_path: str = ""
    public_port: int = 443
    other_ports: tuple[int, ...] = ()
    settings: tuple[str, ...] = ()

    def is_at(self, path: str) -> bool:
        """Whether a path on a server is this dialect's own, or lies below it."""
        own, path = self.public_path.rstrip("/").lower(), path.rstrip("/").lower()
        return path.endswith(own) or f"{own}/" in path


@dataclass(frozen=True, slots=True)
class Operation:
    """One request: its text and its variables. Variables hold all names and values; the text none.

    Args:
        text: the document.
        variables: by name; a value that is not given is left out, never null.
        result: the field of the answer's ``data`` that holds what was asked for.
        changes_plant: writes and acknowledgements, which are sent once and never repeated.
    """

    text: str
    variables: dict[str, Any] = field(repr=False)  # may hold a password
    result: str
    changes_plant: bool = False

    def body(self) -> bytes:
        """The JSON body of the request."""
        return _encode({"query": self.text, "variables": self.variables})


_encode = msgspec.json.Encoder().encode


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a typed decoder raises for data that `decode_json` must read, or refuse."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def decode_json(data: bytes | bytearray | memoryview) -> Any:
    """Any JSON, tolerantly: integers keep every digit, bare NaN and Infinity are taken.

    Raises:
        ValueError: not JSON at all, or nested more deeply than any answer is.
    """
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        # Some serialisers write NaN and Infinity bare or exceed a float's range; the standard
        # library takes these. Broken UTF-8 in one text must not cost the whole answer.
        try:
            return _read_tolerantly(bytes(data).decode("utf-8-sig", errors="replace"))
        except ValueError as problem:
            said = str(problem)
        except RecursionError:
            said = "nested too deeply"
    # Raised anew: the library's error carries the whole answer, which may repeat a secret.
    raise ValueError(said)


def _read_tolerantly(text: str) -> Any:
    body = json.loads(text)
    if _SURROGATE.search(text):
        # Half of a pair of surrogates is no text: nothing could write it to a file or a screen.
        wide = json.dumps(body, ensure_ascii=False).encode("utf-16", "surrogatepass")
        body = json.loads(wide.decode("utf-16", "replace"))
    return body


def json_text(value: Any) -> str:
    """What nobody documented, as its JSON; "…" where even that cannot be."""
    try:
        return _encode(value).decode()
    except (RecursionError, OverflowError, UnicodeEncodeError):
        return "…"
