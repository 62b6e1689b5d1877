"""What a program folder made by PyInstaller holds: files, and the modules in its archive.

Reads only. The archive may be of another system and another Python than the one that runs this.
"""

from __future__ import annotations

import marshal
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PyInstaller.archive.readers import CArchiveReader  # type: ignore[import-untyped]

from .model import PapersError

CONTENTS = "_internal"
"""Where PyInstaller puts everything but the executables."""
OWN_OUTPUT = "licences"
PROGRAMS = re.compile(r"tagwerkw?(\.exe)?")
BINARY = re.compile(r"\.(dll|pyd|exe)$|\.so(\.[0-9.]+)?$", re.IGNORECASE)
_MODULE_SUFFIX = re.compile(r"(\.py|\.pyc|(\.[^./]+)?\.(so|pyd))$")
_PYZ = "z"
_SCRIPTS = ("s", "m", "M")


@dataclass(frozen=True, slots=True)
class Inside:
    """The contents of a program folder.

    Args:
        folder: where it lies.
        files: all regular files, relative to the folder, with slashes, sorted; links are not
            among them, nor what papers were written before.
        modules: names of all Python modules, with dots, those in the archive and the compiled ones.
    """

    folder: Path
    files: tuple[str, ...]
    modules: frozenset[str]


def look_inside(folder: Path) -> Inside:
    """Read a program folder.

    Raises:
        PapersError: there is no executable with an archive in it.
    """
    files = tuple(
        sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file()
            and not path.is_symlink()
            and path.relative_to(folder).parts[0] != OWN_OUTPUT
        )
    )
    programs = [name for name in files if PROGRAMS.fullmatch(name)]
    if not programs:
        raise PapersError(f"{folder} holds no executable of Tagwerk")
    modules: set[str] = set()
    for name in programs:
        modules |= archived_modules(folder / name)
    for name in files:
        relative = PurePosixPath(name)
        if relative.parts[0] != CONTENTS:
            continue
        if relative.name == "base_library.zip":
            with zipfile.ZipFile(folder / name) as archive:
                modules |= {module_name(entry) for entry in archive.namelist()}
        elif relative.suffix == ".pyz":
            modules |= _pyz_modules(folder / name, 0)
        elif (found := module_name("/".join(relative.parts[1:]))) and BINARY.search(name):
            modules.add(found)
    return Inside(folder, files, frozenset(modules - {""}))


def archived_modules(program: Path) -> set[str]:
    """Names of the modules in the archive of an executable; on Windows it holds none."""
    archive = CArchiveReader(str(program))
    found = set()
    for name, (offset, _length, _full, _packed, kind) in archive.toc.items():
        if kind in _SCRIPTS:
            found.add(name)
        elif kind == _PYZ:
            found |= _pyz_modules(program, archive._start_offset + offset)
    return found


def _pyz_modules(program: Path, start: int) -> set[str]:
    # PyInstaller's own reader refuses the archive of another Python; the table of contents is the
    # same: four bytes of magic, four of Python's, the table's offset, then marshalled pairs.
    with program.open("rb") as file:
        file.seek(start)
        magic, _python, offset = struct.unpack("!4s4si", file.read(12))
        if magic != b"PYZ\0":
            raise PapersError(f"{program.name} has an archive that is not to be read")
        file.seek(start + offset)
        return {str(name) for name, _entry in marshal.load(file)}


def module_name(path: str) -> str:
    """The dotted name of the module in a file; "" for other files.

    Args:
        path: relative to a folder on Python's path, with slashes.
    """
    if not _MODULE_SUFFIX.search(path):
        return ""
    parts = _MODULE_SUFFIX.sub("", path).split("/")
    if parts[-1] == "__init__":
        parts.pop()
    if "lib-dynload" in parts:
        parts = parts[-1:]
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""
