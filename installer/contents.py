"""What goes into the folder and what stays out. Used by tagwerk.spec; plain data and functions.

What is left out was found by looking at the folder biggest first, and is held by the program's self
test: a folder that builds may still die at its start.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

# An entry of PyInstaller's lists: name inside the folder, source (of a link: its target), kind.
Entry = tuple[str, str, str]

# Modules that libraries would use if they were there, and that the program does without.
MODULES_LEFT_OUT = [
    "tkinter", "_tkinter", "turtle", "idlelib", "lib2to3", "ensurepip", "venv", "pydoc_data",
    "sqlite3", "_sqlite3", "readline", "curses", "_curses", "_curses_panel", "dbm", "_gdbm", "_dbm",
    "bz2", "_bz2", "lzma", "_lzma", "_uuid", "nis", "ossaudiodev", "spwd", "crypt", "_crypt",
    "PySide6.QtDBus", "PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets",
    "PySide6.QtTest", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtDesigner", "PySide6.QtHelp",
    "PySide6.QtSql", "PySide6.QtUiTools", "PySide6.QtXml", "PySide6.QtConcurrent",
    "PySide6.QtPrintSupport", "PyQt5", "PyQt6", "PySide2",
    "numpy.f2py", "numpy.testing", "numpy.distutils", "numpy._core._simd",
    "numpy._core._multiarray_tests", "numpy._core._umath_tests", "numpy._core._rational_tests",
    "numpy._core._operand_flag_tests", "numpy._core._struct_ufunc_tests",
    "matplotlib", "scipy", "pandas", "PIL", "lxml", "OpenGL", "IPython", "setuptools", "pip",
    "pkg_resources", "distutils", "_distutils_hack", "pytest", "_pytest", "hypothesis", "mypy",
    "pygments", "rich", "click", "uvloop", "gunicorn", "trio", "brotli", "brotlicffi",
    "socksio", "h2", "gql", "websockets", "defusedxml", "yaml",
]  # fmt: skip
if sys.version_info >= (3, 12):
    # Gone from the standard library; PyInstaller makes it a second name of setuptools' own copy,
    # which is left out already, and fails when the name itself is left out.
    MODULES_LEFT_OUT.remove("distutils")

# PyInstaller's own code before the program's first line, on Linux 90 ms of it: it imports Qt even for
# `tagwerk --version`, and it would hand Qt's plugins here to every program started from ours. PySide6
# finds its plugins by itself; the others mend what the program does not use.
STARTS_LEFT_OUT = (
    "pyi_rth_inspect", "pyi_rth_multiprocessing", "pyi_rth_pyside6", "pyi_rth_cryptography_openssl",
)  # fmt: skip

# Parts of Qt that PyInstaller brings along with QtGui and QtWidgets. Pictures are PNG (part of
# QtGui), SVG and ICO; the window is drawn by the processor, so no way to OpenGL is needed; QtNetwork
# only lets a second start find the first, without TLS.
FILES_LEFT_OUT = re.compile(
    r"plugins/(egldeviceintegrations|generic|networkinformation|printsupport|qmltooling|sqldrivers"
    r"|tls|vectorimageformats|wayland-graphics-integration-(client|server)|xcbglintegrations)/"
    r"|plugins/platforms/(lib)?q(eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc|direct2d)\b"
    r"|plugins/platformthemes/libqgtk3|plugins/platforminputcontexts/\w*virtualkeyboard"
    r"|plugins/imageformats/(lib)?q(gif|icns|jpeg|pdf|tga|tiff|wbmp|webp)\b"
    r"|opengl32sw|d3dcompiler"
    r"|Qt6?(OpenGL|OpenGLWidgets|Qml\w*|Quick\w*|VirtualKeyboard\w*|EglF[Ss]\w*|Pdf|Test"
    r"|PrintSupport)\b"
    r"|\.pyi$|/typesystems/|/glue/|/py\.typed$|/include/"
)
# Of Qt's own texts only those of its windows, in the languages that the program speaks.
TEXTS_KEPT = re.compile(r"/translations/qtbase_(de)\.qm$")

# Linux: libraries that the system provides, and the Debian package of each. They belong to the
# computer's screen, drivers and settings; another version beside them would be the wrong one
# (drivers for the screen link the system's newer libstdc++, fonts are found by its fontconfig).
# All else that is linked lies in the folder: the small xcb libraries are missing on many desktops.
SYSTEM_LIBRARIES = {
    "ld-linux-x86-64.so.2": "libc6", "libc.so.6": "libc6", "libm.so.6": "libc6",
    "libdl.so.2": "libc6", "libpthread.so.0": "libc6", "librt.so.1": "libc6",
    "libutil.so.1": "libc6", "libresolv.so.2": "libc6",
    "libgcc_s.so.1": "libgcc-s1", "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g", "libzstd.so.1": "libzstd1",
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6", "libX11-xcb.so.1": "libx11-xcb1", "libxcb.so.1": "libxcb1",
    "libxcb-randr.so.0": "libxcb-randr0", "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0", "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1", "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libfontconfig.so.1": "libfontconfig1", "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3", "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libbrotlidec.so.1": "libbrotli1", "libbrotlicommon.so.1": "libbrotli1",
    "libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0",
}  # fmt: skip


def program_modules(source: Path) -> list[str]:
    """Every module of the package below `source`: panels and commands are imported by name, late."""
    names = []
    for path in sorted((source / "tagwerk").rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def is_wanted(entry: Entry) -> bool:
    """Whether a file is needed on any system."""
    name = entry[0].replace("\\", "/")
    if FILES_LEFT_OUT.search(name):
        return False
    return "/translations/" not in name or bool(TEXTS_KEPT.search(name))


def wanted(entries: Iterable[Entry]) -> list[Entry]:
    """What is needed of PyInstaller's list, in the same order."""
    return [entry for entry in entries if is_wanted(entry)]


def without_orphans(
    entries: Sequence[Entry], needed: Callable[[Path], Iterable[str]]
) -> list[Entry]:
    """On Linux: leave out what the system provides and what nothing that is left links.

    Args:
        entries: binaries, the wanted ones.
        needed: names of the libraries that a file links (``linux.elf.needed``).

    Raises:
        ValueError: a library is linked that is neither in the folder nor the system's.
    """
    offered = {
        PurePosixPath(name).name: (name, source)
        for name, source, kind in entries
        if kind != "SYMLINK"
    }
    # What was only brought because another file links it lies at the top of the folder, or is a
    # library of Qt; extension modules and plugins are there because they were asked for.
    waiting = [entry for entry in entries if entry[2] != "SYMLINK" and not _is_library(entry[0])]
    kept = {name for name, _, _ in waiting}
    todo = [(name, source) for name, source, _ in waiting]
    missing = set()
    while todo:
        name, source = todo.pop()
        for library in needed(Path(source)):
            if library in SYSTEM_LIBRARIES:
                continue
            if library not in offered:
                missing.add(f"{library} (for {name})")
            elif offered[library][0] not in kept:
                kept.add(offered[library][0])
                todo.append(offered[library])
    if missing:
        raise ValueError(f"linked, but neither in the folder nor the system's: {sorted(missing)}")
    return [
        entry
        for entry in entries
        if entry[0] in kept or (entry[2] == "SYMLINK" and _target(entry) in kept)
    ]


def _is_library(name: str) -> bool:
    path = PurePosixPath(name)
    if path.name.startswith("libpython"):  # linked by nothing: the program loads it itself
        return False
    at_top = len(path.parts) == 1 and ".cpython-" not in path.name and ".abi3" not in path.name
    return at_top or name.startswith("PySide6/Qt/lib/")


def _target(entry: Entry) -> str:
    """Where a link inside the folder points, as a name inside the folder."""
    folder = PurePosixPath(entry[0]).parent
    parts: list[str] = []
    for part in (folder / entry[1]).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
