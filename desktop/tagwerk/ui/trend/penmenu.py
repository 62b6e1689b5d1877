"""The context menu of a trend: what can be done with the selected pen, then with the trend."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import tr
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.page import TrendPage

_OF_THE_TREND = (
    "trend.cursors", "trend.fit", "trend.copy", "trend.copy_picture", "trend.picture", "trend.csv",
)  # fmt: skip


class PenMenu(QMenu):
    """Made for one look at it; deletes itself when closed.

    Signals:
        changed: a function of the `TrendModel` that makes the change.
    """

    changed = Signal(object)

    def __init__(
        self, parent: QWidget, desk: Desk, page: TrendPage, actions: Mapping[str, QAction]
    ) -> None:
        super().__init__(parent)
        self.setObjectName("trendMenu")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setToolTipsVisible(True)
        pen = page.model.selected
        if pen is not None:
            self._add_pen(desk, page, pen)
            self.addAction(actions["trend.remove"])
            self.addSeparator()
        for name in _OF_THE_TREND:
            self.addAction(actions[name])

    def _add_pen(self, desk: Desk, page: TrendPage, pen: TrendPen) -> None:
        name = pen.name
        self.addAction(tr("Show in the tag tree"), lambda: desk.reveal_requested.emit(name))
        self.addAction(tr("To the setpoints"), lambda: desk.setpoints_requested.emit([name]))
        self.addAction(tr("Copy name"), lambda: QGuiApplication.clipboard().setText(name))
        step = self.addAction(tr("Draw as steps"))
        step.setCheckable(True)
        step.setChecked(pen.step)
        step.toggled.connect(lambda on: self._set_step(pen, on))
        if not pen.is_lane:
            panes = self.addMenu(tr("Move to pane"))
            count = len(page.model.arrangement.panes)
            for number in range(count):
                panes.addAction(
                    tr("Pane {number}", number=number + 1),
                    lambda number=number: self._move_to_pane(pen, number),
                )
            panes.addAction(tr("New pane"), lambda: self._move_to_pane(pen, count))
        for by, text in ((-1, tr("Move up (Alt+Up)")), (1, tr("Move down (Alt+Down)"))):
            place = page.model.pens.index(pen) + by
            action = self.addAction(
                text, lambda place=place: self.changed.emit(lambda model: model.move(pen, place))
            )
            action.setEnabled(0 <= place < len(page.model.pens))

    def _set_step(self, pen: TrendPen, on: bool) -> None:
        pen.step = on
        self.changed.emit(lambda model: model.touch())

    def _move_to_pane(self, pen: TrendPen, number: int) -> None:
        pen.pane = number
        self.changed.emit(lambda model: (model.scales.clear(), model.rearrange()))
