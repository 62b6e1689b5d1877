"""Servers met with ``--trust-on-first-use``: their certificates, to be held against them later.

One JSON file beside the settings, ``known_servers.json``: server → fingerprint and what else was
known at the first meeting. Nothing in it is secret. A connection that was saved with a decision
about trust does not come here: its own pin or CA file counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from tagwerk.domain.certificates import known_from
from tagwerk.domain.connection import Certificate, Trust, TrustMode
from tagwerk.domain.errors import NotTrusted, UsageError
from tagwerk.ui.saved_connections import known_from_json, known_to_json
from tagwerk.ui.settings import exclusive

FILE_NAME = "known_servers.json"


def remember_server(path: Path, server: str, certificate: Certificate) -> Trust:
    """Note a server's certificate at the first meeting; hold it against the note later.

    Args:
        path: the file.
        server: ``host:port``.
        certificate: what the server shows now.

    Raises:
        NotTrusted: another certificate than the first time, with what is known of that one.
        UsageError: the file cannot be read or written; nothing is trusted then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.with_suffix(".json.lock")):
            known = _load(path)
            before = _trust_of(known.get(server))
            if before is None:
                facts = known_to_json(known_from(certificate, time.time_ns()))
                known[server] = {"sha256": certificate.sha256, **facts}
                _store(path, known)
                before = _trust_of(known[server])
    except OSError as problem:
        raise UsageError(
            "{path} cannot be written: {reason}. A server that cannot be remembered is not trusted.",
            cure="Choose a folder that can be written with --settings, or give --fingerprint.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem
    if before is None or before.sha256 != certificate.sha256:
        raise NotTrusted(
            "{host} shows another certificate than the first time. Nothing was sent.",
            cure="Ask whoever looks after the server. If that is right, remove its line from {path}.",
            code="changed",
            certificate=certificate,
            pinned_sha256=before.sha256 if before is not None else "",
            known=before.known if before is not None else None,
            host=server.rpartition(":")[0],
            path=str(path),
        )
    return before


def _trust_of(entry: Any) -> Trust | None:
    """The pin of an entry; older files hold the fingerprint alone."""
    if isinstance(entry, str) and entry:
        return Trust(TrustMode.PINNED, sha256=entry)
    if isinstance(entry, dict) and entry.get("sha256"):
        return Trust(TrustMode.PINNED, sha256=str(entry["sha256"]), known=known_from_json(entry))
    return None


def _store(path: Path, known: dict[str, Any]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(known, indent=2, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _load(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise ValueError("not a JSON object")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise UsageError(
            "{path} cannot be read: {reason}.",
            cure="Mend or remove it; its servers will then count as new.",
            path=str(path),
            reason=str(problem),
        ) from problem
    return document
