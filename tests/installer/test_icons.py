"""The icons of the installers are what the mark is now, in every size that is asked for."""

import struct
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ICONS = ROOT / "installer" / "icons"
sys.path.insert(0, str(ROOT))

pytestmark = pytest.mark.ui


MOST_DIFFERENCE = 8
"""Of 255: processors round colours differently."""


def difference(one, other):
    """The largest difference of any colour of any pixel."""
    import numpy as np
    from PySide6.QtGui import QImage

    assert one.size() == other.size()
    # Kept while their bytes are read: those belong to them.
    images = [i.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied) for i in (one, other)]
    pixels = [np.frombuffer(bytes(i.constBits()), np.uint8).astype(np.int16) for i in images]
    return int(np.abs(pixels[0] - pixels[1]).max())


@pytest.fixture
def make(qapp):
    from installer.icons import make

    return make


def test_the_picture_beside_setup_s_last_page_has_the_size_that_nsis_wants(make):
    from PySide6.QtGui import QImage

    on_disk = QImage(str(ICONS / "tagwerk-side.bmp"))
    assert (on_disk.width(), on_disk.height()) == (164, 314)
    assert difference(on_disk, QImage.fromData(make.side_picture())) <= MOST_DIFFERENCE


@pytest.mark.parametrize("name", ["tagwerk", "tagwerk-file"])
def test_pictures_on_disk_are_the_drawing(make, name):
    from PySide6.QtGui import QImage

    assert (ICONS / f"{name}.svg").read_bytes() == (make.MARKS / f"{name}.svg").read_bytes()
    for side in make.PNG_SIZES:
        kept = QImage(str(ICONS / f"{name}-{side}.png")).convertToFormat(
            QImage.Format.Format_ARGB32
        )
        assert kept == make.draw(name, side), f"run installer/icons/make.py: {name}-{side}.png"


@pytest.mark.parametrize("name", ["tagwerk", "tagwerk-file"])
def test_windows_icon_has_every_size_in_its_directory(make, name):
    content = (ICONS / f"{name}.ico").read_bytes()
    _, kind, count = struct.unpack_from("<HHH", content)
    assert (kind, count) == (1, len(make.ICO_SIZES))
    end = 6 + 16 * count
    for index, side in enumerate(make.ICO_SIZES):
        width, height, _, _, _, bits, length, offset = struct.unpack_from(
            "<BBBBHHII", content, 6 + 16 * index
        )
        assert (width or 256, height or 256, bits, offset) == (side, side, 32, end)
        end += length
    assert end == len(content)


def test_the_icon_is_read_back_as_it_was_drawn(make):
    from PySide6.QtGui import QImageReader

    reader = QImageReader(str(ICONS / "tagwerk.ico"))
    for index, side in enumerate(make.ICO_SIZES):
        assert reader.jumpToImage(index)
        assert difference(reader.read(), make.draw("tagwerk", side)) <= MOST_DIFFERENCE


def test_the_window_has_the_same_mark(make):
    from tagwerk.ui.mark import ICON_SIZES, window_icon

    icon = window_icon()
    assert [size.width() for size in icon.availableSizes()] == list(ICON_SIZES)
    for side in (16, 32, 64, 256):
        shown = icon.pixmap(side, side).toImage()
        assert difference(shown, make.draw("tagwerk", side)) <= MOST_DIFFERENCE
