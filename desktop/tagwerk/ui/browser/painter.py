"""Paints one row of the tag tree from start to end: no delegate, no item views' style calls.

Columns share one line: a row without a value lets its name and display name run to the right edge.
A tag name is never cut at its end: the display name goes first, then the middle of the name.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from tagwerk.store.outline import FAVORITES, GROUPS
from tagwerk.store.search import Word, highlight
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
VALUE_WIDTH, UNIT_WIDTH, MARK_WIDTH = 88, 50, 32
NARROW = {VALUE: 205, UNIT: 250}


def column_width(column: int, view_width: float) -> int:
    """Widths of value, unit and mark; they never follow values.

    Args:
        view_width: a narrow view drops the unit, then the value: names come first.
    """
    tokens = theme()
    if column == MARK:
        return tokens.px(MARK_WIDTH)
    if view_width < tokens.px(NARROW[column]):
        return 0
    if tokens.density == "compact":
        return tokens.px({VALUE: 80, UNIT: 42}[column])
    return tokens.px({VALUE: VALUE_WIDTH, UNIT: UNIT_WIDTH}[column])


class RowPainter:
    """Paints rows of one view.

    Args:
        texts: what the rows say.
    """

    def __init__(self, texts: RowTexts) -> None:
        self.texts = texts
        self.words: tuple[Word, ...] = ()
        """Searched words, marked in names and display names."""
        self._names_end = 0.0

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
    ) -> None:
        """One row.

        Args:
            row: the whole line, from the view's left to its right edge.
            indent: where the branch mark begins, from the left edge.
            branch: True open, False closed, None for a row without children.
            focused: the row has the keyboard.
        """
        tokens = theme()
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
        if cell is not None:
            value = self._value_area(row, cell, x + tokens.px(48))
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
            self._value(painter, row, value, cell, grey)

    def _names(self, painter: QPainter, area: QRectF, handle: int, grey: QColor) -> None:
        tokens = theme()
        label = self.texts.label(handle)
        quiet = handle == FAVORITES or GROUPS <= handle < FAVORITES
        weight = 400 if quiet else 500
        metrics = tokens.metrics(13, weight)
        width = metrics.horizontalAdvance(label)
        if width > area.width():
            label = metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, area.width())
            width = metrics.horizontalAdvance(label)
        self._marked(painter, area, label, weight, tokens.color("text"))
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

    def _value_area(self, row: QRectF, cell: LiveCell, least: float) -> QRectF:
        """Where the value stands. A short value leaves room to a name that needs it; the room goes
        in steps, so that a name is not cut anew with every digit.

        Args:
            least: the value may not begin left of this, however long it is.
        """
        tokens = theme()
        total = row.width()
        unit_left = row.right() - column_width(MARK, total) - column_width(UNIT, total)
        right = unit_left - tokens.px(3)
        if not cell.text or not column_width(VALUE, total):
            return QRectF(right - 1, row.top(), 1, row.height())
        whole, fraction = split_number(cell.text, number_style().decimal)
        metrics = tokens.metrics(13, 500)
        width = metrics.horizontalAdvance(whole) + tokens.px(FRACTION_WIDTH + 2)
        if metrics.horizontalAdvance(fraction) > tokens.px(FRACTION_WIDTH):
            width = metrics.horizontalAdvance(cell.text) + tokens.px(2)
        step = tokens.px(14)
        width = -(-width // step) * step
        limit = column_width(VALUE, total) - tokens.px(3)
        left = right - min(width, max(limit, right - least))
        return QRectF(left, row.top(), right - left, row.height())

    def _value(
        self, painter: QPainter, row: QRectF, area: QRectF, cell: LiveCell, grey: QColor
    ) -> None:
        tokens = theme()
        total = row.width()
        mark_left = row.right() - column_width(MARK, total)
        unit_left = mark_left - column_width(UNIT, total)
        if cell.text and column_width(VALUE, total):
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
