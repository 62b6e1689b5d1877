"""``tagwerk simulate``: the demo plant as a server of its own."""

from __future__ import annotations

import argparse

from tagwerk.cli.output import Console
from tagwerk.simulator.main import run
from tagwerk.simulator.options import options_from


def run_simulate(options: argparse.Namespace, console: Console) -> int:
    """Serve until interrupted; the ready line is JSON on standard output."""
    if options.list_switches:
        from tagwerk.simulator.switches import list_switches

        console.line(list_switches())
        return 0
    return run(options_from(options))
