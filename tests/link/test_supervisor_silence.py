"""Half-open, held up, silent: said within two seconds, given up within five."""

from __future__ import annotations

import asyncio
import time

import pytest

from link.supervision import A, after_first_live, open_link, pong_seen, relay_to, seconds_since
from link.tiny_server import until
from tagwerk.domain.connection import LinkState
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.ports import WriteItem
from tagwerk.link.liveness import Liveness, Patience

__all__ = ["open_link", "relay_to"]
TAG = frozenset((A,))


async def live_through(relay, sink, open_link, **options):
    link = open_link(relay, **options)
    link.want(TAG)
    link.start()
    await until(lambda: sink.latest(A) and sink.is_live)
    return link


async def test_held_up_is_stale_and_then_live_again_with_all_that_was_held_up(
    plain, sink, open_link, relay_to
):
    relay = relay_to(plain)
    link = await live_through(relay, sink, open_link, ping_s=0.4)
    await until(lambda: pong_seen(link))
    relay.pause()
    paused_ns = time.time_ns()
    for number in range(5):
        await plain.push(A, 100 + number)
    await until(lambda: sink.last.state is LinkState.STALE)
    assert abs(sink.last.lost_at_ns - paused_ns) < 1_500_000_000
    assert "no sign of life" in str(sink.last.detail)
    assert sink.last.session is not None
    relay.resume()
    await until(lambda: sink.latest(A).value == 104)
    assert [sample.value for sample in sink.samples[-5:]] == [100, 101, 102, 103, 104]
    assert after_first_live(sink) == [LinkState.LIVE, LinkState.STALE, LinkState.LIVE]
    assert sink.last.lost_at_ns is None
    back = sink.last.since_ns
    assert all(sample.received_ns >= back for sample in sink.samples[-5:])
    assert plain.calls.count("login") == 1
    assert len(plain.init_tokens) == 1  # the same socket
    assert link.counters.reconnects == 0


async def test_a_silence_with_the_usual_times_is_lost_within_five_seconds(
    secure, sink, open_link, relay_to, ca_trust
):
    relay = relay_to(secure, "https")
    link = await live_through(relay, sink, open_link, trust=ca_trust, timeout_s=15.0)
    await until(lambda: pong_seen(link))
    relay.half_open()
    began_s = time.monotonic()
    reading = asyncio.ensure_future(link.client.read([A]))
    writing = asyncio.ensure_future(link.client.write([WriteItem(A, 5)]))
    await until(lambda: sink.last.state is LinkState.STALE)
    stale_s = (sink.last.since_ns - sink.last.lost_at_ns) / 1e9
    assert 1.9 <= stale_s <= 3.5
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert (sink.last.since_ns - sink.last.lost_at_ns) / 1e9 <= 6.0
    assert sink.last.error.code == "silent"
    # What waited on the dead link is told now, not after its own fifteen seconds.
    read, written = await asyncio.gather(reading, writing, return_exceptions=True)
    assert seconds_since(began_s) < 9
    assert isinstance(read, NotReachable)
    assert isinstance(written, NotReachable)
    assert written.may_have_arrived
    assert secure.calls.count("writeTagValues") == 1  # that of the rights
    relay.heal()
    await until(lambda: sink.is_live)
    assert sink.last.lost_at_ns is None


async def test_a_silence_is_lost_when_it_was_polled_too(
    plain, sink, open_link, relay_to, monkeypatch
):
    monkeypatch.setattr("tagwerk.link.feeds.POLL_VALUES_S", 0.2)
    plain.socket_status = 404
    relay = relay_to(plain)
    link = await live_through(relay, sink, open_link, ping_s=0.4, timeout_s=15.0)
    relay.half_open()
    reading = asyncio.ensure_future(link.client.read([A]))
    await until(lambda: sink.last.state is LinkState.STALE)
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert sink.last.error.code == "silent"
    with pytest.raises(NotReachable):
        await reading


async def test_polling_nothing_still_asks_for_signs_of_life(plain, sink, open_link, relay_to):
    plain.socket_status = 404
    relay = relay_to(plain)
    link = open_link(relay, ping_s=0.4)
    link.start()
    await until(lambda: sink.is_live and plain.calls.count("__typename") >= 2)
    relay.half_open()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)


async def test_where_pings_are_swallowed_http_tells(plain, sink, open_link, relay_to):
    """The socket brings nothing, and no pong either: questions over HTTP keep it live."""
    plain.answers_pings = False
    relay = relay_to(plain)
    await live_through(relay, sink, open_link, ping_s=0.3)
    questions = plain.calls.count("__typename")
    await until(lambda: plain.calls.count("__typename") >= questions + 5)
    assert after_first_live(sink) == [LinkState.LIVE]
    relay.half_open()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)


async def test_who_has_answered_pings_must_go_on_answering_them(plain, sink, open_link, relay_to):
    """HTTP alone says nothing about a socket that used to answer."""
    relay = relay_to(plain)
    link = await live_through(relay, sink, open_link, ping_s=0.3)
    await until(lambda: pong_seen(link))
    relay.half_open()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert "silent" in str(sink.last.detail)


class Clocked:
    """A `Liveness` on a loop, with signs of life by hand."""

    def __init__(self, ask_s):
        self.told = []
        self.heard_s = 0.0
        self.liveness = Liveness(
            Patience.of(ask_s),
            heard_s=lambda: self.heard_s,
            ask=lambda: self.told.append("ask"),
            on_quiet=lambda: self.told.append("quiet"),
            on_life=lambda: self.told.append("life"),
            on_lost=lambda: self.told.append("lost"),
        )


async def test_silence_is_asked_about_said_and_given_up_in_this_order():
    watched = Clocked(0.05)
    watched.liveness.start()
    await until(lambda: "lost" in watched.told)
    assert watched.told[0] == "ask"
    assert watched.told.count("quiet") == watched.told.count("lost") == 1
    assert watched.told.index("quiet") < watched.told.index("lost")
    assert watched.told.count("ask") >= 2
    watched.liveness.stop()


async def test_a_computer_that_slept_asks_before_it_gives_up(monkeypatch):
    watched = Clocked(0.2)
    loop = asyncio.get_running_loop()
    watched.liveness.start()
    true_time = loop.time
    monkeypatch.setattr(loop, "time", lambda: true_time() + 3600)
    await until(lambda: "ask" in watched.told)
    assert "lost" not in watched.told
    watched.heard_s = loop.time()
    watched.liveness.stop()


async def test_who_watches_stays_quiet_while_all_is_well():
    watched = Clocked(0.1)
    loop = asyncio.get_running_loop()
    watched.liveness.start()
    end_s = loop.time() + 0.5
    while loop.time() < end_s:
        watched.heard_s = loop.time()
        await asyncio.sleep(0.01)
    watched.liveness.stop()
    assert "lost" not in watched.told
    assert watched.told.count("quiet") == watched.told.count("life")
