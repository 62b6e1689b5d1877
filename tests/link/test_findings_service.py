"""What the doctor finds out about the REST service of WinCC V7/V8, each on a server that gives cause."""

from __future__ import annotations

import json
import socket

import pytest

from link.raw_server import http, saying
from link.test_findings import HTML, ended, look, no_other_ports
from tagwerk.domain.connection import Capability, ConnectionProfile, StepName, Trust
from tagwerk.domain.errors import LoginFailed, NotAllowed
from tagwerk.domain.verdict import verdict_of
from tagwerk.link import find_interface, probe
from tagwerk.link.findings import catalogue
from tagwerk.link.findings_service import SERVICE_FINDINGS

__all__ = ["no_other_ports"]

ASKS = 'WWW-Authenticate: Basic realm="WinCC"\r\n'
CLASSIC = ConnectionProfile("plant", "", dialect="classic")
UNIFIED = ConnectionProfile("plant", "", dialect="unified")


def rows(*found):
    return http(200, json.dumps(found).encode(), kind="application/json")


class Service:
    """A service with two tags; what was asked is in `asked`, `who` may use it."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, request):
        if not request:
            return b""  # somebody only looked whether the port is open
        head = request.split(b"\r\n\r\n")[0].decode("latin-1")
        method, target, _ = head.split("\r\n")[0].split(" ", 2)
        path = target.partition("?")[0].lower()
        known = "authorization:" in head.lower()
        self.asked.append((method, path, known))
        if not path.startswith("/winccrestservice/"):
            return http(404, HTML)
        if not known:
            return http(401, b"", headers=ASKS)
        name = path.rpartition("/")[2]
        if name in self.answers:
            return self.answers[name]
        return {
            "connections": rows({"connectionName": "PLC"}),
            "variables": rows(
                {"variableName": "A", "dataType": 9, "connectionName": "PLC"},
                {"variableName": "B", "dataType": 9, "connectionName": "PLC"},
            ),
            "values": rows(
                {"variableName": "A", "dataType": 9, "value": 1.5, "errorcode": 0,
                 "qualitycode": 128, "timestamp": "2026-06-18T12:00:00Z"},
            ),
            "restfilters": rows({"filterName": "Störungen"}),
            "störungen": rows(),
            "st%c3%b6rungen": rows(),
        }.get(name, rows())  # fmt: skip


async def signed(service, profile=CLASSIC, **options):
    async with saying(service) as port:
        return await look(
            f"http://127.0.0.1:{port}/WinCCRestService",
            user="operator",
            password="right-word",
            profile=profile,
            **options,
        )


@pytest.mark.parametrize("profile", [CLASSIC, None])
async def test_everything_works_and_the_password_is_not_sent_before_it_is_asked_for(profile):
    service = Service()
    result = await signed(service, profile)
    assert [step.code for step in result.steps if step.ok is False] == []
    ended(result, StepName.PUSH, "interface_polls", ok=None)
    assert result.dialect == "classic"
    assert verdict_of(result.steps).can_work
    assert not verdict_of(result.steps).is_polled  # nothing is missing that should be there
    assert Capability.ALARMS in result.capabilities
    assert not service.asked[0][2]
    assert str(verdict_of(result.steps).headline) == "Everything works"


async def test_a_wrong_password_is_sent_once():
    service = Service(connections=http(401, b"", headers=ASKS))
    result = await signed(service)
    step = ended(result, StepName.LOGIN, "basic_refused")
    assert "operator" in str(step.meaning)
    assert isinstance(result.error, LoginFailed)
    assert sum(known for _, _, known in service.asked) == 1
    assert [step.step for step in result.steps][-2:] == [StepName.CLOCK, StepName.ROUND_TRIP]
    assert "right-word" not in str(result)


async def test_a_user_without_the_right():
    result = await signed(Service(connections=http(403, b"{}", kind="application/json")))
    ended(result, StepName.LOGIN, "no_rest_right")
    assert isinstance(result.error, NotAllowed)


async def test_no_filter_for_messages_is_no_failure():
    result = await signed(Service(restfilters=rows()))
    ended(result, StepName.ALARMS, "no_alarm_filter", ok=None)
    assert verdict_of(result.steps).can_work


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(404, b"{}", kind="application/json"), "service_missing"),
        (http(404, HTML), "service_missing"),
        (http(405, b""), "service_missing"),
        (http(403, b"no"), "service_forbidden"),
        (http(503, b"starting"), "service_starting"),
        (http(500, b"oops"), "service_starting"),
        (http(401, b"", headers="WWW-Authenticate: Negotiate\r\n"), "basic_not_offered"),
        (http(200, HTML), "html_page"),
        (http(200, b"<html><title>IIS Windows Server</title>"), "iis_default_page"),
        (http(200, b"hello"), "not_service"),
        (http(418, b"tea"), "not_service"),
    ],
)
async def test_what_is_there_instead_of_the_service(answer, code):
    async with saying(answer) as port:
        result = await look(f"http://127.0.0.1:{port}/WinCCRestService", profile=CLASSIC)
    step = next(step for step in result.steps if step.step is StepName.INTERFACE)
    assert (step.code, step.ok) == (code, False)
    assert step.actions
    assert not verdict_of(result.steps).can_work


@pytest.mark.parametrize("body", [b"[]", b"{}", b"", b"\xef\xbb\xbf[]"])
async def test_a_service_that_lets_everybody_in_is_one(body):
    async with saying(http(200, body, kind="application/json")) as port:
        result = await look(f"http://127.0.0.1:{port}/WinCCRestService", profile=CLASSIC)
    ended_well = next(step for step in result.steps if step.step is StepName.INTERFACE)
    assert ended_well.ok


async def test_a_wrong_path_is_put_right():
    async with saying(Service()) as port:
        result = await look(f"http://127.0.0.1:{port}/WinCC", profile=CLASSIC)
    step = next(step for step in result.steps if step.step is StepName.INTERFACE)
    assert step.ok
    assert "/WinCCRestService" in str(step.detail)
    assert result.url.endswith("/WinCCRestService")


async def test_the_interface_of_unified_is_named(plain):
    result = await look(plain.url, profile=CLASSIC)
    ended(result, StepName.INTERFACE, "unified_interface")
    assert "Unified" in str(verdict_of(result.steps).headline)
    assert "login" not in plain.calls


async def test_who_wants_unified_is_told_of_the_service():
    async with saying(Service()) as port:
        result = await look(f"http://127.0.0.1:{port}/WinCCRestService", profile=UNIFIED)
    ended(result, StepName.INTERFACE, "classic_interface")


async def test_a_closed_port_speaks_of_the_start_up_list():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/WinCCRestService"
        result = await look(address, profile=CLASSIC)
    step = ended(result, StepName.CONNECT, "service_off")
    assert "start-up list" in str(step.meaning)


async def test_where_nobody_said_which_the_open_port_is_looked_at(
    monkeypatch, tls_context, ca_trust
):
    async with saying(Service(), ssl=tls_context) as port:
        monkeypatch.setattr(probe, "USUAL_PORTS", {port: "the older WinCC"})
        monkeypatch.setattr(probe, "CLASSIC_PORTS", (port,))
        result = await look("127.0.0.1", ca_trust)
    if next(step for step in result.steps if step.step is StepName.CONNECT).detail.params[0] == (
        "port",
        443,
    ):
        pytest.skip("something listens on port 443 of this computer")
    assert result.dialect == "classic"
    assert f":{port}/WinCCRestService" in result.url
    step = next(step for step in result.steps if step.step is StepName.CONNECT)
    assert step.ok
    assert "443" in str(step.detail)


async def test_the_other_usual_port_is_tried(monkeypatch, tls_context, ca_trust):
    async with saying(Service(), ssl=tls_context) as port:
        from tagwerk.link.registry import SPEAKERS

        info = SPEAKERS["classic"].info
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            closed = taken.getsockname()[1]
            places = probe.candidates("127.0.0.1", Trust(), "classic")
            moved = [type(places[0])(f"https://127.0.0.1:{closed}{places[0].parts.path}")]
            monkeypatch.setattr(probe, "candidates", lambda *_: moved)
            fake = type(info)(
                info.key, info.product, info.public_path, public_port=closed, other_ports=(port,)
            )
            monkeypatch.setattr(type(SPEAKERS["classic"]), "info", fake)
            result = await look("127.0.0.1", ca_trust, profile=CLASSIC)
    assert result.dialect == "classic"
    assert f":{port}/" in result.url


async def test_slow_reading_is_said(monkeypatch):
    monkeypatch.setattr("tagwerk.link.find_service._SLOW_S", -1.0)
    result = await signed(Service())
    step = ended(result, StepName.PUSH, "polling_slow", ok=True)
    assert "names a second" in str(step.meaning)


def test_the_findings_are_in_the_catalogue():
    assert {one.code for one in SERVICE_FINDINGS} <= set(catalogue())
    assert find_interface.CLASSIC_PATH.startswith("/WinCCRestService/")
