"""Evidence of every write: JSON lines on disk, each chained to the one before by its hash.

What it promises: an entry is on the disk (fsync) before `append` returns; a changed, removed,
inserted or reordered entry is found by `verify`. What it cannot: notice that the newest entries
were cut off, unless somebody kept the number and hash of the last one (`head`); and it is no
protection against someone who writes the whole chain anew.

Several programs (window, command line) may append to one file: each append takes a file lock and
chains to what it finds at the end. Entries hold codes and values, no sentences and no secrets.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.text import format_time

VERSION = 1
FIRST_HASH = "0" * 64
ROTATE_BYTES = 8 * 1024 * 1024
_TAIL_BYTES = 256 * 1024
_LOCK_TIMEOUT_S = 5.0

Entry = dict[str, Any]


class AuditUnavailable(TagwerkError):
    """The audit cannot be written, so nothing may be written to the plant either."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What `AuditLog.verify` found.

    Args:
        entries: number of good entries.
        last_seq, last_hash: the newest good entry.
        problem: "" when the chain is intact; else a code: ``not_json``, ``hash``, ``chain``,
            ``number``, ``torn_end`` (a crash; the next entry will vouch for it), ``head_missing``.
        file, line: where the problem is, line counted from 1.
    """

    entries: int
    last_seq: int
    last_hash: str
    problem: str = ""
    file: str = ""
    line: int = 0

    @property
    def intact(self) -> bool:
        return not self.problem


def entry_hash(entry: Entry) -> str:
    """SHA-256 over the entry without its own hash, in canonical JSON."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class AuditLog:
    """Append-only, hash-chained. Thread-safe; `append` blocks until the disk has it.

    Args:
        path: the file; its folder is made when needed. None keeps entries in memory only, for
            tests.
        clock_ns: wall clock.
        rotate_bytes: above this size the file is set aside as ``NAME-FIRST-LAST.jsonl`` and the
            chain goes on in a new one.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        rotate_bytes: int = ROTATE_BYTES,
    ) -> None:
        self.path = path
        self._clock_ns = clock_ns
        self._rotate_bytes = rotate_bytes
        self._mutex = threading.Lock()
        self._memory: list[Entry] = []

    def append(self, event: str, **fields: Any) -> Entry:
        """Write one entry and wait until the disk has it.

        Args:
            event: code of what happened, e.g. ``write_intent``.
            fields: JSON-able; names ``v seq at event prev hash`` are taken.

        Returns:
            the entry with its number (``seq``) and hash.

        Raises:
            AuditUnavailable: disk full, no permission, locked by a program that hangs.
        """
        with self._mutex:
            if self.path is None:
                last = self._memory[-1] if self._memory else None
                entry = self._make(last, event, fields)
                self._memory.append(entry)
                return entry
            try:
                return self._append_to_file(self.path, event, fields)
            except OSError as problem:
                raise AuditUnavailable(
                    "The audit cannot be written to {path}: {reason}.",
                    cure="Free space or give the right to write there; until then nothing is written.",
                    path=str(self.path),
                    reason=problem.strerror or type(problem).__name__,
                ) from problem

    def recent(self, limit: int = 500) -> list[Entry]:
        """The newest entries that can be read quickly, oldest first; never raises."""
        if self.path is None:
            return self._memory[-limit:]
        try:
            lines = _tail(self.path).splitlines()
        except OSError:
            return []
        found: deque[Entry] = deque(maxlen=limit)
        for line in lines:
            entry = _parse(line)
            if entry is not None:
                found.append(entry)
        return list(found)

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry; (0, zeros) when there is none."""
        entries = self.recent(1)
        return (entries[-1]["seq"], entries[-1]["hash"]) if entries else (0, FIRST_HASH)

    def verify(self, expected_head: tuple[int, str] | None = None) -> AuditReport:
        """Check the whole chain, over all files. Reads everything: not for the window's thread.

        Args:
            expected_head: number and hash that somebody kept; must be in the chain.

        Raises:
            AuditUnavailable: a file cannot be read.
        """
        seq, digest, count, seen_head = 0, FIRST_HASH, 0, expected_head in (None, (0, FIRST_HASH))
        torn: tuple[str, int, bytes] | None = None
        for file, number, line in self._all_lines():
            entry = _parse(line)
            if entry is None:
                if torn is not None:
                    return AuditReport(count, seq, digest, "not_json", torn[0], torn[1])
                torn = (file, number, line)
                continue
            if torn is not None:
                # A torn line is what a crash leaves; the next entry vouches for just that one.
                if entry.get("torn_sha256") != hashlib.sha256(torn[2]).hexdigest():
                    return AuditReport(count, seq, digest, "not_json", torn[0], torn[1])
                torn = None
            if entry.get("hash") != entry_hash(entry):
                return AuditReport(count, seq, digest, "hash", file, number)
            if entry.get("prev") != digest:
                return AuditReport(count, seq, digest, "chain", file, number)
            if entry.get("seq") != seq + 1:
                return AuditReport(count, seq, digest, "number", file, number)
            seq, digest, count = seq + 1, entry["hash"], count + 1
            seen_head = seen_head or (seq, digest) == expected_head
        if torn is not None:
            return AuditReport(count, seq, digest, "torn_end", torn[0], torn[1])
        return AuditReport(count, seq, digest, "" if seen_head else "head_missing")

    def files(self) -> list[Path]:
        """All files of the chain, oldest first."""
        if self.path is None:
            return []
        aside = []
        prefix = f"{self.path.stem}-"
        for candidate in self.path.parent.glob("*" + self.path.suffix):
            first, mark, last = candidate.stem.removeprefix(prefix).partition("-")
            if candidate.stem.startswith(prefix) and mark and first.isdigit() and last.isdigit():
                aside.append((int(first), candidate))
        current = [self.path] if self.path.exists() else []
        return [path for _first, path in sorted(aside)] + current

    def _all_lines(self) -> Iterator[tuple[str, int, bytes]]:
        if self.path is None:
            for number, entry in enumerate(self._memory, 1):
                yield "", number, json.dumps(entry, ensure_ascii=False).encode()
            return
        try:
            for path in self.files():
                with path.open("rb") as file:
                    for number, line in enumerate(file, 1):
                        yield str(path), number, line.rstrip(b"\n")
        except OSError as problem:
            raise AuditUnavailable(
                "The audit {path} cannot be read: {reason}.",
                path=str(self.path),
                reason=problem.strerror or type(problem).__name__,
            ) from problem

    def _make(self, last: Entry | None, event: str, fields: dict[str, Any]) -> Entry:
        entry: Entry = {
            "v": VERSION,
            "seq": last["seq"] + 1 if last is not None else 1,
            "at": format_time(self._clock_ns()),
            "event": event,
            **fields,
            "prev": last["hash"] if last is not None else FIRST_HASH,
        }
        entry["hash"] = entry_hash(entry)
        return entry

    def _append_to_file(self, path: Path, event: str, fields: dict[str, Any]) -> Entry:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(path.name + ".lock")):
            last, unfinished = self._last_entry(path)
            if unfinished and _parse(unfinished) is None:
                fields = {**fields, "torn_sha256": hashlib.sha256(unfinished).hexdigest()}
            elif not unfinished and path.exists() and path.stat().st_size > self._rotate_bytes:
                self._set_aside(path)
            entry = self._make(last, event, fields)
            line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
            data = line.encode("utf-8", "surrogatepass") + b"\n"
            _write_durably(path, b"\n" + data if unfinished else data)
            return entry

    def _last_entry(self, path: Path) -> tuple[Entry | None, bytes]:
        """The entry to chain to, and the bytes of a last line that a crash left without its end."""
        unfinished = b""
        for candidate in reversed(self.files()):
            lines = _tail(candidate).split(b"\n")
            if candidate == path:
                unfinished = lines[-1]
            for line in reversed(lines):
                entry = _parse(line)
                if entry is not None:
                    return entry, unfinished
        return None, unfinished

    def _set_aside(self, path: Path) -> None:
        with path.open("rb") as file:
            first = _parse(file.readline().rstrip(b"\n"))
        last, _torn = self._last_entry(path)
        if first is not None and last is not None:
            os.replace(
                path, path.with_name(f"{path.stem}-{first['seq']}-{last['seq']}{path.suffix}")
            )


def _parse(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(entry, dict) and isinstance(entry.get("seq"), int) and "hash" in entry:
        return entry
    return None


def _tail(path: Path) -> bytes:
    """The last part of a file, beginning at a whole line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(size - _TAIL_BYTES, 0)
        file.seek(start)
        data = file.read()
    return data.partition(b"\n")[2] if start else data


def _write_durably(path: Path, data: bytes) -> None:
    """Append and fsync; on failure the file is cut back to what it was."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other programs out while appending.

    Raises:
        OSError: not to be had within five seconds.
    """
    with path.open("a+b") as file:
        deadline = time.monotonic() + _LOCK_TIMEOUT_S
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise TimeoutError(0, "locked by another program")
            time.sleep(0.01)
        try:
            yield
        finally:
            _unlock(file.fileno())


if os.name == "nt":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
