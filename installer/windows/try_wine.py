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
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from installer.folder import OUT
from installer.tools import bring
from installer.version import ROOT, version
from installer.windows import build, toolchain

BOUND_S = 15 * 60
SHOWN = OUT / "wine"
TAG = "HMI_RT_1::Cooling.TIC2120.PV"
ENTRY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Tagwerk"
KIND = r"Software\Classes\Tagwerk.Workspace\shell\open\command"
# Drawn into memory: wine's user32 lacks a function (EnableNonClientDpiScaling) that Qt calls for
# windows on a screen, and says so in a warning that the self test rightly takes for an error. wine
# passes variables of Qt on only with this prefix.
# Drawn into memory, Qt looks for fonts in a folder and not in the system, and warns where none is.
IN_MEMORY = {"WINEQT_QPA_PLATFORM": "offscreen", "WINEQT_QPA_FONTDIR": r"C:\windows\Fonts"}
ON_SCREEN = {"WINEQT_LOGGING_RULES": "default.warning=false"}


class Failed(Exception):
    """A step did not do what it should; the text says what it did."""


@dataclass(slots=True)
class Leg:
    """The steps so far, and the time that is left."""

    wine: toolchain.Wine
    ends_at: float = field(default_factory=lambda: time.monotonic() + BOUND_S)
    rows: list[tuple[str, str, float, str]] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Run one step; a failure is a row, and the next step runs all the same."""
        began = time.monotonic()
        print(f"try_wine.py: {name}", file=sys.stderr, flush=True)
        try:
            result, detail = "OK", work()
        except subprocess.TimeoutExpired as late:
            result, detail = "FAILED", f"not done within {late.timeout:.0f} s"
        except (Failed, OSError, ValueError, KeyError) as problem:
            result, detail = "FAILED", str(problem)
        self.rows.append((name, result, time.monotonic() - began, detail))

    def run(
        self,
        program: Path | str,
        *words: str,
        at_most_s: float = 120,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a Windows program; returns what it printed.

        Raises:
            Failed: it ended with another code than 0.
            subprocess.TimeoutExpired: it took too long, or the whole leg did.
        """
        left_s = max(self.ends_at - time.monotonic(), 1)
        done = self.wine.run(
            program, *words, timeout_s=min(at_most_s, left_s), environment=environment
        )
        if done.returncode:
            said = " | ".join((done.stdout + done.stderr).split("\n")[-12:])
            raise Failed(f"ended with {done.returncode}: {said[-1500:]}")
        return done.stdout

    def wait(self, true: Callable[[], bool], what: str, at_most_s: float = 60) -> None:
        """Wait for what another process does."""
        until = min(time.monotonic() + at_most_s, self.ends_at)
        while not true():
            if time.monotonic() > until:
                raise Failed(f"{what} did not happen within {at_most_s:.0f} s")
            time.sleep(0.3)

    def table(self) -> str:
        lines = [f"{'step':<38} {'result':<7} {'s':>6}  detail"]
        lines += [f"{n:<38} {r:<7} {s:>6.1f}  {d}" for n, r, s, d in self.rows]
        return "\n".join(lines)


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


def self_test(leg: Leg, program: Path, name: str) -> str:
    """The program's own self test; its table and picture are kept under `name`."""
    table, picture = SHOWN / f"{name}.txt", SHOWN / f"{name}.png"
    for path in (table, picture):
        path.unlink(missing_ok=True)
    words = ("--self-test", "--within", "170", "--out", leg.wine.path(table))
    leg.run(
        program,
        *words,
        "--screenshot",
        leg.wine.path(picture),
        at_most_s=200,
        environment=IN_MEMORY,
    )
    said = table.read_text(encoding="utf-8")
    if not picture.exists():
        raise Failed("no picture")
    # The line before the verdict counts the rows.
    return said.strip().splitlines()[-2]


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


def kept_data(leg: Leg) -> Path:
    return _local(leg) / "tagwerk"


def _local(leg: Leg) -> Path:
    (found,) = (
        path
        for path in (leg.wine.drive / "users").glob("*/AppData/Local")
        if "Public" not in path.parts
    )
    return found


def has_key(leg: Leg, key: str) -> bool:
    return leg.wine.run("reg", "query", key, timeout_s=30).returncode == 0


def setup(leg: Leg, file: Path) -> None:
    """Install silently, run, install over it, remove: data stays; again with /DELETEDATA: it goes."""
    place = _local(leg) / "Programs" / "Tagwerk"
    menu = _local(leg).parent / "Roaming/Microsoft/Windows/Start Menu/Programs/Tagwerk.lnk"
    mark = kept_data(leg) / "of-the-user.txt"

    def install() -> str:
        shutil.rmtree(place, ignore_errors=True)
        leg.run(file, "/S", at_most_s=200)
        wanted = (ENTRY, rf"HKCU\{KIND}")
        missing = [key for key in wanted if not has_key(leg, key)]
        missing += [str(path) for path in (place / "tagwerkw.exe", menu) if not path.exists()]
        if missing:
            raise Failed(f"missing after the installation: {missing}")
        shown = leg.run("reg", "query", ENTRY)
        rows = {line.split()[0]: line.split()[-1] for line in shown.splitlines() if "REG_" in line}
        kilobytes = int(rows["EstimatedSize"], 16)
        return f"Apps & Features: {rows['DisplayVersion']}, {kilobytes / 1000:.0f} MB"

    def stay_out() -> str:
        other = leg.wine.drive / "OtherProgram"
        marks = [other / name for name in ("_internal/a.txt", "licences/b.txt", "version.txt")]
        for one in marks:
            one.parent.mkdir(parents=True, exist_ok=True)
            one.write_text("of others", encoding="ascii")
        done = leg.wine.run(file, "/S", r"/D=C:\OtherProgram", timeout_s=200)
        left = [one.name for one in marks if one.exists() and one.read_text("ascii") == "of others"]
        if done.returncode != 2 or len(left) != len(marks) or (other / "tagwerk.exe").exists():
            raise Failed(f"ended with {done.returncode}, left of others' files: {left}")
        shutil.rmtree(other)
        return "refused with 2, nothing touched"

    def over() -> str:
        old = place / "_internal" / "of-an-older-version.txt"
        old.write_text("old", encoding="ascii")
        leg.run(file, "/S", at_most_s=200)
        if old.exists():
            raise Failed("a file of the older version is still there")
        return leg.run(place / "tagwerk.exe", "--version").strip()

    def remove(*words: str) -> str:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("kept", encoding="ascii")
        leg.run(place / "uninstall.exe", "/S", *words)
        # It goes on from a copy of itself, since it cannot delete the file that it runs from.
        leg.wait(lambda: not place.exists(), f"removing {place.name}")
        leg.wait(lambda: not has_key(leg, ENTRY), "removing the entry")
        leg.wait(lambda: "/DELETEDATA" not in words or not mark.exists(), "deleting the data")
        left = [
            key
            for key in (ENTRY, rf"HKCU\{KIND}", r"HKCU\Software\Classes\.tagwerk")
            if has_key(leg, key)
        ]
        if left or menu.exists():
            raise Failed(f"left behind: {left} {menu if menu.exists() else ''}")
        if not words and not mark.exists():
            raise Failed("the user's data is gone")
        return "nothing left, the user's data " + ("deleted" if words else "kept")

    def remove_all() -> str:
        leg.run(file, "/S", at_most_s=200)
        return remove("/DELETEDATA")

    leg.step("setup.exe into a folder of others", stay_out)
    leg.step("setup.exe /S", install)
    leg.step("its self test", lambda: self_test(leg, place / "tagwerk.exe", "setup"))
    leg.step("setup.exe over an older version", over)
    leg.step("uninstall.exe /S", remove)
    leg.step("uninstall.exe /S /DELETEDATA", remove_all)


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
