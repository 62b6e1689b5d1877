"""A part that the server refuses is never shown as if it were live."""

from __future__ import annotations

import json
import time

import pytest
from aiohttp import web

from link.supervision import A, pong_seen, relay_to
from link.test_supervisor import alarm, open_link, profile_for
from link.tiny_server import until
from tagwerk.domain.connection import Capability, LinkState
from tagwerk.domain.errors import LoginFailed, NotTrusted
from tagwerk.link.plant_link import SupervisedLink

__all__ = ["open_link", "relay_to"]


def refused(text, code="X"):
    body = {"errors": [{"message": text, "extensions": {"code": code}}], "data": None}
    return web.Response(text=json.dumps(body), content_type="application/json")


async def test_who_may_not_see_alarms_is_told_so(plain, sink, open_link):
    plain.forbidden = {"activeAlarms"}
    plain.forbidden_subscription = "activeAlarms"
    link = open_link(plain)
    link.start()
    await until(lambda: sink.is_live and Capability.ALARMS not in sink.last.capabilities)
    assert sink.last.capabilities.reason(Capability.ALARMS) == "right_missing"


async def test_alarms_that_are_not_pushed_are_polled(plain, sink, open_link, monkeypatch):
    monkeypatch.setattr("tagwerk.link.feeds.POLL_ALARMS_S", 0.05)
    plain.forbidden_subscription = "activeAlarms"
    plain.alarms = [alarm("High", 1)]
    link = open_link(plain)
    link.start()
    await until(lambda: sink.restarts and len(sink.restarts[-1]) == 1)
    plain.alarms = []
    await until(lambda: sink.restarts[-1] == [])
    assert sink.is_live


async def test_a_failed_poll_of_alarms_is_not_the_last_one(plain, sink, open_link, monkeypatch):
    monkeypatch.setattr("tagwerk.link.feeds.POLL_ALARMS_S", 0.05)
    plain.socket_status = 404
    plain.alarms = [alarm("High", 1)]
    link = open_link(plain)
    link.start()
    await until(lambda: sink.restarts and len(sink.restarts[-1]) == 1)
    good = plain._do_activeAlarms
    plain._do_activeAlarms = lambda variables: refused("busy")
    count = plain.calls.count("activeAlarms")
    await until(lambda: plain.calls.count("activeAlarms") > count + 1)
    plain.alarms = []
    plain._do_activeAlarms = good
    await until(lambda: sink.restarts[-1] == [])


async def test_values_that_cannot_be_polled_are_not_live(plain, sink, open_link, monkeypatch):
    monkeypatch.setattr("tagwerk.link.feeds.POLL_VALUES_S", 0.05)
    plain.socket_status = 404
    link = open_link(plain)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    plain._do_tagValues = lambda variables: refused("out of order")
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert "out of order" in str(sink.last.detail)


async def test_a_silent_link_was_lost_when_it_was_last_heard(secure, sink, ca_trust, relay_to):
    """What changed between the last sign of life and its being missed belongs to the hole."""
    relay = relay_to(secure, "https")
    link = SupervisedLink(profile_for(relay, ca_trust, timeout_s=1.0), "right", sink, ping_s=0.3)
    link.want(frozenset((A,)))
    link.start()
    await until(lambda: sink.latest(A))
    await until(lambda: pong_seen(link))
    relay.half_open()
    frozen_ns = time.time_ns()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert sink.last.lost_at_ns - frozen_ns < 100_000_000
    assert sink.last.since_ns - sink.last.lost_at_ns >= 300_000_000
    await link.close()


async def test_a_refusal_says_what_it_was(plain, sink, open_link):
    link = open_link(plain, "wrong")
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert isinstance(sink.last.error, LoginFailed)


async def test_an_unknown_certificate_is_a_refusal_of_its_own_kind(secure, sink, open_link):
    link = open_link(secure)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert isinstance(sink.last.error, NotTrusted)
    assert sink.last.error.certificate is not None


@pytest.mark.expects_log("the supervisor failed")
async def test_after_a_fault_of_our_own_a_person_can_connect_again(
    plain, sink, open_link, monkeypatch
):
    from tagwerk.link.client import HttpClient

    good = HttpClient.prepare

    async def broken(self):
        raise ZeroDivisionError

    monkeypatch.setattr(HttpClient, "prepare", broken)
    link = open_link(plain)
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    monkeypatch.setattr(HttpClient, "prepare", good)
    link.reconnect_now()
    await until(lambda: sink.is_live)
