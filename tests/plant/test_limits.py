"""Ranges that the server's configuration has: where no sheet says otherwise."""

from __future__ import annotations

from tagwerk.domain.tags import BrowseItem, TagKind, TagLimits
from tagwerk.plant.info import merge_tag_info
from tagwerk.sheets import TagSheet

ITEM = BrowseItem("PLC_1::A", "A", TagKind.TAG, "LReal")


def test_limits_of_the_server_are_the_range():
    info = merge_tag_info(ITEM.name, ITEM, None, "en", TagLimits(1.0, 9.0))
    assert (info.low, info.high) == (1.0, 9.0)


def test_without_any_there_is_none():
    info = merge_tag_info(ITEM.name, ITEM, TagSheet().find("A"), "en")
    assert (info.low, info.high) == (None, None)


def test_one_bound_is_one_bound():
    info = merge_tag_info(ITEM.name, ITEM, None, "en", TagLimits(None, 9.0))
    assert (info.low, info.high) == (None, 9.0)
