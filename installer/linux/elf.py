"""Reads and mends the tables of 64-bit Linux programs and libraries (the ELF format).

No tool of the system is needed. Offsets and tags are those of the System V ABI for x86-64.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian: what is built here
_LOADED, _DYNAMIC = 1, 2
_END, _NEEDED, _STRINGS, _RPATH, _RUNPATH = 0, 1, 5, 15, 29
_ROW = struct.Struct("<qQ")


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header: what it is, where it lies in the file and in memory, in bytes."""

    kind: int
    offset: int
    address: int
    length: int
    align: int


def is_elf(path: Path) -> bool:
    """Whether the file is a 64-bit program or library for Linux."""
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def needed(path: Path) -> list[str]:
    """Names of the libraries that the file links; [] for files of other formats."""
    data = path.read_bytes()
    if not data.startswith(_MAGIC):
        return []
    return [_text(data, place) for tag, place in _strings(data) if tag == _NEEDED]


def search_path(path: Path) -> str:
    """Where the loader looks for its libraries first, "" for nowhere special."""
    data = path.read_bytes()
    found = [_text(data, place) for tag, place in _strings(data) if tag in (_RPATH, _RUNPATH)]
    return ":".join(found)


def newest_glibc(path: Path) -> tuple[int, int]:
    """The newest version of the C library that the file names, e.g. ``(2, 34)``; (0, 0) for none."""
    found = re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?=[.\0])", path.read_bytes())
    return max(((int(major), int(minor)) for major, minor in found), default=(0, 0))


def can_be_loaded(path: Path) -> bool:
    """Whether every loaded segment lies in the file as it must lie in memory, page by page.

    `strip` breaks this in files whose sections were moved before (as in numpy's wheel); the loader
    then refuses them with "address/offset not page-aligned".
    """
    return all(
        (segment.address - segment.offset) % max(segment.align, 1) == 0
        for segment in _segments(path.read_bytes())
        if segment.kind == _LOADED
    )


def forget_foreign_path(path: Path) -> bool:
    """Take out a search path that names a folder of the machine it was built on.

    On another machine whoever may write there could slip a library in. Paths relative to the file
    (``$ORIGIN``) stay. Returns whether there was one.
    """
    data = bytearray(path.read_bytes())
    rows = _dynamic_rows(data)
    foreign = {
        tag: place
        for tag, place in _strings(data)
        if tag in (_RPATH, _RUNPATH) and not _text(data, place).startswith("$ORIGIN")
    }
    if not foreign:
        return False
    for place in foreign.values():
        end = data.index(b"\0", place)
        data[place:end] = bytes(end - place)
    start = next(segment.offset for segment in _segments(data) if segment.kind == _DYNAMIC)
    kept = [row for row in rows if row[0] not in foreign]
    for number, row in enumerate([*kept, *[(_END, 0)] * (len(rows) - len(kept))]):
        _ROW.pack_into(data, start + number * _ROW.size, *row)
    path.write_bytes(data)
    return True


def _segments(data: bytes | bytearray) -> list[Segment]:
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    found = []
    for number in range(count):
        kind, _, offset, address, _, length, _, align = struct.unpack_from(
            "<IIQQQQQQ", data, table + number * size
        )
        found.append(Segment(kind, offset, address, length, align))
    return found


def _dynamic_rows(data: bytes | bytearray) -> list[tuple[int, int]]:
    """Tag and value of each row of the dynamic table, up to its end."""
    for segment in _segments(data):
        if segment.kind == _DYNAMIC:
            part = bytes(data[segment.offset : segment.offset + segment.length])
            rows = [(int(tag), int(value)) for tag, value in _ROW.iter_unpack(part)]
            tags = [tag for tag, _ in rows]
            return rows[: tags.index(_END)] if _END in tags else rows
    return []


def _strings(data: bytes | bytearray) -> list[tuple[int, int]]:
    """Of each row of the dynamic table that names something: tag, offset of the name in the file."""
    rows = _dynamic_rows(data)
    table = next((value for tag, value in rows if tag == _STRINGS), None)
    if table is None:
        return []
    start = next(
        segment.offset + table - segment.address
        for segment in _segments(data)
        if segment.kind == _LOADED and segment.address <= table < segment.address + segment.length
    )
    return [(tag, start + value) for tag, value in rows if tag in (_NEEDED, _RPATH, _RUNPATH)]


def _text(data: bytes | bytearray, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("ascii")
