"""The parts of the Windows packaging that need no Windows."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from installer.windows import build, resource, sign  # noqa: E402 - the root is on the path by now

WINDOWS = ROOT / "installer" / "windows"


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("0.1.0", (0, 1, 0, 0)), ("2.13", (2, 13, 0, 0)), ("1.2.3.4.5", (1, 2, 3, 4))],
)
def test_windows_counts_with_four_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert resource.four_numbers(version) == numbers


@pytest.mark.parametrize("tool", ["7z", ""])
def test_the_zip_is_the_same_each_time_and_has_one_folder(
    tmp_path: Path, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shutil.which("7z") if tool else None
    if tool and found is None:
        pytest.skip("7-Zip is not here")
    monkeypatch.setattr(build.shutil, "which", lambda _name: found)
    folder = tmp_path / "folder"
    (folder / "_internal").mkdir(parents=True)
    (folder / "tagwerk.exe").write_bytes(b"MZ")
    (folder / "_internal" / "ü.txt").write_text("x", encoding="utf-8")
    first = build.pack_zip(folder, tmp_path / "a.zip").read_bytes()
    (folder / "tagwerk.exe").touch()
    second = build.pack_zip(folder, tmp_path / "b.zip").read_bytes()
    assert first == second
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = set(archive.namelist())
        assert {name.split("/")[0] for name in names} == {f"tagwerk-{build.version()}"}
        assert {name.split("/")[-1] for name in names if name[-1] != "/"} == {
            "tagwerk.exe",
            "ü.txt",
        }


@pytest.mark.parametrize(
    "name", ["icuuc.dll", "bcryptprimitives.dll", "api-ms-win-core-a-l1-1-0.dll"]
)
def test_parts_of_the_system_are_strangers(name: str) -> None:
    assert build.NOT_OURS.fullmatch(name)


def test_signing_takes_a_new_files_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a b.exe"
    file.write_bytes(b"plain")
    code = "import sys; open(sys.argv[2], 'wb').write(open(sys.argv[1], 'rb').read() + b' signed')"
    monkeypatch.setenv(sign.VARIABLE, f"'{sys.executable}' -c \"{code}\" {{file}} {{signed}}")
    sign.sign([file])
    assert file.read_bytes() == b"plain signed"
    assert [path.name for path in tmp_path.iterdir()] == ["a b.exe"]


def test_a_path_with_blanks_stays_one_word_on_windows() -> None:
    command = r'"C:\Program Files (x86)\Windows Kits\signtool.exe" sign /d "Tagwerk desk" {file}'
    assert sign.split(command, posix=False) == [
        r"C:\Program Files (x86)\Windows Kits\signtool.exe", "sign", "/d", "Tagwerk desk", "{file}",
    ]  # fmt: skip


def test_nothing_is_signed_without_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(sign.VARIABLE, raising=False)
    sign.sign([tmp_path / "is not there.exe"])


def test_both_executables_take_their_modules_from_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PyInstaller.archive.writers import ZlibArchiveWriter
    from PyInstaller.loader import pyimod01_archive

    hook = WINDOWS / "pyi_rth_modules.py"
    spec = (WINDOWS.parent / "tagwerk.spec").read_text(encoding="utf-8")
    (name,) = re.findall(r'\("([^"]+)", archive\.name, "DATA"\)', spec)
    code = {"wanted": compile("found = 7", "wanted", "exec")}
    entries = [("wanted", "wanted.py", "PYMODULE")]
    ZlibArchiveWriter(str(tmp_path / name), entries, code_dict=code)
    starter = SimpleNamespace(pyz_archive=None)
    monkeypatch.setitem(sys.modules, "pyimod01_archive", pyimod01_archive)
    monkeypatch.setitem(sys.modules, "pyimod02_importers", starter)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    monkeypatch.setattr(sys, "path_importer_cache", {"of the empty archive": None})
    runpy.run_path(str(hook))
    assert starter.pyz_archive.extract("wanted").co_names == ("found",)
    assert sys.path_importer_cache == {}
    assert hook.name in spec


def test_the_manifest_asks_for_no_rights_and_knows_long_paths() -> None:
    text = (WINDOWS / "tagwerk.manifest").read_text(encoding="utf-8")
    ElementTree.fromstring(text.encode())
    assert 'level="asInvoker"' in text
    assert "PerMonitorV2" in text
    assert re.search(r"<longPathAware[^>]*>true<", text)


def test_setup_looks_whose_folder_it_is_before_it_takes_anything_away() -> None:
    text = (WINDOWS / "setup.nsi").read_text(encoding="utf-8")
    sections = [part.partition("SectionEnd")[0] for part in text.split("\nSection ")[1:]]
    removing = [part for part in sections if "REMOVE_PROGRAM" in part]
    assert len(removing) == 2
    for part in removing:
        steps = re.findall(r"STAY_OUT_OF_OTHERS|WAIT_UNTIL_ENDED|REMOVE_PROGRAM", part)
        assert steps == ["STAY_OUT_OF_OTHERS", "WAIT_UNTIL_ENDED", "REMOVE_PROGRAM"]


def test_what_setup_packs_is_named_as_the_system_names_it() -> None:
    """makensis takes other marks between folders as part of a file's name."""
    text = (WINDOWS / "setup.nsi").read_text(encoding="utf-8")
    packed = re.findall(r"^ *File (.*)$", text, re.M)
    assert len(packed) == 2
    assert not [line for line in packed if re.search(r"[/\\]", line.removeprefix("/r "))]


def test_setup_speaks_both_languages_everywhere() -> None:
    text = (WINDOWS / "setup.nsi").read_text(encoding="utf-8")
    english = set(re.findall(r"^LangString (\w+) 1033", text, re.M))
    german = set(re.findall(r"^LangString (\w+) 1031", text, re.M))
    assert english == german
    assert english >= set(re.findall(r"\$\((\w+)\)", text))
