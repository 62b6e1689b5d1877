"""The texts of one column of a table, drawn with what has been worked out for the column.

A row of a table is a dozen cells, a picture of it forty rows: what a column's cells have in common
is made once, so that a cell is one look-up and one call. A cell lies in a row whose upper edge is
at 0. Pen and font are the painter's; used by painters of rows together with `CutText`.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QStaticText

from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.text_strips import Number

_KEPT, _SEEN = 512, 2048
_ONE_FONT = re.compile("[\\u0000-\\u024f\\u2010-\\u2027]*\\Z")
"""Western letters and dashes, which the bundled font has."""
_CLOCK = "00:00:00.000"
_MOMENT_LETTERS = 11 + len(_CLOCK)
MINUTE_LETTERS = _MOMENT_LETTERS - len("00.000")
"""Date, hour and minute of a moment: what many have in common."""


class TextCell:
    """A column's texts; made anew when the theme, the column or its width changes.

    Args:
        cut: measures, cuts and lays out.
        at, room: left edge and width of the text, in pixels.
        right: numbers stand on the right.
        tail: the end of a text matters more than its beginning.
    """

    __slots__ = ("_at", "_cut", "_kept", "_left", "_right", "_room", "_seen", "_surely", "_tail")

    def __init__(
        self, cut: CutText, at: int, room: int, *, right: bool = False, tail: bool = False
    ) -> None:
        self._cut = cut
        self._at, self._room, self._right, self._tail = at, max(room, 0), right, tail
        self._left = QPointF(at, cut.base)
        self._surely = int(self._room / cut.widest)
        self._kept: dict[tuple[str, int], tuple[QPointF, QStaticText]] = {}
        self._seen: set[tuple[str, int]] = set()

    @property
    def kept(self) -> int:
        """How many texts are kept laid out."""
        return len(self._kept)

    def draw(self, painter: QPainter, text: str, weight: int = 400) -> None:
        """Draw a text that is another in each row and never comes again."""
        if len(text) <= self._surely and not self._right and text.isascii():
            painter.drawText(self._left, text)
            return
        shown, width = self._cut.fitted(text, self._room, weight, tail=self._tail)
        if self._right:
            painter.drawText(QPointF(self._at + self._room - width, self._cut.base), shown)
        else:
            painter.drawText(self._left, shown)

    def number(self, text: str, weight: int = 400) -> Number | None:
        """Where and how much of a text `draw` draws; None for what has no room at all."""
        shown, width = self._cut.fitted(text, self._room, weight, tail=self._tail)
        if width > self._room:
            return None
        skipped = 0
        if shown != text:
            kept = shown[1:] if self._tail else shown[:-1]
            if self._tail:
                # The ellipsis takes the place of what stood before.
                skipped = len(text) - len(shown)
            if not (text.endswith(kept) if self._tail else text.startswith(kept)):
                return None
        left = self._at + self._room - width if self._right else self._at
        return Number(shown, skipped, left)

    def draw_fitting(self, painter: QPainter, text: str) -> None:
        """Draw a text that is known to have room, from the left."""
        painter.drawText(self._left, text)

    def draw_again(self, painter: QPainter, text: str, weight: int = 400) -> None:
        """Draw a text that is another in each row, where a row may come again with the same text.

        Laying out costs more than drawing does, so it is done for what is drawn a second time.
        """
        key = (text, weight)
        found = self._kept.get(key)
        if found is None:
            # Another font's letters would move the line on which a kept text stands.
            if key not in self._seen or not _ONE_FONT.match(text):
                if len(self._seen) >= _SEEN:
                    self._seen.clear()
                self._seen.add(key)
                self.draw(painter, text, weight)
                return
            shown, width = self._cut.fitted(text, self._room, weight, tail=self._tail)
            found = self._keep(text, weight, width, self._cut.laid_out(shown, weight))
        painter.drawStaticText(*found)

    def draw_kept(self, painter: QPainter, text: str, weight: int = 400) -> None:
        """Draw a text that comes again and again."""
        painter.drawStaticText(*self.laid_out(text, weight))

    def laid_out(self, text: str, weight: int = 400) -> tuple[QPointF, QStaticText]:
        """Where a text is to be drawn and the text laid out; kept."""
        found = self._kept.get((text, weight))
        if found is None:
            laid_out, width = self._cut.layout(text, self._room, weight, tail=self._tail)
            found = self._keep(text, weight, width, laid_out)
        return found

    def _keep(
        self, text: str, weight: int, width: float, laid_out: QStaticText
    ) -> tuple[QPointF, QStaticText]:
        left = self._at + self._room - width if self._right else self._at
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        found = self._kept[(text, weight)] = (QPointF(left, self._cut.top), laid_out)
        return found


class MomentCell:
    """A column of dates with times: the date apart, so that it can be quieter; it gives way when
    the column is narrow.

    Args:
        cut: measures, cuts and lays out.
        at, room: left edge and width, in pixels.
        gap: pixels between date and time.
    """

    __slots__ = ("_at", "_clock_width", "_cut", "_dates", "_gap", "_room", "_whole")

    def __init__(self, cut: CutText, at: int, room: int, gap: int) -> None:
        self._cut, self._at, self._room, self._gap = cut, at, room, gap
        self._whole = TextCell(cut, at, room)
        # Numbers are all of one width, so one time is as wide as the other.
        self._clock_width = cut.layout(_CLOCK, 4000)[1]
        self._dates: dict[str, tuple[TextCell | None, TextCell]] = {}

    def draw(self, painter: QPainter, text: str, ink: QColor, quiet: QColor) -> None:
        """Draw ``2026-07-28 13:44:52.120``: the date in `quiet`, the time in `ink`."""
        day = text[:10]
        date, clock = self._parts(day)
        if date is not None:
            painter.setPen(quiet)
            date.draw_kept(painter, day)
        painter.setPen(ink)
        if date is None or len(text) != _MOMENT_LETTERS:
            clock.draw(painter, text[11:])
        else:
            clock.draw_fitting(painter, text[11:])

    def number(self, text: str, quiet: QColor) -> Number | None:
        """The time of such a text, behind its date; None where the one or the other has no room."""
        day = text[:10]
        date, _ = self._parts(day)
        if date is None or len(text) != _MOMENT_LETTERS:
            return None

        def draw_date(painter: QPainter) -> None:
            painter.setPen(quiet)
            date.draw_kept(painter, day)

        return Number(text[11:], 11, self._at + self._lead(day), MINUTE_LETTERS - 11, draw_date)

    def _parts(self, day: str) -> tuple[TextCell | None, TextCell]:
        parts = self._dates.get(day)
        if parts is None:
            if len(self._dates) >= _KEPT:
                self._dates.clear()
            parts = self._dates[day] = self._arranged(day)
        return parts

    def _lead(self, day: str) -> int:
        """How far behind the date the time begins."""
        return round(self._cut.layout(day, 4000)[1]) + self._gap

    def _arranged(self, day: str) -> tuple[TextCell | None, TextCell]:
        """Where date and time stand; no date where there is no room for both."""
        lead = self._lead(day)
        if lead + self._clock_width > self._room:
            return None, self._whole
        behind = TextCell(self._cut, self._at + lead, self._room - lead)
        return TextCell(self._cut, self._at, 4000), behind
