"""The notices for people: THIRD-PARTY.txt and QT-AND-LGPL.txt, from components. No input or output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .model import Component

GROUPS = {
    "runtime": "What the program runs on",
    "python": "Python packages",
    "system": "Libraries of the system it was built on",
    "resources": "Typefaces and icons",
}
_WIDTH = 98


def folder_of(item: Component) -> str:
    """Name of the folder with a component's licence texts."""
    plain = "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in item.name)
    return plain.lower().strip("-")


def third_party(components: Sequence[Component], version: str, common: Sequence[str]) -> str:
    """The list of everything of others that is inside.

    Args:
        components: what is inside.
        version: of the program.
        common: file names of the standard licence texts that go along.
    """
    lines = [
        f"Tagwerk {version}: what of others is inside",
        "=" * _WIDTH,
        "",
        *_wrap(
            "Tagwerk itself is under the MIT licence (LICENSE). It could not be without the work of "
            "those who made the following; thank you. This list was made from what really is in "
            "this folder; sbom.cdx.json has the same for machines, with a SHA-256 of each binary. "
            "The texts lie beside, one folder a component; standard texts in common/."
        ),
        "",
    ]
    for group, title in GROUPS.items():
        items = [item for item in components if item.group == group]
        if not items:
            continue
        lines += ["", title, "-" * _WIDTH]
        for item in items:
            lines += ["", *_component(item)]
    lines += ["", "", "Standard licence texts in common/", "-" * _WIDTH, ""]
    lines += [f"  {name}" for name in sorted(common)]
    return "\n".join(lines) + "\n"


def _component(item: Component) -> Iterator[str]:
    yield f"{item.name} {item.version}".rstrip()
    yield f"  Licence: {item.licence}"
    if item.copyright:
        yield from _wrap(item.copyright, "  ")
    if item.note:
        yield from _wrap(item.note, "  ")
    if item.texts:
        names = ", ".join(text.name for text in item.texts)
        yield from _wrap(f"Texts in {folder_of(item)}/: {names}", "  ")
    if item.parts:
        yield "  Built into it:"
        for part in item.parts:
            title = f"{part.name} {part.version}".rstrip()
            yield from _wrap(
                f"{title} ({part.licence}). {part.copyright}".rstrip(), "    ", "      "
            )


def _wrap(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    import textwrap

    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def qt_and_lgpl(components: Sequence[Component], version: str, system: str) -> str:
    """How the duties of the LGPL are met, and how to use the rights it gives."""
    qt = next((item for item in components if item.name == "Qt"), None)
    pyside = [item for item in components if item.name in ("PySide6_Essentials", "shiboken6")]
    others = [
        part
        for item in components
        for part in (item, *item.parts)
        if part.licence.startswith("LGPL") and part.group in ("system", "built in")
        and " OR " not in part.licence
    ]  # fmt: skip
    qt_version = qt.version if qt else ""
    minor = ".".join(qt_version.split(".")[:2])
    place = "_internal\\PySide6" if system == "windows" else "_internal/PySide6/Qt/lib"
    plugins = (
        "_internal\\PySide6\\plugins" if system == "windows" else "_internal/PySide6/Qt/plugins"
    )
    example = "Qt6Widgets.dll" if system == "windows" else "libQt6Widgets.so.6"
    changes = (
        "Nothing of their code was changed; the libraries are those of the wheels of their makers"
    )
    changes += "." if system == "windows" else ", without debugging symbols."
    paragraphs = [
        f"Tagwerk {version} and the LGPL",
        "=" * _WIDTH,
        "",
        f"Tagwerk draws its window with Qt {qt_version}, Copyright (C) The Qt Company Ltd. and other "
        f"contributors, and speaks to it through "
        f"{' and '.join(f'{item.name} {item.version}' for item in pyside)}, of the same makers. "
        f"All are used under the GNU Lesser General Public License, version 3. Its text is in "
        f"qt/LGPL-3.0.txt; it builds on the GNU General Public License, version 3, in qt/GPL-3.0.txt. "
        f"There is no warranty for them.",
        "",
        "Their sources",
        "-------------",
        f"{changes} The corresponding sources are offered on Qt's download site, qt.io: those of Qt "
        f"{qt_version} in its archive under qt/{minor}/{qt_version}, those of PySide6 and shiboken6 under "
        f"QtForPython, by the same version number. Whoever passes Tagwerk on to others should keep a copy "
        f"of these sources, because the same duties then apply.",
        "",
        "Putting another Qt in its place",
        "-------------------------------",
        f"Qt's libraries are files of their own in {place}, its plug-ins in {plugins}; nothing of "
        f"Qt is linked into the program. To use a changed or newer Qt: build or take it in the same minor "
        f"version ({minor}) and the same or a newer patch version, for the same system and "
        f"compiler, close Tagwerk, keep the old files, put the new ones in their place under the same "
        f"names (for example {example}), all of one version, and start `tagwerk --self-test`. Nothing "
        f"checks the files against a list: no signature, no digest keeps a changed library from "
        f"being loaded. (Repairing an installation puts the original files back.)",
        "",
        "The same holds for PySide6's and shiboken6's own libraries (pyside6, shiboken6, and the QtCore, "
        "QtGui, … modules beside them). Their few files in Python are in the program's archive; since "
        "Tagwerk's sources, with the scripts that build this folder, are open under the MIT licence, the "
        "whole program can be built again with changed ones: python3 dev.py package.",
        "",
        "Looking inside",
        "--------------",
        "You may change Tagwerk for your own use and take it apart to find mistakes in such "
        "changes (reverse engineering for debugging); nothing in Tagwerk's licence forbids either.",
    ]
    lines: list[str] = []
    for text in paragraphs:
        lines += _wrap(text) if len(text) > _WIDTH else [text]
    if others:
        lines += ["", "Other libraries under the LGPL", "------------------------------"]
        lines += _wrap(
            "They lie in the folder as files of their own, unchanged but for debugging symbols: those "
            "with a Debian version from the Linux distribution that it was built on, whose archive has "
            "the sources of exactly these versions, the others from the wheel named. Put others in the "
            "place of the files to use those."
        )
        lines += [""]
        for item in others:
            lines += [
                f"  {' '.join(filter(None, (item.name, item.version, item.note)))} ({item.licence})"
            ]
    return "\n".join(lines) + "\n"
