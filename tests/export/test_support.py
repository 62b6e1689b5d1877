"""The support bundle: what is in it, what is not, whole or not at all."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from tagwerk.domain.connection import LinkCounters, LinkState, LinkStatus, Session
from tagwerk.domain.errors import UsageError
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.export.support import Cancelled, SupportFacts, write_bundle

SECRET = 'pw-MARK-Äö"\\%41'


class Login:
    user = "operator"
    secrets = (SECRET,)


def contents(path):
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode("utf-8") for name in bundle.namelist()}


def facts(tmp_path, **fields):
    log = tmp_path / "log"
    log.mkdir()
    (log / "tagwerk-20260101-000000-1.log").write_text("line\n" * 10, encoding="utf-8")
    exchange = Exchange(
        1, TrafficKind.HTTP, "tagValues", "https://h/", 200, request='{"names":["TIC2120"]}'
    )
    defaults = {
        "settings": {"theme": "dark"},
        "log_folder": log,
        "status": LinkStatus(LinkState.LIVE, session=Session("m.brandt"), url="https://h/"),
        "counters": LinkCounters(5, 600),
        "traffic": (exchange,),
        "doctor_report": "all is well",
        "problems": ("frame: ValueError",),
        "more": {"qt": "6.11"},
    }
    return SupportFacts(1_781_791_012_000_000_000, **{**defaults, **fields})


def test_everything_that_helps_is_in_it_and_listed(tmp_path):
    path = tmp_path / "bundle.zip"
    steps = []
    names = write_bundle(path, facts(tmp_path), on_progress=lambda *step: steps.append(step))
    found = contents(path)
    assert set(found) == set(names)
    assert set(found) == {
        "README.txt", "versions.json", "settings.json", "problems.txt", "link.json", "doctor.txt",
        "traffic.jsonl", "log/tagwerk-20260101-000000-1.log",
    }  # fmt: skip
    for name in set(found) - {"README.txt"}:
        assert name in found["README.txt"]
    versions = json.loads(found["versions.json"])
    assert versions["qt"] == "6.11"
    assert "httpx" in versions["packages"]
    link = json.loads(found["link.json"])
    assert (link["state"], link["user"], link["counters"]["bytes"]) == ("live", "m.brandt", 600)
    assert steps[-1] == (7, 7)


def test_names_and_values_of_tags_are_in_it_only_when_asked_for(tmp_path):
    path = tmp_path / "bundle.zip"
    write_bundle(path, facts(tmp_path))
    bare = contents(path)
    assert "TIC2120" not in bare["traffic.jsonl"]
    assert "answers were left out" in bare["README.txt"]
    (tmp_path / "b").mkdir()
    write_bundle(path, facts(tmp_path / "b", with_texts=True))
    full = contents(path)
    assert "TIC2120" in full["traffic.jsonl"]
    assert "answers were left out" not in full["README.txt"]


def test_no_secret_and_no_home_folder(tmp_path):
    login = Login()
    LIVE_SECRETS.add(login)
    home = str(Path.home())
    wanted = facts(
        tmp_path,
        settings={"sheet": f"{home}/plants/skid.csv", "odd": SECRET},
        doctor_report=f"it said {SECRET} and password: ab",
        problems=(f"echo {json.dumps(SECRET)}",),
        traffic=(Exchange(1, TrafficKind.EVENT, "x", f"https://u:{SECRET}@h/"),),
    )
    log = wanted.log_folder / "tagwerk-20260102-000000-1.log"
    log.write_text(f"{home}/x said {SECRET}\n" * 5_000, encoding="utf-8")
    write_bundle(tmp_path / "b.zip", wanted)
    for name, text in contents(tmp_path / "b.zip").items():
        assert "MARK" not in text, name
        assert f"{home}/" not in text, name
    assert '"~/plants/skid.csv"' in contents(tmp_path / "b.zip")["settings.json"]


def test_a_bundle_with_nothing_to_tell_is_one_all_the_same(tmp_path):
    write_bundle(tmp_path / "b.zip", SupportFacts(0))
    assert set(contents(tmp_path / "b.zip")) == {"README.txt", "versions.json", "settings.json"}


def test_it_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "b.zip"
    path.write_text("the old one", encoding="utf-8")
    with pytest.raises(Cancelled):
        write_bundle(path, facts(tmp_path), is_cancelled=lambda: True)
    assert path.read_text(encoding="utf-8") == "the old one"
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(UsageError, match="cannot be written"):
        write_bundle(tmp_path / "missing" / "b.zip", SupportFacts(0))


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_it_is_its_owners_only(tmp_path):
    write_bundle(tmp_path / "b.zip", SupportFacts(0))
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600


def test_a_long_log_gives_its_newest_part_in_whole_lines(tmp_path):
    wanted = facts(tmp_path)
    log = wanted.log_folder / "tagwerk-20260102-000000-1.log"
    log.write_text("".join(f"line {n:09d}\n" for n in range(200_000)), encoding="utf-8")
    write_bundle(tmp_path / "b.zip", wanted)
    kept = contents(tmp_path / "b.zip")[f"log/{log.name}"].splitlines()
    assert kept[-1] == "line 000199999"
    assert all(len(one) == 14 for one in kept)
