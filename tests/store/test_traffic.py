"""The traffic store: bounded, counted, filtered, and safe between threads."""

from __future__ import annotations

import threading

from tagwerk.domain.connection import LinkCounters
from tagwerk.domain.message import message
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.store.traffic import (
    RateMeter,
    TrafficFilter,
    TrafficStore,
    TrafficTotals,
    TrafficView,
    without_texts,
)

URL = "https://skid21-hmi/graphql/"


def http(number=0, *, status=200, answer="{}", **fields):
    return Exchange(
        number, TrafficKind.HTTP, "tagValues", URL, status, 10, 20, 1.5, "{}", answer, **fields
    )


def test_the_oldest_go_when_the_number_is_reached_and_totals_remember():
    store = TrafficStore(most_records=10)
    for number in range(25):
        store.on_exchange(http(number))
    assert len(store) == 10
    assert [one.at_ns for one in store.all()] == list(range(15, 25))
    assert store.totals == TrafficTotals(
        requests=25, sent_bytes=250, received_bytes=500, pushed_out=15
    )


def test_the_budget_of_memory_holds_and_one_record_always_stays():
    store = TrafficStore(most_bytes=100_000)
    for number in range(200):
        store.on_exchange(http(number, answer="é" * 5_000))
    assert 0 < store.used_bytes <= 100_000
    assert store.all()[-1].at_ns == 199
    small = TrafficStore(most_bytes=10)
    small.on_exchange(http(1))
    small.on_exchange(http(2))
    assert [one.at_ns for one in small.all()] == [2]


def test_used_memory_is_that_of_what_is_kept_after_many_turns():
    store = TrafficStore(most_records=100)
    for number in range(20_000):
        store.on_exchange(http(number))
    fresh = TrafficStore()
    for one in store.all():
        fresh.on_exchange(one)
    assert store.used_bytes == fresh.used_bytes
    assert len(store._records) <= 10_000


def test_problems_are_counted_also_those_that_the_server_names():
    store = TrafficStore()
    store.on_exchange(http(status=500))
    store.on_exchange(http(problem=message("It broke.")))
    store.on_exchange(Exchange(1, TrafficKind.EVENT, "socket closed", status=4401))
    assert store.totals.problems == 2


def test_a_view_follows_filters_and_forgets_what_was_pushed_out():
    store = TrafficStore(most_records=6)
    view = TrafficView(store)
    view.set_filter(TrafficFilter(problems_only=True))
    for number in range(6):
        store.on_exchange(http(number, status=200 if number % 2 else 500))
    assert view.refresh() == (0, 3)
    assert [one.at_ns for one in view.rows()] == [0, 2, 4]
    assert view.refresh() == (0, 0)
    store.on_exchange(http(6, status=404))
    assert view.refresh() == (1, 1)
    assert [one.at_ns for one in view.rows()] == [2, 4, 6]
    assert view.at(0).at_ns == 2
    assert view.at(3) is None
    assert view.number_at(2) == 6


def test_a_view_that_sleeps_long_catches_up():
    store = TrafficStore(most_records=50)
    view = TrafficView(store)
    for number in range(30):
        store.on_exchange(http(number))
    view.refresh()
    for number in range(30, 9_000):
        store.on_exchange(http(number))
    assert view.waiting == 50
    left, came = view.refresh()
    assert (left, came) == (30, 50)
    assert [one.at_ns for one in view.rows()] == list(range(8_950, 9_000))


def test_clearing_empties_views_and_keeps_totals():
    store = TrafficStore()
    view = TrafficView(store)
    store.on_exchange(http(1))
    view.refresh()
    store.clear()
    assert (len(store), store.used_bytes, store.totals.requests) == (0, 0, 1)
    assert view.refresh() == (1, 0)
    store.on_exchange(http(2))
    assert view.refresh() == (0, 1)
    assert view.at(0).at_ns == 2


def test_words_of_the_filter_must_all_be_there_anywhere():
    exchange = http(answer='{"name":"Cooling.TIC2120.PV"}', status=403)
    for text in ("", "tagvalues", "tic2120 403", "skid21 TAGVALUES"):
        assert TrafficFilter(text=text).matches(exchange), text
    assert not TrafficFilter(text="tic2120 404").matches(exchange)
    kinds = frozenset({TrafficKind.SENT, TrafficKind.RECEIVED})
    assert not TrafficFilter(kinds=kinds).matches(exchange)
    assert TrafficFilter(kinds=frozenset({TrafficKind.HTTP})).matches(exchange)


def test_threads_write_while_the_window_reads():
    store = TrafficStore(most_records=500)
    view = TrafficView(store)
    done = threading.Event()

    def write():
        for number in range(4_000):
            store.on_exchange(http(number))
        done.set()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        view.refresh()
        assert all(view.at(row) is not None for row in range(len(view)))
    for thread in threads:
        thread.join()
    view.refresh()
    assert store.totals.requests == 12_000
    assert len(view) == len(store) == 500


def test_rates_are_those_of_the_last_seconds_and_start_anew_with_another_link():
    now = [0.0]
    meter = RateMeter(lambda: now[0])
    assert meter.read(TrafficTotals(), LinkCounters()).messages == 0
    now[0] = 1.0
    rates = meter.read(TrafficTotals(requests=4, sent_bytes=50), LinkCounters(100, 2_000))
    assert (rates.requests, rates.messages, rates.bytes) == (4, 100, 2_050)
    for second in range(2, 12):
        now[0] = float(second)
        rates = meter.read(TrafficTotals(requests=4, sent_bytes=50), LinkCounters(100, 2_000))
    assert rates.messages == 0
    now[0] = 12.0
    assert meter.read(TrafficTotals(), LinkCounters()).requests == 0


def test_a_record_without_texts_tells_no_names():
    bare = without_texts(http(answer='{"name":"TIC2120"}'))
    assert (bare.request, bare.answer, bare.what) == ("", "", "tagValues")
