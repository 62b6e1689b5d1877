"""What comes late must not make old things look new: types, lists of alarms, actions, retries."""

from __future__ import annotations

import asyncio
import time

import pytest

from plant.test_history import LogServer
from plant.test_plant import NOW, SECOND, Link, live, lost
from tagwerk.domain.alarms import (
    Alarm,
    AlarmAction,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    Notification,
)
from tagwerk.domain.connection import Capabilities, ConnectionProfile
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.values import GOOD, Sample
from tagwerk.plant import Plant, history
from tagwerk.plant.history import HistoryReader
from tagwerk.store.alarms import AlarmStore
from tagwerk.store.trends import TrendStore

COUNT = "HMI_RT_1::Counter"


@pytest.fixture
def plant():
    plant = Plant(ConnectionProfile("Skid", "https://h:8443/graphql/"), clock_ns=lambda: NOW)
    link = Link()
    link.server_shown = lambda url: None
    plant.attach(link)
    return plant


def learn_type(plant):
    plant.tree.put([BrowseItem(COUNT, "", TagKind.TAG, "LInt")])
    plant.tree.finish()
    plant._lessons.again()


def number(value, at_ns=NOW):
    return Sample(COUNT, value, GOOD, at_ns, at_ns)


def start(plant):
    plant.interest.set("test", [COUNT])
    plant.on_status(live())
    plant.drain()


def test_a_type_that_is_learned_late_does_not_make_a_stale_value_live(plant):
    start(plant)
    plant.on_samples([number("17")])
    plant.drain()
    plant.on_status(lost(NOW + SECOND))
    plant.on_status(live(NOW + 2 * SECOND))
    plant.drain()
    assert plant.live.is_stale(COUNT)
    learn_type(plant)
    plant.drain()
    plant.drain()
    assert plant.live.get(COUNT).value == 17
    assert plant.live.is_stale(COUNT)


def test_a_type_that_is_learned_late_does_not_draw_a_hole_as_a_line(plant):
    curve = plant.trends.open(COUNT, step=False)
    start(plant)
    plant.on_samples([number("17")])
    plant.drain()
    plant.on_status(lost(NOW + SECOND))
    plant.drain()
    learn_type(plant)
    plant.drain()
    plant.drain()
    assert not curve.is_live
    assert [float(one) for one in curve.values] == [17.0]


def test_a_type_that_is_learned_late_does_not_push_aside_what_has_just_come(plant):
    start(plant)
    plant.on_samples([number("17")])
    plant.drain()
    learn_type(plant)
    drain = plant.live.drain

    def with_news():
        changed = drain()
        plant.live.put([number(18, NOW + SECOND)])  # the stream's thread, at the worst moment
        return changed

    plant.live.drain = with_news
    plant.drain()
    plant.live.drain = drain
    plant.drain()
    assert plant.live.get(COUNT).value == 18


def alarm(name="a", instance=1, state=AlarmState.RAISED):
    return Alarm(AlarmKey(name, instance), state)


def test_a_list_from_before_a_loss_does_not_make_the_alarms_live(plant):
    plant.on_status(live())
    plant.on_alarms_restart([alarm()])  # no frame takes it before the link is lost
    plant.on_status(lost(NOW + SECOND))
    plant.on_status(live(NOW + 2 * SECOND))
    plant.drain()
    assert plant.alarms.is_stale
    assert [one.name for one in plant.alarms] == ["a"]
    plant.on_alarms_restart([])
    plant.drain()
    assert not plant.alarms.is_stale
    assert [one.name for one in plant.alarms.outage.went] == ["a"]


def test_two_losses_before_a_new_list_compare_with_the_list_before_both():
    store = AlarmStore()
    store.mark_live(1)
    store.restart([alarm("a"), alarm("b")])
    store.drain()
    store.mark_stale(2)
    store.mark_live(3)
    store.put([AlarmEvent(Notification.REMOVED, alarm("b"))])
    store.drain()
    store.mark_stale(4)
    store.mark_live(5)
    store.restart([])
    store.drain()
    assert sorted(one.name for one in store.outage.went) == ["a", "b"]


async def test_an_action_without_an_answer_is_not_settled_by_a_list_from_before_it(plant):
    plant.on_status(live())
    plant.on_alarms_restart([alarm()])
    plant.drain()
    settled = []

    async def settle(find, *, is_complete):
        settled.append(is_complete)

    plant.writes.settle_alarms = settle
    plant.writes._alarms.unverified[AlarmKey("a", 1)] = AlarmAction.ACKNOWLEDGE
    work = asyncio.create_task(plant.run())
    plant.on_alarms_restart([alarm(), alarm("b")])  # another language, another alarm: no new link
    plant.drain()
    async with asyncio.timeout(5):
        while not settled:
            await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert settled == [False]


async def test_a_log_that_went_away_between_two_tries_leaves_nothing_running(monkeypatch):
    monkeypatch.setattr(history, "FIRST_PAUSE_S", 0.01)
    server, trends = LogServer(), TrendStore()
    trends.open("S::a", step=False)
    reader = HistoryReader(server, trends, lambda _name: None)
    server.error = NotReachable("Try later.")
    reader.request("S::a", NOW, NOW + SECOND)
    turns = 0
    ready = reader._ready

    def counted():
        nonlocal turns
        turns += 1
        return ready()

    reader._ready = counted
    work = asyncio.create_task(reader.run())
    async with asyncio.timeout(5):
        while not server.calls:
            await asyncio.sleep(0)
    server.capabilities = Capabilities(frozenset())
    until = time.monotonic() + 5
    while reader.state("S::a").loading and time.monotonic() < until:
        await asyncio.sleep(0.01)
    before = turns
    await asyncio.sleep(0.2)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert turns - before <= 1


def test_an_open_lock_does_not_outlast_a_sleep_of_the_computer(monkeypatch):
    from tagwerk.plant import steady as module

    if module._BOOT is None:
        pytest.skip("this system's steady clock goes on by itself")
    awake_s, asleep_s = 1000.0, 0.0
    monkeypatch.setattr(time, "monotonic_ns", lambda: round(awake_s * 1e9))
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _which: round((awake_s + asleep_s) * 1e9))
    plant = Plant(ConnectionProfile("Skid", "https://h:8443/graphql/"))
    plant.arming.arm(600)
    asleep_s = 3600.0
    assert not plant.arming.armed


def test_shelved_alarms_neither_came_nor_went_and_unshelved_ones_came():
    store = AlarmStore()
    store.mark_live(1)
    shelved = {"suppression": "SHELVED"}
    store.restart(
        [
            Alarm(AlarmKey("goes", 1), AlarmState.RAISED, **shelved),
            Alarm(AlarmKey("opens", 1), AlarmState.RAISED, **shelved),
            alarm("stays"),
        ]
    )
    store.drain()
    store.mark_stale(2)
    store.mark_live(3)
    store.restart(
        [
            Alarm(AlarmKey("comes", 1), AlarmState.RAISED, **shelved),
            alarm("opens"),
            Alarm(AlarmKey("stays", 1), AlarmState.RAISED, **shelved),
            alarm("stays", 2),
        ]
    )
    store.drain()
    assert [(one.name, one.instance) for one in store.outage.came] == [("opens", 1), ("stays", 2)]
    assert store.outage.went == ()


@pytest.mark.parametrize(
    ("word", "shelved"),
    [
        ("UNSUPPRESSED", False), ("SUPPRESSED", False), ("SHELVED", True),
        ("SUPPRESSED_AND_SHELVED", True), ("Shelved", True), ("UNSHELVED", False), ("", False),
    ],
)  # fmt: skip
def test_no_word_hides_an_alarm_that_is_not_shelved(word, shelved):
    assert Alarm(AlarmKey("a", 1), AlarmState.RAISED, suppression=word).is_shelved is shelved
