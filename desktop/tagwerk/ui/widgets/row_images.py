"""Rows of a table as images: a row that did not change is copied, not painted again.

Copying a row costs a thirtieth of painting its cells. Only as many are kept as the largest picture had
rows, and a few, so memory is that of the screen they cover.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import islice

from PySide6.QtGui import QPainter, QPixmap

_SPARE = 16
"""Images kept beyond those of one picture, for rows that leave and come back."""


class _Image:
    """A row, and what it was painted with."""

    __slots__ = ("changing", "image", "marks")

    def __init__(self, marks: tuple[object, ...], changing: object, image: QPixmap) -> None:
        self.marks, self.changing, self.image = marks, changing, image


class RowImages:
    """Images by row id, each good for the `marks` it was made with."""

    def __init__(self) -> None:
        self._images: dict[int, _Image] = {}
        self._spare: list[QPixmap] = []
        self._used = 0
        self._look: Hashable = None
        self._size = (0, 0)
        self._scale = 1.0
        self._is_sharp = True
        self._most = 0
        self.made = 0
        """Rows that had to be painted, since the table was made."""

    def __len__(self) -> int:
        """How many rows are kept."""
        return len(self._images)

    @property
    def is_sharp(self) -> bool:
        """Whether rows are painted onto images, at their origin."""
        return self._is_sharp

    def clear(self) -> None:
        """Keep no row, nor any memory."""
        self._images.clear()
        self._spare.clear()

    def begin(self, width: int, height: int, scale: float, look: Hashable) -> None:
        """Begin a picture.

        Args:
            width, height: of a row, in device-independent pixels.
            scale: device pixel ratio.
            look: everything that all rows depend on; another one makes all images invalid.
        """
        if (width, height) != self._size or scale != self._scale or look != self._look:
            self.clear()
            self._most = 0
        self._size, self._scale, self._look = (width, height), scale, look
        self._used = 0
        # Rows that begin between two pixels of the screen cannot be copied sharply.
        self._is_sharp = (height * scale).is_integer()

    def draw(
        self,
        painter: QPainter,
        number: int,
        top: int,
        marks: tuple[object, ...],
        paint: Callable[[QPainter], None],
        changing: object = None,
        amend: Callable[[QPainter], None] | None = None,
    ) -> None:
        """Draw row `number` at `top`; `paint` makes it, at the origin and opaque, when its marks
        are new.

        Args:
            marks: what the row shows; compared by identity first, so pass the records themselves.
            changing: what a part of the row shows that changes by itself, as by the clock.
            amend: paints that part, over what was there, when it is another.
        """
        if not self._is_sharp:
            painter.save()
            painter.translate(0, top)
            paint(painter)
            if amend is not None:
                amend(painter)
            painter.restore()
            return
        kept = self._images.pop(number, None)
        if kept is None or kept.marks != marks:
            self.made += 1
            kept = self._make(self._blank(kept), marks, changing, paint, amend)
        elif kept.changing != changing:
            kept.changing = changing
            if amend is not None:
                with QPainter(kept.image) as inner:
                    amend(inner)
        # Behind all others: what stands in front has not been shown for longest.
        self._images[number] = kept
        self._used += 1
        painter.drawPixmap(0, top, kept.image)

    def _blank(self, old: _Image | None) -> QPixmap:
        """An image to paint on: the memory of one that nobody needs is taken first."""
        if old is not None:
            return old.image
        if self._spare:
            return self._spare.pop()
        width, height = self._size
        image = QPixmap(round(width * self._scale), round(height * self._scale))
        image.setDevicePixelRatio(self._scale)
        return image

    def _make(
        self,
        image: QPixmap,
        marks: tuple[object, ...],
        changing: object,
        paint: Callable[[QPainter], None],
        amend: Callable[[QPainter], None] | None,
    ) -> _Image:
        with QPainter(image) as inner:
            paint(inner)
            if amend is not None:
                amend(inner)
        return _Image(marks, changing, image)

    def end(self) -> None:
        """The picture is painted: let go of what has been out of sight for longest."""
        self._most = max(self._most, self._used)
        many = len(self._images) - self._most - _SPARE
        for number in list(islice(self._images, max(many, 0))):
            image = self._images.pop(number).image
            if len(self._spare) < _SPARE:
                self._spare.append(image)
