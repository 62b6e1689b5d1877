"""The alarms that are active now, by key, with their counts.

Filled by the alarm stream's thread through `put` and `restart`, drained once a frame by the
window. Several changes of one alarm between two frames become one (coalesce), so that a flood
costs memory by alarm and never by event. Order and filter belong to `AlarmView`; what the server
logged about the past is not kept here.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmState, Notification
from tagwerk.store.alarm_view import AlarmView

AT_ONCE = 2_500
"""Alarms that one `drain` looks at: some milliseconds. A longer list takes several frames."""
HIGH_PRIORITY = 11
"""From here on a priority is high (11–15) or highest (16)."""


def is_active(alarm: Alarm) -> bool:
    """True while the alarm concerns anybody: its cause stands, or it waits for an operator.

    A server may go on sending alarms that have run their whole course; those are over here.
    A state that nobody knows is kept and shown: better one line too many than one too few.
    """
    if alarm.is_gone:
        return False
    return (
        alarm.is_standing
        or alarm.needs_acknowledgement
        or alarm.needs_reset
        or alarm.state is AlarmState.UNKNOWN
    )


@dataclass(frozen=True, slots=True)
class AlarmCounts:
    """How many alarms are active. All but `shelved` leave the shelved ones out, as the lists do.

    Args:
        active: standing, or waiting for acknowledge or reset.
        unacknowledged: waiting for acknowledge.
        standing: the cause is there.
        cleared_unacknowledged: the cause is gone, nobody has acknowledged.
        waiting_for_reset: acknowledged and cleared, the state machine asks for a reset.
        high_priority: active with priority 11 or more.
        shelved: active and put aside by an operator.
    """

    active: int = 0
    unacknowledged: int = 0
    standing: int = 0
    cleared_unacknowledged: int = 0
    waiting_for_reset: int = 0
    high_priority: int = 0
    shelved: int = 0


@dataclass(frozen=True, slots=True)
class AlarmOutage:
    """What had become of the alarms when the link was back, compared with the list before.

    Args:
        came: active now and not before, also as a new instance of an alarm that was known.
        went: active before and no longer.
        acknowledged: active before and now, and acknowledged by somebody meanwhile.
        passed: came and went meanwhile; only the server's log tells of them.
        lost_ns, back_ns: from when to when nothing was heard.
    """

    came: tuple[Alarm, ...] = ()
    went: tuple[Alarm, ...] = ()
    acknowledged: tuple[Alarm, ...] = ()
    passed: tuple[Alarm, ...] = ()
    lost_ns: int = 0
    back_ns: int = 0

    def __bool__(self) -> bool:
        return bool(self.came or self.went or self.acknowledged or self.passed)

    def and_then(self, later: AlarmOutage) -> AlarmOutage:
        """Both together, while nobody has seen the first."""
        if not self:
            return later
        return AlarmOutage(
            self.came + later.came,
            self.went + later.went,
            self.acknowledged + later.acknowledged,
            self.passed + later.passed,
            self.lost_ns,
            later.back_ns,
        )


def compare(before: dict[AlarmKey, Alarm], now: dict[AlarmKey, Alarm]) -> AlarmOutage:
    """What lies between two lists of active alarms.

    An alarm that came *and* went in between is in neither list: only the server's log has it.
    Shelved ones neither come nor go; one that is shelved no longer comes.
    """
    both = before.keys() & now.keys()
    again = {
        key
        for key in both
        if now[key].raise_time_ns is not None
        and (now[key].raise_time_ns or 0) > (before[key].raise_time_ns or 0)
    }
    return AlarmOutage(
        tuple(
            alarm
            for key, alarm in now.items()
            if not alarm.is_shelved
            and (key not in before or key in again or before[key].is_shelved)
        ),
        tuple(alarm for key, alarm in before.items() if key not in now and not alarm.is_shelved),
        tuple(
            now[key]
            for key in now
            if key in both - again
            and before[key].needs_acknowledgement
            and not now[key].needs_acknowledgement
        ),
    )


_COUNTED = tuple(AlarmCounts.__dataclass_fields__)
_SHELVED = len(_COUNTED) - 1


def _marks(alarm: Alarm) -> tuple[int, ...]:
    """Indexes of the counts that this alarm is part of."""
    if alarm.is_shelved:
        return (_SHELVED,)
    found = [0]
    if alarm.needs_acknowledgement:
        found.append(1)
    if alarm.is_standing:
        found.append(2)
    if alarm.needs_acknowledgement and not alarm.is_standing:
        found.append(3)
    if alarm.needs_reset:
        found.append(4)
    if alarm.priority >= HIGH_PRIORITY:
        found.append(5)
    return tuple(found)


class AlarmStore:
    """Active alarms by key. Each has a number of its own that is never given again, so that rows,
    selection and views can hold on to an alarm without its name.

    `put`, `restart`, `link_ended`: any thread. Everything else: the window's thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[AlarmKey, Alarm | None] = {}
        self._pending_restart: dict[AlarmKey, Alarm] | None = None
        self._taking: Iterator[bool] | None = None
        self._taking_is_current = False
        self._earlier: dict[AlarmKey, Alarm | None] = {}
        self._earlier_restart: dict[AlarmKey, Alarm] | None = None
        self._last_cleared_pending_ns: int | None = None
        self._alarms: dict[int, Alarm] = {}
        self._ids: dict[AlarmKey, int] = {}
        self._next_id = 1
        self._tally = [0] * len(_COUNTED)
        self._areas: Counter[str] = Counter()
        self._views: list[AlarmView] = []
        self._link_up = False
        self._lost = True
        self._complete_since_loss = False
        self._before_loss: dict[int, Alarm] | None = None
        self._known_before: tuple[Alarm, ...] = ()
        self._lost_ns = self._back_ns = 0
        self._touched = False
        self.outage = AlarmOutage()
        """What happened to the alarms while the link was lost, until `forget_outage`."""
        self.stale_since_ns: int | None = 0
        """When the list stopped being the plant's; None while it is live. 0 before the first link."""
        self.is_known = False
        """True once the server has said what is active."""
        self.last_cleared_ns: int | None = None
        """The latest time at which any alarm was cleared, as far as this desk has seen it."""
        self.version = 0
        """Grows with each drain that changed something."""
        self.received = 0
        self.coalesced = 0
        self.taken_over = 0
        """Alarms that were put into the store or changed in it, so far."""

    # Any thread.

    def put(self, events: Iterable[AlarmEvent]) -> None:
        """Take notifications; a newer one of an alarm replaces one that no frame has seen yet."""
        with self._lock:
            pending = self._pending
            before = len(pending)
            count = 0
            for event in events:
                alarm = event.alarm
                count += 1
                if event.reason is Notification.REMOVED:
                    pending[alarm.key] = None
                    continue
                pending[alarm.key] = alarm if is_active(alarm) else None
                self._note_cleared(alarm)
            self.received += count
            self.coalesced += count - (len(pending) - before)

    def restart(self, complete: Iterable[Alarm]) -> None:
        """These and only these are active now: after a (re)connect or a change of language."""
        fresh = {alarm.key: alarm for alarm in complete if is_active(alarm)}
        with self._lock:
            self._pending = {}
            self._pending_restart = fresh

    def link_ended(self) -> None:
        """A link is over: what it brought and no frame has taken is from before the loss.

        Called in the order of arrival, so that no old list is taken for that of the next link.
        """
        with self._lock:
            if self._pending_restart is not None:
                self._earlier_restart, self._pending_restart = self._pending_restart, None
                self._earlier = {}
            self._earlier.update(self._pending)
            self._pending = {}
            self._taking_is_current = False

    def _note_cleared(self, alarm: Alarm) -> None:
        cleared = alarm.clear_time_ns
        last = self._last_cleared_pending_ns
        if cleared is not None and (last is None or cleared > last):
            self._last_cleared_pending_ns = cleared

    # The window's thread.

    def drain(self) -> bool:
        """Take over what came since the last frame; True when anything that is shown changed.

        At most `AT_ONCE` alarms at a time: while more wait, the next frames take them, and a list
        that the server has sent counts when all of it is taken over.
        """
        with self._lock:
            restart, self._pending_restart = self._pending_restart, None
            cleared = self._last_cleared_pending_ns
            if restart is not None:
                # A list that is half taken over is superseded. From here on the link may end at
                # any time, which is noted in the same place.
                self._taking, self._taking_is_current = None, True
        self._take_earlier()
        if restart is not None:
            self._taking = self._take_list(restart)
        changed, self._touched = self._touched, False
        if cleared is not None and (self.last_cleared_ns is None or cleared > self.last_cleared_ns):
            self.last_cleared_ns = cleared
            changed = True
        # What came after a list waits until that is taken over, or an old list would undo it.
        changed = (self._take_some() if self._taking is not None else False) or changed
        if self._taking is None:
            for key, alarm in self._some_pending().items():
                changed = self._apply(key, alarm) or changed
        if changed:
            self.version += 1
        return changed

    def _some_pending(self) -> dict[AlarmKey, Alarm | None]:
        with self._lock:
            if len(self._pending) <= AT_ONCE:
                pending, self._pending = self._pending, {}
                return pending
            # A dictionary keeps its order: the first to come are the first to be shown.
            found = dict(islice(self._pending.items(), AT_ONCE))
            for key in found:
                del self._pending[key]
            return found

    def _take_some(self) -> bool:
        """Go on with the list that is being taken over."""
        steps = 0
        changed = False
        for one in islice(self._taking or (), AT_ONCE):
            steps += 1
            changed = one or changed
        if steps < AT_ONCE:
            self._taking = None
            with self._lock:
                is_current = self._taking_is_current
            if is_current:
                self._complete_since_loss = True
                changed = self._settle() or changed
        return changed

    def _take_earlier(self) -> None:
        """What a link that is over had brought: applied, but it makes nothing live."""
        with self._lock:
            restart, self._earlier_restart = self._earlier_restart, None
            earlier, self._earlier = self._earlier, {}
            is_over = not self._taking_is_current
        if self._taking is not None and is_over:
            self._touched = any([*self._taking]) or self._touched
            self._taking = None
        if restart is not None:
            self._touched = any([*self._take_list(restart)]) or self._touched
        for key, alarm in earlier.items():
            self._touched = self._apply(key, alarm) or self._touched

    def _take_list(self, complete: dict[AlarmKey, Alarm]) -> Iterator[bool]:
        """Take over a complete list alarm by alarm; yields whether each step changed anything."""
        for key in tuple(self._ids):
            yield self._apply(key, None) if key not in complete else False
        for key, alarm in complete.items():
            yield self._apply(key, alarm)
        before, self.is_known = self.is_known, True
        yield not before

    def _apply(self, key: AlarmKey, alarm: Alarm | None) -> bool:
        number = self._ids.get(key)
        if number is None:
            if alarm is None:
                return False
            number, self._next_id = self._next_id, self._next_id + 1
            self._ids[key] = number
        else:
            old = self._alarms[number]
            if old is alarm or old == alarm:
                return False
            self._count(old, -1)
        if alarm is None:
            del self._ids[key]
            del self._alarms[number]
        else:
            self._alarms[number] = alarm
            self.taken_over += 1
            self._count(alarm, 1)
        for view in self._views:
            view.mark(number)
        return True

    def _count(self, alarm: Alarm, step: int) -> None:
        for index in _marks(alarm):
            self._tally[index] += step
        if alarm.is_shelved:
            return
        self._areas[alarm.area] += step
        if not self._areas[alarm.area]:
            del self._areas[alarm.area]

    @property
    def counts(self) -> AlarmCounts:
        return AlarmCounts(*self._tally)

    @property
    def areas(self) -> dict[str, int]:
        """Active alarms by area, without the shelved ones; sorted by area."""
        return dict(sorted(self._areas.items()))

    def get(self, key: AlarmKey) -> Alarm | None:
        """The active alarm of that key, or None when it is not active."""
        number = self._ids.get(key)
        return None if number is None else self._alarms[number]

    def id_of(self, key: AlarmKey) -> int | None:
        """The number under which views and rows know the alarm; None when it is not active."""
        return self._ids.get(key)

    def alarm(self, number: int) -> Alarm | None:
        """The alarm of that number, or None when it is no longer active."""
        return self._alarms.get(number)

    def __len__(self) -> int:
        return len(self._alarms)

    def __iter__(self) -> Iterator[Alarm]:
        return iter(self._alarms.values())

    # Views.

    def open_view(self) -> AlarmView:
        """A new sorted and filtered view that follows this store until `close_view`."""
        view = AlarmView(self._alarms)
        self._views.append(view)
        return view

    def close_view(self, view: AlarmView) -> None:
        """The view is no longer kept up to date; unknown views are ignored."""
        if view in self._views:
            self._views.remove(view)

    # Stale and live.

    @property
    def is_stale(self) -> bool:
        """True when what is shown may no longer be what the plant says."""
        return self.stale_since_ns is not None

    def mark_silent(self, at_ns: int) -> None:
        """The link stands without a sign of life: stale, and the list holds again when it speaks."""
        self._link_up = False
        if self.stale_since_ns is None:
            self.stale_since_ns = at_ns
            self.version += 1

    def mark_stale(self, at_ns: int) -> None:
        """The link is lost at `at_ns`; a list that is stale already keeps its time.

        Called again at each step of a reconnect; only the first call asks for a new list, since
        that may arrive before the link calls itself live.
        """
        if not self._lost:
            self._lost = True
            self._link_up = False
            self._complete_since_loss = False
            self._take_earlier()
            if self._before_loss is None and self.is_known:
                self._before_loss = self._alarms.copy()
            self._lost_ns = self.stale_since_ns or at_ns
        if self.stale_since_ns is None:
            self.stale_since_ns = at_ns
            self.version += 1

    def mark_live(self, at_ns: int) -> None:
        """The link is up. The list stays stale until the server has said what is active.

        Args:
            at_ns: when the outage ended.
        """
        self._back_ns = at_ns
        self._link_up = True
        self._lost = False
        self._settle()

    def _settle(self) -> bool:
        if self._link_up and self._complete_since_loss and self.stale_since_ns is not None:
            self.stale_since_ns = None
            if self._before_loss is not None:
                found = self._compare(self._before_loss)
                found = replace(found, lost_ns=self._lost_ns, back_ns=self._back_ns)
                self.outage = self.outage.and_then(found)
                self._known_before = (*self._before_loss.values(), *self.outage.went)
                self._before_loss = None
            return True
        return False

    def add_logged(self, logged: Iterable[Alarm]) -> bool:
        """What the log tells about the last outage: alarms that came and went unseen.

        Args:
            logged: records of the time of the outage, as the server returns them.

        Returns:
            Whether there were any.
        """
        known = {alarm.key for alarm in (*self._known_before, *self.outage.passed)}
        known |= self._ids.keys()
        passed = {
            alarm.key: alarm
            for alarm in logged
            if alarm.key not in known and alarm.clear_time_ns is not None
        }
        if passed:
            self.outage = replace(self.outage, passed=self.outage.passed + tuple(passed.values()))
            self.version += 1
            self._touched = True
        return bool(passed)

    def _compare(self, before: dict[int, Alarm]) -> AlarmOutage:
        """`compare` with the list of now, without looking into what has not changed at all."""
        now = self._alarms
        return compare(
            {one.key: one for number, one in before.items() if now.get(number) is not one},
            {one.key: one for number, one in now.items() if before.get(number) is not one},
        )

    def forget_outage(self) -> None:
        """The user has seen what happened during the last outage."""
        self.outage = AlarmOutage()
        self.version += 1
