"""Package the program: python3 dev.py package [linux|deb|windows|all] [--twice].

    linux    the folder and tagwerk-VERSION-linux-x86_64.tar.zst
    deb      the same folder as tagwerk_VERSION_amd64.deb
    windows  on Windows its setup, MSI and zip; elsewhere the same under wine, as a smoke leg
    all      all of it

Without a word: what this system can make without wine. Each folder is tried (the program's own self
test) before anything is made of it. Ends with a table: file, size, SHA-256.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer.folder import OUT  # noqa: E402 - this file is run by its path
from installer.papers import PapersError  # noqa: E402
from installer.table import table  # noqa: E402
from installer.tools import PackagingError  # noqa: E402


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev.py package",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["linux", "deb", "windows", "all"])
    parser.add_argument(
        "--twice",
        action="store_true",
        help="Linux: build again from a copy of the sources elsewhere, and compare every byte",
    )
    return parser.parse_args()


def package(what: str | None, out: Path, *, twice: bool) -> list[Path]:
    """Make what is asked for; None is what this system makes. Returns what was made."""
    on_linux = sys.platform.startswith("linux")
    made: list[Path] = []
    if on_linux and what != "windows":
        from installer.linux import build as linux

        made += linux.package(out, archive=what != "deb", deb=what != "linux", twice=twice)
    if what in ("windows", "all") or not on_linux:
        from installer.windows import build as windows

        made += windows.package(out)
    return made


def main() -> int:
    options = parse()
    if sys.platform == "win32" and options.what in ("linux", "deb", "all"):
        print("dev.py package: Windows makes only its own: python dev.py package", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        made = package(options.what, OUT, twice=options.twice)
    except subprocess.CalledProcessError as failed:
        words = " ".join(map(str, failed.cmd))
        print(f"dev.py package: this ended with {failed.returncode}: {words}", file=sys.stderr)
        return 1
    except (PapersError, PackagingError) as problem:
        print(f"dev.py package: {problem}", file=sys.stderr)
        return 1
    print(table(made, ROOT))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
