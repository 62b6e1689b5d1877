"""What is left when the program failed: a readable report in the folder of the logs.

Two ways lead here. An exception that nobody handled goes through the reporter's doors (`ui.errors`)
or ends the program, and is written down at once. A crash of the process itself (a library, the
driver) leaves the interpreter's stack in a file that an orderly end removes; the next start makes a
report of it. Each report holds the stack, versions, system and the run's last log lines, is its
owner's only, and everything in it is cleaned of secrets; the command line is never in it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from tagwerk import __version__
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.domain.text import format_time
from tagwerk.export.run_mark import claim, hold
from tagwerk.export.traffic import open_private

NAME = "crash-"
MARK_SUFFIX = ".fault"
MOST_REPORTS = 10
"""So many are kept; the oldest go."""
MOST_A_RUN = 5
"""A run that is broken through and through says nothing new after these."""
LOG_LINES = 120
_LOG_BYTES = 64 * 1024
PACKAGES = (
    "PySide6-Essentials", "shiboken6", "qasync", "httpx", "picows", "msgspec", "numpy", "keyring",
    "platformdirs", "truststore", "cryptography", "aiohttp", "graphql-core", "openpyxl",
)  # fmt: skip
"""What the program stands on, by name of distribution."""
_MODULES = {"PySide6-Essentials": "PySide6", "graphql-core": "graphql"}
"""Those that are imported under another name."""

_HEAD = """Tagwerk crash report
====================

{facts}

Passwords, session tokens and keys are blacked out (•••). Names of tags, servers and users may be
in the text: look through it before you pass it on.

Stack
-----
{stack}

Last lines of the log
---------------------
{log}
"""


class CrashWatch:
    """Watches over one run. Made by `start_crash_watch`; end it with `stop`. Any thread.

    Args:
        folder: of the logs.
        run: the name of the run, as its log file has it.
        log: the log of this run, None for none.
        more: further versions (Qt's).
    """

    def __init__(self, folder: Path, run: str, log: Path | None, more: Mapping[str, str]) -> None:
        self._folder, self._log, self._more = folder, log, dict(more)
        self._lock = threading.Lock()
        self._written = 0
        self._path = folder / f"{run}{MARK_SUFFIX}"
        self._stream = hold(self._path)
        faulthandler.enable(self._stream)

    def keep(self, error: BaseException, where: str) -> Path | None:
        """Write the report of an exception; None when there were enough, or it cannot be written."""
        with self._lock:
            if self._written >= MOST_A_RUN:
                return None
            self._written += 1
            # One after the other: two threads that fail at once would take the same name.
            return write_report(self._folder, error, where, log=self._log, more=self._more)

    def stop(self) -> None:
        """The program ends in order: nothing of the file is worth keeping."""
        faulthandler.disable()
        with contextlib.suppress(OSError), self._stream:
            # On Windows a virus scanner may keep it from being deleted: empty, it tells of no crash.
            os.ftruncate(self._stream.fileno(), 0)
        with contextlib.suppress(OSError):
            self._path.unlink()


def start_crash_watch(
    folder: Path, log: Path | None, more: Mapping[str, str] | None = None
) -> CrashWatch | None:
    """Watch over this process from now on; None when the folder cannot be written."""
    run = log.stem if log is not None else f"tagwerk-{_moment(time.time())}-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return CrashWatch(folder, run, log, more or {})
    except OSError:
        return None


def write_report(
    folder: Path,
    error: BaseException,
    where: str,
    *,
    log: Path | None = None,
    more: Mapping[str, str] | None = None,
) -> Path | None:
    """Write the report of an exception that nobody handled; None when that cannot be."""
    clean = LIVE_SECRETS.redactor().text
    what = clean(f"{type(error).__name__}: {error}").strip()
    stack = clean("".join(traceback.format_exception(error)))
    facts = {"What": what.partition("\n")[0], "Where": clean(where), **_facts(more)}
    return _write(folder, time.time_ns(), os.getpid(), facts, stack, log)


def collect_crashes(folder: Path) -> list[Path]:
    """Make reports of what crashed since the last look; the reports that are new, newest first."""
    made = []
    with contextlib.suppress(OSError):
        for mark in sorted(folder.glob(f"tagwerk-*{MARK_SUFFIX}")):
            at_ns = mark.stat().st_mtime_ns
            stack = claim(mark)
            if not stack or not stack.strip():
                continue  # alive, or ended by force: nothing crashed
            clean = LIVE_SECRETS.redactor().text
            headline = stack.strip().partition("\n")[0]
            facts = {"What": clean(headline), "Where": "the process itself", **_facts(None)}
            pid = mark.stem.rpartition("-")[2]
            log = mark.with_suffix(".log")
            path = _write(folder, at_ns, pid, facts, clean(_guilty_first(stack)), log)
            if path is None:
                _put_back(mark, stack, at_ns)
                break
            made.append(path)
    return made[::-1]


def _put_back(mark: Path, stack: str, at_ns: int) -> None:
    """There is no room for a report now: the next start tries again."""
    with open_private(mark) as stream:
        stream.write(stack)
    os.utime(mark, ns=(at_ns, at_ns))


def _guilty_first(stack: str) -> str:
    """The interpreter writes the thread that crashed last; a reader wants it first."""
    head, *threads = stack.strip().split("\n\n")
    threads.sort(key=lambda text: not text.startswith("Current thread"))
    return "\n\n".join((head, *threads))


def crash_files(folder: Path) -> list[Path]:
    """The reports that are there, the newest first."""
    found: list[Path] = []
    with contextlib.suppress(OSError):
        found = [path for path in folder.glob(f"{NAME}*.txt") if path.is_file()]
    return sorted(found, key=lambda path: path.name, reverse=True)


def _facts(more: Mapping[str, str] | None) -> dict[str, str]:
    """Program, system and versions; quick, because the window waits meanwhile."""
    kind = "packaged" if getattr(sys, "frozen", False) else "not packaged"
    return {
        "Program": f"Tagwerk {__version__} ({kind})",
        "System": f"{platform.platform()}, {platform.machine()}",
        "Python": platform.python_version(),
        **(more or {}),
        "Packages": ", ".join(package_versions()),
    }


def package_versions() -> list[str]:
    """The libraries with their versions, as far as they can be told without loading one."""
    return [f"{name} {_version(name)}".strip() for name in PACKAGES]


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        # The packaged program leaves out what only describes a library.
        module = sys.modules.get(_MODULES.get(distribution, distribution))
        return str(getattr(module, "__version__", ""))


def _write(
    folder: Path,
    at_ns: int,
    pid: int | str,
    facts: Mapping[str, str],
    stack: str,
    log: Path | None,
) -> Path | None:
    rows = {"Time": format_time(at_ns), **facts}
    text = _HEAD.format(
        facts="\n".join(f"{name:<9} {value}" for name, value in rows.items()),
        stack=stack.strip(),
        log=_last_lines(log),
    )
    stem = f"{NAME}{_moment(at_ns / 1e9)}-{pid}"
    for number in range(1, MOST_REPORTS + 1):
        path = folder / f"{stem}-{number}.txt"
        if path.exists():
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with open_private(path) as stream:
                stream.write(text)
        except OSError:
            # Half a report would be offered as a whole one.
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        _drop_old(folder)
        return path
    return None


def _last_lines(log: Path | None) -> str:
    """The end of a log, in whole lines; the log is clean already."""
    if log is None:
        return "There is none."
    try:
        with log.open("rb") as stream:
            stream.seek(max(log.stat().st_size - _LOG_BYTES, 0))
            is_cut = stream.tell() > 0
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError as problem:
        return f"The log cannot be read: {problem.strerror or problem}"
    return "\n".join(lines[1:][-LOG_LINES:] if is_cut else lines[-LOG_LINES:]) or "It is empty."


def _drop_old(folder: Path) -> None:
    for path in crash_files(folder)[MOST_REPORTS:]:
        with contextlib.suppress(OSError):
            path.unlink()


def _moment(at_s: float) -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(at_s))
