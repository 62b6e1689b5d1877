"""What ``tagwerk simulate`` runs: the demo plant's process, from the ready line to the end.

Ends at SIGINT, SIGTERM, Ctrl+Break, or when the program that started it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import sys
import threading

from tagwerk.domain.errors import TagwerkError
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.server import SimulatorServer
from tagwerk.simulator.switches import parse_switches

PARENT_VARIABLE = "TAGWERK_SIMULATOR_PARENT"
"""Set by `process.start_simulator`: ``pipe`` ends with standard input, ``pipe+signal`` also asks
Linux for a signal when the parent dies."""

_PR_SET_PDEATHSIG = 1


def run(options: SimulatorOptions) -> int:
    """Serve until told to stop; prints the ready line. Returns the exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        parse_switches(options.switches)
        asyncio.run(_serve(options))
    except TagwerkError as problem:
        _say(str(problem))
        return 2
    except OSError as problem:
        place = problem.filename or f"{options.host}:{options.port}"
        _say(f"The demo plant cannot listen on {place}: {problem.strerror or problem}")
        return 3
    except KeyboardInterrupt:
        pass
    return 0


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")


def _print_line(text: str) -> None:
    """To standard output; a windowed program has the pipe but no stream for it."""
    if sys.stdout is not None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    else:
        with contextlib.suppress(OSError):
            os.write(1, text.encode() + b"\n")


async def _serve(options: SimulatorOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    how = os.environ.pop(PARENT_VARIABLE, "")
    _end_on_signals(loop, stop, has_parent=bool(how))
    if how:
        _end_with_parent(loop, stop, wants_signal="signal" in how)
    server = SimulatorServer(options)
    try:
        await server.start()
        _print_line(json.dumps(server.ready))
        await server.wait(stop)
    finally:
        await server.stop()


def _end_on_signals(
    loop: asyncio.AbstractEventLoop, stop: asyncio.Event, *, has_parent: bool
) -> None:
    if has_parent:
        # Ctrl+C reaches the whole group: the parent decides when its demo plant ends.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    names = ("SIGTERM", "SIGHUP", "SIGBREAK", *(() if has_parent else ("SIGINT",)))
    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows: the loop has no signal handlers, but a plain one may wake it.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _end_with_parent(
    loop: asyncio.AbstractEventLoop, stop: asyncio.Event, *, wants_signal: bool
) -> None:
    if wants_signal and sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent or parent == 1:
            stop.set()

    def watch() -> None:
        # The parent never writes: reading returns when its end of the pipe is gone.
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                continue
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
