"""A table's column header: order, widths and which columns are shown.

One column takes what the others leave; where that is too little, columns give way in a fixed
order. All that the mouse can do here is in a menu too, for the keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme

_LEAST_SECTION = 24
_WIDTH_STEP = 24
Placed = tuple[int, int, int]
"""A column in sight: index, left edge, width."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column.

    Args:
        key: stable, remembered between runs.
        title: gives the translated title.
        width: at normal density, in pixels.
        right: numbers stand on the right.
        hidden: not shown until asked for.
        drop: the higher, the earlier it gives way in a narrow window; 0 never does.
        lead: pixels at normal density before the title.
    """

    key: str
    title: Callable[[], str]
    width: int
    right: bool = False
    hidden: bool = False
    drop: int = 0
    lead: int = 8


class TableHeader(QHeaderView):
    """Header of a `PaintedTable`.

    Args:
        name: object name.
        accessible: translated name for screen readers.
        columns: as the model numbers them.
        fills: key of the column that takes what the others leave; it cannot be hidden.
        least: its least width at normal density.
        menu_name: object name of the column menu.

    Signals:
        columns_changed: widths, order or visibility changed; the table repaints.
    """

    columns_changed = Signal()

    def __init__(
        self,
        name: str,
        accessible: str,
        columns: Sequence[TableColumn],
        *,
        fills: str,
        least: int,
        menu_name: str,
        parent: QWidget,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.table_columns = tuple(columns)
        self._index = {column.key: index for index, column in enumerate(columns)}
        self._fills, self._first_least, self._least = fills, least, least
        self._menu_name = menu_name
        self._hidden = {column.key for column in columns if column.hidden}
        self._wanted: set[str] = set()
        self._fitting = False
        self._looks = 0
        self._pictured: object = None
        self._picture = QPixmap()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(_LEAST_SECTION)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.sectionResized.connect(self._resized)
        self.sectionMoved.connect(lambda *_: self.columns_changed.emit())
        theme().changed.connect(self._theme_changed)

    def prepare(self) -> None:
        """Give all columns their first width; once, when the model is set."""
        self._fitting = True
        for index, column in enumerate(self.table_columns):
            self.resizeSection(index, theme().px(column.width))
        self._fitting = False
        self.fit()

    def title(self, index: int) -> str:
        """The translated title of a column."""
        return self.table_columns[index].title()

    # Widths and visibility.

    def _resized(self, index: int, _old: int, new: int) -> None:
        if self._fitting or new == 0:
            return
        if index == self._index[self._fills]:
            self._least = max(round(new * 13 / theme().text_size), 80)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Give the filling column what is left; drop others in order while that is too little."""
        if self.count() != len(self.table_columns) or self._fitting:
            return
        self._fitting = True
        room = self.viewport().width()
        least = theme().px(self._least)
        shown = [column for column in self.table_columns if column.key not in self._hidden]
        widths = {column.key: self._width(column.key) for column in shown}
        used = sum(width for key, width in widths.items() if key != self._fills)
        dropped: set[str] = set()
        for column in sorted(shown, key=lambda column: -column.drop):
            if used + least <= room or not column.drop:
                break
            if column.key not in self._wanted:
                dropped.add(column.key)
                used -= widths[column.key]
        for index, column in enumerate(self.table_columns):
            hide = column.key in self._hidden or column.key in dropped
            if hide != self.isSectionHidden(index):
                self.setSectionHidden(index, hide)
        self.resizeSection(self._index[self._fills], max(room - used, least))
        self._fitting = False
        self.columns_changed.emit()

    def _width(self, key: str) -> int:
        """The width that a column has or would have again."""
        index = self._index[key]
        if not self.isSectionHidden(index):
            return self.sectionSize(index)
        was_fitting, self._fitting = self._fitting, True
        self.setSectionHidden(index, False)
        width = self.sectionSize(index)
        self._fitting = was_fitting
        return width

    def show_column(self, key: str, shown: bool) -> None:
        """Show or hide a column because the user said so."""
        if shown:
            self._hidden.discard(key)
            self._wanted.add(key)
        elif key != self._fills:
            self._hidden.add(key)
            self._wanted.discard(key)
        self.fit()

    def move_column(self, key: str, step: int) -> None:
        """Move a column left (-1) or right (+1) over the next visible one."""
        visual = self.visualIndex(self._index[key])
        target = visual + step
        while 0 <= target < self.count() and self.isSectionHidden(self.logicalIndex(target)):
            target += step
        if 0 <= target < self.count():
            self.moveSection(visual, target)

    def widen_column(self, key: str, by: int) -> None:
        """Make a column wider or narrower by pixels at normal density."""
        index = self._index[key]
        least = theme().px(_LEAST_SECTION)
        self.resizeSection(index, max(self.sectionSize(index) + theme().px(by), least))

    def reset_columns(self) -> None:
        """Order, widths and visibility as they were at first."""
        self._hidden = {column.key for column in self.table_columns if column.hidden}
        self._wanted = set()
        self._least = self._first_least
        for index in range(len(self.table_columns)):
            self.moveSection(self.visualIndex(index), index)
        self.prepare()

    def shown_columns(self) -> list[int]:
        """Column numbers of the model, from left to right."""
        order = (self.logicalIndex(visual) for visual in range(self.count()))
        return [index for index in order if not self.isSectionHidden(index)]

    def placed(self) -> list[Placed]:
        """The columns that are in sight, from left to right."""
        places = []
        for index in self.shown_columns():
            left, width = self.sectionViewportPosition(index), self.sectionSize(index)
            if left < self.viewport().width() and left + width > 0:
                places.append((index, left, width))
        return places

    # Remembered between runs.

    def save(self) -> dict[str, Any]:
        scale = 13 / theme().text_size
        columns = self.table_columns
        return {
            "order": [columns[self.logicalIndex(i)].key for i in range(self.count())],
            "hidden": sorted(self._hidden),
            "wanted": sorted(self._wanted),
            "widths": {
                column.key: round(self.sectionSize(index) * scale)
                for index, column in enumerate(columns)
                if column.key != self._fills and not self.isSectionHidden(index)
            },
            "least_text": self._least,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `save` gave; parts that make no sense are left out."""
        hidden, wanted = state.get("hidden"), state.get("wanted")
        if isinstance(hidden, list):
            self._hidden = {key for key in self._index if key in hidden and key != self._fills}
        if isinstance(wanted, list):
            self._wanted = {key for key in self._index if key in wanted} - self._hidden
        order = state.get("order")
        if isinstance(order, list):
            known = [key for key in order if isinstance(key, str) and key in self._index]
            for visual, key in enumerate(dict.fromkeys(known)):
                self.moveSection(self.visualIndex(self._index[key]), visual)
        least = state.get("least_text")
        if isinstance(least, int) and 80 <= least <= 4000:
            self._least = least
        widths = state.get("widths")
        self._fitting = True
        for key, width in widths.items() if isinstance(widths, dict) else ():
            if key in self._index and isinstance(width, int) and _LEAST_SECTION <= width <= 2000:
                self.resizeSection(self._index[key], theme().px(width))
        self._fitting = False
        self.fit()

    # Menu.

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.logicalIndexAt(event.pos())
        self.popup_menu(event.globalPos(), self.table_columns[index].key if index >= 0 else "")
        event.accept()

    def popup_menu(self, where: QPoint, key: str = "") -> QMenu:
        """Open the column menu; `key` is the column that was pointed at."""
        menu = QMenu(self)
        menu.setObjectName(self._menu_name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, key)
        menu.popup(where)
        return menu

    def fill_menu(self, menu: QMenu, key: str = "") -> None:
        """Put what can be done with columns into a menu."""
        columns = menu.addMenu(tr("Columns"))
        for index, column in enumerate(self.table_columns):
            action = columns.addAction(column.title())
            action.setCheckable(True)
            action.setChecked(not self.isSectionHidden(index))
            action.setEnabled(column.key != self._fills)
            action.toggled.connect(lambda on, key=column.key: self.show_column(key, on))
        if key:
            self._add_moves(menu, key)
        arrange = menu.addMenu(tr("Arrange columns"))
        for index in self.shown_columns():
            of_one = arrange.addMenu(self.title(index))
            self._add_moves(of_one, self.table_columns[index].key)
        menu.addAction(tr("Reset columns")).triggered.connect(
            lambda _on=False: self.reset_columns()
        )

    def _add_moves(self, menu: QMenu, key: str) -> None:
        for text, run in (
            (tr("Move column left"), lambda: self.move_column(key, -1)),
            (tr("Move column right"), lambda: self.move_column(key, 1)),
            (tr("Wider"), lambda: self.widen_column(key, _WIDTH_STEP)),
            (tr("Narrower"), lambda: self.widen_column(key, -_WIDTH_STEP)),
        ):
            menu.addAction(text).triggered.connect(lambda _on=False, run=run: run())

    # Painting.

    def _theme_changed(self) -> None:
        self._looks += 1
        self.updateGeometry()
        self.fit()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(100, theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """From a kept picture: each change of order below makes Qt paint the header, too."""
        scale, size = self.devicePixelRatioF(), self.viewport().size()
        look = (self._looks, scale, size.toTuple(), self.mark(), tuple(self.placed()))
        if look != self._pictured:
            self._pictured = look
            picture = QPixmap(round(size.width() * scale), round(size.height() * scale))
            picture.setDevicePixelRatio(scale)
            with QPainter(picture) as painter:
                self._paint_titles(painter)
            self._picture = picture
        with QPainter(self.viewport()) as painter:
            painter.drawPixmap(0, 0, self._picture)

    def mark(self) -> object:
        """What else titles show than columns and theme; another value has them painted anew."""
        return None

    def _paint_titles(self, painter: QPainter) -> None:
        tokens = theme()
        painter.fillRect(self.viewport().rect(), tokens.color("header"))
        painter.setPen(tokens.color("border"))
        bottom = self.viewport().height() - 1
        painter.drawLine(0, bottom, self.viewport().width(), bottom)
        for index, left, width in self.placed():
            self.paint_title(painter, index, QRect(left, 0, width, bottom))

    def paint_title(self, painter: QPainter, index: int, area: QRect) -> None:
        """Paint one title into its place."""
        self.write_title(painter, index, area, weight=400, role="text2", mark=0)

    def write_title(
        self, painter: QPainter, index: int, area: QRect, *, weight: int, role: str, mark: int
    ) -> QPointF:
        """Write a title; `mark` pixels stay free behind it. Returns where they begin, mid-high."""
        tokens, column = theme(), self.table_columns[index]
        metrics = tokens.metrics(11, weight)
        gap = tokens.px(8)
        lead = 0 if column.right else tokens.px(column.lead)
        area = area.adjusted(lead, 0, -gap if column.right else -2, 0)
        room = area.width() - (mark + 4 if mark else 0)
        title = metrics.elidedText(column.title(), Qt.TextElideMode.ElideRight, max(room, 0))
        width = metrics.horizontalAdvance(title)
        behind = mark + 4 if mark else 0
        left = area.right() - width - behind if column.right else float(area.left())
        painter.setFont(tokens.font(11, weight))
        painter.setPen(tokens.color(role))
        base = (area.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(left, base), title)
        return QPointF(left + width + 4, area.height() / 2)
