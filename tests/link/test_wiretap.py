"""What the wiretap tells of a real exchange with a server, and that it costs nothing unasked."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from link.conftest import Sink, profile_for
from link.tiny_server import until
from tagwerk.domain.connection import LinkState, LinkStatus, Trust
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import message
from tagwerk.domain.traffic import NEVER_UP, TrafficKind
from tagwerk.link import wiretap
from tagwerk.link.connector import HttpConnector
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.login import open_client
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.link.transport import HttpTransport
from tagwerk.link.wiretap import MOST_TEXT, Wiretap, operation_name

HTTP, SENT, RECEIVED, EVENT = TrafficKind


class Heard(list):
    """A `TrafficSink` that keeps everything."""

    def on_exchange(self, exchange):
        self.append(exchange)

    def of(self, kind, what=""):
        return [one for one in self if one.kind is kind and what in ("", one.what)]


@pytest.fixture
def heard():
    return Heard()


async def test_requests_with_name_status_sizes_time_and_texts(plain, heard):
    async with open_client(profile_for(plain), "right", traffic=heard) as client:
        await client.read(["HMI_RT_1::A"])
    login, read = heard.of(HTTP, "login")[0], heard.of(HTTP, "tagValues")[-1]
    assert login.status == read.status == 200
    assert read.url == plain.url
    assert read.ms > 0
    assert json.loads(read.request)["variables"]["names"] == ["HMI_RT_1::A"]
    assert "HMI_RT_1::A" in read.answer
    assert read.received_bytes == len(read.answer.encode())
    assert "right" not in login.request
    assert "•••" in login.request
    assert "•••" in login.answer
    assert not read.is_problem
    assert heard.of(EVENT, "connected")[0].note.template == "plain, no TLS"
    assert [one.what for one in heard.of(HTTP)][-1] == "logout"


async def test_tls_versions_are_told(secure, heard, ca_trust):
    async with open_client(profile_for(secure, ca_trust), "right", traffic=heard):
        pass
    assert str(heard.of(EVENT, "connected")[0].note).startswith("TLS 1.")


async def test_what_fails_is_told_with_its_reason(plain, heard):
    async with open_client(profile_for(plain), "right", traffic=heard) as client:
        plain._do_tagValues = lambda variables: web.Response(status=503, text="<html>gone</html>")
        with pytest.raises(TagwerkError):
            await client.read(["A"])
    read = heard.of(HTTP, "tagValues")[-1]
    assert (read.status, read.answer, read.is_problem) == (503, "<html>gone</html>", True)
    await plain.stop()
    transport = HttpTransport(Endpoint(plain.url), Trust(), tap=Wiretap(heard))
    with pytest.raises(TagwerkError):
        await transport.post(b'{"query":"{ __typename }"}')
    await transport.close()
    assert heard[-1].what == "__typename"
    assert "Nothing listens" in str(heard[-1].problem)


async def test_the_socket_without_its_values(plain, heard):
    sink = Sink()
    link = SupervisedLink(profile_for(plain), "right", sink, traffic=heard)
    link.want(frozenset(("HMI_RT_1::A",)))
    link.start()
    try:
        await until(lambda: sink.latest("HMI_RT_1::A"))
        init = heard.of(SENT, "connection_init")[0]
        assert init.request == '{"type":"connection_init","payload":{"Authorization":"•••"}}'
        subscribe = [one for one in heard.of(SENT, "subscribe") if one.note]
        assert str(subscribe[0].note) == "1 name"
        assert heard.of(RECEIVED, "connection_ack")
        assert not [one for one in heard.of(RECEIVED) if "tagValues" in one.answer]
        assert heard.of(EVENT, "socket opened")
        assert heard.of(EVENT, "live")
        await plain._call(plain.sockets[0].close(code=4401, message=b"expired"))
        await until(lambda: heard.of(EVENT, "socket closed"))
        closed = heard.of(EVENT, "socket closed")[0]
        assert closed.status == 4401
        assert closed.is_problem
        await until(lambda: heard.of(EVENT, "reconnecting"))
        await until(lambda: len(heard.of(EVENT, "live")) == 2)
    finally:
        await link.close()
    assert not heard.of(EVENT, "socket closed")[-1].problem, "we hung up ourselves"


@pytest.mark.parametrize(
    ("lost_at_ns", "what"), [(None, NEVER_UP), (1, "reconnecting")], ids=["never up", "lost"]
)
def test_what_was_never_up_is_not_told_as_lost(heard, lost_at_ns, what):
    tap = Wiretap(heard)
    tap.state("https://h/", LinkStatus(LinkState.RECONNECTING, lost_at_ns=lost_at_ns))
    assert [one.what for one in heard.of(EVENT)] == [what]


async def test_a_look_at_a_server_is_told_too(plain, heard):
    result = await HttpConnector().inspect(
        plain.url, trust=Trust(), user="operator", password="right", deep=True, traffic=heard
    )
    assert result.session is not None
    assert {"login", "tagValues"} <= {one.what for one in heard.of(HTTP)}
    assert heard.of(SENT, "connection_init")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"query":"mutation Login($u: String!) { login(username: $u) { token } }"}', "login"),
        (b'{"query":"{ __typename }"}', "__typename"),
        (b'{"query":"query {\\n  tagValues(names: []) { name } }"}', "tagValues"),
        (b"not json", "?"),
        (b'{"query":"' + b"x" * 100_000, "?"),
        (b"", "?"),
    ],
)
def test_operations_are_named_after_their_first_field(body, name):
    assert operation_name(body) == name


@pytest.mark.parametrize(
    ("answer", "what", "said"),
    [
        (b'{"errors":[{"message":"No \\"right\\".","extensions":{}}],"data":null}', "x", 'No "right".'),
        (b'{"data":{"x":[' + b"1," * 9_000 + b'1]},"errors":[{"message":"Half."}]}', "x", "Half."),
        (b'{"errors": [ {"extensions":{}} ]}', "x", "?"),
        (b'{"errors":[],"data":{}}', "x", ""),
        (b'{"errors":null,"data":{}}', "x", ""),
        (b'{"data":{"x":[{"error":{"code":"1","description":"One item."}}]}}', "x", ""),
        (b'{"data":{"login":{"token":null,"error":{"code":"101","description":"Wrong."}}}}', "login",
         "Wrong."),
        (b'{"data":{"login":{"token":"t","error":{"code":"0","description":"Fine."}}}}', "login", ""),
        (b"<html>", "x", ""),
        (b"", "x", ""),
    ],
)  # fmt: skip
def test_refusals_are_problems_whatever_the_status_says(answer, what, said):
    assert wiretap.refusal_in(answer, what) == said


async def test_a_refused_login_is_an_error_of_the_traffic(plain, heard):
    with pytest.raises(TagwerkError):
        async with open_client(profile_for(plain), "wrong", traffic=heard):
            pass
    login = heard.of(HTTP, "login")[0]
    assert login.status == 200
    assert login.is_problem


def test_a_flood_of_messages_costs_little_and_says_how_many_are_missing(heard, monkeypatch):
    now = [1.0]
    monkeypatch.setattr(wiretap.time, "monotonic", lambda: now[0])
    tap = Wiretap(heard)
    for _ in range(5_000):
        tap.received("wss://h", "alarms", b'{"x":1}')
    assert len(heard) == wiretap.MOST_MESSAGES_PER_S
    now[0] = 2.0
    tap.received("wss://h", "alarms", b'{"x":1}')
    assert heard[-1].note == message(
        "{count} messages before it are not kept", count=5_000 - wiretap.MOST_MESSAGES_PER_S
    )


def test_long_texts_are_cut_and_their_size_is_told(heard):
    tap = Wiretap(heard)
    with tap.request("https://h/", b'{"query":"{ browse }"}') as recording:
        recording.answered(200, b'{"data": "' + b"y" * 5_000_000 + b'"}')
    assert len(heard[0].answer) == MOST_TEXT
    assert heard[0].received_bytes == 5_000_012


def test_a_secret_at_the_cut_is_not_half_shown(heard):
    class Login:
        user, secrets = "operator", ("SECRETsecret",)

    login = Login()
    tap = Wiretap(heard)
    tap.know(login)
    for shift in range(30):
        with tap.request("https://h/", b"{}") as recording:
            recording.answered(200, b" " * (MOST_TEXT - shift) + b"SECRETsecret" + b" " * 9_000)
        tap.received("wss://h", "x", b" " * (MOST_TEXT - shift) + b"SECRETsecret" + b" " * 60_000)
    assert {char for one in heard for char in one.answer} <= {" ", "•"}


def test_without_a_sink_nothing_is_made(monkeypatch):
    tap = Wiretap()
    monkeypatch.setattr(wiretap, "Exchange", None)
    with tap.request("https://h/", b"{}") as recording:
        recording.answered(200, b"{}")
    tap.sent("wss://h", "x", b"")
    tap.received("wss://h", "x", b"")
    tap.event("wss://h", "x")
    assert not tap.is_on
