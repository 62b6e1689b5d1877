"""What is done with rows of the tag tree: send to the other panels, copy, properties, menu.

Names go to the desk; nothing is written to the plant here. Used by the tag panel alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from tagwerk.store.tree import ROOT
from tagwerk.ui.browser.properties import PropertiesDialog
from tagwerk.ui.browser.rows import RowTexts
from tagwerk.ui.browser.view import TagTreeView
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import tr

ASK_ABOVE = 12
"""More curves than this at once are asked about."""

MOST_CURVES = 100


class RowActions:
    """Acts on the selected rows of one tree.

    Args:
        panel: parent of dialogs and menus.
        desk: who is told.
        tree: whose rows.
        texts: what the rows say now; another object for each plant.
    """

    def __init__(
        self, panel: QWidget, desk: Desk, tree: TagTreeView, texts: Callable[[], RowTexts]
    ) -> None:
        self._panel = panel
        self._desk = desk
        self._tree = tree
        self._texts = texts

    def _current(self) -> int:
        return self._tree.rows.handle(self._tree.currentIndex())

    def rows(self) -> list[int]:
        """Selected rows, else the current one, else the best hit of the search."""
        rows = self._tree.selected_handles() or [handle for handle in [self._current()] if handle]
        search = self._texts().outline.search
        if not rows and search is not None:
            rows = search.hits(1)
        return rows

    def selected_names(self) -> list[str]:
        """Full names of the selected rows."""
        names = (self._tree.rows.tag(handle) for handle in self.rows())
        return list(dict.fromkeys(name for name in names if name))

    def send_to_trend(self) -> None:
        """The selected tags, structures as their plottable tags; asks when they are many."""
        names = self._tree.rows.tags_below(self.rows(), MOST_CURVES)
        if len(names) > ASK_ABOVE:
            self._ask_curves(names)
        elif names:
            self._desk.trend_requested.emit(names)

    def _ask_curves(self, names: list[str]) -> None:
        box = QMessageBox(self._panel)
        box.setObjectName("tagManyCurves")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(tr("Add to the trend"))
        count = len(names)
        if count >= MOST_CURVES:
            box.setText(
                tr(
                    "Add {count} curves? There are more, a trend takes no more at once.",
                    count=count,
                )
            )
        else:
            box.setText(tr("Add {count} curves?", count=count))
        role = QMessageBox.ButtonRole
        box.addButton(tr("Cancel"), role.RejectRole).setObjectName("tagManyCurvesCancel")
        all_of_them = box.addButton(tr("Add all {count}", count=count), role.DestructiveRole)
        all_of_them.setObjectName("tagManyCurvesAll")
        few = box.addButton(tr("Add the first {count}", count=ASK_ABOVE), role.AcceptRole)
        few.setObjectName("tagManyCurvesFew")
        box.setDefaultButton(few)

        def answered() -> None:
            if box.clickedButton() is few:
                self._desk.trend_requested.emit(names[:ASK_ABOVE])
            elif box.clickedButton() is all_of_them:
                self._desk.trend_requested.emit(names)

        box.finished.connect(answered)
        box.open()

    def send_to_setpoints(self) -> None:
        """The selected tags; of structures those that can be plotted."""
        names = self._tree.rows.tags_below(self.rows(), MOST_CURVES)
        if names:
            self._desk.setpoints_requested.emit(names)

    def copy_names(self) -> None:
        _to_clipboard("\n".join(name.removesuffix("::") for name in self.selected_names()))

    def copy_value(self) -> None:
        """The current row's value as it is shown, without its unit."""
        _to_clipboard(self._texts().cells(self._current())[0])

    def copy_rows(self) -> None:
        """Name, value, unit, quality and display name of the selected rows, parted by tabs."""
        lines = []
        for handle in self.rows():
            name = self._tree.rows.tag(handle)
            if name:
                cells = (name, *self._texts().cells(handle), self._texts().display_name(handle))
                lines.append(
                    "\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells)
                )
        _to_clipboard("\n".join(lines))

    def show_properties(self) -> None:
        """A window with all that is known about the current row."""
        if self._texts().outline.node(self._current()) != ROOT:
            PropertiesDialog(self._texts(), self._current(), self._panel).open()

    def show_menu(self, position: QPoint, actions: Mapping[str, QAction]) -> None:
        """Same order everywhere: open, send to, copy, filter by this, properties."""
        index = self._tree.indexAt(position)
        if not index.isValid() or self._texts().outline.node(self._tree.rows.handle(index)) == ROOT:
            return
        menu = QMenu(self._panel)
        menu.setObjectName("tagMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for group in (
            ("tags.trend", "tags.setpoints", "tags.favorite"),
            ("tags.copy_name", "tags.copy_value", "tags.copy_row"),
            ("tags.filter_by",),
            ("tags.properties",),
        ):
            menu.addActions([actions[name] for name in group])
            menu.addSeparator()
        menu.popup(self._tree.viewport().mapToGlobal(position))


def _to_clipboard(text: str) -> None:
    if text:
        QGuiApplication.clipboard().setText(text)
