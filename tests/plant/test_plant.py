"""The plant: what streams in becomes frames; a lost link makes everything stale at once."""

import asyncio

import pytest

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    ConnectionProfile,
    LinkCounters,
    LinkState,
    LinkStatus,
    Session,
)
from tagwerk.domain.errors import ServerRefused
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.values import GOOD, LoggedSeries, Sample
from tagwerk.plant import Plant, audit_file

NOW = 1_800_000_000_000_000_000
SECOND = 1_000_000_000
PV = "HMI_RT_1::Cooling.TIC2120.PV"


class Client:
    def __init__(self):
        self.capabilities = Capabilities(frozenset(Capability))
        self.spans = []
        self.browse_error = None

    async def browse(self, patterns=(), kinds=(), *, language="en-US", on_items=None):
        if self.browse_error is not None:
            raise self.browse_error
        items = [BrowseItem(PV, "Return temperature", TagKind.TAG, "LReal")]
        on_items(items)
        return items

    async def history(self, names, start_ns, end_ns, *, limit=0, bounding=False):
        self.spans.append((tuple(names), start_ns, end_ns))
        return [LoggedSeries(name, "", []) for name in names]


class Link:
    def __init__(self):
        self.client = Client()
        self.wanted = []
        self.languages = []
        self.counters = LinkCounters()

    def want(self, names, quick=frozenset()):
        self.wanted.append(names)

    def set_language(self, language):
        self.languages.append(language)


@pytest.fixture
def plant():
    plant = Plant(ConnectionProfile("Skid", "https://h:8443/graphql/"), clock_ns=lambda: NOW)
    plant.attach(Link())
    return plant


def live(since_ns=NOW):
    session = Session("operator")
    return LinkStatus(
        LinkState.LIVE, since_ns, session=session, capabilities=Capabilities(frozenset(Capability))
    )


def lost(at_ns):
    return LinkStatus(LinkState.RECONNECTING, at_ns, lost_at_ns=at_ns)


def sample(value, at_ns=NOW):
    return Sample(PV, value, GOOD, at_ns, at_ns)


@pytest.mark.parametrize(
    "deliver",
    [
        lambda plant: plant.on_samples([sample(1.0)]),
        lambda plant: plant.on_alarms([]),
        lambda plant: plant.on_alarms_restart([]),
        lambda plant: plant.on_status(live()),
    ],
)
def test_who_rests_is_told_once_of_what_is_delivered(plant, deliver):
    told = []
    plant.tell_news(lambda: told.append("news"))
    assert not told
    deliver(plant)
    deliver(plant)
    assert told == ["news"]
    plant.tell_news(lambda: told.append("more"))
    plant.tell_news(None)
    deliver(plant)
    assert told == ["news"]


def test_what_it_is_told_of_is_in_the_next_frame(plant):
    frames = []
    plant.tell_news(lambda: frames.append(plant.drain()))
    plant.on_samples([sample(1.0)])
    assert [frame.values for frame in frames] == [{PV}]


def test_values_become_frames(plant):
    plant.on_status(live())
    plant.on_samples([sample(21.5)])
    frame = plant.drain()
    assert frame.values == {PV}
    assert frame.status.state is LinkState.LIVE
    assert plant.live.get(PV).value == 21.5
    assert plant.drain().is_quiet or plant.drain().is_quiet


def test_a_lost_link_makes_everything_stale_and_locks_writing(plant):
    plant.on_status(live())
    plant.on_samples([sample(21.5)])
    plant.drain()
    plant.writes.arm(600)
    assert not plant.live.is_stale(PV)
    plant.on_status(lost(NOW + SECOND))
    plant.drain()
    assert plant.live.is_stale(PV)
    assert not plant.arming.armed


def test_what_panels_want_is_subscribed_once(plant):
    plant.drain()
    plant.interest.set("tagTree", [PV])
    plant.interest.set("trend:1", [PV])
    plant.drain()
    plant.drain()
    assert plant.link.wanted == [frozenset({PV})]


def test_a_value_from_before_is_not_shown_when_a_tag_is_wanted_again(plant):
    plant.on_status(live())
    plant.interest.set("tagTree", [PV])
    plant.drain()
    plant.on_samples([sample(21.5)])
    plant.drain()
    assert plant.live.get(PV).value == 21.5
    plant.interest.set("tagTree", [])
    plant.drain()
    plant.on_samples([sample(22.0)])  # was under way when the subscription ended
    plant.interest.set("tagTree", [PV])
    plant.drain()
    assert plant.live.get(PV) is None
    plant.on_samples([sample(23.0)])
    plant.drain()
    assert plant.live.get(PV).value == 23.0


async def test_names_are_read_when_the_link_is_up_first(plant):
    task = asyncio.create_task(plant.run())
    plant.on_status(live())
    plant.drain()
    async with asyncio.timeout(5):
        while not plant.browse_state.done:
            await asyncio.sleep(0)
    assert plant.drain().tree
    assert plant.tag(PV).display_name == "Return temperature"
    assert plant.tag(PV).data_type.text == "LReal"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_refused_browse_is_told_in_the_server_s_words(plant):
    plant.link.client.browse_error = ServerRefused("Access denied", cure="Ask.", code="FORBIDDEN")
    task = asyncio.create_task(plant.run())
    plant.on_status(live())
    plant.drain()
    async with asyncio.timeout(5):
        while not plant.browse_state.error:
            await asyncio.sleep(0)
    assert str(plant.browse_state.error) == "Access denied"
    assert not plant.browse_state.done
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_hole_is_read_from_the_log_when_the_link_is_back(plant, monkeypatch):
    monkeypatch.setattr("tagwerk.plant.gaps.LOG_DELAY_S", 0)
    plant.trends.open(PV, step=False)
    task = asyncio.create_task(plant.run())
    plant.on_status(live())
    plant.on_samples([sample(21.5)])
    plant.drain()
    plant.on_status(lost(NOW + SECOND))
    plant.drain()
    plant.on_status(live(NOW + 60 * SECOND))
    plant.drain()
    async with asyncio.timeout(5):
        while not plant.link.client.spans:
            await asyncio.sleep(0)
    names, start_ns, _end_ns = plant.link.client.spans[-1]
    assert names == (PV,)
    assert NOW <= start_ns <= NOW + 60 * SECOND
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    plant.trends.close(PV)


def test_a_new_language_reaches_the_server(plant):
    plant.language = "de"
    plant.language = "de"
    assert plant.link.languages == ["de-DE"]


def test_each_server_has_its_own_evidence(tmp_path):
    for url in ("https://skid-21:8443/graphql/", "http://SKID-21:4000/graphql"):
        path = audit_file(tmp_path, ConnectionProfile("x", url))
        assert path == tmp_path / "audit" / "skid-21.jsonl"
    assert audit_file(tmp_path, ConnectionProfile("x", "https://[::1]/")).name == "_1.jsonl"
