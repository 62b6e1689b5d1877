"""Live values in the tag tree: only what changed is painted, and it looks as if all had been."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion

from tagwerk.domain.values import BAD, GOOD, Sample
from ui.test_browser import NOW, PV, RUNNING, SP, Bench, plant

__all__ = ["plant"]
pytestmark = pytest.mark.ui


@pytest.fixture
def bench(qapp, plant):
    made = Bench()
    made.panel.resize(600, 700)
    made.show(plant)
    made.panel.tree.expandAll()
    yield made
    made.panel.close()
    made.panel.deleteLater()


def put(bench, plant, name, value, quality=GOOD):
    plant.live.put([Sample(name, value, quality, NOW, NOW)])
    plant.live.drain()


def lines(bench, plant):
    """Where the rows of tags are, by name."""
    outline = bench.panel.model.outline
    return {
        outline.tree.name(outline.node(handle)): (handle, line)
        for handle, line in bench.panel.tree.visible_rows()
        if outline.node(handle)
    }


def dirty(bench, plant, name):
    """What is asked to be painted for a new value of a tag."""
    tree = bench.panel.tree
    handle, line = lines(bench, plant)[name]
    left = tree._painter.value_left(handle, float(tree.viewport().width()))
    return line if left is None else QRect(line).adjusted(left, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (PV, 21.5, 22.25),
        (PV, 1.0, 59.99),
        (SP, 7.0, -7.125),
        (RUNNING, True, False),
        (SP, 7.0, 123_456_789_012.5),
        (SP, 123_456_789_012.5, 7.0),
    ],
)
def test_a_new_value_painted_alone_looks_as_if_all_was_painted(bench, plant, name, before, after):
    viewport = bench.panel.tree.viewport()
    put(bench, plant, name, before)
    picture = viewport.grab()
    put(bench, plant, name, after)
    area = dirty(bench, plant, name)
    whole: list[QRect] = []
    viewport.update = lambda rect=None: whole.append(rect)  # what the painter could not do alone
    viewport.render(picture, area.topLeft(), QRegion(area))
    for rect in whole:
        viewport.render(picture, rect.topLeft(), QRegion(rect))
    assert picture.toImage() == viewport.grab().toImage()


def test_a_change_of_quality_is_seen_too(bench, plant):
    viewport = bench.panel.tree.viewport()
    put(bench, plant, PV, 21.5)
    picture = viewport.grab()
    put(bench, plant, PV, 21.5, BAD)
    area = dirty(bench, plant, PV)
    viewport.render(picture, area.topLeft(), QRegion(area))
    assert picture.toImage() == viewport.grab().toImage()


def test_names_are_painted_once_and_values_as_often_as_they_change(bench, plant, monkeypatch):
    tree = bench.panel.tree
    put(bench, plant, PV, 21.5)
    picture = tree.viewport().grab()
    painted: list[int] = []
    monkeypatch.setattr(
        type(tree._painter), "_names", lambda _self, *rest: painted.append(rest[-2])
    )
    for value in (22.5, 23.5, 24.5):
        put(bench, plant, PV, value)
        area = dirty(bench, plant, PV)
        assert area.left() > 0
        tree.viewport().render(picture, area.topLeft(), QRegion(area))
    assert painted == []
    tree.viewport().grab()
    assert painted
