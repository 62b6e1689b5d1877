"""What is remembered between runs: one versioned JSON file in a folder that is handed in.

It knows nothing of widgets and of what the parts mean; each part is one JSON value under a name
and is restored by its owner in its own ``try``. Never a secret: a key that sounds like one is
refused. Who calls it: the window and the panels, through `Desk.settings`.

Two windows may be open at once. `Settings.save` reads the file again under a lock and writes only
what this window changed since it read it last: of one part the last one wins, of lists whose
entries have names (the connections) each entry for itself.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

SCHEMA_VERSION = 1
FILE_NAME = "settings.json"
LOCK_WAIT_S = 2.0
LOCK_FORGOTTEN_S = 10.0
"""A lock that is older was left by a program that died."""
_FORBIDDEN = ("password", "token", "secret", "passwd")


class Settings:
    """Named parts, read at the start, written as a whole.

    Args:
        folder: where ``settings.json`` lies; None keeps everything in memory (tests).
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.problem: Exception | None = None
        """Why the file could not be read; the backup or the defaults are used then."""
        self._parts: dict[str, Any] = {}
        self._base: dict[str, Any] = {}
        self._schema = SCHEMA_VERSION
        if folder is not None:
            self._parts = self._load(folder / FILE_NAME)
            self._base = copy.deepcopy(self._parts)

    def get(self, name: str, default: Any = None) -> Any:
        """One part, or `default`. The caller checks its shape: the file may be edited or old."""
        return self._parts.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Replace one part; None removes it. Nothing is written before `save`.

        Raises:
            ValueError: a key in it sounds like a secret.
            TypeError: not JSON-able.
        """
        refuse_secrets(name, value)
        json.dumps(value)
        if value is None:
            self._parts.pop(name, None)
        else:
            self._parts[name] = value

    def parts(self) -> dict[str, Any]:
        """All parts as a copy, for the support bundle."""
        return dict(json.loads(json.dumps(self._parts)))

    def save(self) -> None:
        """Write what changed: a temporary file, then `os.replace`; the old one stays as backup.

        What another window wrote meanwhile is kept and taken over.

        Raises:
            UsageError: the folder cannot be written.
        """
        if self.folder is None or self._parts == self._base:
            return
        path = self.folder / FILE_NAME
        # Each window has a temporary file of its own.
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with exclusive(self.folder / f"{FILE_NAME}.lock"):
                theirs = self._read_again(path)
                if theirs is not None:
                    self._parts = _merged(self._base, self._parts, theirs)
                with temporary.open("w", encoding="utf-8") as file:
                    file.write(self._text())
                    file.flush()
                    os.fsync(file.fileno())
                if theirs is not None:
                    os.replace(path, path.with_suffix(".backup"))
                os.replace(temporary, path)
        except OSError as problem:
            with contextlib.suppress(OSError):
                temporary.unlink()
            from tagwerk.domain.errors import UsageError

            raise UsageError(
                "The settings cannot be saved in {folder}: {reason}.",
                cure="Choose a folder that can be written with --settings.",
                code="settings",
                folder=str(self.folder),
                reason=problem.strerror or str(problem),
            ) from problem
        self._base = copy.deepcopy(self._parts)

    @staticmethod
    def _read_again(path: Path) -> dict[str, Any] | None:
        """What is in the file now; None when it is not there or not to be read."""
        try:
            return _migrate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def _text(self) -> str:
        document = {"schema": self._schema, **self._parts}
        return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"

    def _load(self, path: Path) -> dict[str, Any]:
        for candidate in (path, path.with_suffix(".backup")):
            try:
                document = json.loads(candidate.read_text(encoding="utf-8"))
                parts = _migrate(document)
                schema = document.get("schema")
                # A newer program's file stays a newer program's file.
                if isinstance(schema, int) and schema > SCHEMA_VERSION:
                    self._schema = schema
                return parts
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as problem:
                self.problem = self.problem or problem
        return {}


def _migrate(document: Any) -> dict[str, Any]:
    """Bring a file of an older schema to this one; a newer one is read as far as it goes."""
    if not isinstance(document, dict):
        raise ValueError("the settings file is not a JSON object")
    return {name: value for name, value in document.items() if name != "schema"}


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file while something is read, changed and written.

    After `LOCK_WAIT_S` it goes on without: to lose what another window changes in the same
    instant is better than to lose what this one has to say.

    Raises:
        OSError: the folder cannot be written.
    """
    deadline = time.monotonic() + LOCK_WAIT_S
    held = False
    while not held:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            held = True
        except (FileExistsError, PermissionError) as problem:
            # Windows says "permission denied" while another program deletes it.
            if isinstance(problem, PermissionError) and not path.exists():
                raise
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > LOCK_FORGOTTEN_S:
                    path.unlink()
                    continue
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
    try:
        yield
    finally:
        if held:
            with contextlib.suppress(OSError):
                path.unlink()


def _merged(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What this window changed since `base`, on top of what the file holds by now."""
    result = dict(theirs)
    for name in base.keys() | mine.keys():
        before, now, there = base.get(name), mine.get(name), theirs.get(name)
        if now == before:
            continue
        if now is None:
            result.pop(name, None)
        elif there != before and _has_names(now) and _has_names(there):
            result[name] = _merged_rows(before or [] if _has_names(before) else [], now, there)
        else:
            result[name] = now
    return result


def _has_names(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether it is a list of entries that are told apart by their names."""
    return isinstance(value, list) and all(
        isinstance(row, dict) and isinstance(row.get("name"), str) for row in value
    )


def _merged_rows(base: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any]:
    """Entry by entry: mine in my order, then what the other window added."""
    before = {row["name"]: row for row in base}
    there = {row["name"]: row for row in theirs}
    result = []
    for row in mine:
        name = row["name"]
        if row == before.get(name) and name in before:
            # Not touched here: as the other window left it, or gone with it.
            if name in there:
                result.append(there[name])
        else:
            result.append(row)
    known = {row["name"] for row in mine}
    added = [row for row in theirs if row["name"] not in known and row["name"] not in before]
    return result + added


def refuse_secrets(name: str, value: Any) -> None:
    """Refuse data in which a key sounds like a secret. Raises ValueError naming the key."""
    if any(word in name.lower() for word in _FORBIDDEN):
        raise ValueError(f"secrets never go into the settings: {name}")
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_secrets(str(key), item)
    elif isinstance(value, list):
        for item in value:
            refuse_secrets("", item)
