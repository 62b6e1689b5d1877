"""``tagwerk probe``: what a server is, step by step, each with its cure."""

from __future__ import annotations

import argparse

from tagwerk.cli.output import Console, capabilities_document, step_document
from tagwerk.cli.target import find_target
from tagwerk.cli.values import PARTLY
from tagwerk.domain.connection import Step
from tagwerk.domain.errors import TagwerkError
from tagwerk.link.connector import HttpConnector


async def run_probe(options: argparse.Namespace, console: Console) -> int:
    """Look at a server as deeply as user and trust allow; the exit code is that of what
    ended it, or "partly" when it went to the end but something is not as it should be."""
    target = await find_target(options, needs_login=False)

    def on_step(step: Step) -> None:
        if console.json:
            return
        mark = {True: "ok", False: "FAILED", None: "-"}[step.ok]
        console.line(f"{step.step.value:<10} {mark:<7} {step.ms:7.1f} ms  {step.detail}")
        if step.cure:
            console.line(f"{'':<10} {'':<7} {'':>7}     {step.cure}")

    result = await HttpConnector().inspect(
        target.profile.url,
        trust=target.profile.trust,
        user=target.profile.user,
        password=target.password,
        token=target.token,
        timeout_s=target.profile.timeout_s,
        on_step=on_step,
        deep=True,
    )
    if console.json:
        console.document(
            {
                "url": result.url,
                "dialect": result.dialect,
                "server": result.server,
                "steps": [step_document(step) for step in result.steps],
                "capabilities": capabilities_document(result.capabilities),
            }
        )
    if isinstance(result.error, TagwerkError):
        console.error(result.error)
        return result.error.exit_code
    return PARTLY if any(step.ok is False for step in result.steps) else 0
