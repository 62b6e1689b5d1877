"""``tagwerk probe`` for people and for scripts."""

from __future__ import annotations

import json
import socket

from tagwerk.cli import main


def probe(capsys, url, *options):
    code = main(["probe", url, *options])
    out, err = capsys.readouterr()
    return code, out, err


def test_scripts_get_the_whole_report(demo_server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TAGWERK_PASSWORD", demo_server.password("operator"))
    code, out, _err = probe(
        capsys, demo_server.url, "--user", "operator", "--ca", demo_server.ca_file,
        "--settings", str(tmp_path), "--json",
    )  # fmt: skip
    document = json.loads(out)
    assert code == 0
    assert [step["step"] for step in document["steps"]] == [
        "resolve", "connect", "tls", "http", "interface", "login", "rights", "browse", "read",
        "history", "alarms", "push", "clock", "round_trip",
    ]  # fmt: skip
    assert document["headline"].startswith("Everything works")
    assert document["took_ms"] > 0
    assert document["at"].endswith("Z")
    assert len(document["certificate"]["sha256"]) == 64
    assert document["certificate"]["chain"]
    assert int(document["server"]["round_trip_ms"]) >= 0
    keys = {"step", "ok", "ms", "detail", "cure", "code", "meaning", "actions", "command",
            "until_then", "minor"}  # fmt: skip
    assert all(set(step) == keys for step in document["steps"])
    assert demo_server.password("operator") not in out


def test_people_get_why_cure_and_the_certificate(demo_server, tmp_path, capsys):
    code, out, err = probe(capsys, demo_server.url, "--settings", str(tmp_path))
    assert code == 3
    assert "TLS         FAILED" in out
    assert "What to do    1. " in out
    assert "Nothing secret was sent." in out
    assert "No connection: nobody vouches for the certificate" in out
    assert "Issued by" in out
    assert "Login" not in out
    assert "--fingerprint" in err


def test_a_closed_port_is_said_in_words(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        code, out, _err = probe(capsys, f"127.0.0.1:{port}", "--settings", str(tmp_path))
    assert code == 3
    assert "no program listens" in out
    assert "Start-Service W3SVC" in out


def test_without_a_user_clock_and_way_are_still_measured(demo_server, tmp_path, capsys):
    code, out, _err = probe(
        capsys, demo_server.url, "--ca", demo_server.ca_file, "--settings", str(tmp_path), "--json"
    )
    document = json.loads(out)
    steps = {step["step"]: step for step in document["steps"]}
    assert code == 0
    assert steps["login"]["ok"] is None
    assert steps["login"]["code"] == "not_signed_in"
    assert steps["clock"]["ok"] is True
    assert steps["round_trip"]["ok"] is True
    assert "rights" not in steps
