"""``tagwerk alarms`` and ``tagwerk ack``."""

from __future__ import annotations

import argparse
from typing import Any

from tagwerk.cli.confirm import ask
from tagwerk.cli.output import Console, alarm_document, error_document, time_text
from tagwerk.cli.stream import EventQueue, raise_refusal
from tagwerk.cli.target import connected, find_target, logged_in
from tagwerk.cli.values import partly, read_span
from tagwerk.cli.write import write_service
from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmEvent, AlarmReply
from tagwerk.domain.connection import Capability, LinkStatus
from tagwerk.domain.errors import NotAllowed, UsageError
from tagwerk.domain.tags import short_name
from tagwerk.link.connector import HttpConnector


async def run_alarms(options: argparse.Namespace, console: Console) -> int:
    """List what stands, what was logged, or follow what comes."""
    if options.watch:
        return await _watch(options, console)
    if not options.history and any((options.last, options.start, options.end)):
        raise UsageError(
            "A time belongs to logged alarms.", cure="Add --history, or leave the time out."
        )
    async with connected(options) as (client, _profile):
        if options.history:
            start_ns, end_ns = read_span(options)
            alarms = await client.logged_alarms(
                start_ns,
                end_ns,
                filter_text=options.filter,
                language=options.lang,
                limit=options.limit,
            )
        else:
            alarms = await client.active_alarms(filter_text=options.filter, language=options.lang)
            alarms.sort(key=lambda alarm: alarm.raise_time_ns or 0, reverse=True)
            alarms = alarms[: options.limit or None]
    if console.json:
        console.document({"alarms": [alarm_document(alarm) for alarm in alarms]})
    else:
        console.table(("RAISED", "STATE", "PRIO", "CLASS", "NAME", "TEXT"), map(_row, alarms))
    return 0


def _row(alarm: Alarm) -> tuple[str, ...]:
    return (
        time_text(alarm.raise_time_ns) or "",
        alarm.state_word or alarm.state.value,
        str(alarm.priority),
        alarm.class_name,
        f"{alarm.name}#{alarm.instance}",
        alarm.text,
    )


async def _watch(options: argparse.Namespace, console: Console) -> int:
    if options.filter or options.history:
        raise UsageError(
            "--watch follows all active alarms.", cure="Leave out --filter and --history."
        )
    target = await find_target(options)
    async with logged_in(target):
        pass  # reports a wrong password or certificate with its own exit code
    sink = EventQueue()
    link = HttpConnector().open(target.profile, target.password, sink, token=target.token)
    link.set_language(options.lang)
    link.start()
    try:
        async for event in sink.events(options.duration):
            if isinstance(event, AlarmEvent):
                _print_event(console, event.alarm, event.reason.value)
            elif isinstance(event, list):
                for alarm in event:
                    _print_event(console, alarm, "added")
            elif isinstance(event, LinkStatus):
                _print_state(console, event)
    finally:
        await link.close()
    return 0


def _print_event(console: Console, alarm: Alarm, reason: str) -> None:
    if console.json:
        console.document({**alarm_document(alarm), "reason": reason})
    else:
        console.line(f"{reason:<9}" + "  ".join(_row(alarm)))


def _print_state(console: Console, status: LinkStatus) -> None:
    if console.json:
        document = {"state": status.state.value, "at": time_text(status.since_ns)}
        console.document({**document, "detail": str(status.detail)})
    else:
        console.say(f"{status.state.value}  {status.detail}".strip())
    raise_refusal(status)


async def run_ack(options: argparse.Namespace, console: Console) -> int:
    """Acknowledge or reset alarms; shows them and asks before anything is sent."""
    action = AlarmAction.RESET if options.reset else AlarmAction.ACKNOWLEDGE
    async with connected(options) as (client, profile):
        reason = client.capabilities.reason(
            Capability.RESET if options.reset else Capability.ACKNOWLEDGE
        )
        if reason:
            raise NotAllowed(
                "{user} may not {action} alarms on this server.",
                cure="Use a user with the right “GraphQL read/write access”.",
                code=reason,
                user=profile.user or "This token",
                action=action.value,
            )
        active = await client.active_alarms()
        chosen = [alarm for word in options.alarms for alarm in _find(active, word)]
        chosen = list({alarm.key: alarm for alarm in chosen}.values())
        for alarm in chosen:
            console.say(f"{action.value}: {alarm.name}#{alarm.instance}  {alarm.text}")
        ask(options, f"{action.value.capitalize()} {len(chosen)} alarm(s)?")
        service = write_service(client, profile, options)
        replies = await service.act_on_alarms(action, chosen, reason=options.reason)
    if console.json:
        console.document({"alarms": [_reply_document(reply) for reply in replies]})
    for reply in replies:
        if not console.json:
            console.line(f"{_outcome(reply):<9} {reply.key.name}#{reply.key.instance}")
        if reply.error is not None:
            console.say(f"{reply.key.name}: {reply.error.description} ({reply.error.code})")
    failed = [reply for reply in replies if reply.error is not None or reply.uncertain]
    if failed and all(
        reply.error is not None and reply.error.code == "FORBIDDEN" for reply in replies
    ):
        return NotAllowed.exit_code
    return partly(len(replies), len(failed))


def _find(active: list[Alarm], word: str) -> list[Alarm]:
    """The active instances that a word means: a name, with or without system and ``#instance``."""
    name, mark, number = word.rpartition("#")
    named = any(word in (alarm.name, short_name(alarm.name)) for alarm in active)
    if named or not mark or not number.isdecimal():
        name, number = word, ""
    found = [
        alarm
        for alarm in active
        if name in (alarm.name, short_name(alarm.name))
        and (not number or alarm.instance == int(number))
    ]
    if not found:
        raise UsageError(
            "No active alarm is called {name}.",
            cure="tagwerk alarms lists what is active; quote names with spaces.",
            name=word,
        )
    return found


def _outcome(reply: AlarmReply) -> str:
    if reply.error is None and not reply.uncertain:
        return "done"
    return (
        "rejected" if reply.error is not None and reply.sent and not reply.uncertain else "failed"
    )


def _reply_document(reply: AlarmReply) -> dict[str, Any]:
    return {
        "name": reply.key.name,
        "instance": reply.key.instance,
        "outcome": _outcome(reply),
        "error": error_document(reply.error),
    }
