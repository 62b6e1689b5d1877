"""The plan of polls: who is due, how much at once, how a slow server is spared. No clock, no server."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from link.tiny_server import until
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.values import GOOD, Sample
from tagwerk.link.polling import BatchSize, PollPlan, ValuePoller


def simulate(plan, cost, seconds, *, at_once=1):
    """Run a plan against a server with `cost(names) -> seconds`; requests as (begin, names)."""
    now, sent, flying = 0.0, [], []
    while now < seconds:
        while len(flying) < at_once and (names := plan.take(now)):
            sent.append((now, names))
            flying.append((now + cost(len(names)), now, names))
        flying.sort()
        due = plan.due_in_s(now)
        upcoming = [flying[0][0]] if flying else []
        if due is not None and len(flying) < at_once:
            upcoming.append(now + max(due, 0.001))
        now = min(upcoming, default=seconds)
        while flying and flying[0][0] <= now:
            _end, began, names = flying.pop(0)
            plan.done(names, began, now)
    return sent


def names(count):
    return {f"T{number}": 1.0 for number in range(count)}


def test_a_quick_server_is_asked_for_each_name_once_a_second():
    plan = PollPlan()
    plan.want(names(400), 0.0)
    sent = simulate(plan, lambda count: 0.02, 20.0)
    asked = sum(len(batch) for _at, batch in sent)
    assert asked == pytest.approx(400 * 20, rel=0.05)
    assert plan.stretch == 1.0
    assert plan.every_s == pytest.approx(1.0, rel=0.1)


def test_batches_grow_where_the_call_itself_is_what_takes_time():
    plan = PollPlan()
    plan.want(names(2000), 0.0)
    simulate(plan, lambda count: 0.2, 20.0)
    assert plan.batch.size == 500


def test_batches_shrink_where_names_are_what_takes_time():
    size = BatchSize()
    for _ in range(20):
        size.took(size.size, 0.02 * size.size)
    assert size.size == 80


def test_small_requests_say_nothing_of_full_ones():
    size = BatchSize()
    for _ in range(20):
        size.took(3, 0.001)
    assert size.size == 150


def test_a_slow_server_is_left_alone_part_of_the_time_and_the_plan_says_so():
    plan = PollPlan()
    plan.want(names(1000), 0.0)
    sent = simulate(plan, lambda count: 0.01 * count, 120.0)
    busy = sum(0.01 * len(batch) for at, batch in sent if at > 60)
    assert busy / 60 < 0.7
    assert plan.stretch == pytest.approx(1000 * 0.01 / 0.6, rel=0.1)
    assert plan.every_s > 10


def test_every_name_gets_its_turn_however_slow_it_is():
    plan = PollPlan()
    plan.want(names(1000), 0.0)
    sent = simulate(plan, lambda count: 0.005 * count, 60.0)
    late = [name for at, batch in sent if at > 30 for name in batch]
    assert set(late) == set(names(1000))


def test_a_trended_name_is_asked_for_more_often():
    plan = PollPlan()
    plan.want({**names(10), "fast": 0.25}, 0.0)
    sent = simulate(plan, lambda count: 0.01, 10.0)
    asked = [name for _at, batch in sent for name in batch]
    assert 35 <= asked.count("fast") <= 45
    assert 9 <= asked.count("T1") <= 14


def test_what_nobody_wants_is_not_asked_for():
    plan = PollPlan()
    plan.want(names(10), 0.0)
    assert plan.want({"T1": 1.0}, 0.0) == set(names(10)) - {"T1"}
    sent = simulate(plan, lambda count: 0.01, 3.0)
    assert {name for _at, batch in sent for name in batch} == {"T1"}


def test_a_name_under_way_is_not_asked_for_again_though_it_was_given_up_in_between():
    plan = PollPlan()
    plan.want(names(2), 0.0)
    first = plan.take(0.0)
    plan.want({}, 0.1)
    plan.want(names(2), 0.2)
    assert plan.take(0.3) == []
    plan.done(first, 0.0, 0.4)
    assert sorted(plan.take(10.0)) == sorted(first)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 700),
    st.floats(0.001, 3.0),
    st.floats(0.0, 0.02),
    st.integers(1, 3),
)
def test_whatever_the_server_is_like_no_name_is_twice_under_way(count, call_s, each_s, at_once):
    plan = PollPlan()
    plan.want(names(count), 0.0)
    open_until: dict[str, float] = {}
    for at, batch in simulate(plan, lambda n: call_s + each_s * n, 15.0, at_once=at_once):
        end = at + call_s + each_s * len(batch)
        for name in batch:
            assert open_until.get(name, 0.0) <= at + 1e-9
            open_until[name] = end
        assert len(batch) <= 500


# The poller that runs it.


class Plant:
    """A server to poll: says what it is told to."""

    def __init__(self):
        self.values = {}
        self.asked = []
        self.fails = None
        self.hold = None

    async def read(self, names):
        self.asked.append(list(names))
        if self.hold is not None:
            await self.hold.wait()
        if self.fails is not None:
            raise self.fails
        return [Sample(name, self.values.get(name, 0), GOOD, 1, 2) for name in names]

    async def hello(self):
        self.asked.append([])


@contextlib.asynccontextmanager
async def polling(plant, taken, **options):
    poller = ValuePoller(
        plant.read, plant.hello, taken.extend, visible_s=0.02, quick_s=0.01, **options
    )
    task = asyncio.ensure_future(poller.run())
    try:
        yield poller, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_only_changes_are_passed_on():
    plant, taken = Plant(), []
    async with polling(plant, taken) as (poller, _task):
        poller.want(frozenset("AB"))
        await until(lambda: len(plant.asked) > 5)
        assert sorted(sample.name for sample in taken) == ["A", "B"]
        plant.values["A"] = 1
        await until(lambda: len(taken) == 3)
        assert taken[-1].value == 1


async def test_what_is_shown_again_is_news_again():
    plant, taken = Plant(), []
    async with polling(plant, taken) as (poller, _task):
        poller.want(frozenset("A"))
        await until(lambda: taken)
        plant.hold = asyncio.Event()
        count = len(plant.asked)
        await until(lambda: len(plant.asked) > count)
        poller.want(frozenset())
        poller.want(frozenset("A"))
        plant.hold.set()
        await until(lambda: len(taken) == 2)


async def test_a_failure_ends_it_and_says_why():
    plant, taken = Plant(), []
    async with polling(plant, taken) as (poller, task):
        poller.want(frozenset("A"))
        await until(lambda: taken)
        plant.fails = NotReachable("gone", code="timeout")
        assert (await asyncio.wait_for(task, 8)).code == "timeout"


async def test_where_nothing_is_wanted_a_sign_of_life_is_asked_for():
    plant = Plant()
    async with polling(plant, [], idle_s=0.02):
        await until(lambda: plant.asked.count([]) > 2)
