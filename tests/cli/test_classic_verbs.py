"""Every command against the REST service of WinCC V7/V8: the same words, documents and exit codes."""

import json

import pytest

from tagwerk.cli import main

PV, SP = "TIC2120.PV", "TIC2120.SP"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A demo plant behind the REST service; one for this module."""
    from conftest import DemoServer

    server = DemoServer(tmp_path_factory.mktemp("classic"), "--dialect", "classic")
    yield server
    server.kill()


@pytest.fixture
def run(service, capsys, monkeypatch, tmp_path):
    """Run a command as a user; gives exit code, documents of --json, and stderr."""

    def call(command, *words, user="operator", password=None, dialect="auto"):
        secret = service.password(user) if password is None else password
        monkeypatch.setenv("TAGWERK_PASSWORD", secret)
        options = ["--user", user, "--settings", str(tmp_path), "--ca", service.ca_file]
        code = main([command, service.url, *words, *options, "--dialect", dialect, "--json"])
        out, err = capsys.readouterr()
        assert secret not in out + err
        lines = [json.loads(line) for line in out.splitlines()]
        return code, lines[0] if len(lines) == 1 else lines, err

    return call


@pytest.mark.parametrize("dialect", ["auto", "classic"])
def test_probe_finds_out_what_it_is(run, dialect):
    code, document, _err = run("probe", dialect=dialect)
    assert code == 0
    assert document["dialect"] == "classic"
    steps = {step["step"]: step["ok"] for step in document["steps"]}
    for name in ("interface", "login", "rights", "browse", "read", "history", "alarms", "clock"):
        assert steps[name] is True, f"{name}: {document['steps']}"
    assert document["capabilities"]["write"]
    assert not document["capabilities"]["acknowledge"]


def test_browse_gives_connections_groups_and_archives(run):
    code, document, _err = run("browse", "*TIC2120*")
    assert code == 0
    kinds = {item["kind"] for item in document["items"]}
    assert {"tag", "structure", "logging-tag"} <= kinds
    tags = [item["name"] for item in document["items"] if item["kind"] == "tag"]
    assert any(name.endswith(f"::{PV}") for name in tags)


def test_read_one_many_and_one_that_is_not_there(run):
    code, document, err = run("read", PV, SP)
    assert code == 0
    values = {one["name"]: one for one in document["values"]}
    assert isinstance(values[PV]["value"], float)
    assert values[PV]["quality"] == "good"
    assert values[PV]["time"].endswith("Z")
    code, document, err = run("read", PV, "Nope")
    assert code == 5
    assert "Nope" in err


def test_writes_confirmed_clamped_and_refused(run):
    code, document, _err = run("write", f"{SP}=21.5", "--yes")
    assert (code, document["writes"][0]["outcome"]) == (0, "confirmed")
    code, document, _err = run("write", f"{SP}=1000", "--yes")
    assert (code, document["writes"][0]["outcome"]) == (5, "clamped")
    # HTTP 200 with an error in the row is a refusal.
    code, document, err = run("write", f"{PV}=5", "--yes")
    assert (code, document["writes"][0]["outcome"]) == (1, "rejected")
    assert "denied" in err
    code, document, _err = run("write", "Nope=5", "--yes")
    assert code == 1
    code, _document, err = run("write", f"{SP}=21", "--yes", user="viewer")
    assert code in (1, 4), err
    run("write", f"{SP}=22", "--yes")


def test_watch_polls_with_the_plants_own_times(run):
    code, events, _err = run("watch", PV, "--for", "3.5")
    assert code == 0
    values = [event for event in events if event.get("name") == PV]
    times = [event["time"] for event in values]
    assert len(values) >= 2
    assert times == sorted(set(times))  # a value that did not change is no event


def test_history_comes_from_the_archive(run):
    code, document, _err = run("history", PV, "--last", "30s")
    assert code == 0
    assert len(document["series"][0]["points"]) >= 20


def test_alarms_come_through_a_configured_filter(run):
    code, document, _err = run("alarms")
    assert code == 0
    assert document["alarms"]
    assert all(alarm["text"] for alarm in document["alarms"])
    assert {alarm["state"] for alarm in document["alarms"]} - {"Unknown"}
    code, fewer, _err = run("alarms", "--alarm-filter", "Störungen/Kühlung")
    assert code == 0
    assert len(fewer["alarms"]) < len(document["alarms"])


def test_acknowledging_is_refused_with_the_reason_and_nothing_is_sent(run):
    code, _document, err = run("ack", "21009#0", "--yes")
    assert code == 1
    assert "cannot do it" in err
    assert "GraphQL" not in err


def test_record_writes_a_file(run, tmp_path):
    file = tmp_path / "record.csv"
    code, _document, _err = run("record", PV, "--for", "2.5", "--to", str(file))
    assert code == 0
    assert file.read_text(encoding="utf-8-sig").count(PV) >= 1


def test_a_wrong_password_is_tried_once(run):
    code, _document, err = run("read", PV, password="Wrong-word-1")
    assert code == 4
    assert "refused" in err
