"""The alarm table: Qt's selection, header, keyboard and accessibility, with its own painting.

Only visible rows are painted, straight from the model's alarms; that is four times as quick as
delegates and keeps thousands of changes a second from being felt. Colours are in `look`, texts in
`cells`, order in the store's view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median_low

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.text import EM_DASH
from tagwerk.store.alarm_view import SortBy
from tagwerk.ui.alarms.cells import BLOCK, COLUMNS, INDEX, CellTexts
from tagwerk.ui.alarms.header import AlarmHeader
from tagwerk.ui.alarms.look import (
    Colors,
    block_look,
    flash_phase,
    is_flashing,
    state_icon,
    tinted_pixmap,
)
from tagwerk.ui.alarms.model import AlarmModel
from tagwerk.ui.alarms.notes import Note
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.numbers import draw_hatch
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

CARRIED_ROWS = 200
"""Above so many selected rows the order is held: carrying them along would stop the window."""
_FITTED = 8192
_BAR = 6
_DOT_ZONE = 22


@dataclass(frozen=True, slots=True)
class _Row:
    """All that painting one row needs to know."""

    alarm: Alarm
    number: int
    box: QRect
    selected: bool
    hovered: bool
    waiting: bool


class AlarmTable(QTableView):
    """The table.

    Args:
        texts: makes the texts of cells.
        clock_ns: the wall clock.
        note: what is to be said about an operation on an alarm, or None.

    Signals:
        details_wanted: Enter or a double click on the current alarm.
        selection_moved: the selected alarms changed.
        menu_wanted: context menu at a global position.
    """

    details_wanted = Signal()
    selection_moved = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(
        self,
        texts: CellTexts,
        clock_ns: Callable[[], int],
        note: Callable[[Alarm], Note | None] = lambda alarm: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("alarmTable")
        self.setAccessibleName(tr("Alarms"))
        self._clock_ns = clock_ns
        self._note = note
        self.colors = Colors.SERVER
        self.flashing = True
        self.is_stale = False
        self.is_history = False
        self._framed = False
        self._hovered = -1
        self._fitted: dict[tuple[str, int, int], tuple[str, float]] = {}
        self.alarms = AlarmModel(texts, clock_ns, self._note_text, self)
        self.columns = AlarmHeader(self)
        self.setHorizontalHeader(self.columns)
        self.setModel(self.alarms)
        self.columns.prepare()
        self.columns.columns_changed.connect(self.viewport().update)
        self.columns.sort_changed.connect(self._sort_changed)
        self._behave()
        self._dress()
        theme().changed.connect(self._dress)

    def _behave(self) -> None:
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        use_flat_scroll_bars(self)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_moved.emit())
        self.doubleClicked.connect(lambda _index: self.details_wanted.emit())

    def _dress(self) -> None:
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(theme().row_height)
        rows.setDefaultSectionSize(theme().row_height)
        self._fitted.clear()
        self.viewport().update()

    def _note_text(self, alarm: Alarm) -> str:
        note = self._note(alarm)
        return note.short if note is not None else ""

    # What is selected.

    def selected_ids(self) -> list[int]:
        """Numbers of the selected alarms, from the top down."""
        rows: set[int] = set()
        for span in self.selectionModel().selection():
            rows.update(range(span.top(), span.bottom() + 1))
        ids = (self.alarms.id_at(row) for row in sorted(rows))
        return [number for number in ids if number >= 0]

    def selected_alarms(self) -> list[Alarm]:
        found = (self.alarms.view.alarm(number) for number in self.selected_ids())
        return [alarm for alarm in found if alarm is not None]

    def current_alarm(self) -> Alarm | None:
        """The alarm with the keyboard, else the first selected one."""
        index = self.currentIndex()
        alarm = self.alarms.alarm_at(index.row()) if index.isValid() else None
        if alarm is None or not self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            selected = self.selected_alarms()
            return selected[0] if selected else alarm
        return alarm

    def select_alarms(self, ids: Iterable[int]) -> None:
        """Select exactly these alarms; the first one becomes the current row."""
        rows = sorted(row for row in (self.alarms.row_of(number) for number in ids) if row >= 0)
        flags = QItemSelectionModel.SelectionFlag
        selection = QItemSelection()
        for row in rows:
            selection.select(self.alarms.index(row, 0), self.alarms.index(row, len(COLUMNS) - 1))
        if rows:
            self.selectionModel().setCurrentIndex(self.alarms.index(rows[0], 0), flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)

    def step(self, by: int) -> Alarm | None:
        """Make the next (+1) or previous (-1) row current and selected."""
        row = self.currentIndex().row() + by
        if 0 <= row < self.alarms.rowCount():
            self.selectRow(row)
        return self.current_alarm()

    # Following the store.

    def _sort_changed(self) -> None:
        self.alarms.view.set_sort(self.columns.sort)
        self.sync()

    def sync(self) -> bool:
        """Follow the view; selection, current row and what is in sight stay with their alarms."""
        selected = sum(span.height() for span in self.selectionModel().selection())
        bar = self.verticalScrollBar()
        first = bar.value()
        in_sight = [
            (row, self.alarms.id_at(row)) for row in range(first, first + self._rows_in_sight())
        ]
        current = self.currentIndex()
        had = self.alarms.id_at(current.row()) if current.isValid() else -1
        moved = self.alarms.sync(hold=selected > CARRIED_ROWS)
        if moved:
            if had >= 0 and not self.currentIndex().isValid() and self.alarms.rowCount():
                row = min(current.row(), self.alarms.rowCount() - 1)
                self.selectionModel().setCurrentIndex(
                    self.alarms.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate
                )
            if first > 0:
                self._keep_in_sight(first, in_sight)
        self.viewport().update()
        return moved

    def _rows_in_sight(self) -> int:
        return self.viewport().height() // max(theme().row_height, 1) + 1

    def _keep_in_sight(self, first: int, before: list[tuple[int, int]]) -> None:
        """Scroll by as much as most of the visible rows moved; at the top the newest stay in sight."""
        moves = [
            now - row
            for row, number in before
            if number >= 0 and (now := self.alarms.row_of(number)) >= 0
        ]
        if moves:
            self.verticalScrollBar().setValue(first + median_low(moves))

    def tick(self, now_ns: int) -> None:
        """Once a frame: change the flashing phase when it is due."""
        framed = flash_phase(now_ns) and self.flashing and not self.is_stale and not self.is_history
        if framed != self._framed:
            self._framed = framed
            if self._any_flashing():
                self._update_columns(BLOCK)

    def _any_flashing(self) -> bool:
        first = self.rowAt(0)
        alarms = (self.alarms.alarm_at(first + i) for i in range(self._rows_in_sight()))
        return any(alarm is not None and is_flashing(alarm) for alarm in alarms)

    def update_durations(self) -> None:
        """Paint the "stands for" column again; once a second."""
        self._update_columns({INDEX[SortBy.STANDS_FOR]})

    def _update_columns(self, columns: Iterable[int]) -> None:
        for index in columns:
            if not self.columns.isSectionHidden(index):
                left = self.columns.sectionViewportPosition(index)
                width = self.columns.sectionSize(index)
                self.viewport().update(left, 0, width, self.viewport().height())

    # Keyboard and mouse.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.details_wanted.emit()
            return
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Typing letters does nothing: no bare key may act on alarms, and searching has a field."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.rowAt(event.position().toPoint().y()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            for changed in (row, self._hovered):
                if changed >= 0:
                    top = self.rowViewportPosition(changed)
                    self.viewport().update(0, top, self.viewport().width(), theme().row_height)
            self._hovered = row

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.visualRect(self.currentIndex()).bottomLeft()
            where = self.viewport().mapToGlobal(at + QPoint(theme().px(_DOT_ZONE), 0))
        self.menu_wanted.emit(where)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.columns.fit()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        painter = QPainter(self.viewport())
        area = event.rect()
        painter.fillRect(area, tokens.color("base"))
        columns = [
            (index, self.columns.sectionViewportPosition(index), self.columns.sectionSize(index))
            for index in self.columns.shown_columns()
        ]
        columns = [
            part
            for part in columns
            if part[1] < area.right() + 1 and part[1] + part[2] > area.left()
        ]
        chosen = self._selected_rows()
        height = tokens.row_height
        first = self.rowAt(max(area.top(), 0))
        if first >= 0:
            top = self.rowViewportPosition(first)
            for row in range(first, self.alarms.rowCount()):
                if top > area.bottom():
                    break
                self._paint_row(
                    painter, row, QRect(0, top, self.viewport().width(), height), columns, chosen
                )
                top += height
        painter.end()

    def _selected_rows(self) -> list[tuple[int, int]]:
        return [(span.top(), span.bottom()) for span in self.selectionModel().selection()]

    def _paint_row(
        self,
        painter: QPainter,
        row: int,
        box: QRect,
        columns: list[tuple[int, int, int]],
        chosen: list[tuple[int, int]],
    ) -> None:
        number = self.alarms.id_at(row)
        alarm = self.alarms.view.alarm(number)
        if alarm is None:
            return
        tokens = theme()
        selected = any(top <= row <= bottom for top, bottom in chosen)
        waiting = alarm.needs_acknowledgement and not self.is_history
        shown = _Row(alarm, number, box, selected, row == self._hovered, waiting)
        if selected or shown.hovered:
            painter.fillRect(box, tokens.color("selection" if selected else "hover"))
        painter.fillRect(QRect(0, box.bottom(), box.width(), 1), tokens.color("hairline"))
        self._paint_block(painter, shown, columns)
        for index, left, width in columns:
            if index not in BLOCK:
                self._paint_cell(painter, shown, index, QRect(left, box.top(), width, box.height()))
        if selected:
            painter.fillRect(QRect(0, box.top(), 3, box.height()), tokens.color("accent"))
        if row == self.currentIndex().row() and self.hasFocus():
            painter.setPen(QPen(tokens.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -1.5))

    def _paint_block(
        self, painter: QPainter, row: _Row, columns: list[tuple[int, int, int]]
    ) -> None:
        """State, priority and class on their colour; neighbours share one block."""
        run: list[tuple[int, int, int]] = []
        for part in [*columns, (-1, 0, 0)]:
            if part[0] in BLOCK:
                run.append(part)
                continue
            if run:
                self._paint_run(painter, row, run)
            run = []

    def _paint_run(self, painter: QPainter, row: _Row, run: list[tuple[int, int, int]]) -> None:
        tokens = theme()
        look = block_look(row.alarm, self.colors, framed=self._framed, stale=self.is_stale)
        left, right = run[0][1], run[-1][1] + run[-1][2]
        if run[0][0] == INDEX[SortBy.STATE]:
            left += tokens.px(_DOT_ZONE)
            if row.waiting:
                self._paint_dot(painter, row)
        box = QRect(left, row.box.top() + 1, right - left, row.box.height() - 3)
        bar = QRect(box.left(), box.top(), tokens.px(_BAR), box.height())
        if look.filled:
            painter.fillRect(box, look.color)
        elif look.hatched:
            draw_hatch(painter, QRectF(box))
            painter.fillRect(bar, look.color)
        else:
            painter.fillRect(box, tokens.color("base"))
            painter.fillRect(bar, look.color)
            painter.setPen(QPen(look.color, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(box).adjusted(1, 1, -1, -1))
        ink = look.text or tokens.color("stale" if self.is_stale else "text")
        for index, at, width in run:
            cell = QRect(at, row.box.top(), width, row.box.height())
            self._paint_block_cell(painter, row, index, cell, ink.name())

    def _paint_dot(self, painter: QPainter, row: _Row) -> None:
        tokens = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("stale" if self.is_stale else "text"))
        left = self.columns.sectionViewportPosition(INDEX[SortBy.STATE])
        middle = QPointF(left + tokens.px(11.5), row.box.top() + (row.box.height() - 1) / 2)
        painter.drawEllipse(middle, tokens.px(3), tokens.px(3))
        painter.restore()

    def _paint_block_cell(
        self, painter: QPainter, row: _Row, index: int, cell: QRect, ink: str
    ) -> None:
        tokens = theme()
        if COLUMNS[index].by is SortBy.STATE:
            side = tokens.px(15)
            left = cell.left() + tokens.px(_DOT_ZONE + 10)
            scale = self.devicePixelRatioF()
            pixmap = tinted_pixmap(state_icon(row.alarm), ink, side, scale)
            painter.drawPixmap(QPointF(left, cell.top() + (cell.height() - 1 - side) / 2), pixmap)
            cell = cell.adjusted(tokens.px(_DOT_ZONE + 10 + 15 + 7), 0, 0, 0)
        else:
            cell = cell.adjusted(tokens.px(4), 0, 0, 0)
        weight = 600 if row.waiting else 400
        text = self.alarms.texts.text(row.number, row.alarm, COLUMNS[index].by, 0)
        painter.setPen(ink)
        self._draw(
            painter, cell.adjusted(0, 0, -tokens.px(6), 0), text, weight, right=COLUMNS[index].right
        )

    def _paint_cell(self, painter: QPainter, row: _Row, index: int, cell: QRect) -> None:
        tokens = theme()
        by = COLUMNS[index].by
        if by is SortBy.ACKNOWLEDGED:
            note = self._note(row.alarm)
            if note is not None:
                self._paint_note(painter, cell, note)
                return
        gap = tokens.px(8)
        cell = cell.adjusted(
            0 if COLUMNS[index].right else gap, 0, -gap if COLUMNS[index].right else -4, 0
        )
        text = self.alarms.texts.text(row.number, row.alarm, by, self._clock_ns())
        quiet = "text2" if row.selected else "text3"
        if self.is_stale:
            quiet = role = "stale"
        elif by in (SortBy.AREA, SortBy.TRIGGER, SortBy.ORIGIN, SortBy.NAME):
            role = "text2"
        else:
            role = "text"
        if by in (SortBy.RAISED, SortBy.CHANGED) and len(text) > 11:
            self._paint_time(painter, cell, text, role, quiet)
            return
        painter.setPen(tokens.color(quiet if text == EM_DASH else role))
        weight = 600 if by is SortBy.TEXT and row.waiting else 400
        self._draw(painter, cell, text, weight, right=COLUMNS[index].right)

    def _paint_time(self, painter: QPainter, cell: QRect, text: str, role: str, quiet: str) -> None:
        """Date in grey, time in ink; the date gives way when the column is narrow."""
        tokens = theme()
        date, clock = text[:10], text[11:]
        _, date_width = self._fit(date, 4000, 400)
        _, clock_width = self._fit(clock, 4000, 400)
        lead = date_width + tokens.px(5)
        if lead + clock_width <= cell.width():
            painter.setPen(tokens.color(quiet))
            self._draw(painter, cell, date, 400)
            cell = cell.adjusted(round(lead), 0, 0, 0)
        painter.setPen(tokens.color(role))
        self._draw(painter, cell, clock, 400)

    def _paint_note(self, painter: QPainter, cell: QRect, note: Note) -> None:
        tokens = theme()
        side = tokens.px(14)
        left = cell.left() + tokens.px(8)
        box = QRectF(left, cell.top() + (cell.height() - 1 - side) / 2, side, side)
        draw_icon(painter, box, note.icon, note.role)
        painter.setPen(tokens.color(note.role))
        self._draw(
            painter, cell.adjusted(tokens.px(8) + side + tokens.px(5), 0, -4, 0), note.short, 400
        )

    def _draw(
        self, painter: QPainter, cell: QRect, text: str, weight: int, *, right: bool = False
    ) -> None:
        fitted, width = self._fit(text, cell.width(), weight)
        font, metrics = self._font(weight)
        painter.setFont(font)
        base = cell.top() + (cell.height() - 1 + metrics.ascent() - metrics.descent()) / 2
        left = cell.left() + cell.width() - width if right else cell.left()
        painter.drawText(QPointF(left, round(base)), fitted)

    def _font(self, weight: int) -> tuple[QFont, QFontMetricsF]:
        key = (theme().text_size, weight)
        found = _FONTS.get(key)
        if found is None:
            font = theme().font(13, weight)
            found = _FONTS[key] = (font, QFontMetricsF(font))
        return found

    def _fit(self, text: str, room: int, weight: int) -> tuple[str, float]:
        """The text cut to a width in pixels, and how wide it is; measured once."""
        key = (text, room, weight)
        found = self._fitted.get(key)
        if found is None:
            metrics = self._font(weight)[1]
            width = metrics.horizontalAdvance(text)
            if width > room:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0))
                width = metrics.horizontalAdvance(text)
            if len(self._fitted) >= _FITTED:
                self._fitted.clear()
            found = self._fitted[key] = (text, width)
        return found


_FONTS: dict[tuple[int, int], tuple[QFont, QFontMetricsF]] = {}
