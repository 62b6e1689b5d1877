"""Build the program as one folder and try it: python3 dev.py package.

Ends with a table of what was made. Installers for Windows and Debian are not made yet.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "installer" / "build"
FOLDER = OUT / "dist" / "tagwerk"
PROGRAM = FOLDER / ("tagwerk.exe" if os.name == "nt" else "tagwerk")
TRY_TIMEOUT_S = 90


def build() -> None:
    """Run PyInstaller; the same sources give the same bytes."""
    stamp = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    environment = {**os.environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": stamp or "0"}
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    paths = ["--distpath", str(OUT / "dist"), "--workpath", str(OUT / "work")]
    subprocess.run(
        [*command, *paths, str(ROOT / "installer" / "tagwerk.spec")],
        check=True,
        cwd=ROOT,
        env=environment,
    )


def try_out() -> dict[str, object]:
    """Start the packaged program on its demo plant and see that values, alarms and a picture come."""
    report, picture = OUT / "try.json", OUT / "try.png"
    for path in (report, picture):
        path.unlink(missing_ok=True)
    command = [str(PROGRAM), "demo", "--settings", str(OUT / "try-settings"), "--size", "1920x1080",
               "--screenshot", str(picture), "--report", str(report), "--quit-after", "15"]  # fmt: skip
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ} if os.name != "nt" else None
    subprocess.run(command, check=True, timeout=TRY_TIMEOUT_S, env=environment)
    found: dict[str, object] = json.loads(report.read_text(encoding="utf-8"))
    if not found["values_received"] or not found["alarms_shown"] or found["errors"]:
        raise SystemExit(f"the packaged program does not work: {found}")
    if not picture.exists():
        raise SystemExit("the packaged program drew no picture")
    return found


def pack() -> Path:
    """The folder as one archive, with the same bytes each time."""
    path = OUT / f"tagwerk-{sys.platform}.tar.xz"

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(path, "w:xz", preset=6) as archive:
        for item in sorted(FOLDER.rglob("*")):
            archive.add(
                item, Path("tagwerk") / item.relative_to(FOLDER), recursive=False, filter=plain
            )
    return path


def main() -> int:
    build()
    found = try_out()
    archive = pack()
    size = sum(
        item.stat().st_size
        for item in FOLDER.rglob("*")
        if item.is_file() and not item.is_symlink()
    )
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    print(f"tried: first paint {found['first_paint_ms']} ms, {found['values_received']} values")
    print(f"{'file':<40} {'size':>10}  SHA-256")
    print(f"{FOLDER.relative_to(ROOT)!s:<40} {size / 1e6:>7.1f} MB")
    print(f"{archive.relative_to(ROOT)!s:<40} {archive.stat().st_size / 1e6:>7.1f} MB  {digest}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
