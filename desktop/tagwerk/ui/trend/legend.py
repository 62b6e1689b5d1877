"""The legend: one row a pen with live value, cursor values and statistics; a table that paints
itself, with Qt's selection, keyboard and accessibility.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from tagwerk.domain.text import EM_DASH, format_time, format_value
from tagwerk.domain.values import Sample
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.knowledge import thinned_text
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.readout import (
    average_text,
    change_text,
    number_text,
    reading_text,
    readings,
)
from tagwerk.ui.widgets.buttons import draw_box
from tagwerk.ui.widgets.numbers import Mark, draw_mark, draw_number, draw_value, mark_of
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

PEN, NOW, UNIT, MARK, A, B, DELTA, LOW, HIGH, MEAN = range(10)
COLUMNS = 10
_WIDTHS = {NOW: 96, UNIT: 44, MARK: 40, A: 74, B: 74, DELTA: 78, LOW: 80, HIGH: 80, MEAN: 80}
_DROP_ORDER = (MEAN, HIGH, LOW, DELTA, B, A)
_SMALLEST_PEN = 190

Latest = Callable[[str], tuple[Sample | None, bool]]
"""The newest sample of a tag, and whether it is stale."""


class Row(NamedTuple):
    """What one row shows, as text; made at most a few times a second."""

    now: str
    mark: Mark
    a: str
    b: str
    delta: str
    low: str
    high: str
    mean: str
    thinned: bool = False
    """Live samples are missing in view, or between the cursors."""


_COLUMN_OF = {
    "now": NOW, "mark": MARK, "a": A, "b": B, "delta": DELTA, "low": LOW, "high": HIGH,
    "mean": MEAN, "thinned": PEN,
}  # fmt: skip


def _changed_columns(before: Row, row: Row) -> list[int]:
    """Where two states of a row differ; the mark changes the look of the value, too."""
    changed = [
        _COLUMN_OF[name]
        for name, old, new in zip(Row._fields, before, row, strict=True)
        if old != new
    ]
    if MARK in changed and NOW not in changed:
        changed.append(NOW)
    return changed


class LegendModel(QAbstractTableModel):
    """Pens as rows. `refresh` takes over what changed; texts serve painting, copying, readers.

    Signals:
        pen_toggled: the user has shown or hidden a pen. `dataChanged` also comes with each value.
    """

    pen_toggled = Signal()

    def __init__(self, model: TrendModel, latest: Latest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trend = model
        self._latest = latest
        self.pens: list[TrendPen] = []
        self.rows: list[Row] = []

    def refresh(self, *, with_statistics: bool = True) -> None:
        """Take over pens and values; rows that changed repaint."""
        if self.pens != self._trend.pens:
            self.beginResetModel()
            self.pens = list(self._trend.pens)
            self.rows = [self._row(pen, None) for pen in self.pens]
            self.endResetModel()
            return
        for index, pen in enumerate(self.pens):
            row = self._row(pen, None if with_statistics else self.rows[index])
            before = self.rows[index]
            if row != before:
                self.rows[index] = row
                # Cell by cell: for a range of them a table view paints all that it shows.
                for column in _changed_columns(before, row):
                    cell = self.index(index, column)
                    self.dataChanged.emit(cell, cell)

    def _row(self, pen: TrendPen, old: Row | None) -> Row:
        sample, stale = self._latest(pen.name)
        now = EM_DASH if sample is None else format_value(sample.value, pen.info, number_style())
        mark = mark_of(sample, stale)
        if old is not None:
            return old._replace(now=now, mark=mark)
        thinned = bool(pen.curve.thinned(*self._trend.statistics_span))
        first, second = readings(self._trend, pen) if self._trend.cursors_on else (None, None)
        if pen.is_lane:
            return Row(
                now,
                mark,
                number_text(pen, first),
                number_text(pen, second),
                "",
                "",
                "",
                "",
                thinned,
            )
        found = self._trend.statistics(pen)
        return Row(
            now,
            mark,
            number_text(pen, first),
            number_text(pen, second),
            change_text(pen, first, second),
            number_text(pen, found.minimum),
            number_text(pen, found.maximum),
            average_text(pen, found.average),
            thinned,
        )

    def headers(self) -> list[str]:
        """Column titles; the statistics say of which span they are."""
        span = "A…B" if self._trend.cursor_span is not None else tr("in view")
        return [
            tr("Pen"), tr("Last") if self._trend.is_stale else tr("Now"), "", "", "A", "B", "Δ B−A",
            tr("Min {span}", span=span), tr("Max {span}", span=span), tr("Avg {span}", span=span),
        ]  # fmt: skip

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.pens)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else COLUMNS

    def text(self, row: int, column: int) -> str:
        """The cell as text."""
        pen, values = self.pens[row], self.rows[row]
        if column == PEN:
            words = [pen.label, pen.caption, tr("thinned") if values.thinned else ""]
            return " ".join(filter(None, words))
        if column == UNIT:
            return pen.info.unit
        if column == MARK:
            return values.mark.value
        shown = {NOW: values.now, A: values.a, B: values.b, DELTA: values.delta}
        statistics = {LOW: values.low, HIGH: values.high, MEAN: values.mean}
        return (shown | statistics)[column]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        if not index.isValid():
            return None
        pen = self.pens[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == PEN:
            return Qt.CheckState.Checked if pen.visible else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            thinned = thinned_text([pen]) if self.rows[index.row()].thinned else ""
            if index.column() in (LOW, HIGH, MEAN):
                weighted = tr(
                    "The average is weighted by time: each value counts as long as it stood. Holes do not count."
                )
                return "\n".join(filter(None, (weighted, thinned)))
            if index.column() in (A, B):
                return self.cursor_tip(pen, index.column())
            words = (pen.name, pen.caption, self.problem(index.row()), thinned)
            return "\n".join(filter(None, words))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            if index.column() in (A, B):
                return self.cursor_tip(pen, index.column())
            return self.problem(index.row())
        return None

    def cursor_tip(self, pen: TrendPen, column: int) -> str:
        """What stood at a cursor, with the exact time of the sample and its quality."""
        time_ns = self._trend.cursors[0 if column == A else 1]
        return "" if time_ns is None else reading_text(pen, min(time_ns, self._trend.now_ns))

    def problem(self, row: int) -> str:
        """Why the server gives no value for a pen, in its own words; "" when it does."""
        sample, _stale = self._latest(self.pens[row].name)
        if sample is None or sample.error is None:
            return ""
        return f"{sample.error.description} ({sample.error.code})"

    def headerData(self, section: int, orientation, role: int = Qt.ItemDataRole.DisplayRole):
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.headers()[section]
        if role == Qt.ItemDataRole.ToolTipRole and section == MEAN:
            return tr(
                "The average is weighted by time: each value counts as long as it stood. Holes do not count."
            )
        return None

    def flags(self, index: QModelIndex):
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == PEN:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def setData(self, index: QModelIndex, value, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        self.pens[index.row()].visible = Qt.CheckState(value) == Qt.CheckState.Checked
        self._trend.rearrange()
        self.dataChanged.emit(index, index)
        self.pen_toggled.emit()
        return True

    def tsv(self) -> str:
        """The whole table for a spreadsheet, with the span of its statistics in the first line."""
        start, end = self._trend.statistics_span
        first = tr("From {start} to {end} local time", start=_stamp(start), end=_stamp(end))
        titles = [tr("Tag"), tr("Display name"), tr("Now"), tr("Unit"), *self.headers()[A:]]
        lines = [first, "\t".join(titles)]
        for row, pen in enumerate(self.pens):
            cells = [pen.name, pen.caption, self.rows[row].now, pen.info.unit]
            cells += [self.text(row, column) for column in range(A, COLUMNS)]
            lines.append("\t".join([*cells, *([tr("thinned")] if self.rows[row].thinned else [])]))
        return "\n".join(lines)


def _stamp(time_ns: int) -> str:
    return format_time(time_ns, zone=None)


class _Header(QHeaderView):
    """Flat header in the design's colours, numbers right-aligned."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(1)
        self.setHighlightSections(False)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self.viewport()) as painter:
            rest = self.viewport().rect().adjusted(self.length(), 0, 0, 0)
            painter.fillRect(rest, theme().color("header"))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        painter.fillRect(rect, theme().color("header"))
        painter.setPen(theme().color("text2"))
        painter.setFont(theme().font(11))
        text = str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")
        left = section in (PEN, UNIT, MARK)
        flags = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        )
        area = rect.adjusted(theme().px(46 if section == PEN else 6), 0, -theme().px(8), 0)
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(flags), text)


class _Cells(QStyledItemDelegate):
    """Paints the cells."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(10, theme().px(24))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        legend = cast("TrendLegend", self.parent())
        pen, row = legend.rows_model.pens[index.row()], legend.rows_model.rows[index.row()]
        rect, column = option.rect, index.column()
        selected = legend.trend.selected is pen
        painter.save()
        painter.fillRect(rect, theme().color("selection" if selected else "base"))
        painter.setPen(QPen(theme().color("hairline"), 1))
        painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom())
        if column == PEN:
            self._paint_pen(painter, rect, pen, selected, legend, thinned=row.thinned)
        elif column == NOW:
            area = QRectF(rect).adjusted(theme().px(4), 0, -theme().px(2), 0)
            draw_value(painter, area, row.now, number_style().decimal, row.mark)
        elif column == UNIT:
            painter.setFont(theme().font(12))
            painter.setPen(theme().color("text2" if selected else "text3"))
            painter.drawText(rect.adjusted(theme().px(6), 0, 0, 0), _LEFT, pen.info.unit)
        elif column == MARK:
            draw_mark(painter, QRectF(rect).adjusted(theme().px(6), 0, 0, 0), row.mark)
        else:
            text = index.data()
            role = "text" if column in (A, B, DELTA) else "text2"
            area = QRectF(rect).adjusted(0, 0, -theme().px(6), 0)
            draw_number(
                painter, area, text, number_style().decimal, font=theme().font(13),
                color=theme().color(role), metrics=theme().metrics(13),
            )  # fmt: skip
        painter.restore()

    def _paint_pen(
        self,
        painter: QPainter,
        rect: QRect,
        pen: TrendPen,
        selected: bool,
        legend: TrendLegend,
        *,
        thinned: bool,
    ) -> None:
        px = theme().px
        whole = rect
        if thinned:
            rect = rect.adjusted(0, 0, -_thinned_width(), 0)
        if selected:
            painter.fillRect(
                QRect(rect.left(), rect.top(), 3, rect.height()), theme().color("accent")
            )
        _draw_check(painter, legend.check_rect(rect), pen.visible)
        y = rect.center().y()
        color = theme().pen_color(pen.color)
        if not pen.visible:
            color = theme().color("disabled")
        thick = 3 if selected else 2
        left, width = rect.left() + px(26), px(14)
        parts = ((0, 4), (5, 4), (10, 4)) if pen.dashed else ((0, 14),)
        for start, length in parts:
            bar = QRect(left + px(start), y - thick // 2, px(length), thick)
            painter.fillRect(bar, color)
        x = left + width + px(6)
        name_font = theme().font(13, 600 if selected else 500)
        painter.setFont(name_font)
        painter.setPen(theme().color("text" if pen.visible else "text3"))
        room = rect.right() - px(6) - x
        name = painter.fontMetrics().elidedText(pen.label, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRect(x, rect.top(), room, rect.height()), _LEFT, name)
        used = painter.fontMetrics().horizontalAdvance(name) + px(8)
        if room - used > px(30) and pen.caption:
            painter.setFont(theme().font(13))
            painter.setPen(theme().color("text2" if selected else "text3"))
            text = painter.fontMetrics().elidedText(
                pen.caption, Qt.TextElideMode.ElideRight, room - used
            )
            painter.drawText(QRect(x + used, rect.top(), room - used, rect.height()), _LEFT, text)
        if thinned:
            painter.setFont(theme().font(11))
            painter.setPen(theme().color("text2"))
            area = QRect(rect.right(), whole.top(), _thinned_width() - px(6), whole.height())
            painter.drawText(area, _RIGHT, tr("thinned"))


def _thinned_width() -> int:
    """Room for the word at the end of a pen's cell."""
    return round(theme().metrics(11).horizontalAdvance(tr("thinned"))) + theme().px(12)


def _draw_check(painter: QPainter, box: QRect, checked: bool) -> None:
    """A quiet check box: showing a pen is not worth the accent."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_box(painter, box, theme().color("field"), theme().color("strong"))
    if checked:
        painter.setPen(QPen(theme().color("text"), 1.6))
        side = box.width()
        points = ((0.22, 0.52), (0.42, 0.72), (0.80, 0.28))
        corners = [QPointF(box.left() + x * side, box.top() + y * side) for x, y in points]
        painter.drawPolyline(QPolygonF(corners))
    painter.restore()


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class TrendLegend(QTableView):
    """The table below the trend.

    Signals:
        pen_selected: the `TrendPen` of the current row.
        menu_requested: a global position.
        order_changed: a row was dragged, or moved by its keys, to another place.
    """

    pen_selected = Signal(object)
    order_changed = Signal()
    menu_requested = Signal(object)

    def __init__(self, trend: TrendModel, latest: Latest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trend = trend
        self.latest = latest
        self.rows_model = LegendModel(trend, latest, self)
        self._titles: list[str] = []
        self._dragged: TrendPen | None = None
        self.setObjectName("trendLegend")
        self.setAccessibleName(tr("Pens of the trend"))
        self.setHorizontalHeader(_Header(self))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setModel(self.rows_model)
        self.setItemDelegate(_Cells(self))
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setProperty("focusRing", True)
        use_flat_scroll_bars(self)
        self.selectionModel().currentRowChanged.connect(self._row_changed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda at: self.menu_requested.emit(self.viewport().mapToGlobal(at))
        )
        theme().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme().px(24))
        self._fit_columns()
        self.viewport().update()

    def check_rect(self, rect: QRect) -> QRect:
        """The check box in a pen cell."""
        side = theme().px(12)
        return QRect(rect.left() + theme().px(8), rect.center().y() - side // 2, side, side)

    def refresh(self, *, with_statistics: bool = True) -> None:
        """Take over the trend's pens, selection and values."""
        self.rows_model.refresh(with_statistics=with_statistics)
        if self.isColumnHidden(A) == self.trend.cursors_on:
            self._fit_columns()
        pen = self.trend.selected
        if pen in self.rows_model.pens:
            row = self.rows_model.pens.index(pen)
            if self.currentIndex().row() != row:
                self.setCurrentIndex(self.rows_model.index(row, PEN))
        titles = self.rows_model.headers()
        if titles != self._titles:
            self._titles = titles
            self.horizontalHeader().viewport().update()

    def _row_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid() and current.row() < len(self.rows_model.pens):
            pen = self.rows_model.pens[current.row()]
            if pen is not self.trend.selected:
                self.pen_selected.emit(pen)
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """The pen's column takes what is left; too narrow: columns go from the right."""
        width = self.viewport().width()
        widths = {column: theme().px(size) for column, size in _WIDTHS.items()}
        # Without cursors there is nothing to say about A and B.
        hidden: set[int] = set() if self.trend.cursors_on else {A, B, DELTA}
        for column in _DROP_ORDER:
            rest = width - sum(size for c, size in widths.items() if c not in hidden)
            if rest >= theme().px(_SMALLEST_PEN):
                break
            hidden.add(column)
        rest = width - sum(size for c, size in widths.items() if c not in hidden)
        for column, size in widths.items():
            self.setColumnHidden(column, column in hidden)
            self.setColumnWidth(column, size)
        self.setColumnWidth(PEN, max(rest, theme().px(120)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == PEN:
            box = self.check_rect(self.visualRect(index)).adjusted(-5, -5, 5, 5)
            if box.contains(event.position().toPoint()):
                self._toggle(index)
                return
        super().mousePressEvent(event)
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            self._dragged = self.rows_model.pens[index.row()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A dragged row goes along with the mouse, row by row."""
        if self._dragged is None or self._dragged not in self.trend.pens:
            super().mouseMoveEvent(event)
            return
        row = self.rowAt(event.position().toPoint().y())
        if row >= 0:
            self._move(self._dragged, row)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        super().mouseReleaseEvent(event)

    def _move(self, pen: TrendPen, row: int) -> None:
        if 0 <= row < len(self.trend.pens) and self.trend.pens.index(pen) != row:
            self.trend.select(pen)
            self.trend.move(pen, row)
            self.refresh()
            self.order_changed.emit()

    def _toggle(self, index: QModelIndex) -> None:
        visible = self.rows_model.pens[index.row()].visible
        state = Qt.CheckState.Unchecked if visible else Qt.CheckState.Checked
        self.rows_model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._toggle(index.siblingAtColumn(PEN))
        elif (
            event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            and event.modifiers() & Qt.KeyboardModifier.AltModifier
            and index.isValid()
        ):
            by = -1 if event.key() == Qt.Key.Key_Up else 1
            self._move(self.rows_model.pens[index.row()], index.row() + by)
        else:
            super().keyPressEvent(event)
