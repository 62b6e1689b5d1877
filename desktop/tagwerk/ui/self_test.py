"""Steps of the self test that need Qt: the screen, fonts, icons, translations, the picture.

Raise `TagwerkError`s that name the thing and the cure. Called by `tagwerk.self_test`, which brings
the program up; nothing of this belongs to the window.
"""

from __future__ import annotations

import ctypes
import os
import string
import sys
from pathlib import Path

import PySide6
from PySide6.QtCore import QCoreApplication, QLibraryInfo, qVersion
from PySide6.QtGui import QFontDatabase, QFontInfo, QGuiApplication, QImage, QPixmap

from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.resources import resource
from tagwerk.ui.i18n import LANGUAGES, language, read_table, set_language
from tagwerk.ui.theme import FONT_FILES, MONO_FILE, icon, theme

LEAST_SENTENCES = 1000
LEAST_ICONS = 60
LEAST_COLOURS = 40
_STEP_PX = 7
_QT_WORDS = ("QPlatformTheme", "Cancel")


class Unfit(TagwerkError):
    """Something that the window needs is missing or broken."""


def qt_versions() -> tuple[str, str]:
    """Of the Qt that is loaded, and of its Python part."""
    return qVersion(), PySide6.__version__


def find_screen() -> str:
    """The platform that Qt can use here; sets it to memory where there is no screen at all.

    To be called before there is an application: Qt ends the whole process where a library of its
    platform is missing, so that is looked at here first.

    Raises:
        Unfit: there is a screen, and it cannot be used. Drawing goes on in memory.
    """
    chosen = os.environ.get("QT_QPA_PLATFORM")
    if chosen or not sys.platform.startswith("linux"):
        return (chosen or "").partition(":")[0]
    if os.environ.get("WAYLAND_DISPLAY"):
        return ""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if not os.environ.get("DISPLAY"):
        return "offscreen"
    _look_at_x11()
    del os.environ["QT_QPA_PLATFORM"]
    return ""


def _look_at_x11() -> None:
    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    try:
        ctypes.CDLL(str(plugins / "platforms" / "libqxcb.so"))
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as problem:
        raise Unfit(
            "Qt cannot use the screen: {said}",
            cure="Install the library that is named; on Debian: apt-get install libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0.",
            said=str(problem),
        ) from problem
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if refused:
        raise Unfit(
            "The screen {name} does not answer.",
            cure="Start it on the desktop of a user who is signed in, or without DISPLAY.",
            name=os.environ.get("DISPLAY", ""),
        )


def screen_in_use() -> Message:
    """The platform, size and scale of the screen that Qt took."""
    screen = QGuiApplication.primaryScreen()
    size = screen.size()
    return message(
        "{platform}, {width} × {height}, scale {scale}",
        platform=QGuiApplication.platformName(),
        width=size.width(),
        height=size.height(),
        scale=f"{screen.devicePixelRatio():g}",
    )


def fonts() -> Message:
    """The bundled fonts load, and texts are drawn with them."""
    families: set[str] = set()
    for name in (*FONT_FILES, MONO_FILE):
        number = QFontDatabase.addApplicationFont(str(resource("fonts", name)))
        if number < 0:
            raise Unfit(
                "The font {name} does not load.",
                cure="The package is not complete: install the program anew.",
                name=name,
            )
        families |= set(QFontDatabase.applicationFontFamilies(number))
    used = {QFontInfo(theme().font()).family(), QFontInfo(theme().font(mono=True)).family()}
    if not used <= families:
        raise Unfit(
            "Texts are drawn with {used} instead of {bundled}.",
            cure="The package is not complete: install the program anew.",
            used=", ".join(sorted(used)),
            bundled=", ".join(sorted(families)),
        )
    return message("{names}", names=", ".join(sorted(used)))


def icons() -> Message:
    """Every icon can be drawn and is not empty."""
    names = sorted(path.stem for path in resource("icons").glob("*.svg"))
    empty = [name for name in names if _is_empty(icon(name).pixmap(16, 16))]
    if empty or len(names) < LEAST_ICONS:
        raise Unfit(
            "{count} icons; cannot be drawn: {names}",
            cure="The package is not complete: install the program anew.",
            count=len(names),
            names=", ".join(empty[:8]) or "–",
        )
    return message("{count} icons", count=len(names))


def _is_empty(pixmap: QPixmap) -> bool:
    image = pixmap.toImage()
    return not any(
        image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height())
    )


def translations() -> Message:
    """Both languages are whole, and Qt's own German words are there."""
    count = 0
    for path in sorted(resource("i18n", "de").glob("*.toml")):
        for english, german in read_table(path).items():
            count += 1
            if not german or _places(english) != _places(german):
                raise _not_translated(f"{path.name}: {english}")
    if count < LEAST_SENTENCES:
        raise _not_translated(f"{count}")
    before = language()
    try:
        set_language("en")
        english = QCoreApplication.translate(*_QT_WORDS)
        set_language("de")
        german = QCoreApplication.translate(*_QT_WORDS)
    finally:
        set_language(before)
    if (english, german) != ("Cancel", "Abbrechen"):
        raise Unfit(
            "Qt's own words are not there in German (qtbase_de).",
            cure="The package is not complete: install the program anew.",
        )
    return message(
        "{languages}: {count} sentences; Qt: {word}",
        languages=", ".join(LANGUAGES),
        count=count,
        word=f"{english} = {german}",
    )


def _not_translated(what: str) -> Unfit:
    return Unfit(
        "The German sentences are not whole: {what}",
        cure="The package is not complete: install the program anew.",
        what=what,
    )


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def look_at_picture(image: QImage, least: int = LEAST_COLOURS) -> Message:
    """A picture of the window shows something: many colours, not one.

    Raises:
        Unfit: it is empty.
    """
    colours = {
        image.pixel(x, y)
        for x in range(0, image.width(), _STEP_PX)
        for y in range(0, image.height(), _STEP_PX)
    }
    if len(colours) < least:
        raise Unfit(
            "The picture of the window is empty: {count} colours.",
            cure="Update the driver of the graphics adapter, or start with QT_OPENGL=software.",
            count=len(colours),
        )
    return message(
        "{width} × {height}, {count} colours",
        width=image.width(),
        height=image.height(),
        count=len(colours),
    )
