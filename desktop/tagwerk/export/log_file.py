"""The window's log as a file: bounded, private, and without secrets.

Each run writes a file of its own, so that two windows never share one; a full file moves aside once
and begins anew, and only the newest runs are kept, and those that still go on. Every record is cleaned as a whole when it is
written, traceback included: the secrets in use at that moment (`domain.redaction.LIVE_SECRETS`
asks the logins that are alive, it keeps none) and all that looks like one. Used by the composition
root; the support bundle takes the files along.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import sys
import time
from pathlib import Path

from tagwerk import __version__
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.export.crash_report import MARK_SUFFIX
from tagwerk.export.run_mark import is_held
from tagwerk.export.traffic import open_private

MOST_BYTES = 1_000_000
"""Of one file; a run keeps two of them at most."""
MOST_RUNS = 8
NAME = "tagwerk-"
FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"


class CleanFormatter(logging.Formatter):
    """UTC times, one record a line (tracebacks indented by themselves), nothing secret."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(FORMAT, "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The whole text of a record, cleaned."""
        # `exc_text` would be kept on the record for others: not before it is clean.
        before = record.exc_text
        text = LIVE_SECRETS.redactor().text(super().format(record))
        record.exc_text = before
        return text


class BoundedFile(logging.Handler):
    """Writes to a file that stays below `most_bytes`, with one older part beside it.

    A disk that is full or a folder that went costs the log, never the program.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self.path = path
        self.most_bytes = most_bytes
        self.setFormatter(CleanFormatter())
        self._stream = open_private(path, "a")
        self._size = path.stat().st_size

    @property
    def older(self) -> Path:
        """The part before the present one."""
        return self.path.with_suffix(".1.log")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            text = self.format(record) + "\n"
            size = len(text.encode("utf-8", "replace"))
            if self._size + size > self.most_bytes and self._size:
                self._begin_anew()
            self._stream.write(text)
            self._stream.flush()
            self._size += size
        except (OSError, ValueError, TypeError):
            # Logging must not fail what is logged, and printing it would be the same again.
            return

    def _begin_anew(self) -> None:
        self._stream.close()
        # Windows moves no file that another program reads: then the older part is given up.
        with contextlib.suppress(OSError):
            os.replace(self.path, self.older)
        self._stream = open_private(self.path)
        self._size = 0

    def close(self) -> None:
        """End the file."""
        with contextlib.suppress(OSError):
            self._stream.close()
        super().close()


def start_log(folder: Path, level: int = logging.INFO) -> BoundedFile | None:
    """Write this process's log into `folder` from now on; None when that cannot be.

    The caller ends it with `stop_log`.
    """
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _drop_old(folder)
        handler = BoundedFile(folder / f"{NAME}{moment}-{os.getpid()}.log")
    except OSError:
        return None
    handler.setLevel(level)
    root = logging.getLogger()
    root.addHandler(handler)
    for name in ("", "tagwerk"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() > level:
            logger.setLevel(level)
    handler.handle(_first_record())
    return handler


def _first_record() -> logging.LogRecord:
    """Which program on which system, as the first line of every log."""
    kind = "packaged" if getattr(sys, "frozen", False) else "not packaged"
    text = (
        f"Tagwerk {__version__} ({kind}), Python {platform.python_version()}, {platform.platform()}"
    )
    return logging.LogRecord("tagwerk", logging.INFO, __file__, 0, text, None, None)


def stop_log(handler: BoundedFile | None) -> None:
    """End what `start_log` began."""
    if handler is not None:
        logging.getLogger().removeHandler(handler)
        handler.close()


def log_files(folder: Path) -> list[Path]:
    """The logs that are there, the newest first."""
    found = []
    with contextlib.suppress(OSError):
        found = [path for path in folder.glob(f"{NAME}*.log") if path.is_file()]
    return sorted(found, key=lambda path: path.name, reverse=True)


def _drop_old(folder: Path) -> None:
    """Keep the newest runs; a run's older part goes with it."""
    runs: dict[str, list[Path]] = {}
    for path in log_files(folder):
        runs.setdefault(path.name.split(".")[0], []).append(path)
    for name in sorted(runs, reverse=True)[MOST_RUNS - 1 :]:
        if is_held(folder / f"{name}{MARK_SUFFIX}"):
            continue  # a window that has been open for weeks
        for path in runs[name]:
            with contextlib.suppress(OSError):
                path.unlink()
