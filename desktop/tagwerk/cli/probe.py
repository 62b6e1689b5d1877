"""``tagwerk probe``: what a server is, step by step, each failure with its cure."""

from __future__ import annotations

import argparse

from tagwerk import __version__
from tagwerk.cli.output import Console
from tagwerk.cli.target import find_target
from tagwerk.cli.values import PARTLY
from tagwerk.domain.connection import Step
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.text import format_time
from tagwerk.export.probe_report import report_document, step_lines, summary_lines
from tagwerk.link.connector import HttpConnector


async def run_probe(options: argparse.Namespace, console: Console) -> int:
    """Look at a server as deeply as user and trust allow; the exit code is that of what
    ended it, or "partly" when it went to the end but something is not as it should be."""
    target = await find_target(options, needs_login=False)

    def on_step(step: Step) -> None:
        if not console.json:
            for line in step_lines(step):
                console.line(line)

    result = await HttpConnector().inspect(
        target.profile.url,
        trust=target.profile.trust,
        user=target.profile.user,
        password=target.password,
        token=target.token,
        timeout_s=target.profile.timeout_s,
        on_step=on_step,
        deep=True,
        traffic=target.traffic,
        profile=target.profile,
    )
    if console.json:
        console.document(report_document(result))
    else:
        console.line()
        for line in summary_lines(result):
            console.line(line)
        console.line()
        console.line(
            f"Checked on {format_time(result.at_ns)} by Tagwerk {__version__}, "
            f"took {result.took_ms / 1000:.1f} s."
        )
    if isinstance(result.error, TagwerkError):
        console.error(result.error)
        return result.error.exit_code
    return PARTLY if any(step.ok is False for step in result.steps) else 0
