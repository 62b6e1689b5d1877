"""Runs the packaged program's own self test: a folder that builds may still die at its start."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from installer.tools import PackagingError

TIMEOUT_S = 120


class DoesNotWork(PackagingError):
    """The self test failed or did not end; the text holds what it said."""


def self_test(program: Path, out: Path, before: Sequence[str] = ()) -> str:
    """Run ``tagwerk --self-test``; returns its table. The picture lies in ``out/window.png``.

    Args:
        program: the executable.
        out: folder for the table and the picture.
        before: a command in front, as ``("chroot", "/somewhere")``.

    Raises:
        DoesNotWork: with what it said.
    """
    out.mkdir(parents=True, exist_ok=True)
    table, picture = out / "self-test.txt", out / "window.png"
    for path in (table, picture):
        path.unlink(missing_ok=True)
    words = [
        *before,
        str(program),
        "--self-test",
        "--out",
        str(table),
        "--screenshot",
        str(picture),
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired as late:
        raise DoesNotWork(
            f"the self test did not end within {TIMEOUT_S} s: {late.stdout!r}"
        ) from None
    if done.returncode:
        raise DoesNotWork(
            f"the self test ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
    if not picture.exists() or not table.exists():
        raise DoesNotWork(f"the self test wrote no table or no picture:\n{done.stdout}")
    return table.read_text(encoding="utf-8")
