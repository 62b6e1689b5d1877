"""The Debian package: the same folder below /usr/lib, and what a desktop and a terminal expect.

There are no maintainer scripts: the databases of menus, MIME types, icons and manual pages are
renewed by triggers of the packages that own them.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from installer.contents import SYSTEM_LIBRARIES
from installer.linux import completion, elf, grammar, manual
from installer.table import size_bytes
from installer.version import ROOT, source_date_s, version

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"
ICONS = ROOT / "installer" / "icons"
NAME = "tagwerk"
# No address is promised: whoever publishes the package puts theirs here.
MAINTAINER = "The Tagwerk authors <authors@tagwerk.invalid>"
# Newer releases call the same library by another name.
_OTHER_NAMES = {"libglib2.0-0": "libglib2.0-0t64 | libglib2.0-0"}
# Not linked but used: keyboard layouts, and a font where a text has signs that ours has not.
_USED = ("xkb-data", "fontconfig-config")
_RECOMMENDED = ("gnome-keyring | org.freedesktop.secrets", "xdg-utils", "ca-certificates")
_DESCRIPTION = """\
 Tagwerk connects to WinCC Unified and to WinCC V7 and V8. It browses and
 searches tags, shows them live and in trends with the past from the log,
 writes setpoints with confirmation and read-back, works alarms, and keeps an
 audit of each change. All of it can be done from a terminal as well.
 .
 A demo plant is built in: tagwerk demo
"""


def make(folder: Path, out: Path) -> Path:
    """Build ``tagwerk_VERSION_amd64.deb`` of the finished folder; the same bytes each time.

    Raises:
        subprocess.CalledProcessError: dpkg-deb or a check failed; it has said why.
    """
    package = out / f"{NAME}_{version()}_amd64.deb"
    with tempfile.TemporaryDirectory(prefix="tagwerk-deb-") as place:
        tree = Path(place) / "tree"
        lay_out(folder, tree)
        control = tree / "DEBIAN" / "control"
        control.parent.mkdir()
        control.write_text(control_text(folder, tree), encoding="utf-8")
        _plain_rights(tree)
        command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z19", "--build", tree, package]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(source_date_s())}
        subprocess.run(
            [str(part) for part in command], check=True, env=environment, stdout=subprocess.DEVNULL
        )
    return package


def look_at(package: Path) -> None:
    """Debian's own look at a package: errors and warnings that files/lintian-overrides does not
    explain are failures.

    Raises:
        subprocess.CalledProcessError: lintian found something; it has said what.
    """
    command = ["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"]
    subprocess.run([*command, str(package)], check=True)


def lay_out(folder: Path, tree: Path) -> None:
    """Put every file where Debian expects it."""
    share = tree / "usr" / "share"
    program = tree / "usr" / "lib" / NAME
    shutil.copytree(folder, program, symlinks=True)
    command = tree / "usr" / "bin" / NAME
    command.parent.mkdir(parents=True)
    command.symlink_to(f"../lib/{NAME}/{NAME}")
    _copy(FILES / "tagwerk.desktop", share / "applications" / "tagwerk.desktop")
    subprocess.run(
        ["desktop-file-validate", str(share / "applications" / "tagwerk.desktop")], check=True
    )
    _copy(FILES / "tagwerk.xml", share / "mime" / "packages" / "tagwerk.xml")
    _icons(share / "icons" / "hicolor")
    _papers(folder, share / "doc" / NAME)
    _copy(FILES / "lintian-overrides", share / "lintian" / "overrides" / NAME)
    commands = grammar.read()
    page = manual.page(commands, version(), source_date_s())
    _write(share / "man" / "man1" / "tagwerk.1.gz", manual.packed(page))
    for path, text in (
        ("bash-completion/completions/tagwerk", completion.bash(commands)),
        ("zsh/vendor-completions/_tagwerk", completion.zsh(commands)),
        ("fish/vendor_completions.d/tagwerk.fish", completion.fish(commands)),
    ):
        _write(share / path, text.encode("utf-8"))


def _icons(theme: Path) -> None:
    """The program's icon and that of its files, in every size there is."""
    for source, kind, name in (
        ("tagwerk", "apps", NAME),
        ("tagwerk-file", "mimetypes", "application-x-tagwerk"),
    ):
        for picture in sorted(ICONS.glob(f"{source}-[0-9]*.png")):
            pixels = picture.stem.rpartition("-")[2]
            _copy(picture, theme / f"{pixels}x{pixels}" / kind / f"{name}.png")
        _copy(ICONS / f"{source}.svg", theme / "scalable" / kind / f"{name}.svg")


def _papers(folder: Path, target: Path) -> None:
    """Copyright file, changes, and a link to the licences in the folder."""
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    body = "".join(f" {line}\n" if line else " .\n" for line in licence.splitlines())
    text = (FILES / "copyright").read_text(encoding="utf-8").replace("@LICENCE@\n", body)
    _write(target / "copyright", text.encode("utf-8"))
    when = format_datetime(datetime.fromtimestamp(source_date_s(), UTC))
    changes = f"{NAME} ({version()}) stable; urgency=medium\n\n  * See CHANGELOG.md in the sources.\n\n -- {MAINTAINER}  {when}\n"
    _write(target / "changelog.gz", gzip.compress(changes.encode("utf-8"), 9, mtime=0))
    if (folder / "licences").is_dir():
        (target / "licences").symlink_to(f"../../../lib/{NAME}/licences")


def control_text(folder: Path, tree: Path) -> str:
    """The control file: what the package is and needs."""
    fields = {
        "Package": NAME,
        "Version": version(),
        "Architecture": "amd64",
        "Maintainer": MAINTAINER,
        "Installed-Size": str(-(-size_bytes(tree) // 1024)),
        "Depends": ", ".join(depends(folder)),
        "Recommends": ", ".join(_RECOMMENDED),
        "Section": "science",
        "Priority": "optional",
        "Description": "commissioning desk for WinCC",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + _DESCRIPTION


def depends(folder: Path) -> list[str]:
    """The Debian packages of all libraries that files in the folder link and that it does not hold.

    Raises:
        ValueError: a library is linked that is neither in the folder nor known as the system's.
    """
    inside = {path.name for path in folder.rglob("*") if ".so" in path.name}
    linked: dict[str, str] = {}
    newest = (2, 17)
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or not elf.is_elf(path):
            continue
        for library in elf.needed(path):
            if library not in inside:
                linked.setdefault(library, path.name)
        newest = max(newest, elf.newest_glibc(path))
    unknown = {name: by for name, by in linked.items() if name not in SYSTEM_LIBRARIES}
    if unknown:
        raise ValueError(f"libraries that no package is known for: {unknown}")
    packages = {SYSTEM_LIBRARIES[name] for name in linked} | set(_USED)
    rows = [_OTHER_NAMES.get(name, name) for name in sorted(packages - {"libc6"})]
    return [f"libc6 (>= {newest[0]}.{newest[1]})", *rows]


def _plain_rights(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if path.is_symlink():
            continue
        is_program = path == tree / "usr" / "lib" / NAME / NAME
        path.chmod(0o755 if path.is_dir() or is_program else 0o644)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
