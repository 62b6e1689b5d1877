"""``tagwerk read`` and ``tagwerk history``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from tagwerk.cli.output import (
    Console,
    quality_mark,
    sample_document,
    series_document,
    time_text,
)
from tagwerk.cli.target import connected, expand_patterns, read_names
from tagwerk.cli.typed import known_types, typed_series
from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import TagKind
from tagwerk.domain.text import format_time, format_value, parse_time
from tagwerk.domain.values import LoggedSeries
from tagwerk.export.csv_table import Cell

PARTLY = 5


def partly(total: int, failed: int) -> int:
    """Exit code of a call with several items: 0 all fine, 1 none, 5 some."""
    if not failed:
        return 0
    return 1 if failed == total else PARTLY


async def run_read(options: argparse.Namespace, console: Console) -> int:
    """Read values once."""
    names = read_names(options)
    async with connected(options) as (client, _profile):
        names = await expand_patterns(client, names)
        samples = await client.read(names, direct=options.direct)
        samples = (await known_types(client, samples)).put_right(samples)
    if console.json:
        console.document({"values": [sample_document(sample) for sample in samples]})
    else:
        console.table(
            ("NAME", "VALUE", "QUALITY", "TIME"),
            [
                (
                    sample.name,
                    format_value(sample.value),
                    quality_mark(sample.quality),
                    time_text(sample.time_ns) or "",
                )
                for sample in samples
                if sample.error is None
            ],
        )
    failed = [sample for sample in samples if sample.error is not None]
    for sample in failed:
        if sample.error is not None:
            console.say(f"{sample.name}: {sample.error.description} ({sample.error.code})")
    return partly(len(samples), len(failed))


def read_span(options: argparse.Namespace) -> tuple[int, int]:
    """Start and end in ns from ``--last`` or ``--from``/``--to``.

    Raises:
        UsageError: neither, both, or upside down.
    """
    if (options.last is None) == (options.start is None):
        raise UsageError("Say which time is meant.", cure="Give --last 15m, or --from and --to.")
    now_ns = time.time_ns()
    if options.last is not None:
        if options.end is not None:
            raise UsageError("--last and --to contradict each other.", cure="Use --from and --to.")
        return now_ns - round(options.last * 1e9), now_ns
    start_ns = parse_time(options.start)
    end_ns = parse_time(options.end) if options.end else now_ns
    if end_ns <= start_ns:
        raise UsageError("--to is not after --from.", cure="Swap them.")
    return start_ns, end_ns


async def run_history(options: argparse.Namespace, console: Console) -> int:
    """Read logged values."""
    names = read_names(options)
    start_ns, end_ns = read_span(options)
    async with connected(options) as (client, _profile):
        kinds = (TagKind.TAG, TagKind.LOGGING_TAG)
        names = await expand_patterns(client, names, kinds)
        series = await client.history(names, start_ns, end_ns, limit=options.limit)
        series = await typed_series(client, series)
    if console.json or options.format == "json":
        console.document({"series": [series_document(one) for one in series]})
    elif options.format == "csv":
        _print_csv(series, console)
    else:
        console.table(
            ("TIME", "NAME", "VALUE", "QUALITY"),
            [
                (
                    time_text(point.time_ns) or "",
                    one.name,
                    format_value(point.value),
                    quality_mark(point.quality),
                )
                for one in series
                for point in one.points
            ],
        )
    failed = [one for one in series if one.error is not None]
    for one in series:
        if one.error is not None:
            console.say(f"{one.name}: {one.error.description} ({one.error.code})")
        elif one.truncated:
            console.say(f"{one.name}: there is more in the log than shown")
    return partly(len(series), len(failed))


def _print_csv(series: list[LoggedSeries], console: Console) -> None:
    header = ("time_utc", "time_local", "tag", "value", "quality", "sub_status", "source")

    def rows() -> Iterator[tuple[Cell, ...]]:
        for one in series:
            for point in one.points:
                yield (
                    format_time(point.time_ns),
                    format_time(point.time_ns, zone=None),
                    one.name,
                    point.value,
                    point.quality.level.value,
                    point.quality.sub_status,
                    "log",
                )

    console.csv(header, rows())
