"""The first picture: what must not be imported before it, and that it is the true one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib

import pytest

from tagwerk.resources import resource
from tagwerk.ui.errors import Reporter
from tagwerk.ui.i18n import read_table, set_language
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.window import MainWindow
from ui.shell_support import PROFILE

pytestmark = pytest.mark.ui

# At the first paint: tell what is imported, and end.
PROGRAM = """
import json, os, sys
from tagwerk.ui.report import Stopwatch
def painted(self):
    print(json.dumps(sorted(sys.modules)), flush=True)
    os._exit(0)
Stopwatch.painted = painted
from tagwerk.cli import main
main(sys.argv[1:])
"""
HEAVY = (
    "asyncio", "cryptography", "datetime", "httpx", "keyring", "msgspec", "numpy", "picows",
    "qasync", "ssl", "tomllib", "urllib.request",
    "tagwerk.dialects", "tagwerk.domain.connection", "tagwerk.domain.errors",
    "tagwerk.domain.redaction", "tagwerk.domain.tags", "tagwerk.domain.values", "tagwerk.export",
    "tagwerk.link", "tagwerk.plant", "tagwerk.sheets", "tagwerk.simulator", "tagwerk.store",
    "tagwerk.ui.connect_flow", "tagwerk.ui.docking", "tagwerk.ui.panels", "tagwerk.ui.toolbar",
    "tagwerk.write",
)  # fmt: skip


def at_first_paint(folder, *words):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "--settings", str(folder), *words],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_heavy_is_imported_before_the_first_picture(tmp_path, language):
    modules = at_first_paint(tmp_path, "--lang", language)
    assert "tagwerk.ui.welcome" in modules
    assert modules.isdisjoint(HEAVY)


def test_saved_connections_bring_their_vocabulary_and_nothing_of_the_link(tmp_path):
    settings = Settings(tmp_path)
    SavedConnections(settings).put(PROFILE)
    settings.save()
    modules = at_first_paint(tmp_path)
    assert "tagwerk.domain.connection" in modules
    assert modules.isdisjoint(set(HEAVY) - {"tagwerk.domain.connection"})


# Served: tell what was imported since the thread was through, and end.
SERVED = """
import json, os, sys
from tagwerk import app
from tagwerk.ui.report import Stopwatch
import_heavy, before = app.import_heavy, set()
def import_and_note():
    import_heavy()
    before.update(sys.modules)
def served(self):
    print(json.dumps(sorted(set(sys.modules) - before)), flush=True)
    os._exit(0)
app.import_heavy, Stopwatch.served = import_and_note, served
from tagwerk.cli import main
main(sys.argv[1:])
"""
OF_THE_REPORT = {"tagwerk.ui.resource_log", "tagwerk.ui.settled"}


def test_the_painted_window_waits_for_no_import(tmp_path):
    """What it is completed and served with, the thread has imported."""
    done = subprocess.run(
        [sys.executable, "-c", SERVED, "--settings", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=True,
    )
    assert set(json.loads(done.stdout.splitlines()[-1])) <= OF_THE_REPORT


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("saved", [False, True])
def test_the_first_picture_is_what_stays(qapp, language, saved):
    settings = Settings()
    if saved:
        SavedConnections(settings).put(PROFILE)
    set_language(language)
    try:
        window = MainWindow(settings, Reporter(), keep_size=True, at_once=False)
        window.resize(1280, 800)
        window.shell.status_bar.refresh(None, (0.0, 0.0), 0)
        first = window.grab().toImage()
        window.complete()
        window.findChild(FocusRing).hide()
        window.shell.status_bar.refresh(None, (0.0, 0.0), 0)
        assert window.grab().toImage() == first
        assert not window.shell.tool_bar.isVisibleTo(window)
        assert len(window.shell.actions_by_id) > 20
    finally:
        set_language("en")
        window.close_for_good()
        window.deleteLater()


@pytest.mark.expects_log("start: ValueError: broken")
def test_what_goes_wrong_before_the_window_is_complete_is_shown(qapp):
    report = Reporter()
    window = MainWindow(Settings(), report, keep_size=True, at_once=False)
    try:
        report(ValueError("broken"), "start")
        assert window.shell.banner.current is not None
        assert "broken" in window.shell.banner.current.headline
    finally:
        window.close_for_good()
        window.deleteLater()


def test_tables_are_read_as_toml_reads_them():
    paths = sorted(resource("i18n", "de").glob("*.toml"))
    assert paths
    for path in paths:
        assert read_table(path) == tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        '"a" = "b"\n"c d" = "„e“ – f"',
        '# only\n\n"a"="b"\n',
        '"a" = "b" # a remark\n',
        '"a" = "\\"b\\"\\u00fc"\n',
        '"a\\n\\"b\\"" = "\\\\n\\t{c}"\n',
        "'a' = 'b'\n",
        '"a" = """b\nc"""\n',
        '  "a" = "b"\n',
        "",
    ],
)
def test_other_toml_is_read_as_well(tmp_path, text):
    path = tmp_path / "table.toml"
    path.write_text(text, encoding="utf-8")
    assert read_table(path) == tomllib.loads(text)


@pytest.mark.parametrize("text", ['"a" = "b"\n"a" = "c"\n', '"a" = "b\n', '"a" "b"\n', "nonsense"])
def test_a_broken_table_is_an_error(tmp_path, text):
    path = tmp_path / "table.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tomllib.TOMLDecodeError):
        read_table(path)


UNSEEN = """
import sys
from tagwerk.ui.window import MainWindow
MainWindow.show = lambda self: None
from tagwerk.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.timeout(240)
def test_a_window_that_is_never_painted_serves_its_plant_all_the_same(tmp_path):
    """Started minimised, or behind a locked screen."""
    report = tmp_path / "report.json"
    words = ["demo", "--settings", str(tmp_path), "--report", str(report), "--quit-after"]
    for seconds in ("8", "60"):  # a machine that has much else to do gets more time for the same
        done = subprocess.run(
            [sys.executable, "-c", UNSEEN, *words, seconds],
            capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        figures = json.loads(report.read_text("utf-8"))
        if figures["values_received"]:
            break
    assert figures["first_paint_ms"] is None
    assert figures["values_received"] > 0
    assert figures["errors"] == []
