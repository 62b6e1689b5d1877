"""Tries the Debian package on a bare Debian: python3 installer/linux/try_deb.py FILE.deb [FOLDER].

As root. Makes a bare system with debootstrap (kept in FOLDER/bare for the next time), takes a copy of
it, and there: apt-get install, the self test as an ordinary user, pictures of the window drawn into
memory and on a virtual screen, what desktop and shells know, remove, purge; nothing may stay behind.
apt reaches Debian as it does on this machine. Ends with a table and exit code 0 or 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from installer.tools import ToolsMissing, bring  # noqa: E402 - this file is run by its path

RELEASE = "bookworm"
USER = "engineer"
TIMEOUT_S = 900
# How apt on this machine reaches Debian. Never its passwords (auth.conf): the copy is readable by all.
APT = ("sources.list", "sources.list.d", "apt.conf.d", "trusted.gpg.d")
# man keeps each page that was read.
MAN_CACHE = "/var/cache/man/"
NOT_LOOKED_AT = ("proc", "sys", "dev", "run", "home", "tmp")
SCREEN = ("xvfb", "xauth", "imagemagick", "desktop-file-utils", "shared-mime-info", "bash-completion",
          "zsh", "fish", "man-db")  # fmt: skip


class Failed(Exception):
    """A step did not go as it should; the text says how."""


@dataclass(slots=True)
class Bare:
    """A bare Debian in a folder, entered by chroot."""

    root: Path
    mounted: list[Path] = field(default_factory=list)

    def __enter__(self) -> Bare:
        for name, kind in (("proc", "proc"), ("dev", "tmpfs")):
            place = self.root / name
            subprocess.run(["mount", "-t", kind, kind, str(place)], check=True)
            self.mounted.append(place)
        for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
            device = self.root / "dev" / name
            os.mknod(device, 0o020666, os.makedev(1, minor))
            device.chmod(0o666)
        (self.root / "dev" / "fd").symlink_to("/proc/self/fd")
        shared = self.root / "dev" / "shm"
        shared.mkdir()
        shared.chmod(0o1777)
        return self

    def __exit__(self, *_: object) -> None:
        for place in reversed(self.mounted):
            subprocess.run(["umount", "--lazy", str(place)], check=False)

    def run(self, *words: str, user: str = "root", may_fail: bool = False) -> str:
        """Run a command inside; returns what it said on both outputs.

        Raises:
            Failed: it ended with another code than 0 or took too long.
        """
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root" if user == "root" else f"/home/{user}",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        command = ["chroot", *([] if user == "root" else [f"--userspec={user}"]), str(self.root)]
        try:
            done = subprocess.run(
                [*command, *words], env=environment, stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(words)} did not end within {TIMEOUT_S} s") from None
        if done.returncode and not may_fail:
            raise Failed(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def apt(self, *words: str) -> str:
        return self.run("apt-get", "-y", "-q", *words)

    def files(self) -> set[str]:
        """Names of all files and folders, but for the user's own and those of the kernel."""
        found = set()
        for folder, folders, names in os.walk(self.root):
            inside = f"/{Path(folder).relative_to(self.root)}".replace("/.", "/")
            if inside == "/":
                folders[:] = [name for name in folders if name not in NOT_LOOKED_AT]
            found |= {f"{inside.rstrip('/')}/{name}" for name in (*folders, *names)}
        return found


def make_bare(folder: Path) -> Path:
    """A bare system, made once.

    Raises:
        Failed: debootstrap failed.
    """
    bare = folder / "bare"
    if (bare / "etc" / "debian_version").exists():
        tell_apt(bare)
        return bare
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", RELEASE, str(bare)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        shutil.rmtree(bare, ignore_errors=True)
        raise Failed(f"debootstrap ended with {done.returncode}:\n{done.stdout[-2000:]}")
    tell_apt(bare)
    return bare


def tell_apt(bare: Path) -> None:
    """Let apt inside reach Debian as it does here."""
    (bare / "etc" / "apt" / "sources.list").unlink(missing_ok=True)
    for name in APT:
        source, target = Path("/etc/apt") / name, bare / "etc" / "apt" / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, target)
    shutil.copy2("/etc/resolv.conf", bare / "etc" / "resolv.conf")


def try_package(package: Path, folder: Path) -> list[tuple[str, str]]:
    """Every step in turn; returns what each found.

    Raises:
        Failed: at the first that did not go as it should.
    """
    bare = make_bare(folder)
    root = folder / "tried"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "--archive", str(bare), str(root)], check=True)
    shutil.copy2(package, root / "tmp" / package.name)
    rows: list[tuple[str, str]] = []
    with Bare(root) as system:
        steps: Sequence[tuple[str, Callable[[], str]]] = (
            ("apt-get update", lambda: system.apt("update") and "done"),
            ("install", lambda: install(system, package.name)),
            ("self test", lambda: self_test(system, folder)),
            ("picture drawn into memory", lambda: picture(system, folder, "offscreen.png")),
            ("desktop", lambda: desktop(system)),
            ("picture on a screen", lambda: picture_on_screen(system, folder)),
            ("shells", lambda: shells(system)),
            ("remove", lambda: remove(system, "remove")),
            ("install again", lambda: system.apt("install", f"/tmp/{package.name}") and "done"),
            ("purge", lambda: remove(system, "purge")),
        )
        for name, step in steps:
            rows.append((name, step()))
            print(f"{name}: {rows[-1][1]}", flush=True)
    shutil.rmtree(root)
    return rows


def install(system: Bare, name: str) -> str:
    system.run("useradd", "--create-home", USER)
    before = system.run("dpkg-query", "-W", "-f", "${Package}\n").split()
    system.apt("install", "--no-install-recommends", f"/tmp/{name}")
    added = set(system.run("dpkg-query", "-W", "-f", "${Package}\n").split()) - set(before)
    return f"{len(added)} packages, {system.run('tagwerk', '--version', user=USER).strip()}"


def self_test(system: Bare, folder: Path) -> str:
    system.run(
        "tagwerk", "--self-test", "--out", "/tmp/self-test.txt", "--screenshot", "/tmp/self-test.png",
        user=USER,
    )  # fmt: skip
    shutil.copy2(system.root / "tmp" / "self-test.png", folder / "self-test.png")
    text = (system.root / "tmp" / "self-test.txt").read_text(encoding="utf-8")
    (folder / "self-test.txt").write_text(text, encoding="utf-8")
    return f"passed\n{text}"


def _window(name: str) -> tuple[str, ...]:
    return ("tagwerk", "demo", "--settings", "/tmp/settings", "--lang", "de", "--size", "1440x900",
            "--screenshot", f"/tmp/{name}", "--quit-after", "15")  # fmt: skip


def picture(system: Bare, folder: Path, name: str) -> str:
    system.run(*_window(name), user=USER)
    shutil.copy2(system.root / "tmp" / name, folder / name)
    return str(folder / name)


def picture_on_screen(system: Bare, folder: Path) -> str:
    """The same on X11: needs Qt's xcb plugin and every library that it links."""
    name = "screen.png"
    system.run(
        "xvfb-run", "-a", "-s", "-screen 0 1440x900x24", "env", "QT_QPA_PLATFORM=xcb",
        *_window(name), user=USER,
    )  # fmt: skip
    shutil.copy2(system.root / "tmp" / name, folder / name)
    return str(folder / name)


def desktop(system: Bare) -> str:
    """What menus and file managers know; the tools for it are installed only now."""
    system.apt("install", "--no-install-recommends", *SCREEN)
    system.run("desktop-file-validate", "/usr/share/applications/tagwerk.desktop")
    associated = system.run("cat", "/usr/share/applications/mimeinfo.cache")
    if "application/x-tagwerk=tagwerk.desktop;" not in associated:
        raise Failed("the desktop does not open .tagwerk files with the program")
    if ":application/x-tagwerk:*.tagwerk" not in system.run("cat", "/usr/share/mime/globs2"):
        raise Failed("the MIME type of .tagwerk files is not known")
    page = system.run("man", "--pager=cat", "tagwerk")
    if "commissioning desk" not in page:
        raise Failed("there is no manual page")
    return f"menu entry, MIME type, association, manual page of {len(page.splitlines())} lines"


def shells(system: Bare) -> str:
    """What each shell offers for half a command."""
    bash = system.run(
        "bash", "-c",
        "source /usr/share/bash-completion/completions/tagwerk; COMP_WORDS=(tagwerk pro); COMP_CWORD=1; "
        '_tagwerk; echo "${COMPREPLY[@]}"',
    )  # fmt: skip
    fish = system.run("fish", "-c", "complete -C 'tagwerk pro'")
    system.run("zsh", "-n", "/usr/share/zsh/vendor-completions/_tagwerk")
    zsh = system.run(
        "zsh", "-c", "autoload -U compinit; compinit -D; echo ${_comps[tagwerk]}"
    )  # fmt: skip
    for shell, said, wanted in (
        ("bash", bash, "probe"),
        ("fish", fish, "probe"),
        ("zsh", zsh, "_tagwerk"),
    ):
        if wanted not in said:
            raise Failed(f"{shell} completes nothing: {said!r}")
    return "bash, zsh and fish complete"


def remove(system: Bare, how: str) -> str:
    """Everything that the package brought goes; the user's data stays."""
    listed = set(system.run("dpkg-query", "-L", "tagwerk").split("\n")) - {"", "/."}
    system.apt(how, "tagwerk")
    there = [name for name in sorted(listed) if os.path.lexists(f"{system.root}{name}")]
    # Folders that other packages have as well may stay.
    left = [
        name
        for name in there
        if "no path found" in system.run("dpkg-query", "-S", name, may_fail=True)
    ]
    left += [
        name for name in system.files() if "tagwerk" in name and not name.startswith(MAN_CACHE)
    ]
    if left:
        raise Failed(f"left behind: {left[:20]}")
    if "tagwerk" in system.run("dpkg-query", "-W", "-f", "${Package}\n"):
        raise Failed("dpkg still knows the package")
    for cache in ("applications/mimeinfo.cache", "mime/globs2"):
        if "tagwerk" in system.run("cat", f"/usr/share/{cache}", may_fail=True):
            raise Failed(f"{cache} still knows the program")
    return f"{len(listed) - len(there)} files and folders gone, nothing left"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=ROOT / "installer" / "build" / "try-deb"
    )
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("try_deb.py: chroot and mount need root", file=sys.stderr)
        return 2
    try:
        bring({"debootstrap": "debootstrap"})
        rows = try_package(options.package.resolve(), options.folder.resolve())
    except (Failed, ToolsMissing) as failed:
        print(f"try_deb.py: {failed}", file=sys.stderr)
        return 1
    print("\n".join(f"{'ok':<4}{name:<28}{said.splitlines()[0]}" for name, said in rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
