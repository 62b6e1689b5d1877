"""What a polled server may do to look alive when it is not, or to be asked what it must not be."""

from __future__ import annotations

import asyncio

import pytest

from link.conftest import profile_for
from link.supervision import open_link
from link.test_classic_link import CAME, READ, WRITE
from link.tiny_classic import TinyClassic, tag
from link.tiny_server import until
from tagwerk.domain.connection import Capability, LinkState
from tagwerk.domain.errors import ServerRefused
from tagwerk.domain.ports import WriteItem, WriteReply
from tagwerk.link.login import open_client
from tagwerk.link.polling import REST_S, BatchSize, PollPlan, ValuePoller

__all__ = ["open_link"]

ALARMS = "GET alarmLogging/MessageList/All"


@pytest.fixture
async def classic():
    server = TinyClassic()
    await server.start()
    yield server
    await server.stop()


class Hanging(TinyClassic):
    """Does not answer what `hangs` says of a request's path and body."""

    def __init__(self):
        super().__init__()
        self.hangs = lambda path, body: False

    async def _answer(self, request, path, body):
        while self.hangs(path, body):
            await asyncio.sleep(0.02)
        return await super()._answer(request, path, body)


@pytest.fixture
async def hanging():
    server = Hanging()
    await server.start()
    yield server
    server.hangs = lambda path, body: False
    await server.stop()


def run_plan(plan, cost, seconds, *, at=None, act=None):
    """Two requests at once against `cost(names)`; yields what was sent as (begin, names)."""
    now, flying = 0.0, []
    while now < seconds:
        if at is not None and now >= at:
            act(now)
            at = None
        while len(flying) < 2 and (names := plan.take(now)):
            yield now, names
            flying.append((now + cost(len(names)), now, names))
        flying.sort()
        due = plan.due_in_s(now)
        upcoming = [flying[0][0]] if flying else []
        if due is not None and len(flying) < 2:
            upcoming.append(now + max(due, 0.001))
        now = min(upcoming, default=seconds)
        while flying and flying[0][0] <= now:
            _end, began, names = flying.pop(0)
            plan.done(names, began, now)


def test_a_new_name_goes_before_thousands_that_are_overdue():
    plan = PollPlan(BatchSize())
    old = {f"T{number}": 1.0 for number in range(20_000)}
    plan.want(old, 0.0)
    wanted = 60.0
    run = run_plan(
        plan,
        lambda count: 0.2 + 0.004 * count,
        90.0,
        at=wanted,
        act=lambda now: plan.want(old | {"Znew": 1.0}, now),
    )
    began = next(now for now, names in run if "Znew" in names)
    assert began - wanted < 4.0


def test_a_new_name_is_not_asked_for_twice_at_once():
    plan = PollPlan(BatchSize())
    plan.want({"A": 1.0}, 100.0)
    assert plan.take(100.0) == ["A"]
    plan.done(["A"], 100.0, 100.1)
    assert plan.take(100.1) == []
    assert plan.due_in_s(100.1) == pytest.approx(0.9)


def test_a_name_that_has_only_errors_is_asked_for_seldom_until_it_has_a_value():
    plan = PollPlan(BatchSize())
    plan.want({"A": 1.0}, 0.0)
    now = 0.0
    for _ in range(3):
        assert plan.take(now) == ["A"]
        plan.done(["A"], now, now, {"A"})
        due = plan.due_in_s(now)
        now += due
    assert due == pytest.approx(REST_S)
    plan.take(now)
    plan.done(["A"], now, now, set())
    assert plan.due_in_s(now) == pytest.approx(1.0)


def test_names_at_rest_do_not_spoil_the_rate_that_is_told():
    plan = PollPlan(BatchSize())
    plan.want({"A": 1.0, "B": 1.0}, 0.0)
    now = 0.0
    for _ in range(60):
        names = plan.take(now)
        plan.done(names, now, now, {"B"} & set(names))
        now += max(plan.due_in_s(now), 0.001)
    assert plan.every_s == pytest.approx(1.0, abs=0.3)


async def test_one_request_that_hangs_beside_others_is_silence():
    held = asyncio.Event()

    async def read(names):
        if "B" in names:
            await held.wait()
        return []

    async def hello():
        pass

    poller = ValuePoller(read, hello, lambda samples: None, visible_s=0.01, quick_s=0.01)
    task = asyncio.ensure_future(poller.run())
    poller.want(frozenset("B"))
    await until(lambda: poller.requests == 1)
    poller.want(frozenset("AB"))
    await until(lambda: poller.requests > 5)
    assert poller.heard_s > poller.silent_since_s
    held.set()
    held_since = poller.silent_since_s
    await until(lambda: poller.silent_since_s > held_since + 0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_values_of_one_request_that_hangs_become_stale(hanging, sink, open_link):
    many = {f"T{number}": tag(number) for number in range(200)}
    hanging.tags |= many
    link = open_link(hanging, ping_s=0.1, timeout_s=30.0)
    link.want(frozenset(many))
    link.start()
    await until(lambda: all(sink.latest(name) for name in many))
    hanging.hangs = lambda path, body: (
        path == "tagManagement/Values" and "T7" in body["variableNames"]
    )
    await until(lambda: sink.last.state is LinkState.STALE)
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert sink.last.error.code == "silent"


async def test_a_list_of_alarms_that_hangs_is_not_shown_as_the_present_one(
    hanging, sink, open_link, monkeypatch
):
    monkeypatch.setattr("tagwerk.link.alarm_poll.EVERY_S", 0.02)
    monkeypatch.setattr("tagwerk.link.alarm_poll._SILENT_S", 0.2)
    hanging.messages = [CAME]
    link = open_link(hanging, timeout_s=30.0)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.restarts and len(sink.restarts[-1]) == 1)
    hanging.hangs = lambda path, body: path.startswith("alarmLogging/MessageList")
    await until(lambda: Capability.ALARMS not in link.status.capabilities)
    assert link.status.capabilities.reason(Capability.ALARMS) == "alarms_unanswered"
    assert sink.restarts[-1] == []
    assert sink.is_live
    hanging.hangs = lambda path, body: False
    await until(lambda: Capability.ALARMS in link.status.capabilities)
    await until(lambda: len(sink.restarts[-1]) == 1)


async def test_alarms_that_were_not_answered_come_back_after_a_reconnect(
    classic, sink, open_link, monkeypatch
):
    monkeypatch.setattr("tagwerk.link.alarm_poll.EVERY_S", 0.02)
    classic.messages = [CAME]
    link = open_link(classic)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.restarts)
    classic.answers[ALARMS] = 500
    await until(lambda: Capability.ALARMS not in link.status.capabilities)
    port = classic.port
    await classic.stop()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    classic.answers.clear()
    await classic.start(port=port)
    await until(lambda: sink.is_live)
    await until(lambda: Capability.ALARMS in link.status.capabilities)
    await until(lambda: len(sink.restarts[-1]) == 1)


async def test_who_may_not_read_is_told_so_and_not_tried_for_ever(classic, sink, open_link):
    classic.answers[READ] = 403
    link = open_link(classic)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert sink.last.error.code == "403"


@pytest.mark.parametrize("answer", [500, "abort"])
async def test_a_password_that_is_refused_by_failing_is_not_tried_again_at_once(
    classic, sink, open_link, answer
):
    classic.answers["GET tagManagement/Connections"] = answer
    link = open_link(classic)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.RECONNECTING)
    assert link._supervisor._servers.current.keeper.pace.pause_s > 3.0


async def test_an_empty_body_does_not_make_alarms_go(classic, sink, open_link, monkeypatch):
    monkeypatch.setattr("tagwerk.link.alarm_poll.EVERY_S", 0.02)
    classic.messages = [CAME]
    link = open_link(classic)
    link.start()
    await until(lambda: sink.restarts)
    answers = [b"", b"", b"", b"", None]
    classic.answers[ALARMS] = lambda _body: answers.pop(0) if answers else None
    await until(lambda: not answers)
    assert sink.events == []
    assert all(restart for restart in sink.restarts)


async def test_an_empty_body_is_an_empty_list_where_nothing_else_was_said(classic):
    classic.answers[ALARMS] = b""
    async with open_client(profile_for(classic), "right") as client:
        assert await client.active_alarms() == []


async def test_archives_are_asked_one_call_at_a_time(hanging):
    names = [f"T{number}" for number in range(6)]
    hanging.tags |= {name: tag(1) for name in names}
    hanging.archives = {"Process": {name: [] for name in names}}
    under_way, most = set(), []

    def looks(path, body):
        if path.endswith("/Values") and path.startswith("tagLogging/Archive/"):
            under_way.add(body["variableNames"][0])
            most.append(hanging.under_way)
        return False

    hanging.hangs = looks
    hanging.delay_s = 0.02
    async with open_client(profile_for(hanging), "right") as client:
        await client.history(names, 1_781_000_000 * 10**9, 1_781_000_060 * 10**9)
    assert under_way == set(names)
    assert max(most) == 1


async def test_a_password_changed_behind_a_slow_server_costs_as_few_attempts_as_requests_at_once(
    hanging, sink, open_link
):
    many = {f"T{number}": tag(number) for number in range(400)}
    hanging.tags |= many
    link = open_link(hanging, timeout_s=30.0)
    link.want(frozenset(many))
    link.start()
    await until(lambda: all(sink.latest(name) for name in many))
    hanging.password = "another"
    hanging.requests.clear()
    await until(lambda: sink.last.state is LinkState.REFUSED)
    sent = len(hanging.requests)
    assert sent <= 3
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(hanging.requests) == sent


async def test_a_name_that_is_echoed_with_the_servers_own_prefix_is_the_one_that_was_asked(classic):
    classic.answers[READ] = lambda body: [
        {"variableName": f"SRV01::{name}", "errorcode": 0, **tag(4.0)}
        for name in body["variableNames"]
    ]
    classic.answers[WRITE] = lambda body: [
        {"variableName": f"SRV01::{row['variableName']}", "errorcode": 0} for row in body
    ]
    async with open_client(profile_for(classic), "right") as client:
        samples = await client.read(["A", "PLC_1::B", "PLC_2::B"])
        replies = await client.write([WriteItem("PLC_1::A", 3.0)])
    assert [(one.name, one.value) for one in samples] == [
        ("A", 4.0),
        ("PLC_1::B", 4.0),
        ("PLC_2::B", 4.0),
    ]
    assert replies == [WriteReply("PLC_1::A", None)]


@pytest.mark.parametrize(
    "said",
    [
        {"errorcode": 7, "error": "Denied", "values": [{"variableName": "A", "errorcode": 0}]},
        {"error": "Denied", "values": [{"variableName": "A", "errorcode": 0}]},
    ],
)
async def test_a_write_whose_answer_contradicts_itself_is_not_told_as_done(classic, said):
    classic.answers[WRITE] = said
    async with open_client(profile_for(classic), "right") as client:
        assert await client.write([WriteItem("A", 3.0)]) == []


async def test_a_list_that_is_only_an_error_is_neither_empty_nor_a_message(classic):
    classic.answers[ALARMS] = [{"errorcode": 5, "error": "Access denied"}]
    async with open_client(profile_for(classic), "right") as client:
        with pytest.raises(ServerRefused, match="Access denied"):
            await client.active_alarms()
