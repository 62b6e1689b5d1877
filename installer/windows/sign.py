"""Signing, when whoever builds has a certificate: see docs/signing.md. Without, nothing is signed.

The environment's TAGWERK_SIGN is a command with ``{file}`` in it; with ``{signed}`` as well for
tools that write a new file, which then takes the old one's place. No secret belongs into it: it
names a file or a token that holds it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "TAGWERK_SIGN"


def wanted() -> bool:
    """Whether a command is given."""
    return bool(os.environ.get(VARIABLE, "").strip())


def split(command: str, *, posix: bool) -> list[str]:
    """The words of a command; on Windows a backslash is one, and quotes hold a path together."""
    words = shlex.split(command, posix=posix)
    return words if posix else [word.replace('"', "") for word in words]


def sign(files: Iterable[Path]) -> None:
    """Sign each of the files where it lies; nothing without a command.

    Raises:
        subprocess.CalledProcessError: the command failed; it has said why.
        ValueError: the command names no {file}.
    """
    if not wanted():
        return
    words = split(os.environ[VARIABLE], posix=os.name != "nt")
    if not any("{file}" in word for word in words):
        raise ValueError(f"{VARIABLE} has no {{file}}: it must name where the file's name belongs")
    for file in files:
        signed = file.with_name(f"{file.stem}-signed{file.suffix}")
        signed.unlink(missing_ok=True)
        command = [
            word.replace("{file}", str(file)).replace("{signed}", str(signed)) for word in words
        ]
        subprocess.run(command, check=True)
        if signed.exists():
            signed.replace(file)
