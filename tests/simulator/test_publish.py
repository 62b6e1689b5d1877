"""What happens to a connection that reads too slowly: latest values, bounded memory, no loss of end."""

import asyncio
import json

import pytest

from simulator.fake_plant import START_NS, FakePlant
from tagwerk.simulator.access import Caller
from tagwerk.simulator.execute import Engine, Request
from tagwerk.simulator.frames import ROOM_BYTES, Outlet
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.publish import AlarmSubscription, Publisher, Pump, TagSubscription
from tagwerk.simulator.sessions import SessionStore
from tagwerk.simulator.switches import parse_switches
from tagwerk.simulator.wire import Wire

TAGS = "subscription($names: [String!]!) { tagValues(names: $names) { name notificationReason value { value } } }"
ALARMS = "subscription { activeAlarms { name state notificationReason } }"


class Transport:
    """Keeps what is written; `waiting` is what a slow reader has left there."""

    def __init__(self):
        self.sent = []
        self.waiting = 0

    def get_write_buffer_size(self):
        return self.waiting

    def is_closing(self):
        return False

    def write(self, data):
        self.sent += [json.loads(line)["payload"]["data"] for line in data.splitlines()]


class Bench:
    """A publisher with one connection on the fake plant."""

    def __init__(self, generated=0):
        switches = parse_switches([])
        self.plant = FakePlant(generated)
        sessions = SessionStore(lambda: START_NS)
        self.caller = Caller(sessions.login("operator", "Operator-1"))
        wire = Wire(self.plant.system, switches)
        self.operations = Operations(self.plant, sessions, wire, switches, lambda: START_NS)
        self.engine = Engine(self.operations, switches)
        self.publisher = Publisher(self.operations, generated)
        self.transport = Transport()
        self.pump = Pump(Outlet(self.transport), lambda payload: payload + b"\n")

    def field(self, query, **variables):
        return self.engine.compile_subscription(
            self.engine.prepare(Request(query, variables, None))
        )

    def tags(self, *names):
        subscription = TagSubscription(
            "1", self.pump, self.operations, self.caller, self.field(TAGS, names=list(names))
        )
        self.publisher.add(subscription)
        return subscription

    def alarms(self):
        field = self.field(ALARMS)
        question = self.operations.alarms.question(**field.arguments)
        subscription = AlarmSubscription(
            "2", self.pump, self.operations, self.caller, field, question
        )
        self.publisher.add(subscription)
        return subscription

    def tick(self):
        self.publisher.publish(self.plant.advance(self.plant.now_ns + 100))

    def told(self):
        """What was sent since the last call: (name, reason, value or state)."""
        sent, self.transport.sent = self.transport.sent, []
        items = [next(iter(data.values())) for data in sent]
        return [
            (
                item["name"].rpartition("::")[2],
                item["notificationReason"],
                item["value"]["value"] if "value" in item else item["state"],
            )
            for item in items
        ]


async def settled(bench):
    """Until everything that waits has been sent."""
    async with asyncio.timeout(5):
        while bench.pump.has_waiting:
            await asyncio.sleep(0.001)


async def test_a_slow_reader_gets_the_latest_value_of_each_tag():
    bench = Bench()
    bench.tags("Pump.Speed", "Total")
    bench.transport.waiting = ROOM_BYTES
    for number in range(50):
        bench.plant.set("Pump.Speed", float(number))
        bench.tick()
    bench.plant.set("Total", 7)
    bench.tick()
    assert bench.told() == []
    bench.transport.waiting = 0
    await settled(bench)
    assert bench.told() == [("Pump.Speed", "Modified", 49.0), ("Total", "Modified", 7)]
    assert bench.pump.coalesced == 49
    bench.plant.set("Total", 8)
    bench.tick()
    assert bench.told() == [("Total", "Modified", 8)]


async def test_fresh_values_overtake_waiting_ones_when_there_is_room():
    bench = Bench()
    bench.tags("Pump.Speed", "Total")
    bench.transport.waiting = ROOM_BYTES
    bench.plant.set("Pump.Speed", 1.0)
    bench.plant.set("Total", 1)
    bench.tick()
    bench.transport.waiting = 0
    bench.plant.set("Pump.Speed", 2.0)
    bench.tick()
    await settled(bench)
    assert bench.told() == [("Pump.Speed", "Modified", 2.0), ("Total", "Modified", 1)]


async def test_what_was_not_yet_added_stays_added():
    bench = Bench()
    bench.transport.waiting = ROOM_BYTES
    subscription = bench.tags("Pump.Speed", "Nothing")
    for target in subscription.targets:
        bench.pump.wait(target, "Added")
    bench.pump.start()
    bench.plant.set("Pump.Speed", 3.0)
    bench.tick()
    bench.transport.waiting = 0
    await settled(bench)
    sent = [next(iter(data.values())) for data in bench.transport.sent]
    assert [(item["name"], item["notificationReason"]) for item in sent] == [
        ("Pump.Speed", "Added"),
        ("Nothing", "Added"),
    ]
    assert sent[0]["value"] == {"value": 3.0}


async def test_alarms_of_a_slow_reader_are_merged():
    bench = Bench()
    alarms, now = bench.plant.alarms, bench.plant.now_ns
    alarms.raise_alarm("Pump.Speed:Low", now)
    bench.plant.advance(now)
    subscription = bench.alarms()
    for record in alarms.active():
        bench.pump.begin_tick()
        subscription.offer(record)
        bench.pump.end_tick()
    assert bench.told() == [("Pump.Speed:Low", "Added", "RAISED")]
    bench.transport.waiting = ROOM_BYTES
    alarms.raise_alarm("Pump.Speed:High", now)
    alarms.acknowledge("Pump.Speed:High", 0, now)
    alarms.raise_alarm("Pump.Speed:Trip", now)
    alarms.acknowledge("Pump.Speed:Trip", 0, now)
    alarms.clear_alarm("Pump.Speed:Trip", now)
    alarms.acknowledge("Pump.Speed:Low", 0, now)
    alarms.clear_alarm("Pump.Speed:Low", now)
    bench.tick()
    bench.transport.waiting = 0
    await settled(bench)
    told = bench.told()
    assert told[0] == ("Pump.Speed:High", "Added", "RAISED_ACKNOWLEDGED")
    assert [item[:2] for item in told[1:]] == [("Pump.Speed:Low", "Removed")]


async def test_an_ended_subscription_sends_nothing_more():
    bench = Bench()
    first, second = bench.tags("Total"), bench.tags("Total")
    bench.transport.waiting = ROOM_BYTES
    bench.plant.set("Total", 1)
    bench.tick()
    bench.publisher.remove(first)
    bench.transport.waiting = 0
    await settled(bench)
    assert len(bench.told()) == 1
    bench.publisher.remove(second)
    bench.plant.set("Total", 2)
    bench.tick()
    assert bench.told() == []


@pytest.mark.parametrize("subscribed", [1, 40, 100])
async def test_generated_changes_reach_only_who_wants_them(subscribed):
    bench = Bench(generated=100)
    names = [f"Gen_{index:06d}" for index in range(subscribed)]
    bench.tags(*names)
    bench.plant.change_generated([float(index) for index in range(250)])
    bench.tick()
    told = bench.told()
    assert [item[2] for item in told] == [
        float(index) for index in range(250) if index % 100 < subscribed
    ]
    assert told[0] == ("Gen_000000", "Modified", 0.0)


async def test_a_closed_connection_is_left_alone():
    bench = Bench()
    bench.tags("Total")
    bench.pump.close()
    bench.plant.set("Total", 1)
    bench.tick()
    assert bench.told() == []
