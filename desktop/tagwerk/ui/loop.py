"""The way from nothing to a running window: application, first paint, imports, event loop.

The order is what makes it quick: Qt's widgets only, paint, then one thread imports what is heavy
while the painted window answers already, then the bridge between Qt and asyncio.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QObject, QSize, QTimer, Signal, qVersion
from PySide6.QtWidgets import QApplication

from tagwerk.ui.errors import Reporter
from tagwerk.ui.i18n import set_language
from tagwerk.ui.layout_memory import usual_density
from tagwerk.ui.mark import tell_desktop_who_we_are, window_icon
from tagwerk.ui.report import Stopwatch
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import new_application, theme
from tagwerk.ui.window import MainWindow

UNSEEN_MS = 2_000
"""So long a first picture may take before the rest begins without it."""
NEW_OBJECTS_BETWEEN_COLLECTIONS = 10_000
"""Values are objects that live for a frame and are part of no cycle; at the usual 700 the collector
looks at them 30 times a second at 20,000 values a second, and finds nothing."""


def _wake_the_collector() -> None:
    """Collect again (`app` stopped it), but never look through what is there for good.

    Imports make much and throw nothing away: looking through it again and again was a tenth of the
    way to the first picture, and later a pause now and then.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
        gc.enable()


def load_bridge() -> None:
    """Import the bridge between Qt and asyncio, away from the painted window."""
    import qasync  # noqa: F401


class _Done(QObject):
    """Carries "the imports are done" from their thread to the window's."""

    done = Signal()


class Program:
    """One run of the window.

    Args:
        settings: what is remembered.
        mode, lang: from the command line, "" takes what is remembered.
        size: of the window's content, None takes what is remembered.
    """

    def __init__(
        self,
        settings: Settings,
        watch: Stopwatch,
        *,
        mode: str = "",
        lang: str = "",
        size: tuple[int, int] | None = None,
    ) -> None:
        existing = QApplication.instance()
        self.application = (
            existing
            if isinstance(existing, QApplication)
            else new_application(sys.argv[0] or "tagwerk")
        )
        tell_desktop_who_we_are(self.application)
        self.application.setQuitOnLastWindowClosed(False)
        self.watch = watch
        self.report = Reporter()
        self._close_doors = self.report.install()
        theme().load_fonts()
        remembered_mode = str(settings.get("theme", "system"))
        density = str(settings.get("density") or usual_density(settings, size))
        theme().apply(self.application, mode or remembered_mode, density)
        set_language(lang or str(settings.get("language", "system")))
        self.window = MainWindow(settings, self.report, keep_size=size is not None, at_once=False)
        if size is not None:
            self.window.resize(QSize(*size))

    @property
    def versions(self) -> dict[str, str]:
        """Of Qt and what it draws on, for reports."""
        return {"Qt": f"{qVersion()} on {QApplication.platformName()}"}

    def paint_first(self, load: Callable[[], None]) -> None:
        """Show the window; return when it is painted and `load` has run in its thread.

        A window that is not painted, because it starts minimised or the session is locked, is not
        waited for longer than `UNSEEN_MS`: the plant behind it is wanted all the same.

        Raises:
            Exception: what `load` raised.
        """
        waiting = QEventLoop()
        loaded = _Done()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                load()
            except Exception as error:  # noqa: BLE001 - raised again by the main thread
                failures.append(error)
            loaded.done.emit()

        thread = threading.Thread(target=work, name="imports")

        def begin() -> None:
            if thread.ident is not None:
                return
            patience.stop()
            thread.start()
            self.application.setWindowIcon(window_icon())
            theme().load_mono()

        patience = QTimer()
        patience.setSingleShot(True)
        patience.setInterval(UNSEEN_MS)
        patience.timeout.connect(begin)
        self.window.first_painted.connect(self.watch.painted)
        self.window.first_painted.connect(begin)
        # What it needs is imported by then; before, this thread would have to do it, in one piece.
        loaded.done.connect(self.window.complete)
        # A turn of its own, so that the window answers between that and the bridge's beginning.
        ending = QTimer()
        ending.setSingleShot(True)
        ending.setInterval(1)
        ending.timeout.connect(waiting.quit)
        loaded.done.connect(ending.start)
        self.window.show()
        patience.start()
        waiting.exec()
        self.window.first_painted.disconnect(begin)
        thread.join()
        _wake_the_collector()
        if failures:
            raise failures[0]

    def run(self, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
        """Run the main coroutine on the bridge between Qt and asyncio."""
        import asyncio
        import signal

        from qasync import QEventLoop as Bridge

        def make_loop() -> asyncio.AbstractEventLoop:
            loop: asyncio.AbstractEventLoop = Bridge(self.application)
            loop.set_exception_handler(self.report.handle_loop)
            return loop

        before = signal.signal(signal.SIGTERM, lambda *_: self.window.close_requested.emit())
        try:
            with asyncio.Runner(loop_factory=make_loop) as runner:
                return runner.run(main())
        except KeyboardInterrupt:
            return 130
        finally:
            signal.signal(signal.SIGTERM, before)
            self._close_doors()

    def picture(self, path: Path | None) -> None:
        """Save the window's whole content as a picture; None is none wanted.

        Raises:
            UsageError: the file cannot be written.
        """
        if path is not None and not self.window.grab().save(str(path), "PNG"):
            from tagwerk.domain.errors import UsageError

            raise UsageError(
                "{path} cannot be written.",
                cure="Give a .png file in a folder that exists and may be written.",
                path=str(path),
            )
