"""Where the command line is easily wrong: several items, standard input, kills, interrupts, pipes."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from cli.test_commands import PV, SP, run
from tagwerk.cli import main
from tagwerk.cli.stream import EventQueue
from tagwerk.domain.values import GOOD, Sample

__all__ = ["run"]
KP, TI = "Cooling.TIC2120.Kp", "Cooling.TIC2120.Ti"


def command(server, tmp_path, *words, user="operator", **environment):
    """A command as a process of its own: what to start, and with which environment."""
    arguments = [sys.executable, "-m", "tagwerk", words[0], server.url, *words[1:]]
    arguments += ["--user", user, "--ca", server.ca_file, "--settings", str(tmp_path)]
    secret = {"TAGWERK_PASSWORD": server.password(user)}
    return arguments, {**os.environ, **secret, **environment}


# Several items


def test_a_viewer_may_not_acknowledge(run):
    _code, document, _err = run("alarms")
    alarm = document["alarms"][0]
    code, _document, err = run("ack", alarm["name"], "--yes", user="viewer")
    assert code == 4
    assert "viewer" in err


def test_of_several_writes_those_after_a_refused_one_are_told_as_not_sent(run):
    code, document, err = run("write", f"{KP}=1.9", f"{PV}=5", f"{TI}=41", "--yes")
    outcomes = [(write["name"], write["outcome"]) for write in document["writes"]]
    assert outcomes == [(KP, "confirmed"), (PV, "rejected"), (TI, "failed")]
    assert code == 5
    assert "not sent" in document["writes"][2]["error"]["description"]
    assert TI in err


def test_an_unknown_name_among_several_stops_all_before_anything_is_sent(run):
    code, document, _err = run("write", f"{KP}=1.9", "No.Such.Tag=1", "--yes")
    assert [write["outcome"] for write in document["writes"]] == ["failed", "rejected"]
    assert code == 1


def test_the_same_tag_twice_in_one_write_is_refused(run):
    code, _document, err = run("write", f"{KP}=1", f"HMI_RT_1::{KP}=2", "--yes")
    assert code == 2
    assert "twice" in err


def test_what_nobody_knows_cannot_be_watched(run):
    code, _lines, err = run("watch", "No.Such.Tag", "--for", "1")
    assert code == 1
    assert "No.Such.Tag" in err


def test_watching_goes_on_without_the_unknown_and_says_so(run):
    code, lines, err = run("watch", PV, "No.Such.Tag", "--for", "1")
    assert code == 5
    assert any(line.get("name", "").endswith(PV) for line in lines)
    assert "No.Such.Tag" in err


def test_a_pattern_finds_logging_tags_for_history(run):
    code, document, _err = run("history", f"{PV}:*", "--last", "1m")
    assert code == 0
    assert document["series"]


# Wrong usage


@pytest.mark.parametrize(
    "words",
    [
        ["history", PV, "--last", "1e400"],
        ["history", PV, "--last", "1m", "--max", "-1"],
        ["write", f"{KP}=1", "--tolerance", "nan", "--yes"],
        ["write", f"{KP}=1", "--tolerance", "-1", "--yes"],
        ["write", f"{KP}={'9' * 5000}", "--yes"],
        ["alarms", "--last", "1h"],
        ["alarms", "--from", "2026-01-01"],
        ["history", PV, "--from", "2026-01-01T00:00:00+99:99"],
    ],
)
def test_wrong_usage_is_two(run, words):
    try:
        code, _document, err = run(*words)
    except SystemExit as ended:
        code, err = ended.code, "told by the parser"
    assert code == 2
    assert "Traceback" not in err


# Standard input


@pytest.fixture
async def token(demo_server):
    """A session of somebody else."""
    from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
    from tagwerk.link.login import open_client

    trust = Trust(TrustMode.CA_FILE, ca_file=demo_server.ca_file)
    profile = ConnectionProfile("x", demo_server.url, "operator", trust=trust)
    async with open_client(profile, demo_server.password("operator")) as client:
        yield client.keeper.token


def with_token(server, tmp_path, text, *words):
    arguments, environment = command(server, tmp_path, *words, "--token-stdin")
    del environment["TAGWERK_PASSWORD"]
    return subprocess.run(
        arguments, env=environment, input=text, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


async def test_a_token_is_read_from_standard_input(demo_server, tmp_path, token):
    done = await asyncio.to_thread(
        with_token, demo_server, tmp_path, token + "\n", "read", PV, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert token not in done.stdout + done.stderr


async def test_a_token_and_names_come_from_standard_input_in_this_order(
    demo_server, tmp_path, token
):
    text = f"{token}\n{PV}\n{SP}\n"
    words = ("read", "--names-from", "-", "--json")
    done = await asyncio.to_thread(with_token, demo_server, tmp_path, text, *words)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["values"]) == 2


@pytest.mark.parametrize(
    "words", [("watch", PV, "--for", "1"), ("alarms", "--watch", "--for", "1")]
)
async def test_a_token_serves_what_goes_on(demo_server, tmp_path, token, words):
    done = await asyncio.to_thread(
        with_token, demo_server, tmp_path, token + "\n", *words, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert any('"live"' in line for line in done.stdout.splitlines())


async def test_a_probe_with_a_token_goes_all_the_way(demo_server, tmp_path, token):
    done = await asyncio.to_thread(
        with_token, demo_server, tmp_path, token + "\n", "probe", "--json"
    )
    assert done.returncode == 0, done.stderr
    steps = {step["step"]: step["ok"] for step in json.loads(done.stdout)["steps"]}
    assert steps["push"] is True


# Kills, interrupts, pipes


def test_watching_goes_through_a_kill_and_fills_the_hole(own_server, tmp_path):
    server = own_server()
    arguments, environment = command(server, tmp_path, "watch", PV, "--json", "--for", "25")
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = []
    killed = filled = False
    for text in process.stdout:
        line = json.loads(text)
        lines.append(line)
        if not killed and sum("value" in one for one in lines) > 5:
            killed = True
            server.restart()
        if line.get("state") == "gap_filled":
            filled = True
            at_fill = len(lines)
        if filled and len(lines) > at_fill + 3:
            process.send_signal(signal.SIGINT)
            break
    _rest, err = process.communicate(timeout=20)
    assert filled, [line for line in lines if "state" in line]
    assert "Traceback" not in err
    assert process.returncode == 0, "Ctrl+C is how a watch ends"
    states = [line["state"] for line in lines if "state" in line]
    for state in ("live", "stale", "reconnecting", "gap_filled"):
        assert state in states
    keys = [(line["time"], line["value"]) for line in lines if "value" in line]
    assert len(keys) == len(set(keys)), "a value came twice"


def test_counting_stays_one_document_through_a_kill(own_server, tmp_path):
    server = own_server()
    arguments, environment = command(
        server, tmp_path, "watch", PV, "--json", "--count-only", "--for", "14"
    )
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    killer = threading.Timer(6.0, server.restart)
    killer.start()
    out, err = process.communicate(timeout=40)
    killer.join()
    assert process.returncode == 0, err
    assert set(json.loads(out)) == {
        "received",
        "per_second",
        "bytes",
        "coalesced",
        "seconds",
        "cpu_seconds",
        "peak_rss_mb",
    }


def test_a_reader_that_has_enough_is_no_error(demo_server, tmp_path):
    arguments, environment = command(demo_server, tmp_path, "watch", PV, SP, "--for", "20")
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=15)
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.returncode == 141
    assert "Traceback" not in err
    assert "Exception" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_control_c_at_a_question_ends_at_once_and_sends_nothing(demo_server, tmp_path):
    import pty

    master, slave = pty.openpty()
    arguments, environment = command(demo_server, tmp_path, "write", f"{KP}=1.6")
    process = subprocess.Popen(
        arguments, env=environment, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    os.close(slave)
    said = b""
    while b"[y/N]" not in said:
        said += process.stderr.read1(4096)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=10)
    err = process.stderr.read().decode()
    process.stdout.close()
    process.stderr.close()
    os.close(master)
    assert process.returncode == 130
    assert "Traceback" not in err
    (audit,) = (tmp_path / "audit").glob("*.jsonl")
    assert "write_intent" not in audit.read_text(encoding="utf-8")


def test_a_terminal_of_another_alphabet_is_no_error(demo_server, tmp_path):
    arguments, environment = command(
        demo_server, tmp_path, "browse", "*TIC2120*", PYTHONIOENCODING="ascii", LC_ALL="C"
    )
    done = subprocess.run(arguments, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode("utf-8")


def test_what_is_not_there_in_one_step_of_a_probe_shows_in_its_exit_code(own_server, tmp_path):
    server = own_server("--switch", "no-websocket")
    arguments, environment = command(server, tmp_path, "probe", "--json")
    done = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    (push,) = [one for one in json.loads(done.stdout)["steps"] if one["step"] == "push"]
    assert push["ok"] is False
    assert "WebSocket Protocol" in push["cure"]
    assert done.returncode == 5


def test_integers_that_come_as_text_are_numbers(own_server, tmp_path, monkeypatch, capsys):
    server = own_server("--switch", "int64-as-text")
    monkeypatch.setenv("TAGWERK_PASSWORD", server.password("operator"))
    options = ["--user", "operator", "--ca", server.ca_file, "--settings", str(tmp_path), "--json"]
    assert main(["browse", server.url, *options]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    name = next(item["name"] for item in items if item["data_type"].lower() in ("lint", "ulint"))
    assert main(["read", server.url, name, *options]) == 0
    (value,) = json.loads(capsys.readouterr().out)["values"]
    assert isinstance(value["value"], int) or abs(int(value["value"])) > 2**53
    assert main(["watch", server.url, name, "--for", "1", *options]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line["value"] == value["value"] or not isinstance(line["value"], str)
               for line in lines if "value" in line)  # fmt: skip


# The queue between stream and printer


async def test_a_flood_ends_in_time_all_the_same():
    queue = EventQueue()
    sample = Sample("A", 1, GOOD, 1, 1)
    queue.on_samples([sample])
    began = time.monotonic()
    count = 0
    async for _event in queue.events(0.2):
        count += 1
        queue.on_samples([sample])
    assert count > 10
    assert time.monotonic() - began < 2


async def test_a_slow_reader_slows_the_stream_instead_of_filling_memory():
    queue = EventQueue(most=100)
    sample = Sample("A", 1, GOOD, 1, 1)
    began = time.monotonic()
    await asyncio.to_thread(lambda: [queue.on_samples([sample] * 60) for _ in range(4)])
    assert time.monotonic() - began > 0.02
    events = [event async for event in queue.events(0.01) if event is not None]
    assert len(events) == 240


def test_a_question_is_asked_and_no_is_no(run, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    code, _document, err = run("write", f"{KP}=1.7")
    assert code == 2
    assert "Nothing was sent" in err
