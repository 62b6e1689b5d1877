"""Every finding of the doctor, each met on a server or socket that gives cause for it."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import json
import socket
import ssl
import string
from pathlib import Path

import pytest

from link.conftest import server_context
from link.raw_server import http, saying
from link.tiny_server import TinyServer, introspection
from tagwerk.domain.connection import ConnectionProfile, StepName, Trust, TrustMode
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    NotTrusted,
    ProtocolError,
    ServerRefused,
    SessionExpired,
)
from tagwerk.domain.verdict import verdict_of
from tagwerk.link import find_interface, probe
from tagwerk.link.connector import HttpConnector
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.findings import UNKNOWN, catalogue, diagnose, find
from tagwerk.link.stream import PushRefused
from tagwerk.link.transport import BodyTooLarge

PLAIN = Trust(TrustMode.PLAIN_HTTP)
HTML = b"<!DOCTYPE html><html><body>hello</body></html>"
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02"


@pytest.fixture(autouse=True)
def no_other_ports(monkeypatch):
    """Ports of this machine are nobody's business in a test."""
    monkeypatch.setattr(probe, "USUAL_PORTS", {})
    monkeypatch.setattr(find_interface, "CLASSIC_PORTS", ())
    monkeypatch.setattr(probe, "CLASSIC_PORTS", (34568, 34569))


async def look(address, trust=PLAIN, **options):
    options.setdefault("timeout_s", 3.0)
    return await HttpConnector().inspect(address, trust=trust, deep=True, **options)


async def signed_in(server, password="right", **options):
    return await look(server.url, user="operator", password=password, **options)


def ended(result, name, code, *, ok=False):
    """The step ended in this finding, and the finding is complete."""
    step = next(step for step in result.steps if step.step is name)
    assert (step.code, step.ok) == (code, ok), (step.code, step.ok, str(step.detail))
    assert str(step.detail)
    assert str(step.meaning)
    assert step.cure
    assert step.actions
    text = " ".join(map(str, (step.meaning, step.until_then, step.command, *step.actions)))
    assert "?" not in text.replace("right?", ""), text
    assert "{host}" not in text
    return step


# Name and port


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (socket.EAI_NONAME, "name_unknown"),
        (socket.EAI_AGAIN, "name_service_silent"),
    ],
)
async def test_a_name_that_leads_nowhere(monkeypatch, number, code):
    async def refuse(*_args, **_options):
        raise socket.gaierror(number, "no")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    step = ended(await look("skid99.plant"), StepName.RESOLVE, code)
    assert "skid99.plant" in f"{step.meaning} {step.command}"


async def test_no_address_at_all():
    result = await look("https://a b/")
    ended(result, StepName.RESOLVE, "not_usable")


async def test_a_closed_port_names_the_open_ones(monkeypatch):
    async with saying(b"") as other:
        monkeypatch.setattr(probe, "USUAL_PORTS", {other: "the other one"})
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            result = await look(f"127.0.0.1:{port}", Trust())
    step = ended(result, StepName.CONNECT, "port_closed")
    assert "the other one" in str(step.meaning)
    assert str(port) in str(step.meaning)


async def test_packets_that_vanish():
    """A full queue of the listener drops what comes, as a firewall does."""
    fillers = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        result = await look(f"127.0.0.1:{listener.getsockname()[1]}", Trust(), timeout_s=0.4)
        for filler in fillers:
            filler.close()
    ended(result, StepName.CONNECT, "connect_timeout")


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no_route"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "connection_cut"),
    ],
)
async def test_no_way_there(monkeypatch, problem, code):
    async def fail(*_args, **_options):
        raise problem

    monkeypatch.setattr(asyncio, "open_connection", fail)
    ended(await look("127.0.0.1:1", Trust()), StepName.CONNECT, code)


# TLS


async def test_plain_http_where_tls_was_expected(plain):
    result = await look(f"https://127.0.0.1:{plain.port}/", Trust())
    ended(result, StepName.TLS, "plain_http_here")
    assert plain.calls == []


def opc_ua(request):
    return b"ACKF\x1c\x00\x00\x00" if request.startswith(b"HELF") else b""


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "tls_not_spoken"),
        (opc_ua, "opc_ua"),
        (TLS_ALERT + b"\x46", "tls_too_old"),
        (TLS_ALERT + b"\x28", "tls_no_cipher"),
        (b"", "tls_cut"),
    ],
)
async def test_something_else_than_tls(answer, code):
    async with saying(answer) as port:
        result = await look(f"https://127.0.0.1:{port}/", Trust())
    ended(result, StepName.TLS, code)


async def test_a_port_that_never_greets():
    async with saying(None) as port:
        result = await look(f"https://127.0.0.1:{port}/", Trust(), timeout_s=0.3)
    ended(result, StepName.TLS, "tls_silent")


def days(count):
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=count)


def self_signed():
    """A certificate of its own, as WinCC makes them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SKID21-HMI")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(days(-1))
        .not_valid_after(days(300))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    return made.public_bytes(encoding) + key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("unknown", "certificate_unknown_ca"),
        ("other name", "certificate_other_name"),
        ("expired", "certificate_expired"),
        ("not yet", "certificate_not_yet_valid"),
        ("changed", "certificate_changed"),
        ("own", "certificate_self_signed"),
    ],
)
async def test_certificates_that_are_refused(authority, ca_trust, tmp_path, case, code):
    trust = ca_trust
    times = {}
    name = "127.0.0.1"
    if case == "unknown":
        trust = Trust()
    elif case == "other name":
        name = "skid21.plant"
    elif case == "expired":
        times = {"not_before": days(-9), "not_after": days(-2)}
    elif case == "not yet":
        times = {"not_before": days(2), "not_after": days(9)}
    elif case == "changed":
        trust = Trust(TrustMode.PINNED, sha256="ab" * 32)
    if case == "own":
        pem = tmp_path / "own.pem"
        pem.write_bytes(self_signed())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        trust = Trust()
    else:
        context = server_context(authority.issue_cert(name, **times))
    server = TinyServer()
    await server.start(context)
    result = await look(server.url, trust, user="operator", password="right")
    await server.stop()
    step = ended(result, StepName.TLS, code)
    assert "Nothing secret" in str(step.until_then)
    assert result.steps[-1].step is StepName.TLS
    assert server.calls == []


async def test_a_certificate_that_ends_soon_needs_a_look(authority, ca_trust):
    server = TinyServer()
    await server.start(server_context(authority.issue_cert("127.0.0.1", not_after=days(10))))
    result = await signed_in(server, trust=ca_trust)
    await server.stop()
    assert ended(result, StepName.TLS, "certificate_ends_soon", ok=True).is_minor
    assert verdict_of(result.steps).can_work


async def test_plain_http_that_nobody_allowed(monkeypatch, plain):
    monkeypatch.setattr(Endpoint, "is_loopback", False)
    result = await look(plain.url, Trust(), user="operator", password="right")
    ended(result, StepName.TLS, "plain_http_refused")
    assert plain.calls == []


async def test_a_pinned_certificate_is_as_remembered(secure):
    seen = await look(secure.url, Trust())
    trust = Trust(TrustMode.PINNED, sha256=seen.certificate.sha256)
    result = await signed_in(secure, trust=trust)
    tls = next(step for step in result.steps if step.step is StepName.TLS)
    assert "as remembered" in str(tls.detail)
    assert result.error is None


# Web server and interface


async def served(answer, **options):
    async with saying(answer) as port:
        return await look(f"http://127.0.0.1:{port}/graphql/", **options)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(302, headers="Location: https://elsewhere.plant/\r\n"), "redirect_elsewhere"),
        (http(302, headers="Location: /graphql/\r\n"), "redirect_circle"),
        (http(413, b"no"), "http_413"),
        (b"", "http_cut"),
        (http(200, b"x", headers="Content-Encoding: gzip\r\n"), "http_other"),
    ],
)
async def test_web_servers_without_a_usable_answer(answer, code):
    ended(await served(answer), StepName.HTTP, code)


async def test_a_web_server_that_keeps_silent():
    ended(await served(None, timeout_s=0.2), StepName.HTTP, "http_silent")


FORGED = json.dumps(
    {"errors": [{"message": "blocked as a potential Cross-Site Request Forgery (CSRF)"}]}
).encode()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(404, HTML), "http_404"),
        (http(405, HTML), "http_405"),
        (http(403, HTML), "http_403"),
        (http(401, HTML), "web_server_login"),
        (http(500, HTML), "http_500"),
        (http(502, HTML), "runtime_down"),
        (http(504, b"gateway"), "runtime_down"),
        (http(503, HTML), "http_503"),
        (http(418, b"tea"), "http_other"),
        (http(400, FORGED, kind="application/json"), "csrf_refused"),
        (http(200, b"<html><title>IIS Windows Server</title></html>"), "iis_default_page"),
        (http(200, b'<html><input name="p" type="password"></html>'), "login_page"),
        (http(503, b"<html>squid: access denied</html>"), "proxy_page"),
        (http(407, b"who are you"), "proxy_page"),
        (http(200, HTML), "html_page"),
        (http(200, b""), "empty_answer"),
        (http(200, b'{"hello": 1}', kind="application/json"), "not_graphql"),
    ],
)
async def test_something_else_answers(answer, code):
    result = await served(answer, user="operator", password="secret-word")
    step = ended(result, StepName.INTERFACE, code)
    assert result.steps[-1] == step
    assert result.error is not None
    assert "secret-word" not in str(result)


def classic(request):
    if b"/WinCCRestService/" not in request.split(b"\r\n")[0]:
        return http(404, HTML)
    return http(
        401, b"{}", kind="application/json", headers='WWW-Authenticate: Basic realm="x"\r\n'
    )


async def test_the_interface_of_the_older_wincc_is_named():
    async with saying(classic) as port:
        unified = ConnectionProfile("plant", "", dialect="unified")
        result = await look(f"http://127.0.0.1:{port}/WinCCRestService", profile=unified)
    step = ended(result, StepName.INTERFACE, "classic_interface")
    assert "WinCC V7/V8 REST interface" in str(step.detail)
    assert "V7 or V8" in str(verdict_of(result.steps).headline)


async def test_the_older_wincc_is_found_beside_a_closed_port(monkeypatch, tls_context, ca_trust):
    async with saying(classic, ssl=tls_context) as port:
        monkeypatch.setattr(probe, "USUAL_PORTS", {port: "the older WinCC"})
        monkeypatch.setattr(probe, "CLASSIC_PORTS", (port,))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            result = await look(f"127.0.0.1:{taken.getsockname()[1]}", ca_trust)
    ended(result, StepName.CONNECT, "port_closed")
    ended(result, StepName.INTERFACE, "classic_interface")
    assert isinstance(result.error, NotReachable)


async def test_a_server_that_wants_a_login_for_everything_is_not_taken_for_the_older_wincc():
    refusal = http(401, b"{}", headers='WWW-Authenticate: Basic realm="x"\r\n')
    ended(await served(refusal), StepName.INTERFACE, "web_server_login")


# Sign-in and rights


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "101", "description": "Wrong"}, "wrong_password"),
        ({"code": "102", "description": "UMC error"}, "user_management_fails"),
        ({"code": "103", "description": "Nonce expired"}, "nonce_expired"),
        ({"code": "1", "description": "The account is locked"}, "user_locked"),
        ({"code": "1", "description": "Password expired"}, "password_expired"),
        ({"code": "1", "description": "Not today"}, "login_refused"),
    ],
)
async def test_refused_logins_are_tried_once_and_the_way_is_still_measured(plain, error, code):
    plain._do_login = lambda _variables: plain._session(error)
    result = await signed_in(plain)
    ended(result, StepName.LOGIN, code)
    assert plain.calls.count("login") == 1
    assert [step.step for step in result.steps][-2:] == [StepName.CLOCK, StepName.ROUND_TRIP]
    assert isinstance(result.error, LoginFailed)
    assert not verdict_of(result.steps).can_work


async def test_nobody_signed_in(plain):
    result = await look(plain.url)
    ended(result, StepName.LOGIN, "not_signed_in", ok=None)
    assert result.error is None
    assert set(plain.calls) == {"__typename"}
    assert "nobody is signed in" in str(verdict_of(result.steps).headline)


async def test_a_token_that_is_not_taken(plain):
    result = await look(plain.url, token="stale")
    ended(result, StepName.RIGHTS, "token_refused")


async def test_a_user_without_the_right(plain):
    plain.forbidden = {"tagValues", "writeTagValues"}
    step = ended(await signed_in(plain), StepName.RIGHTS, "no_right")
    assert "operator" in str(step.meaning)


async def test_a_server_that_does_not_tell_what_it_can(plain):
    plain._do_schema = lambda _variables: plain._refuse(
        "GRAPHQL_VALIDATION_FAILED", "introspection is not allowed"
    )
    result = await signed_in(plain)
    assert ended(result, StepName.RIGHTS, "introspection_off", ok=True).is_minor


# Functions


async def test_an_old_runtime(plain):
    plain.schema = introspection(v19=True)
    result = await signed_in(plain)
    ended(result, StepName.BROWSE, "server_lacks_browse", ok=None)
    ended(result, StepName.READ, "nothing_to_read", ok=None)
    ended(result, StepName.HISTORY, "server_lacks_history", ok=None)
    ended(result, StepName.PUSH, "nothing_to_subscribe", ok=None)
    assert "this server version" in str(verdict_of(result.steps).headline)


async def test_a_runtime_without_alarms_and_push(plain):
    types = {one["name"]: one for one in plain.schema["types"]}
    types["Subscription"]["fields"] = []
    query = types["Query"]
    query["fields"] = [field for field in query["fields"] if "Alarms" not in field["name"]]
    result = await signed_in(plain)
    ended(result, StepName.ALARMS, "server_lacks_alarms", ok=None)
    ended(result, StepName.PUSH, "server_lacks_push", ok=None)


@pytest.mark.parametrize(
    ("field", "step", "code"),
    [
        ("browse", StepName.BROWSE, "browse_refused"),
        ("loggedTagValues", StepName.HISTORY, "history_refused"),
        ("activeAlarms", StepName.ALARMS, "alarms_refused"),
    ],
)
async def test_functions_that_are_forbidden(plain, field, step, code):
    plain.forbidden = {field}
    result = await signed_in(plain)
    ended(result, step, code)
    assert result.error is None


@pytest.mark.parametrize(
    ("field", "step", "code"),
    [
        ("browse", StepName.BROWSE, "browse_failed"),
        ("loggedTagValues", StepName.HISTORY, "history_failed"),
        ("activeAlarms", StepName.ALARMS, "alarms_failed"),
    ],
)
async def test_functions_that_fail(plain, field, step, code):
    refusal = plain._refuse
    setattr(plain, f"_do_{field}", lambda _variables: refusal("INTERNAL_SERVER_ERROR", "broken"))
    result = await signed_in(plain)
    ended(result, step, code)
    assert result.steps[-1].step is StepName.ROUND_TRIP


async def test_reading_that_is_refused_and_that_fails(plain):
    first = plain._do_tagValues

    def refuse(variables):
        return plain._refuse("FORBIDDEN", "no") if variables["names"] else first(variables)

    plain._do_tagValues = refuse
    ended(await signed_in(plain), StepName.READ, "read_refused")

    def fail(variables):
        error = {"code": "1", "description": "no connection to the controller"}
        return [{"name": name, "value": None, "error": error} for name in variables["names"]]

    plain._do_tagValues = fail
    result = await signed_in(plain)
    ended(result, StepName.READ, "read_failed")
    assert not verdict_of(result.steps).can_work


async def test_an_empty_project(plain):
    plain._do_browse = lambda _variables: []
    result = await signed_in(plain)
    assert ended(result, StepName.BROWSE, "nothing_to_browse").is_minor
    ended(result, StepName.HISTORY, "no_logging_tag", ok=None)


async def test_history_with_an_error_of_its_own(plain):
    plain._do_loggedTagValues = lambda _variables: [
        {"loggingTagName": "HMI_RT_1::A:Log", "error": {"code": "1", "description": "off"}}
    ]
    ended(await signed_in(plain), StepName.HISTORY, "history_failed")


# Push


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "websocket_off"),
        (400, "websocket_off"),
        (426, "websocket_off"),
        (501, "websocket_off"),
        (503, "websocket_refused"),
        (402, "websocket_refused"),
        (401, "websocket_wants_login"),
        (403, "websocket_wants_login"),
    ],
)
async def test_a_websocket_that_is_refused(plain, status, code):
    plain.socket_status = status
    result = await signed_in(plain)
    step = ended(result, StepName.PUSH, code)
    assert result.steps[-1].step is StepName.ROUND_TRIP
    verdict = verdict_of(result.steps)
    assert verdict.can_work
    assert verdict.is_polled
    if code == "websocket_off":
        assert step.command.startswith("Enable-WindowsOptionalFeature")


@pytest.mark.parametrize("code", [4401, 4403])
async def test_a_token_that_the_socket_does_not_take(plain, code):
    plain.init_close_code = code
    ended(await signed_in(plain), StepName.PUSH, "push_token_refused")


async def test_a_socket_without_an_answer(plain):
    async def silent(_socket, _message):
        return None

    plain._on_message = silent
    result = await signed_in(plain, timeout_s=0.6)
    ended(result, StepName.PUSH, "push_no_answer")


async def test_a_socket_without_a_value(plain):
    first = plain._on_message

    async def no_values(socket_, message):
        if message["type"] != "subscribe":
            await first(socket_, message)

    plain._on_message = no_values
    ended(await signed_in(plain, timeout_s=0.8), StepName.PUSH, "push_no_value")


async def test_a_socket_that_breaks(plain):
    first = plain._on_message

    async def cut(socket_, message):
        if message["type"] == "subscribe":
            plain.break_sockets_here()
        else:
            await first(socket_, message)

    plain._on_message = cut
    ended(await signed_in(plain), StepName.PUSH, "push_cut")


async def test_a_subscription_that_is_refused(plain):
    plain.forbidden_subscription = "tagValues"
    ended(await signed_in(plain), StepName.PUSH, "subscription_refused")
    plain.forbidden_subscription = ""
    plain.refuse_name = "HMI_RT_1::A"
    del plain.tags["HMI_RT_1::B"]
    ended(await signed_in(plain), StepName.PUSH, "subscription_refused")


async def test_pings_that_nobody_answers(plain, monkeypatch):
    from tagwerk.link import deep_probe, stream

    monkeypatch.setattr(deep_probe, "_PONG_WAIT_S", 0.2)
    monkeypatch.setattr(stream.ValueStream, "pong_seen", False, raising=False)
    monkeypatch.setattr(
        stream.ValueStream, "__setattr__", lambda self, name, new: None
        if name == "pong_seen"
        else object.__setattr__(self, name, new),
    )  # fmt: skip
    step = ended(await signed_in(plain), StepName.PUSH, "pings_unanswered", ok=True)
    assert step.is_minor


async def test_the_passive_one_of_a_pair(plain):
    types = {one["name"]: one for one in plain.schema["types"]}
    types["Subscription"]["fields"].append(
        {
            "name": "reduState",
            "args": [],
            "type": {"kind": "OBJECT", "name": "Redu", "ofType": None},
        }
    )
    types_list = plain.schema["types"]
    scalar = {"kind": "SCALAR", "name": "String", "ofType": None}
    types_list.append(
        {
            "kind": "OBJECT",
            "name": "Redu",
            "fields": [
                {"name": "value", "args": [], "type": {"kind": "OBJECT", "name": "ReduValue", "ofType": None}}
            ],
        }
    )  # fmt: skip
    types_list.append(
        {
            "kind": "OBJECT",
            "name": "ReduValue",
            "fields": [{"name": "value", "args": [], "type": scalar}],
        }
    )
    first = plain._on_message

    async def passive(socket_, message):
        if message["type"] == "subscribe" and "reduState" in message["payload"]["query"]:
            await plain._next(socket_, message["id"], "reduState", {"value": {"value": "PASSIVE"}})
        else:
            await first(socket_, message)

    plain._on_message = passive
    result = await signed_in(plain)
    assert ended(result, StepName.PUSH, "redundancy_passive").is_minor
    assert result.server["redundancy"] == "PASSIVE"
    assert "passive" in str(verdict_of(result.steps).headline)


# Clock and way


async def test_a_clock_that_is_off_and_one_that_is_not_told(plain, monkeypatch):
    from tagwerk.link import transport

    monkeypatch.setattr(transport, "_clock_offset", lambda _date, _now: -7_400_000_000)
    step = ended(await signed_in(plain), StepName.CLOCK, "clock_off")
    assert "7.4" in str(step.detail)
    assert step.is_minor
    monkeypatch.setattr(transport, "_clock_offset", lambda _date, _now: None)
    ended(await signed_in(plain), StepName.CLOCK, "clock_unknown", ok=None)


@pytest.mark.parametrize(
    ("slow_ms", "uneven_ms", "code"), [(0.0, 1e9, "slow"), (1e9, 0.0, "uneven")]
)
async def test_a_slow_way(plain, monkeypatch, slow_ms, uneven_ms, code):
    from tagwerk.link import deep_probe

    monkeypatch.setattr(deep_probe, "_SLOW_MS", slow_ms)
    monkeypatch.setattr(deep_probe, "_UNEVEN_MS", uneven_ms)
    result = await signed_in(plain)
    assert ended(result, StepName.ROUND_TRIP, code, ok=True).is_minor
    assert result.error is None


async def test_a_server_that_stops_answering_small_questions(plain):
    answered = []

    def count(_variables):
        answered.append(1)
        if len(answered) > 5:
            plain.status = 503
        return "Query"

    plain._do_typename = count
    ended(await signed_in(plain), StepName.ROUND_TRIP, "round_trip_failed")


# In the middle of everything


async def test_a_session_that_ends_in_the_middle(plain):
    def forget(_variables):
        plain.tokens.clear()
        plain._do_login = lambda _v: plain._session({"code": "101", "description": "no"})
        return plain._refuse("UNAUTHENTICATED", "Not logged in")

    plain._do_activeAlarms = forget
    result = await signed_in(plain)
    assert plain.calls.count("login") == 2, "once at the start, once because the session ended"
    alarms = next(step for step in result.steps if step.step is StepName.ALARMS)
    assert alarms.ok is False
    assert alarms.code


async def test_a_connection_that_is_lost_in_the_middle(plain):
    plain.broken_on = "loggedTagValues"
    ended(await signed_in(plain), StepName.HISTORY, "lost_midway")


# What no server here can be made to do, by the error that it would cause.

UNIT = {
    "answer_too_large": (StepName.HTTP, ProtocolError("big", code="too_large")),
    "certificate_weak": (StepName.TLS, NotTrusted("weak", code="weak")),
    "login_lacking": (StepName.LOGIN, NotSupported("no login")),
    "browse_silent": (StepName.BROWSE, NotReachable("late", code="timeout")),
    "session_ended": (StepName.HISTORY, SessionExpired("gone")),
    UNKNOWN: (StepName.LOGIN, ServerRefused("because")),
}


@pytest.mark.parametrize("code", UNIT)
def test_errors_lead_to_findings(code):
    step, problem = UNIT[code]
    assert diagnose(step, problem) == code


def test_every_error_in_every_step_has_a_finding():
    problems = (
        LoginFailed("a"),
        NotAllowed("a", code="FORBIDDEN"),
        NotReachable("a", code="timeout"),
        NotReachable("a", code="503"),
        NotTrusted("a"),
        NotTrusted("a", pinned_sha256="ab"),
        ProtocolError("a"),
        PushRefused("a", code="404"),
        ServerRefused("a"),
        SessionExpired("a"),
        BodyTooLarge("a"),
    )
    for step in StepName:
        for problem in problems:
            assert find(diagnose(step, problem)).meaning, (step, problem)


FACTS = {
    "host",
    "port",
    "user",
    "found",
    "names",
    "path",
    "scheme",
    "rate",
    "days",
    "seconds",
    "median",
    "worst",
}


def test_the_tables_are_complete_and_say_nothing_that_is_not_known():
    for code, finding in catalogue().items():
        assert finding.meaning, code
        assert finding.actions, code
        for text in (finding.meaning, finding.until_then, *finding.actions):
            places = {name for _, name, _, _ in string.Formatter().parse(text.template) if name}
            assert places <= FACTS, code


def test_facts_are_filled_into_sentences_and_commands():
    finding = find("connect_timeout").filled({"host": "skid21", "port": 443, "found": ""})
    assert "skid21" in str(finding.meaning)
    assert "-LocalPort 443" in finding.command
    assert "$_.Subject" in find("certificate_changed").filled({"host": "x"}).command


def test_each_finding_is_met_by_a_test_of_this_module_or_its_neighbour():
    here = Path(__file__)
    neighbour = here.with_name("test_findings_service.py")
    text = here.read_text(encoding="utf-8") + neighbour.read_text(encoding="utf-8")
    assert [code for code in catalogue() if f'"{code}"' not in text and code != UNKNOWN] == []
