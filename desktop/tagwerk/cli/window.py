"""The window, started from the command line; Qt is imported only here, late."""

from __future__ import annotations

import argparse


def run_window(options: argparse.Namespace) -> int:
    """Open the window; returns when it is closed."""
    from tagwerk.app import WindowOptions
    from tagwerk.app import run_window as run

    return run(
        WindowOptions(
            target=options.target,
            theme=options.theme,
            language=options.lang,
            size=options.size,
            settings=options.settings,
            screenshot=options.screenshot,
            report=options.report,
            quit_after_s=options.quit_after,
        )
    )
