"""Makes the folder with the program in it: PyInstaller, then stamp, papers and one time for all.

Called by build.py on Linux and by windows/ under its own Python. The same sources give the same
bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from installer import papers
from installer.version import ROOT, source_date_s, version

OUT = ROOT / "installer" / "build"


def build(out: Path = OUT, root: Path = ROOT) -> Path:
    """Make ``out/dist/tagwerk`` from the sources in `root`; returns that folder.

    Raises:
        subprocess.CalledProcessError: PyInstaller failed; it has said why.
    """
    folder = out / "dist" / "tagwerk"
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(source_date_s()),
        # A cache of its own: --clean empties it, and another build may be running.
        "PYINSTALLER_CONFIG_DIR": str(out / "cache"),
        # Modules as they are: to inflate them would be part of each start, and what packs the
        # folder packs them better.
        "PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0",
    }
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    paths = ["--distpath", str(folder.parent), "--workpath", str(out / "work")]
    subprocess.run(
        [*command, *paths, str(root / "installer" / "tagwerk.spec")],
        check=True,
        cwd=root,
        env=environment,
    )
    finish(folder)
    return folder


def finish(folder: Path) -> None:
    """What PyInstaller does not do: stamp, mended libraries, licences, plain rights, one time."""
    (folder / "version.txt").write_text(f"Tagwerk {version()}\n", encoding="utf-8", newline="\n")
    system = "windows" if sys.platform == "win32" else "linux"
    if system == "linux":
        from installer.linux import mend, signatures

        mend.mend_all(folder)
        signatures.unpack(folder / "_internal" / "shiboken6")
    # Last, because the bill of materials holds a digest of every file.
    papers.write(folder, Path(sysconfig.get_path("purelib")), system)
    make_plain(folder)


def make_plain(folder: Path) -> None:
    """Rights and times that do not depend on who builds, when and under which umask."""
    moment = source_date_s()
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        is_program = path.parent == folder and not path.suffix
        path.chmod(0o755 if path.is_dir() or is_program else 0o644)
        os.utime(path, (moment, moment))
