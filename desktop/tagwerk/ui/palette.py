"""The command palette (Ctrl+K): type a few letters, go to a command or a tag.

Commands are the actions of the window and its panels that may run now; tags come from the tree's
search. It knows neither panels nor plants beyond those two lists handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.tags import BrowseItem, TagKind, short_name
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

MOST_TAGS = 60
_ROWS = 12
_KIND_ICONS = {
    TagKind.STRUCTURE: "box",
    TagKind.LOGGING_TAG: "database",
    TagKind.ALARM: "bell",
}


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """One line: a command (`action`) or a tag (`tag`, full name)."""

    title: str
    grey: str = ""
    icon: str = ""
    keys: str = ""
    action: QAction | None = None
    tag: str = ""


def score(text: str, query: str) -> int | None:
    """How well `text` answers `query`; smaller is better, None is not at all.

    All words of the query must occur; a hit at the start of a word counts more.
    """
    low = text.casefold()
    total = 0
    for word in query.casefold().split():
        at = low.find(word)
        if at < 0:
            return None
        if at > 0 and low[at - 1].isalnum():
            total += 50
        total += at
    return total * 100 + len(low)


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.items: Sequence[PaletteItem] = ()

    def show(self, items: Sequence[PaletteItem]) -> None:
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return item.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join(part for part in (item.title, item.grey, item.keys) if part)
        return None


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(100, max(theme().row_height, theme().px(26)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        tokens = theme()
        model = index.model()
        if not isinstance(model, _Model):
            return
        item = model.items[index.row()]
        rect = QRect(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, tokens.color("selection"))
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), tokens.color("accent"))
        side = tokens.px(15)
        if item.icon:
            top = rect.center().y() - side / 2 + 1
            draw_icon(painter, QRectF(rect.left() + tokens.px(12), top, side, side), item.icon)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        x = rect.left() + tokens.px(36)
        right = rect.right() - tokens.px(12)
        if item.keys:
            painter.setFont(tokens.font(12))
            painter.setPen(tokens.color("text2"))
            width = tokens.metrics(12).horizontalAdvance(item.keys)
            area = QRectF(right - width, rect.top(), width + 2, rect.height())
            painter.drawText(area, flags, item.keys)
            right -= round(width) + tokens.px(12)
        painter.setFont(tokens.font(13, 500))
        painter.setPen(tokens.color("text"))
        metrics = tokens.metrics(13, 500)
        title = metrics.elidedText(item.title, Qt.TextElideMode.ElideMiddle, right - x)
        painter.drawText(QRectF(x, rect.top(), right - x, rect.height()), flags, title)
        x += round(metrics.horizontalAdvance(title)) + tokens.px(10)
        if item.grey and right - x > tokens.px(30):
            painter.setFont(tokens.font(12))
            painter.setPen(tokens.color("text2"))
            grey = tokens.metrics(12).elidedText(item.grey, Qt.TextElideMode.ElideRight, right - x)
            painter.drawText(QRectF(x, rect.top(), right - x, rect.height()), flags, grey)
        painter.restore()


class CommandPalette(QDialog):
    """A popup below the "Go to" field; object name ``commandPalette``.

    Args:
        commands: the actions that may run now, asked when it opens.
        search: finds tags, by text and at most so many.

    Signals:
        tag_chosen: full name; Enter.
        trend_chosen: full name; Ctrl+Enter.
    """

    tag_chosen = Signal(str)
    trend_chosen = Signal(str)

    def __init__(
        self,
        parent: QWidget,
        commands: Callable[[], Sequence[QAction]],
        search: Callable[[str, int], Sequence[BrowseItem]],
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("commandPalette")
        self.setAccessibleName(tr("Go to tag or command"))
        self._owner = parent
        self._commands = commands
        self._search = search
        self._known: list[PaletteItem] = []
        self.field = LineField(tr("Tag or command"), "search", height=32)
        self.field.setObjectName("paletteField")
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.model = _Model(self)
        self.list = QListView()
        self.list.setObjectName("paletteList")
        self.list.setAccessibleName(tr("Hits"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        use_flat_scroll_bars(self.list)
        self.list.clicked.connect(lambda _index: self._choose(to_trend=False))
        hint = Label(tr("Enter goes there, Ctrl+Enter puts the tag on the trend"), 11, 400, "text2")
        area = Area("panel", lines="all")
        inner = QVBoxLayout(area)
        inner.setContentsMargins(8, 8, 8, 6)
        inner.setSpacing(6)
        inner.addWidget(self.field)
        inner.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(4, 0, 4, 0)
        foot.addWidget(hint, 1)
        inner.addLayout(foot)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def open_below(self, field: QWidget) -> None:
        """Show it, right-aligned below `field`, inside of the window."""
        self._known = [self._command_item(action) for action in self._commands()]
        self.field.clear()
        self._find("")
        window = self._owner.window()
        width = min(theme().px(560), window.width() - 16)
        height = _ROWS * max(theme().row_height, theme().px(26)) + theme().px(78)
        self.setFixedSize(width, min(height, window.height() - 40))
        corner = field.mapToGlobal(QPoint(field.width() - width, field.height() + 4))
        left = window.mapToGlobal(QPoint(8, 0)).x()
        self.move(max(corner.x(), left), corner.y())
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    @staticmethod
    def _command_item(action: QAction) -> PaletteItem:
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        return PaletteItem(
            action.text().replace("&", "").rstrip("…"),
            grey=tr(str(action.property("menu"))) if action.property("menu") else "",
            icon=str(action.property("icon_name") or "") or "command",
            keys=keys,
            action=action,
        )

    def _find(self, query: str) -> None:
        query = query.strip()
        ranked = []
        for index, item in enumerate(self._known):
            points = score(f"{item.title} {item.grey}", query) if query else index
            if points is not None:
                ranked.append((points, index, item))
        ranked.sort(key=lambda entry: entry[:2])
        items = [item for _, _, item in ranked]
        if len(query) >= 2:
            tags = [
                PaletteItem(
                    short_name(hit.name),
                    hit.display_name,
                    _KIND_ICONS.get(hit.kind, "chart-line"),
                    tag=hit.name,
                )
                for hit in self._search(query, MOST_TAGS)
            ]
            # A name that was typed goes first; words find commands before display names.
            items = items + tags if items and not any(c.isdigit() for c in query) else tags + items
        if not items:
            items = [PaletteItem(tr("Nothing found"), tr("other letters, or * and ?"), "search-x")]
        self.model.show(items)
        self.list.setCurrentIndex(self.model.index(0, 0))

    def _choose(self, *, to_trend: bool) -> None:
        row = self.list.currentIndex().row()
        if not 0 <= row < len(self.model.items):
            return
        item = self.model.items[row]
        if item.action is None and not item.tag:
            return
        self.hide()
        if item.action is not None:
            item.action.trigger()
        elif to_trend:
            self.trend_chosen.emit(item.tag)
        else:
            self.tag_chosen.emit(item.tag)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.field or not isinstance(event, QKeyEvent):
            return False
        if event.type() != QEvent.Type.KeyPress:
            return False
        key = event.key()
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: _ROWS,
            Qt.Key.Key_PageUp: -_ROWS,
        }
        if key in steps:
            last = len(self.model.items) - 1
            row = min(max(self.list.currentIndex().row() + steps[Qt.Key(key)], 0), last)
            self.list.setCurrentIndex(self.model.index(row, 0))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            self._choose(to_trend=bool(control))
            return True
        return False
