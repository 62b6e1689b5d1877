"""Crash reports: whole, private, without secrets, few; and what a dead process leaves behind."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import subprocess
import sys
import threading

import pytest

from tagwerk import __version__
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.export import crash_report
from tagwerk.export.crash_report import (
    MARK_SUFFIX,
    MOST_A_RUN,
    MOST_REPORTS,
    collect_crashes,
    crash_files,
    start_crash_watch,
    write_report,
)
from tagwerk.export.log_file import MOST_RUNS, log_files, start_log, stop_log
from tagwerk.export.run_mark import claim, hold, is_held

STACK = """Fatal Python error: Segmentation fault

Thread 0x00007f9aaaffd6c0 (most recent call first):
  File "selectors.py", line 468 in select

Current thread 0x00007f9ad1c7eb80 (most recent call first):
  File "table.py", line 320 in paintEvent
"""
RUN = "tagwerk-20260102-030405-4711"


class Login:
    user = "operator"
    secrets = ("pw-MARK-Ä1",)


def raised(text):
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        return error


def test_a_report_tells_what_where_versions_stack_and_log(tmp_path):
    log = tmp_path / "run.log"
    log.write_text("first line\nlast line\n", encoding="utf-8")
    path = write_report(tmp_path, raised("boom"), "panel", log=log, more={"Qt": "6.x on windows"})
    text = path.read_text(encoding="utf-8")
    assert f"Tagwerk {__version__}" in text
    for part in ("What      RuntimeError: boom", "Where     panel", "6.x on windows", "numpy ",
                 "in raised", "last line"):  # fmt: skip
        assert part in text, part
    assert path.name.startswith("crash-")
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_secret_is_in_it(tmp_path):
    login = Login()
    LIVE_SECRETS.add(login)
    error = raised(f"refused {login.secrets[0]} and password=otherMARK")
    text = write_report(tmp_path, error, f"where {login.secrets[0]}").read_text("utf-8")
    assert "MARK" not in text
    assert "•••" in text
    assert "pytest" not in text.split("Stack")[0], "the command line is not in the facts"


def test_only_the_last_lines_of_a_long_log_are_in_it(tmp_path):
    log = tmp_path / "run.log"
    log.write_text("".join(f"line {number}\n" for number in range(20_000)), encoding="utf-8")
    text = write_report(tmp_path, raised("x"), "y", log=log).read_text("utf-8")
    assert "line 19999\n" in text
    assert text.count("\nline ") < 200


def test_a_broken_run_writes_few_reports(tmp_path):
    watch = start_crash_watch(tmp_path, None)
    try:
        paths = [watch.keep(raised(f"error {n}"), "loop") for n in range(MOST_A_RUN + 3)]
    finally:
        watch.stop()
    assert len([path for path in paths if path is not None]) == MOST_A_RUN
    assert len(set(paths[:MOST_A_RUN])) == MOST_A_RUN
    assert not list(tmp_path.glob(f"*{MARK_SUFFIX}")), "an orderly end leaves no mark"


def test_two_threads_that_fail_at_once_leave_a_report_each(tmp_path, monkeypatch):
    watch = start_crash_watch(tmp_path, None)
    both, really_open, paths = threading.Barrier(2), crash_report.open_private, []

    def open_together(path, mode="w"):
        # Whoever may come in here as a second one has chosen a name by now.
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return really_open(path, mode)

    def fail(number):
        paths.append(watch.keep(raised(f"error {number}"), "thread"))

    monkeypatch.setattr(crash_report, "open_private", open_together)
    threads = [threading.Thread(target=fail, args=(number,)) for number in range(2)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        watch.stop()
    assert len(set(paths)) == 2
    said = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert "error 0" in said
    assert "error 1" in said


def test_a_full_disk_leaves_no_half_report(tmp_path, monkeypatch):
    really_open = crash_report.open_private

    @contextlib.contextmanager
    def full(path, mode="w"):
        with really_open(path, mode) as stream:
            stream.write("half a rep")
            raise OSError(errno.ENOSPC, "No space left on device")
        yield stream

    monkeypatch.setattr(crash_report, "open_private", full)
    assert write_report(tmp_path, raised("x"), "y") is None
    assert crash_files(tmp_path) == []


def test_an_orderly_end_is_no_crash_even_where_the_mark_cannot_be_deleted(tmp_path):
    """Something was written and the program went on; then a virus scanner reads the file."""
    watch = start_crash_watch(tmp_path, None)
    os.write(watch._stream.fileno(), STACK.encode())

    def read_by_another(*_words, **_more):
        raise PermissionError(errno.EACCES, "used by another process")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", read_by_another)
        watch.stop()
    assert list(tmp_path.glob(f"*{MARK_SUFFIX}"))
    assert collect_crashes(tmp_path) == []


def test_old_reports_go(tmp_path):
    for number in range(30):
        (tmp_path / f"crash-20250101-0000{number:02}-1-1.txt").write_text("old")
    path = write_report(tmp_path, raised("x"), "y")
    assert len(crash_files(tmp_path)) == MOST_REPORTS
    assert crash_files(tmp_path)[0] == path


def test_a_folder_that_cannot_be_written_costs_the_report_only(tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder")
    assert write_report(file / "log", raised("x"), "y") is None
    assert start_crash_watch(file / "log", None) is None
    assert collect_crashes(file / "log") == []
    assert crash_files(tmp_path / "nowhere") == []


def test_what_a_dead_process_left_becomes_a_report_once(tmp_path):
    (tmp_path / f"{RUN}{MARK_SUFFIX}").write_text(STACK, encoding="utf-8")
    (tmp_path / f"{RUN}.log").write_text("its last line\n", encoding="utf-8")
    (path,) = collect_crashes(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "What      Fatal Python error: Segmentation fault" in text
    assert text.index("paintEvent") < text.index("selectors.py"), "the guilty thread first"
    assert "its last line" in text
    assert "-4711-" in path.name
    assert collect_crashes(tmp_path) == []
    assert crash_files(tmp_path) == [path]


def test_a_stack_waits_until_there_is_room_for_its_report(tmp_path):
    mark = tmp_path / f"{RUN}{MARK_SUFFIX}"
    mark.write_text(STACK, encoding="utf-8")
    os.utime(mark, (1_790_000_000, 1_790_000_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crash_report, "_write", lambda *_words: None)
        assert collect_crashes(tmp_path) == []
    (path,) = collect_crashes(tmp_path)
    assert path.name.startswith("crash-20260921-"), "still the moment at which it happened"
    assert "paintEvent" in path.read_text(encoding="utf-8")
    assert not mark.exists()


def test_a_process_that_was_ended_by_force_has_not_crashed(tmp_path):
    (tmp_path / f"{RUN}{MARK_SUFFIX}").write_text("")
    assert collect_crashes(tmp_path) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps open files from being deleted")
def test_a_run_that_is_alive_is_left_alone(tmp_path):
    mark = tmp_path / f"{RUN}{MARK_SUFFIX}"
    with hold(mark) as stream:
        stream.write(STACK)
        stream.flush()
        assert is_held(mark)
        assert collect_crashes(tmp_path) == []
        assert claim(mark) is None
    assert not is_held(mark)
    assert len(collect_crashes(tmp_path)) == 1


@pytest.mark.skipif(os.name != "posix", reason="locks of files")
def test_the_log_of_a_window_that_has_been_open_for_weeks_is_kept(tmp_path):
    old = tmp_path / f"{RUN}.log"
    old.write_text("still running")
    for number in range(MOST_RUNS + 5):
        (tmp_path / f"tagwerk-20260501-0000{number:02}-1.log").write_text("old")
    with hold(tmp_path / f"{RUN}{MARK_SUFFIX}"):
        stop_log(start_log(tmp_path))
        assert old in log_files(tmp_path)
    stop_log(start_log(tmp_path))
    assert old not in log_files(tmp_path)


def test_every_log_begins_with_program_and_system(tmp_path):
    handler = start_log(tmp_path, logging.WARNING)
    stop_log(handler)
    first = handler.path.read_text(encoding="utf-8")
    assert f"Tagwerk {__version__}" in first
    assert first.count("\n") == 1


CRASH = """
import ctypes, sys
from pathlib import Path
from tagwerk.export.crash_report import start_crash_watch
from tagwerk.export.log_file import start_log
folder = Path(sys.argv[1])
handler = start_log(folder)
watch = start_crash_watch(folder, handler.path)
import faulthandler
def at_the_worst_moment():
    faulthandler._sigsegv()
at_the_worst_moment()
"""


@pytest.mark.skipif(os.name != "posix", reason="the way to crash is POSIX's")
def test_a_real_crash_leaves_its_stack_and_log(tmp_path):
    folder = tmp_path / "ein Ordner mit Ümläuten"
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(folder)], capture_output=True, timeout=60, check=False
    )
    assert done.returncode < 0
    (path,) = collect_crashes(folder)
    text = path.read_text(encoding="utf-8")
    assert "in at_the_worst_moment" in text
    assert f"Tagwerk {__version__}" in text.split("Last lines")[1]
