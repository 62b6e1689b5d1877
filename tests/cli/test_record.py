"""``record``: a file that holds what came, through outages, kills and full disks."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from cli.test_commands import PV, SP, run
from cli.test_hard_cases import command
from cli.test_watch_outages import Log, at, live, lost, quick_log, value
from tagwerk.cli import record
from tagwerk.cli.output import Console, OutputLost
from tagwerk.cli.record import HEADER, Recorder, RowFile
from tagwerk.cli.stream import LeftOut
from tagwerk.domain.errors import UsageError
from tagwerk.domain.values import BAD, GOOD, ItemError, Sample
from tagwerk.plant.types import KnownTypes

__all__ = ["quick_log", "run"]


def recorder(path, log, names=("a",), *, as_csv=True, console=None):
    console = console or Console(out=io.StringIO(), err=io.StringIO())
    file = RowFile(path)
    return Recorder(console, log, KnownTypes(), list(names), file=file, as_csv=as_csv), file


def rows(path):
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def through_an_outage(recorder):
    recorder.status(live(0))
    for second in (1, 2, 3):
        recorder.live(value("a", second, second * 10))
    recorder.status(lost(3.4))
    recorder.status(live(7.5))
    recorder.live(value("a", 7, 70, received=7.5))
    await recorder.finish()
    recorder.flush()


async def test_live_values_and_what_the_log_has_of_an_outage(tmp_path):
    path = tmp_path / "a.csv"
    made, file = recorder(path, Log(a=[(s, s * 10) for s in range(12)]))
    await through_an_outage(made)
    file.close()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf" + ",".join(HEADER).encode() + b"\r\n")
    assert [(row["value"], row["source"]) for row in rows(path)] == [
        ("10", "live"), ("20", "live"), ("30", "live"), ("70", "live"),
        ("40", "log"), ("50", "log"), ("60", "log"),
    ]  # fmt: skip
    assert rows(path)[0]["time_utc"] == "2026-06-18T13:56:41.000Z"
    assert (made.values, made.from_log) == (7, 3)
    assert made.gaps == [
        {"from": "2026-06-18T13:56:43.400Z", "to": "2026-06-18T13:56:47.500Z", "filled": True}
    ]
    assert made.exit_code() == 0


async def test_lines_of_json_are_those_of_watch(tmp_path):
    path = tmp_path / "a.jsonl"
    made, file = recorder(path, Log(), as_csv=False)
    await through_an_outage(made)
    file.close()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [one["value"] for one in lines if "value" in one] == [10, 20, 30, 70]
    assert [one["state"] for one in lines if "state" in one] == [
        "live", "stale", "reconnecting", "live", "gap_filled",
    ]  # fmt: skip
    assert made.gaps[0]["filled"] is False, "the tag has no log"
    assert made.exit_code() == 5


def test_nothing_is_held_back_for_a_kill_to_lose(tmp_path):
    path = tmp_path / "a.csv"
    made, file = recorder(path, Log(a=[]))
    made.status(live(0))
    made.status(lost(1))
    made.status(live(2))
    made.live(value("a", 3, 5))
    file.flush()
    assert [row["value"] for row in rows(path)] == ["5"]
    file.close()


def test_cells_that_a_spreadsheet_would_run_are_guarded_and_errors_are_told(tmp_path):
    path = tmp_path / "ä.csv"
    made, file = recorder(path, Log(), ["Füllstand"])
    made.status(live(0))
    made.live(Sample("Füllstand", '=cmd|" /C calc"!A0\nzwei', GOOD, at(1), at(1)))
    made.live(Sample("Füllstand", None, BAD, None, at(2), ItemError("2", "not there")))
    file.close()
    first, second = rows(path)
    assert first["tag"] == "Füllstand"
    assert first["value"] == '\'=cmd|" /C calc"!A0\nzwei'
    assert (second["time_utc"], second["quality"], second["sub_status"]) == ("", "bad", "not there")


def test_a_recording_is_not_written_over_unasked(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("precious")
    with pytest.raises(UsageError, match="is there already") as caught:
        RowFile(path)
    assert "--overwrite" in caught.value.cure
    assert path.read_text() == "precious"
    RowFile(path, overwrite=True).close()
    assert path.read_bytes() == b""


class SmallDisk:
    """Takes so many bytes, the last write in part."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = min(len(data), self.room)
        self.room -= taken
        return self.file.write(data[:taken])

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_a_full_disk_leaves_whole_rows_and_is_said_once(tmp_path):
    path = tmp_path / "a.csv"
    made, file = recorder(path, Log())
    file._file = SmallDisk(file._file, 260)
    made.status(live(0))
    for second in range(10):
        made.live(value("a", second + 1, second))
    with pytest.raises(OutputLost, match="No space left"):
        file.flush()
    made.live(value("a", 20, 20))
    made.flush()
    file.close()
    kept = rows(path)
    assert path.read_bytes().endswith(b"\r\n")
    assert 0 < len(kept) < 10
    assert [row["value"] for row in kept] == [str(i) for i in range(len(kept))]
    assert made.values == len(kept), "what is said to be there is there"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_device_without_room_ends_with_a_message(run):
    code, document, err = run("record", PV, "--to", "/dev/full", "--overwrite", "--for", "5")
    assert code == 2
    assert "No space left" in err
    assert document["values"] == 0


def test_recording_a_while_ends_in_one_document(run, tmp_path):
    path = tmp_path / "r.csv"
    code, document, err = run("record", PV, SP, "--to", str(path), "--for", "1.5")
    assert code == 0
    assert list(document) == [
        "file", "format", "values", "from_log", "gaps", "left_out", "seconds",
    ]  # fmt: skip
    assert document["left_out"] == 0
    assert document["file"] == str(path)
    assert document["format"] == "csv"
    assert document["gaps"] == []
    assert document["values"] == len(rows(path)) >= 2
    assert "live" in err
    code, document, err = run("record", PV, "--to", str(path), "--for", "1")
    assert (code, document) == (2, [])
    assert "--overwrite" in err


def test_names_that_nobody_knows_make_no_file(run, tmp_path):
    path = tmp_path / "r.csv"
    code, _document, err = run("record", "No.Such", "--to", str(path), "--for", "1")
    assert code == 1
    assert "No.Such" in err
    assert not path.exists()


def test_values_that_came_too_fast_are_said_and_counted(tmp_path):
    err = io.StringIO()
    path = tmp_path / "a.jsonl"
    console = Console(out=io.StringIO(), err=err)
    made, file = recorder(path, Log(), as_csv=False, console=console)
    made.status(live(0))
    made.live(value("a", 1, 10))
    made.left_out(LeftOut(15, at(2)))
    made.left_out(LeftOut(4, at(5)))
    file.close()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [one["values"] for one in lines if one.get("state") == "left_out"] == [15, 4]
    assert made.missed == 19
    assert made.exit_code() == 5
    assert "15 values were left out, because they came faster than" in err.getvalue()
    options = argparse.Namespace(to=path, format="jsonl")
    record._tell_end(console, options, made, 9.0)
    assert "19 values are not in the file" in err.getvalue()


def test_progress_is_said_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "PROGRESS_S", 0.0)
    err = io.StringIO()
    made, file = recorder(tmp_path / "a.csv", Log(), console=Console(out=io.StringIO(), err=err))
    made.look_after_holes()
    file.close()
    assert "0 values" in err.getvalue()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_kill_loses_no_more_than_a_second(demo_server, tmp_path):
    path = tmp_path / "r.csv"
    arguments, environment = command(demo_server, tmp_path, "record", "*.PV", "--to", str(path))
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 60
        while (not path.exists() or path.stat().st_size < 2000) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert path.read_bytes().endswith(b"\r\n")
    kept = rows(path)
    assert len(kept) > 5
    assert all(row["quality"] in ("good", "uncertain", "bad") for row in kept)
