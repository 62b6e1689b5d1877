"""Acknowledging and resetting alarms with the care of a write: evidence first, sent once.

Called by `service` only. It does not need the lock, because it does not change the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmReply, single_batches
from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import NotReachable, ProtocolError, ServerFailed, TagwerkError
from tagwerk.domain.values import ItemError
from tagwerk.write.audit import AuditLog, AuditUnavailable, Entry

_NEEDED = {
    AlarmAction.ACKNOWLEDGE: Capability.ACKNOWLEDGE,
    AlarmAction.RESET: Capability.RESET,
}


Send = Callable[[AlarmAction, Sequence[AlarmKey]], Awaitable[list[AlarmReply]]]


class AlarmActions:
    """The way of an acknowledgement or reset.

    Args:
        send: the client's call, lent by the service.
        audit, who, capabilities, server: as for `WriteService`.
    """

    def __init__(
        self,
        send: Send,
        audit: AuditLog,
        who: Callable[[], str],
        capabilities: Callable[[], Capabilities],
        server: Callable[[], str] = lambda: "",
    ) -> None:
        self._server = server
        self._send = send
        self._audit = audit
        self._who = who
        self._capabilities = capabilities
        self.unverified: dict[AlarmKey, AlarmAction] = {}
        """Sent, and no answer came: what became of it shows in the alarm itself."""

    async def act(
        self, action: AlarmAction, alarms: Sequence[Alarm], reason: str
    ) -> list[AlarmReply]:
        """One reply an alarm, in the order given; see `WriteService.act_on_alarms`."""
        capabilities = self._capabilities()
        if _NEEDED[action] not in capabilities:
            refusal = ItemError("not_allowed", capabilities.reason(_NEEDED[action]))
            return [AlarmReply(alarm.key, refusal, sent=False) for alarm in alarms]
        replies: dict[AlarmKey, AlarmReply] = {}
        gone: ItemError | None = None
        for batch in single_batches(list(alarms)):
            keys = [alarm.key for alarm in batch]
            if gone is not None:
                replies.update({key: AlarmReply(key, gone, sent=False) for key in keys})
                continue
            answers, gone = await self._act_once(action, keys, reason)
            replies.update({reply.key: reply for reply in answers})
        for key, reply in replies.items():
            self.unverified.pop(key, None)
            if reply.uncertain:
                self.unverified[key] = action
        return [replies[alarm.key] for alarm in alarms]

    async def settle(self, find: Callable[[AlarmKey], Alarm | None], *, is_complete: bool) -> None:
        """Look at the alarms themselves what became of actions without an answer; audit it.

        Args:
            find: the alarm as it is now; None when it is no longer active.
            is_complete: the list was read anew since, so one that still waits was not acted on;
                otherwise it may be only late.
        """
        outcomes: list[list[str | int]] = []
        for key, action in list(self.unverified.items()):
            alarm = find(key)
            if alarm is None:
                found = "gone"
            elif not _waits(alarm, action):
                found = "done"
            elif is_complete:
                found = "not_done"
            else:
                continue
            del self.unverified[key]
            outcomes.append([key.name, key.instance, action.value, found])
        if not outcomes:
            return
        try:
            await asyncio.to_thread(self._audit.append, "alarm_settled", outcomes=outcomes)
        except AuditUnavailable:
            # As with outcomes: the next intent fails loudly.
            return

    async def _act_once(
        self, action: AlarmAction, keys: list[AlarmKey], reason: str
    ) -> tuple[list[AlarmReply], ItemError | None]:
        """One call. The second value is set when no more should be sent: link or disk is gone."""
        try:
            intent = await asyncio.to_thread(
                self._audit.append,
                "alarm_intent",
                action=action.value,
                alarms=[[key.name, key.instance] for key in keys],
                who=self._who(),
                server=self._server(),
                reason=reason,
            )
        except AuditUnavailable as problem:
            refusal = ItemError("audit_unavailable", str(problem.text))
            return [AlarmReply(key, refusal, sent=False) for key in keys], refusal
        gone: ItemError | None = None
        # What holds for alarms without a reply of their own; at first: cancelled under way.
        fallback = AlarmReply(keys[0], ItemError("cancelled", "cancelled"), uncertain=True)
        replies: list[AlarmReply] = []
        try:
            replies = list(await self._send(action, keys))
            fallback = AlarmReply(keys[0], ItemError("no_answer", "no answer"), uncertain=True)
        except NotReachable as problem:
            gone = ItemError(problem.code or "not_reachable", str(problem.text))
            arrived = problem.may_have_arrived
            fallback = AlarmReply(keys[0], gone, sent=arrived, uncertain=arrived)
        except (ProtocolError, ServerFailed) as problem:
            error = ItemError(problem.code or "protocol", str(problem.text))
            fallback = AlarmReply(keys[0], error, uncertain=True)
        except TagwerkError as problem:
            error = ItemError(problem.code or "refused", str(problem.text))
            fallback = AlarmReply(keys[0], error)
        finally:
            by_key = {reply.key: reply for reply in replies}
            replies = [by_key.get(key) or replace(fallback, key=key) for key in keys]
            self._audit_outcome(intent, replies)
        return replies, gone

    def _audit_outcome(self, intent: Entry, replies: list[AlarmReply]) -> None:
        outcomes = [
            [
                reply.key.name,
                reply.key.instance,
                _outcome(reply),
                reply.error.code if reply.error is not None else "0",
            ]
            for reply in replies
        ]
        try:
            self._audit.append("alarm_outcome", intent=intent["seq"], outcomes=outcomes)
        except AuditUnavailable:
            # The intent is on disk and the deed is done; the replies are what the user must see,
            # and the next intent will fail loudly.
            return


def _waits(alarm: Alarm, action: AlarmAction) -> bool:
    acknowledge = action is AlarmAction.ACKNOWLEDGE
    return alarm.needs_acknowledgement if acknowledge else alarm.needs_reset


def _outcome(reply: AlarmReply) -> str:
    if reply.error is None:
        return "done"
    if reply.uncertain:
        return "unverified"
    return "rejected" if reply.sent else "failed"
