"""``--traffic FILE`` for every command that reaches a server, and ``tagwerk support``."""

from __future__ import annotations

import json
import os
import zipfile

import pytest

from tagwerk.cli import main
from tagwerk.cli.arguments import COMMANDS, _parser

NAME = "Cooling.TIC2120.PV"
COMMAND_LINES = {
    "probe": [],
    "browse": ["*TIC2120*"],
    "read": [NAME],
    "write": ["Cooling.TIC2120.SP=22", "--yes"],
    "watch": [NAME, "--for", "4"],
    "history": [NAME, "--last", "1m"],
    "alarms": [],
    "ack": ["nothing-like-it", "--yes"],
}
EXPECTED = {
    "probe": "login", "browse": "browse", "read": "tagValues", "write": "writeTagValues",
    "watch": "subscribe", "history": "loggedTagValues", "alarms": "activeAlarms",
    "ack": "activeAlarms",
}  # fmt: skip


@pytest.fixture
def run(demo_server, capsys, monkeypatch, tmp_path):
    secret = demo_server.password("operator")
    monkeypatch.setenv("TAGWERK_PASSWORD", secret)

    def call(command, *words):
        options = ["--user", "operator", "--settings", str(tmp_path), "--ca", demo_server.ca_file]
        code = main([command, demo_server.url, *words, *options, "--json"])
        out, err = capsys.readouterr()
        return code, out, err

    call.secret = secret
    return call


@pytest.mark.parametrize("command", sorted(COMMAND_LINES))
def test_every_command_tells_its_traffic(run, tmp_path, command):
    path = tmp_path / "traffic.jsonl"
    code, out, _err = run(command, *COMMAND_LINES[command], "--traffic", str(path))
    assert code in (0, 1, 2, 5)
    text = path.read_text(encoding="utf-8")
    records = [json.loads(line) for line in text.splitlines()]
    assert EXPECTED[command] in {record["operation"] for record in records}
    assert run.secret not in text
    assert '"password\\":\\"•••\\"' in text
    for line in out.splitlines():
        json.loads(line)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_made_stops_all_before_anything_is_sent(run, tmp_path):
    code, out, err = run("read", NAME, "--traffic", str(tmp_path / "missing" / "t.jsonl"))
    assert (code, out) == (2, "")
    assert "cannot be written" in err


def test_every_command_that_reaches_a_server_has_the_option():
    parsers = _parser()._subparsers._group_actions[0].choices
    for name in COMMANDS:
        options = parsers[name]._option_string_actions
        assert ("--traffic" in options) == (name != "support")


def test_support_writes_a_bundle_without_a_server(tmp_path, capsys):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "tagwerk-20260101-000000-1.log").write_text("password: x1\n")
    path = tmp_path / "help.zip"
    assert main(["support", str(path), "--settings", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    with zipfile.ZipFile(path) as bundle:
        assert bundle.namelist() == document["parts"]
        assert bundle.read("log/tagwerk-20260101-000000-1.log") == "password: •••\n".encode()
    assert main(["support", str(tmp_path / "no" / "x.zip"), "--settings", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err
