"""What is tried of setup.exe under wine: refused, installed, upgraded, removed. Called by try_wine."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installer.folder import OUT
from installer.version import version
from installer.windows import build
from installer.windows.leg import KIND, Failed, Leg, has_key, local_data, self_test

ENTRY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Tagwerk"
OLDER = "0.0.9"


def older_setup(leg: Leg) -> Path:
    """A setup of a smaller number, from a folder with little in it."""
    folder = leg.wine.drive / "older"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "_internal").mkdir(parents=True)
    for name in ("tagwerk.exe", "tagwerkw.exe", "version.txt"):
        shutil.copy(OUT / "windows" / "tagwerk" / name, folder / name)
    (folder / "_internal" / "of-an-older-version.txt").write_text("old", encoding="ascii")
    return build.make_setup(folder, leg.wine.drive / "older-setup.exe", OLDER)


def left_s(leg: Leg, at_most_s: float) -> float:
    """Seconds that a step may take, of those that the leg has left."""
    return min(at_most_s, max(leg.ends_at - time.monotonic(), 1))


@contextmanager
def running(leg: Leg, program: Path) -> Iterator[None]:
    """The installed program, serving the demo plant; up when its first line is there."""
    server = subprocess.Popen(
        leg.wine.command(program, "simulate"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=leg.wine.environment(),
    )
    # A plant that starts and says nothing must not hold the leg beyond its bound.
    bound = threading.Timer(left_s(leg, 60), server.kill)
    bound.start()
    try:
        assert server.stdout is not None
        if not server.stdout.readline():
            raise Failed("the demo plant does not start")
        bound.cancel()
        yield
    finally:
        bound.cancel()
        server.terminate()
        server.communicate(timeout=30)


class Setup:
    """One setup program, and where it puts things.

    Args:
        file: setup.exe.
    """

    def __init__(self, leg: Leg, file: Path) -> None:
        self.leg, self.file = leg, file
        local = local_data(leg)
        self.place = local / "Programs" / "Tagwerk"
        self.menu = local.parent / "Roaming/Microsoft/Windows/Start Menu/Programs/Tagwerk.lnk"
        self.desktop = local.parent.parent / "Desktop" / "Tagwerk.lnk"
        self.mark = local / "tagwerk" / "of-the-user.txt"

    def install(self) -> str:
        """Files, start menu, association, and what "Apps & Features" shows."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.leg.run(self.file, "/S", at_most_s=200)
        wanted = (ENTRY, rf"HKCU\{KIND}")
        missing = [key for key in wanted if not has_key(self.leg, key)]
        missing += [
            str(path) for path in (self.place / "tagwerkw.exe", self.menu) if not path.exists()
        ]
        if missing:
            raise Failed(f"missing after the installation: {missing}")
        shown = self.leg.run("reg", "query", ENTRY)
        rows = {line.split()[0]: line.split()[-1] for line in shown.splitlines() if "REG_" in line}
        kilobytes = int(rows["EstimatedSize"], 16)
        return f"Apps & Features: {rows['DisplayVersion']}, {kilobytes / 1000:.0f} MB"

    def stay_out(self) -> str:
        """A folder that holds another program's files is left alone."""
        other = self.leg.wine.drive / "OtherProgram"
        marks = [other / name for name in ("_internal/a.txt", "licences/b.txt", "version.txt")]
        for one in marks:
            one.parent.mkdir(parents=True, exist_ok=True)
            one.write_text("of others", encoding="ascii")
        code = self.leg.wine.code(
            self.file, "/S", r"/D=C:\OtherProgram", timeout_s=left_s(self.leg, 200)
        )
        left = [one.name for one in marks if one.exists() and one.read_text("ascii") == "of others"]
        if code != 2 or len(left) != len(marks) or (other / "tagwerk.exe").exists():
            raise Failed(f"ended with {code}, left of others' files: {left}")
        shutil.rmtree(other)
        return "refused with 2, nothing touched"

    def upgrade(self) -> str:
        """From a smaller number: the wishes of then and the user's data stay, old files go."""
        self.leg.run(self.place / "uninstall.exe", "/S")
        self.leg.wait(lambda: not self.place.exists(), f"removing {self.place.name}")
        old = older_setup(self.leg)
        self.leg.run(old, "/S", "/DESKTOP", "/NOASSOC", "/LANG=1031")
        stale = self.place / "_internal" / "of-an-older-version.txt"
        of_the_user = self.place / "of-the-user.txt"
        of_the_user.write_text("kept", encoding="ascii")
        self.mark.parent.mkdir(parents=True, exist_ok=True)
        self.mark.write_text("kept", encoding="ascii")
        if not stale.exists():
            raise Failed("the older version was not installed")
        self.leg.run(self.file, "/S", at_most_s=200)
        entry = self.leg.run("reg", "query", ENTRY)
        wrong = {
            "a file of the older version is still there": stale.exists(),
            "a file of the user is gone": not (self.mark.exists() and of_the_user.exists()),
            ".tagwerk files are opened, which was not wanted": has_key(self.leg, rf"HKCU\{KIND}"),
            "the link on the desktop is gone": not self.desktop.exists(),
            "it says the older number": OLDER in entry or version() not in entry,
            "the language is another": "1031" not in entry,
        }
        if any(wrong.values()):
            raise Failed("; ".join(said for said, is_so in wrong.items() if is_so))
        of_the_user.unlink()
        return self.leg.run(self.place / "tagwerk.exe", "--version").strip()

    def while_running(self) -> str:
        """Nothing is taken away from under a program that runs."""
        wine = self.leg.wine
        where = f"_?={wine.path(self.place)}"
        with running(self.leg, self.place / "tagwerk.exe"):
            codes = (
                wine.code(self.file, "/S", timeout_s=left_s(self.leg, 100)),
                wine.code(
                    self.place / "uninstall.exe", "/S", where, timeout_s=left_s(self.leg, 100)
                ),
            )
        if codes != (2, 2) or not (self.place / "_internal" / "modules.pyz").exists():
            raise Failed(f"setup and uninstall ended with {codes}")
        return "setup and uninstall refused with 2"

    def remove(self, *words: str) -> str:
        """The program goes, the user's data stays; with /DELETEDATA it goes as well."""
        self.mark.parent.mkdir(parents=True, exist_ok=True)
        self.mark.write_text("kept", encoding="ascii")
        self.leg.run(self.place / "uninstall.exe", "/S", *words)
        # It goes on from a copy of itself, since it cannot delete the file that it runs from.
        self.leg.wait(lambda: not self.place.exists(), f"removing {self.place.name}")
        self.leg.wait(lambda: not has_key(self.leg, ENTRY), "removing the entry")
        self.leg.wait(
            lambda: "/DELETEDATA" not in words or not self.mark.exists(), "deleting the data"
        )
        left = [
            key
            for key in (ENTRY, rf"HKCU\{KIND}", r"HKCU\Software\Classes\.tagwerk")
            if has_key(self.leg, key)
        ]
        if left or self.menu.exists():
            raise Failed(f"left behind: {left} {self.menu if self.menu.exists() else ''}")
        if not words and not self.mark.exists():
            raise Failed("the user's data is gone")
        return "nothing left, the user's data " + ("deleted" if words else "kept")

    def remove_all(self) -> str:
        """Install once more, and remove with the data."""
        self.leg.run(self.file, "/S", at_most_s=200)
        return self.remove("/DELETEDATA")


def setup(leg: Leg, file: Path) -> None:
    """All steps, in the order in which one needs what the other left."""
    tried = Setup(leg, file)
    leg.step("setup.exe into a folder of others", tried.stay_out)
    leg.step("setup.exe /S", tried.install)
    leg.step("its self test", lambda: self_test(leg, tried.place / "tagwerk.exe", "setup"))
    leg.step("setup.exe over an older version", tried.upgrade)
    leg.step("setup.exe while it runs", tried.while_running)
    leg.step("uninstall.exe /S", tried.remove)
    leg.step("uninstall.exe /S /DELETEDATA", tried.remove_all)
