"""The command line as plain rows, read from the program's own parsers.

The man page and the completions are made of it, so that they cannot say anything else than the
program does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from installer.version import ROOT


@dataclass(frozen=True, slots=True)
class Option:
    """One option or place.

    Args:
        flags: ``("--user",)``; () for a place.
        value: how its value is called, "" where it takes none.
        help: what it does, as in ``--help``.
        choices: the only values, () where any goes.
        completes: what a shell offers for the value: ``file``, ``folder`` or "".
        repeats: whether more than one may be given.
    """

    flags: tuple[str, ...]
    value: str
    help: str
    choices: tuple[str, ...] = ()
    completes: str = ""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command; the window's own options have the name ""."""

    name: str
    help: str
    options: tuple[Option, ...] = field(default=())
    places: tuple[Option, ...] = field(default=())


def read() -> tuple[Command, ...]:
    """The window first, then every command in the order of ``--help``."""
    source = str(ROOT / "desktop")
    if source not in sys.path:
        sys.path.insert(0, source)
    from tagwerk.cli.arguments import SELF_TEST, parsers

    window, self_test, commands = parsers()
    more = [*_only_with_self_test(window, self_test, SELF_TEST), *_version_of(commands)]
    rows = [_command("", window.description or "", window, more)]
    for action in commands._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        rows += [_command(name, helps.get(name, ""), one) for name, one in action.choices.items()]
    return tuple(rows)


def _only_with_self_test(
    window: argparse.ArgumentParser, self_test: argparse.ArgumentParser, itself: str
) -> list[Option]:
    known = {flag for action in window._actions for flag in action.option_strings}
    rows = [_option(action) for action in self_test._actions if action.help != argparse.SUPPRESS]
    return [
        row if itself in row.flags else replace(row, help=f"with {itself}: {row.help}")
        for row in rows
        if not known & set(row.flags)
    ]


def _version_of(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    return tuple(
        Option(tuple(action.option_strings), "", "the program's version")
        for action in parser._actions
        if isinstance(action, argparse._VersionAction)
    )


def _command(
    name: str, said: str, parser: argparse.ArgumentParser, more: Sequence[Option] = ()
) -> Command:
    rows = [_option(action) for action in parser._actions if action.help != argparse.SUPPRESS]
    options = [row for row in rows if row.flags]
    options += more
    places = [row for row in rows if not row.flags]
    return Command(name, said, tuple(options), tuple(places))


def _option(action: argparse.Action) -> Option:
    value = ""
    if action.nargs != 0:
        given = action.metavar or (action.dest if not action.option_strings else None)
        value = str(given or action.dest.upper())
    choices = tuple(str(choice) for choice in action.choices or ())
    said = (action.help or "") % {"default": action.default, "prog": "tagwerk"}
    return Option(
        tuple(action.option_strings),
        value,
        said,
        choices,
        "" if choices else _completes(value),
        isinstance(action, argparse._AppendAction) or action.nargs in ("*", "+"),
    )


def _completes(value: str) -> str:
    if value == "DIR":
        return "folder"
    return "file" if value.startswith("FILE") or value == "target" else ""
