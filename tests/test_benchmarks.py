"""Every benchmark runs at its small size and says what it should; no figure is judged here.

The programs of others need not be there. Also the house around them: growth, time-outs, peers'
environments and the paper.
"""

from __future__ import annotations

import ast
import importlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"
FIGURES = ("ours", "beside")


@pytest.fixture
def house(monkeypatch):
    """Import a module of the benchmarks' folder as the benchmarks do."""
    monkeypatch.syspath_prepend(str(HERE))

    def load(name):
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    yield load
    for name in ("run", "conduct", "paper", "peers", "machine", "soak", "servers", "servers.desk"):
        sys.modules.pop(name, None)


def benchmarks():
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "run" and node.args.args
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
        and path.stem not in ("run", "conduct")
    )


def check_document(document, *, name):
    assert document["benchmark"].partition("_compressed")[0] == name
    assert document["goal"]
    assert document["unit"]
    assert isinstance(document["met"], bool)
    assert math.isfinite(document["ratio"])
    assert document["ours"], "a benchmark has figures of its own"
    for group in FIGURES:
        for figure, of in document[group].items():
            assert figure
            assert of["min"] <= of["median"] <= of["max"]
            assert all(math.isfinite(value) for value in of.values())
    assert all(of["runs"] for of in document["ours"].values())
    for by_size in document["growth"].values():
        assert by_size
        assert all(math.isfinite(value) for value in by_size.values())
    assert all(isinstance(note, str) for note in document["notes"])


def small_run(name, folder):
    """The JSON document of a small run in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), name, "--small"],
        capture_output=True, text=True, check=False, timeout=110,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_DATA_HOME": str(folder),
             "XDG_CACHE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    *table, last = done.stdout.strip().splitlines()
    assert table[0].startswith(name)
    return json.loads(last)


@pytest.mark.xdist_group("benchmarks")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", benchmarks())
def test_a_small_run_ends_with_its_json_line(name, tmp_path):
    check_document(small_run(name, tmp_path), name=name)


def test_names_are_those_that_can_be_run(house):
    run = house("run")
    assert run.names() == benchmarks()
    assert {"decode", "fuzz", "soak", "startup", "idle", "ingest"} <= set(run.names())
    for name in run.names():
        assert house("conduct").what(name), f"{name} does not say what it measures"


def test_a_result_shows_spread_growth_and_notes(house):
    run = house("run")
    result = run.Result(
        "tree", {"build, ms": [3.0, 1.0, 2.0]}, {"other": [10.0]}, "ms", 5.0, ">= 4", True,
        ["as it is"], {"build, ms": {"1,000": 1.0, "1,000,000": 900.0}},
    )  # fmt: skip
    text = result.table()
    assert "1           2           3     3" in text
    assert "growth of build, ms   1,000: 1   1,000,000: 900" in text
    assert text.endswith("as it is")
    document = result.document()
    assert document["ours"] == {"build, ms": {"min": 1.0, "median": 2.0, "max": 3.0, "runs": 3}}
    assert list(document)[:6] == ["benchmark", "ours", "beside", "ratio", "goal", "met"]
    check_document(document, name="tree")


PROGRAM = '''"""Something that is measured."""
import json, sys, time
from run import Result
def run(small: bool) -> Result:
    {body}
'''


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("time.sleep(60)", "it did not end within 2 s and was stopped"),
        ("raise SystemExit(3)", "it ended with exit code 3"),
        ("print('not this'); sys.stdout.flush(); import os; os._exit(0)", "line of JSON"),
    ],
)
def test_one_that_fails_is_told_and_the_others_go_on(house, tmp_path, monkeypatch, body, problem):
    conduct, paper = house("conduct"), house("paper")
    good = "return Result('good', {'a': [1.0]}, {}, 'ms', 1.0, 'any', True)"
    for name, text in (("bad", body), ("good", good)):
        (tmp_path / f"{name}.py").write_text(PROGRAM.format(body=text), encoding="utf-8")
    for name in ("run.py", "conduct.py", "machine.py", "paper.py", "peers.py"):
        (tmp_path / name).write_bytes((HERE / name).read_bytes())
    monkeypatch.setattr(conduct, "HERE", tmp_path)
    monkeypatch.setattr(conduct.peers, "HERE", tmp_path)
    monkeypatch.setattr(conduct, "paper", paper)
    for key, value in (("RESULTS", tmp_path / "results"), ("REMARKS", tmp_path / "remarks"),
                       ("PAPER", tmp_path / "performance.md")):  # fmt: skip
        monkeypatch.setattr(paper, key, value)
    limit_s = 2.0 if "sleep" in body else 60.0
    assert conduct.conduct(["bad"], ["--json"], record=True, small=False, limit_s=limit_s) == 1
    assert conduct.conduct(["good"], ["--json"], record=True, small=False, limit_s=60.0) == 0
    kept = paper.load()
    assert problem in kept["bad"]["problem"]
    check_document(kept["good"], name="good")
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert problem in text
    assert "Something that is measured." in text
    assert "| ours | a | 1 | 1 | 1 | 1 |" in text


def test_programs_of_others_are_missed_with_the_cure(house, tmp_path, monkeypatch):
    peers = house("peers")
    monkeypatch.setattr(peers, "FOLDER", tmp_path)
    for kind in peers.KINDS:
        assert not peers.available(kind)
        assert peers.versions(kind) == {}
    with pytest.raises(peers.PeerMissing, match=r"python3 dev.py bench --peers"):
        peers.python("opcua")
    marker = tmp_path / "opcua" / peers.MARKER
    marker.parent.mkdir()
    marker.write_text("an older lock", encoding="utf-8")
    assert not peers.available("opcua")


def test_every_kind_is_pinned_by_hash_and_names_no_host(house):
    peers = house("peers")
    for kind in peers.KINDS:
        text = (HERE / "peers" / f"{kind}.lock").read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert text.count("--hash=sha256:") >= text.count("==") > 3
        assert (HERE / "peers" / f"{kind}.in").exists()


def test_what_benchmarks_name_can_be_installed(house):
    peers = house("peers")
    for name in benchmarks():
        assert set(peers.named_by(name)) <= set(peers.KINDS), name


def test_nothing_of_others_is_a_dependency_or_imported():
    product = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    for name in ("asyncua", "opcua-client", "pydm", "caproto", "pyqt5", "pyqtgraph", "gql"):
        assert f"\n{name}==" not in product


def test_the_paper_says_what_the_results_say(house):
    paper = house("paper")
    results = paper.load()
    for name, result in results.items():
        assert result["what"]
        assert result["machine"]["cores"] > 0
        if "problem" not in result:
            check_document(result, name=name.partition("_compressed")[0])
    if not results:
        return
    text = paper.PAPER.read_text(encoding="utf-8")
    missing = [
        name for name in results if any(part not in text for part in paper.body(results[name]))
    ]
    assert not missing, f"python3 dev.py bench --paper writes {', '.join(missing)} anew"


def test_numbers_in_the_paper_are_short_and_never_exponents(house):
    paper = house("paper")
    told = {
        1234567.0: "1,234,567",
        0.00001234: "0.000012",
        12.3456: "12.35",
        0.0: "0",
        999.96: "1000",
    }
    assert {value: paper.number_text(value) for value in told} == told


def soaked(**changes):
    """A run of 300 s with two restarts: 200 MB throughout, nothing late, nothing lost."""
    points = [
        {
            "unix_s": 1000.0 + at_s, "rss_mb": 200.0, "trends_mb": 0.0, "traffic_mb": 0.0, "threads": 4,
            "open_files": 20, "tasks": 3, "timers": 5, "widgets": 400,
            "values_received": min(at_s, 200) * 100 if at_s < 205 else 20_000 + (at_s - 204) * 100,
        }
        for at_s in range(0, 301, 2)
    ]  # fmt: skip
    for point in points:
        for key, value in changes.get("points", {}).items():
            point[key] += value * (point["unix_s"] - 1000.0)
    report = {
        "resources": points, "values_received": points[-1]["values_received"], "reconnects": 2,
        "errors": [], "lateness_ms": {"p50": 1.0, "p99": 3.0, "max": 20.0}, "cpu_seconds": 60.0,
        "late_frames": {"count": 0, "above_ms": 33.0, "times": changes.get("late", [])},
    }  # fmt: skip
    return {
        "began": 1000.0,
        "memory": [
            (1000.0 + at_s, 200.0 + changes.get("mb_a_s", 0.0) * at_s) for at_s in range(300)
        ],
        "restarts": [(1090.0, 1095.0), (1200.0, 1204.0)],
        "last": {"sent": changes.get("sent", 9_100.0), "greeted": 500.0, "since": 1204.0},
        "report": report,
        "stolen": changes.get("stolen", []),
    }


@pytest.mark.parametrize(
    ("changes", "met", "said"),
    [
        ({}, True, "9,600 values were sent and 9,600 received"),
        ({"mb_a_s": 0.02}, False, "leaves +2."),
        ({"mb_a_s": 0.02, "points": {"trends_mb": 0.02}}, True, "leaves +0.00 %"),
        ({"points": {"threads": 0.02}}, False, "MORE: threads"),
        ({"points": {"widgets": 0.1}}, False, "MORE: widgets"),
        ({"late": [[1150.0, 40.0]]}, False, "40 ms at 150 s"),
        (
            {"late": [[1150.0, 40.0]], "stolen": [(1149.98, 10.0)]},
            True,
            "40 ms at 150 s (the host took 10 ms)",
        ),
        ({"late": [[1150.0, 48.0]], "stolen": [(1149.98, 10.0)]}, False, "(the host took 10 ms)"),
        ({"late": [[1150.0, 40.0]], "stolen": [(1149.8, 30.0)]}, False, "40 ms at 150 s"),
        ({"late": [[1001.0, 400.0], [1092.0, 90.0], [1206.0, 50.0]]}, True, "restarts: none"),
        ({"sent": 9_101.0}, False, "9,601 values were sent and 9,600 received"),
    ],
)
def test_the_soak_sees_what_grows_what_is_late_and_what_is_lost(house, changes, met, said):
    run, soak = house("run"), house("soak")
    course = soak.Course(**soaked(**changes))
    result = soak.judge(course, 5_000.0, 300.0, "soak")
    assert isinstance(result, run.Result)
    assert (result.met, said) == (met, said if said in "\n".join(result.notes) else result.notes)
    check_document(result.document(), name="soak")


def test_what_the_host_took_is_read_and_never_falls(house):
    house("run")
    soak = house("soak")
    first = soak.steal_ms()
    assert all(0 <= before <= after for before, after in zip(first, soak.steal_ms(), strict=True))


def test_the_soak_draws_its_memory_line(house, tmp_path):
    house("run")
    soak = house("soak")
    soak.draw(soak.Course(**soaked()), tmp_path / "soak.svg")
    picture = (tmp_path / "soak.svg").read_text(encoding="utf-8")
    assert picture.count("<rect") == 3
    assert "<polyline" in picture
    assert soak.sparkline([0.0, 50.0, 100.0]) == "▁▄█"
