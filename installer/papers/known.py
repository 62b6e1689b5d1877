"""What `known.toml` knows: licences nobody wrote into a package, and what is built into binaries."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from .inside import Inside
from .model import Component, PapersError, Text

HERE = Path(__file__).resolve().parent
TEXTS = HERE / "texts"


@cache
def table() -> dict[str, Any]:
    """The whole of `known.toml`."""
    return tomllib.loads((HERE / "known.toml").read_text(encoding="utf-8"))


def kept_text(name: str) -> Text:
    """A text from ``texts/``. FileNotFoundError when `known.toml` names one that is not there."""
    return Text(name, (TEXTS / name).read_text(encoding="utf-8"))


def known_licence(name: str) -> str:
    """The licence of a package that does not say it itself; "" when it is not known either."""
    return str(table()["licences"].get(name, ""))


def known_texts(name: str) -> tuple[Text, ...]:
    """The texts of a package that brings none."""
    return tuple(kept_text(entry) for entry in table()["texts"].get(name, ()))


def licence_of_debian(source: str) -> str:
    """The licence of the libraries of a Debian source package.

    Raises:
        PapersError: it is not in the table.
    """
    # gcc-12, python3.11 and db5.3 carry their version in their name.
    for name in (source, re.sub(r"-?[\d.]+$", "", source)):
        if name in table()["debian"]:
            return str(table()["debian"][name])
    raise PapersError(
        f"a library of the Debian package {source} is inside and nobody knows its licence: read "
        f"/usr/share/doc/*/copyright and name it under [debian] in installer/papers/known.toml"
    )


def is_qts(name: str) -> bool:
    """Whether a file of PySide's wheels is Qt's own (or built into it), and not PySide's."""
    base = PurePosixPath(name).name
    if re.search(r"(\.abi3\.so|\.pyd)$|^(lib)?(pyside|shiboken)|\.py[ci]?$", base, re.IGNORECASE):
        return False
    return re.search(r"\.so(\.[\d.]+)?$|\.dll$|\.qm$", base) is not None


def built_in(section: str, inside: Inside, files: Iterable[str]) -> tuple[Component, ...]:
    """What is built into those of `files` that are binaries, by a section of the table.

    Raises:
        PapersError: a part's version cannot be read where it could be.
    """
    found = []
    for entry in table().get(section, ()):
        holders = [name for name in files if re.search(entry["in"], name)]
        if not holders:
            continue
        version = _version(inside, entry, holders)
        purl = f"pkg:generic/{entry['purl']}" if "purl" in entry else ""
        found.append(
            Component(
                name=entry["name"],
                version=version,
                licence=entry["licence"],
                purl=f"{purl}@{version}" if purl and version else purl,
                group="built in",
                copyright=entry["copyright"],
                note="in " + ", ".join(PurePosixPath(name).name for name in holders),
            )
        )
    return tuple(found)


def _version(inside: Inside, entry: dict[str, Any], holders: list[str]) -> str:
    if "version_of_name" in entry:
        found = re.search(entry["version_of_name"], holders[0])
        return found[1] if found else ""
    if "version" not in entry:
        return ""
    return version_inside(inside.folder / holders[0], entry["version"])


def version_inside(path: Path, pattern: str) -> str:
    """The version that a binary carries as text; "" when it carries none.

    Args:
        path: of the binary.
        pattern: regular expression with one group.
    """
    found = re.search(pattern.encode(), path.read_bytes())
    return found[1].decode("ascii") if found else ""
