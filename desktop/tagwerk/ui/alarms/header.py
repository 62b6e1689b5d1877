"""The alarm table's column header: a `TableHeader` that sorts.

The text column takes what the others leave. Everything that the mouse can do here is in its menu
too.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QMenu, QWidget

from tagwerk.store.alarm_order import SortBy, SortOrder
from tagwerk.ui.alarms.cells import COLUMNS, Column
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.table_header import TableColumn, TableHeader

_LEAST_TEXT = 320
_LEADS = {SortBy.STATE: 28, SortBy.CLASS: 4}
"""Where titles begin, so that they stand above the texts on the colour block."""
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


def _table_column(column: Column) -> TableColumn:
    return TableColumn(
        column.by.value,
        lambda: tr(column.title),
        column.width,
        column.right,
        column.hidden,
        column.drop,
        _LEADS.get(column.by, 8),
    )


class AlarmHeader(TableHeader):
    """Header of the alarm table.

    Signals:
        sort_changed: with the new `SortOrder`.
    """

    sort_changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "alarmTableHeader",
            tr("Alarm columns"),
            [_table_column(column) for column in COLUMNS],
            fills=SortBy.TEXT.value,
            least=_LEAST_TEXT,
            menu_name="alarmColumnMenu",
            parent=parent,
        )
        self.sort = DEFAULT_SORT
        self.setSectionsClickable(True)
        self.sectionClicked.connect(lambda index: self.sort_by(COLUMNS[index].by))

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

    # Remembered between runs.

    def save(self) -> dict[str, Any]:
        sort = [self.sort.by.value, self.sort.descending, self.sort.unacknowledged_first]
        return {**super().save(), "sort": sort}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `save` gave; parts that make no sense are left out."""
        by_value = {by.value: by for by in SortBy}
        sort = state.get("sort")
        if isinstance(sort, list) and len(sort) == 3 and str(sort[0]) in by_value:
            self.set_sort(SortOrder(by_value[str(sort[0])], bool(sort[1]), bool(sort[2])))
        super().restore(state)

    # Menu.

    def fill_menu(self, menu: QMenu, key: str = "") -> None:
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
        super().fill_menu(menu, key)

    # Painting.

    def mark(self) -> object:
        return self.sort

    def paint_title(self, painter: QPainter, index: int, area: QRect) -> None:
        if COLUMNS[index].by is not self.sort.by:
            super().paint_title(painter, index, area)
            return
        mark = theme().px(7)
        at = self.write_title(painter, index, area, weight=600, role="text", mark=mark)
        _paint_mark(painter, at, mark, self.sort.descending)


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
