"""The banner on show while others come and go."""

from __future__ import annotations

import pytest

from tagwerk.ui.banner import Banner, BannerBar

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("qapp")]


def buttons(bar):
    """In the layout: those taken out of it are only deleted later."""
    items = [bar._actions.itemAt(place) for place in range(bar._actions.count())]
    return [item.widget() for item in items]


def test_a_button_stays_the_same_while_other_banners_come_and_go():
    bar, called = BannerBar(), []

    def retry():
        called.append("retry")

    bar.put("link", Banner("bad", "Not reachable", "", (("Try now", "", retry),)))
    [button] = buttons(bar)
    bar.put("other", Banner("info", "Saved", ""))
    assert buttons(bar) == [button]
    bar.put("link", Banner("bad", "Not reachable", "attempt 2", (("Try now", "", retry),)))
    assert buttons(bar) == [button]
    bar.drop("other")
    button.click()
    assert called == ["retry"]


def test_another_action_is_another_button():
    bar, called = BannerBar(), []
    for word in ("first", "second"):
        action = (word, "", lambda word=word: called.append(word))
        bar.put("link", Banner("bad", "Not reachable", "", (action,)))
    [button] = buttons(bar)
    button.click()
    assert called == ["second"]
