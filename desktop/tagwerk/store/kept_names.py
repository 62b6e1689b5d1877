"""A tag tree as bytes for a file, and back: how names are kept from one start to the next.

Pure: no file is opened here (`plant.kept` does), and neither values nor secrets are in it. A few
columns of numbers, the packed texts and the hashes of the names, each compressed for itself, behind
a header with lengths and a checksum. What can be made again quickly is left out.

    TAGWERK-NAMES 1 LF | header's length as 8 digits LF | header as JSON | columns
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagwerk.domain.tags import TagKind
from tagwerk.store.names import ID_BITS, RECORD, Keys, NameIndex, TextBlock
from tagwerk.store.nodes import EXPLICIT, NodeTable
from tagwerk.store.tree import TagTree

MAGIC = b"TAGWERK-NAMES 1\n"
MOST_NODES = 1 << 24
_LENGTH_DIGITS = 8
_BLOCK_NODES = 8_192
"""Nodes of one block of texts: what is folded in one go holds everybody else up."""
_DEEPEST = 10
"""A name has at most 2 to the power of this many segments."""
_LEVEL = 1
_ID_MASK = (np.uint64(1) << ID_BITS) - np.uint64(1)
_NUMBERS = (("parents", "I"), ("metas", "I"), ("flags", "B"), ("joints", "B"))
_COLUMNS = (*(name for name, _ in _NUMBERS), "ends", "texts", "keys")


class NotKept(ValueError):
    """The bytes hold no names that this program can read; the text says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Names out of a file.

    Args:
        tree: complete, sorted where it is small.
        saved_ns: when they were read from the server.
        identity: of the server, as it was given to `pack`.
    """

    tree: TagTree
    saved_ns: int
    identity: str


def pack(tree: TagTree, saved_ns: int, identity: str) -> Iterator[bytes]:
    """A tree as the parts of a file. May run in a thread while the tree grows: it is cut where it
    is now."""
    nodes, metas, systems, keys = tree.kept_parts()
    count = len(nodes)
    columns = {name: getattr(nodes, name)[:count].tobytes() for name, _ in _NUMBERS}
    texts: list[bytes] = []
    for block in nodes.blocks:
        if block.first + block.count > count:
            break
        texts.append(block.packed[: block.packed_ends[block.count - 1] if block.count else 0])
    columns["texts"] = b"".join(texts)
    columns["ends"] = array("I", [len(part) for part in texts]).tobytes()
    columns["keys"] = np.sort(keys[(keys & _ID_MASK) < count]).tobytes()
    packed = {
        name: columns[name] if name == "keys" else zlib.compress(columns[name], _LEVEL)
        for name in _COLUMNS
    }
    checksum = 0
    for name in _COLUMNS:
        checksum = zlib.crc32(packed[name], checksum)
    header = {
        "saved_ns": saved_ns,
        "identity": identity,
        "nodes": count,
        "metas": [[kind.value, data_type, word] for kind, data_type, word in metas],
        "systems": [node for node in systems if node < count],
        "displays": {str(node): text for node, text in dict(nodes.displays).items() if node < count},
        "columns": [[name, len(packed[name]), len(columns[name])] for name in _COLUMNS],
        "checksum": checksum,
    }  # fmt: skip
    text = json.dumps(header).encode()
    yield MAGIC
    yield b"%08d\n" % len(text)
    yield text
    for name in _COLUMNS:
        yield packed[name]


def unpack(data: bytes) -> Kept:
    """Take names out of a file's bytes.

    Raises:
        NotKept: foreign, damaged, cut short, or of another version.
    """
    try:
        header, columns = _parts(data)
        return _tree(header, columns)
    except NotKept:
        raise
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, zlib.error) as problem:
        raise NotKept(f"damaged ({type(problem).__name__})") from problem


def saved_at(data: bytes) -> int:
    """When they were read, from the beginning of a file.

    Raises:
        NotKept: as `unpack`.
    """
    try:
        return int(_header(data)[0]["saved_ns"])
    except NotKept:
        raise
    except (ValueError, KeyError, TypeError) as problem:
        raise NotKept("damaged") from problem


def differences(before: TagTree, now: TagTree) -> tuple[int, int]:
    """How many browsed names are new, and how many are gone. By hash: a handful of a million may
    be missed."""
    old, new = _hashes(before), _hashes(now)
    common = np.intersect1d(old, new, assume_unique=True).size
    return int(new.size - common), int(old.size - common)


def _hashes(tree: TagTree) -> Keys:
    nodes, _, _, keys = tree.kept_parts()
    flags = np.frombuffer(nodes.flags.tobytes(), np.uint8)
    keys = keys[(keys & _ID_MASK) < flags.size]
    return np.unique(keys[(flags[keys & _ID_MASK] & EXPLICIT) != 0] >> ID_BITS)


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    if not data.startswith(MAGIC):
        raise NotKept("not a file of names, or one of another version")
    start = len(MAGIC) + _LENGTH_DIGITS + 1
    end = start + int(data[len(MAGIC) : start])
    header = json.loads(data[start:end])
    if not isinstance(header, dict):
        raise NotKept("damaged header")
    return header, end


def _parts(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    header, start = _header(data)
    view = memoryview(data)
    if zlib.crc32(view[start:]) != header["checksum"]:
        raise NotKept("damaged: its checksum does not fit")
    columns: dict[str, bytes] = {}
    for name, length, size in header["columns"]:
        part = view[start : start + length]
        start += length
        if name == "keys":
            columns[name] = bytes(part)
        else:
            unpacker = zlib.decompressobj()
            columns[name] = unpacker.decompress(part, size + 1)
        if len(columns[name]) != size:
            raise NotKept(f"damaged column {name}")
    return header, columns


def _tree(header: dict[str, Any], columns: dict[str, bytes]) -> Kept:
    count = int(header["nodes"])
    kinds = {kind.value: kind for kind in TagKind}
    metas = [(kinds[kind], str(data_type), str(word)) for kind, data_type, word in header["metas"]]
    numbers = {name: array(code, columns[name]) for name, code in _NUMBERS}
    if not 0 < count < MOST_NODES or any(len(column) != count for column in numbers.values()):
        raise NotKept("damaged: columns of different lengths")
    _check(numbers, len(metas))
    displays = {int(node): str(text) for node, text in header["displays"].items()}
    systems = [int(node) for node in header["systems"]]
    keys = np.frombuffer(columns["keys"], np.uint64)
    if keys.size != count - 1 or any(not 0 < node < count for node in (*systems, *displays)):
        raise NotKept("damaged: nodes that are not there")
    blocks = _blocks(columns["texts"], array("I", columns["ends"]), count)
    nodes = NodeTable.restored(numbers, blocks, displays)
    tree = TagTree.restored(nodes, metas, systems, NameIndex(keys))
    return Kept(tree, int(header["saved_ns"]), str(header["identity"]))


def _check(numbers: dict[str, array[int]], metas: int) -> None:
    """Every node is below the first one: a circle would be walked for ever."""
    parents = np.frombuffer(numbers["parents"], np.uint32)
    if int(parents.max()) >= parents.size or int(np.frombuffer(numbers["metas"], np.uint32).max()) >= metas:  # fmt: skip
        raise NotKept("damaged: numbers out of range")
    above = parents
    for _ in range(_DEEPEST):
        if not above.any():
            return
        above = above[above]
    raise NotKept("damaged: names without a beginning")


def _blocks(texts: bytes, lengths: array[int], count: int) -> list[TextBlock]:
    """Texts in blocks of a size that is quick to fold, joined from those of the browse."""
    blocks: list[TextBlock] = []
    pending: list[bytes] = []
    first = start = records = 0
    for length in (*lengths, -1):
        part = texts[start : start + max(length, 0)]
        start += len(part)
        if pending and (length < 0 or records >= _BLOCK_NODES):
            blocks.append(TextBlock.of_packed(first, b"".join(pending)))
            first, records, pending = first + records, 0, []
        records += part.count(RECORD.encode())
        pending.append(part)
    if first != count or start != len(texts):
        raise NotKept("damaged: texts are missing")
    return blocks
