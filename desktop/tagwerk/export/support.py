"""The support bundle: one zip file that tells a helper what was going on, and nothing secret.

What is in it: versions, settings, logs, the link's state and counters, the traffic of this run, the
last doctor report. What is not: passwords and tokens (never), the journal of writes, tag sheets,
and, unless it is asked for, the texts of requests and answers, because names and values of tags
stand in them (names alone may stand in the settings). ``README.txt`` in the bundle says so. Called
by the window and by the command line.
"""

from __future__ import annotations

import getpass
import importlib.metadata
import json
import os
import platform
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from tagwerk import __version__
from tagwerk.domain.connection import LinkCounters, LinkStatus
from tagwerk.domain.errors import UsageError
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.domain.text import format_time
from tagwerk.domain.traffic import Exchange
from tagwerk.export.crash_report import crash_files
from tagwerk.export.log_file import log_files
from tagwerk.export.traffic import line

MOST_LOGS = 4
MOST_CRASHES = 3
_MOST_LOG_BYTES = 1_000_000
_LOG_CHUNK = 64 * 1024
_LEAST_USER = 3

README = """Tagwerk support bundle
======================

Made {time} by Tagwerk {version}.

What is in it
{inside}

What is not in it
  - passwords, session tokens and keys: they are blacked out (•••) before anything is kept
  - the journal of writes, tag sheets, workspaces, the keyring
{outside}
The name of the computer's user is replaced by <user> and the home folder by ~ where they occur.
Server addresses, login names and names of connections are in it: they are needed to help.
All files are plain text: look through them before you pass the bundle on.
"""

_WITHOUT_TEXTS = """\
  - values of tags: the texts of requests and answers were left out
    (names of tags may stand in the settings and in the log)
"""


class Cancelled(Exception):
    """The user changed his mind; nothing was left behind."""


@dataclass(frozen=True, slots=True)
class SupportFacts:
    """What goes into a bundle; parts that are empty are left out and named as such.

    Args:
        time_ns: now.
        settings: the parts of the settings file.
        log_folder: where the logs lie, None for none.
        status, counters: of the link of the plant on show.
        traffic: records of this run.
        with_texts: also requests' and answers' texts, with names and values of tags.
        doctor_report: the last one, as text.
        problems: what was reported in this run, a line each.
        more: further versions (Qt's).
    """

    time_ns: int
    settings: dict[str, Any] = field(default_factory=dict)
    log_folder: Path | None = None
    status: LinkStatus | None = None
    counters: LinkCounters | None = None
    traffic: tuple[Exchange, ...] = ()
    with_texts: bool = False
    doctor_report: str = ""
    problems: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)


def versions(more: dict[str, str] | None = None) -> dict[str, Any]:
    """Program, interpreter, system and packages."""
    packages = {
        dist.metadata["Name"]: dist.version
        for dist in importlib.metadata.distributions()
        if dist.metadata["Name"]
    }
    return {
        "tagwerk": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "frozen": bool(getattr(sys, "frozen", False)),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].casefold())),
        **(more or {}),
    }


class _Cleaner:
    """Secrets, and who the computer's user is, out of every text of a bundle."""

    def __init__(self) -> None:
        self._secrets = LIVE_SECRETS.redactor()
        self._home = str(Path.home())
        try:
            self._user = getpass.getuser()
        except (OSError, KeyError, ImportError):
            self._user = ""

    def __call__(self, text: str) -> str:
        text = self._secrets.text(text)
        if len(self._home) > 1:
            text = text.replace(self._home, "~").replace(self._home.replace("\\", "\\\\"), "~")
        # A short name would be found inside of other words; "root" and the like tell nothing.
        if len(self._user) > _LEAST_USER and self._user not in ("root", "user", "admin"):
            for mark in ("/", "\\"):
                text = text.replace(f"{mark}{self._user}{mark}", f"{mark}<user>{mark}")
        return text


def write_bundle(
    path: Path,
    facts: SupportFacts,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Write the bundle, whole or not at all; returns the names of the files in it. May take seconds.

    Args:
        on_progress: told how many files are done, of how many; from the calling thread.
        is_cancelled: asked between pieces.

    Raises:
        UsageError: the file cannot be written; one that was there before is untouched.
        Cancelled: `is_cancelled` said so.
    """
    clean = _Cleaner()
    parts = _parts(facts)
    names = [name for name, _, _ in parts]
    inside = "\n".join(f"  - {name}: {what}" for name, what, _ in parts)
    outside = "" if facts.with_texts else _WITHOUT_TEXTS
    readme = README.format(
        time=format_time(facts.time_ns), version=__version__, inside=inside, outside=outside
    )
    unfinished = path.with_name(path.name + ".part")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(handle, "wb") as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle,
        ):
            bundle.writestr("README.txt", readme)
            for done, (name, _, make) in enumerate(parts):
                on_progress(done, len(parts))
                with bundle.open(name, "w") as file:
                    for piece in make():
                        if is_cancelled():
                            raise Cancelled
                        file.write(clean(piece).encode("utf-8", "replace"))
        on_progress(len(parts), len(parts))
        os.replace(unfinished, path)
    except Cancelled:
        unfinished.unlink(missing_ok=True)
        raise
    except OSError as problem:
        unfinished.unlink(missing_ok=True)
        raise UsageError(
            "{path} cannot be written: {reason}.",
            cure="Choose another folder, or close the program that holds the file.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem
    return ["README.txt", *names]


Part = tuple[str, str, Callable[[], Iterable[str]]]


def _parts(facts: SupportFacts) -> list[Part]:
    """Name, what it is, and what makes its text."""
    parts: list[Part] = [
        ("versions.json", "program, Python, Qt, packages, system", lambda: [_versions(facts)]),
        ("settings.json", "what the window remembers", lambda: [_json(facts.settings)]),
    ]
    if facts.problems:
        lines = "\n".join(facts.problems) + "\n"
        parts.append(("problems.txt", "errors shown in this run", lambda: [lines]))
    if facts.status is not None:
        parts.append(("link.json", "state, capabilities and counters", lambda: [_link(facts)]))
    if facts.doctor_report:
        parts.append(("doctor.txt", "the last doctor report", lambda: [facts.doctor_report]))
    if facts.traffic:
        what = "requests, socket messages and events"
        what += " with their texts" if facts.with_texts else ", times and sizes without texts"
        parts.append(("traffic.jsonl", what, lambda: _traffic(facts)))
    logs = log_files(facts.log_folder)[:MOST_LOGS] if facts.log_folder is not None else []
    crashes = crash_files(facts.log_folder)[:MOST_CRASHES] if facts.log_folder is not None else []
    return [
        *parts,
        *((f"log/{log.name}", "log", partial(_log, log)) for log in logs),
        *((f"crash/{one.name}", "crash report", partial(_log, one)) for one in crashes),
    ]


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"


def _versions(facts: SupportFacts) -> str:
    return _json(versions(facts.more))


def _link(facts: SupportFacts) -> str:
    status = facts.status or LinkStatus()
    counters = facts.counters or LinkCounters()
    session = status.session
    return _json(
        {
            "state": status.state.value,
            "since": format_time(status.since_ns),
            "url": status.url,
            "server": status.server,
            "systems": list(status.systems),
            "detail": str(status.detail),
            "cure": str(status.cure),
            "attempt": status.attempt,
            "redundancy": status.redundancy,
            "user": session.user if session is not None else "",
            "capabilities": sorted(one.value for one in status.capabilities.available),
            "missing": {
                one.value: reason for one, reason in status.capabilities.reasons.items() if reason
            },
            "counters": {
                name: getattr(counters, name)
                for name in ("messages", "bytes", "values", "subscribed", "reconnects", "pings")
            },
        }
    )


def _traffic(facts: SupportFacts) -> Iterable[str]:
    for exchange in facts.traffic:
        shown = exchange if facts.with_texts else replace(exchange, request="", answer="")
        yield line(shown) + "\n"


def _log(path: Path) -> Iterable[str]:
    """A log in whole lines, so that nothing to be blacked out is cut in two."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            size = path.stat().st_size
            if size > _MOST_LOG_BYTES:
                file.seek(size - _MOST_LOG_BYTES)
                file.readline()
            while lines := file.readlines(_LOG_CHUNK):
                yield "".join(lines)
    except OSError as problem:
        yield f"This log cannot be read: {problem.strerror or problem}\n"
