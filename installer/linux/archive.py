"""The portable archive: unpack it anywhere, start tagwerk-VERSION/tagwerk."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

# Unpacks with 128 MB of memory at most, which every zstd allows without being asked.
_LEVEL = ("-19", "--long=27")


def pack(folder: Path, archive: Path, top: str, moment_s: int) -> Path:
    """Write `folder` as ``archive`` (.tar.zst) below the folder name `top`; the same bytes each time.

    Raises:
        subprocess.CalledProcessError: zstd failed; it has said why.
    """
    plain = archive.with_suffix("")

    def same_for_all(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = moment_s
        return entry

    with tarfile.open(plain, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            name = Path(top) / path.relative_to(folder)
            tar.add(path, str(name), recursive=False, filter=same_for_all)
    command = ["zstd", "--quiet", "--force", "--rm", *_LEVEL, "--threads=2", plain, "-o", archive]
    subprocess.run([str(part) for part in command], check=True)
    return archive
