"""A full disk, and two programs at once in the same folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tagwerk.ui.settings import Settings
from tagwerk.write.audit import AuditLog

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no limit on the size of files there")
SP = "Cooling.TIC2120.SP"
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))
"""
SAVE = (
    LIMITED
    + """
from pathlib import Path
from tagwerk.domain.errors import UsageError
from tagwerk.ui.settings import Settings
settings = Settings(Path(sys.argv[1]))
settings.set("filler", "x" * 5000)
for attempt in range(2):
    try:
        settings.save()
    except UsageError as problem:
        print(problem)
    # Somebody made room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
)
WRITE = LIMITED + "from tagwerk.cli import main\nsys.exit(main(sys.argv[1:]))\n"
MANY_SETTINGS = """
import sys
from pathlib import Path
from tagwerk.ui.settings import Settings
who = sys.argv[2]
settings = Settings(Path(sys.argv[1]))
for number in range(25):
    settings.set(f"{who}{number}", number)
    settings.save()
"""
MANY_ENTRIES = """
import sys
from pathlib import Path
from tagwerk.write.audit import AuditLog
log = AuditLog(Path(sys.argv[1]) / "audit.jsonl", rotate_bytes=4000)
for number in range(40):
    log.append("note", who=sys.argv[2], number=number)
"""


def run_python(code, *arguments, env=None):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, timeout=90, env={**os.environ, **(env or {})}, check=False,
    )  # fmt: skip


def test_settings_on_a_full_disk_keep_the_old_file_and_are_saved_later(tmp_path):
    settings = Settings(tmp_path)
    settings.set("window", {"width": 7})
    settings.save()
    done = run_python(SAVE.format(size=1000), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cannot be saved") == 1
    again = Settings(tmp_path)
    assert again.problem is None
    assert again.get("window") == {"width": 7}
    assert again.get("filler") == "x" * 5000
    assert not list(tmp_path.glob("*.tmp"))


def test_a_write_is_refused_where_the_audit_cannot_be_kept(demo_server, tmp_path):
    """The real command line, which may write nothing to the disk at all."""
    words = ["write", demo_server.url, f"{SP}=23.5", "--yes", "--json", "--user", "operator",
             "--ca", demo_server.ca_file, "--settings", tmp_path]  # fmt: skip
    secret = {"TAGWERK_PASSWORD": demo_server.password("operator")}
    reading = ["read", demo_server.url, SP, "--json", *words[5:]]
    # Made before, so that it is the evidence that fails and nothing else.
    done = run_python(WRITE.format(size=0), *words, env=secret)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    told = done.stdout + done.stderr
    assert "audit" in told.lower()
    assert '"outcome": "confirmed"' not in told
    read = run_python("import sys\nfrom tagwerk.cli import main\nsys.exit(main(sys.argv[1:]))", *reading, env=secret)  # fmt: skip
    assert read.returncode == 0, read.stderr
    assert "23.5" not in read.stdout


def test_two_windows_lose_no_setting(tmp_path):
    both = [
        subprocess.Popen([sys.executable, "-c", MANY_SETTINGS, str(tmp_path), who])
        for who in ("first", "second")
    ]
    assert [process.wait(90) for process in both] == [0, 0]
    document = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    expected = {f"{who}{number}": number for who in ("first", "second") for number in range(25)}
    assert {name: value for name, value in document.items() if name in expected} == expected


def test_two_programs_keep_one_chain_over_rotations(tmp_path):
    both = [
        subprocess.Popen([sys.executable, "-c", MANY_ENTRIES, str(tmp_path), who])
        for who in ("first", "second")
    ]
    assert [process.wait(90) for process in both] == [0, 0]
    log = AuditLog(tmp_path / "audit.jsonl")
    report = log.verify()
    assert report.intact, report
    assert report.entries == 80
    assert len(log.files()) > 2
