"""``tagwerk --self-test``: whether this program works on this computer."""

from __future__ import annotations

import argparse


def run_self_test(options: argparse.Namespace) -> int:
    """Run it; 0 when all is well, else 1."""
    from tagwerk.self_test.run import SelfTestOptions
    from tagwerk.self_test.run import run_self_test as run

    return run(
        SelfTestOptions(
            out=options.out,
            screenshot=options.screenshot,
            language=options.lang,
            within_s=options.within,
        )
    )
