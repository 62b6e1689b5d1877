"""Four doors to one error reporter: nothing that goes wrong is lost, nothing is shown thirty times.

The doors are ``sys.excepthook``, ``threading.excepthook``, the event loop's handler and Qt's
message handler. The reporter logs the first of each kind, counts the rest, and tells the window,
which shows one bar. Texts are cleaned of anything that looks like a secret.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from tagwerk.ui.i18n import tr_message

if TYPE_CHECKING:
    import asyncio
    import logging
    from pathlib import Path

MOST_KINDS = 500
"""So many errors with texts of their own are told apart; a text that counts up is new each time."""
QT = "Qt"
"""Where Qt's own messages come from."""

_SECRETS = re.compile(
    r"(?i)(bearer\s+|\"?(?:password|passwd|token|secret)\"?\s*[:=]\s*[\"']?)([^\s\"',;}]+)"
)
# What a screen or a missing system service says about itself; not a fault of the program.
_QUIET_QT = (
    "propagateSizeHints",
    "does not support",
    'Could not connect "org.freedesktop.IBus"',
    "QXcbConnection: XCB error",
    "Failed to compute left/right minimum bearings",
    "EnableNonClientDpiScaling() failed",
)


def _log() -> logging.Logger:
    import logging  # not before something is to be said: the first paint must not wait for it

    return logging.getLogger("tagwerk.window")


def clean(text: str) -> str:
    """Black out what looks like a password or token."""
    from tagwerk.domain.redaction import LIVE_SECRETS

    return LIVE_SECRETS.redactor().text(_SECRETS.sub(r"\1•••", text))


def _is_cancelled(error: BaseException) -> bool:
    """Told by its name: asyncio is not imported before the first paint."""
    return type(error).__name__ == "CancelledError"


def _key(error: BaseException, where: str) -> tuple[str, str, str]:
    return (type(error).__name__, str(error), where)


def in_words(error: BaseException) -> tuple[str, str]:
    """Headline and cure of an error in the user's language."""
    from tagwerk.domain.errors import TagwerkError

    if isinstance(error, TagwerkError):
        return clean(tr_message(error.text)), clean(tr_message(error.cure_text))
    return clean(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__), ""


class Reporter(QObject):
    """Callable as `ErrorReporter`: ``report(error, where)``. Any thread.

    Signals:
        reported: (error, where, count) on the window's thread; `count` is 1 for the first.
    """

    reported = Signal(object, str, int)

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[tuple[str, str, str], int] = {}
        self._lock = threading.Lock()
        self.messages: list[str] = []
        """One line a kind of error, for the report."""
        self.keep: Callable[[BaseException, str], Path | None] | None = None
        """Writes the crash report of an error that nobody foresaw; the composition root gives it."""
        self._kept: dict[tuple[str, str, str], Path] = {}

    def __call__(self, error: BaseException, where: str) -> None:
        if isinstance(error, (KeyboardInterrupt, SystemExit)) or _is_cancelled(error):
            return
        key = _key(error, where)
        with self._lock:
            if key not in self._counts and len(self._counts) >= MOST_KINDS:
                key = (type(error).__name__, "", where)
            count = self._counts[key] = self._counts.get(key, 0) + 1
        if count == 1:
            # Imported when something went wrong: the first paint must not wait for it.
            import traceback

            from tagwerk.domain.errors import TagwerkError

            text = clean(f"{where}: {type(error).__name__}: {error}")
            self.messages.append(text)
            if isinstance(error, TagwerkError):
                _log().warning("%s", text)
            else:
                trace = "".join(traceback.format_exception(error))
                _log().error("%s\n%s", text, clean(trace))
                self._write_down(key, error, where)
        self.reported.emit(error, where, count)

    def _write_down(self, key: tuple[str, str, str], error: BaseException, where: str) -> None:
        # What Qt says is a line of text: it has no stack of its own, and the log has it.
        path = self.keep(error, where) if self.keep is not None and where != QT else None
        if path is not None:
            self._kept[key] = path

    def report_of(self, error: BaseException, where: str) -> Path | None:
        """The crash report of an error that was reported, None where there is none."""
        return self._kept.get(_key(error, where))

    def handle_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The event loop's exception handler."""
        error = context.get("exception")
        if error is None:
            error = RuntimeError(context.get("message", "event loop"))
        self(error, "event loop")

    def _hook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self(error, "window")

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self(args.exc_value, args.thread.name if args.thread else "thread")

    def _qt_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if any(part in text for part in _QUIET_QT) or kind in (
            QtMsgType.QtDebugMsg,
            QtMsgType.QtInfoMsg,
        ):
            # As long as nothing has imported it, nobody would keep the line.
            if "logging" in sys.modules:
                _log().debug("Qt: %s", text)
        else:
            self(RuntimeError(f"Qt: {text}"), QT)

    def install(self) -> Callable[[], None]:
        """Open the doors that exist without a loop; returns what closes them again."""
        before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        previous = qInstallMessageHandler(self._qt_message)

        def remove() -> None:
            sys.excepthook, threading.excepthook = before
            qInstallMessageHandler(previous)

        return remove
