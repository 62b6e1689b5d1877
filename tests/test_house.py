"""The house itself: the bootstrap script, the papers, and what must never be in the project."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT_FILES = (".py", ".md", ".toml", ".txt", ".lock", ".csv", ".spec", ".cfg", ".json")


def load_dev():
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project_files():
    """Files that belong to the project, as far as git or the folder tells."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = listed.stdout.splitlines()
    if listed.returncode or not names:
        return [p for p in ROOT.rglob("*") if p.is_file() and ".venv" not in p.parts]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_the_bootstrap_script_needs_only_the_standard_library():
    tree = ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= set(sys.stdlib_module_names)


def test_a_changed_lock_makes_a_new_environment(tmp_path, monkeypatch):
    dev = load_dev()
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text("a", encoding="utf-8")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "MARKER", tmp_path / "marker")
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    assert not dev.is_ready(development=False)
    dev.MARKER.write_text(dev.wanted_state(development=True), encoding="utf-8")
    assert dev.is_ready(development=True)
    assert dev.is_ready(development=False), "what is enough to work on it is enough to run it"
    (tmp_path / "requirements.lock").write_text("b", encoding="utf-8")
    assert not dev.is_ready(development=False)


def test_an_environment_to_run_is_not_enough_to_test(tmp_path, monkeypatch):
    dev = load_dev()
    monkeypatch.setattr(dev, "MARKER", tmp_path / "marker")
    dev.MARKER.write_text(dev.wanted_state(development=False), encoding="utf-8")
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    assert dev.is_ready(development=False)
    assert not dev.is_ready(development=True)


def test_missing_libraries_are_named_or_installed(monkeypatch, capsys):
    dev = load_dev()
    if dev.WINDOWS:
        assert dev.missing_packages(("libegl1",)) == []
        return
    monkeypatch.setattr(dev.shutil, "which", lambda _name: "/usr/bin/dpkg-query")
    monkeypatch.setattr(dev, "is_installed", lambda name: name in ("liba", "libc1t64"))
    assert dev.missing_packages(("liba", "libb", "libc1|libc1t64")) == ["libb"]
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000)
    dev.bring_packages(("liba", "libb"))
    assert "sudo apt-get update && sudo apt-get install -y libb" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["demo", "x"], ["nonsense"], []])
def test_wrong_usage_is_two(command):
    done = subprocess.run(
        [sys.executable, "dev.py", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage" in done.stderr


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name
)
def test_links_in_the_papers_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} points to {target}"


def test_the_locks_pin_everything_by_hash_and_name_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "--index" not in text
        assert "://" not in text
        pinned = re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)


def test_the_locks_agree():
    pins = {
        name: dict(
            re.findall(
                r"^([A-Za-z0-9_.-]+)==(\S+)",
                (ROOT / name).read_text(encoding="utf-8"),
                re.MULTILINE,
            )
        )
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    run, work = pins["requirements.lock"], pins["requirements-dev.lock"]
    assert {name: version for name, version in run.items() if work.get(name) != version} == {}


def test_only_the_write_service_calls_the_client_s_write():
    callers = []
    for path in (ROOT / "desktop" / "tagwerk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value)
            if node.func.attr in ("write", "alarm_action") and re.search(r"client$", owner):
                callers.append(path.relative_to(ROOT / "desktop" / "tagwerk").as_posix())
    assert set(callers) == {"write/service.py"}


def test_no_machine_paths_and_no_secrets_in_the_project():
    homes = re.compile(r"/(root|home|Users)/[a-z]|[A-Z]:\\\\Users")
    for path in project_files():
        if path.suffix in TEXT_FILES and path != Path(__file__).resolve():
            found = homes.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.name}: {found}"


def test_no_nested_event_loops_in_the_window():
    nested = re.compile(
        r"\.exec\(|\.exec_\(|processEvents\(|QFileDialog\.get|QMessageBox\.(question|warning|information|critical)\("
    )
    for path in (ROOT / "desktop" / "tagwerk" / "ui").rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            # Allowed: the loop before the bridge exists (nothing runs yet that it could lose), and
            # dragging, which has no other way and starts from a mouse event, never in a coroutine.
            if ("waiting.exec()" in line and path.name == "loop.py") or "drag.exec(" in line:
                continue
            assert not nested.search(line), f"{path.name}:{number}: {line.strip()}"


def test_every_painter_ends_also_when_a_picture_fails():
    """A painter that an error leaves open takes the whole program down at the next picture: it
    stands in a ``with``, or the next statement is a ``try`` that ends it."""
    open_ones = []
    for path in sorted((ROOT / "desktop").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
                if isinstance(body, list) and body:
                    open_ones += [
                        f"{path.relative_to(ROOT)}:{first.lineno}"
                        for first, then in zip(body, [*body[1:], None], strict=True)
                        if _makes_painter(first) and not _ends_it(then)
                    ]
    assert open_ones == []


def _makes_painter(node):
    return isinstance(node, ast.Assign) and any(
        isinstance(part, ast.Call) and getattr(part.func, "id", "") == "QPainter"
        for part in ast.walk(node.value)
    )


def _ends_it(node):
    return isinstance(node, ast.Try) and any(
        isinstance(part, ast.Attribute) and part.attr == "end"
        for statement in node.finalbody
        for part in ast.walk(statement)
    )


def test_every_single_shot_belongs_to_somebody():
    """Without a context object Qt calls also for a widget that is gone: an error in the middle of
    whatever runs by then, and in a ``sizeHint`` the end of the program."""
    without = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "desktop").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "singleShot"
        and (
            len(node.args) < 3 or (len(node.args) == 3 and "TimerType" in ast.unparse(node.args[1]))
        )
    ]
    assert without == []
