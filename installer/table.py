"""The table that `dev.py package` ends with: file, size, SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def size_bytes(path: Path) -> int:
    """Of a file, or of all files in a folder (a link counts nothing)."""
    if path.is_file():
        return path.stat().st_size
    return sum(
        item.lstat().st_size for item in path.rglob("*") if item.is_file() and not item.is_symlink()
    )


def megabytes(count: int) -> str:
    """Bytes as text, in units of 1,000,000."""
    return f"{count / 1e6:.1f} MB"


def table(artefacts: Iterable[Path], beside: Path) -> str:
    """One line a file or folder, named as seen from the folder `beside`."""
    rows = [("file", "size", "SHA-256")]
    for path in artefacts:
        name = path.relative_to(beside) if path.is_relative_to(beside) else path
        digest = sha256(path) if path.is_file() else "(folder)"
        rows.append((str(name), megabytes(size_bytes(path)), digest))
    wide = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(
        f"{name:<{wide[0]}}  {size:>{wide[1]}}  {digest}" for name, size, digest in rows
    )
