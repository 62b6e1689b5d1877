"""The running subscriptions of one stream: which tag is in which, what is asked for, what is dropped.

Only wanted names are subscribed, each once, whoever shows it. A name that the server refuses, does not
know or takes away stays where it is, with an error for a value; it is asked for again when the stream
is a new one (after a loss, with a new token), and when it is wanted again after nobody wanted it. Used by
`stream`, which sends and receives; knows no socket.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

from tagwerk.dialects.base import Operation
from tagwerk.dialects.unified_values import Echoes, name_batches
from tagwerk.domain.message import Message, message
from tagwerk.link.frames import Subscription

_MOST_NAMES_A_SUBSCRIPTION = 5000
_MOST_SUBSCRIPTIONS = 24


class Send(Protocol):
    """Sends one message of the protocol; `note` is for people who read the traffic."""

    def __call__(self, body: dict[str, Any], note: Message = ...) -> None: ...


class Subscriptions:
    """What is subscribed on one connection.

    Args:
        subscribe_values: makes the operation for a list of names.
        send: sends it.
    """

    def __init__(self, subscribe_values: Callable[[list[str]], Operation], send: Send) -> None:
        self.open: dict[str, Subscription] = {}
        """Running operations by id; the hot path looks here."""
        self._subscribe_values = subscribe_values
        self._send = send
        self._ids = count(1)
        self._owner: dict[str, str] = {}

    def __len__(self) -> int:
        """Tags subscribed now."""
        return len(self._owner)

    def halve(self, subscription: Subscription) -> bool:
        """The server refused it: one bad name must not cost the others. False when it is alone."""
        names = sorted(subscription.echoes.names)
        if len(names) < 2:
            return False
        half = len(names) // 2
        for part in (names[:half], names[half:]):
            self._subscribe(frozenset(part))
        return True

    def want(self, names: frozenset[str]) -> None:
        """Subscribe what is new, drop what is gone, and merge when it has become patchwork."""
        gone = self._owner.keys() - names
        if gone:
            by_subscription: dict[str, set[str]] = {}
            for name in gone:
                by_subscription.setdefault(self._owner.pop(name), set()).add(name)
            for operation_id, dropped in by_subscription.items():
                subscription = self.open.get(operation_id)
                if subscription is None:
                    continue
                subscription.echoes.drop_many(dropped)
                if not len(subscription.echoes):
                    self._complete(operation_id)
        fresh = names - self._owner.keys()
        if fresh:
            small = self._small_ones(len(fresh))
            for operation_id in small:
                fresh = fresh | self.open[operation_id].echoes.names
            self._subscribe(fresh)
            for operation_id in small:
                self._complete(operation_id)

    def _small_ones(self, arriving: int) -> list[str]:
        """Subscriptions to be merged with the arriving names, when there are too many of them."""
        values = [one for one in self.open.values() if one.kind == "values"]
        if len(values) < _MOST_SUBSCRIPTIONS:
            return []
        values.sort(key=lambda one: len(one.echoes))
        chosen: list[str] = []
        total = arriving
        for one in values[: _MOST_SUBSCRIPTIONS // 2]:
            total += len(one.echoes)
            if total > _MOST_NAMES_A_SUBSCRIPTION and chosen:
                break
            chosen.append(one.operation_id)
        return chosen

    def _subscribe(self, names: frozenset[str] | set[str]) -> None:
        for batch in name_batches(sorted(names), most=_MOST_NAMES_A_SUBSCRIPTION):
            subscription = Subscription(str(next(self._ids)), "values", Echoes(batch))
            self.open[subscription.operation_id] = subscription
            for name in batch:
                self._owner[name] = subscription.operation_id
            self._start(subscription.operation_id, self._subscribe_values(batch))

    def subscribe_alarms(self, operation: Operation) -> None:
        """Subscribe alarms; an earlier alarm subscription ends."""
        for old in [one.operation_id for one in self.open.values() if one.kind == "alarms"]:
            self._complete(old)
        self._subscribe_other("alarms", operation)

    def subscribe_redundancy(self, operation: Operation) -> None:
        """Subscribe the redundancy state."""
        self._subscribe_other("redundancy", operation)

    def _subscribe_other(self, kind: str, operation: Operation) -> None:
        subscription = Subscription(str(next(self._ids)), kind)
        self.open[subscription.operation_id] = subscription
        self._start(subscription.operation_id, operation)

    def _start(self, operation_id: str, operation: Operation) -> None:
        payload = {"query": operation.text, "variables": operation.variables}
        names = operation.variables.get("names")
        note = Message()
        if isinstance(names, list):
            one = len(names) == 1
            note = message("1 name") if one else message("{count} names", count=len(names))
        self._send({"id": operation_id, "type": "subscribe", "payload": payload}, note)

    def _complete(self, operation_id: str) -> None:
        if self.open.pop(operation_id, None) is not None:
            self._send({"id": operation_id, "type": "complete"})
