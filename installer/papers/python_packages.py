"""The Python packages inside the folder, by the records that their wheels left when installed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from packaging.markers import default_environment
from packaging.requirements import Requirement

from .inside import BINARY, CONTENTS, Inside, module_name
from .known import built_in, is_qts, known_licence, known_texts
from .licences import of_metadata, of_texts
from .model import Component, PapersError, Text

OWN = "tagwerk"
QT_PACKAGES = ("pyside6-essentials", "shiboken6")
_TEXT_NAME = re.compile(r"^(licen[cs]e|copying|notice|copyright)", re.IGNORECASE)


def package_key(name: str) -> str:
    """A package's name as it is compared: small letters and hyphens."""
    return re.sub(r"[-_.]+", "-", name).lower()


def packages_inside(inside: Inside, folder: Path) -> list[Component]:
    """The Python packages in a program folder, with the files that are theirs.

    Args:
        inside: the program folder.
        folder: ``site-packages`` of the Python that it was built with.

    Raises:
        PapersError: a package has no licence text, or nobody knows its licence.
    """
    found = []
    for package in distributions(path=[str(folder)]):
        key = package_key(package.metadata["Name"])
        if key == OWN:
            continue
        paths = [PurePosixPath(path.as_posix()) for path in package.files or ()]
        modules = {module_name(str(path)) for path in paths} & inside.modules
        files = _files(inside, paths)
        if modules or files:
            found.append(_component(inside, package, key, modules, files))
    known = {package_key(item.name) for item in found}
    return sorted(
        (_with_needs_in(item, known) for item in found), key=lambda item: package_key(item.name)
    )


def _files(inside: Inside, paths: Iterable[PurePosixPath]) -> list[str]:
    """Files in the folder that come from a package: under the same path, or moved to the top.

    Programs put into ``bin`` are not inside; metadata is, where PyInstaller was asked for it.
    """
    present = set(inside.files)
    found = set()
    for path in paths:
        for place in (f"{CONTENTS}/{path}", f"{CONTENTS}/{path.name}"):
            if place in present and (place.count("/") > 1 or BINARY.search(place)):
                found.add(place)
    return sorted(found)


def _component(
    inside: Inside, package: Distribution, key: str, modules: set[str], files: list[str]
) -> Component:
    texts = _texts(package) or known_texts(key)
    if not texts:
        raise PapersError(
            f"{key} {package.version} is inside and has no licence text: put it into "
            f"installer/papers/texts and name it in known.toml"
        )
    licence = (
        known_licence(key)
        or of_metadata(package.metadata)
        or of_texts(text.content for text in texts)
    )
    if not licence:
        raise PapersError(
            f"{key} {package.version} is inside and nobody knows its licence: read it and name it in "
            f"installer/papers/known.toml"
        )
    # Data (a thousand time zones) tells that a package is inside; listed are binaries.
    own = [name for name in files if BINARY.search(name)]
    if key in QT_PACKAGES:
        own = [name for name in own if not is_qts(name)]
    return Component(
        name=package.metadata["Name"],
        version=package.version,
        licence=licence,
        purl=f"pkg:pypi/{key}@{package.version}",
        group="python",
        texts=texts,
        files=tuple(own),
        modules=len(modules),
        needs=tuple(_needs(package)),
        parts=(*built_in(key, inside, own), *_told_parts(package)),
    )


def _texts(package: Distribution) -> tuple[Text, ...]:
    found: dict[str, Text] = {}
    for path in package.files or ():
        if ".dist-info" not in path.parts[0] or not _TEXT_NAME.match(path.name):
            continue
        # "licenses/vendor/llhttp/LICENSE" becomes "vendor-llhttp-LICENSE": one folder a package.
        inner = [part for part in path.parts[1:] if part not in ("licenses", "license_files")]
        name = "-".join(inner)
        content = Path(str(path.locate())).read_bytes().decode("utf-8", errors="replace")
        found[name] = Text(name, content.replace("\r\n", "\n"))
    return tuple(found[name] for name in sorted(found))


def _needs(package: Distribution) -> list[str]:
    names = set()
    environment: dict[str, str] = {**default_environment(), "extra": ""}  # type: ignore[dict-item]
    for line in package.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            names.add(package_key(requirement.name))
    return sorted(names)


def _with_needs_in(item: Component, known: set[str]) -> Component:
    return replace(item, needs=tuple(name for name in item.needs if name in known))


def _told_parts(package: Distribution) -> list[Component]:
    """What a wheel says it has built in: the bills of materials in its metadata."""
    found: dict[str, Component] = {}
    for path in package.files or ():
        if "sboms" not in path.parts or not path.name.endswith(".json"):
            continue
        document = json.loads(Path(str(path.locate())).read_text(encoding="utf-8"))
        for item in document.get("components", ()):
            if item.get("scope") == "excluded":  # only needed to build it
                continue
            part = _told_part(item)
            found[part.purl] = part
    return [found[key] for key in sorted(found)]


def _told_part(item: dict[str, object]) -> Component:
    name, version = str(item["name"]), str(item.get("version", ""))
    licence = ""
    licences = item.get("licenses")
    if isinstance(licences, list) and licences:
        first = licences[0]
        licence = str(first.get("expression") or first.get("license", {}).get("id") or "")
    # Where it was downloaded from, or built, is of no use here.
    purl = str(item.get("purl", "")).partition("?")[0]
    author = str(item.get("author") or "")
    return Component(
        name=name,
        version=version,
        licence=licence or known_licence(name),
        purl=purl,
        group="built in",
        copyright=re.sub(r"\s*<[^>]*>", "", author),
    )
