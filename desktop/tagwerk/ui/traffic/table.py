"""The traffic table: Qt's selection, header and keyboard, with its own painting.

Only visible rows are painted, straight from the records. It follows the newest row as long as it
is scrolled to its end; scrolled elsewhere, what is in sight stays where it is.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tagwerk.domain.text import EM_DASH
from tagwerk.domain.traffic import Exchange
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.traffic.cells import COLUMNS, INDEX, KIND_ICONS, Column, cell_text
from tagwerk.ui.traffic.model import TrafficModel
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_LEAST_NOTE = 160
_GAP = 8
_QUIET = frozenset({Column.TIME, Column.KIND, Column.SENT, Column.RECEIVED})


class TrafficHeader(QHeaderView):
    """Titles of the columns; widths are dragged, the note takes the rest."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("trafficTableHeader")
        self.setAccessibleName(tr("Traffic columns"))
        self.setSectionsMovable(False)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(24)
        self._fitting = False
        self._wanted = [look.width for look in COLUMNS]
        self.sectionResized.connect(self._resized)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.fit()
        self.viewport().update()

    def _resized(self, index: int, _old: int, new: int) -> None:
        if not self._fitting and new:
            self._wanted[index] = round(new * 13 / theme().text_size)
            self.fit()

    def fit(self) -> None:
        """Give the note what is left; drop columns in their order while that is too little."""
        if self.count() != len(COLUMNS) or self._fitting:
            return
        self._fitting = True
        tokens = theme()
        room = self.viewport().width()
        widths = {look.column: tokens.px(self._wanted[i]) for i, look in enumerate(COLUMNS)}
        widths.pop(Column.NOTE)
        used = sum(widths.values())
        dropped = set()
        for look in sorted(COLUMNS, key=lambda look: -look.drop):
            if used + tokens.px(_LEAST_NOTE) <= room or not look.drop:
                break
            dropped.add(look.column)
            used -= widths[look.column]
        for index, look in enumerate(COLUMNS):
            hide = look.column in dropped
            if hide != self.isSectionHidden(index):
                self.setSectionHidden(index, hide)
            if not hide and look.column in widths:
                self.resizeSection(index, widths[look.column])
        self.resizeSection(INDEX[Column.NOTE], max(room - used, tokens.px(_LEAST_NOTE)))
        self._fitting = False

    def save(self) -> list[int]:
        return list(self._wanted)

    def restore(self, widths: object) -> None:
        """Take back what `save` gave; what makes no sense is left out."""
        if (
            isinstance(widths, list)
            and len(widths) == len(COLUMNS)
            and all(isinstance(width, int) and 0 <= width <= 2000 for width in widths)
        ):
            self._wanted = [
                max(width, 24) if look.width else 0
                for width, look in zip(widths, COLUMNS, strict=True)
            ]
            self.fit()

    def sizeHint(self) -> QSize:
        return QSize(100, theme().px(24))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), tokens.color("header"))
        bottom = self.viewport().height() - 1
        painter.setPen(tokens.color("border"))
        painter.drawLine(0, bottom, self.viewport().width(), bottom)
        painter.setFont(tokens.font(11))
        painter.setPen(tokens.color("text2"))
        metrics = tokens.metrics(11)
        base = (bottom + metrics.ascent() - metrics.descent()) / 2
        for index, look in enumerate(COLUMNS):
            if self.isSectionHidden(index):
                continue
            left, width = self.sectionViewportPosition(index), self.sectionSize(index)
            gap = tokens.px(_GAP)
            title = metrics.elidedText(
                tr_message(look.title), Qt.TextElideMode.ElideRight, width - gap - 2
            )
            at = left + (width - gap - metrics.horizontalAdvance(title) if look.right else gap)
            painter.drawText(QPointF(at, base), title)
        painter.end()


class TrafficTable(QTableView):
    """The table; object name ``trafficTable``.

    Signals:
        selection_moved: another row is the current one.
        details_wanted: Enter or a double click.
        menu_wanted: context menu at a global position.
    """

    selection_moved = Signal()
    details_wanted = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trafficTable")
        self.setAccessibleName(tr("Traffic"))
        self.records = TrafficModel(self)
        self.columns = TrafficHeader(self)
        self.setHorizontalHeader(self.columns)
        self.setModel(self.records)
        self._elided: dict[tuple[str, int], str] = {}
        self._font = QFont()
        self._metrics: QFontMetricsF = theme().metrics(13)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        use_flat_scroll_bars(self)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_moved.emit())
        self.selectionModel().currentChanged.connect(lambda *_: self.selection_moved.emit())
        self.doubleClicked.connect(lambda _index: self.details_wanted.emit())
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(theme().row_height)
        rows.setDefaultSectionSize(theme().row_height)
        self._elided.clear()
        self._font, self._metrics = theme().font(13), theme().metrics(13)
        self.viewport().update()

    # Following the records.

    @property
    def is_at_end(self) -> bool:
        """The newest row is in sight."""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum()

    def sync(self) -> None:
        """Follow the view; at the end the newest stays in sight, else what is in sight stays."""
        follow = self.is_at_end
        bar = self.verticalScrollBar()
        before = bar.value()
        left = self.records.sync()
        if follow:
            self.scrollToBottom()
        elif left:
            bar.setValue(max(before - left, 0))
        self.viewport().update()

    def current_record(self) -> Exchange | None:
        """The record with the keyboard, None when no row has it."""
        index = self.currentIndex()
        return self.records.record_at(index.row()) if index.isValid() else None

    def selected_rows(self) -> list[int]:
        """Selected rows from the top down."""
        chosen = self.selectionModel().selection()
        rows: set[int] = set()
        for i in range(chosen.count()):
            rows.update(range(chosen.at(i).top(), chosen.at(i).bottom() + 1))
        return sorted(rows)

    # Keyboard and mouse.

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard begins at the newest row; Qt would take the oldest."""
        if not self.currentIndex().isValid() and self.records.rowCount():
            self.selectRow(self.records.rowCount() - 1)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.details_wanted.emit()
            return
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Space):
            event.ignore()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Typing letters does nothing: searching has a field."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.visualRect(self.currentIndex()).bottomLeft()
            where = self.viewport().mapToGlobal(at)
        self.menu_wanted.emit(where)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        at_end = self.is_at_end
        super().resizeEvent(event)
        self.columns.fit()
        if at_end:
            self.scrollToBottom()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        area = event.rect()
        painter = QPainter(self.viewport())
        painter.fillRect(area, tokens.color("base"))
        painter.setFont(self._font)
        places = [
            (look, self.columns.sectionViewportPosition(i), self.columns.sectionSize(i))
            for i, look in enumerate(COLUMNS)
            if not self.columns.isSectionHidden(i)
        ]
        chosen = self.selectionModel().selection()
        spans = [(chosen.at(i).top(), chosen.at(i).bottom()) for i in range(chosen.count())]
        focused = self.currentIndex().row() if self.hasFocus() else -1
        height, width = tokens.row_height, self.viewport().width()
        row = self.rowAt(max(area.top(), 0))
        top = self.rowViewportPosition(row)
        while 0 <= row < self.records.rowCount() and top <= area.bottom():
            record = self.records.record_at(row)
            selected = any(first <= row <= last for first, last in spans)
            if selected:
                painter.fillRect(0, top, width, height, tokens.color("selection"))
            painter.fillRect(0, top + height - 1, width, 1, tokens.color("hairline"))
            if record is not None:
                for look, left, wide in places:
                    self._paint_cell(painter, record, look.column, left, wide, top, look.right)
            if selected:
                painter.fillRect(0, top, 3, height, tokens.color("accent"))
            if row == focused:
                painter.setPen(QPen(tokens.color("accent"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(0.5, top + 0.5, width - 1, height - 2))
            row += 1
            top += height
        painter.end()

    def _paint_cell(
        self,
        painter: QPainter,
        record: Exchange,
        column: Column,
        left: int,
        width: int,
        top: int,
        right: bool,
    ) -> None:
        tokens = theme()
        gap, side = tokens.px(_GAP), tokens.px(14)
        text = cell_text(record, column)
        role = "text3" if text == EM_DASH else "text2" if column in _QUIET else "text"
        middle = top + (tokens.row_height - 1 - side) / 2
        at, room = left + gap, width - gap - 4
        if column is Column.KIND:
            draw_icon(painter, QRectF(at, middle, side, side), KIND_ICONS[record.kind], "text3")
            at, room = at + side + tokens.px(6), room - side - tokens.px(6)
        elif record.is_problem and column in (Column.STATUS, Column.NOTE):
            role = "bad" if text != EM_DASH else role
            if column is Column.NOTE:
                draw_icon(painter, QRectF(at, middle, side, side), "circle-alert", "bad")
                at, room = at + side + tokens.px(6), room - side - tokens.px(6)
        shown = self._fit(text, room)
        if right:
            at = left + width - gap - round(self._metrics.horizontalAdvance(shown))
        painter.setPen(tokens.color(role))
        base = top + (tokens.row_height - 1 + self._metrics.ascent() - self._metrics.descent()) / 2
        painter.drawText(QPointF(at, base), shown)

    def _fit(self, text: str, room: int) -> str:
        key = (text, room)
        found = self._elided.get(key)
        if found is None:
            if len(self._elided) > 4096:
                self._elided.clear()
            found = self._metrics.elidedText(text[:400], Qt.TextElideMode.ElideRight, max(room, 0))
            self._elided[key] = found
        return found

    def row_rect(self, row: int) -> QRect:
        """Where a row is, in the viewport; for tests and menus."""
        return QRect(0, self.rowViewportPosition(row), self.viewport().width(), theme().row_height)
