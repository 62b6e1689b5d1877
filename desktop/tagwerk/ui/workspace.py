"""Workspace files (``.tagwerk``): what one plant looked like on the desk, to be opened again.

Readable, versioned JSON. It names the server, never how it is trusted and never a secret: a file
that came by mail must not make a stranger's certificate trusted, so whoever opens it decides
about trust as with any new address. Knows no widgets; `workspace_flow` saves and shows it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import UsageError
from tagwerk.ui.settings import refuse_secrets

SUFFIX = ".tagwerk"
FORMAT = "tagwerk workspace"
VERSION = 1
MOST_BYTES = 8 * 1024 * 1024
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One saved view of one plant.

    Args:
        profile: name, address, user, sheet and note of the connection; trust is always the
            system's, since a file cannot vouch for a server.
        is_demo: the built-in demo plant; the address means nothing then.
        panels: what each panel gave as its `Panel.plant_state`, by object name.
        docks: the arrangement of the docks as text, "" for the usual one.
        saved_ns: when it was saved, nanoseconds since 1970 UTC; 0 when the file does not say.
    """

    profile: ConnectionProfile
    is_demo: bool = False
    panels: dict[str, dict[str, Any]] = field(default_factory=dict)
    docks: str = ""
    saved_ns: int = 0


def write_workspace(
    path: Path, workspace: Workspace, may_replace: Callable[[], bool] = lambda: True
) -> None:
    """Write the file whole or not at all; a sheet beside or below it is named relatively.

    Blocks as long as the place does, which may be for minutes on a share that is gone.

    Args:
        may_replace: asked when all is written, right before it takes the place of what was there;
            False leaves that as it was.

    Raises:
        UsageError: the place cannot be written.
        ValueError: something in it sounds like a secret.
    """
    profile = workspace.profile
    saved = datetime.fromtimestamp(workspace.saved_ns / 1e9, UTC)
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "saved": saved.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "connection": {
            "name": profile.name,
            "url": "" if workspace.is_demo else profile.url,
            "user": profile.user,
            "dialect": profile.dialect,
            "sheet": "" if workspace.is_demo else _relative(profile.sheet, path.parent),
            "note": profile.note,
            "demo": workspace.is_demo,
        },
        "docks": workspace.docks,
        "panels": workspace.panels,
    }
    refuse_secrets("workspace", document)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # A name of its own: one that was given up may still be at it when the next one begins.
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{next(_numbers)}.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if may_replace():
            os.replace(temporary, path)
        else:
            temporary.unlink()
    except OSError as problem:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UsageError(
            "The workspace cannot be saved as {path}: {reason}.",
            cure="Choose another folder.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem


def read_workspace(path: Path) -> Workspace:
    """Read and check a workspace file; parts that make no sense are left out.

    Raises:
        UsageError: not there, not readable, not a workspace, or of a newer version.
    """
    try:
        found = path.stat()
        # A pipe or a device by that name would be read for ever.
        can_be_read = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
        if found.st_size > MOST_BYTES or not can_be_read:
            raise _not_a_workspace(path)
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise UsageError(
            "The workspace {path} cannot be read: {reason}.",
            cure="Check the path.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise _not_a_workspace(path) from problem
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _not_a_workspace(path)
    version = document.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise UsageError(
            "{path} was saved by a newer version of Tagwerk.",
            cure="Open it with that version.",
            path=str(path),
        )
    return Workspace(
        profile=_profile(path, document.get("connection")),
        is_demo=_is_demo(document.get("connection")),
        panels=_panels(document.get("panels")),
        docks=_text(document, "docks"),
        saved_ns=_time_ns(document.get("saved")),
    )


def _not_a_workspace(path: Path) -> UsageError:
    return UsageError(
        "{path} is no workspace of Tagwerk, or it is damaged.",
        cure="Choose a file that was saved with “Save workspace”.",
        path=str(path),
    )


def _is_demo(connection: Any) -> bool:
    return isinstance(connection, dict) and connection.get("demo") is True


def _profile(path: Path, connection: Any) -> ConnectionProfile:
    if not isinstance(connection, dict):
        raise _not_a_workspace(path)
    url = _text(connection, "url")
    if not url and not _is_demo(connection):
        raise _not_a_workspace(path)
    sheet = _text(connection, "sheet")
    return ConnectionProfile(
        name=_text(connection, "name") or url,
        url=url,
        user=_text(connection, "user"),
        dialect=_text(connection, "dialect") or "auto",
        sheet=str((path.parent / sheet).resolve()) if sheet else "",
        note=_text(connection, "note"),
    )


def _panels(found: Any) -> dict[str, dict[str, Any]]:
    entries = found.items() if isinstance(found, dict) else ()
    return {str(name): state for name, state in entries if isinstance(state, dict)}


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _time_ns(text: Any) -> int:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp()) * 1_000_000_000
    except (ValueError, OverflowError):
        return 0


def _relative(sheet: str, folder: Path) -> str:
    """As seen from the workspace's folder where it lies in it: both can then move together."""
    if not sheet:
        return ""
    try:
        return Path(sheet).resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return sheet
