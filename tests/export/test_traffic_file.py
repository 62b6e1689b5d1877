"""Traffic in files: lines, tables, private rights, and disks that fail."""

from __future__ import annotations

import csv
import json
import os

import pytest

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import message
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.export.traffic import HEADER, TrafficFile, document, write_lines, write_table

ONE = Exchange(
    1_781_791_012_345_000_000, TrafficKind.HTTP, "tagValues", "https://h/graphql/", 200, 10, 20,
    1.234, '{"query": "=1+1"}', "Äß", message("It broke: {why}", why="no"),
)  # fmt: skip


def test_lines_hold_everything(tmp_path):
    path = tmp_path / "t.jsonl"
    assert write_lines(path, [ONE, ONE]) == 2
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == document(ONE)
    assert rows[0]["time"] == "2026-06-18T13:56:52.345Z"
    assert rows[0]["problem"] == "It broke: no"
    assert rows[0]["answer"] == "Äß"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(("profile", "delimiter"), [("en", ","), ("de", ";")])
def test_tables_read_back(tmp_path, profile, delimiter):
    path = tmp_path / "t.csv"
    write_table(path, [ONE], profile)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=delimiter))
    assert tuple(rows[0]) == HEADER
    assert len(rows[1]) == len(HEADER)
    assert rows[1][2] == "tagValues"


@pytest.mark.skipif(os.name != "posix", reason="rights of files")
def test_files_are_their_owners_only_also_when_they_were_there_before(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o644)
    file = TrafficFile(path, pytest.fail)
    file.on_exchange(ONE)
    file.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    write_lines(tmp_path / "u.jsonl", [ONE])
    assert (tmp_path / "u.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_made_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        TrafficFile(tmp_path / "missing" / "t.jsonl", pytest.fail)
    with pytest.raises(UsageError, match="cannot be written"):
        write_lines(tmp_path / "missing" / "t.jsonl", [ONE])


def test_a_full_disk_is_said_once_and_stops_nothing(tmp_path):
    said = []
    file = TrafficFile(tmp_path / "t.jsonl", said.append)

    class Full:
        closed = False

        def write(self, text):
            raise OSError(28, "No space left on device")

        def close(self):
            raise OSError(28, "No space left on device")

    file._stream.close()
    file._stream = Full()
    file.on_exchange(ONE)
    file.on_exchange(ONE)
    file.close()
    assert len(said) == 1
    assert "No space left" in said[0]
