"""Names are there at once at the next start, marked as kept, until the server has told its own."""

from __future__ import annotations

import asyncio
import gc

import pytest

from plant.test_plant import NOW, PV, SECOND, Link, live
from plant.test_plant_browse import (
    BIG,
    COUNTER,
    SERIAL,
    Names,
    browsed,
    running,
    text_sample,
)
from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.plant import KeptNames, Plant
from tagwerk.plant.kept import MOST_FILES, server_identity
from tagwerk.store.tree import TagTree

PROFILE = ConnectionProfile("Skid", "https://h:8443/graphql/", user="eva")
OLD = "HMI_RT_1::OfYesterday"


def tag(name, data_type="LReal"):
    return BrowseItem(name, "", TagKind.TAG, data_type)


def tree_of(*items):
    tree = TagTree()
    tree.put(list(items))
    tree.finish()
    return tree


@pytest.fixture
def kept(tmp_path):
    return KeptNames(tmp_path, PROFILE)


def make_plant(kept):
    plant = Plant(PROFILE, clock_ns=lambda: NOW, kept=kept)
    link = Link()
    link.client = Names()
    plant.attach(link)
    return plant


async def shown_kept(plant):
    await until_real(lambda: plant.browse_state.kept_ns)
    plant.drain()


async def until_real(condition):
    """A file is read in a thread: turns of the loop alone do not wait for it."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


async def test_names_are_kept_after_a_browse_and_there_at_the_next_start(kept):
    first = make_plant(kept)
    async with running(first):
        await browsed(first)
        await until_real(lambda: kept.exists)
    assert first.browse_state.kept_ns == 0
    second = make_plant(kept)
    task = asyncio.create_task(second.run())
    try:
        await shown_kept(second)
        assert second.browse_state.kept_ns == NOW
        assert not second.browse_state.done
        assert second.tree.tag_count == 3
        assert second.client.languages == [], "the server is not there yet"
        assert [item.name for item in second.tree.search("serial").items] == [SERIAL]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_fresh_names_take_the_place_of_kept_ones_and_are_counted(kept):
    kept.save(tree_of(tag(OLD), tag(PV)), 5 * SECOND)
    plant = make_plant(kept)
    plant.client.go_on.clear()
    async with running(plant):
        await shown_kept(plant)
        await until_real(lambda: plant.browse_state.running)
        assert plant.browse_state.kept_ns == 5 * SECOND
        assert plant.tree.find(OLD) is not None, "the old ones stay until all new ones are there"
        generation = plant.tree.generation
        plant.client.go_on.set()
        await until_real(lambda: plant.browse_state.done)
        assert plant.drain().tree
        assert plant.tree.generation > generation
        assert plant.tree.find(OLD) is None
        state = plant.browse_state
        assert (state.kept_ns, state.fresh, state.gone) == (0, 2, 1)
        plant.names.dismiss_news()
        assert (plant.browse_state.fresh, plant.browse_state.gone) == (0, 0)
        await until_real(lambda: kept.load().tree.find(SERIAL) is not None)


async def test_kept_names_stay_when_the_browse_fails(kept):
    kept.save(tree_of(tag(OLD)), 5 * SECOND)
    plant = make_plant(kept)
    plant.client.browse_error = NotReachable("Gone.")
    async with running(plant):
        await until_real(lambda: plant.browse_state.error)
        assert plant.browse_state.kept_ns == 5 * SECOND
        assert plant.tree.find(OLD) is not None
    assert kept.load().tree.find(OLD) is not None


async def test_a_type_of_an_older_project_makes_no_other_value_of_what_comes_today(kept):
    kept.save(tree_of(tag(SERIAL, "LInt"), tag(COUNTER, "LInt")), 5 * SECOND)
    plant = make_plant(kept)
    plant.client.go_on.clear()
    plant.interest.set("tagTree", [SERIAL, COUNTER])
    async with running(plant):
        await shown_kept(plant)
        await until_real(lambda: plant.browse_state.running)
        plant.on_samples([text_sample(SERIAL, "0042"), text_sample(COUNTER, str(BIG))])
        plant.drain()
        assert plant.live.get(SERIAL).value == "0042"
        plant.client.go_on.set()
        await until_real(lambda: plant.browse_state.done)
        plant.drain()
        plant.drain()
        assert plant.live.get(SERIAL).value == "0042"
        assert plant.live.get(COUNTER).value == BIG


async def test_kept_names_are_forgotten_on_request(kept):
    kept.save(tree_of(tag(OLD)), 5 * SECOND)
    plant = make_plant(kept)
    task = asyncio.create_task(plant.run())
    try:
        await shown_kept(plant)
        await plant.names.forget_kept()
        assert not kept.exists
        assert plant.tree.find(OLD) is None
        assert plant.browse_state.kept_ns == 0
        await plant.names.forget_kept()  # there is nothing any more
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_names_of_this_session_are_not_taken_back_by_forgetting(kept):
    plant = make_plant(kept)
    async with running(plant):
        await browsed(plant)
        await until_real(lambda: kept.exists)
        await plant.names.forget_kept()
        assert plant.tree.tag_count == 3


async def test_without_a_file_all_is_as_ever(kept):
    plant = make_plant(kept)
    plant.on_status(live())
    plant.drain()
    await plant.names.show_kept()
    assert plant.browse_state.kept_ns == 0
    assert not len(plant.tree)


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"TAGWERK-NAMES 9\n", "half"],
    ids=["empty", "foreign", "newer", "half"],
)
def test_a_file_that_cannot_be_read_is_ignored_and_made_anew(kept, content, caplog):
    kept.save(tree_of(tag(OLD)), 5)
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    with caplog.at_level("INFO", "tagwerk.plant.kept"):
        assert kept.load() is None
    assert "not used" in caplog.text
    kept.save(tree_of(tag(OLD)), 6)
    assert kept.load().saved_ns == 6


def test_another_server_or_user_gets_no_names_of_this_one(tmp_path, kept):
    kept.save(tree_of(tag(OLD)), 5)
    others = [
        ConnectionProfile("Skid", "https://h:8444/graphql/", user="eva"),
        ConnectionProfile("Skid", "https://h:8443/graphql/", user="max"),
        ConnectionProfile("Skid", "https://other:8443/graphql/", user="eva"),
    ]
    assert all(KeptNames(tmp_path, other).load() is None for other in others)
    # A file under another's name is not taken either.
    other = KeptNames(tmp_path, others[0])
    other.path.write_bytes(kept.path.read_bytes())
    assert other.load() is None
    same = ConnectionProfile("Else", "https://H:8443/graphql", user="eva")
    assert server_identity(same) == kept.identity


def test_nothing_in_the_file_tells_address_or_user(kept):
    kept.save(tree_of(tag(OLD)), 5)
    head = kept.path.read_bytes()[:2000]
    assert b"8443" not in head
    assert b"eva" not in head
    assert kept.path.stat().st_mode & 0o077 == 0 or kept.path.drive


def test_a_folder_that_cannot_be_written_costs_nothing_else(tmp_path, caplog):
    (tmp_path / "names").write_text("a file where the folder should be")
    kept = KeptNames(tmp_path, PROFILE)
    with caplog.at_level("INFO", "tagwerk.plant.kept"):
        kept.save(tree_of(tag(OLD)), 5)
    assert "not kept" in caplog.text
    assert kept.load() is None


def test_names_of_many_servers_do_not_pile_up(tmp_path):
    for number in range(MOST_FILES + 3):
        profile = ConnectionProfile("x", f"https://h{number}:1/graphql/")
        KeptNames(tmp_path, profile).save(tree_of(tag(OLD)), number)
    assert len(list((tmp_path / "names").iterdir())) == MOST_FILES


async def test_the_collector_is_at_its_own_pace_again_after_a_browse(kept):
    before = gc.get_threshold()
    plant = make_plant(kept)
    seen = []
    good = plant.client.browse

    async def browse(*arguments, **keywords):
        seen.append(gc.get_threshold()[0])
        return await good(*arguments, **keywords)

    plant.client.browse = browse
    async with running(plant):
        await browsed(plant)
    plant.client.browse_error = NotReachable("Gone.")
    assert not await plant.names.read(plant.client, "en-US")
    assert min(seen) > before[0]
    assert gc.get_threshold() == before
