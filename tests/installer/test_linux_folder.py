"""The Linux folder, really built once, tried from outside as a user has it: no Python, no checkout."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

pytest.importorskip("PyInstaller")

from installer.linux import deb, elf, tried  # noqa: E402
from installer.table import size_bytes  # noqa: E402
from installer.version import version  # noqa: E402

from installer import folder  # noqa: E402

pytestmark = [
    pytest.mark.xdist_group("linux folder"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folder is Linux's"),
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in ("objcopy", "strip", "ldd")),
        reason="the system's binutils are missing; dev.py package brings them",
    ),
]
LARGEST_BYTES = 200_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The finished folder."""
    return folder.build(tmp_path_factory.mktemp("build"))


def user(place):
    """The environment of somebody who has a home folder and nothing of ours."""
    return {
        "HOME": str(place),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
    }


def state(place):
    return {
        str(path.relative_to(place)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in place.rglob("*")
    }


def files(place):
    return [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]


def test_the_self_test_passes_and_writes_nothing_beside_the_program(built, tmp_path, monkeypatch):
    for name, value in user(tmp_path).items():
        monkeypatch.setenv(name, value)
    before = state(built)
    table = tried.self_test(built / "tagwerk", tmp_path / "said")
    assert "SELF TEST PASSED" in table
    assert (tmp_path / "said" / "window.png").read_bytes().startswith(b"\x89PNG")
    assert state(built) == before


def test_the_window_opens_on_the_demo_plant_through_a_link(built, tmp_path):
    (tmp_path / "command").symlink_to(built / "tagwerk")
    report = tmp_path / "report.json"
    subprocess.run(
        [tmp_path / "command", "demo", "--settings", tmp_path / "settings", "--lang", "de",
         "--report", report, "--quit-after", "12"],
        check=True, timeout=90, env=user(tmp_path), cwd=tmp_path,
    )  # fmt: skip
    said = json.loads(report.read_text(encoding="utf-8"))
    assert said["connected_ms"]
    assert said["values_received"] > 0
    assert said["alarms_shown"] > 0
    assert said["errors"] == []


def test_it_tells_the_version_it_is_stamped_with(built, tmp_path):
    done = subprocess.run(
        [built / "tagwerk", "--version"],
        check=True, timeout=60, env=user(tmp_path), capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"tagwerk {version()}"
    assert (built / "version.txt").read_text(encoding="utf-8") == f"Tagwerk {version()}\n"


def test_it_is_as_small_as_promised_and_has_its_papers(built):
    assert size_bytes(built) <= LARGEST_BYTES
    for name in ("THIRD-PARTY.txt", "QT-AND-LGPL.txt", "sbom.cdx.json"):
        assert (built / "licences" / name).stat().st_size > 1000
    inside = {str(path.relative_to(built / "_internal")) for path in files(built / "_internal")}
    assert "resources/fonts/Inter-Regular.otf" in inside
    assert "PySide6/Qt/translations/qtbase_de.qm" in inside
    assert "tzdata/zoneinfo/Europe/Berlin" in inside
    assert not [name for name in inside if "libqgtk3" in name or name.endswith(".pyi")]


def test_every_library_is_inside_or_a_known_package_s(built):
    needed = deb.depends(built)
    assert needed[0].startswith("libc6 (>= 2.")
    assert {"libegl1", "libfontconfig1", "libx11-6", "libxcb1"} <= set(needed)
    bundled = {path.name for path in (built / "_internal").iterdir()}
    assert "libxcb-cursor.so.0" in bundled, "missing on many desktops"
    assert not bundled & {"libstdc++.so.6", "libGL.so.1", "libEGL.so.1", "libfontconfig.so.1"}


def test_no_library_is_looked_for_outside_of_the_folder(built):
    paths = {part for path in files(built) if elf.is_elf(path)
             for part in elf.search_path(path).split(":") if part}  # fmt: skip
    assert paths
    assert all(part.startswith("$ORIGIN") for part in paths), paths


def test_rights_do_not_depend_on_who_builds(built):
    for path in [built, *built.rglob("*")]:
        if not path.is_symlink():
            is_program = path.is_dir() or path == built / "tagwerk"
            assert path.stat().st_mode & 0o7777 == (0o755 if is_program else 0o644), path
