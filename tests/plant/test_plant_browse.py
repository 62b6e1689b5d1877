"""Names are read only from a server that is there, and the old ones stay until the new ones are."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from plant.test_plant import NOW, PV, SECOND, Client, Link, live, lost
from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.values import GOOD, LoggedPoint, LoggedSeries, Sample
from tagwerk.plant import Plant

COUNTER = "HMI_RT_1::Counter"
SERIAL = "HMI_RT_1::Serial"
BIG = 9_223_372_036_854_775_807


class Names(Client):
    """Answers a browse when told to."""

    def __init__(self):
        super().__init__()
        self.languages = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.points = []

    async def browse(self, patterns=(), kinds=(), *, language="en-US", on_items=None):
        self.languages.append(language)
        word = {"de-DE": "Rücklauf"}.get(language, "Return")
        on_items([BrowseItem(PV, word, TagKind.TAG, "LReal")])
        await self.go_on.wait()
        if self.browse_error is not None:
            raise self.browse_error
        on_items(
            [
                BrowseItem(COUNTER, word, TagKind.TAG, "LInt"),
                BrowseItem(SERIAL, word, TagKind.TAG, "WString"),
            ]
        )
        return []

    async def history(self, names, start_ns, end_ns, *, limit=0, bounding=False):
        return [LoggedSeries(name, "", list(self.points)) for name in names]


@pytest.fixture
def plant():
    plant = Plant(ConnectionProfile("Skid", "https://h:8443/graphql/"), clock_ns=lambda: NOW)
    link = Link()
    link.client = Names()
    plant.attach(link)
    return plant


@asynccontextmanager
async def running(plant):
    task = asyncio.create_task(plant.run())
    plant.on_status(live())
    plant.drain()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def browsed(plant):
    await until(lambda: plant.browse_state.done and not plant.browse_state.running)
    plant.drain()


async def test_another_language_keeps_the_old_names_until_the_new_ones_are_complete(plant):
    async with running(plant):
        await browsed(plant)
        assert plant.tag(PV).display_name == "Return"
        assert not plant.browse_state.again
        assert plant.browse_state.count == plant.tree.tag_count
        plant.client.go_on.clear()
        plant.language = "de"
        await until(lambda: plant.browse_state.running)
        assert plant.browse_state.again
        plant.drain()
        assert plant.tree.tag_count == 3
        assert plant.tag(COUNTER).display_name == "Return"
        assert plant.tag(PV).data_type.text == "LReal"
        plant.client.go_on.set()
        await browsed(plant)
        assert plant.tag(COUNTER).display_name == "Rücklauf"
        assert plant.tree.tag_count == 3


async def test_another_language_while_the_link_is_down_empties_nothing(plant):
    async with running(plant):
        await browsed(plant)
        plant.on_status(lost(NOW + SECOND))
        plant.drain()
        plant.language = "de"
        for _ in range(20):
            await asyncio.sleep(0)
            plant.drain()
        assert plant.client.languages == ["en-US"]
        assert plant.tree.tag_count == 3
        plant.on_status(live(NOW + 2 * SECOND))
        plant.drain()
        await until(lambda: plant.client.languages == ["en-US", "de-DE"])
        await browsed(plant)
        assert plant.tag(PV).display_name == "Rücklauf"


async def test_a_browse_that_fails_again_keeps_what_is_there(plant):
    async with running(plant):
        await browsed(plant)
        plant.client.browse_error = NotReachable("Gone.")
        plant.refresh_browse()
        await until(lambda: plant.browse_state.error)
        plant.drain()
        assert plant.tree.tag_count == 3
        assert plant.browse_state.done


async def test_a_browse_that_the_link_cut_short_is_begun_again_when_it_is_back(plant):
    plant.client.go_on.clear()
    async with running(plant):
        await until(lambda: plant.client.languages == ["en-US"])
        plant.on_status(lost(NOW + SECOND))
        plant.drain()
        await until(lambda: not plant.browse_state.running)
        plant.client.go_on.set()
        plant.on_status(live(NOW + 2 * SECOND))
        plant.drain()
        await browsed(plant)
        assert plant.tree.tag_count == 3


async def test_a_cancelled_browse_delivers_nothing_more(plant):
    async with running(plant):
        await browsed(plant)
        taken = []
        good = plant.client.browse

        async def slow(*arguments, on_items, **keywords):
            taken.append(on_items)
            return await good(*arguments, on_items=on_items, **keywords)

        plant.client.browse = slow
        plant.client.go_on.clear()
        plant.language = "de"
        await until(lambda: taken)
        plant.cancel_browse()
        await until(lambda: not plant.browse_state.running)
        taken[0]([BrowseItem("HMI_RT_1::Late", "", TagKind.TAG, "Int")])
        plant.drain()
        assert plant.tree.find("HMI_RT_1::Late") is None
        assert plant.tree.tag_count == 3


# Types that only the browse knows


def text_sample(name, text, at_ns=NOW):
    return Sample(name, text, GOOD, at_ns, at_ns)


async def test_an_integer_that_came_as_text_is_an_integer_in_the_stores(plant):
    plant.trends.open(COUNTER, step=True)
    plant.interest.set("trend", [COUNTER, SERIAL])
    async with running(plant):
        await browsed(plant)
        plant.on_samples([text_sample(COUNTER, str(BIG)), text_sample(SERIAL, "0042")])
        plant.drain()
        assert plant.live.get(COUNTER).value == BIG
        assert plant.live.get(SERIAL).value == "0042"
        assert [row.value for row in plant.trends.curve(COUNTER).rows(0, 2**62)] == [float(BIG)]
    plant.trends.close(COUNTER)


async def test_a_text_that_came_before_the_type_was_known_is_put_right(plant):
    plant.client.go_on.clear()
    plant.interest.set("tagTree", [COUNTER])
    async with running(plant):
        plant.on_samples([text_sample(COUNTER, "42")])
        plant.drain()
        assert plant.live.get(COUNTER).value == "42"
        plant.client.go_on.set()
        await browsed(plant)
        plant.drain()
        assert plant.live.get(COUNTER).value == 42


async def test_logged_integers_that_came_as_text_are_drawn(plant):
    plant.client.points = [LoggedPoint(NOW - SECOND, str(BIG), GOOD)]
    plant.trends.open(COUNTER, step=True)
    async with running(plant):
        await browsed(plant)
        plant.request_history(COUNTER, NOW - 2 * SECOND, NOW)
        await until(lambda: len(plant.trends.curve(COUNTER)))
        assert [row.value for row in plant.trends.curve(COUNTER).rows(0, 2**62)] == [float(BIG)]
    plant.trends.close(COUNTER)


async def test_what_nobody_wants_any_more_is_not_shown_as_live(plant):
    async with running(plant):
        plant.interest.set("tagTree", [PV])
        plant.on_samples([text_sample(PV, 1.0)])
        plant.drain()
        plant.interest.set("tagTree", [])
        plant.drain()
        plant.on_samples([text_sample(PV, 2.0)])  # was on its way
        frame = plant.drain()
        assert plant.live.get(PV) is None
        assert not frame.values
        plant.interest.set("tagTree", [PV])
        plant.drain()
        plant.on_samples([text_sample(PV, 3.0)])
        plant.drain()
        assert plant.live.get(PV).value == 3.0
