"""A marked password and a marked token go everywhere a secret can go wrong, and are found nowhere."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import gc
import html
import importlib
import json
import logging
import os
import pkgutil
import subprocess
import sys
import traceback
import urllib.parse
import zipfile
from pathlib import Path

import pytest
from aiohttp import web
from PySide6.QtWidgets import QWidget

import tagwerk
from link.conftest import Sink, authority, profile_for, secure, tls_context
from link.tiny_server import TinyServer, until
from tagwerk.cli.arguments import _parser
from tagwerk.cli.target import Target
from tagwerk.dialects.unified import login_operation
from tagwerk.domain.connection import LinkState, Trust, TrustMode
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.domain.traffic import TrafficKind
from tagwerk.export.log_file import start_log, stop_log
from tagwerk.export.probe_report import report_document, report_text
from tagwerk.export.support import SupportFacts, write_bundle
from tagwerk.export.traffic import TrafficFile, write_lines, write_table
from tagwerk.link.connector import HttpConnector
from tagwerk.link.login import open_client
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.plant import Plant
from tagwerk.store.traffic import TrafficStore
from tagwerk.ui.settings import Settings
from tagwerk.ui.traffic.details import full_text
from ui.shell_support import PROFILE as SHELL_PROFILE
from ui.shell_support import bench
from ui.shell_support import until as shell_until

__all__ = ["authority", "secure", "tls_context"]
PASSWORD = 'pw-MARK-Äß"Qz73'
NASTY = (
    PASSWORD,
    "pw-MARK\\back\\u0041",
    "pw MARK%41+&=?#/ö",
    "<MARK>&'\"tail",
    '{"password":"MARK"}',
    "MARK-€-😀",
)
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
    window += ["--log-level", "debug"]
    traffic = ["--traffic", str(tmp_path / "traffic.jsonl")]
    runs = [
        ["write", server.url, "A=3", "--yes", "--json", *common],
        ["read", server.url, "A", "--json", *common],
        ["probe", server.url, "--json", *common],
        ["watch", server.url, "A", "--for", "1", "--json", *common, *traffic],
        window,
        ["support", str(tmp_path / "help.zip"), "--settings", str(tmp_path)],
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
    assert any(path.suffix == ".log" and path.stat().st_size for path in files)
    assert "connection_init" in (tmp_path / "traffic.jsonl").read_text(encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "help.zip") as bundle:
        assert_clean(*(bundle.read(name).decode() for name in bundle.namelist()))
    for path in files:
        assert_clean(path.read_bytes().decode("utf-8", "replace"), path.name)


# Traffic, log file, support bundle, doctor: every way in which a server may repeat a nasty password.


def repeated(secret):
    """Bodies in which a server repeats what it was sent."""
    login = json.dumps({"query": "login", "variables": {"password": secret}})
    basic = base64.b64encode(f"operator:{secret}".encode()).decode()
    item = {"name": "A", "value": None, "error": {"code": "1", "description": f"got {secret}"}}
    yield page(secret)
    yield page(
        f"<html><p>{html.escape(secret)}</p><input name='p' value='{html.escape(secret)}'>", 403
    )
    yield page(urllib.parse.quote(secret) + urllib.parse.quote_plus(secret), 502)
    yield page("x" * 8_180 + secret + "y" * 9_000, 500)
    yield page(f"Authorization: Basic {basic}", 401)
    yield errors(f"cannot read {login}")
    yield errors(json.dumps(login), "BAD_USER_INPUT", 400)
    yield errors(secret, secret, 500)
    yield page(secret.encode().decode("latin-1"))
    yield page(json.dumps({"data": {"tagValues": [item]}}))
    yield page(json.dumps({"data": {"tagValues": [item]}}, ensure_ascii=False))


def assert_hidden(secret, *texts):
    """None of the texts has the secret, in whatever spelling."""
    coded = [
        base64.b64encode(f"{lead}{secret}".encode()).decode()[8:-4] for lead in ("", "operator:")
    ]
    for text in texts:
        assert_clean(text)
        for code in coded:
            assert code not in str(text)


@pytest.mark.parametrize("secret", NASTY)
async def test_traffic_log_and_bundle_of_a_server_that_repeats_the_password(
    server, caplog, tmp_path, secret
):
    store = TrafficStore()
    file = TrafficFile(tmp_path / "live.jsonl", pytest.fail)

    class Both:
        def on_exchange(self, exchange):
            store.on_exchange(exchange)
            file.on_exchange(exchange)

    told_errors = []
    handler = start_log(tmp_path / "log", logging.DEBUG)
    async with open_client(profile_for(server), secret, traffic=Both()) as client:
        for answer in repeated(secret):
            server._do_tagValues = server._do_writeTagValues = answer
            try:
                logging.getLogger("tagwerk.test").info("%s", await client.read(["HMI_RT_1::A"]))
            except TagwerkError as problem:
                told_errors += told(problem)
                logging.getLogger("tagwerk.test").info("failed", exc_info=True)
        logging.getLogger("tagwerk.test").info("careless: %s %r", secret, {"x": secret})
        facts = SupportFacts(
            1, log_folder=tmp_path / "log", traffic=tuple(store.all()), with_texts=True,
            problems=tuple(told_errors),
        )  # fmt: skip
        write_bundle(tmp_path / "b.zip", facts)
    stop_log(handler)
    file.close()
    assert store.totals.requests > 12
    write_lines(tmp_path / "t.jsonl", store.all())
    write_table(tmp_path / "t.csv", store.all(), "de")
    for record in store.all():
        assert_hidden(secret, repr(record), full_text(record))
    assert_hidden(secret, *told_errors)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".zip":
            assert_hidden(secret, path.read_text(encoding="utf-8", errors="replace"))
    with zipfile.ZipFile(tmp_path / "b.zip") as bundle:
        assert_hidden(secret, *(bundle.read(name).decode() for name in bundle.namelist()))


async def test_traffic_of_a_link_whose_server_repeats_everything_on_the_socket(server, caplog):
    store = TrafficStore()
    sink = Sink()
    server.refuse_name = TOKEN
    link = SupervisedLink(profile_for(server), PASSWORD, sink, traffic=store)
    link.want(frozenset((TOKEN, "A")))
    link.start()
    await until(lambda: sink.latest(TOKEN))
    await server._call(server.sockets[0].close(code=4401, message=f"{TOKEN} {PASSWORD}".encode()))
    await until(lambda: LinkState.RECONNECTING in sink.states)
    await link.close()
    for record in store.all():
        assert_hidden(PASSWORD, repr(record), full_text(record))
    assert any(record.kind is TrafficKind.RECEIVED for record in store.all())


@pytest.mark.parametrize("short", ["a", "x1", "ß"])
async def test_a_password_of_two_letters_goes_by_its_place(server, short):
    store = TrafficStore()
    async with open_client(profile_for(server), short, traffic=store):
        pass
    login = next(one for one in store.all() if one.what == "login")
    assert json.loads(login.request)["variables"]["password"] == "•••"


async def test_a_token_that_comes_where_nobody_expects_it(server):
    store = TrafficStore()
    unexpected = "q7Hd83kslPWx02mfT5zzR9"
    server._do_login = page(json.dumps({"data": {"login": {"session": {"id": unexpected}}}}))
    with pytest.raises(TagwerkError):
        async with open_client(profile_for(server), PASSWORD, traffic=store):
            pass
    assert all(unexpected not in record.answer for record in store.all())


@pytest.mark.parametrize("secret", NASTY)
async def test_the_doctor_s_report_of_such_a_server(server, secret):
    store = TrafficStore()
    server._do_tagValues = errors(f"got {secret} and {TOKEN}")
    server._do_activeAlarms = page(secret, 403)
    result = await HttpConnector().inspect(
        server.url, trust=Trust(), user="operator", password=secret, deep=True, traffic=store
    )
    texts = [report_text(result), json.dumps(report_document(result), ensure_ascii=False)]
    assert_hidden(secret, *texts, *(full_text(one) for one in store.all()), repr(result))


def test_no_data_class_prints_a_secret():
    checked = 0
    for info in pkgutil.walk_packages(tagwerk.__path__, "tagwerk."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for kind in vars(module).values():
            if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
                continue
            for field in dataclasses.fields(kind):
                if field.name in ("password", "token", "secret", "value") and field.type == "str":
                    generated = "__create_fn__" in kind.__repr__.__qualname__
                    if field.name != "value" or "Token" in kind.__name__:
                        checked += 1
                        assert not (generated and field.repr) or _is_demo(info.name), kind
    assert checked >= 3


def _is_demo(module):
    """The demo plant's users are made up and printed in its ready line."""
    return module.startswith("tagwerk.simulator")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the process list of Linux")
async def test_the_process_list_shows_none(server, demo_server):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tagwerk", "watch", server.url, "A", "--user", "operator"),
        env={**os.environ, "TAGWERK_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        await process.stdout.readline()
        for number in (process.pid, demo_server.process.pid):
            line = await asyncio.to_thread(Path(f"/proc/{number}/cmdline").read_text)
            assert "tagwerk" in line
            assert_clean(line)
            assert demo_server.password("operator") not in line
    finally:
        process.kill()
        await process.communicate()


async def test_secrets_are_forgotten_with_the_login(server):
    only_here = "pw-only-in-this-test"
    async with open_client(profile_for(server), only_here) as client:
        assert LIVE_SECRETS.redactor().text(only_here) == "•••"
        assert only_here not in repr(LIVE_SECRETS.redactor())
    del client
    gc.collect()
    assert LIVE_SECRETS.redactor().text(only_here) == only_here


@pytest.mark.ui
async def test_the_window_shows_and_keeps_none(qapp, monkeypatch, tmp_path):
    """Settings, workspace and every word on the screen, with a password that is in use."""
    async with bench(monkeypatch, settings=Settings(tmp_path)) as made:
        made.flow.open_profile(SHELL_PROFILE, PASSWORD)
        await shell_until(lambda: made.window.clock.frames > 0)
        made.window.remember()
        made.window.workspaces.save_to(tmp_path / "w.tagwerk")
        await shell_until((tmp_path / "w.tagwerk").exists)
        for widget in [made.window, *made.window.findChildren(QWidget)]:
            getters = ("toolTip", "accessibleName", "windowTitle", "text", "toPlainText")
            assert_clean(*(getattr(widget, getter, str)() for getter in getters))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert_clean(path.read_bytes().decode("utf-8", "replace"))
