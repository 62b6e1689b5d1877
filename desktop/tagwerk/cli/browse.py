"""``tagwerk browse``."""

from __future__ import annotations

import argparse

from tagwerk.cli.output import Console
from tagwerk.cli.target import connected
from tagwerk.domain.tags import TagKind


async def run_browse(options: argparse.Namespace, console: Console) -> int:
    """List what the server has; patterns and kinds narrow it."""
    kinds = [TagKind(word) for word in options.kind or ()]
    async with connected(options) as (client, _profile):
        items = await client.browse(options.patterns, kinds, language=options.lang)
    if console.json:
        documents = [
            {
                "name": item.name,
                "display_name": item.display_name,
                "kind": item.kind.value,
                "data_type": item.data_type,
            }
            for item in items
        ]
        console.document({"items": documents, "count": len(items)})
    else:
        console.table(
            ("NAME", "KIND", "TYPE", "DISPLAY NAME"),
            [(item.name, item.kind.value, item.data_type, item.display_name) for item in items],
        )
    if not items:
        console.say("nothing matches")
    return 0
