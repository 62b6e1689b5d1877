"""The self test: what it finds becomes rows with cures, it ends in time, and it passes here."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pkgutil import ModuleInfo
from types import SimpleNamespace

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as NoKeyring
from PySide6.QtGui import QImage

from tagwerk.cli import main
from tagwerk.cli.arguments import parse
from tagwerk.domain.message import message
from tagwerk.self_test import computer
from tagwerk.self_test import run as whole
from tagwerk.self_test.rows import Outcome, Row, Table
from tagwerk.self_test.runner import Faulty, Runner, Told, until
from tagwerk.ui import self_test as of_qt

STEP = message("Keyring")


def table():
    stream = io.StringIO()
    made = Table([stream])
    return made, stream


def raising(problem):
    def work():
        raise problem

    return work


def test_each_row_is_there_at_once_in_every_stream():
    first, second = io.StringIO(), io.StringIO()
    made = Table([first, second])
    made.add(Row(STEP, Outcome.FINE, message("{count} modules", count=3), took_ms=12.4))
    assert first.getvalue() == second.getvalue()
    assert first.getvalue().split() == ["Keyring", "OK", "12", "3", "modules"]


def test_a_stream_that_is_gone_does_not_end_the_test():
    gone, stays = io.StringIO(), io.StringIO()
    gone.close()
    made = Table([gone, stays])
    made.begin(["head"])
    made.end()
    assert "SELF TEST PASSED" in stays.getvalue()


@pytest.mark.parametrize(
    ("outcome", "failed"),
    [
        (Outcome.FINE, False),
        (Outcome.WARNING, False),
        (Outcome.FAILED, True),
        (Outcome.SKIPPED, True),
    ],
)
def test_what_makes_it_fail(outcome, failed):
    made, stream = table()
    made.add(Row(STEP, outcome))
    made.end()
    assert made.has_failed is failed
    assert ("FAILED" in stream.getvalue().splitlines()[-1]) is failed


def test_whatever_a_step_raises_is_its_row_with_a_cure():
    made, stream = table()
    runner = Runner(made)
    assert runner.run(STEP, lambda: message("fine"))
    assert runner.run(STEP, lambda: Told(message("locked"), message("Unlock it.")))
    assert not runner.run(STEP, raising(Faulty("torn", cure="Mend it.")))
    assert not runner.run(STEP, raising(ZeroDivisionError("password=MARK")))
    runner.skip(message("Write"), STEP)
    outcomes = [row.outcome for row in made.rows]
    assert outcomes == [
        Outcome.FINE, Outcome.WARNING, Outcome.FAILED, Outcome.FAILED, Outcome.SKIPPED,
    ]  # fmt: skip
    text = stream.getvalue()
    for part in ("→ Unlock it.", "→ Mend it.", "ZeroDivisionError", "because “Keyring” failed"):
        assert part in text
    assert "MARK" not in text
    assert text.count("→") == 3


async def test_a_step_that_hangs_is_given_up():
    made, _ = table()
    runner = Runner(made, step_s=0.05)

    async def hang():
        await until(lambda: False)
        return message("never")

    assert not await runner.wait(STEP, hang)
    assert "not within" in str(made.rows[0].detail)

    async def quick():
        await asyncio.sleep(0)
        return message("fine")

    assert await Runner(made).wait(STEP, quick)


class Memory(KeyringBackend):
    """A keyring that keeps; `loses` makes it forget."""

    priority = 1

    def __init__(self, loses=False):
        super().__init__()
        self.loses = loses
        self.kept = {("tagwerk", "someone"): "theirs"}
        self.seen = []

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.seen.append(password)
        if not self.loses:
            self.kept[service, username] = password

    def delete_password(self, service, username):
        self.kept.pop((service, username), None)


def test_a_keyring_is_tried_with_a_secret_of_its_own(monkeypatch):
    backend = Memory()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    found = computer.keyring_keeps()
    assert "Memory" in str(found)
    assert backend.kept == {("tagwerk", "someone"): "theirs"}
    assert backend.seen
    assert backend.seen[0] not in str(found)


def test_a_keyring_that_loses_what_it_gets_is_a_failure(monkeypatch):
    monkeypatch.setattr(keyring, "get_keyring", lambda: Memory(loses=True))
    with pytest.raises(Faulty, match="does not keep"):
        computer.keyring_keeps()


def test_no_keyring_is_a_warning(monkeypatch):
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    found = computer.keyring_keeps()
    assert isinstance(found, Told)
    assert found.cure


def test_a_package_that_lacks_modules_is_told(monkeypatch):
    few = [ModuleInfo(None, "tagwerk.domain.message", False)]
    monkeypatch.setattr(computer.pkgutil, "walk_packages", lambda *_words: iter(few))
    with pytest.raises(Faulty, match="only 1 modules"):
        computer.imports()
    monkeypatch.setattr(computer, "LEAST_MODULES", 1)
    assert "modules" in str(computer.imports())
    monkeypatch.setattr(computer, "_MODULES", ("numpy", "no_such_library"))
    with pytest.raises(Faulty, match="no_such_library"):
        computer.imports()


def test_no_authorities_are_a_warning_with_the_cure(monkeypatch):
    monkeypatch.setattr(computer, "_system_authorities", lambda: ("/nowhere", 0))
    found = computer.certificate_store()
    assert isinstance(found, Told)
    assert "/nowhere" in str(found.detail)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11")
def test_a_screen_that_does_not_answer_is_told_before_qt_ends_the_process(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(of_qt.Unfit):
        of_qt.find_screen()
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


def test_without_a_screen_it_is_drawn_into_memory(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    expected = "offscreen" if sys.platform.startswith("linux") else ""
    assert of_qt.find_screen() == expected


@pytest.mark.ui
def test_what_the_window_needs_is_looked_at(qapp, monkeypatch):
    assert "Inter" in str(of_qt.fonts())
    assert "Abbrechen" in str(of_qt.translations())
    assert of_qt.icons()
    monkeypatch.setattr(of_qt, "MONO_FILE", "missing.ttf")
    with pytest.raises(of_qt.Unfit, match=r"missing\.ttf"):
        of_qt.fonts()
    monkeypatch.setattr(of_qt, "read_table", lambda _path: {"{a}": "{b}"})
    with pytest.raises(of_qt.Unfit, match="not whole"):
        of_qt.translations()


@pytest.mark.ui
def test_an_empty_picture_is_none(qapp):
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(0)
    with pytest.raises(of_qt.Unfit, match="1 colours"):
        of_qt.look_at_picture(image)


def test_the_command_line():
    options = parse(["--self-test", "--out", "t.txt", "--lang", "de", "--within", "90"])
    assert options.command == "self-test"
    assert (options.out.name, options.lang, options.within) == ("t.txt", "de", 90)
    with pytest.raises(SystemExit):
        parse(["--self-test", "demo"])


def test_a_table_that_cannot_be_written_is_wrong_usage(tmp_path, capsys):
    assert main(["--self-test", "--out", str(tmp_path / "no" / "t.txt")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_ctrl_c_cut_short_has_not_passed(tmp_path, monkeypatch):
    """The loop makes an exit code of it."""
    program = SimpleNamespace(run=lambda _main: 130)
    monkeypatch.setattr(whole, "_bring_up", lambda _options: (program, message("shown")))

    def run(_step, work):
        if getattr(work, "__name__", "") == "bring_up":
            work()
        return True

    with pytest.raises(KeyboardInterrupt):
        whole._run_steps(SimpleNamespace(run=run), whole.SelfTestOptions(), tmp_path)


def test_an_interrupted_test_has_no_verdict_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    def interrupted(*_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(whole, "_run_steps", interrupted)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    out = tmp_path / "table.txt"
    assert main(["--self-test", "--lang", "en", "--out", str(out)]) == 130
    assert "PASSED" not in out.read_text(encoding="utf-8") + capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [out]


def start(tmp_path, *words, **more):
    return subprocess.run(
        [sys.executable, "-m", "tagwerk", "--self-test", *words],
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "TMPDIR": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / "never"),
            "XDG_DATA_HOME": str(tmp_path / "never"),
            "XDG_STATE_HOME": str(tmp_path / "never"),
            **more,
        },
        check=False,
    )


@pytest.mark.timeout(240)
def test_the_whole_test_passes_and_leaves_nothing(tmp_path):
    """In German, from a folder with umlauts, on a machine that may have much else to do."""
    folder = tmp_path / "Prüfung mit Ä"
    folder.mkdir()
    out, picture = tmp_path / "table.txt", tmp_path / "window.png"
    done = start(
        folder, "--lang", "de", "--out", str(out), "--screenshot", str(picture), "--within", "180"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = out.read_text(encoding="utf-8")
    assert text == done.stdout
    assert "SELBSTTEST BESTANDEN" in text
    for part in ("Schlüsselbund", "abgelehnt, wie es sein muss", "zurückgelesen", "quittiert"):
        assert part in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert not list(folder.iterdir()), "neither settings nor a temporary folder"


def test_it_ends_in_time_whatever_hangs(tmp_path):
    done = start(tmp_path, "--lang", "en", "--within", "0.2")
    assert done.returncode == 1
    assert "SELF TEST FAILED" in done.stdout
    assert "not done within 0.2 s" in done.stdout
    assert not list(tmp_path.glob("tagwerk-self-test-*"))
