"""Who has subscribed to what, and the way of a change to all of them.

One `Publisher` a server. A tick of the plant goes through it once; each connection gets one
buffer. A connection that reads too slowly gets the latest value of each tag when it has room
again: what waits is never more than one entry a subscribed tag.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from tagwerk.simulator.access import Caller
from tagwerk.simulator.alarm_engine import REMOVE_EVENT
from tagwerk.simulator.alarm_fields import AlarmQuestion
from tagwerk.simulator.alarm_record import AlarmRecord
from tagwerk.simulator.alarm_states import REMOVED as REMOVED_STATE
from tagwerk.simulator.frames import Framer, Outlet
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.selection import RootField
from tagwerk.simulator.state import Changes, GeneratedChanges, ModelError, TagState
from tagwerk.simulator.writers import (
    ADDED,
    MODIFIED,
    REMOVED,
    TagWriter,
    json_text,
    next_message,
    value_encoder,
)

BATCH = 500
SLICE_S = 0.005
RETRY_S = 0.002
_encode = msgspec.json.Encoder().encode


class Pump:
    """The sending side of one connection: frames of this tick, and what waits for room.

    Args:
        outlet: where frames go.
        framer: makes a frame of a message.
    """

    def __init__(self, outlet: Outlet, framer: Framer) -> None:
        self.outlet = outlet
        self.framer = framer
        self.parts: list[bytes] = []
        self.is_busy = False
        self._has_room = True
        self._waiting: OrderedDict[TagTarget | AlarmTarget, str] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self.coalesced = 0

    @property
    def has_waiting(self) -> bool:
        """Whether something could not be sent yet."""
        return bool(self._waiting)

    def begin_tick(self) -> None:
        """Decide once a tick whether changes go out or wait."""
        self._has_room = self.outlet.has_room()
        self.is_busy = bool(self._waiting) or not self._has_room

    def must_wait(self, target: TagTarget | AlarmTarget) -> bool:
        """Whether a change may not go out now; to be asked when `is_busy`.

        With room again, fresh values go out at once and take the place of waiting ones; only
        what the reader must see first keeps them waiting.
        """
        if not self._has_room:
            return True
        reason = self._waiting.get(target)
        if reason == MODIFIED and isinstance(target, TagTarget):
            del self._waiting[target]
            return False
        return reason is not None

    def end_tick(self) -> None:
        if self.parts:
            self.outlet.write(self.parts)
            self.parts = []
        if self._waiting:
            self._run()

    def send(self, message: bytes) -> None:
        """One message at once, whatever waits."""
        self.outlet.write([self.framer(message)])

    def wait(self, target: TagTarget | AlarmTarget, reason: str) -> None:
        """Send the target's latest as soon as there is room; only its first reason counts."""
        first = self._waiting.get(target)
        if first is not None:
            self.coalesced += 1
            if isinstance(target, TagTarget):
                return
            # An alarm target holds its record: the newer one takes the place of the old.
            del self._waiting[target]
            reason = _merged(first, reason)
        self._waiting[target] = reason

    def forget(self, subscription: object) -> None:
        """A subscription has ended: nothing of it may be sent any more."""
        for target in [one for one in self._waiting if one.subscription is subscription]:
            del self._waiting[target]

    def drop(self, target: TagTarget) -> None:
        """What waits for a target is not sent any more."""
        self._waiting.pop(target, None)

    def start(self) -> None:
        """Begin to send what waits, a slice at a time."""
        self._run()

    def close(self) -> None:
        self.outlet.close()
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        until = time.perf_counter() + SLICE_S
        while self._waiting and self.outlet.has_room() and time.perf_counter() < until:
            frames: list[bytes] = []
            while self._waiting and len(frames) < BATCH:
                target, reason = self._waiting.popitem(last=False)
                message = target.message(reason)
                if message:
                    frames.append(self.framer(message))
            self.outlet.write(frames)
        if self._waiting and self.outlet.is_open:
            self._timer = asyncio.get_running_loop().call_later(RETRY_S, self._run)


def _merged(first: str, second: str) -> str:
    """The reason of two notifications in one; "" when nobody needs to know."""
    if first == ADDED:
        return "" if second == REMOVED else ADDED
    return second if first == MODIFIED or second == REMOVED else ADDED


class TagTarget:
    """One name of one subscription."""

    __slots__ = ("encode", "name", "state", "subscription")

    def __init__(
        self,
        subscription: TagSubscription,
        name: str,
        state: TagState,
        encode: Callable[[Any], str],
    ) -> None:
        self.subscription = subscription
        self.name = name
        self.state = state
        self.encode = encode

    def message(self, reason: str) -> bytes:
        """The tag's latest value."""
        state = self.state
        writer = self.subscription.writer
        value = self.encode(state.value)
        time_text = self.subscription.operations.wire.time(state.time_ns)
        if reason == MODIFIED:
            return writer.modified(self.name, value, time_text, state.quality)
        return writer.value(self.name, value, time_text, state.quality, reason)


class UnresolvedTarget(TagTarget):
    """A name that does not resolve: told once."""

    __slots__ = ("fields",)

    def __init__(self, subscription: TagSubscription, fields: dict[str, Any]) -> None:
        self.subscription = subscription
        self.fields = fields

    def message(self, reason: str) -> bytes:
        return self.subscription.writer.error(self.fields, reason)


class TagSubscription:
    """A running ``tagValues`` subscription."""

    def __init__(
        self, identity: str, pump: Pump, operations: Operations, caller: Caller, field: RootField
    ) -> None:
        self.identity = identity
        self.pump = pump
        self.operations = operations
        self.writer = TagWriter(operations.wire, identity, field)
        self.targets: list[TagTarget] = []
        encoders: dict[str, Callable[[Any], str]] = {}
        for asked in dict.fromkeys(field.arguments["names"]):
            if not operations.gate.sees(caller, operations.wire.short(asked)):
                continue
            try:
                state = operations.tags.state(asked)
            except ModelError:
                self.targets.append(UnresolvedTarget(self, operations.tags.tag_value(asked)))
                continue
            encode = encoders.get(state.data_type)
            if encode is None:
                encode = encoders[state.data_type] = value_encoder(operations.wire, state.data_type)
            name = json_text(operations.wire.echo(asked))
            self.targets.append(TagTarget(self, name, state, encode))


class AlarmTarget:
    """One alarm instance of one subscription, waiting to be sent."""

    __slots__ = ("record", "subscription")

    def __init__(self, subscription: AlarmSubscription, record: AlarmRecord) -> None:
        self.subscription = subscription
        self.record = record

    def __hash__(self) -> int:
        return hash((id(self.subscription), self.record.name, self.record.instance_id))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AlarmTarget)
            and other.subscription is self.subscription
            and other.record.name == self.record.name
            and other.record.instance_id == self.record.instance_id
        )

    def message(self, reason: str) -> bytes:
        """The instance's latest record; b"" when the reader never knew of it."""
        return self.subscription.message(self.record, reason) if reason else b""


class AlarmSubscription:
    """A running ``activeAlarms`` subscription."""

    def __init__(
        self,
        identity: str,
        pump: Pump,
        operations: Operations,
        caller: Caller,
        field: RootField,
        question: AlarmQuestion,
    ) -> None:
        self.identity = identity
        self.pump = pump
        self.operations = operations
        self._caller = caller
        self._field = field
        self._question = question
        self._known: set[tuple[str, int]] = set()
        self._end_state = operations.alarms.end_state

    def message(self, record: AlarmRecord, reason: str) -> bytes:
        source = self.operations.wire.alarm(record, self._question.languages)
        if self._end_state and not record.active:
            source["state"] = self._end_state
        word = self.operations.wire.modified_word if reason == MODIFIED else reason
        source["notificationReason"] = word
        return next_message(self.identity, self._field.key, _encode(self._field.pick(source)))

    def know(self, record: AlarmRecord) -> None:
        """Take a standing alarm as told."""
        if self._concerns(record):
            self._known.add((record.name, record.instance_id))

    def resynchronise(self, standing: list[AlarmRecord]) -> None:
        """Tell what is known as removed, then as added again."""
        known = [one for one in standing if (one.name, one.instance_id) in self._known]
        for record in known:
            removed = replace(record, state=REMOVED_STATE, change_reason=(REMOVE_EVENT,))
            self.pump.send(self.message(removed, REMOVED))
        for record in known:
            self.pump.send(self.message(record, ADDED))

    def _concerns(self, record: AlarmRecord) -> bool:
        return (
            record.active
            and self.operations.gate.sees(self._caller, record.name)
            and self._question.matches(record)
        )

    def offer(self, record: AlarmRecord) -> None:
        """Send a changed record when it concerns this subscription."""
        key = (record.name, record.instance_id)
        is_known = key in self._known
        concerns = self._concerns(record)
        if not concerns and not is_known:
            return
        if concerns:
            self._known.add(key)
            reason = MODIFIED if is_known else ADDED
        else:
            self._known.discard(key)
            reason = MODIFIED if self._end_state else REMOVED
        pump = self.pump
        target = AlarmTarget(self, record)
        if pump.is_busy and pump.must_wait(target):
            pump.wait(target, reason)
        else:
            pump.parts.append(pump.framer(self.message(record, reason)))


class ReduSubscription:
    """A running ``reduState`` subscription."""

    def __init__(self, identity: str, pump: Pump, field: RootField) -> None:
        self.identity = identity
        self.pump = pump
        self._field = field

    def tell(self, state: str, time_text: str | None, reason: str) -> None:
        """Send the server's state."""
        source = {"value": {"value": state, "timestamp": time_text}, "notificationReason": reason}
        data = _encode(self._field.pick(source))
        self.pump.send(next_message(self.identity, self._field.key, data))


Subscription = TagSubscription | AlarmSubscription | ReduSubscription


class Publisher:
    """Routes changes to subscriptions.

    Args:
        operations: for names, spelling and rights.
        generated_tags: number of generated tags, for the fast choice of subscribed ones.
    """

    def __init__(self, operations: Operations, generated_tags: int) -> None:
        self._operations = operations
        self._tags: dict[str, list[TagTarget]] = {}
        self._generated: dict[int, list[TagTarget]] = {}
        self._is_wanted = np.zeros(generated_tags, dtype=bool)
        self._alarms: list[AlarmSubscription] = []
        self._pumps: dict[Pump, int] = {}

    def add(self, subscription: Subscription) -> None:
        """Route changes to a subscription from now on."""
        self._pumps[subscription.pump] = self._pumps.get(subscription.pump, 0) + 1
        if isinstance(subscription, AlarmSubscription):
            self._alarms.append(subscription)
        elif isinstance(subscription, TagSubscription):
            for target in _resolved(subscription):
                index = target.state.index
                if index < 0:
                    self._tags.setdefault(target.state.name, []).append(target)
                else:
                    self._generated.setdefault(index, []).append(target)
                    self._is_wanted[index] = True

    def remove(self, subscription: Subscription) -> None:
        """Stop routing, and forget what waits."""
        count = self._pumps[subscription.pump] - 1
        if count:
            self._pumps[subscription.pump] = count
        else:
            del self._pumps[subscription.pump]
        subscription.pump.forget(subscription)
        if isinstance(subscription, AlarmSubscription):
            self._alarms.remove(subscription)
        elif isinstance(subscription, TagSubscription):
            for target in _resolved(subscription):
                index = target.state.index
                routes: Any = self._tags if index < 0 else self._generated
                key = target.state.name if index < 0 else index
                routes[key].remove(target)
                if not routes[key]:
                    del routes[key]
                    if index >= 0:
                        self._is_wanted[index] = False

    def publish(self, changes: Changes) -> None:
        """One tick's changes to all who want them."""
        if not self._pumps:
            return
        for pump in self._pumps:
            pump.begin_tick()
        self._publish_tags(changes.tags)
        if changes.generated is not None and self._generated:
            self._publish_generated(changes.generated)
        for record in changes.alarms:
            for subscription in self._alarms:
                subscription.offer(record)
        for pump in self._pumps:
            pump.end_tick()

    def drop(self, concerns: Callable[[str], bool], reason: str) -> None:
        """Tags have left the project: tell their subscribers why, and route nothing any more."""
        for name in [name for name in self._tags if concerns(name)]:
            for target in self._tags.pop(name):
                subscription = target.subscription
                subscription.targets.remove(target)
                subscription.pump.drop(target)
                subscription.pump.send(target.message(reason))

    def resynchronise_alarms(self, standing: list[AlarmRecord]) -> None:
        """Tell all standing alarms as removed and at once again, as after missed notifications."""
        for subscription in self._alarms:
            subscription.resynchronise(standing)

    def _publish_tags(self, states: Iterable[TagState]) -> None:
        time_text = self._operations.wire.time
        for state in states:
            for target in self._tags.get(state.name, ()):
                pump = target.subscription.pump
                if pump.is_busy and pump.must_wait(target):
                    pump.wait(target, MODIFIED)
                    continue
                message = target.subscription.writer.modified(
                    target.name, target.encode(state.value), time_text(state.time_ns), state.quality
                )
                pump.parts.append(pump.framer(message))

    def _publish_generated(self, changes: GeneratedChanges) -> None:
        wanted = self._is_wanted[changes.indices]
        indices = changes.indices[wanted].tolist()
        values = changes.values[wanted].tolist()
        times = changes.times_ns[wanted].tolist()
        time_text = self._operations.wire.time
        value_of = self._operations.model.generated.value_of
        routes = self._generated
        for index, value, time_ns in zip(indices, values, times, strict=True):
            time_here = time_text(time_ns)
            for target in routes[index]:
                subscription = target.subscription
                pump = subscription.pump
                if pump.is_busy and pump.must_wait(target):
                    pump.wait(target, MODIFIED)
                    continue
                message = subscription.writer.modified(
                    target.name,
                    target.encode(value_of(index, value)),
                    time_here,
                    target.state.quality,
                )
                pump.parts.append(pump.framer(message))


def _resolved(subscription: TagSubscription) -> Iterable[TagTarget]:
    return (one for one in subscription.targets if not isinstance(one, UnresolvedTarget))
