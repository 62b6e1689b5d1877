"""The client over HTTP: what it sends, what it takes, what it repeats and what it never repeats."""

from __future__ import annotations

import datetime as dt

import pytest

from link.conftest import profile_for
from link.tiny_server import introspection, value
from tagwerk.domain.alarms import AlarmAction, AlarmKey
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    ProtocolError,
    ServerRefused,
    SessionExpired,
    UsageError,
)
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind
from tagwerk.link.login import open_client


async def test_reads_in_the_order_asked_although_the_server_answers_otherwise(plain):
    async with open_client(profile_for(plain), "right") as client:
        samples = await client.read(["HMI_RT_1::B", "nowhere", "HMI_RT_1::A"])
    assert [sample.name for sample in samples] == ["HMI_RT_1::B", "nowhere", "HMI_RT_1::A"]
    assert [sample.value for sample in samples] == [2, None, 1.5]
    assert samples[1].error is not None
    assert samples[1].error.code == "2"


@pytest.mark.parametrize("asked", ["A", "HMI_RT_1::A"])
async def test_an_echo_of_the_short_name_is_the_tag_that_was_asked_for(plain, asked):
    plain.short_echo = True
    async with open_client(profile_for(plain), "right") as client:
        (sample,) = await client.read([asked])
    assert (sample.name, sample.value) == (asked, 1.5)


async def test_the_same_tag_of_two_systems_is_not_mixed_up_by_short_echoes(plain):
    plain.short_echo = True
    plain.tags["HMI_RT_2::A"] = value(99)
    async with open_client(profile_for(plain), "right") as client:
        samples = await client.read(["HMI_RT_1::A", "HMI_RT_2::A"])
    assert [sample.value for sample in samples] == [1.5, 99]
    assert plain.calls.count("tagValues") == 3  # one to find the rights, one for each system


async def test_too_large_a_read_is_split(plain):
    names = [f"HMI_RT_1::Tag_{number:05}" for number in range(400)]
    plain.tags = {name: value(number) for number, name in enumerate(names)}
    async with open_client(profile_for(plain), "right") as client:
        plain.body_limit = 4000
        samples = await client.read(names)
    assert [sample.value for sample in samples] == list(range(400))


async def test_a_wrong_password_is_said_and_not_tried_again(plain):
    with pytest.raises(LoginFailed) as caught:
        async with open_client(profile_for(plain), "wrong"):
            pytest.fail("must not open")
    assert caught.value.code == "101"
    assert "wrong" not in str(caught.value)
    assert plain.calls == ["login"]


async def test_a_read_with_an_ended_session_logs_in_again_once(plain):
    async with open_client(profile_for(plain), "right") as client:
        plain.tokens.clear()
        plain.calls.clear()
        (sample,) = await client.read(["HMI_RT_1::A"])
        assert sample.value == 1.5
        assert plain.calls == ["tagValues", "login", "tagValues"]


async def test_a_write_with_an_ended_session_is_not_repeated(plain):
    async with open_client(profile_for(plain), "right") as client:
        plain.tokens.clear()
        plain.calls.clear()
        with pytest.raises(SessionExpired):
            await client.write([WriteItem("HMI_RT_1::A", 7)])
        assert plain.calls.count("writeTagValues") == 1
        assert plain.tags["HMI_RT_1::A"]["value"] == 1.5
        # The next one goes through: the login was renewed meanwhile.
        (reply,) = await client.write([WriteItem("HMI_RT_1::A", 7)])
    assert reply.error is None
    assert plain.tags["HMI_RT_1::A"]["value"] == 7


async def test_a_broken_connection_leaves_a_write_unverified_and_unrepeated(plain):
    async with open_client(profile_for(plain), "right") as client:
        plain.calls.clear()
        plain.broken_on = "writeTagValues"
        with pytest.raises(NotReachable) as caught:
            await client.write([WriteItem("HMI_RT_1::A", 7)])
        assert caught.value.may_have_arrived
        assert plain.calls == ["writeTagValues"]


async def test_a_write_that_found_nobody_cannot_have_arrived(plain):
    async with open_client(profile_for(plain), "right") as client:
        await plain.stop()
        with pytest.raises(NotReachable) as caught:
            await client.write([WriteItem("HMI_RT_1::A", 7)])
    assert not caught.value.may_have_arrived


async def test_a_broken_connection_makes_an_acknowledgement_uncertain(plain):
    key = AlarmKey("HMI_RT_1::A:High", 3)
    async with open_client(profile_for(plain), "right") as client:
        plain.broken_on = "acknowledgeAlarms"
        (reply,) = await client.alarm_action(AlarmAction.ACKNOWLEDGE, [key])
        assert (reply.key, reply.sent, reply.uncertain) == (key, True, True)
        assert plain.calls.count("acknowledgeAlarms") == 1
        plain.broken_on = ""
        (reply,) = await client.alarm_action(AlarmAction.ACKNOWLEDGE, [key])
    assert (reply.error, reply.uncertain) == (None, False)


async def test_error_of_one_written_item_stays_with_it(plain):
    plain.write_error = {"code": "201", "description": "no number"}
    async with open_client(profile_for(plain), "right") as client:
        (reply,) = await client.write([WriteItem("HMI_RT_1::A", "x")])
    assert reply.error is not None
    assert reply.error.code == "201"


async def test_writing_the_same_tag_twice_in_one_call_is_refused_here(plain):
    async with open_client(profile_for(plain), "right") as client:
        with pytest.raises(UsageError):
            await client.write([WriteItem("HMI_RT_1::A", 1), WriteItem("A", 2)])
    assert plain.tags["HMI_RT_1::A"]["value"] == 1.5


async def test_rights_are_found_without_writing(plain):
    plain.forbidden = {"writeTagValues"}
    async with open_client(profile_for(plain), "right") as client:
        capabilities = client.capabilities
    assert Capability.READ in capabilities
    for missing in (Capability.WRITE, Capability.ACKNOWLEDGE, Capability.RESET):
        assert capabilities.reason(missing) == "right_missing"
    assert plain.tags["HMI_RT_1::A"]["value"] == 1.5


async def test_a_user_without_any_right_is_told_so(plain):
    plain.forbidden = {"tagValues", "writeTagValues"}
    with pytest.raises(NotAllowed) as caught:
        async with open_client(profile_for(plain), "right"):
            pytest.fail("must not open")
    assert "GraphQL read access" in caught.value.cure
    # One login to begin with, one to rule out an ended session, none more.
    assert plain.calls.count("login") == 2


async def test_what_an_old_runtime_lacks_is_not_asked_for(plain):
    plain.schema = introspection(v19=True)
    async with open_client(profile_for(plain), "right") as client:
        (sample,) = await client.read(["HMI_RT_1::A"])
        assert sample.value == 1.5
        assert client.capabilities.reason(Capability.BROWSE) == "schema_lacks_field"
        assert client.capabilities.reason(Capability.HISTORY) == "schema_lacks_field"
        with pytest.raises(NotSupported):
            await client.browse()
        with pytest.raises(NotSupported):
            await client.read(["HMI_RT_1::A"], direct=True)


async def test_a_server_that_hides_its_schema_is_taken_for_a_documented_one(plain):
    plain.forbidden = set()
    plain._do_schema = lambda variables: plain._refuse(
        "GRAPHQL_VALIDATION_FAILED", "no introspection"
    )
    async with open_client(profile_for(plain), "right") as client:
        (sample,) = await client.read(["HMI_RT_1::A"])
    assert sample.value == 1.5


async def test_browse_gives_chunks_once_and_finds_by_pattern(plain):
    plain.tags = {f"HMI_RT_1::Tank{number}.Level": value(1) for number in range(300)}
    chunks: list[int] = []
    async with open_client(profile_for(plain), "right") as client:
        assert await client.browse(on_items=lambda some: chunks.append(len(some))) == []
        items = await client.browse()
        assert len(items) == sum(chunks) == 301
        assert client.systems == ("HMI_RT_1",)
        found = await client.browse(["*ank7.l*"], [TagKind.TAG])
    assert [item.name for item in found] == ["HMI_RT_1::Tank7.Level"]


def _log(count: int):
    start = dt.datetime(2026, 6, 18, 12, 0, 0)
    times = (start + dt.timedelta(milliseconds=250 * number) for number in range(count))
    return [
        (f"{time.isoformat(timespec='milliseconds')}Z", number) for number, time in enumerate(times)
    ]


START_NS = int(dt.datetime(2026, 6, 18, 12, tzinfo=dt.UTC).timestamp()) * 10**9
HOUR_NS = 3_600_000_000_000


@pytest.mark.parametrize("cap", [0, 100, 333])
async def test_history_is_whole_whatever_a_server_caps(plain, cap):
    plain.log = _log(1000)
    plain.log_cap = cap
    async with open_client(profile_for(plain), "right") as client:
        (series,) = await client.history(["HMI_RT_1::A"], START_NS, START_NS + HOUR_NS)
    assert [point.value for point in series.points] == list(range(1000))
    assert not series.truncated
    assert series.logging_tag == "HMI_RT_1::A:Log"


async def test_history_is_cut_to_the_bounds_and_the_newest(plain):
    plain.log = _log(1000)
    plain.log_cap = 150
    async with open_client(profile_for(plain), "right") as client:
        (series,) = await client.history(["HMI_RT_1::A"], START_NS + 10**9, START_NS + 2 * 10**9)
        assert [point.value for point in series.points] == [4, 5, 6, 7, 8]
        (series,) = await client.history(["HMI_RT_1::A"], START_NS, START_NS + HOUR_NS, limit=400)
    assert [point.value for point in series.points] == list(range(600, 1000))
    assert series.truncated


@pytest.mark.parametrize(
    ("html", "status", "error"),
    [
        ("<html>IIS</html>", 0, ProtocolError),
        ("<html>not found</html>", 404, ProtocolError),
        ("<html>gone</html>", 503, NotReachable),
        ("<html>who?</html>", 401, SessionExpired),
        ("<html>no</html>", 403, NotAllowed),
        ('{"value": 1}', 0, ProtocolError),
    ],
)
async def test_pages_of_web_servers_are_errors_with_a_name(plain, html, status, error):
    async with open_client(profile_for(plain), "right") as client:
        plain.html, plain.status = html, status
        if status in (401, 403):
            # The new login meets the same page.
            error = LoginFailed
        with pytest.raises(error):
            await client.read(["HMI_RT_1::A"])


async def test_a_redirect_is_posted_again(plain):
    plain.redirect = True
    profile = profile_for(plain)
    from dataclasses import replace

    from tagwerk.domain.connection import Trust
    from tagwerk.link.endpoint import Endpoint
    from tagwerk.link.session import SessionKeeper
    from tagwerk.link.transport import HttpTransport

    transport = HttpTransport(Endpoint(profile.url.rstrip("/")), Trust())
    keeper = SessionKeeper(transport, "operator", "right")
    await keeper.login()
    assert transport.endpoint.url == profile.url
    assert replace(profile).url.endswith("/graphql/")
    await keeper.logout()
    await transport.close()


async def test_acknowledging_nothing_sends_nothing(plain):
    async with open_client(profile_for(plain), "right") as client:
        assert await client.alarm_action(AlarmAction.RESET, []) == []
        assert await client.write([]) == []
    assert "resetAlarms" not in plain.calls


async def test_a_refused_request_is_said_in_the_servers_words(plain):
    async with open_client(profile_for(plain), "right") as client:
        plain._do_activeAlarms = lambda variables: plain._refuse("301", "filter: unexpected )")
        with pytest.raises(ServerRefused) as caught:
            await client.active_alarms(filter_text=")")
    assert "filter: unexpected )" in caught.value.message
    assert caught.value.code == "301"


async def test_a_token_issued_elsewhere_is_used_and_neither_renewed_nor_logged_out(plain):
    plain.tokens.add("from-elsewhere")
    async with open_client(profile_for(plain), "", token="from-elsewhere") as client:
        (sample,) = await client.read(["HMI_RT_1::A"])
        assert sample.value == 1.5
        plain.tokens.clear()
        with pytest.raises(LoginFailed) as caught:
            await client.read(["HMI_RT_1::A"])
    assert "token" in caught.value.message
    assert "from-elsewhere" not in str(caught.value)
    assert "login" not in plain.calls
    assert "logout" not in plain.calls
