"""Runs what was made for Windows under wine: folder, window, command line, setup, MSI, zip.

    python installer/windows/try_wine.py [--build]

A smoke leg with a bound of 15 minutes: it shows that the program starts, talks to a plant over TLS
and WebSocket, and is installed and removed cleanly. wine is not Windows; a release is tried there.
Ends with a table of what ran; pictures and tables of the self tests lie in installer/build/wine/.
The exit code is 1 when a step failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from installer.folder import OUT
from installer.tools import bring
from installer.version import ROOT, version
from installer.windows import build, toolchain
from installer.windows.leg import KIND, SHOWN, Failed, Leg, has_key, self_test
from installer.windows.try_setup import setup

TAG = "HMI_RT_1::Cooling.TIC2120.PV"
ON_SCREEN = {"WINEQT_LOGGING_RULES": "default.warning=false"}


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """A virtual screen, without access control on a free number; yields the variable that names it."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            yield {"DISPLAY": f":{numbers.readline().strip()}"}
    finally:
        server.terminate()
        server.wait()


@contextmanager
def plant() -> Iterator[dict[str, object]]:
    """The demo plant running on this system, not under wine; yields its ready line."""
    python = ROOT / ".venv" / "bin" / "python"
    server = subprocess.Popen(
        [str(python), "-m", "tagwerk", "simulate"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
    finally:
        server.terminate()
        server.wait(30)


def window(leg: Leg, program: Path, variables: Mapping[str, str]) -> str:
    """The windowed executable on a screen, with its demo plant."""
    picture, report = SHOWN / "window.png", SHOWN / "window.json"
    for path in (picture, report):
        path.unlink(missing_ok=True)
    words = ("demo", "--screenshot", leg.wine.path(picture), "--report", leg.wine.path(report))
    more = ("--size", "1600x900", "--settings", r"C:\settings-of-the-try", "--quit-after", "45")
    leg.run(program, *words, *more, at_most_s=180, environment={**ON_SCREEN, **variables})
    found = json.loads(report.read_text(encoding="utf-8"))
    if not (picture.exists() and found["values_received"] and found["alarms_shown"]):
        raise Failed(f"no picture, values or alarms: {str(found)[:300]}")
    if found["errors"]:
        raise Failed(f"errors: {found['errors']}")
    return f"{found['values_received']} values, {found['alarms_shown']} alarms, window.png"


def command_line(leg: Leg, program: Path) -> None:
    """probe, read and watch against the demo plant of this system, over TLS and WebSocket."""
    with plant() as ready:
        user = ready["users"][0]  # type: ignore[index]
        url = str(ready["unified"])
        secret = {"TAGWERK_PASSWORD": str(user["password"])}
        trust = ("--user", str(user["name"]), "--ca", leg.wine.path(str(ready["ca"])), "--json")

        def probe() -> str:
            found = json.loads(leg.run(program, "probe", url, *trust, environment=secret))
            failed = [step["step"] for step in found["steps"] if step["ok"] is False]
            if failed or not found["capabilities"]["push"]:
                raise Failed(f"steps that failed: {failed}, push {found['capabilities']['push']}")
            return f"{len(found['steps'])} steps, {found['server'].get('version', '')}, push"

        def read() -> str:
            found = json.loads(leg.run(program, "read", url, TAG, *trust, environment=secret))
            (value,) = found["values"]
            if value["error"] or value["quality"] != "good":
                raise Failed(str(value))
            return f"{value['name']} = {value['value']}"

        def watch() -> str:
            said = leg.run(program, "watch", url, TAG, "--for", "8", *trust, environment=secret)
            values = [line for line in said.splitlines() if '"value"' in line]
            if len(values) < 3:
                raise Failed(f"only {len(values)} values in 8 s: {said[-300:]}")
            return f"{len(values)} values in 8 s"

        leg.step("probe over TLS and WebSocket", probe)
        leg.step("read", read)
        leg.step("watch", watch)


def msi(leg: Leg, file: Path) -> None:
    """Install for all users, run, remove."""
    place = leg.wine.drive / "Program Files" / "Tagwerk"

    def install() -> str:
        leg.run("msiexec", "/i", leg.wine.path(file), "/qn", at_most_s=240)
        if not (place / "tagwerkw.exe").exists() or not has_key(leg, rf"HKLM\{KIND}"):
            raise Failed("no program or no association after the installation")
        return f"{place.name} in Program Files"

    def remove() -> str:
        leg.run("msiexec", "/x", leg.wine.path(file), "/qn", at_most_s=240)
        left = [path for path in place.rglob("*") if path.is_file()] if place.exists() else []
        if left or has_key(leg, rf"HKLM\{KIND}"):
            raise Failed(f"left behind: {left[:5]}")
        return "nothing left"

    leg.step("msiexec /i", install)
    leg.step("its self test ", lambda: self_test(leg, place / "tagwerk.exe", "msi"))
    leg.step("msiexec /x", remove)


def portable(leg: Leg, file: Path) -> None:
    """Unpacked into a folder whose name has a blank and umlauts."""
    place = leg.wine.drive / "Werkzeuge für Köln"

    def run() -> str:
        shutil.rmtree(place, ignore_errors=True)
        with zipfile.ZipFile(file) as archive:
            archive.extractall(place)
        (top,) = place.iterdir()
        before = {path for path in place.rglob("*") if path.is_file()}
        said = self_test(leg, top / "tagwerk.exe", "zip")
        written = {path for path in place.rglob("*") if path.is_file()} - before
        if written:
            raise Failed(f"written beside the program: {sorted(map(str, written))[:5]}")
        return f"{said}; nothing written beside it"

    leg.step(f"zip in “{place.name}”", run)
    shutil.rmtree(place, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="try_wine.py", description=__doc__.splitlines()[0])
    parser.add_argument("--build", action="store_true", help="make the artefacts first")
    options = parser.parse_args()
    bring({"Xvfb": "xvfb", "wine": "wine"})
    if options.build:
        build.package(OUT)
    leg = Leg(toolchain.prepare())
    SHOWN.mkdir(parents=True, exist_ok=True)
    folder = OUT / "windows" / "tagwerk"
    leg.step("tagwerk.exe --self-test", lambda: self_test(leg, folder / "tagwerk.exe", "folder"))
    with screen() as variables:
        leg.step("tagwerkw.exe demo", lambda: window(leg, folder / "tagwerkw.exe", variables))
    command_line(leg, folder / "tagwerk.exe")
    setup(leg, OUT / f"tagwerk-{version()}-setup.exe")
    msi(leg, OUT / f"tagwerk-{version()}-x64.msi")
    portable(leg, OUT / f"tagwerk-{version()}-windows-x64.zip")
    leg.wine.stop()
    print(leg.table())
    return 1 if any(row[1] != "OK" for row in leg.rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
