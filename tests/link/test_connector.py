"""Looking at servers: each step, its cause and its cure."""

from __future__ import annotations

import socket

import pytest

from link.conftest import server_context
from link.tiny_server import TinyServer, introspection
from tagwerk.domain.connection import Capability, StepName, Trust, TrustMode
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotTrusted,
    ProtocolError,
    UsageError,
)
from tagwerk.link.addresses import candidates, endpoint_for
from tagwerk.link.connector import HttpConnector

PLAIN = Trust(TrustMode.PLAIN_HTTP)


async def look(server_url, **options):
    options.setdefault("trust", Trust())
    options.setdefault("timeout_s", 3.0)
    return await HttpConnector().inspect(server_url, **options)


def found(result):
    return {step.step: step.ok for step in result.steps}


async def test_all_steps_of_a_good_server(secure, ca_trust):
    seen = []
    secure.log = []
    result = await look(
        secure.url,
        trust=ca_trust,
        user="operator",
        password="right",
        deep=True,
        on_step=seen.append,
    )
    assert result.error is None
    assert found(result) == dict.fromkeys(StepName, True)
    assert tuple(seen) == result.steps
    assert [step.step for step in seen] == list(StepName)
    assert result.url == secure.url
    assert result.dialect == "unified"
    assert result.session.user == "operator"
    assert Capability.WRITE in result.capabilities
    assert result.certificate is not None
    assert result.server["systems"] == "HMI_RT_1"
    assert all(step.ms >= 0 and str(step.detail) for step in result.steps)
    assert "logout" in secure.calls


async def test_without_a_user_nothing_is_logged_in_to(secure, ca_trust):
    result = await look(secure.url, trust=ca_trust)
    assert result.error is None
    assert result.steps[-1].step is StepName.INTERFACE
    assert secure.calls == ["__typename"]


async def test_an_unknown_certificate_stops_the_look(secure):
    result = await look(secure.url, user="operator", password="right")
    assert isinstance(result.error, NotTrusted)
    assert result.steps[-1].step is StepName.TLS
    assert result.steps[-1].ok is False
    assert str(result.steps[-1].cure)
    assert result.certificate is not None
    assert result.error.certificate == result.certificate
    assert secure.calls == []


async def test_a_name_mismatch_says_both_names(authority, ca_trust):
    server = TinyServer()
    await server.start(server_context(authority.issue_cert("skid21.plant")))
    result = await look(server.url, trust=ca_trust)
    await server.stop()
    assert isinstance(result.error, NotTrusted)
    assert "skid21.plant" in str(result.error)
    assert "127.0.0.1" in str(result.error)
    assert result.certificate.matches_host is False


async def test_a_port_where_nothing_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    result = await look(f"127.0.0.1:{port}")
    assert isinstance(result.error, NotReachable)
    assert found(result) == {StepName.RESOLVE: True, StepName.CONNECT: False}


async def test_a_name_that_does_not_exist():
    result = await look("no-such-host.invalid")
    assert isinstance(result.error, NotReachable)
    assert found(result) == {StepName.RESOLVE: False}
    assert "no-such-host.invalid" in str(result.steps[0].detail)


async def test_a_wrong_password_is_one_attempt(plain):
    result = await look(plain.url, user="operator", password="wrong", trust=PLAIN)
    assert isinstance(result.error, LoginFailed)
    assert found(result)[StepName.LOGIN] is False
    assert found(result)[StepName.TLS] is None
    assert plain.calls.count("login") == 1


async def test_a_user_without_rights(plain):
    plain.forbidden = {"tagValues", "writeTagValues"}
    result = await look(plain.url, user="operator", password="right")
    assert isinstance(result.error, NotAllowed)
    assert found(result)[StepName.LOGIN] is True
    assert found(result)[StepName.RIGHTS] is False


async def test_a_viewer_is_told_what_is_missing(plain):
    plain.forbidden = {"writeTagValues"}
    result = await look(plain.url, user="operator", password="right")
    assert result.error is None
    assert "not: write, acknowledge" in str(result.steps[-1].detail)


async def test_another_web_page_is_no_interface(plain):
    plain.html = "<html>Welcome to IIS</html>"
    result = await look(plain.url)
    assert isinstance(result.error, ProtocolError)
    assert found(result)[StepName.HTTP] is True
    assert found(result)[StepName.INTERFACE] is False


async def test_the_usual_path_is_found_from_another_one(plain):
    result = await look(plain.url.replace("/graphql/", "/wrong/path"))
    assert result.error is None
    assert result.url == plain.url


async def test_a_refused_websocket_has_a_cure_and_the_rest_is_still_looked_at(plain):
    plain.socket_status = 404
    result = await look(plain.url, user="operator", password="right", deep=True)
    push = next(step for step in result.steps if step.step is StepName.PUSH)
    assert push.ok is False
    assert "HTTP 404" in str(push.detail)
    assert "WebSocket Protocol" in str(push.cure)
    assert found(result)[StepName.HISTORY] is True
    assert result.capabilities.reason(Capability.PUSH) == "push_refused"
    assert result.error is None


async def test_an_old_runtime_is_looked_at_as_far_as_it_goes(plain):
    plain.schema = introspection(v19=True)
    result = await look(plain.url, user="operator", password="right", deep=True)
    assert result.error is None
    steps = found(result)
    assert steps[StepName.BROWSE] is None
    assert steps[StepName.HISTORY] is None
    assert steps[StepName.ALARMS] is True


@pytest.mark.parametrize(
    "address", ["", "a b", "ftp://x", "https://", "https://u:p@host/graphql/", "host:port"]
)
async def test_nonsense_is_no_address(address):
    result = await look(address)
    assert isinstance(result.error, UsageError)
    assert ":p@" not in str(result.error)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("skid21", "https://skid21/graphql/"),
        (" Skid21.plant.local ", "https://skid21.plant.local/graphql/"),
        ("skid21:8443", "https://skid21:8443/graphql/"),
        ("https://skid21", "https://skid21/graphql/"),
        ("https://skid21/graphql", "https://skid21/graphql/"),
        ("https://skid21:443/graphql/", "https://skid21/graphql/"),
        ("wss://skid21/graphql/", "https://skid21/graphql/"),
        ("HTTPS://skid21/other/", "https://skid21/other/"),
        ("http://skid21:4000/graphql/", "http://skid21:4000/graphql"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000/graphql"),
        ("::1", "https://[::1]/graphql/"),
        ("[fe80::1]:8443", "https://[fe80::1]:8443/graphql/"),
        ("10.1.2.3", "https://10.1.2.3/graphql/"),
    ],
)
def test_addresses_as_people_type_them(typed, url):
    assert endpoint_for(typed).url == url


def test_plain_http_is_only_looked_for_where_allowed():
    assert [place.url for place in candidates("skid21", Trust())] == ["https://skid21/graphql/"]
    assert [place.url for place in candidates("skid21", PLAIN)] == [
        "http://skid21:4000/graphql",
        "https://skid21/graphql/",
    ]
