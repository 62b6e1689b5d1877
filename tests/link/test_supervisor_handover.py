"""A new token replaces the socket: no value lost, none shown twice, nobody notices."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from link.supervision import A, B, after_first_live, open_link
from link.test_supervisor import alarm
from link.tiny_server import until, value
from tagwerk.domain.connection import LinkState
from tagwerk.domain.values import GOOD, Sample
from tagwerk.link.handover import without_known

__all__ = ["open_link"]


async def test_values_at_a_hundred_a_second_through_five_new_tokens(plain, sink, open_link):
    plain.lifetime_s = 2.0  # renewed every second
    plain.new_token_on_extend = True
    plain.alarms = [alarm("High", 1), alarm("Low", 2)]
    link = open_link(plain)
    link.want(frozenset((A, B)))
    link.start()
    await until(lambda: sink.latest(A) and sink.latest(B) and sink.restarts)
    count = 0
    while len(plain.init_tokens) < 6 or count < 300:
        await plain.push(A, 1000 + count)
        count += 1
        await asyncio.sleep(0.01)
        assert count < 3000
    await until(lambda: sink.latest(A).value == 1000 + count - 1)
    shown = [sample.value for sample in sink.samples if sample.name == A and sample.value >= 1000]
    assert shown == sorted(shown)  # never back to an older one
    assert set(shown) == set(range(1000, 1000 + count))  # none lost
    # A tag that changed while two sockets were open is not told twice; one that did not may be.
    assert max(Counter(shown).values()) <= 2
    assert sum(Counter(shown).values()) - count <= 6
    assert after_first_live(sink) == [LinkState.LIVE]
    assert plain.calls.count("login") == 1
    assert link.counters.reconnects == 0
    # Alarms: the same complete list each time, never an empty one.
    assert all(len(complete) == 2 for complete in sink.restarts)
    await until(lambda: len(plain.sockets) == 1)


async def test_a_tag_that_is_wanted_meanwhile_is_not_forgotten(plain, sink, open_link, monkeypatch):
    """A name that the server never answers for keeps both sockets open for a while."""
    monkeypatch.setattr("tagwerk.link.handover.COMPLETE_S", 0.5)
    plain.tags["HMI_RT_1::C"] = value(3)
    link = open_link(plain)
    link.want(frozenset((A, "HMI_RT_1::Ghost")))
    whole = plain._value_of
    plain._value_of = lambda name: {"name": "elsewhere"} if "Ghost" in name else whole(name)
    link.start()
    await until(lambda: sink.latest(A))
    plain.tokens.clear()
    await link.client.read([A])  # logs in again: a new token
    await until(lambda: len(plain.sockets) == 2)
    link.want(frozenset((A, "HMI_RT_1::Ghost", "HMI_RT_1::C")))
    await until(lambda: sink.latest("HMI_RT_1::C"))
    await until(lambda: len(plain.sockets) == 1)
    await plain.push("HMI_RT_1::C", 33)
    await until(lambda: sink.latest("HMI_RT_1::C").value == 33)
    assert after_first_live(sink) == [LinkState.LIVE]


async def test_a_new_socket_that_does_not_come_up_costs_nothing(
    plain, sink, open_link, monkeypatch
):
    monkeypatch.setattr("tagwerk.link.live_link.RETRY_S", 0.1)
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    plain.socket_status = 503
    plain.tokens.clear()
    await link.client.read([A])
    await asyncio.sleep(0.3)
    await plain.push(A, 7)
    await until(lambda: sink.latest(A).value == 7)
    plain.socket_status = 0
    await until(lambda: len(plain.init_tokens) == 2 and len(plain.sockets) == 1)
    await plain.push(A, 8)
    await until(lambda: sink.latest(A).value == 8)
    assert after_first_live(sink) == [LinkState.LIVE]


async def test_an_old_socket_that_the_server_closes_with_its_token_is_no_loss(
    plain, sink, open_link, monkeypatch
):
    """Some servers close the old token's socket as soon as there is a new token."""
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    old = plain.sockets[0]
    on_message = plain._on_message

    async def closing(socket, message):
        await on_message(socket, message)
        if message["type"] == "subscribe" and socket is not old:
            await old.close(code=4403)

    plain._on_message = closing
    plain.tokens.clear()
    await link.client.read([A])
    await until(lambda: len(plain.init_tokens) >= 2 and len(plain.sockets) == 1)
    await plain.push(A, 9)
    await until(lambda: sink.latest(A).value == 9 and sink.is_live)


def sample(number, *, time_ns=None, name=A):
    return Sample(name, number, GOOD, 1000 * number if time_ns is None else time_ns, 0)


@given(
    total=st.integers(1, 30),
    start=st.integers(0, 29),
    cut=st.integers(0, 30),
    end=st.integers(0, 30),
)
def test_both_streams_together_bring_each_value_once(total, start, cut, end):
    """The old stream from its beginning to the cut, the new one from any state to the end."""
    values = [sample(number) for number in range(total)]
    cut = max(min(cut, total), 1)
    start = min(start, cut - 1)
    end = min(max(end, start + 1), total)
    passed, kept = values[:cut], values[start:end]
    shown = [one.value for one in passed + without_known(passed, kept)]
    assert shown == list(range(max(cut, end)))


def test_a_state_from_before_the_overlap_is_not_shown_again():
    passed = [sample(5), sample(6)]
    kept = [sample(4), sample(5), sample(6), sample(7)]
    assert [one.value for one in without_known(passed, kept)] == [7]


def test_a_tag_that_did_not_change_is_told_by_the_new_stream_alone():
    assert without_known([sample(1, name=B)], [sample(4)]) == [sample(4)]


def test_not_a_number_is_the_same_as_itself():
    nan = Sample(A, float("nan"), GOOD, 5, 0)
    again = Sample(A, float("nan"), GOOD, 5, 9)
    assert without_known([sample(1), nan], [sample(1), again]) == []


def test_values_without_times_are_told_apart_by_their_order():
    passed = [Sample(A, number, GOOD, None, 0) for number in (1, 2, 1)]
    kept = [Sample(A, number, GOOD, None, 0) for number in (1, 2, 1, 2)]
    assert [one.value for one in without_known(passed, kept)] == [2]


def test_what_the_old_stream_had_no_time_for_is_not_lost():
    assert without_known([sample(1)], [sample(3)]) == [sample(3)]
