"""Paints rows of the alarm table: the colour block, the cells, the marks of selection and focus.

Some thousand texts a second go through here. What the cells of a column have in common is worked
out once (`_Cell`), and a row is painted once and copied while its alarm stays as it is; apart from
it are the block, which flashes, and how long the alarm stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.text import EM_DASH
from tagwerk.store.alarm_order import SortBy
from tagwerk.ui.alarms.block_painting import BlockPainter
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, CellTexts, is_ageing
from tagwerk.ui.alarms.look import Colors, is_flashing
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.cut_text import CutText
from tagwerk.ui.widgets.row_images import RowImages
from tagwerk.ui.widgets.table_header import Placed
from tagwerk.ui.widgets.text_cell import MINUTE_LETTERS, MomentCell, TextCell
from tagwerk.ui.widgets.text_strips import CellStrips, Number, Strips

_ROLES = ("base", "text", "text2", "text3", "stale", "selection", "hover", "hairline", "accent")
_SECOND_RANK = frozenset({SortBy.AREA, SortBy.TRIGGER, SortBy.ORIGIN, SortBy.NAME})
_NAMES = frozenset({SortBy.TRIGGER, SortBy.NAME})
"""A name is never cut at its end, which is what tells it from others."""
_OFTEN = frozenset({SortBy.AREA, SortBy.ORIGIN})
_BOLD = 1
_MOMENTS = frozenset({SortBy.RAISED, SortBy.CHANGED})


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


@dataclass(frozen=True, slots=True)
class _Paper:
    """What rows are painted on, and its height.

    Args:
        grounds: by `_look`, without the bit of bold.
    """

    grounds: tuple[QColor, ...]
    quiets: tuple[QColor, ...]
    hairline: QColor
    height: int


def _look(*, selected: bool, hovered: bool) -> int:
    """What the ground of a row depends on; plus `_BOLD` for a heavier text."""
    return 4 if selected else 2 if hovered else 0


class _Cell:
    """What the cells of one column have in common.

    Args:
        texts: draws them.
        moments: draws those that are a date with a time; None in other columns.
        ink: of all texts but dashes.
        at, width: of the whole cell.
        paper: what all cells of a row are painted on.
    """

    __slots__ = (
        "_cut", "_how", "_moments", "_paper", "at", "by", "first", "ink", "is_kept", "strips",
        "texts", "width",
    )  # fmt: skip

    def __init__(
        self,
        by: SortBy,
        cut: CutText,
        texts: TextCell,
        moments: MomentCell | None,
        ink: QColor,
        at: int,
        width: int,
        paper: _Paper,
    ) -> None:
        self.by, self.ink, self.at, self.width = by, ink, at, width
        self.texts, self._cut, self._moments, self._paper = texts, cut, moments, paper
        self.first = MINUTE_LETTERS if moments is not None else 0
        self.is_kept = by in _OFTEN
        self._how: Callable[[QPainter, str, int], None] = texts.draw
        if by in _OFTEN:
            self._how = texts.draw_kept
        elif by in _NAMES or by is SortBy.TEXT:
            self._how = texts.draw_again
        self.strips: CellStrips

    def ground(self, painter: QPainter, look: int) -> None:
        """Ground and line of a row; wider than the cell, since a strip may be."""
        paper = self._paper
        left, width = self.at - 8, self.width + 16
        painter.fillRect(left, 0, width, paper.height, paper.grounds[look // 2])
        painter.fillRect(left, paper.height - 1, width, 1, paper.hairline)

    def draw(self, painter: QPainter, text: str, look: int) -> None:
        """Draw a text on the ground of its row, in the painter's font of weight 400."""
        if text == EM_DASH:
            painter.setPen(self._paper.quiets[look // 2])
            self.texts.draw_kept(painter, text)
        elif self._moments is not None and len(text) > 11:
            self._moments.draw(painter, text, self.ink, self._paper.quiets[look // 2])
        elif look & _BOLD:
            painter.setPen(self.ink)
            painter.setFont(self._cut.font(600))
            self._how(painter, text, 600)
            painter.setFont(self._cut.font(400))
        else:
            painter.setPen(self.ink)
            self._how(painter, text, 400)

    def number(self, text: str, look: int) -> Number | None:
        """How a text with digits is drawn; None when that depends on them."""
        if self._moments is not None:
            return self._moments.number(text, self._paper.quiets[look // 2])
        return self.texts.number(text, 600 if look & _BOLD else 400)


class RowPainter:
    """Paints rows; `begin` before the first row of a picture and `end` after the last, `dress` when
    the theme changed."""

    def __init__(self, texts: CellTexts, note: Callable[[Alarm], Note | None]) -> None:
        self._texts = texts
        self._note = note
        self.cut = CutText()
        self.images = RowImages()
        self.strips = Strips(self.cut)
        self._blocks = BlockPainter(self.cut)
        self._inks: dict[str, QColor] = {}
        self._painter: QPainter
        self._picture: Picture
        self._planned: object = None
        self._cells: list[_Cell] = []
        self._ageing: list[_Cell] = []
        self._dot_left: int | None = None
        self._paper: _Paper
        self._height = 0

    def dress(self) -> None:
        """Take over fonts, colours and measures of the theme."""
        tokens = theme()
        self.cut.dress()
        self.images.clear()
        self.strips.dress()
        self._inks = {role: tokens.color(role) for role in _ROLES}
        self._blocks.dress(self._inks)
        self._height = tokens.row_height
        self._planned = None

    def begin(self, painter: QPainter, columns: Sequence[Placed], picture: Picture) -> None:
        """Start a picture with the columns that are in sight, from left to right."""
        self._painter, self._picture = painter, picture
        look = (tuple(columns), picture.stale, picture.history, picture.colors)
        self.images.begin(picture.width, self._height, picture.scale, (look, self._texts.version))
        if (look, picture.scale) != self._planned:
            self._planned = (look, picture.scale)
            self._plan(columns)

    def end(self) -> None:
        """The picture is painted."""
        self.images.end()

    def _plan(self, columns: Sequence[Placed]) -> None:
        """Work out what all cells of each column have in common."""
        picture, inks = self._picture, self._inks
        self._blocks.begin(columns, picture.colors, picture.scale, stale=picture.stale)
        self._dot_left = self._blocks.dot_left
        quiets = ("stale", "stale", "stale") if picture.stale else ("text3", "text3", "text2")
        self._paper = _Paper(
            tuple(inks[role] for role in ("base", "hover", "selection")),
            tuple(inks[role] for role in quiets),
            inks["hairline"],
            self._height,
        )
        self.strips.plan(self._height, picture.scale)
        cells = [self._planned_cell(part) for part in columns if part[0] not in BLOCK]
        self._ageing = [cell for cell in cells if cell.by is SortBy.STANDS_FOR]
        self._cells = [cell for cell in cells if cell.by is not SortBy.STANDS_FOR]

    def _planned_cell(self, part: Placed) -> _Cell:
        index, at, width = part
        by, right, gap = COLUMNS[index].by, COLUMNS[index].right, theme().px(8)
        left, room = (at, width - gap) if right else (at + gap, width - gap - 4)
        role = "text2" if by in _SECOND_RANK else "text"
        texts = TextCell(self.cut, left, room, right=right, tail=by in _NAMES)
        moments = MomentCell(self.cut, left, room, theme().px(5)) if by in _MOMENTS else None
        ink = self._inks["stale" if self._picture.stale else role]
        cell = _Cell(by, self.cut, texts, moments, ink, at, width, self._paper)
        cell.strips = self.strips.column(cell, at, width)
        return cell

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
        painter, picture = self._painter, self._picture
        if alarm is None:
            painter.fillRect(0, top, picture.width, self._height, self._inks["base"])
            return
        note = self._note(alarm)
        waiting = alarm.needs_acknowledgement and not picture.history

        look = _look(selected=selected, hovered=hovered)

        def paint_row(inner: QPainter) -> None:
            self._paint_row(inner, number, alarm, note, waiting, look)

        def amend(inner: QPainter) -> None:
            self._paint_block(inner, number, alarm, waiting)
            for cell in self._ageing:
                self._paint_age(inner, cell, number, alarm, look)

        changing = (
            picture.framed and is_flashing(alarm),
            picture.now_ns if self._ageing and is_ageing(alarm) else 0,
        )
        marks = (alarm, selected, hovered, note)
        self.images.draw(painter, number, top, marks, paint_row, changing, amend)
        if selected:
            painter.fillRect(0, top, 3, self._height, self._inks["accent"])
        if focused:
            painter.setPen(QPen(self._inks["accent"], 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(0.5, top + 0.5, picture.width - 1, self._height - 2))

    # What changes while the alarm stays.

    def _paint_block(self, painter: QPainter, number: int, alarm: Alarm, waiting: bool) -> None:
        texts = self._texts.of(number, alarm)
        block = self._blocks.block(alarm, texts, framed=self._picture.framed, waiting=waiting)
        for left, image in block.images:
            painter.drawPixmap(left, 1, image)
        for ink, where, text in block.priorities:
            painter.setFont(self.cut.font(600 if waiting else 400))
            painter.setPen(ink)
            painter.drawStaticText(where, text)

    def _paint_age(
        self, painter: QPainter, cell: _Cell, number: int, alarm: Alarm, look: int
    ) -> None:
        """How long it stands, over what was there."""
        text = self._texts.text(number, alarm, cell.by, self._picture.now_ns)
        ground = self._paper.grounds[look // 2]
        painter.fillRect(cell.at, 0, cell.width, self._height - 1, ground)
        painter.setFont(self.cut.font(400))
        painter.setPen(self._paper.quiets[look // 2] if text == EM_DASH else cell.ink)
        cell.texts.draw_kept(painter, text)

    # What stays while the alarm does, with its upper edge at 0.

    def _paint_row(
        self,
        painter: QPainter,
        number: int,
        alarm: Alarm,
        note: Note | None,
        waiting: bool,
        look: int,
    ) -> None:
        paper, width = self._paper, self._picture.width
        painter.fillRect(0, 0, width, paper.height, paper.grounds[look // 2])
        painter.fillRect(0, paper.height - 1, width, 1, paper.hairline)
        if waiting and self._dot_left is not None:
            self._paint_dot(painter, self._dot_left)
        painter.setFont(self.cut.font(400))
        texts, on_image = self._texts.of(number, alarm), self.images.is_sharp
        for cell in self._cells:
            text = texts[cell.by]
            if note is not None and cell.by is SortBy.ACKNOWLEDGED:
                self._paint_note(painter, note, cell)
                continue
            bold = _BOLD if waiting and cell.by is SortBy.TEXT and text != EM_DASH else 0
            if on_image:
                cell.strips.draw(painter, text, look + bold)
            else:
                cell.draw(painter, text, look + bold)

    def _paint_dot(self, painter: QPainter, left: int) -> None:
        tokens = theme()
        ink = self._inks["stale" if self._picture.stale else "text"]
        side = 2 * tokens.px(3)
        dot = _dot(ink.rgba(), side, self._picture.scale)
        at = QPointF(left + tokens.px(11.5) - side / 2, (self._height - 1 - side) / 2)
        painter.drawPixmap(at, dot)

    def _paint_note(self, painter: QPainter, note: Note, cell: _Cell) -> None:
        tokens = theme()
        gap, side = tokens.px(8), tokens.px(14)
        left, room = cell.at + gap, cell.width - gap
        box = QRectF(left, (self._height - 1 - side) / 2, side, side)
        draw_icon(painter, box, note.icon, note.role)
        painter.setPen(tokens.color(note.role))
        lead = side + tokens.px(5)
        texts = TextCell(self.cut, left + lead, room - lead - 4)
        texts.draw_kept(painter, note.short)


@lru_cache(maxsize=16)
def _dot(ink: int, side: int, scale: float) -> QPixmap:
    """A round dot in the colour `ink` (0xAARRGGBB)."""
    image = QPixmap(round(side * scale), round(side * scale))
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor.fromRgba(ink))
        painter.drawEllipse(QRectF(0, 0, side, side))
    return image
