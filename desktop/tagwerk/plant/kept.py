"""Names kept on disk, one file a server: the tree and its search are there at once at the next start.

Files hold names, display names and types, no value and no secret. A file that cannot be read is
ignored and made anew. Nothing here may fail loudly: names that are not kept are only read later.
Everything here blocks and is called in a thread. Who uses it: `NameReader`, the window's
*Forget* and ``tagwerk browse --kept``.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.store.kept_names import Kept, NotKept, pack, unpack
from tagwerk.store.tree import TagTree

log = logging.getLogger(__name__)

FOLDER = "names"
SUFFIX = ".names"
MOST_BYTES = 256 * 1024 * 1024
"""Larger files are neither written nor read; five million names stay below it."""
MOST_FILES = 24
"""Of so many servers names are kept, those read last."""


def server_identity(profile: ConnectionProfile) -> str:
    """Who is asked: the server's address and the user, who may see other names than another one."""
    parts = urlsplit(profile.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    where = f"{parts.hostname}:{port}{parts.path.rstrip('/')}"
    return hashlib.sha256(f"{where.lower()}\n{profile.user}".encode()).hexdigest()


class KeptNames:
    """The file of one server.

    Args:
        folder: of all such files.
        profile: the server.
    """

    def __init__(self, folder: Path, profile: ConnectionProfile) -> None:
        self.identity = server_identity(profile)
        self.path = folder / FOLDER / f"{self.identity[:32]}{SUFFIX}"

    @property
    def exists(self) -> bool:
        return self.path.is_file()

    def load(self) -> Kept | None:
        """The names; None when there are none, or none that can be used."""
        try:
            if self.path.stat().st_size > MOST_BYTES:
                raise NotKept("larger than any that are written")
            kept = unpack(self.path.read_bytes())
            if kept.identity != self.identity:
                raise NotKept("of another server")
        except FileNotFoundError:
            return None
        except (OSError, NotKept) as problem:
            log.info("the kept names in %s are not used: %s", self.path.name, problem)
            return None
        return kept

    def save(self, tree: TagTree, saved_ns: int) -> None:
        """Keep the names: a new file, then `os.replace`, so that there is always a whole one."""
        # Two windows may end a browse at once.
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
            with open(handle, "wb") as file:
                for part in pack(tree, saved_ns, self.identity):
                    file.write(part)
                    if file.tell() > MOST_BYTES:
                        raise NotKept("more than are kept")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
            self._tidy()
        except (OSError, NotKept) as problem:
            log.info("the names are not kept in %s: %s", self.path.name, problem)
            with contextlib.suppress(OSError):
                temporary.unlink()

    def forget(self) -> None:
        """Delete the file."""
        with contextlib.suppress(FileNotFoundError):
            try:
                self.path.unlink()
            except PermissionError as problem:
                log.info("the kept names in %s stay: %s", self.path.name, problem)

    def _tidy(self) -> None:
        """Names of servers that were not asked for long make room."""
        files = sorted(
            self.path.parent.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True
        )
        for path in files[MOST_FILES:]:
            path.unlink(missing_ok=True)
