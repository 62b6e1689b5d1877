"""Paints rows of the alarm table: the colour block, the cells, the marks of selection and focus.

A few thousand texts a second go through here, so everything that holds for a whole picture is
looked up once in `begin`, and each text is laid out once and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QStaticText

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.text import EM_DASH
from tagwerk.store.alarm_view import SortBy
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, INDEX, CellTexts
from tagwerk.ui.alarms.look import Colors, block_look, state_icon, tinted_pixmap
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.numbers import draw_hatch

DOT_ZONE = 22
"""Pixels at normal density left of the block, for the dot of unacknowledged alarms."""
_BAR = 6
_KEPT = 8192
_ROLES = ("base", "text", "text2", "text3", "stale", "selection", "hover", "hairline", "accent")
_SECOND_RANK = frozenset({SortBy.AREA, SortBy.TRIGGER, SortBy.ORIGIN, SortBy.NAME})
_NAMES = frozenset({SortBy.TRIGGER, SortBy.NAME})
"""A name is never cut at its end, which is what tells it from others."""
_MOMENTS = frozenset({SortBy.RAISED, SortBy.CHANGED})
Placed = tuple[int, int, int]
"""A column: index into COLUMNS, left edge, width."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What holds for all rows of one picture.

    Args:
        framed: flashing is in its framed phase.
        stale: the link is lost.
        history: records of the log: nothing waits for anybody.
        width: of the viewport, in pixels.
        scale: device pixel ratio.
    """

    colors: Colors
    framed: bool
    stale: bool
    history: bool
    width: int
    scale: float
    now_ns: int


class RowPainter:
    """Paints rows; `begin` before the first row of a picture, `dress` when the theme changed."""

    def __init__(self, texts: CellTexts, note: Callable[[Alarm], Note | None]) -> None:
        self._texts = texts
        self._note = note
        self._kept: dict[tuple[str, int, int, bool], tuple[QStaticText, float]] = {}
        self._fonts: dict[int, tuple[QFont, QFontMetricsF]] = {}
        self._inks: dict[str, QColor] = {}
        self._painter: QPainter
        self._picture: Picture
        self._runs: list[list[Placed]] = []
        self._cells: list[Placed] = []
        self._weight = 0
        self._height = 0
        self._text_top = 0

    def dress(self) -> None:
        """Take over fonts, colours and measures of the theme."""
        tokens = theme()
        self._kept.clear()
        self._fonts = {
            weight: (tokens.font(13, weight), tokens.metrics(13, weight)) for weight in (400, 600)
        }
        self._inks = {role: tokens.color(role) for role in _ROLES}
        self._height = tokens.row_height
        metrics = self._fonts[400][1]
        self._text_top = round((self._height - 1 - metrics.height()) / 2)

    def begin(self, painter: QPainter, columns: Sequence[Placed], picture: Picture) -> None:
        """Start a picture with the columns that are in sight, from left to right."""
        self._painter, self._picture = painter, picture
        self._weight = 0
        self._cells = [part for part in columns if part[0] not in BLOCK]
        self._runs = []
        joined = False
        for part in columns:
            if part[0] not in BLOCK:
                joined = False
                continue
            if joined:
                self._runs[-1].append(part)
            else:
                self._runs.append([part])
            joined = True

    def paint(
        self,
        number: int,
        alarm: Alarm,
        top: int,
        *,
        selected: bool,
        hovered: bool,
        focused: bool,
    ) -> None:
        """Paint one row whose upper edge is at `top`."""
        painter, inks, width = self._painter, self._inks, self._picture.width
        if selected or hovered:
            painter.fillRect(
                0, top, width, self._height, inks["selection" if selected else "hover"]
            )
        painter.fillRect(0, top + self._height - 1, width, 1, inks["hairline"])
        waiting = alarm.needs_acknowledgement and not self._picture.history
        for run in self._runs:
            self._paint_run(number, alarm, top, run, waiting)
        for part in self._cells:
            self._paint_cell(number, alarm, top, part, waiting, selected)
        if selected:
            painter.fillRect(0, top, 3, self._height, inks["accent"])
        if focused:
            painter.setPen(QPen(inks["accent"], 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, top + 0.5, width - 1, self._height - 2))

    # The block.

    def _paint_run(
        self, number: int, alarm: Alarm, top: int, run: Sequence[Placed], waiting: bool
    ) -> None:
        """State, priority and class on their colour; neighbours share one block."""
        tokens, picture, painter = theme(), self._picture, self._painter
        look = block_look(alarm, picture.colors, framed=picture.framed, stale=picture.stale)
        left, right = run[0][1], run[-1][1] + run[-1][2]
        if run[0][0] == INDEX[SortBy.STATE]:
            if waiting:
                self._paint_dot(left, top)
            left += tokens.px(DOT_ZONE)
        box = QRect(left, top + 1, right - left, self._height - 3)
        bar = QRect(left, top + 1, tokens.px(_BAR), self._height - 3)
        if look.filled:
            painter.fillRect(box, look.color)
        elif look.hatched:
            draw_hatch(painter, QRectF(box))
            painter.fillRect(bar, look.color)
        else:
            painter.fillRect(box, self._inks["base"])
            painter.fillRect(bar, look.color)
            painter.setPen(QPen(look.color, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))
        ink = look.text or self._inks["stale" if picture.stale else "text"]
        painter.setPen(ink)
        for index, at, width in run:
            column = COLUMNS[index]
            lead = tokens.px(4)
            if column.by is SortBy.STATE:
                lead = self._paint_icon(alarm, at, top, ink)
            text = self._texts.text(number, alarm, column.by, 0)
            room = width - lead - tokens.px(6)
            self._draw(text, at + lead, room, top, 600 if waiting else 400, right=column.right)

    def _paint_dot(self, left: int, top: int) -> None:
        tokens, painter = theme(), self._painter
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._inks["stale" if self._picture.stale else "text"])
        middle = QPointF(left + tokens.px(11.5), top + (self._height - 1) / 2)
        painter.drawEllipse(middle, tokens.px(3), tokens.px(3))
        painter.restore()

    def _paint_icon(self, alarm: Alarm, at: int, top: int, ink: QColor) -> int:
        """The state's icon; returns where the text begins behind it."""
        tokens = theme()
        side, lead = tokens.px(15), tokens.px(DOT_ZONE + 10)
        pixmap = tinted_pixmap(state_icon(alarm), ink.name(), side, self._picture.scale)
        place = QPointF(at + lead, top + (self._height - 1 - side) / 2)
        self._painter.drawPixmap(place, pixmap)
        return lead + side + tokens.px(7)

    # The cells.

    def _paint_cell(
        self, number: int, alarm: Alarm, top: int, part: Placed, waiting: bool, selected: bool
    ) -> None:
        index, at, width = part
        column = COLUMNS[index]
        by = column.by
        gap = theme().px(8)
        if by is SortBy.ACKNOWLEDGED:
            note = self._note(alarm)
            if note is not None:
                self._paint_note(note, at + gap, width - gap, top)
                return
        if column.right:
            room = width - gap
        else:
            at, room = at + gap, width - gap - 4
        text = self._texts.text(number, alarm, by, self._picture.now_ns)
        quiet = "text2" if selected else "text3"
        role = "text2" if by in _SECOND_RANK else "text"
        if self._picture.stale:
            quiet = role = "stale"
        if by in _MOMENTS and len(text) > 11:
            self._paint_moment(text, at, room, top, role, quiet)
            return
        self._painter.setPen(self._inks[quiet if text == EM_DASH else role])
        weight = 600 if waiting and by is SortBy.TEXT else 400
        tail = by in _NAMES
        self._draw(text, at, room, top, weight, right=column.right, tail=tail)

    def _paint_moment(self, text: str, at: int, room: int, top: int, role: str, quiet: str) -> None:
        """Date in grey, time in ink; the date gives way when the column is narrow."""
        date, clock = text[:10], text[11:]
        lead = round(self._layout(date, 4000, 400)[1]) + theme().px(5)
        if lead + self._layout(clock, 4000, 400)[1] <= room:
            self._painter.setPen(self._inks[quiet])
            self._draw(date, at, 4000, top, 400)
            at, room = at + lead, room - lead
        self._painter.setPen(self._inks[role])
        self._draw(clock, at, max(room, 0), top, 400)

    def _paint_note(self, note: Note, at: int, room: int, top: int) -> None:
        tokens = theme()
        side = tokens.px(14)
        box = QRectF(at, top + (self._height - 1 - side) / 2, side, side)
        draw_icon(self._painter, box, note.icon, note.role)
        self._painter.setPen(tokens.color(note.role))
        lead = side + tokens.px(5)
        self._draw(note.short, at + lead, room - lead - 4, top, 400)

    # Text.

    def _draw(
        self,
        text: str,
        at: int,
        room: int,
        top: int,
        weight: int,
        *,
        right: bool = False,
        tail: bool = False,
    ) -> None:
        laid_out, width = self._layout(text, room, weight, tail=tail)
        if weight != self._weight:
            self._weight = weight
            self._painter.setFont(self._fonts[weight][0])
        left = at + room - width if right else at
        self._painter.drawStaticText(QPointF(left, top + self._text_top), laid_out)

    def _layout(
        self, text: str, room: int, weight: int, *, tail: bool = False
    ) -> tuple[QStaticText, float]:
        """The text cut to a width in pixels and laid out, and how wide it is.

        Args:
            tail: the end of the text matters more than its beginning.
        """
        key = (text, room, weight, tail)
        found = self._kept.get(key)
        if found is None:
            font, metrics = self._fonts[weight]
            width = metrics.horizontalAdvance(text)
            if width > room:
                mode = Qt.TextElideMode.ElideLeft if tail else Qt.TextElideMode.ElideRight
                text = metrics.elidedText(text, mode, max(room, 0))
                width = metrics.horizontalAdvance(text)
            laid_out = QStaticText(text)
            laid_out.setTextFormat(Qt.TextFormat.PlainText)
            laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            laid_out.prepare(font=font)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[key] = (laid_out, width)
        return found
