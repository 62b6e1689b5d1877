"""A browse is decoded while it arrives: packed or not, slowly taken, broken off, refused."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import pytest

from link.raw_server import _read_request, http, saying, serving
from tagwerk.domain.connection import Trust, TrustMode
from tagwerk.domain.errors import NotAllowed, NotReachable, ProtocolError
from tagwerk.domain.tags import TagKind
from tagwerk.link.bridge import MOST_CHUNKS_AHEAD, LinkThread, ThreadedClient
from tagwerk.link.browsing import BrowseTaker
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.transport import HttpTransport
from tagwerk.link.wiretap import Wiretap

COUNT = 12_000
ROWS = [{"name": f"HMI_RT_1::T{n}", "displayName": "", "objectType": "TAG", "dataType": "Int"} for n in range(COUNT)]  # fmt: skip
BODY = json.dumps({"data": {"browse": ROWS}}).encode()
ERRORS = json.dumps({"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}], "data": None}).encode()  # fmt: skip


async def ask(port, taker, tap=None, **keywords):
    endpoint = Endpoint(f"http://127.0.0.1:{port}/graphql/")
    transport = HttpTransport(endpoint, Trust(TrustMode.PLAIN_HTTP), timeout_s=5.0, tap=tap)
    try:
        return await transport.post(b"{}", taker=taker, **keywords)
    finally:
        await transport.close()


def packed(how: str) -> tuple[bytes, str]:
    if how == "gzip":
        return gzip.compress(BODY), "Content-Encoding: gzip\r\n"
    if how == "deflate":
        return zlib.compress(BODY), "Content-Encoding: deflate\r\n"
    return BODY, ""


@pytest.mark.parametrize("how", ["plain", "gzip", "deflate"])
async def test_names_come_once_and_in_order_however_they_are_packed(how):
    body, headers = packed(how)
    taker = BrowseTaker(None, (), None)
    async with saying(http(200, body, kind="application/json", headers=headers)) as port:
        answer = await ask(port, taker)
        await taker.finish(answer.body)
    assert [item.name for item in taker.items] == [row["name"] for row in ROWS]
    assert list(taker.systems) == ["HMI_RT_1"]
    assert len(answer.body) < len(BODY), "what was taken is not kept"


async def test_the_first_names_are_there_before_the_last_bytes_have_come():
    got_some = asyncio.Event()
    seen: list[int] = []

    async def slowly(reader, writer):
        await _read_request(reader)
        page = http(200, BODY, kind="application/json")
        writer.write(page[: len(page) - 100])
        await writer.drain()
        await got_some.wait()
        writer.write(page[len(page) - 100 :])
        await writer.drain()
        writer.close()

    def take(items):
        seen.append(len(items))
        got_some.set()

    taker = BrowseTaker(None, (), take)
    async with serving(slowly) as port:
        answer = await ask(port, taker)
        await taker.finish(answer.body)
    assert sum(seen) == COUNT
    assert taker.items == []


async def test_time_that_the_taker_needs_is_not_the_servers():
    async def take_slowly(plain):
        await asyncio.sleep(0.03)
        await inner(plain)

    taker = BrowseTaker(None, (), None)
    inner, taker.take = taker.take, take_slowly
    async with saying(http(200, BODY, kind="application/json")) as port:
        transport = HttpTransport(
            Endpoint(f"http://127.0.0.1:{port}/"), Trust(TrustMode.PLAIN_HTTP), timeout_s=5.0
        )
        try:
            answer = await transport.post(b"{}", taker=taker)
        finally:
            await transport.close()
    await taker.finish(answer.body)
    assert len(taker.items) == COUNT


async def test_a_refusal_is_not_taken_but_answered():
    taker = BrowseTaker(None, (), None)
    async with saying(http(403, ERRORS, kind="application/json")) as port:
        answer = await ask(port, taker)
    assert (answer.status, answer.body) == (403, ERRORS)
    async with saying(http(200, ERRORS, kind="application/json")) as port:
        answer = await ask(port, taker)
    with pytest.raises(NotAllowed):
        await taker.finish(answer.body)


async def test_an_answer_that_is_too_large_is_refused_though_it_was_taken():
    async with saying(http(200, BODY, kind="application/json")) as port:
        with pytest.raises(ProtocolError, match="larger"):
            await ask(port, BrowseTaker(None, (), None), most_bytes=len(BODY) - 1)


async def test_an_answer_that_breaks_off_is_an_error():
    page = http(200, BODY, kind="application/json")
    async with saying(page[:-50]) as port:
        with pytest.raises(NotReachable):
            await ask(port, BrowseTaker(None, (), None))


async def test_a_second_attempt_begins_anew():
    taker = BrowseTaker(None, (), None)
    taker.begin()
    await taker.take(BODY[: len(BODY) // 2])
    taker.begin()
    await taker.take(BODY)
    await taker.finish(taker.rest())
    assert len(taker.items) == COUNT


async def test_kinds_and_names_are_chosen_while_they_come():
    taker = BrowseTaker(lambda name: name.endswith("7"), {TagKind.TAG}, None)
    taker.begin()
    await taker.take(BODY)
    await taker.finish(taker.rest())
    assert len(taker.items) == COUNT // 10


async def test_a_slow_window_slows_the_reading_down():
    """What waits for the window is bounded; nothing is lost, and nothing gets stuck."""
    total, ahead, delivered = 60, [], []

    class Inner:
        async def browse(self, patterns=(), kinds=(), *, language="", on_items=None):
            for number in range(total):
                waiting = on_items([number])
                ahead.append(number - len(delivered))
                if waiting is not None:
                    await waiting
            return []

    thread = LinkThread("slow window")
    thread.start()
    try:
        client = ThreadedClient(thread, Inner)
        async with asyncio.timeout(20):
            assert await client.browse(on_items=delivered.append) == []
    finally:
        await thread.close()
    assert delivered == [[number] for number in range(total)]
    assert max(ahead) <= MOST_CHUNKS_AHEAD


async def test_the_traffic_tells_the_whole_size_and_how_the_answer_began():
    told = []

    class Sink:
        def on_exchange(self, exchange):
            told.append(exchange)

    async with saying(http(200, BODY, kind="application/json")) as port:
        await ask(port, BrowseTaker(None, (), None), tap=Wiretap(Sink()))
    answers = [one for one in told if one.status == 200]
    assert [one.received_bytes for one in answers] == [len(BODY)]
    assert answers[0].answer.startswith(BODY[:1000].decode())


async def test_errors_at_the_end_of_what_was_taken_are_told():
    told = []

    class Sink:
        def on_exchange(self, exchange):
            told.append(exchange)

    body = BODY[:-1] + b', "errors": [{"message": "half of it"}]}'
    async with saying(http(200, body, kind="application/json")) as port:
        await ask(port, BrowseTaker(None, (), None), tap=Wiretap(Sink()))
    assert any("half of it" in str(one.problem) for one in told)
