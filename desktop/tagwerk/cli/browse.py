"""``tagwerk browse``."""

from __future__ import annotations

import argparse

from tagwerk.cli.output import Console
from tagwerk.cli.target import connected, data_folder, known_profile
from tagwerk.dialects.unified import pattern_matcher
from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.text import format_time


async def run_browse(options: argparse.Namespace, console: Console) -> int:
    """List what the server has; patterns and kinds narrow it."""
    kinds = [TagKind(word) for word in options.kind or ()]
    if options.kept:
        items = _kept(options, console, kinds)
    else:
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


def _kept(options: argparse.Namespace, console: Console, kinds: list[TagKind]) -> list[BrowseItem]:
    """Names that the window has kept, without a word to the server; says from when they are.

    Raises:
        UsageError: there are none of this server and user.
    """
    from tagwerk.plant import KeptNames  # it brings NumPy, which a browse does not need

    profile = known_profile(options)
    kept = KeptNames(data_folder(options), profile).load()
    if kept is None:
        raise UsageError(
            "No names are kept of {url} for “{user}”.",
            cure="The window keeps them when it has read them; or browse without --kept.",
            url=profile.url,
            user=profile.user,
        )
    console.say(f"names kept on this computer since {format_time(kept.saved_ns)}")
    matches = pattern_matcher(options.patterns)
    items = (kept.tree.item(node) for node in kept.tree.browsed())
    return [
        item
        for item in items
        if (not kinds or item.kind in kinds) and (not options.patterns or matches(item.name))
    ]
