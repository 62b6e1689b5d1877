"""Who wants which tags, and which of them often."""

from __future__ import annotations

from tagwerk.store.interest import Interest


def test_the_union_is_wanted_and_quick_is_what_a_curve_needs():
    interest = Interest()
    interest.set("tagTree", ["A", "B"])
    interest.set("trend:1", ["B", "C"], quick=True)
    assert interest.names == {"A", "B", "C"}
    assert interest.quick_names == {"B", "C"}
    interest.set("trend:1", [], quick=True)
    assert interest.quick_names == frozenset()
    interest.set("trend:1", ["C"], quick=True)
    interest.drop("trend:1")
    assert interest.quick_names == frozenset()
    assert interest.names == {"A", "B"}
