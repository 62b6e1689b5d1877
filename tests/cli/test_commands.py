"""Every command against a real server over TLS, with its documents and exit codes."""

import asyncio
import io
import json
import os
import socket
import subprocess
import sys

import pytest

from tagwerk.cli import main
from tagwerk.cli.arguments import parse
from tagwerk.cli.target import find_profile
from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.plant import KeptNames
from tagwerk.store.tree import TagTree
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings
from tagwerk.write.audit import AuditLog

PV = "Cooling.TIC2120.PV"
SP = "Cooling.TIC2120.SP"


@pytest.fixture
def run(demo_server, capsys, monkeypatch, tmp_path):
    """Run a command as a user; gives exit code, the document of --json, and stderr."""

    def call(command, *words, user="operator", password=None, trust=True, url=None):
        secret = demo_server.password(user) if password is None else password
        monkeypatch.setenv("TAGWERK_PASSWORD", secret)
        options = ["--user", user, "--settings", str(tmp_path)]
        if trust:
            options += ["--ca", demo_server.ca_file]
        code = main([command, url or demo_server.url, *words, *options, "--json"])
        out, err = capsys.readouterr()
        assert secret not in out + err
        lines = [json.loads(line) for line in out.splitlines()]
        return code, lines[0] if len(lines) == 1 else lines, err

    return call


def test_probe_tells_step_by_step(run):
    code, document, _err = run("probe")
    assert code == 0
    assert document["dialect"] == "unified"
    steps = {step["step"]: step["ok"] for step in document["steps"]}
    for step in (
        "resolve",
        "connect",
        "tls",
        "interface",
        "login",
        "rights",
        "browse",
        "read",
        "push",
        "clock",
    ):
        assert steps[step] is True, f"{step}: {document['steps']}"
    assert document["capabilities"]["push"]
    assert document["capabilities"]["write"]


def test_probe_without_a_user_goes_as_far_as_it_can(run, demo_server, capsys):
    code = main(["probe", demo_server.url, "--ca", demo_server.ca_file, "--json"])
    document = json.loads(capsys.readouterr().out)
    steps = {step["step"]: step["ok"] for step in document["steps"]}
    assert code == 0
    assert steps["interface"] is True
    assert steps.get("login") is None


def test_kept_names_are_listed_without_a_server(run, tmp_path):
    url = "https://nowhere.invalid:1/graphql/"
    code, _document, err = run("browse", "--kept", url=url, trust=False)
    assert code == 2
    assert "No names are kept" in err
    tree = TagTree()
    items = [BrowseItem(f"HMI_RT_1::{name}", "", TagKind.TAG, "LReal") for name in (PV, SP, "Else")]
    tree.put([*items, BrowseItem("HMI_RT_1::Cooling", "", TagKind.STRUCTURE, "")])
    KeptNames(tmp_path, ConnectionProfile(url, url, user="operator")).save(
        tree, 1_781_792_211_000_000_000
    )
    code, document, err = run(
        "browse", "--kept", "*TIC2120*", "--kind", "tag", url=url, trust=False
    )
    assert code == 0
    assert [item["name"] for item in document["items"]] == [f"HMI_RT_1::{PV}", f"HMI_RT_1::{SP}"]
    assert "kept on this computer since 2026-06-18T14:16:51" in err
    code, document, _err = run("browse", "--kept", url=url, trust=False)
    assert document["count"] == 4


def test_browse_finds_kinds_and_patterns(run):
    code, document, _err = run("browse", "*TIC2120*", "--kind", "tag")
    assert code == 0
    names = {item["name"] for item in document["items"]}
    assert f"HMI_RT_1::{PV}" in names
    assert {item["kind"] for item in document["items"]} == {"tag"}
    assert document["count"] == len(document["items"])
    _code, everything, _err = run("browse")
    assert {item["kind"] for item in everything["items"]} >= {
        "tag",
        "structure",
        "logging-tag",
        "alarm",
    }


def test_read_takes_short_and_full_names_and_patterns(run):
    code, document, _err = run("read", PV, f"HMI_RT_1::{SP}", "Cooling.TIC2120.K*")
    assert code == 0
    values = {value["name"].split("::")[-1]: value for value in document["values"]}
    assert {PV, SP, "Cooling.TIC2120.Kp"} <= set(values)
    assert isinstance(values[PV]["value"], float)
    assert values[PV]["quality"] == "good"
    assert values[PV]["time"].endswith("Z")


def test_names_come_from_a_file(run, tmp_path):
    path = tmp_path / "names.txt"
    path.write_text(f"{PV}\n\n{SP}\n{PV}\n", encoding="utf-8")
    code, document, _err = run("read", "--names-from", str(path))
    assert code == 0
    assert len(document["values"]) == 2


def test_an_unknown_tag_is_partly_done(run):
    code, document, err = run("read", PV, "No.Such.Tag")
    assert code == 5
    assert document["values"][1]["error"]["code"] == "2"
    assert "No.Such.Tag" in err
    code, _document, _err = run("read", "No.Such.Tag")
    assert code == 1


def test_write_is_confirmed_and_audited(run, tmp_path):
    code, document, _err = run("write", "Cooling.TIC2120.Ti=44.5", "--yes", "--reason", "trial")
    assert code == 0
    (write,) = document["writes"]
    assert (write["outcome"], write["requested"], write["read_back"]) == ("confirmed", 44.5, 44.5)
    (path,) = (tmp_path / "audit").glob("*.jsonl")
    assert AuditLog(path).verify().intact
    assert "trial" in path.read_text(encoding="utf-8")


def test_write_asks_and_sends_nothing_without_an_answer(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, _document, err = run("write", "Cooling.TIC2120.Kp=1.7")
    assert code == 2
    assert "--yes" in err


def test_a_viewer_may_not_write(run):
    code, _document, err = run("write", f"{SP}=20", "--yes", user="viewer")
    assert code == 4
    assert "viewer" in err


def test_a_text_that_does_not_fit_is_refused_before_anything_is_sent(run):
    code, _document, err = run("write", f"{SP}=warm", "--yes")
    assert code == 2
    assert "warm" in err


def test_writing_an_unknown_tag_is_refused(run):
    code, document, _err = run("write", "No.Such.Tag=1", "--yes")
    assert code == 1
    assert document["writes"][0]["outcome"] == "rejected"


def test_watch_prints_values_and_states(run):
    code, lines, _err = run("watch", PV, SP, "--for", "3")
    assert code == 0
    values = [line for line in lines if "value" in line]
    states = [line["state"] for line in lines if "state" in line]
    assert {line["name"].split("::")[-1] for line in values} == {PV, SP}
    assert len(values) > 3
    assert "live" in states
    assert all(line["received"].endswith("Z") for line in values)


def test_watch_counts_only(run):
    code, document, _err = run("watch", PV, "--for", "2", "--count-only")
    assert code == 0
    assert document["received"] > 0
    assert 0 <= document["coalesced"] < document["received"]
    assert document["bytes"] > 100 * document["received"]


def test_watch_counts_a_line_every_so_often(run):
    code, lines, _err = run("watch", PV, SP, "--for", "2.5", "--count-only", "--every", "0.5")
    assert code == 0
    *intervals, total = lines
    assert len(intervals) >= 2
    for one in intervals:
        assert list(one) == [
            "at", "seconds", "received", "per_second", "bytes", "coalesced", "cpu_seconds",
        ]  # fmt: skip
        assert one["seconds"] >= 0.5
    assert sum(one["received"] for one in intervals) <= total["received"]


def test_history_reads_the_log_before_the_start(run):
    code, document, _err = run("history", PV, "--last", "30m", "--max", "100")
    assert code == 0
    (series,) = document["series"]
    assert len(series["points"]) == 100
    assert series["truncated"]
    times = [point["time"] for point in series["points"]]
    assert times == sorted(times)


def test_history_as_csv(demo_server, monkeypatch, capsys):
    monkeypatch.setenv("TAGWERK_PASSWORD", demo_server.password("operator"))
    words = [
        "history",
        demo_server.url,
        PV,
        "--last",
        "1m",
        "--format",
        "csv",
        "--user",
        "operator",
    ]
    assert main([*words, "--ca", demo_server.ca_file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "time_utc,time_local,tag,value,quality,sub_status,source"
    assert len(lines) > 10


def test_history_needs_a_span(run):
    code, _document, err = run("history", PV)
    assert code == 2
    assert "--last" in err


def test_alarms_are_listed_and_logged(run):
    code, document, _err = run("alarms")
    assert code == 0
    assert document["alarms"]
    assert {"name", "instance", "state", "priority", "class", "text", "raised"} <= set(
        document["alarms"][0]
    )
    code, logged, _err = run("alarms", "--history", "--last", "24h")
    assert code == 0
    assert len(logged["alarms"]) > 10


def test_alarm_texts_come_in_the_language_asked_for(run):
    _code, english, _err = run("alarms")
    _code, german, _err = run("alarms", "--lang", "de-DE")
    texts = lambda document: {a["name"]: a["text"] for a in document["alarms"]}  # noqa: E731
    shared = set(texts(english)) & set(texts(german))
    assert any(texts(english)[name] != texts(german)[name] for name in shared)


def test_a_filter_with_an_error_is_refused_in_the_server_s_words(run):
    code, _document, err = run("alarms", "--filter", "priority > > 5")
    assert code == 1
    assert "301" in err or "syntax" in err.lower()


def test_alarms_are_followed(run):
    code, lines, _err = run("alarms", "--watch", "--for", "2")
    assert code == 0
    assert any(line.get("reason") == "added" for line in lines)


def test_ack_acknowledges(run):
    _code, document, _err = run("alarms")
    waiting = [a for a in document["alarms"] if a["user_response"] == "ACKNOWLEDGEMENT"]
    assert waiting, "the demo plant starts with alarms that wait"
    alarm = waiting[0]
    code, done, _err = run("ack", f"{alarm['name']}#{alarm['instance']}", "--yes")
    assert code == 0
    assert done["alarms"][0]["outcome"] == "done"


def test_ack_of_an_unknown_alarm(run):
    code, _document, err = run("ack", "No.Such:Alarm", "--yes")
    assert code == 2
    assert "No.Such:Alarm" in err


def test_a_wrong_password_is_four(run):
    code, _document, err = run("read", PV, password="wrong-one")
    assert code == 4
    assert "operator" in err


def test_a_user_without_access_is_four(run):
    code, _document, _err = run("read", PV, user="nobody")
    assert code == 4


def test_an_untrusted_certificate_is_three_and_shown(run):
    code, _document, err = run("read", PV, trust=False)
    assert code == 3
    assert "--fingerprint" in err
    assert "SHA-256" in err


def test_trust_on_first_use_remembers_and_refuses_a_change(run, tmp_path):
    path = tmp_path / "known_servers.json"
    for _ in range(2):
        code, _document, _err = run("read", PV, "--trust-on-first-use", trust=False)
        assert code == 0
    ((server, entry),) = json.loads(path.read_text(encoding="utf-8")).items()
    assert entry["subject"]
    assert entry["trusted_ns"] > 0
    path.write_text(json.dumps({server: {**entry, "sha256": "0" * 64}}), encoding="utf-8")
    code, _document, err = run("read", PV, "--trust-on-first-use", trust=False)
    assert code == 3
    assert "another certificate" in err
    assert "THE CERTIFICATE HAS CHANGED" in err
    assert "00 00 00 00" in err
    assert entry["sha256"] in err
    assert str(path) in err
    # A file of an older version holds the fingerprint alone.
    path.write_text(json.dumps({server: entry["sha256"]}), encoding="utf-8")
    assert run("read", PV, "--trust-on-first-use", trust=False)[0] == 0


def test_a_server_that_cannot_be_remembered_is_not_trusted(run, tmp_path):
    (tmp_path / "known_servers.json").mkdir()
    code, _document, err = run("read", PV, "--trust-on-first-use", trust=False)
    assert code == 2
    assert "known_servers.json" in err


def test_first_use_does_not_overrule_what_was_decided_for_a_saved_connection(
    run, tmp_path, demo_server
):
    settings = Settings(tmp_path)
    pin = Trust(TrustMode.PINNED, sha256="ab" * 32)
    profile = ConnectionProfile("skid", demo_server.url, "operator", trust=pin)
    SavedConnections(settings).put(profile)
    settings.save()
    code, _document, err = run("read", PV, "--trust-on-first-use", trust=False, url="skid")
    assert code == 3
    assert "AB AB AB AB" in err
    assert not (tmp_path / "known_servers.json").exists()


def test_a_wrong_ca_file_is_named_before_anything_is_sent(run, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("no certificate", encoding="utf-8")
    code, _document, err = run("read", PV, "--ca", str(path), trust=False)
    assert code == 2
    assert "no certificate in it" in err


def test_a_partner_is_taken_as_an_address(tmp_path):
    words = ["read", "skid21", PV, "--settings", str(tmp_path), "--partner", "skid21b"]
    profile = asyncio.run(find_profile(parse([*words, "--follow-partner"])))
    assert profile.partner == "https://skid21b/graphql/"
    assert profile.follow_partner
    plain = parse([*words[:-1], "http://192.0.2.1:4000/"])
    with pytest.raises(UsageError, match="plain http"):
        asyncio.run(find_profile(plain))
    options = parse(["read", "skid21", PV, "--settings", str(tmp_path), "--follow-partner"])
    with pytest.raises(UsageError, match="--partner"):
        asyncio.run(find_profile(options))


def test_nothing_there_is_three(run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, _document, err = run("read", PV, url=f"https://127.0.0.1:{port}/graphql/")
    assert code == 3
    assert "127.0.0.1" in err


def test_a_name_that_does_not_resolve_is_three(run):
    code, _document, err = run("read", PV, url="no-such-host.invalid")
    assert code == 3
    assert "no-such-host.invalid" in err


def test_plain_http_to_another_host_is_refused_before_the_password_goes(run):
    code, _document, err = run("read", PV, url="http://192.0.2.1:4000/graphql", trust=False)
    assert code == 2
    assert "--allow-plain-http" in err


def test_as_a_program_with_a_pipe(demo_server, tmp_path):
    environment = {**os.environ, "TAGWERK_PASSWORD": demo_server.password("operator")}
    words = ["read", demo_server.url, PV, "--user", "operator", "--ca", demo_server.ca_file]
    done = subprocess.run(
        [sys.executable, "-m", "tagwerk", *words, "--json", "--settings", str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["values"][0]["quality"] == "good"
    assert done.stderr == ""
