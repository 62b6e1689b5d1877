"""``tagwerk write``: the window's way of a write (guard, audit, read-back), without the window."""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagwerk.cli.able import must_be_able
from tagwerk.cli.confirm import ask
from tagwerk.cli.output import Console, error_document, plain
from tagwerk.cli.target import connected, data_folder
from tagwerk.domain.connection import Capability, ConnectionProfile
from tagwerk.domain.errors import NotAllowed, TagwerkError, UsageError
from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import TagInfo, TagKind, short_name
from tagwerk.domain.text import format_value, parse_value, typed_value
from tagwerk.domain.values import ItemError, Sample
from tagwerk.plant import audit_file
from tagwerk.plant.info import merge_tag_info
from tagwerk.sheets import TagSheet
from tagwerk.store.live import LiveStore
from tagwerk.write.arming import Arming
from tagwerk.write.audit import AuditLog
from tagwerk.write.guard import Level
from tagwerk.write.request import Outcome, WriteRequest, WriteResult
from tagwerk.write.service import WriteService

PARTLY = 5
ARMED_S = 600.0


def write_service(
    client: PlantClient,
    profile: ConnectionProfile,
    options: argparse.Namespace,
    *,
    live: LiveStore | None = None,
    infos: dict[str, TagInfo] | None = None,
) -> WriteService:
    """A write service with the same audit as the window's."""
    known = infos or {}
    return WriteService(
        client,
        live if live is not None else LiveStore(),
        lambda name: known.get(name) or TagInfo(name),
        AuditLog(audit_file(data_folder(options), profile)),
        Arming(),
        lambda: profile.user or "token",
        lambda: client.capabilities,
        server=lambda: profile.url,
    )


async def run_write(options: argparse.Namespace, console: Console) -> int:
    """Check, show, ask, write in order, read back."""
    wanted = [_split(word) for word in options.assignments]
    _refuse_doubles([name for name, _text in wanted])
    async with connected(options) as (client, profile):
        must_be_able(client.capabilities, Capability.WRITE, profile.user, "write")
        samples = await client.read([name for name, _text in wanted])
        infos = await _infos(client, samples, profile)
        samples = _typed(samples, infos)
        live = LiveStore()
        live.mark_live(0)
        live.put(samples)
        live.drain()

        async def look_again() -> None:
            live.put(_typed(await client.read([sample.name for sample in samples]), infos))
            live.drain()

        service = write_service(client, profile, options, live=live, infos=infos)
        texts = dict(wanted)
        requests = [
            service.request(
                sample.name,
                parse_value(texts[sample.name], infos[sample.name]),
                reason=options.reason,
                tolerance=options.tolerance,
                wait_s=options.wait,
            )
            for sample in samples
        ]
        if any(sample.error is not None for sample in samples):
            results = [
                _refused(request, sample) for request, sample in zip(requests, samples, strict=True)
            ]
        else:
            results = await _confirm_and_write(
                service, requests, infos, options, console, look_again
            )
    return _report(results, console)


def _typed(samples: list[Sample], infos: dict[str, TagInfo]) -> list[Sample]:
    """Samples whose values have the type that the browse tells."""
    return [
        sample._replace(value=typed_value(sample.value, infos[sample.name].data_type))
        for sample in samples
    ]


async def _confirm_and_write(
    service: WriteService,
    requests: list[WriteRequest],
    infos: dict[str, TagInfo],
    options: argparse.Namespace,
    console: Console,
    look_again: Callable[[], Awaitable[None]],
) -> list[WriteResult]:
    service.arm(ARMED_S)
    accepted = []
    for request in requests:
        verdict = service.check(request)
        info = infos[request.name]
        old, new = format_value(request.seen, info), format_value(request.value, info)
        console.say(f"{request.name}: {old} -> {new} {info.unit}".rstrip())
        questions = []
        for check in verdict.checks:
            if check.level is Level.BLOCK:
                raise UsageError(
                    "{name} is not written: {reason}", name=request.name, reason=str(check.text)
                )
            if check.level is not Level.OK:
                console.say(f"  mind: {check.text}")
                questions.append(check.code)
        accepted.append(request.accepting(questions))
    ask(options, f"Write {len(accepted)} value(s)?")
    if not options.yes:
        # The question may have stood for minutes: a value that has changed since is not written over.
        await look_again()
    results = await service.write_all(accepted)
    why = message("not sent, because the write before it was not confirmed")
    return results + [_not_sent(request, why) for request in accepted[len(results) :]]


def _refuse_doubles(names: list[str]) -> None:
    """Which of two values of one tag is meant, nobody can tell."""
    for index, name in enumerate(names):
        for other in names[:index]:
            either_is_short = "::" not in name or "::" not in other
            if name == other or (either_is_short and short_name(name) == short_name(other)):
                raise UsageError(
                    "{name} would be written twice.",
                    cure="Write one value, look, then write the other.",
                    name=name,
                )


def _split(word: str) -> tuple[str, str]:
    name, mark, text = word.partition("=")
    if not mark or not name:
        raise UsageError(
            "“{word}” is not NAME=VALUE.", cure="For example Pump1.Speed=60.", word=word
        )
    return name, text


async def _infos(
    client: PlantClient, samples: list[Sample], profile: ConnectionProfile
) -> dict[str, TagInfo]:
    """What browse and the connection's sheet know of the tags."""
    sheet = _sheet(profile)
    items = {}
    if Capability.BROWSE in client.capabilities:
        for sample in samples:
            try:
                found = await client.browse([sample.name])
            except TagwerkError:
                continue  # types are a help, not a need: the server converts or refuses
            items.update({item.name: item for item in found if item.kind is not TagKind.TYPE})
    by_short = {short_name(name): item for name, item in items.items()}
    return {
        sample.name: merge_tag_info(
            sample.name, by_short.get(short_name(sample.name)), sheet.find(sample.name), "en"
        )
        for sample in samples
    }


def _sheet(profile: ConnectionProfile) -> TagSheet:
    """The connection's tag sheet; an empty one when it has none."""
    if not profile.sheet:
        return TagSheet()
    from tagwerk.sheets import load_sheet

    return load_sheet(Path(profile.sheet))


def _not_sent(request: WriteRequest, why: Message) -> WriteResult:
    now_ns = time.time_ns()
    return WriteResult(
        request,
        Outcome.FAILED,
        old=request.seen,
        detail=why,
        started_ns=now_ns,
        finished_ns=now_ns,
    )


def _refused(request: WriteRequest, sample: Sample) -> WriteResult:
    """Nothing is written when the server does not know one of the names."""
    result = _not_sent(request, message("not sent, because another name is not known"))
    if sample.error is None:
        return result
    return replace(result, outcome=Outcome.REJECTED, detail=Message(), error=sample.error)


def _report(results: list[WriteResult], console: Console) -> int:
    if console.json:
        console.document({"writes": [_document(result) for result in results]})
    for result in results:
        line = f"{result.outcome.value:<10} {result.name}"
        if result.outcome in (Outcome.CONFIRMED, Outcome.CLAMPED):
            line += f" = {format_value(result.read_back)}"
        if not console.json:
            console.line(line)
        said = _error(result)
        if said is not None and result.outcome is not Outcome.CONFIRMED:
            console.say(f"{result.name}: {said.description} ({said.code})")
    outcomes = {result.outcome for result in results}
    if outcomes == {Outcome.CONFIRMED}:
        return 0
    denied = any(one.error is not None and one.error.code == "FORBIDDEN" for one in results)
    if denied and Outcome.CONFIRMED not in outcomes:
        return NotAllowed.exit_code
    return 1 if outcomes <= {Outcome.REJECTED, Outcome.FAILED} else PARTLY


def _error(result: WriteResult) -> ItemError | None:
    if result.error is not None:
        return result.error
    return ItemError(result.outcome.value, str(result.detail)) if result.detail else None


def _document(result: WriteResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "old": plain(result.old),
        "requested": plain(result.request.value),
        "read_back": plain(result.read_back),
        "outcome": result.outcome.value,
        "error": error_document(_error(result))
        if result.outcome is not Outcome.CONFIRMED
        else None,
    }
