"""The latest values: coalescing, staleness, and nothing lost between threads."""

import threading

from tagwerk.domain.values import GOOD, Sample
from tagwerk.store.interest import Interest
from tagwerk.store.live import LiveStore


def sample(name, value, received_ns=100):
    return Sample(name, value, GOOD, received_ns, received_ns)


def test_a_newer_value_replaces_one_that_no_frame_has_seen():
    store = LiveStore()
    store.put([sample("a", 1), sample("a", 2), sample("b", 1)])
    assert store.drain() == {"a", "b"}
    assert store.get("a").value == 2
    assert (store.received, store.coalesced) == (3, 1)
    assert store.drain() == set()


def test_what_no_frame_takes_stays_bounded_and_every_replaced_value_is_counted():
    store = LiveStore()
    for number in range(500):
        store.put([sample("a", number), sample("b", number), sample("a", -number)])
    assert store.drain() == {"a", "b"}
    assert (store.get("a").value, store.get("b").value) == (-499, 499)
    assert store.received == 1_500
    assert store.coalesced == 1_500 - 2
    store.put([sample("a", 1)])
    assert store.coalesced == 1_500 - 2, "a frame has taken what was there before"
    assert len(store) == 2
    store.put([])
    assert store.received == 1_501


def test_nothing_is_live_before_a_link_is_up():
    store = LiveStore()
    assert store.is_stale("never seen")


def test_all_values_are_stale_at_once_and_live_one_by_one():
    store = LiveStore()
    store.mark_live(50)
    store.put([sample("a", 1, 60), sample("b", 1, 60)])
    store.drain()
    assert not store.is_stale("a")
    store.mark_stale(70)
    assert store.is_stale("a")
    assert store.is_stale("b")
    store.mark_live(80)
    assert store.is_stale("a"), "the link is back, but this value is from before"
    store.put([sample("a", 2, 90)])
    store.drain()
    assert not store.is_stale("a")
    assert store.is_stale("b")


def test_forgotten_values_are_gone():
    store = LiveStore()
    store.put([sample("a", 1)])
    store.drain()
    store.forget(["a", "unknown"])
    assert store.get("a") is None
    assert len(store) == 0


def test_no_value_is_lost_between_threads():
    store = LiveStore()
    rounds, names = 2000, [f"t{i}" for i in range(50)]

    def stream():
        for number in range(rounds):
            store.put([sample(name, number) for name in names])

    thread = threading.Thread(target=stream)
    thread.start()
    while thread.is_alive():
        store.drain()
    thread.join()
    store.drain()
    assert {store.get(name).value for name in names} == {rounds - 1}
    assert store.received == rounds * len(names)


def test_interest_is_the_union_of_what_owners_want():
    interest = Interest()
    interest.set("tree", ["a", "b"])
    interest.set("trend", ["b", "c"])
    assert interest.names == {"a", "b", "c"}
    version = interest.version
    interest.set("tree", ["b", "a"])
    assert interest.version == version, "the same again changes nothing"
    interest.drop("tree")
    assert interest.names == {"b", "c"}
    assert interest.of("tree") == frozenset()
    interest.drop("nobody")
    assert interest.version == version + 1
