"""Puts Shiboken's own Python modules into the folder, compiled.

Its library carries them as source text and compiles them anew at each start of each program: 50 ms
of the time to the first picture. Where a folder ``files.dir`` lies beside it, it takes them from
there instead (its own switch, SBK_EMBED=0, makes that folder).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

FOLDER = "files.dir"


def unpack(target: Path) -> int:
    """Write the compiled modules into ``target / files.dir``; returns how many they are.

    Args:
        target: the folder's ``shiboken6``.

    Raises:
        subprocess.CalledProcessError: this Shiboken cannot be asked for them.
    """
    with tempfile.TemporaryDirectory(prefix="tagwerk-shiboken-") as place:
        # A copy, because the switch writes beside the library.
        copy = Path(place) / "shiboken6"
        shutil.copytree(Path(sysconfig.get_path("purelib")) / "shiboken6", copy)
        environment = {
            **os.environ,
            "SBK_EMBED": "0",
            "PYTHONPATH": place,
            "PYTHONDONTWRITEBYTECODE": "1",
            # Else the order inside constant sets differs from time to time.
            "PYTHONHASHSEED": "0",
        }
        made = copy / FOLDER
        # Neither a time nor a folder of this machine is in what is compiled.
        stamps = ["--invalidation-mode", "unchecked-hash", "-s", str(made)]
        for command in (
            ["-c", "import shiboken6.Shiboken"],
            ["-m", "compileall", "-q", "-f", "-b", *stamps, str(made)],
        ):
            subprocess.run([sys.executable, *command], env=environment, check=True)
        compiled = sorted(made.rglob("*.pyc"))
        for path in compiled:
            there = target / FOLDER / path.relative_to(made)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
        return len(compiled)
