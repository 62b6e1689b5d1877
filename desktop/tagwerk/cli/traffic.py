"""``--traffic FILE``: what goes over the wire as JSON lines, for any command that reaches a server."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from tagwerk.cli.output import Console
from tagwerk.export.traffic import TrafficFile


@contextmanager
def traffic_file(options: argparse.Namespace, console: Console) -> Iterator[None]:
    """Open the file, if one is wanted, before anything is sent; `cli.target` hands it to the link.

    Raises:
        UsageError: the file cannot be made.
    """
    path = getattr(options, "traffic", None)
    if path is None:
        yield
        return
    file = TrafficFile(path, console.say)
    options.traffic_sink = file
    try:
        yield
    finally:
        file.close()
