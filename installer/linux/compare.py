"""Compares two builds byte by byte."""

from __future__ import annotations

import stat
from pathlib import Path

from installer.table import sha256


def differences(first: Path, second: Path) -> list[str]:
    """What differs between two files or two folders: names, bytes, rights, targets of links."""
    if first.is_file():
        return [] if sha256(first) == sha256(second) else [f"{first.name}: other bytes"]
    ours, theirs = _names(first), _names(second)
    found = [f"{name}: only in {first}" for name in sorted(ours - theirs)]
    found += [f"{name}: only in {second}" for name in sorted(theirs - ours)]
    for name in sorted(ours & theirs):
        one, other = first / name, second / name
        if _kind(one) != _kind(other):
            found.append(f"{name}: {_kind(one)} and {_kind(other)}")
        elif one.is_file() and not one.is_symlink() and sha256(one) != sha256(other):
            found.append(f"{name}: other bytes")
    return found


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _kind(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    return stat.filemode(path.stat().st_mode)
