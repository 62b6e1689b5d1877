"""The Linux artefacts: the folder, the portable archive and the Debian package."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from installer import folder
from installer.linux import archive as archives
from installer.linux import deb as debs
from installer.linux.compare import differences
from installer.linux.tried import self_test
from installer.tools import PackagingError, bring
from installer.version import ROOT, source_date_s, version

MACHINE = "x86_64"
_TOOLS = {
    "objcopy": "binutils",
    "objdump": "binutils",
    "strip": "binutils",
    "ldd": "libc-bin",
    "zstd": "zstd",
}
_DEB_TOOLS = {
    "dpkg-deb": "dpkg",
    "desktop-file-validate": "desktop-file-utils",
    "lintian": "lintian",
}


class NotTheSame(PackagingError):
    """Two builds of the same sources differ; the text names the files."""


def package(
    out: Path, *, archive: bool = True, deb: bool = True, twice: bool = False
) -> list[Path]:
    """Make what is asked for in `out`; returns the folder and the files.

    Args:
        twice: build again from a copy of the sources in another place; every byte must be the same.

    Raises:
        ToolsMissing: see `bring`.
        DoesNotWork: the packaged program fails its self test.
        NotTheSame: with `twice`.
        subprocess.CalledProcessError: a step failed; it has said why.
    """
    bring(_TOOLS | (_DEB_TOOLS if deb else {}))
    with tempfile.TemporaryDirectory(prefix="tagwerk-twice-") as place:
        sources = Path(place) / "another place"
        if twice:
            copy_sources(sources)
        program = folder.build(out)
        print(self_test(program / "tagwerk", out / "self-test"), flush=True)
        made = [program, *_artefacts(program, out, archive=archive, deb=deb)]
        if deb:
            debs.look_at(made[-1])
        if twice:
            other = Path(place) / "out"
            other.mkdir()
            second = folder.build(other, sources)
            again = [second, *_artefacts(second, other, archive=archive, deb=deb)]
            compare(made, again)
    return made


def _artefacts(program: Path, out: Path, *, archive: bool, deb: bool) -> list[Path]:
    made = []
    if archive:
        name = f"tagwerk-{version()}"
        path = out / f"{name}-linux-{MACHINE}.tar.zst"
        made.append(archives.pack(program, path, name, source_date_s()))
    if deb:
        made.append(debs.make(program, out))
    return made


def compare(made: list[Path], again: list[Path]) -> None:
    """Hold two builds against each other.

    Raises:
        NotTheSame: with the names of the files that differ.
    """
    found = [
        said
        for first, second in zip(made, again, strict=True)
        for said in differences(first, second)
    ]
    if found:
        raise NotTheSame("two builds differ:\n  " + "\n  ".join(found))
    print(f"built twice, from two places: {', '.join(path.name for path in made)} are the same")


def copy_sources(target: Path) -> None:
    """Copy what packaging reads: the program, its resources, the installer and their papers."""
    target.mkdir(parents=True)
    for name in ("desktop", "resources", "installer"):
        leave = shutil.ignore_patterns("__pycache__", *(["build"] if name == "installer" else []))
        shutil.copytree(ROOT / name, target / name, ignore=leave)
    for name in ("LICENSE", "pyproject.toml"):
        shutil.copy2(ROOT / name, target / name)
