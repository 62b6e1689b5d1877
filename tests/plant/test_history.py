"""Reading the past of trended tags: merged, in pieces, newest first, never twice."""

import asyncio

from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.values import GOOD, ItemError, LoggedPoint, LoggedSeries
from tagwerk.plant.history import PIECE_NS, HistoryReader
from tagwerk.store.trends import TrendStore

NOW = 1_800_000_000_000_000_000
SECOND = 1_000_000_000


class LogServer:
    """Answers each span with one point a minute; remembers what was asked."""

    def __init__(self):
        self.capabilities = Capabilities(frozenset({Capability.HISTORY}))
        self.calls = []
        self.error = None
        self.unknown = set()

    async def history(self, names, start_ns, end_ns, *, limit=0, bounding=False):
        self.calls.append((tuple(names), start_ns, end_ns))
        if self.error is not None:
            raise self.error
        await asyncio.sleep(0)
        return [
            LoggedSeries(name, "", [], error=ItemError("2", "Cannot resolve name"))
            if name in self.unknown
            else LoggedSeries(
                name,
                f"{name}:Log_1s",
                [LoggedPoint(t, 1.0, GOOD) for t in range(start_ns, end_ns, 60 * SECOND)],
            )
            for name in names
        ]


async def read_all(reader, names):
    task = asyncio.create_task(reader.run())
    async with asyncio.timeout(5):
        while any(reader.state(name).loading for name in names):
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_long_span_is_read_in_pieces_newest_first_and_together():
    server, trends, changed = LogServer(), TrendStore(), []
    curves = {name: trends.open(name, step=False) for name in ("S::a", "S::b")}
    reader = HistoryReader(server, trends, changed.append)
    start = NOW - 2 * PIECE_NS
    for name in curves:
        reader.request(name, start, NOW)
    assert reader.state("S::a").loading
    assert reader.state("S::a").progress == 0
    await read_all(reader, curves)
    starts = [start_ns for _names, start_ns, _end in server.calls]
    assert starts == sorted(starts, reverse=True)
    assert all(end - begin <= PIECE_NS for _names, begin, end in server.calls)
    assert {frozenset(names) for names, _s, _e in server.calls} == {frozenset(curves)}
    assert curves["S::a"].missing(start, NOW) == []
    assert {"S::a", "S::b"} <= set(changed)
    for name in curves:
        trends.close(name)


async def test_what_waits_already_is_not_asked_for_again():
    server, trends = LogServer(), TrendStore()
    trends.open("S::a", step=False)
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - 60 * SECOND, NOW)
    reader.request("S::a", NOW - 60 * SECOND, NOW)
    reader.request("S::a", NOW - 90 * SECOND, NOW - 30 * SECOND)
    await read_all(reader, ["S::a"])
    asked = sum(end - start for _names, start, end in server.calls)
    assert asked == 90 * SECOND


async def test_a_tag_without_a_log_says_so_once():
    server, trends = LogServer(), TrendStore()
    server.unknown = {"S::a"}
    curve = trends.open("S::a", step=False)
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - 4 * PIECE_NS, NOW)
    await read_all(reader, ["S::a"])
    assert len(server.calls) == 1
    assert "Cannot resolve name" in str(reader.state("S::a").error)
    assert curve.missing(NOW - 10, NOW) == []


async def test_an_error_is_shown_and_not_repeated_until_asked_again():
    server, trends = LogServer(), TrendStore()
    trends.open("S::a", step=False)
    server.error = NotReachable("Gone.")
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - 3 * PIECE_NS, NOW)
    await read_all(reader, ["S::a"])
    assert len(server.calls) == 1
    assert str(reader.state("S::a").error) == "Gone."
    server.error = None
    reader.request("S::a", NOW - SECOND, NOW)
    assert not reader.state("S::a").error
    await read_all(reader, ["S::a"])
    assert len(server.calls) == 2


async def test_a_server_without_a_log_is_not_asked():
    server, trends = LogServer(), TrendStore()
    server.capabilities = Capabilities(reasons={Capability.HISTORY: "schema_lacks_field"})
    trends.open("S::a", step=False)
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - SECOND, NOW)
    await read_all(reader, ["S::a"])
    assert server.calls == []
