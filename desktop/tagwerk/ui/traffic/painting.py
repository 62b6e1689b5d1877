"""Paints rows of the traffic table. A record never changes, so a row is painted once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from tagwerk.domain.text import EM_DASH
from tagwerk.domain.traffic import Exchange
from tagwerk.ui.theme import theme
from tagwerk.ui.traffic.cells import COLUMNS, KIND_ICONS, Column, cell_text
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.row_images import RowImages
from tagwerk.ui.widgets.table_header import Placed

_QUIET = frozenset({Column.TIME, Column.KIND, Column.SENT, Column.RECEIVED})
_ONCE = frozenset({Column.TIME, Column.MS, Column.NOTE})
"""Texts that are another in each row."""
_LONGEST = 400
_ROLES = ("base", "selection", "hover", "hairline", "accent", "text", "text2", "text3", "bad")


class RecordPainter:
    """Paints rows; `begin` before the first row of a picture and `end` after the last, `dress` when
    the theme changed."""

    def __init__(self) -> None:
        self.cut = CutText()
        self.images = RowImages()
        self._inks: dict[str, QColor] = {}
        self._columns: Sequence[Placed] = ()
        self._painter: QPainter
        self._width = self._height = self._gap = self._side = 0

    def dress(self) -> None:
        """Take over fonts, colours and measures of the theme."""
        tokens = theme()
        self.cut.dress()
        self.images.clear()
        self._inks = {role: tokens.color(role) for role in _ROLES}
        self._height, self._gap, self._side = tokens.row_height, tokens.px(8), tokens.px(14)

    def begin(self, painter: QPainter, columns: Sequence[Placed], width: int, scale: float) -> None:
        """Start a picture with the columns that are in sight."""
        self._painter, self._columns, self._width = painter, columns, width
        self.images.begin(width, self._height, scale, tuple(columns))

    def end(self) -> None:
        """The picture is painted."""
        self.images.end()

    def paint(
        self,
        number: int,
        record: Exchange | None,
        top: int,
        *,
        selected: bool,
        hovered: bool,
        focused: bool,
    ) -> None:
        """Paint one row whose upper edge is at `top`; an empty one where there is no record."""
        painter, width, height = self._painter, self._width, self._height
        if record is None:
            painter.fillRect(0, top, width, height, self._inks["base"])
            return

        def paint_row(inner: QPainter) -> None:
            ground = "selection" if selected else "hover" if hovered else "base"
            inner.fillRect(0, 0, width, height, self._inks[ground])
            inner.fillRect(0, height - 1, width, 1, self._inks["hairline"])
            self.cut.begin(inner)
            for part in self._columns:
                self._paint_cell(inner, record, part)

        self.images.draw(painter, number, top, (record, selected, hovered), paint_row)
        if selected:
            painter.fillRect(0, top, 3, height, self._inks["accent"])
        if focused:
            painter.setPen(QPen(self._inks["accent"], 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, top + 0.5, width - 1, height - 2))

    def _paint_cell(self, painter: QPainter, record: Exchange, part: Placed) -> None:
        index, left, width = part
        look = COLUMNS[index]
        column = look.column
        text = cell_text(record, column)[:_LONGEST]
        role = "text3" if text == EM_DASH else "text2" if column in _QUIET else "text"
        at, room = left + self._gap, width - self._gap - 4
        icon = ""
        if column is Column.KIND:
            icon = KIND_ICONS[record.kind]
        elif record.is_problem and column in (Column.STATUS, Column.NOTE):
            role = "bad" if text != EM_DASH else role
            icon = "circle-alert" if column is Column.NOTE else ""
        if icon:
            side = self._side
            box = QRectF(at, (self._height - 1 - side) / 2, side, side)
            draw_icon(painter, box, icon, "bad" if role == "bad" else "text3")
            at, room = at + side + theme().px(6), room - side - theme().px(6)
        if look.right:
            at, room = left, width - self._gap
        painter.setPen(self._inks[role])
        often = column not in _ONCE or text == EM_DASH
        self.cut.draw(text, at, max(room, 0), 0, right=look.right, often=often)
