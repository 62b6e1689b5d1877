"""What is made around the Linux folder, each part by itself."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer.linux import archive, compare, completion, deb, elf, grammar, manual, tried  # noqa: E402
from installer.table import table  # noqa: E402
from installer.version import source_date_s, version  # noqa: E402

from installer import contents, folder, start, tools  # noqa: E402

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux's files")


def with_tools(*names):
    return pytest.mark.skipif(
        not all(shutil.which(name) for name in names), reason=f"{' and '.join(names)} are missing"
    )


# What goes in


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("PySide6\\plugins\\platforms\\qwindows.dll", True),
        ("PySide6/Qt/plugins/platforms/libqminimal.so", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", False),
        ("PySide6\\opengl32sw.dll", False),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6/Qt/translations/qtbase_fr.qm", False),
        ("PySide6\\translations\\qtbase_de.qm", True),
        ("PySide6/Qt/lib/libQt6Widgets.so.6", True),
        ("PySide6/Qt/lib/libQt6QmlModels.so.6", False),
        ("PySide6/QtCore.pyi", False),
        ("resources/plants/skid21/tags.csv", True),
    ],
)
def test_only_what_is_needed_goes_in(name, stays):
    assert contents.is_wanted((name, "", "BINARY")) is stays


def choose(entries, links):
    return [
        entry[0]
        for entry in contents.without_orphans(entries, lambda path: links.get(path.name, []))
    ]


def test_what_nothing_links_any_more_stays_out_and_so_do_links_to_it():
    entries = [
        ("PySide6/QtCore.abi3.so", "/w/QtCore.abi3.so", "EXTENSION"),
        ("libshiboken6.so", "/w/libshiboken6.so", "BINARY"),
        ("PySide6/Qt/lib/libQt6Core.so.6", "/w/libQt6Core.so.6", "BINARY"),
        ("libgtk-3.so.0", "/s/libgtk-3.so.0", "BINARY"),
        ("PySide6/Qt/lib/libQt6Qml.so.6", "/w/libQt6Qml.so.6", "BINARY"),
        ("libstdc++.so.6", "/s/libstdc++.so.6", "BINARY"),
        ("libpython3.11.so.1.0", "/p/libpython3.11.so.1.0", "BINARY"),
        ("libQt6Core.so.6", "PySide6/Qt/lib/libQt6Core.so.6", "SYMLINK"),
        ("libQt6Qml.so.6", "PySide6/Qt/lib/libQt6Qml.so.6", "SYMLINK"),
        ("PySide6/libshiboken6.so", "../libshiboken6.so", "SYMLINK"),
    ]
    links = {
        "QtCore.abi3.so": ["libshiboken6.so", "libQt6Core.so.6", "libc.so.6"],
        "libQt6Core.so.6": ["libstdc++.so.6"],
    }
    assert choose(entries, links) == [
        "PySide6/QtCore.abi3.so", "libshiboken6.so", "PySide6/Qt/lib/libQt6Core.so.6",
        "libpython3.11.so.1.0", "libQt6Core.so.6", "PySide6/libshiboken6.so",
    ]  # fmt: skip


def test_a_library_that_is_nowhere_is_named_with_who_wants_it():
    entries = [("picows/picows.cpython-311.so", "/w/picows.cpython-311.so", "EXTENSION")]
    with pytest.raises(ValueError, match=r"libodd\.so\.1 \(for picows/picows"):
        choose(entries, {"picows.cpython-311.so": ["libodd.so.1"]})


def test_every_module_of_the_program_is_named():
    names = contents.program_modules(ROOT / "desktop")
    assert {"tagwerk", "tagwerk.__main__", "tagwerk.ui.panels.trend", "tagwerk.cli.probe"} <= set(
        names
    )
    assert len(names) == len(set(names))


# Programs and libraries


def library():
    """A library of a wheel, which every Linux with the program has."""
    import msgspec

    return next(Path(msgspec.__file__).parent.glob("_core*.so"))


@linux_only
def test_what_a_library_links_is_read_from_it(tmp_path):
    assert "libc.so.6" in elf.needed(library())
    assert elf.can_be_loaded(library())
    assert elf.newest_glibc(library()) >= (2, 2)
    text = tmp_path / "text.so"
    text.write_text("INPUT(-lc)", encoding="utf-8")
    assert elf.needed(text) == []
    assert not elf.is_elf(text)


@linux_only
@with_tools("gcc")
def test_a_search_path_of_the_build_machine_is_taken_out(tmp_path):
    source = tmp_path / "part.c"
    source.write_text("int part(void) { return 21; }\n", encoding="utf-8")
    for name, path, stays in (("own", "$ORIGIN/lib", True), ("foreign", "/somewhere/lib", False)):
        made = tmp_path / f"lib{name}.so"
        flags = ["-shared", "-fPIC", f"-Wl,-rpath,{path}", "-o", str(made), str(source), "-lm"]
        subprocess.run(["gcc", "-Wl,--no-as-needed", *flags], check=True)
        links = elf.needed(made)
        assert elf.search_path(made) == path
        assert elf.forget_foreign_path(made) is not stays
        assert elf.search_path(made) == (path if stays else "")
        assert elf.needed(made) == links == ["libm.so.6", "libc.so.6"]
        assert (path.encode() in made.read_bytes()) is stays
        code = f"import ctypes; print(ctypes.CDLL({str(made)!r}).part())"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == "21\n"


# The command line as papers


@pytest.fixture(scope="module")
def commands():
    return grammar.read()


def test_the_grammar_is_the_program_s(commands):
    from tagwerk.cli.arguments import COMMANDS

    by_name = {command.name: command for command in commands}
    assert commands[0].name == ""
    assert set(COMMANDS) | {"simulate"} <= set(by_name)
    record = {option.flags[0]: option for option in by_name["record"].options if option.flags}
    assert record["--to"].completes == "file"
    assert record["--format"].choices == ("csv", "jsonl")
    assert record["--overwrite"].value == ""
    assert any("--version" in option.flags for option in commands[0].options)
    of_window = {option.flags[-1]: option.help for option in commands[0].options}
    assert of_window["--self-test"].startswith("look whether")
    assert of_window["--within"].startswith("with --self-test: ")


def bash_offers(commands, tmp_path, *words):
    script = tmp_path / "tagwerk"
    script.write_text(completion.bash(commands), encoding="utf-8")
    typed = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; "
         '_tagwerk; printf "%s\\n" "${COMPREPLY[@]}"'],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    return set(done.stdout.split())


@with_tools("bash")
def test_bash_completes_commands_options_values_and_files(commands, tmp_path):
    (tmp_path / "skid.tagwerk").write_text("{}", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    assert bash_offers(commands, tmp_path, "tagwerk", "pro") == {"probe"}
    assert "skid.tagwerk" in bash_offers(commands, tmp_path, "tagwerk", "ski")
    assert bash_offers(commands, tmp_path, "tagwerk", "--theme", "") == {"light", "dark", "system"}
    assert "--overwrite" in bash_offers(commands, tmp_path, "tagwerk", "record", "u", "--over")
    assert bash_offers(commands, tmp_path, "tagwerk", "record", "--format", "j") == {"jsonl"}
    assert bash_offers(commands, tmp_path, "tagwerk", "--settings", "") == {"folder"}
    assert bash_offers(commands, tmp_path, "tagwerk", "probe", "--user", "") == set()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_know_every_command_and_option(commands, shell):
    text = getattr(completion, shell)(commands)
    for command in commands:
        assert command.name in text
        for option in command.options:
            for flag in option.flags:
                assert (flag if shell == "zsh" else f" {flag.lstrip('-')} ") in text, flag
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=text, text=True, check=True)


def test_the_manual_page_says_every_command_in_plain_troff(commands):
    text = manual.page(commands, "1.2.3", 1_790_000_000)
    assert text.startswith('.TH TAGWERK 1 "2026-09-21" "Tagwerk 1.2.3" "User Commands"\n')
    for command in commands[1:]:
        assert f'.SS "{command.name}"' in text
    escapes = {text[at + 1] for at, sign in enumerate(text[:-1]) if sign == "\\"}
    assert escapes <= set("f-&e")
    assert gzip.decompress(manual.packed(text)).decode("utf-8") == text
    assert manual.packed(text)[3:8] == bytes(5), "neither a name nor a time"


def test_a_line_that_troff_would_take_for_its_own_is_guarded():
    odd = grammar.Option(("--odd",), "", ".hidden 'and' \\back")
    text = manual.page((grammar.Command("", "", (odd,)),), "1", 0)
    assert "\n\\&.hidden 'and' \\eback." in text


# Artefacts


@pytest.fixture
def small(tmp_path):
    """A folder like the program's, with hardly anything in it."""
    made = tmp_path / "made" / "tagwerk"
    (made / "_internal" / "lib").mkdir(parents=True)
    (made / "tagwerk").write_bytes(b"program")
    (made / "_internal" / "lib" / "a.so").write_bytes(b"a")
    (made / "_internal" / "a.so").symlink_to("lib/a.so")
    (made / "licences").mkdir()
    (made / "licences" / "THIRD-PARTY.txt").write_text("MIT\n", encoding="utf-8")
    folder.make_plain(made)
    return made


@with_tools("zstd", "tar")
def test_the_archive_has_one_top_folder_and_the_same_bytes_each_time(small, tmp_path):
    first = archive.pack(small, tmp_path / "a.tar.zst", "tagwerk-9", 1_790_000_000)
    copied = tmp_path / "copy"
    shutil.copytree(small, copied, symlinks=True)
    os.utime(copied / "tagwerk", (1, 1))
    second = archive.pack(copied, tmp_path / "b.tar.zst", "tagwerk-9", 1_790_000_000)
    assert first.read_bytes() == second.read_bytes()
    assert not (tmp_path / "a.tar").exists()
    subprocess.run(["tar", "--zstd", "-xf", first, "-C", tmp_path], check=True)
    assert compare.differences(small, tmp_path / "tagwerk-9") == []


@linux_only
@with_tools("dpkg-deb", "desktop-file-validate")
def test_the_package_has_everything_where_debian_expects_it(small, tmp_path):
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        out.mkdir()
    packages = [deb.make(small, out) for out in outs]
    assert packages[0].name == f"tagwerk_{version()}_amd64.deb"
    assert packages[0].read_bytes() == packages[1].read_bytes()
    tree = tmp_path / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", packages[0], tree], check=True)
    share = tree / "usr" / "share"
    assert (tree / "usr" / "bin" / "tagwerk").resolve() == (
        tree / "usr/lib/tagwerk/tagwerk"
    ).resolve()
    assert compare.differences(small, tree / "usr" / "lib" / "tagwerk") == []
    for name in (
        "applications/tagwerk.desktop", "mime/packages/tagwerk.xml", "man/man1/tagwerk.1.gz",
        "icons/hicolor/48x48/apps/tagwerk.png", "icons/hicolor/scalable/apps/tagwerk.svg",
        "icons/hicolor/48x48/mimetypes/application-x-tagwerk.png",
        "bash-completion/completions/tagwerk", "zsh/vendor-completions/_tagwerk",
        "fish/vendor_completions.d/tagwerk.fish", "doc/tagwerk/copyright",
        "doc/tagwerk/changelog.gz", "lintian/overrides/tagwerk",
        "doc/tagwerk/licences/THIRD-PARTY.txt",
    ):  # fmt: skip
        assert (share / name).is_file(), name
    assert "Permission is hereby granted" in (share / "doc/tagwerk/copyright").read_text("utf-8")
    assert sorted(path.name for path in (tree / "DEBIAN").iterdir()) == ["control"]
    control = (tree / "DEBIAN" / "control").read_text(encoding="utf-8")
    assert f"Version: {version()}\n" in control
    assert all(len(line) <= 80 for line in control.partition("Description")[2].splitlines())


def test_two_builds_that_differ_are_told_file_by_file(small, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(small, other, symlinks=True)
    assert compare.differences(small, other) == []
    (other / "tagwerk").write_bytes(b"PROGRAM")
    (other / "_internal" / "a.so").unlink()
    (other / "more").write_bytes(b"")
    (other / "licences" / "THIRD-PARTY.txt").chmod(0o755)
    said = compare.differences(small, other)
    assert [line.partition(":")[0] for line in said] == [
        "_internal/a.so", "more", "licences/THIRD-PARTY.txt", "tagwerk",
    ]  # fmt: skip


def test_the_table_names_file_size_and_digest(small, tmp_path):
    file = tmp_path / "x.deb"
    file.write_bytes(b"abc" * 1_000_000)
    lines = table([small, file], tmp_path).splitlines()
    assert lines[0].split() == ["file", "size", "SHA-256"]
    assert lines[1].split() == ["made/tagwerk", "0.0", "MB", "(folder)"]
    assert lines[2].split()[:3] == ["x.deb", "3.0", "MB"]
    assert len(lines[2].split()[3]) == 64


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@linux_only
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("echo FAILED; exit 1", r"ended with 1:\nFAILED"),
        ("exit 0", "wrote no table or no picture"),
        ("exec sleep 60", "did not end within 0.5 s"),
    ],
)
def test_a_program_that_does_not_work_is_not_packed(tmp_path, monkeypatch, text, problem):
    monkeypatch.setattr(tried, "TIMEOUT_S", 0.5 if "sleep" in text else 30)
    with pytest.raises(tried.DoesNotWork, match=problem):
        tried.self_test(script(tmp_path / "program", text), tmp_path / "out")


def test_tools_that_cannot_be_brought_are_named(monkeypatch):
    asked = []
    monkeypatch.setattr(tools.dev, "bring_packages", asked.append)
    tools.bring(
        {Path(sys.executable).name: "python3"} if shutil.which(Path(sys.executable).name) else {}
    )
    assert asked == []
    with pytest.raises(tools.ToolsMissing, match="no-such-tool"):
        tools.bring({"no-such-tool": "no-such-package"})
    assert asked == [("no-such-package",)]


def test_the_time_of_all_files_is_the_sources(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    assert source_date_s() == 1_790_000_000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert source_date_s() == 315_532_800, "a zip knows no time before 1980"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert source_date_s() >= 315_532_800


def test_programs_started_from_ours_get_their_own_libraries(monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/tagwerk/_internal")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    start.give_back_library_path()
    assert "LD_LIBRARY_PATH" not in os.environ
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/tagwerk/_internal")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/opt/theirs")
    start.give_back_library_path()
    assert os.environ["LD_LIBRARY_PATH"] == "/opt/theirs"
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ
