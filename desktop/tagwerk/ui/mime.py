"""Tags on their way between panels: the one mime type for dragging and the clipboard.

Who uses it: the tag tree and lists give (`tag_mime`), trend, setpoints and search field take
(`tags_from_mime`). Full names only; the plain text beside them serves other programs. What comes
back is checked: a drop may come from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from PySide6.QtCore import QMimeData

TAG_MIME = "application/x-tagwerk-tags"
"""JSON in UTF-8: ``{"version": 1, "tags": ["HMI_RT_1::Cooling.TIC2120.PV", …]}``."""

MAX_TAGS = 10_000
"""More than anyone drags on purpose; a longer list is cut."""

_NAME_LENGTH = 1_024


def tag_mime(names: Iterable[str]) -> QMimeData:
    """Pack full tag names, in order, without doubles; as text one name a line."""
    unique = list(dict.fromkeys(names))[:MAX_TAGS]
    mime = QMimeData()
    packed = json.dumps({"version": 1, "tags": unique}, ensure_ascii=False)
    mime.setData(TAG_MIME, packed.encode())
    mime.setText("\n".join(unique))
    return mime


def has_tags(mime: QMimeData) -> bool:
    """Cheap answer for ``dragEnterEvent``: does it carry tags of this program?"""
    return mime.hasFormat(TAG_MIME)


def tags_from_mime(mime: QMimeData) -> list[str]:
    """The full names that were packed; [] when there are none or they make no sense."""
    if not mime.hasFormat(TAG_MIME):
        return []
    try:
        packed = json.loads(bytes(mime.data(TAG_MIME).data()))
    except ValueError:
        return []
    names = packed.get("tags") if isinstance(packed, dict) else None
    if not isinstance(names, list):
        return []
    good = (name for name in names if isinstance(name, str) and 0 < len(name) <= _NAME_LENGTH)
    return list(dict.fromkeys(good))[:MAX_TAGS]
