"""The demo plant as a process of its own, started and ended by the program that wants it.

Used by the window's "Try the demo plant", the command line and tests. It dies with its parent:
its standard input is a pipe that nobody writes to and that ends with the parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO, Any

from tagwerk.domain.errors import NotReachable
from tagwerk.simulator.options import SimulatorOptions

START_S = 30.0
STOP_S = 5.0
LOG_LINES = 200

_PARENT_VARIABLE = "TAGWERK_SIMULATOR_PARENT"
_SECRET_VARIABLE = "TAGWERK_PASSWORD"  # noqa: S105 - a name; the demo plant has no use for it


class SimulatorProcess:
    """A running demo plant. Made by `start_simulator`; end it with `stop`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._first_line = b""
        self._threads = [
            threading.Thread(target=target, args=(stream,), name=name, daemon=True)
            for target, stream, name in (
                (self._read_output, process.stdout, "demo plant output"),
                (self._read_log, process.stderr, "demo plant log"),
            )
        ]
        self._loop = asyncio.get_running_loop()
        self._has_line = asyncio.Event()
        self._has_ended = asyncio.Event()
        self.ready: dict[str, Any] = {}
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Address of the interface; of Unified's where there are both."""
        return str(self.ready.get("unified") or self.ready["classic"])

    @property
    def classic_url(self) -> str:
        """Base address of the classic interface, "" where it is not served."""
        return str(self.ready.get("classic", ""))

    @property
    def ca_file(self) -> str:
        """The CA's file, "" without TLS."""
        return str(self.ready.get("ca", ""))

    @property
    def users(self) -> list[dict[str, Any]]:
        """Names, passwords and rights, as in the ready line."""
        return list(self.ready["users"])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> list[str]:
        """The last lines of its standard error."""
        return list(self._log)

    def password(self, user: str) -> str:
        """The demo password of a user; "" for an unknown one."""
        return next((str(one["password"]) for one in self.users if one["name"] == user), "")

    # Threads: pipes are read to their end, so that the child never blocks on a full one.

    def _read_output(self, output: IO[bytes]) -> None:
        with output as stream:
            self._first_line = stream.readline()
            self._tell(self._has_line)
            for _ in stream:
                continue
        self._process.wait()
        self._tell(self._has_ended)

    def _read_log(self, log: IO[bytes]) -> None:
        with log as stream:
            for line in stream:
                self._log.append(line[:2000].decode(errors="replace").rstrip())

    def _tell(self, event: asyncio.Event) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(event.set)

    async def wait_ready(self, timeout_s: float = START_S) -> None:
        """Wait for the ready line.

        Raises:
            NotReachable: it ended or took too long; the text holds its last words.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._has_line.wait()
                if not self._first_line:
                    await self._has_ended.wait()
        except TimeoutError:
            await self.kill()
            raise NotReachable(
                "The demo plant did not start within {seconds} s.", seconds=f"{timeout_s:g}"
            ) from None
        try:
            self.ready = json.loads(self._first_line)
        except ValueError:
            await self.kill()
            raise NotReachable(
                "The demo plant could not start. {words}", words="\n".join(self.log[-5:])
            ) from None

    async def wait_ended(self) -> int:
        """Wait until the process is gone; its exit code."""
        await self._has_ended.wait()
        return self._process.wait()

    async def stop(self, timeout_s: float = STOP_S) -> None:
        """End it in good order; kill it when that takes too long. May be called twice."""
        self._close_input()
        try:
            async with asyncio.timeout(timeout_s):
                await self._has_ended.wait()
        except TimeoutError:
            await self.kill()
        self._join()

    async def kill(self) -> None:
        """End it at once, as a crash would. May be called twice."""
        if self.is_running:
            self._process.kill()
        self._close_input()
        await self._has_ended.wait()
        self._join()

    def _close_input(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=1.0)


def command(options: SimulatorOptions) -> list[str]:
    """The command that starts a demo plant, from a checkout, a wheel or the frozen program."""
    if getattr(sys, "frozen", False):
        return [_console_twin(sys.executable), "simulate", *options.arguments()]
    return [sys.executable, "-m", "tagwerk.simulator", *options.arguments()]


def _console_twin(executable: str) -> str:
    """On Windows the windowed program has no standard output to say that it is ready on; its twin
    in the same folder has, and is started without a console."""
    path = Path(executable)
    twin = path.with_name("tagwerk.exe")
    return str(twin) if path.name.lower() == "tagwerkw.exe" and twin.exists() else executable


async def start_simulator(
    options: SimulatorOptions | None = None, *, timeout_s: float = START_S
) -> SimulatorProcess:
    """Start a demo plant in a process of its own and wait until it serves.

    Raises:
        NotReachable: it could not start; the text says why.
    """
    # Linux signals the death of the *thread* that forked: only the main thread lives as long as
    # the program.
    is_main = threading.current_thread() is threading.main_thread()
    environment = {name: value for name, value in os.environ.items() if name != _SECRET_VARIABLE}
    environment[_PARENT_VARIABLE] = "pipe+signal" if is_main else "pipe"
    environment["PYTHONUNBUFFERED"] = "1"
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    try:
        # Started in this thread on purpose, see above; it returns within milliseconds.
        process = subprocess.Popen(  # noqa: ASYNC220, S603
            command(options or SimulatorOptions()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            creationflags=flags,
        )
    except OSError as problem:
        raise NotReachable("The demo plant could not start: {reason}", reason=problem) from None
    started = SimulatorProcess(process)
    try:
        await started.wait_ready(timeout_s)
    except asyncio.CancelledError:
        process.kill()
        raise
    return started
