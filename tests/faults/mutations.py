"""Seeded mutations of answers and frames: bytes, JSON trees, and whole documents glued together.

Shared by the fuzzing test and the benchmark ``fuzz``. The same seed gives the same inputs.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
FOLDERS = (TESTS / "golden" / "unified", TESTS / "faults" / "corpus")

ODD = (
    None, True, False, 0, -1, 1.5, 2**63, -(2**63) - 1, 2**64, 10**30, 1e308, 5e-324,
    "", " ", "NaN", "-Infinity", "0", "101", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00", "2026-13-45T99:99:99Z", "2026-06-18T12:00:00.123456789123+99:99",
    "HMI_RT_1::A", "::", ":", "a::b::c", "\x00", "\u202e", "ß" * 300, "x" * 5000, "-", "+", "²", "1_0",
    "GOOD_CASCADE", "SOME_NEW_MEMBER", "Removed (Name changed)", "FORBIDDEN", "UNAUTHENTICATED",
    "expired token", "#12345678", "#GG", [], {}, [[]], [None], {"": None}, {"value": {"value": {}}},
    {"code": 0}, {"code": []}, {"message": {}}, {"name": ["x"]}, [1, "a", None, {}], [[1], [2]],
)  # fmt: skip
"""Values that a careful server would not send in that place."""

RAW = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "9" * 5000, "-0", "1E+2", "01",
    '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"\\x"', "'a'", "nul", "undefined", "",
    "[" * 40 + "]" * 40, "[" * 400 + "]" * 400, '{"a":' * 300 + "1" + "}" * 300,
    "[" * 3000 + "]" * 3000, '{"a":' * 1500 + "1" + "}" * 1500, "[" * 10_000, '{"x":' * 5000,
    '[{"a":[' * 200 + "1" + "]}]" * 200, '{"a":99999999999999999999999999}', '{"a":NaN}',
    '{"a":"\\ud800"}', '["\\udfff"]', "1" + "0" * 330, "0." + "1" * 2000,
)  # fmt: skip
"""Texts that take the place of a value as they stand; most are not JSON, some too much of it."""

KEYS = (
    "data", "errors", "name", "value", "timestamp", "quality", "error", "code", "description", "id",
    "type", "payload", "message", "extensions", "token", "user", "values", "flags", "tagValues",
)  # fmt: skip
_PLACE = "@@here@@"
_MARKS = b'{}[],:"\\0123456789-+.eEntf \n\x00\xff\xc3\xed\xa0\x80'


def corpus() -> dict[str, bytes]:
    """Documents to begin with, by name: recorded and hand-written answers and frames."""
    found: dict[str, bytes] = {}
    for folder in FOLDERS:
        for path in sorted(folder.glob("*.json*")):
            lines = (
                path.read_bytes().splitlines() if path.suffix == ".jsonl" else [path.read_bytes()]
            )
            for number, line in enumerate(lines):
                found[f"{folder.name}/{path.stem}/{number}"] = line.strip()
    return found


class Mutator:
    """Makes one input after the other.

    Args:
        seed: decides all of them.
        documents: what to begin with.
    """

    def __init__(self, seed: int, documents: list[bytes]) -> None:
        self.random = random.Random(seed)
        self.documents = documents
        self._trees = [self._tree(document) for document in documents]

    @staticmethod
    def _tree(document: bytes) -> str | None:
        try:
            return json.dumps(json.loads(document))
        except ValueError:
            return None

    def next(self) -> bytes:
        """One input: usually one mutation, sometimes several on top of each other."""
        which = self.random.randrange(len(self.documents))
        data = self.documents[which]
        text = self._trees[which]
        if text is not None and self.random.random() < 0.6:
            data = self._mutate_tree(text)
            if self.random.random() < 0.8:
                return data
        for _ in range(self.random.choice((1, 1, 1, 2, 4, 8))):
            data = self._mutate_bytes(data)
        return data

    def _mutate_tree(self, text: str) -> bytes:
        body = json.loads(text)
        raws: list[str] = []
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 6))):
            body = self._change(body, raws)
        result = json.dumps(body, ensure_ascii=self.random.random() < 0.5)
        for raw in raws:
            result = result.replace(f'"{_PLACE}"', raw, 1)
        return result.encode("utf-8", "replace")

    def _change(self, body: object, raws: list[str]) -> object:
        """Walk down at random and change what is there."""
        choose = self.random
        parent: object = None
        place: object = None
        node = body
        while isinstance(node, dict | list) and node and (parent is None or choose.random() < 0.8):
            parent = node
            if isinstance(node, dict):
                place = choose.choice(list(node))
                node = node[place]
            else:
                place = choose.randrange(len(node))
                node = node[place]
        fresh = self._instead(node, raws)
        if isinstance(parent, dict):
            return self._change_field(body, parent, place, node, fresh)
        if isinstance(parent, list):
            assert isinstance(place, int)
            if choose.random() < 0.2:
                parent[:] = json.loads(json.dumps(parent * choose.choice((0, 2, 3))))
            else:
                parent[place] = fresh
            return body
        return fresh

    def _change_field(self, body, parent, place, node, fresh):
        what = self.random.random()
        if what < 0.15:
            del parent[place]
        elif what < 0.25:
            parent[self.random.choice(KEYS)] = fresh
        elif what < 0.3:
            parent[str(place) + self.random.choice(("", " ", "X", "\x00"))] = node
        else:
            parent[place] = fresh
        return body

    def _instead(self, node: object, raws: list[str]) -> object:
        what = self.random.random()
        if what < 0.2:
            raws.append(self.random.choice(RAW))
            return _PLACE
        if what < 0.25:
            return [copy.deepcopy(node) for _ in range(self.random.choice((1, 2, 50)))]
        if what < 0.3:
            return {self.random.choice(KEYS): node}
        if what < 0.35:
            return str(node)
        # A copy: what is in the tree may be changed again.
        return copy.deepcopy(self.random.choice(ODD))

    def _mutate_bytes(self, data: bytes) -> bytes:
        choose = self.random
        if not data:
            return choose.randbytes(choose.randrange(20))
        at = choose.randrange(len(data))
        to = min(len(data), at + choose.choice((1, 2, 8, 64, 512)))
        what = choose.randrange(10)
        if what == 0:
            return data[:at]
        if what == 1:
            return data[:at] + data[to:]
        if what == 2:
            return data[:to] + data[at:]
        if what == 3:
            return data[:at] + bytes((data[at] ^ (1 << choose.randrange(8)),)) + data[at + 1 :]
        if what == 4:
            return data[:at] + bytes((choose.choice(_MARKS),)) + data[at + 1 :]
        if what == 5:
            return data[:at] + bytes((choose.choice(_MARKS),)) + data[at:]
        if what == 6:
            return data[:at] + choose.randbytes(choose.choice((1, 3, 30))) + data[at:]
        if what == 7:
            return data[:at] + choose.choice(RAW).encode() + data[to:]
        other = choose.choice(self.documents)
        if what == 8 and other:
            return data[:at] + other[choose.randrange(len(other)) :]
        return self._swap(data)

    def _swap(self, data: bytes) -> bytes:
        """Swap two words between quotes."""
        parts = data.split(b'"')
        if len(parts) < 4:
            return data + data
        first, second = (self.random.randrange(len(parts)) for _ in range(2))
        parts[first], parts[second] = parts[second], parts[first]
        return b'"'.join(parts)
