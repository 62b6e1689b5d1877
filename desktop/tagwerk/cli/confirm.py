"""Asking before something is changed; ``--yes`` answers."""

from __future__ import annotations

import argparse
import sys

from tagwerk.domain.errors import UsageError


def ask(options: argparse.Namespace, question: str) -> None:
    """Ask on the terminal; returns only on yes.

    Raises:
        UsageError: nobody to ask, or the answer was no. Nothing has been sent then.
    """
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("There is nobody to ask.", cure="Add --yes when this is meant.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "j", "ja"):
        raise UsageError("Nothing was sent.")
