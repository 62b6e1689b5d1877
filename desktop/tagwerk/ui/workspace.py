"""Workspace files (``.tagwerk``): what one plant looked like on the desk, to be opened again.

Readable, versioned JSON. It names the server, never how it is trusted and never a secret: a file
that came by mail must not make a stranger's certificate trusted, so whoever opens it decides
about trust as with any new address. Knows no widgets; `workspace_flow` saves and shows it.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import platform
import re
import stat
import sys
import threading
import time
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
_MOST_QUOTED = 80
_OLD_AFTER_S = 24 * 3600.0
"""So old a half-written file is nobody's any more; numbers of processes come again."""
_numbers = itertools.count(1)
_rename_locks: dict[str, threading.Lock] = {}


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
        UsageError: the place cannot be written, or a text in it cannot be.
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
    content = _as_bytes(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    try:
        _replace_whole(path, content, may_replace)
    except (OSError, UnicodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else None
        raise UsageError(
            "The workspace cannot be saved as {path}: {reason}.",
            cure="Choose another folder.",
            path=_printable(str(path)),
            reason=reason or str(problem),
        ) from problem
    with contextlib.suppress(OSError):
        _sweep(path)


def _as_bytes(path: Path, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeError as problem:
        # Half a character, as a damaged list of tags or another program's clipboard may hold it.
        lines = text.split("\n")
        place = next(line for line in lines if _printable(line) != line).strip(" ,")
        raise UsageError(
            "The workspace cannot be saved as {path}: {place} holds a character that no file can hold.",
            cure="Type that text anew, then save again.",
            path=_printable(str(path)),
            place=_printable(place[:_MOST_QUOTED]),
        ) from problem


def _printable(text: str) -> str:
    """With question marks for what neither a file nor the log takes."""
    return text.encode(errors="replace").decode()


def _replace_whole(path: Path, content: bytes, may_replace: Callable[[], bool]) -> None:
    # A name of its own: one that was given up may still be at it when the next one begins.
    temporary = path.with_name(f"{path.name}.{_maker()}-{os.getpid()}-{next(_numbers)}.part")
    is_replaced = False
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Nothing else may lie between the question and the deed: a save that was given up in the
        # midst of it would otherwise land on the newer one.
        with _rename_lock(path):
            if may_replace():
                os.replace(temporary, path)
                is_replaced = True
    finally:
        if not is_replaced:
            with contextlib.suppress(OSError, UnicodeError):
                temporary.unlink(missing_ok=True)


def _rename_lock(path: Path) -> threading.Lock:
    """One for a file, however the way to it is written: who waits at a share that is gone must not
    keep another folder waiting. Held as long as the share hangs; only threads may take it."""
    place = os.path.join(os.path.realpath(path.parent), path.name).casefold()
    return _rename_locks.setdefault(place, threading.Lock())


# What a program that was killed has left.


def _maker() -> str:
    """This user on this computer, in few letters: a number of a process says nothing elsewhere."""
    maker = f"{platform.node()} {os.path.expanduser('~')}"
    return hashlib.blake2s(maker.encode(errors="replace"), digest_size=4).hexdigest()


def _sweep(path: Path) -> None:
    """Remove what earlier saves of this file by this user on this computer left half-way."""
    own = re.compile(rf"{re.escape(path.name)}\.{_maker()}-(\d{{1,9}})-\d+\.part", re.ASCII)
    with os.scandir(path.parent) as entries:
        for entry in entries:
            match = own.fullmatch(entry.name)
            if match is None or not entry.is_file(follow_symlinks=False):
                continue
            age_s = time.time() - entry.stat(follow_symlinks=False).st_mtime
            if age_s > _OLD_AFTER_S or _has_ended(int(match[1])):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _has_ended(process: int) -> bool:
    """Whether that process of this computer is known to be gone."""
    if sys.platform == "win32":
        # Signal 0 is Ctrl+C there. The day that such a file stays instead harms nobody.
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


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
