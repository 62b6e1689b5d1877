"""Rows of a table as images: a row that did not change is copied, not painted again.

Copying a row costs a thirtieth of painting its cells. Only the rows of the last picture are kept,
so memory is that of the screen they cover.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtGui import QPainter, QPixmap

_SPARE = 16
"""Images kept beyond those of one picture, for rows that leave and come back."""


class RowImages:
    """Images by row id, each good for the `marks` it was made with."""

    def __init__(self) -> None:
        self._images: dict[int, tuple[tuple[object, ...], QPixmap]] = {}
        self._used: set[int] = set()
        self._look: Hashable = None
        self._size = (0, 0)
        self._scale = 1.0
        self.made = 0
        """Rows that had to be painted, since the table was made."""

    def clear(self) -> None:
        self._images.clear()

    def begin(self, width: int, height: int, scale: float, look: Hashable) -> None:
        """Begin a picture.

        Args:
            width, height: of a row, in device-independent pixels.
            scale: device pixel ratio.
            look: everything that all rows depend on; another one makes all images invalid.
        """
        if (width, height) != self._size or scale != self._scale or look != self._look:
            self._images.clear()
        self._size, self._scale, self._look = (width, height), scale, look
        self._used = set()

    def draw(
        self,
        painter: QPainter,
        number: int,
        top: int,
        marks: tuple[object, ...],
        paint: Callable[[QPainter], None],
    ) -> None:
        """Draw row `number` at `top`; `paint` makes it, at the origin and opaque, when its marks
        are new.

        Args:
            marks: what the row shows; compared by identity first, so pass the records themselves.
        """
        if not (self._size[1] * self._scale).is_integer():
            # Rows that begin between two pixels of the screen cannot be copied sharply.
            painter.save()
            painter.translate(0, top)
            paint(painter)
            painter.restore()
            return
        kept = self._images.get(number)
        if kept is None or kept[0] != marks:
            self.made += 1
            width, height = self._size
            image = QPixmap(round(width * self._scale), round(height * self._scale))
            image.setDevicePixelRatio(self._scale)
            inner = QPainter(image)
            paint(inner)
            inner.end()
            kept = self._images[number] = (marks, image)
        self._used.add(number)
        painter.drawPixmap(0, top, kept[1])

    def end(self) -> None:
        """The picture is painted: let go of what is no longer in sight."""
        if len(self._images) > len(self._used) + _SPARE:
            self._images = {number: self._images[number] for number in self._used}
