"""The colour block of a row: state, priority and class on the server's colour, as kept images.

The block is apart from the rest of a row, since it flashes. Used by `painting`; which colours it
has is `look`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QStaticText

from tagwerk.domain.alarms import Alarm
from tagwerk.store.alarm_order import SortBy
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, INDEX
from tagwerk.ui.alarms.look import BlockLook, Colors, block_look, state_icon, tinted_pixmap
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.numbers import draw_hatch
from tagwerk.ui.widgets.table_header import Placed
from tagwerk.ui.widgets.text_cell import TextCell

DOT_ZONE = 22
"""Pixels at normal density left of the block, for the dot of unacknowledged alarms."""
PRIORITY = INDEX[SortBy.PRIORITY]
_STATE = INDEX[SortBy.STATE]
_BAR = 6
_BLOCKS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Block:
    """The block of one row in one phase of flashing.

    Args:
        images: left edge and image of each part; several where other columns stand between.
        priorities: ink, place and text of the priority, on top of an image.
    """

    images: tuple[tuple[int, QPixmap], ...]
    priorities: tuple[tuple[QColor, QPointF, QStaticText], ...]


class BlockPainter:
    """Makes blocks; `begin` where columns, colours or the scale of the screen may have changed."""

    def __init__(self, cut: CutText) -> None:
        self._cut = cut
        self._blocks: dict[object, QPixmap] = {}
        self._priority_cells: dict[tuple[int, int], TextCell] = {}
        self._inks: dict[str, QColor] = {}
        self._runs: list[list[Placed]] = []
        self._colors = Colors.SERVER
        self._is_stale = False
        self._scale = 1.0
        self._height = self._dot_zone = self._lead = self._gap = 0

    def dress(self, inks: dict[str, QColor]) -> None:
        """Take over fonts, colours and measures of the theme."""
        tokens = theme()
        self._inks = inks
        self.clear()
        self._height = tokens.row_height
        self._dot_zone = tokens.px(DOT_ZONE)
        self._lead, self._gap = tokens.px(4), tokens.px(6)

    def clear(self) -> None:
        self._blocks.clear()
        self._priority_cells.clear()

    def begin(
        self, columns: Sequence[Placed], colors: Colors, scale: float, *, stale: bool
    ) -> None:
        """Blocks for these columns from now on; neighbours share one block."""
        self.clear()
        self._colors, self._scale, self._is_stale = colors, scale, stale
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

    @property
    def dot_left(self) -> int | None:
        """Left edge of the zone of the dot; None where nothing begins with the state."""
        return next((run[0][1] for run in self._runs if run[0][0] == _STATE), None)

    def block(
        self, alarm: Alarm, texts: Mapping[SortBy, str], *, framed: bool, waiting: bool
    ) -> Block:
        """The block of an alarm.

        Args:
            texts: of its cells.
            framed: flashing is in its framed phase.
            waiting: it waits for somebody.
        """
        look = block_look(alarm, self._colors, framed=framed, stale=self._is_stale)
        ink = look.text or self._inks["stale" if self._is_stale else "text"]
        images = []
        priorities = []
        for run in self._runs:
            left, right = run[0][1], run[-1][1] + run[-1][2]
            if run[0][0] == _STATE:
                left += self._dot_zone
            if right <= left:
                continue
            images.append((left, self._image(look, alarm, texts, run, left, right, waiting)))
            for index, at, width in run:
                if index == PRIORITY:
                    cell = self._priority_cell(at, width)
                    where, text = cell.laid_out(str(alarm.priority), 600 if waiting else 400)
                    priorities.append((ink, where, text))
        return Block(tuple(images), tuple(priorities))

    def _priority_cell(self, at: int, width: int) -> TextCell:
        cell = self._priority_cells.get((at, width))
        if cell is None:
            room = width - self._lead - self._gap
            cell = TextCell(self._cut, at + self._lead, room, right=True)
            self._priority_cells[(at, width)] = cell
        return cell

    def _image(
        self,
        look: BlockLook,
        alarm: Alarm,
        texts: Mapping[SortBy, str],
        run: Sequence[Placed],
        left: int,
        right: int,
        waiting: bool,
    ) -> QPixmap:
        # The priority is written on top: with it there would be too many different ones to keep.
        words = ["" if part[0] == PRIORITY else texts[COLUMNS[part[0]].by] for part in run]
        icon = state_icon(alarm) if any(part[0] == _STATE for part in run) else ""
        ink = look.text.rgba() if look.text is not None else None
        key = (look.color.rgba(), ink, look.filled, look.hatched, left, waiting, icon, *words)
        kept = self._blocks.get(key)
        if kept is None:
            if len(self._blocks) >= _BLOCKS_KEPT:
                self._blocks.clear()
            kept = self._blocks[key] = self._make(look, run, left, right, words, icon, waiting)
        return kept

    def _make(
        self,
        look: BlockLook,
        run: Sequence[Placed],
        left: int,
        right: int,
        words: Sequence[str],
        icon: str,
        waiting: bool,
    ) -> QPixmap:
        height, scale = self._height - 3, self._scale
        image = QPixmap(round((right - left) * scale), round(height * scale))
        image.setDevicePixelRatio(scale)
        image.fill(self._inks["base"])
        with QPainter(image) as painter:
            painter.translate(-left, -1)
            _paint_ground(painter, look, QRect(left, 1, right - left, height))
            ink = look.text or self._inks["stale" if self._is_stale else "text"]
            painter.setPen(ink)
            weight = 600 if waiting else 400
            painter.setFont(self._cut.font(weight))
            for (index, at, width), text in zip(run, words, strict=True):
                column = COLUMNS[index]
                lead = self._lead
                if column.by is SortBy.STATE:
                    lead = self._paint_icon(painter, icon, at, ink)
                room = width - lead - self._gap
                cell = TextCell(self._cut, at + lead, room, right=column.right)
                cell.draw_kept(painter, text, weight)
        return image

    def _paint_icon(self, painter: QPainter, name: str, at: int, ink: QColor) -> int:
        """The state's icon; returns where the text begins behind it."""
        tokens = theme()
        side, lead = tokens.px(15), tokens.px(DOT_ZONE + 10)
        pixmap = tinted_pixmap(name, ink.name(), side, self._scale)
        painter.drawPixmap(QPointF(at + lead, (self._height - 1 - side) / 2), pixmap)
        return lead + side + tokens.px(7)


def _paint_ground(painter: QPainter, look: BlockLook, box: QRect) -> None:
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
