"""Servers for benchmarks, each a program of its own, and how to start them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@contextmanager
def firehose(*, tags: int, rate: float = 0.0, burst: float = 0.0) -> Iterator[dict[str, Any]]:
    """A running firehose: its ready line, with ``tag_names`` filled in; ended on leaving."""
    command = [sys.executable, str(HERE / "firehose.py"), "--tags", str(tags), "--rate", str(rate), "--burst", str(burst)]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        ready["tag_names"] = [
            f"HMI_RT_1::Generated.Block_{n // 100:04}.T{n:06}" for n in range(tags)
        ]
        try:
            yield ready
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
