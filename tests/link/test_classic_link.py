"""The second dialect over a real socket: reading, writing, polling, alarms, archives, refusals."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from link.conftest import profile_for
from link.supervision import open_link
from link.tiny_classic import BASE, TinyClassic, tag
from link.tiny_server import until
from tagwerk.domain.connection import Capability, LinkState
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    ProtocolError,
    ServerRefused,
)
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind, TagLimits
from tagwerk.domain.values import QualityLevel
from tagwerk.link.addresses import endpoint_for, told_dialect
from tagwerk.link.login import open_client

__all__ = ["open_link"]

READ = "POST tagManagement/Values"
WRITE = "PUT tagManagement/Values"


@pytest.fixture
async def classic():
    server = TinyClassic()
    await server.start()
    yield server
    await server.stop()


def client_of(server, password="right", **changes):
    return open_client(replace(profile_for(server), **changes), password)


# Addresses


@pytest.mark.parametrize(
    ("address", "dialect", "url"),
    [
        ("wincc7:34568", "auto", f"https://wincc7:34568{BASE}"),
        ("wincc7", "classic", f"https://wincc7:34568{BASE}"),
        ("https://wincc7:34569/", "auto", f"https://wincc7:34569{BASE}"),
        ("https://wincc7/graphql/", "classic", f"https://wincc7:34568{BASE}"),
        (
            f"https://wincc7:8443{BASE}/tagManagement/Connections",
            "auto",
            f"https://wincc7:8443{BASE}",
        ),
        ("https://wincc7/winccrestservice/", "auto", "https://wincc7/winccrestservice"),
        ("wincc7", "auto", "https://wincc7/graphql/"),
        ("wincc7", "unified", "https://wincc7/graphql/"),
        ("[fe80::1]:34568", "auto", f"https://[fe80::1]:34568{BASE}"),
    ],
)
def test_an_address_becomes_the_right_place(address, dialect, url):
    assert endpoint_for(address, None, dialect).url == url


def test_an_address_tells_its_dialect_or_nothing():
    assert told_dialect("https://h/graphql/") == "unified"
    assert told_dialect("https://h/WINCCRESTSERVICE") == "classic"
    assert told_dialect("h") == ""
    assert told_dialect("http://[::1") == ""


# One at a time


async def test_values_are_read_by_name_and_the_missing_ones_said(classic):
    classic.leave_out = {"B"}
    async with client_of(classic) as client:
        a, b, unknown = await client.read(["PLC_1::A", "B", "\ufeffnope"])
    assert (a.name, a.value, a.quality.level) == ("PLC_1::A", 1.5, QualityLevel.GOOD)
    assert b.error.code == "NOT_RETURNED"
    assert unknown.error.description == "Not Found"


async def test_a_row_that_is_missing_once_is_asked_for_again(classic):
    classic.leave_out = {"B"}

    def heal(_body):
        classic.leave_out = set() if len(classic.asked) >= 1 else classic.leave_out

    classic.answers[READ] = heal
    async with client_of(classic) as client:
        _a, b = await client.read(["A", "B"])
    assert b.value == 2
    assert classic.asked == [["A", "B"], ["B"]]


async def test_many_names_go_in_batches_and_odd_ones_in_the_body(classic):
    odd = "Öl/Füll stand?#%&"
    classic.tags |= {f"T{number}": tag(number) for number in range(400)} | {odd: tag(7)}
    async with client_of(classic) as client:
        found = await client.read([*(f"T{number}" for number in range(400)), odd])
    assert [sample.value for sample in found] == [*range(400), 7]
    assert max(len(names) for names in classic.asked) <= 500
    assert len(classic.asked) >= 2


async def test_a_name_that_breaks_the_call_does_not_cost_the_others(classic):
    classic.tags |= {f"T{number}": tag(number) for number in range(100)}
    classic.answers[READ] = lambda body: 500 if "T66" in body["variableNames"] else None
    names = [f"T{number}" for number in range(100)]
    async with client_of(classic) as client:
        found = {sample.name: sample for sample in await client.read(names)}
        assert found["T66"].error.code == "500"
        assert all(found[name].error is None for name in names if name != "T66")
        before = len(classic.requests)
        await client.read(names)
        assert len(classic.requests) - before <= 2


async def test_an_empty_answer_is_asked_for_once_more(classic):
    answers = iter((b"", b""))
    classic.answers[READ] = lambda _body: next(answers, None)
    async with client_of(classic) as client:
        with pytest.raises(NotReachable) as caught:
            await client.read(["A"])
        assert caught.value.code == "empty_answer"
        assert (await client.read(["A"]))[0].value == 1.5
    assert sum(path == "tagManagement/Values" for _, path, _ in classic.requests) == 3


@pytest.mark.parametrize(
    ("point_in", "cap"), [("header", 3), ("body", 3), ("last", 3), ("nowhere", 0)]
)
async def test_names_come_page_by_page(classic, point_in, cap):
    classic.tags |= {f"T{number}": tag(number) for number in range(20)}
    classic.point_in, classic.cap = point_in, cap
    async with client_of(classic) as client:
        items = await client.browse(kinds=[TagKind.TAG])
    assert sorted(item.name for item in items) == sorted(f"PLC_1::{name}" for name in classic.tags)


async def test_the_tree_has_connections_types_and_logging_tags(classic):
    async with client_of(classic) as client:
        items = {item.name: item for item in await client.browse()}
        assert client.systems == ("PLC_1",)
        assert items["PLC_1::B"].data_type == "Int"
        assert items["PLC_1::A:Process\\A"].kind is TagKind.LOGGING_TAG
        assert [item.name for item in await client.browse(["pump*"])] == ["PLC_1::Pump1.Speed"]


async def test_limit_values_are_told(classic):
    classic.limits = [{"tagName": "A", "lowLimit": 1, "highLimit": "9,5"}]
    async with client_of(classic) as client:
        assert await client.tag_limits() == {"A": TagLimits(1.0, 9.5)}


# Writing


async def test_a_write_is_done_only_where_the_row_says_so(classic):
    classic.errorcode = {"B": 5}
    async with client_of(classic) as client:
        a, b = await client.write([WriteItem("PLC_1::A", 2.5), WriteItem("B", 3)])
    assert a.error is None
    assert (b.error.code, b.error.description) == ("5", "Access denied")
    assert classic.tags["A"]["value"] == 2.5


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\xff\xfe", "abort"])
async def test_a_write_without_an_answer_is_unknown_and_never_sent_again(classic, answer):
    classic.answers[WRITE] = lambda _body: answer
    async with client_of(classic) as client:
        with pytest.raises(NotReachable) as caught:
            await client.write([WriteItem("A", 2.5)])
    assert caught.value.may_have_arrived
    assert sum(method == "PUT" for method, _, _ in classic.requests) == 1


@pytest.mark.parametrize("answer", [[], [{"variableName": "A"}], {"values": None}, [{"x": 1}]])
async def test_a_write_without_its_row_has_no_reply(classic, answer):
    classic.answers[WRITE] = lambda _body: answer
    async with client_of(classic) as client:
        assert await client.write([WriteItem("A", 2.5), WriteItem("B", 1)]) == []


# Credentials


async def test_a_wrong_password_is_tried_once(classic):
    with pytest.raises(LoginFailed):
        async with client_of(classic, "wrong"):
            pass
    assert len(classic.requests) == 1


async def test_a_token_given_by_hand_is_sent_instead(classic):
    classic.bearer = "issued-elsewhere"
    async with open_client(profile_for(classic), "", token="issued-elsewhere") as client:
        assert (await client.read(["A"]))[0].value == 1.5


async def test_a_secret_that_is_repeated_is_blacked_out(classic):
    classic.answers[READ] = [
        {"variableName": "A", "errorcode": 1, "error": "no right for horsebattery"}
    ]
    classic.password = "horsebattery"
    async with client_of(classic, "horsebattery") as client:
        (sample,) = await client.read(["A"])
    assert "horsebattery" not in sample.error.description


async def test_a_missing_service_is_told_from_a_missing_right(classic):
    classic.answers["GET tagManagement/Connections"] = 404
    with pytest.raises(ProtocolError):
        async with client_of(classic):
            pass
    classic.answers["GET tagManagement/Connections"] = 403
    with pytest.raises(NotAllowed):
        async with client_of(classic):
            pass


# Archives and messages


async def test_the_log_is_read_in_the_plants_zone_and_paged(classic):
    stamps = [
        f"2026-06-18T14:{minute:02}:{second:02}.000" for minute in range(3) for second in range(60)
    ]
    classic.archives["Process"]["A"] = [(stamp, str(i)) for i, stamp in enumerate(stamps)]
    noon_ns = 1_781_784_000_000_000_000
    async with client_of(classic, time_zone="+02:00") as client:
        (series,) = await client.history(["PLC_1::A"], noon_ns, noon_ns + 170 * 10**9)
        (newest,) = await client.history(["PLC_1::A"], noon_ns, noon_ns + 170 * 10**9, limit=10)
        (missing,) = await client.history(["B"], noon_ns, noon_ns + 10**9)
    assert [point.value for point in series.points] == list(range(171))
    assert series.points[0].time_ns == noon_ns
    assert newest.truncated
    assert [point.value for point in newest.points] == list(range(161, 171))
    assert missing.error.code == "NOT_LOGGED"


CAME = {"MsgNr": 1001, "State": 1, "DateTime": "2026-06-18T11:00:00Z", "Text1": "Tank high"}


async def test_messages_and_their_archive(classic):
    classic.messages = [CAME]
    classic.archived = [CAME, {**CAME, "State": 2, "DateTime": "2026-06-18T13:00:00Z"}]
    noon_ns = 1_781_784_000_000_000_000
    async with client_of(classic) as client:
        (alarm,) = await client.active_alarms()
        assert alarm.text == "Tank high"
        (record,) = await client.logged_alarms(noon_ns, noon_ns + 2 * 3600 * 10**9)
        assert record.clear_time_ns == noon_ns + 3600 * 10**9
        with pytest.raises(NotSupported, match="All"):
            await client.active_alarms(filter_text="priority > 3")
        assert Capability.ACKNOWLEDGE not in client.capabilities
        (reply,) = await client.alarm_action(None, [alarm.key])
        assert not reply.sent


async def test_the_configured_filter_is_used_and_none_is_a_reason(classic):
    classic.filters = ["All", "Line 2"]
    async with client_of(classic, alarm_filter="Line 2") as client:
        await client.active_alarms()
        assert classic.requests[-1][1] == "alarmLogging/MessageList/Line%202"
        assert client.alarm_filters == ("All", "Line 2")
    classic.filters = []
    async with client_of(classic) as client:
        assert client.capabilities.reason(Capability.ALARMS) == "no_alarm_filter"


# Supervised


async def test_polled_values_arrive_like_pushed_ones(classic, sink, open_link):
    link = open_link(classic)
    link.want(frozenset(("PLC_1::A", "B")))
    link.start()
    await until(lambda: sink.latest("PLC_1::A") and sink.latest("B"))
    assert sink.is_live
    assert (sink.last.server, sink.last.dialect) == ("WinCC V7/V8", "classic")
    assert sink.last.capabilities.reason(Capability.PUSH) == "interface_polls"
    classic.tags["A"] = tag(4.5)
    await until(lambda: sink.latest("PLC_1::A").value == 4.5)
    assert len([sample for sample in sink.samples if sample.name == "B"]) == 1
    await until(lambda: link.counters.poll_every_s > 0)
    assert link.counters.polls >= 2
    assert classic.twice == []


async def test_alarms_come_as_differences(classic, sink, open_link, monkeypatch):
    monkeypatch.setattr("tagwerk.link.alarm_poll.EVERY_S", 0.02)
    classic.messages = [CAME]
    link = open_link(classic)
    link.start()
    await until(lambda: sink.restarts)
    classic.messages = []
    await until(lambda: sink.events)
    assert [event.reason.value for event in sink.events] == ["removed"]
    assert len(sink.restarts) == 1


async def test_a_wrong_password_stops_at_once(classic, sink, open_link):
    link = open_link(classic, "wrong")
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.last and sink.last.state is LinkState.REFUSED)
    assert isinstance(sink.last.error, LoginFailed)
    assert len(classic.requests) == 1


async def test_a_password_that_is_changed_while_live_is_tried_once_more_and_never_again(
    classic, sink, open_link
):
    link = open_link(classic)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.latest("A"))
    classic.requests.clear()
    classic.password = "another"
    await until(lambda: sink.last.state is LinkState.REFUSED)
    # One poll of values and at most one of alarms may be under way at the same moment.
    assert len(classic.requests) <= 3
    classic.password = "right"
    link.reconnect_now()
    await until(lambda: sink.is_live)


async def test_a_server_that_stops_is_found_again(classic, sink, open_link):
    link = open_link(classic)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.latest("A"))
    port = classic.port
    await classic.stop()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    await classic.start(port=port)
    await until(lambda: sink.is_live)


async def test_polls_that_are_not_answered_make_it_stale_and_then_lost(classic, sink, open_link):
    link = open_link(classic, ping_s=0.05)
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.latest("A"))
    before_ns = time.time_ns()
    classic.delay_s = 30.0
    await until(lambda: sink.last.state is LinkState.STALE)
    assert sink.last.lost_at_ns <= time.time_ns()
    await until(lambda: sink.last.state is LinkState.RECONNECTING)
    assert sink.last.error.code == "silent"
    assert before_ns - sink.last.lost_at_ns < 2_000_000_000
    classic.delay_s = 0.0


async def test_a_slow_server_is_live_and_asked_less(classic, sink, open_link):
    classic.tags |= {f"T{number}": tag(number) for number in range(100)}
    link = open_link(classic)
    link.want(frozenset(f"T{number}" for number in range(100)))
    classic.each_s = 0.01
    link.start()
    await until(lambda: link.counters.poll_stretch > 1.2)
    assert sink.is_live
    assert classic.twice == []


async def test_auto_finds_the_other_dialect_on_its_own_port(classic, sink, open_link, monkeypatch):
    """Nothing answers at the address; the service is on a port of its own."""
    monkeypatch.setattr("tagwerk.link.find_dialect.CLASSIC_PORTS", (classic.port,))
    link = open_link(classic, profile={"url": "http://127.0.0.1:9/graphql/"})
    link.want(frozenset("A"))
    link.start()
    await until(lambda: sink.latest("A"))
    assert (sink.last.dialect, sink.last.url) == ("classic", classic.url)
    assert all(request[1] != "login" for request in classic.requests)


async def test_an_archive_that_is_cut_says_so(classic):
    classic.archived = [
        {
            **CAME,
            "DateTime": f"2026-06-18T11:{minute % 60:02}:{minute // 60:02}Z",
            "Counter": minute,
        }
        for minute in range(1000)
    ]
    noon_ns = 1_781_784_000_000_000_000
    async with client_of(classic) as client:
        day = await client.logged_alarms(noon_ns - 86_400 * 10**9, noon_ns)
        assert day.is_cut
        hour = await client.logged_alarms(noon_ns - 1800 * 10**9, noon_ns)
        assert not hour.is_cut
        assert 0 < len(hour) < len(day) == 1000


async def test_a_server_with_a_page_of_its_own_is_read_whole(classic):
    """It tells no point and cuts at a hundred, whatever was asked for."""
    classic.tags |= {f"T{number}": tag(number) for number in range(330)}
    classic.point_in, classic.cap = "nowhere", 100
    async with client_of(classic) as client:
        items = await client.browse(kinds=[TagKind.TAG])
    assert len(items) == 333


async def test_two_limits_of_one_tag_are_one_range(classic):
    classic.limits = [
        {"variableName": "A", "limitValue": 1, "limitType": "Lower limit"},
        {"variableName": "A", "limitValue": 9, "limitType": "Upper limit"},
    ]
    async with client_of(classic) as client:
        assert await client.tag_limits() == {"A": TagLimits(1.0, 9.0)}


@pytest.mark.parametrize("status", [400, 403, 404, 405])
async def test_a_write_that_is_refused_by_its_status_was_not_done(classic, status):
    classic.answers[WRITE] = status
    async with client_of(classic) as client:
        with pytest.raises((ServerRefused, NotAllowed)) as caught:
            await client.write([WriteItem("A", 2.5)])
    assert not getattr(caught.value, "may_have_arrived", False)


async def test_a_log_whose_times_cannot_be_read_is_no_empty_log(classic):
    answer = [{"variableName": "A", "values": [{"value": 1, "timestamp": "yesterday"}]}]
    classic.answers["POST tagLogging/Archive/Process/Values"] = lambda _body: answer
    async with client_of(classic) as client:
        (series,) = await client.history(["A"], 10**18, 2 * 10**18)
    assert series.error.code == "UNREADABLE"


async def test_the_form_of_times_and_names_that_the_server_takes_is_found_once(classic):
    stamp = "2026-06-18T12:00:00Z"
    asked = []

    def log(body):
        asked.append(body["variableNames"])
        if len(asked) < 3:
            return 400
        if "\\" not in body["variableNames"][0]:
            return [{"variableName": "A", "errorcode": 1, "error": "Not Found"}]
        return [{"variableName": "Process\\A", "values": [{"value": 1, "timestamp": stamp}]}]

    classic.answers["POST tagLogging/Archive/Process/Values"] = log
    noon_ns = 1_781_784_000_000_000_000
    async with client_of(classic) as client:
        (series,) = await client.history(["A"], noon_ns - 10**9, noon_ns + 10**9)
        assert [point.value for point in series.points] == [1]
        before = len(asked)
        await client.history(["A"], noon_ns - 10**9, noon_ns + 10**9)
        assert len(asked) == before + 1


async def test_messages_that_cannot_be_had_are_not_shown_as_none(
    classic, sink, open_link, monkeypatch
):
    monkeypatch.setattr("tagwerk.link.alarm_poll.EVERY_S", 0.02)
    classic.messages = [CAME]
    link = open_link(classic)
    link.start()
    await until(lambda: sink.restarts)
    classic.answers["GET alarmLogging/MessageList/All"] = 500
    await until(lambda: Capability.ALARMS not in link.status.capabilities)
    assert link.status.capabilities.reason(Capability.ALARMS) == "alarms_unanswered"
    classic.answers.clear()
    await until(lambda: Capability.ALARMS in link.status.capabilities)
    await until(lambda: len(sink.restarts) == 3 and len(sink.restarts[-1]) == 1)
    assert sink.is_live


async def test_auto_finds_the_other_dialect_behind_the_same_port(classic):
    bare = replace(profile_for(classic), url=f"http://127.0.0.1:{classic.port}/graphql/")
    async with open_client(bare, "right") as client:
        assert client.product == "WinCC V7/V8"
    assert [path for _, path, _ in classic.requests].count("tagManagement/Connections") == 2
