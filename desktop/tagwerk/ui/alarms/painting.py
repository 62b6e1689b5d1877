"""Paints rows of the alarm table: the colour block, the cells, the marks of selection and focus.

A few thousand texts a second go through here. A row is painted once and copied while its alarm
stays as it is; apart from it are the block, which flashes, and how long the alarm stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.text import EM_DASH
from tagwerk.store.alarm_order import SortBy
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, INDEX, CellTexts
from tagwerk.ui.alarms.look import BlockLook, Colors, block_look, state_icon, tinted_pixmap
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.numbers import draw_hatch
from tagwerk.ui.widgets.row_images import RowImages
from tagwerk.ui.widgets.table_header import Placed

DOT_ZONE = 22
"""Pixels at normal density left of the block, for the dot of unacknowledged alarms."""
_BAR = 6
_BLOCKS_KEPT = 64
_ROLES = ("base", "text", "text2", "text3", "stale", "selection", "hover", "hairline", "accent")
_SECOND_RANK = frozenset({SortBy.AREA, SortBy.TRIGGER, SortBy.ORIGIN, SortBy.NAME})
_NAMES = frozenset({SortBy.TRIGGER, SortBy.NAME})
"""A name is never cut at its end, which is what tells it from others."""
_OFTEN = frozenset({SortBy.AREA, SortBy.ORIGIN, SortBy.CLASS, SortBy.PRIORITY})
_MOMENTS = frozenset({SortBy.RAISED, SortBy.CHANGED})
PRIORITY = INDEX[SortBy.PRIORITY]


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
    """Paints rows; `begin` before the first row of a picture and `end` after the last, `dress` when
    the theme changed."""

    def __init__(self, texts: CellTexts, note: Callable[[Alarm], Note | None]) -> None:
        self._texts = texts
        self._note = note
        self.cut = CutText()
        self.images = RowImages()
        self._blocks: dict[object, QPixmap] = {}
        self._blocks_look: object = None
        self._inks: dict[str, QColor] = {}
        self._painter: QPainter
        self._picture: Picture
        self._runs: list[list[Placed]] = []
        self._cells: list[Placed] = []
        self._ageing: list[Placed] = []
        self._height = 0
        self._gap = self._dot_zone = self._lead = self._block_gap = 0

    def dress(self) -> None:
        """Take over fonts, colours and measures of the theme."""
        tokens = theme()
        self.cut.dress()
        self.images.clear()
        self._blocks.clear()
        self._inks = {role: tokens.color(role) for role in _ROLES}
        self._height = tokens.row_height
        self._gap, self._dot_zone = tokens.px(8), tokens.px(DOT_ZONE)
        self._lead, self._block_gap = tokens.px(4), tokens.px(6)

    def begin(self, painter: QPainter, columns: Sequence[Placed], picture: Picture) -> None:
        """Start a picture with the columns that are in sight, from left to right."""
        self._painter, self._picture = painter, picture
        ageing = INDEX[SortBy.STANDS_FOR]
        self._cells = [part for part in columns if part[0] not in BLOCK and part[0] != ageing]
        self._ageing = [part for part in columns if part[0] == ageing]
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
        look = (tuple(columns), picture.stale, picture.history, self._texts.version)
        self.images.begin(picture.width, self._height, picture.scale, look)
        if (look, picture.colors, picture.scale) != self._blocks_look:
            self._blocks_look = (look, picture.colors, picture.scale)
            self._blocks.clear()
        self.cut.begin(painter)

    def end(self) -> None:
        """The picture is painted."""
        self.images.end()

    def paint(
        self,
        number: int,
        alarm: Alarm | None,
        top: int,
        *,
        selected: bool,
        hovered: bool,
        focused: bool,
    ) -> None:
        """Paint one row whose upper edge is at `top`; an empty one where the alarm has left."""
        painter, inks, width = self._painter, self._inks, self._picture.width
        if alarm is None:
            painter.fillRect(0, top, width, self._height, inks["base"])
            return
        waiting = alarm.needs_acknowledgement and not self._picture.history
        marks = (alarm, selected, hovered, self._note(alarm))

        def paint_row(inner: QPainter) -> None:
            self._painter = inner
            self.cut.begin(inner)
            self._paint_row(number, alarm, waiting, selected, hovered)
            self._painter = painter
            self.cut.begin(painter)

        self.images.draw(painter, number, top, marks, paint_row)
        for run in self._runs:
            self._paint_run(number, alarm, top, run, waiting)
        for part in self._ageing:
            self._paint_cell(number, alarm, top, part, waiting, selected)
        if selected:
            painter.fillRect(0, top, 3, self._height, inks["accent"])
        if focused:
            painter.setPen(QPen(inks["accent"], 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, top + 0.5, width - 1, self._height - 2))

    def _paint_row(
        self, number: int, alarm: Alarm, waiting: bool, selected: bool, hovered: bool
    ) -> None:
        """What stays the same while the alarm does, with its upper edge at 0."""
        painter, inks, width = self._painter, self._inks, self._picture.width
        ground = inks["selection" if selected else "hover" if hovered else "base"]
        painter.fillRect(0, 0, width, self._height, ground)
        painter.fillRect(0, self._height - 1, width, 1, inks["hairline"])
        for run in self._runs:
            if run[0][0] == INDEX[SortBy.STATE] and waiting:
                self._paint_dot(run[0][1], 0)
        for part in self._cells:
            self._paint_cell(number, alarm, 0, part, waiting, selected)

    # The block.

    def _paint_run(
        self, number: int, alarm: Alarm, top: int, run: Sequence[Placed], waiting: bool
    ) -> None:
        """State, priority and class on their colour; neighbours share one block."""
        picture = self._picture
        look = block_look(alarm, picture.colors, framed=picture.framed, stale=picture.stale)
        left, right = run[0][1], run[-1][1] + run[-1][2]
        icon = ""
        if run[0][0] == INDEX[SortBy.STATE]:
            left += self._dot_zone
        if any(part[0] == INDEX[SortBy.STATE] for part in run):
            icon = state_icon(alarm)
        if right <= left:
            return
        # The priority is written on top: with it there would be too many different blocks to keep.
        texts = [
            "" if part[0] == PRIORITY else self._texts.text(number, alarm, COLUMNS[part[0]].by, 0)
            for part in run
        ]
        ink = look.text.rgba() if look.text is not None else None
        key = (look.color.rgba(), ink, look.filled, look.hatched, left, waiting, icon, *texts)
        kept = self._blocks.get(key)
        if kept is None:
            if len(self._blocks) >= _BLOCKS_KEPT:
                self._blocks.clear()
            image = self._make_block(look, run, left, right, texts, icon, waiting)
            kept = self._blocks[key] = image
        self._painter.drawPixmap(left, top + 1, kept)
        for index, at, width in run:
            if index == PRIORITY:
                self._painter.setPen(look.text or self._inks["stale" if picture.stale else "text"])
                weight = 600 if waiting else 400
                room = width - self._lead - self._block_gap
                self.cut.draw(
                    str(alarm.priority), at + self._lead, room, top, weight, right=True, often=True
                )

    def _make_block(
        self,
        look: BlockLook,
        run: Sequence[Placed],
        left: int,
        right: int,
        texts: Sequence[str],
        icon: str,
        waiting: bool,
    ) -> QPixmap:
        scale, screen = self._picture.scale, self._painter
        image = QPixmap(round((right - left) * scale), round((self._height - 3) * scale))
        image.setDevicePixelRatio(scale)
        image.fill(self._inks["base"])
        self._painter = QPainter(image)
        self._painter.translate(-left, -1)
        self.cut.begin(self._painter)
        self._paint_ground(look, QRect(left, 1, right - left, self._height - 3))
        ink = look.text or self._inks["stale" if self._picture.stale else "text"]
        self._painter.setPen(ink)
        for (index, at, width), text in zip(run, texts, strict=True):
            column = COLUMNS[index]
            lead = self._lead
            if column.by is SortBy.STATE:
                lead = self._paint_icon(icon, at, 0, ink)
            room = width - lead - self._block_gap
            weight = 600 if waiting else 400
            self.cut.draw(text, at + lead, room, 0, weight, right=column.right, often=True)
        self._painter.end()
        self._painter = screen
        self.cut.begin(screen)
        return image

    def _paint_ground(self, look: BlockLook, box: QRect) -> None:
        painter = self._painter
        bar = QRect(box.left(), box.top(), theme().px(_BAR), box.height())
        if look.filled:
            painter.fillRect(box, look.color)
        elif look.hatched:
            draw_hatch(painter, QRectF(box))
            painter.fillRect(bar, look.color)
        else:
            painter.fillRect(bar, look.color)
            painter.setPen(QPen(look.color, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))

    def _paint_dot(self, left: int, top: int) -> None:
        tokens = theme()
        ink = self._inks["stale" if self._picture.stale else "text"]
        side = 2 * tokens.px(3)
        dot = _dot(ink.rgba(), side, self._picture.scale)
        at = QPointF(left + tokens.px(11.5) - side / 2, top + (self._height - 1 - side) / 2)
        self._painter.drawPixmap(at, dot)

    def _paint_icon(self, name: str, at: int, top: int, ink: QColor) -> int:
        """The state's icon; returns where the text begins behind it."""
        tokens = theme()
        side, lead = tokens.px(15), tokens.px(DOT_ZONE + 10)
        pixmap = tinted_pixmap(name, ink.name(), side, self._picture.scale)
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
        gap = self._gap
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
        often = text == EM_DASH or by in _OFTEN or by is SortBy.STANDS_FOR
        self.cut.draw(text, at, room, top, weight, right=column.right, tail=tail, often=often)

    def _paint_moment(self, text: str, at: int, room: int, top: int, role: str, quiet: str) -> None:
        """Date in grey, time in ink; the date gives way when the column is narrow."""
        date, clock = text[:10], text[11:]
        # Numbers are all of one width, so one time is as wide as the other.
        lead = round(self.cut.layout(date, 4000)[1]) + theme().px(5)
        if lead + self.cut.layout("00:00:00.000", 4000)[1] <= room:
            self._painter.setPen(self._inks[quiet])
            self.cut.draw(date, at, 4000, top, often=True)
            at, room = at + lead, room - lead
        self._painter.setPen(self._inks[role])
        self.cut.draw(clock, at, max(room, 0), top)

    def _paint_note(self, note: Note, at: int, room: int, top: int) -> None:
        tokens = theme()
        side = tokens.px(14)
        box = QRectF(at, top + (self._height - 1 - side) / 2, side, side)
        draw_icon(self._painter, box, note.icon, note.role)
        self._painter.setPen(tokens.color(note.role))
        lead = side + tokens.px(5)
        self.cut.draw(note.short, at + lead, room - lead - 4, top, often=True)


@lru_cache(maxsize=16)
def _dot(ink: int, side: int, scale: float) -> QPixmap:
    """A round dot in the colour `ink` (0xAARRGGBB)."""
    image = QPixmap(round(side * scale), round(side * scale))
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor.fromRgba(ink))
    painter.drawEllipse(QRectF(0, 0, side, side))
    painter.end()
    return image
