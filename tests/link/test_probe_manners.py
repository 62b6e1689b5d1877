"""What the doctor never does: write, log in twice, disturb a running connection, stay behind."""

from __future__ import annotations

import asyncio

from link.conftest import profile_for
from link.tiny_server import until
from tagwerk.domain.connection import LinkState, StepName, Trust, TrustMode
from tagwerk.link.connector import HttpConnector

A = "HMI_RT_1::A"
PLAIN = Trust(TrustMode.PLAIN_HTTP)


class Sink:
    """Counts what a check costs."""

    def __init__(self):
        self.exchanges = []

    def on_exchange(self, exchange):
        self.exchanges.append(exchange)


async def check(server, **options):
    return await HttpConnector().inspect(
        server.url,
        trust=PLAIN,
        user="operator",
        password="right",
        timeout_s=3.0,
        deep=True,
        **options,
    )


async def test_a_check_changes_nothing_in_the_plant(plain):
    written = []
    plain._do_writeTagValues = lambda variables: written.append(variables["input"]) or []
    before = dict(plain.tags)
    result = await check(plain)
    assert result.error is None
    assert all(items == [] for items in written), "only the question for the right, with no item"
    assert plain.tags == before
    assert not {"acknowledgeAlarms", "resetAlarms", "shelveAlarms"} & set(plain.calls)
    assert plain.calls.count("login") == 1
    assert plain.calls.count("logout") == 1


async def test_a_running_connection_goes_on_beside_it(plain, sink):
    link = HttpConnector().open(profile_for(plain), "right", sink)
    link.want(frozenset((A,)))
    link.start()
    try:
        await until(lambda: sink.latest(A) is not None)
        told = len(sink.statuses)
        tokens_before = set(plain.tokens)
        result = await check(plain)
        assert result.error is None
        assert tokens_before <= plain.tokens, "its session is another one, and still there"
        await plain.push(A, 42)
        await until(lambda: sink.latest(A).value == 42)
        later = [status.state for status in sink.statuses[told:]]
        assert all(state is LinkState.LIVE for state in later)
        assert link.counters.reconnects == 0
    finally:
        await link.close()


async def test_a_cancelled_check_logs_out(plain):
    reading = asyncio.Event()

    def on_step(step):
        if step.step is StepName.READ:
            reading.set()

    task = asyncio.create_task(check(plain, on_step=on_step))
    await reading.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert plain.calls.count("logout") == 1
    await until(lambda: not plain.sockets)


async def test_its_traffic_is_told_without_the_password(plain):
    sink = Sink()
    await check(plain, traffic=sink)
    whats = [one.what for one in sink.exchanges]
    assert "login" in whats
    assert "logout" in whats
    assert sum(one.sent_bytes for one in sink.exchanges) > 0
    text = " ".join(f"{one.request} {one.answer}" for one in sink.exchanges)
    assert "secret-token" not in text
    assert '"right"' not in text
