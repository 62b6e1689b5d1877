"""The command line's grammar: one parser, one row a command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagwerk import __version__

if TYPE_CHECKING:
    from tagwerk.cli.output import Console

Runner = Callable[["argparse.Namespace", "Console"], Coroutine[Any, Any, int]]


def _late(module: str, function: str) -> Runner:
    """Import a command's module when it is run: `tagwerk read` needs no simulator, no Qt."""

    async def run(options: argparse.Namespace, console: Console) -> int:
        import importlib

        runner: Runner = getattr(importlib.import_module(f"tagwerk.cli.{module}"), function)
        return await runner(options, console)

    return run


COMMANDS: dict[str, Runner] = {
    "probe": _late("probe", "run_probe"),
    "browse": _late("browse", "run_browse"),
    "read": _late("values", "run_read"),
    "write": _late("write", "run_write"),
    "watch": _late("watch", "run_watch"),
    "record": _late("record", "run_record"),
    "history": _late("values", "run_history"),
    "alarms": _late("alarms", "run_alarms"),
    "ack": _late("alarms", "run_ack"),
    "support": _late("support", "run_support"),
}
SELF_TEST = "--self-test"
_LONGEST_SPAN_S = 100 * 366 * 86_400.0
SECOND_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> float:
    """``90``, ``15m``, ``24h``, ``1d`` as seconds."""
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(digits) :] or "s"
    try:
        result = float(digits) * SECOND_UNITS[unit]
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(
            f"“{text}” is not a time span like 90, 15m or 24h"
        ) from None
    if not 0 < result <= _LONGEST_SPAN_S:
        raise argparse.ArgumentTypeError(f"“{text}” is not a time span between 0 and 100 years")
    return result


def count(text: str) -> int:
    """A number of rows; 0 is all."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of rows")
    return int(text)


def tolerance(text: str) -> float:
    """How far a number may be off: finite and not negative."""
    try:
        result = float(text)
    except ValueError:
        result = -1.0
    if not 0 <= result < float("inf"):
        raise argparse.ArgumentTypeError(f"“{text}” is not a tolerance like 0.5")
    return result


def size(text: str) -> tuple[int, int]:
    """``1920x1080`` as width and height."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a size like 1920x1080") from None
    if not (320 <= width <= 16_384 and 240 <= height <= 16_384):
        raise argparse.ArgumentTypeError(f"{text} is too small or too large for a window")
    return width, height


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse; exits with 2 and a message on wrong usage."""
    words = [word for word in arguments if not word.startswith("-")]
    if SELF_TEST in arguments:
        return _self_test_parser().parse_args(arguments)
    if words and words[0] in (*COMMANDS, "simulate"):
        return _parse_command(_parser(), arguments)
    if not words and any(word in ("-h", "--help", "--version") for word in arguments):
        return _parser().parse_args(arguments)
    return _window_parser().parse_args(arguments)


def parsers() -> tuple[argparse.ArgumentParser, ...]:
    """Those of the window, the self test and all commands: man page and completions are made of
    them."""
    return _window_parser(), _self_test_parser(), _parser()


def _parse_command(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Names may stand behind options as well, which argparse alone does not see.

    Only where something is read: in a write or an acknowledgement a word too many may be the rest
    of a reason without quotes, and must end it.
    """
    options, rest = parser.parse_known_args(arguments)
    into = next((one for one in ("names", "patterns") if hasattr(options, one)), "")
    if rest and (not into or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        setattr(options, into, [*getattr(options, into), *rest])
    return options


def _window_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tagwerk", description="Open the window.")
    parser.set_defaults(command="window")
    parser.add_argument(
        "target",
        nargs="?",
        default="",
        help="“demo”, an address, a saved connection or a .tagwerk file",
    )
    _add_window_options(parser)
    _connection_options(parser)
    return parser


def _self_test_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tagwerk", description="Look whether this program works on this computer."
    )
    parser.set_defaults(command="self-test")
    _add_self_test_option(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table there as well")
    parser.add_argument("--screenshot", type=Path, metavar="FILE.png", help="keep the picture")
    parser.add_argument("--lang", choices=["en", "de"], help="language")
    parser.add_argument(
        "--within", type=seconds, default=60.0, metavar="SECONDS", help="end after so long"
    )
    return parser


def _add_self_test_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        SELF_TEST, action="store_true", help="look whether this program works on this computer"
    )


def _add_window_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--theme", choices=["light", "dark", "system"], help="appearance")
    parser.add_argument("--lang", choices=["en", "de"], help="language")
    parser.add_argument("--size", type=size, metavar="WxH", help="size of the window's content")
    parser.add_argument("--settings", type=Path, metavar="DIR", help="folder of the settings")
    parser.add_argument("--screenshot", type=Path, metavar="FILE.png", help="picture at the end")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="figures at the end")
    parser.add_argument(
        "--new-window", action="store_true", help="a window of its own, also where one is open"
    )
    parser.add_argument("--quit-after", type=seconds, metavar="SECONDS", help="close by itself")
    parser.add_argument(
        "--log-level",
        choices=["debug", "info", "warning"],
        default="info",
        help="what the log file keeps",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tagwerk",
        description="The commissioning desk for WinCC. Without a command it opens the window; "
        "“tagwerk demo” opens it on the built-in plant.",
    )
    parser.add_argument("--version", action="version", version=f"tagwerk {__version__}")
    _add_self_test_option(parser)
    _add_window_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _simulate(commands.add_parser("simulate", help="run the demo plant as a server"))
    _probe(commands.add_parser("probe", help="look at a server step by step"))
    _browse(commands.add_parser("browse", help="list tags, structures, logging tags, alarms"))
    _read(commands.add_parser("read", help="read values once"))
    _write(commands.add_parser("write", help="write values, read them back"))
    _watch(commands.add_parser("watch", help="print values as they change"))
    _record(commands.add_parser("record", help="write values into a file as they change"))
    _history(commands.add_parser("history", help="read logged values"))
    _alarms(commands.add_parser("alarms", help="list active or logged alarms"))
    _ack(commands.add_parser("ack", help="acknowledge or reset alarms"))
    _support(commands.add_parser("support", help="write a bundle for whoever is to help"))
    return parser


def _connection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="server address or saved connection")
    group = _connection_options(parser)
    group.add_argument(
        "--token-stdin",
        action="store_true",
        help="read a token from standard input instead of logging in",
    )
    group.add_argument("--settings", type=Path, metavar="DIR", help="folder of saved connections")
    group.add_argument(
        "--traffic",
        type=Path,
        metavar="FILE",
        help="write what goes over the wire as JSON lines, without secrets",
    )
    parser.add_argument("--json", action="store_true", help="JSON on standard output")


def _connection_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Who, and whom to trust: for commands and for the window alike."""
    group = parser.add_argument_group("connection")
    group.add_argument("--user", metavar="NAME")
    trust = group.add_mutually_exclusive_group()
    trust.add_argument("--ca", type=Path, metavar="FILE", help="trust this CA (PEM or DER)")
    trust.add_argument("--fingerprint", metavar="SHA256", help="trust exactly this certificate")
    trust.add_argument(
        "--trust-on-first-use",
        action="store_true",
        help="trust what is there the first time, refuse a change later",
    )
    group.add_argument(
        "--allow-plain-http", action="store_true", help="send the password readably (http)"
    )
    group.add_argument("--partner", metavar="URL", help="the redundant partner of this server")
    group.add_argument(
        "--follow-partner",
        action="store_true",
        help="go to the partner when this server says that it is passive",
    )
    group.add_argument("--dialect", choices=["auto", "unified", "classic"], default=None)
    group.add_argument(
        "--time-zone",
        metavar="ZONE",
        help="of times that WinCC V7/V8 writes without one: UTC, +01:00, Europe/Berlin",
    )
    group.add_argument(
        "--alarm-filter",
        metavar="NAME",
        help="which of the filters for messages that are configured in WinCC V7/V8",
    )
    group.add_argument("--timeout", type=seconds, default=None, metavar="S")
    return group


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument(
        "--names-from", metavar="FILE", help="one name a line; - for standard input"
    )


def _span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", type=seconds, metavar="SPAN", help="e.g. 15m, 24h")
    parser.add_argument("--from", dest="start", metavar="T", help="ISO 8601, UTC when no zone")
    parser.add_argument("--to", dest="end", metavar="T")


def _simulate(parser: argparse.ArgumentParser) -> None:
    from tagwerk.simulator.options import add_arguments

    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the ready line is JSON anyway")


def _probe(parser: argparse.ArgumentParser) -> None:
    _connection(parser)


def _browse(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="with * and ?")
    parser.add_argument(
        "--kind", action="append", choices=["tag", "structure", "logging-tag", "alarm"]
    )
    parser.add_argument("--lang", default="en-US")
    parser.add_argument(
        "--kept",
        action="store_true",
        help="names that the window has kept; the server is not asked",
    )


def _read(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    _names(parser)
    parser.add_argument("--direct", action="store_true", help="from the PLC, not the process image")


def _write(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    parser.add_argument("assignments", nargs="+", metavar="NAME=VALUE")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--reason", default="", help="goes into the audit")
    parser.add_argument(
        "--tolerance", type=tolerance, metavar="T", help="how far the read-back may be off"
    )
    parser.add_argument(
        "--wait", type=seconds, default=5.0, metavar="SECONDS", help="for the read-back"
    )


def _watch(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    _names(parser)
    parser.add_argument("--for", dest="duration", type=seconds, metavar="SECONDS")
    parser.add_argument(
        "--count-only", action="store_true", help="print what the link can do, no values"
    )
    parser.add_argument(
        "--every", type=seconds, metavar="SECONDS", help="with --count-only: a line so often"
    )


def _record(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    _names(parser)
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="is made anew")
    parser.add_argument("--for", dest="duration", type=seconds, metavar="SECONDS")
    parser.add_argument("--format", choices=["csv", "jsonl"], default="csv")
    parser.add_argument("--overwrite", action="store_true", help="even when FILE is there")


def _history(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    _names(parser)
    _span(parser)
    parser.add_argument("--max", dest="limit", type=count, default=0, metavar="N")
    parser.add_argument("--format", choices=["csv", "json"], help="table on standard output")


def _alarms(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    _span(parser)
    parser.add_argument(
        "--history", action="store_true", help="logged alarms; with --last or --from/--to"
    )
    parser.add_argument(
        "--filter", default="", metavar="TEXT", help="the server's filter, e.g. priority > 5"
    )
    parser.add_argument("--lang", default="en-US")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--for", dest="duration", type=seconds, metavar="SECONDS")
    parser.add_argument("--max", dest="limit", type=count, default=0, metavar="N")


def _ack(parser: argparse.ArgumentParser) -> None:
    _connection(parser)
    parser.add_argument("alarms", nargs="+", metavar="ALARM[#INSTANCE]")
    parser.add_argument("--reset", action="store_true", help="reset instead of acknowledging")
    parser.add_argument("--reason", default="", help="goes into the audit")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _support(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.zip")
    parser.add_argument("--settings", type=Path, metavar="DIR", help="folder of the settings")
    parser.add_argument("--json", action="store_true", help="JSON on standard output")
