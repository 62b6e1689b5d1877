"""The papers of a packaged program: licences, notices and the bill of materials.

`write` makes them from what really is inside a folder made by PyInstaller, and refuses when
something in it may not be there or nobody knows what it is. Called by `installer/folder.py` when
the folder holds what will be shipped: digests in the bill are of the files as they are then.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path

from installer.version import source_date_s
from installer.version import version as program_version

from .inside import CONTENTS, OWN_OUTPUT, PROGRAMS, Inside, look_inside, module_name
from .known import TEXTS, table
from .licences import ALLOWED, allowed
from .model import Component, PapersError, Text
from .notices import folder_of, qt_and_lgpl, third_party
from .python_packages import QT_PACKAGES, package_key, packages_inside
from .sbom import bill, renewed
from .system_libraries import (
    debian_libraries,
    python_itself,
    qt_itself,
    starter,
    unknown_files,
    windows_libraries,
)

__all__ = ["PapersError", "components", "renew", "write"]

SBOM = "sbom.cdx.json"
# Modules that belong to nobody's package: PyInstaller's own and files that Python makes.
_NOBODYS = re.compile(
    r"^(pyi_rth_|pyi_crypto|pyimod|pyiboot|_pyi_|_sysconfigdata|start$|struct$|__main__$|site$)"
)


def write(folder: Path, packages: Path, system: str) -> None:
    """Write ``folder/licences``: notices, every licence text, the bill of materials.

    Args:
        folder: the program folder, complete and stripped.
        packages: ``site-packages`` of the Python that it was built with.
        system: ``linux`` or ``windows``.

    Raises:
        PapersError: something inside has no licence text, a licence that may not be there, or
            nobody knows what it is. Names it.
    """
    inside = look_inside(folder)
    found = components(inside, packages, system)
    refuse(found)
    out = folder / OWN_OUTPUT
    shutil.rmtree(out, ignore_errors=True)
    version = program_version()
    common = common_texts(found)
    _put(out / "LICENSE", own_licence())
    for item in found:
        for text in item.texts:
            _put(out / folder_of(item) / text.name, text.content)
    for text in common:
        _put(out / "common" / text.name, text.content)
    _put(out / "THIRD-PARTY.txt", third_party(found, version, [text.name for text in common]))
    _put(out / "QT-AND-LGPL.txt", qt_and_lgpl(found, version, system))
    document = bill(
        found,
        version=version,
        system=system,
        own_files=[name for name in inside.files if PROGRAMS.fullmatch(name)],
        sha256=lambda name: _sha256(folder / name),
        moment_s=source_date_s(),
    )
    _put(out / SBOM, document)


def renew(folder: Path) -> None:
    """Bring the digests in the bill up to date after executables were signed."""
    path = folder / OWN_OUTPUT / SBOM
    before = path.read_text(encoding="utf-8")
    _put(path, renewed(before, lambda name: _sha256(folder / name)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def components(inside: Inside, packages: Path, system: str) -> list[Component]:
    """Everything of others inside, each binary claimed by one.

    Raises:
        PapersError: a binary or a module belongs to nobody known.
    """
    python = packages_inside(inside, packages)
    pyside = next((item for item in python if package_key(item.name) in QT_PACKAGES), None)
    runtime = [python_itself(inside, packages), starter(packages)]
    qt = qt_itself(inside, pyside.version) if pyside else None
    if qt is not None:
        runtime.append(qt)
    found = [*runtime, *python]
    left = unknown_files(inside, (name for item in found for name in item.files))
    if system == "windows":
        more = windows_libraries(inside, left)
        left = unknown_files(inside, (n for item in [*found, *more] for n in item.files))
        if left:
            raise PapersError(f"nobody knows where these files inside come from: {', '.join(left)}")
    else:
        more = debian_libraries(left)
    found += more
    found += resources(inside)
    _no_strangers(inside, packages)
    return found


def _no_strangers(inside: Inside, packages: Path) -> None:
    """Each top-level module must be of Python, of a known package, or ours."""
    known = {"tagwerk", *sys.stdlib_module_names}
    for package in distributions(path=[str(packages)]):
        for path in package.files or ():
            known.add(module_name(path.as_posix()).split(".")[0])
            known.add(path.parts[0])
    strangers = sorted(
        {
            name.split(".")[0]
            for name in inside.modules
            if name.split(".")[0] not in known and not _NOBODYS.match(name)
        }
        - _EARLIER_PYTHONS
    )
    if strangers:
        raise PapersError(f"nobody knows where these modules inside come from: {strangers}")


# In the standard library of one supported Python and not in that of another.
_EARLIER_PYTHONS = frozenset(
    {"_aix_support", "_bootsubprocess", "_py_abc", "_pydatetime", "_pylong", "_sitebuiltins",
     "_colorize", "_opcode_metadata", "_pyrepl", "_ios_support", "_android_support",
     "_apple_support", "_osx_support", "_markupbase", "imp", "asynchat", "asyncore", "smtpd",
     "distutils", "nturl2path", "sre_compile", "sre_constants", "sre_parse", "_wmi"}
)  # fmt: skip


def resources(inside: Inside) -> list[Component]:
    """Typefaces and icons of others that are really in the folder."""
    found = []
    for entry in table()["resources"]:
        prefix = f"{CONTENTS}/{entry['folder']}"
        if not any(name.startswith(prefix) for name in inside.files):
            continue
        path = inside.folder / CONTENTS / entry["text"]
        if not path.exists():
            raise PapersError(
                f"{entry['name']} is inside without its licence text, {entry['text']}"
            )
        found.append(
            Component(
                name=entry["name"],
                version=entry["version"],
                licence=entry["licence"],
                purl="",
                group="resources",
                kind=entry["kind"],
                texts=(Text(path.name, path.read_text(encoding="utf-8")),),
            )
        )
    return found


def refuse(found: list[Component]) -> None:
    """Raise when a licence may not be inside.

    Raises:
        PapersError: names every component and its licence.
    """
    wrong = []
    for item in found:
        for part in (item, *item.parts):
            try:
                fine = allowed(part.licence)
            except ValueError:
                fine = False
            if not fine:
                wrong.append(f"{part.name} {part.version} ({part.licence or 'unknown licence'})")
        if not item.texts:
            wrong.append(f"{item.name} {item.version} (no licence text)")
    if wrong:
        raise PapersError(f"this may not be inside: {'; '.join(wrong)}")


def common_texts(found: list[Component]) -> list[Text]:
    """The standard texts of the licences that are used, and those they build on.

    Of several to choose from, those that may be inside are used.

    Raises:
        PapersError: something built in is under a licence whose text is not in ``texts/``.
    """
    names: set[str] = set()
    for item in found:
        names |= texts_of(item.licence)
        for part in item.parts:
            texts = texts_of(part.licence)
            if not texts and part.licence != "LicenseRef-public-domain":
                raise PapersError(f"{part.name} is built in and {part.licence} has no text")
            names |= texts
    return [Text(name, (TEXTS / name).read_text(encoding="utf-8")) for name in sorted(names)]


def texts_of(licence: str) -> set[str]:
    """File names of the standard texts of a licence expression, as far as they are kept."""
    found = {text_name(word) for word in re.findall(r"[\w.+-]+", licence) if word in ALLOWED}
    if " WITH " in licence or any(name.startswith("LGPL-3") for name in found):
        found |= {text_name(word) for word in re.findall(r"\w+-exception[\w.-]*", licence)}
        found |= {"GPL-3.0.txt"} if "GPL-3" in licence else set()
    return found - {""}


def text_name(identifier: str) -> str:
    """File name of a licence's standard text; "" when it is not kept."""
    plain = re.sub(r"-(only|or-later)$", "", identifier.removeprefix("LicenseRef-"))
    return f"{plain}.txt" if (TEXTS / f"{plain}.txt").exists() else ""


def own_licence() -> str:
    """Tagwerk's own licence."""
    root = Path(__file__).resolve().parents[2]
    return (root / "LICENSE").read_text(encoding="utf-8")


def _put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(content)
