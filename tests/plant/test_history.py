"""Reading the past of trended tags: merged, in pieces, newest first, never twice."""

import asyncio

from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import NotAllowed, NotReachable
from tagwerk.domain.values import GOOD, ItemError, LoggedPoint, LoggedSeries
from tagwerk.plant import history
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
        self.fails = lambda _start_ns: False
        self.unknown = set()

    async def history(self, names, start_ns, end_ns, *, limit=0, bounding=False):
        self.calls.append((tuple(names), start_ns, end_ns))
        if self.error is not None:
            raise self.error
        if self.fails(start_ns):
            raise NotReachable("Try later.")
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


async def test_a_log_that_does_not_answer_is_given_up_and_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(history, "FIRST_PAUSE_S", 0.001)
    server, trends = LogServer(), TrendStore()
    trends.open("S::a", step=False)
    server.error = NotReachable("Gone.")
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - 9 * PIECE_NS, NOW)
    await read_all(reader, ["S::a"])
    assert len(server.calls) == history.FAILURES_IN_A_ROW
    said = str(reader.state("S::a").error)
    assert said.endswith("Gone.")
    assert said[2] == ":", "it names the span"
    server.error = None
    reader.request("S::a", NOW - SECOND, NOW)
    assert not reader.state("S::a").error
    await read_all(reader, ["S::a"])
    assert len(server.calls) == history.FAILURES_IN_A_ROW + 1


async def test_one_piece_that_fails_does_not_hold_up_the_older_ones(monkeypatch):
    monkeypatch.setattr(history, "FIRST_PAUSE_S", 0.001)
    server, trends = LogServer(), TrendStore()
    curve = trends.open("S::a", step=False)
    newest = NOW - PIECE_NS
    server.fails = lambda start_ns: start_ns >= newest
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - 4 * PIECE_NS, NOW)
    await read_all(reader, ["S::a"])
    tries = [start_ns for _names, start_ns, _end in server.calls if start_ns >= newest]
    assert len(tries) == history.TRIES
    assert curve.missing(NOW - 4 * PIECE_NS, NOW) == [(newest, NOW)]
    assert "Try later." in str(reader.state("S::a").error)


async def test_a_piece_that_failed_once_comes_with_the_next_try(monkeypatch):
    monkeypatch.setattr(history, "FIRST_PAUSE_S", 0.001)
    server, trends = LogServer(), TrendStore()
    curve = trends.open("S::a", step=False)
    failing = [True]
    server.fails = lambda _start_ns: failing and failing.pop()
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - PIECE_NS, NOW)
    await read_all(reader, ["S::a"])
    assert len(server.calls) == 2
    assert curve.missing(NOW - PIECE_NS, NOW) == []
    assert not reader.state("S::a").error


async def test_a_refusal_is_no_reason_to_ask_again():
    server, trends = LogServer(), TrendStore()
    trends.open("S::a", step=False)
    server.error = NotAllowed("No right.")
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - 3 * PIECE_NS, NOW)
    await read_all(reader, ["S::a"])
    assert len(server.calls) == 1
    assert "No right." in str(reader.state("S::a").error)


async def test_a_server_without_a_log_is_not_asked():
    server, trends = LogServer(), TrendStore()
    server.capabilities = Capabilities(reasons={Capability.HISTORY: "schema_lacks_field"})
    trends.open("S::a", step=False)
    reader = HistoryReader(server, trends, lambda _name: None)
    reader.request("S::a", NOW - SECOND, NOW)
    await read_all(reader, ["S::a"])
    assert server.calls == []
