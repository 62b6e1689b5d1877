"""The tree widget: Qt's selection, keyboard, scrolling and accessibility; own painting.

It knows the model and the painter, no plant. Rows are painted whole in `drawRow`, which is several
times quicker than a delegate a cell; live values repaint only the rows that changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QDrag,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from tagwerk.store.tree import ROOT
from tagwerk.ui.browser.model import MARK, NAME, UNIT, VALUE, TagTreeModel
from tagwerk.ui.browser.painter import RowPainter, column_width, is_narrow
from tagwerk.ui.browser.place import MOST_SELECTED, Place
from tagwerk.ui.i18n import tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_MOST_OPEN = 400
_ROWS_BELOW_HITS = 200
"""Hits are opened while they bring so many rows in all: all of them are laid out at each key."""
"""Branches that are opened again after a refresh."""


class TreeHeader(QHeaderView):
    """The column titles: grey, small, over the columns that the painter uses."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("tagTreeHeader")
        self.setSectionsMovable(False)
        self.setSectionsClickable(False)
        self.setMinimumSectionSize(10)
        self.setHighlightSections(False)

    def sizeHint(self):
        size = super().sizeHint()
        size.setHeight(theme().px(24))
        return size

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        tokens = theme()
        painter.fillRect(rect, tokens.color("header"))
        bottom = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(bottom, tokens.color("hairline"))
        if rect.width() < tokens.px(24):
            return
        text = self.model().headerData(section, Qt.Orientation.Horizontal)
        # The unit's title may reach over the column of the marks, which has none.
        inset = tokens.px(15) if section == UNIT else -tokens.px(5)
        area = rect.adjusted(tokens.px(8) if section == NAME else 0, 0, inset, 0)
        right = section == VALUE
        align = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.setFont(tokens.font(11))
        painter.setPen(tokens.color("text2"))
        painter.drawText(area, align | Qt.AlignmentFlag.AlignVCenter, str(text or ""))


class _RowHeight(QStyledItemDelegate):
    """Only says how high a row is; painting is `RowPainter`'s."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(10, theme().row_height)


class TagTreeView(QTreeView):
    """The tree of tags.

    Signals:
        rows_changed: other rows are visible now (scrolled, opened, refreshed).
        selection_changed: current row or selection changed.
        opened: Enter or a double click on rows that are not branches.
        left_top: Up was pressed in the first row.
        escaped: Escape was pressed.
        typed: a letter was typed; searching goes on in the search field.
    """

    rows_changed = Signal()
    selection_changed = Signal()
    opened = Signal()
    left_top = Signal()
    escaped = Signal()
    typed = Signal(str)

    def __init__(
        self, model: TagTreeModel, painter: RowPainter, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.rows = model
        self._painter = painter
        self._visible: list[tuple[int, QRect]] | None = None
        self._dirty = QRegion()
        self._fresh: dict[int, QRect] = {}
        """Rows whose number alone is to be painted, with their lines."""
        self._fresh_region = QRegion()
        self._hovered = QModelIndex()
        self.setModel(model)
        self.setItemDelegate(_RowHeight(self))
        self.setHeader(TreeHeader(self))
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setExpandsOnDoubleClick(False)
        self.setAnimated(False)
        self.setWordWrap(False)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        use_flat_scroll_bars(self)
        self.expanded.connect(self._rows_moved)
        self.collapsed.connect(self._rows_moved)
        self.verticalScrollBar().valueChanged.connect(self._rows_moved)
        model.modelReset.connect(self._rows_moved)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        tokens = theme()
        self._painter.dress()
        self._forget_fresh()
        self.setFont(tokens.font())
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self._fit_columns()
        self.scheduleDelayedItemsLayout()
        self.viewport().update()

    def _fit_columns(self) -> None:
        tokens, width = theme(), self.viewport().width()
        close = tokens.density == "compact" or is_narrow(width)
        indent = tokens.px(10 if close else 16)
        if indent != self.indentation():
            self.setIndentation(indent)
        for column in (VALUE, UNIT, MARK):
            self.header().resizeSection(column, column_width(column, width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    # What is visible.

    def visible_rows(self) -> list[tuple[int, QRect]]:
        """Handles of the visible rows with their lines in the viewport; kept until rows move."""
        if self._visible is None:
            self.executeDelayedItemsLayout()
            rows: list[tuple[int, QRect]] = []
            model = self.rows
            index = self.indexAt(QPoint(1, 1))
            bottom = self.viewport().height()
            while index.isValid():
                rect = self.visualRect(index)
                if rect.top() >= bottom:
                    break
                line = QRect(0, rect.top(), self.viewport().width(), rect.height())
                rows.append((model.handle(index), line))
                index = self.indexBelow(index)
            self._visible = rows
        return self._visible

    def repaint_rows(self, handles: set[int]) -> None:
        """Repaint those rows, as far as they are visible: their numbers alone, value with unit and
        mark, or all of a row whose name may have made room for its value."""
        total = float(self.viewport().width())
        fresh, live = self._painter.fresh, self._painter.texts.live
        numbers: list[QRect] = []
        for handle, line in self.visible_rows():
            if handle not in handles:
                continue
            place = fresh.take(handle, line, live(handle))
            if place is None:
                if self._fresh.pop(handle, None) is not None:
                    self._fresh_region -= QRegion(line)
                left = self._painter.value_left(handle, total)
                self.viewport().update(line if left is None else line.adjusted(left, 0, 0, 0))
            elif not place.isEmpty():
                self._fresh[handle] = line
                _add_below(numbers, place)
        for place in numbers:
            self._fresh_region += place
            self.viewport().update(place)

    def _rows_moved(self, *_: object) -> None:
        self._visible = None
        self._forget_fresh()
        self.rows_changed.emit()

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._rows_moved()

    # State that outlives a refresh.

    def refresh(self, *, open_all: bool = False, keep_open: bool = True) -> None:
        """Ask for all rows again and keep what is open, selected and in view.

        Args:
            open_all: open every branch that leads to a hit (the narrowed tree).
            keep_open: False when what was open, and how far it was scrolled, belongs to another
                narrowing; then the view is at its top.
        """
        model = self.rows
        opened = self.open_handles() if keep_open else []
        chosen = self.selected_handles()
        current = model.handle(self.currentIndex())
        is_at_top = self.verticalScrollBar().value() == 0
        rows = self.visible_rows() if keep_open and not is_at_top else []
        top = rows[0] if rows else None
        tree = model.outline.tree
        place = self.place()
        names = [model.tag(handle) for handle in opened]
        self.blockSignals(True)
        self.selectionModel().blockSignals(True)
        try:
            model.refresh()
            if model.outline.tree is not tree:
                # All handles are new: what was open, selected and in view is found by its name.
                opened, chosen, current, top = self._handles(names), [], ROOT, None
            if open_all:
                self._open_ways(QModelIndex())
            for handle in opened:
                index = model.index_of(handle)
                if index.isValid():
                    self.setExpanded(index, True)
            if model.outline.tree is not tree:
                self.go_to(place)
            else:
                self._choose(chosen, current)
            if top is not None:
                self._scroll_back(*top)
        finally:
            self.selectionModel().blockSignals(False)
            self.blockSignals(False)
        self._rows_moved()
        self.viewport().update()

    def place(self) -> Place:
        """Where the user is, by names."""
        model = self.rows
        chosen = [model.tag(handle) for handle in self.selected_handles()[:MOST_SELECTED]]
        rows = self.visible_rows()
        top, line = rows[0] if rows else (ROOT, QRect())
        is_moved = self.verticalScrollBar().value() > 0
        return Place(
            tuple(name for name in chosen if name),
            model.tag(model.handle(self.currentIndex())),
            model.tag(top) if is_moved else "",
            line.top() if is_moved else 0,
        )

    def go_to(self, place: Place) -> None:
        """Select and scroll as it was, as far as the names are there; nothing is opened for it."""
        current = self._handles([place.current])
        self._choose(self._handles(place.selected), current[0] if current else ROOT)
        top = self._handles([place.top])
        if top:
            self._scroll_back(top[0], QRect(0, place.offset, 0, 0))

    def _handles(self, names: Iterable[str]) -> list[int]:
        """Rows of those names that are there; branches of favourites and groups have none."""
        node = self.rows.outline.tree.node
        found = (node(name) for name in names if name)
        return [handle for handle in found if handle is not None]

    def open_handles(self) -> list[int]:
        """Handles of open branches, from the top down."""
        model = self.rows
        found: list[int] = []
        waiting = [QModelIndex()]
        while waiting and len(found) < _MOST_OPEN:
            parent = waiting.pop()
            for handle in model.outline.children(model.handle(parent)):
                if not model.outline.has_children(handle):
                    continue
                index = model.index_of(handle)
                if self.isExpanded(index):
                    found.append(handle)
                    waiting.append(index)
        return found

    def _open_ways(self, parent: QModelIndex, room: int = _ROWS_BELOW_HITS) -> int:
        """Open what leads to hits, and the hits themselves while they bring few rows; returns how
        many more of those may come."""
        model = self.rows
        outline = model.outline
        search = outline.search
        if search is None:
            return room
        for handle in outline.children(model.handle(parent)):
            leads = search.counts.get(outline.node(handle), 0) > 0
            is_hit = outline.is_hit(handle)
            below = outline.tree.child_count(outline.node(handle)) if is_hit else 0
            if not (leads and not is_hit) and not 0 < below <= room:
                continue
            if not outline.has_children(handle):
                continue
            room -= below
            index = model.index_of(handle)
            self.setExpanded(index, True)
            if leads:
                room = self._open_ways(index, room)
        return room

    def _choose(self, handles: Iterable[int], current: int) -> None:
        model = self.rows
        selection = QItemSelection()
        for handle in handles:
            index = model.index_of(handle)
            if index.isValid():
                selection.select(index, index.siblingAtColumn(MARK))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        index = model.index_of(current)
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _scroll_back(self, handle: int, line: QRect) -> None:
        index = self.rows.index_of(handle)
        if index.isValid():
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - line.top())

    def selected_handles(self) -> list[int]:
        """Handles of the selected rows, in the order of the rows where they are few."""
        rows = self.selectionModel().selectedRows(NAME)
        if len(rows) <= 500:
            rows.sort(key=lambda index: self.visualRect(index).top())
        return [self.rows.handle(index) for index in rows]

    def reveal(self, node: int) -> bool:
        """Open the way to a node, select it and scroll it into view; False when it is not shown."""
        model = self.rows
        way = model.outline.way_to(node)
        if not way:
            return False
        for handle in way[:-1]:
            self.setExpanded(model.index_of(handle), True)
        index = model.index_of(node)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def select_first(self) -> None:
        """Current row is the first hit, or the first row."""
        model = self.rows
        outline = model.outline
        if outline.search is not None:
            hits = outline.search.hits(1)
            if hits and self.reveal(hits[0]):
                return
        index = model.index(0, NAME)
        if index.isValid():
            self.setCurrentIndex(index)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        self._dirty = event.region()
        fresh, asked = self._fresh, self._fresh_region
        self._forget_fresh()
        if not fresh:
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        try:
            self._paint_with_fresh(painter, fresh, asked)
        finally:
            # A painter left open by an error would take the whole program down.
            painter.end()

    def _paint_with_fresh(self, painter: QPainter, fresh: dict[int, QRect], asked: QRegion) -> None:
        """Numbers that stand for themselves, and by the tree view what else is to be painted."""
        rest = self._dirty.subtracted(asked)
        if not rest.isEmpty():
            for handle, line in list(fresh.items()):
                if rest.intersects(line):
                    # More of the row is another now: what it stands on, its name.
                    rest += self._dirty.intersected(line)
                    del fresh[handle]
        self._painter.fresh.paint(painter, fresh.items())
        if not rest.isEmpty():
            self._dirty = rest
            painter.setClipRegion(rest)
            self.drawTree(painter, rest)

    def _forget_fresh(self) -> None:
        self._fresh, self._fresh_region = {}, QRegion()

    def _is_name_dirty(self, handle: int, line: QRect) -> bool:
        """Whether anything left of a row's value is to be painted."""
        left = self._painter.value_left(handle, float(line.width()))
        if left is None:
            return True
        return self._dirty.intersects(QRect(0, line.top(), left, line.height()))

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        model = self.rows
        handle = model.handle(index)
        indent = -self.indentation()
        above = handle
        while above != ROOT:
            indent += self.indentation()
            above = model.outline.parent(above)
        line = QRectF(0, option.rect.top(), self.viewport().width(), option.rect.height())
        branch = self.isExpanded(index) if model.outline.has_children(handle) else None
        selected = self.selectionModel().isSelected(index)
        current = index == self.currentIndex().siblingAtColumn(NAME)
        is_done = self._painter.paint(
            painter,
            line,
            handle,
            indent=indent + theme().px(2),
            branch=branch,
            selected=selected,
            hovered=self._hovered.isValid() and index == self._hovered,
            focused=current and self.hasFocus() and not selected,
            value_only=not self._is_name_dirty(handle, line.toRect()),
        )
        if not is_done:
            self.viewport().update(line.toRect())

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:
        """Painted with the row."""

    # Hands.

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        self.selection_changed.emit()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        self.selection_changed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).siblingAtColumn(NAME))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(QModelIndex())

    def _hover(self, index: QModelIndex) -> None:
        if index != self._hovered:
            # Plain indexes may be kept between events: a reset clears them through `refresh`.
            before, self._hovered = self._hovered, index
            width = self.viewport().width()
            for row in (before, index):
                line = self.visualRect(row)
                self.viewport().update(QRect(0, line.top(), width, line.height()))

    def reset(self) -> None:
        self._hovered = QModelIndex()
        super().reset()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid():
            self._open_or_toggle(index.siblingAtColumn(NAME))
            event.accept()
            return
        super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, index = event.key(), self.currentIndex()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain and index.isValid():
            self._open_or_toggle(index.siblingAtColumn(NAME))
        elif key == Qt.Key.Key_Escape and plain:
            self.escaped.emit()
        elif key == Qt.Key.Key_Up and plain and not self.indexAbove(index).isValid():
            self.left_top.emit()
        elif plain and event.text().isprintable() and event.text().strip():
            # Typing goes to the search: Qt's own keyboard search would walk through every row.
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _open_or_toggle(self, index: QModelIndex) -> None:
        model = self.rows
        outline = model.outline
        handle = model.handle(index)
        node = outline.node(handle)
        is_branch = node == ROOT or not outline.tree.is_readable(node)
        if is_branch and outline.has_children(handle) and len(self.selected_handles()) <= 1:
            self.setExpanded(index, not self.isExpanded(index))
        else:
            self.opened.emit()

    def keyboardSearch(self, search: str) -> None:
        """Replaced by the search field."""

    def startDrag(self, supported_actions: Qt.DropAction) -> None:
        indexes = [index for index in self.selectedIndexes() if index.column() == NAME]
        mime = self.rows.mimeData(indexes)
        names = mime.text().splitlines()
        if not names:
            return
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(_drag_picture(names, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-12, -8))
        drag.exec(Qt.DropAction.CopyAction)


def _add_below(places: list[QRect], place: QRect) -> None:
    """Add a rectangle; joined with the one above it where both make one."""
    if places:
        above = places[-1]
        if (
            above.bottom() + 1 == place.top()
            and above.left() == place.left()
            and above.right() == place.right()
        ):
            above.setBottom(place.bottom())
            return
    places.append(place)


def _drag_picture(names: list[str], scale: float) -> QPixmap:
    """A small label under the pointer: the name, or how many."""
    tokens = theme()
    text = names[0].partition("::")[2] or names[0]
    if len(names) > 1:
        text = tr_n("{count} tag", "{count} tags", len(names))
    width = round(tokens.metrics(12, 500).horizontalAdvance(text)) + tokens.px(16)
    height = tokens.px(24)
    pixmap = QPixmap(round(width * scale), round(height * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(tokens.color("accent_fill"))
    with QPainter(pixmap) as painter:
        painter.setFont(tokens.font(12, 500))
        painter.setPen(tokens.color("on_accent"))
        painter.drawText(QRect(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)
    return pixmap
