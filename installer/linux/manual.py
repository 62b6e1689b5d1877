"""The man page tagwerk(1), made of the program's grammar and a few words around it."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime

from installer.linux.grammar import Command, Option

_EXIT_CODES = {
    "0": "fine",
    "1": "the server said no; or the self test failed",
    "2": "wrong usage, or a file that cannot be read or written",
    "3": "not reachable or not trusted",
    "4": "not logged in or not allowed",
    "5": "partly done; not simply confirmed; values were left out",
    "130, 141": "interrupted; the reader of standard output has gone",
}
_FILES = {
    "~/.config/tagwerk/": "settings: saved connections without passwords, trust, the window",
    "~/.local/share/tagwerk/": "audit of every change; names of tags kept for the next start",
    "~/.local/state/tagwerk/log/": "log files and reports of crashes",
    "/usr/share/doc/tagwerk/": "licences, the bill of materials",
}
_EXAMPLES = {
    "tagwerk demo": "the window on the built-in demo plant",
    "tagwerk skid21.tagwerk": "a saved workspace",
    "tagwerk watch https://plant.example/graphql/ --user operator Cooling.TIC2120.PV":
        "values as they change",
    "tagwerk --self-test": "see whether the program is complete and works on this computer",
}  # fmt: skip


def page(commands: Sequence[Command], version: str, moment_s: int) -> str:
    """The page as troff text."""
    window, *others = commands
    day = datetime.fromtimestamp(moment_s, UTC).date().isoformat()
    lines = [
        f'.TH TAGWERK 1 "{day}" "Tagwerk {version}" "User Commands"',
        ".SH NAME",
        r"tagwerk \- the commissioning desk for WinCC",
        ".SH SYNOPSIS",
        r".B tagwerk",
        r"[\fIOPTION\fR]... [\fBdemo\fR | \fIADDRESS\fR | \fIFILE.tagwerk\fR]",
        ".br",
        r".B tagwerk",
        r"\fICOMMAND\fR [\fIOPTION\fR]...",
        ".SH DESCRIPTION",
        _text(
            "Tagwerk browses the tags of WinCC Unified and WinCC V7 and V8, shows them live and in "
            "trends, writes setpoints with confirmation and read-back, works alarms and keeps an "
            "audit of every change. Without a command it opens its window; the commands do the "
            "same from a terminal."
        ),
        ".SH OPTIONS",
        *_options(window.options),
        ".SH COMMANDS",
    ]
    for command in others:
        places = " ".join(
            rf"\fI{_text(place.value)}\fR{'...' if place.repeats else ''}"
            for place in command.places
        )
        lines += [
            f'.SS "{command.name}"',
            rf"\fBtagwerk {command.name}\fR {places}".rstrip(),
            ".PP",
        ]
        lines += [_text(_sentence(command.help)), *_options(command.options)]
    for title, rows in (
        ("FILES", _FILES),
        ("EXIT STATUS", _EXIT_CODES),
        ("EXAMPLES", _EXAMPLES),
    ):
        lines.append(f'.SH "{title}"')
        for name, said in rows.items():
            lines += [".TP", rf"\fB{_text(name)}\fR", _text(_sentence(said))]
    lines += [
        ".SH ENVIRONMENT",
        ".TP",
        r"\fBTAGWERK_PASSWORD\fR",
        _text("The password for the commands; without it the keyring is asked, then you."),
        "",
    ]
    return "\n".join(lines)


def packed(text: str) -> bytes:
    """As gzip -9n packs it: without name and time."""
    return gzip.compress(text.encode("utf-8"), 9, mtime=0)


def _options(options: Sequence[Option]) -> list[str]:
    lines = []
    for option in options:
        flags = ", ".join(rf"\fB{_text(flag)}\fR" for flag in option.flags)
        value = "{" + ",".join(option.choices) + "}" if option.choices else option.value
        lines += [".TP", f"{flags} \\fI{_text(value)}\\fR" if value else flags]
        lines.append(_text(_sentence(option.help)) if option.help else r"\&")
    return lines


def _sentence(text: str) -> str:
    """As a whole sentence: a full stop at its end, a capital at its start."""
    first = text[:1].upper() + text[1:]
    return first if first.endswith((".", "!", "?")) else f"{first}."


def _text(text: str) -> str:
    """Without what troff would take for its own."""
    plain = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain
