"""Texts cut to the width of a cell, drawn fast: for painters of tables.

Measuring and laying out a text costs more than drawing it. A text that comes again and again (an
area, a dash) is laid out once and kept; one that is new with each row is drawn as it is, after a
look at the widths of its letters has shown that it fits.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText

from tagwerk.ui.theme import theme

_KEPT = 2048
_ELLIPSIS = "…"
_WIDE = "WM@%m"
_SURE = 0.98
"""Letters beside each other may be a little narrower or wider than one by one."""


class _Widths(dict[str, float]):
    """Width of each letter, measured when it is met first."""

    def __init__(self, metrics: QFontMetricsF) -> None:
        super().__init__()
        self._metrics = metrics

    def __missing__(self, letter: str) -> float:
        width = self[letter] = self._metrics.horizontalAdvance(letter)
        return width


class CutText:
    """Draws texts in the theme's body size; `dress` after a change of the theme, then `begin`."""

    def __init__(self) -> None:
        self._fonts: dict[int, tuple[QFont, QFontMetricsF]] = {}
        self._widths: dict[int, _Widths] = {}
        self._kept: dict[tuple[str, int, int, bool], tuple[QStaticText, float]] = {}
        self._painter: QPainter
        self._weight = 0
        self._top = self._base = 0.0
        self.widest = 1.0
        """Width of the widest ASCII letter: so many of them have room without being measured."""

    def dress(self) -> None:
        """Take over fonts and measures of the theme."""
        tokens = theme()
        self._kept.clear()
        self._fonts = {
            weight: (tokens.font(13, weight), tokens.metrics(13, weight)) for weight in (400, 600)
        }
        self._widths = {weight: _Widths(pair[1]) for weight, pair in self._fonts.items()}
        self.widest = max(widths[letter] for widths in self._widths.values() for letter in _WIDE)
        metrics = self._fonts[400][1]
        self._top = round((tokens.row_height - 1 - metrics.height()) / 2)
        self._base = self._top + metrics.ascent()

    def begin(self, painter: QPainter) -> None:
        """Draw with this painter from now on, whatever font it has."""
        self._painter, self._weight = painter, 0

    def draw(
        self,
        text: str,
        at: int,
        room: int,
        top: int,
        weight: int = 400,
        *,
        right: bool = False,
        tail: bool = False,
        often: bool = False,
    ) -> None:
        """Draw a text into a cell, in the painter's pen.

        Args:
            at, room: left edge and width of the cell.
            top: upper edge of the row.
            right: numbers stand on the right.
            tail: the end of the text matters more than its beginning.
            often: the same text will come again.
        """
        if weight != self._weight:
            self._weight = weight
            self._painter.setFont(self._fonts[weight][0])
        if often:
            laid_out, width = self.layout(text, room, weight, tail=tail)
            left = at + room - width if right else at
            self._painter.drawStaticText(QPointF(left, top + self._top), laid_out)
            return
        text, width = self.fitted(text, room, weight, tail=tail)
        left = at + room - width if right else float(at)
        self._painter.drawText(QPointF(left, top + self._base), text)

    # For plans of cells, which keep what `draw` would work out anew for each text.

    @property
    def top(self) -> float:
        """How far below a row's upper edge a laid out text begins."""
        return self._top

    @property
    def base(self) -> float:
        """How far below a row's upper edge the letters stand."""
        return self._base

    def font(self, weight: int) -> QFont:
        """The font of all texts of that weight; not to be changed."""
        return self._fonts[weight][0]

    def fitted(
        self, text: str, room: int, weight: int = 400, *, tail: bool = False
    ) -> tuple[str, float]:
        """What of a text has room, and its width."""
        width = self._width(text, weight)
        if width > room * _SURE:
            return self._cut_by_letters(text, room, weight, tail, width)
        return text, width

    def laid_out(self, text: str, weight: int = 400) -> QStaticText:
        """A text that is cut already, laid out and not kept here."""
        laid_out = QStaticText(text)
        laid_out.setTextFormat(Qt.TextFormat.PlainText)
        laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        laid_out.prepare(font=self._fonts[weight][0])
        return laid_out

    def is_cut(self, text: str, room: int, weight: int = 400) -> bool:
        """Whether the text has to be cut to fit."""
        return self._fonts[weight][1].horizontalAdvance(text) > room

    def _width(self, text: str, weight: int) -> float:
        """The letters' widths together: what Qt would say, but for less than a pixel."""
        return sum(map(self._widths[weight].__getitem__, text))

    def _cut_by_letters(
        self, text: str, room: int, weight: int, tail: bool, width: float
    ) -> tuple[str, float]:
        """As `_cut`, from the widths of the letters where each stands for itself."""
        if not text.isascii() or width <= room:
            return self._cut(text, room, weight, tail)
        widths = self._widths[weight]
        left = room * _SURE - widths[_ELLIPSIS]
        kept = 0
        for letter in reversed(text) if tail else text:
            left -= widths[letter]
            if left < 0:
                break
            kept += 1
        shown = _ELLIPSIS + text[len(text) - kept :] if tail else text[:kept] + _ELLIPSIS
        return shown, self._width(shown, weight)

    def _cut(self, text: str, room: int, weight: int, tail: bool) -> tuple[str, float]:
        metrics = self._fonts[weight][1]
        width = metrics.horizontalAdvance(text)
        if width > room:
            mode = Qt.TextElideMode.ElideLeft if tail else Qt.TextElideMode.ElideRight
            text = metrics.elidedText(text, mode, max(room, 0))
            width = metrics.horizontalAdvance(text)
        return text, width

    def layout(
        self, text: str, room: int, weight: int = 400, *, tail: bool = False
    ) -> tuple[QStaticText, float]:
        """The text cut and laid out, kept, and its width."""
        key = (text, room, weight, tail)
        found = self._kept.get(key)
        if found is None:
            shown, width = self._cut(text, room, weight, tail)
            laid_out = self.laid_out(shown, weight)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[key] = (laid_out, width)
        return found
