"""The log file: bounded, private, clean, and never in the way."""

from __future__ import annotations

import logging
import os

import pytest

from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.export.log_file import MOST_RUNS, BoundedFile, log_files, start_log, stop_log

log = logging.getLogger("tagwerk.test_log_file")


class Login:
    user = "operator"
    secrets = ('pw-MARK-Ä"\\x',)


@pytest.fixture
def written(tmp_path):
    handler = start_log(tmp_path / "log")
    yield handler
    stop_log(handler)


def test_records_are_kept_with_utc_times_and_levels(written):
    log.info("connected to %s", "skid21")
    log.debug("not wanted")
    text = written.path.read_text(encoding="utf-8")
    assert "INFO" in text
    assert "Z INFO    tagwerk.test_log_file: connected to skid21" in text
    assert "not wanted" not in text


@pytest.mark.expects_log("failed")
def test_secrets_go_from_messages_arguments_and_tracebacks(written):
    login = Login()
    LIVE_SECRETS.add(login)
    secret = login.secrets[0]
    log.info("said %s", secret)
    log.info("said %r", {"password": "x1"})
    try:
        raise ValueError(f"the server repeats {secret}")
    except ValueError:
        log.exception("failed")
    text = written.path.read_text(encoding="utf-8")
    assert "MARK" not in text
    assert "x1" not in text
    assert "ValueError: the server repeats •••" in text


def test_it_stays_below_its_size(tmp_path):
    handler = BoundedFile(tmp_path / "tagwerk-1.log", most_bytes=10_000)
    record = logging.makeLogRecord({"msg": "x" * 200, "levelno": logging.INFO, "levelname": "INFO"})
    for _ in range(500):
        handler.emit(record)
    handler.close()
    assert handler.path.stat().st_size <= 10_000
    assert handler.older.stat().st_size <= 10_000
    assert len(log_files(tmp_path)) == 2


def test_only_the_newest_runs_are_kept(tmp_path):
    for number in range(20):
        (tmp_path / f"tagwerk-2026010{number // 10}-00000{number % 10}-1.log").write_text("old")
        (tmp_path / f"tagwerk-2026010{number // 10}-00000{number % 10}-1.1.log").write_text("old")
    (tmp_path / "other.log").write_text("mine")
    handler = start_log(tmp_path)
    stop_log(handler)
    runs = {path.name.split(".")[0] for path in log_files(tmp_path)}
    assert len(runs) == MOST_RUNS
    assert handler.path in log_files(tmp_path)
    assert (tmp_path / "other.log").exists()


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_it_is_its_owners_only(written):
    assert written.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_costs_the_log_only(tmp_path):
    (tmp_path / "file").write_text("")
    assert start_log(tmp_path / "file" / "log") is None
    stop_log(None)


def test_a_disk_that_fails_is_no_error_of_whoever_logs(written):
    written._stream.close()
    log.info("nowhere to go")


def test_a_file_that_another_program_holds_costs_its_older_part_only(tmp_path, monkeypatch):
    handler = BoundedFile(tmp_path / "tagwerk-1.log", most_bytes=300)

    def held(_source, _target):
        raise PermissionError(13, "The process cannot access the file")  # as Windows says it

    monkeypatch.setattr(os, "replace", held)
    for number in range(20):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, f"line {number}", (), None))
    handler.close()
    text = handler.path.read_text(encoding="utf-8")
    assert text.splitlines()[-1].endswith("line 19")
    assert len(text) <= 300
