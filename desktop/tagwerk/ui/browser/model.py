"""Item model of the tag tree: a thin coat over `store.outline`, integers in every index.

Texts come on demand, for visible rows and for whoever reads a screen aloud. Values are not in
here: the view paints them from the live store; `data` gives the same text to accessibility and
to copying through `RowTexts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from tagwerk.domain.tags import TagKind
from tagwerk.store.outline import FAVORITES, GROUPS, Outline
from tagwerk.store.tree import ROOT
from tagwerk.ui.browser.rows import RowTexts
from tagwerk.ui.i18n import tr
from tagwerk.ui.mime import TAG_MIME, tag_mime

NAME, VALUE, UNIT, MARK = range(4)
HANDLE_ROLE = Qt.ItemDataRole.UserRole
"""The outline's handle."""
TAG_ROLE = Qt.ItemDataRole.UserRole + 1
"""Full name of the object, "" for groups and the branch of favourites."""

DRAGGED_LEAVES = 200
"""A dragged structure carries so many of its plottable tags at most."""

# Asked thousands of times in a keystroke, and joining flags runs Python code.
_GROUP = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_NAMED = _GROUP | Qt.ItemFlag.ItemIsDragEnabled
_FAVORITE = _NAMED | Qt.ItemFlag.ItemNeverHasChildren

AnyIndex = QModelIndex | QPersistentModelIndex


class TagTreeModel(QAbstractItemModel):
    """Rows of an outline.

    Args:
        outline: what is shown; replaced by `show`.
        texts: texts of a row.
    """

    def __init__(self, outline: Outline, texts: RowTexts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.outline = outline
        self.texts = texts

    def refresh(self) -> None:
        """Tree, search, favourites or filter changed: every row is asked for again.

        Handles stay valid, so that the view finds its open branches and its selection again.
        """
        self.beginResetModel()
        self.outline.refresh()
        self.endResetModel()

    def show(self, outline: Outline, texts: RowTexts) -> None:
        """Show another plant's tree."""
        self.beginResetModel()
        self.outline = outline
        self.texts = texts
        self.endResetModel()

    # Shape.

    def handle(self, index: AnyIndex) -> int:
        """The outline's handle of an index; ROOT for the invalid one."""
        return int(index.internalId()) if index.isValid() else ROOT

    def index_of(self, handle: int, column: int = NAME) -> QModelIndex:
        """Index of a handle; invalid when it is not shown."""
        if handle == ROOT:
            return QModelIndex()
        row = self.outline.row(handle)
        return self.createIndex(row, column, handle) if row >= 0 else QModelIndex()

    def index(self, row: int, column: int, parent: AnyIndex = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not 0 <= column < 4 or row < 0 or (parent.isValid() and parent.column() != NAME):
            return QModelIndex()
        children = self.outline.children(self.handle(parent))
        return (
            self.createIndex(row, column, children[row]) if row < len(children) else QModelIndex()
        )

    def parent(self, index: AnyIndex | None = None) -> Any:
        if index is None:
            return super().parent()
        if not index.isValid():
            return QModelIndex()
        return self.index_of(self.outline.parent(int(index.internalId())))

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid() and parent.column() != NAME:
            return 0
        return len(self.outline.children(self.handle(parent)))

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 4

    def hasChildren(self, parent: AnyIndex = QModelIndex()) -> bool:  # noqa: B008
        if parent.isValid() and parent.column() != NAME:
            return False
        return self.outline.has_children(self.handle(parent))

    # Content.

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        handle = int(index.internalId())
        if role == HANDLE_ROLE:
            return handle
        if role == TAG_ROLE:
            return self.tag(handle)
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            if column == NAME:
                return self.texts.label(handle)
            return self.texts.cells(handle)[column - 1]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.texts.tip(handle)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == NAME:
            return self.texts.spoken(handle)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == VALUE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < 4:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (tr("Name"), tr("Value"), tr("Unit"), "")[section]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return (tr("Name"), tr("Value"), tr("Unit"), tr("Quality"))[section]
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        handle = int(index.internalId())
        if handle > FAVORITES:
            return _FAVORITE if self.outline.node(handle) != ROOT else _GROUP
        return _NAMED if self.outline.node(handle) != ROOT else _GROUP

    def tag(self, handle: int) -> str:
        """Full name of the object of a row; "" for groups and the branch of favourites."""
        node = self.outline.node(handle)
        return self.outline.tree.name(node) if node != ROOT else ""

    def tags_below(self, handles: Iterable[int], limit: int) -> list[str]:
        """Readable tags of rows, structures replaced by their plottable tags, without doubles.

        A logging tag stands for its tag, an alarm for nothing.
        """
        tree = self.outline.tree
        names: dict[str, None] = {}
        for handle in handles:
            node = self.outline.node(handle)
            if node == ROOT:
                continue
            if tree.kind(node) is TagKind.LOGGING_TAG:
                node = tree.parent(node)
            if tree.is_readable(node):
                names[tree.name(node)] = None
            elif tree.kind(node) is TagKind.STRUCTURE or tree.is_system(node):
                for leaf in tree.leaves(node, limit - len(names)):
                    names[tree.name(leaf)] = None
            if len(names) >= limit:
                break
        return list(names)[:limit]

    def is_group(self, handle: int) -> bool:
        return GROUPS <= handle < FAVORITES

    # Dragging.

    def mimeTypes(self) -> list[str]:
        return [TAG_MIME, "text/plain"]

    def mimeData(self, indexes: Any) -> QMimeData:
        handles = dict.fromkeys(self.handle(index) for index in indexes)
        return tag_mime(self.tags_below(handles, DRAGGED_LEAVES))

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction
