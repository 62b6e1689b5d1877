"""``tagwerk alarms`` and ``tagwerk ack``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from tagwerk.cli.able import must_be_able
from tagwerk.cli.confirm import ask
from tagwerk.cli.output import Console, alarm_document, error_document, time_text
from tagwerk.cli.stream import EventQueue, LeftOut, interrupted_by, never_live, raise_refusal
from tagwerk.cli.target import connected, find_target, logged_in
from tagwerk.cli.values import PARTLY, partly, read_span
from tagwerk.cli.write import write_service
from tagwerk.domain.alarms import (
    Alarm,
    AlarmAction,
    AlarmEvent,
    AlarmKey,
    AlarmRecords,
    AlarmReply,
    Notification,
)
from tagwerk.domain.connection import Capability, LinkState, LinkStatus
from tagwerk.domain.errors import NotAllowed, UsageError
from tagwerk.domain.tags import short_name
from tagwerk.link.connector import HttpConnector
from tagwerk.store.alarms import is_active


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
            if isinstance(alarms, AlarmRecords) and alarms.is_cut:
                console.say("Older ones are missing: the server gives only the newest at once.")
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
    follower = AlarmFollower(console)
    link = HttpConnector().open(
        target.profile, target.password, sink, token=target.token, traffic=target.traffic
    )
    link.set_language(options.lang)
    link.start()
    try:
        with interrupted_by(sink):
            async for event in sink.events(options.duration):
                if isinstance(event, AlarmEvent):
                    follower.event(event)
                elif isinstance(event, list):
                    follower.restart(event)
                elif isinstance(event, LinkStatus):
                    follower.status(event)
                elif isinstance(event, LeftOut):
                    follower.left_out(event)
    finally:
        await link.close()
    return follower.exit_code()


class AlarmFollower:
    """Prints what becomes of the alarms, also of those that changed while nobody was heard."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._alarms: dict[AlarmKey, Alarm] = {}
        self._state = LinkState.OFFLINE
        self._was_live = False
        self._is_incomplete = False

    def event(self, event: AlarmEvent) -> None:
        """A notification."""
        alarm = event.alarm
        if event.reason is Notification.REMOVED or not is_active(alarm):
            # Some servers end an alarm with its last state and never remove it.
            self._alarms.pop(alarm.key, None)
        else:
            self._alarms[alarm.key] = alarm
        self._print(alarm, event.reason.value)

    def restart(self, complete: list[Alarm]) -> None:
        """These and only these are active: what that changes is printed, the rest is known."""
        fresh = {alarm.key: alarm for alarm in complete if is_active(alarm)}
        for key in self._alarms.keys() - fresh.keys():
            self._print(self._alarms[key], Notification.REMOVED.value)
        for key, alarm in fresh.items():
            known = self._alarms.get(key)
            if known is None:
                self._print(alarm, Notification.ADDED.value)
            elif _bare(known) != _bare(alarm):
                self._print(alarm, Notification.MODIFIED.value)
        self._alarms = fresh

    def status(self, status: LinkStatus) -> None:
        """Print a change of state; ``stale`` comes first, however the link was lost.

        Raises:
            TagwerkError: a person is needed.
        """
        if status.state is self._state and status.attempt == 0:
            return
        before, self._state = self._state, status.state
        if status.state is LinkState.LIVE:
            self._was_live = True
        elif before is LinkState.LIVE and status.state is not LinkState.STALE:
            lost_ns = status.lost_at_ns or status.since_ns
            self._tell(LinkState.STALE.value, lost_ns, "all alarms are stale")
        self._tell(status.state.value, status.since_ns, str(status.detail))
        raise_refusal(status)

    def left_out(self, event: LeftOut) -> None:
        """Nobody took what was printed, and memory is not endless."""
        self._is_incomplete = True
        detail = f"{event.count} events were left out, because nobody read the output"
        self._tell("left_out", event.at_ns, detail)

    def exit_code(self) -> int:
        """0; 5 when the link was down at the end, or events were left out.

        Raises:
            NotReachable: it was never live.
        """
        if not self._was_live:
            raise never_live()
        return 0 if self._state is LinkState.LIVE and not self._is_incomplete else PARTLY

    def _tell(self, state: str, at_ns: int, detail: str) -> None:
        if self._console.json:
            self._console.document({"state": state, "at": time_text(at_ns), "detail": detail})
        else:
            self._console.say(f"{state}  {detail}".strip())

    def _print(self, alarm: Alarm, reason: str) -> None:
        if self._console.json:
            self._console.document({**alarm_document(alarm), "reason": reason})
        else:
            self._console.line(f"{reason:<9}" + "  ".join(_row(alarm)))


def _bare(alarm: Alarm) -> Alarm:
    """Without what a notification has and a list has not."""
    return replace(alarm, change_reasons=(), extra=())


async def run_ack(options: argparse.Namespace, console: Console) -> int:
    """Acknowledge or reset alarms; shows them and asks before anything is sent."""
    action = AlarmAction.RESET if options.reset else AlarmAction.ACKNOWLEDGE
    async with connected(options) as (client, profile):
        must_be_able(
            client.capabilities,
            Capability.RESET if options.reset else Capability.ACKNOWLEDGE,
            profile.user,
            f"{action.value} alarms",
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
