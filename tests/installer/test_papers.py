"""Papers say what really is in a program folder, and refuse what may not be there."""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

pytest.importorskip("PyInstaller")

from installer.papers import licences, system_libraries, texts_of  # noqa: E402
from installer.papers.inside import look_inside, module_name  # noqa: E402
from installer.papers.known import TEXTS, licence_of_debian, table  # noqa: E402
from installer.papers.model import PapersError  # noqa: E402

from installer import papers  # noqa: E402

MIT = (TEXTS / "MIT.txt").read_text(encoding="utf-8")
LIBRARY = b"MZ\0 3.12.8\0 3.12\0 OpenSSL 3.0.15 3 Sep 2024\0"


class Plant:
    """A small program folder as PyInstaller makes it for Windows, and the packages it came from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tagwerk"
        self.packages = folder / "Lib" / "site-packages"
        self.contents = self.folder / "_internal"
        self.contents.mkdir(parents=True)
        self.packages.mkdir(parents=True)
        self.modules = ["tagwerk", "tagwerk.app", "asyncio", "pyi_rth_inspect"]
        (self.contents / "python312.dll").write_bytes(LIBRARY)
        self.add("pyinstaller", licence="", files={}, text_name="COPYING.txt", inside=False)

    def add(
        self, name, version="1.0", licence="MIT", files=None, text=MIT, text_name="LICENSE",
        inside=True, needs=(), modules=(),
    ):  # fmt: skip
        """Install a package; `files` by path below site-packages, those that end .pyd are inside."""
        files = dict(files or {})
        metadata = [f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}"]
        metadata += [f"License-Expression: {licence}"] if licence else []
        metadata += [f"Requires-Dist: {need}" for need in needs]
        info = f"{name}-{version}.dist-info"
        files[f"{info}/METADATA"] = ("\n".join(metadata) + "\n").encode()
        if text:
            files[f"{info}/licenses/{text_name}"] = text.encode()
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files).encode()
        for path, content in files.items():
            target = self.packages / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if inside and path.endswith((".pyd", ".dll")):
                copy = self.contents / path
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
        if inside:
            self.modules += [m for m in map(module_name, files) if m and m not in self.modules]
        self.modules += modules

    def build(self) -> None:
        """Write the executable with its archive."""
        from PyInstaller.archive.writers import CArchiveWriter, ZlibArchiveWriter

        pyz = self.folder.parent / "PYZ.pyz"
        code = {name: compile("", name, "exec") for name in self.modules}
        entries = [(name, f"{name}.py", "PYMODULE") for name in self.modules]
        ZlibArchiveWriter(str(pyz), entries, code_dict=code)
        CArchiveWriter(
            str(self.folder / "tagwerk.exe"), [("PYZ.pyz", str(pyz), False, "z")], "python312.dll"
        )

    def write(self) -> dict:
        self.build()
        papers.write(self.folder, self.packages, "windows")
        return json.loads((self.folder / "licences" / papers.SBOM).read_text(encoding="utf-8"))


@pytest.fixture
def plant(tmp_path):
    return Plant(tmp_path)


def entry(document, name):
    (found,) = [item for item in document["components"] if item["name"] == name]
    return found


def test_modules_in_an_archive_beside_the_executables_are_inside(plant):
    plant.build()
    (plant.folder.parent / "PYZ.pyz").rename(plant.contents / "modules.pyz")
    plant.modules = ["only_in_the_executable"]
    plant.build()
    found = look_inside(plant.folder).modules
    assert {"only_in_the_executable", "tagwerk"} <= found


def test_only_what_is_inside_is_named(plant):
    plant.add("httpx", "0.28.1", "BSD-3-Clause", {"httpx/__init__.py": b""}, needs=["idna", "h2"])
    plant.add("idna", "3.20", "BSD-3-Clause", {"idna/core.py": b""})
    plant.add("pytest", "9.2.0", "MIT", {"pytest/__init__.py": b""}, inside=False)
    document = plant.write()
    names = {item["name"] for item in document["components"]}
    assert names == {"Python", "PyInstaller bootloader", "httpx", "idna"}
    assert entry(document, "httpx")["purl"] == "pkg:pypi/httpx@0.28.1"
    assert entry(document, "httpx")["licenses"] == [{"expression": "BSD-3-Clause"}]
    (needs,) = [d for d in document["dependencies"] if d["ref"] == "pkg:pypi/httpx@0.28.1"]
    assert needs["dependsOn"] == ["pkg:pypi/idna@3.20"]
    notices = (plant.folder / "licences" / "THIRD-PARTY.txt").read_text(encoding="utf-8")
    assert "httpx 0.28.1" in notices
    assert "pytest" not in notices
    assert (plant.folder / "licences" / "httpx" / "LICENSE").read_text(encoding="utf-8") == MIT


def test_every_binary_has_its_digest_and_one_owner(plant):
    plant.add("fast", files={"fast/_speed.cp312-win_amd64.pyd": b"binary"})
    (plant.contents / "libcrypto-3.dll").write_bytes(LIBRARY)
    (plant.contents / "VCRUNTIME140.dll").write_bytes(b"MZ")
    document = plant.write()
    files = {}
    for item in [document["metadata"]["component"], *document["components"]]:
        for part in item.get("components", ()):
            if part["type"] == "file":
                assert part["name"] not in files
                files[part["name"]] = part["hashes"][0]["content"]
    assert files.keys() == {
        "tagwerk.exe",
        "_internal/python312.dll",
        "_internal/libcrypto-3.dll",
        "_internal/VCRUNTIME140.dll",
        "_internal/fast/_speed.cp312-win_amd64.pyd",
    }
    assert all(
        hashlib.sha256((plant.folder / name).read_bytes()).hexdigest() == digest
        for name, digest in files.items()
    )
    assert entry(document, "OpenSSL")["purl"] == "pkg:generic/openssl@3.0.15"
    assert entry(document, "Python")["version"] == "3.12.8"


def test_qt_is_a_component_with_what_is_built_into_it_and_the_ways_of_the_lgpl(plant):
    plant.add(
        "PySide6_Essentials", "6.11.3", "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
        {
            "PySide6/__init__.py": b"",
            "PySide6/QtGui.pyd": b"MZ",
            "PySide6/Qt6Gui.dll": b"MZ\0libpng error\x001.6.59\0",
        },
        text="",
    )  # fmt: skip
    document = plant.write()
    qt = entry(document, "Qt")
    assert qt["purl"] == "pkg:generic/qt@6.11.3"
    parts = {part["name"]: part for part in qt["components"]}
    assert "_internal/PySide6/Qt6Gui.dll" in parts
    assert parts["libpng"]["version"] == "1.6.59"
    assert [part["name"] for part in entry(document, "PySide6_Essentials")["components"]] == [
        "_internal/PySide6/QtGui.pyd"
    ]
    text = (plant.folder / "licences" / "QT-AND-LGPL.txt").read_text(encoding="utf-8")
    for said in (
        "Qt 6.11.3",
        "qt.io",
        "same minor version",
        "reverse engineering",
        "qt/GPL-3.0.txt",
    ):
        assert said in " ".join(text.split())
    assert (plant.folder / "licences" / "qt" / "LGPL-3.0.txt").exists()
    assert (plant.folder / "licences" / "qt" / "GPL-3.0.txt").exists()


def test_what_a_wheel_says_it_has_built_in_is_told(plant):
    told = {
        "components": [
            {"name": "openssl", "version": "4.0.3", "purl": "pkg:generic/openssl@4.0.3?from=there"},
            {"name": "pem", "version": "4.0.0", "purl": "pkg:cargo/pem@4.0.0",
             "licenses": [{"expression": "MIT"}], "author": "J. Doe <j@doe.example>"},
            {"name": "cc", "version": "1", "purl": "pkg:cargo/cc@1", "scope": "excluded"},
        ]
    }  # fmt: skip
    files = {
        "cryptography/__init__.py": b"",
        "cryptography-50.0.2.dist-info/sboms/sbom.json": json.dumps(told).encode(),
    }
    plant.add("cryptography", "50.0.2", "Apache-2.0 OR BSD-3-Clause", files)
    parts = entry(plant.write(), "cryptography")["components"]
    assert [(part["name"], part["purl"]) for part in parts] == [
        ("pem", "pkg:cargo/pem@4.0.0"),
        ("openssl", "pkg:generic/openssl@4.0.3"),
    ]
    assert parts[0]["copyright"] == "J. Doe"
    assert parts[1]["licenses"] == [{"expression": "Apache-2.0"}]


def test_the_bill_holds_together_and_is_the_same_each_time(plant, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1750000000")
    plant.add("a", files={"a.py": b""}, needs=["b"])
    plant.add("b", files={"b.py": b""})
    document = plant.write()
    first = {p: p.read_bytes() for p in (plant.folder / "licences").rglob("*") if p.is_file()}
    plant.write()
    assert first == {
        p: p.read_bytes() for p in (plant.folder / "licences").rglob("*") if p.is_file()
    }
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"]
    )
    assert document["metadata"]["timestamp"] == "2025-06-15T15:06:40Z"
    references = []

    def collect(items):
        for item in items:
            references.append(item["bom-ref"])
            assert item["type"] in {
                "application",
                "library",
                "framework",
                "platform",
                "data",
                "file",
            }
            collect(item.get("components", ()))

    collect([document["metadata"]["component"], *document["components"]])
    assert len(references) == len(set(references))
    for line in document["dependencies"]:
        assert line["ref"] in references
        assert set(line.get("dependsOn", ())) <= set(references)


def test_signing_changes_digest_and_number_of_the_bill_and_nothing_else(plant):
    plant.write()
    bill = plant.folder / "licences" / papers.SBOM
    before = bill.read_text(encoding="utf-8")
    papers.renew(plant.folder)
    assert bill.read_text(encoding="utf-8") == before
    program = plant.folder / "tagwerk.exe"
    program.write_bytes(program.read_bytes() + b"signature")
    papers.renew(plant.folder)
    changed = [
        (old.strip(), new.strip())
        for old, new in zip(
            before.splitlines(), bill.read_text(encoding="utf-8").splitlines(), strict=True
        )
        if old != new
    ]
    assert [old.partition(":")[0] for old, _ in changed] == ['"serialNumber"', '"content"']
    assert hashlib.sha256(program.read_bytes()).hexdigest() in changed[1][1]


@pytest.mark.parametrize(
    ("licence", "text", "said"),
    [
        ("GPL-3.0-only", MIT, "bad 1.0 (GPL-3.0-only)"),
        ("MIT AND GPL-2.0-or-later", MIT, "bad 1.0"),
        ("AGPL-3.0-or-later", MIT, "bad 1.0"),
        ("", "All rights reserved.", "bad 1.0 is inside and nobody knows its licence"),
        ("MIT", "", "bad 1.0 is inside and has no licence text"),
    ],
)
def test_what_may_not_be_inside_stops_the_build_with_its_name(plant, licence, text, said):
    plant.add("bad", licence=licence, files={"bad.py": b""}, text=text)
    plant.build()
    with pytest.raises(PapersError, match=re.escape(said)):
        papers.write(plant.folder, plant.packages, "windows")
    assert not (plant.folder / "licences").exists()


def test_a_library_that_nobody_knows_stops_the_build(plant):
    (plant.contents / "icuuc.dll").write_bytes(b"MZ")
    plant.build()
    with pytest.raises(PapersError, match=r"icuuc\.dll"):
        papers.write(plant.folder, plant.packages, "windows")


def test_a_module_that_nobody_knows_stops_the_build(plant):
    plant.modules.append("stranger.inside")
    plant.build()
    with pytest.raises(PapersError, match="stranger"):
        papers.write(plant.folder, plant.packages, "windows")


def test_a_folder_without_the_program_is_refused(tmp_path):
    with pytest.raises(PapersError, match="no executable"):
        look_inside(tmp_path)


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", True),
        ("MIT AND GPL-2.0-only", False),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0", True),
        ("MIT OR Apache-2.0 AND GPL-2.0-only", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("GPL-3.0-or-later WITH Classpath-exception-2.0", False),
        ("Proprietary", False),
    ],
)
def test_licence_expressions(expression, fine):
    assert licences.allowed(expression) is fine


@pytest.mark.parametrize("expression", ["", "MIT AND", "(MIT", "MIT)", "AND MIT", "MIT Apache-2.0"])
def test_what_is_no_licence_expression(expression):
    with pytest.raises(ValueError, match="no licence expression"):
        licences.allowed(expression)


@pytest.mark.parametrize(
    "name", ["MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0", "LGPL-3.0"]
)
def test_a_licence_is_known_by_its_text(name):
    text = (TEXTS / f"{name}.txt").read_text(encoding="utf-8")
    assert licences.of_texts([text]) in (name, f"{name}-only")


def test_two_texts_that_differ_are_not_guessed():
    texts = [(TEXTS / f"{name}.txt").read_text(encoding="utf-8") for name in ("MIT", "Apache-2.0")]
    assert licences.of_texts(texts) == ""


def test_everything_in_the_table_may_be_inside_and_has_its_text():
    for section in ("qt", "python", "numpy"):
        for part in table()[section]:
            assert licences.allowed(part["licence"]), part["name"]
            assert texts_of(part["licence"]), part["name"]
            assert part["copyright"], part["name"]
            re.compile(part["in"])
    for part in table()["windows"]:
        assert licences.allowed(part["licence"]), part["name"]
        assert all((TEXTS / name).exists() for name in part["texts"]), part["name"]
    for names in table()["texts"].values():
        assert all((TEXTS / name).exists() for name in names)
    for source, licence in table()["debian"].items():
        assert licences.allowed(licence), source


DPKG = """#!/bin/sh
case "$1" in
-S) for path in "$@"; do case $path in
    /usr/lib/*-linux-gnu/libxcb-xkb.so.1) echo "libxcb-xkb1:amd64: $path" ;;
    /usr/lib/*-linux-gnu/libreadline.so.8) echo "libreadline8:amd64: $path" ;;
    esac; done; exit 1 ;;
-W) case "$4" in
    libxcb-xkb1:amd64) printf '1.15-1\\tlibxcb\\tamd64' ;;
    *) printf '8.2-1\\treadline\\tamd64' ;;
    esac ;;
esac
"""


@pytest.fixture
def debian(monkeypatch, tmp_path):
    """A Debian that knows two libraries."""
    if sys.platform == "win32":
        pytest.skip("Debian's packages are asked for on Linux")
    tools = tmp_path / "bin"
    documents = tmp_path / "doc"
    tools.mkdir()
    (tools / "dpkg-query").write_text(DPKG)
    (tools / "dpkg-query").chmod(0o755)
    for package in ("libxcb-xkb1", "libreadline8"):
        (documents / package).mkdir(parents=True)
        (documents / package / "copyright").write_text(f"Copyright of {package}", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    monkeypatch.setattr(system_libraries, "DOCUMENTS", documents)


def test_a_library_of_debian_is_named_with_package_and_sources(debian):
    (found,) = system_libraries.debian_libraries(["_internal/libxcb-xkb.so.1"])
    assert (found.name, found.version, found.licence) == ("libxcb-xkb1", "1.15-1", "MIT")
    assert found.purl == "pkg:deb/debian/libxcb-xkb1@1.15-1?arch=amd64"
    assert found.files == ("_internal/libxcb-xkb.so.1",)
    assert found.texts[0].content == "Copyright of libxcb-xkb1"
    assert "libxcb 1.15-1" in found.note


def test_a_library_under_the_gpl_or_of_nobody_stops_the_build(debian):
    with pytest.raises(PapersError, match="readline"):
        system_libraries.debian_libraries(["_internal/libreadline.so.8"])
    with pytest.raises(PapersError, match="libstranger"):
        system_libraries.debian_libraries(["_internal/libstranger.so.1"])


def test_debian_packages_with_a_version_in_their_name():
    assert licence_of_debian("gcc-14") == "GPL-3.0-or-later WITH GCC-exception-3.1"
    with pytest.raises(PapersError, match="readline"):
        licence_of_debian("readline")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("httpx/__init__.py", "httpx"),
        ("httpx/_client.py", "httpx._client"),
        ("python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "_ssl"),
        ("numpy/_core/_multiarray_umath.cp312-win_amd64.pyd", "numpy._core._multiarray_umath"),
        ("httpx-0.28.1.dist-info/METADATA", ""),
        ("numpy.libs/libgfortran-040039e1.so.5.0.0", ""),
    ],
)
def test_names_of_modules(path, name):
    assert module_name(path) == name
