"""Paints one row of the tag tree from start to end: no delegate, no item views' style calls.

Columns share one line: a row without a value lets its name and display name run to the right edge.
A tag name is never cut at its end: the display name goes first, then the middle of the name.
"""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from tagwerk.store.outline import FAVORITES, GROUPS
from tagwerk.store.search import Word, highlight
from tagwerk.ui.browser.fresh import FreshNumbers
from tagwerk.ui.browser.model import MARK, NAME, UNIT, VALUE
from tagwerk.ui.browser.rows import LiveCell, RowTexts
from tagwerk.ui.i18n import number_style
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.numbers import (
    FRACTION_WIDTH,
    Mark,
    draw_hatch,
    draw_mark,
    draw_value,
    mark_width,
    split_number,
)

ICON = 15
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ROOMY = {VALUE: 88, UNIT: 50, MARK: 32}
TIGHT = {VALUE: 76, UNIT: 36, MARK: 20}
"""Widths of the columns; the tight ones below `NARROW_BELOW`, where names need the room."""
NARROW_BELOW = 310
GONE_BELOW = {VALUE: 170, UNIT: 225, MARK: 0}
LEAST_TEXT = 44
LEAST_NAME = 60
"""So much of a long text, and of a name, is shown before the value gives way altogether."""


def is_narrow(view_width: float) -> bool:
    """Whether names are short of room: tighter columns, smaller indent."""
    return view_width < theme().px(NARROW_BELOW)


def column_width(column: int, view_width: float) -> int:
    """Widths of value, unit and mark; they never follow values.

    Args:
        view_width: a narrow view drops the unit, then the value: names come first.
    """
    tokens = theme()
    if view_width < tokens.px(GONE_BELOW[column]):
        return 0
    widths = TIGHT if is_narrow(view_width) else ROOMY
    return tokens.px(widths[column])


MOST_KEPT = 2_000
"""Rows whose places are kept; far more than are ever in sight."""


class _Kept(NamedTuple):
    """Where things stood when a row was last painted whole."""

    name_left: float
    name_width: float
    names_end: float
    total: float
    left: int


class RowPainter:
    """Paints rows of one view.

    Args:
        texts: what the rows say.
    """

    def __init__(self, texts: RowTexts) -> None:
        self.texts = texts
        self.words: tuple[Word, ...] = ()
        """Searched words, marked in names and display names."""
        self.fresh = FreshNumbers()
        self._names_end = 0.0
        self._kept: dict[int, _Kept] = {}

    def dress(self) -> None:
        """Fonts and measures of the theme are others now."""
        self._kept.clear()
        self.fresh.dress()

    def value_left(self, handle: int, total: float) -> int | None:
        """Right of where a row has nothing but its value, unit and mark, as it was last painted;
        None when its name stands there too.

        Args:
            total: width of the row.
        """
        kept = self._kept.get(handle)
        # A name ends with a gap: what is cut to the room before the value may reach a pixel into it.
        if kept is None or kept.total != total or kept.names_end > kept.left + 1:
            return None
        return kept.left

    def paint(
        self,
        painter: QPainter,
        row: QRectF,
        handle: int,
        *,
        indent: float,
        branch: bool | None,
        selected: bool,
        hovered: bool,
        focused: bool,
        value_only: bool = False,
    ) -> bool:
        """One row; False when `value_only` was not enough, and all of it has to be painted.

        Args:
            row: the whole line, from the view's left to its right edge.
            indent: where the branch mark begins, from the left edge.
            branch: True open, False closed, None for a row without children.
            focused: the row has the keyboard.
            value_only: nothing left of `value_left` has changed, and nothing of it is painted.
        """
        tokens = theme()
        kept = self._kept.get(handle) if value_only else None
        is_plain = not (selected or hovered or focused)
        if not is_plain:
            self.fresh.forget(handle)
        if selected:
            painter.fillRect(row, tokens.color("selection"))
            bar = QRectF(row.left(), row.top(), tokens.px(3), row.height())
            painter.fillRect(bar, tokens.color("accent_fill"))
        elif hovered:
            painter.fillRect(row, tokens.color("hover"))
        if focused:
            painter.setPen(QPen(tokens.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(row.adjusted(0.5, 0.5, -0.5, -0.5))
        grey = tokens.color("text2" if selected else "text3")
        if kept is not None:
            return self._paint_value(painter, row, handle, kept, grey, is_plain=is_plain)
        x = row.left() + indent
        if branch is not None:
            _chevron(painter, QPointF(x + tokens.px(8), row.center().y()), branch, grey)
        x += tokens.px(16) + tokens.px(2)
        side = tokens.px(ICON)
        area = QRectF(x, row.center().y() - side / 2, side, side)
        draw_icon(painter, area, self.texts.icon_name(handle), "text2")
        x += side + tokens.px(6)
        cell = self.texts.live(handle)
        count = self.texts.count(handle)
        right = row.right() - tokens.px(8)
        value = QRectF()
        show_unit = False
        name_width = 0.0
        if cell is not None:
            name_width = self._name_width(handle)
            value, show_unit = self._value_area(row, cell, x, name_width)
            right = value.left() - tokens.px(6)
        elif count:
            width = tokens.metrics(12).horizontalAdvance(count)
            painter.setFont(tokens.font(12))
            painter.setPen(grey)
            painter.drawText(
                QRectF(right - width - 1, row.top(), width + 1, row.height()), _RIGHT, count
            )
            right -= width + tokens.px(8)
        self._names(painter, QRectF(x, row.top(), right - x, row.height()), handle, grey)
        if cell is not None:
            self._value(painter, row, value, cell if show_unit else cell._replace(unit=""), grey)
            self._keep(handle, row, x, name_width, value)
        if cell is not None and is_plain:
            self._keep_number(handle, row, value, cell, show_unit)
        else:
            self.fresh.forget(handle)
        return True

    def _keep_number(
        self, handle: int, row: QRectF, value: QRectF, cell: LiveCell, has_unit: bool
    ) -> None:
        """For the next number in this row, unless its name stands in the number's way."""
        if self.value_left(handle, row.width()) is None:
            self.fresh.forget(handle)
        else:
            self.fresh.keep(handle, row, value, cell, is_first_choice=has_unit)

    def _keep(
        self, handle: int, row: QRectF, name_left: float, name_width: float, value: QRectF
    ) -> None:
        left, before = floor(value.left()), self._kept.get(handle)
        if before is not None and before.names_end == self._names_end <= before.left < left:
            left = before.left  # a longer number stood here, and may come again
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[handle] = _Kept(name_left, name_width, self._names_end, row.width(), left)

    def _paint_value(
        self,
        painter: QPainter,
        row: QRectF,
        handle: int,
        kept: _Kept,
        grey: QColor,
        *,
        is_plain: bool,
    ) -> bool:
        cell = self.texts.live(handle)
        if cell is None:
            return False
        value, show_unit = self._value_area(row, cell, kept.name_left, kept.name_width)
        if value.left() < kept.left or cell.mark is Mark.STALE:
            return False
        self._value(painter, row, value, cell if show_unit else cell._replace(unit=""), grey)
        if is_plain:
            self._keep_number(handle, row, value, cell, show_unit)
        return True

    def _name_width(self, handle: int) -> float:
        return theme().metrics(13, self._weight(handle)).horizontalAdvance(self.texts.label(handle))

    @staticmethod
    def _weight(handle: int) -> int:
        quiet = handle == FAVORITES or GROUPS <= handle < FAVORITES
        return 400 if quiet else 500

    def _names(self, painter: QPainter, area: QRectF, handle: int, grey: QColor) -> None:
        tokens = theme()
        label = self.texts.label(handle)
        weight = self._weight(handle)
        metrics = tokens.metrics(13, weight)
        width = metrics.horizontalAdvance(label)
        if width > area.width():
            label = metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, area.width())
            width = metrics.horizontalAdvance(label)
        role = "text2" if self.texts.is_kept else "text"
        self._marked(painter, area, label, weight, tokens.color(role))
        self._names_end = area.left() + width + tokens.px(6)
        left = area.left() + width + tokens.px(6)
        room = area.right() - left
        display = self.texts.display_name(handle)
        if not display or room < tokens.px(24):
            return
        shown = tokens.metrics(13).elidedText(display, Qt.TextElideMode.ElideRight, room)
        if len(shown) > 2:
            rest = QRectF(left, area.top(), room, area.height())
            self._marked(painter, rest, shown, 400, grey)
            self._names_end = left + tokens.metrics(13).horizontalAdvance(shown) + tokens.px(6)

    def _marked(
        self, painter: QPainter, area: QRectF, text: str, weight: int, color: QColor
    ) -> None:
        """Text with the searched words on the hit colour."""
        tokens = theme()
        painter.setFont(tokens.font(13, weight))
        if self.words:
            metrics = tokens.metrics(13, weight)
            for start, length in highlight(text, self.words):
                left = metrics.horizontalAdvance(text[:start])
                width = metrics.horizontalAdvance(text[: start + length]) - left
                height = metrics.height() + 2
                top = area.center().y() - height / 2
                back = QRectF(area.left() + left - 1, top, width + 2, height)
                painter.fillRect(back.intersected(area.adjusted(-1, 0, 1, 0)), tokens.color("hit"))
        painter.setPen(color)
        painter.drawText(area, _LEFT, text)

    def _value_area(
        self, row: QRectF, cell: LiveCell, name_left: float, name_width: float
    ) -> tuple[QRectF, bool]:
        """Where the value stands, and whether its unit is shown.

        The name comes first: a row whose name needs the room gives up the unit, then the place
        on the decimal point, at last the value. The room goes in steps, so that a name is not
        cut anew with every digit.
        """
        tokens = theme()
        total = row.width()
        end = row.right() - column_width(MARK, total)
        unit_left = end - column_width(UNIT, total)
        gap = tokens.px(3)
        nowhere = QRectF(end - gap, row.top(), 0, row.height())
        if not cell.text or not column_width(VALUE, total):
            return nowhere, bool(cell.unit)
        metrics = tokens.metrics(13, 500)
        whole, fraction = split_number(cell.text, number_style().decimal)
        plain = metrics.horizontalAdvance(cell.text) + tokens.px(2)
        aligned = metrics.horizontalAdvance(whole) + tokens.px(FRACTION_WIDTH + 2)
        if metrics.horizontalAdvance(fraction) > tokens.px(FRACTION_WIDTH):
            aligned = plain
        step = tokens.px(14)
        aligned, plain = -(-aligned // step) * step, -(-plain // step) * step
        name_end = name_left + name_width + tokens.px(6)
        places = [(unit_left - gap, aligned, True), (end - gap, aligned, False)]
        if cell.is_on is None:
            places.append((end - gap, plain, False))
        for right, width, has_unit in places:
            if name_end <= right - width:
                return QRectF(right - width, row.top(), width, row.height()), has_unit
        right, width, _has_unit = places[-1]
        is_number = cell.text[0].isdigit() or cell.text[0] in "−-+"
        if cell.is_on is None and not is_number:
            # A text may be cut, a number never, nor a word that has its lamp behind it.
            width = min(width, max(right - name_end, tokens.px(LEAST_TEXT)))
        if right - width < name_left + min(name_width, tokens.px(LEAST_NAME)):
            return nowhere, False
        return QRectF(right - width, row.top(), width, row.height()), False

    def _value(
        self, painter: QPainter, row: QRectF, area: QRectF, cell: LiveCell, grey: QColor
    ) -> None:
        tokens = theme()
        total = row.width()
        mark_left = row.right() - column_width(MARK, total)
        unit_left = mark_left - column_width(UNIT, total)
        if cell.text and area.width() > 0:
            if cell.mark is Mark.STALE:
                # The hatch is as wide in every row, unless a long name needs the room.
                usual = unit_left - column_width(VALUE, total)
                hatch = QRectF(max(usual, self._names_end), row.top(), 0, row.height())
                hatch.setRight(area.right())
                draw_hatch(painter, hatch.adjusted(0, tokens.px(3), 0, -tokens.px(3)))
            draw_value(painter, area, cell.text, number_style().decimal, cell.mark)
            if cell.is_on is not None:
                self._lamp(painter, area, cell)
        if cell.unit and column_width(UNIT, total):
            painter.setFont(tokens.font(13))
            painter.setPen(grey)
            unit_area = QRectF(unit_left, row.top(), column_width(UNIT, total) - 2, row.height())
            painter.drawText(unit_area, _LEFT, cell.unit)
        if cell.mark is not Mark.NONE:
            width = mark_width(cell.mark)
            left = row.right() - tokens.px(6) - width
            draw_mark(painter, QRectF(left, row.top(), width, row.height()), cell.mark)

    def _lamp(self, painter: QPainter, area: QRectF, cell: LiveCell) -> None:
        """A square behind a bool's word: filled on, hollow off; a shape, not a colour."""
        tokens = theme()
        side = tokens.px(8)
        left = area.right() - tokens.px(FRACTION_WIDTH) + tokens.px(5)
        box = QRectF(left, area.center().y() - side / 2, side, side)
        role = "stale" if cell.mark is Mark.STALE else "text3" if cell.mark is Mark.BAD else "text"
        if cell.is_on and cell.mark is not Mark.STALE:
            painter.fillRect(box, tokens.color(role))
        else:
            painter.setPen(QPen(tokens.color(role), 1.4))
            painter.setBrush(tokens.color(role) if cell.is_on else Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))


def _chevron(painter: QPainter, middle: QPointF, is_open: bool, color: QColor) -> None:
    reach = theme().px(4)
    pen = QPen(color, 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    x, y = middle.x(), middle.y()
    half = reach / 2
    if is_open:
        points = [QPointF(x - reach, y - half), QPointF(x, y + half), QPointF(x + reach, y - half)]
    else:
        points = [QPointF(x - half, y - reach), QPointF(x + half, y), QPointF(x - half, y + reach)]
    painter.drawPolyline(points)
    painter.restore()


__all__ = ["MARK", "NAME", "UNIT", "VALUE", "RowPainter", "column_width"]
