"""``watch --count-only``: values go through a window's slots, and only figures come out."""

from __future__ import annotations

import gc
import io
import json
from types import SimpleNamespace

import pytest

from tagwerk.cli.counting import Counter, CountingQueue
from tagwerk.cli.output import Console
from tagwerk.cli.watch import rare_collections
from tagwerk.domain.connection import LinkCounters
from tagwerk.domain.values import GOOD, Sample


def samples(*values):
    return [Sample("a", value, GOOD, 1, 1) for value in values]


def counter(*, every_s=None, as_json=True):
    out, sink = io.StringIO(), CountingQueue()
    link = SimpleNamespace(counters=LinkCounters(bytes=1_000))
    console = Console(out=out, err=io.StringIO(), json=as_json)
    return Counter(console, link, sink, every_s=every_s), sink, link, out


def test_values_that_no_frame_would_have_shown_are_coalesced():
    made, sink, link, out = counter()
    sink.on_samples(samples(1, 2, 3))
    made.frame()
    sink.on_samples(samples(4))
    made.frame()
    link.counters = LinkCounters(bytes=5_000)
    made.finish()
    document = json.loads(out.getvalue())
    assert (document["received"], document["coalesced"]) == (4, 2)
    assert document["bytes"] == 5_000
    assert document["cpu_seconds"] >= 0


def test_memory_is_bounded_by_the_tags_where_no_frame_comes():
    _made, sink, _link, _out = counter()
    for _ in range(1_000):
        sink.on_samples(samples(1, 2))
    assert sink.live.drain() == {"a"}
    assert (sink.live.received, sink.live.coalesced) == (2_000, 1_999)


def test_a_line_for_each_interval_and_one_at_the_end():
    made, sink, _link, out = counter(every_s=1e-9)
    for _ in range(3):
        sink.on_samples(samples(1, 2))
        made.frame()
    made.finish()
    *intervals, total = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [one["received"] for one in intervals] == [2, 2, 2]
    assert [one["coalesced"] for one in intervals] == [1, 1, 1]
    assert (total["received"], total["coalesced"]) == (6, 3)


def test_people_get_sentences():
    made, sink, _link, out = counter(every_s=1e-9, as_json=False)
    sink.on_samples(samples(1, 2))
    made.frame()
    made.finish()
    interval, total = out.getvalue().splitlines()
    assert "1 coalesced" in interval
    assert total.startswith("2 values in ")


@pytest.mark.parametrize(("before", "meanwhile"), [(700, 50_000), (90_000, 90_000), (0, 0)])
def test_the_collector_looks_rarely_while_values_come_and_as_before_then(before, meanwhile):
    ours = gc.get_threshold()
    try:
        gc.set_threshold(before, 11, 12)
        with rare_collections():
            assert gc.get_threshold() == (meanwhile, 11, 12)
        assert gc.get_threshold() == (before, 11, 12)
    finally:
        gc.set_threshold(*ours)
