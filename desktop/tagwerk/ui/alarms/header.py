"""The alarm table's column header: sorting, order, widths and which columns are shown.

The text column takes what the others leave; where that is too little, columns give way in a fixed
order. Everything that the mouse can do here is in its menu too.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from tagwerk.store.alarm_view import SortBy, SortOrder
from tagwerk.ui.alarms.cells import COLUMNS, INDEX, TEXT_COLUMN
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme

_LEAST_TEXT = 320
_LEAST_SECTION = 24
_STARTS_DESCENDING = {
    SortBy.PRIORITY,
    SortBy.RAISED,
    SortBy.CLEARED,
    SortBy.ACKNOWLEDGED,
    SortBy.STANDS_FOR,
    SortBy.CHANGED,
    SortBy.VALUE,
}
DEFAULT_SORT = SortOrder()


class AlarmHeader(QHeaderView):
    """Header of the alarm table.

    Signals:
        sort_changed: with the new `SortOrder`.
        columns_changed: widths, order or visibility changed; the table repaints.
    """

    sort_changed = Signal(object)
    columns_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.sort = DEFAULT_SORT
        self._hidden = {column.by for column in COLUMNS if column.hidden}
        self._wanted: set[SortBy] = set()
        self._least_text = _LEAST_TEXT
        self._fitting = False
        self._pressed = -1
        self.setObjectName("alarmTableHeader")
        self.setAccessibleName(tr("Alarm columns"))
        self.setSectionsMovable(True)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(_LEAST_SECTION)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.sectionResized.connect(self._resized)
        self.sectionMoved.connect(lambda *_: self.columns_changed.emit())
        self.sectionClicked.connect(self._clicked)
        theme().changed.connect(self._theme_changed)

    def prepare(self) -> None:
        """Give all columns their first width; once, when the model is set."""
        self._fitting = True
        for index, column in enumerate(COLUMNS):
            self.resizeSection(index, theme().px(column.width))
        self._fitting = False
        self.fit()

    # Sorting.

    def set_sort(self, sort: SortOrder) -> None:
        """Show and announce another order."""
        if sort != self.sort:
            self.sort = sort
            self.viewport().update()
            self.sort_changed.emit(sort)

    def sort_by(self, by: SortBy) -> None:
        """Sort by a column; the same one again turns round."""
        turned = not self.sort.descending if by is self.sort.by else by in _STARTS_DESCENDING
        self.set_sort(SortOrder(by, turned, self.sort.unacknowledged_first))

    def _clicked(self, index: int) -> None:
        self.sort_by(COLUMNS[index].by)

    # Widths and visibility.

    def _resized(self, index: int, _old: int, new: int) -> None:
        if self._fitting or new == 0:
            return
        if index == TEXT_COLUMN:
            self._least_text = max(round(new * 13 / theme().text_size), 80)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Give the text what is left; drop columns in their order while that is too little."""
        if self.count() != len(COLUMNS) or self._fitting:
            return
        self._fitting = True
        room = self.viewport().width()
        least = theme().px(self._least_text)
        shown = [column for column in COLUMNS if column.by not in self._hidden]
        widths = {column.by: self._width(column.by) for column in shown}
        used = sum(width for by, width in widths.items() if by is not SortBy.TEXT)
        dropped: set[SortBy] = set()
        for column in sorted(shown, key=lambda column: -column.drop):
            if used + least <= room or not column.drop:
                break
            if column.by not in self._wanted:
                dropped.add(column.by)
                used -= widths[column.by]
        for index, column in enumerate(COLUMNS):
            hide = column.by in self._hidden or column.by in dropped
            if hide != self.isSectionHidden(index):
                self.setSectionHidden(index, hide)
        if SortBy.TEXT not in self._hidden:
            self.resizeSection(TEXT_COLUMN, max(room - used, least))
        self._fitting = False
        self.columns_changed.emit()

    def _width(self, by: SortBy) -> int:
        """The width that a column has or would have again."""
        index = INDEX[by]
        if not self.isSectionHidden(index):
            return self.sectionSize(index)
        was_fitting, self._fitting = self._fitting, True
        self.setSectionHidden(index, False)
        width = self.sectionSize(index)
        self._fitting = was_fitting
        return width

    def show_column(self, by: SortBy, shown: bool) -> None:
        """Show or hide a column because the user said so."""
        if shown:
            self._hidden.discard(by)
            self._wanted.add(by)
        else:
            self._hidden.add(by)
            self._wanted.discard(by)
        self.fit()

    def move_column(self, by: SortBy, step: int) -> None:
        """Move a column left (-1) or right (+1) over the next visible one."""
        visual = self.visualIndex(INDEX[by])
        target = visual + step
        while 0 <= target < self.count() and self.isSectionHidden(self.logicalIndex(target)):
            target += step
        if 0 <= target < self.count():
            self.moveSection(visual, target)

    def reset_columns(self) -> None:
        """Order, widths and visibility as they were at first."""
        self._hidden = {column.by for column in COLUMNS if column.hidden}
        self._wanted = set()
        self._least_text = _LEAST_TEXT
        for index in range(len(COLUMNS)):
            self.moveSection(self.visualIndex(index), index)
        self.prepare()

    def shown_columns(self) -> list[int]:
        """Indexes into COLUMNS, from left to right."""
        order = (self.logicalIndex(visual) for visual in range(self.count()))
        return [index for index in order if not self.isSectionHidden(index)]

    # Remembered between runs.

    def save(self) -> dict[str, Any]:
        scale = 13 / theme().text_size
        return {
            "order": [COLUMNS[self.logicalIndex(i)].by.value for i in range(self.count())],
            "hidden": sorted(by.value for by in self._hidden),
            "wanted": sorted(by.value for by in self._wanted),
            "widths": {
                column.by.value: round(self.sectionSize(index) * scale)
                for index, column in enumerate(COLUMNS)
                if column.by is not SortBy.TEXT and not self.isSectionHidden(index)
            },
            "least_text": self._least_text,
            "sort": [self.sort.by.value, self.sort.descending, self.sort.unacknowledged_first],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `save` gave; parts that make no sense are left out."""
        by_value = {by.value: by for by in SortBy}
        hidden, wanted = state.get("hidden"), state.get("wanted")
        if isinstance(hidden, list):
            self._hidden = {by_value[name] for name in hidden if name in by_value}
            self._hidden.discard(SortBy.TEXT)
        if isinstance(wanted, list):
            self._wanted = {by_value[name] for name in wanted if name in by_value} - self._hidden
        order = state.get("order")
        if isinstance(order, list):
            known = [by_value[name] for name in order if name in by_value]
            for visual, by in enumerate(dict.fromkeys(known)):
                self.moveSection(self.visualIndex(INDEX[by]), visual)
        least = state.get("least_text")
        if isinstance(least, int) and 80 <= least <= 4000:
            self._least_text = least
        widths = state.get("widths")
        self._fitting = True
        for name, width in widths.items() if isinstance(widths, dict) else ():
            if name in by_value and isinstance(width, int) and _LEAST_SECTION <= width <= 2000:
                self.resizeSection(INDEX[by_value[name]], theme().px(width))
        self._fitting = False
        sort = state.get("sort")
        if isinstance(sort, list) and len(sort) == 3 and sort[0] in by_value:
            self.set_sort(SortOrder(by_value[sort[0]], bool(sort[1]), bool(sort[2])))
        self.fit()

    # Menu.

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.logicalIndexAt(event.pos())
        self.popup_menu(event.globalPos(), COLUMNS[index].by if index >= 0 else None)
        event.accept()

    def popup_menu(self, where: QPoint, by: SortBy | None = None) -> QMenu:
        """Open the column menu; `by` is the column that was pointed at."""
        menu = QMenu(self)
        menu.setObjectName("alarmColumnMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, by)
        menu.popup(where)
        return menu

    def fill_menu(self, menu: QMenu, by: SortBy | None = None) -> None:
        """Put sorting, columns and reset into a menu."""
        sorting = menu.addMenu(tr("Sort by"))
        for column in COLUMNS:
            action = sorting.addAction(tr(column.title))
            action.setCheckable(True)
            action.setChecked(column.by is self.sort.by)
            action.triggered.connect(lambda _on=False, by=column.by: self.sort_by(by))
        first = menu.addAction(tr("Unacknowledged first"))
        first.setObjectName("alarmUnacknowledgedFirst")
        first.setCheckable(True)
        first.setChecked(self.sort.unacknowledged_first)
        first.toggled.connect(
            lambda on: self.set_sort(SortOrder(self.sort.by, self.sort.descending, on))
        )
        menu.addSeparator()
        columns = menu.addMenu(tr("Columns"))
        for index, column in enumerate(COLUMNS):
            action = columns.addAction(tr(column.title))
            action.setCheckable(True)
            action.setChecked(not self.isSectionHidden(index))
            action.setEnabled(column.by is not SortBy.TEXT)
            action.toggled.connect(lambda on, by=column.by: self.show_column(by, on))
        if by is not None:
            self._add_moves(menu, by)
        reset = QAction(tr("Reset columns"), menu)
        reset.triggered.connect(self.reset_columns)
        menu.addAction(reset)

    def _add_moves(self, menu: QMenu, by: SortBy) -> None:
        left = menu.addAction(tr("Move column left"))
        left.triggered.connect(lambda: self.move_column(by, -1))
        right = menu.addAction(tr("Move column right"))
        right.triggered.connect(lambda: self.move_column(by, 1))

    # Painting.

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.fit()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(100, theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), tokens.color("header"))
        painter.setPen(tokens.color("border"))
        bottom = self.viewport().height() - 1
        painter.drawLine(0, bottom, self.viewport().width(), bottom)
        for index in self.shown_columns():
            left, width = self.sectionViewportPosition(index), self.sectionSize(index)
            if left + width >= 0 and left <= self.viewport().width():
                self._paint_title(painter, index, QRect(left, 0, width, bottom))
        painter.end()

    def _paint_title(self, painter: QPainter, index: int, area: QRect) -> None:
        tokens = theme()
        column = COLUMNS[index]
        sorted_by = column.by is self.sort.by
        font = tokens.font(11, 600 if sorted_by else 400)
        metrics = tokens.metrics(11, 600 if sorted_by else 400)
        gap, mark = tokens.px(8), tokens.px(7)
        lead = tokens.px(28) if index == INDEX[SortBy.STATE] else gap
        area = area.adjusted(0 if column.right else lead, 0, -gap if column.right else -2, 0)
        room = area.width() - (mark + 4 if sorted_by else 0)
        title = metrics.elidedText(tr(column.title), Qt.TextElideMode.ElideRight, max(room, 0))
        width = metrics.horizontalAdvance(title)
        left = (
            area.right() - width - (mark + 4 if sorted_by else 0) if column.right else area.left()
        )
        painter.setFont(font)
        painter.setPen(tokens.color("text" if sorted_by else "text2"))
        base = (area.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(left, base), title)
        if sorted_by:
            _paint_mark(
                painter, QPointF(left + width + 4, area.height() / 2), mark, self.sort.descending
            )


def _paint_mark(painter: QPainter, at: QPointF, size: int, descending: bool) -> None:
    half = size / 4 if descending else -size / 4
    shape = QPolygonF(
        [
            QPointF(at.x(), at.y() - half),
            QPointF(at.x() + size, at.y() - half),
            QPointF(at.x() + size / 2, at.y() + half),
        ]
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(painter.pen().color())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(shape)
    painter.restore()
