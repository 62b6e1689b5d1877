"""The Windows artefacts: program folder, setup.exe, MSI and zip. See `package`.

On Windows with the Python that runs this (python.org's) and the tools on the path; on Linux under
wine, as a smoke leg: what is made there is tried, not released. Called by installer/build.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path
from time import gmtime

from installer import papers
from installer.folder import OUT
from installer.tools import PackagingError
from installer.version import ROOT, source_date_s, version
from installer.windows import sign
from installer.windows.resource import four_numbers

HERE = Path(__file__).resolve().parent
ICONS = ROOT / "installer" / "icons"
ON_WINDOWS = sys.platform == "win32"
FREEZE_TIMEOUT_S = 1800
# Parts of the system that wine lacks and that are stood in for: they must not get into the folder.
NOT_OURS = re.compile(
    r"(icuuc|icuin|icu|bcryptprimitives|ucrtbase|api-ms-win-.*|ext-ms-.*)\.dll", re.I
)
# All products that the MSI replaces bear this in their code.
_PRODUCTS = uuid.UUID("c1b6c3a4-6e0e-5b0a-9c5b-7e57a1d0b0a7")


def package(out: Path) -> list[Path]:
    """Make all that this system can in `out`; returns the folder and the files.

    Raises:
        PackagingError: something is inside that must not be.
        subprocess.CalledProcessError: a step failed; it has said why.
    """
    folder = freeze(out)
    return [folder, *pack(folder, out)]


def pack(folder: Path, out: Path) -> list[Path]:
    """Setup, MSI and zip of a program folder."""
    made = [pack_zip(folder, out / f"tagwerk-{version()}-windows-x64.zip")]
    made.append(make_setup(folder, out / f"tagwerk-{version()}-setup.exe"))
    msi = out / f"tagwerk-{version()}-x64.msi"
    if shutil.which("wixl"):
        make_msi(folder, msi)
    elif shutil.which("candle") and shutil.which("light"):
        make_msi_on_windows(folder, msi)
    else:
        print("no MSI: neither wixl nor the WiX toolset 3 (candle, light) is on the path")
        return made
    sign.sign([msi])
    return [*made, msi]


def freeze(out: Path) -> Path:
    """Make ``out/windows/tagwerk``, the program folder, signed when that is wanted."""
    target = out / "windows" / "tagwerk"
    shutil.rmtree(target, ignore_errors=True)
    if ON_WINDOWS:
        program = HERE / "freeze.py"
        subprocess.run([sys.executable, str(program), str(out / "windows")], check=True, cwd=ROOT)
        made = out / "windows" / "dist" / "tagwerk"
    else:
        made = _freeze_under_wine()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made, target)
    strangers = [path.name for path in target.rglob("*") if NOT_OURS.fullmatch(path.name)]
    if strangers:
        raise PackagingError(f"parts of the system are inside: {', '.join(sorted(strangers))}")
    sign.sign([target / "tagwerk.exe", target / "tagwerkw.exe"])
    papers.renew(target)
    return target


def _freeze_under_wine() -> Path:
    from installer.windows import toolchain

    wine = toolchain.prepare()
    place = wine.drive / "build"
    shutil.rmtree(place, ignore_errors=True)
    done = wine.run(
        wine.python,
        wine.path(HERE / "freeze.py"),
        wine.path(place),
        timeout_s=FREEZE_TIMEOUT_S,
        environment={"SOURCE_DATE_EPOCH": str(source_date_s()), "PYTHONHASHSEED": "0"},
        cwd=ROOT,
    )
    made = place / "dist" / "tagwerk"
    if done.returncode or not (made / "version.txt").exists():
        print(done.stdout[-4000:], done.stderr[-8000:], file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode or 1, done.args)
    return made


def pack_zip(folder: Path, path: Path) -> Path:
    """The folder as a portable zip, the same bytes each time from the same tool: by 7-Zip where it
    is on the path, whose search for repeats makes it 3 % smaller, otherwise by Python."""
    path.unlink(missing_ok=True)
    top = f"tagwerk-{version()}"
    if program := shutil.which("7z"):
        return _pack_closely(program, folder, path, top)
    moment = gmtime(source_date_s())[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for item in sorted(folder.rglob("*")):
            if item.is_dir():
                continue
            entry = zipfile.ZipInfo(f"{top}/{item.relative_to(folder).as_posix()}", moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, item.read_bytes())
    return path


def _pack_closely(program: str, folder: Path, path: Path, top: str) -> Path:
    moment = source_date_s()
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / top
        shutil.copytree(folder, copy)
        for item in (copy, *copy.rglob("*")):
            item.chmod(0o755 if item.is_dir() else 0o644)
            os.utime(item, (moment, moment))
        # One thread, no times but the last change, names as UTF-8: the same bytes each time.
        words = ["-tzip", "-mx=9", "-mfb=258", "-mpass=5", "-mmt=1", "-mtc=off", "-mcu=on"]
        subprocess.run(
            [program, "a", "-bd", *words, str(path.resolve()), top],
            cwd=place, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC"},
        )  # fmt: skip
    return path


def make_setup(folder: Path, path: Path, number: str | None = None) -> Path:
    """The setup program; its uninstaller is not signed, since NSIS makes it at the user's.

    Args:
        number: the version that it says it is; None for the program's own.
    """
    number = number or version()
    if shutil.which("makensis") is None:
        raise PackagingError(
            "makensis is missing: install NSIS 3.08 or newer, and put it on the path"
        )
    defines = {
        "VERSION": number,
        "NUMBERS": ".".join(map(str, four_numbers(number))),
        "SOURCE": str(folder),
        "ICONS": str(ICONS),
        "OUTPUT": str(path),
        "SLASH": os.sep,
    }
    path.unlink(missing_ok=True)
    mark = "/" if ON_WINDOWS else "-"
    subprocess.run(
        [
            "makensis", f"{mark}V2", f"{mark}WX", f"{mark}INPUTCHARSET", "UTF8",
            *(f"{mark}D{name}={text}" for name, text in defines.items()),
            str(HERE / "setup.nsi"),
        ],
        check=True,
        cwd=HERE,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(source_date_s())},
    )  # fmt: skip
    sign.sign([path])
    return path


def _product_code() -> str:
    """The same for the same version: installing it again is then a repair."""
    return str(uuid.uuid5(_PRODUCTS, version())).upper()


def _msi_defines() -> list[str]:
    """With paths as seen from the project's folder: wixl takes no absolute ones."""
    numbers = ".".join(map(str, four_numbers(version())[:3]))
    return [
        f"Version={numbers}",
        f"ProductCode={_product_code()}",
        f"Icons={ICONS.relative_to(ROOT).as_posix()}",
    ]


def make_msi(folder: Path, path: Path) -> Path:
    """The MSI with wixl. Not reproducible: it stamps the time and a random package code."""
    listed = "".join(f"{item}\n" for item in sorted(folder.rglob("*")) if item.is_file())
    heat = ["wixl-heat", "-p", f"{folder}/", "--component-group", "Files", "--var", "var.Source",
            "--directory-ref", "INSTALLDIR", "--win64"]  # fmt: skip
    made = subprocess.run(heat, input=listed, check=True, capture_output=True, text=True)
    files = path.with_suffix(".files.wxs")
    files.write_text(made.stdout, encoding="utf-8")
    path.unlink(missing_ok=True)
    source = f"Source={os.path.relpath(folder, ROOT)}"
    defines = [word for text in (*_msi_defines(), source, "Win64=yes") for word in ("-D", text)]
    subprocess.run(
        ["wixl", "-a", "x64", *defines, "-o", str(path), str(HERE / "product.wxs"), str(files)],
        check=True,
        cwd=ROOT,
    )
    files.unlink()
    return path


def make_msi_on_windows(folder: Path, path: Path) -> Path:
    """The MSI with the WiX toolset 3 (heat, candle, light) of the same source."""
    work = path.parent / "windows" / "msi"
    work.mkdir(parents=True, exist_ok=True)
    files = work / "files.wxs"
    subprocess.run(
        ["heat", "dir", str(folder), "-nologo", "-gg", "-scom", "-sreg", "-srd", "-sfrag",
         "-cg", "Files", "-dr", "INSTALLDIR", "-var", "var.Source", "-out", str(files)],
        check=True,
    )  # fmt: skip
    defines = [f"-d{text}" for text in (*_msi_defines(), f"Source={folder}", "Win64=yes")]
    sources = [str(HERE / "product.wxs"), str(files)]
    subprocess.run(
        ["candle", "-nologo", "-arch", "x64", *defines, "-out", f"{work}\\", *sources],
        check=True,
        cwd=ROOT,
    )
    objects = [str(work / "product.wixobj"), str(work / "files.wixobj")]
    # LZX, which packs closer than the usual MSZIP.
    light = ["light", "-nologo", "-sval", "-dcl:high", "-out", str(path)]
    subprocess.run([*light, *objects], check=True, cwd=ROOT)
    return path


if __name__ == "__main__":
    for made in package(OUT):
        print(made)
