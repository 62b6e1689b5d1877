"""Mends the folder's libraries: debugging tables go, and search paths of the build machine.

The tables are a fifth of the folder's size. Symbols that are linked stay. A file that `strip` refuses, makes no smaller or damages
stays as it was.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from installer.linux import elf

# The program itself carries its modules in a section of their own.
_NEVER = ("tagwerk",)


def mend_all(folder: Path) -> int:
    """Mend every library in the folder; returns how many bytes that saved."""
    saved = 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name in _NEVER or not elf.is_elf(path):
            continue
        saved += strip(path)
        elf.forget_foreign_path(path)
    return saved


def strip(path: Path) -> int:
    """Strip one library; returns how many bytes that saved."""
    before = path.stat().st_size
    smaller = path.with_name(f"{path.name}.stripped")
    command = ["strip", "--strip-unneeded", "--enable-deterministic-archives", "-o", smaller, path]
    done = subprocess.run(command, capture_output=True, check=False)
    try:
        if done.returncode or smaller.stat().st_size >= before:
            return 0
        if elf.needed(smaller) != elf.needed(path) or not elf.can_be_loaded(smaller):
            return 0
        shutil.copyfile(smaller, path)
        return before - path.stat().st_size
    finally:
        smaller.unlink(missing_ok=True)
