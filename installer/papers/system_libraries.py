"""What is inside and not from a Python package: Python, Qt, PyInstaller's starter, system libraries."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from .inside import BINARY, CONTENTS, PROGRAMS, Inside
from .known import built_in, is_qts, kept_text, licence_of_debian, table, version_inside
from .model import Component, PapersError, Text

_PYTHON_FILES = re.compile(
    r"(^|/)(libpython3[\d.]*\.so[\d.]*|python3\d*\.dll|base_library\.zip)$|/lib-dynload/"
)
# Where Debian's libraries lie. Whole paths: looking for a bare name takes dpkg seconds.
_TRIPLE = sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu"
DOCUMENTS = Path("/usr/share/doc")
_LIBRARY_FOLDERS = (f"/usr/lib/{_TRIPLE}", f"/lib/{_TRIPLE}", "/usr/lib", "/lib")


def python_itself(inside: Inside, packages: Path) -> Component:
    """Python: library, standard library, extension modules."""
    files = [name for name in inside.files if _PYTHON_FILES.search(name)]
    files += [
        name
        for name in inside.files
        if re.fullmatch(rf"{CONTENTS}/[^/]+\.pyd", name)
        and PurePosixPath(name).stem in sys.stdlib_module_names
    ]
    libraries = [name for name in files if re.search(r"libpython3\.|python3\d+\.dll", name)]
    if not libraries:
        raise PapersError(f"{inside.folder} holds no Python library")
    # Linkers let a string share the end of a longer one: only what follows can be relied on.
    version = version_inside(
        inside.folder / libraries[0], r"(?<![\d.])(3\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\x00"
    )
    if not version:
        raise PapersError(f"{libraries[0]} does not tell which Python it is")
    texts = [kept_text("Python-2.0.txt")]
    windows = packages.parent.parent / "LICENSE.txt"
    if inside.folder.joinpath("tagwerk.exe").exists() and windows.exists():
        # The text beside Windows' Python also has the terms of what is linked into it there.
        content = windows.read_text(encoding="utf-8").replace("\r\n", "\n")
        texts = [Text("LICENSE.txt", content)]
    modules = {name for name in inside.modules if name.split(".")[0] in sys.stdlib_module_names}
    return Component(
        name="Python",
        version=version,
        licence="PSF-2.0",
        purl=f"pkg:generic/cpython@{version}",
        group="runtime",
        kind="platform",
        texts=tuple(texts),
        files=tuple(sorted(set(files))),
        modules=len(modules),
        parts=built_in("python", inside, files),
    )


def starter(packages: Path) -> Component:
    """PyInstaller's bootloader, with which the executable begins, and its start-up modules."""
    found = [item for item in distributions(path=[str(packages)]) if item.name == "pyinstaller"]
    if not found:
        raise PapersError(f"{packages} does not hold the PyInstaller that made the folder")
    version = found[0].version
    texts = [
        Text("COPYING.txt", Path(str(path.locate())).read_text("utf-8").replace("\r\n", "\n"))
        for path in found[0].files or ()
        if path.name == "COPYING.txt" and "dist-info" in str(path)
    ]
    return Component(
        name="PyInstaller bootloader",
        version=version,
        licence="GPL-2.0-or-later WITH Bootloader-exception",
        purl=f"pkg:pypi/pyinstaller@{version}",
        group="runtime",
        texts=tuple(texts),
        note="The executable begins with it. Its exception allows programs of any licence to be packaged with it; its start-up "
        "modules in the archive are under the Apache License 2.0.",
    )


def qt_itself(inside: Inside, version: str) -> Component | None:
    """Qt's libraries, plug-ins and texts; None when there are none."""
    files = [
        name
        for name in inside.files
        if name.startswith(f"{CONTENTS}/PySide6/") and is_qts(name)
        and not _is_microsoft(name)
    ]  # fmt: skip
    if not files:
        return None
    return Component(
        name="Qt",
        version=version,
        licence="LGPL-3.0-only",
        purl=f"pkg:generic/qt@{version}",
        group="runtime",
        kind="framework",
        texts=(kept_text("LGPL-3.0.txt"), kept_text("GPL-3.0.txt")),
        files=tuple(files),
        copyright="Copyright (C) The Qt Company Ltd. and other contributors",
        note="From the wheels of PySide6. Where its sources are and how to put another in its "
        "place: QT-AND-LGPL.txt.",
        parts=built_in("qt", inside, files),
    )


def _is_microsoft(name: str) -> bool:
    return any(_matches(entry, name) for entry in table()["windows"])


def _matches(entry: dict[str, str], name: str) -> bool:
    return re.fullmatch(entry["files"], PurePosixPath(name).name, re.IGNORECASE) is not None


def windows_libraries(inside: Inside, left: Iterable[str]) -> list[Component]:
    """Known libraries of Windows' Python and of the C runtime among the files that are left."""
    left = list(left)
    found = []
    for entry in table()["windows"]:
        files = [name for name in left if _matches(entry, name)]
        if not files:
            continue
        version = (
            version_inside(inside.folder / files[0], entry["version"]) if "version" in entry else ""
        )
        purl = f"pkg:generic/{entry['purl']}" if "purl" in entry else ""
        found.append(
            Component(
                name=entry["name"],
                version=version,
                licence=entry["licence"],
                purl=f"{purl}@{version}" if purl and version else purl,
                group="system",
                texts=tuple(kept_text(name) for name in entry["texts"]),
                files=tuple(files),
            )
        )
    return found


def debian_libraries(left: Sequence[str]) -> list[Component]:
    """The Debian packages that the libraries among the files that are left came from.

    Raises:
        PapersError: a library is of no installed package, or its licence is not in the table.
    """
    by_package: dict[str, list[str]] = {}
    for name, package in sorted(_owners(left).items()):
        by_package.setdefault(package, []).append(name)
    found = []
    for package, files in sorted(by_package.items()):
        version, source, architecture = _field(package)
        plain = package.partition(":")[0]
        licence = licence_of_debian(source)
        found.append(
            Component(
                name=plain,
                version=version,
                licence=licence,
                purl=f"pkg:deb/debian/{plain}@{quote(version, safe=':~')}?arch={architecture}",
                group="system",
                texts=_debian_texts(plain),
                files=tuple(files),
                note=f"From the Debian package; its sources are Debian's {source} {version}.",
            )
        )
    return found


def _owners(left: Sequence[str]) -> dict[str, str]:
    """Debian package by file, of files at the top of the contents."""
    names = {PurePosixPath(name).name: name for name in left}
    if not names:
        return {}
    answer = subprocess.run(
        [
            "dpkg-query",
            "-S",
            *(f"{place}/{name}" for name in sorted(names) for place in _LIBRARY_FOLDERS),
        ],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    owners: dict[str, str] = {}
    for line in answer.splitlines():
        package, _, path = line.partition(": ")
        if name := names.get(path.rpartition("/")[2]):
            owners[name] = package.split(",")[0]
    missing = sorted(set(left) - owners.keys())
    if missing:
        raise PapersError(f"nobody knows where these files inside come from: {', '.join(missing)}")
    return owners


def _field(package: str) -> tuple[str, str, str]:
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}\t${source:Package}\t${Architecture}", package],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    version, source, architecture = answer.split("\t")
    return version, source, architecture


def _debian_texts(package: str) -> tuple[Text, ...]:
    path = DOCUMENTS / package / "copyright"
    if not path.exists():
        raise PapersError(f"the Debian package {package} is inside and has no copyright file")
    content = path.read_text(encoding="utf-8", errors="replace")
    return (Text("copyright.txt", content),)


def unknown_files(inside: Inside, taken: Iterable[str]) -> list[str]:
    """Binaries that no component has claimed; the program's own executables are known."""
    known = set(taken)
    return [
        name
        for name in inside.files
        if BINARY.search(name) and name not in known and not PROGRAMS.fullmatch(name)
    ]
