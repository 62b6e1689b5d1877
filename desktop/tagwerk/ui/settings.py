"""What is remembered between runs: one versioned JSON file in a folder that is handed in.

It knows nothing of widgets and of what the parts mean; each part is one JSON value under a name
and is restored by its owner in its own ``try``. Never a secret: a key that sounds like one is
refused. Who calls it: the window and the panels, through `Desk.settings`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import UsageError

SCHEMA_VERSION = 1
FILE_NAME = "settings.json"
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
        self._saved = ""
        if folder is not None:
            self._parts = self._load(folder / FILE_NAME)
            self._saved = self._text()

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

    def save(self) -> None:
        """Write what changed: a temporary file, then `os.replace`; the old one stays as backup.

        Raises:
            UsageError: the folder cannot be written.
        """
        text = self._text()
        if self.folder is None or text == self._saved:
            return
        path = self.folder / FILE_NAME
        temporary = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                os.replace(path, path.with_suffix(".backup"))
            os.replace(temporary, path)
        except OSError as problem:
            raise UsageError(
                "The settings cannot be saved in {folder}: {reason}.",
                cure="Choose a folder that can be written with --settings.",
                folder=str(self.folder),
                reason=problem.strerror or str(problem),
            ) from problem
        self._saved = text

    def _text(self) -> str:
        document = {"schema": SCHEMA_VERSION, **self._parts}
        return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"

    def _load(self, path: Path) -> dict[str, Any]:
        for candidate in (path, path.with_suffix(".backup")):
            try:
                return _migrate(json.loads(candidate.read_text(encoding="utf-8")))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as problem:
                self.problem = self.problem or problem
        return {}


def _migrate(document: Any) -> dict[str, Any]:
    """Bring a file of an older schema to this one; a newer one is read as far as it goes."""
    if not isinstance(document, dict):
        raise ValueError("the settings file is not a JSON object")
    document.pop("schema", None)
    return document


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


def profile_to_json(profile: ConnectionProfile) -> dict[str, Any]:
    """A saved connection as data; it holds no secret to begin with."""
    return {
        "name": profile.name,
        "url": profile.url,
        "user": profile.user,
        "dialect": profile.dialect,
        "trust": {
            "mode": profile.trust.mode.value,
            "ca_file": profile.trust.ca_file,
            "sha256": profile.trust.sha256,
            "compared": profile.trust.compared,
        },
        "sheet": profile.sheet,
        "note": profile.note,
        "timeout_s": profile.timeout_s,
    }


def profile_from_json(data: Any) -> ConnectionProfile:
    """Take a saved connection back.

    Raises:
        ValueError: no name or address, or an unknown kind of trust.
    """
    if not isinstance(data, dict):
        raise ValueError("a connection is a JSON object")
    name, url = str(data.get("name", "")), str(data.get("url", ""))
    if not name or not url:
        raise ValueError("a connection needs a name and an address")
    trust = data.get("trust")
    trust = trust if isinstance(trust, dict) else {}
    return ConnectionProfile(
        name=name,
        url=url,
        user=str(data.get("user", "")),
        dialect=str(data.get("dialect", "auto")),
        trust=Trust(
            mode=TrustMode(trust.get("mode", "system")),
            ca_file=str(trust.get("ca_file", "")),
            sha256=str(trust.get("sha256", "")),
            compared=bool(trust.get("compared", False)),
        ),
        sheet=str(data.get("sheet", "")),
        note=str(data.get("note", "")),
        timeout_s=float(data.get("timeout_s", 15.0)),
    )


class SavedConnections:
    """The saved connections, last used first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> list[ConnectionProfile]:
        """Those that can be read; a broken entry is left out, not fatal."""
        result = []
        stored = self._settings.get("connections", [])
        for data in stored if isinstance(stored, list) else []:
            try:
                result.append(profile_from_json(data))
            except (ValueError, TypeError):
                continue
        return result

    def find(self, name: str) -> ConnectionProfile | None:
        return next((profile for profile in self.all() if profile.name == name), None)

    def put(self, profile: ConnectionProfile) -> None:
        """Save it and move it to the front; one of the same name is replaced."""
        others = [other for other in self.all() if other.name != profile.name]
        self._store([profile, *others])

    def remove(self, name: str) -> None:
        self._store([profile for profile in self.all() if profile.name != name])

    def free_name(self, wanted: str) -> str:
        """`wanted`, or with a number behind it when it is taken."""
        taken = {profile.name for profile in self.all()}
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted} {number}", number + 1
        return name

    def _store(self, profiles: list[ConnectionProfile]) -> None:
        self._settings.set("connections", [profile_to_json(profile) for profile in profiles])
