"""What papers speak of: components, their files and their texts."""

from __future__ import annotations

from dataclasses import dataclass


class PapersError(Exception):
    """Something inside the folder may not be there, or nobody knows what it is. Names it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A licence text.

    Args:
        name: of the file, without folders.
        content: of the file.
    """

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Component:
    """Something of others inside the folder.

    Args:
        name: as its makers call it.
        version: "" where it is not known.
        licence: SPDX expression.
        purl: package URL, the key under which vulnerability lists know it; "" for none.
        group: which part of the notices it stands in, see `notices.GROUPS`.
        kind: CycloneDX's word: ``library``, ``framework``, ``application``, ``data``, ``file``.
        texts: its licence texts; components inside another may leave them to that.
        files: of the program folder, with slashes, relative to it.
        modules: how many Python modules of it are in the program's archive.
        needs: names of others that it asks for.
        copyright: one line, where its texts do not say it.
        note: what else is to be known.
        parts: what it has built in.
    """

    name: str
    version: str
    licence: str
    purl: str
    group: str
    kind: str = "library"
    texts: tuple[Text, ...] = ()
    files: tuple[str, ...] = ()
    modules: int = 0
    needs: tuple[str, ...] = ()
    copyright: str = ""
    note: str = ""
    parts: tuple[Component, ...] = ()
