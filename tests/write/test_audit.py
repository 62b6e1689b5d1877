"""The chain of evidence: what is on disk, and what verification finds."""

from __future__ import annotations

import errno
import json
import os
import threading

import pytest

from tagwerk.write.audit import FIRST_HASH, AuditLog, AuditUnavailable, entry_hash


@pytest.fixture
def log(tmp_path):
    audit = AuditLog(tmp_path / "deep" / "audit.jsonl")
    for number in range(5):
        audit.append("note", number=number, text="Ö€ \u2028 x")
    return audit


def lines(audit: AuditLog) -> list[bytes]:
    return audit.path.read_bytes().splitlines(keepends=True)


def test_an_untouched_chain_is_intact(log):
    report = log.verify()
    assert report.intact
    assert report.entries == 5
    assert (report.last_seq, report.last_hash) == log.head()
    assert [entry["number"] for entry in log.recent()] == [0, 1, 2, 3, 4]
    assert log.recent()[0]["prev"] == FIRST_HASH


def test_another_program_goes_on_with_the_chain(log):
    AuditLog(log.path).append("note", number=5)
    log.append("note", number=6)
    assert log.verify().intact
    assert [entry["seq"] for entry in log.recent()] == [1, 2, 3, 4, 5, 6, 7]


def test_appending_from_many_threads_keeps_one_chain(log):
    others = [AuditLog(log.path) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda audit=audit: [audit.append("note") for _ in range(5)])
        for audit in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.verify().entries == 20
    assert log.verify().intact


def changed(line: bytes) -> bytes:
    entry = json.loads(line)
    entry["number"] = 99
    return json.dumps(entry).encode() + b"\n"


def changed_and_hashed(line: bytes) -> bytes:
    entry = json.loads(line)
    entry["number"] = 99
    entry["hash"] = entry_hash(entry)
    return json.dumps(entry).encode() + b"\n"


TAMPERINGS = {
    "changed": (lambda rows: [*rows[:2], changed(rows[2]), *rows[3:]], "hash"),
    "changed and hashed anew": (
        lambda rows: [*rows[:2], changed_and_hashed(rows[2]), *rows[3:]],
        "chain",
    ),
    "removed": (lambda rows: rows[:2] + rows[3:], "chain"),
    "first removed": (lambda rows: rows[1:], "chain"),
    "doubled": (lambda rows: [*rows[:3], rows[2], *rows[3:]], "chain"),
    "reordered": (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "chain"),
    "made unreadable": (lambda rows: [*rows[:2], b"gone\n", *rows[3:]], "not_json"),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_found(log, kind):
    tamper, problem = TAMPERINGS[kind]
    log.path.write_bytes(b"".join(tamper(lines(log))))
    report = log.verify()
    assert not report.intact
    assert report.problem == problem
    assert report.line


def test_cut_off_entries_are_found_by_who_kept_the_head(log):
    head = log.head()
    log.path.write_bytes(b"".join(lines(log)[:3]))
    assert log.verify().intact
    assert log.verify(expected_head=head).problem == "head_missing"


def test_a_line_torn_by_a_crash_is_vouched_for_by_the_next(log):
    with log.path.open("ab") as file:
        file.write(b'{"v":1,"seq":6,"ev')
    assert log.verify().problem == "torn_end"
    entry = log.append("note", number=5)
    assert entry["seq"] == 6
    assert "torn_sha256" in entry
    assert log.verify().intact
    torn = next(row for row in lines(log) if row.startswith(b'{"v":1,"seq":6,"ev'))
    log.path.write_bytes(log.path.read_bytes().replace(torn, b"something else\n"))
    assert log.verify().problem == "not_json"


def test_a_whole_line_without_its_end_is_kept(log):
    log.path.write_bytes(log.path.read_bytes().rstrip(b"\n"))
    log.append("note", number=5)
    assert log.verify().intact
    assert log.verify().entries == 6


def test_a_full_disk_leaves_the_file_as_it_was(log, monkeypatch):
    before = log.path.read_bytes()

    def no_space(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tagwerk.write.audit.os.fsync", no_space)
    with pytest.raises(AuditUnavailable) as caught:
        log.append("note")
    assert "No space left on device" in str(caught.value)
    assert caught.value.cure
    assert log.path.read_bytes() == before
    monkeypatch.undo()
    log.append("note")
    assert log.verify().intact


def test_a_folder_in_the_way_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AuditUnavailable):
        AuditLog(tmp_path / "file" / "audit.jsonl").append("note")


def test_the_chain_goes_on_over_files(tmp_path):
    audit = AuditLog(tmp_path / "audit.jsonl", rotate_bytes=600)
    for number in range(12):
        audit.append("note", number=number)
    assert len(audit.files()) > 2
    assert audit.verify().intact
    assert audit.verify().entries == 12
    oldest = audit.files()[0]
    oldest.write_bytes(oldest.read_bytes().replace(b'"number":1,', b'"number":7,'))
    assert audit.verify().file == str(oldest)
    oldest.unlink()
    assert not audit.verify().intact


def test_an_audit_in_memory_is_chained_too():
    audit = AuditLog(None)
    audit.append("note")
    audit.append("note")
    assert audit.verify().entries == 2
    assert audit.verify().intact
    assert audit.head()[0] == 2


def test_only_its_owner_may_read_it(log):
    if os.name == "posix":
        assert log.path.stat().st_mode & 0o077 == 0
