"""A marked password and a marked token go everywhere a secret can go wrong, and are found nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import traceback

import pytest
from aiohttp import web

from link.conftest import Sink, authority, profile_for, secure, tls_context
from link.tiny_server import TinyServer, until
from tagwerk.cli.arguments import _parser
from tagwerk.cli.target import Target
from tagwerk.dialects.unified import login_operation
from tagwerk.domain.connection import LinkState, Trust, TrustMode
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import WriteItem
from tagwerk.link.connector import HttpConnector
from tagwerk.link.login import open_client
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.plant import Plant

__all__ = ["authority", "secure", "tls_context"]
PASSWORD = 'pw-MARK-Äß"Qz73'
TOKEN = "tok-MARK-Wq5d-881c"
# Letters that no hexadecimal digest can hold by chance.
MARKS = ("MARK", "Qz73", "Wq5d")


@pytest.fixture
async def server():
    """A server that knows the marked secrets and likes to repeat them."""
    made = TinyServer()
    session = made._session

    def marked(error=None):
        answer = session(error)
        if answer["token"]:
            made.tokens.add(TOKEN)
            answer["token"] = TOKEN
        return answer

    made._session = marked
    made._do_login = lambda variables: marked()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(autouse=True)
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    before = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "picows")}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def assert_clean(*texts):
    for text in texts:
        for mark in MARKS:
            assert mark not in str(text), f"a secret is in: {str(text)[:400]}"


def told(problem):
    """All that an exception may be shown as, its causes included."""
    parts = ["".join(traceback.format_exception(problem))]
    seen = problem
    while seen is not None:
        parts += [str(seen), repr(seen), repr(seen.args), repr(getattr(seen, "__dict__", ""))]
        seen = seen.__cause__ or seen.__context__
    return parts


def page(text, status=200):
    return lambda variables: web.Response(status=status, text=text)


def errors(text, code="X", status=200):
    body = {"errors": [{"message": text, "extensions": {"code": code}}], "data": None}
    return lambda variables: web.Response(
        status=status, text=json.dumps(body), content_type="application/json"
    )


ECHO = f"got {PASSWORD} and {TOKEN}"


def bad_answers(echo):
    return [
        errors(echo),
        errors(echo, code=PASSWORD),
        errors(echo, "FORBIDDEN"),
        errors(echo, "UNAUTHENTICATED", 401),
        errors(echo, "BAD_USER_INPUT", 400),
        errors(echo, "INTERNAL_SERVER_ERROR", 500),
        page(echo),
        page("x" * 52 + echo),
        page(json.dumps(echo)[1:]),
        page(echo, 403),
        page(echo, 502),
    ]


LOGINS = [
    *bad_answers(PASSWORD),
    lambda variables: {"token": None, "error": {"code": "102", "description": PASSWORD}},
]


@pytest.mark.parametrize("answer", LOGINS)
async def test_a_failed_login(server, caplog, answer):
    server._do_login = answer
    with pytest.raises(TagwerkError) as caught:
        async with open_client(profile_for(server), PASSWORD):
            pass
    assert_clean(*told(caught.value), caplog.text)


@pytest.mark.parametrize("answer", bad_answers(ECHO))
async def test_a_failed_read_and_write(server, caplog, answer):
    async with open_client(profile_for(server), PASSWORD) as client:
        server._do_tagValues = server._do_writeTagValues = answer
        with pytest.raises(TagwerkError) as reading:
            await client.read(["HMI_RT_1::A"])
        with pytest.raises(TagwerkError) as writing:
            await client.write([WriteItem("HMI_RT_1::A", 1)])
        assert_clean(repr(client), repr(client.keeper))
    assert_clean(*told(reading.value), *told(writing.value), caplog.text)


async def test_a_link_and_all_that_it_says(server, caplog):
    sink = Sink()
    link = SupervisedLink(profile_for(server), PASSWORD, sink)
    plant = Plant(profile_for(server))
    plant.attach(link)
    link.start()
    await until(lambda: sink.is_live)
    socket = server.sockets[0]
    await server._call(socket.close(code=4401, message=TOKEN.encode()))
    await until(lambda: LinkState.RECONNECTING in sink.states)
    server._do_extendSession = server._do_login = errors(ECHO, "FORBIDDEN")
    server.tokens.clear()
    link.reconnect_now()
    await until(lambda: sink.last.state is LinkState.REFUSED)
    texts = [f"{status!r} {status.detail} {status.cure}" for status in sink.statuses]
    refusals = [text for one in sink.statuses if one.error for text in told(one.error)]
    assert_clean(*texts, *refusals, repr(link), repr(plant), repr(plant.writes), caplog.text)
    await link.close()
    assert_clean(caplog.text)


async def test_a_refused_subscription_of_one_tag(server, caplog):
    server.refuse_name = TOKEN  # the server repeats the name that it refuses
    sink = Sink()
    link = SupervisedLink(profile_for(server), PASSWORD, sink)
    link.want(frozenset((TOKEN,)))
    link.start()
    await until(lambda: sink.latest(TOKEN))
    assert_clean(sink.latest(TOKEN).error)
    await link.close()


async def test_a_certificate_that_nobody_vouches_for(secure, caplog):
    with pytest.raises(TagwerkError) as caught:
        async with open_client(profile_for(secure), PASSWORD):
            pass
    pinned = Trust(TrustMode.PINNED, sha256="0" * 64)
    with pytest.raises(TagwerkError) as changed:
        async with open_client(profile_for(secure, pinned), PASSWORD):
            pass
    assert secure.calls == []
    assert_clean(*told(caught.value), *told(changed.value), caplog.text)


async def test_a_probe(server, caplog):
    server._do_tagValues = server._do_activeAlarms = errors(ECHO)
    result = await HttpConnector().inspect(
        server.url, trust=Trust(), user="operator", password=PASSWORD, deep=True
    )
    texts = [f"{step!r} {step.detail} {step.cure}" for step in result.steps]
    assert_clean(*texts, result, caplog.text)


def test_what_prints_itself():
    profile = profile_for(type("Server", (), {"url": "https://h/graphql/"}))
    assert_clean(login_operation("operator", PASSWORD), Target(profile, PASSWORD, TOKEN))


def test_no_option_takes_a_password():
    for action in _parser()._subparsers._group_actions[0].choices.values():
        for option in action._option_string_actions:
            assert "password" not in option
            assert option != "--token"


async def test_programs_leave_no_secret_in_files_or_on_the_screen(server, tmp_path):
    """Command line and window: settings, audit, report, standard output and error."""
    environment = {
        **os.environ,
        "TAGWERK_PASSWORD": PASSWORD,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONASYNCIODEBUG": "1",
    }
    common = ["--user", "operator", "--settings", str(tmp_path)]
    window = [server.url, "--report", str(tmp_path / "report.json"), "--quit-after", "3", *common]
    runs = [
        ["write", server.url, "A=3", "--yes", "--json", *common],
        ["read", server.url, "A", "--json", *common],
        ["probe", server.url, "--json", *common],
        ["watch", server.url, "A", "--for", "1", "--json", *common],
        window,
    ]
    for words in runs:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-X", "dev", "-m", "tagwerk", *words],
            env=environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert_clean(done.stdout.decode(), done.stderr.decode())
        assert done.returncode in (0, 1, 5), done.stderr.decode()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".jsonl" for path in files)
    assert any(path.name == "report.json" for path in files)
    for path in files:
        assert_clean(path.read_bytes().decode("utf-8", "replace"), path.name)
