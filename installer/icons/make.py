"""Draw the program's icons from its mark: python3 installer/icons/make.py.

The mark is drawn once, in ``resources/mark`` (the window draws it from there), with a second, plainer
drawing for sizes at which the first would blur. This script writes the files beside itself that
installers and desktops want: PNGs, Windows' ``.ico`` and the scalable drawings. The same Qt gives the
same bytes. Run by hand when the mark changes; the results are kept in the repository, so that a
build needs no Qt to have icons.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QPoint
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
MARKS = HERE.parents[1] / "resources" / "mark"
NAMES = ("tagwerk", "tagwerk-file")
PNG_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
# 20 and 40 are what Windows asks for at 125 and 250 %.
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
SIDE_SIZE, SIDE_MARK, SIDE_TOP = (164, 314), 112, 40
"""Of the picture on the setup program's last page, of the mark in it, and of the space above it."""
LARGEST_SMALL = 32
"""Up to this side in pixels the plain drawing is sharper."""
LARGEST_BITMAP = 64
"""Up to this side an ``.ico`` holds bitmaps, which every tool reads; above, PNGs keep it small."""


def draw(name: str, side: int) -> QImage:
    """The mark `name` as a picture of `side` × `side` pixels."""
    suffix = "-small" if side <= LARGEST_SMALL else ""
    renderer = QSvgRenderer(str(MARKS / f"{name}{suffix}.svg"))
    image = QImage(side, side, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return image


def as_png(image: QImage) -> bytes:
    """A picture as the bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub wants bytes, Qt text
    return bytes(buffer.data().data())


def side_picture() -> bytes:
    """The mark on its own ground, as the bitmap that NSIS shows beside its last page."""
    mark = draw("tagwerk", SIDE_MARK)
    width, height = SIDE_SIZE
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(mark.pixelColor(SIDE_MARK // 6, SIDE_MARK // 6))
    painter = QPainter(image)
    painter.drawImage(QPoint((width - SIDE_MARK) // 2, SIDE_TOP), mark)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    plain = image.convertToFormat(QImage.Format.Format_Indexed8)
    plain.save(buffer, "BMP")  # type: ignore[call-overload]  # the stub wants bytes, Qt text
    return bytes(buffer.data().data())


def as_bitmap(image: QImage) -> bytes:
    """A picture as an icon's bitmap: header, BGRA from the bottom up, an empty one-bit mask."""
    side = image.width()
    mask = bytes((side + 31) // 32 * 4 * side)
    header = struct.pack("<IiiHHIIiiII", 40, side, 2 * side, 1, 32, 0, 0, 0, 0, 0, 0)
    content = bytes(image.constBits())
    width = 4 * side
    rows = [content[start : start + width] for start in range(0, len(content), width)]
    return header + b"".join(reversed(rows)) + mask


def as_ico(images: list[QImage]) -> bytes:
    """Pictures as one Windows icon: directory first, then the pictures."""
    parts = [as_bitmap(i) if i.width() <= LARGEST_BITMAP else as_png(i) for i in images]
    offset = 6 + 16 * len(parts)
    directory = struct.pack("<HHH", 0, 1, len(parts))
    for image, part in zip(images, parts, strict=True):
        side = image.width() % 256  # 256 is written as 0
        directory += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(part), offset)
        offset += len(part)
    return directory + b"".join(parts)


def files() -> dict[str, bytes]:
    """Every icon file by name. Needs a QGuiApplication."""
    made: dict[str, bytes] = {}
    for name in NAMES:
        made[f"{name}.svg"] = (MARKS / f"{name}.svg").read_bytes()
        for side in PNG_SIZES:
            made[f"{name}-{side}.png"] = as_png(draw(name, side))
        made[f"{name}.ico"] = as_ico([draw(name, side) for side in ICO_SIZES])
    made["tagwerk-side.bmp"] = side_picture()
    return made


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication(sys.argv[:1])
    for name, content in files().items():
        (HERE / name).write_bytes(content)
    application.quit()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
