"""Cells of painted rows as small images: a text that comes again is copied, not drawn.

Copying a cell costs a tenth of drawing its letters, and most letters of a table repeat: a class, an
area, a dash, and all of "Motor 000123: winding too hot" but the number. So what is kept is a text's
shape, in which digits that are equally wide are alike; the words with digits are drawn over the
copy, from letters that were laid out once. The pictures are the same as those of `TextCell` and
`MomentCell`, by which the strips are made. Used by painters of rows that are kept as images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, floor
from typing import Protocol

from PySide6.QtCore import QPointF
from PySide6.QtGui import (
    QColor,
    QFont,
    QGlyphRun,
    QPainter,
    QPixmap,
    QTextLayout,
    QTextOption,
)

from tagwerk.ui.widgets.cut_text import CutText

_MOST_BYTES = 8_000_000
_RECENT = 128
_OFTEN_ENOUGH = 3
"""What has not come so often among `_RECENT` others is not worth an image."""
_MOST_KEPT = 1_024
_WIDEST_UNIT = 4
"""Cells leave so many pixels free between their texts."""
_DIGITS = "0123456789"


def pixels_that_fit(scale: float) -> int:
    """The least number of pixels of the window that are whole pixels of the screen; 0: too many."""
    fitting = (unit for unit in range(1, _WIDEST_UNIT + 1) if (unit * scale).is_integer())
    return next(fitting, 0)


class Letters:
    """Glyphs of one font, as Qt shapes them.

    Args:
        font: whose.
    """

    def __init__(self, font: QFont) -> None:
        self._font = font
        self.same: dict[int, str] = {}
        """For `str.translate`: digits that can stand for each other become zero."""
        self.glyphs: dict[str, int] = {}
        """Of those digits."""
        found = self.laid_out(_DIGITS)
        if found is None or len(set(found[0])) != len(_DIGITS):
            return
        wide = [self._width(digit) for digit in _DIGITS]
        for digit, glyph, width in zip(_DIGITS, found[0], wide, strict=True):
            if width == wide[0]:
                self.same[ord(digit)] = "0"
                self.glyphs[digit] = glyph

    def _width(self, digit: str) -> float:
        found = self.laid_out(digit + "0")
        return found[1][1] if found is not None else 0.0

    def _runs(self, text: str) -> list[QGlyphRun]:
        layout = QTextLayout(text, self._font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setFlags(QTextOption.Flag.IncludeTrailingSpaces)
        layout.setTextOption(option)
        layout.beginLayout()
        layout.createLine().setNumColumns(len(text))
        layout.endLayout()
        return layout.glyphRuns(0, -1, QTextLayout.GlyphRunRetrievalFlag.RetrieveAll)

    def laid_out(self, text: str) -> tuple[list[int], list[float], QGlyphRun] | None:
        """Glyph and place of each letter; None where letters and glyphs are not one to one from
        left to right in one font."""
        runs = self._runs(text)
        if len(runs) != 1 or runs[0].isRightToLeft():
            return None
        if list(runs[0].stringIndexes()) != list(range(len(text))):
            return None
        places = [place.x() for place in runs[0].positions()]
        return list(runs[0].glyphIndexes()), places, runs[0]


@dataclass(slots=True)
class _Strip:
    """A cell's image, and what is drawn over it.

    Args:
        left: of the image, in the row.
        run: the letters drawn over it, None where there are none.
        glyphs: of `run`, with zeros for the digits.
        digits: (place in `glyphs`, place in the text).
        at: of `run`.
    """

    left: int
    image: QPixmap
    run: QGlyphRun | None
    glyphs: list[int]
    digits: list[tuple[int, int]]
    at: QPointF


@dataclass(frozen=True, slots=True)
class Number:
    """A text with digits as its column draws it.

    Args:
        shown: what of it has room, from the left edge `left`.
        skipped: so many letters of the text stand before what is shown.
        left: where `shown` begins.
        first: what stands before this place of it is the same in all texts of the shape.
        before: draws what stands left of it.
    """

    shown: str
    skipped: int
    left: float
    first: int = 0
    before: Callable[[QPainter], None] | None = None


class Column(Protocol):
    """How a column is painted without strips. A `look` is everything but the text that a cell
    depends on; odd ones are bold."""

    ink: QColor
    """Of texts with digits."""
    first: int
    """Digits before this place of a text belong to its shape."""
    is_kept: bool
    """Few texts that come again and again; digits in them are letters."""

    def ground(self, painter: QPainter, look: int) -> None:
        """Paint what is below the text."""

    def draw(self, painter: QPainter, text: str, look: int) -> None:
        """Draw the text."""

    def number(self, text: str, look: int) -> Number | None:
        """How it is drawn; None when that depends on its digits."""


class Strips:
    """What the strips of all columns share; `dress` after a change of the theme, `plan` when
    columns, colours or the scale of the screen are others."""

    def __init__(self, cut: CutText) -> None:
        self.cut = cut
        self.letters: dict[int, Letters] = {}
        self.scale = 1.0
        self.height = self.unit = 0
        self._columns: list[CellStrips] = []

    def dress(self) -> None:
        """Take over the fonts of the theme."""
        self.letters = {weight: Letters(self.cut.font(weight)) for weight in (400, 600)}

    def plan(self, height: int, scale: float) -> None:
        """Rows of that height on a screen of that scale; columns are made anew after it."""
        self.height, self.scale, self.unit = height, scale, pixels_that_fit(scale)
        self._columns = []

    def column(self, column: Column, at: int, width: int) -> CellStrips:
        """For the cells of one column."""
        made = CellStrips(self, column, at, width)
        self._columns.append(made)
        return made

    @property
    def kept_bytes(self) -> int:
        """Memory of all images."""
        return sum(column.kept_bytes for column in self._columns)

    def keep_bound(self) -> None:
        """Another image is kept; when they become too many, the column with most begins anew."""
        if self.kept_bytes > _MOST_BYTES:
            max(self._columns, key=lambda column: column.kept_bytes).clear()


class CellStrips:
    """Strips of one column.

    Args:
        strips: what is common to all columns.
        column: how it is painted without.
        at, width: of its cells.
    """

    __slots__ = ("_column", "_kept", "_left", "_recent", "_right", "_strips", "kept_bytes")

    def __init__(self, strips: Strips, column: Column, at: int, width: int) -> None:
        self._strips, self._column = strips, column
        unit = max(strips.unit, 1)
        self._left = floor(at / unit) * unit
        self._right = ceil((at + width) / unit) * unit
        self._kept: dict[tuple[str, int], _Strip | None] = {}
        self._recent: dict[tuple[str, int], int] = {}
        self.kept_bytes = 0
        """Memory of the images."""

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        self._kept.clear()
        self.kept_bytes = 0

    def draw(self, painter: QPainter, text: str, look: int) -> None:
        """Draw a cell onto its ground, in a row whose upper left corner is the origin."""
        column, letters = self._column, self._strips.letters[600 if look & 1 else 400]
        if column.is_kept:
            shape = text
        elif column.first:
            shape = text[: column.first] + text[column.first :].translate(letters.same)
        else:
            shape = text.translate(letters.same)
        key = (shape, look)
        strip = self._kept.get(key) or self._made(key, text, letters)
        if strip is None:
            column.draw(painter, text, look)
            return
        painter.drawPixmap(strip.left, 0, strip.image)
        run = strip.run
        if run is not None:
            glyphs, glyph_of = strip.glyphs.copy(), letters.glyphs
            for place, letter in strip.digits:
                glyphs[place] = glyph_of[text[letter]]
            run.setGlyphIndexes(glyphs)
            painter.setPen(column.ink)
            painter.drawGlyphRun(strip.at, run)

    def _made(self, key: tuple[str, int], text: str, letters: Letters) -> _Strip | None:
        """A strip for a text that comes again; None when it is to be drawn as it is."""
        if not self._strips.unit or key in self._kept:
            return None
        column, look = self._column, key[1]
        if not column.is_kept and not self._is_often(key):
            return None
        if len(self._kept) >= _MOST_KEPT:
            self.clear()
        strip: _Strip | None
        if column.is_kept or not any(map(letters.glyphs.__contains__, text)):
            strip = self._image(look, lambda painter: column.draw(painter, text, look))
        else:
            strip = self._with_digits(text, look, letters)
        self._kept[key] = strip
        if strip is not None:
            self.kept_bytes += strip.image.width() * strip.image.height() * 4
            self._strips.keep_bound()
        return strip

    def _is_often(self, key: tuple[str, int]) -> bool:
        """Whether that was seen often enough lately, with this time."""
        seen = self._recent.pop(key, 0) + 1
        if seen >= _OFTEN_ENOUGH:
            return True
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[key] = seen
        return False

    def _image(self, look: int, draw: Callable[[QPainter], None]) -> _Strip:
        scale, height = self._strips.scale, self._strips.height
        width = self._right - self._left
        image = QPixmap(round(width * scale), round(height * scale))
        image.setDevicePixelRatio(scale)
        with QPainter(image) as painter:
            painter.translate(-self._left, 0)
            self._column.ground(painter, look)
            painter.setFont(self._strips.cut.font(600 if look & 1 else 400))
            draw(painter)
        return _Strip(self._left, image, None, [], [], QPointF())

    def _with_digits(self, text: str, look: int, letters: Letters) -> _Strip | None:
        number = self._column.number(text, look)
        found = letters.laid_out(number.shown) if number is not None else None
        if number is None or found is None:
            return None
        glyphs, places, run = found
        moving = _moving(number, letters)
        digits = [place for place in moving if number.shown[place] in letters.glyphs]
        if any(glyphs[place] != letters.glyphs[number.shown[place]] for place in digits):
            return None  # drawn in another way beside these letters
        at = QPointF(number.left, self._strips.cut.base)

        def choose(chosen: Iterable[int]) -> None:
            run.setGlyphIndexes([glyphs[place] for place in chosen])
            run.setPositions([QPointF(places[place], 0) for place in chosen])

        def draw(painter: QPainter) -> None:
            if number.before is not None:
                number.before(painter)
            painter.setPen(self._column.ink)
            painter.drawGlyphRun(at, run)

        choose([place for place in range(len(glyphs)) if place not in moving])
        strip = self._image(look, draw)
        choose(moving)
        strip.run, strip.at = run, at
        strip.glyphs = [glyphs[place] for place in moving]
        strip.digits = [
            (index, place + number.skipped)
            for index, place in enumerate(moving)
            if number.shown[place] in letters.glyphs
        ]
        return strip


def _moving(number: Number, letters: Letters) -> list[int]:
    """Places of the words with digits: neighbours in a word may overlap, words do not."""
    if number.first:
        return list(range(number.first, len(number.shown)))
    moving: list[int] = []
    begin = 0
    for word in number.shown.split(" "):
        if any(letter in letters.glyphs for letter in word):
            moving.extend(range(begin, begin + len(word)))
        begin += len(word) + 1
    return moving
