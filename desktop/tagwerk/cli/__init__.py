"""The headless twin: everything that the window can do to a plant, as commands.

Argument parsing and printing, nothing else. Results go to stdout, as text or with ``--json``;
messages go to stderr in plain words with the cure; exit codes are the contract of docs/cli.md.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import sys
from collections.abc import Sequence

from tagwerk.cli.arguments import COMMANDS, parse

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _speak_utf8()
    options = parse(arguments)
    if options.command == "window":
        from tagwerk.cli.window import run_window

        return run_window(options)
    return _run_command(options)


def _run_command(options: argparse.Namespace) -> int:
    # Imported here: the window's first paint must not wait for them.
    import asyncio

    from tagwerk.cli.output import Console, OutputLost
    from tagwerk.cli.traffic import traffic_file
    from tagwerk.domain.errors import TagwerkError

    gc.enable()
    console = Console(json=getattr(options, "json", False))
    try:
        if options.command == "self-test":
            from tagwerk.cli.self_test import run_self_test

            return run_self_test(options)
        if options.command == "simulate":
            from tagwerk.cli.simulate import run_simulate

            return run_simulate(options, console)
        with traffic_file(options, console):
            return asyncio.run(COMMANDS[options.command](options, console))
    except TagwerkError as error:
        console.error(error)
        if isinstance(error, OutputLost):
            _print_no_more()
        return error.exit_code
    except KeyboardInterrupt:
        console.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone: not our failure, and nothing more can be written.
        _print_no_more()
        return BROKEN_PIPE


def _print_no_more() -> None:
    """What still waits to be printed would fail again when Python ends, with a trace and its code."""
    with contextlib.suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_utf8() -> None:
    """Names hold umlauts, whatever the terminal's own alphabet; half a character is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper) and not sys.stdin.isatty():
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
