"""The window, started from the command line; Qt is imported only here, late."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagwerk.app import Opening


def run_window(options: argparse.Namespace) -> int:
    """Open the window; returns when it is closed."""
    from tagwerk.app import DEMO, WindowOptions, names_workspace
    from tagwerk.app import run_window as run

    async def find() -> Opening:
        """Everything about the server that the command line and the settings know.

        The keyring is the window's: it may hang, and a password that was refused stays unused.
        """
        from tagwerk.app import Opening
        from tagwerk.cli.target import find_profile, given_password

        options.url = options.target
        profile = await find_profile(options)
        return Opening(profile, given_password() if profile.user else None)

    names_server = options.target not in ("", DEMO) and not names_workspace(options.target)
    return run(
        WindowOptions(
            target=options.target,
            find=find if names_server else None,
            theme=options.theme,
            language=options.lang,
            size=options.size,
            settings=options.settings,
            screenshot=options.screenshot,
            report=options.report,
            quit_after_s=options.quit_after,
            log_level=options.log_level,
            new_window=options.new_window,
            demo_dialect="classic" if options.dialect == "classic" else "unified",
        )
    )
