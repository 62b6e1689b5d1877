"""``tagwerk support FILE.zip``: versions, settings and the window's logs for whoever is to help."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

import platformdirs

from tagwerk.cli.output import Console
from tagwerk.cli.target import settings_folder
from tagwerk.export.support import SupportFacts, write_bundle
from tagwerk.ui.settings import Settings


async def run_support(options: argparse.Namespace, console: Console) -> int:
    """Write the bundle; reaches no server. Traffic and link are in the one that the window saves."""
    logs = Path(platformdirs.user_log_dir("tagwerk", appauthor=False))
    if options.settings is not None:
        logs = options.settings / "log"
    facts = SupportFacts(
        time.time_ns(), settings=Settings(settings_folder(options)).parts(), log_folder=logs
    )
    names = await asyncio.to_thread(write_bundle, options.file, facts)
    if console.json:
        console.document({"file": str(options.file), "parts": names})
    else:
        console.line(f"{options.file}: {', '.join(names)}")
    return 0
