"""Numbers of tree rows that changed and nothing else of their rows: painted past the tree view.

A row that was painted whole leaves behind where its number stands and in which shape. As long as a
new number has the same shape (figures are tabular: every digit is as wide) and nothing else of the
row is another, only the number's own rectangle is erased and drawn: some 20 µs instead of a
whole row. Whatever does not fit in here is painted by `RowPainter`, as before; both give the same
picture. Knows no view and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter

from tagwerk.ui.browser.rows import LiveCell
from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.kept_text import KeptText
from tagwerk.ui.widgets.numbers import FRACTION_WIDTH, Mark

_SAME_DIGIT = {ord(digit): "0" for digit in "123456789"}
_WITH_PLAIN_NUMBER = (Mark.NONE, Mark.UNCERTAIN, Mark.SIMULATED, Mark.OVERRIDDEN, Mark.SUBSTITUTE)
"""Beside these a number looks as it does alone: neither struck out, nor grey, nor hatched."""
_PLAIN = re.compile(r"[ -~\u00a0-\u024f\u2009\u2010-\u2027\u202f\u2212]*\Z")
"""Letters of the bundled font. Line ends, other fonts and what is read from the right stand elsewhere
in a kept text than in their row."""
_MOST_KEPT = 2_000
_ROLE = "text"


@dataclass(slots=True)
class _Number:
    """A number as it was painted last, and where: x in the viewport.

    Args:
        total: width of the row.
        left, right: what is erased for it.
        end: where it ends that does not stand on the decimal point.
        point: where the decimal point stands.
        is_first_choice: it has its usual place, where it stays when it becomes narrower.
        shape: its text with all digits alike.
        is_aligned: it stands on the point; else its fraction is too long for that.
    """

    total: float
    left: int
    right: int
    end: float
    point: float
    is_first_choice: bool
    cell: LiveCell
    shape: str = ""
    is_aligned: bool = True


class FreshNumbers:
    """Of one view."""

    def __init__(self) -> None:
        self._kept: dict[int, _Number] = {}
        self._texts = KeptText(theme().font(13, 500), theme().metrics(13, 500))

    def dress(self) -> None:
        """Fonts and measures of the theme are others now."""
        self._kept.clear()
        self._texts = KeptText(theme().font(13, 500), theme().metrics(13, 500))

    def forget(self, handle: int) -> None:
        """The row shows something that only a whole painting gets right."""
        self._kept.pop(handle, None)

    def keep(
        self, handle: int, row: QRectF, area: QRectF, cell: LiveCell, *, is_first_choice: bool
    ) -> None:
        """A row was painted whole, on plain ground; its number stands in `area`."""
        tokens = theme()
        end = area.right() - tokens.px(2)
        known = _Number(
            row.width(), floor(area.left()), ceil(area.right()), end,
            end - tokens.px(FRACTION_WIDTH), is_first_choice, cell,
        )  # fmt: skip
        is_plain = cell.is_on is None and cell.mark in _WITH_PLAIN_NUMBER
        if not is_plain or not self._put(known, cell.text, area.left()):
            self.forget(handle)
        else:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[handle] = known

    def _put(self, known: _Number, text: str, left: float) -> bool:
        """Find how a number stands in its place; False for what is none, or has no room uncut."""
        if not text or not (text[0].isdigit() or text[0] in "−-+") or not _PLAIN.match(text):
            return False
        whole, mark, fraction = text.partition(number_style().decimal)
        fraction_width = self._texts.width(mark + fraction)
        room = known.end - known.point
        if room < fraction_width <= room + 1:
            return False  # the one or the other, by less than a pixel
        known.is_aligned = fraction_width <= room
        if known.is_aligned:
            has_room = self._texts.width(whole) <= known.point - left
        else:
            has_room = self._texts.width(text) <= known.end - left
        if has_room:
            known.shape = text.translate(_SAME_DIGIT)
        return has_room

    def take(self, handle: int, line: QRect, cell: LiveCell | None) -> QRect | None:
        """Show another value from the next `paint` on.

        Returns:
            What has to be painted, empty when the value reads as before; None when it takes a
            painting of the row.
        """
        known = self._kept.get(handle)
        if known is None or cell is None or known.total != line.width():
            return None
        before = known.cell
        if cell == before:
            return QRect()
        if (
            cell.mark is not before.mark
            or cell.unit != before.unit
            or cell.is_on is not None
            or not self._has_place(cell.text, known)
        ):
            del self._kept[handle]
            return None
        known.cell = cell
        return QRect(known.left, line.top(), known.right - known.left, line.height())

    def _has_place(self, text: str, known: _Number) -> bool:
        if text.translate(_SAME_DIGIT) == known.shape:
            return True
        return known.is_first_choice and self._put(known, text, known.left)

    def paint(self, painter: QPainter, rows: Iterable[tuple[int, QRect]]) -> None:
        """Draw the numbers of these rows, on ground that is erased."""
        texts, decimal = self._texts, number_style().decimal
        painter.setFont(texts.font)
        painter.setPen(theme().color(_ROLE))
        kept, height = self._kept, texts.height
        for handle, line in rows:
            known = kept.get(handle)
            if known is None:
                continue
            top = line.top() + (line.height() - height) / 2
            text = known.cell.text
            if not known.is_aligned:
                texts.draw_to(painter, known.end, top, text)
                continue
            whole, mark, fraction = text.partition(decimal)
            texts.draw_to(painter, known.point, top, whole)
            if mark:
                texts.draw(painter, known.point, top, mark + fraction)
