"""Asking before something is changed; ``--yes`` answers."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tagwerk.domain.errors import UsageError


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl+C end a blocking read at once.

    asyncio's own handler only notes it and lets the read go on until somebody presses Enter.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if _is_interrupted():
            raise KeyboardInterrupt
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_interrupted() -> bool:
    """Ctrl+C was pressed before we began to listen."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


def is_terminal() -> bool:
    """Whether somebody sits at standard input; there may be none at all."""
    return sys.stdin is not None and sys.stdin.isatty()


def standard_input() -> TextIO:
    """Standard input.

    Raises:
        UsageError: this process was started without one.
    """
    if sys.stdin is None:
        raise UsageError("There is no standard input.", cure="Pipe something into the command.")
    return sys.stdin


def ask(options: argparse.Namespace, question: str) -> None:
    """Ask on the terminal; returns only on yes.

    Raises:
        UsageError: nobody to ask, or the answer was no. Nothing has been sent then.
    """
    if options.yes:
        return
    if not is_terminal():
        raise UsageError("There is nobody to ask.", cure="Add --yes when this is meant.")
    with interruptible():
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip().lower()
    if answer not in ("y", "yes", "j", "ja"):
        raise UsageError("Nothing was sent.")
