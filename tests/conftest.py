"""Shared fixtures: offscreen Qt, the qasync loop for window tests, and leak checks.

Every test fails on what it leaves behind (tasks, threads, top-level widgets, running timers), on
an unexpected warning in the log and on any message of Qt. An exemption names what it expects:
``@pytest.mark.expects_log("regular expression")``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
os.environ.setdefault("LC_ALL", "C.UTF-8")

import hypothesis
import pytest

# The same examples on every machine, however slow it is; with TAGWERK_SOAK others each time.
hypothesis.settings.register_profile(
    "steady",
    derandomize="TAGWERK_SOAK" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("steady")

LEAK_GRACE_S = 2.0
# Threads that libraries keep on purpose for the life of the process.
KEPT_THREADS = ("asyncio_", "ThreadPoolExecutor", "pytest_timeout", "execnet", "QThread", "Dummy-")
# What Qt says on machines without a desktop; none of it is about our code.
HARMLESS_QT = (
    r"This plugin does not support (propagateSizeHints|raise|grabbing the keyboard)",
    r"XDG_RUNTIME_DIR",
    r"QFont::setPixelSize",
)


@pytest.fixture(scope="session")
def qapp():
    """The one QApplication, with fonts and the light theme."""
    from PySide6.QtWidgets import QApplication

    from tagwerk.ui.theme import theme

    application = QApplication.instance() or QApplication([])
    application.setQuitOnLastWindowClosed(False)
    theme().load_fonts()
    theme().load_mono()
    theme().apply(application, "light")
    return application


def pytest_asyncio_loop_factories(config, item):
    """Window tests run on the bridge between Qt and asyncio, all others on the plain loop."""
    if item.get_closest_marker("ui") is None:
        return {"plain": asyncio.new_event_loop}

    def on_qt():
        from PySide6.QtWidgets import QApplication
        from qasync import QEventLoop

        application = QApplication.instance() or QApplication([])
        application.setQuitOnLastWindowClosed(False)
        return QEventLoop(application, already_running=False)

    return {"qt": on_qt}


class DemoServer:
    """A demo plant in its own process, for tests that want a real server.

    Attributes:
        url, ca_file: as in its ready line.
        port: it can be started again on the same one.
    """

    def __init__(self, data_dir, *options, port=0):
        self.data_dir = data_dir
        self.options = options
        self.port = port
        self.start()

    def start(self):
        words = ["--port", str(self.port), "--data-dir", str(self.data_dir), *self.options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tagwerk.simulator", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.ready = json.loads(self.process.stdout.readline())
        self.url = self.ready.get("unified") or self.ready["classic"]
        self.ca_file = self.ready.get("ca", "")
        self.port = urlsplit(self.url).port

    def password(self, user):
        return next(one["password"] for one in self.ready["users"] if one["name"] == user)

    def kill(self):
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def restart(self):
        """Kill and start on the same port."""
        if self.process.poll() is None:
            self.kill()
        self.start()


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory):
    """One demo plant for all tests of a worker that only read, or write what nobody else does."""
    server = DemoServer(tmp_path_factory.mktemp("demo"))
    yield server
    server.kill()


@pytest.fixture
def own_server(tmp_path):
    """A demo plant of the test's own, to be killed and restarted at will; options by request."""
    servers = []

    def start(*options):
        servers.append(DemoServer(tmp_path / "plant", *options))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.kill()


@pytest.fixture(autouse=True)
def no_unexpected_log(request, caplog):
    """Warnings and errors in the log fail a test, unless it says that it expects them."""
    yield
    expected = [
        re.compile(str(pattern))
        for mark in request.node.iter_markers("expects_log")
        for pattern in mark.args
    ]
    bad = [
        record
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.levelno >= logging.WARNING
        and not _is_client_that_left(record)
        and not any(pattern.search(record.getMessage()) for pattern in expected)
    ]
    assert not bad, "unexpected in the log: " + "; ".join(
        f"{record.name}: {record.getMessage()}" for record in bad
    )


def _is_client_that_left(record):
    """The server's library logs an error when a client hangs up in the middle; servers live so."""
    kind = record.exc_info[0] if record.exc_info else None
    return (
        record.name == "aiohttp.server" and kind is not None and issubclass(kind, ConnectionError)
    )


@pytest.fixture(autouse=True)
def no_qt_message(request):
    """Any message of Qt fails a test: it is a bug that a user would find in a log."""
    if "PySide6.QtCore" not in sys.modules:
        yield
        return
    from PySide6.QtCore import qInstallMessageHandler

    messages: list[str] = []
    before = qInstallMessageHandler(lambda _kind, _context, text: messages.append(text))
    yield
    qInstallMessageHandler(before)
    bad = [text for text in messages if not any(re.search(ok, text) for ok in HARMLESS_QT)]
    assert not bad, f"Qt said: {bad}"


@pytest.fixture(autouse=True)
def no_leaks(request):
    """Threads and top-level widgets that a test began must be gone when it ends."""
    threads_before = set(threading.enumerate())
    widgets_before = _top_level_widgets()
    timers_before = _active_timers() if request.node.get_closest_marker("ui") else []
    yield
    deadline = time.monotonic() + LEAK_GRACE_S
    while (left := _new_threads(threads_before)) and time.monotonic() < deadline:
        left[0].join(0.05)
    assert not left, f"threads left running: {[thread.name for thread in left]}"
    if request.node.get_closest_marker("ui") is None and not widgets_before:
        return
    _flush_deletions()
    fresh = [w for w in _top_level_widgets() if w not in widgets_before]
    visible = []
    for widget in fresh:
        with contextlib.suppress(RuntimeError):
            if widget.isVisible():
                visible.append(f"{type(widget).__name__} {widget.objectName()}")
            widget.close()
            widget.deleteLater()
    fresh.clear()
    _flush_deletions()
    assert not visible, f"windows left open: {visible}"
    ticking = [_timer_name(timer) for timer in _active_timers() if timer not in timers_before]
    assert not ticking, f"timers left running: {ticking}"


def _new_threads(before):
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith(KEPT_THREADS)
    ]


def _top_level_widgets():
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    return list(widgets.QApplication.topLevelWidgets())


def _active_timers():
    """Every QTimer of ours that still runs; single shots end by themselves and do not count."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return []
    import shiboken6

    return [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, core.QTimer)
        and shiboken6.isValid(thing)
        and thing.isActive()
        and not thing.isSingleShot()
    ]


def _timer_name(timer):
    owner = timer.parent()
    return f"{timer.interval()} ms of {type(owner).__name__} {owner.objectName() if owner else ''}"


def _flush_deletions():
    core = sys.modules.get("PySide6.QtCore")
    if core is None or core.QCoreApplication.instance() is None:
        return
    gc.collect()
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


def pytest_configure(config):
    """Known also where the plug-in that tests run side by side with is switched off."""
    config.addinivalue_line("markers", "xdist_group(name): tests of one worker")


def pytest_collection_modifyitems(items):
    """What takes minutes runs only when it is asked for."""
    if "TAGWERK_SOAK" in os.environ:
        return
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(pytest.mark.skip(reason="takes minutes: set TAGWERK_SOAK=200"))


def pytest_itemcollected(item):
    """Tasks that a coroutine test leaves running fail it, with the place where they wait."""
    function = getattr(item, "obj", None)
    if not asyncio.iscoroutinefunction(function) or hasattr(function, "hypothesis"):
        return

    @functools.wraps(function)
    async def watched(*arguments, **keywords):
        before = asyncio.all_tasks()
        result = await function(*arguments, **keywords)
        for _ in range(3):
            await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() if task not in before and not task.done()]
        where = [f"{task.get_name()}: {task.get_stack(limit=1)}" for task in left]
        assert not left, f"tasks left running: {where}"
        return result

    item.obj = watched
