"""A redundant pair of two whole demo plants over TLS."""

from __future__ import annotations

from link.supervision import open_link
from link.test_against_demo_plant import PV, profile
from link.tiny_server import until
from tagwerk.domain.connection import LinkState

__all__ = ["open_link"]


async def test_a_passive_demo_plant_is_left_for_its_active_partner(own_server, sink, open_link):
    passive = own_server("--switch", "redundancy=PASSIVE")
    active = own_server()
    trust = profile(passive).trust
    link = open_link(
        passive,
        passive.password("operator"),
        trust=trust,
        timeout_s=10.0,
        profile={"partner": active.url, "follow_partner": True},
    )
    link.want(frozenset((PV,)))
    link.start()
    await until(lambda: sink.is_live and sink.latest(PV), timeout_s=15)
    assert sink.last.url == active.url
    await until(lambda: sink.last.redundancy == "ACTIVE")
    assert all(one.url == active.url for one in sink.statuses if one.state is LinkState.LIVE)
