#!/usr/bin/env python3
"""Set up and run Tagwerk on a fresh machine. Standard library only.

    python3 dev.py demo          the window on the built-in demo plant
    python3 dev.py test          every check and every test
    python3 dev.py setup         the environment only
    python3 dev.py lint          style, types, layers
    python3 dev.py bench NAME    one benchmark (--json for the line alone); "all" for all
    python3 dev.py bench --peers the programs of others that benchmarks run beside ours
    python3 dev.py package       what this system can make of it: archive, Debian package, setup;
                                 or one of linux, deb, windows, all; --twice compares two builds
    python3 dev.py lock          renew the hash-pinned locks from pyproject.toml

What stands after "--" goes to the program: python3 dev.py demo -- --lang de
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
MARKER = ENVIRONMENT / "tagwerk-setup.txt"
WINDOWS = os.name == "nt"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if WINDOWS else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 13)

# Debian packages that Qt's wheels need. A name with "|" may be called either way.
LIBRARIES = (
    "libegl1", "libgl1", "libxkbcommon0", "libdbus-1-3", "libglib2.0-0|libglib2.0-0t64",
    "libfontconfig1", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1",
    "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0", "libxcb-xkb1", "libxkbcommon-x11-0",
    "libx11-xcb1",
)  # fmt: skip
# For the tests that press real keys on a virtual screen, for those with a real keyring, and for the
# one that builds the packaged program.
TEST_TOOLS = ("xvfb", "xauth", "xdotool", "dbus", "gnome-keyring", "binutils")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list[str | Path], **options: object) -> int:
    """Run a command in the project's folder and return its exit code."""
    return subprocess.call([str(part) for part in command], cwd=ROOT, **options)  # type: ignore[arg-type]


def need(command: list[str | Path]) -> None:
    """Run a command that must succeed."""
    code = run(command)
    if code:
        say(f"dev.py: this failed with exit code {code}: {' '.join(map(str, command))}")
        raise SystemExit(code)


def wanted_state(development: bool) -> str:
    """What the environment should hold: the locks' and this Python's fingerprint, and the packages
    of the system that are looked for."""
    digest = hashlib.sha256(sys.version.encode() + str(ROOT).encode())
    digest.update(" ".join((*LIBRARIES, *TEST_TOOLS)).encode())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    for name in ("requirements.lock", "requirements-dev.lock"):
        digest.update((ROOT / name).read_bytes())
    return f"{digest.hexdigest()} {'development' if development else 'run'}"


def is_ready(development: bool) -> bool:
    try:
        found = MARKER.read_text(encoding="utf-8")
    except OSError:
        return False
    wanted = [wanted_state(True)] + ([] if development else [wanted_state(False)])
    return found in wanted and PYTHON.exists()


def missing_packages(names: tuple[str, ...]) -> list[str]:
    """Debian packages of `names` that are not installed; empty on other systems."""
    if WINDOWS or not shutil.which("dpkg-query"):
        return []
    missing = []
    for entry in names:
        candidates = entry.split("|")
        if not any(is_installed(name) for name in candidates):
            missing.append(entry)
    return missing


def is_installed(name: str) -> bool:
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer.stdout.strip() == "installed"


def exists_in_apt(name: str) -> bool:
    answer = subprocess.run(["apt-cache", "show", name], capture_output=True, check=False)
    return answer.returncode == 0


def bring_packages(names: tuple[str, ...]) -> None:
    """Install missing Debian packages when root; otherwise print the line that would."""
    missing = missing_packages(names)
    if not missing:
        return
    if os.geteuid() != 0:
        plain = [name.split("|")[0] for name in missing]
        say("dev.py: system libraries are missing. Install them with this line, then go on:")
        say(f"  sudo apt-get update && sudo apt-get install -y {' '.join(plain)}")
        return
    say(f"dev.py: installing system packages: {', '.join(missing)}")
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    }
    run(["apt-get", "update", "-qq"], **quiet)
    chosen = [next((n for n in e.split("|") if exists_in_apt(n)), e.split("|")[0]) for e in missing]
    if run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *chosen], **quiet):
        say(f"dev.py: apt-get could not install {' '.join(chosen)}; going on without.")


def make_environment() -> None:
    if PYTHON.exists():
        return
    say("dev.py: making .venv")
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=not WINDOWS).create(ENVIRONMENT)
    except (subprocess.CalledProcessError, ImportError):
        # Debian's own python has venv without ensurepip until python3-venv is there.
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        bring_packages((package,))
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        need([sys.executable, "-m", "venv", ENVIRONMENT])


def setup(development: bool) -> None:
    """Make the environment when it is not there or the locks have changed."""
    if is_ready(development):
        return
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        say(f"dev.py: Python {'.'.join(map(str, sys.version_info[:2]))} is not supported; "
            f"use {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}.")  # fmt: skip
        raise SystemExit(2)
    MARKER.unlink(missing_ok=True)
    bring_packages(LIBRARIES)
    if development:
        bring_packages(TEST_TOOLS)
    make_environment()
    lock = "requirements-dev.lock" if development else "requirements.lock"
    say(f"dev.py: installing what {lock} lists (once, about a minute)")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet"]
    need([*pip, "install", "--require-hashes", "--only-binary", ":all:", "-r", ROOT / lock])
    link_package()
    MARKER.write_text(wanted_state(development), encoding="utf-8")


def link_package() -> None:
    """Let the environment import the package from desktop/, and give it a `tagwerk` command."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True)
    path_file = Path(found.stdout.strip()) / "tagwerk.pth"
    path_file.write_text(str(ROOT / "desktop") + "\n", encoding="utf-8")
    if WINDOWS:
        script = PYTHON.with_name("tagwerk.cmd")
        script.write_text(f'@"{PYTHON}" -m tagwerk %*\n', encoding="utf-8")
        return
    script = PYTHON.with_name("tagwerk")
    script.write_text(f'#!/bin/sh\nexec "{PYTHON}" -m tagwerk "$@"\n', encoding="utf-8")
    script.chmod(0o755)


def lint() -> int:
    """Style, types and layers; the exit code of the first that failed, 0 when all are clean."""
    checks: list[list[str | Path]] = [
        [PYTHON, "-m", "ruff", "check", "."],
        [PYTHON, "-m", "ruff", "format", "--check", "."],
        [PYTHON, "-m", "mypy"],
        [ENVIRONMENT / PYTHON.parent.name / ("lint-imports.exe" if WINDOWS else "lint-imports")],
    ]
    return next((code for code in [run(check) for check in checks] if code), 0)


def test(arguments: list[str]) -> int:
    """All checks, then all tests; with arguments only pytest, with them."""
    if arguments:
        return run([PYTHON, "-m", "pytest", *arguments])
    linted = lint()
    tested = run([PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadgroup"])
    return tested or linted


def lock() -> int:
    """Renew the locks. `uv` is taken from the path, or installed into the environment."""
    uv = shutil.which("uv")
    if uv is None:
        setup(development=True)
        need([PYTHON, "-m", "pip", "--quiet", "install", "uv"])
        uv = str(PYTHON.with_name("uv.exe" if WINDOWS else "uv"))
    base: list[str | Path] = [uv, "pip", "compile", "--quiet", "pyproject.toml", "--universal",
            "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]  # fmt: skip
    need([*base, "-o", "requirements.lock"])
    need([*base, "--group", "dev", "-c", "requirements.lock", "-o", "requirements-dev.lock"])
    base.remove("pyproject.toml")
    for listed in sorted((ROOT / "benchmarks" / "peers").glob("*.in")):
        need([*base, listed.relative_to(ROOT), "-o", listed.with_suffix(".lock").relative_to(ROOT)])
    return 0


def start(module_arguments: list[str]) -> int:
    """Run the program; on POSIX in place of this process, so that signals reach it."""
    command = [str(PYTHON), "-m", "tagwerk", *module_arguments]
    # The set-up before is not part of the program's start, which the window reports.
    os.environ["TAGWERK_STARTED"] = str(time.time())
    if not WINDOWS:
        os.execv(command[0], command)
    return run(list(command))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "command", choices=["demo", "test", "setup", "lint", "bench", "package", "lock"]
    )
    own, program = sys.argv[1:], []
    if "--" in own:
        mark = own.index("--")
        own, program = own[:mark], own[mark + 1 :]
    options, rest = parser.parse_known_args(own)
    if rest and options.command not in ("bench", "package"):
        parser.error(f"unknown: {' '.join(rest)} (what is meant for the program goes after --)")
    if options.command == "lock":
        return lock()
    setup(development=options.command != "demo")
    if options.command == "demo":
        return start(["demo", *program])
    if options.command == "test":
        return test(program)
    if options.command == "lint":
        return lint()
    if options.command == "bench":
        return run([PYTHON, "benchmarks/run.py", "--record", *rest, *program])
    if options.command == "package":
        return run([PYTHON, "installer/build.py", *rest, *program])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
