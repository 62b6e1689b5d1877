"""Where values are polled more slowly than the log keeps them, trends take what lies between."""

from __future__ import annotations

from plant.test_outages import Story
from plant.test_plant import NOW, PV, SECOND
from tagwerk.domain.connection import LinkState
from tagwerk.domain.values import GOOD, LoggedPoint
from tagwerk.store.trends import Source


def polled(seconds, every=4):
    """A plant whose curve got a value every few seconds, and what its history was asked for."""
    story = Story()
    plant = story.plant
    asked = []
    plant.request_history = lambda name, start, end: asked.append((name, start, end))
    story.link(LinkState.LIVE)
    curve = plant.trends.open(PV, step=False)
    for _ in range(seconds // every):
        story.go_on(every)
        story.value(float(story.server_ns // SECOND % 1000))
        plant.drain()
    return story, curve, asked


def logged(start_ns, count, every_s=1.0):
    return [
        LoggedPoint(start_ns + round(i * every_s * SECOND), 500.0 + i, GOOD) for i in range(count)
    ]


def test_a_denser_log_is_asked_for_and_fills_between_the_polls():
    story, curve, asked = polled(20)
    curve.merge_log(logged(NOW - 30 * SECOND, 25), NOW - 30 * SECOND, NOW)  # a value a second
    known = {}
    story.plant.gaps.fill_between_polls(4.0, known)
    assert curve.is_sparse
    assert [name for name, _, _ in asked] == [PV]
    _, start_ns, end_ns = asked[0]
    own = list(curve.times)
    curve.merge_log(logged(start_ns, 10), start_ns, end_ns)
    inside = [time for time in curve.times if start_ns <= time < end_ns]
    assert len(inside) >= 10
    assert set(own) <= set(curve.times)  # what was polled stays
    assert curve.times[-1] == own[-1]  # and the newest is still the newest
    assert curve.segments(start_ns, end_ns)[-1].source is Source.LIVE
    # The next time only what came since is asked for.
    story.go_on(10)
    story.plant.gaps.fill_between_polls(4.0, known)
    assert asked[1][1] == end_ns


def test_a_log_that_is_not_denser_is_left_alone():
    story, curve, asked = polled(20)
    curve.merge_log(logged(NOW - 60 * SECOND, 12, 5.0), NOW - 60 * SECOND, NOW)
    story.plant.gaps.fill_between_polls(4.0, {})
    assert not curve.is_sparse
    assert asked == []


def test_pushed_values_are_not_mixed_with_the_log():
    _story, curve, _asked = polled(20)
    before = list(curve.times)
    curve.merge_log(logged(NOW + SECOND // 2, 10), NOW, NOW + 20 * SECOND)
    assert [time for time in curve.times if time > before[0]] == before[1:]
