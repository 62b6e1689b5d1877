"""The list of setpoints: a table view that paints its own rows and has one editor at a time.

Qt keeps selection, keyboard, scrolling and accessibility; painting and editing are ours, so that
500 rows cost no more than the dozen that can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QWidget

from tagwerk.domain.values import Value
from tagwerk.ui.clock import is_due
from tagwerk.ui.i18n import tr
from tagwerk.ui.mime import has_tags, tags_from_mime
from tagwerk.ui.setpoints.editors import ListField, ValueField
from tagwerk.ui.setpoints.facts import (
    EditorKind,
    RowFacts,
    RowLayout,
    choices,
    editor_kind,
    row_height,
)
from tagwerk.ui.setpoints.model import SetpointModel, tip
from tagwerk.ui.setpoints.painter import (
    LivePart,
    RowState,
    age_text,
    draw_age,
    draw_live,
    draw_row,
    live_part,
    shown_age,
)
from tagwerk.ui.setpoints.rows import SetpointRows
from tagwerk.ui.setpoints.words import range_text
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_AGE_PERIOD_NS = 1_000_000_000
_COARSE_FROM_NS = 10_000_000_000
_COARSE_AGE_PERIOD_NS = 2_000_000_000
"""So often ages are looked at where all in sight are older than `_COARSE_FROM_NS`: an age that is
told in steps of five seconds is never told much too low."""
_VALUE_PERIOD_NS = 100_000_000


class SetpointView(QTableView):
    """The rows.

    Args:
        rows: names and staged values; the view stages into it.
        facts: all about one row now.

    Signals:
        staged_changed: something was staged or taken back.
        tags_dropped: list[str] and the row before which they go.
        menu_wanted: global position for the context menu.
        arming_wanted: the user tried to edit while locked.
        remove_wanted: Delete.
    """

    staged_changed = Signal()
    tags_dropped = Signal(object, int)
    menu_wanted = Signal(QPoint)
    arming_wanted = Signal()
    remove_wanted = Signal()
    dismiss_wanted = Signal()

    def __init__(
        self, rows: SetpointRows, facts: Callable[[str], RowFacts], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("setpointTable")
        self.setAccessibleName(tr("Setpoints"))
        self._rows = rows
        self._facts = facts
        self._layout = RowLayout.of(100)
        self._editor: ValueField | ListField | None = None
        self._editor_name = ""
        self._hint = ("", "text3")
        self._hot: tuple[int, bool] = (-1, False)
        self._drop_row = -1
        self._looked_at_ages_ns = self._next_value_ns = 0
        self._age_period_ns = _AGE_PERIOD_NS
        self._changed: set[str] = set()
        self._ages: dict[str, str | None] = {}
        """What each visible row shows of its age, as it was painted last; None for nothing."""
        self._lives: dict[str, LivePart | None] = {}
        """The same of its value; None where a change of it takes a painting of the row."""
        self._fresh: dict[str, RowFacts] = {}
        """Of rows whose live part is to be painted, as they were found with the last frame."""
        self._selected: list[str] = []
        self._model = SetpointModel(rows, facts)
        self.setModel(self._model)
        use_flat_scroll_bars(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self.viewport().installEventFilter(self)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._place_editor())
        self._dress()
        theme().changed.connect(self._dress)

    # What the panel calls.

    def rows_changed(self) -> None:
        """Rows came, went or moved: the selection stays with its tags."""
        if self._editor_name not in self._rows.names:
            self.close_editor()
        selected = [name for name in self._selected if name in self._rows.names]
        self._model.changed()
        self.select(selected)
        self._place_editor()
        self.viewport().update()

    def on_frame(self, changed: set[str], now_ns: int, everything: bool) -> None:
        """Repaint visible rows among `changed`, ten times a second at most.

        Once a second, or every two where all are old, the ages are looked at, and those repainted
        whose text is another now.
        """
        self._changed |= changed
        if everything:
            self._drop_dead_editor()
        if everything:
            self._looked_at_ages_ns, self._age_period_ns = now_ns, _AGE_PERIOD_NS
            self._next_value_ns = now_ns + _VALUE_PERIOD_NS
            self._changed.clear()
            self._fresh.clear()
            self.viewport().update()
            return
        if self._changed and is_due(
            now_ns, self._next_value_ns - _VALUE_PERIOD_NS, _VALUE_PERIOD_NS
        ):
            self._next_value_ns = now_ns + _VALUE_PERIOD_NS
            first, last = self.visible_rows()
            for row in range(first, last):
                if self._rows.names[row] in self._changed:
                    self._show_value(row)
            self._changed.clear()
            self._age_period_ns = _AGE_PERIOD_NS
        if is_due(now_ns, self._looked_at_ages_ns, self._age_period_ns):
            self._looked_at_ages_ns = now_ns
            self._look_at_ages()

    def _show_value(self, row: int) -> None:
        """Repaint the number with unit and age, or the row where more depends on it."""
        name = self._rows.names[row]
        before = self._lives.get(name)
        facts = self._facts(name) if before is not None else None
        part = live_part(self._layout, facts) if facts is not None else None
        if facts is None or part is None or before is None or not part.follows(before):
            self._lives[name] = None
            self.viewport().update(self._row_rect(row).toRect())
            return
        self._lives[name], self._fresh[name] = part, facts
        area = self._age_rect(row)
        area.setLeft(floor(min(part.place.left, before.place.left)))
        self.viewport().update(area)

    def _look_at_ages(self) -> None:
        first, last = self.visible_rows()
        self._age_period_ns = _COARSE_AGE_PERIOD_NS
        for row in range(first, last):
            facts = self._facts(self._rows.names[row])
            sample = facts.sample
            if sample is not None and facts.now_ns - sample.received_ns < _COARSE_FROM_NS:
                self._age_period_ns = _AGE_PERIOD_NS
            painted = self._ages.get(facts.name, "")
            if painted is not None and age_text(facts) != painted:
                self._fresh[facts.name] = facts
                self.viewport().update(self._age_rect(row))

    def visible_rows(self) -> tuple[int, int]:
        """First visible row and the one behind the last."""
        if not len(self._rows):
            return 0, 0
        first = max(self.rowAt(0), 0)
        last = self.rowAt(self.viewport().height() - 1)
        return first, len(self._rows) if last < 0 else last + 1

    def current_name(self) -> str:
        """Full name of the current row, "" for none."""
        row = self.currentIndex().row()
        return self._rows.names[row] if 0 <= row < len(self._rows) else ""

    def selected_names(self) -> list[str]:
        """Full names of the selected rows, in their order."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self._rows.names[row] for row in rows if row < len(self._rows)]

    def select(self, names: list[str]) -> None:
        """Select and show rows; the first becomes current."""
        selection = self.selectionModel()
        selection.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for place, name in enumerate(name for name in names if name in self._rows.names):
            index = self._model.index(self._rows.names.index(name), 0)
            if place == 0:
                selection.setCurrentIndex(index, flags)
            else:
                selection.select(index, flags)

    def commit_editor(self) -> bool:
        """Stage what is in the open editor; False when it cannot be understood."""
        editor = self._editor
        if not isinstance(editor, ValueField):
            self.close_editor()
            return True
        if editor.is_changed:
            typed = editor.result()
            if typed.problem:
                self._show_hint(typed.problem, typed.role)
                return False
            self._stage(self._editor_name, typed.value)
        self.close_editor()
        return True

    def close_editor(self) -> None:
        """Put the editor away without staging; the view has the keyboard again."""
        editor, self._editor, self._editor_name = self._editor, None, ""
        self._hint = ("", "text3")
        if editor is None:
            return
        had_focus = editor.hasFocus()
        editor.blockSignals(True)
        if had_focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        editor.hide()
        editor.deleteLater()
        self.viewport().update()

    @property
    def editor(self) -> ValueField | ListField | None:
        """The open editor."""
        return self._editor

    def edit_current(self, typed: str = "") -> None:
        """Open the editor of the current row, with the first typed character."""
        row = self.currentIndex().row()
        if not 0 <= row < len(self._rows):
            return
        if self._editor is not None and not self.commit_editor():
            return
        facts = self._facts(self._rows.names[row])
        if not facts.editable:
            if not facts.armed and not facts.read_only and not facts.stale:
                self.arming_wanted.emit()
            return
        self.scrollTo(self._model.index(row, 0))
        kind = editor_kind(facts.info, self._layout.editor_width)
        value = facts.staged.value if facts.staged is not None else facts.live_value
        if kind is EditorKind.SEGMENTS:
            self._toggle(facts)
            return
        if kind is EditorKind.CHOICE:
            self._open_list(facts, value)
        else:
            self._open_line(facts, kind, value, typed)

    # Editing.

    def _open_line(self, facts: RowFacts, kind: EditorKind, value: Value, typed: str) -> None:
        editor = ValueField(facts.info, kind, self.viewport())
        editor.start(value, typed)
        editor.typed.connect(self._typed)
        editor.confirmed.connect(self._confirmed)
        editor.left.connect(self._left)
        editor.cancelled.connect(self.close_editor)
        self._hint = (range_text(facts.info), "text3")
        self._show_editor(editor, facts.name)
        if typed:
            self._typed()

    def _open_list(self, facts: RowFacts, value: Value) -> None:
        editor = ListField(facts.info, value, self.viewport())
        editor.chosen.connect(self._list_chosen)
        editor.cancelled.connect(self.close_editor)
        self._show_editor(editor, facts.name)
        editor.showPopup()

    def _show_editor(self, editor: ValueField | ListField, name: str) -> None:
        self._editor, self._editor_name = editor, name
        self._place_editor()
        editor.show()
        editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.viewport().update()

    def _typed(self) -> None:
        editor = self._editor
        if not isinstance(editor, ValueField):
            return
        typed = editor.result() if editor.is_changed else None
        if typed is not None and typed.problem:
            self._show_hint(typed.problem, typed.role)
        else:
            self._show_hint(range_text(editor.info), "")

    def _show_hint(self, text: str, role: str) -> None:
        if isinstance(self._editor, ValueField):
            self._editor.set_line_role(role)
        self._hint = (text, role or "text3")
        self.viewport().update()

    def _confirmed(self) -> None:
        self.commit_editor()

    def _left(self, direction: int) -> None:
        """Stage and go on; what is not understood keeps the keyboard, or is dropped elsewhere."""
        if direction == 0:
            if self._editor is not None and not self.commit_editor():
                self._editor.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if not self.commit_editor():
            return
        row = self.currentIndex().row() + direction
        if 0 <= row < len(self._rows):
            self.setCurrentIndex(self._model.index(row, 0))
            facts = self._facts(self._rows.names[row])
            if facts.editable and editor_kind(facts.info, self._layout.editor_width).is_typed:
                self.edit_current()

    def _list_chosen(self) -> None:
        editor, name = self._editor, self._editor_name
        if isinstance(editor, ListField):
            value = editor.value
            self.close_editor()
            if value is not None:
                self._stage(name, value)

    def _stage(self, name: str, value: Value) -> None:
        """Stage; choosing the value that is there takes the staging back."""
        facts = self._facts(name)
        if facts.live_value is not None and value == facts.live_value:
            self._rows.unstage([name])
        else:
            self._rows.stage(name, value, facts.sample)
        self.staged_changed.emit()
        self.viewport().update()

    def _toggle(self, facts: RowFacts) -> None:
        """Stage the other one of two values, or take it back."""
        if facts.staged is not None:
            self._rows.unstage([facts.name])
            self.staged_changed.emit()
            self.viewport().update()
            return
        others = [value for value, _text in choices(facts.info) if value != facts.live_value]
        if others:
            self._stage(facts.name, others[-1] if len(others) > 1 else others[0])

    def _drop_dead_editor(self) -> None:
        """Locked or stale meanwhile: what was being typed is staged when understood."""
        if self._editor is not None and not self._facts(self._editor_name).editable:
            if isinstance(self._editor, ValueField) and self._editor.is_changed:
                typed = self._editor.result()
                if not typed.problem:
                    self._stage(self._editor_name, typed.value)
            self.close_editor()

    def _place_editor(self) -> None:
        if self._editor is None or self._editor_name not in self._rows.names:
            return
        row = self._rows.names.index(self._editor_name)
        box = self._layout.editor(self.rowViewportPosition(row))
        self._editor.setGeometry(box.toRect())

    # Painting.

    def _dress(self) -> None:
        self.verticalHeader().setDefaultSectionSize(row_height())
        self._fit()
        self.viewport().update()

    def _fit(self) -> None:
        """Sections where the painting has its columns, so that screen readers find them."""
        self._layout = RowLayout.of(self.viewport().width())
        place = self._layout
        edges = (0, place.live_left, place.unit_left, place.age_right - 40, place.editor_left)
        ends = (*edges[1:], place.width)
        for column, (left, right) in enumerate(zip(edges, ends, strict=True)):
            self.setColumnWidth(column, max(round(right - left), 1))
        self._place_editor()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _row_rect(self, row: int) -> QRectF:
        return QRectF(0, self.rowViewportPosition(row), self.viewport().width(), row_height())

    def _age_rect(self, row: int) -> QRect:
        """Unit and age in the first line of a row."""
        line = self._layout.first_line(self.rowViewportPosition(row))
        line.setLeft(self._layout.unit_left)
        line.setRight(self._layout.age_right)
        return line.toAlignedRect()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(event.rect(), theme().color("base"))
            region = event.region()
            if event.rect() == self.viewport().rect():
                self._ages.clear()
                self._lives.clear()
            selected = {index.row() for index in self.selectionModel().selectedRows()}
            current, focused = self.currentIndex().row(), self.hasFocus()
            first, last = self.visible_rows()
            for row in range(first, last):
                rect = self._row_rect(row)
                if not region.intersects(rect.toAlignedRect()):
                    continue
                state = RowState()
                state.selected = row in selected
                state.current, state.focused = row == current, focused
                state.hot = row == self._hot[0]
                state.hot_editor = state.hot and self._hot[1]
                state.editing = self._rows.names[row] == self._editor_name
                if state.editing:
                    state.hint, state.hint_role = self._hint
                painter.save()
                wanted = region.intersected(rect.toAlignedRect()).boundingRect()
                self._paint_row(painter, row, rect, wanted, state)
                painter.restore()
            self._fresh.clear()
            self._paint_drop_line(painter)

    def _paint_row(
        self, painter: QPainter, row: int, rect: QRectF, wanted: QRect, state: RowState
    ) -> None:
        """As little of a row as holds all that is `wanted` of it."""
        name, top, layout = self._rows.names[row], rect.top(), self._layout
        part, facts = self._lives.get(name), self._fresh.get(name)
        if facts is None or part is None or facts.stale:
            facts = self._facts(name)
            part = live_part(layout, facts) if part is not None else None
        age_rect = self._age_rect(row)
        live_rect = QRect(age_rect)
        if part is not None:
            live_rect.setLeft(ceil(part.free_left))
        if age_rect.contains(wanted) and draw_age(painter, top, layout, facts, state, part):
            age: str | None = age_text(facts)
        elif part is not None and live_rect.contains(wanted):
            draw_live(painter, top, layout, facts, state, part)
            age = age_text(facts)
        else:
            draw_row(painter, top, layout, facts, state)
            age = shown_age(layout, facts)
            if wanted.contains(rect.toAlignedRect().intersected(self.viewport().rect())):
                self._lives[name] = live_part(layout, facts)
        if wanted.contains(age_rect.intersected(self.viewport().rect())):
            self._ages[name] = age

    def _paint_drop_line(self, painter: QPainter) -> None:
        if self._drop_row >= 0:
            y = self._drop_row * row_height() - self.verticalScrollBar().value()
            painter.fillRect(QRectF(0, y - 1, self.viewport().width(), 2), theme().color("accent"))

    # Keys and mouse.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2) and not control:
            self.edit_current()
        elif key == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        elif key == Qt.Key.Key_Backspace:
            self._unstage_selected()
        elif key == Qt.Key.Key_Escape:
            self.dismiss_wanted.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space) and not control:
            self._choose_by_key(key)
        elif not control and self._begins_value(event.text()):
            self.edit_current(event.text())
        else:
            super().keyPressEvent(event)

    def _begins_value(self, text: str) -> bool:
        name = self.current_name()
        if not name or not text or not text.isprintable() or text.isspace():
            return False
        kind = editor_kind(self._facts(name).info, self._layout.editor_width)
        if kind is EditorKind.TEXT:
            return True
        return kind.is_typed and (text.isdigit() or text in "+-.,−")

    def _choose_by_key(self, key: int) -> None:
        name = self.current_name()
        if not name:
            return
        facts = self._facts(name)
        if editor_kind(facts.info, self._layout.editor_width) is not EditorKind.SEGMENTS:
            return
        if not facts.editable or key == Qt.Key.Key_Space:
            self.edit_current()
            return
        self._stage(name, choices(facts.info)[int(key == Qt.Key.Key_Right)][0])

    def _unstage_selected(self) -> None:
        self._rows.unstage(self.selected_names())
        self.staged_changed.emit()
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._editor is not None and not self.commit_editor():
            return
        super().mousePressEvent(event)
        row = self.rowAt(round(event.position().y()))
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        if event.modifiers() != Qt.KeyboardModifier.NoModifier:
            return
        top = self.rowViewportPosition(row)
        if not self._layout.editor(top).contains(event.position()):
            return
        facts = self._facts(self._rows.names[row])
        if (
            facts.editable
            and editor_kind(facts.info, self._layout.editor_width) is EditorKind.SEGMENTS
        ):
            index = int(self._layout.segment(top, 1).contains(event.position()))
            self._stage(facts.name, choices(facts.info)[index][0])
        else:
            self.edit_current()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.rowAt(round(event.position().y()))
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton and self._editor is None:
            top = self.rowViewportPosition(row)
            if not self._layout.editor(top).contains(event.position()):
                self.edit_current()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        row = self.rowAt(round(event.position().y()))
        on_editor = row >= 0 and self._layout.editor(self.rowViewportPosition(row)).contains(
            event.position()
        )
        if (row, on_editor) != self._hot:
            self._hot = (row, on_editor)
            self.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A filter, not `viewportEvent`: an error in `paintEvent` below an overridden
        `viewportEvent` ends the process instead of being reported.
        """
        if watched is not self.viewport():
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.Leave and self._hot[0] >= 0:
            self._hot = (-1, False)
            self.viewport().update()
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.rowAt(event.pos().y())
            text = tip(self._facts(self._rows.names[row])) if row >= 0 else ""
            self.viewport().setToolTip(text)
        return super().eventFilter(watched, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and len(self._rows):
            self.select([self._rows.names[0]])
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self._selected = self.selected_names()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    # Dropping tags.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if has_tags(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if has_tags(event.mimeData()):
            self._drop_row = self._row_for_drop(event.position().y())
            self.viewport().update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_row = -1
        self.viewport().update()

    def dropEvent(self, event: QDropEvent) -> None:
        row, self._drop_row = self._row_for_drop(event.position().y()), -1
        self.viewport().update()
        names = tags_from_mime(event.mimeData())
        if names:
            event.acceptProposedAction()
            self.tags_dropped.emit(names, row)

    def _row_for_drop(self, y: float) -> int:
        place = (y + self.verticalScrollBar().value()) / row_height()
        return min(max(round(place), 0), len(self._rows))
